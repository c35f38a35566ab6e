/* Implementation of bucket.h: walking over length-prefixed rows. */
#include "proto/list/bucket.h"

#include <assert.h>
#include <string.h>

#include "lib/crypto/sign.h"
#include "proto/list/row.h"

#define LENGTH_BYTES 2
#define CODE_KEY 0x0a /* protobuf key of field 1, length-delimited */

uint32_t fg_bucket_of(const char *code, size_t code_length, uint8_t bits)
{
    struct fg_digest digest;
    uint32_t first;

    assert(bits <= FG_BUCKET_BITS_MAX);
    fg_sha256(code, code_length, &digest);
    first = (uint32_t)digest.bytes[0] << 24 | (uint32_t)digest.bytes[1] << 16 |
            (uint32_t)digest.bytes[2] << 8 | digest.bytes[3];
    return bits == 0 ? 0 : first >> (32 - bits);
}

int fg_bucket_compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

    if (order != 0)
        return order;
    return (a_length > b_length) - (a_length < b_length);
}

static bool find_code(const uint8_t *row, size_t length, struct fg_bucket_row *ret_row)
{
    if (length < 3 || row[0] != CODE_KEY || row[1] > length - 2)
        return false;
    if (!fg_row_code_is_valid((const char *)row + 2, row[1]))
        return false;
    ret_row->bytes = row;
    ret_row->length = length;
    ret_row->code = (const char *)row + 2;
    ret_row->code_length = row[1];
    return true;
}

enum fg_err fg_bucket_next(const uint8_t *bytes, size_t length, size_t *at, struct fg_bucket_row *ret_row,
                           struct fg_error *error)
{
    size_t row_length;

    if (*at == length)
        return fg_fail(error, FG_E_NOT_FOUND, "bucket: no further row");
    if (length - *at < LENGTH_BYTES)
        return fg_fail(error, FG_E_FORMAT, "bucket: cut off in a row's length at byte %zu", *at);
    row_length = (size_t)bytes[*at] | (size_t)bytes[*at + 1] << 8;
    if (row_length > length - *at - LENGTH_BYTES || row_length > FG_ROW_BYTES_MAX)
        return fg_fail(error, FG_E_FORMAT, "bucket: row at byte %zu claims %zu bytes", *at, row_length);
    if (!find_code(bytes + *at + LENGTH_BYTES, row_length, ret_row))
        return fg_fail(error, FG_E_FORMAT, "bucket: row at byte %zu does not begin with a code", *at);
    *at += LENGTH_BYTES + row_length;
    return FG_OK;
}

enum fg_err fg_bucket_append(uint8_t *bucket, size_t capacity, size_t *length, const uint8_t *row,
                             size_t row_length, struct fg_error *error)
{
    struct fg_bucket_row parsed;
    size_t most = capacity < FG_BUCKET_BYTES_MAX ? capacity : FG_BUCKET_BYTES_MAX;

    if (row_length > FG_ROW_BYTES_MAX || !find_code(row, row_length, &parsed))
        return fg_fail(error, FG_E_FORMAT, "bucket: a row must begin with its code and be at most %d bytes",
                       FG_ROW_BYTES_MAX);
    if (*length > most || most - *length < LENGTH_BYTES + row_length)
        return fg_fail(error, FG_E_SIZE, "bucket: more than %zu bytes; use more bucket bits", most);
    bucket[*length] = (uint8_t)(row_length & 0xff);
    bucket[*length + 1] = (uint8_t)(row_length >> 8);
    memcpy(bucket + *length + LENGTH_BYTES, row, row_length);
    *length += LENGTH_BYTES + row_length;
    return FG_OK;
}

enum fg_err fg_bucket_check(const uint8_t *bytes, size_t length, uint32_t index, uint8_t bits,
                            uint32_t *ret_rows, struct fg_error *error)
{
    struct fg_bucket_row row;
    struct fg_bucket_row previous = {0};
    struct fg_row parsed;
    uint32_t rows = 0;
    size_t at = 0;
    enum fg_err result;

    if (length > FG_BUCKET_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "bucket %u: %zu bytes, at most %d are allowed", index, length,
                       FG_BUCKET_BYTES_MAX);
    while ((result = fg_bucket_next(bytes, length, &at, &row, error)) == FG_OK) {
        if (rows > 0 &&
            fg_bucket_compare(previous.code, previous.code_length, row.code, row.code_length) >= 0)
            return fg_fail(error, FG_E_FORMAT, "bucket %u: row %.*s is out of order", index,
                           (int)row.code_length, row.code);
        if (fg_bucket_of(row.code, row.code_length, bits) != index)
            return fg_fail(error, FG_E_FORMAT, "bucket %u: row %.*s belongs to another bucket", index,
                           (int)row.code_length, row.code);
        result = fg_row_decode(row.bytes, row.length, &parsed, error);
        if (result != FG_OK)
            return fg_fail_in(error, result, "bucket %u: row %.*s: ", index, (int)row.code_length, row.code);
        /* A second field 1 would win in protobuf, and the row would then answer for another code. */
        if (fg_bucket_compare(parsed.code.text, strlen(parsed.code.text), row.code, row.code_length) != 0)
            return fg_fail(error, FG_E_FORMAT, "bucket %u: row %.*s names two codes", index,
                           (int)row.code_length, row.code);
        previous = row;
        rows++;
    }
    if (result != FG_E_NOT_FOUND)
        return fg_fail_in(error, result, "bucket %u: ", index);
    *ret_rows = rows;
    return FG_OK;
}

enum fg_err fg_bucket_find(const uint8_t *bytes, size_t length, const struct fg_code *code,
                           struct fg_row *ret_row, uint32_t *ret_rows, struct fg_error *error)
{
    size_t code_length = strnlen(code->text, sizeof(code->text));
    struct fg_bucket_row row;
    struct fg_bucket_row found = {0};
    uint32_t rows = 0;
    size_t at = 0;
    enum fg_err result;

    while ((result = fg_bucket_next(bytes, length, &at, &row, error)) == FG_OK) {
        rows++;
        if (fg_bucket_compare(row.code, row.code_length, code->text, code_length) == 0)
            found = row;
    }
    if (result != FG_E_NOT_FOUND)
        return result;
    if (ret_rows != NULL)
        *ret_rows = rows;
    if (found.bytes == NULL)
        return fg_fail(error, FG_E_NOT_FOUND, "%s is not on the list", code->text);
    return fg_row_decode(found.bytes, found.length, ret_row, error);
}
