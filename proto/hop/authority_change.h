/* A change of authorities: which ones devices trust from now on, old and new side by side, signed by the old.
 *
 * The rule is that of key rings. A change replaces the authorities in force when its version is higher, one
 * of those in force has signed it, and each that is in it but not in force has signed it. What it leaves out
 * is trusted no longer. Version 0 is what was brought by hand. Not: fetching and keeping changes
 * (authority_update.h), making authorities (host/pki). Relies on: authority.h, nanopb. Any thread. */
#ifndef FG_PROTO_HOP_AUTHORITY_CHANGE_H
#define FG_PROTO_HOP_AUTHORITY_CHANGE_H

#include "lib/crypto/sign.h"
#include "proto/hop/authority.h"

#define FG_PURPOSE_AUTHORITIES "fillgate authorities v1"
#define FG_AUTHORITY_CHANGE_MAX 4 /* authorities side by side */
#define FG_AUTHORITY_CHANGE_CERTIFICATE_MAX 2048
#define FG_AUTHORITY_CHANGE_SIGNATURES_MAX 8
#define FG_AUTHORITY_CHANGE_BYTES_MAX 9216

struct fg_authority_change {
    uint64_t version; /* 1 to INT64_MAX */
    int64_t issued_ms;
    size_t count; /* 1 to FG_AUTHORITY_CHANGE_MAX; the first issues certificates from now on */
    struct {
        size_t length;
        uint8_t der[FG_AUTHORITY_CHANGE_CERTIFICATE_MAX];
    } certificates[FG_AUTHORITY_CHANGE_MAX];
};

/* buffers have FG_AUTHORITY_CHANGE_BYTES_MAX bytes throughout. */

/* A change without signatures. FG_E_RANGE: version or number of certificates. */
enum fg_err fg_authority_change_encode(const struct fg_authority_change *change, uint8_t *buffer,
                                       size_t *ret_length, struct fg_error *error);
/* What it says, not whether that holds. FG_E_SIZE, FG_E_FORMAT, FG_E_RANGE. */
enum fg_err fg_authority_change_decode(const uint8_t *bytes, size_t length,
                                       struct fg_authority_change *ret_change, size_t *ret_signature_count,
                                       struct fg_error *error);
/* The message that is signed. Errors as decoding. */
enum fg_err fg_authority_change_message(const uint8_t *bytes, size_t length, uint8_t *buffer,
                                        size_t *ret_length, struct fg_error *error);
/* The change with one signature more; buffer may be bytes. FG_E_EXISTS: that key has signed already;
 * FG_E_FULL; errors as decoding. */
enum fg_err fg_authority_change_add(const uint8_t *bytes, size_t length, const struct fg_key_id *key_id,
                                    const struct fg_signature *signature, uint8_t *buffer, size_t *ret_length,
                                    struct fg_error *error);

/* May it replace these? *ret_next: the authorities that are in force after it. FG_E_OLD: its version is not
 * higher; FG_E_AUTH: a signature is missing or false; FG_E_FORMAT: a certificate that is no authority's;
 * errors as decoding. */
enum fg_err fg_authority_change_judge(const struct fg_authority *in_force, const uint8_t *bytes,
                                      size_t length, struct fg_authority *ret_next, struct fg_error *error);

#endif
