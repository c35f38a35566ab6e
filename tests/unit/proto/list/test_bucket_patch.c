/* Patches on buckets, byte by byte: what each operation does, and what is refused. */
#include <string.h>

#include "lib/base/varint.h"
#include "proto/list/bucket_patch.h"
#include "proto/list/row.h"
#include "tests/lib/check.h"

static struct fg_error error;
static uint8_t made[FG_BUCKET_BYTES_MAX];
static size_t made_length;

/* Rows of the codes A, C and E. */
static const uint8_t ace[] = {5, 0, 0x0a, 1, 'A', 0x18, 1, 5, 0, 0x0a, 1, 'C', 0x18, 1, 3, 0, 0x0a, 1, 'E'};

static enum fg_err apply(const uint8_t *patch, size_t length)
{
    return fg_bucket_patch_apply(ace, sizeof(ace), patch, length, made, sizeof(made), &made_length, &error);
}

#define PATCH(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define CHECK_MADE(...)                                                                                      \
    do {                                                                                                     \
        static const uint8_t expected[] = {__VA_ARGS__};                                                     \
        CHECK_INT(made_length, sizeof(expected));                                                            \
        CHECK_BYTES(made, expected, sizeof(expected));                                                       \
    } while (0)

TEST("an empty patch changes nothing")
{
    CHECK_OK(apply(ace, 0), &error);
    CHECK_INT(made_length, sizeof(ace));
    CHECK_BYTES(made, ace, sizeof(ace));
}

TEST("a change, an insertion, a deletion and an insertion near another row, with known bytes")
{
    /* One row over; in C keep 4 bytes, remove 1, insert 02. */
    CHECK_OK(apply(PATCH(1 << 2 | 0, 4 << 1, 1, 1, 2)), &error);
    CHECK_MADE(5, 0, 0x0a, 1, 'A', 0x18, 1, 5, 0, 0x0a, 1, 'C', 0x18, 2, 3, 0, 0x0a, 1, 'E');
    CHECK_OK(apply(PATCH(1 << 2 | 1, 3, 0x0a, 1, 'B')), &error);
    CHECK_MADE(5, 0, 0x0a, 1, 'A', 0x18, 1, 3, 0, 0x0a, 1, 'B', 5, 0, 0x0a, 1, 'C', 0x18, 1, 3, 0, 0x0a, 1,
               'E');
    CHECK_OK(apply(PATCH(0 << 2 | 2, 1 << 2 | 2)), &error);
    CHECK_MADE(5, 0, 0x0a, 1, 'C', 0x18, 1);
    /* Near A: keep 2, another code, keep the rest; before any row: near the next old one. */
    CHECK_OK(apply(PATCH(1 << 2 | 3, 2 << 1, 1, 1, 'B', 0 << 2 | 2, 0 << 2 | 2)), &error);
    CHECK_MADE(5, 0, 0x0a, 1, 'A', 0x18, 1, 5, 0, 0x0a, 1, 'B', 0x18, 1);
    CHECK_OK(apply(PATCH(0 << 2 | 3, 2 << 1, 1, 1, '9', 2, 2, 2)), &error);
    CHECK_MADE(5, 0, 0x0a, 1, '9', 0x18, 1);
    /* Two hunks in one row. */
    CHECK_OK(apply(PATCH(0 << 2 | 0, 2 << 1 | 1, 1, 1, 'B', 1 << 1, 1, 1, 3)), &error);
    CHECK_MADE(5, 0, 0x0a, 1, 'B', 0x18, 3, 5, 0, 0x0a, 1, 'C', 0x18, 1, 3, 0, 0x0a, 1, 'E');
}

TEST("BAD-INPUT-IS-SAFE: patches that do not fit the bucket are refused")
{
    uint8_t many[1200];

    CHECK_INT(apply(PATCH(0x80)), FG_E_FORMAT);
    CHECK_INT(apply(PATCH(0x80, 0x80, 0x80, 0x80, 0x80, 1)), FG_E_FORMAT);
    CHECK_INT(apply(PATCH(0xff, 0xff, 0xff, 0xff, 0x1f)), FG_E_FORMAT);
    CHECK_INT(apply(PATCH(4 << 2 | 2)), FG_E_FORMAT);
    CHECK_INT(apply(PATCH(3 << 2 | 2)), FG_E_FORMAT);
    CHECK_INT(apply(PATCH(3 << 2 | 0, 0, 0, 0)), FG_E_FORMAT);
    CHECK_INT(apply(PATCH(0 << 2 | 0, 6 << 1, 0, 0)), FG_E_FORMAT);
    CHECK_INT(apply(PATCH(0 << 2 | 0, 5 << 1, 1, 0)), FG_E_FORMAT);
    CHECK_INT(apply(PATCH(0 << 2 | 0, 0, 0, 1)), FG_E_FORMAT);
    CHECK_INT(apply(PATCH(0 << 2 | 0, 0 << 1 | 1, 0, 0)), FG_E_FORMAT);
    CHECK_INT(apply(PATCH(0 << 2 | 1, 4, 0x0a, 1, 'B')), FG_E_FORMAT);
    CHECK_INT(apply(PATCH(0 << 2 | 1, 2, 0x0a, 1)), FG_E_FORMAT);
    CHECK_INT(apply(PATCH(0 << 2 | 0, 0, 5, 0)), FG_E_FORMAT); /* an empty row has no code */
    /* On an empty bucket there is nothing to be near to. */
    CHECK_INT(fg_bucket_patch_apply(ace, 0, PATCH(3, 0, 0, 0), made, sizeof(made), &made_length, &error),
              FG_E_FORMAT);
    memset(many, 'x', sizeof(many));
    memcpy(many, (const uint8_t[]){0, 10, 0, 0x90, 0x08}, 5); /* inserts 1,040 bytes */
    CHECK_INT(apply(many, sizeof(many)), FG_E_SIZE);
    CHECK_INT(fg_bucket_patch_apply(ace, sizeof(ace), many, 0, made, 10, &made_length, &error), FG_E_SIZE);
}

/* A row of a code and length bytes of field 20. */
static void add_row(uint8_t *bucket, size_t *length, const char *code, size_t text_length, char filler)
{
    uint8_t row[FG_ROW_BYTES_MAX];
    size_t at = 0;

    row[at++] = 0x0a;
    row[at++] = (uint8_t)strlen(code);
    memcpy(row + at, code, strlen(code));
    at += strlen(code);
    for (size_t i = 0; i < text_length; i++)
        row[at++] = (uint8_t)(filler + (int)(i * i % 7));
    CHECK_OK(fg_bucket_append(bucket, FG_BUCKET_BYTES_MAX, length, row, at, &error), &error);
}

static void check_way(const uint8_t *from, size_t from_length, const uint8_t *to, size_t to_length,
                      struct fg_bucket_patch_counts *counts)
{
    static uint8_t patch[FG_BUCKET_PATCH_MAX];
    size_t length;

    memset(counts, 0, sizeof(*counts));
    CHECK_OK(
        fg_bucket_patch_make(from, from_length, to, to_length, patch, sizeof(patch), &length, counts, &error),
        &error);
    CHECK_OK(
        fg_bucket_patch_apply(from, from_length, patch, length, made, sizeof(made), &made_length, &error),
        &error);
    CHECK_INT(made_length, to_length);
    CHECK_BYTES(made, to, to_length);
    CHECK_INT(length, counts->changed_bytes + counts->inserted_bytes + counts->deleted_bytes);
}

TEST("patches between full buckets of the longest rows, of the shortest, and of nothing in common")
{
    static uint8_t large[FG_BUCKET_BYTES_MAX];
    static uint8_t other[FG_BUCKET_BYTES_MAX];
    static uint8_t small[FG_BUCKET_BYTES_MAX];
    struct fg_bucket_patch_counts counts;
    size_t large_length = 0;
    size_t other_length = 0;
    size_t small_length = 0;
    char code[8] = "A0";

    for (int i = 0; i < 100; i++) {
        code[0] = (char)('A' + i / 10);
        code[1] = (char)('0' + i % 10);
        add_row(large, &large_length, code, FG_ROW_BYTES_MAX - 4, 'a');
        add_row(other, &other_length, code, FG_ROW_BYTES_MAX - 4, i % 3 == 0 ? 'A' : 'a');
        if (i % 2 == 0)
            add_row(small, &small_length, code, 0, 'a');
    }
    check_way(large, large_length, other, other_length, &counts);
    CHECK_INT(counts.changed_rows, 34);
    check_way(large, large_length, small, small_length, &counts);
    CHECK_INT(counts.deleted_rows, 50);
    CHECK_INT(counts.changed_rows, 50);
    check_way(small, small_length, large, large_length, &counts);
    check_way(large, large_length, ace, 0, &counts);
    check_way(ace, 0, large, large_length, &counts);
    CHECK_INT(counts.inserted_rows, 100);
    CHECK(counts.inserted_bytes < large_length / 10); /* they are alike */
    check_way(ace, sizeof(ace), ace, sizeof(ace), &counts);
    CHECK_INT(counts.changed_rows + counts.inserted_rows + counts.deleted_rows, 0);
}

TEST("a patch is not made into too little room, nor from what is no bucket")
{
    static const uint8_t broken[] = {9, 0, 1};
    struct fg_bucket_patch_counts counts = {0};
    uint8_t patch[4];
    size_t length;

    CHECK_INT(fg_bucket_patch_make(ace, 0, ace, sizeof(ace), patch, sizeof(patch), &length, &counts, &error),
              FG_E_SIZE);
    CHECK_INT(fg_bucket_patch_make(ace, 0, ace, sizeof(ace), patch, 0, &length, &counts, &error), FG_E_SIZE);
    CHECK_INT(fg_bucket_patch_make(broken, 3, ace, sizeof(ace), patch, 4, &length, &counts, &error),
              FG_E_FORMAT);
    CHECK_INT(fg_bucket_patch_make(ace, sizeof(ace), broken, 3, patch, 4, &length, &counts, &error),
              FG_E_FORMAT);
}

TEST("numbers keep their value in as few bytes as they need")
{
    static const uint32_t values[] = {0, 1, 127, 128, 16383, 16384, 2097151, 2097152, UINT32_MAX};
    static const size_t lengths[] = {1, 1, 1, 2, 2, 3, 3, 4, 5};
    uint8_t bytes[FG_VARINT_BYTES_MAX];

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        uint32_t value = 7;
        size_t at = 0;

        CHECK_INT(fg_varint_put(bytes, sizeof(bytes), values[i]), lengths[i]);
        CHECK_INT(fg_varint_put(bytes, lengths[i] - 1, values[i]), 0);
        CHECK_INT(fg_varint_put(bytes, sizeof(bytes), values[i]), lengths[i]);
        CHECK(!fg_varint_get(bytes, lengths[i] - 1, &at, &value));
        CHECK_INT(at, 0);
        CHECK(fg_varint_get(bytes, sizeof(bytes), &at, &value));
        CHECK_INT(value, values[i]);
        CHECK_INT(at, lengths[i]);
    }
}
