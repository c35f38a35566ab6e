/* fillgate audit verify: the proof of an entry checked on any machine, with nothing but public keys. Not: the
 * checks themselves (proto/proof/proof.h), or how an entry looks (cli_entry.c). Relies on:
 * proto/proof/proof.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/cli_entry.h"
#include "host/cli/cli_file.h"
#include "proto/proof/proof.h"

#define AUTHORITY_BYTES_MAX 65536

static const enum fg_text_id check_texts[FG_PROOF_CHECKS] = {
    [FG_PROOF_ENTRY] = FG_TEXT_CLI_PROOF_ENTRY,
    [FG_PROOF_SIGNATURE] = FG_TEXT_CLI_PROOF_SIGNATURE,
    [FG_PROOF_CERTIFICATE] = FG_TEXT_CLI_PROOF_CERTIFICATE,
    [FG_PROOF_TIME] = FG_TEXT_CLI_PROOF_TIME,
    [FG_PROOF_RECEIPT] = FG_TEXT_CLI_PROOF_RECEIPT,
    [FG_PROOF_PERSONS] = FG_TEXT_CLI_PROOF_PERSONS,
};
static const char *const check_names[FG_PROOF_CHECKS] = {"entry", "signature", "certificate",
                                                         "time",  "receipt",   "persons"};
static const char *const verdict_names[] = {"holds", "false", "unknown"};
static const enum fg_text_id verdict_texts[] = {FG_TEXT_CLI_PROOF_HOLDS, FG_TEXT_CLI_PROOF_FALSE,
                                                FG_TEXT_CLI_PROOF_UNKNOWN};
static const enum fg_text_id sum_texts[] = {FG_TEXT_CLI_PROOF_ALL, FG_TEXT_CLI_PROOF_ALTERED,
                                            FG_TEXT_CLI_PROOF_DOUBT};

/* ---- what is read ---- */

struct material {
    uint8_t bytes[FG_PROOF_BYTES_MAX];
    char authority[AUTHORITY_BYTES_MAX + 1];
    struct fg_public_key device_key;
    struct fg_public_key receipt_key;
    struct fg_proof proof;
    struct fg_proof_trust trust;
    struct fg_proof_result result;
};

static enum fg_err authority_read(const char *path, struct material *material, struct fg_error *error)
{
    size_t length = 0;
    enum fg_err result =
        cli_file_read(path, (uint8_t *)material->authority, AUTHORITY_BYTES_MAX, &length, error);

    if (result != FG_OK)
        return result;
    material->authority[length] = '\0';
    material->trust.authority = material->authority;
    return FG_OK;
}

static enum fg_err key_read(const char *path, struct fg_public_key *key,
                            const struct fg_public_key **ret_trust, struct fg_error *error)
{
    enum fg_err result = fg_public_key_read(path, key, error);

    if (result == FG_OK)
        *ret_trust = key;
    return result;
}

static enum fg_err trust_read(const struct cli_call *call, struct material *material, struct fg_error *error)
{
    const char *authority = cli_value(call, "--ca");
    const char *receipt_key = cli_value(call, "--receipt-key");
    const char *device_key = cli_value(call, "--device-key");
    enum fg_err result = FG_OK;

    if (authority != NULL)
        result = authority_read(authority, material, error);
    if (result == FG_OK && receipt_key != NULL)
        result = key_read(receipt_key, &material->receipt_key, &material->trust.receipt_key, error);
    if (result == FG_OK && device_key != NULL)
        result = key_read(device_key, &material->device_key, &material->trust.device_key, error);
    return result;
}

static enum fg_err proof_read(const struct cli_call *call, struct material *material, struct fg_error *error)
{
    const char *path = call->arguments[0];
    size_t length = 0;
    enum fg_err result = cli_file_read(path, material->bytes, sizeof(material->bytes), &length, error);

    if (result == FG_OK)
        result = fg_proof_decode(material->bytes, length, &material->proof, error);
    return result;
}

/* ---- what is said ---- */

static enum cli_exit exit_of(enum fg_proof_verdict verdict)
{
    switch (verdict) {
    case FG_PROOF_HOLDS:
        return CLI_OK;
    case FG_PROOF_FALSE:
        return CLI_NO;
    default:
        return CLI_FAILURE;
    }
}

static void checks_print(const struct cli_call *call, const struct fg_proof_result *result)
{
    for (int i = 0; i < FG_PROOF_CHECKS; i++) {
        const struct fg_proof_finding *finding = &result->checks[i];

        printf("%s: %s%s%s\n", cli_text(call, check_texts[i]),
               cli_text(call, verdict_texts[finding->verdict]), finding->text[0] != '\0' ? ": " : "",
               finding->text);
    }
}

static enum cli_exit result_print(const struct cli_call *call, const struct material *material)
{
    const struct fg_proof_result *result = &material->result;

    printf("%s %" PRIu64 "\n", material->proof.batch.controller, material->proof.sequence);
    if (result->has_entry)
        cli_entry_print(call, stdout, &result->entry);
    checks_print(call, result);
    printf("%s\n", cli_text(call, sum_texts[result->verdict]));
    return exit_of(result->verdict);
}

static enum cli_exit result_json(const struct material *material)
{
    const struct fg_proof_result *result = &material->result;
    const struct fg_sync_slice *bytes = &material->proof.batch.entries[0];
    struct cli_json json;
    cJSON *checks;

    cli_json_start(&json);
    cli_json_text(&json, json.root, "controller", material->proof.batch.controller);
    cli_json_number(&json, json.root, "sequence", (int64_t)material->proof.sequence);
    cli_json_text(&json, json.root, "verdict", verdict_names[result->verdict]);
    checks = cli_json_object(&json, json.root, "checks");
    for (int i = 0; i < FG_PROOF_CHECKS; i++) {
        cJSON *check = cli_json_object(&json, checks, check_names[i]);

        cli_json_text(&json, check, "verdict", verdict_names[result->checks[i].verdict]);
        cli_json_text(&json, check, "text", result->checks[i].text);
    }
    cli_json_hex(&json, json.root, "bytes", bytes->bytes, bytes->length);
    cli_json_number(&json, json.root, "head_sequence", (int64_t)result->head_sequence);
    cli_json_hex(&json, json.root, "head", result->head.bytes, FG_DIGEST_BYTES);
    return cli_json_print(&json, stdout) ? exit_of(result->verdict) : CLI_FAILURE;
}

static enum cli_exit verify(const struct cli_call *call)
{
    struct material *material = calloc(1, sizeof(*material));
    struct fg_error error;
    enum cli_exit exit_code;
    enum fg_err result = FG_OK;

    if (material == NULL)
        result = fg_fail(&error, FG_E_MEMORY, "audit verify: no memory");
    if (result == FG_OK)
        result = trust_read(call, material, &error);
    if (result == FG_OK)
        result = proof_read(call, material, &error);
    if (result == FG_OK)
        result = fg_proof_verify(&material->proof, &material->trust, &material->result, &error);
    if (result != FG_OK)
        exit_code = cli_fail(call, result, &error);
    else if (call->json)
        exit_code = result_json(material);
    else
        exit_code = result_print(call, material);
    free(material);
    return exit_code;
}

static const struct cli_option verify_options[] = {
    {"--ca", "FILE", FG_TEXT_CLI_AUDIT_OPTION_CA, false},
    {"--receipt-key", "FILE", FG_TEXT_CLI_OPTION_RECEIPT_KEY, false},
    {"--device-key", "FILE", FG_TEXT_CLI_AUDIT_OPTION_DEVICE_KEY, false},
    {0},
};

const struct cli_command cli_proof_commands[] = {
    {"audit", "verify", "FILE", FG_TEXT_CLI_AUDIT_VERIFY, 1, 1, verify_options, verify},
    {0},
};
