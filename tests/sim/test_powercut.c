/* Power is cut at every write and sync of first start, start-up, authorise and end, and the same code starts
 * again on what the disk kept. NO-LOSS, ONE-END and the chain must hold each time.
 *
 * A failure prints SEED:STEP:MODE; POWERCUT=SEED:STEP:MODE in the environment replays that cut alone. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/journal/journal.h"
#include "proto/journal/entry.h"
#include "proto/journal/sync.h"
#include "tests/lib/check.h"
#include "tests/lib/powercut_vfs.h"

#define PATH "/disk/journal.db"
#define CUTS_MIN 5000
#define RANDOM_VARIANTS 24
#define STEPS_MAX 2000
#define ACKNOWLEDGED_MAX 64

static struct fg_private_key key;
static struct fg_private_key bureau;
static struct fg_error error;

/* Entries that append acknowledged, in order; the truth that every restart is measured against. */
struct truth {
    struct fg_entry entries[ACKNOWLEDGED_MAX];
    size_t count;
    uint64_t receipt_next; /* of the newest receipt that the journal said it took */
};

static struct truth truth;
static struct truth truth_before;
static char cut_name[64] = "";
static uint64_t cuts;

static enum fg_err open_journal(struct fg_journal **ret_journal, struct fg_journal_start *ret_start)
{
    struct fg_journal_settings settings = {
        .path = PATH,
        .vfs_name = FG_POWERCUT_VFS,
        .controller = "point-1",
        .key = &key,
        .bytes_max = 4 << 20,
        .stop_reserve_entries = 4,
        .receipt_key = &bureau.public_key,
    };

    return fg_journal_open(&settings, ret_journal, ret_start, &error);
}

static enum fg_err append(struct fg_journal *journal, uint8_t kind, uint64_t authorised,
                          uint64_t *ret_sequence)
{
    struct fg_entry entry;
    enum fg_err code;

    memset(&entry, 0, sizeof(entry));
    entry.kind = kind;
    entry.wall_ms = INT64_C(1800000000000) + (int64_t)truth.count;
    entry.clock_quality = FG_CLOCK_INFORMATIVE;
    entry.authorised_sequence = authorised;
    entry.quantity_g = kind == FG_ENTRY_ENDED ? 5000 : 0;
    if (kind == FG_ENTRY_AUTHORISED)
        (void)snprintf(entry.row.code.text, sizeof(entry.row.code.text), "CYL-%zu", truth.count);
    code = fg_journal_append(journal, &entry, ret_sequence, &error);
    if (code == FG_OK && truth.count < ACKNOWLEDGED_MAX)
        truth.entries[truth.count++] = entry;
    return code;
}

/* What the bureau does with all entries: chains them and signs a receipt, which the journal keeps. */
static enum fg_err take_receipt(struct fg_journal *journal)
{
    static uint8_t bytes[65536];
    struct fg_receipt receipt = {.controller = "point-1"};
    struct fg_signature signature;
    struct fg_sync_batch batch;
    size_t length = 0;
    enum fg_err code =
        fg_journal_batch(journal, 1, 0, bytes, sizeof(bytes), &length, &receipt.next_sequence, &error);

    if (code == FG_OK)
        code = fg_sync_batch_decode(bytes, length, &batch, &error);
    if (code != FG_OK)
        return code;
    fg_chain_start("point-1", &receipt.head);
    CHECK_OK(fg_sync_batch_verify(&batch, 0, &receipt.head, &key.public_key, &receipt.head, &error), &error);
    CHECK_OK(fg_receipt_sign(&receipt, &bureau, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    code = fg_journal_take_receipt(journal, bytes, length, &bureau.public_key, 1, &error);
    if (code == FG_OK)
        truth.receipt_next = receipt.next_sequence;
    return code;
}

/* What the controller does at start and for one fill. Ends at the first failure, as a dead machine does. */
static void run_controller(unsigned fills)
{
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;
    uint64_t sequence = 0;
    enum fg_err code = open_journal(&journal, &start);

    if (code == FG_OK)
        code = append(journal, FG_ENTRY_BOOT, 0, &sequence);
    if (code == FG_OK && start.fill_open)
        code = append(journal, FG_ENTRY_ENDED, start.open_fill.sequence, &sequence);
    for (unsigned i = 0; i < fills && code == FG_OK; i++) {
        code = append(journal, FG_ENTRY_AUTHORISED, 0, &sequence);
        if (code == FG_OK)
            code = append(journal, FG_ENTRY_ENDED, sequence, &sequence);
        if (code == FG_OK && i == 0)
            code = take_receipt(journal);
    }
    fg_journal_close(journal);
    if (code != FG_OK && !fg_powercut_is_dead())
        fg_test_fail(__FILE__, __LINE__, "cut %s: with power on: %s", cut_name, error.text);
}

/* Every acknowledged entry must be there, unaltered; at most one more may follow (in flight at the cut). */
static void check_kept(struct fg_journal *journal, const struct fg_journal_start *start)
{
    if (start->last_sequence < truth.count || start->last_sequence > truth.count + 1)
        fg_test_fail(__FILE__, __LINE__, "cut %s: %zu entries were acknowledged, %" PRIu64 " are there",
                     cut_name, truth.count, start->last_sequence);
    if (fg_journal_count(journal) != start->last_sequence)
        fg_test_fail(__FILE__, __LINE__, "cut %s: counts differ", cut_name);
    if (start->receipt_false || fg_journal_receipt_next(journal) < truth.receipt_next)
        fg_test_fail(__FILE__, __LINE__,
                     "cut %s: the receipt up to %" PRIu64 " was taken, now it is %" PRIu64, cut_name,
                     truth.receipt_next, fg_journal_receipt_next(journal));
}

struct visited {
    size_t count;
    bool open;
    bool bad;
};

static void visit(struct visited *visited, const struct fg_entry *entry)
{
    if (visited->count < truth.count &&
        (entry->sequence != truth.entries[visited->count].sequence ||
         entry->kind != truth.entries[visited->count].kind ||
         entry->wall_ms != truth.entries[visited->count].wall_ms ||
         strcmp(entry->row.code.text, truth.entries[visited->count].row.code.text) != 0))
        visited->bad = true;
    if (entry->kind == FG_ENTRY_AUTHORISED && visited->open)
        visited->bad = true;
    if (entry->kind == FG_ENTRY_ENDED && !visited->open)
        visited->bad = true;
    if (entry->kind == FG_ENTRY_AUTHORISED || entry->kind == FG_ENTRY_ENDED)
        visited->open = entry->kind == FG_ENTRY_AUTHORISED;
    visited->count++;
}

/* Reads the entries with a connection of its own, below the journal's code. */
static void check_entries(void)
{
    struct visited visited = {0};
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_open_v2(PATH, &database, SQLITE_OPEN_READONLY, FG_POWERCUT_VFS);

    if (result == SQLITE_OK)
        result =
            sqlite3_prepare_v2(database, "SELECT bytes FROM entry ORDER BY sequence", -1, &statement, NULL);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        struct fg_entry entry;

        result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
            break;
        if (fg_entry_decode(sqlite3_column_blob(statement, 0), (size_t)sqlite3_column_bytes(statement, 0),
                            &entry, &error) != FG_OK)
            visited.bad = true;
        else
            visit(&visited, &entry);
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    if (result != SQLITE_DONE || visited.bad || visited.count < truth.count || visited.open)
        fg_test_fail(__FILE__, __LINE__,
                     "cut %s: entries lost, altered or ended wrongly (%zu of %zu, result %d)", cut_name,
                     visited.count, truth.count, result);
}

/* The same code starts again on what is left, ends an open fill, and works on. */
static void check_restart(void)
{
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;
    uint64_t sequence = 0;
    enum fg_err code = open_journal(&journal, &start);

    if (code != FG_OK)
        fg_test_fail(__FILE__, __LINE__, "cut %s: does not start again: %s", cut_name, error.text);
    check_kept(journal, &start);
    if (start.fill_open)
        code = append(journal, FG_ENTRY_ENDED, start.open_fill.sequence, &sequence);
    else
        code = append(journal, FG_ENTRY_EVENT, 0, &sequence);
    if (code != FG_OK)
        fg_test_fail(__FILE__, __LINE__, "cut %s: cannot write on: %s", cut_name, error.text);
    truth = truth_before;      /* an entry in flight may stand before the one just written */
    fg_journal_close(journal); /* the disk keeps its shared index for one connection at a time */
    check_entries();
}

/* One way in which the disk may have settled after the cut that was saved. */
static void settle_and_check(enum fg_powercut_mode mode, uint64_t seed, uint64_t step)
{
    struct truth at_cut = truth;

    (void)snprintf(cut_name, sizeof(cut_name), "%" PRIu64 ":%" PRIu64 ":%d", seed, step, (int)mode);
    fg_powercut_restore_cut();
    fg_powercut_restart(mode, seed * 1000003 + step);
    truth_before = at_cut;
    check_restart();
    truth = at_cut;
    cuts++;
}

/* Cuts a run of fills on the saved disk at step; false when the run was over before. */
static bool cut_at(uint64_t step, unsigned fills, const struct truth *before)
{
    truth = *before;
    fg_powercut_restore();
    fg_powercut_arm(step);
    run_controller(fills);
    if (!fg_powercut_is_dead())
        return false;
    fg_powercut_save_cut();
    return true;
}

static bool wanted(uint64_t seed, uint64_t step, enum fg_powercut_mode mode)
{
    const char *only = getenv("POWERCUT");
    char name[64];

    (void)snprintf(name, sizeof(name), "%" PRIu64 ":%" PRIu64 ":%d", seed, step, (int)mode);
    return only == NULL || strcmp(only, name) == 0;
}

/* Every step of run_controller(fills) on the saved disk, each with every way of settling. first_seed makes
 * the ids of different runs differ. */
static void cut_everywhere(unsigned fills, uint64_t first_seed)
{
    static struct truth before;
    uint64_t step = 1;

    before = truth;
    for (; step < STEPS_MAX; step++) {
        if (!cut_at(step, fills, &before))
            break;
        if (wanted(first_seed, step, FG_POWERCUT_LOSE))
            settle_and_check(FG_POWERCUT_LOSE, first_seed, step);
        if (wanted(first_seed, step, FG_POWERCUT_KEEP))
            settle_and_check(FG_POWERCUT_KEEP, first_seed, step);
        for (uint64_t seed = first_seed; seed < first_seed + RANDOM_VARIANTS; seed++) {
            if (wanted(seed, step, FG_POWERCUT_RANDOM))
                settle_and_check(FG_POWERCUT_RANDOM, seed, step);
        }
    }
    CHECK(step < STEPS_MAX);
}

static void format_disk(void)
{
    if (key.public_key.point[0] == 0)
        CHECK_OK(fg_private_key_new(&key, &error), &error);
    if (bureau.public_key.point[0] == 0)
        CHECK_OK(fg_private_key_new(&bureau, &error), &error);
    memset(&truth, 0, sizeof(truth));
    fg_powercut_format();
}

TEST("NO-LOSS, ONE-END: power cut at every step of the first start on an empty disk")
{
    format_disk();
    fg_powercut_save();
    cut_everywhere(1, 1000);
}

TEST("NO-LOSS, ONE-END: power cut at every step of a later start and of fills")
{
    format_disk();
    run_controller(2);
    fg_powercut_save();
    cut_everywhere(3, 2000);
}

TEST("NO-LOSS, ONE-END: power cut at every step after the log was cut short before")
{
    format_disk();
    run_controller(1);
    fg_powercut_arm(12);
    run_controller(1);
    fg_powercut_restart(FG_POWERCUT_LOSE, 1);
    fg_powercut_save();
    cut_everywhere(2, 3000);
}

TEST("enough cuts were made")
{
    printf("    %" PRIu64 " power cuts\n", cuts);
    CHECK(cuts >= CUTS_MIN || getenv("POWERCUT") != NULL);
}
