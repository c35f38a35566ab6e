/* How often something may be done: so many at once, and so many more in each period, which come back evenly.
 *
 * Pure: time comes with the call. Not: whose turn it is among many (host/bureau/web/web_rate.h). Relies on:
 * nothing. The caller locks. */
#ifndef FG_LIB_BASE_RATE_H
#define FG_LIB_BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* All at least 1; at_once times period_ms, plus count, fits into 62.5 bits: 2^36 bytes in a day do. */
struct fg_rate {
    uint64_t at_once; /* after a pause */
    uint64_t count;   /* come back in a period */
    uint32_t period_ms;
};

/* What is left of a rate. Zero-initialised: all of it. */
struct fg_rate_bucket {
    int64_t level; /* what is left, times period_ms; below 0: more was used than was there */
    int64_t at_mono_ms;
    bool used;
};

/* Puts back what came since the last call. A clock that stands still or goes back gives nothing. */
void fg_rate_refill(struct fg_rate_bucket *bucket, const struct fg_rate *rate, int64_t now_mono_ms);

/* Takes one; false: there is none, and nothing changes. */
bool fg_rate_take(struct fg_rate_bucket *bucket, const struct fg_rate *rate, int64_t now_mono_ms);

/* Is there one? */
bool fg_rate_is_left(struct fg_rate_bucket *bucket, const struct fg_rate *rate, int64_t now_mono_ms);

/* Takes so many, whether they are there or not: what is missing comes off what comes back. */
void fg_rate_use(struct fg_rate_bucket *bucket, const struct fg_rate *rate, uint64_t count,
                 int64_t now_mono_ms);

/* Gives one back that was taken. */
void fg_rate_give(struct fg_rate_bucket *bucket, const struct fg_rate *rate);

#endif
