/* Implementation of the quota (quota.h). */
#include "host/station/base/quota.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

/* Its place, or a new one with a full day: of one that is not counted yet, else of who came longest ago. */
static size_t place_of(struct fg_station_quota *quota, const char *controller, int64_t now_mono_ms)
{
    size_t oldest = 0;
    size_t place;

    for (size_t i = 0; i < quota->count; i++) {
        if (strcmp(quota->of[i].id, controller) == 0)
            return i;
        if (quota->of[i].filled_mono_ms < quota->of[oldest].filled_mono_ms)
            oldest = i;
    }
    place = quota->count < FG_ROSTER_DEVICES_MAX ? quota->count++ : oldest;
    memset(&quota->of[place], 0, sizeof(quota->of[place]));
    memcpy(quota->of[place].id, controller, strnlen(controller, FG_NAME_MAX));
    quota->of[place].left_bytes = (int64_t)quota->bytes_per_day;
    quota->of[place].filled_mono_ms = now_mono_ms;
    return place;
}

/* Whole bytes only; the rest of the time counts next time. */
static void refill(struct fg_station_quota *quota, size_t place, int64_t now_mono_ms)
{
    int64_t passed_ms = now_mono_ms - quota->of[place].filled_mono_ms;
    int64_t came;

    if (passed_ms > DAY_MS)
        passed_ms = DAY_MS;
    came = passed_ms > 0 ? passed_ms * (int64_t)quota->bytes_per_day / DAY_MS : 0;
    if (came == 0)
        return;
    quota->of[place].left_bytes += came;
    if (quota->of[place].left_bytes > (int64_t)quota->bytes_per_day)
        quota->of[place].left_bytes = (int64_t)quota->bytes_per_day;
    quota->of[place].filled_mono_ms = now_mono_ms;
}

bool fg_station_quota_is_left(struct fg_station_quota *quota, const char *controller, int64_t now_mono_ms)
{
    size_t place = place_of(quota, controller, now_mono_ms);

    refill(quota, place, now_mono_ms);
    return quota->of[place].left_bytes > 0;
}

void fg_station_quota_use(struct fg_station_quota *quota, const char *controller, uint64_t bytes,
                          int64_t now_mono_ms)
{
    size_t place = place_of(quota, controller, now_mono_ms);

    quota->of[place].left_bytes -= (int64_t)bytes;
}
