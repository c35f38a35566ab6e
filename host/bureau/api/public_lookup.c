/* The public look-up: may this cylinder be filled, and when is its inspection due; nothing about persons,
 * vehicles or places. GET /public/cylinder/{code}.
 *
 * It goes by the registry alone, in the order of the rules at a filling point (lib/domain/reasons.def).
 * Rate limited by address and for all together, so that the registry cannot be read off through it. */
#include "host/bureau/api/handlers.h"

#include <string.h>

#include "host/bureau/web/web_shared.h"
#include "lib/base/monotime.h"
#include "lib/domain/names.h"

#define DAY_MS INT64_C(86400000)
#define MINUTE_MS 60000

struct facts {
    int64_t state; /* enum fg_cylinder_state; 0 = not registered */
    int64_t first_fill_pending;
    int64_t inspection_due;
    int64_t end_of_life;
    bool other_fails; /* another cylinder of the vehicle, which one nozzle fills too */
};

static enum fg_reason reason_of(const struct facts *facts, int64_t today)
{
    switch (facts->state) {
    case FG_CYLINDER_IN_SERVICE:
        break;
    case FG_CYLINDER_SCRAPPED:
        return FG_REASON_SCRAPPED;
    case FG_CYLINDER_LOST:
        return FG_REASON_LOST;
    case FG_CYLINDER_SUSPENDED:
        return FG_REASON_SUSPENDED;
    default:
        return FG_REASON_NOT_LISTED;
    }
    if (facts->inspection_due < today)
        return FG_REASON_INSPECTION_OVERDUE;
    if (facts->end_of_life != 0 && facts->end_of_life < today)
        return FG_REASON_SERVICE_LIFE_OVER;
    if (facts->first_fill_pending != 0)
        return FG_REASON_FIRST_FILL_NOT_PURGED;
    return facts->other_fails ? FG_REASON_OTHER_CYLINDER_FAILS : FG_REASON_NONE;
}

static enum fg_err facts_find(struct fg_sql *sql, const char *code, int64_t today, struct facts *ret_facts,
                              struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT c.state, c.first_fill_pending, c.inspection_due, c.end_of_life, (SELECT COUNT(*) FROM "
        "cylinder o WHERE c.plate <> '' AND o.plate = c.plate AND o.code <> c.code AND (o.state <> 1 OR "
        "o.first_fill_pending <> 0 OR o.inspection_due < $2 OR (o.end_of_life <> 0 AND o.end_of_life < $2))) "
        "FROM cylinder c WHERE c.code = $1",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, code);
    fg_sql_bind_int(statement, 2, today);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        *ret_facts = (struct facts){.state = fg_sql_int(statement, 0),
                                    .first_fill_pending = fg_sql_int(statement, 1),
                                    .inspection_due = fg_sql_int(statement, 2),
                                    .end_of_life = fg_sql_int(statement, 3),
                                    .other_fails = fg_sql_int(statement, 4) > 0};
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

enum fg_err fg_web_public_cylinder(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_web *web = call->web;
    const char *code = fg_web_text_of(call, "code");
    int64_t offset_ms = (int64_t)web->settings.alarms->utc_offset_min * MINUTE_MS;
    int64_t today = (call->now_ms + offset_ms) / DAY_MS;
    struct facts facts = {0};
    struct fg_web_json json;
    enum fg_reason reason;
    enum fg_err result;

    if (!web->settings.config->public_lookup)
        return fg_fail(error, FG_E_NOT_FOUND, "the public look-up is off");
    if (!fg_web_rate_take(&web->public_by_address, call->request->peer->address, fg_mono_ms()) ||
        !fg_web_rate_take(&web->public_all, "", fg_mono_ms())) {
        fg_web_refuse(call, FG_WEB_E_TOO_MANY, NULL);
        return FG_OK;
    }
    result = facts_find(call->sql, code, today, &facts, error);
    if (result != FG_OK)
        return result;
    reason = reason_of(&facts, today);
    fg_web_json_start(&json);
    fg_web_json_text(&json, json.root, "code", code);
    fg_web_json_bool(&json, json.root, "may_be_filled", reason == FG_REASON_NONE);
    fg_web_json_text(&json, json.root, "state", facts.state != 0 ? fg_state_name(facts.state) : "UNKNOWN");
    fg_web_json_text(&json, json.root, "reason", reason == FG_REASON_NONE ? "" : fg_reason_name(reason));
    fg_web_json_day(&json, json.root, "inspection_due", facts.inspection_due);
    fg_web_json_day(&json, json.root, "end_of_life", facts.end_of_life);
    return fg_web_answer_json(call, 200, &json);
}
