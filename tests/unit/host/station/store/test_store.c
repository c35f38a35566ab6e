/* The station's store: what is kept comes back as it was, what is bounded stays so, damaged rows are named,
 * and a database that fails at any point leaves everything as it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/station/store/private.h"
#include "lib/domain/catalogue.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/station_fixture.h"
#include "tests/lib/sql_faults.h"
#include "tests/lib/sqlite_file.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS
#define DAY_MS INT64_C(86400000)

static struct fg_error error;
static uint8_t buffer[2 * FG_SYNC_BATCH_BYTES_MAX];

static struct fg_station_store *store_open(void)
{
    struct fg_station_store_settings settings = {.path = fg_test_path("station.db"), .deadline_ms = 2000};
    struct fg_station_store *store = NULL;

    CHECK_OK(fg_station_store_open(&settings, &store, &error), &error);
    return store;
}

static void edit(const char *sql)
{
    (void)fg_test_sqlite_edit(fg_test_path("station.db"), sql);
}

static void controller_add(struct fg_station_store *store, const char *id)
{
    CHECK_OK(fg_station_store_add_controller(store, id, &fg_fixture_bureau_receipt_key()->public_key, NOW_MS,
                                             &error),
             &error);
}

static struct fg_station_controller controller(struct fg_station_store *store, const char *id)
{
    struct fg_station_controller found;

    CHECK_OK(fg_station_store_controller(store, id, &found, &error), &error);
    return found;
}

/* An entry of these bytes; hash and head signature begin with the entry's number. */
static void entry_add(struct fg_station_store *store, uint64_t sequence, const void *bytes, size_t length,
                      bool is_signed)
{
    struct fg_signature signature = {{(uint8_t)sequence}};
    struct fg_station_entry entry = {.sequence = sequence,
                                     .slice = {bytes, length},
                                     .hash = {{(uint8_t)sequence}},
                                     .head_signature = is_signed ? &signature : NULL,
                                     .arrived_ms = NOW_MS,
                                     .time_ms = NOW_MS};

    CHECK_OK(fg_station_store_add_entry(store, "C1", &entry, &error), &error);
}

static enum fg_err batch_read(struct fg_station_store *store, uint64_t from, size_t capacity,
                              struct fg_sync_batch *ret_batch)
{
    size_t length = 0;
    uint64_t next = 0;
    enum fg_err result =
        fg_station_store_read_batch(store, "C1", from, buffer, capacity, &length, &next, &error);

    if (result != FG_OK)
        return result;
    CHECK(length <= capacity && length <= FG_SYNC_BATCH_BYTES_MAX);
    CHECK_OK(fg_sync_batch_decode(buffer, length, ret_batch, &error), &error);
    CHECK_INT(ret_batch->first_sequence, from);
    CHECK_INT(next, from + ret_batch->count);
    return FG_OK;
}

static size_t receipt_make(uint64_t next, const struct fg_private_key *key,
                           uint8_t bytes[FG_STATEMENT_BYTES_MAX])
{
    struct fg_receipt receipt = {.controller = "C1", .next_sequence = next};
    struct fg_signature signature;
    size_t length = 0;

    CHECK_OK(fg_receipt_sign(&receipt, key, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, FG_STATEMENT_BYTES_MAX, &length, &error), &error);
    return length;
}

static void receipt_put(struct fg_station_store *store, uint64_t next)
{
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = receipt_make(next, fg_fixture_bureau_receipt_key(), bytes);

    CHECK_OK(fg_station_store_put_receipt(store, "C1", bytes, length, next, NOW_MS + 8, &error), &error);
}

/* ---- opening ---- */

static enum fg_err open_at(const char *path, bool read_only)
{
    struct fg_station_store_settings settings = {.path = path, .deadline_ms = 2000, .read_only = read_only};
    struct fg_station_store *store = NULL;
    enum fg_err result = fg_station_store_open(&settings, &store, &error);

    CHECK(result == FG_OK ? store != NULL : store == NULL);
    fg_station_store_close(store);
    return result;
}

TEST("a store's path may have 504 characters, and a file that is no database is named")
{
    char path[600];
    FILE *file;

    memset(path, 'x', sizeof(path));
    memcpy(path, "/nowhere/", 9);
    path[504] = '\0';
    CHECK_INT(open_at(path, false), FG_E_IO);
    CHECK_HAS(error.text, "store /nowhere/xxx");
    path[504] = 'x';
    path[505] = '\0';
    CHECK_INT(open_at(path, false), FG_E_SIZE);
    CHECK_HAS(error.text, "504 characters");
    file = fopen(fg_test_path("station.db"), "w");
    CHECK(file != NULL);
    for (int i = 0; i < 100; i++)
        CHECK(fputs("this is no database at all, and long enough to be one\n", file) >= 0);
    CHECK_INT(fclose(file), 0);
    CHECK_INT(open_at(fg_test_path("station.db"), false), FG_E_CORRUPT);
    CHECK_HAS(error.text, "station.db: ");
}

TEST("a store that is opened to be read is neither made nor written to")
{
    struct fg_station_store_settings settings = {
        .path = fg_test_path("station.db"), .deadline_ms = 2000, .read_only = true};
    struct fg_station_store *store = NULL;

    CHECK_INT(open_at(settings.path, true), FG_E_NOT_FOUND);
    CHECK(access(settings.path, F_OK) != 0);
    store = store_open();
    controller_add(store, "C1");
    fg_station_store_close(store);
    CHECK_OK(fg_station_store_open(&settings, &store, &error), &error);
    CHECK_INT(controller(store, "C1").next_sequence, 1);
    CHECK_INT(fg_station_store_verdict(store, "C1", FG_SYNC_BUSY, "", NOW_MS, &error), FG_E_IO);
    fg_station_store_close(store);
    fg_station_store_close(NULL);
}

TEST("a snapshot sees one state of the store, and holds nobody up who writes")
{
    struct fg_station_store *store = store_open();
    struct fg_station_store *other = store_open();

    controller_add(store, "C1");
    CHECK_OK(fg_station_store_begin_snapshot(store, &error), &error);
    CHECK_INT(controller(store, "C1").upstream_ms, 0);
    CHECK_OK(fg_station_store_verdict(other, "C1", FG_SYNC_BUSY, "", 7, &error), &error);
    CHECK_INT(controller(store, "C1").upstream_ms, 0);
    fg_station_store_rollback(store);
    CHECK_INT(controller(store, "C1").upstream_ms, 7);
    fg_station_store_close(other);
    fg_station_store_close(store);
}

/* ---- controllers ---- */

TEST("what is kept of a controller comes back as it was")
{
    struct fg_station_store *store = store_open();
    const struct fg_public_key *key = &fg_fixture_bureau_receipt_key()->public_key;
    struct fg_station_controller found;
    struct fg_digest start;
    char text[FG_SYNC_TEXT_MAX + 60];
    struct fg_sync_report report = {.device = "another's",
                                    .wall_ms = NOW_MS + 1500,
                                    .clock_quality = FG_CLOCK_SYNCHRONISED,
                                    .list_id = "city",
                                    .list_version = 7,
                                    .list_issued_ms = 11,
                                    .last_sequence = 13,
                                    .unsent = 3,
                                    .oldest_unsent_ms = 17,
                                    .disk_free_bytes = 19,
                                    .version = "fillgated 9"};

    controller_add(store, "C1");
    found = controller(store, "C1");
    fg_chain_start("C1", &start);
    CHECK_TEXT(found.id, "C1");
    CHECK_BYTES(found.device_key.point, key->point, FG_POINT_BYTES);
    CHECK_INT(found.first_contact_ms, NOW_MS);
    CHECK_INT(found.contact_ms, NOW_MS);
    CHECK_INT(found.next_sequence, 1);
    CHECK_BYTES(found.head.bytes, start.bytes, FG_DIGEST_BYTES);
    CHECK_INT(found.receipt_next, 1);
    CHECK_INT(found.report_ms, 0);
    found.contact_ms = 21;
    found.next_sequence = 22;
    found.head.bytes[0] = 0x5a;
    found.urgent_sequence = 23;
    found.forks = 24;
    found.refusals = 25;
    found.marked = 26;
    CHECK_OK(fg_station_store_update_controller(store, &found, &error), &error);
    memset(text, 'w', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    CHECK_OK(fg_station_store_verdict(store, "C1", FG_SYNC_FORK, text, 27, &error), &error);
    CHECK_OK(fg_station_store_report(store, "C1", &report, NOW_MS, &error), &error);
    found = controller(store, "C1");
    CHECK_INT(found.first_contact_ms, NOW_MS);
    CHECK_INT(found.contact_ms, NOW_MS); /* the report */
    CHECK_INT(found.next_sequence, 22);
    CHECK_INT(found.head.bytes[0], 0x5a);
    CHECK_INT(found.urgent_sequence, 23);
    CHECK_INT(found.forks, 24);
    CHECK_INT(found.refusals, 25);
    CHECK_INT(found.marked, 26);
    CHECK_INT(found.upstream_ms, 27);
    CHECK_INT(found.upstream_verdict, FG_SYNC_FORK);
    CHECK_INT(strlen(found.upstream_text), FG_SYNC_TEXT_MAX);
    CHECK_INT(found.report_ms, NOW_MS);
    CHECK_INT(found.clock_offset_ms, 1500);
    CHECK_TEXT(found.report.device, "C1");
    CHECK_INT(found.report.wall_ms, NOW_MS + 1500);
    CHECK_INT(found.report.clock_quality, FG_CLOCK_SYNCHRONISED);
    CHECK_TEXT(found.report.list_id, "city");
    CHECK_INT(found.report.list_version, 7);
    CHECK_INT(found.report.list_issued_ms, 11);
    CHECK_INT(found.report.last_sequence, 13);
    CHECK_INT(found.report.unsent, 3);
    CHECK_INT(found.report.oldest_unsent_ms, 17);
    CHECK_INT(found.report.disk_free_bytes, 19);
    CHECK_TEXT(found.report.version, "fillgated 9");
    found.contact_ms = 21;
    CHECK_OK(fg_station_store_update_controller(store, &found, &error), &error);
    CHECK_INT(controller(store, "C1").contact_ms, 21);
    fg_station_store_close(store);
}

TEST("BAD-INPUT-IS-SAFE: numbers of a peer beyond what a database holds are kept as the most it holds")
{
    struct fg_station_store *store = store_open();
    struct fg_station_controller found;
    struct fg_sync_report report = {.wall_ms = INT64_MIN,
                                    .list_version = UINT64_MAX,
                                    .last_sequence = (uint64_t)INT64_MAX + 1,
                                    .unsent = UINT64_MAX,
                                    .disk_free_bytes = UINT64_MAX};

    controller_add(store, "C1");
    CHECK_OK(fg_station_store_report(store, "C1", &report, NOW_MS, &error), &error);
    found = controller(store, "C1");
    CHECK_INT(found.clock_offset_ms, INT64_MIN / 2);
    CHECK_INT(found.report.list_version, INT64_MAX);
    CHECK_INT(found.report.last_sequence, INT64_MAX);
    CHECK_INT(found.report.unsent, INT64_MAX);
    CHECK_INT(found.report.disk_free_bytes, INT64_MAX);
    report.wall_ms = INT64_MAX;
    CHECK_OK(fg_station_store_report(store, "C1", &report, -10, &error), &error);
    CHECK_INT(controller(store, "C1").clock_offset_ms, INT64_MAX / 2);
    report.wall_ms = 0;
    CHECK_OK(fg_station_store_report(store, "C1", &report, INT64_MIN, &error), &error);
    CHECK_INT(controller(store, "C1").clock_offset_ms, INT64_MAX / 2);
    fg_station_store_close(store);
}

TEST("controllers are listed by id, as many as there is room for, and one twice is refused")
{
    struct fg_station_store *store = store_open();
    static struct fg_station_controller found[3];
    size_t count = 9;

    controller_add(store, "B");
    controller_add(store, "C");
    controller_add(store, "A");
    CHECK_OK(fg_station_store_controllers(store, found, 2, &count, &error), &error);
    CHECK_INT(count, 2);
    CHECK_TEXT(found[0].id, "A");
    CHECK_TEXT(found[1].id, "B");
    CHECK_OK(fg_station_store_controllers(store, found, 3, &count, &error), &error);
    CHECK_INT(count, 3);
    CHECK_TEXT(found[2].id, "C");
    CHECK_INT(fg_station_store_add_controller(store, "A", &found[0].device_key, NOW_MS, &error), FG_E_EXISTS);
    CHECK_INT(fg_station_store_controller(store, "D", &found[0], &error), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "controller D has never been here");
    fg_station_store_close(store);
}

TEST("TAMPER-SHOWS: a controller's row whose key or hash cannot be one is named, and not used")
{
    static const struct {
        const char *sql;
        const char *words;
    } edits[] = {
        {"UPDATE controller SET device_key = x'0102'", "controller C1: the stored device key has 2 bytes"},
        {"UPDATE controller SET device_key = zeroblob(length(device_key))", "controller C1: "},
        {"UPDATE controller SET head = x'010203'", "controller C1: a hash in the store has 3 bytes"},
    };
    struct fg_station_controller found = {.id = "untouched"};

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        struct fg_station_store *store = store_open();
        size_t count = 9;

        controller_add(store, "C1");
        edit(edits[i].sql);
        CHECK_INT(fg_station_store_controller(store, "C1", &found, &error), FG_E_CORRUPT);
        CHECK_HAS(error.text, edits[i].words);
        CHECK_INT(fg_station_store_controllers(store, &found, 1, &count, &error), FG_E_CORRUPT);
        CHECK_INT(count, 9);
        fg_station_store_close(store);
        edit("DELETE FROM controller");
    }
}

/* ---- entries ---- */

TEST("an entry's time is its own as far as it can be believed, and what is odd about it is marked")
{
    static const struct {
        const char *controller;
        uint64_t sequence;
        int64_t wall_ms;
        uint8_t mark;
        int64_t time_ms;
    } cases[] = {
        {"C1", 5, NOW_MS - 1, FG_STATION_MARK_NONE, NOW_MS - 1},
        {"C1", 5, 1, FG_STATION_MARK_NONE, 1},
        {"C1", 5, 0, FG_STATION_MARK_NONE, NOW_MS},
        {"C1", 5, -7, FG_STATION_MARK_NONE, NOW_MS},
        {"C1", 5, NOW_MS, FG_STATION_MARK_NONE, NOW_MS},
        {"C1", 5, NOW_MS + DAY_MS, FG_STATION_MARK_NONE, NOW_MS},
        {"C1", 5, NOW_MS + DAY_MS + 1, FG_STATION_MARK_FUTURE, NOW_MS},
        {"C1", 4, NOW_MS + DAY_MS + 1, FG_STATION_MARK_MISPLACED, NOW_MS},
        {"C2", 5, NOW_MS - 1, FG_STATION_MARK_MISPLACED, NOW_MS - 1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fg_entry written = {.kind = FG_ENTRY_EVENT,
                                   .event = FG_EVENT_LIST_TAMPERED,
                                   .sequence = cases[i].sequence,
                                   .boot = 1,
                                   .clock_quality = FG_CLOCK_SYNCHRONISED,
                                   .wall_ms = cases[i].wall_ms};
        struct fg_station_entry entry = {.sequence = 5, .arrived_ms = NOW_MS, .mark = 77};
        uint8_t bytes[FG_ENTRY_BYTES_MAX];
        bool urgent = false;

        memcpy(written.controller, cases[i].controller, 3);
        entry.slice.bytes = bytes;
        CHECK_OK(fg_entry_encode(&written, bytes, sizeof(bytes), &entry.slice.length, &error), &error);
        fg_station_entry_look("C1", &entry, &urgent);
        CHECK_INT(entry.mark, cases[i].mark);
        CHECK_INT(entry.time_ms, cases[i].time_ms);
        CHECK(urgent);
        entry.slice.length--;
        fg_station_entry_look("C1", &entry, &urgent);
        CHECK_INT(entry.mark, FG_STATION_MARK_UNDECODABLE);
        CHECK_INT(entry.time_ms, NOW_MS);
        CHECK(!urgent);
    }
}

TEST("every grave reason makes a refusal urgent wherever it stands, and no other does")
{
    struct fg_entry entry = {.kind = FG_ENTRY_REFUSED};

    CHECK(!fg_station_entry_is_urgent(&entry));
    for (unsigned place = 0; place < FG_REASONS_MAX; place++) {
        entry.reasons.count = FG_REASONS_MAX;
        for (unsigned i = 0; i < FG_REASONS_MAX; i++)
            entry.reasons.reasons[i] = i == place ? FG_REASON_SCRAPPED : FG_REASON_TOO_SOON;
        CHECK(fg_station_entry_is_urgent(&entry));
        entry.reasons.count = (uint8_t)place;
        CHECK(!fg_station_entry_is_urgent(&entry));
    }
}

TEST("NO-LOSS: a batch is as long as fits, to the byte, whatever its entries' lengths")
{
    struct fg_station_store *store = store_open();
    static uint8_t bytes[FG_ENTRY_BYTES_MAX];
    static struct fg_sync_batch batch;
    static uint8_t encoded[FG_SYNC_BATCH_BYTES_MAX];

    memset(bytes, 0xe7, sizeof(bytes));
    for (uint64_t i = 1; i <= 140; i++)
        entry_add(store, i, bytes, i % 3 == 0 ? 127 : i % 3 == 1 ? 128 : 3, true);
    for (uint64_t from = 124; from <= 130; from++) {
        for (size_t count = 1; count <= 4; count++) {
            size_t length = 0;

            memset(&batch, 0, sizeof(batch));
            memcpy(batch.controller, "C1", 3);
            batch.first_sequence = from;
            batch.count = count;
            for (size_t i = 0; i < count; i++)
                batch.entries[i] = (struct fg_sync_slice){bytes, (from + i) % 3 == 0   ? 127
                                                                 : (from + i) % 3 == 1 ? 128
                                                                                       : 3};
            CHECK_OK(fg_sync_batch_encode(&batch, encoded, sizeof(encoded), &length, &error), &error);
            CHECK_OK(batch_read(store, from, length, &batch), &error);
            CHECK_INT(batch.count, count);
            CHECK_INT(batch.head_signature.bytes[0], (uint8_t)(from + count - 1));
            if (count > 1) {
                CHECK_OK(batch_read(store, from, length - 1, &batch), &error);
                CHECK_INT(batch.count, count - 1);
            } else {
                CHECK_INT(batch_read(store, from, length - 1, &batch), FG_E_CORRUPT);
            }
        }
    }
    fg_station_store_close(store);
}

TEST("a batch has 512 entries at most, and no more bytes than travel, whatever room there is")
{
    struct fg_station_store *store = store_open();
    static uint8_t bytes[FG_ENTRY_BYTES_MAX];
    static struct fg_sync_batch batch;

    CHECK_OK(fg_station_store_begin(store, &error), &error);
    for (uint64_t i = 1; i <= 514; i++)
        entry_add(store, i, bytes, 9, true);
    for (uint64_t i = 515; i <= 1010; i++)
        entry_add(store, i, bytes, 600, true);
    CHECK_OK(fg_station_store_commit(store, &error), &error);
    CHECK_OK(batch_read(store, 1, sizeof(buffer), &batch), &error);
    CHECK_INT(batch.count, 512);
    CHECK_OK(batch_read(store, 3, sizeof(buffer), &batch), &error);
    CHECK_INT(batch.count, 512);
    CHECK_OK(batch_read(store, 515, sizeof(buffer), &batch), &error);
    CHECK(batch.count > 400 && batch.count < 496);
    CHECK_OK(batch_read(store, 1005, sizeof(buffer), &batch), &error);
    CHECK_INT(batch.count, 6);
    fg_station_store_close(store);
}

TEST("a batch ends where the controller signed, and a first signature of an entry stays")
{
    struct fg_station_store *store = store_open();
    struct fg_signature signature = {{0x77}};
    static struct fg_sync_batch batch;

    entry_add(store, 1, "one", 3, false);
    entry_add(store, 2, "two", 3, true);
    entry_add(store, 3, "three", 5, false);
    CHECK_OK(batch_read(store, 1, FG_SYNC_BATCH_BYTES_MAX, &batch), &error);
    CHECK_INT(batch.count, 2);
    CHECK_BYTES(batch.entries[1].bytes, "two", 3);
    CHECK_INT(batch_read(store, 3, FG_SYNC_BATCH_BYTES_MAX, &batch), FG_E_CORRUPT);
    CHECK_HAS(error.text, "after entry 3");
    CHECK_OK(fg_station_store_sign_entry(store, "C1", 3, &signature, &error), &error);
    CHECK_OK(fg_station_store_sign_entry(store, "C1", 2, &signature, &error), &error);
    CHECK_OK(batch_read(store, 3, FG_SYNC_BATCH_BYTES_MAX, &batch), &error);
    CHECK_INT(batch.head_signature.bytes[0], 0x77);
    edit("UPDATE entry SET head_signature = x'01' WHERE sequence = 3");
    CHECK_OK(batch_read(store, 1, FG_SYNC_BATCH_BYTES_MAX, &batch), &error);
    CHECK_INT(batch.count, 2);
    CHECK_INT(batch.head_signature.bytes[0], 2);
    CHECK_INT(batch_read(store, 0, FG_SYNC_BATCH_BYTES_MAX, &batch), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "no entry 0");
    CHECK_INT(batch_read(store, 4, FG_SYNC_BATCH_BYTES_MAX, &batch), FG_E_NOT_FOUND);
    CHECK_INT(batch_read(store, INT64_MAX, FG_SYNC_BATCH_BYTES_MAX, &batch), FG_E_NOT_FOUND);
    edit("UPDATE entry SET sequence = -5 WHERE sequence = 1");
    CHECK_INT(batch_read(store, UINT64_MAX - 4, FG_SYNC_BATCH_BYTES_MAX, &batch), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "no entry 18446744073709551611");
    fg_station_store_close(store);
}

TEST("TAMPER-SHOWS: entries that are missing or have impossible lengths are named when they are read")
{
    struct fg_station_store *store = store_open();
    static struct fg_sync_batch batch;
    struct fg_digest hashes[3];
    struct fg_digest start;
    static uint8_t most[FG_ENTRY_BYTES_MAX];
    char sql[120];

    entry_add(store, 1, "one", 3, true);
    entry_add(store, 2, most, sizeof(most), true);
    entry_add(store, 3, "three", 5, true);
    CHECK_OK(batch_read(store, 2, FG_SYNC_BATCH_BYTES_MAX, &batch), &error);
    CHECK_INT(batch.entries[0].length, FG_ENTRY_BYTES_MAX);
    CHECK_OK(fg_station_store_hashes(store, "C1", 1, 3, hashes, &error), &error);
    CHECK_INT(hashes[0].bytes[0] + 10 * hashes[1].bytes[0] + 100 * hashes[2].bytes[0], 321);
    CHECK_INT(fg_station_store_hashes(store, "C1", 2, 3, hashes, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "entry 4 is missing");
    CHECK_OK(fg_station_store_hash(store, "C1", 3, &hashes[0], &error), &error);
    CHECK_INT(hashes[0].bytes[0], 3);
    CHECK_OK(fg_station_store_hash(store, "C1", 0, &hashes[0], &error), &error);
    fg_chain_start("C1", &start);
    CHECK_BYTES(hashes[0].bytes, start.bytes, FG_DIGEST_BYTES);
    CHECK_INT(fg_station_store_hash(store, "C1", 4, &hashes[0], &error), FG_E_NOT_FOUND);
    (void)snprintf(sql, sizeof(sql), "UPDATE entry SET bytes = zeroblob(%d) WHERE sequence = 2",
                   FG_ENTRY_BYTES_MAX + 1);
    edit(sql);
    CHECK_INT(batch_read(store, 1, FG_SYNC_BATCH_BYTES_MAX, &batch), FG_E_CORRUPT);
    CHECK_HAS(error.text, "entry 2 has");
    edit("UPDATE entry SET bytes = x'' WHERE sequence = 2");
    CHECK_INT(batch_read(store, 1, FG_SYNC_BATCH_BYTES_MAX, &batch), FG_E_CORRUPT);
    CHECK_HAS(error.text, "entry 2 has 0 bytes");
    edit("UPDATE entry SET hash = x'0102' WHERE sequence = 2");
    CHECK_INT(fg_station_store_hashes(store, "C1", 1, 3, hashes, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "has 2 bytes");
    edit("DELETE FROM entry WHERE sequence = 2");
    CHECK_INT(batch_read(store, 1, FG_SYNC_BATCH_BYTES_MAX, &batch), FG_E_CORRUPT);
    CHECK_HAS(error.text, "entry 2 is missing");
    CHECK_INT(batch_read(store, 2, FG_SYNC_BATCH_BYTES_MAX, &batch), FG_E_CORRUPT);
    CHECK_INT(fg_station_store_hashes(store, "C1", 1, 2, hashes, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "entry 2 is missing");
    fg_station_store_close(store);
}

/* ---- receipts ---- */

TEST("the newest receipt comes back as it came, with its time; what it does not cover is the oldest unsent")
{
    struct fg_station_store *store = store_open();
    struct fg_station_controller found;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    uint8_t kept[FG_STATEMENT_BYTES_MAX];
    size_t length;
    size_t kept_length = 0;
    uint64_t next = 0;

    controller_add(store, "C1");
    entry_add(store, 1, "one", 3, true);
    entry_add(store, 2, "two", 3, true);
    edit("UPDATE entry SET time_ms = sequence * 100");
    CHECK_INT(controller(store, "C1").oldest_unsent_ms, 100);
    CHECK_INT(fg_station_store_receipt(store, "C1", kept, &kept_length, &next, &error), FG_E_NOT_FOUND);
    receipt_put(store, 2);
    found = controller(store, "C1");
    CHECK(!found.receipt_false);
    CHECK_INT(found.receipt_next, 2);
    CHECK_INT(found.receipt_ms, NOW_MS + 8);
    CHECK_INT(found.oldest_unsent_ms, 200);
    receipt_put(store, 3);
    length = receipt_make(3, fg_fixture_bureau_receipt_key(), bytes);
    CHECK_OK(fg_station_store_receipt(store, "C1", kept, &kept_length, &next, &error), &error);
    CHECK_INT(kept_length, length);
    CHECK_INT(next, 3);
    CHECK_INT(controller(store, "C1").oldest_unsent_ms, 0);
    edit("UPDATE receipt SET next_sequence = 2");
    found = controller(store, "C1");
    CHECK(found.receipt_false);
    CHECK_INT(found.receipt_next, 1);
    CHECK_INT(found.receipt_ms, 0);
    CHECK_INT(found.oldest_unsent_ms, 100);
    CHECK_INT(fg_station_store_receipt(store, "C1", kept, &kept_length, &next, &error), FG_E_NOT_FOUND);
    /* Nothing of the controller that was read before is left over in the next. */
    controller_add(store, "C2");
    found.receipt_ms = 99;
    CHECK_OK(fg_station_store_controller(store, "C2", &found, &error), &error);
    CHECK(!found.receipt_false);
    CHECK_INT(found.receipt_ms, 0);
    CHECK_INT(found.receipt_next, 1);
    fg_station_store_close(store);
}

TEST("TAMPER-SHOWS: a receipt counts only with the number of its row, for its controller, by a trusted key")
{
    struct fg_station_store *store = store_open();
    struct fg_public_key keys[FG_STATION_RECEIPT_KEYS_MAX + 1];
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    struct fg_receipt receipt;
    struct fg_private_key other;
    size_t length = receipt_make(4, fg_fixture_bureau_receipt_key(), bytes);

    CHECK_OK(fg_private_key_new(&other, &error), &error);
    for (size_t i = 0; i <= FG_STATION_RECEIPT_KEYS_MAX; i++)
        keys[i] = other.public_key;
    CHECK(fg_station_receipt_holds(store, "C1", bytes, length, 4, &receipt, &error));
    CHECK_INT(receipt.next_sequence, 4);
    CHECK(!fg_station_receipt_holds(store, "C1", bytes, length, 5, &receipt, &error));
    CHECK_INT(error.code, FG_E_CORRUPT);
    CHECK_HAS(error.text, "before entry 4, its row says before entry 5");
    CHECK(!fg_station_receipt_holds(store, "C2", bytes, length, 4, &receipt, &error));
    CHECK_INT(error.code, FG_E_CORRUPT);
    CHECK(!fg_station_receipt_holds(store, "C1", bytes, length - 1, 4, &receipt, &error));
    CHECK_INT(error.code, FG_E_CORRUPT);
    CHECK_HAS(error.text, "does not parse");
    CHECK_INT(fg_station_store_trust(store, keys, FG_STATION_RECEIPT_KEYS_MAX + 1, &error), FG_E_RANGE);
    CHECK_OK(fg_station_store_trust(store, keys, FG_STATION_RECEIPT_KEYS_MAX, &error), &error);
    CHECK(!fg_station_receipt_holds(store, "C1", bytes, length, 4, &receipt, &error));
    CHECK_INT(error.code, FG_E_AUTH);
    keys[FG_STATION_RECEIPT_KEYS_MAX - 1] = fg_fixture_bureau_receipt_key()->public_key;
    CHECK_OK(fg_station_store_trust(store, keys, FG_STATION_RECEIPT_KEYS_MAX, &error), &error);
    CHECK(fg_station_receipt_holds(store, "C1", bytes, length, 4, &receipt, &error));
    CHECK(fg_station_receipt_holds(store, "C1", bytes, length, 4, &receipt, &error));
    CHECK_OK(fg_station_store_trust(store, NULL, 0, &error), &error);
    length = receipt_make(4, &other, bytes);
    CHECK(fg_station_receipt_holds(store, "C1", bytes, length, 4, &receipt, &error));
    fg_station_store_close(store);
}

TEST("a receipt number beyond what a database holds is kept as the most it holds, and proves nothing")
{
    struct fg_station_store *store = store_open();
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = receipt_make((uint64_t)INT64_MAX + 1, fg_fixture_bureau_receipt_key(), bytes);
    struct fg_receipt receipt;

    controller_add(store, "C1");
    CHECK_OK(
        fg_station_store_put_receipt(store, "C1", bytes, length, (uint64_t)INT64_MAX + 1, NOW_MS, &error),
        &error);
    CHECK_INT(fg_test_sqlite_edit(fg_test_path("station.db"),
                                  "UPDATE receipt SET arrived_ms = 1 WHERE next_sequence = "
                                  "9223372036854775807"),
              1);
    CHECK(controller(store, "C1").receipt_false);
    CHECK(!fg_station_receipt_holds(store, "C1", bytes, length, (uint64_t)INT64_MAX + 1, &receipt, &error));
    length = receipt_make(INT64_MAX, fg_fixture_bureau_receipt_key(), bytes);
    CHECK(fg_station_receipt_holds(store, "C1", bytes, length, INT64_MAX, &receipt, &error));
    fg_station_store_close(store);
}

/* ---- evidence ---- */

/* A batch of one controller that contradicts it. */
static void evidence_add(struct fg_station_store *store, const char *id, uint64_t sequence, uint8_t mark,
                         int64_t now_ms)
{
    static struct fg_sync_batch batch;
    struct fg_digest hash = {{mark}};

    memset(&batch, 0, sizeof(batch));
    (void)snprintf(batch.controller, sizeof(batch.controller), "%s", id);
    batch.first_sequence = sequence;
    batch.count = 1;
    batch.entries[0] = (struct fg_sync_slice){&mark, 1};
    CHECK_OK(fg_station_store_evidence(store, sequence, &hash, FG_SYNC_FORK, &batch, now_ms, &error), &error);
}

static void next_is(struct fg_station_store *store, const char *id, uint64_t sequence, uint8_t mark)
{
    struct fg_station_evidence evidence;
    static struct fg_sync_batch batch;

    CHECK_OK(fg_station_store_evidence_next(store, buffer, sizeof(buffer), &evidence, &error), &error);
    CHECK_TEXT(evidence.controller, id);
    CHECK_INT(evidence.sequence, sequence);
    CHECK_INT(evidence.hash.bytes[0], mark);
    CHECK_OK(fg_sync_batch_decode(buffer, evidence.length, &batch, &error), &error);
    CHECK_TEXT(batch.controller, id);
    CHECK_INT(batch.entries[0].bytes[0], mark);
    CHECK_OK(fg_station_store_evidence_shown(store, &evidence, NOW_MS + 3, &error), &error);
}

TEST("TAMPER-SHOWS: evidence is shown oldest first, each piece once, as soon as the bureau holds what it "
     "contradicts")
{
    struct fg_station_store *store = store_open();
    struct fg_station_evidence evidence;
    uint64_t count = 0;

    controller_add(store, "C1");
    controller_add(store, "C2");
    evidence_add(store, "C1", 3, 11, 5);
    evidence_add(store, "C1", 1, 12, 9);
    evidence_add(store, "C1", 1, 13, 7);
    evidence_add(store, "C1", 1, 13, 8); /* is kept already */
    evidence_add(store, "C2", 1, 14, 1); /* of whom the bureau has nothing */
    CHECK_OK(fg_station_store_evidence_count(store, &count, &error), &error);
    CHECK_INT(count, 4);
    CHECK_INT(fg_station_store_evidence_next(store, buffer, sizeof(buffer), &evidence, &error),
              FG_E_NOT_FOUND);
    receipt_put(store, 3);
    next_is(store, "C1", 1, 13);
    next_is(store, "C1", 1, 12);
    CHECK_INT(fg_station_store_evidence_next(store, buffer, sizeof(buffer), &evidence, &error),
              FG_E_NOT_FOUND);
    receipt_put(store, 4);
    next_is(store, "C1", 3, 11);
    CHECK_INT(fg_station_store_evidence_next(store, buffer, sizeof(buffer), &evidence, &error),
              FG_E_NOT_FOUND);
    edit("DELETE FROM evidence WHERE shown_ms <> 1795392000003 AND controller = 'C1'");
    edit("DELETE FROM evidence WHERE verdict <> 3 OR arrived_ms > 9");
    CHECK_OK(fg_station_store_evidence_count(store, &count, &error), &error);
    CHECK_INT(count, 4);
    fg_station_store_close(store);
}

TEST("BAD-INPUT-IS-SAFE: evidence that does not fit or was damaged is an error, and 16 pieces of each "
     "controller are kept")
{
    struct fg_station_store *store = store_open();
    struct fg_station_evidence evidence;
    static struct fg_sync_batch batch;
    struct fg_digest hash = {{1}};
    uint64_t count = 0;

    controller_add(store, "C1");
    receipt_put(store, 9);
    evidence_add(store, "C1", 2, 1, 1);
    CHECK_OK(fg_station_store_evidence_next(store, buffer, sizeof(buffer), &evidence, &error), &error);
    CHECK_OK(fg_station_store_evidence_next(store, buffer, evidence.length, &evidence, &error), &error);
    CHECK_INT(fg_station_store_evidence_next(store, buffer, evidence.length - 1, &evidence, &error),
              FG_E_SIZE);
    edit("UPDATE evidence SET hash = x'010203'");
    CHECK_INT(fg_station_store_evidence_next(store, buffer, sizeof(buffer), &evidence, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "3 bytes");
    memcpy(batch.controller, "C1", 3);
    CHECK(fg_station_store_evidence(store, 1, &hash, FG_SYNC_FORK, &batch, 1, &error) != FG_OK);
    for (uint8_t i = 2; i < FG_STATION_EVIDENCE_MAX + 4; i++)
        evidence_add(store, "C1", 2, i, 1);
    evidence_add(store, "C2", 2, 1, 1);
    CHECK_OK(fg_station_store_evidence_count(store, &count, &error), &error);
    CHECK_INT(count, FG_STATION_EVIDENCE_MAX + 1);
    fg_station_store_close(store);
}

/* ---- what is known of the bureau, how verifying goes ---- */

TEST("what is known of the bureau comes back as it was, and is nothing before")
{
    struct fg_station_store *store = store_open();
    struct fg_station_upstream put = {.started_ms = 1,
                                      .updated_ms = 2,
                                      .attempt_ms = 3,
                                      .contact_ms = 4,
                                      .attempts = 5,
                                      .failures = 6,
                                      .error_ms = 7,
                                      .error_text = "no route",
                                      .list_id = "city",
                                      .list_version = 8,
                                      .list_issued_ms = 9,
                                      .list_expires_ms = 10,
                                      .list_checked_ms = 11,
                                      .clock_offset_ms = -12,
                                      .roster_checked_ms = 13};
    struct fg_station_upstream got = {.started_ms = 99};

    CHECK_OK(fg_station_store_upstream(store, &got, &error), &error);
    CHECK_INT(got.started_ms, 0);
    for (int i = 0; i < 2; i++) {
        put.updated_ms += 100;
        CHECK_OK(fg_station_store_put_upstream(store, &put, &error), &error);
        CHECK_OK(fg_station_store_upstream(store, &got, &error), &error);
        CHECK_INT(got.started_ms, 1);
        CHECK_INT(got.updated_ms, put.updated_ms);
        CHECK_INT(got.attempt_ms, 3);
        CHECK_INT(got.contact_ms, 4);
        CHECK_INT(got.attempts, 5);
        CHECK_INT(got.failures, 6);
        CHECK_INT(got.error_ms, 7);
        CHECK_TEXT(got.error_text, "no route");
        CHECK_TEXT(got.list_id, "city");
        CHECK_INT(got.list_version, 8);
        CHECK_INT(got.list_issued_ms, 9);
        CHECK_INT(got.list_expires_ms, 10);
        CHECK_INT(got.list_checked_ms, 11);
        CHECK_INT(got.clock_offset_ms, -12);
        CHECK_INT(got.roster_checked_ms, 13);
    }
    put.attempts = put.failures = put.list_version = UINT64_MAX;
    CHECK_OK(fg_station_store_put_upstream(store, &put, &error), &error);
    CHECK_OK(fg_station_store_upstream(store, &got, &error), &error);
    CHECK(got.attempts == INT64_MAX && got.failures == INT64_MAX && got.list_version == INT64_MAX);
    edit("ALTER TABLE upstream DROP COLUMN roster_checked_ms"); /* as the version before made it */
    CHECK_OK(fg_station_store_upstream(store, &got, &error), &error);
    CHECK_INT(got.started_ms, 1);
    CHECK_INT(got.roster_checked_ms, 0);
    fg_station_store_close(store);
}

TEST("how verifying goes comes back as it was, and is nothing before")
{
    struct fg_station_store *store = store_open();
    struct fg_station_verification put = {.heads_kept = true,
                                          .started_ms = 1,
                                          .ended_ms = 2,
                                          .entries = 3,
                                          .findings = 4,
                                          .text = "entry 5 was edited"};
    struct fg_station_verification got = {.started_ms = 99};

    CHECK_OK(fg_station_store_verification(store, &got, &error), &error);
    CHECK(got.started_ms == 0 && !got.heads_kept);
    CHECK_OK(fg_station_store_put_verification(store, &put, &error), &error);
    CHECK_OK(fg_station_store_verification(store, &got, &error), &error);
    CHECK(got.heads_kept);
    CHECK_INT(got.started_ms, 1);
    CHECK_INT(got.ended_ms, 2);
    CHECK_INT(got.entries, 3);
    CHECK_INT(got.findings, 4);
    CHECK_TEXT(got.text, "entry 5 was edited");
    put.heads_kept = false;
    put.entries = put.findings = UINT64_MAX;
    CHECK_OK(fg_station_store_put_verification(store, &put, &error), &error);
    CHECK_OK(fg_station_store_verification(store, &got, &error), &error);
    CHECK(!got.heads_kept && got.entries == INT64_MAX && got.findings == INT64_MAX);
    fg_station_store_close(store);
}

/* ---- a database that fails ---- */

static struct fg_station_store *faulty;

#define CALL(name, call)                                                                                     \
    static enum fg_err name(void *context, struct fg_sql *sql, struct fg_error *ret_error)                   \
    {                                                                                                        \
        (void)context;                                                                                       \
        (void)sql;                                                                                           \
        return call;                                                                                         \
    }

static struct fg_station_controller one;
static struct fg_station_controller many[4];
static struct fg_sync_report some_report;
static struct fg_station_upstream some_upstream;
static struct fg_station_verification some_verification;
static struct fg_station_evidence some_evidence;
static struct fg_sync_batch some_batch;
static struct fg_digest some_hashes[2];
static struct fg_signature some_signature;
static uint8_t some_receipt[FG_STATEMENT_BYTES_MAX];
static size_t some_length;
static uint64_t some_number;
static size_t some_count;

CALL(call_controller, fg_station_store_controller(faulty, "C1", &one, ret_error))
CALL(call_controllers, fg_station_store_controllers(faulty, many, 4, &some_count, ret_error))
CALL(call_add, fg_station_store_add_controller(faulty, "C9", &one.device_key, NOW_MS, ret_error))
CALL(call_update, fg_station_store_update_controller(faulty, &one, ret_error))
CALL(call_report, fg_station_store_report(faulty, "C1", &some_report, NOW_MS, ret_error))
CALL(call_verdict, fg_station_store_verdict(faulty, "C1", FG_SYNC_BUSY, "x", NOW_MS, ret_error))
CALL(call_sign, fg_station_store_sign_entry(faulty, "C1", 3, &some_signature, ret_error))
CALL(call_hashes, fg_station_store_hashes(faulty, "C1", 1, 2, some_hashes, ret_error))
CALL(call_hash, fg_station_store_hash(faulty, "C1", 2, some_hashes, ret_error))
CALL(call_batch, fg_station_store_read_batch(faulty, "C1", 1, buffer, sizeof(buffer), &some_length,
                                             &some_number, ret_error))
CALL(call_receipt,
     fg_station_store_receipt(faulty, "C1", some_receipt, &some_length, &some_number, ret_error))
CALL(call_put_receipt,
     fg_station_store_put_receipt(faulty, "C1", some_receipt, some_length, 9, NOW_MS, ret_error))
CALL(call_evidence,
     fg_station_store_evidence(faulty, 2, some_hashes, FG_SYNC_FORK, &some_batch, NOW_MS, ret_error))
CALL(call_next, fg_station_store_evidence_next(faulty, buffer, sizeof(buffer), &some_evidence, ret_error))
CALL(call_shown, fg_station_store_evidence_shown(faulty, &some_evidence, NOW_MS, ret_error))
CALL(call_evidence_count, fg_station_store_evidence_count(faulty, &some_number, ret_error))
CALL(call_upstream, fg_station_store_upstream(faulty, &some_upstream, ret_error))
CALL(call_put_upstream, fg_station_store_put_upstream(faulty, &some_upstream, ret_error))
CALL(call_verification, fg_station_store_verification(faulty, &some_verification, ret_error))
CALL(call_put_verification, fg_station_store_put_verification(faulty, &some_verification, ret_error))

static enum fg_err call_entry(void *context, struct fg_sql *sql, struct fg_error *ret_error)
{
    struct fg_station_entry entry = {.sequence = 4, .slice = {(const uint8_t *)"four", 4}};

    (void)context;
    (void)sql;
    return fg_station_store_add_entry(faulty, "C1", &entry, ret_error);
}

static enum fg_err call_commit(void *context, struct fg_sql *sql, struct fg_error *ret_error)
{
    enum fg_err result = fg_station_store_begin(faulty, ret_error);

    (void)context;
    (void)sql;
    if (result != FG_OK)
        return result;
    result = fg_station_store_verdict(faulty, "C1", FG_SYNC_GAP, "y", 1, ret_error);
    if (result == FG_OK)
        result = fg_station_store_commit(faulty, ret_error);
    if (result != FG_OK)
        fg_station_store_rollback(faulty);
    return result;
}

static enum fg_err call_snapshot(void *context, struct fg_sql *sql, struct fg_error *ret_error)
{
    enum fg_err result = fg_station_store_begin_snapshot(faulty, ret_error);

    (void)context;
    (void)sql;
    fg_station_store_rollback(faulty);
    return result;
}

TEST("NO-LOSS: whatever the store is asked for, a database that fails gives an error and changes nothing")
{
    static const fg_fault_call calls[] = {
        call_controller,       call_controllers, call_add,          call_update,
        call_report,           call_verdict,     call_entry,        call_sign,
        call_hashes,           call_hash,        call_batch,        call_receipt,
        call_put_receipt,      call_evidence,    call_next,         call_shown,
        call_evidence_count,   call_upstream,    call_put_upstream, call_verification,
        call_put_verification, call_commit,      call_snapshot};

    faulty = store_open();
    controller_add(faulty, "C1");
    controller_add(faulty, "C2");
    entry_add(faulty, 1, "one", 3, true);
    entry_add(faulty, 2, "two", 3, true);
    entry_add(faulty, 3, "three", 5, false);
    receipt_put(faulty, 3);
    evidence_add(faulty, "C1", 1, 1, NOW_MS);
    memcpy(some_batch.controller, "C1", 3);
    some_batch.first_sequence = 2;
    some_batch.count = 1;
    some_batch.entries[0] = (struct fg_sync_slice){(const uint8_t *)"two", 3};
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        fg_fault_each(faulty->sql, fg_test_path("station.db"), FG_OK, calls[i], NULL);
    fg_station_store_close(faulty);
}
