/* Files of one directory that appear together or not at all.
 *
 * NAME in the directory is a link to joined/NAME, and `joined` a link to a folder that holds the set; a new
 * set is written beside it, synced, and put in force by replacing that one link. So whoever opens a file
 * finds the old set or the new one, whenever the power goes. Files that stand there themselves (from before
 * there were sets, or renewed since) are first made part of the set in force, with the same content. Not:
 * what the files mean. Relies on: POSIX files, on a file system with hard and symbolic links. One process at
 * a time in a directory. */
#ifndef FG_LIB_SYSTEM_FILE_SET_H
#define FG_LIB_SYSTEM_FILE_SET_H

#include <stddef.h>

#include "lib/base/err.h"

#define FG_FILE_SET_LINK "joined"
#define FG_FILE_SET_FILES_MAX 16
#define FG_FILE_SET_NAME_MAX 31

struct fg_file_part {
    const char *name; /* 1 to FG_FILE_SET_NAME_MAX characters without '/' */
    const void *bytes;
    size_t length;
};

/* Puts the files (mode 0644) in force; what the set before had and this one lacks is gone at the same moment.
 * FG_E_IO, FG_E_ARG: on an error the set before is in force. */
enum fg_err fg_file_set_put(const char *directory, const struct fg_file_part *parts, size_t count,
                            struct fg_error *error);

#endif
