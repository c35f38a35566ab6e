/* Implementation of keyring_fixture.h. */
#include "tests/lib/keyring_fixture.h"

#include "proto/key/keyring_file.h"
#include "tests/lib/check.h"

#define ISSUED_MS INT64_C(1790000000000)

void fg_fixture_ring(uint64_t version, const struct fg_private_key *before, const struct fg_private_key *key,
                     uint8_t *bytes, size_t *ret_length)
{
    struct fg_keyring ring = {.version = version, .issued_ms = ISSUED_MS, .key_count = 2};
    struct fg_error error;
    size_t length = 0;

    ring.keys[0] = (struct fg_keyring_key){FG_KEYRING_LIST, key->public_key};
    ring.keys[1] = (struct fg_keyring_key){FG_KEYRING_TAG, key->public_key};
    CHECK_OK(fg_keyring_encode(&ring, bytes, FG_KEYRING_BYTES_MAX, &length, &error), &error);
    CHECK_OK(fg_keyring_sign(bytes, length, before, bytes, FG_KEYRING_BYTES_MAX, &length, &error), &error);
    if (key != before)
        CHECK_OK(fg_keyring_sign(bytes, length, key, bytes, FG_KEYRING_BYTES_MAX, &length, &error), &error);
    *ret_length = length;
}

void fg_fixture_ring_add(const char *path, const struct fg_private_key *first, uint64_t version,
                         const struct fg_private_key *before, const struct fg_private_key *key)
{
    struct fg_keyring enrolled;
    struct fg_keyring taken;
    struct fg_error error;
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length = 0;

    fg_fixture_ring(version, before, key, bytes, &length);
    CHECK_OK(fg_keyring_first(&first->public_key, 1, NULL, &enrolled, &error), &error);
    CHECK_OK(fg_keyring_file_add(path, &enrolled, bytes, length, &taken, &error), &error);
}
