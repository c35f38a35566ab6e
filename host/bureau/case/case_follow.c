/* How alarms become cases, and how cases learn that their alarm ended (case.h: follow).
 *
 * Both look for alarms by an index of those that wait alone, so that a round without any costs two look-ups.
 */
#include <stdio.h>
#include <stdlib.h>

#include "host/bureau/case/case_write.h"
#include "host/bureau/trail/ledger.h"

#define BATCH_ALARMS 64

/* An alarm that waits to be taken up or noted. */
struct waiting {
    int64_t kind;
    char subject[FG_ALARM_SUBJECT_MAX + 1];
    int64_t number;
    char station[FG_NAME_MAX + 1];
    char controller[FG_NAME_MAX + 1];
    char code[FG_CODE_MAX + 1];
    char detail[FG_ALARM_DETAIL_MAX + 1];
    int64_t case_number;
    int64_t closed_ms;
    char closed_by[FG_NAME_MAX + 1];
    char closed_why[FG_ALARM_WHY_MAX + 1];
};

struct batch {
    size_t count;
    struct waiting alarms[BATCH_ALARMS];
};

#define TEXT(member, column)                                                                                 \
    (void)snprintf(ret_alarm->member, sizeof(ret_alarm->member), "%s", fg_sql_text(row, column))

static void waiting_read(const struct fg_sql_statement *row, struct waiting *ret_alarm)
{
    ret_alarm->kind = fg_sql_int(row, 0);
    TEXT(subject, 1);
    ret_alarm->number = fg_sql_int(row, 2);
    TEXT(station, 3);
    TEXT(controller, 4);
    TEXT(code, 5);
    TEXT(detail, 6);
    ret_alarm->case_number = fg_sql_int(row, 7);
    ret_alarm->closed_ms = fg_sql_int(row, 8);
    TEXT(closed_by, 9);
    TEXT(closed_why, 10);
}

static enum fg_err batch_read(struct fg_sql *sql, const char *query, struct batch *ret_batch,
                              struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql, query, &statement, error);

    ret_batch->count = 0;
    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, BATCH_ALARMS);
    while (ret_batch->count < BATCH_ALARMS && (result = fg_sql_next(statement, error)) == FG_OK)
        waiting_read(statement, &ret_batch->alarms[ret_batch->count++]);
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

#define WAITING_COLUMNS                                                                                      \
    "kind, subject, number, station, controller, code, detail, case_number, closed_ms, closed_by, "          \
    "closed_why"
#define WITHOUT_CASE "SELECT " WAITING_COLUMNS " FROM alarm WHERE case_number = 0 ORDER BY since_ms LIMIT $1"
#define END_NOT_NOTED                                                                                        \
    "SELECT " WAITING_COLUMNS " FROM alarm WHERE closed_ms > 0 AND case_noted = 0 AND case_number <> 0 "     \
    "ORDER BY closed_ms LIMIT $1"

/* ---- one alarm ---- */

/* Adds a row to the history of a case that is not closed, and says what of the case goes with it. 0 rows: it
 * is closed. */
static enum fg_err note(struct fg_sql *sql, const char *update, const struct waiting *alarm, int64_t number,
                        struct fg_case_history *step, int64_t *ret_noted, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    int64_t changed = 0;
    enum fg_err result = fg_ledger_touch_number(sql, "hazard_case", NULL, number, step->who, error);

    if (result == FG_OK)
        result = fg_sql_prepare(sql, update, &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, number);
    fg_sql_bind_int(statement, 2, step->step == FG_CASE_ALARM_ENDED ? alarm->closed_ms : alarm->number);
    result = fg_sql_run(statement, &changed, error);
    *ret_noted = changed;
    if (result != FG_OK || changed == 0)
        return result;
    result = fg_sql_prepare(sql, "SELECT version FROM hazard_case WHERE number = $1", &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, number);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        step->place = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return result == FG_OK ? fg_case_history_add(sql, number, step, error) : result;
}

static enum fg_err alarm_mark(struct fg_sql *sql, const char *update, const struct waiting *alarm,
                              int64_t value, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_alarm_touch(sql, alarm->kind, alarm->subject, alarm->number, FG_CASE_BUREAU, error);

    if (result == FG_OK)
        result = fg_sql_prepare(sql, update, &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, alarm->kind);
    fg_sql_bind_text(statement, 2, alarm->subject);
    fg_sql_bind_int(statement, 3, alarm->number);
    fg_sql_bind_int(statement, 4, value);
    return fg_sql_run(statement, NULL, error);
}

/* The case of the same kind and subject that is not closed; 0 = there is none. */
static enum fg_err case_of(struct fg_sql *sql, const struct waiting *alarm, int64_t *ret_number,
                           struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql,
                                        "SELECT number FROM hazard_case WHERE alarm_kind = $1 AND "
                                        "alarm_subject = $2 AND closed_ms = 0 AND alarm_kind > 0",
                                        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, alarm->kind);
    fg_sql_bind_text(statement, 2, alarm->subject);
    result = fg_sql_next(statement, error);
    *ret_number = result == FG_OK ? fg_sql_int(statement, 0) : 0;
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err case_make(struct fg_sql *sql, const struct waiting *alarm, int64_t number, int64_t now_ms,
                             struct fg_error *error)
{
    struct fg_case_by by = {FG_CASE_BUREAU, "an alarm was raised", now_ms};
    struct fg_case_new made = {.number = number,
                               .alarm_kind = alarm->kind,
                               .alarm_subject = alarm->subject,
                               .alarm_number = alarm->number,
                               .station = alarm->station,
                               .controller = alarm->controller,
                               .code = alarm->code,
                               .words = alarm->detail};

    return fg_case_insert(sql, &made, &by, error);
}

static enum fg_err alarm_take(struct fg_sql *sql, const struct waiting *alarm, int64_t *last, int64_t now_ms,
                              struct fg_error *error)
{
    struct fg_case_history step = {.at_ms = now_ms,
                                   .step = FG_CASE_ALARM_RAISED,
                                   .who = FG_CASE_BUREAU,
                                   .why = "the same alarm was raised again",
                                   .party = "",
                                   .words = alarm->detail};
    int64_t number = 0;
    int64_t noted = 0;
    enum fg_err result = case_of(sql, alarm, &number, error);

    if (result == FG_OK && number > 0)
        result = note(sql,
                      "UPDATE hazard_case SET version = version + 1, alarm_number = $2, alarm_ended_ms = 0 "
                      "WHERE number = $1 AND closed_ms = 0",
                      alarm, number, &step, &noted, error);
    if (result == FG_OK && noted == 0) {
        number = *last + 1;
        result = case_make(sql, alarm, number, now_ms, error);
    }
    if (result == FG_OK && noted == 0)
        *last = number;
    if (result == FG_OK)
        result = alarm_mark(
            sql, "UPDATE alarm SET case_number = $4 WHERE kind = $1 AND subject = $2 AND number = $3", alarm,
            number, error);
    return result;
}

static enum fg_err end_note(struct fg_sql *sql, const struct waiting *alarm, struct fg_error *error)
{
    struct fg_case_history step = {.at_ms = alarm->closed_ms,
                                   .step = FG_CASE_ALARM_ENDED,
                                   .who = alarm->closed_by,
                                   .why = alarm->closed_why,
                                   .party = "",
                                   .words = ""};
    int64_t noted = 0;
    enum fg_err result =
        note(sql,
             "UPDATE hazard_case SET version = version + 1, alarm_ended_ms = $2 WHERE number "
             "= $1 AND closed_ms = 0",
             alarm, alarm->case_number, &step, &noted, error);

    if (result != FG_OK)
        return result;
    return alarm_mark(sql,
                      "UPDATE alarm SET case_noted = $4 WHERE kind = $1 AND subject = $2 AND number = $3",
                      alarm, 1, error);
}

/* ---- batches ---- */

/* Reads again under the lock: somebody else may have taken them up in between. */
static enum fg_err batch_take(struct fg_sql *sql, struct batch *batch, int64_t now_ms, struct fg_error *error)
{
    int64_t last = 0;
    enum fg_err result = fg_case_counter_lock(sql, &last, error);

    if (result == FG_OK)
        result = batch_read(sql, WITHOUT_CASE, batch, error);
    for (size_t i = 0; result == FG_OK && i < batch->count; i++)
        result = alarm_take(sql, &batch->alarms[i], &last, now_ms, error);
    return result == FG_OK ? fg_case_counter_set(sql, last, error) : result;
}

static enum fg_err batch_note(struct fg_sql *sql, struct batch *batch, int64_t now_ms, struct fg_error *error)
{
    int64_t last = 0;
    enum fg_err result = fg_case_counter_lock(sql, &last, error);

    (void)now_ms;
    if (result == FG_OK)
        result = batch_read(sql, END_NOT_NOTED, batch, error);
    for (size_t i = 0; result == FG_OK && i < batch->count; i++)
        result = end_note(sql, &batch->alarms[i], error);
    return result;
}

typedef enum fg_err (*batch_work)(struct fg_sql *sql, struct batch *batch, int64_t now_ms,
                                  struct fg_error *error);

static enum fg_err batch_run(struct fg_sql *sql, const char *query, batch_work work, struct batch *batch,
                             int64_t now_ms, bool *more, struct fg_error *error)
{
    enum fg_err result = batch_read(sql, query, batch, error);

    if (result != FG_OK || batch->count == 0)
        return result;
    result = fg_sql_begin(sql, error);
    if (result != FG_OK)
        return result;
    result = work(sql, batch, now_ms, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    *more = *more || batch->count == BATCH_ALARMS;
    return result;
}

enum fg_err fg_cases_follow(struct fg_sql *sql, int64_t now_ms, bool *ret_more, struct fg_error *error)
{
    struct batch *batch = malloc(sizeof(*batch));
    bool more = false;
    enum fg_err result;

    if (batch == NULL)
        return fg_fail(error, FG_E_MEMORY, "cases: no memory");
    result = batch_run(sql, WITHOUT_CASE, batch_take, batch, now_ms, &more, error);
    if (result == FG_OK)
        result = batch_run(sql, END_NOT_NOTED, batch_note, batch, now_ms, &more, error);
    free(batch);
    if (result == FG_OK)
        *ret_more = more;
    return result;
}
