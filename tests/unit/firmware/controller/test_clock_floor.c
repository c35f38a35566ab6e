/* The clock statement: made, verified, held against a journal, and used once. */
#include <stdio.h>
#include <string.h>

#include "firmware/controller/clock_floor.h"
#include "lib/base/file.h"
#include "tests/lib/check.h"

#define NOW_MS INT64_C(1795000000000) /* 2026-11-18 */
#define FAR_MS INT64_C(2060000000000) /* 2035 */
#define STATEMENT_PATH fg_test_path("clock.fgc")

static struct fg_private_key device;
static struct fg_private_key bureau;
static struct fg_private_key stranger;
static struct fg_journal *journal;
static struct fg_journal_start start;
static struct fg_error error;

static void journal_begin(void)
{
    struct fg_journal_settings settings = {.path = fg_test_path("journal.db"),
                                           .controller = "ctl-1",
                                           .key = &device,
                                           .bytes_max = 1 << 22,
                                           .warn_percent = 80,
                                           .stop_reserve_entries = 8};

    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
}

static void world_make(void)
{
    (void)fg_test_directory();
    CHECK_OK(fg_private_key_new(&device, &error), &error);
    CHECK_OK(fg_private_key_new(&bureau, &error), &error);
    CHECK_OK(fg_private_key_new(&stranger, &error), &error);
    journal_begin();
}

static void entry_add(int64_t wall_ms, uint8_t quality)
{
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT, .event = FG_EVENT_CLOCK_STEP};
    uint64_t sequence = 0;

    entry.wall_ms = wall_ms;
    entry.clock_quality = quality;
    CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
}

static void lowered_add(int64_t floor_ms)
{
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT, .event = FG_EVENT_CLOCK_FLOOR_LOWERED};
    uint64_t sequence = 0;

    entry.wall_ms = NOW_MS;
    entry.clock_quality = FG_CLOCK_UNKNOWN;
    entry.clock_floor_ms = floor_ms;
    CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
}

static void statement_write(const char *controller, uint64_t sequence, const struct fg_private_key *key)
{
    struct fg_clock_statement statement = {.sequence = sequence, .floor_ms = NOW_MS, .reason = "a false GPS"};
    uint8_t bytes[FG_CLOCK_STATEMENT_BYTES_MAX];
    size_t length = 0;
    FILE *file = fopen(STATEMENT_PATH, "wb");

    (void)snprintf(statement.controller, sizeof(statement.controller), "%s", controller);
    CHECK_OK(fg_clock_statement_sign(&statement, key, bytes, sizeof(bytes), &length, &error), &error);
    CHECK(file != NULL);
    CHECK_INT(fwrite(bytes, 1, length, file), length);
    CHECK_INT(fclose(file), 0);
}

static enum fg_err floor_read(int64_t vouched_ms, struct fg_clock_floor *ret_floor)
{
    return fg_clock_floor_read(STATEMENT_PATH, &bureau.public_key, 1, "ctl-1", journal,
                               fg_test_path("journal.db"), vouched_ms, ret_floor, &error);
}

TEST("a clock statement leads back from a false synchronised time, once, also after a restart")
{
    struct fg_clock_floor floor;

    world_make();
    entry_add(FAR_MS, FG_CLOCK_SYNCHRONISED);
    entry_add(NOW_MS, FG_CLOCK_UNKNOWN);
    statement_write("ctl-1", 1, &bureau);
    CHECK_OK(floor_read(FAR_MS, &floor), &error);
    CHECK_INT(floor.floor_ms, NOW_MS);
    CHECK_TEXT(floor.statement.reason, "a false GPS");
    lowered_add(floor.floor_ms);
    CHECK_INT(floor_read(FAR_MS, &floor), FG_E_OLD);
    fg_journal_close(journal);
    journal_begin();
    CHECK_INT(start.vouched_ms, NOW_MS);
    entry_add(NOW_MS + 500, FG_CLOCK_SYNCHRONISED);
    CHECK_INT(floor_read(NOW_MS + 500, &floor), FG_E_OLD);
    /* A new one, which names a later entry, is another matter. */
    entry_add(FAR_MS, FG_CLOCK_SYNCHRONISED);
    statement_write("ctl-1", 5, &bureau);
    CHECK_OK(floor_read(FAR_MS, &floor), &error);
    fg_journal_close(journal);
}

TEST("FAIL-CLOSED: a statement that was kept for later takes back nothing that was vouched for since")
{
    struct fg_clock_floor floor;

    world_make();
    entry_add(FAR_MS, FG_CLOCK_SYNCHRONISED);
    statement_write("ctl-1", 1, &bureau);
    entry_add(NOW_MS + 9000, FG_CLOCK_SYNCHRONISED);
    entry_add(NOW_MS + 5000, FG_CLOCK_SYNCHRONISED);
    entry_add(NOW_MS + 99000, FG_CLOCK_INFORMATIVE);
    CHECK_OK(floor_read(FAR_MS, &floor), &error);
    CHECK_INT(floor.floor_ms, NOW_MS + 9000);
    CHECK_INT(floor_read(NOW_MS + 9000, &floor), FG_E_STATE);
    fg_journal_close(journal);
}

/* Everything before the newest LIST is acknowledged, and pruned as long past. */
static void prune_all(void)
{
    struct fg_entry list = {.kind = FG_ENTRY_LIST, .wall_ms = NOW_MS, .clock_quality = FG_CLOCK_SYNCHRONISED};
    struct fg_entry entry = {.wall_ms = NOW_MS, .clock_quality = FG_CLOCK_SYNCHRONISED};
    struct fg_receipt receipt = {.controller = "ctl-1"};
    struct fg_journal_verdict verdict;
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;
    uint64_t count = 0;
    bool more = false;

    CHECK_OK(fg_journal_verify(fg_test_path("journal.db"), NULL, &device.public_key, &verdict, &error),
             &error);
    receipt.next_sequence = fg_journal_last(journal) + 1;
    receipt.head = verdict.head;
    CHECK_OK(fg_receipt_sign(&receipt, &bureau, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_journal_take_receipt(journal, bytes, length, &bureau.public_key, NOW_MS, &error), &error);
    CHECK_OK(fg_journal_append(journal, &list, &count, &error), &error);
    CHECK_OK(fg_journal_prune(journal, FAR_MS, &entry, &count, &more, &error), &error);
    CHECK_INT(count, receipt.next_sequence - 1);
}

TEST("FAIL-CLOSED: a statement is not used twice when the entry that tells of its use was pruned")
{
    struct fg_clock_floor floor;

    world_make();
    entry_add(NOW_MS, FG_CLOCK_SYNCHRONISED);
    statement_write("ctl-1", 1, &bureau);
    lowered_add(NOW_MS);
    entry_add(NOW_MS, FG_CLOCK_SYNCHRONISED);
    prune_all();
    CHECK_INT(floor_read(FAR_MS, &floor), FG_E_OLD);
    CHECK_HAS(error.text, "were pruned");
    fg_journal_close(journal);
}

TEST("FAIL-CLOSED: a statement of a stranger, for another controller or of an entry that is not there counts "
     "nothing")
{
    static const uint8_t long_statement[FG_CLOCK_STATEMENT_BYTES_MAX + 1];
    struct fg_clock_floor floor;

    world_make();
    entry_add(FAR_MS, FG_CLOCK_SYNCHRONISED);
    statement_write("ctl-1", 1, &stranger);
    CHECK_INT(floor_read(FAR_MS, &floor), FG_E_AUTH);
    statement_write("ctl-2", 1, &bureau);
    CHECK_INT(floor_read(FAR_MS, &floor), FG_E_RANGE);
    CHECK_HAS(error.text, "ctl-2");
    statement_write("ctl-1", 2, &bureau);
    CHECK_INT(floor_read(FAR_MS, &floor), FG_E_RANGE);
    CHECK_HAS(error.text, "ends at 1");
    CHECK_INT(fg_clock_floor_read("relative", &bureau.public_key, 1, "ctl-1", journal,
                                  fg_test_path("journal.db"), FAR_MS, &floor, &error),
              FG_E_ARG);
    CHECK_INT(fg_clock_floor_read(fg_test_path("missing"), &bureau.public_key, 1, "ctl-1", journal,
                                  fg_test_path("journal.db"), FAR_MS, &floor, &error),
              FG_E_IO);
    CHECK_OK(fg_file_write(fg_test_path("long"), 0600, long_statement, sizeof(long_statement), &error),
             &error);
    CHECK_INT(fg_clock_floor_read(fg_test_path("long"), &bureau.public_key, 1, "ctl-1", journal,
                                  fg_test_path("journal.db"), FAR_MS, &floor, &error),
              FG_E_SIZE);
    fg_journal_close(journal);
}

TEST("a statement never leads below the build")
{
    struct fg_clock_statement statement = {
        .controller = "ctl-1", .sequence = 1, .floor_ms = 1, .reason = "r"};
    struct fg_clock_floor floor;
    uint8_t bytes[FG_CLOCK_STATEMENT_BYTES_MAX];
    size_t length = 0;
    FILE *file;

    world_make();
    entry_add(FAR_MS, FG_CLOCK_SYNCHRONISED);
    CHECK_OK(fg_clock_statement_sign(&statement, &bureau, bytes, sizeof(bytes), &length, &error), &error);
    file = fopen(STATEMENT_PATH, "wb");
    CHECK(file != NULL);
    CHECK_INT(fwrite(bytes, 1, length, file), length);
    CHECK_INT(fclose(file), 0);
    CHECK_OK(floor_read(FAR_MS, &floor), &error);
    CHECK_INT(floor.floor_ms, FG_CLOCK_BUILD_MS);
    fg_journal_close(journal);
}

TEST("BAD-INPUT-IS-SAFE: every cut and every flipped bit of a statement is refused")
{
    struct fg_clock_statement statement = {
        .controller = "ctl-1", .sequence = 7, .floor_ms = NOW_MS, .reason = "r"};
    struct fg_clock_statement back;
    uint8_t bytes[FG_CLOCK_STATEMENT_BYTES_MAX];
    size_t length = 0;

    world_make();
    CHECK_OK(fg_clock_statement_sign(&statement, &bureau, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_clock_statement_verify(bytes, length, &bureau.public_key, 1, &back, &error), &error);
    CHECK_INT(back.sequence, 7);
    for (size_t cut = 0; cut < length; cut++)
        CHECK(fg_clock_statement_verify(bytes, cut, &bureau.public_key, 1, &back, &error) != FG_OK);
    for (size_t bit = 0; bit < 8 * length; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(fg_clock_statement_verify(bytes, length, &bureau.public_key, 1, &back, &error) != FG_OK);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    fg_journal_close(journal);
}

TEST("a statement without controller, entry, time or reason is not signed")
{
    const struct fg_clock_statement whole = {
        .controller = "ctl-1", .sequence = 7, .floor_ms = NOW_MS, .reason = "r"};
    struct fg_clock_statement bad[5] = {whole, whole, whole, whole, whole};
    uint8_t bytes[FG_CLOCK_STATEMENT_BYTES_MAX];
    size_t length = 0;

    world_make();
    bad[0].controller[0] = '\0';
    bad[1].sequence = 0;
    bad[2].floor_ms = 0;
    bad[3].reason[0] = '\0';
    bad[4].reason[0] = '\n';
    for (size_t i = 0; i < 5; i++)
        CHECK_INT(fg_clock_statement_sign(&bad[i], &bureau, bytes, sizeof(bytes), &length, &error),
                  FG_E_RANGE);
    CHECK_INT(fg_clock_statement_sign(&whole, &bureau, bytes, 20, &length, &error), FG_E_SIZE);
    fg_journal_close(journal);
}
