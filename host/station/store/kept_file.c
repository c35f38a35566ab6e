/* Implementation of kept files (kept_file.h). */
#include "host/station/store/kept_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/durable_file.h"

enum fg_err fg_kept_file_read(const char *path, const char *what, uint8_t *bytes, size_t capacity,
                              size_t *ret_length, struct fg_error *error)
{
    FILE *file = fopen(path, "rbe");
    enum fg_err result = FG_OK;

    if (file == NULL)
        return fg_fail(error, errno == ENOENT ? FG_E_NOT_FOUND : FG_E_IO, "%s: %s: %s", what, path,
                       strerror(errno));
    *ret_length = fread(bytes, 1, capacity, file);
    if (ferror(file) != 0)
        result = fg_fail(error, FG_E_IO, "%s: %s cannot be read", what, path);
    (void)fclose(file);
    return result;
}

enum fg_err fg_kept_file_write(const char *path, const char *what, const uint8_t *bytes, size_t length,
                               struct fg_error *error)
{
    enum fg_err result = fg_durable_file_write(path, 0600, bytes, length, error);

    return result == FG_OK ? FG_OK : fg_fail_in(error, result, "%s: ", what);
}

enum fg_err fg_kept_file_path(const char *store_path, const char *ending, char *ret_path, size_t capacity,
                              struct fg_error *error)
{
    int length = snprintf(ret_path, capacity, "%s%s", store_path, ending);

    if (length < 0 || (size_t)length >= capacity || length >= FG_KEPT_FILE_PATH_BYTES)
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", store_path);
    return FG_OK;
}
