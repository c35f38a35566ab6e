/* The HTTPS server's client certificates, with the real clients curl and openssl s_client. */
#include "tests/lib/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/fixture/server_fixture.h"

#define EARLY "200101000000Z"
#define LATE "350101000000Z"
#define SUBJECT "/O=fillgate/OU=controller/CN=c1"
#define CURL "curl -sS --cacert ca.pem --max-time 60 -w ' status=%%{http_code}' "

static const char *ask_as(const struct fg_server_fixture *fixture, const char *name, const char *path)
{
    return fg_fixture_shell(fixture, NULL, CURL "--cert %s.pem --key %s.key https://127.0.0.1:$PORT%s", name,
                            name, path);
}

static struct fg_server_counts counts_of(const struct fg_server_fixture *fixture)
{
    struct fg_server_counts counts;

    fg_server_counts(fixture->server, &counts);
    return counts;
}

TEST("a good certificate: the handler sees role, id, key and end of validity")
{
    struct fg_server_fixture fixture;
    const char *output;

    fg_fixture_start_tls(&fixture, 0);
    fg_fixture_certificate("good", "ca", SUBJECT, EARLY, LATE, "clientAuth");
    output = ask_as(&fixture, "good", "/secret");
    CHECK_HAS(output, "kind=1 role=controller id=c1 key=04");
    CHECK_HAS(output, "to=2051222400999 from=127.0.0.1");
    CHECK_HAS(output, "status=200");
    CHECK_INT(counts_of(&fixture).refused_certificates, 0);
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: without a certificate a route that needs one is 401, another is served")
{
    struct fg_server_fixture fixture;

    fg_fixture_start_tls(&fixture, 0);
    CHECK_HAS(fg_fixture_shell(&fixture, NULL, CURL "https://127.0.0.1:$PORT/secret"), "status=401");
    CHECK_INT(fg_fixture_handled(), 0);
    CHECK_HAS(fg_fixture_shell(&fixture, NULL, CURL "https://127.0.0.1:$PORT/who"), "kind=0 role= id=");
    fg_fixture_stop(&fixture);
}

/* Makes a certificate that is wrong in one way and checks that even an open route refuses it. */
static void check_refused(const char *ca, const char *subject, const char *from, const char *to,
                          const char *usage, const char *reason)
{
    struct fg_server_fixture fixture;
    const char *output;

    fg_fixture_start_tls(&fixture, 0);
    if (strcmp(ca, "ca") != 0)
        fg_fixture_authority(ca);
    fg_fixture_certificate("bad", ca, subject, from, to, usage);
    output = ask_as(&fixture, "bad", "/who");
    CHECK_HAS(output, reason);
    CHECK_HAS(output, "status=403");
    CHECK_INT(fg_fixture_handled(), 0);
    CHECK_INT(counts_of(&fixture).refused_certificates, 1);
    CHECK_HAS(fg_fixture_log(), reason);
    CHECK_HAS(fg_fixture_log(), "127.0.0.1: 403");
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: a certificate of another CA is 403, also on a route that needs none")
{
    check_refused("other", SUBJECT, EARLY, LATE, "clientAuth", "not issued by the CA");
}

TEST("BAD-INPUT-IS-SAFE: an expired certificate is 403, by the server's clock")
{
    check_refused("ca", SUBJECT, EARLY, "260920000000Z", "clientAuth", "expired at 2026-09-20 00:00:00 UTC");
}

TEST("BAD-INPUT-IS-SAFE: a certificate that is not valid yet is 403, by the server's clock")
{
    check_refused("ca", SUBJECT, "260922000000Z", LATE, "clientAuth",
                  "not valid before 2026-09-22 00:00:00 UTC");
}

TEST("BAD-INPUT-IS-SAFE: a certificate for servers only is 403")
{
    check_refused("ca", SUBJECT, EARLY, LATE, "serverAuth", "purpose");
}

TEST("BAD-INPUT-IS-SAFE: a certificate with a foreign subject is 403")
{
    check_refused("ca", "/O=fillgate/CN=c1", EARLY, LATE, "clientAuth", "subject");
}

TEST("BAD-INPUT-IS-SAFE: a certificate whose id could be a path is 403")
{
    check_refused("ca", "/O=fillgate/OU=controller/CN=..\\/etc", EARLY, LATE, "clientAuth", "subject");
}

TEST("BAD-INPUT-IS-SAFE: a certificate with two ids is 403")
{
    check_refused("ca", "/O=fillgate/OU=controller/CN=c1/CN=c2", EARLY, LATE, "clientAuth", "subject");
}

TEST("BAD-INPUT-IS-SAFE: a certificate with an RSA or P-384 key is 403")
{
    static const char *const makers[] = {"openssl genrsa -out bad.key 2048",
                                         "openssl ecparam -name secp384r1 -genkey -noout -out bad.key"};

    for (size_t i = 0; i < 2; i++) {
        struct fg_server_fixture fixture;
        const char *output;

        fg_fixture_start_tls(&fixture, 0);
        (void)fg_fixture_shell(NULL, NULL, "rm -f bad.*; %s", makers[i]);
        fg_fixture_certificate("bad", "ca", SUBJECT, EARLY, LATE, "clientAuth");
        output = ask_as(&fixture, "bad", "/who");
        CHECK_HAS(output, "its key is not of the curve P-256");
        CHECK_HAS(output, "status=403");
        fg_fixture_stop(&fixture);
    }
}

TEST("the same certificate is good or bad as the server's clock moves, whatever the system's clock says")
{
    struct fg_server_fixture fixture;

    fg_fixture_start_tls(&fixture, 0);
    fg_fixture_certificate("then", "ca", SUBJECT, "210101000000Z", "210201000000Z", "clientAuth");
    CHECK_HAS(ask_as(&fixture, "then", "/secret"), "status=403");
    fg_fixture_set_now_ms(INT64_C(1610000000000)); /* 2021-01-07 */
    CHECK_HAS(ask_as(&fixture, "then", "/secret"), "status=200");
    fg_fixture_set_now_ms(INT64_C(2060000000000)); /* after the CA itself */
    fg_fixture_certificate("longer", "ca", SUBJECT, EARLY, "360101000000Z", "clientAuth");
    CHECK_HAS(ask_as(&fixture, "longer", "/secret"), "the CA that issued it is not valid");
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: a certificate in the peer's hands without its key never gets past the handshake")
{
    struct fg_server_fixture fixture;
    int status = 0;

    fg_fixture_start_tls(&fixture, 0);
    fg_fixture_certificate("good", "ca", SUBJECT, EARLY, LATE, "clientAuth");
    fg_fixture_certificate("thief", "ca", "/O=fillgate/OU=controller/CN=c2", EARLY, LATE, "clientAuth");
    (void)fg_fixture_shell(&fixture, &status,
                           CURL "--cert good.pem --key thief.key https://127.0.0.1:$PORT/secret");
    CHECK(status != 0);
    CHECK_INT(fg_fixture_handled(), 0);
    fg_fixture_stop(&fixture);
}

TEST("TLS 1.2 and 1.3 are spoken, older versions and RSA key exchange are not, nothing is resumed")
{
    struct fg_server_fixture fixture;
    const char *client = "openssl s_client -CAfile ca.pem -connect 127.0.0.1:$PORT </dev/null";

    fg_fixture_start_tls(&fixture, 0);
    CHECK_HAS(fg_fixture_shell(&fixture, NULL, "%s -tls1_3", client), "New, TLSv1.3");
    CHECK_HAS(fg_fixture_shell(&fixture, NULL, "%s -tls1_2", client), "New, TLSv1.2");
    CHECK_HAS(fg_fixture_shell(&fixture, NULL, "%s -tls1_1 -cipher ALL:@SECLEVEL=0", client), "New, (NONE)");
    CHECK_HAS(fg_fixture_shell(&fixture, NULL, "%s -tls1_2 -cipher AES128-SHA", client), "New, (NONE)");
    CHECK(strstr(fg_fixture_shell(&fixture, NULL, "%s -tls1_2", client), "TLS session ticket:") == NULL);
    CHECK(strstr(fg_fixture_shell(&fixture, NULL,
                                  "(sleep 0.2) | openssl s_client -CAfile ca.pem "
                                  "-connect 127.0.0.1:$PORT -tls1_3"),
                 "TLS session ticket:") == NULL);
    CHECK_HAS(fg_fixture_shell(&fixture, NULL,
                               "openssl s_client -CAfile ca.pem -connect 127.0.0.1:$PORT -reconnect -tls1_2 "
                               "</dev/null | grep -c '^New, TLS'"),
              "6");
    fg_fixture_stop(&fixture);
}

TEST("a connection opened with a good certificate ends to be good when the certificate expires")
{
    struct fg_server_fixture fixture;
    const char *output;

    fg_fixture_start_tls(&fixture, 0);
    fg_fixture_certificate("good", "ca", SUBJECT, EARLY, "260922000000Z", "clientAuth");
    (void)fg_fixture_shell(NULL, NULL, "mkfifo in");
    (void)fg_fixture_shell(&fixture, NULL,
                           "openssl s_client -quiet -CAfile ca.pem -cert good.pem -key good.key -connect "
                           "127.0.0.1:$PORT <in >out 2>/dev/null & exec 3>in; "
                           "printf 'GET /secret HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3; "
                           "for i in $(seq 600); do grep -q kind=1 out && break; sleep 0.1; done; (sleep 60 "
                           ">/dev/null 2>&1; true) >&3 2>/dev/null & echo $! >holder");
    CHECK_HAS(fg_fixture_shell(NULL, NULL, "cat out"), "kind=1");
    fg_fixture_set_now_ms(FG_FIXTURE_NOW_MS + 2 * INT64_C(86400000));
    output = fg_fixture_shell(
        NULL, NULL,
        "printf 'GET /secret HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >in; for i in $(seq 600); do "
        "grep -q 'during this connection' out && break; sleep 0.1; done; cat out; kill "
        "$(cat holder)");
    CHECK_HAS(output, "403 Forbidden");
    CHECK_HAS(output, "expired during this connection");
    CHECK_INT(fg_fixture_handled(), 1);
    fg_fixture_stop(&fixture);
}

TEST("the certificate is reloaded under load without a failed request; a bad file leaves the old one in use")
{
    struct fg_server_fixture fixture;
    struct fg_error error;
    const char *serial = "openssl s_client -CAfile ca.pem -connect 127.0.0.1:$PORT </dev/null 2>/dev/null | "
                         "openssl x509 -noout -subject";

    fg_fixture_start_tls(&fixture, 0);
    (void)fg_fixture_shell(
        &fixture, NULL,
        "(for i in $(seq 60); do curl -sS -o /dev/null --cacert ca.pem -w '%%{http_code}\\n' "
        "https://127.0.0.1:$PORT/who; done >load 2>&1; touch finished) >/dev/null 2>&1 &");
    for (int i = 0; i < 20; i++) {
        fg_fixture_certificate("server", "ca", i % 2 == 0 ? "/O=fillgate/CN=second" : "/O=fillgate/CN=first",
                               EARLY, LATE, "serverAuth");
        CHECK_OK(fg_server_reload(fixture.server, &error), &error);
    }
    CHECK_HAS(fg_fixture_shell(&fixture, NULL, "%s", serial), "CN = first");
    CHECK_HAS(fg_fixture_shell(NULL, NULL,
                               "for i in $(seq 600); do [ -e finished ] && break; sleep 0.1; done; grep -c "
                               "'^200$' load"),
              "60");
    (void)fg_fixture_shell(NULL, NULL, "echo nonsense >server.pem");
    CHECK_INT(fg_server_reload(fixture.server, &error), FG_E_FORMAT);
    CHECK_HAS(fg_fixture_shell(&fixture, NULL, "%s", serial), "CN = first");
    fg_fixture_stop(&fixture);
}

TEST("a server does not start with a key that others can read, of another certificate, or missing")
{
    struct fg_server_fixture fixture;
    struct fg_server *server = NULL;
    struct fg_error error;

    fg_fixture_start_tls(&fixture, 0);
    fg_fixture_certificate("good", "ca", SUBJECT, EARLY, LATE, "clientAuth");
    fixture.settings.key_path = fg_test_path("good.key");
    CHECK_INT(fg_server_start(&fixture.settings, &server, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "not the certificate of the key");
    (void)fg_fixture_shell(NULL, NULL, "chmod 644 good.key");
    CHECK_INT(fg_server_start(&fixture.settings, &server, &error), FG_E_DENIED);
    fixture.settings.key_path = fg_test_path("missing.key");
    CHECK_INT(fg_server_start(&fixture.settings, &server, &error), FG_E_NOT_FOUND);
    fixture.settings.key_path = fg_test_path("server.key");
    fixture.settings.ca_path = fg_test_path("server.key");
    CHECK_INT(fg_server_start(&fixture.settings, &server, &error), FG_E_FORMAT);
    fixture.settings.ca_path = fg_test_path("ca.pem");
    fixture.settings.certificate_path = NULL;
    CHECK_INT(fg_server_start(&fixture.settings, &server, &error), FG_E_ARG);
    CHECK(server == NULL);
    fg_fixture_stop(&fixture);
}
