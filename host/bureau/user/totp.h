/* Codes of a second factor that change every 30 seconds (TOTP, RFC 6238 with HMAC-SHA1 and six digits, which
 * is what authenticator programs speak).
 *
 * Pure: secret and time in, verdict out. Not: whose secret (user.h). Relies on: mbedTLS. Any thread. */
#ifndef FG_HOST_BUREAU_USER_TOTP_H
#define FG_HOST_BUREAU_USER_TOTP_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_TOTP_SECRET_BYTES 20
#define FG_TOTP_SECRET_TEXT 33 /* base 32, with the NUL */
#define FG_TOTP_URI_TEXT 192
#define FG_TOTP_DIGITS 6
#define FG_TOTP_STEP_MS 30000
#define FG_TOTP_STEPS_OFF 1 /* a telephone's clock may be a step before or behind */

enum fg_err fg_totp_secret_new(uint8_t ret_secret[FG_TOTP_SECRET_BYTES], struct fg_error *error);
/* RFC 4648 base 32, without padding. */
void fg_totp_secret_text(const uint8_t secret[FG_TOTP_SECRET_BYTES], char ret_text[FG_TOTP_SECRET_TEXT]);
/* What authenticator programs read from a QR code; user has only letters, digits, '.', '_' and '-'. */
void fg_totp_uri(const char *user, const uint8_t secret[FG_TOTP_SECRET_BYTES],
                 char ret_uri[FG_TOTP_URI_TEXT]);

/* The code of one step (RFC 4226), below ten to the power of digits (1 to 9). */
uint32_t fg_totp_code(const uint8_t *secret, size_t secret_length, uint64_t step, unsigned digits);

/* Is text the code of a step around now that is later than last_step? Then *ret_step is that step, which the
 * caller keeps as the last one: a code is good once. Takes the same time for every text of six digits. */
bool fg_totp_fits(const uint8_t secret[FG_TOTP_SECRET_BYTES], const char *text, int64_t now_ms,
                  int64_t last_step, int64_t *ret_step);

#endif
