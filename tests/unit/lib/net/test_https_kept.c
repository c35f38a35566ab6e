/* The HTTPS client's kept-alive connection, against our own server: used again, opened anew when the server
 * has closed it, not opened anew when that could be a second answer; and the look-up of names. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/monotime.h"
#include "lib/net/https_client.h"
#include "lib/net/resolve.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/server_fixture.h"

#define WAIT_MAX_MS 30000

static uint8_t body[200000];

static int64_t fixture_now_ms(void *context)
{
    (void)context;
    return FG_FIXTURE_NOW_MS;
}

static struct fg_https *client_of(uint16_t port)
{
    char url[64];
    struct fg_https_settings settings = {.url = url,
                                         .peer_roles = FG_HTTPS_STATION | FG_HTTPS_BUREAU,
                                         .ca_path = fg_test_path("ca.pem"),
                                         .now_ms = fixture_now_ms,
                                         .connect_max_ms = WAIT_MAX_MS,
                                         .write_max_ms = WAIT_MAX_MS,
                                         .first_byte_max_ms = WAIT_MAX_MS,
                                         .whole_max_ms = WAIT_MAX_MS};
    struct fg_https *https = NULL;
    struct fg_error error;

    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", port);
    CHECK_OK(fg_https_new(&settings, &https, &error), &error);
    return https;
}

static struct fg_server_counts counts_of(const struct fg_server_fixture *fixture)
{
    struct fg_server_counts counts;

    fg_server_counts(fixture->server, &counts);
    return counts;
}

static void connections_await_none(const struct fg_server_fixture *fixture)
{
    int64_t deadline = fg_mono_ms() + WAIT_MAX_MS;

    while (counts_of(fixture).open > 0) {
        CHECK(fg_mono_ms() < deadline);
        fg_sleep_ms(20);
    }
}

static enum fg_err post(struct fg_https *https, const char *text, struct fg_https_answer *answer,
                        struct fg_error *error)
{
    struct fg_https_request request = {.method = "POST",
                                       .path = "/echo",
                                       .body = text,
                                       .body_length = strlen(text),
                                       .answer_max = sizeof(body),
                                       .answer_buffer = body};

    return fg_https_ask(https, &request, answer, error);
}

TEST("100 requests go over one connection, whatever is answered")
{
    struct fg_server_fixture fixture;
    struct fg_https *https;
    struct fg_https_answer answer;
    struct fg_error error;
    char text[32];

    fg_fixture_start_tls(&fixture, 0);
    https = client_of(fg_server_port(fixture.server));
    for (int i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof(text), "request %d", i);
        CHECK_OK(post(https, text, &answer, &error), &error);
        CHECK_INT(answer.status, 200);
        CHECK_INT(answer.length, strlen(text));
        CHECK_BYTES(body, text, strlen(text));
        CHECK(answer.date_ms != 0);
    }
    CHECK_INT(counts_of(&fixture).connections, 1);
    CHECK_INT(fg_fixture_handled(), 100);
    fg_https_free(https);
    fg_fixture_stop(&fixture);
}

TEST("a connection that the server has closed meanwhile is opened anew, for POST too, and told to nobody")
{
    struct fg_server_fixture fixture;
    struct fg_https *https;
    struct fg_https_answer answer;
    struct fg_error error;

    fg_fixture_start_tls(&fixture, 1500);
    https = client_of(fg_server_port(fixture.server));
    CHECK_OK(post(https, "first", &answer, &error), &error);
    connections_await_none(&fixture);
    CHECK_OK(post(https, "second", &answer, &error), &error);
    CHECK_BYTES(body, "second", 6);
    CHECK_INT(counts_of(&fixture).connections, 2);
    CHECK_INT(fg_fixture_handled(), 2);
    fg_https_close(https);
    CHECK_OK(post(https, "third", &answer, &error), &error);
    CHECK_INT(counts_of(&fixture).connections, 3);
    fg_https_free(https);
    fg_fixture_stop(&fixture);
}

TEST("an answer that breaks off is not asked for again behind the caller's back")
{
    struct fg_server_fixture fixture;
    struct fg_https *https;
    struct fg_https_answer answer;
    struct fg_error error;
    struct fg_https_request broken = {
        .method = "GET", .path = "/stream?fail=1", .answer_max = sizeof(body), .answer_buffer = body};

    fg_fixture_start_tls(&fixture, 0);
    https = client_of(fg_server_port(fixture.server));
    CHECK_OK(post(https, "first", &answer, &error), &error);
    CHECK_INT(fg_https_ask(https, &broken, &answer, &error), FG_E_GONE);
    CHECK_HAS(error.text, "https://127.0.0.1:");
    CHECK_HAS(error.text, "/stream?fail=1: the peer closed the connection while waiting for the answer");
    CHECK_INT(fg_fixture_handled(), 2);
    CHECK_OK(post(https, "after it", &answer, &error), &error);
    fg_https_free(https);
    fg_fixture_stop(&fixture);
}

TEST("a server that has gone is told as gone, and one that came back is found")
{
    struct fg_server_fixture fixture;
    struct fg_https *https;
    struct fg_https_answer answer;
    struct fg_error error;
    uint16_t port;

    fg_fixture_start_tls(&fixture, 0);
    port = fg_server_port(fixture.server);
    https = client_of(port);
    CHECK_OK(post(https, "first", &answer, &error), &error);
    fg_fixture_stop(&fixture);
    CHECK_INT(post(https, "nobody hears it", &answer, &error), FG_E_GONE);
    CHECK_HAS(error.text, "cannot connect");
    fixture.settings.port = port;
    CHECK_OK(fg_server_start(&fixture.settings, &fixture.server, &error), &error);
    CHECK_OK(post(https, "again", &answer, &error), &error);
    fg_https_free(https);
    fg_fixture_stop(&fixture);
}

TEST("part of a file is asked for, and a body too large for the peer is answered with its status")
{
    struct fg_server_fixture fixture;
    struct fg_https *https;
    struct fg_https_answer answer;
    struct fg_error error;
    static char large[FG_FIXTURE_BODY_MAX + 2];
    struct fg_https_request part = {.method = "GET",
                                    .path = "/file",
                                    .range_from = 99990,
                                    .answer_max = sizeof(body),
                                    .answer_buffer = body};

    fg_fixture_start_tls(&fixture, 0);
    https = client_of(fg_server_port(fixture.server));
    CHECK_OK(fg_https_ask(https, &part, &answer, &error), &error);
    CHECK_INT(answer.status, 206);
    CHECK_INT(answer.length, 10);
    CHECK_BYTES(body, "000010000\n", 10);
    CHECK_TEXT(answer.etag, "\"v1\"");
    memset(large, 'x', sizeof(large) - 1);
    CHECK_OK(post(https, large, &answer, &error), &error);
    CHECK_INT(answer.status, 413);
    fg_https_free(https);
    fg_fixture_stop(&fixture);
}

TEST("names and addresses are looked up; time that is over and names that cannot be are told")
{
    static const char *const hosts[] = {"127.0.0.1", "::1", "localhost"};
    struct addrinfo *addresses;
    struct fg_error error;
    char long_name[FG_HOST_MAX + 2];

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        CHECK_OK(fg_resolve(hosts[i], "8443", fg_mono_ms() + WAIT_MAX_MS, &addresses, &error), &error);
        CHECK_INT(addresses->ai_socktype, SOCK_STREAM);
        CHECK_INT(ntohs(((const struct sockaddr_in *)(const void *)addresses->ai_addr)->sin_port), 8443);
        freeaddrinfo(addresses);
    }
    CHECK_OK(fg_resolve("127.0.0.1", "1", 0, &addresses, &error), &error);
    freeaddrinfo(addresses);
    CHECK_INT(fg_resolve("localhost", "1", 0, &addresses, &error), FG_E_TIMEOUT);
    CHECK_INT(fg_resolve("a b", "1", fg_mono_ms() + WAIT_MAX_MS, &addresses, &error), FG_E_IO);
    CHECK_HAS(error.text, "a b: cannot look the name up");
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    CHECK_INT(fg_resolve(long_name, "1", fg_mono_ms() + WAIT_MAX_MS, &addresses, &error), FG_E_ARG);
}

/* Whether the thread or the deadline is first, nothing is lost or freed twice: the sanitizers watch. */
TEST("BAD-INPUT-IS-SAFE: a look-up that is left behind releases what it has by itself")
{
    struct fg_error error;

    for (int i = 0; i < 50; i++) {
        struct addrinfo *addresses = NULL;
        enum fg_err result = fg_resolve("localhost", "1", fg_mono_ms() + 1, &addresses, &error);

        CHECK(result == FG_OK || result == FG_E_TIMEOUT);
        CHECK((result == FG_OK) == (addresses != NULL));
        if (result == FG_OK)
            freeaddrinfo(addresses);
    }
    fg_sleep_ms(200);
}
