/* A file from outside, opened with care and read in order.
 *
 * Not: what stands in it (list_file.h, delta.h). Relies on: POSIX files, stdio. One thread per file. */
#ifndef FG_LIB_BASE_INPUT_FILE_H
#define FG_LIB_BASE_INPUT_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/err.h"

struct fg_input_file {
    FILE *stream; /* NULL = not open */
    uint64_t size_bytes;
    const char *kind; /* "list file": what messages call it; a literal */
};

/* Opens a regular file; anything else (a pipe would let the caller wait for ever) is FG_E_FORMAT. FG_E_IO:
 * cannot be opened; FG_E_MEMORY. */
enum fg_err fg_input_file_open(const char *path, const char *kind, struct fg_input_file *ret_file,
                               struct fg_error *error);

/* Exactly length bytes. FG_E_FORMAT: the file ends before; FG_E_IO. */
enum fg_err fg_input_file_read(struct fg_input_file *file, void *ret_bytes, size_t length,
                               struct fg_error *error);

void fg_input_file_close(struct fg_input_file *file); /* a file that is not open: nothing */

#endif
