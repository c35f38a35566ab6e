/* TAMPER-SHOWS, FAIL-CLOSED, and the past of a cylinder, where something went wrong before: an append that
 * failed, a clock that was ahead. */
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "firmware/journal/journal.h"
#include "tests/lib/check.h"
#include "tests/lib/sqlite_file.h"

#define DAY_MS INT64_C(86400000)
#define NOON_MS (INT64_C(20600) * DAY_MS + DAY_MS / 2)

static struct fg_private_key key;
static struct fg_error error;

static struct fg_journal *open_journal(void)
{
    struct fg_journal_settings settings = {.path = fg_test_path("journal.db"),
                                           .controller = "point-1",
                                           .key = &key,
                                           .bytes_max = 8 << 20,
                                           .stop_reserve_entries = 32};
    struct fg_journal_start start;
    struct fg_journal *journal = NULL;

    if (key.public_key.point[0] == 0)
        CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    return journal;
}

static enum fg_err append(struct fg_journal *journal, uint8_t kind, int64_t wall_ms, uint8_t quality)
{
    struct fg_entry entry = {.kind = kind, .wall_ms = wall_ms, .clock_quality = quality};
    uint64_t sequence = 0;

    if (kind == FG_ENTRY_EVENT)
        entry.event = FG_EVENT_DEVICE_FAULT;
    if (kind == FG_ENTRY_AUTHORISED) {
        memcpy(entry.row.code.text, "CYL-1", 6);
        entry.identity = FG_IDENTITY_SIGNED_TAG;
    }
    if (kind == FG_ENTRY_ENDED) {
        entry.authorised_sequence = fg_journal_last(journal);
        entry.stop = FG_STOP_TARGET_REACHED;
        entry.quantity_g = 5000;
    }
    return fg_journal_append(journal, &entry, &sequence, &error);
}

TEST("TAMPER-SHOWS: an append that fails makes the journal not writable until one succeeds, and it does not "
     "forget to say that it has an anchor")
{
    struct fg_journal_verdict verdict;
    struct fg_journal *journal = open_journal();
    sqlite3 *held;

    CHECK_OK(append(journal, FG_ENTRY_BOOT, NOON_MS, FG_CLOCK_SYNCHRONISED), &error);
    held = fg_test_sqlite_hold(fg_test_path("journal.db"));
    CHECK_INT(fg_journal_state(journal), FG_JOURNAL_OK);
    CHECK(append(journal, FG_ENTRY_EVENT, NOON_MS, FG_CLOCK_SYNCHRONISED) != FG_OK);
    CHECK_INT(fg_journal_state(journal), FG_JOURNAL_NOT_WRITABLE);
    fg_test_sqlite_let_go(held);
    CHECK_OK(append(journal, FG_ENTRY_EVENT, NOON_MS, FG_CLOCK_SYNCHRONISED), &error);
    CHECK_INT(fg_journal_state(journal), FG_JOURNAL_OK);
    fg_journal_close(journal);
    CHECK_OK(fg_journal_verify(fg_test_path("journal.db"), NULL, &key.public_key, &verdict, &error), &error);
    CHECK_INT(unlink(fg_test_path("journal.db.anchor")), 0);
    CHECK_INT(fg_journal_verify(fg_test_path("journal.db"), NULL, &key.public_key, &verdict, &error),
              FG_E_CORRUPT);
    CHECK_HAS(error.text, "anchor");
}

/* A disk that takes no byte of this process any more, or does again. */
static void disk_refuses(bool refuses)
{
    struct rlimit limit;

    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = refuses ? 0 : limit.rlim_max;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int64_t data_version(sqlite3 *database)
{
    sqlite3_stmt *statement = NULL;
    int64_t version;

    CHECK_INT(sqlite3_prepare_v2(database, "PRAGMA data_version", -1, &statement, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_step(statement), SQLITE_ROW);
    version = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return version;
}

TEST("FAIL-CLOSED: a journal whose append failed is writable again once a write of its own was taken, not "
     "before, "
     "and that write says nothing")
{
    struct fg_journal_verdict verdict;
    struct fg_journal *journal = open_journal();
    enum fg_err refused;
    enum fg_err tried;
    sqlite3 *reader = NULL;
    int64_t version;

    CHECK_OK(append(journal, FG_ENTRY_BOOT, NOON_MS, FG_CLOCK_SYNCHRONISED), &error);
    CHECK_INT(sqlite3_open_v2(fg_test_path("journal.db"), &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    version = data_version(reader);
    CHECK_OK(fg_journal_try(journal, &error), &error);
    CHECK_INT(data_version(reader), version); /* nothing had failed */
    disk_refuses(true);
    refused = append(journal, FG_ENTRY_EVENT, NOON_MS, FG_CLOCK_SYNCHRONISED);
    tried = fg_journal_try(journal, &error);
    disk_refuses(false);
    CHECK_INT(refused, FG_E_IO);
    CHECK_INT(tried, FG_E_IO);
    CHECK_HAS(error.text, "trying the journal again");
    CHECK_INT(fg_journal_state(journal), FG_JOURNAL_NOT_WRITABLE);
    CHECK_INT(data_version(reader), version);
    CHECK_OK(fg_journal_try(journal, &error), &error);
    CHECK_INT(fg_journal_state(journal), FG_JOURNAL_OK);
    CHECK(data_version(reader) != version); /* it was written */
    CHECK_INT(fg_journal_last(journal), 1);
    CHECK_INT(sqlite3_close(reader), SQLITE_OK);
    CHECK_OK(append(journal, FG_ENTRY_EVENT, NOON_MS, FG_CLOCK_SYNCHRONISED), &error);
    fg_journal_close(journal);
    CHECK_OK(fg_journal_verify(fg_test_path("journal.db"), NULL, &key.public_key, &verdict, &error), &error);
    CHECK_INT(verdict.entries, 2);
}

TEST("a fill dated in the future was before the next time of a synchronised clock, not before any clock's")
{
    struct fg_journal *journal = open_journal();
    struct fg_code code = {"CYL-1"};
    struct fg_journal_now now = {.wall_ms = NOON_MS, .mono_ms = 1000};
    int64_t last_ms = 0;
    uint32_t today = 9;

    CHECK_OK(append(journal, FG_ENTRY_AUTHORISED, NOON_MS + 10 * DAY_MS, FG_CLOCK_INFORMATIVE), &error);
    CHECK_OK(append(journal, FG_ENTRY_ENDED, NOON_MS + 10 * DAY_MS, FG_CLOCK_INFORMATIVE), &error);
    CHECK_OK(append(journal, FG_ENTRY_EVENT, NOON_MS - 5 * DAY_MS, FG_CLOCK_INFORMATIVE), &error);
    CHECK_OK(append(journal, FG_ENTRY_EVENT, NOON_MS - 2 * DAY_MS, FG_CLOCK_SYNCHRONISED), &error);
    CHECK_OK(append(journal, FG_ENTRY_EVENT, NOON_MS - DAY_MS, FG_CLOCK_SYNCHRONISED), &error);
    fg_journal_close(journal);
    journal = open_journal();
    CHECK_OK(fg_journal_history(journal, &code, &now, &last_ms, &today, &error), &error);
    CHECK_INT(last_ms, NOON_MS - 2 * DAY_MS);
    CHECK_INT(today, 0);
    fg_journal_close(journal);
}
