/* The key ring: which keys sign lists, tags and receipts, as a file that is signed by old and new keys.
 *
 * A ring replaces the one before when its version is higher, at least one *list* key of the ring before has
 * signed it, and every key that is new in it has signed it too (so that nobody can bring in a key that its
 * owner does not hold). A key that is not in the newest ring is trusted no longer. The first ring is the list
 * keys that a device got when it was enrolled. Not: where rings are kept (controller, station). Relies on:
 * sign.h, nanopb. Any thread. */
#ifndef FG_PROTO_KEY_KEYRING_H
#define FG_PROTO_KEY_KEYRING_H

#include "lib/base/err.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"

#define FG_PURPOSE_KEYS "fillgate keys v1"
#define FG_KEYRING_KEYS_MAX 12
#define FG_KEYRING_SIGNATURES_MAX 16
#define FG_KEYRING_BYTES_MAX 3072

/* Values travel: never renumber. */
enum fg_keyring_purpose { FG_KEYRING_LIST = 1, FG_KEYRING_TAG = 2, FG_KEYRING_RECEIPT = 3 };

struct fg_keyring_key {
    uint8_t purpose; /* enum fg_keyring_purpose; a key with two purposes stands twice */
    struct fg_public_key key;
};
struct fg_keyring {
    uint64_t version; /* 1 and up */
    int64_t issued_ms;
    size_t key_count; /* at least one list key */
    struct fg_keyring_key keys[FG_KEYRING_KEYS_MAX];
};

/* The ring file without signatures, or with one signature more: each signer adds its own on its own machine.
 * bytes may be buffer itself. FG_E_RANGE, FG_E_SIZE, FG_E_FORMAT, FG_E_EXISTS (has signed already). */
enum fg_err fg_keyring_encode(const struct fg_keyring *ring, uint8_t *buffer, size_t capacity,
                              size_t *ret_length, struct fg_error *error);
enum fg_err fg_keyring_sign(const uint8_t *bytes, size_t length, const struct fg_private_key *key,
                            uint8_t *buffer, size_t capacity, size_t *ret_length, struct fg_error *error);

/* Verifies a ring file against the ring in force. FG_E_OLD: not newer; FG_E_AUTH: no list key of the ring in
 * force signed it, a new key did not sign, or a signature is false; FG_E_FORMAT, FG_E_RANGE, FG_E_SIZE. */
enum fg_err fg_keyring_verify(const uint8_t *bytes, size_t length, const struct fg_keyring *in_force,
                              struct fg_keyring *ret_ring, struct fg_error *error);

/* Reads a ring file without judging its signatures: for showing it, and for the one that a device verified
 * and kept. */
enum fg_err fg_keyring_decode(const uint8_t *bytes, size_t length, struct fg_keyring *ret_ring,
                              size_t *ret_signature_count, struct fg_error *error);

/* Copies the keys of one purpose; returns how many (at most capacity). */
size_t fg_keyring_keys(const struct fg_keyring *ring, uint8_t purpose, struct fg_public_key *ret_keys,
                       size_t capacity);

#endif
