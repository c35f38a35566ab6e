/* Opening and closing the journal for its writer (journal.h): the file is made or checked from first entry to
 * last, and what earlier runs left is told. Not: appending (append.c), the readers (read.c). */
#include "firmware/journal/private.h"

#include <stdlib.h>
#include <string.h>

#include "firmware/journal/intact.h"
#include "firmware/journal/journal_sql.h"
#include "firmware/journal/walk.h"
#include "lib/system/writable.h"

typedef unsigned long long ull;

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
    return result == SQLITE_ROW ? FG_OK : fg_journal_fail(journal, result, "opening the journal", error);
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
        return fg_journal_fail(journal, result, "opening the journal", error);
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
        .count_entry = fg_journal_count_entry,
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
        code = fg_journal_prepare(journal, error);
    if (code == FG_OK)
        code = load_receipt(journal, settings->receipt_key, &receipt_false, error);
    if (code == FG_OK)
        code = fg_mark_kept_load(journal->database, journal->path, &journal->mark, error);
    if (code == FG_OK)
        code = check_chain(journal, &anchor, settings, &start, error);
    if (code == FG_OK)
        code = fg_space_measure(journal, error);
    if (code != FG_OK)
        goto done;
    journal->prune_looked = journal->mark.known ? journal->mark.mark.sequence : 0;
    fg_journal_move_anchor(journal);
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
