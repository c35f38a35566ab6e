/* Wrong PINs: what counts, what forgives, how long blocks last, and what the file of the count is worth. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/controller/person/pin_gate.h"
#include "lib/crypto/pin.h"
#include "tests/lib/check.h"

#define NOW_MS 1000000

static struct fg_error error;
static struct fg_private_key key;

static struct fg_pin_store store_at(uint32_t boot)
{
    struct fg_pin_store store = {.controller = "ctl-1", .key = &key, .boot = boot};

    if (key.public_key.point[0] == 0)
        CHECK_OK(fg_private_key_new(&key, &error), &error);
    (void)snprintf(store.path, sizeof(store.path), "%s", fg_test_path("pins"));
    return store;
}

static void wrong(struct fg_pin_count *count, const char *id, int times, int64_t now_ms)
{
    for (int i = 0; i < times; i++)
        fg_pin_count_try(count, id, now_ms);
}

TEST("five wrong PINs block; each block in a row is twice as long, up to the longest, and ends to the "
     "millisecond")
{
    static const int64_t blocks_ms[] = {60000, 120000, 240000, 480000, 900000, 900000};
    struct fg_pin_count count = {0};
    int64_t now_ms = NOW_MS;

    CHECK_INT(fg_pin_block_left_ms(&count, now_ms), 0);
    for (size_t i = 0; i < sizeof(blocks_ms) / sizeof(blocks_ms[0]); i++) {
        wrong(&count, "li", 4, now_ms);
        CHECK_INT(fg_pin_block_left_ms(&count, now_ms), 0);
        wrong(&count, "li", 1, now_ms);
        CHECK_INT(fg_pin_block_left_ms(&count, now_ms), blocks_ms[i]);
        CHECK_INT(fg_pin_block_left_ms(&count, now_ms + blocks_ms[i] - 1), 1);
        now_ms += blocks_ms[i];
        CHECK_INT(fg_pin_block_left_ms(&count, now_ms), 0);
    }
    count.blocks = UINT8_MAX;
    wrong(&count, "li", 5, now_ms);
    CHECK_INT(count.blocks, UINT8_MAX);
    CHECK_INT(fg_pin_block_left_ms(&count, now_ms), 900000);
}

TEST("a good PIN forgives only those that all named its owner, however he was spelt")
{
    struct fg_pin_count count = {0};

    wrong(&count, "li", 4, NOW_MS);
    fg_pin_count_good(&count, "wang", NOW_MS);
    CHECK_INT(count.wrong, 4);
    fg_pin_count_good(&count, "LI", NOW_MS);
    CHECK_INT(count.wrong, 0);
    CHECK_TEXT(count.tried_id, "");
    wrong(&count, "li", 2, NOW_MS);
    wrong(&count, "wang", 1, NOW_MS);
    fg_pin_count_good(&count, "li", NOW_MS);
    fg_pin_count_good(&count, "wang", NOW_MS);
    CHECK_INT(count.wrong, 3);
    fg_pin_count_clear(&count);
    wrong(&count, "no operator's id", 2, NOW_MS);
    fg_pin_count_good(&count, "li", NOW_MS);
    CHECK_INT(count.wrong, 2);
    fg_pin_count_clear(&count);
    wrong(&count, "li", 5, NOW_MS);
    fg_pin_count_good(&count, "li", NOW_MS + 60000);
    CHECK_INT(count.blocks, 0);
}

TEST("an hour without a wrong PIN, counted from the end of a block, forgets")
{
    struct fg_pin_count count = {0};

    wrong(&count, "li", 4, NOW_MS);
    fg_pin_count_good(&count, "wang", NOW_MS + FG_PIN_CALM_MS - 1);
    CHECK_INT(count.wrong, 4);
    fg_pin_count_good(&count, "wang", NOW_MS + FG_PIN_CALM_MS);
    CHECK_INT(count.wrong, 0);
    wrong(&count, "li", 5, NOW_MS);
    fg_pin_count_try(&count, "li", NOW_MS + 60000 + FG_PIN_CALM_MS - 1);
    CHECK_INT(count.blocks, 1);
    fg_pin_count_clear(&count);
    wrong(&count, "li", 5, NOW_MS);
    fg_pin_count_try(&count, "li", NOW_MS + 60000 + FG_PIN_CALM_MS);
    CHECK_INT(count.blocks, 0);
    CHECK_INT(count.wrong, 1);
}

TEST("FAIL-CLOSED: a lost count is blocked for as long as can be")
{
    struct fg_pin_count count;

    fg_pin_count_lost(&count, NOW_MS);
    CHECK_INT(fg_pin_block_left_ms(&count, NOW_MS), 900000);
    fg_pin_count_good(&count, "li", NOW_MS + 900000);
    wrong(&count, "li", 5, NOW_MS + 900000);
    CHECK_INT(fg_pin_block_left_ms(&count, NOW_MS + 900000), 900000);
}

TEST("a kept count survives; its block begins again, whole")
{
    struct fg_pin_store store = store_at(7);
    struct fg_pin_count count = {0};
    struct fg_pin_count back;
    struct stat status;

    wrong(&count, "li", 3, NOW_MS);
    CHECK_OK(fg_pin_store_save(&store, &count, &error), &error);
    store.boot = 8;
    CHECK_OK(fg_pin_store_load(&store, 50, &back, &error), &error);
    CHECK_INT(back.wrong, 3);
    CHECK_TEXT(back.tried_id, "li");
    CHECK_INT(back.since_mono_ms, 50);
    wrong(&count, "li", 2, NOW_MS);
    CHECK_OK(fg_pin_store_save(&store, &count, &error), &error);
    CHECK_OK(fg_pin_store_load(&store, 50, &back, &error), &error);
    CHECK_INT(fg_pin_block_left_ms(&back, 50), 60000);
    CHECK_INT(stat(store.path, &status), 0);
    CHECK_INT(status.st_mode & 0777, 0600);
    CHECK_INT(status.st_size, FG_PIN_STORE_BYTES);
}

TEST("TAMPER-SHOWS: a count of an earlier boot than the last was put back; the last and later ones are taken")
{
    struct fg_pin_store store = store_at(7);
    struct fg_pin_count count = {.wrong = 2};
    struct fg_pin_count back;

    CHECK_OK(fg_pin_store_save(&store, &count, &error), &error);
    store.boot = 8;
    CHECK_OK(fg_pin_store_load(&store, NOW_MS, &back, &error), &error);
    store.boot = 9;
    CHECK_INT(fg_pin_store_load(&store, NOW_MS, &back, &error), FG_E_OLD);
    CHECK_INT(fg_pin_block_left_ms(&back, NOW_MS), 900000);
    store.boot = 1; /* the journal is a new one */
    CHECK_OK(fg_pin_store_load(&store, NOW_MS, &back, &error), &error);
    CHECK_INT(back.wrong, 2);
}

TEST("FAIL-CLOSED: without a file the first boot of all begins at nothing, every later one blocked")
{
    struct fg_pin_store store = store_at(1);
    struct fg_pin_count back;

    (void)unlink(store.path);
    CHECK_OK(fg_pin_store_load(&store, NOW_MS, &back, &error), &error);
    CHECK_INT(back.wrong, 0);
    CHECK_INT(fg_pin_block_left_ms(&back, NOW_MS), 0);
    store.boot = 2;
    CHECK_INT(fg_pin_store_load(&store, NOW_MS, &back, &error), FG_E_NOT_FOUND);
    CHECK_INT(fg_pin_block_left_ms(&back, NOW_MS), 900000);
}

TEST("TAMPER-SHOWS, BAD-INPUT-IS-SAFE: every changed byte, every cut, another key and another controller are "
     "a lost count")
{
    struct fg_pin_store store = store_at(3);
    struct fg_pin_store other = store;
    struct fg_private_key stranger;
    struct fg_pin_count count = {.wrong = 4, .tried_id = "li"};
    struct fg_pin_count back;
    uint8_t bytes[FG_PIN_STORE_BYTES + 1] = {0};
    const size_t signature_at = FG_PIN_STORE_BYTES - FG_SIGNATURE_BYTES;
    struct fg_signature signature;
    uint32_t boot = 0;

    CHECK_OK(fg_pin_store_encode(&store, &count, bytes, &error), &error);
    CHECK_OK(fg_pin_store_decode(&store, bytes, FG_PIN_STORE_BYTES, &boot, &back, &error), &error);
    CHECK_INT(boot, 3);
    for (size_t i = 0; i < FG_PIN_STORE_BYTES; i++) {
        bytes[i] ^= 0x01;
        CHECK(fg_pin_store_decode(&store, bytes, FG_PIN_STORE_BYTES, &boot, &back, &error) != FG_OK);
        bytes[i] ^= 0x01;
        CHECK_INT(fg_pin_store_decode(&store, bytes, i, &boot, &back, &error), FG_E_FORMAT);
    }
    CHECK_INT(fg_pin_store_decode(&store, bytes, FG_PIN_STORE_BYTES + 1, &boot, &back, &error), FG_E_FORMAT);
    (void)snprintf(other.controller, sizeof(other.controller), "ctl-10");
    CHECK_INT(fg_pin_store_decode(&other, bytes, FG_PIN_STORE_BYTES, &boot, &back, &error), FG_E_AUTH);
    CHECK_OK(fg_private_key_new(&stranger, &error), &error);
    other = store;
    other.key = &stranger;
    CHECK_INT(fg_pin_store_decode(&other, bytes, FG_PIN_STORE_BYTES, &boot, &back, &error), FG_E_AUTH);
    count.wrong = FG_PIN_TRIES; /* signed, and impossible all the same */
    CHECK_OK(fg_pin_store_encode(&store, &count, bytes, &error), &error);
    CHECK_INT(fg_pin_store_decode(&store, bytes, FG_PIN_STORE_BYTES, &boot, &back, &error), FG_E_RANGE);
    count.wrong = 1;
    CHECK_OK(fg_pin_store_encode(&store, &count, bytes, &error), &error);
    memset(bytes + signature_at - (FG_NAME_MAX + 1), 'x', FG_NAME_MAX + 1); /* a name without an end */
    CHECK_OK(fg_sign(&key, FG_PURPOSE_PIN_COUNT, bytes, signature_at, &signature, &error), &error);
    memcpy(bytes + signature_at, signature.bytes, FG_SIGNATURE_BYTES);
    CHECK_INT(fg_pin_store_decode(&store, bytes, FG_PIN_STORE_BYTES, &boot, &back, &error), FG_E_RANGE);
}

TEST("FAIL-CLOSED: a try is in the file before the PIN is looked at, and a good PIN takes it out again")
{
    struct fg_pin_store store = store_at(1);
    struct fg_pin_gate gate = {0};
    struct fg_operator li = {.id = "li"};
    struct fg_pin_count back;
    bool blocked = true;

    (void)unlink(store.path);
    CHECK_OK(fg_pin_set(&li, "135790", &error), &error);
    CHECK_OK(fg_pin_gate_keep(&gate, &store, NOW_MS, &error), &error);
    CHECK_INT(fg_pin_gate_try(&gate, &li, "li", "135791", NOW_MS, &blocked, &error), FG_E_DENIED);
    CHECK(!blocked);
    CHECK_OK(fg_pin_store_load(&store, NOW_MS, &back, &error), &error);
    CHECK_INT(back.wrong, 1);
    CHECK_OK(fg_pin_gate_try(&gate, &li, "li", "135790", NOW_MS, &blocked, &error), &error);
    CHECK_OK(fg_pin_store_load(&store, NOW_MS, &back, &error), &error);
    CHECK_INT(back.wrong, 0);
    for (int i = 0; i < 5; i++) {
        CHECK_INT(fg_pin_gate_try(&gate, NULL, "nobody", "135790", NOW_MS, &blocked, &error), FG_E_DENIED);
        CHECK_INT(blocked, i == 4);
    }
    CHECK_INT(fg_pin_gate_try(&gate, &li, "li", "135790", NOW_MS, &blocked, &error), FG_E_BUSY);
    CHECK_HAS(error.text, "wait 60 s");
    CHECK_INT(fg_pin_gate_left_ms(&gate, NOW_MS), 60000);
    fg_pin_gate_clear(&gate);
    CHECK_OK(fg_pin_store_load(&store, NOW_MS, &back, &error), &error);
    CHECK_INT(back.blocks, 0);
}

TEST("time ends a block and forgets, each told once, and kept so that a restart does not begin it again")
{
    struct fg_pin_store store = store_at(1);
    struct fg_pin_gate gate = {0};
    struct fg_pin_count back;
    bool blocked = false;

    (void)unlink(store.path);
    CHECK_OK(fg_pin_gate_keep(&gate, &store, NOW_MS, &error), &error);
    CHECK(!fg_pin_count_watch(&gate.count, NOW_MS + 10 * FG_PIN_CALM_MS));
    for (int i = 0; i < 5; i++)
        CHECK_INT(fg_pin_gate_try(&gate, NULL, "li", "135790", NOW_MS, &blocked, &error), FG_E_DENIED);
    fg_pin_gate_watch(&gate, NOW_MS + 59999);
    CHECK_OK(fg_pin_store_load(&store, NOW_MS, &back, &error), &error);
    CHECK(back.is_blocked);
    fg_pin_gate_watch(&gate, NOW_MS + 60000);
    CHECK(!fg_pin_count_watch(&gate.count, NOW_MS + 60000));
    CHECK_OK(fg_pin_store_load(&store, NOW_MS, &back, &error), &error);
    CHECK(!back.is_blocked);
    CHECK_INT(back.blocks, 1);
    fg_pin_gate_watch(&gate, NOW_MS + 60000 + FG_PIN_CALM_MS - 1);
    CHECK_INT(gate.count.blocks, 1);
    fg_pin_gate_watch(&gate, NOW_MS + 60000 + FG_PIN_CALM_MS);
    CHECK_OK(fg_pin_store_load(&store, NOW_MS, &back, &error), &error);
    CHECK_INT(back.blocks, 0);
    CHECK_TEXT(back.tried_id, "");
}

TEST("names may be as long as names are, and the file may lie in the working directory")
{
    struct fg_pin_store store = store_at(UINT32_C(0x01020304));
    struct fg_pin_count count = {.wrong = 1};
    struct fg_pin_count back;
    char before[512];

    memset(store.controller, 'c', FG_NAME_MAX);
    memset(count.tried_id, 'i', FG_NAME_MAX);
    (void)snprintf(store.path, sizeof(store.path), "pins");
    CHECK(getcwd(before, sizeof(before)) != NULL);
    CHECK_INT(chdir(fg_test_directory()), 0);
    CHECK_OK(fg_pin_store_save(&store, &count, &error), &error);
    CHECK_OK(fg_pin_store_load(&store, NOW_MS, &back, &error), &error);
    CHECK_INT(chdir(before), 0);
    CHECK_INT(access(fg_test_path("pins"), R_OK), 0);
    CHECK_TEXT(back.tried_id, count.tried_id);
    store.controller[FG_NAME_MAX - 1] = 'd';
    (void)snprintf(store.path, sizeof(store.path), "%s", fg_test_path("pins"));
    CHECK_INT(fg_pin_store_load(&store, NOW_MS, &back, &error), FG_E_AUTH);
}

TEST("the file of the count is as it is described: name, boot, counts and the name that was tried")
{
    static const uint8_t boot[4] = {0x04, 0x03, 0x02, 0x01};
    struct fg_pin_store store = store_at(UINT32_C(0x01020304));
    struct fg_pin_count count = {.wrong = 3, .blocks = 9, .is_blocked = true, .tried_id = "li"};
    struct fg_pin_count back;
    uint8_t bytes[FG_PIN_STORE_BYTES];
    struct fg_signature signature;
    uint32_t number = 0;

    memset(bytes, 0xff, sizeof(bytes));
    CHECK_OK(fg_pin_store_encode(&store, &count, bytes, &error), &error);
    CHECK_BYTES(bytes, "FGPINS1\nctl-1\0", 14);
    CHECK_INT(bytes[39], 0);
    CHECK_BYTES(bytes + 40, boot, 4);
    CHECK_BYTES(bytes + 44, "\3\11\1li\0", 6);
    CHECK_INT(bytes[78], 0);
    CHECK_OK(fg_pin_store_decode(&store, bytes, sizeof(bytes), &number, &back, &error), &error);
    CHECK_INT(number, UINT32_C(0x01020304));
    CHECK_INT(back.wrong, 3);
    CHECK_INT(back.blocks, 9);
    CHECK(back.is_blocked);
    CHECK_TEXT(back.tried_id, "li");
    count = (struct fg_pin_count){.wrong = FG_PIN_TRIES - 1};
    CHECK_OK(fg_pin_store_encode(&store, &count, bytes, &error), &error);
    CHECK_OK(fg_pin_store_decode(&store, bytes, sizeof(bytes), &number, &back, &error), &error);
    CHECK(!back.is_blocked);
    CHECK_INT(back.wrong, FG_PIN_TRIES - 1);
    bytes[46] = 2; /* whatever is not 0 blocks */
    CHECK_OK(fg_sign(&key, FG_PURPOSE_PIN_COUNT, bytes, 79, &signature, &error), &error);
    memcpy(bytes + 79, signature.bytes, FG_SIGNATURE_BYTES);
    CHECK_OK(fg_pin_store_decode(&store, bytes, sizeof(bytes), &number, &back, &error), &error);
    CHECK(back.is_blocked);
    memset(bytes + 8, 'c', 32); /* a controller without an end */
    CHECK_OK(fg_sign(&key, FG_PURPOSE_PIN_COUNT, bytes, 79, &signature, &error), &error);
    memcpy(bytes + 79, signature.bytes, FG_SIGNATURE_BYTES);
    CHECK_INT(fg_pin_store_decode(&store, bytes, sizeof(bytes), &number, &back, &error), FG_E_AUTH);
}

TEST("TAMPER-SHOWS: a file that something was added to is a lost count")
{
    struct fg_pin_store store = store_at(7);
    struct fg_pin_count count = {.wrong = 2};
    struct fg_pin_count back;
    FILE *file;

    CHECK_OK(fg_pin_store_save(&store, &count, &error), &error);
    CHECK_OK(fg_pin_store_load(&store, NOW_MS, &back, &error), &error);
    file = fopen(store.path, "ab");
    CHECK(file != NULL && fputc(0, file) == 0 && fclose(file) == 0);
    CHECK_INT(fg_pin_store_load(&store, NOW_MS, &back, &error), FG_E_FORMAT);
    CHECK_INT(fg_pin_block_left_ms(&back, NOW_MS), 900000);
    CHECK(unlink(store.path) == 0);
}

TEST("FAIL-CLOSED: a PIN whose try cannot be kept is not looked at, and counts neither way")
{
    struct fg_pin_store store = store_at(1);
    struct fg_pin_gate gate = {0};
    struct fg_operator li = {.id = "li"};
    bool blocked = true;

    CHECK_OK(fg_pin_set(&li, "135790", &error), &error);
    (void)snprintf(store.path, sizeof(store.path), "%s", fg_test_path("missing/pins"));
    CHECK_OK(fg_pin_gate_keep(&gate, &store, NOW_MS, &error), &error); /* none there at the first boot */
    CHECK_INT(fg_pin_gate_try(&gate, &li, "li", "135790", NOW_MS, &blocked, &error), FG_E_IO);
    CHECK_HAS(error.text, "wrong PINs cannot be counted now (");
    CHECK_INT(gate.count.wrong, 0);
    CHECK(!blocked);
}

TEST("a gate that keeps nothing counts in memory, and tells the block once")
{
    struct fg_pin_gate gate = {0};
    struct fg_operator li = {.id = "li"};
    bool blocked = false;

    CHECK_OK(fg_pin_set(&li, "135790", &error), &error);
    for (int i = 0; i < 5; i++)
        CHECK_INT(fg_pin_gate_try(&gate, &li, "li", "135791", NOW_MS, &blocked, &error), FG_E_DENIED);
    CHECK(blocked);
    CHECK_INT(fg_pin_gate_try(&gate, &li, "li", "135790", NOW_MS, &blocked, &error), FG_E_BUSY);
    CHECK(!blocked);
    CHECK_INT(fg_pin_gate_try(&gate, &li, "li", "135790", NOW_MS + 59000, &blocked, &error), FG_E_BUSY);
    CHECK_HAS(error.text, "wait 1 s");
    CHECK_INT(fg_pin_gate_try(&gate, &li, "li", "135790", NOW_MS + 59001, &blocked, &error), FG_E_BUSY);
    CHECK_HAS(error.text, "wait 1 s");
    CHECK_INT(fg_pin_gate_try(&gate, &li, "li", "135790", NOW_MS + 58999, &blocked, &error), FG_E_BUSY);
    CHECK_HAS(error.text, "wait 2 s");
    CHECK_OK(fg_pin_gate_try(&gate, &li, "li", "135790", NOW_MS + 60000, &blocked, &error), &error);
    CHECK_INT(gate.count.wrong, 0);
}
