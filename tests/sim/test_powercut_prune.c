/* Power is cut at every write and sync of two prunings and the fill between them: after each cut the journal
 * opens and verifies, nothing acknowledged is lost, and either all of a piece is gone or none of it.
 *
 * A failure prints STEP:MODE:SEED. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "firmware/journal/journal.h"
#include "proto/journal/sync.h"
#include "tests/lib/check.h"
#include "tests/lib/powercut_vfs.h"

#define PATH "/disk/journal.db"
#define DAY_MS INT64_C(86400000)
#define START_MS INT64_C(1800000000000)
#define FILLS 12
#define STEPS_MAX 2000
#define RANDOM_VARIANTS 8
#define CUTS_MIN 400

static struct fg_private_key key;
static struct fg_private_key bureau;
static struct fg_error error;

/* What the journal acknowledged. */
struct truth {
    uint64_t last;
    uint64_t first; /* of the newest pruning that returned */
};

static struct truth truth;
static uint64_t cuts;

static enum fg_err open_journal(struct fg_journal **ret_journal, struct fg_journal_start *ret_start)
{
    struct fg_journal_settings settings = {.path = PATH,
                                           .vfs_name = FG_POWERCUT_VFS,
                                           .controller = "point-1",
                                           .key = &key,
                                           .bytes_max = 4 << 20,
                                           .stop_reserve_entries = 4,
                                           .receipt_key = &bureau.public_key};

    return fg_journal_open(&settings, ret_journal, ret_start, &error);
}

static enum fg_err append(struct fg_journal *journal, uint8_t kind, int day, uint64_t authorised)
{
    struct fg_entry entry = {.kind = kind,
                             .wall_ms = START_MS + day * DAY_MS,
                             .clock_quality = FG_CLOCK_SYNCHRONISED,
                             .authorised_sequence = authorised};
    uint64_t sequence = 0;
    enum fg_err code = fg_journal_append(journal, &entry, &sequence, &error);

    if (code == FG_OK)
        truth.last = sequence;
    return code;
}

static enum fg_err fill(struct fg_journal *journal, int day)
{
    enum fg_err code = append(journal, FG_ENTRY_AUTHORISED, day, 0);

    return code != FG_OK ? code : append(journal, FG_ENTRY_ENDED, day, truth.last);
}

static enum fg_err prune(struct fg_journal *journal, int day)
{
    struct fg_entry entry = {.wall_ms = START_MS + 2000 * DAY_MS, .clock_quality = FG_CLOCK_SYNCHRONISED};
    uint64_t gone = 0;
    bool more = false;
    enum fg_err code = fg_journal_prune(journal, START_MS + day * DAY_MS, &entry, &gone, &more, &error);

    if (code == FG_OK && gone > 0) {
        truth.last = entry.sequence;
        truth.first = entry.pruned_sequence + 1;
    }
    return code;
}

/* The bureau takes all entries and signs that. */
static void take_receipt(struct fg_journal *journal)
{
    static uint8_t bytes[65536];
    struct fg_receipt receipt = {.controller = "point-1"};
    struct fg_signature signature;
    struct fg_sync_batch batch;
    size_t length = 0;

    CHECK_OK(fg_journal_batch(journal, 1, 0, bytes, sizeof(bytes), &length, &receipt.next_sequence, &error),
             &error);
    CHECK_OK(fg_sync_batch_decode(bytes, length, &batch, &error), &error);
    fg_chain_start("point-1", &receipt.head);
    CHECK_OK(fg_sync_batch_verify(&batch, 0, &receipt.head, &key.public_key, &receipt.head, &error), &error);
    CHECK_OK(fg_receipt_sign(&receipt, &bureau, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_journal_take_receipt(journal, bytes, length, &bureau.public_key, 1, &error), &error);
}

/* Fills of as many days, all of them with the bureau, and a LIST. */
static void prepare(void)
{
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_private_key_new(&bureau, &error), &error);
    fg_powercut_format();
    CHECK_OK(open_journal(&journal, &start), &error);
    for (int day = 0; day < FILLS; day++)
        CHECK_OK(fill(journal, day), &error);
    take_receipt(journal);
    CHECK_OK(append(journal, FG_ENTRY_LIST, FILLS, 0), &error);
    fg_journal_close(journal);
    truth.first = 1;
    fg_powercut_save();
}

/* Ends at the first failure, as a dead machine does. */
static void run_controller(void)
{
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;
    enum fg_err code = open_journal(&journal, &start);

    if (code == FG_OK)
        code = prune(journal, FILLS / 2);
    if (code == FG_OK)
        code = fill(journal, FILLS + 1);
    if (code == FG_OK)
        code = prune(journal, FILLS);
    fg_journal_close(journal);
    if (code != FG_OK && !fg_powercut_is_dead())
        fg_test_fail(__FILE__, __LINE__, "with power on: %s", error.text);
}

static void restart_check(uint64_t step, enum fg_powercut_mode mode, uint64_t seed)
{
    struct fg_journal *journal = NULL;
    struct fg_journal_verdict verdict;
    struct fg_journal_start start;
    struct truth before = truth;
    uint64_t first;

    fg_powercut_restore_cut();
    fg_powercut_restart(mode, seed * 1000003 + step);
    if (open_journal(&journal, &start) != FG_OK)
        fg_test_fail(__FILE__, __LINE__, "cut %" PRIu64 ":%d:%" PRIu64 ": does not start again: %s", step,
                     (int)mode, seed, error.text);
    first = fg_journal_first(journal);
    if (start.last_sequence < truth.last || start.last_sequence > truth.last + 1 || first < truth.first ||
        (first != 1 && first != FILLS + 1 && first != 2 * FILLS + 1))
        fg_test_fail(__FILE__, __LINE__,
                     "cut %" PRIu64 ":%d:%" PRIu64 ": entries %" PRIu64 " to %" PRIu64
                     ", acknowledged %" PRIu64 " to %" PRIu64,
                     step, (int)mode, seed, first, start.last_sequence, truth.first, truth.last);
    if (start.fill_open)
        CHECK_OK(append(journal, FG_ENTRY_ENDED, FILLS + 2, start.open_fill.sequence), &error);
    CHECK_OK(prune(journal, FILLS), &error);
    CHECK_INT(fg_journal_first(journal), 2 * FILLS + 1);
    fg_journal_close(journal);
    CHECK_OK(fg_journal_verify(PATH, FG_POWERCUT_VFS, &key.public_key, &verdict, &error), &error);
    CHECK_INT(verdict.first_sequence, 2 * FILLS + 1);
    truth = before;
    cuts++;
}

TEST("NO-LOSS, TAMPER-SHOWS: power cut at every step of two prunings and a fill between them")
{
    struct truth before;
    uint64_t step = 1;

    prepare();
    before = truth;
    for (; step < STEPS_MAX; step++) {
        truth = before;
        fg_powercut_restore();
        fg_powercut_arm(step);
        run_controller();
        if (!fg_powercut_is_dead())
            break;
        fg_powercut_save_cut();
        restart_check(step, FG_POWERCUT_LOSE, 0);
        restart_check(step, FG_POWERCUT_KEEP, 0);
        for (uint64_t seed = 1; seed <= RANDOM_VARIANTS; seed++)
            restart_check(step, FG_POWERCUT_RANDOM, seed);
    }
    CHECK(step < STEPS_MAX);
    printf("    %" PRIu64 " power cuts\n", cuts);
    CHECK(cuts >= CUTS_MIN);
}
