/* Implementation of becoming a directory's owner (become_owner.h). */
#include "lib/system/become_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 16

/* Where the walk is: a directory that only root can change, and what is left of the path. */
struct walk {
    const char *path; /* as it was given, for errors */
    int directory;
    unsigned links;
    char rest[PATH_MAX];
    struct stat found; /* what is not root's */
};

static enum fg_err fail(const struct walk *walk, struct fg_error *error)
{
    return fg_fail(error, errno == ENOENT ? FG_E_NOT_FOUND : FG_E_IO, "%.200s: %s", walk->path,
                   strerror(errno));
}

static enum fg_err go_to_root(struct walk *walk, struct fg_error *error)
{
    if (walk->directory >= 0)
        (void)close(walk->directory);
    walk->directory = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return walk->directory >= 0 ? FG_OK : fail(walk, error);
}

static enum fg_err walk_start(struct walk *walk, const char *path, struct fg_error *error)
{
    char here[PATH_MAX] = "";
    int length;

    *walk = (struct walk){.path = path, .directory = -1};
    if (path[0] != '/' && getcwd(here, sizeof(here)) == NULL)
        return fail(walk, error);
    length = snprintf(walk->rest, sizeof(walk->rest), "%s/%s", here, path);
    if (length < 0 || (size_t)length >= sizeof(walk->rest))
        return fg_fail(error, FG_E_SIZE, "%.200s: the path is too long", path);
    return go_to_root(walk, error);
}

/* Cuts the next name off the rest; "" at the end. */
static void name_take(struct walk *walk, char ret_name[NAME_MAX + 1])
{
    size_t skipped = strspn(walk->rest, "/");
    size_t length = strcspn(walk->rest + skipped, "/");

    (void)snprintf(ret_name, NAME_MAX + 1, "%.*s", (int)length, walk->rest + skipped);
    memmove(walk->rest, walk->rest + skipped + length, strlen(walk->rest + skipped + length) + 1);
}

/* A link that only root can change is followed. */
static enum fg_err link_follow(struct walk *walk, int link, struct fg_error *error)
{
    char target[PATH_MAX];
    char whole[PATH_MAX];
    ssize_t length = readlinkat(link, "", target, sizeof(target) - 1);
    int joined;

    if (length < 0)
        return fail(walk, error);
    target[length] = '\0';
    joined = snprintf(whole, sizeof(whole), "%s/%s", target, walk->rest);
    if (joined < 0 || (size_t)joined >= sizeof(whole) || ++walk->links > LINKS_MAX)
        return fg_fail(error, FG_E_SIZE, "%.200s: too long, or too many symbolic links", walk->path);
    memcpy(walk->rest, whole, (size_t)joined + 1);
    return target[0] == '/' ? go_to_root(walk, error) : FG_OK;
}

/* One name further. *ret_done: something that is not root's was found. */
static enum fg_err step(struct walk *walk, const char *name, bool *ret_done, struct fg_error *error)
{
    struct stat status;
    int next = openat(walk->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    enum fg_err result = FG_OK;

    if (next < 0)
        return fail(walk, error);
    if (fstat(next, &status) != 0) {
        result = fail(walk, error);
    } else if (status.st_uid != 0) {
        walk->found = status;
        *ret_done = true;
    } else if (S_ISLNK(status.st_mode)) {
        result = link_follow(walk, next, error);
    } else if (!S_ISDIR(status.st_mode)) {
        result = fg_fail(error, FG_E_IO, "%.200s: %s is not a directory", walk->path, name);
    } else if ((status.st_mode & 022) != 0 && (status.st_mode & S_ISVTX) == 0) {
        result = fg_fail(error, FG_E_DENIED,
                         "%.200s: others may write to %s: run this as the user whose files they are",
                         walk->path, name);
    } else {
        (void)close(walk->directory);
        walk->directory = next;
        return FG_OK;
    }
    (void)close(next);
    return result;
}

static enum fg_err become(uid_t user, gid_t group, struct fg_error *error)
{
    if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0)
        return fg_fail(error, FG_E_DENIED, "root's rights cannot be given up: %s", strerror(errno));
    if (setuid(0) == 0)
        return fg_fail(error, FG_E_STATE, "root's rights were given up and came back");
    return FG_OK;
}

enum fg_err fg_owner_become(const char *directory, struct fg_error *error)
{
    char name[NAME_MAX + 1];
    struct walk walk;
    bool done = false;
    enum fg_err result;

    if (geteuid() != 0)
        return FG_OK;
    result = walk_start(&walk, directory, error);
    while (result == FG_OK && !done) {
        name_take(&walk, name);
        if (name[0] == '\0')
            break;
        result = step(&walk, name, &done, error);
    }
    if (walk.directory >= 0)
        (void)close(walk.directory);
    return result == FG_OK && done ? become(walk.found.st_uid, walk.found.st_gid, error) : result;
}
