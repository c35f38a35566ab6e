/* What is proven of the parts of firmware/core each by itself, with no undefined behaviour in any (Eva of
 * Frama-C; tools/proof.sh):
 *
 * - SIGNALS: a reading that is missing, bad, beyond its bounds or too old counts as none.
 * - NEEDED: while a needed signal has no good reading, fg_signals_stop says stop.
 * - OUTSIDE: fg_limit_pressure_stop says stop for a nominal pressure outside the table, whatever the
 * pressure.
 * - DENSITY: the density of any pressure at any temperature is within the table.
 * - PRESENCE: a tag is gone or there, and said so; RULES: a decision has no more reasons than fit, and
 * without a reason a programme that the point's medium has.
 *
 * What a bad signal and a high pressure then keep shut is in proof_shut.c. Not a program. Relies on:
 * proof_any.h. */
#include "firmware/core/limits.h"
#include "firmware/core/presence.h"
#include "firmware/core/rules.h"
#include "tests/proof/proof_any.h"

void prove_signals(void);
void prove_needed(void);
void prove_nominal(void);
void prove_density(void);
void prove_presence(void);
void prove_rules(void);

static struct fg_plant_state plant;
static int64_t now_mono_ms;

/* ---- a bad reading is no reading ------------------------------------------------------------------ */

/* Every way in which a reading is no good one. Of an old one only those are tried that are older than any
 * setting allows: Eva relates no two numbers with each other. */
enum bad { BAD_BELOW = 0, BAD_ABOVE, BAD_OLD, BAD_TOO_HIGH, BAD_TOO_LOW, BAD_ABSENT, BAD_COUNT };

static void reading_spoil(uint8_t signal, uint8_t bad)
{
    struct fg_reading *reading = &plant.readings[signal];

    now_mono_ms = any_time_ms();
    if (bad == BAD_BELOW)
        reading->state = (uint8_t)Frama_C_interval(0, FG_READING_GOOD - 1);
    else if (bad == BAD_ABOVE)
        reading->state = (uint8_t)Frama_C_interval(FG_READING_GOOD + 1, UINT8_MAX);
    else if (bad == BAD_TOO_HIGH)
        reading->value = Frama_C_long_long_interval(FG_SIGNAL_VALUE_MAX + 1, INT64_MAX);
    else if (bad == BAD_TOO_LOW)
        reading->value = Frama_C_long_long_interval(INT64_MIN, -FG_SIGNAL_VALUE_MAX - 1);
    else if (bad == BAD_ABSENT)
        plant.configured[signal] = false;
    if (bad == BAD_OLD) {
        reading->at_mono_ms = Frama_C_long_long_interval(0, FG_CORE_TIME_MAX_MS / 2);
        now_mono_ms =
            Frama_C_long_long_interval(FG_CORE_TIME_MAX_MS / 2 + UINT32_MAX + 1LL, FG_CORE_TIME_MAX_MS);
    }
}

void prove_signals(void)
{
    uint8_t signal = (uint8_t)Frama_C_interval(0, FG_SIGNAL_COUNT - 1);
    uint8_t bad = (uint8_t)Frama_C_interval(0, BAD_COUNT - 1);
    int64_t value = 0;
    bool good;

    /*@ split bad; */
    /*@ split signal; */
    any_plant(&plant);
    reading_spoil(signal, bad);
    good = fg_signal_read(&plant, (enum fg_signal)signal, now_mono_ms, any_u32(), &value);
    (void)good;
    /*@ assert SIGNALS: good == 0; */
}

/* Written down a second time, from the words of signals.h. */
static bool must_be_read(uint8_t signal, uint8_t programme, bool configured)
{
    if (signal == FG_SIGNAL_TOTAL_G)
        return false;
    if (signal == FG_SIGNAL_PRESSURE_KPA || signal == FG_SIGNAL_TEMPERATURE_DC)
        return programme != FG_PROGRAMME_MASS;
    if (signal == FG_SIGNAL_SCALE_G)
        return programme != FG_PROGRAMME_PRESSURE;
    return signal < FG_SIGNAL_EMERGENCY_STOP || configured;
}

void prove_needed(void)
{
    uint8_t signal = (uint8_t)Frama_C_interval(0, FG_SIGNAL_COUNT - 1);
    uint8_t bad = (uint8_t)Frama_C_interval(0, BAD_COUNT - 1);
    int known = Frama_C_interval(FG_PROGRAMME_NONE, FG_PROGRAMME_MASS + 1);
    uint8_t programme;
    bool configured = any_bool();
    enum fg_stop stop;

    /*@ split bad; */
    /*@ split signal; */
    /*@ split known; */
    /*@ split configured; */
    programme = (uint8_t)(known <= FG_PROGRAMME_MASS ? known : Frama_C_interval(known, UINT8_MAX));
    any_plant(&plant);
    plant.configured[signal] = configured;
    reading_spoil(signal, bad);
    stop = fg_signals_stop(&plant, programme, now_mono_ms, any_u32());
    (void)stop;
    if (must_be_read(signal, programme, plant.configured[signal])) {
        /*@ assert NEEDED: stop != FG_STOP_NONE; */
    }
}

/* ---- the nominal pressure ------------------------------------------------------------------------- */

#define NOMINAL_LOW_KPA 20000 /* of those that are filled at all (limits.h) */
#define NOMINAL_HIGH_KPA 25000

static enum fg_stop any_pressure_stop(uint32_t nominal_kpa, int64_t pressure_kpa)
{
    return fg_limit_pressure_stop((enum fg_gas)Frama_C_interval(0, UINT8_MAX), nominal_kpa, pressure_kpa,
                                  any_value(), Frama_C_interval(INT32_MIN, INT32_MAX));
}

/* A nominal pressure outside the table is never filled, whatever the pressure. */
void prove_nominal(void)
{
    bool above = any_bool();
    enum fg_stop stop;

    /*@ split above; */
    stop = any_pressure_stop(above ? (uint32_t)Frama_C_long_long_interval(NOMINAL_HIGH_KPA + 1, UINT32_MAX)
                                   : (uint32_t)Frama_C_interval(0, NOMINAL_LOW_KPA - 1),
                             any_value());
    (void)stop;
    /*@ assert OUTSIDE: stop != FG_STOP_NONE; */
}

/* ---- the gas, the tag, the rules -------------------------------------------------------------------- */

static void density_at(enum fg_gas gas, int64_t temperature_dc)
{
    int64_t density_cg_l = fg_gas_model_density_cg_l(gas, any_number(), temperature_dc);

    /*@ assert DENSITY: 0 <= density_cg_l <= FG_GAS_DENSITY_MAX_CG_L; */
    (void)fg_gas_model_pressure_kpa(gas, any_number(), temperature_dc);
    (void)fg_gas_model_mass_g(density_cg_l, any_u32());
}

/* Each temperature of the table, and any beyond it on either side. */
void prove_density(void)
{
    /*@ loop unroll 3; */
    for (int gas = 0; gas <= FG_GAS_COUNT; gas++) {
        /*@ loop unroll 1100; */
        for (int dc = FG_GAS_TEMPERATURE_MIN_DC; dc <= FG_GAS_TEMPERATURE_MAX_DC; dc++)
            density_at((enum fg_gas)gas, dc);
        density_at((enum fg_gas)gas, Frama_C_long_long_interval(INT64_MIN, FG_GAS_TEMPERATURE_MIN_DC));
        density_at((enum fg_gas)gas, Frama_C_long_long_interval(FG_GAS_TEMPERATURE_MAX_DC, INT64_MAX));
    }
}

void prove_presence(void)
{
    static struct fg_presence presence;
    static struct fg_presence_settings settings;
    static struct fg_uid uid;
    int call = Frama_C_interval(0, 2);
    enum fg_presence_change change;

    /*@ split call; */
    Frama_C_make_unknown((char *)&presence, sizeof(presence));
    Frama_C_make_unknown((char *)&settings, sizeof(settings));
    Frama_C_make_unknown((char *)&uid, sizeof(uid));
    presence.seen_mono_ms = any_time_ms();
    if (call == 0)
        change = fg_presence_poll(&presence, &settings, &uid, any_time_ms());
    else if (call == 1)
        change = fg_presence_tick(&presence, &settings, any_time_ms());
    else
        change = fg_presence_drop(&presence);
    (void)change;
    /*@ assert PRESENCE_time: 0 <= presence.seen_mono_ms <= FG_CORE_TIME_MAX_MS; */
    /*@ assert PRESENCE_gone: change == FG_PRESENCE_GONE ==> presence.uid.length == 0; */
}

static struct fg_facts facts;

static void any_facts(void)
{
    Frama_C_make_unknown((char *)&facts, sizeof(facts));
    for (int i = 0; i < FG_VEHICLE_CYLINDERS_MAX; i++)
        facts.cylinders[i].row.first_fill_pending = any_bool();
    facts.rules.own_cylinders_only = any_bool();
    facts.rules.manual_entry = any_bool();
    facts.operator_signed_in = any_bool();
    facts.second_person_present = any_bool();
    facts.locked_out = any_bool();
    facts.device_fault = any_bool();
    facts.emergency_stop = any_bool();
    /* proto/list/manifest.c refuses a list issued before 1970. */
    facts.list_issued_ms = Frama_C_long_long_interval(0, INT64_MAX);
    facts.now_ms = Frama_C_long_long_interval(0, INT64_MAX);
}

void prove_rules(void)
{
    static struct fg_decision decision;

    any_facts();
    fg_rules_decide(&facts, &decision);
    /*@ assert RULES_count: decision.reasons.count <= FG_REASONS_MAX; */
    /*@ assert RULES_programme: decision.programme <= FG_PROGRAMME_MASS; */
}
