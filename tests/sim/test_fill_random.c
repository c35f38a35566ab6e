/* Random runs of the real fill machine on a plant that lies: frozen, stuck, glitching and silent instruments,
 * one that shows a tenth too little, a welded valve, and any event at any time. Holds the promises at each
 * step, and the true mass in the cylinder against the stated bound: with one instrument lying, never more gas
 * than a cylinder holds at 1.25 times its nominal pressure and 20 degC. Of liquefied gas one fill never adds
 * more than 1.16 times the maximum fill: what was in before only the scale can say.
 *
 * FILLGATE_RANDOM_RUNS sets how many runs (20000 by default), FILLGATE_RANDOM_SEED the first; a failure names
 * its seed, and a run depends on its seed alone. Not: real time, real devices, a pressure that is wrong by a
 * constant share of more than a tenth (nothing else at the point could tell). Relies on:
 * firmware/core/fill.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/core/fill.h"
#include "firmware/core/gas_model.h"
#include "firmware/core/signals.h"
#include "tests/lib/check.h"

#define RUNS 20000
#define STEP_MS 100
#define STEPS 900
#define CAPACITY_DL 700
#define TARE_G 16500
#define SUPPLY_KPA 30000

enum lie {
    LIE_NONE,
    LIE_FROZEN,
    LIE_ZERO,
    LIE_LOW, /* shows nine tenths */
    LIE_GLITCH,
    LIE_SILENT,
    LIE_COUNT
};

struct run {
    uint64_t random;
    struct fg_fill fill;
    struct fg_plant_state plant;
    struct fg_fill_scan scan;
    int64_t now;
    enum fg_signal liar;
    enum lie lie;
    int lie_from;
    int64_t frozen;
    bool welded;
    bool valve;      /* truly open */
    int64_t flow_mg; /* a step */
    int64_t in_mg;   /* truly in the cylinder */
    int64_t came_mg; /* was in it when it came */
    int64_t inventory_mg;
    bool durable, authorise_due, end_due, grounds;
    bool raised;
    int64_t leaked_mg; /* since gas last flowed by right */
    unsigned fills;
    const char *broken;
};

static const struct fg_fill_settings settings = {
    .gas = FG_GAS_METHANE,
    .pre_check_max_ms = 20000,
    .resume_max_ms = 5000,
    .fill_max_ms = 600000,
    .no_flow_max_ms = 5000,
    .flow_min_g_min = 100,
    .flow_max_g_min = 40000,
    .counter_max_g_min = 45000,
    .temperature_max_dc = 650,
    .mass_cut_off_early_g = 60,
    .below_tare_max_g = 500,
    .reading_age_max_ms = 600,
    .valve_follow_max_ms = 1000,
    .closing_max_ms = 2000,
    .post_check_max_ms = 2000,
    .unauthorised_flow_g = 100,
    .leak_quiet_ms = 60000,
    .zero_fill_g = 20,
    .overfill = {.tolerance_percent = 15,
                 .follow_percent = 50,
                 .follow_pressure_kpa = 3000,
                 .pressure_lead_kpa = 10000,
                 .follow_mass_g = 1000,
                 .capacity_unknown_dl = 500},
};

static uint64_t next_random(struct run *run)
{
    uint64_t z = run->random += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static int64_t pick(struct run *run, int64_t least, int64_t most)
{
    return least + (int64_t)(next_random(run) % (uint64_t)(most - least + 1));
}

static bool is_by_mass(const struct run *run)
{
    return run->scan.programme == FG_PROGRAMME_MASS;
}

static int64_t true_kpa(const struct run *run)
{
    return fg_gas_model_pressure_kpa(FG_GAS_METHANE, run->in_mg / CAPACITY_DL, 200);
}

/* A vehicle of its own for each fill: how often one may come back is a rule of the station, not of the
 * machine. */
static void vehicle_come(struct run *run)
{
    int64_t start_kpa = pick(run, 500, 18000);

    run->in_mg = is_by_mass(run) ? pick(run, 0, 12000) * 1000
                                 : fg_gas_model_density_cg_l(FG_GAS_METHANE, start_kpa, 200) * CAPACITY_DL;
    run->came_mg = run->in_mg;
}

static void run_begin(struct run *run, uint64_t seed)
{
    memset(run, 0, sizeof(*run));
    run->random = seed * UINT64_C(0xD1342543DE82EF95) + 1;
    run->now = 100000;
    run->scan =
        (struct fg_fill_scan){.programme = pick(run, 0, 3) == 0 ? FG_PROGRAMME_MASS : FG_PROGRAMME_PRESSURE,
                              .nominal_kpa = 20000,
                              .tare_g = TARE_G,
                              .maximum_fill_g = 14500,
                              .water_capacity_dl = CAPACITY_DL,
                              .pre_checks_wanted = 1,
                              .post_checks_wanted = (uint32_t)pick(run, 0, 1)};
    vehicle_come(run);
    run->inventory_mg = pick(run, 0, 9000000) * 1000;
    run->flow_mg = pick(run, 3000, 60000); /* 1.8 to 36 kg/min */
    run->liar = (enum fg_signal)pick(run, 0, FG_SIGNAL_STOP_BUTTON);
    run->lie = (enum lie)pick(run, 0, LIE_COUNT - 1);
    run->lie_from = (int)pick(run, 0, 300);
    run->welded = pick(run, 0, 9) == 0;
    for (int i = 0; i < FG_SIGNAL_COUNT; i++)
        run->plant.configured[i] = i != FG_SIGNAL_TOTAL_G;
}

static bool lies_now(struct run *run, int step)
{
    if (run->lie == LIE_NONE || step < run->lie_from)
        return false;
    return run->lie != LIE_GLITCH || pick(run, 0, 50) == 0;
}

static void lie_tell(struct run *run, int step)
{
    struct fg_reading *reading = &run->plant.readings[run->liar];

    if (!lies_now(run, step)) {
        run->frozen = reading->value;
        return;
    }
    if (run->lie == LIE_FROZEN)
        reading->value = run->frozen;
    else if (run->lie == LIE_ZERO)
        reading->value = 0;
    else if (run->lie == LIE_LOW)
        reading->value = reading->value * 9 / 10;
    else if (run->lie == LIE_GLITCH)
        reading->value = pick(run, -1000, INT64_C(10000000000));
    else
        reading->state = FG_READING_TIME_OUT;
}

static void plant_play(struct run *run, int step)
{
    bool flows = run->valve && (is_by_mass(run) || true_kpa(run) < SUPPLY_KPA);
    int64_t values[FG_SIGNAL_COUNT] = {0};

    if (flows) {
        run->in_mg += run->flow_mg;
        run->inventory_mg += run->flow_mg;
    }
    values[FG_SIGNAL_PRESSURE_KPA] = true_kpa(run);
    values[FG_SIGNAL_TEMPERATURE_DC] = 200;
    values[FG_SIGNAL_FLOW_G_MIN] = flows ? run->flow_mg * 60 / STEP_MS : 0;
    values[FG_SIGNAL_INVENTORY_G] = run->inventory_mg / 1000;
    values[FG_SIGNAL_SCALE_G] = TARE_G + run->in_mg / 1000;
    values[FG_SIGNAL_VALVE_OPEN] = run->valve;
    for (int i = 0; i < FG_SIGNAL_COUNT; i++)
        run->plant.readings[i] = (struct fg_reading){values[i], run->now, FG_READING_GOOD};
    lie_tell(run, step);
    if (flows && run->fill.phase != FG_FILL_FILLING && run->fill.phase != FG_FILL_CLOSING)
        run->leaked_mg += run->flow_mg;
    else if (!run->valve)
        run->leaked_mg = 0;
}

static void event_choose(struct run *run, struct fg_fill_event *event)
{
    uint8_t phase = run->fill.phase;

    event->kind = FG_FILL_EVENT_TICK;
    if (run->authorise_due || run->end_due) {
        if (pick(run, 0, 2) == 0)
            event->kind = pick(run, 0, 20) == 0 ? FG_FILL_EVENT_WRITE_FAILED : FG_FILL_EVENT_WRITTEN;
    } else if (phase == FG_FILL_IDLE && pick(run, 0, 9) == 0) {
        event->kind = FG_FILL_EVENT_ACCEPTED;
    } else if ((phase == FG_FILL_PRE_CHECK || phase == FG_FILL_POST_CHECK) && pick(run, 0, 1) == 0) {
        event->kind = pick(run, 0, 1) == 0 ? FG_FILL_EVENT_CHECKED : FG_FILL_EVENT_START;
    } else if (phase == FG_FILL_SUSPENDED && pick(run, 0, 4) == 0) {
        event->kind = pick(run, 0, 1) == 0 ? FG_FILL_EVENT_TAG_SAME : FG_FILL_EVENT_RESUME;
    } else if (pick(run, 0, 150) == 0) {
        event->kind = (uint8_t)pick(run, FG_FILL_EVENT_CHECKED, FG_FILL_EVENT_RESUME);
        if (event->kind == FG_FILL_EVENT_WRITTEN || event->kind == FG_FILL_EVENT_WRITE_FAILED)
            event->kind = FG_FILL_EVENT_SUSPEND;
    }
}

static void hold(struct run *run, bool held, const char *promise)
{
    if (!held && run->broken == NULL)
        run->broken = promise;
}

static void journal_judge(struct run *run, const struct fg_fill_event *event,
                          const struct fg_fill_commands *commands)
{
    if (event->kind == FG_FILL_EVENT_WRITTEN && run->authorise_due)
        run->durable = true;
    if (event->kind == FG_FILL_EVENT_WRITTEN && run->end_due) {
        run->durable = false;
        run->fills++;
        vehicle_come(run);
    }
    if (event->kind == FG_FILL_EVENT_WRITTEN || event->kind == FG_FILL_EVENT_WRITE_FAILED)
        run->authorise_due = run->end_due = false;
    hold(run, !commands->write_authorised || (!run->durable && !run->authorise_due), "ONE-END: AUTHORISED");
    hold(run, !commands->write_ended || (run->durable && !run->end_due), "ONE-END: ENDED");
    run->authorise_due = run->authorise_due || commands->write_authorised;
    run->end_due = run->end_due || commands->write_ended;
    hold(run, run->fill.phase != FG_FILL_IDLE || !run->durable, "ONE-END: idle with an open fill");
    hold(run, !commands->valve_open || run->durable, "LOG-BEFORE-OPEN");
}

static void plant_judge(struct run *run, bool was_open, const struct fg_fill_event *event,
                        const struct fg_fill_commands *commands)
{
    int64_t limit_mg = is_by_mass(run) ? run->came_mg + INT64_C(14500000) * 116 / 100
                                       : fg_gas_model_density_cg_l(FG_GAS_METHANE, 25000, 200) * CAPACITY_DL;
    bool opens = commands->valve_open && !was_open;
    bool counter_honest = run->liar != FG_SIGNAL_INVENTORY_G || run->lie == LIE_NONE;

    hold(run,
         !commands->valve_open ||
             fg_signals_bad(&run->plant, run->scan.programme, run->now, settings.reading_age_max_ms) == 0,
         "FAIL-CLOSED: open with a needed signal bad");
    hold(run, !opens || event->kind == FG_FILL_EVENT_WRITTEN || event->grounds_hold, "FAIL-CLOSED: grounds");
    hold(run, !opens || !(run->fill.alarm_flow || run->fill.alarm_valve), "FAIL-CLOSED: opens on an alarm");
    hold(run, run->welded || run->in_mg <= limit_mg, "FAIL-CLOSED: overfilled");
    hold(run, run->fill.end_inventory_g >= run->fill.start_inventory_g || run->fill.phase == FG_FILL_IDLE,
         "GAS-ADDS-UP: a quantity below nothing");
    hold(run, !counter_honest || fg_fill_quantity_g(&run->fill) <= run->inventory_mg / 1000,
         "GAS-ADDS-UP: more than ever flowed");
    hold(run, fg_fill_quantity_g(&run->fill) <= 2 * limit_mg / 1000 || run->welded,
         "GAS-ADDS-UP: an impossible quantity");
    if ((commands->raise_events & (1u << FG_EVENT_FLOW_WITHOUT_AUTHORITY | 1u << FG_EVENT_VALVE_FAULT |
                                   1u << FG_EVENT_METER_NOT_PLAUSIBLE)) != 0)
        run->raised = true;
    hold(run, run->raised || run->liar == FG_SIGNAL_INVENTORY_G || run->leaked_mg < 3500000,
         "GAS-ADDS-UP: a leak that nobody was told of");
}

static void run_step(struct run *run, int step)
{
    struct fg_fill_event event = {.plant = &run->plant, .scan = run->scan, .sequence = 9, .checks = 1};
    struct fg_fill_commands commands;
    bool was_open = run->fill.valve_commanded;

    run->now += STEP_MS;
    plant_play(run, step);
    event_choose(run, &event);
    event.now_mono_ms = run->now;
    event.grounds_hold = pick(run, 0, 30) != 0;
    fg_fill_step(&run->fill, &settings, &event, &commands);
    journal_judge(run, &event, &commands);
    plant_judge(run, was_open, &event, &commands);
    run->valve = commands.valve_open || (run->welded && run->valve);
}

TEST("LOG-BEFORE-OPEN, FAIL-CLOSED, ONE-END, GAS-ADDS-UP hold in random runs "
     "on a plant that lies")
{
    const char *runs_text = getenv("FILLGATE_RANDOM_RUNS");
    const char *seed_text = getenv("FILLGATE_RANDOM_SEED");
    uint64_t runs = runs_text == NULL ? RUNS : strtoull(runs_text, NULL, 10);
    uint64_t first = seed_text == NULL ? 1 : strtoull(seed_text, NULL, 10);
    uint64_t fills = 0;
    int64_t most_mg = 0;
    static struct run run;

    for (uint64_t seed = first; seed < first + runs; seed++) {
        run_begin(&run, seed);
        for (int step = 0; step < STEPS && run.broken == NULL; step++)
            run_step(&run, step);
        fills += run.fills;
        if (!is_by_mass(&run) && !run.welded && run.in_mg > most_mg)
            most_mg = run.in_mg;
        if (run.broken != NULL)
            printf("    seed %llu, signal %d, lie %d: %s\n", (unsigned long long)seed, (int)run.liar,
                   (int)run.lie, run.broken);
        CHECK(run.broken == NULL);
    }
    printf("    %llu runs, %llu fills, at most %lld g of gas in a cylinder made "
           "for %lld g\n",
           (unsigned long long)runs, (unsigned long long)fills, (long long)(most_mg / 1000),
           (long long)(fg_gas_model_density_cg_l(FG_GAS_METHANE, 20000, 200) * CAPACITY_DL / 1000));
    CHECK(fills > runs / 4);
}
