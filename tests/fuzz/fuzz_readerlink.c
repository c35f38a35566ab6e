/* Any bytes as a packet between reader and controller, in both directions: what is accepted keeps its bounds
 * and survives being said again. */
#include <stdlib.h>
#include <string.h>

#include "proto/point/readerlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_report(const uint8_t *data, size_t size)
{
    struct fg_reader_report report;
    struct fg_reader_report again;
    struct fg_error error;
    uint8_t packet[FG_READERLINK_PACKET_MAX];
    size_t length;

    if (fg_readerlink_decode_report(data, size, &report, &error) != FG_OK)
        return;
    if (report.kind == FG_READER_NOTHING || report.kind >= FG_READER_KIND_COUNT || report.tag_count > 2 ||
        report.uid.length > FG_UID_MAX || report.memory_length > FG_TAG_MEMORY_MAX ||
        memchr(report.text, '\0', sizeof(report.text)) == NULL)
        abort();
    if (fg_readerlink_encode_report(&report, packet, sizeof(packet), &length, &error) != FG_OK ||
        fg_readerlink_decode_report(packet, length, &again, &error) != FG_OK ||
        memcmp(&report, &again, sizeof(report)) != 0)
        abort();
}

static void try_write(const uint8_t *data, size_t size)
{
    struct fg_reader_write write;
    struct fg_reader_write again;
    struct fg_error error;
    uint8_t packet[FG_READERLINK_PACKET_MAX];
    size_t length;

    if (fg_readerlink_decode_write(data, size, &write, &error) != FG_OK)
        return;
    if (write.uid.length == 0 || write.uid.length > FG_UID_MAX || (write.length == 0) != write.read_again ||
        (write.read_again && write.lock) || write.length > FG_TAG_MEMORY_MAX || write.length % 4 != 0)
        abort();
    if (fg_readerlink_encode_write(&write, packet, sizeof(packet), &length, &error) != FG_OK ||
        fg_readerlink_decode_write(packet, length, &again, &error) != FG_OK ||
        memcmp(&write, &again, sizeof(write)) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_report(data, size);
    try_write(data, size);
    return 0;
}
