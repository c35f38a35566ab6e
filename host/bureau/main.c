/* fillgate-bureau: the bureau's server. Reads its settings, brings the database up to date, starts the alarm
 * thread and the HTTPS server, and waits for signals: SIGHUP reads the certificate anew, SIGTERM ends.
 *
 * Usage: fillgate-bureau [--config | --check] FILE. Not: what requests mean (device_routes.c). Runs as a user
 * of its own. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/bureau/clock/own_clock.h"
#include "host/bureau/config.h"
#include "host/bureau/device/device_routes.h"
#include "host/bureau/device/known_devices.h"
#include "host/bureau/journal/suspension.h"
#include "host/bureau/publish/publisher.h"
#include "host/bureau/schema/schema.h"
#include "host/bureau/server/web_server.h"
#include "lib/base/monotime.h"
#include "lib/base/version.h"
#include "lib/system/secrecy.h"

#define VERSION "fillgate-bureau " FG_VERSION
#define TURN_MS 500
#define FIRST_REQUEST_MAX_MS 10000

enum exit_code { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_CONFIG = 2 };

static volatile sig_atomic_t stop_asked;
static volatile sig_atomic_t reload_asked;

static void stop_ask(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

static void reload_ask(int signal_number)
{
    (void)signal_number;
    reload_asked = 1;
}

static void say(void *context, const char *line)
{
    char text[40] = "";
    time_t now = time(NULL);
    struct tm broken;

    (void)context;
    if (localtime_r(&now, &broken) != NULL)
        (void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &broken);
    (void)dprintf(STDERR_FILENO, "%s %s\n", text, line);
}

static int64_t now_ms(void *context)
{
    struct timespec now;

    (void)context;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void signals_take(void)
{
    struct sigaction stop = {.sa_handler = stop_ask};
    struct sigaction reload = {.sa_handler = reload_ask};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGHUP, &reload, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

/* Brings the tables up to date before anything else opens them. */
static enum fg_err schema_raise(const struct fg_sql_settings *settings, struct fg_error *error)
{
    struct fg_sql *sql = NULL;
    uint32_t applied = 0;
    char line[80];
    enum fg_err result = fg_sql_open(settings, &sql, error);

    if (result == FG_OK)
        result = fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, &applied, error);
    fg_sql_close(sql);
    if (result == FG_OK && applied > 0) {
        (void)snprintf(line, sizeof(line), "database: %u migrations applied", applied);
        say(NULL, line);
    }
    return result;
}

static enum fg_err keys_read(const struct fg_bureau_config *config, struct fg_bureau *bureau,
                             struct fg_error *error)
{
    enum fg_err result = fg_private_key_read(config->receipt_key_path, &bureau->receipt_key, error);

    if (result == FG_OK)
        result =
            fg_public_key_read(config->list_key_path, &bureau->list_keys[bureau->list_key_count++], error);
    if (result == FG_OK && config->list_key_next_path[0] != '\0')
        result = fg_public_key_read(config->list_key_next_path, &bureau->list_keys[bureau->list_key_count++],
                                    error);
    if (result == FG_OK && config->ca_directory[0] != '\0')
        result = fg_ca_open(config->ca_directory, &bureau->ca, error);
    return result;
}

/* The watch over the own clock: the main thread looks, others ask. */
static struct {
    pthread_mutex_t mutex;
    struct fg_own_clock clock;
} own = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void own_clock_look(void)
{
    (void)pthread_mutex_lock(&own.mutex);
    fg_own_clock_look(&own.clock, now_ms(NULL), fg_mono_ms());
    (void)pthread_mutex_unlock(&own.mutex);
}

static bool clock_doubt(void *context, char *ret_doubt)
{
    bool doubted;

    (void)context;
    own_clock_look();
    (void)pthread_mutex_lock(&own.mutex);
    doubted = fg_own_clock_doubt(&own.clock, fg_own_clock_synchronised(), fg_mono_ms(), ret_doubt);
    (void)pthread_mutex_unlock(&own.mutex);
    return doubted;
}

/* What this bureau's servers are called: no station is given such a name. */
static enum fg_err own_names_read(const struct fg_bureau_config *config, struct fg_bureau *bureau,
                                  struct fg_error *error)
{
    struct fg_own_names names = {0};
    enum fg_err result = fg_own_names_add_file(&names, config->certificate_path, error);

    if (result == FG_OK)
        result = fg_own_names_add_file(&names, config->web.certificate_path, error);
    if (result == FG_OK)
        result = fg_own_names_add(&names, config->web.names, error);
    if (result != FG_OK)
        return result;
    (void)pthread_mutex_lock(&bureau->enrolment_lock);
    bureau->own_names = names;
    (void)pthread_mutex_unlock(&bureau->enrolment_lock);
    return FG_OK;
}

/* Nothing to do when lists are published by command only. */
static enum fg_err publisher_start(const struct fg_bureau_config *config, struct fg_listing *listing,
                                   struct fg_publisher **ret_publisher, struct fg_error *error)
{
    struct fg_sql_settings sql = {.url = config->database_url, .deadline_ms = config->database_deadline_ms};
    struct fg_publisher_settings settings = {.sql = &sql,
                                             .listing = listing,
                                             .directory = config->list_directory,
                                             .key_path = config->publish_list_key_path,
                                             .every_min = config->publish_every_min,
                                             .now_ms = now_ms,
                                             .clock_insisted = config->publish_insist,
                                             .clock_doubt = clock_doubt,
                                             .log = say};

    if (config->publish_every_min == 0)
        return FG_OK;
    return fg_publisher_new(&settings, ret_publisher, error);
}

static enum fg_err bureau_open(const struct fg_bureau_config *config, struct fg_bureau *bureau,
                               struct fg_error *error)
{
    struct fg_sql_settings sql = {.url = config->database_url, .deadline_ms = config->database_deadline_ms};
    struct fg_alarm_thread_settings watcher = {.sql = &sql,
                                               .alarms = config->alarms,
                                               .sweep_every_s = config->sweep_every_s,
                                               .now_ms = now_ms,
                                               .log = say};
    struct fg_bureau_verifier_settings verifier = {
        .sql = &sql,
        .directory = fg_known_devices,
        .receipt_key = &bureau->receipt_key.public_key,
        .listed = {.directory = config->list_directory, .keys = bureau->list_keys},
        .every_h = config->verify_every_h,
        .now_ms = now_ms,
        .log = say};
    enum fg_err result;

    bureau->ca_path = config->ca_path;
    bureau->keyring_path = config->keyring_path;
    bureau->certificate_days = config->certificate_days;
    bureau->now_ms = now_ms;
    bureau->log = say;
    fg_own_certificates_add(&watcher.certificates, config->certificate_path, "server");
    fg_own_certificates_add(&watcher.certificates, config->web.certificate_path, "pages");
    fg_own_certificates_add(&watcher.certificates, config->ca_path, "authority");
    (void)pthread_mutex_init(&bureau->enrolment_lock, NULL);
    result = keys_read(config, bureau, error);
    if (result == FG_OK)
        result = own_names_read(config, bureau, error);
    if (result == FG_OK)
        result = schema_raise(&sql, error);
    if (result == FG_OK)
        result = fg_sql_pool_new(&sql, config->threads, &bureau->pool, error);
    if (result == FG_OK)
        result = fg_listing_new(config->list_directory, bureau->list_keys, bureau->list_key_count,
                                fg_bureau_list_allowed, bureau, &bureau->listing, error);
    if (result == FG_OK)
        result = fg_alarm_thread_new(&watcher, &bureau->watcher, error);
    verifier.listed.key_count = bureau->list_key_count;
    if (result == FG_OK)
        result = fg_bureau_verifier_start(&verifier, &bureau->verifier, error);
    bureau->ingest =
        (struct fg_ingest_settings){&bureau->receipt_key, fg_known_devices, FG_SUSPENSION_ENTRIES_A_DAY};
    return result;
}

/* After the server has stopped. */
static void bureau_close(struct fg_bureau *bureau)
{
    fg_bureau_verifier_stop(bureau->verifier);
    fg_alarm_thread_free(bureau->watcher);
    fg_listing_free(bureau->listing);
    fg_sql_pool_free(bureau->pool);
    fg_ca_close(bureau->ca);
    fg_private_key_wipe(&bureau->receipt_key);
    (void)pthread_mutex_destroy(&bureau->enrolment_lock);
}

static enum fg_err server_start(const struct fg_bureau_config *config, const struct fg_route *routes,
                                size_t route_count, struct fg_server **ret_server, struct fg_error *error)
{
    struct fg_server_settings settings = {
        .address = config->address,
        .port = config->port,
        .certificate_path = config->certificate_path,
        .key_path = config->key_path,
        .ca_path = config->ca_path,
        .now_ms = now_ms,
        .threads = config->threads,
        .connections_max = config->connections_max,
        .connections_per_address_max = config->connections_per_address_max,
        .request_max_ms = config->request_max_ms,
        .first_request_max_ms = FIRST_REQUEST_MAX_MS,
        .log = say,
        .routes = routes,
        .route_count = route_count,
    };

    return fg_server_start(&settings, ret_server, error);
}

/* Nothing to do without section [web]. */
static enum fg_err web_start(const struct fg_bureau_config *config, const struct fg_bureau *bureau,
                             struct fg_web **ret_web, struct fg_error *error)
{
    struct fg_web_settings settings = {.config = &config->web,
                                       .database_url = config->database_url,
                                       .database_deadline_ms = config->database_deadline_ms,
                                       .receipt_key = &bureau->receipt_key,
                                       .directory = fg_known_devices,
                                       .listing = bureau->listing,
                                       .list_directory = config->list_directory,
                                       .list_sign_key_path = config->publish_list_key_path,
                                       .alarms = &config->alarms,
                                       .now_ms = now_ms,
                                       .clock_doubt = clock_doubt,
                                       .log = say};
    char line[400];
    enum fg_err result;

    if (config->web.address[0] == '\0')
        return FG_OK;
    result = fg_web_start(&settings, ret_web, error);
    if (result == FG_OK) {
        (void)snprintf(line, sizeof(line), "pages: %s://%s:%u/",
                       config->web.certificate_path[0] != '\0' ? "https" : "http", config->web.address,
                       fg_web_port(*ret_web));
        say(NULL, line);
    }
    return result;
}

static enum fg_err certificates_reload(const struct fg_bureau_config *config, struct fg_bureau *bureau,
                                       struct fg_server *server, struct fg_web *web, struct fg_error *error)
{
    enum fg_err result = fg_server_reload(server, error);

    if (result == FG_OK && web != NULL)
        result = fg_web_reload(web, error);
    return result == FG_OK ? own_names_read(config, bureau, error) : result;
}

static void serve(const struct fg_bureau_config *config, struct fg_bureau *bureau, struct fg_server *server,
                  struct fg_web *web)
{
    struct fg_error error;
    char line[400];

    (void)snprintf(line, sizeof(line), VERSION " listens on %s port %u", config->address,
                   fg_server_port(server));
    say(NULL, line);
    while (!stop_asked) {
        (void)poll(NULL, 0, TURN_MS);
        own_clock_look();
        if (!reload_asked)
            continue;
        reload_asked = 0;
        if (certificates_reload(config, bureau, server, web, &error) == FG_OK)
            say(NULL, "certificate reloaded");
        else
            say(NULL, error.text);
    }
}

static enum exit_code run(const struct fg_bureau_config *config, struct fg_bureau *bureau)
{
    struct fg_route routes[FG_BUREAU_ROUTES_MAX];
    struct fg_publisher *publisher = NULL;
    struct fg_server *server = NULL;
    struct fg_web *web = NULL;
    struct fg_error error;
    enum fg_err result = bureau_open(config, bureau, &error);

    if (result == FG_OK)
        result = publisher_start(config, bureau->listing, &publisher, &error);
    if (result == FG_OK)
        result = server_start(config, routes, fg_bureau_routes(bureau, routes), &server, &error);
    if (result == FG_OK)
        result = web_start(config, bureau, &web, &error);
    if (result == FG_OK)
        serve(config, bureau, server, web);
    else
        say(NULL, error.text);
    fg_web_stop(web);
    fg_server_stop(server);
    fg_publisher_free(publisher);
    bureau_close(bureau);
    if (result == FG_OK)
        say(NULL, "stopped");
    return result == FG_OK ? EXIT_FINE : EXIT_FAILED;
}

static int usage(FILE *to, enum exit_code code)
{
    (void)fprintf(to, "usage: fillgate-bureau [--config | --check] FILE\n"
                      "       takes journals in, hands lists out, raises alarms\n"
                      "  --check    only read the settings\n"
                      "  --version  print the version\n"
                      "exit: 0 stopped as asked, 1 could not start, 2 the settings are wrong\n");
    return (int)code;
}

int main(int argc, char **argv)
{
    static struct fg_bureau_config config;
    static struct fg_bureau bureau;
    struct fg_error error;
    bool check_only = argc == 3 && strcmp(argv[1], "--check") == 0;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, EXIT_FINE);
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("%s\n", VERSION) < 0;
    if (!check_only && !(argc == 3 && strcmp(argv[1], "--config") == 0) && !(argc == 2 && argv[1][0] != '-'))
        return usage(stderr, EXIT_CONFIG);
    if (fg_secrecy_start(&error) != FG_OK) {
        say(NULL, error.text);
        return EXIT_FAILED;
    }
    if (fg_bureau_config_read(argv[argc - 1], &config, &error) != FG_OK) {
        say(NULL, error.text);
        return EXIT_CONFIG;
    }
    if (check_only)
        return printf("%s: good\n", argv[argc - 1]) < 0;
    (void)umask(077);
    signals_take();
    return (int)run(&config, &bureau);
}
