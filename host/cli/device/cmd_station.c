/* fillgate station status: what a station holds, what the bureau has, and who was last heard when. Reads the
 * store that the running fillgate-station writes. Not: enrolment (cmd_enrol.c). Relies on:
 * host/station/store/store.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/cli_line.h"
#include "host/cli/device/cmd_roster.h"
#include "host/station/base/config.h"
#include "host/station/store/head_witness.h"
#include "host/station/store/heads.h"
#include "host/station/store/station_report.h"
#include "host/station/store/store_verify.h"
#include "host/station/up/station_keys.h"
#include "lib/crypto/certificate_file.h"
#include "lib/crypto/certificate_watch.h"

#define DEADLINE_MS 5000
#define VERIFY_DEADLINE_MS 600000 /* SQLite's own check reads the whole file in one statement */
#define FINDINGS_SHOWN 64
#define PATH_BYTES 600
#define MIB (1024 * 1024)

struct status {
    struct fg_station_config config;
    struct fg_station_upstream upstream;
    struct cli_roster roster;
    struct fg_station_controller controllers[FG_STATION_CONTROLLERS_MAX];
    struct fg_station_verification background; /* the daemon's newest */
    struct {
        char controller[FG_NAME_MAX + 1]; /* "" = the store as a whole */
        char text[sizeof(((struct fg_error *)0)->text)];
    } findings[FINDINGS_SHOWN]; /* with --verify */
    struct fg_station_verified sum;
    size_t count;
    uint64_t evidence;
    uint64_t unsent;
    int64_t oldest_unsent_ms;
    uint64_t disk_free_bytes;
    int64_t certificate_end_ms; /* 0: it cannot be read */
    struct fg_station_heads_kept heads;
    struct fg_public_key keys[FG_STATION_RECEIPT_KEYS_MAX]; /* that the bureau may have signed with */
    size_t key_count;
    bool verified;
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

static void finding_take(void *context, const char *controller, const char *text)
{
    struct status *status = context;
    uint64_t place = status->sum.findings++;

    if (place >= FINDINGS_SHOWN)
        return;
    (void)snprintf(status->findings[place].controller, sizeof(status->findings[place].controller), "%s",
                   controller);
    (void)snprintf(status->findings[place].text, sizeof(status->findings[place].text), "%s", text);
}

/* The first thing found of a controller; NULL = nothing. */
static const char *finding_of(const struct status *status, const char *controller)
{
    for (size_t i = 0; i < status->sum.findings && i < FINDINGS_SHOWN; i++) {
        if (strcmp(status->findings[i].controller, controller) == 0)
            return status->findings[i].text;
    }
    return NULL;
}

/* The keys that receipts are proven with, as the daemon has them; nothing is written. */
static enum fg_err keys_trust(struct fg_station_store *store, struct status *status, struct fg_error *error)
{
    struct fg_station_keys keys;
    enum fg_err result = fg_station_keys_read(&status->config, &keys, error);

    if (result != FG_OK)
        return result;
    status->key_count = fg_station_keys_receipts(&keys, status->keys);
    return fg_station_store_trust(store, status->keys, status->key_count, error);
}

static enum fg_err verify(struct fg_station_store *store, struct status *status, struct fg_error *error)
{
    char heads_path[PATH_BYTES];
    const struct fg_station_verify wanted = {
        .heads_path = heads_path, .found = finding_take, .context = status};
    struct fg_station_verified sum;
    enum fg_err result = fg_station_heads_path(status->config.store, heads_path, sizeof(heads_path), error);

    if (result == FG_OK)
        result = fg_station_store_check(store, &wanted, &sum, error);
    if (result == FG_OK)
        status->sum = sum;
    status->verified = result == FG_OK;
    return result;
}

/* Of the bureau's trail; there may be none yet. A file that does not hold is put aside when the daemon
 * starts.
 */
static void heads_read(struct status *status)
{
    char path[PATH_BYTES];
    struct fg_error error;
    enum fg_err result = fg_station_witness_path(status->config.store, path, sizeof(path), &error);

    if (result == FG_OK)
        result = fg_station_witness_read(path, &status->heads, &error);
    if (result == FG_OK)
        result = fg_station_witness_check(&status->heads, status->keys, status->key_count, &error);
    if (result == FG_OK || result == FG_E_NOT_FOUND)
        return;
    status->heads.count = 0;
    if (status->verified)
        finding_take(status, "", error.text);
}

static enum fg_err read_status(const struct cli_call *call, struct status *status, struct fg_error *error)
{
    bool verifies = cli_value(call, "--verify") != NULL;
    struct fg_station_store_settings settings = {.path = status->config.store,
                                                 .deadline_ms = verifies ? VERIFY_DEADLINE_MS : DEADLINE_MS,
                                                 .read_only = true};
    struct fg_station_store *store = NULL;
    enum fg_err result = fg_station_config_read(cli_value(call, "--config"), &status->config, error);

    if (result == FG_OK)
        result = fg_station_store_open(&settings, &store, error);
    if (result == FG_OK)
        result = keys_trust(store, status, error);
    if (result == FG_OK)
        result = fg_station_store_upstream(store, &status->upstream, error);
    /* A store that no daemon of this version has opened yet has no such table: then there is nothing to show.
     */
    if (result == FG_OK && fg_station_store_verification(store, &status->background, NULL) != FG_OK)
        memset(&status->background, 0, sizeof(status->background));
    if (result == FG_OK)
        result = fg_station_store_controllers(store, status->controllers, FG_STATION_CONTROLLERS_MAX,
                                              &status->count, error);
    if (result == FG_OK)
        result = fg_station_store_evidence_count(store, &status->evidence, error);
    if (result == FG_OK && verifies)
        result = verify(store, status, error);
    fg_station_store_close(store);
    add_up(status);
    if (result == FG_OK)
        result = cli_roster_read(&status->config, &status->roster, error);
    status->disk_free_bytes = fg_station_disk_free(status->config.store);
    if (result == FG_OK &&
        fg_certificate_times(status->config.certificate, NULL, &status->certificate_end_ms, NULL) != FG_OK)
        status->certificate_end_ms = 0;
    if (result == FG_OK)
        heads_read(status);
    return result;
}

/* ---- for people ---- */

static void line_seconds(const struct cli_call *call, const char *indent, enum fg_text_id id, int64_t ms)
{
    char value[48];

    (void)snprintf(value, sizeof(value), "%+.3f", (double)ms / 1000.0);
    cli_line(call, indent, id, value);
}

static void line_list(const struct cli_call *call, const char *indent, const char *list_id, uint64_t version)
{
    char value[FG_NAME_MAX + 32];

    if (version == 0)
        (void)snprintf(value, sizeof(value), "%s", cli_text(call, FG_TEXT_CLI_NONE));
    else
        (void)snprintf(value, sizeof(value), "%s %" PRIu64, list_id, version);
    cli_line(call, indent, FG_TEXT_STATION_LIST_VERSION, value);
}

static void print_controller(const struct cli_call *call, const struct status *status, size_t index)
{
    const struct fg_station_controller *controller = &status->controllers[index];
    char value[FG_SYNC_TEXT_MAX + 64];

    cli_line(call, "", FG_TEXT_CLI_CONTROLLER, controller->id);
    cli_line_time(call, "  ", FG_TEXT_STATION_LAST_CONTACT, controller->contact_ms);
    cli_line_number(call, "  ", FG_TEXT_STATION_HELD, controller->next_sequence - 1);
    cli_line_number(call, "  ", FG_TEXT_STATION_UNSENT, fg_station_unsent(controller));
    if (fg_station_unsent(controller) > 0)
        cli_line_time(call, "  ", FG_TEXT_CLI_OLDEST_UNSENT, controller->oldest_unsent_ms);
    if (controller->report_ms != 0) {
        line_list(call, "  ", controller->report.list_id, controller->report.list_version);
        line_seconds(call, "  ", FG_TEXT_STATION_CLOCK_OFFSET, controller->clock_offset_ms);
        cli_line_number(call, "  ", FG_TEXT_STATION_DISK_FREE, controller->report.disk_free_bytes / MIB);
    }
    if (controller->forks + controller->refusals + controller->marked > 0) {
        (void)snprintf(value, sizeof(value), "%" PRIu64 " / %" PRIu64 " / %" PRIu64, controller->forks,
                       controller->refusals, controller->marked);
        cli_line(call, "  ", FG_TEXT_STATION_FORKS, value);
    }
    if (controller->upstream_ms != 0 && controller->upstream_verdict != FG_SYNC_HELD) {
        (void)snprintf(value, sizeof(value), "%s %s", verdict_name(controller->upstream_verdict),
                       controller->upstream_text);
        cli_line(call, "  ", FG_TEXT_STATION_BUREAU_SAYS, value);
    }
    if (controller->receipt_false)
        printf("  %s\n", cli_text(call, FG_TEXT_STATION_RECEIPT_FALSE));
    if (status->verified) {
        const char *found = finding_of(status, controller->id);

        printf("  %s\n", found == NULL ? cli_text(call, FG_TEXT_CLI_VERIFIED) : found);
    }
}

/* How far the daemon's own verification is, or what it found. */
static void print_verification(const struct cli_call *call, const struct status *status)
{
    const struct fg_station_verification *background = &status->background;
    char value[FG_SYNC_TEXT_MAX + 64];

    if (background->started_ms == 0)
        return;
    cli_line_time(call, "  ",
                  background->ended_ms != 0 ? FG_TEXT_STATION_VERIFIED : FG_TEXT_STATION_VERIFYING,
                  background->ended_ms != 0 ? background->ended_ms : background->started_ms);
    cli_line_number(call, "    ", FG_TEXT_CLI_ENTRIES, background->entries);
    if (background->findings > 0) {
        (void)snprintf(value, sizeof(value), "%" PRIu64 ": %s", background->findings, background->text);
        cli_line(call, "    ", FG_TEXT_CLI_FINDINGS, value);
    }
}

/* The newest head of the bureau's trail that is kept, and whether an older one came after it. */
static void print_heads(const struct cli_call *call, const struct status *status)
{
    const struct fg_station_heads_kept *heads = &status->heads;
    char text[FG_TRAIL_HEAD_TEXT_BYTES];
    char time[CLI_TIME_TEXT];
    char value[FG_TRAIL_HEAD_TEXT_BYTES + CLI_TIME_TEXT + 8];

    if (heads->count == 0)
        return;
    fg_trail_head_text(&heads->heads[heads->count - 1].statement.head, text);
    cli_time_text(heads->heads[heads->count - 1].statement.at_ms, time);
    (void)snprintf(value, sizeof(value), "%s (%s)", text, time);
    cli_line(call, "  ", FG_TEXT_STATION_TRAIL, value);
    if (!fg_station_witness_is_back(heads))
        return;
    fg_trail_head_text(&heads->refused.statement.head, text);
    cli_line(call, "  ", FG_TEXT_STATION_TRAIL_BACK, text);
}

/* With the days that are left when they are few. */
static void line_certificate(const struct cli_call *call, int64_t end_ms)
{
    int64_t days = fg_certificate_days_left(end_ms, cli_now_ms());
    char text[CLI_TIME_TEXT];
    char value[CLI_TIME_TEXT + 120];

    cli_time_text(end_ms, text);
    (void)snprintf(value, sizeof(value), "%s", text);
    if (days < 0)
        (void)snprintf(value, sizeof(value), "%s: %s", text,
                       cli_text(call, FG_TEXT_STATION_CERTIFICATE_OVER));
    else if (days < FG_CERTIFICATE_WARN_DAYS)
        (void)snprintf(value, sizeof(value), "%s: %" PRId64 " %s", text, days,
                       cli_text(call, FG_TEXT_STATION_CERTIFICATE_DAYS));
    cli_line(call, "  ", FG_TEXT_STATION_CERTIFICATE, value);
}

static void print_status(const struct cli_call *call, const struct status *status)
{
    const struct fg_station_upstream *upstream = &status->upstream;

    cli_line(call, "", FG_TEXT_STATION_STATION, status->config.id);
    cli_line_time(call, "  ", FG_TEXT_STATION_DAEMON, upstream->updated_ms);
    line_list(call, "  ", upstream->list_id, upstream->list_version);
    cli_line_number(call, "  ", FG_TEXT_STATION_DISK_FREE, status->disk_free_bytes / MIB);
    line_certificate(call, status->certificate_end_ms);
    if (status->evidence > 0)
        cli_line_number(call, "  ", FG_TEXT_STATION_EVIDENCE, status->evidence);
    print_verification(call, status);
    cli_roster_print(call, &status->roster, upstream->roster_checked_ms);
    cli_line(call, "", FG_TEXT_STATION_BUREAU, status->config.url);
    cli_line_time(call, "  ", FG_TEXT_STATION_LAST_CONTACT, upstream->contact_ms);
    if (upstream->failures > 0)
        cli_line_time(call, "  ", FG_TEXT_STATION_ALONE_SINCE,
                      upstream->contact_ms != 0 ? upstream->contact_ms : upstream->started_ms);
    if (upstream->error_ms != 0) {
        cli_line_time(call, "  ", FG_TEXT_STATION_LAST_FAILURE, upstream->error_ms);
        printf("    %s\n", upstream->error_text);
    }
    cli_line_number(call, "  ", FG_TEXT_STATION_UNSENT, status->unsent);
    if (status->unsent > 0)
        cli_line_time(call, "  ", FG_TEXT_CLI_OLDEST_UNSENT, status->oldest_unsent_ms);
    line_seconds(call, "  ", FG_TEXT_STATION_CLOCK_OFFSET, upstream->clock_offset_ms);
    print_heads(call, status);
    for (size_t i = 0; i < status->count; i++)
        print_controller(call, status, i);
    if (!status->verified)
        return;
    for (size_t i = 0; i < status->sum.findings && i < FINDINGS_SHOWN; i++)
        printf("%s%s%s\n", status->findings[i].controller,
               status->findings[i].controller[0] != '\0' ? ": " : "", status->findings[i].text);
    printf("%s: %" PRIu64 " %s, %" PRIu64 " %s\n",
           cli_text(call, status->sum.findings == 0 ? FG_TEXT_CLI_VERIFIED : FG_TEXT_CLI_NOT_VERIFIED),
           status->sum.entries, cli_text(call, FG_TEXT_CLI_ENTRIES), status->sum.findings,
           cli_text(call, FG_TEXT_CLI_FINDINGS));
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
    cli_json_bool(json, object, "receipt_false", controller->receipt_false);
    if (status->verified) {
        const char *found = finding_of(status, controller->id);

        cli_json_bool(json, object, "verified", found == NULL);
        if (found != NULL)
            cli_json_text(json, object, "verify_text", found);
    }
}

static void json_verification(struct cli_json *json, const struct status *status)
{
    cJSON *object = cli_json_object(json, json->root, "verification");
    cJSON *found;

    cli_json_number(json, object, "started_ms", status->background.started_ms);
    cli_json_number(json, object, "ended_ms", status->background.ended_ms);
    cli_json_number(json, object, "entries", (int64_t)status->background.entries);
    cli_json_number(json, object, "findings", (int64_t)status->background.findings);
    cli_json_text(json, object, "text", status->background.text);
    if (!status->verified)
        return;
    found = cli_json_array(json, json->root, "findings");
    for (size_t i = 0; i < status->sum.findings && i < FINDINGS_SHOWN; i++) {
        cJSON *one = cli_json_push_object(json, found);

        cli_json_text(json, one, "controller", status->findings[i].controller);
        cli_json_text(json, one, "text", status->findings[i].text);
    }
    cli_json_number(json, json->root, "finding_count", (int64_t)status->sum.findings);
}

static void json_heads(struct cli_json *json, cJSON *object, const struct fg_station_heads_kept *heads)
{
    const struct fg_trail_statement *newest = &heads->heads[heads->count - 1].statement;

    cli_json_number(json, object, "trail_number", (int64_t)newest->head.number);
    cli_json_hex(json, object, "trail_hash", newest->head.hash.bytes, sizeof(newest->head.hash.bytes));
    cli_json_number(json, object, "trail_signed_ms", newest->at_ms);
    cli_json_number(json, object, "trail_heads", (int64_t)heads->count);
    cli_json_bool(json, object, "trail_rolled_back", fg_station_witness_is_back(heads));
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
    cli_json_number(&json, json.root, "certificate_end_ms", status->certificate_end_ms);
    cli_json_number(&json, json.root, "evidence", (int64_t)status->evidence);
    cli_roster_json(&json, &status->roster, upstream->roster_checked_ms);
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
    if (status->heads.count > 0)
        json_heads(&json, bureau, &status->heads);
    controllers = cli_json_array(&json, json.root, "controllers");
    for (size_t i = 0; i < status->count; i++)
        json_controller(&json, controllers, status, i);
    json_verification(&json, status);
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
    if (exit_code == CLI_OK && status->verified && status->sum.findings > 0)
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
