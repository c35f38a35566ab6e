/* The clock: quality letters, steps, local days, texts. */
#include "firmware/clock/clock.h"
#include "tests/lib/check.h"

#define NOW_MS INT64_C(1795000000000) /* 2026-11-18 */
#define DAY_MS INT64_C(86400000)

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

static uint8_t quality_at(struct fg_clock *clock, struct fake *fake, int64_t wall_ms, bool synchronised)
{
    struct fg_clock_now now;

    fake->wall_ms = wall_ms;
    fake->synchronised = synchronised;
    fg_clock_read(clock, &now);
    CHECK_INT(now.wall_ms, wall_ms);
    return now.quality;
}

static int64_t ahead_by(struct fg_clock *clock)
{
    struct fg_clock_now now;

    fg_clock_read(clock, &now);
    return now.bureau_ms;
}

TEST("FAIL-CLOSED: a wall time below the floor is unknown, even when the kernel says synchronised")
{
    struct fake fake = {0};
    struct fg_clock clock;

    start(&clock, &fake);
    CHECK_INT(quality_at(&clock, &fake, FG_CLOCK_BUILD_MS - FG_CLOCK_STEP_MS - 1, true), FG_CLOCK_UNKNOWN);
    CHECK_INT(quality_at(&clock, &fake, FG_CLOCK_BUILD_MS - FG_CLOCK_STEP_MS - 1, false), FG_CLOCK_UNKNOWN);
    CHECK_INT(quality_at(&clock, &fake, FG_CLOCK_BUILD_MS, true), FG_CLOCK_SYNCHRONISED);
    CHECK_INT(quality_at(&clock, &fake, FG_CLOCK_BUILD_MS, false), FG_CLOCK_INFORMATIVE);
    fg_clock_vouch(&clock, NOW_MS);
    fg_clock_vouch(&clock, 5);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - FG_CLOCK_STEP_MS - 1, true), FG_CLOCK_UNKNOWN);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - FG_CLOCK_STEP_MS - 1, false), FG_CLOCK_UNKNOWN);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - FG_CLOCK_STEP_MS, true), FG_CLOCK_SYNCHRONISED);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, false), FG_CLOCK_INFORMATIVE);
}

TEST("FAIL-CLOSED: a clock that is set back below an entry of the same run is not trusted")
{
    struct fake fake = {0};
    struct fg_clock clock;

    start(&clock, &fake);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, false), FG_CLOCK_INFORMATIVE);
    fg_clock_entry(&clock, NOW_MS, FG_CLOCK_INFORMATIVE);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - DAY_MS, false), FG_CLOCK_UNKNOWN);
    /* An entry written meanwhile vouches for nothing and lowers nothing. */
    fg_clock_entry(&clock, NOW_MS - DAY_MS, FG_CLOCK_UNKNOWN);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - DAY_MS, false), FG_CLOCK_UNKNOWN);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, false), FG_CLOCK_INFORMATIVE);
    fg_clock_entry(&clock, NOW_MS, FG_CLOCK_SYNCHRONISED);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - DAY_MS, true), FG_CLOCK_UNKNOWN);
}

TEST("an entry of unknown quality raises nothing")
{
    struct fake fake = {0};
    struct fg_clock clock;

    start(&clock, &fake);
    fg_clock_entry(&clock, NOW_MS + 9 * 365 * DAY_MS, FG_CLOCK_UNKNOWN);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, false), FG_CLOCK_INFORMATIVE);
}

TEST("a run in 2035 without synchronisation ends with the right time: synchronised at once, else after a "
     "restart")
{
    struct fake fake = {0};
    struct fg_clock clock;
    int64_t far_ms = NOW_MS + 9 * 365 * DAY_MS;

    start(&clock, &fake);
    CHECK_INT(quality_at(&clock, &fake, far_ms, false), FG_CLOCK_INFORMATIVE);
    fg_clock_entry(&clock, far_ms, FG_CLOCK_INFORMATIVE);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, false), FG_CLOCK_UNKNOWN);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, true), FG_CLOCK_SYNCHRONISED);
    /* Synchronisation lost: the run goes on from there, and not from before. */
    CHECK_INT(quality_at(&clock, &fake, NOW_MS + 1000, false), FG_CLOCK_INFORMATIVE);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - DAY_MS, false), FG_CLOCK_UNKNOWN);
    start(&clock, &fake);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, false), FG_CLOCK_INFORMATIVE);
}

TEST("a manifest from the future is told as the bureau's fault by a synchronised clock, and is no floor")
{
    static const int64_t aheads_ms[] = {600000, 300 * DAY_MS};
    struct fake fake = {0};
    struct fg_clock clock;

    for (size_t i = 0; i < 2; i++) {
        start(&clock, &fake);
        fg_clock_signed(&clock, NOW_MS + aheads_ms[i], false);
        CHECK_INT(quality_at(&clock, &fake, NOW_MS, true), FG_CLOCK_SYNCHRONISED);
        CHECK_INT(ahead_by(&clock), aheads_ms[i]);
        /* Judged once, it proves nothing when synchronisation is lost either. */
        CHECK_INT(quality_at(&clock, &fake, NOW_MS + 1000, false), FG_CLOCK_INFORMATIVE);
        fg_clock_signed(&clock, NOW_MS + aheads_ms[i], false);
        CHECK_INT(quality_at(&clock, &fake, NOW_MS + 1000, false), FG_CLOCK_INFORMATIVE);
        /* The next one is in time: nothing is told any more, and it is a floor. */
        fg_clock_signed(&clock, NOW_MS + 500, false);
        CHECK_INT(ahead_by(&clock), 0);
        CHECK_INT(quality_at(&clock, &fake, NOW_MS + 1000, true), FG_CLOCK_SYNCHRONISED);
        CHECK_INT(ahead_by(&clock), 0);
        CHECK_INT(quality_at(&clock, &fake, NOW_MS - FG_CLOCK_STEP_MS, true), FG_CLOCK_UNKNOWN);
    }
}

TEST("a manifest that is ahead is not told any more once its time has come")
{
    struct fake fake = {0};
    struct fg_clock clock;

    start(&clock, &fake);
    fg_clock_signed(&clock, NOW_MS + 600000, false);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, true), FG_CLOCK_SYNCHRONISED);
    CHECK(ahead_by(&clock) > 0);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS + 600000 - FG_CLOCK_AHEAD_MS, true), FG_CLOCK_SYNCHRONISED);
    CHECK_INT(ahead_by(&clock), 0);
}

TEST("a manifest within the tolerance is no fault and vouches for no more than the clock that judged it")
{
    struct fake fake = {0};
    struct fg_clock clock;

    start(&clock, &fake);
    fg_clock_signed(&clock, NOW_MS + FG_CLOCK_AHEAD_MS, false);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, true), FG_CLOCK_SYNCHRONISED);
    CHECK_INT(ahead_by(&clock), 0);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, false), FG_CLOCK_INFORMATIVE);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - FG_CLOCK_STEP_MS - 1, true), FG_CLOCK_UNKNOWN);
}

TEST("FAIL-CLOSED: an unsynchronised clock far slower than the manifest in force is not trusted")
{
    struct fake fake = {0};
    struct fg_clock clock;

    start(&clock, &fake);
    fg_clock_signed(&clock, NOW_MS, false);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - 30 * DAY_MS, false), FG_CLOCK_UNKNOWN);
    CHECK_INT(ahead_by(&clock), 0);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - FG_CLOCK_BEHIND_MS - FG_CLOCK_STEP_MS - 1, false),
              FG_CLOCK_UNKNOWN);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - FG_CLOCK_BEHIND_MS, false), FG_CLOCK_INFORMATIVE);
    /* Nothing was judged: the next manifest replaces what this one says. */
    fg_clock_signed(&clock, NOW_MS - 30 * DAY_MS, false);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - 30 * DAY_MS, false), FG_CLOCK_INFORMATIVE);
}

TEST("a manifest that the journal shows ahead of a synchronised time is no floor after a restart either")
{
    struct fake fake = {0};
    struct fg_clock clock;

    start(&clock, &fake);
    fg_clock_vouch(&clock, NOW_MS);
    fg_clock_signed(&clock, NOW_MS + 300 * DAY_MS, true);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS + DAY_MS, false), FG_CLOCK_INFORMATIVE);
    CHECK_INT(ahead_by(&clock), 300 * DAY_MS);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - DAY_MS, false), FG_CLOCK_UNKNOWN);
}

TEST("a clock statement takes the floor back, never up, and never below the build")
{
    struct fake fake = {0};
    struct fg_clock clock;
    int64_t far_ms = NOW_MS + 9 * 365 * DAY_MS;

    start(&clock, &fake);
    fg_clock_entry(&clock, far_ms, FG_CLOCK_INFORMATIVE);
    fg_clock_entry(&clock, far_ms, FG_CLOCK_SYNCHRONISED);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, true), FG_CLOCK_UNKNOWN);
    fg_clock_lower(&clock, NOW_MS);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, true), FG_CLOCK_SYNCHRONISED);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, false), FG_CLOCK_INFORMATIVE);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS - DAY_MS, true), FG_CLOCK_UNKNOWN);
    fg_clock_lower(&clock, far_ms);
    CHECK_INT(quality_at(&clock, &fake, NOW_MS, true), FG_CLOCK_SYNCHRONISED);
    fg_clock_lower(&clock, 0);
    CHECK_INT(quality_at(&clock, &fake, FG_CLOCK_BUILD_MS - DAY_MS, true), FG_CLOCK_UNKNOWN);
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
