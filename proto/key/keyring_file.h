/* The key rings that a device has taken, kept as a file: one behind the other, each verified with the one
 * before, the first with the keys that enrolment brought.
 *
 * Nothing in the file is believed because it lies there: loading verifies the whole chain anew, so an edited
 * file brings in no key. Not: what a ring is and when one replaces another (keyring.h), nor where it comes
 * from (keyring_fetch.h). Relies on: keyring.h, POSIX files. One process writes a file. */
#ifndef FG_PROTO_KEY_KEYRING_FILE_H
#define FG_PROTO_KEY_KEYRING_FILE_H

#include "proto/key/keyring.h"

#define FG_KEYRING_FILE_RINGS_MAX 32

/* The ring that is in force before any was taken, version 0: list_keys (1 to 4) sign lists and tags, and
 * receipt_key, unless it is NULL, receipts. FG_E_ARG: no list key, or too many. */
enum fg_err fg_keyring_first(const struct fg_public_key *list_keys, size_t list_key_count,
                             const struct fg_public_key *receipt_key, struct fg_keyring *ret_ring,
                             struct fg_error *error);

/* The newest ring of the file at path, verified from first on; first itself when there is no file.
 * FG_E_CORRUPT: the file breaks off or has too much; FG_E_IO; or what fg_keyring_verify says of the ring that
 * does not follow (path and number stand in the message). On an error the device goes on with first: the keys
 * that enrolment brought. */
enum fg_err fg_keyring_file_load(const char *path, const struct fg_keyring *first,
                                 struct fg_keyring *ret_ring, struct fg_error *error);

/* As fg_keyring_file_load, for a device that can fetch its rings again: a file that does not hold is put
 * aside as PATH.damaged, so that the chain begins anew, and the error says so. On any error *ret_ring is
 * first. */
enum fg_err fg_keyring_file_start(const char *path, const struct fg_keyring *first,
                                  struct fg_keyring *ret_ring, struct fg_error *error);

/* The bytes of a kept ring, to hand it on: the one with the lowest version above after; with newest the one
 * with the highest of these. Nothing is verified: whoever gets it does that. buffer has FG_KEYRING_BYTES_MAX
 * bytes. FG_E_NOT_FOUND: there is none; FG_E_CORRUPT, FG_E_FORMAT, FG_E_IO. Any thread and process. */
enum fg_err fg_keyring_file_next(const char *path, uint64_t after, bool newest, uint8_t *buffer,
                                 size_t *ret_length, uint64_t *ret_version, struct fg_error *error);

/* Verifies a ring file's bytes against the newest ring of the file at path, and adds it durably; an
 * interruption leaves the old file or the new one. What is already in force is FG_OK and changes nothing, so
 * that a ring may be brought again. FG_E_OLD, FG_E_AUTH, FG_E_FORMAT ... as fg_keyring_verify; FG_E_FULL: 32
 * rings are kept, and the device must be given newer list keys by hand; FG_E_IO. *ret_ring is the ring then
 * in force. */
enum fg_err fg_keyring_file_add(const char *path, const struct fg_keyring *first, const uint8_t *bytes,
                                size_t length, struct fg_keyring *ret_ring, struct fg_error *error);

#endif
