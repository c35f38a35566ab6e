/* fillgate-station: collects the entries of a station's controllers, keeps them, forwards them to the bureau,
 * and hands lists down.
 *
 * This file reads the configuration, starts the parts, and waits for signals: SIGTERM and SIGINT end, SIGHUP
 * reads the certificate anew. Relies on: station_routes.h, upstream.h, lib/list/serve,
 * lib/net/server/https_server.h. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/station/base/station_log.h"
#include "host/station/station_routes.h"
#include "host/station/store/station_report.h"
#include "host/station/up/upstream.h"
#include "lib/base/version.h"
#include "lib/crypto/certificate_file.h"
#include "lib/net/network_time.h"
#include "lib/system/secrecy.h"

#define VERSION "fillgate-station " FG_VERSION
#define STOP_MAX_MS 3000
#define FIRST_REQUEST_MAX_MS 10000
/* A list dated later than a synchronised clock by more than this is told as the bureau's fault. */
#define AHEAD_MS INT64_C(120000)

enum exit_code { EXIT_FINE = 0, EXIT_CONFIG = 2, EXIT_FAULT = 3 };

struct app {
    struct fg_station_config config;
    struct fg_station_keys keys; /* as they were at the start; the upstream thread has its own */
    _Atomic int64_t list_ms[FG_STATION_LISTS_MAX]; /* when each list in force was issued; 0 = there is none */
    _Atomic int64_t certificate_begin_ms;
    _Atomic int64_t certificate_end_ms;
    struct fg_listing *listing;
    struct fg_station_roster *roster;
    struct fg_upstream *upstream;
    struct fg_station_routes *station_routes;
    struct fg_route routes[FG_STATION_ROUTES + 1];
    struct fg_server *server;
};

static int64_t system_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t now_ms(void *context)
{
    struct app *app = context;
    struct fg_network_time known = {.wall_ms = system_ms(),
                                    .synchronised = fg_station_clock_is_synchronised(),
                                    .certificate_begin_ms = atomic_load(&app->certificate_begin_ms),
                                    .certificate_end_ms = atomic_load(&app->certificate_end_ms)};

    for (size_t i = 0; i < FG_STATION_LISTS_MAX; i++) {
        int64_t list_ms = atomic_load(&app->list_ms[i]);

        if (list_ms > known.list_ms)
            known.list_ms = list_ms;
    }
    return fg_network_time_ms(&known);
}

static void list_dated(void *context, size_t index, int64_t issued_ms)
{
    struct app *app = context;
    int64_t ahead_ms = issued_ms - system_ms();

    if (index >= FG_STATION_LISTS_MAX || atomic_exchange(&app->list_ms[index], issued_ms) == issued_ms ||
        ahead_ms <= AHEAD_MS)
        return;
    if (fg_station_clock_is_synchronised())
        fg_station_log("a list is dated %lld s in the future: the bureau's clock is ahead",
                       (long long)(ahead_ms / 1000));
    else
        fg_station_log(
            "a list is dated %lld s later than this clock, which nothing synchronises: one of the two is "
            "wrong",
            (long long)(ahead_ms / 1000));
}

/* The own certificate bounds what a list's date is believed. */
static void certificate_look(struct app *app)
{
    int64_t begin_ms = 0;
    int64_t end_ms = 0;

    if (fg_certificate_times(app->config.certificate, &begin_ms, &end_ms, NULL) != FG_OK)
        return; /* the server says what is wrong with it */
    atomic_store(&app->certificate_begin_ms, begin_ms);
    atomic_store(&app->certificate_end_ms, end_ms);
}

static void wake(void *context)
{
    struct app *app = context;

    if (app->upstream != NULL)
        fg_upstream_wake(app->upstream);
}

/* The thread that waits for signals does the rest, as if an operator had asked. */
static void certificate_renewed(void *context)
{
    (void)context;
    (void)kill(getpid(), SIGHUP);
}

static void log_server(void *context, const char *line)
{
    (void)context;
    fg_station_log_peer("%s", line);
}

static int64_t list_issued_ms(void *context, const char *list_id)
{
    struct app *app = context;

    for (size_t i = 0; i < FG_STATION_LISTS_MAX; i++) {
        if (strcmp(app->config.list_ids[i], list_id) == 0)
            return atomic_load(&app->list_ms[i]);
    }
    return 0;
}

/* The routes are there before the server is. */
static bool list_allowed(void *context, const struct fg_peer *peer, const char *list_id)
{
    const struct app *app = context;

    return fg_station_routes_list_allowed(app->station_routes, peer, list_id);
}

static bool peer_known(void *context, const struct fg_peer *peer)
{
    const struct app *app = context;

    return fg_station_routes_peer_known(app->station_routes, peer);
}

static enum fg_err roster_start(struct app *app, struct fg_error *error)
{
    struct fg_public_key keys[FG_STATION_RECEIPT_KEYS_MAX];
    struct fg_error trouble = {.text = ""};
    enum fg_err result =
        fg_station_roster_open(app->config.store, app->config.id, keys,
                               fg_station_keys_rosters(&app->keys, keys), &app->roster, &trouble, error);

    if (result != FG_OK)
        return result;
    if (trouble.text[0] != '\0')
        fg_station_log("the kept roster does not hold: %s", trouble.text);
    if (fg_station_roster_version(app->roster) == 0)
        fg_station_log(
            "no roster of the bureau yet: until it comes, only controllers whose journals are held "
            "here are served");
    return FG_OK;
}

static enum fg_err start_server(struct app *app, struct fg_error *error)
{
    const struct fg_station_config *config = &app->config;
    struct fg_server_settings settings = {
        .address = config->address,
        .port = config->port,
        .certificate_path = config->certificate,
        .key_path = config->key,
        .ca_path = config->ca,
        .now_ms = now_ms,
        .now_context = app,
        .knows = peer_known,
        .knows_context = app,
        .threads = config->threads,
        .connections_max = config->connections_max,
        .connections_per_address_max = config->connections_per_address_max,
        .request_max_ms = config->request_max_ms,
        .first_request_max_ms = FIRST_REQUEST_MAX_MS,
        .log = log_server,
        .routes = app->routes,
        .route_count = FG_STATION_ROUTES + 1,
    };

    fg_station_routes_fill(app->station_routes, app->routes);
    app->routes[FG_STATION_ROUTES] = fg_listing_route(app->listing);
    return fg_server_start(&settings, &app->server, error);
}

/* The upstream thread starts before the server, so that no request finds the station half made. */
static enum fg_err start(struct app *app, struct fg_error *error)
{
    struct fg_upstream_settings upstream = {.config = &app->config,
                                            .now_ms = now_ms,
                                            .list_dated = list_dated,
                                            .clock_context = app,
                                            .renewed = certificate_renewed,
                                            .version = VERSION};
    struct fg_station_routes_settings routes = {.config = &app->config,
                                                .list_issued_ms = list_issued_ms,
                                                .now_ms = now_ms,
                                                .clock_context = app,
                                                .wake = wake,
                                                .wake_context = app};
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    enum fg_err result = fg_station_keys_start(&app->config, &app->keys, error);

    certificate_look(app);
    if (result == FG_OK)
        result = fg_listing_new(app->config.list_folder, keys, fg_station_keys_list(&app->keys, keys),
                                list_allowed, app, &app->listing, error);
    if (result == FG_OK)
        result = roster_start(app, error);
    upstream.listing = app->listing;
    upstream.roster = app->roster;
    routes.roster = app->roster;
    upstream.keys = &app->keys;
    if (result == FG_OK)
        result = fg_upstream_start(&upstream, &app->upstream, error);
    if (result == FG_OK)
        result = fg_station_routes_new(&routes, &app->station_routes, error);
    return result == FG_OK ? start_server(app, error) : result;
}

/* Ends the process at once when the upstream thread is caught in a long request: whatever counts is on the
 * disk. */
static void end(struct app *app, enum exit_code code)
{
    fg_server_stop(app->server);
    if (!fg_upstream_stop(app->upstream, STOP_MAX_MS)) {
        fg_station_log("stopped in the middle of a request to the bureau; it will be made again");
        _exit((int)code);
    }
    fg_station_routes_free(app->station_routes);
    fg_listing_free(app->listing);
    fg_station_roster_free(app->roster);
}

static void reload(struct app *app)
{
    struct fg_error error;

    if (fg_server_reload(app->server, &error) != FG_OK ||
        fg_station_routes_reload(app->station_routes, &error) != FG_OK) {
        fg_station_log("certificate not taken, the old one stays: %s", error.text);
        return;
    }
    certificate_look(app);
    fg_upstream_reload(app->upstream);
    fg_station_log("certificate reloaded");
}

static void serve(struct app *app, const sigset_t *signals)
{
    int signal_number = 0;

    fg_station_log(VERSION " started: station %s on %s port %u, bureau %s", app->config.id,
                   app->config.address, fg_server_port(app->server), app->config.url);
    for (;;) {
        if (sigwait(signals, &signal_number) != 0)
            continue;
        if (signal_number != SIGHUP)
            break;
        reload(app);
    }
    fg_station_log("stopping");
}

static int usage(FILE *file, enum exit_code code)
{
    (void)fprintf(file, "fillgate-station [--config] station.ini\n"
                        "  --check FILE  read the configuration only\n"
                        "  --version     print the version\n");
    return (int)code;
}

int main(int argc, char **argv)
{
    static struct app app; /* large */
    bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
    const char *path;
    struct fg_error error;
    sigset_t signals;
    enum exit_code code = EXIT_FINE;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, EXIT_FINE);
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("%s\n", VERSION) < 0;
    if (check || (argc == 3 && strcmp(argv[1], "--config") == 0))
        path = argv[2];
    else if (argc == 2 && argv[1][0] != '-')
        path = argv[1];
    else
        return usage(stderr, EXIT_CONFIG);
    if (fg_secrecy_start(&error) != FG_OK) {
        fg_station_log("%s", error.text);
        return EXIT_FAULT;
    }
    if (fg_station_config_read(path, &app.config, &error) != FG_OK) {
        fg_station_log("%s", error.text);
        return EXIT_CONFIG;
    }
    if (check)
        return EXIT_FINE;
    (void)umask(077);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL); /* inherited by every thread */
    (void)signal(SIGPIPE, SIG_IGN);
    if (start(&app, &error) != FG_OK) {
        fg_station_log("%s", error.text);
        code = EXIT_FAULT;
    } else {
        serve(&app, &signals);
    }
    end(&app, code);
    if (code == EXIT_FINE)
        fg_station_log("stopped");
    return (int)code;
}
