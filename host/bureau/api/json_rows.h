/* Rows of the bureau's tables as the JSON of the pages: one place for each kind of row, so that it looks the
 * same wherever it stands.
 *
 * Relies on: host/sql, web_json.h. */
#ifndef FG_HOST_BUREAU_API_JSON_ROWS_H
#define FG_HOST_BUREAU_API_JSON_ROWS_H

#include "host/bureau/web/web_json.h"
#include "host/sql/sql.h"

#define FG_WEB_CYLINDER_COLUMNS                                                                              \
    "code, uid, state, medium, first_fill_pending, nominal_kpa, capacity_dl, tare_g, maximum_fill_g, made, " \
    "inspection_due, end_of_life, owner, plate, area"
void fg_web_cylinder_write(struct fg_web_json *json, cJSON *object, const struct fg_sql_statement *row);

#define FG_WEB_ALARM_COLUMNS                                                                                 \
    "kind, subject, number, since_ms, last_ms, count, controller, station, code, sequence, detail, "         \
    "closed_ms, closed_by, closed_why"
void fg_web_alarm_write(struct fg_web_json *json, cJSON *object, const struct fg_sql_statement *row);

/* StationRow: the stations of registry and devices; conditions and order over t, s and r follow. */
#define FG_WEB_STATIONS                                                                                      \
    "SELECT t.station, COALESCE(s.name, ''), COALESCE(s.owner, ''), COALESCE(s.area, ''), "                  \
    "COALESCE(r.contact_ms, 0), (SELECT COUNT(*) FROM alarm a WHERE a.station = t.station AND "              \
    "a.closed_ms = 0), (SELECT COUNT(*) FROM point p WHERE p.station = t.station) FROM (SELECT station "     \
    "FROM station UNION SELECT device AS station FROM device WHERE role = 'station') t LEFT JOIN station "   \
    "s ON s.station = t.station LEFT JOIN device_report r ON r.device = t.station "
void fg_web_station_write(struct fg_web_json *json, cJSON *object, const struct fg_sql_statement *row,
                          int64_t silent_before_ms);

#endif
