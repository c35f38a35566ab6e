/* What is proven of firmware/core for every input within the bounds below, by abstract interpretation (Eva of
 * Frama-C; tools/proof.sh): no undefined behaviour in any function that a step reaches (no alarm), and the
 * contract of the interlock, step by step:
 *
 * - ONLY_FILLING: the valve is wanted open in FILLING and nowhere else.
 * - ENTERED: FILLING is entered only from SUSPENDED, or from AUTHORISING when the entry is durable.
 * - ONE_END: AUTHORISED is asked for only from PRE_CHECK; what is authorised leaves only through RECORDING,
 * when ENDED is durable; ENDED is asked for only where none is asked for already.
 * - SIGNALS: a reading that is missing, bad, beyond its bounds or too old counts as none. That the step asks
 * for every needed signal is not proven here: tests/sim/test_fill_exhaustive.c walks it.
 * - SHUT: nothing opens when 4 x pressure > 5 x nominal: proven for the nominal pressures that tools/proof.sh
 *   names, and for all that are outside the table, which are never filled.
 *
 * State, settings, event and plant are arbitrary within their bounds and independent of each other, so that
 * one step proves all. Not a program. Relies on: Frama-C's built-in functions. */
#include "firmware/core/bounds.h"
#include "firmware/core/fill.h"
#include "firmware/core/limits.h"
#include "firmware/core/presence.h"
#include "firmware/core/rules.h"
#include "firmware/core/signals.h"

#define LEAK_RAISES_MAX 16 /* fill.c */

#ifdef __FRAMAC__
#include <__fc_builtin.h>
#else /* so that compilers can look at this file, too */
int Frama_C_interval(int low, int high);
long long Frama_C_long_long_interval(long long low, long long high);
void Frama_C_make_unknown(char *bytes, unsigned long count);
#endif

void prove_fill(void);
void prove_signals(void);
void prove_pressure(void);
void prove_nominal(void);

static struct fg_fill fill;
static struct fg_fill_settings settings;
static struct fg_fill_event event;
static struct fg_fill_commands commands;
static struct fg_plant_state plant;

static bool any_bool(void)
{
    return Frama_C_interval(0, 1) != 0;
}

static int64_t any_time_ms(void)
{
    return Frama_C_long_long_interval(0, FG_CORE_TIME_MAX_MS);
}

static int64_t any_value(void)
{
    return Frama_C_long_long_interval(-FG_SIGNAL_VALUE_MAX, FG_SIGNAL_VALUE_MAX);
}

static void plant_any(void)
{
    Frama_C_make_unknown((char *)&plant, sizeof(plant));
    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        plant.configured[i] = any_bool();
        plant.readings[i].at_mono_ms = any_time_ms();
    }
}

static void scan_any(struct fg_fill_scan *scan)
{
    Frama_C_make_unknown((char *)scan, sizeof(*scan));
}

static void state_any(uint8_t phase)
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
    fill.post_check_failed = any_bool();
    fill.write_pending = any_bool();
    fill.suspended_by_operator = any_bool();
    fill.phase_since_mono_ms = any_time_ms();
    fill.authorised_mono_ms = any_time_ms();
    fill.flow_low_since_mono_ms = any_time_ms();
    fill.valve_differs_since_mono_ms = any_time_ms();
    fill.leak_rose_mono_ms = any_time_ms();
    fill.end_mono_ms = any_time_ms();
    fill.idle_inventory_g = any_value();
    fill.idle_newest_g = any_value();
    fill.start_inventory_g = any_value();
    fill.start_pressure_kpa = any_value();
    fill.end_inventory_g = any_value();
    fill.end_pressure_kpa = any_value();
    fill.end_temperature_dc = any_value();
    fill.end_scale_g = any_value();
    fill.inventory_restored = any_bool();
}

static void settings_any(void)
{
    Frama_C_make_unknown((char *)&settings, sizeof(settings));
}

static void event_any(uint8_t kind)
{
    event.kind = kind;
    event.now_mono_ms = any_time_ms();
    event.plant = &plant;
    event.check_failed = any_bool();
    event.grounds_hold = any_bool();
    scan_any(&event.scan);
    Frama_C_make_unknown((char *)&event.checks, sizeof(event.checks));
    Frama_C_make_unknown((char *)&event.sequence, sizeof(event.sequence));
}

static bool is_authorised(uint8_t phase)
{
    return phase == FG_FILL_FILLING || phase == FG_FILL_SUSPENDED || phase == FG_FILL_CLOSING ||
           phase == FG_FILL_POST_CHECK || phase == FG_FILL_RECORDING;
}

static void contract(uint8_t before, uint8_t kind, bool was_pending)
{
    bool was = is_authorised(before);
    bool is = is_authorised(fill.phase);
    bool written = kind == FG_FILL_EVENT_WRITTEN;
    bool begins = !was && is;
    bool ends = was && !is;

    (void)written; /* and those below: read by the goals alone */
    (void)was_pending;
    /*@ assert PHASE: fill.phase < FG_FILL_PHASE_COUNT; */
    /*@ assert ONLY_FILLING: commands.valve_open != 0 ==> fill.phase == FG_FILL_FILLING; */
    /*@ assert COMMANDED: fill.valve_commanded == commands.valve_open; */
    if (fill.phase == FG_FILL_FILLING && before != FG_FILL_FILLING) {
        /*@ assert ENTERED: before == FG_FILL_SUSPENDED || (before == FG_FILL_AUTHORISING && written != 0); */
    }
    if (begins) {
        /*@ assert ONE_END_begins: before == FG_FILL_AUTHORISING && written != 0; */
    }
    if (ends) {
        /*@ assert ONE_END_ends: before == FG_FILL_RECORDING && written != 0 && was_pending != 0; */
        /*@ assert ONE_END_idle: fill.phase == FG_FILL_IDLE; */
    }
    if (commands.write_authorised) {
        /*@ assert ONE_END_asks: before == FG_FILL_PRE_CHECK && fill.phase == FG_FILL_AUTHORISING; */
        /*@ assert ONE_END_alone: commands.write_ended == 0; */
    }
    if (commands.write_ended) {
        /*@ assert ONE_END_asks_once: was != 0 && fill.phase == FG_FILL_RECORDING; */
        /*@ assert ONE_END_pending: before != FG_FILL_RECORDING || was_pending == 0; */
    }
}

/* One step from any state of a phase, on any event: every pair of them. */
void prove_fill(void)
{
    uint8_t phase = (uint8_t)Frama_C_interval(0, FG_FILL_PHASE_COUNT - 1);
    uint8_t kind = (uint8_t)Frama_C_interval(0, FG_FILL_EVENT_KIND_COUNT - 1);
    bool was_pending = any_bool();

    /*@ split phase; */
    /*@ split kind; */
    /*@ split was_pending; */
    state_any(phase);
    fill.write_pending = was_pending;
    settings_any();
    event_any(kind);
    plant_any();
    fg_fill_step(&fill, &settings, &event, &commands);
    contract(phase, kind, was_pending);
}

/* ---- a bad reading is no reading ------------------------------------------------------------------ */

/* Every way in which a reading is no good one. Of an old one only those are tried that are older than any
 * setting allows: Eva relates no two numbers with each other. */
enum bad { BAD_BELOW = 0, BAD_ABOVE, BAD_OLD, BAD_TOO_HIGH, BAD_TOO_LOW, BAD_ABSENT, BAD_COUNT };

static void reading_spoil(uint8_t signal, uint8_t bad)
{
    struct fg_reading *reading = &plant.readings[signal];

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
        event.now_mono_ms =
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
    event.now_mono_ms = any_time_ms();
    plant_any();
    reading_spoil(signal, bad);
    good = fg_signal_read(&plant, (enum fg_signal)signal, event.now_mono_ms,
                          (uint32_t)Frama_C_long_long_interval(0, UINT32_MAX), &value);
    (void)good;
    /*@ assert SIGNALS: good == 0; */
}

/* ---- nothing opens above 1.25 times nominal ------------------------------------------------------ */

static const uint8_t phases_that_may_open[] = {FG_FILL_AUTHORISING, FG_FILL_FILLING, FG_FILL_SUSPENDED};

/* From any state of a phase that may open, on any event, with the plant as it was set and the programme as it
 * is in the scan. */
static void opens_nothing(uint8_t phase, uint8_t programme, uint32_t nominal_kpa)
{
    state_any(phase);
    fill.scan.programme = programme;
    fill.scan.nominal_kpa = nominal_kpa;
    fg_fill_step(&fill, &settings, &event, &commands);
    /*@ assert SHUT: commands.valve_open == 0; */
}

#define NOMINAL_LOW_KPA 20000 /* of those that are filled at all (limits.h) */
#define NOMINAL_HIGH_KPA 25000
#ifndef NOMINAL_FIRST_KPA /* tools/proof.sh takes them in parts */
#define NOMINAL_FIRST_KPA NOMINAL_LOW_KPA
#define NOMINAL_LAST_KPA NOMINAL_HIGH_KPA
#endif

/* Each nominal pressure that is filled at all, with any pressure above 1.25 times it. */
void prove_pressure(void)
{
    uint8_t phase = phases_that_may_open[Frama_C_interval(0, 2)];
    uint32_t nominal_kpa = (uint32_t)Frama_C_interval(NOMINAL_FIRST_KPA, NOMINAL_LAST_KPA);

    /*@ split phase; */
    /*@ split nominal_kpa; */
    settings_any();
    event_any((uint8_t)Frama_C_interval(0, FG_FILL_EVENT_KIND_COUNT - 1));
    plant_any();
    plant.readings[FG_SIGNAL_PRESSURE_KPA].value =
        Frama_C_long_long_interval((long long)nominal_kpa * 5 / 4 + 1, INT64_MAX);
    opens_nothing(phase, FG_PROGRAMME_PRESSURE, nominal_kpa);
}

/* Any other is never filled, whatever the pressure. */
void prove_nominal(void)
{
    uint8_t phase = phases_that_may_open[Frama_C_interval(0, 2)];
    bool above = any_bool();

    /*@ split phase; */
    /*@ split above; */
    settings_any();
    event_any((uint8_t)Frama_C_interval(0, FG_FILL_EVENT_KIND_COUNT - 1));
    plant_any();
    opens_nothing(phase, FG_PROGRAMME_PRESSURE,
                  above ? (uint32_t)Frama_C_long_long_interval(NOMINAL_HIGH_KPA + 1, UINT32_MAX)
                        : (uint32_t)Frama_C_interval(0, NOMINAL_LOW_KPA - 1));
}
