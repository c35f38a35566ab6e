/* Kept key rings: a chain that is verified anew each time, and files that somebody edited. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "proto/key/keyring_file.h"
#include "tests/lib/check.h"

#define KEYS 4

struct bench {
    struct fg_private_key keys[KEYS]; /* list keys, one after the other in force */
    struct fg_private_key receipt;
    struct fg_keyring first;
    char path[512];
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length;
};

static void bench_fill(struct bench *bench)
{
    struct fg_error error;

    memset(bench, 0, sizeof(*bench));
    for (int i = 0; i < KEYS; i++)
        CHECK_OK(fg_private_key_new(&bench->keys[i], &error), &error);
    CHECK_OK(fg_private_key_new(&bench->receipt, &error), &error);
    CHECK_OK(
        fg_keyring_first(&bench->keys[0].public_key, 1, &bench->receipt.public_key, &bench->first, &error),
        &error);
    (void)snprintf(bench->path, sizeof(bench->path), "%s", fg_test_path("keyring.bin"));
    (void)unlink(bench->path);
}

/* A ring with one list key, signed by the one before and by itself. */
static void ring_make(struct bench *bench, uint64_t version, int from, int to)
{
    struct fg_keyring ring = {.version = version, .issued_ms = 1795392000000, .key_count = 2};
    struct fg_error error;

    ring.keys[0] = (struct fg_keyring_key){FG_KEYRING_LIST, bench->keys[to].public_key};
    ring.keys[1] = (struct fg_keyring_key){FG_KEYRING_RECEIPT, bench->receipt.public_key};
    CHECK_OK(fg_keyring_encode(&ring, bench->bytes, sizeof(bench->bytes), &bench->length, &error), &error);
    for (int i = 0; i < 3; i++) {
        const struct fg_private_key *signers[] = {&bench->keys[from], &bench->keys[to], &bench->receipt};

        CHECK_OK(fg_keyring_sign(bench->bytes, bench->length, signers[i], bench->bytes, sizeof(bench->bytes),
                                 &bench->length, &error),
                 &error);
    }
}

static enum fg_err ring_add(struct bench *bench, struct fg_keyring *ret_ring, struct fg_error *error)
{
    return fg_keyring_file_add(bench->path, &bench->first, bench->bytes, bench->length, ret_ring, error);
}

static enum fg_err load(struct bench *bench, struct fg_keyring *ret_ring, struct fg_error *error)
{
    return fg_keyring_file_load(bench->path, &bench->first, ret_ring, error);
}

static void chain_make(struct bench *bench)
{
    struct fg_keyring ring;
    struct fg_error error;

    for (int i = 1; i < KEYS; i++) {
        ring_make(bench, (uint64_t)i, i - 1, i);
        CHECK_OK(ring_add(bench, &ring, &error), &error);
    }
}

TEST("without a file the keys of the enrolment are in force, for lists, tags and receipts")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_public_key keys[4];
    struct fg_error error;

    bench_fill(&bench);
    CHECK_OK(load(&bench, &ring, &error), &error);
    CHECK_INT(ring.version, 0);
    CHECK_INT(fg_keyring_keys(&ring, FG_KEYRING_LIST, keys, 4), 1);
    CHECK_INT(fg_keyring_keys(&ring, FG_KEYRING_TAG, keys, 4), 1);
    CHECK_INT(fg_keyring_keys(&ring, FG_KEYRING_RECEIPT, keys, 4), 1);
    CHECK_INT(fg_keyring_first(keys, 0, NULL, &ring, &error), FG_E_ARG);
    CHECK_INT(fg_keyring_first(keys, 5, NULL, &ring, &error), FG_E_ARG);
}

TEST("a chain of rings is kept, and the newest is in force after each start")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_public_key keys[4];
    struct fg_error error;

    bench_fill(&bench);
    chain_make(&bench);
    CHECK_OK(load(&bench, &ring, &error), &error);
    CHECK_INT(ring.version, KEYS - 1);
    CHECK_INT(fg_keyring_keys(&ring, FG_KEYRING_LIST, keys, 4), 1);
    CHECK_BYTES(keys[0].point, bench.keys[KEYS - 1].public_key.point, FG_POINT_BYTES);
}

TEST("a ring that is brought again is taken quietly, and the file does not grow")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;

    bench_fill(&bench);
    chain_make(&bench);
    for (int i = 0; i < 2 * FG_KEYRING_FILE_RINGS_MAX; i++)
        CHECK_OK(ring_add(&bench, &ring, &error), &error);
    CHECK_INT(ring.version, KEYS - 1);
}

TEST("TUF rule: a ring of an earlier version, or one that only a retired key signed, does not come back")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;

    bench_fill(&bench);
    chain_make(&bench);
    ring_make(&bench, 1, 0, 1);
    CHECK_INT(ring_add(&bench, &ring, &error), FG_E_OLD);
    ring_make(&bench, KEYS, 0, 1);
    CHECK_INT(ring_add(&bench, &ring, &error), FG_E_AUTH);
    CHECK_OK(load(&bench, &ring, &error), &error);
    CHECK_INT(ring.version, KEYS - 1);
}

static void file_read(const char *path, uint8_t *bytes, size_t capacity, size_t *ret_length)
{
    FILE *file = fopen(path, "rb");

    CHECK(file != NULL);
    *ret_length = fread(bytes, 1, capacity, file);
    CHECK_INT(fclose(file), 0);
}

static void file_write(const char *path, const uint8_t *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");

    CHECK(file != NULL);
    CHECK_INT(fwrite(bytes, 1, length, file), length);
    CHECK_INT(fclose(file), 0);
}

TEST("TAMPER-SHOWS: a kept ring file that was edited or cut brings in no key")
{
    static uint8_t bytes[4 * FG_KEYRING_BYTES_MAX];
    struct bench bench;
    struct fg_keyring ring;
    struct fg_keyring genuine;
    struct fg_error error;
    size_t length;
    size_t whole = 0;
    size_t tried = 0;
    size_t refused = 0;

    bench_fill(&bench);
    chain_make(&bench);
    CHECK_OK(load(&bench, &genuine, &error), &error);
    file_read(bench.path, bytes, sizeof(bytes), &length);
    for (size_t i = 0; i < length; i += 7) {
        bytes[i] ^= 0x21;
        file_write(bench.path, bytes, length);
        if (load(&bench, &ring, &error) != FG_OK) {
            CHECK_HAS(error.text, "keyring.bin: key ring ");
            refused++;
        } else {
            /* A signature that was not needed may become an unknown field, which is ignored: what the others
             * signed stands. */
            CHECK_INT(ring.version, genuine.version);
            CHECK_INT(ring.key_count, genuine.key_count);
            CHECK_BYTES((const uint8_t *)ring.keys, (const uint8_t *)genuine.keys, sizeof(ring.keys));
        }
        tried++;
        bytes[i] ^= 0x21;
    }
    CHECK(refused * 4 >= tried * 3);
    /* Cut between two rings it is a good shorter chain: newer rings come again from the bureau. */
    for (size_t cut = 1; cut < length; cut++) {
        file_write(bench.path, bytes, cut);
        whole += load(&bench, &ring, &error) == FG_OK;
    }
    CHECK_INT(whole, KEYS - 2);
}

TEST("a full file says what to do; one that is far too long is not read")
{
    static uint8_t bytes[64 * FG_KEYRING_BYTES_MAX];
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;

    bench_fill(&bench);
    for (uint64_t i = 0; i < FG_KEYRING_FILE_RINGS_MAX; i++) {
        ring_make(&bench, i + 1, (int)(i % 2), (int)((i + 1) % 2));
        CHECK_OK(ring_add(&bench, &ring, &error), &error);
    }
    ring_make(&bench, FG_KEYRING_FILE_RINGS_MAX + 1, 0, 1);
    CHECK_INT(ring_add(&bench, &ring, &error), FG_E_FULL);
    CHECK_HAS(error.text, "by hand");
    file_write(bench.path, bytes, sizeof(bytes));
    CHECK_INT(load(&bench, &ring, &error), FG_E_CORRUPT);
}

TEST("a folder that is not there is named, and nothing is in force from it")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;

    bench_fill(&bench);
    ring_make(&bench, 1, 0, 1);
    (void)snprintf(bench.path, sizeof(bench.path), "%s/nowhere/keyring.bin", fg_test_directory());
    CHECK_INT(ring_add(&bench, &ring, &error), FG_E_IO);
    CHECK_HAS(error.text, "nowhere");
    CHECK_OK(load(&bench, &ring, &error), &error);
    CHECK_INT(ring.version, 0);
}

static uint64_t version_of(const uint8_t *bytes, size_t length)
{
    struct fg_keyring ring;
    struct fg_error error;

    CHECK_OK(fg_keyring_decode(bytes, length, &ring, NULL, &error), &error);
    return ring.version;
}

TEST("kept rings are handed on one by one, or the newest, byte for byte")
{
    struct bench bench;
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length = 0;
    uint64_t version = 0;
    struct fg_error error;

    bench_fill(&bench);
    CHECK_INT(fg_keyring_file_next(bench.path, 0, false, bytes, &length, &version, &error), FG_E_NOT_FOUND);
    chain_make(&bench);
    for (uint64_t after = 0; after < KEYS - 1; after++) {
        CHECK_OK(fg_keyring_file_next(bench.path, after, false, bytes, &length, &version, &error), &error);
        CHECK_INT(version, after + 1);
        CHECK_INT(version_of(bytes, length), after + 1);
        CHECK_OK(fg_keyring_file_next(bench.path, after, true, bytes, &length, &version, &error), &error);
        CHECK_INT(version, KEYS - 1);
    }
    CHECK_INT(length, bench.length);
    CHECK_BYTES(bytes, bench.bytes, length);
    CHECK_INT(fg_keyring_file_next(bench.path, KEYS - 1, true, bytes, &length, &version, &error),
              FG_E_NOT_FOUND);
    CHECK_INT(fg_keyring_file_next(bench.path, UINT64_MAX, false, bytes, &length, &version, &error),
              FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "no key ring after version 18446744073709551615");
}

TEST("a kept file that breaks off, or holds what is no ring, hands nothing on")
{
    struct bench bench;
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length = 0;
    uint64_t version = 0;
    struct fg_error error;

    bench_fill(&bench);
    file_write(bench.path, (const uint8_t *)"\xff", 1);
    CHECK_INT(fg_keyring_file_next(bench.path, 0, false, bytes, &length, &version, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "key ring 1 breaks off");
    file_write(bench.path, (const uint8_t *)"\x02\x00xy", 4);
    CHECK_INT(fg_keyring_file_next(bench.path, 0, false, bytes, &length, &version, &error), FG_E_FORMAT);
    CHECK_INT(fg_keyring_file_next(fg_test_directory(), 0, false, bytes, &length, &version, &error), FG_E_IO);
}

TEST(
    "TAMPER-SHOWS: a kept file that does not hold is put aside at the start, so that the rings can come anew")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;
    char aside[560];

    bench_fill(&bench);
    CHECK_OK(fg_keyring_file_start(bench.path, &bench.first, &ring, &error), &error);
    chain_make(&bench);
    CHECK_OK(fg_keyring_file_start(bench.path, &bench.first, &ring, &error), &error);
    CHECK_INT(ring.version, KEYS - 1);
    file_write(bench.path, bench.bytes, bench.length);
    CHECK(fg_keyring_file_start(bench.path, &bench.first, &ring, &error) != FG_OK);
    CHECK_HAS(error.text, "put aside as ");
    CHECK_INT(ring.version, 0);
    (void)snprintf(aside, sizeof(aside), "%s.damaged", bench.path);
    CHECK_INT(access(aside, F_OK), 0);
    CHECK(access(bench.path, F_OK) != 0);
    chain_make(&bench);
    CHECK_OK(fg_keyring_file_start(bench.path, &bench.first, &ring, &error), &error);
    CHECK_INT(ring.version, KEYS - 1);
}

TEST("what cannot be read at the start is left where it is")
{
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;

    bench_fill(&bench);
    CHECK_INT(fg_keyring_file_start(fg_test_directory(), &bench.first, &ring, &error), FG_E_IO);
    CHECK_HAS(error.text, "only the configured keys count: ");
    CHECK_INT(ring.version, 0);
    CHECK_INT(access(fg_test_directory(), F_OK), 0);
}

TEST("a disk that takes only half of a ring is named, and what was kept stays in force")
{
    struct rlimit before;
    struct rlimit little;
    struct bench bench;
    struct fg_keyring ring;
    struct fg_error error;
    enum fg_err code;

    bench_fill(&bench);
    ring_make(&bench, 1, 0, 1);
    CHECK_OK(ring_add(&bench, &ring, &error), &error);
    ring_make(&bench, 2, 1, 2);
    CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = before;
    little.rlim_cur = bench.length + 10;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &little), 0);
    code = ring_add(&bench, &ring, &error);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &before), 0);
    CHECK_INT(code, FG_E_IO);
    CHECK_HAS(error.text, "cannot write");
    CHECK_OK(load(&bench, &ring, &error), &error);
    CHECK_INT(ring.version, 1);
}
