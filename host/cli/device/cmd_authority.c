/* fillgate ca change-new|change-sign|change-take: changes of authorities as files, so that each authority can
 * sign on its own machine. Not: the rules (proto/hop/authority_change.h), keeping
 * (proto/hop/authority_update.h). Relies on: those, host/pki. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/x509_crt.h>

#include "host/cli/cli.h"
#include "host/cli/cli_file.h"
#include "host/cli/cli_number.h"
#include "host/pki/ca.h"
#include "lib/base/file.h"
#include "proto/hop/authority_update.h"

#define SUBJECT_BYTES 256

/* One certificate for people and programs: its subject and its fingerprint. */
static void certificate_print(const struct cli_call *call, struct cli_json *json, cJSON *array,
                              const uint8_t *der, size_t length)
{
    char subject[SUBJECT_BYTES] = "?";
    char fingerprint[2 * FG_DIGEST_BYTES + 1];
    struct fg_digest digest;
    mbedtls_x509_crt certificate;

    mbedtls_x509_crt_init(&certificate);
    if (mbedtls_x509_crt_parse_der(&certificate, der, length) == 0)
        (void)mbedtls_x509_dn_gets(subject, sizeof(subject), &certificate.subject);
    mbedtls_x509_crt_free(&certificate);
    fg_sha256(der, length, &digest);
    cli_hex(digest.bytes, FG_DIGEST_BYTES, fingerprint);
    if (call->json) {
        cJSON *object = cli_json_push_object(json, array);

        cli_json_text(json, object, "subject", subject);
        cli_json_text(json, object, "sha256", fingerprint);
    } else {
        printf("  %s\n    %s %s\n", subject, cli_text(call, FG_TEXT_CLI_CA_FINGERPRINT), fingerprint);
    }
}

static enum cli_exit change_print(const struct cli_call *call, const uint8_t *bytes, size_t length)
{
    struct fg_authority_change change;
    struct cli_json json;
    cJSON *array = NULL;
    size_t signatures = 0;
    char time[CLI_TIME_TEXT];
    struct fg_error error;
    enum fg_err result = fg_authority_change_decode(bytes, length, &change, &signatures, &error);

    if (result != FG_OK)
        return cli_fail(call, result, &error);
    cli_json_start(&json);
    if (call->json) {
        cli_json_number(&json, json.root, "version", (int64_t)change.version);
        cli_json_number(&json, json.root, "issued_ms", change.issued_ms);
        cli_json_number(&json, json.root, "signatures", (int64_t)signatures);
        array = cli_json_array(&json, json.root, "authorities");
    } else {
        cli_time_text(change.issued_ms, time);
        printf("%s %" PRIu64 ", %s, %zu %s\n", cli_text(call, FG_TEXT_CLI_CHANGE_VERSION), change.version,
               time, signatures, cli_text(call, FG_TEXT_CLI_RING_SIGNATURES));
    }
    for (size_t i = 0; i < change.count; i++)
        certificate_print(call, &json, array, change.certificates[i].der, change.certificates[i].length);
    if (call->json)
        return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
    cJSON_Delete(json.root);
    return CLI_OK;
}

/* The first certificate of each file of --authority. */
static enum fg_err certificates_take(const struct cli_call *call, struct fg_authority_change *change,
                                     struct fg_error *error)
{
    const char *const *paths = NULL;
    size_t count = cli_values(call, "--authority", &paths);
    enum fg_err result = FG_OK;

    for (size_t i = 0; i < count && result == FG_OK; i++) {
        mbedtls_x509_crt certificate;

        if (change->count == FG_AUTHORITY_CHANGE_MAX)
            return fg_fail(error, FG_E_RANGE, "at most %d authorities side by side", FG_AUTHORITY_CHANGE_MAX);
        mbedtls_x509_crt_init(&certificate);
        if (mbedtls_x509_crt_parse_file(&certificate, paths[i]) != 0 ||
            certificate.raw.len > FG_AUTHORITY_CHANGE_CERTIFICATE_MAX)
            result = fg_fail(error, FG_E_FORMAT, "%s: not a certificate in PEM, or not readable", paths[i]);
        if (result == FG_OK) {
            memcpy(change->certificates[change->count].der, certificate.raw.p, certificate.raw.len);
            change->certificates[change->count++].length = certificate.raw.len;
        }
        mbedtls_x509_crt_free(&certificate);
    }
    return result;
}

static enum cli_exit change_new(const struct cli_call *call)
{
    struct fg_authority_change change = {.issued_ms = cli_now_ms()};
    uint8_t bytes[FG_AUTHORITY_CHANGE_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;
    enum fg_err result = cli_number(call, "--version", 1, INT64_MAX, &change.version, &error);

    if (result != FG_OK)
        return cli_usage(call, "%s", error.text);
    if (change.version == 0 || cli_value(call, "--authority") == NULL)
        return cli_usage(call, "give --version N, one more than the change before (1 for the first), and "
                               "--authority CA.PEM for each, the one that issues from now on first");
    result = certificates_take(call, &change, &error);
    if (result == FG_OK)
        result = fg_authority_change_encode(&change, bytes, &length, &error);
    if (result == FG_OK)
        result = fg_file_create(call->arguments[0], 0644, bytes, length, &error);
    return result == FG_OK ? change_print(call, bytes, length) : cli_fail(call, result, &error);
}

static enum fg_err sign(const char *ca_directory, uint8_t *bytes, size_t *length, struct fg_error *error)
{
    uint8_t message[FG_AUTHORITY_CHANGE_BYTES_MAX];
    struct fg_signature signature;
    struct fg_key_id key_id;
    struct fg_ca *ca = NULL;
    size_t message_length = 0;
    enum fg_err result = fg_authority_change_message(bytes, *length, message, &message_length, error);

    if (result == FG_OK)
        result = fg_ca_open(ca_directory, &ca, error);
    if (result == FG_OK)
        result = fg_ca_sign(ca, FG_PURPOSE_AUTHORITIES, message, message_length, &key_id, &signature, error);
    fg_ca_close(ca);
    return result == FG_OK
               ? fg_authority_change_add(bytes, *length, &key_id, &signature, bytes, length, error)
               : result;
}

static enum cli_exit change_sign(const struct cli_call *call)
{
    const char *ca_directory = cli_value(call, "--ca");
    uint8_t bytes[FG_AUTHORITY_CHANGE_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;
    enum fg_err result;

    if (ca_directory == NULL)
        return cli_usage(call, "give --ca DIR, the authority that signs");
    result = cli_file_read(call->arguments[0], bytes, sizeof(bytes), &length, &error);
    if (result == FG_OK)
        result = sign(ca_directory, bytes, &length, &error);
    if (result == FG_OK)
        result = fg_file_write(call->arguments[0], 0644, bytes, length, &error);
    return result == FG_OK ? change_print(call, bytes, length) : cli_fail(call, result, &error);
}

static enum cli_exit change_take(const struct cli_call *call)
{
    const char *ca_path = call->arguments[1];
    uint8_t bytes[FG_AUTHORITY_CHANGE_BYTES_MAX];
    uint64_t version = 0;
    size_t length = 0;
    struct fg_error error;
    enum fg_err result = cli_file_read(call->arguments[0], bytes, sizeof(bytes), &length, &error);

    if (result == FG_OK)
        result = cli_file_owner_become(ca_path, &error);
    if (result == FG_OK)
        result = fg_authority_change_take(ca_path, bytes, length, true, &version, &error);
    return result == FG_OK ? change_print(call, bytes, length) : cli_fail(call, result, &error);
}

static const struct cli_option new_options[] = {
    {"--version", "N", FG_TEXT_CLI_OPTION_CHANGE_VERSION, false},
    {"--authority", "FILE", FG_TEXT_CLI_OPTION_CHANGE_AUTHORITY, true},
    {0},
};
static const struct cli_option sign_options[] = {
    {"--ca", "DIR", FG_TEXT_CLI_OPTION_CA_DIR, false},
    {0},
};
static const struct cli_option take_options[] = {{0}};

const struct cli_command cli_authority_commands[] = {
    {"ca", "change-new", "FILE", FG_TEXT_CLI_CHANGE_NEW, 1, 1, new_options, change_new},
    {"ca", "change-sign", "FILE", FG_TEXT_CLI_CHANGE_SIGN, 1, 1, sign_options, change_sign},
    {"ca", "change-take", "FILE CA-FILE", FG_TEXT_CLI_CHANGE_TAKE, 2, 2, take_options, change_take},
    {0},
};
