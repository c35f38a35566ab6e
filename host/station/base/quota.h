/* How much of its journal each controller may store in a day: what a controller with a genuine certificate
 * could otherwise do is fill the station's disk.
 *
 * A full day's bytes may come at once, since a backlog of weeks has to drain in one night; they come back
 * evenly over a day. Counted in memory: a restart gives a full day again. Not: the disk as a whole
 * (disk_reserve_bytes), forks, of which few are kept (store.h). One thread at a time. */
#ifndef FG_HOST_STATION_BASE_QUOTA_H
#define FG_HOST_STATION_BASE_QUOTA_H

#include "lib/base/rate.h"
#include "proto/key/roster.h"

struct fg_station_quota {
    uint64_t bytes_per_day; /* at most FG_STATION_QUOTA_MAX */
    size_t count;
    struct {
        char id[FG_NAME_MAX + 1];
        struct fg_rate_bucket bucket; /* bytes; the last batch may have taken more than were left */
    } of[FG_ROSTER_DEVICES_MAX];
};
#define FG_STATION_QUOTA_MAX (UINT64_C(1) << 36)

/* Has this controller bytes left? now: monotonic ms. */
bool fg_station_quota_is_left(struct fg_station_quota *quota, const char *controller, int64_t now_mono_ms);
/* It stored so many. */
void fg_station_quota_use(struct fg_station_quota *quota, const char *controller, uint64_t bytes,
                          int64_t now_mono_ms);

#endif
