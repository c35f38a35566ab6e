/* A small file beside the journal: read whole, replaced whole.
 *
 * Not: what it holds, or whose it is: who reads it checks a signature (pin_store.h, waiting_store.h). Relies
 * on: POSIX files. One thread. */
#ifndef FG_LIB_SYSTEM_SMALL_FILE_H
#define FG_LIB_SYSTEM_SMALL_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

#define FG_SMALL_FILE_PATH_MAX 271 /* a journal's path and a few bytes */

/* Reads at most capacity bytes; who wants a longer file to show gives one byte more than it may have.
 * FG_E_NOT_FOUND: there is none. FG_E_IO. */
enum fg_err fg_small_file_read(const char *path, uint8_t *bytes, size_t capacity, size_t *ret_length,
                               struct fg_error *error);

/* Durable when it returns FG_OK; otherwise what was there before still is. FG_E_IO, FG_E_SIZE (the path). */
enum fg_err fg_small_file_write(const char *path, const uint8_t *bytes, size_t length,
                                struct fg_error *error);

/* Gone for good when it returns FG_OK, also when there was none. FG_E_IO. */
enum fg_err fg_small_file_remove(const char *path, struct fg_error *error);

#endif
