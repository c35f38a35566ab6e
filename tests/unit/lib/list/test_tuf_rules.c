/* The eight client rules of The Update Framework (specification 1.0.30, section 5), one test each, against a
 * source that lies. In its words: root = key ring, timestamp, snapshot and targets = manifest, target files =
 * buckets, delta and list files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/key/keyring.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/list_fixture.h"
#include "tests/lib/fixture/source_fixture.h"

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
static const struct fg_fixture_city three = {
    .version = 3, .bucket_bits = BITS, .rows = 300, .suspended_every = 30};

static void open_list(const struct fg_public_key *keys, size_t count)
{
    fg_list_close(list);
    list = NULL;
    CHECK_OK(fg_list_open(fg_test_path("mine.db"), NULL, keys, count, &list, &error), &error);
}

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
    fg_fixture_source_start(&source);
    open_list(&fg_fixture_key()->public_key, 1);
}

static enum fg_err update_at(const char *list_id, int64_t now_ms)
{
    struct fg_list_source from = fg_fixture_list_source(&source);

    return fg_list_update(list, list_id, &from, work, now_ms, &done, &error);
}

static enum fg_err update(void)
{
    return update_at("city", NOW_MS);
}

static void check_in_force(uint64_t version)
{
    struct fg_manifest manifest;

    CHECK_INT(fg_list_state(list), FG_LIST_IN_FORCE);
    CHECK_OK(fg_list_manifest(list, &manifest, &error), &error);
    CHECK_INT(manifest.version, version);
    CHECK_OK(fg_list_verify(list, &error), &error);
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

TEST("TUF rule 1: one time, fixed at the start, judges everything of an update")
{
    struct fg_fixture_city brief = two;

    brief.expires_ms = NOW_MS + 1;
    for (int way = 0; way < 3; way++) {
        start();
        fg_fixture_publish(&source, &one);
        CHECK_OK(update(), &error);
        fg_fixture_publish(&source, &brief);
        if (way > 0)
            source.delta[0] = '\0';
        if (way > 1)
            source.bad_nodes = true;
        CHECK_INT(update_at("city", NOW_MS + 1), FG_E_EXPIRED);
        check_in_force(1);
        CHECK_OK(update_at("city", NOW_MS), &error);
        CHECK_INT(done.way, FG_LIST_UPDATE_DELTA + way);
        check_in_force(2);
    }
    end();
}

static void make_ring(struct fg_keyring *ring, uint64_t version, const struct fg_private_key *key)
{
    memset(ring, 0, sizeof(*ring));
    ring->version = version;
    ring->issued_ms = NOW_MS;
    ring->key_count = 1;
    ring->keys[0] = (struct fg_keyring_key){FG_KEYRING_LIST, key->public_key};
}

static size_t sign_ring(const struct fg_keyring *ring, const struct fg_private_key *first,
                        const struct fg_private_key *second, uint8_t bytes[FG_KEYRING_BYTES_MAX])
{
    size_t length;

    CHECK_OK(fg_keyring_encode(ring, bytes, FG_KEYRING_BYTES_MAX, &length, &error), &error);
    CHECK_OK(fg_keyring_sign(bytes, length, first, bytes, FG_KEYRING_BYTES_MAX, &length, &error), &error);
    if (second != NULL)
        CHECK_OK(fg_keyring_sign(bytes, length, second, bytes, FG_KEYRING_BYTES_MAX, &length, &error),
                 &error);
    return length;
}

TEST("TUF rule 2: keys change one ring at a time, each signed by old and new keys, and lists by old keys end")
{
    const struct fg_private_key *old = fg_fixture_key();
    struct fg_private_key next;
    struct fg_private_key last;
    struct fg_keyring rings[3];
    struct fg_keyring taken;
    struct fg_public_key keys[2];
    struct fg_fixture_city city = two;
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length;

    CHECK_OK(fg_private_key_new(&next, &error), &error);
    CHECK_OK(fg_private_key_new(&last, &error), &error);
    make_ring(&rings[0], 1, old);
    make_ring(&rings[1], 2, &next);
    make_ring(&rings[2], 3, &last);
    length = sign_ring(&rings[2], &next, &last, bytes);
    CHECK_INT(fg_keyring_verify(bytes, length, &rings[0], &taken, &error), FG_E_AUTH);
    length = sign_ring(&rings[1], &next, NULL, bytes);
    CHECK_INT(fg_keyring_verify(bytes, length, &rings[0], &taken, &error), FG_E_AUTH);
    length = sign_ring(&rings[1], old, NULL, bytes);
    CHECK_INT(fg_keyring_verify(bytes, length, &rings[0], &taken, &error), FG_E_AUTH);
    length = sign_ring(&rings[1], old, &next, bytes);
    CHECK_OK(fg_keyring_verify(bytes, length, &rings[0], &taken, &error), &error);

    start_with_two();
    CHECK_INT(fg_keyring_keys(&taken, FG_KEYRING_LIST, keys, 2), 1);
    open_list(keys, 1);
    CHECK_INT(fg_list_state(list), FG_LIST_NOT_AUTHENTIC);
    CHECK_INT(update(), FG_E_AUTH);
    city.version = 3;
    city.key = &next;
    fg_list_close(source.store);
    (void)unlink(fg_test_path("source.db"));
    CHECK_OK(fg_list_open(fg_test_path("source.db"), NULL, keys, 1, &source.store, &error), &error);
    fg_fixture_publish(&source, &city);
    CHECK_OK(update(), &error);
    check_in_force(3);
    end();
}

TEST("TUF rule 3: a lower version is refused, the same one is nothing to do, and only what has proven counts")
{
    char second[FG_FIXTURE_PATH];

    start_with_two();
    memcpy(second, source.file, sizeof(second));
    CHECK_OK(update(), &error);
    (void)snprintf(source.manifest_file, sizeof(source.manifest_file), "%s", fg_test_path("source-1.fgl"));
    source.calls = 0;
    CHECK_INT(update(), FG_E_OLD);
    CHECK_INT(source.calls, 1);
    open_list(&fg_fixture_key()->public_key, 1);
    CHECK_INT(update(), FG_E_OLD);
    check_in_force(2);
    memcpy(source.manifest_file, second, sizeof(second));
    source.calls = 0;
    CHECK_OK(update(), &error);
    CHECK_INT(done.way, FG_LIST_UPDATE_NONE);
    CHECK_INT(source.calls, 1);
    /* Version 9 is promised and never proves: version 3 must still be welcome. */
    fg_fixture_publish(&source, &(struct fg_fixture_city){.version = 9, .bucket_bits = 2, .rows = 10});
    memcpy(source.manifest_file, source.file, sizeof(second));
    memcpy(source.file, second, sizeof(second));
    CHECK_INT(update(), FG_E_SIZE);
    check_in_force(2);
    fg_list_close(source.store);
    (void)unlink(fg_test_path("source.db"));
    fg_fixture_source_start(&source);
    fg_fixture_publish(&source, &three);
    CHECK_OK(update(), &error);
    check_in_force(3);
    end();
}

TEST("TUF rule 3: two lists of one version are reported")
{
    struct fg_fixture_city other = two;

    start_with_two();
    CHECK_OK(update(), &error);
    other.suspended_every = 7;
    fg_list_close(source.store);
    (void)unlink(fg_test_path("source.db"));
    fg_fixture_source_start(&source);
    fg_fixture_publish(&source, &other);
    CHECK_INT(update(), FG_E_AUTH);
    CHECK_HAS(error.text, "two lists");
    check_in_force(2);
    end();
}

TEST("TUF rule 4: an expired manifest is refused before anything else is fetched")
{
    struct fg_fixture_city stale = two;

    stale.expires_ms = NOW_MS - 1;
    start();
    fg_fixture_publish(&source, &one);
    CHECK_OK(update(), &error);
    fg_fixture_publish(&source, &stale);
    source.calls = 0;
    CHECK_INT(update(), FG_E_EXPIRED);
    CHECK_INT(source.calls, 1);
    check_in_force(1);
    end();
}

TEST("TUF rule 5: after a fast-forward by a stolen key, new keys and a new list id bring lists back")
{
    struct fg_private_key next;
    struct fg_fixture_city forged = {.version = INT64_MAX, .bucket_bits = BITS, .rows = 10};
    struct fg_fixture_city city = two;

    CHECK_OK(fg_private_key_new(&next, &error), &error);
    start_with_two();
    fg_fixture_publish(&source, &forged);
    CHECK_OK(update(), &error);
    check_in_force(INT64_MAX);
    open_list(&next.public_key, 1);
    CHECK_INT(fg_list_state(list), FG_LIST_NOT_AUTHENTIC);
    city.key = &next;
    city.list_id = "city-2";
    fg_list_close(source.store);
    (void)unlink(fg_test_path("source.db"));
    memset(&source, 0, sizeof(source));
    CHECK_OK(fg_list_open(fg_test_path("source.db"), NULL, &next.public_key, 1, &source.store, &error),
             &error);
    fg_fixture_publish(&source, &city);
    CHECK_OK(update_at("city-2", NOW_MS), &error);
    check_in_force(2);
    end();
}

static void check_no_part(void)
{
    char command[FG_FIXTURE_PATH + 64];

    (void)snprintf(command, sizeof(command), "ls '%s' | grep -q '\\.part$'", work);
    CHECK(system(command) != 0);
}

TEST("TUF rule 6: nothing is larger than its cap, and nothing is parsed before its size is known to be right")
{
    size_t length;
    uint8_t *bytes;

    start_with_two();
    source.endless = true;
    CHECK_OK(update(), &error); /* the endless delta is given up, the buckets are fetched */
    CHECK_INT(done.way, FG_LIST_UPDATE_REPAIR);
    check_in_force(2);
    check_no_part();
    start();
    fg_fixture_publish(&source, &one);
    source.endless = true;
    CHECK_INT(update(), FG_E_SIZE);
    CHECK_INT(fg_list_state(list), FG_LIST_MISSING);
    check_no_part();
    source.endless = false;
    bytes = fg_fixture_read(source.file, &length);
    fg_fixture_write_bytes(source.file, bytes, length - 1);
    free(bytes);
    CHECK_INT(update(), FG_E_SIZE);
    CHECK_INT(fg_list_state(list), FG_LIST_MISSING);
    end();
}

TEST("TUF rule 7: pieces of different lists and versions do not mix")
{
    struct fg_fixture_city other = three;
    char second[FG_FIXTURE_PATH];
    char third[FG_FIXTURE_PATH];

    start_with_two();
    memcpy(second, source.file, sizeof(second));
    other.list_id = "town";
    fg_fixture_city("town.fgl", &other, third);
    (void)snprintf(source.manifest_file, sizeof(source.manifest_file), "%s", third);
    CHECK_INT(update(), FG_E_AUTH);
    CHECK_HAS(error.text, "town");
    check_in_force(1);
    /* The manifest of version 3 with the delta, nodes, buckets and file of version 2. */
    fg_fixture_city("three.fgl", &three, third);
    (void)snprintf(source.manifest_file, sizeof(source.manifest_file), "%s", third);
    source.version = 3;
    CHECK(update() != FG_OK);
    check_in_force(1);
    CHECK(source.deltas > 0 && source.nodes > 0);
    source.bad_nodes = true;
    CHECK(update() != FG_OK);
    check_in_force(1);
    source.manifest_file[0] = '\0';
    source.bad_nodes = false;
    source.version = 2;
    CHECK_OK(update(), &error);
    check_in_force(2);
    end();
}

/* Prepares an update by delta, by repair or by file. */
static void prepare(int way)
{
    if (way == 2) {
        start();
        fg_fixture_publish(&source, &two);
    } else {
        start_with_two();
        if (way == 1)
            source.delta[0] = '\0';
    }
    source.calls = 0;
}

TEST("TUF rule 8: an update that is broken off anywhere leaves the old list, and the next one works")
{
    static const enum fg_err codes[] = {FG_E_GONE, FG_E_TIMEOUT, FG_E_IO, FG_E_MEMORY};
    unsigned broken = 0;

    for (int way = 0; way < 3; way++) {
        for (unsigned at = 1; at <= 40; at++) {
            enum fg_err code = codes[at % 4];

            prepare(way);
            source.fail_at = at;
            source.fail_code = code;
            if (update() == FG_OK)
                break;
            broken++;
            if (way == 2)
                CHECK_INT(fg_list_state(list), FG_LIST_MISSING);
            else
                check_in_force(1);
            source.fail_at = 0;
            CHECK_OK(update(), &error);
            check_in_force(2);
        }
    }
    CHECK(broken > 10);
    end();
}
