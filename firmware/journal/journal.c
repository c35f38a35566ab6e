/* The writer's side of the journal (journal.h): start-up, append, receipts, look-ups of the past. Not: who
 * may use which room (space.c), what goes when its time is over (prune.c). */
#include "firmware/journal/private.h"

#include <stdlib.h>
#include <string.h>

#include "firmware/journal/intact.h"
#include "firmware/journal/walk.h"
#include "lib/system/writable.h"
#include "proto/journal/chain.h"
#include "proto/journal/entry.h"

typedef unsigned long long ull;

static const char *const statement_texts[STATEMENT_COUNT] = {
    [STATEMENT_INSERT] = "INSERT INTO entry(sequence, bytes, hash, signature, kind, wall_ms, identity,"
                         " quantity_g, code, plate) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_VERSION] = "PRAGMA user_version = 1",
    [STATEMENT_PAGES] = "PRAGMA page_count",
    [STATEMENT_FREE_PAGES] = "PRAGMA freelist_count",
    [STATEMENT_FILLERS] = "SELECT count(*) FROM filler",
    [STATEMENT_FREE_FILLER] = "DELETE FROM filler WHERE id = (SELECT max(id) FROM filler)",
    [STATEMENT_ANCHORED] = "INSERT OR IGNORE INTO meta(name, value) VALUES('anchored', 1)",
    /* More fills of a cylinder, or manual entries, than any rule allows a day. */
    [STATEMENT_FILLS] = "SELECT sequence, wall_ms FROM entry WHERE code = ?1 AND kind = 6 AND quantity_g > 0"
                        " ORDER BY sequence DESC LIMIT 256",
    [STATEMENT_MANUAL] = "SELECT sequence, wall_ms FROM entry WHERE identity = 1 AND kind = 5"
                         " ORDER BY sequence DESC LIMIT 256",
    [STATEMENT_BYTES_FROM] = "SELECT bytes FROM entry WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2",
    [STATEMENT_ENTRIES] = "SELECT sequence, bytes, hash FROM entry WHERE sequence > ?1 ORDER BY sequence"
                          " LIMIT ?2",
    [STATEMENT_PRUNE] = "DELETE FROM entry WHERE sequence <= ?1",
    [STATEMENT_PUT_MARK] = "INSERT OR REPLACE INTO meta(name, value) VALUES('mark', ?1)",
};

static enum fg_err sql_fail(struct fg_journal *journal, int result, const char *doing, struct fg_error *error)
{
    return fg_journal_sqlite_fail(journal->database, result, journal->path, doing, error);
}

enum fg_err fg_journal_step(struct fg_journal *journal, enum fg_journal_statement which, const char *doing,
                            struct fg_error *error)
{
    int result = sqlite3_step(journal->statements[which]);

    (void)sqlite3_reset(journal->statements[which]);
    return result == SQLITE_DONE ? FG_OK : sql_fail(journal, result, doing, error);
}

enum fg_err fg_journal_read_number(struct fg_journal *journal, enum fg_journal_statement which,
                                   int64_t *ret_number, struct fg_error *error)
{
    sqlite3_stmt *statement = journal->statements[which];
    int result = sqlite3_step(statement);
    enum fg_err code = FG_OK;

    if (result == SQLITE_ROW)
        *ret_number = sqlite3_column_int64(statement, 0);
    else
        code = sql_fail(journal, result, "reading the journal", error);
    (void)sqlite3_reset(statement);
    return code;
}

/* ---- start-up ---------------------------------------------------------------------------------- */

static enum fg_err check_settings(const struct fg_journal_settings *settings, struct fg_error *error)
{
    size_t length = strnlen(settings->controller, FG_NAME_MAX + 1);

    if (length == 0 || length > FG_NAME_MAX)
        return fg_fail(error, FG_E_ARG, "%s: the controller's id must have 1 to %d bytes", settings->path,
                       FG_NAME_MAX);
    return fg_space_check(settings, error);
}

/* One transaction makes everything, so that a power cut leaves a whole journal or an empty file. */
static enum fg_err make_schema(struct fg_journal *journal, struct fg_error *error)
{
    enum fg_err code = fg_journal_run_sql(journal->database, journal->path, "BEGIN IMMEDIATE", error);

    if (code != FG_OK)
        return code;
    code = fg_journal_run_sql(journal->database, journal->path, fg_journal_schema, error);
    if (code == FG_OK)
        code = fg_space_make_fillers(journal, error);
    if (code == FG_OK)
        code =
            fg_journal_run_sql(journal->database, journal->path,
                               "PRAGMA application_id = 1179077937; PRAGMA user_version = 1; COMMIT", error);
    if (code != FG_OK)
        (void)sqlite3_exec(journal->database, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

static enum fg_err read_pragma(struct fg_journal *journal, const char *sql, int64_t *ret_value,
                               struct fg_error *error)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(journal->database, sql, -1, &statement, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *ret_value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return result == SQLITE_ROW ? FG_OK : sql_fail(journal, result, "opening the journal", error);
}

static enum fg_err open_database(struct fg_journal *journal, const struct fg_journal_settings *settings,
                                 struct fg_error *error)
{
    int persist = 1; /* the write-ahead log keeps its blocks, so that a full disk cannot take them away */
    char pragmas[320];
    int64_t version = -1;
    int64_t tables = 0;
    enum fg_err code;
    int result =
        sqlite3_open_v2(settings->path, &journal->database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, settings->vfs_name);

    if (result != SQLITE_OK)
        return sql_fail(journal, result, "opening the journal", error);
    /* Whoever edited the file may also have planted triggers and views: none is ever run. */
    (void)sqlite3_db_config(journal->database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(journal->database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    (void)sqlite3_db_config(journal->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_file_control(journal->database, NULL, SQLITE_FCNTL_PERSIST_WAL, &persist);
    (void)sqlite3_snprintf((int)sizeof(pragmas), pragmas,
                           "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                           "PRAGMA wal_autocheckpoint = 256; PRAGMA trusted_schema = OFF;"
                           "PRAGMA secure_delete = OFF; PRAGMA max_page_count = %llu",
                           (ull)journal->space.pages_max);
    code = fg_journal_run_sql(journal->database, journal->path, pragmas, error);
    if (code == FG_OK)
        code = read_pragma(journal, "PRAGMA user_version", &version, error);
    if (code == FG_OK)
        code = read_pragma(journal, "SELECT count(*) FROM sqlite_schema", &tables, error);
    if (code != FG_OK)
        return code;
    fg_space_take_blocks(journal);
    if (version == 0 && tables == 0)
        return make_schema(journal, error);
    if (version != 1)
        return fg_fail(error, FG_E_CORRUPT, "%s: not a journal of version 1; give the journal's own path",
                       settings->path);
    return FG_OK;
}

static enum fg_err prepare_statements(struct fg_journal *journal, struct fg_error *error)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        int result = sqlite3_prepare_v3(journal->database, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                        &journal->statements[i], NULL);

        if (result != SQLITE_OK)
            return sql_fail(journal, result, "opening the journal", error);
    }
    return FG_OK;
}

/* A failure to write the anchor is no failure of the entry, which is durable already: the next append tries
 * again, and until then the older anchor stands. */
static void move_anchor(struct fg_journal *journal)
{
    if (journal->head.sequence <= journal->anchor_sequence)
        return;
    if (fg_anchor_write(journal->anchor, &journal->head, &journal->signature, NULL) == FG_OK)
        journal->anchor_sequence = journal->head.sequence;
}

/* A kept receipt that is not the bureau's does not count, and is told: the next genuine one replaces it. */
static enum fg_err load_receipt(struct fg_journal *journal, const struct fg_public_key *receipt_key,
                                bool *ret_false, struct fg_error *error)
{
    enum fg_err code = fg_outbox_load_receipt(journal->database, journal->path, &journal->kept, error);

    *ret_false = code == FG_E_CORRUPT;
    if (code != FG_OK && code != FG_E_CORRUPT)
        return code;
    if (journal->kept.known && receipt_key != NULL &&
        fg_receipt_verify(&journal->kept.receipt, &journal->kept.signature, receipt_key, NULL) != FG_OK)
        *ret_false = true;
    if (*ret_false)
        memset(&journal->kept, 0, sizeof(journal->kept));
    return FG_OK;
}

static void count_walked(void *context, const struct fg_entry *entry, size_t length)
{
    struct fg_journal *journal = context;

    fg_space_count(&journal->space, entry, length);
    if (entry->kind == FG_ENTRY_LIST)
        journal->list_sequence = entry->sequence;
}

static enum fg_err check_chain(struct fg_journal *journal, const struct fg_anchor_state *anchor,
                               const struct fg_journal_settings *settings, struct fg_journal_start *ret_start,
                               struct fg_error *error)
{
    struct fg_walk walk = {
        .path = journal->path,
        .controller = settings->controller,
        .key = &journal->key->public_key,
        .anchor = anchor,
        .receipt = journal->kept.known ? &journal->kept.receipt : NULL,
        .mark = journal->mark.known ? &journal->mark : NULL,
        .zero_fill_g = journal->zero_fill_g,
        .count_entry = count_walked,
        .count_context = journal,
        .progress = settings->progress,
        .progress_context = settings->progress_context,
    };
    enum fg_err code = fg_journal_is_anchored(journal->database, journal->path, &walk.anchored, error);

    /* The entries first: what they show to be missing has a number. */
    if (code == FG_OK)
        code = fg_walk_run(&walk, journal->database, error);
    if (code == FG_OK)
        code = fg_journal_intact(journal->database, journal->path, error);
    if (code != FG_OK)
        return code;
    journal->head = walk.head;
    journal->signature = walk.signature;
    journal->anchored = walk.anchored;
    journal->anchor_sequence = anchor->known ? anchor->head.sequence : 0;
    journal->boot = walk.last_boot + 1;
    journal->run_first = walk.head.sequence + 1;
    journal->fill_open = walk.fill_open;
    journal->open_fill = walk.open_fill;
    memset(ret_start, 0, sizeof(*ret_start));
    ret_start->last_sequence = walk.head.sequence;
    ret_start->boot = journal->boot;
    ret_start->vouched_ms = walk.vouched_ms;
    memcpy(ret_start->vouched_list_id, walk.vouched_list_id, sizeof(ret_start->vouched_list_id));
    ret_start->vouched_list_version = walk.vouched_list_version;
    ret_start->fill_open = walk.fill_open;
    if (walk.fill_open)
        ret_start->open_fill = walk.open_fill;
    ret_start->kept = walk.kept;
    memcpy(ret_start->list_id, walk.list_id, sizeof(ret_start->list_id));
    ret_start->list_version = walk.list_version;
    return FG_OK;
}

enum fg_err fg_journal_open(const struct fg_journal_settings *settings, struct fg_journal **ret_journal,
                            struct fg_journal_start *ret_start, struct fg_error *error)
{
    struct fg_anchor_state anchor;
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;
    bool receipt_false = false;
    enum fg_err code = check_settings(settings, error);

    if (code != FG_OK)
        return code;
    journal = calloc(1, sizeof(*journal));
    if (journal == NULL || (journal->path = strdup(settings->path)) == NULL) {
        code = fg_fail(error, FG_E_MEMORY, "%s: no memory for the journal", settings->path);
        goto done;
    }
    journal->key = settings->key;
    journal->appended = settings->appended;
    journal->appended_context = settings->appended_context;
    journal->zero_fill_g = settings->zero_fill_g;
    fg_space_set(&journal->space, settings);
    if (settings->vfs_name == NULL)
        code = fg_writable_check(settings->path, error);
    if (code == FG_OK)
        code = fg_anchor_open(settings->path, settings->vfs_name, &journal->anchor, &anchor, error);
    if (code == FG_OK)
        code = open_database(journal, settings, error);
    if (code == FG_OK)
        code = prepare_statements(journal, error);
    if (code == FG_OK)
        code = load_receipt(journal, settings->receipt_key, &receipt_false, error);
    if (code == FG_OK)
        code = fg_prune_load_mark(journal->database, journal->path, &journal->mark, error);
    if (code == FG_OK)
        code = check_chain(journal, &anchor, settings, &start, error);
    if (code == FG_OK)
        code = fg_space_measure(journal, error);
    if (code != FG_OK)
        goto done;
    journal->prune_looked = journal->mark.known ? journal->mark.mark.sequence : 0;
    move_anchor(journal);
    start.receipt_false = receipt_false;
    *ret_start = start;
    *ret_journal = journal;
    journal = NULL;
done:
    fg_journal_close(journal);
    return code;
}

void fg_journal_close(struct fg_journal *journal)
{
    if (journal == NULL)
        return;
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(journal->statements[i]);
    (void)sqlite3_close(journal->database);
    fg_anchor_close(journal->anchor);
    free(journal->path);
    free(journal);
}

/* ---- append ------------------------------------------------------------------------------------ */

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
    count_walked(journal, entry, length);
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
        move_anchor(journal);
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

/* ---- look-ups ---------------------------------------------------------------------------------- */

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

/* ---- sending ----------------------------------------------------------------------------------- */

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
