/* Implementation of codes that change with time (totp.h). */
#include "host/bureau/user/totp.h"

#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/random.h"

#define SHA1_BYTES 20

enum fg_err fg_totp_secret_new(uint8_t ret_secret[FG_TOTP_SECRET_BYTES], struct fg_error *error)
{
    enum fg_err result = fg_random_fill(ret_secret, FG_TOTP_SECRET_BYTES, error);

    return result == FG_OK ? FG_OK : fg_fail_in(error, result, "second factor: ");
}

void fg_totp_secret_text(const uint8_t secret[FG_TOTP_SECRET_BYTES], char ret_text[FG_TOTP_SECRET_TEXT])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    for (size_t i = 0; i < FG_TOTP_SECRET_TEXT - 1; i++) {
        size_t bit = i * 5;
        unsigned pair = (unsigned)secret[bit / 8] << 8;

        if (bit / 8 + 1 < FG_TOTP_SECRET_BYTES)
            pair |= secret[bit / 8 + 1];
        ret_text[i] = letters[pair >> (11 - bit % 8) & 31];
    }
    ret_text[FG_TOTP_SECRET_TEXT - 1] = '\0';
}

void fg_totp_uri(const char *user, const uint8_t secret[FG_TOTP_SECRET_BYTES], char ret_uri[FG_TOTP_URI_TEXT])
{
    char text[FG_TOTP_SECRET_TEXT];

    fg_totp_secret_text(secret, text);
    (void)snprintf(ret_uri, FG_TOTP_URI_TEXT,
                   "otpauth://totp/fillgate:%s?secret=%s&issuer=fillgate&algorithm=SHA1&digits=%d&period=%d",
                   user, text, FG_TOTP_DIGITS, FG_TOTP_STEP_MS / 1000);
    mbedtls_platform_zeroize(text, sizeof(text));
}

uint32_t fg_totp_code(const uint8_t *secret, size_t secret_length, uint64_t step, unsigned digits)
{
    uint8_t counter[8];
    uint8_t digest[SHA1_BYTES] = {0};
    uint32_t modulus = 1;
    uint32_t number;
    size_t at;

    for (size_t i = 0; i < sizeof(counter); i++)
        counter[i] = (uint8_t)(step >> (56 - 8 * i));
    (void)mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), secret, secret_length, counter,
                          sizeof(counter), digest);
    at = digest[SHA1_BYTES - 1] & 15;
    number = (uint32_t)(digest[at] & 127) << 24 | (uint32_t)digest[at + 1] << 16 |
             (uint32_t)digest[at + 2] << 8 | digest[at + 3];
    for (unsigned i = 0; i < digits; i++)
        modulus *= 10;
    return number % modulus;
}

bool fg_totp_fits(const uint8_t secret[FG_TOTP_SECRET_BYTES], const char *text, int64_t now_ms,
                  int64_t last_step, int64_t *ret_step)
{
    int64_t now = now_ms / FG_TOTP_STEP_MS;
    int64_t found = -1;
    uint32_t given = 0;

    if (strlen(text) != FG_TOTP_DIGITS || strspn(text, "0123456789") != FG_TOTP_DIGITS)
        return false;
    for (size_t i = 0; i < FG_TOTP_DIGITS; i++)
        given = given * 10 + (uint32_t)(text[i] - '0');
    for (int64_t step = now - FG_TOTP_STEPS_OFF; step <= now + FG_TOTP_STEPS_OFF; step++) {
        uint32_t code = fg_totp_code(secret, FG_TOTP_SECRET_BYTES, (uint64_t)step, FG_TOTP_DIGITS);

        if (step > last_step && (code ^ given) == 0)
            found = step;
    }
    if (found < 0)
        return false;
    *ret_step = found;
    return true;
}
