/* Tag memories: known answers, every TLV and NDEF form that the specifications allow, and what they do not.
 */
#include <stdio.h>
#include <string.h>

#include "proto/code.h"
#include "proto/tag.h"
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
    size_t from;

    start(&memory);
    ADD(&memory, 0x00, 0x01, 3, 0xA0, 12, 0x34, 0xFD, 2, 1, 2, 0x00, 0x02, 3, 0xF0, 4, 0x04);
    from = open_message(&memory);
    add_record(&memory, 0xD4);
    close_message(&memory, from);
    CHECK_OK(parse(&memory, &error), &error);
}

TEST("areas that lock and memory control TLVs reserve inside the message hold no data")
{
    struct memory plain;
    struct memory memory;
    struct fg_error error;
    size_t from;

    /* Reserved: 2 lock bytes (12 bits) at 4*16+2 = 66, and 3 bytes at 5*16+0 = 80. */
    start(&plain);
    ADD(&plain, 0x01, 3, 0x42, 12, 0x34, 0x02, 3, 0x50, 3, 0x04);
    from = open_message(&plain);
    add_record(&plain, 0xD4);
    close_message(&plain, from);
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
    from = open_message(&memory);
    add_record(&memory, 0xD4);
    close_message(&memory, from);
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
    from = open_message(&memory);
    add_record(&memory, 0xD4);
    close_message(&memory, from);
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
