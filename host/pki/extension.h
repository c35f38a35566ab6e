/* The X.509 extensions that mbedTLS has no writer for: extended key usage and subject alternative names, as
 * DER.
 *
 * Not: certificates (ca.h). Relies on: mbedTLS's ASN.1 writer. Any thread. */
#ifndef FG_HOST_PKI_EXTENSION_H
#define FG_HOST_PKI_EXTENSION_H

#include "host/pki/ca.h"

#define FG_EXTENSION_BYTES_MAX 768

/* ExtKeyUsageSyntax: clientAuth, and serverAuth for servers. Writes to the end of buffer as mbedTLS's writers
 * do, and returns where it starts. FG_E_SIZE. */
enum fg_err fg_extension_key_usage(bool server, uint8_t buffer[FG_EXTENSION_BYTES_MAX],
                                   const uint8_t **ret_start, size_t *ret_length, struct fg_error *error);

/* GeneralNames: the order's names (DNS or IP) and the device key's URI. *ret_length 0 when there are none.
 * FG_E_RANGE names what is neither a host name nor an address. */
enum fg_err fg_extension_names(const struct fg_certificate_order *order,
                               uint8_t buffer[FG_EXTENSION_BYTES_MAX], const uint8_t **ret_start,
                               size_t *ret_length, struct fg_error *error);

#endif
