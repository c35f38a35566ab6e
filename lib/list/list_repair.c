/* Repair: a new manifest comes into force by exchanging only the buckets that differ, in one transaction. */
#include <stdlib.h>
#include <string.h>

#include "lib/list/list_tree_write.h"
#include "proto/list/bucket.h"
#include "proto/list/manifest.h"

struct fg_list_repair {
    struct fg_manifest manifest;
    size_t signed_length;
    uint8_t signed_manifest[FG_MANIFEST_SIGNED_MAX];
    uint64_t next_index; /* the lowest bucket that may be put next */
    struct fg_list_tree_writer writer;
    struct fg_tree_builder tree;
};

static enum fg_err check_base(const struct fg_list *list, const struct fg_manifest *manifest,
                              struct fg_error *error)
{
    if (list->state != FG_LIST_IN_FORCE || strcmp(list->manifest.list_id, manifest->list_id) != 0 ||
        list->manifest.bucket_bits != manifest->bucket_bits)
        return fg_fail(error, FG_E_STATE, "repair: the store holds no list like version %llu of %s",
                       (unsigned long long)manifest->version, manifest->list_id);
    return FG_OK;
}

/* After an honest import nothing is written here. */
static enum fg_err keep_group(void *context, uint8_t level, uint32_t index, const struct fg_digest *digests,
                              size_t count, struct fg_error *error)
{
    return fg_list_put_changed(context, FG_LIST_GET_NODE, FG_LIST_PUT_NODE, fg_list_node_id(level, index),
                               digests[0].bytes, count * sizeof(*digests), error);
}

/* Computes the tree anew from the buckets that are really there; a missing one counts as empty and becomes
 * so. */
static enum fg_err rebuild_tree(struct fg_list *list, struct fg_digest *ret_root, struct fg_error *error)
{
    struct fg_list_repair *repair = list->repair;
    uint8_t bits = repair->manifest.bucket_bits;

    fg_tree_start(&repair->tree, bits, keep_group, list);
    for (uint32_t index = 0; index >> bits == 0; index++) {
        const uint8_t *bytes;
        size_t length;
        struct fg_digest leaf;
        enum fg_err result = fg_list_get(list, FG_LIST_GET_BUCKET, index, &bytes, &length, error);

        if (result == FG_OK) {
            fg_tree_leaf(bytes, length, &leaf);
            fg_list_release(list, FG_LIST_GET_BUCKET);
        } else if (result == FG_E_NOT_FOUND) {
            fg_tree_leaf(NULL, 0, &leaf);
            result = fg_list_put(list, FG_LIST_PUT_BUCKET, index, (const uint8_t *)"", 0, error);
        }
        if (result == FG_OK)
            result = fg_tree_add(&repair->tree, &leaf, error);
        if (result != FG_OK)
            return result;
    }
    return fg_tree_finish(&repair->tree, ret_root, error);
}

/* Buckets and groups that no list of this depth has were put there by somebody. Nothing is compared with
 * them, so that they would stay, and the store would never verify again. */
static enum fg_err drop_surplus(struct fg_list *list, uint8_t depth, struct fg_error *error)
{
    uint8_t level = 0;
    enum fg_err result = fg_list_drop(list, FG_LIST_DROP_BUCKETS, INT64_MIN, -1, error);

    if (result == FG_OK)
        result = fg_list_drop(list, FG_LIST_DROP_BUCKETS, (int64_t)1 << depth, INT64_MAX, error);
    if (result == FG_OK)
        result = fg_list_drop(list, FG_LIST_DROP_NODES, INT64_MIN, -1, error);
    for (uint8_t bits; result == FG_OK && (bits = fg_tree_group_bits(depth, level)) > 0; level++) {
        uint32_t groups = (uint32_t)1 << (depth - FG_TREE_GROUP_BITS * level - bits);

        result = fg_list_drop(list, FG_LIST_DROP_NODES, fg_list_node_id(level, groups),
                              fg_list_node_id((uint8_t)(level + 1), 0) - 1, error);
    }
    if (result == FG_OK)
        result = fg_list_drop(list, FG_LIST_DROP_NODES, fg_list_node_id(level, 0), INT64_MAX, error);
    return result;
}

/* In the write transaction. */
static enum fg_err prepare(struct fg_list *list, struct fg_error *error)
{
    struct fg_list_repair *repair = list->repair;
    struct fg_digest root;
    bool again;
    enum fg_err result = fg_list_check_version(list, &repair->manifest, &again, error);

    if (result == FG_OK)
        result = check_base(list, &repair->manifest, error);
    if (result == FG_OK)
        result = drop_surplus(list, repair->manifest.bucket_bits, error);
    if (result == FG_OK)
        result = rebuild_tree(list, &root, error);
    if (result == FG_OK)
        fg_list_tree_write_start(&repair->writer, list, repair->manifest.bucket_bits, &root);
    return result;
}

enum fg_err fg_list_repair_begin(struct fg_list *list, const uint8_t *signed_manifest, size_t length,
                                 int64_t now_ms, struct fg_error *error)
{
    struct fg_list_repair *repair;
    enum fg_err result;

    if (list->repair != NULL)
        return fg_fail(error, FG_E_STATE, "repair: one is under way already");
    repair = calloc(1, sizeof(*repair));
    if (repair == NULL)
        return fg_fail(error, FG_E_MEMORY, "repair: out of memory");
    result = fg_list_accept(list, signed_manifest, length, now_ms, &repair->manifest, error);
    if (result == FG_OK)
        result = fg_list_begin(list, FG_LIST_BEGIN_WRITE, error);
    if (result != FG_OK) {
        free(repair);
        return result;
    }
    memcpy(repair->signed_manifest, signed_manifest, length);
    repair->signed_length = length;
    list->repair = repair;
    result = prepare(list, error);
    if (result != FG_OK)
        fg_list_repair_abandon(list);
    return result;
}

enum fg_err fg_list_repair_group(struct fg_list *list, uint8_t level, uint32_t index,
                                 struct fg_digest *ret_digests, struct fg_error *error)
{
    if (list->repair == NULL)
        return fg_fail(error, FG_E_STATE, "repair: none is under way");
    return fg_list_tree_read_group(list, list->repair->manifest.bucket_bits, level, index, ret_digests,
                                   error);
}

enum fg_err fg_list_repair_root(struct fg_list *list, struct fg_digest *ret_root, struct fg_error *error)
{
    if (list->repair == NULL)
        return fg_fail(error, FG_E_STATE, "repair: none is under way");
    *ret_root = list->repair->writer.root;
    return FG_OK;
}

enum fg_err fg_list_repair_put(struct fg_list *list, uint32_t index, const uint8_t *bytes, size_t length,
                               struct fg_error *error)
{
    struct fg_list_repair *repair = list->repair;
    struct fg_digest leaf;
    uint32_t rows;
    enum fg_err result;

    if (repair == NULL)
        return fg_fail(error, FG_E_STATE, "repair: none is under way");
    if (index < repair->next_index || index >> repair->manifest.bucket_bits != 0)
        return fg_fail(error, FG_E_ARG, "repair: bucket %u out of order", index);
    result = fg_bucket_check(bytes, length, index, repair->manifest.bucket_bits, &rows, error);
    if (result == FG_OK)
        result = fg_list_put(list, FG_LIST_PUT_BUCKET, index, bytes, length, error);
    if (result != FG_OK)
        return result;
    repair->next_index = (uint64_t)index + 1;
    fg_tree_leaf(bytes, length, &leaf);
    return fg_list_tree_write_leaf(&repair->writer, index, &leaf, error);
}

enum fg_err fg_list_repair_commit(struct fg_list *list, struct fg_manifest *ret_manifest,
                                  struct fg_error *error)
{
    struct fg_list_repair *repair = list->repair;
    struct fg_digest root;
    enum fg_err result;

    if (repair == NULL)
        return fg_fail(error, FG_E_STATE, "repair: none is under way");
    result = fg_list_tree_write_finish(&repair->writer, &root, error);
    if (result == FG_OK && !fg_bytes_equal(&root, &repair->manifest.root, sizeof(root)))
        result = fg_fail(error, FG_E_AUTH, "repair: the buckets do not lead to the root that was signed");
    if (result == FG_OK)
        result = fg_list_put_in_force(list, repair->signed_manifest, repair->signed_length, &repair->manifest,
                                      error);
    if (result == FG_OK)
        *ret_manifest = repair->manifest;
    fg_list_repair_abandon(list);
    return result;
}

void fg_list_repair_abandon(struct fg_list *list)
{
    if (list->repair == NULL)
        return;
    fg_list_abandon(list);
    free(list->repair);
    list->repair = NULL;
}
