/* Implementation of small_file.h. */
#include "lib/system/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum fg_err fg_small_file_read(const char *path, uint8_t *bytes, size_t capacity, size_t *ret_length,
                               struct fg_error *error)
{
    size_t length = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    enum fg_err code = FG_OK;

    if (fd < 0)
        return fg_fail(error, errno == ENOENT ? FG_E_NOT_FOUND : FG_E_IO, "its file cannot be opened: %s",
                       strerror(errno));
    while (code == FG_OK && length < capacity) {
        ssize_t got = read(fd, bytes + length, capacity - length);

        if (got == 0)
            break;
        if (got > 0)
            length += (size_t)got;
        else if (errno != EINTR)
            code = fg_fail(error, FG_E_IO, "its file cannot be read: %s", strerror(errno));
    }
    (void)close(fd);
    if (code == FG_OK)
        *ret_length = length;
    return code;
}

static bool write_synced(int fd, const uint8_t *bytes, size_t length)
{
    size_t done = 0;

    while (done < length) {
        ssize_t written = write(fd, bytes + done, length - done);

        if (written > 0)
            done += (size_t)written;
        else if (errno != EINTR)
            return false;
    }
    return fsync(fd) == 0;
}

/* A name that came or went is durable only with its directory. */
static bool directory_sync(const char *path)
{
    char directory[FG_SMALL_FILE_PATH_MAX + 1];
    char *slash;
    bool synced;
    int fd;

    (void)snprintf(directory, sizeof(directory), "%s", path);
    slash = strrchr(directory, '/');
    if (slash == NULL)
        (void)snprintf(directory, sizeof(directory), ".");
    else
        slash[1] = '\0'; /* with its slash, which the root has alone */
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    synced = fsync(fd) == 0;
    (void)close(fd);
    return synced;
}

enum fg_err fg_small_file_write(const char *path, const uint8_t *bytes, size_t length, struct fg_error *error)
{
    char temporary[FG_SMALL_FILE_PATH_MAX + 5];
    bool written;
    int fd;

    if (strlen(path) > FG_SMALL_FILE_PATH_MAX)
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", path);
    (void)snprintf(temporary, sizeof(temporary), "%s.new", path);
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fg_fail(error, FG_E_IO, "%s: %s", temporary, strerror(errno));
    written = write_synced(fd, bytes, length);
    written = close(fd) == 0 && written;
    if (!written || rename(temporary, path) != 0 || !directory_sync(path))
        return fg_fail(error, FG_E_IO, "%s: cannot be kept: %s", path, strerror(errno));
    return FG_OK;
}

enum fg_err fg_small_file_remove(const char *path, struct fg_error *error)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return fg_fail(error, FG_E_IO, "%s: cannot be removed: %s", path, strerror(errno));
    if (!directory_sync(path))
        return fg_fail(error, FG_E_IO, "%s: its removal is not durable: %s", path, strerror(errno));
    return FG_OK;
}
