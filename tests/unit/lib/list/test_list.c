/* The list store: look-ups that prove, tampering that shows, imports that leave the old list when they fail.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/list/list.h"
#include "proto/list/bucket.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/list_fixture.h"
#include "tests/lib/sqlite_file.h"

#define ROWS 600
#define NOW_MS (FG_FIXTURE_ISSUED_MS + 1000)

static struct fg_error error;

static struct fg_list *open_store(void)
{
    return fg_fixture_store(fg_test_path("list.db"));
}

static void import_version(struct fg_list *list, uint64_t version, unsigned rows, int bits)
{
    struct fg_manifest manifest;
    const char *path = fg_fixture_list("v.fgl", fg_fixture_registry("v.csv", rows, NULL), version, bits);

    CHECK_OK(fg_list_import(list, path, NOW_MS, &manifest, &error), &error);
    CHECK_INT(manifest.version, version);
    CHECK_INT(manifest.row_count, rows);
}

static enum fg_err find(struct fg_list *list, const char *text, struct fg_row *row)
{
    struct fg_code code = fg_fixture_code(text);

    return fg_list_find(list, &code, row, &error);
}

/* What another process does to the file. */
static void edit(const char *sql)
{
    (void)fg_test_sqlite_edit(fg_test_path("list.db"), sql);
}

static void edit_bucket(const char *format, uint32_t bucket)
{
    char sql[512];

    (void)snprintf(sql, sizeof(sql), format, bucket, bucket);
    edit(sql);
}

static uint32_t bucket_of(struct fg_list *list, const char *text)
{
    struct fg_code code = fg_fixture_code(text);
    struct fg_list_proof proof;
    struct fg_row row;
    enum fg_err result = fg_list_prove(list, &code, &row, &proof, &error);

    CHECK(result == FG_OK || result == FG_E_NOT_FOUND);
    return proof.bucket_index;
}

static uint8_t *read_file(const char *path, size_t *ret_length)
{
    static uint8_t bytes[1 << 20];
    FILE *stream = fopen(path, "rb");

    CHECK(stream != NULL);
    *ret_length = fread(bytes, 1, sizeof(bytes), stream);
    (void)fclose(stream);
    return bytes;
}

static const char *write_bytes(const char *name, const uint8_t *bytes, size_t length)
{
    const char *path = fg_test_path(name);
    FILE *stream = fopen(path, "wb");

    CHECK(stream != NULL);
    CHECK_INT(fwrite(bytes, 1, length, stream), length);
    CHECK(fclose(stream) == 0);
    return path;
}

/* The import fails as expected, and the old list answers, also after opening anew. */
static void check_refused(struct fg_list **list, const char *path, enum fg_err expected, uint64_t version)
{
    struct fg_manifest manifest;
    struct fg_row row;

    CHECK_INT(fg_list_import(*list, path, NOW_MS, &manifest, &error), expected);
    for (int opened = 0; opened < 2; opened++) {
        CHECK_INT(fg_list_state(*list), FG_LIST_IN_FORCE);
        CHECK_OK(fg_list_manifest(*list, &manifest, &error), &error);
        CHECK_INT(manifest.version, version);
        CHECK_OK(find(*list, "T-00001", &row), &error);
        CHECK_OK(fg_list_verify(*list, &error), &error);
        fg_list_close(*list);
        *list = open_store();
    }
}

TEST("an empty store says so, and a look-up in it is not an absence")
{
    struct fg_list *list = open_store();
    struct fg_manifest manifest;
    struct fg_row row;

    CHECK_INT(fg_list_state(list), FG_LIST_MISSING);
    CHECK_INT(fg_list_manifest(list, &manifest, &error), FG_E_NOT_FOUND);
    CHECK_INT(find(list, "T-00001", &row), FG_E_STATE);
    CHECK_INT(fg_list_verify(list, &error), FG_E_NOT_FOUND);
    fg_list_close(list);
}

TEST("every row of an imported list is found and every other code is proven absent, at every depth")
{
    for (int bits = 0; bits <= 10; bits++) {
        struct fg_list *list = open_store();
        struct fg_row row;

        import_version(list, (uint64_t)bits + 1, ROWS, bits);
        for (int i = 0; i < ROWS; i += 7) {
            char text[16];

            (void)snprintf(text, sizeof(text), "T-%05d", i);
            CHECK_OK(find(list, text, &row), &error);
            CHECK_TEXT(row.code.text, text);
            CHECK_INT(row.nominal_pressure_kpa, 20000);
        }
        CHECK_INT(find(list, "T-99999", &row), FG_E_NOT_FOUND);
        CHECK_INT(find(list, "t", &row), FG_E_ARG);
        CHECK_OK(fg_list_verify(list, &error), &error);
        fg_list_close(list);
    }
}

TEST("a proof laid open leads from the bucket to the signed root")
{
    struct fg_list *list = open_store();
    struct fg_code code = fg_fixture_code("T-00005");
    struct fg_list_proof proof;
    struct fg_manifest manifest;
    struct fg_row row;

    import_version(list, 1, ROWS, 6);
    CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
    CHECK_OK(fg_list_prove(list, &code, &row, &proof, &error), &error);
    CHECK_INT(proof.depth, 6);
    CHECK_BYTES(&proof.root, &manifest.root, sizeof(proof.root));
    CHECK(proof.bucket_rows > 0);
    fg_list_close(list);
}

TEST("LIST-IS-SIGNED, TAMPER-SHOWS: an edited row does not prove at the very next look-up")
{
    struct fg_list *list = open_store();
    struct fg_row row;
    uint32_t bucket;

    import_version(list, 1, ROWS, 6);
    bucket = bucket_of(list, "T-00005");
    edit_bucket("UPDATE bucket SET bytes = CAST(substr(bytes,1,length(bytes)-1) || x'00' AS BLOB)"
                " WHERE idx = %u",
                bucket);
    CHECK_INT(find(list, "T-00005", &row), FG_E_AUTH);
    CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "bucket");
    fg_list_close(list);
}

TEST("LIST-IS-SIGNED: an edited, cut off or missing node does not prove")
{
    static const char *const edits[] = {
        "UPDATE node SET hashes = zeroblob(length(hashes))",
        "UPDATE node SET hashes = substr(hashes, 1, 32) WHERE id = 4294967296",
        "DELETE FROM node WHERE id >= 4294967296",
    };

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        struct fg_list *list = open_store();
        struct fg_row row;

        import_version(list, i + 1, ROWS, 6);
        edit(edits[i]);
        CHECK_INT(find(list, "T-00005", &row), FG_E_AUTH);
        CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
        if (i > 0) /* a leaf's digest that was edited cannot be told from an edited bucket */
            CHECK_HAS(error.text, "node");
        fg_list_close(list);
    }
}

TEST("LIST-IS-SIGNED: swapped buckets do not prove")
{
    struct fg_list *list = open_store();
    struct fg_row row;
    uint32_t bucket;

    import_version(list, 1, ROWS, 6);
    bucket = bucket_of(list, "T-00005");
    edit_bucket("UPDATE bucket SET idx = -1 WHERE idx = %u; UPDATE bucket SET idx = %u WHERE idx = 63 - idx;",
                bucket);
    edit("UPDATE bucket SET idx = 1000 WHERE idx = 0; UPDATE bucket SET idx = 0 WHERE idx = 1;"
         "UPDATE bucket SET idx = 1 WHERE idx = 1000");
    CHECK_INT(find(list, "T-00005", &row), FG_E_AUTH);
    CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
    fg_list_close(list);
}

TEST("LIST-IS-SIGNED: an absence cannot be forged by emptying or removing a bucket")
{
    static const char *const edits[] = {
        "UPDATE bucket SET bytes = x'' WHERE idx = %u",
        "DELETE FROM bucket WHERE idx = %u",
    };

    for (size_t i = 0; i < 2; i++) {
        struct fg_list *list = open_store();
        struct fg_row row;

        import_version(list, i + 1, ROWS, 5);
        edit_bucket(edits[i], bucket_of(list, "T-00005"));
        CHECK_INT(find(list, "T-00005", &row), FG_E_AUTH);
        CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
        fg_list_close(list);
    }
}

TEST("LIST-IS-SIGNED: a list signed with another key is refused, and a store of another key is not authentic")
{
    struct fg_list *list = open_store();
    struct fg_private_key other;
    struct fg_manifest manifest;
    struct fg_row row;
    const char *path;

    import_version(list, 1, ROWS, 6);
    fg_list_close(list);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    CHECK_OK(fg_list_open(fg_test_path("list.db"), NULL, &other.public_key, 1, &list, &error), &error);
    CHECK_INT(fg_list_state(list), FG_LIST_NOT_AUTHENTIC);
    CHECK_INT(find(list, "T-00005", &row), FG_E_AUTH);
    CHECK_INT(fg_list_manifest(list, &manifest, &error), FG_E_AUTH);
    path = fg_fixture_list("w.fgl", fg_fixture_registry("w.csv", ROWS, NULL), 2, 6);
    CHECK_INT(fg_list_import(list, path, NOW_MS, &manifest, &error), FG_E_AUTH);
    fg_list_close(list);
}

TEST("TAMPER-SHOWS: a forged manifest in the store is not authentic while running and after a restart")
{
    struct fg_list *list = open_store();
    struct fg_row row;

    import_version(list, 1, ROWS, 6);
    CHECK_OK(find(list, "T-00005", &row), &error);
    edit("UPDATE manifest SET signed = CAST(substr(signed,1,length(signed)-1) || x'7f' AS BLOB)");
    CHECK_INT(find(list, "T-00005", &row), FG_E_AUTH);
    CHECK_INT(fg_list_state(list), FG_LIST_NOT_AUTHENTIC);
    fg_list_close(list);
    list = open_store();
    CHECK_INT(fg_list_state(list), FG_LIST_NOT_AUTHENTIC);
    import_version(list, 2, ROWS, 6);
    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    fg_list_close(list);
}

TEST("TAMPER-SHOWS: an older manifest put back is a roll-back")
{
    struct fg_list *list = open_store();
    struct fg_manifest manifest;
    struct fg_row row;

    import_version(list, 1, ROWS, 6);
    edit("CREATE TABLE kept AS SELECT * FROM manifest");
    import_version(list, 2, ROWS - 1, 6);
    edit("UPDATE manifest SET signed = (SELECT signed FROM kept)");
    CHECK_INT(fg_list_state(list), FG_LIST_ROLLED_BACK);
    CHECK_INT(find(list, "T-00005", &row), FG_E_AUTH);
    CHECK_INT(fg_list_manifest(list, &manifest, &error), FG_E_OLD);
    edit("UPDATE seen SET version = 1");
    CHECK_INT(fg_list_state(list), FG_LIST_ROLLED_BACK); /* this process still knows */
    edit("DELETE FROM seen");
    fg_list_close(list);
    list = open_store();
    CHECK_INT(fg_list_state(list), FG_LIST_NOT_AUTHENTIC);
    fg_list_close(list);
}

TEST("TAMPER-SHOWS: a whole store put back is a roll-back once the journal's version is told")
{
    struct fg_list *list = open_store();

    import_version(list, 4, ROWS, 6);
    CHECK_OK(fg_list_expect(list, "city", 4, &error), &error);
    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    CHECK_OK(fg_list_expect(list, "city", 9, &error), &error);
    CHECK_INT(fg_list_state(list), FG_LIST_ROLLED_BACK);
    CHECK_OK(fg_list_expect(list, "city", 3, &error), &error);
    fg_list_close(list);
    list = open_store();
    CHECK_INT(fg_list_state(list), FG_LIST_ROLLED_BACK);
    import_version(list, 9, ROWS, 6);
    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    CHECK_INT(fg_list_expect(list, "", 9, &error), FG_E_ARG);
    fg_list_close(list);
}

TEST("an older or equal version is refused and the list in force stays")
{
    struct fg_list *list = open_store();

    import_version(list, 5, ROWS, 6);
    check_refused(&list, fg_fixture_list("a.fgl", fg_fixture_registry("a.csv", 10, NULL), 4, 6), FG_E_OLD, 5);
    check_refused(&list, fg_fixture_list("a.fgl", fg_fixture_registry("a.csv", 10, NULL), 5, 6), FG_E_OLD, 5);
    fg_list_close(list);
}

TEST("the version in force repairs a store that does not prove")
{
    struct fg_list *list = open_store();
    struct fg_row row;

    import_version(list, 5, ROWS, 6);
    edit("DELETE FROM bucket WHERE idx % 2 = 0; UPDATE node SET hashes = x'00'");
    CHECK_INT(find(list, "T-00005", &row), FG_E_AUTH);
    import_version(list, 5, ROWS, 6);
    CHECK_OK(find(list, "T-00005", &row), &error);
    CHECK_OK(fg_list_verify(list, &error), &error);
    fg_list_close(list);
}

TEST("a newer list rewrites only what changed and answers anew")
{
    struct fg_list *list = open_store();
    struct fg_row row;

    import_version(list, 1, ROWS, 6);
    import_version(list, 2, ROWS + 1, 6);
    CHECK_OK(find(list, "T-00600", &row), &error);
    CHECK_OK(fg_list_verify(list, &error), &error);
    import_version(list, 3, 10, 3);
    CHECK_INT(find(list, "T-00600", &row), FG_E_NOT_FOUND);
    CHECK_OK(fg_list_verify(list, &error), &error);
    fg_list_close(list);
}

TEST("an expired list is refused unless the clock is unknown")
{
    struct fg_list *list = open_store();
    const char *path = fg_fixture_list("a.fgl", fg_fixture_registry("a.csv", 10, NULL), 4, 2);
    struct fg_manifest manifest;

    CHECK_INT(fg_list_import(list, path, FG_FIXTURE_EXPIRES_MS, &manifest, &error), FG_E_EXPIRED);
    CHECK_INT(fg_list_state(list), FG_LIST_MISSING);
    CHECK_OK(fg_list_import(list, path, 0, &manifest, &error), &error);
    fg_list_close(list);
}

TEST("a list file cut off, prolonged or changed at any place leaves the old list in force")
{
    struct fg_list *list = open_store();
    size_t length;
    uint8_t *bytes;

    import_version(list, 1, 40, 2);
    bytes = read_file(fg_fixture_list("a.fgl", fg_fixture_registry("a.csv", 60, NULL), 2, 2), &length);
    for (size_t cut = 0; cut < length; cut += 301) {
        struct fg_manifest manifest;
        const char *path = write_bytes("cut.fgl", bytes, cut);

        CHECK(fg_list_import(list, path, NOW_MS, &manifest, &error) != FG_OK);
    }
    for (size_t at = 0; at < length; at += 89) {
        struct fg_manifest manifest;
        const char *path;

        bytes[at] ^= 0x41;
        path = write_bytes("changed.fgl", bytes, length);
        bytes[at] ^= 0x41;
        CHECK(fg_list_import(list, path, NOW_MS, &manifest, &error) != FG_OK);
    }
    bytes[length] = 0;
    check_refused(&list, write_bytes("long.fgl", bytes, length + 1), FG_E_SIZE, 1);
    bytes[8] = 0xff;
    bytes[11] = 0xff;
    check_refused(&list, write_bytes("large.fgl", bytes, length), FG_E_SIZE, 1);
    bytes[0] = 'X';
    check_refused(&list, write_bytes("magic.fgl", bytes, length), FG_E_FORMAT, 1);
    check_refused(&list, "/dev/null", FG_E_FORMAT, 1);
    check_refused(&list, fg_test_path("absent.fgl"), FG_E_IO, 1);
    fg_list_close(list);
}

TEST("an import that another process blocks fails as busy and changes nothing")
{
    struct fg_list *list = open_store();
    sqlite3 *held;
    const char *path = fg_fixture_list("a.fgl", fg_fixture_registry("a.csv", 60, NULL), 2, 2);
    struct fg_manifest manifest;

    import_version(list, 1, 40, 2);
    held = fg_test_sqlite_hold(fg_test_path("list.db"));
    CHECK_INT(fg_list_import(list, path, NOW_MS, &manifest, &error), FG_E_BUSY);
    fg_test_sqlite_let_go(held);
    CHECK_OK(fg_list_import(list, path, NOW_MS, &manifest, &error), &error);
    fg_list_close(list);
}

TEST("a file that is no store is refused by name")
{
    struct fg_list *list = NULL;
    const char *path =
        fg_fixture_write("noise.db", "this is not an SQLite file, whatever its name may say......"
                                     "............................................................");

    CHECK_INT(fg_list_open(path, NULL, NULL, 0, &list, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "noise.db");
    CHECK(fg_list_open("/no/such/directory/x", NULL, NULL, 0, &list, &error) != FG_OK);
}

TEST("LIST-IS-SIGNED: a genuine list for another station is refused, and the old one stays in force")
{
    struct fg_list *list = open_store();
    struct fg_manifest manifest;
    const char *path;

    import_version(list, 5, 20, -1);
    CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
    CHECK_OK(fg_list_pin(list, manifest.list_id, "S1", &error), &error);
    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    import_version(list, 6, 20, -1);

    CHECK_OK(fg_list_pin(list, manifest.list_id, "S2", &error), &error);
    path = fg_fixture_list("v.fgl", fg_fixture_registry("v.csv", 20, NULL), 7, -1);
    CHECK_INT(fg_list_import(list, path, NOW_MS, &manifest, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "station S1");
    CHECK_HAS(error.text, "S2");
    CHECK_OK(fg_list_pin(list, "", "S1", &error), &error);
    CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
    CHECK_INT(manifest.version, 6);
    fg_list_close(list);
}

TEST("LIST-IS-SIGNED: a genuine list of another id is refused, and the old one stays in force")
{
    struct fg_list *list = open_store();
    struct fg_manifest manifest;
    const char *path;
    char id[FG_NAME_MAX + 1];

    import_version(list, 5, 20, -1);
    CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
    memcpy(id, manifest.list_id, sizeof(id));
    CHECK_OK(fg_list_pin(list, "other", "", &error), &error);
    path = fg_fixture_list("v.fgl", fg_fixture_registry("v.csv", 20, NULL), 6, -1);
    CHECK_INT(fg_list_import(list, path, NOW_MS, &manifest, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "takes only other");
    CHECK_OK(fg_list_pin(list, id, "", &error), &error);
    CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
    CHECK_INT(manifest.version, 5);
    fg_list_close(list);
}

TEST("LIST-IS-SIGNED: a store exchanged for another station's proves nothing")
{
    struct fg_list *list = open_store();
    struct fg_row row;

    import_version(list, 5, 20, -1);
    CHECK_OK(find(list, "T-00001", &row), &error);
    CHECK_OK(fg_list_pin(list, "", "S2", &error), &error);
    CHECK_INT(fg_list_state(list), FG_LIST_NOT_AUTHENTIC);
    CHECK_INT(find(list, "T-00001", &row), FG_E_AUTH);
    CHECK_INT(fg_list_pin(list, "this-list-id-is-longer-than-31-bytes", "", &error), FG_E_ARG);
    fg_list_close(list);
}

TEST("LIST-IS-SIGNED, TAMPER-SHOWS: buckets and nodes rewritten so that they agree are not the signed root's")
{
    struct fg_list *list = open_store();
    struct fg_list *other = NULL;
    struct fg_manifest manifest;
    char sql[1024];
    char path[256];
    const char *file;

    (void)snprintf(path, sizeof(path), "%s", fg_test_path("other.db"));
    import_version(list, 1, ROWS, 6);
    CHECK_OK(fg_list_open(path, NULL, &fg_fixture_key()->public_key, 1, &other, &error), &error);
    /* As many rows, and one of them another. */
    file = fg_fixture_list("o.fgl",
                           fg_fixture_registry("o.csv", ROWS - 1,
                                               "Z-1,04f0000000f001,in_service,cng,0,20000,"
                                               "650,60000,0,2028-06-30,2040-01-31,HZGAS,\n"),
                           1, 6);
    CHECK_OK(fg_list_import(other, file, NOW_MS, &manifest, &error), &error);
    fg_list_close(other);
    (void)snprintf(sql, sizeof(sql),
                   "ATTACH '%s' AS other; DELETE FROM bucket; INSERT INTO bucket SELECT * FROM other.bucket;"
                   "DELETE FROM node; INSERT INTO node SELECT * FROM other.node;",
                   path);
    CHECK_OK(fg_list_verify(list, &error), &error);
    edit(sql);
    CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "root");
    fg_list_close(list);
}

TEST("a damaged bucket is named by its own number, in whichever group of the tree it stands")
{
    static const uint32_t damaged[] = {0, 15, 16, 40, 63};

    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        struct fg_list *list = open_store();
        char name[64];

        import_version(list, i + 1, ROWS, 6);
        edit_bucket(
            "UPDATE bucket SET bytes = CAST(substr(bytes, 1, 14) || x'7f' || substr(bytes, 16) AS BLOB) "
            "WHERE idx = %u -- %u",
            damaged[i]);
        CHECK_INT(fg_list_verify(list, &error), FG_E_AUTH);
        (void)snprintf(name, sizeof(name), "bucket %u does not prove", damaged[i]);
        CHECK_HAS(error.text, name);
        fg_list_close(list);
    }
}

TEST("reading waits for nobody who is about to write")
{
    static uint8_t bytes[FG_BUCKET_BYTES_MAX];
    struct fg_list *list = open_store();
    struct fg_manifest manifest;
    size_t length;
    struct fg_code code = fg_fixture_code("T-00001");
    struct fg_list_proof proof;
    sqlite3 *held;
    struct fg_row row;

    import_version(list, 1, 40, 2);
    held = fg_test_sqlite_hold(fg_test_path("list.db"));
    CHECK_OK(find(list, "T-00001", &row), &error);
    CHECK_OK(fg_list_prove(list, &code, &row, &proof, &error), &error);
    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
    CHECK_OK(fg_list_verify(list, &error), &error);
    CHECK_OK(fg_list_export(list, fg_test_path("out.fgl"), &manifest, &error), &error);
    CHECK_OK(fg_list_bucket(list, 1, 0, bytes, sizeof(bytes), &length, &error), &error);
    fg_test_sqlite_let_go(held);
    fg_list_close(list);
}

TEST("LIST-IS-SIGNED, BAD-INPUT-IS-SAFE: a bucket, node or manifest that is NULL, of another kind or too "
     "large proves "
     "nothing")
{
    static const char *const columns[][2] = {{"bucket", "bytes"}, {"node", "hashes"}, {"manifest", "signed"}};
    static const char *const values[] = {"NULL", "x''", "7", "2.5", "'text'", "zeroblob(1048577)"};

    for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            struct fg_list *list;
            struct fg_row row;
            char sql[160];

            (void)unlink(fg_test_path("list.db"));
            (void)unlink(fg_test_path("list.db-wal"));
            (void)unlink(fg_test_path("list.db-shm"));
            list = open_store();
            import_version(list, 1, 40, 2);
            /* Whoever edits the file edits the schema, too: nothing then keeps NULL out. */
            edit("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '')");
            (void)snprintf(sql, sizeof(sql), "UPDATE %s SET %s = %s", columns[c][0], columns[c][1],
                           values[v]);
            edit(sql);
            CHECK(find(list, "T-00001", &row) != FG_OK);
            CHECK(error.code != FG_E_NOT_FOUND);
            if (v == 5)
                CHECK_HAS(error.text, "too big");
            CHECK(fg_list_verify(list, &error) != FG_OK);
            fg_list_close(list);
        }
    }
}
