/* Cases, on both back ends: how alarms become cases, every step from every state, who may close, what comes
 * twice, what is overdue, hostile texts, the rate of closure. */
#include <stdio.h>
#include <string.h>

#include "host/bureau/case/case.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/sql_faults.h"

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
    char last[400]; /* all of the newest: at, why, party, words, due */
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
    (void)snprintf(rows->last, sizeof(rows->last), "%lld|%s|%s|%s|%lld", (long long)step->at_ms, step->why,
                   step->party, step->words, (long long)step->due_day);
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

/* ---- names and days ---- */

TEST("every state and every step has its name, and what is none has a question mark")
{
    static const char *const states[] = {"?", "OPEN", "ASSIGNED", "ORDERED", "ANSWERED", "CLOSED", "?"};
    static const char *const steps[] = {"?",      "OPENED", "ASSIGN",      "ORDER",        "ANSWER",
                                        "RETURN", "CLOSE",  "ALARM_ENDED", "ALARM_RAISED", "?"};

    for (int i = 0; i < 7; i++)
        CHECK_TEXT(fg_case_state_name((enum fg_case_state)i), states[i]);
    for (int i = 0; i < 10; i++)
        CHECK_TEXT(fg_case_step_name((enum fg_case_step_kind)i), steps[i]);
    CHECK_TEXT(fg_case_state_name((enum fg_case_state) - 1), "?");
    CHECK_TEXT(fg_case_step_name((enum fg_case_step_kind) - 1), "?");
}

TEST("a day is the local one, from its first millisecond to its last, also before 1970")
{
    CHECK_INT(fg_case_day(0, 0), 0);
    CHECK_INT(fg_case_day(DAY_MS - 1, 0), 0);
    CHECK_INT(fg_case_day(DAY_MS, 0), 1);
    CHECK_INT(fg_case_day(-1, 0), -1);
    CHECK_INT(fg_case_day(-DAY_MS, 0), -1);
    CHECK_INT(fg_case_day(-DAY_MS - 1, 0), -2);
    CHECK_INT(fg_case_day(16 * 3600000 - 1, 480), 0);
    CHECK_INT(fg_case_day(16 * 3600000, 480), 1);
    CHECK_INT(fg_case_day(3600000 - 1, -60), -1);
    CHECK_INT(fg_case_day(3600000, -60), 0);
}

TEST("an order is overdue from the day after its last on, and only while it is out")
{
    for (int state = FG_CASE_OPEN; state <= FG_CASE_CLOSED; state++) {
        struct fg_case found = {.state = (enum fg_case_state)state, .due_day = 100};

        CHECK(!fg_case_overdue(&found, 99));
        CHECK(!fg_case_overdue(&found, 100));
        CHECK_INT(fg_case_overdue(&found, 101), state == FG_CASE_ORDERED);
    }
}

/* ---- what a case keeps ---- */

static enum fg_err move_by(struct fg_sql *sql, int64_t number, enum fg_case_step_kind step,
                           const struct fg_case_by *by, const char *party, const char *words, int64_t due_day)
{
    struct fg_case_move move = {.number = number,
                                .version = find(sql, number).version,
                                .step = step,
                                .party = party,
                                .words = words,
                                .due_day = due_day,
                                .today = TODAY};
    struct fg_error error;

    return fg_case_step(sql, &move, by, &error);
}

static void check_last(struct fg_sql *sql, int64_t number, const char *expected)
{
    CHECK_TEXT(history(sql, number).last, expected);
}

TEST("each step leaves its own in the case and in its history, and nothing else changes")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    struct fg_case_hazard hazard = {"S1", "ctl-1", "HZ-1", "the hose is cracked"};
    struct fg_case_by by = {"opener", "inspection", 1000};
    struct fg_case found;
    struct fg_error error;
    int64_t number = 0;

    (void)open_by_hand(sql, "another");
    CHECK_OK(fg_case_open(sql, &hazard, &by, &number, &error), &error);
    CHECK_INT(number, 2);
    check_last(sql, 2, "1000|inspection||the hose is cracked|0");
    by = (struct fg_case_by){"chief", "take it", 2000};
    CHECK_OK(move_by(sql, 2, FG_CASE_ASSIGN, &by, "finder", NULL, 0), &error);
    check_last(sql, 2, "2000|take it|finder||0");
    by = (struct fg_case_by){"finder", "danger", 3000};
    CHECK_OK(move_by(sql, 2, FG_CASE_ORDER, &by, "the owner", "replace it", TODAY + 3), &error);
    found = find(sql, 2);
    CHECK_INT(found.number, 2);
    CHECK_INT(found.state, FG_CASE_ORDERED);
    CHECK_INT(found.version, 3);
    CHECK_INT(found.alarm_kind, 0);
    CHECK_TEXT(found.alarm_subject, "");
    CHECK_INT(found.alarm_number, 0);
    CHECK_INT(found.opened_ms, 1000);
    CHECK_TEXT(found.opened_by, "opener");
    CHECK_TEXT(found.station, "S1");
    CHECK_TEXT(found.controller, "ctl-1");
    CHECK_TEXT(found.code, "HZ-1");
    CHECK_TEXT(found.words, "the hose is cracked");
    CHECK_TEXT(found.assigned, "finder");
    CHECK_INT(found.orders, 1);
    CHECK_TEXT(found.order_text, "replace it");
    CHECK_TEXT(found.recipient, "the owner");
    CHECK_INT(found.due_day, TODAY + 3);
    CHECK_INT(found.ordered_ms, 3000);
    CHECK_TEXT(found.ordered_by, "finder");
    by = (struct fg_case_by){"finder", "letter", 4000};
    CHECK_OK(move_by(sql, 2, FG_CASE_ANSWER, &by, "the owner's son", "replaced", 0), &error);
    found = find(sql, 2);
    CHECK_TEXT(found.answer, "replaced");
    CHECK_TEXT(found.answered_by, "the owner's son");
    CHECK_INT(found.answered_ms, 4000);
    CHECK_TEXT(found.recipient, "the owner");
    CHECK_TEXT(found.order_text, "replace it");
    by = (struct fg_case_by){"chief", "not enough", 5000};
    CHECK_OK(move_by(sql, 2, FG_CASE_RETURN, &by, NULL, NULL, 0), &error);
    check_last(sql, 2, "5000|not enough|||0");
    CHECK_TEXT(find(sql, 2).answer, "replaced");
    by = (struct fg_case_by){"finder", "again", 6000};
    CHECK_OK(move_by(sql, 2, FG_CASE_ORDER, &by, "the city", "close it", TODAY), &error);
    found = find(sql, 2);
    CHECK_INT(found.orders, 2);
    CHECK_TEXT(found.answer, "");
    CHECK_TEXT(found.answered_by, "");
    CHECK_INT(found.answered_ms, 0);
    CHECK_INT(found.closed_ms, 0);
    by = (struct fg_case_by){"finder", "letter", 7000};
    CHECK_OK(move_by(sql, 2, FG_CASE_ANSWER, &by, "the city", "closed", 0), &error);
    by = (struct fg_case_by){"judge", "all done", 8000};
    CHECK_OK(move_by(sql, 2, FG_CASE_CLOSE, &by, NULL, NULL, 0), &error);
    found = find(sql, 2);
    CHECK_INT(found.closed_ms, 8000);
    CHECK_TEXT(found.closed_by, "judge");
    CHECK_TEXT(found.closed_why, "all done");
    CHECK_TEXT(found.assigned, "finder");
    CHECK_INT(found.version, 8);
    CHECK_INT(find(sql, 1).version, 1);
    CHECK_INT(fg_case_find(sql, 3, &found, &error), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "case 3");
    fg_sql_close(sql);
}

/* ---- lists ---- */

struct numbers {
    char text[200];
    int left; /* rows until the visitor has enough */
};

static enum fg_err numbers_add(void *context, const struct fg_case *found, struct fg_error *error)
{
    struct numbers *numbers = context;

    (void)snprintf(numbers->text + strlen(numbers->text), sizeof(numbers->text) - strlen(numbers->text),
                   "%lld ", (long long)found->number);
    return --numbers->left == 0 ? fg_fail(error, FG_E_STATE, "enough") : FG_OK;
}

static void list_is(struct fg_sql *sql, struct fg_case_filter filter, const char *expected)
{
    struct numbers numbers = {.text = ""};
    struct fg_error error;

    if (filter.limit == 0)
        filter.limit = 100;
    CHECK_OK(fg_case_each(sql, &filter, numbers_add, &numbers, &error), &error);
    CHECK_TEXT(numbers.text, expected);
}

TEST("the list of cases follows each filter, any two of them, its bounds, and is newest first")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    struct fg_case_filter all = {.limit = 100};
    struct numbers numbers = {.text = "", .left = 2};
    struct fg_error error;

    for (int state = FG_CASE_OPEN; state <= FG_CASE_CLOSED; state++)
        (void)case_in(sql, (enum fg_case_state)state); /* 1 to 5 */
    (void)case_in(sql, FG_CASE_ORDERED);
    fg_fixture_sql_run(sql, "UPDATE hazard_case SET station = 'S2' WHERE number IN (2, 6)");
    fg_fixture_sql_run(sql, "UPDATE hazard_case SET assigned = 'other' WHERE number IN (2, 3)");
    list_is(sql, all, "6 5 4 3 2 1 ");
    list_is(sql, (struct fg_case_filter){.limit = 2}, "6 5 ");
    list_is(sql, (struct fg_case_filter){.before = 5, .limit = 2}, "4 3 ");
    list_is(sql, (struct fg_case_filter){.before = 1}, "");
    list_is(sql, (struct fg_case_filter){.not_closed = true}, "6 4 3 2 1 ");
    list_is(sql, (struct fg_case_filter){.state = FG_CASE_ORDERED}, "6 3 ");
    list_is(sql, (struct fg_case_filter){.overdue = true, .today = TODAY + 7}, "");
    list_is(sql, (struct fg_case_filter){.overdue = true, .today = TODAY + 8}, "6 3 ");
    list_is(sql, (struct fg_case_filter){.station = "S2"}, "6 2 ");
    list_is(sql, (struct fg_case_filter){.assigned = "other"}, "3 2 ");
    list_is(sql, (struct fg_case_filter){.station = "S2", .assigned = "other"}, "2 ");
    list_is(sql, (struct fg_case_filter){.state = FG_CASE_ORDERED, .station = "S2"}, "6 ");
    list_is(sql, (struct fg_case_filter){.overdue = true, .today = TODAY + 8, .station = "S1"}, "3 ");
    list_is(sql, (struct fg_case_filter){.overdue = true, .today = TODAY + 8, .assigned = "finder"}, "6 ");
    list_is(sql,
            (struct fg_case_filter){.state = FG_CASE_ORDERED,
                                    .overdue = true,
                                    .today = TODAY + 8,
                                    .station = "S1",
                                    .assigned = "other",
                                    .not_closed = true},
            "3 ");
    CHECK_INT(fg_case_each(sql, &all, numbers_add, &numbers, &error), FG_E_STATE);
    CHECK_TEXT(numbers.text, "6 5 ");
    fg_sql_close(sql);
}

/* ---- what a step needs ---- */

TEST("BAD-INPUT-IS-SAFE: a case is opened only with words, who and why, of the lengths that are kept")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    static char text[FG_CASE_WORDS_MAX + 2];
    struct fg_case_hazard hazard = {"S1", "", "", text};
    struct fg_case_by by = {"clerk", "because", NOW};
    struct fg_error error;
    int64_t number = 77;

    CHECK_INT(fg_case_open(sql, &hazard, &by, &number, &error), FG_E_RANGE);
    memset(text, 'x', FG_CASE_WORDS_MAX + 1);
    CHECK_INT(fg_case_open(sql, &hazard, &by, &number, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "words");
    hazard.words = NULL;
    CHECK_INT(fg_case_open(sql, &hazard, &by, &number, &error), FG_E_RANGE);
    hazard.words = text + 1;
    by.why = "";
    CHECK_INT(fg_case_open(sql, &hazard, &by, &number, &error), FG_E_RANGE);
    by.why = text + FG_CASE_WORDS_MAX + 1 - (FG_CASE_WHY_MAX + 1);
    CHECK_INT(fg_case_open(sql, &hazard, &by, &number, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "why");
    by.why++;
    by.who = "";
    CHECK_INT(fg_case_open(sql, &hazard, &by, &number, &error), FG_E_RANGE);
    by.who = text + FG_CASE_WORDS_MAX + 1 - (FG_NAME_MAX + 1);
    CHECK_INT(fg_case_open(sql, &hazard, &by, &number, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "who");
    by.who++;
    hazard.station = text + FG_CASE_WORDS_MAX + 1 - (FG_NAME_MAX + 1);
    CHECK_INT(fg_case_open(sql, &hazard, &by, &number, &error), FG_E_RANGE);
    hazard.station++;
    hazard.controller = hazard.station - 1;
    CHECK_INT(fg_case_open(sql, &hazard, &by, &number, &error), FG_E_RANGE);
    hazard.controller++;
    hazard.code = text + FG_CASE_WORDS_MAX + 1 - (FG_CODE_MAX + 1);
    CHECK_INT(fg_case_open(sql, &hazard, &by, &number, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "too long");
    hazard.code++;
    CHECK_INT(number, 77);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM hazard_case"), 0);
    CHECK_OK(fg_case_open(sql, &hazard, &by, &number, &error), &error);
    CHECK_INT(number, 1);
    CHECK_INT(strlen(find(sql, 1).words), FG_CASE_WORDS_MAX);
    CHECK_INT(strlen(find(sql, 1).code), FG_CODE_MAX);
    fg_sql_close(sql);
}

/* A step with these texts, from the state in which it can be taken. */
static enum fg_err step_with(struct fg_sql *sql, enum fg_case_step_kind step, const char *party,
                             const char *words, int64_t due_day)
{
    static const enum fg_case_state from[] = {
        [FG_CASE_ASSIGN] = FG_CASE_OPEN,    [FG_CASE_ORDER] = FG_CASE_ASSIGNED,
        [FG_CASE_ANSWER] = FG_CASE_ORDERED, [FG_CASE_RETURN] = FG_CASE_ORDERED,
        [FG_CASE_CLOSE] = FG_CASE_ANSWERED,
    };
    struct fg_case_by by = {"judge", "because", NOW};
    int64_t number = case_in(sql, from[step]);
    struct fg_case before = find(sql, number);
    enum fg_err result = move_by(sql, number, step, &by, party, words, due_day);

    CHECK_INT(find(sql, number).version, before.version + (result == FG_OK));
    return result;
}

TEST("BAD-INPUT-IS-SAFE: every step takes the texts and the day that are its own, and none else")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    static char text[FG_CASE_WORDS_MAX + 2];
    const char *words = text + 1;                                         /* the most */
    const char *party = text + FG_CASE_WORDS_MAX + 1 - FG_CASE_PARTY_MAX; /* the most */
    const char *user = text + FG_CASE_WORDS_MAX + 1 - FG_NAME_MAX;
    int64_t due = TODAY + FG_CASE_DUE_DAYS_MAX;

    memset(text, 'x', FG_CASE_WORDS_MAX + 1);
    CHECK_INT(step_with(sql, FG_CASE_ASSIGN, user, NULL, 0), FG_OK);
    CHECK_INT(step_with(sql, FG_CASE_ASSIGN, user - 1, NULL, 0), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ASSIGN, "", NULL, 0), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ASSIGN, NULL, NULL, 0), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ASSIGN, user, "x", 0), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ASSIGN, user, NULL, TODAY), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ORDER, party, words, due), FG_OK);
    CHECK_INT(step_with(sql, FG_CASE_ORDER, party, words, TODAY), FG_OK);
    CHECK_INT(step_with(sql, FG_CASE_ORDER, party, words, due + 1), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ORDER, party, words, TODAY - 1), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ORDER, party - 1, words, due), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ORDER, party, text, due), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ORDER, NULL, words, due), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ORDER, party, NULL, due), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ANSWER, party, words, 0), FG_OK);
    CHECK_INT(step_with(sql, FG_CASE_ANSWER, party - 1, words, 0), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ANSWER, party, "", 0), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_ANSWER, party, words, TODAY), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_RETURN, NULL, NULL, 0), FG_OK);
    CHECK_INT(step_with(sql, FG_CASE_RETURN, party, NULL, 0), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_RETURN, NULL, words, 0), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_CLOSE, NULL, NULL, 0), FG_OK);
    CHECK_INT(step_with(sql, FG_CASE_CLOSE, NULL, NULL, TODAY), FG_E_RANGE);
    CHECK_INT(step_with(sql, FG_CASE_CLOSE, NULL, "x", 0), FG_E_RANGE);
    fg_sql_close(sql);
}

TEST("a step without who or why is refused, and so is one on a case that is not there or has gone on")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    int64_t number = case_in(sql, FG_CASE_OPEN);
    struct fg_case_by by = {"judge", "", NOW};
    struct fg_case_move move = {
        .number = number, .version = 1, .step = FG_CASE_ASSIGN, .party = "finder", .today = TODAY};
    struct fg_error error;

    CHECK_INT(fg_case_step(sql, &move, &by, &error), FG_E_RANGE);
    by = (struct fg_case_by){"", "because", NOW};
    CHECK_INT(fg_case_step(sql, &move, &by, &error), FG_E_RANGE);
    by = (struct fg_case_by){NULL, "because", NOW};
    CHECK_INT(fg_case_step(sql, &move, &by, &error), FG_E_RANGE);
    by.who = "judge";
    move.number = number + 1;
    CHECK_INT(fg_case_step(sql, &move, &by, &error), FG_E_NOT_FOUND);
    move.number = number;
    move.version = 2;
    CHECK_INT(fg_case_step(sql, &move, &by, &error), FG_E_OLD);
    move.version = 0;
    CHECK_INT(fg_case_step(sql, &move, &by, &error), FG_E_OLD);
    CHECK_HAS(error.text, "somebody else changed it");
    move.version = 1;
    move.step = FG_CASE_CLOSE;
    move.party = NULL;
    CHECK_INT(fg_case_step(sql, &move, &by, &error), FG_E_STATE);
    CHECK_HAS(error.text, "is OPEN: CLOSE is not possible");
    CHECK_INT(history(sql, number).count, 1);
    fg_sql_close(sql);
}

static void closing_is_separate(bool postgres)
{
    struct fg_sql *sql = fg_fixture_bureau(postgres);
    int64_t number = case_in(sql, FG_CASE_ASSIGNED); /* opener; chief assigned it to finder */

    CHECK_INT(take(sql, number, FG_CASE_ASSIGN, "chief", "second"), FG_OK);
    CHECK_INT(take(sql, number, FG_CASE_ORDER, "orderer", "the station"), FG_OK);
    CHECK_INT(take(sql, number, FG_CASE_ANSWER, "recorder", "judge"), FG_OK); /* at the station, no user */
    CHECK_INT(take(sql, number, FG_CASE_RETURN, "returner", NULL), FG_OK);
    CHECK_INT(take(sql, number, FG_CASE_CLOSE, "opener", NULL), FG_E_DENIED);
    CHECK_INT(take(sql, number, FG_CASE_CLOSE, "finder", NULL), FG_E_DENIED);
    CHECK_INT(take(sql, number, FG_CASE_CLOSE, "second", NULL), FG_E_DENIED);
    CHECK_INT(take(sql, number, FG_CASE_CLOSE, "orderer", NULL), FG_E_DENIED);
    CHECK_INT(take(sql, number, FG_CASE_CLOSE, "recorder", NULL), FG_E_DENIED);
    CHECK_INT(find(sql, number).state, FG_CASE_ASSIGNED);
    CHECK_INT(take(sql, number, FG_CASE_CLOSE, "judge", NULL), FG_OK);
    number = case_in(sql, FG_CASE_ASSIGNED);
    CHECK_INT(take(sql, number, FG_CASE_CLOSE, "chief", NULL), FG_OK);
    number = case_in(sql, FG_CASE_ANSWERED);
    CHECK_INT(take(sql, number, FG_CASE_RETURN, "returner", NULL), FG_OK);
    CHECK_INT(take(sql, number, FG_CASE_CLOSE, "returner", NULL), FG_OK);
    fg_sql_close(sql);
}

TEST("who opened, was assigned, ordered or recorded an answer does not close; everybody else may, sqlite")
{
    closing_is_separate(false);
}

TEST("who opened, was assigned, ordered or recorded an answer does not close; everybody else may, postgresql")
{
    closing_is_separate(true);
}

/* ---- alarms and their cases ---- */

static void end_alarm(struct fg_sql *sql, enum fg_alarm_kind kind, const char *subject)
{
    struct fg_error error;

    CHECK_OK(fg_alarm_close(sql, kind, subject, "fillgate-bureau", "it is over", NOW + 50, &error), &error);
}

static void alarms_and_cases(bool postgres)
{
    struct fg_sql *sql = fg_fixture_bureau(postgres);
    struct fg_case found;
    struct rows rows;

    raise_alarm(sql, FG_ALARM_FORK, "ctl-1");
    follow(sql, NOW + 5);
    found = find(sql, 1);
    CHECK_INT(found.alarm_kind, FG_ALARM_FORK);
    CHECK_TEXT(found.alarm_subject, "ctl-1");
    CHECK_INT(found.alarm_number, 1);
    CHECK_INT(found.alarm_ended_ms, 0);
    CHECK_INT(found.opened_ms, NOW + 5);
    check_last(sql, 1, "1795392000005|an alarm was raised||what was seen|0");
    end_alarm(sql, FG_ALARM_FORK, "ctl-1");
    follow(sql, NOW + 60);
    follow(sql, NOW + 61);
    CHECK_INT(find(sql, 1).alarm_ended_ms, NOW + 50);
    CHECK_INT(find(sql, 1).state, FG_CASE_OPEN);
    rows = history(sql, 1);
    CHECK_INT(rows.count, 2);
    CHECK_INT(rows.steps[1], FG_CASE_ALARM_ENDED);
    CHECK_TEXT(rows.who[1], "fillgate-bureau");
    check_last(sql, 1, "1795392000050|it is over|||0");
    raise_alarm(sql, FG_ALARM_FORK, "ctl-1");
    raise_alarm(sql, FG_ALARM_FORK, "ctl-2");
    raise_alarm(sql, FG_ALARM_HEAD_REFUSED, "ctl-1");
    follow(sql, NOW + 70);
    found = find(sql, 1);
    CHECK_INT(found.alarm_number, 2);
    CHECK_INT(found.alarm_ended_ms, 0);
    rows = history(sql, 1);
    CHECK_INT(rows.count, 3);
    CHECK_INT(rows.steps[2], FG_CASE_ALARM_RAISED);
    check_last(sql, 1, "1795392000070|the same alarm was raised again||what was seen|0");
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM hazard_case"), 3);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM alarm WHERE case_number = 1"), 2);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT last FROM hazard_counter"), 3);
    fg_sql_close(sql);
}

TEST("a case learns that its alarm ended and that it was raised again, and another alarm is another case, "
     "sqlite")
{
    alarms_and_cases(false);
}

TEST("a case learns that its alarm ended and that it was raised again, and another alarm is another case, "
     "postgresql")
{
    alarms_and_cases(true);
}

TEST("closing a case closes its alarm and no other; after that the same alarm is a new case")
{
    struct fg_sql *sql = fg_fixture_bureau(false);

    raise_alarm(sql, FG_ALARM_FORK, "ctl-1");
    raise_alarm(sql, FG_ALARM_FORK, "ctl-2");
    raise_alarm(sql, FG_ALARM_HEAD_REFUSED, "ctl-1");
    follow(sql, NOW);
    CHECK_INT(take(sql, 1, FG_CASE_ASSIGN, "chief", "finder"), FG_OK);
    CHECK_INT(take(sql, 1, FG_CASE_CLOSE, "judge", NULL), FG_OK);
    CHECK_INT(fg_fixture_sql_number(sql,
                                    "SELECT COUNT(*) FROM alarm WHERE closed_ms > 0 AND case_noted = 1 AND "
                                    "case_number = 1 AND closed_by = 'judge' AND closed_why = "
                                    "'because' AND kind = 1 AND subject = 'ctl-1'"),
              1);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM alarm WHERE closed_ms > 0 OR case_noted <> 0"),
              1);
    follow(sql, NOW + 1);
    CHECK_INT(history(sql, 1).count, 3); /* what the clerk did needs no note */
    raise_alarm(sql, FG_ALARM_FORK, "ctl-1");
    follow(sql, NOW + 2);
    CHECK_INT(find(sql, 1).version, 3);
    CHECK_INT(find(sql, 4).state, FG_CASE_OPEN);
    CHECK_INT(find(sql, 4).alarm_number, 2);
    /* The alarm ended before the case was closed, and was not noted yet. */
    CHECK_INT(take(sql, 2, FG_CASE_ASSIGN, "chief", "finder"), FG_OK);
    end_alarm(sql, FG_ALARM_FORK, "ctl-2");
    CHECK_INT(take(sql, 2, FG_CASE_CLOSE, "judge", NULL), FG_OK);
    follow(sql, NOW + 3);
    CHECK_INT(history(sql, 2).count, 3);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM alarm WHERE closed_ms > 0 AND case_noted = 0"),
              0);
    CHECK_INT(
        fg_fixture_sql_number(sql, "SELECT closed_by = 'fillgate-bureau' FROM alarm WHERE subject = 'ctl-2'"),
        1);
    /* A case that a clerk opened has none. */
    CHECK_INT(case_in(sql, FG_CASE_CLOSED), 5);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM alarm WHERE closed_ms = 0"), 2);
    fg_sql_close(sql);
}

TEST("more alarms than one round takes become cases in the rounds that follow, numbered on")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    struct fg_error error;
    char subject[16];
    bool more = false;

    (void)open_by_hand(sql, "opener");
    for (int i = 0; i < 129; i++) {
        (void)snprintf(subject, sizeof(subject), "ctl-%d", i);
        raise_alarm(sql, FG_ALARM_FORK, subject);
    }
    for (int round = 0; round < 3; round++) {
        CHECK_OK(fg_cases_follow(sql, NOW, &more, &error), &error);
        CHECK_INT(more, round < 2);
    }
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM hazard_case"), 130);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT MAX(number) FROM hazard_case"), 130);
    CHECK_INT(open_by_hand(sql, "opener"), 131);
    for (int i = 0; i < 65; i++) {
        (void)snprintf(subject, sizeof(subject), "ctl-%d", i);
        end_alarm(sql, FG_ALARM_FORK, subject);
    }
    CHECK_OK(fg_cases_follow(sql, NOW, &more, &error), &error);
    CHECK(more);
    CHECK_OK(fg_cases_follow(sql, NOW, &more, &error), &error);
    CHECK(!more);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM hazard_step WHERE step = 7"), 65);
    fg_sql_close(sql);
}

TEST("an alarm's longest texts are in its case whole, and so is why it ended")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    static struct fg_alarm alarm = {.kind = FG_ALARM_FORK};
    struct fg_case found;
    struct rows rows;
    char who[FG_NAME_MAX + 1];
    char why[FG_ALARM_WHY_MAX + 1];
    struct fg_error error;

    memset(alarm.subject, 's', sizeof(alarm.subject) - 1);
    memset(alarm.station, 't', sizeof(alarm.station) - 1);
    memset(alarm.controller, 'c', sizeof(alarm.controller) - 1);
    memset(alarm.code, 'K', sizeof(alarm.code) - 1);
    memset(alarm.detail, 'd', sizeof(alarm.detail) - 1);
    memset(who, 'w', sizeof(who));
    memset(why, 'y', sizeof(why));
    who[FG_NAME_MAX] = '\0';
    why[FG_ALARM_WHY_MAX] = '\0';
    CHECK_OK(fg_alarm_raise(sql, &alarm, NOW, &error), &error);
    follow(sql, NOW);
    found = find(sql, 1);
    CHECK_TEXT(found.alarm_subject, alarm.subject);
    CHECK_TEXT(found.station, alarm.station);
    CHECK_TEXT(found.controller, alarm.controller);
    CHECK_TEXT(found.code, alarm.code);
    CHECK_TEXT(found.words, alarm.detail);
    CHECK_OK(fg_alarm_close(sql, FG_ALARM_FORK, alarm.subject, who, why, NOW + 1, &error), &error);
    follow(sql, NOW);
    rows = history(sql, 1);
    CHECK_INT(rows.count, 2);
    CHECK_TEXT(rows.who[1], who);
    CHECK_HAS(rows.last, why);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT case_noted FROM alarm"), 1);
    fg_sql_close(sql);
}

TEST("the end of an alarm whose case is closed already is noted at the alarm, and the case stays as it is")
{
    struct fg_sql *sql = fg_fixture_bureau(false);

    raise_alarm(sql, FG_ALARM_FORK, "ctl-1");
    follow(sql, NOW);
    end_alarm(sql, FG_ALARM_FORK, "ctl-1");
    fg_fixture_sql_run(sql, "UPDATE hazard_case SET closed_ms = 5, state = 5");
    follow(sql, NOW + 1);
    CHECK_INT(history(sql, 1).count, 1);
    CHECK_INT(find(sql, 1).version, 1);
    CHECK_INT(find(sql, 1).alarm_ended_ms, 0);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT case_noted FROM alarm"), 1);
    fg_sql_close(sql);
}

TEST("TAMPER-SHOWS: without the counter of their numbers no case is opened")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    struct fg_case_hazard hazard = {"", "", "", "x"};
    struct fg_case_by by = {"clerk", "because", NOW};
    struct fg_error error;
    int64_t number = 0;

    fg_fixture_sql_run(sql, "DELETE FROM hazard_counter");
    CHECK_INT(fg_case_open(sql, &hazard, &by, &number, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "counter");
    fg_sql_close(sql);
}

/* ---- the rate ---- */

static void rate_is(struct fg_sql *sql, const char *area, int64_t from_ms, int64_t until_ms, int64_t opened,
                    int64_t closed)
{
    struct fg_error error;
    int64_t are_opened = -1;
    int64_t are_closed = -1;

    CHECK_OK(fg_cases_rate(sql, area, from_ms, until_ms, &are_opened, &are_closed, &error), &error);
    CHECK_INT(are_opened, opened);
    CHECK_INT(are_closed, closed);
}

TEST("the rate of closure counts the cases opened in a time, of an area or of all")
{
    struct fg_sql *sql = fg_fixture_bureau(false);

    fg_fixture_sql_run(sql, "INSERT INTO station (station, name, owner, area, latitude_udeg, longitude_udeg, "
                            "list_medium, list_days, rules) VALUES ('S1', '', '', 'north', 0, 0, 0, 30, '')");
    (void)case_in(sql, FG_CASE_CLOSED);
    (void)case_in(sql, FG_CASE_OPEN);
    (void)case_in(sql, FG_CASE_CLOSED);
    fg_fixture_sql_run(sql, "UPDATE hazard_case SET station = 'S9' WHERE number = 3");
    rate_is(sql, NULL, NOW, NOW + 1, 3, 2);
    rate_is(sql, NULL, NOW + 1, NOW + 9, 0, 0);
    rate_is(sql, NULL, NOW - 9, NOW, 0, 0);
    rate_is(sql, "north", NOW, NOW + 1, 2, 1);
    rate_is(sql, "", NOW, NOW + 1, 1, 1);
    rate_is(sql, "south", NOW, NOW + 1, 0, 0);
    fg_sql_close(sql);
}

/* ---- a database that fails ---- */

static struct fg_case_move fault_move;

static enum fg_err open_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    struct fg_case_hazard hazard = {"S1", "", "", "x"};
    struct fg_case_by by = {"clerk", "because", NOW};
    int64_t number = -1;
    enum fg_err result = fg_case_open(sql, &hazard, &by, &number, error);

    (void)context;
    CHECK_INT(number == -1, result != FG_OK);
    return result;
}

static enum fg_err step_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    struct fg_case_by by = {"judge", "because", NOW};

    (void)context;
    return fg_case_step(sql, &fault_move, &by, error);
}

static enum fg_err follow_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    bool more;

    (void)context;
    return fg_cases_follow(sql, NOW, &more, error);
}

static enum fg_err visit_none(void *context, const struct fg_case *found, struct fg_error *error)
{
    (void)context;
    (void)found;
    (void)error;
    return FG_OK;
}

static enum fg_err read_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    struct fg_case_filter filter = {.limit = 5};
    struct rows rows = {0};
    struct fg_case found;
    int64_t opened;
    int64_t closed;
    enum fg_err result = fg_case_find(sql, 1, &found, error);

    (void)context;
    if (result == FG_OK)
        result = fg_case_each(sql, &filter, visit_none, NULL, error);
    if (result == FG_OK)
        result = fg_case_history_each(sql, 1, rows_keep, &rows, error);
    if (result == FG_OK)
        result = fg_cases_rate(sql, "north", 0, NOW, &opened, &closed, error);
    return result;
}

TEST("whatever is done about a case, a database that fails leaves it as it was")
{
    static const struct {
        enum fg_case_step_kind step;
        const char *party;
        const char *words;
        int64_t due_day;
    } steps[] = {{FG_CASE_ASSIGN, "finder", NULL, 0},
                 {FG_CASE_ORDER, "the station", "do it", TODAY},
                 {FG_CASE_ANSWER, "the station", "done", 0},
                 {FG_CASE_RETURN, NULL, NULL, 0},
                 {FG_CASE_CLOSE, NULL, NULL, 0}};
    struct fg_sql *sql = fg_fixture_bureau(false);
    const char *path = fg_test_path("bureau.db");

    raise_alarm(sql, FG_ALARM_FORK, "ctl-1");
    /* A new case, its alarm's end, its alarm again: each in a transaction, with another look after it. */
    fg_fault_each(sql, NULL, FG_OK, follow_once, NULL);
    end_alarm(sql, FG_ALARM_FORK, "ctl-1");
    fg_fault_each(sql, NULL, FG_OK, follow_once, NULL);
    raise_alarm(sql, FG_ALARM_FORK, "ctl-1");
    fg_fault_each(sql, NULL, FG_OK, follow_once, NULL);
    CHECK_INT(history(sql, 1).count, 3);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        fault_move = (struct fg_case_move){.number = 1,
                                           .version = find(sql, 1).version,
                                           .step = steps[i].step,
                                           .party = steps[i].party,
                                           .words = steps[i].words,
                                           .due_day = steps[i].due_day,
                                           .today = TODAY};
        if (steps[i].step == FG_CASE_CLOSE)
            fg_fixture_sql_run(sql, "UPDATE hazard_step SET who = 'somebody' WHERE who = 'judge'");
        fg_fault_each(sql, path, FG_OK, step_once, NULL);
    }
    CHECK_INT(find(sql, 1).state, FG_CASE_CLOSED);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM alarm WHERE closed_ms = 0"), 0);
    fg_fault_each(sql, path, FG_OK, open_once, NULL);
    fg_fault_each(sql, path, FG_OK, read_once, NULL);
    fg_sql_close(sql);
}

/* ---- somebody else at the same moment ---- */

static struct fg_sql *other;
static enum fg_err other_result;

static void other_follows(void *context)
{
    bool more;
    struct fg_error error;

    (void)context;
    other_result = fg_cases_follow(other, NOW, &more, &error);
}

static void other_steps(void *context)
{
    struct fg_case_by by = {"other", "because", NOW};
    struct fg_error error;

    (void)context;
    other_result = fg_case_step(other, &fault_move, &by, &error);
}

TEST("alarms that two take up at the same moment become one case each, and each end is noted once")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    bool came = true;

    other = fg_fault_other(fg_test_path("bureau.db"));
    for (unsigned nth = 1; came; nth++) {
        char subject[16];
        struct fg_error error;
        bool more;

        (void)snprintf(subject, sizeof(subject), "ctl-%u", nth);
        raise_alarm(sql, FG_ALARM_FORK, subject);
        for (int ended = 0; ended < 2; ended++) {
            if (ended == 1)
                end_alarm(sql, FG_ALARM_FORK, subject);
            fg_fault_meanwhile(sql, nth, other_follows, NULL);
            CHECK_OK(fg_cases_follow(sql, NOW, &more, &error), &error);
            came = fg_fault_end(sql);
        }
        CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM hazard_case"), nth);
        CHECK_INT(history(sql, nth).count, 2);
        CHECK_INT(fg_fixture_sql_number(sql, "SELECT last FROM hazard_counter"), nth);
        CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM alarm WHERE case_noted = 0"), 0);
    }
    fg_sql_close(other);
    fg_sql_close(sql);
}

TEST("of two who take a step at the same moment one does, and the other is told to look again")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    struct fg_case_by by = {"judge", "because", NOW};
    bool came = true;

    other = fg_fault_other(fg_test_path("bureau.db"));
    for (unsigned nth = 1; came; nth++) {
        struct fg_error error;
        enum fg_err result;

        fault_move = (struct fg_case_move){
            .number = case_in(sql, FG_CASE_OPEN), .version = 1, .step = FG_CASE_ASSIGN, .party = "x"};
        other_result = FG_E_BUSY;
        fg_fault_meanwhile(sql, nth, other_steps, NULL);
        result = fg_case_step(sql, &fault_move, &by, &error);
        came = fg_fault_end(sql);
        CHECK_INT((result == FG_OK) + (other_result == FG_OK), 1);
        CHECK(result == FG_OK || result == FG_E_OLD);
        CHECK_INT(history(sql, fault_move.number).count, 2);
    }
    fg_sql_close(other);
    fg_sql_close(sql);
}
