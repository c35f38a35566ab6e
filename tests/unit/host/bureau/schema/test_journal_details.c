/* What an entry says of persons, checks, repeats and the clock's floor: columns, pages, sums and alarms, of
 * new entries and of those that were held before there were such columns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/audit/audit_walk.h"
#include "host/bureau/device/known_devices.h"
#include "host/bureau/history/day_sums.h"
#include "host/bureau/history/history.h"
#include "host/bureau/schema/schema.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/postgres_fixture.h"

#define NOW FG_FIXTURE_BUREAU_MS
#define FILLS 600      /* more entries than one page of the backfill */
#define MIGRATION "12" /* the first that an old store lacks */

static struct fg_sql *open_url(const char *url)
{
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 10000};
    struct fg_sql *sql = NULL;
    struct fg_error error;

    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error);
    return sql;
}

static void url_new(bool postgres, char url[256])
{
    if (postgres)
        (void)snprintf(url, 256, "%s", fg_postgres_database());
    else
        (void)snprintf(url, 256, "sqlite:%s", fg_test_path("bureau.db"));
}

/* Entries 1 to 4: a typed code that 40 refusals stand for, a failed post-check, a floor put back, an alarm
 * that was seen 7 times; then plain fills. */
static struct fg_fixture_journal *journal_make(struct fg_sql *sql, unsigned fills)
{
    struct fg_fixture_journal *journal = fg_fixture_journal("ctl-1");
    struct fg_entry refused = {.kind = FG_ENTRY_REFUSED,
                               .wall_ms = NOW,
                               .identity = FG_IDENTITY_MANUAL,
                               .operator_id = "op-1",
                               .operator_proof = FG_PERSON_PROOF_PIN,
                               .second_person = "op-2",
                               .second_proof = FG_PERSON_PROOF_CARD,
                               .checks_failed = 5,
                               .repeat_count = 40,
                               .repeat_first_wall_ms = NOW - 3600000,
                               .repeat_last_wall_ms = NOW - 1};
    struct fg_entry floor = {.kind = FG_ENTRY_EVENT,
                             .event = FG_EVENT_CLOCK_FLOOR_LOWERED,
                             .wall_ms = NOW,
                             .clock_floor_ms = NOW - 1000,
                             .clock_floor_before_ms = NOW + 1000};
    struct fg_entry flow = {.kind = FG_ENTRY_EVENT,
                            .event = FG_EVENT_FLOW_WITHOUT_AUTHORITY,
                            .wall_ms = NOW,
                            .repeat_count = 7,
                            .repeat_first_wall_ms = NOW - 60000,
                            .repeat_last_wall_ms = NOW};

    refused.reasons.count = 1;
    refused.reasons.reasons[0] = FG_REASON_NOT_LISTED;
    (void)strcpy(refused.row.code.text, "X-1");
    fg_fixture_bureau_device(sql, "ctl-1", "controller", "S1", &journal->key.public_key);
    fg_fixture_journal_add(journal, &refused);
    refused.repeat_count = 0;
    refused.repeat_first_wall_ms = 0;
    refused.repeat_last_wall_ms = 0;
    fg_fixture_journal_add(journal, &refused);
    fg_fixture_journal_add(journal, &floor);
    fg_fixture_journal_add(journal, &flow);
    for (unsigned i = 0; i < fills / 2; i++)
        fg_fixture_journal_fill(journal, "HZ-1", NOW, 9000);
    for (uint64_t first = 1; first <= journal->count; first += 200)
        CHECK_INT(fg_fixture_bureau_send(sql, journal, "S1", first,
                                         first + 199 < journal->count ? first + 199 : journal->count, NULL),
                  FG_SYNC_HELD);
    return journal;
}

static void follow(struct fg_sql *sql)
{
    struct fg_error error;
    bool more = true;

    while (more)
        CHECK_OK(fg_day_sums_follow(sql, 0, 1, &more, &error), &error);
}

static void details_check(struct fg_sql *sql)
{
    struct fg_history_row row;
    struct fg_error error;

    CHECK_OK(fg_history_find(sql, "ctl-1", 1, &row, &error), &error);
    CHECK_INT(row.operator_proof, FG_PERSON_PROOF_PIN);
    CHECK_TEXT(row.second_person, "op-2");
    CHECK_INT(row.second_proof, FG_PERSON_PROOF_CARD);
    CHECK_INT(row.checks_failed, 5);
    CHECK_INT(row.repeats, 40);
    CHECK_INT(row.repeat_first_wall_ms, NOW - 3600000);
    CHECK_INT(row.repeat_last_wall_ms, NOW - 1);
    CHECK_OK(fg_history_find(sql, "ctl-1", 3, &row, &error), &error);
    CHECK_INT(row.clock_floor_ms, NOW - 1000);
    CHECK_INT(row.clock_floor_before_ms, NOW + 1000);
    CHECK_OK(fg_history_find(sql, "ctl-1", 6, &row, &error), &error);
    CHECK_TEXT(row.second_person, "");
    CHECK_INT(row.repeats, 1);
}

static int64_t refusals_of(struct fg_sql *sql, const char *name, const char *value)
{
    struct fg_history_filter filter;
    struct fg_history_sums sums;
    struct fg_error error;

    fg_history_filter_start(&filter);
    CHECK_OK(fg_history_filter_set(&filter, name, value, &error), &error);
    CHECK_OK(fg_history_sum(sql, &filter, &sums, &error), &error);
    return sums.refusals;
}

static void sums_check(struct fg_sql *sql)
{
    CHECK_INT(refusals_of(sql, "code", "X-1"), 41);
    CHECK_INT(refusals_of(sql, "operator", "op-1"), 41);
    CHECK_INT(refusals_of(sql, "station", "S1"), 41);
    CHECK_INT(refusals_of(sql, "controller", "ctl-1"), 41);
}

static void new_entries(bool postgres)
{
    struct fg_alarm_settings settings = {0};
    struct fg_fixture_journal *journal;
    struct fg_sql *sql;
    struct fg_error error;
    char url[256];
    bool more = true;

    url_new(postgres, url);
    sql = open_url(url);
    journal = journal_make(sql, 4);
    details_check(sql);
    follow(sql);
    sums_check(sql);
    while (more)
        CHECK_OK(fg_alarms_follow(sql, &settings, 1000, NOW, &more, &error), &error);
    CHECK_INT(
        fg_fixture_sql_number(sql, "SELECT count FROM alarm WHERE subject = 'ctl-1 FLOW_WITHOUT_AUTHORITY'"),
        7);
    fg_sql_close(sql);
    free(journal);
}

TEST("SQLite: persons, failed checks, repeats and the clock's floor are in the store; repeats count in sums "
     "and "
     "alarms")
{
    new_entries(false);
}
TEST("PostgreSQL: persons, failed checks, repeats and the clock's floor are in the store; repeats count in "
     "sums "
     "and alarms")
{
    new_entries(true);
}

static void finding_show(void *context, const struct fg_audit_finding *finding)
{
    (void)context;
    CHECK_TEXT(finding->text, "");
}

static void audit_check(struct fg_sql *sql)
{
    const struct fg_audit_settings settings = {.directory = fg_known_devices,
                                               .receipt_key = &fg_fixture_bureau_receipt_key()->public_key,
                                               .report = finding_show};
    struct fg_audit_result result;
    struct fg_error error;

    CHECK_OK(fg_audit_walk(sql, &settings, "ctl-1", &result, &error), &error);
    CHECK_INT(result.entries, 4 + FILLS);
    CHECK_INT(result.findings, 0);
}

/* The store as a program without these columns left it: a repeat counted for one. */
static void make_old(struct fg_sql *sql)
{
    static const char *const columns[] = {"second_person",       "operator_proof", "second_proof",
                                          "checks_failed",       "repeats",        "repeat_first_wall_ms",
                                          "repeat_last_wall_ms", "clock_floor_ms", "clock_floor_before_ms"};
    char text[128];

    fg_fixture_sql_run(sql, "UPDATE station_day SET entries = 2 WHERE kind = 4");
    fg_fixture_sql_run(sql, "UPDATE controller_sum SET entries = 2 WHERE kind = 4");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        (void)snprintf(text, sizeof(text), "ALTER TABLE journal_entry DROP COLUMN %s", columns[i]);
        fg_fixture_sql_run(sql, text);
    }
    fg_fixture_sql_run(sql, "DROP INDEX operator_of_name");
    /* What later migrations made, so that they can run again. */
    fg_fixture_sql_run(sql, "ALTER TABLE web_user DROP COLUMN version");
    fg_fixture_sql_run(sql, "ALTER TABLE web_session DROP COLUMN user_version");
    fg_fixture_sql_run(sql, "DROP TABLE trail_row");
    fg_fixture_sql_run(sql, "DROP TABLE roster");
    fg_fixture_sql_run(sql, "DROP TABLE suspension");
    fg_fixture_sql_run(sql, "DROP TABLE trail_conflict");
    fg_fixture_sql_run(sql, "DROP INDEX journal_entry_of_mark");
    fg_fixture_sql_run(sql, "ALTER TABLE enrol_code RENAME COLUMN code_id TO hash");
    fg_fixture_sql_run(sql, "ALTER TABLE enrol_code DROP COLUMN code_point");
    fg_fixture_sql_run(sql, "ALTER TABLE enrol_code DROP COLUMN names");
    fg_fixture_sql_run(sql, "ALTER TABLE device DROP COLUMN names");
    fg_fixture_sql_run(sql, "DELETE FROM schema_version WHERE number >= " MIGRATION);
}

static void held_entries(bool postgres)
{
    struct fg_fixture_journal *journal;
    struct fg_sql *sql;
    char url[256];

    url_new(postgres, url);
    sql = open_url(url);
    journal = journal_make(sql, FILLS);
    follow(sql);
    make_old(sql);
    fg_sql_close(sql);
    sql = open_url(url);
    details_check(sql);
    follow(sql);
    sums_check(sql);
    audit_check(sql);
    fg_sql_close(sql);
    free(journal);
}

TEST("SQLite: entries that were held before there were such columns have them filled in from their bytes")
{
    held_entries(false);
}
TEST("PostgreSQL: entries that were held before there were such columns have them filled in from their bytes")
{
    held_entries(true);
}
