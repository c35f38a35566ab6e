/* Buckets: the rows of the list whose codes hash alike, as bytes (PROTOCOL.md 3).
 *
 * Bucket bytes are rows in strictly rising code order, each a 16-bit little-endian length and the bytes of an
 * FgRow message that begins with its code. Not: the digests over buckets (tree.h). Relies on: row.h. Pure
 * functions; any thread. */
#ifndef FG_PROTO_LIST_BUCKET_H
#define FG_PROTO_LIST_BUCKET_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_BUCKET_BYTES_MAX 65536
#define FG_BUCKET_BITS_MAX 24

/* The bucket of a code: the first bits (0 to 24) of SHA-256(code's text), as a number. */
uint32_t fg_bucket_of(const char *code, size_t code_length, uint8_t bits);

/* Order of codes: memcmp, a prefix before the longer code. Negative, 0 or positive. */
int fg_bucket_compare(const char *a, size_t a_length, const char *b, size_t b_length);

/* One row inside bucket bytes; the pointers point into them. */
struct fg_bucket_row {
    const uint8_t *bytes;
    size_t length;
    const char *code; /* not NUL-terminated */
    size_t code_length;
};

/* Takes the row at *at and moves *at behind it. FG_E_NOT_FOUND at the end, FG_E_FORMAT when the bytes do not
 * hold a row there. Does not test order. */
enum fg_err fg_bucket_next(const uint8_t *bytes, size_t length, size_t *at, struct fg_bucket_row *ret_row,
                           struct fg_error *error);

/* Appends row bytes to a bucket of *length bytes. FG_E_SIZE when capacity or FG_BUCKET_BYTES_MAX is passed,
 * FG_E_FORMAT when the row does not begin with a code. The caller keeps the order. */
enum fg_err fg_bucket_append(uint8_t *bucket, size_t capacity, size_t *length, const uint8_t *row,
                             size_t row_length, struct fg_error *error);

/* Tests a whole bucket: every row parses, the order rises strictly, every code belongs to bucket index of
 * 2^bits. FG_E_FORMAT, FG_E_RANGE or FG_E_SIZE names the row. */
enum fg_err fg_bucket_check(const uint8_t *bytes, size_t length, uint32_t index, uint8_t bits,
                            uint32_t *ret_rows, struct fg_error *error);

/* Looks for a code in bucket bytes that have been proven. FG_E_NOT_FOUND: not there. *ret_rows (may be NULL)
 * is the number of rows, set also when the code is not there. */
enum fg_err fg_bucket_find(const uint8_t *bytes, size_t length, const struct fg_code *code,
                           struct fg_row *ret_row, uint32_t *ret_rows, struct fg_error *error);

#endif
