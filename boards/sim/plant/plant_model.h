/* The devices of the simulated filling point and their registers: relay board, pressure transmitter, Coriolis
 * meter, scale, button box (boards/sim/README.md has the maps), with buttons, emergency stop and the faults
 * that a bus, a device, an instrument (signal_faults.h) and a valve can have.
 *
 * Relays, buttons and the wire run in real time; only the gas runs `speed` times faster. Not: frames
 * (modbus_slave) or bytes on a pty (sim_bus). Relies on: gas.h. The caller gives the time (monotonic ns). */
#ifndef FG_BOARDS_SIM_PLANT_PLANT_MODEL_H
#define FG_BOARDS_SIM_PLANT_PLANT_MODEL_H

#include "boards/sim/plant/gas.h"
#include "boards/sim/plant/modbus_slave.h"
#include "boards/sim/plant/signal_faults.h"
#include "lib/base/err.h"

#define FG_UNIT_RELAY 1
#define FG_UNIT_PRESSURE 2
#define FG_UNIT_METER 3
#define FG_UNIT_SCALE 4
#define FG_UNIT_BUTTONS 5 /* the start and the stop button once more, on a device of their own */
#define FG_UNITS_END 6
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
    FG_FAULT_ECHO,        /* of the whole bus: the master hears its own requests */
    FG_FAULT_STRANGER,    /* of the whole bus: another master asks unit 2, and that answers */
    FG_FAULT_COUNT,
};

enum fg_valve_fault {
    FG_VALVE_WELDED = 0, /* once on, the relay stays on, and its coil reads so */
    FG_VALVE_BLIND,      /* once open, the valve stays open, and its coil reads as commanded */
    FG_VALVE_STUCK,      /* the valve stays shut, and its coil reads as commanded */
    FG_VALVE_FAULTS,
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

/* A device that answers with an exception. */
struct fg_refusal {
    uint8_t exception;
    int64_t left; /* answers; -1 = until it is switched off */
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
    struct fg_refusal refusals[FG_UNITS_END];
    struct fg_signal_faults signal_faults;
    bool valve_faults[FG_VALVE_FAULTS];
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

/* Lets one unit, or all with unit 0, answer with an exception so many times; -1 = always, 0 = no more. */
void fg_plant_model_refuse(struct fg_plant_model *model, uint8_t unit, uint8_t exception, int64_t answers);

/* Switches a fault of the valve, by its name in a command ("welded"). False: there is no such. */
bool fg_plant_model_valve_fault(struct fg_plant_model *model, const char *name, bool on);

/* The handlers of modbus_slave.h for these devices, but answer; context is the model. */
struct fg_modbus_handlers fg_plant_model_handlers(struct fg_plant_model *model);

#endif
