/* The bureau's certificate authority: one P-256 key and its certificate in a directory, and the certificates
 * it issues to bureau, stations and controllers.
 *
 * Subjects are O=fillgate, OU=role, CN=id, decided here and never taken from a signing request. A
 * controller's certificate names its journal key in a subject alternative name, "URI:fillgate:device:HEX"
 * (uncompressed point), so that a station can verify heads. Not: who may have a certificate
 * (host/bureau/device/enrolment.h). Relies on: mbedTLS. One object, one thread at a time. */
#ifndef FG_HOST_PKI_CA_H
#define FG_HOST_PKI_CA_H

#include "lib/base/err.h"
#include "lib/crypto/certificate.h"
#include "lib/crypto/sign.h"
#include "proto/key/enrol.h"

#define FG_CA_DAYS 3650
#define FG_CERTIFICATE_DAYS 365
#define FG_SERIAL_BYTES 16
#define FG_DEVICE_URI "fillgate:device:"

struct fg_ca;

/* Makes DIR (mode 0700), DIR/ca.key (0600) and DIR/ca.pem. FG_E_EXISTS when there is one already, FG_E_IO.
 * name is shown in certificates (CN of the CA), 1 to FG_NAME_MAX letters, digits, '.', '_', '-' and spaces.
 */
enum fg_err fg_ca_create(const char *directory, const char *name, int64_t now_ms, uint32_t days,
                         struct fg_error *error);

/* FG_E_IO, FG_E_FORMAT, FG_E_DENIED, FG_E_AUTH (key and certificate do not belong together). */
enum fg_err fg_ca_open(const char *directory, struct fg_ca **ret_ca, struct fg_error *error);
void fg_ca_close(struct fg_ca *ca); /* wipes the key; may be NULL */

/* The CA's own certificate in DER; valid until close. */
const uint8_t *fg_ca_certificate(const struct fg_ca *ca, size_t *ret_length);

/* Signs a message with the authority's own key, and the id of that key: what the bureau says to devices that
 * know nothing but the authority. Errors as fg_sign. */
enum fg_err fg_ca_sign(const struct fg_ca *ca, const char *purpose, const void *message, size_t length,
                       struct fg_key_id *ret_key_id, struct fg_signature *ret_signature,
                       struct fg_error *error);

struct fg_certificate_order {
    const char *role; /* FG_ROLE_... : stations and the bureau are servers too */
    const char *id;   /* 1 to FG_NAME_MAX characters as in settings names */
    const struct fg_public_key *key;
    const struct fg_public_key *device_key; /* NULL = none */
    size_t name_count;                      /* host names or numeric addresses of a server */
    const char *names[FG_CERTIFICATE_NAMES_MAX];
    int64_t from_ms; /* to whole seconds */
    int64_t to_ms;
};
struct fg_certificate {
    size_t length;
    uint8_t bytes[FG_ENROL_CERTIFICATE_MAX]; /* DER */
    uint8_t serial[FG_SERIAL_BYTES];
};
/* FG_E_RANGE names what cannot stand in a certificate; FG_E_IO. */
enum fg_err fg_ca_issue(struct fg_ca *ca, const struct fg_certificate_order *order,
                        struct fg_certificate *ret_certificate, struct fg_error *error);

#endif
