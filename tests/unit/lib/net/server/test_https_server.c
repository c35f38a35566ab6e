/* The HTTPS server's HTTP side over plain loopback: routes, bounds, malformed requests, answers, stopping. */
#include "tests/lib/check.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/fixture/server_fixture.h"

#define CURL "curl -sS --max-time 60 -w ' status=%%{http_code}' "
#define URL "http://127.0.0.1:$PORT"

static const char *ask(const struct fg_server_fixture *fixture, const char *arguments)
{
    return fg_fixture_shell(fixture, NULL, CURL "%s", arguments);
}

TEST("a request reaches the first route that fits, with decoded path, query and header")
{
    struct fg_server_fixture fixture;
    const char *output;

    fg_fixture_start_plain(&fixture, 0);
    output = ask(&fixture, "-H 'X-Test: yes' \"" URL "/show/a%20b?q=%E7%B2%A4A12345&r=2\"");
    CHECK_HAS(output, "GET /show/a b q=粤A12345 x=yes");
    CHECK_HAS(ask(&fixture, URL "/show/x"), "GET /show/x q=(none) x=(none)");
    fg_fixture_stop(&fixture);
}

TEST("an unknown path is 404, a wrong method 405 with the right ones, HEAD is GET without a body")
{
    struct fg_server_fixture fixture;
    const char *output;

    fg_fixture_start_plain(&fixture, 0);
    CHECK_HAS(ask(&fixture, URL "/nowhere"), "status=404");
    CHECK_HAS(ask(&fixture, URL "/whoo"), "status=404");
    CHECK_HAS(ask(&fixture, URL "/show"), "status=404");
    output = ask(&fixture, "-i -X DELETE " URL "/who");
    CHECK_HAS(output, "status=405");
    CHECK_HAS(output, "Allow: GET");
    CHECK_INT(fg_fixture_handled(), 0);
    output = ask(&fixture, "-I " URL "/who");
    CHECK_HAS(output, "status=200");
    CHECK(strstr(output, "kind=") == NULL);
    CHECK_INT(fg_fixture_handled(), 1);
    fg_fixture_stop(&fixture);
}

TEST("a plain connection is nobody's: routes that need a certificate are 401")
{
    struct fg_server_fixture fixture;

    fg_fixture_start_plain(&fixture, 0);
    CHECK_HAS(ask(&fixture, URL "/secret"), "status=401");
    CHECK_INT(fg_fixture_handled(), 0);
    fg_fixture_stop(&fixture);
}

TEST("answers carry no-store, nosniff, the Date of the server's clock and what the handler adds")
{
    struct fg_server_fixture fixture;
    const char *output;

    fg_fixture_start_plain(&fixture, 0);
    output = ask(&fixture, "-i " URL "/show/x");
    CHECK_HAS(output, "Cache-Control: no-store\r\n");
    CHECK_HAS(output, "X-Content-Type-Options: nosniff\r\n");
    CHECK_HAS(output, "Date: Mon, 21 Sep 2026 14:13:20 GMT\r\n");
    CHECK_HAS(output, "ETag: \"v1\"\r\n");
    CHECK_HAS(output, "Content-Type: text/plain; charset=utf-8\r\n");
    CHECK(strstr(strstr(output, "Date:") + 1, "Date:") == NULL);
    CHECK_HAS(ask(&fixture, "-i " URL "/nothing"), "500 Internal Server Error");
    fg_fixture_stop(&fixture);
}

/* ---- bodies ---- */

TEST("a body up to its bound reaches the handler byte for byte, announced or in chunks")
{
    struct fg_server_fixture fixture;

    fg_fixture_start_plain(&fixture, 0);
    (void)fg_fixture_shell(NULL, NULL, "head -c %d /dev/urandom >body", FG_FIXTURE_BODY_MAX);
    CHECK_HAS(fg_fixture_shell(&fixture, NULL,
                               "curl -sS --data-binary @body -o back " URL
                               "/echo && cmp body back && echo same"),
              "same");
    CHECK_HAS(
        fg_fixture_shell(&fixture, NULL,
                         "rm back; curl -sS -H 'Transfer-Encoding: chunked' --data-binary @body -o back " URL
                         "/echo && cmp body back && echo same"),
        "same");
    CHECK_HAS(ask(&fixture, "-X POST " URL "/echo"), "status=200");
    CHECK_INT(fg_fixture_handled(), 3);
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: a larger announced body is 413 before a byte of it is sent")
{
    struct fg_server_fixture fixture;

    fg_fixture_start_plain(&fixture, 0);
    CHECK_HAS(fg_fixture_raw(&fixture, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"),
              " 413 ");
    CHECK_HAS(fg_fixture_raw(&fixture, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: "
                                       "9223372036854775807\r\n\r\n"),
              " 413 ");
    CHECK_HAS(fg_fixture_raw(&fixture, "GET /who HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n"), " 413 ");
    CHECK_INT(fg_fixture_handled(), 0);
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: a larger body in chunks is 413, an endless one ends the connection")
{
    struct fg_server_fixture fixture;
    int status = 0;

    fg_fixture_start_plain(&fixture, 0);
    (void)fg_fixture_shell(NULL, NULL, "head -c %d /dev/zero >body", FG_FIXTURE_BODY_MAX + 1);
    CHECK_HAS(ask(&fixture, "-H 'Transfer-Encoding: chunked' --data-binary @body " URL "/echo"),
              "status=413");
    (void)fg_fixture_shell(&fixture, &status,
                           "curl -sS --max-time 60 -H 'Transfer-Encoding: chunked' -T /dev/zero -X POST " URL
                           "/echo");
    CHECK(status != 0 && status != 28); /* 28: it could have gone on */
    CHECK_INT(fg_fixture_handled(), 0);
    CHECK_HAS(fg_fixture_log(), "endless");
    fg_fixture_stop(&fixture);
}

/* ---- what strangers send ---- */

TEST("BAD-INPUT-IS-SAFE: paths with dots, backslashes, control bytes or NUL never reach a handler")
{
    static const char *const targets[] = {
        "/show/../file",     "/show/%2e%2e/file",  "/show/..",    "/show/%2E",    "/../../etc/passwd",
        "/show/%00",         "/show/x?q=%00",      "/show/a%0ab", "/show/a%5c..", "/show/%7f",
        "/show/./x",         "/show/%2e%2e%2fx",   "*",           "show/x",       "http://x/show/x",
        "/show/\\..\\..\\x", "/show/%2e%2e/%2e%2e"};
    struct fg_server_fixture fixture;
    char request[256];

    fg_fixture_start_plain(&fixture, 0);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                       targets[i]);
        CHECK_HAS(fg_fixture_raw(&fixture, request), " 400 ");
    }
    CHECK_INT(fg_fixture_handled(), 0);
    CHECK_HAS(ask(&fixture, URL "/show/..x/.y/z..?q=../.."), "GET /show/..x/.y/z.. q=../..");
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: a target that is too long is 414, headers that are too long 431")
{
    struct fg_server_fixture fixture;

    fg_fixture_start_plain(&fixture, 0);
    CHECK_HAS(ask(&fixture, URL "/show/$(printf %1024d 0 | tr ' ' a)"), "status=414");
    CHECK_HAS(ask(&fixture, URL "/show/x?q=$(printf %2100d 0 | tr ' ' a)"), "status=414");
    CHECK_HAS(ask(&fixture, URL "/show/$(printf %60000d 0 | tr ' ' a)"), "status=414");
    CHECK_HAS(ask(&fixture, "-H \"X-Test: $(printf %60000d 0 | tr ' ' a)\" " URL "/show/x"), "status=431");
    CHECK_INT(fg_fixture_handled(), 0);
    CHECK_HAS(ask(&fixture, URL "/show/$(printf %1000d 0 | tr ' ' a)"), "status=200");
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: malformed requests are refused or closed, and the server serves on")
{
    static const char *const requests[] = {
        "\r\n\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /who\r\n\r\n",
        "GET /who HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET /who HTTQ/1.1\r\nHost: x\r\n\r\n",
        "GET /who HTTP/1.1\r\n\r\n", /* no Host */
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\ncontent-length: 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length\t: 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\nhello",
        "GET /who HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: x\r\nHost : y\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: x\r\nX-Test : y\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: x\r\n X-Test: y\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: x\r\nOrigin: a\r\nOrigin: b\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", /* a TLS hello */
        "\xff\xfe\xfd\xfc /\r\n\r\n",
    };
    struct fg_server_fixture fixture;
    char answer[8192];

    /* After some, the library waits for more, although no more can come, until it is cut. */
    fg_fixture_start_plain(&fixture, 2000);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int client = fg_fixture_connect(&fixture);

        fg_fixture_send(client, requests[i], strlen(requests[i]));
        (void)shutdown(client, SHUT_WR);
        (void)fg_fixture_drain(client, answer, sizeof(answer));
        if (strstr(answer, " 200 ") != NULL)
            fg_test_fail(__FILE__, __LINE__, "request %zu is answered: %s", i, answer);
    }
    CHECK_INT(fg_fixture_handled(), 0);
    CHECK_HAS(ask(&fixture, URL "/who"), "status=200");
    fg_fixture_stop(&fixture);
}

TEST("HTTP/1.0 is answered and its connection closed")
{
    struct fg_server_fixture fixture;

    fg_fixture_start_plain(&fixture, 0);
    CHECK_HAS(fg_fixture_raw(&fixture, "GET /who HTTP/1.0\r\n\r\n"), "kind=0");
    fg_fixture_stop(&fixture);
}

TEST("requests sent ahead are answered one after another, in order")
{
    struct fg_server_fixture fixture;
    const char *answer;
    const char *second;

    fg_fixture_start_plain(&fixture, 0);
    answer = fg_fixture_raw(&fixture, "GET /show/one HTTP/1.1\r\nHost: x\r\n\r\n"
                                      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n<two>"
                                      "GET /show/three HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                                      "GET /show/four HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_HAS(answer, "/show/one");
    second = strstr(strstr(answer, "/show/one"), "<two>");
    CHECK(second != NULL);
    CHECK_HAS(second, "/show/three");
    CHECK(strstr(answer, "/show/four") == NULL);
    CHECK_INT(fg_fixture_handled(), 3);
    fg_fixture_stop(&fixture);
}

/* ---- long answers ---- */

TEST("a file is answered whole or by range: 206 with Content-Range, 416, If-Range")
{
    struct fg_server_fixture fixture;
    const char *output;

    fg_fixture_start_plain(&fixture, 0);
    CHECK_HAS(fg_fixture_shell(&fixture, NULL,
                               "tail -c +11 file | head -c 100000 >part; curl -sS -o got " URL
                               "/file; cmp part got && echo same"),
              "same");
    output = ask(&fixture, "-i -r 10-19 " URL "/file");
    CHECK_HAS(output, "status=206");
    CHECK_HAS(output, "Content-Range: bytes 10-19/100000");
    CHECK_HAS(output, "Content-Length: 10\r\n");
    CHECK_HAS(output, "000000002\n");
    output = ask(&fixture, "-i -r 99990- " URL "/file");
    CHECK_HAS(output, "Content-Range: bytes 99990-99999/100000");
    CHECK_HAS(output, "000010000\n");
    CHECK_HAS(ask(&fixture, "-i -r -10 " URL "/file"), "Content-Range: bytes 99990-99999/100000");
    output = ask(&fixture, "-i -r 100000- " URL "/file");
    CHECK_HAS(output, "status=416");
    CHECK_HAS(output, "Content-Range: bytes */100000");
    CHECK_HAS(ask(&fixture, "-o /dev/null -r 0-9 -H 'If-Range: \"v1\"' " URL "/file"), "status=206");
    CHECK_HAS(ask(&fixture, "-o /dev/null -r 0-9 -H 'If-Range: \"v0\"' " URL "/file"), "status=200");
    CHECK_HAS(ask(&fixture, "-o /dev/null -r 0-4,8-9 " URL "/file"), "status=200");
    fg_fixture_stop(&fixture);
}

TEST("a stream is answered in pieces; one that fails is seen to be not whole")
{
    struct fg_server_fixture fixture;
    int status = 0;

    fg_fixture_start_plain(&fixture, 0);
    CHECK_HAS(ask(&fixture, URL "/stream"), "piecepiecepiece status=200");
    (void)fg_fixture_shell(&fixture, &status, "curl -sS --max-time 60 " URL "/stream?fail=1");
    CHECK_INT(status, 18); /* CURLE_PARTIAL_FILE */
    fg_fixture_stop(&fixture);
}

/* ---- starting and stopping ---- */

TEST("without TLS a server starts on loopback only")
{
    struct fg_server_fixture fixture;
    struct fg_server *server = NULL;
    struct fg_error error;

    fg_fixture_prepare(&fixture, true, 0);
    fixture.settings.address = "0.0.0.0";
    CHECK_INT(fg_server_start(&fixture.settings, &server, &error), FG_E_ARG);
    CHECK_HAS(error.text, "loopback");
    fixture.settings.address = "::";
    CHECK_INT(fg_server_start(&fixture.settings, &server, &error), FG_E_ARG);
    fixture.settings.address = "localhost";
    CHECK_INT(fg_server_start(&fixture.settings, &server, &error), FG_E_ARG);
    CHECK_HAS(error.text, "localhost");
    CHECK(server == NULL);
}

TEST("settings that cannot work are refused by name, and so is a port that is taken")
{
    struct fg_server_fixture fixture;
    struct fg_server_settings settings;
    struct fg_server *server = NULL;
    struct fg_error error;

    fg_fixture_start_plain(&fixture, 0);
    settings = fixture.settings;
    settings.threads = 0;
    CHECK_INT(fg_server_start(&settings, &server, &error), FG_E_ARG);
    CHECK_HAS(error.text, "threads");
    settings = fixture.settings;
    settings.request_max_ms = 1;
    CHECK_INT(fg_server_start(&settings, &server, &error), FG_E_ARG);
    settings = fixture.settings;
    settings.now_ms = NULL;
    CHECK_INT(fg_server_start(&settings, &server, &error), FG_E_ARG);
    settings = fixture.settings;
    settings.port = fg_server_port(fixture.server);
    CHECK_INT(fg_server_start(&settings, &server, &error), FG_E_IO);
    CHECK_HAS(error.text, "cannot listen");
    CHECK(server == NULL);
    fg_fixture_stop(&fixture);
}

static void *stop_server(void *context)
{
    fg_fixture_stop(context);
    return NULL;
}

TEST("stopping takes no new connection and lets a running handler's answer be taken")
{
    struct fg_server_fixture fixture;
    pthread_t stopper;
    uint16_t port;
    int status = 0;

    fg_fixture_start_plain(&fixture, 0);
    port = fg_server_port(fixture.server);
    (void)fg_fixture_shell(&fixture, NULL,
                           "(curl -sS --max-time 60 -o got " URL "/wait; touch done) >/dev/null 2>&1 &");
    fg_fixture_await_handler();
    CHECK_INT(pthread_create(&stopper, NULL, stop_server, &fixture), 0);
    for (int i = 0; i < 600 && status != 7; i++) /* 7: connection refused */
        (void)fg_fixture_shell(NULL, &status, "curl -s -o /dev/null --max-time 1 http://127.0.0.1:%u/who",
                               port);
    fg_fixture_release();
    CHECK_INT(pthread_join(stopper, NULL), 0);
    CHECK_INT(status, 7);
    CHECK_HAS(fg_fixture_shell(NULL, NULL,
                               "for i in $(seq 600); do [ -e done ] && break; sleep 0.1; done; cat got"),
              "waited");
}

TEST("a server stops with idle connections and an endless stream open")
{
    struct fg_server_fixture fixture;
    char some[1000];
    int idle;
    int stream;

    fg_fixture_start_plain(&fixture, 1000);
    idle = fg_fixture_connect(&fixture);
    stream = fg_fixture_connect(&fixture);
    fg_fixture_send(stream, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n", 34);
    CHECK(recv(stream, some, sizeof(some), 0) > 0);
    fg_fixture_stop(&fixture);
    (void)close(idle);
    (void)close(stream);
    fg_server_stop(NULL);
}

/* ---- a thread per connection, headers for every answer ---- */

TEST("with a thread per connection, handlers that wait delay nobody")
{
    static const char wait[] = "GET /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    struct fg_server_fixture fixture;
    char answer[1000];
    int waiting[3];

    fg_fixture_prepare(&fixture, true, 0);
    fixture.settings.threads = 0;
    fixture.settings.thread_per_connection = true;
    fixture.settings.connections_max = 8;
    fg_fixture_start(&fixture);
    for (size_t i = 0; i < 3; i++) {
        waiting[i] = fg_fixture_connect(&fixture);
        fg_fixture_send(waiting[i], wait, sizeof(wait) - 1);
    }
    fg_fixture_await_handler();
    CHECK_HAS(ask(&fixture, URL "/show/x"), "status=200");
    CHECK_HAS(ask(&fixture, URL "/stream"), "piecepiecepiece status=200");
    fg_fixture_release();
    for (size_t i = 0; i < 3; i++) {
        (void)fg_fixture_drain(waiting[i], answer, sizeof(answer));
        CHECK_HAS(answer, "waited");
    }
    fg_fixture_stop(&fixture);
}

TEST("with a thread per connection there are so many connections, a slow one is cut, and the server stops")
{
    struct fg_server_fixture fixture;
    char some[1000];
    int slow;
    int stream;

    fg_fixture_prepare(&fixture, true, 500);
    fixture.settings.thread_per_connection = true;
    fixture.settings.connections_max = 2;
    fg_fixture_start(&fixture);
    slow = fg_fixture_connect(&fixture);
    fg_fixture_send(slow, "GET /sh", 7);
    stream = fg_fixture_connect(&fixture);
    fg_fixture_send(stream, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n", 34);
    CHECK(recv(stream, some, sizeof(some), 0) > 0);
    CHECK_HAS(fg_fixture_shell(&fixture, NULL, "curl -sS --max-time 60 " URL "/who; echo exit=$?"), "exit=");
    (void)fg_fixture_drain(slow, some, sizeof(some));
    (void)close(stream);
    fg_fixture_stop(&fixture);
}

TEST("headers for every answer stand in refusals too, and give way to an answer's own")
{
    static const struct fg_answer_header headers[] = {{"X-Common", "yes"}, {"ETag", "\"common\""}};
    static const char *const paths[] = {"/who", "/nowhere", "/secret", "/nothing"};
    struct fg_server_fixture fixture;
    const char *output;

    fg_fixture_prepare(&fixture, true, 0);
    fixture.settings.headers = headers;
    fixture.settings.header_count = 2;
    fg_fixture_start(&fixture);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        output = fg_fixture_shell(&fixture, NULL, "curl -sS --max-time 60 -i " URL "%s", paths[i]);
        CHECK_HAS(output, "X-Common: yes\r\n");
        CHECK_HAS(output, "ETag: \"common\"\r\n");
    }
    output = ask(&fixture, "-i " URL "/show/x");
    CHECK_HAS(output, "ETag: \"v1\"\r\n");
    CHECK(strstr(output, "common") == NULL);
    fg_fixture_stop(&fixture);
}

TEST("more threads than a process should have, or more headers than there is room for, are refused")
{
    struct fg_server_fixture fixture;

    fg_fixture_prepare(&fixture, true, 0);
    fixture.settings.thread_per_connection = true;
    CHECK_INT(fg_server_start(&fixture.settings, &fixture.server, &fixture.error), FG_E_ARG);
    fixture.settings.connections_max = 8;
    fixture.settings.header_count = FG_SERVER_HEADERS_MAX + 1;
    CHECK_INT(fg_server_start(&fixture.settings, &fixture.server, &fixture.error), FG_E_ARG);
}
