/* The clock: quality letters, steps, local days, texts. */
#include "firmware/clock/clock.h"
#include "tests/lib/check.h"

struct fake {
    int64_t wall_ms;
    int64_t mono_ms;
    bool synchronised;
};

static struct fg_error error;

static int64_t fake_wall(void *context)
{
    return ((struct fake *)context)->wall_ms;
}

static int64_t fake_mono(void *context)
{
    return ((struct fake *)context)->mono_ms;
}

static bool fake_synchronised(void *context)
{
    return ((struct fake *)context)->synchronised;
}

static void start(struct fg_clock *clock, struct fake *fake)
{
    struct fg_clock_sources sources = {fake_wall, fake_mono, fake_synchronised, fake};

    fg_clock_start(clock, &sources);
}

TEST("FAIL-CLOSED: a wall time below the floor is unknown, even when the kernel says synchronised")
{
    struct fake fake = {FG_CLOCK_BUILD_MS - 1, 0, true};
    struct fg_clock clock;
    struct fg_clock_now now;

    start(&clock, &fake);
    fg_clock_read(&clock, &now);
    CHECK_INT(now.quality, FG_CLOCK_UNKNOWN);
    fake.wall_ms = FG_CLOCK_BUILD_MS;
    fg_clock_read(&clock, &now);
    CHECK_INT(now.quality, FG_CLOCK_SYNCHRONISED);
    fake.synchronised = false;
    fg_clock_read(&clock, &now);
    CHECK_INT(now.quality, FG_CLOCK_INFORMATIVE);
    fg_clock_raise_floor(&clock, FG_CLOCK_BUILD_MS + 1);
    fg_clock_raise_floor(&clock, 5);
    fg_clock_read(&clock, &now);
    CHECK_INT(now.quality, FG_CLOCK_UNKNOWN);
}

TEST("a step is told once, with its size, and the first reading is none")
{
    struct fake fake = {FG_CLOCK_BUILD_MS, 500, false};
    struct fg_clock clock;
    struct fg_clock_now now;

    start(&clock, &fake);
    fg_clock_read(&clock, &now);
    CHECK_INT(now.step_ms, 0);
    fake.wall_ms += 60000 + FG_CLOCK_STEP_MS - 1;
    fake.mono_ms += 60000;
    fg_clock_read(&clock, &now);
    CHECK_INT(now.step_ms, 0);
    fake.wall_ms -= 3600000;
    fake.mono_ms += 1000;
    fg_clock_read(&clock, &now);
    CHECK_INT(now.step_ms, -3601000);
    fg_clock_read(&clock, &now);
    CHECK_INT(now.step_ms, 0);
}

TEST("the system's clock reads")
{
    struct fg_clock clock;
    struct fg_clock_now now;
    int64_t before_ms = fg_clock_mono_ms();

    fg_clock_start(&clock, NULL);
    fg_clock_read(&clock, &now);
    CHECK(now.mono_ms >= before_ms);
    CHECK(fg_clock_utc_offset_s(now.wall_ms) >= -18 * 3600);
}

TEST("local days begin at local midnight")
{
    CHECK_INT(fg_clock_local_day(0, 0), 0);
    CHECK_INT(fg_clock_local_day(-1, 0), -1);
    CHECK_INT(fg_clock_local_day(16 * 3600000 - 1, 8 * 3600), 0);
    CHECK_INT(fg_clock_local_day(16 * 3600000, 8 * 3600), 1);
    CHECK_INT(fg_clock_day_start_ms(1, 8 * 3600), 16 * 3600000);
    CHECK_INT(fg_clock_local_day(INT64_MAX, 0), INT32_MAX);
    CHECK_INT(fg_clock_local_day(INT64_MIN, 0), INT32_MIN);
}

TEST("texts of days and times, and back")
{
    char day_text[FG_CLOCK_DAY_TEXT];
    char time_text[FG_CLOCK_TIME_TEXT];
    int64_t wall_ms = 0;
    int32_t day = 0;

    fg_clock_day_text(11016, day_text);
    CHECK_TEXT(day_text, "2000-02-29");
    fg_clock_day_text(INT32_MAX, day_text);
    CHECK_TEXT(day_text, "-");
    fg_clock_time_text(INT64_C(951782400000) + 1999, 8 * 3600, time_text);
    CHECK_TEXT(time_text, "2000-02-29T08:00:01+08:00");
    fg_clock_time_text(0, -3600, time_text);
    CHECK_TEXT(time_text, "1969-12-31T23:00:00-01:00");
    fg_clock_time_text(INT64_MAX, 0, time_text);
    CHECK_TEXT(time_text, "-");
    CHECK_OK(fg_clock_day_parse("2000-02-29", &day, &error), &error);
    CHECK_INT(day, 11016);
    CHECK_INT(fg_clock_day_parse("2001-02-29", &day, &error), FG_E_RANGE);
    CHECK_INT(fg_clock_day_parse("2001-13-01", &day, &error), FG_E_RANGE);
    CHECK_INT(fg_clock_day_parse("2001-1-1", &day, &error), FG_E_FORMAT);
    CHECK_INT(fg_clock_day_parse("2001-01-01x", &day, &error), FG_E_FORMAT);
    CHECK_OK(fg_clock_time_parse("2000-02-29T08:00:01+08:00", 0, &wall_ms, &error), &error);
    CHECK_INT(wall_ms, INT64_C(951782401000));
    CHECK_OK(fg_clock_time_parse("2000-02-29 00:00:01Z", 3600, &wall_ms, &error), &error);
    CHECK_INT(wall_ms, INT64_C(951782401000));
    CHECK_OK(fg_clock_time_parse("2000-02-29", 8 * 3600, &wall_ms, &error), &error);
    CHECK_INT(wall_ms, INT64_C(951782400000) - 8 * 3600000);
    CHECK_INT(fg_clock_time_parse("2000-02-29T08:00", 0, &wall_ms, &error), FG_E_FORMAT);
    CHECK_INT(fg_clock_time_parse("2000-02-29T08:00:00+8", 0, &wall_ms, &error), FG_E_FORMAT);
    CHECK_INT(fg_clock_time_parse("2000-02-29T25:00:00Z", 0, &wall_ms, &error), FG_E_RANGE);
}
