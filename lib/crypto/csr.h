/* Signing requests: PKCS#10 in DER, made and read.
 *
 * Not: what travels around one when a device joins (enrol.h), certificates (host/pki). Relies on: mbedTLS.
 * Any thread. */
#ifndef FG_LIB_CRYPTO_CSR_H
#define FG_LIB_CRYPTO_CSR_H

#include "lib/base/err.h"
#include "lib/crypto/sign.h"

#define FG_CSR_BYTES_MAX 1024

/* A PKCS#10 signing request for the key, signed by it. Its subject is O=fillgate, OU=role; the bureau alone
 * decides the name. buffer has FG_CSR_BYTES_MAX bytes. */
enum fg_err fg_csr_make(const struct fg_private_key *key, const char *role, uint8_t *buffer,
                        size_t *ret_length, struct fg_error *error);
/* The key inside a signing request whose signature holds. FG_E_FORMAT, FG_E_AUTH. */
enum fg_err fg_csr_key(const uint8_t *bytes, size_t length, struct fg_public_key *ret_key,
                       struct fg_error *error);

#endif
