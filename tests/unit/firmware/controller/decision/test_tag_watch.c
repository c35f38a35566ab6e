/* What is due with the tag in the field, on played reports. */
#include <string.h>

#include "firmware/controller/decision/tag_watch.h"
#include "tests/lib/check.h"

static struct fg_tag_watch watch;
static int64_t mono_ms;

static struct fg_uid uid_of(uint8_t number)
{
    return (struct fg_uid){7, {4, 1, 2, 3, 4, 5, number}};
}

static void begin(void)
{
    static const struct fg_presence_settings settings = {.misses_max = 4, .silence_max_ms = 400};

    mono_ms = 1000;
    fg_tag_watch_start(&watch, &settings);
}

static enum fg_tag_change report(uint8_t kind, uint8_t tag_count, uint8_t number,
                                 const struct fg_uid *fill_uid)
{
    struct fg_reader_report one = {.kind = kind, .tag_count = tag_count, .complete = true};

    if (tag_count == 1)
        one.uid = uid_of(number);
    mono_ms += 20;
    return fg_tag_watch_report(&watch, &one, fill_uid, mono_ms);
}

static enum fg_tag_change poll(uint8_t tag_count, uint8_t number, const struct fg_uid *fill_uid)
{
    return report(FG_READER_POLL, tag_count, number, fill_uid);
}

/* A tag arrives and is read; the question for a card is asked. */
static void arrive(uint8_t number)
{
    CHECK_INT(poll(1, number, NULL), FG_TAG_OTHER);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_CARD);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
    CHECK_INT(report(FG_READER_TAG, 1, number, NULL), FG_TAG_UNCHANGED);
}

static void leave(void)
{
    for (int i = 0; i < 3; i++)
        CHECK_INT(poll(0, 0, NULL), FG_TAG_UNCHANGED);
    CHECK_INT(poll(0, 0, NULL), FG_TAG_GONE);
}

TEST("a tag is a card or is scanned, each asked once per arrival; a card is not scanned")
{
    begin();
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
    arrive(1);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_SCAN);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
    leave();
    CHECK_INT(poll(1, 1, NULL), FG_TAG_OTHER);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_CARD);
    fg_tag_watch_done(&watch);
    CHECK_INT(report(FG_READER_TAG, 1, 1, NULL), FG_TAG_UNCHANGED);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
}

TEST("a tag that comes back is decided on by what is read now, not by what was read before it left")
{
    begin();
    arrive(1);
    leave();
    CHECK_INT(poll(1, 1, NULL), FG_TAG_OTHER);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_CARD);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms + 499), FG_TAG_DUE_NOTHING);
    CHECK_INT(report(FG_READER_TAG, 1, 1, NULL), FG_TAG_UNCHANGED);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_SCAN);
}

TEST("a reading that does not come is asked for after 300 ms, and again after as long")
{
    struct fg_uid wanted;

    begin();
    CHECK_INT(poll(1, 1, NULL), FG_TAG_OTHER);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_CARD);
    for (int64_t at_ms = mono_ms + 300; at_ms <= mono_ms + 900; at_ms += 300) {
        CHECK_INT(fg_tag_watch_due(&watch, at_ms - 1), FG_TAG_DUE_NOTHING);
        CHECK(!fg_tag_watch_wants_reading(&watch, &wanted, at_ms - 1));
        CHECK_INT(fg_tag_watch_due(&watch, at_ms), FG_TAG_DUE_NOTHING);
        CHECK(fg_tag_watch_wants_reading(&watch, &wanted, at_ms));
        CHECK_INT(wanted.bytes[6], 1);
        CHECK(!fg_tag_watch_wants_reading(&watch, &wanted, at_ms));
    }
}

TEST("CLONES-SHOW: the memory of one tag never counts for another")
{
    begin();
    arrive(1);
    CHECK(fg_tag_watch_memory(&watch) != NULL);
    CHECK_INT(poll(1, 2, NULL), FG_TAG_OTHER);
    CHECK(fg_tag_watch_memory(&watch) == NULL);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_CARD);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms + 10000), FG_TAG_DUE_NOTHING);
}

TEST("FAIL-CLOSED: a fill sees its own tag, another one, and none; a fill without a tag knows none")
{
    struct fg_uid own = uid_of(1);
    struct fg_uid none = {0};

    begin();
    CHECK_INT(poll(1, 1, &own), FG_TAG_SAME);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
    CHECK_INT(poll(1, 2, &own), FG_TAG_OTHER);
    begin();
    CHECK_INT(poll(1, 1, &none), FG_TAG_OTHER);
    CHECK_INT(fg_tag_watch_tick(&watch, &none, mono_ms + 300), FG_TAG_UNCHANGED);
    CHECK_INT(fg_tag_watch_tick(&watch, &none, mono_ms + 500), FG_TAG_GONE);
    CHECK(!fg_tag_watch_is_present(&watch));
}

TEST("two tags are refused once, until the field was empty")
{
    begin();
    CHECK_INT(poll(2, 0, NULL), FG_TAG_UNCHANGED);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_TWO);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
    (void)poll(2, 0, NULL);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
    (void)poll(0, 0, NULL);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
    (void)poll(2, 0, NULL);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_TWO);
}

TEST("a refusal is about what is in the field: it goes with the tag, and nobody else brings it")
{
    begin();
    arrive(1);
    CHECK(!watch.refused);
    fg_tag_watch_refused(&watch, true);
    (void)poll(0, 0, NULL);
    CHECK(watch.refused);
    (void)poll(1, 1, NULL);
    CHECK(watch.refused);
    leave();
    CHECK(!watch.refused);
    (void)poll(0, 0, NULL);
    CHECK(!watch.refused);
    arrive(2);
    (void)poll(0, 0, NULL);
    CHECK(!watch.refused);
}

TEST("FAIL-CLOSED: a reader that fails sees no tag, and says why until it is back")
{
    struct fg_reader_report fault = {.kind = FG_READER_FAULT, .text = "port gone"};

    begin();
    arrive(1);
    CHECK_INT(fg_tag_watch_report(&watch, &fault, NULL, mono_ms), FG_TAG_GONE);
    CHECK(!watch.reader_up);
    CHECK_TEXT(watch.reader_text, "port gone");
    CHECK_INT(report(FG_READER_BACK, 0, 0, NULL), FG_TAG_UNCHANGED);
    CHECK(watch.reader_up);
    CHECK_TEXT(watch.reader_text, "");
}

TEST("a tag that could not be read is due again when it can be, and not before")
{
    struct fg_reader_report bad = {.kind = FG_READER_TAG, .tag_count = 1, .uid = uid_of(1)};

    begin();
    CHECK_INT(poll(1, 1, NULL), FG_TAG_OTHER);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_CARD);
    (void)fg_tag_watch_report(&watch, &bad, NULL, mono_ms);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_SCAN);
    (void)fg_tag_watch_report(&watch, &bad, NULL, mono_ms);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
    CHECK_INT(report(FG_READER_TAG, 1, 1, NULL), FG_TAG_UNCHANGED);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_SCAN);
    CHECK_INT(report(FG_READER_TAG, 1, 1, NULL), FG_TAG_UNCHANGED);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
}

TEST("a scan that is asked for again waits for what is read then, and asks for it at once and every 300 ms")
{
    struct fg_uid wanted;

    begin();
    arrive(1);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_SCAN);
    fg_tag_watch_scan_again(&watch, mono_ms);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
    CHECK(fg_tag_watch_wants_reading(&watch, &wanted, mono_ms));
    CHECK_INT(wanted.bytes[6], 1);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms + 299), FG_TAG_DUE_NOTHING);
    CHECK(!fg_tag_watch_wants_reading(&watch, &wanted, mono_ms + 299));
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms + 300), FG_TAG_DUE_NOTHING);
    CHECK(fg_tag_watch_wants_reading(&watch, &wanted, mono_ms + 300));
    CHECK_INT(report(FG_READER_TAG, 1, 1, NULL), FG_TAG_UNCHANGED);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_SCAN);
    fg_tag_watch_scan_again(&watch, mono_ms);
    leave();
    CHECK(!fg_tag_watch_wants_reading(&watch, &wanted, mono_ms));
}

TEST("with nothing in the field nothing is done with, and the next tag is due")
{
    begin();
    fg_tag_watch_done(&watch);
    CHECK(!watch.done);
    CHECK(fg_tag_watch_memory(&watch) == NULL);
    arrive(1);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_SCAN);
    fg_tag_watch_done(&watch);
    leave();
    CHECK(fg_tag_watch_memory(&watch) == NULL);
    arrive(1);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_SCAN);
}

TEST("two tags are over when the reader fails, or sees one, and beside a tag that is known they are a miss")
{
    struct fg_reader_report fault = {.kind = FG_READER_FAULT, .text = "gone"};
    const struct fg_uid own = uid_of(1);

    begin();
    (void)poll(2, 0, NULL);
    (void)fg_tag_watch_report(&watch, &fault, NULL, mono_ms);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_NOTHING);
    (void)poll(2, 0, NULL);
    CHECK(watch.reader_up);
    CHECK_TEXT(watch.reader_text, "");
    (void)poll(1, 1, NULL);
    CHECK_INT(fg_tag_watch_due(&watch, mono_ms), FG_TAG_DUE_CARD);
    begin();
    CHECK_INT(poll(1, 1, &own), FG_TAG_SAME);
    for (int i = 0; i < 3; i++)
        CHECK_INT(poll(2, 0, &own), FG_TAG_UNCHANGED);
    CHECK_INT(poll(2, 0, &own), FG_TAG_GONE);
}

TEST("a refusal stays through a miss, not for a tag that comes in the refused one's place")
{
    begin();
    arrive(1);
    fg_tag_watch_refused(&watch, true);
    (void)poll(1, 2, NULL);
    CHECK(!watch.refused);
    fg_tag_watch_refused(&watch, true);
    (void)poll(2, 0, NULL);
    CHECK(watch.refused);
    fg_tag_watch_refused(&watch, false);
    CHECK(!watch.refused);
}
