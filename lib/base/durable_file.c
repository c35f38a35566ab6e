/* Implementation of durable files (durable_file.h). */
#include "lib/base/durable_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A name that came is durable only with its folder. */
static enum fg_err folder_sync(const char *path, struct fg_error *error)
{
    const char *slash = strrchr(path, '/');
    char folder[FG_DURABLE_PATH_BYTES];
    int descriptor;
    bool good;

    (void)snprintf(folder, sizeof(folder), "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1,
                   slash == NULL ? "." : path);
    descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    good = descriptor >= 0 && fsync(descriptor) == 0;
    if (descriptor >= 0)
        (void)close(descriptor);
    return good ? FG_OK : fg_fail(error, FG_E_IO, "%s: cannot sync: %s", folder, strerror(errno));
}

enum fg_err fg_durable_file_write(const char *path, mode_t mode, const void *bytes, size_t length,
                                  struct fg_error *error)
{
    char temporary[FG_DURABLE_PATH_BYTES];
    enum fg_err result = FG_OK;
    int descriptor;

    if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", path);
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor < 0)
        return fg_fail(error, FG_E_IO, "%s: cannot create: %s", temporary, strerror(errno));
    if (write(descriptor, bytes, length) != (ssize_t)length || fsync(descriptor) != 0)
        result = fg_fail(error, FG_E_IO, "%s: cannot write: %s", temporary, strerror(errno));
    if (close(descriptor) != 0 && result == FG_OK)
        result = fg_fail(error, FG_E_IO, "%s: cannot write: %s", temporary, strerror(errno));
    if (result == FG_OK && rename(temporary, path) != 0)
        result = fg_fail(error, FG_E_IO, "%s: cannot put in place: %s", path, strerror(errno));
    if (result != FG_OK) {
        (void)unlink(temporary);
        return result;
    }
    return folder_sync(path, error);
}
