/* The time of processes that speak to the network. */
#include "lib/net/network_time.h"
#include "tests/lib/check.h"

#define DAY_MS INT64_C(86400000)
#define NOW_MS INT64_C(1795000000000)   /* 2026-11-18 */
#define FAR_MS INT64_C(2060000000000)   /* 2035 */
#define BEGIN_MS (NOW_MS - 30 * DAY_MS) /* of the own certificate */
#define END_MS (NOW_MS + 335 * DAY_MS)

static int64_t time_of(int64_t wall_ms, bool synchronised, int64_t list_ms)
{
    const struct fg_network_time known = {wall_ms, synchronised, BEGIN_MS, END_MS, list_ms};

    return fg_network_time_ms(&known);
}

TEST("a list from the future is never taken as the time by a clock that may be right")
{
    CHECK_INT(time_of(NOW_MS, false, FAR_MS), NOW_MS);
    CHECK_INT(time_of(NOW_MS, false, NOW_MS + DAY_MS), NOW_MS);
    CHECK_INT(time_of(NOW_MS, true, FAR_MS), NOW_MS);
    CHECK_INT(time_of(BEGIN_MS, false, NOW_MS), BEGIN_MS);
}

TEST("a clock that is certainly false takes the list's date, within the own certificate's dates alone")
{
    CHECK_INT(time_of(0, false, NOW_MS), NOW_MS);
    CHECK_INT(time_of(BEGIN_MS - 1, false, NOW_MS), NOW_MS);
    CHECK_INT(time_of(0, false, BEGIN_MS), BEGIN_MS);
    CHECK_INT(time_of(0, false, END_MS - 1), END_MS - 1);
    CHECK_INT(time_of(0, false, END_MS), BEGIN_MS);
    CHECK_INT(time_of(0, false, FAR_MS), BEGIN_MS);
    CHECK_INT(time_of(0, false, BEGIN_MS - 1), BEGIN_MS);
    CHECK_INT(time_of(0, false, 0), BEGIN_MS);
}

TEST("a synchronised clock is the time, whatever else is said")
{
    CHECK_INT(time_of(5, true, NOW_MS), 5);
    CHECK_INT(time_of(FAR_MS, true, NOW_MS), FAR_MS);
}

TEST("without a certificate of its own the build alone shows that a clock is false")
{
    struct fg_network_time known = {.wall_ms = 7, .list_ms = FAR_MS};

    CHECK_INT(fg_network_time_ms(&known), FAR_MS);
    known.list_ms = 0;
    CHECK_INT(fg_network_time_ms(&known), FG_NETWORK_TIME_BUILD_MS);
    known.wall_ms = FG_NETWORK_TIME_BUILD_MS;
    known.list_ms = FAR_MS;
    CHECK_INT(fg_network_time_ms(&known), FG_NETWORK_TIME_BUILD_MS);
}
