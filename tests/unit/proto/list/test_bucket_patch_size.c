/* A patch is as small as it can be: what a change of a row costs, by known answers. Whoever pays for each
 * byte over a mobile line notices when it is not. */
#include <string.h>

#include "proto/list/bucket_patch.h"
#include "proto/list/row.h"
#include "tests/lib/check.h"

static struct fg_error error;
static struct fg_bucket_patch_counts counts;

static size_t add_row(uint8_t *bucket, size_t length, const char *code, const char *rest)
{
    uint8_t row[FG_ROW_BYTES_MAX];
    size_t at = 0;

    row[at++] = 0x0a;
    row[at++] = (uint8_t)strlen(code);
    memcpy(row + at, code, strlen(code));
    at += strlen(code);
    memcpy(row + at, rest, strlen(rest));
    at += strlen(rest);
    CHECK_OK(fg_bucket_append(bucket, FG_BUCKET_BYTES_MAX, &length, row, at, &error), &error);
    return length;
}

/* Bytes of the patch between two buckets, which leads to the second one. */
static size_t patch_between(const uint8_t *from, size_t from_length, const uint8_t *to, size_t to_length)
{
    static uint8_t patch[FG_BUCKET_PATCH_MAX];
    static uint8_t made[FG_BUCKET_BYTES_MAX];
    size_t length = 0;
    size_t made_length = 0;

    memset(&counts, 0, sizeof(counts));
    CHECK_OK(fg_bucket_patch_make(from, from_length, to, to_length, patch, sizeof(patch), &length, &counts,
                                  &error),
             &error);
    CHECK_OK(
        fg_bucket_patch_apply(from, from_length, patch, length, made, sizeof(made), &made_length, &error),
        &error);
    CHECK_INT(made_length, to_length);
    CHECK_BYTES(made, to, to_length);
    return length;
}

TEST("each change of a row costs what is new in it, three bytes a place and one for the row")
{
    static const struct {
        const char *from;
        const char *to;
        size_t bytes;
    } cases[] = {
        {"abcdefghij", "abcdefghij", 0},
        {"abcdefghij", "abcXefghij", 1 + 3 + 1},
        {"abcdefghij", "abcdefghiX", 1 + 3 + 1},
        {"abcdefghij", "Xbcdefghij", 1 + 3 + 1},
        {"abcdefghij", "abcXXfghij", 1 + 3 + 2},
        {"abcdefghij", "abcefghij", 1 + 3},            /* one byte less */
        {"abcdefghij", "abcghij", 1 + 3},              /* three bytes less */
        {"abcdefghij", "abcXdefghij", 1 + 3 + 1},      /* one byte more */
        {"abcdefghij", "abcdefghijXYZ", 1 + 3 + 3},    /* at the end */
        {"abcdefghij", "aXcYefghij", 1 + 3 + 3},       /* one place: a byte between is sent again */
        {"abcdefghij", "aXcdYfghij", 1 + 3 + 4},       /* one place: two bytes between */
        {"abcdefghij", "aXcdeYghij", 1 + 2 * (3 + 1)}, /* as dear either way */
        {"abcdefghij", "aXcdefYhij", 1 + 2 * (3 + 1)}, /* two places: four bytes between */
        {"abcdefghijklmnop", "aXcdefgYijklmnZp", 1 + 3 * (3 + 1)},
        {"abcdefghijklmnop", "acdefghijklmnXop", 1 + 3 + 3 + 1}, /* one away, one come */
        {"abcdefghijklmnop", "abcdWXYZefghiklmnop", 1 + 3 + 4 + 3},
        {"aaaaaaaaaa", "aaaaaaaaa", 1 + 3},
        {"abababab", "babababa", 1 + 2 * 3 + 1}, /* shifted: one away before, one come behind */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t from[256];
        uint8_t to[256];
        size_t from_length = add_row(from, 0, "A", cases[i].from);
        size_t to_length = add_row(to, 0, "A", cases[i].to);
        size_t bytes = patch_between(from, from_length, to, to_length);

        if (bytes != cases[i].bytes)
            fg_test_fail(__FILE__, __LINE__, "%s to %s: %zu bytes in place of %zu", cases[i].from,
                         cases[i].to, bytes, cases[i].bytes);
        CHECK_INT(counts.changed_rows, cases[i].bytes > 0);
        CHECK_INT(counts.changed_bytes, bytes);
    }
}

TEST("a new row is sent as what differs from the row before it, or whole when that is less")
{
    uint8_t from[256];
    uint8_t to[256];
    size_t from_length = add_row(from, 0, "A", "abcdefghij");
    size_t to_length = add_row(to, 0, "A", "abcdefghij");

    to_length = add_row(to, to_length, "B", "abcdefghij");
    CHECK_INT(patch_between(from, from_length, to, to_length), 1 + 3 + 1);
    CHECK_INT(counts.inserted_rows, 1);
    CHECK_INT(counts.inserted_bytes, 5);
    to_length = add_row(to, add_row(to, 0, "A", "abcdefghij"), "B", "ZYXW");
    CHECK_INT(patch_between(from, from_length, to, to_length), 1 + 1 + 7);
    to_length = add_row(to, 0, "0", "abcdefghij"); /* before all others: near the first old one */
    to_length = add_row(to, to_length, "A", "abcdefghij");
    CHECK_INT(patch_between(from, from_length, to, to_length), 1 + 3 + 1);
    to_length = add_row(to, 0, "B", "q");
    CHECK_INT(patch_between(from, 0, to, to_length), 1 + 1 + 4);
    CHECK_INT(patch_between(from, from_length, to, 0), 1);
    CHECK_INT(counts.deleted_rows, 1);
    CHECK_INT(counts.deleted_bytes, 1);
}

TEST("rows that stay cost nothing, and one byte more where 32 of them are passed over")
{
    static uint8_t from[FG_BUCKET_BYTES_MAX];
    static uint8_t to[FG_BUCKET_BYTES_MAX];

    for (unsigned rows = 30; rows < 35; rows++) {
        size_t from_length = 0;
        size_t to_length = 0;
        char code[3] = "";

        for (unsigned i = 0; i <= rows; i++) {
            code[0] = (char)('A' + i / 10);
            code[1] = (char)('0' + i % 10);
            from_length = add_row(from, from_length, code, "abc");
            to_length = add_row(to, to_length, code, i == rows ? "abX" : "abc");
        }
        CHECK_INT(patch_between(from, from_length, to, to_length), (rows < 32 ? 1 : 2) + 3 + 1);
        CHECK_INT(counts.changed_rows, 1);
    }
}
