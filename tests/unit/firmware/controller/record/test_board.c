/* The panel's board (firmware/controller/record/board.h): sums of the local day, newest attempts, rebuilding
 * from a real journal. */
#include <stdio.h>
#include <string.h>

#include "firmware/controller/record/board.h"
#include "firmware/journal/journal.h"
#include "tests/lib/check.h"

#define DAY_MS INT64_C(86400000)
#define OFFSET_S 28800
#define TODAY 20700
#define MORNING_MS (TODAY * DAY_MS - OFFSET_S * INT64_C(1000) + 3600000) /* 01:00 local */

static struct fg_board board;
static struct fg_control_board shown;
static struct fg_error error;
static uint64_t sequence;

static void board_begin(void)
{
    sequence = 0;
    fg_board_start(&board, 2);
    CHECK_OK(fg_board_rebuild(&board, NULL, 0, TODAY, OFFSET_S, &error), &error);
}

static struct fg_entry entry_of(enum fg_entry_kind kind, int64_t wall_ms)
{
    struct fg_entry entry = {.kind = (uint8_t)kind, .sequence = ++sequence, .wall_ms = wall_ms};

    (void)snprintf(entry.operator_id, sizeof(entry.operator_id), "wang");
    (void)snprintf(entry.row.code.text, sizeof(entry.row.code.text), "HZ-%u", (unsigned)(sequence % 1000));
    (void)snprintf(entry.row.plate, sizeof(entry.row.plate), "P%u", (unsigned)(sequence % 1000));
    entry.identity = FG_IDENTITY_SIGNED_TAG;
    return entry;
}

static void refused(enum fg_reason reason, int64_t wall_ms)
{
    struct fg_entry entry = entry_of(FG_ENTRY_REFUSED, wall_ms);

    entry.reasons = (struct fg_reasons){2, {(uint8_t)reason, FG_REASON_CLOCK_NOT_TRUSTED}};
    fg_board_take(&board, &entry, OFFSET_S);
}

static uint64_t authorised(int64_t wall_ms)
{
    struct fg_entry entry = entry_of(FG_ENTRY_AUTHORISED, wall_ms);

    fg_board_take(&board, &entry, OFFSET_S);
    return entry.sequence;
}

static void ended(uint64_t authorised_sequence, int64_t quantity_g, int64_t wall_ms)
{
    struct fg_entry entry = entry_of(FG_ENTRY_ENDED, wall_ms);

    entry.authorised_sequence = authorised_sequence;
    entry.quantity_g = quantity_g;
    entry.stop = FG_STOP_TARGET_REACHED;
    fg_board_take(&board, &entry, OFFSET_S);
}

TEST("sums count today's ends and refusals; reasons come most frequent first")
{
    board_begin();
    refused(FG_REASON_NOT_LISTED, MORNING_MS);
    refused(FG_REASON_INSPECTION_OVERDUE, MORNING_MS);
    refused(FG_REASON_NOT_LISTED, MORNING_MS);
    ended(authorised(MORNING_MS), 9000, MORNING_MS + 60000);
    ended(authorised(MORNING_MS), 500, MORNING_MS + 90000);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.fills_today, 2);
    CHECK_INT(shown.refusals_today, 3);
    CHECK_INT(shown.quantity_today_g, 9500);
    CHECK_INT(shown.reason_count, 2);
    CHECK_INT(shown.reasons[0].reason, FG_REASON_NOT_LISTED);
    CHECK_INT(shown.reasons[0].count, 2);
    CHECK_INT(shown.reasons[1].reason, FG_REASON_INSPECTION_OVERDUE);
    CHECK_INT(shown.operator_count, 0);
}

TEST("an end takes the place of its authorisation and keeps what was decided then")
{
    uint64_t fill;

    board_begin();
    fill = authorised(MORNING_MS);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.attempts[0].kind, FG_ENTRY_AUTHORISED);
    CHECK_INT(shown.attempts[0].sequence, fill);
    refused(FG_REASON_NOT_LISTED, MORNING_MS + 1);
    ended(fill, 700, MORNING_MS + 1000);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.attempt_count, 2);
    CHECK_INT(shown.attempts[0].kind, FG_ENTRY_REFUSED);
    CHECK_INT(shown.attempts[0].reason, FG_REASON_NOT_LISTED);
    CHECK_INT(shown.attempts[1].kind, FG_ENTRY_ENDED);
    CHECK_INT(shown.attempts[1].sequence, sequence);
    CHECK_INT(shown.attempts[1].wall_ms, MORNING_MS);
    CHECK_INT(shown.attempts[1].quantity_g, 700);
    CHECK_INT(shown.attempts[1].stop, FG_STOP_TARGET_REACHED);
    CHECK_TEXT(shown.attempts[1].code.text, "HZ-1");
    CHECK_TEXT(shown.attempts[1].operator_id, "wang");
    /* an end whose authorisation is not among the attempts stands for itself */
    ended(900, 10, MORNING_MS + 2000);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.attempt_count, 3);
    CHECK_INT(shown.attempts[0].kind, FG_ENTRY_ENDED);
    CHECK_INT(shown.attempts[0].wall_ms, MORNING_MS + 2000);
}

TEST("only the newest twenty attempts are kept, and other entries change nothing")
{
    struct fg_entry boot;
    uint32_t version;

    board_begin();
    for (int i = 0; i < 50; i++)
        refused(FG_REASON_NOT_LISTED, MORNING_MS + i);
    version = board.version;
    boot = entry_of(FG_ENTRY_BOOT, MORNING_MS);
    fg_board_take(&board, &boot, OFFSET_S);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.version, version);
    CHECK_INT(shown.attempt_count, FG_CONTROL_ATTEMPTS_MAX);
    CHECK_INT(shown.attempts[0].sequence, 50);
    CHECK_INT(shown.attempts[19].sequence, 31);
    CHECK_INT(shown.refusals_today, 50);
}

TEST("entries of another local day count as attempts, not in today's sums")
{
    uint32_t version;

    board_begin();
    version = board.version;
    CHECK(version > 2 * 65536);
    refused(FG_REASON_NOT_LISTED, MORNING_MS - 2 * 3600000); /* 23:00 of the day before */
    ended(900, 300, MORNING_MS + DAY_MS);
    CHECK(board.version == version + 2);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.attempt_count, 2);
    CHECK_INT(shown.refusals_today, 0);
    CHECK_INT(shown.fills_today, 0);
    CHECK_INT(shown.reason_count, 0);
}

/* A journal with count refusals, the first `before` of them on the day before. */
static void journal_make(unsigned count, unsigned before)
{
    static struct fg_private_key key;
    struct fg_journal_settings settings = {.controller = "ctl-1",
                                           .key = &key,
                                           .bytes_max = 1 << 24,
                                           .warn_percent = 80,
                                           .stop_reserve_entries = 8};
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;

    (void)fg_test_directory();
    settings.path = fg_test_path("journal.db");
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    for (unsigned i = 0; i < count; i++) {
        struct fg_entry entry = entry_of(FG_ENTRY_REFUSED, MORNING_MS - (i < before ? DAY_MS : 0));

        entry.clock_quality = FG_CLOCK_SYNCHRONISED;
        entry.reasons = (struct fg_reasons){1, {FG_REASON_NOT_LISTED}};
        CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
    }
    fg_journal_close(journal);
}

TEST("after a restart the board is the same as before; at midnight the sums begin anew, the attempts stay")
{
    uint32_t version;

    sequence = 0;
    journal_make(30, 10);
    fg_board_start(&board, 3);
    CHECK_OK(fg_board_rebuild(&board, fg_test_path("journal.db"), sequence, TODAY, OFFSET_S, &error), &error);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.refusals_today, 20);
    CHECK_INT(shown.reasons[0].count, 20);
    CHECK_INT(shown.attempt_count, FG_CONTROL_ATTEMPTS_MAX);
    CHECK_INT(shown.attempts[0].sequence, 30);
    version = shown.version;
    CHECK_OK(fg_board_rebuild(&board, fg_test_path("journal.db"), sequence, TODAY + 1, OFFSET_S, &error),
             &error);
    fg_board_tell(&board, &shown);
    CHECK(shown.version > version);
    CHECK_INT(shown.refusals_today, 0);
    CHECK_INT(shown.reason_count, 0);
    CHECK_INT(shown.attempts[0].sequence, 30);
    /* and only a bounded tail is read: what a larger number says is before it does not count */
    CHECK_OK(fg_board_rebuild(&board, fg_test_path("journal.db"), sequence + FG_BOARD_TAIL - 5, TODAY,
                              OFFSET_S, &error),
             &error);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.refusals_today, 5);
}

TEST("a journal that cannot be read leaves an empty board and says why")
{
    fg_board_start(&board, 1);
    refused(FG_REASON_NOT_LISTED, MORNING_MS);
    CHECK(fg_board_rebuild(&board, "/nonexistent/journal.db", 9, TODAY, OFFSET_S, &error) != FG_OK);
    CHECK_HAS(error.text, "journal.db");
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.attempt_count, 0);
}

TEST("a board that starts shows nothing of before, and a refusal for one reason shows that")
{
    board_begin();
    refused(FG_REASON_NOT_LISTED, MORNING_MS);
    ended(900, 300, MORNING_MS);
    fg_board_start(&board, 3);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.version, 3 * 65536);
    CHECK_INT(shown.attempt_count + shown.reason_count, 0);
    CHECK_INT(shown.fills_today + shown.refusals_today + shown.quantity_today_g, 0);
    CHECK(!board.day_known);
    {
        struct fg_entry entry = entry_of(FG_ENTRY_REFUSED, MORNING_MS);

        entry.reasons = (struct fg_reasons){1, {FG_REASON_LOST}};
        fg_board_take(&board, &entry, OFFSET_S);
    }
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.attempts[0].reason, FG_REASON_LOST);
}

TEST("an attempt shows who was there and how that was proven, and by what the cylinder was known")
{
    struct fg_entry entry;

    board_begin();
    entry = entry_of(FG_ENTRY_AUTHORISED, MORNING_MS);
    entry.operator_proof = FG_PERSON_PROOF_PIN;
    (void)snprintf(entry.second_person, sizeof(entry.second_person), "qian");
    entry.second_proof = FG_PERSON_PROOF_CARD;
    entry.identity = FG_IDENTITY_MANUAL;
    fg_board_take(&board, &entry, OFFSET_S);
    fg_board_tell(&board, &shown);
    CHECK_TEXT(shown.attempts[0].plate, "P1");
    CHECK_INT(shown.attempts[0].operator_proof, FG_PERSON_PROOF_PIN);
    CHECK_TEXT(shown.attempts[0].second_person, "qian");
    CHECK_INT(shown.attempts[0].second_proof, FG_PERSON_PROOF_CARD);
    CHECK_INT(shown.attempts[0].identity, FG_IDENTITY_MANUAL);
    CHECK_INT(shown.attempts[0].reason, 0);
    CHECK_INT(shown.attempts[0].stop, 0);
}

TEST("an entry that stands for many counts as many, and among equals the lower reason comes first")
{
    struct fg_entry entry;

    board_begin();
    refused(FG_REASON_LOST, MORNING_MS);
    refused(FG_REASON_NOT_LISTED, MORNING_MS);
    entry = entry_of(FG_ENTRY_REFUSED, MORNING_MS);
    entry.reasons = (struct fg_reasons){1, {FG_REASON_TWO_TAGS}};
    entry.repeat_count = 40;
    fg_board_take(&board, &entry, OFFSET_S);
    entry.reasons.count = 0; /* without a reason it is a refusal all the same */
    entry.repeat_count = 0;
    fg_board_take(&board, &entry, OFFSET_S);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.refusals_today, 43);
    CHECK_INT(shown.reason_count, 3);
    CHECK_INT(shown.reasons[0].reason, FG_REASON_TWO_TAGS);
    CHECK_INT(shown.reasons[0].count, 40);
    CHECK_INT(shown.reasons[1].reason, FG_REASON_NOT_LISTED);
    CHECK_INT(shown.reasons[2].reason, FG_REASON_LOST);
    CHECK_INT(shown.attempts[0].reason, 0);
}

TEST("as many reasons are shown as there is room for")
{
    board_begin();
    for (uint8_t reason = 1; reason <= FG_REASONS_MAX + 5; reason++)
        refused((enum fg_reason)reason, MORNING_MS);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.reason_count, FG_REASONS_MAX);
    CHECK_INT(shown.reasons[FG_REASONS_MAX - 1].reason, FG_REASONS_MAX);
    CHECK_INT(shown.refusals_today, FG_REASONS_MAX + 5);
}

TEST("an end belongs to its own authorisation, among several and not to a refusal with that number")
{
    uint64_t first;
    uint64_t second;

    board_begin();
    refused(FG_REASON_LOST, MORNING_MS);
    first = authorised(MORNING_MS + 1);
    second = authorised(MORNING_MS + 2);
    ended(first, 70, MORNING_MS + 3);
    ended(1, 80, MORNING_MS + 4); /* 1 is the refusal */
    ended(second, 90, MORNING_MS + 5);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.attempt_count, 4);
    CHECK_INT(shown.attempts[0].quantity_g, 80);
    CHECK_INT(shown.attempts[1].quantity_g, 90);
    CHECK_INT(shown.attempts[2].quantity_g, 70);
    CHECK_INT(shown.attempts[3].kind, FG_ENTRY_REFUSED);
    CHECK_INT(shown.fills_today, 3);
}

TEST("a board without a day counts nothing as today's, and each change of it is a version of its own")
{
    uint32_t version;

    fg_board_start(&board, 1);
    refused(FG_REASON_LOST, MORNING_MS);
    fg_board_tell(&board, &shown);
    CHECK_INT(shown.refusals_today, 0);
    CHECK_INT(shown.attempt_count, 1);
    CHECK_INT(shown.version, 65536 + 1);
    version = board.version;
    CHECK_OK(fg_board_rebuild(&board, NULL, 5, TODAY, OFFSET_S, &error), &error);
    CHECK_INT(board.version, version + 1);
    CHECK_OK(fg_board_rebuild(&board, "/nonexistent/journal.db", 0, TODAY, OFFSET_S, &error), &error);
    CHECK_INT(board.version, version + 2);
}
