/* fillgate station|controller enrol|renew: a device joins the bureau with its one-time code. Not: the
 * protocol (proto/hop/join.h), who may join (cmd_devices.c). Run as root, it becomes the owner of the
 * device's directory before it writes there. Relies on: proto/hop/join.h, lib/system/become_owner.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mbedtls/platform_util.h>

#include "host/cli/cli.h"
#include "lib/crypto/certificate_file.h"
#include "lib/system/become_owner.h"
#include "lib/system/file_set.h"
#include "proto/hop/join.h"

#define PATH_BYTES 512
#define CONNECT_MAX_MS 10000
#define ANSWER_MAX_MS 30000
#define CODE_MAX 63 /* characters, with the dashes and blanks that somebody types */

/* The files of a joined device in its directory. */
struct files {
    char tls_key[PATH_BYTES];
    char certificate[PATH_BYTES];
    char ca[PATH_BYTES];
    char device_key[PATH_BYTES];
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
    return FG_OK;
}

static enum fg_err code_read(const struct cli_call *call, char ret_code[CODE_MAX + 1], struct fg_error *error)
{
    const char *path = cli_value(call, "--code-file");
    FILE *file = path == NULL || strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char line[CODE_MAX + 2];
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
    (void)snprintf(ret_code, CODE_MAX + 1, "%.*s", CODE_MAX, line);
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

/* A station's hop is the bureau, a controller's its station or the bureau. */
static uint8_t hop_roles(const char *role)
{
    return strcmp(role, FG_ROLE_STATION) == 0 ? FG_HTTPS_BUREAU : FG_HTTPS_STATION | FG_HTTPS_BUREAU;
}

static struct fg_https_settings https_settings(const struct cli_call *call, uint8_t peer_roles)
{
    return (struct fg_https_settings){.url = cli_value(call, "--url"),
                                      .peer_roles = peer_roles,
                                      .now_ms = now_ms,
                                      .connect_max_ms = CONNECT_MAX_MS,
                                      .write_max_ms = CONNECT_MAX_MS,
                                      .first_byte_max_ms = ANSWER_MAX_MS,
                                      .whole_max_ms = ANSWER_MAX_MS};
}

/* Only the fingerprint was brought by hand: the hop is asked for the certificate. */
static enum fg_err authority_fetch(const struct cli_call *call, struct fg_authority *ret_authority,
                                   struct fg_error *error)
{
    struct fg_https_settings settings = https_settings(call, FG_HTTPS_UNPROVEN);
    struct fg_https *https = NULL;
    struct fg_digest fingerprint;
    enum fg_err result;

    result = fg_fingerprint_parse(cli_value(call, "--fingerprint"), &fingerprint, error);
    if (result == FG_OK)
        result = fg_https_new(&settings, &https, error);
    if (result == FG_OK)
        result = fg_authority_fetch(https, &fingerprint, ret_authority, error);
    fg_https_free(https);
    return result;
}

/* ---- keeping the answer ---- */

/* The files' names and texts, in the order of fg_file_part. */
struct kept {
    size_t count;
    struct fg_file_part parts[FG_FILE_SET_FILES_MAX];
    char names[FG_FILE_SET_FILES_MAX][FG_FILE_SET_NAME_MAX + 1];
    char texts[FG_FILE_SET_FILES_MAX][FG_CERTIFICATE_PEM_MAX];
};

static void keep(struct kept *kept, const void *text, size_t length)
{
    kept->parts[kept->count] =
        (struct fg_file_part){.name = kept->names[kept->count], .bytes = text, .length = length};
    kept->count++;
}

static enum fg_err keep_key(struct kept *kept, const struct fg_public_key *key, struct fg_error *error)
{
    char *text = kept->texts[kept->count];
    enum fg_err result = fg_public_key_text(key, text, FG_CERTIFICATE_PEM_MAX, error);

    if (result == FG_OK)
        keep(kept, text, strlen(text));
    return result;
}

static enum fg_err answer_keep(const struct cli_call *call, const struct fg_authority *authority,
                               const struct fg_enrol_answer *answer, struct fg_error *error)
{
    struct kept *kept = calloc(1, sizeof(*kept));
    enum fg_err result;
    char *text;

    if (kept == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory");
    (void)strcpy(kept->names[kept->count], "ca.pem");
    keep(kept, authority->pem, strlen(authority->pem));
    (void)strcpy(kept->names[kept->count], "receipt.pub");
    result = keep_key(kept, &answer->receipt_key, error);
    for (size_t i = 0; result == FG_OK && i < answer->list_key_count; i++) {
        (void)snprintf(kept->names[kept->count], sizeof(kept->names[0]), "list-%zu.pub", i + 1);
        result = keep_key(kept, &answer->list_keys[i], error);
    }
    for (size_t i = 0; result == FG_OK && i < answer->tag_key_count; i++) {
        (void)snprintf(kept->names[kept->count], sizeof(kept->names[0]), "tag-%zu.pub", i + 1);
        result = keep_key(kept, &answer->tag_keys[i], error);
    }
    if (result == FG_OK) {
        text = kept->texts[kept->count];
        result = fg_certificate_text(answer->certificate, answer->certificate_length, text,
                                     FG_CERTIFICATE_PEM_MAX, error);
        (void)strcpy(kept->names[kept->count], "tls.pem");
        if (result == FG_OK)
            keep(kept, text, strlen(text));
    }
    if (result == FG_OK)
        result = fg_file_set_put(call->arguments[0], kept->parts, kept->count, error);
    free(kept);
    return result;
}

static enum fg_err ask(const struct cli_call *call, const char *role, const struct files *files,
                       const struct fg_private_key *device_key, const struct fg_authority *authority,
                       struct fg_enrol_answer *ret_answer, struct fg_error *error)
{
    struct fg_https_settings settings = https_settings(call, hop_roles(role));
    char code[CODE_MAX + 1] = "";
    struct fg_private_key tls_key = {{0}, {{0}, {{0}}}};
    struct fg_join join = {.role = role,
                           .code = code,
                           .tls_key = &tls_key,
                           .device_key = device_key,
                           .authority = authority,
                           .now_ms = cli_now_ms()};
    struct fg_https *https = NULL;
    enum fg_err result = key_take(files->tls_key, &tls_key, error);

    settings.ca_pem = authority->pem;
    if (result == FG_OK)
        result = code_read(call, code, error);
    if (result == FG_OK)
        result = fg_https_new(&settings, &https, error);
    if (result == FG_OK)
        result = fg_join_ask(https, &join, ret_answer, error);
    fg_https_free(https);
    fg_private_key_wipe(&tls_key);
    mbedtls_platform_zeroize(code, sizeof(code));
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
    struct fg_authority authority = {.pem = ""};
    struct fg_enrol_answer answer;
    struct files files;
    struct fg_error error;
    enum fg_err result;

    if (cli_value(call, "--url") == NULL ||
        (cli_value(call, "--ca") == NULL) == (cli_value(call, "--fingerprint") == NULL))
        return cli_usage(call, "give --url URL, and --ca FILE or --fingerprint HEX");
    result = files_name(call, &files, &error);
    if (result == FG_OK && mkdir(call->arguments[0], 0700) != 0 && errno != EEXIST)
        result = fg_fail(&error, FG_E_IO, "%s: cannot create: %s", call->arguments[0], strerror(errno));
    if (result == FG_OK && device_path != NULL)
        result = fg_private_key_read(device_path, &device_key, &error);
    /* Files that only the caller may read are read before the owner of the directory does the rest. */
    if (result == FG_OK && cli_value(call, "--ca") != NULL)
        result = fg_authority_read(cli_value(call, "--ca"), &authority, &error);
    if (result == FG_OK)
        result = fg_owner_become(call->arguments[0], &error);
    if (result == FG_OK && cli_value(call, "--ca") == NULL)
        result = authority_fetch(call, &authority, &error);
    if (result == FG_OK && controller && device_path == NULL)
        result = key_take(files.device_key, &device_key, &error);
    if (result == FG_OK)
        result = ask(call, role, &files, controller ? &device_key : NULL, &authority, &answer, &error);
    fg_private_key_wipe(&device_key);
    if (result == FG_OK)
        result = answer_keep(call, &authority, &answer, &error);
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
    struct fg_https_settings settings = https_settings(call, hop_roles(role));
    struct fg_renewal renewal = {.role = role,
                                 .key_path = files->tls_key,
                                 .certificate_path = files->certificate,
                                 .ca_path = files->ca,
                                 .now_ms = cli_now_ms()};
    struct fg_https *https = NULL;
    enum fg_err result;

    settings.ca_path = files->ca;
    settings.certificate_path = files->certificate;
    settings.key_path = files->tls_key;
    result = fg_https_new(&settings, &https, error);
    if (result == FG_OK)
        result = fg_certificate_renew(https, &renewal, error);
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
        {"--fingerprint", "HEX", FG_TEXT_CLI_OPTION_FINGERPRINT, false},                                     \
    {                                                                                                        \
        "--code-file", "FILE", FG_TEXT_CLI_OPTION_CODE_FILE, false                                           \
    }
static const struct cli_option station_options[] = {
    COMMON_OPTIONS,
    {0},
};
static const struct cli_option controller_options[] = {
    COMMON_OPTIONS,
    {"--device-key", "FILE", FG_TEXT_CLI_OPTION_DEVICE_KEY, false},
    {0},
};
static const struct cli_option renew_options[] = {
    {"--url", "URL", FG_TEXT_CLI_OPTION_URL, false},
    {0},
};

const struct cli_command cli_enrol_commands[] = {
    {"station", "enrol", "DIR", FG_TEXT_CLI_STATION_ENROL, 1, 1, station_options, station_enrol},
    {"station", "renew", "DIR", FG_TEXT_CLI_STATION_RENEW, 1, 1, renew_options, station_renew},
    {"controller", "enrol", "DIR", FG_TEXT_CLI_CONTROLLER_ENROL, 1, 1, controller_options, controller_enrol},
    {"controller", "renew", "DIR", FG_TEXT_CLI_CONTROLLER_RENEW, 1, 1, renew_options, controller_renew},
    {0},
};
