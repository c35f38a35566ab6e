/* Devices for the administrator: GET /api/v1/devices, POST /api/v1/devices/{device}/suspend and /resume, POST
 * /api/v1/devices/codes. */
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/enrolment.h"
#include "host/bureau/web_handlers.h"
#include "host/bureau/web_page.h"

#define HOUR_MS INT64_C(3600000)
#define CODE_HOURS 24

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
}

enum fg_err fg_web_devices_list(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_web_page page;
    cJSON *object;
    enum fg_err result = fg_sql_prepare(
        call->sql,
        "SELECT d.device, d.role, d.station, d.list_id, d.suspended, d.enrolled_ms, d.certificate_end_ms, "
        "COALESCE(r.contact_ms, 0), COALESCE(r.version, ''), COALESCE(d.names, '') FROM device d LEFT JOIN "
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
    return fg_web_answer_json(call, 200, &json);
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
        return fg_fail(error, FG_E_RANGE, "station: is missing");
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
