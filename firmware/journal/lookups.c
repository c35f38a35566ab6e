/* What was filled here before, dated as well as the journal can: fills of a cylinder, manual entries of a
 * day.
 *
 * A clock that was wrong dates entries wrongly, so wall times are not simply compared. An entry of this run
 * is dated by the monotonic clock, from now backwards. One of an earlier run that is dated later than now was
 * written by a clock that was ahead: it happened before the next entry of a synchronised clock, and before
 * this run began. Not: the entries (read.c). */
#include "firmware/journal/private.h"
#include "proto/journal/entry.h"

#define DAY_MS INT64_C(86400000)

/* One row of STATEMENT_BYTES_FROM. FG_E_NOT_FOUND: there is none. An entry that does not decode has kind 0.
 */
static enum fg_err entry_next(struct fg_journal *journal, struct fg_entry *ret_entry, struct fg_error *error)
{
    sqlite3_stmt *statement = journal->statements[STATEMENT_BYTES_FROM];
    int result = sqlite3_step(statement);

    if (result == SQLITE_DONE)
        return FG_E_NOT_FOUND;
    if (result != SQLITE_ROW)
        return fg_journal_fail(journal, result, "reading the journal", error);
    if (fg_entry_decode(sqlite3_column_blob(statement, 0), (size_t)sqlite3_column_bytes(statement, 0),
                        ret_entry, NULL) != FG_OK)
        ret_entry->kind = 0;
    return FG_OK;
}

static void entries_from(struct fg_journal *journal, uint64_t sequence, int64_t count_max)
{
    sqlite3_stmt *statement = journal->statements[STATEMENT_BYTES_FROM];

    (void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)sequence);
    (void)sqlite3_bind_int64(statement, 2, count_max);
}

/* This run's entries carry the monotonic time that now is of, too. */
static enum fg_err date_of_run(struct fg_journal *journal, uint64_t sequence,
                               const struct fg_journal_now *now, int64_t *ret_ms, struct fg_error *error)
{
    struct fg_entry entry = {.kind = 0};
    enum fg_err code;

    entries_from(journal, sequence, 1);
    code = entry_next(journal, &entry, error);
    (void)sqlite3_reset(journal->statements[STATEMENT_BYTES_FROM]);
    if (code == FG_OK)
        *ret_ms = now->wall_ms - (now->mono_ms - entry.mono_ms);
    return code == FG_E_NOT_FOUND ? fg_fail(error, FG_E_CORRUPT, "%s: entry %llu is missing", journal->path,
                                            (unsigned long long)sequence)
                                  : code;
}

/* The latest that an entry of an earlier run, dated later than now, can have happened. */
static enum fg_err date_bound(struct fg_journal *journal, uint64_t sequence, const struct fg_journal_now *now,
                              int64_t *ret_ms, struct fg_error *error)
{
    struct fg_entry entry = {.kind = 0};
    int64_t bound_ms = now->wall_ms;
    enum fg_err code = FG_OK;

    if (journal->head.sequence >= journal->run_first) {
        code = date_of_run(journal, journal->run_first, now, &bound_ms, error);
        if (code != FG_OK)
            return code;
    }
    entries_from(journal, sequence + 1, FG_JOURNAL_DATING_MAX);
    while ((code = entry_next(journal, &entry, error)) == FG_OK) {
        if (entry.kind == 0 || entry.clock_quality != FG_CLOCK_SYNCHRONISED || entry.wall_ms > bound_ms)
            continue;
        bound_ms = entry.wall_ms;
        break;
    }
    (void)sqlite3_reset(journal->statements[STATEMENT_BYTES_FROM]);
    if (code != FG_OK && code != FG_E_NOT_FOUND)
        return code;
    *ret_ms = bound_ms;
    return FG_OK;
}

static enum fg_err date(struct fg_journal *journal, uint64_t sequence, int64_t wall_ms,
                        const struct fg_journal_now *now, int64_t *ret_ms, struct fg_error *error)
{
    if (sequence >= journal->run_first)
        return date_of_run(journal, sequence, now, ret_ms, error);
    if (wall_ms > now->wall_ms)
        return date_bound(journal, sequence, now, ret_ms, error);
    *ret_ms = wall_ms;
    return FG_OK;
}

static int64_t day_start_ms(const struct fg_journal_now *now)
{
    int64_t local_ms = now->wall_ms + (int64_t)now->utc_offset_s * 1000;
    int64_t rest_ms = local_ms % DAY_MS;

    return now->wall_ms - (rest_ms < 0 ? rest_ms + DAY_MS : rest_ms);
}

/* Dates the rows (sequence, wall_ms) of a bound statement, newest first. *ret_last_ms: of the newest, 0 =
 * there is none; *ret_today: how many on now's local day. */
static enum fg_err date_rows(struct fg_journal *journal, enum fg_journal_statement which,
                             const struct fg_journal_now *now, int64_t *ret_last_ms, uint32_t *ret_today,
                             struct fg_error *error)
{
    sqlite3_stmt *statement = journal->statements[which];
    int64_t start_ms = day_start_ms(now);
    int64_t last_ms = 0;
    uint32_t today = 0;
    enum fg_err code = FG_OK;
    int result;

    for (unsigned row = 0; (result = sqlite3_step(statement)) == SQLITE_ROW; row++) {
        uint64_t sequence = (uint64_t)sqlite3_column_int64(statement, 0);
        int64_t dated_ms = 0;

        code = date(journal, sequence, sqlite3_column_int64(statement, 1), now, &dated_ms, error);
        if (code != FG_OK)
            break;
        if (row == 0)
            last_ms = dated_ms;
        if (dated_ms >= start_ms && dated_ms < start_ms + DAY_MS)
            today++;
        /* The monotonic clock does not lie: what is older still was before this day, too. */
        if (sequence >= journal->run_first && dated_ms < start_ms)
            break;
    }
    if (code == FG_OK && result != SQLITE_DONE && result != SQLITE_ROW)
        code = fg_journal_fail(journal, result, "reading the journal", error);
    (void)sqlite3_reset(statement);
    if (code != FG_OK)
        return code;
    *ret_last_ms = last_ms;
    *ret_today = today;
    return FG_OK;
}

enum fg_err fg_journal_history(struct fg_journal *journal, const struct fg_code *code,
                               const struct fg_journal_now *now, int64_t *ret_last_fill_wall_ms,
                               uint32_t *ret_fills_today, struct fg_error *error)
{
    (void)sqlite3_bind_text(journal->statements[STATEMENT_FILLS], 1, code->text, -1, SQLITE_TRANSIENT);
    return date_rows(journal, STATEMENT_FILLS, now, ret_last_fill_wall_ms, ret_fills_today, error);
}

enum fg_err fg_journal_manual_count(struct fg_journal *journal, const struct fg_journal_now *now,
                                    uint32_t *ret_count, struct fg_error *error)
{
    int64_t last_ms = 0;

    return date_rows(journal, STATEMENT_MANUAL, now, &last_ms, ret_count, error);
}
