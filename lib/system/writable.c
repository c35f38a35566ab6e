/* Implementation of the look at a file's place (writable.h). */
#include "lib/system/writable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static enum fg_err refused(const char *what, int why, struct fg_error *error)
{
    return fg_fail(error, why == EACCES || why == EPERM ? FG_E_DENIED : FG_E_IO, "%s: cannot be written: %s",
                   what, strerror(why));
}

static enum fg_err folder_writable(const char *path, struct fg_error *error)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path);

    if (length >= sizeof(folder))
        return fg_fail(error, FG_E_SIZE, "%.200s...: the path is too long", path);
    memcpy(folder, path, length);
    folder[length] = '\0';
    if (length == 0)
        memcpy(folder, slash == NULL ? "." : "/", 2);
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0)
        return refused(folder, errno, error);
    return FG_OK;
}

enum fg_err fg_writable_check(const char *path, struct fg_error *error)
{
    enum fg_err code = folder_writable(path, error);

    if (code != FG_OK)
        return code;
    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0 && errno != ENOENT)
        return refused(path, errno, error);
    return FG_OK;
}
