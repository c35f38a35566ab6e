/* Devices for the administrator: GET /api/v1/devices, POST /api/v1/devices/{device}/suspend and /resume, POST
 * /api/v1/devices/codes. */
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/api/handlers.h"
#include "host/bureau/api/publications.h"
#include "host/bureau/device/enrolment.h"
#include "host/bureau/journal/suspension.h"
#include "host/bureau/web/web_page.h"
#include "lib/base/monotime.h"

#define HOUR_MS INT64_C(3600000)
#define CODE_HOURS 24
#define DETAIL_BYTES 400
#define PUBLISH_WAIT_MS 10000 /* for others that publish */

/* ---- GET /devices ---- */

static void device_write(struct fg_web_json *json, cJSON *object, const struct fg_sql_statement *row)
{
    static const char *const texts[] = {"device", "role", "station", "list_id"};
    static const char *const numbers[] = {"enrolled_ms", "certificate_end_ms", "contact_ms"};

    for (unsigned i = 0; i < 4; i++)
        fg_web_json_text(json, object, texts[i], fg_sql_text(row, i));
    fg_web_json_bool(json, object, "suspended", fg_sql_int(row, 4) != 0);
    for (unsigned i = 0; i < 3; i++)
        fg_web_json_number(json, object, numbers[i], fg_sql_int(row, 5 + i));
    fg_web_json_text(json, object, "software", fg_sql_text(row, 8));
    fg_web_json_text(json, object, "names", fg_sql_text(row, 9));
    fg_web_json_bool(json, object, "points_go_on", fg_sql_int(row, 10) != 0);
}

enum fg_err fg_web_devices_list(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_web_page page;
    cJSON *object;
    enum fg_err result = fg_sql_prepare(
        call->sql,
        "SELECT d.device, d.role, d.station, d.list_id, d.suspended, d.enrolled_ms, d.certificate_end_ms, "
        "COALESCE(r.contact_ms, 0), COALESCE(r.version, ''), COALESCE(d.names, "
        "''), " FG_SUSPENSION_POINTS_GO_ON(
            "d.device") " FROM device d LEFT JOIN "
                        "device_report r ON "
                        "r.device = d.device WHERE d.device > $1 ORDER BY d.device LIMIT $2",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_web_page_start(&page, call, "devices");
    fg_sql_bind_text(statement, 1, fg_web_text_or_empty(call, "after"));
    fg_sql_bind_int(statement, 2, page.limit + 1);
    while ((object = fg_web_page_next(&page, statement, &result, error)) != NULL) {
        device_write(&page.json, object, statement);
        fg_web_page_key(&page, fg_sql_text(statement, 0));
    }
    fg_sql_reset(statement);
    return fg_web_page_end(&page, call, result);
}

/* ---- suspension ---- */

/* A list of this station stops the device's points, or lets them go. */
struct list_outcome {
    const char *station;
    bool in_force;   /* a list that says so is handed on */
    int64_t version; /* 0 = the one before says so already */
    const char *why; /* not */
};

static enum fg_err outcome_note(struct fg_web_call *call, const char *device, bool suspended,
                                const struct list_outcome *outcome, struct fg_error *error)
{
    char detail[DETAIL_BYTES];
    enum fg_err result = fg_sql_begin(call->sql, error);

    if (outcome->in_force && outcome->version != 0)
        (void)snprintf(detail, sizeof(detail), "list %s, version %lld", outcome->station,
                       (long long)outcome->version);
    else if (outcome->in_force)
        (void)snprintf(detail, sizeof(detail), "list %s needs no new version", outcome->station);
    else
        (void)snprintf(detail, sizeof(detail), "list %s is not published: %.240s; its points %s until it is",
                       outcome->station, outcome->why, suspended ? "go on" : "stay blocked");
    if (result == FG_OK)
        result = fg_web_trail_add(call, "DEVICE_LIST", device, detail, error);
    if (result == FG_OK)
        result = fg_sql_commit(call->sql, error);
    fg_sql_rollback(call->sql);
    return result;
}

static void outcome_write(struct fg_web_json *json, cJSON *array, const struct list_outcome *outcome)
{
    cJSON *object = fg_web_json_push(json, array);

    fg_web_json_text(json, object, "id", outcome->station);
    fg_web_json_bool(json, object, "in_force", outcome->in_force);
    fg_web_json_number(json, object, "version", outcome->version);
    fg_web_json_phrase(json, object, "why", outcome->why);
}

/* What speaks against publishing is told in the outcome, and undoes nothing. */
static enum fg_err list_publish(struct fg_web_call *call, const char *device, bool suspended,
                                const struct fg_web_publish_order *order, cJSON *array,
                                struct fg_web_json *json, struct fg_error *error)
{
    struct fg_publish_result published = {0};
    struct fg_error why = {.text = ""};
    struct list_outcome outcome = {.station = order->station, .why = ""};

    outcome.in_force = fg_web_publish_station(call, order, &published, &why) == FG_OK;
    if (!outcome.in_force)
        outcome.why = why.text;
    else if (published.published)
        outcome.version = (int64_t)published.manifest.version;
    outcome_write(json, array, &outcome);
    return outcome_note(call, device, suspended, &outcome, error);
}

/* The lists that name the device's points, at once; dated at the suspension or after it, as they stop the
 * points. */
static enum fg_err lists_publish(struct fg_web_call *call, const char *device, bool suspended,
                                 struct fg_web_json *json, struct fg_error *error)
{
    cJSON *array = fg_web_json_array(json, json->root, "lists");
    char station[FG_NAME_MAX + 1] = "";
    struct fg_web_publish_order order = {
        .station = station, .forced = suspended, .give_up_mono_ms = fg_mono_ms() + PUBLISH_WAIT_MS};
    enum fg_err result = fg_suspension_since(call->sql, device, &order.not_before_ms, error);

    if (result == FG_E_NOT_FOUND)
        result = FG_OK; /* released, or a station */
    while (result == FG_OK) {
        result = fg_suspension_station_next(call->sql, device, FG_SUSPENSION_ALL, station, error);
        if (result == FG_OK)
            result = list_publish(call, device, suspended, &order, array, json, error);
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err suspend(struct fg_web_call *call, bool suspended, struct fg_error *error)
{
    const char *device = fg_web_text_of(call, "device");
    struct fg_web_json json;
    enum fg_err result = fg_device_suspend(call->sql, device, suspended, call->user.user,
                                           fg_web_text_of(call, "why"), call->now_ms, error);

    if (result != FG_OK)
        return result;
    fg_web_json_start(&json);
    fg_web_json_text(&json, json.root, "device", device);
    fg_web_json_bool(&json, json.root, "suspended", suspended);
    result = lists_publish(call, device, suspended, &json, error);
    if (result == FG_OK)
        return fg_web_answer_json(call, 200, &json);
    fg_web_json_free(&json);
    return result;
}

enum fg_err fg_web_device_suspend(struct fg_web_call *call, struct fg_error *error)
{
    return suspend(call, true, error);
}

enum fg_err fg_web_device_resume(struct fg_web_call *call, struct fg_error *error)
{
    return suspend(call, false, error);
}

/* ---- one-time codes ---- */

enum fg_err fg_web_device_code(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_one_time_order order = {.device = fg_web_text_of(call, "device"),
                                      .role = fg_web_text_of(call, "role"),
                                      .station = fg_web_text_of(call, "station"),
                                      .list_id = fg_web_text_of(call, "list_id"),
                                      .who = call->user.user,
                                      .expires_ms = call->now_ms +
                                                    fg_web_number_of(call, "hours", CODE_HOURS) * HOUR_MS};
    char code[FG_ONE_TIME_CODE_TEXT];
    struct fg_web_json json;
    enum fg_err result;

    if (order.station == NULL && strcmp(order.role, FG_ROLE_STATION) == 0)
        order.station = order.device;
    if (order.station == NULL)
        return fg_fail(error, FG_E_RANGE, "station is missing");
    if (order.list_id == NULL)
        order.list_id = order.station;
    result = fg_device_names_parse(fg_web_text_or_empty(call, "names"), &order.names, error);
    if (result == FG_OK)
        result = fg_one_time_code_new(call->sql, &order, call->now_ms, code, error);
    if (result != FG_OK)
        return result;
    fg_web_json_start(&json);
    fg_web_json_text(&json, json.root, "device", order.device);
    fg_web_json_text(&json, json.root, "code", code);
    fg_web_json_number(&json, json.root, "expires_ms", order.expires_ms);
    mbedtls_platform_zeroize(code, sizeof(code));
    return fg_web_answer_json(call, 201, &json);
}
