/* The devices of the simulated filling point and their registers: relay board, pressure transmitter, Coriolis
 * meter, scale (boards/sim/README.md has the maps), with buttons, emergency stop and the faults that a bus
 * and a device can have.
 *
 * Relays, buttons and the wire run in real time; only the gas runs `speed` times faster. Not: frames
 * (modbus_slave) or bytes on a pty (sim_bus). Relies on: gas.h. The caller gives the time (monotonic ns). */
#ifndef FG_SIM_PLANT_MODEL_H
#define FG_SIM_PLANT_MODEL_H

#include "boards/sim/gas.h"
#include "boards/sim/modbus_slave.h"
#include "proto/err.h"

#define FG_UNIT_RELAY 1
#define FG_UNIT_PRESSURE 2
#define FG_UNIT_METER 3
#define FG_UNIT_SCALE 4
#define FG_UNITS_END 5
#define FG_RELAYS 8
#define FG_RELAY_VALVE 0
#define FG_INPUTS 3
#define FG_METER_FLOATS 9 /* registers 246 to 263 */

enum fg_input { FG_INPUT_ESTOP = 0, FG_INPUT_START = 1, FG_INPUT_STOP = 2 };

enum fg_bus_fault {
    FG_FAULT_SILENT = 0, /* no answer */
    FG_FAULT_NOISE,      /* every other answer is spoilt */
    FG_FAULT_WRONG_ORDER,
    FG_FAULT_NAN,
    FG_FAULT_STUCK_METER,
    FG_FAULT_LATE_ANSWER, /* the answer comes when nobody waits for it any more */
    FG_FAULT_COUNT,
};

enum fg_valve_cause { FG_VALVE_BY_COMMAND = 0, FG_VALVE_BY_TIMED_RELEASE };

/* Who wants to know what happens to the valve. */
struct fg_valve_observer {
    void *context;
    /* Every write to the valve's coil. hold_ms: 0 = shut, -1 = on without end. was_open: before it. */
    void (*command)(void *context, int64_t now_ns, int64_t hold_ms, bool was_open);
    /* The relay changed. since_command_ns: from the last command to this change. */
    void (*change)(void *context, int64_t now_ns, bool open, enum fg_valve_cause cause,
                   int64_t since_command_ns);
};

struct fg_relay {
    bool on;
    int64_t until_ns; /* timed release, 0 = none */
};

struct fg_plant_model {
    struct fg_gas_nozzle nozzle;
    double speed; /* gas seconds per real second */
    int64_t now_ns;
    int64_t command_ns; /* the last command to the valve */
    struct fg_relay relays[FG_RELAYS];
    bool inputs[FG_INPUTS];
    int64_t input_until_ns[FG_INPUTS]; /* released by itself, 0 = no */
    bool faults[FG_UNITS_END][FG_FAULT_COUNT];
    uint16_t meter_order;         /* register 520 */
    double total_base_g;          /* the resettable total counts from here */
    float stuck[FG_METER_FLOATS]; /* what a stuck meter goes on saying */
    bool stuck_set[FG_METER_FLOATS];
    struct fg_valve_observer observer;
};

/* A plant at rest: valve shut, supply full, meter at inventory_g. */
void fg_plant_model_init(struct fg_plant_model *model, int64_t now_ns, double inventory_g);

/* Brings gas, timed relays and buttons up to now_ns. */
void fg_plant_model_advance(struct fg_plant_model *model, int64_t now_ns);

/* When something happens by itself, monotonic ns; 0 = nothing planned. */
int64_t fg_plant_model_next_ns(const struct fg_plant_model *model);

/* Presses an input for duration_ms (0 = until released) or releases it. */
void fg_plant_model_press(struct fg_plant_model *model, enum fg_input input, int64_t duration_ms);
void fg_plant_model_release(struct fg_plant_model *model, enum fg_input input);

/* Fault by its name in a command ("stuck-meter"); FG_FAULT_COUNT when there is none. */
enum fg_bus_fault fg_bus_fault_named(const char *name);

/* Sets a fault of one unit, or of all with unit 0. */
void fg_plant_model_fault(struct fg_plant_model *model, uint8_t unit, enum fg_bus_fault fault, bool on);

/* The handlers of modbus_slave.h for these devices, but answer; context is the model. */
struct fg_modbus_handlers fg_plant_model_handlers(struct fg_plant_model *model);

#endif
