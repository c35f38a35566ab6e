/* Implementation of the server for tests (server_fixture.h). */
#include "tests/lib/server_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/check.h"

#define LOG_BYTES 65536
#define DRAIN_MAX_MS 60000
#define FILE_BYTES 100000

static _Atomic int64_t clock_ms;
static _Atomic unsigned handled;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool handler_waits;
static bool released;
static char log_text[LOG_BYTES];
static size_t log_length;

static int64_t now_ms(void *context)
{
    (void)context;
    return clock_ms;
}

static void keep_line(void *context, const char *line)
{
    (void)context;
    (void)pthread_mutex_lock(&mutex);
    if (log_length + strlen(line) + 2 < LOG_BYTES)
        log_length += (size_t)snprintf(log_text + log_length, LOG_BYTES - log_length, "%s\n", line);
    (void)pthread_mutex_unlock(&mutex);
}

/* ---- routes ---- */

static void handle_who(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    const struct fg_peer *peer = request->peer;

    (void)context;
    handled++;
    fg_answer_text(ret_answer, 200, "kind=%u role=%s id=%s key=%02x%02x device=%d to=%lld from=%s",
                   peer->kind, peer->role, peer->id, peer->key.point[0], peer->key.point[1],
                   peer->has_device_key, (long long)peer->not_after_ms, peer->address);
}

static void handle_echo(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    (void)context;
    handled++;
    fg_answer_bytes(ret_answer, 200, request->body, request->body_length);
}

static void handle_show(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    const char *query = fg_request_query(request, "q");
    const char *header = fg_request_header(request, "X-Test");

    (void)context;
    handled++;
    fg_answer_text(ret_answer, 200, "%s %s q=%s x=%s", request->method, request->path,
                   query != NULL ? query : "(none)", header != NULL ? header : "(none)");
    ret_answer->headers[ret_answer->header_count++] =
        (struct fg_answer_header){.name = "ETag", .value = "\"v1\""};
}

static void handle_file(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    (void)context;
    (void)request;
    handled++;
    ret_answer->file_descriptor = open(fg_test_path("file"), O_RDONLY | O_CLOEXEC);
    ret_answer->file_offset = 10;
    ret_answer->file_length = FILE_BYTES;
    ret_answer->status = ret_answer->file_descriptor >= 0 ? 200 : 500;
    ret_answer->headers[ret_answer->header_count++] =
        (struct fg_answer_header){.name = "ETag", .value = "\"v1\""};
}

static void handle_wait(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    (void)context;
    (void)request;
    handled++;
    (void)pthread_mutex_lock(&mutex);
    handler_waits = true;
    (void)pthread_cond_broadcast(&changed);
    while (!released)
        (void)pthread_cond_wait(&changed, &mutex);
    (void)pthread_mutex_unlock(&mutex);
    fg_answer_text(ret_answer, 200, "waited");
}

/* Three pieces; between them there is nothing for a while; after them the end or a failure. */
static enum fg_err give_piece(void *context, uint64_t offset, uint8_t *buffer, size_t capacity,
                              size_t *ret_length)
{
    unsigned *calls = context;

    (void)capacity;
    if (++*calls % 2 == 0)
        return FG_E_BUSY;
    if (offset >= 15) {
        *ret_length = 0;
        return calls[1] == 0 ? FG_OK : FG_E_IO;
    }
    memcpy(buffer, "piece", 5);
    *ret_length = 5;
    return FG_OK;
}

static void handle_stream(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    unsigned *calls = calloc(2, sizeof(*calls));

    (void)context;
    handled++;
    if (calls == NULL)
        return;
    calls[1] = fg_request_query(request, "fail") != NULL;
    ret_answer->status = 200;
    ret_answer->source = give_piece;
    ret_answer->source_context = calls;
    ret_answer->source_free = free;
}

/* Never ends. */
static enum fg_err give_forever(void *context, uint64_t offset, uint8_t *buffer, size_t capacity,
                                size_t *ret_length)
{
    (void)context;
    (void)offset;
    memset(buffer, 'x', capacity);
    *ret_length = capacity;
    return FG_OK;
}

static void handle_endless(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    (void)context;
    (void)request;
    handled++;
    ret_answer->status = 200;
    ret_answer->source = give_forever;
}

static void handle_nothing(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    (void)context;
    (void)request;
    (void)ret_answer;
    handled++;
}

static const struct fg_route routes[] = {
    {"GET", "/who", 0, false, handle_who, NULL},
    {"GET", "/secret", 0, true, handle_who, NULL},
    {"POST", "/echo", FG_FIXTURE_BODY_MAX, false, handle_echo, NULL},
    {"POST", "/large", (size_t)64 << 20, false, handle_who, NULL},
    {"GET", "/show/*", 0, false, handle_show, NULL},
    {"GET", "/file", 0, false, handle_file, NULL},
    {"GET", "/wait", 0, false, handle_wait, NULL},
    {"GET", "/stream", 0, false, handle_stream, NULL},
    {"GET", "/endless", 0, false, handle_endless, NULL},
    {"GET", "/nothing", 0, false, handle_nothing, NULL},
};

/* ---- start and stop ---- */

static void write_test_file(void)
{
    FILE *file = fopen(fg_test_path("file"), "w");

    if (file == NULL)
        fg_test_fail(__FILE__, __LINE__, "cannot make a file");
    for (int i = 0; i < FILE_BYTES / 10 + 10; i++)
        (void)fprintf(file, "%09d\n", i);
    (void)fclose(file);
}

void fg_fixture_prepare(struct fg_server_fixture *fixture, bool plain, uint32_t request_max_ms)
{
    (void)signal(SIGPIPE, SIG_IGN);
    clock_ms = FG_FIXTURE_NOW_MS;
    handled = 0;
    handler_waits = false;
    released = false;
    log_length = 0;
    log_text[0] = '\0';
    write_test_file();
    fixture->server = NULL;
    fixture->settings = (struct fg_server_settings){
        .address = "127.0.0.1",
        .plain = plain,
        .certificate_path = fg_test_path("server.pem"),
        .key_path = fg_test_path("server.key"),
        .ca_path = fg_test_path("ca.pem"),
        .now_ms = now_ms,
        .threads = 2,
        .connections_max = 6000,
        .request_max_ms = request_max_ms > 0 ? request_max_ms : 20000,
        .log = keep_line,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };
}

void fg_fixture_start(struct fg_server_fixture *fixture)
{
    if (fg_server_start(&fixture->settings, &fixture->server, &fixture->error) != FG_OK)
        fg_test_fail(__FILE__, __LINE__, "the server does not start: %s", fixture->error.text);
}

void fg_fixture_start_plain(struct fg_server_fixture *fixture, uint32_t request_max_ms)
{
    fg_fixture_prepare(fixture, true, request_max_ms);
    fg_fixture_start(fixture);
}

void fg_fixture_start_tls(struct fg_server_fixture *fixture, uint32_t request_max_ms)
{
    fg_fixture_authority("ca");
    fg_fixture_certificate("server", "ca", "/O=fillgate/OU=bureau/CN=b1", "200101000000Z", "350101000000Z",
                           "serverAuth");
    fg_fixture_prepare(fixture, false, request_max_ms);
    fg_fixture_start(fixture);
}

void fg_fixture_stop(struct fg_server_fixture *fixture)
{
    fg_server_stop(fixture->server);
    fixture->server = NULL;
}

void fg_fixture_set_now_ms(int64_t time_ms)
{
    clock_ms = time_ms;
}

const char *fg_fixture_log(void)
{
    static char copy[LOG_BYTES];

    (void)pthread_mutex_lock(&mutex);
    memcpy(copy, log_text, sizeof(copy));
    (void)pthread_mutex_unlock(&mutex);
    return copy;
}

unsigned fg_fixture_handled(void)
{
    return handled;
}

void fg_fixture_release(void)
{
    (void)pthread_mutex_lock(&mutex);
    released = true;
    (void)pthread_cond_broadcast(&changed);
    (void)pthread_mutex_unlock(&mutex);
}

void fg_fixture_await_handler(void)
{
    (void)pthread_mutex_lock(&mutex);
    while (!handler_waits)
        (void)pthread_cond_wait(&changed, &mutex);
    (void)pthread_mutex_unlock(&mutex);
}

/* ---- commands ---- */

const char *fg_fixture_shell(const struct fg_server_fixture *fixture, int *ret_status, const char *format,
                             ...)
{
    static char output[FG_FIXTURE_OUTPUT_MAX];
    char command[4096];
    size_t length;
    va_list arguments;
    FILE *pipe;
    int status;

    length = (size_t)snprintf(command, sizeof(command), "exec 2>&1; cd %s; PORT=%u; ", fg_test_directory(),
                              fixture != NULL ? (unsigned)fg_server_port(fixture->server) : 0u);
    va_start(arguments, format);
    (void)vsnprintf(command + length, sizeof(command) - length, format, arguments);
    va_end(arguments);
    pipe = popen(command, "r");
    if (pipe == NULL)
        fg_test_fail(__FILE__, __LINE__, "cannot run %s", command);
    length = fread(output, 1, sizeof(output) - 1, pipe);
    output[length] = '\0';
    status = pclose(pipe);
    if (ret_status != NULL)
        *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return output;
}

static void must_succeed(int status, const char *output)
{
    if (status != 0)
        fg_test_fail(__FILE__, __LINE__, "a command fails: %s", output);
}

void fg_fixture_authority(const char *name)
{
    int status = 0;
    const char *output = fg_fixture_shell(
        NULL, &status,
        "openssl ecparam -name prime256v1 -genkey -noout -out %s.key && "
        "mkdir -p %s.new && : >%s.index && "
        "printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=%s.index\\nrand_serial=yes\\nnew_certs_dir=%s.new\\n"
        "default_md=sha256\\npolicy=p\\nunique_subject=no\\n[p]\\nO=optional\\nOU=optional\\nCN=optional\\n"
        "emailAddress=optional\\n[req]\\ndistinguished_name=n\\n[n]\\n[ca_ext]\\n"
        "basicConstraints=critical,CA:TRUE\\nkeyUsage=keyCertSign\\n' >%s.conf && "
        "openssl req -new -key %s.key -subj /O=fillgate/OU=ca/CN=%s -config %s.conf -out %s.csr && "
        "openssl ca -batch -config %s.conf -selfsign -extensions ca_ext -keyfile %s.key -in %s.csr -notext "
        "-out %s.pem -startdate 200101000000Z -enddate 350101000000Z",
        name, name, name, name, name, name, name, name, name, name, name, name, name, name);

    must_succeed(status, output);
}

void fg_fixture_certificate(const char *name, const char *ca, const char *subject, const char *from,
                            const char *to, const char *usage)
{
    int status = 0;
    const char *output = fg_fixture_shell(
        NULL, &status,
        "{ [ -e %s.key ] || (umask 077; openssl ecparam -name prime256v1 -genkey -noout -out %s.key); } && "
        "printf 'extendedKeyUsage=%s\\nkeyUsage=digitalSignature\\nbasicConstraints=CA:FALSE\\n"
        "subjectAltName=IP:127.0.0.1\\n' >%s.ext && "
        "openssl req -new -key %s.key -subj '%s' -config %s.conf -out %s.csr && "
        "openssl ca -batch -config %s.conf -cert %s.pem -keyfile %s.key -in %s.csr -notext -out %s.pem "
        "-extfile %s.ext -startdate %s -enddate %s -preserveDN",
        name, name, usage, name, name, subject, ca, name, ca, ca, ca, name, name, name, from, to);

    must_succeed(status, output);
}

/* ---- raw clients ---- */

int fg_fixture_connect(const struct fg_server_fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(fg_server_port(fixture->server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0)
        fg_test_fail(__FILE__, __LINE__, "cannot connect: %s", strerror(errno));
    return descriptor;
}

void fg_fixture_send(int descriptor, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t count = send(descriptor, at, length, MSG_NOSIGNAL);

        if (count <= 0)
            return; /* closed by the server, which the answer shows */
        at += count;
        length -= (size_t)count;
    }
}

size_t fg_fixture_drain(int descriptor, char *buffer, size_t capacity)
{
    struct pollfd readable = {.fd = descriptor, .events = POLLIN};
    size_t length = 0;
    ssize_t count = 1;

    while (count > 0 && length + 1 < capacity) {
        if (poll(&readable, 1, DRAIN_MAX_MS) != 1) {
            (void)close(descriptor);
            fg_test_fail(__FILE__, __LINE__, "the server neither answers nor closes");
        }
        count = recv(descriptor, buffer + length, capacity - 1 - length, 0);
        if (count > 0)
            length += (size_t)count;
    }
    buffer[length] = '\0';
    (void)close(descriptor);
    return length;
}

const char *fg_fixture_raw(const struct fg_server_fixture *fixture, const char *text)
{
    static char answer[FG_FIXTURE_OUTPUT_MAX];
    int descriptor = fg_fixture_connect(fixture);

    fg_fixture_send(descriptor, text, strlen(text));
    (void)fg_fixture_drain(descriptor, answer, sizeof(answer));
    return answer;
}
