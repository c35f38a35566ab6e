/* How long to wait after a failure: twice as long after each, up to a bound.
 *
 * Pure: time and chance come with the call. Not: what is tried. Relies on: nothing. */
#ifndef FG_LIB_BASE_BACKOFF_H
#define FG_LIB_BASE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/* The wait after `failures` failures in a row (1 or more): min_ms doubled for each after the first, at most
 * max_ms, and of that a part between one half and all by any number `random`, so that many who failed at once
 * do not come back in step. random 0: all of it. */
uint32_t fg_backoff_ms(uint32_t failures, uint32_t min_ms, uint32_t max_ms, uint32_t random);

/* Zero-initialised, also after a success: nothing has failed. */
struct fg_backoff {
    uint32_t failures; /* in a row */
    int64_t until_mono_ms;
};

/* Another failure: waits as fg_backoff_ms says, from now on. */
void fg_backoff_fail(struct fg_backoff *backoff, uint32_t min_ms, uint32_t max_ms, int64_t now_mono_ms,
                     uint32_t random);

/* Nothing has failed, or the wait is over. */
bool fg_backoff_is_over(const struct fg_backoff *backoff, int64_t now_mono_ms);

#endif
