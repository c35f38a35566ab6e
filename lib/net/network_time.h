/* By which time a process that speaks to the network tests dates when nothing synchronises its clock.
 *
 * A list's date is the bureau's word and may be false: it becomes the time only where the clock is certainly
 * false, and only within the dates of this device's own certificate. Not: reading clocks; fillgated's clock
 * and its floor (firmware/clock). Pure. */
#ifndef FG_LIB_NET_NETWORK_TIME_H
#define FG_LIB_NET_NETWORK_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* No fillgate existed before 2026-01-01T00:00:00Z. */
#define FG_NETWORK_TIME_BUILD_MS INT64_C(1767225600000)

struct fg_network_time {
    int64_t wall_ms;
    bool synchronised;
    int64_t certificate_begin_ms; /* of the own certificate; 0 = not known */
    int64_t certificate_end_ms;
    int64_t list_ms; /* the newest verified manifest was issued; 0 = there is none */
};

/* The clock, unless it is certainly false: not synchronised, and before the build or before the own
 * certificate began. Then the list's date, when it lies within the own certificate's dates; else the latest
 * of clock, build and the certificate's begin. */
int64_t fg_network_time_ms(const struct fg_network_time *known);

#endif
