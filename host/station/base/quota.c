/* Implementation of the quota (quota.h). */
#include "host/station/base/quota.h"

#include <string.h>

#define DAY_MS 86400000

static struct fg_rate rate_of(const struct fg_station_quota *quota)
{
    return (struct fg_rate){
        .at_once = quota->bytes_per_day, .count = quota->bytes_per_day, .period_ms = DAY_MS};
}

/* Its bucket, or a new one with a full day: of one that is not counted yet, else of who came longest ago. */
static struct fg_rate_bucket *bucket_of(struct fg_station_quota *quota, const char *controller)
{
    size_t oldest = 0;
    size_t place;

    for (size_t i = 0; i < quota->count; i++) {
        if (strcmp(quota->of[i].id, controller) == 0)
            return &quota->of[i].bucket;
        if (quota->of[i].bucket.at_mono_ms < quota->of[oldest].bucket.at_mono_ms)
            oldest = i;
    }
    place = quota->count < FG_ROSTER_DEVICES_MAX ? quota->count++ : oldest;
    memset(&quota->of[place], 0, sizeof(quota->of[place]));
    memcpy(quota->of[place].id, controller, strnlen(controller, FG_NAME_MAX));
    return &quota->of[place].bucket;
}

bool fg_station_quota_is_left(struct fg_station_quota *quota, const char *controller, int64_t now_mono_ms)
{
    struct fg_rate rate = rate_of(quota);

    return fg_rate_is_left(bucket_of(quota, controller), &rate, now_mono_ms);
}

void fg_station_quota_use(struct fg_station_quota *quota, const char *controller, uint64_t bytes,
                          int64_t now_mono_ms)
{
    struct fg_rate rate = rate_of(quota);

    fg_rate_use(bucket_of(quota, controller), &rate, bytes, now_mono_ms);
}
