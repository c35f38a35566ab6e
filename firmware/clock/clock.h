/* The controller's clock: wall time with a floor and a quality letter, steps noticed, local days and texts.
 *
 * A wall time below the floor is false and has quality UNKNOWN. Each source of time raises the floor only as
 * far as it can prove something:
 *   the build               always; never lowered
 *   entries of quality S    for good, also after a restart; lowered only by the bureau's signed clock
 * statement entries of quality I    for unsynchronised clocks of this run; ended by a restart or a
 * synchronised clock the manifest in force   while no synchronised clock has judged it: for unsynchronised
 * clocks, less FG_CLOCK_BEHIND_MS; once one has: for good when it is not ahead of it, else not at all, and
 * then it is told as ahead; ended by the next manifest Not: setting the clock, timers, reading journal or
 * list. Relies on: clock_gettime, adjtimex, the C library's time zone; all three can be replaced by a test.
 * One object, one thread. */
#ifndef FG_FIRMWARE_CLOCK_CLOCK_H
#define FG_FIRMWARE_CLOCK_CLOCK_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

/* No fillgate existed before 2026-01-01T00:00:00Z. */
#define FG_CLOCK_BUILD_MS INT64_C(1767225600000)
/* A wall clock that moves by this much more or less than the monotonic one was stepped. NTP slews by at most
 * 500 ppm, which takes over an hour for this much. */
#define FG_CLOCK_STEP_MS 2000
/* A manifest dated later than a synchronised clock by more than this is told as the bureau's fault. */
#define FG_CLOCK_AHEAD_MS INT64_C(120000)
/* So far may an unsynchronised clock be slower than the bureau's newest manifest. */
#define FG_CLOCK_BEHIND_MS INT64_C(3600000)
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
    int64_t vouched_ms; /* floor of every clock */
    int64_t run_ms;     /* floor of unsynchronised clocks in this run */
    int64_t signed_ms;  /* the manifest in force was issued; 0 = none, or already part of vouched_ms */
    int64_t ahead_ms; /* by so much signed_ms was ahead at the latest synchronised reading; 0 = it was not */
    int64_t last_wall_ms;
    int64_t last_mono_ms;
    bool read_before;
};

struct fg_clock_now {
    int64_t wall_ms;
    int64_t mono_ms;
    uint8_t quality;   /* enum fg_clock_quality: U below the floor, S disciplined, I otherwise */
    int64_t step_ms;   /* how far the wall clock was stepped since the last reading; 0 = not */
    int64_t floor_ms;  /* below this, less FG_CLOCK_STEP_MS, the clock is not trusted */
    int64_t bureau_ms; /* the manifest in force is dated so much later than this clock, and that is the
                          bureau's fault by a synchronised clock, now or earlier in this run; 0 = not */
};

/* sources NULL = the system's. They are copied; their context must outlive the clock. */
void fg_clock_start(struct fg_clock *ret_clock, const struct fg_clock_sources *sources);

/* A moment that is vouched for: an entry of quality S. A lower value than before changes nothing. */
void fg_clock_vouch(struct fg_clock *clock, int64_t wall_ms);

/* An entry of this run and its clock's quality (enum fg_clock_quality) became durable. */
void fg_clock_entry(struct fg_clock *clock, int64_t wall_ms, uint8_t quality);

/* The manifest in force was issued at issued_ms (0 = none is in force). seen_ahead: the journal shows it in
 * force at a synchronised time before that, so it proves nothing. Replaces what the one before it proved, as
 * long as that was not vouched for. */
void fg_clock_signed(struct fg_clock *clock, int64_t issued_ms, bool seen_ahead);

/* The bureau's clock statement: from now on nothing but the build and floor_ms is vouched for, and the run's
 * entries count no more. Never raises the floor. */
void fg_clock_lower(struct fg_clock *clock, int64_t floor_ms);

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
