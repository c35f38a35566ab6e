/* Certificates to the millisecond, at either end of a connection: good from their first to their last moment
 * by the clock of whoever looks, whatever the system's clock says. */
#include <stdio.h>
#include <string.h>

#include "lib/crypto/certificate_watch.h"
#include "lib/crypto/x509_time.h"
#include "lib/net/https_client.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/server_fixture.h"

#define FROM_MS INT64_C(1767323045000) /* 2026-01-02 03:04:05 */
#define TO_MS INT64_C(1770001445000)   /* 2026-02-02 03:04:05 */

static struct fg_server_fixture fixture;
static struct fg_error error;
static int64_t client_ms;

static int64_t client_now(void *context)
{
    (void)context;
    return client_ms;
}

static void start(void)
{
    fg_fixture_authority("ca");
    fg_fixture_certificate("server", "ca", "/O=fillgate/OU=bureau/CN=b1", "260102030405Z", "260202030405Z",
                           "serverAuth");
    fg_fixture_certificate("c1", "ca", "/O=fillgate/OU=controller/CN=c1", "260102030405Z", "260202030405Z",
                           "clientAuth");
    fg_fixture_prepare(&fixture, false, 0);
    fixture.settings.connections_max = 50;
    fg_fixture_start(&fixture);
    fg_fixture_set_now_ms(FROM_MS);
}

/* What a client finds whose clock says this. */
static enum fg_err ask_at(int64_t now_ms)
{
    uint8_t body[512];
    char url[64];
    char ca[256];
    struct fg_https_settings settings = {.url = url,
                                         .ca_path = ca,
                                         .peer_roles = FG_HTTPS_BUREAU,
                                         .now_ms = client_now,
                                         .connect_max_ms = 20000,
                                         .write_max_ms = 20000,
                                         .first_byte_max_ms = 20000,
                                         .whole_max_ms = 20000};
    struct fg_https_request request = {
        .method = "GET", .path = "/who", .answer_max = sizeof(body), .answer_buffer = body};
    struct fg_https_answer answer;
    struct fg_https *https = NULL;
    enum fg_err result;

    client_ms = now_ms;
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", (unsigned)fg_server_port(fixture.server));
    (void)snprintf(ca, sizeof(ca), "%s", fg_test_path("ca.pem"));
    CHECK_OK(fg_https_new(&settings, &https, &error), &error);
    result = fg_https_ask(https, &request, &answer, &error);
    fg_https_free(https);
    return result;
}

TEST("a server's certificate is good for a client from its first to its last moment, by the client's clock")
{
    start();
    CHECK_OK(ask_at(FROM_MS), &error);
    CHECK_OK(ask_at(TO_MS), &error);
    CHECK_INT(ask_at(FROM_MS - 1), FG_E_EXPIRED);
    CHECK_HAS(error.text,
              "the peer's certificate is valid from 2026-01-02 03:04:05Z to 2026-02-02 03:04:05Z");
    CHECK_HAS(error.text, "the clock here says 2026-01-02 03:04:04Z");
    CHECK_INT(ask_at(TO_MS + 1), FG_E_EXPIRED);
    fg_fixture_stop(&fixture);
}

/* What the server answers whoever shows c1's certificate. */
static const char *who_at(int64_t now_ms)
{
    fg_fixture_set_now_ms(now_ms);
    return fg_fixture_shell(&fixture, NULL,
                            "curl -sS -k --max-time 60 --cert c1.pem --key c1.key "
                            "-w ' status=%%{http_code}' https://127.0.0.1:$PORT/secret");
}

TEST("a client's certificate is good for a server from its first second to its last, by the server's clock")
{
    start();
    CHECK_HAS(who_at(FROM_MS), "id=c1");
    CHECK_HAS(who_at(FROM_MS - 1),
              "not valid before 2026-01-02 03:04:05 UTC, it is 2026-01-02 03:04:04 here");
    CHECK_HAS(who_at(TO_MS + 999), "id=c1");
    CHECK_HAS(who_at(TO_MS + 1000), "expired at 2026-02-02 03:04:05 UTC, it is 2026-02-02 03:04:06 here");
    fg_fixture_stop(&fixture);
}

TEST("a certificate's time is that of the Gregorian calendar, leap days and centuries included")
{
    static const struct {
        mbedtls_x509_time time;
        int64_t seconds;
    } cases[] = {
        {{1970, 1, 1, 0, 0, 0}, 0},
        {{1970, 1, 1, 0, 0, 1}, 1},
        {{1970, 1, 1, 0, 1, 0}, 60},
        {{1970, 1, 1, 1, 0, 0}, 3600},
        {{1970, 1, 2, 0, 0, 0}, 86400},
        {{2000, 2, 29, 0, 0, 0}, INT64_C(951782400)},
        {{2000, 3, 1, 0, 0, 0}, INT64_C(951868800)},
        {{2026, 2, 28, 23, 59, 59}, INT64_C(1772323199)},
        {{2026, 3, 1, 0, 0, 0}, INT64_C(1772323200)},
        {{2100, 2, 28, 0, 0, 0}, INT64_C(4107456000)},
        {{2100, 3, 1, 0, 0, 0}, INT64_C(4107542400)},
        {{2400, 2, 29, 0, 0, 0}, INT64_C(13574563200)},
        {{9999, 12, 31, 23, 59, 59}, INT64_C(253402300799)},
        {{1950, 1, 1, 0, 0, 0}, INT64_C(-631152000)},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_INT(fg_x509_time_ms(&cases[i].time), cases[i].seconds * 1000);
}

TEST("days that are left are whole ones; from the moment of the end on they are counted below zero")
{
    static const int64_t day = 86400000;

    CHECK_INT(fg_certificate_days_left(100 * day, 90 * day), 10);
    CHECK_INT(fg_certificate_days_left(100 * day, 90 * day + 1), 9);
    CHECK_INT(fg_certificate_days_left(day, 1), 0);
    CHECK_INT(fg_certificate_days_left(day, day), 0);
    CHECK_INT(fg_certificate_days_left(day, day + 1), -1);
    CHECK_INT(fg_certificate_days_left(0, day), -1);
    CHECK_INT(fg_certificate_days_left(0, day + 1), -2);
}
