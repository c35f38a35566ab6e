/* Can this plant work at all? What `fillgated --check` and every start refuse, with the way out in the
 * message.
 *
 * Three questions: does somebody give every signal that the medium needs; does the wire carry what the
 * devices are asked in the times that are configured; do these times leave room for one lost answer. Only
 * what can never work is refused: least times are counted, without a device's own thinking. Not: whether
 * anything answers. Pure. Relies on: device.h, rtu.h, core/signals.h. */
#ifndef FG_FIRMWARE_PLANT_PLANT_CHECK_H
#define FG_FIRMWARE_PLANT_PLANT_CHECK_H

#include "firmware/plant/device.h"

/* One bus and what hangs on it. */
struct fg_check_bus {
    const struct fg_bus_settings *settings;
    uint32_t response_ms; /* in force, after it was cut for the valve */
    bool has_valve;
    uint8_t device_count;
    const struct fg_device *devices[FG_DEVICES_MAX]; /* planned */
};

/* The least time that the requests of one bus take on the wire, in microseconds: all of one round (with the
 * valve's order once), and the longest single one with its answer, and whose that is. 0 and "" for TCP. */
struct fg_check_wire {
    uint64_t round_us;
    uint64_t longest_us;
    const char *longest_device;
};
void fg_check_wire(const struct fg_check_bus *bus, struct fg_check_wire *ret_wire);

/* Times of one bus against each other. FG_E_RANGE with a message that names the keys and what to set. */
enum fg_err fg_check_times(const struct fg_check_bus *bus, uint32_t reading_age_max_ms,
                           struct fg_error *error);

/* Does the plant give what filling this medium (enum fg_medium) needs? FG_E_NOT_FOUND names all that is
 * missing. */
enum fg_err fg_check_signals(const bool configured[FG_SIGNAL_COUNT], uint8_t medium, struct fg_error *error);

#endif
