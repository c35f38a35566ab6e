/* fillgate list build: a signed list file from the bureau's registry. Not: how it is built (host/bureau).
 * Relies on: host/bureau/publish/list_build.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "host/bureau/publish/list_build.h"
#include "host/cli/cli.h"

#define DAY_MS INT64_C(86400000)
#define DAYS_DEFAULT 30
/* Points whose clock is synchronised call a list wrong that is dated later by more than this. */
#define AHEAD_MS INT64_C(120000)
#define DAYS_MAX 3650

struct faults {
    const struct cli_call *call;
    struct cli_json json;
    cJSON *array;
};

static void report_fault(void *context, uint64_t line, size_t column, const char *text)
{
    struct faults *faults = context;
    cJSON *object;

    (void)fprintf(stderr, "%s:%" PRIu64 ":%zu: %s\n", cli_value(faults->call, "--csv"), line, column, text);
    if (!faults->call->json)
        return;
    object = cli_json_push_object(&faults->json, faults->array);
    cli_json_number(&faults->json, object, "line", (int64_t)line);
    cli_json_number(&faults->json, object, "column", (int64_t)column);
    cli_json_text(&faults->json, object, "text", text);
}

/* A whole number from low to high. */
static bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *ret_number)
{
    char *end;
    unsigned long long number;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] < '0' || text[0] > '9' || number < low ||
        number > high)
        return false;
    *ret_number = number;
    return true;
}

/* FG_E_ARG: a wrong call. */
static enum fg_err read_options(const struct cli_call *call, struct fg_list_build_options *options,
                                struct fg_error *error)
{
    const char *version = cli_value(call, "--version");
    const char *days = cli_value(call, "--days");
    const char *bits = cli_value(call, "--bucket-bits");
    const char *issued = cli_value(call, "--issued");
    const char *expires = cli_value(call, "--expires");
    uint64_t number = DAYS_DEFAULT;

    options->csv_path = cli_value(call, "--csv");
    options->rules_path = cli_value(call, "--rules");
    options->out_path = cli_value(call, "--out");
    options->list_id = cli_value(call, "--id");
    options->bucket_bits = FG_LIST_BUILD_BITS_CHOOSE;
    options->issued_ms = cli_now_ms();
    if (options->csv_path == NULL || options->rules_path == NULL || options->out_path == NULL ||
        options->list_id == NULL || version == NULL || cli_value(call, "--key") == NULL)
        return fg_fail(error, FG_E_ARG, "give --csv, --rules, --key, --id, --version and --out");
    if (!parse_number(version, 1, INT64_MAX, &options->version))
        return fg_fail(error, FG_E_ARG, "--version %.40s is not a number from 1", version);
    if (issued != NULL && cli_time_parse(issued, false, &options->issued_ms, error) != FG_OK)
        return FG_E_ARG;
    if (options->issued_ms > cli_now_ms() + AHEAD_MS)
        (void)fprintf(stderr, "%s: %s\n", call->command->verb, cli_text(call, FG_TEXT_CLI_LIST_ISSUED_AHEAD));
    if (days != NULL && !parse_number(days, 1, DAYS_MAX, &number))
        return fg_fail(error, FG_E_ARG, "--days %.40s is not a number from 1 to %d", days, DAYS_MAX);
    options->expires_ms = options->issued_ms + (int64_t)number * DAY_MS;
    if (expires != NULL && cli_time_parse(expires, true, &options->expires_ms, error) != FG_OK)
        return FG_E_ARG;
    if (options->expires_ms <= options->issued_ms)
        return fg_fail(error, FG_E_ARG, "--expires %.40s is not after the time of issue", expires);
    if (bits != NULL) {
        if (!parse_number(bits, 0, 24, &number))
            return fg_fail(error, FG_E_ARG, "--bucket-bits %.40s is not a number from 0 to 24", bits);
        options->bucket_bits = (int)number;
    }
    return FG_OK;
}

static bool print_result(const struct cli_call *call, const char *path,
                         const struct fg_list_build_result *built)
{
    const struct fg_manifest *manifest = &built->manifest;
    struct cli_json json;
    char root[2 * FG_DIGEST_BYTES + 1];

    cli_hex(manifest->root.bytes, FG_DIGEST_BYTES, root);
    if (!call->json) {
        printf("%s: %s %" PRIu64 ", %" PRIu64 " rows, %" PRIu64 " bytes\n  root %s\n", path,
               manifest->list_id, manifest->version, manifest->row_count, built->file_bytes, root);
        return true;
    }
    cli_json_start(&json);
    cli_json_text(&json, json.root, "result", "OK");
    cli_json_text(&json, json.root, "file", path);
    cli_json_number(&json, json.root, "file_bytes", (int64_t)built->file_bytes);
    cli_json_text(&json, json.root, "list_id", manifest->list_id);
    cli_json_number(&json, json.root, "version", (int64_t)manifest->version);
    cli_json_number(&json, json.root, "row_count", (int64_t)manifest->row_count);
    cli_json_number(&json, json.root, "bucket_bits", manifest->bucket_bits);
    cli_json_number(&json, json.root, "issued_ms", manifest->issued_ms);
    cli_json_number(&json, json.root, "expires_ms", manifest->expires_ms);
    cli_json_text(&json, json.root, "root", root);
    return cli_json_print(&json, stdout);
}

/* In JSON the faults stand in the same object as the error. */
static enum cli_exit fail_with_faults(const struct cli_call *call, enum fg_err code, struct faults *faults,
                                      const struct fg_error *error)
{
    if (!call->json)
        return cli_fail(call, code, error);
    (void)fprintf(stderr, "fillgate: %s\n", error->text);
    cli_json_text(&faults->json, faults->json.root, "error", fg_err_name(code));
    cli_json_text(&faults->json, faults->json.root, "text", error->text);
    (void)cli_json_print(&faults->json, stdout);
    faults->json.root = NULL;
    return CLI_FAILURE;
}

static enum cli_exit list_build(const struct cli_call *call)
{
    struct fg_list_build_options options = {0};
    struct fg_list_build_result built;
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    struct faults faults = {.call = call};
    enum cli_exit exit_code = CLI_OK;
    struct fg_error error;
    enum fg_err result = read_options(call, &options, &error);

    if (result != FG_OK)
        return cli_usage(call, "%s", error.text);
    result = fg_private_key_read(cli_value(call, "--key"), &key, &error);
    if (result != FG_OK)
        return cli_fail(call, result, &error);
    cli_json_start(&faults.json);
    faults.array = cli_json_array(&faults.json, faults.json.root, "faults");
    options.key = &key;
    result = fg_list_build(&options, &built, report_fault, &faults, &error);
    if (result != FG_OK)
        exit_code = fail_with_faults(call, result, &faults, &error);
    else if (!print_result(call, options.out_path, &built))
        exit_code = CLI_FAILURE;
    fg_private_key_wipe(&key);
    cJSON_Delete(faults.json.root);
    return exit_code;
}

static const struct cli_option build_options[] = {
    {"--csv", "FILE", FG_TEXT_CLI_OPTION_CSV, false},
    {"--rules", "FILE", FG_TEXT_CLI_OPTION_RULES, false},
    {"--key", "FILE", FG_TEXT_CLI_OPTION_BUREAU_KEY, false},
    {"--id", "NAME", FG_TEXT_CLI_OPTION_LIST_ID, false},
    {"--version", "NUMBER", FG_TEXT_CLI_OPTION_VERSION, false},
    {"--out", "FILE", FG_TEXT_CLI_OPTION_LIST_FILE, false},
    {"--issued", "TIME", FG_TEXT_CLI_OPTION_ISSUED, false},
    {"--expires", "TIME", FG_TEXT_CLI_OPTION_EXPIRES, false},
    {"--days", "NUMBER", FG_TEXT_CLI_OPTION_DAYS, false},
    {"--bucket-bits", "NUMBER", FG_TEXT_CLI_OPTION_BITS, false},
    {0},
};

const struct cli_command cli_list_build_commands[] = {
    {"list", "build", "", FG_TEXT_CLI_LIST_BUILD, 0, 0, build_options, list_build},
    {0},
};
