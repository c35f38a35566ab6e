/* Feeds the fill machine any sequence of events and plant looks; traps when a promise breaks. The first bytes
 * choose the scan. Each event takes 6 bytes: kind, time, readings' states, readings' values, checks, flags.
 */
#include <stdint.h>
#include <string.h>

#include "firmware/core/fill.h"

#define EVENT_BYTES 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct fg_fill_settings settings = {
    .gas = FG_GAS_NATURAL,
    .pre_check_max_ms = 1000,
    .resume_max_ms = 1000,
    .fill_max_ms = 5000,
    .no_flow_max_ms = 500,
    .flow_min_g_min = 50,
    .flow_max_g_min = 40000,
    .temperature_max_dc = 650,
    .mass_cut_off_early_g = 60,
    .below_tare_max_g = 500,
    .reading_age_max_ms = 300,
    .valve_follow_max_ms = 500,
    .closing_max_ms = 500,
    .post_check_max_ms = 500,
    .unauthorised_flow_g = 100,
    .zero_fill_g = 20,
    .counter_max_g_min = 40000,
    .overfill = {.tolerance_percent = 15,
                 .follow_percent = 50,
                 .follow_pressure_kpa = 3000,
                 .pressure_lead_kpa = 10000,
                 .follow_mass_g = 1000,
                 .capacity_unknown_dl = 0},
};

struct witness {
    bool durable;
    bool authorise_due;
    bool end_due;
};

static void require(bool held)
{
    if (!held)
        __builtin_trap();
}

static void plant_make(struct fg_plant_state *plant, const uint8_t *bytes, int64_t now, int64_t inventory_g)
{
    static const uint8_t states[] = {FG_READING_GOOD,     FG_READING_GOOD,  FG_READING_GOOD,
                                     FG_READING_TIME_OUT, FG_READING_RANGE, FG_READING_FAULT,
                                     FG_READING_MISSING,  FG_READING_GOOD};

    memset(plant, 0, sizeof(*plant));
    for (int i = 0; i < FG_SIGNAL_COUNT; i++) {
        plant->configured[i] = (bytes[5] & 0x40) == 0 || i % 3 != 0;
        plant->readings[i].state = states[(bytes[2] >> (i % 5)) % sizeof(states)];
        plant->readings[i].at_mono_ms = (bytes[5] & 0x80) != 0 ? now - 301 : now;
    }
    plant->readings[FG_SIGNAL_PRESSURE_KPA].value = (int64_t)bytes[3] * 110;
    plant->readings[FG_SIGNAL_TEMPERATURE_DC].value = (int64_t)bytes[3] * 4 - 200;
    plant->readings[FG_SIGNAL_FLOW_G_MIN].value = (int64_t)bytes[3] * 200;
    plant->readings[FG_SIGNAL_INVENTORY_G].value = inventory_g;
    plant->readings[FG_SIGNAL_SCALE_G].value = (int64_t)bytes[3] * 150;
    plant->readings[FG_SIGNAL_VALVE_OPEN].value = bytes[5] & 1;
    plant->readings[FG_SIGNAL_EMERGENCY_STOP].value = bytes[5] >> 1 & 1;
}

static void witness_judge(struct witness *witness, const struct fg_fill_event *event,
                          const struct fg_fill_commands *commands, const struct fg_fill *fill)
{
    if (event->kind == FG_FILL_EVENT_WRITTEN && witness->authorise_due)
        witness->durable = true;
    if (event->kind == FG_FILL_EVENT_WRITTEN && witness->end_due)
        witness->durable = false;
    if (event->kind == FG_FILL_EVENT_WRITTEN || event->kind == FG_FILL_EVENT_WRITE_FAILED)
        witness->authorise_due = witness->end_due = false;
    require(!commands->write_authorised || (!witness->durable && !witness->authorise_due));
    require(!commands->write_ended || (witness->durable && !witness->end_due));
    witness->authorise_due = witness->authorise_due || commands->write_authorised;
    witness->end_due = witness->end_due || commands->write_ended;
    require(!commands->valve_open ||
            (witness->durable && fill->phase == FG_FILL_FILLING && fill->tag_present));
    require(!commands->valve_open || !fill->suspended_by_operator);
    require(!fill->suspended_by_operator || fill->phase == FG_FILL_SUSPENDED);
    require(fill->phase < FG_FILL_PHASE_COUNT);
    require(fill->phase != FG_FILL_IDLE || !witness->durable);
}

/* The journal answers only what it was asked. */
static bool is_possible(const struct witness *witness, uint8_t kind)
{
    if (kind != FG_FILL_EVENT_WRITTEN && kind != FG_FILL_EVENT_WRITE_FAILED)
        return true;
    return witness->authorise_due || witness->end_due;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_fill fill;
    struct witness witness = {false, false, false};
    int64_t now = 1000;
    int64_t inventory_g = 1000000;
    uint8_t programme = size > 0 ? data[0] % 4 : 0;

    memset(&fill, 0, sizeof(fill));
    for (size_t at = 1; at + EVENT_BYTES <= size; at += EVENT_BYTES) {
        const uint8_t *bytes = data + at;
        struct fg_plant_state plant;
        struct fg_fill_commands commands;
        struct fg_fill_event event = {.kind = bytes[0] % FG_FILL_EVENT_KIND_COUNT,
                                      .plant = &plant,
                                      .checks = bytes[4] & 3,
                                      .check_failed = bytes[4] > 200,
                                      .sequence = at,
                                      .grounds_hold = (bytes[4] & 0x10) == 0};

        now += bytes[1] * 5;
        inventory_g += bytes[4];
        event.now_mono_ms = now;
        event.scan = (struct fg_fill_scan){.programme = programme,
                                           .nominal_kpa = 20000,
                                           .tare_g = 16000,
                                           .maximum_fill_g = 14500,
                                           .water_capacity_dl = bytes[4] % 3 * 350,
                                           .pre_checks_wanted = 1,
                                           .post_checks_wanted = bytes[4] & 1,
                                           .zero_fills_lock_out = 2};
        if (!is_possible(&witness, event.kind))
            continue;
        plant_make(&plant, bytes, now, inventory_g);
        fg_fill_step(&fill, &settings, &event, &commands);
        witness_judge(&witness, &event, &commands, &fill);
        require(!commands.valve_open || (bytes[5] & 0x80) == 0);
    }
    return 0;
}
