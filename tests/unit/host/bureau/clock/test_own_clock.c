/* What speaks against the bureau's own clock: the kernel's word, and leaps while the program runs. What the
 * database says is in test_record.c and test_alarms.c. */
#include "host/bureau/clock/own_clock.h"

#include "tests/lib/check.h"

#define WALL_MS INT64_C(1790000000000)

TEST("a clock that the kernel calls synchronised and that did not leap is not doubted")
{
    struct fg_own_clock clock = {.started = false};
    char doubt[FG_OWN_CLOCK_DOUBT_BYTES];

    for (int64_t at_ms = 0; at_ms < 600000; at_ms += 500)
        fg_own_clock_look(&clock, WALL_MS + at_ms + at_ms / 2000, at_ms); /* slewed by 500 ppm */
    CHECK(!fg_own_clock_doubt(&clock, true, 600000, doubt));
    CHECK(!fg_own_clock_doubt(NULL, true, 600000, doubt));
    CHECK(fg_own_clock_doubt(&clock, false, 600000, doubt));
    CHECK_HAS(doubt, "not synchronised");
}

TEST("a leap either way is named for an hour, also when the kernel calls the clock synchronised")
{
    static const int64_t leaps_ms[] = {7200000, -7200000, 6000, -6000};
    char doubt[FG_OWN_CLOCK_DOUBT_BYTES];

    for (size_t i = 0; i < sizeof(leaps_ms) / sizeof(leaps_ms[0]); i++) {
        struct fg_own_clock clock = {.started = false};

        fg_own_clock_look(&clock, WALL_MS, 1000);
        fg_own_clock_look(&clock, WALL_MS + 500 + leaps_ms[i], 1500);
        fg_own_clock_look(&clock, WALL_MS + 1000 + leaps_ms[i], 2000);
        CHECK(fg_own_clock_doubt(&clock, true, 121500, doubt));
        CHECK_HAS(doubt, "2 min ago");
        CHECK_HAS(doubt, leaps_ms[i] == 7200000 ? "leapt by 7200 s"
                         : leaps_ms[i] == -6000 ? "leapt by -6 s"
                                                : "leapt");
        CHECK(!fg_own_clock_doubt(&clock, true, 3601500, doubt));
    }
}

TEST("devices prove the bureau wrong when they are many enough and most of them agree")
{
    static const struct {
        struct fg_clock_opinion opinion;
        bool synchronised;
        bool accuses;
    } rows[] = {
        {{0, 0, 0, 0}, true, false},  {{0, 0, 0, 0}, false, false}, {{2, 2, 0, -9}, true, false},
        {{2, 2, 0, -9}, false, true}, {{3, 3, 0, -9}, true, true},  {{3, 0, 3, 9}, true, true},
        {{6, 3, 0, 0}, true, false},  {{6, 3, 3, 0}, true, false},  {{7, 3, 4, 9}, true, true},
        {{2, 1, 1, 0}, false, false}, {{1, 0, 1, 9}, false, true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_INT(fg_clock_opinion_accuses(&rows[i].opinion, rows[i].synchronised), rows[i].accuses);
}
