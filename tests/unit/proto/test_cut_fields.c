/* BAD-INPUT-IS-SAFE: a key, hash or signature of a wrong length is refused in every message that has one,
 * each alone, though all else is as it should be and signed. */
#include <pb_decode.h>
#include <pb_encode.h>
#include <stdlib.h>
#include <string.h>

#include "proto/journal/chain.h"
#include "proto/journal/clock_statement.h"
#include "proto/journal/clock_statement.pb.h"
#include "proto/journal/journal.pb.h"
#include "proto/journal/mark.h"
#include "proto/key/enrol.h"
#include "proto/key/enrol.pb.h"
#include "proto/key/keyring.h"
#include "proto/key/keyring.pb.h"
#include "proto/key/roster.h"
#include "proto/key/roster.pb.h"
#include "tests/lib/check.h"

static struct fg_error error;
static struct fg_private_key key;
static uint8_t bytes[FG_ROSTER_BYTES_MAX];

static void start(void)
{
    CHECK_OK(fg_private_key_new(&key, &error), &error);
}

static size_t write(const pb_msgdesc_t *fields, const void *message, uint8_t *buffer, size_t capacity)
{
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);

    CHECK(pb_encode(&stream, fields, message));
    return stream.bytes_written;
}

/* A roster of one device, signed; a size that is cut is put in after. */
static enum fg_err read_roster(size_t tls_bytes, size_t device_bytes)
{
    static FgRoster message;
    static struct fg_roster roster;
    struct fg_signature signature;
    size_t length;

    memset(&message, 0, sizeof(message));
    memcpy(message.station, "S1", 3);
    message.version = 1;
    message.devices_count = 1;
    memcpy(message.devices[0].id, "ctl-1", 6);
    memcpy(message.devices[0].tls_point.bytes, key.public_key.point, FG_POINT_BYTES);
    memcpy(message.devices[0].device_point.bytes, key.public_key.point, FG_POINT_BYTES);
    message.devices[0].tls_point.size = (pb_size_t)tls_bytes;
    message.devices[0].device_point.size = (pb_size_t)device_bytes;
    length =
        write(FgRoster_fields, &message, bytes + FG_ROSTER_SIGNED_AT, sizeof(bytes) - FG_ROSTER_SIGNED_AT);
    CHECK_OK(fg_sign(&key, FG_PURPOSE_ROSTER, bytes + FG_ROSTER_SIGNED_AT, length, &signature, &error),
             &error);
    memcpy(bytes, key.public_key.id.bytes, FG_KEY_ID_BYTES);
    memcpy(bytes + FG_KEY_ID_BYTES, signature.bytes, FG_SIGNATURE_BYTES);
    return fg_roster_verify(bytes, FG_ROSTER_SIGNED_AT + length, &key.public_key, 1, &roster, &error);
}

TEST("BAD-INPUT-IS-SAFE: a roster's device has two whole keys")
{
    start();
    CHECK_OK(read_roster(FG_POINT_BYTES, FG_POINT_BYTES), &error);
    CHECK_INT(read_roster(FG_POINT_BYTES - 1, FG_POINT_BYTES), FG_E_FORMAT);
    CHECK_HAS(error.text, "ctl-1 has no two keys");
    CHECK_INT(read_roster(FG_POINT_BYTES, FG_POINT_BYTES - 1), FG_E_FORMAT);
    CHECK_HAS(error.text, "ctl-1 has no two keys");
    CHECK_INT(read_roster(FG_POINT_BYTES, 0), FG_E_FORMAT);
}

static enum fg_err read_statement(bool receipt, size_t hash_bytes, size_t signature_bytes)
{
    FgHead message = FgHead_init_zero;
    FgSignedStatement envelope = FgSignedStatement_init_zero;
    struct fg_receipt taken;
    struct fg_head head;
    struct fg_signature signature;
    size_t length;

    memcpy(message.controller, "ctl-1", 6);
    message.sequence = 7;
    memset(message.hash.bytes, 5, FG_DIGEST_BYTES);
    message.hash.size = (pb_size_t)hash_bytes;
    envelope.message.size =
        (pb_size_t)write(FgHead_fields, &message, envelope.message.bytes, sizeof(envelope.message.bytes));
    envelope.signature.size = (pb_size_t)signature_bytes;
    length = write(FgSignedStatement_fields, &envelope, bytes, sizeof(bytes));
    return receipt ? fg_receipt_decode(bytes, length, &taken, &signature, &error)
                   : fg_head_decode(bytes, length, &head, &signature, &error);
}

TEST("BAD-INPUT-IS-SAFE: a head and a receipt have a whole hash and a whole signature")
{
    for (int receipt = 0; receipt < 2; receipt++) {
        CHECK_OK(read_statement(receipt, FG_DIGEST_BYTES, FG_SIGNATURE_BYTES), &error);
        CHECK_INT(read_statement(receipt, FG_DIGEST_BYTES - 1, FG_SIGNATURE_BYTES), FG_E_FORMAT);
        CHECK_HAS(error.text, "wrong length");
        CHECK_INT(read_statement(receipt, FG_DIGEST_BYTES, FG_SIGNATURE_BYTES - 1), FG_E_FORMAT);
        CHECK_HAS(error.text, "wrong length");
        CHECK_INT(read_statement(receipt, 0, 0), FG_E_FORMAT);
    }
}

TEST("BAD-INPUT-IS-SAFE: a statement and a mark that are longer than they can be are not looked at")
{
    struct fg_head head;
    struct fg_receipt receipt;
    struct fg_signature signature;

    memset(bytes, 0, sizeof(bytes));
    CHECK_INT(fg_head_decode(bytes, FG_STATEMENT_BYTES_MAX + 1, &head, &signature, &error), FG_E_SIZE);
    CHECK_HAS(error.text, "head: ");
    CHECK_INT(fg_receipt_decode(bytes, FG_STATEMENT_BYTES_MAX + 1, &receipt, &signature, &error), FG_E_SIZE);
    CHECK_HAS(error.text, "receipt: ");
    CHECK_INT(fg_head_decode(bytes, FG_STATEMENT_BYTES_MAX, &head, &signature, &error), FG_E_FORMAT);
}

static enum fg_err read_mark(size_t hash_bytes, size_t signature_bytes)
{
    struct fg_mark mark = {
        .controller = "ctl-1", .sequence = 8, .receipt = {.controller = "ctl-1", .next_sequence = 10}};
    FgMark message = FgMark_init_zero;
    FgSignedMark envelope = FgSignedMark_init_zero;
    struct fg_signature signature;
    pb_istream_t stream;
    size_t length = 0;

    CHECK_OK(fg_receipt_sign(&mark.receipt, &key, &mark.receipt_signature, &error), &error);
    CHECK_OK(fg_mark_sign(&mark, &key, &signature, &error), &error);
    CHECK_OK(fg_mark_encode(&mark, &signature, bytes, sizeof(bytes), &length, &error), &error);
    stream = pb_istream_from_buffer(bytes, length);
    CHECK(pb_decode(&stream, FgSignedMark_fields, &envelope));
    stream = pb_istream_from_buffer(envelope.message.bytes, envelope.message.size);
    CHECK(pb_decode(&stream, FgMark_fields, &message));
    message.hash.size = (pb_size_t)hash_bytes;
    envelope.message.size =
        (pb_size_t)write(FgMark_fields, &message, envelope.message.bytes, sizeof(envelope.message.bytes));
    envelope.signature.size = (pb_size_t)signature_bytes;
    length = write(FgSignedMark_fields, &envelope, bytes, sizeof(bytes));
    return fg_mark_decode(bytes, length, &mark, &signature, &error);
}

TEST("BAD-INPUT-IS-SAFE: a mark of pruning has a whole hash and a whole signature")
{
    start();
    CHECK_OK(read_mark(FG_DIGEST_BYTES, FG_SIGNATURE_BYTES), &error);
    CHECK_INT(read_mark(FG_DIGEST_BYTES - 1, FG_SIGNATURE_BYTES), FG_E_FORMAT);
    CHECK_HAS(error.text, "wrong length");
    CHECK_INT(read_mark(FG_DIGEST_BYTES, FG_SIGNATURE_BYTES - 1), FG_E_FORMAT);
    CHECK_HAS(error.text, "wrong length");
}

static enum fg_err read_request(size_t point_bytes, size_t signature_bytes)
{
    FgEnrolRequest message = FgEnrolRequest_init_zero;
    struct fg_enrol_request request;

    message.request.size = 1;
    memcpy(message.device_point.bytes, key.public_key.point, FG_POINT_BYTES);
    message.device_point.size = (pb_size_t)point_bytes;
    message.device_signature.size = (pb_size_t)signature_bytes;
    return fg_enrol_request_decode(bytes, write(FgEnrolRequest_fields, &message, bytes, sizeof(bytes)),
                                   &request, &error);
}

TEST("BAD-INPUT-IS-SAFE: an enrolment request has a whole device key with a whole signature, or neither")
{
    start();
    CHECK_OK(read_request(FG_POINT_BYTES, FG_SIGNATURE_BYTES), &error);
    CHECK_OK(read_request(0, 0), &error);
    CHECK_INT(read_request(FG_POINT_BYTES, 0), FG_E_FORMAT);
    CHECK_HAS(error.text, "half a device key");
    CHECK_INT(read_request(0, FG_SIGNATURE_BYTES), FG_E_FORMAT);
    CHECK_INT(read_request(FG_POINT_BYTES - 1, FG_SIGNATURE_BYTES), FG_E_FORMAT);
    CHECK_INT(read_request(FG_POINT_BYTES, FG_SIGNATURE_BYTES - 1), FG_E_FORMAT);
    CHECK_HAS(error.text, "half a device key");
}

/* A ring with three signatures, of which one is of another length. */
static enum fg_err read_ring(size_t which, size_t key_id_bytes, size_t signature_bytes)
{
    struct fg_keyring ring = {.version = 1, .key_count = 1};
    FgSignedKeyring envelope = FgSignedKeyring_init_zero;
    pb_istream_t stream;
    size_t length = 0;

    ring.keys[0] = (struct fg_keyring_key){FG_KEYRING_LIST, key.public_key};
    CHECK_OK(fg_keyring_encode(&ring, bytes, sizeof(bytes), &length, &error), &error);
    stream = pb_istream_from_buffer(bytes, length);
    CHECK(pb_decode(&stream, FgSignedKeyring_fields, &envelope));
    envelope.signatures_count = 3;
    for (size_t i = 0; i < 3; i++) {
        envelope.signatures[i].key_id.size = (pb_size_t)(i == which ? key_id_bytes : FG_KEY_ID_BYTES);
        envelope.signatures[i].signature.size =
            (pb_size_t)(i == which ? signature_bytes : FG_SIGNATURE_BYTES);
    }
    return fg_keyring_decode(bytes, write(FgSignedKeyring_fields, &envelope, bytes, sizeof(bytes)), &ring,
                             NULL, &error);
}

TEST("BAD-INPUT-IS-SAFE: each signature of a key ring is whole, and names a whole key")
{
    start();
    CHECK_OK(read_ring(9, 0, 0), &error);
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(read_ring(i, FG_KEY_ID_BYTES - 1, FG_SIGNATURE_BYTES), FG_E_FORMAT);
        CHECK_INT(read_ring(i, FG_KEY_ID_BYTES, FG_SIGNATURE_BYTES - 1), FG_E_FORMAT);
        CHECK_HAS(error.text, i == 0   ? "signature 1 is cut"
                              : i == 1 ? "signature 2 is cut"
                                       : "signature 3 is cut");
    }
}

static enum fg_err read_clock(uint64_t sequence, int64_t floor_ms, size_t signature_bytes)
{
    FgClockStatement message = FgClockStatement_init_zero;
    FgSignedClockStatement envelope = FgSignedClockStatement_init_zero;
    struct fg_clock_statement statement = {.sequence = 99};
    struct fg_signature signature;
    enum fg_err result;

    memcpy(message.controller, "ctl-1", 6);
    memcpy(message.reason, "battery", 8);
    message.sequence = sequence;
    message.floor_ms = floor_ms;
    envelope.message.size = (pb_size_t)write(FgClockStatement_fields, &message, envelope.message.bytes,
                                             sizeof(envelope.message.bytes));
    CHECK_OK(
        fg_sign(&key, FG_PURPOSE_CLOCK, envelope.message.bytes, envelope.message.size, &signature, &error),
        &error);
    memcpy(envelope.signature.bytes, signature.bytes, FG_SIGNATURE_BYTES);
    envelope.signature.size = (pb_size_t)signature_bytes;
    result = fg_clock_statement_verify(bytes,
                                       write(FgSignedClockStatement_fields, &envelope, bytes, sizeof(bytes)),
                                       &key.public_key, 1, &statement, &error);
    CHECK_INT(statement.sequence, result == FG_OK ? sequence : 99);
    return result;
}

TEST("BAD-INPUT-IS-SAFE: a clock statement that says what none may is refused, though it is signed")
{
    start();
    CHECK_OK(read_clock(1, 1, FG_SIGNATURE_BYTES), &error);
    CHECK_INT(read_clock(0, 1, FG_SIGNATURE_BYTES), FG_E_RANGE);
    CHECK_INT(read_clock(1, 0, FG_SIGNATURE_BYTES), FG_E_RANGE);
    CHECK_INT(read_clock(1, 1, FG_SIGNATURE_BYTES - 1), FG_E_FORMAT);
}
