/* The reader and its watcher against a simulated PN532 on a pty: real fillgate-reader, real libnfc. What
 * libnfc does wrong (aborts, blocks, does not lock its port) must never be more than "no tag" here. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "firmware/reader/watch.h"
#include "lib/base/monotime.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/nfc_fixture.h"

#define PATIENCE_MS 30000 /* only a hang takes so long */

static struct fg_reader *reader;
static struct fg_reader_report last;
static unsigned seen[FG_READER_KIND_COUNT];
static struct fg_sim_tag tag_a;
static struct fg_sim_tag tag_b;

static const char *program_path(void)
{
    static char path[512];
    const char *build = getenv("BUILD");
    ssize_t count;

    if (build != NULL) {
        (void)snprintf(path, sizeof(path), "%s/fillgate-reader", build);
        return path;
    }
    /* .../build/asan/tests/unit/firmware/reader/test_watch */
    count = readlink("/proc/self/exe", path, sizeof(path) - 1);
    CHECK(count > 0);
    path[count] = '\0';
    for (int i = 0; i < 5; i++) {
        char *slash = strrchr(path, '/');

        CHECK(slash != NULL);
        *slash = '\0';
    }
    (void)strncat(path, "/fillgate-reader", sizeof(path) - strlen(path) - 1);
    return path;
}

/* Limits that a busy machine keeps, too; where a limit passes it is the test's subject. */
static void begin_program_within(const char *program, const char *connection, uint32_t step_max_ms,
                                 uint32_t silence_max_ms)
{
    struct fg_reader_settings settings = {.program = program,
                                          .connection = connection,
                                          .poll_ms = 20,
                                          .step_max_ms = step_max_ms,
                                          .silence_max_ms = silence_max_ms,
                                          .confine_must = true};
    struct fg_error error = {.text = ""};

    fg_reader_stop(reader); /* left by a failed test */
    reader = NULL;
    memset(seen, 0, sizeof(seen));
    CHECK_OK(fg_reader_start(&settings, &reader, &error), &error);
}

static void begin_program(const char *program, const char *connection)
{
    begin_program_within(program, connection, 10000, 25000);
}

static void fixture_begin(void)
{
    fg_nfc_fixture_start();
    fg_nfc_fixture_tag(&tag_a, "ntag213", 0x11);
    fg_nfc_fixture_tag(&tag_b, "ntag215", 0x51);
}

static void begin(void)
{
    fixture_begin();
    begin_program(program_path(), fg_nfc_fixture_connection());
}

/* For tests of what happens when a step, or the process, takes too long. */
static void begin_hasty(void)
{
    fixture_begin();
    begin_program_within(program_path(), fg_nfc_fixture_connection(), 1000, 2500);
}

static void end(void)
{
    fg_reader_stop(reader);
    reader = NULL;
    fg_nfc_fixture_stop();
}

/* One turn of a caller's loop: at most one report, counted. */
static void turn(void)
{
    fg_reader_tick(reader, fg_mono_ms());
    fg_reader_next(reader, fg_mono_ms(), &last);
    if (last.kind < FG_READER_KIND_COUNT)
        seen[last.kind]++;
    if (last.kind == FG_READER_NOTHING)
        fg_sleep_ms(2);
}

static void await(uint8_t kind)
{
    int64_t deadline = fg_mono_ms() + PATIENCE_MS;

    do {
        turn();
        if (fg_mono_ms() > deadline)
            fg_test_fail(__FILE__, __LINE__, "no report of kind %u (faults %u: %s)", kind,
                         seen[FG_READER_FAULT], last.text);
    } while (last.kind != kind);
}

static void await_poll(uint8_t tag_count)
{
    do
        await(FG_READER_POLL);
    while (last.tag_count != tag_count);
}

/* So many polls in a row see the one tag; seen[FG_READER_TAG] is how often it was read meanwhile. A busy
 * machine may not play the chip in time: after a miss the tag is rightly read again, and the polls are
 * counted anew. */
static void await_polls_in_a_row(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        await(FG_READER_POLL);
        if (last.tag_count == 1)
            continue;
        for (int settling = 0; settling < 4;
             settling++) /* a tag that comes back is read between the first of them */
            await_poll(1);
        seen[FG_READER_TAG] = 0;
        i = 0;
    }
}

static void await_tag(const struct fg_sim_tag *tag)
{
    do
        await(FG_READER_TAG);
    while (memcmp(last.uid.bytes, tag->uid.bytes, tag->uid.length) != 0);
}

/* A shell script that stands in for the reader. */
static const char *script(const char *body)
{
    const char *path = fg_test_path("reader.sh");
    FILE *file = fopen(path, "w");

    CHECK(file != NULL);
    fprintf(file, "#!/bin/bash\n%s\n", body);
    (void)fclose(file);
    CHECK_INT(chmod(path, 0700), 0);
    return path;
}

static unsigned descriptors_of(int pid)
{
    unsigned count = 0;

    for (int fd = 0; fd < 256; fd++) {
        char path[64];
        struct stat status;

        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
        if (lstat(path, &status) == 0)
            count++;
    }
    return count;
}

static bool lives(int pid)
{
    char path[64];
    char text[256] = "";
    FILE *file;
    const char *state;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    if (fgets(text, sizeof(text), file) == NULL)
        text[0] = '\0';
    (void)fclose(file);
    state = strrchr(text, ')');
    return state != NULL && strlen(state) > 2 && state[2] != 'Z' && state[2] != 'X';
}

static void await_death(int pid)
{
    int64_t deadline = fg_mono_ms() + PATIENCE_MS;

    while (lives(pid)) {
        CHECK(fg_mono_ms() < deadline);
        fg_sleep_ms(5);
    }
}

/* ---- reading --------------------------------------------------------------------------------------- */

TEST("an empty field is reported as polls without a tag, and no fault")
{
    begin();
    for (int i = 0; i < 5; i++)
        await_poll(0);
    CHECK_INT(seen[FG_READER_FAULT], 0);
    CHECK_INT(seen[FG_READER_BACK], 0);
    CHECK_INT(seen[FG_READER_TAG], 0);
    end();
}

/* Pages 0 to 2 are not read. */
static void memory_check(const struct fg_sim_tag *tag, size_t bytes)
{
    CHECK(last.memory_length >= bytes);
    CHECK(last.memory_length < bytes + 16); /* READ gives four pages at once */
    CHECK_BYTES(last.memory + 12, tag->memory + 12, bytes - 12);
}

TEST("every kind of type 2 tag is read as far as its message goes, be that the whole memory")
{
    static const struct {
        const char *type;
        size_t bytes;
    } kinds[] = {{"ultralight", 64}, {"ultralight_c", 160}, {"ultralight_ev1", 144},
                 {"ntag213", 160},   {"ntag215", 512},      {"ntag216", 888}};

    begin();
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct fg_sim_tag tag;

        fg_nfc_fixture_tag(&tag, kinds[i].type, (uint8_t)(0x20 + 16 * i));
        fg_nfc_fixture_place(&tag, NULL);
        await_tag(&tag);
        CHECK_INT(last.complete, true);
        CHECK_INT(last.uid.length, 7);
        memory_check(&tag, kinds[i].bytes);
        await_poll(1);
        CHECK_BYTES(last.uid.bytes, tag.uid.bytes, 7);
        fg_nfc_fixture_place(NULL, NULL);
        await_poll(0);
    }
    CHECK_INT(seen[FG_READER_FAULT], 0);
    end();
}

TEST("of a large tag with a short record the pages of the record are read, in few frames")
{
    static const char *const types[] = {"ntag216", "ultralight_c"};
    static const unsigned frames_max[] = {40, 60};

    begin();
    for (size_t i = 0; i < 2; i++) {
        struct fg_sim_tag tag;
        uint64_t before;

        fg_nfc_fixture_tag(&tag, types[i], (uint8_t)(0x20 + 16 * i));
        memcpy(tag.memory + 16, (uint8_t[]){0x01, 3, 0xA0, 0x0C, 0x34, 0x03, 100}, 7);
        await_poll(0);
        before = fg_nfc_fixture_replies();
        fg_nfc_fixture_place(&tag, NULL);
        await_tag(&tag);
        CHECK(fg_nfc_fixture_replies() - before < frames_max[i]);
        CHECK_INT(last.complete, true);
        CHECK(last.memory_length >= 16 + 7 + 100);
        CHECK(last.memory_length < 16 + 7 + 100 + 16);
        CHECK_BYTES(last.memory + 12, tag.memory + 12, 11 + 100);
        fg_nfc_fixture_place(NULL, NULL);
        await_poll(0);
    }
    end();
}

TEST("a tag that stays is read once, and again after it was away")
{
    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    seen[FG_READER_TAG] = 0;
    await_polls_in_a_row(40);
    CHECK_INT(seen[FG_READER_TAG], 0);
    fg_nfc_fixture_place(NULL, NULL);
    await_poll(0);
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    end();
}

TEST("a tag swapped between two polls is reported with its own UID and memory")
{
    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    fg_nfc_fixture_place(&tag_b, NULL);
    await_tag(&tag_b);
    CHECK_BYTES(last.memory + 12, tag_b.memory + 12, 500);
    await_poll(1);
    CHECK_BYTES(last.uid.bytes, tag_b.uid.bytes, 7);
    end();
}

TEST("two tags in the field are reported as two, and none of them is read")
{
    begin();
    fg_nfc_fixture_place(&tag_a, &tag_b);
    await_poll(2);
    await_poll(2);
    CHECK_INT(seen[FG_READER_TAG], 0);
    CHECK_INT(last.uid.length, 0);
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    end();
}

TEST("a reader whose driver speaks with another chip is refused by name")
{
    begin_program(program_path(), "pn71xx");
    await(FG_READER_FAULT);
    CHECK_HAS(last.text, "pn71xx: only readers with a PN531, PN532 or PN533");
    fg_reader_stop(reader);
    reader = NULL;
}

TEST("a second tag that joins the first one is noticed")
{
    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    fg_nfc_fixture_place(&tag_a, &tag_b);
    await_poll(2);
    end();
}

TEST("a tag that promises more memory than it has is read to its end, where it says NAK, or goes on from "
     "page 0")
{
    static const struct {
        const char *type;
        const char *made_as;
        size_t bytes;
    } liars[] = {
        {"ultralight", "ultralight", 64}, {"rollover", "ultralight", 64}, {"ntag213", "ntag213", 180}};

    begin();
    for (size_t i = 0; i < 3; i++) {
        struct fg_sim_tag liar;

        fg_nfc_fixture_tag(&liar, liars[i].made_as, (uint8_t)(0x31 + i));
        (void)snprintf(liar.type, sizeof(liar.type), "%s", liars[i].type);
        liar.memory[14] = 0x3E;
        liar.memory[18] = 1;
        fg_nfc_fixture_place(&liar, NULL);
        await_tag(&liar);
        CHECK_INT(last.complete, true); /* holding it still would show no more */
        memory_check(&liar, liars[i].bytes);
        fg_nfc_fixture_place(NULL, NULL);
        await_poll(0);
    }
    end();
}

TEST("a container that promises more than the chip has does no harm to a record that is whole")
{
    begin();
    tag_a.memory[14] = 0x3E;
    memcpy(tag_a.memory + 16, (uint8_t[]){0x03, 20}, 2);
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    CHECK_INT(last.complete, true);
    memory_check(&tag_a, 40);
    end();
}

TEST("a tag that promises more than any tag has is read to the bound")
{
    begin();
    tag_a.memory[14] = 0xFF;
    memcpy(tag_a.memory + 16, (uint8_t[]){0x03, 0xFF, 0xFF, 0x00}, 4);
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    CHECK(last.memory_length <= FG_TAG_MEMORY_MAX);
    end();
}

TEST("a tag without a capability container gives its first block")
{
    begin();
    tag_a.memory[12] = 0;
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    CHECK_INT(last.complete, true);
    memory_check(&tag_a, 28);
    end();
}

TEST("a blank tag of nothing but empty TLVs is read to its end in few frames")
{
    struct fg_sim_tag blank;
    uint64_t before;

    begin();
    fg_nfc_fixture_tag(&blank, "ntag216", 0x41);
    memset(blank.memory + 16, 0, 872);
    await_poll(0);
    before = fg_nfc_fixture_replies();
    fg_nfc_fixture_place(&blank, NULL);
    await_tag(&blank);
    CHECK_INT(last.complete, true);
    memory_check(&blank, 888);
    CHECK(fg_nfc_fixture_replies() - before < 50);
    end();
}

TEST("a phone with a random UID is reported with it, and cannot be read")
{
    struct fg_sim_tag phone = {.type = "phone", .uid = {4, {0x08, 1, 2, 3}}};

    begin();
    fg_nfc_fixture_place(&phone, NULL);
    await_tag(&phone);
    CHECK_INT(last.complete, false);
    await_poll(1);
    CHECK_INT(last.uid.length, 4);
    end();
}

TEST("a tag that could not be read is read again while it lies there, until it can be")
{
    struct fg_sim_tag deaf;

    begin();
    fg_nfc_fixture_tag(&deaf, "phone", 0x61);
    (void)snprintf(deaf.type, sizeof(deaf.type), "phone");
    deaf.length = 0;
    fg_nfc_fixture_place(&deaf, NULL);
    await_tag(&deaf);
    CHECK_INT(last.complete, false);
    fg_nfc_fixture_place(NULL, NULL);
    fg_nfc_fixture_tag(&deaf, "ntag213", 0x61);
    fg_nfc_fixture_place(&deaf, NULL);
    do
        await_tag(&deaf);
    while (!last.complete);
    end();
}

TEST("a tag is read again when that is asked for, and another one is not")
{
    struct fg_error error = {.text = ""};

    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    seen[FG_READER_TAG] = 0;
    CHECK_OK(fg_reader_read_again(reader, &tag_b.uid, &error), &error);
    await_polls_in_a_row(20);
    CHECK_INT(seen[FG_READER_TAG], 0);
    tag_a.memory[30] ^= 0xFF;
    CHECK_OK(fg_reader_read_again(reader, &tag_a.uid, &error), &error);
    await_tag(&tag_a);
    memory_check(&tag_a, 160);
    end();
}

/* ---- writing --------------------------------------------------------------------------------------- */

static void write_order(const struct fg_sim_tag *tag, const uint8_t *data, size_t length, bool lock)
{
    struct fg_error error = {.text = ""};

    CHECK_OK(fg_reader_write_tag(reader, &tag->uid, data, length, lock, &error), &error);
    await(FG_READER_WRITTEN);
}

TEST("a tag is written, read back and locked; a locked tag refuses the next write")
{
    uint8_t data[124];
    uint8_t memory[180];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(255 - i);
    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    write_order(&tag_a, data, sizeof(data), true);
    CHECK_TEXT(last.text, "written, read back, locked");
    CHECK_INT(last.ok, true);
    fg_nfc_fixture_memory(&tag_a, memory, sizeof(memory));
    CHECK_BYTES(memory + 16, data, sizeof(data));
    CHECK_INT(memory[10], 0xFF);
    CHECK_INT(memory[11], 0xFF);
    CHECK_INT(memory[15] & 0x0F, 0x0F);
    data[0] = 1;
    write_order(&tag_a, data, sizeof(data), false);
    CHECK_INT(last.ok, false);
    CHECK_HAS(last.text, "page 4 cannot be written");
    fg_nfc_fixture_memory(&tag_a, memory, sizeof(memory));
    CHECK_INT(memory[16], 255);
    end();
}

static void bytes_check_locked(const struct fg_sim_tag *tag, size_t lock_page, const uint8_t lock_bytes[3])
{
    uint8_t memory[924];

    fg_nfc_fixture_memory(tag, memory, sizeof(memory));
    CHECK_BYTES(memory + lock_page * 4, lock_bytes, 3);
    CHECK_INT(memory[10], 0xFF);
    CHECK_INT(memory[11], 0xFF);
}

TEST("lock bytes go where the chip has them, whatever its container says; each page is tried")
{
    uint8_t data[124] = {0x03, 0x7A};
    struct fg_sim_tag tag;

    begin();
    fg_nfc_fixture_tag(&tag, "ntag216", 0x31);
    tag.memory[14] = 0x12; /* as of an NTAG213 */
    fg_nfc_fixture_place(&tag, NULL);
    await_tag(&tag);
    write_order(&tag, data, sizeof(data), true);
    CHECK_TEXT(last.text, "written, read back, locked");
    bytes_check_locked(&tag, 0xE2, (uint8_t[]){0xFF, 0x3F, 0x7F});
    fg_nfc_fixture_place(NULL, NULL);
    fg_nfc_fixture_tag(&tag, "ultralight_ev1", 0x32);
    fg_nfc_fixture_place(&tag, NULL);
    await_tag(&tag);
    write_order(&tag, data, sizeof(data), true);
    CHECK_TEXT(last.text, "written, read back, locked");
    bytes_check_locked(&tag, 0x24, (uint8_t[]){0xFF, 0x03, 0x1F});
    end();
}

TEST("a tag whose pages stay writable is not called locked, and the page is named")
{
    uint8_t data[124] = {0x03, 0x7A};
    struct fg_sim_tag tag;

    begin();
    fg_nfc_fixture_tag(&tag, "ultralight_c", 0x33); /* its dynamic lock bytes are not known here */
    fg_nfc_fixture_place(&tag, NULL);
    await_tag(&tag);
    write_order(&tag, data, sizeof(data), true);
    CHECK_INT(last.ok, false);
    CHECK_HAS(last.text, "not locked: page 16 can still be written");
    end();
}

TEST("a write that is there already is taken up: nothing is written, the tag is locked, also twice")
{
    uint8_t data[124] = {0x03, 0x7A};

    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    write_order(&tag_a, data, sizeof(data), false);
    CHECK_INT(last.ok, true);
    write_order(&tag_a, data, sizeof(data), true);
    CHECK_INT(last.ok, true);
    write_order(&tag_a, data, sizeof(data), true);
    CHECK_TEXT(last.text, "written, read back, locked");
    end();
}

TEST("the largest tag can be filled, read back and locked")
{
    struct fg_sim_tag big;
    uint8_t data[872];
    uint8_t memory[924];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 3);
    begin();
    fg_nfc_fixture_tag(&big, "ntag216", 0x71);
    fg_nfc_fixture_place(&big, NULL);
    await_tag(&big);
    write_order(&big, data, sizeof(data), true);
    CHECK_TEXT(last.text, "written, read back, locked");
    fg_nfc_fixture_memory(&big, memory, sizeof(memory));
    CHECK_BYTES(memory + 16, data, sizeof(data));
    CHECK_BYTES(memory + 0xE2 * 4, ((uint8_t[]){0xFF, 0x3F, 0x7F}), 3);
    end();
}

TEST("a write survives single bad frames")
{
    uint8_t data[16] = {1, 2, 3};
    uint8_t memory[32];

    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    fg_nfc_fixture_arm(FG_PN532_FAULT_BAD_DCS, 1);
    write_order(&tag_a, data, sizeof(data), false);
    fg_nfc_fixture_memory(&tag_a, memory, sizeof(memory));
    if (last.ok)
        CHECK_BYTES(memory + 16, data, sizeof(data));
    write_order(&tag_a, data, sizeof(data), false);
    CHECK_INT(last.ok, true);
    end();
}

TEST("what does not fit, or is for another tag, or for none, is not written")
{
    uint8_t data[148] = {0};
    uint8_t before[180];
    struct fg_error error = {.text = ""};

    begin();
    await_poll(0);
    write_order(&tag_a, data, 16, false);
    CHECK_INT(last.ok, false);
    CHECK_HAS(last.text, "not in the field");
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    memcpy(before, tag_a.memory, sizeof(before));
    write_order(&tag_a, data, sizeof(data), false);
    CHECK_INT(last.ok, false);
    CHECK_HAS(last.text, "144 bytes, 148 are needed");
    write_order(&tag_b, data, 16, false);
    CHECK_INT(last.ok, false);
    CHECK_INT(fg_reader_write_tag(reader, &tag_a.uid, data, 15, false, &error), FG_E_ARG);
    CHECK_INT(fg_reader_write_tag(reader, &tag_a.uid, data, 0, false, &error), FG_E_ARG);
    CHECK_BYTES(tag_a.memory, before, sizeof(before));
    end();
}

TEST("one write at a time; one that dies with its process is answered as failed")
{
    uint8_t data[16] = {0};
    struct fg_error error = {.text = ""};

    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    CHECK_INT(kill(fg_reader_pid(reader), SIGSTOP), 0);
    CHECK_OK(fg_reader_write_tag(reader, &tag_a.uid, data, 16, false, &error), &error);
    CHECK_INT(fg_reader_write_tag(reader, &tag_a.uid, data, 16, false, &error), FG_E_BUSY);
    CHECK_INT(kill(fg_reader_pid(reader), SIGKILL), 0);
    await(FG_READER_WRITTEN);
    CHECK_INT(last.ok, false);
    CHECK_INT(seen[FG_READER_FAULT], 1);
    CHECK_INT(fg_reader_write_tag(reader, &tag_a.uid, data, 16, false, &error), FG_E_GONE);
    await_tag(&tag_a);
    end();
}

/* ---- faults of chip and wire ------------------------------------------------------------------------ */

TEST("FAIL-CLOSED: a frame with the NAD bit aborts the reader, which is restarted, with one FAULT and one "
     "BACK")
{
    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    fg_nfc_fixture_arm(FG_PN532_FAULT_NAD, 1);
    await(FG_READER_FAULT);
    CHECK_HAS(last.text, "aborted");
    await(FG_READER_BACK);
    await_tag(&tag_a);
    CHECK_INT(fg_reader_restarts(reader), 1);
    CHECK_INT(seen[FG_READER_FAULT], 1);
    CHECK_INT(seen[FG_READER_BACK], 1);
    end();
}

TEST("single bad frames are misses, not faults: checksums, lost answer, lost ACK, noise")
{
    static const enum fg_pn532_fault faults[] = {FG_PN532_FAULT_BAD_LCS, FG_PN532_FAULT_BAD_DCS,
                                                 FG_PN532_FAULT_NO_REPLY, FG_PN532_FAULT_NO_ACK,
                                                 FG_PN532_FAULT_GARBAGE};

    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        fg_nfc_fixture_arm(faults[i], 1);
        for (int good = 0; good < 5; good++)
            await_poll(1);
    }
    CHECK_INT(seen[FG_READER_FAULT], 0);
    CHECK_INT(fg_reader_restarts(reader), 0);
    end();
}

static void outlast(enum fg_pn532_fault fault)
{
    begin_hasty();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    fg_nfc_fixture_arm(fault, UINT32_MAX);
    await(FG_READER_FAULT);
    CHECK(last.text[0] != '\0');
    fg_nfc_fixture_arm(fault, 0);
    await(FG_READER_BACK);
    await_tag(&tag_a);
    CHECK_INT(seen[FG_READER_FAULT], 1);
    CHECK_INT(seen[FG_READER_BACK], 1);
    end();
}

TEST("FAIL-CLOSED: a chip that falls silent is a fault; the reader is back when it speaks again")
{
    outlast(FG_PN532_FAULT_SILENT);
}

TEST("FAIL-CLOSED: a chip that acknowledges but never answers is a fault, and comes back")
{
    outlast(FG_PN532_FAULT_NO_REPLY);
}

TEST("FAIL-CLOSED: lasting bad checksums are a fault, and the reader comes back")
{
    outlast(FG_PN532_FAULT_BAD_DCS);
    outlast(FG_PN532_FAULT_BAD_LCS);
}

TEST("FAIL-CLOSED: lasting noise is a fault, and the reader comes back")
{
    outlast(FG_PN532_FAULT_GARBAGE);
}

TEST("FAIL-CLOSED: bytes that trickle without end cannot hold the reader beyond its deadline")
{
    outlast(FG_PN532_FAULT_TRICKLE);
}

TEST("FAIL-CLOSED: a reader pulled from its port is one fault, and works again when plugged in")
{
    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    fg_nfc_fixture_unplug();
    await(FG_READER_FAULT);
    for (int i = 0; i < 100; i++)
        turn();
    fg_nfc_fixture_plug();
    await(FG_READER_BACK);
    await_tag(&tag_a);
    CHECK_INT(seen[FG_READER_FAULT], 1);
    CHECK_INT(seen[FG_READER_BACK], 1);
    end();
}

TEST("a port that another process holds is a named fault, and is taken when it becomes free")
{
    int holder;

    fg_nfc_fixture_start();
    fg_nfc_fixture_tag(&tag_a, "ntag213", 0x11);
    fg_nfc_fixture_place(&tag_a, NULL);
    holder = open(fg_nfc_fixture_port(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(holder >= 0);
    CHECK_INT(flock(holder, LOCK_EX), 0);
    begin_program(program_path(), fg_nfc_fixture_connection());
    await(FG_READER_FAULT);
    CHECK_HAS(last.text, "another process holds this port");
    CHECK_INT(close(holder), 0);
    await(FG_READER_BACK);
    await_tag(&tag_a);
    end();
}

TEST("a second reader on the same port is refused and does not disturb the first")
{
    struct fg_reader *first;

    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    first = reader;
    reader = NULL;
    begin_program(program_path(), fg_nfc_fixture_connection());
    await(FG_READER_FAULT);
    CHECK_HAS(last.text, "another process holds this port");
    fg_reader_stop(reader);
    reader = first;
    await_poll(1);
    CHECK_INT(fg_reader_restarts(reader), 0);
    end();
}

TEST("BAD-INPUT-IS-SAFE: proper frames of random content through the real libnfc give no false tag")
{
    static const uint8_t a_uid[7] = {0x04, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16};
    int64_t until;

    begin_hasty();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    fg_nfc_fixture_arm(FG_PN532_FAULT_SCRAMBLE, UINT32_MAX);
    until = fg_mono_ms() + 4000;
    while (fg_mono_ms() < until) {
        turn();
        CHECK(last.tag_count <= 2);
        if (last.kind == FG_READER_TAG && last.complete && memcmp(last.uid.bytes, a_uid, 7) == 0)
            CHECK_BYTES(last.memory + 16, tag_a.memory + 16, 144);
    }
    fg_nfc_fixture_arm(FG_PN532_FAULT_SCRAMBLE, 0);
    /* What was said before may still be on its way. */
    do
        await_poll(1);
    while (seen[FG_READER_FAULT] != seen[FG_READER_BACK]);
    do {
        (void)fg_reader_read_again(reader, &tag_a.uid,
                                   NULL); /* one that has just failed reads it by itself */
        await_tag(&tag_a);
    } while (!last.complete);
    CHECK_BYTES(last.memory + 16, tag_a.memory + 16, 144);
    end();
}

/* ---- the process ------------------------------------------------------------------------------------ */

TEST("the reader works with standard input closed")
{
    int saved = dup(STDIN_FILENO);

    (void)close(STDIN_FILENO);
    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    end();
    if (saved >= 0) {
        CHECK_INT(dup2(saved, STDIN_FILENO), STDIN_FILENO);
        (void)close(saved);
    }
}

TEST("the reader is lent no descriptor but its link, and 200 polls with errors leak none")
{
    unsigned before;

    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    before = descriptors_of(fg_reader_pid(reader));
    CHECK(before <= 8); /* standard three, link, lock, port, and a pipe of libnfc */
    for (int i = 0; i < 200; i++) {
        if (i % 20 == 0)
            fg_nfc_fixture_arm(i % 40 == 0 ? FG_PN532_FAULT_BAD_DCS : FG_PN532_FAULT_NO_ACK, 1);
        await_poll(1);
    }
    CHECK_INT(fg_reader_restarts(reader), 0);
    CHECK_INT(descriptors_of(fg_reader_pid(reader)), before);
    end();
}

/* The value of a line of /proc/PID/status, -1 when there is none. */
static long status_of(int pid, const char *name)
{
    char path[64];
    char line[256];
    long value = -1;
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
    file = fopen(path, "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            value = strtol(line + strlen(name) + 1, NULL, 10);
    }
    (void)fclose(file);
    return value;
}

TEST("the reader that works is confined: no new privileges, its list of system calls twice, one thread")
{
    int pid;

    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    pid = fg_reader_pid(reader);
    CHECK_INT(status_of(pid, "NoNewPrivs"), 1);
    CHECK_INT(status_of(pid, "Seccomp"), 2);
    CHECK_INT(status_of(pid, "Seccomp_filters"), 2);
    CHECK_INT(status_of(pid, "Threads"), 1);
    end();
}

TEST("the watcher leaks no descriptor over restarts")
{
    unsigned before = descriptors_of(getpid());

    begin();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(kill(fg_reader_pid(reader), SIGKILL), 0);
        await(FG_READER_BACK);
    }
    CHECK_INT(fg_reader_restarts(reader), 3);
    CHECK_INT(seen[FG_READER_FAULT], 3);
    end();
    CHECK_INT(descriptors_of(getpid()), before);
}

TEST("FAIL-CLOSED: a reader that hangs (SIGSTOP) is killed and started again")
{
    int pid;

    begin_hasty();
    fg_nfc_fixture_place(&tag_a, NULL);
    await_tag(&tag_a);
    pid = fg_reader_pid(reader);
    CHECK_INT(kill(pid, SIGSTOP), 0);
    await(FG_READER_FAULT);
    CHECK_HAS(last.text, "silent");
    await(FG_READER_BACK);
    await_tag(&tag_a);
    CHECK(fg_reader_pid(reader) != pid);
    await_death(pid);
    end();
}

TEST("a reader that has said something is not silent, however late its caller comes to listen")
{
    begin_hasty();
    await_poll(0);
    fg_sleep_ms(3000);
    for (int i = 0; i < 100; i++)
        turn();
    CHECK_INT(seen[FG_READER_FAULT], 0);
    CHECK_INT(fg_reader_restarts(reader), 0);
    end();
}

TEST("stopping ends the process at once, and within its time when it hangs")
{
    int pid;

    begin();
    await_poll(0);
    pid = fg_reader_pid(reader);
    CHECK(lives(pid));
    CHECK_INT(kill(pid, SIGSTOP), 0);
    end();
    CHECK(!lives(pid));
    fg_reader_stop(NULL);
}

TEST("the reader ends when its parent is killed")
{
    int ends[2];
    int pid = 0;
    pid_t parent;

    fg_nfc_fixture_start();
    CHECK_INT(pipe(ends), 0);
    parent = fork();
    if (parent == 0) {
        begin_program(program_path(), fg_nfc_fixture_connection());
        pid = fg_reader_pid(reader);
        (void)!write(ends[1], &pid, sizeof(pid));
        (void)pause();
        _exit(0);
    }
    CHECK_INT(read(ends[0], &pid, sizeof(pid)), sizeof(pid));
    CHECK(lives(pid));
    CHECK_INT(kill(parent, SIGKILL), 0);
    CHECK_INT(waitpid(parent, NULL, 0), parent);
    await_death(pid);
    (void)close(ends[0]);
    (void)close(ends[1]);
    fg_nfc_fixture_stop();
}

TEST("a program that says nothing sensible is killed, and there is no tag meanwhile")
{
    fg_nfc_fixture_stop();
    begin_program(script("for i in 1 2 3 4; do printf '\\xff\\x01garbage' >&3; done; exec sleep 100"), "x");
    await(FG_READER_FAULT);
    CHECK_HAS(last.text, "babbles");
    CHECK_INT(seen[FG_READER_TAG] + seen[FG_READER_POLL], 0);
    end();
}

TEST("BAD-INPUT-IS-SAFE: a program that says sensible things without end is killed, so that the controller "
     "can sleep")
{
    begin_program(script("while printf '\\x08\\x01' >&3; do :; done"), "x");
    await(FG_READER_FAULT);
    CHECK_HAS(last.text, "babbles");
    CHECK(seen[FG_READER_POLL] > 0);
    end();
}

TEST("a program that ends at once is one fault, however often it is tried")
{
    int64_t until;

    begin_program(script("exit 1"), "x");
    await(FG_READER_FAULT);
    until = fg_mono_ms() + 1500;
    while (fg_mono_ms() < until)
        turn();
    CHECK(fg_reader_restarts(reader) <= 4);
    while (fg_reader_restarts(reader) < 1) {
        CHECK(fg_mono_ms() < until + PATIENCE_MS);
        turn();
    }
    CHECK_INT(seen[FG_READER_FAULT], 1);
    end();
}

TEST("a program that never opens its device is killed for its silence")
{
    begin_program(script("exec sleep 100"), "x");
    await(FG_READER_FAULT);
    CHECK_HAS(last.text, "silent");
    end();
}

TEST("tags told of between FAULT and BACK, and answers that nobody asked for, are not believed")
{
    /* kind FAULT "x"; kind TAG; kind WRITTEN; kind POLL with one tag; kind BACK; kind POLL */
    begin_program(script("printf '\\x08\\x03\\x3a\\x01x' >&3; printf '\\x08\\x02\\x10\\x01\\x1a\\x01a' >&3\n"
                         "printf '\\x08\\x05\\x28\\x01' >&3; printf '\\x08\\x01\\x10\\x01\\x1a\\x01a' >&3\n"
                         "printf '\\x08\\x04' >&3; printf '\\x08\\x01' >&3; exec sleep 100"),
                  "x");
    await(FG_READER_FAULT);
    CHECK_TEXT(last.text, "x");
    await(FG_READER_POLL);
    CHECK_INT(last.tag_count, 0);
    CHECK_INT(seen[FG_READER_TAG], 0);
    CHECK_INT(seen[FG_READER_WRITTEN], 0);
    CHECK_INT(seen[FG_READER_BACK], 1);
    end();
}

TEST("a program that is not there or not executable is refused at the start; a broken one is a fault")
{
    struct fg_reader_settings settings = {
        .program = "/nonexistent/fillgate-reader", .connection = "x", .poll_ms = 20, .step_max_ms = 1000};
    struct fg_error error = {.text = ""};
    const char *path = fg_test_path("broken");
    FILE *file = fopen(path, "w");

    CHECK_INT(fg_reader_start(&settings, &reader, &error), FG_E_IO);
    CHECK_HAS(error.text, "/nonexistent/fillgate-reader");
    CHECK(file != NULL);
    fprintf(file, "no program");
    (void)fclose(file);
    settings.program = path;
    CHECK_INT(fg_reader_start(&settings, &reader, &error), FG_E_IO);
    CHECK_INT(chmod(path, 0700), 0);
    begin_program(path, "x");
    await(FG_READER_FAULT);
    CHECK_HAS(last.text, "cannot be executed");
    end();
}

/* ---- the program alone ------------------------------------------------------------------------------ */

static int program_run(const char *const *arguments)
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        (void)dup2(null, STDERR_FILENO);
        execv(program_path(), (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    CHECK_INT(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST("fillgate-reader started by hand, or with wrong options, says how it is used")
{
    const char *const none[] = {"fillgate-reader", NULL};
    const char *const bad_number[] = {
        "fillgate-reader", "--connection", "x",         "--fd", "3x", "--poll", "20",
        "--step",          "400",          "--confine", "can",  NULL};
    const char *const bad_fd[] = {"fillgate-reader", "--connection", "x",         "--fd", "0", "--poll", "20",
                                  "--step",          "400",          "--confine", "can",  NULL};
    const char *const maybe[] = {"fillgate-reader", "--connection", "x",         "--fd",  "3", "--poll", "20",
                                 "--step",          "400",          "--confine", "maybe", NULL};
    const char *const unknown[] = {
        "fillgate-reader", "--connection", "x",         "--fd", "3", "--pole", "20",
        "--step",          "400",          "--confine", "can",  NULL};

    CHECK_INT(program_run(none), 2);
    CHECK_INT(program_run(bad_number), 2);
    CHECK_INT(program_run(bad_fd), 2);
    CHECK_INT(program_run(maybe), 2);
    CHECK_INT(program_run(unknown), 2);
}

TEST("fillgate-reader ends by itself when the other end of its link is closed")
{
    int ends[2];
    int status = -1;
    pid_t pid;

    fg_nfc_fixture_start();
    CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    pid = fork();
    if (pid == 0) {
        if (dup2(ends[1], 9) < 0)
            _exit(127);
        execl(program_path(), "fillgate-reader", "--connection", fg_nfc_fixture_connection(), "--fd", "9",
              "--poll", "20", "--step", "1000", "--confine", "must", (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    (void)close(ends[0]);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 3);
    fg_nfc_fixture_stop();
}
