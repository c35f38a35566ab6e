/* The wire form of a manifest and its signature (PROTOCOL.md 4).
 *
 * A signed manifest is key id (8) || signature (64) || FgManifest message. The message's bytes are verified
 * as they came, before they are parsed. Not: files and stores. Relies on: nanopb, sign.h. Any thread. */
#ifndef FG_PROTO_LIST_MANIFEST_H
#define FG_PROTO_LIST_MANIFEST_H

#include "lib/base/err.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"

#define FG_MANIFEST_BYTES_MAX 6144 /* what FG_OPERATORS_MAX operators and all else need */
#define FG_MANIFEST_SIGNED_MIN (FG_KEY_ID_BYTES + FG_SIGNATURE_BYTES)
#define FG_MANIFEST_SIGNED_MAX (FG_MANIFEST_SIGNED_MIN + FG_MANIFEST_BYTES_MAX)
#define FG_LIST_BODY_MAX ((uint64_t)16 << 30)

/* FG_E_RANGE names the first field that no manifest may have: empty list id, version 0 or above 2^63-1, more
 * than 24 bucket bits, a body smaller than its lengths or above FG_LIST_BODY_MAX, an expiry not after the
 * issue, unknown media or identity; or what fg_operators_check finds. */
enum fg_err fg_manifest_check(const struct fg_manifest *manifest, struct fg_error *error);

/* FgManifest message, unsigned. FG_MANIFEST_BYTES_MAX is always enough. FG_E_RANGE, FG_E_SIZE. */
enum fg_err fg_manifest_encode(const struct fg_manifest *manifest, uint8_t *buffer, size_t capacity,
                               size_t *ret_length, struct fg_error *error);
enum fg_err fg_manifest_decode(const uint8_t *bytes, size_t length, struct fg_manifest *ret_manifest,
                               struct fg_error *error);

/* Encodes and signs; FG_MANIFEST_SIGNED_MAX is always enough. */
enum fg_err fg_manifest_sign(const struct fg_manifest *manifest, const struct fg_private_key *key,
                             uint8_t *buffer, size_t capacity, size_t *ret_length, struct fg_error *error);

/* Verifies with the trusted key that the signed manifest names, then parses. FG_E_AUTH: no such key is
 * trusted, or the signature is false. FG_E_FORMAT, FG_E_RANGE, FG_E_SIZE. */
enum fg_err fg_manifest_verify(const uint8_t *signed_bytes, size_t length,
                               const struct fg_public_key *trusted, size_t trusted_count,
                               struct fg_manifest *ret_manifest, struct fg_error *error);

#endif
