/* From a tag put into the field to the event that tells a page its decision, over real fillgated, reader,
 * simulator and link: median and 99th percentile, beside the time at which fillgated's own state had changed
 * in the same taps. What the radio, the reader and the journal take is in both; the panel's part is the rest.
 *
 * The clock starts before the simulator's command is run, so its start (some ms) is counted in. Not: what a
 * browser takes to draw (tests of the page). Relies on: the programs beside this one, tools/point.sh. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/monotime.h"
#include "proto/point/control.h"

#define TAPS 200
#define TAP_MAX_MS 10000
#define BOUND_MS 300.0
#define STREAM_BYTES 131072
#define LOOK_EVERY_MS 2

struct bench {
    char build[256];
    char directory[48];
    int port;
    int stream;
    atomic_bool stop;
    /* The newest decision that each has told, and when. */
    _Atomic uint64_t page_decision;
    _Atomic int64_t page_ns;
    atomic_bool page_tag;
    _Atomic uint64_t own_decision;
    _Atomic int64_t own_ns;
};

static struct bench bench;
static double page_ms[TAPS];
static double own_ms[TAPS];

static int fail(const char *what)
{
    (void)fprintf(stderr, "bench_panel: %s\n", what);
    return 1;
}

/* ---- the point ---- */

static bool point(const char *verb)
{
    char command[1024];

    (void)snprintf(command, sizeof(command),
                   "BUILD='%s' DIR='%s' tools/point.sh %s >/dev/null 2>'%s/point.log'", bench.build,
                   bench.directory, verb, bench.directory);
    return system(command) == 0;
}

static bool simulate(const char *verb)
{
    char command[1024];

    (void)snprintf(command, sizeof(command), "exec '%s/fillgate-sim' --dir '%s' send '%s' >/dev/null",
                   bench.build, bench.directory, verb);
    return system(command) == 0;
}

static bool read_port(void)
{
    char path[128];
    FILE *file;
    bool read;

    (void)snprintf(path, sizeof(path), "%s/panel.url", bench.directory);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    read = fscanf(file, "http://127.0.0.1:%d/", &bench.port) == 1;
    (void)fclose(file);
    return read;
}

/* ---- the page ---- */

static int ask(const char *path, const char *cookie)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)bench.port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char request[512];
    int length =
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nCookie: %s\r\n\r\n",
                 path, bench.port, cookie);
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connection >= 0 && connect(connection, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        send(connection, request, (size_t)length, MSG_NOSIGNAL) == length)
        return connection;
    if (connection >= 0)
        (void)close(connection);
    return -1;
}

static bool open_events(void)
{
    char answer[4096];
    char cookie[128] = "";
    const char *at;
    int connection = ask("/session", "none");
    ssize_t length = connection >= 0 ? recv(connection, answer, sizeof(answer) - 1, 0) : -1;

    if (connection >= 0)
        (void)close(connection);
    if (length <= 0)
        return false;
    answer[length] = '\0';
    at = strstr(answer, "Set-Cookie: ");
    if (at == NULL || sscanf(at, "Set-Cookie: %120[^;]", cookie) != 1)
        return false;
    bench.stream = ask("/events", cookie);
    return bench.stream >= 0;
}

static void take_state(const char *line, int64_t now_ns)
{
    const char *decision = strstr(line, "\"decision\":{\"count\":");
    uint64_t count = decision != NULL ? strtoull(decision + 20, NULL, 10) : 0;

    bench.page_tag = strstr(line, "\"tag\":{\"present\":true") != NULL;
    if (count != bench.page_decision) {
        bench.page_ns = now_ns;
        bench.page_decision = count;
    }
}

/* Chunk borders stand on lines of their own, so that lines are enough. */
static void *read_events(void *context)
{
    static char buffer[STREAM_BYTES];
    size_t used = 0;
    ssize_t got;

    (void)context;
    while (!bench.stop && (got = recv(bench.stream, buffer + used, sizeof(buffer) - 1 - used, 0)) > 0) {
        int64_t now_ns = fg_mono_ns();
        char *start = buffer;
        char *end;

        used += (size_t)got;
        buffer[used] = '\0';
        while ((end = strchr(start, '\n')) != NULL) {
            *end = '\0';
            if (strncmp(start, "data: {\"now_ms\"", 15) == 0)
                take_state(start, now_ns);
            start = end + 1;
        }
        used -= (size_t)(start - buffer);
        memmove(buffer, start, used);
    }
    return NULL;
}

/* ---- fillgated itself ---- */

static void *look(void *context)
{
    static struct fg_control_answer answer;
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    struct fg_control_client *client = NULL;
    char path[128];

    (void)context;
    (void)snprintf(path, sizeof(path), "%s/control.sock", bench.directory);
    if (fg_control_client_open(path, 1000, &client, NULL) != FG_OK)
        return NULL;
    while (!bench.stop && fg_control_client_ask(client, &request, &answer, 1000, NULL) == FG_OK) {
        if (answer.state.decisions != bench.own_decision) {
            bench.own_ns = fg_mono_ns();
            bench.own_decision = answer.state.decisions;
        }
        fg_sleep_ms(LOOK_EVERY_MS);
    }
    fg_control_client_close(client);
    return NULL;
}

/* ---- taps ---- */

static bool wait_for(uint64_t decision, bool tag)
{
    int64_t end_ms = fg_mono_ms() + TAP_MAX_MS;

    while (fg_mono_ms() < end_ms) {
        if (bench.page_decision >= decision && bench.own_decision >= decision && (tag || !bench.page_tag))
            return true;
        fg_sleep_ms(1);
    }
    return false;
}

static bool tap(int number)
{
    uint64_t before = bench.own_decision;
    int64_t begun_ns = fg_mono_ns();

    if (!simulate("present scrapped") || !wait_for(before + 1, true))
        return false;
    page_ms[number] = (double)(bench.page_ns - begun_ns) / 1e6;
    own_ms[number] = (double)(bench.own_ns - begun_ns) / 1e6;
    if (!simulate("remove") || !wait_for(before + 1, false))
        return false;
    /* Falls at any moment of the panel's rhythm. */
    fg_sleep_ms(20 + number * 37 % 100);
    return true;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static void report(void)
{
    qsort(page_ms, TAPS, sizeof(page_ms[0]), compare);
    qsort(own_ms, TAPS, sizeof(own_ms[0]), compare);
    printf("panel: tag in field to decision at the page, %d taps: median %.0f ms, p99 %.0f ms (bound %.0f "
           "ms); fillgated itself: median %.0f ms, p99 %.0f ms; ratio of medians %.2f, of p99 %.2f\n",
           TAPS, page_ms[TAPS / 2], page_ms[TAPS * 99 / 100], BOUND_MS, own_ms[TAPS / 2],
           own_ms[TAPS * 99 / 100], page_ms[TAPS / 2] / own_ms[TAPS / 2],
           page_ms[TAPS * 99 / 100] / own_ms[TAPS * 99 / 100]);
}

static int run(void)
{
    pthread_t reader;
    pthread_t looker;
    int taps = 0;

    if (!point("prepare") || !point("sim") || !point("renew") || !point("panel") || !read_port())
        return fail("the filling point does not start");
    if (!open_events())
        return fail("the panel gives no events");
    if (pthread_create(&reader, NULL, read_events, NULL) != 0 ||
        pthread_create(&looker, NULL, look, NULL) != 0)
        return fail("no threads");
    fg_sleep_ms(2000);
    while (taps < TAPS && tap(taps))
        taps++;
    bench.stop = true;
    (void)shutdown(bench.stream, SHUT_RDWR);
    (void)pthread_join(reader, NULL);
    (void)pthread_join(looker, NULL);
    (void)close(bench.stream);
    if (taps < TAPS)
        return fail("a tap was never told");
    report();
    return 0;
}

int main(int argc, char **argv)
{
    char *slash;
    char command[128];
    int code;

    (void)argc;
    (void)snprintf(bench.build, sizeof(bench.build), "%s", argv[0]);
    slash = strrchr(bench.build, '/');
    if (slash == NULL)
        return fail("call it by its path, as build/release/bench_panel");
    *slash = '\0';
    (void)snprintf(bench.directory, sizeof(bench.directory), "/tmp/fillgate-bench-panel-XXXXXX");
    if (mkdtemp(bench.directory) == NULL)
        return fail("no temporary directory");
    code = run();
    (void)point("panel-stop");
    (void)point("stop");
    (void)point("sim-stop");
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", bench.directory);
    (void)(system(command) == 0);
    return code;
}
