/* PINs of operators (pin.h): PBKDF2-HMAC-SHA256 by mbedTLS 2.28. Not: counting wrong tries. */
#include "lib/crypto/pin.h"

#include <string.h>

#include <mbedtls/md.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/platform_util.h>

#include "lib/base/random.h"
#include "lib/crypto/sign.h"

/* At most one more than is allowed, so that what is too long shows and costs no more. */
static size_t length_of(const char *pin)
{
    return strnlen(pin, FG_PIN_DIGITS_MAX + 1);
}

static bool is_pin(const char *pin)
{
    size_t length = length_of(pin);

    return length >= FG_PIN_DIGITS_MIN && length <= FG_PIN_DIGITS_MAX && strspn(pin, "0123456789") == length;
}

enum fg_err fg_pin_derive(const void *secret, size_t secret_length, const void *salt, size_t salt_length,
                          uint32_t rounds, uint8_t ret_digest[FG_PIN_DIGEST_BYTES], struct fg_error *error)
{
    uint8_t digest[FG_PIN_DIGEST_BYTES];
    mbedtls_md_context_t hmac;
    enum fg_err result = FG_OK;

    if (rounds == 0 || rounds > FG_PIN_ROUNDS_MAX)
        return fg_fail(error, FG_E_RANGE, "PIN: %u rounds, 1 to %d are allowed", rounds, FG_PIN_ROUNDS_MAX);
    mbedtls_md_init(&hmac);
    if (mbedtls_md_setup(&hmac, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1) != 0 ||
        mbedtls_pkcs5_pbkdf2_hmac(&hmac, secret, secret_length, salt, salt_length, rounds, sizeof(digest),
                                  digest) != 0)
        result = fg_fail(error, FG_E_MEMORY, "PIN: its digest cannot be computed");
    else
        memcpy(ret_digest, digest, sizeof(digest));
    mbedtls_md_free(&hmac);
    mbedtls_platform_zeroize(digest, sizeof(digest));
    return result;
}

enum fg_err fg_pin_set(struct fg_operator *person, const char *pin, struct fg_error *error)
{
    uint8_t salt[FG_PIN_SALT_BYTES];
    enum fg_err result;

    if (!is_pin(pin))
        return fg_fail(error, FG_E_FORMAT, "PIN: must be %d to %d decimal digits", FG_PIN_DIGITS_MIN,
                       FG_PIN_DIGITS_MAX);
    if (fg_random_fill(salt, sizeof(salt), error) != FG_OK)
        return fg_fail_in(error, FG_E_IO, "PIN: ");
    result = fg_pin_derive(pin, strlen(pin), salt, sizeof(salt), FG_PIN_ROUNDS, person->pin_digest, error);
    if (result != FG_OK)
        return result;
    memcpy(person->pin_salt, salt, sizeof(salt));
    person->pin_rounds = FG_PIN_ROUNDS;
    return FG_OK;
}

/* What is no PIN at all is derived too: the answer takes as long. */
bool fg_pin_fits(const struct fg_operator *person, const char *pin)
{
    uint8_t digest[FG_PIN_DIGEST_BYTES] = {0};
    bool good = is_pin(pin);
    bool equal;

    if (person->pin_rounds == 0 || fg_pin_derive(pin, length_of(pin), person->pin_salt, FG_PIN_SALT_BYTES,
                                                 person->pin_rounds, digest, NULL) != FG_OK)
        return false;
    equal = fg_bytes_equal(digest, person->pin_digest, sizeof(digest));
    mbedtls_platform_zeroize(digest, sizeof(digest));
    return good && equal;
}
