/* Implementation of the mark (mark.h). */
#include "proto/journal/mark.h"

#include <assert.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "proto/journal/journal.pb.h"

static_assert(FgMark_size <= sizeof(((FgSignedMark *)0)->message.bytes), "a mark fits its envelope");
static_assert(FgSignedMark_size <= FG_MARK_BYTES_MAX, "the bound covers the envelope");
static_assert(sizeof(((FgMark *)0)->receipt.bytes) == FG_STATEMENT_BYTES_MAX, "a receipt fits a mark");

typedef unsigned long long ull;

static enum fg_err check_mark(const struct fg_mark *mark, struct fg_error *error)
{
    const struct fg_receipt *receipt = &mark->receipt;
    size_t length = strnlen(mark->controller, sizeof(mark->controller));

    if (length == 0 || length > FG_NAME_MAX)
        return fg_fail(error, FG_E_RANGE, "mark: it names no controller");
    if (mark->sequence == 0)
        return fg_fail(error, FG_E_RANGE, "mark: it names no entry");
    if (strncmp(receipt->controller, mark->controller, sizeof(mark->controller)) != 0)
        return fg_fail(error, FG_E_RANGE, "mark: its receipt is for controller %.*s, not for %s", FG_NAME_MAX,
                       receipt->controller, mark->controller);
    if (receipt->next_sequence <= mark->sequence)
        return fg_fail(error, FG_E_RANGE, "mark: its receipt ends before entry %llu, which was pruned",
                       (ull)mark->sequence);
    if (receipt->next_sequence - 1 == mark->sequence &&
        !fg_bytes_equal(&receipt->head, &mark->hash, sizeof(mark->hash)))
        return fg_fail(error, FG_E_RANGE, "mark: its receipt has another hash at entry %llu",
                       (ull)mark->sequence);
    return FG_OK;
}

static enum fg_err write_message(const struct fg_mark *mark, uint8_t bytes[FgMark_size], size_t *ret_length,
                                 struct fg_error *error)
{
    pb_ostream_t stream = pb_ostream_from_buffer(bytes, FgMark_size);
    FgMark message = FgMark_init_zero;
    size_t length = 0;
    enum fg_err code = check_mark(mark, error);

    if (code != FG_OK)
        return code;
    memcpy(message.controller, mark->controller, strnlen(mark->controller, FG_NAME_MAX));
    message.sequence = mark->sequence;
    message.hash.size = FG_DIGEST_BYTES;
    memcpy(message.hash.bytes, mark->hash.bytes, FG_DIGEST_BYTES);
    message.pruned_wall_ms = mark->pruned_wall_ms;
    message.locked_out = mark->kept.locked_out;
    message.alarm_flow = mark->kept.alarm_flow;
    message.alarm_valve = mark->kept.alarm_valve;
    message.zero_fills = mark->kept.zero_fills;
    message.inventory_known = mark->kept.inventory_known;
    message.inventory_g = mark->kept.inventory_g;
    code = fg_receipt_encode(&mark->receipt, &mark->receipt_signature, message.receipt.bytes,
                             sizeof(message.receipt.bytes), &length, error);
    if (code != FG_OK)
        return code;
    message.receipt.size = (pb_size_t)length;
    if (!pb_encode(&stream, FgMark_fields, &message))
        return fg_fail(error, FG_E_SIZE, "mark: it does not fit");
    *ret_length = stream.bytes_written;
    return FG_OK;
}

enum fg_err fg_mark_sign(const struct fg_mark *mark, const struct fg_private_key *key,
                         struct fg_signature *ret_signature, struct fg_error *error)
{
    uint8_t bytes[FgMark_size];
    size_t length = 0;
    enum fg_err code = write_message(mark, bytes, &length, error);

    if (code != FG_OK)
        return code;
    return fg_sign(key, FG_PURPOSE_MARK, bytes, length, ret_signature, error);
}

enum fg_err fg_mark_verify(const struct fg_mark *mark, const struct fg_signature *signature,
                           const struct fg_public_key *key, struct fg_error *error)
{
    uint8_t bytes[FgMark_size];
    size_t length = 0;
    enum fg_err code = write_message(mark, bytes, &length, error);

    if (code != FG_OK)
        return code;
    return fg_sign_verify(key, FG_PURPOSE_MARK, bytes, length, signature, error);
}

enum fg_err fg_mark_encode(const struct fg_mark *mark, const struct fg_signature *signature, uint8_t *bytes,
                           size_t size, size_t *ret_length, struct fg_error *error)
{
    FgSignedMark envelope = FgSignedMark_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(bytes, size);
    uint8_t message[FgMark_size];
    size_t length = 0;
    enum fg_err code = write_message(mark, message, &length, error);

    if (code != FG_OK)
        return code;
    envelope.message.size = (pb_size_t)length;
    memcpy(envelope.message.bytes, message, length);
    envelope.signature.size = FG_SIGNATURE_BYTES;
    memcpy(envelope.signature.bytes, signature->bytes, FG_SIGNATURE_BYTES);
    if (!pb_encode(&stream, FgSignedMark_fields, &envelope))
        return fg_fail(error, FG_E_SIZE, "mark: %zu bytes are too few for it", size);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

static enum fg_err take_message(const FgSignedMark *envelope, struct fg_mark *mark, struct fg_error *error)
{
    pb_istream_t stream = pb_istream_from_buffer(envelope->message.bytes, envelope->message.size);
    FgMark message = FgMark_init_zero;

    if (!pb_decode(&stream, FgMark_fields, &message))
        return fg_fail(error, FG_E_FORMAT, "mark: its message does not parse: %s", PB_GET_ERROR(&stream));
    if (message.hash.size != FG_DIGEST_BYTES || envelope->signature.size != FG_SIGNATURE_BYTES)
        return fg_fail(error, FG_E_FORMAT, "mark: its hash or signature has a wrong length");
    memset(mark, 0, sizeof(*mark));
    memcpy(mark->controller, message.controller, strnlen(message.controller, FG_NAME_MAX));
    mark->sequence = message.sequence;
    memcpy(mark->hash.bytes, message.hash.bytes, FG_DIGEST_BYTES);
    mark->pruned_wall_ms = message.pruned_wall_ms;
    mark->kept = (struct fg_fill_kept){.locked_out = message.locked_out,
                                       .alarm_flow = message.alarm_flow,
                                       .alarm_valve = message.alarm_valve,
                                       .zero_fills = message.zero_fills,
                                       .inventory_known = message.inventory_known,
                                       .inventory_g = message.inventory_g};
    return fg_receipt_decode(message.receipt.bytes, message.receipt.size, &mark->receipt,
                             &mark->receipt_signature, error);
}

enum fg_err fg_mark_decode(const uint8_t *bytes, size_t length, struct fg_mark *ret_mark,
                           struct fg_signature *ret_signature, struct fg_error *error)
{
    FgSignedMark envelope = FgSignedMark_init_zero;
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);
    uint8_t again[FgMark_size];
    size_t again_length = 0;
    struct fg_mark mark;
    enum fg_err code;

    if (length > FG_MARK_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "mark: %zu bytes, at most %d are allowed", length,
                       FG_MARK_BYTES_MAX);
    if (!pb_decode(&stream, FgSignedMark_fields, &envelope))
        return fg_fail(error, FG_E_FORMAT, "mark: not a signed mark: %s", PB_GET_ERROR(&stream));
    code = take_message(&envelope, &mark, error);
    if (code == FG_OK)
        code = write_message(&mark, again, &again_length, error);
    if (code != FG_OK)
        return code;
    if (again_length != envelope.message.size || memcmp(again, envelope.message.bytes, again_length) != 0)
        return fg_fail(error, FG_E_FORMAT, "mark: its message is not in canonical form");
    *ret_mark = mark;
    memcpy(ret_signature->bytes, envelope.signature.bytes, FG_SIGNATURE_BYTES);
    return FG_OK;
}
