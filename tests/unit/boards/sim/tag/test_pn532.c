/* The simulated PN532 and its tags, byte by byte: frames as in UM0701-02, memories as in NXP's data sheets.
 */
#include <stdio.h>
#include <string.h>

#include "boards/sim/tag/pn532.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/nfc_fixture.h"

static const uint8_t ack[] = {0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00};
static struct fg_pn532 chip;
static struct fg_sim_tag tag;
static struct fg_sim_tag other;

static void begin(const char *type)
{
    fg_pn532_init(&chip);
    fg_nfc_fixture_tag(&tag, type, 0x11);
    fg_nfc_fixture_tag(&other, "ntag215", 0x51);
}

static size_t frame_make(const uint8_t *command, size_t count, uint8_t *ret_frame)
{
    uint8_t sum = 0xD4;
    size_t used = 0;

    memcpy(ret_frame, (uint8_t[]){0x00, 0x00, 0xFF, (uint8_t)(count + 1), (uint8_t)(0U - (count + 1)), 0xD4},
           6);
    used = 6;
    for (size_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + command[i]);
    memcpy(ret_frame + used, command, count);
    used += count;
    ret_frame[used++] = (uint8_t)(0U - sum);
    ret_frame[used++] = 0x00;
    return used;
}

/* Sends one command, checks the ACK and the frame around the answer, and gives what stands behind D5 cmd+1.
 */
static size_t ask(const uint8_t *command, size_t count, uint8_t ret_data[300])
{
    uint8_t frame[300];
    const uint8_t *reply = chip.out + sizeof(ack);
    size_t length;
    size_t header = 5;
    uint8_t sum = 0;

    chip.out_count = 0;
    fg_pn532_feed(&chip, frame, frame_make(command, count, frame));
    CHECK(chip.out_count > sizeof(ack) + 8);
    CHECK_BYTES(chip.out, ack, sizeof(ack));
    CHECK_BYTES(reply, ((uint8_t[]){0x00, 0x00, 0xFF}), 3);
    length = reply[3];
    CHECK_INT((uint8_t)(reply[3] + reply[4]), 0);
    CHECK_INT(chip.out_count, sizeof(ack) + header + length + 2);
    for (size_t i = 0; i <= length; i++)
        sum = (uint8_t)(sum + reply[header + i]);
    CHECK_INT(sum, 0);
    CHECK_INT(reply[header], 0xD5);
    CHECK_INT(reply[header + 1], command[0] + 1);
    memcpy(ret_data, reply + header + 2, length - 2);
    return length - 2;
}

#define ASK(data, ...) ask((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), data)

static void select_tag(void)
{
    uint8_t data[300];

    fg_pn532_place(&chip, &tag, NULL);
    CHECK(ASK(data, 0x4A, 1, 0) > 0);
    CHECK_INT(data[0], 1);
}

/* ---- the chip --------------------------------------------------------------------------------------- */

TEST("the chip acknowledges and answers what libnfc asks while it opens it, after a wake-up")
{
    static const uint8_t wake_up[] = {0x55, 0x55, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    uint8_t data[300];

    begin("ntag213");
    fg_pn532_feed(&chip, wake_up, sizeof(wake_up));
    CHECK_INT(chip.out_count, 0);
    CHECK_INT(ASK(data, 0x14, 1), 0);
    CHECK_INT(ASK(data, 0x00, 0x00, 'l', 'i', 'b'), 4);
    CHECK_BYTES(data, "\0lib", 4);
    CHECK_INT(ASK(data, 0x02), 4);
    CHECK_BYTES(data, ((uint8_t[]){0x32, 0x01, 0x06, 0x07}), 4);
    CHECK_INT(ASK(data, 0x06, 0x63, 0x02, 0x63, 0x03), 2);
    CHECK_INT(ASK(data, 0x08, 0x63, 0x02, 0x80), 0);
    CHECK_INT(ASK(data, 0x12, 0x14), 0);
    CHECK_INT(ASK(data, 0x32, 0x05, 0, 1, 2), 0);
    CHECK_INT(ASK(data, 0x16, 0xF0), 1);
}

TEST("an unknown command is answered with the error frame")
{
    uint8_t frame[16];

    begin("ntag213");
    fg_pn532_feed(&chip, frame, frame_make((const uint8_t[]){0x99}, 1, frame));
    CHECK_INT(chip.out_count, sizeof(ack) + 8);
    CHECK_BYTES(chip.out + sizeof(ack), ((uint8_t[]){0, 0, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00}), 8);
}

TEST("an extended frame is taken as a normal one, and a long answer comes extended")
{
    uint8_t frame[280] = {0x00, 0x00, 0xFF, 0xFF, 0xFF, 0x01, 0x04, 0xFB, 0xD4, 0x00};
    uint8_t sum = 0xD4;

    begin("ntag213");
    for (size_t i = 10; i < 8 + 0x104; i++) {
        frame[i] = (uint8_t)i;
        sum = (uint8_t)(sum + frame[i]);
    }
    frame[8 + 0x104] = (uint8_t)(0U - sum);
    fg_pn532_feed(&chip, frame, 8 + 0x104 + 2);
    CHECK_BYTES(chip.out, ack, sizeof(ack));
    CHECK_BYTES(chip.out + 6, ((uint8_t[]){0x00, 0x00, 0xFF, 0xFF, 0xFF, 0x01, 0x04, 0xFB, 0xD5, 0x01}), 10);
    CHECK_BYTES(chip.out + 16, frame + 10, 0x102);
}

TEST("frames with false checksums, ACK, NACK and noise are not answered, and the next frame is")
{
    uint8_t frame[16];
    uint8_t data[300];
    size_t length = 0;

    begin("ntag213");
    length = frame_make((const uint8_t[]){0x02}, 1, frame);
    for (size_t i = 3; i < length - 1; i++) {
        frame[i] ^= 0x10;
        fg_pn532_feed(&chip, frame, length);
        frame[i] ^= 0x10;
        CHECK_INT(chip.out_count, 0);
        chip.in_count = 0;
    }
    fg_pn532_feed(&chip, ack, sizeof(ack));
    fg_pn532_feed(&chip, (uint8_t[]){0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00}, 6);
    fg_pn532_feed(&chip, (uint8_t[]){0x12, 0x00, 0x34, 0xFF}, 4);
    CHECK_INT(chip.out_count, 0);
    CHECK_INT(ASK(data, 0x02), 4);
}

static void field_reset(void)
{
    uint8_t data[300];

    CHECK_INT(ASK(data, 0x32, 0x01, 0x00), 0);
    CHECK_INT(ASK(data, 0x32, 0x01, 0x01), 0);
}

TEST("tags in the field are listed with ATQA, SAK and UID; at most as many as asked for")
{
    uint8_t data[300];

    begin("ntag213");
    CHECK_INT(ASK(data, 0x4A, 1, 0), 1);
    CHECK_INT(data[0], 0);
    fg_pn532_place(&chip, &tag, &other);
    CHECK_INT(ASK(data, 0x4A, 1, 0), 1 + 12);
    CHECK_INT(data[0], 1);
    CHECK_BYTES(data + 1, ((uint8_t[]){1, 0x00, 0x44, 0x00, 7}), 5);
    CHECK_BYTES(data + 6, tag.uid.bytes, 7);
    CHECK_INT(ASK(data, 0x4A, 2, 0), 1 + 24);
    CHECK_INT(data[0], 2);
    CHECK_BYTES(data + 18, other.uid.bytes, 7);
    field_reset();
    CHECK_INT(ASK(data, 0x4A, 2, 0, 0x88, 0x04, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56), 1 + 12);
    CHECK_BYTES(data + 6, other.uid.bytes, 7);
    CHECK_INT(ASK(data, 0x4A, 2, 1, 0, 0xFF, 0xFF, 0, 0), 1);
    CHECK_INT(data[0], 0);
}

TEST("each target is spoken to by its number; an unlisted number is refused, a tag that left times out")
{
    uint8_t data[300];

    begin("ntag213");
    fg_pn532_place(&chip, &tag, &other);
    CHECK_INT(ASK(data, 0x40, 1, 0x30, 0), 1);
    CHECK_INT(data[0], 0x27);
    CHECK_INT(ASK(data, 0x4A, 2, 0), 25);
    CHECK_INT(ASK(data, 0x40, 2, 0x30, 0), 17);
    CHECK_BYTES(data + 1, other.memory, 16);
    CHECK_INT(ASK(data, 0x40, 1, 0x30, 0), 17);
    CHECK_BYTES(data + 1, tag.memory, 16);
    fg_pn532_place(&chip, NULL, &other);
    CHECK_INT(ASK(data, 0x40, 1, 0x30, 0), 1);
    CHECK_INT(data[0], 0x01);
    CHECK_INT(ASK(data, 0x40, 2, 0x30, 0), 17);
}

TEST("who looks for two tags leaves them asleep: they wake when spoken to by number, and answer no search")
{
    uint8_t data[300];

    begin("ntag213");
    fg_pn532_place(&chip, &tag, NULL);
    CHECK_INT(ASK(data, 0x4A, 2, 0), 13);
    CHECK_INT(ASK(data, 0x42, 0x30, 0), 1);
    CHECK_INT(data[0], 0x01);
    CHECK_INT(ASK(data, 0x40, 1, 0x30, 0), 17);
    CHECK_INT(ASK(data, 0x42, 0x30, 0), 17);
    CHECK_INT(ASK(data, 0x4A, 2, 0), 1);
    field_reset();
    CHECK_INT(ASK(data, 0x4A, 2, 0), 13);
}

TEST("a deselected tag is deaf until the field was off")
{
    uint8_t data[300];

    begin("ntag213");
    select_tag();
    CHECK_INT(ASK(data, 0x44, 1), 1);
    CHECK_INT(ASK(data, 0x40, 1, 0x30, 0), 1);
    CHECK_INT(data[0], 0x27);
    CHECK_INT(ASK(data, 0x4A, 1, 0), 1);
    field_reset();
    CHECK_INT(ASK(data, 0x4A, 1, 0), 13);
}

TEST("each fault spoils as many answers as were armed, then the chip is well")
{
    for (int fault = 0; fault < FG_PN532_FAULT_COUNT; fault++) {
        uint8_t frame[16];
        uint8_t good[64];
        uint8_t data[300];
        size_t good_count;
        size_t length;

        if (fault == FG_PN532_FAULT_TRICKLE)
            continue;
        begin("ntag213");
        select_tag();
        length = frame_make((const uint8_t[]){0x40, 1, 0x30, 0}, 4, frame);
        chip.out_count = 0;
        fg_pn532_feed(&chip, frame, length);
        good_count = chip.out_count;
        memcpy(good, chip.out, good_count);
        fg_pn532_arm(&chip, (enum fg_pn532_fault)fault, 1);
        chip.out_count = 0;
        fg_pn532_feed(&chip, frame, length);
        CHECK(chip.out_count != good_count || memcmp(chip.out, good, good_count) != 0);
        CHECK_INT(ASK(data, 0x40, 1, 0x30, 0), 17);
        CHECK_TEXT(
            fg_pn532_fault_name((enum fg_pn532_fault)fault),
            fg_pn532_fault_name(fg_pn532_fault_by_name(fg_pn532_fault_name((enum fg_pn532_fault)fault))));
    }
    CHECK_INT(fg_pn532_fault_by_name("no such"), FG_PN532_FAULT_COUNT);
    CHECK_TEXT(fg_pn532_fault_name(FG_PN532_FAULT_COUNT), "?");
    fg_pn532_arm(&chip, FG_PN532_FAULT_COUNT, 1);
}

TEST("a trickle sends a byte now and then instead of answers, until it is switched off")
{
    uint8_t frame[16];
    uint8_t data[300];

    begin("ntag213");
    fg_pn532_arm(&chip, FG_PN532_FAULT_TRICKLE, 1);
    fg_pn532_feed(&chip, frame, frame_make((const uint8_t[]){0x02}, 1, frame));
    CHECK_INT(chip.out_count, sizeof(ack));
    fg_pn532_tick(&chip, 1000);
    fg_pn532_tick(&chip, 1010);
    CHECK_INT(chip.out_count, sizeof(ack) + 1);
    fg_pn532_tick(&chip, 1060);
    CHECK_INT(chip.out_count, sizeof(ack) + 2);
    fg_pn532_arm(&chip, FG_PN532_FAULT_TRICKLE, 0);
    fg_pn532_tick(&chip, 2000);
    CHECK_INT(chip.out_count, sizeof(ack) + 2);
    CHECK_INT(ASK(data, 0x02), 4);
}

TEST("a host that sends without reading does not overrun the chip")
{
    uint8_t frame[16];
    size_t length = frame_make((const uint8_t[]){0x02}, 1, frame);

    begin("ntag213");
    for (int i = 0; i < 1000; i++)
        fg_pn532_feed(&chip, frame, length);
    CHECK(chip.out_count <= FG_PN532_OUT_MAX);
    CHECK_INT(chip.replies, 1000);
}

/* ---- the tags ---------------------------------------------------------------------------------------- */

static enum fg_sim_tag_reply tell(const uint8_t *command, size_t count, uint8_t *ret_answer,
                                  size_t *ret_count)
{
    return fg_sim_tag_exchange(&tag, command, count, ret_answer, ret_count);
}

#define TELL(...) tell((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), answer, &count)

TEST("READ gives 16 bytes, wraps to page 0 at the end, and says NAK behind it")
{
    uint8_t answer[FG_SIM_TAG_ANSWER_MAX];
    size_t count = 0;

    begin("ntag213");
    CHECK_INT(TELL(0x30, 4), FG_SIM_TAG_DATA);
    CHECK_INT(count, 16);
    CHECK_BYTES(answer, tag.memory + 16, 16);
    CHECK_INT(TELL(0x30, 44), FG_SIM_TAG_DATA);
    CHECK_BYTES(answer, tag.memory + 176, 4);
    CHECK_BYTES(answer + 4, tag.memory, 12);
    CHECK_INT(TELL(0x30, 45), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0x30), FG_SIM_TAG_NAK);
    begin("rollover");
    (void)snprintf(tag.type, sizeof(tag.type), "rollover");
    tag.length = 64;
    CHECK_INT(TELL(0x30, 16), FG_SIM_TAG_DATA);
    CHECK_BYTES(answer, tag.memory, 16);
}

TEST("GET_VERSION, FAST_READ and READ_SIG are answered by NTAGs only")
{
    uint8_t answer[FG_SIM_TAG_ANSWER_MAX];
    size_t count = 0;

    begin("ntag216");
    CHECK_INT(TELL(0x60), FG_SIM_TAG_DATA);
    CHECK_BYTES(answer, ((uint8_t[]){0x00, 0x04, 0x04, 0x02, 0x01, 0x00, 0x13, 0x03}), 8);
    CHECK_INT(TELL(0x3A, 4, 39), FG_SIM_TAG_DATA);
    CHECK_INT(count, 144);
    CHECK_BYTES(answer, tag.memory + 16, 144);
    CHECK_INT(TELL(0x3A, 4, 3), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0x3A, 0, 231), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0x3A, 0, 230), FG_SIM_TAG_NAK); /* longer than the chip can carry */
    CHECK_INT(TELL(0x3C, 0), FG_SIM_TAG_DATA);
    CHECK_INT(count, 32);
    begin("ultralight");
    CHECK_INT(TELL(0x60), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0x3A, 4, 5), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0x3C, 0), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0x99), FG_SIM_TAG_NAK);
    CHECK_INT(tell(NULL, 0, answer, &count), FG_SIM_TAG_NAK);
}

TEST("WRITE changes a page; UID pages never, the container's bits only upwards, locked pages not at all")
{
    uint8_t answer[FG_SIM_TAG_ANSWER_MAX];
    size_t count = 0;

    begin("ntag213");
    CHECK_INT(TELL(0xA2, 4, 1, 2, 3, 4), FG_SIM_TAG_ACK);
    CHECK_BYTES(tag.memory + 16, ((uint8_t[]){1, 2, 3, 4}), 4);
    CHECK_INT(TELL(0xA0, 5, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), FG_SIM_TAG_ACK);
    CHECK_BYTES(tag.memory + 20, ((uint8_t[]){5, 6, 7, 8, tag.memory[24]}), 5);
    CHECK_INT(TELL(0xA0, 5, 5, 6, 7, 8), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0xA2, 0, 1, 2, 3, 4), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0xA2, 1, 1, 2, 3, 4), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0xA2, 45, 1, 2, 3, 4), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0xA2, 5, 1, 2, 3), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0xA2, 3, 0, 0, 0, 0x0F), FG_SIM_TAG_ACK);
    CHECK_BYTES(tag.memory + 12, ((uint8_t[]){0xE1, 0x10, 0x12, 0x0F}), 4);
    CHECK_INT(TELL(0xA2, 2, 0xFF, 0xFF, 0x20, 0x80), FG_SIM_TAG_ACK);
    CHECK(tag.memory[8] != 0xFF);
    CHECK_INT(TELL(0xA2, 5, 1, 2, 3, 4), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0xA2, 15, 1, 2, 3, 4), FG_SIM_TAG_NAK);
    CHECK_INT(TELL(0xA2, 6, 1, 2, 3, 4), FG_SIM_TAG_ACK);
    CHECK_INT(TELL(0xA2, 2, 0, 0, 0, 0), FG_SIM_TAG_ACK);
    CHECK_INT(TELL(0xA2, 5, 1, 2, 3, 4), FG_SIM_TAG_NAK);
}

TEST("dynamic lock bits guard the pages from 16 on in the groups of each NTAG")
{
    static const struct {
        const char *type;
        uint8_t lock_page;
        uint8_t group;
    } kinds[] = {{"ntag213", 0x28, 2}, {"ntag215", 0x82, 16}, {"ntag216", 0xE2, 16}};

    for (size_t i = 0; i < 3; i++) {
        uint8_t answer[FG_SIM_TAG_ANSWER_MAX];
        size_t count = 0;
        uint8_t second = (uint8_t)(16 + kinds[i].group);

        begin(kinds[i].type);
        CHECK_INT(TELL(0xA2, kinds[i].lock_page, 0x02, 0, 0, 0), FG_SIM_TAG_ACK);
        CHECK_INT(TELL(0xA2, (uint8_t)(second - 1), 1, 2, 3, 4), FG_SIM_TAG_ACK);
        CHECK_INT(TELL(0xA2, second, 1, 2, 3, 4), FG_SIM_TAG_NAK);
        CHECK_INT(TELL(0xA2, (uint8_t)(second + kinds[i].group - 1), 1, 2, 3, 4), FG_SIM_TAG_NAK);
        CHECK_INT(TELL(0xA2, (uint8_t)(second + kinds[i].group), 1, 2, 3, 4), FG_SIM_TAG_ACK);
    }
}
