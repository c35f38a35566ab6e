/* The controller's clock: wall time with a floor and a quality letter, steps noticed, local days and texts.
 *
 * The floor is the newest moment that is proven to have passed: the build, the newest journal entry, the
 * newest manifest. A wall time below it is certainly false and has quality UNKNOWN. Not: setting the clock,
 * timers. Relies on: clock_gettime, adjtimex, the C library's time zone; all three can be replaced by a
 * test. One object, one thread. */
#ifndef FG_CLOCK_CLOCK_H
#define FG_CLOCK_CLOCK_H

#include "proto/err.h"
#include "proto/types.h"

/* No fillgate existed before 2026-01-01T00:00:00Z. */
#define FG_CLOCK_BUILD_MS INT64_C(1767225600000)
/* A wall clock that moves by this much more or less than the monotonic one was stepped. NTP slews by at most
 * 500 ppm, which takes over an hour for this much. */
#define FG_CLOCK_STEP_MS 2000
#define FG_CLOCK_DAY_TEXT 11  /* "2026-11-23" and NUL */
#define FG_CLOCK_TIME_TEXT 26 /* "2026-11-23T05:58:00+08:00" and NUL */

/* Where time comes from; every function is called with context. */
struct fg_clock_sources {
    int64_t (*wall_ms)(void *context);
    int64_t (*mono_ms)(void *context);
    bool (*synchronised)(void *context); /* does the kernel know that the wall clock is disciplined? */
    void *context;
};

struct fg_clock {
    struct fg_clock_sources sources;
    int64_t floor_ms;
    int64_t last_wall_ms;
    int64_t last_mono_ms;
    bool read_before;
};

struct fg_clock_now {
    int64_t wall_ms;
    int64_t mono_ms;
    uint8_t quality; /* enum fg_clock_quality: U below the floor, S disciplined, I otherwise */
    int64_t step_ms; /* how far the wall clock was stepped since the last reading; 0 = not */
};

/* sources NULL = the system's. They are copied; their context must outlive the clock. */
void fg_clock_start(struct fg_clock *ret_clock, const struct fg_clock_sources *sources);

/* Raises the floor to wall_ms; a lower value changes nothing. Only feed times that are signed or durable. */
void fg_clock_raise_floor(struct fg_clock *clock, int64_t wall_ms);

/* One reading. The first never reports a step. */
void fg_clock_read(struct fg_clock *clock, struct fg_clock_now *ret_now);

/* The system's CLOCK_MONOTONIC, for deadlines. */
int64_t fg_clock_mono_ms(void);

/* Seconds east of UTC of the system's time zone at wall_ms; 0 when the time zone cannot be had. */
int32_t fg_clock_utc_offset_s(int64_t wall_ms);

/* The local day (days since 1970-01-01) at wall_ms, and the first millisecond of a local day. */
int32_t fg_clock_local_day(int64_t wall_ms, int32_t utc_offset_s);
int64_t fg_clock_day_start_ms(int32_t day, int32_t utc_offset_s);

/* "2026-11-23" for a day and "2026-11-23T05:58:00+08:00" for a time (RFC 3339). Years outside 0..9999 give
 * "-". */
void fg_clock_day_text(int32_t day, char ret_text[FG_CLOCK_DAY_TEXT]);
void fg_clock_time_text(int64_t wall_ms, int32_t utc_offset_s, char ret_text[FG_CLOCK_TIME_TEXT]);

/* Parses "2026-11-23"; FG_E_FORMAT or FG_E_RANGE (no such day) otherwise. */
enum fg_err fg_clock_day_parse(const char *text, int32_t *ret_day, struct fg_error *error);

/* Parses a date (its first moment at utc_offset_s), or an RFC 3339 time with Z or an offset of its own;
 * without one utc_offset_s counts. Fractions of a second are not accepted. */
enum fg_err fg_clock_time_parse(const char *text, int32_t utc_offset_s, int64_t *ret_wall_ms,
                                struct fg_error *error);

#endif
