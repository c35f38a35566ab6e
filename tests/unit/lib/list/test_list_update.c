/* Updates: which way they go, how much is fetched, and that nothing is lost when they break off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/list/list_file.h"
#include "proto/list/tree.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/list_fixture.h"
#include "tests/lib/fixture/source_fixture.h"
#include "tests/lib/sqlite_file.h"

#define NOW_MS (FG_FIXTURE_ISSUED_MS + 1000)
#define BITS 7
#define BUCKETS (1 << BITS)

static struct fg_error error;
static struct fg_fixture_source source;
static struct fg_list *list;
static struct fg_list_update_result done;
static const struct fg_fixture_city one = {.version = 1, .bucket_bits = BITS, .rows = 1500};
static const struct fg_fixture_city two = {
    .version = 2, .bucket_bits = BITS, .rows = 1500, .suspended_every = 60};

static void open_list(void)
{
    list = fg_fixture_store(fg_test_path("mine.db"));
}

static void start(void)
{
    fg_list_close(list);
    list = NULL;
    fg_fixture_source_end(&source);
    (void)mkdir(fg_test_path("work"), 0700);
    fg_fixture_source_start(&source);
    open_list();
}

static void end(void)
{
    fg_list_close(list);
    list = NULL;
    fg_fixture_source_end(&source);
}

/* The source publishes while an update runs, which uses up the buffers of fg_test_path. */
static const char *work_path(void)
{
    static char path[FG_FIXTURE_PATH];

    (void)snprintf(path, sizeof(path), "%s", fg_test_path("work"));
    return path;
}

static enum fg_err update(void)
{
    struct fg_list_source from = fg_fixture_list_source(&source);

    return fg_list_update(list, "city", &from, work_path(), NOW_MS, &done, &error);
}

static enum fg_err heal(void)
{
    struct fg_list_source from = fg_fixture_list_source(&source);

    return fg_list_heal(list, "city", &from, work_path(), NOW_MS, &done, &error);
}

/* What is in force is the source's file, byte for byte. */
static void check_equal(void)
{
    struct fg_manifest manifest;
    size_t length;
    size_t expected_length;
    uint8_t *expected = fg_fixture_read(source.file, &expected_length);
    uint8_t *bytes;

    CHECK_OK(fg_list_verify(list, &error), &error);
    CHECK_OK(fg_list_export(list, fg_test_path("export.fgl"), &manifest, &error), &error);
    bytes = fg_fixture_read(fg_test_path("export.fgl"), &length);
    CHECK_INT(length, expected_length);
    CHECK_BYTES(bytes, expected, length);
    free(bytes);
    free(expected);
}

static void check_version(uint64_t version)
{
    struct fg_manifest manifest;

    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
    CHECK_INT(manifest.version, version);
}

/* Version 1 in force here, version 2 at the source. */
static void start_with_two(void)
{
    start();
    fg_fixture_publish(&source, &one);
    CHECK_OK(update(), &error);
    fg_fixture_publish(&source, &two);
    source.calls = 0;
}

/* Edits the bytes of a bucket behind the store's back. */
static void damage(uint32_t bucket)
{
    char sql[200];

    (void)snprintf(
        sql, sizeof(sql),
        "UPDATE bucket SET bytes = CAST(substr(bytes, 1, 40) || x'7f' || substr(bytes, 42) AS BLOB)"
        " WHERE idx = %u",
        bucket);
    CHECK_INT(fg_test_sqlite_edit(fg_test_path("mine.db"), sql), 1);
}

TEST("first the whole file, then a delta, then nothing")
{
    start();
    fg_fixture_publish(&source, &one);
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_FILE);
    CHECK_INT(done.version_before, 0);
    CHECK_INT(done.manifest.version, 1);
    check_equal();
    CHECK(access(fg_test_path("work/1.fgl.part"), F_OK) != 0);
    fg_fixture_publish(&source, &two);
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_DELTA);
    CHECK_INT(done.version_before, 1);
    CHECK_INT(done.manifest.version, 2);
    CHECK(done.bytes_fetched < 3000);
    check_equal();
    CHECK(access(fg_test_path("work/1-2.fgd"), F_OK) == 0);
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_NONE);
    CHECK_INT(done.manifest.version, 2);
    CHECK_INT(done.version_before, 2);
    CHECK_INT(source.files, 1);
    CHECK_INT(source.deltas, 1);
    CHECK_INT(source.nodes + source.buckets, 0);
    end();
}

TEST("without a delta exactly the buckets that differ are fetched")
{
    unsigned differing;
    char before[FG_FIXTURE_PATH];

    start();
    fg_fixture_publish(&source, &one);
    memcpy(before, source.file, sizeof(before));
    CHECK_OK(update(), &error);
    fg_fixture_publish(&source, &two);
    source.delta[0] = '\0';
    differing = fg_fixture_differences(before, source.file, NULL);
    CHECK(differing > 10 && differing < BUCKETS / 2);
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_REPAIR);
    CHECK_INT(done.buckets_fetched, differing);
    CHECK_INT(source.buckets, differing);
    CHECK_INT(source.files, 1);
    CHECK(source.nodes <= 1 + BUCKETS / 16);
    check_equal();
    end();
}

TEST("a delta on a store with edited buckets does not prove, and repair fetches what differs and what was "
     "edited")
{
    bool differs[BUCKETS];
    char before[FG_FIXTURE_PATH];
    uint32_t seed = 12345;
    unsigned expected;
    uint32_t changed = 0;

    start();
    fg_fixture_publish(&source, &one);
    memcpy(before, source.file, sizeof(before));
    CHECK_OK(update(), &error);
    fg_fixture_publish(&source, &two);
    expected = fg_fixture_differences(before, source.file, differs);
    while (!differs[changed])
        changed++;
    damage(changed); /* one that the delta touches: so it cannot prove */
    for (int i = 0; i < 20; i++) {
        seed = seed * 1103515245U + 12345U;
        if (!differs[seed >> 16 & (BUCKETS - 1)]) {
            damage(seed >> 16 & (BUCKETS - 1));
            differs[seed >> 16 & (BUCKETS - 1)] = true;
            expected++;
        }
    }
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_REPAIR);
    CHECK_INT(done.buckets_fetched, expected);
    CHECK_INT(source.deltas, 1);
    check_equal();
    CHECK(access(fg_test_path("work/1-2.fgd"), F_OK) != 0);
    end();
}

TEST("healing fetches exactly the damaged buckets of the version in force, and nothing of a sound one")
{
    start();
    fg_fixture_publish(&source, &one);
    CHECK_OK(heal(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_FILE);
    CHECK_OK(heal(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_NONE);
    damage(3);
    damage(77);
    damage(78);
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_NONE);
    CHECK_OK(heal(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_REPAIR);
    CHECK_INT(done.buckets_fetched, 3);
    CHECK_INT(source.files, 1);
    check_equal();
    end();
}

TEST("the whole file comes when more than half differs, and when the number of buckets does")
{
    struct fg_fixture_city three = {.version = 3, .bucket_bits = BITS, .rows = 1500, .dated_every = 2};
    struct fg_fixture_city four = {.version = 4, .bucket_bits = BITS + 1, .rows = 1500};

    start_with_two();
    CHECK_OK(update(), &error);
    fg_fixture_publish(&source, &three);
    source.delta[0] = '\0';
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_FILE);
    CHECK_INT(source.buckets, 0);
    check_equal();
    fg_fixture_publish(&source, &four);
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_FILE);
    check_equal();
    end();
}

TEST("a list of one bucket goes by delta and by file")
{
    struct fg_fixture_city small = {.version = 1, .bucket_bits = 0, .rows = 5};

    start();
    fg_fixture_publish(&source, &small);
    CHECK_OK(update(), &error);
    small.version = 2;
    small.rows = 6;
    fg_fixture_publish(&source, &small);
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_DELTA);
    check_equal();
    small.version = 3;
    small.rows = 7;
    fg_fixture_publish(&source, &small);
    source.delta[0] = '\0';
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_FILE);
    check_equal();
    end();
}

TEST("an interrupted file goes on where it was")
{
    start();
    fg_fixture_publish(&source, &one);
    source.cut_after = 50000;
    CHECK_INT(update(), FG_E_GONE);
    CHECK_INT(fg_list_state(list), FG_LIST_MISSING);
    CHECK_OK(update(), &error);
    CHECK_INT(source.resumed_from, 50000);
    CHECK_INT(source.files, 2);
    check_equal();
    fg_fixture_publish(&source, &two);
    source.cut_after = 200;
    CHECK_INT(update(), FG_E_GONE);
    check_version(1);
    CHECK_OK(update(), &error);
    CHECK_INT(source.resumed_from, 200);
    CHECK_INT(done.way, FG_LIST_UPDATE_DELTA);
    check_equal();
    end();
}

TEST("a source without ranges is asked from the start")
{
    start();
    fg_fixture_publish(&source, &one);
    source.cut_after = 50000;
    source.no_ranges = true;
    CHECK_INT(update(), FG_E_GONE);
    CHECK_OK(update(), &error);
    CHECK_INT(source.resumed_from, 0);
    check_equal();
    end();
}

TEST("a part that is not what the source has is fetched again from its start")
{
    static const uint8_t junk[1000];

    start();
    fg_fixture_publish(&source, &one);
    fg_fixture_write_bytes(fg_test_path("work/1.fgl.part"), junk, sizeof(junk));
    CHECK_OK(update(), &error);
    CHECK_INT(source.files, 2);
    check_equal();
    end();
}

TEST("what earlier updates left is removed, and nothing else")
{
    start_with_two();
    fg_fixture_write_bytes(fg_test_path("work/7.fgl.part"), (const uint8_t *)"x", 1);
    fg_fixture_write_bytes(fg_test_path("work/1-7.fgd"), (const uint8_t *)"x", 1);
    fg_fixture_write_bytes(fg_test_path("work/mine.txt"), (const uint8_t *)"x", 1);
    CHECK_OK(update(), &error);
    CHECK(access(fg_test_path("work/7.fgl.part"), F_OK) != 0);
    CHECK(access(fg_test_path("work/1-7.fgd"), F_OK) != 0);
    CHECK(access(fg_test_path("work/mine.txt"), F_OK) == 0);
    end();
}

static const struct fg_fixture_city *next_city;
static unsigned publish_at;

static void publish_next(struct fg_fixture_source *at)
{
    if (at->calls != publish_at)
        return;
    fg_fixture_publish(at, next_city);
    at->delta[0] = '\0';
}

TEST("a list that changes at the source in mid-update is taken in its newer version")
{
    static const struct fg_fixture_city three = {
        .version = 3, .bucket_bits = BITS, .rows = 1500, .suspended_every = 50};

    for (publish_at = 1; publish_at < 12; publish_at++) {
        end();
        (void)unlink(fg_test_path("mine.db"));
        (void)unlink(fg_test_path("source.db"));
        start_with_two();
        source.delta[0] = '\0';
        next_city = &three;
        source.before_call = publish_next;
        CHECK_OK(update(), &error);
        CHECK_INT(done.manifest.version, 3);
        check_equal();
    }
    end();
}

TEST("a list that keeps changing ends the update with a clear error, and the old one stays")
{
    start_with_two();
    source.before_call = fg_fixture_publish_next;
    source.next = &one;
    CHECK_INT(update(), FG_E_BUSY);
    CHECK_HAS(error.text, "keeps changing");
    check_version(1);
    source.before_call = NULL;
    CHECK_OK(update(), &error);
    check_equal();
    end();
}

TEST("a source that lacks what its manifest names is told apart from a changing one")
{
    start_with_two();
    source.delta[0] = '\0';
    (void)snprintf(source.manifest_file, sizeof(source.manifest_file), "%s", source.file);
    source.version = 99;
    fg_fixture_source_end(&source);
    (void)unlink(fg_test_path("source.db"));
    source.store = fg_fixture_store(fg_test_path("empty.db"));
    CHECK_INT(update(), FG_E_BUSY);
    CHECK_HAS(error.text, "does not hold all");
    check_version(1);
    end();
}

TEST("buckets and nodes that do not prove lead to the whole file")
{
    start_with_two();
    source.delta[0] = '\0';
    source.bad_buckets = true;
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_FILE);
    check_equal();
    end();
    (void)unlink(fg_test_path("mine.db"));
    (void)unlink(fg_test_path("source.db"));
    start_with_two();
    source.delta[0] = '\0';
    source.bad_nodes = true;
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_FILE);
    CHECK_INT(source.nodes, 1);
    check_equal();
    end();
}

TEST("while a repair is under way nothing else may write, and it ends with the store")
{
    struct fg_manifest manifest;
    static uint8_t buffer[FG_BUCKET_BYTES_MAX];
    struct fg_digest digests[FG_TREE_GROUP_DIGESTS];
    struct fg_list_file *file = NULL;
    const uint8_t *bytes;
    size_t length;
    size_t given;

    start_with_two();
    CHECK_OK(fg_list_file_open(source.file, &file, &error), &error);
    bytes = fg_list_file_manifest(file, &length);
    CHECK_INT(fg_list_repair_put(list, 0, bytes, 0, &error), FG_E_STATE);
    CHECK_INT(fg_list_repair_commit(list, &manifest, &error), FG_E_STATE);
    CHECK_OK(fg_list_repair_begin(list, bytes, length, NOW_MS, &error), &error);
    CHECK_INT(fg_list_repair_begin(list, bytes, length, NOW_MS, &error), FG_E_STATE);
    CHECK_INT(fg_list_import(list, source.file, NOW_MS, &manifest, &error), FG_E_STATE);
    CHECK_INT(fg_list_export(list, fg_test_path("x.fgl"), &manifest, &error), FG_E_STATE);
    CHECK_INT(fg_list_bucket(list, 0, 0, buffer, sizeof(buffer), &given, &error), FG_E_STATE);
    CHECK_INT(fg_list_node_group(list, 0, 0, 0, digests, &given, &error), FG_E_STATE);
    CHECK_INT(fg_list_signed_manifest(list, buffer, sizeof(buffer), &given, &error), FG_E_STATE);
    CHECK_HAS(error.text, "a repair is under way");
    CHECK(fg_list_repair_put(list, 4, (const uint8_t *)"\xff\xff", 2, &error) != FG_OK);
    CHECK_OK(fg_list_repair_put(list, 5, (const uint8_t *)"", 0, &error), &error);
    CHECK_INT(fg_list_repair_put(list, 5, (const uint8_t *)"", 0, &error), FG_E_ARG);
    CHECK_INT(fg_list_repair_commit(list, &manifest, &error), FG_E_AUTH);
    check_version(1);
    CHECK_OK(fg_list_verify(list, &error), &error);
    CHECK_OK(fg_list_repair_begin(list, bytes, length, NOW_MS, &error), &error);
    fg_list_close(list);
    open_list();
    check_version(1);
    fg_list_file_close(file);
    end();
}

TEST("not a list id, not a directory")
{
    struct fg_list_source from = fg_fixture_list_source(&source);

    start();
    fg_fixture_publish(&source, &one);
    CHECK_INT(fg_list_update(list, "", &from, fg_test_path("work"), NOW_MS, &done, &error), FG_E_ARG);
    CHECK_INT(fg_list_update(list, "city", &from, fg_test_path("none"), NOW_MS, &done, &error), FG_E_IO);
    end();
}

TEST("BAD-INPUT-IS-SAFE: a list id of 32 characters, or a directory too long for a path, is refused before "
     "anything is asked")
{
    struct fg_list_source from = fg_fixture_list_source(&source);
    char id[FG_NAME_MAX + 2];
    char directory[5000];

    start();
    fg_fixture_publish(&source, &one);
    source.calls = 0;
    memset(id, 'x', sizeof(id));
    id[FG_NAME_MAX + 1] = '\0';
    CHECK_INT(fg_list_update(list, id, &from, work_path(), NOW_MS, &done, &error), FG_E_ARG);
    CHECK_INT(source.calls, 0);
    id[FG_NAME_MAX] = '\0';
    CHECK(fg_list_update(list, id, &from, work_path(), NOW_MS, &done, &error) != FG_E_ARG);
    memset(directory, 'd', sizeof(directory));
    directory[sizeof(directory) - 1] = '\0';
    CHECK_INT(fg_list_update(list, "city", &from, directory, NOW_MS, &done, &error), FG_E_ARG);
    CHECK_HAS(error.text, "too long");
    end();
}

TEST("a repair of more buckets than there is room for at first fetches every one")
{
    struct fg_fixture_city before = {.version = 1, .bucket_bits = 11, .rows = 4000};
    struct fg_fixture_city after = {.version = 2, .bucket_bits = 11, .rows = 4000, .dated_every = 4};
    char old[FG_FIXTURE_PATH];
    unsigned differing;

    start();
    fg_fixture_publish(&source, &before);
    memcpy(old, source.file, sizeof(old));
    CHECK_OK(update(), &error);
    fg_fixture_publish(&source, &after);
    source.delta[0] = '\0';
    differing = fg_fixture_differences(old, source.file, NULL);
    CHECK(differing > 2 * 256 && differing < 1024);
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_REPAIR);
    CHECK_INT(done.buckets_fetched, differing);
    check_equal();
    end();
}

TEST("up to half of the buckets is a repair, one more the whole file")
{
    struct fg_fixture_city before = {.bucket_bits = 3, .rows = 400};
    struct fg_fixture_city after = {.bucket_bits = 3, .rows = 400};
    bool seen[2] = {false, false};

    start();

    for (unsigned every = 40; every < 400 && !(seen[0] && seen[1]); every++) {
        char old[FG_FIXTURE_PATH];
        unsigned differing;

        before.version = after.version + 1;
        after.version += 2;
        fg_fixture_publish(&source, &before);
        memcpy(old, source.file, sizeof(old));
        CHECK_OK(update(), &error);
        after.dated_every = every;
        fg_fixture_publish(&source, &after);
        source.delta[0] = '\0';
        differing = fg_fixture_differences(old, source.file, NULL);
        if ((differing == 4 || differing == 5) && !seen[differing - 4]) {
            seen[differing - 4] = true;
            CHECK_OK(update(), &error);
            CHECK_INT(done.way, differing == 4 ? FG_LIST_UPDATE_REPAIR : FG_LIST_UPDATE_FILE);
            check_equal();
        }
    }
    CHECK(seen[0] && seen[1]);
    end();
}

static enum fg_err (*bucket_of_source)(void *context, uint64_t version, uint32_t index, uint8_t *buffer,
                                       size_t capacity, size_t *ret_length, struct fg_error *error);

/* Says that it gave more than there was room for. */
static enum fg_err bucket_too_long(void *context, uint64_t version, uint32_t index, uint8_t *buffer,
                                   size_t capacity, size_t *ret_length, struct fg_error *bucket_error)
{
    enum fg_err result =
        bucket_of_source(context, version, index, buffer, capacity, ret_length, bucket_error);

    *ret_length = capacity + 64;
    return result;
}

TEST("BAD-INPUT-IS-SAFE: a bucket that is said to be longer than its buffer is never read that far")
{
    struct fg_list_source from;

    start_with_two();
    source.delta[0] = '\0';
    from = fg_fixture_list_source(&source);
    bucket_of_source = from.bucket;
    from.bucket = bucket_too_long;
    CHECK_OK(fg_list_update(list, "city", &from, work_path(), NOW_MS, &done, &error), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_FILE); /* as after any bucket that is not the list's */
    CHECK_INT(source.buckets, 1);
    check_equal();
    end();
}
