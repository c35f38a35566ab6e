/* Implementation of the fast signatures (gnutls_signature.h). */
#include "host/bureau/journal/gnutls_signature.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#define NUMBER_BYTES 32
#define TAG_MESSAGE 0x0a /* field 1 of FgSignedStatement, a byte string */
#define LENGTH_MAX 0x7f  /* a length of one byte */

static gnutls_datum_t datum_of(const void *bytes, size_t length)
{
    union {
        const void *from;
        unsigned char *to;
    } cast = {bytes};

    return (gnutls_datum_t){cast.to, (unsigned)length};
}

/* SHA-256(purpose, 00, message), the message taken out of its encoded envelope. */
static enum fg_err digest_make(const char *purpose, const uint8_t *envelope, size_t length,
                               struct fg_digest *ret_digest, struct fg_error *error)
{
    struct fg_sha256_stream stream;

    if (length < 2 || envelope[0] != TAG_MESSAGE || envelope[1] > LENGTH_MAX ||
        (size_t)envelope[1] + 2 > length)
        return fg_fail(error, FG_E_RANGE, "%s: its message is not where it should be", purpose);
    fg_sha256_start(&stream);
    fg_sha256_add(&stream, purpose, strlen(purpose) + 1);
    fg_sha256_add(&stream, envelope + 2, envelope[1]);
    fg_sha256_finish(&stream, ret_digest);
    return FG_OK;
}

/* Any failure of the library is a signature that does not hold. */
static bool verify(const struct fg_public_key *key, const struct fg_digest *digest,
                   const struct fg_signature *signature)
{
    gnutls_datum_t x = datum_of(key->point + 1, NUMBER_BYTES);
    gnutls_datum_t y = datum_of(key->point + 1 + NUMBER_BYTES, NUMBER_BYTES);
    gnutls_datum_t r = datum_of(signature->bytes, NUMBER_BYTES);
    gnutls_datum_t s = datum_of(signature->bytes + NUMBER_BYTES, NUMBER_BYTES);
    gnutls_datum_t hash = datum_of(digest->bytes, sizeof(digest->bytes));
    gnutls_datum_t encoded = {NULL, 0};
    gnutls_pubkey_t pubkey = NULL;
    bool good = false;

    if (gnutls_pubkey_init(&pubkey) != 0)
        return false;
    if (gnutls_pubkey_import_ecc_raw(pubkey, GNUTLS_ECC_CURVE_SECP256R1, &x, &y) == 0 &&
        gnutls_encode_rs_value(&encoded, &r, &s) == 0)
        good = gnutls_pubkey_verify_hash2(pubkey, GNUTLS_SIGN_ECDSA_SHA256, 0, &hash, &encoded) >= 0;
    gnutls_free(encoded.data);
    gnutls_pubkey_deinit(pubkey);
    return good;
}

enum fg_err fg_gnutls_head_verify(const struct fg_head *head, const struct fg_signature *signature,
                                  const struct fg_public_key *key, struct fg_error *error)
{
    uint8_t envelope[FG_STATEMENT_BYTES_MAX];
    struct fg_digest digest;
    size_t length = 0;
    enum fg_err result = fg_head_encode(head, signature, envelope, sizeof(envelope), &length, error);

    if (result == FG_OK)
        result = digest_make(FG_PURPOSE_HEAD, envelope, length, &digest, error);
    if (result == FG_OK && !verify(key, &digest, signature))
        result = fg_fail(error, FG_E_AUTH, "signature for \"%s\" is invalid", FG_PURPOSE_HEAD);
    return result;
}

/* The number right-aligned; the library may put zeros before it, or leave leading ones out. */
static bool number_put(const gnutls_datum_t *number, uint8_t ret_bytes[NUMBER_BYTES])
{
    const unsigned char *bytes = number->data;
    size_t length = number->size;

    while (length > NUMBER_BYTES && *bytes == 0) {
        bytes++;
        length--;
    }
    if (length > NUMBER_BYTES)
        return false;
    memset(ret_bytes, 0, NUMBER_BYTES);
    memcpy(ret_bytes + NUMBER_BYTES - length, bytes, length);
    return true;
}

static bool sign(const struct fg_private_key *key, const struct fg_digest *digest,
                 struct fg_signature *ret_signature)
{
    gnutls_datum_t x = datum_of(key->public_key.point + 1, NUMBER_BYTES);
    gnutls_datum_t y = datum_of(key->public_key.point + 1 + NUMBER_BYTES, NUMBER_BYTES);
    gnutls_datum_t k = datum_of(key->scalar, NUMBER_BYTES);
    gnutls_datum_t hash = datum_of(digest->bytes, sizeof(digest->bytes));
    gnutls_datum_t encoded = {NULL, 0};
    gnutls_datum_t r = {NULL, 0};
    gnutls_datum_t s = {NULL, 0};
    gnutls_privkey_t privkey = NULL;
    bool good = false;

    if (gnutls_privkey_init(&privkey) != 0)
        return false;
    if (gnutls_privkey_import_ecc_raw(privkey, GNUTLS_ECC_CURVE_SECP256R1, &x, &y, &k) == 0 &&
        gnutls_privkey_sign_hash(privkey, GNUTLS_DIG_SHA256, GNUTLS_PRIVKEY_FLAG_REPRODUCIBLE, &hash,
                                 &encoded) == 0 &&
        gnutls_decode_rs_value(&encoded, &r, &s) == 0)
        good = number_put(&r, ret_signature->bytes) && number_put(&s, ret_signature->bytes + NUMBER_BYTES);
    gnutls_free(r.data);
    gnutls_free(s.data);
    gnutls_free(encoded.data);
    gnutls_privkey_deinit(privkey);
    return good;
}

enum fg_err fg_gnutls_receipt_sign(const struct fg_receipt *receipt, const struct fg_private_key *key,
                                   struct fg_signature *ret_signature, struct fg_error *error)
{
    static const struct fg_signature none;
    uint8_t envelope[FG_STATEMENT_BYTES_MAX];
    struct fg_signature signature;
    struct fg_digest digest;
    size_t length = 0;
    enum fg_err result = fg_receipt_encode(receipt, &none, envelope, sizeof(envelope), &length, error);

    if (result == FG_OK)
        result = digest_make(FG_PURPOSE_RECEIPT, envelope, length, &digest, error);
    if (result == FG_OK && !sign(key, &digest, &signature))
        result = fg_fail(error, FG_E_ARG, "cannot sign a receipt: the private key is not usable");
    if (result == FG_OK)
        *ret_signature = signature;
    return result;
}
