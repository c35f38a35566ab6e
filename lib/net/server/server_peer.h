/* Who is at the other end of a TLS connection: a client certificate (DER) checked against our CA and turned
 * into struct fg_peer.
 *
 * Dates are tested against the caller's clock, for the certificate and for the CA. Only certificates that the
 * CA issued directly are good: no intermediates. Not: the TLS session, which has proven that the peer holds
 * the key. Relies on: mbedTLS. Any thread. */
#ifndef FG_LIB_NET_SERVER_SERVER_PEER_H
#define FG_LIB_NET_SERVER_SERVER_PEER_H

#include <mbedtls/x509_crt.h>

#include "lib/net/server/https_server.h"

#define FG_PEER_CERTIFICATE_MAX 8192 /* bytes of DER */

/* Certificate bytes from outside: what they say of the peer, not whether the CA stands behind it. All fields
 * of *ret_peer but address are set. FG_E_FORMAT names what is missing: the subject O=fillgate, OU=role,
 * CN=id (letters, digits, '.', '_', '-'), a P-256 key, the purpose "TLS client", a well-formed device key if
 * one is named. */
enum fg_err fg_peer_parse(const uint8_t *der, size_t length, struct fg_peer *ret_peer,
                          struct fg_error *error);

/* As above, for a certificate that authorities (a list of trusted CAs) issued and that is valid at now_ms.
 * FG_E_AUTH (another CA), FG_E_EXPIRED (expired or not yet valid, it or the CA), FG_E_FORMAT. */
enum fg_err fg_peer_establish(const uint8_t *der, size_t length, mbedtls_x509_crt *authorities,
                              int64_t now_ms, struct fg_peer *ret_peer, struct fg_error *error);

#endif
