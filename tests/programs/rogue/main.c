/* fillgate-rogue: a station that cheats, for tests. It has a genuine certificate, serves controllers (or
 * another station's clients) as a station does, and passes every request on to the bureau over a connection
 * of its own; on the way it does to request and answer what the play says.
 *
 * DIR/play is read at each request: lines "PATH-PREFIX CHEAT [ARGUMENT]"; the first whose prefix fits counts,
 * without one the request passes untouched. Every request that came in and every answer that went out lies
 * under DIR/seen, numbered: what this station could read. Not: the cheats (rogue_cheats.c). Relies on:
 * lib/net/server/https_server.h, lib/net/https_client.h. */
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/net/server/https_server.h"
#include "tests/programs/rogue/rogue.h"

#define PATH_BYTES 512
#define LINE_BYTES 300
#define WAIT_MS 20000

struct options {
    const char *address;
    const char *certificate;
    const char *key;
    const char *ca;
    const char *url;
    const char *directory;
};

struct app {
    struct options options;
    pthread_mutex_t lock; /* one request at a time: what is seen has an order */
    struct fg_rogue rogue;
    struct fg_https *bureau;
    unsigned seen;
    uint8_t *body;
    uint8_t *answer;
};

static volatile sig_atomic_t stop_asked;

static void stop_ask(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

static int64_t now_ms(void *context)
{
    struct timespec now;

    (void)context;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- what was seen ---- */

static void keep(const struct app *app, const char *what, const void *bytes, size_t length)
{
    char path[PATH_BYTES];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/seen/%04u.%s", app->options.directory, app->seen, what);
    file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        (void)fprintf(stderr, "rogue: %s cannot be written\n", path);
        exit(1);
    }
}

/* ---- the play ---- */

/* The cheat for a path; "pass" when the play has none. */
static void play_find(const struct app *app, const char *path, char ret_cheat[LINE_BYTES],
                      char ret_argument[LINE_BYTES])
{
    char name[PATH_BYTES];
    char line[LINE_BYTES];
    char prefix[LINE_BYTES];
    FILE *file;

    (void)strcpy(ret_cheat, "pass");
    ret_argument[0] = '\0';
    (void)snprintf(name, sizeof(name), "%s/play", app->options.directory);
    file = fopen(name, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        char cheat[LINE_BYTES] = "";
        char argument[LINE_BYTES] = "";

        if (sscanf(line, "%299s %299s %299[^\n]", prefix, cheat, argument) < 2 ||
            strncmp(path, prefix, strlen(prefix)) != 0)
            continue;
        memcpy(ret_cheat, cheat, LINE_BYTES);
        memcpy(ret_argument, argument, LINE_BYTES);
        break;
    }
    if (file != NULL)
        (void)fclose(file);
}

/* ---- one request ---- */

static void bureau_ask(struct app *app, const struct fg_request *request, struct fg_rogue_pass *pass)
{
    struct fg_https_answer answered = {0};
    struct fg_https_request asked = {.method = strcmp(request->method, "POST") == 0 ? "POST" : "GET",
                                     .path = pass->path,
                                     .body = pass->body,
                                     .body_length = pass->body_length,
                                     .answer_max = FG_ROGUE_BODY_MAX,
                                     .answer_buffer = pass->answer};
    const char *range = fg_request_header(request, "Range");
    struct fg_error error;

    if (range != NULL && strncmp(range, "bytes=", 6) == 0)
        asked.range_from = strtoull(range + 6, NULL, 10);
    if (fg_https_ask(app->bureau, &asked, &answered, &error) != FG_OK) {
        (void)fprintf(stderr, "rogue: %s: %s\n", pass->path, error.text);
        pass->status = 503;
        pass->answer_length = 0;
        return;
    }
    pass->status = answered.status;
    pass->answer_length = (size_t)answered.length;
}

static bool query_add(void *context, const char *name, const char *value)
{
    char *path = context;
    size_t length = strlen(path);

    (void)snprintf(path + length, PATH_BYTES - length, "%s%s%s%s", strchr(path, '?') == NULL ? "?" : "&",
                   name, value != NULL ? "=" : "", value != NULL ? value : "");
    return true;
}

static void handle(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct app *app = context;
    char path[PATH_BYTES];
    char cheat[LINE_BYTES];
    char argument[LINE_BYTES];
    struct fg_rogue_pass pass = {.path = path, .asked = true};
    bool known;

    (void)snprintf(path, sizeof(path), "%s", request->path);
    (void)fg_request_query_each(request, query_add, path);
    (void)pthread_mutex_lock(&app->lock);
    app->seen++;
    pass.body = app->body;
    pass.answer = app->answer;
    if (request->body_length > 0)
        memcpy(pass.body, request->body, request->body_length);
    pass.body_length = request->body_length;
    keep(app, "request", pass.body, pass.body_length);
    play_find(app, path, cheat, argument);
    known = fg_rogue_before(&app->rogue, cheat, argument, &pass);
    if (pass.asked)
        bureau_ask(app, request, &pass);
    known = fg_rogue_after(&app->rogue, cheat, argument, &pass) && known;
    keep(app, "answer", pass.answer, pass.answer_length);
    (void)fprintf(stderr, "rogue: %04u %s %s: %s%s, HTTP %u\n", app->seen, request->method, path, cheat,
                  known ? "" : " (no such cheat)", (unsigned)pass.status);
    fg_answer_bytes(ret_answer, pass.status, pass.answer, pass.answer_length);
    (void)pthread_mutex_unlock(&app->lock);
}

/* ---- the process ---- */

static void must(enum fg_err code, const struct fg_error *error)
{
    if (code == FG_OK)
        return;
    (void)fprintf(stderr, "rogue: %s\n", error->text);
    exit(1);
}

static void prepare(struct app *app)
{
    const struct options *options = &app->options;
    struct fg_https_settings settings = {.url = options->url,
                                         .ca_path = options->ca,
                                         .peer_roles = FG_HTTPS_BUREAU,
                                         .certificate_path = options->certificate,
                                         .key_path = options->key,
                                         .now_ms = now_ms,
                                         .connect_max_ms = WAIT_MS,
                                         .write_max_ms = WAIT_MS,
                                         .first_byte_max_ms = WAIT_MS,
                                         .whole_max_ms = 2 * WAIT_MS};
    char path[PATH_BYTES];
    struct fg_error error;

    (void)snprintf(path, sizeof(path), "%s/seen", options->directory);
    (void)mkdir(path, 0700);
    app->rogue.directory = options->directory;
    app->rogue.certificate_path = options->certificate;
    must(fg_private_key_read(options->key, &app->rogue.tls_key, &error), &error);
    (void)snprintf(path, sizeof(path), "%s/rogue.pem", options->directory);
    must(fg_private_key_read(path, &app->rogue.cheat_own, &error), &error);
    app->rogue.cheat_key = app->rogue.cheat_own.public_key;
    must(fg_https_new(&settings, &app->bureau, &error), &error);
    app->body = malloc(FG_ROGUE_BODY_MAX);
    app->answer = malloc(FG_ROGUE_BODY_MAX);
    if (app->body == NULL || app->answer == NULL)
        exit(1);
    (void)pthread_mutex_init(&app->lock, NULL);
}

static void log_line(void *context, const char *line)
{
    (void)context;
    (void)fprintf(stderr, "rogue: %s\n", line);
}

static int run(struct app *app)
{
    const struct fg_route routes[] = {
        {"POST", "/*", FG_ROGUE_BODY_MAX, false, handle, app},
        {"GET", "/*", 0, false, handle, app},
    };
    struct fg_server_settings settings = {.address = app->options.address,
                                          .certificate_path = app->options.certificate,
                                          .key_path = app->options.key,
                                          .ca_path = app->options.ca,
                                          .now_ms = now_ms,
                                          .threads = 2,
                                          .connections_max = 16,
                                          .request_max_ms = 60000,
                                          .log = log_line,
                                          .routes = routes,
                                          .route_count = 2};
    struct fg_server *server = NULL;
    struct fg_error error;

    must(fg_server_start(&settings, &server, &error), &error);
    (void)fprintf(stderr, "rogue: listens on %s port %u\n", app->options.address, fg_server_port(server));
    while (!stop_asked)
        (void)poll(NULL, 0, 200);
    fg_server_stop(server);
    fg_https_free(app->bureau);
    free(app->body);
    free(app->answer);
    return 0;
}

int main(int argc, char **argv)
{
    static struct app app;
    struct options *options = &app.options;
    const struct {
        const char *name;
        const char **value;
    } table[] = {{"--listen", &options->address}, {"--certificate", &options->certificate},
                 {"--key", &options->key},        {"--ca", &options->ca},
                 {"--url", &options->url},        {"--dir", &options->directory}};
    const size_t count = sizeof(table) / sizeof(table[0]);
    size_t given = 0;

    for (int i = 1; i + 1 < argc; i += 2) {
        for (size_t k = 0; k < count; k++) {
            if (strcmp(argv[i], table[k].name) != 0)
                continue;
            *table[k].value = argv[i + 1];
            given++;
        }
    }
    if (given != count || argc != 1 + 2 * (int)count) {
        (void)fprintf(stderr,
                      "usage: fillgate-rogue --listen ADDRESS --certificate FILE --key FILE --ca FILE --url "
                      "BUREAU --dir DIR\n");
        return 2;
    }
    (void)signal(SIGTERM, stop_ask);
    (void)signal(SIGPIPE, SIG_IGN);
    prepare(&app);
    return run(&app);
}
