/* The table of alarms: raising, closing, listing (alarms.h). What raises them: alarm_follow.c, alarm_sweep.c,
 * ingest.c. */
#include "host/bureau/alarm/alarms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/trail/ledger.h"
#include "lib/crypto/certificate_watch.h"

struct catalogue_alarm {
    enum fg_alarm_kind kind;
    const char *name;
    const char *texts[FG_LANGUAGE_COUNT];
};

static const struct catalogue_alarm catalogue[] = {
#define FG_ALARM(number, name, heals, english, chinese) {FG_ALARM_##name, #name, {english, chinese}},
#include "host/bureau/alarm/alarms.def"
#undef FG_ALARM
};
#define CATALOGUE_COUNT (sizeof(catalogue) / sizeof(catalogue[0]))

static const struct catalogue_alarm *catalogue_find(enum fg_alarm_kind kind)
{
    for (size_t i = 0; i < CATALOGUE_COUNT; i++) {
        if (catalogue[i].kind == kind)
            return &catalogue[i];
    }
    return NULL;
}

const char *fg_alarm_name(enum fg_alarm_kind kind)
{
    const struct catalogue_alarm *found = catalogue_find(kind);

    return found != NULL ? found->name : "?";
}

const char *fg_alarm_text(enum fg_language language, enum fg_alarm_kind kind)
{
    const struct catalogue_alarm *found = catalogue_find(kind);

    return found != NULL && language < FG_LANGUAGE_COUNT ? found->texts[language] : "?";
}

enum fg_alarm_kind fg_alarm_by_name(const char *name)
{
    for (size_t i = 0; i < CATALOGUE_COUNT; i++) {
        if (strcmp(catalogue[i].name, name) == 0)
            return catalogue[i].kind;
    }
    return FG_ALARM_NONE;
}

void fg_alarm_defaults(struct fg_alarm_settings *settings)
{
    memset(settings, 0, sizeof(*settings));
    settings->speed_max_km_h = 150;
    settings->sighting_window_h = 24;
    settings->clock_tolerance_s = 120;
    settings->fills_max = 6;
    settings->fills_period_h = 24;
    settings->utc_offset_min = 480;
    settings->unaccounted_g = 200;
    settings->unaccounted_total_g = 2000;
    settings->station_silent_min = 24 * 60;
    settings->controller_silent_min = 24 * 60;
    settings->list_age_max_h = 72;
    settings->clock_offset_max_s = 60;
    settings->gap_stays_min = 60;
    settings->unsent_age_max_h = 48;
    settings->disk_free_min_bytes = UINT64_C(100) << 20;
    settings->certificate_days_min = FG_CERTIFICATE_WARN_DAYS;
}

static int64_t times_of(const struct fg_alarm *alarm)
{
    return alarm->count > 0 ? (int64_t)alarm->count : 1;
}

/* ---- the ledger ---- */

enum fg_err fg_alarm_touch(struct fg_sql *sql, int64_t kind, const char *subject, int64_t number,
                           const char *who, struct fg_error *error)
{
    char kind_text[24];
    char number_text[24];

    (void)snprintf(kind_text, sizeof(kind_text), "%" PRId64, kind);
    (void)snprintf(number_text, sizeof(number_text), "%" PRId64, number);
    return fg_ledger_touch(sql, &(struct fg_ledger_row){"alarm", {kind_text, subject, number_text}}, who,
                           error);
}

struct key {
    int64_t kind;
    int64_t number;
    char subject[FG_ALARM_SUBJECT_MAX + 1];
};

/* In memory, since only one statement may be between its rows. */
static enum fg_err keys_read(struct fg_sql_statement *statement, struct key **ret_keys, size_t *ret_count,
                             struct fg_error *error)
{
    struct key *keys = NULL;
    size_t count = 0;
    enum fg_err result;

    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        struct key *more =
            (count & (count - 1)) == 0 ? realloc(keys, (count == 0 ? 1 : 2 * count) * sizeof(*keys)) : keys;

        if (more == NULL) {
            fg_sql_reset(statement);
            free(keys);
            return fg_fail(error, FG_E_MEMORY, "alarms: no memory");
        }
        keys = more;
        keys[count].kind = fg_sql_int(statement, 0);
        (void)snprintf(keys[count].subject, sizeof(keys[count].subject), "%s", fg_sql_text(statement, 1));
        keys[count++].number = fg_sql_int(statement, 2);
    }
    if (result != FG_E_NOT_FOUND) {
        free(keys);
        return result;
    }
    *ret_keys = keys;
    *ret_count = count;
    return FG_OK;
}

enum fg_err fg_alarms_touch(struct fg_sql *sql, struct fg_sql_statement *statement, const char *who,
                            struct fg_error *error)
{
    struct key *keys = NULL;
    size_t count = 0;
    enum fg_err result = keys_read(statement, &keys, &count, error);

    for (size_t i = 0; result == FG_OK && i < count; i++)
        result = fg_alarm_touch(sql, keys[i].kind, keys[i].subject, keys[i].number, who, error);
    free(keys);
    return result;
}

/* The open alarm of this kind and subject, if there is one. */
static enum fg_err open_touch(struct fg_sql *sql, enum fg_alarm_kind kind, const char *subject,
                              const char *who, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT kind, subject, number FROM alarm WHERE kind = $1 AND subject = $2 AND closed_ms = 0",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, kind);
    fg_sql_bind_text(statement, 2, subject);
    return fg_alarms_touch(sql, statement, who, error);
}

/* ---- changing ---- */

#define WHO "fillgate-bureau"

static enum fg_err alarm_count(struct fg_sql *sql, const struct fg_alarm *alarm, int64_t now_ms,
                               int64_t *ret_changed, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = open_touch(sql, (enum fg_alarm_kind)alarm->kind, alarm->subject, WHO, error);

    if (result == FG_OK)
        result =
            fg_sql_prepare(sql,
                           "UPDATE alarm SET count = count + $6, last_ms = $1, sequence = $2, detail = $3 "
                           "WHERE kind = $4 AND subject = $5 AND closed_ms = 0",
                           &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, now_ms);
    fg_sql_bind_int(statement, 2, (int64_t)alarm->sequence);
    fg_sql_bind_text(statement, 3, alarm->detail);
    fg_sql_bind_int(statement, 4, alarm->kind);
    fg_sql_bind_text(statement, 5, alarm->subject);
    fg_sql_bind_int(statement, 6, times_of(alarm));
    return fg_sql_run(statement, ret_changed, error);
}

static enum fg_err opened_note(struct fg_sql *sql, const struct fg_alarm *alarm, int64_t number,
                               struct fg_error *error)
{
    char kind_text[24];
    char number_text[24];

    (void)snprintf(kind_text, sizeof(kind_text), "%d", alarm->kind);
    (void)snprintf(number_text, sizeof(number_text), "%" PRId64, number);
    return fg_ledger_added(sql, &(struct fg_ledger_row){"alarm", {kind_text, alarm->subject, number_text}},
                           WHO, error);
}

/* Does nothing when another one opened it in between; then it is counted in the next round. */
static enum fg_err alarm_open(struct fg_sql *sql, const struct fg_alarm *alarm, int64_t now_ms,
                              int64_t *ret_changed, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    int64_t number;
    enum fg_err result = fg_sql_prepare(
        sql,
        "INSERT INTO alarm (kind, subject, since_ms, last_ms, count, controller, station, code, sequence, "
        "detail, closed_ms, closed_by, closed_why, number) SELECT $1, $2, $3, $3, $9, $4, $5, $6, $7, $8, 0, "
        "'', '', COALESCE(MAX(number), 0) + 1 FROM alarm WHERE kind = $1 AND subject = $2 "
        "ON CONFLICT DO NOTHING RETURNING number",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, alarm->kind);
    fg_sql_bind_text(statement, 2, alarm->subject);
    fg_sql_bind_int(statement, 3, now_ms);
    fg_sql_bind_text(statement, 4, alarm->controller);
    fg_sql_bind_text(statement, 5, alarm->station);
    fg_sql_bind_text(statement, 6, alarm->code);
    fg_sql_bind_int(statement, 7, (int64_t)alarm->sequence);
    fg_sql_bind_text(statement, 8, alarm->detail);
    fg_sql_bind_int(statement, 9, times_of(alarm));
    result = fg_sql_next(statement, error);
    *ret_changed = result == FG_OK;
    if (result == FG_E_NOT_FOUND)
        return FG_OK;
    if (result != FG_OK)
        return result;
    number = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return opened_note(sql, alarm, number, error);
}

/* Work in the caller's transaction, or in one of its own. */
static enum fg_err begin(struct fg_sql *sql, bool *ret_own, struct fg_error *error)
{
    *ret_own = !fg_sql_in_transaction(sql);
    return *ret_own ? fg_sql_begin(sql, error) : FG_OK;
}

static enum fg_err end(struct fg_sql *sql, bool own, enum fg_err result, struct fg_error *error)
{
    if (own && result == FG_OK)
        return fg_sql_commit(sql, error);
    if (own)
        fg_sql_rollback(sql);
    return result;
}

enum fg_err fg_alarm_raise(struct fg_sql *sql, const struct fg_alarm *alarm, int64_t now_ms,
                           struct fg_error *error)
{
    int64_t changed = 0;
    bool own = false;
    enum fg_err result = begin(sql, &own, error);

    if (result == FG_OK)
        result = alarm_count(sql, alarm, now_ms, &changed, error);
    if (result == FG_OK && changed == 0)
        result = alarm_open(sql, alarm, now_ms, &changed, error);
    if (result == FG_OK && changed == 0)
        result = alarm_count(sql, alarm, now_ms, &changed, error);
    return end(sql, own, result, error);
}

enum fg_err fg_alarm_ensure(struct fg_sql *sql, const struct fg_alarm *alarm, int64_t now_ms,
                            struct fg_error *error)
{
    int64_t changed = 0;
    bool own = false;
    enum fg_err result = begin(sql, &own, error);

    if (result == FG_OK)
        result = alarm_open(sql, alarm, now_ms, &changed, error);
    return end(sql, own, result, error);
}

static enum fg_err close_run(struct fg_sql *sql, enum fg_alarm_kind kind, const char *subject,
                             const char *who, const char *why, int64_t now_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    int64_t changed = 0;
    enum fg_err result = open_touch(sql, kind, subject, who, error);

    if (result == FG_OK)
        result = fg_sql_prepare(sql,
                                "UPDATE alarm SET closed_ms = $1, closed_by = $2, closed_why = $3 "
                                "WHERE kind = $4 AND subject = $5 AND closed_ms = 0",
                                &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, now_ms);
    fg_sql_bind_text(statement, 2, who);
    fg_sql_bind_text(statement, 3, why);
    fg_sql_bind_int(statement, 4, kind);
    fg_sql_bind_text(statement, 5, subject);
    result = fg_sql_run(statement, &changed, error);
    if (result == FG_OK && changed == 0)
        return fg_fail(error, FG_E_NOT_FOUND, "alarm: no alarm of kind %s is open for %s",
                       fg_alarm_name(kind), subject);
    return result;
}

enum fg_err fg_alarm_close(struct fg_sql *sql, enum fg_alarm_kind kind, const char *subject, const char *who,
                           const char *why, int64_t now_ms, struct fg_error *error)
{
    bool own = false;
    enum fg_err result;

    if (strlen(who) > FG_NAME_MAX || strlen(why) > FG_ALARM_WHY_MAX)
        return fg_fail(error, FG_E_RANGE, "alarm: who has at most %d bytes, why at most %d bytes",
                       FG_NAME_MAX, FG_ALARM_WHY_MAX);
    result = begin(sql, &own, error);
    if (result == FG_OK)
        result = close_run(sql, kind, subject, who, why, now_ms, error);
    return end(sql, own, result, error);
}

static void column_text(const struct fg_sql_statement *row, unsigned column, char *ret_text, size_t size)
{
    (void)snprintf(ret_text, size, "%s", fg_sql_text(row, column));
}

static void alarm_read(const struct fg_sql_statement *row, struct fg_alarm *ret_alarm)
{
    memset(ret_alarm, 0, sizeof(*ret_alarm));
    ret_alarm->kind = (uint8_t)fg_sql_int(row, 0);
    column_text(row, 1, ret_alarm->subject, sizeof(ret_alarm->subject));
    ret_alarm->number = (uint64_t)fg_sql_int(row, 2);
    ret_alarm->since_ms = fg_sql_int(row, 3);
    ret_alarm->last_ms = fg_sql_int(row, 4);
    ret_alarm->count = (uint64_t)fg_sql_int(row, 5);
    column_text(row, 6, ret_alarm->controller, sizeof(ret_alarm->controller));
    column_text(row, 7, ret_alarm->station, sizeof(ret_alarm->station));
    column_text(row, 8, ret_alarm->code, sizeof(ret_alarm->code));
    ret_alarm->sequence = (uint64_t)fg_sql_int(row, 9);
    column_text(row, 10, ret_alarm->detail, sizeof(ret_alarm->detail));
    ret_alarm->closed_ms = fg_sql_int(row, 11);
    column_text(row, 12, ret_alarm->closed_by, sizeof(ret_alarm->closed_by));
    column_text(row, 13, ret_alarm->closed_why, sizeof(ret_alarm->closed_why));
}

enum fg_err fg_alarm_each(struct fg_sql *sql, const struct fg_alarm_filter *filter, fg_alarm_visit visit,
                          void *context, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_alarm alarm;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT kind, subject, number, since_ms, last_ms, count, controller, station, code, sequence, "
        "detail, closed_ms, closed_by, closed_why FROM alarm WHERE ($1 = 1 OR closed_ms = 0) "
        "AND ($2 = 0 OR kind = $2) AND ($3 = '' OR subject = $3) ORDER BY since_ms, kind, subject",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, filter->closed_too ? 1 : 0);
    fg_sql_bind_int(statement, 2, filter->kind);
    fg_sql_bind_text(statement, 3, filter->subject != NULL ? filter->subject : "");
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        alarm_read(statement, &alarm);
        result = visit(context, &alarm, error);
        if (result != FG_OK)
            break;
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}
