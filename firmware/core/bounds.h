/* The bounds within which firmware/core is proven free of undefined behaviour (tests/proof). The shell
 * asserts those of time before each step, and that a decision is not before 1970; config.c lets no setting
 * pass those of settings. The values of readings need none: core itself takes none beyond FG_SIGNAL_VALUE_MAX
 * (signals.h). Relies on: <stdint.h>. */
#ifndef FG_FIRMWARE_CORE_BOUNDS_H
#define FG_FIRMWARE_CORE_BOUNDS_H

#include <stdint.h>

#define FG_CORE_TIME_MAX_MS (INT64_C(1) << 52) /* monotonic time, from 0: 140,000 years */
#define FG_CORE_PERCENT_MAX 100                /* of the settings of overfill.h */

#endif
