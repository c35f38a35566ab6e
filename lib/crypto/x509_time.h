/* Certificate times as wall milliseconds. Only for files that use mbedTLS themselves. Relies on: mbedTLS. Any
 * thread. */
#ifndef FG_LIB_CRYPTO_X509_TIME_H
#define FG_LIB_CRYPTO_X509_TIME_H

#include <stdint.h>

#include <mbedtls/x509.h>

/* Certificate times are UTC. */
int64_t fg_x509_time_ms(const mbedtls_x509_time *time);

#endif
