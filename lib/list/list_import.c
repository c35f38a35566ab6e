/* Import of a signed list file into the list store: one transaction, one bucket in memory at a time. Delta
 * files are told apart here and go to list_import_delta.c. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/list/private.h"
#include "proto/list/bucket.h"
#include "proto/list/delta.h"
#include "proto/list/list_file.h"
#include "proto/list/tree.h"

struct import {
    struct fg_list *list;
    struct fg_list_file *file;
    struct fg_manifest manifest;
    bool fresh; /* nothing of the old content is kept */
    struct fg_tree_builder builder;
};

/* Writes a bucket or a node group; over old content only what differs from it. */
static enum fg_err store_bytes(struct import *import, enum fg_list_statement get, enum fg_list_statement put,
                               int64_t id, const uint8_t *bytes, size_t length, struct fg_error *error)
{
    return import->fresh ? fg_list_put(import->list, put, id, bytes, length, error)
                         : fg_list_put_changed(import->list, get, put, id, bytes, length, error);
}

static enum fg_err store_group(void *context, uint8_t level, uint32_t index, const struct fg_digest *digests,
                               size_t count, struct fg_error *error)
{
    return store_bytes(context, FG_LIST_GET_NODE, FG_LIST_PUT_NODE, fg_list_node_id(level, index),
                       digests[0].bytes, count * sizeof(*digests), error);
}

static enum fg_err clear(struct import *import, struct fg_error *error)
{
    enum fg_err result;

    if (!import->fresh)
        return FG_OK;
    result = fg_list_run(import->list, FG_LIST_CLEAR_BUCKETS, error);
    return result == FG_OK ? fg_list_run(import->list, FG_LIST_CLEAR_NODES, error) : result;
}

static enum fg_err store_buckets(struct import *import, uint64_t *ret_rows, struct fg_error *error)
{
    const uint8_t *bytes;
    size_t length;
    uint64_t rows = 0;
    enum fg_err result;

    for (uint32_t index = 0; (result = fg_list_file_next(import->file, &bytes, &length, error)) == FG_OK;
         index++) {
        struct fg_digest leaf;
        uint32_t bucket_rows;

        result = fg_bucket_check(bytes, length, index, import->manifest.bucket_bits, &bucket_rows, error);
        if (result != FG_OK)
            return result;
        rows += bucket_rows;
        fg_tree_leaf(bytes, length, &leaf);
        result = fg_tree_add(&import->builder, &leaf, error);
        if (result != FG_OK)
            return result;
        result = store_bytes(import, FG_LIST_GET_BUCKET, FG_LIST_PUT_BUCKET, index, bytes, length, error);
        if (result != FG_OK)
            return result;
    }
    if (result == FG_E_NOT_FOUND)
        *ret_rows = rows;
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err store_body(struct import *import, struct fg_error *error)
{
    struct fg_digest root;
    uint64_t rows;
    enum fg_err result = clear(import, error);

    if (result != FG_OK)
        return result;
    fg_tree_start(&import->builder, import->manifest.bucket_bits, store_group, import);
    result = store_buckets(import, &rows, error);
    if (result == FG_OK)
        result = fg_tree_finish(&import->builder, &root, error);
    if (result != FG_OK)
        return result;
    if (!fg_bytes_equal(&root, &import->manifest.root, sizeof(root)))
        return fg_fail(error, FG_E_AUTH, "the buckets are not the ones that the bureau signed");
    if (rows != import->manifest.row_count)
        return fg_fail(error, FG_E_FORMAT, "%llu rows, the manifest says %llu", (unsigned long long)rows,
                       (unsigned long long)import->manifest.row_count);
    return FG_OK;
}

/* In a write transaction. */
static enum fg_err store_list(struct import *import, struct fg_error *error)
{
    struct fg_list *list = import->list;
    size_t length;
    const uint8_t *bytes = fg_list_file_manifest(import->file, &length);
    bool again;
    enum fg_err result = fg_list_check_version(list, &import->manifest, &again, error);

    if (result != FG_OK)
        return result;
    import->fresh = again || list->state != FG_LIST_IN_FORCE ||
                    list->manifest.bucket_bits != import->manifest.bucket_bits;
    result = store_body(import, error);
    return result == FG_OK ? fg_list_put_in_force(list, bytes, length, &import->manifest, error) : result;
}

static enum fg_err open_file(struct import *import, const char *path, int64_t now_ms, struct fg_error *error)
{
    const struct fg_list *list = import->list;
    const uint8_t *bytes;
    size_t length;
    enum fg_err result = fg_list_file_open(path, &import->file, error);

    if (result != FG_OK)
        return result;
    bytes = fg_list_file_manifest(import->file, &length);
    result = fg_list_accept(list, bytes, length, now_ms, &import->manifest, error);
    return result == FG_OK ? fg_list_file_expect(import->file, &import->manifest, error) : result;
}

static enum fg_err import_whole(struct fg_list *list, const char *file_path, int64_t now_ms,
                                struct fg_manifest *ret_manifest, struct fg_error *error)
{
    struct import import = {.list = list};
    enum fg_err result = open_file(&import, file_path, now_ms, error);

    if (result != FG_OK)
        goto done;
    result = fg_list_begin(list, FG_LIST_BEGIN_WRITE, error);
    if (result != FG_OK)
        goto done;
    result = store_list(&import, error);
    fg_list_abandon(list);
    if (result == FG_OK)
        *ret_manifest = import.manifest;
done:
    fg_list_file_close(import.file);
    return result;
}

/* A file that cannot be read is no delta: reading it as a list file says why. */
static bool is_delta(const char *path)
{
    char magic[FG_DELTA_MAGIC_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t count;

    if (fd < 0)
        return false;
    count = read(fd, magic, sizeof(magic));
    (void)close(fd);
    return count == (ssize_t)sizeof(magic) && memcmp(magic, FG_DELTA_MAGIC, sizeof(magic)) == 0;
}

enum fg_err fg_list_import(struct fg_list *list, const char *file_path, int64_t now_ms,
                           struct fg_manifest *ret_manifest, struct fg_error *error)
{
    enum fg_err result;

    if (list->repair != NULL)
        return fg_fail(error, FG_E_STATE, "%s: a repair of the list is under way", file_path);
    if (is_delta(file_path))
        result = fg_list_import_delta(list, file_path, now_ms, ret_manifest, error);
    else
        result = import_whole(list, file_path, now_ms, ret_manifest, error);
    return result == FG_OK ? FG_OK : fg_fail_in(error, result, "%s: ", file_path);
}
