/* A folder of key rings as a clerk keeps it: in any order, under any name, among other files. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/list/serve/key_rings.h"
#include "tests/lib/check.h"

static struct fg_error error;

static void put(const char *name, const void *bytes, size_t length)
{
    FILE *file = fopen(fg_test_path(name), "wb");

    CHECK(file != NULL);
    CHECK_INT(fwrite(bytes, 1, length, file), length);
    CHECK_INT(fclose(file), 0);
}

static void put_ring(const char *name, uint64_t version, int64_t issued_ms)
{
    struct fg_keyring ring = {.version = version, .issued_ms = issued_ms, .key_count = 1};
    struct fg_private_key key;
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length = 0;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    ring.keys[0] = (struct fg_keyring_key){FG_KEYRING_LIST, key.public_key};
    CHECK_OK(fg_keyring_encode(&ring, bytes, sizeof(bytes), &length, &error), &error);
    put(name, bytes, length);
}

/* The version that is picked; 0: none, and *ret_issued_ms of it. */
static uint64_t pick(const char *path, uint64_t after, bool newest, int64_t *ret_issued_ms)
{
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    struct fg_keyring ring;
    uint64_t version = 0;
    size_t length = 0;
    enum fg_err code = fg_key_rings_pick(path, after, newest, bytes, &length, &version, &error);

    if (code == FG_E_NOT_FOUND)
        return 0;
    CHECK_OK(code, &error);
    CHECK_OK(fg_keyring_decode(bytes, length, &ring, NULL, &error), &error);
    CHECK_INT(ring.version, version);
    if (ret_issued_ms != NULL)
        *ret_issued_ms = ring.issued_ms;
    return version;
}

TEST("rings are found by their version, whatever their names")
{
    int64_t issued_ms = 0;

    put_ring("zz", 1, 0);
    put_ring("five", 5, 0);
    put_ring("b-three", 3, 2);
    put_ring("a-three", 3, 1);
    CHECK_INT(pick(fg_test_directory(), 0, false, NULL), 1);
    CHECK_INT(pick(fg_test_directory(), 1, false, &issued_ms), 3);
    CHECK_INT(issued_ms, 1); /* of two with one version the first name */
    CHECK_INT(pick(fg_test_directory(), 3, false, NULL), 5);
    CHECK_INT(pick(fg_test_directory(), 5, false, NULL), 0);
    CHECK_INT(pick(fg_test_directory(), 0, true, NULL), 5);
    CHECK_INT(pick(fg_test_directory(), 5, true, NULL), 0);
}

TEST("one ring file may stand for the folder; nothing at all is no ring")
{
    put_ring("ring", 4, 0);
    CHECK_INT(pick(fg_test_path("ring"), 0, false, NULL), 4);
    CHECK_INT(pick(fg_test_path("ring"), 4, false, NULL), 0);
    CHECK_INT(pick(fg_test_path("nothing"), 0, true, NULL), 0);
}

TEST("BAD-INPUT-IS-SAFE: what is no ring is passed over, also folders, pipes and huge files")
{
    static const uint8_t zeros[2 * FG_KEYRING_BYTES_MAX];

    put("zeros", zeros, sizeof(zeros));
    put("empty", "", 0);
    put("text", "no ring", 7);
    CHECK_INT(mkdir(fg_test_path("folder"), 0700), 0);
    CHECK_INT(mkfifo(fg_test_path("pipe"), 0600), 0);
    CHECK_INT(symlink("/nowhere", fg_test_path("link")), 0);
    CHECK_INT(pick(fg_test_directory(), 0, true, NULL), 0);
    put_ring("good", 2, 0);
    put_ring(".hidden", 9, 0);
    CHECK_INT(pick(fg_test_directory(), 0, true, NULL), 2);
}

TEST("a folder with too many files is named")
{
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    uint64_t version = 0;
    size_t length = 0;
    char name[32];

    for (int i = 0; i <= FG_KEY_RINGS_FOLDER_MAX; i++) {
        (void)snprintf(name, sizeof(name), "file-%d", i);
        put(name, "x", 1);
    }
    CHECK_INT(fg_key_rings_pick(fg_test_directory(), 0, true, bytes, &length, &version, &error), FG_E_FULL);
    CHECK_HAS(error.text, "only key rings should be");
}
