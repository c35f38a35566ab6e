/* Implementation of doubts about the bureau's own clock (own_clock.h). */
#include "host/bureau/clock/own_clock.h"

#include <stdio.h>
#include <sys/timex.h>

#include "lib/domain/types.h"

#define DAY_MS INT64_C(86400000)
#define DEVICES_THAT_PROVE 3
#define LEAP_MS 5000            /* what no slewing does between two looks */
#define LEAP_DOUBTED_MS 3600000 /* so long after a leap */

/* ---- what the devices say ---- */

static enum fg_err median_read(struct fg_sql *sql, int64_t since_ms, int64_t middle, int64_t *ret_median_ms,
                               struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT clock_offset_ms FROM device_report WHERE clock_quality = $1 AND contact_ms > $2 ORDER "
        "BY clock_offset_ms LIMIT 1 OFFSET $3",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, FG_CLOCK_SYNCHRONISED);
    fg_sql_bind_int(statement, 2, since_ms);
    fg_sql_bind_int(statement, 3, middle);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        *ret_median_ms = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

enum fg_err fg_clock_opinion(struct fg_sql *sql, int64_t now_ms, int64_t limit_ms,
                             struct fg_clock_opinion *ret_opinion, struct fg_error *error)
{
    struct fg_clock_opinion opinion = {.devices = 0};
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN clock_offset_ms < $1 THEN 1 ELSE 0 END), 0), "
        "COALESCE(SUM(CASE WHEN clock_offset_ms > $2 THEN 1 ELSE 0 END), 0) FROM device_report WHERE "
        "clock_quality = $3 AND contact_ms > $4",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, -limit_ms);
    fg_sql_bind_int(statement, 2, limit_ms);
    fg_sql_bind_int(statement, 3, FG_CLOCK_SYNCHRONISED);
    fg_sql_bind_int(statement, 4, now_ms - DAY_MS);
    result = fg_sql_next(statement, error);
    if (result != FG_OK)
        return result;
    opinion.devices = fg_sql_int(statement, 0);
    opinion.earlier = fg_sql_int(statement, 1);
    opinion.later = fg_sql_int(statement, 2);
    fg_sql_reset(statement);
    if (opinion.devices > 0)
        result = median_read(sql, now_ms - DAY_MS, opinion.devices / 2, &opinion.median_ms, error);
    if (result == FG_OK)
        *ret_opinion = opinion;
    return result;
}

bool fg_clock_opinion_accuses(const struct fg_clock_opinion *opinion, bool bureau_synchronised)
{
    int64_t against = opinion->earlier > opinion->later ? opinion->earlier : opinion->later;

    return against * 2 > opinion->devices && against >= (bureau_synchronised ? DEVICES_THAT_PROVE : 1);
}

/* ---- what the kernel says ---- */

bool fg_own_clock_synchronised(void)
{
    struct timex state = {0}; /* modes 0: only asks */
    int kind = adjtimex(&state);

    return kind >= 0 && kind != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

void fg_own_clock_look(struct fg_own_clock *clock, int64_t wall_ms, int64_t mono_ms)
{
    int64_t difference_ms = wall_ms - mono_ms;
    int64_t moved_ms = difference_ms - clock->difference_ms;

    if (clock->started && (moved_ms > LEAP_MS || moved_ms < -LEAP_MS)) {
        clock->leapt_mono_ms = mono_ms > 0 ? mono_ms : 1;
        clock->leap_ms = moved_ms;
    }
    clock->started = true;
    clock->difference_ms = difference_ms;
}

bool fg_own_clock_doubt(const struct fg_own_clock *clock, bool synchronised, int64_t mono_ms,
                        char ret_doubt[FG_OWN_CLOCK_DOUBT_BYTES])
{
    if (clock != NULL && clock->leapt_mono_ms != 0 && mono_ms - clock->leapt_mono_ms < LEAP_DOUBTED_MS) {
        (void)snprintf(
            ret_doubt, FG_OWN_CLOCK_DOUBT_BYTES, "this machine's clock leapt by %lld s %lld min ago",
            (long long)(clock->leap_ms / 1000), (long long)((mono_ms - clock->leapt_mono_ms) / 60000));
        return true;
    }
    if (synchronised)
        return false;
    (void)snprintf(ret_doubt, FG_OWN_CLOCK_DOUBT_BYTES, "this machine's clock is not synchronised");
    return true;
}

/* ---- what the database says ---- */

/* The newest time that this bureau itself wrote. */
static enum fg_err newest_read(struct fg_sql *sql, int64_t *ret_newest_ms, struct fg_error *error)
{
    return fg_sql_number(sql,
                         "SELECT COALESCE(MAX(at_ms), 0) FROM (SELECT MAX(published_ms) AS at_ms FROM "
                         "list_version UNION ALL SELECT MAX(contact_ms) FROM device_report) AS written",
                         ret_newest_ms, error);
}

enum fg_err fg_own_clock_check(struct fg_sql *sql, int64_t now_ms, struct fg_error *error)
{
    struct fg_clock_opinion opinion = {.devices = 0};
    int64_t newest_ms = 0;
    enum fg_err result = newest_read(sql, &newest_ms, error);

    if (result == FG_OK && now_ms + FG_OWN_CLOCK_AGREE_MS < newest_ms)
        return fg_fail(error, FG_E_STATE,
                       "this machine's clock is %lld s earlier than what it wrote last: was it set back?",
                       (long long)((newest_ms - now_ms) / 1000));
    if (result == FG_OK)
        result = fg_clock_opinion(sql, now_ms, FG_OWN_CLOCK_AGREE_MS, &opinion, error);
    if (result != FG_OK || !fg_clock_opinion_accuses(&opinion, true))
        return result;
    return fg_fail(error, FG_E_STATE,
                   "compared with %lld of %lld synchronised devices, this bureau's clock is %s",
                   (long long)(opinion.earlier > opinion.later ? opinion.earlier : opinion.later),
                   (long long)opinion.devices, opinion.earlier > opinion.later ? "fast" : "slow");
}
