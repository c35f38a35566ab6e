/* A tag's memory, its NDEF message and fillgate's record in it (tag.h). Every byte here may come from an
 * attacker: all lengths are tested against what is left before they are used. Relies on: sign.h, code.h. */
#include "proto/point/tag.h"

#include <string.h>
#include <strings.h>

#include "lib/domain/code.h"

#define PAGE_BYTES 4
#define CC_AT (3 * PAGE_BYTES)
#define DATA_AT (4 * PAGE_BYTES)
#define CC_MAGIC 0xE1

enum tlv { TLV_NULL = 0x00, TLV_LOCK = 0x01, TLV_MEMORY = 0x02, TLV_NDEF = 0x03, TLV_TERMINATOR = 0xFE };

enum ndef {
    NDEF_BEGIN = 0x80,
    NDEF_END = 0x40,
    NDEF_CHUNK = 0x20,
    NDEF_SHORT = 0x10,
    NDEF_HAS_ID = 0x08,
    NDEF_TNF = 0x07,
    TNF_EXTERNAL = 4,
    TNF_UNCHANGED = 6,
};

#define RECORD_VERSION 1
#define RECORD_FIXED (1 + FG_KEY_ID_BYTES + 1 + FG_SIGNATURE_BYTES)
#define TYPE_LENGTH (sizeof(FG_TAG_RECORD_TYPE) - 1)

/* Reads the data area byte by byte, stepping over the areas that control TLVs have reserved. */
struct area {
    const uint8_t *memory;
    size_t end;       /* of the data area as the capability container says */
    size_t available; /* of what was read from the tag */
    size_t at;
    uint8_t reserved[FG_TAG_MEMORY_MAX];
};

/* One byte; FG_E_NOT_FOUND at the end of the data area, FG_E_FORMAT where the memory was cut off. */
static enum fg_err next_byte(struct area *area, uint8_t *ret_byte, struct fg_error *error)
{
    while (area->at < area->end && area->at < area->available && area->reserved[area->at] != 0)
        area->at++;
    if (area->at >= area->end)
        return fg_fail(error, FG_E_NOT_FOUND, "tag: data area ends at byte %zu", area->end);
    if (area->at >= area->available)
        return fg_fail(error, FG_E_FORMAT, "tag: memory read only up to byte %zu of %zu", area->available,
                       area->end);
    *ret_byte = area->memory[area->at++];
    return FG_OK;
}

/* The same where the data area must not end. */
static enum fg_err need_byte(struct area *area, uint8_t *ret_byte, struct fg_error *error)
{
    if (next_byte(area, ret_byte, error) == FG_OK)
        return FG_OK;
    return fg_fail(error, FG_E_FORMAT, "tag: a TLV reaches beyond the memory at byte %zu", area->at);
}

/* One byte, or 0xFF and two bytes. */
static enum fg_err read_tlv_length(struct area *area, size_t *ret_length, struct fg_error *error)
{
    uint8_t bytes[3] = {0};
    enum fg_err result = need_byte(area, &bytes[0], error);

    if (result == FG_OK && bytes[0] == 0xFF) {
        result = need_byte(area, &bytes[1], error);
        if (result == FG_OK)
            result = need_byte(area, &bytes[2], error);
    }
    if (result == FG_OK)
        *ret_length = bytes[0] == 0xFF ? (size_t)bytes[1] * 256 + bytes[2] : bytes[0];
    return result;
}

/* Copies (into != NULL) or skips length bytes of a TLV's value. */
static enum fg_err take_value(struct area *area, size_t length, uint8_t *into, struct fg_error *error)
{
    uint8_t byte = 0;

    if (length > FG_TAG_MEMORY_MAX)
        return fg_fail(error, FG_E_FORMAT, "tag: a TLV of %zu bytes is longer than any tag", length);
    for (size_t i = 0; i < length; i++) {
        enum fg_err result = need_byte(area, &byte, error);

        if (result != FG_OK)
            return result;
        if (into != NULL)
            into[i] = byte;
    }
    return FG_OK;
}

/* A lock control or memory control TLV: its area holds no data. Position: page nibble and byte nibble, the
 * page being 2^n bytes; size in bits or bytes, 0 meaning 256. */
static enum fg_err reserve_area(struct area *area, uint8_t kind, size_t length, struct fg_error *error)
{
    uint8_t value[3];
    size_t start;
    size_t size;
    enum fg_err result;

    if (length != sizeof(value))
        return fg_fail(error, FG_E_FORMAT, "tag: a control TLV of %zu bytes, must be 3", length);
    result = take_value(area, length, value, error);
    if (result != FG_OK)
        return result;
    start = ((size_t)(value[0] >> 4) << (value[2] & 0x0F)) + (value[0] & 0x0F);
    size = value[1] == 0 ? 256 : value[1];
    if (kind == TLV_LOCK)
        size = (size + 7) / 8;
    for (size_t i = start; i < start + size && i < sizeof(area->reserved); i++)
        area->reserved[i] = 1;
    return FG_OK;
}

/* Walks the TLVs up to the NDEF message, which goes to message. */
static enum fg_err find_message(struct area *area, uint8_t message[FG_TAG_MEMORY_MAX], size_t *ret_length,
                                struct fg_error *error)
{
    for (;;) {
        uint8_t kind = 0;
        size_t length = 0;
        enum fg_err result = next_byte(area, &kind, error);

        if (result == FG_E_NOT_FOUND || (result == FG_OK && kind == TLV_TERMINATOR))
            return fg_fail(error, FG_E_NOT_FOUND, "tag: holds no NDEF message");
        if (result == FG_OK && kind == TLV_NULL)
            continue;
        if (result == FG_OK)
            result = read_tlv_length(area, &length, error);
        if (result == FG_OK && (kind == TLV_LOCK || kind == TLV_MEMORY))
            result = reserve_area(area, kind, length, error);
        else if (result == FG_OK)
            result = take_value(area, length, kind == TLV_NDEF ? message : NULL, error);
        if (result != FG_OK)
            return result;
        if (kind == TLV_NDEF) {
            *ret_length = length;
            return FG_OK;
        }
    }
}

/* Where the area's reader would be after length more bytes, at most its end. */
static size_t position_after(const struct area *area, size_t length)
{
    size_t at = area->at;

    while (at < area->end && at < sizeof(area->reserved) && (length > 0 || area->reserved[at] != 0)) {
        length -= area->reserved[at] == 0 ? 1 : 0;
        at++;
        if (length == 0)
            break;
    }
    return at;
}

size_t fg_tag_extent(const uint8_t *memory, size_t length)
{
    struct area area = {.memory = memory, .available = length, .at = DATA_AT};
    size_t value_length = 0;
    uint8_t kind = TLV_NULL;

    if (length < DATA_AT)
        return DATA_AT;
    if (memory[CC_AT] != CC_MAGIC || memory[CC_AT + 1] >> 4 != 1)
        return DATA_AT;
    area.end = DATA_AT + (size_t)memory[CC_AT + 2] * 8;
    if (area.end > FG_TAG_MEMORY_MAX)
        area.end = FG_TAG_MEMORY_MAX;
    while (area.at < area.end && area.at < length) {
        enum fg_err result = next_byte(&area, &kind, NULL);

        if (result == FG_OK && kind == TLV_NULL)
            continue;
        if (result == FG_OK && kind == TLV_TERMINATOR)
            return area.at;
        if (result == FG_OK)
            result = read_tlv_length(&area, &value_length, NULL);
        if (result == FG_OK && kind == TLV_NDEF)
            return position_after(&area, value_length);
        if (result == FG_OK && (kind == TLV_LOCK || kind == TLV_MEMORY) &&
            length >= position_after(&area, value_length))
            result = reserve_area(&area, kind, value_length, NULL);
        else if (result == FG_OK)
            area.at = position_after(&area, value_length);
        if (result == FG_E_FORMAT && area.at < area.available)
            return area.at; /* what is there contradicts itself: more of it says nothing else */
    }
    return area.at < area.end ? area.at + 1 : area.end;
}

/* One NDEF record; pointers go into the message. */
struct record {
    uint8_t flags;
    size_t type_length;
    size_t payload_length;
    const uint8_t *type;
    const uint8_t *payload;
    size_t whole; /* bytes that the record takes */
};

static enum fg_err read_record(const uint8_t *bytes, size_t left, struct record *ret_record,
                               struct fg_error *error)
{
    struct record record = {0};
    size_t at = 2;
    size_t id_length = 0;
    size_t length_bytes;

    record.flags = bytes[0];
    length_bytes = (record.flags & NDEF_SHORT) != 0 ? 1 : 4;
    if (left < at + length_bytes + ((record.flags & NDEF_HAS_ID) != 0 ? 1 : 0))
        return fg_fail(error, FG_E_FORMAT, "tag: an NDEF record's header is cut off");
    if ((record.flags & NDEF_CHUNK) != 0 || (record.flags & NDEF_TNF) == TNF_UNCHANGED)
        return fg_fail(error, FG_E_FORMAT, "tag: chunked NDEF records are not accepted");
    record.type_length = bytes[1];
    for (size_t i = 0; i < length_bytes; i++)
        record.payload_length = record.payload_length * 256 + bytes[at++];
    if ((record.flags & NDEF_HAS_ID) != 0)
        id_length = bytes[at++];
    /* payload_length is tested alone first, so that the sum cannot wrap where size_t has 32 bits. */
    if (record.payload_length > left || at + record.type_length + id_length + record.payload_length > left)
        return fg_fail(error, FG_E_FORMAT, "tag: an NDEF record is longer than its message");
    record.type = bytes + at;
    record.payload = record.type + record.type_length + id_length;
    record.whole = at + record.type_length + id_length + record.payload_length;
    *ret_record = record;
    return FG_OK;
}

/* External types compare without regard to case (NFC Forum Record Type Definition). */
static bool is_ours(const struct record *record)
{
    return (record->flags & NDEF_TNF) == TNF_EXTERNAL && record->type_length == TYPE_LENGTH &&
           strncasecmp((const char *)record->type, FG_TAG_RECORD_TYPE, TYPE_LENGTH) == 0;
}

/* Walks the whole message, so that a damaged one is never taken for a good one. */
static enum fg_err find_record(const uint8_t *message, size_t length, struct record *ret_record,
                               struct fg_error *error)
{
    struct record record = {0};
    struct record found = {0};
    size_t at = 0;

    while (at < length) {
        enum fg_err result = read_record(message + at, length - at, &record, error);

        if (result != FG_OK)
            return result;
        if (((record.flags & NDEF_BEGIN) != 0) != (at == 0))
            return fg_fail(error, FG_E_FORMAT, "tag: NDEF message begin is not at the first record alone");
        at += record.whole;
        if (((record.flags & NDEF_END) != 0) != (at == length))
            return fg_fail(error, FG_E_FORMAT, "tag: NDEF message end is not at the last record alone");
        if (is_ours(&record) && found.whole != 0)
            return fg_fail(error, FG_E_FORMAT, "tag: two records of type %s", FG_TAG_RECORD_TYPE);
        if (is_ours(&record))
            found = record;
    }
    if (found.whole == 0)
        return fg_fail(error, FG_E_NOT_FOUND, "tag: no record of type %s", FG_TAG_RECORD_TYPE);
    *ret_record = found;
    return FG_OK;
}

static enum fg_err parse_payload(const uint8_t *payload, size_t length, struct fg_tag_record *ret_record,
                                 struct fg_error *error)
{
    struct fg_tag_record record;
    size_t code_length;
    enum fg_err result;

    if (length < RECORD_FIXED)
        return fg_fail(error, FG_E_FORMAT, "tag record: %zu bytes, too short", length);
    if (payload[0] != RECORD_VERSION)
        return fg_fail(error, FG_E_FORMAT, "tag record: version %u is not known here", payload[0]);
    code_length = payload[1 + FG_KEY_ID_BYTES];
    if (length != RECORD_FIXED + code_length)
        return fg_fail(error, FG_E_FORMAT, "tag record: %zu bytes do not fit a code of %zu", length,
                       code_length);
    result = fg_code_parse_bytes(payload + 2 + FG_KEY_ID_BYTES, code_length, &record.code, error);
    if (result != FG_OK)
        return fg_fail_in(error, result, "tag record: ");
    memcpy(record.key.bytes, payload + 1, FG_KEY_ID_BYTES);
    memcpy(record.signature.bytes, payload + 2 + FG_KEY_ID_BYTES + code_length, FG_SIGNATURE_BYTES);
    *ret_record = record;
    return FG_OK;
}

enum fg_err fg_tag_parse(const uint8_t *memory, size_t length, struct fg_tag_record *ret_record,
                         struct fg_error *error)
{
    struct area area = {.memory = memory, .available = length, .at = DATA_AT};
    uint8_t message[FG_TAG_MEMORY_MAX];
    size_t message_length = 0;
    struct record record = {0};
    enum fg_err result;

    if (length > FG_TAG_MEMORY_MAX)
        return fg_fail(error, FG_E_SIZE, "tag: %zu bytes of memory, at most %d are read", length,
                       FG_TAG_MEMORY_MAX);
    if (length < DATA_AT)
        return fg_fail(error, FG_E_FORMAT, "tag: only %zu bytes of memory were read", length);
    if (memory[CC_AT] != CC_MAGIC)
        return fg_fail(error, FG_E_NOT_FOUND, "tag: not formatted for NDEF (capability container 0x%02x)",
                       memory[CC_AT]);
    if (memory[CC_AT + 1] >> 4 != 1)
        return fg_fail(error, FG_E_FORMAT, "tag: mapping version %u.%u is not known here",
                       memory[CC_AT + 1] >> 4, memory[CC_AT + 1] & 0x0F);
    area.end = DATA_AT + (size_t)memory[CC_AT + 2] * 8;
    result = find_message(&area, message, &message_length, error);
    if (result == FG_OK)
        result = find_record(message, message_length, &record, error);
    if (result == FG_OK)
        result = parse_payload(record.payload, record.payload_length, ret_record, error);
    return result;
}

enum fg_err fg_tag_build(const struct fg_tag_record *record, uint8_t *ret_bytes, size_t capacity,
                         size_t *ret_length, struct fg_error *error)
{
    uint8_t bytes[FG_TAG_BUILD_MAX] = {0};
    struct fg_code code;
    size_t code_length = strnlen(record->code.text, FG_CODE_MAX);
    size_t payload_length = RECORD_FIXED + code_length;
    size_t at = 0;
    enum fg_err result = fg_code_parse_bytes(record->code.text, code_length, &code, error);

    if (result != FG_OK)
        return result;
    bytes[at++] = TLV_NDEF;
    bytes[at++] = (uint8_t)(3 + TYPE_LENGTH + payload_length);
    bytes[at++] = NDEF_BEGIN | NDEF_END | NDEF_SHORT | TNF_EXTERNAL;
    bytes[at++] = TYPE_LENGTH;
    bytes[at++] = (uint8_t)payload_length;
    memcpy(bytes + at, FG_TAG_RECORD_TYPE, TYPE_LENGTH);
    at += TYPE_LENGTH;
    bytes[at++] = RECORD_VERSION;
    memcpy(bytes + at, record->key.bytes, FG_KEY_ID_BYTES);
    at += FG_KEY_ID_BYTES;
    bytes[at++] = (uint8_t)code_length;
    memcpy(bytes + at, code.text, code_length);
    at += code_length;
    memcpy(bytes + at, record->signature.bytes, FG_SIGNATURE_BYTES);
    at += FG_SIGNATURE_BYTES;
    bytes[at++] = TLV_TERMINATOR;
    at = (at + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    if (at > capacity)
        return fg_fail(error, FG_E_SIZE, "tag: %zu bytes are needed, the tag has %zu", at, capacity);
    memcpy(ret_bytes, bytes, at);
    *ret_length = at;
    return FG_OK;
}

/* What is signed: UID length, UID, code. */
static size_t message_of(const struct fg_uid *uid, const struct fg_code *code,
                         uint8_t message[1 + FG_UID_MAX + FG_CODE_MAX])
{
    size_t uid_length = uid->length <= FG_UID_MAX ? uid->length : FG_UID_MAX;
    size_t code_length = strnlen(code->text, FG_CODE_MAX);

    message[0] = (uint8_t)uid_length;
    memcpy(message + 1, uid->bytes, uid_length);
    memcpy(message + 1 + uid_length, code->text, code_length);
    return 1 + uid_length + code_length;
}

enum fg_err fg_tag_sign(const struct fg_private_key *key, const struct fg_uid *uid,
                        const struct fg_code *code, struct fg_tag_record *ret_record, struct fg_error *error)
{
    uint8_t message[1 + FG_UID_MAX + FG_CODE_MAX];
    struct fg_tag_record record;
    enum fg_err result = fg_code_parse(code->text, &record.code, error);

    if (result != FG_OK)
        return result;
    if (!fg_uid_is_lasting(uid))
        return fg_fail(
            error, FG_E_ARG,
            "tag: this UID names no tag (it is random, as a phone's, or empty) and cannot be signed");
    record.key = key->public_key.id;
    result = fg_sign(key, FG_PURPOSE_TAG, message, message_of(uid, &record.code, message), &record.signature,
                     error);
    if (result == FG_OK)
        *ret_record = record;
    return result;
}

enum fg_err fg_tag_verify(const struct fg_tag_record *record, const struct fg_uid *uid,
                          const struct fg_public_key *trusted, size_t trusted_count, struct fg_error *error)
{
    uint8_t message[1 + FG_UID_MAX + FG_CODE_MAX];
    size_t length = message_of(uid, &record->code, message);

    if (!fg_uid_is_lasting(uid))
        return fg_fail(error, FG_E_AUTH, "tag: its UID names no tag (it is random, as a phone's, or empty)");
    for (size_t i = 0; i < trusted_count; i++) {
        if (!fg_bytes_equal(trusted[i].id.bytes, record->key.bytes, FG_KEY_ID_BYTES))
            continue;
        if (fg_sign_verify(&trusted[i], FG_PURPOSE_TAG, message, length, &record->signature, NULL) == FG_OK)
            return FG_OK;
        return fg_fail(error, FG_E_AUTH, "tag: the signature does not hold for this tag and code %s",
                       record->code.text);
    }
    return fg_fail(error, FG_E_AUTH, "tag: signed by key %02x%02x%02x%02x..., which is not trusted here",
                   record->key.bytes[0], record->key.bytes[1], record->key.bytes[2], record->key.bytes[3]);
}
