/* Appending to the journal (journal.h): one entry, chained, its head signed, in one durable transaction.
 *
 * Not: who may use which room (space.c), opening (journal.c). */
#include <string.h>

#include "firmware/journal/private.h"
#include "firmware/journal/walk.h"
#include "proto/journal/chain.h"
#include "proto/journal/entry.h"

typedef unsigned long long ull;

void fg_journal_move_anchor(struct fg_journal *journal)
{
    if (journal->head.sequence <= journal->anchor_sequence)
        return;
    if (fg_anchor_write(journal->anchor, &journal->head, &journal->signature, NULL) == FG_OK)
        journal->anchor_sequence = journal->head.sequence;
}

void fg_journal_count_entry(void *context, const struct fg_entry *entry, size_t length)
{
    struct fg_journal *journal = context;

    fg_space_count(&journal->space, entry, length);
    if (entry->kind == FG_ENTRY_LIST)
        journal->list_sequence = entry->sequence;
}

/* ONE-END, in the store itself: whatever the controller believes, two ends or two open fills never get in. */
static enum fg_err check_order(const struct fg_journal *journal, const struct fg_entry *entry,
                               struct fg_error *error)
{
    if (entry->kind == FG_ENTRY_AUTHORISED && journal->fill_open)
        return fg_fail(error, FG_E_STATE, "%s: fill %llu is still open; end it before authorising another",
                       journal->path, (ull)journal->open_fill.sequence);
    if (entry->kind != FG_ENTRY_ENDED)
        return FG_OK;
    if (!journal->fill_open)
        return fg_fail(error, FG_E_STATE, "%s: fill %llu cannot end: no fill is open", journal->path,
                       (ull)entry->authorised_sequence);
    if (entry->authorised_sequence != journal->open_fill.sequence)
        return fg_fail(error, FG_E_STATE, "%s: fill %llu cannot end: the open one is %llu", journal->path,
                       (ull)entry->authorised_sequence, (ull)journal->open_fill.sequence);
    return FG_OK;
}

static void bind_entry(sqlite3_stmt *insert, const struct fg_head *head, const struct fg_signature *signature,
                       const uint8_t *bytes, size_t length, const struct fg_entry_columns *columns)
{
    (void)sqlite3_bind_int64(insert, 1, (sqlite3_int64)head->sequence);
    (void)sqlite3_bind_blob(insert, 2, bytes, (int)length, SQLITE_STATIC);
    (void)sqlite3_bind_blob(insert, 3, head->hash.bytes, FG_DIGEST_BYTES, SQLITE_STATIC);
    (void)sqlite3_bind_blob(insert, 4, signature->bytes, FG_SIGNATURE_BYTES, SQLITE_STATIC);
    (void)sqlite3_bind_int64(insert, 5, columns->kind);
    (void)sqlite3_bind_int64(insert, 6, columns->wall_ms);
    (void)sqlite3_bind_int64(insert, 7, columns->identity);
    (void)sqlite3_bind_int64(insert, 8, columns->quantity_g);
    (void)sqlite3_bind_text(insert, 9, columns->code, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(insert, 10, columns->plate, -1, SQLITE_STATIC);
}

static void transaction_abandon(struct fg_journal *journal)
{
    if (sqlite3_get_autocommit(journal->database) != 0)
        return;
    (void)sqlite3_step(journal->statements[STATEMENT_ROLLBACK]);
    (void)sqlite3_reset(journal->statements[STATEMENT_ROLLBACK]);
}

/* The insert statement is bound. One transaction, one sync. */
static enum fg_err commit_entry(struct fg_journal *journal, fg_journal_beside beside, void *context,
                                struct fg_error *error)
{
    bool flag_anchor = journal->anchor_sequence != 0 && !journal->anchored;
    enum fg_err code = fg_journal_step(journal, STATEMENT_BEGIN, "appending to the journal", error);

    if (code != FG_OK)
        return code;
    code = fg_space_make_room(journal, error);
    if (code == FG_OK && beside != NULL)
        code = beside(journal, context, error);
    if (code == FG_OK && flag_anchor)
        code = fg_journal_step(journal, STATEMENT_ANCHORED, "appending to the journal", error);
    if (code == FG_OK)
        code = fg_journal_step(journal, STATEMENT_INSERT, "appending to the journal", error);
    if (code == FG_OK)
        code = fg_journal_step(journal, STATEMENT_COMMIT, "appending to the journal", error);
    if (code != FG_OK)
        transaction_abandon(journal);
    if (code == FG_OK && flag_anchor)
        journal->anchored = true;
    return code;
}

/* The entry is durable: what the journal knows of itself follows. */
static void take_appended(struct fg_journal *journal, const struct fg_entry *entry, size_t length,
                          const struct fg_head *head, const struct fg_signature *signature)
{
    fg_journal_count_entry(journal, entry, length);
    journal->head = *head;
    journal->signature = *signature;
    if (entry->kind == FG_ENTRY_AUTHORISED) {
        journal->fill_open = true;
        journal->open_fill = *entry;
    } else if (entry->kind == FG_ENTRY_ENDED) {
        journal->fill_open = false;
    }
    /* Not after AUTHORISED: somebody waits for the valve, and the fill's ENDED follows. */
    if (entry->kind != FG_ENTRY_AUTHORISED)
        fg_journal_move_anchor(journal);
    (void)fg_space_measure(journal, NULL);
    if (journal->appended != NULL)
        journal->appended(journal->appended_context, entry);
}

enum fg_err fg_journal_append(struct fg_journal *journal, struct fg_entry *entry, uint64_t *ret_sequence,
                              struct fg_error *error)
{
    return fg_journal_append_with(journal, entry, NULL, NULL, ret_sequence, error);
}

enum fg_err fg_journal_append_with(struct fg_journal *journal, struct fg_entry *entry,
                                   fg_journal_beside beside, void *context, uint64_t *ret_sequence,
                                   struct fg_error *error)
{
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    struct fg_entry written = *entry;
    struct fg_entry_columns columns;
    struct fg_head head = journal->head;
    struct fg_signature signature;
    size_t length;
    enum fg_err code = check_order(journal, entry, error);

    if (code == FG_OK)
        code = fg_space_allow(journal, entry, error);
    if (code != FG_OK)
        return code;
    memcpy(written.controller, head.controller, sizeof(written.controller));
    written.sequence = ++head.sequence;
    written.boot = journal->boot;
    code = fg_entry_encode(&written, bytes, sizeof(bytes), &length, error);
    if (code != FG_OK)
        return code;
    fg_chain_next(&head.hash, bytes, length, &head.hash);
    code = fg_head_sign(&head, journal->key, &signature, error);
    if (code != FG_OK)
        return code;
    fg_entry_columns(&written, journal->fill_open ? &journal->open_fill : NULL, &columns);
    bind_entry(journal->statements[STATEMENT_INSERT], &head, &signature, bytes, length, &columns);
    code = commit_entry(journal, beside, context, error);
    (void)sqlite3_clear_bindings(journal->statements[STATEMENT_INSERT]);
    journal->write_failed = code != FG_OK;
    if (code != FG_OK)
        return code;
    take_appended(journal, &written, length, &head, &signature);
    *entry = written;
    *ret_sequence = written.sequence;
    return FG_OK;
}

enum fg_err fg_journal_try(struct fg_journal *journal, struct fg_error *error)
{
    enum fg_err code;

    if (!journal->write_failed)
        return FG_OK;
    /* Setting the version that the file has writes its first page as it was. */
    code = fg_journal_step(journal, STATEMENT_BEGIN, "trying the journal again", error);
    if (code == FG_OK)
        code = fg_journal_step(journal, STATEMENT_VERSION, "trying the journal again", error);
    if (code == FG_OK)
        code = fg_journal_step(journal, STATEMENT_COMMIT, "trying the journal again", error);
    if (code != FG_OK)
        transaction_abandon(journal);
    journal->write_failed = code != FG_OK;
    return code;
}
