/* The messages between reader and controller: known bytes, bounds, and what is refused. */
#include <string.h>

#include "proto/point/readerlink.h"
#include "tests/lib/check.h"

static const struct fg_uid uid = {7, {0x04, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16}};

TEST("a poll, a fault and a write have the bytes that PROTOCOL.md gives")
{
    static const uint8_t poll_bytes[] = {0x08, 0x01, 0x10, 0x01, 0x1a, 0x07, 0x04,
                                         0x11, 0x12, 0x13, 0x14, 0x15, 0x16};
    static const uint8_t fault_bytes[] = {0x08, 0x03, 0x3a, 0x04, 'g', 'o', 'n', 'e'};
    static const uint8_t write_bytes[] = {0x0a, 0x07, 0x04, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16,
                                          0x12, 0x04, 0x01, 0x02, 0x03, 0x04, 0x18, 0x01};
    struct fg_reader_report poll = {.kind = FG_READER_POLL, .tag_count = 1, .uid = uid};
    struct fg_reader_report fault = {.kind = FG_READER_FAULT, .text = "gone"};
    struct fg_reader_write write = {.uid = uid, .length = 4, .data = {1, 2, 3, 4}, .lock = true};
    uint8_t packet[FG_READERLINK_PACKET_MAX];
    struct fg_error error = {.text = ""};
    size_t length = 0;

    CHECK_OK(fg_readerlink_encode_report(&poll, packet, sizeof(packet), &length, &error), &error);
    CHECK_INT(length, sizeof(poll_bytes));
    CHECK_BYTES(packet, poll_bytes, sizeof(poll_bytes));
    CHECK_OK(fg_readerlink_encode_report(&fault, packet, sizeof(packet), &length, &error), &error);
    CHECK_INT(length, sizeof(fault_bytes));
    CHECK_BYTES(packet, fault_bytes, sizeof(fault_bytes));
    CHECK_OK(fg_readerlink_encode_write(&write, packet, sizeof(packet), &length, &error), &error);
    CHECK_INT(length, sizeof(write_bytes));
    CHECK_BYTES(packet, write_bytes, sizeof(write_bytes));
}

TEST("the largest tag comes through whole, and fits one packet")
{
    static struct fg_reader_report report = {.kind = FG_READER_TAG, .tag_count = 1, .complete = true};
    static struct fg_reader_report again;
    static struct fg_reader_write write;
    static struct fg_reader_write write_again;
    uint8_t packet[FG_READERLINK_PACKET_MAX];
    struct fg_error error = {.text = ""};
    size_t length = 0;

    report.uid = uid;
    report.memory_length = FG_TAG_MEMORY_MAX;
    memset(report.memory, 0xA5, sizeof(report.memory));
    memset(report.text, 'x', sizeof(report.text) - 1);
    CHECK_OK(fg_readerlink_encode_report(&report, packet, sizeof(packet), &length, &error), &error);
    CHECK_OK(fg_readerlink_decode_report(packet, length, &again, &error), &error);
    CHECK_BYTES(&again, &report, sizeof(report));
    write.uid = uid;
    write.length = FG_TAG_MEMORY_MAX;
    CHECK_OK(fg_readerlink_encode_write(&write, packet, sizeof(packet), &length, &error), &error);
    CHECK_OK(fg_readerlink_decode_write(packet, length, &write_again, &error), &error);
    CHECK_BYTES(&write_again, &write, sizeof(write));
}

TEST("BAD-INPUT-IS-SAFE: reports that contradict themselves are refused by name, and change nothing")
{
    static const struct {
        const char *bytes;
        size_t length;
        int code;
        const char *says;
    } cases[] = {
        {"", 0, FG_E_RANGE, "unknown kind 0"},
        {"\x08\x07", 2, FG_E_RANGE, "unknown kind 7"},
        {"\x08\x81\x02", 3, FG_E_RANGE, "unknown kind 257"},
        {"\x08\x01\x10\x03", 4, FG_E_RANGE, "3 tags in one poll"},
        {"\x08\x01\x10\x01", 4, FG_E_RANGE, "a tag without UID"},
        {"\x08\x02", 2, FG_E_RANGE, "a tag without UID"},
        {"\x08\x02\x1a\x01u\x32\x03xyz", 10, FG_E_RANGE, "3 bytes, not whole pages"},
        {"\x08\x03\x3a\x02\x1b[", 6, FG_E_RANGE, "control characters"},
        {"\x08\x03\x3a\x02\xc3\xa4", 6, FG_E_RANGE, "control characters"},
        {"\x08\x01\x1a\x0b"
         "12345678901",
         15, FG_E_FORMAT, "reader link"},
        {"\x08\x01\x1a\x7f", 4, FG_E_FORMAT, "reader link"},
        {"\xff", 1, FG_E_FORMAT, "reader link"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fg_reader_report report = {.kind = 99};
        struct fg_error error = {.text = ""};

        CHECK_INT(
            fg_readerlink_decode_report((const uint8_t *)cases[i].bytes, cases[i].length, &report, &error),
            cases[i].code);
        CHECK_HAS(error.text, cases[i].says);
        CHECK_INT(report.kind, 99);
    }
}

TEST("BAD-INPUT-IS-SAFE: writes without UID, without data, of broken pages or beyond a packet are refused")
{
    static const uint8_t long_packet[FG_READERLINK_PACKET_MAX + 1] = {0};
    struct fg_reader_write write = {.length = 99};
    struct fg_error error = {.text = ""};

    CHECK_INT(fg_readerlink_decode_write((const uint8_t *)"\x12\x04\x01\x02\x03\x04", 6, &write, &error),
              FG_E_RANGE);
    CHECK_INT(fg_readerlink_decode_write((const uint8_t *)"\x0a\x01u", 3, &write, &error), FG_E_RANGE);
    CHECK_INT(fg_readerlink_decode_write((const uint8_t *)"\x0a\x01u\x12\x03\x01\x02\x03", 8, &write, &error),
              FG_E_RANGE);
    CHECK_INT(fg_readerlink_decode_write(long_packet, sizeof(long_packet), &write, &error), FG_E_SIZE);
    CHECK_INT(write.length, 99);
}

TEST("what does not fit is not sent")
{
    struct fg_reader_report report = {.kind = FG_READER_FAULT, .text = "a text of some length"};
    struct fg_reader_write write = {.uid = uid, .length = FG_TAG_MEMORY_MAX + 1};
    uint8_t packet[8];
    size_t length = 77;

    CHECK_INT(fg_readerlink_encode_report(&report, packet, sizeof(packet), &length, NULL), FG_E_SIZE);
    report.memory_length = FG_TAG_MEMORY_MAX + 1;
    CHECK_INT(fg_readerlink_encode_report(&report, packet, sizeof(packet), &length, NULL), FG_E_SIZE);
    CHECK_INT(fg_readerlink_encode_write(&write, packet, sizeof(packet), &length, NULL), FG_E_SIZE);
    CHECK_INT(length, 77);
}

TEST("an order to read again carries the UID alone")
{
    static const uint8_t bytes[] = {0x0a, 0x07, 0x04, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x20, 0x01};
    static const uint8_t with_lock[] = {0x0a, 0x01, 0x04, 0x18, 0x01, 0x20, 0x01};
    struct fg_reader_write order = {.uid = uid, .read_again = true};
    struct fg_reader_write again;
    uint8_t packet[FG_READERLINK_PACKET_MAX];
    struct fg_error error = {.text = ""};
    size_t length = 0;

    CHECK_OK(fg_readerlink_encode_write(&order, packet, sizeof(packet), &length, &error), &error);
    CHECK_INT(length, sizeof(bytes));
    CHECK_BYTES(packet, bytes, sizeof(bytes));
    CHECK_OK(fg_readerlink_decode_write(packet, length, &again, &error), &error);
    CHECK_INT(again.read_again, true);
    CHECK_INT(again.length, 0);
    CHECK_INT(fg_readerlink_decode_write(with_lock, sizeof(with_lock), &again, &error), FG_E_RANGE);
}
