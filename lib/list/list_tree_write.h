/* The tree of node groups that the store keeps: reading a group, and writing changed leaves up to the new
 * root.
 *
 * Each group above a changed leaf is computed again from its lowest row, so that a root which proves also
 * proves every digest of those groups. Memory for one group a level. Private to lib/list. Not: what the root
 * must be. Relies on: private.h, in a write transaction. */
#ifndef FG_LIB_LIST_LIST_TREE_WRITE_H
#define FG_LIB_LIST_LIST_TREE_WRITE_H

#include "lib/list/private.h"
#include "proto/list/tree.h"

struct fg_list_tree_writer {
    struct fg_list *list;
    uint8_t depth;
    bool loaded[FG_TREE_GROUP_LEVELS];
    uint32_t indexes[FG_TREE_GROUP_LEVELS];
    struct fg_digest groups[FG_TREE_GROUP_LEVELS][FG_TREE_GROUP_DIGESTS];
    struct fg_digest root;
};

/* root is that of the tree in the store as it is. */
void fg_list_tree_write_start(struct fg_list_tree_writer *writer, struct fg_list *list, uint8_t depth,
                              const struct fg_digest *root);
/* Leaves must be given in rising order. FG_E_AUTH when a group is missing in the store; FG_E_IO ... */
enum fg_err fg_list_tree_write_leaf(struct fg_list_tree_writer *writer, uint32_t index,
                                    const struct fg_digest *leaf, struct fg_error *error);
enum fg_err fg_list_tree_write_finish(struct fg_list_tree_writer *writer, struct fg_digest *ret_root,
                                      struct fg_error *error);

/* A group as the store has it, believed for its size alone. FG_E_AUTH when it is missing or has another size;
 * ret_digests has room for FG_TREE_GROUP_DIGESTS. */
enum fg_err fg_list_tree_read_group(struct fg_list *list, uint8_t depth, uint8_t level, uint32_t index,
                                    struct fg_digest *ret_digests, struct fg_error *error);

#endif
