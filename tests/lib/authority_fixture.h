/* Changes of authorities for tests.
 *
 * Not: the tests. Relies on: proto/authority_change.h, host/pki. */
#ifndef FG_TESTS_AUTHORITY_FIXTURE_H
#define FG_TESTS_AUTHORITY_FIXTURE_H

#include "host/pki/ca.h"
#include "proto/authority_change.h"

struct fg_fixture_change {
    size_t length;
    uint8_t bytes[FG_AUTHORITY_CHANGE_BYTES_MAX];
};

/* A change to these authorities, the first of which issues, signed by those; NULL ones are left out. */
struct fg_fixture_change fg_fixture_change(uint64_t version, const struct fg_ca *first,
                                           const struct fg_ca *second, const struct fg_ca *signer,
                                           const struct fg_ca *other_signer);
/* One signature more. */
void fg_fixture_change_sign(struct fg_fixture_change *change, const struct fg_ca *ca);

/* A file of authorities of the test's directory under another name. */
void fg_fixture_authority_copy(const char *from, const char *to);

#endif
