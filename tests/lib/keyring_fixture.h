/* Key rings for tests: each has one list and tag key. Ends the test on failure. */
#ifndef FG_TESTS_LIB_KEYRING_FIXTURE_H
#define FG_TESTS_LIB_KEYRING_FIXTURE_H

#include "proto/key/keyring.h"

/* The ring that puts `key` in the place of `before`, signed by both. bytes has FG_KEYRING_BYTES_MAX. */
void fg_fixture_ring(uint64_t version, const struct fg_private_key *before, const struct fg_private_key *key,
                     uint8_t *bytes, size_t *ret_length);

/* Adds it to the kept rings at path, of a device that was enrolled with `first`. */
void fg_fixture_ring_add(const char *path, const struct fg_private_key *first, uint64_t version,
                         const struct fg_private_key *before, const struct fg_private_key *key);

#endif
