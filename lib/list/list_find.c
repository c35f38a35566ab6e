/* Questions to the list store: state, manifest, and look-ups that prove what they answer. */
#include <string.h>

#include "lib/list/private.h"
#include "proto/list/bucket.h"
#include "proto/list/row.h"
#include "proto/list/tree.h"

_Static_assert(FG_TREE_DEPTH_MAX == 24, "struct fg_list_proof holds 24 siblings");

uint8_t fg_list_state(struct fg_list *list)
{
    if (fg_list_begin(list, FG_LIST_BEGIN, NULL) != FG_OK)
        return FG_LIST_NOT_AUTHENTIC; /* what cannot be read proves nothing */
    if (fg_list_run(list, FG_LIST_COMMIT, NULL) != FG_OK)
        fg_list_abandon(list);
    return list->state;
}

enum fg_err fg_list_manifest(struct fg_list *list, struct fg_manifest *ret_manifest, struct fg_error *error)
{
    enum fg_err result = fg_list_begin(list, FG_LIST_BEGIN, error);

    if (result != FG_OK)
        return result;
    fg_list_abandon(list);
    switch (list->state) {
    case FG_LIST_IN_FORCE:
        *ret_manifest = list->manifest;
        return FG_OK;
    case FG_LIST_MISSING:
        return fg_fail(error, FG_E_NOT_FOUND, "list store: no list has been imported");
    case FG_LIST_ROLLED_BACK:
        return fg_fail(error, FG_E_OLD, "list store: version %llu of %s is older than one already seen",
                       (unsigned long long)list->manifest.version, list->manifest.list_id);
    default:
        return fg_fail(error, FG_E_AUTH, "list store: the manifest is not what the bureau signed");
    }
}

enum fg_err fg_list_expect(struct fg_list *list, const char *list_id, uint64_t version,
                           struct fg_error *error)
{
    uint64_t highest;
    enum fg_err result;

    if (list_id[0] == '\0' || strnlen(list_id, FG_NAME_MAX + 1) > FG_NAME_MAX || version > INT64_MAX)
        return fg_fail(error, FG_E_ARG, "list store: not a list id and version");
    result = fg_list_begin(list, FG_LIST_BEGIN_WRITE, error);
    if (result != FG_OK)
        return result;
    result = fg_list_highest_version(list, list_id, &highest, error);
    if (result == FG_OK && highest < version) {
        result = fg_list_put_highest_version(list, list_id, version, error);
        list->loaded = false;
    }
    if (result == FG_OK)
        result = fg_list_run(list, FG_LIST_COMMIT, error);
    fg_list_abandon(list);
    if (result == FG_OK)
        fg_list_remember_version(list, list_id, version);
    return result;
}

static enum fg_err read_siblings(struct fg_list *list, struct fg_list_proof *proof, struct fg_error *error)
{
    for (uint8_t level = 0; fg_tree_group_bits(proof->depth, level) > 0; level++) {
        uint8_t bits = fg_tree_group_bits(proof->depth, level);
        uint32_t index = proof->bucket_index >> (FG_TREE_GROUP_BITS * level) >> bits;
        struct fg_digest group[FG_TREE_GROUP_DIGESTS];
        const uint8_t *bytes;
        size_t length;
        enum fg_err result =
            fg_list_get(list, FG_LIST_GET_NODE, fg_list_node_id(level, index), &bytes, &length, error);

        if (result != FG_OK)
            return result;
        if (length == fg_tree_group_digests(bits) * sizeof(struct fg_digest))
            memcpy(group, bytes, length);
        else
            result =
                fg_fail(error, FG_E_AUTH, "list store: node group %d/%u has %zu bytes", level, index, length);
        fg_list_release(list, FG_LIST_GET_NODE);
        if (result != FG_OK)
            return result;
        fg_tree_group_siblings(group, bits, level, proof->bucket_index,
                               &proof->siblings[FG_TREE_GROUP_BITS * level]);
    }
    return FG_OK;
}

/* In a transaction, with a list in force. The row is parsed only from a bucket that has proven. */
static enum fg_err prove(struct fg_list *list, const struct fg_code *code, struct fg_row *ret_row,
                         struct fg_list_proof *proof, struct fg_error *error)
{
    const uint8_t *bytes;
    size_t length;
    enum fg_err result;

    proof->depth = list->manifest.bucket_bits;
    proof->bucket_index = fg_bucket_of(code->text, strlen(code->text), proof->depth);
    result = fg_list_get(list, FG_LIST_GET_BUCKET, proof->bucket_index, &bytes, &length, error);
    if (result != FG_OK)
        goto done;
    fg_tree_leaf(bytes, length, &proof->bucket);
    result = read_siblings(list, proof, error);
    if (result != FG_OK)
        goto release;
    fg_tree_root_of(&proof->bucket, proof->bucket_index, proof->depth, proof->siblings, &proof->root);
    if (!fg_bytes_equal(&proof->root, &list->manifest.root, sizeof(proof->root)))
        result = fg_fail(error, FG_E_AUTH, "list store: bucket %u does not prove against the signed root",
                         proof->bucket_index);
    else
        result = fg_bucket_find(bytes, length, code, ret_row, &proof->bucket_rows, error);
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        result = fg_fail_in(error, FG_E_AUTH, "list store: ");
    fg_list_release(list, FG_LIST_GET_BUCKET);
    return result;
release:
    fg_list_release(list, FG_LIST_GET_BUCKET);
done:
    /* A bucket or node that is missing or unreadable is not an absent code. */
    if (result == FG_E_NOT_FOUND || result == FG_E_CORRUPT)
        result = fg_fail_in(error, FG_E_AUTH, "the store does not prove: ");
    return result;
}

enum fg_err fg_list_prove(struct fg_list *list, const struct fg_code *code, struct fg_row *ret_row,
                          struct fg_list_proof *ret_proof, struct fg_error *error)
{
    struct fg_list_proof proof = {0};
    enum fg_err result;

    if (!fg_row_code_is_valid(code->text, strnlen(code->text, sizeof(code->text))))
        return fg_fail(error, FG_E_ARG, "list store: what is looked for is not a code");
    result = fg_list_begin(list, FG_LIST_BEGIN, error);
    if (result != FG_OK)
        return result == FG_E_CORRUPT ? fg_fail_in(error, FG_E_AUTH, "the store does not prove: ") : result;
    if (list->state == FG_LIST_IN_FORCE)
        result = prove(list, code, ret_row, &proof, error);
    else if (list->state == FG_LIST_MISSING)
        result = fg_fail(error, FG_E_STATE, "list store: no list has been imported");
    else
        result = fg_fail(error, FG_E_AUTH, "list store: the manifest is not authentic or was rolled back");
    if (fg_list_run(list, FG_LIST_COMMIT, NULL) != FG_OK)
        fg_list_abandon(list);
    if (result == FG_OK || result == FG_E_NOT_FOUND)
        *ret_proof = proof;
    return result;
}

enum fg_err fg_list_find(struct fg_list *list, const struct fg_code *code, struct fg_row *ret_row,
                         struct fg_error *error)
{
    struct fg_list_proof proof;

    return fg_list_prove(list, code, ret_row, &proof, error);
}
