/* Which readings of a counter are believed. Relies on: firmware/core/counter.h. */
#include "firmware/core/counter.h"

#include <string.h>

#include "tests/lib/check.h"

#define AGE_MAX_MS 500

static const struct fg_counter_rules rules = {.rise_max_g_min = 60000, .age_max_ms = AGE_MAX_MS};
static struct fg_counter counter;
static int64_t now;

/* One reading, 100 ms after the one before. */
static bool take(int64_t value_g, bool may_settle)
{
    now += 100;
    return fg_counter_take(&counter, &rules, value_g, now, now, may_settle);
}

static int64_t value(void)
{
    int64_t value_g = -1;
    bool is_told = fg_counter_read(&counter, &rules, now, &value_g);

    CHECK_INT(is_told, value_g != -1);
    return value_g;
}

static void begin(void)
{
    memset(&counter, 0, sizeof(counter));
    now = 1000;
    for (int i = 0; i < FG_COUNTER_SETTLED; i++)
        CHECK(!take(5000, true));
    CHECK(fg_counter_is_sure(&counter));
}

TEST("a counter is settled by three readings that are possible after each other, the same one counting once")
{
    memset(&counter, 0, sizeof(counter));
    now = 1000;
    CHECK(!take(5000, true));
    for (int i = 0; i < 10; i++)
        CHECK(!fg_counter_take(&counter, &rules, 5000, now, now, true));
    CHECK(!counter.settled);
    CHECK(!fg_counter_is_sure(&counter));
    CHECK(!take(5001, true));
    CHECK_INT(value(), -1);
    CHECK(!take(5002, true));
    CHECK(fg_counter_is_sure(&counter));
    CHECK_INT(value(), 5002);
}

TEST("a stray reading at the start only begins the settling again, and is not told")
{
    memset(&counter, 0, sizeof(counter));
    now = INT64_C(36000000); /* hours after the start of the machine explain no gas either */
    CHECK(!take(0, true));
    CHECK(!take(5000000, true));
    CHECK(!take(5000000, true));
    CHECK(!counter.settled);
    CHECK(!take(5000000, true));
    CHECK_INT(value(), 5000000);
}

TEST("a counter rises by the greatest flow in the time and one second, not by one gram more")
{
    begin();
    CHECK_INT(fg_counter_rise_max_g(&rules, 100), 1100);
    CHECK(!take(6100, true));
    CHECK_INT(value(), 6100);
    CHECK(!take(7201, true));
    CHECK_INT(value(), 6100);
    CHECK(!fg_counter_is_sure(&counter));
    CHECK(!take(7201, true));
    CHECK_INT(value(), 7201);
    CHECK(!take(7200, true));
    CHECK_INT(value(), 7201);
}

TEST("time before the last reading explains no gas, and more than a day no more than a day")
{
    CHECK_INT(fg_counter_rise_max_g(&rules, -100), 1000);
    CHECK_INT(fg_counter_rise_max_g(&rules, INT64_C(86400000)), 86401000);
    CHECK_INT(fg_counter_rise_max_g(&rules, INT64_C(86400001)), 86401000);
    CHECK_INT(fg_counter_rise_max_g(&rules, INT64_MAX), 86401000);
}

TEST("an impossible reading leaves the accepted one in force until it is too old; then the counter lies, "
     "told once")
{
    begin();
    for (int i = 0; i < 5; i++)
        CHECK(!take(0, false));
    CHECK_INT(value(), 5000);
    CHECK(take(0, false));
    CHECK_INT(value(), -1);
    for (int i = 0; i < 20; i++)
        CHECK(!take(0, false));
    CHECK(counter.lies);
    CHECK(!fg_counter_is_sure(&counter));
}

TEST("a counter that lies stays so while a fill is open, even when it speaks true again")
{
    begin();
    for (int i = 0; i < 6; i++)
        (void)take(0, false);
    for (int i = 0; i < 20; i++)
        CHECK(!take(5000, false));
    CHECK(counter.lies);
    CHECK(!fg_counter_is_sure(&counter));
    CHECK_INT(value(), -1);
    for (int i = 1; i < FG_COUNTER_SETTLED; i++) {
        CHECK(!take(5000, true));
        CHECK(!counter.settled);
    }
    CHECK(!take(5000, true));
    CHECK_INT(value(), 5000);
    CHECK(!counter.lies);
}

TEST("the accepted reading is not read when it is older than any reading may be")
{
    begin();
    now += AGE_MAX_MS;
    CHECK_INT(value(), 5000);
    now++;
    CHECK_INT(value(), -1);
}

TEST("after a silence the rise that the greatest flow explains is accepted")
{
    begin();
    now += 59000;
    CHECK(!take(5000 + 60100, true));
    CHECK_INT(value(), 65100);
}

TEST("the same reading seen again changes nothing, and a counter is not settled while a fill is open")
{
    begin();
    CHECK(!fg_counter_take(&counter, &rules, 5000, now, now, true));
    CHECK(fg_counter_is_sure(&counter));
    (void)take(0, true);
    CHECK(!fg_counter_take(&counter, &rules, 0, now, now, true));
    CHECK(!fg_counter_is_sure(&counter));
    memset(&counter, 0, sizeof(counter));
    for (int i = 0; i < 10; i++)
        CHECK(!take(5000, false));
    CHECK(!counter.settled);
}

TEST("FAIL-CLOSED: another value of the same time is an impossible reading, not the one that was accepted")
{
    begin();
    CHECK(!fg_counter_take(&counter, &rules, 0, now, now, true));
    CHECK(!fg_counter_is_sure(&counter));
    CHECK_INT(value(), 5000);
}

TEST(
    "a counter that begins at nothing, at the machine's first millisecond, is settled by three readings, too")
{
    memset(&counter, 0, sizeof(counter));
    for (now = 0; now < FG_COUNTER_SETTLED; now++) {
        CHECK(!counter.settled);
        CHECK(!fg_counter_take(&counter, &rules, 0, now, now, true));
    }
    CHECK(fg_counter_is_sure(&counter));
}
