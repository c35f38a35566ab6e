/* The contract of fg_limit_pressure_stop, for every nominal pressure and every pressure (WP of Frama-C, whose
 * own simplifier proves it without a prover; tools/proof.sh): it says stop when 4 x pressure > 5 x nominal.
 * What it then keeps shut is in proof_shut.c. Not a program: a contract only. Relies on: limits.h, signals.h.
 */
#include "firmware/core/limits.h"
#include "firmware/core/signals.h"

#ifdef __FRAMAC__
/*@ requires -FG_SIGNAL_VALUE_MAX <= pressure_kpa <= FG_SIGNAL_VALUE_MAX;
    ensures OVER_PRESSURE: 4 * pressure_kpa > 5 * nominal_kpa ==> \result != FG_STOP_NONE; */
enum fg_stop fg_limit_pressure_stop(enum fg_gas gas, uint32_t nominal_kpa, int64_t pressure_kpa,
                                    int64_t temperature_dc, int32_t temperature_max_dc);
#endif
