/* Implementation of kept files (kept_file.h). */
#include "host/station/store/kept_file.h"

#include <stdio.h>

#include "lib/base/file.h"

enum fg_err fg_kept_file_read(const char *path, const char *what, uint8_t *bytes, size_t capacity,
                              size_t *ret_length, struct fg_error *error)
{
    enum fg_err result =
        fg_file_read(path, FG_FILE_OPTIONAL | FG_FILE_BEGINNING, bytes, capacity, ret_length, error);

    return result == FG_OK ? FG_OK : fg_fail_in(error, result, "%s: ", what);
}

enum fg_err fg_kept_file_write(const char *path, const char *what, const uint8_t *bytes, size_t length,
                               struct fg_error *error)
{
    enum fg_err result = fg_file_write(path, 0600, bytes, length, error);

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
