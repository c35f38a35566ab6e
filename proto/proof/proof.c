/* The proof file as bytes (proof.h): FG_PROOF_MAGIC, then message FgProof. */
#include "proto/proof/proof.h"

#include <string.h>

#include <pb_decode.h>
#include <pb_encode.h>

#include "proto/proof/proof.pb.h"

#define MAGIC_LENGTH (sizeof(FG_PROOF_MAGIC) - 1)

/* ---- writing ---- */

static bool bytes_put(pb_ostream_t *stream, uint32_t tag, const void *bytes, size_t length)
{
    return length == 0 ||
           (pb_encode_tag(stream, PB_WT_STRING, tag) && pb_encode_string(stream, bytes, length));
}

/* A tag and a length are never longer. */
#define FIELD_HEAD_MAX 16

static bool batch_put(pb_ostream_t *stream, const struct fg_sync_batch *batch, uint8_t *buffer,
                      size_t capacity, size_t *ret_length, struct fg_error *error)
{
    size_t used = stream->bytes_written + FIELD_HEAD_MAX;
    size_t room = used < capacity ? capacity - used : 0;
    uint8_t *place = buffer + capacity - room;
    size_t length = 0;

    /* Encoded at the end of the room first: its length stands before it and is not known before. */
    if (fg_sync_batch_encode(batch, place, room, &length, error) != FG_OK)
        return false;
    if (!pb_encode_tag(stream, PB_WT_STRING, FgProof_batch_tag) || !pb_encode_varint(stream, length))
        return false;
    memmove(buffer + stream->bytes_written, place, length);
    *ret_length = stream->bytes_written + length;
    return true;
}

enum fg_err fg_proof_encode(const struct fg_proof *proof, uint8_t *buffer, size_t capacity,
                            size_t *ret_length, struct fg_error *error)
{
    struct fg_error inner = {0};
    pb_ostream_t stream;
    size_t length = 0;
    bool fits;

    if (capacity <= MAGIC_LENGTH)
        return fg_fail(error, FG_E_SIZE, "proof: %zu bytes are too few", capacity);
    memcpy(buffer, FG_PROOF_MAGIC, MAGIC_LENGTH);
    buffer += MAGIC_LENGTH;
    capacity -= MAGIC_LENGTH;
    stream = pb_ostream_from_buffer(buffer, capacity);
    fits = pb_encode_tag(&stream, PB_WT_VARINT, FgProof_sequence_tag) &&
           pb_encode_varint(&stream, proof->sequence) &&
           bytes_put(&stream, FgProof_previous_hash_tag, proof->previous_hash.bytes, FG_DIGEST_BYTES) &&
           bytes_put(&stream, FgProof_certificate_tag, proof->certificate, proof->certificate_length) &&
           bytes_put(&stream, FgProof_receipt_tag, proof->receipt, proof->receipt_length) &&
           batch_put(&stream, &proof->batch, buffer, capacity, &length, &inner);
    if (!fits)
        return fg_fail(error, FG_E_SIZE, "proof: the entries up to the next signed head do not fit: %s",
                       inner.text[0] != '\0' ? inner.text : "too few bytes");
    *ret_length = MAGIC_LENGTH + length;
    return FG_OK;
}

/* ---- reading ---- */

struct parts {
    uint64_t sequence;
    struct fg_sync_slice previous_hash;
    struct fg_sync_slice batch;
    struct fg_sync_slice certificate;
    struct fg_sync_slice receipt;
};

static struct fg_sync_slice *part_of(struct parts *parts, uint32_t tag)
{
    switch (tag) {
    case FgProof_previous_hash_tag:
        return &parts->previous_hash;
    case FgProof_batch_tag:
        return &parts->batch;
    case FgProof_certificate_tag:
        return &parts->certificate;
    case FgProof_receipt_tag:
        return &parts->receipt;
    default:
        return NULL;
    }
}

static bool field_take(pb_istream_t *stream, const uint8_t *bytes, size_t length, struct parts *parts)
{
    pb_wire_type_t type = PB_WT_VARINT;
    struct fg_sync_slice *part;
    uint32_t tag = 0;
    uint32_t size = 0;
    bool end = false;

    if (!pb_decode_tag(stream, &type, &tag, &end) || tag == 0)
        return false;
    if (tag == FgProof_sequence_tag && type == PB_WT_VARINT)
        return pb_decode_varint(stream, &parts->sequence);
    part = part_of(parts, tag);
    if (part == NULL || type != PB_WT_STRING)
        return pb_skip_field(stream, type);
    /* Twice the same field would leave open which one was signed. */
    if (part->bytes != NULL || !pb_decode_varint32(stream, &size) || size > stream->bytes_left)
        return false;
    part->bytes = bytes + (length - stream->bytes_left);
    part->length = size;
    return pb_read(stream, NULL, size);
}

static enum fg_err parts_check(const struct parts *parts, struct fg_error *error)
{
    if (parts->previous_hash.length != FG_DIGEST_BYTES)
        return fg_fail(error, FG_E_FORMAT, "proof: the hash before the entry has %zu bytes, not %d",
                       parts->previous_hash.length, FG_DIGEST_BYTES);
    if (parts->certificate.length > FG_ENROL_CERTIFICATE_MAX)
        return fg_fail(error, FG_E_SIZE, "proof: a certificate of %zu bytes, at most %d are allowed",
                       parts->certificate.length, FG_ENROL_CERTIFICATE_MAX);
    if (parts->receipt.length > FG_STATEMENT_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "proof: a receipt of %zu bytes, at most %d are allowed",
                       parts->receipt.length, FG_STATEMENT_BYTES_MAX);
    return FG_OK;
}

static void parts_put(const struct parts *parts, struct fg_proof *proof)
{
    proof->sequence = parts->sequence;
    memcpy(proof->previous_hash.bytes, parts->previous_hash.bytes, FG_DIGEST_BYTES);
    proof->certificate_length = parts->certificate.length;
    if (parts->certificate.length > 0)
        memcpy(proof->certificate, parts->certificate.bytes, parts->certificate.length);
    proof->receipt_length = parts->receipt.length;
    if (parts->receipt.length > 0)
        memcpy(proof->receipt, parts->receipt.bytes, parts->receipt.length);
}

enum fg_err fg_proof_decode(const uint8_t *bytes, size_t length, struct fg_proof *ret_proof,
                            struct fg_error *error)
{
    struct parts parts = {0};
    struct fg_sync_batch batch;
    pb_istream_t stream;
    enum fg_err result;

    if (length > FG_PROOF_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "proof: %zu bytes, at most %d are allowed", length,
                       FG_PROOF_BYTES_MAX);
    if (length < MAGIC_LENGTH || memcmp(bytes, FG_PROOF_MAGIC, MAGIC_LENGTH) != 0)
        return fg_fail(error, FG_E_FORMAT, "proof: it does not begin as a proof file does");
    bytes += MAGIC_LENGTH;
    length -= MAGIC_LENGTH;
    stream = pb_istream_from_buffer(bytes, length);
    while (stream.bytes_left > 0) {
        if (!field_take(&stream, bytes, length, &parts))
            return fg_fail(error, FG_E_FORMAT, "proof: it does not parse at byte %zu",
                           MAGIC_LENGTH + length - stream.bytes_left);
    }
    result = parts_check(&parts, error);
    if (result == FG_OK)
        result = fg_sync_batch_decode(parts.batch.bytes, parts.batch.length, &batch, error);
    if (result != FG_OK)
        return fg_fail_in(error, result, "proof: ");
    if (parts.sequence != batch.first_sequence)
        return fg_fail(error, FG_E_RANGE, "proof: of entry %llu, but its bytes begin with entry %llu",
                       (unsigned long long)parts.sequence, (unsigned long long)batch.first_sequence);
    parts_put(&parts, ret_proof);
    ret_proof->batch = batch;
    return FG_OK;
}
