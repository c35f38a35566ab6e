/* The panel over real HTTP and HTTPS, asked with curl, with a real control socket behind it; only what
 * fillgated says is played. */
#include "firmware/panel/panel.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "firmware/controller/control_server.h"
#include "firmware/panel/panel_session.h"
#include "lib/base/monotime.h"
#include "lib/net/page/pair.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/server_fixture.h"

#define OUTPUT_BYTES 262144
#define SILENT_COUNT 100
#define JSON "-H 'Content-Type: application/json' "

/* ---- the played fillgated ---- */

static struct {
    pthread_t thread;
    bool running;
    atomic_bool stop;
    struct fg_control_server *server;
    _Atomic uint64_t quantity_g;
    atomic_uint board_version;
    atomic_uint counts[FG_CONTROL_KIND_COUNT];
    struct fg_control_request newest; /* read only after the command was answered */
} controller;

static struct fg_panel *panel;
static struct fg_panel_settings settings;
static struct fg_error error;
static char log_text[8192];
static char token[64];

static void tell_state(struct fg_control_state *state)
{
    (void)snprintf(state->point, sizeof(state->point), "point-1");
    (void)snprintf(state->operator_id, sizeof(state->operator_id), "op-1");
    state->list_state = FG_LIST_IN_FORCE;
    state->clock_quality = FG_CLOCK_SYNCHRONISED;
    state->reader_up = true;
    state->wall_ms = fg_mono_ms();
    state->quantity_g = 0;
    state->last_quantity_g = (int64_t)controller.quantity_g;
    state->fills_ended = 1;
    state->board_version = controller.board_version;
}

static void handle(void *context, const struct fg_control_request *request,
                   struct fg_control_answer *ret_answer)
{
    (void)context;
    memset(ret_answer, 0, sizeof(*ret_answer));
    controller.counts[request->kind]++;
    if (request->kind == FG_CONTROL_STATE) {
        ret_answer->has_state = true;
        tell_state(&ret_answer->state);
        return;
    }
    if (request->kind == FG_CONTROL_BOARD) {
        ret_answer->has_board = true;
        ret_answer->board.version = controller.board_version;
        ret_answer->board.fills_today = 14;
        return;
    }
    controller.newest = *request;
    if (request->kind == FG_CONTROL_SIGN_IN)
        ret_answer->result = FG_E_DENIED;
    (void)snprintf(ret_answer->text, sizeof(ret_answer->text), "%s",
                   request->kind == FG_CONTROL_SIGN_IN ? "wrong \"PIN\"" : "done so");
}

static void *serve(void *context)
{
    struct pollfd polls[FG_CONTROL_POLLS];

    (void)context;
    while (!controller.stop) {
        (void)poll(polls, (nfds_t)fg_control_server_polls(controller.server, polls), 10);
        fg_control_server_serve(controller.server);
    }
    return NULL;
}

static void controller_start(void)
{
    controller.stop = false;
    CHECK_OK(fg_control_server_new(fg_test_path("control.sock"), handle, NULL, &controller.server, &error),
             &error);
    CHECK_INT(pthread_create(&controller.thread, NULL, serve, NULL), 0);
    controller.running = true;
}

static void controller_stop(void)
{
    if (!controller.running)
        return;
    controller.stop = true;
    (void)pthread_join(controller.thread, NULL);
    fg_control_server_free(controller.server);
    controller.running = false;
}

/* ---- the panel ---- */

static void link_is(void *context, struct fg_panel_link *ret_link)
{
    (void)context;
    ret_link->connected = true;
    ret_link->contact_ms = 77;
}

static void say(void *context, const char *line)
{
    (void)context;
    (void)strncat(log_text, line, sizeof(log_text) - strlen(log_text) - 1);
}

static void prepare(void)
{
    memset(&controller, 0, sizeof(controller));
    controller.board_version = 3;
    log_text[0] = '\0';
    panel = NULL;
    settings = (struct fg_panel_settings){.listen = "127.0.0.1:0",
                                          .names = "panel.example",
                                          .control_socket = fg_test_path("control.sock"),
                                          .work_directory = fg_test_directory(),
                                          .link = link_is,
                                          .say = say};
}

static void start(void)
{
    CHECK_OK(fg_panel_start(&settings, &panel, &error), &error);
}

static void begin(void)
{
    prepare();
    controller_start();
    start();
}

static void end(void)
{
    fg_panel_stop(panel);
    panel = NULL;
    controller_stop();
}

/* Runs a shell command in the test's directory with U (address), O (origin header) and B (cookie jar). */
static const char *shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *shell(const char *format, ...)
{
    static char output[OUTPUT_BYTES];
    char command[4096];
    bool https = settings.certificate_path != NULL;
    unsigned port = fg_panel_port(panel);
    size_t length = (size_t)snprintf(
        command, sizeof(command),
        "exec 2>&1; cd '%s'; U=%s://127.0.0.1:%u; O=\"Origin: $U\"; B='-b jar -c jar'; T='%s'; "
        "C=\"curl -sS --max-time 20 %s\"; W=' status=%%{http_code}\\n'; ",
        fg_test_directory(), https ? "https" : "http", port, token, https ? "--cacert ca.pem" : "");
    va_list arguments;
    FILE *pipe;

    va_start(arguments, format);
    (void)vsnprintf(command + length, sizeof(command) - length, format, arguments);
    va_end(arguments);
    pipe = popen(command, "r");
    CHECK(pipe != NULL);
    length = fread(output, 1, sizeof(output) - 1, pipe);
    output[length] = '\0';
    (void)pclose(pipe);
    return output;
}

/* Asks for a session and keeps its token. */
static void get_session(void)
{
    const char *at = strstr(shell("$C $B $U/session"), "\"token\":\"");

    CHECK(at != NULL);
    (void)snprintf(token, sizeof(token), "%.32s", at + 9);
}

static const char *command(const char *body)
{
    return shell("$C $B -w \"$W\" -H \"$O\" -H \"X-Fillgate-Token: $T\" " JSON "-d '%s' $U/command", body);
}

static unsigned commands_seen(void)
{
    unsigned count = 0;

    for (int kind = 0; kind < FG_CONTROL_KIND_COUNT; kind++) {
        if (kind != FG_CONTROL_STATE && kind != FG_CONTROL_BOARD)
            count += controller.counts[kind];
    }
    return count;
}

/* ---- pages ---- */

TEST("the page is served with strict headers, and asked for anew with its ETag")
{
    static const char *const headers[] = {
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' "
        "data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n",
        "X-Content-Type-Options: nosniff\r\n", "Referrer-Policy: no-referrer\r\n",
        "Permissions-Policy: ", "X-Frame-Options: DENY\r\n"};
    static const char *const paths[] = {"/", "/session", "/texts", "/nothing", "/events", "/../x"};
    const char *output;

    begin();
    for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++) {
        output = shell("$C -i --path-as-is \"$U%s\"", paths[p]);
        for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
            CHECK_HAS(output, headers[i]);
        CHECK(strstr(output, "Strict-Transport-Security") == NULL);
    }
    output = shell("$C -i $U/");
    CHECK_HAS(output, "200 OK");
    CHECK_HAS(output, "Content-Type: text/html; charset=utf-8\r\n");
    CHECK_HAS(output, "Cache-Control: no-cache\r\n");
    CHECK_HAS(output, "<html");
    output = shell("E=$($C -i $U/ | sed -nE 's/^ETag: (.*)\\r/\\1/p'); $C -i -H \"If-None-Match: $E\" $U/");
    CHECK_HAS(output, "304 Not Modified");
    CHECK(strstr(output, "<html") == NULL);
    CHECK_HAS(shell("$C -w \"$W\" $U/nothing"), "\"error\":\"NOT_FOUND\"");
    CHECK_HAS(shell("$C -w \"$W\" -X DELETE $U/"), "status=405");
    output = shell("$C $U/texts");
    CHECK_HAS(output, "\"zh\":{");
    CHECK_HAS(output, "\"TAG_UNREADABLE\":\"标签无法读取\"");
    end();
}

TEST("a request under another name, from another page or another site is refused before anything else")
{
    begin();
    get_session();
    CHECK_HAS(shell("$C -w \"$W\" -H 'Host: evil.example' $U/"), "status=403");
    CHECK_HAS(shell("$C -w \"$W\" -H 'Host: evil.example' $U/session"), "\"error\":\"HOST\"");
    CHECK_HAS(shell("$C -w \"$W\" -H \"Host: panel.example:%u\" $U/", fg_panel_port(panel)), "status=200");
    CHECK_HAS(shell("$C -w \"$W\" -H 'Sec-Fetch-Site: cross-site' $U/session"), "status=403");
    CHECK_HAS(shell("$C -w \"$W\" -H 'Sec-Fetch-Site: cross-site' $U/"), "status=200");
    CHECK_HAS(shell("$C -w \"$W\" -H 'Origin: http://evil.example' $U/session"), "\"error\":\"ORIGIN\"");
    CHECK_HAS(shell("$C $B -w \"$W\" -H \"X-Fillgate-Token: $T\" " JSON
                    "-d '{\"sequence\":1,\"command\":\"stop\"}' $U/command"),
              "\"error\":\"ORIGIN\"");
    CHECK_HAS(shell("$C $B -w \"$W\" -H 'Origin: null' -H \"X-Fillgate-Token: $T\" " JSON
                    "-d '{\"sequence\":1,\"command\":\"stop\"}' $U/command"),
              "status=403");
    CHECK_INT(commands_seen(), 0);
    end();
}

/* ---- commands ---- */

TEST("a command reaches fillgated once, and its answer the page")
{
    const char *output;

    begin();
    get_session();
    output = command("{\"sequence\":1,\"command\":\"check\",\"checks\":5,\"failed\":false}");
    CHECK_HAS(output, "{\"done\":true,\"text\":\"done so\",\"text_zh\":\"\"} status=200");
    CHECK_INT(controller.newest.kind, FG_CONTROL_CHECK);
    CHECK_INT(controller.newest.checks, 5);
    output = command("{\"sequence\":2,\"command\":\"sign_in\",\"operator\":\"op-2\",\"pin\":\"135790\"}");
    CHECK_HAS(
        output,
        "{\"done\":false,\"error\":\"DENIED\",\"text\":\"wrong \\\"PIN\\\"\",\"text_zh\":\"\"} status=200");
    CHECK_TEXT(controller.newest.pin, "135790");
    CHECK_INT(commands_seen(), 2);
    CHECK(strstr(log_text, "135790") == NULL);
    CHECK_HAS(shell("$C $B $U/session"), "\"sequence\":2");
    end();
}

TEST("a replay, a strange token, type, size or body does nothing")
{
    const char *output;

    begin();
    CHECK_HAS(shell("$C -w \"$W\" -H \"$O\" " JSON "-d '{}' $U/command"), "\"error\":\"SESSION\"");
    get_session();
    CHECK_HAS(command("{\"sequence\":7,\"command\":\"start\"}"), "status=200");
    CHECK_INT(commands_seen(), 1);
    output = command("{\"sequence\":7,\"command\":\"start\"}");
    CHECK_HAS(output, "\"error\":\"SEQUENCE\",\"sequence\":7");
    CHECK_HAS(output, "status=409");
    CHECK_HAS(command("{\"sequence\":6,\"command\":\"stop\"}"), "status=409");
    CHECK_HAS(
        shell("$C $B -w \"$W\" -H \"$O\" " JSON "-d '{\"sequence\":8,\"command\":\"stop\"}' $U/command"),
        "\"error\":\"TOKEN\"");
    CHECK_HAS(shell("$C $B -w \"$W\" -H \"$O\" -H 'X-Fillgate-Token: 00000000000000000000000000000000' " JSON
                    "-d '{\"sequence\":8,\"command\":\"stop\"}' $U/command"),
              "status=403");
    CHECK_HAS(shell("$C $B -w \"$W\" -H \"$O\" -H \"X-Fillgate-Token: $T\" -H 'Content-Type: text/plain' "
                    "-d '{\"sequence\":8,\"command\":\"stop\"}' $U/command"),
              "status=415");
    CHECK_HAS(shell("head -c 1025 /dev/zero | $C $B -w \"$W\" -H \"$O\" -H \"X-Fillgate-Token: $T\" " JSON
                    "--data-binary @- $U/command"),
              "status=413");
    CHECK_HAS(command("{\"sequence\":8,\"command\":\"stop\""), "status=400");
    CHECK_HAS(command("{\"sequence\":8,\"command\":\"open_valve\"}"), "status=400");
    CHECK_HAS(shell("$C $B -w \"$W\" $U/command"), "status=404");
    CHECK_INT(commands_seen(), 1);
    end();
}

TEST("a flood of commands is bounded; another session's stop button works all the same")
{
    const char *output;

    begin();
    get_session();
    output = shell(
        "for i in $(seq 1 60); do echo \"next\"; echo \"url = $U/command\"; echo 'output = -'; "
        "echo \"header = \\\"$O\\\"\"; echo \"header = \\\"X-Fillgate-Token: $T\\\"\"; echo 'cookie = jar'; "
        "echo 'header = \"Content-Type: application/json\"'; echo 'write-out = \"=%%{http_code}\\n\"'; "
        "echo \"data = "
        "\\\"{\\\\\\\"sequence\\\\\\\":$i,\\\\\\\"command\\\\\\\":\\\\\\\"start\\\\\\\"}\\\"\"; "
        "done | sed 1d >config; $C -K config | sed -nE 's/.*=([0-9]+)$/\\1/p' | sort | uniq -c");
    CHECK_HAS(output, " 429");
    CHECK_HAS(output, " 200");
    CHECK(commands_seen() >= 20 && commands_seen() < 55);
    CHECK_HAS(shell("rm -f jar; $C $B $U/session"), "\"token\"");
    get_session();
    CHECK_HAS(command("{\"sequence\":1,\"command\":\"stop\"}"), "status=200");
    CHECK_INT(controller.newest.kind, FG_CONTROL_STOP);
    end();
}

TEST("a flood of sessions is answered or turned away, and the panel goes on")
{
    begin();
    (void)shell(
        "for n in 1 2 3 4 5 6; do curl -s --max-time 20 \"$U/session?[1-200]\" >/dev/null & done; wait");
    (void)poll(NULL, 0, 100);
    get_session();
    CHECK_HAS(command("{\"sequence\":1,\"command\":\"stop\"}"), "status=200");
    end();
}

/* ---- events ---- */

TEST("a page is told state and board at once, each change soon, and something every second")
{
    const char *output;
    unsigned count = 0;

    begin();
    CHECK_HAS(shell("$C -w \"$W\" $U/events"), "status=401");
    get_session();
    output = shell("$C $B -N --max-time 2.8 $U/events");
    CHECK_HAS(output, "id: 1\nevent: state\ndata: {\"now_ms\":");
    CHECK_HAS(output, "\"display\":\"READY\"");
    CHECK_HAS(output, "\"link\":{\"connected\":true,\"contact_ms\":77,\"text\":\"\",\"certificate_end\":0}");
    CHECK_HAS(output, "\nevent: board\ndata: {\"version\":3,");
    for (const char *at = output; (at = strstr(at, "event: state")) != NULL; at++)
        count++;
    CHECK(count >= 2 && count <= 4);
    end();
}

static void *change_later(void *context)
{
    (void)context;
    (void)poll(NULL, 0, 500);
    controller.quantity_g = 1234;
    controller.board_version = 4;
    return NULL;
}

TEST("a change of state and a new board come as they happen")
{
    pthread_t thread;
    const char *output;
    const char *changed;

    begin();
    get_session();
    CHECK_INT(pthread_create(&thread, NULL, change_later, NULL), 0);
    output = shell("$C $B -N --max-time 1.5 $U/events | while IFS= read -r line; do echo \"$(date +%%s%%3N) "
                   "$line\"; done");
    (void)pthread_join(thread, NULL);
    changed = strstr(output, "\"quantity_g\":1234");
    CHECK(changed != NULL);
    CHECK_HAS(changed, "{\"version\":4,");
    end();
}

TEST("a fillgated that is away is told as gone, and its return too")
{
    const char *output;

    prepare();
    start();
    get_session();
    output = shell("$C $B -N --max-time 1.5 $U/events");
    CHECK_HAS(output, "event: gone\ndata: {\"text\":\"");
    CHECK(strstr(output, "event: state") == NULL);
    CHECK_HAS(command("{\"sequence\":1,\"command\":\"stop\"}"), "\"error\":\"GONE\"");
    CHECK_HAS(command("{\"sequence\":2,\"command\":\"stop\"}"), "status=503");
    controller_start();
    output = shell("$C $B -N --max-time 1.5 $U/events");
    CHECK_HAS(output, "event: state");
    controller_stop();
    CHECK_HAS(shell("$C $B -N --max-time 1.5 $U/events"), "event: gone");
    end();
}

TEST("the ninth event stream is turned away, until another ends")
{
    const char *output;

    begin();
    get_session();
    output = shell(
        "for i in $(seq 8); do curl -s -N -b jar --max-time 60 $U/events >stream.$i & P=\"$P $!\"; done; "
        "for n in $(seq 200); do [ $(cat stream.* | grep -c 'event: board') -ge 8 ] && break; "
        "sleep 0.1; done; "
        "$C $B -w \"$W\" $U/events; kill $P; wait; "
        "for n in $(seq 100); do $C $B -N --max-time 1 $U/events | grep -m 1 'event: state' && "
        "break; sleep 0.1; "
        "done; for i in $(seq 8); do grep -c 'event: board' stream.$i; done | sort | uniq -c");
    CHECK_HAS(output, "\"error\":\"FULL\"");
    CHECK_HAS(output, "status=503");
    CHECK_HAS(output, "event: state");
    CHECK_HAS(output, "8 1\n");
    end();
}

TEST("open streams and waiting requests do not keep the panel from stopping")
{
    int64_t begun_mono_ms;

    begin();
    get_session();
    (void)shell(
        "for i in $(seq 8); do curl -s -N -b jar --max-time 10 $U/events >/dev/null 2>&1 & done; sleep 0.5");
    begun_mono_ms = fg_mono_ms();
    end();
    CHECK(fg_mono_ms() - begun_mono_ms < 30000);
}

static int connect_silently(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(fg_panel_port(panel)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(client >= 0);
    CHECK_INT(connect(client, (const struct sockaddr *)(const void *)&address, sizeof(address)), 0);
    return client;
}

TEST("BAD-INPUT-IS-SAFE: silent connections, however many, keep neither the stop button nor an open page")
{
    static int silent[SILENT_COUNT];
    const char *output;

    begin();
    get_session();
    (void)shell("curl -s -N -b jar --max-time 60 $U/events >stream 2>&1 & echo $! >stream.pid; "
                "for n in $(seq 300); do grep -q 'event: board' stream && break; sleep 0.1; done");
    for (int i = 0; i < SILENT_COUNT; i++)
        silent[i] = connect_silently();
    /* Sooner than the server cuts who says nothing. */
    output = shell("C=\"$C --max-time 4\"; $C $B -w \"$W\" -H \"$O\" -H \"X-Fillgate-Token: $T\" " JSON
                   "-d '{\"sequence\":1,\"command\":\"stop\"}' $U/command");
    CHECK_HAS(output, "\"done\":true");
    output = shell("kill -0 $(cat stream.pid) && echo still open; kill $(cat stream.pid)");
    CHECK_HAS(output, "still open");
    for (int i = 0; i < SILENT_COUNT; i++)
        (void)close(silent[i]);
    end();
}

/* ---- beyond loopback ---- */

TEST("beyond loopback there is no plain HTTP, and certificate and key come together")
{
    prepare();
    settings.listen = "0.0.0.0:0";
    CHECK_INT(fg_panel_check(&settings, &error), FG_E_ARG);
    CHECK_INT(fg_panel_start(&settings, &panel, &error), FG_E_ARG);
    CHECK_HAS(error.text, "HTTPS");
    settings.listen = "127.0.0.1:0";
    settings.key_path = "key";
    CHECK_INT(fg_panel_check(&settings, &error), FG_E_ARG);
    settings.listen = "nowhere";
    CHECK_INT(fg_panel_check(&settings, &error), FG_E_FORMAT);
}

TEST("beyond loopback a browser is paired with a code that a person made, and may be ended")
{
    char code[FG_PAIR_CODE_DIGITS + 1];
    char directory[512];
    const char *output;

    prepare();
    fg_fixture_authority("ca");
    fg_fixture_certificate("panel", "ca", "/O=fillgate/CN=panel", "200101000000Z", "350101000000Z",
                           "serverAuth");
    settings.listen = "0.0.0.0:0";
    settings.names = "127.0.0.1";
    settings.certificate_path = fg_test_path("panel.pem");
    settings.key_path = fg_test_path("panel.key");
    controller_start();
    start();
    output = shell("$C -i $B $U/session");
    CHECK_HAS(output, "Strict-Transport-Security: max-age=");
    CHECK_HAS(output, "Set-Cookie: __Host-fillgate_panel_");
    CHECK_HAS(output, "; Path=/; HttpOnly; SameSite=Strict; Secure\r\n");
    CHECK_HAS(output, "\"paired\":false");
    get_session();
    CHECK_HAS(shell("$C $B -w \"$W\" $U/events"), "\"error\":\"PAIRING\"");
    CHECK_HAS(command("{\"sequence\":1,\"command\":\"stop\"}"), "status=401");
    (void)snprintf(directory, sizeof(directory), "%s/panel", fg_test_directory());
    CHECK_HAS(shell("$C $B -w \"$W\" -H \"$O\" " JSON "-d '{\"code\":\"12345678\"}' $U/pair"), "status=403");
    CHECK_OK(fg_pair_code_new(directory, fg_panel_port(panel), code, &error), &error);
    CHECK_HAS(shell("$C $B -w \"$W\" -H \"$O\" " JSON "-d '{\"code\":\"%s\"}' $U/pair", code),
              "\"error\":\"EXPIRED\"");
    CHECK_OK(fg_pair_code_new(directory, (int64_t)time(NULL) * 1000, code, &error), &error);
    CHECK_HAS(shell("$C $B -w \"$W\" " JSON "-d '{\"code\":\"%s\"}' $U/pair", code), "\"error\":\"ORIGIN\"");
    CHECK_HAS(shell("$C $B -w \"$W\" -H \"$O\" -d '{\"code\":\"%s\"}' $U/pair", code), "status=415");
    CHECK_HAS(shell("$C $B -w \"$W\" -H \"$O\" " JSON "-d '{\"code\":\"%s\"}' $U/pair", code), "status=200");
    CHECK_HAS(shell("$C $B -w \"$W\" -H \"$O\" " JSON "-d '{\"code\":\"%s\"}' $U/pair", code), "status=403");
    CHECK_HAS(shell("$C $B $U/session"), "\"paired\":true");
    CHECK_HAS(command("{\"sequence\":1,\"command\":\"stop\"}"), "\"done\":true");
    /* The device's cookie alone pairs a later session. */
    CHECK_HAS(shell("grep -v fillgate_panel jar >jar2; mv jar2 jar; $C $B $U/session"), "\"paired\":true");
    output = shell("(sleep 1.2; rm panel/device-*) & $C $B -N --max-time 10 -w \"$W\" $U/events; wait");
    CHECK_HAS(output, "event: state");
    CHECK_HAS(output, "status=200");
    CHECK(strstr(output, "timed out") == NULL);
    get_session();
    CHECK_HAS(command("{\"sequence\":9,\"command\":\"stop\"}"), "\"error\":\"PAIRING\"");
    end();
}

TEST("pairing is tried a few times a second at most")
{
    const char *output;

    begin();
    output = shell("for i in 1 2 3 4 5 6 7 8 9; do $C -w \"$W\" -H \"$O\" " JSON
                   "-d '{\"code\":\"1\"}' $U/pair; done");
    CHECK_HAS(output, "status=400");
    CHECK_HAS(output, "status=429");
    end();
}
