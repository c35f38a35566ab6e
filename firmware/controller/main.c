/* fillgated: the controller of one filling point. Reads its configuration, starts plant and reader, and runs
 * one loop over them until it is told to stop.
 *
 * Usage: fillgated [--config | --check] CONFIG. Only a wrong configuration ends it: what may still come
 * (keys, journal, list, control socket, reader, devices) is tried again in the loop, and meanwhile every scan
 * is refused. Not: what a scan or a fill means (session/session.h), what is opened (start.c). Runs
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
#include "firmware/controller/clock_floor.h"
#include "firmware/controller/control_server.h"
#include "firmware/controller/notify.h"
#include "firmware/controller/session/session.h"
#include "firmware/controller/start.h"
#include "lib/base/monotime.h"
#include "lib/base/version.h"
#include "lib/system/secrecy.h"
#include "lib/system/writable.h"

#define VERSION "fillgated " FG_VERSION
#define TICK_MS 20
#define REPORTS_A_TURN 16
#define SHUT_MAX_MS 2000
#define RECORD_MAX_MS 3000
#define READER_RETRY_MS 5000

enum exit_code { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_CONFIG = 2 };

struct app {
    struct fg_config config;
    struct fg_clock clock;
    struct fg_start start;
    struct fg_session_settings session_settings;
    struct fg_plant *plant;
    struct fg_session *session;
    struct fg_control_server *server; /* NULL: could not be made yet */
    struct fg_retry server_retry;
    struct fg_notify notify;
    int64_t floor_ms;      /* of the clock at its newest reading */
    int64_t ahead_told_ms; /* the manifest dated so was told as the bureau's fault */
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

/* A manifest from the future is said once; after a restart the journal tells of it already. */
static void bureau_watch(struct app *app, int64_t ahead_ms, const struct fg_moment *now)
{
    char text[FG_TEXT_MAX + 1];
    int64_t issued_ms = app->clock.signed_ms;

    if (ahead_ms == 0 || issued_ms == app->ahead_told_ms || issued_ms == app->start.ahead_logged_ms)
        return;
    app->ahead_told_ms = issued_ms;
    (void)snprintf(text, sizeof(text), "the list in force is dated %lld s later than this clock",
                   (long long)(ahead_ms / 1000));
    fg_session_raise(app->session, FG_EVENT_BUREAU_TIME_AHEAD, text, now);
}

static struct fg_moment moment_now(struct app *app)
{
    struct fg_clock_now now;
    struct fg_moment moment;

    fg_clock_read(&app->clock, &now);
    app->floor_ms = now.floor_ms;
    moment = (struct fg_moment){.mono_ms = now.mono_ms,
                                .wall_ms = now.wall_ms,
                                .clock_quality = now.quality,
                                .utc_offset_s = fg_clock_utc_offset_s(now.wall_ms)};
    if (app->session == NULL)
        return moment;
    if (now.step_ms != 0)
        fg_session_clock_stepped(app->session, now.step_ms, &moment);
    bureau_watch(app, now.bureau_ms, &moment);
    return moment;
}

static void tag_keys_give(struct app *app)
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    size_t count = fg_start_keys(&app->start, FG_KEYRING_TAG, keys);

    fg_session_set_tag_keys(app->session, keys, count);
}

/* Hands what could be opened meanwhile to the session. */
static void start_serve(struct app *app, const struct fg_moment *now)
{
    struct fg_start *start = &app->start;
    unsigned news = fg_start_try(start, now->mono_ms);

    if ((news & FG_START_KEYS) != 0)
        tag_keys_give(app);
    if ((news & FG_START_RECEIPT_KEY) != 0)
        fg_session_set_receipt_key(app->session, &start->receipt_key);
    if ((news & FG_START_JOURNAL) != 0)
        fg_session_give_journal(app->session, start->stores.journal, &start->stores.journal_start, now);
    if ((news & FG_START_LIST) != 0)
        fg_session_give_list(app->session, start->stores.list, now);
    else if ((news & FG_START_KEYS) != 0 && start->stores.list != NULL)
        fg_session_list_changed(app->session, now);
}

static void keyring_take(struct app *app, const char *path, const struct fg_moment *now,
                         struct fg_control_answer *ret_answer)
{
    struct fg_error error = {0};

    ret_answer->result = fg_start_take_ring(&app->start, path, &error);
    if (ret_answer->result != FG_OK) {
        complain("key ring not taken", &error);
        (void)snprintf(ret_answer->text, sizeof(ret_answer->text), "%s", error.text);
        return;
    }
    tag_keys_give(app);
    start_serve(app, now);
    (void)snprintf(ret_answer->text, sizeof(ret_answer->text), "key ring %llu is in force",
                   (unsigned long long)app->start.keys.ring.version);
    say(NULL, ret_answer->text);
}

/* Recorded first; only then the floor falls. */
static void clock_take(struct app *app, const char *path, const struct fg_moment *now,
                       struct fg_control_answer *ret_answer)
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];
    size_t count = fg_start_keys(&app->start, FG_KEYRING_LIST, keys);
    struct fg_clock_floor floor = {.floor_ms = 0};
    struct fg_error error = {0};
    enum fg_err code;

    if (app->start.stores.journal == NULL)
        code = fg_fail(&error, FG_E_STATE, "the journal is not open");
    else
        code = fg_clock_floor_read(path, keys, count, app->config.controller, app->start.stores.journal,
                                   app->config.journal_path, app->clock.vouched_ms, &floor, &error);
    if (code == FG_OK)
        code = fg_session_clock_lowered(app->session, floor.floor_ms, app->clock.vouched_ms,
                                        floor.statement.reason, now, &error);
    ret_answer->result = code;
    if (code != FG_OK) {
        complain("clock statement not taken", &error);
        (void)snprintf(ret_answer->text, sizeof(ret_answer->text), "%s", error.text);
        return;
    }
    fg_clock_lower(&app->clock, floor.floor_ms);
    fg_start_list_changed(&app->start);
    (void)snprintf(ret_answer->text, sizeof(ret_answer->text), "the clock's floor is lowered: %s",
                   floor.statement.reason);
    say(NULL, ret_answer->text);
}

/* What the session does not know: why something is not open yet, and how the clock was judged. */
static void state_complete(const struct app *app, struct fg_control_state *state)
{
    memcpy(state->journal_text, app->start.journal_retry.cause, sizeof(state->journal_text));
    memcpy(state->list_text, app->start.list_retry.cause, sizeof(state->list_text));
    memcpy(state->keys_text, app->start.keys_retry.cause, sizeof(state->keys_text));
    state->clock_floor_ms = app->floor_ms;
    state->bureau_ahead_ms = app->clock.ahead_ms;
}

static void request_handle(void *context, const struct fg_control_request *request,
                           struct fg_control_answer *ret_answer)
{
    struct app *app = context;
    struct fg_moment now = moment_now(app);
    uid_t asker = fg_control_server_asker(app->server);

    if (app->reader != NULL)
        fg_session_set_reader_restarts(app->session, fg_reader_restarts(app->reader));
    /* The receipt key may have come with the enrolment a moment ago. */
    if (request->kind == FG_CONTROL_RECEIPT && !app->start.has_receipt_key) {
        app->start.receipt_retry.backoff.until_mono_ms = now.mono_ms;
        start_serve(app, &now);
    }
    if (request->kind == FG_CONTROL_KEYRING) {
        keyring_take(app, request->path, &now, ret_answer);
        return;
    }
    if (request->kind == FG_CONTROL_CLOCK) {
        clock_take(app, request->path, &now, ret_answer);
        return;
    }
    fg_session_command(app->session, request, asker == 0 || asker == geteuid(), &now, ret_answer);
    if (request->kind == FG_CONTROL_IMPORT_LIST && ret_answer->result == FG_OK)
        fg_start_list_changed(&app->start);
    if (ret_answer->has_state)
        state_complete(app, &ret_answer->state);
}

/* ---- start ---- */

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
    settings->journal_retention_days = config->journal_retention_days;
    settings->version = VERSION;
    (void)snprintf(app->pin_count_path, sizeof(app->pin_count_path), "%s.pins", config->journal_path);
    settings->pin_count_path = app->pin_count_path;
    settings->device_key = &app->start.device_key;
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

/* False: tried, and not there. Another cause than the last time is said. */
static bool server_try(struct app *app, int64_t now_mono_ms, struct fg_error *error)
{
    if (fg_control_server_new(app->config.control_socket_path, request_handle, app, &app->server, error) ==
        FG_OK) {
        fg_retry_done(&app->server_retry);
        return true;
    }
    app->server = NULL;
    if (fg_retry_failed(&app->server_retry, error, now_mono_ms))
        complain("control socket; trying again", error);
    return false;
}

/* A second controller of the same point must not touch the plant: it waits for the first one to go. */
static enum exit_code server_start(struct app *app)
{
    struct fg_error error = {0};

    while (!stop_asked) {
        if (server_try(app, fg_mono_ms(), &error))
            return EXIT_FINE;
        if (error.code == FG_E_SIZE)
            return EXIT_CONFIG;
        if (error.code != FG_E_EXISTS)
            return EXIT_FINE;
        while (!stop_asked && !fg_retry_is_due(&app->server_retry, fg_mono_ms()))
            (void)poll(NULL, 0, TICK_MS);
    }
    return EXIT_FINE;
}

/* What could not be read may be there at the next try; what was read and is wrong stays wrong. */
static enum exit_code exit_for(const struct fg_error *error)
{
    return error->code == FG_E_IO || error->code == FG_E_MEMORY ? EXIT_FAILED : EXIT_CONFIG;
}

/* A long journal is verified piece by piece: only a piece that was done speaks for this process. */
static void working(void *context)
{
    struct app *app = context;

    fg_notify_working(&app->notify, fg_mono_ms());
}

static enum exit_code app_start(struct app *app, const char *config_path)
{
    const struct fg_log log = {say, NULL};
    struct fg_plant_port port = {NULL,          port_read,         port_hold_open,    port_shut,
                                 port_set_lamp, port_device_count, port_device_status};
    struct fg_error error;
    enum exit_code code;

    if (fg_config_read(config_path, &app->config, &error) != FG_OK ||
        fg_plant_new(&app->config.plant, &app->plant, &error) != FG_OK ||
        fg_plant_suits(app->plant, app->config.medium, app->config.fill.valve_follow_max_ms, &error) !=
            FG_OK) {
        complain("configuration", &error);
        return exit_for(&error);
    }
    port.context = app->plant;
    settings_fill(app);
    reader_program_find(app);
    code = server_start(app);
    if (code != EXIT_FINE || stop_asked)
        return code;
    fg_start_begin(&app->start, &app->config, &app->clock, &log, working, app, fg_mono_ms());
    if (fg_plant_start(app->plant, &error) != FG_OK) {
        complain("plant", &error);
        return EXIT_FAILED;
    }
    if (fg_session_new(&app->session_settings, &app->start.stores, &port, say, NULL, &app->session, &error) !=
        FG_OK) {
        complain("session", &error);
        return EXIT_FAILED;
    }
    tag_keys_give(app);
    if (app->start.has_receipt_key)
        fg_session_set_receipt_key(app->session, &app->start.receipt_key);
    return EXIT_FINE;
}

/* ---- loop ---- */

static void reports_take(struct app *app, const struct fg_moment *now)
{
    struct fg_reader_report report;

    for (int i = 0; i < REPORTS_A_TURN; i++) {
        fg_reader_next(app->reader, now->mono_ms, &report);
        if (report.kind == FG_READER_NOTHING)
            return;
        fg_session_report(app->session, &report, now);
    }
}

static void reader_serve(struct app *app, const struct fg_moment *now)
{
    struct fg_uid uid;

    if (app->reader == NULL) {
        reader_start(app, now);
        return;
    }
    fg_reader_tick(app->reader, now->mono_ms);
    reports_take(app, now);
    /* A reader that is down or busy reads a tag by itself when it is back; until then the wish comes again.
     */
    if (fg_session_wants_reading(app->session, now, &uid))
        (void)fg_reader_read_again(app->reader, &uid, NULL);
}

static void turn(struct app *app)
{
    struct pollfd polls[2 + FG_CONTROL_POLLS];
    size_t count = 2;
    struct fg_moment now;
    struct fg_error error = {0};
    uint64_t events;

    polls[0] = (struct pollfd){.fd = fg_plant_event_fd(app->plant), .events = POLLIN};
    polls[1] = (struct pollfd){.fd = app->reader == NULL ? -1 : fg_reader_fd(app->reader), .events = POLLIN};
    if (app->server != NULL)
        count += fg_control_server_polls(app->server, polls + 2);
    if (poll(polls, (nfds_t)count, TICK_MS) < 0 && errno != EINTR)
        say(NULL, "poll failed; going on by the clock");
    if ((polls[0].revents & POLLIN) != 0)
        (void)!read(polls[0].fd, &events, sizeof(events));
    now = moment_now(app);
    start_serve(app, &now);
    reader_serve(app, &now);
    fg_session_tick(app->session, &now);
    if (app->server == NULL && fg_retry_is_due(&app->server_retry, now.mono_ms))
        (void)server_try(app, now.mono_ms, &error);
    if (app->server != NULL)
        fg_control_server_serve(app->server);
    fg_notify_alive(&app->notify, now.mono_ms);
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
    fg_start_end(&app->start);
    fg_notify_end(&app->notify);
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
    (void)fprintf(
        to,
        "usage: fillgated [--config | --check] CONFIG\n"
        "       the controller of one filling point; stops on SIGTERM, valve first\n"
        "  --check    only read the configuration and the device profiles, and say what is missing beside\n"
        "  --version  print the version\n"
        "exit: 0 stopped as asked, 1 could not start, 2 the configuration is wrong\n");
    return (int)code;
}

static void place_check(const char *what, const char *path)
{
    struct fg_error error = {0};

    if (fg_writable_check(path, &error) != FG_OK)
        (void)fprintf(stderr, "warning: %s: %s; fillgated will wait for it\n", what, error.text);
}

/* Not wrong, for it may come later: said, so that nobody waits for it in vain. */
static void places_check(const struct fg_config *config)
{
    place_check("journal", config->journal_path);
    place_check("list store", config->list_path);
    place_check("key rings", config->keyring_path);
    place_check("control socket", config->control_socket_path);
    if (access(config->device_key_path, R_OK) != 0)
        (void)fprintf(stderr, "warning: device key: %s: %s; fillgated will wait for it\n",
                      config->device_key_path, strerror(errno));
    for (uint8_t i = 0; i < config->list_key_count; i++) {
        if (access(config->list_key_paths[i], R_OK) != 0)
            (void)fprintf(stderr, "warning: list key: %s: %s; fillgated will wait for it\n",
                          config->list_key_paths[i], strerror(errno));
    }
}

static int check_only(const char *path)
{
    static struct fg_config config;
    struct fg_plant *plant = NULL;
    struct fg_error error;

    if (fg_config_read(path, &config, &error) != FG_OK ||
        fg_plant_new(&config.plant, &plant, &error) != FG_OK ||
        fg_plant_suits(plant, config.medium, config.fill.valve_follow_max_ms, &error) != FG_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        fg_plant_destroy(plant);
        return EXIT_CONFIG;
    }
    fg_plant_destroy(plant);
    places_check(&config);
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
    fg_notify_start(&app.notify);
    code = app_start(&app, path);
    if (code == EXIT_FINE && app.session != NULL) {
        say(NULL, VERSION " started");
        turn(&app);
        fg_notify_tell(&app.notify, "READY=1");
        while (!stop_asked)
            turn(&app);
        fg_notify_tell(&app.notify, "STOPPING=1");
        app_shut_down(&app);
        say(NULL, "stopped");
    }
    app_end(&app);
    return (int)code;
}
