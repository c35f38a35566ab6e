/* fillgate bureau code|devices|names|suspend|release: who may join, as what it is known, and who may no
 * longer. Not: joining itself (cmd_enrol.c). Relies on: host/bureau/device/enrolment.h, host/sql. */
#include <inttypes.h>
#include <mbedtls/platform_util.h>
#include <string.h>

#include "host/bureau/device/enrolment.h"
#include "host/bureau/journal/suspension.h"
#include "host/cli/cli_database.h"
#include "host/cli/cli_number.h"
#include "lib/crypto/certificate_file.h"

#define HOUR_MS INT64_C(3600000)

/* The values of --name. */
static enum fg_err names_take(const struct cli_call *call, struct fg_device_names *ret_names,
                              struct fg_error *error)
{
    char text[2 * FG_DEVICE_NAMES_TEXT_MAX] = "";
    const char *const *names = NULL;
    size_t count = cli_values(call, "--name", &names);
    size_t length = 0;

    for (size_t i = 0; i < count; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s", i > 0 ? "," : "", names[i]);
        if (length >= sizeof(text))
            return fg_fail(error, FG_E_RANGE, "the names are too long");
    }
    return fg_device_names_parse(text, ret_names, error);
}

/* What is told with a code, so that the device can tell the true authority: its certificate's SHA-256. */
static enum fg_err fingerprint_read(const char *path, char ret_text[2 * FG_DIGEST_BYTES + 1],
                                    struct fg_error *error)
{
    struct fg_digest digest;
    enum fg_err result = fg_certificate_file_digest(path, &digest, error);

    if (result == FG_OK)
        cli_hex(digest.bytes, FG_DIGEST_BYTES, ret_text);
    return result;
}

static enum fg_err code_print(const struct cli_call *call, const char *code, int64_t expires_ms,
                              const char *fingerprint, struct fg_error *error)
{
    struct cli_json json;
    char until[CLI_TIME_TEXT];

    if (call->json) {
        cli_json_start(&json);
        cli_json_text(&json, json.root, "code", code);
        cli_json_number(&json, json.root, "expires_ms", expires_ms);
        if (fingerprint[0] != '\0')
            cli_json_text(&json, json.root, "fingerprint", fingerprint);
        return cli_json_print(&json, stdout) ? FG_OK : fg_fail(error, FG_E_IO, "cannot print");
    }
    cli_time_text(expires_ms, until);
    printf("%s %s\n%s %s\n", cli_text(call, FG_TEXT_CLI_CODE_IS), code,
           cli_text(call, FG_TEXT_CLI_CODE_UNTIL), until);
    if (fingerprint[0] != '\0')
        printf("%s %s\n", cli_text(call, FG_TEXT_CLI_CA_FINGERPRINT), fingerprint);
    return FG_OK;
}

static enum cli_exit code_new(const struct cli_call *call)
{
    uint64_t hours = 24;
    int64_t now_ms = cli_now_ms();
    char code[FG_ONE_TIME_CODE_TEXT];
    char fingerprint[2 * FG_DIGEST_BYTES + 1] = "";
    struct fg_one_time_order order = {.device = call->arguments[0],
                                      .role = cli_value(call, "--role"),
                                      .station = cli_value(call, "--station"),
                                      .list_id = cli_value(call, "--list-id"),
                                      .who = cli_who(call)};
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result = cli_number(call, "--hours", 1, 24 * 31, &hours, &error);

    if (result == FG_OK)
        result = names_take(call, &order.names, &error);
    if (result != FG_OK)
        return cli_usage(call, "%s", error.text);
    if (order.role == NULL)
        return cli_usage(call, "give --role controller or --role station");
    if (order.station == NULL && strcmp(order.role, FG_ROLE_STATION) == 0)
        order.station = order.device;
    if (order.station == NULL)
        return cli_usage(call, "give --station ID");
    if (order.list_id == NULL)
        order.list_id = order.station;
    order.expires_ms = now_ms + (int64_t)hours * HOUR_MS;
    if (cli_value(call, "--ca") != NULL)
        result = fingerprint_read(cli_value(call, "--ca"), fingerprint, &error);
    if (result == FG_OK)
        result = cli_database_open(call, &sql, &error);
    if (result == FG_OK)
        result = fg_one_time_code_new(sql, &order, now_ms, code, &error);
    fg_sql_close(sql);
    if (result == FG_OK)
        result = code_print(call, code, order.expires_ms, fingerprint, &error);
    mbedtls_platform_zeroize(code, sizeof(code));
    return cli_finish(call, result, &error);
}

/* ---- devices ---- */

struct listing {
    const struct cli_call *call;
    struct cli_json json;
    cJSON *array;
};

static enum fg_err device_print(void *context, const struct fg_device_record *record, struct fg_error *error)
{
    struct listing *listing = context;
    const struct cli_call *call = listing->call;
    char end[CLI_TIME_TEXT];
    char names[FG_DEVICE_NAMES_TEXT_MAX + 1];

    (void)error;
    fg_device_names_text(&record->names, names);
    if (call->json) {
        cJSON *object = cli_json_push_object(&listing->json, listing->array);

        cli_json_text(&listing->json, object, "device", record->device);
        cli_json_text(&listing->json, object, "role", record->role);
        cli_json_text(&listing->json, object, "station", record->station);
        cli_json_text(&listing->json, object, "list_id", record->list_id);
        cli_json_text(&listing->json, object, "names", names);
        cli_json_bool(&listing->json, object, "suspended", record->suspended);
        cli_json_number(&listing->json, object, "certificate_end_ms", record->certificate_end_ms);
        return FG_OK;
    }
    cli_time_text(record->certificate_end_ms, end);
    printf("%-16s %-11s %-16s %s, %s %s%s%s\n", record->device, record->role, record->station,
           cli_text(call, record->suspended ? FG_TEXT_CLI_SUSPENDED : FG_TEXT_CLI_ACTIVE),
           cli_text(call, FG_TEXT_CLI_CA_ENDS), end, names[0] != '\0' ? ", " : "", names);
    return FG_OK;
}

static enum cli_exit devices_list(const struct cli_call *call)
{
    struct listing listing = {.call = call};
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result = cli_database_open(call, &sql, &error);

    if (result != FG_OK)
        return cli_finish(call, result, &error);
    cli_json_start(&listing.json);
    listing.array = cli_json_array(&listing.json, listing.json.root, "devices");
    result = fg_device_each(sql, device_print, &listing, &error);
    fg_sql_close(sql);
    if (result == FG_OK && call->json)
        return cli_json_print(&listing.json, stdout) ? CLI_OK : CLI_FAILURE;
    cJSON_Delete(listing.json.root);
    return cli_finish(call, result, &error);
}

static enum cli_exit names_give(const struct cli_call *call)
{
    const char *why = cli_value(call, "--why");
    struct fg_device_names names;
    char text[FG_DEVICE_NAMES_TEXT_MAX + 1];
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result = names_take(call, &names, &error);

    if (result != FG_OK)
        return cli_usage(call, "%s", error.text);
    if (why == NULL || names.count == 0)
        return cli_usage(call, "give --name NAME (may be repeated) and --why TEXT");
    result = cli_database_open(call, &sql, &error);
    if (result == FG_OK)
        result =
            fg_device_names_give(sql, call->arguments[0], &names, cli_who(call), why, cli_now_ms(), &error);
    fg_sql_close(sql);
    fg_device_names_text(&names, text);
    if (result == FG_OK && !call->json)
        printf("%s: %s %s\n", call->arguments[0], cli_text(call, FG_TEXT_CLI_NAMES_GIVEN), text);
    return cli_finish(call, result, &error);
}

/* From here no list is published: its key may be on another machine. */
static enum fg_err points_tell(const struct cli_call *call, struct fg_sql *sql, const char *device,
                               bool suspended, struct fg_error *error)
{
    enum fg_suspension_lists lists = suspended ? FG_SUSPENSION_GO_ON : FG_SUSPENSION_STAY_STOPPED;
    enum fg_text_id text = suspended ? FG_TEXT_CLI_POINTS_GO_ON : FG_TEXT_CLI_POINTS_STAY_STOPPED;
    char station[FG_NAME_MAX + 1] = "";
    enum fg_err result;

    while ((result = fg_suspension_station_next(sql, device, lists, station, error)) == FG_OK)
        (void)fprintf(stderr, "%s: %s %s (fillgate bureau publish %s)\n", device, cli_text(call, text),
                      station, station);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum cli_exit suspend_set(const struct cli_call *call, bool suspended)
{
    const char *why = cli_value(call, "--why");
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result;

    if (why == NULL)
        return cli_usage(call, "give --why TEXT: it is kept with the change");
    result = cli_database_open(call, &sql, &error);
    if (result == FG_OK)
        result =
            fg_device_suspend(sql, call->arguments[0], suspended, cli_who(call), why, cli_now_ms(), &error);
    if (result == FG_OK && !call->json)
        printf("%s: %s\n", call->arguments[0],
               cli_text(call, suspended ? FG_TEXT_CLI_SUSPENDED : FG_TEXT_CLI_ACTIVE));
    if (result == FG_OK)
        result = points_tell(call, sql, call->arguments[0], suspended, &error);
    fg_sql_close(sql);
    return cli_finish(call, result, &error);
}

static enum cli_exit device_suspend(const struct cli_call *call)
{
    return suspend_set(call, true);
}

static enum cli_exit device_release(const struct cli_call *call)
{
    return suspend_set(call, false);
}

static const struct cli_option code_options[] = {
    {"--database", "URL", FG_TEXT_CLI_OPTION_DATABASE, false},
    {"--role", "ROLE", FG_TEXT_CLI_OPTION_ROLE, false},
    {"--station", "ID", FG_TEXT_CLI_OPTION_STATION, false},
    {"--list-id", "ID", FG_TEXT_CLI_OPTION_DEVICE_LIST, false},
    {"--name", "NAME", FG_TEXT_CLI_OPTION_NAME, true},
    {"--ca", "FILE", FG_TEXT_CLI_OPTION_CODE_CA, false},
    {"--hours", "N", FG_TEXT_CLI_OPTION_HOURS, false},
    {"--who", "NAME", FG_TEXT_CLI_OPTION_WHO, false},
    {0},
};
static const struct cli_option list_options[] = {
    {"--database", "URL", FG_TEXT_CLI_OPTION_DATABASE, false},
    {0},
};
static const struct cli_option names_options[] = {
    {"--database", "URL", FG_TEXT_CLI_OPTION_DATABASE, false},
    {"--name", "NAME", FG_TEXT_CLI_OPTION_NAME, true},
    {"--who", "NAME", FG_TEXT_CLI_OPTION_WHO, false},
    {"--why", "TEXT", FG_TEXT_CLI_OPTION_WHY, false},
    {0},
};
static const struct cli_option suspend_options[] = {
    {"--database", "URL", FG_TEXT_CLI_OPTION_DATABASE, false},
    {"--who", "NAME", FG_TEXT_CLI_OPTION_WHO, false},
    {"--why", "TEXT", FG_TEXT_CLI_OPTION_WHY, false},
    {0},
};

const struct cli_command cli_device_commands[] = {
    {"bureau", "code", "ID", FG_TEXT_CLI_BUREAU_CODE, 1, 1, code_options, code_new},
    {"bureau", "devices", "", FG_TEXT_CLI_BUREAU_DEVICES, 0, 0, list_options, devices_list},
    {"bureau", "names", "ID", FG_TEXT_CLI_BUREAU_NAMES, 1, 1, names_options, names_give},
    {"bureau", "suspend", "ID", FG_TEXT_CLI_BUREAU_SUSPEND, 1, 1, suspend_options, device_suspend},
    {"bureau", "release", "ID", FG_TEXT_CLI_BUREAU_RELEASE, 1, 1, suspend_options, device_release},
    {0},
};
