/* The writer's side of the journal (journal.h): start-up, append, space, look-ups of the past.
 *
 * Space: filler rows are written when the journal is made. Once the rest of the file is used up the state is
 * FULL and no fill is authorised; everything else is still logged into space that deleting fillers gives
 * back, and the last filler is kept for the ENDED of a fill that is under way. */
#include "firmware/journal/journal.h"

#include <stdlib.h>
#include <string.h>

#include "firmware/core/rules.h"
#include "firmware/journal/anchor.h"
#include "firmware/journal/outbox.h"
#include "firmware/journal/walk.h"
#include "proto/chain.h"
#include "proto/entry.h"
#include "proto/place.h"

#define PAGE_BYTES 4096
#define FILLER_PAGES 8
#define FILLER_BYTES 32000        /* fills FILLER_PAGES pages with SQLite's overhead */
#define RESERVED_ENTRY_BYTES 2048 /* an entry with hash, signature and index, on average */
#define MARGIN_PAGES 16           /* an AUTHORISED and its ENDED at their largest, and b-tree splits */
#define DAY_MS INT64_C(86400000)

typedef unsigned long long ull;

enum statement {
    STATEMENT_INSERT,
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_PAGES,
    STATEMENT_FREE_PAGES,
    STATEMENT_FILLERS,
    STATEMENT_FREE_FILLER,
    STATEMENT_ANCHORED,
    STATEMENT_LAST_FILL,
    STATEMENT_FILLS,
    STATEMENT_MANUAL,
    STATEMENT_COUNT
};

static const char *const statement_texts[STATEMENT_COUNT] = {
    [STATEMENT_INSERT] = "INSERT INTO entry(sequence, bytes, hash, signature, kind, wall_ms, identity,"
                         " quantity_g, code, plate) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_PAGES] = "PRAGMA page_count",
    [STATEMENT_FREE_PAGES] = "PRAGMA freelist_count",
    [STATEMENT_FILLERS] = "SELECT count(*) FROM filler",
    [STATEMENT_FREE_FILLER] = "DELETE FROM filler WHERE id = (SELECT max(id) FROM filler)",
    [STATEMENT_ANCHORED] = "INSERT OR IGNORE INTO meta(name, value) VALUES('anchored', 1)",
    [STATEMENT_LAST_FILL] = "SELECT max(wall_ms) FROM entry WHERE code = ?1 AND kind = 6 AND quantity_g > 0",
    [STATEMENT_FILLS] = "SELECT count(*) FROM entry WHERE code = ?1 AND kind = 6 AND quantity_g > 0"
                        " AND wall_ms >= ?2 AND wall_ms < ?3",
    [STATEMENT_MANUAL] = "SELECT count(*) FROM entry WHERE identity = 1 AND kind = 5 AND wall_ms >= ?1"
                         " AND wall_ms < ?2",
};

static const char schema[] =
    "CREATE TABLE entry(sequence INTEGER PRIMARY KEY, bytes BLOB NOT NULL, hash BLOB NOT NULL,"
    " signature BLOB NOT NULL, kind INTEGER NOT NULL, wall_ms INTEGER NOT NULL, identity INTEGER NOT NULL,"
    " quantity_g INTEGER NOT NULL, code TEXT NOT NULL, plate TEXT NOT NULL);"
    "CREATE INDEX entry_fill ON entry(code, wall_ms) WHERE kind = 6 AND quantity_g > 0;"
    "CREATE INDEX entry_manual ON entry(wall_ms) WHERE identity = 1 AND kind = 5;"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE filler(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);";

struct fg_journal {
    char *path;
    sqlite3 *database;
    struct fg_anchor *anchor;
    const struct fg_private_key *key;
    void (*appended)(void *context, const struct fg_entry *entry);
    void *appended_context;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    struct fg_head head;
    struct fg_signature signature; /* of head, when head.sequence is not 0 */
    uint64_t anchor_sequence;      /* newest head that the anchor holds */
    bool anchored;                 /* the database says that an anchor was written */
    uint32_t boot;
    bool fill_open;
    struct fg_entry open_fill;
    uint64_t pages_max;
    uint64_t pages_used; /* fillers counted as used, whether given back or not */
    uint64_t pages_free;
    uint64_t fillers;
    uint64_t fillers_wanted;
    uint8_t warn_percent;
    bool write_failed;
    struct fg_receipt_kept kept;
};

static enum fg_err sql_fail(struct fg_journal *journal, int result, const char *doing, struct fg_error *error)
{
    return fg_journal_sqlite_fail(journal->database, result, journal->path, doing, error);
}

static enum fg_err step_once(struct fg_journal *journal, enum statement which, const char *doing,
                             struct fg_error *error)
{
    int result = sqlite3_step(journal->statements[which]);

    (void)sqlite3_reset(journal->statements[which]);
    return result == SQLITE_DONE ? FG_OK : sql_fail(journal, result, doing, error);
}

/* Steps a statement that gives one number (NULL counts as 0), with its parameters already bound. */
static enum fg_err read_number(struct fg_journal *journal, enum statement which, int64_t *ret_number,
                               struct fg_error *error)
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

static enum fg_err measure_space(struct fg_journal *journal, struct fg_error *error)
{
    int64_t pages = 0;
    int64_t free_pages = 0;
    int64_t fillers = 0;
    enum fg_err code = read_number(journal, STATEMENT_PAGES, &pages, error);

    if (code == FG_OK)
        code = read_number(journal, STATEMENT_FREE_PAGES, &free_pages, error);
    if (code == FG_OK)
        code = read_number(journal, STATEMENT_FILLERS, &fillers, error);
    if (code != FG_OK)
        return code;
    journal->fillers = (uint64_t)fillers;
    journal->pages_free = (uint64_t)free_pages;
    journal->pages_used = (uint64_t)(pages - free_pages);
    if (journal->fillers < journal->fillers_wanted)
        journal->pages_used += (journal->fillers_wanted - journal->fillers) * FILLER_PAGES;
    return FG_OK;
}

static bool is_full(const struct fg_journal *journal)
{
    return journal->pages_used + MARGIN_PAGES > journal->pages_max;
}

uint8_t fg_journal_state(struct fg_journal *journal)
{
    if (journal->write_failed)
        return FG_JOURNAL_NOT_WRITABLE;
    if (is_full(journal))
        return FG_JOURNAL_FULL;
    if (journal->pages_used * 100 >= journal->pages_max * journal->warn_percent)
        return FG_JOURNAL_WARN;
    return FG_JOURNAL_OK;
}

/* ---- start-up ---------------------------------------------------------------------------------- */

static enum fg_err check_settings(const struct fg_journal_settings *settings, struct fg_error *error)
{
    uint64_t fillers =
        settings->stop_reserve_entries / (FILLER_PAGES * PAGE_BYTES / RESERVED_ENTRY_BYTES) + 2;
    size_t length = strnlen(settings->controller, FG_NAME_MAX + 1);

    if (length == 0 || length > FG_NAME_MAX)
        return fg_fail(error, FG_E_ARG, "%s: the controller's id must have 1 to %d bytes", settings->path,
                       FG_NAME_MAX);
    if (settings->bytes_max / PAGE_BYTES > INT32_MAX)
        return fg_fail(error, FG_E_ARG, "%s: bytes_max %llu is more than a journal can use", settings->path,
                       (ull)settings->bytes_max);
    if (settings->bytes_max / PAGE_BYTES < fillers * FILLER_PAGES + 4 * MARGIN_PAGES)
        return fg_fail(error, FG_E_ARG, "%s: bytes_max %llu is too small for a reserve of %lu entries",
                       settings->path, (ull)settings->bytes_max,
                       (unsigned long)settings->stop_reserve_entries);
    return FG_OK;
}

/* One transaction makes everything, so that a power cut leaves a whole journal or an empty file. */
static enum fg_err make_schema(struct fg_journal *journal, struct fg_error *error)
{
    char insert[160];
    enum fg_err code = fg_journal_run_sql(journal->database, journal->path, "BEGIN IMMEDIATE", error);

    if (code != FG_OK)
        return code;
    (void)sqlite3_snprintf((int)sizeof(insert), insert,
                           "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < %llu)"
                           " INSERT INTO filler SELECT id, zeroblob(%d) FROM n",
                           (ull)journal->fillers_wanted, FILLER_BYTES);
    code = fg_journal_run_sql(journal->database, journal->path, schema, error);
    if (code == FG_OK)
        code = fg_journal_run_sql(journal->database, journal->path, insert, error);
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
    char limit[64];
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
    (void)sqlite3_snprintf((int)sizeof(limit), limit, "PRAGMA max_page_count = %llu",
                           (ull)journal->pages_max);
    code = fg_journal_run_sql(journal->database, journal->path,
                              "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                              "PRAGMA wal_autocheckpoint = 256; PRAGMA trusted_schema = OFF",
                              error);
    if (code == FG_OK)
        code = fg_journal_run_sql(journal->database, journal->path, limit, error);
    if (code == FG_OK)
        code = read_pragma(journal, "PRAGMA user_version", &version, error);
    if (code == FG_OK)
        code = read_pragma(journal, "SELECT count(*) FROM sqlite_schema", &tables, error);
    if (code != FG_OK)
        return code;
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

static enum fg_err check_chain(struct fg_journal *journal, const struct fg_anchor_state *anchor,
                               const char *controller, struct fg_journal_start *ret_start,
                               struct fg_error *error)
{
    struct fg_walk walk = {
        .path = journal->path,
        .controller = controller,
        .key = &journal->key->public_key,
        .anchor = anchor,
        .receipt = journal->kept.known ? &journal->kept.receipt : NULL,
    };
    enum fg_err code = fg_journal_is_anchored(journal->database, journal->path, &walk.anchored, error);

    if (code == FG_OK)
        code = fg_walk_run(&walk, journal->database, error);
    if (code != FG_OK)
        return code;
    journal->head = walk.head;
    journal->signature = walk.signature;
    journal->anchored = walk.anchored;
    journal->anchor_sequence = anchor->known ? anchor->head.sequence : 0;
    journal->boot = walk.last_boot + 1;
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
    journal->warn_percent = settings->warn_percent == 0 ? 80 : settings->warn_percent;
    journal->pages_max = settings->bytes_max / PAGE_BYTES;
    journal->fillers_wanted =
        settings->stop_reserve_entries / (FILLER_PAGES * PAGE_BYTES / RESERVED_ENTRY_BYTES) + 2;
    if (settings->vfs_name == NULL)
        code = fg_place_writable(settings->path, error);
    if (code == FG_OK)
        code = fg_anchor_open(settings->path, settings->vfs_name, &journal->anchor, &anchor, error);
    if (code == FG_OK)
        code = open_database(journal, settings, error);
    if (code == FG_OK)
        code = prepare_statements(journal, error);
    if (code == FG_OK)
        code = load_receipt(journal, settings->receipt_key, &receipt_false, error);
    if (code == FG_OK)
        code = check_chain(journal, &anchor, settings->controller, &start, error);
    if (code == FG_OK)
        code = measure_space(journal, error);
    if (code != FG_OK)
        goto done;
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

static enum fg_err check_space(const struct fg_journal *journal, const struct fg_entry *entry,
                               struct fg_error *error)
{
    if (!is_full(journal) || entry->kind == FG_ENTRY_ENDED)
        return FG_OK;
    if (entry->kind == FG_ENTRY_AUTHORISED)
        return fg_fail(error, FG_E_FULL, "%s: full: no fill is authorised until entries were sent and pruned",
                       journal->path);
    if (journal->fillers <= 1 && journal->pages_free < FILLER_PAGES)
        return fg_fail(error, FG_E_FULL, "%s: full: the last space is kept for the end of a fill",
                       journal->path);
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

/* The insert statement is bound. One transaction, one sync. */
static enum fg_err commit_entry(struct fg_journal *journal, struct fg_error *error)
{
    bool flag_anchor = journal->anchor_sequence != 0 && !journal->anchored;
    enum fg_err code = step_once(journal, STATEMENT_BEGIN, "appending to the journal", error);

    if (code != FG_OK)
        return code;
    if (is_full(journal) && journal->pages_free < FILLER_PAGES && journal->fillers > 0)
        code = step_once(journal, STATEMENT_FREE_FILLER, "freeing reserved space", error);
    if (code == FG_OK && flag_anchor)
        code = step_once(journal, STATEMENT_ANCHORED, "appending to the journal", error);
    if (code == FG_OK)
        code = step_once(journal, STATEMENT_INSERT, "appending to the journal", error);
    if (code == FG_OK)
        code = step_once(journal, STATEMENT_COMMIT, "appending to the journal", error);
    if (code != FG_OK && sqlite3_get_autocommit(journal->database) == 0) {
        (void)sqlite3_step(journal->statements[STATEMENT_ROLLBACK]);
        (void)sqlite3_reset(journal->statements[STATEMENT_ROLLBACK]);
    }
    if (code == FG_OK && flag_anchor)
        journal->anchored = true;
    return code;
}

/* The entry is durable: what the journal knows of itself follows. */
static void take_appended(struct fg_journal *journal, const struct fg_entry *entry,
                          const struct fg_head *head, const struct fg_signature *signature)
{
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
    (void)measure_space(journal, NULL);
    if (journal->appended != NULL)
        journal->appended(journal->appended_context, entry);
}

enum fg_err fg_journal_append(struct fg_journal *journal, struct fg_entry *entry, uint64_t *ret_sequence,
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
        code = check_space(journal, entry, error);
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
    code = commit_entry(journal, error);
    (void)sqlite3_clear_bindings(journal->statements[STATEMENT_INSERT]);
    journal->write_failed = code != FG_OK;
    if (code != FG_OK)
        return code;
    take_appended(journal, &written, &head, &signature);
    *entry = written;
    *ret_sequence = written.sequence;
    return FG_OK;
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

uint64_t fg_journal_unsent(struct fg_journal *journal)
{
    return journal->kept.known ? journal->head.sequence + 1 - journal->kept.receipt.next_sequence
                               : journal->head.sequence;
}

int64_t fg_journal_oldest_unsent_ms(struct fg_journal *journal)
{
    uint64_t oldest = journal->kept.known ? journal->kept.receipt.next_sequence : 1;
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
    if (last == 0)
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
    (void)measure_space(journal, NULL);
    return FG_OK;
}

static int64_t day_start_ms(int32_t day, int32_t utc_offset_s)
{
    return (int64_t)day * DAY_MS - (int64_t)utc_offset_s * 1000;
}

enum fg_err fg_journal_history(struct fg_journal *journal, const struct fg_code *code, int32_t today,
                               int32_t utc_offset_s, int64_t *ret_last_fill_wall_ms,
                               uint32_t *ret_fills_today, struct fg_error *error)
{
    int64_t start_ms = day_start_ms(today, utc_offset_s);
    sqlite3_stmt *last = journal->statements[STATEMENT_LAST_FILL];
    sqlite3_stmt *fills = journal->statements[STATEMENT_FILLS];
    int64_t last_ms = 0;
    int64_t count = 0;
    enum fg_err result;

    (void)sqlite3_bind_text(last, 1, code->text, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(fills, 1, code->text, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(fills, 2, start_ms);
    (void)sqlite3_bind_int64(fills, 3, start_ms + DAY_MS);
    result = read_number(journal, STATEMENT_LAST_FILL, &last_ms, error);
    if (result == FG_OK)
        result = read_number(journal, STATEMENT_FILLS, &count, error);
    if (result != FG_OK)
        return result;
    *ret_last_fill_wall_ms = last_ms;
    *ret_fills_today = (uint32_t)count;
    return FG_OK;
}

enum fg_err fg_journal_manual_count(struct fg_journal *journal, int32_t today, int32_t utc_offset_s,
                                    uint32_t *ret_count, struct fg_error *error)
{
    int64_t start_ms = day_start_ms(today, utc_offset_s);
    sqlite3_stmt *manual = journal->statements[STATEMENT_MANUAL];
    int64_t count = 0;
    enum fg_err code;

    (void)sqlite3_bind_int64(manual, 1, start_ms);
    (void)sqlite3_bind_int64(manual, 2, start_ms + DAY_MS);
    code = read_number(journal, STATEMENT_MANUAL, &count, error);
    if (code != FG_OK)
        return code;
    *ret_count = (uint32_t)count;
    return FG_OK;
}
