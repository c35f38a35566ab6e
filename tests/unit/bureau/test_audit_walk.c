/* The bureau's store under the hands of somebody who may write to its tables: everything is found and named.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/audit_walk.h"
#include "host/bureau/directory.h"
#include "tests/lib/bureau_fixture.h"
#include "tests/lib/check.h"

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

static void bench_open(struct bench *bench, bool postgres)
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
    CHECK_INT(fg_fixture_bureau_send(bench->sql, bench->journal, "S1", 9, ENTRIES, &bench->answer),
              FG_SYNC_HELD);
    bench->settings = (struct fg_audit_settings){.directory = fg_device_directory,
                                                 .receipt_key = &fg_fixture_bureau_receipt_key()->public_key,
                                                 .report = take,
                                                 .context = bench};
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
                 20, "signature is false");
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
