/* The overview and the sums that it is made of, on both back ends: each entry once, whenever it came. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/case/case.h"
#include "host/bureau/history/day_sums.h"
#include "host/bureau/history/history.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/handler_fixture.h"

#define NOW FG_FIXTURE_BUREAU_MS
#define DAY_MS INT64_C(86400000)
#define OFFSET_MIN 480
#define STATION(id, area)                                                                                    \
    "INSERT INTO station (station, name, owner, area, latitude_udeg, longitude_udeg, list_medium, "          \
    "list_days, rules) VALUES ('" id "', '', '', '" area "', 0, 0, 0, 30, '')"

struct bench {
    struct fg_sql *sql;
    struct fg_fixture_journal *one; /* at S1, north */
    struct fg_fixture_journal *two; /* at S2, south */
};

static void bench_open(struct bench *bench, bool postgres)
{
    bench->sql = fg_fixture_bureau(postgres);
    fg_fixture_bureau_pair(bench->sql, &bench->one, &bench->two);
    fg_fixture_sql_run(bench->sql, STATION("S1", "north"));
    fg_fixture_sql_run(bench->sql, STATION("S2", "south"));
}

static void bench_close(struct bench *bench)
{
    fg_sql_close(bench->sql);
    free(bench->one);
    free(bench->two);
}

static void follow(struct fg_sql *sql, int32_t offset_min)
{
    struct fg_error error;
    bool more = true;

    while (more)
        CHECK_OK(fg_day_sums_follow(sql, offset_min, 1, &more, &error), &error);
}

static void refuse(struct fg_fixture_journal *journal, uint8_t reason, int64_t wall_ms)
{
    struct fg_entry entry = {.kind = FG_ENTRY_REFUSED, .wall_ms = wall_ms, .identity = FG_IDENTITY_QR};

    entry.reasons.count = 1;
    entry.reasons.reasons[0] = reason;
    (void)strcpy(entry.row.code.text, "X-1");
    fg_fixture_journal_add(journal, &entry);
}

static void send(struct bench *bench, struct fg_fixture_journal *journal, uint64_t from)
{
    CHECK_INT(fg_fixture_bureau_send(bench->sql, journal, journal == bench->one ? "S1" : "S2", from,
                                     journal->count, NULL),
              FG_SYNC_HELD);
}

/* The number of a rate's part for a district. */
static int64_t rate(const cJSON *root, const char *name, const char *district, const char *part)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, fg_fixture_json(root, "rates"))
    {
        if (strcmp(fg_fixture_json_text(one, "name"), name) == 0 &&
            strcmp(fg_fixture_json_text(one, "district"), district) == 0)
            return fg_fixture_json_number(one, part);
    }
    return -1;
}

static void figures(bool postgres)
{
    struct bench bench;
    cJSON *root;

    bench_open(&bench, postgres);
    fg_fixture_journal_fill(bench.one, "A-1", NOW, 9000);
    fg_fixture_journal_fill(bench.one, "A-2", NOW - DAY_MS, 5000);
    refuse(bench.one, FG_REASON_NOT_LISTED, NOW);
    refuse(bench.two, FG_REASON_INSPECTION_OVERDUE, NOW);
    refuse(bench.two, FG_REASON_INSPECTION_OVERDUE, NOW);
    send(&bench, bench.one, 1);
    send(&bench, bench.two, 1);
    follow(bench.sql, OFFSET_MIN);
    root = fg_fixture_web_get(bench.sql, "/api/v1/overview", NOW, NULL);
    CHECK_TEXT(fg_fixture_json_text(root, "until_day"), "2026-11-23");
    CHECK_INT(fg_fixture_json_count(root, "days"), 31);
    CHECK_INT(fg_fixture_json_number(root, "days[30].fills"), 1);
    CHECK_INT(fg_fixture_json_number(root, "days[30].refusals"), 3);
    CHECK_INT(fg_fixture_json_number(root, "days[30].quantity_g"), 9000);
    CHECK_INT(fg_fixture_json_number(root, "days[29].fills"), 1);
    CHECK_INT(fg_fixture_json_number(root, "fills"), 2);
    CHECK_INT(fg_fixture_json_number(root, "refused"), 3);
    CHECK_INT(fg_fixture_json_number(root, "quantity_g"), 14000);
    CHECK_INT(fg_fixture_json_count(root, "refusals"), 2);
    CHECK_TEXT(fg_fixture_json_text(root, "refusals[0].name"), "INSPECTION_OVERDUE");
    CHECK_INT(fg_fixture_json_number(root, "refusals[0].count"), 2);
    CHECK_INT(fg_fixture_json_count(root, "stations"), 2);
    CHECK_INT(rate(root, "CYLINDERS_REGISTERED", "north", "numerator"), 2);
    CHECK_INT(rate(root, "CYLINDERS_REGISTERED", "north", "denominator"), 3);
    CHECK_INT(rate(root, "CYLINDERS_REGISTERED", "", "denominator"), 5);
    cJSON_Delete(root);
    bench_close(&bench);
}

static void step(struct fg_sql *sql, int64_t number, int64_t version, enum fg_case_step_kind kind,
                 const char *who, int64_t at_ms)
{
    struct fg_case_move move = {.number = number, .version = version, .step = kind, .today = at_ms / DAY_MS};
    struct fg_case_by by = {who, "because", at_ms};
    struct fg_error error;

    if (kind == FG_CASE_ASSIGN)
        move.party = "finder";
    CHECK_OK(fg_case_step(sql, &move, &by, &error), &error);
}

static void hazard(struct fg_sql *sql, const char *station, int64_t at_ms, bool closed)
{
    struct fg_case_hazard found = {station, "", "", "the hose is cracked"};
    struct fg_case_by by = {"finder", "inspection", at_ms};
    struct fg_error error;
    int64_t number = 0;

    CHECK_OK(fg_case_open(sql, &found, &by, &number, &error), &error);
    step(sql, number, 1, FG_CASE_ASSIGN, "chief", at_ms);
    if (closed)
        step(sql, number, 2, FG_CASE_CLOSE, "chief", at_ms);
}

#define OPERATOR(id, end)                                                                                    \
    "INSERT INTO operator (operator, name, card_uid, certificate_end, station) SELECT '" id                  \
    "', '', hash, " end ", 'S1' FROM journal_entry WHERE sequence = 1"
#define CYLINDER(code, due, state, area)                                                                     \
    "INSERT INTO cylinder (code, uid, state, medium, first_fill_pending, nominal_kpa, capacity_dl, tare_g, " \
    "maximum_fill_g, inspection_due, end_of_life, owner, plate, area) SELECT '" code "', hash, " state       \
    ", 1, 0, 0, 0, 0, 0, " due ", 0, '', '', '" area "' FROM journal_entry WHERE sequence = 1"

static void rates(bool postgres)
{
    struct bench bench;
    cJSON *root;

    bench_open(&bench, postgres);
    refuse(bench.one, FG_REASON_NOT_LISTED, NOW);
    send(&bench, bench.one, 1);
    fg_fixture_sql_run(bench.sql, OPERATOR("a", "99999"));
    fg_fixture_sql_run(bench.sql, OPERATOR("b", "20000"));
    fg_fixture_sql_run(bench.sql, CYLINDER("A-1", "99999", "1", "north"));
    fg_fixture_sql_run(bench.sql, CYLINDER("A-2", "20000", "1", "south"));
    fg_fixture_sql_run(bench.sql, CYLINDER("A-3", "20000", "3", "south"));
    hazard(bench.sql, "S1", NOW, true);
    hazard(bench.sql, "S1", NOW - DAY_MS, false);
    hazard(bench.sql, "S2", NOW, false);
    hazard(bench.sql, "S2", NOW - 90 * DAY_MS, true);
    root = fg_fixture_web_get(bench.sql, "/api/v1/overview", NOW, NULL);
    CHECK_INT(rate(root, "HAZARDS_CLOSED", "north", "numerator"), 1);
    CHECK_INT(rate(root, "HAZARDS_CLOSED", "north", "denominator"), 2);
    CHECK_INT(rate(root, "HAZARDS_CLOSED", "south", "numerator"), 0);
    CHECK_INT(rate(root, "HAZARDS_CLOSED", "south", "denominator"), 1);
    CHECK_INT(rate(root, "HAZARDS_CLOSED", "", "denominator"), 3);
    CHECK_INT(rate(root, "OPERATORS_CERTIFIED", "north", "numerator"), 1);
    CHECK_INT(rate(root, "OPERATORS_CERTIFIED", "north", "denominator"), 2);
    CHECK_INT(rate(root, "INSPECTIONS_IN_DATE", "north", "numerator"), 1);
    CHECK_INT(rate(root, "INSPECTIONS_IN_DATE", "south", "numerator"), 0);
    CHECK_INT(rate(root, "INSPECTIONS_IN_DATE", "", "denominator"), 2);
    cJSON_Delete(root);
    bench_close(&bench);
}

static void late(bool postgres)
{
    struct bench bench;
    cJSON *root;

    bench_open(&bench, postgres);
    fg_fixture_journal_fill(bench.one, "A-1", NOW, 9000);
    send(&bench, bench.one, 1);
    follow(bench.sql, OFFSET_MIN);
    follow(bench.sql, OFFSET_MIN);
    /* A fortnight's entries come tonight, in two batches; the second goes back in time. */
    for (int i = 14; i > 0; i--)
        fg_fixture_journal_fill(bench.two, "A-2", NOW - i * DAY_MS, 1000);
    send(&bench, bench.two, 1);
    follow(bench.sql, OFFSET_MIN);
    fg_fixture_journal_fill(bench.one, "A-3", NOW - 20 * DAY_MS, 500);
    send(&bench, bench.one, 3);
    follow(bench.sql, OFFSET_MIN);
    root = fg_fixture_web_get(bench.sql, "/api/v1/overview", NOW, NULL);
    CHECK_INT(fg_fixture_json_number(root, "fills"), 16);
    CHECK_INT(fg_fixture_json_number(root, "quantity_g"), 23500);
    CHECK_INT(fg_fixture_json_number(root, "days[16].fills"), 1);
    CHECK_INT(fg_fixture_json_number(root, "days[15].fills"), 0);
    CHECK_INT(fg_fixture_json_number(root, "days[10].fills"), 1);
    cJSON_Delete(root);
    bench_close(&bench);
}

/* Times and quantities that no controller means. */
static void odd(bool postgres)
{
    struct bench bench;
    struct fg_entry entry = {.kind = FG_ENTRY_ENDED, .wall_ms = INT64_MAX, .quantity_g = INT64_MAX};

    bench_open(&bench, postgres);
    for (int i = 0; i < 3; i++) {
        struct fg_entry one = entry;

        fg_fixture_journal_add(bench.one, &one);
    }
    entry.wall_ms = INT64_MIN;
    entry.quantity_g = INT64_MIN;
    fg_fixture_journal_add(bench.one, &entry);
    fg_fixture_journal_add_bytes(bench.one, "\xff\xff", 2);
    send(&bench, bench.one, 1);
    follow(bench.sql, OFFSET_MIN);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT entries FROM station_day WHERE day = 0"), 4);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT quantity_g FROM station_day WHERE day = 0"), 0);
    cJSON_Delete(fg_fixture_web_get(bench.sql, "/api/v1/overview?from_day=2026-11-01", NOW, NULL));
    bench_close(&bench);
}

static void zone(bool postgres)
{
    struct bench bench;
    int64_t day = fg_day_of(NOW, OFFSET_MIN);
    cJSON *root;

    bench_open(&bench, postgres);
    /* 23:30 of the day before in UTC, 07:30 in the bureau's zone. */
    fg_fixture_journal_fill(bench.one, "A-1", day * DAY_MS - 1800000, 1000);
    send(&bench, bench.one, 1);
    follow(bench.sql, 0);
    follow(bench.sql, OFFSET_MIN);
    root = fg_fixture_web_get(bench.sql, "/api/v1/overview", day * DAY_MS, NULL);
    CHECK_INT(fg_fixture_json_number(root, "days[30].fills"), 1);
    CHECK_INT(fg_fixture_json_number(root, "fills"), 1);
    cJSON_Delete(root);
    bench_close(&bench);
}

static void ranges(bool postgres)
{
    struct bench bench;
    uint16_t status = 0;

    bench_open(&bench, postgres);
    CHECK(fg_fixture_web_get(bench.sql, "/api/v1/overview?from_day=2026-11-02&until_day=2026-11-01", NOW,
                             &status) == NULL);
    CHECK_INT(status, 400);
    CHECK(fg_fixture_web_get(bench.sql, "/api/v1/overview?from_day=1970-01-02&until_day=9999-12-31", NOW,
                             &status) == NULL);
    CHECK_INT(status, 400);
    cJSON_Delete(fg_fixture_web_get(bench.sql, "/api/v1/overview?until_day=1970-01-02", NOW, NULL));
    cJSON_Delete(fg_fixture_web_get(bench.sql, "/api/v1/overview?from_day=9999-12-01&until_day=9999-12-31",
                                    NOW, NULL));
    bench_close(&bench);
}

#define BOTH(behaviour, function)                                                                            \
    TEST(behaviour " (SQLite)")                                                                              \
    {                                                                                                        \
        function(false);                                                                                     \
    }

BOTH("the overview counts fills, refusals by reason, kilograms and rates by district", figures)
BOTH("rates: inspections and operators in date today, cases of the range that somebody closed", rates)
BOTH("entries of two weeks ago that come tonight count for their own days, once", late)
BOTH("impossible times and quantities stop no sum", odd)
BOTH("another time zone makes the sums anew", zone)
BOTH("a range of days has bounds", ranges)

#undef BOTH
#define BOTH(behaviour, function)                                                                            \
    TEST(behaviour " (PostgreSQL)")                                                                          \
    {                                                                                                        \
        function(true);                                                                                      \
    }

BOTH("the overview counts fills, refusals by reason, kilograms and rates by district", figures)
BOTH("rates: inspections and operators in date today, cases of the range that somebody closed", rates)
BOTH("entries of two weeks ago that come tonight count for their own days, once", late)
BOTH("impossible times and quantities stop no sum", odd)
BOTH("another time zone makes the sums anew", zone)
BOTH("a range of days has bounds", ranges)

static int64_t number_of(struct fg_sql *sql, const char *text)
{
    struct fg_sql_statement *statement;
    struct fg_error error;
    int64_t number;

    CHECK_OK(fg_sql_prepare(sql, text, &statement, &error), &error);
    CHECK_OK(fg_sql_next(statement, &error), &error);
    number = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return number;
}

/* One refusal alone, and one entry for 500 more. */
static void repeats_counted(bool postgres)
{
    struct fg_history_filter filter;
    struct fg_history_sums sums;
    struct fg_error error;
    struct bench bench;
    struct fg_entry many = {.kind = FG_ENTRY_REFUSED,
                            .wall_ms = NOW,
                            .reasons = {1, {FG_REASON_NOT_LISTED}},
                            .repeat_count = 500,
                            .repeat_first_wall_ms = NOW - 60000,
                            .repeat_last_wall_ms = NOW};
    uint64_t from;

    bench_open(&bench, postgres);
    from = bench.one->count + 1;
    refuse(bench.one, FG_REASON_NOT_LISTED, NOW);
    (void)strcpy(many.row.code.text, "X-1");
    fg_fixture_journal_add(bench.one, &many);
    send(&bench, bench.one, from);
    follow(bench.sql, OFFSET_MIN);
    CHECK_INT(
        number_of(bench.sql,
                  "SELECT CAST(SUM(entries) AS BIGINT) FROM station_day WHERE kind = 4 AND reason = 30"),
        501);
    CHECK_INT(number_of(bench.sql, "SELECT CAST(SUM(entries) AS BIGINT) FROM controller_sum WHERE kind = 4"),
              501);
    fg_history_filter_start(&filter);
    (void)strcpy(filter.code, "X-1");
    CHECK_OK(fg_history_sum(bench.sql, &filter, &sums, &error), &error);
    CHECK_INT(sums.refusals, 501);
    bench_close(&bench);
}

TEST("an entry that stands for many refusals counts as many (SQLite)")
{
    repeats_counted(false);
}
TEST("an entry that stands for many refusals counts as many (PostgreSQL)")
{
    repeats_counted(true);
}
