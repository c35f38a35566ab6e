/* Implementation of kept files (kept_file.h). */
#include "host/station/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* The whole file or the old one, whatever happens in between. */
enum fg_err fg_kept_file_write(const char *path, const char *what, const uint8_t *bytes, size_t length,
                               struct fg_error *error)
{
    char temporary[FG_KEPT_FILE_PATH_BYTES + 8];
    char folder[FG_KEPT_FILE_PATH_BYTES];
    char *slash;
    int file;
    bool good;

    (void)snprintf(temporary, sizeof(temporary), "%s.new", path);
    (void)snprintf(folder, sizeof(folder), "%s", path);
    slash = strrchr(folder, '/');
    if (slash == NULL)
        (void)snprintf(folder, sizeof(folder), ".");
    else
        slash[slash == folder ? 1 : 0] = '\0';
    file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return fg_fail(error, FG_E_IO, "%s: %s: %s", what, temporary, strerror(errno));
    good = write(file, bytes, length) == (ssize_t)length && fsync(file) == 0;
    good = close(file) == 0 && good;
    if (!good || rename(temporary, path) != 0)
        return fg_fail(error, FG_E_IO, "%s: %s cannot be written: %s", what, path, strerror(errno));
    file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    good = file >= 0 && fsync(file) == 0;
    if (file >= 0)
        (void)close(file);
    return good ? FG_OK : fg_fail(error, FG_E_IO, "%s: %s: %s", what, folder, strerror(errno));
}

enum fg_err fg_kept_file_path(const char *store_path, const char *ending, char *ret_path, size_t capacity,
                              struct fg_error *error)
{
    int length = snprintf(ret_path, capacity, "%s%s", store_path, ending);

    if (length < 0 || (size_t)length >= capacity || length >= FG_KEPT_FILE_PATH_BYTES)
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", store_path);
    return FG_OK;
}
