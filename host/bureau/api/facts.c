/* Implementation of what pages about one thing share (facts.h). */
#include "host/bureau/api/facts.h"

#include <string.h>

#include "host/bureau/api/entries.h"
#include "host/bureau/api/json_rows.h"

void fg_web_facts_start(struct fg_web_facts *facts, struct fg_web_call *call, struct fg_error *error)
{
    memset(facts, 0, sizeof(*facts));
    facts->sql = call->sql;
    facts->error = error;
    fg_web_json_start(&facts->json);
}

enum fg_err fg_web_facts_answer(struct fg_web_facts *facts, struct fg_web_call *call)
{
    if (facts->result == FG_OK)
        return fg_web_answer_json(call, 200, &facts->json);
    fg_web_json_free(&facts->json);
    return facts->result;
}

struct fg_sql_statement *fg_web_facts_ask(struct fg_web_facts *facts, const char *text,
                                          const char *const *values, size_t count, int64_t limit)
{
    struct fg_sql_statement *statement = NULL;

    if (facts->result == FG_OK)
        facts->result = fg_sql_prepare(facts->sql, text, &statement, facts->error);
    if (facts->result != FG_OK)
        return NULL;
    for (size_t i = 0; i < count; i++)
        fg_sql_bind_text(statement, (unsigned)i + 1, values[i]);
    if (limit > 0)
        fg_sql_bind_int(statement, (unsigned)count + 1, limit);
    return statement;
}

bool fg_web_facts_next(struct fg_web_facts *facts, struct fg_sql_statement *statement)
{
    enum fg_err result;

    if (statement == NULL || facts->result != FG_OK)
        return false;
    result = fg_sql_next(statement, facts->error);
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        facts->result = result;
    return result == FG_OK;
}

void fg_web_facts_done(struct fg_sql_statement *statement)
{
    if (statement != NULL)
        fg_sql_reset(statement);
}

void fg_web_facts_changes(struct fg_web_facts *facts, const char *kind, const char *key)
{
    static const char *const names[] = {"field", "old_value", "new_value", "who", "why"};
    const char *const values[] = {kind, key};
    cJSON *array = fg_web_json_array(&facts->json, facts->json.root, "changes");
    struct fg_sql_statement *statement = fg_web_facts_ask(
        facts,
        "SELECT at_ms, field, old_value, new_value, who, why FROM change WHERE kind = $1 AND "
        "subject = $2 ORDER BY number DESC LIMIT $3",
        values, 2, FG_WEB_FACTS_MAX);

    while (fg_web_facts_next(facts, statement)) {
        cJSON *object = fg_web_json_push(&facts->json, array);

        fg_web_json_number(&facts->json, object, "at_ms", fg_sql_int(statement, 0));
        for (unsigned i = 0; i < 5; i++)
            fg_web_json_text(&facts->json, object, names[i], fg_sql_text(statement, i + 1));
    }
}

#define ALARMS_OF(column)                                                                                    \
    "SELECT " FG_WEB_ALARM_COLUMNS " FROM alarm WHERE " column " = $1 AND " column                           \
    " <> '' ORDER BY since_ms DESC, kind, subject, number LIMIT $2"

void fg_web_facts_alarms(struct fg_web_facts *facts, const char *column, const char *value)
{
    cJSON *array = fg_web_json_array(&facts->json, facts->json.root, "alarms");
    const char *text = strcmp(column, "code") == 0      ? ALARMS_OF("code")
                       : strcmp(column, "station") == 0 ? ALARMS_OF("station")
                                                        : ALARMS_OF("controller");
    struct fg_sql_statement *statement = fg_web_facts_ask(facts, text, &value, 1, FG_WEB_FACTS_MAX);

    while (fg_web_facts_next(facts, statement))
        fg_web_alarm_write(&facts->json, fg_web_json_push(&facts->json, array), statement);
}

bool fg_web_facts_history(struct fg_web_facts *facts, const struct fg_history_filter *filter)
{
    struct fg_web_json *json = &facts->json;
    struct fg_history_sums sums = {0};

    if (facts->result == FG_OK)
        facts->result = fg_web_entries_write(facts->sql, filter, FG_WEB_FACTS_ENTRIES, json, json->root,
                                             "entries", facts->error);
    if (facts->result == FG_OK)
        facts->result = fg_history_sum(facts->sql, filter, &sums, facts->error);
    fg_web_json_number(json, json->root, "fills", sums.fills);
    fg_web_json_number(json, json->root, "refusals", sums.refusals);
    fg_web_json_number(json, json->root, "quantity_g", sums.quantity_g);
    return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json->root, "entries")) > 0;
}

size_t fg_web_facts_cylinders(struct fg_web_facts *facts, const char *name, const char *plate,
                              const char *code)
{
    const char *const values[] = {plate, code};
    cJSON *array = fg_web_json_array(&facts->json, facts->json.root, name);
    struct fg_sql_statement *statement =
        fg_web_facts_ask(facts,
                         "SELECT " FG_WEB_CYLINDER_COLUMNS " FROM cylinder WHERE plate = $1 AND plate <> '' "
                         "AND code <> $2 ORDER BY code LIMIT $3",
                         values, 2, FG_WEB_FACTS_MAX);
    size_t count = 0;

    for (; fg_web_facts_next(facts, statement); count++)
        fg_web_cylinder_write(&facts->json, fg_web_json_push(&facts->json, array), statement);
    return count;
}

/* ---- devices ---- */

#define DEVICES                                                                                              \
    "SELECT d.device, d.role, d.station, COALESCE(r.list_id, ''), COALESCE(r.version, ''), "                 \
    "COALESCE(r.contact_ms, 0), COALESCE(r.clock_offset_ms, 0), COALESCE(r.list_version, 0), "               \
    "COALESCE(r.list_issued_ms, 0), COALESCE(r.last_sequence, 0), COALESCE(h.next_sequence - 1, 0), "        \
    "COALESCE(r.unsent, 0), COALESCE(r.oldest_unsent_ms, 0), COALESCE(h.gap_since_ms, 0), "                  \
    "COALESCE(r.disk_free_bytes, 0), COALESCE(f.unaccounted_g, 0), d.suspended, COALESCE(r.clock_quality, "  \
    "0) FROM device d LEFT JOIN device_report r ON r.device = d.device LEFT JOIN journal_head h ON "         \
    "h.controller = d.device LEFT JOIN follow f ON f.controller = d.device WHERE "

static void device_write(struct fg_web_json *json, cJSON *object, const struct fg_sql_statement *row)
{
    static const char *const texts[] = {"device", "role", "station", "list_id", "version"};
    static const char *const numbers[] = {
        "contact_ms", "clock_offset_ms",  "list_version", "list_issued_ms",  "last_sequence", "held_sequence",
        "unsent",     "oldest_unsent_ms", "gap_since_ms", "disk_free_bytes", "unaccounted_g"};
    int64_t quality = fg_sql_int(row, 17);
    char letter[2] = "";

    if (quality == FG_CLOCK_UNKNOWN || quality == FG_CLOCK_INFORMATIVE || quality == FG_CLOCK_SYNCHRONISED)
        letter[0] = (char)quality;
    for (unsigned i = 0; i < 5; i++)
        fg_web_json_text(json, object, texts[i], fg_sql_text(row, i));
    for (unsigned i = 0; i < 11; i++)
        fg_web_json_number(json, object, numbers[i], fg_sql_int(row, 5 + i));
    fg_web_json_bool(json, object, "suspended", fg_sql_int(row, 16) != 0);
    fg_web_json_text(json, object, "clock_quality", letter);
}

void fg_web_facts_devices(struct fg_web_facts *facts, cJSON *array, const char *station)
{
    struct fg_sql_statement *statement = fg_web_facts_ask(
        facts, DEVICES "d.station = $1 OR d.device = $1 ORDER BY d.role DESC, d.device LIMIT $2", &station, 1,
        FG_WEB_FACTS_MAX);

    while (fg_web_facts_next(facts, statement))
        device_write(&facts->json, fg_web_json_push(&facts->json, array), statement);
}

void fg_web_facts_device(struct fg_web_facts *facts, const char *name, const char *device)
{
    struct fg_sql_statement *statement = fg_web_facts_ask(facts, DEVICES "d.device = $1", &device, 1, 0);

    if (fg_web_facts_next(facts, statement))
        device_write(&facts->json, fg_web_json_object(&facts->json, facts->json.root, name), statement);
    else
        fg_web_json_null(&facts->json, facts->json.root, name);
    fg_web_facts_done(statement);
}
