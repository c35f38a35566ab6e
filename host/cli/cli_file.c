/* Implementation of small files (cli_file.h). */
#include "host/cli/cli_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/system/become_owner.h"

#define PATH_BYTES 600

enum fg_err cli_file_read(const char *path, uint8_t *bytes, size_t capacity, size_t *ret_length,
                          struct fg_error *error)
{
    FILE *file = fopen(path, "re");
    size_t length;
    bool more;
    bool failed;

    if (file == NULL)
        return fg_fail(error, errno == ENOENT ? FG_E_NOT_FOUND : FG_E_IO, "%s: cannot open: %s", path,
                       strerror(errno));
    length = fread(bytes, 1, capacity, file);
    more = length == capacity && fgetc(file) != EOF;
    failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed)
        return fg_fail(error, FG_E_IO, "%s: cannot read", path);
    if (more)
        return fg_fail(error, FG_E_SIZE, "%s: longer than %zu bytes", path, capacity);
    *ret_length = length;
    return FG_OK;
}

enum fg_err cli_file_write(const char *path, bool replace, const uint8_t *bytes, size_t length,
                           struct fg_error *error)
{
    char temporary[512];
    int descriptor;
    bool ok;

    if ((size_t)snprintf(temporary, sizeof(temporary), "%s%s", path, replace ? ".new" : "") >=
        sizeof(temporary))
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", path);
    if (replace)
        (void)unlink(temporary);
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (descriptor < 0)
        return fg_fail(error, errno == EEXIST ? FG_E_EXISTS : FG_E_IO, "%s: cannot create: %s", temporary,
                       strerror(errno));
    ok = write(descriptor, bytes, length) == (ssize_t)length && fsync(descriptor) == 0;
    ok = close(descriptor) == 0 && ok;
    if (ok && replace)
        ok = rename(temporary, path) == 0;
    if (ok)
        return FG_OK;
    (void)fg_fail(error, FG_E_IO, "%s: cannot write: %s", path, strerror(errno));
    (void)unlink(temporary);
    return FG_E_IO;
}

enum fg_err cli_file_owner_become(const char *path, struct fg_error *error)
{
    char folder[PATH_BYTES];
    char *slash;

    if ((size_t)snprintf(folder, sizeof(folder), "%s", path) >= sizeof(folder))
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", path);
    slash = strrchr(folder, '/');
    if (slash == NULL)
        (void)strcpy(folder, ".");
    else
        slash[slash == folder ? 1 : 0] = '\0';
    return fg_owner_become(folder, error);
}
