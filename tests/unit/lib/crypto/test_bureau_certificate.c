/* Whose certificate a stranger shows: the bureau's, another's of ours, or one that has nothing to do with us.
 */
#include <stdio.h>
#include <string.h>

#include "lib/crypto/certificate.h"
#include "proto/journal/chain.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/server_fixture.h"

static struct fg_error error;

/* Judges the certificate in NAME.pem of the test's directory. */
static enum fg_err judge(const char *name)
{
    uint8_t der[4096];
    size_t length;
    int status = 0;
    FILE *file;

    (void)fg_fixture_shell(NULL, &status, "openssl x509 -in %s.pem -outform DER -out der", name);
    CHECK_INT(status, 0);
    file = fopen(fg_test_path("der"), "rb");
    CHECK(file != NULL);
    length = fread(der, 1, sizeof(der), file);
    (void)fclose(file);
    return fg_certificate_is_bureau(der, length, &error);
}

static enum fg_err judge_own(const char *subject)
{
    int status = 0;

    (void)fg_fixture_shell(
        NULL, &status,
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout k "
        "-days 10 -subj '%s' -out own.pem",
        subject);
    CHECK_INT(status, 0);
    return judge("own");
}

TEST("a certificate of our authority is the bureau's or nobody's whom we ask; one of others is not judged "
     "here")
{
    fg_fixture_authority("ca");
    fg_fixture_certificate("b", "ca", "/O=fillgate/OU=bureau/CN=b1", "200101000000Z", "350101000000Z",
                           "serverAuth");
    fg_fixture_certificate("s", "ca", "/O=fillgate/OU=station/CN=s1", "200101000000Z", "350101000000Z",
                           "serverAuth");
    fg_fixture_certificate("n", "ca", "/O=fillgate/CN=s1", "200101000000Z", "350101000000Z", "serverAuth");
    CHECK_OK(judge("b"), &error);
    CHECK_INT(judge("s"), FG_E_AUTH);
    CHECK_HAS(error.text, "is for station s1");
    CHECK_INT(judge("n"), FG_E_AUTH);
    CHECK_HAS(error.text, "says no role");
    CHECK_INT(judge_own("/O=fillgate/OU=ca/CN=x"), FG_E_AUTH);
    CHECK_OK(judge_own("/O=fill/OU=ca/CN=x"), &error);
    CHECK_OK(judge_own("/O=fillgates/OU=ca/CN=x"), &error);
    CHECK_OK(judge_own("/O=fillgate/OU=c/CN=x"), &error);
    CHECK_OK(judge_own("/OU=ca/CN=x"), &error);
    CHECK_INT(fg_certificate_is_bureau((const uint8_t *)"0", 1, &error), FG_E_FORMAT);
    CHECK_INT(fg_certificate_is_bureau((const uint8_t *)"", 0, &error), FG_E_FORMAT);
}

TEST("a head of the longest name comes back whole, and an envelope around nonsense is none")
{
    static const uint8_t nonsense[] = {0x0a, 2, 0xff, 0xff};
    struct fg_head head = {.sequence = UINT64_MAX};
    struct fg_head back;
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    memset(head.controller, 'n', FG_NAME_MAX);
    memset(head.hash.bytes, 0xff, FG_DIGEST_BYTES);
    memset(signature.bytes, 0xff, FG_SIGNATURE_BYTES);
    CHECK_OK(fg_head_encode(&head, &signature, bytes, sizeof(bytes), &length, &error), &error);
    memset(&back, 0, sizeof(back));
    CHECK_OK(fg_head_decode(bytes, length, &back, &signature, &error), &error);
    CHECK_TEXT(back.controller, head.controller);
    CHECK(back.sequence == UINT64_MAX);
    CHECK_BYTES(back.hash.bytes, head.hash.bytes, FG_DIGEST_BYTES);
    CHECK_INT(fg_head_encode(&head, &signature, bytes, length - 1, &length, &error), FG_E_SIZE);
    CHECK_INT(fg_head_decode(nonsense, sizeof(nonsense), &back, &signature, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "message does not parse");
    CHECK_INT(fg_head_decode(nonsense, 3, &back, &signature, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "not a signed statement");
}
