/* The figures of a range of days: GET /api/v1/overview.
 *
 * From sums (day_sums.h), the registry, the alarms and the cases; no entry is read, so that it costs the same
 * whatever the journals hold. What each rate means stands in the catalogue (page_texts.def, DEFINITION_...),
 * and beside its statement here. */
#include <string.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/api/facts.h"
#include "host/bureau/api/handlers.h"
#include "host/bureau/api/json_rows.h"
#include "host/bureau/audit/audit_findings.h"
#include "host/bureau/history/day_sums.h"
#include "host/bureau/web/web_shared.h"

#define DAYS_MAX 400
#define DAYS_OTHERWISE 30
#define REASONS 256
#define DISTRICTS_MAX 100
#define STATIONS_MAX 200
#define FINDINGS_MAX 20
#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)

struct day {
    int64_t fills;
    int64_t refusals;
    int64_t quantity_g;
};

struct range {
    int64_t from_day;
    int64_t until_day; /* inclusive */
    int64_t today;
    int32_t utc_offset_min;
};

static enum fg_err range_take(const struct fg_web_call *call, struct range *ret_range, struct fg_error *error)
{
    struct range range = {.utc_offset_min = call->web->settings.alarms->utc_offset_min};

    range.today = fg_day_of(call->now_ms, range.utc_offset_min);
    range.until_day = fg_web_number_of(call, "until_day", range.today);
    range.from_day = fg_web_number_of(
        call, "from_day", range.until_day > DAYS_OTHERWISE ? range.until_day - DAYS_OTHERWISE : 0);
    if (range.from_day > range.until_day || range.until_day - range.from_day >= DAYS_MAX)
        return fg_fail(error, FG_E_RANGE, "from_day to until_day must be 1 to %d days", DAYS_MAX);
    *ret_range = range;
    return FG_OK;
}

/* ---- days and reasons ---- */

static void days_read(struct fg_web_facts *facts, const struct range *range, struct day days[DAYS_MAX],
                      int64_t reasons[REASONS])
{
    struct fg_sql_statement *statement = fg_web_facts_ask(
        facts,
        "SELECT day, kind, reason, CAST(SUM(entries) AS BIGINT), CAST(SUM(quantity_g) AS BIGINT) FROM "
        "station_day WHERE day >= $1 AND day <= $2 AND kind IN (4, 6) GROUP BY day, kind, reason",
        NULL, 0, 0);

    if (statement == NULL)
        return;
    fg_sql_bind_int(statement, 1, range->from_day);
    fg_sql_bind_int(statement, 2, range->until_day);
    while (fg_web_facts_next(facts, statement)) {
        struct day *day = &days[fg_sql_int(statement, 0) - range->from_day];
        int64_t reason = fg_sql_int(statement, 2);

        if (fg_sql_int(statement, 1) == FG_ENTRY_ENDED) {
            day->fills += fg_sql_int(statement, 3);
            day->quantity_g += fg_sql_int(statement, 4);
        } else {
            day->refusals += fg_sql_int(statement, 3);
            if (reason >= 0 && reason < REASONS)
                reasons[reason] += fg_sql_int(statement, 3);
        }
    }
}

static void days_write(struct fg_web_facts *facts, const struct range *range, const struct day *days)
{
    struct fg_web_json *json = &facts->json;
    cJSON *array = fg_web_json_array(json, json->root, "days");
    struct day sum = {0};

    for (int64_t i = 0; i <= range->until_day - range->from_day; i++) {
        cJSON *object = fg_web_json_push(json, array);

        fg_web_json_day(json, object, "day", range->from_day + i);
        fg_web_json_number(json, object, "fills", days[i].fills);
        fg_web_json_number(json, object, "refusals", days[i].refusals);
        fg_web_json_number(json, object, "quantity_g", days[i].quantity_g);
        sum.fills += days[i].fills;
        sum.refusals += days[i].refusals;
        sum.quantity_g += days[i].quantity_g;
    }
    fg_web_json_number(json, json->root, "fills", sum.fills);
    fg_web_json_number(json, json->root, "refused", sum.refusals);
    fg_web_json_number(json, json->root, "quantity_g", sum.quantity_g);
}

static void count_write(struct fg_web_json *json, cJSON *array, const char *name, int64_t count)
{
    cJSON *object = fg_web_json_push(json, array);

    fg_web_json_text(json, object, "name", name);
    fg_web_json_number(json, object, "count", count);
}

/* The most frequent first. */
static void reasons_write(struct fg_web_facts *facts, int64_t reasons[REASONS])
{
    cJSON *array = fg_web_json_array(&facts->json, facts->json.root, "refusals");

    for (;;) {
        size_t most = 0;

        for (size_t i = 1; i < REASONS; i++) {
            if (reasons[i] > reasons[most])
                most = i;
        }
        if (reasons[most] == 0)
            return;
        count_write(&facts->json, array, fg_reason_name((enum fg_reason)most), reasons[most]);
        reasons[most] = 0;
    }
}

/* ---- rates ---- */

static const char *const rate_names[] = {"CYLINDERS_REGISTERED", "INSPECTIONS_IN_DATE", "OPERATORS_CERTIFIED",
                                         "HAZARDS_CLOSED"};
/* Each gives district, numerator, denominator; districts are areas of the registry. $1 to $2: the range's
 * days, $3: today, $4 to $5: the range's milliseconds. Every statement names all five.
 *
 * Cylinders registered: of the decisions of the range, those over a cylinder that is on the list (any but
 * refusals for NOT_LISTED), by the station's district.
 * Inspections in date: of the cylinders in service, those whose inspection is due today or later, by their
 * district.
 * Operators certified: of the operators, those whose certificate ends today or later, by their station's
 * district.
 * Hazards closed: of the cases opened in the range (each alarm becomes one), those that somebody closed, by
 * the station's district. */
static const char *const rate_texts[] = {
    "SELECT COALESCE(s.area, ''), CAST(SUM(d.listed) AS BIGINT), CAST(SUM(d.decided) AS BIGINT) FROM (SELECT "
    "station, SUM(entries) AS decided, SUM(CASE WHEN kind = 4 AND reason = 30 THEN 0 ELSE entries END) AS "
    "listed FROM station_day WHERE day >= $1 AND day <= $2 AND kind IN (4, 5) AND $3 = $3 AND $4 = $4 AND $5 "
    "= $5 GROUP BY station) d LEFT JOIN station s ON s.station = d.station GROUP BY COALESCE(s.area, '') "
    "ORDER BY 1",
    "SELECT area, SUM(CASE WHEN inspection_due >= $3 THEN 1 ELSE 0 END), COUNT(*) FROM cylinder WHERE state "
    "= 1 AND $1 = $1 AND $2 = $2 AND $4 = $4 AND $5 = $5 GROUP BY area ORDER BY area",
    "SELECT COALESCE(s.area, ''), SUM(CASE WHEN o.certificate_end >= $3 THEN 1 ELSE 0 END), COUNT(*) FROM "
    "operator o LEFT JOIN station s ON s.station = o.station WHERE $1 = $1 AND $2 = $2 AND $4 = $4 AND $5 = "
    "$5 GROUP BY COALESCE(s.area, '') ORDER BY 1",
    "SELECT COALESCE(s.area, ''), SUM(CASE WHEN c.closed_ms > 0 THEN 1 ELSE 0 END), COUNT(*) FROM "
    "hazard_case c LEFT JOIN station s ON s.station = c.station WHERE c.opened_ms >= $4 AND c.opened_ms < $5 "
    "AND $1 = $1 AND $2 = $2 AND $3 = $3 GROUP BY COALESCE(s.area, '') ORDER BY 1",
};

static void rate_write(struct fg_web_json *json, cJSON *array, const char *name, const char *district,
                       int64_t numerator, int64_t denominator)
{
    cJSON *object = fg_web_json_push(json, array);

    fg_web_json_text(json, object, "name", name);
    fg_web_json_text(json, object, "district", district);
    fg_web_json_number(json, object, "numerator", numerator);
    fg_web_json_number(json, object, "denominator", denominator);
}

/* One rate: its districts, then the whole city, which also has what is in no district. */
static void rate_ask(struct fg_web_facts *facts, cJSON *array, size_t rate, const struct range *range)
{
    struct fg_sql_statement *statement = fg_web_facts_ask(facts, rate_texts[rate], NULL, 0, 0);
    int64_t shift_ms = (int64_t)range->utc_offset_min * MINUTE_MS;
    int64_t numerator = 0;
    int64_t denominator = 0;
    size_t districts = 0;

    if (statement == NULL)
        return;
    fg_sql_bind_int(statement, 1, range->from_day);
    fg_sql_bind_int(statement, 2, range->until_day);
    fg_sql_bind_int(statement, 3, range->today);
    fg_sql_bind_int(statement, 4, range->from_day * DAY_MS - shift_ms);
    fg_sql_bind_int(statement, 5, (range->until_day + 1) * DAY_MS - shift_ms);
    while (fg_web_facts_next(facts, statement)) {
        numerator += fg_sql_int(statement, 1);
        denominator += fg_sql_int(statement, 2);
        if (fg_sql_text(statement, 0)[0] != '\0' && districts++ < DISTRICTS_MAX)
            rate_write(&facts->json, array, rate_names[rate], fg_sql_text(statement, 0),
                       fg_sql_int(statement, 1), fg_sql_int(statement, 2));
    }
    rate_write(&facts->json, array, rate_names[rate], "", numerator, denominator);
}

/* ---- stations and alarms ---- */

/* Those that were silent the longest come first. */
static void stations_write(struct fg_web_facts *facts, const struct fg_web_call *call)
{
    int64_t silent_ms = (int64_t)call->web->settings.alarms->station_silent_min * MINUTE_MS;
    int64_t silent_before_ms = silent_ms > 0 ? call->now_ms - silent_ms : INT64_MIN;
    cJSON *array = fg_web_json_array(&facts->json, facts->json.root, "stations");
    struct fg_sql_statement *statement =
        fg_web_facts_ask(facts, FG_WEB_STATIONS "ORDER BY COALESCE(r.contact_ms, 0), t.station LIMIT $1",
                         NULL, 0, STATIONS_MAX);

    while (fg_web_facts_next(facts, statement))
        fg_web_station_write(&facts->json, fg_web_json_push(&facts->json, array), statement,
                             silent_before_ms);
}

static void alarms_write(struct fg_web_facts *facts)
{
    cJSON *array = fg_web_json_array(&facts->json, facts->json.root, "open_alarms");
    struct fg_sql_statement *statement = fg_web_facts_ask(
        facts, "SELECT kind, COUNT(*) FROM alarm WHERE closed_ms = 0 GROUP BY kind ORDER BY 2 DESC, kind",
        NULL, 0, 0);

    while (fg_web_facts_next(facts, statement))
        count_write(&facts->json, array, fg_alarm_name((enum fg_alarm_kind)fg_sql_int(statement, 0)),
                    fg_sql_int(statement, 1));
}

/* Which entries were found altered, and since when: between whole_ms and found_ms. */
static void findings_write(struct fg_web_facts *facts, const struct fg_web_call *call)
{
    struct fg_audit_finding_kept found[FINDINGS_MAX];
    struct fg_web_json *json = &facts->json;
    cJSON *array = fg_web_json_array(json, json->root, "findings");
    uint64_t altered = 0;
    size_t count = 0;

    if (facts->result == FG_OK)
        facts->result = fg_audit_findings_count(call->sql, &altered, facts->error);
    if (facts->result == FG_OK)
        facts->result = fg_audit_findings_list(call->sql, FINDINGS_MAX, found, &count, facts->error);
    for (size_t i = 0; i < count; i++) {
        cJSON *object = fg_web_json_push(json, array);

        fg_web_json_text(json, object, "controller", found[i].what.controller);
        fg_web_json_number(json, object, "sequence", (int64_t)found[i].what.sequence);
        fg_web_json_text(json, object, "text", found[i].what.text);
        fg_web_json_number(json, object, "found_ms", found[i].found_ms);
        fg_web_json_number(json, object, "whole_ms", found[i].whole_ms);
    }
    fg_web_json_number(json, json->root, "altered", (int64_t)altered);
}

enum fg_err fg_web_overview_show(struct fg_web_call *call, struct fg_error *error)
{
    struct day days[DAYS_MAX] = {0};
    int64_t reasons[REASONS] = {0};
    struct fg_web_facts facts;
    struct range range = {0};
    cJSON *array;
    enum fg_err result = range_take(call, &range, error);

    if (result != FG_OK)
        return result;
    fg_web_facts_start(&facts, call, error);
    fg_web_json_day(&facts.json, facts.json.root, "from_day", range.from_day);
    fg_web_json_day(&facts.json, facts.json.root, "until_day", range.until_day);
    days_read(&facts, &range, days, reasons);
    days_write(&facts, &range, days);
    reasons_write(&facts, reasons);
    array = fg_web_json_array(&facts.json, facts.json.root, "rates");
    for (size_t i = 0; i < sizeof(rate_names) / sizeof(rate_names[0]); i++)
        rate_ask(&facts, array, i, &range);
    stations_write(&facts, call);
    alarms_write(&facts);
    findings_write(&facts, call);
    return fg_web_facts_answer(&facts, call);
}
