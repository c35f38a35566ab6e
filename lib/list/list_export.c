/* The list in force as a list file: written from the store, and proven while it is written. */
#include <stdio.h>

#include "lib/base/file.h"
#include "lib/list/private.h"
#include "proto/list/bucket.h"
#include "proto/list/list_file.h"
#include "proto/list/manifest.h"
#include "proto/list/tree.h"

/* A failed write shows in the stream's error state, which is looked at when all is written. */
static void put_block(FILE *stream, const uint8_t *bytes, size_t length)
{
    uint8_t length_bytes[FG_LIST_FILE_LENGTH_BYTES];

    for (int i = 0; i < FG_LIST_FILE_LENGTH_BYTES; i++)
        length_bytes[i] = (uint8_t)(length >> (8 * i));
    (void)fwrite(length_bytes, 1, sizeof(length_bytes), stream);
    if (length > 0)
        (void)fwrite(bytes, 1, length, stream);
}

static enum fg_err put_head(struct fg_list *list, FILE *stream, struct fg_error *error)
{
    const uint8_t *bytes;
    size_t length;
    enum fg_err result = fg_list_get(list, FG_LIST_GET_MANIFEST, 1, &bytes, &length, error);

    if (result != FG_OK)
        return result;
    (void)fwrite(FG_LIST_FILE_MAGIC, 1, FG_LIST_FILE_MAGIC_BYTES, stream);
    put_block(stream, bytes, length);
    fg_list_release(list, FG_LIST_GET_MANIFEST);
    return FG_OK;
}

static enum fg_err put_buckets(struct fg_list *list, FILE *stream, struct fg_tree_builder *tree,
                               uint64_t *ret_body_bytes, struct fg_error *error)
{
    sqlite3_stmt *statement = list->statements[FG_LIST_ALL_BUCKETS];
    uint64_t body_bytes = 0;
    int64_t expected = 0;
    enum fg_err result = FG_OK;
    int code = SQLITE_DONE;

    while (result == FG_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const uint8_t *bytes = sqlite3_column_blob(statement, 1);
        size_t length = (size_t)sqlite3_column_bytes(statement, 1);
        struct fg_digest leaf;

        if (sqlite3_column_int64(statement, 0) != expected || expected >> list->manifest.bucket_bits != 0 ||
            length > FG_BUCKET_BYTES_MAX) {
            result = fg_fail(error, FG_E_AUTH, "list store: bucket %lld is missing or does not belong here",
                             (long long)expected);
            break;
        }
        expected++;
        fg_tree_leaf(bytes, length, &leaf);
        result = fg_tree_add(tree, &leaf, error);
        put_block(stream, bytes, length);
        body_bytes += FG_LIST_FILE_LENGTH_BYTES + (uint64_t)length;
    }
    (void)sqlite3_reset(statement);
    if (result == FG_OK && code != SQLITE_DONE)
        result = fg_list_sqlite_fail(list, code, "reading the buckets", error);
    *ret_body_bytes = body_bytes;
    return result;
}

/* In a transaction, with a list in force. */
static enum fg_err put_list(struct fg_list *list, FILE *stream, struct fg_error *error)
{
    struct fg_tree_builder tree;
    struct fg_digest root;
    uint64_t body_bytes;
    enum fg_err result = put_head(list, stream, error);

    if (result != FG_OK)
        return result;
    fg_tree_start(&tree, list->manifest.bucket_bits, NULL, NULL);
    result = put_buckets(list, stream, &tree, &body_bytes, error);
    if (result != FG_OK)
        return result;
    if (fg_tree_finish(&tree, &root, error) != FG_OK)
        return fg_fail_in(error, FG_E_AUTH, "list store: buckets are missing: ");
    if (!fg_bytes_equal(&root, &list->manifest.root, sizeof(root)) || body_bytes != list->manifest.body_bytes)
        return fg_fail(error, FG_E_AUTH, "list store: the buckets are not the ones that the bureau signed");
    return FG_OK;
}

static enum fg_err write_file(struct fg_list *list, const char *path, struct fg_error *error)
{
    struct fg_file_draft draft;
    enum fg_err result = fg_file_draft_start(&draft, path, 0644, error);

    if (result != FG_OK)
        return result;
    result = put_list(list, draft.stream, error);
    if (result != FG_OK)
        (void)fg_fail_in(error, result, "%s: ", path);
    return fg_file_draft_finish(&draft, result, error);
}

enum fg_err fg_list_export(struct fg_list *list, const char *path, struct fg_manifest *ret_manifest,
                           struct fg_error *error)
{
    enum fg_err result;

    if (list->repair != NULL)
        return fg_fail(error, FG_E_STATE, "%s: a repair of the list is under way", path);
    result = fg_list_begin(list, FG_LIST_BEGIN, error);
    if (result != FG_OK)
        return fg_fail_in(error, result, "%s: ", path);
    if (list->state == FG_LIST_MISSING)
        result = fg_fail(error, FG_E_STATE, "%s: no list has been imported", path);
    else if (list->state != FG_LIST_IN_FORCE)
        result =
            fg_fail(error, FG_E_AUTH, "%s: the manifest in force is not authentic or was rolled back", path);
    else
        result = write_file(list, path, error);
    fg_list_abandon(list);
    if (result == FG_OK)
        *ret_manifest = list->manifest;
    return result;
}
