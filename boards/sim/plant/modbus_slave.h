/* A Modbus RTU slave's end of the wire: finds frames in a stream of bytes, checks them, asks the handlers and
 * makes the answer. It answers for several unit ids, since one simulated bus carries several devices.
 *
 * Functions 01, 02, 03, 04, 05, 06, 0F, 10; exceptions 01, 02, 03 (MODBUS Application Protocol V1.1b3 and
 * MODBUS over Serial Line V1.02). Written apart from libmodbus on purpose: the controller under test uses
 * that, and a fault common to both ends would not show. Broadcasts (unit 0) are dropped. Not: the pty, delays
 * and faults (sim_bus), register maps (plant_model). Relies on: the C library. */
#ifndef FG_BOARDS_SIM_PLANT_MODBUS_SLAVE_H
#define FG_BOARDS_SIM_PLANT_MODBUS_SLAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FG_MODBUS_FRAME_MAX 256
#define FG_MODBUS_GAP_NS (20 * 1000 * 1000LL) /* silence that ends a frame; a pty has no 3.5 characters */

enum fg_modbus_exception {
    FG_MODBUS_DONE = 0,
    FG_MODBUS_BAD_FUNCTION = 1,
    FG_MODBUS_BAD_ADDRESS = 2,
    FG_MODBUS_BAD_VALUE = 3,
};

/* What the devices do. Each returns an exception, and sets ret_* only with FG_MODBUS_DONE. */
struct fg_modbus_handlers {
    void *context;
    /* False: nobody at this unit id, no answer. */
    bool (*present)(void *context, uint8_t unit);
    /* An exception that the unit answers instead of doing anything, whatever it is asked; NULL = none. */
    enum fg_modbus_exception (*refuse)(void *context, uint8_t unit);
    enum fg_modbus_exception (*read_bit)(void *context, uint8_t unit, bool coil, uint16_t address,
                                         bool *ret_on);
    enum fg_modbus_exception (*read_register)(void *context, uint8_t unit, uint16_t address,
                                              uint16_t *ret_value);
    /* value as on the wire: 0xFF00 on, 0x0000 off, other values have a device's own meaning. */
    enum fg_modbus_exception (*write_coil)(void *context, uint8_t unit, uint16_t address, uint16_t value);
    enum fg_modbus_exception (*write_register)(void *context, uint8_t unit, uint16_t address, uint16_t value);
    /* Sends an answer with its CRC. */
    void (*answer)(void *context, uint8_t unit, const uint8_t *bytes, size_t count);
};

struct fg_modbus_slave {
    struct fg_modbus_handlers handlers;
    uint8_t frame[FG_MODBUS_FRAME_MAX];
    size_t count;
    bool garbage; /* something did not fit: everything up to the next silence is dropped */
    int64_t last_byte_ns;
    uint64_t frames;  /* good ones */
    uint64_t dropped; /* bytes thrown away */
};

/* CRC-16/MODBUS, as sent: low byte first. */
uint16_t fg_modbus_crc(const uint8_t *bytes, size_t count);

/* Takes count bytes that arrived at now_ns (monotonic); answers every frame that they complete. */
void fg_modbus_slave_take(struct fg_modbus_slave *slave, const uint8_t *bytes, size_t count, int64_t now_ns);

/* Tells the slave the time: after a silence an unfinished frame is dropped, and one of an unknown function is
 * answered. Returns when to call again, 0 = no need. */
int64_t fg_modbus_slave_tick(struct fg_modbus_slave *slave, int64_t now_ns);

#endif
