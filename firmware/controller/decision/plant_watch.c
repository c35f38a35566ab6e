/* What the plant says is taken edge by edge here, and what it is told is told once. */
#include "firmware/controller/decision/plant_watch.h"

#include <string.h>

#define SHUT_AGAIN_MS 200

void fg_plant_watch_start(struct fg_plant_watch *watch, const struct fg_plant_port *port, uint32_t lease_ms)
{
    memset(watch, 0, sizeof(*watch));
    watch->port = *port;
    watch->lease_ms = lease_ms;
    watch->port.shut(watch->port.context);
}

void fg_plant_watch_look(struct fg_plant_watch *watch)
{
    watch->port.read(watch->port.context, &watch->state);
}

int64_t fg_plant_watch_value(const struct fg_plant_state *state, enum fg_signal signal)
{
    const struct fg_reading *reading = &state->readings[signal];

    return reading->state == FG_READING_GOOD ? reading->value : 0;
}

void fg_plant_watch_valve(struct fg_plant_watch *watch, bool open, int64_t now_mono_ms)
{
    bool reads_open = fg_plant_watch_value(&watch->state, FG_SIGNAL_VALVE_OPEN) != 0;

    if (open) {
        if (!watch->valve_held || now_mono_ms - watch->held_mono_ms >= watch->lease_ms / 4) {
            watch->port.hold_open(watch->port.context);
            watch->held_mono_ms = now_mono_ms;
        }
        watch->valve_held = true;
        return;
    }
    if (watch->valve_held || (reads_open && now_mono_ms - watch->shut_mono_ms >= SHUT_AGAIN_MS)) {
        watch->port.shut(watch->port.context);
        watch->shut_mono_ms = now_mono_ms;
    }
    watch->valve_held = false;
}

static bool button_pressed(const struct fg_plant_watch *watch, enum fg_signal signal,
                           struct fg_button *button)
{
    const struct fg_reading *reading = &watch->state.readings[signal];
    struct fg_button before = *button;

    if (!watch->state.configured[signal] || reading->state != FG_READING_GOOD)
        return false;
    button->held = reading->value != 0;
    button->known = true;
    return before.known && button->held && !before.held;
}

bool fg_plant_watch_start_pressed(struct fg_plant_watch *watch)
{
    return button_pressed(watch, FG_SIGNAL_START_BUTTON, &watch->start);
}

bool fg_plant_watch_stop_pressed(struct fg_plant_watch *watch)
{
    return button_pressed(watch, FG_SIGNAL_STOP_BUTTON, &watch->stop);
}

void fg_plant_watch_lamp(struct fg_plant_watch *watch, enum fg_lamp lamp, bool on)
{
    if (watch->lamps[lamp] == on)
        return;
    watch->lamps[lamp] = on;
    watch->port.set_lamp(watch->port.context, lamp, on);
}

bool fg_plant_watch_device_changed(struct fg_plant_watch *watch, uint8_t index, bool coming_up,
                                   struct fg_device_status *ret_status, bool *ret_lost)
{
    bool told = watch->device_faults[index];
    bool lost;

    watch->port.device_status(watch->port.context, index, ret_status);
    lost = ret_status->link == FG_LINK_DOWN && !(coming_up && !told);
    if (lost == told || (!lost && ret_status->link != FG_LINK_UP))
        return false;
    watch->device_faults[index] = lost;
    *ret_lost = lost;
    return true;
}

bool fg_plant_watch_bus_became_shared(struct fg_plant_watch *watch, const struct fg_device_status *status)
{
    bool told;

    if (status->bus >= FG_BUSES_MAX)
        return false;
    told = watch->buses_shared[status->bus];
    watch->buses_shared[status->bus] = status->bus_shared;
    return status->bus_shared && !told;
}
