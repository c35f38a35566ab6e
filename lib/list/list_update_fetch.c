/* Files of an update: fetched with a cap, gone on with after an interruption, removed when of no use. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/list/list_update_private.h"

enum fg_err fg_update_path(const struct fg_update *update, const char *name,
                           char ret_path[FG_UPDATE_PATH_MAX], struct fg_error *error)
{
    int used = snprintf(ret_path, FG_UPDATE_PATH_MAX, "%s/%s", update->directory, name);

    if (used < 0 || used >= FG_UPDATE_PATH_MAX)
        return fg_fail(error, FG_E_ARG, "list update: the path of the work directory is too long");
    return FG_OK;
}

static enum fg_err file_size(int fd, const char *path, uint64_t *ret_size, struct fg_error *error)
{
    struct stat status;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || lseek(fd, 0, SEEK_END) < 0)
        return fg_fail(error, FG_E_IO, "%s: not a regular file", path);
    *ret_size = (uint64_t)status.st_size;
    return FG_OK;
}

static enum fg_err empty(int fd, const char *path, struct fg_error *error)
{
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        return fg_fail(error, FG_E_IO, "%s: cannot be emptied: %s", path, strerror(errno));
    return FG_OK;
}

/* One request; bytes beyond the cap are an error, whatever the source says. */
static enum fg_err fetch_once(struct fg_update *update, int fd, const char *path, uint64_t done,
                              uint64_t bytes_max, fg_update_fetcher fetcher, struct fg_error *error)
{
    uint64_t size;
    enum fg_err result = fetcher(update, fd, done, bytes_max, error);

    if (file_size(fd, path, &size, result == FG_OK ? error : NULL) != FG_OK)
        return result == FG_OK ? FG_E_IO : result;
    if (size > done)
        update->result.bytes_fetched += size - done;
    if (size > bytes_max)
        return fg_fail(error, FG_E_SIZE, "list update: the source sends more than the %llu bytes allowed",
                       (unsigned long long)bytes_max);
    return result;
}

static bool is_useless(enum fg_err result)
{
    return result == FG_E_NOT_FOUND || result == FG_E_SIZE || result == FG_E_FORMAT || result == FG_E_AUTH ||
           result == FG_E_RANGE;
}

enum fg_err fg_update_fetch(struct fg_update *update, const char *name, uint64_t bytes_max,
                            fg_update_fetcher fetcher, bool *ret_resumed, struct fg_error *error)
{
    char path[FG_UPDATE_PATH_MAX];
    uint64_t done = 0;
    enum fg_err result = fg_update_path(update, name, path, error);
    int fd;

    if (result != FG_OK)
        return result;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return fg_fail(error, FG_E_IO, "%s: cannot be opened: %s", path, strerror(errno));
    result = file_size(fd, path, &done, error);
    if (result == FG_OK && done > bytes_max) {
        result = empty(fd, path, error);
        done = 0;
    }
    if (result == FG_OK)
        result = fetch_once(update, fd, path, done, bytes_max, fetcher, error);
    if (result == FG_E_RANGE && done > 0) { /* the source does not go on where we were */
        done = 0;
        result = empty(fd, path, error);
        if (result == FG_OK)
            result = fetch_once(update, fd, path, 0, bytes_max, fetcher, error);
    }
    if (close(fd) != 0 && result == FG_OK)
        result = fg_fail(error, FG_E_IO, "%s: cannot be written: %s", path, strerror(errno));
    if (is_useless(result))
        (void)unlink(path);
    if (result == FG_OK)
        *ret_resumed = done > 0;
    return result;
}

static bool ends_in(const char *name, const char *end)
{
    size_t length = strlen(name);
    size_t end_length = strlen(end);

    return length > end_length && strcmp(name + length - end_length, end) == 0;
}

void fg_update_clean(const struct fg_update *update, const char *keep_delta, const char *keep_file)
{
    DIR *stream = opendir(update->directory);
    const struct dirent *entry;

    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        bool ours = ends_in(name, ".fgd") || ends_in(name, ".fgd.part") || ends_in(name, ".fgl.part");

        if (ours && strcmp(name, keep_delta) != 0 && strcmp(name, keep_file) != 0)
            (void)unlinkat(dirfd(stream), name, 0);
    }
    if (stream != NULL)
        (void)closedir(stream);
}
