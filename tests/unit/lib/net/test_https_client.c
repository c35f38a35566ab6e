/* The HTTPS client against openssl's server, which answers what each test tells it to. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/pki/ca.h"
#include "lib/base/monotime.h"
#include "lib/crypto/certificate_file.h"
#include "lib/net/https_client.h"
#include "tests/lib/check.h"

#define NOW_MS INT64_C(1795392000000)
#define DAY_MS INT64_C(86400000)
#define ANSWER_OK                                                                                            \
    "printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nETag: \"7\"\\r\\n\\r\\nhello'; sleep 20"

struct bench {
    uint16_t port;
    pid_t server;
    int64_t now_ms;
    struct fg_https *https;
    uint8_t body[4096];
    struct fg_https_answer answer;
    struct fg_error error;
};

static void certificate_make(struct fg_ca *ca, const char *role, const char *name, int64_t from_ms,
                             int64_t to_ms)
{
    struct fg_private_key key;
    struct fg_certificate certificate;
    struct fg_certificate_part part = {certificate.bytes, 0};
    struct fg_certificate_order order = {.role = role,
                                         .id = name,
                                         .key = &key.public_key,
                                         .name_count = strcmp(name, "nameless") == 0 ? 0 : 2,
                                         .names = {"127.0.0.1", "localhost"},
                                         .from_ms = from_ms,
                                         .to_ms = to_ms};
    struct fg_error error;
    char file[64];

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_ca_issue(ca, &order, &certificate, &error), &error);
    part.length = certificate.length;
    (void)snprintf(file, sizeof(file), "%s.pem", name);
    CHECK_OK(fg_certificates_write(fg_test_path(file), &part, 1, &error), &error);
    (void)snprintf(file, sizeof(file), "%s.key", name);
    CHECK_OK(fg_private_key_write(fg_test_path(file), &key, &error), &error);
}

/* openssl tests the client's certificate by the system's clock, so these are valid around the real now too.
 */
static void certificates_make(void)
{
    struct fg_ca *ca;
    struct fg_error error;

    CHECK_OK(fg_ca_create(fg_test_path("ca"), "test", NOW_MS - 3650 * DAY_MS, 7300, &error), &error);
    CHECK_OK(fg_ca_create(fg_test_path("other"), "other", NOW_MS - 3650 * DAY_MS, 7300, &error), &error);
    CHECK_OK(fg_ca_open(fg_test_path("ca"), &ca, &error), &error);
    certificate_make(ca, "station", "server", NOW_MS - 3650 * DAY_MS, NOW_MS + 3650 * DAY_MS);
    certificate_make(ca, "controller", "client", NOW_MS - 3650 * DAY_MS, NOW_MS + 3650 * DAY_MS);
    certificate_make(ca, "station", "nameless", NOW_MS - 3650 * DAY_MS, NOW_MS + 3650 * DAY_MS);
    certificate_make(ca, "station", "short", NOW_MS - DAY_MS, NOW_MS + DAY_MS);
    fg_ca_close(ca);
    CHECK_OK(fg_ca_open(fg_test_path("other"), &ca, &error), &error);
    certificate_make(ca, "controller", "rogue", NOW_MS - 3650 * DAY_MS, NOW_MS + 3650 * DAY_MS);
    fg_ca_close(ca);
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_INT(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    CHECK_INT(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
    (void)close(descriptor);
    return ntohs(address.sin_port);
}

static void port_await(uint16_t port)
{
    int64_t deadline = fg_mono_ms() + 10000;
    char command[128];

    (void)snprintf(command, sizeof(command), "grep -q ':%04X 00000000:0000 0A' /proc/net/tcp /proc/net/tcp6",
                   port);
    while (system(command) != 0) {
        CHECK(fg_mono_ms() < deadline);
        fg_sleep_ms(10);
    }
}

/* The server sends what `says` prints to each client that connects. */
static void serve(struct bench *bench, const char *certificate, const char *says)
{
    char command[2048];

    memset(bench, 0, sizeof(*bench));
    bench->now_ms = NOW_MS;
    bench->port = free_port();
    certificates_make();
    (void)snprintf(command, sizeof(command),
                   "cd %s && (%s) | exec openssl s_server -4 -accept 127.0.0.1:%u -cert %s.pem -key %s.key "
                   "-CAfile ca/ca.pem "
                   "-Verify 2 -verify_return_error -quiet >server.log 2>&1",
                   fg_test_directory(), says, bench->port, certificate, certificate);
    bench->server = fork();
    CHECK(bench->server >= 0);
    if (bench->server == 0) {
        (void)setpgid(0, 0);
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    (void)setpgid(bench->server, bench->server);
    port_await(bench->port);
}

/* A server without TLS that sends what `says` prints. */
static void serve_raw(struct bench *bench, const char *says)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(bench, 0, sizeof(*bench));
    bench->now_ms = NOW_MS;
    certificates_make();
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_INT(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    CHECK_INT(listen(descriptor, 4), 0);
    CHECK_INT(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
    bench->port = ntohs(address.sin_port);
    bench->server = fork();
    CHECK(bench->server >= 0);
    if (bench->server == 0) {
        int client;

        (void)setpgid(0, 0);
        client = accept(descriptor, NULL, NULL);
        (void)dup2(client, STDOUT_FILENO);
        (void)execl("/bin/sh", "sh", "-c", says, (char *)NULL);
        _exit(127);
    }
    (void)setpgid(bench->server, bench->server);
    (void)close(descriptor);
}

static int64_t bench_now_ms(void *context)
{
    return ((struct bench *)context)->now_ms;
}

static enum fg_err client_new(struct bench *bench, const char *url_host, const char *own)
{
    char url[64];
    char certificate[64];
    char key[64];
    struct fg_https_settings settings = {.url = url,
                                         .peer_roles = FG_HTTPS_STATION | FG_HTTPS_BUREAU,
                                         .ca_path = fg_test_path("ca/ca.pem"),
                                         .now_ms = bench_now_ms,
                                         .now_context = bench,
                                         .connect_max_ms = 8000,
                                         .write_max_ms = 8000,
                                         .first_byte_max_ms = 8000,
                                         .whole_max_ms = 8000};

    (void)snprintf(url, sizeof(url), "https://%s:%u", url_host, bench->port);
    if (own != NULL) {
        (void)snprintf(certificate, sizeof(certificate), "%s.pem", own);
        (void)snprintf(key, sizeof(key), "%s.key", own);
        settings.certificate_path = fg_test_path(certificate);
        settings.key_path = fg_test_path(key);
    }
    return fg_https_new(&settings, &bench->https, &bench->error);
}

static enum fg_err ask(struct bench *bench)
{
    struct fg_https_request request = {
        .method = "GET", .path = "/", .answer_max = sizeof(bench->body), .answer_buffer = bench->body};

    return fg_https_ask(bench->https, &request, &bench->answer, &bench->error);
}

static void finish(struct bench *bench)
{
    fg_https_free(bench->https);
    (void)kill(-bench->server, SIGKILL);
    (void)waitpid(bench->server, NULL, 0);
}

static void directory_empty(void)
{
    char command[256];

    (void)snprintf(command, sizeof(command), "rm -rf %s/*", fg_test_directory());
    CHECK_INT(system(command), 0);
}

TEST("a peer with a good certificate is asked and its answer taken, by address and by name")
{
    static const char *const hosts[] = {"127.0.0.1", "localhost"};
    struct bench bench;

    for (size_t i = 0; i < 2; i++) {
        serve(&bench, "server", ANSWER_OK);
        CHECK_OK(client_new(&bench, hosts[i], "client"), &bench.error);
        CHECK_OK(ask(&bench), &bench.error);
        CHECK_INT(bench.answer.status, 200);
        CHECK_INT(bench.answer.length, 5);
        CHECK_BYTES(bench.body, "hello", 5);
        CHECK_TEXT(bench.answer.etag, "\"7\"");
        finish(&bench);
        directory_empty();
    }
}

TEST("a peer of another authority is refused")
{
    struct bench bench;

    serve(&bench, "rogue", ANSWER_OK);
    CHECK_OK(client_new(&bench, "127.0.0.1", "client"), &bench.error);
    CHECK_INT(ask(&bench), FG_E_AUTH);
    CHECK_HAS(bench.error.text, "not valid");
    finish(&bench);
}

TEST("a peer whose certificate names another host is refused")
{
    struct bench bench;

    serve(&bench, "server", ANSWER_OK);
    CHECK_OK(client_new(&bench, "127.0.0.2", "client"), &bench.error);
    /* 127.0.0.2 reaches nobody: the server listens on 127.0.0.1 alone. */
    CHECK_INT(ask(&bench), FG_E_GONE);
    finish(&bench);
    directory_empty();
    serve(&bench, "server", ANSWER_OK);
    {
        char url[64];
        struct fg_https_settings settings = {.url = url,
                                             .peer_roles = FG_HTTPS_STATION | FG_HTTPS_BUREAU,
                                             .peer_name = "bureau.example",
                                             .ca_path = fg_test_path("ca/ca.pem"),
                                             .now_ms = bench_now_ms,
                                             .now_context = &bench,
                                             .connect_max_ms = 8000,
                                             .write_max_ms = 8000,
                                             .first_byte_max_ms = 8000,
                                             .whole_max_ms = 8000};

        (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", bench.port);
        CHECK_OK(fg_https_new(&settings, &bench.https, &bench.error), &bench.error);
    }
    CHECK_INT(ask(&bench), FG_E_AUTH);
    finish(&bench);
}

/* A client that expects these roles, and what becomes of its question. */
static enum fg_err ask_roles(struct bench *bench, const char *server, const char *host, uint8_t roles)
{
    char url[64];
    struct fg_https_settings settings = {.url = url,
                                         .peer_roles = roles,
                                         .peer_name = host,
                                         .ca_path = fg_test_path("ca/ca.pem"),
                                         .now_ms = bench_now_ms,
                                         .now_context = bench,
                                         .connect_max_ms = 8000,
                                         .write_max_ms = 8000,
                                         .first_byte_max_ms = 8000,
                                         .whole_max_ms = 8000};
    enum fg_err result;

    serve(bench, server, ANSWER_OK);
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", bench->port);
    settings.ca_path = fg_test_path("ca/ca.pem");
    CHECK_OK(fg_https_new(&settings, &bench->https, &bench->error), &bench->error);
    result = ask(bench);
    finish(bench);
    directory_empty();
    return result;
}

TEST("LIST-IS-SIGNED: a server with another role than the caller expects is refused, however it is called")
{
    struct bench bench;

    CHECK_INT(ask_roles(&bench, "server", "localhost", FG_HTTPS_BUREAU), FG_E_AUTH);
    CHECK_HAS(bench.error.text, "station server is at the other end, where a bureau should be");
    CHECK_INT(ask_roles(&bench, "server", NULL, FG_HTTPS_BUREAU), FG_E_AUTH);
    /* A controller's certificate is no server's at all. */
    CHECK_INT(ask_roles(&bench, "client", NULL, FG_HTTPS_STATION | FG_HTTPS_BUREAU), FG_E_AUTH);
    /* Without alternative names the library would compare the id. */
    CHECK_INT(ask_roles(&bench, "nameless", "nameless", FG_HTTPS_STATION), FG_E_AUTH);
    CHECK_HAS(bench.error.text, "not valid");
}

TEST("a client that does not say who its peer may be, or by which authority, is not made")
{
    struct bench bench;
    struct fg_https_settings settings = {.url = "https://a", .now_ms = bench_now_ms, .now_context = &bench};
    struct fg_https *https = NULL;
    struct fg_error error;

    certificates_make();
    CHECK_INT(fg_https_new(&settings, &https, &error), FG_E_ARG);
    settings.ca_path = fg_test_path("ca/ca.pem");
    CHECK_INT(fg_https_new(&settings, &https, &error), FG_E_ARG);
    settings.peer_roles = FG_HTTPS_UNPROVEN;
    CHECK_INT(fg_https_new(&settings, &https, &error), FG_E_ARG);
    settings.peer_roles = FG_HTTPS_BUREAU;
    settings.ca_path = NULL;
    CHECK_INT(fg_https_new(&settings, &https, &error), FG_E_ARG);
}

TEST("dates are tested against the caller's clock: an expired and a future certificate are refused, with all "
     "dates")
{
    struct bench bench;

    serve(&bench, "short", ANSWER_OK);
    CHECK_OK(client_new(&bench, "127.0.0.1", "client"), &bench.error);
    bench.now_ms = NOW_MS + 2 * DAY_MS;
    CHECK_INT(ask(&bench), FG_E_EXPIRED);
    CHECK_HAS(bench.error.text, "the peer's certificate is valid from 2026-11-22");
    CHECK_HAS(bench.error.text, "the clock here says 2026-11-25");
    bench.now_ms = NOW_MS - 2 * DAY_MS;
    CHECK_INT(ask(&bench), FG_E_EXPIRED);
    finish(&bench);
}

TEST("our own expired certificate is told before anything is sent")
{
    struct bench bench;

    serve(&bench, "server", ANSWER_OK);
    CHECK_OK(client_new(&bench, "127.0.0.1", "short"), &bench.error);
    bench.now_ms = NOW_MS + 2 * DAY_MS;
    CHECK_INT(ask(&bench), FG_E_EXPIRED);
    CHECK_HAS(bench.error.text, "our own certificate");
    finish(&bench);
}

TEST("a peer that does not take our certificate, or wants one, is told as a refusal")
{
    struct bench bench;

    serve(&bench, "server", ANSWER_OK);
    CHECK_OK(client_new(&bench, "127.0.0.1", "rogue"), &bench.error);
    CHECK_INT(ask(&bench), FG_E_DENIED);
    CHECK_HAS(bench.error.text, "TLS alert 48 while shaking hands (unknown CA)");
    fg_https_free(bench.https);
    CHECK_OK(client_new(&bench, "127.0.0.1", NULL), &bench.error);
    CHECK_INT(ask(&bench), FG_E_DENIED);
    CHECK_HAS(bench.error.text, "no certificate shown");
    finish(&bench);
}

/* Takes any number of bytes, so that only a deadline can end the answer. */
static enum fg_err swallow(void *context, const uint8_t *bytes, size_t length, struct fg_error *error)
{
    (void)context;
    (void)bytes;
    (void)length;
    (void)error;
    return FG_OK;
}

/* A server that says this, asked for at most answer_max bytes (UINT64_MAX: swallowed) with these two
 * deadlines. Deadlines of tests that are not about them are so long that a slow machine keeps them. */
static void expect_within(const char *says, uint64_t answer_max, uint32_t first_byte_max_ms,
                          uint32_t whole_max_ms, enum fg_err code, const char *text)
{
    struct bench bench;
    struct fg_https_request request = {
        .method = "GET", .path = "/x", .answer_max = answer_max, .answer_buffer = bench.body};
    char url[64];
    struct fg_https_settings settings = {.url = url,
                                         .peer_roles = FG_HTTPS_STATION | FG_HTTPS_BUREAU,
                                         .now_ms = bench_now_ms,
                                         .now_context = &bench,
                                         .connect_max_ms = 8000,
                                         .write_max_ms = 8000,
                                         .first_byte_max_ms = first_byte_max_ms,
                                         .whole_max_ms = whole_max_ms};

    if (answer_max == UINT64_MAX)
        request.taker = swallow;
    serve(&bench, "server", says);
    settings.ca_path = fg_test_path("ca/ca.pem");
    settings.certificate_path = fg_test_path("client.pem");
    settings.key_path = fg_test_path("client.key");
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", bench.port);
    CHECK_OK(fg_https_new(&settings, &bench.https, &bench.error), &bench.error);
    CHECK_INT(fg_https_ask(bench.https, &request, &bench.answer, &bench.error), code);
    if (text != NULL)
        CHECK_HAS(bench.error.text, text);
    finish(&bench);
    directory_empty();
}

static void expect_answer(const char *says, enum fg_err code, const char *text)
{
    expect_within(says, 100, 30000, 30000, code, text);
}

TEST("no deadline passes unnoticed: no first byte, a dribbling body, a fast body without end")
{
    expect_within("sleep 60", 100, 300, 30000, FG_E_TIMEOUT, "no byte of an answer after 300 ms");
    expect_within(
        "printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 50\\r\\n\\r\\n'; while sleep 0.3; do printf x; "
        "done",
        100, 30000, 1500, FG_E_TIMEOUT, "incomplete after 1500 ms");
    expect_within("printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 9000000000000\\r\\n\\r\\n'; yes", UINT64_MAX,
                  30000, 1500, FG_E_TIMEOUT, "incomplete after 1500 ms");
    expect_within("printf 'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n'; yes \"$(printf "
                  "'1\\r\\nx\\r')\"",
                  UINT64_MAX, 30000, 1500, FG_E_TIMEOUT, "incomplete after 1500 ms");
}

/* Connects, and then the peer says nothing that is TLS: nothing at all, or bytes without end. */
TEST("BAD-INPUT-IS-SAFE: a peer that accepts and does not shake hands costs connect_max_ms, no more")
{
    static const char *const says[] = {"sleep 60", "yes HTTP 2>/dev/null"};

    for (size_t i = 0; i < 2; i++) {
        struct bench bench;
        char url[64];
        struct fg_https_settings settings = {.url = url,
                                             .peer_roles = FG_HTTPS_STATION | FG_HTTPS_BUREAU,
                                             .ca_path = fg_test_path("ca/ca.pem"),
                                             .now_ms = bench_now_ms,
                                             .now_context = &bench,
                                             .connect_max_ms = i == 0 ? 500 : 30000,
                                             .write_max_ms = 8000,
                                             .first_byte_max_ms = 8000,
                                             .whole_max_ms = 8000};

        serve_raw(&bench, says[i]);
        (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", bench.port);
        CHECK_OK(fg_https_new(&settings, &bench.https, &bench.error), &bench.error);
        CHECK(ask(&bench) == (i == 0 ? FG_E_TIMEOUT : FG_E_IO));
        CHECK_HAS(bench.error.text, "shaking hands");
        finish(&bench);
        directory_empty();
    }
}

TEST("BAD-INPUT-IS-SAFE: answers that are too large, unbounded, cut or no HTTP are named")
{
    expect_answer("printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 101\\r\\n\\r\\n'; sleep 9", FG_E_SIZE,
                  "larger than allowed");
    expect_answer("printf 'HTTP/1.1 200 OK\\r\\n\\r\\nabc'; sleep 9", FG_E_FORMAT,
                  "neither a length nor chunks");
    expect_answer("printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 50\\r\\n\\r\\nabc'", FG_E_GONE,
                  "closed the connection");
    expect_answer("printf 'HTTP/1.1 200 OK\\r\\n'; yes X-A: aaaaaaaaaaaaaaaaaaaaaaaaaa 2>/dev/null",
                  FG_E_SIZE, "head is longer");
    expect_answer(
        "printf 'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n1;'; yes a | tr -d '\\n'",
        FG_E_FORMAT, "not an HTTP/1.1 answer");
    expect_answer("printf 'SSH-2.0-OpenSSH_9.2p1 Debian\\r\\n'; sleep 9", FG_E_FORMAT,
                  "not an HTTP/1.1 answer");
    expect_answer("printf 'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n80\\r\\n"
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                  "aaaaaaaaaaaa'; sleep 9",
                  FG_E_SIZE, "larger than allowed");
    expect_answer("printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nabcdef'; sleep 9", FG_E_FORMAT,
                  "after the end");
}

TEST("a chunked answer is put together, and an answer with an error status is an answer")
{
    expect_answer("printf 'HTTP/1.1 200 OK\\r\\nTransfer-Encoding: "
                  "chunked\\r\\n\\r\\n3\\r\\nabc\\r\\n2\\r\\nde\\r\\n0\\r\\n\\r\\n'; sleep 9",
                  FG_OK, NULL);
    expect_answer("printf 'HTTP/1.1 503 No\\r\\nContent-Length: 0\\r\\n\\r\\n'; sleep 9", FG_OK, NULL);
}

TEST("BAD-INPUT-IS-SAFE: URLs and paths that cannot be are refused")
{
    static const char *const urls[] = {"http://a",        "https://",     "https://a/x", "https://a:0",
                                       "https://a:70000", "https://a:1x", "https://[::1"};
    struct bench bench;
    struct fg_https_settings settings = {.ca_path = "/nonexistent",
                                         .peer_roles = FG_HTTPS_BUREAU,
                                         .now_ms = bench_now_ms,
                                         .now_context = &bench};

    memset(&bench, 0, sizeof(bench));
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        settings.url = urls[i];
        CHECK(fg_https_new(&settings, &bench.https, &bench.error) != FG_OK);
    }
    settings.url = "https://[::1]:8443";
    CHECK_INT(fg_https_new(&settings, &bench.https, &bench.error), FG_E_IO);
    CHECK_HAS(bench.error.text, "/nonexistent");
}
