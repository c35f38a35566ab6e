/* fillgate: one command for clerks, auditors and technicians. This file finds the sub-command, parses its
 * call and prints help; the work is in cmd_FAMILY.c. Relies on: cli.h. */
#include <locale.h>
#include <string.h>

#include "host/cli/cli.h"
#include "lib/base/version.h"
#include "lib/system/secrecy.h"

static const struct cli_command *const families[] = {
    cli_key_commands,
    cli_list_build_commands,
    cli_list_commands,
    cli_tag_commands,
    cli_journal_commands,
    cli_point_commands,
    cli_ca_commands,
    cli_authority_commands,
    cli_device_commands,
    cli_enrol_commands,
    cli_keyring_commands,
    cli_clock_commands,
    cli_registry_commands,
    cli_operator_commands,
    cli_publish_commands,
    cli_station_commands,
    cli_roster_commands,
    cli_bureau_commands,
    cli_bureau_journal_commands,
    cli_panel_commands,
    cli_user_commands,
    cli_trail_commands,
    cli_audit_query_commands,
    cli_audit_export_commands,
    cli_audit_sample_commands,
    cli_proof_commands,
};
#define FAMILY_COUNT (sizeof(families) / sizeof(families[0]))

static void print_command_line(const struct cli_call *call, const struct cli_command *command)
{
    printf("  %-11s%-15s%-18s %s\n", command->family, command->verb, command->arguments,
           cli_text(call, command->summary));
}

/* family NULL: all of them. */
static void print_overview(const struct cli_call *call, const char *family)
{
    printf("%s\n", cli_text(call, FG_TEXT_CLI_SYNOPSIS));
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        for (const struct cli_command *command = families[i]; command->family != NULL; command++) {
            if (family == NULL || strcmp(command->family, family) == 0)
                print_command_line(call, command);
        }
    }
    printf("%s\n%s\n", cli_text(call, FG_TEXT_CLI_EVERYWHERE), cli_text(call, FG_TEXT_CLI_EXIT_CODES));
}

static void print_help(const struct cli_call *call)
{
    const struct cli_command *command = call->command;

    printf("fillgate %s %s %s\n%s\n", command->family, command->verb, command->arguments,
           cli_text(call, command->summary));
    for (const struct cli_option *option = command->options; option->name != NULL; option++) {
        char left[48];

        (void)snprintf(left, sizeof(left), "%s %s", option->name,
                       option->value_name != NULL ? option->value_name : "");
        printf("  %-26s %s\n", left, cli_text(call, option->help));
    }
    printf("%s\n%s\n", cli_text(call, FG_TEXT_CLI_EVERYWHERE), cli_text(call, FG_TEXT_CLI_EXIT_CODES));
}

static void json_command(struct cli_json *json, cJSON *array, const struct cli_call *call,
                         const struct cli_command *command)
{
    cJSON *object = cli_json_push_object(json, array);
    cJSON *options;

    cli_json_text(json, object, "family", command->family);
    cli_json_text(json, object, "verb", command->verb);
    cli_json_text(json, object, "arguments", command->arguments);
    cli_json_text(json, object, "summary", cli_text(call, command->summary));
    options = cli_json_array(json, object, "options");
    for (const struct cli_option *option = command->options; option->name != NULL; option++) {
        cJSON *one = cli_json_push_object(json, options);

        cli_json_text(json, one, "name", option->name);
        if (option->value_name != NULL)
            cli_json_text(json, one, "value", option->value_name);
        cli_json_bool(json, one, "repeats", option->repeats);
        cli_json_text(json, one, "help", cli_text(call, option->help));
    }
}

/* The whole table, for manual pages, completion and other programs. */
static enum cli_exit print_table(const struct cli_call *call)
{
    struct cli_json json;
    cJSON *commands;

    cli_json_start(&json);
    cli_json_text(&json, json.root, "version", FG_VERSION);
    cli_json_text(&json, json.root, "synopsis", cli_text(call, FG_TEXT_CLI_SYNOPSIS));
    cli_json_text(&json, json.root, "everywhere", cli_text(call, FG_TEXT_CLI_EVERYWHERE));
    cli_json_text(&json, json.root, "exit_codes", cli_text(call, FG_TEXT_CLI_EXIT_CODES));
    commands = cli_json_array(&json, json.root, "commands");
    for (size_t i = 0; i < FAMILY_COUNT; i++)
        for (const struct cli_command *command = families[i]; command->family != NULL; command++)
            json_command(&json, commands, call, command);
    return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
}

static const struct cli_command *find_command(const char *family, const char *verb)
{
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        for (const struct cli_command *command = families[i]; command->family != NULL; command++) {
            if (strcmp(command->family, family) == 0 && (verb == NULL || strcmp(command->verb, verb) == 0))
                return command;
        }
    }
    return NULL;
}

/* Takes one option; *index moves on when its value was the next word. "--name=value" works too. */
static enum cli_exit take_option(struct cli_call *call, int argc, char **argv, int *index)
{
    const char *word = argv[*index];
    size_t name_length = strcspn(word, "=");
    const struct cli_option *option = call->command->options;
    const char *value = "";
    size_t at = 0;

    while (option[at].name != NULL &&
           (strlen(option[at].name) != name_length || strncmp(option[at].name, word, name_length) != 0))
        at++;
    if (option[at].name == NULL || at >= CLI_OPTIONS_MAX)
        return cli_usage(call, "there is no option %s", word);
    if (option[at].value_name == NULL && word[name_length] == '=')
        return cli_usage(call, "option %s takes no value", option[at].name);
    if (option[at].value_name != NULL && word[name_length] == '=')
        value = word + name_length + 1;
    else if (option[at].value_name != NULL && *index + 1 < argc)
        value = argv[++*index];
    else if (option[at].value_name != NULL)
        return cli_usage(call, "option %s needs a value (%s)", option[at].name, option[at].value_name);
    if (call->value_counts[at] >= (option[at].repeats ? CLI_REPEAT_MAX : 1))
        return cli_usage(call, "option %s is given too often", option[at].name);
    call->values[at][call->value_counts[at]++] = value;
    return CLI_OK;
}

/* Everything after family and verb. */
static enum cli_exit parse_call(struct cli_call *call, int argc, char **argv, bool *ret_help)
{
    bool only_arguments = false;

    for (int i = 3; i < argc; i++) {
        enum cli_exit result = CLI_OK;

        if (!only_arguments && strcmp(argv[i], "--") == 0)
            only_arguments = true;
        else if (!only_arguments && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0))
            *ret_help = true;
        else if (!only_arguments && strcmp(argv[i], "--json") == 0)
            call->json = true;
        else if (!only_arguments && argv[i][0] == '-' && argv[i][1] == '-')
            result = take_option(call, argc, argv, &i);
        else if (call->argument_count < call->command->argument_max)
            call->arguments[call->argument_count++] = argv[i];
        else
            result = cli_usage(call, "\"%s\" is one argument too many", argv[i]);
        if (result != CLI_OK)
            return result;
    }
    if (!*ret_help && call->argument_count < call->command->argument_min)
        return cli_usage(call, "%s is missing", call->command->arguments);
    return CLI_OK;
}

static bool asks_for_version(const char *word)
{
    return strcmp(word, "--version") == 0 || strcmp(word, "version") == 0;
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static enum cli_exit run(int argc, char **argv)
{
    struct cli_call call = {.language = fg_language_from_environment()};
    bool help = false;
    enum cli_exit result;

    (void)setlocale(LC_CTYPE, "");
    if (argc < 2)
        return cli_usage(&call, "a command is missing");
    if (asks_for_help(argv[1])) {
        if (argc == 3 && strcmp(argv[2], "--json") == 0)
            return print_table(&call);
        print_overview(&call, NULL);
        return CLI_OK;
    }
    if (asks_for_version(argv[1]))
        return printf("fillgate %s\n", FG_VERSION) < 0 ? CLI_FAILURE : CLI_OK;
    if (find_command(argv[1], NULL) == NULL)
        return cli_usage(&call, "there is no command \"%s\"", argv[1]);
    if (argc >= 3 && asks_for_help(argv[2])) {
        print_overview(&call, argv[1]);
        return CLI_OK;
    }
    call.command = argc < 3 ? NULL : find_command(argv[1], argv[2]);
    if (call.command == NULL)
        return cli_usage(&call, "%s: there is no command \"%s\"", argv[1], argc < 3 ? "" : argv[2]);
    result = parse_call(&call, argc, argv, &help);
    if (result != CLI_OK)
        return result;
    if (help)
        print_help(&call);
    else
        result = call.command->run(&call);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "fillgate: the output could not be written\n");
        return CLI_FAILURE;
    }
    return result;
}

int main(int argc, char **argv)
{
    struct fg_error error;

    if (fg_secrecy_start(&error) != FG_OK) {
        (void)fprintf(stderr, "fillgate: %s\n", error.text);
        return CLI_FAILURE;
    }
    return (int)run(argc, argv);
}
