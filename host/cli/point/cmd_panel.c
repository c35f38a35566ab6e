/* fillgate panel pair, devices, unpair: which browsers may use a filling point's panel beyond loopback. Works
 * on the link's own directory, so it is run as the link's user, or as root, which becomes that user. Not: the
 * panel (firmware/link). Relies on: lib/net/page/pair.h, lib/system/become_owner.h, firmware/link/config.h.
 */
#include <mbedtls/platform_util.h>
#include <stdio.h>

#include "firmware/link/config.h"
#include "host/cli/cli.h"
#include "lib/net/page/pair.h"
#include "lib/system/become_owner.h"

/* A device is shown by so many digits of its id. */
#define ID_SHOWN 12

static const struct cli_option options[] = {
    {"--config", "FILE", FG_TEXT_CLI_PANEL_CONFIG, false},
    {0},
};

static enum fg_err find_directory(const struct cli_call *call, char *ret_path, size_t capacity,
                                  struct fg_error *error)
{
    static struct fg_link_config config;
    const char *path = cli_value(call, "--config");
    enum fg_err code;

    if (path == NULL)
        return fg_fail(error, FG_E_ARG, "give --config FILE: the settings of fillgate-link");
    code = fg_link_config_read(path, &config, error);
    if (code == FG_OK && config.panel_listen[0] == '\0')
        code = fg_fail(error, FG_E_STATE, "%s: there is no [panel]", path);
    if (code == FG_OK)
        code = fg_owner_become(config.work_directory, error);
    if (code == FG_OK)
        (void)snprintf(ret_path, capacity, "%s/panel", config.work_directory);
    return code;
}

static enum cli_exit end(const struct cli_call *call, bool printed)
{
    struct fg_error error = {0};

    if (printed)
        return CLI_OK;
    (void)fg_fail(&error, FG_E_IO, "the output cannot be written");
    return cli_fail(call, error.code, &error);
}

static enum cli_exit failed(const struct cli_call *call, enum fg_err code, const struct fg_error *error)
{
    enum cli_exit exit;

    if (code == FG_E_ARG)
        return cli_usage(call, "%s", error->text);
    exit = cli_fail(call, code, error);
    return code == FG_E_NOT_FOUND ? CLI_NO : exit;
}

static enum cli_exit panel_pair(const struct cli_call *call)
{
    char directory[FG_SETTING_PATH_MAX + 16];
    char digits[FG_PAIR_CODE_DIGITS + 1] = "";
    char until[CLI_TIME_TEXT];
    struct fg_error error = {0};
    struct cli_json json;
    int64_t now_ms = cli_now_ms();
    bool printed = true;
    enum fg_err code = find_directory(call, directory, sizeof(directory), &error);

    if (code == FG_OK)
        code = fg_pair_code_new(directory, now_ms, digits, &error);
    if (code != FG_OK)
        return failed(call, code, &error);
    cli_time_text(now_ms + FG_PAIR_CODE_MS, until);
    if (call->json) {
        cli_json_start(&json);
        cli_json_text(&json, json.root, "code", digits);
        cli_json_number(&json, json.root, "until_ms", now_ms + FG_PAIR_CODE_MS);
        printed = cli_json_print(&json, stdout);
    } else {
        printf("%s: %s\n%s: %s\n", cli_text(call, FG_TEXT_CLI_PANEL_CODE), digits,
               cli_text(call, FG_TEXT_CLI_PANEL_GOOD_UNTIL), until);
    }
    mbedtls_platform_zeroize(digits, sizeof(digits));
    return end(call, printed);
}

static bool print_devices(const struct fg_pair_device *devices, size_t count)
{
    struct cli_json json;
    cJSON *array;

    cli_json_start(&json);
    array = cli_json_array(&json, json.root, "devices");
    for (size_t i = 0; i < count; i++) {
        cJSON *object = cli_json_push_object(&json, array);

        cli_json_text(&json, object, "id", devices[i].id);
        cli_json_number(&json, object, "paired_ms", devices[i].paired_ms);
        cli_json_text(&json, object, "from", devices[i].note);
    }
    return cli_json_print(&json, stdout);
}

static enum cli_exit panel_devices(const struct cli_call *call)
{
    static struct fg_pair_device devices[FG_PAIR_DEVICES_MAX];
    char directory[FG_SETTING_PATH_MAX + 16];
    char time_text[CLI_TIME_TEXT];
    struct fg_error error = {0};
    size_t count = 0;
    enum fg_err code = find_directory(call, directory, sizeof(directory), &error);

    if (code == FG_OK)
        code = fg_pair_devices(directory, devices, &count, &error);
    if (code != FG_OK)
        return failed(call, code, &error);
    if (call->json)
        return end(call, print_devices(devices, count));
    for (size_t i = 0; i < count; i++) {
        cli_time_text(devices[i].paired_ms, time_text);
        printf("%.*s  %s  %s\n", ID_SHOWN, devices[i].id, time_text, devices[i].note);
    }
    if (count == 0)
        printf("%s\n", cli_text(call, FG_TEXT_CLI_PANEL_NONE));
    return CLI_OK;
}

static enum cli_exit panel_unpair(const struct cli_call *call)
{
    char directory[FG_SETTING_PATH_MAX + 16];
    struct fg_error error = {0};
    struct cli_json json;
    enum fg_err code = find_directory(call, directory, sizeof(directory), &error);

    if (code == FG_OK)
        code = fg_pair_device_remove(directory, call->arguments[0], &error);
    if (code != FG_OK)
        return failed(call, code, &error);
    if (!call->json) {
        printf("%s\n", cli_text(call, FG_TEXT_CLI_PANEL_UNPAIRED));
        return CLI_OK;
    }
    cli_json_start(&json);
    cli_json_bool(&json, json.root, "unpaired", true);
    return end(call, cli_json_print(&json, stdout));
}

const struct cli_command cli_panel_commands[] = {
    {"panel", "pair", "", FG_TEXT_CLI_PANEL_PAIR, 0, 0, options, panel_pair},
    {"panel", "devices", "", FG_TEXT_CLI_PANEL_DEVICES, 0, 0, options, panel_devices},
    {"panel", "unpair", "DEVICE", FG_TEXT_CLI_PANEL_UNPAIR, 1, 1, options, panel_unpair},
    {0},
};
