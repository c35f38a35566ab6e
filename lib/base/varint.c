/* Implementation of varint.h. */
#include "lib/base/varint.h"

#define MORE 0x80
#define BITS 7
#define LAST_MAX 0x0f /* what of the fifth byte still fits into 32 bits */

size_t fg_varint_put(uint8_t *buffer, size_t capacity, uint32_t value)
{
    size_t length = 0;

    for (;; value >>= BITS) {
        if (length == capacity)
            return 0;
        buffer[length++] = (uint8_t)((value & (MORE - 1)) | (value >= MORE ? MORE : 0));
        if (value < MORE)
            return length;
    }
}

bool fg_varint_get(const uint8_t *bytes, size_t length, size_t *at, uint32_t *ret_value)
{
    uint32_t value = 0;

    for (size_t i = 0; i < FG_VARINT_BYTES_MAX && i < length - *at; i++) {
        uint8_t byte = bytes[*at + i];

        if (i == FG_VARINT_BYTES_MAX - 1 && byte > LAST_MAX)
            return false;
        value |= (uint32_t)(byte & (MORE - 1)) << (BITS * i);
        if ((byte & MORE) == 0) {
            *at += i + 1;
            *ret_value = value;
            return true;
        }
    }
    return false;
}
