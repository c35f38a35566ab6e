/* Implementation of the suspensions of journals (suspension.h). */
#include "host/bureau/journal/suspension.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/bureau/clock/own_clock.h"
#include "host/bureau/trail/ledger.h"
#include "proto/journal/chain.h"

#define DAY_MS UINT64_C(86400000)

/* A list that is dated at the suspension or after it must be one that stops the points. One that was made
 * just before may carry a later date, by the clock of another machine or while this transaction waited for
 * its turn: then the suspension is dated after that list. */
static enum fg_err since_find(struct fg_sql *sql, const char *controller, int64_t now_ms,
                              int64_t *ret_since_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT COALESCE(MAX(v.issued_ms), 0) FROM list_version v JOIN point p ON p.station = v.list_id "
        "WHERE p.controller = $1 AND v.issued_ms < $2",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    fg_sql_bind_int(statement, 2, now_ms + FG_OWN_CLOCK_AGREE_MS);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        *ret_since_ms = now_ms > fg_sql_int(statement, 0) ? now_ms : fg_sql_int(statement, 0) + 1;
        fg_sql_reset(statement);
    }
    return result;
}

/* The suspension that lasts, and since when. FG_E_NOT_FOUND: none does. */
static enum fg_err open_find(struct fg_sql *sql, const char *controller, int64_t *ret_number,
                             int64_t *ret_since_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT number, since_ms FROM suspension WHERE controller = $1 AND until_sequence = 0",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        *ret_number = fg_sql_int(statement, 0);
        *ret_since_ms = fg_sql_int(statement, 1);
    }
    fg_sql_reset(statement);
    return result;
}

/* The first number that is not held, with the journal's head row locked until the transaction ends; the row
 * is made when nothing was ever held, since there is nothing else to lock. FG_E_NOT_FOUND: no controller. */
static enum fg_err journal_lock(struct fg_sql *sql, const char *device, int64_t *ret_next_sequence,
                                struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_digest start;
    enum fg_err result = fg_sql_prepare(
        sql,
        "INSERT INTO journal_head (controller, next_sequence, head, receipt, station, arrived_ms) SELECT "
        "device, 1, $2, $3, station, 0 FROM device WHERE device = $1 AND role = 'controller' ON CONFLICT "
        "(controller) DO UPDATE SET station = journal_head.station RETURNING next_sequence",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_chain_start(device, &start);
    fg_sql_bind_text(statement, 1, device);
    fg_sql_bind_bytes(statement, 2, start.bytes, FG_DIGEST_BYTES);
    fg_sql_bind_bytes(statement, 3, "", 0);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        *ret_next_sequence = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return result;
}

static enum fg_err begin_write(struct fg_sql *sql, const char *device, int64_t from_sequence, const char *who,
                               int64_t since_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "INSERT INTO suspension (controller, number, since_ms, from_sequence, until_ms, until_sequence) "
        "SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, 0, 0 FROM suspension WHERE controller = $1 "
        "RETURNING number",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, device);
    fg_sql_bind_int(statement, 2, since_ms);
    fg_sql_bind_int(statement, 3, from_sequence);
    return fg_ledger_insert_run(statement, sql, "suspension", device, NULL, who, error);
}

enum fg_err fg_suspension_begin(struct fg_sql *sql, const char *device, const char *who, int64_t now_ms,
                                struct fg_error *error)
{
    int64_t number = 0;
    int64_t from_sequence = 0;
    int64_t since_ms = 0;
    enum fg_err result = journal_lock(sql, device, &from_sequence, error);

    if (result == FG_E_NOT_FOUND)
        return FG_OK;
    if (result == FG_OK)
        result = open_find(sql, device, &number, &since_ms, error);
    if (result != FG_E_NOT_FOUND)
        return result;
    result = since_find(sql, device, now_ms, &since_ms, error);
    return result == FG_OK ? begin_write(sql, device, from_sequence, who, since_ms, error) : result;
}

enum fg_err fg_suspension_end(struct fg_sql *sql, const char *device, const char *who, int64_t now_ms,
                              struct fg_error *error)
{
    struct fg_sql_statement *statement;
    int64_t number = 0;
    int64_t since_ms = 0;
    int64_t until_sequence = 0;
    enum fg_err result = journal_lock(sql, device, &until_sequence, error);

    if (result == FG_OK)
        result = open_find(sql, device, &number, &since_ms, error);
    if (result == FG_E_NOT_FOUND)
        return FG_OK;
    if (result == FG_OK)
        result = fg_ledger_touch_number(sql, "suspension", device, number, who, error);
    if (result == FG_OK)
        result = fg_sql_prepare(sql,
                                "UPDATE suspension SET until_ms = $3, until_sequence = $4 WHERE controller = "
                                "$1 AND number = $2",
                                &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, device);
    fg_sql_bind_int(statement, 2, number);
    fg_sql_bind_int(statement, 3, now_ms);
    fg_sql_bind_int(statement, 4, until_sequence);
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_suspension_since(struct fg_sql *sql, const char *controller, int64_t *ret_since_ms,
                                struct fg_error *error)
{
    int64_t number = 0;
    enum fg_err result = open_find(sql, controller, &number, ret_since_ms, error);

    return result == FG_E_NOT_FOUND ? fg_fail(error, result, "%s is not suspended", controller) : result;
}

static enum fg_err span_add(struct fg_suspensions *suspensions, const struct fg_sql_statement *row,
                            struct fg_error *error)
{
    struct fg_suspension *spans =
        realloc(suspensions->spans, (suspensions->count + 1) * sizeof(*suspensions->spans));

    if (spans == NULL)
        return fg_fail(error, FG_E_MEMORY, "suspensions: no memory");
    suspensions->spans = spans;
    spans[suspensions->count++] = (struct fg_suspension){.from_sequence = (uint64_t)fg_sql_int(row, 0),
                                                         .until_sequence = (uint64_t)fg_sql_int(row, 1),
                                                         .since_ms = fg_sql_int(row, 2),
                                                         .until_ms = fg_sql_int(row, 3)};
    return FG_OK;
}

enum fg_err fg_suspensions_read(struct fg_sql *sql, const char *controller,
                                struct fg_suspensions *ret_suspensions, struct fg_error *error)
{
    struct fg_suspensions suspensions = {0};
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT from_sequence, until_sequence, since_ms, until_ms FROM suspension WHERE controller = $1 "
        "ORDER BY number",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    while (result == FG_OK) {
        result = fg_sql_next(statement, error);
        if (result == FG_OK)
            result = span_add(&suspensions, statement, error);
    }
    fg_sql_reset(statement);
    if (result != FG_E_NOT_FOUND) {
        fg_suspensions_free(&suspensions);
        return result;
    }
    *ret_suspensions = suspensions;
    return FG_OK;
}

void fg_suspensions_free(struct fg_suspensions *suspensions)
{
    free(suspensions->spans);
    *suspensions = (struct fg_suspensions){0};
}

uint64_t fg_suspensions_limit(const struct fg_suspensions *suspensions, uint64_t a_day, int64_t now_ms)
{
    for (size_t i = 0; i < suspensions->count; i++) {
        const struct fg_suspension *span = &suspensions->spans[i];
        uint64_t days = now_ms > span->since_ms ? (uint64_t)(now_ms - span->since_ms) / DAY_MS : 0;

        if (span->until_sequence == 0)
            return span->from_sequence + a_day * (days + 1);
    }
    return UINT64_MAX;
}

static bool covers(const struct fg_suspension *span, uint64_t sequence, int64_t wall_ms)
{
    if (sequence < span->from_sequence)
        return false;
    return span->until_sequence == 0 || sequence < span->until_sequence ||
           (wall_ms >= span->since_ms && wall_ms < span->until_ms);
}

bool fg_suspensions_cover(const struct fg_suspensions *suspensions, uint64_t sequence, int64_t wall_ms)
{
    for (size_t i = 0; i < suspensions->count; i++) {
        if (covers(&suspensions->spans[i], sequence, wall_ms))
            return true;
    }
    return false;
}

enum fg_err fg_suspension_station_next(struct fg_sql *sql, const char *controller,
                                       enum fg_suspension_lists lists, char station[FG_NAME_MAX + 1],
                                       struct fg_error *error)
{
    static const char *const texts[] = {
        [FG_SUSPENSION_ALL] = "SELECT MIN(p.station) FROM point p WHERE p.controller = $1 AND p.station > $2",
        [FG_SUSPENSION_GO_ON] =
            "SELECT MIN(p.station) FROM suspension s JOIN point p ON p.controller = s.controller WHERE "
            "s.controller = $1 AND p.station > $2 AND s.until_sequence = 0 AND " FG_SUSPENSION_POINT_IS_DUE,
        [FG_SUSPENSION_STAY_STOPPED] =
            "SELECT MIN(p.station) FROM suspension s JOIN point p ON p.controller = s.controller WHERE "
            "s.controller = $1 AND p.station > $2 AND s.until_sequence <> 0 AND s.number = (SELECT "
            "MAX(number) FROM suspension WHERE controller = $1) AND (SELECT MAX(v.issued_ms) FROM "
            "list_version v WHERE v.list_id = p.station) BETWEEN s.since_ms AND s.until_ms - 1"};
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql, texts[lists], &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    fg_sql_bind_text(statement, 2, station);
    result = fg_sql_next(statement, error);
    if (result == FG_OK && fg_sql_is_null(statement, 0))
        result = FG_E_NOT_FOUND;
    else if (result == FG_OK)
        (void)snprintf(station, FG_NAME_MAX + 1, "%s", fg_sql_text(statement, 0));
    fg_sql_reset(statement);
    return result;
}
