/* Pages of cylinders, stations and alarms, each continued by key: GET /api/v1/cylinders, /stations, /alarms.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/api/handlers.h"
#include "host/bureau/api/json_rows.h"
#include "host/bureau/web/web_page.h"
#include "host/bureau/web/web_shared.h"

#define MINUTE_MS 60000

/* ---- cylinders ---- */

/* Rows come in order of code from the beginning asked for on, so the first other beginning ends them. A
 * condition on the beginning itself could make the database read on to the end of the table. */
enum fg_err fg_web_cylinders_list(struct fg_web_call *call, struct fg_error *error)
{
    const char *code = fg_web_text_or_empty(call, "code");
    const char *plate = fg_web_text_or_empty(call, "plate");
    struct fg_sql_statement *statement;
    struct fg_web_page page;
    cJSON *object;
    enum fg_err result =
        fg_sql_prepare(call->sql,
                       plate[0] != '\0' ? "SELECT " FG_WEB_CYLINDER_COLUMNS " FROM cylinder WHERE code > $1 "
                                          "AND code >= $2 AND plate = $4 ORDER BY code LIMIT $3"
                                        : "SELECT " FG_WEB_CYLINDER_COLUMNS " FROM cylinder WHERE code > $1 "
                                          "AND code >= $2 ORDER BY code LIMIT $3",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_web_page_start(&page, call, "cylinders");
    fg_sql_bind_text(statement, 1, fg_web_text_or_empty(call, "after"));
    fg_sql_bind_text(statement, 2, code);
    fg_sql_bind_int(statement, 3, page.limit + 1);
    if (plate[0] != '\0')
        fg_sql_bind_text(statement, 4, plate);
    while ((result = fg_sql_next(statement, error)) == FG_OK &&
           strncmp(fg_sql_text(statement, 0), code, strlen(code)) == 0 &&
           (object = fg_web_page_push(&page)) != NULL) {
        fg_web_cylinder_write(&page.json, object, statement);
        fg_web_page_key(&page, fg_sql_text(statement, 0));
    }
    fg_sql_reset(statement);
    return fg_web_page_end(&page, call, result);
}

/* ---- stations ---- */

enum fg_err fg_web_stations_list(struct fg_web_call *call, struct fg_error *error)
{
    int64_t silent_ms = (int64_t)call->web->settings.alarms->station_silent_min * MINUTE_MS;
    int64_t silent_before_ms = silent_ms > 0 ? call->now_ms - silent_ms : INT64_MIN;
    struct fg_sql_statement *statement;
    struct fg_web_page page;
    cJSON *object;
    enum fg_err result = fg_sql_prepare(
        call->sql, FG_WEB_STATIONS "WHERE t.station > $1 ORDER BY t.station LIMIT $2", &statement, error);

    if (result != FG_OK)
        return result;
    fg_web_page_start(&page, call, "stations");
    fg_sql_bind_text(statement, 1, fg_web_text_or_empty(call, "after"));
    fg_sql_bind_int(statement, 2, page.limit + 1);
    while ((object = fg_web_page_next(&page, statement, &result, error)) != NULL) {
        fg_web_station_write(&page.json, object, statement, silent_before_ms);
        fg_web_page_key(&page, fg_sql_text(statement, 0));
    }
    fg_sql_reset(statement);
    return fg_web_page_end(&page, call, result);
}

/* ---- alarms ---- */

/* Key of a page: "SINCE.KIND.NUMBER.HEX", HEX being the subject's bytes. */
struct alarm_key {
    int64_t since_ms;
    int64_t kind;
    int64_t number;
    char subject[FG_ALARM_SUBJECT_MAX + 1];
};

static void alarm_key_write(char *text, size_t capacity, const struct fg_sql_statement *row)
{
    const char *subject = fg_sql_text(row, 1);
    int used = snprintf(text, capacity, "%" PRId64 ".%" PRId64 ".%" PRId64 ".", fg_sql_int(row, 3),
                        fg_sql_int(row, 0), fg_sql_int(row, 2));

    for (; *subject != '\0' && (size_t)used + 3 < capacity; subject++)
        used += snprintf(text + used, capacity - (size_t)used, "%02x", (unsigned)(unsigned char)*subject);
}

static bool number_read(const char **at, int64_t *ret_number)
{
    int64_t number = 0;
    size_t length = strspn(*at, "0123456789");

    if (length < 1 || length > 15 || (*at)[length] != '.')
        return false;
    for (size_t i = 0; i < length; i++)
        number = number * 10 + ((*at)[i] - '0');
    *at += length + 1;
    *ret_number = number;
    return true;
}

static bool alarm_key_read(const char *text, struct alarm_key *ret_key)
{
    size_t length;

    if (!number_read(&text, &ret_key->since_ms) || !number_read(&text, &ret_key->kind) ||
        !number_read(&text, &ret_key->number))
        return false;
    length = strlen(text);
    if (length % 2 != 0 || length / 2 > FG_ALARM_SUBJECT_MAX || strspn(text, "0123456789abcdef") != length)
        return false;
    for (size_t i = 0; i < length / 2; i++) {
        char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};

        ret_key->subject[i] = (char)strtoul(digits, NULL, 16);
    }
    ret_key->subject[length / 2] = '\0';
    return true;
}

static enum fg_err alarms_key_take(struct fg_web_call *call, struct alarm_key *ret_key,
                                   struct fg_error *error)
{
    const char *after = fg_web_text_of(call, "after");

    *ret_key = (struct alarm_key){.since_ms = INT64_MAX};
    if (after != NULL && !alarm_key_read(after, ret_key))
        return fg_fail(error, FG_E_RANGE, "after: not a key of these pages");
    return FG_OK;
}

static enum fg_err alarms_kind_take(struct fg_web_call *call, int64_t *ret_kind, struct fg_error *error)
{
    const char *name = fg_web_text_of(call, "kind");

    *ret_kind = name != NULL ? (int64_t)fg_alarm_by_name(name) : 0;
    if (name != NULL && *ret_kind == FG_ALARM_NONE)
        return fg_fail(error, FG_E_RANGE, "kind: not known");
    return FG_OK;
}

enum fg_err fg_web_alarms_list(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    struct alarm_key key;
    struct fg_web_page page;
    cJSON *object;
    int64_t kind = 0;
    enum fg_err result = alarms_key_take(call, &key, error);

    if (result == FG_OK)
        result = alarms_kind_take(call, &kind, error);
    if (result == FG_OK)
        result = fg_sql_prepare(call->sql,
                                "SELECT " FG_WEB_ALARM_COLUMNS
                                " FROM alarm WHERE (closed_ms = 0 OR $1 = 0) AND (kind = $2 OR $2 = 0) AND "
                                "(station = $3 OR $3 = '') AND (0 - since_ms, kind, subject, number) > "
                                "(0 - $4, $5, $6, $7) ORDER BY 0 - since_ms, kind, subject, number LIMIT $8",
                                &statement, error);
    if (result != FG_OK)
        return result;
    fg_web_page_start(&page, call, "alarms");
    fg_sql_bind_int(statement, 1, fg_web_number_of(call, "open", 1));
    fg_sql_bind_int(statement, 2, kind);
    fg_sql_bind_text(statement, 3, fg_web_text_or_empty(call, "station"));
    fg_sql_bind_int(statement, 4, key.since_ms);
    fg_sql_bind_int(statement, 5, key.kind);
    fg_sql_bind_text(statement, 6, key.subject);
    fg_sql_bind_int(statement, 7, key.number);
    fg_sql_bind_int(statement, 8, page.limit + 1);
    while ((object = fg_web_page_next(&page, statement, &result, error)) != NULL) {
        fg_web_alarm_write(&page.json, object, statement);
        alarm_key_write(page.last, sizeof(page.last), statement);
    }
    fg_sql_reset(statement);
    return fg_web_page_end(&page, call, result);
}
