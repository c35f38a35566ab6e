/* Taking in batches at the station: every verdict, and what is on the disk afterwards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/station/intake.h"
#include "host/station/store/private.h"
#include "host/station/store/store_verify.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/sql_faults.h"
#include "tests/lib/sqlite_file.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS

static struct fg_error error;

struct bench {
    struct fg_station_store *store;
    struct fg_fixture_journal *journal;
    struct fg_peer peer;
    struct fg_intake_result result;
};

static struct fg_peer peer_of(const struct fg_fixture_journal *journal)
{
    struct fg_peer peer = {.kind = FG_PEER_CERTIFIED, .role = "controller", .has_device_key = true};

    memcpy(peer.id, journal->controller, sizeof(peer.id));
    peer.device_key = journal->key.public_key;
    return peer;
}

static void bench_open(struct bench *bench, unsigned fills)
{
    struct fg_station_store_settings settings = {.path = fg_test_path("station.db"), .deadline_ms = 2000};

    CHECK_OK(fg_station_store_open(&settings, &bench->store, &error), &error);
    bench->journal = fg_fixture_journal("C1");
    bench->peer = peer_of(bench->journal);
    for (unsigned i = 0; i < fills; i++)
        fg_fixture_journal_fill(bench->journal, "HZ-CNG-1", NOW_MS - 600000 + (int64_t)i * 1000, 5000);
}

static void bench_close(struct bench *bench)
{
    free(bench->journal);
    fg_station_store_close(bench->store);
}

static uint8_t send_as(struct bench *bench, const struct fg_peer *peer, const struct fg_sync_batch *batch)
{
    CHECK_OK(fg_intake_take(bench->store, peer, batch, NOW_MS, &bench->result, &error), &error);
    return bench->result.answer.verdict;
}

static uint8_t send(struct bench *bench, uint64_t first, uint64_t last)
{
    struct fg_sync_batch batch;

    fg_fixture_journal_batch(bench->journal, first, last, &batch);
    return send_as(bench, &bench->peer, &batch);
}

static struct fg_station_controller controller(struct bench *bench)
{
    struct fg_station_controller found;

    CHECK_OK(fg_station_store_controller(bench->store, "C1", &found, &error), &error);
    return found;
}

/* The stored entries are the journal's, byte for byte. */
static void check_bytes(struct bench *bench, uint64_t last)
{
    uint8_t *buffer = malloc(FG_SYNC_BATCH_BYTES_MAX);
    struct fg_sync_batch batch;
    size_t length = 0;
    uint64_t next = 1;

    while (next <= last) {
        uint64_t first = next;

        CHECK_OK(fg_station_store_read_batch(bench->store, "C1", first, buffer, FG_SYNC_BATCH_BYTES_MAX,
                                             &length, &next, &error),
                 &error);
        CHECK_OK(fg_sync_batch_decode(buffer, length, &batch, &error), &error);
        CHECK_INT(batch.first_sequence, first);
        for (size_t i = 0; i < batch.count; i++) {
            CHECK_INT(batch.entries[i].length, bench->journal->lengths[first + i]);
            CHECK_BYTES(batch.entries[i].bytes, bench->journal->bytes[first + i], batch.entries[i].length);
        }
        CHECK_OK(fg_sync_batch_verify(&batch, 0, &bench->journal->hashes[first - 1],
                                      &bench->journal->key.public_key, &(struct fg_digest){{0}}, &error),
                 &error);
    }
    free(buffer);
}

TEST(
    "NO-LOSS: a batch that continues is held, byte for byte, and read again ends where its controller signed")
{
    struct bench bench;

    bench_open(&bench, 10);
    CHECK_INT(send(&bench, 1, 7), FG_SYNC_HELD);
    CHECK_INT(bench.result.answer.next_sequence, 8);
    CHECK_INT(bench.result.answer.receipt_length, 0);
    CHECK_INT(bench.result.stored, 7);
    CHECK_INT(send(&bench, 8, 20), FG_SYNC_HELD);
    check_bytes(&bench, 20);
    CHECK_INT(controller(&bench).next_sequence, 21);
    CHECK_INT(fg_station_unsent(&(struct fg_station_controller){.next_sequence = 21, .receipt_next = 1}), 20);
    CHECK_INT(controller(&bench).oldest_unsent_ms > 0, 1);
    CHECK_OK(fg_station_store_verify(bench.store, "C1", &error), &error);
    bench_close(&bench);
}

TEST("NO-LOSS: a batch sent again, or one that overlaps, adds nothing twice")
{
    struct bench bench;

    bench_open(&bench, 10);
    CHECK_INT(send(&bench, 1, 8), FG_SYNC_HELD);
    CHECK_INT(send(&bench, 1, 8), FG_SYNC_HELD);
    CHECK_INT(bench.result.stored, 0);
    CHECK_INT(send(&bench, 3, 5), FG_SYNC_HELD);
    CHECK_INT(bench.result.answer.next_sequence, 9);
    CHECK_INT(send(&bench, 5, 12), FG_SYNC_HELD);
    CHECK_INT(bench.result.stored, 4);
    CHECK_INT(bench.result.answer.next_sequence, 13);
    check_bytes(&bench, 12);
    bench_close(&bench);
}

TEST("NO-LOSS: a gap is not stored and the number expected is told")
{
    struct bench bench;

    bench_open(&bench, 10);
    CHECK_INT(send(&bench, 5, 8), FG_SYNC_GAP);
    CHECK_INT(bench.result.answer.next_sequence, 1);
    CHECK_INT(send(&bench, 1, 4), FG_SYNC_HELD);
    CHECK_INT(send(&bench, 6, 8), FG_SYNC_GAP);
    CHECK_INT(bench.result.answer.next_sequence, 5);
    CHECK_INT(controller(&bench).next_sequence, 5);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a controller that sends another entry under a held number forks; both are kept")
{
    struct bench bench;
    struct fg_fixture_journal *other;
    struct fg_sync_batch batch;
    uint64_t evidence = 0;

    bench_open(&bench, 5);
    CHECK_INT(send(&bench, 1, 10), FG_SYNC_HELD);
    other = fg_fixture_journal("C1");
    other->key = bench.journal->key;
    for (int i = 0; i < 6; i++)
        fg_fixture_journal_fill(other, "HZ-CNG-2", NOW_MS, 100);
    fg_fixture_journal_batch(other, 1, 12, &batch);
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_FORK);
    CHECK(bench.result.logged);
    CHECK_HAS(bench.result.answer.text, "another entry 1 ");
    CHECK_HAS(bench.result.answer.text, "signed with its key");
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_FORK);
    CHECK_INT(controller(&bench).forks, 2);
    CHECK_INT(controller(&bench).next_sequence, 11);
    CHECK_OK(fg_station_store_evidence_count(bench.store, &evidence, &error), &error);
    CHECK_INT(evidence, 1);
    check_bytes(&bench, 10);
    free(other);
    bench_close(&bench);
}

TEST("evidence is bounded however many forks a controller sends")
{
    struct bench bench;
    uint64_t evidence = 0;

    bench_open(&bench, 5);
    CHECK_INT(send(&bench, 1, 10), FG_SYNC_HELD);
    for (int i = 0; i < FG_STATION_EVIDENCE_MAX + 5; i++) {
        struct fg_fixture_journal *other = fg_fixture_journal("C1");
        struct fg_sync_batch batch;

        fg_fixture_journal_fill(other, "HZ-CNG-2", NOW_MS - i, 100);
        fg_fixture_journal_batch(other, 1, 2, &batch);
        CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_FORK);
        free(other);
    }
    CHECK_OK(fg_station_store_evidence_count(bench.store, &evidence, &error), &error);
    CHECK_INT(evidence, FG_STATION_EVIDENCE_MAX);
    CHECK_INT(controller(&bench).forks, FG_STATION_EVIDENCE_MAX + 5);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: altered entries, left-out entries and false signatures are refused and kept as evidence")
{
    struct bench bench;
    struct fg_sync_batch batch;
    uint8_t altered[FG_ENTRY_BYTES_MAX];
    uint64_t evidence = 0;

    bench_open(&bench, 5);
    CHECK_INT(send(&bench, 1, 4), FG_SYNC_HELD);
    fg_fixture_journal_batch(bench.journal, 5, 8, &batch);
    memcpy(altered, batch.entries[1].bytes, batch.entries[1].length);
    altered[batch.entries[1].length - 1] ^= 1;
    batch.entries[1].bytes = altered;
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_REFUSED);
    CHECK_HAS(bench.result.answer.text, "do not continue what is held");
    fg_fixture_journal_batch(bench.journal, 6, 8, &batch);
    batch.first_sequence = 5; /* entry 5 withheld */
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_REFUSED);
    fg_fixture_journal_batch(bench.journal, 5, 8, &batch);
    batch.head_signature.bytes[3] ^= 1;
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_REFUSED);
    CHECK_INT(controller(&bench).next_sequence, 5);
    CHECK_INT(controller(&bench).refusals, 3);
    CHECK_OK(fg_station_store_evidence_count(bench.store, &evidence, &error), &error);
    CHECK(evidence >= 2);
    CHECK_INT(send(&bench, 5, 10), FG_SYNC_HELD);
    bench_close(&bench);
}

TEST("a batch that holds nothing new but has a false signature puts that signature nowhere")
{
    struct bench bench;
    struct fg_sync_batch batch;

    bench_open(&bench, 5);
    CHECK_INT(send(&bench, 1, 10), FG_SYNC_HELD);
    fg_fixture_journal_batch(bench.journal, 1, 5, &batch);
    batch.head_signature.bytes[3] ^= 1;
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_HELD);
    CHECK_OK(fg_station_store_verify(bench.store, "C1", &error), &error);
    check_bytes(&bench, 10);
    bench_close(&bench);
}

TEST("only a controller, and only for itself, with a device key in its certificate")
{
    struct bench bench;
    struct fg_sync_batch batch;
    struct fg_peer peer;

    bench_open(&bench, 2);
    fg_fixture_journal_batch(bench.journal, 1, 4, &batch);
    peer = bench.peer;
    peer.kind = FG_PEER_NONE;
    CHECK_INT(send_as(&bench, &peer, &batch), FG_SYNC_REFUSED);
    peer = bench.peer;
    memcpy(peer.role, "station", 8);
    CHECK_INT(send_as(&bench, &peer, &batch), FG_SYNC_REFUSED);
    CHECK_HAS(bench.result.answer.text, "not a controller");
    peer = bench.peer;
    memcpy(peer.id, "C2", 3);
    CHECK_INT(send_as(&bench, &peer, &batch), FG_SYNC_REFUSED);
    CHECK_HAS(bench.result.answer.text, "C2 may not speak for controller C1");
    peer = bench.peer;
    peer.has_device_key = false;
    CHECK_INT(send_as(&bench, &peer, &batch), FG_SYNC_REFUSED);
    CHECK_HAS(bench.result.answer.text, "no device key");
    CHECK_INT(bench.result.stored, 0);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: the device key of the first sight stays; another one is refused")
{
    struct bench bench;
    struct fg_fixture_journal *other;
    struct fg_sync_batch batch;
    struct fg_peer peer;

    bench_open(&bench, 2);
    CHECK_INT(send(&bench, 1, 2), FG_SYNC_HELD);
    other = fg_fixture_journal("C1");
    CHECK_OK(fg_private_key_new(&other->key, &error), &error);
    fg_fixture_journal_fill(other, "HZ-CNG-2", NOW_MS, 100);
    peer = peer_of(other);
    fg_fixture_journal_batch(other, 1, 2, &batch);
    CHECK_INT(send_as(&bench, &peer, &batch), FG_SYNC_REFUSED);
    CHECK_HAS(bench.result.answer.text, "device key");
    CHECK(bench.result.logged);
    CHECK_INT(send(&bench, 3, 4), FG_SYNC_HELD);
    free(other);
    bench_close(&bench);
}

TEST("NO-LOSS: entries that cannot be decoded, stand elsewhere or are dated in 2099 are held and marked")
{
    struct bench bench;
    struct fg_entry entry = {.kind = FG_ENTRY_BOOT};

    bench_open(&bench, 1);
    fg_fixture_journal_add_bytes(bench.journal, "\xff\xff\xff garbage", 11);
    fg_fixture_journal_add(bench.journal, &entry);
    CHECK_INT(send(&bench, 1, 4), FG_SYNC_HELD);
    CHECK_INT(bench.result.stored, 4);
    CHECK(bench.result.marked >= 1);
    CHECK(bench.result.logged);
    fg_fixture_journal_fill(bench.journal, "HZ-CNG-1", INT64_C(4070908800000), 5000);
    CHECK_INT(send(&bench, 5, 6), FG_SYNC_HELD);
    CHECK(bench.result.marked >= 1);
    fg_fixture_journal_fill(bench.journal, "HZ-CNG-1", NOW_MS, 5000);
    CHECK_INT(send(&bench, 7, 8), FG_SYNC_HELD);
    CHECK_INT(bench.result.marked, 0);
    CHECK(controller(&bench).oldest_unsent_ms <= NOW_MS);
    check_bytes(&bench, 8);
    bench_close(&bench);
}

TEST("a grave refusal and a grave event are urgent; others are not")
{
    struct fg_entry entry = {.kind = FG_ENTRY_REFUSED,
                             .reasons = {2, {FG_REASON_INSPECTION_OVERDUE, FG_REASON_TOO_SOON}}};
    struct bench bench;

    CHECK(!fg_station_entry_is_urgent(&entry));
    entry.reasons.reasons[1] = FG_REASON_SCRAPPED;
    CHECK(fg_station_entry_is_urgent(&entry));
    entry.kind = FG_ENTRY_AUTHORISED;
    CHECK(!fg_station_entry_is_urgent(&entry));
    entry = (struct fg_entry){.kind = FG_ENTRY_EVENT, .event = FG_EVENT_CLOCK_STEP};
    CHECK(!fg_station_entry_is_urgent(&entry));
    entry.event = FG_EVENT_JOURNAL_TAMPERED;
    CHECK(fg_station_entry_is_urgent(&entry));

    bench_open(&bench, 1);
    fg_fixture_journal_add(bench.journal, &entry);
    CHECK_INT(send(&bench, 1, 2), FG_SYNC_HELD);
    CHECK(!bench.result.urgent);
    CHECK_INT(send(&bench, 3, 3), FG_SYNC_HELD);
    CHECK(bench.result.urgent);
    CHECK_INT(controller(&bench).urgent_sequence, 3);
    bench_close(&bench);
}

TEST("HELD hands down the bureau's newest receipt")
{
    struct bench bench;
    struct fg_receipt receipt = {.controller = "C1", .next_sequence = 3};
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    bench_open(&bench, 2);
    CHECK_INT(send(&bench, 1, 2), FG_SYNC_HELD);
    receipt.head = bench.journal->hashes[2];
    CHECK_OK(fg_receipt_sign(&receipt, fg_fixture_bureau_receipt_key(), &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_station_store_put_receipt(bench.store, "C1", bytes, length, 3, NOW_MS, &error), &error);
    CHECK_INT(send(&bench, 2, 2), FG_SYNC_HELD);
    CHECK_INT(bench.result.answer.receipt_length, length);
    CHECK_BYTES(bench.result.answer.receipt, bytes, length);
    CHECK_INT(fg_station_unsent(&(struct fg_station_controller){.next_sequence = 3, .receipt_next = 3}), 0);
    CHECK_INT(controller(&bench).receipt_next, 3);
    CHECK_INT(controller(&bench).oldest_unsent_ms, 0);
    bench_close(&bench);
}

TEST("numbers that cannot be are refused")
{
    struct bench bench;
    struct fg_sync_batch batch;

    bench_open(&bench, 2);
    fg_fixture_journal_batch(bench.journal, 1, 2, &batch);
    batch.first_sequence = 0;
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_REFUSED);
    batch.first_sequence = UINT64_MAX;
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_REFUSED);
    batch.first_sequence = INT64_MAX - FG_SYNC_BATCH_ENTRIES_MAX;
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_GAP);
    batch.first_sequence = 1;
    batch.count = 0;
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_REFUSED);
    bench_close(&bench);
}

TEST("a report is kept with the difference of the clocks; another's is denied; extreme numbers do no harm")
{
    struct bench bench;
    struct fg_sync_report report = {.device = "C1",
                                    .wall_ms = NOW_MS + 1500,
                                    .list_id = "city",
                                    .list_version = 7,
                                    .last_sequence = UINT64_MAX,
                                    .disk_free_bytes = 5,
                                    .version = "fillgated 1"};

    bench_open(&bench, 0);
    CHECK_OK(fg_intake_report(bench.store, &bench.peer, &report, NOW_MS, &error), &error);
    CHECK_INT(controller(&bench).clock_offset_ms, 1500);
    CHECK_INT(controller(&bench).report.list_version, 7);
    CHECK_INT(controller(&bench).report.last_sequence, INT64_MAX);
    CHECK_TEXT(controller(&bench).report.version, "fillgated 1");
    report.wall_ms = INT64_MIN;
    CHECK_OK(fg_intake_report(bench.store, &bench.peer, &report, NOW_MS, &error), &error);
    memcpy(report.device, "C2", 3);
    CHECK_INT(fg_intake_report(bench.store, &bench.peer, &report, NOW_MS, &error), FG_E_DENIED);
    bench_close(&bench);
}

TEST("the number of controllers is bounded")
{
    struct bench bench;
    struct fg_peer peer;
    struct fg_sync_report report = {.device = ""};

    bench_open(&bench, 0);
    peer = bench.peer;
    for (int i = 0; i < FG_STATION_CONTROLLERS_MAX; i++) {
        (void)snprintf(peer.id, sizeof(peer.id), "P%d", i);
        memcpy(report.device, peer.id, sizeof(peer.id));
        CHECK_OK(fg_intake_report(bench.store, &peer, &report, NOW_MS, &error), &error);
    }
    memcpy(report.device, "C1", 3);
    CHECK_INT(fg_intake_report(bench.store, &bench.peer, &report, NOW_MS, &error), FG_E_FULL);
    CHECK_HAS(error.text, "64 controllers");
    bench_close(&bench);
}

/* ---- what each verdict leaves in the store ---- */

static int rows(const char *where)
{
    char sql[300];

    (void)snprintf(sql, sizeof(sql), "UPDATE %s", where);
    return fg_test_sqlite_edit(fg_test_path("station.db"), sql);
}

TEST("NO-LOSS: each entry is kept with its arrival and hash, and each batch's last with the head signature")
{
    struct bench bench;

    bench_open(&bench, 4);
    CHECK_INT(send(&bench, 1, 5), FG_SYNC_HELD);
    CHECK_INT(send(&bench, 3, 8), FG_SYNC_HELD);
    CHECK_INT(bench.result.stored, 3);
    CHECK(!bench.result.logged);
    CHECK_TEXT(bench.result.answer.text, "");
    CHECK_INT(rows("entry SET mark = mark WHERE arrived_ms = 1795392000000 AND length(hash) = 32"), 8);
    CHECK_INT(rows("entry SET mark = mark WHERE head_signature IS NOT NULL AND sequence IN (5, 8)"), 2);
    CHECK_INT(rows("entry SET mark = mark WHERE head_signature IS NOT NULL"), 2);
    /* A batch of nothing new that ends elsewhere: its signature is worth keeping. */
    CHECK_INT(send(&bench, 2, 7), FG_SYNC_HELD);
    CHECK_INT(bench.result.stored, 0);
    CHECK_INT(rows("entry SET mark = mark WHERE head_signature IS NOT NULL AND sequence IN (5, 7, 8)"), 3);
    CHECK_OK(fg_station_store_verify(bench.store, "C1", &error), &error);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a fork amid a batch names the very entry, and says whether the controller signed it")
{
    struct bench bench;
    struct fg_fixture_journal *other;
    struct fg_sync_batch batch;

    bench_open(&bench, 3);
    CHECK_INT(send(&bench, 1, 6), FG_SYNC_HELD);
    other = malloc(sizeof(*other));
    CHECK(other != NULL);
    *other = *bench.journal;
    other->count = 4;
    fg_fixture_journal_fill(other, "HZ-OTHER", NOW_MS, 1);
    fg_fixture_journal_batch(other, 3, 6, &batch);
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_FORK);
    CHECK_INT(bench.result.answer.next_sequence, 7);
    CHECK_HAS(bench.result.answer.text, "another entry 5 ");
    CHECK_HAS(bench.result.answer.text, "signed with its key");
    CHECK_INT(rows("evidence SET verdict = 3 WHERE verdict = 3 AND sequence = 5 AND controller = 'C1' AND "
                   "arrived_ms = 1795392000000"),
              1);
    batch.head_signature.bytes[5] ^= 1;
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_FORK);
    CHECK_HAS(bench.result.answer.text, "with an invalid head signature");
    CHECK_OK(fg_station_store_verify(bench.store, "C1", &error), &error);
    free(other);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a batch that does not continue is kept under its first number, with its range told")
{
    struct bench bench;
    struct fg_sync_batch batch;

    bench_open(&bench, 3);
    CHECK_INT(send(&bench, 1, 2), FG_SYNC_HELD);
    fg_fixture_journal_batch(bench.journal, 3, 6, &batch);
    batch.head_signature.bytes[5] ^= 1;
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_REFUSED);
    CHECK(bench.result.logged);
    CHECK_INT(bench.result.answer.next_sequence, 3);
    CHECK_HAS(bench.result.answer.text, "entries 3 to 6 ");
    CHECK_INT(rows("evidence SET verdict = 4 WHERE verdict = 4 AND sequence = 3"), 1);
    CHECK_OK(fg_station_store_verify(bench.store, "C1", &error), &error);
    /* Partly held, and falsely signed: nothing of it is taken. */
    fg_fixture_journal_batch(bench.journal, 2, 4, &batch);
    batch.head_signature.bytes[5] ^= 1;
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_REFUSED);
    CHECK_INT(controller(&bench).next_sequence, 3);
    bench_close(&bench);
}

TEST("marked entries are counted over all batches, and told")
{
    struct bench bench;

    bench_open(&bench, 1);
    for (int i = 0; i < 3; i++)
        fg_fixture_journal_add_bytes(bench.journal, "\xff garbage", 9);
    CHECK_INT(send(&bench, 1, 4), FG_SYNC_HELD);
    CHECK_INT(bench.result.marked, 2);
    CHECK_HAS(bench.result.answer.text, "2 of its new entries before 5 ");
    CHECK_INT(send(&bench, 5, 5), FG_SYNC_HELD);
    CHECK_INT(bench.result.marked, 1);
    CHECK_INT(controller(&bench).marked, 3);
    CHECK_INT(send(&bench, 1, 5), FG_SYNC_HELD);
    CHECK_INT(controller(&bench).marked, 3);
    CHECK_OK(fg_station_store_verify(bench.store, "C1", &error), &error);
    bench_close(&bench);
}

TEST("the newest urgent entry is kept, whatever comes after it")
{
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT, .event = FG_EVENT_JOURNAL_TAMPERED};
    struct bench bench;

    bench_open(&bench, 1);
    fg_fixture_journal_add(bench.journal, &entry);
    fg_fixture_journal_add(bench.journal, &entry);
    fg_fixture_journal_fill(bench.journal, "HZ-CNG-1", NOW_MS, 5000);
    CHECK_INT(send(&bench, 1, 6), FG_SYNC_HELD);
    CHECK(bench.result.urgent);
    CHECK_INT(controller(&bench).urgent_sequence, 4);
    fg_fixture_journal_fill(bench.journal, "HZ-CNG-1", NOW_MS, 5000);
    CHECK_INT(send(&bench, 7, 8), FG_SYNC_HELD);
    CHECK(!bench.result.urgent);
    CHECK_INT(controller(&bench).urgent_sequence, 4);
    bench_close(&bench);
}

TEST("a gap says from where on entries are missing, and counts as a contact")
{
    struct bench bench;
    struct fg_sync_batch batch;

    bench_open(&bench, 3);
    CHECK_INT(send(&bench, 1, 2), FG_SYNC_HELD);
    fg_fixture_journal_batch(bench.journal, 4, 6, &batch);
    CHECK_OK(fg_intake_take(bench.store, &bench.peer, &batch, NOW_MS + 77, &bench.result, &error), &error);
    CHECK_INT(bench.result.answer.verdict, FG_SYNC_GAP);
    CHECK(!bench.result.logged);
    CHECK_HAS(bench.result.answer.text, "entries from 3 on");
    CHECK_INT(controller(&bench).contact_ms, NOW_MS + 77);
    CHECK_INT(controller(&bench).first_contact_ms, NOW_MS);
    bench_close(&bench);
}

TEST("a stranger's batch is answered from number 1 on, and leaves nothing in the store")
{
    struct bench bench;
    struct fg_sync_batch batch;
    struct fg_peer peer;
    struct fg_private_key key;
    struct fg_station_controller found;

    bench_open(&bench, 1);
    fg_fixture_journal_batch(bench.journal, 1, 2, &batch);
    peer = bench.peer;
    memcpy(peer.id, "C2", 3);
    CHECK_INT(send_as(&bench, &peer, &batch), FG_SYNC_REFUSED);
    CHECK_INT(bench.result.answer.next_sequence, 1);
    CHECK(bench.result.logged);
    batch.first_sequence = (uint64_t)INT64_MAX - FG_SYNC_BATCH_ENTRIES_MAX + 1;
    CHECK_INT(send_as(&bench, &bench.peer, &batch), FG_SYNC_REFUSED);
    CHECK_HAS(bench.result.answer.text, "entry numbers that cannot be");
    CHECK(bench.result.logged);
    CHECK_INT(fg_station_store_controller(bench.store, "C1", &found, &error), FG_E_NOT_FOUND);
    CHECK_INT(send(&bench, 1, 1), FG_SYNC_HELD);
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    bench.peer.device_key = key.public_key;
    CHECK_INT(send(&bench, 2, 2), FG_SYNC_REFUSED);
    CHECK_INT(bench.result.answer.next_sequence, 2);
    CHECK_INT(fg_intake_report(bench.store, &bench.peer, &(struct fg_sync_report){.device = "C1"}, NOW_MS + 9,
                               &error),
              FG_E_DENIED);
    CHECK_INT(controller(&bench).contact_ms, NOW_MS);
    CHECK_INT(controller(&bench).report_ms, 0);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: a store that lost an entry that a batch builds on takes nothing, and says so")
{
    struct bench bench;
    struct fg_sync_batch batch;

    bench_open(&bench, 4);
    CHECK_INT(send(&bench, 1, 6), FG_SYNC_HELD);
    CHECK_INT(rows("entry SET controller = 'gone' WHERE sequence = 3"), 1);
    fg_fixture_journal_batch(bench.journal, 4, 8, &batch);
    CHECK_INT(fg_intake_take(bench.store, &bench.peer, &batch, NOW_MS, &bench.result, &error), FG_E_CORRUPT);
    fg_fixture_journal_batch(bench.journal, 2, 8, &batch);
    CHECK_INT(fg_intake_take(bench.store, &bench.peer, &batch, NOW_MS, &bench.result, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "entry 3 is missing");
    CHECK_INT(controller(&bench).next_sequence, 7);
    CHECK_INT(send(&bench, 7, 8), FG_SYNC_HELD);
    bench_close(&bench);
}

/* ---- a database that fails ---- */

struct fault_call {
    struct bench *bench;
    const struct fg_sync_batch *batch;
    uint8_t verdict;
};

static enum fg_err take_once(void *context, struct fg_sql *sql, struct fg_error *ret_error)
{
    struct fault_call *call = context;
    enum fg_err result;

    (void)sql;
    call->bench->result.answer.verdict = 99;
    result = fg_intake_take(call->bench->store, &call->bench->peer, call->batch, NOW_MS, &call->bench->result,
                            ret_error);
    CHECK_INT(call->bench->result.answer.verdict, result == FG_OK ? call->verdict : 99);
    return result;
}

static enum fg_err report_once(void *context, struct fg_sql *sql, struct fg_error *ret_error)
{
    struct fault_call *call = context;
    struct fg_sync_report report = {.device = "C1", .wall_ms = NOW_MS};

    (void)sql;
    return fg_intake_report(call->bench->store, &call->bench->peer, &report, NOW_MS, ret_error);
}

TEST("NO-LOSS: a batch that a failing database interrupts is not taken at all, and is taken the next time")
{
    struct bench bench;
    struct fg_fixture_journal *other;
    struct fg_sync_batch batch;
    struct fault_call call = {.bench = &bench, .batch = &batch};
    const char *path = fg_test_path("station.db");

    bench_open(&bench, 4);
    fg_fixture_journal_batch(bench.journal, 1, 3, &batch);
    call.verdict = FG_SYNC_HELD; /* of a controller that was never here */
    fg_fault_each(bench.store->sql, path, FG_OK, take_once, &call);
    fg_fixture_journal_batch(bench.journal, 2, 6, &batch); /* overlaps */
    fg_fault_each(bench.store->sql, path, FG_OK, take_once, &call);
    fg_fixture_journal_batch(bench.journal, 2, 5, &batch); /* nothing new */
    fg_fault_each(bench.store->sql, path, FG_OK, take_once, &call);
    fg_fixture_journal_batch(bench.journal, 8, 8, &batch);
    call.verdict = FG_SYNC_GAP;
    fg_fault_each(bench.store->sql, path, FG_OK, take_once, &call);
    other = malloc(sizeof(*other));
    CHECK(other != NULL);
    *other = *bench.journal;
    other->count = 4;
    fg_fixture_journal_fill(other, "HZ-OTHER", NOW_MS, 1);
    fg_fixture_journal_batch(other, 3, 6, &batch);
    call.verdict = FG_SYNC_FORK;
    fg_fault_each(bench.store->sql, path, FG_OK, take_once, &call);
    free(other);
    fg_fixture_journal_batch(bench.journal, 7, 8, &batch);
    batch.head_signature.bytes[4] ^= 1;
    call.verdict = FG_SYNC_REFUSED;
    fg_fault_each(bench.store->sql, path, FG_OK, take_once, &call);
    fg_fault_each(bench.store->sql, path, FG_OK, report_once, &call);
    CHECK_OK(fg_station_store_verify(bench.store, "C1", &error), &error);
    check_bytes(&bench, 6);
    bench_close(&bench);
}
