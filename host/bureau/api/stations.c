/* Everything about one station or filling point: GET /api/v1/stations/{station}, /points/{point}. */
#include <stdio.h>
#include <string.h>

#include "host/bureau/api/facts.h"
#include "host/bureau/api/handlers.h"
#include "host/bureau/history/day_sums.h"
#include "host/bureau/web/web_shared.h"
#include "lib/domain/names.h"

#define NIGHTS 8
#define HALF_DAY_MS INT64_C(43200000)

#define POINT_COLUMNS "point, station, controller, note, medium"

static void point_write(struct fg_web_json *json, cJSON *object, const struct fg_sql_statement *row)
{
    static const char *const texts[] = {"point", "station", "controller", "note"};

    for (unsigned i = 0; i < 4; i++)
        fg_web_json_text(json, object, texts[i], fg_sql_text(row, i));
    fg_web_json_text(json, object, "medium", fg_medium_name(fg_sql_int(row, 4)));
}

/* ---- station ---- */

/* Who the station is, by the registry, or as a device that is in no registry. Returns whether it is known. */
static bool station_write(struct fg_web_facts *facts, const char *station)
{
    static const char *const texts[] = {"name", "owner", "area"};
    struct fg_web_json *json = &facts->json;
    struct fg_sql_statement *statement = fg_web_facts_ask(
        facts,
        "SELECT COALESCE(s.name, ''), COALESCE(s.owner, ''), COALESCE(s.area, ''), COALESCE(s.latitude_udeg, "
        "0), COALESCE(s.longitude_udeg, 0) FROM (SELECT station FROM station WHERE station = $1 UNION SELECT "
        "device AS station FROM device WHERE device = $1 AND role = 'station') t LEFT JOIN station s ON "
        "s.station = t.station",
        &station, 1, 0);
    bool known = fg_web_facts_next(facts, statement);

    fg_web_json_text(json, json->root, "station", station);
    for (unsigned i = 0; i < 3; i++)
        fg_web_json_text(json, json->root, texts[i], known ? fg_sql_text(statement, i) : "");
    fg_web_json_number(json, json->root, "latitude_udeg", known ? fg_sql_int(statement, 3) : 0);
    fg_web_json_number(json, json->root, "longitude_udeg", known ? fg_sql_int(statement, 4) : 0);
    fg_web_facts_done(statement);
    return known;
}

static void points_write(struct fg_web_facts *facts, const char *station)
{
    cJSON *array = fg_web_json_array(&facts->json, facts->json.root, "points");
    struct fg_sql_statement *statement = fg_web_facts_ask(
        facts, "SELECT " POINT_COLUMNS " FROM point WHERE station = $1 ORDER BY point LIMIT $2", &station, 1,
        FG_WEB_FACTS_MAX);

    while (fg_web_facts_next(facts, statement))
        point_write(&facts->json, fg_web_json_push(&facts->json, array), statement);
}

/* What arrived in the last nights, each from noon to noon, none left out: a night without anything is what
 * the page is for. The present one is the first. */
static void nights_write(struct fg_web_facts *facts, const struct fg_web_call *call, const char *station)
{
    int32_t offset_min = call->web->settings.alarms->utc_offset_min;
    int64_t last = fg_day_of(call->now_ms + HALF_DAY_MS, offset_min);
    int64_t counts[NIGHTS] = {0};
    cJSON *array = fg_web_json_array(&facts->json, facts->json.root, "nights");
    struct fg_sql_statement *statement = fg_web_facts_ask(
        facts, "SELECT day, entries FROM station_night WHERE station = $1 ORDER BY day DESC LIMIT $2",
        &station, 1, NIGHTS);

    while (fg_web_facts_next(facts, statement)) {
        int64_t back = last - fg_sql_int(statement, 0);

        if (back >= 0 && back < NIGHTS)
            counts[back] = fg_sql_int(statement, 1);
    }
    for (int64_t i = 0; i < NIGHTS; i++) {
        cJSON *object = fg_web_json_push(&facts->json, array);

        fg_web_json_day(&facts->json, object, "day", last - i);
        fg_web_json_number(&facts->json, object, "entries", counts[i]);
    }
}

enum fg_err fg_web_station_show(struct fg_web_call *call, struct fg_error *error)
{
    const char *station = fg_web_text_of(call, "station");
    struct fg_history_filter filter;
    struct fg_web_facts facts;
    bool known;
    bool any;

    fg_history_filter_start(&filter);
    (void)snprintf(filter.station, sizeof(filter.station), "%s", station);
    fg_web_facts_start(&facts, call, error);
    known = station_write(&facts, station);
    points_write(&facts, station);
    fg_web_facts_devices(&facts, fg_web_json_array(&facts.json, facts.json.root, "devices"), station);
    nights_write(&facts, call, station);
    any = fg_web_facts_history(&facts, &filter);
    fg_web_facts_alarms(&facts, "station", station);
    fg_web_facts_changes(&facts, "station", station);
    if (facts.result == FG_OK && !known && !any)
        facts.result = fg_fail(error, FG_E_NOT_FOUND, "station");
    return fg_web_facts_answer(&facts, call);
}

/* ---- point ---- */

enum fg_err fg_web_point_show(struct fg_web_call *call, struct fg_error *error)
{
    const char *point = fg_web_text_of(call, "point");
    struct fg_history_filter filter;
    struct fg_sql_statement *statement;
    char controller[FG_NAME_MAX + 1] = "";
    struct fg_web_facts facts;
    bool registered;

    fg_history_filter_start(&filter);
    (void)snprintf(filter.point, sizeof(filter.point), "%s", point);
    fg_web_facts_start(&facts, call, error);
    statement =
        fg_web_facts_ask(&facts, "SELECT " POINT_COLUMNS " FROM point WHERE point = $1", &point, 1, 0);
    registered = fg_web_facts_next(&facts, statement);
    fg_web_json_bool(&facts.json, facts.json.root, "registered", registered);
    if (registered) {
        (void)snprintf(controller, sizeof(controller), "%s", fg_sql_text(statement, 2));
        point_write(&facts.json, fg_web_json_object(&facts.json, facts.json.root, "point"), statement);
    }
    fg_web_facts_done(statement);
    fg_web_facts_device(&facts, "device", controller);
    (void)fg_web_facts_history(&facts, &filter);
    fg_web_facts_alarms(&facts, "controller", controller);
    fg_web_facts_changes(&facts, "point", point);
    /* Entries name controllers, not points: without the registry nothing is known of one. */
    if (facts.result == FG_OK && !registered)
        facts.result = fg_fail(error, FG_E_NOT_FOUND, "point");
    return fg_web_facts_answer(&facts, call);
}
