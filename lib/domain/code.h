/* The names of a cylinder as text: its registration code, and the UID of its tag in hex.
 *
 * Not: what a tag holds (tag.h). Relies on: types.h. Pure functions, any thread. */
#ifndef FG_LIB_DOMAIN_CODE_H
#define FG_LIB_DOMAIN_CODE_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_UID_TEXT_MAX (2 * FG_UID_MAX)

/* 1 to FG_CODE_MAX characters of 0-9 A-Z -; anything else is FG_E_FORMAT (small letters too: two spellings of
 * one code would be two cylinders). */
enum fg_err fg_code_parse(const char *text, struct fg_code *ret_code, struct fg_error *error);

/* The same for length characters that need not end with a NUL. */
enum fg_err fg_code_parse_bytes(const void *bytes, size_t length, struct fg_code *ret_code,
                                struct fg_error *error);

/* Upper-case hex without separators; "" when there is no UID. */
void fg_uid_format(const struct fg_uid *uid, char ret_text[FG_UID_TEXT_MAX + 1]);

/* Hex of 4, 7 or 10 bytes (ISO 14443-3A) in either case, as programs and people write it: with or without one
 * colon, dash or blank between bytes, blanks around it. FG_E_FORMAT otherwise. */
enum fg_err fg_uid_parse(const char *text, struct fg_uid *ret_uid, struct fg_error *error);

/* Is this a UID that one tag keeps? Not so: another length than 4, 7 or 10; one that begins with 08, which
 * ISO 14443-3A gives to random UIDs (phones, some passports and bank cards: another at each tap), or with the
 * cascade tag 88; all bytes 00 or all FF (blank or broken chips). What it is false for can be signed by
 * nobody and is nobody's card. */
bool fg_uid_is_lasting(const struct fg_uid *uid);

/* As fg_uid_parse, and FG_E_RANGE for one that names no tag. */
enum fg_err fg_uid_parse_lasting(const char *text, struct fg_uid *ret_uid, struct fg_error *error);

#endif
