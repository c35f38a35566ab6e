/* Implementation of files that appear together (file_set.h). */
#include "lib/system/file_set.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/random.h"

#define FOLDER_BYTES 32
#define PATH_BYTES 96
#define NEXT "next.tmp"

struct set {
    int directory; /* descriptor */
    const char *path;
    char folder[FOLDER_BYTES]; /* of the new set */
};

static enum fg_err broken(const struct set *set, const char *what, struct fg_error *error)
{
    return fg_fail(error, FG_E_IO, "%s: %s: %s", set->path, what, strerror(errno));
}

static enum fg_err folder_make(struct set *set, struct fg_error *error)
{
    uint64_t number = 0;
    enum fg_err result = fg_random_fill(&number, sizeof(number), error);

    if (result != FG_OK)
        return result;
    (void)snprintf(set->folder, sizeof(set->folder), FG_FILE_SET_LINK ".%016" PRIx64, number);
    return mkdirat(set->directory, set->folder, 0755) == 0 ? FG_OK
                                                           : broken(set, "cannot make a folder", error);
}

static bool write_whole(int descriptor, const void *bytes, size_t length)
{
    return write(descriptor, bytes, length) == (ssize_t)length && fsync(descriptor) == 0;
}

static enum fg_err parts_write(const struct set *set, const struct fg_file_part *parts, size_t count,
                               struct fg_error *error)
{
    int folder = openat(set->directory, set->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool good = folder >= 0;
    enum fg_err result;

    for (size_t i = 0; good && i < count; i++) {
        int file = openat(folder, parts[i].name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

        good = file >= 0 && write_whole(file, parts[i].bytes, parts[i].length);
        if (file >= 0)
            good = close(file) == 0 && good;
    }
    good = good && fsync(folder) == 0;
    result = good ? FG_OK : broken(set, "the new files cannot be written", error);
    if (folder >= 0)
        (void)close(folder);
    return result;
}

/* A link that is made or replaced at once. */
static bool link_put(const struct set *set, const char *target, const char *name)
{
    if (unlinkat(set->directory, NEXT, 0) != 0 && errno != ENOENT)
        return false;
    return symlinkat(target, set->directory, NEXT) == 0 &&
           renameat(set->directory, NEXT, set->directory, name) == 0;
}

static bool is_link_to(const struct set *set, const char *name, const char *target)
{
    char text[PATH_BYTES];
    ssize_t length = readlinkat(set->directory, name, text, sizeof(text) - 1);

    if (length <= 0)
        return false;
    text[length] = '\0';
    return strcmp(text, target) == 0;
}

/* Makes a file that stands there itself part of the set in force; its content is there all the time. */
static bool file_adopt(const struct set *set, const char *name)
{
    char next[PATH_BYTES];
    char inside[PATH_BYTES];

    (void)snprintf(next, sizeof(next), FG_FILE_SET_LINK "/%s.tmp", name);
    (void)snprintf(inside, sizeof(inside), FG_FILE_SET_LINK "/%s", name);
    if (unlinkat(set->directory, next, 0) != 0 && errno != ENOENT)
        return false;
    return linkat(set->directory, name, set->directory, next, 0) == 0 &&
           renameat(set->directory, next, set->directory, inside) == 0;
}

/* NAME leads through `joined` from here on; while that has no such file, NAME leads nowhere. */
static enum fg_err name_join(const struct set *set, const char *name, struct fg_error *error)
{
    char target[PATH_BYTES];
    struct stat status;

    (void)snprintf(target, sizeof(target), FG_FILE_SET_LINK "/%s", name);
    if (is_link_to(set, name, target))
        return FG_OK;
    if (fstatat(set->directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        if (!S_ISREG(status.st_mode) || !file_adopt(set, name))
            return broken(set, "a file that is there cannot be kept beside the new ones", error);
    } else if (errno != ENOENT) {
        return broken(set, "cannot be looked at", error);
    }
    return link_put(set, target, name) ? FG_OK : broken(set, "cannot make a link", error);
}

/* The set in force before there was any: an empty folder, so that adopted files have a place. */
static enum fg_err first_set(const struct set *set, struct fg_error *error)
{
    struct set first = *set;
    struct stat status;
    enum fg_err result;

    if (fstatat(set->directory, FG_FILE_SET_LINK, &status, 0) == 0)
        return FG_OK;
    result = folder_make(&first, error);
    if (result == FG_OK && !link_put(set, first.folder, FG_FILE_SET_LINK))
        result = broken(set, "cannot make a link", error);
    return result;
}

static void folder_remove(int directory, const char *name)
{
    int folder = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = folder >= 0 ? fdopendir(folder) : NULL;
    const struct dirent *entry;

    if (stream == NULL) {
        if (folder >= 0)
            (void)close(folder);
        return;
    }
    while ((entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(folder, entry->d_name, 0);
    }
    (void)closedir(stream);
    (void)unlinkat(directory, name, AT_REMOVEDIR);
}

/* Sets that are no longer in force, and what an interruption left. Nothing depends on its success. */
static void others_remove(const struct set *set, const char *keep)
{
    int copy = openat(set->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry;

    if (stream == NULL) {
        if (copy >= 0)
            (void)close(copy);
        return;
    }
    while ((entry = readdir(stream)) != NULL) {
        if (strncmp(entry->d_name, FG_FILE_SET_LINK ".", sizeof(FG_FILE_SET_LINK)) == 0 &&
            strcmp(entry->d_name, keep) != 0)
            folder_remove(set->directory, entry->d_name);
    }
    (void)closedir(stream);
}

static enum fg_err set_put(struct set *set, const struct fg_file_part *parts, size_t count,
                           struct fg_error *error)
{
    enum fg_err result = first_set(set, error);

    if (result == FG_OK)
        result = folder_make(set, error);
    if (result == FG_OK)
        result = parts_write(set, parts, count, error);
    for (size_t i = 0; result == FG_OK && i < count; i++)
        result = name_join(set, parts[i].name, error);
    if (result == FG_OK && fsync(set->directory) != 0)
        result = broken(set, "cannot be synced", error);
    if (result == FG_OK && (!link_put(set, set->folder, FG_FILE_SET_LINK) || fsync(set->directory) != 0))
        result = broken(set, "the new files cannot be put in force", error);
    if (result == FG_OK)
        others_remove(set, set->folder);
    else if (set->folder[0] != '\0' && !is_link_to(set, FG_FILE_SET_LINK, set->folder))
        folder_remove(set->directory, set->folder);
    return result;
}

enum fg_err fg_file_set_put(const char *directory, const struct fg_file_part *parts, size_t count,
                            struct fg_error *error)
{
    struct set set = {.path = directory};
    enum fg_err result;

    if (count == 0 || count > FG_FILE_SET_FILES_MAX)
        return fg_fail(error, FG_E_ARG, "%s: a set has 1 to %d files", directory, FG_FILE_SET_FILES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].name[0] == '\0' || strlen(parts[i].name) > FG_FILE_SET_NAME_MAX ||
            strchr(parts[i].name, '/') != NULL)
            return fg_fail(error, FG_E_ARG, "\"%.40s\" cannot be a file of a set", parts[i].name);
    }
    set.directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (set.directory < 0)
        return broken(&set, "cannot be opened", error);
    result = set_put(&set, parts, count, error);
    (void)close(set.directory);
    return result;
}
