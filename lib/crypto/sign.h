/* ECDSA P-256 and SHA-256 as fillgate uses them: keys, key files, signatures bound to a purpose.
 *
 * Every signature is over SHA-256(purpose || 0x00 || message), where purpose is one of the strings below, so
 * that a signature for one purpose is never valid for another. Deterministic (RFC 6979); raw r || s, 64
 * bytes. Not: certificates and TLS. Relies on: mbedTLS. Objects hold no global state; one object, one thread
 * at a time. */
#ifndef FG_LIB_CRYPTO_SIGN_H
#define FG_LIB_CRYPTO_SIGN_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_PURPOSE_TAG "fillgate tag v1"
#define FG_PURPOSE_MANIFEST "fillgate manifest v1"
#define FG_PURPOSE_HEAD "fillgate head v1"
#define FG_PURPOSE_RECEIPT "fillgate receipt v1"
#define FG_PURPOSE_MARK "fillgate mark v1"
#define FG_PURPOSE_EXPORT "fillgate export v1"
#define FG_PURPOSE_SAMPLE "fillgate sample v1"
#define FG_PURPOSE_CLOCK "fillgate clock v1"

#define FG_KEY_FILE_MAX 16384
#define FG_POINT_BYTES 65 /* uncompressed point: 04 || X || Y */

struct fg_public_key {
    uint8_t point[FG_POINT_BYTES];
    struct fg_key_id id;
};

/* The secret scalar and its public half. Wipe with fg_private_key_wipe. */
struct fg_private_key {
    uint8_t scalar[32];
    struct fg_public_key public_key;
};

/* SHA-256 of length bytes. Never fails. */
void fg_sha256(const void *data, size_t length, struct fg_digest *ret_digest);

/* Streaming SHA-256; context is opaque storage. */
struct fg_sha256_stream {
    uint64_t storage[20];
};
void fg_sha256_start(struct fg_sha256_stream *stream);
void fg_sha256_add(struct fg_sha256_stream *stream, const void *data, size_t length);
void fg_sha256_finish(struct fg_sha256_stream *stream, struct fg_digest *ret_digest);

enum fg_err fg_private_key_new(struct fg_private_key *ret_key, struct fg_error *error);
void fg_private_key_wipe(struct fg_private_key *key);

/* A key from its number: 1 <= scalar < group order, big-endian; or from its uncompressed point, which must
 * lie on the curve. FG_E_FORMAT otherwise. */
enum fg_err fg_private_key_from_scalar(const uint8_t scalar[32], struct fg_private_key *ret_key,
                                       struct fg_error *error);
enum fg_err fg_public_key_from_point(const uint8_t point[FG_POINT_BYTES], struct fg_public_key *ret_key,
                                     struct fg_error *error);

/* PEM files as openssl reads them. Writing creates the file anew (FG_E_EXISTS otherwise), private keys with
 * mode 0600; reading a private key refuses a file that others can read (FG_E_DENIED). At most 16 KiB are
 * read. */
enum fg_err fg_private_key_read(const char *path, struct fg_private_key *ret_key, struct fg_error *error);
enum fg_err fg_private_key_write(const char *path, const struct fg_private_key *key, struct fg_error *error);
enum fg_err fg_public_key_read(const char *path, struct fg_public_key *ret_key, struct fg_error *error);
enum fg_err fg_public_key_write(const char *path, const struct fg_public_key *key, struct fg_error *error);
/* A public key as PEM text with its NUL. FG_E_ARG: it is no point of the curve; FG_E_SIZE: it does not fit.
 */
enum fg_err fg_public_key_text(const struct fg_public_key *key, char *buffer, size_t capacity,
                               struct fg_error *error);
/* Parse a PEM key already in memory; length counts the bytes without a final NUL. */
enum fg_err fg_private_key_parse(const char *pem, size_t length, struct fg_private_key *ret_key,
                                 struct fg_error *error);
enum fg_err fg_public_key_parse(const char *pem, size_t length, struct fg_public_key *ret_key,
                                struct fg_error *error);

/* message may be of any length. FG_E_AUTH when the signature is false, including any malformed r, s or point.
 */
enum fg_err fg_sign(const struct fg_private_key *key, const char *purpose, const void *message, size_t length,
                    struct fg_signature *ret_signature, struct fg_error *error);
enum fg_err fg_sign_verify(const struct fg_public_key *key, const char *purpose, const void *message,
                           size_t length, const struct fg_signature *signature, struct fg_error *error);

/* Constant-time comparison. */
bool fg_bytes_equal(const void *a, const void *b, size_t length);

#endif
