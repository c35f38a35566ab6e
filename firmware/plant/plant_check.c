/* What can never work (plant_check.h). */
#include "firmware/plant/plant_check.h"

#include "firmware/core/signals.h"
#include "firmware/plant/rtu.h"

#include <stdio.h>
#include <string.h>

#define US_PER_S 1000000u
#define US_PER_MS 1000u
#define CRC_BYTES 2
/* 3.5 characters of silence before each frame, counted in halves (MODBUS over serial line V1.02, 2.5.1.1). */
#define GAP_HALF_CHARACTERS 7

/* ---- the wire ----------------------------------------------------------------------------------------- */

struct wire {
    uint64_t character_ns;
    struct fg_check_wire found;
};

static void add_request(struct wire *wire, const struct fg_device *device, uint8_t function, uint16_t count)
{
    const uint8_t request[FG_RTU_REQUEST_BYTES] = {1, function, 0, 0, (uint8_t)(count >> 8), (uint8_t)count};
    uint64_t characters = FG_RTU_REQUEST_BYTES + CRC_BYTES + fg_rtu_answer_bytes(request);
    uint64_t gap_us = wire->character_ns * GAP_HALF_CHARACTERS / 2 / 1000;
    uint64_t silence_us = (uint64_t)device->profile.silence_ms * US_PER_MS;
    uint64_t exchange_us = characters * wire->character_ns / 1000 + gap_us;

    wire->found.round_us += exchange_us + (silence_us > gap_us ? silence_us : gap_us);
    if (exchange_us <= wire->found.longest_us)
        return;
    wire->found.longest_us = exchange_us;
    wire->found.longest_device = device->settings.name;
}

static void add_device(struct wire *wire, const struct fg_device *device)
{
    static const uint8_t functions[] = {[FG_TABLE_COIL] = FG_RTU_READ_COILS,
                                        [FG_TABLE_DISCRETE] = FG_RTU_READ_DISCRETE,
                                        [FG_TABLE_HOLDING] = FG_RTU_READ_HOLDING,
                                        [FG_TABLE_INPUT] = FG_RTU_READ_INPUT};

    for (unsigned i = 0; i < FG_OUTPUT_COUNT; i++) {
        uint8_t form = device->profile.outputs[i].form;

        if (form != FG_FORM_NONE)
            add_request(wire, device, FG_RTU_WRITE_COIL, 0);
        if (form == FG_FORM_WATCHDOG)
            add_request(wire, device, FG_RTU_WRITE_REGISTER, 0);
    }
    for (unsigned i = 0; i < device->block_count; i++)
        add_request(wire, device, functions[device->blocks[i].table], device->blocks[i].count);
}

void fg_check_wire(const struct fg_check_bus *bus, struct fg_check_wire *ret_wire)
{
    const struct fg_bus_settings *settings = bus->settings;
    struct wire wire = {.found = {.longest_device = ""}};
    uint64_t bits = 9u + (settings->parity == 'N' ? 0u : 1u) + settings->stop_bits;

    if (settings->kind == FG_BUS_RTU && settings->baud > 0) {
        wire.character_ns = bits * 1000u * US_PER_S / settings->baud;
        for (uint8_t i = 0; i < bus->device_count; i++)
            add_device(&wire, bus->devices[i]);
    }
    *ret_wire = wire.found;
}

/* ---- times -------------------------------------------------------------------------------------------- */

static uint32_t ms_of(uint64_t us)
{
    return (uint32_t)((us + US_PER_MS - 1) / US_PER_MS);
}

static enum fg_err check_response(const struct fg_check_bus *bus, const struct fg_check_wire *wire,
                                  struct fg_error *error)
{
    uint32_t longest_ms = ms_of(wire->longest_us);
    bool is_cut = bus->response_ms < bus->settings->response_max_ms;

    if (longest_ms <= bus->response_ms)
        return FG_OK;
    return fg_fail(
        error, FG_E_RANGE,
        "bus %s: a request to device %s and its answer take at least %u ms at %u baud, and %u ms are "
        "allowed (response_max_ms%s): %s",
        bus->settings->name, wire->longest_device, longest_ms, bus->settings->baud, bus->response_ms,
        bus->has_valve ? "; on the valve's bus at most a third of its release_ms" : "",
        is_cut ? "raise baud, or move the device to a bus of its own" : "raise baud or response_max_ms");
}

static enum fg_err check_round(const struct fg_check_bus *bus, const struct fg_check_wire *wire,
                               struct fg_error *error)
{
    uint32_t round_ms = ms_of(wire->round_us);

    if (round_ms <= bus->settings->cycle_ms)
        return FG_OK;
    return fg_fail(
        error, FG_E_RANGE,
        "bus %s: one round of its %u devices takes at least %u ms at %u baud, and cycle_ms is %u: set "
        "cycle_ms to %u or more, raise baud, or move a device to a bus of its own",
        bus->settings->name, bus->device_count, round_ms, bus->settings->baud, bus->settings->cycle_ms,
        round_ms);
}

/* One lost answer must not make a reading a missing one: it is two rounds and one response time old then. */
static enum fg_err check_age(const struct fg_check_bus *bus, uint32_t reading_age_max_ms,
                             struct fg_error *error)
{
    uint64_t needed_ms = 2 * (uint64_t)bus->settings->cycle_ms + bus->response_ms;

    if (bus->device_count == 0 || needed_ms <= reading_age_max_ms)
        return FG_OK;
    return fg_fail(
        error, FG_E_RANGE,
        "bus %s: after one lost answer a reading is %llu ms old (two times cycle_ms %u and %u ms for the "
        "answer), and reading_age_max_ms is %u: set reading_age_max_ms to %llu or more, or cycle_ms lower",
        bus->settings->name, (unsigned long long)needed_ms, bus->settings->cycle_ms, bus->response_ms,
        reading_age_max_ms, (unsigned long long)needed_ms);
}

enum fg_err fg_check_times(const struct fg_check_bus *bus, uint32_t reading_age_max_ms,
                           struct fg_error *error)
{
    struct fg_check_wire wire;
    enum fg_err err;

    fg_check_wire(bus, &wire);
    if ((err = check_response(bus, &wire, error)) != FG_OK || (err = check_round(bus, &wire, error)) != FG_OK)
        return err;
    return check_age(bus, reading_age_max_ms, error);
}

/* ---- signals ------------------------------------------------------------------------------------------ */

enum fg_err fg_check_signals(const bool configured[FG_SIGNAL_COUNT], uint8_t medium, struct fg_error *error)
{
    uint32_t needed = fg_signals_needed((uint8_t)fg_programme_of_medium(medium), configured);
    char missing[120] = "";
    size_t used = 0;

    for (unsigned i = 0; i < FG_SIGNAL_COUNT && used < sizeof(missing); i++) {
        if ((needed & FG_SIGNAL_BIT(i)) == 0 || configured[i])
            continue;
        used += (size_t)snprintf(missing + used, sizeof(missing) - used, "%s%s", used == 0 ? "" : ", ",
                                 fg_signal_name((enum fg_signal)i));
    }
    if (used == 0)
        return FG_OK;
    return fg_fail(
        error, FG_E_NOT_FOUND,
        "no device gives %s, and without it a point that fills %s refuses every cylinder as a device "
        "fault: add a device whose profile has [signal %.*s]",
        missing, medium == FG_MEDIUM_LPG ? "lpg" : "cng", (int)strcspn(missing, ","), missing);
}
