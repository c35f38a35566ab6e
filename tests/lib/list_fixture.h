/* Signed list files for tests: a small registry, the bureau's key, and a store to import into.
 *
 * Not: the behaviour of any of them. Every function ends the test on failure. */
#ifndef FG_TESTS_LIST_FIXTURE_H
#define FG_TESTS_LIST_FIXTURE_H

#include "firmware/list/list.h"
#include "proto/sign.h"
#include "proto/types.h"

#define FG_FIXTURE_ISSUED_MS INT64_C(1790000000000)
#define FG_FIXTURE_EXPIRES_MS INT64_C(1800000000000)

/* A key that is made once for the test program. */
const struct fg_private_key *fg_fixture_key(void);

/* Writes text to a file of the test's directory; returns its path. */
const char *fg_fixture_write(const char *name, const char *text);

/* A registry of rows cylinders: codes T-00000 and up, uid, 20 MPa. extra (may be NULL) is appended. */
const char *fg_fixture_registry(const char *name, unsigned rows, const char *extra);

/* Builds a list file from a registry; returns its path. bucket_bits -1 = chosen. */
const char *fg_fixture_list(const char *name, const char *csv_path, uint64_t version, int bucket_bits);

/* Opens the store at the path, makes it if need be; it trusts the key above. */
struct fg_list *fg_fixture_store(const char *path);

/* A device whose list is at the path, by these keys, and that takes this list for this point alone, takes a
 * file. Returns what comes of it. */
enum fg_err fg_fixture_take(const char *path, const struct fg_public_key *keys, size_t key_count,
                            const char *list_id, const char *station, const char *file,
                            struct fg_error *ret_error);

struct fg_code fg_fixture_code(const char *text);

#endif
