/* Pruning (fg_journal_prune of journal.h): which entries are old enough, and the transaction in which they go
 * and the mark comes.
 *
 * Two steps, each bounded: a look further along the journal for how far it is old, and the deletion of a
 * piece of what is known to be old. */
#include <string.h>

#include "firmware/journal/private.h"
#include "firmware/journal/safety.h"
#include "proto/journal/entry.h"

#define LOOK_ENTRIES 512
#define PIECE_ENTRIES 128
/* A fill is never cut in two, so a piece may be longer than that when many events fell into one fill. */
#define PIECE_ENTRIES_MAX 1024

/* A piece of the journal's beginning that may go, as far as it was read. */
struct piece {
    uint64_t last; /* 0 = nothing can go */
    struct fg_digest hash;
    uint64_t count;
    uint64_t others_bytes;
    struct fg_fill_kept kept; /* what it and everything before it say of the point's safety */
};

/* What belongs into the transaction. */
struct deletion {
    uint64_t last;
    const uint8_t *mark;
    size_t mark_length;
};

/* The last entry that may ever go: a receipt covers it, and the newest LIST comes after it. */
static uint64_t last_allowed(const struct fg_journal *journal)
{
    uint64_t covered = fg_journal_unsent_first(journal) - 1;

    if (journal->list_sequence == 0)
        return 0;
    return covered < journal->list_sequence ? covered : journal->list_sequence - 1;
}

/* Binds and reads entries after `after`, at most `count`; each goes to take until it says no. */
static enum fg_err entries_read(struct fg_journal *journal, uint64_t after, unsigned count,
                                bool (*take)(void *context, uint64_t sequence, const struct fg_entry *entry,
                                             size_t length, const struct fg_digest *hash),
                                void *context, struct fg_error *error)
{
    sqlite3_stmt *statement = journal->statements[STATEMENT_ENTRIES];
    enum fg_err code = FG_OK;
    int result;

    (void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)after);
    (void)sqlite3_bind_int64(statement, 2, count);
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        const uint8_t *bytes = sqlite3_column_blob(statement, 1);
        size_t length = (size_t)sqlite3_column_bytes(statement, 1);
        struct fg_digest hash;
        struct fg_entry entry;

        if (bytes == NULL || sqlite3_column_bytes(statement, 2) != FG_DIGEST_BYTES ||
            fg_entry_decode(bytes, length, &entry, NULL) != FG_OK) {
            code = fg_fail(error, FG_E_CORRUPT, "%s: entry %llu cannot be decoded and is not pruned",
                           journal->path, (unsigned long long)sqlite3_column_int64(statement, 0));
            break;
        }
        memcpy(hash.bytes, sqlite3_column_blob(statement, 2), FG_DIGEST_BYTES);
        if (!take(context, (uint64_t)sqlite3_column_int64(statement, 0), &entry, length, &hash))
            break;
    }
    if (code == FG_OK && result != SQLITE_ROW && result != SQLITE_DONE)
        code = fg_journal_fail(journal, result, "reading old entries", error);
    (void)sqlite3_reset(statement);
    return code;
}

/* ---- how far it is old ---- */

struct look {
    struct fg_journal *journal;
    int64_t before_wall_ms;
    uint64_t last_allowed;
    unsigned looked; /* until one that is not old, or the end of what may go */
};

static bool look_take(void *context, uint64_t sequence, const struct fg_entry *entry, size_t length,
                      const struct fg_digest *hash)
{
    struct look *look = context;
    bool synchronised = entry->clock_quality == FG_CLOCK_SYNCHRONISED;

    (void)length;
    (void)hash;
    if (sequence > look->last_allowed || (synchronised && entry->wall_ms >= look->before_wall_ms))
        return false;
    /* What was written before an entry is at least as old, whatever its own clock said. */
    if (synchronised)
        look->journal->prune_old_last = sequence;
    look->journal->prune_looked = sequence;
    look->looked++;
    return true;
}

/* *ret_more: there may be more that is old further on. */
static enum fg_err look_further(struct fg_journal *journal, int64_t before_wall_ms, bool *ret_more,
                                struct fg_error *error)
{
    struct look look = {
        .journal = journal, .before_wall_ms = before_wall_ms, .last_allowed = last_allowed(journal)};
    enum fg_err code = entries_read(journal, journal->prune_looked, LOOK_ENTRIES, look_take, &look, error);

    *ret_more = code == FG_OK && look.looked == LOOK_ENTRIES;
    return code;
}

/* ---- the piece that goes ---- */

struct gather {
    uint64_t old_last;
    uint64_t count;
    uint64_t others_bytes;
    bool fill_open;
    uint32_t zero_fill_g;
    struct fg_fill_kept kept;
    struct piece *piece;
    struct fg_journal_space counted;
};

static bool gather_take(void *context, uint64_t sequence, const struct fg_entry *entry, size_t length,
                        const struct fg_digest *hash)
{
    struct gather *gather = context;

    if (sequence > gather->old_last || (gather->count >= PIECE_ENTRIES && !gather->fill_open))
        return false;
    if (entry->kind == FG_ENTRY_AUTHORISED || entry->kind == FG_ENTRY_ENDED)
        gather->fill_open = entry->kind == FG_ENTRY_AUTHORISED;
    fg_space_count(&gather->counted, entry, length);
    fg_safety_take(&gather->kept, entry, gather->zero_fill_g);
    gather->count++;
    if (!gather->fill_open) {
        gather->piece->last = sequence;
        gather->piece->hash = *hash;
        gather->piece->count = gather->count;
        gather->piece->others_bytes = gather->counted.others_bytes;
        gather->piece->kept = gather->kept;
    }
    return true;
}

static enum fg_err delete_beside(struct fg_journal *journal, void *context, struct fg_error *error)
{
    const struct deletion *deletion = context;
    enum fg_err code;

    (void)sqlite3_bind_int64(journal->statements[STATEMENT_PRUNE], 1, (sqlite3_int64)deletion->last);
    (void)sqlite3_bind_blob(journal->statements[STATEMENT_PUT_MARK], 1, deletion->mark,
                            (int)deletion->mark_length, SQLITE_STATIC);
    code = fg_journal_step(journal, STATEMENT_PRUNE, "pruning", error);
    if (code == FG_OK)
        code = fg_journal_step(journal, STATEMENT_PUT_MARK, "pruning", error);
    (void)sqlite3_clear_bindings(journal->statements[STATEMENT_PUT_MARK]);
    return code;
}

/* The receipt that covers what goes: the kept one, or the one of the mark before when it reaches further. */
static void set_receipt(const struct fg_journal *journal, struct fg_mark *mark)
{
    if (journal->kept.known && (!journal->mark.known || journal->kept.receipt.next_sequence >=
                                                            journal->mark.mark.receipt.next_sequence)) {
        mark->receipt = journal->kept.receipt;
        mark->receipt_signature = journal->kept.signature;
    } else {
        mark->receipt = journal->mark.mark.receipt;
        mark->receipt_signature = journal->mark.mark.receipt_signature;
    }
}

static enum fg_err delete_piece(struct fg_journal *journal, const struct piece *piece, struct fg_entry *entry,
                                struct fg_error *error)
{
    struct fg_mark_kept next = {.known = true};
    uint8_t bytes[FG_MARK_BYTES_MAX];
    struct deletion deletion = {.last = piece->last, .mark = bytes};
    struct fg_entry named = *entry;
    uint64_t sequence;
    enum fg_err code;

    memcpy(next.mark.controller, journal->head.controller, sizeof(next.mark.controller));
    next.mark.sequence = piece->last;
    next.mark.hash = piece->hash;
    next.mark.pruned_wall_ms = entry->wall_ms;
    next.mark.kept = piece->kept;
    set_receipt(journal, &next.mark);
    code = fg_mark_sign(&next.mark, journal->key, &next.signature, error);
    if (code == FG_OK)
        code =
            fg_mark_encode(&next.mark, &next.signature, bytes, sizeof(bytes), &deletion.mark_length, error);
    if (code != FG_OK)
        return code;
    named.kind = FG_ENTRY_EVENT;
    named.event = FG_EVENT_JOURNAL_PRUNED;
    named.pruned_sequence = piece->last;
    named.pruned_hash = piece->hash;
    code = fg_journal_append_with(journal, &named, delete_beside, &deletion, &sequence, error);
    if (code != FG_OK)
        return code;
    journal->mark = next;
    journal->space.others_bytes -=
        piece->others_bytes < journal->space.others_bytes ? piece->others_bytes : journal->space.others_bytes;
    *entry = named;
    return FG_OK;
}

enum fg_err fg_journal_prune(struct fg_journal *journal, int64_t before_wall_ms, struct fg_entry *entry,
                             uint64_t *ret_pruned, bool *ret_more, struct fg_error *error)
{
    struct piece piece = {0};
    struct gather gather = {
        .piece = &piece, .zero_fill_g = journal->zero_fill_g, .kept = journal->mark.mark.kept};
    bool more = false;
    enum fg_err code;

    if (journal->fill_open)
        return fg_fail(error, FG_E_STATE, "%s: nothing is pruned while a fill is open", journal->path);
    code = look_further(journal, before_wall_ms, &more, error);
    gather.old_last = journal->prune_old_last;
    if (code == FG_OK && gather.old_last >= fg_journal_first(journal))
        code = entries_read(journal, fg_journal_first(journal) - 1, PIECE_ENTRIES_MAX, gather_take, &gather,
                            error);
    if (code == FG_OK && piece.last != 0)
        code = delete_piece(journal, &piece, entry, error);
    if (code != FG_OK)
        return code;
    *ret_pruned = piece.count;
    *ret_more = more || (piece.last != 0 && piece.last < journal->prune_old_last);
    return FG_OK;
}
