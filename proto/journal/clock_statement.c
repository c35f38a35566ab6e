/* Implementation of the clock statement (clock_statement.h). */
#include "proto/journal/clock_statement.h"

#include <assert.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "proto/journal/clock_statement.pb.h"

static_assert(FgSignedClockStatement_size <= FG_CLOCK_STATEMENT_BYTES_MAX, "the largest statement fits");
static_assert(FgClockStatement_size <= sizeof(((FgSignedClockStatement *)0)->message.bytes), "message fits");
static_assert(sizeof(((FgClockStatement *)0)->controller) == FG_NAME_MAX + 1, "name sizes agree");
static_assert(sizeof(((FgClockStatement *)0)->reason) == FG_TEXT_MAX + 1, "text sizes agree");

static bool has_control_character(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    }
    return false;
}

static enum fg_err check(const FgClockStatement *message, struct fg_error *error)
{
    if (message->controller[0] == '\0' || has_control_character(message->controller))
        return fg_fail(error, FG_E_RANGE, "clock statement: it names no controller");
    if (message->reason[0] == '\0' || has_control_character(message->reason))
        return fg_fail(error, FG_E_RANGE, "clock statement: give a reason, without control characters");
    if (message->sequence == 0 || message->sequence > INT64_MAX)
        return fg_fail(error, FG_E_RANGE,
                       "clock statement: give the number of the controller's newest entry");
    if (message->floor_ms <= 0)
        return fg_fail(error, FG_E_RANGE, "clock statement: give the time from which the clock is trusted");
    return FG_OK;
}

enum fg_err fg_clock_statement_sign(const struct fg_clock_statement *statement,
                                    const struct fg_private_key *key, uint8_t *bytes, size_t size,
                                    size_t *ret_length, struct fg_error *error)
{
    FgClockStatement message = FgClockStatement_init_zero;
    FgSignedClockStatement envelope = FgSignedClockStatement_init_zero;
    struct fg_signature signature;
    pb_ostream_t stream = pb_ostream_from_buffer(envelope.message.bytes, sizeof(envelope.message.bytes));
    enum fg_err code;

    memcpy(message.controller, statement->controller, strnlen(statement->controller, FG_NAME_MAX));
    memcpy(message.reason, statement->reason, strnlen(statement->reason, FG_TEXT_MAX));
    message.sequence = statement->sequence;
    message.floor_ms = statement->floor_ms;
    code = check(&message, error);
    if (code != FG_OK)
        return code;
    if (!pb_encode(&stream, FgClockStatement_fields, &message))
        return fg_fail(error, FG_E_RANGE, "clock statement: %s", PB_GET_ERROR(&stream));
    envelope.message.size = (pb_size_t)stream.bytes_written;
    code = fg_sign(key, FG_PURPOSE_CLOCK, envelope.message.bytes, envelope.message.size, &signature, error);
    if (code != FG_OK)
        return code;
    envelope.signature.size = FG_SIGNATURE_BYTES;
    memcpy(envelope.signature.bytes, signature.bytes, FG_SIGNATURE_BYTES);
    stream = pb_ostream_from_buffer(bytes, size);
    if (!pb_encode(&stream, FgSignedClockStatement_fields, &envelope))
        return fg_fail(error, FG_E_SIZE, "clock statement: %zu bytes are too few for it", size);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

static bool is_signed(const FgSignedClockStatement *envelope, const struct fg_public_key *keys,
                      size_t key_count)
{
    struct fg_signature signature;

    memcpy(signature.bytes, envelope->signature.bytes, FG_SIGNATURE_BYTES);
    for (size_t i = 0; i < key_count; i++) {
        if (fg_sign_verify(&keys[i], FG_PURPOSE_CLOCK, envelope->message.bytes, envelope->message.size,
                           &signature, NULL) == FG_OK)
            return true;
    }
    return false;
}

enum fg_err fg_clock_statement_verify(const uint8_t *bytes, size_t length, const struct fg_public_key *keys,
                                      size_t key_count, struct fg_clock_statement *ret_statement,
                                      struct fg_error *error)
{
    FgSignedClockStatement envelope = FgSignedClockStatement_init_zero;
    FgClockStatement message = FgClockStatement_init_zero;
    struct fg_clock_statement statement = {.controller = ""};
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);
    enum fg_err code;

    if (length > FG_CLOCK_STATEMENT_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "clock statement: %zu bytes, at most %d are allowed", length,
                       FG_CLOCK_STATEMENT_BYTES_MAX);
    if (!pb_decode(&stream, FgSignedClockStatement_fields, &envelope) ||
        envelope.signature.size != FG_SIGNATURE_BYTES)
        return fg_fail(error, FG_E_FORMAT, "this is not a clock statement");
    if (!is_signed(&envelope, keys, key_count))
        return fg_fail(error, FG_E_AUTH, "clock statement: not signed with a key that signs lists");
    stream = pb_istream_from_buffer(envelope.message.bytes, envelope.message.size);
    if (!pb_decode(&stream, FgClockStatement_fields, &message))
        return fg_fail(error, FG_E_FORMAT, "clock statement: its message does not parse: %s",
                       PB_GET_ERROR(&stream));
    code = check(&message, error);
    if (code != FG_OK)
        return code;
    memcpy(statement.controller, message.controller, sizeof(statement.controller));
    memcpy(statement.reason, message.reason, sizeof(statement.reason));
    statement.sequence = message.sequence;
    statement.floor_ms = message.floor_ms;
    *ret_statement = statement;
    return FG_OK;
}
