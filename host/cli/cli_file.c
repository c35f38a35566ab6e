/* Implementation of the files that a command line names (cli_file.h). */
#include "host/cli/cli_file.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/system/become_owner.h"

#define PATH_BYTES 600

enum fg_err cli_file_read(const char *path, uint8_t *bytes, size_t capacity, size_t *ret_length,
                          struct fg_error *error)
{
    return fg_file_read(path, FG_FILE_OPTIONAL | FG_FILE_STREAM, bytes, capacity, ret_length, error);
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
