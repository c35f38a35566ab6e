/* Verification of the whole list store: every bucket and every node, first to last. */
#include <string.h>

#include "lib/list/private.h"
#include "proto/list/bucket.h"
#include "proto/list/tree.h"

struct walk {
    struct fg_list *list;
    int64_t groups;
};

static enum fg_err name_difference(uint8_t level, uint32_t index, size_t at, size_t children,
                                   struct fg_error *error)
{
    if (level == 0 && at < children)
        return fg_fail(error, FG_E_AUTH, "list store: bucket %zu does not prove",
                       (size_t)index * children + at);
    return fg_fail(error, FG_E_AUTH, "list store: node %zu of group %u at group level %d does not prove", at,
                   index, level);
}

static enum fg_err compare_group(void *context, uint8_t level, uint32_t index,
                                 const struct fg_digest *digests, size_t count, struct fg_error *error)
{
    struct walk *walk = context;
    const uint8_t *bytes;
    size_t length;
    enum fg_err result =
        fg_list_get(walk->list, FG_LIST_GET_NODE, fg_list_node_id(level, index), &bytes, &length, error);

    walk->groups++;
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_AUTH, "list store: node group %u at group level %d is missing", index,
                       level);
    if (result != FG_OK)
        return result;
    if (length != count * sizeof(*digests))
        result = fg_fail(error, FG_E_AUTH, "list store: node group %u at group level %d has %zu bytes", index,
                         level, length);
    for (size_t i = 0; result == FG_OK && i < count; i++) {
        if (memcmp(bytes + i * sizeof(*digests), &digests[i], sizeof(*digests)) != 0)
            result = name_difference(level, index, i, (count + 2) / 2, error);
    }
    fg_list_release(walk->list, FG_LIST_GET_NODE);
    return result;
}

static enum fg_err walk_buckets(struct fg_list *list, struct fg_tree_builder *builder, uint64_t *ret_rows,
                                struct fg_error *error)
{
    sqlite3_stmt *statement = list->statements[FG_LIST_ALL_BUCKETS];
    uint8_t bits = list->manifest.bucket_bits;
    int64_t expected = 0;
    enum fg_err result = FG_OK;
    int code;

    *ret_rows = 0;
    while (result == FG_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const uint8_t *bytes = sqlite3_column_blob(statement, 1);
        size_t length = (size_t)sqlite3_column_bytes(statement, 1);
        struct fg_digest leaf;
        uint32_t rows = 0;

        if (sqlite3_column_int64(statement, 0) != expected || expected >> bits != 0) {
            result = fg_fail(error, FG_E_AUTH, "list store: bucket %lld is missing or does not belong here",
                             (long long)expected);
            break;
        }
        fg_tree_leaf(bytes, length, &leaf);
        result = fg_tree_add(builder, &leaf, error);
        if (result == FG_OK &&
            fg_bucket_check(bytes, length, (uint32_t)expected, bits, &rows, error) != FG_OK)
            result = fg_fail_in(error, FG_E_AUTH, "list store: ");
        *ret_rows += rows;
        expected++;
    }
    (void)sqlite3_reset(statement);
    if (result == FG_OK && code != SQLITE_DONE)
        result = fg_list_sqlite_fail(list, code, "reading the buckets", error);
    return result;
}

static enum fg_err count_groups(struct fg_list *list, int64_t expected, struct fg_error *error)
{
    sqlite3_stmt *statement = list->statements[FG_LIST_COUNT_NODES];
    int code = sqlite3_step(statement);
    int64_t count = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;

    (void)sqlite3_reset(statement);
    if (code != SQLITE_ROW)
        return fg_list_sqlite_fail(list, code, "counting the nodes", error);
    if (count != expected)
        return fg_fail(error, FG_E_AUTH, "list store: %lld node groups, the list has %lld", (long long)count,
                       (long long)expected);
    return FG_OK;
}

enum fg_err fg_list_verify_inside(struct fg_list *list, struct fg_error *error)
{
    struct walk walk = {.list = list};
    struct fg_tree_builder builder;
    struct fg_digest root;
    uint64_t rows;
    enum fg_err result;

    if (list->state == FG_LIST_MISSING)
        return fg_fail(error, FG_E_NOT_FOUND, "list store: no list has been imported");
    if (list->state != FG_LIST_IN_FORCE)
        return fg_fail(error, FG_E_AUTH, "list store: the manifest is not authentic or was rolled back");
    fg_tree_start(&builder, list->manifest.bucket_bits, compare_group, &walk);
    result = walk_buckets(list, &builder, &rows, error);
    if (result == FG_OK && fg_tree_finish(&builder, &root, error) != FG_OK)
        result = fg_fail_in(error, FG_E_AUTH, "list store: buckets are missing: ");
    if (result == FG_OK)
        result = count_groups(list, walk.groups, error);
    if (result == FG_OK && !fg_bytes_equal(&root, &list->manifest.root, sizeof(root)))
        result = fg_fail(error, FG_E_AUTH, "list store: the root is not the one that the bureau signed");
    if (result == FG_OK && rows != list->manifest.row_count)
        result = fg_fail(error, FG_E_AUTH, "list store: the number of rows is not the signed one");
    if (result == FG_E_CORRUPT)
        result = fg_fail_in(error, FG_E_AUTH, "the store does not prove: ");
    return result;
}

enum fg_err fg_list_verify(struct fg_list *list, struct fg_error *error)
{
    enum fg_err result = fg_list_begin(list, FG_LIST_BEGIN, error);

    if (result != FG_OK)
        return result;
    result = fg_list_verify_inside(list, error);
    fg_list_abandon(list);
    return result;
}
