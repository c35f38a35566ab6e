/* Implementation of tree.h. */
#include "proto/list/tree.h"

#include <assert.h>
#include <string.h>

#include "lib/crypto/sign.h"

#define PREFIX_LEAF 0x00
#define PREFIX_NODE 0x01

void fg_tree_leaf(const void *bytes, size_t length, struct fg_digest *ret_digest)
{
    struct fg_sha256_stream stream;
    uint8_t prefix = PREFIX_LEAF;

    fg_sha256_start(&stream);
    fg_sha256_add(&stream, &prefix, 1);
    if (length > 0)
        fg_sha256_add(&stream, bytes, length);
    fg_sha256_finish(&stream, ret_digest);
}

void fg_tree_node(const struct fg_digest *left, const struct fg_digest *right, struct fg_digest *ret_digest)
{
    uint8_t bytes[1 + 2 * FG_DIGEST_BYTES];

    bytes[0] = PREFIX_NODE;
    memcpy(bytes + 1, left->bytes, FG_DIGEST_BYTES);
    memcpy(bytes + 1 + FG_DIGEST_BYTES, right->bytes, FG_DIGEST_BYTES);
    fg_sha256(bytes, sizeof(bytes), ret_digest);
}

void fg_tree_root_of(const struct fg_digest *leaf, uint32_t index, uint8_t depth,
                     const struct fg_digest *siblings, struct fg_digest *ret_root)
{
    struct fg_digest at = *leaf;

    assert(depth <= FG_TREE_DEPTH_MAX);
    for (uint8_t level = 0; level < depth; level++) {
        struct fg_digest above;

        if ((index >> level & 1) != 0)
            fg_tree_node(&siblings[level], &at, &above);
        else
            fg_tree_node(&at, &siblings[level], &above);
        at = above;
    }
    *ret_root = at;
}

uint8_t fg_tree_group_bits(uint8_t depth, uint8_t level)
{
    int left = depth - FG_TREE_GROUP_BITS * level;

    if (left <= 0)
        return 0;
    return (uint8_t)(left < FG_TREE_GROUP_BITS ? left : FG_TREE_GROUP_BITS);
}

size_t fg_tree_group_digests(uint8_t bits)
{
    return ((size_t)2 << bits) - 2;
}

void fg_tree_group_siblings(const struct fg_digest *group, uint8_t bits, uint8_t level, uint32_t index,
                            struct fg_digest *ret_siblings)
{
    uint32_t at = index >> (FG_TREE_GROUP_BITS * level) & (((uint32_t)1 << bits) - 1);
    size_t start = 0;

    for (uint8_t i = 0; i < bits; i++) {
        ret_siblings[i] = group[start + (at ^ 1)];
        start += (size_t)1 << (bits - i);
        at >>= 1;
    }
}

void fg_tree_start(struct fg_tree_builder *builder, uint8_t depth, fg_tree_group_taker take, void *context)
{
    assert(depth <= FG_TREE_DEPTH_MAX);
    memset(builder, 0, sizeof(*builder));
    builder->depth = depth;
    builder->take = take;
    builder->context = context;
}

void fg_tree_group_complete(struct fg_digest *group, uint8_t bits, struct fg_digest *ret_top)
{
    size_t from = 0;
    size_t to = (size_t)1 << bits;

    for (uint8_t level = bits; level > 1; level--) {
        for (size_t i = 0; i < (size_t)1 << (level - 1); i++)
            fg_tree_node(&group[from + 2 * i], &group[from + 2 * i + 1], &group[to + i]);
        from = to;
        to += (size_t)1 << (level - 1);
    }
    fg_tree_node(&group[from], &group[from + 1], ret_top);
}

enum fg_err fg_tree_add(struct fg_tree_builder *builder, const struct fg_digest *leaf, struct fg_error *error)
{
    struct fg_digest at = *leaf;
    uint32_t index = builder->added;

    if (builder->added >> builder->depth != 0)
        return fg_fail(error, FG_E_ARG, "tree: a tree of depth %d has no further leaf", builder->depth);
    builder->added++;
    for (uint8_t level = 0; fg_tree_group_bits(builder->depth, level) > 0; level++) {
        uint8_t bits = fg_tree_group_bits(builder->depth, level);
        uint32_t mask = ((uint32_t)1 << bits) - 1;
        struct fg_digest *group = builder->groups[level];

        group[index & mask] = at;
        if ((index & mask) != mask)
            return FG_OK;
        fg_tree_group_complete(group, bits, &at);
        index >>= bits;
        if (builder->take != NULL) {
            enum fg_err result =
                builder->take(builder->context, level, index, group, fg_tree_group_digests(bits), error);
            if (result != FG_OK)
                return result;
        }
    }
    builder->root = at;
    return FG_OK;
}

enum fg_err fg_tree_finish(const struct fg_tree_builder *builder, struct fg_digest *ret_root,
                           struct fg_error *error)
{
    if (builder->added != (uint32_t)1 << builder->depth)
        return fg_fail(error, FG_E_STATE, "tree: %u leaves given, %u needed", builder->added,
                       (uint32_t)1 << builder->depth);
    *ret_root = builder->root;
    return FG_OK;
}
