/* fillgate bureau roster, fillgate station roster-import: a station's roster on a stick, and what a station's
 * status says of the one in force. Not: making and judging rosters (host/bureau/device/roster_make.h,
 * host/station/store/roster_kept.h). Relies on: those. */
#include "host/cli/device/cmd_roster.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/bureau/device/enrolment.h"
#include "host/bureau/device/roster_make.h"
#include "host/cli/cli_database.h"
#include "host/cli/cli_file.h"
#include "host/cli/cli_line.h"
#include "host/station/store/roster_kept.h"
#include "host/station/up/station_keys.h"
#include "lib/base/file.h"
#include "lib/base/monotime.h"

/* The station's program looks once a second; a busy one is given more. */
#define TAKEN_WAIT_MS 10000
#define TAKEN_LOOK_MS 100

/* ---- showing ---- */

static enum fg_err in_force_open(const struct fg_station_config *config,
                                 struct fg_station_roster **ret_in_force, struct fg_error *ret_trouble,
                                 struct fg_error *error)
{
    struct fg_station_keys keys;
    struct fg_public_key signers[FG_STATION_RECEIPT_KEYS_MAX];
    enum fg_err result = fg_station_keys_read(config, &keys, error);

    return result == FG_OK ? fg_station_roster_open(config->store, config->id, signers,
                                                    fg_station_keys_rosters(&keys, signers), ret_in_force,
                                                    ret_trouble, error)
                           : result;
}

enum fg_err cli_roster_read(const struct fg_station_config *config, struct cli_roster *ret_roster,
                            struct fg_error *error)
{
    struct fg_station_roster *in_force = NULL;
    enum fg_err result = in_force_open(config, &in_force, &ret_roster->trouble, error);

    if (result != FG_OK)
        return result;
    if (fg_station_roster_copy(in_force, &ret_roster->roster, NULL) != FG_OK)
        ret_roster->roster.version = 0;
    ret_roster->waits = fg_station_roster_waits(in_force);
    fg_station_roster_free(in_force);
    return FG_OK;
}

static void suspended_print(const struct cli_call *call, const struct fg_roster *roster)
{
    for (size_t i = 0; i < roster->count; i++) {
        const struct fg_roster_device *device = &roster->devices[i];
        char since[CLI_TIME_TEXT];

        if (device->suspended_ms == 0)
            continue;
        cli_time_text(device->suspended_ms, since);
        printf("    %s %s %s\n", device->id, cli_text(call, FG_TEXT_STATION_ROSTER_SUSPENDED), since);
    }
}

static void roster_print(const struct cli_call *call, const struct fg_roster *roster)
{
    cli_line_number(call, "  ", FG_TEXT_STATION_ROSTER, roster->version);
    cli_line_time(call, "    ", FG_TEXT_STATION_ROSTER_ISSUED, roster->issued_ms);
    cli_line_number(call, "    ", FG_TEXT_STATION_ROSTER_DEVICES, roster->count);
    suspended_print(call, roster);
}

static void state_print(const struct cli_call *call, const struct cli_roster *roster)
{
    if (roster->roster.version > 0)
        roster_print(call, &roster->roster);
    else
        cli_line(call, "  ", FG_TEXT_STATION_ROSTER, cli_text(call, FG_TEXT_STATION_ROSTER_NONE));
    if (roster->trouble.text[0] != '\0')
        printf("    %s\n", roster->trouble.text);
    if (roster->waits)
        printf("    %s\n", cli_text(call, FG_TEXT_STATION_ROSTER_WAITS));
}

void cli_roster_print(const struct cli_call *call, const struct cli_roster *roster, int64_t checked_ms)
{
    state_print(call, roster);
    cli_line_time(call, "    ", FG_TEXT_STATION_ROSTER_CHECKED, checked_ms);
}

static cJSON *state_json(struct cli_json *json, const struct cli_roster *roster)
{
    cJSON *object = cli_json_object(json, json->root, "roster");
    cJSON *devices;

    cli_json_number(json, object, "version", (int64_t)roster->roster.version);
    cli_json_bool(json, object, "waits", roster->waits);
    cli_json_text(json, object, "trouble", roster->trouble.text);
    if (roster->roster.version == 0)
        return object;
    cli_json_number(json, object, "issued_ms", roster->roster.issued_ms);
    cli_json_number(json, object, "age_ms", cli_now_ms() - roster->roster.issued_ms);
    devices = cli_json_array(json, object, "devices");
    for (size_t i = 0; i < roster->roster.count; i++) {
        cJSON *one = cli_json_push_object(json, devices);

        cli_json_text(json, one, "id", roster->roster.devices[i].id);
        cli_json_text(json, one, "list_id", roster->roster.devices[i].list_id);
        cli_json_number(json, one, "suspended_ms", roster->roster.devices[i].suspended_ms);
    }
    return object;
}

void cli_roster_json(struct cli_json *json, const struct cli_roster *roster, int64_t checked_ms)
{
    cli_json_number(json, state_json(json, roster), "checked_ms", checked_ms);
}

/* One that travels. */
static enum cli_exit carried_print(const struct cli_call *call, const struct cli_roster *roster)
{
    struct cli_json json;

    if (!call->json) {
        state_print(call, roster);
        return CLI_OK;
    }
    cli_json_start(&json);
    (void)state_json(&json, roster);
    return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
}

/* ---- out of the bureau ---- */

static enum fg_err roster_make(const struct cli_call *call, const struct fg_private_key *key, uint8_t *bytes,
                               size_t *ret_length, struct fg_error *error)
{
    const char *station = call->arguments[0];
    struct fg_device_record record;
    struct fg_sql *sql = NULL;
    enum fg_err result = cli_database_open(call, &sql, error);

    if (result == FG_OK)
        result = fg_device_find(sql, station, &record, error);
    if (result == FG_OK && strcmp(record.role, FG_ROLE_STATION) != 0)
        result =
            fg_fail(error, FG_E_NOT_FOUND, "%s is not a station, and only a station has a roster", station);
    if (result == FG_OK)
        result = fg_roster_make(sql, station, key, cli_now_ms(), bytes, ret_length, error);
    fg_sql_close(sql);
    return result;
}

/* bytes has FG_ROSTER_BYTES_MAX bytes. */
static enum cli_exit export_run(const struct cli_call *call, const char *key_path, struct cli_roster *made,
                                uint8_t *bytes)
{
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    size_t length = 0;
    struct fg_error error;
    enum fg_err result = fg_private_key_read(key_path, &key, &error);

    if (result == FG_OK)
        result = roster_make(call, &key, bytes, &length, &error);
    if (result == FG_OK)
        result = fg_roster_verify(bytes, length, &key.public_key, 1, &made->roster, &error);
    fg_private_key_wipe(&key);
    if (result == FG_OK)
        result = fg_file_write(call->arguments[1], 0644, bytes, length, &error);
    return result == FG_OK ? carried_print(call, made) : cli_finish(call, result, &error);
}

static enum cli_exit bureau_roster(const struct cli_call *call)
{
    const char *key_path = cli_value(call, "--key");
    struct fg_error error = {.text = "no memory"};
    struct cli_roster *made;
    uint8_t *bytes;
    enum cli_exit exit_code;

    if (key_path == NULL)
        return cli_usage(call, "give --key FILE, the bureau's key that signs receipts");
    made = calloc(1, sizeof(*made));
    bytes = malloc(FG_ROSTER_BYTES_MAX);
    exit_code = made != NULL && bytes != NULL ? export_run(call, key_path, made, bytes)
                                              : cli_fail(call, FG_E_MEMORY, &error);
    free(bytes);
    free(made);
    return exit_code;
}

/* ---- into the station ---- */

static void taken_wait(const struct fg_station_roster *in_force)
{
    static const struct timespec pause = {.tv_nsec = TAKEN_LOOK_MS * 1000000L};
    int64_t deadline_ms = fg_mono_ms() + TAKEN_WAIT_MS;

    while (fg_station_roster_waits(in_force) && fg_mono_ms() < deadline_ms)
        (void)nanosleep(&pause, NULL);
}

static enum fg_err bring(const struct fg_station_config *config, const uint8_t *bytes, size_t length,
                         uint64_t *ret_version, struct fg_error *error)
{
    struct fg_station_roster *in_force = NULL;
    struct fg_error trouble;
    enum fg_err result = in_force_open(config, &in_force, &trouble, error);

    if (result == FG_OK)
        result = fg_station_roster_bring(in_force, bytes, length, ret_version, error);
    if (result == FG_OK)
        taken_wait(in_force);
    fg_station_roster_free(in_force);
    return result;
}

/* bytes has FG_ROSTER_BYTES_MAX bytes. */
static enum cli_exit import_run(const struct cli_call *call, struct fg_station_config *config,
                                struct cli_roster *roster, uint8_t *bytes)
{
    uint64_t version = 0;
    size_t length = 0;
    struct fg_error error;
    enum fg_err result = cli_file_read(call->arguments[0], bytes, FG_ROSTER_BYTES_MAX, &length, &error);

    if (result == FG_OK)
        result = fg_station_config_read(cli_value(call, "--config"), config, &error);
    if (result == FG_OK)
        result = cli_file_owner_become(config->store, &error);
    if (result == FG_OK)
        result = bring(config, bytes, length, &version, &error);
    if (result == FG_OK)
        result = cli_roster_read(config, roster, &error);
    if (result == FG_OK && !roster->waits && roster->roster.version < version)
        result = fg_fail(&error, FG_E_STATE, "the station's program did not take it: its log says why");
    return result == FG_OK ? carried_print(call, roster) : cli_fail(call, result, &error);
}

static enum cli_exit station_roster_import(const struct cli_call *call)
{
    struct fg_error error = {.text = "no memory"};
    struct fg_station_config *config;
    struct cli_roster *roster;
    uint8_t *bytes;
    enum cli_exit exit_code;

    if (cli_value(call, "--config") == NULL)
        return cli_usage(call, "give --config station.ini");
    config = calloc(1, sizeof(*config));
    roster = calloc(1, sizeof(*roster));
    bytes = malloc(FG_ROSTER_BYTES_MAX);
    exit_code = config != NULL && roster != NULL && bytes != NULL ? import_run(call, config, roster, bytes)
                                                                  : cli_fail(call, FG_E_MEMORY, &error);
    free(bytes);
    free(roster);
    free(config);
    return exit_code;
}

static const struct cli_option export_options[] = {
    {"--database", "URL", FG_TEXT_CLI_OPTION_DATABASE, false},
    {"--key", "FILE", FG_TEXT_CLI_OPTION_ROSTER_KEY, false},
    {0},
};
static const struct cli_option import_options[] = {
    {"--config", "FILE", FG_TEXT_STATION_OPTION_CONFIG, false},
    {0},
};

const struct cli_command cli_roster_commands[] = {
    {"bureau", "roster", "STATION FILE", FG_TEXT_CLI_BUREAU_ROSTER, 2, 2, export_options, bureau_roster},
    {"station", "roster-import", "FILE", FG_TEXT_CLI_ROSTER_IMPORT, 1, 1, import_options,
     station_roster_import},
    {0},
};
