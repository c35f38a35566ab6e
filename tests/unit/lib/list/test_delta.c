/* Delta files: made from two list files, applied to the store's own buckets, proven by the new root. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/list/list.h"
#include "proto/list/bucket.h"
#include "proto/list/delta.h"
#include "proto/list/manifest.h"
#include "proto/list/tree.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/city_fixture.h"
#include "tests/lib/fixture/list_fixture.h"

#define NOW_MS (FG_FIXTURE_ISSUED_MS + 1000)

static struct fg_error error;

static struct fg_list *open_store(void)
{
    return fg_fixture_store(fg_test_path("list.db"));
}

static struct fg_list *store_with(const char *path)
{
    struct fg_list *list = open_store();
    struct fg_manifest manifest;

    CHECK_OK(fg_list_import(list, path, NOW_MS, &manifest, &error), &error);
    return list;
}

/* The store's export is the bureau's file, byte for byte. */
static void check_same(struct fg_list *list, const char *path)
{
    struct fg_manifest manifest;
    size_t length;
    size_t expected_length;
    uint8_t *expected = fg_fixture_read(path, &expected_length);
    uint8_t *bytes;

    CHECK_OK(fg_list_verify(list, &error), &error);
    memset(&manifest, 0, sizeof(manifest));
    CHECK_OK(fg_list_export(list, fg_test_path("export.fgl"), &manifest, &error), &error);
    CHECK(manifest.version != 0);
    bytes = fg_fixture_read(fg_test_path("export.fgl"), &length);
    CHECK_INT(length, expected_length);
    CHECK_BYTES(bytes, expected, length);
    free(bytes);
    free(expected);
}

static void check_step(const struct fg_fixture_city *from, const struct fg_fixture_city *to,
                       struct fg_delta_build_result *ret_result)
{
    char from_path[FG_FIXTURE_PATH];
    char to_path[FG_FIXTURE_PATH];
    char delta_path[FG_FIXTURE_PATH];
    struct fg_manifest manifest;
    struct fg_list *list;

    (void)unlink(fg_test_path("list.db"));
    fg_fixture_city("from.fgl", from, from_path);
    fg_fixture_city("to.fgl", to, to_path);
    fg_fixture_delta("step.fgd", from_path, to_path, delta_path, ret_result);
    list = store_with(from_path);
    CHECK_OK(fg_list_import(list, delta_path, NOW_MS, &manifest, &error), &error);
    CHECK_INT(manifest.version, to->version);
    check_same(list, to_path);
    fg_list_close(list);
}

TEST("a delta leads to the very bytes of the new list file, at every depth")
{
    for (int bits = 0; bits <= 9; bits++) {
        struct fg_fixture_city from = {.version = 3, .bucket_bits = bits, .rows = 500, .missing_every = 11};
        struct fg_fixture_city to = {.version = 9,
                                     .bucket_bits = bits,
                                     .rows = 520,
                                     .missing_every = 23,
                                     .suspended_every = 17,
                                     .dated_every = 13};
        struct fg_delta_build_result built;

        check_step(&from, &to, &built);
        CHECK(built.counts.changed_rows > 50);
        CHECK(built.counts.inserted_rows > 20);
        CHECK(built.counts.deleted_rows > 10);
        CHECK_INT(built.from_version, 3);
        CHECK_INT(built.to_version, 9);
    }
}

TEST("a delta between lists of the same rows has no buckets and still brings the new manifest")
{
    struct fg_fixture_city from = {.version = 1, .bucket_bits = 4, .rows = 100};
    struct fg_fixture_city to = {.version = 2, .bucket_bits = 4, .rows = 100};
    struct fg_delta_build_result built;

    check_step(&from, &to, &built);
    CHECK_INT(built.bucket_count, 0);
}

TEST("from an empty list and to an empty list")
{
    struct fg_fixture_city none = {.version = 1, .bucket_bits = 2, .rows = 0};
    struct fg_fixture_city two = {.version = 2, .bucket_bits = 2, .rows = 2};
    struct fg_delta_build_result built;
    char from_path[FG_FIXTURE_PATH];
    char to_path[FG_FIXTURE_PATH];

    fg_fixture_city("a.fgl", &none, from_path);
    fg_fixture_city("b.fgl", &two, to_path);
    CHECK_INT(fg_delta_build(to_path, from_path, fg_test_path("x.fgd"), &built, &error), FG_E_STATE);
    none.version = 3;
    check_step(&two, &none, &built);
    CHECK_INT(built.counts.deleted_rows, 2);
}

TEST("1 % of 100,000 rows changed is a delta under 64 kB")
{
    struct fg_fixture_city from = {.version = 1, .bucket_bits = -1, .rows = 100000};
    struct fg_fixture_city to = {.version = 2, .bucket_bits = -1, .rows = 100000, .suspended_every = 100};
    struct fg_delta_build_result built;

    check_step(&from, &to, &built);
    CHECK_INT(built.counts.changed_rows, 1000);
    CHECK(built.file_bytes < 64000);
    printf("    state changed: %llu bytes of delta, %.1f a row\n", (unsigned long long)built.file_bytes,
           (double)built.counts.changed_bytes / 1000);
    to.suspended_every = 0;
    to.dated_every = 100;
    check_step(&from, &to, &built);
    CHECK(built.file_bytes < 64000);
    printf("    date changed: %llu bytes of delta, %.1f a row\n", (unsigned long long)built.file_bytes,
           (double)built.counts.changed_bytes / 1000);
    from.missing_every = 100;
    to.dated_every = 0;
    check_step(&from, &to, &built);
    printf("    new rows: %llu bytes of delta, %.1f a new row, %llu rows changed with %.1f\n",
           (unsigned long long)built.file_bytes,
           (double)built.counts.inserted_bytes / (double)built.counts.inserted_rows,
           (unsigned long long)built.counts.changed_rows,
           (double)built.counts.changed_bytes / (double)built.counts.changed_rows);
}

/* ---- what is not as it should be ---- */

struct pair {
    char from[FG_FIXTURE_PATH];
    char to[FG_FIXTURE_PATH];
    char delta[FG_FIXTURE_PATH];
    struct fg_delta_build_result built;
};

static void make_pair(struct pair *pair)
{
    struct fg_fixture_city city = {.version = 1, .bucket_bits = 3, .rows = 100};

    fg_fixture_city("from.fgl", &city, pair->from);
    city.version = 2;
    city.suspended_every = 20;
    city.missing_every = 33;
    city.rows = 104;
    fg_fixture_city("to.fgl", &city, pair->to);
    fg_fixture_delta("pair.fgd", pair->from, pair->to, pair->delta, &pair->built);
}

static void check_stays(struct fg_list *list, uint64_t version)
{
    struct fg_manifest manifest;

    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
    CHECK_INT(manifest.version, version);
    CHECK_OK(fg_list_verify(list, &error), &error);
}

TEST("LIST-IS-SIGNED: a delta with any byte changed or cut off anywhere does not come into force")
{
    struct pair pair;
    struct fg_manifest manifest;
    struct fg_list *list;
    size_t length;
    uint8_t *bytes;

    make_pair(&pair);
    list = store_with(pair.from);
    bytes = fg_fixture_read(pair.delta, &length);
    for (size_t i = 0; i < length; i++) {
        bytes[i] ^= (uint8_t)(1 << i % 8);
        fg_fixture_write_bytes(fg_test_path("bad.fgd"), bytes, length);
        CHECK(fg_list_import(list, fg_test_path("bad.fgd"), NOW_MS, &manifest, &error) != FG_OK);
        bytes[i] ^= (uint8_t)(1 << i % 8);
    }
    check_stays(list, 1);
    for (size_t i = 0; i < length; i += 3) {
        fg_fixture_write_bytes(fg_test_path("bad.fgd"), bytes, i);
        CHECK(fg_list_import(list, fg_test_path("bad.fgd"), NOW_MS, &manifest, &error) != FG_OK);
    }
    bytes = realloc(bytes, length + 1);
    CHECK(bytes != NULL);
    bytes[length] = 0;
    fg_fixture_write_bytes(fg_test_path("bad.fgd"), bytes, length + 1);
    CHECK_INT(fg_list_import(list, fg_test_path("bad.fgd"), NOW_MS, &manifest, &error), FG_E_SIZE);
    check_stays(list, 1);
    CHECK_OK(fg_list_import(list, pair.delta, NOW_MS, &manifest, &error), &error);
    check_same(list, pair.to);
    free(bytes);
    fg_list_close(list);
}

TEST("LIST-IS-SIGNED: a delta whose new manifest is another one's does not come into force")
{
    struct fg_fixture_city city = {.version = 2, .bucket_bits = 3, .rows = 104, .dated_every = 9};
    struct fg_delta_build_result built;
    char other[FG_FIXTURE_PATH];
    char other_delta[FG_FIXTURE_PATH];
    struct pair pair;
    struct fg_manifest manifest;
    struct fg_list *list;
    size_t length;
    size_t other_length;
    uint8_t *bytes;
    uint8_t *other_bytes;
    size_t head;

    make_pair(&pair);
    fg_fixture_city("other.fgl", &city, other);
    fg_fixture_delta("other.fgd", pair.from, other, other_delta, &built);
    list = store_with(pair.from);
    bytes = fg_fixture_read(pair.delta, &length);
    other_bytes = fg_fixture_read(other_delta, &other_length);
    head = FG_DELTA_MAGIC_BYTES + FG_DELTA_LENGTH_BYTES + bytes[8] + ((size_t)bytes[9] << 8);
    CHECK_INT(memcmp(bytes + 8, other_bytes + 8, 4), 0);
    memcpy(bytes, other_bytes, head);
    fg_fixture_write_bytes(fg_test_path("mixed.fgd"), bytes, length);
    CHECK_INT(fg_list_import(list, fg_test_path("mixed.fgd"), NOW_MS, &manifest, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "root");
    check_stays(list, 1);
    free(bytes);
    free(other_bytes);
    fg_list_close(list);
}

TEST("a delta needs the list that it starts from, and refuses what is old or expired")
{
    struct fg_fixture_city city = {.version = 1, .bucket_bits = 3, .rows = 90};
    struct pair pair;
    char path[FG_FIXTURE_PATH];
    struct fg_manifest manifest;
    struct fg_list *list = open_store();

    make_pair(&pair);
    CHECK_INT(fg_list_import(list, pair.delta, NOW_MS, &manifest, &error), FG_E_STATE);
    fg_fixture_city("same-version.fgl", &city, path);
    CHECK_OK(fg_list_import(list, path, NOW_MS, &manifest, &error), &error);
    CHECK_INT(fg_list_import(list, pair.delta, NOW_MS, &manifest, &error), FG_E_AUTH);
    fg_list_close(list);
    CHECK_INT(unlink(fg_test_path("list.db")), 0);
    list = store_with(pair.from);
    CHECK_INT(fg_list_import(list, pair.delta, FG_FIXTURE_EXPIRES_MS, &manifest, &error), FG_E_EXPIRED);
    CHECK_OK(fg_list_import(list, pair.delta, NOW_MS, &manifest, &error), &error);
    CHECK_INT(fg_list_import(list, pair.delta, NOW_MS, &manifest, &error), FG_E_OLD);
    check_stays(list, 2);
    fg_list_close(list);
}

TEST("no delta between lists of different shape, of different ids, or when the whole file is smaller")
{
    struct fg_fixture_city city = {.version = 1, .bucket_bits = 3, .rows = 100};
    struct fg_delta_build_result built;
    char one[FG_FIXTURE_PATH];
    char two[FG_FIXTURE_PATH];
    char out[FG_FIXTURE_PATH];

    (void)snprintf(out, sizeof(out), "%s", fg_test_path("out.fgd"));
    fg_fixture_city("one.fgl", &city, one);
    city.version = 2;
    city.bucket_bits = 4;
    fg_fixture_city("two.fgl", &city, two);
    CHECK_INT(fg_delta_build(one, two, out, &built, &error), FG_E_STATE);
    city.bucket_bits = 3;
    city.list_id = "town";
    fg_fixture_city("two.fgl", &city, two);
    CHECK_INT(fg_delta_build(one, two, out, &built, &error), FG_E_STATE);
    city.list_id = NULL;
    city.rows = 0;
    fg_fixture_city("two.fgl", &city, two);
    CHECK_INT(fg_delta_build(one, two, out, &built, &error), FG_E_STATE);
    CHECK_INT(fg_delta_build(one, fg_test_path("none.fgl"), out, &built, &error), FG_E_IO);
    CHECK_INT(fg_delta_build(one, one, fg_test_path("no/where.fgd"), &built, &error), FG_E_STATE);
    city.version = 3;
    city.rows = 100;
    fg_fixture_city("two.fgl", &city, two);
    CHECK_INT(fg_delta_build(one, two, fg_test_path("no/where.fgd"), &built, &error), FG_E_IO);
    CHECK(access(out, F_OK) != 0);
}

TEST("pieces are of one version only, and a store without a list has none")
{
    static uint8_t buffer[FG_BUCKET_BYTES_MAX];
    struct fg_digest digests[FG_TREE_GROUP_DIGESTS];
    struct fg_list *list = open_store();
    struct fg_manifest manifest;
    struct pair pair;
    size_t count;
    size_t length;

    CHECK_INT(fg_list_signed_manifest(list, buffer, sizeof(buffer), &length, &error), FG_E_STATE);
    CHECK_INT(fg_list_export(list, fg_test_path("x.fgl"), &manifest, &error), FG_E_STATE);
    fg_list_close(list);
    make_pair(&pair);
    list = store_with(pair.from);
    CHECK_OK(fg_list_signed_manifest(list, buffer, sizeof(buffer), &length, &error), &error);
    CHECK_OK(fg_manifest_verify(buffer, length, &fg_fixture_key()->public_key, 1, &manifest, &error), &error);
    CHECK_INT(fg_list_signed_manifest(list, buffer, 10, &length, &error), FG_E_SIZE);
    CHECK_OK(fg_list_bucket(list, 0, 7, buffer, sizeof(buffer), &length, &error), &error);
    CHECK_INT(fg_list_bucket(list, 2, 7, buffer, sizeof(buffer), &length, &error), FG_E_NOT_FOUND);
    CHECK_INT(fg_list_bucket(list, 1, 8, buffer, sizeof(buffer), &length, &error), FG_E_NOT_FOUND);
    CHECK_OK(fg_list_node_group(list, 1, 0, 0, digests, &count, &error), &error);
    CHECK_INT(count, 14);
    CHECK_INT(fg_list_node_group(list, 1, 0, 1, digests, &count, &error), FG_E_NOT_FOUND);
    CHECK_INT(fg_list_node_group(list, 1, 1, 0, digests, &count, &error), FG_E_NOT_FOUND);
    CHECK_INT(fg_list_node_group(list, 1, 200, 0, digests, &count, &error), FG_E_NOT_FOUND);
    manifest.version = 99;
    CHECK_INT(fg_list_export(list, fg_test_path("no/where.fgl"), &manifest, &error), FG_E_IO);
    CHECK_INT(manifest.version, 99);
    fg_list_close(list);
}

TEST("a damaged store is not exported")
{
    struct pair pair;
    struct fg_manifest manifest;
    struct fg_list *list;
    sqlite3 *db = NULL;

    make_pair(&pair);
    list = store_with(pair.from);
    CHECK_INT(sqlite3_open(fg_test_path("list.db"), &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, "DELETE FROM bucket WHERE idx = 3", NULL, NULL, NULL), SQLITE_OK);
    CHECK_INT(fg_list_export(list, fg_test_path("x.fgl"), &manifest, &error), FG_E_AUTH);
    CHECK_INT(fg_list_import(list, pair.delta, NOW_MS, &manifest, &error), FG_E_AUTH);
    CHECK_INT(sqlite3_exec(db, "INSERT INTO bucket VALUES(3, x'')", NULL, NULL, NULL), SQLITE_OK);
    CHECK_INT(fg_list_export(list, fg_test_path("x.fgl"), &manifest, &error), FG_E_AUTH);
    CHECK(access(fg_test_path("x.fgl"), F_OK) != 0);
    CHECK_INT(sqlite3_exec(db, "DELETE FROM node", NULL, NULL, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_close(db), SQLITE_OK);
    CHECK(fg_list_import(list, pair.delta, NOW_MS, &manifest, &error) != FG_OK);
    CHECK_OK(fg_list_import(list, pair.to, NOW_MS, &manifest, &error), &error);
    check_same(list, pair.to);
    fg_list_close(list);
}

TEST("BAD-INPUT-IS-SAFE: a number that is cut off by the end of a delta's body is not read on into what "
     "follows")
{
    struct pair pair;
    struct fg_delta_file *file = NULL;
    struct fg_manifest manifest;
    struct fg_delta_head head;
    const uint8_t *patch = NULL;
    const uint8_t *signed_manifest;
    size_t manifest_length = 0;
    size_t length = 0;
    size_t at;
    uint32_t index = 0;
    uint8_t *bytes;

    make_pair(&pair);
    bytes = fg_fixture_read(pair.delta, &length);
    CHECK_OK(fg_delta_file_open(pair.delta, &file, &error), &error);
    signed_manifest = fg_delta_file_manifest(file, &manifest_length);
    CHECK_OK(fg_manifest_verify(signed_manifest, manifest_length, &fg_fixture_key()->public_key, 1, &manifest,
                                &error),
             &error);
    head = *fg_delta_file_head(file);
    fg_delta_file_close(file);
    head.bucket_count = 1;
    head.body_bytes = 1;
    at = FG_DELTA_MAGIC_BYTES + 4 + manifest_length;
    fg_delta_head_put(&head, bytes + at);
    at += FG_DELTA_HEAD_BYTES;
    bytes[at++] = 0x80; /* another byte follows, it says */
    memcpy(bytes + at, FG_DELTA_END, FG_DELTA_MAGIC_BYTES);
    fg_fixture_write_bytes(fg_test_path("cut.fgd"), bytes, at + FG_DELTA_MAGIC_BYTES);
    CHECK_OK(fg_delta_file_open(fg_test_path("cut.fgd"), &file, &error), &error);
    CHECK_OK(fg_delta_file_expect(file, &manifest, &error), &error);
    CHECK_INT(fg_delta_file_next(file, &index, &patch, &length, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "no number where one is due");
    fg_delta_file_close(file);
    free(bytes);
}
