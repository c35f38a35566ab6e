/* Implementation of the key ring (keyring.h). */
#include "proto/key/keyring.h"

#include <assert.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "proto/key/keyring.pb.h"

static_assert(FgSignedKeyring_size <= FG_KEYRING_BYTES_MAX, "a ring with all its signatures fits");

static enum fg_err ring_check(const struct fg_keyring *ring, struct fg_error *error)
{
    bool has_list_key = false;

    if (ring->version == 0 || ring->version > INT64_MAX)
        return fg_fail(error, FG_E_RANGE, "key ring: its version must be 1 or more");
    if (ring->key_count > FG_KEYRING_KEYS_MAX)
        return fg_fail(error, FG_E_RANGE, "key ring: more than %d keys", FG_KEYRING_KEYS_MAX);
    for (size_t i = 0; i < ring->key_count; i++) {
        if (ring->keys[i].purpose < FG_KEYRING_LIST || ring->keys[i].purpose > FG_KEYRING_RECEIPT)
            return fg_fail(error, FG_E_RANGE, "key ring: key %zu has the unknown purpose %u", i + 1,
                           ring->keys[i].purpose);
        has_list_key = has_list_key || ring->keys[i].purpose == FG_KEYRING_LIST;
    }
    if (!has_list_key)
        return fg_fail(error, FG_E_RANGE, "key ring: without a list key nothing could ever follow it");
    return FG_OK;
}

static enum fg_err envelope_write(const FgSignedKeyring *envelope, uint8_t *buffer, size_t capacity,
                                  size_t *ret_length, struct fg_error *error)
{
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);

    if (!pb_encode(&stream, FgSignedKeyring_fields, envelope))
        return fg_fail(error, FG_E_SIZE, "key ring: it does not fit into %zu bytes", capacity);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

static enum fg_err envelope_read(const uint8_t *bytes, size_t length, FgSignedKeyring *ret_envelope,
                                 struct fg_error *error)
{
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);

    if (length > FG_KEYRING_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "key ring: %zu bytes, at most %d are allowed", length,
                       FG_KEYRING_BYTES_MAX);
    if (!pb_decode(&stream, FgSignedKeyring_fields, ret_envelope) || ret_envelope->ring.size == 0)
        return fg_fail(error, FG_E_FORMAT, "key ring: not a key ring file");
    for (size_t i = 0; i < ret_envelope->signatures_count; i++) {
        if (ret_envelope->signatures[i].key_id.size != FG_KEY_ID_BYTES ||
            ret_envelope->signatures[i].signature.size != FG_SIGNATURE_BYTES)
            return fg_fail(error, FG_E_FORMAT, "key ring: signature %zu is cut", i + 1);
    }
    return FG_OK;
}

enum fg_err fg_keyring_encode(const struct fg_keyring *ring, uint8_t *buffer, size_t capacity,
                              size_t *ret_length, struct fg_error *error)
{
    FgKeyring message = FgKeyring_init_zero;
    FgSignedKeyring envelope = FgSignedKeyring_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(envelope.ring.bytes, sizeof(envelope.ring.bytes));
    enum fg_err result = ring_check(ring, error);

    if (result != FG_OK)
        return result;
    message.version = ring->version;
    message.issued_ms = ring->issued_ms;
    message.keys_count = (pb_size_t)ring->key_count;
    for (size_t i = 0; i < ring->key_count; i++) {
        message.keys[i].purpose = ring->keys[i].purpose;
        message.keys[i].point.size = FG_POINT_BYTES;
        memcpy(message.keys[i].point.bytes, ring->keys[i].key.point, FG_POINT_BYTES);
    }
    if (!pb_encode(&stream, FgKeyring_fields, &message))
        return fg_fail(error, FG_E_SIZE, "key ring: it does not fit");
    envelope.ring.size = (pb_size_t)stream.bytes_written;
    return envelope_write(&envelope, buffer, capacity, ret_length, error);
}

enum fg_err fg_keyring_sign(const uint8_t *bytes, size_t length, const struct fg_private_key *key,
                            uint8_t *buffer, size_t capacity, size_t *ret_length, struct fg_error *error)
{
    FgSignedKeyring envelope = FgSignedKeyring_init_zero;
    FgKeyringSignature *added;
    struct fg_signature signature;
    enum fg_err result = envelope_read(bytes, length, &envelope, error);

    if (result != FG_OK)
        return result;
    for (size_t i = 0; i < envelope.signatures_count; i++) {
        if (memcmp(envelope.signatures[i].key_id.bytes, key->public_key.id.bytes, FG_KEY_ID_BYTES) == 0)
            return fg_fail(error, FG_E_EXISTS, "key ring: this key has signed it already");
    }
    if (envelope.signatures_count == FG_KEYRING_SIGNATURES_MAX)
        return fg_fail(error, FG_E_SIZE, "key ring: it has %d signatures already", FG_KEYRING_SIGNATURES_MAX);
    result = fg_sign(key, FG_PURPOSE_KEYS, envelope.ring.bytes, envelope.ring.size, &signature, error);
    if (result != FG_OK)
        return result;
    added = &envelope.signatures[envelope.signatures_count++];
    added->key_id.size = FG_KEY_ID_BYTES;
    memcpy(added->key_id.bytes, key->public_key.id.bytes, FG_KEY_ID_BYTES);
    added->signature.size = FG_SIGNATURE_BYTES;
    memcpy(added->signature.bytes, signature.bytes, FG_SIGNATURE_BYTES);
    return envelope_write(&envelope, buffer, capacity, ret_length, error);
}

static enum fg_err ring_read(const FgSignedKeyring *envelope, struct fg_keyring *ret_ring,
                             struct fg_error *error)
{
    FgKeyring message = FgKeyring_init_zero;
    pb_istream_t stream = pb_istream_from_buffer(envelope->ring.bytes, envelope->ring.size);
    struct fg_keyring ring;
    enum fg_err result;

    memset(&ring, 0, sizeof(ring));
    if (!pb_decode(&stream, FgKeyring_fields, &message))
        return fg_fail(error, FG_E_FORMAT, "key ring: what was signed is not a key ring");
    ring.version = message.version;
    ring.issued_ms = message.issued_ms;
    for (; ring.key_count < message.keys_count; ring.key_count++) {
        const FgKeyringKey *key = &message.keys[ring.key_count];

        if (key->point.size != FG_POINT_BYTES || key->purpose > UINT8_MAX)
            return fg_fail(error, FG_E_FORMAT, "key ring: key %zu is cut", ring.key_count + 1);
        ring.keys[ring.key_count].purpose = (uint8_t)key->purpose;
        result = fg_public_key_from_point(key->point.bytes, &ring.keys[ring.key_count].key, error);
        if (result != FG_OK)
            return fg_fail_in(error, result, "key ring: key %zu: ", ring.key_count + 1);
    }
    result = ring_check(&ring, error);
    if (result == FG_OK)
        *ret_ring = ring;
    return result;
}

enum fg_err fg_keyring_decode(const uint8_t *bytes, size_t length, struct fg_keyring *ret_ring,
                              size_t *ret_signature_count, struct fg_error *error)
{
    FgSignedKeyring envelope = FgSignedKeyring_init_zero;
    enum fg_err result = envelope_read(bytes, length, &envelope, error);

    if (result == FG_OK)
        result = ring_read(&envelope, ret_ring, error);
    if (result == FG_OK && ret_signature_count != NULL)
        *ret_signature_count = envelope.signatures_count;
    return result;
}

/* Has key signed? FG_E_NOT_FOUND: there is no signature by it. */
static enum fg_err signature_check(const FgSignedKeyring *envelope, const struct fg_public_key *key,
                                   struct fg_error *error)
{
    struct fg_signature signature;

    for (size_t i = 0; i < envelope->signatures_count; i++) {
        if (memcmp(envelope->signatures[i].key_id.bytes, key->id.bytes, FG_KEY_ID_BYTES) != 0)
            continue;
        memcpy(signature.bytes, envelope->signatures[i].signature.bytes, FG_SIGNATURE_BYTES);
        return fg_sign_verify(key, FG_PURPOSE_KEYS, envelope->ring.bytes, envelope->ring.size, &signature,
                              error);
    }
    return FG_E_NOT_FOUND;
}

static bool ring_has(const struct fg_keyring *ring, const struct fg_public_key *key)
{
    for (size_t i = 0; i < ring->key_count; i++) {
        if (memcmp(ring->keys[i].key.point, key->point, FG_POINT_BYTES) == 0)
            return true;
    }
    return false;
}

enum fg_err fg_keyring_verify(const uint8_t *bytes, size_t length, const struct fg_keyring *in_force,
                              struct fg_keyring *ret_ring, struct fg_error *error)
{
    FgSignedKeyring envelope = FgSignedKeyring_init_zero;
    struct fg_keyring ring;
    bool by_old = false;
    enum fg_err result = envelope_read(bytes, length, &envelope, error);

    if (result == FG_OK)
        result = ring_read(&envelope, &ring, error);
    if (result != FG_OK)
        return result;
    if (ring.version <= in_force->version)
        return fg_fail(error, FG_E_OLD,
                       "key ring: version %llu is not newer than version %llu, which is in force",
                       (unsigned long long)ring.version, (unsigned long long)in_force->version);
    for (size_t i = 0; i < in_force->key_count && !by_old; i++) {
        if (in_force->keys[i].purpose == FG_KEYRING_LIST)
            by_old = signature_check(&envelope, &in_force->keys[i].key, error) == FG_OK;
    }
    if (!by_old)
        return fg_fail(error, FG_E_AUTH, "key ring: no list key that is in force has signed it");
    for (size_t i = 0; i < ring.key_count; i++) {
        if (!ring_has(in_force, &ring.keys[i].key) &&
            signature_check(&envelope, &ring.keys[i].key, error) != FG_OK)
            return fg_fail(error, FG_E_AUTH, "key ring: its new key %zu has not signed it", i + 1);
    }
    *ret_ring = ring;
    return FG_OK;
}

size_t fg_keyring_keys(const struct fg_keyring *ring, uint8_t purpose, struct fg_public_key *ret_keys,
                       size_t capacity)
{
    size_t count = 0;

    for (size_t i = 0; i < ring->key_count && count < capacity; i++) {
        if (ring->keys[i].purpose == purpose)
            ret_keys[count++] = ring->keys[i].key;
    }
    return count;
}
