/* Implementation of list_folder.h. */
#include "lib/list/serve/list_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST_FILE_END ".fgl"
#define DELTA_END ".fgd"
#define END_LENGTH 4

bool fg_listing_id_is_valid(const char *list_id)
{
    size_t length = strnlen(list_id, FG_NAME_MAX + 1);

    if (length == 0 || length > FG_NAME_MAX || list_id[0] == '.')
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = list_id[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

enum fg_err fg_folder_join(const char *folder, const char *name, char ret_path[FG_LISTING_PATH_MAX],
                           struct fg_error *error)
{
    char path[FG_LISTING_PATH_MAX];
    int used = snprintf(path, sizeof(path), "%s/%s", folder, name);

    if (used < 0 || (size_t)used >= sizeof(path))
        return fg_fail(error, FG_E_ARG, "lists: the path %s/... is too long", folder);
    memcpy(ret_path, path, (size_t)used + 1);
    return FG_OK;
}

enum fg_err fg_folder_path(const char *directory, const char *list_id, char ret_path[FG_LISTING_PATH_MAX],
                           struct fg_error *error)
{
    if (!fg_listing_id_is_valid(list_id))
        return fg_fail(error, FG_E_ARG, "lists: a list id has 1 to %d characters of A-Z a-z 0-9 . _ -",
                       FG_NAME_MAX);
    return fg_folder_join(directory, list_id, ret_path, error);
}

enum fg_err fg_folder_list_file(const char *folder, uint64_t version, char ret_path[FG_LISTING_PATH_MAX],
                                struct fg_error *error)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "%llu" LIST_FILE_END, (unsigned long long)version);
    return fg_folder_join(folder, name, ret_path, error);
}

enum fg_err fg_folder_delta(const char *folder, uint64_t from, uint64_t to,
                            char ret_path[FG_LISTING_PATH_MAX], struct fg_error *error)
{
    char name[96];

    (void)snprintf(name, sizeof(name), "%llu-%llu" DELTA_END, (unsigned long long)from,
                   (unsigned long long)to);
    return fg_folder_join(folder, name, ret_path, error);
}

bool fg_folder_number(const char *text, size_t length, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (length == 0 || length > 19 || text[0] == '0')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    if (number > INT64_MAX)
        return false;
    *ret_number = number;
    return true;
}

static bool ends_in(const char *name, const char *end, size_t *ret_stem)
{
    size_t length = strlen(name);

    if (length <= END_LENGTH || strcmp(name + length - END_LENGTH, end) != 0)
        return false;
    *ret_stem = length - END_LENGTH;
    return true;
}

static bool is_list_file(const char *name, uint64_t *ret_version)
{
    size_t stem;

    return ends_in(name, LIST_FILE_END, &stem) && fg_folder_number(name, stem, ret_version);
}

static bool is_delta(const char *name, uint64_t *ret_to)
{
    const char *dash = strchr(name, '-');
    uint64_t from;
    size_t stem;

    return dash != NULL && ends_in(name, DELTA_END, &stem) && (size_t)(dash - name) < stem &&
           fg_folder_number(name, (size_t)(dash - name), &from) &&
           fg_folder_number(dash + 1, stem - (size_t)(dash - name) - 1, ret_to);
}

/* Keeps the highest versions when there are more than fit. */
static void insert(struct fg_folder_versions *versions, uint64_t version)
{
    size_t at = versions->count;

    while (at > 0 && versions->versions[at - 1] < version)
        at--;
    if (at == FG_FOLDER_VERSIONS_MAX)
        return;
    if (versions->count < FG_FOLDER_VERSIONS_MAX)
        versions->count++;
    memmove(&versions->versions[at + 1], &versions->versions[at],
            (versions->count - at - 1) * sizeof(versions->versions[0]));
    versions->versions[at] = version;
}

static enum fg_err open_folder(const char *folder, DIR **ret_stream, struct fg_error *error)
{
    DIR *stream = opendir(folder);

    if (stream == NULL && errno != ENOENT)
        return fg_fail(error, FG_E_IO, "%s: cannot be read: %s", folder, strerror(errno));
    *ret_stream = stream;
    return FG_OK;
}

enum fg_err fg_folder_versions(const char *folder, struct fg_folder_versions *ret_versions,
                               struct fg_error *error)
{
    DIR *stream = NULL;
    const struct dirent *entry;
    enum fg_err result = open_folder(folder, &stream, error);

    if (result != FG_OK)
        return result;
    ret_versions->count = 0;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        uint64_t version;

        if (is_list_file(entry->d_name, &version))
            insert(ret_versions, version);
    }
    if (stream != NULL)
        (void)closedir(stream);
    return FG_OK;
}

enum fg_err fg_folder_clean(const char *folder, uint64_t lowest, uint64_t lowest_target,
                            struct fg_error *error)
{
    DIR *stream = NULL;
    const struct dirent *entry;
    enum fg_err result = open_folder(folder, &stream, error);

    while (result == FG_OK && stream != NULL && (entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        uint64_t number;
        bool old = (is_list_file(name, &number) && number < lowest) ||
                   (is_delta(name, &number) && number < lowest_target) ||
                   strncmp(name, FG_FOLDER_NEW, strlen(FG_FOLDER_NEW)) == 0;

        if (old && unlinkat(dirfd(stream), name, 0) != 0 && errno != ENOENT)
            result = fg_fail(error, FG_E_IO, "%s/%s: cannot be removed: %s", folder, name, strerror(errno));
    }
    if (stream != NULL)
        (void)closedir(stream);
    return result;
}
