/* What a certificate of the bureau's authority says: whose it is, what for, and by which names it is called.
 *
 * The one place that reads subjects (O=fillgate, OU=role, CN=id) and names; clients use it for servers,
 * servers for clients, devices for their own. Not: who issued it (server_peer.h, authority.h), issuing
 * (host/pki). Relies on: mbedTLS. Any thread. */
#ifndef FG_LIB_CRYPTO_CERTIFICATE_H
#define FG_LIB_CRYPTO_CERTIFICATE_H

#include <mbedtls/x509_crt.h>

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_CERTIFICATE_NAMES_MAX 8
#define FG_CERTIFICATE_NAME_MAX 253

/* Role and id of a subject that is exactly O=fillgate, OU=role, CN=id, each once, 1 to FG_NAME_MAX letters,
 * digits, '.', '_', '-': they appear in logs, paths and database keys. False: it is another one. */
bool fg_certificate_subject(const mbedtls_x509_name *subject, char ret_role[FG_NAME_MAX + 1],
                            char ret_id[FG_NAME_MAX + 1]);

/* The DNS names and addresses of a server, as text (addresses in their shortest form). */
struct fg_certificate_names {
    size_t count;
    char names[FG_CERTIFICATE_NAMES_MAX][FG_CERTIFICATE_NAME_MAX + 1];
};
/* FG_E_FORMAT: not a certificate in DER, more names than FG_CERTIFICATE_NAMES_MAX, or one that cannot be. */
enum fg_err fg_certificate_names(const uint8_t *der, size_t length, struct fg_certificate_names *ret_names,
                                 struct fg_error *error);
/* Likewise of the first certificate of a PEM file. FG_E_IO too. */
enum fg_err fg_certificate_file_names(const char *path, struct fg_certificate_names *ret_names,
                                      struct fg_error *error);

/* May this server's certificate be a bureau's? One that an authority of fillgate's issued (its issuer is
 * O=fillgate, OU=ca) must say O=fillgate, OU=bureau; the certificates of other authorities have no roles, and
 * are good. FG_E_AUTH says who it is instead; FG_E_FORMAT. */
enum fg_err fg_certificate_is_bureau(const uint8_t *der, size_t length, struct fg_error *error);

/* Is it a host name or numeric address as it may stand in a certificate: letters, digits, '-' and single dots
 * inside, or an IPv4 or IPv6 address? */
bool fg_host_name_is_good(const char *name);
/* Do two names call the same host: the same text whatever its case, or the same address? */
bool fg_host_name_equal(const char *a, const char *b);

#endif
