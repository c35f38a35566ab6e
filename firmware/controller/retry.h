/* Something that start-up tries for as long as it takes: when the next try is due, why the last one failed,
 * and whether that is worth a line of the log.
 *
 * Waits double from FG_RETRY_MIN_MS to FG_RETRY_MAX_MS. Not: the trying. Relies on: proto/point/control.h for
 * the bound of a cause. One thread. */
#ifndef FG_FIRMWARE_CONTROLLER_RETRY_H
#define FG_FIRMWARE_CONTROLLER_RETRY_H

#include "lib/base/backoff.h"
#include "proto/point/control.h"

#define FG_RETRY_MIN_MS 1000
#define FG_RETRY_MAX_MS 10000

/* Zero-initialised: never tried, due at once. */
struct fg_retry {
    bool done;
    struct fg_backoff backoff;
    char cause[FG_CONTROL_CAUSE_MAX + 1]; /* of the newest failure; empty: none yet, or done */
};

bool fg_retry_is_due(const struct fg_retry *retry, int64_t now_mono_ms);

/* It worked; it is not due any more. */
void fg_retry_done(struct fg_retry *retry);

/* It failed: the cause is kept and the next try is set. True: another cause than the last time, to be said.
 */
bool fg_retry_failed(struct fg_retry *retry, const struct fg_error *error, int64_t now_mono_ms);

#endif
