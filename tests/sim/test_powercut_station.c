/* Power is cut at every write and sync while a station takes in batches and a receipt, and the same code
 * starts again on what the disk kept: nothing acknowledged is lost, nothing is there twice, and the
 * controller can go on.
 *
 * A failure prints STEP:MODE:SEED; POWERCUT=STEP:MODE:SEED in the environment replays that cut alone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/station/intake.h"
#include "host/station/store/store_verify.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/powercut_vfs.h"

#define STEPS_MAX 2000
#define RANDOM_VARIANTS 4
#define BATCH 4
#define ENTRIES 8
#define BATCHES (ENTRIES / BATCH)

static struct fg_error error;
static struct fg_fixture_journal *journal;
static struct fg_sync_batch batches[BATCHES]; /* signed once */
static struct {
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length;
} receipts[BATCHES];          /* [i]: of the entries before batch i */
static uint64_t acknowledged; /* next_sequence of the last HELD */
static uint64_t receipted;
static uint64_t cuts;

static enum fg_err open_store(struct fg_station_store **ret_store)
{
    struct fg_station_store_settings settings = {
        .path = "/disk/station.db", .sqlite_vfs = FG_POWERCUT_VFS, .deadline_ms = 1000};

    return fg_station_store_open(&settings, ret_store, &error);
}

static enum fg_err send_batch(struct fg_station_store *store, uint64_t first, struct fg_intake_result *ret)
{
    struct fg_peer peer = {
        .kind = FG_PEER_CERTIFIED, .role = "controller", .id = "C1", .has_device_key = true};

    peer.device_key = journal->key.public_key;
    return fg_intake_take(store, &peer, &batches[first / BATCH], FG_FIXTURE_BUREAU_MS, ret, &error);
}

/* The receipt that covers the entries before `first`. */
static void receipt_make(uint64_t first)
{
    struct fg_receipt receipt = {
        .controller = "C1", .next_sequence = first, .head = journal->hashes[first - 1]};
    struct fg_signature signature;

    CHECK_OK(fg_receipt_sign(&receipt, fg_fixture_bureau_receipt_key(), &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, receipts[first / BATCH].bytes, sizeof(receipts[0].bytes),
                               &receipts[first / BATCH].length, &error),
             &error);
}

/* The station's life until the power goes: a start, batches, a receipt. */
static void live(void)
{
    struct fg_station_store *store = NULL;
    struct fg_intake_result result;
    enum fg_err code = open_store(&store);

    for (uint64_t first = 1; code == FG_OK && first <= ENTRIES; first += BATCH) {
        code = send_batch(store, first, &result);
        if (code == FG_OK && result.answer.verdict == FG_SYNC_HELD &&
            result.answer.next_sequence > acknowledged)
            acknowledged = result.answer.next_sequence;
        if (code == FG_OK && first > BATCH) {
            code = fg_station_store_put_receipt(store, "C1", receipts[first / BATCH].bytes,
                                                receipts[first / BATCH].length, first, 1, &error);
            if (code == FG_OK)
                receipted = first;
        }
    }
    fg_station_store_close(store);
    if (code != FG_OK && !fg_powercut_is_dead())
        fg_test_fail(__FILE__, __LINE__, "with power on: %s", error.text);
}

static void check_after(const char *name)
{
    struct fg_station_store *store = NULL;
    struct fg_station_controller controller = {.next_sequence = 1, .receipt_next = 1};
    struct fg_intake_result result;
    enum fg_err code = open_store(&store);

    if (code != FG_OK)
        fg_test_fail(__FILE__, __LINE__, "cut %s: does not start again: %s", name, error.text);
    code = fg_station_store_controller(store, "C1", &controller, &error);
    if (code != FG_OK && (code != FG_E_NOT_FOUND || acknowledged > 1))
        fg_test_fail(__FILE__, __LINE__, "cut %s: the controller is gone: %s", name, error.text);
    if (controller.next_sequence < acknowledged || controller.receipt_next < receipted)
        fg_test_fail(__FILE__, __LINE__, "cut %s: held before %" PRIu64 ", acknowledged before %" PRIu64,
                     name, controller.next_sequence, acknowledged);
    /* The controller sends again what it believes unsent, and all of it arrives. */
    for (uint64_t first = 1; first <= ENTRIES; first += BATCH) {
        if (send_batch(store, first, &result) != FG_OK || result.answer.verdict != FG_SYNC_HELD)
            fg_test_fail(__FILE__, __LINE__, "cut %s: goes not on: %s %s", name, error.text,
                         result.answer.text);
    }
    CHECK_OK(fg_station_store_verify(store, "C1", &error), &error);
    CHECK_OK(fg_station_store_controller(store, "C1", &controller, &error), &error);
    CHECK_INT(controller.next_sequence, ENTRIES + 1);
    fg_station_store_close(store);
    cuts++;
}

static void settle(uint64_t step, enum fg_powercut_mode mode, uint64_t seed)
{
    const char *only = getenv("POWERCUT");
    char name[64];

    (void)snprintf(name, sizeof(name), "%" PRIu64 ":%d:%" PRIu64, step, (int)mode, seed);
    if (only != NULL && strcmp(only, name) != 0)
        return;
    fg_powercut_restore_cut();
    fg_powercut_restart(mode, seed * 1000003 + step);
    check_after(name);
}

TEST("NO-LOSS: power cut at every step of the station's first start, of batches and of receipts")
{
    uint64_t step = 1;

    journal = fg_fixture_journal("C1");
    for (int i = 0; i < ENTRIES / 2; i++)
        fg_fixture_journal_fill(journal, "HZ-CNG-1", FG_FIXTURE_BUREAU_MS - 5000, 5000);
    for (uint64_t i = 0; i < BATCHES; i++)
        fg_fixture_journal_batch(journal, i * BATCH + 1, (i + 1) * BATCH, &batches[i]);
    for (uint64_t i = 1; i < BATCHES; i++)
        receipt_make(i * BATCH + 1);
    fg_powercut_format();
    fg_powercut_save();
    for (; step < STEPS_MAX; step++) {
        acknowledged = 1;
        receipted = 1;
        fg_powercut_restore();
        fg_powercut_arm(step);
        live();
        if (!fg_powercut_is_dead())
            break;
        fg_powercut_save_cut();
        settle(step, FG_POWERCUT_LOSE, 0);
        settle(step, FG_POWERCUT_KEEP, 0);
        for (uint64_t seed = 1; seed <= RANDOM_VARIANTS; seed++)
            settle(step, FG_POWERCUT_RANDOM, seed);
    }
    CHECK(step < STEPS_MAX);
    printf("    %" PRIu64 " power cuts\n", cuts);
    CHECK(cuts >= 300 || getenv("POWERCUT") != NULL);
    free(journal);
}
