/* The readers' side of the journal (journal.h): each and verify, on a read-only connection of their own. */
#include <string.h>

#include "firmware/journal/anchor.h"
#include "firmware/journal/intact.h"
#include "firmware/journal/journal.h"
#include "firmware/journal/journal_sql.h"
#include "firmware/journal/mark_kept.h"
#include "firmware/journal/outbox.h"
#include "firmware/journal/walk.h"
#include "proto/journal/entry.h"

#define READ_WAIT_MS 2000

static enum fg_err open_read_only(const char *path, const char *vfs_name, sqlite3 **ret_database,
                                  struct fg_error *error)
{
    sqlite3 *database = NULL;
    enum fg_err code = FG_OK;
    int result = sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, vfs_name);

    if (result == SQLITE_CANTOPEN)
        code = fg_fail(error, FG_E_NOT_FOUND, "%s: no such journal, or it cannot be read", path);
    else if (result != SQLITE_OK)
        code = fg_journal_sqlite_fail(database, result, path, "opening the journal", error);
    if (code == FG_OK) {
        (void)sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        (void)sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
        (void)sqlite3_busy_timeout(database, READ_WAIT_MS);
        /* One transaction from here on: a writer beside it never changes what is seen. */
        code = fg_journal_run_sql(database, path, "PRAGMA trusted_schema = OFF; BEGIN", error);
    }
    if (code != FG_OK) {
        (void)sqlite3_close(database);
        return code;
    }
    *ret_database = database;
    return FG_OK;
}

static bool is_filtered(const struct fg_journal_filter *filter)
{
    return filter->from_ms != 0 || filter->to_ms != 0 || filter->code.text[0] != '\0' ||
           filter->plate[0] != '\0' || filter->kind != 0 || filter->reason != 0;
}

/* fill is the last AUTHORISED entry seen: an ENDED belongs to its cylinder. */
static bool matches(const struct fg_journal_filter *filter, const struct fg_entry *entry,
                    const struct fg_entry *fill)
{
    struct fg_entry_columns columns;
    bool reason_found = filter->reason == 0;

    if (fill->sequence == 0 || entry->authorised_sequence != fill->sequence)
        fill = NULL;
    fg_entry_columns(entry, fill, &columns);
    for (size_t i = 0; i < entry->reasons.count; i++)
        reason_found = reason_found || entry->reasons.reasons[i] == filter->reason;
    return reason_found && (filter->from_ms == 0 || entry->wall_ms >= filter->from_ms) &&
           (filter->to_ms == 0 || entry->wall_ms < filter->to_ms) &&
           (filter->kind == 0 || entry->kind == filter->kind) &&
           (filter->plate[0] == '\0' || strcmp(filter->plate, columns.plate) == 0) &&
           (filter->code.text[0] == '\0' || strcmp(filter->code.text, columns.code) == 0 ||
            strcmp(filter->code.text, entry->failing_code.text) == 0);
}

static enum fg_err visit_row(sqlite3_stmt *statement, const struct fg_journal_filter *filter,
                             fg_journal_visit visit, void *context, struct fg_entry *fill,
                             struct fg_error *error)
{
    uint64_t sequence = (uint64_t)sqlite3_column_int64(statement, 0);
    const uint8_t *bytes = sqlite3_column_blob(statement, 1);
    size_t length = (size_t)sqlite3_column_bytes(statement, 1);
    struct fg_entry entry;

    if (bytes == NULL || fg_entry_decode(bytes, length, &entry, NULL) != FG_OK) {
        memset(&entry, 0, sizeof(entry));
        entry.sequence = sequence;
        if (sequence < filter->from_sequence || is_filtered(filter))
            return FG_OK;
        return visit(context, &entry, bytes, length, error);
    }
    if (entry.kind == FG_ENTRY_AUTHORISED)
        *fill = entry;
    if (sequence < filter->from_sequence || !matches(filter, &entry, fill))
        return FG_OK;
    return visit(context, &entry, bytes, length, error);
}

enum fg_err fg_journal_each(const char *path, const struct fg_journal_filter *filter, fg_journal_visit visit,
                            void *context, struct fg_error *error)
{
    static const struct fg_journal_filter everything;
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    struct fg_entry fill = {.sequence = 0};
    sqlite3_int64 first = 0;
    enum fg_err code = open_read_only(path, NULL, &database, error);
    int result;

    if (code != FG_OK)
        return code;
    if (filter == NULL)
        filter = &everything;
    /* Entries before the first one wanted are skipped unread, unless an ENDED may belong to one of them. */
    if (filter->code.text[0] == '\0' && filter->plate[0] == '\0' && filter->from_sequence <= INT64_MAX)
        first = (sqlite3_int64)filter->from_sequence;
    result = sqlite3_prepare_v2(database,
                                "SELECT sequence, bytes FROM entry WHERE sequence >= ?1 ORDER BY sequence",
                                -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(statement, 1, first);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
            break;
        code = visit_row(statement, filter, visit, context, &fill, error);
        if (code != FG_OK)
            goto done;
    }
    if (result != SQLITE_DONE)
        code = fg_journal_sqlite_fail(database, result, path, "reading the journal", error);
done:
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return code;
}

enum fg_err fg_journal_verify(const char *path, const char *vfs_name, const struct fg_public_key *key,
                              struct fg_journal_verdict *ret_verdict, struct fg_error *error)
{
    struct fg_anchor_state anchor;
    struct fg_receipt_kept kept = {.known = false};
    struct fg_mark_kept mark = {.known = false};
    struct fg_walk walk = {.path = path, .key = key, .every_signature = true, .anchor = &anchor};
    sqlite3 *database = NULL;
    enum fg_err code;

    memset(ret_verdict, 0, sizeof(*ret_verdict));
    /* The anchor first: a writer beside us moves it only ahead of what we read, never behind. */
    code = fg_anchor_read(path, vfs_name, &anchor, error);
    if (code == FG_OK)
        code = open_read_only(path, vfs_name, &database, error);
    if (code != FG_OK)
        return code;
    code = fg_journal_is_anchored(database, path, &walk.anchored, error);
    if (code == FG_OK)
        code = fg_outbox_load_receipt(database, path, &kept, error);
    if (code == FG_OK)
        code = fg_mark_kept_load(database, path, &mark, error);
    walk.mark = mark.known ? &mark : NULL;
    walk.receipt = kept.known ? &kept.receipt : NULL;
    if (code == FG_OK)
        code = fg_walk_run(&walk, database, error);
    if (code == FG_OK)
        code = fg_journal_intact(database, path, error);
    ret_verdict->receipt_known = kept.known;
    ret_verdict->receipt = kept.receipt;
    ret_verdict->receipt_signature = kept.signature;
    ret_verdict->entries = walk.head.sequence;
    ret_verdict->first_sequence = mark.known ? mark.mark.sequence + 1 : 1;
    ret_verdict->first_bad_sequence = walk.first_bad_sequence;
    ret_verdict->head = walk.head.hash;
    (void)sqlite3_close(database);
    return code;
}
