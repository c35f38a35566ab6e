/* The plant of one filling point as the controller sees it: readings with age in, a valve and lamps out.
 *
 * A thread per bus polls the devices that its profiles describe, refreshes outputs and reads them back. The
 * valve is held open by a lease: hold_open() must be called again before it runs out, or the bus thread shuts
 * the valve; and the device's own timed release shuts it when this whole process stops. Not: deciding
 * anything (firmware/core). Relies on: libmodbus, profile.h, pthreads. */
#ifndef FG_FIRMWARE_PLANT_PLANT_H
#define FG_FIRMWARE_PLANT_PLANT_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_BUSES_MAX 4
#define FG_DEVICES_MAX 12
#define FG_PATH_MAX 255
#define FG_BUS_TEXT_MAX 127

enum fg_bus_kind { FG_BUS_RTU = 1, FG_BUS_TCP = 2 };
enum fg_lamp { FG_LAMP_GREEN = 0, FG_LAMP_RED, FG_LAMP_COUNT };

struct fg_bus_settings {
    char name[FG_NAME_MAX + 1];
    uint8_t kind;               /* enum fg_bus_kind */
    char path[FG_PATH_MAX + 1]; /* RTU: serial device; TCP: address */
    uint16_t tcp_port;
    uint32_t baud;
    char parity; /* 'N', 'E', 'O' */
    uint8_t stop_bits;
    uint32_t response_max_ms;
    uint32_t cycle_ms; /* one round of all devices is begun so often */
};

struct fg_device_settings {
    char name[FG_NAME_MAX + 1];
    char bus[FG_NAME_MAX + 1];
    char profile_path[FG_PATH_MAX + 1]; /* boards/.../profiles/NAME.profile */
    uint8_t unit;                       /* Modbus unit id */
};

struct fg_plant_settings {
    uint8_t bus_count;
    struct fg_bus_settings buses[FG_BUSES_MAX];
    uint8_t device_count;
    struct fg_device_settings devices[FG_DEVICES_MAX];
    uint32_t reading_age_max_ms; /* older readings are given as TIME_OUT */
    uint32_t lease_ms;           /* how long one hold_open() holds */
};

enum fg_bus_link { FG_LINK_DOWN = 0, FG_LINK_PROBING = 1, FG_LINK_UP = 2 };

/* How one device fares, for the operator. */
struct fg_device_status {
    char name[FG_NAME_MAX + 1];
    uint8_t link; /* enum fg_bus_link */
    uint64_t requests;
    uint64_t failures;
    char last_error[128];
    uint8_t bus;     /* index of its bus */
    bool bus_shared; /* another master or an echo is on its bus: bus_text says how that shows */
    char bus_text[FG_BUS_TEXT_MAX + 1];
};

struct fg_plant;

/* Loads the profiles, checks that the times can be kept (plant_check.h), that no signal or output is given by
 * two devices and that a valve output with a timed or watched form and its read-back (signal valve_open)
 * exist, and makes the plant; nothing is sent yet. On the valve's bus response_max_ms is cut to a third of
 * the valve's release time, so that a dead device there cannot hold up the refresh. Errors: FG_E_FORMAT and
 * FG_E_RANGE name file and line; FG_E_EXISTS two givers or two devices with one bus and unit; FG_E_NOT_FOUND
 * bus, valve or read-back missing. */
enum fg_err fg_plant_new(const struct fg_plant_settings *settings, struct fg_plant **ret_plant,
                         struct fg_error *error);

/* Does the plant give what filling this medium (enum fg_medium) needs, and can the valve's feedback follow
 * within valve_follow_max_ms? FG_E_NOT_FOUND names every missing signal, FG_E_RANGE the keys. */
enum fg_err fg_plant_suits(const struct fg_plant *plant, uint8_t medium, uint32_t valve_follow_max_ms,
                           struct fg_error *error);

/* Takes the serial ports, starts the bus threads; their first act is to shut the valve. FG_E_BUSY: another
 * process holds a port; nothing was sent then. A port that is not there yet is opened when it comes. */
enum fg_err fg_plant_start(struct fg_plant *plant, struct fg_error *error);

/* Copies the newest readings, ages applied. Times are CLOCK_MONOTONIC milliseconds, from when the device was
 * asked. A device that is DOWN, or whose link is, gives TIME_OUT. Any thread; never blocks on a bus. */
void fg_plant_read(struct fg_plant *plant, struct fg_plant_state *ret_state);

/* File descriptor (eventfd) that becomes readable when a bus thread finished a round or a reading changed;
 * the caller reads 8 bytes from it. Owned by the plant. */
int fg_plant_event_fd(const struct fg_plant *plant);

/* Holds the valve open for another lease. Any thread; returns at once, wakes the valve's bus. */
void fg_plant_hold_open(struct fg_plant *plant);

/* Shuts the valve: the next request on its bus is the shutting one. Any thread; returns at once. */
void fg_plant_shut(struct fg_plant *plant);

/* Shuts the valve and waits until the device confirmed it, at most timeout_ms. FG_E_TIMEOUT otherwise. */
enum fg_err fg_plant_shut_wait(struct fg_plant *plant, uint32_t timeout_ms, struct fg_error *error);

void fg_plant_set_lamp(struct fg_plant *plant, enum fg_lamp lamp, bool on);

/* Number of devices; ret_status of device index. */
uint8_t fg_plant_device_count(const struct fg_plant *plant);
void fg_plant_device_status(struct fg_plant *plant, uint8_t index, struct fg_device_status *ret_status);

/* Shuts the valve, stops the threads, closes the buses, frees. plant may be NULL. */
void fg_plant_destroy(struct fg_plant *plant);

#endif
