/* The HTTPS server against peers that are slow, idle or many: deadlines, connection limits, memory.
 *
 * A cut is awaited, never timed: a test fails when the server does not cut at all (60 s). */
#include "tests/lib/check.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/net/server/server_log.h"
#include "tests/lib/fixture/server_fixture.h"

#define SHORT_MS 300
#define IDLE_COUNT 1000
#define AWAIT_MS 60000
#define URL "http://127.0.0.1:$PORT"

static struct fg_server_counts counts_of(const struct fg_server_fixture *fixture)
{
    struct fg_server_counts counts;

    fg_server_counts(fixture->server, &counts);
    return counts;
}

/* Sends a byte of the text again and again until the server closes. */
static void dribble(int client, const char *start, const char *bytes)
{
    struct pollfd state = {.fd = client, .events = POLLIN};
    char answer[1000];
    size_t at = 0;

    fg_fixture_send(client, start, strlen(start));
    for (int waited_ms = 0; waited_ms < AWAIT_MS; waited_ms += 20) {
        if (poll(&state, 1, 20) == 1 && recv(client, answer, sizeof(answer), 0) <= 0) {
            (void)close(client);
            return;
        }
        (void)send(client, &bytes[at], 1, MSG_NOSIGNAL);
        at = (at + 1) % strlen(bytes);
    }
    (void)close(client);
    fg_test_fail(__FILE__, __LINE__, "the server lets a slow peer go on for ever");
}

TEST("BAD-INPUT-IS-SAFE: a peer that dribbles headers, a body or nothing at all is cut")
{
    struct fg_server_fixture fixture;
    char answer[100];

    fg_fixture_start_plain(&fixture, SHORT_MS);
    dribble(fg_fixture_connect(&fixture), "GET /who HTTP/1.1\r\n", "X-A: b\r\n");
    CHECK_INT(counts_of(&fixture).cut, 1);
    dribble(fg_fixture_connect(&fixture),
            "POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n", "x");
    CHECK_INT(counts_of(&fixture).cut, 2);
    CHECK_INT(fg_fixture_drain(fg_fixture_connect(&fixture), answer, sizeof(answer)), 0);
    CHECK_INT(counts_of(&fixture).cut, 3);
    CHECK_INT(fg_fixture_handled(), 0);
    CHECK_HAS(fg_fixture_log(), "127.0.0.1: cut, since it completed no request within 300 ms");
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: a peer that dribbles its handshake is cut")
{
    struct fg_server_fixture fixture;
    char answer[100];

    fg_fixture_start_tls(&fixture, SHORT_MS);
    /* A handshake record of 16 KiB whose bytes come one by one. */
    dribble(fg_fixture_connect(&fixture), "\x16\x03\x01\x3f\xff\x01", "\x01\x3f");
    CHECK_INT(counts_of(&fixture).cut, 1);
    CHECK_INT(fg_fixture_drain(fg_fixture_connect(&fixture), answer, sizeof(answer)), 0);
    CHECK_INT(counts_of(&fixture).cut, 2);
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: a connection that was answered and then idles is cut")
{
    struct fg_server_fixture fixture;
    const char *answer;

    fg_fixture_start_plain(&fixture, SHORT_MS);
    answer = fg_fixture_raw(&fixture, "GET /who HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_HAS(answer, "kind=0");
    CHECK_INT(counts_of(&fixture).cut, 1);
    CHECK_INT(counts_of(&fixture).requests, 1);
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: a peer that asks for much and takes nothing is cut")
{
    static const char request[] = "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n";
    struct fg_server_fixture fixture;
    int client;

    fg_fixture_start_plain(&fixture, SHORT_MS);
    client = fg_fixture_connect(&fixture);
    fg_fixture_send(client, request, sizeof(request) - 1);
    for (int i = 0; i < AWAIT_MS / 20 && counts_of(&fixture).cut == 0; i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    CHECK_INT(counts_of(&fixture).cut, 1);
    CHECK_HAS(fg_fixture_log(), "took no answer");
    (void)close(client);
    fg_fixture_stop(&fixture);
}

TEST("a handler may take longer than the deadline of requests")
{
    struct fg_server_fixture fixture;
    char answer[1000];
    int client;

    fg_fixture_start_plain(&fixture, SHORT_MS);
    client = fg_fixture_connect(&fixture);
    fg_fixture_send(client, "GET /wait HTTP/1.0\r\n\r\n", 22);
    fg_fixture_await_handler();
    /* The other thread's connections show that deadlines pass meanwhile. */
    for (int i = 0; i < 4; i++) {
        (void)close(fg_fixture_connect(&fixture));
        (void)nanosleep(&(struct timespec){.tv_nsec = SHORT_MS * 1000000L}, NULL);
    }
    fg_fixture_release();
    (void)fg_fixture_drain(client, answer, sizeof(answer));
    CHECK_HAS(answer, "waited");
    fg_fixture_stop(&fixture);
}

/* ---- many ---- */

static size_t resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long total = 0;
    unsigned long resident = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%lu %lu", &total, &resident) != 2)
        resident = 0;
    (void)fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void allow_descriptors(void)
{
    struct rlimit limit;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur < 3 * IDLE_COUNT) {
        limit.rlim_cur = limit.rlim_max;
        CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        CHECK(limit.rlim_cur >= 3 * IDLE_COUNT);
    }
}

TEST("BAD-INPUT-IS-SAFE: a thousand idle connections cost little memory, and others are served meanwhile")
{
    static int clients[IDLE_COUNT];
    struct fg_server_fixture fixture;
    size_t before_kib;
    size_t growth_kib;

    allow_descriptors();
    fg_fixture_start_tls(&fixture, 0);
    CHECK_HAS(fg_fixture_shell(&fixture, NULL, "curl -sS --cacert ca.pem https://127.0.0.1:$PORT/who"),
              "kind=0");
    before_kib = resident_kib();
    for (int i = 0; i < IDLE_COUNT; i++)
        clients[i] = fg_fixture_connect(&fixture);
    for (int i = 0; i < AWAIT_MS / 20 && counts_of(&fixture).open < IDLE_COUNT; i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    CHECK_INT(counts_of(&fixture).open, IDLE_COUNT);
    CHECK_HAS(fg_fixture_shell(&fixture, NULL, "curl -sS --cacert ca.pem https://127.0.0.1:$PORT/who"),
              "kind=0");
    growth_kib = resident_kib() - before_kib;
    printf("    %d idle TLS connections: %zu KiB, %zu KiB each\n", IDLE_COUNT, growth_kib,
           growth_kib / IDLE_COUNT);
    CHECK(growth_kib < (size_t)IDLE_COUNT * 128);
    for (int i = 0; i < IDLE_COUNT; i++)
        (void)close(clients[i]);
    fg_fixture_stop(&fixture);
}

static void await_open(const struct fg_server_fixture *fixture, uint64_t connections)
{
    for (int i = 0; i < AWAIT_MS / 20 && counts_of(fixture).connections < connections; i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    CHECK(counts_of(fixture).connections >= connections);
}

TEST("BAD-INPUT-IS-SAFE: silent connections that take every place give way to one that asks")
{
    struct fg_server_fixture fixture;
    char answer[1000];
    int clients[24];

    for (int own_threads = 0; own_threads < 2; own_threads++) {
        fg_fixture_prepare(&fixture, true, 0);
        fixture.settings.threads = 1;
        fixture.settings.connections_max = 8;
        fixture.settings.thread_per_connection = own_threads == 1;
        fg_fixture_start(&fixture);
        for (int i = 0; i < 24; i++)
            clients[i] = fg_fixture_connect(&fixture);
        await_open(&fixture, 24);
        CHECK_HAS(fg_fixture_raw(&fixture, "GET /who HTTP/1.0\r\n\r\n"), "kind=0");
        CHECK_INT(counts_of(&fixture).cut, 0);
        CHECK_INT(counts_of(&fixture).gave_way, 21);
        /* The oldest are closed, the newest are not. */
        CHECK_INT(fg_fixture_drain(clients[0], answer, sizeof(answer)), 0);
        fg_fixture_send(clients[23], "GET /who HTTP/1.0\r\n\r\n", 21);
        (void)fg_fixture_drain(clients[23], answer, sizeof(answer));
        CHECK_HAS(answer, "kind=0");
        for (int i = 1; i < 23; i++)
            (void)close(clients[i]);
        for (int i = 0; i < AWAIT_MS / 20 && strstr(fg_fixture_log(), "gave way") == NULL; i++)
            (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        CHECK_HAS(fg_fixture_log(), "gave way to newer ones");
        fg_fixture_stop(&fixture);
    }
}

TEST("BAD-INPUT-IS-SAFE: one address has no more unproven connections than it may")
{
    struct fg_server_fixture fixture;
    char answer[1000];
    int clients[5];

    fg_fixture_prepare(&fixture, true, 0);
    fixture.settings.connections_per_address_max = 3;
    fg_fixture_start(&fixture);
    for (int i = 0; i < 5; i++) {
        clients[i] = fg_fixture_connect(&fixture);
        await_open(&fixture, (uint64_t)i + 1);
    }
    CHECK_INT(fg_fixture_drain(clients[0], answer, sizeof(answer)), 0);
    CHECK_INT(fg_fixture_drain(clients[1], answer, sizeof(answer)), 0);
    fg_fixture_send(clients[2], "GET /who HTTP/1.0\r\n\r\n", 21);
    (void)fg_fixture_drain(clients[2], answer, sizeof(answer));
    CHECK_HAS(answer, "kind=0");
    (void)close(clients[3]);
    (void)close(clients[4]);
    fg_fixture_stop(&fixture);
}

TEST("BAD-INPUT-IS-SAFE: the first request has a short deadline, a connection that asked has the long one")
{
    struct fg_server_fixture fixture;
    char answer[1000];
    int asking;

    fg_fixture_prepare(&fixture, true, 0);
    fixture.settings.request_max_ms = AWAIT_MS;
    fixture.settings.first_request_max_ms = SHORT_MS;
    fg_fixture_start(&fixture);
    asking = fg_fixture_connect(&fixture);
    fg_fixture_send(asking, "POST /echo HTTP/1.0\r\nContent-Length: 5\r\n\r\n12", 44);
    CHECK_INT(fg_fixture_drain(fg_fixture_connect(&fixture), answer, sizeof(answer)), 0);
    CHECK_INT(counts_of(&fixture).cut, 1);
    CHECK_HAS(fg_fixture_log(), "completed no request within 300 ms");
    fg_fixture_send(asking, "345", 3);
    (void)fg_fixture_drain(asking, answer, sizeof(answer));
    CHECK_HAS(answer, "12345");
    fg_fixture_stop(&fixture);
}

/* ---- the log ---- */

static char lines[8192];
static unsigned line_count;

static void keep_line(void *context, const char *line)
{
    (void)context;
    line_count++;
    (void)snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "%s\n", line);
}

TEST("BAD-INPUT-IS-SAFE: a flood of log lines becomes a few and their number")
{
    struct fg_server_log log;

    lines[0] = '\0';
    line_count = 0;
    fg_server_log_start(&log, keep_line, NULL);
    for (int i = 0; i < 1000; i++)
        fg_server_log_line(&log, 5000, "line %d", i);
    CHECK_INT(line_count, FG_SERVER_LOG_LINES);
    fg_server_log_tick(&log, 5999);
    CHECK_INT(line_count, FG_SERVER_LOG_LINES);
    fg_server_log_tick(&log, 6000);
    CHECK_INT(line_count, FG_SERVER_LOG_LINES + 1);
    CHECK_HAS(lines, "980 more lines were held back");
    fg_server_log_line(&log, 6001, "next");
    CHECK_HAS(lines, "next");
    for (int i = 0; i < 50; i++)
        fg_server_log_line(&log, 6002, "again");
    fg_server_log_end(&log, 6003);
    CHECK_HAS(lines, "31 more lines were held back");
}

TEST("BAD-INPUT-IS-SAFE: a log line stays one line and carries no control bytes")
{
    struct fg_server_log log;

    lines[0] = '\0';
    fg_server_log_start(&log, keep_line, NULL);
    fg_server_log_line(&log, 0, "a%sb", "\n\x1b[31m\r\x7f");
    fg_server_log_end(&log, 0);
    CHECK_TEXT(lines, "a??[31m??b\n");
}
