/* Reading a journal beside its writer: what a filter hides, from which entry on, and what the verdict on a
 * whole journal says. */
#include <stdio.h>
#include <string.h>

#include "firmware/journal/journal.h"
#include "proto/journal/chain.h"
#include "proto/journal/sync.h"
#include "tests/lib/check.h"
#include "tests/lib/sqlite_file.h"

#define NOON_MS INT64_C(1779883200000)

static struct fg_private_key key;
static struct fg_error error;

static struct fg_journal *open_journal(const char *controller)
{
    struct fg_journal_settings settings = {.path = fg_test_path("journal.db"),
                                           .controller = controller,
                                           .key = &key,
                                           .bytes_max = 8 << 20,
                                           .warn_percent = 80,
                                           .stop_reserve_entries = 32};
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;

    if (key.public_key.point[0] == 0)
        CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    return journal;
}

/* Five refusals, at noon and each hour after, of which the third is of another reason, plate and cylinder. */
static void write_refusals(const char *controller)
{
    struct fg_journal *journal = open_journal(controller);

    for (int i = 0; i < 5; i++) {
        struct fg_entry entry = {.kind = FG_ENTRY_REFUSED,
                                 .wall_ms = NOON_MS + i * INT64_C(3600000),
                                 .clock_quality = FG_CLOCK_SYNCHRONISED,
                                 .identity = FG_IDENTITY_SIGNED_TAG,
                                 .reasons = {1, {i == 2 ? FG_REASON_NOT_LISTED : FG_REASON_SUSPENDED}}};
        uint64_t sequence = 0;

        memcpy(entry.row.code.text, i == 2 ? "CYL-2" : "CYL-1", 6);
        memcpy(entry.row.plate, i == 2 ? "B2" : "A1", 3);
        CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
    }
    fg_journal_close(journal);
}

static void tamper(const char *sql)
{
    (void)fg_test_sqlite_edit(fg_test_path("journal.db"), sql);
}

static char seen[64];

static enum fg_err note(void *context, const struct fg_entry *entry, const uint8_t *bytes, size_t length,
                        struct fg_error *note_error)
{
    size_t used = strlen(seen);

    (void)context;
    (void)bytes;
    (void)length;
    (void)note_error;
    (void)snprintf(seen + used, sizeof(seen) - used, "%s%u", entry->kind == 0 ? "!" : "",
                   (unsigned)entry->sequence);
    return FG_OK;
}

/* The numbers of what a filter lets through, "!" before one that cannot be decoded. */
static const char *each(const struct fg_journal_filter *filter)
{
    seen[0] = '\0';
    CHECK_OK(fg_journal_each(fg_test_path("journal.db"), filter, note, NULL, &error), &error);
    return seen;
}

TEST("each condition alone chooses among the entries")
{
    struct fg_journal_filter filter = {.kind = 0};

    write_refusals("point-1");
    CHECK_TEXT(each(NULL), "12345");
    CHECK_TEXT(each(&filter), "12345");
    filter.from_ms = NOON_MS + 3600000;
    CHECK_TEXT(each(&filter), "2345");
    filter = (struct fg_journal_filter){.to_ms = NOON_MS + 3600000};
    CHECK_TEXT(each(&filter), "1");
    filter = (struct fg_journal_filter){.kind = FG_ENTRY_BOOT};
    CHECK_TEXT(each(&filter), "");
    filter = (struct fg_journal_filter){.kind = FG_ENTRY_REFUSED};
    CHECK_TEXT(each(&filter), "12345");
    filter = (struct fg_journal_filter){.reason = FG_REASON_NOT_LISTED};
    CHECK_TEXT(each(&filter), "3");
    filter = (struct fg_journal_filter){.plate = "B2"};
    CHECK_TEXT(each(&filter), "3");
    filter = (struct fg_journal_filter){.code = {"CYL-2"}};
    CHECK_TEXT(each(&filter), "3");
    filter.from_sequence = 4;
    CHECK_TEXT(each(&filter), "");
    filter = (struct fg_journal_filter){.from_sequence = 4};
    CHECK_TEXT(each(&filter), "45");
    filter.from_sequence = 6;
    CHECK_TEXT(each(&filter), "");
    filter.from_sequence = UINT64_MAX;
    CHECK_TEXT(each(&filter), "");
}

TEST("BAD-INPUT-IS-SAFE: an entry that cannot be decoded is shown where nothing is asked for, and hidden by "
     "each "
     "condition alone")
{
    const struct fg_journal_filter filters[] = {
        {.from_ms = 1},
        {.to_ms = INT64_MAX},
        {.kind = FG_ENTRY_BOOT},
        {.kind = 1},
        {.code = {"X"}},
        {.plate = "X"},
        {.reason = 1},
        {.from_ms = INT64_MIN},
        {.to_ms = 1},
        {.reason = FG_REASON_SUSPENDED},
        {.code = {"CYL-1"}},
    };

    write_refusals("point-1");
    tamper("UPDATE entry SET bytes = x'ff' WHERE sequence IN (2, 4)");
    CHECK_TEXT(each(NULL), "1!23!45");
    CHECK_TEXT(each(&(struct fg_journal_filter){.from_sequence = 2}), "!23!45");
    CHECK_TEXT(each(&(struct fg_journal_filter){.from_sequence = 3}), "3!45");
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        if (strchr(each(&filters[i]), '!') != NULL)
            fg_test_fail(__FILE__, __LINE__, "filter %zu: %s", i, seen);
    }
}

TEST("the verdict on a journal counts its entries, names its head, and says where it begins")
{
    struct fg_journal_verdict verdict;
    struct fg_digest hash;

    write_refusals("p");
    CHECK_OK(fg_journal_verify(fg_test_path("journal.db"), NULL, &key.public_key, &verdict, &error), &error);
    CHECK_INT(verdict.entries, 5);
    CHECK_INT(verdict.first_sequence, 1);
    CHECK_INT(verdict.first_bad_sequence, 0);
    CHECK(!verdict.receipt_known);
    fg_chain_start("p", &hash);
    CHECK(memcmp(&hash, &verdict.head, sizeof(hash)) != 0);
    tamper("UPDATE entry SET bytes = x'ff' WHERE sequence = 4");
    CHECK_INT(fg_journal_verify(fg_test_path("journal.db"), NULL, &key.public_key, &verdict, &error),
              FG_E_CORRUPT);
    CHECK_INT(verdict.first_bad_sequence, 4);
    CHECK_INT(verdict.entries, 3);
    CHECK_INT(fg_journal_verify(fg_test_path("absent.db"), NULL, &key.public_key, &verdict, &error),
              FG_E_NOT_FOUND);
}

TEST("NO-LOSS: a batch is as long as there is room for, to the byte, and goes on where the one before ended")
{
    static uint8_t bytes[FG_SYNC_BATCH_BYTES_MAX];
    struct fg_journal *journal;
    size_t before = 0;
    uint64_t next = 0;

    write_refusals("point-1");
    journal = open_journal("point-1");
    for (size_t room = 100; room < 1200; room++) {
        static struct fg_sync_batch batch;
        size_t length = 0;
        enum fg_err code = fg_journal_batch(journal, 1, 0, bytes, room, &length, &next, &error);

        if (code != FG_OK) {
            CHECK_INT(code, FG_E_SIZE);
            continue;
        }
        CHECK(length <= room);
        CHECK_OK(fg_sync_batch_decode(bytes, length, &batch, &error), &error);
        CHECK_INT(batch.count, next - 1);
        CHECK(batch.count >= before);
        before = batch.count;
    }
    CHECK_INT(before, 5);
    fg_journal_close(journal);
}
