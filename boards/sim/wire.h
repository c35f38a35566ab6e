/* A serial wire's time: bytes put on it are through when the baud rate has let them through, not at once.
 *
 * A pty has no baud rate, so a simulated point answers faster than any real one. Each direction holds what is
 * under way until its last bit would have arrived; the next byte waits until the one before it is through.
 * Bytes put together arrive together, as a driver hands over a frame. Not: radio time, what the bytes mean,
 * the pty. Relies on: the C library. The caller gives the time (monotonic ns) and asks again at
 * fg_wire_due_ns. */
#ifndef FG_BOARDS_SIM_WIRE_H
#define FG_BOARDS_SIM_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define FG_WIRE_BYTES_MAX 4096
#define FG_WIRE_BITS_A_BYTE 10 /* start, eight data, stop: no parity */

/* One direction. */
struct fg_wire {
    int64_t byte_ns;  /* 0 = bytes are through at once */
    int64_t delay_ns; /* that an adapter at its end keeps bytes back */
    int64_t free_ns;  /* when the last byte put so far is through */
    size_t count;     /* under way */
    uint8_t bytes[FG_WIRE_BYTES_MAX];
};

/* Sets the rate; baud 0 = bytes are through at once. */
void fg_wire_set_baud(struct fg_wire *wire, uint32_t baud);

/* Puts count bytes on the wire at now_ns; returns how many it took (the rest is lost: a UART overrun). */
size_t fg_wire_put(struct fg_wire *wire, const uint8_t *bytes, size_t count, int64_t now_ns);

/* When what is under way is through; 0 = nothing is under way. */
int64_t fg_wire_due_ns(const struct fg_wire *wire);

/* Takes what is through at now_ns into bytes (room for FG_WIRE_BYTES_MAX); returns how many, 0 = not yet. */
size_t fg_wire_take(struct fg_wire *wire, uint8_t *bytes, int64_t now_ns);

#endif
