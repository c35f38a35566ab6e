/* The plant as the session uses it: one look at a time, the valve held by its lease, and what changed since
 * the look before: buttons pressed, devices lost and back,
 * buses found shared.
 *
 * Not: deciding anything. Its edge is a table of functions, so that tests play the plant. One thread. Relies
 * on: plant/plant.h. */
#ifndef FG_FIRMWARE_CONTROLLER_DECISION_PLANT_WATCH_H
#define FG_FIRMWARE_CONTROLLER_DECISION_PLANT_WATCH_H

#include "firmware/plant/plant.h"

/* Functions as in plant/plant.h, with context in front. */
struct fg_plant_port {
    void *context;
    void (*read)(void *context, struct fg_plant_state *ret_state);
    void (*hold_open)(void *context);
    void (*shut)(void *context);
    void (*set_lamp)(void *context, enum fg_lamp lamp, bool on);
    uint8_t (*device_count)(void *context);
    void (*device_status)(void *context, uint8_t index, struct fg_device_status *ret_status);
};

struct fg_button {
    bool known;
    bool held;
};

/* Written by plant_watch.c alone; others read. */
struct fg_plant_watch {
    struct fg_plant_port port;
    struct fg_plant_state state; /* the latest look */
    uint32_t lease_ms;
    bool valve_held;
    int64_t held_mono_ms;
    int64_t shut_mono_ms;
    struct fg_button start;
    struct fg_button stop;
    bool lamps[FG_LAMP_COUNT];
    bool device_faults[FG_DEVICES_MAX]; /* told as lost, not yet as back */
    bool buses_shared[FG_BUSES_MAX];    /* told as shared, and still so */
};

/* Shuts the valve. The valve is held again four times in lease_ms. */
void fg_plant_watch_start(struct fg_plant_watch *watch, const struct fg_plant_port *port, uint32_t lease_ms);

void fg_plant_watch_look(struct fg_plant_watch *watch);

/* Holds the valve open, or shuts it; to be called at every step of the machine. A valve whose feedback still
 * says open is shut again every so often. */
void fg_plant_watch_valve(struct fg_plant_watch *watch, bool open, int64_t now_mono_ms);

/* A button counts when it goes from released to held; the first good reading is only the starting point. */
bool fg_plant_watch_start_pressed(struct fg_plant_watch *watch);
bool fg_plant_watch_stop_pressed(struct fg_plant_watch *watch);

void fg_plant_watch_lamp(struct fg_plant_watch *watch, enum fg_lamp lamp, bool on);

/* Has device index become lost or come back? Fills *ret_status and *ret_lost when so. coming_up: devices may
 * still be on their way up, which is no loss. */
bool fg_plant_watch_device_changed(struct fg_plant_watch *watch, uint8_t index, bool coming_up,
                                   struct fg_device_status *ret_status, bool *ret_lost);

/* Has the bus of the device with this status become shared with another master or an echo? True once for each
 * time and bus; status->bus_text says how that showed. */
bool fg_plant_watch_bus_became_shared(struct fg_plant_watch *watch, const struct fg_device_status *status);

/* Value of a signal at the latest look, 0 when it is not good. */
int64_t fg_plant_watch_value(const struct fg_plant_state *state, enum fg_signal signal);

#endif
