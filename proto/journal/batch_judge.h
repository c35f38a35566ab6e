/* What a batch of entries means to a hop that holds some of a controller's journal: held, a gap, a fork, or
 * refused. One judgement for station and bureau; what core/rules.h is to scans, this is to entries.
 *
 * Not: who may send (the hop's), storing, the answer's words. Relies on: chain.h, sync.h. Pure but for the
 * caller's check of a signature. */
#ifndef FG_PROTO_JOURNAL_BATCH_JUDGE_H
#define FG_PROTO_JOURNAL_BATCH_JUDGE_H

#include "proto/journal/chain.h"
#include "proto/journal/sync.h"

/* What the hop holds of the journal, as far as the batch touches it. */
struct fg_batch_held {
    uint64_t next_sequence; /* the first that is not held, at least 1 */
    struct fg_digest head;  /* hash(next_sequence - 1) */
    /* Only where the batch overlaps what is held: hash(first_sequence - 1), and the hashes held under the
     * numbers of the batch's first entries, fg_batch_overlap of them. */
    struct fg_digest previous;
    struct fg_digest hashes[FG_SYNC_BATCH_ENTRIES_MAX];
};

/* Did the controller sign this head? context is the caller's. */
typedef bool (*fg_batch_is_signed)(void *context, const struct fg_head *head,
                                   const struct fg_signature *signature);

struct fg_batch_judgement {
    /* GAP      entries before the batch are missing; nothing below is set
     * FORK     entry `fork` of the batch is another one than the one held
     * REFUSED  new entries whose head the controller did not sign over what is held
     * HELD     the entries from `overlap` on are new (or none is) and continue what is held */
    enum fg_sync_verdict verdict;
    size_t overlap; /* entries at its beginning whose numbers are held */
    size_t fork;
    bool is_signed; /* the head signature fits the batch, chained to what is held before it */
    struct fg_digest hashes[FG_SYNC_BATCH_ENTRIES_MAX]; /* of all its entries, chained to what is held */
};

/* Can these be the numbers of a batch? One that fails this must not be judged. */
bool fg_batch_is_possible(const struct fg_sync_batch *batch);

/* How many entries at the batch's beginning have numbers that are held; 0 also for a gap. */
size_t fg_batch_overlap(const struct fg_sync_batch *batch, uint64_t next_sequence);

void fg_batch_judge(const struct fg_batch_held *held, const struct fg_sync_batch *batch,
                    fg_batch_is_signed is_signed, void *context, struct fg_batch_judgement *ret_judgement);

#endif
