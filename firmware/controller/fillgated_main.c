/* fillgated: the controller of one filling point. Reads its configuration, opens keys, journal and list,
 * starts plant and reader, and runs one loop over them until it is told to stop.
 *
 * Usage: fillgated [--config | --check] CONFIG. Not: what a scan or a fill means (session.c). Runs
 * unprivileged: it needs its files, the serial devices, and nothing else. If this loop hangs, the plant's
 * lease runs out and the bus thread shuts the valve; if the whole process stops, the valve's own device does.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/clock/clock.h"
#include "firmware/config/config.h"
#include "firmware/controller/control_server.h"
#include "firmware/controller/keys.h"
#include "firmware/controller/session.h"
#include "proto/secrecy.h"

#define VERSION "fillgated 0.1.0"
#define TICK_MS 20
#define REPORTS_A_TURN 16
#define SHUT_MAX_MS 2000
#define RECORD_MAX_MS 3000
#define READER_RETRY_MS 5000

enum exit_code { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_CONFIG = 2 };

struct app {
    struct fg_config config;
    struct fg_clock clock;
    struct fg_private_key key;
    struct fg_keys keys;
    struct fg_public_key receipt_key;
    bool has_receipt_key;
    struct fg_session_settings session_settings;
    struct fg_session_stores stores;
    struct fg_plant *plant;
    struct fg_session *session;
    struct fg_control_server *server;
    struct fg_reader *reader;
    char pin_count_path[FG_PATH_MAX + 8];
    char reader_program[FG_PATH_MAX + 64];
    int64_t reader_retry_mono_ms;
    bool reader_failed;
};

static volatile sig_atomic_t stop_asked;

static void stop_ask(int signal_number)
{
    (void)signal_number;
    stop_asked = 1;
}

static void say(void *context, const char *line)
{
    struct fg_clock_now now;
    char time_text[FG_CLOCK_TIME_TEXT];
    struct fg_clock clock;

    (void)context;
    fg_clock_start(&clock, NULL);
    fg_clock_read(&clock, &now);
    fg_clock_time_text(now.wall_ms, fg_clock_utc_offset_s(now.wall_ms), time_text);
    (void)dprintf(STDERR_FILENO, "%s %s\n", time_text, line);
}

static void complain(const char *what, const struct fg_error *error)
{
    char line[512];

    (void)snprintf(line, sizeof(line), "%s: %s (%s)", what, error->text, fg_err_name(error->code));
    say(NULL, line);
}

/* ---- ports ---- */

static void port_read(void *context, struct fg_plant_state *ret_state)
{
    fg_plant_read(context, ret_state);
}

static void port_hold_open(void *context)
{
    fg_plant_hold_open(context);
}

static void port_shut(void *context)
{
    fg_plant_shut(context);
}

static void port_set_lamp(void *context, enum fg_lamp lamp, bool on)
{
    fg_plant_set_lamp(context, lamp, on);
}

static uint8_t port_device_count(void *context)
{
    return fg_plant_device_count(context);
}

static void port_device_status(void *context, uint8_t index, struct fg_device_status *ret_status)
{
    fg_plant_device_status(context, index, ret_status);
}

static struct fg_moment moment_now(struct app *app)
{
    struct fg_clock_now now;
    struct fg_moment moment;

    fg_clock_read(&app->clock, &now);
    moment = (struct fg_moment){.mono_ms = now.mono_ms,
                                .wall_ms = now.wall_ms,
                                .clock_quality = now.quality,
                                .utc_offset_s = fg_clock_utc_offset_s(now.wall_ms)};
    if (now.step_ms != 0 && app->session != NULL)
        fg_session_clock_stepped(app->session, now.step_ms, &moment);
    return moment;
}

/* The receipt key comes with the enrolment, perhaps after the start: it is looked for until it is there. */
static void receipt_key_read(struct app *app, struct fg_error *error)
{
    struct fg_public_key key;

    if (fg_keys_receipt(&app->keys, &key, error) != FG_OK)
        return;
    app->receipt_key = key;
    app->has_receipt_key = true;
    if (app->session != NULL)
        fg_session_set_receipt_key(app->session, &app->receipt_key);
}

/* The manifest in force bounds the clock. One that a synchronised clock saw in force before it was issued
 * proves nothing. */
static void clock_follow_list(struct app *app)
{
    const struct fg_journal_start *start = &app->stores.journal_start;
    struct fg_manifest manifest;
    bool seen_ahead;

    if (app->stores.list == NULL || fg_list_manifest(app->stores.list, &manifest, NULL) != FG_OK) {
        fg_clock_signed(&app->clock, 0, false);
        return;
    }
    seen_ahead = strcmp(start->vouched_list_id, manifest.list_id) == 0 &&
                 start->vouched_list_version == manifest.version &&
                 manifest.issued_ms > start->vouched_ms + FG_CLOCK_AHEAD_MS;
    fg_clock_signed(&app->clock, manifest.issued_ms, seen_ahead);
}

/* A list that only a retired key signed is no longer authentic: the point then refuses until a newer one
 * comes. */
static void keyring_take(struct app *app, const char *path, struct fg_control_answer *ret_answer)
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    struct fg_error error = {0};
    size_t count;

    ret_answer->result = fg_keys_take(&app->keys, path, &error);
    if (ret_answer->result == FG_OK && app->stores.list != NULL) {
        count = fg_keyring_keys(&app->keys.ring, FG_KEYRING_LIST, keys, FG_KEYRING_KEYS_MAX);
        ret_answer->result = fg_list_trust(app->stores.list, keys, count, &error);
        clock_follow_list(app);
    }
    if (ret_answer->result != FG_OK) {
        complain("key ring not taken", &error);
        (void)snprintf(ret_answer->text, sizeof(ret_answer->text), "%s", error.text);
        return;
    }
    count = fg_keyring_keys(&app->keys.ring, FG_KEYRING_TAG, keys, FG_KEYRING_KEYS_MAX);
    fg_session_set_tag_keys(app->session, keys, count);
    receipt_key_read(app, NULL);
    (void)snprintf(ret_answer->text, sizeof(ret_answer->text), "key ring %llu is in force",
                   (unsigned long long)app->keys.ring.version);
    say(NULL, ret_answer->text);
}

static void request_handle(void *context, const struct fg_control_request *request,
                           struct fg_control_answer *ret_answer)
{
    struct app *app = context;
    struct fg_moment now = moment_now(app);
    uid_t asker = fg_control_server_asker(app->server);

    if (app->reader != NULL)
        fg_session_set_reader_restarts(app->session, fg_reader_restarts(app->reader));
    if (request->kind == FG_CONTROL_RECEIPT && !app->has_receipt_key)
        receipt_key_read(app, NULL);
    if (request->kind == FG_CONTROL_KEYRING) {
        keyring_take(app, request->path, ret_answer);
        return;
    }
    fg_session_command(app->session, request, asker == 0 || asker == geteuid(), &now, ret_answer);
    if (request->kind == FG_CONTROL_IMPORT_LIST && ret_answer->result == FG_OK)
        clock_follow_list(app);
}

/* ---- start ---- */

/* Keys that cannot be read are left out: what they signed then does not verify, and every scan is refused. */
static void keys_read(struct app *app)
{
    struct fg_session_settings *settings = &app->session_settings;
    struct fg_error error;

    fg_keys_start(&app->config, complain, &app->keys);
    settings->trusted_count =
        (uint8_t)fg_keyring_keys(&app->keys.ring, FG_KEYRING_TAG, settings->trusted, FG_SESSION_TAG_KEYS_MAX);
    receipt_key_read(app, &error);
    if (!app->has_receipt_key)
        complain("receipt key (receipts are refused until it is there)", &error);
}

static void entry_appended(void *context, const struct fg_entry *entry)
{
    struct app *app = context;

    fg_clock_entry(&app->clock, entry->wall_ms, entry->clock_quality);
}

static void journal_start(struct app *app)
{
    struct fg_journal_settings settings = {
        .path = app->config.journal_path,
        .controller = app->config.controller,
        .key = &app->key,
        .bytes_max = app->config.journal_bytes_max,
        .warn_percent = app->config.journal_warn_percent,
        .stop_reserve_entries = app->config.journal_stop_reserve_entries,
        .receipt_key = app->has_receipt_key ? &app->receipt_key : NULL,
        .appended = entry_appended,
        .appended_context = app,
    };
    struct fg_error error;
    enum fg_err code = fg_private_key_read(app->config.device_key_path, &app->key, &error);

    if (code != FG_OK) {
        complain("device key", &error);
        return;
    }
    code = fg_journal_open(&settings, &app->stores.journal, &app->stores.journal_start, &error);
    if (code != FG_OK) {
        app->stores.journal = NULL;
        app->stores.journal_tampered = code == FG_E_CORRUPT || code == FG_E_AUTH;
        complain("journal", &error);
        return;
    }
    fg_clock_vouch(&app->clock, app->stores.journal_start.vouched_ms);
}

static void list_start(struct app *app)
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    size_t count = fg_keyring_keys(&app->keys.ring, FG_KEYRING_LIST, keys, FG_KEYRING_KEYS_MAX);
    struct fg_error error;

    if (fg_list_open(app->config.list_path, NULL, keys, count, &app->stores.list, &error) != FG_OK) {
        app->stores.list = NULL;
        complain("list", &error);
        return;
    }
    if (fg_list_pin(app->stores.list, app->config.list_id, app->config.station, &error) != FG_OK)
        complain("list", &error);
    clock_follow_list(app);
}

static void settings_fill(struct app *app)
{
    const struct fg_config *config = &app->config;
    struct fg_session_settings *settings = &app->session_settings;

    memcpy(settings->point, config->point, sizeof(settings->point));
    memcpy(settings->controller, config->controller, sizeof(settings->controller));
    settings->medium = config->medium;
    settings->fill_pressure_kpa = config->fill_pressure_kpa;
    settings->language = config->language;
    settings->operator_idle_max_ms = config->operator_idle_max_ms;
    settings->lease_ms = config->plant.lease_ms;
    settings->fill = config->fill;
    settings->presence = config->presence;
    settings->journal_path = config->journal_path;
    settings->version = VERSION;
    (void)snprintf(app->pin_count_path, sizeof(app->pin_count_path), "%s.pins", config->journal_path);
    settings->pin_count_path = app->pin_count_path;
    settings->device_key = &app->key;
}

/* A program named without a slash stands beside this one, whatever the PATH is. */
static void reader_program_find(struct app *app)
{
    const char *name = app->config.reader_program;
    char self[FG_PATH_MAX + 1];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    (void)snprintf(app->reader_program, sizeof(app->reader_program), "%s", name);
    if (strchr(name, '/') != NULL || length <= 0)
        return;
    self[length] = '\0';
    slash = strrchr(self, '/');
    if (slash != NULL)
        (void)snprintf(app->reader_program, sizeof(app->reader_program), "%.*s/%.*s", (int)(slash - self),
                       self, 60, name);
}

/* No reader means no tag, not no controller: it is tried again for ever. */
static void reader_start(struct app *app, const struct fg_moment *now)
{
    struct fg_reader_settings settings = {
        .program = app->reader_program,
        .connection = app->config.reader_connection,
        .poll_ms = app->config.reader_poll_ms,
        .step_max_ms = app->config.reader_step_max_ms,
        .silence_max_ms = app->config.reader_silence_max_ms,
        .confine_must = app->config.reader_confine_must != 0,
    };
    struct fg_reader_report report = {.kind = FG_READER_FAULT};
    struct fg_error error;

    if (now->mono_ms < app->reader_retry_mono_ms)
        return;
    if (fg_reader_start(&settings, &app->reader, &error) == FG_OK)
        return;
    app->reader = NULL;
    app->reader_retry_mono_ms = now->mono_ms + READER_RETRY_MS;
    if (app->reader_failed)
        return;
    app->reader_failed = true;
    complain("reader", &error);
    (void)snprintf(report.text, sizeof(report.text), "%.90s", error.text);
    fg_session_report(app->session, &report, now);
}

static enum exit_code app_start(struct app *app, const char *config_path)
{
    struct fg_plant_port port = {NULL,          port_read,         port_hold_open,    port_shut,
                                 port_set_lamp, port_device_count, port_device_status};
    struct fg_error error;

    if (fg_config_read(config_path, &app->config, &error) != FG_OK ||
        fg_plant_new(&app->config.plant, &app->plant, &error) != FG_OK) {
        complain("configuration", &error);
        return EXIT_CONFIG;
    }
    port.context = app->plant;
    settings_fill(app);
    reader_program_find(app);
    keys_read(app);
    if (fg_control_server_new(app->config.control_socket_path, request_handle, app, &app->server, &error) !=
        FG_OK) {
        complain("control socket", &error);
        return EXIT_FAILED;
    }
    journal_start(app);
    list_start(app);
    if (fg_plant_start(app->plant, &error) != FG_OK) {
        complain("plant", &error);
        return EXIT_FAILED;
    }
    if (fg_session_new(&app->session_settings, &app->stores, &port, say, NULL, &app->session, &error) !=
        FG_OK) {
        complain("session", &error);
        return EXIT_FAILED;
    }
    receipt_key_read(app, NULL);
    return EXIT_FINE;
}

/* ---- loop ---- */

static void reader_serve(struct app *app, const struct fg_moment *now)
{
    struct fg_reader_report report;

    if (app->reader == NULL) {
        reader_start(app, now);
        return;
    }
    fg_reader_tick(app->reader, now->mono_ms);
    for (int i = 0; i < REPORTS_A_TURN; i++) {
        fg_reader_next(app->reader, now->mono_ms, &report);
        if (report.kind == FG_READER_NOTHING)
            return;
        fg_session_report(app->session, &report, now);
    }
}

static void turn(struct app *app)
{
    struct pollfd polls[2 + FG_CONTROL_POLLS];
    size_t count = 2;
    struct fg_moment now;
    uint64_t events;

    polls[0] = (struct pollfd){.fd = fg_plant_event_fd(app->plant), .events = POLLIN};
    polls[1] = (struct pollfd){.fd = app->reader == NULL ? -1 : fg_reader_fd(app->reader), .events = POLLIN};
    count += fg_control_server_polls(app->server, polls + 2);
    if (poll(polls, (nfds_t)count, TICK_MS) < 0 && errno != EINTR)
        say(NULL, "poll failed; going on by the clock");
    if ((polls[0].revents & POLLIN) != 0)
        (void)!read(polls[0].fd, &events, sizeof(events));
    now = moment_now(app);
    reader_serve(app, &now);
    fg_session_tick(app->session, &now);
    fg_control_server_serve(app->server);
}

/* The valve first, confirmed by its device; then the fill is recorded; then everything else ends. */
static void app_shut_down(struct app *app)
{
    struct fg_moment now;
    struct fg_error error;
    int64_t deadline_mono_ms;

    say(NULL, "stopping: valve first");
    if (fg_plant_shut_wait(app->plant, SHUT_MAX_MS, &error) != FG_OK)
        complain("valve not confirmed shut", &error);
    now = moment_now(app);
    fg_session_shutdown(app->session, &now);
    deadline_mono_ms = now.mono_ms + RECORD_MAX_MS;
    while (!fg_session_is_quiet(app->session) && now.mono_ms < deadline_mono_ms) {
        struct pollfd item = {.fd = fg_plant_event_fd(app->plant), .events = POLLIN};
        uint64_t events;

        if (poll(&item, 1, TICK_MS) > 0)
            (void)!read(item.fd, &events, sizeof(events));
        now = moment_now(app);
        fg_session_tick(app->session, &now);
    }
    fg_session_finish(app->session, &now);
}

static void app_end(struct app *app)
{
    fg_control_server_free(app->server);
    fg_reader_stop(app->reader);
    fg_session_free(app->session);
    fg_plant_destroy(app->plant);
    fg_list_close(app->stores.list);
    fg_journal_close(app->stores.journal);
    fg_private_key_wipe(&app->key);
}

static void signals_take(void)
{
    struct sigaction ask = {.sa_handler = stop_ask};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigaction(SIGTERM, &ask, NULL);
    (void)sigaction(SIGINT, &ask, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

static int usage(FILE *to, enum exit_code code)
{
    (void)fprintf(to, "usage: fillgated [--config | --check] CONFIG\n"
                      "       the controller of one filling point; stops on SIGTERM, valve first\n"
                      "  --check    only read the configuration and the device profiles\n"
                      "  --version  print the version\n"
                      "exit: 0 stopped as asked, 1 could not start, 2 the configuration is wrong\n");
    return (int)code;
}

static int check_only(const char *path)
{
    static struct fg_config config;
    struct fg_plant *plant = NULL;
    struct fg_error error;

    if (fg_config_read(path, &config, &error) != FG_OK ||
        fg_plant_new(&config.plant, &plant, &error) != FG_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return EXIT_CONFIG;
    }
    fg_plant_destroy(plant);
    (void)printf("%s: good\n", path);
    return EXIT_FINE;
}

int main(int argc, char **argv)
{
    static struct app app; /* large */
    const char *path = NULL;
    struct fg_error error;
    enum exit_code code;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, EXIT_FINE);
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("%s\n", VERSION) < 0;
    if (argc == 3 && strcmp(argv[1], "--check") == 0)
        return check_only(argv[2]);
    if (argc == 3 && strcmp(argv[1], "--config") == 0)
        path = argv[2];
    else if (argc == 2 && argv[1][0] != '-')
        path = argv[1];
    else
        return usage(stderr, EXIT_CONFIG);
    (void)umask(077);
    if (fg_secrecy_start(&error) != FG_OK) {
        complain("start", &error);
        return EXIT_FAILED;
    }
    signals_take();
    fg_clock_start(&app.clock, NULL);
    code = app_start(&app, path);
    if (code == EXIT_FINE) {
        say(NULL, VERSION " started");
        while (!stop_asked)
            turn(&app);
        app_shut_down(&app);
        say(NULL, "stopped");
    }
    app_end(&app);
    return (int)code;
}
