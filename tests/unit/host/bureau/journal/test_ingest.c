/* Taking in journal batches, on both back ends: what is held, what is refused, what is kept as evidence. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/audit/audit_walk.h"
#include "host/bureau/device/known_devices.h"
#include "host/bureau/journal/journal_columns.h"
#include "host/bureau/schema/schema.h"
#include "lib/base/monotime.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/postgres_fixture.h"
#include "tests/lib/sql_faults.h"
#include "tests/lib/sqlite_file.h"

struct bench {
    struct fg_sql *sql;
    struct fg_fixture_journal *journal;
    struct fg_sync_answer answer;
};

/* A controller with some entries, whose station is S1. */
static void bench_open(struct bench *bench, bool postgres, unsigned fills)
{
    char code[FG_CODE_MAX + 1];

    memset(bench, 0, sizeof(*bench));
    bench->sql = fg_fixture_bureau(postgres);
    bench->journal = fg_fixture_journal("ctl-1");
    fg_fixture_bureau_device(bench->sql, "ctl-1", "controller", "S1", &bench->journal->key.public_key);
    fg_fixture_bureau_device(bench->sql, "S1", "station", "S1", NULL);
    for (unsigned i = 0; i < fills; i++) {
        (void)snprintf(code, sizeof(code), "HZ-%u", i);
        fg_fixture_journal_fill(bench->journal, code, FG_FIXTURE_BUREAU_MS - 3600000 + (int64_t)i * 120000,
                                9000 + i);
    }
}

static void bench_close(struct bench *bench)
{
    fg_sql_close(bench->sql);
    free(bench->journal);
}

/* Every entry of the journal stands in the store, byte for byte, in order. */
static void check_held(struct bench *bench, uint64_t count)
{
    struct fg_sql_statement *statement;
    struct fg_error error;
    uint64_t number = 0;

    CHECK_OK(fg_sql_prepare(bench->sql,
                            "SELECT sequence, bytes, hash FROM journal_entry WHERE controller = 'ctl-1' "
                            "ORDER BY sequence",
                            &statement, &error),
             &error);
    while (fg_sql_next(statement, &error) == FG_OK) {
        size_t length = 0;
        const uint8_t *bytes = fg_sql_bytes(statement, 1, &length);

        number++;
        CHECK_INT(fg_sql_int(statement, 0), number);
        CHECK_INT(length, bench->journal->lengths[number]);
        CHECK_BYTES(bytes, bench->journal->bytes[number], length);
        CHECK_BYTES(fg_sql_bytes(statement, 2, &length), bench->journal->hashes[number].bytes,
                    FG_DIGEST_BYTES);
    }
    CHECK_INT(number, count);
}

/* The answer's receipt is the bureau's and says next and the hash before it. */
static void check_receipt(struct bench *bench, uint64_t next)
{
    struct fg_receipt receipt;
    struct fg_signature signature;
    struct fg_error error;

    CHECK_OK(
        fg_receipt_decode(bench->answer.receipt, bench->answer.receipt_length, &receipt, &signature, &error),
        &error);
    CHECK_OK(fg_receipt_verify(&receipt, &signature, &fg_fixture_bureau_receipt_key()->public_key, &error),
             &error);
    CHECK_TEXT(receipt.controller, "ctl-1");
    CHECK_INT(receipt.next_sequence, next);
    CHECK_BYTES(receipt.head.bytes, bench->journal->hashes[next - 1].bytes, FG_DIGEST_BYTES);
    CHECK_INT(bench->answer.next_sequence, next);
}

static uint8_t send(struct bench *bench, uint64_t first, uint64_t last)
{
    return fg_fixture_bureau_send(bench->sql, bench->journal, "S1", first, last, &bench->answer);
}

/* As any peer, with any batch. */
static uint8_t send_as(struct bench *bench, const char *role, const char *id,
                       const struct fg_sync_batch *batch)
{
    struct fg_peer peer = fg_fixture_bureau_peer(role, id);
    struct fg_error error;

    CHECK_OK(fg_ingest_batch(bench->sql, fg_fixture_bureau_ingest(), &peer, batch, FG_FIXTURE_BUREAU_MS,
                             &bench->answer, &error),
             &error);
    return bench->answer.verdict;
}

static void batches_are_held(bool postgres)
{
    struct bench bench;
    struct fg_sync_answer first;

    bench_open(&bench, postgres, 300);
    CHECK_INT(send(&bench, 1, 100), FG_SYNC_HELD);
    check_receipt(&bench, 101);
    CHECK_INT(send(&bench, 101, 600), FG_SYNC_HELD);
    check_receipt(&bench, 601);
    first = bench.answer;
    /* again, whole or in part: the same receipt and no second row */
    CHECK_INT(send(&bench, 101, 600), FG_SYNC_HELD);
    CHECK_INT(bench.answer.receipt_length, first.receipt_length);
    CHECK_BYTES(bench.answer.receipt, first.receipt, first.receipt_length);
    CHECK_INT(send(&bench, 1, 7), FG_SYNC_HELD);
    check_receipt(&bench, 601);
    check_held(&bench, 600);
    bench_close(&bench);
}

TEST("NO-LOSS: batches are held byte for byte, and sent again give the same receipt (SQLite)")
{
    batches_are_held(false);
}

TEST("NO-LOSS: batches are held byte for byte, and sent again give the same receipt (PostgreSQL)")
{
    batches_are_held(true);
}

static void overlap_is_cut(bool postgres)
{
    struct bench bench;

    bench_open(&bench, postgres, 10);
    CHECK_INT(send(&bench, 1, 12), FG_SYNC_HELD);
    CHECK_INT(send(&bench, 5, 20), FG_SYNC_HELD);
    check_receipt(&bench, 21);
    check_held(&bench, 20);
    bench_close(&bench);
}

TEST("NO-LOSS: a batch that is partly held adds only the rest (SQLite)")
{
    overlap_is_cut(false);
}

TEST("NO-LOSS: a batch that is partly held adds only the rest (PostgreSQL)")
{
    overlap_is_cut(true);
}

static void gap_is_answered(bool postgres)
{
    struct bench bench;

    bench_open(&bench, postgres, 10);
    CHECK_INT(send(&bench, 3, 8), FG_SYNC_GAP);
    CHECK_INT(bench.answer.next_sequence, 1);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT gap_sequence FROM journal_head"), 3);
    CHECK_INT(send(&bench, 1, 2), FG_SYNC_HELD);
    CHECK_INT(send(&bench, 4, 8), FG_SYNC_GAP);
    CHECK_INT(bench.answer.next_sequence, 3);
    check_receipt(&bench, 3);
    CHECK_INT(send(&bench, 3, 20), FG_SYNC_HELD);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT gap_since_ms FROM journal_head"), 0);
    check_held(&bench, 20);
    bench_close(&bench);
}

TEST("NO-LOSS: a gap is answered with the number expected, and filled (SQLite)")
{
    gap_is_answered(false);
}

TEST("NO-LOSS: a gap is answered with the number expected, and filled (PostgreSQL)")
{
    gap_is_answered(true);
}

/* The same controller's key signs another history from entry 15 on: a journal that was rolled back. */
static void fork_is_kept(bool postgres)
{
    struct bench bench;
    struct fg_fixture_journal *other;

    bench_open(&bench, postgres, 10);
    CHECK_INT(send(&bench, 1, 20), FG_SYNC_HELD);
    other = malloc(sizeof(*other));
    CHECK(other != NULL);
    *other = *bench.journal;
    other->count = 14;
    fg_fixture_journal_fill(other, "HZ-OTHER", FG_FIXTURE_BUREAU_MS, 1);
    for (int i = 0; i < 3; i++)
        CHECK_INT(fg_fixture_bureau_send(bench.sql, other, "S1", 10, 16, &bench.answer), FG_SYNC_FORK);
    CHECK_HAS(bench.answer.text, "entry 15");
    check_receipt(&bench, 21);
    check_held(&bench, 20);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM journal_evidence WHERE kind = 1 AND "
                                               "signed = 1 AND sequence = 15"),
              1);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT count FROM alarm WHERE kind = 1 AND closed_ms = 0"),
              3);
    free(other);
    bench_close(&bench);
}

TEST(
    "TAMPER-SHOWS: a second history of a journal is refused, kept as evidence, and raises one alarm (SQLite)")
{
    fork_is_kept(false);
}

TEST("TAMPER-SHOWS: a second history of a journal is refused, kept as evidence, and raises one alarm "
     "(PostgreSQL)")
{
    fork_is_kept(true);
}

static void edits_are_refused(bool postgres)
{
    struct bench bench;
    struct fg_sync_batch batch;
    uint8_t edited[FG_ENTRY_BYTES_MAX];

    bench_open(&bench, postgres, 10);
    fg_fixture_journal_batch(bench.journal, 1, 20, &batch);
    memcpy(edited, batch.entries[4].bytes, batch.entries[4].length);
    edited[batch.entries[4].length - 1] ^= 1;
    batch.entries[4].bytes = edited; /* edited */
    CHECK_INT(send_as(&bench, "station", "S1", &batch), FG_SYNC_REFUSED);
    CHECK_HAS(bench.answer.text, "signature");
    fg_fixture_journal_batch(bench.journal, 1, 20, &batch);
    batch.entries[3] = batch.entries[5]; /* replaced by another */
    CHECK_INT(send_as(&bench, "station", "S1", &batch), FG_SYNC_REFUSED);
    fg_fixture_journal_batch(bench.journal, 1, 20, &batch);
    memmove(&batch.entries[3], &batch.entries[4], 16 * sizeof(batch.entries[0]));
    batch.count = 19; /* one left out */
    CHECK_INT(send_as(&bench, "station", "S1", &batch), FG_SYNC_REFUSED);
    fg_fixture_journal_batch(bench.journal, 1, 20, &batch);
    batch.count = 18; /* the end cut off */
    CHECK_INT(send_as(&bench, "station", "S1", &batch), FG_SYNC_REFUSED);
    check_held(&bench, 0);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM journal_evidence WHERE kind = 2"), 4);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT count FROM alarm WHERE kind = 2"), 4);
    CHECK_INT(send(&bench, 1, 20), FG_SYNC_HELD);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: entries that the station edited, swapped, left out or cut are refused (SQLite)")
{
    edits_are_refused(false);
}

TEST("TAMPER-SHOWS: entries that the station edited, swapped, left out or cut are refused (PostgreSQL)")
{
    edits_are_refused(true);
}

TEST("evidence of one controller is bounded, whatever is sent")
{
    struct bench bench;
    struct fg_sync_batch batch;

    bench_open(&bench, false, 10);
    for (unsigned i = 0; i < FG_EVIDENCE_MAX + 5; i++) {
        fg_fixture_journal_batch(bench.journal, 1, 20, &batch);
        batch.head_signature.bytes[0] = (uint8_t)(i + 1);
        batch.head_signature.bytes[1] ^= 0x55;
        CHECK_INT(send_as(&bench, "station", "S1", &batch), FG_SYNC_REFUSED);
    }
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM journal_evidence"), FG_EVIDENCE_MAX);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT count FROM alarm"), FG_EVIDENCE_MAX + 5);
    bench_close(&bench);
}

static void strangers_are_refused(bool postgres)
{
    struct bench bench;
    struct fg_sync_batch batch;
    struct fg_peer nobody = {0};
    struct fg_error error;

    bench_open(&bench, postgres, 2);
    fg_fixture_bureau_device(bench.sql, "S2", "station", "S2", NULL);
    fg_fixture_journal_batch(bench.journal, 1, 4, &batch);
    CHECK_INT(send_as(&bench, "station", "S2", &batch), FG_SYNC_REFUSED);
    CHECK_INT(send_as(&bench, "controller", "ctl-2", &batch), FG_SYNC_REFUSED);
    CHECK_INT(send_as(&bench, "bureau", "ctl-1", &batch), FG_SYNC_REFUSED);
    CHECK_INT(send_as(&bench, "bureau", "S1", &batch), FG_SYNC_REFUSED);
    CHECK_INT(send_as(&bench, "controller", "S1", &batch), FG_SYNC_REFUSED);
    CHECK_INT(send_as(&bench, "station", "ctl-1", &batch), FG_SYNC_REFUSED);
    CHECK_INT(bench.answer.next_sequence, 0);
    CHECK_INT(bench.answer.receipt_length, 0);
    CHECK_OK(fg_ingest_batch(bench.sql, fg_fixture_bureau_ingest(), &nobody, &batch, FG_FIXTURE_BUREAU_MS,
                             &bench.answer, &error),
             &error);
    CHECK_INT(bench.answer.verdict, FG_SYNC_REFUSED);
    (void)snprintf(batch.controller, sizeof(batch.controller), "ctl-9");
    CHECK_INT(send_as(&bench, "station", "S1", &batch), FG_SYNC_REFUSED);
    check_held(&bench, 0);
    fg_fixture_journal_batch(bench.journal, 1, 4, &batch);
    CHECK_INT(send_as(&bench, "controller", "ctl-1", &batch), FG_SYNC_HELD);
    bench_close(&bench);
}

TEST("nobody is the station of a controller that has none")
{
    struct bench bench;
    struct fg_sync_batch batch;

    bench_open(&bench, false, 2);
    fg_fixture_sql_run(bench.sql, "UPDATE device SET station = '' WHERE device = 'ctl-1'");
    fg_fixture_journal_batch(bench.journal, 1, 4, &batch);
    CHECK_INT(send_as(&bench, "station", "", &batch), FG_SYNC_REFUSED);
    CHECK_INT(send_as(&bench, "station", "S1", &batch), FG_SYNC_REFUSED);
    CHECK_HAS(bench.answer.text, "station S1 may not send entries of ctl-1");
    CHECK_INT(send_as(&bench, "controller", "ctl-1", &batch), FG_SYNC_HELD);
    bench_close(&bench);
}

TEST("only a controller itself and its own station may send its entries (SQLite)")
{
    strangers_are_refused(false);
}

TEST("only a controller itself and its own station may send its entries (PostgreSQL)")
{
    strangers_are_refused(true);
}

static void suspend(struct bench *bench, const char *device, bool suspended)
{
    struct fg_error error;

    CHECK_OK(fg_device_suspend(bench->sql, device, suspended, "clerk", suspended ? "stolen" : "found",
                               FG_FIXTURE_BUREAU_MS, &error),
             &error);
}

/* What verifying finds. */
static int64_t marks_verify(struct bench *bench)
{
    struct fg_audit_settings settings = {.directory = fg_known_devices,
                                         .receipt_key = &fg_fixture_bureau_receipt_key()->public_key};
    struct fg_audit_result result;
    struct fg_error error;

    CHECK_OK(fg_audit_walk(bench->sql, &settings, "ctl-1", &result, &error), &error);
    return (int64_t)result.findings;
}

/* Every mark is what the suspensions say. */
static void check_marks(struct bench *bench)
{
    CHECK_INT(marks_verify(bench), 0);
}

#define SUSPENDED_ENTRIES "SELECT COUNT(*) FROM journal_entry WHERE marks = 8"

static void suspended_is_evidence(bool postgres)
{
    struct bench bench;

    bench_open(&bench, postgres, 6);
    CHECK_INT(send(&bench, 1, 2), FG_SYNC_HELD);
    suspend(&bench, "ctl-1", true);
    CHECK_INT(send(&bench, 1, 4), FG_SYNC_HELD);
    check_receipt(&bench, 5);
    suspend(&bench, "ctl-1", true); /* once more changes nothing */
    CHECK_INT(send(&bench, 5, 6), FG_SYNC_HELD);
    check_receipt(&bench, 7);
    CHECK_INT(fg_fixture_sql_number(bench.sql, SUSPENDED_ENTRIES), 4);
    CHECK_INT(fg_fixture_sql_number(bench.sql, SUSPENDED_ENTRIES " AND sequence BETWEEN 3 AND 6"), 4);
    CHECK_INT(send(&bench, 1, 6), FG_SYNC_HELD);
    suspend(&bench, "ctl-1", false);
    suspend(&bench, "ctl-1", false);
    CHECK_INT(send(&bench, 7, 8), FG_SYNC_HELD);
    CHECK_INT(fg_fixture_sql_number(bench.sql, SUSPENDED_ENTRIES), 4);
    suspend(&bench, "ctl-1", true);
    CHECK_INT(send(&bench, 7, 12), FG_SYNC_HELD);
    check_receipt(&bench, 13);
    CHECK_INT(fg_fixture_sql_number(bench.sql, SUSPENDED_ENTRIES), 8);
    CHECK_INT(fg_fixture_sql_number(bench.sql, SUSPENDED_ENTRIES " AND sequence > 8"), 4);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM journal_entry WHERE marks = 0"), 4);
    check_held(&bench, 12);
    bench_close(&bench);
}

TEST("NO-LOSS: what a suspended controller signed is held and receipted, and marked from then on (SQLite)")
{
    suspended_is_evidence(false);
}

TEST(
    "NO-LOSS: what a suspended controller signed is held and receipted, and marked from then on (PostgreSQL)")
{
    suspended_is_evidence(true);
}

TEST("NO-LOSS: a controller that is suspended before its first entry hands all of them in, all marked")
{
    struct bench bench;

    bench_open(&bench, false, 2);
    suspend(&bench, "ctl-1", true);
    CHECK_INT(send(&bench, 3, 4), FG_SYNC_GAP);
    CHECK_INT(send(&bench, 1, 4), FG_SYNC_HELD);
    check_receipt(&bench, 5);
    CHECK_INT(fg_fixture_sql_number(bench.sql, SUSPENDED_ENTRIES), 4);
    check_held(&bench, 4);
    bench_close(&bench);
}

static int64_t mark_of(struct bench *bench, uint64_t sequence)
{
    char text[100];

    (void)snprintf(text, sizeof(text), "SELECT marks FROM journal_entry WHERE sequence = %u",
                   (unsigned)sequence);
    return fg_fixture_sql_number(bench->sql, text);
}

/* Ends at this second after the controller was suspended; AUTHORISED a minute before. */
static void fill_at(struct bench *bench, int64_t second)
{
    fg_fixture_journal_fill(bench->journal, "HZ-9", FG_FIXTURE_BUREAU_MS + second * 1000, 9100);
}

static void held_back(bool postgres)
{
    struct bench bench;
    struct fg_error error;

    bench_open(&bench, postgres, 1);
    CHECK_INT(send(&bench, 1, 2), FG_SYNC_HELD);
    fill_at(&bench, 1000); /* 3 and 4, whose time says nothing: they were held before */
    CHECK_INT(send(&bench, 3, 4), FG_SYNC_HELD);
    suspend(&bench, "ctl-1", true);
    fill_at(&bench, 100);  /* 5 and 6: back-dated or not, they came during it */
    fill_at(&bench, 1830); /* 7 before the release, 8 after */
    fg_fixture_journal_add_bytes(bench.journal, "no entry", 8);
    fill_at(&bench, -600);
    fill_at(&bench, 500);
    fill_at(&bench, 2000);
    CHECK_INT(send(&bench, 5, 6), FG_SYNC_HELD);
    CHECK_OK(fg_device_suspend(bench.sql, "ctl-1", false, "clerk", "found",
                               FG_FIXTURE_BUREAU_MS + 1800 * INT64_C(1000), &error),
             &error);
    CHECK_INT(send(&bench, 7, 15), FG_SYNC_HELD);
    for (uint64_t i = 1; i <= 15; i++)
        CHECK_INT(mark_of(&bench, i) & FG_MARK_SUSPENDED,
                  i == 5 || i == 6 || i == 7 || i == 12 || i == 13 ? FG_MARK_SUSPENDED : 0);
    check_marks(&bench);
    fg_fixture_sql_run(bench.sql, "UPDATE journal_entry SET marks = 0 WHERE sequence = 12");
    CHECK_INT(marks_verify(&bench), 1);
    check_held(&bench, 15);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: entries held back until the release are marked by their own time (SQLite)")
{
    held_back(false);
}

TEST("TAMPER-SHOWS: entries held back until the release are marked by their own time (PostgreSQL)")
{
    held_back(true);
}

/* Sends as the station, at this time, when a suspended controller may hand in 4 entries a day. */
static uint8_t send_slowly(struct bench *bench, uint64_t first, uint64_t last, int64_t now_ms)
{
    struct fg_ingest_settings settings = *fg_fixture_bureau_ingest();
    struct fg_peer peer = fg_fixture_bureau_peer("station", "S1");
    struct fg_sync_batch batch;
    struct fg_error error;

    settings.suspended_a_day = 4;
    fg_fixture_journal_batch(bench->journal, first, last, &batch);
    CHECK_OK(fg_ingest_batch(bench->sql, &settings, &peer, &batch, now_ms, &bench->answer, &error), &error);
    return bench->answer.verdict;
}

static void quota_holds(bool postgres)
{
    const int64_t since_ms = FG_FIXTURE_BUREAU_MS;
    const int64_t day_ms = INT64_C(86400000);
    struct bench bench;

    bench_open(&bench, postgres, 9);
    CHECK_INT(send_slowly(&bench, 1, 6, since_ms), FG_SYNC_HELD);
    suspend(&bench, "ctl-1", true);
    CHECK_INT(send_slowly(&bench, 7, 11, since_ms), FG_SYNC_BUSY);
    CHECK_HAS(bench.answer.text, "enough for today");
    CHECK_INT(bench.answer.next_sequence, 7);
    CHECK_INT(send_slowly(&bench, 5, 10, since_ms - day_ms), FG_SYNC_HELD);
    check_receipt(&bench, 11);
    CHECK_INT(send_slowly(&bench, 7, 10, since_ms), FG_SYNC_HELD); /* again: nothing new */
    CHECK_INT(send_slowly(&bench, 11, 11, since_ms + day_ms - 1), FG_SYNC_BUSY);
    CHECK_INT(send_slowly(&bench, 11, 14, since_ms + day_ms), FG_SYNC_HELD);
    CHECK_INT(send_slowly(&bench, 15, 15, since_ms + day_ms), FG_SYNC_BUSY);
    suspend(&bench, "ctl-1", false);
    CHECK_INT(send_slowly(&bench, 15, 18, since_ms + day_ms), FG_SYNC_HELD);
    check_held(&bench, 18);
    bench_close(&bench);
}

TEST("BAD-INPUT-IS-SAFE: a suspended controller cannot fill the bureau's disk, and nothing is lost (SQLite)")
{
    quota_holds(false);
}

TEST("BAD-INPUT-IS-SAFE: a suspended controller cannot fill the bureau's disk, and nothing is lost "
     "(PostgreSQL)")
{
    quota_holds(true);
}

TEST("NO-LOSS: a mark of suspension leaves the other marks, and what an entry says, as they are")
{
    struct bench bench;

    bench_open(&bench, false, 2);
    CHECK_INT(send(&bench, 1, 4), FG_SYNC_HELD);
    suspend(&bench, "ctl-1", true);
    fg_fixture_journal_add_bytes(bench.journal, "no entry", 8);
    fg_fixture_journal_fill(bench.journal, "HZ-9", FG_FIXTURE_BUREAU_MS + 2 * FG_FUTURE_MS, 9100);
    CHECK_INT(send(&bench, 5, 7), FG_SYNC_HELD);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT marks FROM journal_entry WHERE sequence = 5"), 1 | 8);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT marks FROM journal_entry WHERE sequence = 6"), 2 | 8);
    CHECK_INT(fg_fixture_sql_number(
                  bench.sql, "SELECT COUNT(*) FROM journal_entry WHERE sequence > 5 AND code = 'HZ-9'"),
              2);
    check_held(&bench, 7);
    bench_close(&bench);
}

TEST("a suspended device is known as such, and a stranger is not known")
{
    struct bench bench;
    struct fg_peer station = fg_fixture_bureau_peer("station", "S1");
    struct fg_peer stranger = fg_fixture_bureau_peer("station", "S9");
    bool suspended = true;
    struct fg_error error;

    bench_open(&bench, false, 1);
    CHECK_OK(fg_known_device_find(bench.sql, &station, &suspended, &error), &error);
    CHECK(!suspended);
    suspend(&bench, "S1", true);
    CHECK_OK(fg_known_device_find(bench.sql, &station, &suspended, &error), &error);
    CHECK(suspended);
    CHECK_INT(fg_known_device_find(bench.sql, &stranger, &suspended, &error), FG_E_DENIED);
    /* Its controller's entries are its controller's, who is not suspended. */
    CHECK_INT(send(&bench, 1, 2), FG_SYNC_HELD);
    CHECK_INT(fg_fixture_sql_number(bench.sql, SUSPENDED_ENTRIES), 0);
    bench_close(&bench);
}

TEST("a peer is known only under its role and with the key it joined with")
{
    struct bench bench;
    struct fg_peer peer;
    bool suspended = false;
    struct fg_error error;

    bench_open(&bench, false, 0);
    peer = fg_fixture_bureau_peer("controller", "S1");
    CHECK_INT(fg_known_device_find(bench.sql, &peer, &suspended, &error), FG_E_DENIED);
    peer = fg_fixture_bureau_peer("station", "S9");
    CHECK_INT(fg_known_device_find(bench.sql, &peer, &suspended, &error), FG_E_DENIED);
    CHECK_HAS(error.text, "never joined");
    peer = fg_fixture_bureau_peer("station", "S1");
    peer.key = bench.journal->key.public_key;
    CHECK_INT(fg_known_device_find(bench.sql, &peer, &suspended, &error), FG_E_DENIED);
    CHECK_HAS(error.text, "another key");
    peer.kind = FG_PEER_NONE;
    CHECK_INT(fg_known_device_find(bench.sql, &peer, &suspended, &error), FG_E_DENIED);
    bench_close(&bench);
}

static void poison_is_held(bool postgres)
{
    static const uint8_t poison[] = {0xff, 0x00, 0xff, 0x17};
    struct bench bench;
    struct fg_entry late = {.kind = FG_ENTRY_BOOT, .wall_ms = INT64_C(4070908800000)};
    struct fg_entry early = {.kind = FG_ENTRY_BOOT, .wall_ms = INT64_MIN, .inventory_g = INT64_MIN};
    uint8_t foreign[FG_ENTRY_BYTES_MAX];
    size_t length;

    bench_open(&bench, postgres, 2);
    fg_fixture_journal_add_bytes(bench.journal, poison, sizeof(poison));
    fg_fixture_journal_add(bench.journal, &late);
    fg_fixture_journal_add(bench.journal, &early);
    length = bench.journal->lengths[1];
    memcpy(foreign, bench.journal->bytes[1], length);
    fg_fixture_journal_add_bytes(bench.journal, foreign, length);
    fg_fixture_journal_fill(bench.journal, "HZ-LAST", FG_FIXTURE_BUREAU_MS, 5);
    CHECK_INT(send(&bench, 1, 10), FG_SYNC_HELD);
    check_receipt(&bench, 11);
    check_held(&bench, 10);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT sequence FROM journal_entry WHERE marks = 1"), 5);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT sequence FROM journal_entry WHERE marks = 2"), 6);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT sequence FROM journal_entry WHERE marks = 4"), 8);
    CHECK_INT(fg_fixture_sql_number(bench.sql,
                                    "SELECT sequence FROM journal_entry WHERE code = 'HZ-LAST' AND "
                                    "kind = 6 AND quantity_g = 5"),
              10);
    bench_close(&bench);
}

TEST("NO-LOSS: undecodable, future-dated and misplaced entries are held, marked, and hold nothing back "
     "(SQLite)")
{
    poison_is_held(false);
}

TEST("NO-LOSS: undecodable, future-dated and misplaced entries are held, marked, and hold nothing back "
     "(PostgreSQL)")
{
    poison_is_held(true);
}

TEST("a batch with an impossible number or count is an error, not a crash")
{
    struct bench bench;
    struct fg_peer peer = fg_fixture_bureau_peer("station", "S1");
    struct fg_sync_batch batch;
    struct fg_error error;

    bench_open(&bench, false, 2);
    fg_fixture_journal_batch(bench.journal, 1, 4, &batch);
    batch.first_sequence = UINT64_MAX - 1;
    CHECK_INT(fg_ingest_batch(bench.sql, fg_fixture_bureau_ingest(), &peer, &batch, 0, &bench.answer, &error),
              FG_E_RANGE);
    batch.first_sequence = 0;
    CHECK_INT(fg_ingest_batch(bench.sql, fg_fixture_bureau_ingest(), &peer, &batch, 0, &bench.answer, &error),
              FG_E_RANGE);
    batch.first_sequence = 1;
    batch.count = 0;
    CHECK_INT(fg_ingest_batch(bench.sql, fg_fixture_bureau_ingest(), &peer, &batch, 0, &bench.answer, &error),
              FG_E_RANGE);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a store that lost an entry says so instead of giving a receipt")
{
    struct bench bench;
    struct fg_peer peer = fg_fixture_bureau_peer("station", "S1");
    struct fg_sync_batch batch;
    struct fg_error error;

    bench_open(&bench, false, 5);
    CHECK_INT(send(&bench, 1, 10), FG_SYNC_HELD);
    fg_fixture_sql_run(bench.sql, "DELETE FROM journal_entry WHERE sequence = 4");
    fg_fixture_journal_batch(bench.journal, 2, 6, &batch);
    CHECK_INT(fg_ingest_batch(bench.sql, fg_fixture_bureau_ingest(), &peer, &batch, 0, &bench.answer, &error),
              FG_E_CORRUPT);
    CHECK_HAS(error.text, "entry 4");
    bench_close(&bench);
}

/* ---- what each answer leaves ---- */

static enum fg_err take(struct bench *bench, const struct fg_sync_batch *batch,
                        const struct fg_ingest_settings *settings, int64_t now_ms, struct fg_error *error)
{
    struct fg_peer peer = fg_fixture_bureau_peer("station", "S1");

    return fg_ingest_batch(bench->sql, settings, &peer, batch, now_ms, &bench->answer, error);
}

TEST(
    "the head row follows each batch: how far, since when, from which station; only batches' ends are signed")
{
    struct bench bench;
    struct fg_sync_batch batch;
    struct fg_error error;

    bench_open(&bench, false, 5);
    CHECK_INT(send(&bench, 1, 3), FG_SYNC_HELD);
    CHECK_TEXT(bench.answer.text, "3 entries, 3 of them new");
    fg_fixture_journal_batch(bench.journal, 2, 6, &batch);
    CHECK_OK(take(&bench, &batch, fg_fixture_bureau_ingest(), FG_FIXTURE_BUREAU_MS + 7, &error), &error);
    CHECK_TEXT(bench.answer.text, "5 entries, 3 of them new");
    CHECK_INT(send(&bench, 3, 4), FG_SYNC_HELD);
    CHECK_TEXT(bench.answer.text, "2 entries, 0 of them new");
    CHECK_INT(bench.answer.next_sequence, 7);
    CHECK_INT(fg_fixture_sql_number(bench.sql,
                                    "SELECT COUNT(*) FROM journal_head WHERE controller = 'ctl-1' AND "
                                    "next_sequence = 7 AND station = 'S1' AND arrived_ms = 1795392000007 AND "
                                    "gap_since_ms = 0 AND gap_sequence = 0 AND length(head) = 32"),
              1);
    CHECK_INT(fg_fixture_sql_number(bench.sql,
                                    "SELECT COUNT(*) FROM journal_entry WHERE head_signature IS NOT NULL"),
              2);
    CHECK_INT(
        fg_fixture_sql_number(
            bench.sql,
            "SELECT COUNT(*) FROM journal_entry WHERE head_signature IS NOT NULL AND sequence IN (3, 6)"),
        2);
    CHECK_INT(fg_fixture_sql_number(
                  bench.sql, "SELECT COUNT(*) FROM journal_entry WHERE station = 'S1' AND arrived_ms = "
                             "1795392000000 + CASE WHEN sequence > 3 THEN 7 ELSE 0 END"),
              6);
    bench_close(&bench);
}

TEST("a gap is told with its first and last number, and noted once, with the batch that showed it")
{
    struct bench bench;
    struct fg_sync_batch batch;
    struct fg_error error;

    bench_open(&bench, false, 5);
    CHECK_INT(send(&bench, 4, 5), FG_SYNC_GAP);
    CHECK_TEXT(bench.answer.text, "entries 1 to 3 are missing here");
    CHECK_INT(bench.answer.receipt_length, 0);
    fg_fixture_journal_batch(bench.journal, 8, 9, &batch);
    CHECK_OK(take(&bench, &batch, fg_fixture_bureau_ingest(), FG_FIXTURE_BUREAU_MS + 99, &error), &error);
    CHECK_INT(bench.answer.verdict, FG_SYNC_GAP);
    CHECK_TEXT(bench.answer.text, "entries 1 to 7 are missing here");
    CHECK_INT(fg_fixture_sql_number(bench.sql,
                                    "SELECT COUNT(*) FROM journal_head WHERE next_sequence = 1 AND "
                                    "gap_since_ms = 1795392000000 AND gap_sequence = 4 AND station "
                                    "= 'S1' AND length(receipt) = 0 AND arrived_ms = 0"),
              1);
    CHECK_INT(send(&bench, 1, 4), FG_SYNC_HELD);
    check_receipt(&bench, 5);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT gap_since_ms + gap_sequence FROM journal_head"), 0);
    CHECK_INT(send(&bench, 6, 6), FG_SYNC_GAP);
    CHECK_TEXT(bench.answer.text, "entries 5 to 5 are missing here");
    CHECK_INT(bench.answer.next_sequence, 5);
    CHECK_INT(
        fg_fixture_sql_number(bench.sql, "SELECT gap_sequence FROM journal_head WHERE next_sequence = 5"), 6);
    bench_close(&bench);
}

TEST("BAD-INPUT-IS-SAFE: batches go up to the last number that there can be, and to 512 entries")
{
    struct bench bench;
    static struct fg_sync_batch batch;
    struct fg_error error;

    bench_open(&bench, false, 256);
    fg_fixture_journal_batch(bench.journal, 1, 512, &batch);
    batch.first_sequence = (uint64_t)INT64_MAX - FG_SYNC_BATCH_ENTRIES_MAX;
    CHECK_OK(take(&bench, &batch, fg_fixture_bureau_ingest(), 1, &error), &error);
    CHECK_INT(bench.answer.verdict, FG_SYNC_GAP);
    batch.first_sequence++;
    CHECK_INT(take(&bench, &batch, fg_fixture_bureau_ingest(), 1, &error), FG_E_RANGE);
    batch.first_sequence = 1;
    batch.count = FG_SYNC_BATCH_ENTRIES_MAX + 1;
    CHECK_INT(take(&bench, &batch, fg_fixture_bureau_ingest(), 1, &error), FG_E_RANGE);
    batch.count = FG_SYNC_BATCH_ENTRIES_MAX;
    CHECK_OK(take(&bench, &batch, fg_fixture_bureau_ingest(), 1, NULL), &error);
    CHECK_INT(bench.answer.verdict, FG_SYNC_HELD);
    check_receipt(&bench, 513);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a second history is told from its first entry that differs, and whether it is signed")
{
    struct bench bench;
    struct fg_fixture_journal *other = malloc(sizeof(*other));
    struct fg_sync_batch batch;

    bench_open(&bench, false, 4);
    CHECK(other != NULL);
    CHECK_INT(send(&bench, 1, 8), FG_SYNC_HELD);
    *other = *bench.journal;
    other->count = 0;
    other->inventory_g = 5;
    fg_fixture_journal_fill(other, "HZ-OTHER", FG_FIXTURE_BUREAU_MS, 1);
    fg_fixture_journal_batch(other, 1, 2, &batch);
    CHECK_INT(send_as(&bench, "station", "S1", &batch), FG_SYNC_FORK);
    CHECK_HAS(bench.answer.text, "entry 1 ");
    *other = *bench.journal;
    other->count = 4;
    fg_fixture_journal_fill(other, "HZ-OTHER", FG_FIXTURE_BUREAU_MS, 1);
    fg_fixture_journal_batch(other, 2, 6, &batch);
    batch.head_signature.bytes[6] ^= 1;
    CHECK_INT(send_as(&bench, "controller", "ctl-1", &batch), FG_SYNC_FORK);
    CHECK_HAS(bench.answer.text, "entry 5 ");
    check_receipt(&bench, 9);
    CHECK_INT(fg_fixture_sql_number(bench.sql,
                                    "SELECT COUNT(*) FROM journal_evidence WHERE kind = 1 AND signed "
                                    "= 1 AND sequence = 1 AND peer = 'station/S1' AND arrived_ms = "
                                    "1795392000000"),
              1);
    CHECK_INT(fg_fixture_sql_number(bench.sql,
                                    "SELECT COUNT(*) FROM journal_evidence WHERE kind = 1 AND signed "
                                    "= 0 AND sequence = 5 AND peer = 'controller/ctl-1'"),
              1);
    CHECK_INT(
        fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM alarm WHERE kind = 1 AND station = 'S1'"), 1);
    free(other);
    bench_close(&bench);
}

TEST(
    "TAMPER-SHOWS: a falsely signed batch is refused with its last number, kept under its first, and no more")
{
    struct bench bench;
    struct fg_sync_batch batch;

    bench_open(&bench, false, 4);
    CHECK_INT(send(&bench, 1, 2), FG_SYNC_HELD);
    fg_fixture_journal_batch(bench.journal, 2, 6, &batch);
    batch.head_signature.bytes[6] ^= 1;
    CHECK_INT(send_as(&bench, "station", "S1", &batch), FG_SYNC_REFUSED);
    CHECK_HAS(bench.answer.text, "after entry 6 is invalid");
    CHECK_INT(bench.answer.next_sequence, 3);
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM journal_evidence WHERE kind = 2 AND "
                                               "sequence = 2 AND peer = 'station/S1'"),
              1);
    check_held(&bench, 2);
    bench_close(&bench);
}

/* ---- a head row that somebody edited ---- */

TEST(
    "TAMPER-SHOWS: how far a journal is held is believed only with its receipt or the controller's signature")
{
    static const struct {
        const char *sql;
        const char *words;
    } edits[] = {
        {"UPDATE journal_head SET next_sequence = 9, receipt = x''", "entry 8 is held"},
        {"UPDATE journal_head SET next_sequence = 3", "entry 2 is held"},
        {"UPDATE journal_head SET next_sequence = 4, receipt = x'', head = (SELECT hash FROM journal_entry "
         "WHERE sequence = 3)",
         "entry 3 is held"},
        {"UPDATE journal_head SET head = zeroblob(32)", "entry 6 is held"},
        {"UPDATE journal_head SET next_sequence = 0", "its head row is impossible"},
        {"UPDATE journal_head SET receipt = zeroblob(5000)", "its head row is impossible"},
        {"UPDATE journal_head SET head = x'0102'", "a stored hash has 2 bytes"},
        {"UPDATE journal_head SET next_sequence = 1, receipt = x'01'", "entry 0 is held"},
    };

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        struct bench bench;
        struct fg_sync_batch batch;
        struct fg_error error;

        bench_open(&bench, false, 6);
        CHECK_INT(send(&bench, 1, 4), FG_SYNC_HELD);
        CHECK_INT(send(&bench, 5, 6), FG_SYNC_HELD);
        fg_fixture_sql_run(bench.sql, edits[i].sql);
        fg_fixture_journal_batch(bench.journal, 7, 8, &batch);
        CHECK_INT(take(&bench, &batch, fg_fixture_bureau_ingest(), FG_FIXTURE_BUREAU_MS, &error),
                  FG_E_CORRUPT);
        CHECK_HAS(error.text, edits[i].words);
        CHECK_HAS(error.text, "ctl-1");
        CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM journal_entry"), 6);
        bench_close(&bench);
        (void)remove(fg_test_path("bureau.db"));
        (void)remove(fg_test_path("bureau.db-wal"));
        (void)remove(fg_test_path("bureau.db-shm"));
    }
}

TEST("a receipt of an earlier key is replaced when the controller's signature proves what is held")
{
    struct bench bench;
    struct fg_private_key newer;
    struct fg_ingest_settings settings = *fg_fixture_bureau_ingest();
    struct fg_sync_batch batch;
    struct fg_receipt receipt;
    struct fg_signature signature;
    struct fg_error error;

    bench_open(&bench, false, 6);
    CHECK_OK(fg_private_key_new(&newer, &error), &error);
    settings.receipt_key = &newer;
    CHECK_INT(send(&bench, 1, 4), FG_SYNC_HELD);
    fg_fixture_journal_batch(bench.journal, 3, 4, &batch);
    CHECK_OK(take(&bench, &batch, &settings, FG_FIXTURE_BUREAU_MS, &error), &error);
    CHECK_INT(bench.answer.verdict, FG_SYNC_HELD);
    CHECK_OK(
        fg_receipt_decode(bench.answer.receipt, bench.answer.receipt_length, &receipt, &signature, &error),
        &error);
    CHECK_OK(fg_receipt_verify(&receipt, &signature, &newer.public_key, &error), &error);
    CHECK_INT(receipt.next_sequence, 5);
    /* Neither the old key nor the controller's signature, or another entry in its place: not to be believed.
     */
    fg_fixture_sql_run(bench.sql, "UPDATE journal_entry SET hash = zeroblob(32) WHERE sequence = 4");
    CHECK_INT(take(&bench, &batch, &settings, FG_FIXTURE_BUREAU_MS, &error), FG_E_CORRUPT);
    fg_fixture_sql_run(bench.sql,
                       "UPDATE journal_entry SET hash = (SELECT head FROM journal_head) WHERE sequence = 4");
    fg_fixture_sql_run(bench.sql,
                       "UPDATE journal_entry SET head_signature = zeroblob(64) WHERE sequence = 4");
    CHECK_INT(take(&bench, &batch, &settings, FG_FIXTURE_BUREAU_MS, &error), FG_E_CORRUPT);
    fg_fixture_sql_run(bench.sql, "UPDATE journal_entry SET head_signature = x'01' WHERE sequence = 4");
    CHECK_INT(take(&bench, &batch, &settings, FG_FIXTURE_BUREAU_MS, &error), FG_E_CORRUPT);
    fg_fixture_sql_run(bench.sql, "UPDATE journal_entry SET hash = x'01' WHERE sequence = 4");
    CHECK_INT(take(&bench, &batch, &settings, FG_FIXTURE_BUREAU_MS, &error), FG_E_CORRUPT);
    bench_close(&bench);
}

TEST(
    "TAMPER-SHOWS: entries without their head row, and hashes of a wrong length, are named, not written over")
{
    struct bench bench;
    struct fg_sync_batch batch;
    struct fg_error error;

    bench_open(&bench, false, 6);
    CHECK_INT(send(&bench, 1, 4), FG_SYNC_HELD);
    fg_fixture_journal_batch(bench.journal, 2, 6, &batch);
    fg_fixture_sql_run(bench.sql, "UPDATE journal_entry SET hash = x'010203' WHERE sequence = 3");
    CHECK_INT(take(&bench, &batch, fg_fixture_bureau_ingest(), FG_FIXTURE_BUREAU_MS, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "a stored hash has 3 bytes");
    fg_fixture_sql_run(bench.sql, "UPDATE journal_entry SET hash = x'010203' WHERE sequence = 1");
    CHECK_INT(take(&bench, &batch, fg_fixture_bureau_ingest(), FG_FIXTURE_BUREAU_MS, &error), FG_E_CORRUPT);
    fg_fixture_sql_run(bench.sql, "DELETE FROM journal_entry WHERE sequence = 1");
    CHECK_INT(take(&bench, &batch, fg_fixture_bureau_ingest(), FG_FIXTURE_BUREAU_MS, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "entry 1 is missing");
    fg_fixture_sql_run(bench.sql, "DELETE FROM journal_entry WHERE sequence = 4");
    fg_fixture_journal_batch(bench.journal, 4, 4, &batch);
    CHECK_INT(take(&bench, &batch, fg_fixture_bureau_ingest(), FG_FIXTURE_BUREAU_MS, &error), FG_E_CORRUPT);
    fg_fixture_sql_run(bench.sql, "DELETE FROM journal_head");
    fg_fixture_journal_batch(bench.journal, 1, 2, &batch);
    CHECK_INT(take(&bench, &batch, fg_fixture_bureau_ingest(), FG_FIXTURE_BUREAU_MS, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "the store has entries after its head");
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM journal_head"), 0);
    bench_close(&bench);
}

/* ---- a database that fails ---- */

struct fault_call {
    struct bench *bench;
    const struct fg_sync_batch *batch;
    uint8_t verdict;
};

static enum fg_err take_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    struct fault_call *call = context;
    enum fg_err result;

    (void)sql;
    call->bench->answer.verdict = 99;
    result = take(call->bench, call->batch, fg_fixture_bureau_ingest(), FG_FIXTURE_BUREAU_MS, error);
    CHECK_INT(call->bench->answer.verdict, result == FG_OK ? call->verdict : 99);
    return result;
}

TEST("NO-LOSS: a batch that a failing database interrupts gets no receipt and leaves nothing; sent again it "
     "is held")
{
    struct bench bench;
    struct fg_sync_batch batch;
    struct fault_call call = {.bench = &bench, .batch = &batch, .verdict = FG_SYNC_GAP};
    const char *path = fg_test_path("bureau.db");

    bench_open(&bench, false, 5);
    fg_fixture_journal_batch(bench.journal, 4, 5, &batch);
    fg_fault_each(bench.sql, path, FG_OK, take_once, &call);
    call.verdict = FG_SYNC_HELD;
    fg_fixture_journal_batch(bench.journal, 1, 4, &batch);
    fg_fault_each(bench.sql, path, FG_OK, take_once, &call);
    fg_fixture_journal_batch(bench.journal, 2, 6, &batch);
    fg_fault_each(bench.sql, path, FG_OK, take_once, &call);
    fg_fault_each(bench.sql, path, FG_OK, take_once, &call); /* nothing new */
    check_held(&bench, 6);
    check_receipt(&bench, 7);
    fg_fixture_journal_batch(bench.journal, 7, 8, &batch);
    batch.head_signature.bytes[2] ^= 1;
    call.verdict = FG_SYNC_REFUSED;
    fg_fault_each(bench.sql, path, FG_OK, take_once, &call);
    fg_fixture_journal_batch(bench.journal, 5, 6, &batch);
    batch.entries[0] = batch.entries[1];
    call.verdict = FG_SYNC_FORK;
    fg_fault_each(bench.sql, path, FG_OK, take_once, &call);
    bench_close(&bench);
}

TEST("NO-LOSS: a receipt of an earlier key is replaced by nobody while the database fails")
{
    struct bench bench;
    struct fg_sync_batch batch;
    struct fault_call call = {.bench = &bench, .batch = &batch, .verdict = FG_SYNC_HELD};

    bench_open(&bench, false, 5);
    CHECK_INT(send(&bench, 1, 4), FG_SYNC_HELD);
    fg_fixture_sql_run(bench.sql, "UPDATE journal_head SET receipt = x'01'");
    fg_fixture_journal_batch(bench.journal, 3, 6, &batch);
    fg_fault_each(bench.sql, fg_test_path("bureau.db"), FG_OK, take_once, &call);
    check_receipt(&bench, 7);
    bench_close(&bench);
}

/* What comes of a batch when pieces of the database's work fail. */
static uint8_t answered(unsigned nth, unsigned count, enum fg_err code)
{
    struct bench bench;
    struct fg_sync_batch batch;
    struct fg_error error;
    uint8_t verdict;

    bench_open(&bench, false, 3);
    CHECK_INT(send(&bench, 1, 2), FG_SYNC_HELD);
    fg_fixture_journal_batch(bench.journal, 2, 6, &batch);
    fg_fault_at(bench.sql, nth, count, code);
    CHECK_OK(take(&bench, &batch, fg_fixture_bureau_ingest(), FG_FIXTURE_BUREAU_MS, &error), &error);
    CHECK(fg_fault_end(bench.sql));
    verdict = bench.answer.verdict;
    if (verdict == FG_SYNC_BUSY) {
        CHECK_HAS(bench.answer.text, "busy; try again");
        CHECK_INT(bench.answer.receipt_length, 0);
    } else {
        check_receipt(&bench, 7);
    }
    CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM journal_entry"),
              verdict == FG_SYNC_HELD ? 6 : 2);
    CHECK_INT(send(&bench, 1, 6), FG_SYNC_HELD);
    check_held(&bench, 6);
    bench_close(&bench);
    (void)remove(fg_test_path("bureau.db"));
    (void)remove(fg_test_path("bureau.db-wal"));
    (void)remove(fg_test_path("bureau.db-shm"));
    return verdict;
}

TEST("NO-LOSS: what is busy or gone for a moment is tried again, for long is BUSY, and a deadline is BUSY at "
     "once")
{
    for (unsigned nth = 3; nth <= 12; nth++) { /* of finding the device is no second try */
        CHECK_INT(answered(nth, 1, FG_E_BUSY), FG_SYNC_HELD);
        CHECK_INT(answered(nth, 1, FG_E_GONE), FG_SYNC_HELD);
        CHECK_INT(answered(nth, 1, FG_E_TIMEOUT), FG_SYNC_BUSY);
    }
    CHECK_INT(answered(3, 1000, FG_E_BUSY), FG_SYNC_BUSY);
    CHECK_INT(answered(3, 1000, FG_E_GONE), FG_SYNC_BUSY);
    CHECK_INT(answered(3, 7, FG_E_BUSY), FG_SYNC_HELD); /* the eighth try */
    CHECK_INT(answered(3, 8, FG_E_BUSY), FG_SYNC_BUSY);
    CHECK_INT(answered(1, 1, FG_E_BUSY), FG_SYNC_BUSY);
}

/* ---- somebody else at the same moment ---- */

static struct bench other;

static void other_sends(void *context)
{
    struct fg_error error;

    (void)take(&other, context, fg_fixture_bureau_ingest(), FG_FIXTURE_BUREAU_MS, &error);
}

TEST("NO-LOSS: a batch that comes twice at the same moment, or with the one after it, is held once and "
     "receipted")
{
    static struct fg_sync_batch batch;
    static struct fg_sync_batch theirs;

    bool came = true;

    for (unsigned nth = 1; came; nth++) {
        uint64_t last = nth % 2 == 0 ? 4 : 6; /* of theirs: as much, or more */
        struct bench bench;
        struct fg_error error;

        bench_open(&bench, false, 3);
        other = bench;
        other.sql = fg_fault_other(fg_test_path("bureau.db"));
        fg_fixture_journal_batch(bench.journal, 1, 4, &batch);
        fg_fixture_journal_batch(bench.journal, 1, last, &theirs);
        fg_fault_meanwhile(bench.sql, nth, other_sends, &theirs);
        CHECK_OK(take(&bench, &batch, fg_fixture_bureau_ingest(), FG_FIXTURE_BUREAU_MS, &error), &error);
        came = fg_fault_end(bench.sql);
        CHECK_INT(bench.answer.verdict, FG_SYNC_HELD);
        CHECK(bench.answer.next_sequence == 5 || bench.answer.next_sequence == last + 1);
        check_receipt(&bench, bench.answer.next_sequence);
        CHECK_INT(send(&bench, 1, 6), FG_SYNC_HELD);
        check_held(&bench, 6);
        fg_sql_close(other.sql);
        bench_close(&bench);
        (void)remove(fg_test_path("bureau.db"));
        (void)remove(fg_test_path("bureau.db-wal"));
        (void)remove(fg_test_path("bureau.db-shm"));
    }
}

/* ---- several senders at once ---- */

#define SENDERS 4
#define BATCHES 12
#define BATCH 5

struct sender {
    const char *url;
    const struct fg_sync_batch *batches;
    unsigned held;
    unsigned failed;
};

static void *send_all(void *context)
{
    struct sender *sender = context;
    struct fg_sql_settings settings = {.url = sender->url, .deadline_ms = 20000};
    struct fg_peer peer = fg_fixture_bureau_peer("station", "S1");
    struct fg_sync_answer answer;
    struct fg_sql *sql = NULL;
    struct fg_error error;

    if (fg_sql_open(&settings, &sql, &error) != FG_OK) {
        sender->failed = 1;
        return NULL;
    }
    for (unsigned i = 0; i < BATCHES;) {
        if (fg_ingest_batch(sql, fg_fixture_bureau_ingest(), &peer, &sender->batches[i], FG_FIXTURE_BUREAU_MS,
                            &answer, &error) != FG_OK) {
            printf("    %s\n", error.text);
            sender->failed++;
            break;
        }
        if (answer.verdict == FG_SYNC_BUSY)
            continue;
        sender->held += answer.verdict == FG_SYNC_HELD;
        i++;
    }
    fg_sql_close(sql);
    return NULL;
}

/* Suspends and releases the controller while others send. */
struct suspender {
    const char *url;
    atomic_bool stop;
    unsigned failed;
    unsigned changes;
};

static void *suspend_often(void *argument)
{
    struct suspender *suspender = argument;
    struct fg_sql_settings settings = {.url = suspender->url, .deadline_ms = 20000};
    struct fg_sql *sql = NULL;
    struct fg_error error;

    suspender->failed += fg_sql_open(&settings, &sql, &error) != FG_OK;
    while (suspender->failed == 0 && !atomic_load(&suspender->stop)) {
        enum fg_err result = fg_device_suspend(sql, "ctl-1", suspender->changes % 2 == 0, "clerk", "test",
                                               FG_FIXTURE_BUREAU_MS, &error);

        suspender->changes += result == FG_OK;
        suspender->failed += result != FG_OK && result != FG_E_BUSY && result != FG_E_TIMEOUT;
        fg_sleep_ms(1);
    }
    fg_sql_close(sql);
    return NULL;
}

static void senders_race(const char *url)
{
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 20000};
    struct bench bench = {.journal = fg_fixture_journal("ctl-1")};
    struct fg_sync_batch *batches = calloc(BATCHES, sizeof(*batches));
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    struct suspender suspender = {.url = url};
    pthread_t suspending;
    struct fg_error error;

    CHECK(batches != NULL);
    CHECK_OK(fg_sql_open(&settings, &bench.sql, &error), &error);
    CHECK_OK(fg_sql_migrate(bench.sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error),
             &error);
    fg_fixture_bureau_device(bench.sql, "ctl-1", "controller", "S1", &bench.journal->key.public_key);
    for (unsigned i = 0; i < BATCHES * BATCH; i += 2)
        fg_fixture_journal_fill(bench.journal, "HZ-1", FG_FIXTURE_BUREAU_MS, 1);
    for (unsigned i = 0; i < BATCHES; i++)
        fg_fixture_journal_batch(bench.journal, i * BATCH + 1, (i + 1) * BATCH, &batches[i]);
    (void)fg_fixture_bureau_ingest();
    CHECK_INT(pthread_create(&suspending, NULL, suspend_often, &suspender), 0);
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){url, batches, 0, 0};
        CHECK_INT(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    for (unsigned i = 0; i < SENDERS; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    atomic_store(&suspender.stop, true);
    CHECK_INT(pthread_join(suspending, NULL), 0);
    CHECK_INT(suspender.failed, 0);
    CHECK(suspender.changes > 0);
    for (unsigned i = 0; i < SENDERS; i++) {
        CHECK_INT(senders[i].failed, 0);
        CHECK_INT(senders[i].held, BATCHES);
    }
    check_held(&bench, BATCHES * BATCH);
    check_marks(&bench);
    free(batches);
    bench_close(&bench);
}

TEST("NO-LOSS: the same batches from several connections at once, amid suspensions, are held once (SQLite)")
{
    char url[256];

    (void)snprintf(url, sizeof(url), "sqlite:%s", fg_test_path("race.db"));
    senders_race(url);
}

TEST("NO-LOSS: the same batches from several connections at once, amid suspensions, are held once "
     "(PostgreSQL)")
{
    senders_race(fg_postgres_database());
}
