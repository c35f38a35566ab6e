/* The quota of each controller at a station. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/station/base/quota.h"
#include "tests/lib/check.h"

#define DAY_MS INT64_C(86400000)
#define MIB (UINT64_C(1) << 20)

static struct fg_station_quota *quota_new(uint64_t bytes_per_day)
{
    struct fg_station_quota *quota = calloc(1, sizeof(*quota));

    CHECK(quota != NULL);
    quota->bytes_per_day = bytes_per_day;
    return quota;
}

TEST("a controller stores a day's bytes at once and no more, whatever it tries, and another is not held up")
{
    struct fg_station_quota *quota = quota_new(16 * MIB);
    uint64_t stored = 0;

    for (int64_t now_ms = 1000; now_ms < 7000; now_ms += 10) {
        if (!fg_station_quota_is_left(quota, "greedy", now_ms))
            continue;
        fg_station_quota_use(quota, "greedy", 200000, now_ms);
        stored += 200000;
    }
    CHECK(stored >= 16 * MIB);
    CHECK(stored < 16 * MIB + 2 * UINT64_C(200000) + 16 * MIB / 86400 * 7);
    CHECK(fg_station_quota_is_left(quota, "modest", 7000));
    free(quota);
}

TEST("what was used comes back evenly over a day, and never to more than a day's bytes")
{
    struct fg_station_quota *quota = quota_new(1000);

    CHECK(fg_station_quota_is_left(quota, "C1", 0));
    fg_station_quota_use(quota, "C1", 1500, 0);
    CHECK(!fg_station_quota_is_left(quota, "C1", DAY_MS / 2)); /* what was taken too much is back */
    CHECK(!fg_station_quota_is_left(quota, "C1", DAY_MS / 2 + 86399));
    CHECK(fg_station_quota_is_left(quota, "C1", DAY_MS / 2 + 86400));
    CHECK(fg_station_quota_is_left(quota, "C1", 5 * DAY_MS));
    fg_station_quota_use(quota, "C1", 999, 5 * DAY_MS);
    CHECK(fg_station_quota_is_left(quota, "C1", 5 * DAY_MS));
    fg_station_quota_use(quota, "C1", 1, 5 * DAY_MS);
    CHECK(!fg_station_quota_is_left(quota, "C1", 5 * DAY_MS));
    free(quota);
}

TEST("more controllers than there are places give up the place of who came longest ago")
{
    struct fg_station_quota *quota = quota_new(1000);
    char id[FG_NAME_MAX + 1];

    fg_station_quota_use(quota, "first", 1000, 1);
    for (int i = 0; i < FG_ROSTER_DEVICES_MAX - 1; i++) {
        (void)snprintf(id, sizeof(id), "C%d", i);
        fg_station_quota_use(quota, id, 1000, 2 + i);
    }
    fg_station_quota_use(quota, "last", 1000, 1000);
    CHECK_INT(quota->count, FG_ROSTER_DEVICES_MAX);
    CHECK(!fg_station_quota_is_left(quota, "last", 1000));
    CHECK(!fg_station_quota_is_left(quota, "C0", 1000));
    free(quota);
}
