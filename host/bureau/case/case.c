/* Cases: their steps, reading them, the rate of closure (case.h). How alarms become cases: case_follow.c. */
#include "host/bureau/case/case.h"

#include <stdio.h>
#include <string.h>

#include "host/bureau/case/case_write.h"
#include "host/bureau/registry/values.h"
#include "host/bureau/trail/ledger.h"

#define DAY_MS INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)
#define QUERY_BYTES 1024

#define CASE_COLUMNS                                                                                         \
    "number, state, version, alarm_kind, alarm_subject, alarm_number, alarm_ended_ms, opened_ms, "           \
    "opened_by, station, controller, code, words, assigned, orders, order_text, recipient, due_day, "        \
    "ordered_ms, ordered_by, answer, answered_by, answered_ms, closed_ms, closed_by, closed_why"

/* ---- states and steps ---- */

const char *fg_case_state_name(enum fg_case_state state)
{
    static const char *const names[] = {"?", "OPEN", "ASSIGNED", "ORDERED", "ANSWERED", "CLOSED"};

    return (unsigned)state < FG_CASE_STATE_END ? names[state] : "?";
}

const char *fg_case_step_name(enum fg_case_step_kind step)
{
    static const char *const names[] = {"?",      "OPENED", "ASSIGN",      "ORDER",       "ANSWER",
                                        "RETURN", "CLOSE",  "ALARM_ENDED", "ALARM_RAISED"};

    return (unsigned)step < FG_CASE_STEP_END ? names[step] : "?";
}

bool fg_case_step_leads(enum fg_case_state state, enum fg_case_step_kind step, enum fg_case_state *ret_state)
{
    static const struct {
        enum fg_case_step_kind step;
        enum fg_case_state from;
        enum fg_case_state to;
    } ways[] = {
        {FG_CASE_ASSIGN, FG_CASE_OPEN, FG_CASE_ASSIGNED},
        {FG_CASE_ASSIGN, FG_CASE_ASSIGNED, FG_CASE_ASSIGNED},
        {FG_CASE_ORDER, FG_CASE_ASSIGNED, FG_CASE_ORDERED},
        {FG_CASE_ANSWER, FG_CASE_ORDERED, FG_CASE_ANSWERED},
        {FG_CASE_RETURN, FG_CASE_ORDERED, FG_CASE_ASSIGNED},
        {FG_CASE_RETURN, FG_CASE_ANSWERED, FG_CASE_ASSIGNED},
        {FG_CASE_CLOSE, FG_CASE_ASSIGNED, FG_CASE_CLOSED},
        {FG_CASE_CLOSE, FG_CASE_ANSWERED, FG_CASE_CLOSED},
    };

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (ways[i].step == step && ways[i].from == state) {
            *ret_state = ways[i].to;
            return true;
        }
    }
    return false;
}

int64_t fg_case_day(int64_t now_ms, int32_t utc_offset_min)
{
    int64_t local_ms = now_ms + (int64_t)utc_offset_min * MINUTE_MS;

    return local_ms >= 0 ? local_ms / DAY_MS : -((-local_ms + DAY_MS - 1) / DAY_MS);
}

bool fg_case_overdue(const struct fg_case *found, int64_t today)
{
    return found->state == FG_CASE_ORDERED && found->due_day < today;
}

/* ---- reading ---- */

static void text_read(const struct fg_sql_statement *row, unsigned column, char *ret_text, size_t size)
{
    (void)snprintf(ret_text, size, "%s", fg_sql_text(row, column));
}

#define TEXT(member, column) text_read(row, column, ret_case->member, sizeof(ret_case->member))

static void case_read(const struct fg_sql_statement *row, struct fg_case *ret_case)
{
    memset(ret_case, 0, sizeof(*ret_case));
    ret_case->number = fg_sql_int(row, 0);
    ret_case->state = (enum fg_case_state)fg_sql_int(row, 1);
    ret_case->version = fg_sql_int(row, 2);
    ret_case->alarm_kind = (uint8_t)fg_sql_int(row, 3);
    TEXT(alarm_subject, 4);
    ret_case->alarm_number = fg_sql_int(row, 5);
    ret_case->alarm_ended_ms = fg_sql_int(row, 6);
    ret_case->opened_ms = fg_sql_int(row, 7);
    TEXT(opened_by, 8);
    TEXT(station, 9);
    TEXT(controller, 10);
    TEXT(code, 11);
    TEXT(words, 12);
    TEXT(assigned, 13);
    ret_case->orders = fg_sql_int(row, 14);
    TEXT(order_text, 15);
    TEXT(recipient, 16);
    ret_case->due_day = fg_sql_int(row, 17);
    ret_case->ordered_ms = fg_sql_int(row, 18);
    TEXT(ordered_by, 19);
    TEXT(answer, 20);
    TEXT(answered_by, 21);
    ret_case->answered_ms = fg_sql_int(row, 22);
    ret_case->closed_ms = fg_sql_int(row, 23);
    TEXT(closed_by, 24);
    TEXT(closed_why, 25);
}

enum fg_err fg_case_find(struct fg_sql *sql, int64_t number, struct fg_case *ret_case, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, "SELECT " CASE_COLUMNS " FROM hazard_case WHERE number = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, number);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        case_read(statement, ret_case);
    fg_sql_reset(statement);
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_NOT_FOUND, "case %lld does not exist", (long long)number);
    return result;
}

/* A statement of the conditions that are asked for alone, so that each combination can go by an index; their
 * parameters are numbered from 3. */
struct query {
    char text[QUERY_BYTES];
    size_t used;
    unsigned parameters;
};

static void query_add(struct query *query, const char *condition)
{
    int more = snprintf(query->text + query->used, sizeof(query->text) - query->used, " AND %s$%u", condition,
                        ++query->parameters);

    query->used += (size_t)more;
}

static void query_write(const struct fg_case_filter *filter, struct query *query)
{
    query->used = (size_t)snprintf(query->text, sizeof(query->text),
                                   "SELECT " CASE_COLUMNS " FROM hazard_case WHERE number < $1%s",
                                   filter->not_closed ? " AND closed_ms = 0" : "");
    query->parameters = 2;
    if (filter->state != 0)
        query_add(query, "state = ");
    if (filter->overdue)
        query_add(query, "state = 3 AND due_day < ");
    if (filter->station != NULL)
        query_add(query, "station = ");
    if (filter->assigned != NULL)
        query_add(query, "assigned = ");
    (void)snprintf(query->text + query->used, sizeof(query->text) - query->used,
                   " ORDER BY number DESC LIMIT $2");
}

static void query_bind(const struct fg_case_filter *filter, struct fg_sql_statement *statement)
{
    unsigned number = 2;

    fg_sql_bind_int(statement, 1, filter->before > 0 ? filter->before : INT64_MAX);
    fg_sql_bind_int(statement, 2, filter->limit);
    if (filter->state != 0)
        fg_sql_bind_int(statement, ++number, filter->state);
    if (filter->overdue)
        fg_sql_bind_int(statement, ++number, filter->today);
    if (filter->station != NULL)
        fg_sql_bind_text(statement, ++number, filter->station);
    if (filter->assigned != NULL)
        fg_sql_bind_text(statement, ++number, filter->assigned);
}

enum fg_err fg_case_each(struct fg_sql *sql, const struct fg_case_filter *filter, fg_case_visit visit,
                         void *context, struct fg_error *error)
{
    struct query query;
    struct fg_sql_statement *statement;
    struct fg_case found;
    enum fg_err result;

    query_write(filter, &query);
    result = fg_sql_prepare(sql, query.text, &statement, error);
    if (result != FG_OK)
        return result;
    query_bind(filter, statement);
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        case_read(statement, &found);
        result = visit(context, &found, error);
        if (result != FG_OK)
            break;
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

enum fg_err fg_case_history_each(struct fg_sql *sql, int64_t number, fg_case_history_visit visit,
                                 void *context, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql,
                                        "SELECT place, at_ms, step, who, why, party, words, due_day FROM "
                                        "hazard_step WHERE number = $1 ORDER BY place",
                                        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, number);
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        struct fg_case_history step = {.place = fg_sql_int(statement, 0),
                                       .at_ms = fg_sql_int(statement, 1),
                                       .step = (enum fg_case_step_kind)fg_sql_int(statement, 2),
                                       .who = fg_sql_text(statement, 3),
                                       .why = fg_sql_text(statement, 4),
                                       .party = fg_sql_text(statement, 5),
                                       .words = fg_sql_text(statement, 6),
                                       .due_day = fg_sql_int(statement, 7)};

        result = visit(context, &step, error);
        if (result != FG_OK)
            break;
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- opening by hand ---- */

static enum fg_err text_check(const char *name, const char *text, size_t most, struct fg_error *error)
{
    if (text == NULL || text[0] == '\0' || strlen(text) > most)
        return fg_fail(error, FG_E_RANGE, "%s must have 1 to %zu characters", name, most);
    return FG_OK;
}

static enum fg_err by_check(const struct fg_case_by *by, struct fg_error *error)
{
    enum fg_err result = text_check("who", by->who, FG_NAME_MAX, error);

    return result == FG_OK ? text_check("why", by->why, FG_CASE_WHY_MAX, error) : result;
}

static enum fg_err hazard_check(const struct fg_case_hazard *hazard, struct fg_error *error)
{
    if (strlen(hazard->station) > FG_NAME_MAX || strlen(hazard->controller) > FG_NAME_MAX ||
        strlen(hazard->code) > FG_CODE_MAX)
        return fg_fail(error, FG_E_RANGE, "station, controller or code is too long");
    return text_check("words", hazard->words, FG_CASE_WORDS_MAX, error);
}

static enum fg_err open_work(struct fg_sql *sql, const struct fg_case_hazard *hazard,
                             const struct fg_case_by *by, int64_t *ret_number, struct fg_error *error)
{
    struct fg_case_new made = {.alarm_subject = "",
                               .station = hazard->station,
                               .controller = hazard->controller,
                               .code = hazard->code,
                               .words = hazard->words};
    enum fg_err result = fg_case_counter_lock(sql, &made.number, error);

    if (result != FG_OK)
        return result;
    made.number++;
    result = fg_case_insert(sql, &made, by, error);
    if (result == FG_OK)
        result = fg_case_counter_set(sql, made.number, error);
    if (result == FG_OK)
        *ret_number = made.number;
    return result;
}

enum fg_err fg_case_open(struct fg_sql *sql, const struct fg_case_hazard *hazard, const struct fg_case_by *by,
                         int64_t *ret_number, struct fg_error *error)
{
    int64_t number = 0;
    enum fg_err result = by_check(by, error);

    if (result == FG_OK)
        result = hazard_check(hazard, error);
    if (result == FG_OK)
        result = fg_sql_begin(sql, error);
    if (result != FG_OK)
        return result;
    result = open_work(sql, hazard, by, &number, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    else
        *ret_number = number;
    return result;
}

/* ---- steps ---- */

static enum fg_err absent_check(const char *name, const char *text, struct fg_error *error)
{
    return text == NULL ? FG_OK : fg_fail(error, FG_E_RANGE, "%s is not allowed with this step", name);
}

static enum fg_err move_check(const struct fg_case_move *move, struct fg_error *error)
{
    bool has_order = move->step == FG_CASE_ORDER;
    bool has_words = has_order || move->step == FG_CASE_ANSWER;
    bool has_party = has_words || move->step == FG_CASE_ASSIGN;
    size_t party_max = move->step == FG_CASE_ASSIGN ? FG_NAME_MAX : FG_CASE_PARTY_MAX;
    enum fg_err result = has_party ? text_check("party", move->party, party_max, error)
                                   : absent_check("party", move->party, error);

    if (result == FG_OK)
        result = has_words ? text_check("words", move->words, FG_CASE_WORDS_MAX, error)
                           : absent_check("words", move->words, error);
    if (result != FG_OK)
        return result;
    if (has_order && (move->due_day < move->today || move->due_day > move->today + FG_CASE_DUE_DAYS_MAX))
        return fg_fail(error, FG_E_RANGE, "due_day must be today or later, at most %d days ahead",
                       FG_CASE_DUE_DAYS_MAX);
    if (!has_order && move->due_day != 0)
        return fg_fail(error, FG_E_RANGE, "due_day is not allowed with this step");
    return FG_OK;
}

/* The one place that keeps investigation and decision apart. It goes by the history, so that handing the case
 * to somebody else in between changes nothing. */
static enum fg_err separation_check(struct fg_sql *sql, const struct fg_case_move *move, const char *who,
                                    struct fg_error *error)
{
    struct fg_sql_statement *statement;
    int64_t count = 0;
    enum fg_err result = FG_OK;

    if (move->step != FG_CASE_CLOSE)
        return FG_OK;
    result = fg_sql_prepare(sql,
                            "SELECT COUNT(*) FROM hazard_step WHERE number = $1 AND ((who = $2 AND step IN "
                            "(1, 3, 4)) OR (party = $2 AND step = 2))",
                            &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, move->number);
    fg_sql_bind_text(statement, 2, who);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        count = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    if (result == FG_OK && count > 0)
        return fg_fail(error, FG_E_DENIED, "case %lld: %s opened or investigated it; somebody else closes it",
                       (long long)move->number, who);
    return result;
}

/* What of the case changes with its step; the rest stays. 2 to 6 are enum fg_case_step_kind. */
static enum fg_err case_update(struct fg_sql *sql, const struct fg_case_move *move, enum fg_case_state to,
                               const struct fg_case_by *by, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    int64_t changed = 0;
    enum fg_err result = fg_ledger_touch_number(sql, "hazard_case", NULL, move->number, by->who, error);

    if (result == FG_OK)
        result = fg_sql_prepare(
            sql,
            "UPDATE hazard_case SET version = version + 1, state = $3, "
            "assigned = CASE WHEN $4 = 2 THEN $5 ELSE assigned END, "
            "orders = CASE WHEN $4 = 3 THEN orders + 1 ELSE orders END, "
            "order_text = CASE WHEN $4 = 3 THEN $6 ELSE order_text END, "
            "recipient = CASE WHEN $4 = 3 THEN $5 ELSE recipient END, "
            "due_day = CASE WHEN $4 = 3 THEN $7 ELSE due_day END, "
            "ordered_ms = CASE WHEN $4 = 3 THEN $8 ELSE ordered_ms END, "
            "ordered_by = CASE WHEN $4 = 3 THEN $9 ELSE ordered_by END, "
            "answer = CASE $4 WHEN 3 THEN '' WHEN 4 THEN $6 ELSE answer END, "
            "answered_by = CASE $4 WHEN 3 THEN '' WHEN 4 THEN $5 ELSE answered_by END, "
            "answered_ms = CASE $4 WHEN 3 THEN 0 WHEN 4 THEN $8 ELSE answered_ms END, "
            "closed_ms = CASE WHEN $4 = 6 THEN $8 ELSE closed_ms END, "
            "closed_by = CASE WHEN $4 = 6 THEN $9 ELSE closed_by END, "
            "closed_why = CASE WHEN $4 = 6 THEN $10 ELSE closed_why END WHERE number = $1 AND version = $2",
            &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, move->number);
    fg_sql_bind_int(statement, 2, move->version);
    fg_sql_bind_int(statement, 3, to);
    fg_sql_bind_int(statement, 4, move->step);
    fg_sql_bind_text(statement, 5, move->party != NULL ? move->party : "");
    fg_sql_bind_text(statement, 6, move->words != NULL ? move->words : "");
    fg_sql_bind_int(statement, 7, move->due_day);
    fg_sql_bind_int(statement, 8, by->now_ms);
    fg_sql_bind_text(statement, 9, by->who);
    fg_sql_bind_text(statement, 10, by->why);
    result = fg_sql_run(statement, &changed, error);
    if (result == FG_OK && changed != 1)
        return fg_fail(error, FG_E_OLD, "case %lld: somebody else changed it", (long long)move->number);
    return result;
}

#define ENDED "WHERE kind = $1 AND subject = $2 AND case_number = $3 AND closed_ms > 0"

/* A statement about the case's alarm if that has ended: whose kind, subject and case are its parameters 1
 * to 3. */
static enum fg_err ended_prepare(struct fg_sql *sql, const char *text, const struct fg_case *found,
                                 struct fg_sql_statement **ret_statement, struct fg_error *error)
{
    enum fg_err result = fg_sql_prepare(sql, text, ret_statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(*ret_statement, 1, found->alarm_kind);
    fg_sql_bind_text(*ret_statement, 2, found->alarm_subject);
    fg_sql_bind_int(*ret_statement, 3, found->number);
    return FG_OK;
}

/* The alarm goes with its case; one that has ended already needs nothing. */
static enum fg_err alarm_end(struct fg_sql *sql, const struct fg_case *found, const struct fg_case_by *by,
                             struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result;

    if (found->alarm_kind == 0)
        return FG_OK;
    result = fg_alarm_close(sql, (enum fg_alarm_kind)found->alarm_kind, found->alarm_subject, by->who,
                            by->why, by->now_ms, error);
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    result = ended_prepare(sql, "SELECT kind, subject, number FROM alarm " ENDED, found, &statement, error);
    if (result == FG_OK)
        result = fg_alarms_touch(sql, statement, by->who, error);
    if (result == FG_OK)
        result = ended_prepare(sql, "UPDATE alarm SET case_noted = 1 " ENDED, found, &statement, error);
    return result == FG_OK ? fg_sql_run(statement, NULL, error) : result;
}

static enum fg_err step_work(struct fg_sql *sql, const struct fg_case_move *move, const struct fg_case_by *by,
                             struct fg_error *error)
{
    struct fg_case_history history = {.place = move->version + 1,
                                      .at_ms = by->now_ms,
                                      .step = move->step,
                                      .who = by->who,
                                      .why = by->why,
                                      .party = move->party != NULL ? move->party : "",
                                      .words = move->words != NULL ? move->words : "",
                                      .due_day = move->due_day};
    struct fg_case found;
    enum fg_case_state to;
    enum fg_err result = fg_case_find(sql, move->number, &found, error);

    if (result != FG_OK)
        return result;
    if (found.version != move->version)
        return fg_fail(error, FG_E_OLD, "case %lld: somebody else changed it", (long long)move->number);
    if (!fg_case_step_leads(found.state, move->step, &to))
        return fg_fail(error, FG_E_STATE, "case %lld is %s: %s is not possible", (long long)move->number,
                       fg_case_state_name(found.state), fg_case_step_name(move->step));
    result = separation_check(sql, move, by->who, error);
    if (result == FG_OK)
        result = case_update(sql, move, to, by, error);
    if (result == FG_OK)
        result = fg_case_history_add(sql, move->number, &history, error);
    if (result == FG_OK && move->step == FG_CASE_CLOSE)
        result = alarm_end(sql, &found, by, error);
    return result;
}

enum fg_err fg_case_step(struct fg_sql *sql, const struct fg_case_move *move, const struct fg_case_by *by,
                         struct fg_error *error)
{
    enum fg_err result = by_check(by, error);

    if (result == FG_OK)
        result = move_check(move, error);
    if (result == FG_OK)
        result = fg_sql_begin(sql, error);
    if (result != FG_OK)
        return result;
    result = step_work(sql, move, by, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    return result;
}

/* ---- the rate ---- */

enum fg_err fg_cases_rate(struct fg_sql *sql, const char *area, int64_t from_ms, int64_t until_ms,
                          int64_t *ret_opened, int64_t *ret_closed, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        area != NULL ? "SELECT COUNT(*), COALESCE(SUM(CASE WHEN c.closed_ms > 0 THEN 1 ELSE 0 END), 0) FROM "
                       "hazard_case c LEFT JOIN station s ON s.station = c.station WHERE c.opened_ms >= $1 "
                       "AND c.opened_ms < $2 AND COALESCE(s.area, '') = $3"
                     : "SELECT COUNT(*), COALESCE(SUM(CASE WHEN c.closed_ms > 0 THEN 1 ELSE 0 END), 0) FROM "
                       "hazard_case c WHERE c.opened_ms >= $1 AND c.opened_ms < $2",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, from_ms);
    fg_sql_bind_int(statement, 2, until_ms);
    if (area != NULL)
        fg_sql_bind_text(statement, 3, area);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        *ret_opened = fg_sql_int(statement, 0);
        *ret_closed = fg_sql_int(statement, 1);
    }
    fg_sql_reset(statement);
    return result;
}
