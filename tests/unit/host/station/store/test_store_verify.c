/* The station's store under the hands of somebody who may write to its file: what verifying finds, and that
 * no number which steers forwarding comes from anything but a receipt that proves itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/station/store/heads.h"
#include "host/station/store/private.h"
#include "host/station/store/store_verify.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/station_fixture.h"
#include "tests/lib/sql_faults.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS

static struct fg_error error;
static const char *const names[] = {"C1", "C2"};

struct bench {
    struct fg_station_store *store;
    struct fg_fixture_journal *journals[2];
    char heads[300];
    uint64_t told;
    char text[400]; /* of the first finding, with its controller */
};

static void take(struct bench *bench, size_t index, uint64_t first, uint64_t last)
{
    CHECK_INT(fg_fixture_station_send(bench->store, bench->journals[index], first, last, NOW_MS),
              FG_SYNC_HELD);
}

static size_t receipt_make(const struct bench *bench, size_t index, uint64_t next,
                           const struct fg_private_key *key, uint8_t bytes[FG_STATEMENT_BYTES_MAX])
{
    struct fg_receipt receipt = {.next_sequence = next, .head = bench->journals[index]->hashes[next - 1]};
    struct fg_signature signature;
    size_t length = 0;

    memcpy(receipt.controller, names[index], sizeof("C1"));
    CHECK_OK(fg_receipt_sign(&receipt, key, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, FG_STATEMENT_BYTES_MAX, &length, &error), &error);
    return length;
}

static void receipt_put(struct bench *bench, size_t index, uint64_t next)
{
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = receipt_make(bench, index, next, fg_fixture_bureau_receipt_key(), bytes);

    CHECK_OK(fg_station_store_put_receipt(bench->store, names[index], bytes, length, next, NOW_MS, &error),
             &error);
}

static void store_open(struct bench *bench)
{
    struct fg_station_store_settings settings = {.path = fg_test_path("station.db"), .deadline_ms = 2000};

    CHECK_OK(fg_station_store_open(&settings, &bench->store, &error), &error);
    CHECK_OK(fg_station_store_trust(bench->store, &fg_fixture_bureau_receipt_key()->public_key, 1, &error),
             &error);
}

/* Two controllers with six entries each, of which the bureau has the first four. */
static void bench_open(struct bench *bench)
{
    static const char *const files[] = {"station.db", "station.db-wal", "station.db-shm", "station.db.heads"};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        (void)unlink(fg_test_path(files[i]));
    memset(bench, 0, sizeof(*bench));
    CHECK_OK(fg_station_heads_path(fg_test_path("station.db"), bench->heads, sizeof(bench->heads), &error),
             &error);
    store_open(bench);
    for (size_t i = 0; i < 2; i++) {
        bench->journals[i] = fg_fixture_journal(names[i]);
        for (int fill = 0; fill < 3; fill++)
            fg_fixture_journal_fill(bench->journals[i], "HZ-CNG-1", NOW_MS - 600000 + fill * 1000, 5000);
        take(bench, i, 1, 4);
        take(bench, i, 5, 6);
        receipt_put(bench, i, 5);
    }
    CHECK_OK(fg_station_heads_keep(bench->heads, bench->store, &error), &error);
}

static void bench_close(struct bench *bench)
{
    fg_station_store_close(bench->store);
    free(bench->journals[0]);
    free(bench->journals[1]);
}

static void found(void *context, const char *controller, const char *text)
{
    struct bench *bench = context;

    if (bench->told++ == 0)
        (void)snprintf(bench->text, sizeof(bench->text), "%s: %s", controller, text);
}

static uint64_t verify(struct bench *bench)
{
    const struct fg_station_verify wanted = {.heads_path = bench->heads, .found = found, .context = bench};
    struct fg_station_verified sum;

    bench->told = 0;
    bench->text[0] = '\0';
    CHECK_OK(fg_station_store_check(bench->store, &wanted, &sum, &error), &error);
    CHECK_INT(sum.findings, bench->told);
    return sum.findings;
}

static void run(const char *sql)
{
    struct fg_sql_settings settings = {.deadline_ms = 2000};
    char url[300];
    struct fg_sql *database = NULL;

    (void)snprintf(url, sizeof(url), "sqlite:%s", fg_test_path("station.db"));
    settings.url = url;
    CHECK_OK(fg_sql_open(&settings, &database, &error), &error);
    fg_fixture_sql_run(database, sql);
    fg_sql_close(database);
}

/* Whole, then tampered with: the first finding has these words. */
static void tamper_shows(const char *sql, const char *words)
{
    struct bench bench;

    bench_open(&bench);
    CHECK_INT(verify(&bench), 0);
    run(sql);
    CHECK(verify(&bench) > 0);
    CHECK_HAS(bench.text, words);
    bench_close(&bench);
}

static struct fg_station_controller controller(struct bench *bench, size_t index)
{
    struct fg_station_controller one;

    CHECK_OK(fg_station_store_controller(bench->store, names[index], &one, &error), &error);
    return one;
}

TEST("TAMPER-SHOWS: a station's tail cut together with its row is found by the receipt and by the kept head")
{
    tamper_shows("DELETE FROM entry WHERE controller = 'C1' AND sequence > 4",
                 "C1: entry 6 was held here once");
}

TEST(
    "TAMPER-SHOWS: a tail cut behind a receipt, row and kept heads put back with it, is found by the receipt")
{
    struct bench bench;
    char sql[512];
    char hash[65];

    bench_open(&bench);
    for (size_t i = 0; i < 32; i++)
        (void)snprintf(hash + 2 * i, 3, "%02x", bench.journals[0]->hashes[2].bytes[i]);
    run("DELETE FROM entry WHERE controller = 'C1' AND sequence > 2");
    (void)snprintf(sql, sizeof(sql), "UPDATE controller SET next_sequence = 3, head = x'%s' WHERE id = 'C1'",
                   hash);
    run(sql);
    CHECK_INT(unlink(bench.heads), 0);
    CHECK(verify(&bench) > 0);
    CHECK_INT(fg_station_store_verify(bench.store, "C1", &error), FG_E_CORRUPT);
    CHECK_INT(fg_station_store_verify(bench.store, "C2", &error), FG_OK);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a receipt emptied and its number raised is no receipt: everything is sent again, and it "
     "is named")
{
    struct bench bench;

    bench_open(&bench);
    run("UPDATE receipt SET bytes = CAST('' AS BLOB), next_sequence = 7 WHERE controller = 'C1'");
    CHECK_INT(controller(&bench, 0).receipt_next, 1);
    CHECK(controller(&bench, 0).receipt_false);
    CHECK_INT(fg_station_unsent(
                  &(struct fg_station_controller){.next_sequence = controller(&bench, 0).next_sequence,
                                                  .receipt_next = controller(&bench, 0).receipt_next}),
              6);
    CHECK(verify(&bench) > 0);
    CHECK_HAS(bench.text, "C1: controller C1: the stored receipt was edited");
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a receipt's number raised, its bytes exchanged, or signed by somebody else, counts for "
     "nothing")
{
    struct bench bench;
    struct fg_private_key other;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length;

    bench_open(&bench);
    run("UPDATE receipt SET next_sequence = 7 WHERE controller = 'C1'");
    CHECK_INT(controller(&bench, 0).receipt_next, 1);
    CHECK(verify(&bench) > 0);
    CHECK_HAS(bench.text, "exchanged");
    run("UPDATE receipt SET bytes = (SELECT bytes FROM receipt WHERE controller = 'C2'), next_sequence = 5 "
        "WHERE "
        "controller = 'C1'");
    CHECK_INT(controller(&bench, 0).receipt_next, 1);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    length = receipt_make(&bench, 0, 7, &other, bytes);
    CHECK_OK(fg_station_store_put_receipt(bench.store, "C1", bytes, length, 7, NOW_MS, &error), &error);
    CHECK_INT(controller(&bench, 0).receipt_next, 1);
    CHECK_INT(fg_station_store_verify(bench.store, "C1", &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "not signed with the bureau's key");
    receipt_put(&bench, 0, 7);
    CHECK_INT(controller(&bench, 0).receipt_next, 7);
    CHECK_OK(fg_station_store_verify(bench.store, "C1", &error), &error);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a controller removed from a station's store with everything that is about it is missed")
{
    struct bench bench;

    bench_open(&bench);
    run("DELETE FROM entry WHERE controller = 'C2'");
    run("DELETE FROM receipt WHERE controller = 'C2'");
    run("DELETE FROM controller WHERE id = 'C2'");
    CHECK_INT(verify(&bench), 1);
    CHECK_HAS(bench.text, "controller C2: entry 6 was held here once");
    CHECK_INT(unlink(bench.heads), 0);
    run("INSERT INTO verification (id, heads_kept, started_ms, ended_ms, entries, findings, text) VALUES (1, "
        "1, 0, "
        "0, 0, 0, '')");
    CHECK_INT(verify(&bench), 1);
    CHECK_HAS(bench.text, "the kept heads");
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a controller removed from the table alone leaves rows that say so")
{
    tamper_shows("DELETE FROM controller WHERE id = 'C2'", "controller C2 was removed");
}

TEST("TAMPER-SHOWS: a controller that reports a receipt for more than is held shows that the station's store "
     "was "
     "put back")
{
    struct bench bench;
    struct fg_sync_report report = {.last_sequence = 12, .unsent = 5, .wall_ms = NOW_MS, .device = "C1"};

    bench_open(&bench);
    CHECK_OK(fg_station_store_report(bench.store, "C1", &report, NOW_MS, &error), &error);
    CHECK_INT(verify(&bench), 1);
    CHECK_HAS(bench.text, "reported a receipt for entry 7");
    report.unsent = 6;
    CHECK_OK(fg_station_store_report(bench.store, "C1", &report, NOW_MS, &error), &error);
    CHECK_INT(verify(&bench), 0);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: columns and counts that the bytes do not bear out are named")
{
    tamper_shows("UPDATE entry SET time_ms = 5 WHERE controller = 'C1' AND sequence = 2",
                 "time_ms was edited");
    tamper_shows("UPDATE entry SET mark = 1 WHERE controller = 'C1' AND sequence = 2", "mark was edited");
    tamper_shows("UPDATE controller SET urgent_sequence = 3 WHERE id = 'C1'", "newest urgent one");
    tamper_shows("UPDATE controller SET marked = 3 WHERE id = 'C1'", "marked entries");
    tamper_shows("UPDATE entry SET head_signature = NULL WHERE controller = 'C1' AND sequence = 6",
                 "signature is missing");
}

/* Points the index at the empty tree of the index `decoy`. */
static void index_empty(const char *name)
{
    struct fg_sql_settings settings = {.deadline_ms = 2000};
    char url[300];
    char sql[300];
    struct fg_sql *database = NULL;

    (void)snprintf(url, sizeof(url), "sqlite:%s", fg_test_path("station.db"));
    settings.url = url;
    CHECK_OK(fg_sql_open(&settings, &database, &error), &error);
    fg_fixture_sql_run(database, "PRAGMA writable_schema = ON");
    (void)snprintf(
        sql, sizeof(sql),
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'decoy') "
        "WHERE name = '%s'",
        name);
    fg_fixture_sql_run(database, sql);
    fg_fixture_sql_run(database, "DELETE FROM sqlite_schema WHERE name = 'decoy'");
    fg_sql_close(database);
}

TEST("TAMPER-SHOWS: an index of a station's store that hides its rows is named, as is a planted trigger")
{
    struct bench bench;

    tamper_shows("CREATE TRIGGER planted AFTER INSERT ON entry BEGIN DELETE FROM entry; END",
                 "planted: nobody's program made it");
    bench_open(&bench);
    run("CREATE UNIQUE INDEX decoy ON entry (controller, sequence) WHERE sequence < 0");
    fg_station_store_close(bench.store);
    index_empty("sqlite_autoindex_entry_1");
    store_open(&bench);
    CHECK(verify(&bench) > 0);
    CHECK_HAS(bench.text, "the database: ");
    bench_close(&bench);
}

TEST("heads beside the store never go back, and a damaged file is evidence that is not written over")
{
    struct bench bench;
    FILE *file;

    bench_open(&bench);
    run("DELETE FROM entry WHERE controller = 'C1' AND sequence > 4");
    run("UPDATE controller SET next_sequence = 5 WHERE id = 'C1'");
    CHECK_OK(fg_station_heads_keep(bench.heads, bench.store, &error), &error);
    CHECK(verify(&bench) > 0);
    CHECK_HAS(bench.text, "entry 6 was held here once");
    file = fopen(bench.heads, "r+b");
    CHECK(file != NULL);
    CHECK_INT(fseek(file, 30, SEEK_SET), 0);
    CHECK(fputc(7, file) == 7);
    CHECK_INT(fclose(file), 0);
    CHECK_INT(fg_station_heads_keep(bench.heads, bench.store, &error), FG_E_CORRUPT);
    CHECK(verify(&bench) > 0);
    CHECK_HAS(bench.text, "check sum");
    bench_close(&bench);
}

TEST("receipts that an earlier key of the bureau signed stay good while that key is trusted")
{
    struct bench bench;
    struct fg_public_key keys[2];
    struct fg_private_key newer;

    bench_open(&bench);
    CHECK_OK(fg_private_key_new(&newer, &error), &error);
    keys[0] = newer.public_key;
    keys[1] = fg_fixture_bureau_receipt_key()->public_key;
    CHECK_OK(fg_station_store_trust(bench.store, keys, 2, &error), &error);
    CHECK_INT(controller(&bench, 0).receipt_next, 5);
    CHECK_OK(fg_station_store_trust(bench.store, keys, 1, &error), &error);
    CHECK_INT(controller(&bench, 0).receipt_next, 1);
    CHECK_INT(fg_station_store_trust(bench.store, keys, 9, &error), FG_E_RANGE);
    bench_close(&bench);
}

/* ---- every finding ---- */

TEST("TAMPER-SHOWS: every edit of an entry's row at a station is named with the entry's number")
{
    tamper_shows("DELETE FROM entry WHERE controller = 'C1' AND sequence = 2", "C1: entry 2 is missing");
    tamper_shows("UPDATE entry SET sequence = 0 WHERE controller = 'C1' AND sequence = 1",
                 "C1: entry 0: its number is impossible");
    tamper_shows("UPDATE entry SET bytes = x'0102' WHERE controller = 'C1' AND sequence = 3",
                 "C1: entry 3 was edited in the store");
    tamper_shows("UPDATE entry SET hash = zeroblob(32) WHERE controller = 'C1' AND sequence = 3",
                 "C1: entry 3 was edited in the store");
    tamper_shows("UPDATE entry SET hash = x'0102' WHERE controller = 'C1' AND sequence = 3",
                 "C1: entry 3 was edited in the store: its hash has another length");
    tamper_shows("UPDATE entry SET head_signature = x'0102' WHERE controller = 'C1' AND sequence = 4",
                 "C1: entry 4: its head signature has 2 bytes");
    tamper_shows("UPDATE entry SET head_signature = zeroblob(64) WHERE controller = 'C1' AND sequence = 4",
                 "C1: entry 4: its head signature is invalid");
    tamper_shows(
        "UPDATE entry SET head_signature = (SELECT head_signature FROM entry WHERE controller = 'C1' "
        "AND sequence = 6) WHERE controller = 'C1' AND sequence = 4",
        "C1: entry 4: its head signature is invalid");
}

TEST("TAMPER-SHOWS: every edit of a controller's row at a station is named with both numbers")
{
    tamper_shows("UPDATE controller SET next_sequence = 9 WHERE id = 'C1'",
                 "C1: the store ends at entry 6, but 8 were taken in");
    tamper_shows("UPDATE controller SET next_sequence = 5 WHERE id = 'C1'",
                 "C1: its row says that 4 entries were taken in, but the store ends at entry 6");
    tamper_shows("UPDATE controller SET head = zeroblob(32) WHERE id = 'C1'",
                 "C1: its row has another hash than the last entry's");
    tamper_shows("UPDATE controller SET urgent_sequence = 3 WHERE id = 'C2'",
                 "C2: its row says that entry 3 is the newest urgent one; the entries say 0");
    tamper_shows("UPDATE controller SET marked = 3 WHERE id = 'C2'",
                 "C2: its row counts 3 marked entries; 0 are held");
    tamper_shows("UPDATE controller SET refusals = 2 WHERE id = 'C1'",
                 "C1: its row counts 2 contradictions, but their evidence is gone");
    tamper_shows("UPDATE receipt SET controller = 'C7' WHERE controller = 'C1'",
                 ": controller C7 was removed from the table of controllers");
}

/* A receipt of the bureau's own for C1, over any number and head. */
static void receipt_over(struct bench *bench, uint64_t next, const struct fg_digest *head)
{
    struct fg_receipt receipt = {.controller = "C1", .next_sequence = next, .head = *head};
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    CHECK_OK(fg_receipt_sign(&receipt, fg_fixture_bureau_receipt_key(), &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_station_store_put_receipt(bench->store, "C1", bytes, length, next, NOW_MS, &error), &error);
}

TEST("TAMPER-SHOWS: a receipt over another entry, beyond the store's end or over another beginning is named")
{
    struct fg_digest none = {{0}};
    struct fg_digest start;
    struct bench bench;

    bench_open(&bench);
    receipt_over(&bench, 7, &bench.journals[0]->hashes[6]);
    CHECK_INT(verify(&bench), 0);
    receipt_over(&bench, 7, &none);
    CHECK_INT(verify(&bench), 1);
    CHECK_HAS(bench.text, "C1: entry 6 is another than the one that the bureau's receipt covers");
    receipt_over(&bench, 3, &none);
    CHECK_INT(verify(&bench), 1);
    CHECK_HAS(bench.text, "C1: entry 2 is another than the one that the bureau's receipt covers");
    receipt_over(&bench, 8, &none);
    CHECK_INT(verify(&bench), 1);
    CHECK_HAS(bench.text, "C1: entry 7 is missing in the store: the bureau's receipt covers entry 7");
    receipt_over(&bench, 1, &none);
    CHECK_INT(verify(&bench), 1);
    CHECK_HAS(bench.text, "C1: the bureau's receipt is over another beginning");
    fg_chain_start("C1", &start);
    receipt_over(&bench, 1, &start);
    CHECK_INT(verify(&bench), 0);
    bench_close(&bench);
}

/* C1 contradicts itself: a fork from entry 5 on. */
static void fork_send(struct bench *bench)
{
    struct fg_fixture_journal *other = malloc(sizeof(*other));

    CHECK(other != NULL);
    *other = *bench->journals[0];
    other->count = 4;
    fg_fixture_journal_fill(other, "HZ-OTHER", NOW_MS, 1);
    CHECK_INT(fg_fixture_station_send(bench->store, other, 3, 6, NOW_MS), FG_SYNC_FORK);
    free(other);
}

static void evidence_shows(const char *sql, const char *words)
{
    struct bench bench;

    bench_open(&bench);
    fork_send(&bench);
    CHECK_INT(verify(&bench), 0);
    run(sql);
    CHECK(verify(&bench) > 0);
    CHECK_HAS(bench.text, words);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: evidence at a station that was edited, moved, added or deleted is named")
{
    evidence_shows("UPDATE evidence SET batch = x'ffff'",
                   "C1: the evidence against entry 5 was edited: its batch is not about that entry");
    evidence_shows("UPDATE evidence SET batch = zeroblob(300000)", "its batch is not about that entry");
    evidence_shows("UPDATE evidence SET controller = 'C2'", "C1: its row counts 1 contradictions");
    evidence_shows("UPDATE evidence SET sequence = 2",
                   "C1: the evidence against entry 2 was edited: its batch is not about that entry");
    evidence_shows("UPDATE evidence SET sequence = 7",
                   "C1: the evidence against entry 7 was edited: its batch is not about that entry");
    evidence_shows("UPDATE evidence SET sequence = 6",
                   "C1: the evidence against entry 6 was edited: its batch gives another hash");
    evidence_shows("UPDATE evidence SET sequence = 3",
                   "C1: the evidence against entry 3 was edited: its batch gives another hash");
    evidence_shows("UPDATE evidence SET hash = zeroblob(32)",
                   "C1: the evidence against entry 5 was edited: its batch gives another hash");
    evidence_shows("UPDATE evidence SET hash = x'01'",
                   "C1: the evidence against entry 5 was edited: its batch gives another hash");
    evidence_shows("UPDATE controller SET forks = 0 WHERE id = 'C1'",
                   "C1: 1 pieces of evidence are kept, but its row counts 0");
    evidence_shows("DELETE FROM evidence", "C1: its row counts 1 contradictions, but their evidence is gone");
    evidence_shows("UPDATE evidence SET controller = 'C7'", ": controller C7 was removed from the table");
    /* More contradictions than pieces is as it should be: the same one came again. */
    evidence_shows("UPDATE controller SET forks = 9, marked = 1 WHERE id = 'C1'",
                   "C1: its row counts 1 marked entries");
}

TEST("evidence that builds on an entry that is gone is told of by that entry alone")
{
    struct bench bench;

    bench_open(&bench);
    fork_send(&bench);
    run("DELETE FROM entry WHERE controller = 'C1' AND sequence = 2");
    CHECK_INT(verify(&bench), 1);
    CHECK_HAS(bench.text, "C1: entry 2 is missing in the store");
    bench_close(&bench);
}

/* ---- the whole ---- */

struct whole {
    uint64_t told;
    uint64_t progress;
    unsigned asked;
    bool go_on;
};

static void whole_found(void *context, const char *id, const char *text)
{
    struct whole *whole = context;

    (void)id;
    (void)text;
    whole->told++;
}

static bool whole_progress(void *context, uint64_t entries)
{
    struct whole *whole = context;

    whole->asked++;
    whole->progress = entries;
    return whole->go_on;
}

TEST("verifying counts controllers and entries, tells how it goes every 256 entries, and can be stopped")
{
    struct whole whole = {.go_on = true};
    struct fg_station_verify wanted = {.found = whole_found, .progress = whole_progress, .context = &whole};
    struct fg_station_verified sum = {0};
    struct bench bench;

    bench_open(&bench);
    for (int i = 0; i < 125; i++)
        fg_fixture_journal_fill(bench.journals[0], "HZ-CNG-1", NOW_MS - 1000, 5000);
    take(&bench, 0, 7, 256);
    CHECK_OK(fg_station_store_check(bench.store, &wanted, &sum, &error), &error);
    CHECK_INT(sum.controllers, 2);
    CHECK_INT(sum.entries, 262);
    CHECK_INT(sum.findings, 0);
    CHECK_INT(whole.asked, 1);
    CHECK_INT(whole.progress, 256);
    whole.go_on = false;
    sum.entries = 77;
    CHECK_INT(fg_station_store_check(bench.store, &wanted, &sum, &error), FG_E_STATE);
    CHECK_HAS(error.text, "stopped");
    CHECK_INT(sum.entries, 77);
    wanted.progress = NULL;
    CHECK_OK(fg_station_store_check(bench.store, &wanted, &sum, NULL), &error);
    bench_close(&bench);
}

TEST("an urgent entry is found in the entries as its row has it")
{
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT, .event = FG_EVENT_JOURNAL_TAMPERED};
    struct bench bench;

    bench_open(&bench);
    fg_fixture_journal_add(bench.journals[0], &entry);
    fg_fixture_journal_fill(bench.journals[0], "HZ-CNG-1", NOW_MS - 1000, 5000);
    take(&bench, 0, 7, 9);
    CHECK_INT(verify(&bench), 0);
    run("UPDATE controller SET urgent_sequence = 6 WHERE id = 'C1'");
    CHECK_INT(verify(&bench), 1);
    CHECK_HAS(bench.text, "entry 6 is the newest urgent one; the entries say 7");
    bench_close(&bench);
}

TEST("a controller that has only reported yet is as it should be")
{
    struct bench bench;

    bench_open(&bench);
    CHECK_OK(fg_station_store_add_controller(bench.store, "C3", &bench.journals[0]->key.public_key, NOW_MS,
                                             &error),
             &error);
    CHECK_INT(verify(&bench), 0);
    bench_close(&bench);
}

TEST("of one controller twenty findings are told and all are counted")
{
    struct whole whole = {.go_on = true};
    struct fg_station_verify wanted = {.found = whole_found, .context = &whole};
    struct fg_station_verified sum = {0};
    struct bench bench;

    bench_open(&bench);
    for (int i = 0; i < 20; i++)
        fg_fixture_journal_fill(bench.journals[0], "HZ-CNG-1", NOW_MS - 1000, 5000);
    take(&bench, 0, 7, 46);
    run("UPDATE entry SET mark = 1 WHERE controller = 'C1'");
    run("UPDATE entry SET time_ms = 1 WHERE controller = 'C2'");
    CHECK_OK(fg_station_store_check(bench.store, &wanted, &sum, &error), &error);
    CHECK_INT(sum.findings, 46 + 6);
    CHECK_INT(whole.told, 20 + 6);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a kept head with another hash is named; heads that cannot be read are an error")
{
    struct fg_station_verify wanted = {.found = found};
    struct fg_station_verified sum;
    FILE *file;
    struct bench bench;

    bench_open(&bench);
    run("UPDATE entry SET hash = zeroblob(32) WHERE controller = 'C2' AND sequence = 6");
    CHECK(verify(&bench) > 0);
    CHECK_HAS(bench.text, ": controller C2: entry 6 is another than the one that was held here once");
    CHECK_INT(unlink(bench.heads), 0);
    run("UPDATE entry SET hash = (SELECT head FROM controller WHERE id = 'C2') WHERE controller = 'C2' AND "
        "sequence = 6");
    CHECK_INT(verify(&bench), 0); /* none were ever kept */
    file = fopen(bench.heads, "w");
    CHECK(file != NULL && fputs("no heads", file) >= 0);
    CHECK_INT(fclose(file), 0);
    CHECK_INT(verify(&bench), 1); /* what cannot be heads is a finding */
    CHECK_INT(unlink(bench.heads), 0);
    CHECK_INT(mkdir(bench.heads, 0700), 0);
    wanted.heads_path = bench.heads;
    wanted.context = &bench;
    CHECK_INT(fg_station_store_check(bench.store, &wanted, &sum, &error), FG_E_IO);
    CHECK_INT(rmdir(bench.heads), 0);
    bench_close(&bench);
}

TEST("one controller is verified alone, and one that was never here is not found")
{
    struct bench bench;

    bench_open(&bench);
    CHECK_OK(fg_station_store_verify(bench.store, "C1", NULL), &error);
    run("UPDATE entry SET mark = 1 WHERE controller = 'C1' AND sequence = 2");
    run("UPDATE entry SET mark = 1 WHERE controller = 'C1' AND sequence = 4");
    CHECK_INT(fg_station_store_verify(bench.store, "C1", NULL), FG_E_CORRUPT);
    CHECK_INT(fg_station_store_verify(bench.store, "C1", &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "controller C1: entry 2: ");
    CHECK_OK(fg_station_store_verify(bench.store, "C2", &error), &error);
    CHECK_INT(fg_station_store_verify(bench.store, "C9", &error), FG_E_NOT_FOUND);
    bench_close(&bench);
}

TEST("a controller's report of a receipt counts only when it has reported")
{
    struct fg_sync_report report = {.last_sequence = 7, .unsent = 9, .wall_ms = NOW_MS, .device = "C1"};
    struct bench bench;

    bench_open(&bench);
    CHECK_OK(fg_station_store_report(bench.store, "C1", &report, NOW_MS, &error), &error);
    CHECK_INT(verify(&bench), 0); /* more unsent than there are: nothing is acknowledged */
    report.last_sequence = 16;
    CHECK_OK(fg_station_store_report(bench.store, "C1", &report, NOW_MS, &error), &error);
    CHECK_INT(verify(&bench), 1);
    CHECK_HAS(bench.text, "reported a receipt for entry 7");
    run("UPDATE controller SET report_ms = 0");
    CHECK_INT(verify(&bench), 0);
    bench_close(&bench);
}

/* ---- somebody else at the same moment ---- */

static struct bench during; /* another object on the same store */

static void during_takes(void *context)
{
    struct fg_fixture_journal *journal = during.journals[0];
    uint64_t first = journal->count + 1;

    (void)context;
    fg_fixture_journal_fill(journal, "HZ-CNG-1", NOW_MS - 1000, 5000);
    take(&during, 0, first, first + 1);
    receipt_put(&during, 0, first + 2);
}

TEST("entries and receipts that come in while a store is verified are no findings")
{
    struct bench bench;

    bench_open(&bench);
    during = bench;
    store_open(&during);
    for (unsigned nth = 1; nth <= 61; nth += 4) {
        struct fg_sql *sql = bench.store->sql;

        fg_fault_meanwhile(sql, nth, during_takes, NULL);
        CHECK_INT(verify(&bench), 0);
        CHECK(fg_fault_end(sql));
    }
    fg_station_store_close(during.store);
    bench_close(&bench);
}

/* ---- a database that fails ---- */

static enum fg_err check_once(void *context, struct fg_sql *sql, struct fg_error *ret_error)
{
    struct bench *bench = context;
    const struct fg_station_verify wanted = {.heads_path = bench->heads, .found = found, .context = bench};
    struct fg_station_verified sum;

    (void)sql;
    bench->told = 0;
    return fg_station_store_check(bench->store, &wanted, &sum, ret_error);
}

static enum fg_err verify_once(void *context, struct fg_sql *sql, struct fg_error *ret_error)
{
    struct bench *bench = context;

    (void)sql;
    return fg_station_store_verify(bench->store, "C1", ret_error);
}

TEST("TAMPER-SHOWS: verifying that a failing database interrupts is an error, never a store that holds")
{
    struct bench bench;

    bench_open(&bench);
    fork_send(&bench);
    fg_fault_each(bench.store->sql, fg_test_path("station.db"), FG_OK, check_once, &bench);
    CHECK_INT(bench.told, 0);
    fg_fault_each(bench.store->sql, fg_test_path("station.db"), FG_OK, verify_once, &bench);
    CHECK_INT(unlink(bench.heads), 0);
    fg_fault_each(bench.store->sql, fg_test_path("station.db"), FG_OK, check_once, &bench);
    bench_close(&bench);
}
