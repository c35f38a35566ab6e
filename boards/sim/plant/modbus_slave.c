/* The slave of modbus_slave.h. Not: what the registers mean. Relies on: modbus_slave.h. */
#include "boards/sim/plant/modbus_slave.h"

#include <string.h>

#define READ_BITS_MAX 2000
#define READ_REGISTERS_MAX 125
#define WRITE_BITS_MAX 1968
#define WRITE_REGISTERS_MAX 123
#define REQUEST_BYTES 8 /* of the functions without a body */

uint16_t fg_modbus_crc(const uint8_t *bytes, size_t count)
{
    uint16_t crc = 0xFFFF;

    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? (uint16_t)((crc >> 1) ^ 0xA001) : (uint16_t)(crc >> 1);
    }
    return crc;
}

static uint16_t u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put_u16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

/* Adds the CRC to count bytes of answer and sends it. answer has room for two more. */
static void send(struct fg_modbus_slave *slave, uint8_t *answer, size_t count)
{
    uint16_t crc = fg_modbus_crc(answer, count);

    answer[count] = (uint8_t)crc;
    answer[count + 1] = (uint8_t)(crc >> 8);
    slave->handlers.answer(slave->handlers.context, answer[0], answer, count + 2);
}

static enum fg_modbus_exception read_bits(const struct fg_modbus_slave *slave, uint8_t *answer,
                                          size_t *ret_count)
{
    const struct fg_modbus_handlers *h = &slave->handlers;
    uint16_t address = u16(slave->frame + 2);
    uint16_t count = u16(slave->frame + 4);

    if (count == 0 || count > READ_BITS_MAX)
        return FG_MODBUS_BAD_VALUE;
    answer[2] = (uint8_t)((count + 7) / 8);
    memset(answer + 3, 0, answer[2]);
    for (uint16_t i = 0; i < count; i++) {
        bool on = false;
        enum fg_modbus_exception exception;

        if (address + i > UINT16_MAX)
            return FG_MODBUS_BAD_ADDRESS;
        exception =
            h->read_bit(h->context, slave->frame[0], slave->frame[1] == 1, (uint16_t)(address + i), &on);
        if (exception != FG_MODBUS_DONE)
            return exception;
        if (on)
            answer[3 + i / 8] = (uint8_t)(answer[3 + i / 8] | 1u << (i % 8));
    }
    *ret_count = 3 + (size_t)answer[2];
    return FG_MODBUS_DONE;
}

static enum fg_modbus_exception read_registers(const struct fg_modbus_slave *slave, uint8_t *answer,
                                               size_t *ret_count)
{
    const struct fg_modbus_handlers *h = &slave->handlers;
    uint16_t address = u16(slave->frame + 2);
    uint16_t count = u16(slave->frame + 4);

    if (count == 0 || count > READ_REGISTERS_MAX)
        return FG_MODBUS_BAD_VALUE;
    answer[2] = (uint8_t)(count * 2);
    for (uint16_t i = 0; i < count; i++) {
        uint16_t value = 0;
        enum fg_modbus_exception exception;

        if (address + i > UINT16_MAX)
            return FG_MODBUS_BAD_ADDRESS;
        exception = h->read_register(h->context, slave->frame[0], (uint16_t)(address + i), &value);
        if (exception != FG_MODBUS_DONE)
            return exception;
        put_u16(answer + 3 + 2 * i, value);
    }
    *ret_count = 3 + (size_t)answer[2];
    return FG_MODBUS_DONE;
}

static enum fg_modbus_exception write_one(const struct fg_modbus_slave *slave, uint8_t *answer,
                                          size_t *ret_count)
{
    const struct fg_modbus_handlers *h = &slave->handlers;
    uint16_t address = u16(slave->frame + 2);
    uint16_t value = u16(slave->frame + 4);

    memcpy(answer, slave->frame, 6);
    *ret_count = 6;
    if (slave->frame[1] == 5)
        return h->write_coil(h->context, slave->frame[0], address, value);
    return h->write_register(h->context, slave->frame[0], address, value);
}

static enum fg_modbus_exception write_many(const struct fg_modbus_slave *slave, uint8_t *answer,
                                           size_t *ret_count)
{
    const struct fg_modbus_handlers *h = &slave->handlers;
    const uint8_t *body = slave->frame + 7;
    bool coils = slave->frame[1] == 0x0F;
    uint16_t address = u16(slave->frame + 2);
    uint16_t count = u16(slave->frame + 4);
    unsigned bytes = coils ? (count + 7u) / 8u : count * 2u;

    if (count == 0 || count > (coils ? WRITE_BITS_MAX : WRITE_REGISTERS_MAX) || bytes != slave->frame[6])
        return FG_MODBUS_BAD_VALUE;
    for (uint16_t i = 0; i < count; i++) {
        enum fg_modbus_exception exception;

        if (address + i > UINT16_MAX)
            return FG_MODBUS_BAD_ADDRESS;
        if (coils)
            exception = h->write_coil(h->context, slave->frame[0], (uint16_t)(address + i),
                                      (body[i / 8] >> (i % 8) & 1) != 0 ? 0xFF00 : 0x0000);
        else
            exception =
                h->write_register(h->context, slave->frame[0], (uint16_t)(address + i), u16(body + 2 * i));
        if (exception != FG_MODBUS_DONE)
            return exception;
    }
    memcpy(answer, slave->frame, 6);
    *ret_count = 6;
    return FG_MODBUS_DONE;
}

/* Answers the good frame in the buffer. */
static void serve(struct fg_modbus_slave *slave)
{
    uint8_t answer[FG_MODBUS_FRAME_MAX + 8];
    uint8_t unit = slave->frame[0];
    uint8_t function = slave->frame[1];
    size_t count = 0;
    enum fg_modbus_exception exception = FG_MODBUS_BAD_FUNCTION;
    enum fg_modbus_exception refused;

    slave->frames++;
    if (unit == 0 || !slave->handlers.present(slave->handlers.context, unit))
        return;
    answer[0] = unit;
    answer[1] = function;
    if (slave->handlers.refuse != NULL &&
        (refused = slave->handlers.refuse(slave->handlers.context, unit)) != FG_MODBUS_DONE)
        exception = refused;
    else if (function == 1 || function == 2)
        exception = read_bits(slave, answer, &count);
    else if (function == 3 || function == 4)
        exception = read_registers(slave, answer, &count);
    else if (function == 5 || function == 6)
        exception = write_one(slave, answer, &count);
    else if (function == 0x0F || function == 0x10)
        exception = write_many(slave, answer, &count);
    if (exception != FG_MODBUS_DONE) {
        answer[1] = function | 0x80;
        answer[2] = (uint8_t)exception;
        count = 3;
    }
    send(slave, answer, count);
}

/* Length of the request in the buffer, 0 = not known yet or never. */
static size_t length(const struct fg_modbus_slave *slave)
{
    if (slave->count < 2)
        return 0;
    if (slave->frame[1] >= 1 && slave->frame[1] <= 6)
        return REQUEST_BYTES;
    if ((slave->frame[1] == 0x0F || slave->frame[1] == 0x10) && slave->count >= 7)
        return 9 + (size_t)slave->frame[6];
    return 0;
}

static bool crc_is_good(const uint8_t *bytes, size_t count)
{
    uint16_t crc = fg_modbus_crc(bytes, count - 2);

    return bytes[count - 2] == (uint8_t)crc && bytes[count - 1] == (uint8_t)(crc >> 8);
}

static void take_byte(struct fg_modbus_slave *slave, uint8_t byte)
{
    size_t wanted;

    if (slave->garbage || slave->count == sizeof(slave->frame)) {
        slave->garbage = true;
        slave->dropped++;
        return;
    }
    slave->frame[slave->count++] = byte;
    wanted = length(slave);
    if (wanted == 0 || slave->count < wanted)
        return;
    if (crc_is_good(slave->frame, wanted)) {
        serve(slave);
    } else {
        slave->garbage = true;
        slave->dropped += slave->count;
    }
    slave->count = 0;
}

void fg_modbus_slave_take(struct fg_modbus_slave *slave, const uint8_t *bytes, size_t count, int64_t now_ns)
{
    (void)fg_modbus_slave_tick(slave, now_ns);
    slave->last_byte_ns = now_ns;
    for (size_t i = 0; i < count; i++)
        take_byte(slave, bytes[i]);
}

int64_t fg_modbus_slave_tick(struct fg_modbus_slave *slave, int64_t now_ns)
{
    if (slave->count == 0 && !slave->garbage)
        return 0;
    if (now_ns - slave->last_byte_ns < FG_MODBUS_GAP_NS)
        return slave->last_byte_ns + FG_MODBUS_GAP_NS;
    if (!slave->garbage && slave->count >= 4 && length(slave) == 0 && crc_is_good(slave->frame, slave->count))
        serve(slave);
    else
        slave->dropped += slave->count;
    slave->count = 0;
    slave->garbage = false;
    return 0;
}
