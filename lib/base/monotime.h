/*
 * The monotonic clock and short sleeps, for programs, tests and benchmarks alike: for deadlines and for
 * measuring. Not the time of day (firmware/clock), and not for firmware/core, which is told the time. Relies
 * on: CLOCK_MONOTONIC, which Linux always has, so that these cannot fail.
 */
#ifndef FG_LIB_BASE_MONOTIME_H
#define FG_LIB_BASE_MONOTIME_H

#include <stdint.h>

/* Milliseconds since a moment that stays the same until the machine restarts; never steps back. From any
 * thread. */
int64_t fg_mono_ms(void);

/* The same clock in nanoseconds. From any thread. */
int64_t fg_mono_ns(void);

/* Sleeps MS milliseconds, a signal notwithstanding; returns at once for zero and below. From any thread. */
void fg_sleep_ms(int64_t ms);

#endif
