/* Delta files: made from two list files, applied to the store's own buckets, proven by the new root. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware/core/rules.h"
#include "firmware/list/list.h"
#include "proto/delta.h"
#include "proto/manifest.h"
#include "proto/tree.h"
#include "tests/lib/check.h"
#include "tests/lib/city_fixture.h"
#include "tests/lib/list_fixture.h"

#define NOW_MS (FG_FIXTURE_ISSUED_MS + 1000)

static struct fg_error error;

static struct fg_list *open_store(void)
{
    struct fg_list *list = NULL;

    CHECK_OK(fg_list_open(fg_test_path("list.db"), NULL, &fg_fixture_key()->public_key, 1, &list, &error),
             &error);
    return list;
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
    CHECK_OK(fg_list_export(list, fg_test_path("export.fgl"), &manifest, &error), &error);
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
