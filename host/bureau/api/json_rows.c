/* Implementation of rows as JSON (json_rows.h). */
#include "host/bureau/api/json_rows.h"

#include "host/bureau/alarm/alarms.h"
#include "lib/domain/names.h"

void fg_web_cylinder_write(struct fg_web_json *json, cJSON *object, const struct fg_sql_statement *row)
{
    static const char *const numbers[] = {"nominal_kpa", "capacity_dl", "tare_g", "maximum_fill_g"};
    static const char *const days[] = {"made", "inspection_due", "end_of_life"};
    static const char *const texts[] = {"owner", "plate", "area"};
    size_t length = 0;
    const uint8_t *uid = fg_sql_bytes(row, 1, &length);

    fg_web_json_text(json, object, "code", fg_sql_text(row, 0));
    fg_web_json_hex(json, object, "uid", uid, length);
    fg_web_json_text(json, object, "state", fg_state_name(fg_sql_int(row, 2)));
    fg_web_json_text(json, object, "medium", fg_medium_name(fg_sql_int(row, 3)));
    fg_web_json_bool(json, object, "first_fill_pending", fg_sql_int(row, 4) != 0);
    for (unsigned i = 0; i < 4; i++)
        fg_web_json_number(json, object, numbers[i], fg_sql_int(row, 5 + i));
    for (unsigned i = 0; i < 3; i++)
        fg_web_json_day(json, object, days[i], fg_sql_int(row, 9 + i));
    for (unsigned i = 0; i < 3; i++)
        fg_web_json_text(json, object, texts[i], fg_sql_text(row, 12 + i));
}

void fg_web_alarm_write(struct fg_web_json *json, cJSON *object, const struct fg_sql_statement *row)
{
    fg_web_json_text(json, object, "kind", fg_alarm_name((enum fg_alarm_kind)fg_sql_int(row, 0)));
    fg_web_json_text(json, object, "subject", fg_sql_text(row, 1));
    fg_web_json_number(json, object, "number", fg_sql_int(row, 2));
    fg_web_json_number(json, object, "since_ms", fg_sql_int(row, 3));
    fg_web_json_number(json, object, "last_ms", fg_sql_int(row, 4));
    fg_web_json_number(json, object, "count", fg_sql_int(row, 5));
    fg_web_json_text(json, object, "controller", fg_sql_text(row, 6));
    fg_web_json_text(json, object, "station", fg_sql_text(row, 7));
    fg_web_json_text(json, object, "code", fg_sql_text(row, 8));
    fg_web_json_number(json, object, "sequence", fg_sql_int(row, 9));
    fg_web_json_phrase(json, object, "detail", fg_sql_text(row, 10));
    fg_web_json_number(json, object, "closed_ms", fg_sql_int(row, 11));
    fg_web_json_text(json, object, "closed_by", fg_sql_text(row, 12));
    fg_web_json_phrase(json, object, "closed_why", fg_sql_text(row, 13));
}

void fg_web_station_write(struct fg_web_json *json, cJSON *object, const struct fg_sql_statement *row,
                          int64_t silent_before_ms)
{
    static const char *const texts[] = {"station", "name", "owner", "area"};
    int64_t contact_ms = fg_sql_int(row, 4);

    for (unsigned i = 0; i < 4; i++)
        fg_web_json_text(json, object, texts[i], fg_sql_text(row, i));
    fg_web_json_number(json, object, "contact_ms", contact_ms);
    fg_web_json_bool(json, object, "silent", contact_ms < silent_before_ms);
    fg_web_json_number(json, object, "open_alarms", fg_sql_int(row, 5));
    fg_web_json_number(json, object, "points", fg_sql_int(row, 6));
}
