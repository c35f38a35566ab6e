/* Implementation of the chain, heads and receipts (chain.h). */
#include "proto/journal/chain.h"

#include <assert.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "proto/journal/journal.pb.h"

#define CHAIN_START "fillgate chain v1"
#define CHAIN_PREFIX 0x02

static_assert(FgHead_size <= sizeof(((FgSignedStatement *)0)->message.bytes), "a head fits its envelope");
static_assert(FgReceipt_size <= sizeof(((FgSignedStatement *)0)->message.bytes), "a receipt fits");
static_assert(FgSignedStatement_size <= FG_STATEMENT_BYTES_MAX, "the bound covers the envelope");

void fg_chain_start(const char *controller, struct fg_digest *ret_hash)
{
    struct fg_sha256_stream stream;

    fg_sha256_start(&stream);
    fg_sha256_add(&stream, CHAIN_START, sizeof(CHAIN_START) - 1);
    fg_sha256_add(&stream, controller, strnlen(controller, FG_NAME_MAX));
    fg_sha256_finish(&stream, ret_hash);
}

void fg_chain_next(const struct fg_digest *previous, const uint8_t *bytes, size_t length,
                   struct fg_digest *ret_hash)
{
    static const uint8_t prefix = CHAIN_PREFIX;
    struct fg_sha256_stream stream;

    fg_sha256_start(&stream);
    fg_sha256_add(&stream, &prefix, 1);
    fg_sha256_add(&stream, previous->bytes, sizeof(previous->bytes));
    fg_sha256_add(&stream, bytes, length);
    fg_sha256_finish(&stream, ret_hash);
}

/* Head and receipt have the same three parts and the same wire form; only names and purposes differ. */
struct statement {
    const char *controller;
    uint64_t number;
    const struct fg_digest *digest;
};

static enum fg_err write_message(const struct statement *statement, bool receipt,
                                 uint8_t bytes[FG_STATEMENT_BYTES_MAX], size_t *ret_length,
                                 struct fg_error *error)
{
    pb_ostream_t stream = pb_ostream_from_buffer(bytes, FG_STATEMENT_BYTES_MAX);
    FgHead head = FgHead_init_zero;
    FgReceipt taken = FgReceipt_init_zero;
    size_t length = strnlen(statement->controller, FG_NAME_MAX + 1);
    bool ok;

    if (length == 0 || length > FG_NAME_MAX)
        return fg_fail(error, FG_E_RANGE, "%s: it names no controller", receipt ? "receipt" : "head");
    if (receipt) {
        memcpy(taken.controller, statement->controller, length);
        taken.next_sequence = statement->number;
        taken.head.size = FG_DIGEST_BYTES;
        memcpy(taken.head.bytes, statement->digest->bytes, FG_DIGEST_BYTES);
        ok = pb_encode(&stream, FgReceipt_fields, &taken);
    } else {
        memcpy(head.controller, statement->controller, length);
        head.sequence = statement->number;
        head.hash.size = FG_DIGEST_BYTES;
        memcpy(head.hash.bytes, statement->digest->bytes, FG_DIGEST_BYTES);
        ok = pb_encode(&stream, FgHead_fields, &head);
    }
    if (!ok)
        return fg_fail(error, FG_E_SIZE, "%s: it does not fit", receipt ? "receipt" : "head");
    *ret_length = stream.bytes_written;
    return FG_OK;
}

static enum fg_err sign_statement(const struct statement *statement, bool receipt,
                                  const struct fg_private_key *key, struct fg_signature *ret_signature,
                                  struct fg_error *error)
{
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length;
    enum fg_err code = write_message(statement, receipt, bytes, &length, error);

    if (code != FG_OK)
        return code;
    return fg_sign(key, receipt ? FG_PURPOSE_RECEIPT : FG_PURPOSE_HEAD, bytes, length, ret_signature, error);
}

static enum fg_err verify_statement(const struct statement *statement, bool receipt,
                                    const struct fg_signature *signature, const struct fg_public_key *key,
                                    struct fg_error *error)
{
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length;
    enum fg_err code = write_message(statement, receipt, bytes, &length, error);

    if (code != FG_OK)
        return code;
    return fg_sign_verify(key, receipt ? FG_PURPOSE_RECEIPT : FG_PURPOSE_HEAD, bytes, length, signature,
                          error);
}

static enum fg_err encode_statement(const struct statement *statement, bool receipt,
                                    const struct fg_signature *signature, uint8_t *bytes, size_t size,
                                    size_t *ret_length, struct fg_error *error)
{
    FgSignedStatement envelope = FgSignedStatement_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(bytes, size);
    uint8_t message[FG_STATEMENT_BYTES_MAX];
    size_t length;
    enum fg_err code = write_message(statement, receipt, message, &length, error);

    if (code != FG_OK)
        return code;
    assert(length <= sizeof(envelope.message.bytes));
    envelope.message.size = (pb_size_t)length;
    memcpy(envelope.message.bytes, message, length);
    envelope.signature.size = FG_SIGNATURE_BYTES;
    memcpy(envelope.signature.bytes, signature->bytes, FG_SIGNATURE_BYTES);
    if (!pb_encode(&stream, FgSignedStatement_fields, &envelope))
        return fg_fail(error, FG_E_SIZE, "%s: %zu bytes are too few for it", receipt ? "receipt" : "head",
                       size);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

/* Opens an envelope and demands that its message is the canonical one, so that signing again what was read
 * gives the bytes that were signed. */
static enum fg_err decode_statement(const uint8_t *bytes, size_t length, bool receipt,
                                    char ret_controller[FG_NAME_MAX + 1], uint64_t *ret_number,
                                    struct fg_digest *ret_digest, struct fg_signature *ret_signature,
                                    struct fg_error *error)
{
    const char *what = receipt ? "receipt" : "head";
    FgSignedStatement envelope = FgSignedStatement_init_zero;
    FgHead head = FgHead_init_zero; /* FgReceipt has the same fields under other names */
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);
    uint8_t again[FG_STATEMENT_BYTES_MAX];
    size_t again_length;
    struct fg_digest digest;
    struct statement statement = {head.controller, 0, &digest};
    enum fg_err code;

    if (length > FG_STATEMENT_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "%s: %zu bytes, at most %d are allowed", what, length,
                       FG_STATEMENT_BYTES_MAX);
    if (!pb_decode(&stream, FgSignedStatement_fields, &envelope))
        return fg_fail(error, FG_E_FORMAT, "%s: not a signed statement: %s", what, PB_GET_ERROR(&stream));
    stream = pb_istream_from_buffer(envelope.message.bytes, envelope.message.size);
    if (!pb_decode(&stream, FgHead_fields, &head))
        return fg_fail(error, FG_E_FORMAT, "%s: its message does not parse: %s", what, PB_GET_ERROR(&stream));
    if (head.hash.size != FG_DIGEST_BYTES || envelope.signature.size != FG_SIGNATURE_BYTES)
        return fg_fail(error, FG_E_FORMAT, "%s: its digest or signature has a wrong length", what);
    memcpy(digest.bytes, head.hash.bytes, FG_DIGEST_BYTES);
    statement.number = head.sequence;
    code = write_message(&statement, receipt, again, &again_length, error);
    if (code != FG_OK)
        return code;
    if (again_length != envelope.message.size || memcmp(again, envelope.message.bytes, again_length) != 0)
        return fg_fail(error, FG_E_FORMAT, "%s: its message is not in canonical form", what);
    memcpy(ret_controller, head.controller, FG_NAME_MAX + 1);
    *ret_number = head.sequence;
    *ret_digest = digest;
    memcpy(ret_signature->bytes, envelope.signature.bytes, FG_SIGNATURE_BYTES);
    return FG_OK;
}

enum fg_err fg_head_sign(const struct fg_head *head, const struct fg_private_key *key,
                         struct fg_signature *ret_signature, struct fg_error *error)
{
    struct statement statement = {head->controller, head->sequence, &head->hash};

    return sign_statement(&statement, false, key, ret_signature, error);
}

enum fg_err fg_head_verify(const struct fg_head *head, const struct fg_signature *signature,
                           const struct fg_public_key *key, struct fg_error *error)
{
    struct statement statement = {head->controller, head->sequence, &head->hash};

    return verify_statement(&statement, false, signature, key, error);
}

enum fg_err fg_receipt_sign(const struct fg_receipt *receipt, const struct fg_private_key *key,
                            struct fg_signature *ret_signature, struct fg_error *error)
{
    struct statement statement = {receipt->controller, receipt->next_sequence, &receipt->head};

    return sign_statement(&statement, true, key, ret_signature, error);
}

enum fg_err fg_receipt_verify(const struct fg_receipt *receipt, const struct fg_signature *signature,
                              const struct fg_public_key *key, struct fg_error *error)
{
    struct statement statement = {receipt->controller, receipt->next_sequence, &receipt->head};

    return verify_statement(&statement, true, signature, key, error);
}

enum fg_err fg_head_encode(const struct fg_head *head, const struct fg_signature *signature, uint8_t *bytes,
                           size_t size, size_t *ret_length, struct fg_error *error)
{
    struct statement statement = {head->controller, head->sequence, &head->hash};

    return encode_statement(&statement, false, signature, bytes, size, ret_length, error);
}

enum fg_err fg_head_decode(const uint8_t *bytes, size_t length, struct fg_head *ret_head,
                           struct fg_signature *ret_signature, struct fg_error *error)
{
    struct fg_head head;
    struct fg_signature signature;
    enum fg_err code = decode_statement(bytes, length, false, head.controller, &head.sequence, &head.hash,
                                        &signature, error);

    if (code != FG_OK)
        return code;
    *ret_head = head;
    *ret_signature = signature;
    return FG_OK;
}

enum fg_err fg_receipt_encode(const struct fg_receipt *receipt, const struct fg_signature *signature,
                              uint8_t *bytes, size_t size, size_t *ret_length, struct fg_error *error)
{
    struct statement statement = {receipt->controller, receipt->next_sequence, &receipt->head};

    return encode_statement(&statement, true, signature, bytes, size, ret_length, error);
}

enum fg_err fg_receipt_decode(const uint8_t *bytes, size_t length, struct fg_receipt *ret_receipt,
                              struct fg_signature *ret_signature, struct fg_error *error)
{
    struct fg_receipt receipt;
    struct fg_signature signature;
    enum fg_err code = decode_statement(bytes, length, true, receipt.controller, &receipt.next_sequence,
                                        &receipt.head, &signature, error);

    if (code != FG_OK)
        return code;
    if (receipt.next_sequence == 0)
        return fg_fail(error, FG_E_RANGE, "receipt: its next sequence number is 0; the first is 1");
    *ret_receipt = receipt;
    *ret_signature = signature;
    return FG_OK;
}
