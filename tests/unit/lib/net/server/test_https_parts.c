/* The HTTPS server's small parsers: client certificates with a device key, ranges, request targets. */
#include "tests/lib/check.h"

#include <stdio.h>
#include <string.h>

#include "lib/net/server/private.h"
#include "lib/net/server/server_peer.h"
#include "tests/lib/fixture/server_fixture.h"

#define G_HEX                                                                                                \
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"                                     \
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

/* A self-signed certificate with these extensions, in DER. */
static size_t make_certificate(const char *subject, const char *extensions, uint8_t *der, size_t capacity)
{
    int status = 0;
    FILE *file;
    size_t length;

    (void)fg_fixture_shell(
        NULL, &status,
        "openssl ecparam -name prime256v1 -genkey -noout -out k && printf '[req]\\n"
        "distinguished_name=n\\n[n]\\n[e]\\n%s' >conf && openssl req -x509 -new -key k -utf8 "
        "-subj '%s' -config conf -extensions e -days 10 -outform DER -out der",
        extensions, subject);
    CHECK_INT(status, 0);
    file = fopen(fg_test_path("der"), "r");
    CHECK(file != NULL);
    length = fread(der, 1, capacity, file);
    (void)fclose(file);
    return length;
}

#define CLIENT "extendedKeyUsage=clientAuth\\nbasicConstraints=CA:FALSE\\n"
#define SUBJECT "/O=fillgate/OU=controller/CN=c1"

TEST("a controller's certificate names its journal key")
{
    struct fg_peer peer;
    struct fg_error error;
    uint8_t der[4096];
    size_t length = make_certificate(SUBJECT, CLIENT "subjectAltName=DNS:x,URI:fillgate:device:" G_HEX "\\n",
                                     der, sizeof(der));

    CHECK_OK(fg_peer_parse(der, length, &peer, &error), &error);
    CHECK_TEXT(peer.role, "controller");
    CHECK_TEXT(peer.id, "c1");
    CHECK(peer.has_device_key);
    CHECK_INT(peer.device_key.point[64], 0xf5);
    length = make_certificate(SUBJECT, CLIENT "subjectAltName=URI:https://fillgate\\n", der, sizeof(der));
    CHECK_OK(fg_peer_parse(der, length, &peer, &error), &error);
    CHECK(!peer.has_device_key);
}

static void check_malformed(const char *subject, const char *extensions, const char *reason)
{
    struct fg_peer peer;
    struct fg_error error;
    uint8_t der[4096];
    size_t length = make_certificate(subject, extensions, der, sizeof(der));

    CHECK_INT(fg_peer_parse(der, length, &peer, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, reason);
}

TEST("BAD-INPUT-IS-SAFE: a device key that is short, off the curve, in capitals or given twice is refused")
{
    check_malformed(SUBJECT, CLIENT "subjectAltName=URI:fillgate:device:04\\n", "device key");
    check_malformed(SUBJECT, CLIENT "subjectAltName=URI:fillgate:device:04" G_HEX "\\n", "device key");
    check_malformed(SUBJECT,
                    CLIENT "subjectAltName=URI:fillgate:device:"
                           "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                           "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f6\\n",
                    "device key");
    check_malformed(SUBJECT,
                    CLIENT "subjectAltName=URI:fillgate:device:"
                           "046B17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                           "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5\\n",
                    "device key");
    check_malformed(SUBJECT,
                    CLIENT "subjectAltName=URI:fillgate:device:" G_HEX ",URI:fillgate:device:" G_HEX "\\n",
                    "device key");
}

TEST("BAD-INPUT-IS-SAFE: a certificate without purpose, of a CA, or with strange names is refused")
{
    check_malformed(SUBJECT, "basicConstraints=CA:FALSE\\n", "purpose");
    check_malformed(SUBJECT, "extendedKeyUsage=clientAuth\\nbasicConstraints=CA:TRUE\\n", "purpose");
    check_malformed("/O=fillgate/OU=controller/CN=c 1", CLIENT, "subject");
    check_malformed("/O=fillgate/OU=controller/CN=粤A", CLIENT, "subject");
    check_malformed("/O=fillgate/OU=controller/CN=c1/L=x", CLIENT, "subject");
    check_malformed("/O=filegate/OU=controller/CN=c1", CLIENT, "subject");
    check_malformed("/O=fillgate/OU=controller/CN=a23456789012345678901234567890ab", CLIENT, "subject");
}

TEST("BAD-INPUT-IS-SAFE: a certificate cut at any byte is refused")
{
    struct fg_peer peer;
    struct fg_error error;
    uint8_t der[4096];
    size_t length = make_certificate(SUBJECT, CLIENT, der, sizeof(der));

    CHECK_OK(fg_peer_parse(der, length, &peer, &error), &error);
    for (size_t i = 0; i < length; i++)
        CHECK_INT(fg_peer_parse(der, i, &peer, &error), FG_E_FORMAT);
}

TEST("a range is found within the length, or unusable, or beyond it")
{
    static const struct {
        const char *header;
        uint16_t status;
        uint64_t from;
        uint64_t length;
    } cases[] = {
        {NULL, 200, 0, 1000},
        {"bytes=0-0", 206, 0, 1},
        {"bytes=999-", 206, 999, 1},
        {"bytes=5-18446744073709551615", 206, 5, 995},
        {"bytes=-1", 206, 999, 1},
        {"bytes=-5000", 206, 0, 1000},
        {"bytes=1000-", 416, 0, 0},
        {"bytes=-0", 416, 0, 0},
        {"bytes=5-4", 200, 0, 1000},
        {"bytes=", 200, 0, 1000},
        {"bytes=-", 200, 0, 1000},
        {"bytes=a-", 200, 0, 1000},
        {"bytes=0-1,3-4", 200, 0, 1000},
        {"bytes=0-18446744073709551616", 200, 0, 1000},
        {"lines=0-1", 200, 0, 1000},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint16_t status = 0;
        uint64_t from = 0;
        uint64_t length = 0;

        fg_server_range_parse(cases[i].header, 1000, &status, &from, &length);
        CHECK_INT(status, cases[i].status);
        CHECK_INT(from, cases[i].from);
        CHECK_INT(length, cases[i].length);
    }
}
