/* Reading a list file (PROTOCOL.md 4) from first byte to last, in order, with one bucket in memory.
 *
 * Nothing is believed: sizes are capped before they are read. Not: verifying (the caller verifies the signed
 * manifest before it asks for buckets, and the root after the last). Relies on: the C library. One thread. */
#ifndef FG_PROTO_LIST_LIST_FILE_H
#define FG_PROTO_LIST_LIST_FILE_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_LIST_FILE_MAGIC "FGLIST1\n"
#define FG_LIST_FILE_MAGIC_BYTES 8
#define FG_LIST_FILE_LENGTH_BYTES 4 /* little-endian, before the signed manifest and before each bucket */

struct fg_list_file;

/* Opens a regular file and reads its magic and signed manifest. FG_E_IO, FG_E_FORMAT, FG_E_SIZE. */
enum fg_err fg_list_file_open(const char *path, struct fg_list_file **ret_file, struct fg_error *error);
void fg_list_file_close(struct fg_list_file *file); /* file may be NULL */

/* The signed manifest as it stands in the file; valid until close. */
const uint8_t *fg_list_file_manifest(const struct fg_list_file *file, size_t *ret_length);

/* Tells the reader what the verified manifest promises. FG_E_SIZE when the file is longer or shorter. */
enum fg_err fg_list_file_expect(struct fg_list_file *file, const struct fg_manifest *manifest,
                                struct fg_error *error);

/* The next bucket; the bytes are valid until the next call. FG_E_NOT_FOUND after the last one, when nothing
 * is left over; FG_E_FORMAT or FG_E_SIZE otherwise. */
enum fg_err fg_list_file_next(struct fg_list_file *file, const uint8_t **ret_bytes, size_t *ret_length,
                              struct fg_error *error);

#endif
