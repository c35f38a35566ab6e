/* LIST-IS-SIGNED: what a signed manifest says of its list besides the root (rows, bytes, depth, id) holds, or
 * the list does not come into force: by file, by delta, by repair, in the store and on the way out of it. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/list/list.h"
#include "proto/list/bucket.h"
#include "proto/list/delta.h"
#include "proto/list/list_file.h"
#include "proto/list/manifest.h"
#include "proto/list/tree.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/city_fixture.h"
#include "tests/lib/fixture/list_fixture.h"
#include "tests/lib/sqlite_file.h"

#define NOW_MS (FG_FIXTURE_ISSUED_MS + 1000)
#define MAGIC_BYTES 8
#define HEAD_BYTES 12 /* of either kind of file: magic and the length of the signed manifest */

_Static_assert(FG_LIST_FILE_MAGIC_BYTES + FG_LIST_FILE_LENGTH_BYTES == HEAD_BYTES, "a list file's head");
_Static_assert(FG_DELTA_MAGIC_BYTES + FG_DELTA_LENGTH_BYTES == HEAD_BYTES, "a delta's head");

static struct fg_error error;

static void one_row_more(struct fg_manifest *manifest)
{
    manifest->row_count++;
}

static void one_row_less(struct fg_manifest *manifest)
{
    manifest->row_count--;
}

static void one_byte_more(struct fg_manifest *manifest)
{
    manifest->body_bytes++;
}

static void one_byte_less(struct fg_manifest *manifest)
{
    manifest->body_bytes--;
}

static void another_root(struct fg_manifest *manifest)
{
    manifest->root.bytes[31] ^= 1;
}

static void twice_the_buckets(struct fg_manifest *manifest)
{
    manifest->bucket_bits++;
}

static void another_id(struct fg_manifest *manifest)
{
    manifest->list_id[0] = 'C';
}

/* The signed manifest of a list or delta file, signed anew after a change. */
static size_t sign_changed(const uint8_t *file, void (*change)(struct fg_manifest *), uint8_t *signed_bytes)
{
    size_t length = (size_t)file[MAGIC_BYTES] | (size_t)file[MAGIC_BYTES + 1] << 8;
    struct fg_manifest manifest;
    size_t signed_length = 0;

    CHECK_OK(
        fg_manifest_verify(file + HEAD_BYTES, length, &fg_fixture_key()->public_key, 1, &manifest, &error),
        &error);
    change(&manifest);
    CHECK_OK(fg_manifest_sign(&manifest, fg_fixture_key(), signed_bytes, FG_MANIFEST_SIGNED_MAX,
                              &signed_length, &error),
             &error);
    return signed_length;
}

/* The same file under the changed manifest. */
static const char *resigned(const char *path, void (*change)(struct fg_manifest *))
{
    static char changed_path[FG_FIXTURE_PATH];
    uint8_t signed_bytes[FG_MANIFEST_SIGNED_MAX];
    size_t length;
    uint8_t *bytes = fg_fixture_read(path, &length);
    size_t old_length = (size_t)bytes[MAGIC_BYTES] | (size_t)bytes[MAGIC_BYTES + 1] << 8;
    size_t new_length = sign_changed(bytes, change, signed_bytes);
    size_t rest = length - HEAD_BYTES - old_length;
    uint8_t *out = malloc(HEAD_BYTES + new_length + rest);

    CHECK(out != NULL);
    memcpy(out, bytes, HEAD_BYTES);
    out[MAGIC_BYTES] = (uint8_t)(new_length & 0xff);
    out[MAGIC_BYTES + 1] = (uint8_t)(new_length >> 8);
    memcpy(out + HEAD_BYTES, signed_bytes, new_length);
    memcpy(out + HEAD_BYTES + new_length, bytes + HEAD_BYTES + old_length, rest);
    (void)snprintf(changed_path, sizeof(changed_path), "%s", fg_test_path("changed.file"));
    fg_fixture_write_bytes(changed_path, out, HEAD_BYTES + new_length + rest);
    free(out);
    free(bytes);
    return changed_path;
}

static struct fg_list *open_store(void)
{
    return fg_fixture_store(fg_test_path("list.db"));
}

static void check_version(struct fg_list *list, uint64_t version)
{
    struct fg_manifest manifest;

    CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
    CHECK_INT(manifest.version, version);
    CHECK_OK(fg_list_verify(list, &error), &error);
}

/* Two versions, the delta between them, and a store with the first. */
static char first_path[FG_FIXTURE_PATH];
static char second_path[FG_FIXTURE_PATH];
static char delta_path[FG_FIXTURE_PATH];

static struct fg_list *start(void)
{
    struct fg_fixture_city city = {.version = 1, .bucket_bits = 5, .rows = 300};
    struct fg_delta_build_result built;
    struct fg_manifest manifest;
    struct fg_list *list = open_store();

    fg_fixture_city("first.fgl", &city, first_path);
    city.version = 2;
    city.suspended_every = 40;
    city.missing_every = 90;
    fg_fixture_city("second.fgl", &city, second_path);
    fg_fixture_delta("delta.fgd", first_path, second_path, delta_path, &built);
    CHECK_OK(fg_list_import(list, first_path, NOW_MS, &manifest, &error), &error);
    return list;
}

TEST(
    "LIST-IS-SIGNED: a list file whose rows, bytes, root or depth are not as signed does not come into force")
{
    static const struct {
        void (*change)(struct fg_manifest *manifest);
        enum fg_err expected;
    } cases[] = {
        {one_row_more, FG_E_FORMAT}, {one_row_less, FG_E_FORMAT}, {one_byte_more, FG_E_SIZE},
        {one_byte_less, FG_E_SIZE},  {another_root, FG_E_AUTH},
    };
    struct fg_list *list = start();
    struct fg_manifest manifest;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_INT(fg_list_import(list, resigned(second_path, cases[i].change), NOW_MS, &manifest, &error),
                  cases[i].expected);
        check_version(list, 1);
    }
    CHECK(fg_list_import(list, resigned(second_path, twice_the_buckets), NOW_MS, &manifest, &error) != FG_OK);
    check_version(list, 1);
    CHECK_OK(fg_list_import(list, second_path, NOW_MS, &manifest, &error), &error);
    check_version(list, 2);
    fg_list_close(list);
}

TEST(
    "LIST-IS-SIGNED: a delta whose rows, bytes, root, depth or id are not as signed does not come into force")
{
    static const struct {
        void (*change)(struct fg_manifest *manifest);
        enum fg_err expected;
        const char *words;
    } cases[] = {
        {one_row_more, FG_E_AUTH, "number of rows and bytes"},
        {one_row_less, FG_E_AUTH, "number of rows and bytes"},
        {one_byte_more, FG_E_AUTH, "number of rows and bytes"},
        {one_byte_less, FG_E_AUTH, "number of rows and bytes"},
        {another_root, FG_E_AUTH, "root"},
        {twice_the_buckets, FG_E_STATE, "is in force"},
        {another_id, FG_E_STATE, "is in force"},
    };
    struct fg_list *list = start();
    struct fg_manifest manifest;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_INT(fg_list_import(list, resigned(delta_path, cases[i].change), NOW_MS, &manifest, &error),
                  cases[i].expected);
        CHECK_HAS(error.text, cases[i].words);
        check_version(list, 1);
    }
    CHECK_OK(fg_list_import(list, delta_path, NOW_MS, &manifest, &error), &error);
    check_version(list, 2);
    fg_list_close(list);
}

/* Takes a signed manifest of the second version, changed, and all buckets of the second version. */
static enum fg_err repair_to(struct fg_list *list, void (*change)(struct fg_manifest *))
{
    uint8_t signed_bytes[FG_MANIFEST_SIGNED_MAX];
    size_t length;
    uint8_t *bytes = fg_fixture_read(second_path, &length);
    size_t signed_length = sign_changed(bytes, change, signed_bytes);
    struct fg_list_file *file = NULL;
    struct fg_manifest manifest;
    const uint8_t *bucket;
    enum fg_err result;

    CHECK_OK(fg_manifest_verify(bytes + HEAD_BYTES, (size_t)bytes[MAGIC_BYTES] | (size_t)bytes[9] << 8,
                                &fg_fixture_key()->public_key, 1, &manifest, &error),
             &error);
    free(bytes);
    CHECK_OK(fg_list_file_open(second_path, &file, &error), &error);
    CHECK_OK(fg_list_file_expect(file, &manifest, &error), &error);
    result = fg_list_repair_begin(list, signed_bytes, signed_length, NOW_MS, &error);
    for (uint32_t i = 0; result == FG_OK && i < 32; i++) {
        CHECK_OK(fg_list_file_next(file, &bucket, &length, &error), &error);
        result = fg_list_repair_put(list, i, bucket, length, &error);
    }
    if (result == FG_OK)
        CHECK_INT(fg_list_repair_put(list, 32, (const uint8_t *)"", 0, &error), FG_E_ARG);
    if (result == FG_OK)
        result = fg_list_repair_commit(list, &manifest, &error);
    fg_list_file_close(file);
    return result;
}

static void nothing(struct fg_manifest *manifest)
{
    (void)manifest;
}

TEST("LIST-IS-SIGNED: a repair ends with the signed root of a list of this id and depth, or changes nothing")
{
    struct fg_list *list = start();
    struct fg_list *empty = NULL;
    struct fg_digest digests[30];

    CHECK_INT(repair_to(list, another_root), FG_E_AUTH);
    check_version(list, 1);
    CHECK_INT(repair_to(list, another_id), FG_E_STATE);
    check_version(list, 1);
    CHECK_INT(repair_to(list, twice_the_buckets), FG_E_STATE);
    CHECK_HAS(error.text, "no list like version 2");
    check_version(list, 1);
    CHECK_INT(fg_list_repair_group(list, 0, 0, digests, &error), FG_E_STATE);
    CHECK_INT(fg_list_repair_root(list, digests, &error), FG_E_STATE);
    CHECK_OK(repair_to(list, nothing), &error);
    check_version(list, 2);
    empty = fg_fixture_store(fg_test_path("empty.db"));
    CHECK_INT(repair_to(empty, nothing), FG_E_STATE);
    CHECK_INT(fg_list_state(empty), FG_LIST_MISSING);
    fg_list_close(empty);
    fg_list_close(list);
}

/* Puts the first version's manifest, changed, into the store, as somebody with the bureau's key might. */
static void put_manifest(void (*change)(struct fg_manifest *))
{
    uint8_t signed_bytes[FG_MANIFEST_SIGNED_MAX];
    size_t length;
    uint8_t *bytes = fg_fixture_read(first_path, &length);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    length = sign_changed(bytes, change, signed_bytes);
    free(bytes);
    CHECK_INT(sqlite3_open(fg_test_path("list.db"), &db), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(db, "UPDATE manifest SET signed = ?1", -1, &statement, NULL), SQLITE_OK);
    CHECK_INT(sqlite3_bind_blob(statement, 1, signed_bytes, (int)length, SQLITE_STATIC), SQLITE_OK);
    CHECK_INT(sqlite3_step(statement), SQLITE_DONE);
    CHECK_INT(sqlite3_finalize(statement), SQLITE_OK);
    CHECK_INT(sqlite3_close(db), SQLITE_OK);
}

TEST("LIST-IS-SIGNED: a store whose rows or bytes are not as signed neither verifies nor is handed on")
{
    struct fg_list *list = start();
    struct fg_manifest manifest;

    put_manifest(one_row_more);
    CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "number of rows");
    put_manifest(one_row_less);
    CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
    put_manifest(another_root);
    CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "root");
    CHECK_INT(fg_list_export(list, fg_test_path("out.fgl"), &manifest, &error), FG_E_AUTH);
    put_manifest(one_byte_more);
    CHECK_INT(fg_list_export(list, fg_test_path("out.fgl"), &manifest, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "not the ones that the bureau signed");
    put_manifest(one_byte_less);
    CHECK_INT(fg_list_export(list, fg_test_path("out.fgl"), &manifest, &error), FG_E_AUTH);
    CHECK(access(fg_test_path("out.fgl"), F_OK) != 0);
    put_manifest(nothing);
    CHECK_OK(fg_list_export(list, fg_test_path("out.fgl"), &manifest, &error), &error);
    CHECK_INT(manifest.version, 1);
    fg_list_close(list);
}

/* The only bucket of a list without depth, as put_bucket leaves it. */
static uint8_t sealed[FG_BUCKET_BYTES_MAX + 1];
static size_t sealed_length;

static void seal(struct fg_manifest *manifest)
{
    fg_tree_leaf(sealed, sealed_length, &manifest->root);
    manifest->body_bytes = FG_LIST_FILE_LENGTH_BYTES + sealed_length;
}

/* Bytes that are no rows, under a root and sums that are signed. */
static void put_bucket(size_t length)
{
    char sql[64];

    sealed_length = length;
    (void)snprintf(sql, sizeof(sql), "UPDATE bucket SET bytes = zeroblob(%zu)", length);
    (void)fg_test_sqlite_edit(fg_test_path("list.db"), sql);
    put_manifest(seal);
}

TEST("BAD-INPUT-IS-SAFE: a signed bucket that holds no rows proves nothing, neither that a code is there nor "
     "that it is not")
{
    struct fg_fixture_city city = {.version = 1, .bucket_bits = 0, .rows = 20};
    struct fg_code code = fg_fixture_code("HZ-CNG-00000003");
    struct fg_list *list = open_store();
    struct fg_delta_build_result built;
    struct fg_manifest manifest;
    struct fg_row row;

    fg_fixture_city("first.fgl", &city, first_path);
    city.version = 2;
    city.suspended_every = 5;
    fg_fixture_city("second.fgl", &city, second_path);
    fg_fixture_delta("delta.fgd", first_path, second_path, delta_path, &built);
    CHECK_OK(fg_list_import(list, first_path, NOW_MS, &manifest, &error), &error);
    CHECK_OK(fg_list_find(list, &code, &row, &error), &error);
    put_bucket(40);
    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    CHECK_INT(fg_list_find(list, &code, &row, &error), FG_E_AUTH);
    CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "list store: ");
    CHECK_INT(fg_list_import(list, delta_path, NOW_MS, &manifest, &error), FG_E_AUTH);
    put_bucket(FG_BUCKET_BYTES_MAX);
    CHECK_OK(fg_list_export(list, fg_test_path("out.fgl"), &manifest, &error), &error);
    CHECK_INT(fg_list_import(list, fg_test_path("out.fgl"), NOW_MS, &manifest, &error), FG_E_FORMAT);
    put_bucket(FG_BUCKET_BYTES_MAX + 1);
    CHECK_INT(fg_list_export(list, fg_test_path("out.fgl"), &manifest, &error), FG_E_AUTH);
    CHECK_OK(fg_list_import(list, second_path, NOW_MS, &manifest, &error), &error);
    check_version(list, 2);
    fg_list_close(list);
}
