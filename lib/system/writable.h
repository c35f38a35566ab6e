/* Whether a file can be written where it is meant to be, and why not, in the operating system's words.
 *
 * For stores that are opened by SQLite, which opens a file that is not writable for reading and only says so
 * at the first write. Not: opening or creating anything. Relies on: faccessat, so that the answer is one of
 * this moment and this process's rights. */
#ifndef FG_LIB_SYSTEM_WRITABLE_H
#define FG_LIB_SYSTEM_WRITABLE_H

#include "lib/base/err.h"

/* The file at path, and its directory, in which files beside it are made, can be written: FG_OK, also when
 * the file is not there yet. FG_E_IO: a read-only file system, a directory that is missing; FG_E_DENIED:
 * rights. */
enum fg_err fg_writable_check(const char *path, struct fg_error *error);

#endif
