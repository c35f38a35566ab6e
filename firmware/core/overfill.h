/* Whether the instruments of one fill agree, so that no single one that lies can overfill a cylinder.
 *
 * Beside the programme's own limit (limits.h), which trusts pressure or scale, three more hold:
 *
 * - The meter's limit. Gas: what the water capacity holds at the nominal pressure and 20 degC, less what was
 * in it by the measured start pressure and temperature, plus a tolerance in per cent of the whole. Liquefied
 * gas: the cylinder's maximum fill plus that tolerance. A capacity that the list does not know counts as
 *   capacity_unknown_dl: a bigger vehicle then gets less than it could hold; 0 fills no such vehicle.
 * - Pressure or weight follows the meter. Each time the meter says that the pressure should be up by
 *   follow_pressure_kpa (weight: follow_mass_g), it must be up by follow_percent of that since the last time;
 * and it must never be ahead of the meter by more than the inverse share and a lead on top: a hose's back
 * pressure shows before the cylinder's own does.
 * - The counter follows the flow. Each time the flow adds up to follow_mass_g, the counter must be up by
 *   follow_percent of that.
 *
 * Readings are compared only in an order of time that cannot accuse: what must have risen is never older than
 * what says so. Not: whether one reading of a counter is possible (counter.h). Pure; integer arithmetic only.
 * Relies on: lib/domain/types.h, gas_model.h. */
#ifndef FG_FIRMWARE_CORE_OVERFILL_H
#define FG_FIRMWARE_CORE_OVERFILL_H

#include "lib/domain/types.h"

struct fg_overfill_settings {
    uint32_t tolerance_percent; /* of a full cylinder, on the meter's limit */
    uint32_t follow_percent;    /* 1 to 100 */
    uint32_t follow_pressure_kpa;
    uint32_t pressure_lead_kpa;
    uint32_t follow_mass_g; /* also the lead that the scale may have */
    uint32_t capacity_unknown_dl;
};

/* One reading and when it was taken. */
struct fg_overfill_sample {
    int64_t value;
    int64_t at_mono_ms;
};

/* What is looked at: the accepted counter (g), and pressure (kPa) or scale (g) by the programme. */
struct fg_overfill_look {
    struct fg_overfill_sample counter;
    struct fg_overfill_sample weighed;
    int64_t temperature_dc; /* 0 for MASS */
    int64_t flow_g_min;
    int64_t now_mono_ms;
};

/* Fixed for one fill. */
struct fg_overfill_vessel {
    uint8_t programme; /* enum fg_programme */
    enum fg_gas gas;
    uint32_t nominal_kpa;
    uint32_t water_capacity_dl; /* 0 = not known */
    uint32_t maximum_fill_g;
};

/* One fill's memory; set by fg_overfill_start. */
struct fg_overfill {
    int64_t limit_g; /* counter reading that must not be passed */
    int64_t start_counter_g;
    int64_t start_weighed;
    int64_t start_density_cg_l;
    int64_t due_expected; /* of the last comparison: what the counter made expect, and what was measured */
    int64_t due_weighed;
    struct fg_overfill_sample counters[2]; /* the newest two, the newest first */
    struct fg_overfill_sample weighed[2];
    int64_t flow_since_mono_ms; /* flow is added up from here ... */
    int64_t flow_g_ms_min;      /* ... to so much, in g/min times ms ... */
    int64_t flow_counter_g;     /* ... and was last compared at this counter */
};

/* Begins a fill. False: no limit can be stated (capacity not known and none assumed, no maximum fill, nominal
 * pressure 0), so that the valve must stay shut; *ret_overfill is then not set. */
bool fg_overfill_start(const struct fg_overfill_settings *settings, const struct fg_overfill_vessel *vessel,
                       const struct fg_overfill_look *look, struct fg_overfill *ret_overfill);

/* The valve opens again after a pause: the flow is added up from now. */
void fg_overfill_resume(struct fg_overfill *overfill, const struct fg_overfill_look *look);

/* One look while the valve is open. True: the instruments agree so far. */
bool fg_overfill_agrees(struct fg_overfill *overfill, const struct fg_overfill_settings *settings,
                        const struct fg_overfill_vessel *vessel, const struct fg_overfill_look *look);

#endif
