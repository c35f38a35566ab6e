/* Cases, on both back ends: how alarms become cases, every step from every state, who may close, what comes
 * twice, what is overdue, hostile texts, the rate of closure. */
#include <stdio.h>
#include <string.h>

#include "host/bureau/cases.h"
#include "tests/lib/bureau_fixture.h"
#include "tests/lib/check.h"

#define NOW FG_FIXTURE_BUREAU_MS
#define DAY_MS INT64_C(86400000)
#define TODAY (NOW / DAY_MS)

static void follow(struct fg_sql *sql, int64_t now_ms)
{
    struct fg_error error;
    bool more = true;

    while (more)
        CHECK_OK(fg_cases_follow(sql, now_ms, &more, &error), &error);
}

static void raise_alarm(struct fg_sql *sql, enum fg_alarm_kind kind, const char *subject)
{
    struct fg_alarm alarm = {.kind = (uint8_t)kind, .station = "S1", .detail = "what was seen"};
    struct fg_error error;

    (void)snprintf(alarm.subject, sizeof(alarm.subject), "%s", subject);
    CHECK_OK(fg_alarm_raise(sql, &alarm, NOW, &error), &error);
}

static struct fg_case find(struct fg_sql *sql, int64_t number)
{
    struct fg_case found;
    struct fg_error error;

    CHECK_OK(fg_case_find(sql, number, &found, &error), &error);
    return found;
}

static int64_t open_by_hand(struct fg_sql *sql, const char *who)
{
    struct fg_case_hazard hazard = {"S1", "", "", "the hose is cracked"};
    struct fg_case_by by = {who, "inspection of November", NOW};
    struct fg_error error;
    int64_t number = 0;

    CHECK_OK(fg_case_open(sql, &hazard, &by, &number, &error), &error);
    return number;
}

static enum fg_err step_at(struct fg_sql *sql, int64_t number, int64_t version, enum fg_case_step_kind step,
                           const char *who, const char *party)
{
    struct fg_case_move move = {.number = number, .version = version, .step = step, .today = TODAY};
    struct fg_case_by by = {who, "because", NOW};
    struct fg_error error;

    if (step == FG_CASE_ASSIGN || step == FG_CASE_ORDER || step == FG_CASE_ANSWER)
        move.party = party;
    if (step == FG_CASE_ORDER || step == FG_CASE_ANSWER)
        move.words = "change the hose";
    if (step == FG_CASE_ORDER)
        move.due_day = TODAY + 7;
    return fg_case_step(sql, &move, &by, &error);
}

static enum fg_err take(struct fg_sql *sql, int64_t number, enum fg_case_step_kind step, const char *who,
                        const char *party)
{
    return step_at(sql, number, find(sql, number).version, step, who, party);
}

/* A new case in this state: opened by "opener", assigned to "finder". */
static int64_t case_in(struct fg_sql *sql, enum fg_case_state state)
{
    static const enum fg_case_step_kind way[] = {FG_CASE_ASSIGN, FG_CASE_ORDER, FG_CASE_ANSWER,
                                                 FG_CASE_CLOSE};
    static const char *const people[] = {"chief", "finder", "finder", "chief"};
    int64_t number = open_by_hand(sql, "opener");

    for (int i = 0; i + 1 < (int)state; i++)
        CHECK_INT(take(sql, number, way[i], people[i], i == 0 ? "finder" : "the station"), FG_OK);
    CHECK_INT(find(sql, number).state, state);
    return number;
}

struct rows {
    int64_t count;
    enum fg_case_step_kind steps[32];
    char who[32][FG_NAME_MAX + 1];
};

static enum fg_err rows_keep(void *context, const struct fg_case_history *step, struct fg_error *error)
{
    struct rows *rows = context;

    (void)error;
    CHECK(rows->count < 32);
    CHECK_INT(step->place, rows->count + 1);
    CHECK(step->why[0] != '\0');
    rows->steps[rows->count] = step->step;
    (void)snprintf(rows->who[rows->count], sizeof(rows->who[0]), "%s", step->who);
    rows->count++;
    return FG_OK;
}

static struct rows history(struct fg_sql *sql, int64_t number)
{
    struct rows rows = {0};
    struct fg_error error;

    CHECK_OK(fg_case_history_each(sql, number, rows_keep, &rows, &error), &error);
    return rows;
}

/* ---- alarms ---- */

static void alarms_become_cases(bool postgres)
{
    struct fg_sql *sql = fg_fixture_bureau(postgres);
    struct fg_case found;

    raise_alarm(sql, FG_ALARM_TWO_PLACES, "C1");
    raise_alarm(sql, FG_ALARM_TWO_PLACES, "C1");
    raise_alarm(sql, FG_ALARM_FORK, "ctl-1");
    follow(sql, NOW + 5);
    follow(sql, NOW + 6);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM hazard_case"), 2);
    found = find(sql, 1);
    CHECK_INT(found.state, FG_CASE_OPEN);
    CHECK_TEXT(found.opened_by, FG_CASE_BUREAU);
    CHECK_TEXT(found.station, "S1");
    CHECK_TEXT(found.words, "what was seen");
    CHECK_INT(history(sql, 1).count, 1);
    fg_sql_close(sql);
}

TEST("each alarm becomes one case, sqlite")
{
    alarms_become_cases(false);
}

TEST("each alarm becomes one case, postgresql")
{
    alarms_become_cases(true);
}

/* ---- every step from every state ---- */

/* Rows: OPEN to CLOSED. Columns: ASSIGN ORDER ANSWER RETURN CLOSE; what state follows, 0 = refused. */
static const int leads[5][5] = {
    {FG_CASE_ASSIGNED, 0, 0, 0, 0},
    {FG_CASE_ASSIGNED, FG_CASE_ORDERED, 0, 0, FG_CASE_CLOSED},
    {0, 0, FG_CASE_ANSWERED, FG_CASE_ASSIGNED, 0},
    {0, 0, 0, FG_CASE_ASSIGNED, FG_CASE_CLOSED},
    {0, 0, 0, 0, 0},
};

static void steps_all(bool postgres)
{
    struct fg_sql *sql = fg_fixture_bureau(postgres);

    for (int state = FG_CASE_OPEN; state <= FG_CASE_CLOSED; state++) {
        for (int step = 0; step < FG_CASE_STEP_END + 1; step++) {
            bool personal = step >= FG_CASE_ASSIGN && step <= FG_CASE_CLOSE;
            int to = personal ? leads[state - 1][step - FG_CASE_ASSIGN] : 0;
            int64_t number = case_in(sql, (enum fg_case_state)state);
            struct fg_case before = find(sql, number);
            enum fg_err result = take(sql, number, (enum fg_case_step_kind)step, "judge", "somebody");
            struct fg_case after = find(sql, number);

            CHECK_INT(result, to != 0 ? FG_OK : FG_E_STATE);
            CHECK_INT(after.state, to != 0 ? to : state);
            CHECK_INT(after.version, before.version + (to != 0 ? 1 : 0));
            CHECK_INT(history(sql, number).count, after.version);
        }
    }
    fg_sql_close(sql);
}

TEST("every step from every state does what the table says or nothing, sqlite")
{
    steps_all(false);
}

TEST("every step from every state does what the table says or nothing, postgresql")
{
    steps_all(true);
}
