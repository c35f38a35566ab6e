/* The wire form of one row of the list (message FgRow of list.proto).
 *
 * Not: buckets of rows (bucket.h), which rows may be filled (firmware/core). Relies on: nanopb. Pure
 * functions; any thread. Row bytes that the bureau signed are kept and hashed as they are, never encoded
 * anew. */
#ifndef FG_PROTO_LIST_ROW_H
#define FG_PROTO_LIST_ROW_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_ROW_BYTES_MAX 512
#define FG_DAY_MAX 2932896 /* 9999-12-31 */

/* 1 to FG_CODE_MAX characters of 0-9 A-Z -. text need not be NUL-terminated. */
bool fg_row_code_is_valid(const char *text, size_t length);

/* FG_E_RANGE names the first field of *row that no row may have: a bad code, an unknown state or medium, a
 * uid that is not 0, 4, 7 or 10 bytes long, a date beyond year 9999, a string without an end. State and
 * medium may be 0 here (unknown); the rules refuse such a cylinder. */
enum fg_err fg_row_check(const struct fg_row *row, struct fg_error *error);

/* Writes *row, code first. FG_E_RANGE as fg_row_check, FG_E_SIZE when capacity is too small
 * (FG_ROW_BYTES_MAX is always enough). */
enum fg_err fg_row_encode(const struct fg_row *row, uint8_t *buffer, size_t capacity, size_t *ret_length,
                          struct fg_error *error);

/* Parses and checks length bytes. Unknown fields are passed over. FG_E_FORMAT, FG_E_RANGE, FG_E_SIZE. */
enum fg_err fg_row_decode(const uint8_t *bytes, size_t length, struct fg_row *ret_row,
                          struct fg_error *error);

#endif
