/* The comparisons of overfill.h. */
#include "firmware/core/overfill.h"

#include "firmware/core/gas_model.h"

#define REFERENCE_DC 200 /* nominal pressures are given at 20 degC */
#define MS_PER_MIN 60000
#define FLOW_GAP_MAX_MS 1000 /* a step later than this adds no more flow than that */
#define FLOW_MAX_G_MIN INT64_C(1000000000)

static uint32_t capacity_dl(const struct fg_overfill_settings *settings,
                            const struct fg_overfill_vessel *vessel)
{
    return vessel->water_capacity_dl != 0 ? vessel->water_capacity_dl : settings->capacity_unknown_dl;
}

static bool is_by_mass(const struct fg_overfill_vessel *vessel)
{
    return vessel->programme == FG_PROGRAMME_MASS;
}

/* What a full cylinder holds, g; 0 = nobody knows. */
static int64_t full_g(const struct fg_overfill_settings *settings, const struct fg_overfill_vessel *vessel)
{
    if (is_by_mass(vessel))
        return vessel->maximum_fill_g;
    return fg_gas_model_mass_g(fg_gas_model_density_cg_l(vessel->gas, vessel->nominal_kpa, REFERENCE_DC),
                               capacity_dl(settings, vessel));
}

/* Pressure or weight that the counter makes expect. */
static int64_t expected_at(const struct fg_overfill *overfill, const struct fg_overfill_settings *settings,
                           const struct fg_overfill_vessel *vessel, int64_t counter_g, int64_t temperature_dc)
{
    int64_t filled_g = counter_g - overfill->start_counter_g;
    int64_t capacity = (int64_t)capacity_dl(settings, vessel);

    if (is_by_mass(vessel))
        return overfill->start_weighed + filled_g;
    if (capacity == 0)
        return overfill->start_weighed;
    return fg_gas_model_pressure_kpa(vessel->gas, overfill->start_density_cg_l + filled_g * 1000 / capacity,
                                     temperature_dc);
}

static void sample_push(struct fg_overfill_sample samples[2], const struct fg_overfill_sample *newest)
{
    if (samples[0].at_mono_ms == newest->at_mono_ms)
        return;
    samples[1] = samples[0];
    samples[0] = *newest;
}

/* The newest sample that is not younger than at_mono_ms. */
static bool sample_before(const struct fg_overfill_sample samples[2], int64_t at_mono_ms, int64_t *ret_value)
{
    for (int i = 0; i < 2; i++) {
        if (samples[i].at_mono_ms <= at_mono_ms) {
            *ret_value = samples[i].value;
            return true;
        }
    }
    return false;
}

bool fg_overfill_start(const struct fg_overfill_settings *settings, const struct fg_overfill_vessel *vessel,
                       const struct fg_overfill_look *look, struct fg_overfill *ret_overfill)
{
    int64_t full = full_g(settings, vessel);
    int64_t tolerance_g = full * (int64_t)settings->tolerance_percent / 100;
    struct fg_overfill overfill = {.start_counter_g = look->counter.value,
                                   .start_weighed = look->weighed.value,
                                   .counters = {look->counter, look->counter},
                                   .weighed = {look->weighed, look->weighed}};

    if (full == 0)
        return false;
    overfill.limit_g = look->counter.value + full + tolerance_g;
    if (!is_by_mass(vessel)) {
        overfill.start_density_cg_l =
            fg_gas_model_density_cg_l(vessel->gas, look->weighed.value, look->temperature_dc);
        overfill.limit_g -= fg_gas_model_mass_g(overfill.start_density_cg_l, capacity_dl(settings, vessel));
    }
    overfill.due_expected =
        expected_at(&overfill, settings, vessel, look->counter.value, look->temperature_dc);
    overfill.due_weighed = look->weighed.value;
    fg_overfill_resume(&overfill, look);
    *ret_overfill = overfill;
    return true;
}

void fg_overfill_resume(struct fg_overfill *overfill, const struct fg_overfill_look *look)
{
    overfill->flow_since_mono_ms = look->now_mono_ms;
    overfill->flow_g_ms_min = 0;
    overfill->flow_counter_g = look->counter.value;
}

/* Has what was measured kept up with what the counter says? */
static bool weighed_follows(struct fg_overfill *overfill, const struct fg_overfill_settings *settings,
                            const struct fg_overfill_vessel *vessel, const struct fg_overfill_look *look)
{
    int64_t due = is_by_mass(vessel) ? settings->follow_mass_g : settings->follow_pressure_kpa;
    int64_t counter_g = 0;
    int64_t expected;

    if (!sample_before(overfill->counters, look->weighed.at_mono_ms, &counter_g))
        return true;
    expected = expected_at(overfill, settings, vessel, counter_g, look->temperature_dc);
    if (expected - overfill->due_expected < due)
        return true;
    if ((look->weighed.value - overfill->due_weighed) * 100 <
        (expected - overfill->due_expected) * (int64_t)settings->follow_percent)
        return false;
    overfill->due_expected = expected;
    overfill->due_weighed = look->weighed.value;
    return true;
}

/* Is what was measured explained by what the counter says? */
static bool counter_explains(const struct fg_overfill *overfill, const struct fg_overfill_settings *settings,
                             const struct fg_overfill_vessel *vessel, const struct fg_overfill_look *look)
{
    int64_t lead = is_by_mass(vessel) ? settings->follow_mass_g : settings->pressure_lead_kpa;
    int64_t weighed = 0;
    int64_t expected;

    if (!sample_before(overfill->weighed, look->counter.at_mono_ms, &weighed))
        return true;
    expected = expected_at(overfill, settings, vessel, look->counter.value, look->temperature_dc);
    return (weighed - overfill->start_weighed - lead) * (int64_t)settings->follow_percent <=
           (expected - overfill->start_weighed) * 100;
}

static bool counter_follows_flow(struct fg_overfill *overfill, const struct fg_overfill_settings *settings,
                                 const struct fg_overfill_look *look)
{
    int64_t elapsed_ms = look->now_mono_ms - overfill->flow_since_mono_ms;
    int64_t flow_g_min = look->flow_g_min;

    if (elapsed_ms > FLOW_GAP_MAX_MS)
        elapsed_ms = FLOW_GAP_MAX_MS;
    if (flow_g_min > FLOW_MAX_G_MIN)
        flow_g_min = FLOW_MAX_G_MIN;
    overfill->flow_since_mono_ms = look->now_mono_ms;
    if (elapsed_ms > 0 && flow_g_min > 0)
        overfill->flow_g_ms_min += flow_g_min * elapsed_ms;
    if (overfill->flow_g_ms_min < (int64_t)settings->follow_mass_g * MS_PER_MIN)
        return true;
    if ((look->counter.value - overfill->flow_counter_g) * 100 <
        overfill->flow_g_ms_min / MS_PER_MIN * (int64_t)settings->follow_percent)
        return false;
    overfill->flow_g_ms_min = 0;
    overfill->flow_counter_g = look->counter.value;
    return true;
}

bool fg_overfill_agrees(struct fg_overfill *overfill, const struct fg_overfill_settings *settings,
                        const struct fg_overfill_vessel *vessel, const struct fg_overfill_look *look)
{
    sample_push(overfill->counters, &look->counter);
    sample_push(overfill->weighed, &look->weighed);
    if (look->counter.value > overfill->limit_g)
        return false;
    return weighed_follows(overfill, settings, vessel, look) &&
           counter_explains(overfill, settings, vessel, look) &&
           counter_follows_flow(overfill, settings, look);
}
