/* fillgate station status: what a station holds, what the bureau has, and who was last heard when. Reads the
 * store that the running fillgate-station writes. Not: enrolment (cli_enrol.c). Relies on:
 * host/station/store.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/cli.h"
#include "host/station/config.h"
#include "host/station/report.h"
#include "host/station/store.h"

#define DEADLINE_MS 5000
#define MIB (1024 * 1024)

struct status {
    struct fg_station_config config;
    struct fg_station_upstream upstream;
    struct fg_station_controller controllers[FG_STATION_CONTROLLERS_MAX];
    struct fg_error verdicts[FG_STATION_CONTROLLERS_MAX]; /* with --verify; code FG_OK = good */
    size_t count;
    uint64_t evidence;
    uint64_t unsent;
    int64_t oldest_unsent_ms;
    uint64_t disk_free_bytes;
    bool verified;
    bool bad; /* something does not verify */
};

static const char *const verdict_names[] = {"", "HELD", "GAP", "FORK", "REFUSED", "BUSY"};

static const char *verdict_name(uint8_t verdict)
{
    return verdict < sizeof(verdict_names) / sizeof(verdict_names[0]) ? verdict_names[verdict] : "?";
}

static void add_up(struct status *status)
{
    for (size_t i = 0; i < status->count; i++) {
        const struct fg_station_controller *controller = &status->controllers[i];
        uint64_t unsent = fg_station_unsent(controller);

        status->unsent += unsent;
        if (unsent > 0 && controller->oldest_unsent_ms != 0 &&
            (status->oldest_unsent_ms == 0 || controller->oldest_unsent_ms < status->oldest_unsent_ms))
            status->oldest_unsent_ms = controller->oldest_unsent_ms;
    }
}

static void verify(struct fg_station_store *store, struct status *status)
{
    status->verified = true;
    for (size_t i = 0; i < status->count; i++) {
        status->verdicts[i].code =
            fg_station_store_verify(store, status->controllers[i].id, &status->verdicts[i]);
        status->bad |= status->verdicts[i].code != FG_OK;
    }
}

static enum fg_err read_status(const struct cli_call *call, struct status *status, struct fg_error *error)
{
    struct fg_station_store_settings settings = {
        .path = status->config.store, .deadline_ms = DEADLINE_MS, .read_only = true};
    struct fg_station_store *store = NULL;
    enum fg_err result = fg_station_config_read(cli_value(call, "--config"), &status->config, error);

    if (result == FG_OK)
        result = fg_station_store_open(&settings, &store, error);
    if (result == FG_OK)
        result = fg_station_store_upstream(store, &status->upstream, error);
    if (result == FG_OK)
        result = fg_station_store_controllers(store, status->controllers, FG_STATION_CONTROLLERS_MAX,
                                              &status->count, error);
    if (result == FG_OK)
        result = fg_station_store_evidence_count(store, &status->evidence, error);
    if (result == FG_OK && cli_value(call, "--verify") != NULL)
        verify(store, status);
    fg_station_store_close(store);
    add_up(status);
    status->disk_free_bytes = fg_station_disk_free(status->config.store);
    return result;
}

/* ---- for people ---- */

static void line(const struct cli_call *call, const char *indent, enum fg_text_id id, const char *value)
{
    printf("%s%s: %s\n", indent, cli_text(call, id), value);
}

static void line_time(const struct cli_call *call, const char *indent, enum fg_text_id id, int64_t wall_ms)
{
    char text[CLI_TIME_TEXT];
    char value[CLI_TIME_TEXT + 32];
    int64_t ago_ms = cli_now_ms() - wall_ms;
    int64_t ago_min = ago_ms > 0 ? ago_ms / 60000 : 0; /* another clock may be ahead of this one */

    if (wall_ms == 0) {
        line(call, indent, id, cli_text(call, FG_TEXT_STATION_NEVER));
        return;
    }
    cli_time_text(wall_ms, text);
    (void)snprintf(value, sizeof(value), "%s (%" PRId64 ":%02" PRId64 " %s)", text, ago_min / 60,
                   ago_min % 60, cli_text(call, FG_TEXT_CLI_AGO));
    line(call, indent, id, value);
}

static void line_number(const struct cli_call *call, const char *indent, enum fg_text_id id, uint64_t number)
{
    char value[32];

    (void)snprintf(value, sizeof(value), "%" PRIu64, number);
    line(call, indent, id, value);
}

static void line_seconds(const struct cli_call *call, const char *indent, enum fg_text_id id, int64_t ms)
{
    char value[48];

    (void)snprintf(value, sizeof(value), "%+.3f", (double)ms / 1000.0);
    line(call, indent, id, value);
}

static void line_list(const struct cli_call *call, const char *indent, const char *list_id, uint64_t version)
{
    char value[FG_NAME_MAX + 32];

    if (version == 0)
        (void)snprintf(value, sizeof(value), "%s", cli_text(call, FG_TEXT_CLI_NONE));
    else
        (void)snprintf(value, sizeof(value), "%s %" PRIu64, list_id, version);
    line(call, indent, FG_TEXT_STATION_LIST_VERSION, value);
}

static void print_controller(const struct cli_call *call, const struct status *status, size_t index)
{
    const struct fg_station_controller *controller = &status->controllers[index];
    char value[FG_SYNC_TEXT_MAX + 64];

    line(call, "", FG_TEXT_CLI_CONTROLLER, controller->id);
    line_time(call, "  ", FG_TEXT_STATION_LAST_CONTACT, controller->contact_ms);
    line_number(call, "  ", FG_TEXT_STATION_HELD, controller->next_sequence - 1);
    line_number(call, "  ", FG_TEXT_STATION_UNSENT, fg_station_unsent(controller));
    if (fg_station_unsent(controller) > 0)
        line_time(call, "  ", FG_TEXT_CLI_OLDEST_UNSENT, controller->oldest_unsent_ms);
    if (controller->report_ms != 0) {
        line_list(call, "  ", controller->report.list_id, controller->report.list_version);
        line_seconds(call, "  ", FG_TEXT_STATION_CLOCK_OFFSET, controller->clock_offset_ms);
        line_number(call, "  ", FG_TEXT_STATION_DISK_FREE, controller->report.disk_free_bytes / MIB);
    }
    if (controller->forks + controller->refusals + controller->marked > 0) {
        (void)snprintf(value, sizeof(value), "%" PRIu64 " / %" PRIu64 " / %" PRIu64, controller->forks,
                       controller->refusals, controller->marked);
        line(call, "  ", FG_TEXT_STATION_FORKS, value);
    }
    if (controller->upstream_ms != 0 && controller->upstream_verdict != FG_SYNC_HELD) {
        (void)snprintf(value, sizeof(value), "%s %s", verdict_name(controller->upstream_verdict),
                       controller->upstream_text);
        line(call, "  ", FG_TEXT_STATION_BUREAU_SAYS, value);
    }
    if (status->verified)
        printf("  %s\n", status->verdicts[index].code == FG_OK ? cli_text(call, FG_TEXT_CLI_VERIFIED)
                                                               : status->verdicts[index].text);
}

static void print_status(const struct cli_call *call, const struct status *status)
{
    const struct fg_station_upstream *upstream = &status->upstream;

    line(call, "", FG_TEXT_STATION_STATION, status->config.id);
    line_time(call, "  ", FG_TEXT_STATION_DAEMON, upstream->updated_ms);
    line_list(call, "  ", upstream->list_id, upstream->list_version);
    line_number(call, "  ", FG_TEXT_STATION_DISK_FREE, status->disk_free_bytes / MIB);
    if (status->evidence > 0)
        line_number(call, "  ", FG_TEXT_STATION_EVIDENCE, status->evidence);
    line(call, "", FG_TEXT_STATION_BUREAU, status->config.url);
    line_time(call, "  ", FG_TEXT_STATION_LAST_CONTACT, upstream->contact_ms);
    if (upstream->failures > 0)
        line_time(call, "  ", FG_TEXT_STATION_ALONE_SINCE,
                  upstream->contact_ms != 0 ? upstream->contact_ms : upstream->started_ms);
    if (upstream->error_ms != 0) {
        line_time(call, "  ", FG_TEXT_STATION_LAST_FAILURE, upstream->error_ms);
        printf("    %s\n", upstream->error_text);
    }
    line_number(call, "  ", FG_TEXT_STATION_UNSENT, status->unsent);
    if (status->unsent > 0)
        line_time(call, "  ", FG_TEXT_CLI_OLDEST_UNSENT, status->oldest_unsent_ms);
    line_seconds(call, "  ", FG_TEXT_STATION_CLOCK_OFFSET, upstream->clock_offset_ms);
    for (size_t i = 0; i < status->count; i++)
        print_controller(call, status, i);
}

/* ---- for programs ---- */

static void json_controller(struct cli_json *json, cJSON *array, const struct status *status, size_t index)
{
    const struct fg_station_controller *controller = &status->controllers[index];
    cJSON *object = cli_json_push_object(json, array);

    cli_json_text(json, object, "id", controller->id);
    cli_json_number(json, object, "last_contact_ms", controller->contact_ms);
    cli_json_number(json, object, "held", (int64_t)controller->next_sequence - 1);
    cli_json_number(json, object, "receipt_next", (int64_t)controller->receipt_next);
    cli_json_number(json, object, "unsent", (int64_t)fg_station_unsent(controller));
    cli_json_number(json, object, "oldest_unsent_ms", controller->oldest_unsent_ms);
    cli_json_number(json, object, "report_ms", controller->report_ms);
    cli_json_text(json, object, "list_id", controller->report.list_id);
    cli_json_number(json, object, "list_version", (int64_t)controller->report.list_version);
    cli_json_number(json, object, "clock_offset_ms", controller->clock_offset_ms);
    cli_json_number(json, object, "disk_free_bytes", (int64_t)controller->report.disk_free_bytes);
    cli_json_text(json, object, "version", controller->report.version);
    cli_json_number(json, object, "forks", (int64_t)controller->forks);
    cli_json_number(json, object, "refusals", (int64_t)controller->refusals);
    cli_json_number(json, object, "marked", (int64_t)controller->marked);
    cli_json_text(json, object, "bureau_verdict", verdict_name(controller->upstream_verdict));
    cli_json_text(json, object, "bureau_text", controller->upstream_text);
    if (status->verified) {
        cli_json_bool(json, object, "verified", status->verdicts[index].code == FG_OK);
        if (status->verdicts[index].code != FG_OK)
            cli_json_text(json, object, "verify_text", status->verdicts[index].text);
    }
}

static bool json_status(const struct status *status)
{
    const struct fg_station_upstream *upstream = &status->upstream;
    struct cli_json json;
    cJSON *bureau;
    cJSON *controllers;

    cli_json_start(&json);
    cli_json_text(&json, json.root, "station", status->config.id);
    cli_json_number(&json, json.root, "updated_ms", upstream->updated_ms);
    cli_json_number(&json, json.root, "started_ms", upstream->started_ms);
    cli_json_text(&json, json.root, "list_id", upstream->list_id);
    cli_json_number(&json, json.root, "list_version", (int64_t)upstream->list_version);
    cli_json_number(&json, json.root, "list_issued_ms", upstream->list_issued_ms);
    cli_json_number(&json, json.root, "list_expires_ms", upstream->list_expires_ms);
    cli_json_number(&json, json.root, "list_checked_ms", upstream->list_checked_ms);
    cli_json_number(&json, json.root, "disk_free_bytes", (int64_t)status->disk_free_bytes);
    cli_json_number(&json, json.root, "evidence", (int64_t)status->evidence);
    bureau = cli_json_object(&json, json.root, "bureau");
    cli_json_text(&json, bureau, "url", status->config.url);
    cli_json_number(&json, bureau, "last_contact_ms", upstream->contact_ms);
    cli_json_number(&json, bureau, "last_attempt_ms", upstream->attempt_ms);
    cli_json_number(&json, bureau, "attempts", (int64_t)upstream->attempts);
    cli_json_number(&json, bureau, "failures", (int64_t)upstream->failures);
    cli_json_number(&json, bureau, "error_ms", upstream->error_ms);
    cli_json_text(&json, bureau, "error", upstream->error_text);
    cli_json_number(&json, bureau, "unsent", (int64_t)status->unsent);
    cli_json_number(&json, bureau, "oldest_unsent_ms", status->oldest_unsent_ms);
    cli_json_number(&json, bureau, "clock_offset_ms", upstream->clock_offset_ms);
    controllers = cli_json_array(&json, json.root, "controllers");
    for (size_t i = 0; i < status->count; i++)
        json_controller(&json, controllers, status, i);
    return cli_json_print(&json, stdout);
}

static enum cli_exit station_status(const struct cli_call *call)
{
    struct status *status;
    struct fg_error error = {.code = FG_E_MEMORY, .text = "no memory"};
    enum cli_exit exit_code = CLI_OK;
    enum fg_err result;

    if (cli_value(call, "--config") == NULL)
        return cli_usage(call, "give --config station.ini");
    status = calloc(1, sizeof(*status));
    if (status == NULL)
        return cli_fail(call, FG_E_MEMORY, &error);
    result = read_status(call, status, &error);
    if (result != FG_OK)
        exit_code = cli_fail(call, result, &error);
    else if (!call->json)
        print_status(call, status);
    else if (!json_status(status))
        exit_code = CLI_FAILURE;
    if (exit_code == CLI_OK && status->bad)
        exit_code = CLI_NO;
    free(status);
    return exit_code;
}

static const struct cli_option status_options[] = {
    {"--config", "FILE", FG_TEXT_STATION_OPTION_CONFIG, false},
    {"--verify", NULL, FG_TEXT_STATION_OPTION_VERIFY, false},
    {0},
};

const struct cli_command cli_station_commands[] = {
    {"station", "status", "", FG_TEXT_STATION_STATUS, 0, 0, status_options, station_status},
    {0},
};
