/* An arbitrary state of the fill machine with arbitrary settings and an arbitrary event, each independent of
 * the others and within its bounds, for proof_fill.c and proof_shut.c. Not: what is proven of them. Relies
 * on: proof_any.h, fill.h. */
#ifndef FG_TESTS_PROOF_PROOF_ANY_FILL_H
#define FG_TESTS_PROOF_PROOF_ANY_FILL_H

#include "firmware/core/fill.h"
#include "tests/proof/proof_any.h"

#define LEAK_RAISES_MAX 16 /* fill.c */
/* What is reckoned from values: sums and differences of a few. */
#define SUM_MAX (4 * FG_SIGNAL_VALUE_MAX)
/* A flow that has not yet been compared stays below follow_mass_g, in g/min times ms. */
#define FLOW_SUM_MAX (INT64_C(60000) * UINT32_MAX)

static struct fg_fill fill;
static struct fg_fill_settings settings;
static struct fg_fill_event event;
static struct fg_fill_commands commands;
static struct fg_plant_state plant;

static inline int64_t any_sum(void)
{
    return Frama_C_long_long_interval(-SUM_MAX, SUM_MAX);
}

static inline void any_sample(struct fg_overfill_sample *ret_sample)
{
    ret_sample->value = any_value();
    ret_sample->at_mono_ms = any_time_ms();
}

static inline void any_counter(void)
{
    fill.counter.settled = any_bool();
    fill.counter.lies = any_bool();
    fill.counter.value_g = any_value();
    fill.counter.value_mono_ms = any_time_ms();
    fill.counter.seen_g = any_value();
    fill.counter.seen_mono_ms = any_time_ms();
}

static inline void any_overfill(void)
{
    fill.overfill.limit_g = any_sum();
    fill.overfill.start_counter_g = any_value();
    fill.overfill.start_weighed = any_value();
    fill.overfill.start_density_cg_l = Frama_C_long_long_interval(0, FG_GAS_DENSITY_MAX_CG_L);
    fill.overfill.due_expected = any_sum();
    fill.overfill.due_weighed = any_value();
    for (int i = 0; i < 2; i++) {
        any_sample(&fill.overfill.counters[i]);
        any_sample(&fill.overfill.weighed[i]);
    }
    fill.overfill.flow_since_mono_ms = any_time_ms();
    fill.overfill.flow_g_ms_min = Frama_C_long_long_interval(0, FLOW_SUM_MAX);
    fill.overfill.flow_counter_g = any_value();
}

static inline void any_state(uint8_t phase)
{
    Frama_C_make_unknown((char *)&fill, sizeof(fill));
    fill.phase = phase;
    fill.valve_commanded = any_bool();
    fill.locked_out = any_bool();
    fill.alarm_flow = any_bool();
    fill.alarm_valve = any_bool();
    fill.leak_raises = (uint8_t)Frama_C_interval(0, LEAK_RAISES_MAX);
    fill.tag_present = any_bool();
    fill.idle_inventory_known = any_bool();
    fill.inventory_restored = any_bool();
    fill.post_check_failed = any_bool();
    fill.write_pending = any_bool();
    fill.suspended_by_operator = any_bool();
    fill.phase_since_mono_ms = any_time_ms();
    fill.authorised_mono_ms = any_time_ms();
    fill.flow_low_since_mono_ms = any_time_ms();
    fill.valve_differs_since_mono_ms = any_time_ms();
    fill.leak_rose_mono_ms = any_time_ms();
    fill.end_mono_ms = any_time_ms();
    fill.idle_inventory_g = any_sum();
    fill.idle_newest_g = any_value();
    fill.start_inventory_g = any_value();
    fill.start_pressure_kpa = any_value();
    fill.end_inventory_g = any_value();
    fill.end_pressure_kpa = any_value();
    fill.end_temperature_dc = any_value();
    fill.end_scale_g = any_value();
    any_counter();
    any_overfill();
}

/* The settings that config.c bounds are within wider bounds here; the others are any at all. */
static inline void any_settings(void)
{
    Frama_C_make_unknown((char *)&settings, sizeof(settings));
    settings.overfill.tolerance_percent = (uint32_t)Frama_C_interval(0, FG_CORE_PERCENT_MAX);
    settings.overfill.follow_percent = (uint32_t)Frama_C_interval(0, FG_CORE_PERCENT_MAX);
}

static inline void any_event(uint8_t kind)
{
    Frama_C_make_unknown((char *)&event.scan, sizeof(event.scan));
    event.kind = kind;
    event.now_mono_ms = any_time_ms();
    event.plant = &plant;
    event.check_failed = any_bool();
    event.grounds_hold = any_bool();
    event.checks = any_u32();
    Frama_C_make_unknown((char *)&event.sequence, sizeof(event.sequence));
    any_plant(&plant);
}

#endif
