/* fillgate operator, and what cli_operator.h says. Relies on: host/bureau/registry/operator_records.h,
 * lib/crypto/pin.h. */
#include "host/cli/cli_operator.h"

#include <mbedtls/platform_util.h>

#include "host/bureau/registry/operator_line.h"
#include "host/bureau/registry/operator_records.h"
#include "host/cli/cli_database.h"
#include "host/cli/cli_pin.h"

static enum fg_err pin_keep(const struct cli_call *call, const char *pin, bool *ret_changed,
                            struct fg_error *error)
{
    struct fg_change_by by = {.who = cli_who(call), .why = cli_value(call, "--why"), .now_ms = cli_now_ms()};
    struct fg_sql *sql = NULL;
    enum fg_err result = cli_database_open(call, &sql, error);

    if (result == FG_OK)
        result = fg_sql_begin(sql, error);
    if (result == FG_OK)
        result = fg_operator_pin_put(sql, call->arguments[0], pin, &by, ret_changed, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    fg_sql_close(sql);
    return result;
}

enum cli_exit cli_registry_pin(const struct cli_call *call)
{
    bool clear = cli_value(call, "--clear") != NULL;
    char pin[FG_PIN_DIGITS_MAX + 1] = "";
    bool changed = false;
    struct fg_error error;
    enum fg_err result = FG_OK;

    if (clear && cli_value(call, "--pin-file") != NULL)
        return cli_usage(call, "give --pin-file or --clear, not both");
    if (cli_value(call, "--database") == NULL || cli_value(call, "--why") == NULL)
        return cli_usage(call, "give --database URL and --why TEXT");
    if (!clear)
        result = cli_pin_read(call, CLI_PIN_TO_SET, pin, &error);
    if (result == FG_OK)
        result = pin_keep(call, clear ? NULL : pin, &changed, &error);
    mbedtls_platform_zeroize(pin, sizeof(pin));
    if (result == FG_OK && !call->json)
        printf("operator %s: %s\n", call->arguments[0],
               cli_text(call, !changed ? FG_TEXT_CLI_PIN_NONE
                              : clear  ? FG_TEXT_CLI_PIN_CLEARED
                                       : FG_TEXT_CLI_PIN_SET));
    return cli_finish(call, result, &error);
}

/* The value of pin= in a rules file. */
static enum cli_exit pin_value(const struct cli_call *call)
{
    char pin[FG_PIN_DIGITS_MAX + 1] = "";
    char text[FG_OPERATOR_PIN_TEXT] = "";
    struct fg_operator person = {0};
    struct fg_error error;
    struct cli_json json;
    enum fg_err result = cli_pin_read(call, CLI_PIN_TO_SET, pin, &error);

    if (result == FG_OK)
        result = fg_pin_set(&person, pin, &error);
    mbedtls_platform_zeroize(pin, sizeof(pin));
    if (result != FG_OK)
        return cli_finish(call, result, &error);
    fg_operator_pin_text(&person, text);
    if (!call->json) {
        printf("%s\n", text);
        return CLI_OK;
    }
    cli_json_start(&json);
    cli_json_text(&json, json.root, "pin", text);
    return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
}

void cli_operators_print(const struct fg_station_rules *rules)
{
    for (size_t i = 0; i < rules->operator_count && i < FG_OPERATORS_MAX; i++) {
        const struct fg_operator *person = &rules->operators[i];
        char end[CLI_TIME_TEXT];

        cli_day_text(person->certificate_end_day, end);
        printf("  operator %s  certificate_end %s  card %s  pin %s\n", person->id, end,
               person->card.length > 0 ? "yes" : "no", person->pin_rounds > 0 ? "yes" : "no");
    }
}

void cli_operators_json(struct cli_json *json, cJSON *object, const struct fg_station_rules *rules)
{
    cJSON *array = cli_json_array(json, object, "operators");

    for (size_t i = 0; i < rules->operator_count && i < FG_OPERATORS_MAX; i++) {
        const struct fg_operator *person = &rules->operators[i];
        cJSON *one = cli_json_push_object(json, array);

        cli_json_text(json, one, "operator", person->id);
        cli_json_number(json, one, "certificate_end_day", person->certificate_end_day);
        cli_json_bool(json, one, "card", person->card.length > 0);
        cli_json_bool(json, one, "pin", person->pin_rounds > 0);
    }
}

static const struct cli_option pin_options[] = {
    {"--pin-file", "FILE", FG_TEXT_CLI_OPTION_PIN_FILE, false},
    {0},
};

const struct cli_command cli_operator_commands[] = {
    {"operator", "pin", "", FG_TEXT_CLI_OPERATOR_PIN, 0, 0, pin_options, pin_value},
    {0},
};
