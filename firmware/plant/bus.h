/* One Modbus bus: requests with one deadline each, a link that is reopened with back-off, and the question
 * whether we are its only master.
 *
 * Wraps libmodbus with what it leaves to its user: input is flushed before every request (RTU has no
 * transaction id, so a late answer would be taken for the next one), error recovery is off (its own blocks
 * without end), no byte time-out (one deadline rules the whole answer), and an RTU answer is compared with
 * its request in every byte that tells it apart (rtu.h). An RTU port is locked (lib/system/port_lock.h);
 * bytes that nobody here asked for put what is read in doubt for a while, and name a second master or an
 * echo. Not: knowing devices or profiles (device.h), nor what an outcome means (outcome.h). Not thread-safe:
 * one thread per bus. Relies on: libmodbus, CLOCK_MONOTONIC. */
#ifndef FG_FIRMWARE_PLANT_BUS_H
#define FG_FIRMWARE_PLANT_BUS_H

#include "firmware/plant/outcome.h"
#include "firmware/plant/plant.h"
#include "firmware/plant/profile.h"
#include "lib/base/backoff.h"

#define FG_BUS_BLOCK_MAX 100 /* registers or bits of one read */
#define FG_BUS_BACK_OFF_MIN_MS 200
#define FG_BUS_BACK_OFF_MAX_MS 5000
/* Readings are refused for so long after bytes that nobody asked for: seldom ones are ridden out by the last
 * reading, whose age is allowed to be greater; of a bus that is known to be shared none is taken for longer.
 */
#define FG_BUS_DOUBT_MS 400
#define FG_BUS_DOUBT_SHARED_MS 2000
#define FG_BUS_SHARED_MS 60000 /* a shared bus is named as such for so long after the last sign of it */
#define FG_BUS_SIGNS_MS 10000  /* two signs within this time: the bus is shared */

/* What speaks against being alone on the bus. */
struct fg_bus_company {
    uint32_t signs; /* since first_mono_ms */
    int64_t first_mono_ms;
    int64_t doubt_until_mono_ms; /* nothing that is read counts before this */
    int64_t shared_until_mono_ms;
    uint8_t late_expected;      /* answers of our own devices that may still come, */
    int64_t late_until_mono_ms; /* before this */
    char text[FG_BUS_TEXT_MAX + 1];
};

struct fg_bus {
    const struct fg_bus_settings *settings;
    void *context; /* modbus_t */
    bool is_open;
    int lock_fd; /* of the RTU port, -1 = none */
    uint32_t response_ms;
    uint32_t timeouts_in_row;
    uint32_t openings;       /* how often the link was opened */
    enum fg_outcome outcome; /* of the last request */
    struct fg_bus_company company;
    struct fg_backoff reopening;
    int64_t idle_since_mono_ns;
};

/* Makes a closed bus. settings must outlive it. response_ms: deadline of one request. FG_E_ARG, FG_E_IO. */
enum fg_err fg_bus_init(struct fg_bus *bus, const struct fg_bus_settings *settings, uint32_t response_ms,
                        struct fg_error *error);

/* Takes the lock of an RTU port that is there. FG_E_BUSY: another process holds it. A port that is not there
 * (an adapter not yet plugged in) is no error: it is locked when it is opened. */
enum fg_err fg_bus_claim(struct fg_bus *bus, struct fg_error *error);

/* Opens the link if it is closed and the back-off is over. FG_OK open; FG_E_BUSY not yet; FG_E_GONE or
 * FG_E_FULL failed (also when another process holds the port), tried again after 0.2 s doubling up to 5 s.
 * Waits at most response_ms. */
enum fg_err fg_bus_open(struct fg_bus *bus, struct fg_error *error);

/* Reads count (at most FG_BUS_BLOCK_MAX) registers or bits (one per word) of a table. silence_ms: pause the
 * device wants since the last frame. This and the next three return the code of bus->outcome, which they
 * set: FG_E_TIMEOUT no answer; FG_E_FORMAT a wrong answer, or one in doubt; FG_E_RANGE the device refused;
 * FG_E_BUSY it asks to be asked later; FG_E_GONE the link failed and is now closed. */
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

/* When the bus will have been silent for so long since its last frame; for a request that wants this silence
 * it waits until then by itself. */
int64_t fg_bus_silent_at_mono_ms(const struct fg_bus *bus, uint8_t silence_ms);

/* Does a confirmation (length bytes from the unit id on) echo function 05, address and value of this unit? */
bool fg_bus_is_echo(const uint8_t *answer, size_t length, uint8_t unit, uint16_t address, uint16_t value);

/* Is there, as far as one can tell at now_mono_ms, another master or an echo on this bus? */
bool fg_bus_is_shared(const struct fg_bus *bus, int64_t now_mono_ms);

void fg_bus_close(struct fg_bus *bus);

/* Closes and frees what init made; bus itself stays the caller's. */
void fg_bus_destroy(struct fg_bus *bus);

#endif
