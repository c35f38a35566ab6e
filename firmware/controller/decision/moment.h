/* Now, in every way that the controller's files need it; given with every call, so that tests play the time.
 *
 * Not: a clock (firmware/clock). */
#ifndef FG_FIRMWARE_CONTROLLER_DECISION_MOMENT_H
#define FG_FIRMWARE_CONTROLLER_DECISION_MOMENT_H

#include <stdint.h>

/* Calls give rising mono_ms. */
struct fg_moment {
    int64_t mono_ms;
    int64_t wall_ms;
    uint8_t clock_quality; /* enum fg_clock_quality */
    int32_t utc_offset_s;  /* of the station's local time at wall_ms */
};

#endif
