/* The HTTPS server's settings and answers at their bounds, each from both sides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/net/server/private.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/server_fixture.h"

static struct fg_server_fixture fixture;

static enum fg_err start_and_stop(void)
{
    struct fg_server *server = NULL;
    enum fg_err result = fg_server_start(&fixture.settings, &server, &fixture.error);

    if (result == FG_OK)
        CHECK(fg_server_port(server) != 0);
    fg_server_stop(server);
    return result;
}

static void prepare(void)
{
    fg_fixture_prepare(&fixture, true, 0);
    fixture.settings.connections_max = 100;
}

TEST("a server takes each setting up to its bound, and no further")
{
    prepare();
    fixture.settings.threads = 64;
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.threads = 65;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    prepare();
    fixture.settings.threads = 1;
    fixture.settings.connections_max = 1;
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.threads = 2;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    fixture.settings.connections_max = 60000;
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.connections_max = 60001;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    prepare();
    fixture.settings.thread_per_connection = true;
    fixture.settings.threads = 0;
    fixture.settings.connections_max = 256;
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.connections_max = 257;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    fixture.settings.connections_max = 0;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    CHECK_HAS(fixture.error.text, "at least one connection");
}

static uint64_t files_max(void)
{
    struct rlimit limit;

    CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur;
}

static bool files_max_set(uint64_t soft, uint64_t hard)
{
    return setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = soft, .rlim_max = hard}) == 0;
}

TEST("BAD-INPUT-IS-SAFE: a server has a descriptor for every connection that it may have open, and 256 are "
     "left "
     "for everything else")
{
    struct rlimit before;
    struct fg_server *servers[2];

    CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
    CHECK(before.rlim_max >= 1024);
    CHECK(files_max_set(300, before.rlim_max));
    prepare();
    for (uint64_t i = 0; i < 2; i++) {
        CHECK_OK(fg_server_start(&fixture.settings, &servers[i], &fixture.error), &fixture.error);
        CHECK_INT(files_max(), 256 + (i + 1) * (2 * 100 + 8 * 3));
    }
    fg_server_stop(servers[0]);
    CHECK_OK(fg_server_start(&fixture.settings, &servers[0], &fixture.error), &fixture.error);
    CHECK_INT(files_max(), 256 + 2 * (2 * 100 + 8 * 3));
    fg_server_stop(servers[0]);
    fg_server_stop(servers[1]);
    CHECK(files_max_set(before.rlim_cur, before.rlim_max));
}

/* In a process of its own, whose limit cannot be raised again. */
static bool starts_with_files(uint64_t limit, enum fg_err expected, const char *told)
{
    pid_t child = fork();
    int status = 1;

    CHECK(child >= 0);
    if (child == 0) {
        bool as_expected = files_max_set(limit, limit) && start_and_stop() == expected;
        const char *text = expected == FG_OK ? fg_fixture_log() : fixture.error.text;

        _exit(as_expected && strstr(text, told) != NULL ? 0 : 1);
    }
    CHECK_INT(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST("BAD-INPUT-IS-SAFE: a server that may not open enough files has fewer places and says so, or does not "
     "start")
{
    prepare();
    CHECK(starts_with_files(256 + 224, FG_OK, ""));
    CHECK(starts_with_files(256 + 223, FG_OK, "99 connections at most instead of 100: "));
    CHECK(starts_with_files(256 + 28, FG_OK, "2 connections at most instead of 100: "));
    CHECK(starts_with_files(256 + 27, FG_E_FULL, "197 more are needed"));
    CHECK(starts_with_files(100, FG_E_FULL, "224 more are needed"));
}

TEST("a request may take from 50 ms to an hour, and there are up to 16 headers for every answer")
{
    struct fg_answer_header headers[FG_SERVER_HEADERS_MAX + 1];

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        headers[i] = (struct fg_answer_header){"X-Same", "yes"};
    prepare();
    fixture.settings.request_max_ms = 49;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    fixture.settings.request_max_ms = 50;
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.request_max_ms = 3600000;
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.request_max_ms = 3600001;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    prepare();
    fixture.settings.headers = headers;
    fixture.settings.header_count = FG_SERVER_HEADERS_MAX;
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.header_count = FG_SERVER_HEADERS_MAX + 1;
    CHECK_INT(start_and_stop(), FG_E_ARG);
}

TEST("a server without an address, a clock or routes is refused, one for IPv6 alone is not")
{
    prepare();
    fixture.settings.address = NULL;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    CHECK_HAS(fixture.error.text, "no address");
    prepare();
    fixture.settings.routes = NULL;
    CHECK_INT(start_and_stop(), FG_E_ARG);
    fixture.settings.route_count = 0;
    CHECK_INT(start_and_stop(), FG_OK);
    prepare();
    fixture.settings.address = "127.255.255.254";
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.address = "128.0.0.1";
    CHECK_INT(start_and_stop(), FG_E_ARG);
    fixture.settings.address = "::1";
    CHECK_INT(start_and_stop(), FG_OK);
    fixture.settings.address = "::2";
    CHECK_INT(start_and_stop(), FG_E_ARG);
}

TEST("a text answer ends with one newline, however long it is, and replaces what was there")
{
    struct fg_answer answer = {.file_descriptor = -1};
    char text[2000];

    fg_answer_bytes(&answer, 206, "abc", 3);
    CHECK_INT(answer.status, 206);
    CHECK_INT(answer.body_length, 3);
    CHECK_BYTES(answer.body, "abc", 3);
    fg_answer_text(&answer, 404, "no %s", "pump");
    CHECK_INT(answer.status, 404);
    CHECK_INT(answer.body_length, 8);
    CHECK_BYTES(answer.body, "no pump\n", 8);
    CHECK_TEXT(answer.content_type, "text/plain; charset=utf-8");
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    fg_answer_text(&answer, 400, "%s", text);
    CHECK_INT(answer.body_length, 511);
    CHECK_BYTES((char *)answer.body + 509, "x\n", 2);
    fg_answer_bytes(&answer, 200, NULL, 0);
    CHECK_INT(answer.status, 200);
    CHECK_INT(answer.body_length, 0);
    CHECK(answer.body != NULL);
    free(answer.body);
}

TEST("a range is what its two numbers say, of a file that has so many bytes")
{
    static const struct {
        const char *header;
        uint64_t length;
        uint16_t status;
        uint64_t from;
        uint64_t count;
    } cases[] = {
        {"bytes=0-0", 10, 206, 0, 1},
        {"bytes=9-9", 10, 206, 9, 1},
        {"bytes=9-10", 10, 206, 9, 1},
        {"bytes=3-2", 10, 200, 0, 10},
        {"bytes=3-3", 10, 206, 3, 1},
        {"bytes=10-", 10, 416, 0, 0},
        {"bytes=9-", 10, 206, 9, 1},
        {"bytes=0-", 0, 416, 0, 0},
        {"bytes=-1", 10, 206, 9, 1},
        {"bytes=-10", 10, 206, 0, 10},
        {"bytes=-11", 10, 206, 0, 10},
        {"bytes=-9", 10, 206, 1, 9},
        {"bytes=-0", 10, 416, 0, 0},
        {"bytes=-", 10, 200, 0, 10},
        {"bytes=", 10, 200, 0, 10},
        {"bytes=1", 10, 200, 0, 10},
        {"bytes=1-2x", 10, 200, 0, 10},
        {"bytes=-2x", 10, 200, 0, 10},
        {"bytes=:-2", 10, 200, 0, 10},
        {"bytes=/-2", 10, 200, 0, 10},
        {"byte=1-2", 10, 200, 0, 10},
        {"bytes=18446744073709551615-", 10, 416, 0, 0},
        {"bytes=18446744073709551616-", 10, 200, 0, 10},
        {"bytes=0-18446744073709551615", 10, 206, 0, 10},
        {"bytes=0-18446744073709551616", 10, 200, 0, 10},
        {"bytes=0-18446744073709551614", UINT64_MAX, 206, 0, UINT64_MAX},
        {NULL, 10, 200, 0, 10},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint16_t status = 0;
        uint64_t from = 99;
        uint64_t length = 99;

        fg_server_range_parse(cases[i].header, cases[i].length, &status, &from, &length);
        if (status != cases[i].status || length != cases[i].count || (status == 206 && from != cases[i].from))
            fg_test_fail(__FILE__, __LINE__, "%s: %u from %llu, %llu bytes", cases[i].header, status,
                         (unsigned long long)from, (unsigned long long)length);
    }
}

/* Answers with the status, headers and content that the query asks for. */
static void handle(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    static const char *const names[FG_SERVER_HEADERS_MAX + 4] = {
        "X-0",  "X-1",  "X-2",  "X-3",  "X-4",  "X-5",  "X-6",  "X-7",  "X-8",  "X-9",
        "X-10", "X-11", "X-12", "X-13", "X-14", "X-15", "X-16", "X-17", "X-18", "X-19"};
    const char *status = fg_request_query(request, "status");
    const char *own = fg_request_query(request, "own");
    const char *close = fg_request_query(request, "close");

    (void)context;
    fg_answer_bytes(ret_answer, (uint16_t)atoi(status != NULL ? status : "200"), "{}", 2);
    if (own != NULL) {
        ret_answer->headers[0] = (struct fg_answer_header){"content-type", "application/json"};
        ret_answer->headers[1] = (struct fg_answer_header){"cache-control", "max-age=1"};
        ret_answer->headers[2] = (struct fg_answer_header){"date", "Thu, 01 Jan 1970 00:00:00 GMT"};
        ret_answer->header_count = 3;
    } else {
        for (size_t i = 0; i < FG_SERVER_HEADERS_MAX; i++)
            ret_answer->headers[i] = (struct fg_answer_header){names[i], "yes"};
        ret_answer->header_count = FG_SERVER_HEADERS_MAX;
    }
    ret_answer->close = close != NULL;
}

static const struct fg_route own_routes[] = {{"GET", "/any", 0, false, handle, NULL}};

static const char *ask(const char *query)
{
    char request[256];

    (void)snprintf(request, sizeof(request), "GET /any?%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                   query);
    return fg_fixture_raw(&fixture, request);
}

TEST("only a status of an answer is sent, and a handler's own headers stand alone")
{
    const char *answer;

    prepare();
    fixture.settings.routes = own_routes;
    fixture.settings.route_count = 1;
    fg_fixture_start(&fixture);
    CHECK_HAS(ask("status=199"), "HTTP/1.1 500 ");
    CHECK_HAS(ask("status=200"), "HTTP/1.1 200 ");
    CHECK_HAS(ask("status=599"), "HTTP/1.1 599 ");
    CHECK_HAS(ask("status=600"), "HTTP/1.1 500 ");
    answer = ask("status=200");
    CHECK_HAS(answer, "Content-Type: application/octet-stream\r\n");
    CHECK_HAS(answer, "X-0: yes\r\n");
    CHECK_HAS(answer, "X-15: yes\r\n");
    CHECK(strstr(answer, "X-16") == NULL);
    answer = ask("own=1");
    CHECK_HAS(answer, "content-type: application/json\r\n");
    CHECK_HAS(answer, "cache-control: max-age=1\r\n");
    CHECK_HAS(answer, "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
    CHECK(strstr(answer, "\r\nContent-Type") == NULL && strstr(answer, "no-store") == NULL);
    CHECK(strstr(answer, "\r\nDate: ") == NULL);
    fg_fixture_stop(&fixture);
}

TEST("an answer that ends its connection says so, and nothing behind it is answered")
{
    const char *answer;

    prepare();
    fixture.settings.routes = own_routes;
    fixture.settings.route_count = 1;
    fg_fixture_start(&fixture);
    answer = fg_fixture_raw(&fixture, "GET /any?close=1 HTTP/1.1\r\nHost: x\r\n\r\n"
                                      "GET /any?status=404 HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_HAS(answer, "Connection: close\r\n");
    CHECK(strstr(answer, " 404 ") == NULL);
    fg_fixture_stop(&fixture);
}

TEST("the Date is the server's clock's, on each day of a week and in each month")
{
    static const char *const dates[] = {
        "Thu, 01 Jan 2026 00:00:01 GMT", "Wed, 04 Feb 2026 00:00:01 GMT", "Tue, 10 Mar 2026 00:00:01 GMT",
        "Mon, 13 Apr 2026 00:00:01 GMT", "Sun, 17 May 2026 00:00:01 GMT", "Sat, 20 Jun 2026 00:00:01 GMT",
        "Fri, 24 Jul 2026 00:00:01 GMT", "Thu, 27 Aug 2026 00:00:01 GMT", "Wed, 30 Sep 2026 00:00:01 GMT",
        "Sun, 04 Oct 2026 00:00:01 GMT", "Sat, 07 Nov 2026 00:00:01 GMT", "Fri, 11 Dec 2026 00:00:01 GMT"};
    static const int days[] = {0, 34, 68, 102, 136, 170, 204, 238, 272, 276, 310, 344};

    prepare();
    fixture.settings.routes = own_routes;
    fixture.settings.route_count = 1;
    fg_fixture_start(&fixture);
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        fg_fixture_set_now_ms((INT64_C(1767225600) + INT64_C(86400) * days[i]) * 1000 + 1999);
        CHECK_HAS(ask("status=200"), dates[i]);
    }
    fg_fixture_stop(&fixture);
}
