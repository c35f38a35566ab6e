/* Implementation of list_tree_write.h. */
#include "lib/list/list_tree_write.h"

#include <string.h>

enum fg_err fg_list_tree_read_group(struct fg_list *list, uint8_t depth, uint8_t level, uint32_t index,
                                    struct fg_digest *ret_digests, struct fg_error *error)
{
    size_t expected = fg_tree_group_digests(fg_tree_group_bits(depth, level)) * sizeof(struct fg_digest);
    const uint8_t *bytes;
    size_t length;
    enum fg_err result =
        fg_list_get(list, FG_LIST_GET_NODE, fg_list_node_id(level, index), &bytes, &length, error);

    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_AUTH, "list store: node group %u at group level %d is missing", index,
                       level);
    if (result != FG_OK)
        return result;
    if (length == expected)
        memcpy(ret_digests, bytes, length);
    else
        result =
            fg_fail(error, FG_E_AUTH, "list store: node group %d/%u has %zu bytes", level, index, length);
    fg_list_release(list, FG_LIST_GET_NODE);
    return result;
}

void fg_list_tree_write_start(struct fg_list_tree_writer *writer, struct fg_list *list, uint8_t depth,
                              const struct fg_digest *root)
{
    memset(writer, 0, sizeof(*writer));
    writer->list = list;
    writer->depth = depth;
    writer->root = *root;
}

/* Writes the group that is held at a level; its top is what the level above gets. */
static enum fg_err write_group(struct fg_list_tree_writer *writer, uint8_t level, struct fg_digest *ret_top,
                               struct fg_error *error)
{
    uint8_t bits = fg_tree_group_bits(writer->depth, level);

    fg_tree_group_complete(writer->groups[level], bits, ret_top);
    writer->loaded[level] = false;
    return fg_list_put(writer->list, FG_LIST_PUT_NODE, fg_list_node_id(level, writer->indexes[level]),
                       writer->groups[level][0].bytes, fg_tree_group_digests(bits) * sizeof(struct fg_digest),
                       error);
}

/* Puts a digest into the lowest row of the group at a level. A group held there for another place is written
 * first, and its top moves up: the loop ends at the root. */
static enum fg_err put_digest(struct fg_list_tree_writer *writer, uint8_t level, uint32_t index,
                              const struct fg_digest *digest, struct fg_error *error)
{
    struct fg_digest at = *digest;

    for (uint8_t bits; (bits = fg_tree_group_bits(writer->depth, level)) > 0; level++) {
        uint32_t group = index >> bits;
        bool other = writer->loaded[level] && writer->indexes[level] != group;
        uint32_t held = writer->indexes[level];
        struct fg_digest top;
        enum fg_err result = FG_OK;

        if (other)
            result = write_group(writer, level, &top, error);
        if (result == FG_OK && !writer->loaded[level])
            result = fg_list_tree_read_group(writer->list, writer->depth, level, group, writer->groups[level],
                                             error);
        if (result != FG_OK)
            return result;
        writer->loaded[level] = true;
        writer->indexes[level] = group;
        writer->groups[level][index & (((uint32_t)1 << bits) - 1)] = at;
        if (!other)
            return FG_OK;
        at = top;
        index = held;
    }
    writer->root = at;
    return FG_OK;
}

enum fg_err fg_list_tree_write_leaf(struct fg_list_tree_writer *writer, uint32_t index,
                                    const struct fg_digest *leaf, struct fg_error *error)
{
    return put_digest(writer, 0, index, leaf, error);
}

enum fg_err fg_list_tree_write_finish(struct fg_list_tree_writer *writer, struct fg_digest *ret_root,
                                      struct fg_error *error)
{
    for (uint8_t level = 0; fg_tree_group_bits(writer->depth, level) > 0; level++) {
        struct fg_digest top;
        enum fg_err result;

        if (!writer->loaded[level])
            continue;
        result = write_group(writer, level, &top, error);
        if (result == FG_OK)
            result = put_digest(writer, (uint8_t)(level + 1), writer->indexes[level], &top, error);
        if (result != FG_OK)
            return result;
    }
    *ret_root = writer->root;
    return FG_OK;
}
