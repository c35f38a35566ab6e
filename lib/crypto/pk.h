/* The bridge from fillgate's keys to mbedTLS: its key objects.
 *
 * Only for files that use mbedTLS themselves (key files, signing requests, certificates, TLS). Relies on:
 * mbedTLS. Any thread. */
#ifndef FG_LIB_CRYPTO_PK_H
#define FG_LIB_CRYPTO_PK_H

#include <mbedtls/pk.h>

#include "lib/crypto/sign.h"

/* Puts a key into an initialised pk. scalar NULL: only the public half. The caller frees pk, also after
 * false. */
bool fg_pk_fill(mbedtls_pk_context *pk, const struct fg_public_key *key, const uint8_t *scalar);

/* The P-256 public key inside pk. FG_E_FORMAT when it is of another kind. */
enum fg_err fg_pk_public(mbedtls_pk_context *pk, struct fg_public_key *ret_key, struct fg_error *error);

#endif
