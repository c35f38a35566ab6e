/* The alarms that the entries themselves raise (alarms.h: follow).
 *
 * Each journal is read once, in order, in chunks; a chunk's alarms and the new place are one transaction, so
 * that nothing is missed or counted twice. Where an entry must be compared with other journals (one cylinder
 * at two places, fills of a period), one statement does it for the whole chunk by the index of codes. A pair
 * of sightings is looked at when the later of the two is read, whichever order the stations sent them in. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/journal/journal_columns.h"
#include "host/bureau/watch/alarm_found.h"

#define CHUNK_ENTRIES 500
#define HOUR_MS INT64_C(3600000)
#define EARTH_RADIUS_M 6371008.8
#define UDEG_TO_RADIANS (3.14159265358979323846 / 180e6)
/* Wall times that a sum of days cannot overflow. */
#define WALL_IS_SANE "wall_ms > 0 AND e.wall_ms < 9000000000000000"

/* What stands between one chunk and the next of one controller. */
struct state {
    uint64_t next_sequence;
    bool meter_known;
    int64_t meter_g; /* inventory where the last accounted gas ended */
    uint64_t meter_sequence;
    bool fill_open;
    bool fill_measured;    /* the open fill's start has a good inventory */
    int64_t unaccounted_g; /* pieces too small for an alarm each */
    uint64_t unaccounted_sequence;
};

/* fill_open in the table. */
enum { FILL_NONE = 0, FILL_OPEN = 1, FILL_OPEN_MEASURED = 2 };

struct follow {
    struct fg_sql *sql;
    const struct fg_alarm_settings *settings;
    int64_t now_ms;
    char controller[FG_NAME_MAX + 1];
    uint64_t end; /* first sequence behind the chunk */
    struct state before;
    struct state state;
    struct fg_alarm_list list;
    bool memory_out;
    struct fg_error *error;
};

/* One entry's columns. */
struct seen {
    uint64_t sequence;
    uint32_t marks;
    uint8_t kind;
    uint8_t event;
    uint8_t meter_state;
    int64_t inventory_g;
    int64_t start_inventory_g;
    int64_t quantity_g;
    uint64_t occurrences;
    const char *station;
};

static struct fg_alarm *note(struct follow *follow, const struct seen *seen, enum fg_alarm_kind kind,
                             const char *subject)
{
    struct fg_alarm *alarm = fg_alarm_list_add(&follow->list, kind, subject);

    if (alarm == NULL) {
        follow->memory_out = true;
        return NULL;
    }
    (void)snprintf(alarm->controller, sizeof(alarm->controller), "%s", follow->controller);
    (void)snprintf(alarm->station, sizeof(alarm->station), "%s", seen->station);
    alarm->sequence = seen->sequence;
    return alarm;
}

#define SAY(alarm, ...)                                                                                      \
    do {                                                                                                     \
        struct fg_alarm *said = (alarm);                                                                     \
        if (said != NULL)                                                                                    \
            (void)snprintf(said->detail, sizeof(said->detail), __VA_ARGS__);                                 \
    } while (0)

/* ---- gas that no fill accounts for ---- */

/* The meter stands at inventory_g while no authorised gas flowed since state.meter_g. */
static void meter_see(struct follow *follow, const struct seen *seen, int64_t inventory_g)
{
    const struct fg_alarm_settings *settings = follow->settings;
    struct state *state = &follow->state;
    int64_t gap_g = 0;

    if (state->meter_known && (__builtin_sub_overflow(inventory_g, state->meter_g, &gap_g) ||
                               gap_g < -(int64_t)settings->unaccounted_g)) {
        SAY(note(follow, seen, FG_ALARM_METER_BACK, follow->controller),
            "from %" PRId64 " g (entry %" PRIu64 ") to %" PRId64 " g (entry %" PRIu64 ")", state->meter_g,
            state->meter_sequence, inventory_g, seen->sequence);
        gap_g = 0;
    } else if (gap_g > (int64_t)settings->unaccounted_g && settings->unaccounted_g > 0) {
        SAY(note(follow, seen, FG_ALARM_UNACCOUNTED_GAS, follow->controller),
            "%" PRId64 " g between entry %" PRIu64 " and entry %" PRIu64, gap_g, state->meter_sequence,
            seen->sequence);
        gap_g = 0;
    }
    if (gap_g > 0 && state->unaccounted_g == 0)
        state->unaccounted_sequence = state->meter_sequence;
    if (gap_g > 0)
        state->unaccounted_g += gap_g;
    if (settings->unaccounted_total_g > 0 && state->unaccounted_g > (int64_t)settings->unaccounted_total_g) {
        SAY(note(follow, seen, FG_ALARM_UNACCOUNTED_GAS, follow->controller),
            "%" PRId64 " g in small amounts between entry %" PRIu64 " and entry %" PRIu64,
            state->unaccounted_g, state->unaccounted_sequence, seen->sequence);
        state->unaccounted_g = 0;
    }
    state->meter_known = true;
    state->meter_g = inventory_g;
    state->meter_sequence = seen->sequence;
}

static void meter_at_end(struct follow *follow, const struct seen *seen)
{
    struct state *state = &follow->state;

    if (state->fill_open && state->fill_measured) {
        meter_see(follow, seen, seen->start_inventory_g);
        if (seen->quantity_g < 0 ||
            __builtin_add_overflow(seen->start_inventory_g, seen->quantity_g, &state->meter_g))
            state->meter_known = false;
    } else {
        /* Nobody knows where this fill began: what flowed cannot be told from what was filled. */
        state->meter_known = false;
    }
    state->fill_open = false;
    if (seen->meter_state == FG_READING_GOOD)
        meter_see(follow, seen, seen->inventory_g);
}

static void meter_follow(struct follow *follow, const struct seen *seen)
{
    struct state *state = &follow->state;
    bool good = seen->meter_state == FG_READING_GOOD;

    if (seen->kind == FG_ENTRY_ENDED) {
        meter_at_end(follow, seen);
        return;
    }
    if (good && !state->fill_open)
        meter_see(follow, seen, seen->inventory_g);
    if (seen->kind == FG_ENTRY_AUTHORISED) {
        state->fill_open = true;
        state->fill_measured = good;
    }
}

/* ---- one entry ---- */

static void marks_follow(struct follow *follow, const struct seen *seen)
{
    if ((seen->marks & FG_MARK_UNDECODABLE) != 0)
        SAY(note(follow, seen, FG_ALARM_ENTRY_ODD, follow->controller),
            "entry %" PRIu64 " cannot be decoded; its bytes are kept", seen->sequence);
    if ((seen->marks & FG_MARK_FOREIGN) != 0)
        SAY(note(follow, seen, FG_ALARM_ENTRY_ODD, follow->controller),
            "entry %" PRIu64 " names another controller or number", seen->sequence);
    if ((seen->marks & FG_MARK_FUTURE) != 0)
        SAY(note(follow, seen, FG_ALARM_ENTRY_FUTURE, follow->controller),
            "entry %" PRIu64 " is dated more than a day after it arrived", seen->sequence);
}

static void entry_follow(struct follow *follow, const struct seen *seen)
{
    char subject[FG_ALARM_SUBJECT_MAX + 1];
    struct fg_alarm *alarm;

    marks_follow(follow, seen);
    if ((seen->marks & (FG_MARK_UNDECODABLE | FG_MARK_FOREIGN)) != 0)
        return;
    meter_follow(follow, seen);
    if (seen->kind != FG_ENTRY_EVENT || !fg_event_is_grave((enum fg_event_kind)seen->event))
        return;
    (void)snprintf(subject, sizeof(subject), "%s %s", follow->controller,
                   fg_event_name((enum fg_event_kind)seen->event));
    alarm = note(follow, seen, FG_ALARM_GRAVE_EVENT, subject);
    if (alarm != NULL)
        alarm->count += seen->occurrences - 1;
    SAY(alarm, "entry %" PRIu64 ": %s", seen->sequence,
        fg_event_text(FG_LANGUAGE_ENGLISH, (enum fg_event_kind)seen->event));
}

static void chunk_bind(const struct follow *follow, struct fg_sql_statement *statement)
{
    fg_sql_bind_text(statement, 1, follow->controller);
    fg_sql_bind_int(statement, 2, (int64_t)follow->before.next_sequence);
    fg_sql_bind_int(statement, 3, (int64_t)follow->end);
}

static enum fg_err entries_follow(struct follow *follow)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        follow->sql,
        "SELECT sequence, marks, kind, event, meter_state, inventory_g, start_inventory_g, "
        "quantity_g, station, repeats FROM journal_entry WHERE controller = $1 AND sequence >= $2 AND "
        "sequence < $3 ORDER BY sequence",
        &statement, follow->error);

    if (result != FG_OK)
        return result;
    chunk_bind(follow, statement);
    while ((result = fg_sql_next(statement, follow->error)) == FG_OK) {
        struct seen seen = {
            .sequence = (uint64_t)fg_sql_int(statement, 0),
            .marks = (uint32_t)fg_sql_int(statement, 1),
            .kind = (uint8_t)fg_sql_int(statement, 2),
            .event = (uint8_t)fg_sql_int(statement, 3),
            .meter_state = (uint8_t)fg_sql_int(statement, 4),
            .inventory_g = fg_sql_int(statement, 5),
            .start_inventory_g = fg_sql_int(statement, 6),
            .quantity_g = fg_sql_int(statement, 7),
            .station = fg_sql_text(statement, 8),
            .occurrences = (uint64_t)fg_sql_int(statement, 9),
        };

        entry_follow(follow, &seen);
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- one cylinder at two places ---- */

/* Two stations that scanned one code, and the shortest time between. */
struct pair {
    char code[FG_CODE_MAX + 1];
    char here[FG_NAME_MAX + 1];
    char there[FG_NAME_MAX + 1];
    int64_t between_ms;
    uint64_t sequence;
};

struct pairs {
    struct pair *pairs;
    size_t count;
    size_t capacity;
};

static enum fg_err pairs_take(struct pairs *pairs, const struct fg_sql_statement *row, struct fg_error *error)
{
    struct pair *pair;

    if (pairs->count == pairs->capacity) {
        size_t capacity = pairs->capacity == 0 ? 16 : 2 * pairs->capacity;
        struct pair *grown = realloc(pairs->pairs, capacity * sizeof(*grown));

        if (grown == NULL)
            return fg_fail(error, FG_E_MEMORY, "alarms: no memory for %zu sightings", capacity);
        pairs->pairs = grown;
        pairs->capacity = capacity;
    }
    pair = &pairs->pairs[pairs->count++];
    (void)snprintf(pair->code, sizeof(pair->code), "%s", fg_sql_text(row, 0));
    (void)snprintf(pair->here, sizeof(pair->here), "%s", fg_sql_text(row, 1));
    (void)snprintf(pair->there, sizeof(pair->there), "%s", fg_sql_text(row, 2));
    pair->between_ms = fg_sql_int(row, 3);
    pair->sequence = (uint64_t)fg_sql_int(row, 4);
    return FG_OK;
}

/* Sightings of the chunk's codes elsewhere within the window, as far as they were read already. */
static enum fg_err pairs_find(struct follow *follow, struct pairs *pairs)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        follow->sql,
        "SELECT e.code, e.station, p.station, MIN(ABS(e.wall_ms - p.wall_ms)), MAX(e.sequence) "
        "FROM journal_entry e JOIN journal_entry p ON p.code = e.code "
        "AND p.wall_ms >= CASE WHEN e." WALL_IS_SANE " THEN e.wall_ms - $4 ELSE 0 END "
        "AND p.wall_ms <= CASE WHEN e." WALL_IS_SANE " THEN e.wall_ms + $4 ELSE 0 END "
        "JOIN follow f ON f.controller = p.controller AND p.sequence < f.next_sequence "
        "WHERE e.controller = $1 AND e.sequence >= $2 AND e.sequence < $3 AND e.code <> '' AND p.code <> '' "
        "AND p.station <> e.station AND e.marks IN " FG_MARKS_TIMED " AND p.marks IN " FG_MARKS_TIMED
        " AND e.clock_quality <> 85 AND "
        "p.clock_quality <> 85 AND e.kind IN (4, 5) AND p.kind IN (4, 5) AND e.wall_ms > 0 "
        "GROUP BY e.code, e.station, p.station",
        &statement, follow->error);

    if (result != FG_OK)
        return result;
    chunk_bind(follow, statement);
    fg_sql_bind_int(statement, 4, (int64_t)follow->settings->sighting_window_h * HOUR_MS);
    while ((result = fg_sql_next(statement, follow->error)) == FG_OK) {
        result = pairs_take(pairs, statement, follow->error);
        if (result != FG_OK)
            break;
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* Great circle, by the haversine formula. */
static double distance_m(int32_t latitude_a, int32_t longitude_a, int32_t latitude_b, int32_t longitude_b)
{
    double a = (double)latitude_a * UDEG_TO_RADIANS;
    double b = (double)latitude_b * UDEG_TO_RADIANS;
    double half_latitude = sin((b - a) / 2);
    double half_longitude = sin(((double)longitude_b - (double)longitude_a) * UDEG_TO_RADIANS / 2);
    double h = half_latitude * half_latitude + cos(a) * cos(b) * half_longitude * half_longitude;

    return 2 * EARTH_RADIUS_M * asin(h < 1 ? sqrt(h) : 1);
}

static enum fg_err pair_judge(struct follow *follow, const struct pair *pair)
{
    const struct fg_alarm_settings *settings = follow->settings;
    struct seen seen = {.sequence = pair->sequence, .station = pair->here};
    double allowed_m = (double)settings->speed_max_km_h / 3600.0 *
                       ((double)pair->between_ms + 1000.0 * (double)settings->clock_tolerance_s);
    int32_t places[4];
    double apart_m;
    struct fg_alarm *alarm;
    enum fg_err result = settings->place(settings->place_context, follow->sql, pair->here, &places[0],
                                         &places[1], follow->error);

    if (result == FG_OK)
        result = settings->place(settings->place_context, follow->sql, pair->there, &places[2], &places[3],
                                 follow->error);
    if (result != FG_OK)
        return result == FG_E_NOT_FOUND ? FG_OK : result;
    apart_m = distance_m(places[0], places[1], places[2], places[3]);
    if (apart_m <= allowed_m)
        return FG_OK;
    alarm = note(follow, &seen, FG_ALARM_TWO_PLACES, pair->code);
    if (alarm != NULL)
        (void)snprintf(alarm->code, sizeof(alarm->code), "%s", pair->code);
    SAY(alarm, "at %s and at %s, %.1f km apart, with %" PRId64 " s between", pair->here, pair->there,
        apart_m / 1000.0, pair->between_ms / 1000);
    return FG_OK;
}

static enum fg_err sightings_follow(struct follow *follow)
{
    struct pairs pairs = {0};
    enum fg_err result;

    if (follow->settings->speed_max_km_h == 0 || follow->settings->place == NULL)
        return FG_OK;
    result = pairs_find(follow, &pairs);
    for (size_t i = 0; result == FG_OK && i < pairs.count; i++)
        result = pair_judge(follow, &pairs.pairs[i]);
    free(pairs.pairs);
    return result;
}

/* ---- fills of a period ---- */

static enum fg_err fills_follow(struct follow *follow)
{
    const struct fg_alarm_settings *settings = follow->settings;
    struct seen seen = {.sequence = follow->end - 1, .station = ""};
    struct fg_sql_statement *statement;
    struct fg_alarm *alarm;
    enum fg_err result;

    if (settings->fills_max == 0 || settings->fills_period_h == 0)
        return FG_OK;
    result = fg_sql_prepare(
        follow->sql,
        "SELECT d.code, COUNT(*) FROM (SELECT DISTINCT e.code AS code, (e.wall_ms + $5) / $4 AS period FROM "
        "journal_entry e WHERE e.controller = $1 AND e.sequence >= $2 AND e.sequence < $3 AND e.kind = 6 AND "
        "e.quantity_g > 0 AND e.marks IN " FG_MARKS_TIMED " AND e.code <> '' AND e." WALL_IS_SANE ") d "
        "JOIN journal_entry p ON p.code = d.code AND p.wall_ms >= d.period * $4 - $5 AND p.wall_ms < "
        "(d.period + 1) * $4 - $5 WHERE p.code <> '' AND p.kind = 6 AND p.quantity_g > 0 AND p.marks "
        "IN " FG_MARKS_TIMED " "
        "GROUP BY d.code, d.period HAVING COUNT(*) > $6",
        &statement, follow->error);
    if (result != FG_OK)
        return result;
    chunk_bind(follow, statement);
    fg_sql_bind_int(statement, 4, (int64_t)settings->fills_period_h * HOUR_MS);
    fg_sql_bind_int(statement, 5, (int64_t)settings->utc_offset_min * INT64_C(60000));
    fg_sql_bind_int(statement, 6, settings->fills_max);
    while ((result = fg_sql_next(statement, follow->error)) == FG_OK) {
        alarm = note(follow, &seen, FG_ALARM_TOO_MANY_FILLS, fg_sql_text(statement, 0));
        if (alarm != NULL)
            (void)snprintf(alarm->code, sizeof(alarm->code), "%s", fg_sql_text(statement, 0));
        SAY(alarm, "%" PRId64 " fills within %" PRIu32 " h; the rule allows %" PRIu32,
            fg_sql_int(statement, 1), settings->fills_period_h, settings->fills_max);
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- chunks ---- */

/* Reads where the controller stands; a new one starts at its first entry. */
static enum fg_err state_read(struct follow *follow)
{
    struct fg_sql_statement *statement;
    struct state *state = &follow->before;
    enum fg_err result = fg_sql_prepare(
        follow->sql,
        "SELECT next_sequence, meter_known, meter_g, meter_sequence, fill_open, unaccounted_g, "
        "unaccounted_sequence FROM follow WHERE controller = $1",
        &statement, follow->error);

    memset(state, 0, sizeof(*state));
    state->next_sequence = 1;
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, follow->controller);
    result = fg_sql_next(statement, follow->error);
    if (result == FG_OK) {
        state->next_sequence = (uint64_t)fg_sql_int(statement, 0);
        state->meter_known = fg_sql_int(statement, 1) != 0;
        state->meter_g = fg_sql_int(statement, 2);
        state->meter_sequence = (uint64_t)fg_sql_int(statement, 3);
        state->fill_open = fg_sql_int(statement, 4) != FILL_NONE;
        state->fill_measured = fg_sql_int(statement, 4) == FILL_OPEN_MEASURED;
        state->unaccounted_g = fg_sql_int(statement, 5);
        state->unaccounted_sequence = (uint64_t)fg_sql_int(statement, 6);
    }
    fg_sql_reset(statement);
    follow->state = *state;
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static int64_t fill_of(const struct state *state)
{
    if (!state->fill_open)
        return FILL_NONE;
    return state->fill_measured ? FILL_OPEN_MEASURED : FILL_OPEN;
}

/* FG_E_BUSY when somebody else followed this journal in between. */
static enum fg_err state_write(const struct follow *follow)
{
    const struct state *state = &follow->state;
    struct fg_sql_statement *statement;
    int64_t changed = 0;
    enum fg_err result = fg_sql_prepare(
        follow->sql,
        "INSERT INTO follow (controller, next_sequence, meter_known, meter_g, meter_sequence, fill_open, "
        "unaccounted_g, unaccounted_sequence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT "
        "(controller) "
        "DO UPDATE SET next_sequence = excluded.next_sequence, meter_known = excluded.meter_known, meter_g = "
        "excluded.meter_g, meter_sequence = excluded.meter_sequence, fill_open = excluded.fill_open, "
        "unaccounted_g = excluded.unaccounted_g, unaccounted_sequence = excluded.unaccounted_sequence "
        "WHERE follow.next_sequence = $9",
        &statement, follow->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, follow->controller);
    fg_sql_bind_int(statement, 2, (int64_t)follow->end);
    fg_sql_bind_int(statement, 3, state->meter_known ? 1 : 0);
    fg_sql_bind_int(statement, 4, state->meter_g);
    fg_sql_bind_int(statement, 5, (int64_t)state->meter_sequence);
    fg_sql_bind_int(statement, 6, fill_of(state));
    fg_sql_bind_int(statement, 7, state->unaccounted_g);
    fg_sql_bind_int(statement, 8, (int64_t)state->unaccounted_sequence);
    fg_sql_bind_int(statement, 9, (int64_t)follow->before.next_sequence);
    result = fg_sql_run(statement, &changed, follow->error);
    if (result == FG_OK && changed != 1)
        return fg_fail(follow->error, FG_E_BUSY, "alarms: another process reads the journal of %s",
                       follow->controller);
    return result;
}

/* held_end: first sequence that is not held. */
static enum fg_err chunk_work(struct follow *follow, uint64_t held_end)
{
    enum fg_err result = state_read(follow);

    if (result != FG_OK)
        return result;
    follow->end = follow->before.next_sequence + CHUNK_ENTRIES;
    if (follow->end > held_end)
        follow->end = held_end;
    if (follow->end <= follow->before.next_sequence)
        return FG_OK;
    result = entries_follow(follow);
    if (result == FG_OK)
        result = sightings_follow(follow);
    if (result == FG_OK)
        result = fills_follow(follow);
    if (result == FG_OK && follow->memory_out)
        result = fg_fail(follow->error, FG_E_MEMORY, "alarms: no memory");
    if (result == FG_OK)
        result = fg_alarm_list_raise(&follow->list, follow->sql, follow->now_ms, follow->error);
    if (result == FG_OK)
        result = state_write(follow);
    return result;
}

static enum fg_err chunk_follow(struct follow *follow, uint64_t held_end, uint64_t *ret_done)
{
    enum fg_err result = fg_sql_begin(follow->sql, follow->error);

    if (result != FG_OK)
        return result;
    result = chunk_work(follow, held_end);
    if (result == FG_OK)
        result = fg_sql_commit(follow->sql, follow->error);
    if (result != FG_OK)
        fg_sql_rollback(follow->sql);
    else
        *ret_done += follow->end - follow->before.next_sequence;
    follow->list.count = 0;
    return result;
}

/* The next controller behind follow->controller that has entries to read. */
static enum fg_err pending_find(struct follow *follow, uint64_t *ret_held_end)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(follow->sql,
                       "SELECT h.controller, h.next_sequence FROM journal_head h LEFT JOIN follow f ON "
                       "f.controller = h.controller WHERE h.controller > $1 AND h.next_sequence > "
                       "COALESCE(f.next_sequence, 1) ORDER BY h.controller LIMIT 1",
                       &statement, follow->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, follow->controller);
    result = fg_sql_next(statement, follow->error);
    if (result == FG_OK) {
        char controller[FG_NAME_MAX + 1];

        (void)snprintf(controller, sizeof(controller), "%s", fg_sql_text(statement, 0));
        *ret_held_end = (uint64_t)fg_sql_int(statement, 1);
        fg_sql_reset(statement);
        memcpy(follow->controller, controller, sizeof(controller));
    }
    return result;
}

enum fg_err fg_alarms_follow(struct fg_sql *sql, const struct fg_alarm_settings *settings,
                             uint32_t entries_max, int64_t now_ms, bool *ret_more, struct fg_error *error)
{
    struct follow follow = {.sql = sql, .settings = settings, .now_ms = now_ms, .error = error};
    uint64_t done = 0;
    uint64_t held_end = 0;
    bool more = false;
    enum fg_err first_failure = FG_OK;
    enum fg_err result;

    /* One chunk a controller, so that a long backlog does not hide the others; one that fails does not
     * either. */
    while ((result = pending_find(&follow, &held_end)) == FG_OK) {
        if (done >= entries_max) {
            more = true;
            break;
        }
        result = chunk_follow(&follow, held_end, &done);
        if (result == FG_OK && follow.end < held_end)
            more = true;
        if (result != FG_OK && result != FG_E_BUSY && first_failure == FG_OK)
            first_failure = result;
        if (result == FG_E_GONE)
            break;
    }
    fg_alarm_list_free(&follow.list);
    if (result != FG_OK && result != FG_E_NOT_FOUND && first_failure == FG_OK)
        first_failure = result;
    if (first_failure != FG_OK)
        return first_failure;
    *ret_more = more;
    return FG_OK;
}
