/* Import of a delta file: patches on the store's own buckets, in one transaction, good only when the root
 * that they lead to is the one that the bureau signed. */
#include <stdlib.h>
#include <string.h>

#include "lib/list/list_tree_write.h"
#include "proto/list/bucket.h"
#include "proto/list/bucket_patch.h"
#include "proto/list/delta.h"

struct delta_import {
    struct fg_list *list;
    struct fg_delta_file *file;
    struct fg_manifest manifest;
    uint64_t rows; /* of the list as changed so far */
    uint64_t body_bytes;
    struct fg_list_tree_writer writer;
    uint8_t bucket[FG_BUCKET_BYTES_MAX];
};

static enum fg_err check_base(const struct delta_import *import, struct fg_error *error)
{
    const struct fg_delta_head *head = fg_delta_file_head(import->file);
    const struct fg_manifest *base = &import->list->manifest;

    if (import->list->state != FG_LIST_IN_FORCE)
        return fg_fail(error, FG_E_STATE, "a delta from version %llu needs that list; import a list file",
                       (unsigned long long)head->from_version);
    if (strcmp(base->list_id, import->manifest.list_id) != 0 || base->version != head->from_version ||
        base->bucket_bits != import->manifest.bucket_bits)
        return fg_fail(error, FG_E_STATE, "a delta from version %llu of %s; version %llu of %s is in force",
                       (unsigned long long)head->from_version, import->manifest.list_id,
                       (unsigned long long)base->version, base->list_id);
    if (!fg_bytes_equal(&base->root, &head->from_root, sizeof(base->root)))
        return fg_fail(error, FG_E_AUTH, "the delta was not made from the version %llu that is in force",
                       (unsigned long long)head->from_version);
    return FG_OK;
}

static enum fg_err count_rows(const uint8_t *bytes, size_t length, uint32_t *ret_rows, struct fg_error *error)
{
    struct fg_bucket_row row;
    size_t at = 0;
    uint32_t rows = 0;
    enum fg_err result;

    while ((result = fg_bucket_next(bytes, length, &at, &row, error)) == FG_OK)
        rows++;
    if (result != FG_E_NOT_FOUND)
        return fg_fail_in(error, FG_E_AUTH, "the store does not prove: ");
    *ret_rows = rows;
    return FG_OK;
}

/* Makes the new bucket from the store's; sums are kept of what goes and what comes. */
static enum fg_err patch_bucket(struct delta_import *import, uint32_t index, const uint8_t *patch,
                                size_t patch_length, size_t *ret_length, struct fg_error *error)
{
    const uint8_t *old;
    size_t old_length;
    uint32_t old_rows = 0;
    uint32_t new_rows = 0;
    size_t length = 0;
    enum fg_err result = fg_list_get(import->list, FG_LIST_GET_BUCKET, index, &old, &old_length, error);

    if (result == FG_E_NOT_FOUND)
        return fg_fail_in(error, FG_E_AUTH, "the store does not prove: ");
    if (result != FG_OK)
        return result;
    result = count_rows(old, old_length, &old_rows, error);
    if (result == FG_OK)
        result = fg_bucket_patch_apply(old, old_length, patch, patch_length, import->bucket,
                                       sizeof(import->bucket), &length, error);
    fg_list_release(import->list, FG_LIST_GET_BUCKET);
    if (result == FG_OK)
        result =
            fg_bucket_check(import->bucket, length, index, import->manifest.bucket_bits, &new_rows, error);
    if (result != FG_OK)
        return fg_fail_in(error, result, "bucket %u: ", index);
    /* Unsigned, so that a damaged base may pass below zero on the way; the sums are compared at the end. */
    import->rows += (uint64_t)new_rows - old_rows;
    import->body_bytes += (uint64_t)length - old_length;
    *ret_length = length;
    return FG_OK;
}

static enum fg_err patch_buckets(struct delta_import *import, struct fg_error *error)
{
    const uint8_t *patch;
    size_t patch_length;
    uint32_t index;
    enum fg_err result;

    while ((result = fg_delta_file_next(import->file, &index, &patch, &patch_length, error)) == FG_OK) {
        struct fg_digest leaf;
        size_t length = 0;

        result = patch_bucket(import, index, patch, patch_length, &length, error);
        if (result == FG_OK)
            result = fg_list_put(import->list, FG_LIST_PUT_BUCKET, index, import->bucket, length, error);
        if (result != FG_OK)
            return result;
        fg_tree_leaf(import->bucket, length, &leaf);
        result = fg_list_tree_write_leaf(&import->writer, index, &leaf, error);
        if (result != FG_OK)
            return result;
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* In a write transaction. */
static enum fg_err store_delta(struct delta_import *import, struct fg_error *error)
{
    struct fg_list *list = import->list;
    struct fg_digest root;
    size_t length;
    const uint8_t *bytes = fg_delta_file_manifest(import->file, &length);
    bool again;
    enum fg_err result = fg_list_check_version(list, &import->manifest, &again, error);

    if (result == FG_OK)
        result = check_base(import, error);
    if (result != FG_OK)
        return result;
    import->rows = list->manifest.row_count;
    import->body_bytes = list->manifest.body_bytes;
    fg_list_tree_write_start(&import->writer, list, import->manifest.bucket_bits, &list->manifest.root);
    result = patch_buckets(import, error);
    if (result == FG_OK)
        result = fg_list_tree_write_finish(&import->writer, &root, error);
    if (result != FG_OK)
        return result;
    if (!fg_bytes_equal(&root, &import->manifest.root, sizeof(root)))
        return fg_fail(error, FG_E_AUTH, "the delta does not lead to the root that the bureau signed");
    if (import->rows != import->manifest.row_count || import->body_bytes != import->manifest.body_bytes)
        return fg_fail(error, FG_E_AUTH, "the delta does not lead to the number of rows and bytes signed");
    return fg_list_put_in_force(list, bytes, length, &import->manifest, error);
}

static enum fg_err open_delta(struct delta_import *import, const char *path, int64_t now_ms,
                              struct fg_error *error)
{
    const struct fg_list *list = import->list;
    const uint8_t *bytes;
    size_t length;
    enum fg_err result = fg_delta_file_open(path, &import->file, error);

    if (result != FG_OK)
        return result;
    bytes = fg_delta_file_manifest(import->file, &length);
    result = fg_list_accept(list, bytes, length, now_ms, &import->manifest, error);
    return result == FG_OK ? fg_delta_file_expect(import->file, &import->manifest, error) : result;
}

enum fg_err fg_list_import_delta(struct fg_list *list, const char *file_path, int64_t now_ms,
                                 struct fg_manifest *ret_manifest, struct fg_error *error)
{
    struct delta_import *import = calloc(1, sizeof(*import));
    enum fg_err result;

    if (import == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory to import");
    import->list = list;
    result = open_delta(import, file_path, now_ms, error);
    if (result == FG_OK)
        result = fg_list_begin(list, FG_LIST_BEGIN_WRITE, error);
    if (result == FG_OK) {
        result = store_delta(import, error);
        fg_list_abandon(list);
    }
    if (result == FG_OK)
        *ret_manifest = import->manifest;
    fg_delta_file_close(import->file);
    free(import);
    return result;
}
