/* Key rings from a source that is honest, behind, hostile or silent. */
#include <stdio.h>
#include <string.h>

#include "proto/hop/keyring_fetch.h"
#include "tests/lib/check.h"

#define KEYS 5

struct bench {
    struct fg_private_key keys[KEYS]; /* list keys, one after the other in force */
    struct fg_keyring first;
    struct fg_keyring ring;
    char path[512];

    /* The source: ring i of these is version i + 1, signed by key i and key i + 1. */
    uint8_t bytes[KEYS - 1][FG_KEYRING_BYTES_MAX];
    size_t lengths[KEYS - 1];
    size_t offered;      /* how many of them it has */
    bool newest_only;    /* whatever it is asked */
    enum fg_err failure; /* instead of an answer */
    uint64_t asked_after[64];
    unsigned asked;
};

static void ring_make(struct bench *bench, size_t at, size_t from, size_t to)
{
    struct fg_keyring ring = {.version = at + 1, .key_count = 1};
    struct fg_error error;

    ring.keys[0] = (struct fg_keyring_key){FG_KEYRING_LIST, bench->keys[to].public_key};
    CHECK_OK(fg_keyring_encode(&ring, bench->bytes[at], FG_KEYRING_BYTES_MAX, &bench->lengths[at], &error),
             &error);
    for (int i = 0; i < 2; i++)
        CHECK_OK(fg_keyring_sign(bench->bytes[at], bench->lengths[at], &bench->keys[i == 0 ? from : to],
                                 bench->bytes[at], FG_KEYRING_BYTES_MAX, &bench->lengths[at], &error),
                 &error);
}

static void bench_fill(struct bench *bench)
{
    struct fg_error error;

    memset(bench, 0, sizeof(*bench));
    for (int i = 0; i < KEYS; i++)
        CHECK_OK(fg_private_key_new(&bench->keys[i], &error), &error);
    for (size_t i = 0; i < KEYS - 1; i++)
        ring_make(bench, i, i, i + 1);
    CHECK_OK(fg_keyring_first(&bench->keys[0].public_key, 1, NULL, &bench->first, &error), &error);
    bench->ring = bench->first;
    (void)snprintf(bench->path, sizeof(bench->path), "%s", fg_test_path("keyring.bin"));
}

static enum fg_err next(void *context, uint64_t after, uint8_t *buffer, size_t *ret_length,
                        struct fg_error *error)
{
    struct bench *bench = context;
    size_t at = bench->newest_only ? bench->offered - 1 : (size_t)after;

    CHECK(bench->asked < 64);
    bench->asked_after[bench->asked++] = after;
    if (bench->failure != FG_OK)
        return fg_fail(error, bench->failure, "played");
    if (at >= bench->offered)
        return fg_fail(error, FG_E_NOT_FOUND, "no newer one");
    memcpy(buffer, bench->bytes[at], bench->lengths[at]);
    *ret_length = bench->lengths[at];
    return FG_OK;
}

static enum fg_err fetch(struct bench *bench, struct fg_keyring_fetch_result *ret_result,
                         struct fg_error *error)
{
    struct fg_keyring_source source = {bench, next};

    bench->asked = 0;
    return fg_keyring_fetch(&source, bench->path, &bench->first, &bench->ring, ret_result, error);
}

/* What a restart would find. */
static uint64_t kept_version(const struct bench *bench)
{
    struct fg_keyring ring;
    struct fg_error error;

    CHECK_OK(fg_keyring_file_load(bench->path, &bench->first, &ring, &error), &error);
    return ring.version;
}

TEST("a source without rings changes nothing, and has answered")
{
    static struct bench bench;
    struct fg_keyring_fetch_result result;
    struct fg_error error;

    bench_fill(&bench);
    CHECK_OK(fetch(&bench, &result, &error), &error);
    CHECK(result.answered);
    CHECK_INT(result.taken, 0);
    CHECK_INT(bench.asked, 1);
    CHECK_INT(bench.ring.version, 0);
}

TEST("a device several rings behind takes each ring in between, in one go")
{
    static struct bench bench;
    struct fg_keyring_fetch_result result;
    struct fg_error error;

    bench_fill(&bench);
    bench.offered = 1;
    CHECK_OK(fetch(&bench, &result, &error), &error);
    CHECK_INT(result.taken, 1);
    bench.offered = KEYS - 1;
    CHECK_OK(fetch(&bench, &result, &error), &error);
    CHECK_INT(result.taken, KEYS - 2);
    CHECK_INT(bench.asked_after[0], 1);
    CHECK_INT(bench.asked_after[bench.asked - 1], KEYS - 1);
    CHECK_INT(bench.ring.version, KEYS - 1);
    CHECK_INT(kept_version(&bench), KEYS - 1);
}

TEST("a source that only knows the newest ring is asked until that one comes again")
{
    static struct bench bench;
    struct fg_keyring_fetch_result result;
    struct fg_error error;

    bench_fill(&bench);
    bench.offered = 1;
    bench.newest_only = true;
    CHECK_OK(fetch(&bench, &result, &error), &error);
    CHECK_INT(result.taken, 1);
    CHECK_INT(bench.asked, 2);
    CHECK_OK(fetch(&bench, &result, &error), &error);
    CHECK_INT(result.taken, 0);
    CHECK_INT(bench.asked, 1);
    /* With a gap that no signature bridges it is no help. */
    bench.offered = 3;
    CHECK_INT(fetch(&bench, &result, &error), FG_E_AUTH);
    CHECK(result.answered);
    CHECK_INT(bench.ring.version, 1);
}

TEST("TUF rule: an older ring is refused, and the one in force stays, here and after a restart")
{
    static struct bench bench;
    struct fg_keyring_fetch_result result;
    struct fg_error error;

    bench_fill(&bench);
    bench.offered = 3;
    CHECK_OK(fetch(&bench, &result, &error), &error);
    bench.offered = 1;
    bench.newest_only = true;
    CHECK_INT(fetch(&bench, &result, &error), FG_E_OLD);
    CHECK_HAS(error.text, "version 1 is not newer than version 3");
    CHECK_INT(bench.ring.version, 3);
    CHECK_INT(kept_version(&bench), 3);
    /* Somebody put the kept file back besides: what is in force in the running device does not go back. */
    CHECK_INT(remove(bench.path), 0);
    CHECK_OK(fetch(&bench, &result, &error), &error);
    CHECK_INT(result.taken, 0);
    CHECK_INT(bench.ring.version, 3);
}

TEST("TAMPER-SHOWS: a ring that does not verify ends the fetch; what came before it stays")
{
    static struct bench bench;
    struct fg_keyring_fetch_result result;
    struct fg_error error;

    bench_fill(&bench);
    ring_make(&bench, 1, 0, 2); /* signed by a retired key */
    bench.offered = 3;
    CHECK_INT(fetch(&bench, &result, &error), FG_E_AUTH);
    CHECK(result.answered);
    CHECK_INT(result.taken, 1);
    CHECK_INT(bench.ring.version, 1);
    CHECK_INT(kept_version(&bench), 1);
    ring_make(&bench, 1, 1, 2);
    CHECK_OK(fetch(&bench, &result, &error), &error);
    CHECK_INT(result.taken, 2);
}

TEST("BAD-INPUT-IS-SAFE: an answer that is no ring is refused")
{
    static struct bench bench;
    struct fg_keyring_fetch_result result;
    struct fg_error error;

    bench_fill(&bench);
    bench.offered = 1;
    bench.lengths[0] = 0;
    CHECK(fetch(&bench, &result, &error) != FG_OK);
    CHECK(result.answered);
    bench.lengths[0] = 7;
    CHECK_INT(fetch(&bench, &result, &error), FG_E_FORMAT);
    CHECK_INT(bench.ring.version, 0);
}

TEST("silence is told apart from a bad answer")
{
    static const struct {
        enum fg_err failure;
        bool answered;
    } cases[] = {{FG_E_TIMEOUT, false}, {FG_E_IO, false},    {FG_E_GONE, false}, {FG_E_AUTH, false},
                 {FG_E_BUSY, true},     {FG_E_FORMAT, true}, {FG_E_SIZE, true}};
    static struct bench bench;
    struct fg_keyring_fetch_result result;
    struct fg_error error;

    bench_fill(&bench);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench.failure = cases[i].failure;
        CHECK_INT(fetch(&bench, &result, &error), cases[i].failure);
        CHECK_INT(result.answered, cases[i].answered);
        CHECK_INT(bench.asked, 1);
    }
}
