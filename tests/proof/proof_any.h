/* Arbitrary values within bounds, for the proofs of firmware/core (proof_*.c), and what they promise each
 * other. Not: what is proven of them. Relies on: Frama-C's built-in functions, bounds.h, signals.h. */
#ifndef FG_TESTS_PROOF_PROOF_ANY_H
#define FG_TESTS_PROOF_PROOF_ANY_H

#include "firmware/core/bounds.h"
#include "firmware/core/gas_model.h"
#include "firmware/core/signals.h"
#include "lib/domain/types.h"

#ifdef __FRAMAC__
#include <__fc_builtin.h>

/* What prove_density shows with the function's body, every other proof takes from here. */
/*@ assigns \result \from gas, pressure_kpa, temperature_dc;
    ensures DENSITY: 0 <= \result <= FG_GAS_DENSITY_MAX_CG_L; */
int64_t fg_gas_model_density_cg_l(enum fg_gas gas, int64_t pressure_kpa, int64_t temperature_dc);
#else /* so that compilers can look at this file, too */
int Frama_C_interval(int low, int high);
long long Frama_C_long_long_interval(long long low, long long high);
void Frama_C_make_unknown(char *bytes, unsigned long count);
#endif

static inline bool any_bool(void)
{
    return Frama_C_interval(0, 1) != 0;
}

static inline int64_t any_number(void)
{
    return Frama_C_long_long_interval(INT64_MIN, INT64_MAX);
}

static inline uint32_t any_u32(void)
{
    return (uint32_t)Frama_C_long_long_interval(0, UINT32_MAX);
}

static inline int64_t any_time_ms(void)
{
    return Frama_C_long_long_interval(0, FG_CORE_TIME_MAX_MS);
}

static inline int64_t any_value(void)
{
    return Frama_C_long_long_interval(-FG_SIGNAL_VALUE_MAX, FG_SIGNAL_VALUE_MAX);
}

static inline void any_plant(struct fg_plant_state *ret_plant)
{
    Frama_C_make_unknown((char *)ret_plant, sizeof(*ret_plant));
    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        ret_plant->configured[i] = any_bool();
        ret_plant->readings[i].at_mono_ms = any_time_ms();
    }
}

#endif
