/* Where a fill must stop: pressure limit of a gas at a temperature, mass limit of a liquefied gas.
 * Pure; integer arithmetic only. Relies on: lib/domain/types.h. Source: data/cng_isochore.csv (GERG-2008). */
#ifndef FG_FIRMWARE_CORE_LIMITS_H
#define FG_FIRMWARE_CORE_LIMITS_H

#include "lib/domain/types.h"

/* Pressure (kPa absolute) that gas would have at temperature_dc (0.1 degC) when its density is that of
 * nominal_kpa at 20 degC, never above 1.25 times nominal. Interpolated in the table; nominal pressures
 * between 20 and 25 MPa are interpolated, others and temperatures outside -40 to 65 degC return 0 (no fill).
 */
uint32_t fg_limit_pressure_kpa(enum fg_gas gas, uint32_t nominal_kpa, int32_t temperature_dc);

/* Why gas that reads pressure_kpa (absolute) and temperature_dc (0.1 degC; both within FG_SIGNAL_VALUE_MAX of
 * signals.h) must not be filled on: OVER_PRESSURE above 1.25 times nominal, OVER_TEMPERATURE above
 * temperature_max_dc, NOT_PLAUSIBLE where there is no limit, TARGET_REACHED from the limit on. NONE = it may.
 */
enum fg_stop fg_limit_pressure_stop(enum fg_gas gas, uint32_t nominal_kpa, int64_t pressure_kpa,
                                    int64_t temperature_dc, int32_t temperature_max_dc);

/* Gross mass (g) at which a mass fill must stop: tare + maximum fill. 0 when either is 0 or on overflow. */
uint32_t fg_limit_gross_g(uint32_t tare_g, uint32_t maximum_fill_g);

/* Does the scale read less than the cylinder alone weighs, by more than below_max_g? scale_g within
 * FG_SIGNAL_VALUE_MAX of signals.h. Then it is not this cylinder that stands there, none stands there, or
 * scale or tare are wrong; filled to the gross mass it would get too much. */
bool fg_limit_is_below_tare(int64_t scale_g, uint32_t tare_g, uint32_t below_max_g);

#endif
