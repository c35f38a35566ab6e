/* Rows, buckets, the tree and manifests as bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crypto/pin.h"
#include "proto/list/bucket.h"
#include "proto/list/manifest.h"
#include "proto/list/row.h"
#include "proto/list/tree.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/list_fixture.h"

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

TEST("BAD-INPUT-IS-SAFE: a manifest that came in with an impossible field is refused by its name")
{
    /* Written behind the good ones: the last value of a field counts. */
    static const struct {
        uint8_t bytes[12];
        size_t length;
        const char *field;
    } fields[] = {{{0x0a, 0}, 2, "list_id"},
                  {{0x10, 0}, 2, "version"},
                  {{0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 11, "version"},
                  {{0x20, 25}, 2, "bucket_bits"},
                  {{0x20, 0x80, 0x02}, 3, "bucket_bits"},
                  {{0x28, 0xff, 0xff, 0xff, 0xff, 0x7f}, 6, "row_count"},
                  {{0x30, 3}, 2, "body_bytes"},
                  {{0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, 8, "body_bytes"},
                  {{0x38, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 11, "issued_ms"},
                  {{0x40, 0}, 2, "expires_ms"}};
    struct fg_manifest manifest = manifest_of_one();
    uint8_t bytes[FG_MANIFEST_BYTES_MAX];
    struct fg_manifest again;
    size_t length = 0;

    CHECK_OK(fg_manifest_encode(&manifest, bytes, sizeof(bytes) - 12, &length, &error), &error);
    CHECK_OK(fg_manifest_decode(bytes, length, &again, &error), &error);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        char text[64];

        memcpy(bytes + length, fields[i].bytes, fields[i].length);
        (void)snprintf(text, sizeof(text), "manifest: %s is not a value", fields[i].field);
        CHECK_INT(fg_manifest_decode(bytes, length + fields[i].length, &again, &error), FG_E_RANGE);
        CHECK_HAS(error.text, text);
    }
}

static struct fg_operator operator_of(unsigned number)
{
    struct fg_operator person = {.certificate_end_day = FG_DAY_MAX, .card = {10, {0}}};

    (void)snprintf(person.id, sizeof(person.id), "operator-with-a-very-long-id-%02u", number);
    memset(person.card.bytes, (int)number, 10);
    person.pin_rounds = FG_PIN_ROUNDS_MAX;
    memset(person.pin_salt, 0xff, sizeof(person.pin_salt));
    memset(person.pin_digest, (int)number, sizeof(person.pin_digest));
    return person;
}

TEST("operators survive encoding: with card and PIN, with one of them, with neither")
{
    struct fg_manifest manifest = manifest_of_one();
    struct fg_manifest again;
    uint8_t bytes[FG_MANIFEST_BYTES_MAX];
    size_t length;

    manifest.rules.operator_count = 4;
    manifest.rules.operators[0] = operator_of(1);
    manifest.rules.operators[1] = operator_of(2);
    manifest.rules.operators[1].card = (struct fg_uid){0};
    manifest.rules.operators[2] = (struct fg_operator){.id = "op-li", .card = {7, {4, 0x90, 0, 0, 0, 10, 1}}};
    manifest.rules.operators[3] = (struct fg_operator){.id = "A.b_c-9"};
    CHECK_OK(fg_manifest_encode(&manifest, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_manifest_decode(bytes, length, &again, &error), &error);
    CHECK_BYTES(&again, &manifest, sizeof(manifest));
}

TEST("the largest manifest fits its bound: 32 operators and every rule at its longest")
{
    struct fg_manifest manifest = manifest_of_one();
    struct fg_station_rules *rules = &manifest.rules;
    struct fg_manifest again;
    uint8_t bytes[FG_MANIFEST_BYTES_MAX];
    size_t length;

    memset(manifest.list_id, 'x', FG_NAME_MAX);
    manifest.version = INT64_MAX;
    manifest.row_count = manifest.body_bytes = FG_LIST_BODY_MAX;
    manifest.expires_ms = INT64_MAX;
    memset(rules->station, 'x', FG_NAME_MAX);
    memset(rules->owner, 'x', FG_NAME_MAX);
    rules->media_count = FG_MEDIA_MAX;
    memset(rules->media, FG_MEDIUM_LPG, FG_MEDIA_MAX);
    rules->licence_end_day = FG_DAY_MAX;
    rules->list_warn_age_h = rules->list_block_age_h = rules->fill_interval_min_s = UINT32_MAX;
    rules->fills_per_day_max = rules->zero_fills_lock_out = rules->manual_per_day_max = UINT32_MAX;
    rules->own_cylinders_only = rules->manual_entry = true;
    rules->pre_check_count = rules->post_check_count = rules->blocked_count = 16;
    for (int i = 0; i < 16; i++) {
        memset(rules->pre_checks[i], 'x', FG_NAME_MAX);
        memset(rules->post_checks[i], 'x', FG_NAME_MAX);
        memset(rules->blocked_points[i], 'x', FG_NAME_MAX);
    }
    rules->operator_count = FG_OPERATORS_MAX;
    for (unsigned i = 0; i < FG_OPERATORS_MAX; i++)
        rules->operators[i] = operator_of(i);
    CHECK_OK(fg_manifest_encode(&manifest, bytes, sizeof(bytes), &length, &error), &error);
    CHECK(length > 5000);
    CHECK_OK(fg_manifest_decode(bytes, length, &again, &error), &error);
    CHECK_BYTES(&again, &manifest, sizeof(manifest));
}

/* Made by the encoder of the time before rules had operators: every signed list of that time must hold. */
static const char without_operators[] =
    "\x0a\x08\x68\x75\x7a\x68\x6f\x75\x2d\x31\x10\x29\x1a\x20\x00\x07\x0e\x15\x1c\x23\x2a\x31\x38\x3f"
    "\x46\x4d\x54\x5b\x62\x69\x70\x77\x7e\x85\x8c\x93\x9a\xa1\xa8\xaf\xb6\xbd\xc4\xcb\xd2\xd9\x20\x05"
    "\x28\xed\x05\x30\xcd\x83\x06\x38\x80\xd8\xc1\xa2\x8c\x34\x40\x80\xe8\xbc\xf6\x95\x34\x4a\x57\x0a"
    "\x05\x48\x5a\x2d\x30\x31\x12\x05\x48\x5a\x47\x41\x53\x18\x01\x22\x02\x01\x02\x28\x8e\xdc\x02\x30"
    "\x30\x38\xa8\x01\x40\xd8\x04\x48\x06\x50\x03\x58\x04\x60\x01\x68\x02\x72\x10\x76\x61\x6c\x76\x65"
    "\x5f\x61\x6e\x64\x5f\x70\x69\x70\x69\x6e\x67\x72\x09\x6e\x6f\x5f\x64\x61\x6d\x61\x67\x65\x7a\x09"
    "\x6c\x65\x61\x6b\x5f\x74\x65\x73\x74\x82\x01\x02\x50\x33";

TEST("a manifest of the time before operators decodes unchanged and encodes to the same bytes")
{
    size_t known_length = sizeof(without_operators) - 1;
    struct fg_manifest manifest;
    uint8_t bytes[FG_MANIFEST_BYTES_MAX];
    size_t length;

    CHECK_OK(fg_manifest_decode((const uint8_t *)without_operators, known_length, &manifest, &error), &error);
    CHECK_INT(manifest.version, 41);
    CHECK_TEXT(manifest.rules.blocked_points[0], "P3");
    CHECK_INT(manifest.rules.manual_per_day_max, 2);
    CHECK_INT(manifest.rules.operator_count, 0);
    CHECK_OK(fg_manifest_encode(&manifest, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_INT(length, known_length);
    CHECK_BYTES(bytes, without_operators, known_length);
}

static void check_operator_refused(const struct fg_manifest *manifest, const char *what)
{
    uint8_t bytes[FG_MANIFEST_BYTES_MAX];
    size_t length;

    CHECK_INT(fg_manifest_encode(manifest, bytes, sizeof(bytes), &length, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "manifest: operator");
    CHECK_HAS(error.text, what);
}

TEST("BAD-INPUT-IS-SAFE: operators that no list may have are refused by name and field")
{
    struct fg_manifest good = manifest_of_one();
    struct fg_manifest bad;

    good.rules.operator_count = 2;
    good.rules.operators[0] = operator_of(1);
    good.rules.operators[1] = operator_of(2);
    CHECK_OK(fg_manifest_check(&good, &error), &error);
    bad = good;
    bad.rules.operators[1].id[0] = '\0';
    check_operator_refused(&bad, "operator 2: its id");
    bad = good;
    bad.rules.operators[1].id[3] = ' ';
    check_operator_refused(&bad, "its id");
    bad = good;
    memset(bad.rules.operators[0].id, 'x', sizeof(bad.rules.operators[0].id));
    check_operator_refused(&bad, "its id");
    bad = good;
    bad.rules.operators[1] = bad.rules.operators[0];
    check_operator_refused(&bad, "is listed twice");
    bad = good;
    bad.rules.operators[1].card = bad.rules.operators[0].card;
    check_operator_refused(&bad, "same card");
    bad = good;
    bad.rules.operators[0].card.length = 8;
    check_operator_refused(&bad, "card");
    bad = good;
    bad.rules.operators[0].certificate_end_day = FG_DAY_MAX + 1;
    check_operator_refused(&bad, "certificate_end_day");
    bad.rules.operators[0].certificate_end_day = -1;
    check_operator_refused(&bad, "certificate_end_day");
    bad = good;
    bad.rules.operators[0].pin_rounds = FG_PIN_ROUNDS_MAX + 1;
    check_operator_refused(&bad, "pin_rounds");
    bad = good;
    bad.rules.operators[0].pin_rounds = 0;
    check_operator_refused(&bad, "without pin_rounds");
    bad = good;
    bad.rules.operator_count = FG_OPERATORS_MAX + 1;
    check_operator_refused(&bad, "33");
}

TEST("two cards of which one is the beginning of the other are two cards")
{
    struct fg_manifest manifest = manifest_of_one();

    manifest.rules.operator_count = 2;
    manifest.rules.operators[0] = operator_of(1);
    manifest.rules.operators[1] = operator_of(2);
    manifest.rules.operators[1].card = manifest.rules.operators[0].card;
    manifest.rules.operators[1].card.length = 7;
    CHECK_OK(fg_manifest_check(&manifest, &error), &error);
}

TEST("BAD-INPUT-IS-SAFE: a salt or digest that is cut, too long or alone is refused")
{
    static const struct {
        const char *person; /* an FgOperator message */
        size_t length;
    } bad[] = {
#define PERSON(text) {text, sizeof(text) - 1}
        PERSON("\x0a\x01w\x20\x0a\x2a\x0f"
               "saltsaltsaltsal"
               "\x32\x20"
               "digestdigestdigestdigestdigestdi"),
        PERSON("\x0a\x01w\x20\x0a\x2a\x10"
               "saltsaltsaltsalt"
               "\x32\x1f"
               "digestdigestdigestdigestdigestd"),
        PERSON("\x0a\x01w\x2a\x10"
               "saltsaltsaltsalt"
               "\x32\x20"
               "digestdigestdigestdigestdigestdi"),
        PERSON("\x0a\x01w\x20\x0a"),
        PERSON("\x0a\x01w\x20\x0a\x2a\x10"
               "saltsaltsaltsalt"),
    };
    struct fg_manifest manifest;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        size_t length = sizeof(without_operators) - 1;
        uint8_t bytes[512];

        memcpy(bytes, without_operators, length);
        /* A second piece of field 9, rules, with one operator: protobuf merges it with the first. */
        bytes[length++] = 0x4a;
        bytes[length++] = (uint8_t)(bad[i].length + 3);
        bytes[length++] = 0x8a;
        bytes[length++] = 0x01;
        bytes[length++] = (uint8_t)bad[i].length;
        memcpy(bytes + length, bad[i].person, bad[i].length);
        length += bad[i].length;
        CHECK_INT(fg_manifest_decode(bytes, length, &manifest, &error), FG_E_RANGE);
        CHECK_HAS(error.text, "operator 1: pin_rounds");
    }
}

TEST(
    "LIST-IS-SIGNED, known answers: a code's bucket is the first bits of its SHA-256, as anybody computes it")
{
    static const struct {
        const char *code;
        uint8_t bits;
        uint32_t bucket;
    } answers[] = {
        /* printf HZ-1 | sha256sum: 7793369c...; HZ-CNG-900001: cfd42afb... */
        {"HZ-1", 0, 0},
        {"HZ-1", 1, 0},
        {"HZ-1", 4, 0x7},
        {"HZ-1", 8, 0x77},
        {"HZ-1", 13, 0xef2},
        {"HZ-1", 24, 0x779336},
        {"HZ-CNG-900001", 0, 0},
        {"HZ-CNG-900001", 1, 1},
        {"HZ-CNG-900001", 2, 3},
        {"HZ-CNG-900001", 16, 0xcfd4},
        {"HZ-CNG-900001", 24, 0xcfd42a},
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        CHECK_INT(fg_bucket_of(answers[i].code, strlen(answers[i].code), answers[i].bits), answers[i].bucket);
}

TEST("BAD-INPUT-IS-SAFE: a signed manifest is not written past the end of a buffer that is too small")
{
    struct fg_manifest manifest = manifest_of_one();
    uint8_t whole[FG_MANIFEST_SIGNED_MAX];
    size_t length = 0;
    size_t none = 7;

    CHECK_OK(fg_manifest_sign(&manifest, fg_fixture_key(), whole, sizeof(whole), &length, &error), &error);
    for (size_t room = 0; room < length; room++) {
        uint8_t *buffer = malloc(room + 1); /* the sanitizer watches its end */

        CHECK(buffer != NULL);
        buffer[room] = 0x5a;
        CHECK_INT(fg_manifest_sign(&manifest, fg_fixture_key(), buffer, room, &none, &error), FG_E_SIZE);
        CHECK_INT(buffer[room], 0x5a);
        free(buffer);
    }
    CHECK_INT(none, 7);
}

TEST("each field of a manifest is taken up to its bound, and refused by name beyond it")
{
    struct fg_manifest good = manifest_of_one();
    struct fg_manifest bad[22];
    static const char *const fields[22] = {
        "list_id",     "list_id",    "version",     "bucket_bits",   "body_bytes",   "body_bytes",
        "row_count",   "issued_ms",  "expires_ms",  "station",       "owner",        "media",
        "media",       "media",      "licence_end", "licence_end",   "identity_min", "pre_checks",
        "post_checks", "pre_checks", "post_checks", "blocked_points"};

    good.bucket_bits = FG_BUCKET_BITS_MAX;
    good.version = INT64_MAX;
    good.body_bytes = (uint64_t)4 << FG_BUCKET_BITS_MAX;
    good.row_count = good.body_bytes;
    good.issued_ms = 0;
    good.expires_ms = 1;
    good.rules.media_count = FG_MEDIA_MAX;
    memset(good.rules.media, FG_MEDIUM_LPG, FG_MEDIA_MAX);
    good.rules.licence_end_day = FG_DAY_MAX;
    good.rules.identity_min = FG_IDENTITY_AUTHENTICATED_TAG;
    good.rules.blocked_count = 1;
    memcpy(good.rules.blocked_points[0], "P", 2);
    CHECK_OK(fg_manifest_check(&good, &error), &error);
    for (size_t i = 0; i < 22; i++)
        bad[i] = good;
    memset(bad[0].list_id, 'x', sizeof(bad[0].list_id));
    bad[1].list_id[0] = '\0';
    bad[2].version = (uint64_t)INT64_MAX + 1;
    bad[3].bucket_bits++;
    bad[4].body_bytes--;
    bad[5].body_bytes = FG_LIST_BODY_MAX + 1;
    bad[6].row_count++;
    bad[7].issued_ms = -1;
    bad[8].expires_ms = 0;
    memset(bad[9].rules.station, 'x', sizeof(bad[9].rules.station));
    memset(bad[10].rules.owner, 'x', sizeof(bad[10].rules.owner));
    bad[11].rules.media_count++;
    bad[12].rules.media[FG_MEDIA_MAX - 1] = FG_MEDIUM_NONE;
    bad[13].rules.media[FG_MEDIA_MAX - 1] = FG_MEDIUM_LPG + 1;
    bad[14].rules.licence_end_day++;
    bad[15].rules.licence_end_day = -1;
    bad[16].rules.identity_min++;
    bad[17].rules.pre_check_count = FG_CHECK_ITEMS_MAX + 1;
    bad[18].rules.post_check_count = FG_CHECK_ITEMS_MAX + 1;
    memset(bad[19].rules.pre_checks[0], 'x', FG_NAME_MAX + 1);
    bad[20].rules.post_check_count = 1;
    bad[21].rules.blocked_count = FG_POINTS_BLOCKED_MAX + 1;
    for (size_t i = 0; i < 22; i++) {
        char text[64];

        (void)snprintf(text, sizeof(text), "manifest: %s", fields[i]);
        if (fg_manifest_check(&bad[i], &error) != FG_E_RANGE)
            fg_test_fail(__FILE__, __LINE__, "%zu: %s is taken", i, fields[i]);
        CHECK_HAS(error.text, text);
    }
}

TEST("a manifest is verified with whichever trusted key it names, from its least length to its largest")
{
    static uint8_t bytes[FG_MANIFEST_SIGNED_MAX + 1];
    struct fg_manifest manifest = manifest_of_one();
    struct fg_private_key other;
    struct fg_public_key keys[2];
    size_t length = 0;

    CHECK_OK(fg_private_key_new(&other, &error), &error);
    keys[0] = other.public_key;
    keys[1] = fg_fixture_key()->public_key;
    CHECK_OK(fg_manifest_sign(&manifest, fg_fixture_key(), bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_manifest_verify(bytes, length, keys, 2, &manifest, &error), &error);
    CHECK_INT(fg_manifest_verify(bytes, length, keys, 1, &manifest, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "is not trusted");
    CHECK_INT(fg_manifest_verify(bytes, length, keys, 0, &manifest, &error), FG_E_AUTH);
    CHECK_INT(fg_manifest_verify(bytes, FG_MANIFEST_SIGNED_MIN - 1, keys, 2, &manifest, &error), FG_E_SIZE);
    CHECK_INT(fg_manifest_verify(bytes, FG_MANIFEST_SIGNED_MIN, keys, 2, &manifest, &error), FG_E_AUTH);
    CHECK_INT(fg_manifest_verify(bytes, FG_MANIFEST_SIGNED_MAX, keys, 2, &manifest, &error), FG_E_AUTH);
    CHECK_INT(fg_manifest_verify(bytes, FG_MANIFEST_SIGNED_MAX + 1, keys, 2, &manifest, &error), FG_E_SIZE);
    CHECK_INT(fg_manifest_decode(bytes, FG_MANIFEST_BYTES_MAX + 1, &manifest, &error), FG_E_SIZE);
    CHECK_INT(fg_manifest_decode((const uint8_t *)"\x0a\x01x\x10\x01", 5, &manifest, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "station rules are missing");
}

static size_t put_rule(uint8_t *bytes, size_t length, const uint8_t *rule, size_t rule_length)
{
    bytes[length++] = 0x4a; /* more of field 9, rules */
    bytes[length++] = (uint8_t)rule_length;
    memcpy(bytes + length, rule, rule_length);
    return length + rule_length;
}

TEST("BAD-INPUT-IS-SAFE: a medium or an identity beyond a byte does not pass for the one of its last byte")
{
    static const uint8_t media[] = {0x22, 2, 0x81, 0x02}; /* 257 */
    static const uint8_t identity[] = {0x58, 0x80, 0x02}; /* 256 */
    struct fg_manifest manifest = manifest_of_one();
    struct fg_manifest again;
    uint8_t bytes[FG_MANIFEST_BYTES_MAX];
    size_t length = 0;

    CHECK_OK(fg_manifest_encode(&manifest, bytes, sizeof(bytes) - 12, &length, &error), &error);
    CHECK_INT(fg_manifest_decode(bytes, put_rule(bytes, length, media, sizeof(media)), &again, &error),
              FG_E_RANGE);
    CHECK_HAS(error.text, "manifest: media");
    CHECK_INT(fg_manifest_decode(bytes, put_rule(bytes, length, identity, sizeof(identity)), &again, &error),
              FG_E_RANGE);
    CHECK_HAS(error.text, "manifest: identity_min");
}
