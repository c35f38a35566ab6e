/* The devices of plant_model.h. Not: frames. Relies on: gas.h, modbus_slave.h's handler types. */
#include "boards/sim/plant/plant_model.h"

#include <math.h>
#include <string.h>

#define NS_PER_MS 1000000LL
#define NS_PER_S 1e9
#define COIL_ALL 0x00FF
#define COIL_TIMED 0x0200 /* + relay: on for value x 100 ms (Waveshare's "flash on") */
#define TIMED_UNIT_MS 100
#define COIL_ON 0xFF00
#define COIL_OFF 0x0000
#define METER_ORDER 520
#define METER_ORDER_SWAPPED 1 /* 3-4-1-2, as shipped */
#define METER_ORDER_MAX 3
#define KPA_PER_BAR 100.0
#define DENSITY_AT_METER_KPA 20000.0
#define SCALE_STATUS 0x1018
#define SCALE_STATUS_GOOD 0x8000   /* bit 15: weight is good */
#define SCALE_STATUS_MOTION 0x1000 /* bit 12: weight is moving */
#define NAN_MICRO_MOTION 0x7FA00000u
#define NAN_PLAIN 0x7FC00000u

void fg_plant_model_init(struct fg_plant_model *model, int64_t now_ns, double inventory_g)
{
    memset(model, 0, sizeof(*model));
    model->nozzle.supply_kpa = FG_GAS_SUPPLY_KPA;
    model->nozzle.inventory_g = inventory_g;
    model->total_base_g = inventory_g;
    model->speed = 1.0;
    model->now_ns = now_ns;
    model->meter_order = METER_ORDER_SWAPPED;
}

static void flow(struct fg_plant_model *model, int64_t until_ns)
{
    if (until_ns <= model->now_ns)
        return;
    fg_gas_step(&model->nozzle, (double)(until_ns - model->now_ns) / NS_PER_S * model->speed);
    model->now_ns = until_ns;
}

static void set_relay(struct fg_plant_model *model, unsigned relay, bool on, enum fg_valve_cause cause,
                      int64_t seen_ns)
{
    bool changed = model->relays[relay].on != on;

    if (!on)
        model->relays[relay].until_ns = 0;
    if (relay == FG_RELAY_VALVE && !on && model->valve_faults[FG_VALVE_WELDED])
        return;
    model->relays[relay].on = on;
    if (relay != FG_RELAY_VALVE)
        return;
    model->nozzle.valve_open = (on && !model->valve_faults[FG_VALVE_STUCK]) ||
                               (model->nozzle.valve_open && model->valve_faults[FG_VALVE_BLIND]);
    if (changed && model->observer.change != NULL)
        model->observer.change(model->observer.context, seen_ns, on, cause, seen_ns - model->command_ns);
}

void fg_plant_model_advance(struct fg_plant_model *model, int64_t now_ns)
{
    for (unsigned i = 0; i < FG_RELAYS; i++) {
        const struct fg_relay *relay = &model->relays[i];

        if (!relay->on || relay->until_ns == 0 || relay->until_ns > now_ns)
            continue;
        flow(model, relay->until_ns);
        /* The time at which this process noticed, not the planned one: a late simulator must show. */
        set_relay(model, i, false, FG_VALVE_BY_TIMED_RELEASE, now_ns);
    }
    for (unsigned i = 0; i < FG_INPUTS; i++) {
        if (model->input_until_ns[i] != 0 && model->input_until_ns[i] <= now_ns)
            fg_plant_model_release(model, (enum fg_input)i);
    }
    flow(model, now_ns);
}

int64_t fg_plant_model_next_ns(const struct fg_plant_model *model)
{
    int64_t next = 0;

    for (unsigned i = 0; i < FG_RELAYS; i++) {
        int64_t until = model->relays[i].until_ns;

        if (model->relays[i].on && until != 0 && (next == 0 || until < next))
            next = until;
    }
    for (unsigned i = 0; i < FG_INPUTS; i++) {
        int64_t until = model->input_until_ns[i];

        if (until != 0 && (next == 0 || until < next))
            next = until;
    }
    return next;
}

void fg_plant_model_press(struct fg_plant_model *model, enum fg_input input, int64_t duration_ms)
{
    model->inputs[input] = true;
    model->input_until_ns[input] = duration_ms == 0 ? 0 : model->now_ns + duration_ms * NS_PER_MS;
}

void fg_plant_model_release(struct fg_plant_model *model, enum fg_input input)
{
    model->inputs[input] = false;
    model->input_until_ns[input] = 0;
}

enum fg_bus_fault fg_bus_fault_named(const char *name)
{
    static const char *const names[FG_FAULT_COUNT] = {
        "silent", "noise", "wrong-order", "nan", "stuck-meter", "late-answer", "echo", "stranger"};

    for (unsigned i = 0; i < FG_FAULT_COUNT; i++) {
        if (strcmp(names[i], name) == 0)
            return (enum fg_bus_fault)i;
    }
    return FG_FAULT_COUNT;
}

void fg_plant_model_fault(struct fg_plant_model *model, uint8_t unit, enum fg_bus_fault fault, bool on)
{
    for (uint8_t i = 1; i < FG_UNITS_END; i++) {
        if (unit == 0 || unit == i)
            model->faults[i][fault] = on;
    }
    memset(model->stuck_set, 0, sizeof(model->stuck_set));
}

void fg_plant_model_refuse(struct fg_plant_model *model, uint8_t unit, uint8_t exception, int64_t answers)
{
    for (uint8_t i = 1; i < FG_UNITS_END; i++) {
        if (unit == 0 || unit == i)
            model->refusals[i] = (struct fg_refusal){exception, answers};
    }
}

bool fg_plant_model_valve_fault(struct fg_plant_model *model, const char *name, bool on)
{
    static const char *const names[FG_VALVE_FAULTS] = {"welded", "blind", "stuck"};

    for (unsigned i = 0; i < FG_VALVE_FAULTS; i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        model->valve_faults[i] = on;
        /* A mended relay falls to where its last command wants it, if that is over. */
        if (i == FG_VALVE_WELDED && !on && model->relays[FG_RELAY_VALVE].until_ns == 0)
            set_relay(model, FG_RELAY_VALVE, false, FG_VALVE_BY_COMMAND, model->now_ns);
        model->nozzle.valve_open = model->relays[FG_RELAY_VALVE].on && !model->valve_faults[FG_VALVE_STUCK];
        return true;
    }
    return false;
}

static enum fg_modbus_exception refuse(void *context, uint8_t unit)
{
    struct fg_plant_model *model = context;
    struct fg_refusal *refusal = &model->refusals[unit];

    if (refusal->left == 0)
        return FG_MODBUS_DONE;
    if (refusal->left > 0)
        refusal->left--;
    return (enum fg_modbus_exception)refusal->exception;
}

static bool present(void *context, uint8_t unit)
{
    const struct fg_plant_model *model = context;

    return unit >= 1 && unit < FG_UNITS_END && !model->faults[unit][FG_FAULT_SILENT];
}

static enum fg_modbus_exception read_bit(void *context, uint8_t unit, bool coil, uint16_t address,
                                         bool *ret_on)
{
    const struct fg_plant_model *model = context;

    if (unit == FG_UNIT_BUTTONS && !coil && address < 2) {
        *ret_on = model->inputs[FG_INPUT_START + address];
        return FG_MODBUS_DONE;
    }
    if (unit == FG_UNIT_BUTTONS && !coil)
        return FG_MODBUS_BAD_ADDRESS;
    if (unit != FG_UNIT_RELAY)
        return FG_MODBUS_BAD_FUNCTION;
    if (address >= (coil ? FG_RELAYS : FG_INPUTS))
        return FG_MODBUS_BAD_ADDRESS;
    *ret_on = coil ? model->relays[address].on : model->inputs[address];
    return FG_MODBUS_DONE;
}

/* hold_ms: 0 = off, -1 = on without end. A command while a timed one runs replaces its end. */
static void command_relay(struct fg_plant_model *model, unsigned relay, int64_t hold_ms)
{
    if (relay == FG_RELAY_VALVE) {
        if (model->observer.command != NULL)
            model->observer.command(model->observer.context, model->now_ns, hold_ms, model->relays[relay].on);
        model->command_ns = model->now_ns;
    }
    model->relays[relay].until_ns = hold_ms > 0 ? model->now_ns + hold_ms * NS_PER_MS : 0;
    set_relay(model, relay, hold_ms != 0, FG_VALVE_BY_COMMAND, model->now_ns);
}

static enum fg_modbus_exception write_coil(void *context, uint8_t unit, uint16_t address, uint16_t value)
{
    struct fg_plant_model *model = context;

    if (unit != FG_UNIT_RELAY)
        return FG_MODBUS_BAD_FUNCTION;
    if (address >= COIL_TIMED && address < COIL_TIMED + FG_RELAYS) {
        command_relay(model, (unsigned)address - COIL_TIMED, (int64_t)value * TIMED_UNIT_MS);
        return FG_MODBUS_DONE;
    }
    if (address >= FG_RELAYS && address != COIL_ALL)
        return FG_MODBUS_BAD_ADDRESS;
    if (value != COIL_ON && value != COIL_OFF)
        return FG_MODBUS_BAD_VALUE;
    for (unsigned i = 0; i < FG_RELAYS; i++) {
        if (address == i || address == COIL_ALL)
            command_relay(model, i, value == COIL_ON ? -1 : 0);
    }
    return FG_MODBUS_DONE;
}

/* Temperature of the gas at the nozzle: of the first cylinder, or ambient. */
static double temperature_c(const struct fg_plant_model *model)
{
    return model->nozzle.count == 0 ? FG_GAS_AMBIENT_C : model->nozzle.cylinders[0]->temperature_c;
}

static double scale_g(const struct fg_plant_model *model, bool tare_only)
{
    double sum = 0.0;

    for (unsigned i = 0; i < model->nozzle.count; i++) {
        sum += model->nozzle.cylinders[i]->tare_g;
        if (!tare_only)
            sum += model->nozzle.cylinders[i]->mass_g;
    }
    return sum;
}

/* The float at an even offset of a device; false = no such register. */
static bool meter_float(struct fg_plant_model *model, uint16_t address, float *ret_value)
{
    const struct fg_gas_nozzle *nozzle = &model->nozzle;
    double density = fg_gas_density_kg_m3(DENSITY_AT_METER_KPA, FG_GAS_AMBIENT_C);
    unsigned place = (unsigned)(address - 246) / 2;
    double value;

    switch (address) {
    case 246:
        value = nozzle->flow_g_s;
        break;
    case 248:
        value = density;
        break;
    case 250:
        value = temperature_c(model);
        break;
    case 252:
        value = nozzle->flow_g_s / density;
        break;
    case 254:
    case 256: /* no pressure input is wired to the meter */
        value = 0.0;
        break;
    case 258:
        value = floor(nozzle->inventory_g - model->total_base_g);
        break;
    case 260:
        value = floor(nozzle->inventory_g - model->total_base_g) / density;
        break;
    case 262:
        value = floor(nozzle->inventory_g);
        break;
    default:
        return false;
    }
    if (model->faults[FG_UNIT_METER][FG_FAULT_STUCK_METER]) {
        if (!model->stuck_set[place])
            model->stuck[place] = (float)value;
        model->stuck_set[place] = true;
        value = (double)model->stuck[place];
    }
    *ret_value = (float)value;
    return true;
}

static bool float_at(struct fg_plant_model *model, uint8_t unit, uint16_t address, float *ret_value)
{
    double value;

    if (unit == FG_UNIT_METER)
        return meter_float(model, address, ret_value);
    if (unit == FG_UNIT_PRESSURE && address == 2)
        value = fg_gas_nozzle_kpa(&model->nozzle) / KPA_PER_BAR;
    else if (unit == FG_UNIT_PRESSURE && address == 6)
        value = temperature_c(model);
    else if (unit == FG_UNIT_PRESSURE && (address == 0 || address == 4))
        value = 0.0;
    else if (unit == FG_UNIT_SCALE && address == 0x1000)
        value = scale_g(model, false) / 1000.0;
    else if (unit == FG_UNIT_SCALE && address == 0x1008)
        value = (scale_g(model, false) - scale_g(model, true)) / 1000.0;
    else if (unit == FG_UNIT_SCALE && address == 0x1010)
        value = scale_g(model, true) / 1000.0;
    else
        return false;
    *ret_value = (float)value;
    return true;
}

/* The signal that the float at an even address of a unit is; FG_SIM_NUMBERS = none. */
static enum fg_signal signal_at(uint8_t unit, uint16_t address)
{
    static const struct {
        uint8_t unit;
        uint16_t address;
    } places[FG_SIM_NUMBERS] = {
        [FG_SIGNAL_PRESSURE_KPA] = {FG_UNIT_PRESSURE, 2}, [FG_SIGNAL_TEMPERATURE_DC] = {FG_UNIT_PRESSURE, 6},
        [FG_SIGNAL_FLOW_G_MIN] = {FG_UNIT_METER, 246},    [FG_SIGNAL_TOTAL_G] = {FG_UNIT_METER, 258},
        [FG_SIGNAL_INVENTORY_G] = {FG_UNIT_METER, 262},   [FG_SIGNAL_SCALE_G] = {FG_UNIT_SCALE, 0x1000},
    };
    unsigned i = 0;

    while (i < FG_SIM_NUMBERS && (places[i].unit != unit || places[i].address != address))
        i++;
    return (enum fg_signal)i;
}

/* One word of a float on the wire: word 0 is at the lower address. order as in register 520. */
static uint16_t float_word(float value, bool nan, uint32_t nan_bits, unsigned order, unsigned word)
{
    uint32_t bits;
    uint16_t half;

    memcpy(&bits, &value, sizeof(bits));
    if (nan)
        bits = nan_bits;
    if (order == 1 || order == 3)
        word = 1 - word;
    half = (uint16_t)(word == 0 ? bits >> 16 : bits & 0xFFFF);
    if (order >= 2)
        half = (uint16_t)(half >> 8 | half << 8);
    return half;
}

/* Registers that hold a number as it is: units and byte order of the meter, state of the scale. */
static bool word_at(const struct fg_plant_model *model, uint8_t unit, uint16_t address, uint16_t *ret_value)
{
    static const uint16_t meter_units[] = {70, 92, 32, 24, 0, 0, 60, 41}; /* from register 38 */

    if (unit == FG_UNIT_METER && address == METER_ORDER) {
        *ret_value = model->meter_order;
        return true;
    }
    if (unit == FG_UNIT_METER && address >= 38 && address < 38 + 8) {
        *ret_value = meter_units[address - 38];
        return true;
    }
    if (unit == FG_UNIT_SCALE && address == SCALE_STATUS) {
        *ret_value = (uint16_t)(SCALE_STATUS_GOOD | (model->nozzle.flow_g_s > 0.0 ? SCALE_STATUS_MOTION : 0));
        return true;
    }
    return false;
}

static enum fg_modbus_exception read_register(void *context, uint8_t unit, uint16_t address,
                                              uint16_t *ret_value)
{
    struct fg_plant_model *model = context;
    unsigned order = unit == FG_UNIT_METER ? model->meter_order : 0;
    uint32_t nan_bits = unit == FG_UNIT_METER ? NAN_MICRO_MOTION : NAN_PLAIN;
    float value = 0.0f;
    enum fg_signal signal;

    if (unit == FG_UNIT_RELAY || unit == FG_UNIT_BUTTONS)
        return FG_MODBUS_BAD_FUNCTION;
    if (word_at(model, unit, address, ret_value))
        return FG_MODBUS_DONE;
    if (!float_at(model, unit, address & 0xFFFE, &value))
        return FG_MODBUS_BAD_ADDRESS;
    signal = signal_at(unit, address & 0xFFFE);
    if (signal < FG_SIM_NUMBERS)
        value =
            (float)fg_signal_fault_apply(&model->signal_faults, signal, (double)value, (address & 1) != 0);
    if (model->faults[unit][FG_FAULT_WRONG_ORDER])
        order ^= 1;
    *ret_value = float_word(value, model->faults[unit][FG_FAULT_NAN], nan_bits, order, address & 1);
    return FG_MODBUS_DONE;
}

static enum fg_modbus_exception write_register(void *context, uint8_t unit, uint16_t address, uint16_t value)
{
    struct fg_plant_model *model = context;

    if (unit != FG_UNIT_METER || address != METER_ORDER)
        return FG_MODBUS_BAD_ADDRESS;
    if (value > METER_ORDER_MAX)
        return FG_MODBUS_BAD_VALUE;
    model->meter_order = value;
    return FG_MODBUS_DONE;
}

struct fg_modbus_handlers fg_plant_model_handlers(struct fg_plant_model *model)
{
    struct fg_modbus_handlers handlers = {.context = model,
                                          .present = present,
                                          .refuse = refuse,
                                          .read_bit = read_bit,
                                          .read_register = read_register,
                                          .write_coil = write_coil,
                                          .write_register = write_register};

    return handlers;
}
