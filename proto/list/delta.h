/* The delta file (PROTOCOL.md 4): what changes a list from one version to another, read from first byte to
 * last with one bucket's patch in memory.
 *
 * Nothing is believed: sizes are capped before they are read, and only the new manifest is signed. Not:
 * verifying (the caller verifies the manifest before it asks for buckets, and the root after the last), the
 * patches themselves (bucket_patch.h), making one (lib/list/serve). Relies on: the C library. One thread. */
#ifndef FG_PROTO_LIST_DELTA_H
#define FG_PROTO_LIST_DELTA_H

#include "lib/base/err.h"
#include "lib/domain/types.h"
#include "proto/list/manifest.h"

#define FG_DELTA_MAGIC "FGDELT1\n"
#define FG_DELTA_MAGIC_BYTES 8
#define FG_DELTA_END "FGDEND1\n"
#define FG_DELTA_LENGTH_BYTES 4 /* little-endian, before the signed manifest */
#define FG_DELTA_HEAD_BYTES 52  /* behind the signed manifest */

/* What stands behind the signed manifest. */
struct fg_delta_head {
    uint64_t from_version;
    struct fg_digest from_root;
    uint32_t bucket_count; /* buckets that change */
    uint64_t body_bytes;   /* from the head's end to the end marker */
};

/* The most bytes that a delta to this manifest may have: more than a whole list file is not worth fetching.
 */
uint64_t fg_delta_bytes_max(const struct fg_manifest *manifest);

/* Writes a head's FG_DELTA_HEAD_BYTES. */
void fg_delta_head_put(const struct fg_delta_head *head, uint8_t *bytes);

struct fg_delta_file;

/* Opens a regular file and reads its magic, signed manifest and head. FG_E_IO, FG_E_FORMAT, FG_E_SIZE. */
enum fg_err fg_delta_file_open(const char *path, struct fg_delta_file **ret_file, struct fg_error *error);
void fg_delta_file_close(struct fg_delta_file *file); /* file may be NULL */

/* The signed manifest and the head as they stand in the file; valid until close. */
const uint8_t *fg_delta_file_manifest(const struct fg_delta_file *file, size_t *ret_length);
const struct fg_delta_head *fg_delta_file_head(const struct fg_delta_file *file);

/* Tells the reader what the verified manifest allows. FG_E_SIZE when the file is longer or shorter than its
 * head says or than any delta to this list needs, FG_E_FORMAT when it does not lead upwards. */
enum fg_err fg_delta_file_expect(struct fg_delta_file *file, const struct fg_manifest *manifest,
                                 struct fg_error *error);

/* The next bucket that changes, in rising order; the patch is valid until the next call. FG_E_NOT_FOUND after
 * the last one, when the end marker stands there; FG_E_FORMAT or FG_E_SIZE otherwise. */
enum fg_err fg_delta_file_next(struct fg_delta_file *file, uint32_t *ret_index, const uint8_t **ret_patch,
                               size_t *ret_length, struct fg_error *error);

#endif
