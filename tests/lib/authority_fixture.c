/* Implementation of changes of authorities for tests (authority_fixture.h). */
#include "tests/lib/authority_fixture.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/check.h"

#define ISSUED_MS INT64_C(1795392000000)

static void certificate_add(struct fg_authority_change *change, const struct fg_ca *ca)
{
    size_t length = 0;
    const uint8_t *der;

    if (ca == NULL)
        return;
    der = fg_ca_certificate(ca, &length);
    memcpy(change->certificates[change->count].der, der, length);
    change->certificates[change->count++].length = length;
}

void fg_fixture_change_sign(struct fg_fixture_change *change, const struct fg_ca *ca)
{
    uint8_t message[FG_AUTHORITY_CHANGE_BYTES_MAX];
    struct fg_signature signature;
    struct fg_key_id key_id;
    size_t length = 0;
    struct fg_error error;

    CHECK_OK(fg_authority_change_message(change->bytes, change->length, message, &length, &error), &error);
    CHECK_OK(fg_ca_sign(ca, FG_PURPOSE_AUTHORITIES, message, length, &key_id, &signature, &error), &error);
    CHECK_OK(fg_authority_change_add(change->bytes, change->length, &key_id, &signature, change->bytes,
                                     &change->length, &error),
             &error);
}

struct fg_fixture_change fg_fixture_change(uint64_t version, const struct fg_ca *first,
                                           const struct fg_ca *second, const struct fg_ca *signer,
                                           const struct fg_ca *other_signer)
{
    struct fg_authority_change change = {.version = version, .issued_ms = ISSUED_MS};
    struct fg_fixture_change made = {.length = 0};
    struct fg_error error;

    certificate_add(&change, first);
    certificate_add(&change, second);
    CHECK_OK(fg_authority_change_encode(&change, made.bytes, &made.length, &error), &error);
    if (signer != NULL)
        fg_fixture_change_sign(&made, signer);
    if (other_signer != NULL)
        fg_fixture_change_sign(&made, other_signer);
    return made;
}

void fg_fixture_authority_copy(const char *from, const char *to)
{
    struct fg_authority authority;
    struct fg_error error;
    FILE *file;

    CHECK_OK(fg_authority_read(fg_test_path(from), &authority, &error), &error);
    file = fopen(fg_test_path(to), "w");
    CHECK(file != NULL);
    CHECK(fputs(authority.pem, file) >= 0);
    CHECK_INT(fclose(file), 0);
}
