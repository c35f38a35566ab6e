/* May this bureau's own clock date a list? What speaks against it, in words for whoever publishes.
 *
 * Asked are the kernel (is the clock synchronised?), what this bureau wrote last (was the clock set back?),
 * the devices that reported within a day with a synchronised clock (do most of them say otherwise?), and the
 * clock that only counts (did the time of day leap while this program ran?). Not: setting a clock, the clocks
 * of devices (alarm_sweep.c). Relies on: host/sql, adjtimex. */
#ifndef FG_HOST_BUREAU_CLOCK_OWN_CLOCK_H
#define FG_HOST_BUREAU_CLOCK_OWN_CLOCK_H

#include "host/sql/sql.h"

/* Two clocks that differ by no more than this agree; a point names a list that is dated later than its clock
 * by more as the bureau's fault. */
#define FG_OWN_CLOCK_AGREE_MS INT64_C(120000)
#define FG_OWN_CLOCK_DOUBT_BYTES 200

/* What the devices say. A device's offset is its clock less the bureau's. */
struct fg_clock_opinion {
    int64_t devices; /* that reported within a day with a synchronised clock */
    int64_t earlier; /* of them, those whose clock is earlier than the bureau's by more than the limit */
    int64_t later;
    int64_t median_ms; /* of their offsets; 0 = no devices */
};
enum fg_err fg_clock_opinion(struct fg_sql *sql, int64_t now_ms, int64_t limit_ms,
                             struct fg_clock_opinion *ret_opinion, struct fg_error *error);
/* Do they prove that it is the bureau's clock that is wrong? At least three, and more than half of all,
 * against a clock that the kernel calls synchronised; more than half, however few, against another. */
bool fg_clock_opinion_accuses(const struct fg_clock_opinion *opinion, bool bureau_synchronised);

/* The kernel's word. */
bool fg_own_clock_synchronised(void);

/* The time of day against the clock that only counts, since the last look. Zero at the start. */
struct fg_own_clock {
    bool started;
    int64_t difference_ms;
    int64_t leapt_mono_ms; /* when the last leap was seen; 0 = never */
    int64_t leap_ms;
};
/* To be called every few seconds at least, and before fg_own_clock_doubt; times of the same moment. */
void fg_own_clock_look(struct fg_own_clock *clock, int64_t wall_ms, int64_t mono_ms);
/* What the kernel and the watch (NULL: none) say against the clock; false: nothing. */
bool fg_own_clock_doubt(const struct fg_own_clock *clock, bool synchronised, int64_t mono_ms,
                        char ret_doubt[FG_OWN_CLOCK_DOUBT_BYTES]);
/* What the database says against it: FG_E_STATE with the reason, or FG_OK. */
enum fg_err fg_own_clock_check(struct fg_sql *sql, int64_t now_ms, struct fg_error *error);

#endif
