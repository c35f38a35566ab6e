/* The fill machine step by step, with a plant in good state that a test spoils. Relies on:
 * firmware/core/fill.h. */
#include "firmware/core/fill.h"

#include <string.h>

#include "firmware/core/gas_model.h"
#include "firmware/core/signals.h"
#include "tests/lib/check.h"

static const struct fg_fill_settings settings = {
    .gas = FG_GAS_METHANE,
    .pre_check_max_ms = 60000,
    .resume_max_ms = 10000,
    .fill_max_ms = 600000,
    .no_flow_max_ms = 15000,
    .flow_min_g_min = 100,
    .flow_max_g_min = 30000,
    .temperature_max_dc = 600,
    .mass_cut_off_early_g = 50,
    .below_tare_max_g = 500,
    .reading_age_max_ms = 1000,
    .valve_follow_max_ms = 500,
    .closing_max_ms = 3000,
    .post_check_max_ms = 30000,
    .unauthorised_flow_g = 200,
    .leak_quiet_ms = 60000,
    .zero_fill_g = 20,
    .counter_max_g_min = 40000,
    .overfill = {.tolerance_percent = 15,
                 .follow_percent = 50,
                 .follow_pressure_kpa = 3000,
                 .pressure_lead_kpa = 10000,
                 .follow_mass_g = 1000,
                 .capacity_unknown_dl = 0},
};

static struct fg_fill fill;
static struct fg_plant_state plant;
static struct fg_fill_commands commands;
static struct fg_fill_scan scan;
static int64_t now;
static int64_t flow_g_min;
static int64_t flowed_mg;
static int64_t start_density_cg_l;
static enum fg_signal frozen_signal; /* tick holds it at frozen_value; FG_SIGNAL_COUNT: none */
static int64_t frozen_value;
static int64_t pressure_percent; /* of the pressure's rise that its instrument shows */
static bool durable;             /* AUTHORISED was answered with WRITTEN in this fill */

static void plant_refresh(void)
{
    for (int i = 0; i < FG_SIGNAL_COUNT; i++)
        plant.readings[i].at_mono_ms = now;
}

static void step_raw(struct fg_fill_event event)
{
    event.now_mono_ms = now;
    event.plant = &plant;
    if (event.kind == FG_FILL_EVENT_WRITTEN && fill.phase == FG_FILL_AUTHORISING)
        durable = true;
    fg_fill_step(&fill, &settings, &event, &commands);
    CHECK(!commands.valve_open || (durable && fill.phase == FG_FILL_FILLING));
    if (fill.phase == FG_FILL_IDLE)
        durable = false;
}

static void step(enum fg_fill_event_kind kind)
{
    now += 20;
    plant_refresh();
    step_raw(
        (struct fg_fill_event){.kind = (uint8_t)kind, .scan = scan, .sequence = 7, .grounds_hold = true});
}

static void check_items(uint32_t checks, bool failed)
{
    now += 20;
    plant_refresh();
    step_raw((struct fg_fill_event){.kind = FG_FILL_EVENT_CHECKED, .checks = checks, .check_failed = failed});
}

/* Honest instruments: feedback, flow, counter, pressure (methane in 70 L at 20 degC) and scale follow the
 * command. */
static void tick(int64_t ms)
{
    for (int64_t end = now + ms; now < end;) {
        bool open = fill.valve_commanded;
        int64_t before_g = flowed_mg / 1000;

        plant.readings[FG_SIGNAL_VALVE_OPEN].value = open;
        plant.readings[FG_SIGNAL_FLOW_G_MIN].value = open ? flow_g_min : 0;
        if (open) {
            flowed_mg += flow_g_min / 3;
            plant.readings[FG_SIGNAL_INVENTORY_G].value += flowed_mg / 1000 - before_g;
            plant.readings[FG_SIGNAL_SCALE_G].value += flowed_mg / 1000 - before_g;
            plant.readings[FG_SIGNAL_PRESSURE_KPA].value =
                5000 + (fg_gas_model_pressure_kpa(FG_GAS_METHANE, start_density_cg_l + flowed_mg / 700, 200) -
                        5000) *
                           pressure_percent / 100;
        }
        if (frozen_signal < FG_SIGNAL_COUNT)
            plant.readings[frozen_signal].value = frozen_value;
        step(FG_FILL_EVENT_TICK);
    }
}

/* Enough looks that the counter is believed. */
static void settle(void)
{
    for (int i = 0; i < FG_COUNTER_SETTLED; i++)
        step(FG_FILL_EVENT_TICK);
}

static void begin(void)
{
    memset(&fill, 0, sizeof(fill));
    memset(&plant, 0, sizeof(plant));
    now = 1000000;
    flow_g_min = 6000;
    frozen_signal = FG_SIGNAL_COUNT;
    pressure_percent = 100;
    flowed_mg = 0;
    start_density_cg_l = fg_gas_model_density_cg_l(FG_GAS_METHANE, 5000, 200);
    durable = false;
    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        plant.configured[i] = true;
        plant.readings[i].state = FG_READING_GOOD;
    }
    plant.readings[FG_SIGNAL_PRESSURE_KPA].value = 5000;
    plant.readings[FG_SIGNAL_TEMPERATURE_DC].value = 200;
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 1000000;
    plant.readings[FG_SIGNAL_SCALE_G].value = 20000;
    scan = (struct fg_fill_scan){.programme = FG_PROGRAMME_PRESSURE,
                                 .nominal_kpa = 20000,
                                 .tare_g = 16500,
                                 .maximum_fill_g = 15000,
                                 .water_capacity_dl = 700,
                                 .pre_checks_wanted = 3,
                                 .post_checks_wanted = 1};
    settle();
}

static void to_authorising(void)
{
    step(FG_FILL_EVENT_ACCEPTED);
    CHECK_INT(fill.phase, FG_FILL_PRE_CHECK);
    check_items(3, false);
    step(FG_FILL_EVENT_START);
    CHECK_INT(fill.phase, FG_FILL_AUTHORISING);
    CHECK(commands.write_authorised && fill.write_pending);
}

static void to_filling(void)
{
    to_authorising();
    step(FG_FILL_EVENT_WRITTEN);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    CHECK(!fill.write_pending);
    tick(200);
}

static void begin_filling(void)
{
    begin();
    to_filling();
}

static void expect_stop(enum fg_stop stop)
{
    CHECK(!commands.valve_open);
    CHECK_INT(fill.phase, FG_FILL_CLOSING);
    CHECK_INT(fill.stop, stop);
}

static void to_recording(void)
{
    tick(100);
    if (fill.phase == FG_FILL_POST_CHECK)
        check_items(1, false);
    CHECK_INT(fill.phase, FG_FILL_RECORDING);
}

TEST("a fill from scan to ENDED, with its quantity")
{
    begin();
    CHECK(fg_fill_is_ready(&fill));
    to_filling();
    CHECK(!fg_fill_is_ready(&fill));
    CHECK_INT(fg_fill_quantity_g(&fill), 20);
    plant.readings[FG_SIGNAL_PRESSURE_KPA].value = 20000;
    step(FG_FILL_EVENT_TICK);
    expect_stop(FG_STOP_TARGET_REACHED);
    to_recording();
    CHECK(commands.write_ended);
    CHECK_INT(fg_fill_quantity_g(&fill), 20);
    CHECK_INT(fill.end_pressure_kpa, 20000);
    CHECK_INT(fill.authorised_sequence, 7);
    step(FG_FILL_EVENT_WRITTEN);
    CHECK(fg_fill_is_ready(&fill));
    CHECK_INT(fg_fill_quantity_g(&fill), 0);
}

TEST("LOG-BEFORE-OPEN: the valve stays shut until AUTHORISED is durable, and when it cannot be written")
{
    begin();
    to_authorising();
    tick(5000);
    CHECK(!commands.valve_open && !commands.write_authorised);
    step(FG_FILL_EVENT_WRITE_FAILED);
    CHECK(!commands.valve_open && commands.scan_dropped);
    CHECK_INT(commands.refusal, FG_REASON_JOURNAL_NOT_WRITABLE);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    step(FG_FILL_EVENT_WRITTEN);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
}

TEST("what speaks against the fill while AUTHORISED is written stops it unopened")
{
    const uint8_t kinds[] = {FG_FILL_EVENT_STOP, FG_FILL_EVENT_TAG_OTHER, FG_FILL_EVENT_OPERATOR_LEFT,
                             FG_FILL_EVENT_SHUTDOWN, FG_FILL_EVENT_TAG_GONE};
    const uint8_t stops[] = {FG_STOP_OPERATOR, FG_STOP_TAG_SWAPPED, FG_STOP_OPERATOR_LEFT, FG_STOP_SHUTDOWN,
                             FG_STOP_TAG_GONE};

    for (int i = 0; i < 5; i++) {
        begin();
        to_authorising();
        step((enum fg_fill_event_kind)kinds[i]);
        CHECK_INT(fill.tag_present,
                  kinds[i] != FG_FILL_EVENT_TAG_OTHER && kinds[i] != FG_FILL_EVENT_TAG_GONE);
        step(FG_FILL_EVENT_WRITTEN);
        expect_stop((enum fg_stop)stops[i]);
    }
}

TEST("a scan that is accepted again has its new limits, and all its items to be confirmed")
{
    begin();
    step(FG_FILL_EVENT_ACCEPTED);
    check_items(3, false);
    scan.nominal_kpa = 25000;
    step(FG_FILL_EVENT_ACCEPTED);
    CHECK_INT(fill.phase, FG_FILL_PRE_CHECK);
    CHECK_INT(fill.pre_checks_done, 0);
    CHECK_INT(fill.scan.nominal_kpa, 25000);
    step(FG_FILL_EVENT_START);
    CHECK_INT(fill.phase, FG_FILL_PRE_CHECK);
    scan.pre_checks_wanted = 0;
    step(FG_FILL_EVENT_ACCEPTED);
    CHECK_INT(fill.phase, FG_FILL_PRE_CHECK);
    CHECK(!commands.write_authorised);
}

TEST("pre-check: a no, no time, tag away, stop, shutdown and a sick plant drop the scan")
{
    const uint8_t kinds[] = {FG_FILL_EVENT_STOP, FG_FILL_EVENT_TAG_GONE, FG_FILL_EVENT_TAG_OTHER,
                             FG_FILL_EVENT_OPERATOR_LEFT, FG_FILL_EVENT_SHUTDOWN};

    for (int i = 0; i < 5; i++) {
        begin();
        step(FG_FILL_EVENT_ACCEPTED);
        step((enum fg_fill_event_kind)kinds[i]);
        CHECK_INT(fill.phase, FG_FILL_IDLE);
        CHECK(commands.scan_dropped);
        CHECK_INT(commands.refusal, FG_REASON_PRE_CHECK_LEFT);
    }
    begin();
    step(FG_FILL_EVENT_ACCEPTED);
    check_items(0, true);
    CHECK_INT(commands.refusal, FG_REASON_PRE_CHECK_FAILED);
    step(FG_FILL_EVENT_ACCEPTED);
    check_items(1, false);
    step(FG_FILL_EVENT_START);
    CHECK_INT(fill.phase, FG_FILL_PRE_CHECK);
    tick(59000);
    CHECK_INT(fill.phase, FG_FILL_PRE_CHECK);
    tick(2000);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    step(FG_FILL_EVENT_ACCEPTED);
    check_items(3, false);
    plant.readings[FG_SIGNAL_FLOW_G_MIN].state = FG_READING_FAULT;
    step(FG_FILL_EVENT_START);
    CHECK_INT(commands.refusal, FG_REASON_DEVICE_FAULT);
    plant.readings[FG_SIGNAL_FLOW_G_MIN].state = FG_READING_GOOD;
    step(FG_FILL_EVENT_ACCEPTED);
    check_items(3, false);
    plant.readings[FG_SIGNAL_EMERGENCY_STOP].value = 1;
    step(FG_FILL_EVENT_START);
    CHECK_INT(commands.refusal, FG_REASON_EMERGENCY_STOP);
}

TEST("events stop a fill: operator, another tag, operator left, shutdown")
{
    begin_filling();
    step(FG_FILL_EVENT_STOP);
    expect_stop(FG_STOP_OPERATOR);
    begin_filling();
    step(FG_FILL_EVENT_TAG_OTHER);
    expect_stop(FG_STOP_TAG_SWAPPED);
    begin_filling();
    step(FG_FILL_EVENT_OPERATOR_LEFT);
    expect_stop(FG_STOP_OPERATOR_LEFT);
    begin_filling();
    step(FG_FILL_EVENT_SHUTDOWN);
    expect_stop(FG_STOP_SHUTDOWN);
}

#define SPOIL(signal, amount, reason)                                                                        \
    do {                                                                                                     \
        begin_filling();                                                                                     \
        plant.readings[signal].value = (amount);                                                             \
        step(FG_FILL_EVENT_TICK);                                                                            \
        expect_stop(reason);                                                                                 \
    } while (0)

TEST("readings stop a fill at once: pressure, temperature, flow, emergency stop")
{
    SPOIL(FG_SIGNAL_PRESSURE_KPA, 25001, FG_STOP_OVER_PRESSURE);
    SPOIL(FG_SIGNAL_PRESSURE_KPA, 25000, FG_STOP_TARGET_REACHED);
    SPOIL(FG_SIGNAL_TEMPERATURE_DC, 601, FG_STOP_OVER_TEMPERATURE);
    SPOIL(FG_SIGNAL_TEMPERATURE_DC, -401, FG_STOP_NOT_PLAUSIBLE);
    SPOIL(FG_SIGNAL_TEMPERATURE_DC, INT64_MIN / 2, FG_STOP_NOT_PLAUSIBLE);
    SPOIL(FG_SIGNAL_FLOW_G_MIN, 30001, FG_STOP_FLOW_TOO_HIGH);
    SPOIL(FG_SIGNAL_EMERGENCY_STOP, 1, FG_STOP_EMERGENCY_STOP);
    CHECK(commands.raise_events & (UINT32_C(1) << FG_EVENT_EMERGENCY_STOP));
}

TEST("time stops a fill: no flow, too long, valve that does not follow")
{
    begin_filling();
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 99;
    for (int i = 0; i < 15000 / 20; i++)
        step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.stop, FG_STOP_NO_FLOW);
    begin_filling();
    flow_g_min = settings.flow_min_g_min;
    tick(20000);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    begin_filling();
    flow_g_min = 600;
    tick(599000);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    tick(1500);
    CHECK_INT(fill.stop, FG_STOP_TIME_OUT);
    begin_filling();
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 0;
    for (int i = 0; i < 26 && fill.phase == FG_FILL_FILLING; i++)
        step(FG_FILL_EVENT_TICK);
    expect_stop(FG_STOP_VALVE_FAULT);
}

TEST("mass programme: stops the early cut-off before gross, and never runs without tare or programme")
{
    begin();
    scan.programme = FG_PROGRAMME_MASS;
    to_filling();
    flow_g_min = 30000;
    tick(22800);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    plant.readings[FG_SIGNAL_SCALE_G].value = 31449;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    plant.readings[FG_SIGNAL_SCALE_G].value = 31450;
    step(FG_FILL_EVENT_TICK);
    expect_stop(FG_STOP_TARGET_REACHED);
    begin();
    scan.programme = FG_PROGRAMME_MASS;
    scan.tare_g = 0;
    to_authorising();
    step(FG_FILL_EVENT_WRITTEN);
    expect_stop(FG_STOP_NOT_PLAUSIBLE);
    begin();
    scan.programme = FG_PROGRAMME_NONE;
    to_authorising();
    step(FG_FILL_EVENT_WRITTEN);
    expect_stop(FG_STOP_NOT_PLAUSIBLE);
}

TEST("FAIL-CLOSED: each needed signal missing, silent, out of range, faulty or old stops the fill")
{
    const uint8_t states[] = {FG_READING_MISSING, FG_READING_TIME_OUT, FG_READING_RANGE, FG_READING_FAULT};
    const enum fg_stop stops[] = {FG_STOP_DEVICE_SILENT, FG_STOP_DEVICE_SILENT, FG_STOP_NOT_PLAUSIBLE,
                                  FG_STOP_NOT_PLAUSIBLE};
    const int pressure[] = {FG_SIGNAL_PRESSURE_KPA, FG_SIGNAL_TEMPERATURE_DC, FG_SIGNAL_FLOW_G_MIN,
                            FG_SIGNAL_INVENTORY_G,  FG_SIGNAL_VALVE_OPEN,     FG_SIGNAL_EMERGENCY_STOP};
    const int mass[] = {FG_SIGNAL_SCALE_G, FG_SIGNAL_FLOW_G_MIN, FG_SIGNAL_INVENTORY_G, FG_SIGNAL_VALVE_OPEN,
                        FG_SIGNAL_EMERGENCY_STOP};

    for (int i = 0; i < 11; i++) {
        int signal = i < 6 ? pressure[i] : mass[i - 6];

        for (int s = 0; s < 5; s++) {
            begin();
            scan.programme = i < 6 ? FG_PROGRAMME_PRESSURE : FG_PROGRAMME_MASS;
            to_filling();
            now += 20;
            plant_refresh();
            if (s < 4)
                plant.readings[signal].state = states[s];
            else
                plant.readings[signal].at_mono_ms = now - settings.reading_age_max_ms - 1;
            step_raw((struct fg_fill_event){.kind = FG_FILL_EVENT_TICK});
            expect_stop(s < 4 ? stops[s] : FG_STOP_DEVICE_SILENT);
        }
    }
}

TEST("a signal that the programme does not need stops nothing")
{
    begin_filling();
    plant.configured[FG_SIGNAL_SCALE_G] = false;
    plant.readings[FG_SIGNAL_TOTAL_G].state = FG_READING_FAULT;
    tick(100);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
}

TEST("tag gone suspends, the same tag resumes, another ends, and so does time")
{
    begin_filling();
    step(FG_FILL_EVENT_TAG_GONE);
    CHECK(!commands.valve_open);
    CHECK_INT(fill.phase, FG_FILL_SUSPENDED);
    tick(9000);
    CHECK(!commands.valve_open);
    step(FG_FILL_EVENT_TAG_SAME);
    CHECK(commands.valve_open);
    tick(100);
    step(FG_FILL_EVENT_TAG_GONE);
    step(FG_FILL_EVENT_TAG_OTHER);
    expect_stop(FG_STOP_TAG_SWAPPED);
    begin_filling();
    step(FG_FILL_EVENT_TAG_GONE);
    tick(10020);
    CHECK_INT(fill.stop, FG_STOP_TAG_GONE);
    begin_filling();
    flow_g_min = 600;
    tick(595000);
    step(FG_FILL_EVENT_TAG_GONE);
    tick(6000);
    CHECK_INT(fill.stop, FG_STOP_TIME_OUT);
    begin_filling();
    step(FG_FILL_EVENT_TAG_GONE);
    plant.readings[FG_SIGNAL_EMERGENCY_STOP].value = 1;
    step(FG_FILL_EVENT_TAG_SAME);
    expect_stop(FG_STOP_EMERGENCY_STOP);
}

TEST("ONE-END: a failed write of ENDED is asked again until it is durable, never while one is pending")
{
    int asked = 0;

    begin_filling();
    step(FG_FILL_EVENT_STOP);
    to_recording();
    for (int round = 0; round < 5; round++) {
        step(FG_FILL_EVENT_WRITE_FAILED);
        CHECK(!commands.write_ended);
        for (int i = 0; i < 100; i++) {
            step(FG_FILL_EVENT_TICK);
            CHECK(!commands.write_ended || round > 0 || i > 20); /* half a second after it was asked */
            asked += commands.write_ended;
        }
        CHECK_INT(asked, round + 1);
    }
    step(FG_FILL_EVENT_WRITTEN);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    tick(5000);
    CHECK(!commands.write_ended);
}

TEST("closing waits for valve and flow, but not for ever; post-check no, time and shutdown record")
{
    begin_filling();
    step(FG_FILL_EVENT_STOP);
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 5000;
    for (int i = 0; i < 140; i++)
        step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.phase, FG_FILL_CLOSING);
    for (int i = 0; i < 12; i++)
        step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.phase, FG_FILL_POST_CHECK);
    check_items(0, true);
    CHECK(fill.post_check_failed && commands.write_ended);
    begin_filling();
    step(FG_FILL_EVENT_STOP);
    tick(30200);
    CHECK_INT(fill.phase, FG_FILL_RECORDING);
    CHECK_INT(fill.post_checks_done, 0);
    begin_filling();
    step(FG_FILL_EVENT_STOP);
    tick(100);
    step(FG_FILL_EVENT_SHUTDOWN);
    CHECK(commands.write_ended);
    begin_filling();
    step(FG_FILL_EVENT_STOP);
    step(FG_FILL_EVENT_SHUTDOWN);
    CHECK(commands.write_ended);
    begin_filling();
    step(FG_FILL_EVENT_TAG_GONE);
    step(FG_FILL_EVENT_SHUTDOWN);
    expect_stop(FG_STOP_SHUTDOWN);
    step(FG_FILL_EVENT_TICK);
    CHECK(commands.write_ended);
    step(FG_FILL_EVENT_SHUTDOWN);
    CHECK_INT(fill.phase, FG_FILL_RECORDING);
}

static void zero_fill(void)
{
    to_authorising();
    step(FG_FILL_EVENT_WRITTEN);
    step(FG_FILL_EVENT_STOP);
    to_recording();
    step(FG_FILL_EVENT_WRITTEN);
}

TEST("zero fills in a row lock the point out until cleared; a real fill counts from none again")
{
    begin();
    scan.zero_fills_lock_out = 2;
    zero_fill();
    to_filling();
    step(FG_FILL_EVENT_STOP);
    to_recording();
    step(FG_FILL_EVENT_WRITTEN);
    zero_fill();
    CHECK(fg_fill_is_ready(&fill));
    zero_fill();
    CHECK(fill.locked_out && (commands.raise_events & (UINT32_C(1) << FG_EVENT_LOCK_OUT)));
    step(FG_FILL_EVENT_ACCEPTED);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    step(FG_FILL_EVENT_CLEAR_LOCK_OUT);
    CHECK(fg_fill_is_ready(&fill) && (commands.raise_events & (UINT32_C(1) << FG_EVENT_LOCK_OUT_CLEARED)));
    step(FG_FILL_EVENT_CLEAR_LOCK_OUT);
    CHECK_INT(commands.raise_events, 0);
}

TEST("GAS-ADDS-UP: flow without authority is raised once until it is over")
{
    const uint32_t raised = UINT32_C(1) << FG_EVENT_FLOW_WITHOUT_AUTHORITY;

    begin();
    plant.readings[FG_SIGNAL_INVENTORY_G].value += 200;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(commands.raise_events, 0);
    plant.readings[FG_SIGNAL_INVENTORY_G].value += 1;
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 6000;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(commands.raise_events, raised);
    for (int i = 0; i < 10; i++) {
        plant.readings[FG_SIGNAL_INVENTORY_G].value += 500;
        step(FG_FILL_EVENT_TICK);
        CHECK_INT(commands.raise_events, 0);
    }
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 0;
    step(FG_FILL_EVENT_TICK);
    CHECK(!fill.alarm_flow);
    now += settings.leak_quiet_ms + 1;
    step(FG_FILL_EVENT_TICK);
    plant.readings[FG_SIGNAL_INVENTORY_G].value += 201;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(commands.raise_events, raised);
}

/* Lets gas seep, 1 g a second below what counts as flow; returns how often the event was raised. */
static unsigned seep(unsigned grams)
{
    unsigned raised = 0;

    for (unsigned i = 0; i < grams; i++) {
        now += 980;
        plant.readings[FG_SIGNAL_INVENTORY_G].value += 1;
        step(FG_FILL_EVENT_TICK);
        raised += (commands.raise_events & (UINT32_C(1) << FG_EVENT_FLOW_WITHOUT_AUTHORITY)) != 0;
    }
    return raised;
}

TEST("GAS-ADDS-UP: a leak too slow to count as flow is raised at once, then only each time it has doubled")
{
    begin();
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 60;
    CHECK_INT(seep(200), 0);
    CHECK_INT(seep(1), 1);
    CHECK_INT(seep(400), 0);
    CHECK_INT(seep(2), 1);
    CHECK_INT(seep(800), 0);
    CHECK_INT(seep(2), 1);
    CHECK(seep(100000) < 8);
}

TEST("GAS-ADDS-UP: after a leak has been still for its time, the next one is raised like the first")
{
    begin();
    CHECK_INT(seep(201), 1);
    now += settings.leak_quiet_ms - 100;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.leak_raises, 1);
    now += 100;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.leak_raises, 0);
    CHECK_INT(seep(201), 1);
}

TEST("GAS-ADDS-UP: what leaks after a fill is raised anew")
{
    begin();
    CHECK_INT(seep(201), 1);
    zero_fill();
    CHECK_INT(seep(201), 1);
}

TEST("a valve that reads open while not commanded is raised once until it reads shut")
{
    uint32_t times = 0;

    begin();
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 1;
    for (int i = 0; i < 100; i++) {
        step(FG_FILL_EVENT_TICK);
        times += (commands.raise_events >> FG_EVENT_VALVE_FAULT) & 1U;
    }
    CHECK_INT(times, 1);
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 0;
    step(FG_FILL_EVENT_TICK);
    CHECK(!fill.alarm_valve);
}

TEST("phases have names, and a quantity never is negative")
{
    CHECK_TEXT(fg_fill_phase_name(FG_FILL_FILLING), "FILLING");
    CHECK_TEXT(fg_fill_phase_name(FG_FILL_PHASE_COUNT), "?");
    begin_filling();
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 0;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(fg_fill_quantity_g(&fill), 20);
}

TEST("FAIL-CLOSED: the operator suspends, the valve shuts at once, and only RESUME opens it again")
{
    begin_filling();
    CHECK(commands.valve_open);
    step(FG_FILL_EVENT_SUSPEND);
    CHECK(!commands.valve_open);
    CHECK_INT(fill.phase, FG_FILL_SUSPENDED);
    CHECK(fill.suspended_by_operator);
    tick(1000);
    step(FG_FILL_EVENT_TAG_GONE);
    CHECK(!fill.tag_present);
    tick(1000);
    step(FG_FILL_EVENT_RESUME);
    CHECK_INT(fill.phase, FG_FILL_SUSPENDED);
    CHECK(fill.suspended_by_operator);
    step(FG_FILL_EVENT_TAG_SAME);
    CHECK(fill.tag_present);
    CHECK_INT(fill.phase, FG_FILL_SUSPENDED);
    tick(1000);
    CHECK(!commands.valve_open);
    step(FG_FILL_EVENT_RESUME);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    CHECK(commands.valve_open && !fill.suspended_by_operator);
    /* the pause counts neither as no flow nor as a valve that does not follow */
    tick(14000);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    /* and the tag's going suspends as ever */
    step(FG_FILL_EVENT_TAG_GONE);
    step(FG_FILL_EVENT_TAG_SAME);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
}

TEST("a suspended fill ends by stop, another tag, the operator's leaving, shutdown, the plant, and time")
{
    const uint8_t kinds[] = {FG_FILL_EVENT_STOP, FG_FILL_EVENT_TAG_OTHER, FG_FILL_EVENT_OPERATOR_LEFT,
                             FG_FILL_EVENT_SHUTDOWN};
    const uint8_t stops[] = {FG_STOP_OPERATOR, FG_STOP_TAG_SWAPPED, FG_STOP_OPERATOR_LEFT, FG_STOP_SHUTDOWN};

    for (size_t i = 0; i < sizeof(kinds); i++) {
        begin_filling();
        step(FG_FILL_EVENT_SUSPEND);
        step((enum fg_fill_event_kind)kinds[i]);
        expect_stop((enum fg_stop)stops[i]);
        CHECK(!fill.suspended_by_operator);
        step(FG_FILL_EVENT_RESUME);
        CHECK(!commands.valve_open);
        to_recording();
    }
    begin_filling();
    step(FG_FILL_EVENT_SUSPEND);
    plant.readings[FG_SIGNAL_EMERGENCY_STOP].value = 1;
    step(FG_FILL_EVENT_RESUME);
    expect_stop(FG_STOP_EMERGENCY_STOP);
    begin_filling();
    step(FG_FILL_EVENT_SUSPEND);
    tick(9000);
    CHECK_INT(fill.phase, FG_FILL_SUSPENDED);
    tick(1100);
    CHECK_INT(fill.stop, FG_STOP_OPERATOR);
    CHECK(fill.phase > FG_FILL_SUSPENDED);
}

TEST("suspending while the tag is gone keeps the fill shut when the tag comes back, and its time runs on")
{
    begin_filling();
    step(FG_FILL_EVENT_TAG_GONE);
    step(FG_FILL_EVENT_RESUME);
    CHECK_INT(fill.phase, FG_FILL_SUSPENDED);
    tick(5000);
    step(FG_FILL_EVENT_SUSPEND);
    step(FG_FILL_EVENT_TAG_SAME);
    CHECK_INT(fill.phase, FG_FILL_SUSPENDED);
    CHECK(fill.suspended_by_operator);
    tick(5100);
    CHECK_INT(fill.stop, FG_STOP_OPERATOR);
}

TEST("suspend and resume mean nothing outside a fill")
{
    begin();
    step(FG_FILL_EVENT_SUSPEND);
    step(FG_FILL_EVENT_RESUME);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    to_authorising();
    step(FG_FILL_EVENT_SUSPEND);
    step(FG_FILL_EVENT_RESUME);
    CHECK_INT(fill.phase, FG_FILL_AUTHORISING);
    step(FG_FILL_EVENT_WRITTEN);
    step(FG_FILL_EVENT_RESUME);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    step(FG_FILL_EVENT_STOP);
    expect_stop(FG_STOP_OPERATOR);
    step(FG_FILL_EVENT_SUSPEND);
    CHECK(fill.phase > FG_FILL_SUSPENDED);
    CHECK(!fill.suspended_by_operator && !commands.valve_open);
}

/* ---- grounds, alarms and what outlives a run ------------------------------------------------------- */

#define RAISED(event) ((commands.raise_events & (UINT32_C(1) << (event))) != 0)

static void step_without_grounds(enum fg_fill_event_kind kind)
{
    now += 20;
    plant_refresh();
    step_raw((struct fg_fill_event){.kind = (uint8_t)kind, .sequence = 7});
}

TEST("FAIL-CLOSED: START without grounds drops the scan and leaves the reasons to the shell")
{
    begin();
    step(FG_FILL_EVENT_ACCEPTED);
    check_items(3, false);
    step_without_grounds(FG_FILL_EVENT_START);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    CHECK(commands.scan_dropped && !commands.write_authorised);
    CHECK_INT(commands.refusal, FG_REASON_NONE);
}

TEST("FAIL-CLOSED: RESUME and the same tag without grounds end the fill")
{
    begin_filling();
    step(FG_FILL_EVENT_TAG_GONE);
    step_without_grounds(FG_FILL_EVENT_TAG_SAME);
    expect_stop(FG_STOP_GROUNDS_GONE);
    begin_filling();
    step(FG_FILL_EVENT_SUSPEND);
    step_without_grounds(FG_FILL_EVENT_RESUME);
    expect_stop(FG_STOP_GROUNDS_GONE);
}

TEST("grounds are asked only of what would open")
{
    begin_filling();
    step_without_grounds(FG_FILL_EVENT_TICK);
    step_without_grounds(FG_FILL_EVENT_TAG_SAME);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    step_without_grounds(FG_FILL_EVENT_SUSPEND);
    step_without_grounds(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.phase, FG_FILL_SUSPENDED);
}

TEST("a pre-check that runs out is refused as timed out, each item confirmed on its own counts")
{
    begin();
    step(FG_FILL_EVENT_ACCEPTED);
    check_items(1, false);
    check_items(2, false);
    CHECK_INT(fill.pre_checks_done, 3);
    tick(59960);
    CHECK_INT(fill.phase, FG_FILL_PRE_CHECK);
    step(FG_FILL_EVENT_TICK);
    CHECK(commands.scan_dropped);
    CHECK_INT(commands.refusal, FG_REASON_PRE_CHECK_TIMED_OUT);
}

/* Lets 300 g through, more than may flow without authority. */
static void leak(int64_t flow)
{
    plant.readings[FG_SIGNAL_INVENTORY_G].value += 300;
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = flow;
    step(FG_FILL_EVENT_TICK);
}

TEST("GAS-ADDS-UP, FAIL-CLOSED: gas that flows during the pre-check is raised and drops the scan")
{
    begin();
    step(FG_FILL_EVENT_ACCEPTED);
    leak(6000);
    CHECK(RAISED(FG_EVENT_FLOW_WITHOUT_AUTHORITY));
    CHECK_INT(commands.refusal, FG_REASON_DEVICE_FAULT);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    begin();
    step(FG_FILL_EVENT_ACCEPTED);
    check_items(3, false);
    plant.readings[FG_SIGNAL_INVENTORY_G].value += 300;
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 6000;
    step(FG_FILL_EVENT_START); /* in the very look that shows it */
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    CHECK(!commands.write_authorised);
    CHECK(!fg_fill_plant_is_sound(&fill, &settings, &plant, FG_PROGRAMME_PRESSURE, now));
    step(FG_FILL_EVENT_ACCEPTED);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    CHECK(commands.scan_dropped);
    CHECK_INT(commands.refusal, FG_REASON_DEVICE_FAULT);
}

TEST(
    "GAS-ADDS-UP, FAIL-CLOSED: gas that flows while AUTHORISED is written is raised and keeps the valve shut")
{
    begin();
    to_authorising();
    leak(6000);
    CHECK(RAISED(FG_EVENT_FLOW_WITHOUT_AUTHORITY));
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 0;
    step(FG_FILL_EVENT_TICK);
    CHECK(!fill.alarm_flow);
    step(FG_FILL_EVENT_WRITTEN);
    expect_stop(FG_STOP_GROUNDS_GONE);
    begin();
    to_authorising();
    plant.readings[FG_SIGNAL_INVENTORY_G].value += 300;
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 6000;
    step(FG_FILL_EVENT_WRITTEN);
    CHECK(RAISED(FG_EVENT_FLOW_WITHOUT_AUTHORITY));
    expect_stop(FG_STOP_GROUNDS_GONE);
}

TEST("GAS-ADDS-UP: gas that runs in for the closing time belongs to the fill, later gas ends the suspended "
     "fill")
{
    begin_filling();
    step(FG_FILL_EVENT_TAG_GONE);
    for (int i = 0; i < 10; i++)
        leak(6000);
    CHECK_INT(fill.phase, FG_FILL_SUSPENDED);
    CHECK(!fill.alarm_flow);
    tick(3000);
    leak(6000);
    CHECK(RAISED(FG_EVENT_FLOW_WITHOUT_AUTHORITY));
    CHECK_INT(fill.stop, FG_STOP_GROUNDS_GONE);
    CHECK_INT(fg_fill_quantity_g(&fill), 20 + 10 * 300 + 300);
}

TEST("FAIL-CLOSED: RESUME in the very look that shows the leak does not open")
{
    begin_filling();
    step(FG_FILL_EVENT_SUSPEND);
    tick(3100);
    plant.readings[FG_SIGNAL_INVENTORY_G].value += 300;
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 6000;
    step(FG_FILL_EVENT_RESUME);
    CHECK(RAISED(FG_EVENT_FLOW_WITHOUT_AUTHORITY));
    expect_stop(FG_STOP_GROUNDS_GONE);
}

TEST("a pause is no leak: after it the fill goes on and what flows in it is not raised")
{
    begin_filling();
    step(FG_FILL_EVENT_SUSPEND);
    tick(5000);
    step(FG_FILL_EVENT_RESUME);
    for (int i = 0; i < 100; i++) {
        tick(20);
        CHECK_INT(commands.raise_events, 0);
    }
    step(FG_FILL_EVENT_STOP);
    to_recording();
    CHECK_INT(commands.raise_events, 0);
}

TEST("FAIL-CLOSED: a welded valve drops the scan, keeps an authorised fill shut and ends a suspended one")
{
    begin();
    step(FG_FILL_EVENT_ACCEPTED);
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 1;
    for (int i = 0; i < 30 && fill.phase == FG_FILL_PRE_CHECK; i++)
        step(FG_FILL_EVENT_TICK);
    CHECK(RAISED(FG_EVENT_VALVE_FAULT));
    CHECK_INT(commands.refusal, FG_REASON_DEVICE_FAULT);
    begin();
    to_authorising();
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 1;
    for (int i = 0; i < 30; i++)
        step(FG_FILL_EVENT_TICK);
    step(FG_FILL_EVENT_WRITTEN);
    expect_stop(FG_STOP_VALVE_FAULT);
    CHECK(!RAISED(FG_EVENT_VALVE_FAULT)); /* it was, when it showed */
    begin_filling();
    step(FG_FILL_EVENT_SUSPEND);
    for (int i = 0; i < 30 && fill.phase == FG_FILL_SUSPENDED; i++)
        step(FG_FILL_EVENT_TICK);
    CHECK(RAISED(FG_EVENT_VALVE_FAULT));
    expect_stop(FG_STOP_VALVE_FAULT);
}

TEST("FAIL-CLOSED: a stop or start button that falls silent drops the scan, and ends a fill")
{
    const enum fg_signal buttons[] = {FG_SIGNAL_STOP_BUTTON, FG_SIGNAL_START_BUTTON};

    for (int i = 0; i < 2; i++) {
        begin();
        step(FG_FILL_EVENT_ACCEPTED);
        check_items(3, false);
        plant.readings[buttons[i]].state = FG_READING_TIME_OUT;
        step(FG_FILL_EVENT_START);
        CHECK_INT(commands.refusal, FG_REASON_DEVICE_FAULT);
        begin_filling();
        plant.readings[buttons[i]].state = FG_READING_TIME_OUT;
        step(FG_FILL_EVENT_TICK);
        expect_stop(FG_STOP_DEVICE_SILENT);
        begin_filling();
        plant.configured[buttons[i]] = false;
        step(FG_FILL_EVENT_TICK);
        CHECK_INT(fill.phase, FG_FILL_FILLING);
    }
}

static void begin_kept(struct fg_fill_kept kept)
{
    begin();
    memset(&fill, 0, sizeof(fill));
    fg_fill_restore(&fill, &kept);
}

TEST("GAS-ADDS-UP: what flowed while the controller was off is raised at the first look, even on an alarm")
{
    for (int alarm = 0; alarm < 2; alarm++) {
        begin_kept((struct fg_fill_kept){
            .inventory_known = true, .inventory_g = 1000000 - 201, .alarm_flow = alarm != 0});
        settle();
        CHECK(RAISED(FG_EVENT_FLOW_WITHOUT_AUTHORITY));
        CHECK(fill.alarm_flow);
        tick(100);
        CHECK(!fill.alarm_flow);
        CHECK_INT(commands.raise_events, 0);
    }
    begin_kept((struct fg_fill_kept){.inventory_known = true, .inventory_g = 1000000 - 200});
    settle();
    CHECK_INT(commands.raise_events, 0);
    begin_kept((struct fg_fill_kept){.inventory_known = false, .inventory_g = 1});
    settle();
    CHECK_INT(commands.raise_events, 0);
}

TEST("BAD-INPUT-IS-SAFE: an inventory that no instrument can measure is not taken from an earlier run")
{
    const int64_t absurd_g[] = {INT64_MIN, -FG_SIGNAL_VALUE_MAX - 1, FG_SIGNAL_VALUE_MAX + 1, INT64_MAX};

    for (int i = 0; i < 4; i++) {
        begin_kept((struct fg_fill_kept){.inventory_known = true, .inventory_g = absurd_g[i]});
        CHECK(!fill.idle_inventory_known);
        settle();
        CHECK_INT(commands.raise_events, 0);
        CHECK_INT(fill.idle_inventory_g, plant.readings[FG_SIGNAL_INVENTORY_G].value);
    }
    begin_kept((struct fg_fill_kept){.inventory_known = true, .inventory_g = FG_SIGNAL_VALUE_MAX});
    CHECK(fill.idle_inventory_known);
    begin_kept((struct fg_fill_kept){.inventory_known = true, .inventory_g = -FG_SIGNAL_VALUE_MAX});
    CHECK(fill.idle_inventory_known);
}

TEST("FAIL-CLOSED: lock-out, zero fills and alarms survive a restart")
{
    begin_kept((struct fg_fill_kept){.locked_out = true});
    step(FG_FILL_EVENT_ACCEPTED);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    begin_kept((struct fg_fill_kept){.zero_fills = 1});
    settle();
    scan.zero_fills_lock_out = 2;
    to_authorising();
    step(FG_FILL_EVENT_WRITTEN);
    step(FG_FILL_EVENT_STOP);
    to_recording();
    step(FG_FILL_EVENT_WRITTEN);
    CHECK(fill.locked_out);
    begin_kept((struct fg_fill_kept){.alarm_valve = true});
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 1;
    settle();
    CHECK(!fg_fill_plant_is_sound(&fill, &settings, &plant, FG_PROGRAMME_PRESSURE, now));
    step(FG_FILL_EVENT_ACCEPTED);
    CHECK_INT(commands.refusal, FG_REASON_DEVICE_FAULT);
}

TEST("entries are told the state of the meter, an old reading as one that timed out")
{
    begin();
    CHECK_INT(fill.meter_state, FG_READING_GOOD);
    plant.readings[FG_SIGNAL_INVENTORY_G].state = FG_READING_FAULT;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.meter_state, FG_READING_FAULT);
    plant.readings[FG_SIGNAL_INVENTORY_G].state = FG_READING_GOOD;
    now += settings.reading_age_max_ms + 1;
    step_raw((struct fg_fill_event){.kind = FG_FILL_EVENT_TICK});
    CHECK_INT(fill.meter_state, FG_READING_TIME_OUT);
}

/* ---- instruments that lie -------------------------------------------------------------------------- */

/* Lets the fill run with one signal held at a value; returns the grams that went in until it ended. */
static int64_t run_frozen(enum fg_signal signal, int64_t value)
{
    int64_t before_mg = flowed_mg;

    frozen_signal = signal;
    frozen_value = value;
    for (int i = 0; i < 30000 && fill.phase == FG_FILL_FILLING; i++)
        tick(20);
    return (flowed_mg - before_mg) / 1000;
}

TEST("FAIL-CLOSED: a pressure frozen at 4.9 MPa ends the fill after the gas of one comparison")
{
    begin_filling();
    flow_g_min = 20000;
    CHECK(run_frozen(FG_SIGNAL_PRESSURE_KPA, 4900) < 2500);
    CHECK_INT(fill.stop, FG_STOP_NOT_PLAUSIBLE);
}

static void implausible_fill(void)
{
    flow_g_min = 20000;
    to_filling();
    (void)run_frozen(FG_SIGNAL_PRESSURE_KPA, 4900);
    CHECK_INT(fill.stop, FG_STOP_NOT_PLAUSIBLE);
    to_recording();
    step(FG_FILL_EVENT_WRITTEN);
}

TEST("FAIL-CLOSED: two fills in a row that end as not plausible lock the point, whatever the rules allow")
{
    const uint32_t limits[] = {0, 1, 2, 3, 9};

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        begin();
        scan.zero_fills_lock_out = limits[i];
        implausible_fill();
        CHECK_INT(fill.locked_out, limits[i] == 1);
        if (limits[i] == 1)
            continue;
        implausible_fill();
        CHECK(fill.locked_out && (commands.raise_events & (UINT32_C(1) << FG_EVENT_LOCK_OUT)));
        CHECK(flowed_mg < INT64_C(5000000));
    }
}

TEST("a fill that can be believed counts from none again after one that could not")
{
    begin();
    implausible_fill();
    frozen_signal = FG_SIGNAL_COUNT;
    to_filling();
    step(FG_FILL_EVENT_STOP);
    to_recording();
    step(FG_FILL_EVENT_WRITTEN);
    implausible_fill();
    CHECK(fg_fill_is_ready(&fill));
}

TEST("FAIL-CLOSED: a pressure that freezes late ends the fill below 115 % of a full cylinder")
{
    begin_filling();
    flow_g_min = 20000;
    while (plant.readings[FG_SIGNAL_PRESSURE_KPA].value < 18000)
        tick(20);
    (void)run_frozen(FG_SIGNAL_PRESSURE_KPA, 18000);
    CHECK_INT(fill.stop, FG_STOP_NOT_PLAUSIBLE);
    CHECK(start_density_cg_l + flowed_mg / 700 < 16220 * 115 / 100 + 50);
}

TEST("FAIL-CLOSED: a frozen scale ends a mass fill after the gas of one comparison")
{
    begin();
    scan.programme = FG_PROGRAMME_MASS;
    to_filling();
    CHECK(run_frozen(FG_SIGNAL_SCALE_G, 20000) <= settings.overfill.follow_mass_g + 2);
    CHECK_INT(fill.stop, FG_STOP_NOT_PLAUSIBLE);
}

TEST("FAIL-CLOSED: a frozen counter ends the fill when the flow says otherwise, or the pressure does")
{
    begin_filling();
    CHECK(run_frozen(FG_SIGNAL_INVENTORY_G, plant.readings[FG_SIGNAL_INVENTORY_G].value) <=
          settings.overfill.follow_mass_g + 25);
    CHECK_INT(fill.stop, FG_STOP_NOT_PLAUSIBLE);
    begin_filling();
    for (int i = 0; i < 3000 && fill.phase == FG_FILL_FILLING; i++) {
        plant.readings[FG_SIGNAL_PRESSURE_KPA].value += 20;
        plant.readings[FG_SIGNAL_FLOW_G_MIN].value = settings.flow_min_g_min;
        step(FG_FILL_EVENT_TICK);
    }
    CHECK_INT(fill.stop, FG_STOP_NOT_PLAUSIBLE);
    CHECK(plant.readings[FG_SIGNAL_PRESSURE_KPA].value < 16000);
}

TEST("the meter's own limit ends a fill whose pressure follows too slowly, and a mass fill past its maximum")
{
    begin_filling();
    flow_g_min = 20000;
    pressure_percent = 60;
    for (int i = 0; i < 30000 && fill.phase == FG_FILL_FILLING; i++)
        tick(20);
    CHECK_INT(fill.stop, FG_STOP_NOT_PLAUSIBLE);
    CHECK(start_density_cg_l + flowed_mg / 700 < 16220 * 115 / 100 + 50);
    begin();
    scan.programme = FG_PROGRAMME_MASS;
    scan.maximum_fill_g = 10000;
    plant.readings[FG_SIGNAL_SCALE_G].value = 16500;
    to_filling();
    flow_g_min = 20000;
    for (int i = 0; i < 33; i++) {
        tick(1000);
        plant.readings[FG_SIGNAL_SCALE_G].value -= 60; /* weighs too little, but follows well enough */
    }
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    tick(2000);
    CHECK_INT(fill.stop, FG_STOP_NOT_PLAUSIBLE);
}

static void mass_at(int64_t scale_g)
{
    begin();
    scan.programme = FG_PROGRAMME_MASS;
    plant.readings[FG_SIGNAL_SCALE_G].value = scale_g;
}

TEST("FAIL-CLOSED: a scale that reads less than the empty cylinder, by more than the bound, starts no fill")
{
    mass_at(16500 - 500);
    to_authorising();
    CHECK_INT(fill.phase, FG_FILL_AUTHORISING);
    mass_at(16500 - 501);
    step(FG_FILL_EVENT_ACCEPTED);
    check_items(3, false);
    step(FG_FILL_EVENT_START);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    CHECK(commands.scan_dropped);
    CHECK_INT(commands.refusal, FG_REASON_SCALE_BELOW_TARE);
    mass_at(-20000);
    step(FG_FILL_EVENT_ACCEPTED);
    check_items(3, false);
    step(FG_FILL_EVENT_START);
    CHECK_INT(commands.refusal, FG_REASON_SCALE_BELOW_TARE);
    /* A gas fill does not look at a scale. */
    mass_at(-20000);
    scan.programme = FG_PROGRAMME_PRESSURE;
    to_authorising();
    CHECK_INT(fill.phase, FG_FILL_AUTHORISING);
}

TEST("FAIL-CLOSED: a scale that falls below the tare opens nothing after AUTHORISED, ends the fill, and "
     "resumes none")
{
    mass_at(17000);
    to_authorising();
    plant.readings[FG_SIGNAL_SCALE_G].value = 15999;
    step(FG_FILL_EVENT_WRITTEN);
    expect_stop(FG_STOP_NOT_PLAUSIBLE);
    mass_at(17000);
    to_filling();
    plant.readings[FG_SIGNAL_SCALE_G].value = 15990;
    tick(20);
    expect_stop(FG_STOP_NOT_PLAUSIBLE);
    mass_at(17000);
    to_filling();
    step(FG_FILL_EVENT_TAG_GONE);
    plant.readings[FG_SIGNAL_SCALE_G].value = 0; /* taken off the scale */
    tick(20);
    CHECK_INT(fill.phase, FG_FILL_SUSPENDED);
    step(FG_FILL_EVENT_TAG_SAME);
    expect_stop(FG_STOP_NOT_PLAUSIBLE);
}

TEST("FAIL-CLOSED: a vehicle without a known capacity is not filled when none is assumed")
{
    begin();
    scan.water_capacity_dl = 0;
    to_authorising();
    step(FG_FILL_EVENT_WRITTEN);
    expect_stop(FG_STOP_NOT_PLAUSIBLE);
}

static unsigned raised_in(int64_t ms, enum fg_event_kind event)
{
    unsigned times = 0;

    for (int64_t end = now + ms; now < end;) {
        step(FG_FILL_EVENT_TICK);
        times += RAISED(event);
    }
    return times;
}

TEST("a single impossible reading of the counter is ridden out, and nothing opens meanwhile")
{
    const int64_t absurd[] = {0, INT64_C(6004098), -5, FG_SIGNAL_VALUE_MAX};

    for (int i = 0; i < 4; i++) {
        int64_t good_g = 0;

        begin_filling();
        good_g = plant.readings[FG_SIGNAL_INVENTORY_G].value;
        plant.readings[FG_SIGNAL_INVENTORY_G].value = absurd[i];
        step(FG_FILL_EVENT_TICK);
        CHECK_INT(fill.phase, FG_FILL_FILLING);
        CHECK_INT(fill.meter_state, FG_READING_RANGE);
        CHECK_INT(fg_fill_quantity_g(&fill), 20);
        CHECK(!fg_fill_plant_is_sound(&fill, &settings, &plant, FG_PROGRAMME_PRESSURE, now));
        plant.readings[FG_SIGNAL_INVENTORY_G].value = good_g;
        tick(1000);
        CHECK_INT(fill.phase, FG_FILL_FILLING);
        CHECK_INT(fill.meter_state, FG_READING_GOOD);
        CHECK_INT(fg_fill_quantity_g(&fill), 120);
        begin();
        step(FG_FILL_EVENT_ACCEPTED);
        check_items(3, false);
        plant.readings[FG_SIGNAL_INVENTORY_G].value = absurd[i];
        step(FG_FILL_EVENT_START);
        CHECK_INT(commands.refusal, FG_REASON_DEVICE_FAULT);
        begin();
        to_authorising();
        plant.readings[FG_SIGNAL_INVENTORY_G].value = absurd[i];
        step(FG_FILL_EVENT_WRITTEN);
        expect_stop(FG_STOP_NOT_PLAUSIBLE);
        CHECK_INT(fill.start_inventory_g, 1000000);
    }
    begin_filling();
    step(FG_FILL_EVENT_TAG_GONE);
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 0;
    step(FG_FILL_EVENT_TAG_SAME);
    expect_stop(FG_STOP_NOT_PLAUSIBLE);
}

TEST("GAS-ADDS-UP: a counter that lies ends the fill; its quantity comes from accepted readings alone")
{
    begin_filling();
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 6004098;
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 1;
    CHECK_INT(raised_in(3000, FG_EVENT_METER_NOT_PLAUSIBLE), 1);
    CHECK_INT(fill.stop, FG_STOP_NOT_PLAUSIBLE);
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 0;
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 0;
    CHECK_INT(raised_in(5000, FG_EVENT_METER_NOT_PLAUSIBLE), 0);
    check_items(1, false);
    CHECK_INT(fill.phase, FG_FILL_RECORDING);
    CHECK_INT(fg_fill_quantity_g(&fill), 20);
    CHECK_INT(fill.meter_state, FG_READING_RANGE);
    step(FG_FILL_EVENT_WRITTEN);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    settle();
    CHECK(fg_fill_plant_is_sound(&fill, &settings, &plant, FG_PROGRAMME_PRESSURE, now));
    CHECK_INT(commands.raise_events, 0);
}

TEST("GAS-ADDS-UP: zeros while idle are no flow; a meter that was replaced is told once and taken over")
{
    begin();
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 0;
    step(FG_FILL_EVENT_TICK);
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 1000000;
    CHECK_INT(raised_in(3000, FG_EVENT_FLOW_WITHOUT_AUTHORITY), 0);
    CHECK_INT(fill.alarm_flow, false);
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 7;
    CHECK_INT(raised_in(3000, FG_EVENT_METER_NOT_PLAUSIBLE), 1);
    CHECK_INT(fill.meter_state, FG_READING_GOOD);
    CHECK_INT(fill.idle_inventory_g, 7);
    leak(6000);
    CHECK(RAISED(FG_EVENT_FLOW_WITHOUT_AUTHORITY));
}

TEST("a counter below what the last run knew is told")
{
    begin_kept((struct fg_fill_kept){.inventory_known = true, .inventory_g = 1000001});
    settle();
    CHECK(RAISED(FG_EVENT_METER_NOT_PLAUSIBLE));
    CHECK_INT(fill.idle_inventory_g, 1000000);
    tick(100);
    CHECK_INT(commands.raise_events, 0);
}

TEST("GAS-ADDS-UP: gas that flowed while the meter was silent after a fill is raised when it speaks again")
{
    for (int leaked = 0; leaked < 2; leaked++) {
        begin_filling();
        plant.readings[FG_SIGNAL_INVENTORY_G].state = FG_READING_TIME_OUT;
        step(FG_FILL_EVENT_TICK);
        CHECK_INT(fill.stop, FG_STOP_DEVICE_SILENT);
        to_recording();
        step(FG_FILL_EVENT_WRITTEN);
        tick(60000);
        plant.readings[FG_SIGNAL_INVENTORY_G].state = FG_READING_GOOD;
        plant.readings[FG_SIGNAL_INVENTORY_G].value += leaked != 0 ? 24000 : 500;
        step(FG_FILL_EVENT_TICK);
        CHECK_INT(RAISED(FG_EVENT_FLOW_WITHOUT_AUTHORITY), leaked);
    }
}

/* ---- each cause alone -------------------------------------------------------------------------------- */

TEST("GAS-ADDS-UP: closing waits for the valve's feedback alone, and for the flow alone")
{
    begin_filling();
    step(FG_FILL_EVENT_STOP);
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 0;
    for (int i = 0; i < 20; i++)
        step(FG_FILL_EVENT_TICK); /* the feedback still reads open */
    CHECK_INT(fill.phase, FG_FILL_CLOSING);
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 0;
    plant.readings[FG_SIGNAL_VALVE_OPEN].state = FG_READING_TIME_OUT;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.phase, FG_FILL_CLOSING);
    plant.readings[FG_SIGNAL_VALVE_OPEN].state = FG_READING_GOOD;
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = settings.flow_min_g_min;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.phase, FG_FILL_CLOSING);
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 0;
    plant.readings[FG_SIGNAL_FLOW_G_MIN].state = FG_READING_TIME_OUT;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.phase, FG_FILL_CLOSING);
    plant.readings[FG_SIGNAL_FLOW_G_MIN].state = FG_READING_GOOD;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.phase, FG_FILL_POST_CHECK);
}

TEST("GAS-ADDS-UP: gas that runs in while the valve closes is the fill's, and raises nothing")
{
    begin_filling();
    step(FG_FILL_EVENT_STOP);
    for (int i = 0; i < 3; i++) {
        leak(6000);
        CHECK_INT(commands.raise_events, 0);
    }
    CHECK_INT(fg_fill_quantity_g(&fill), 920);
    tick(100);
    CHECK_INT(fill.phase, FG_FILL_POST_CHECK);
    CHECK_INT(fg_fill_quantity_g(&fill), 920);
    leak(6000);
    CHECK(RAISED(FG_EVENT_FLOW_WITHOUT_AUTHORITY));
    CHECK_INT(fg_fill_quantity_g(&fill), 920);
}

TEST("GAS-ADDS-UP, FAIL-CLOSED: alarms and the watch for leaks outlive a scan that is dropped")
{
    begin();
    CHECK_INT(seep(150), 0);
    step(FG_FILL_EVENT_ACCEPTED);
    step(FG_FILL_EVENT_STOP);
    CHECK_INT(seep(51), 1);
    begin();
    step(FG_FILL_EVENT_ACCEPTED);
    leak(6000);
    CHECK(fill.alarm_flow);
    CHECK_INT(fill.phase, FG_FILL_IDLE);
    begin();
    step(FG_FILL_EVENT_ACCEPTED);
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 1;
    step(FG_FILL_EVENT_STOP);
    CHECK_INT(raised_in(480, FG_EVENT_VALVE_FAULT), 0);
    CHECK_INT(raised_in(200, FG_EVENT_VALVE_FAULT), 1);
}

TEST("a valve alarm lasts while the feedback cannot be read")
{
    begin();
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 1;
    CHECK_INT(raised_in(1000, FG_EVENT_VALVE_FAULT), 1);
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 0;
    plant.readings[FG_SIGNAL_VALVE_OPEN].state = FG_READING_TIME_OUT;
    step(FG_FILL_EVENT_TICK);
    CHECK(fill.alarm_valve);
    plant.readings[FG_SIGNAL_VALVE_OPEN].state = FG_READING_GOOD;
    step(FG_FILL_EVENT_TICK);
    CHECK(!fill.alarm_valve);
}

TEST("FAIL-CLOSED: a valve that does not follow in a fill is raised, an ordinary stop raises nothing")
{
    begin_filling();
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 0;
    for (int i = 0; i < 40 && fill.phase == FG_FILL_FILLING; i++)
        step(FG_FILL_EVENT_TICK);
    CHECK_INT(commands.raise_events, UINT32_C(1) << FG_EVENT_VALVE_FAULT);
    CHECK(!fill.alarm_valve); /* it is not open without a command */
    begin_filling();
    step(FG_FILL_EVENT_STOP);
    CHECK_INT(commands.raise_events, 0);
}

TEST("the first reason to stop is the one stated")
{
    begin();
    to_authorising();
    step(FG_FILL_EVENT_TAG_OTHER);
    step(FG_FILL_EVENT_STOP);
    step(FG_FILL_EVENT_WRITTEN);
    expect_stop(FG_STOP_TAG_SWAPPED);
    begin_filling();
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 0;
    for (int i = 0; i < 25; i++)
        step(FG_FILL_EVENT_TICK);
    plant.readings[FG_SIGNAL_EMERGENCY_STOP].value = 1;
    now += 40;
    step(FG_FILL_EVENT_TICK);
    expect_stop(FG_STOP_EMERGENCY_STOP);
    begin_filling();
    step(FG_FILL_EVENT_TAG_GONE);
    now += 700000;
    plant.readings[FG_SIGNAL_EMERGENCY_STOP].value = 1;
    step(FG_FILL_EVENT_TICK);
    expect_stop(FG_STOP_EMERGENCY_STOP);
}

TEST("ENDED has the pressures, temperature, weight and duration of the fill")
{
    begin_filling();
    CHECK_INT(fill.start_pressure_kpa, 5000);
    plant.readings[FG_SIGNAL_TEMPERATURE_DC].value = 231;
    step(FG_FILL_EVENT_STOP);
    to_recording();
    CHECK_INT(fill.end_pressure_kpa, plant.readings[FG_SIGNAL_PRESSURE_KPA].value);
    CHECK_INT(fill.end_temperature_dc, 231);
    CHECK_INT(fill.end_scale_g, plant.readings[FG_SIGNAL_SCALE_G].value);
    CHECK(fill.end_mono_ms - fill.authorised_mono_ms >= 220 &&
          fill.end_mono_ms - fill.authorised_mono_ms <= 320);
}

TEST("a meter silent from AUTHORISED on: the fill has its last accepted inventory and no quantity")
{
    begin();
    to_authorising();
    plant.readings[FG_SIGNAL_INVENTORY_G].state = FG_READING_TIME_OUT;
    step(FG_FILL_EVENT_WRITTEN);
    expect_stop(FG_STOP_DEVICE_SILENT);
    CHECK_INT(fill.start_inventory_g, 1000000);
    CHECK_INT(fill.end_inventory_g, 1000000);
    to_recording();
    CHECK_INT(fg_fill_quantity_g(&fill), 0);
}

TEST("the check after the fill counts only what was confirmed")
{
    begin();
    scan.post_checks_wanted = 3;
    to_filling();
    step(FG_FILL_EVENT_STOP);
    tick(100);
    check_items(1, false);
    CHECK_INT(fill.phase, FG_FILL_POST_CHECK);
    CHECK_INT(fill.post_checks_done, 1);
    check_items(2, false);
    CHECK_INT(fill.phase, FG_FILL_RECORDING);
}

TEST("ONE-END: an answer that nobody waits for ends no recording")
{
    begin_filling();
    step(FG_FILL_EVENT_STOP);
    to_recording();
    step(FG_FILL_EVENT_WRITE_FAILED);
    step(FG_FILL_EVENT_WRITTEN);
    CHECK_INT(fill.phase, FG_FILL_RECORDING);
}

TEST("with the lock-out switched off no zero fill locks the point; cleared, counting begins at none")
{
    begin();
    for (int i = 0; i < 5; i++)
        zero_fill();
    CHECK(!fill.locked_out);
    scan.zero_fills_lock_out = 2;
    zero_fill();
    zero_fill();
    CHECK(fill.locked_out);
    CHECK(!fg_fill_is_ready(&fill));
    step(FG_FILL_EVENT_CLEAR_LOCK_OUT);
    zero_fill();
    CHECK(!fill.locked_out);
}

TEST("a point that fills gas needs no scale, one that fills by weight neither pressure nor temperature")
{
    begin();
    plant.configured[FG_SIGNAL_SCALE_G] = false;
    plant.configured[FG_SIGNAL_EMERGENCY_STOP] = false;
    to_filling();
    begin();
    scan.programme = FG_PROGRAMME_MASS;
    plant.configured[FG_SIGNAL_PRESSURE_KPA] = false;
    plant.configured[FG_SIGNAL_TEMPERATURE_DC] = false;
    to_filling();
    CHECK_INT(fill.phase, FG_FILL_FILLING);
}

TEST("every phase has a name")
{
    const char *const names[] = {"IDLE",      "PRE_CHECK", "AUTHORISING", "FILLING",
                                 "SUSPENDED", "CLOSING",   "POST_CHECK",  "RECORDING"};

    for (int i = 0; i < FG_FILL_PHASE_COUNT; i++)
        CHECK_TEXT(fg_fill_phase_name((enum fg_fill_phase)i), names[i]);
}

TEST("FAIL-CLOSED: a counter that lies while AUTHORISED is written keeps the valve shut, and is stated as "
     "such")
{
    begin();
    to_authorising();
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 0;
    for (int i = 0; i < 100 && !RAISED(FG_EVENT_METER_NOT_PLAUSIBLE); i++)
        step(FG_FILL_EVENT_TICK);
    CHECK(RAISED(FG_EVENT_METER_NOT_PLAUSIBLE));
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 6000000;
    step(FG_FILL_EVENT_WRITTEN);
    expect_stop(FG_STOP_NOT_PLAUSIBLE);
    to_recording();
    CHECK_INT(fill.meter_state, FG_READING_RANGE);
    CHECK_INT(fg_fill_quantity_g(&fill), 0);
    CHECK(!fill.idle_inventory_known);
}

TEST("without items after the fill ENDED is asked for at once; an operator who leaves ends the check")
{
    begin();
    scan.post_checks_wanted = 0;
    to_filling();
    step(FG_FILL_EVENT_STOP);
    while (fill.phase == FG_FILL_CLOSING)
        tick(20);
    CHECK_INT(fill.phase, FG_FILL_RECORDING);
    begin_filling();
    step(FG_FILL_EVENT_STOP);
    tick(100);
    CHECK_INT(fill.phase, FG_FILL_POST_CHECK);
    step(FG_FILL_EVENT_OPERATOR_LEFT);
    CHECK(commands.write_ended);
}

TEST("GAS-ADDS-UP: an alarm lasts while the flow cannot be read")
{
    begin();
    leak(6000);
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 0;
    plant.readings[FG_SIGNAL_FLOW_G_MIN].state = FG_READING_TIME_OUT;
    step(FG_FILL_EVENT_TICK);
    CHECK(fill.alarm_flow);
    plant.readings[FG_SIGNAL_FLOW_G_MIN].state = FG_READING_GOOD;
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = settings.flow_min_g_min;
    step(FG_FILL_EVENT_TICK);
    CHECK(fill.alarm_flow);
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value--;
    step(FG_FILL_EVENT_TICK);
    CHECK(!fill.alarm_flow);
}

TEST("a tag that is seen while nothing was accepted belongs to no fill")
{
    begin();
    step(FG_FILL_EVENT_TAG_SAME);
    CHECK(!fill.tag_present);
}

TEST("more zero fills kept than the rules now allow lock the point at the next one")
{
    begin_kept((struct fg_fill_kept){.zero_fills = 5});
    settle();
    scan.zero_fills_lock_out = 2;
    zero_fill();
    CHECK(fill.locked_out);
}

/* What is told of a scan and its fill; the watches, the alarms and what is counted over fills live on. */
static void expect_nothing_of_a_fill(void)
{
    const int64_t left[] = {fill.phase,
                            fill.stop,
                            fill.tag_present,
                            fill.post_check_failed,
                            fill.write_pending,
                            fill.suspended_by_operator,
                            fill.scan.programme,
                            fill.scan.nominal_kpa,
                            fill.scan.tare_g,
                            fill.scan.maximum_fill_g,
                            fill.scan.water_capacity_dl,
                            fill.scan.pre_checks_wanted,
                            fill.scan.post_checks_wanted,
                            fill.scan.zero_fills_lock_out,
                            fill.pre_checks_done,
                            fill.post_checks_done,
                            (int64_t)fill.authorised_sequence,
                            fill.authorised_mono_ms,
                            fill.flow_low_since_mono_ms,
                            fill.start_inventory_g,
                            fill.start_pressure_kpa,
                            fill.end_inventory_g,
                            fill.end_pressure_kpa,
                            fill.end_temperature_dc,
                            fill.end_scale_g,
                            fill.end_mono_ms};

    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
        CHECK_INT(left[i], 0);
}

TEST("a fill that is over, and a scan that is dropped, leave nothing of themselves")
{
    begin();
    scan.post_checks_wanted = 3;
    scan.zero_fills_lock_out = 9;
    to_filling();
    step(FG_FILL_EVENT_STOP);
    tick(100);
    check_items(1, false);
    check_items(2, true);
    CHECK_INT(fill.phase, FG_FILL_RECORDING);
    step(FG_FILL_EVENT_WRITTEN);
    expect_nothing_of_a_fill();
    step(FG_FILL_EVENT_TICK);
    expect_nothing_of_a_fill();
    to_authorising();
    step(FG_FILL_EVENT_STOP);
    step(FG_FILL_EVENT_WRITE_FAILED);
    expect_nothing_of_a_fill();
    to_authorising();
    plant.readings[FG_SIGNAL_INVENTORY_G].value += 300;
    step(FG_FILL_EVENT_WRITE_FAILED); /* gas leaks in the very look */
    CHECK(RAISED(FG_EVENT_FLOW_WITHOUT_AUTHORITY));
    expect_nothing_of_a_fill();
}

TEST("GAS-ADDS-UP: on an alarm what the last run knew is compared once, also when the counter is below it")
{
    begin_kept((struct fg_fill_kept){.inventory_known = true, .inventory_g = 1000001, .alarm_flow = true});
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 6000;
    settle();
    CHECK(RAISED(FG_EVENT_METER_NOT_PLAUSIBLE));
    leak(6000);
    CHECK_INT(commands.raise_events, 0);
    CHECK(fill.alarm_flow);
}

TEST("FAIL-CLOSED: what the instruments must agree on is by the gas's own temperature")
{
    begin();
    plant.readings[FG_SIGNAL_TEMPERATURE_DC].value = 400;
    to_filling();
    CHECK_INT(fill.overfill.start_density_cg_l, fg_gas_model_density_cg_l(FG_GAS_METHANE, 5000, 400));
}

TEST("flow that came before a pause is not held against the counter after it")
{
    begin_filling();
    frozen_signal = FG_SIGNAL_INVENTORY_G;
    frozen_value = plant.readings[FG_SIGNAL_INVENTORY_G].value;
    tick(9000); /* 900 g by the flow, and a kilogram is what is compared */
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    step(FG_FILL_EVENT_TAG_GONE);
    tick(1000);
    step(FG_FILL_EVENT_TAG_SAME);
    frozen_signal = FG_SIGNAL_COUNT;
    plant.readings[FG_SIGNAL_INVENTORY_G].value = frozen_value;
    tick(5000);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
}

TEST("while nothing is known of the counter its readings are stated as the meter gives them")
{
    begin();
    memset(&fill, 0, sizeof(fill));
    step(FG_FILL_EVENT_TICK);
    CHECK(!fill.counter.settled);
    CHECK_INT(fill.meter_state, FG_READING_GOOD);
}

TEST("GAS-ADDS-UP, FAIL-CLOSED: a leak and a valve fault that show in one look are both raised")
{
    begin();
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 1;
    CHECK_INT(raised_in(500, FG_EVENT_VALVE_FAULT), 0);
    leak(6000);
    CHECK(RAISED(FG_EVENT_VALVE_FAULT) && RAISED(FG_EVENT_FLOW_WITHOUT_AUTHORITY));
}

TEST("FAIL-CLOSED: a counter that lied while AUTHORISED is written keeps the valve shut although it settled "
     "again")
{
    begin();
    to_authorising();
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 0;
    CHECK_INT(raised_in(3000, FG_EVENT_METER_NOT_PLAUSIBLE), 1);
    CHECK(fg_counter_is_sure(&fill.counter));
    step(FG_FILL_EVENT_WRITTEN);
    expect_stop(FG_STOP_NOT_PLAUSIBLE);
}

TEST("FAIL-CLOSED: in a suspended fill a counter that lies and a pressure that is reached end it, too")
{
    begin_filling();
    step(FG_FILL_EVENT_SUSPEND);
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 0;
    for (int i = 0; i < 100 && fill.phase == FG_FILL_SUSPENDED; i++) {
        plant.readings[FG_SIGNAL_VALVE_OPEN].value = 0;
        step(FG_FILL_EVENT_TICK);
    }
    expect_stop(FG_STOP_NOT_PLAUSIBLE);
    begin_filling();
    step(FG_FILL_EVENT_TAG_GONE);
    plant.readings[FG_SIGNAL_PRESSURE_KPA].value = 20000;
    step(FG_FILL_EVENT_TICK);
    expect_stop(FG_STOP_TARGET_REACHED);
}

TEST("RESUME does not change what a fill suspended by its tag waits for, SUSPEND does")
{
    begin_filling();
    step(FG_FILL_EVENT_TAG_GONE);
    step(FG_FILL_EVENT_RESUME);
    step(FG_FILL_EVENT_TAG_SAME);
    CHECK_INT(fill.phase, FG_FILL_FILLING);
    step(FG_FILL_EVENT_TAG_GONE);
    step(FG_FILL_EVENT_SUSPEND);
    step(FG_FILL_EVENT_TAG_SAME);
    CHECK_INT(fill.phase, FG_FILL_SUSPENDED);
}

TEST("GAS-ADDS-UP: what the last run knew is compared once; a counter that is where it was raises nothing")
{
    begin_kept((struct fg_fill_kept){.inventory_known = true, .inventory_g = 1000000});
    CHECK_INT(raised_in(200, FG_EVENT_METER_NOT_PLAUSIBLE), 0);
    begin_kept((struct fg_fill_kept){.inventory_known = true, .inventory_g = 999900, .alarm_flow = true});
    plant.readings[FG_SIGNAL_FLOW_G_MIN].value = 6000;
    settle();
    CHECK_INT(commands.raise_events, 0);
    leak(6000); /* of the alarm that is on */
    CHECK_INT(commands.raise_events, 0);
}

TEST("GAS-ADDS-UP: a leak that is told when it has been still for its time is one that was just told")
{
    begin();
    CHECK_INT(seep(201), 1);
    CHECK_INT(seep(300), 0);
    now += settings.leak_quiet_ms;
    step(FG_FILL_EVENT_TICK);
    CHECK(RAISED(FG_EVENT_FLOW_WITHOUT_AUTHORITY));
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(seep(201), 0);
}

TEST("a valve alarm lasts while the feedback reads open, however short that is")
{
    begin_kept((struct fg_fill_kept){.alarm_valve = true});
    plant.readings[FG_SIGNAL_VALVE_OPEN].state = FG_READING_TIME_OUT;
    step(FG_FILL_EVENT_TICK);
    plant.readings[FG_SIGNAL_VALVE_OPEN].state = FG_READING_GOOD;
    plant.readings[FG_SIGNAL_VALVE_OPEN].value = 1;
    step(FG_FILL_EVENT_TICK);
    CHECK(fill.alarm_valve);
}

TEST("GAS-ADDS-UP: a replaced meter that has counted more than the old one is taken over without a leak")
{
    begin();
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 50000000;
    step(FG_FILL_EVENT_TICK);
    CHECK_INT(fill.meter_state, FG_READING_RANGE);
    CHECK_INT(raised_in(3000, FG_EVENT_FLOW_WITHOUT_AUTHORITY), 0);
    CHECK_INT(fill.idle_inventory_g, 50000000);
    CHECK_INT(fill.meter_state, FG_READING_GOOD);
}

TEST("an emergency stop is what is told even while the counter is in doubt")
{
    begin();
    step(FG_FILL_EVENT_ACCEPTED);
    check_items(3, false);
    plant.readings[FG_SIGNAL_INVENTORY_G].value = 0;
    plant.readings[FG_SIGNAL_EMERGENCY_STOP].value = 1;
    step(FG_FILL_EVENT_START);
    CHECK_INT(commands.refusal, FG_REASON_EMERGENCY_STOP);
}
