/* Everything about one cylinder, vehicle or operator: GET /api/v1/cylinders/{code}, /vehicles/{plate},
 * /operators/{operator}. What nobody registered but entries name is shown too, as such. */
#include <stdio.h>
#include <string.h>

#include "host/bureau/api/facts.h"
#include "host/bureau/api/handlers.h"
#include "host/bureau/api/json_rows.h"

#define TAG_TEXT_BYTES 64
#define WHY_BYTES 256

/* ---- cylinder ---- */

struct tag {
    char uid[TAG_TEXT_BYTES];
    int64_t until_ms; /* 0 = the present one */
    char why[WHY_BYTES];
};

static void tag_write(struct fg_web_facts *facts, cJSON *array, const struct tag *tag, int64_t from_ms)
{
    cJSON *object;

    if (tag->uid[0] == '\0')
        return;
    object = fg_web_json_push(&facts->json, array);
    fg_web_json_text(&facts->json, object, "uid", tag->uid);
    fg_web_json_number(&facts->json, object, "from_ms", from_ms);
    fg_web_json_number(&facts->json, object, "until_ms", tag->until_ms);
    fg_web_json_text(&facts->json, object, "why", tag->why);
}

/* The present tag and, by the changes of the registry's uid, those before it, each with why it was replaced.
 */
static void tags_write(struct fg_web_facts *facts, const char *code, const char *present)
{
    cJSON *array = fg_web_json_array(&facts->json, facts->json.root, "tags");
    struct fg_sql_statement *statement = fg_web_facts_ask(
        facts,
        "SELECT at_ms, old_value, why FROM change WHERE kind = 'cylinder' AND subject = $1 AND field = 'uid' "
        "ORDER BY number DESC LIMIT $2",
        &code, 1, FG_WEB_FACTS_MAX);
    struct tag tag = {.until_ms = 0};

    (void)snprintf(tag.uid, sizeof(tag.uid), "%s", present);
    while (fg_web_facts_next(facts, statement)) {
        tag_write(facts, array, &tag, fg_sql_int(statement, 0));
        tag.until_ms = fg_sql_int(statement, 0);
        (void)snprintf(tag.uid, sizeof(tag.uid), "%s", fg_sql_text(statement, 1));
        (void)snprintf(tag.why, sizeof(tag.why), "%s", fg_sql_text(statement, 2));
    }
    tag_write(facts, array, &tag, 0);
}

/* What the dossier needs of the registry's row beside showing it. */
struct cylinder {
    bool registered;
    char plate[FG_PLATE_MAX + 1];
    char uid[2 * FG_UID_MAX + 1];
};

static void cylinder_write(struct fg_web_facts *facts, const char *code, struct cylinder *ret_cylinder)
{
    struct fg_web_json *json = &facts->json;
    struct fg_sql_statement *statement = fg_web_facts_ask(
        facts, "SELECT " FG_WEB_CYLINDER_COLUMNS " FROM cylinder WHERE code = $1", &code, 1, 0);

    memset(ret_cylinder, 0, sizeof(*ret_cylinder));
    ret_cylinder->registered = fg_web_facts_next(facts, statement);
    fg_web_json_bool(json, json->root, "registered", ret_cylinder->registered);
    if (ret_cylinder->registered) {
        size_t length = 0;
        const uint8_t *uid = fg_sql_bytes(statement, 1, &length);

        for (size_t i = 0; i < length && i < FG_UID_MAX; i++)
            (void)snprintf(ret_cylinder->uid + 2 * i, 3, "%02x", uid[i]);
        (void)snprintf(ret_cylinder->plate, sizeof(ret_cylinder->plate), "%s", fg_sql_text(statement, 13));
        fg_web_cylinder_write(json, fg_web_json_object(json, json->root, "cylinder"), statement);
    } else {
        fg_web_json_null(json, json->root, "cylinder");
    }
    fg_web_facts_done(statement);
}

static enum fg_err unknown(struct fg_web_facts *facts, const char *what)
{
    if (facts->result == FG_OK)
        facts->result = fg_fail(facts->error, FG_E_NOT_FOUND, "%s", what);
    return facts->result;
}

enum fg_err fg_web_cylinder_show(struct fg_web_call *call, struct fg_error *error)
{
    const char *code = fg_web_text_of(call, "code");
    struct fg_history_filter filter;
    struct fg_web_facts facts;
    struct cylinder cylinder;
    bool any;

    fg_history_filter_start(&filter);
    (void)snprintf(filter.code, sizeof(filter.code), "%s", code);
    fg_web_facts_start(&facts, call, error);
    cylinder_write(&facts, code, &cylinder);
    (void)fg_web_facts_cylinders(&facts, "sisters", cylinder.plate, code);
    tags_write(&facts, code, cylinder.uid);
    fg_web_facts_changes(&facts, "cylinder", code);
    any = fg_web_facts_history(&facts, &filter);
    fg_web_facts_alarms(&facts, "code", code);
    if (!any && !cylinder.registered)
        (void)unknown(&facts, "cylinder");
    return fg_web_facts_answer(&facts, call);
}

/* ---- vehicle ---- */

enum fg_err fg_web_vehicle_show(struct fg_web_call *call, struct fg_error *error)
{
    const char *plate = fg_web_text_of(call, "plate");
    struct fg_history_filter filter;
    struct fg_web_facts facts;
    struct fg_sql_statement *statement;
    cJSON *array;
    size_t cylinders;
    bool any;

    fg_history_filter_start(&filter);
    (void)snprintf(filter.plate, sizeof(filter.plate), "%s", plate);
    fg_web_facts_start(&facts, call, error);
    fg_web_json_text(&facts.json, facts.json.root, "plate", plate);
    cylinders = fg_web_facts_cylinders(&facts, "cylinders", plate, "");
    any = fg_web_facts_history(&facts, &filter);
    array = fg_web_json_array(&facts.json, facts.json.root, "alarms");
    statement = fg_web_facts_ask(&facts,
                                 "SELECT " FG_WEB_ALARM_COLUMNS " FROM alarm WHERE code <> '' AND code IN "
                                 "(SELECT code FROM cylinder WHERE plate = $1 AND plate <> '') ORDER BY "
                                 "since_ms DESC, kind, subject, number LIMIT $2",
                                 &plate, 1, FG_WEB_FACTS_MAX);
    while (fg_web_facts_next(&facts, statement))
        fg_web_alarm_write(&facts.json, fg_web_json_push(&facts.json, array), statement);
    if (!any && cylinders == 0)
        (void)unknown(&facts, "vehicle");
    return fg_web_facts_answer(&facts, call);
}

/* ---- operator ---- */

/* An operator who is not registered, only named by entries, has empty facts. */
static bool operator_write(struct fg_web_facts *facts, const char *id)
{
    struct fg_sql_statement *statement = fg_web_facts_ask(
        facts, "SELECT name, station, certificate_end FROM operator WHERE operator = $1", &id, 1, 0);
    struct fg_web_json *json = &facts->json;
    const char *name = "";
    const char *station = "";
    int64_t certificate_end = 0;
    bool registered = fg_web_facts_next(facts, statement);

    if (registered) {
        name = fg_sql_text(statement, 0);
        station = fg_sql_text(statement, 1);
        certificate_end = fg_sql_int(statement, 2);
    }
    fg_web_json_bool(json, json->root, "registered", registered);
    fg_web_json_text(json, json->root, "operator", id);
    fg_web_json_text(json, json->root, "name", name);
    fg_web_json_text(json, json->root, "station", station);
    fg_web_json_day(json, json->root, "certificate_end", certificate_end);
    fg_web_facts_done(statement);
    return registered;
}

enum fg_err fg_web_operator_show(struct fg_web_call *call, struct fg_error *error)
{
    const char *id = fg_web_text_of(call, "operator");
    struct fg_history_filter filter;
    struct fg_web_facts facts;
    bool registered;
    bool any;

    fg_history_filter_start(&filter);
    (void)snprintf(filter.operator_id, sizeof(filter.operator_id), "%s", id);
    fg_web_facts_start(&facts, call, error);
    registered = operator_write(&facts, id);
    any = fg_web_facts_history(&facts, &filter);
    fg_web_facts_changes(&facts, "operator", id);
    if (!any && !registered)
        (void)unknown(&facts, "operator");
    return fg_web_facts_answer(&facts, call);
}
