/* fillgate list: putting a list into force, asking it with proof, verifying it. Not: the store itself
 * (lib/list), building lists (host/bureau). Relies on: lib/list/list.h, proto/point/control.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/cli/cli_operator.h"
#include "host/cli/point/cli_paths.h"
#include "host/cli/point/hand_over.h"
#include "lib/domain/code.h"
#include "lib/list/list.h"

static const char *const state_names[] = {"UNKNOWN", "IN_SERVICE", "SUSPENDED", "SCRAPPED", "LOST"};
static const char *const medium_names[] = {"NONE", "CNG", "LPG"};
#define NAME_OF(names, index) ((index) < sizeof(names) / sizeof((names)[0]) ? (names)[index] : "?")

/* Opens the store of --list or the configuration. must_exist: asking a store that is not there must not make
 * one. On failure *ret_exit is set and NULL returned. */
static struct fg_list *open_list(const struct cli_call *call, bool must_exist, enum cli_exit *ret_exit)
{
    const struct fg_config *config = NULL;
    const char *path = cli_value(call, "--list");
    struct fg_public_key keys[CLI_REPEAT_MAX];
    size_t key_count = 0;
    struct fg_list *list = NULL;
    struct fg_error error;
    enum fg_err result = cli_config(call, &config, &error);

    if (result == FG_OK && path == NULL && config != NULL)
        path = config->list_path;
    if (result == FG_OK && path == NULL) {
        *ret_exit = cli_usage(call, "give --list FILE or --config FILE");
        return NULL;
    }
    if (result == FG_OK)
        result = cli_trusted_keys(call, "--key", config, keys, &key_count, &error);
    if (result == FG_E_ARG) {
        *ret_exit = cli_usage(call, "%s", error.text);
        return NULL;
    }
    if (result == FG_OK && must_exist && access(path, F_OK) != 0)
        result = fg_fail(&error, FG_E_NOT_FOUND, "%s: %s", path, strerror(errno));
    if (result == FG_OK)
        result = fg_list_open(path, NULL, keys, key_count, &list, &error);
    if (result != FG_OK)
        *ret_exit = cli_fail(call, result, &error);
    return list;
}

static void json_manifest(struct cli_json *json, cJSON *object, const struct fg_manifest *manifest)
{
    cli_json_text(json, object, "list_id", manifest->list_id);
    cli_json_number(json, object, "version", (int64_t)manifest->version);
    cli_json_hex(json, object, "root", manifest->root.bytes, FG_DIGEST_BYTES);
    cli_json_number(json, object, "bucket_bits", manifest->bucket_bits);
    cli_json_number(json, object, "row_count", (int64_t)manifest->row_count);
    cli_json_number(json, object, "issued_ms", manifest->issued_ms);
    cli_json_number(json, object, "expires_ms", manifest->expires_ms);
    cli_json_text(json, object, "station", manifest->rules.station);
    cli_operators_json(json, object, &manifest->rules);
}

static bool print_manifest(const struct cli_call *call, enum fg_text_id headline,
                           const struct fg_manifest *manifest)
{
    struct cli_json json;
    char issued[CLI_TIME_TEXT];
    char expires[CLI_TIME_TEXT];

    if (call->json) {
        cli_json_start(&json);
        cli_json_text(&json, json.root, "result", "OK");
        json_manifest(&json, json.root, manifest);
        return cli_json_print(&json, stdout);
    }
    cli_time_text(manifest->issued_ms, issued);
    cli_time_text(manifest->expires_ms, expires);
    printf("%s %s %" PRIu64 ", %" PRIu64 " rows, %s ... %s\n", cli_text(call, headline), manifest->list_id,
           manifest->version, manifest->row_count, issued, expires);
    cli_operators_print(&manifest->rules);
    return true;
}

/* The running fillgated imports; it may run elsewhere, so it gets the absolute path. */
static enum cli_exit import_by_socket(const struct cli_call *call, const char *socket_path)
{
    struct fg_control_answer answer = {0};
    struct cli_json json;
    enum cli_exit exit_code = cli_hand_file(call, socket_path, FG_CONTROL_IMPORT_LIST, &answer);

    if (exit_code != CLI_OK)
        return exit_code;
    if (!call->json) {
        printf("%s\n", answer.text);
        return CLI_OK;
    }
    cli_json_start(&json);
    cli_json_text(&json, json.root, "result", "OK");
    cli_json_text(&json, json.root, "text", answer.text);
    cli_json_number(&json, json.root, "version", (int64_t)answer.list_version);
    return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
}

static enum cli_exit list_import(const struct cli_call *call)
{
    const char *socket_path = cli_value(call, "--socket");
    enum cli_exit exit_code = CLI_OK;
    struct fg_list *list;
    struct fg_manifest manifest;
    struct fg_error error;
    enum fg_err result;

    if (socket_path != NULL)
        return import_by_socket(call, socket_path);
    list = open_list(call, false, &exit_code);
    if (list == NULL)
        return exit_code;
    result = fg_list_import(list, call->arguments[0], cli_now_ms(), &manifest, &error);
    if (result != FG_OK)
        exit_code = cli_fail(call, result, &error);
    else if (!print_manifest(call, FG_TEXT_CLI_LIST_IN_FORCE, &manifest))
        exit_code = CLI_FAILURE;
    fg_list_close(list);
    return exit_code;
}

static void json_row(struct cli_json *json, cJSON *object, const struct fg_row *row)
{
    char uid[FG_UID_TEXT_MAX + 1];
    cJSON *others;

    fg_uid_format(&row->uid, uid);
    cli_json_text(json, object, "code", row->code.text);
    cli_json_text(json, object, "uid", uid);
    cli_json_text(json, object, "state", NAME_OF(state_names, row->state));
    cli_json_text(json, object, "medium", NAME_OF(medium_names, row->medium));
    cli_json_bool(json, object, "first_fill_pending", row->first_fill_pending);
    cli_json_number(json, object, "nominal_pressure_kpa", row->nominal_pressure_kpa);
    cli_json_number(json, object, "water_capacity_dl", row->water_capacity_dl);
    cli_json_number(json, object, "tare_g", row->tare_g);
    cli_json_number(json, object, "maximum_fill_g", row->maximum_fill_g);
    cli_json_number(json, object, "inspection_due_day", row->inspection_due_day);
    cli_json_number(json, object, "end_of_life_day", row->end_of_life_day);
    cli_json_text(json, object, "owner", row->owner);
    cli_json_text(json, object, "plate", row->plate);
    others = cli_json_array(json, object, "others");
    for (size_t i = 0; i < row->other_count && i < FG_VEHICLE_OTHERS_MAX; i++)
        cli_json_push_text(json, others, row->others[i].text);
}

static void print_row(const struct fg_row *row)
{
    char uid[FG_UID_TEXT_MAX + 1];
    char due[CLI_TIME_TEXT];
    char end[CLI_TIME_TEXT];

    fg_uid_format(&row->uid, uid);
    cli_day_text(row->inspection_due_day, due);
    cli_day_text(row->end_of_life_day, end);
    printf("  code %s  uid %s  state %s  medium %s\n", row->code.text, uid, NAME_OF(state_names, row->state),
           NAME_OF(medium_names, row->medium));
    printf("  nominal_pressure_kpa %" PRIu32 "  water_capacity_dl %" PRIu32 "  tare_g %" PRIu32
           "  maximum_fill_g %" PRIu32 "\n",
           row->nominal_pressure_kpa, row->water_capacity_dl, row->tare_g, row->maximum_fill_g);
    printf("  inspection_due %s  end_of_life %s  first_fill_pending %s\n", due, end,
           row->first_fill_pending ? "yes" : "no");
    printf("  owner %s  plate %s  others", row->owner, row->plate);
    for (size_t i = 0; i < row->other_count && i < FG_VEHICLE_OTHERS_MAX; i++)
        printf(" %s", row->others[i].text);
    printf("\n");
}

static void print_proof(const struct fg_list_proof *proof)
{
    char digest[2 * FG_DIGEST_BYTES + 1];

    cli_hex(proof->bucket.bytes, FG_DIGEST_BYTES, digest);
    printf("  bucket %" PRIu32 " (%" PRIu32 " rows) %s\n", proof->bucket_index, proof->bucket_rows, digest);
    for (size_t i = 0; i < proof->depth && i < 24; i++) {
        cli_hex(proof->siblings[i].bytes, FG_DIGEST_BYTES, digest);
        printf("  beside %zu %s\n", i, digest);
    }
    cli_hex(proof->root.bytes, FG_DIGEST_BYTES, digest);
    printf("  root %s\n", digest);
}

static void json_proof(struct cli_json *json, cJSON *object, const struct fg_list_proof *proof)
{
    char digest[2 * FG_DIGEST_BYTES + 1];
    cJSON *siblings;

    cli_json_number(json, object, "bucket_index", proof->bucket_index);
    cli_json_number(json, object, "bucket_rows", proof->bucket_rows);
    cli_json_hex(json, object, "bucket", proof->bucket.bytes, FG_DIGEST_BYTES);
    siblings = cli_json_array(json, object, "siblings");
    for (size_t i = 0; i < proof->depth && i < 24; i++) {
        cli_hex(proof->siblings[i].bytes, FG_DIGEST_BYTES, digest);
        cli_json_push_text(json, siblings, digest);
    }
    cli_json_hex(json, object, "root", proof->root.bytes, FG_DIGEST_BYTES);
}

static bool print_found(const struct cli_call *call, const struct fg_code *code, const struct fg_row *row,
                        const struct fg_list_proof *proof, const struct fg_manifest *manifest)
{
    struct cli_json json;

    if (!call->json) {
        printf("%s: %s (%s %" PRIu64 ")\n", code->text,
               cli_text(call, row != NULL ? FG_TEXT_CLI_LISTED : FG_TEXT_CLI_ABSENT), manifest->list_id,
               manifest->version);
        if (row != NULL)
            print_row(row);
        print_proof(proof);
        return true;
    }
    cli_json_start(&json);
    cli_json_text(&json, json.root, "code", code->text);
    cli_json_bool(&json, json.root, "listed", row != NULL);
    if (row != NULL)
        json_row(&json, cli_json_object(&json, json.root, "row"), row);
    json_proof(&json, cli_json_object(&json, json.root, "proof"), proof);
    json_manifest(&json, cli_json_object(&json, json.root, "manifest"), manifest);
    return cli_json_print(&json, stdout);
}

static enum cli_exit list_show(const struct cli_call *call)
{
    enum cli_exit exit_code = CLI_OK;
    struct fg_code code;
    struct fg_row row;
    struct fg_list_proof proof;
    struct fg_manifest manifest;
    struct fg_error error;
    struct fg_list *list;
    enum fg_err result;

    if (call->argument_count > 0 && fg_code_parse(call->arguments[0], &code, &error) != FG_OK)
        return cli_usage(call, "%s", error.text);
    list = open_list(call, true, &exit_code);
    if (list == NULL)
        return exit_code;
    result = fg_list_manifest(list, &manifest, &error);
    if (result == FG_OK && call->argument_count == 0) {
        if (!print_manifest(call, FG_TEXT_CLI_LIST_IN_FORCE, &manifest))
            exit_code = CLI_FAILURE;
    } else if (result == FG_OK) {
        result = fg_list_prove(list, &code, &row, &proof, &error);
        if (result == FG_E_NOT_FOUND)
            exit_code = CLI_NO;
        if ((result == FG_OK || result == FG_E_NOT_FOUND) &&
            !print_found(call, &code, result == FG_OK ? &row : NULL, &proof, &manifest))
            exit_code = CLI_FAILURE;
        if (result == FG_E_NOT_FOUND)
            result = FG_OK;
    }
    if (result != FG_OK)
        exit_code = cli_fail(call, result, &error);
    fg_list_close(list);
    return exit_code;
}

static enum cli_exit list_verify(const struct cli_call *call)
{
    enum cli_exit exit_code = CLI_OK;
    struct fg_list *list = open_list(call, true, &exit_code);
    struct fg_manifest manifest;
    struct fg_error error;
    enum fg_err result;

    if (list == NULL)
        return exit_code;
    result = fg_list_manifest(list, &manifest, &error);
    if (result == FG_OK)
        result = fg_list_verify(list, &error);
    if (result != FG_OK)
        exit_code = cli_fail(call, result, &error);
    else if (!print_manifest(call, FG_TEXT_CLI_VERIFIED, &manifest))
        exit_code = CLI_FAILURE;
    fg_list_close(list);
    return exit_code;
}

static const struct cli_option list_options[] = {
    {"--list", "FILE", FG_TEXT_CLI_OPTION_LIST, false},
    {"--key", "FILE", FG_TEXT_CLI_OPTION_TRUSTED, true},
    {"--config", "FILE", FG_TEXT_CLI_OPTION_CONFIG, false},
    {0},
};
static const struct cli_option import_options[] = {
    {"--list", "FILE", FG_TEXT_CLI_OPTION_LIST, false},
    {"--key", "FILE", FG_TEXT_CLI_OPTION_TRUSTED, true},
    {"--config", "FILE", FG_TEXT_CLI_OPTION_CONFIG, false},
    {"--socket", "FILE", FG_TEXT_CLI_OPTION_SOCKET, false},
    {0},
};

const struct cli_command cli_list_commands[] = {
    {"list", "import", "FILE", FG_TEXT_CLI_LIST_IMPORT, 1, 1, import_options, list_import},
    {"list", "show", "[CODE]", FG_TEXT_CLI_LIST_SHOW, 0, 1, list_options, list_show},
    {"list", "verify", "", FG_TEXT_CLI_LIST_VERIFY, 0, 0, list_options, list_verify},
    {0},
};
