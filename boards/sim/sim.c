/* The simulated point of sim.h without its commands: start, time, the plant's bus with its faults, the record
 * of the valve, the state. Relies on: sim.h. */
#include "boards/sim/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boards/sim/witness.h"

#define NS_PER_MS 1000000LL
#define INVENTORY_START_G 1234567.0

static void valve_command(void *context, int64_t now_ns, int64_t hold_ms, bool was_open)
{
    struct fg_sim *sim = context;
    const char *verdict = "";
    char member[400] = "";

    if (hold_ms != 0 && !was_open && sim->witness_path[0] != '\0') {
        struct fg_error error = {FG_OK, ""};
        bool ok = fg_witness_authorised(sim->witness_path, &error);

        verdict = ok ? "ok" : "violation";
        if (ok)
            sim->witness_ok++;
        else
            sim->witness_violations++;
        (void)snprintf(member, sizeof(member), ",\"witness\":\"%s\"", verdict);
    }
    fg_record_write(&sim->record, now_ns, "valve_command", "\"hold_ms\":%" PRId64 ",\"was_open\":%s%s",
                    hold_ms, was_open ? "true" : "false", member);
}

static void valve_change(void *context, int64_t now_ns, bool open, enum fg_valve_cause cause,
                         int64_t since_command_ns)
{
    struct fg_sim *sim = context;

    if (open)
        sim->valve_opened++;
    if (!open && cause == FG_VALVE_BY_TIMED_RELEASE)
        sim->release_ms = since_command_ns / NS_PER_MS;
    fg_record_write(&sim->record, now_ns, "valve", "\"open\":%s,\"by\":\"%s\",\"since_command_us\":%" PRId64,
                    open ? "true" : "false", cause == FG_VALVE_BY_COMMAND ? "command" : "timed-release",
                    since_command_ns / 1000);
}

/* ---- the wires ---- */

static void wire_put(struct fg_sim *sim, struct fg_wire *wire, const char *name, const uint8_t *bytes,
                     size_t count, int64_t at_ns)
{
    sim->slave.dropped += count - fg_wire_put(wire, bytes, count, at_ns);
    if (sim->wires.paced && count > 0)
        fg_record_write(&sim->record, at_ns, "wire", "\"on\":\"%s\",\"bytes\":%zu,\"ns\":%" PRId64, name,
                        count, (int64_t)count * wire->byte_ns);
}

/* Hands over what has come through to a pty. One whose buffer is full loses bytes, as a wire nobody listens
 * to does. */
static void wire_deliver(struct fg_sim *sim, struct fg_wire *wire, int master)
{
    uint8_t bytes[FG_WIRE_BYTES_MAX];
    size_t count = fg_wire_take(wire, bytes, sim->now_ns);

    if (count > 0 && master >= 0 && write(master, bytes, count) < 0)
        sim->slave.dropped += count;
}

static void put(struct fg_sim *sim, const uint8_t *bytes, size_t count)
{
    wire_put(sim, &sim->wires.from_plant, "plant", bytes, count, sim->served_ns);
    wire_deliver(sim, &sim->wires.from_plant, sim->plant_port.master);
}

/* Sends what the chip has to say. */
static void flush_reader(struct fg_sim *sim)
{
    wire_put(sim, &sim->wires.from_chip, "nfc", sim->chip.out, sim->chip.out_count, sim->served_ns);
    sim->chip.out_count = 0;
    wire_deliver(sim, &sim->wires.from_chip, sim->nfc_port.master);
}

/* Lets the devices have what has come through to them. They answer from the moment at which it did, however
 * late this process was woken. */
static void devices_serve(struct fg_sim *sim)
{
    uint8_t bytes[FG_WIRE_BYTES_MAX];
    int64_t due_ns = fg_wire_due_ns(&sim->wires.to_plant);
    size_t count = fg_wire_take(&sim->wires.to_plant, bytes, sim->now_ns);

    if (count > 0) {
        sim->served_ns = due_ns;
        if (sim->plant.faults[FG_UNIT_RELAY][FG_FAULT_ECHO])
            put(sim, bytes, count);
        fg_modbus_slave_take(&sim->slave, bytes, count, sim->now_ns);
    }
    due_ns = fg_wire_due_ns(&sim->wires.to_chip);
    count = fg_wire_take(&sim->wires.to_chip, bytes, sim->now_ns);
    if (count > 0) {
        sim->served_ns = due_ns;
        fg_pn532_feed(&sim->chip, bytes, count);
        flush_reader(sim);
    }
    sim->served_ns = sim->now_ns;
}

void fg_sim_adapter(struct fg_sim *sim, uint32_t delay_ms)
{
    sim->wires.from_chip.delay_ns = (int64_t)delay_ms * NS_PER_MS;
}

void fg_sim_pace(struct fg_sim *sim, uint32_t chip_baud, uint32_t plant_baud)
{
    sim->wires.paced = chip_baud != 0 || plant_baud != 0;
    fg_wire_set_baud(&sim->wires.to_chip, chip_baud);
    fg_wire_set_baud(&sim->wires.from_chip, chip_baud);
    fg_wire_set_baud(&sim->wires.to_plant, plant_baud);
    fg_wire_set_baud(&sim->wires.from_plant, plant_baud);
}

static void answer(void *context, uint8_t unit, const uint8_t *bytes, size_t count)
{
    /* The handlers' context is the plant, the first thing that both know. */
    struct fg_sim *sim = (struct fg_sim *)(void *)((char *)context - offsetof(struct fg_sim, plant));
    const bool *faults = sim->plant.faults[unit];
    uint8_t spoilt[FG_MODBUS_FRAME_MAX + 8];

    if (count > sizeof(spoilt))
        return;
    memcpy(spoilt, bytes, count);
    if (faults[FG_FAULT_NOISE]) {
        sim->spoil_next = !sim->spoil_next;
        if (sim->spoil_next)
            spoilt[count / 2] ^= 0x5A;
    }
    if (!faults[FG_FAULT_LATE_ANSWER]) {
        put(sim, spoilt, count);
        return;
    }
    if (sim->late.due_ns != 0)
        return;
    memcpy(sim->late.bytes, spoilt, count);
    sim->late.count = count;
    sim->late.due_ns = sim->now_ns + FG_SIM_LATE_NS;
}

void fg_sim_stranger(struct fg_sim *sim, int64_t every_ms)
{
    sim->stranger.every_ns = every_ms * NS_PER_MS;
    sim->stranger.due_ns = every_ms == 0 ? 0 : sim->now_ns + sim->stranger.every_ns;
}

/* The other master asks unit 2 for its temperature. Both frames are heard by whoever listens. */
static void stranger_speak(struct fg_sim *sim)
{
    static const uint8_t request[] = {FG_UNIT_PRESSURE, 3, 0, 6, 0, 2, 0x24, 0x39};

    if (sim->stranger.due_ns == 0 || sim->now_ns < sim->stranger.due_ns)
        return;
    sim->stranger.due_ns = sim->now_ns + sim->stranger.every_ns;
    put(sim, request, sizeof(request));
    fg_modbus_slave_take(&sim->slave, request, sizeof(request), sim->now_ns);
}

enum fg_err fg_sim_init(struct fg_sim *sim, const char *directory, int64_t now_ns, struct fg_error *error)
{
    char path[256];
    enum fg_err code;

    memset(sim, 0, sizeof(*sim));
    sim->plant_port.master = sim->plant_port.slave = -1;
    sim->nfc_port.master = sim->nfc_port.slave = -1;
    sim->now_ns = now_ns;
    sim->release_ms = -1;
    if (strlen(directory) >= sizeof(sim->directory))
        return fg_fail(error, FG_E_SIZE, "the directory's name is too long");
    (void)snprintf(sim->directory, sizeof(sim->directory), "%s", directory);
    fg_pn532_init(&sim->chip);
    fg_plant_model_init(&sim->plant, now_ns, INVENTORY_START_G);
    sim->plant.observer = (struct fg_valve_observer){sim, valve_command, valve_change};
    sim->slave.handlers = fg_plant_model_handlers(&sim->plant);
    sim->slave.handlers.answer = answer;
    (void)snprintf(path, sizeof(path), "%s/plant", sim->directory);
    code = fg_pty_port_plug(&sim->plant_port, path, error);
    if (code != FG_OK)
        return code;
    (void)snprintf(path, sizeof(path), "%s/nfc", sim->directory);
    code = fg_pty_port_plug(&sim->nfc_port, path, error);
    if (code != FG_OK)
        fg_pty_port_unplug(&sim->plant_port);
    return code;
}

void fg_sim_close(struct fg_sim *sim)
{
    fg_pty_port_unplug(&sim->plant_port);
    fg_pty_port_unplug(&sim->nfc_port);
    fg_record_close(&sim->record);
}

void fg_sim_advance(struct fg_sim *sim, int64_t now_ns)
{
    double seconds = (double)(now_ns - sim->now_ns) / 1e9 * sim->plant.speed;

    for (unsigned i = 0; i < sim->cylinder_count; i++) {
        if (!sim->cylinders[i].connected && seconds > 0.0)
            fg_gas_rest(&sim->cylinders[i].gas, seconds);
    }
    sim->now_ns = now_ns;
    fg_plant_model_advance(&sim->plant, now_ns);
    (void)fg_modbus_slave_tick(&sim->slave, now_ns);
    sim->served_ns = now_ns;
    fg_pn532_tick(&sim->chip, now_ns / NS_PER_MS);
    flush_reader(sim);
    if (sim->late.due_ns != 0 && sim->late.due_ns <= now_ns) {
        put(sim, sim->late.bytes, sim->late.count);
        sim->late.due_ns = 0;
    }
    wire_deliver(sim, &sim->wires.from_plant, sim->plant_port.master);
    devices_serve(sim);
    stranger_speak(sim);
}

static void earlier(int64_t *next_ns, int64_t time_ns)
{
    if (time_ns != 0 && (*next_ns == 0 || time_ns < *next_ns))
        *next_ns = time_ns;
}

int64_t fg_sim_next_ns(struct fg_sim *sim)
{
    int64_t next_ns = 0;

    earlier(&next_ns, fg_plant_model_next_ns(&sim->plant));
    earlier(&next_ns, fg_modbus_slave_tick(&sim->slave, sim->now_ns));
    earlier(&next_ns, sim->late.due_ns);
    earlier(&next_ns, sim->stranger.due_ns);
    earlier(&next_ns, fg_wire_due_ns(&sim->wires.to_chip));
    earlier(&next_ns, fg_wire_due_ns(&sim->wires.from_chip));
    earlier(&next_ns, fg_wire_due_ns(&sim->wires.to_plant));
    earlier(&next_ns, fg_wire_due_ns(&sim->wires.from_plant));
    return next_ns;
}

void fg_sim_serve_plant(struct fg_sim *sim)
{
    uint8_t bytes[512];
    ssize_t count = read(sim->plant_port.master, bytes, sizeof(bytes));

    if (count > 0)
        wire_put(sim, &sim->wires.to_plant, "plant", bytes, (size_t)count, sim->now_ns);
    devices_serve(sim);
}

void fg_sim_serve_reader(struct fg_sim *sim)
{
    uint8_t bytes[512];
    ssize_t count = read(sim->nfc_port.master, bytes, sizeof(bytes));

    if (count > 0)
        wire_put(sim, &sim->wires.to_chip, "nfc", bytes, (size_t)count, sim->now_ns);
    devices_serve(sim);
}

static size_t add_cylinders(const struct fg_sim *sim, char *reply, size_t size, size_t at)
{
    for (unsigned i = 0; i < sim->cylinder_count && at < size; i++) {
        const struct fg_sim_cylinder *c = &sim->cylinders[i];

        at += (size_t)snprintf(
            reply + at, size - at,
            "%s.connected=%d\n%s.mass_g=%.0f\n%s.pressure_kpa=%.0f\n%s.temperature_dc=%.0f\n", c->name,
            c->connected, c->name, c->gas.mass_g, c->name, fg_gas_cylinder_kpa(&c->gas), c->name,
            c->gas.temperature_c * 10.0);
    }
    return at;
}

void fg_sim_state(struct fg_sim *sim, char *reply, size_t size)
{
    const struct fg_plant_model *p = &sim->plant;
    size_t at = 0;

    at += (size_t)snprintf(
        reply, size,
        "valve=%d\ngreen=%d\nred=%d\nestop=%d\nstart=%d\nstop=%d\npressure_kpa=%.0f\nflow_g_s=%.1f\n"
        "inventory_g=%.0f\ntotal_g=%.0f\nleaked_g=%.0f\nconnected=%u\nspeed=%.0f\nvalve_opened=%" PRIu64
        "\nrelease_ms=%" PRId64 "\nwitness_ok=%" PRIu64 "\nwitness_violations=%" PRIu64 "\nframes=%" PRIu64
        "\ndropped=%" PRIu64 "\nplant_plugged=%d\nreader_plugged=%d\ntags_present=%u\n",
        p->relays[0].on, p->relays[1].on, p->relays[2].on, p->inputs[0], p->inputs[1], p->inputs[2],
        fg_gas_nozzle_kpa(&p->nozzle), p->nozzle.flow_g_s, p->nozzle.inventory_g,
        p->nozzle.inventory_g - p->total_base_g, p->nozzle.leaked_g, p->nozzle.count, p->speed,
        sim->valve_opened, sim->release_ms, sim->witness_ok, sim->witness_violations, sim->slave.frames,
        sim->slave.dropped, sim->plant_port.master >= 0, sim->nfc_port.master >= 0, sim->present_count);
    (void)add_cylinders(sim, reply, size, at);
}

/* The value of key in the state; false = no such key. */
static bool find(struct fg_sim *sim, const char *key, char *ret_value, size_t size)
{
    char state[FG_SIM_REPLY_MAX];
    size_t length = strlen(key);

    fg_sim_state(sim, state, sizeof(state));
    for (const char *line = state; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');

        if (strncmp(line, key, length) == 0 && line[length] == '=' && end != NULL) {
            (void)snprintf(ret_value, size, "%.*s", (int)(end - line - (long)length - 1), line + length + 1);
            return true;
        }
        line = end == NULL ? NULL : end + 1;
    }
    return false;
}

bool fg_sim_is_met(struct fg_sim *sim, const struct fg_sim_pause *pause)
{
    char value[64];
    double a;
    double b;

    if (!find(sim, pause->key, value, sizeof(value)))
        return false;
    a = strtod(value, NULL);
    b = strtod(pause->value, NULL);
    if (strcmp(pause->relation, "=") == 0)
        return a >= b && a <= b;
    if (strcmp(pause->relation, "!=") == 0)
        return a < b || a > b;
    if (strcmp(pause->relation, "<") == 0)
        return a < b;
    if (strcmp(pause->relation, "<=") == 0)
        return a <= b;
    if (strcmp(pause->relation, ">") == 0)
        return a > b;
    return a >= b;
}
