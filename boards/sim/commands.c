/* The simulator's commands, one function each: what a line of the script language does to the point.
 *
 * Not: parsing lines (script.h), tags' wire protocol (pn532.h). Relies on: sim.h, proto/point/tag.h. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boards/sim/sim.h"
#include "boards/sim/sim_tags.h"

#define WAIT_MAX_MS 3600000
#define NS_PER_MS 1000000LL

typedef enum fg_err (*command_fn)(struct fg_sim *sim, const struct fg_script_line *line,
                                  struct fg_error *error);

static struct fg_sim_cylinder *find_cylinder(struct fg_sim *sim, const char *name)
{
    for (unsigned i = 0; i < sim->cylinder_count; i++) {
        if (strcmp(sim->cylinders[i].name, name) == 0)
            return &sim->cylinders[i];
    }
    return NULL;
}

static enum fg_err on_off(const char *word, bool *ret_on, struct fg_error *error)
{
    if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0)
        return fg_fail(error, FG_E_FORMAT, "'%.40s' is neither on nor off", word);
    *ret_on = strcmp(word, "on") == 0;
    return FG_OK;
}

/* Reads the numbers of a cylinder line; what is not given keeps a 70 L CNG cylinder's, or an LPG cylinder's,
 * value. */
static enum fg_err read_cylinder(const struct fg_script_line *line, struct fg_gas_cylinder *ret_gas,
                                 struct fg_error *error)
{
    const char *medium = fg_script_value(line, "medium");
    bool lpg = medium != NULL && strcmp(medium, "lpg") == 0;
    int64_t capacity_dl = 0;
    int64_t pressure_kpa = 0;
    int64_t temperature_dc = 0;
    int64_t tare_g = 0;
    int64_t mass_g = -1;
    enum fg_err code;

    if (medium != NULL && !lpg && strcmp(medium, "cng") != 0)
        return fg_fail(error, FG_E_FORMAT, "medium: '%.40s' is neither cng nor lpg", medium);
    code = fg_script_number_of(line, "capacity_dl", 1, 100000, lpg ? 355 : 700, &capacity_dl, error);
    if (code == FG_OK)
        code = fg_script_number_of(line, "pressure_kpa", 0, 35000, 3000, &pressure_kpa, error);
    if (code == FG_OK)
        code = fg_script_number_of(line, "temperature_dc", -400, 800, 150, &temperature_dc, error);
    if (code == FG_OK)
        code = fg_script_number_of(line, "tare_g", 0, 10000000, lpg ? 16500 : 60000, &tare_g, error);
    if (code == FG_OK)
        code = fg_script_number_of(line, "mass_g", -1, 10000000, -1, &mass_g, error);
    if (code != FG_OK)
        return code;
    ret_gas->medium = lpg ? FG_MEDIUM_LPG : FG_MEDIUM_CNG;
    ret_gas->water_l = (double)capacity_dl / 10.0;
    ret_gas->temperature_c = (double)temperature_dc / 10.0;
    ret_gas->ambient_c = ret_gas->temperature_c;
    ret_gas->tare_g = (double)tare_g;
    ret_gas->mass_g = (double)mass_g;
    if (mass_g < 0)
        ret_gas->mass_g =
            lpg ? 500.0
                : ret_gas->water_l * fg_gas_density_kg_m3((double)pressure_kpa, ret_gas->temperature_c);
    return FG_OK;
}

static enum fg_err do_cylinder(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    struct fg_sim_cylinder *cylinder = find_cylinder(sim, line->words[1]);
    struct fg_gas_cylinder gas;
    enum fg_err code = read_cylinder(line, &gas, error);

    if (code != FG_OK)
        return code;
    if (strlen(line->words[1]) > FG_NAME_MAX)
        return fg_fail(error, FG_E_SIZE, "a name has at most %d characters", FG_NAME_MAX);
    if (cylinder == NULL && sim->cylinder_count == FG_SIM_NAMES_MAX)
        return fg_fail(error, FG_E_FULL, "there are %d cylinders already", FG_SIM_NAMES_MAX);
    if (cylinder == NULL) {
        cylinder = &sim->cylinders[sim->cylinder_count++];
        (void)snprintf(cylinder->name, sizeof(cylinder->name), "%.31s", line->words[1]);
    }
    cylinder->gas = gas;
    return FG_OK;
}

static void connect_anew(struct fg_sim *sim)
{
    struct fg_gas_nozzle *nozzle = &sim->plant.nozzle;

    nozzle->count = 0;
    for (unsigned i = 0; i < sim->cylinder_count; i++) {
        if (sim->cylinders[i].connected && nozzle->count < FG_GAS_CYLINDERS_MAX)
            nozzle->cylinders[nozzle->count++] = &sim->cylinders[i].gas;
    }
}

static enum fg_err do_connect(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    struct fg_sim_cylinder *cylinder = find_cylinder(sim, line->words[1]);

    if (cylinder == NULL)
        return fg_fail(error, FG_E_NOT_FOUND, "no cylinder '%.40s'; make it with 'cylinder'", line->words[1]);
    if (sim->plant.nozzle.count == FG_GAS_CYLINDERS_MAX)
        return fg_fail(error, FG_E_FULL, "%d cylinders are connected already", FG_GAS_CYLINDERS_MAX);
    cylinder->connected = true;
    connect_anew(sim);
    sim->plant.total_base_g = sim->plant.nozzle.inventory_g;
    return FG_OK;
}

static enum fg_err do_disconnect(struct fg_sim *sim, const struct fg_script_line *line,
                                 struct fg_error *error)
{
    if (line->count == 2 && find_cylinder(sim, line->words[1]) == NULL)
        return fg_fail(error, FG_E_NOT_FOUND, "no cylinder '%.40s'", line->words[1]);
    for (unsigned i = 0; i < sim->cylinder_count; i++) {
        if (line->count == 1 || strcmp(sim->cylinders[i].name, line->words[1]) == 0)
            sim->cylinders[i].connected = false;
    }
    connect_anew(sim);
    return FG_OK;
}

static enum fg_err do_button(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    bool start = strcmp(line->words[1], "start") == 0;
    enum fg_input input = start ? FG_INPUT_START : FG_INPUT_STOP;
    int64_t duration_ms = 0;

    if (!start && strcmp(line->words[1], "stop") != 0)
        return fg_fail(error, FG_E_FORMAT, "button '%.40s' is neither start nor stop", line->words[1]);
    if (strcmp(line->words[2], "release") == 0) {
        fg_plant_model_release(&sim->plant, input);
        return FG_OK;
    }
    if (strcmp(line->words[2], "press") == 0) {
        enum fg_err code = fg_script_number(line->count > 3 ? line->words[3] : "300", "press", 1, WAIT_MAX_MS,
                                            &duration_ms, error);
        if (code != FG_OK)
            return code;
    } else if (strcmp(line->words[2], "hold") != 0) {
        return fg_fail(error, FG_E_FORMAT, "'%.40s' is not one of press, hold, release", line->words[2]);
    }
    fg_plant_model_press(&sim->plant, input, duration_ms);
    return FG_OK;
}

static enum fg_err do_estop(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    bool on = false;
    enum fg_err code = on_off(line->words[1], &on, error);

    if (code != FG_OK)
        return code;
    if (on)
        fg_plant_model_press(&sim->plant, FG_INPUT_ESTOP, 0);
    else
        fg_plant_model_release(&sim->plant, FG_INPUT_ESTOP);
    fg_record_write(&sim->record, sim->now_ns, "estop", "\"on\":%s", on ? "true" : "false");
    return FG_OK;
}

static enum fg_err do_speed(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    int64_t speed = 1;
    enum fg_err code = fg_script_number(line->words[1], "speed", 1, 1000, &speed, error);

    if (code == FG_OK)
        sim->plant.speed = (double)speed;
    return code;
}

static enum fg_err do_meter(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    int64_t inventory_g = 0;
    enum fg_err code = FG_E_FORMAT;

    if (fg_script_value(line, "inventory_g") == NULL)
        return fg_fail(error, FG_E_FORMAT, "meter: inventory_g=N is missing");
    code = fg_script_number_of(line, "inventory_g", 0, INT64_C(1000000000000), 0, &inventory_g, error);
    if (code == FG_OK) {
        sim->plant.nozzle.inventory_g = (double)inventory_g;
        sim->plant.total_base_g = (double)inventory_g;
    }
    return code;
}

static enum fg_err do_supply(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    int64_t kpa = 0;
    enum fg_err code = fg_script_number(line->words[1], "supply", 0, 40000, &kpa, error);

    if (code == FG_OK)
        sim->plant.nozzle.supply_kpa = (double)kpa;
    return code;
}

/* on, off, or a count. */
static enum fg_err how_often(const char *word, int64_t *ret_count, struct fg_error *error)
{
    if (strcmp(word, "on") == 0 || strcmp(word, "off") == 0) {
        *ret_count = strcmp(word, "on") == 0 ? -1 : 0;
        return FG_OK;
    }
    return fg_script_number(word, "how often (or on, off)", 1, 1000000, ret_count, error);
}

/* A device that answers with an exception: 5 (acknowledge), 6 (busy), or any other. */
static enum fg_err fault_busy(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    int64_t answers = 0;
    int64_t exception = 0;
    int64_t unit = 0;
    enum fg_err code = how_often(line->count > 3 ? line->words[3] : "on", &answers, error);

    if (code == FG_OK)
        code = fg_script_number_of(line, "unit", 0, FG_UNITS_END - 1, 0, &unit, error);
    if (code == FG_OK)
        code = fg_script_number_of(line, "code", 1, 255, 6, &exception, error);
    if (code != FG_OK)
        return code;
    fg_plant_model_refuse(&sim->plant, (uint8_t)unit, (uint8_t)exception, answers);
    fg_record_write(&sim->record, sim->now_ns, "fault",
                    "\"bus\":\"busy\",\"unit\":%" PRId64 ",\"answers\":%" PRId64 ",\"code\":%" PRId64, unit,
                    answers, exception);
    return FG_OK;
}

static enum fg_err fault_signal(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    enum fg_signal signal = fg_signal_fault_signal(line->words[2]);
    struct fg_signal_fault fault = {0};
    enum fg_err code = FG_OK;
    bool on = true;

    if (signal == FG_SIM_NUMBERS)
        return fg_fail(error, FG_E_NOT_FOUND,
                       "no signal '%.40s': pressure, temperature, flow, total, inventory, scale",
                       line->words[2]);
    if (line->count != 5)
        return fg_fail(error, FG_E_FORMAT,
                       "use: fault signal NAME frozen on|off, zero|absurd ANSWERS, lie PERCENT");
    fault.kind = (uint8_t)fg_signal_fault_kind(line->words[3]);
    if (fault.kind == FG_SIGNAL_FAULT_NONE)
        return fg_fail(error, FG_E_NOT_FOUND, "no such fault '%.40s': frozen, zero, absurd, lie",
                       line->words[3]);
    if (fault.kind == FG_SIGNAL_FAULT_FROZEN)
        code = on_off(line->words[4], &on, error);
    else
        code = fg_script_number(line->words[4], line->words[3], 0, 1000000,
                                fault.kind == FG_SIGNAL_FAULT_LIE ? &fault.percent : &fault.left, error);
    if (code != FG_OK)
        return code;
    sim->plant.signal_faults.of[signal] = on ? fault : (struct fg_signal_fault){0};
    fg_record_write(&sim->record, sim->now_ns, "fault", "\"signal\":\"%s\",\"kind\":\"%s\"", line->words[2],
                    line->words[3]);
    return FG_OK;
}

static enum fg_err fault_valve(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    bool on = false;
    enum fg_err code = on_off(line->count > 3 ? line->words[3] : "", &on, error);

    if (code != FG_OK)
        return code;
    if (!fg_plant_model_valve_fault(&sim->plant, line->words[2], on))
        return fg_fail(error, FG_E_NOT_FOUND, "no fault of the valve '%.40s': welded, blind, stuck",
                       line->words[2]);
    fg_record_write(&sim->record, sim->now_ns, "fault", "\"valve\":\"%s\",\"on\":%s", line->words[2],
                    on ? "true" : "false");
    return FG_OK;
}

static enum fg_err fault_bus(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    enum fg_bus_fault fault = fg_bus_fault_named(line->words[2]);
    int64_t unit = 0;
    int64_t every_ms = 0;
    bool on = false;
    enum fg_err code;

    if (strcmp(line->words[2], "busy") == 0)
        return fault_busy(sim, line, error);
    if (fault == FG_FAULT_COUNT)
        return fg_fail(
            error, FG_E_NOT_FOUND,
            "no bus fault '%.40s': silent, busy, noise, wrong-order, nan, stuck-meter, late-answer, "
            "echo, stranger",
            line->words[2]);
    if (line->count < 4)
        return fg_fail(error, FG_E_FORMAT, "fault bus %s: on or off is missing", line->words[2]);
    code = on_off(line->words[3], &on, error);
    if (code == FG_OK)
        code = fg_script_number_of(line, "every", 5, WAIT_MAX_MS, 50, &every_ms, error);
    if (code == FG_OK)
        code = fg_script_number_of(line, "unit", 0, FG_UNITS_END - 1, 0, &unit, error);
    if (code != FG_OK)
        return code;
    fg_plant_model_fault(&sim->plant, (uint8_t)unit, fault, on);
    if (fault == FG_FAULT_STRANGER)
        fg_sim_stranger(sim, on ? every_ms : 0);
    fg_record_write(&sim->record, sim->now_ns, "fault", "\"bus\":\"%s\",\"unit\":%" PRId64 ",\"on\":%s",
                    line->words[2], unit, on ? "true" : "false");
    return FG_OK;
}

static enum fg_err do_fault(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    int64_t leak_g_s = 0;
    enum fg_err code;

    if (strcmp(line->words[1], "bus") == 0)
        return fault_bus(sim, line, error);
    if (strcmp(line->words[1], "reader") == 0)
        return fg_sim_reader_fault(sim, line, error);
    if (strcmp(line->words[1], "signal") == 0)
        return fault_signal(sim, line, error);
    if (strcmp(line->words[1], "valve") == 0)
        return fault_valve(sim, line, error);
    if (strcmp(line->words[1], "leak") != 0)
        return fg_fail(error, FG_E_FORMAT, "'%.40s' is not one of bus, signal, valve, leak, reader",
                       line->words[1]);
    code = fg_script_number(line->words[2], "leak", 0, 10000, &leak_g_s, error);
    if (code != FG_OK)
        return code;
    sim->plant.nozzle.leak_g_s = (double)leak_g_s;
    fg_record_write(&sim->record, sim->now_ns, "fault", "\"leak_g_s\":%" PRId64, leak_g_s);
    return FG_OK;
}

/* unplug or plug one of the two ptys. */
static enum fg_err plug(struct fg_sim *sim, struct fg_pty_port *port, const struct fg_script_line *line,
                        struct fg_error *error)
{
    char link[sizeof(port->link)];
    bool in = strcmp(line->words[1], "plug") == 0;

    if (!in && strcmp(line->words[1], "unplug") != 0)
        return fg_fail(error, FG_E_FORMAT, "'%.40s' is neither plug nor unplug", line->words[1]);
    fg_record_write(&sim->record, sim->now_ns, line->words[0], "\"plugged\":%s", in ? "true" : "false");
    if (!in) {
        fg_pty_port_unplug(port);
        return FG_OK;
    }
    if (port->master >= 0)
        return FG_OK;
    (void)snprintf(link, sizeof(link), "%s", port->link);
    return fg_pty_port_plug(port, link, error);
}

static enum fg_err do_reader(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    return plug(sim, &sim->nfc_port, line, error);
}

static enum fg_err do_plant(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    return plug(sim, &sim->plant_port, line, error);
}

static enum fg_err do_victim(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    int64_t pid = 0;
    enum fg_err code = fg_script_number(line->words[1], "victim", 2, INT32_MAX, &pid, error);

    if (code == FG_OK)
        sim->victim = (pid_t)pid;
    return code;
}

static enum fg_err do_power(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    if (strcmp(line->words[1], "cut") != 0)
        return fg_fail(error, FG_E_FORMAT, "power '%.40s'; only 'power cut'", line->words[1]);
    if (sim->victim <= 1)
        return fg_fail(error, FG_E_STATE, "nobody to cut off: say 'victim PID' first");
    if (kill(sim->victim, SIGKILL) != 0)
        return fg_fail(error, FG_E_GONE, "process %d: %s", (int)sim->victim, strerror(errno));
    fg_record_write(&sim->record, sim->now_ns, "power_cut", "\"pid\":%d", (int)sim->victim);
    sim->victim = 0;
    return FG_OK;
}

static enum fg_err do_adapter(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    int64_t delay_ms = 0;
    enum fg_err code = FG_OK;

    if (line->count != 2)
        return fg_fail(error, FG_E_FORMAT, "adapter: a delay in ms, or off");
    if (strcmp(line->words[1], "off") != 0)
        code = fg_script_number(line->words[1], "adapter", 0, 200, &delay_ms, error);
    if (code == FG_OK)
        fg_sim_adapter(sim, (uint32_t)delay_ms);
    return code;
}

static enum fg_err do_pace(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    int64_t chip_baud = 0;
    int64_t plant_baud = 0;
    enum fg_err code = FG_OK;

    if (line->count == 2 && strcmp(line->words[1], "off") == 0) {
        fg_sim_pace(sim, 0, 0);
        return FG_OK;
    }
    if (line->count != 3)
        return fg_fail(error, FG_E_FORMAT, "pace: two baud rates, or off");
    code = fg_script_number(line->words[1], "pace of the chip", 1200, 4000000, &chip_baud, error);
    if (code == FG_OK)
        code = fg_script_number(line->words[2], "pace of the plant", 1200, 4000000, &plant_baud, error);
    if (code == FG_OK)
        fg_sim_pace(sim, (uint32_t)chip_baud, (uint32_t)plant_baud);
    return code;
}

static enum fg_err do_record(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    return fg_record_open(&sim->record, line->words[1], error);
}

/* Puts a word into the record, so that a test finds there what it did itself, on the same clock. */
static enum fg_err do_mark(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const char *word = line->words[1];

    if (word[strspn(word, letters)] != '\0')
        return fg_fail(error, FG_E_FORMAT, "mark: '%.40s' holds more than letters, digits and - _ .", word);
    fg_record_write(&sim->record, sim->now_ns, "mark", "\"text\":\"%s\"", word);
    return FG_OK;
}

static enum fg_err do_witness(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    if (strlen(line->words[1]) >= sizeof(sim->witness_path))
        return fg_fail(error, FG_E_SIZE, "witness: the path is too long");
    (void)snprintf(sim->witness_path, sizeof(sim->witness_path), "%.255s", line->words[1]);
    return FG_OK;
}

static enum fg_err do_quit(struct fg_sim *sim, const struct fg_script_line *line, struct fg_error *error)
{
    (void)line;
    (void)error;
    sim->quit = true;
    return FG_OK;
}

static const struct {
    const char *name;
    command_fn run;
} commands[] = {
    {"cylinder", do_cylinder},
    {"connect", do_connect},
    {"disconnect", do_disconnect},
    {"tag", fg_sim_do_tag},
    {"present", fg_sim_do_present},
    {"remove", fg_sim_do_remove},
    {"swap", fg_sim_do_swap},
    {"button", do_button},
    {"estop", do_estop},
    {"speed", do_speed},
    {"meter", do_meter},
    {"supply", do_supply},
    {"fault", do_fault},
    {"reader", do_reader},
    {"plant", do_plant},
    {"victim", do_victim},
    {"power", do_power},
    {"pace", do_pace},
    {"adapter", do_adapter},
    {"record", do_record},
    {"mark", do_mark},
    {"witness", do_witness},
    {"quit", do_quit},
};

/* wait MS and expect KEY RELATION VALUE within MS. */
static enum fg_err plan_pause(const struct fg_sim *sim, const struct fg_script_line *line,
                              struct fg_sim_pause *ret_pause, struct fg_error *error)
{
    static const char *const relations[] = {"=", "!=", "<", "<=", ">", ">="};
    bool expect = line->count == 6;
    bool known = false;
    int64_t ms = 0;
    enum fg_err code =
        fg_script_number(line->words[expect ? 5 : 1], line->words[0], 0, WAIT_MAX_MS, &ms, error);

    if (code != FG_OK)
        return code;
    if (expect) {
        for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++)
            known = known || strcmp(line->words[2], relations[i]) == 0;
        if (!known || strcmp(line->words[4], "within") != 0)
            return fg_fail(error, FG_E_FORMAT, "use: expect KEY =|!=|<|<=|>|>= VALUE within MS");
        (void)snprintf(ret_pause->key, sizeof(ret_pause->key), "%.63s", line->words[1]);
        (void)snprintf(ret_pause->relation, sizeof(ret_pause->relation), "%.3s", line->words[2]);
        (void)snprintf(ret_pause->value, sizeof(ret_pause->value), "%.63s", line->words[3]);
    }
    ret_pause->until_ns = sim->now_ns + ms * NS_PER_MS;
    return FG_OK;
}

enum fg_err fg_sim_execute(struct fg_sim *sim, const char *text, size_t length, char *reply,
                           struct fg_sim_pause *ret_pause, struct fg_error *error)
{
    static struct fg_script_line line; /* large, and this program has one thread */
    enum fg_err code = fg_script_parse(text, length, &line, error);

    reply[0] = '\0';
    memset(ret_pause, 0, sizeof(*ret_pause));
    if (code != FG_OK || line.count == 0)
        return code;
    if (strcmp(line.words[0], "state") == 0) {
        fg_sim_state(sim, reply, FG_SIM_REPLY_MAX);
        return FG_OK;
    }
    if (strcmp(line.words[0], "help") == 0) {
        (void)snprintf(reply, FG_SIM_REPLY_MAX, "%s", fg_script_help());
        return FG_OK;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(line.words[0], commands[i].name) == 0)
            return commands[i].run(sim, &line, error);
    }
    return plan_pause(sim, &line, ret_pause, error);
}
