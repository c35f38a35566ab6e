/* Implementation of judging batches (batch_judge.h). */
#include "proto/journal/batch_judge.h"

#include <assert.h>
#include <string.h>

bool fg_batch_is_possible(const struct fg_sync_batch *batch)
{
    return batch->count > 0 && batch->count <= FG_SYNC_BATCH_ENTRIES_MAX && batch->first_sequence > 0 &&
           batch->first_sequence <= (uint64_t)INT64_MAX - FG_SYNC_BATCH_ENTRIES_MAX;
}

size_t fg_batch_overlap(const struct fg_sync_batch *batch, uint64_t next_sequence)
{
    if (batch->first_sequence >= next_sequence)
        return 0;
    return next_sequence - batch->first_sequence < batch->count
               ? (size_t)(next_sequence - batch->first_sequence)
               : batch->count;
}

static void chain(const struct fg_sync_batch *batch, const struct fg_digest *previous,
                  struct fg_digest *ret_hashes)
{
    for (size_t i = 0; i < batch->count; i++) {
        fg_chain_next(previous, batch->entries[i].bytes, batch->entries[i].length, &ret_hashes[i]);
        previous = &ret_hashes[i];
    }
}

/* The first entry that is held as another one; count: there is none. */
static size_t find_fork(const struct fg_batch_held *held, const struct fg_batch_judgement *judgement,
                        size_t count)
{
    for (size_t i = 0; i < judgement->overlap; i++)
        if (memcmp(held->hashes[i].bytes, judgement->hashes[i].bytes, FG_DIGEST_BYTES) != 0)
            return i;
    return count;
}

void fg_batch_judge(const struct fg_batch_held *held, const struct fg_sync_batch *batch,
                    fg_batch_is_signed is_signed, void *context, struct fg_batch_judgement *ret_judgement)
{
    struct fg_head head = {.sequence = batch->first_sequence + batch->count - 1};
    struct fg_batch_judgement *judgement = ret_judgement;

    assert(fg_batch_is_possible(batch) && held->next_sequence > 0);
    judgement->verdict = FG_SYNC_GAP;
    if (batch->first_sequence > held->next_sequence)
        return;
    judgement->overlap = fg_batch_overlap(batch, held->next_sequence);
    chain(batch, judgement->overlap > 0 ? &held->previous : &held->head, judgement->hashes);
    judgement->fork = find_fork(held, judgement, batch->count);
    memcpy(head.controller, batch->controller, sizeof(head.controller));
    head.hash = judgement->hashes[batch->count - 1];
    judgement->is_signed = is_signed(context, &head, &batch->head_signature);
    if (judgement->fork < batch->count)
        judgement->verdict = FG_SYNC_FORK;
    else if (judgement->overlap < batch->count && !judgement->is_signed)
        judgement->verdict = FG_SYNC_REFUSED;
    else
        judgement->verdict = FG_SYNC_HELD;
}
