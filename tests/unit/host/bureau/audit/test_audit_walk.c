/* The bureau's store under the hands of somebody who may write to its tables: everything is found and named.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/audit/audit_walk.h"
#include "host/bureau/audit/bureau_verify.h"
#include "host/bureau/device/known_devices.h"
#include "host/bureau/device/reports.h"
#include "host/bureau/history/day_sums.h"
#include "host/bureau/schema/schema.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/postgres_fixture.h"

#define ENTRIES 20

struct bench {
    struct fg_sql *sql;
    struct fg_fixture_journal *journal;
    struct fg_sync_answer answer;
    struct fg_audit_settings settings;
    struct fg_audit_result result;
    uint64_t told;
    struct fg_audit_finding first;
    struct fg_audit_finding last;
};

static void take(void *context, const struct fg_audit_finding *finding)
{
    struct bench *bench = context;

    if (bench->told++ == 0)
        bench->first = *finding;
    bench->last = *finding;
}

/* Its entries up to this one are sent, those after the eighth in a batch of their own. */
static void bench_open_until(struct bench *bench, bool postgres, uint64_t last)
{
    char code[FG_CODE_MAX + 1];

    memset(bench, 0, sizeof(*bench));
    bench->sql = fg_fixture_bureau(postgres);
    bench->journal = fg_fixture_journal("ctl-1");
    fg_fixture_bureau_device(bench->sql, "ctl-1", "controller", "S1", &bench->journal->key.public_key);
    for (unsigned i = 0; i < ENTRIES / 2; i++) {
        (void)snprintf(code, sizeof(code), "HZ-%u", i);
        fg_fixture_journal_fill(bench->journal, code, FG_FIXTURE_BUREAU_MS - 3600000 + (int64_t)i * 120000,
                                9000);
    }
    CHECK_INT(fg_fixture_bureau_send(bench->sql, bench->journal, "S1", 1, 8, &bench->answer), FG_SYNC_HELD);
    if (last > 8)
        CHECK_INT(fg_fixture_bureau_send(bench->sql, bench->journal, "S1", 9, last, &bench->answer),
                  FG_SYNC_HELD);
    bench->settings = (struct fg_audit_settings){.directory = fg_known_devices,
                                                 .receipt_key = &fg_fixture_bureau_receipt_key()->public_key,
                                                 .report = take,
                                                 .context = bench};
}

static void bench_open(struct bench *bench, bool postgres)
{
    bench_open_until(bench, postgres, ENTRIES);
}

static void bench_close(struct bench *bench)
{
    fg_sql_close(bench->sql);
    free(bench->journal);
}

static void walk(struct bench *bench, const char *controller)
{
    struct fg_error error;

    bench->told = 0;
    CHECK_OK(fg_audit_walk(bench->sql, &bench->settings, controller, &bench->result, &error), &error);
}

/* Runs the tampering, expects the first finding at the entry with these words. */
static void tamper_shows(const char *sql, uint64_t sequence, const char *words)
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct bench bench;

        bench_open(&bench, postgres != 0);
        walk(&bench, NULL);
        CHECK_INT(bench.result.findings, 0);
        CHECK_INT(bench.result.entries, ENTRIES);
        CHECK_INT(bench.result.signatures, 2);
        fg_fixture_sql_run(bench.sql, sql);
        walk(&bench, "ctl-1");
        CHECK(bench.result.findings > 0);
        CHECK_TEXT(bench.first.controller, "ctl-1");
        CHECK_INT(bench.first.sequence, sequence);
        CHECK_HAS(bench.first.text, words);
        bench_close(&bench);
    }
}

TEST("TAMPER-SHOWS: an entry's bytes replaced by another's are named by a column that disagrees")
{
    tamper_shows(
        "UPDATE journal_entry SET bytes = (SELECT bytes FROM journal_entry WHERE sequence = 6) WHERE "
        "sequence = 4",
        4, "column");
}

TEST("TAMPER-SHOWS: an entry replaced with its columns by another one is named as swapped in")
{
    tamper_shows(
        "UPDATE journal_entry SET (bytes, wall_ms, code, plate, marks, inventory_g) = (SELECT bytes, "
        "wall_ms, code, plate, 4, inventory_g FROM journal_entry WHERE sequence = 7) WHERE sequence = 5",
        5, "swapped in");
}

TEST("TAMPER-SHOWS: a deleted entry is named")
{
    tamper_shows("DELETE FROM journal_entry WHERE sequence = 11", 11, "missing");
}

TEST("TAMPER-SHOWS: several deleted entries are named")
{
    tamper_shows("DELETE FROM journal_entry WHERE sequence >= 3 AND sequence <= 6", 3, "up to 6");
}

TEST("TAMPER-SHOWS: the first entries deleted are named")
{
    tamper_shows("DELETE FROM journal_entry WHERE sequence < 9", 1, "up to 8");
}

TEST("TAMPER-SHOWS: the end cut off is named")
{
    tamper_shows("DELETE FROM journal_entry WHERE sequence > 8", 9, "was cut");
}

TEST("TAMPER-SHOWS: the end cut off within a batch also lacks the controller's signature")
{
    struct bench bench;

    bench_open(&bench, false);
    fg_fixture_sql_run(bench.sql, "DELETE FROM journal_entry WHERE sequence > 15");
    walk(&bench, NULL);
    CHECK_INT(bench.first.sequence, 16);
    CHECK_HAS(bench.first.text, "was cut");
    CHECK_INT(bench.last.sequence, 15);
    CHECK_HAS(bench.last.text, "signature is missing");
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a quantity column made smaller is named")
{
    tamper_shows("UPDATE journal_entry SET quantity_g = 1 WHERE sequence = 6", 6, "quantity_g");
}

TEST("TAMPER-SHOWS: a count of repeats edited is named")
{
    tamper_shows("UPDATE journal_entry SET repeats = 9 WHERE sequence = 6", 6, "repeats");
}

TEST("TAMPER-SHOWS: a person's proof edited is named")
{
    tamper_shows("UPDATE journal_entry SET operator_proof = 3 WHERE sequence = 7", 7, "operator_proof");
}

TEST("TAMPER-SHOWS: a second person written in is named")
{
    tamper_shows("UPDATE journal_entry SET second_person = 'op-9' WHERE sequence = 8", 8, "second_person");
}

TEST("TAMPER-SHOWS: a code column edited is named")
{
    tamper_shows("UPDATE journal_entry SET code = 'HZ-X' WHERE sequence = 13", 13, "code");
}

TEST("TAMPER-SHOWS: a time column edited is named")
{
    tamper_shows("UPDATE journal_entry SET wall_ms = wall_ms - 1 WHERE sequence = 20", 20, "wall_ms");
}

TEST("TAMPER-SHOWS: a mark taken away or set is named")
{
    tamper_shows("UPDATE journal_entry SET marks = 1 WHERE sequence = 2", 2, "marks");
}

/* Entries 9 to 20 come in while their controller is suspended. */
static void suspended_tamper_shows(const char *sql, uint64_t sequence)
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct bench bench;
        struct fg_error error;

        bench_open_until(&bench, postgres != 0, 8);
        CHECK_OK(fg_device_suspend(bench.sql, "ctl-1", true, "clerk", "stolen", FG_FIXTURE_BUREAU_MS, &error),
                 &error);
        CHECK_INT(fg_fixture_bureau_send(bench.sql, bench.journal, "S1", 9, ENTRIES, &bench.answer),
                  FG_SYNC_HELD);
        walk(&bench, NULL);
        CHECK_INT(bench.result.findings, 0);
        fg_fixture_sql_run(bench.sql, sql);
        walk(&bench, "ctl-1");
        CHECK(bench.result.findings > 0);
        CHECK_INT(bench.first.sequence, sequence);
        CHECK_HAS(bench.first.text, "its column marks was edited");
        CHECK_HAS(bench.first.text, "when its controller was suspended");
        bench_close(&bench);
    }
}

TEST("TAMPER-SHOWS: a mark of suspension taken away is named by its entry")
{
    suspended_tamper_shows("UPDATE journal_entry SET marks = 0 WHERE sequence = 12", 12);
}

TEST("TAMPER-SHOWS: a mark of suspension given to an entry from before is named by its entry")
{
    suspended_tamper_shows("UPDATE journal_entry SET marks = 8 WHERE sequence = 3", 3);
}

TEST("TAMPER-SHOWS: a suspension that is moved past some entries is named by the first of them")
{
    suspended_tamper_shows("UPDATE suspension SET from_sequence = 11", 9);
}

TEST("TAMPER-SHOWS: a suspension that is deleted is named by the first entry that came during it")
{
    suspended_tamper_shows("DELETE FROM suspension", 9);
}

TEST("TAMPER-SHOWS: a hash edited is named")
{
    tamper_shows("UPDATE journal_entry SET hash = (SELECT head FROM journal_head) WHERE sequence = 12", 12,
                 "edited");
}

TEST("TAMPER-SHOWS: a removed head signature at the end is named")
{
    tamper_shows("UPDATE journal_entry SET head_signature = NULL WHERE sequence = 20", 20,
                 "signature is missing");
}

TEST("TAMPER-SHOWS: a head signature of another place is named")
{
    tamper_shows("UPDATE journal_entry SET head_signature = (SELECT head_signature FROM journal_entry WHERE "
                 "sequence = 8) WHERE sequence = 20",
                 20, "signature is invalid");
}

TEST("TAMPER-SHOWS: the head row put back is named")
{
    tamper_shows("UPDATE journal_head SET next_sequence = 9", 0, "put back");
}

TEST("TAMPER-SHOWS: the head row's hash edited is named")
{
    tamper_shows("UPDATE journal_head SET head = (SELECT hash FROM journal_entry WHERE sequence = 8)", 0,
                 "head row was edited");
}

TEST("TAMPER-SHOWS: the head row deleted is named")
{
    tamper_shows("DELETE FROM journal_head", 0, "head row is missing");
}

TEST("TAMPER-SHOWS: a receipt edited is named")
{
    tamper_shows("UPDATE journal_head SET receipt = head", 0, "receipt was edited");
}

/* Rewrites entry 20 and its hash, head and receipt as somebody who holds no key can. */
TEST("TAMPER-SHOWS: a journal rewritten with its hashes lacks the controller's signature")
{
    struct bench bench;
    struct fg_sql_statement *statement;
    struct fg_error error;
    struct fg_digest hash;
    uint8_t bytes[FG_ENTRY_BYTES_MAX];
    size_t length;

    bench_open(&bench, false);
    length = bench.journal->lengths[ENTRIES];
    memcpy(bytes, bench.journal->bytes[ENTRIES], length);
    bytes[length - 1] ^= 1;
    fg_chain_next(&bench.journal->hashes[ENTRIES - 1], bytes, length, &hash);
    CHECK_OK(fg_sql_prepare(bench.sql, "UPDATE journal_entry SET bytes = $1, hash = $2 WHERE sequence = 20",
                            &statement, &error),
             &error);
    fg_sql_bind_bytes(statement, 1, bytes, length);
    fg_sql_bind_bytes(statement, 2, hash.bytes, sizeof(hash.bytes));
    CHECK_OK(fg_sql_run(statement, NULL, &error), &error);
    fg_fixture_sql_run(bench.sql,
                       "UPDATE journal_head SET head = (SELECT hash FROM journal_entry WHERE sequence = 20)");
    walk(&bench, NULL);
    CHECK(bench.result.findings >= 2);
    CHECK_INT(bench.last.sequence, 20);
    CHECK_HAS(bench.last.text, "receipt has another hash");
    bench_close(&bench);
}

/* The clerk keeps a copy of everything and puts it back: only a receipt kept elsewhere knows. */
TEST("TAMPER-SHOWS: a whole older state put back shows against a receipt that a controller kept")
{
    struct bench bench;
    struct fg_receipt kept = {0};
    struct fg_signature signature;
    struct fg_error error;

    bench_open(&bench, false);
    CHECK_OK(fg_receipt_decode(bench.answer.receipt, bench.answer.receipt_length, &kept, &signature, &error),
             &error);
    fg_sql_close(bench.sql);
    CHECK(remove(fg_test_path("bureau.db")) == 0);
    bench.sql = fg_fixture_bureau(false);
    fg_fixture_bureau_device(bench.sql, "ctl-1", "controller", "S1", &bench.journal->key.public_key);
    CHECK_INT(fg_fixture_bureau_send(bench.sql, bench.journal, "S1", 1, 8, NULL), FG_SYNC_HELD);
    walk(&bench, NULL);
    CHECK_INT(bench.result.findings, 0);
    bench.settings.receipts = &kept;
    bench.settings.receipt_count = 1;
    walk(&bench, NULL);
    CHECK_INT(bench.result.findings, 1);
    CHECK_INT(bench.first.sequence, 9);
    CHECK_HAS(bench.first.text, "older state");
    kept.next_sequence = 5; /* of another history */
    walk(&bench, NULL);
    CHECK_INT(bench.first.sequence, 4);
    CHECK_HAS(bench.first.text, "another history");
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a receipt signed with another key than the bureau's is named")
{
    struct bench bench;

    bench_open(&bench, false);
    bench.settings.receipt_key = &bench.journal->key.public_key;
    walk(&bench, NULL);
    CHECK_INT(bench.result.findings, 1);
    CHECK_HAS(bench.first.text, "not signed with the bureau's key");
    bench_close(&bench);
}

TEST("an audit finds a controller that has no key, one that has only a gap, and says when it knows none")
{
    struct bench bench;
    struct fg_fixture_journal *other = fg_fixture_journal("ctl-2");
    struct fg_error error;

    bench_open(&bench, false);
    fg_fixture_bureau_device(bench.sql, "ctl-2", "controller", "S1", &other->key.public_key);
    fg_fixture_journal_fill(other, "HZ-1", FG_FIXTURE_BUREAU_MS, 1);
    CHECK_INT(fg_fixture_bureau_send(bench.sql, other, "S1", 2, 2, NULL), FG_SYNC_GAP);
    walk(&bench, NULL);
    CHECK_INT(bench.result.controllers, 2);
    CHECK_INT(bench.result.findings, 0);
    fg_fixture_sql_run(bench.sql, "DELETE FROM device WHERE device = 'ctl-1'");
    walk(&bench, "ctl-1");
    CHECK_INT(bench.result.findings, 1);
    CHECK_HAS(bench.first.text, "key");
    CHECK_INT(fg_audit_walk(bench.sql, &bench.settings, "ctl-9", &bench.result, &error), FG_E_NOT_FOUND);
    free(other);
    bench_close(&bench);
}

TEST("an audit tells a bounded number of findings and counts the rest")
{
    struct bench bench;
    struct fg_fixture_journal *other = fg_fixture_journal("ctl-2");

    bench_open(&bench, false);
    fg_fixture_bureau_device(bench.sql, "ctl-2", "controller", "S1", &other->key.public_key);
    for (int i = 0; i < 20; i++)
        fg_fixture_journal_fill(other, "HZ-1", FG_FIXTURE_BUREAU_MS, 1);
    CHECK_INT(fg_fixture_bureau_send(bench.sql, other, "S1", 1, 40, NULL), FG_SYNC_HELD);
    fg_fixture_sql_run(bench.sql, "UPDATE journal_entry SET identity = 1 WHERE controller = 'ctl-2'");
    walk(&bench, NULL);
    CHECK_INT(bench.result.findings, 40);
    CHECK_INT(bench.told, FG_AUDIT_FINDINGS_MAX);
    free(other);
    bench_close(&bench);
}

/* ---- the whole store: everything that ever knew better ---- */

static void whole(struct bench *bench)
{
    struct fg_error error;

    bench->told = 0;
    CHECK_OK(fg_bureau_verify(bench->sql, &bench->settings, NULL, &bench->result, &error), &error);
    CHECK_INT(bench->result.findings, bench->told);
}

static void report_keep(struct bench *bench, uint64_t last, uint64_t unsent)
{
    struct fg_sync_reports *reports = calloc(1, sizeof(*reports));
    struct fg_sync_report_answer answer;
    struct fg_peer peer = fg_fixture_bureau_peer("controller", "ctl-1");
    struct fg_error error;

    CHECK(reports != NULL);
    reports->self = (struct fg_sync_report){.device = "ctl-1",
                                            .wall_ms = FG_FIXTURE_BUREAU_MS,
                                            .clock_quality = FG_CLOCK_SYNCHRONISED,
                                            .last_sequence = last,
                                            .unsent = unsent};
    CHECK_OK(fg_reports_keep(bench->sql, &peer, reports, FG_FIXTURE_BUREAU_MS, &answer, &error), &error);
    free(reports);
}

/* Whole, with a report, and sums that have counted everything; then tampered with by up to four statements.
 */
static void whole_shows(const char *const sqls[4], const char *words)
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct bench bench;
        struct fg_error error;
        bool more = true;

        (void)unlink(fg_test_path("bureau.db"));
        (void)unlink(fg_test_path("bureau.db-wal"));
        bench_open(&bench, postgres != 0);
        report_keep(&bench, ENTRIES + 3, 3);
        while (more)
            CHECK_OK(fg_day_sums_follow(bench.sql, 480, 5000, &more, &error), &error);
        fg_fixture_bureau_adopt(bench.sql);
        whole(&bench);
        CHECK_INT(bench.result.findings, 0);
        for (size_t i = 0; i < 4 && sqls[i] != NULL; i++)
            fg_fixture_sql_run(bench.sql, sqls[i]);
        whole(&bench);
        CHECK(bench.result.findings > 0);
        CHECK_HAS(bench.first.text, words);
        bench_close(&bench);
    }
}

TEST("TAMPER-SHOWS: all rows and the head of a controller deleted at the bureau are missed by its report")
{
    whole_shows((const char *const[4]){"DELETE FROM journal_entry", "DELETE FROM journal_head"},
                "it has a receipt for entry 20, but only 0 are held");
}

TEST("TAMPER-SHOWS: a controller deleted with its report is missed by what had been counted of it")
{
    whole_shows((const char *const[4]){"DELETE FROM journal_entry", "DELETE FROM journal_head",
                                       "DELETE FROM device_report"},
                "the sums had counted up to entry 20, but only 0 are held");
}

TEST("TAMPER-SHOWS: a device removed from the table of devices is missed by its reports")
{
    whole_shows((const char *const[4]){"DELETE FROM device"},
                "device ctl-1: it was deleted past the program");
}

TEST("TAMPER-SHOWS: sums that the entries do not bear out are named")
{
    whole_shows(
        (const char *const[4]){"UPDATE controller_sum SET quantity_g = quantity_g + 1 WHERE kind = 6"},
        "its sums were edited");
    whole_shows((const char *const[4]){"UPDATE station_day SET entries = entries + 1 WHERE kind = 6"},
                "the sums of a day were edited");
    whole_shows((const char *const[4]){"DELETE FROM station_night"}, "the sums of a night were edited");
}

TEST("TAMPER-SHOWS: a receipt that a station kept of a journal that is gone altogether is told")
{
    struct bench bench;
    struct fg_receipt kept = {.controller = "ctl-9", .next_sequence = 4};

    bench_open(&bench, false);
    fg_fixture_bureau_adopt(bench.sql);
    bench.settings.receipts = &kept;
    bench.settings.receipt_count = 1;
    whole(&bench);
    CHECK_INT(bench.result.findings, 1);
    CHECK_TEXT(bench.first.controller, "ctl-9");
    CHECK_HAS(bench.first.text, "the whole journal is gone");
    bench_close(&bench);
}

/* Points the index at an empty tree: every row is there, but no look-up by this index finds one. */
#define INDEX_EMPTY(table, name)                                                                             \
    (const char *const[4])                                                                                   \
    {                                                                                                        \
        "CREATE INDEX decoy ON " table " (sequence) WHERE sequence < 0", "PRAGMA writable_schema = ON",      \
            "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'decoy') " \
            "WHERE name = '" name "'",                                                                       \
            "DELETE FROM sqlite_schema WHERE name = 'decoy'"                                                 \
    }

TEST("TAMPER-SHOWS: an index of the bureau's store pointed at an empty tree, so that a search finds nothing, "
     "is named")
{
    const char *const *sqls = INDEX_EMPTY("journal_entry", "journal_entry_of_code");
    struct bench bench;
    bool named = false;

    bench_open(&bench, false);
    for (size_t i = 0; i < 4; i++)
        fg_fixture_sql_run(bench.sql, sqls[i]);
    fg_sql_close(bench.sql);
    bench.sql = fg_fixture_bureau(false);
    whole(&bench);
    CHECK(bench.result.findings > 0);
    named = strstr(bench.first.text, "database") != NULL;
    CHECK(named);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a trigger planted in the bureau's database is named (SQLite)")
{
    struct bench bench;

    bench_open(&bench, false);
    fg_fixture_bureau_adopt(bench.sql);
    fg_fixture_sql_run(bench.sql,
                       "CREATE TRIGGER planted AFTER INSERT ON journal_entry BEGIN DELETE FROM alarm; END");
    whole(&bench);
    CHECK_INT(bench.result.findings, 1);
    CHECK_HAS(bench.first.text, "planted: nobody's program made it");
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a rule or row security planted in the bureau's database is named (PostgreSQL)")
{
    struct bench bench;

    bench_open(&bench, true);
    fg_fixture_bureau_adopt(bench.sql);
    fg_fixture_sql_run(bench.sql, "CREATE RULE planted AS ON DELETE TO alarm DO INSTEAD NOTHING");
    whole(&bench);
    CHECK_INT(bench.result.findings, 1);
    CHECK_HAS(bench.first.text, "planted: a rule");
    fg_fixture_sql_run(bench.sql, "DROP RULE planted ON alarm");
    fg_fixture_sql_run(bench.sql, "ALTER TABLE journal_entry ENABLE ROW LEVEL SECURITY");
    whole(&bench);
    CHECK_INT(bench.result.findings, 1);
    CHECK_HAS(bench.first.text, "row security hides rows");
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a head row that says more than its receipt is not believed when a batch comes")
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct bench bench;
        struct fg_peer peer = fg_fixture_bureau_peer("station", "S1");
        struct fg_sync_batch batch;
        struct fg_error error;

        bench_open(&bench, postgres != 0);
        fg_fixture_journal_fill(bench.journal, "HZ-99", FG_FIXTURE_BUREAU_MS, 9000);
        fg_fixture_journal_batch(bench.journal, ENTRIES + 1, ENTRIES + 2, &batch);
        fg_fixture_sql_run(bench.sql, "UPDATE journal_head SET next_sequence = 23");
        CHECK_INT(fg_ingest_batch(bench.sql, fg_fixture_bureau_ingest(), &peer, &batch, FG_FIXTURE_BUREAU_MS,
                                  &bench.answer, &error),
                  FG_E_CORRUPT);
        CHECK_HAS(error.text, "verify the store");
        fg_fixture_sql_run(bench.sql, "UPDATE journal_head SET next_sequence = 21, receipt = (SELECT "
                                      "head_signature FROM journal_entry WHERE sequence = 20)");
        /* The controller's own signature proves what is held; the receipt is made again. */
        CHECK_INT(
            fg_fixture_bureau_send(bench.sql, bench.journal, "S1", ENTRIES + 1, ENTRIES + 2, &bench.answer),
            FG_SYNC_HELD);
        CHECK(bench.answer.receipt_length > 0);
        bench_close(&bench);
    }
}

/* ---- beside a bureau at work ---- */

struct beside {
    char url[300];
    _Atomic bool stop;
    unsigned rounds;
    uint64_t findings;
    char text[400];
};

static void beside_take(void *context, const struct fg_audit_finding *finding)
{
    struct beside *beside = context;

    if (beside->findings++ == 0)
        (void)snprintf(beside->text, sizeof(beside->text), "%s %s", finding->controller, finding->text);
}

static void *beside_run(void *argument)
{
    struct beside *beside = argument;
    const struct fg_sql_settings settings = {.url = beside->url, .deadline_ms = 10000};
    const struct fg_audit_settings audit = {.directory = fg_known_devices,
                                            .receipt_key = &fg_fixture_bureau_receipt_key()->public_key,
                                            .report = beside_take,
                                            .context = beside};
    struct fg_audit_result result;
    struct fg_sql *sql = NULL;

    if (fg_sql_open(&settings, &sql, NULL) != FG_OK)
        return NULL;
    while (!atomic_load(&beside->stop) || beside->rounds == 0)
        beside->rounds += fg_bureau_verify(sql, &audit, NULL, &result, NULL) == FG_OK;
    fg_sql_close(sql);
    return NULL;
}

static void beside_accuses_nobody(bool postgres)
{
    struct beside beside = {.findings = 0};
    struct fg_sql_settings settings = {.url = beside.url, .deadline_ms = 10000};
    struct fg_alarm alarm = {.kind = FG_ALARM_LIST_OLD, .subject = "S1"};
    struct fg_fixture_journal *journal = fg_fixture_journal("ctl-1");
    struct fg_sql *sql = NULL;
    struct fg_error error;
    pthread_t thread;
    bool more;

    if (postgres)
        (void)snprintf(beside.url, sizeof(beside.url), "%s", fg_postgres_database());
    else
        (void)snprintf(beside.url, sizeof(beside.url), "sqlite:%s", fg_test_path("live.db"));
    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error);
    fg_fixture_bureau_device(sql, "ctl-1", "controller", "S1", &journal->key.public_key);
    fg_fixture_bureau_adopt(sql);
    for (unsigned i = 0; i < 60; i++)
        fg_fixture_journal_fill(journal, "HZ-1", FG_FIXTURE_BUREAU_MS - 7200000 + (int64_t)i * 60000, 9000);
    CHECK_INT(pthread_create(&thread, NULL, beside_run, &beside), 0);
    for (uint64_t first = 1; first < 120; first += 2) {
        CHECK_INT(fg_fixture_bureau_send(sql, journal, "S1", first, first + 1, NULL), FG_SYNC_HELD);
        CHECK_OK(fg_alarm_raise(sql, &alarm, FG_FIXTURE_BUREAU_MS + (int64_t)first, &error), &error);
        for (more = true; more;)
            CHECK_OK(fg_day_sums_follow(sql, 480, 1000, &more, &error), &error);
    }
    atomic_store(&beside.stop, true);
    CHECK_INT(pthread_join(thread, NULL), 0);
    CHECK_TEXT(beside.text, "");
    CHECK(beside.rounds > 0);
    fg_sql_close(sql);
    free(journal);
}

TEST("verifying beside a bureau at work accuses nobody (SQLite)")
{
    beside_accuses_nobody(false);
}

TEST("verifying beside a bureau at work accuses nobody (PostgreSQL)")
{
    beside_accuses_nobody(true);
}
