/* Implementation of files read and written whole (file.h). */
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading ---- */

static enum fg_err kind_check(int descriptor, const char *name, unsigned how, struct fg_error *error)
{
    struct stat status;

    if (fstat(descriptor, &status) != 0)
        return fg_fail(error, FG_E_IO, "%s: cannot read: %s", name, strerror(errno));
    if ((how & FG_FILE_STREAM) == 0 && !S_ISREG(status.st_mode))
        return fg_fail(error, FG_E_IO, "%s: not a regular file", name);
    if ((how & FG_FILE_SECRET) != 0 && (status.st_mode & 077) != 0)
        return fg_fail(error, FG_E_DENIED, "%s: a secret that others can read (mode %03o); chmod 600 it",
                       name, (unsigned)(status.st_mode & 0777));
    return FG_OK;
}

/* Up to the end of the file or of the room. */
static enum fg_err bytes_read(int descriptor, const char *name, uint8_t *bytes, size_t capacity,
                              size_t *ret_length, struct fg_error *error)
{
    size_t length = 0;
    ssize_t got = 1;

    while (length < capacity && got != 0) {
        got = read(descriptor, bytes + length, capacity - length);
        if (got > 0)
            length += (size_t)got;
        else if (got < 0 && errno != EINTR)
            return fg_fail(error, FG_E_IO, "%s: cannot read: %s", name, strerror(errno));
    }
    *ret_length = length;
    return FG_OK;
}

enum fg_err fg_file_read_at(int folder, const char *name, unsigned how, void *ret_bytes, size_t capacity,
                            size_t *ret_length, struct fg_error *error)
{
    /* Without O_NONBLOCK a pipe in the file's place would hold us up before it can be refused. */
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | ((how & FG_FILE_STREAM) != 0 ? 0 : O_NONBLOCK) |
                ((how & FG_FILE_NO_LINK) != 0 ? O_NOFOLLOW : 0);
    int descriptor = openat(folder, name, flags);
    size_t length = 0;
    size_t more = 0;
    uint8_t beyond = 0;
    enum fg_err result;

    if (descriptor < 0)
        return fg_fail(error, errno == ENOENT && (how & FG_FILE_OPTIONAL) != 0 ? FG_E_NOT_FOUND : FG_E_IO,
                       "%s: cannot open: %s", name, strerror(errno));
    result = kind_check(descriptor, name, how, error);
    if (result == FG_OK)
        result = bytes_read(descriptor, name, ret_bytes, capacity, &length, error);
    if (result == FG_OK && (how & FG_FILE_BEGINNING) == 0)
        result = bytes_read(descriptor, name, &beyond, 1, &more, error);
    if (result == FG_OK && more > 0)
        result = fg_fail(error, FG_E_SIZE, "%s: longer than %zu bytes", name, capacity);
    (void)close(descriptor);
    if (result == FG_OK)
        *ret_length = length;
    return result;
}

enum fg_err fg_file_read(const char *path, unsigned how, void *ret_bytes, size_t capacity, size_t *ret_length,
                         struct fg_error *error)
{
    return fg_file_read_at(AT_FDCWD, path, how, ret_bytes, capacity, ret_length, error);
}

enum fg_err fg_file_read_text(const char *path, unsigned how, size_t bytes_max, char **ret_text,
                              size_t *ret_length, struct fg_error *error)
{
    char *text = malloc(bytes_max + 1);
    size_t length = 0;
    enum fg_err result;

    if (text == NULL)
        return fg_fail(error, FG_E_MEMORY, "%s: no memory to read it", path);
    result = fg_file_read(path, how, text, bytes_max, &length, error);
    if (result != FG_OK) {
        free(text);
        return result;
    }
    text[length] = '\0';
    *ret_text = text;
    *ret_length = length;
    return FG_OK;
}

/* ---- writing ---- */

static bool bytes_write(int descriptor, const uint8_t *bytes, size_t length)
{
    size_t done = 0;

    while (done < length) {
        ssize_t written = write(descriptor, bytes + done, length - done);

        if (written > 0)
            done += (size_t)written;
        else if (written == 0 || errno != EINTR)
            return false;
    }
    return true;
}

static enum fg_err new_file_write(const char *path, mode_t mode, const void *bytes, size_t length,
                                  struct fg_error *error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    bool good;

    if (descriptor < 0)
        return errno == EEXIST ? fg_fail(error, FG_E_EXISTS, "%s: exists and is not overwritten", path)
                               : fg_fail(error, FG_E_IO, "%s: cannot create: %s", path, strerror(errno));
    good = bytes_write(descriptor, bytes, length) && fsync(descriptor) == 0;
    if (!good)
        (void)fg_fail(error, FG_E_IO, "%s: cannot write: %s", path, strerror(errno));
    if (close(descriptor) != 0 && good) {
        good = false;
        (void)fg_fail(error, FG_E_IO, "%s: cannot write: %s", path, strerror(errno));
    }
    if (!good)
        (void)unlink(path);
    return good ? FG_OK : FG_E_IO;
}

enum fg_err fg_file_sync_folder(const char *path, struct fg_error *error)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    int descriptor;
    bool good;

    /* With its slash, which the root has alone. */
    (void)snprintf(folder, sizeof(folder), "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1,
                   slash == NULL ? "." : path);
    descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    good = descriptor >= 0 && fsync(descriptor) == 0;
    if (!good)
        (void)fg_fail(error, FG_E_IO, "%s: cannot sync: %s", folder, strerror(errno));
    if (descriptor >= 0)
        (void)close(descriptor);
    return good ? FG_OK : FG_E_IO;
}

enum fg_err fg_file_replace(const char *from, const char *path, struct fg_error *error)
{
    if (rename(from, path) != 0)
        return fg_fail(error, FG_E_IO, "%s: cannot put in place: %s", path, strerror(errno));
    return fg_file_sync_folder(path, error);
}

enum fg_err fg_file_write(const char *path, mode_t mode, const void *bytes, size_t length,
                          struct fg_error *error)
{
    char temporary[FG_FILE_PATH_BYTES];
    enum fg_err result;

    if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
        return fg_fail(error, FG_E_SIZE, "%.200s: the path is too long", path);
    (void)unlink(temporary);
    result = new_file_write(temporary, mode, bytes, length, error);
    if (result != FG_OK)
        return result == FG_E_EXISTS ? FG_E_IO : result;
    result = fg_file_replace(temporary, path, error);
    if (result != FG_OK)
        (void)unlink(temporary);
    return result;
}

enum fg_err fg_file_create(const char *path, mode_t mode, const void *bytes, size_t length,
                           struct fg_error *error)
{
    enum fg_err result = new_file_write(path, mode, bytes, length, error);

    if (result != FG_OK)
        return result;
    result = fg_file_sync_folder(path, error);
    if (result != FG_OK)
        (void)unlink(path);
    return result;
}

enum fg_err fg_file_remove(const char *path, struct fg_error *error)
{
    enum fg_err result;

    if (unlink(path) != 0 && errno != ENOENT)
        return fg_fail(error, FG_E_IO, "%s: cannot be removed: %s", path, strerror(errno));
    result = fg_file_sync_folder(path, error);
    return result == FG_OK ? FG_OK : fg_fail_in(error, result, "%s: its removal is not durable: ", path);
}

/* ---- piece by piece ---- */

enum fg_err fg_file_draft_start(struct fg_file_draft *ret_draft, const char *path, mode_t mode,
                                struct fg_error *error)
{
    struct fg_file_draft draft = {.path = path};
    int length = snprintf(draft.temporary, sizeof(draft.temporary), "%s.XXXXXX", path);
    int descriptor;

    if (length < 0 || (size_t)length >= sizeof(draft.temporary))
        return fg_fail(error, FG_E_SIZE, "%.200s: the path is too long", path);
    descriptor = mkostemp(draft.temporary, O_CLOEXEC);
    if (descriptor < 0)
        return fg_fail(error, FG_E_IO, "%s: cannot create: %s", draft.temporary, strerror(errno));
    draft.stream = fchmod(descriptor, mode) == 0 ? fdopen(descriptor, "wb") : NULL;
    if (draft.stream == NULL) {
        (void)fg_fail(error, FG_E_IO, "%s: cannot write: %s", draft.temporary, strerror(errno));
        (void)close(descriptor);
        (void)unlink(draft.temporary);
        return FG_E_IO;
    }
    *ret_draft = draft;
    return FG_OK;
}

enum fg_err fg_file_draft_finish(struct fg_file_draft *draft, enum fg_err result, struct fg_error *error)
{
    /* A write that failed left its failure in the stream's error state. */
    if (result == FG_OK &&
        (fflush(draft->stream) != 0 || ferror(draft->stream) != 0 || fsync(fileno(draft->stream)) != 0))
        result = fg_fail(error, FG_E_IO, "%s: cannot write: %s", draft->temporary, strerror(errno));
    if (fclose(draft->stream) != 0 && result == FG_OK)
        result = fg_fail(error, FG_E_IO, "%s: cannot write: %s", draft->temporary, strerror(errno));
    draft->stream = NULL;
    if (result == FG_OK)
        result = fg_file_replace(draft->temporary, draft->path, error);
    if (result != FG_OK)
        (void)unlink(draft->temporary);
    return result;
}
