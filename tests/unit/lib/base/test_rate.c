/* Rates: what is there at once, what comes back, and that nothing is lost or won on the way. */
#include "lib/base/rate.h"
#include "tests/lib/check.h"

static unsigned taken(struct fg_rate_bucket *bucket, const struct fg_rate *rate, int64_t now_mono_ms)
{
    unsigned count = 0;

    while (count < 1000 && fg_rate_take(bucket, rate, now_mono_ms))
        count++;
    return count;
}

TEST("so many at once and so many a period, and never more than full")
{
    const struct fg_rate rate = {.at_once = 3, .count = 10, .period_ms = 1000};
    struct fg_rate_bucket bucket = {0};

    CHECK_INT(taken(&bucket, &rate, 1000), 3);
    CHECK_INT(taken(&bucket, &rate, 1099), 0);
    CHECK_INT(taken(&bucket, &rate, 1100), 1);
    CHECK_INT(taken(&bucket, &rate, 1300), 2);
    CHECK_INT(taken(&bucket, &rate, INT64_C(9000000000000)), 3);
    CHECK_INT(taken(&bucket, &rate, INT64_MAX / 2), 3);
}

TEST("one who asks without end is let in as often as one who waits")
{
    const struct fg_rate rate = {.at_once = 1, .count = 6, .period_ms = 60000};
    struct fg_rate_bucket bucket = {0};
    unsigned count = 0;

    for (int64_t now_ms = 1; now_ms <= 60001; now_ms++)
        count += fg_rate_take(&bucket, &rate, now_ms);
    CHECK_INT(count, 7);
}

TEST("a clock that stands still or goes back gives nothing, and takes nothing")
{
    const struct fg_rate rate = {.at_once = 2, .count = 1, .period_ms = 100};
    struct fg_rate_bucket bucket = {0};

    CHECK_INT(taken(&bucket, &rate, 1000), 2);
    CHECK_INT(taken(&bucket, &rate, 1000), 0);
    CHECK_INT(taken(&bucket, &rate, 10), 0);
    CHECK_INT(taken(&bucket, &rate, 1099), 0);
    CHECK_INT(taken(&bucket, &rate, 1100), 1);
}

TEST("what was used beyond what was there comes off what comes back")
{
    const struct fg_rate rate = {.at_once = 10, .count = 10, .period_ms = 1000};
    struct fg_rate_bucket bucket = {0};

    fg_rate_use(&bucket, &rate, 15, 0);
    CHECK(!fg_rate_is_left(&bucket, &rate, 599));
    CHECK(fg_rate_is_left(&bucket, &rate, 600));
    fg_rate_use(&bucket, &rate, 1, 600);
    CHECK(!fg_rate_is_left(&bucket, &rate, 600));
    CHECK(fg_rate_is_left(&bucket, &rate, 700));
}

TEST("what is given back can be taken again, but never makes more than full")
{
    const struct fg_rate rate = {.at_once = 2, .count = 1, .period_ms = 1000};
    struct fg_rate_bucket bucket = {0};

    fg_rate_give(&bucket, &rate); /* nothing was taken yet */
    CHECK_INT(taken(&bucket, &rate, 5), 2);
    fg_rate_give(&bucket, &rate);
    CHECK_INT(taken(&bucket, &rate, 5), 1);
    for (int i = 0; i < 5; i++)
        fg_rate_give(&bucket, &rate);
    CHECK_INT(taken(&bucket, &rate, 5), 2);
}

TEST("the largest rates do not overflow")
{
    const struct fg_rate rate = {
        .at_once = UINT64_C(1) << 36, .count = UINT64_C(1) << 36, .period_ms = 86400000};
    struct fg_rate_bucket bucket = {0};

    fg_rate_use(&bucket, &rate, UINT64_C(1) << 36, 1);
    CHECK(!fg_rate_is_left(&bucket, &rate, 1));
    CHECK(fg_rate_is_left(&bucket, &rate, 2)); /* 795 bytes a millisecond */
    fg_rate_refill(&bucket, &rate, INT64_MAX / 2);
    CHECK_INT(bucket.level, INT64_C(86400000) << 36);
}
