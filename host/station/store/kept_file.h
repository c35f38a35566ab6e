/* A file beside the station's store: read whole, replaced whole.
 *
 * Not: what it holds, or whether that is good: who reads it checks (heads.h, roster_kept.h). Relies on: POSIX
 * files. One process writes a file. */
#ifndef FG_HOST_STATION_STORE_KEPT_FILE_H
#define FG_HOST_STATION_STORE_KEPT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

#define FG_KEPT_FILE_PATH_BYTES 560

/* what: how messages call it, "the kept heads". */

/* Reads at most capacity bytes; who wants a longer file to show gives one byte more than it may have.
 * FG_E_NOT_FOUND: there is none. FG_E_IO. */
enum fg_err fg_kept_file_read(const char *path, const char *what, uint8_t *bytes, size_t capacity,
                              size_t *ret_length, struct fg_error *error);
/* Durable when it returns FG_OK; otherwise what was there before still is. FG_E_IO. */
enum fg_err fg_kept_file_write(const char *path, const char *what, const uint8_t *bytes, size_t length,
                               struct fg_error *error);
/* Where it lies: the store's path and ending (".heads"). FG_E_SIZE. */
enum fg_err fg_kept_file_path(const char *store_path, const char *ending, char *ret_path, size_t capacity,
                              struct fg_error *error);

#endif
