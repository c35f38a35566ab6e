/* What keeps the valve shut, in two halves each (Eva of Frama-C; tools/proof.sh). Here is the second: in
 * every phase that may open, on every event, nothing opens
 *
 * - when fg_signals_stop says stop (SHUT_BY_SIGNALS); then AUTHORISED is not asked for either;
 * - when fg_limit_pressure_stop says stop, in the programme that has a pressure (SHUT_BY_PRESSURE).
 *
 * The first halves, when the two say stop, are in proof_parts.c and proof_pressure.c. In these proofs fill.c
 * calls the stand-ins below instead of the two; they say stop whatever they are asked. ASKED: they are asked
 * of this plant, this scan and this moment. Eva relates no two numbers with each other, so that this is shown
 * for marks: values at both ends and in between, every combination of them. Not a program. Relies on:
 * proof_any_fill.h. */
#include "firmware/core/limits.h"
#include "tests/proof/proof_any_fill.h"

void prove_shut_by_signals(void);
void prove_shut_by_pressure(void);
void prove_asked_signals(void);
void prove_asked_pressure(void);
enum fg_stop claim_signals_stop(const struct fg_plant_state *asked_plant, uint8_t programme,
                                int64_t now_mono_ms, uint32_t age_max_ms);
enum fg_stop claim_pressure_stop(enum fg_gas gas, uint32_t nominal_kpa, int64_t pressure_kpa,
                                 int64_t temperature_dc, int32_t temperature_max_dc);

/* What the stand-ins were asked last. */
static struct {
    const struct fg_plant_state *plant;
    uint8_t programme;
    int64_t now_mono_ms;
    uint32_t age_max_ms;
    uint32_t nominal_kpa;
    int64_t pressure_kpa;
} asked;

static const uint8_t phases_that_may_open[] = {FG_FILL_PRE_CHECK, FG_FILL_AUTHORISING, FG_FILL_FILLING,
                                               FG_FILL_SUSPENDED};

static enum fg_stop any_stop(void)
{
    return (enum fg_stop)Frama_C_interval(1, UINT8_MAX);
}

enum fg_stop claim_signals_stop(const struct fg_plant_state *asked_plant, uint8_t programme,
                                int64_t now_mono_ms, uint32_t age_max_ms)
{
    asked.plant = asked_plant;
    asked.programme = programme;
    asked.now_mono_ms = now_mono_ms;
    asked.age_max_ms = age_max_ms;
    return any_stop();
}

enum fg_stop claim_pressure_stop(enum fg_gas gas, uint32_t nominal_kpa, int64_t pressure_kpa,
                                 int64_t temperature_dc, int32_t temperature_max_dc)
{
    (void)gas;
    (void)temperature_dc;
    (void)temperature_max_dc;
    asked.nominal_kpa = nominal_kpa;
    asked.pressure_kpa = pressure_kpa;
    return any_stop();
}

static void any_step(int first_phase)
{
    uint8_t phase = phases_that_may_open[Frama_C_interval(first_phase, 3)];
    uint8_t kind = (uint8_t)Frama_C_interval(0, FG_FILL_EVENT_KIND_COUNT - 1);

    /*@ split phase; */
    /*@ split kind; */
    any_state(phase);
    any_settings();
    any_event(kind);
}

void prove_shut_by_signals(void)
{
    any_step(0);
    fg_fill_step(&fill, &settings, &event, &commands);
    /*@ assert SHUT_BY_SIGNALS: commands.valve_open == 0; */
    /*@ assert SHUT_asks_nothing: commands.write_authorised == 0; */
}

void prove_shut_by_pressure(void)
{
    any_step(1);
    fill.scan.programme = FG_PROGRAMME_PRESSURE;
    fg_fill_step(&fill, &settings, &event, &commands);
    /*@ assert SHUT_BY_PRESSURE: commands.valve_open == 0; */
}

/* The marks. That the stand-ins are asked at all is what SHUT_BY shows. */
static const int64_t times_ms[] = {0, 1000003, FG_CORE_TIME_MAX_MS};
static const uint32_t ages_ms[] = {0, 7919, UINT32_MAX};
static const uint32_t nominals_kpa[] = {0, 20000, 24999, UINT32_MAX};
static const int64_t pressures_kpa[] = {-FG_SIGNAL_VALUE_MAX, -1, 25001, FG_SIGNAL_VALUE_MAX};

static void any_open_step(void)
{
    any_state(phases_that_may_open[Frama_C_interval(0, 3)]);
    any_settings();
    any_event((uint8_t)Frama_C_interval(0, FG_FILL_EVENT_KIND_COUNT - 1));
}

void prove_asked_signals(void)
{
    int time = Frama_C_interval(0, 2);
    int age = Frama_C_interval(0, 2);
    uint8_t programme = (uint8_t)Frama_C_interval(FG_PROGRAMME_NONE, FG_PROGRAMME_MASS);

    /*@ split time; */
    /*@ split age; */
    /*@ split programme; */
    any_open_step();
    event.now_mono_ms = times_ms[time];
    settings.reading_age_max_ms = ages_ms[age];
    fill.scan.programme = programme;
    asked.plant = &plant;
    asked.programme = programme;
    asked.now_mono_ms = times_ms[time];
    asked.age_max_ms = ages_ms[age];
    fg_fill_step(&fill, &settings, &event, &commands);
    /*@ assert ASKED_plant: asked.plant == &plant; */
    /*@ assert ASKED_programme: asked.programme == programme; */
    /*@ assert ASKED_now: asked.now_mono_ms == times_ms[time]; */
    /*@ assert ASKED_age: asked.age_max_ms == ages_ms[age]; */
}

void prove_asked_pressure(void)
{
    int nominal = Frama_C_interval(0, 3);
    int pressure = Frama_C_interval(0, 3);

    /*@ split nominal; */
    /*@ split pressure; */
    any_open_step();
    fill.scan.programme = FG_PROGRAMME_PRESSURE;
    fill.scan.nominal_kpa = nominals_kpa[nominal];
    plant.readings[FG_SIGNAL_PRESSURE_KPA].value = pressures_kpa[pressure];
    asked.nominal_kpa = nominals_kpa[nominal];
    asked.pressure_kpa = pressures_kpa[pressure];
    fg_fill_step(&fill, &settings, &event, &commands);
    /*@ assert ASKED_nominal: asked.nominal_kpa == nominals_kpa[nominal]; */
    /*@ assert ASKED_pressure: asked.pressure_kpa == pressures_kpa[pressure]; */
}
