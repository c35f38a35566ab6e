/* What the sub-commands share (cli.h): option look-up, failures. Not: parsing the call (main.c). */
#include "host/cli/cli.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

static size_t option_index(const struct cli_call *call, const char *name)
{
    size_t index = 0;

    while (call->command->options[index].name != NULL &&
           strcmp(call->command->options[index].name, name) != 0)
        index++;
    assert(call->command->options[index].name != NULL);
    return index;
}

const char *cli_value(const struct cli_call *call, const char *name)
{
    size_t index = option_index(call, name);
    size_t count = call->value_counts[index];

    return count == 0 ? NULL : call->values[index][count - 1];
}

size_t cli_values(const struct cli_call *call, const char *name, const char *const **ret_values)
{
    size_t index = option_index(call, name);

    *ret_values = call->values[index];
    return call->value_counts[index];
}

static bool is_no(enum fg_err code)
{
    return code == FG_E_AUTH || code == FG_E_OLD || code == FG_E_EXPIRED || code == FG_E_CORRUPT;
}

enum cli_exit cli_fail(const struct cli_call *call, enum fg_err code, const struct fg_error *error)
{
    (void)fprintf(stderr, "fillgate: %s\n", error->text);
    if (call->json) {
        struct cli_json json;

        cli_json_start(&json);
        cli_json_text(&json, json.root, "error", fg_err_name(code));
        cli_json_text(&json, json.root, "text", error->text);
        (void)cli_json_print(&json, stdout);
    }
    return is_no(code) ? CLI_NO : CLI_FAILURE;
}

enum cli_exit cli_usage(const struct cli_call *call, const char *format, ...)
{
    va_list arguments;

    (void)fprintf(stderr, "fillgate: ");
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (call->command != NULL)
        (void)fprintf(stderr, "; fillgate %s %s --help\n", call->command->family, call->command->verb);
    else
        (void)fprintf(stderr, "; fillgate --help\n");
    return CLI_USAGE;
}

const char *cli_text(const struct cli_call *call, enum fg_text_id id)
{
    return fg_text(call->language, id);
}
