/* Codec of the reader link (readerlink.h). */
#include "proto/point/readerlink.h"

#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "proto/point/readerlink.pb.h"

static void uid_to_wire(const struct fg_uid *uid, pb_size_t *ret_size, uint8_t *ret_bytes)
{
    *ret_size = uid->length;
    memcpy(ret_bytes, uid->bytes, uid->length);
}

static void uid_from_wire(pb_size_t size, const uint8_t *bytes, struct fg_uid *ret_uid)
{
    ret_uid->length = (uint8_t)size;
    memcpy(ret_uid->bytes, bytes, size);
}

static enum fg_err encode(const pb_msgdesc_t *fields, const void *message, uint8_t *buffer, size_t capacity,
                          size_t *ret_length, struct fg_error *error)
{
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);

    if (!pb_encode(&stream, fields, message))
        return fg_fail(error, FG_E_SIZE, "reader link: message does not fit %zu bytes", capacity);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

static enum fg_err decode(const pb_msgdesc_t *fields, const uint8_t *bytes, size_t length, void *ret_message,
                          struct fg_error *error)
{
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);

    if (length > FG_READERLINK_PACKET_MAX)
        return fg_fail(error, FG_E_SIZE, "reader link: packet of %zu bytes", length);
    if (!pb_decode(&stream, fields, ret_message))
        return fg_fail(error, FG_E_FORMAT, "reader link: %s", PB_GET_ERROR(&stream));
    return FG_OK;
}

static bool text_is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7F)
            return false;
    }
    return true;
}

enum fg_err fg_readerlink_encode_report(const struct fg_reader_report *report, uint8_t *buffer,
                                        size_t capacity, size_t *ret_length, struct fg_error *error)
{
    FgReaderMessage message = FgReaderMessage_init_zero;

    if (report->uid.length > FG_UID_MAX || report->memory_length > FG_TAG_MEMORY_MAX)
        return fg_fail(error, FG_E_SIZE, "reader link: uid or memory out of bounds");
    message.kind = report->kind;
    message.tag_count = report->tag_count;
    uid_to_wire(&report->uid, &message.uid.size, message.uid.bytes);
    message.complete = report->complete;
    message.ok = report->ok;
    message.memory.size = report->memory_length;
    memcpy(message.memory.bytes, report->memory, report->memory_length);
    memcpy(message.text, report->text, sizeof(message.text));
    message.text[sizeof(message.text) - 1] = '\0';
    return encode(FgReaderMessage_fields, &message, buffer, capacity, ret_length, error);
}

enum fg_err fg_readerlink_decode_report(const uint8_t *bytes, size_t length,
                                        struct fg_reader_report *ret_report, struct fg_error *error)
{
    FgReaderMessage message = FgReaderMessage_init_zero;
    enum fg_err code = decode(FgReaderMessage_fields, bytes, length, &message, error);

    if (code != FG_OK)
        return code;
    if (message.kind == FG_READER_NOTHING || message.kind >= FG_READER_KIND_COUNT)
        return fg_fail(error, FG_E_RANGE, "reader link: unknown kind %u", (unsigned)message.kind);
    if (message.tag_count > 2)
        return fg_fail(error, FG_E_RANGE, "reader link: %u tags in one poll", (unsigned)message.tag_count);
    if (message.memory.size % 4 != 0)
        return fg_fail(error, FG_E_RANGE, "reader link: memory of %u bytes, not whole pages",
                       (unsigned)message.memory.size);
    if (message.uid.size == 0 &&
        (message.kind == FG_READER_TAG || (message.kind == FG_READER_POLL && message.tag_count == 1)))
        return fg_fail(error, FG_E_RANGE, "reader link: a tag without UID");
    if (!text_is_printable(message.text))
        return fg_fail(error, FG_E_RANGE, "reader link: text with control characters");
    memset(ret_report, 0, sizeof(*ret_report));
    ret_report->kind = (uint8_t)message.kind;
    ret_report->tag_count = (uint8_t)message.tag_count;
    uid_from_wire(message.uid.size, message.uid.bytes, &ret_report->uid);
    ret_report->complete = message.complete;
    ret_report->ok = message.ok;
    ret_report->memory_length = message.memory.size;
    memcpy(ret_report->memory, message.memory.bytes, message.memory.size);
    memcpy(ret_report->text, message.text, strlen(message.text));
    return FG_OK;
}

enum fg_err fg_readerlink_encode_write(const struct fg_reader_write *write, uint8_t *buffer, size_t capacity,
                                       size_t *ret_length, struct fg_error *error)
{
    FgReaderCommand message = FgReaderCommand_init_zero;

    if (write->uid.length > FG_UID_MAX || write->length > FG_TAG_MEMORY_MAX)
        return fg_fail(error, FG_E_SIZE, "reader link: uid or data out of bounds");
    uid_to_wire(&write->uid, &message.uid.size, message.uid.bytes);
    message.data.size = write->length;
    memcpy(message.data.bytes, write->data, write->length);
    message.lock = write->lock;
    message.read_again = write->read_again;
    return encode(FgReaderCommand_fields, &message, buffer, capacity, ret_length, error);
}

enum fg_err fg_readerlink_decode_write(const uint8_t *bytes, size_t length, struct fg_reader_write *ret_write,
                                       struct fg_error *error)
{
    FgReaderCommand message = FgReaderCommand_init_zero;
    enum fg_err code = decode(FgReaderCommand_fields, bytes, length, &message, error);

    if (code != FG_OK)
        return code;
    if (message.read_again && (message.data.size != 0 || message.lock))
        return fg_fail(error, FG_E_RANGE, "reader link: read again, with data to write");
    if (message.uid.size == 0 || (message.data.size == 0 && !message.read_again) ||
        message.data.size % 4 != 0)
        return fg_fail(error, FG_E_RANGE, "reader link: write without uid, or of %u bytes",
                       (unsigned)message.data.size);
    memset(ret_write, 0, sizeof(*ret_write));
    uid_from_wire(message.uid.size, message.uid.bytes, &ret_write->uid);
    ret_write->length = message.data.size;
    memcpy(ret_write->data, message.data.bytes, message.data.size);
    ret_write->lock = message.lock;
    ret_write->read_again = message.read_again;
    return FG_OK;
}
