/* The bounds within which firmware/core is proven free of undefined behaviour (tests/proof): the shell
 * asserts them before each step. Readings need none: core itself takes no value beyond FG_SIGNAL_VALUE_MAX
 * (signals.h). Relies on: <stdint.h>. */
#ifndef FG_CORE_BOUNDS_H
#define FG_CORE_BOUNDS_H

#include <stdint.h>

#define FG_CORE_TIME_MAX_MS (INT64_C(1) << 52) /* monotonic time, from 0: 140,000 years */

#endif
