/* How often somebody may ask: one rate for each key (an address, a user).
 *
 * The table is of fixed size: when it is full, the bucket that restrains least is forgotten. A limit for all
 * together belongs beside it (one bucket with one key). Relies on: POSIX threads. Any thread. */
#ifndef FG_HOST_BUREAU_WEB_WEB_RATE_H
#define FG_HOST_BUREAU_WEB_WEB_RATE_H

#include <pthread.h>

#include "lib/base/rate.h"

#define FG_WEB_RATE_SETS 512
#define FG_WEB_RATE_WAYS 4

struct fg_web_rate_bucket {
    uint64_t key; /* keyed hash; 0 = free */
    struct fg_rate_bucket left;
};

struct fg_web_rate {
    pthread_mutex_t mutex;
    uint64_t salt;
    struct fg_rate rate;
    struct fg_web_rate_bucket buckets[FG_WEB_RATE_SETS][FG_WEB_RATE_WAYS];
};

/* per_minute and burst at least 1. */
void fg_web_rate_start(struct fg_web_rate *rate, uint32_t per_minute, uint32_t burst);
void fg_web_rate_end(struct fg_web_rate *rate);

/* Takes one request; false: too many. Addresses of IPv6 count by their /64. */
bool fg_web_rate_take(struct fg_web_rate *rate, const char *key, int64_t now_mono_ms);

/* Gives back what was taken for this key. */
void fg_web_rate_give(struct fg_web_rate *rate, const char *key);

#endif
