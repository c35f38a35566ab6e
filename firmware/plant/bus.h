/* One Modbus bus: requests with one deadline each, and a link that is reopened with back-off.
 *
 * Wraps libmodbus with what it leaves to its user: input is flushed before every request (RTU has no
 * transaction id, so a late answer would be taken for the next one), error recovery is off (its own blocks
 * without end), no byte time-out (one deadline rules the whole answer). Not: knowing devices or profiles
 * (device.h). Not thread-safe: one thread per bus. Relies on: libmodbus, CLOCK_MONOTONIC. */
#ifndef FG_PLANT_BUS_H
#define FG_PLANT_BUS_H

#include "firmware/plant/plant.h"
#include "firmware/plant/profile.h"

#define FG_BUS_BLOCK_MAX 100 /* registers or bits of one read */
#define FG_BUS_BACK_OFF_MIN_MS 200
#define FG_BUS_BACK_OFF_MAX_MS 5000

struct fg_bus {
    const struct fg_bus_settings *settings;
    void *context; /* modbus_t */
    bool is_open;
    uint32_t response_ms;
    uint32_t back_off_ms;
    uint32_t timeouts_in_row;
    uint32_t openings; /* how often the link was opened */
    int64_t reopen_at_mono_ms;
    int64_t idle_since_mono_ms;
};

/* Makes a closed bus. settings must outlive it. response_ms: deadline of one request. FG_E_ARG, FG_E_IO. */
enum fg_err fg_bus_init(struct fg_bus *bus, const struct fg_bus_settings *settings, uint32_t response_ms,
                        struct fg_error *error);

/* Opens the link if it is closed and the back-off is over. FG_OK open; FG_E_BUSY not yet; FG_E_GONE or
 * FG_E_FULL failed, tried again after 0.2 s doubling up to 5 s. Waits at most response_ms. */
enum fg_err fg_bus_open(struct fg_bus *bus, struct fg_error *error);

/* Reads count (at most FG_BUS_BLOCK_MAX) registers or bits (one per word) of a table. silence_ms: pause the
 * device wants since the last frame. Errors of this and the next three: FG_E_TIMEOUT no answer; FG_E_FORMAT
 * a wrong answer; FG_E_RANGE the device refused; FG_E_GONE the link failed and is now closed. */
enum fg_err fg_bus_read(struct fg_bus *bus, uint8_t unit, enum fg_table table, uint16_t address,
                        uint16_t count, uint8_t silence_ms, uint16_t *ret_words, struct fg_error *error);

/* Writes one coil. */
enum fg_err fg_bus_write_coil(struct fg_bus *bus, uint8_t unit, uint16_t address, bool on, uint8_t silence_ms,
                              struct fg_error *error);

/* Function 05 with a value of the device's own (a time), which must come back as sent. */
enum fg_err fg_bus_write_coil_value(struct fg_bus *bus, uint8_t unit, uint16_t address, uint16_t value,
                                    uint8_t silence_ms, struct fg_error *error);

enum fg_err fg_bus_write_register(struct fg_bus *bus, uint8_t unit, uint16_t address, uint16_t value,
                                  uint8_t silence_ms, struct fg_error *error);

/* Does a confirmation (length bytes from the unit id on) echo function 05, address and value of this unit? */
bool fg_bus_is_echo(const uint8_t *answer, size_t length, uint8_t unit, uint16_t address, uint16_t value);

void fg_bus_close(struct fg_bus *bus);

/* Closes and frees what init made; bus itself stays the caller's. */
void fg_bus_destroy(struct fg_bus *bus);

#endif
