/* What is proven of one step of the fill machine, from any state within bounds and on any event (Eva of
 * Frama-C; tools/proof.sh): no undefined behaviour in any function that the step reaches (no alarm), and
 *
 * - ONLY_FILLING: the valve is wanted open in FILLING and nowhere else.
 * - ENTERED: FILLING is entered only from SUSPENDED, or from AUTHORISING when the entry is durable.
 * - ONE_END: AUTHORISED is asked for only from PRE_CHECK; what is authorised leaves only through RECORDING,
 * when ENDED is durable; ENDED is asked for only where none is asked for already.
 * - STATE: what the step leaves is within the bounds that it may begin with, so that proving one step proves
 * every run. The first state is that of fg_fill_restore on zeroes: prove_restore.
 *
 * Not: what keeps the valve shut (proof_shut.c). Not a program. Relies on: proof_any_fill.h. */
#include "tests/proof/proof_any_fill.h"

void prove_fill(void);
void prove_restore(void);
void prove_questions(void);

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

/* The bounds of any_state, as goals. */
static void state_is_within(void)
{
    /*@ assert STATE_phase: fill.phase < FG_FILL_PHASE_COUNT; */
    /*@ assert STATE_leak: fill.leak_raises <= LEAK_RAISES_MAX; */
    /*@ assert STATE_times: 0 <= fill.phase_since_mono_ms <= FG_CORE_TIME_MAX_MS &&
            0 <= fill.authorised_mono_ms <= FG_CORE_TIME_MAX_MS && 0 <= fill.end_mono_ms <=
       FG_CORE_TIME_MAX_MS && 0 <= fill.flow_low_since_mono_ms <= FG_CORE_TIME_MAX_MS && 0 <=
       fill.valve_differs_since_mono_ms <= FG_CORE_TIME_MAX_MS && 0 <= fill.leak_rose_mono_ms <=
       FG_CORE_TIME_MAX_MS; */
    /*@ assert STATE_idle: -SUM_MAX <= fill.idle_inventory_g <= SUM_MAX &&
            -FG_SIGNAL_VALUE_MAX <= fill.idle_newest_g <= FG_SIGNAL_VALUE_MAX; */
    /*@ assert STATE_start: -FG_SIGNAL_VALUE_MAX <= fill.start_inventory_g <= FG_SIGNAL_VALUE_MAX &&
            -FG_SIGNAL_VALUE_MAX <= fill.start_pressure_kpa <= FG_SIGNAL_VALUE_MAX; */
    /*@ assert STATE_end: -FG_SIGNAL_VALUE_MAX <= fill.end_inventory_g <= FG_SIGNAL_VALUE_MAX &&
            -FG_SIGNAL_VALUE_MAX <= fill.end_pressure_kpa <= FG_SIGNAL_VALUE_MAX &&
            -FG_SIGNAL_VALUE_MAX <= fill.end_temperature_dc <= FG_SIGNAL_VALUE_MAX &&
            -FG_SIGNAL_VALUE_MAX <= fill.end_scale_g <= FG_SIGNAL_VALUE_MAX; */
    /*@ assert STATE_counter: -FG_SIGNAL_VALUE_MAX <= fill.counter.value_g <= FG_SIGNAL_VALUE_MAX &&
            -FG_SIGNAL_VALUE_MAX <= fill.counter.seen_g <= FG_SIGNAL_VALUE_MAX &&
            0 <= fill.counter.value_mono_ms <= FG_CORE_TIME_MAX_MS &&
            0 <= fill.counter.seen_mono_ms <= FG_CORE_TIME_MAX_MS; */
}

/* The same of what compares the instruments, which only a fill under way reads. */
static void overfill_is_within(void)
{
    /*@ assert STATE_limit: -SUM_MAX <= fill.overfill.limit_g <= SUM_MAX; */
    /*@ assert STATE_begun: -FG_SIGNAL_VALUE_MAX <= fill.overfill.start_counter_g <= FG_SIGNAL_VALUE_MAX &&
            -FG_SIGNAL_VALUE_MAX <= fill.overfill.start_weighed <= FG_SIGNAL_VALUE_MAX &&
            0 <= fill.overfill.start_density_cg_l <= FG_GAS_DENSITY_MAX_CG_L; */
    /*@ assert STATE_due: -SUM_MAX <= fill.overfill.due_expected <= SUM_MAX &&
            -FG_SIGNAL_VALUE_MAX <= fill.overfill.due_weighed <= FG_SIGNAL_VALUE_MAX; */
    /*@ assert STATE_counters: \forall integer i; 0 <= i < 2 ==>
            -FG_SIGNAL_VALUE_MAX <= fill.overfill.counters[i].value <= FG_SIGNAL_VALUE_MAX &&
            0 <= fill.overfill.counters[i].at_mono_ms <= FG_CORE_TIME_MAX_MS; */
    /*@ assert STATE_weighed: \forall integer i; 0 <= i < 2 ==>
            -FG_SIGNAL_VALUE_MAX <= fill.overfill.weighed[i].value <= FG_SIGNAL_VALUE_MAX &&
            0 <= fill.overfill.weighed[i].at_mono_ms <= FG_CORE_TIME_MAX_MS; */
    /*@ assert STATE_flow: 0 <= fill.overfill.flow_g_ms_min <= FLOW_SUM_MAX &&
            0 <= fill.overfill.flow_since_mono_ms <= FG_CORE_TIME_MAX_MS &&
            -FG_SIGNAL_VALUE_MAX <= fill.overfill.flow_counter_g <= FG_SIGNAL_VALUE_MAX; */
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
    any_state(phase);
    fill.write_pending = was_pending;
    any_settings();
    any_event(kind);
    fg_fill_step(&fill, &settings, &event, &commands);
    contract(phase, kind, was_pending);
    state_is_within();
    if (fill.phase == FG_FILL_FILLING || fill.phase == FG_FILL_SUSPENDED)
        overfill_is_within();
}

/* What an earlier run knew, on a zeroed state. */
void prove_restore(void)
{
    static struct fg_fill_kept kept;

    kept.locked_out = any_bool();
    kept.alarm_flow = any_bool();
    kept.alarm_valve = any_bool();
    kept.inventory_known = any_bool();
    kept.zero_fills = any_u32();
    kept.inventory_g = any_number();
    fg_fill_restore(&fill, &kept);
    /*@ assert ONLY_FILLING: fill.phase == FG_FILL_IDLE; */
    state_is_within();
}

/* The machine's answers to the shell, in any state. */
void prove_questions(void)
{
    uint8_t phase = (uint8_t)Frama_C_interval(0, UINT8_MAX);
    int64_t inventory_g = 0;
    bool sound;
    bool ready;

    any_state(phase);
    any_settings();
    any_plant(&plant);
    sound = fg_fill_plant_is_sound(&fill, &settings, &plant, (uint8_t)Frama_C_interval(0, UINT8_MAX),
                                   any_time_ms());
    ready = fg_fill_is_ready(&fill);
    (void)fg_fill_inventory(&fill, &settings, any_time_ms(), &inventory_g);
    (void)fg_fill_quantity_g(&fill);
    (void)fg_fill_phase_name((enum fg_fill_phase)phase);
    (void)sound;
    (void)ready;
    /*@ assert QUESTIONS_inventory: -FG_SIGNAL_VALUE_MAX <= inventory_g <= FG_SIGNAL_VALUE_MAX; */
}
