/* fillgate ca, fillgate bureau enrol: the certificate authority and the bureau server's own certificate. Not:
 * devices (cmd_devices.c, cmd_enrol.c). Relies on: host/pki. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/cli/cli.h"
#include "host/cli/cli_number.h"
#include "host/pki/ca.h"
#include "lib/crypto/certificate_file.h"
#include "proto/key/enrol.h"

#define PATH_BYTES 512
#define DAY_MS INT64_C(86400000)

static enum fg_err ca_print(const struct cli_call *call, const char *directory, struct fg_error *error)
{
    char path[PATH_BYTES];
    char fingerprint[2 * FG_DIGEST_BYTES + 1];
    char end_text[CLI_TIME_TEXT];
    struct fg_digest digest;
    struct fg_ca *ca = NULL;
    struct cli_json json;
    const uint8_t *bytes;
    size_t length = 0;
    int64_t end_ms = 0;
    enum fg_err result = fg_ca_open(directory, &ca, error);

    if (result != FG_OK)
        return result;
    bytes = fg_ca_certificate(ca, &length);
    fg_sha256(bytes, length, &digest);
    fg_ca_close(ca);
    cli_hex(digest.bytes, FG_DIGEST_BYTES, fingerprint);
    (void)snprintf(path, sizeof(path), "%s/ca.pem", directory);
    result = fg_certificate_times(path, NULL, &end_ms, error);
    if (result != FG_OK)
        return result;
    if (call->json) {
        cli_json_start(&json);
        cli_json_text(&json, json.root, "certificate", path);
        cli_json_text(&json, json.root, "sha256", fingerprint);
        cli_json_number(&json, json.root, "end_ms", end_ms);
        return cli_json_print(&json, stdout) ? FG_OK : fg_fail(error, FG_E_IO, "cannot print");
    }
    cli_time_text(end_ms, end_text);
    printf("%s %s\n%s %s\n%s %s\n", cli_text(call, FG_TEXT_CLI_CA_READY), path,
           cli_text(call, FG_TEXT_CLI_CA_FINGERPRINT), fingerprint, cli_text(call, FG_TEXT_CLI_CA_ENDS),
           end_text);
    return FG_OK;
}

static enum cli_exit ca_init(const struct cli_call *call)
{
    const char *name = cli_value(call, "--name");
    uint64_t days = FG_CA_DAYS;
    struct fg_error error;
    enum fg_err result = cli_number(call, "--days", 1, 36500, &days, &error);

    if (result != FG_OK)
        return cli_usage(call, "%s", error.text);
    result = fg_ca_create(call->arguments[0], name != NULL ? name : "fillgate bureau", cli_now_ms(),
                          (uint32_t)days, &error);
    if (result == FG_OK)
        result = ca_print(call, call->arguments[0], &error);
    return result == FG_OK ? CLI_OK : cli_fail(call, result, &error);
}

static enum cli_exit ca_show(const struct cli_call *call)
{
    struct fg_error error;
    enum fg_err result = ca_print(call, call->arguments[0], &error);

    return result == FG_OK ? CLI_OK : cli_fail(call, result, &error);
}

/* ---- the bureau server's own certificate ---- */

/* The key stays when it is there, so that the certificate can be made anew before it ends. */
static enum fg_err server_key(const char *path, struct fg_private_key *ret_key, struct fg_error *error)
{
    enum fg_err result = fg_private_key_read(path, ret_key, error);

    if (result != FG_E_NOT_FOUND)
        return result;
    result = fg_private_key_new(ret_key, error);
    return result == FG_OK ? fg_private_key_write(path, ret_key, error) : result;
}

static enum fg_err server_certificate(struct fg_ca *ca, const struct fg_certificate_order *order,
                                      const char *path, struct fg_error *error)
{
    struct fg_certificate certificate;
    struct fg_certificate_part part = {certificate.bytes, 0};
    enum fg_err result = fg_ca_issue(ca, order, &certificate, error);

    part.length = certificate.length;
    return result == FG_OK ? fg_certificates_write(path, &part, 1, error) : result;
}

static enum fg_err bureau_enrol_run(const struct cli_call *call, const char *ca_directory,
                                    const struct fg_certificate_order *wanted, struct fg_error *error)
{
    const char *directory = call->arguments[0];
    char key_path[PATH_BYTES];
    char certificate_path[PATH_BYTES];
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    struct fg_certificate_order order = *wanted;
    struct fg_ca *ca = NULL;
    enum fg_err result;

    if ((size_t)snprintf(key_path, sizeof(key_path), "%s/tls.key", directory) >= sizeof(key_path))
        return fg_fail(error, FG_E_SIZE, "%s: the path is too long", directory);
    (void)snprintf(certificate_path, sizeof(certificate_path), "%s/tls.pem", directory);
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return fg_fail(error, FG_E_IO, "%s: cannot create: %s", directory, strerror(errno));
    result = fg_ca_open(ca_directory, &ca, error);
    if (result == FG_OK)
        result = server_key(key_path, &key, error);
    order.key = &key.public_key;
    if (result == FG_OK)
        result = server_certificate(ca, &order, certificate_path, error);
    fg_private_key_wipe(&key);
    fg_ca_close(ca);
    return result;
}

static enum cli_exit bureau_enrol(const struct cli_call *call)
{
    const char *ca_directory = cli_value(call, "--ca");
    const char *const *names = NULL;
    uint64_t days = FG_CERTIFICATE_DAYS;
    int64_t now_ms = cli_now_ms();
    char end_text[CLI_TIME_TEXT];
    struct fg_certificate_order order = {.role = FG_ROLE_BUREAU, .id = "bureau"};
    struct fg_error error;
    enum fg_err result = cli_number(call, "--days", 1, 3650, &days, &error);

    if (result != FG_OK)
        return cli_usage(call, "%s", error.text);
    order.name_count = cli_values(call, "--name", &names);
    if (ca_directory == NULL || order.name_count == 0)
        return cli_usage(call,
                         "give --ca DIR and --name NAME (what devices call this server; may be repeated)");
    for (size_t i = 0; i < order.name_count; i++)
        order.names[i] = names[i];
    order.from_ms = now_ms - 3600000;
    order.to_ms = now_ms + (int64_t)days * DAY_MS;
    result = bureau_enrol_run(call, ca_directory, &order, &error);
    if (result != FG_OK)
        return cli_fail(call, result, &error);
    cli_time_text(order.to_ms, end_text);
    if (!call->json)
        printf("%s bureau: %s/tls.pem, %s %s\n", cli_text(call, FG_TEXT_CLI_ENROLLED), call->arguments[0],
               cli_text(call, FG_TEXT_CLI_CA_ENDS), end_text);
    return CLI_OK;
}

static const struct cli_option init_options[] = {
    {"--name", "NAME", FG_TEXT_CLI_OPTION_CA_NAME, false},
    {"--days", "N", FG_TEXT_CLI_OPTION_CERTIFICATE_DAYS, false},
    {0},
};
static const struct cli_option show_options[] = {{0}};
static const struct cli_option enrol_options[] = {
    {"--ca", "DIR", FG_TEXT_CLI_OPTION_CA_DIR, false},
    {"--name", "NAME", FG_TEXT_CLI_OPTION_NAME, true},
    {"--days", "N", FG_TEXT_CLI_OPTION_CERTIFICATE_DAYS, false},
    {0},
};

const struct cli_command cli_ca_commands[] = {
    {"ca", "init", "DIR", FG_TEXT_CLI_CA_INIT, 1, 1, init_options, ca_init},
    {"ca", "show", "DIR", FG_TEXT_CLI_CA_SHOW, 1, 1, show_options, ca_show},
    {"bureau", "enrol", "DIR", FG_TEXT_CLI_BUREAU_ENROL, 1, 1, enrol_options, bureau_enrol},
    {0},
};
