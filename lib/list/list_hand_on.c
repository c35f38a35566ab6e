/* Pieces of the list in force, as a list is handed on in: signed manifest, buckets, node groups. */
#include <string.h>

#include "lib/list/list_tree_write.h"

/* Begins a read of exactly this version. */
static enum fg_err begin(struct fg_list *list, uint64_t version, struct fg_error *error)
{
    enum fg_err result;

    if (list->repair != NULL)
        return fg_fail(error, FG_E_STATE, "list store: a repair is under way");
    result = fg_list_begin(list, FG_LIST_BEGIN, error);
    if (result != FG_OK)
        return result;
    if (list->state != FG_LIST_IN_FORCE)
        result = fg_fail(error, FG_E_STATE, "list store: no good list is in force");
    else if (version != 0 && version != list->manifest.version)
        result =
            fg_fail(error, FG_E_NOT_FOUND, "list store: version %llu is asked for, version %llu is in force",
                    (unsigned long long)version, (unsigned long long)list->manifest.version);
    if (result != FG_OK)
        fg_list_abandon(list);
    return result;
}

static enum fg_err copy(struct fg_list *list, enum fg_list_statement which, int64_t id, uint8_t *buffer,
                        size_t capacity, size_t *ret_length, struct fg_error *error)
{
    const uint8_t *bytes;
    size_t length;
    enum fg_err result = fg_list_get(list, which, id, &bytes, &length, error);

    if (result != FG_OK)
        return result;
    if (length > capacity) {
        result = fg_fail(error, FG_E_SIZE, "list store: %zu bytes, there is room for %zu", length, capacity);
    } else {
        if (length > 0)
            memcpy(buffer, bytes, length);
        *ret_length = length;
    }
    fg_list_release(list, which);
    return result;
}

enum fg_err fg_list_signed_manifest(struct fg_list *list, uint8_t *buffer, size_t capacity,
                                    size_t *ret_length, struct fg_error *error)
{
    enum fg_err result = begin(list, 0, error);

    if (result != FG_OK)
        return result;
    result = copy(list, FG_LIST_GET_MANIFEST, 1, buffer, capacity, ret_length, error);
    fg_list_abandon(list);
    return result;
}

enum fg_err fg_list_bucket(struct fg_list *list, uint64_t version, uint32_t index, uint8_t *buffer,
                           size_t capacity, size_t *ret_length, struct fg_error *error)
{
    enum fg_err result = begin(list, version, error);

    if (result != FG_OK)
        return result;
    if (index >> list->manifest.bucket_bits != 0)
        result = fg_fail(error, FG_E_NOT_FOUND, "list store: there is no bucket %u", index);
    else
        result = copy(list, FG_LIST_GET_BUCKET, index, buffer, capacity, ret_length, error);
    fg_list_abandon(list);
    return result;
}

enum fg_err fg_list_node_group(struct fg_list *list, uint64_t version, uint8_t level, uint32_t index,
                               struct fg_digest *ret_digests, size_t *ret_count, struct fg_error *error)
{
    enum fg_err result = begin(list, version, error);
    uint8_t depth;
    uint8_t bits;

    if (result != FG_OK)
        return result;
    depth = list->manifest.bucket_bits;
    bits = level < FG_TREE_GROUP_LEVELS ? fg_tree_group_bits(depth, level) : 0;
    if (bits == 0 || index >> (depth - FG_TREE_GROUP_BITS * level - bits) != 0) {
        result = fg_fail(error, FG_E_NOT_FOUND, "list store: there is no node group %u at group level %d",
                         index, level);
    } else {
        result = fg_list_tree_read_group(list, depth, level, index, ret_digests, error);
        *ret_count = fg_tree_group_digests(bits);
    }
    fg_list_abandon(list);
    return result;
}
