/* Files and rows at their bounds: list files, deltas, buckets, keys and authorities, each as large as it may
 * be and a byte larger. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/monotime.h"
#include "lib/crypto/sign.h"
#include "lib/net/resolve.h"
#include "lib/system/file_set.h"
#include "proto/hop/authority.h"
#include "proto/list/bucket.h"
#include "proto/list/bucket_patch.h"
#include "proto/list/delta.h"
#include "proto/list/list_file.h"
#include "proto/list/row.h"
#include "proto/point/readerlink.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/server_fixture.h"

static struct fg_error error;
static uint8_t bytes[400000];
static size_t length;

static void put(const void *what, size_t count)
{
    CHECK(length + count <= sizeof(bytes));
    memcpy(bytes + length, what, count);
    length += count;
}

static void put_number(uint64_t value, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes[length++] = (uint8_t)(value >> (8 * i));
}

static const char *put_file(const char *name)
{
    const char *path = fg_test_path(name);
    FILE *file = fopen(path, "wb");

    CHECK(file != NULL);
    CHECK_INT(fwrite(bytes, 1, length, file), length);
    CHECK_INT(fclose(file), 0);
    return path;
}

/* ---- list files ---- */

static void begin_file(const char *magic, size_t manifest_bytes)
{
    length = 0;
    put(magic, 8);
    put_number(manifest_bytes, 4);
    memset(bytes + length, 0x5a, manifest_bytes);
    length += manifest_bytes;
}

TEST("a list file and a delta hold a manifest of its least to its largest length, and no other")
{
    static const struct {
        size_t manifest_bytes;
        enum fg_err expected;
    } cases[] = {{FG_MANIFEST_SIGNED_MIN - 1, FG_E_SIZE},
                 {FG_MANIFEST_SIGNED_MIN, FG_OK},
                 {FG_MANIFEST_SIGNED_MAX, FG_OK},
                 {FG_MANIFEST_SIGNED_MAX + 1, FG_E_SIZE}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fg_list_file *list = NULL;
        struct fg_delta_file *delta = NULL;
        size_t found = 0;

        begin_file(FG_LIST_FILE_MAGIC, cases[i].manifest_bytes);
        CHECK_INT(fg_list_file_open(put_file("a.fgl"), &list, &error), cases[i].expected);
        if (list != NULL)
            CHECK_INT(fg_list_file_manifest(list, &found)[cases[i].manifest_bytes - 1], 0x5a);
        fg_list_file_close(list);
        begin_file(FG_DELTA_MAGIC, cases[i].manifest_bytes);
        memset(bytes + length, 0, FG_DELTA_HEAD_BYTES);
        length += FG_DELTA_HEAD_BYTES - 1;
        CHECK(fg_delta_file_open(put_file("a.fgd"), &delta, &error) !=
              FG_OK); /* a byte of its head is missing */
        length++;
        CHECK_INT(fg_delta_file_open(put_file("a.fgd"), &delta, &error), cases[i].expected);
        fg_delta_file_close(delta);
    }
}

/* A list file of one bucket, whose manifest promises so many bytes. */
static enum fg_err read_bucket(size_t bucket_bytes, size_t promised, size_t after)
{
    struct fg_manifest manifest = {.version = 1, .body_bytes = promised};
    struct fg_list_file *file = NULL;
    const uint8_t *bucket = NULL;
    size_t found = 0;
    enum fg_err result;

    begin_file(FG_LIST_FILE_MAGIC, FG_MANIFEST_SIGNED_MIN);
    put_number(bucket_bytes, 4);
    memset(bytes + length, 1, bucket_bytes + after);
    length += bucket_bytes + after;
    CHECK_OK(fg_list_file_open(put_file("b.fgl"), &file, &error), &error);
    result = fg_list_file_expect(file, &manifest, &error);
    if (result == FG_OK)
        result = fg_list_file_next(file, &bucket, &found, &error);
    if (result == FG_OK) {
        CHECK_INT(found, bucket_bytes);
        result = fg_list_file_next(file, &bucket, &found, &error);
        result = result == FG_E_NOT_FOUND ? FG_OK : result;
    }
    fg_list_file_close(file);
    return result;
}

TEST("a bucket of a list file is as long as it may be, as its manifest promises, and nothing comes after it")
{
    CHECK_OK(read_bucket(0, 4, 0), &error);
    CHECK_OK(read_bucket(100, 104, 0), &error);
    CHECK_INT(read_bucket(100, 103, 0), FG_E_SIZE);
    CHECK_INT(read_bucket(100, 105, 0), FG_E_SIZE);
    CHECK_INT(read_bucket(100, 105, 1), FG_E_SIZE);
    CHECK_HAS(error.text, "goes on after its last bucket");
    CHECK_INT(read_bucket(100, 104, 1), FG_E_SIZE);
    CHECK_OK(read_bucket(FG_BUCKET_BYTES_MAX, FG_BUCKET_BYTES_MAX + 4, 0), &error);
    CHECK_INT(read_bucket(FG_BUCKET_BYTES_MAX + 1, FG_BUCKET_BYTES_MAX + 5, 0), FG_E_SIZE);
    CHECK_HAS(error.text, "larger than what may follow");
}

/* ---- deltas ---- */

/* A delta to version 5 of a list of 8 buckets. */
static enum fg_err open_delta(struct fg_delta_head head, const uint8_t *body, size_t body_bytes,
                              struct fg_delta_file **ret_file)
{
    struct fg_manifest manifest = {.version = 5, .bucket_bits = 3, .body_bytes = 300000};

    begin_file(FG_DELTA_MAGIC, FG_MANIFEST_SIGNED_MIN);
    fg_delta_head_put(&head, bytes + length);
    length += FG_DELTA_HEAD_BYTES;
    put(body, body_bytes);
    put(FG_DELTA_END, 8);
    CHECK_OK(fg_delta_file_open(put_file("c.fgd"), ret_file, &error), &error);
    CHECK_INT(fg_delta_file_head(*ret_file)->from_version, head.from_version);
    CHECK_INT(fg_delta_file_head(*ret_file)->bucket_count, head.bucket_count);
    CHECK_INT(fg_delta_file_head(*ret_file)->body_bytes, head.body_bytes);
    return fg_delta_file_expect(*ret_file, &manifest, &error);
}

static enum fg_err expect_delta(uint64_t from, uint32_t buckets, uint64_t body_bytes)
{
    static const uint8_t body[16];
    struct fg_delta_file *file = NULL;
    enum fg_err result = open_delta(
        (struct fg_delta_head){.from_version = from, .bucket_count = buckets, .body_bytes = body_bytes}, body,
        16, &file);

    fg_delta_file_close(file);
    return result;
}

TEST("a delta leads upwards, changes no more buckets than there are, and is as long as its head says")
{
    CHECK_OK(expect_delta(1, 8, 16), &error);
    CHECK_OK(expect_delta(4, 0, 16), &error);
    CHECK_INT(expect_delta(0, 8, 16), FG_E_FORMAT);
    CHECK_INT(expect_delta(5, 8, 16), FG_E_FORMAT);
    CHECK_INT(expect_delta(6, 8, 16), FG_E_FORMAT);
    CHECK_INT(expect_delta(1, 9, 16), FG_E_SIZE);
    CHECK_HAS(error.text, "9 buckets, the list has 8");
    CHECK_INT(expect_delta(1, 8, 15), FG_E_SIZE);
    CHECK_INT(expect_delta(1, 8, 17), FG_E_SIZE);
}

/* Reads all of a delta's body: number of buckets, or an error. */
static int walk(uint32_t buckets, const uint8_t *body, size_t body_bytes, uint32_t *ret_last)
{
    struct fg_delta_file *file = NULL;
    const uint8_t *patch;
    size_t patch_length;
    int count = 0;
    enum fg_err result = open_delta(
        (struct fg_delta_head){.from_version = 1, .bucket_count = buckets, .body_bytes = body_bytes}, body,
        body_bytes, &file);

    CHECK_OK(result, &error);
    while ((result = fg_delta_file_next(file, ret_last, &patch, &patch_length, &error)) == FG_OK)
        count++;
    fg_delta_file_close(file);
    return result == FG_E_NOT_FOUND ? count : (int)result;
}

TEST("BAD-INPUT-IS-SAFE: a delta's buckets rise to the last one, and its patches fill its body")
{
    static uint8_t large[FG_BUCKET_PATCH_MAX + 8] = {7, 0x80, 0x80, 0x08}; /* 131,072 */
    uint32_t last = 0;

#define BODY(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
    CHECK_INT(FG_BUCKET_PATCH_MAX, 131072);
    CHECK_INT(walk(2, BODY(0, 1, 9, 6, 0), &last), 2);
    CHECK_INT(last, 7);
    CHECK_INT(walk(1, BODY(7, 0), &last), 1);
    CHECK_INT(walk(1, BODY(8, 0), &last), FG_E_FORMAT);
    CHECK_INT(walk(2, BODY(0, 0, 7, 0), &last), FG_E_FORMAT);
    CHECK_HAS(error.text, "after the last of 8");
    CHECK_INT(walk(2, BODY(7, 0, 0, 0), &last), FG_E_FORMAT);
    CHECK_INT(walk(1, BODY(0, 2, 9), &last), FG_E_SIZE);
    CHECK_HAS(error.text, "a patch of 2 bytes");
    CHECK_INT(walk(1, BODY(0, 1, 9, 9), &last), FG_E_FORMAT);
    CHECK_HAS(error.text, "does not end after its last bucket");
    CHECK_INT(walk(2, BODY(0, 1, 9), &last), FG_E_FORMAT);
    CHECK_HAS(error.text, "no number where one is due");
    CHECK_INT(walk(1, BODY(0x80, 0x80, 0x80, 0x80, 0x80, 0, 0), &last), FG_E_FORMAT);
    CHECK_INT(walk(1, large, 4 + FG_BUCKET_PATCH_MAX, &last), 1);
    large[1] = 0x81;
    CHECK_INT(walk(1, large, 5 + FG_BUCKET_PATCH_MAX, &last), FG_E_SIZE);
}

/* ---- buckets ---- */

static size_t row_of(uint8_t *row, size_t row_bytes)
{
    memset(row, 0x20, row_bytes);
    row[0] = 0x0a;
    row[1] = 1;
    row[2] = 'A';
    return row_bytes;
}

TEST("a row has a code and up to its largest length, and a bucket holds what fits it to the byte")
{
    static uint8_t bucket[FG_BUCKET_BYTES_MAX + 16];
    uint8_t row[FG_ROW_BYTES_MAX + 1];
    size_t used = 0;

    CHECK_OK(fg_bucket_append(bucket, 5, &used, row, row_of(row, 3), &error), &error);
    CHECK_INT(used, 5);
    used = 0;
    CHECK_INT(fg_bucket_append(bucket, 4, &used, row, row_of(row, 3), &error), FG_E_SIZE);
    CHECK_INT(fg_bucket_append(bucket, 99, &used, row, 2, &error), FG_E_FORMAT);
    CHECK_OK(fg_bucket_append(bucket, sizeof(bucket), &used, row, row_of(row, FG_ROW_BYTES_MAX), &error),
             &error);
    CHECK_INT(fg_bucket_append(bucket, sizeof(bucket), &used, row, row_of(row, FG_ROW_BYTES_MAX + 1), &error),
              FG_E_FORMAT);
    row_of(row, 3);
    row[1] = 2;
    CHECK_INT(fg_bucket_append(bucket, sizeof(bucket), &used, row, 3, &error), FG_E_FORMAT);
    row[3] = 'B';
    CHECK_OK(fg_bucket_append(bucket, sizeof(bucket), &used, row, 4, &error), &error);
    row[0] = 0x0b;
    CHECK_INT(fg_bucket_append(bucket, sizeof(bucket), &used, row, 4, &error), FG_E_FORMAT);
    used = FG_BUCKET_BYTES_MAX - 5;
    CHECK_OK(fg_bucket_append(bucket, sizeof(bucket), &used, row, row_of(row, 3), &error), &error);
    CHECK_INT(used, FG_BUCKET_BYTES_MAX);
    CHECK_INT(fg_bucket_append(bucket, sizeof(bucket), &used, row, 3, &error), FG_E_SIZE);
    used = FG_BUCKET_BYTES_MAX - 4;
    CHECK_INT(fg_bucket_append(bucket, sizeof(bucket), &used, row, 3, &error), FG_E_SIZE);
    used = FG_BUCKET_BYTES_MAX + 1;
    CHECK_INT(fg_bucket_append(bucket, sizeof(bucket), &used, row, 3, &error), FG_E_SIZE);
}

TEST("BAD-INPUT-IS-SAFE: a bucket is walked to its end, and what is cut off or reaches beyond it is refused")
{
    static const uint8_t good[] = {3, 0, 0x0a, 1, 'A', 3, 0, 0x0a, 1, 'B'};
    static const struct {
        uint8_t bytes[8];
        size_t length;
        const char *says;
    } bad[] = {
        {{3}, 1, "cut off in a row's length at byte 0"},
        {{3, 0, 0x0a, 1}, 4, "claims 3 bytes"},
        {{4, 0, 0x0a, 1, 'A'}, 5, "claims 4 bytes"},
        {{3, 1, 0x0a, 1, 'A'}, 5, "claims 259 bytes"},
        {{2, 0, 0x0a, 1}, 4, "does not begin with a code"},
        {{3, 0, 0x0a, 2, 'A'}, 5, "does not begin with a code"},
        {{3, 0, 0x0a, 0, 'A'}, 5, "does not begin with a code"},
        {{3, 0, 0x0a, 1, 'a'}, 5, "does not begin with a code"},
        {{3, 0, 0x12, 1, 'A'}, 5, "does not begin with a code"},
    };
    static uint8_t large[FG_BUCKET_BYTES_MAX + 1];
    struct fg_bucket_row row;
    uint32_t rows = 0;
    size_t at = 0;

    CHECK_OK(fg_bucket_next(good, sizeof(good), &at, &row, &error), &error);
    CHECK_OK(fg_bucket_next(good, sizeof(good), &at, &row, &error), &error);
    CHECK_INT(row.code[0], 'B');
    CHECK_INT(row.length, 3);
    CHECK_INT(fg_bucket_next(good, sizeof(good), &at, &row, &error), FG_E_NOT_FOUND);
    CHECK_INT(at, sizeof(good));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        at = 0;
        CHECK_INT(fg_bucket_next(bad[i].bytes, bad[i].length, &at, &row, &error), FG_E_FORMAT);
        CHECK_HAS(error.text, bad[i].says);
        CHECK_INT(at, 0);
    }
    CHECK_INT(fg_bucket_check(large, sizeof(large), 0, 0, &rows, &error), FG_E_SIZE);
    CHECK_INT(fg_bucket_check(large, sizeof(large) - 1, 0, 0, &rows, &error), FG_E_FORMAT);
    CHECK_OK(fg_bucket_check(good, sizeof(good), 0, 0, &rows, &error), &error);
    CHECK_INT(rows, 2);
    CHECK(fg_bucket_compare("A", 1, "AB", 2) < 0);
    CHECK(fg_bucket_compare("AB", 2, "A", 1) > 0);
    CHECK(fg_bucket_compare("AB", 2, "AC", 2) < 0);
    CHECK_INT(fg_bucket_compare("AB", 2, "AB", 2), 0);
    CHECK(fg_bucket_compare("B", 1, "AB", 2) > 0);
}

/* ---- keys, authorities, names ---- */

static void put_pem(const char *name, size_t whole)
{
    FILE *file = fopen(fg_test_path(name), "rb");

    CHECK(file != NULL);
    length = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    memset(bytes + length, '\n', whole - length);
    length = whole;
}

TEST("a key's and an authority's file is read up to its bound, and a byte more is too long")
{
    struct fg_authority authority;
    struct fg_public_key key;
    struct fg_private_key made;

    fg_fixture_authority("ca");
    put_pem("ca.pem", FG_AUTHORITY_PEM_MAX);
    CHECK_OK(fg_authority_parse((const char *)bytes, length, &authority, &error), &error);
    CHECK_OK(fg_authority_read(put_file("long.pem"), &authority, &error), &error);
    put_pem("ca.pem", FG_AUTHORITY_PEM_MAX + 1);
    CHECK_INT(fg_authority_parse((const char *)bytes, length, &authority, &error), FG_E_SIZE);
    CHECK_INT(fg_authority_read(put_file("long.pem"), &authority, &error), FG_E_SIZE);
    fg_fixture_certificate("c1", "ca", "/O=fillgate/OU=controller/CN=c1", "200101000000Z", "350101000000Z",
                           "clientAuth");
    CHECK_INT(fg_authority_read(fg_test_path("c1.pem"), &authority, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "not an authority's");
    CHECK_OK(fg_private_key_new(&made, &error), &error);
    CHECK_OK(fg_public_key_write(fg_test_path("k.pub"), &made.public_key, &error), &error);
    put_pem("k.pub", FG_KEY_FILE_MAX);
    CHECK_OK(fg_public_key_parse((const char *)bytes, length, &key, &error), &error);
    CHECK_OK(fg_public_key_read(put_file("long.pub"), &key, &error), &error);
    put_pem("k.pub", FG_KEY_FILE_MAX + 1);
    CHECK_INT(fg_public_key_parse((const char *)bytes, length, &key, &error), FG_E_SIZE);
    CHECK_INT(fg_public_key_read(put_file("long.pub"), &key, &error), FG_E_SIZE);
}

TEST("a host's name to look up has up to 255 characters, a port up to 7, and the answer comes or a reason")
{
    char host[300];
    struct addrinfo *addresses = NULL;
    int64_t deadline = fg_mono_ms() + 60000;

    memset(host, 'h', sizeof(host));
    host[FG_HOST_MAX + 1] = '\0';
    CHECK_INT(fg_resolve(host, "1", deadline, &addresses, &error), FG_E_ARG);
    host[FG_HOST_MAX] = '\0';
    CHECK_INT(fg_resolve(host, "1", deadline, &addresses, &error), FG_E_IO);
    CHECK_INT(fg_resolve("127.0.0.1", "12345678", deadline, &addresses, &error), FG_E_ARG);
    CHECK_OK(fg_resolve("127.0.0.1", "0065535", deadline, &addresses, &error), &error);
    freeaddrinfo(addresses);
}

TEST("a set of files has 1 to 16 of them, with names of 1 to 31 characters and no slash")
{
    struct fg_file_part parts[FG_FILE_SET_FILES_MAX + 1];
    char names[FG_FILE_SET_FILES_MAX + 1][8];
    char longest[FG_FILE_SET_NAME_MAX + 2];

    for (size_t i = 0; i <= FG_FILE_SET_FILES_MAX; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "f%zu", i);
        parts[i] = (struct fg_file_part){.name = names[i], .bytes = "x", .length = 1};
    }
    CHECK_OK(fg_file_set_put(fg_test_directory(), parts, FG_FILE_SET_FILES_MAX, &error), &error);
    CHECK_INT(fg_file_set_put(fg_test_directory(), parts, FG_FILE_SET_FILES_MAX + 1, &error), FG_E_ARG);
    CHECK_INT(fg_file_set_put(fg_test_directory(), parts, 0, &error), FG_E_ARG);
    memset(longest, 'l', sizeof(longest));
    longest[FG_FILE_SET_NAME_MAX + 1] = '\0';
    parts[0].name = longest;
    CHECK_INT(fg_file_set_put(fg_test_directory(), parts, 1, &error), FG_E_ARG);
    longest[FG_FILE_SET_NAME_MAX] = '\0';
    CHECK_OK(fg_file_set_put(fg_test_directory(), parts, 1, &error), &error);
    parts[0].name = "";
    CHECK_INT(fg_file_set_put(fg_test_directory(), parts, 1, &error), FG_E_ARG);
    parts[0].name = "a/b";
    CHECK_INT(fg_file_set_put(fg_test_directory(), parts, 1, &error), FG_E_ARG);
}

TEST("a report and a write of the reader link have a UID and a memory that fit, and no more")
{
    static struct fg_reader_report report;
    static struct fg_reader_write write;
    uint8_t packet[FG_READERLINK_PACKET_MAX];
    size_t packed = 0;

    report = (struct fg_reader_report){.kind = FG_READER_TAG, .uid = {.length = FG_UID_MAX}};
    report.memory_length = FG_TAG_MEMORY_MAX;
    CHECK_OK(fg_readerlink_encode_report(&report, packet, sizeof(packet), &packed, &error), &error);
    report.memory_length++;
    CHECK_INT(fg_readerlink_encode_report(&report, packet, sizeof(packet), &packed, &error), FG_E_SIZE);
    report.memory_length = 0;
    report.uid.length++;
    CHECK_INT(fg_readerlink_encode_report(&report, packet, sizeof(packet), &packed, &error), FG_E_SIZE);
    write.uid.length = FG_UID_MAX;
    write.length = FG_TAG_MEMORY_MAX;
    CHECK_OK(fg_readerlink_encode_write(&write, packet, sizeof(packet), &packed, &error), &error);
    write.length++;
    CHECK_INT(fg_readerlink_encode_write(&write, packet, sizeof(packet), &packed, &error), FG_E_SIZE);
    write.length = 4;
    write.uid.length++;
    CHECK_INT(fg_readerlink_encode_write(&write, packet, sizeof(packet), &packed, &error), FG_E_SIZE);
}
