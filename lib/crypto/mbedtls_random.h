/* Random numbers in the shape in which mbedTLS asks for them.
 *
 * Only for calls into mbedTLS; everybody else uses lib/base/random.h, on which this relies. Any thread. */
#ifndef FG_LIB_CRYPTO_MBEDTLS_RANDOM_H
#define FG_LIB_CRYPTO_MBEDTLS_RANDOM_H

#include <stddef.h>

/* A source without state (f_rng): context is not used. 0, or one of mbedTLS's error codes. */
int fg_mbedtls_random(void *context, unsigned char *bytes, size_t length);

#endif
