/* Rows, buckets, the tree and manifests as bytes. */
#include <stdio.h>
#include <string.h>

#include "proto/bucket.h"
#include "proto/manifest.h"
#include "proto/row.h"
#include "proto/tree.h"
#include "tests/lib/check.h"
#include "tests/lib/list_fixture.h"

static struct fg_error error;

static struct fg_row full_row(void)
{
    struct fg_row row = {
        .code = fg_fixture_code("HZ-CNG-000001"),
        .uid = {7, {4, 1, 2, 3, 4, 5, 6}},
        .state = FG_CYLINDER_SUSPENDED,
        .medium = FG_MEDIUM_LPG,
        .first_fill_pending = true,
        .nominal_pressure_kpa = 2100,
        .water_capacity_dl = 355,
        .tare_g = 16400,
        .maximum_fill_g = 14500,
        .inspection_due_day = 21000,
        .end_of_life_day = FG_DAY_MAX,
        .owner = "HZGAS",
        .plate = "\xe6\xb5\x99"
                 "E12345",
        .other_count = 2,
    };

    row.others[0] = fg_fixture_code("A");
    row.others[1] = fg_fixture_code("B-2");
    return row;
}

static size_t encode(const struct fg_row *row, uint8_t bytes[FG_ROW_BYTES_MAX])
{
    size_t length = 0;

    CHECK_OK(fg_row_encode(row, bytes, FG_ROW_BYTES_MAX, &length, &error), &error);
    return length;
}

static struct fg_manifest manifest_of_one(void)
{
    struct fg_manifest manifest = {.list_id = "city",
                                   .version = 7,
                                   .bucket_bits = 3,
                                   .row_count = 2,
                                   .body_bytes = 200,
                                   .issued_ms = 1000,
                                   .expires_ms = 2000,
                                   .rules = {.station = "S1",
                                             .media_count = 1,
                                             .media = {FG_MEDIUM_CNG},
                                             .pre_check_count = 1,
                                             .pre_checks = {"leak_test"},
                                             .identity_min = FG_IDENTITY_QR}};
    memset(&manifest.root, 0x5a, sizeof(manifest.root));
    return manifest;
}

TEST("a row survives encoding and begins with its code")
{
    struct fg_row row = full_row();
    struct fg_row again;
    uint8_t bytes[FG_ROW_BYTES_MAX];
    size_t length = encode(&row, bytes);

    CHECK_BYTES(bytes, "\x0a\x0dHZ-CNG-000001", 15);
    CHECK_OK(fg_row_decode(bytes, length, &again, &error), &error);
    CHECK_BYTES(&again, &row, sizeof(row));
    CHECK_INT(fg_row_encode(&row, bytes, 20, &length, &error), FG_E_SIZE);
}

TEST("the largest row fits the bound")
{
    struct fg_row row = full_row();
    uint8_t bytes[FG_ROW_BYTES_MAX];

    memset(row.owner, 'x', FG_NAME_MAX);
    memset(row.plate, 'x', FG_PLATE_MAX);
    memset(row.code.text, 'X', FG_CODE_MAX);
    row.uid.length = 10;
    row.nominal_pressure_kpa = row.water_capacity_dl = row.tare_g = row.maximum_fill_g = UINT32_MAX;
    row.other_count = FG_VEHICLE_OTHERS_MAX;
    for (int i = 0; i < FG_VEHICLE_OTHERS_MAX; i++)
        memset(row.others[i].text, 'Y', FG_CODE_MAX);
    CHECK(encode(&row, bytes) < FG_ROW_BYTES_MAX);
}

TEST("BAD-INPUT-IS-SAFE: rows with impossible fields are refused by the field's name")
{
    struct fg_row row = full_row();
    uint8_t bytes[FG_ROW_BYTES_MAX + 1] = {0};
    size_t length;

    row.state = 9;
    CHECK_INT(fg_row_encode(&row, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "state");
    row = full_row();
    row.uid.length = 5;
    CHECK_INT(fg_row_check(&row, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "uid");
    row = full_row();
    row.inspection_due_day = -1;
    CHECK_INT(fg_row_check(&row, &error), FG_E_RANGE);
    row = full_row();
    row.others[1].text[0] = 'x';
    CHECK_INT(fg_row_check(&row, &error), FG_E_RANGE);
    CHECK_INT(fg_row_decode(bytes, sizeof(bytes), &row, &error), FG_E_SIZE);
    CHECK_INT(fg_row_decode((const uint8_t *)"\x0a\x7f", 2, &row, &error), FG_E_FORMAT);
    CHECK_INT(fg_row_decode((const uint8_t *)"", 0, &row, &error), FG_E_RANGE);
}

TEST("a bucket of rising codes checks; out of order, doubled, strange or cut off rows do not")
{
    uint8_t bucket[1024];
    uint8_t bytes[FG_ROW_BYTES_MAX];
    struct fg_row row = full_row();
    struct fg_row found;
    size_t length = 0;
    uint32_t rows = 0;

    CHECK_OK(fg_bucket_append(bucket, sizeof(bucket), &length, bytes, encode(&row, bytes), &error), &error);
    row.code = fg_fixture_code("HZ-CNG-000002");
    CHECK_OK(fg_bucket_append(bucket, sizeof(bucket), &length, bytes, encode(&row, bytes), &error), &error);
    CHECK_OK(fg_bucket_check(bucket, length, 0, 0, &rows, &error), &error);
    CHECK_INT(rows, 2);
    CHECK_OK(fg_bucket_find(bucket, length, &row.code, &found, &rows, &error), &error);
    row.code = fg_fixture_code("HZ");
    CHECK_INT(fg_bucket_find(bucket, length, &row.code, &found, &rows, &error), FG_E_NOT_FOUND);
    CHECK_INT(fg_bucket_check(bucket, length - 1, 0, 0, &rows, &error), FG_E_FORMAT);
    CHECK_INT(fg_bucket_check(bucket, length, 0x123456, 24, &rows, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "another bucket");
    CHECK_OK(fg_bucket_append(bucket, sizeof(bucket), &length, bytes, encode(&row, bytes), &error), &error);
    CHECK_INT(fg_bucket_check(bucket, length, 0, 0, &rows, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "out of order");
    CHECK_INT(fg_bucket_append(bucket, 8, &length, bytes, encode(&row, bytes), &error), FG_E_SIZE);
    CHECK_INT(fg_bucket_append(bucket, sizeof(bucket), &length, (const uint8_t *)"abc", 3, &error),
              FG_E_FORMAT);
}

TEST("a row that names two codes is refused")
{
    static const uint8_t bucket[] = {6, 0, 0x0a, 1, 'A', 0x0a, 1, 'B'};
    uint32_t rows;

    CHECK_INT(fg_bucket_check(bucket, sizeof(bucket), 0, 0, &rows, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "two codes");
}

static struct fg_digest kept[4][64][FG_TREE_GROUP_DIGESTS];
static enum fg_err keep(void *context, uint8_t level, uint32_t index, const struct fg_digest *digests,
                        size_t count, struct fg_error *ignored)
{
    (void)context;
    (void)ignored;
    memcpy(kept[level][index], digests, count * sizeof(*digests));
    return FG_OK;
}

TEST("at every depth each leaf's path through the groups leads to the root, computed the plain way too")
{
    for (uint8_t depth = 0; depth <= 9; depth++) {
        static struct fg_digest plain[512];
        struct fg_tree_builder builder;
        struct fg_digest root;
        uint32_t leaves = (uint32_t)1 << depth;

        fg_tree_start(&builder, depth, keep, NULL);
        for (uint32_t i = 0; i < leaves; i++) {
            CHECK(fg_tree_finish(&builder, &root, &error) == FG_E_STATE);
            fg_tree_leaf(&i, sizeof(i), &plain[i]);
            CHECK_OK(fg_tree_add(&builder, &plain[i], &error), &error);
        }
        CHECK_INT(fg_tree_add(&builder, &plain[0], &error), FG_E_ARG);
        CHECK_OK(fg_tree_finish(&builder, &root, &error), &error);
        for (uint32_t i = 0; i < leaves; i++) {
            struct fg_digest siblings[FG_TREE_DEPTH_MAX];
            struct fg_digest reached;

            for (uint8_t level = 0; fg_tree_group_bits(depth, level) > 0; level++) {
                uint8_t bits = fg_tree_group_bits(depth, level);

                fg_tree_group_siblings(kept[level][i >> (4 * level) >> bits], bits, level, i,
                                       &siblings[4 * level]);
            }
            fg_tree_root_of(&plain[i], i, depth, siblings, &reached);
            CHECK_BYTES(&reached, &root, sizeof(root));
        }
        for (uint32_t width = leaves; width > 1; width /= 2)
            for (uint32_t i = 0; i < width / 2; i++)
                fg_tree_node(&plain[2 * i], &plain[2 * i + 1], &plain[i]);
        CHECK_BYTES(&plain[0], &root, sizeof(root));
    }
}

TEST("known answers: an empty bucket's digest and the root of two of them")
{
    struct fg_digest leaf;
    struct fg_digest node;

    /* SHA-256 of one zero byte */
    fg_tree_leaf("", 0, &leaf);
    CHECK_BYTES(leaf.bytes, "\x6e\x34\x0b\x9c\xff\xb3\x7a\x98\x9c\xa5\x44\xe6\xbb\x78\x0a\x2c", 16);
    fg_tree_node(&leaf, &leaf, &node);
    CHECK(memcmp(&leaf, &node, sizeof(leaf)) != 0);
}

TEST("a signed manifest survives; a changed byte, another key or another purpose does not")
{
    struct fg_manifest manifest = manifest_of_one();
    struct fg_manifest again;
    const struct fg_private_key *key = fg_fixture_key();
    struct fg_private_key other;
    uint8_t bytes[FG_MANIFEST_SIGNED_MAX];
    size_t length;

    CHECK_OK(fg_manifest_sign(&manifest, key, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_manifest_verify(bytes, length, &key->public_key, 1, &again, &error), &error);
    CHECK_BYTES(&again, &manifest, sizeof(manifest));
    for (size_t i = 0; i < length; i += 5) {
        bytes[i] ^= 1;
        CHECK_INT(fg_manifest_verify(bytes, length, &key->public_key, 1, &again, &error), FG_E_AUTH);
        bytes[i] ^= 1;
    }
    CHECK_INT(fg_manifest_verify(bytes, 71, &key->public_key, 1, &again, &error), FG_E_SIZE);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    CHECK_INT(fg_manifest_verify(bytes, length, &other.public_key, 1, &again, &error), FG_E_AUTH);
}

TEST("BAD-INPUT-IS-SAFE: manifests with impossible fields are refused by the field's name")
{
    struct fg_manifest manifest = manifest_of_one();

    manifest.bucket_bits = 25;
    CHECK_INT(fg_manifest_check(&manifest, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "bucket_bits");
    manifest = manifest_of_one();
    manifest.version = 0;
    CHECK_INT(fg_manifest_check(&manifest, &error), FG_E_RANGE);
    manifest = manifest_of_one();
    manifest.body_bytes = 3;
    CHECK_INT(fg_manifest_check(&manifest, &error), FG_E_RANGE);
    manifest = manifest_of_one();
    manifest.expires_ms = 1000;
    CHECK_INT(fg_manifest_check(&manifest, &error), FG_E_RANGE);
    manifest = manifest_of_one();
    manifest.rules.media[0] = 77;
    CHECK_INT(fg_manifest_check(&manifest, &error), FG_E_RANGE);
    manifest = manifest_of_one();
    manifest.rules.pre_check_count = 2;
    CHECK_INT(fg_manifest_check(&manifest, &error), FG_E_RANGE);
    CHECK_INT(fg_manifest_decode((const uint8_t *)"\x0a", 1, &manifest, &error), FG_E_FORMAT);
}
