/* An operator's PIN and what it is checked against: PBKDF2-HMAC-SHA256 over the PIN with a salt (RFC 8018).
 *
 * Six to twelve digits can be searched by whoever holds the signed list; rounds make that slow, not
 * impossible: a card is the better proof, and wrong tries at the point are counted by its controller
 * (firmware/controller). Not: who may sign in. Relies on: types.h, mbedTLS. Any thread, no global state. */
#ifndef FG_LIB_CRYPTO_PIN_H
#define FG_LIB_CRYPTO_PIN_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_PIN_DIGITS_MIN 6
#define FG_PIN_DIGITS_MAX 12
#define FG_PIN_ROUNDS 20000      /* of new PINs */
#define FG_PIN_ROUNDS_MAX 200000 /* a list that asks for more is refused */

/* The digest itself: PBKDF2-HMAC-SHA256 of a secret of any bytes with any salt, 32 bytes long. FG_E_RANGE:
 * not 1 to FG_PIN_ROUNDS_MAX rounds; FG_E_MEMORY. */
enum fg_err fg_pin_derive(const void *secret, size_t secret_length, const void *salt, size_t salt_length,
                          uint32_t rounds, uint8_t ret_digest[FG_PIN_DIGEST_BYTES], struct fg_error *error);

/* Draws a salt and sets pin_rounds, pin_salt and pin_digest. FG_E_FORMAT: not FG_PIN_DIGITS_MIN to _MAX
 * decimal digits; FG_E_IO: no randomness; FG_E_MEMORY. */
enum fg_err fg_pin_set(struct fg_operator *person, const char *pin, struct fg_error *error);

/* Does the PIN fit? Takes the same time for every PIN of the same rounds; false when the operator has none.
 */
bool fg_pin_fits(const struct fg_operator *person, const char *pin);

#endif
