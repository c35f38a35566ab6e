/* Tag memories: known answers, every TLV and NDEF form that the specifications allow, and what they do not.
 */
#include <stdio.h>
#include <string.h>

#include "lib/domain/code.h"
#include "proto/point/tag.h"
#include "tests/lib/check.h"

struct memory {
    uint8_t bytes[FG_TAG_MEMORY_MAX];
    size_t length;
};

static void start(struct memory *memory)
{
    memset(memory, 0, sizeof(*memory));
    memory->bytes[12] = 0xE1;
    memory->bytes[13] = 0x10;
    memory->bytes[14] = 0x6D;
    memory->length = 16;
}

static void add(struct memory *memory, const void *bytes, size_t length)
{
    CHECK(memory->length + length <= sizeof(memory->bytes));
    memcpy(memory->bytes + memory->length, bytes, length);
    memory->length += length;
}
#define ADD(memory, ...) add(memory, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void sample(struct fg_private_key *ret_key, struct fg_uid *ret_uid, struct fg_tag_record *ret_record)
{
    uint8_t scalar[32] = {[31] = 7};
    struct fg_code code = {"CN-54-0001"};
    struct fg_error error;

    CHECK_OK(fg_private_key_from_scalar(scalar, ret_key, &error), &error);
    CHECK_OK(fg_uid_parse("04A1B2C3D4E5F6", ret_uid, &error), &error);
    CHECK_OK(fg_tag_sign(ret_key, ret_uid, &code, ret_record, &error), &error);
}

/* The record's payload, taken from a built tag: TLV 2 bytes, header 3, type 12. */
static size_t sample_payload(uint8_t ret_payload[128])
{
    struct fg_private_key key;
    struct fg_uid uid;
    struct fg_tag_record record;
    struct fg_error error;
    uint8_t bytes[FG_TAG_BUILD_MAX];
    size_t length;

    sample(&key, &uid, &record);
    CHECK_OK(fg_tag_build(&record, bytes, sizeof(bytes), &length, &error), &error);
    memcpy(ret_payload, bytes + 17, bytes[4]);
    return bytes[4];
}

static void add_record(struct memory *memory, uint8_t flags)
{
    uint8_t payload[128];
    size_t length = sample_payload(payload);

    ADD(memory, flags, 12);
    if ((flags & 0x10) == 0)
        ADD(memory, 0, 0, 0);
    ADD(memory, (uint8_t)length);
    if ((flags & 0x08) != 0)
        ADD(memory, 2);
    add(memory, "fillgate:cyl", 12);
    if ((flags & 0x08) != 0)
        ADD(memory, 'i', 'd');
    add(memory, payload, length);
}

static enum fg_err parse(const struct memory *memory, struct fg_error *error)
{
    struct fg_tag_record record;
    enum fg_err result = fg_tag_parse(memory->bytes, memory->length, &record, error);

    if (result == FG_OK)
        CHECK_TEXT(record.code.text, "CN-54-0001");
    return result;
}

/* The NDEF TLV of a message made by records(), with its length put in afterwards. */
static size_t open_message(struct memory *memory)
{
    ADD(memory, 0x03, 0xFF, 0, 0);
    return memory->length;
}

static void close_message(struct memory *memory, size_t from)
{
    memory->bytes[from - 2] = (uint8_t)((memory->length - from) >> 8);
    memory->bytes[from - 1] = (uint8_t)(memory->length - from);
    ADD(memory, 0xFE);
}

/* A message of one record; where it begins. */
static size_t add_message(struct memory *memory, uint8_t flags)
{
    size_t from = open_message(memory);

    add_record(memory, flags);
    close_message(memory, from);
    return from;
}

TEST("tags are the known answers of proto/vectors/tag.txt")
{
    FILE *file = fopen("proto/vectors/tag.txt", "r");
    FILE *pem_file = fopen("proto/vectors/key.pem", "r");
    char pem[2048];
    char line[1024];
    char uid_text[64];
    char code_text[64];
    char hex[512];
    struct fg_private_key key;
    struct fg_error error;
    int count = 0;

    CHECK(file != NULL && pem_file != NULL);
    CHECK_OK(fg_private_key_parse(pem, fread(pem, 1, sizeof(pem), pem_file), &key, &error), &error);
    (void)fclose(pem_file);
    while (fgets(line, sizeof(line), file) != NULL) {
        struct fg_uid uid;
        struct fg_code code;
        struct fg_tag_record record;
        struct memory memory;
        uint8_t built[FG_TAG_BUILD_MAX];
        size_t length;
        unsigned byte;

        if (line[0] == '#')
            continue;
        CHECK_INT(sscanf(line, "%63s %63s %511s", uid_text, code_text, hex), 3);
        CHECK_OK(fg_uid_parse(uid_text, &uid, &error), &error);
        CHECK_OK(fg_code_parse(code_text, &code, &error), &error);
        CHECK_OK(fg_tag_sign(&key, &uid, &code, &record, &error), &error);
        CHECK_OK(fg_tag_build(&record, built, sizeof(built), &length, &error), &error);
        start(&memory);
        for (const char *at = hex; sscanf(at, "%2x", &byte) == 1; at += 2)
            ADD(&memory, (uint8_t)byte);
        CHECK_INT(length, memory.length - 16);
        CHECK_BYTES(built, memory.bytes + 16, length);
        CHECK_OK(fg_tag_parse(memory.bytes, memory.length, &record, &error), &error);
        CHECK_TEXT(record.code.text, code_text);
        CHECK_OK(fg_tag_verify(&record, &uid, &key.public_key, 1, &error), &error);
        count++;
    }
    (void)fclose(file);
    CHECK_INT(count, 4);
}

TEST("CLONES-SHOW: a record copied to another UID, edited, or by an unknown key does not verify")
{
    struct fg_private_key key;
    struct fg_private_key other;
    struct fg_public_key keys[2];
    struct fg_uid uid;
    struct fg_tag_record record;
    struct fg_error error;

    sample(&key, &uid, &record);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    keys[0] = other.public_key;
    keys[1] = key.public_key;
    CHECK_OK(fg_tag_verify(&record, &uid, keys, 2, &error), &error);
    CHECK_INT(fg_tag_verify(&record, &uid, keys, 1, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "not trusted");
    uid.bytes[6] ^= 1;
    CHECK_INT(fg_tag_verify(&record, &uid, keys, 2, &error), FG_E_AUTH);
    uid.bytes[6] ^= 1;
    record.code.text[0] = 'D';
    CHECK_INT(fg_tag_verify(&record, &uid, keys, 2, &error), FG_E_AUTH);
}

TEST("NULL, lock control, memory control and proprietary TLVs before the message are stepped over")
{
    struct memory memory;
    struct fg_error error;

    start(&memory);
    ADD(&memory, 0x00, 0x01, 3, 0xA0, 12, 0x34, 0xFD, 2, 1, 2, 0x00, 0x02, 3, 0xF0, 4, 0x04);
    (void)add_message(&memory, 0xD4);
    CHECK_OK(parse(&memory, &error), &error);
}

TEST("areas that lock and memory control TLVs reserve inside the message hold no data")
{
    struct memory plain;
    struct memory memory;
    struct fg_error error;

    /* Reserved: 2 lock bytes (12 bits) at 4*16+2 = 66, and 3 bytes at 5*16+0 = 80. */
    start(&plain);
    ADD(&plain, 0x01, 3, 0x42, 12, 0x34, 0x02, 3, 0x50, 3, 0x04);
    (void)add_message(&plain, 0xD4);
    memory = plain;
    memory.length = 66;
    ADD(&memory, 0xAA, 0xBB);
    add(&memory, plain.bytes + 66, 12);
    ADD(&memory, 0xCC, 0xDD, 0xEE);
    add(&memory, plain.bytes + 78, plain.length - 78);
    CHECK_OK(parse(&memory, &error), &error);
    CHECK(parse(&plain, &error) != FG_OK);
}

TEST("short and long records, with and without ID, first, between or last, are found")
{
    static const uint8_t flags[] = {0x54, 0x44, 0x5C, 0x4C};
    struct memory memory;
    struct fg_error error;

    for (size_t i = 0; i < sizeof(flags); i++) {
        size_t from;

        start(&memory);
        from = open_message(&memory);
        ADD(&memory, 0x91, 1, 3, 'T', 2, 'e', 'n', 0x11, 1, 1, 'U', 4);
        add_record(&memory, flags[i]);
        close_message(&memory, from);
        CHECK_OK(parse(&memory, &error), &error);
    }
    start(&memory);
    {
        size_t from = open_message(&memory);

        add_record(&memory, 0x94);
        ADD(&memory, 0x50, 0, 0);
        close_message(&memory, from);
    }
    CHECK_OK(parse(&memory, &error), &error);
}

TEST("the type's name compares without regard to case; another type number is not ours")
{
    struct memory memory;
    struct fg_error error;
    size_t from;

    start(&memory);
    from = add_message(&memory, 0xD4);
    memory.bytes[from + 3] = 'F';
    CHECK_OK(parse(&memory, &error), &error);
    memory.bytes[from] = 0xD2;
    CHECK_INT(parse(&memory, &error), FG_E_NOT_FOUND);
}

TEST("blank and foreign tags are told apart from damaged ones")
{
    struct memory memory;
    struct fg_error error;
    size_t from;

    start(&memory);
    ADD(&memory, 0x03, 0, 0xFE);
    CHECK_INT(parse(&memory, &error), FG_E_NOT_FOUND);
    start(&memory);
    ADD(&memory, 0xFE);
    CHECK_INT(parse(&memory, &error), FG_E_NOT_FOUND);
    start(&memory);
    memory.bytes[14] = 1;
    ADD(&memory, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    CHECK_INT(parse(&memory, &error), FG_E_NOT_FOUND);
    start(&memory);
    memory.bytes[12] = 0;
    CHECK_INT(parse(&memory, &error), FG_E_NOT_FOUND);
    start(&memory);
    from = open_message(&memory);
    ADD(&memory, 0xD1, 1, 1, 'U', 4);
    close_message(&memory, from);
    CHECK_INT(parse(&memory, &error), FG_E_NOT_FOUND);
    start(&memory);
    memory.bytes[13] = 0x20;
    CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
}

TEST("chunked, overlapping, unbegun and unended messages are refused")
{
    static const struct {
        uint8_t bytes[8];
        size_t length;
    } cases[] = {
        {{0xB4, 1, 1, 'U', 4}, 5},        /* chunk */
        {{0xD6, 0, 1, 4}, 4},             /* type "unchanged" */
        {{0x51, 1, 1, 'U', 4}, 5},        /* no begin */
        {{0x91, 1, 1, 'U', 4}, 5},        /* no end */
        {{0xD1, 1, 1, 'U', 4, 0}, 6},     /* more after the end */
        {{0xD1, 1, 9, 'U', 4}, 5},        /* payload too long */
        {{0xD1, 9, 1, 'U', 4}, 5},        /* type too long */
        {{0xC1, 1, 0xFF, 0xFF, 0xFF}, 5}, /* length cut off */
        {{0xC1, 1, 0xFF, 0xFF, 0xFF, 0xFF}, 6},
        {{0xD9, 1, 1}, 3}, /* ID length cut off */
        {{0xD1}, 1},
    };
    struct memory memory;
    struct fg_error error;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t from;

        start(&memory);
        from = open_message(&memory);
        add(&memory, cases[i].bytes, cases[i].length);
        close_message(&memory, from);
        CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
    }
}

TEST("a record's header that is cut off is told as that, whichever part of it is missing")
{
    static const struct {
        uint8_t bytes[8];
        size_t length;
    } cases[] = {
        {{0xD1}, 1}, {{0xD1, 1}, 2}, {{0xD9, 1, 1}, 3}, {{0xC1, 1, 0, 0, 0}, 5}, {{0xC9, 1, 0, 0, 0, 1}, 6}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct memory memory;
        struct fg_error error;
        size_t from;

        start(&memory);
        from = open_message(&memory);
        add(&memory, cases[i].bytes, cases[i].length);
        close_message(&memory, from);
        CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
        CHECK_HAS(error.text, "header is cut off");
    }
}

TEST("two of our records in one message are refused")
{
    struct memory memory;
    struct fg_error error;
    size_t from;

    start(&memory);
    from = open_message(&memory);
    add_record(&memory, 0x94);
    add_record(&memory, 0x54);
    close_message(&memory, from);
    CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "two records");
}

TEST("BAD-INPUT-IS-SAFE: every cut of a good memory is refused, and so is every wrong payload")
{
    struct memory memory;
    struct memory cut;
    struct fg_error error;
    size_t from;

    start(&memory);
    from = add_message(&memory, 0xD4);
    for (size_t length = 0; length + 1 < memory.length; length++) {
        cut = memory;
        cut.length = length;
        CHECK_INT(parse(&cut, &error), FG_E_FORMAT);
    }
    cut = memory;
    cut.bytes[from + 15] = 2;
    CHECK_INT(parse(&cut, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "version 2");
    cut = memory;
    cut.bytes[from + 24]++;
    CHECK_INT(parse(&cut, &error), FG_E_FORMAT);
    cut = memory;
    cut.bytes[from + 25] = 'c';
    CHECK_INT(parse(&cut, &error), FG_E_FORMAT);
    cut = memory;
    cut.length = sizeof(cut.bytes) + 1;
    CHECK_INT(parse(&cut, &error), FG_E_SIZE);
    start(&memory);
    ADD(&memory, 0x01, 2, 0, 0);
    CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
    start(&memory);
    ADD(&memory, 0xFD, 0xFF, 0xFF, 0xFF);
    CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
}

TEST("a record is not built for a tag that is too small, nor signed for a wrong code or UID")
{
    struct fg_private_key key;
    struct fg_uid uid;
    struct fg_tag_record record;
    struct fg_code code = {"lower"};
    struct fg_error error;
    uint8_t bytes[FG_TAG_BUILD_MAX];
    size_t length;

    sample(&key, &uid, &record);
    CHECK_INT(fg_tag_build(&record, bytes, 48, &length, &error), FG_E_SIZE);
    CHECK_INT(fg_tag_sign(&key, &uid, &code, &record, &error), FG_E_FORMAT);
    record.code = code;
    CHECK_INT(fg_tag_build(&record, bytes, sizeof(bytes), &length, &error), FG_E_FORMAT);
    (void)fg_code_parse("A", &code, &error);
    uid.length = 5;
    CHECK_INT(fg_tag_sign(&key, &uid, &code, &record, &error), FG_E_ARG);
}

/* Reads a memory as the reader does, in steps, and returns how far. */
static size_t read_in_steps(const struct memory *memory)
{
    size_t known = 28;
    size_t wanted;

    while ((wanted = fg_tag_extent(memory->bytes, known)) > known)
        known = wanted;
    return known;
}

TEST("a memory asks for no more than its record, whatever comes before it and after it")
{
    struct memory memory;
    struct fg_error error;
    size_t from;

    for (unsigned before = 0; before < 40; before += 13) {
        size_t read;
        size_t end;

        start(&memory);
        ADD(&memory, 0xFD, 2, 0x03, 0x7F);
        for (unsigned i = 0; i < before; i++)
            ADD(&memory, 0);
        from = open_message(&memory);
        add_record(&memory, 0xD4);
        end = memory.length;
        close_message(&memory, from);
        memory.length = sizeof(memory.bytes);
        read = read_in_steps(&memory);
        CHECK_INT(read, end);
        memory.length = read;
        CHECK_INT(parse(&memory, &error), FG_OK);
    }
}

TEST("a memory without a container asks for nothing, one without a message for all that it promises")
{
    struct memory memory;

    start(&memory);
    CHECK_INT(fg_tag_extent(memory.bytes, 12), 16);
    CHECK_INT(read_in_steps(&memory), 16 + 0x6D * 8);
    memory.bytes[14] = 0xFF;
    CHECK_INT(read_in_steps(&memory), FG_TAG_MEMORY_MAX);
    memory.bytes[12] = 0;
    CHECK_INT(fg_tag_extent(memory.bytes, 28), 16);
}

TEST("an NDEF message of more than 255 bytes is found to its last byte")
{
    struct memory memory;
    struct fg_error error;
    size_t from;
    size_t end;

    start(&memory);
    from = open_message(&memory);
    ADD(&memory, 0xC2, 1, 0, 0, 1, 4, 'x'); /* a foreign record of 260 bytes before ours */
    for (int i = 0; i < 260; i++)
        ADD(&memory, (uint8_t)i);
    memory.bytes[from] = 0x82;
    add_record(&memory, 0x54);
    end = memory.length;
    close_message(&memory, from);
    CHECK_INT(parse(&memory, &error), FG_OK);
    memory.length = end;
    CHECK_INT(parse(&memory, &error), FG_OK);
    memory.length = end - 1;
    CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
}

TEST("BAD-INPUT-IS-SAFE: a record that is too short is refused, and changes nothing")
{
    struct memory memory;
    struct fg_tag_record record;
    struct fg_error error;

    start(&memory);
    ADD(&memory, 0x03, 16, 0xD4, 12, 1);
    add(&memory, "fillgate:cyl", 12);
    ADD(&memory, 1, 0xFE);
    memset(&record, 0x5A, sizeof(record));
    CHECK_INT(fg_tag_parse(memory.bytes, memory.length, &record, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "1 bytes, too short");
    CHECK_INT(record.code.text[0], 0x5A);
}

TEST("CLONES-SHOW: a UID that names no tag is neither signed nor verified: random, all 00, all FF")
{
    static const char *const texts[] = {"08A1B2C3", "00000000", "FFFFFFFF", "00000000000000", "88A1B2C3"};
    struct fg_private_key key;
    struct fg_uid uid;
    struct fg_tag_record record;
    struct fg_code code = {"CN-54-0001"};
    struct fg_error error;

    sample(&key, &uid, &record);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK_OK(fg_uid_parse(texts[i], &uid, &error), &error);
        CHECK(!fg_uid_is_lasting(&uid));
        CHECK_INT(fg_tag_sign(&key, &uid, &code, &record, &error), FG_E_ARG);
        CHECK_INT(fg_tag_verify(&record, &uid, &key.public_key, 1, &error), FG_E_AUTH);
        CHECK_INT(fg_uid_parse_lasting(texts[i], &uid, &error), FG_E_RANGE);
    }
    CHECK_OK(fg_uid_parse_lasting("04A1B2C3", &uid, &error), &error);
    CHECK_OK(fg_uid_parse_lasting("08A1B2C3D4E5F6", &uid, &error), &error);
}

TEST("a UID is taken as people write it, and as one thing")
{
    static const char *const same[] = {"04A1B2C3D4E5F6",       "04:a1:b2:c3:d4:e5:f6", "04 A1 B2 C3 D4 E5 F6",
                                       "04-A1-B2-C3-D4-E5-F6", "  04a1b2c3d4e5f6  ",   "04A1 B2C3 D4E5F6"};
    static const char *const wrong[] = {"",          " ",         "04A1B2C",    "04::A1:B2:C3",
                                        "04A1B2C3:", ":04A1B2C3", "04A1B2C3D4", "04A1B2C3 x"};
    struct fg_uid uid;
    struct fg_error error;
    char text[FG_UID_TEXT_MAX + 1];

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        CHECK_OK(fg_uid_parse(same[i], &uid, &error), &error);
        fg_uid_format(&uid, text);
        CHECK_TEXT(text, "04A1B2C3D4E5F6");
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK_INT(fg_uid_parse(wrong[i], &uid, &error), FG_E_FORMAT);
}

/* ---- the edges of a memory ---- */

TEST("a message is read to the very end of what the container promises, and not a byte further")
{
    struct memory memory;
    struct fg_error error;
    size_t from;
    size_t end;

    for (unsigned before = 0; before < 8; before++) {
        start(&memory);
        for (unsigned i = 0; i < before; i++)
            ADD(&memory, 0);
        from = open_message(&memory);
        add_record(&memory, 0xD4);
        end = memory.length;
        close_message(&memory, from);
        memory.bytes[14] = (uint8_t)((end - 16 + 7) / 8);
        CHECK_INT(parse(&memory, &error), FG_OK);
        memory.bytes[14]--;
        CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
        if ((end - 16) % 8 == 0) {
            CHECK_HAS(error.text, "reaches beyond the memory");
            return;
        }
    }
    fg_test_fail(__FILE__, __LINE__, "no message ended at a step of the container");
}

TEST("any minor version of the mapping is read, and the largest memory there is")
{
    static struct memory memory;
    struct fg_error error;

    start(&memory);
    (void)add_message(&memory, 0xD4);
    memory.bytes[13] = 0x1F;
    memory.bytes[14] = 0x7E;
    memory.length = FG_TAG_MEMORY_MAX;
    CHECK_INT(parse(&memory, &error), FG_OK);
    memory.bytes[13] = 0x0F;
    CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "mapping version 0.15");
    memory.bytes[13] = 0x21;
    CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "mapping version 2.1");
    memory.bytes[13] = 0x10;
    memory.length = 15;
    CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "only 15 bytes");
    memory.bytes[14] = 0;
    memory.length = 16;
    CHECK_INT(parse(&memory, &error), FG_E_NOT_FOUND);
}

/* A record whose bytes from `at` on lie `count` bytes further on, behind an area that a control TLV names. */
static void check_reserved(const uint8_t tlv[5], size_t at, size_t count)
{
    struct memory plain;
    struct memory memory;
    struct fg_error error;

    start(&plain);
    add(&plain, tlv, 5);
    (void)add_message(&plain, 0xD4);
    memory = plain;
    memory.length = at;
    for (size_t i = 0; i < count; i++)
        ADD(&memory, 0xA5);
    add(&memory, plain.bytes + at, plain.length - at);
    if (parse(&memory, &error) != FG_OK)
        fg_test_fail(__FILE__, __LINE__, "%zu bytes at %zu: %s", count, at, error.text);
}

TEST("lock areas are counted in bits, memory areas in bytes, and 0 stands for 256 of them")
{
    check_reserved((const uint8_t[]){0x01, 3, 0x40, 1, 0x04}, 64, 1);
    check_reserved((const uint8_t[]){0x01, 3, 0x40, 8, 0x04}, 64, 1);
    check_reserved((const uint8_t[]){0x01, 3, 0x40, 9, 0x04}, 64, 2);
    check_reserved((const uint8_t[]){0x01, 3, 0x40, 255, 0x04}, 64, 32);
    check_reserved((const uint8_t[]){0x01, 3, 0x40, 0, 0x04}, 64, 32);
    check_reserved((const uint8_t[]){0x02, 3, 0x4F, 1, 0x04}, 79, 1);
    check_reserved((const uint8_t[]){0x02, 3, 0x40, 255, 0x04}, 64, 255);
    check_reserved((const uint8_t[]){0x02, 3, 0x40, 0, 0x04}, 64, 256);
    check_reserved((const uint8_t[]){0x02, 3, 0xF5, 7, 0x02}, 65, 7);
    check_reserved((const uint8_t[]){0x02, 3, 0x10, 3, 0xF6}, 64, 3); /* the upper nibble is another matter */
}

TEST("BAD-INPUT-IS-SAFE: an area that begins beyond every memory reserves nothing")
{
    struct memory memory;
    struct fg_error error;

    start(&memory);
    ADD(&memory, 0x02, 3, 0xFF, 0, 0x0F, 0x02, 3, 0xFF, 0, 0x06);
    (void)add_message(&memory, 0xD4);
    CHECK_INT(parse(&memory, &error), FG_OK);
    start(&memory);
    ADD(&memory, 0x02, 4, 0, 0, 0, 0);
    CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "4 bytes, must be 3");
}

TEST("a TLV's length may take three bytes whatever it is, and a TLV as long as all memory is too long")
{
    static struct memory memory;
    struct fg_error error;

    start(&memory);
    ADD(&memory, 0xFD, 0xFF, 0, 2, 7, 7, 0xFD, 0xFE);
    for (int i = 0; i < 254; i++)
        ADD(&memory, 0x03);
    (void)add_message(&memory, 0xD4);
    CHECK_INT(parse(&memory, &error), FG_OK);
    start(&memory);
    memory.bytes[14] = 0xFF;
    memory.length = FG_TAG_MEMORY_MAX;
    memcpy(memory.bytes + 16, "\xFD\xFF\x04\x00", 4);
    CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "reaches beyond");
    memory.bytes[19] = 1;
    CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "1025 bytes is longer than any tag");
}

TEST("a record fills its message to the byte, with an ID and with a length of four bytes")
{
    static const uint8_t flags[] = {0xD4, 0xC4, 0xDC, 0xCC};

    for (size_t i = 0; i < sizeof(flags); i++) {
        struct memory memory;
        struct fg_error error;
        size_t from;

        start(&memory);
        from = add_message(&memory, flags[i]);
        CHECK_INT(parse(&memory, &error), FG_OK);
        memory.bytes[from - 1]--; /* the message is a byte shorter than its record */
        CHECK_INT(parse(&memory, &error), FG_E_FORMAT);
        CHECK_HAS(error.text, "longer than its message");
    }
}

TEST("a type of the right beginning, or of another length, is not ours")
{
    struct memory memory;
    struct fg_error error;
    size_t from;

    start(&memory);
    from = add_message(&memory, 0xD4);
    memory.bytes[from + 14] = 'x';
    CHECK_INT(parse(&memory, &error), FG_E_NOT_FOUND);
    memory.bytes[from + 14] = 'l';
    memory.bytes[from + 1] = 11;
    memory.bytes[from + 2]++;
    CHECK_INT(parse(&memory, &error), FG_E_NOT_FOUND);
    memory.bytes[from] = 0xD1;
    memory.bytes[from + 1] = 12;
    memory.bytes[from + 2]--;
    CHECK_INT(parse(&memory, &error), FG_E_NOT_FOUND);
}

TEST("codes from the shortest to the longest are built into whole pages, and into no less")
{
    struct fg_private_key key;
    struct fg_uid uid;
    struct fg_tag_record record;
    struct fg_error error;

    sample(&key, &uid, &record);
    for (size_t length = 1; length <= FG_CODE_MAX; length++) {
        size_t least = (2 + 3 + 12 + 1 + 8 + 1 + length + 64 + 1 + 3) / 4 * 4;
        uint8_t bytes[FG_TAG_BUILD_MAX];
        struct fg_code code = {{0}};
        struct fg_tag_record back;
        struct memory memory;
        size_t built = 0;

        memset(code.text, 'A' + (int)length % 26, length);
        CHECK_OK(fg_tag_sign(&key, &uid, &code, &record, &error), &error);
        CHECK_INT(fg_tag_build(&record, bytes, least - 1, &built, &error), FG_E_SIZE);
        CHECK_OK(fg_tag_build(&record, bytes, least, &built, &error), &error);
        CHECK_INT(built, least);
        start(&memory);
        add(&memory, bytes, built);
        CHECK_OK(fg_tag_parse(memory.bytes, memory.length, &back, &error), &error);
        CHECK_TEXT(back.code.text, code.text);
        CHECK_OK(fg_tag_verify(&back, &uid, &key.public_key, 1, &error), &error);
    }
}

TEST("CLONES-SHOW: every byte of a UID of 10 bytes is signed, and so is its length")
{
    struct fg_private_key key;
    struct fg_uid uid;
    struct fg_tag_record record;
    struct fg_code code = {"A"};
    struct fg_error error;

    sample(&key, &uid, &record);
    CHECK_OK(fg_uid_parse("04A1B2C3D4E5F6071829", &uid, &error), &error);
    CHECK_OK(fg_tag_sign(&key, &uid, &code, &record, &error), &error);
    CHECK_OK(fg_tag_verify(&record, &uid, &key.public_key, 1, &error), &error);
    for (size_t i = 0; i < FG_UID_MAX; i++) {
        uid.bytes[i] ^= 0x10;
        CHECK_INT(fg_tag_verify(&record, &uid, &key.public_key, 1, &error), FG_E_AUTH);
        uid.bytes[i] ^= 0x10;
    }
    uid.length = 7;
    CHECK_INT(fg_tag_verify(&record, &uid, &key.public_key, 1, &error), FG_E_AUTH);
}

/* ---- how much is read ---- */

static size_t extent_of(const uint8_t *data, size_t length, size_t known)
{
    struct memory memory;

    start(&memory);
    add(&memory, data, length);
    memory.length = sizeof(memory.bytes);
    return fg_tag_extent(memory.bytes, known);
}

TEST("what the first pages show decides how many bytes are read: to the end of the message, past what comes "
     "before it, and one more byte where the next one must tell")
{
    /* A message of 5 bytes behind a foreign TLV of 3. */
    static const uint8_t plain[] = {0xFD, 3, 1, 2, 3, 0x03, 5, 9, 9, 9, 9, 9, 0xFE};
    static const uint8_t ended[] = {0x00, 0xFE, 0x03, 5};
    static const uint8_t lock[] = {0x01, 3, 0x28, 8, 0x03, 0x03, 4, 9, 9, 9, 9, 9}; /* byte 5 * 8 / 2 + ... */
    static const uint8_t wrong[] = {0x01, 2, 0, 0, 0x03, 5};

    CHECK_INT(extent_of(plain, sizeof(plain), 15), 16);
    CHECK_INT(extent_of(plain, sizeof(plain), 16), 17);
    CHECK_INT(extent_of(plain, sizeof(plain), 17), 18);
    CHECK_INT(extent_of(plain, sizeof(plain), 18), 22);
    CHECK_INT(extent_of(plain, sizeof(plain), 21), 22);
    CHECK_INT(extent_of(plain, sizeof(plain), 22), 23);
    CHECK_INT(extent_of(plain, sizeof(plain), 23), 28);
    CHECK_INT(extent_of(plain, sizeof(plain), 40), 28);
    CHECK_INT(extent_of(ended, sizeof(ended), 17), 18);
    CHECK_INT(extent_of(ended, sizeof(ended), 18), 18);
    /* One reserved byte at 2 * 8 + 8 = 24 lies in the message, which then ends a byte further on. */
    CHECK_INT(extent_of(lock, sizeof(lock), 20), 22);
    CHECK_INT(extent_of(lock, sizeof(lock), 23), 28);
    CHECK_INT(extent_of(wrong, sizeof(wrong), 24), 18);
}
