/* How a device joins the bureau, and how its certificate is renewed: the messages, and the signing request.
 *
 * A device makes its own TLS key; a controller's journal key is another one and proves itself by a signature
 * over the request. The one-time code is the only proof of who asks; the bureau keeps its hash alone. Not:
 * certificates (host/pki), the transport (https.h). Relies on: mbedTLS, nanopb. Any thread. */
#ifndef FG_PROTO_ENROL_H
#define FG_PROTO_ENROL_H

#include "proto/err.h"
#include "proto/sign.h"
#include "proto/types.h"

#define FG_PURPOSE_ENROL "fillgate enrol v1"

#define FG_ENROL_BYTES_MAX 8192
#define FG_ENROL_REQUEST_MAX 1024 /* of a PKCS#10 in DER */
#define FG_ENROL_CERTIFICATE_MAX 2048
#define FG_ENROL_CODE_MAX 31
#define FG_ENROL_NAMES_MAX 4
#define FG_ENROL_NAME_MAX 63
#define FG_ENROL_LIST_KEYS_MAX 4
#define FG_ENROL_TEXT_MAX 199

#define FG_ROLE_CONTROLLER "controller"
#define FG_ROLE_STATION "station"
#define FG_ROLE_BUREAU "bureau"

struct fg_enrol_request {
    char code[FG_ENROL_CODE_MAX + 1]; /* empty: a renewal */
    char role[FG_NAME_MAX + 1];
    size_t request_length;
    uint8_t request[FG_ENROL_REQUEST_MAX];
    bool has_device_key;
    struct fg_public_key device_key;
    struct fg_signature device_signature;
    size_t name_count;
    char names[FG_ENROL_NAMES_MAX][FG_ENROL_NAME_MAX + 1];
};

struct fg_enrol_answer {
    char id[FG_NAME_MAX + 1];
    char station[FG_NAME_MAX + 1];
    char list_id[FG_NAME_MAX + 1];
    size_t certificate_length; /* 0: refused, text says why */
    uint8_t certificate[FG_ENROL_CERTIFICATE_MAX];
    size_t ca_length;
    uint8_t ca[FG_ENROL_CERTIFICATE_MAX];
    bool has_receipt_key;
    struct fg_public_key receipt_key;
    size_t list_key_count;
    struct fg_public_key list_keys[FG_ENROL_LIST_KEYS_MAX];
    char text[FG_ENROL_TEXT_MAX + 1];
};

/* FG_E_RANGE, FG_E_SIZE; FG_ENROL_BYTES_MAX is always enough. */
enum fg_err fg_enrol_request_encode(const struct fg_enrol_request *request, uint8_t *buffer, size_t capacity,
                                    size_t *ret_length, struct fg_error *error);
enum fg_err fg_enrol_answer_encode(const struct fg_enrol_answer *answer, uint8_t *buffer, size_t capacity,
                                   size_t *ret_length, struct fg_error *error);
/* FG_E_FORMAT, FG_E_RANGE (a point off the curve, a name with other than host-name characters), FG_E_SIZE. */
enum fg_err fg_enrol_request_decode(const uint8_t *bytes, size_t length, struct fg_enrol_request *ret_request,
                                    struct fg_error *error);
enum fg_err fg_enrol_answer_decode(const uint8_t *bytes, size_t length, struct fg_enrol_answer *ret_answer,
                                   struct fg_error *error);

/* A PKCS#10 signing request for the key, signed by it. Its subject is O=fillgate, OU=role; the bureau alone
 * decides the name. buffer has FG_ENROL_REQUEST_MAX bytes. */
enum fg_err fg_csr_make(const struct fg_private_key *key, const char *role, uint8_t *buffer,
                        size_t *ret_length, struct fg_error *error);
/* The key inside a signing request whose signature holds. FG_E_FORMAT, FG_E_AUTH. */
enum fg_err fg_csr_key(const uint8_t *bytes, size_t length, struct fg_public_key *ret_key,
                       struct fg_error *error);

/* Makes the request: code "" for a renewal; device_key NULL for a station. names (a station's, as a server)
 * may be NULL when name_count is 0. FG_E_RANGE names what is too long. */
enum fg_err fg_enrol_request_make(const char *role, const char *code, const struct fg_private_key *tls_key,
                                  const struct fg_private_key *device_key, const char *const *names,
                                  size_t name_count, struct fg_enrol_request *ret_request,
                                  struct fg_error *error);

/* Writes DER certificates as one PEM file, one after another (own first, then the chain): a temporary file,
 * synced and renamed, so that a reader sees the old or the new one. */
struct fg_certificate_part {
    const uint8_t *bytes;
    size_t length;
};
enum fg_err fg_certificates_write(const char *path, const struct fg_certificate_part *parts, size_t count,
                                  struct fg_error *error);

/* From when to when the first certificate of a PEM file is valid; ret_begin_ms may be NULL. FG_E_FORMAT: not
 * such a file, or not readable. */
enum fg_err fg_certificate_times(const char *path, int64_t *ret_begin_ms, int64_t *ret_end_ms,
                                 struct fg_error *error);

#endif
