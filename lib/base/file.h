/* Files read whole, and files written so that a reader or a power cut sees the old one or the new one.
 *
 * Not: what is in them, several files that change together (lib/system/file_set.h), files too long for memory
 * (input_file.h). Relies on: POSIX files. Any thread; one writer of a path at a time. */
#ifndef FG_LIB_BASE_FILE_H
#define FG_LIB_BASE_FILE_H

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/base/err.h"

#define FG_FILE_PATH_BYTES 600 /* of a path to be written, with its NUL and ".new" */

/* ---- reading ---- */

/* How a file is read; 0: a regular file that is there and fits. */
enum fg_file_how {
    FG_FILE_OPTIONAL = 1,  /* FG_E_NOT_FOUND when there is none, which otherwise is FG_E_IO */
    FG_FILE_BEGINNING = 2, /* of a longer file the first capacity bytes; otherwise it is FG_E_SIZE */
    FG_FILE_NO_LINK = 4,   /* FG_E_IO when path itself is a symbolic link */
    FG_FILE_SECRET = 8,    /* FG_E_DENIED when anybody but its owner may touch it */
    FG_FILE_STREAM = 16    /* a pipe or a device too, which is waited for */
};

/* Reads at most capacity bytes. The buffer may be written to on failure too: who reads a secret wipes it.
 * FG_E_IO, and as how says. */
enum fg_err fg_file_read(const char *path, unsigned how, void *ret_bytes, size_t capacity, size_t *ret_length,
                         struct fg_error *error);

/* The same with a name inside an open folder, or AT_FDCWD. */
enum fg_err fg_file_read_at(int folder, const char *name, unsigned how, void *ret_bytes, size_t capacity,
                            size_t *ret_length, struct fg_error *error);

/* The same into memory that the caller frees, at most bytes_max, with a NUL after the end. FG_E_MEMORY. */
enum fg_err fg_file_read_text(const char *path, unsigned how, size_t bytes_max, char **ret_text,
                              size_t *ret_length, struct fg_error *error);

/* ---- writing: durable when it returns FG_OK ---- */

/* Writes PATH.new, removing what is left of an earlier try, and puts it in the place of PATH. FG_E_IO: the
 * old file is there, or, when only the folder could not be synced, the new one; FG_E_SIZE: the path. */
enum fg_err fg_file_write(const char *path, mode_t mode, const void *bytes, size_t length,
                          struct fg_error *error);

/* Writes a file that is not there yet; nothing of it is left on failure. FG_E_EXISTS, FG_E_IO, FG_E_SIZE. */
enum fg_err fg_file_create(const char *path, mode_t mode, const void *bytes, size_t length,
                           struct fg_error *error);

/* Gives a file that is on the disk already the name of another, which it replaces. FG_E_IO: it still has its
 * own name, or only the folder could not be synced. */
enum fg_err fg_file_replace(const char *from, const char *path, struct fg_error *error);

/* Gone for good, also when there was none. FG_E_IO. */
enum fg_err fg_file_remove(const char *path, struct fg_error *error);

/* A name that came or went is durable only with its folder: that of path. FG_E_IO. */
enum fg_err fg_file_sync_folder(const char *path, struct fg_error *error);

/* ---- writing piece by piece ---- */

/* A file beside the one that it will replace. Several drafts of one path may be written at once. */
struct fg_file_draft {
    FILE *stream; /* to be written to; its error state may be left to fg_file_draft_finish */
    const char *path;
    char temporary[PATH_MAX];
};

/* mode: exactly, whatever the umask. path must last as long as the draft. FG_E_SIZE: the path; FG_E_IO. */
enum fg_err fg_file_draft_start(struct fg_file_draft *ret_draft, const char *path, mode_t mode,
                                struct fg_error *error);

/* Ends the draft: kept in the place of path when result is FG_OK, otherwise removed. Returns result, or
 * FG_E_IO when it cannot be kept. */
enum fg_err fg_file_draft_finish(struct fg_file_draft *draft, enum fg_err result, struct fg_error *error);

#endif
