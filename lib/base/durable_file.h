/* A file that is replaced whole: after a power cut there is the old one or the new one.
 *
 * Not: what the file means, and several that belong together (file_set.h). Relies on: POSIX files. One writer
 * of a path at a time. */
#ifndef FG_LIB_BASE_DURABLE_FILE_H
#define FG_LIB_BASE_DURABLE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/base/err.h"

#define FG_DURABLE_PATH_BYTES 600 /* a path's, with its NUL */

/* Writes PATH.new, syncs it, puts it in the place of PATH and syncs the folder: durable when it returns
 * FG_OK. FG_E_IO: the old file is there, or, when only the folder could not be synced, the new one;
 * FG_E_SIZE: the path is too long. */
enum fg_err fg_durable_file_write(const char *path, mode_t mode, const void *bytes, size_t length,
                                  struct fg_error *error);

#endif
