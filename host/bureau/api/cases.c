/* The cases as the pages see them: GET and POST /api/v1/cases, GET /api/v1/cases/{number} with its history,
 * POST /api/v1/cases/{number}/steps, GET /api/v1/cases/{number}/order. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/api/handlers.h"
#include "host/bureau/case/case.h"
#include "host/bureau/user/user.h"
#include "host/bureau/web/web_page.h"
#include "host/bureau/web/web_shared.h"

#define ORDER_NUMBER_BYTES 48

static int64_t today_of(const struct fg_web_call *call)
{
    return fg_case_day(call->now_ms, call->web->settings.alarms->utc_offset_min);
}

/* ---- a case as JSON ---- */

/* "17-2": the second order of case 17; "" when there is none. */
static void order_number_write(const struct fg_case *found, char text[ORDER_NUMBER_BYTES])
{
    text[0] = '\0';
    if (found->orders > 0)
        (void)snprintf(text, ORDER_NUMBER_BYTES, "%" PRId64 "-%" PRId64, found->number, found->orders);
}

static void steps_write(struct fg_web_json *json, cJSON *object, const struct fg_case *found)
{
    cJSON *steps = fg_web_json_array(json, object, "steps");
    enum fg_case_state to;

    for (int step = FG_CASE_ASSIGN; step <= FG_CASE_CLOSE; step++) {
        if (fg_case_step_leads(found->state, (enum fg_case_step_kind)step, &to))
            fg_web_json_push_text(json, steps, fg_case_step_name((enum fg_case_step_kind)step));
    }
}

static void order_write(struct fg_web_json *json, cJSON *object, const struct fg_case *found)
{
    char order[ORDER_NUMBER_BYTES];

    order_number_write(found, order);
    fg_web_json_text(json, object, "order", order);
    fg_web_json_text(json, object, "order_text", found->order_text);
    fg_web_json_text(json, object, "recipient", found->recipient);
    fg_web_json_day(json, object, "due_day", found->due_day);
    fg_web_json_number(json, object, "ordered_ms", found->ordered_ms);
    fg_web_json_text(json, object, "ordered_by", found->ordered_by);
}

static void case_write(struct fg_web_json *json, cJSON *object, const struct fg_case *found, int64_t today)
{
    bool has_alarm = found->alarm_kind != 0;

    fg_web_json_number(json, object, "number", found->number);
    fg_web_json_text(json, object, "state", fg_case_state_name(found->state));
    fg_web_json_bool(json, object, "overdue", fg_case_overdue(found, today));
    fg_web_json_number(json, object, "version", found->version);
    fg_web_json_text(json, object, "alarm",
                     has_alarm ? fg_alarm_name((enum fg_alarm_kind)found->alarm_kind) : "");
    fg_web_json_text(json, object, "alarm_subject", found->alarm_subject);
    fg_web_json_number(json, object, "alarm_number", found->alarm_number);
    fg_web_json_number(json, object, "alarm_ended_ms", found->alarm_ended_ms);
    fg_web_json_number(json, object, "opened_ms", found->opened_ms);
    fg_web_json_text(json, object, "opened_by", found->opened_by);
    fg_web_json_text(json, object, "station", found->station);
    fg_web_json_text(json, object, "controller", found->controller);
    fg_web_json_text(json, object, "code", found->code);
    fg_web_json_phrase(json, object, "words", found->words);
    fg_web_json_text(json, object, "assigned", found->assigned);
    order_write(json, object, found);
    fg_web_json_text(json, object, "answer", found->answer);
    fg_web_json_text(json, object, "answered_by", found->answered_by);
    fg_web_json_number(json, object, "answered_ms", found->answered_ms);
    fg_web_json_number(json, object, "closed_ms", found->closed_ms);
    fg_web_json_text(json, object, "closed_by", found->closed_by);
    fg_web_json_text(json, object, "closed_why", found->closed_why);
    steps_write(json, object, found);
}

/* ---- GET /cases ---- */

struct listing {
    struct fg_web_page page;
    int64_t today;
};

static enum fg_err listing_visit(void *context, const struct fg_case *found, struct fg_error *error)
{
    struct listing *listing = context;
    cJSON *object = fg_web_page_push(&listing->page);

    (void)error;
    if (object == NULL)
        return FG_OK;
    case_write(&listing->page.json, object, found, listing->today);
    fg_web_page_key_number(&listing->page, found->number);
    return FG_OK;
}

/* New alarms show at once; the alarms' thread would take them up a little later. A failure is its affair. */
static void alarms_take_up(struct fg_web_call *call)
{
    struct fg_error error = {0};
    bool more = false;
    enum fg_err result = fg_cases_follow(call->sql, call->now_ms, &more, &error);

    if (result != FG_OK && result != FG_E_BUSY)
        fg_web_say(call->web, "cases: %s (%s)", error.text, fg_err_name(result));
}

enum fg_err fg_web_cases_list(struct fg_web_call *call, struct fg_error *error)
{
    struct listing listing = {.today = today_of(call)};
    struct fg_case_filter filter = {
        .state = fg_web_text_of(call, "state") != NULL
                     ? (enum fg_case_state)(fg_web_number_of(call, "state", 0) + FG_CASE_OPEN)
                     : 0,
        .not_closed = fg_web_number_of(call, "open", 0) != 0,
        .overdue = fg_web_number_of(call, "overdue", 0) != 0,
        .today = listing.today,
        .station = fg_web_text_of(call, "station"),
        .assigned = fg_web_text_of(call, "assigned"),
        .before = fg_web_number_of(call, "after", 0)};
    enum fg_err result;

    alarms_take_up(call);
    fg_web_page_start(&listing.page, call, "cases");
    filter.limit = listing.page.limit + 1;
    result = fg_case_each(call->sql, &filter, listing_visit, &listing, error);
    return fg_web_page_end(&listing.page, call, result);
}

/* ---- one case ---- */

struct history {
    struct fg_web_json *json;
    cJSON *array;
};

static enum fg_err history_visit(void *context, const struct fg_case_history *step, struct fg_error *error)
{
    struct history *history = context;
    struct fg_web_json *json = history->json;
    cJSON *object = fg_web_json_push(json, history->array);

    (void)error;
    fg_web_json_number(json, object, "place", step->place);
    fg_web_json_number(json, object, "at_ms", step->at_ms);
    fg_web_json_text(json, object, "step", fg_case_step_name(step->step));
    fg_web_json_text(json, object, "who", step->who);
    fg_web_json_phrase(json, object, "why", step->why);
    fg_web_json_text(json, object, "party", step->party);
    fg_web_json_phrase(json, object, "words", step->words);
    fg_web_json_day(json, object, "due_day", step->due_day);
    return FG_OK;
}

static enum fg_err case_answer(struct fg_web_call *call, uint16_t status, int64_t number,
                               struct fg_error *error)
{
    struct fg_web_json json;
    struct history history = {.json = &json};
    struct fg_case found;
    enum fg_err result = fg_case_find(call->sql, number, &found, error);

    if (result != FG_OK)
        return result;
    fg_web_json_start(&json);
    case_write(&json, fg_web_json_object(&json, json.root, "case"), &found, today_of(call));
    history.array = fg_web_json_array(&json, json.root, "history");
    result = fg_case_history_each(call->sql, number, history_visit, &history, error);
    if (result != FG_OK) {
        fg_web_json_free(&json);
        return result;
    }
    return fg_web_answer_json(call, status, &json);
}

enum fg_err fg_web_case_show(struct fg_web_call *call, struct fg_error *error)
{
    return case_answer(call, 200, fg_web_number_of(call, "number", 0), error);
}

enum fg_err fg_web_case_open(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_case_hazard hazard = {.station = fg_web_text_of(call, "station"),
                                    .controller = fg_web_text_or_empty(call, "controller"),
                                    .code = fg_web_text_or_empty(call, "code"),
                                    .words = fg_web_text_of(call, "words")};
    struct fg_case_by by = {call->user.user, fg_web_text_of(call, "why"), call->now_ms};
    int64_t number = 0;
    enum fg_err result = fg_case_open(call->sql, &hazard, &by, &number, error);

    return result == FG_OK ? case_answer(call, 201, number, error) : result;
}

/* ---- POST /cases/{number}/steps ---- */

/* A case is assigned to somebody who can work on it. */
static enum fg_err assigned_check(struct fg_web_call *call, const struct fg_case_move *move,
                                  struct fg_error *error)
{
    struct fg_web_user somebody = {0};
    struct fg_user found;
    enum fg_err result;

    if (move->step != FG_CASE_ASSIGN || move->party == NULL)
        return FG_OK;
    result = fg_user_find(call->sql, move->party, &found, NULL, error);
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    if (result == FG_OK)
        (void)snprintf(somebody.role, sizeof(somebody.role), "%s", found.role);
    if (result == FG_E_NOT_FOUND || found.suspended || !fg_web_user_may(&somebody, FG_WEB_MAY_CASES))
        return fg_fail(error, FG_E_RANGE, "party must be a user who may work on cases");
    return FG_OK;
}

enum fg_err fg_web_case_step(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_case_move move = {
        .number = fg_web_number_of(call, "number", 0),
        .version = fg_web_number_of(call, "version", 0),
        .step = (enum fg_case_step_kind)(fg_web_number_of(call, "step", 0) + FG_CASE_ASSIGN),
        .party = fg_web_text_of(call, "party"),
        .words = fg_web_text_of(call, "words"),
        .due_day = fg_web_number_of(call, "due_day", 0),
        .today = today_of(call)};
    struct fg_case_by by = {call->user.user, fg_web_text_of(call, "why"), call->now_ms};
    enum fg_err result = assigned_check(call, &move, error);

    if (result == FG_OK)
        result = fg_case_step(call->sql, &move, &by, error);
    if (result == FG_E_DENIED) {
        fg_web_refuse(call, FG_WEB_E_CASE_SEPARATION, NULL);
        return FG_OK;
    }
    return result == FG_OK ? case_answer(call, 200, move.number, error) : result;
}

/* ---- GET /cases/{number}/order ---- */

/* Who and where the station is, "" when it is not registered. */
static enum fg_err station_write(struct fg_web_call *call, struct fg_web_json *json, const char *station,
                                 struct fg_error *error)
{
    static const char *const names[] = {"station_name", "station_owner", "area"};
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(call->sql, "SELECT name, owner, area FROM station WHERE station = $1",
                                        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, station);
    result = fg_sql_next(statement, error);
    for (unsigned i = 0; i < 3 && (result == FG_OK || result == FG_E_NOT_FOUND); i++)
        fg_web_json_text(json, json->root, names[i], result == FG_OK ? fg_sql_text(statement, i) : "");
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

enum fg_err fg_web_case_order(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_case found;
    struct fg_web_json json;
    enum fg_err result = fg_case_find(call->sql, fg_web_number_of(call, "number", 0), &found, error);

    if (result == FG_OK && found.orders == 0)
        result = fg_fail(error, FG_E_NOT_FOUND, "case %" PRId64 " has no order", found.number);
    if (result != FG_OK)
        return result;
    fg_web_json_start(&json);
    fg_web_json_number(&json, json.root, "number", found.number);
    order_write(&json, json.root, &found);
    fg_web_json_text(&json, json.root, "alarm",
                     found.alarm_kind != 0 ? fg_alarm_name((enum fg_alarm_kind)found.alarm_kind) : "");
    fg_web_json_text(&json, json.root, "alarm_subject", found.alarm_subject);
    fg_web_json_phrase(&json, json.root, "words", found.words);
    fg_web_json_number(&json, json.root, "opened_ms", found.opened_ms);
    fg_web_json_text(&json, json.root, "station", found.station);
    fg_web_json_text(&json, json.root, "controller", found.controller);
    fg_web_json_text(&json, json.root, "code", found.code);
    result = station_write(call, &json, found.station, error);
    if (result != FG_OK) {
        fg_web_json_free(&json);
        return result;
    }
    return fg_web_answer_json(call, 200, &json);
}
