/* Power is cut at every write and sync while the bureau takes in batches and follows them for alarms, and the
 * same code starts again on what the disk kept: whatever a receipt covers is there, nothing is there twice,
 * the alarms have read each entry once, and the store verifies.
 *
 * A failure prints STEP:MODE:SEED; POWERCUT=STEP:MODE:SEED in the environment replays that cut alone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/audit/audit_walk.h"
#include "host/bureau/device/known_devices.h"
#include "host/bureau/schema/schema.h"
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
static struct fg_receipt receipt;             /* the newest that the bureau gave before the cut */
static uint64_t cuts;

static enum fg_err open_bureau(struct fg_sql **ret_sql)
{
    struct fg_sql_settings settings = {
        .url = "sqlite:/disk/bureau.db", .sqlite_vfs = FG_POWERCUT_VFS, .deadline_ms = 1000};

    return fg_sql_open(&settings, ret_sql, &error);
}

static enum fg_err send_batch(struct fg_sql *sql, size_t number, struct fg_sync_answer *ret_answer)
{
    struct fg_peer peer = fg_fixture_bureau_peer("station", "S1");

    return fg_ingest_batch(sql, fg_fixture_bureau_ingest(), &peer, &batches[number], FG_FIXTURE_BUREAU_MS,
                           ret_answer, &error);
}

static enum fg_err follow(struct fg_sql *sql)
{
    struct fg_alarm_settings settings;
    bool more = true;
    enum fg_err result = FG_OK;

    fg_alarm_defaults(&settings);
    while (result == FG_OK && more)
        result = fg_alarms_follow(sql, &settings, 1000, FG_FIXTURE_BUREAU_MS, &more, &error);
    return result;
}

static void receipt_take(const struct fg_sync_answer *answer)
{
    struct fg_signature signature;

    CHECK_OK(fg_receipt_decode(answer->receipt, answer->receipt_length, &receipt, &signature, &error),
             &error);
}

/* The bureau's life until the power goes. */
static void live(void)
{
    struct fg_sql *sql = NULL;
    struct fg_sync_answer answer;
    enum fg_err code = open_bureau(&sql);

    for (size_t i = 0; code == FG_OK && i < BATCHES; i++) {
        code = send_batch(sql, i, &answer);
        if (code == FG_OK && answer.verdict == FG_SYNC_HELD)
            receipt_take(&answer);
        if (code == FG_OK)
            code = follow(sql);
    }
    fg_sql_close(sql);
    if (code != FG_OK && !fg_powercut_is_dead())
        fg_test_fail(__FILE__, __LINE__, "with power on: %s", error.text);
}

static void finding_print(void *context, const struct fg_audit_finding *finding)
{
    (void)context;
    printf("    %s entry %" PRIu64 ": %s\n", finding->controller, finding->sequence, finding->text);
}

/* What a receipt covers is there, and the store verifies. */
static void verify(struct fg_sql *sql, const char *name)
{
    struct fg_audit_settings settings = {.directory = fg_known_devices,
                                         .receipt_key = &fg_fixture_bureau_receipt_key()->public_key,
                                         .receipts = &receipt,
                                         .receipt_count = receipt.next_sequence > 1 ? 1 : 0,
                                         .report = finding_print};
    struct fg_audit_result result;

    if (fg_audit_walk(sql, &settings, NULL, &result, &error) != FG_OK)
        fg_test_fail(__FILE__, __LINE__, "cut %s: %s", name, error.text);
    if (result.findings != 0 || (receipt.next_sequence > 1 && result.controllers == 0))
        fg_test_fail(__FILE__, __LINE__, "cut %s: the store does not verify", name);
}

static void check_after(const char *name)
{
    struct fg_sql *sql = NULL;
    struct fg_sync_answer answer = {0};

    if (open_bureau(&sql) != FG_OK)
        fg_test_fail(__FILE__, __LINE__, "cut %s: does not start again: %s", name, error.text);
    verify(sql, name);
    /* The station sends again what it believes unsent, and all of it arrives once. */
    for (size_t i = 0; i < BATCHES; i++) {
        if (send_batch(sql, i, &answer) != FG_OK || answer.verdict != FG_SYNC_HELD)
            fg_test_fail(__FILE__, __LINE__, "cut %s: goes not on: %s %s", name, error.text, answer.text);
    }
    receipt_take(&answer);
    verify(sql, name);
    CHECK_INT(answer.next_sequence, ENTRIES + 1);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM journal_entry"), ENTRIES);
    CHECK_OK(follow(sql), &error);
    /* Every second entry is a grave event: counted once each. */
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT SUM(count) FROM alarm WHERE kind = 6"), ENTRIES / 2);
    fg_sql_close(sql);
    cuts++;
}

static void settle(uint64_t step, enum fg_powercut_mode mode, uint64_t seed)
{
    const char *only = getenv("POWERCUT");
    struct fg_receipt kept = receipt;
    char name[64];

    (void)snprintf(name, sizeof(name), "%" PRIu64 ":%d:%" PRIu64, step, (int)mode, seed);
    if (only != NULL && strcmp(only, name) != 0)
        return;
    fg_powercut_restore_cut();
    fg_powercut_restart(mode, seed * 1000003 + step);
    check_after(name);
    receipt = kept;
}

static void journal_make(void)
{
    struct fg_entry event = {
        .kind = FG_ENTRY_EVENT, .wall_ms = FG_FIXTURE_BUREAU_MS, .event = FG_EVENT_LIST_TAMPERED};
    struct fg_entry boot = {.kind = FG_ENTRY_BOOT, .wall_ms = FG_FIXTURE_BUREAU_MS};

    journal = fg_fixture_journal("ctl-1");
    for (int i = 0; i < ENTRIES / 2; i++) {
        fg_fixture_journal_add(journal, &event);
        fg_fixture_journal_add(journal, &boot);
    }
    for (uint64_t i = 0; i < BATCHES; i++)
        fg_fixture_journal_batch(journal, i * BATCH + 1, (i + 1) * BATCH, &batches[i]);
}

TEST("NO-LOSS: power cut at every step of the bureau's intake and of its alarms")
{
    struct fg_sql *sql = NULL;
    uint64_t step = 1;

    journal_make();
    fg_powercut_format();
    CHECK_OK(open_bureau(&sql), &error);
    CHECK_OK(fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error), &error);
    fg_fixture_bureau_device(sql, "ctl-1", "controller", "S1", &journal->key.public_key);
    fg_sql_close(sql);
    fg_powercut_save();
    for (; step < STEPS_MAX; step++) {
        memset(&receipt, 0, sizeof(receipt));
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
