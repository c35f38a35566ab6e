/* The wire of wire.h. Relies on: wire.h. */
#include "boards/sim/wire.h"

#include <string.h>

#define NS_PER_S 1000000000LL

void fg_wire_set_baud(struct fg_wire *wire, uint32_t baud)
{
    wire->byte_ns = baud == 0 ? 0 : FG_WIRE_BITS_A_BYTE * NS_PER_S / baud;
}

size_t fg_wire_put(struct fg_wire *wire, const uint8_t *bytes, size_t count, int64_t now_ns)
{
    size_t room = sizeof(wire->bytes) - wire->count;
    size_t taken = count < room ? count : room;

    if (count == 0)
        return 0;
    memcpy(wire->bytes + wire->count, bytes, taken);
    wire->count += taken;
    if (wire->free_ns < now_ns)
        wire->free_ns = now_ns;
    wire->free_ns += (int64_t)count * wire->byte_ns;
    return taken;
}

int64_t fg_wire_due_ns(const struct fg_wire *wire)
{
    return wire->count == 0 ? 0 : wire->free_ns + wire->delay_ns;
}

size_t fg_wire_take(struct fg_wire *wire, uint8_t *bytes, int64_t now_ns)
{
    size_t count = wire->count;

    if (count == 0 || now_ns < wire->free_ns + wire->delay_ns)
        return 0;
    memcpy(bytes, wire->bytes, count);
    wire->count = 0;
    return count;
}
