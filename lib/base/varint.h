/* Unsigned numbers of up to 32 bits in as few bytes as they need: seven bits a byte, lowest first, the high
 * bit says that another byte follows (LEB128, PROTOCOL.md 4).
 *
 * Not: protobuf's own numbers (nanopb). Relies on: nothing. Pure functions; any thread. */
#ifndef FG_LIB_BASE_VARINT_H
#define FG_LIB_BASE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FG_VARINT_BYTES_MAX 5

/* Writes value and gives the number of bytes, 1 to FG_VARINT_BYTES_MAX; 0 when capacity is too small. */
size_t fg_varint_put(uint8_t *buffer, size_t capacity, uint32_t value);

/* Reads the number at *at and moves *at behind it. False, with *at as it was, when the bytes end before it
 * does or it has more than 32 bits. */
bool fg_varint_get(const uint8_t *bytes, size_t length, size_t *at, uint32_t *ret_value);

#endif
