/* How a device joins the bureau, and how its certificate is renewed: the messages and their signatures.
 *
 * A device makes its own TLS key; a controller's journal key is another one and proves itself by a signature
 * over the signing request. A request to join is signed with the key of the one-time code (enrol_code.h), the
 * answer with the key of the authority that the device was given by hand: nobody on the way has to be
 * trusted. Not: the signing request in them (csr.h), certificates (host/pki, certificate.h), the transport
 * (https_client.h). Relies on: mbedTLS, nanopb. Any thread. */
#ifndef FG_PROTO_KEY_ENROL_H
#define FG_PROTO_KEY_ENROL_H

#include "lib/base/err.h"
#include "lib/crypto/csr.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"

#define FG_PURPOSE_ENROL "fillgate enrol v1"               /* the journal key, over the signing request */
#define FG_PURPOSE_ENROL_CODE "fillgate enrol code v1"     /* the one-time code's key, over the request */
#define FG_PURPOSE_ENROL_ANSWER "fillgate enrol answer v1" /* the authority, over the answer */

#define FG_ENROL_BYTES_MAX 8192
#define FG_ENROL_REQUEST_MAX FG_CSR_BYTES_MAX
#define FG_ENROL_CERTIFICATE_MAX 2048
#define FG_ENROL_NONCE_BYTES 16
#define FG_ENROL_NAMES_MAX 4 /* of a station as a server */
#define FG_ENROL_NAME_MAX 63
#define FG_ENROL_LIST_KEYS_MAX 4
#define FG_ENROL_TEXT_MAX 199

#define FG_ROLE_CONTROLLER "controller"
#define FG_ROLE_STATION "station"
#define FG_ROLE_BUREAU "bureau"

struct fg_enrol_request {
    char role[FG_NAME_MAX + 1];
    size_t request_length;
    uint8_t request[FG_ENROL_REQUEST_MAX];
    bool has_device_key;
    struct fg_public_key device_key;
    struct fg_signature device_signature;
    bool has_nonce; /* to join; not for a renewal */
    uint8_t nonce[FG_ENROL_NONCE_BYTES];
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
    size_t tag_key_count;
    struct fg_public_key tag_keys[FG_ENROL_LIST_KEYS_MAX];
    bool has_request_digest;
    struct fg_digest request_digest; /* of the request's whole body */
    char text[FG_ENROL_TEXT_MAX + 1];
};

/* FG_E_RANGE, FG_E_SIZE; FG_ENROL_BYTES_MAX is always enough. */
enum fg_err fg_enrol_request_encode(const struct fg_enrol_request *request, uint8_t *buffer, size_t capacity,
                                    size_t *ret_length, struct fg_error *error);
enum fg_err fg_enrol_answer_encode(const struct fg_enrol_answer *answer, uint8_t *buffer, size_t capacity,
                                   size_t *ret_length, struct fg_error *error);
/* FG_E_FORMAT (a point off the curve as well), FG_E_SIZE. A request with a one-time code in clear is
 * FG_E_DENIED: its program is of before codes stayed at home. */
enum fg_err fg_enrol_request_decode(const uint8_t *bytes, size_t length, struct fg_enrol_request *ret_request,
                                    struct fg_error *error);
enum fg_err fg_enrol_answer_decode(const uint8_t *bytes, size_t length, struct fg_enrol_answer *ret_answer,
                                   struct fg_error *error);

/* What goes over the wire to join, either way: the id of the key that signed (8 bytes), its signature (64),
 * the message. Who reads it verifies first and parses then. */
#define FG_ENROL_FRAME_BYTES (FG_KEY_ID_BYTES + FG_SIGNATURE_BYTES)
struct fg_enrol_frame {
    struct fg_key_id key_id;
    struct fg_signature signature;
    const uint8_t *message; /* inside the bytes that were read */
    size_t message_length;
};
/* FG_E_FORMAT: too short to be one. */
enum fg_err fg_enrol_frame_read(const uint8_t *bytes, size_t length, struct fg_enrol_frame *ret_frame,
                                struct fg_error *error);
/* Puts id and signature in front of a message that stands FG_ENROL_FRAME_BYTES behind the start of bytes. */
void fg_enrol_frame_put(uint8_t *bytes, const struct fg_key_id *key_id, const struct fg_signature *signature);

/* Makes the request, with a nonce unless it is a renewal; device_key NULL for a station and for renewals.
 * FG_E_RANGE: the role is too long; FG_E_IO: no random numbers. */
enum fg_err fg_enrol_request_make(const char *role, bool renewal, const struct fg_private_key *tls_key,
                                  const struct fg_private_key *device_key,
                                  struct fg_enrol_request *ret_request, struct fg_error *error);

#endif
