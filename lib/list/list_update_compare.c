/* Repair in an update: the source's tree is walked from the signed root down to the buckets that differ, each
 * group and each bucket proven when it comes, and only those buckets are fetched. */
#include <stdlib.h>

#include "lib/list/list_update_private.h"
#include "proto/list/bucket.h"
#include "proto/list/tree.h"

#define START_COUNT 256

struct difference {
    uint32_t index;
    struct fg_digest leaf;
};

struct comparison {
    struct fg_update *update;
    uint8_t depth;
    size_t count_max;
    size_t count;
    size_t room;
    struct difference *differences;
    uint8_t bucket[FG_BUCKET_BYTES_MAX];
};

/* What the manifest names and the source does not have: the list has changed there. */
static enum fg_err note_incomplete(struct fg_update *update, enum fg_err result)
{
    if (result == FG_E_NOT_FOUND)
        update->incomplete = true;
    return result;
}

static enum fg_err add_difference(struct comparison *comparison, uint32_t index, const struct fg_digest *leaf,
                                  struct fg_error *error)
{
    if (comparison->count == comparison->count_max)
        return fg_fail(error, FG_E_STATE, "repair: more than %zu buckets differ", comparison->count_max);
    if (comparison->count == comparison->room) {
        size_t room = comparison->room == 0 ? START_COUNT : 2 * comparison->room;
        struct difference *grown =
            realloc(comparison->differences, room * sizeof(comparison->differences[0]));

        if (grown == NULL)
            return fg_fail(error, FG_E_MEMORY, "repair: out of memory");
        comparison->differences = grown;
        comparison->room = room;
    }
    comparison->differences[comparison->count++] = (struct difference){index, *leaf};
    return FG_OK;
}

/* A group of the source's tree, proven against the digest of its top. Its inner digests are computed, so that
 * the source's word counts for the lowest row only, and that row has proven. */
static enum fg_err fetch_group(struct comparison *comparison, uint8_t level, uint32_t index,
                               const struct fg_digest *top, struct fg_digest *digests, struct fg_error *error)
{
    struct fg_update *update = comparison->update;
    uint8_t bits = fg_tree_group_bits(comparison->depth, level);
    size_t count = fg_tree_group_digests(bits);
    struct fg_digest computed;
    enum fg_err result = update->source->node(update->source->context, update->manifest.version, level, index,
                                              digests, count, error);

    if (result != FG_OK)
        return note_incomplete(update, result);
    update->result.bytes_fetched += count * sizeof(*digests);
    fg_tree_group_complete(digests, bits, &computed);
    if (!fg_bytes_equal(&computed, top, sizeof(computed)))
        return fg_fail(error, FG_E_AUTH, "repair: group %u at group level %d of the source does not prove",
                       index, level);
    return FG_OK;
}

/* At most FG_TREE_GROUP_LEVELS deep. */
static enum fg_err compare_group(struct comparison *comparison, uint8_t level, uint32_t index,
                                 const struct fg_digest *top, struct fg_error *error)
{
    struct fg_digest theirs[FG_TREE_GROUP_DIGESTS];
    struct fg_digest ours[FG_TREE_GROUP_DIGESTS];
    uint8_t bits = fg_tree_group_bits(comparison->depth, level);
    enum fg_err result = fetch_group(comparison, level, index, top, theirs, error);

    if (result == FG_OK)
        result = fg_list_repair_group(comparison->update->list, level, index, ours, error);
    for (uint32_t i = 0; result == FG_OK && i >> bits == 0; i++) {
        if (fg_bytes_equal(&ours[i], &theirs[i], sizeof(ours[i])))
            continue;
        if (level == 0)
            result = add_difference(comparison, index << bits | i, &theirs[i], error);
        else
            result = compare_group(comparison, (uint8_t)(level - 1), index << bits | i, &theirs[i], error);
    }
    return result;
}

static enum fg_err compare(struct comparison *comparison, struct fg_error *error)
{
    const struct fg_digest *root = &comparison->update->manifest.root;
    struct fg_digest ours;
    uint8_t levels = 0;
    enum fg_err result = fg_list_repair_root(comparison->update->list, &ours, error);

    if (result != FG_OK || fg_bytes_equal(&ours, root, sizeof(ours)))
        return result;
    while (fg_tree_group_bits(comparison->depth, levels) > 0)
        levels++;
    if (levels == 0)
        return add_difference(comparison, 0, root, error);
    return compare_group(comparison, (uint8_t)(levels - 1), 0, root, error);
}

static enum fg_err exchange(struct comparison *comparison, const struct difference *difference,
                            struct fg_error *error)
{
    struct fg_update *update = comparison->update;
    struct fg_digest leaf;
    size_t length;
    enum fg_err result =
        update->source->bucket(update->source->context, update->manifest.version, difference->index,
                               comparison->bucket, sizeof(comparison->bucket), &length, error);

    if (result != FG_OK)
        return note_incomplete(update, result);
    if (length > sizeof(comparison->bucket))
        return fg_fail(error, FG_E_SIZE, "repair: bucket %u of %zu bytes", difference->index, length);
    update->result.buckets_fetched++;
    update->result.bytes_fetched += length;
    fg_tree_leaf(comparison->bucket, length, &leaf);
    if (!fg_bytes_equal(&leaf, &difference->leaf, sizeof(leaf)))
        return fg_fail(error, FG_E_AUTH, "repair: bucket %u of the source does not prove", difference->index);
    return fg_list_repair_put(update->list, difference->index, comparison->bucket, length, error);
}

/* With a repair begun. */
static enum fg_err run(struct comparison *comparison, struct fg_error *error)
{
    enum fg_err result = compare(comparison, error);

    for (size_t i = 0; result == FG_OK && i < comparison->count; i++)
        result = exchange(comparison, &comparison->differences[i], error);
    return result;
}

enum fg_err fg_update_repair(struct fg_update *update, struct fg_error *error)
{
    struct comparison *comparison = calloc(1, sizeof(*comparison));
    size_t half = ((size_t)1 << update->manifest.bucket_bits) / 2;
    enum fg_err result;

    if (comparison == NULL)
        return fg_fail(error, FG_E_MEMORY, "repair: out of memory");
    comparison->update = update;
    comparison->depth = update->manifest.bucket_bits;
    comparison->count_max = half < FG_UPDATE_BUCKETS_MAX ? half : FG_UPDATE_BUCKETS_MAX;
    result = fg_list_repair_begin(update->list, update->signed_manifest, update->signed_length,
                                  update->now_ms, error);
    if (result == FG_OK) {
        result = run(comparison, error);
        if (result == FG_OK)
            result = fg_list_repair_commit(update->list, &update->result.manifest, error);
        fg_list_repair_abandon(update->list);
    }
    free(comparison->differences);
    free(comparison);
    return result;
}
