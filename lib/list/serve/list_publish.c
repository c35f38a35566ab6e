/* Publishing: a new version of a list comes into the folder, with deltas from the ones before. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/list/serve/delta_build.h"
#include "lib/list/serve/list_folder.h"
#include "lib/list/serve/private.h"
#include "proto/list/delta.h"
#include "proto/list/list_file.h"
#include "proto/list/manifest.h"

enum fg_err fg_listing_store_path(const struct fg_listing *listing, const char *list_id,
                                  char ret_path[FG_LISTING_PATH_MAX], struct fg_error *error)
{
    char folder[FG_LISTING_PATH_MAX];
    enum fg_err result = fg_folder_path(listing->directory, list_id, folder, error);

    if (result != FG_OK)
        return result;
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return fg_fail(error, FG_E_IO, "%s: cannot be created: %s", folder, strerror(errno));
    return fg_folder_join(folder, "list.db", ret_path, error);
}

static enum fg_err open_store(const struct fg_listing *listing, const char *list_id,
                              struct fg_list **ret_list, struct fg_error *error)
{
    char path[FG_LISTING_PATH_MAX];
    enum fg_err result = fg_listing_store_path(listing, list_id, path, error);

    return result == FG_OK
               ? fg_list_open(path, NULL, listing->trusted, listing->trusted_count, ret_list, error)
               : result;
}

/* Copies a small file through a new name, so that a half copy is never served. */
static enum fg_err copy_file(const char *from, const char *folder, const char *to, struct fg_error *error)
{
    char temporary[FG_LISTING_PATH_MAX];
    uint8_t buffer[16384];
    ssize_t count = 0;
    enum fg_err result = fg_folder_join(folder, FG_FOLDER_NEW "copy", temporary, error);
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = -1;

    if (result == FG_OK && in >= 0)
        out = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    while (out >= 0 && (count = read(in, buffer, sizeof(buffer))) > 0) {
        if (write(out, buffer, (size_t)count) != count) {
            count = -1;
            break;
        }
    }
    if (result == FG_OK && (out < 0 || count < 0 || fsync(out) != 0))
        result = fg_fail(error, FG_E_IO, "%s: cannot be copied to %s: %s", from, to, strerror(errno));
    if (out >= 0)
        (void)close(out);
    if (in >= 0)
        (void)close(in);
    return result == FG_OK ? fg_file_replace(temporary, to, error) : result;
}

/* Is this file the delta between these two? */
static bool leads(const char *delta_path, uint64_t from, uint64_t to)
{
    struct fg_delta_file *file = NULL;
    struct fg_manifest manifest;
    const uint8_t *bytes;
    size_t length;
    bool is;

    if (delta_path == NULL || fg_delta_file_open(delta_path, &file, NULL) != FG_OK)
        return false;
    bytes = fg_delta_file_manifest(file, &length);
    is = fg_delta_file_head(file)->from_version == from &&
         fg_manifest_decode(bytes + FG_MANIFEST_SIGNED_MIN, length - FG_MANIFEST_SIGNED_MIN, &manifest,
                            NULL) == FG_OK &&
         manifest.version == to;
    fg_delta_file_close(file);
    return is;
}

/* A delta that cannot be made is not served: clients repair or fetch the whole file instead. */
static void make_delta(const char *folder, uint64_t from, const char *new_path, uint64_t to,
                       const char *received)
{
    struct fg_delta_build_result built;
    char from_path[FG_LISTING_PATH_MAX];
    char delta_path[FG_LISTING_PATH_MAX];

    if (fg_folder_list_file(folder, from, from_path, NULL) != FG_OK ||
        fg_folder_delta(folder, from, to, delta_path, NULL) != FG_OK)
        return;
    if (leads(received, from, to) &&
        (strcmp(received, delta_path) == 0 || copy_file(received, folder, delta_path, NULL) == FG_OK))
        return;
    (void)fg_delta_build(from_path, new_path, delta_path, &built, NULL);
}

/* The list file goes to its name last: only then is its manifest told. */
static enum fg_err publish(struct fg_list *list, const char *folder, const char *received,
                           struct fg_error *error)
{
    struct fg_folder_versions before;
    struct fg_manifest manifest;
    char new_path[FG_LISTING_PATH_MAX];
    char path[FG_LISTING_PATH_MAX];
    enum fg_err result = fg_list_manifest(list, &manifest, error);

    if (result == FG_OK)
        result = fg_folder_versions(folder, &before, error);
    if (result != FG_OK)
        return result;
    if (before.count > 0 && before.versions[0] >= manifest.version)
        return FG_OK;
    result = fg_folder_join(folder, FG_FOLDER_NEW "list", new_path, error);
    if (result == FG_OK)
        result = fg_list_export(list, new_path, &manifest, error);
    if (result == FG_OK)
        result = fg_folder_list_file(folder, manifest.version, path, error);
    if (result != FG_OK)
        return result;
    for (size_t i = 0; i < before.count && i < FG_LISTING_KEEP; i++)
        make_delta(folder, before.versions[i], new_path, manifest.version, received);
    result = fg_file_replace(new_path, path, error);
    if (result != FG_OK)
        return result;
    /* Deltas to the version before stay, for those who have just learnt of it. */
    if (before.count == 0)
        return fg_folder_clean(folder, manifest.version, manifest.version, error);
    return fg_folder_clean(
        folder, before.versions[before.count < FG_LISTING_KEEP ? before.count - 1 : FG_LISTING_KEEP - 2],
        before.versions[0], error);
}

static enum fg_err publish_store(struct fg_listing *listing, const char *list_id, struct fg_list *list,
                                 const char *received, struct fg_error *error)
{
    char folder[FG_LISTING_PATH_MAX];
    struct fg_manifest manifest;
    enum fg_err result = fg_folder_path(listing->directory, list_id, folder, error);

    if (result == FG_OK)
        result = fg_list_manifest(list, &manifest, error);
    if (result != FG_OK)
        return result;
    if (strcmp(manifest.list_id, list_id) != 0)
        return fg_fail(error, FG_E_AUTH, "%s: its store holds the list %s", folder, manifest.list_id);
    return publish(list, folder, received, error);
}

/* What a list file says of itself, not verified: the import will. */
static enum fg_err peek(const char *path, struct fg_manifest *ret_manifest, struct fg_error *error)
{
    struct fg_list_file *file = NULL;
    const uint8_t *bytes;
    size_t length;
    enum fg_err result = fg_list_file_open(path, &file, error);

    if (result != FG_OK)
        return result;
    bytes = fg_list_file_manifest(file, &length);
    result = fg_manifest_decode(bytes + FG_MANIFEST_SIGNED_MIN, length - FG_MANIFEST_SIGNED_MIN, ret_manifest,
                                error);
    fg_list_file_close(file);
    return result;
}

/* A version that is in the store already was published half: it goes on there. */
static enum fg_err import(struct fg_list *list, const char *list_id, const char *path, struct fg_error *error)
{
    struct fg_manifest manifest;
    struct fg_manifest in_force;
    enum fg_err result = peek(path, &manifest, error);

    if (result != FG_OK)
        return result;
    if (strcmp(manifest.list_id, list_id) != 0)
        return fg_fail(error, FG_E_AUTH, "%s: holds the list %s, not %s", path, manifest.list_id, list_id);
    if (fg_list_manifest(list, &in_force, NULL) == FG_OK && in_force.version == manifest.version &&
        fg_bytes_equal(&in_force.root, &manifest.root, sizeof(manifest.root)))
        return FG_OK;
    return fg_list_import(list, path, 0, &manifest, error);
}

enum fg_err fg_listing_take(struct fg_listing *listing, const char *list_id, const char *list_file_path,
                            struct fg_error *error)
{
    struct fg_list *list = NULL;
    enum fg_err result;

    (void)pthread_mutex_lock(&listing->publishing);
    result = open_store(listing, list_id, &list, error);
    if (result == FG_OK)
        result = import(list, list_id, list_file_path, error);
    if (result == FG_OK)
        result = publish_store(listing, list_id, list, NULL, error);
    fg_list_close(list);
    (void)pthread_mutex_unlock(&listing->publishing);
    return result;
}

enum fg_err fg_listing_take_store(struct fg_listing *listing, const char *list_id, const char *delta_path,
                                  struct fg_error *error)
{
    struct fg_list *list = NULL;
    enum fg_err result;

    (void)pthread_mutex_lock(&listing->publishing);
    result = open_store(listing, list_id, &list, error);
    if (result == FG_OK)
        result = publish_store(listing, list_id, list, delta_path, error);
    fg_list_close(list);
    (void)pthread_mutex_unlock(&listing->publishing);
    return result;
}
