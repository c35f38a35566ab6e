/* Passwords of the people who use the bureau's pages: what a good one is, and its Argon2id hash (RFC 9106).
 *
 * The hash is a PHC text that carries its own cost (19 MiB, 2 passes, 1 lane at least; a stored one that asks
 * for much more is refused, so that an altered database cannot take the memory). At most two are computed at
 * a time in a process, and one of the two places is kept for browsers that are known, so that a flood of
 * strangers takes neither the memory nor the way in. Not: who has which password (user.h). Relies on:
 * libargon2. Any thread. */
#ifndef FG_HOST_BUREAU_USER_PASSWORD_H
#define FG_HOST_BUREAU_USER_PASSWORD_H

#include "lib/base/err.h"

#define FG_PASSWORD_LETTERS_MIN 12
#define FG_PASSWORD_BYTES_MAX 256
#define FG_PASSWORD_HASH_TEXT 128    /* with the NUL */
#define FG_PASSWORD_ONE_TIME_TEXT 24 /* four groups of five, with the NUL */

/* Who waits for a place: strangers share one, browsers that signed in before have the other as well. */
enum fg_password_lane { FG_PASSWORD_STRANGER, FG_PASSWORD_KNOWN };

/* Is it good enough for this user? At least 12 letters (characters, not bytes), at most 256 bytes, not the
 * user's name with something around, not a well-known one, not a few characters over and over. FG_E_RANGE
 * says what is wrong, and never the password. */
enum fg_err fg_password_check(const char *password, const char *user, struct fg_error *error);

/* FG_E_BUSY: others are being computed and none ended in five seconds; FG_E_SIZE, FG_E_MEMORY, FG_E_IO (no
 * randomness). */
enum fg_err fg_password_hash(const char *password, enum fg_password_lane lane,
                             char ret_hash[FG_PASSWORD_HASH_TEXT], struct fg_error *error);

/* Does it fit? hash NULL or "" does the same work for nobody's password, so that time does not tell who is a
 * user. FG_E_AUTH: it does not; FG_E_BUSY as above; FG_E_CORRUPT: the hash is none of ours. */
enum fg_err fg_password_verify(const char *hash, const char *password, enum fg_password_lane lane,
                               struct fg_error *error);

/* One to sign in with once: 100 random bits in letters that are not mistaken for each other. Wipe it. */
enum fg_err fg_password_one_time(char ret_password[FG_PASSWORD_ONE_TIME_TEXT], struct fg_error *error);

#endif
