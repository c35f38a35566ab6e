/* 30 days of the worst that strangers and loose wires can do at one point, beside 500 fills a day, with the
 * journal's size as boards/sim/fillgated.ini has it: no fill is refused for want of space, and every
 * occurrence is in an entry or in a count.
 *
 * The recorder, its budget and the journal are the real ones; time is simulated. The first day, of a stranger
 * alone its first six hours, has every occurrence (a phone is scanned 24 times a second); after that they
 * come every few seconds, which the budget cannot tell apart: its windows are longer than either.
 * MONTH_EVERY_DAYS=30 in the environment has every occurrence all the time, which takes long. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "firmware/controller/record/recorder.h"
#include "proto/journal/entry.h"
#include "tests/lib/check.h"

#define BYTES_MAX 67108864 /* bytes_max of boards/sim/fillgated.ini */
#define DAYS 30
#define FILLS_A_DAY 500
#define DAY_MS INT64_C(86400000)
#define STEP_MS 125 /* of the first day */
#define LATER_STEP_MS 4000
#define WALL_MS INT64_C(1790000000000)

static struct fg_error error;
static char path[512];
static struct fg_recorder recorder;
static struct fg_private_key key;
static struct fg_moment now;
static struct fg_plant_state plant;
static struct fg_list_look look;
static const struct fg_signed_in who = {.id = "op-wang", .proof = FG_PERSON_PROOF_CARD};
static uint64_t random_state = 1;

static struct fg_circumstances about(void)
{
    return (struct fg_circumstances){.now = &now, .plant = &plant, .look = &look, .operator_in = &who};
}

static void log_nothing(void *context, const char *line)
{
    (void)context;
    (void)line;
}

/* In memory where there is such a file system: what it costs to sync is not the subject. */
static const char *path_make(void)
{
    char directory[] = "/dev/shm/fillgate-month-XXXXXX";

    if (mkdtemp(directory) == NULL)
        (void)snprintf(path, sizeof(path), "%s", fg_test_path("journal.db"));
    else
        (void)snprintf(path, sizeof(path), "%s/journal.db", directory);
    return path;
}

static void path_remove(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".anchor"};
    char name[sizeof(path) + 8];

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        (void)unlink(name);
    }
    *strrchr(path, '/') = '\0';
    (void)rmdir(path);
}

static struct fg_journal *begin(void)
{
    struct fg_journal_settings settings = {.path = path_make(),
                                           .controller = "point-1",
                                           .key = &key,
                                           .bytes_max = BYTES_MAX,
                                           .warn_percent = 80,
                                           .stop_reserve_entries = 64,
                                           .fill_reserve_percent = 50};
    static const struct fg_recorder_settings recorder_settings = {.version = "test"};
    struct fg_log log = {.say = log_nothing};
    struct fg_journal_start start;
    struct fg_journal *journal = NULL;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    fg_recorder_start(&recorder, journal, &start, &recorder_settings, &log);
    now = (struct fg_moment){.mono_ms = 1000, .wall_ms = WALL_MS, .clock_quality = FG_CLOCK_SYNCHRONISED};
    return journal;
}

/* ---- what strangers do ---- */

static void refuse(uint8_t reason, const uint8_t *uid, uint8_t length)
{
    struct fg_judgement judgement;
    struct fg_circumstances circumstances = about();
    uint64_t sequence;

    memset(&judgement, 0, sizeof(judgement));
    judgement.identified.uid.length = length;
    memcpy(judgement.identified.uid.bytes, uid, length);
    judgement.decision.reasons = (struct fg_reasons){1, {reason}};
    CHECK_OK(fg_recorder_refused(&recorder, &judgement, NULL, &circumstances, &sequence), &error);
}

static void raise(enum fg_event_kind event, const char *text)
{
    struct fg_circumstances circumstances = about();

    fg_recorder_raise(&recorder, event, text, &circumstances);
}

/* Each gives how many occurrences the step had. every: a step is STEP_MS, else LATER_STEP_MS. */
typedef unsigned (*stranger)(int64_t step, bool every);

static unsigned phone(int64_t step, bool every)
{
    unsigned count = every ? 3u : 1u;

    (void)step;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t uid[4] = {0x08, (uint8_t)fg_test_draw(&random_state, 256),
                                (uint8_t)fg_test_draw(&random_state, 256),
                                (uint8_t)fg_test_draw(&random_state, 256)};

        refuse(FG_REASON_TAG_FORMAT, uid, sizeof(uid));
    }
    return count;
}

/* A device that draws fixed-looking UIDs: no two causes are the same. */
static unsigned forger(int64_t step, bool every)
{
    unsigned count = every ? 3u : 1u;

    (void)step;
    for (unsigned i = 0; i < count; i++) {
        uint8_t uid[7] = {4};

        for (size_t at = 1; at < sizeof(uid); at++)
            uid[at] = (uint8_t)fg_test_draw(&random_state, 256);
        refuse(i == 0 ? FG_REASON_TAG_SIGNATURE : FG_REASON_NOT_LISTED, uid, sizeof(uid));
    }
    return count;
}

static unsigned two_tags(int64_t step, bool every)
{
    const uint8_t uid[7] = {4, (uint8_t)(step / (every ? 8 : 1) % 2)};

    refuse(FG_REASON_NOT_LISTED, uid, sizeof(uid));
    return 1;
}

static unsigned loose_wire(int64_t step, bool every)
{
    char text[FG_TEXT_MAX + 1];

    (void)every;
    if (step % 3 != 0)
        return 0;
    (void)snprintf(text, sizeof(text), "meter: time-out in block %d", (int)(step % 5));
    raise(FG_EVENT_DEVICE_FAULT, text);
    raise(FG_EVENT_DEVICE_BACK, "meter");
    return 2;
}

static unsigned loose_plug(int64_t step, bool every)
{
    if (step % (every ? 16 : 4) != 0)
        return 0;
    raise(FG_EVENT_READER_FAULT, "the reader's port is gone");
    raise(FG_EVENT_READER_BACK, "");
    return 2;
}

static unsigned garbage_lists(int64_t step, bool every)
{
    char text[FG_TEXT_MAX + 1];

    (void)step;
    (void)every;
    (void)snprintf(text, sizeof(text), "not a list near byte %d", (int)fg_test_draw(&random_state, 100000));
    raise(FG_EVENT_LIST_REFUSED, text);
    return 1;
}

static unsigned card_on_the_edge(int64_t step, bool every)
{
    struct fg_circumstances circumstances = about();

    if (step % (every ? 8 : 4) != 0)
        return 0;
    CHECK_OK(fg_recorder_operator(&recorder, &who, step / (every ? 8 : 4) % 2 == 0, &circumstances, &error),
             &error);
    return 1;
}

static unsigned stop_button(int64_t step, bool every)
{
    if (step % (every ? 8 : 4) != 0)
        return 0;
    raise(FG_EVENT_EMERGENCY_STOP, "");
    return 1;
}

/* ---- the month ---- */

static void fill(void)
{
    static const char code[] = "HZ-CNG-900001";
    struct fg_circumstances circumstances = about();
    struct fg_judgement judgement;
    struct fg_fill machine;
    uint64_t sequence = 0;

    memset(&judgement, 0, sizeof(judgement));
    memset(&machine, 0, sizeof(machine));
    memcpy(judgement.identified.code.text, code, sizeof(code));
    judgement.row_known = true;
    memcpy(judgement.row.code.text, code, sizeof(code));
    (void)snprintf(judgement.row.plate, sizeof(judgement.row.plate), "ZJ-A12345");
    judgement.row.other_count = 1;
    (void)snprintf(judgement.row.others[0].text, sizeof(judgement.row.others[0].text), "HZ-CNG-900002");
    CHECK_OK(fg_recorder_authorised(&recorder, &judgement, 7, &circumstances, &sequence), &error);
    machine.authorised_sequence = sequence;
    machine.stop = FG_STOP_TARGET_REACHED;
    CHECK_OK(fg_recorder_ended(&recorder, &judgement, &machine, NULL, &who, &circumstances, &sequence),
             &error);
}

/* What the journal holds at the end. */
struct sum {
    uint64_t entries;
    uint64_t occurrences;
    uint64_t bytes;
};

static struct sum sum_read(struct fg_journal *journal)
{
    struct sum sum = {0};
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;

    fg_journal_close(journal);
    CHECK_INT(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    CHECK_INT(
        sqlite3_prepare_v2(database, "SELECT bytes FROM entry WHERE kind IN (3, 4, 7)", -1, &statement, NULL),
        SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        struct fg_entry entry;
        size_t length = (size_t)sqlite3_column_bytes(statement, 0);

        CHECK_OK(fg_entry_decode(sqlite3_column_blob(statement, 0), length, &entry, &error), &error);
        sum.entries++;
        sum.occurrences += fg_entry_occurrences(&entry);
        sum.bytes += length;
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return sum;
}

struct month {
    const stranger *strangers;
    size_t count;
    unsigned fills_a_day;
    int64_t every_ms; /* from the beginning for so long there is every occurrence */
    uint64_t happened;
};

static void span_run(struct month *month, int64_t span_ms, bool every)
{
    int64_t step_ms = every ? STEP_MS : LATER_STEP_MS;
    int64_t steps = span_ms / step_ms;
    int64_t steps_a_day = DAY_MS / step_ms;
    struct fg_circumstances circumstances = about();

    for (int64_t step = 0; step < steps; step++) {
        now.mono_ms += step_ms;
        now.wall_ms += step_ms;
        fg_recorder_write_pending(&recorder, &circumstances);
        for (size_t i = 0; i < month->count; i++)
            month->happened += month->strangers[i](step, every);
        if (month->fills_a_day > 0 && step % (steps_a_day / month->fills_a_day) == 0)
            fill();
    }
}

static int64_t every_span_ms(int64_t by_default_ms)
{
    const char *days = getenv("MONTH_EVERY_DAYS");
    int64_t span_ms = days == NULL ? by_default_ms : strtoll(days, NULL, 10) * DAY_MS;

    return span_ms < 0 || span_ms > DAYS * DAY_MS ? DAYS * DAY_MS : span_ms;
}

/* Runs all given strangers side by side. */
static void month_run(const char *name, const stranger *strangers, size_t count, unsigned fills_a_day)
{
    struct month month = {.strangers = strangers,
                          .count = count,
                          .fills_a_day = fills_a_day,
                          .every_ms = every_span_ms(count == 1 ? DAY_MS / 4 : DAY_MS)};
    struct fg_journal *journal = begin();
    struct sum sum;

    span_run(&month, month.every_ms, true);
    span_run(&month, DAYS * DAY_MS - month.every_ms, false);
    raise(FG_EVENT_SHUTDOWN, "");
    CHECK(fg_journal_state(journal) != FG_JOURNAL_FULL);
    CHECK(!fg_journal_is_pressed(journal));
    sum = sum_read(journal);
    path_remove();
    printf("    %-32s %9llu occurrences: %6llu entries, %8llu bytes\n", name,
           (unsigned long long)month.happened, (unsigned long long)sum.entries,
           (unsigned long long)sum.bytes);
    CHECK_INT(sum.occurrences, month.happened + 1 + recorder.warned_full); /* and SHUTDOWN */
    CHECK(sum.entries < DAYS * 2500);
}

#define MONTH(name, who)                                                                                     \
    TEST("NO-LOSS: a month of " name " is counted, in few entries")                                          \
    {                                                                                                        \
        const stranger strangers[] = {who};                                                                  \
                                                                                                             \
        month_run(name, strangers, 1, 0);                                                                    \
    }

MONTH("a phone's random UIDs", phone)
MONTH("ever other UIDs", forger)
MONTH("two tags by turns", two_tags)
MONTH("a loose bus wire", loose_wire)
MONTH("a loose reader plug", loose_plug)
MONTH("garbage lists", garbage_lists)
MONTH("an operator's card on the edge", card_on_the_edge)
MONTH("a flapping stop button", stop_button)

TEST("no fill of 500 a day is refused for space in a month of all of these at once")
{
    static const stranger strangers[] = {phone,      forger,        two_tags,         loose_wire,
                                         loose_plug, garbage_lists, card_on_the_edge, stop_button};

    month_run("all at once, 500 fills a day", strangers, sizeof(strangers) / sizeof(strangers[0]),
              FILLS_A_DAY);
}
