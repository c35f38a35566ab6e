/* Random numbers from the operating system, fit for keys and secrets.
 *
 * Not: the shape in which mbedTLS asks for them (lib/crypto/mbedtls_random.h). Relies on: getrandom(2). Any
 * thread. */
#ifndef FG_LIB_BASE_RANDOM_H
#define FG_LIB_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

/* Fills length bytes; waits for the kernel's source to be seeded, early after a boot. FG_E_IO: the bytes are
 * not to be used. */
enum fg_err fg_random_fill(void *ret_bytes, size_t length, struct fg_error *error);

/* Any number, at once: only for spreading calls in time, never for secrets. While the kernel's source is not
 * seeded it comes from the monotonic clock. */
uint32_t fg_random_spread(void);

#endif
