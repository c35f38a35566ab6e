/* Serving lists: what each request under /v1/list/ is answered with. */
#include "lib/list/serve/list_routes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/list/serve/list_folder.h"
#include "lib/list/serve/private.h"
#include "proto/journal/sync.h"
#include "proto/list/bucket.h"
#include "proto/list/list_file.h"
#include "proto/list/manifest.h"
#include "proto/list/tree.h"

/* One request while it is being answered. */
struct work {
    struct fg_listing *listing;
    const struct fg_request *request;
    struct fg_answer *answer;
    char list_id[FG_NAME_MAX + 1];
    char folder[FG_LISTING_PATH_MAX];
};

/* Value of a header: the server reads it on the handler's thread, after the handler has returned. */
static _Thread_local char etag_text[32];

static void add_header(struct work *work, const char *name, const char *value)
{
    struct fg_answer *answer = work->answer;

    if (answer->header_count < FG_SERVER_HEADERS_MAX)
        answer->headers[answer->header_count++] = (struct fg_answer_header){name, value};
}

static void add_etag(struct work *work, uint64_t version)
{
    (void)snprintf(etag_text, sizeof(etag_text), "\"%llu\"", (unsigned long long)version);
    add_header(work, "ETag", etag_text);
}

static void answer_error(struct work *work, enum fg_err code, const struct fg_error *error)
{
    uint16_t status = 500;

    if (code == FG_E_NOT_FOUND || code == FG_E_STATE)
        status = 404;
    else if (code == FG_E_BUSY)
        status = 503;
    fg_answer_text(work->answer, status, "%s", error->text);
}

/* A number of the query; answers 400 when it is missing or none. */
static bool take_number(struct work *work, const char *name, bool zero_allowed, uint64_t *ret_number)
{
    const char *text = fg_request_query(work->request, name);

    if (text != NULL && zero_allowed && strcmp(text, "0") == 0) {
        *ret_number = 0;
        return true;
    }
    if (text != NULL && fg_folder_number(text, strnlen(text, 20), ret_number))
        return true;
    fg_answer_text(work->answer, 400, "%s= must be a whole number", name);
    return false;
}

/* The store of the list, opened once and kept; with the serving lock held. */
static enum fg_err take_store(struct work *work, struct fg_list **ret_list, struct fg_error *error)
{
    struct fg_listing *listing = work->listing;
    struct fg_listing_store *slot = &listing->stores[0];
    char path[FG_LISTING_PATH_MAX];
    enum fg_err result = fg_folder_join(work->folder, "list.db", path, error);

    for (size_t i = 0; i < FG_LISTING_STORES_MAX; i++) {
        struct fg_listing_store *store = &listing->stores[i];

        if (store->list != NULL && strcmp(store->list_id, work->list_id) == 0) {
            store->used = ++listing->uses;
            *ret_list = store->list;
            return FG_OK;
        }
        if (store->used < slot->used)
            slot = store;
    }
    if (result == FG_OK && access(path, R_OK) != 0)
        result = fg_fail(error, FG_E_NOT_FOUND, "there is no list %s here", work->list_id);
    if (result != FG_OK)
        return result;
    fg_list_close(slot->list);
    *slot = (struct fg_listing_store){0};
    result = fg_list_open(path, NULL, listing->trusted, listing->trusted_count, &slot->list, error);
    if (result != FG_OK)
        return result;
    memcpy(slot->list_id, work->list_id, sizeof(slot->list_id));
    slot->used = ++listing->uses;
    *ret_list = slot->list;
    return FG_OK;
}

/* The manifest of the highest whole file: what it promises is all there. */
static enum fg_err read_manifest(const char *folder, uint8_t *bytes, size_t *ret_length,
                                 uint64_t *ret_version, struct fg_error *error)
{
    struct fg_folder_versions versions;
    struct fg_list_file *file = NULL;
    char path[FG_LISTING_PATH_MAX];
    const uint8_t *manifest;
    enum fg_err result = fg_folder_versions(folder, &versions, error);

    if (result == FG_OK && versions.count == 0)
        result = fg_fail(error, FG_E_NOT_FOUND, "no version of this list is published here");
    if (result == FG_OK)
        result = fg_folder_list_file(folder, versions.versions[0], path, error);
    if (result == FG_OK)
        result = fg_list_file_open(path, &file, error);
    if (result != FG_OK)
        return result;
    manifest = fg_list_file_manifest(file, ret_length);
    memcpy(bytes, manifest, *ret_length);
    *ret_version = versions.versions[0];
    fg_list_file_close(file);
    return FG_OK;
}

enum fg_err fg_listing_issued_ms(const struct fg_listing *listing, const char *list_id,
                                 int64_t *ret_issued_ms, struct fg_error *error)
{
    char folder[FG_LISTING_PATH_MAX];
    uint8_t bytes[FG_MANIFEST_SIGNED_MAX];
    struct fg_manifest manifest;
    uint64_t version = 0;
    size_t length = 0;
    enum fg_err result = fg_folder_path(listing->directory, list_id, folder, error);

    if (result == FG_OK)
        result = read_manifest(folder, bytes, &length, &version, error);
    if (result == FG_OK && length < FG_MANIFEST_SIGNED_MIN)
        result = fg_fail(error, FG_E_FORMAT, "list %s: its manifest is cut", list_id);
    if (result == FG_OK)
        result = fg_manifest_decode(bytes + FG_MANIFEST_SIGNED_MIN, length - FG_MANIFEST_SIGNED_MIN,
                                    &manifest, error);
    if (result == FG_OK)
        *ret_issued_ms = manifest.issued_ms;
    return result;
}

static void answer_manifest(struct work *work)
{
    uint8_t bytes[FG_MANIFEST_SIGNED_MAX];
    struct fg_error error = {0};
    const char *known = fg_request_header(work->request, "If-None-Match");
    uint64_t version;
    size_t length;
    enum fg_err result = read_manifest(work->folder, bytes, &length, &version, &error);

    if (result != FG_OK) {
        answer_error(work, result, &error);
        return;
    }
    add_etag(work, version);
    if (known != NULL && strcmp(known, etag_text) == 0) {
        work->answer->status = 304;
        return;
    }
    fg_answer_bytes(work->answer, 200, bytes, length);
}

/* Ranges are the server's affair. */
static void answer_file(struct work *work, const char *path, uint64_t version)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        if (fd >= 0)
            (void)close(fd);
        fg_answer_text(work->answer, 404, "there is no such file of this list here");
        return;
    }
    add_etag(work, version);
    work->answer->status = 200;
    work->answer->file_descriptor = fd;
    work->answer->file_length = (uint64_t)status.st_size;
}

static void answer_delta(struct work *work)
{
    char path[FG_LISTING_PATH_MAX];
    uint64_t from;
    uint64_t to;

    if (!take_number(work, "from", false, &from) || !take_number(work, "to", false, &to))
        return;
    if (fg_folder_delta(work->folder, from, to, path, NULL) == FG_OK)
        answer_file(work, path, to);
}

static void answer_list_file(struct work *work)
{
    char path[FG_LISTING_PATH_MAX];
    uint64_t version;

    if (!take_number(work, "version", false, &version))
        return;
    if (fg_folder_list_file(work->folder, version, path, NULL) == FG_OK)
        answer_file(work, path, version);
}

static void answer_node(struct work *work)
{
    struct fg_digest digests[FG_TREE_GROUP_DIGESTS];
    struct fg_error error = {0};
    struct fg_list *list = NULL;
    size_t count = 0;
    uint64_t version;
    uint64_t level;
    uint64_t index;
    enum fg_err result;

    if (!take_number(work, "version", false, &version) || !take_number(work, "level", true, &level) ||
        !take_number(work, "index", true, &index))
        return;
    if (level >= FG_TREE_GROUP_LEVELS || index > UINT32_MAX) {
        fg_answer_text(work->answer, 404, "there is no such group");
        return;
    }
    (void)pthread_mutex_lock(&work->listing->serving);
    result = take_store(work, &list, &error);
    if (result == FG_OK)
        result = fg_list_node_group(list, version, (uint8_t)level, (uint32_t)index, digests, &count, &error);
    (void)pthread_mutex_unlock(&work->listing->serving);
    if (result != FG_OK) {
        answer_error(work, result, &error);
        return;
    }
    add_etag(work, version);
    fg_answer_bytes(work->answer, 200, digests, count * sizeof(digests[0]));
}

static void answer_bucket(struct work *work)
{
    uint8_t *bytes = NULL;
    struct fg_error error = {0};
    struct fg_list *list = NULL;
    size_t length = 0;
    uint64_t version;
    uint64_t index;
    enum fg_err result;

    if (!take_number(work, "version", false, &version) || !take_number(work, "index", true, &index))
        return;
    if (index > UINT32_MAX) {
        fg_answer_text(work->answer, 404, "there is no such bucket");
        return;
    }
    bytes = malloc(FG_BUCKET_BYTES_MAX);
    if (bytes == NULL)
        return;
    (void)pthread_mutex_lock(&work->listing->serving);
    result = take_store(work, &list, &error);
    if (result == FG_OK)
        result = fg_list_bucket(list, version, (uint32_t)index, bytes, FG_BUCKET_BYTES_MAX, &length, &error);
    (void)pthread_mutex_unlock(&work->listing->serving);
    if (result != FG_OK) {
        answer_error(work, result, &error);
    } else {
        add_etag(work, version);
        fg_answer_bytes(work->answer, 200, bytes, length);
    }
    free(bytes);
}

/* Splits "/v1/list/ID/WHAT". False when it is no such path or ID is no list id. */
static bool split_path(struct work *work, const char **ret_what)
{
    const char *path = work->request->path;
    const char *slash;
    size_t prefix = strlen(FG_SYNC_PATH_LIST);
    size_t length;

    if (strncmp(path, FG_SYNC_PATH_LIST, prefix) != 0)
        return false;
    path += prefix;
    slash = strchr(path, '/');
    length = slash == NULL ? 0 : (size_t)(slash - path);
    if (length == 0 || length > FG_NAME_MAX)
        return false;
    memcpy(work->list_id, path, length);
    *ret_what = slash + 1;
    return fg_folder_path(work->listing->directory, work->list_id, work->folder, NULL) == FG_OK;
}

static void answer_list(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    static const struct {
        const char *name;
        void (*answer)(struct work *work);
    } parts[] = {{"manifest", answer_manifest},
                 {"delta", answer_delta},
                 {"node", answer_node},
                 {"bucket", answer_bucket},
                 {"file", answer_list_file}};
    struct fg_listing *listing = context;
    struct work work = {.listing = listing, .request = request, .answer = ret_answer};
    const char *what = "";

    if (!split_path(&work, &what)) {
        fg_answer_text(ret_answer, 404, "not a list's path");
        return;
    }
    if (listing->allowed != NULL &&
        !listing->allowed(listing->allowed_context, request->peer, work.list_id)) {
        fg_request_vouch(request, NULL); /* whoever gets nothing here keeps no place from others */
        fg_answer_text(ret_answer, 403, "this list is not for %s", request->peer->id);
        return;
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strcmp(parts[i].name, what) == 0) {
            parts[i].answer(&work);
            return;
        }
    }
    fg_answer_text(ret_answer, 404, "a list has manifest, delta, node, bucket and file");
}

struct fg_route fg_listing_route(struct fg_listing *listing)
{
    return (struct fg_route){.method = "GET",
                             .path = FG_SYNC_PATH_LIST "*",
                             .certificate_needed = true,
                             .handler = answer_list,
                             .context = listing};
}

/* Stores that are open know the old keys; they are opened again when they are asked next. */
static void close_stores(struct fg_listing *listing)
{
    for (size_t i = 0; i < FG_LISTING_STORES_MAX; i++) {
        fg_list_close(listing->stores[i].list);
        listing->stores[i] = (struct fg_listing_store){0};
    }
}

enum fg_err fg_listing_trust(struct fg_listing *listing, const struct fg_public_key *trusted,
                             size_t trusted_count, struct fg_error *error)
{
    struct fg_public_key *copy = calloc(trusted_count + 1, sizeof(*copy));

    if (copy == NULL)
        return fg_fail(error, FG_E_MEMORY, "lists: out of memory");
    if (trusted_count > 0)
        memcpy(copy, trusted, trusted_count * sizeof(*copy));
    (void)pthread_mutex_lock(&listing->publishing);
    (void)pthread_mutex_lock(&listing->serving);
    close_stores(listing);
    free(listing->trusted);
    listing->trusted = copy;
    listing->trusted_count = trusted_count;
    (void)pthread_mutex_unlock(&listing->serving);
    (void)pthread_mutex_unlock(&listing->publishing);
    return FG_OK;
}

enum fg_err fg_listing_new(const char *directory, const struct fg_public_key *trusted, size_t trusted_count,
                           fg_listing_allowed allowed, void *allowed_context, struct fg_listing **ret_listing,
                           struct fg_error *error)
{
    struct fg_listing *listing;
    enum fg_err result;

    if (strlen(directory) > FG_LISTING_PATH_MAX - 128)
        return fg_fail(error, FG_E_ARG, "lists: the path of the directory is too long");
    if (mkdir(directory, 0755) != 0 && errno != EEXIST)
        return fg_fail(error, FG_E_IO, "%s: cannot be created: %s", directory, strerror(errno));
    listing = calloc(1, sizeof(*listing));
    if (listing == NULL)
        return fg_fail(error, FG_E_MEMORY, "lists: out of memory");
    listing->allowed = allowed;
    listing->allowed_context = allowed_context;
    (void)snprintf(listing->directory, sizeof(listing->directory), "%s", directory);
    (void)pthread_mutex_init(&listing->publishing, NULL);
    (void)pthread_mutex_init(&listing->serving, NULL);
    result = fg_listing_trust(listing, trusted, trusted_count, error);
    if (result == FG_OK)
        *ret_listing = listing;
    else
        fg_listing_free(listing);
    return result;
}

void fg_listing_free(struct fg_listing *listing)
{
    if (listing == NULL)
        return;
    close_stores(listing);
    (void)pthread_mutex_destroy(&listing->serving);
    (void)pthread_mutex_destroy(&listing->publishing);
    free(listing->trusted);
    free(listing);
}
