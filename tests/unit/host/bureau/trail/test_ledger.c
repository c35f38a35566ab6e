/* The ledger, on both back ends: every row that people's work rests on stands in the trail, and whoever
 * changes one past the program is shown by verifying. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/case/case.h"
#include "host/bureau/device/enrolment.h"
#include "host/bureau/device/known_devices.h"
#include "host/bureau/registry/record.h"
#include "host/bureau/schema/schema.h"
#include "host/bureau/trail/ledger.h"
#include "host/bureau/trail/ledger_tables.h"
#include "host/bureau/trail/ledger_verify.h"
#include "host/bureau/trail/trail.h"
#include "host/bureau/user/user.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/postgres_fixture.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS

static struct fg_error error;
static const struct fg_user_by user_by = {"admin", "test", NOW_MS, 0};
static const struct fg_change_by change_by = {"admin", "test", NOW_MS};

struct seen {
    unsigned told;
    char text[300]; /* of the first */
};

static void take(void *context, const char *text)
{
    struct seen *seen = context;

    if (seen->told++ == 0)
        (void)snprintf(seen->text, sizeof(seen->text), "%s", text);
}

static struct seen verify(struct fg_sql *sql)
{
    struct seen seen = {0};

    CHECK_OK(fg_ledger_verify(sql, take, &seen, &error), &error);
    return seen;
}

static void record_put(struct fg_sql *sql, const char *kind_name, const char *const *pairs)
{
    const struct fg_record_kind *kind = fg_record_kind(kind_name);
    struct fg_record *record = calloc(1, sizeof(*record));

    CHECK(record != NULL);
    record->kind = kind;
    for (; pairs[0] != NULL; pairs += 2)
        record->values[fg_record_field(kind, pairs[0])] = pairs[1];
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_record_put(sql, record, &change_by, NULL, &error), &error);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
    free(record);
}

/* A bureau's day: a user whose role changes, a cylinder that is suspended, an alarm that is closed, a case, a
 * code, a controller that is suspended, released, and suspended again. */
static struct fg_sql *day(bool postgres)
{
    struct fg_sql *sql;
    struct fg_alarm alarm = {.kind = FG_ALARM_LIST_OLD, .subject = "S1", .station = "S1", .detail = "old"};
    struct fg_one_time_order order = {.device = "ctl-1",
                                      .role = "controller",
                                      .station = "S1",
                                      .list_id = "city",
                                      .who = "admin",
                                      .expires_ms = NOW_MS + 1000};
    char code[FG_ONE_TIME_CODE_TEXT];
    struct fg_user_by second = user_by;
    bool more = false;

    (void)unlink(fg_test_path("bureau.db"));
    (void)unlink(fg_test_path("bureau.db-wal"));
    (void)unlink(fg_test_path("bureau.db-shm"));
    sql = fg_fixture_bureau(postgres);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_user_add(sql, "li", "Li", "auditor", "hash", false, &user_by, &error), &error);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_user_role_set(sql, "li", "registrar", &second, &error), &error);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
    record_put(sql, "cylinder",
               (const char *const[]){"code", "HZ-1", "medium", "cng", "state", "in_service", "uid",
                                     "04010203040506", "nominal_kpa", "20000", "inspection_due", "2030-01-01",
                                     NULL});
    record_put(sql, "cylinder", (const char *const[]){"code", "HZ-1", "state", "suspended", NULL});
    CHECK_OK(fg_alarm_ensure(sql, &alarm, NOW_MS, &error), &error);
    CHECK_OK(fg_cases_follow(sql, NOW_MS, &more, &error), &error);
    CHECK_OK(fg_alarm_close(sql, FG_ALARM_LIST_OLD, "S1", "li", "seen", NOW_MS + 1, &error), &error);
    CHECK_OK(fg_cases_follow(sql, NOW_MS + 2, &more, &error), &error);
    CHECK_OK(fg_one_time_code_new(sql, &order, NOW_MS, code, &error), &error);
    fg_fixture_bureau_device(sql, "ctl-1", "controller", "S1", &fg_fixture_bureau_receipt_key()->public_key);
    fg_fixture_bureau_adopt(sql);
    CHECK_OK(fg_device_suspend(sql, "ctl-1", true, "li", "stolen", NOW_MS, &error), &error);
    CHECK_OK(fg_device_suspend(sql, "ctl-1", false, "li", "found", NOW_MS + 1, &error), &error);
    CHECK_OK(fg_device_suspend(sql, "ctl-1", true, "li", "seal broken", NOW_MS + 2, &error), &error);
    return sql;
}

static void tamper_shows(const char *text, const char *words)
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct fg_sql *sql = day(postgres != 0);
        struct seen seen = verify(sql);

        CHECK_TEXT(seen.text, "");
        fg_fixture_sql_run(sql, text);
        seen = verify(sql);
        CHECK(seen.told > 0);
        CHECK_HAS(seen.text, words);
        fg_sql_close(sql);
    }
}

TEST("TAMPER-SHOWS: a user's role edited past the program is named with the trail's record")
{
    tamper_shows("UPDATE web_user SET role = 'administrator'",
                 "web_user li: it was edited: the trail's record");
}

TEST("TAMPER-SHOWS: a user added, and a user's change deleted, past the program are named")
{
    tamper_shows(
        "INSERT INTO web_user (login, name, role, hash, must_change, created_ms) VALUES ('eve', 'Eve', "
        "'administrator', 'x', 0, 1)",
        "web_user eve: it was added past the program");
    tamper_shows("DELETE FROM web_user_change WHERE number = 2",
                 "web_user_change li 2: it was deleted past the program");
}

TEST("TAMPER-SHOWS: the registry's records and their history edited past the program are named")
{
    tamper_shows("UPDATE cylinder SET state = 1", "cylinder HZ-1: it was edited");
    tamper_shows("UPDATE change SET who = 'somebody' WHERE number = 2",
                 "change cylinder HZ-1 2: it was edited");
}

TEST("TAMPER-SHOWS: alarms, cases and their steps edited past the program are named")
{
    tamper_shows("UPDATE alarm SET closed_by = 'nobody'", "alarm 13 S1 1: it was edited");
    tamper_shows("UPDATE hazard_case SET assigned = 'eve'", "hazard_case 1: it was edited");
    tamper_shows("DELETE FROM hazard_step WHERE place = 2", "hazard_step 1 2: it was deleted");
}

TEST("TAMPER-SHOWS: a suspension put off, ended or forgotten past the program is named")
{
    tamper_shows("UPDATE suspension SET from_sequence = 9 WHERE number = 2",
                 "suspension ctl-1 2: it was edited");
    tamper_shows("UPDATE suspension SET until_sequence = 1, until_ms = 1 WHERE number = 2",
                 "suspension ctl-1 2: it was edited");
    tamper_shows("DELETE FROM suspension WHERE number = 1", "suspension ctl-1 1: it was deleted");
    tamper_shows("INSERT INTO suspension (controller, number, since_ms, from_sequence, until_ms, "
                 "until_sequence) VALUES ('ctl-1', 3, 1, 1, 0, 0)",
                 "suspension ctl-1 3: it was added past the program");
}

TEST("TAMPER-SHOWS: one-time codes that were put back to unused or added are named")
{
    tamper_shows("UPDATE enrol_code SET expires_ms = expires_ms + 1", "it was edited");
}

TEST("TAMPER-SHOWS: a row edited together with the ledger's own rows is named by the trail's record")
{
    tamper_shows("UPDATE trail_row SET becomes = was WHERE tab = 'cylinder' AND length(was) > 0",
                 "trail_row: the rows of record");
    tamper_shows("DELETE FROM trail_row WHERE tab = 'hazard_case'", "trail_row: the rows of record");
}

TEST(
    "TAMPER-SHOWS: a row edited past the program and changed by the program afterwards is named all the same")
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct fg_sql *sql = day(postgres != 0);
        struct seen seen;

        fg_fixture_sql_run(sql, "UPDATE cylinder SET owner = 'eve'");
        record_put(sql, "cylinder", (const char *const[]){"code", "HZ-1", "state", "in_service", NULL});
        seen = verify(sql);
        CHECK_INT(seen.told, 1);
        CHECK_HAS(seen.text, "cylinder HZ-1: it was changed past the program before the trail's record");
        fg_sql_close(sql);
    }
}

TEST("a row that ends as it was, or a transaction that is rolled back, leaves nothing in the trail")
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct fg_sql *sql = day(postgres != 0);
        int64_t records = fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM trail");

        CHECK_OK(fg_sql_begin(sql, &error), &error);
        CHECK_OK(fg_ledger_touch(sql, &(struct fg_ledger_row){"web_user", {"li"}}, "x", &error), &error);
        CHECK_OK(fg_ledger_touch(sql, &(struct fg_ledger_row){"web_user", {"nobody"}}, "x", &error), &error);
        CHECK_OK(fg_sql_commit(sql, &error), &error);
        CHECK_OK(fg_sql_begin(sql, &error), &error);
        CHECK_OK(fg_user_role_set(sql, "li", "auditor", &user_by, &error), &error);
        fg_sql_rollback(sql);
        CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM trail"), records);
        CHECK_INT(verify(sql).told, 0);
        CHECK_INT(fg_ledger_touch(sql, &(struct fg_ledger_row){"web_user", {"li"}}, "x", &error), FG_E_STATE);
        fg_sql_close(sql);
    }
}

TEST("many rows in one transaction are put down in several records")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    char login[32];

    CHECK_OK(fg_sql_begin(sql, &error), &error);
    for (unsigned i = 0; i < 6000; i++) {
        (void)snprintf(login, sizeof(login), "u%u", i);
        CHECK_OK(fg_user_add(sql, login, "U", "auditor", "h", false, &user_by, &error), &error);
    }
    CHECK_OK(fg_sql_commit(sql, &error), &error);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM trail_row"), 12000);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM trail WHERE action = 'ROWS'"), 2);
    CHECK_INT(verify(sql).told, 0);
    fg_sql_close(sql);
}

/* A database as an earlier version left it, with a suspended controller of which two entries are held. */
static struct fg_sql *older(bool postgres, size_t version)
{
    char url[256];
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 10000};
    struct fg_sql *sql = NULL;

    (void)unlink(fg_test_path("older.db"));
    (void)snprintf(url, sizeof(url), postgres ? "%s" : "sqlite:%s",
                   postgres ? fg_postgres_database() : fg_test_path("older.db"));
    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, version == 16 ? 16 : fg_bureau_migration_count, NULL,
                            &error),
             &error);
    if (version == 18) {
        fg_fixture_sql_run(sql, "DROP TABLE suspension");
        fg_fixture_sql_run(sql, "DROP TABLE trail_conflict");
        fg_fixture_sql_run(sql, "DROP INDEX journal_entry_of_mark");
        fg_fixture_sql_run(sql, "DELETE FROM schema_version WHERE number > 18");
    }
    fg_fixture_bureau_device(sql, "ctl-1", "controller", "S1", &fg_fixture_bureau_receipt_key()->public_key);
    fg_fixture_sql_run(sql, "UPDATE device SET suspended = 1");
    fg_fixture_sql_run(sql, "INSERT INTO device_change (device, number, at_ms, what, who, why) VALUES "
                            "('ctl-1', 1, 4000, 'suspended', 'li', 'stolen')");
    fg_fixture_sql_run(sql, postgres ? "INSERT INTO journal_head (controller, next_sequence, head, receipt, "
                                       "station, arrived_ms) VALUES ('ctl-1', 3, 'a', 'b', 'S1', 1)"
                                     : "INSERT INTO journal_head (controller, next_sequence, head, receipt, "
                                       "station, arrived_ms) VALUES ('ctl-1', 3, CAST('a' AS BLOB), CAST('b' "
                                       "AS BLOB), 'S1', 1)");
    return sql;
}

static void older_suspension(bool postgres, size_t version)
{
    struct fg_sql *sql = older(postgres, version);
    struct seen seen;

    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error);
    CHECK_INT(fg_fixture_sql_number(sql,
                                    "SELECT COUNT(*) FROM suspension WHERE controller = 'ctl-1' AND "
                                    "number = 1 AND since_ms = 4000 AND from_sequence = 3 AND until_ms = "
                                    "0 AND until_sequence = 0"),
              1);
    if (version == 18) {
        /* The test itself put these past the program. */
        fg_fixture_bureau_adopt(sql);
        CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM trail WHERE action = 'ROWS'"), 2);
    }
    seen = verify(sql);
    CHECK_TEXT(seen.text, "");
    CHECK_OK(fg_device_suspend(sql, "ctl-1", false, "li", "found", 5000, &error), &error);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT until_sequence FROM suspension"), 3);
    seen = verify(sql);
    CHECK_TEXT(seen.text, "");
    fg_fixture_sql_run(sql, "UPDATE suspension SET from_sequence = 4");
    seen = verify(sql);
    CHECK_HAS(seen.text, "suspension ctl-1 1: it was edited");
    fg_sql_close(sql);
}

TEST("TAMPER-SHOWS: an older bureau is brought up with its suspensions in the ledger (SQLite)")
{
    older_suspension(false, 16);
    older_suspension(false, 18);
}

TEST("TAMPER-SHOWS: an older bureau is brought up with its suspensions in the ledger (PostgreSQL)")
{
    older_suspension(true, 16);
    older_suspension(true, 18);
}
