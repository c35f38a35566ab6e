/* A TCP proxy on loopback that misbehaves as networks do: refuses, delays, throttles, stalls, cuts in
 * mid-message, and changes bytes, by a seed.
 *
 * It stands between real processes at the outermost wire and knows nothing of what it carries. One thread of
 * its own per proxy. Relies on: POSIX sockets, threads. */
#ifndef FG_TESTS_LIB_FAULT_PROXY_H
#define FG_TESTS_LIB_FAULT_PROXY_H

#include <stdbool.h>
#include <stdint.h>

/* Chances in percent, decided once per connection when it is accepted. All 0: a faithful proxy. */
struct fg_proxy_faults {
    uint32_t refuse_percent; /* accepted and reset at once */
    uint32_t cut_percent;    /* reset after up to cut_bytes_max bytes of both directions together */
    uint32_t cut_bytes_max;
    uint32_t stall_percent;   /* silent after up to cut_bytes_max bytes, without being closed */
    uint32_t corrupt_percent; /* one bit of one byte changed within the first cut_bytes_max bytes */
    uint32_t delay_max_ms;    /* each piece is held back up to this long */
    uint32_t piece_bytes_max; /* pieces are cut to at most this many bytes; 0 = no limit */
};

struct fg_proxy;

/* Listens on a free port of 127.0.0.1 and connects to target_port there. NULL on failure. */
struct fg_proxy *fg_proxy_new(uint16_t target_port, uint64_t seed);
uint16_t fg_proxy_port(const struct fg_proxy *proxy);
/* For connections accepted from now on; cut_now resets those that are open. */
void fg_proxy_set(struct fg_proxy *proxy, const struct fg_proxy_faults *faults, bool cut_now);
/* Leads to another port from now on; connections that are open are reset. */
void fg_proxy_target(struct fg_proxy *proxy, uint16_t target_port);
/* Connections accepted, and how many of them met a fault. */
void fg_proxy_counts(const struct fg_proxy *proxy, uint64_t *ret_accepted, uint64_t *ret_faults);
void fg_proxy_free(struct fg_proxy *proxy); /* may be NULL */

/* The seeded generator of the proxies and of whoever wants the same stream (splitmix64). */
uint64_t fg_random_next(uint64_t *state);
/* 0 to below - 1. */
uint32_t fg_random_below(uint64_t *state, uint32_t below);

#endif
