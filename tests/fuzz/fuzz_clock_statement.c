/* Any bytes as a clock statement. The first byte tells whether they are the message and are signed here, for
 * without that nothing comes past the check of the signature. What verifies must sign and verify again. */
#include <stdlib.h>
#include <string.h>

#include <pb_encode.h>

#include "proto/journal/clock_statement.h"
#include "proto/journal/clock_statement.pb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fg_private_key key;
static bool key_made;

static size_t sign_message(const uint8_t *data, size_t size, uint8_t *bytes, size_t capacity)
{
    FgSignedClockStatement envelope = FgSignedClockStatement_init_zero;
    struct fg_signature signature;
    pb_ostream_t stream = pb_ostream_from_buffer(bytes, capacity);

    if (size > sizeof(envelope.message.bytes))
        size = sizeof(envelope.message.bytes);
    envelope.message.size = (pb_size_t)size;
    memcpy(envelope.message.bytes, data, size);
    if (fg_sign(&key, FG_PURPOSE_CLOCK, data, size, &signature, NULL) != FG_OK)
        abort();
    envelope.signature.size = FG_SIGNATURE_BYTES;
    memcpy(envelope.signature.bytes, signature.bytes, FG_SIGNATURE_BYTES);
    if (!pb_encode(&stream, FgSignedClockStatement_fields, &envelope))
        abort();
    return stream.bytes_written;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_clock_statement statement;
    struct fg_error error;
    uint8_t bytes[FG_CLOCK_STATEMENT_BYTES_MAX];
    size_t length = size;

    if (!key_made && fg_private_key_new(&key, &error) != FG_OK)
        abort();
    key_made = true;
    if (size == 0)
        return 0;
    if ((data[0] & 1) != 0) {
        length = sign_message(data + 1, size - 1, bytes, sizeof(bytes));
        data = bytes;
    }
    if (fg_clock_statement_verify(data, length, &key.public_key, 1, &statement, &error) != FG_OK)
        return 0;
    if (fg_clock_statement_sign(&statement, &key, bytes, sizeof(bytes), &length, &error) != FG_OK ||
        fg_clock_statement_verify(bytes, length, &key.public_key, 1, &statement, &error) != FG_OK)
        abort();
    return 0;
}
