/* The list store's file and what it is held against: limits of names and versions, keys and pins that change
 * while it is open, what a forger plants into it, and the list as it leaves the store. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/list/list.h"
#include "proto/list/bucket.h"
#include "proto/list/manifest.h"
#include "proto/list/tree.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/city_fixture.h"
#include "tests/lib/fixture/list_fixture.h"
#include "tests/lib/sqlite_file.h"

#define NOW_MS (FG_FIXTURE_ISSUED_MS + 1000)
#define CODE "HZ-CNG-00000003"

static struct fg_error error;

static struct fg_list *open_store(void)
{
    return fg_fixture_store(fg_test_path("list.db"));
}

static const char *city_file(const struct fg_fixture_city *city)
{
    static char path[FG_FIXTURE_PATH];

    fg_fixture_city("city.fgl", city, path);
    return path;
}

static enum fg_err import(struct fg_list *list, const struct fg_fixture_city *city)
{
    struct fg_manifest manifest;

    return fg_list_import(list, city_file(city), NOW_MS, &manifest, &error);
}

static struct fg_list *store_of(uint64_t version, int bucket_bits)
{
    struct fg_fixture_city city = {.version = version, .bucket_bits = bucket_bits, .rows = 200};
    struct fg_list *list = open_store();

    CHECK_OK(import(list, &city), &error);
    return list;
}

static void edit(const char *sql)
{
    (void)fg_test_sqlite_edit(fg_test_path("list.db"), sql);
}

static enum fg_err find(struct fg_list *list)
{
    struct fg_code code = fg_fixture_code(CODE);
    struct fg_row row;

    return fg_list_find(list, &code, &row, &error);
}

static void name_of(char *name, size_t length)
{
    memset(name, 'n', length);
    name[length] = '\0';
}

TEST("LIST-IS-SIGNED: keys that change while the store is open count at once, for what is in force too")
{
    struct fg_private_key other;
    struct fg_public_key keys[2];
    struct fg_list *list = store_of(1, 3);

    CHECK_OK(fg_private_key_new(&other, &error), &error);
    keys[0] = other.public_key;
    keys[1] = fg_fixture_key()->public_key;
    CHECK_OK(find(list), &error);
    CHECK_OK(fg_list_trust(list, keys, 1, &error), &error);
    CHECK_INT(find(list), FG_E_AUTH);
    CHECK_INT(fg_list_state(list), FG_LIST_NOT_AUTHENTIC);
    CHECK_OK(fg_list_trust(list, keys, 2, &error), &error);
    CHECK_OK(find(list), &error);
    CHECK_OK(fg_list_trust(list, NULL, 0, &error), &error);
    CHECK_INT(find(list), FG_E_AUTH);
    fg_list_close(list);
    CHECK_OK(fg_list_open(fg_test_path("list.db"), NULL, keys, 2, &list, &error), &error);
    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    fg_list_close(list);
}

TEST("LIST-IS-SIGNED: a pin counts at once, and names have up to 31 bytes")
{
    char longest[FG_NAME_MAX + 2];
    struct fg_list *list = store_of(1, 3);

    CHECK_OK(find(list), &error);
    CHECK_OK(fg_list_pin(list, "town", "", &error), &error);
    CHECK_INT(find(list), FG_E_AUTH);
    CHECK_OK(fg_list_pin(list, "city", "S1", &error), &error);
    CHECK_OK(find(list), &error);
    name_of(longest, FG_NAME_MAX + 1);
    CHECK_INT(fg_list_pin(list, longest, "", &error), FG_E_ARG);
    CHECK_INT(fg_list_pin(list, "", longest, &error), FG_E_ARG);
    CHECK_INT(fg_list_expect(list, longest, 1, &error), FG_E_ARG);
    CHECK_OK(find(list), &error);
    name_of(longest, FG_NAME_MAX);
    CHECK_OK(fg_list_pin(list, "", longest, &error), &error);
    CHECK_INT(find(list), FG_E_AUTH);
    CHECK_OK(fg_list_pin(list, longest, "", &error), &error);
    CHECK_INT(find(list), FG_E_AUTH);
    CHECK_OK(fg_list_expect(list, longest, 1, &error), &error);
    fg_list_close(list);
}

TEST("a list is taken up to its last millisecond")
{
    struct fg_fixture_city city = {.version = 1, .bucket_bits = 2, .rows = 10, .expires_ms = NOW_MS};
    struct fg_list *list = open_store();

    CHECK_INT(import(list, &city), FG_E_EXPIRED);
    city.expires_ms = NOW_MS + 1;
    CHECK_OK(import(list, &city), &error);
    fg_list_close(list);
}

TEST("TAMPER-SHOWS: the highest version is known of each list by itself, up to the highest there is")
{
    struct fg_fixture_city city = {.version = 5, .bucket_bits = 2, .rows = 30};
    struct fg_fixture_city town = {.version = 2, .bucket_bits = 2, .rows = 20, .list_id = "town"};
    struct fg_list *list = open_store();

    CHECK_OK(import(list, &city), &error);
    CHECK_OK(import(list, &town), &error);
    city.version = 4;
    CHECK_INT(import(list, &city), FG_E_OLD);
    city.version = 5;
    CHECK_OK(import(list, &city), &error);
    town.version = 1;
    CHECK_INT(import(list, &town), FG_E_OLD);
    CHECK_OK(fg_list_expect(list, "city", 5, &error), &error);
    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    CHECK_INT(fg_list_expect(list, "city", (uint64_t)INT64_MAX + 1, &error), FG_E_ARG);
    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    CHECK_OK(fg_list_expect(list, "city", INT64_MAX, &error), &error);
    CHECK_INT(fg_list_state(list), FG_LIST_ROLLED_BACK);
    edit("UPDATE seen SET version = 5 WHERE list_id = 'city'");
    CHECK_INT(fg_list_state(list), FG_LIST_ROLLED_BACK); /* this process was told */
    fg_list_close(list);
    list = open_store();
    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    fg_list_close(list);
}

TEST("FAIL-CLOSED: a store without one of its tables proves nothing, while it is open and afterwards")
{
    static const char *const tables[] = {"manifest", "seen", "bucket", "node"};
    static uint8_t bucket[FG_BUCKET_BYTES_MAX];
    struct fg_digest digests[FG_TREE_GROUP_DIGESTS];
    size_t length;

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct fg_list *list;
        struct fg_manifest manifest;
        char sql[64];

        (void)unlink(fg_test_path("list.db"));
        list = store_of(1, 3);
        (void)snprintf(sql, sizeof(sql), "DROP TABLE %s", tables[i]);
        edit(sql);
        CHECK_INT(find(list), FG_E_AUTH);
        CHECK(fg_list_verify(list, &error) != FG_OK);
        CHECK(fg_list_export(list, fg_test_path("out.fgl"), &manifest, &error) != FG_OK || i == 3);
        CHECK(fg_list_bucket(list, 1, 0, bucket, sizeof(bucket), &length, &error) != FG_OK || i == 3);
        CHECK(fg_list_node_group(list, 1, 0, 0, digests, &length, &error) != FG_OK || i == 2);
        if (i < 2)
            CHECK_INT(fg_list_state(list), FG_LIST_NOT_AUTHENTIC);
        fg_list_close(list);
        CHECK_INT(
            fg_list_open(fg_test_path("list.db"), NULL, &fg_fixture_key()->public_key, 1, &list, &error),
            FG_E_CORRUPT);
        CHECK_HAS(error.text, "damaged");
        CHECK_HAS(error.text, "list.db");
    }
}

TEST("a store of another version of fillgate is left as it is")
{
    static const int versions[] = {2, -1};

    fg_list_close(store_of(1, 3));
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct fg_list *list = NULL;
        char sql[64];

        (void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", versions[i]);
        edit(sql);
        CHECK_INT(
            fg_list_open(fg_test_path("list.db"), NULL, &fg_fixture_key()->public_key, 1, &list, &error),
            FG_E_CORRUPT);
        CHECK_HAS(error.text, "another version of fillgate");
    }
}

TEST("TAMPER-SHOWS: triggers and views that somebody planted in the store's file are not run")
{
    struct fg_fixture_city city = {.version = 2, .bucket_bits = 3, .rows = 210};
    struct fg_list *list = store_of(1, 3);

    edit("CREATE TRIGGER planted AFTER INSERT ON manifest BEGIN DELETE FROM seen; END");
    CHECK_OK(import(list, &city), &error);
    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    fg_list_close(list);
    edit("ALTER TABLE bucket RENAME TO kept; CREATE VIEW bucket AS SELECT idx, bytes FROM kept");
    CHECK_INT(fg_list_open(fg_test_path("list.db"), NULL, &fg_fixture_key()->public_key, 1, &list, &error),
              FG_E_CORRUPT);
}

TEST("TAMPER-SHOWS: buckets and nodes too many are named, and the next import of the list removes them")
{
    static const char *const edits[] = {
        "INSERT INTO bucket VALUES(8, x'')",
        "INSERT INTO bucket VALUES(-1, x'')",
        "INSERT INTO node VALUES(4294967297, zeroblob(64))",
    };
    static const char *const words[] = {"bucket 8", "bucket 0", "node groups"};

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        struct fg_fixture_city city = {.version = i + 1, .bucket_bits = 3, .rows = 200};
        struct fg_list *list = store_of(i + 1, 3);
        struct fg_manifest manifest;

        edit(edits[i]);
        CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
        CHECK_HAS(error.text, words[i]);
        CHECK_OK(find(list), &error);
        if (i < 2)
            CHECK_INT(fg_list_export(list, fg_test_path("out.fgl"), &manifest, &error), FG_E_AUTH);
        CHECK_OK(import(list, &city), &error);
        CHECK_OK(fg_list_verify(list, &error), &error);
        fg_list_close(list);
    }
}

static uint32_t rows_of(const uint8_t *bytes, size_t length)
{
    struct fg_bucket_row row;
    uint32_t rows = 0;
    size_t at = 0;

    while (fg_bucket_next(bytes, length, &at, &row, &error) == FG_OK)
        rows++;
    return rows;
}

TEST("a proof laid open is the whole way from the bucket's bytes to the signed root")
{
    static uint8_t bucket[FG_BUCKET_BYTES_MAX];
    static const int depths[] = {1, 3, 4, 5, 8, 9};

    for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
        struct fg_list *list = store_of(i + 1, depths[i]);
        struct fg_code code = fg_fixture_code(CODE);
        struct fg_list_proof proof;
        struct fg_manifest manifest;
        struct fg_digest digest;
        struct fg_row row;
        size_t length;

        CHECK_OK(fg_list_prove(list, &code, &row, &proof, &error), &error);
        CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
        CHECK_INT(proof.depth, depths[i]);
        CHECK_INT(proof.bucket_index, fg_bucket_of(code.text, strlen(code.text), (uint8_t)depths[i]));
        CHECK_OK(fg_list_bucket(list, i + 1, proof.bucket_index, bucket, sizeof(bucket), &length, &error),
                 &error);
        CHECK_INT(proof.bucket_rows, rows_of(bucket, length));
        fg_tree_leaf(bucket, length, &digest);
        CHECK_BYTES(&proof.bucket, &digest, sizeof(digest));
        fg_tree_root_of(&proof.bucket, proof.bucket_index, proof.depth, proof.siblings, &digest);
        CHECK_BYTES(&digest, &manifest.root, sizeof(digest));
        fg_list_close(list);
    }
}

TEST("a piece is given into a buffer that just holds it, and not into one that is a byte too small")
{
    static uint8_t buffer[FG_BUCKET_BYTES_MAX];
    struct fg_list *list = store_of(1, 3);
    size_t length = 0;
    size_t again = 0;

    CHECK_OK(fg_list_bucket(list, 1, 5, buffer, sizeof(buffer), &length, &error), &error);
    CHECK_OK(fg_list_bucket(list, 1, 5, buffer, length, &again, &error), &error);
    CHECK_INT(again, length);
    CHECK_INT(fg_list_bucket(list, 1, 5, buffer, length - 1, &again, &error), FG_E_SIZE);
    CHECK_OK(fg_list_signed_manifest(list, buffer, sizeof(buffer), &length, &error), &error);
    CHECK_OK(fg_list_signed_manifest(list, buffer, length, &again, &error), &error);
    CHECK_INT(fg_list_signed_manifest(list, buffer, length - 1, &again, &error), FG_E_SIZE);
    fg_list_close(list);
}

TEST("the groups of the tree are those that its depth has, each with its number of digests")
{
    static const struct {
        int depth;
        uint8_t level;
        uint32_t groups;
        size_t digests;
    } cases[] = {{1, 0, 1, 2},   {4, 0, 1, 30}, {4, 1, 0, 0}, {5, 0, 2, 30}, {5, 1, 1, 2},
                 {9, 0, 32, 30}, {9, 1, 2, 30}, {9, 2, 1, 2}, {9, 3, 0, 0},  {9, 6, 0, 0}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fg_list *list = store_of(i + 1, cases[i].depth);
        struct fg_digest digests[FG_TREE_GROUP_DIGESTS];
        size_t count = 0;

        if (cases[i].groups > 0) {
            CHECK_OK(
                fg_list_node_group(list, 0, cases[i].level, cases[i].groups - 1, digests, &count, &error),
                &error);
            CHECK_INT(count, cases[i].digests);
        }
        CHECK_INT(fg_list_node_group(list, 0, cases[i].level, cases[i].groups, digests, &count, &error),
                  FG_E_NOT_FOUND);
        fg_list_close(list);
    }
}

TEST("TAMPER-SHOWS: a group that is missing or cut short is not handed on")
{
    struct fg_list *list = store_of(1, 5);
    struct fg_digest digests[FG_TREE_GROUP_DIGESTS];
    size_t count;

    edit("UPDATE node SET hashes = substr(hashes, 1, 928) WHERE id = 0; DELETE FROM node WHERE id = 1");
    CHECK_INT(fg_list_node_group(list, 0, 0, 0, digests, &count, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "928 bytes");
    CHECK_INT(fg_list_node_group(list, 0, 0, 1, digests, &count, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "missing");
    CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
    fg_list_close(list);
}

static bool is_alone(const char *name)
{
    char command[512];

    (void)snprintf(command, sizeof(command), "test \"$(ls '%s' | grep -c '^%s')\" = 1", fg_test_directory(),
                   name);
    return system(command) == 0;
}

TEST("an exported list replaces the file before it, can be read by all, and leaves nothing else there")
{
    struct fg_list *list = store_of(1, 3);
    struct fg_manifest manifest;
    struct stat status;
    char path[5000];

    fg_fixture_write_bytes(fg_test_path("out.fgl"), (const uint8_t *)"old", 3);
    CHECK_OK(fg_list_export(list, fg_test_path("out.fgl"), &manifest, &error), &error);
    CHECK_INT(stat(fg_test_path("out.fgl"), &status), 0);
    CHECK_INT(status.st_mode & 07777, 0644);
    CHECK(is_alone("out"));
    CHECK_INT(mkdir(fg_test_path("folder"), 0700), 0);
    CHECK_INT(fg_list_export(list, fg_test_path("folder"), &manifest, &error), FG_E_IO);
    CHECK_HAS(error.text, "cannot put in place");
    CHECK(is_alone("folder"));
    memset(path, 'p', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    CHECK_INT(fg_list_export(list, path, &manifest, &error), FG_E_SIZE);
    edit("DELETE FROM bucket WHERE idx = 7");
    CHECK_INT(fg_list_export(list, fg_test_path("lost.fgl"), &manifest, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "missing");
    CHECK(!is_alone("lost"));
    CHECK_OK(fg_list_expect(list, "city", 2, &error), &error);
    CHECK_INT(fg_list_export(list, fg_test_path("out.fgl"), &manifest, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "rolled back");
    fg_list_close(list);
}

static int64_t bytes_of(const char *name)
{
    struct stat status;

    return stat(fg_test_path(name), &status) == 0 ? (int64_t)status.st_size : 0;
}

TEST("an import writes what changed and no more, and gives its room in the log back")
{
    struct fg_fixture_city city = {.version = 1, .bucket_bits = 8, .rows = 4000};
    struct fg_list *list = open_store();
    sqlite3 *reader = NULL;

    CHECK_OK(import(list, &city), &error);
    CHECK_INT(bytes_of("list.db-wal"), 0);
    /* Whoever reads keeps the log as it was written. */
    CHECK_INT(sqlite3_open(fg_test_path("list.db"), &reader), SQLITE_OK);
    CHECK_INT(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM bucket", NULL, NULL, NULL), SQLITE_OK);
    city.version = 2;
    city.rows = 4001;
    CHECK_OK(import(list, &city), &error);
    CHECK(bytes_of("list.db-wal") > 0 && bytes_of("list.db-wal") < bytes_of("list.db") / 10);
    CHECK_INT(sqlite3_close(reader), SQLITE_OK);
    CHECK_OK(fg_list_verify(list, &error), &error);
    fg_list_close(list);
}
