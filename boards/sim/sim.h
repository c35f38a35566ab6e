/* The whole simulated filling point as one thing: plant, bus, cylinders, tags, record; and the commands on
 * it.
 *
 * Not: the poll loop and the sockets (sim_main). Relies on: plant_model, modbus_slave, pty_port, script,
 * record. One thread; the caller gives the time. */
#ifndef FG_BOARDS_SIM_SIM_H
#define FG_BOARDS_SIM_SIM_H

#include <sys/types.h>

#include "boards/sim/plant/modbus_slave.h"
#include "boards/sim/plant/plant_model.h"
#include "boards/sim/pty_port.h"
#include "boards/sim/script.h"
#include "boards/sim/sim_record.h"
#include "boards/sim/tag/pn532.h"
#include "boards/sim/tag/tags.h"
#include "boards/sim/wire.h"

#define FG_SIM_NAMES_MAX 64 /* cylinders, and as many tags */
#define FG_SIM_REPLY_MAX 8192
#define FG_SIM_LATE_NS (700 * 1000000LL)

struct fg_sim_cylinder {
    char name[FG_NAME_MAX + 1];
    bool connected;
    struct fg_gas_cylinder gas;
};

/* An answer that a fault holds back. */
struct fg_sim_late {
    int64_t due_ns; /* 0 = none */
    uint8_t bytes[FG_MODBUS_FRAME_MAX + 8];
    size_t count;
};

/* The two wires of the point, each with two directions. With no pace set, bytes are through at once. */
struct fg_sim_wires {
    bool paced;
    struct fg_wire to_chip;
    struct fg_wire from_chip;
    struct fg_wire to_plant;
    struct fg_wire from_plant;
};

/* Another master on the plant's bus, as ours hears it: its requests, and the answers to them. */
struct fg_sim_stranger {
    int64_t every_ns; /* 0 = none */
    int64_t due_ns;
};

struct fg_sim {
    char directory[200];
    int64_t now_ns;
    int64_t served_ns; /* when the request that is being answered had come through */
    struct fg_plant_model plant;
    struct fg_modbus_slave slave;
    struct fg_pty_port plant_port;
    struct fg_pty_port nfc_port;
    struct fg_pn532 chip;
    struct fg_sim_late late;
    struct fg_sim_wires wires;
    struct fg_sim_stranger stranger;
    uint32_t phone_taps; /* so far: each shows another UID */
    bool spoil_next;     /* the noise fault spoils every other answer */
    unsigned cylinder_count;
    struct fg_sim_cylinder cylinders[FG_SIM_NAMES_MAX];
    unsigned tag_count;
    struct fg_sim_tag tags[FG_SIM_NAMES_MAX];
    unsigned present_count; /* tags in the field */
    unsigned present[2];
    struct fg_record record;
    char witness_path[256]; /* the controller's journal, "" = no witness */
    uint64_t witness_ok;
    uint64_t witness_violations;
    pid_t victim;
    uint64_t valve_opened; /* times */
    int64_t release_ms;    /* from the last command to the last timed release; -1 = none yet */
    bool quit;
};

/* What a command leaves to be waited for. */
struct fg_sim_pause {
    int64_t until_ns; /* 0 = nothing */
    char key[64];     /* expect: "" = a plain wait */
    char relation[4];
    char value[64];
};

/* Makes the point at rest with its ptys DIR/nfc and DIR/plant. */
enum fg_err fg_sim_init(struct fg_sim *sim, const char *directory, int64_t now_ns, struct fg_error *error);
void fg_sim_close(struct fg_sim *sim);

/* Brings everything up to now_ns. */
void fg_sim_advance(struct fg_sim *sim, int64_t now_ns);

/* When something happens by itself; 0 = nothing planned. */
int64_t fg_sim_next_ns(struct fg_sim *sim);

/* Lets bytes take the time that the baud rates need (8N1), and records each frame's wire time; 0, 0 = no
 * more. */
void fg_sim_pace(struct fg_sim *sim, uint32_t chip_baud, uint32_t plant_baud);

/* Lets another master speak on the plant's bus every so many ms; 0 = no more. */
void fg_sim_stranger(struct fg_sim *sim, int64_t every_ms);
/* A slow adapter: whatever the chip says arrives so much later; 0 = at once. */
void fg_sim_adapter(struct fg_sim *sim, uint32_t delay_ms);

/* The plant's pty became readable. */
void fg_sim_serve_plant(struct fg_sim *sim);

/* The reader's pty became readable. */
void fg_sim_serve_reader(struct fg_sim *sim);

/* Runs one line. reply (FG_SIM_REPLY_MAX bytes) gets what it says, without the closing "ok". *ret_pause tells
 * what the caller must wait for before it says ok. */
enum fg_err fg_sim_execute(struct fg_sim *sim, const char *text, size_t length, char *reply,
                           struct fg_sim_pause *ret_pause, struct fg_error *error);

/* Is the expectation of *pause met now? */
bool fg_sim_is_met(struct fg_sim *sim, const struct fg_sim_pause *pause);

/* All state as key=value lines. */
void fg_sim_state(struct fg_sim *sim, char *reply, size_t size);

#endif
