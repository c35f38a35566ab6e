/* What an update makes of a source's failures: which way it goes next, what of a download it keeps, and what
 * it says that it fetched. */
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
#define BITS 5

static struct fg_error error;
static struct fg_fixture_source source;
static struct fg_list *list;
static struct fg_list_update_result done;
static char work[FG_FIXTURE_PATH];
static const struct fg_fixture_city one = {.version = 1, .bucket_bits = BITS, .rows = 300};
static const struct fg_fixture_city two = {
    .version = 2, .bucket_bits = BITS, .rows = 300, .suspended_every = 40};

static void end(void)
{
    fg_list_close(list);
    list = NULL;
    fg_fixture_source_end(&source);
}

static void start(void)
{
    end();
    (void)unlink(fg_test_path("mine.db"));
    (void)unlink(fg_test_path("source.db"));
    (void)snprintf(work, sizeof(work), "%s", fg_test_path("work"));
    (void)mkdir(work, 0700);
    (void)unlink(fg_test_path("work/2.fgl.part"));
    (void)unlink(fg_test_path("work/1-2.fgd.part"));
    fg_fixture_source_start(&source);
    list = fg_fixture_store(fg_test_path("mine.db"));
}

static enum fg_err update(void)
{
    struct fg_list_source from = fg_fixture_list_source(&source);

    return fg_list_update(list, "city", &from, work, NOW_MS, &done, &error);
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

static uint64_t size_of(const char *path)
{
    struct stat status;

    CHECK_INT(stat(path, &status), 0);
    return (uint64_t)status.st_size;
}

static uint64_t manifest_bytes(void)
{
    struct fg_list_file *file = NULL;
    size_t length;

    CHECK_OK(fg_list_file_open(source.file, &file, &error), &error);
    (void)fg_list_file_manifest(file, &length);
    fg_list_file_close(file);
    return length;
}

/* What a failure means: the next way is tried, or the update ends; and what of a download stays for the next
 * try. */
static const struct {
    enum fg_err code;
    bool is_no_way;
    bool part_stays;
} failures[] = {
    {FG_E_NOT_FOUND, true, false}, {FG_E_AUTH, true, false}, {FG_E_FORMAT, true, false},
    {FG_E_SIZE, true, false},      {FG_E_STATE, true, true}, {FG_E_CORRUPT, true, true},
    {FG_E_GONE, false, true},      {FG_E_BUSY, false, true}, {FG_E_IO, false, true},
};

TEST("a delta that the source cannot give is no reason to end, an interrupted one is, and is gone on with")
{
    start_with_two();
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        fg_fixture_write_bytes(fg_test_path("work/1-2.fgd.part"), (const uint8_t *)"begun", 5);
        source.calls = 0;
        source.fail_at = 2; /* the manifest came */
        source.fail_code = failures[i].code;
        if (failures[i].is_no_way) {
            CHECK_OK(update(), &error);
            CHECK_INT(done.way, FG_LIST_UPDATE_REPAIR);
            CHECK_INT(done.manifest.version, 2);
        } else {
            CHECK_INT(update(), failures[i].code);
            CHECK_INT(source.calls, 2);
        }
        CHECK_INT(access(fg_test_path("work/1-2.fgd.part"), F_OK) == 0, failures[i].part_stays);
        if (failures[i].part_stays)
            CHECK_INT(size_of(fg_test_path("work/1-2.fgd.part")), 5);
        if (failures[i].is_no_way)
            start_with_two();
    }
    end();
}

TEST("a source that does not go on where the last try ended is asked from the start, once")
{
    start_with_two();
    fg_fixture_write_bytes(fg_test_path("work/1-2.fgd.part"), (const uint8_t *)"begun", 5);
    source.fail_at = 2;
    source.fail_code = FG_E_RANGE;
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_DELTA);
    CHECK_INT(source.deltas, 2);
    start_with_two();
    source.fail_at = 2; /* nothing was there to go on with */
    source.fail_code = FG_E_RANGE;
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_REPAIR);
    CHECK_INT(source.deltas, 1);
    CHECK(access(fg_test_path("work/1-2.fgd.part"), F_OK) != 0);
    end();
}

TEST("a node or bucket that the source gives wrongly leads to the whole file, one that it lacks to a new "
     "manifest")
{
    static const unsigned at[] = {3, 6}; /* manifest, delta, three groups of nodes, buckets */

    start_with_two();
    for (size_t k = 0; k < sizeof(at) / sizeof(at[0]); k++) {
        for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
            source.delta[0] = '\0';
            source.calls = 0;
            source.manifests = 0;
            source.fail_at = at[k];
            source.fail_code = failures[i].code;
            if (failures[i].code == FG_E_NOT_FOUND) {
                CHECK_INT(update(), FG_E_BUSY);
                CHECK_HAS(error.text, "does not hold all of version 2");
                CHECK_INT(source.manifests, 2);
            } else if (failures[i].is_no_way) {
                CHECK_OK(update(), &error);
                CHECK_INT(done.way, FG_LIST_UPDATE_FILE);
                start_with_two();
            } else {
                CHECK_INT(update(), failures[i].code);
                CHECK_INT(source.calls, at[k]);
            }
        }
    }
    end();
}

TEST("what is fetched is counted to the byte, whichever way it came")
{
    uint64_t tree = 0;

    start();
    fg_fixture_publish(&source, &one);
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_FILE);
    CHECK_INT(done.bytes_fetched, manifest_bytes() + size_of(source.file));
    CHECK_INT(done.version_before, 0);
    fg_fixture_publish(&source, &two);
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_DELTA);
    CHECK_INT(done.bytes_fetched, manifest_bytes() + size_of(source.delta));
    CHECK_INT(done.version_before, 1);
    CHECK_OK(update(), &error);
    CHECK_INT(done.bytes_fetched, manifest_bytes());
    start_with_two();
    source.delta[0] = '\0';
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_REPAIR);
    CHECK_INT(source.nodes, 3); /* the top, and both groups below it */
    tree = (fg_tree_group_digests(1) + 2 * fg_tree_group_digests(4)) * sizeof(struct fg_digest);
    CHECK(done.buckets_fetched > 2);
    CHECK(done.bytes_fetched > manifest_bytes() + tree + (uint64_t)done.buckets_fetched * 4);
    CHECK(done.bytes_fetched < manifest_bytes() + tree + (uint64_t)done.buckets_fetched * 1000);
    start_with_two();
    source.cut_after = 100;
    CHECK_INT(update(), FG_E_GONE);
    CHECK_OK(update(), &error);
    CHECK_INT(done.bytes_fetched, manifest_bytes() + size_of(source.delta) - 100);
    end();
}

TEST("a download that was whole when the power went is not fetched again")
{
    size_t length;
    uint8_t *bytes;

    start();
    fg_fixture_publish(&source, &two);
    bytes = fg_fixture_read(source.file, &length);
    fg_fixture_write_bytes(fg_test_path("work/2.fgl.part"), bytes, length);
    free(bytes);
    CHECK_OK(update(), &error);
    CHECK_INT(source.files, 0);
    CHECK_INT(done.way, FG_LIST_UPDATE_FILE);
    CHECK_INT(done.manifest.version, 2);
    end();
}

TEST("a download that lies there longer than its list is begun again")
{
    size_t length;
    uint8_t *bytes;

    start();
    fg_fixture_publish(&source, &two);
    bytes = fg_fixture_read(source.file, &length);
    bytes[length] = 0;
    fg_fixture_write_bytes(fg_test_path("work/2.fgl.part"), bytes, length + 1);
    free(bytes);
    CHECK_OK(update(), &error);
    CHECK_INT(source.files, 1);
    CHECK_INT(source.resumed_from, 0);
    CHECK_INT(done.manifest.version, 2);
    end();
}

TEST("BAD-INPUT-IS-SAFE: a download's name that is a link or a folder is not written through")
{
    start();
    fg_fixture_publish(&source, &two);
    fg_fixture_write_bytes(fg_test_path("elsewhere"), (const uint8_t *)"x", 1);
    CHECK_INT(symlink(fg_test_path("elsewhere"), fg_test_path("work/2.fgl.part")), 0);
    CHECK_INT(update(), FG_E_IO);
    CHECK_INT(size_of(fg_test_path("elsewhere")), 1);
    CHECK_INT(unlink(fg_test_path("work/2.fgl.part")), 0);
    CHECK_INT(mkfifo(fg_test_path("work/2.fgl.part"), 0600), 0);
    CHECK_INT(update(), FG_E_IO);
    CHECK_HAS(error.text, "not a regular file");
    CHECK_INT(source.files, 0);
    CHECK_INT(unlink(fg_test_path("work/2.fgl.part")), 0);
    CHECK_OK(update(), &error);
    end();
}

TEST("a delta that is kept for handing on can be read by others, a name that is only an ending is no file of "
     "ours")
{
    struct stat status;

    start_with_two();
    fg_fixture_write_bytes(fg_test_path("work/.fgd"), (const uint8_t *)"x", 1);
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_DELTA);
    CHECK_INT(stat(fg_test_path("work/1-2.fgd"), &status), 0);
    CHECK_INT(status.st_mode & 07777, 0644);
    CHECK_INT(access(fg_test_path("work/.fgd"), F_OK), 0);
    CHECK(access(fg_test_path("work/1-2.fgd.part"), F_OK) != 0);
    end();
}

TEST("a list that keeps changing is tried three times")
{
    start_with_two();
    source.manifests = 0;
    source.before_call = fg_fixture_publish_next;
    source.next = &one;
    CHECK_INT(update(), FG_E_BUSY);
    CHECK_HAS(error.text, "keeps changing");
    CHECK_INT(source.manifests, 3);
    end();
}

/* Whatever is offered is the manifest of version 2, but the file is of another list of that version. */
TEST("LIST-IS-SIGNED: a delta or file of another list of the same version is not taken for the one named")
{
    struct fg_fixture_city other = two;
    char named[FG_FIXTURE_PATH];
    char other_path[FG_FIXTURE_PATH];

    start();
    fg_fixture_publish(&source, &two);
    memcpy(named, source.file, sizeof(named));
    other.suspended_every = 7;
    fg_fixture_city("other.fgl", &other, other_path);
    memcpy(source.manifest_file, named, sizeof(named));
    memcpy(source.file, other_path, sizeof(other_path));
    CHECK(update() != FG_OK);
    CHECK_INT(fg_list_state(list), FG_LIST_MISSING);
    CHECK(access(fg_test_path("work/2.fgl.part"), F_OK) != 0);
    memcpy(source.file, named, sizeof(named));
    CHECK_OK(update(), &error);
    end();
}

static void edit(const char *sql)
{
    (void)fg_test_sqlite_edit(fg_test_path("mine.db"), sql);
}

static enum fg_err heal(void)
{
    struct fg_list_source from = fg_fixture_list_source(&source);

    return fg_list_heal(list, "city", &from, work, NOW_MS, &done, &error);
}

TEST("TAMPER-SHOWS: healing brings back buckets and nodes that were removed, edited or added")
{
    static const char *const edits[] = {
        "DELETE FROM bucket WHERE idx IN (0, 9, 31)",
        "DELETE FROM node",
        "UPDATE node SET hashes = zeroblob(length(hashes)) WHERE id = 1",
        "UPDATE node SET hashes = x'00'",
        "INSERT INTO bucket VALUES(32, x'')",
        "INSERT INTO bucket VALUES(-1, x'')",
        "INSERT INTO node VALUES(77, zeroblob(960))",
    };
    static const unsigned fetched[] = {3, 0, 0, 0, 0, 0, 0};

    start();
    fg_fixture_publish(&source, &one);
    CHECK_OK(update(), &error);
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        source.buckets = 0;
        edit(edits[i]);
        CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
        CHECK_OK(heal(), &error);
        if (fg_list_verify(list, &error) != FG_OK)
            fg_test_fail(__FILE__, __LINE__, "not healed: %s: %s", edits[i], error.text);
        CHECK_INT(source.buckets, fetched[i]);
        CHECK_INT(done.version_before, 1);
        CHECK_INT(done.manifest.version, 1);
    }
    CHECK_OK(heal(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_NONE);
    end();
}
