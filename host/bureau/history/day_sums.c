/* Implementation of the sums (day_sums.h): a chunk of one journal at a time, by statements over the whole
 * chunk, in one transaction with the place reached. */
#include "host/bureau/history/day_sums.h"
#include "host/bureau/journal/journal_columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/domain/types.h"

#define CHUNK_ENTRIES 5000
#define DAY_MS INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)
#define NOON_MS (DAY_MS / 2)

#define CHUNK "controller = $1 AND sequence >= $2 AND sequence < $3 AND "
/* Neither undecodable nor of another place. */
#define COUNTED "marks IN " FG_MARKS_COUNT " AND kind IN (4, 5, 6) "
/* What one fill can be at most, so that no sum overflows: 1000 t. */
#define QUANTITY                                                                                             \
    "CAST(SUM(CASE WHEN quantity_g > 0 AND quantity_g < 1000000000 THEN quantity_g ELSE 0 END) AS BIGINT)"
/* A refusal that stands for many counts as many. */
#define OCCURRENCES "CAST(SUM(repeats) AS BIGINT)"
#define DAY_OF(time)                                                                                         \
    "CASE WHEN " time " > 0 AND " time " < 253402300800000 THEN (" time " + $4) / 86400000 ELSE 0 END"

struct chunk {
    struct fg_sql *sql;
    char controller[FG_NAME_MAX + 1];
    uint64_t first;
    uint64_t end; /* first sequence behind the chunk */
    int32_t utc_offset_min;
    struct fg_error *error;
};

int64_t fg_day_of(int64_t wall_ms, int32_t utc_offset_min)
{
    if (wall_ms <= 0 || wall_ms >= INT64_C(253402300800000))
        return 0;
    return (wall_ms + (int64_t)utc_offset_min * MINUTE_MS) / DAY_MS;
}

/* Runs one statement over the chunk; $4 is added to times. */
static enum fg_err chunk_run(const struct chunk *chunk, const char *text, int64_t shift_ms)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(chunk->sql, text, &statement, chunk->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, chunk->controller);
    fg_sql_bind_int(statement, 2, (int64_t)chunk->first);
    fg_sql_bind_int(statement, 3, (int64_t)chunk->end);
    fg_sql_bind_int(statement, 4, shift_ms);
    return fg_sql_run(statement, NULL, chunk->error);
}

/* The rows of every statement come in the order of their keys, so that two processes cannot wait for each
 * other in a circle. */
static enum fg_err sums_add(const struct chunk *chunk)
{
    int64_t offset_ms = (int64_t)chunk->utc_offset_min * MINUTE_MS;
    enum fg_err result = chunk_run(
        chunk,
        "INSERT INTO station_day (day, station, kind, reason, entries, quantity_g) SELECT day, station, "
        "kind, reason, " OCCURRENCES ", " QUANTITY
        " FROM (SELECT " DAY_OF("wall_ms") " AS day, station, kind, CASE WHEN kind = 4 THEN reason ELSE 0 "
                                           "END AS reason, quantity_g, repeats FROM "
                                           "journal_entry WHERE " CHUNK COUNTED
                                           ") e WHERE true GROUP BY day, station, kind, reason ORDER BY "
                                           "day, station, kind, reason ON CONFLICT (day, station, kind, "
                                           "reason) DO UPDATE SET entries = "
                                           "station_day.entries + excluded.entries, quantity_g = "
                                           "station_day.quantity_g + excluded.quantity_g",
        offset_ms);

    if (result == FG_OK)
        result =
            chunk_run(chunk,
                      "INSERT INTO controller_sum (controller, kind, entries, quantity_g) SELECT controller, "
                      "kind, " OCCURRENCES ", " QUANTITY " FROM journal_entry WHERE $4 = 0 AND " CHUNK COUNTED
                      "GROUP BY controller, "
                      "kind ORDER BY controller, kind ON CONFLICT (controller, kind) DO UPDATE SET entries = "
                      "controller_sum.entries + excluded.entries, quantity_g = controller_sum.quantity_g + "
                      "excluded.quantity_g",
                      0);
    if (result == FG_OK)
        result = chunk_run(
            chunk,
            "INSERT INTO station_night (station, day, entries) SELECT station, day, COUNT(*) FROM (SELECT "
            "station, " DAY_OF("arrived_ms") " AS day FROM journal_entry WHERE " CHUNK "true) e WHERE true "
                                             "GROUP BY station, day ORDER BY station, day ON CONFLICT "
                                             "(station, day) DO UPDATE SET entries = "
                                             "station_night.entries + excluded.entries",
            offset_ms + NOON_MS);
    return result;
}

/* Moves the place; FG_E_BUSY when another process did meanwhile. First of all, so that two processes that
 * add one journal wait for each other here. */
static enum fg_err place_move(const struct chunk *chunk)
{
    struct fg_sql_statement *statement;
    int64_t changed = 0;
    enum fg_err result = fg_sql_prepare(
        chunk->sql,
        "INSERT INTO sum_follow (controller, next_sequence, utc_offset_min) VALUES ($1, $2, $3) ON CONFLICT "
        "(controller) DO UPDATE SET next_sequence = excluded.next_sequence WHERE sum_follow.next_sequence = "
        "$4 AND sum_follow.utc_offset_min = $3",
        &statement, chunk->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, chunk->controller);
    fg_sql_bind_int(statement, 2, (int64_t)chunk->end);
    fg_sql_bind_int(statement, 3, chunk->utc_offset_min);
    fg_sql_bind_int(statement, 4, (int64_t)chunk->first);
    result = fg_sql_run(statement, &changed, chunk->error);
    if (result == FG_OK && changed != 1)
        return fg_fail(chunk->error, FG_E_BUSY, "day sums: another process adds the journal of %s",
                       chunk->controller);
    return result;
}

static enum fg_err chunk_add(const struct chunk *chunk)
{
    enum fg_err result = fg_sql_begin(chunk->sql, chunk->error);

    if (result != FG_OK)
        return result;
    result = place_move(chunk);
    if (result == FG_OK)
        result = sums_add(chunk);
    if (result == FG_OK)
        result = fg_sql_commit(chunk->sql, chunk->error);
    if (result != FG_OK)
        fg_sql_rollback(chunk->sql);
    return result;
}

/* The next controller behind chunk->controller with entries to add. */
static enum fg_err pending_find(struct chunk *chunk, uint64_t *ret_held_end)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(chunk->sql,
                       "SELECT h.controller, COALESCE(f.next_sequence, 1), h.next_sequence FROM journal_head "
                       "h LEFT JOIN sum_follow f ON f.controller = h.controller WHERE h.controller > $1 AND "
                       "h.next_sequence > COALESCE(f.next_sequence, 1) ORDER BY h.controller LIMIT 1",
                       &statement, chunk->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, chunk->controller);
    result = fg_sql_next(statement, chunk->error);
    if (result == FG_OK) {
        char controller[FG_NAME_MAX + 1];

        (void)snprintf(controller, sizeof(controller), "%s", fg_sql_text(statement, 0));
        chunk->first = (uint64_t)fg_sql_int(statement, 1);
        *ret_held_end = (uint64_t)fg_sql_int(statement, 2);
        chunk->end =
            chunk->first + CHUNK_ENTRIES < *ret_held_end ? chunk->first + CHUNK_ENTRIES : *ret_held_end;
        fg_sql_reset(statement);
        memcpy(chunk->controller, controller, sizeof(controller));
    }
    return result;
}

/* Were any sums made for days that began at another time? */
static enum fg_err zone_check(struct fg_sql *sql, int32_t utc_offset_min, bool *ret_other,
                              struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT controller FROM sum_follow WHERE utc_offset_min <> $1 LIMIT 1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, utc_offset_min);
    result = fg_sql_next(statement, error);
    *ret_other = result == FG_OK;
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

enum fg_err fg_day_sums_forget(struct fg_sql *sql, struct fg_error *error)
{
    static const char *const texts[] = {"DELETE FROM sum_follow", "DELETE FROM station_day",
                                        "DELETE FROM station_night", "DELETE FROM controller_sum"};
    struct fg_sql_statement *statement;
    enum fg_err result = FG_OK;

    for (size_t i = 0; result == FG_OK && i < sizeof(texts) / sizeof(texts[0]); i++) {
        result = fg_sql_prepare(sql, texts[i], &statement, error);
        if (result == FG_OK)
            result = fg_sql_run(statement, NULL, error);
    }
    return result;
}

static enum fg_err other_zone_forget(struct fg_sql *sql, struct fg_error *error)
{
    enum fg_err result = fg_sql_begin(sql, error);

    if (result != FG_OK)
        return result;
    result = fg_day_sums_forget(sql, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    return result;
}

enum fg_err fg_day_sums_follow(struct fg_sql *sql, int32_t utc_offset_min, uint64_t entries_max,
                               bool *ret_more, struct fg_error *error)
{
    struct chunk chunk = {.sql = sql, .utc_offset_min = utc_offset_min, .error = error};
    uint64_t done = 0;
    uint64_t held_end = 0;
    bool more = false;
    bool other_zone = false;
    enum fg_err result = zone_check(sql, utc_offset_min, &other_zone, error);

    if (result == FG_OK && other_zone)
        result = other_zone_forget(sql, error);
    if (result != FG_OK)
        return result;
    while ((result = pending_find(&chunk, &held_end)) == FG_OK) {
        if (done >= entries_max) {
            more = true;
            break;
        }
        result = chunk_add(&chunk);
        if (result != FG_OK && result != FG_E_BUSY)
            break;
        more = more || chunk.end < held_end || result == FG_E_BUSY;
        done += chunk.end - chunk.first;
    }
    if (result != FG_OK && result != FG_E_NOT_FOUND && result != FG_E_BUSY)
        return result;
    *ret_more = more;
    return FG_OK;
}
