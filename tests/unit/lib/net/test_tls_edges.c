/* TLS at its edges: which URLs, roles and names a client takes, what a peer's refusal is called, and which
 * files make a server's identity. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/net/https_client.h"
#include "lib/net/server/server_log.h"
#include "lib/net/server/server_seats.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/server_fixture.h"

static struct fg_error error;

static int64_t now_ms(void *context)
{
    (void)context;
    return FG_FIXTURE_NOW_MS;
}

static enum fg_err make_client(const char *url, const char *peer_name)
{
    struct fg_https_settings settings = {
        .url = url, .peer_name = peer_name, .peer_roles = FG_HTTPS_UNPROVEN, .now_ms = now_ms};
    struct fg_https *https = NULL;
    enum fg_err result = fg_https_new(&settings, &https, &error);

    fg_https_free(https);
    return result;
}

TEST("BAD-INPUT-IS-SAFE: a URL is https, a host and perhaps a port, and nothing behind them")
{
    static const char *const good[] = {"https://a",         "https://a:1",        "https://a:65535",
                                       "https://a:00080",   "https://[::1]",      "https://[::1]:8443",
                                       "https://127.0.0.1", "https://b.example:9"};
    static const char *const bad[] = {"",
                                      "https://",
                                      "http://a",
                                      "https:/a",
                                      "HTTPS://a",
                                      "https://a/",
                                      "https://a/b",
                                      "https://a:",
                                      "https://a:0",
                                      "https://a:65536",
                                      "https://a:000080",
                                      "https://a:8x",
                                      "https://:80",
                                      "https://[]",
                                      "https://[::1",
                                      "https://[::1]x",
                                      "https://[::1]:",
                                      "https://a:-1",
                                      "https://[::1]/",
                                      "https://a]",
                                      "https://a[b",
                                      "https://[[::1]"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK_OK(make_client(good[i], NULL), &error);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (make_client(bad[i], NULL) != FG_E_ARG)
            fg_test_fail(__FILE__, __LINE__, "\"%s\" is taken for a URL", bad[i]);
    }
}

TEST("a URL and a peer's name have up to 255 characters")
{
    char url[FG_HTTPS_URL_MAX + 2] = "https://";
    char name[300];

    memset(url + 8, 'h', sizeof(url) - 8);
    url[FG_HTTPS_URL_MAX + 1] = '\0';
    CHECK_INT(make_client(url, NULL), FG_E_ARG);
    url[FG_HTTPS_URL_MAX] = '\0';
    CHECK_OK(make_client(url, NULL), &error);
    memset(name, 'n', sizeof(name));
    name[256] = '\0';
    CHECK_INT(make_client("https://a", name), FG_E_ARG);
    CHECK_HAS(error.text, "name is too long");
    name[255] = '\0';
    CHECK_OK(make_client("https://a", name), &error);
}

TEST("LIST-IS-SIGNED: a client says who its peer may be and by which authority, or that it looks at nothing "
     "of "
     "it")
{
    static const struct {
        uint8_t roles;
        bool has_ca;
        enum fg_err expected;
    } cases[] = {
        {FG_HTTPS_STATION, true, FG_OK},
        {FG_HTTPS_BUREAU, true, FG_OK},
        {FG_HTTPS_STATION | FG_HTTPS_BUREAU, true, FG_OK},
        {FG_HTTPS_STATION, false, FG_E_ARG},
        {0, true, FG_E_ARG},
        {4, true, FG_E_ARG},
        {FG_HTTPS_BUREAU | 4, true, FG_E_ARG},
        {FG_HTTPS_BUREAU | FG_HTTPS_UNPROVEN, true, FG_E_ARG},
        {FG_HTTPS_UNPROVEN, true, FG_E_ARG},
        {FG_HTTPS_UNPROVEN, false, FG_OK},
    };
    char path[256];

    fg_fixture_authority("ca");
    (void)snprintf(path, sizeof(path), "%s", fg_test_path("ca.pem"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fg_https_settings settings = {.url = "https://a",
                                             .peer_roles = cases[i].roles,
                                             .ca_path = cases[i].has_ca ? path : NULL,
                                             .now_ms = now_ms};
        struct fg_https *https = NULL;

        CHECK_INT(fg_https_new(&settings, &https, &error), cases[i].expected);
        fg_https_free(https);
    }
    {
        struct fg_https_settings settings = {
            .url = "https://a", .peer_roles = FG_HTTPS_UNPROVEN, .certificate_path = path, .now_ms = now_ms};
        struct fg_https *https = NULL;

        CHECK_INT(fg_https_new(&settings, &https, &error), FG_E_ARG);
        CHECK_HAS(error.text, "a certificate needs its key");
        settings.key_path = path;
        CHECK_INT(fg_https_new(&settings, &https, &error), FG_E_ARG);
        CHECK_HAS(error.text, "who the peer may be");
    }
}

/* ---- a peer's refusal ---- */

static const struct {
    uint8_t alert;
    const char *words;
} alerts[] = {
    {40, "handshake failure"},
    {42, "bad certificate"},
    {43, "unsupported certificate"},
    {44, "certificate revoked"},
    {45, "certificate expired"},
    {46, "certificate unknown"},
    {48, "unknown CA"},
    {49, "access denied"},
    {70, "does not speak TLS 1.2"},
    {116, "certificate required"},
    {80, "RFC 8446"},
};
#define ALERT_COUNT (sizeof(alerts) / sizeof(alerts[0]))

/* Answers each connection's hello with the next alert. */
static void *refuse_all(void *context)
{
    int listener = *(const int *)context;
    uint8_t record[] = {0x15, 3, 3, 0, 2, 2, 0};
    uint8_t hello[4096];

    for (size_t i = 0; i < ALERT_COUNT; i++) {
        int client = accept(listener, NULL, NULL);

        if (client < 0)
            break;
        record[6] = alerts[i].alert;
        (void)!recv(client, hello, sizeof(hello), 0);
        (void)!send(client, record, sizeof(record), MSG_NOSIGNAL);
        (void)shutdown(client, SHUT_WR);
        (void)!recv(client, hello, sizeof(hello), 0);
        (void)close(client);
    }
    return NULL;
}

TEST("each TLS refusal is told by its number and by what it means")
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct fg_https_settings settings = {.peer_roles = FG_HTTPS_UNPROVEN,
                                         .now_ms = now_ms,
                                         .connect_max_ms = 20000,
                                         .write_max_ms = 20000,
                                         .first_byte_max_ms = 20000,
                                         .whole_max_ms = 20000};
    struct fg_https_request request = {.method = "GET", .path = "/"};
    struct fg_https_answer answer;
    struct fg_https *https = NULL;
    pthread_t thread;
    char url[64];

    CHECK_INT(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    CHECK_INT(listen(listener, 4), 0);
    CHECK_INT(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", ntohs(address.sin_port));
    settings.url = url;
    CHECK_OK(fg_https_new(&settings, &https, &error), &error);
    CHECK_INT(pthread_create(&thread, NULL, refuse_all, &listener), 0);
    for (size_t i = 0; i < ALERT_COUNT; i++) {
        char number[32];

        CHECK_INT(fg_https_ask(https, &request, &answer, &error), FG_E_DENIED);
        (void)snprintf(number, sizeof(number), "TLS alert %u ", alerts[i].alert);
        CHECK_HAS(error.text, number);
        CHECK_HAS(error.text, alerts[i].words);
    }
    CHECK_INT(pthread_join(thread, NULL), 0);
    fg_https_free(https);
    (void)close(listener);
}

TEST("a client that gets no socket says so")
{
    struct fg_https_settings settings = {.url = "https://127.0.0.1:9",
                                         .peer_roles = FG_HTTPS_UNPROVEN,
                                         .now_ms = now_ms,
                                         .connect_max_ms = 20000,
                                         .write_max_ms = 20000,
                                         .first_byte_max_ms = 20000,
                                         .whole_max_ms = 20000};
    struct fg_https_request request = {.method = "GET", .path = "/"};
    struct fg_https_answer answer;
    struct fg_https *https = NULL;
    struct rlimit limit;
    struct rlimit none;
    enum fg_err result;

    CHECK_OK(fg_https_new(&settings, &https, &error), &error);
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 3;
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
    result = fg_https_ask(https, &request, &answer, &error);
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_INT(result, FG_E_IO);
    CHECK_HAS(error.text, "cannot make a socket");
    fg_https_free(https);
}

/* ---- a server's identity ---- */

static struct fg_server_fixture fixture;

static enum fg_err start_and_stop(void)
{
    struct fg_server *server = NULL;
    enum fg_err result = fg_server_start(&fixture.settings, &server, &fixture.error);

    fg_server_stop(server);
    return result;
}

static void shell(const char *command)
{
    int status = 0;
    const char *output = fg_fixture_shell(NULL, &status, "%s", command);

    if (status != 0)
        fg_test_fail(__FILE__, __LINE__, "%s: %s", command, output);
}

TEST("a server's certificate file holds 1 to 4 certificates in less than 64 KiB, its authority's any number")
{
    char path[FG_FIXTURE_OUTPUT_MAX / 64];

    fg_fixture_authority("ca");
    fg_fixture_certificate("server", "ca", "/O=fillgate/OU=bureau/CN=b1", "200101000000Z", "350101000000Z",
                           "serverAuth");
    shell("cat server.pem ca.pem ca.pem ca.pem >four.pem; cat four.pem ca.pem >five.pem;"
          "{ cat server.pem; head -c 65535 /dev/zero | tr '\\0' '\\n'; } | head -c 65535 >long.pem;"
          "cat long.pem >longer.pem; echo >>longer.pem; echo nonsense >none.pem; : >empty.pem;"
          "cat ca.pem ca.pem >two-ca.pem");
    fg_fixture_prepare(&fixture, false, 0);
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.certificate_path = fg_test_path("four.pem");
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.certificate_path = fg_test_path("five.pem");
    CHECK_INT(start_and_stop(), FG_E_FORMAT);
    CHECK_HAS(fixture.error.text, "not 1 to 4 certificates");
    fixture.settings.certificate_path = fg_test_path("empty.pem");
    CHECK_INT(start_and_stop(), FG_E_FORMAT);
    fixture.settings.certificate_path = fg_test_path("long.pem");
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.certificate_path = fg_test_path("longer.pem");
    CHECK_INT(start_and_stop(), FG_E_FORMAT);
    CHECK_HAS(fixture.error.text, "longer than a certificate file can be");
    fixture.settings.certificate_path = fg_test_path("absent.pem");
    CHECK_INT(start_and_stop(), FG_E_NOT_FOUND);
    fg_fixture_prepare(&fixture, false, 0);
    fixture.settings.ca_path = fg_test_path("two-ca.pem");
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.ca_path = fg_test_path("none.pem");
    CHECK_INT(start_and_stop(), FG_E_FORMAT);
    CHECK_HAS(fixture.error.text, "not certificates in PEM");
    fixture.settings.ca_path = NULL;
    CHECK_INT(start_and_stop(), FG_OK);
    fg_fixture_prepare(&fixture, false, 0);
    memset(path, 'p', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    fixture.settings.certificate_path = path;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    CHECK_HAS(fixture.error.text, "shorter than 512 bytes");
    fixture.settings.certificate_path = NULL;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    fg_fixture_prepare(&fixture, false, 0);
    fixture.settings.key_path = path;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    fixture.settings.key_path = NULL;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    path[511] = '\0';
    fixture.settings.key_path = path;
    CHECK_INT(start_and_stop(), FG_E_IO);
}

/* ---- places and lines of a log, to the millisecond ---- */

static struct fg_seats places;
static struct fg_seat seats[8];
static uint8_t next_network;

static struct fg_network another_network(void)
{
    struct fg_network network = {.family = 4, .bytes = {10, 0, 0, ++next_network}};

    return network;
}

TEST("places are shared between the proven and the others, and a party has its eighth, but at least 8")
{
    static const struct {
        uint32_t connections;
        uint32_t unproven;
        uint32_t proven;
        uint32_t party;
    } cases[] = {{1, 1, 0, 8},     {7, 4, 3, 8},     {8, 4, 4, 8},
                 {128, 64, 64, 8}, {144, 72, 72, 9}, {1000, 500, 500, 62}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_OK(fg_seats_start(&places, cases[i].connections, 0, 4, &error), &error);
        CHECK_INT(places.unproven_max, cases[i].unproven);
        CHECK_INT(places.proven_max, cases[i].proven);
        CHECK_INT(places.party_max, cases[i].party);
        fg_seats_end(&places);
    }
}

/* A network is proven at 1000 and comes back after `later_ms`; a stranger, who is newer, and then more than
 * there are places for. Whether the one that came back gives way first. */
static bool gives_way_after(int64_t later_ms)
{
    struct fg_network friend = another_network();
    struct fg_network network;
    struct fg_seat *first;

    memset(seats, 0, sizeof(seats));
    CHECK_OK(fg_seats_start(&places, 4, 0, 8, &error), &error);
    (void)fg_seats_enter(&places, &seats[0], &friend, 1000);
    (void)fg_seats_prove(&places, &seats[0], "device", 1000);
    (void)fg_seats_enter(&places, &seats[1], &friend, 1000); /* so that the network stays known */
    (void)fg_seats_enter(&places, &seats[2], &friend, 1000 + later_ms);
    fg_seats_leave(&places, &seats[1], 1000);
    network = another_network();
    (void)fg_seats_enter(&places, &seats[3], &network, 1000 + later_ms);
    network = another_network();
    first = fg_seats_enter(&places, &seats[4], &network, 1000 + later_ms);
    CHECK(first == &seats[2] || first == &seats[3]);
    fg_seats_end(&places);
    return first == &seats[2];
}

TEST("a network that was proven is a friend for a day, to the millisecond")
{
    CHECK(!gives_way_after(0));
    CHECK(!gives_way_after(FG_SEATS_FRIEND_MS));
    CHECK(gives_way_after(FG_SEATS_FRIEND_MS + 1));
}

static char last_line[FG_SERVER_LOG_LINE_BYTES + 16];
static unsigned line_count;

static void keep_line(void *context, const char *line)
{
    (void)context;
    line_count++;
    (void)snprintf(last_line, sizeof(last_line), "%s", line);
}

TEST("a server's log has 20 lines a second, each of up to 511 bytes, and a number for the rest")
{
    struct fg_server_log log;
    char text[1000];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    fg_server_log_start(&log, keep_line, NULL);
    line_count = 0;
    for (int i = 0; i < 20; i++)
        fg_server_log_line(&log, 1000, "%s", text);
    CHECK_INT(line_count, 20);
    CHECK_INT(strlen(last_line), FG_SERVER_LOG_LINE_BYTES - 1);
    fg_server_log_line(&log, 1999, "21");
    CHECK_INT(line_count, 20);
    fg_server_log_line(&log, 2000, " ~\x1f\x7f\x20z");
    CHECK_INT(line_count, 22);
    CHECK_TEXT(last_line, " ~?"
                          "? z");
    fg_server_log_end(&log, 2000);
    CHECK_INT(line_count, 22); /* nothing was held */
    fg_server_log_start(&log, NULL, NULL);
    fg_server_log_line(&log, 1, "nobody");
    fg_server_log_tick(&log, 2);
    fg_server_log_end(&log, 3);
}
