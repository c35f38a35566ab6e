/* Any bytes as a signed roster. The first byte tells whether they are the message and are signed here, for
 * without that nothing comes past the check of the signature. What verifies must sign and verify again, with
 * the same digest, and everybody on it must be found. */
#include <stdlib.h>
#include <string.h>

#include "proto/key/roster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fg_private_key key;
static bool key_made;
static uint8_t bytes[FG_ROSTER_BYTES_MAX];
static struct fg_roster roster;
static struct fg_roster again;

static size_t sign_message(const uint8_t *data, size_t size)
{
    struct fg_signature signature;

    if (size > sizeof(bytes) - FG_ROSTER_SIGNED_AT)
        size = sizeof(bytes) - FG_ROSTER_SIGNED_AT;
    if (fg_sign(&key, FG_PURPOSE_ROSTER, data, size, &signature, NULL) != FG_OK)
        abort();
    memcpy(bytes, key.public_key.id.bytes, sizeof(struct fg_key_id));
    memcpy(bytes + sizeof(struct fg_key_id), signature.bytes, FG_SIGNATURE_BYTES);
    memcpy(bytes + FG_ROSTER_SIGNED_AT, data, size);
    return FG_ROSTER_SIGNED_AT + size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fg_digest before;
    struct fg_digest after;
    struct fg_error error;
    size_t length = size;

    /* A key that is always the same, so that seeds with its points go on meaning something. */
    if (!key_made && fg_private_key_from_scalar((const uint8_t *)"fillgate roster fuzzing key 0001", &key,
                                                &error) != FG_OK)
        abort();
    key_made = true;
    if (size == 0)
        return 0;
    if ((data[0] & 1) != 0) {
        length = sign_message(data + 1, size - 1);
        data = bytes;
    }
    if (fg_roster_verify(data, length, &key.public_key, 1, &roster, &error) != FG_OK)
        return 0;
    for (size_t i = 0; i < roster.count; i++) {
        if (fg_roster_find(&roster, roster.devices[i].id) != &roster.devices[i])
            abort();
    }
    if (fg_roster_sign(&roster, &key, bytes, sizeof(bytes), &length, &error) != FG_OK ||
        fg_roster_verify(bytes, length, &key.public_key, 1, &again, &error) != FG_OK ||
        fg_roster_digest(&roster, &before, &error) != FG_OK ||
        fg_roster_digest(&again, &after, &error) != FG_OK ||
        memcmp(before.bytes, after.bytes, sizeof(before.bytes)) != 0)
        abort();
    return 0;
}
