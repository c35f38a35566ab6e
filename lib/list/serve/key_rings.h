/* Handing key rings on: GET /v1/keys (PROTOCOL.md 12), for station and bureau alike.
 *
 * The bureau has the rings as its clerk put them there, a station the ones that it verified and kept. Nothing
 * is judged here: a ring is public and proves itself to whoever takes it. Relies on:
 * lib/net/server/https_server.h, proto/key/keyring_file.h. Any thread. */
#ifndef FG_LIB_LIST_SERVE_KEY_RINGS_H
#define FG_LIB_LIST_SERVE_KEY_RINGS_H

#include "lib/base/err.h"
#include "lib/net/server/https_server.h"
#include "proto/key/keyring_file.h"

#define FG_KEY_RINGS_FOLDER_MAX 256 /* files that are looked at in a folder */

/* The ring with the lowest version above after; with newest the highest of these. path: a folder of ring
 * files, or one ring file. Files that are no rings are passed over; of two with one version the one whose
 * name comes first counts. buffer has FG_KEYRING_BYTES_MAX bytes. FG_E_NOT_FOUND, also when there is nothing
 * at path; FG_E_IO; FG_E_FULL: too many files. */
enum fg_err fg_key_rings_pick(const char *path, uint64_t after, bool newest, uint8_t *buffer,
                              size_t *ret_length, uint64_t *ret_version, struct fg_error *error);

/* Answers a request for a ring out of that (fg_key_rings_pick), or out of a file of kept rings
 * (fg_keyring_file_next): whichever is given. path may be empty: there are none. */
typedef enum fg_err (*fg_key_rings_from)(const char *path, uint64_t after, bool newest, uint8_t *buffer,
                                         size_t *ret_length, uint64_t *ret_version, struct fg_error *error);
void fg_key_rings_answer(fg_key_rings_from from, const char *path, const struct fg_request *request,
                         struct fg_answer *ret_answer);

#endif
