/* What the journal holds and how far the bureau has it (journal.h): first and last entry, batches of what is
 * still to be sent, the receipt for what was. Not: sending (link), pruning (prune.c). */
#include <string.h>

#include "firmware/journal/private.h"
#include "proto/journal/chain.h"

typedef unsigned long long ull;

uint64_t fg_journal_last(const struct fg_journal *journal)
{
    return journal->head.sequence;
}

uint64_t fg_journal_count(struct fg_journal *journal)
{
    return journal->head.sequence;
}

uint64_t fg_journal_unsent_first(const struct fg_journal *journal)
{
    uint64_t first = journal->mark.known ? journal->mark.mark.receipt.next_sequence : 1;

    return journal->kept.known && journal->kept.receipt.next_sequence > first
               ? journal->kept.receipt.next_sequence
               : first;
}

uint64_t fg_journal_unsent(struct fg_journal *journal)
{
    return journal->head.sequence + 1 - fg_journal_unsent_first(journal);
}

uint64_t fg_journal_first(const struct fg_journal *journal)
{
    return journal->mark.known ? journal->mark.mark.sequence + 1 : 1;
}

int64_t fg_journal_oldest_unsent_ms(struct fg_journal *journal)
{
    uint64_t oldest = fg_journal_unsent_first(journal);
    struct fg_digest hash;
    int64_t wall_ms = 0;

    if (oldest > journal->head.sequence ||
        fg_outbox_entry(journal->database, journal->path, oldest, &hash, &wall_ms, NULL) != FG_OK)
        return 0;
    return wall_ms;
}

uint64_t fg_journal_receipt_next(const struct fg_journal *journal)
{
    return journal->kept.known ? journal->kept.receipt.next_sequence : 0;
}

int64_t fg_journal_receipt_ms(const struct fg_journal *journal)
{
    return journal->kept.taken_wall_ms;
}

enum fg_err fg_journal_batch(struct fg_journal *journal, uint64_t from, size_t count_max, uint8_t *buffer,
                             size_t capacity, size_t *ret_length, uint64_t *ret_next, struct fg_error *error)
{
    if (from != 0 && from < fg_journal_first(journal))
        return fg_fail(
            error, FG_E_RANGE,
            "%s: entries before %llu were pruned, because the bureau's receipt covers them: whoever "
            "misses entry %llu must get it from the bureau",
            journal->path, (ull)fg_journal_first(journal), (ull)from);
    return fg_outbox_read(journal->database, journal->path, journal->head.controller, from, count_max, buffer,
                          capacity, ret_length, ret_next, error);
}

/* The receipt is genuine. FG_E_CORRUPT: it says something else than the journal does. */
static enum fg_err check_receipt(struct fg_journal *journal, const struct fg_receipt *receipt,
                                 struct fg_error *error)
{
    uint64_t last = receipt->next_sequence - 1;
    struct fg_digest hash;
    int64_t wall_ms;
    enum fg_err code = FG_OK;

    if (strcmp(receipt->controller, journal->head.controller) != 0)
        return fg_fail(error, FG_E_RANGE, "the receipt is for controller %s, this one is %s",
                       receipt->controller, journal->head.controller);
    if (last > journal->head.sequence)
        return fg_fail(
            error, FG_E_CORRUPT,
            "%s: the bureau holds entry %llu, this journal ends at %llu: it was cut or put back to an "
            "older copy; keep the file as evidence",
            journal->path, (ull)last, (ull)journal->head.sequence);
    if (last < fg_journal_first(journal) - 1)
        return FG_OK; /* of entries that were pruned since: a newer receipt covered them */
    if (journal->mark.known && last == journal->mark.mark.sequence)
        hash = journal->mark.mark.hash;
    else if (last == 0)
        fg_chain_start(journal->head.controller, &hash);
    else
        code = fg_outbox_entry(journal->database, journal->path, last, &hash, &wall_ms, error);
    if (code != FG_OK)
        return code;
    if (!fg_bytes_equal(&hash, &receipt->head, sizeof(hash)))
        return fg_fail(
            error, FG_E_CORRUPT,
            "%s: the bureau holds another entry %llu than this journal: it was put back to an older copy "
            "and written on; keep the file as evidence",
            journal->path, (ull)last);
    return FG_OK;
}

enum fg_err fg_journal_take_receipt(struct fg_journal *journal, const uint8_t *bytes, size_t length,
                                    const struct fg_public_key *receipt_key, int64_t wall_ms,
                                    struct fg_error *error)
{
    struct fg_receipt_kept taken = {.known = true, .taken_wall_ms = wall_ms};
    enum fg_err code = fg_receipt_decode(bytes, length, &taken.receipt, &taken.signature, error);

    if (code == FG_OK)
        code = fg_receipt_verify(&taken.receipt, &taken.signature, receipt_key, error);
    if (code == FG_OK)
        code = check_receipt(journal, &taken.receipt, error);
    if (code != FG_OK)
        return code;
    if (journal->kept.known && taken.receipt.next_sequence <= journal->kept.receipt.next_sequence)
        return FG_OK;
    code = fg_outbox_keep_receipt(journal->database, journal->path, bytes, length, wall_ms, error);
    if (code != FG_OK)
        return code;
    journal->kept = taken;
    (void)fg_space_measure(journal, NULL);
    return FG_OK;
}
