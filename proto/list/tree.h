/* The hash tree over the buckets of a list: digests, roots, proofs (PROTOCOL.md 3).
 *
 * Leaf: SHA-256(00 || bucket bytes). Node: SHA-256(01 || left || right). The tree is perfect: 2^depth leaves.
 * For storage its digests are cut into groups of four levels, counted from the leaves, so that a proof reads
 * depth/4 groups. Not: storing them (lib/list). Relies on: sign.h (SHA-256). No global state. */
#ifndef FG_PROTO_LIST_TREE_H
#define FG_PROTO_LIST_TREE_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_TREE_DEPTH_MAX 24
#define FG_TREE_GROUP_BITS 4
#define FG_TREE_GROUP_DIGESTS 30 /* 16 + 8 + 4 + 2; the top of a group stands in the group above */
#define FG_TREE_GROUP_LEVELS 6

void fg_tree_leaf(const void *bytes, size_t length, struct fg_digest *ret_digest);
void fg_tree_node(const struct fg_digest *left, const struct fg_digest *right, struct fg_digest *ret_digest);

/* The root that a leaf at index and the digests beside its path (siblings[0] is the leaf's) lead to. */
void fg_tree_root_of(const struct fg_digest *leaf, uint32_t index, uint8_t depth,
                     const struct fg_digest *siblings, struct fg_digest *ret_root);

/* Levels of the tree below the group's top that group level `level` (0 = at the leaves) holds: 1 to 4, or 0
 * when a tree of this depth has no such group. */
uint8_t fg_tree_group_bits(uint8_t depth, uint8_t level);
/* Digests of such a group: 2, 6, 14 or 30. */
size_t fg_tree_group_digests(uint8_t bits);
/* Copies from a group the siblings of the leaf at index: bits of them, lowest first. */
void fg_tree_group_siblings(const struct fg_digest *group, uint8_t bits, uint8_t level, uint32_t index,
                            struct fg_digest *ret_siblings);

/* Computes the inner digests of a group whose lowest row is complete, and the digest of its top. bits 1 to 4.
 */
void fg_tree_group_complete(struct fg_digest *group, uint8_t bits, struct fg_digest *ret_top);

/* Called with each finished group; a result other than FG_OK ends the building with that result. */
typedef enum fg_err (*fg_tree_group_taker)(void *context, uint8_t level, uint32_t index,
                                           const struct fg_digest *digests, size_t count,
                                           struct fg_error *error);

/* Builds a tree from its leaves, given in order, with memory for one group a level. */
struct fg_tree_builder {
    uint8_t depth;
    uint32_t added;
    fg_tree_group_taker take; /* may be NULL */
    void *context;
    struct fg_digest root;
    struct fg_digest groups[FG_TREE_GROUP_LEVELS][FG_TREE_GROUP_DIGESTS];
};
void fg_tree_start(struct fg_tree_builder *builder, uint8_t depth, fg_tree_group_taker take, void *context);
/* FG_E_ARG when there are already 2^depth leaves, else what the taker returns. */
enum fg_err fg_tree_add(struct fg_tree_builder *builder, const struct fg_digest *leaf,
                        struct fg_error *error);
/* FG_E_STATE when leaves are missing. */
enum fg_err fg_tree_finish(const struct fg_tree_builder *builder, struct fg_digest *ret_root,
                           struct fg_error *error);

#endif
