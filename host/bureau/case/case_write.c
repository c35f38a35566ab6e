/* Implementation of the cases' rows (case_write.h). */
#include "host/bureau/case/case_write.h"

#include <inttypes.h>
#include <stdio.h>

#include "host/bureau/trail/ledger.h"

enum fg_err fg_case_counter_set(struct fg_sql *sql, int64_t last, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, "UPDATE hazard_counter SET last = $1 WHERE one = 1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, last);
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_case_counter_lock(struct fg_sql *sql, int64_t *ret_last, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, "UPDATE hazard_counter SET last = last WHERE one = 1", &statement, error);

    if (result == FG_OK)
        result = fg_sql_run(statement, NULL, error);
    if (result == FG_OK)
        result = fg_sql_prepare(sql, "SELECT last FROM hazard_counter WHERE one = 1", &statement, error);
    if (result != FG_OK)
        return result;
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        *ret_last = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_CORRUPT, "cases: the counter of their numbers is gone");
    return result;
}

enum fg_err fg_case_history_add(struct fg_sql *sql, int64_t number, const struct fg_case_history *step,
                                struct fg_error *error)
{
    char text[24];
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "INSERT INTO hazard_step (number, place, at_ms, step, who, why, party, words, due_day) VALUES ($1, "
        "$2, $3, $4, $5, $6, $7, $8, $9)",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, number);
    fg_sql_bind_int(statement, 2, step->place);
    fg_sql_bind_int(statement, 3, step->at_ms);
    fg_sql_bind_int(statement, 4, step->step);
    fg_sql_bind_text(statement, 5, step->who);
    fg_sql_bind_text(statement, 6, step->why);
    fg_sql_bind_text(statement, 7, step->party);
    fg_sql_bind_text(statement, 8, step->words);
    fg_sql_bind_int(statement, 9, step->due_day);
    result = fg_sql_run(statement, NULL, error);
    (void)snprintf(text, sizeof(text), "%" PRId64, number);
    return result == FG_OK ? fg_ledger_added_number(sql, "hazard_step", text, step->place, step->who, error)
                           : result;
}

enum fg_err fg_case_insert(struct fg_sql *sql, const struct fg_case_new *made, const struct fg_case_by *by,
                           struct fg_error *error)
{
    struct fg_case_history step = {.place = 1,
                                   .at_ms = by->now_ms,
                                   .step = FG_CASE_OPENING,
                                   .who = by->who,
                                   .why = by->why,
                                   .party = "",
                                   .words = made->words};
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        "INSERT INTO hazard_case (number, state, version, alarm_kind, alarm_subject, alarm_number, "
        "opened_ms, opened_by, station, controller, code, words) VALUES ($1, 1, 1, $2, $3, $4, $5, $6, $7, "
        "$8, $9, $10)",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, made->number);
    fg_sql_bind_int(statement, 2, made->alarm_kind);
    fg_sql_bind_text(statement, 3, made->alarm_subject);
    fg_sql_bind_int(statement, 4, made->alarm_number);
    fg_sql_bind_int(statement, 5, by->now_ms);
    fg_sql_bind_text(statement, 6, by->who);
    fg_sql_bind_text(statement, 7, made->station);
    fg_sql_bind_text(statement, 8, made->controller);
    fg_sql_bind_text(statement, 9, made->code);
    fg_sql_bind_text(statement, 10, made->words);
    result = fg_sql_run(statement, NULL, error);
    if (result == FG_OK)
        result = fg_ledger_added_number(sql, "hazard_case", NULL, made->number, by->who, error);
    return result == FG_OK ? fg_case_history_add(sql, made->number, &step, error) : result;
}
