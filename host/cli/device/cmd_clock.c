/* fillgate key clock-sign|clock-show and point clock: the bureau's clock statement, made, read and handed to
 * a controller. Not: what a controller does with it. Relies on: proto/journal/clock_statement.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/cli/cli.h"
#include "host/cli/cli_file.h"
#include "host/cli/cli_number.h"
#include "host/cli/point/hand_over.h"
#include "lib/base/file.h"
#include "proto/journal/clock_statement.h"

static enum cli_exit statement_print(const struct cli_call *call, const struct fg_clock_statement *statement)
{
    struct cli_json json;
    char floor[CLI_TIME_TEXT];

    if (call->json) {
        cli_json_start(&json);
        cli_json_text(&json, json.root, "controller", statement->controller);
        cli_json_number(&json, json.root, "sequence", (int64_t)statement->sequence);
        cli_json_number(&json, json.root, "floor_ms", statement->floor_ms);
        cli_json_text(&json, json.root, "reason", statement->reason);
        return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
    }
    cli_time_text(statement->floor_ms, floor);
    printf("%s %s: %s %" PRIu64 ", %s %s: %s\n", cli_text(call, FG_TEXT_CLI_CLOCK_STATEMENT),
           statement->controller, cli_text(call, FG_TEXT_CLI_CLOCK_UP_TO), statement->sequence,
           cli_text(call, FG_TEXT_CLI_CLOCK_FLOOR), floor, statement->reason);
    return CLI_OK;
}

static enum fg_err text_take(const char *text, const char *option, char *to, size_t size,
                             struct fg_error *error)
{
    if (strlen(text) >= size)
        return fg_fail(error, FG_E_SIZE, "%s: at most %zu bytes", option, size - 1);
    memcpy(to, text, strlen(text) + 1);
    return FG_OK;
}

static enum cli_exit clock_sign(const struct cli_call *call)
{
    const char *key_path = cli_value(call, "--key");
    const char *controller = cli_value(call, "--controller");
    const char *reason = cli_value(call, "--reason");
    const char *floor = cli_value(call, "--floor");
    struct fg_clock_statement statement = {.floor_ms = cli_now_ms()};
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    uint8_t bytes[FG_CLOCK_STATEMENT_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;
    enum fg_err result = cli_number(call, "--sequence", 1, INT64_MAX, &statement.sequence, &error);

    if (key_path == NULL || controller == NULL || reason == NULL || statement.sequence == 0)
        return cli_usage(call, "give --key, --controller, --sequence and --reason");
    if (result == FG_OK && floor != NULL)
        result = cli_time_parse(floor, false, &statement.floor_ms, &error);
    if (result != FG_OK)
        return cli_usage(call, "%s", error.text);
    result =
        text_take(controller, "--controller", statement.controller, sizeof(statement.controller), &error);
    if (result == FG_OK)
        result = text_take(reason, "--reason", statement.reason, sizeof(statement.reason), &error);
    if (result == FG_OK)
        result = fg_private_key_read(key_path, &key, &error);
    if (result == FG_OK)
        result = fg_clock_statement_sign(&statement, &key, bytes, sizeof(bytes), &length, &error);
    fg_private_key_wipe(&key);
    if (result == FG_OK)
        result = fg_file_create(call->arguments[0], 0644, bytes, length, &error);
    return result == FG_OK ? statement_print(call, &statement) : cli_fail(call, result, &error);
}

static enum cli_exit clock_show(const struct cli_call *call)
{
    const char *key_path = cli_value(call, "--list-key");
    struct fg_clock_statement statement;
    struct fg_public_key key;
    uint8_t bytes[FG_CLOCK_STATEMENT_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;
    enum fg_err result;

    if (key_path == NULL)
        return cli_usage(call, "give --list-key FILE, the public key that signs lists");
    result = fg_public_key_read(key_path, &key, &error);
    if (result == FG_OK)
        result = cli_file_read(call->arguments[0], bytes, sizeof(bytes), &length, &error);
    if (result == FG_OK)
        result = fg_clock_statement_verify(bytes, length, &key, 1, &statement, &error);
    return result == FG_OK ? statement_print(call, &statement) : cli_fail(call, result, &error);
}

static enum cli_exit clock_import(const struct cli_call *call)
{
    return cli_hand_over(call, FG_CONTROL_CLOCK);
}

static const struct cli_option sign_options[] = {
    {"--key", "FILE", FG_TEXT_CLI_OPTION_CLOCK_KEY, false},
    {"--controller", "ID", FG_TEXT_CLI_OPTION_CLOCK_CONTROLLER, false},
    {"--sequence", "N", FG_TEXT_CLI_OPTION_CLOCK_SEQUENCE, false},
    {"--floor", "TIME", FG_TEXT_CLI_OPTION_CLOCK_FLOOR, false},
    {"--reason", "TEXT", FG_TEXT_CLI_OPTION_CLOCK_REASON, false},
    {0},
};
static const struct cli_option show_options[] = {
    {"--list-key", "FILE", FG_TEXT_CLI_OPTION_RING_LIST_KEY, false},
    {0},
};
static const struct cli_option import_options[] = {
    {"--socket", "FILE", FG_TEXT_CLI_OPTION_SOCKET, false},
    {0},
};

const struct cli_command cli_clock_commands[] = {
    {"key", "clock-sign", "FILE", FG_TEXT_CLI_CLOCK_SIGN, 1, 1, sign_options, clock_sign},
    {"key", "clock-show", "FILE", FG_TEXT_CLI_CLOCK_SHOW, 1, 1, show_options, clock_show},
    {"point", "clock", "FILE", FG_TEXT_CLI_CLOCK_IMPORT, 1, 1, import_options, clock_import},
    {0},
};
