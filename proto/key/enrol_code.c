/* Implementation of one-time codes (enrol_code.h). */
#include "proto/key/enrol_code.h"

#include <string.h>

#include <mbedtls/platform_util.h>

#include "lib/base/random.h"
#include "proto/key/enrol.h"

#define DIGITS 20
#define GROUP 5

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford's base 32 */

static bool digits_read(const char *text, char ret_digits[DIGITS])
{
    size_t length = 0;

    for (; *text != '\0'; text++) {
        char letter = *text;

        if (letter == '-' || letter == ' ')
            continue;
        if (letter >= 'a' && letter <= 'z')
            letter = (char)(letter - 'a' + 'A');
        if (letter == 'O')
            letter = '0';
        if (letter == 'I' || letter == 'L')
            letter = '1';
        if (strchr(digits, letter) == NULL || length == DIGITS)
            return false;
        ret_digits[length++] = letter;
    }
    return length == DIGITS;
}

enum fg_err fg_enrol_code_key(const char *text, struct fg_private_key *ret_key, struct fg_error *error)
{
    static const char purpose[] = FG_PURPOSE_ENROL_CODE;
    uint8_t message[sizeof(purpose) + DIGITS];
    struct fg_digest scalar;
    enum fg_err result = FG_E_FORMAT;

    memcpy(message, purpose, sizeof(purpose));
    if (digits_read(text, (char *)message + sizeof(purpose))) {
        fg_sha256(message, sizeof(message), &scalar);
        result = fg_private_key_from_scalar(scalar.bytes, ret_key, NULL);
    }
    mbedtls_platform_zeroize(message, sizeof(message));
    mbedtls_platform_zeroize(&scalar, sizeof(scalar));
    if (result != FG_OK)
        return fg_fail(error, FG_E_FORMAT, "the one-time code must have %d letters and digits", DIGITS);
    return FG_OK;
}

static enum fg_err code_draw(char ret_code[FG_ONE_TIME_CODE_TEXT], struct fg_error *error)
{
    uint8_t random[DIGITS];
    size_t at = 0;

    if (fg_random_fill(random, sizeof(random), error) != FG_OK)
        return fg_fail_in(error, FG_E_IO, "one-time code: ");
    for (size_t i = 0; i < DIGITS; i++) {
        if (i > 0 && i % GROUP == 0)
            ret_code[at++] = '-';
        ret_code[at++] = digits[random[i] % 32];
    }
    ret_code[at] = '\0';
    mbedtls_platform_zeroize(random, sizeof(random));
    return FG_OK;
}

enum fg_err fg_enrol_code_new(char ret_code[FG_ONE_TIME_CODE_TEXT], struct fg_private_key *ret_key,
                              struct fg_error *error)
{
    enum fg_err result = code_draw(ret_code, error);

    /* One code of four thousand millions has no key; two in a row are a broken generator. */
    if (result == FG_OK && fg_enrol_code_key(ret_code, ret_key, NULL) == FG_OK)
        return FG_OK;
    if (result == FG_OK)
        result = code_draw(ret_code, error);
    return result == FG_OK ? fg_enrol_code_key(ret_code, ret_key, error) : result;
}
