/* Waiting after failures: how it grows, where it ends, and how far chance goes. */
#include "lib/base/backoff.h"
#include "tests/lib/check.h"

TEST("the wait doubles with each failure from its least to its bound")
{
    CHECK_INT(fg_backoff_ms(1, 1000, 60000, 0), 1000);
    CHECK_INT(fg_backoff_ms(2, 1000, 60000, 0), 2000);
    CHECK_INT(fg_backoff_ms(6, 1000, 60000, 0), 32000);
    CHECK_INT(fg_backoff_ms(7, 1000, 60000, 0), 60000);
    CHECK_INT(fg_backoff_ms(1, 1000, 500, 0), 500);
    CHECK_INT(fg_backoff_ms(1, 0, 60000, 0), 1);
    CHECK_INT(fg_backoff_ms(UINT32_MAX, 1, UINT32_MAX, 0), UINT32_MAX);
}

TEST("chance takes up to one half off the wait, and no more")
{
    uint32_t least = UINT32_MAX;

    CHECK_INT(fg_backoff_ms(1, 1000, 60000, 500), 500);
    for (uint32_t random = 0; random < 100000; random += 37) {
        uint32_t wait_ms = fg_backoff_ms(3, 1000, 60000, random);

        CHECK(wait_ms >= 2000 && wait_ms <= 4000);
        least = wait_ms < least ? wait_ms : least;
    }
    CHECK(least < 2100);
}

TEST("the wait counts from the failure and is over to the millisecond")
{
    struct fg_backoff backoff = {0};

    CHECK(fg_backoff_is_over(&backoff, 0));
    fg_backoff_fail(&backoff, 100, 300, 50, 0);
    CHECK_INT(backoff.until_mono_ms, 150);
    CHECK(!fg_backoff_is_over(&backoff, 149));
    CHECK(fg_backoff_is_over(&backoff, 150));
    fg_backoff_fail(&backoff, 100, 300, 150, 0);
    CHECK_INT(backoff.until_mono_ms, 350);
    fg_backoff_fail(&backoff, 100, 300, 350, 0);
    CHECK_INT(backoff.until_mono_ms, 650);
    CHECK_INT(backoff.failures, 3);
}

TEST("failures beyond counting still wait, and a success forgets them")
{
    struct fg_backoff backoff = {.failures = UINT32_MAX};

    fg_backoff_fail(&backoff, 1, 60000, 0, 0);
    CHECK_INT(backoff.failures, UINT32_MAX);
    CHECK_INT(backoff.until_mono_ms, 60000);
    backoff = (struct fg_backoff){.failures = 0, .until_mono_ms = 99};
    CHECK(fg_backoff_is_over(&backoff, 1));
}
