/* Import of a signed list file into the list store: one transaction, one bucket in memory at a time. */
#include <string.h>

#include "firmware/core/rules.h"
#include "firmware/list/store.h"
#include "proto/bucket.h"
#include "proto/list_file.h"
#include "proto/manifest.h"
#include "proto/tree.h"

struct import {
    struct fg_list *list;
    struct fg_list_file *file;
    struct fg_manifest manifest;
    bool fresh; /* nothing of the old content is kept */
    struct fg_tree_builder builder;
};

static enum fg_err check_version(struct import *import, struct fg_error *error)
{
    struct fg_list *list = import->list;
    const struct fg_manifest *manifest = &import->manifest;
    bool same_list;
    uint64_t highest;
    enum fg_err result = fg_list_seen(list, manifest->list_id, &highest, error);

    if (result != FG_OK)
        return result;
    if (manifest->version < highest)
        return fg_fail(error, FG_E_OLD, "version %llu of %s is older than %llu, already seen",
                       (unsigned long long)manifest->version, manifest->list_id, (unsigned long long)highest);
    import->fresh = list->state != FG_LIST_IN_FORCE || list->manifest.bucket_bits != manifest->bucket_bits;
    same_list = list->state == FG_LIST_IN_FORCE && strcmp(list->manifest.list_id, manifest->list_id) == 0;
    if (!same_list || manifest->version > highest)
        return FG_OK;
    if (fg_list_verify_inside(list, NULL) == FG_OK)
        return fg_fail(error, FG_E_OLD, "version %llu of %s is already in force",
                       (unsigned long long)manifest->version, manifest->list_id);
    import->fresh = true;
    return FG_OK;
}

/* Writes a bucket or a node group unless the store holds the same bytes. */
static enum fg_err store_bytes(struct import *import, enum fg_list_statement get, enum fg_list_statement put,
                               int64_t id, const uint8_t *bytes, size_t length, struct fg_error *error)
{
    const uint8_t *old;
    size_t old_length;
    bool same = false;

    if (!import->fresh) {
        enum fg_err result = fg_list_get(import->list, get, id, &old, &old_length, error);

        if (result == FG_OK) {
            same = old_length == length && (length == 0 || memcmp(old, bytes, length) == 0);
            fg_list_release(import->list, get);
        } else if (result != FG_E_NOT_FOUND) {
            return result;
        }
    }
    return same ? FG_OK : fg_list_put(import->list, put, id, bytes, length, error);
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
    size_t length;
    const uint8_t *bytes = fg_list_file_manifest(import->file, &length);
    enum fg_err result = check_version(import, error);

    if (result == FG_OK)
        result = store_body(import, error);
    if (result == FG_OK)
        result = fg_list_put(import->list, FG_LIST_PUT_MANIFEST, 1, bytes, length, error);
    if (result == FG_OK)
        result = fg_list_put_seen(import->list, import->manifest.list_id, import->manifest.version, error);
    return result;
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
    result = fg_manifest_verify(bytes, length, list->trusted, list->trusted_count, &import->manifest, error);
    if (result != FG_OK)
        return result;
    if (now_ms != 0 && import->manifest.expires_ms <= now_ms)
        return fg_fail(error, FG_E_EXPIRED, "version %llu of %s has expired; fetch a newer one",
                       (unsigned long long)import->manifest.version, import->manifest.list_id);
    return fg_list_file_expect(import->file, &import->manifest, error);
}

enum fg_err fg_list_import(struct fg_list *list, const char *file_path, int64_t now_ms,
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
    if (result == FG_OK)
        result = fg_list_run(list, FG_LIST_COMMIT, error);
    fg_list_abandon(list);
    if (result != FG_OK)
        goto done;
    list->loaded = false;
    fg_list_note(list, import.manifest.list_id, import.manifest.version);
    /* Gives the space of the WAL back; if another reader prevents it, a later import will. */
    (void)sqlite3_wal_checkpoint_v2(list->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    *ret_manifest = import.manifest;
done:
    fg_list_file_close(import.file);
    return result == FG_OK ? FG_OK : fg_fail_in(error, result, "%s: ", file_path);
}
