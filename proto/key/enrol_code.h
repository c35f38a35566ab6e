/* The one-time code with which a device joins: how a person writes it, and the key that it stands for.
 *
 * The code itself never travels and is kept nowhere. A P-256 key follows from its digits; the device signs
 * its request with it, the bureau keeps the public half. So whoever carries the request learns nothing, and
 * whoever reads the bureau's database cannot join in the device's place. Not: who may have a code (the
 * bureau). Relies on: sign.h. Any thread. */
#ifndef FG_PROTO_KEY_ENROL_CODE_H
#define FG_PROTO_KEY_ENROL_CODE_H

#include "lib/crypto/sign.h"

#define FG_ONE_TIME_CODE_TEXT 24 /* "XXXXX-XXXXX-XXXXX-XXXXX" and its NUL: 100 random bits */

/* A code and its key. FG_E_IO: no random numbers. The caller wipes both. */
enum fg_err fg_enrol_code_new(char ret_code[FG_ONE_TIME_CODE_TEXT], struct fg_private_key *ret_key,
                              struct fg_error *error);

/* The key of a code as a person types it: 20 digits of Crockford's base 32 in any case, O for 0, I and L for
 * 1, dashes and blanks anywhere. The scalar is SHA-256("fillgate enrol code v1" || 00 || the 20 upper-case
 * digits). FG_E_FORMAT: it does not read as a code. The caller wipes the key. */
enum fg_err fg_enrol_code_key(const char *text, struct fg_private_key *ret_key, struct fg_error *error);

#endif
