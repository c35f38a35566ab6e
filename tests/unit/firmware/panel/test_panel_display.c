/* The panel's one word, as a table of what is told one after another and what is shown. */
#include "firmware/panel/panel_display.h"

#include <string.h>

#include "firmware/core/fill.h"
#include "tests/lib/check.h"

static struct fg_panel_memory memory;
static struct fg_control_state state;

/* A point that is ready, with somebody signed in, seen once at time 0. */
static void begin(void)
{
    memset(&memory, 0, sizeof(memory));
    memset(&state, 0, sizeof(state));
    state.boot = 3;
    state.list_state = FG_LIST_IN_FORCE;
    state.clock_quality = FG_CLOCK_SYNCHRONISED;
    state.wall_ms = 1000;
    state.reader_up = true;
    memcpy(state.operator_id, "op-1", 5);
    CHECK_TEXT(fg_panel_display_name(fg_panel_display_step(&memory, &state, 0)), "READY");
}

static const char *at(int64_t now_mono_ms)
{
    return fg_panel_display_name(fg_panel_display_step(&memory, &state, now_mono_ms));
}

static void put_tag(uint8_t number)
{
    state.tag_present = number != 0;
    state.uid.length = number != 0 ? 7 : 0;
    memset(state.uid.bytes, number, sizeof(state.uid.bytes));
}

static void decide(uint8_t reason)
{
    state.decisions++;
    state.reasons.count = reason != 0;
    state.reasons.reasons[0] = reason;
}

TEST("in a fill the phase is the word, whatever else is wrong")
{
    static const struct {
        uint8_t phase;
        const char *word;
    } rows[] = {{FG_FILL_PRE_CHECK, "PRE_CHECK"}, {FG_FILL_AUTHORISING, "AUTHORISING"},
                {FG_FILL_FILLING, "FILLING"},     {FG_FILL_SUSPENDED, "SUSPENDED"},
                {FG_FILL_CLOSING, "CLOSING"},     {FG_FILL_POST_CHECK, "POST_CHECK"},
                {FG_FILL_RECORDING, "CLOSING"},   {99, "CLOSING"}};

    begin();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        state.phase = rows[i].phase;
        state.device_fault = true;
        state.locked_out = true;
        state.emergency_stop = true;
        CHECK_TEXT(at(1), rows[i].word);
    }
    state.phase = FG_FILL_RECORDING;
    state.post_checks_wanted = 1;
    CHECK_TEXT(at(2), "POST_CHECK");
}

TEST("what keeps an idle point from filling is the word")
{
    begin();
    state.operator_id[0] = '\0';
    CHECK_TEXT(at(1), "SIGN_IN");
    state.device_fault = true;
    CHECK_TEXT(at(2), "FAULT");
    state.device_fault = false;
    state.emergency_stop = true;
    CHECK_TEXT(at(3), "FAULT");
    state.emergency_stop = false;
    state.list_state = FG_LIST_ROLLED_BACK;
    CHECK_TEXT(at(4), "FAULT");
    state.list_state = FG_LIST_IN_FORCE;
    state.list_expires_ms = 1000;
    CHECK_TEXT(at(5), "FAULT");
    state.list_expires_ms = 1001;
    CHECK_TEXT(at(6), "SIGN_IN");
    state.journal_state = FG_JOURNAL_WARN;
    CHECK_TEXT(at(7), "SIGN_IN");
    state.journal_state = FG_JOURNAL_FULL;
    CHECK_TEXT(at(8), "FAULT");
    state.journal_state = FG_JOURNAL_OK;
    state.clock_quality = FG_CLOCK_UNKNOWN;
    CHECK_TEXT(at(9), "FAULT");
    state.clock_quality = FG_CLOCK_INFORMATIVE;
    state.point_blocked = true;
    CHECK_TEXT(at(10), "LOCKED");
    state.point_blocked = false;
    state.locked_out = true;
    CHECK_TEXT(at(11), "LOCKED");
}

TEST("a tag is checked, refused while it lies there and 5 s more")
{
    begin();
    put_tag(1);
    CHECK_TEXT(at(1000), "CHECKING");
    decide(FG_REASON_SCRAPPED);
    CHECK_TEXT(at(1100), "REFUSED");
    CHECK_TEXT(at(60000), "REFUSED");
    put_tag(0);
    CHECK_TEXT(at(60100), "REFUSED");
    CHECK_TEXT(at(64999), "REFUSED");
    CHECK_TEXT(at(65000), "READY");
}

TEST("the next tag ends a refusal's time, and a decision without a tag has its own")
{
    begin();
    put_tag(1);
    decide(FG_REASON_SCRAPPED);
    CHECK_TEXT(at(1000), "REFUSED");
    put_tag(2);
    CHECK_TEXT(at(1100), "CHECKING");
    put_tag(0);
    CHECK_TEXT(at(1200), "READY");
    decide(FG_REASON_NOT_LISTED);
    CHECK_TEXT(at(2000), "REFUSED");
    CHECK_TEXT(at(6999), "REFUSED");
    CHECK_TEXT(at(7000), "READY");
}

TEST("a refusal is shown before the fault that it names; the fault after it")
{
    begin();
    put_tag(1);
    state.locked_out = true;
    decide(FG_REASON_POINT_LOCKED_OUT);
    CHECK_TEXT(at(1000), "REFUSED");
    put_tag(0);
    CHECK_TEXT(at(7000), "LOCKED");
}

TEST("a tag on which nobody decides is checked for 5 s at most")
{
    begin();
    put_tag(1);
    CHECK_TEXT(at(1000), "CHECKING");
    CHECK_TEXT(at(5999), "CHECKING");
    CHECK_TEXT(at(6000), "READY");
}

TEST("a finished fill is shown for 10 s, or until the next tag")
{
    begin();
    put_tag(1);
    decide(0);
    state.phase = FG_FILL_FILLING;
    CHECK_TEXT(at(1000), "FILLING");
    state.phase = FG_FILL_IDLE;
    state.fills_ended = 1;
    CHECK_TEXT(at(2000), "DONE");
    put_tag(0);
    CHECK_TEXT(at(11999), "DONE");
    CHECK_TEXT(at(12000), "READY");
    state.fills_ended = 2;
    CHECK_TEXT(at(13000), "DONE");
    put_tag(2);
    CHECK_TEXT(at(13100), "CHECKING");
    decide(0);
    state.phase = FG_FILL_PRE_CHECK;
    CHECK_TEXT(at(13200), "PRE_CHECK");
    state.phase = FG_FILL_IDLE;
    CHECK_TEXT(at(13300), "READY");
}

TEST("a fault ends the show of a finished fill")
{
    begin();
    state.fills_ended = 1;
    CHECK_TEXT(at(1000), "DONE");
    state.emergency_stop = true;
    CHECK_TEXT(at(1100), "FAULT");
}

TEST("a controller that has just started is given 10 s for its devices, but not when one is down")
{
    begin();
    state.boot = 4;
    state.device_fault = true;
    state.device_count = 2;
    state.devices[0].link = 2;
    state.devices[1].link = 1;
    CHECK_TEXT(at(1000), "STARTING");
    CHECK_TEXT(at(10999), "STARTING");
    CHECK_TEXT(at(11000), "FAULT");
    state.boot = 5;
    CHECK_TEXT(at(20000), "STARTING");
    state.devices[0].link = 0;
    CHECK_TEXT(at(20001), "FAULT");
}

TEST("a reader that comes back within 3 s is no fault")
{
    begin();
    state.reader_up = false;
    state.reader_restarts = 1;
    CHECK_TEXT(at(1000), "READY");
    state.reader_up = true;
    CHECK_TEXT(at(3500), "READY");
    state.reader_up = false;
    CHECK_TEXT(at(4000), "READY");
    CHECK_TEXT(at(7000), "FAULT");
}

TEST("a panel that comes up late shows a refusal that still lies there, but no old fill's end")
{
    begin();
    memset(&memory, 0, sizeof(memory));
    state.decisions = 7;
    state.reasons.count = 1;
    state.reasons.reasons[0] = FG_REASON_LOST;
    state.fills_ended = 9;
    CHECK_TEXT(at(50000), "READY");
    memset(&memory, 0, sizeof(memory));
    put_tag(1);
    CHECK_TEXT(at(50000), "REFUSED");
}

TEST("every word has a name")
{
    CHECK_TEXT(fg_panel_display_name((enum fg_panel_display)99), "?");
    for (int i = 0; i < FG_PANEL_DISPLAY_COUNT; i++)
        CHECK(fg_panel_display_name((enum fg_panel_display)i)[0] != '?');
}
