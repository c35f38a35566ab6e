/* fillgate station|controller enrol|renew: a device joins the bureau with its one-time code. Not: the
 * protocol (proto/join.h), who may join (cli_devices.c). Run as root, it becomes the owner of the device's
 * directory before it writes there. Relies on: proto/join.h, proto/owner.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mbedtls/platform_util.h>

#include "host/cli/cli.h"
#include "proto/join.h"
#include "proto/owner.h"
#include "proto/sync.h"

#define PATH_BYTES 512
#define CONNECT_MAX_MS 10000
#define ANSWER_MAX_MS 30000

/* The files of a joined device in its directory. */
struct files {
    char tls_key[PATH_BYTES];
    char certificate[PATH_BYTES];
    char ca[PATH_BYTES];
    char device_key[PATH_BYTES];
    char receipt_key[PATH_BYTES];
};

static enum fg_err files_name(const struct cli_call *call, struct files *ret_files, struct fg_error *error)
{
    const char *directory = call->arguments[0];

    if (strlen(directory) > PATH_BYTES - 32)
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", directory);
    (void)snprintf(ret_files->tls_key, PATH_BYTES, "%s/tls.key", directory);
    (void)snprintf(ret_files->certificate, PATH_BYTES, "%s/tls.pem", directory);
    (void)snprintf(ret_files->ca, PATH_BYTES, "%s/ca.pem", directory);
    (void)snprintf(ret_files->device_key, PATH_BYTES, "%s/device.key", directory);
    (void)snprintf(ret_files->receipt_key, PATH_BYTES, "%s/receipt.pub", directory);
    return FG_OK;
}

static enum fg_err code_read(const struct cli_call *call, char ret_code[FG_ENROL_CODE_MAX + 1],
                             struct fg_error *error)
{
    const char *path = cli_value(call, "--code-file");
    FILE *file = path == NULL || strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char line[FG_ENROL_CODE_MAX + 2];
    bool read;

    if (file == NULL)
        return fg_fail(error, FG_E_IO, "%s: cannot open: %s", path, strerror(errno));
    if (file == stdin && isatty(STDIN_FILENO))
        (void)fprintf(stderr, "%s: ", cli_text(call, FG_TEXT_CLI_CODE_IS));
    read = fgets(line, sizeof(line), file) != NULL;
    if (file != stdin)
        (void)fclose(file);
    if (!read)
        return fg_fail(error, FG_E_FORMAT, "no one-time code was given");
    line[strcspn(line, "\r\n")] = '\0';
    (void)snprintf(ret_code, FG_ENROL_CODE_MAX + 1, "%.*s", FG_ENROL_CODE_MAX, line);
    mbedtls_platform_zeroize(line, sizeof(line));
    return FG_OK;
}

/* A key that is there already is kept: an enrolment that broke off in the middle can be done again. */
static enum fg_err key_take(const char *path, struct fg_private_key *ret_key, struct fg_error *error)
{
    enum fg_err result = fg_private_key_read(path, ret_key, error);

    if (result != FG_E_NOT_FOUND)
        return result;
    result = fg_private_key_new(ret_key, error);
    return result == FG_OK ? fg_private_key_write(path, ret_key, error) : result;
}

static int64_t now_ms(void *context)
{
    (void)context;
    return cli_now_ms();
}

static enum fg_err public_write(const char *path, const struct fg_public_key *key, struct fg_error *error)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return fg_fail(error, FG_E_IO, "%s: cannot replace: %s", path, strerror(errno));
    return fg_public_key_write(path, key, error);
}

static enum fg_err answer_keep(const struct cli_call *call, const struct files *files,
                               const struct fg_enrol_answer *answer, struct fg_error *error)
{
    struct fg_certificate_part own = {answer->certificate, answer->certificate_length};
    struct fg_certificate_part ca = {answer->ca, answer->ca_length};
    char path[PATH_BYTES];
    enum fg_err result = fg_certificates_write(files->ca, &ca, 1, error);

    if (result == FG_OK && answer->has_receipt_key)
        result = public_write(files->receipt_key, &answer->receipt_key, error);
    for (size_t i = 0; result == FG_OK && i < answer->list_key_count; i++) {
        (void)snprintf(path, sizeof(path), "%s/list-%zu.pub", call->arguments[0], i + 1);
        result = public_write(path, &answer->list_keys[i], error);
    }
    return result == FG_OK ? fg_certificates_write(files->certificate, &own, 1, error) : result;
}

static enum fg_err ask(const struct cli_call *call, const char *role, const struct files *files,
                       const struct fg_private_key *device_key, struct fg_enrol_answer *ret_answer,
                       struct fg_error *error)
{
    struct fg_https_settings settings = {.url = cli_value(call, "--url"),
                                         .ca_path = cli_value(call, "--ca"),
                                         .now_ms = now_ms,
                                         .connect_max_ms = CONNECT_MAX_MS,
                                         .write_max_ms = CONNECT_MAX_MS,
                                         .first_byte_max_ms = ANSWER_MAX_MS,
                                         .whole_max_ms = ANSWER_MAX_MS};
    char code[FG_ENROL_CODE_MAX + 1] = "";
    struct fg_private_key tls_key = {{0}, {{0}, {{0}}}};
    struct fg_enrol_request request;
    struct fg_https *https = NULL;
    const char *const *names = NULL;
    size_t name_count = strcmp(role, FG_ROLE_STATION) == 0 ? cli_values(call, "--name", &names) : 0;
    enum fg_err result = key_take(files->tls_key, &tls_key, error);

    if (result == FG_OK)
        result = code_read(call, code, error);
    if (result == FG_OK)
        result = fg_enrol_request_make(role, code, &tls_key, device_key, names, name_count, &request, error);
    if (result == FG_OK)
        result = fg_https_new(&settings, &https, error);
    if (result == FG_OK)
        result = fg_enrol_ask(https, FG_SYNC_PATH_ENROL, &request, ret_answer, error);
    fg_https_free(https);
    fg_private_key_wipe(&tls_key);
    mbedtls_platform_zeroize(code, sizeof(code));
    mbedtls_platform_zeroize(&request, sizeof(request));
    return result;
}

static enum cli_exit enrolled_print(const struct cli_call *call, const struct fg_enrol_answer *answer)
{
    struct cli_json json;

    if (!call->json) {
        printf("%s %s\n", cli_text(call, FG_TEXT_CLI_ENROLLED), answer->id);
        return CLI_OK;
    }
    cli_json_start(&json);
    cli_json_text(&json, json.root, "id", answer->id);
    cli_json_text(&json, json.root, "station", answer->station);
    cli_json_text(&json, json.root, "list_id", answer->list_id);
    return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
}

static enum cli_exit enrol_as(const struct cli_call *call, const char *role)
{
    bool controller = strcmp(role, FG_ROLE_CONTROLLER) == 0;
    const char *device_path = controller ? cli_value(call, "--device-key") : NULL;
    struct fg_private_key device_key = {{0}, {{0}, {{0}}}};
    struct fg_enrol_answer answer;
    struct files files;
    struct fg_error error;
    enum fg_err result;

    if (cli_value(call, "--url") == NULL || cli_value(call, "--ca") == NULL)
        return cli_usage(call, "give --url URL and --ca FILE");
    result = files_name(call, &files, &error);
    if (result == FG_OK && mkdir(call->arguments[0], 0700) != 0 && errno != EEXIST)
        result = fg_fail(&error, FG_E_IO, "%s: cannot create: %s", call->arguments[0], strerror(errno));
    if (result == FG_OK && device_path != NULL)
        result = fg_private_key_read(device_path, &device_key, &error);
    if (result == FG_OK)
        result = fg_owner_become(call->arguments[0], &error);
    if (result == FG_OK && controller && device_path == NULL)
        result = key_take(files.device_key, &device_key, &error);
    if (result == FG_OK)
        result = ask(call, role, &files, controller ? &device_key : NULL, &answer, &error);
    fg_private_key_wipe(&device_key);
    if (result == FG_OK)
        result = answer_keep(call, &files, &answer, &error);
    return result == FG_OK ? enrolled_print(call, &answer) : cli_fail(call, result, &error);
}

static enum cli_exit station_enrol(const struct cli_call *call)
{
    return enrol_as(call, FG_ROLE_STATION);
}

static enum cli_exit controller_enrol(const struct cli_call *call)
{
    return enrol_as(call, FG_ROLE_CONTROLLER);
}

static enum fg_err renew_run(const struct cli_call *call, const char *role, const struct files *files,
                             int64_t *ret_end_ms, struct fg_error *error)
{
    struct fg_https_settings settings = {.url = cli_value(call, "--url"),
                                         .ca_path = files->ca,
                                         .certificate_path = files->certificate,
                                         .key_path = files->tls_key,
                                         .now_ms = now_ms,
                                         .connect_max_ms = CONNECT_MAX_MS,
                                         .write_max_ms = CONNECT_MAX_MS,
                                         .first_byte_max_ms = ANSWER_MAX_MS,
                                         .whole_max_ms = ANSWER_MAX_MS};
    struct fg_https *https = NULL;
    const char *const *names = NULL;
    size_t name_count = strcmp(role, FG_ROLE_STATION) == 0 ? cli_values(call, "--name", &names) : 0;
    enum fg_err result = fg_https_new(&settings, &https, error);

    if (result == FG_OK)
        result =
            fg_certificate_renew(https, role, files->tls_key, files->certificate, names, name_count, error);
    fg_https_free(https);
    return result == FG_OK ? fg_certificate_times(files->certificate, NULL, ret_end_ms, error) : result;
}

static enum cli_exit renew_as(const struct cli_call *call, const char *role)
{
    struct files files;
    int64_t end_ms = 0;
    char end_text[CLI_TIME_TEXT];
    struct fg_error error;
    enum fg_err result;

    if (cli_value(call, "--url") == NULL)
        return cli_usage(call, "give --url URL");
    result = files_name(call, &files, &error);
    if (result == FG_OK)
        result = fg_owner_become(call->arguments[0], &error);
    if (result == FG_OK)
        result = renew_run(call, role, &files, &end_ms, &error);
    if (result != FG_OK)
        return cli_fail(call, result, &error);
    cli_time_text(end_ms, end_text);
    if (!call->json)
        printf("%s %s\n", cli_text(call, FG_TEXT_CLI_RENEWED), end_text);
    return CLI_OK;
}

static enum cli_exit station_renew(const struct cli_call *call)
{
    return renew_as(call, FG_ROLE_STATION);
}

static enum cli_exit controller_renew(const struct cli_call *call)
{
    return renew_as(call, FG_ROLE_CONTROLLER);
}

#define COMMON_OPTIONS                                                                                       \
    {"--url", "URL", FG_TEXT_CLI_OPTION_URL, false}, {"--ca", "FILE", FG_TEXT_CLI_OPTION_CA_FILE, false},    \
    {                                                                                                        \
        "--code-file", "FILE", FG_TEXT_CLI_OPTION_CODE_FILE, false                                           \
    }
static const struct cli_option station_options[] = {
    COMMON_OPTIONS,
    {"--name", "NAME", FG_TEXT_CLI_OPTION_NAME, true},
    {0},
};
static const struct cli_option controller_options[] = {
    COMMON_OPTIONS,
    {"--device-key", "FILE", FG_TEXT_CLI_OPTION_DEVICE_KEY, false},
    {0},
};
static const struct cli_option station_renew_options[] = {
    {"--url", "URL", FG_TEXT_CLI_OPTION_URL, false},
    {"--name", "NAME", FG_TEXT_CLI_OPTION_NAME, true},
    {0},
};
static const struct cli_option controller_renew_options[] = {
    {"--url", "URL", FG_TEXT_CLI_OPTION_URL, false},
    {0},
};

const struct cli_command cli_enrol_commands[] = {
    {"station", "enrol", "DIR", FG_TEXT_CLI_STATION_ENROL, 1, 1, station_options, station_enrol},
    {"station", "renew", "DIR", FG_TEXT_CLI_STATION_RENEW, 1, 1, station_renew_options, station_renew},
    {"controller", "enrol", "DIR", FG_TEXT_CLI_CONTROLLER_ENROL, 1, 1, controller_options, controller_enrol},
    {"controller", "renew", "DIR", FG_TEXT_CLI_CONTROLLER_RENEW, 1, 1, controller_renew_options,
     controller_renew},
    {0},
};
