/* fillgate key ring-new|ring-sign|ring-show|ring-verify|ring-import: key rings as files, so that each key can
 * sign on its own machine. Not: the rules (proto/key/keyring.h). Relies on: proto/key/keyring.h,
 * lib/crypto/sign.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/cli.h"
#include "host/cli/cli_file.h"
#include "host/cli/cli_number.h"
#include "host/cli/point/hand_over.h"
#include "lib/base/file.h"
#include "proto/key/keyring.h"

static const char *purpose_name(uint8_t purpose)
{
    return purpose == FG_KEYRING_LIST ? "list" : purpose == FG_KEYRING_TAG ? "tag" : "receipt";
}

static enum fg_err keys_add(const struct cli_call *call, const char *option, uint8_t purpose,
                            struct fg_keyring *ring, struct fg_error *error)
{
    const char *const *paths = NULL;
    size_t count = cli_values(call, option, &paths);
    enum fg_err result = FG_OK;

    for (size_t i = 0; result == FG_OK && i < count; i++) {
        if (ring->key_count == FG_KEYRING_KEYS_MAX)
            return fg_fail(error, FG_E_RANGE, "a key ring has at most %d keys", FG_KEYRING_KEYS_MAX);
        ring->keys[ring->key_count].purpose = purpose;
        result = fg_public_key_read(paths[i], &ring->keys[ring->key_count].key, error);
        ring->key_count++;
    }
    return result;
}

static size_t tag_key_count(const struct fg_keyring *ring)
{
    struct fg_public_key keys[FG_KEYRING_KEYS_MAX];

    return fg_keyring_keys(ring, FG_KEYRING_TAG, keys, FG_KEYRING_KEYS_MAX);
}

/* Names the keys whose tags are trusted under the ring in force (that of enrolment: its list keys) and no
 * longer under this one. */
static void tag_losses_tell(const struct cli_call *call, const struct fg_keyring *in_force,
                            const struct fg_keyring *ring)
{
    uint8_t trusted = in_force->version > 0 ? FG_KEYRING_TAG : FG_KEYRING_LIST;
    struct fg_public_key before[FG_KEYRING_KEYS_MAX];
    struct fg_public_key after[FG_KEYRING_KEYS_MAX];
    size_t before_count = fg_keyring_keys(in_force, trusted, before, FG_KEYRING_KEYS_MAX);
    size_t after_count = fg_keyring_keys(ring, FG_KEYRING_TAG, after, FG_KEYRING_KEYS_MAX);
    char id[2 * FG_KEY_ID_BYTES + 1];

    for (size_t i = 0; i < before_count; i++) {
        bool stays = false;

        for (size_t k = 0; k < after_count; k++)
            stays |= memcmp(before[i].id.bytes, after[k].id.bytes, FG_KEY_ID_BYTES) == 0;
        if (stays)
            continue;
        cli_hex(before[i].id.bytes, FG_KEY_ID_BYTES, id);
        (void)fprintf(stderr, "%s %s\n", cli_text(call, FG_TEXT_CLI_RING_TAG_KEY_GONE), id);
    }
}

static enum cli_exit ring_print(const struct cli_call *call, const struct fg_keyring *ring, size_t signatures)
{
    struct cli_json json;
    cJSON *array;
    char id[2 * FG_KEY_ID_BYTES + 1];
    char time[CLI_TIME_TEXT];

    if (tag_key_count(ring) == 0)
        (void)fprintf(stderr, "%s\n", cli_text(call, FG_TEXT_CLI_RING_NO_TAG_KEYS));
    if (call->json) {
        cli_json_start(&json);
        cli_json_number(&json, json.root, "version", (int64_t)ring->version);
        cli_json_number(&json, json.root, "issued_ms", ring->issued_ms);
        cli_json_number(&json, json.root, "signatures", (int64_t)signatures);
        array = cli_json_array(&json, json.root, "keys");
        for (size_t i = 0; i < ring->key_count; i++) {
            cJSON *object = cli_json_push_object(&json, array);

            cli_json_text(&json, object, "purpose", purpose_name(ring->keys[i].purpose));
            cli_json_hex(&json, object, "key_id", ring->keys[i].key.id.bytes, FG_KEY_ID_BYTES);
        }
        return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
    }
    cli_time_text(ring->issued_ms, time);
    printf("%s %" PRIu64 ", %s, %zu %s\n", cli_text(call, FG_TEXT_CLI_RING_VERSION), ring->version, time,
           signatures, cli_text(call, FG_TEXT_CLI_RING_SIGNATURES));
    for (size_t i = 0; i < ring->key_count; i++) {
        cli_hex(ring->keys[i].key.id.bytes, FG_KEY_ID_BYTES, id);
        printf("  %-8s %s\n", purpose_name(ring->keys[i].purpose), id);
    }
    return CLI_OK;
}

static enum cli_exit ring_new(const struct cli_call *call)
{
    struct fg_keyring ring = {.issued_ms = cli_now_ms()};
    const char *const *tag_paths = NULL;
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;
    enum fg_err result = cli_number(call, "--version", 1, INT64_MAX, &ring.version, &error);

    if (result != FG_OK)
        return cli_usage(call, "%s", error.text);
    if (ring.version == 0)
        return cli_usage(call, "give --version N, one more than the ring in force");
    /* A slip of the pen that would have every signed tag of a city refused, once the ring is signed and on
     * its way. */
    if (cli_values(call, "--tag-key", &tag_paths) == 0 && cli_value(call, "--no-tag-keys") == NULL)
        return cli_usage(
            call,
            "a ring without tag keys has every signed tag refused, at every point: give --tag-key FILE for "
            "each key that tags were signed with (also the old one), or --no-tag-keys if there is none");
    result = keys_add(call, "--list-key", FG_KEYRING_LIST, &ring, &error);
    if (result == FG_OK)
        result = keys_add(call, "--tag-key", FG_KEYRING_TAG, &ring, &error);
    if (result == FG_OK)
        result = keys_add(call, "--receipt-key", FG_KEYRING_RECEIPT, &ring, &error);
    if (result == FG_OK)
        result = fg_keyring_encode(&ring, bytes, sizeof(bytes), &length, &error);
    if (result == FG_OK)
        result = fg_file_create(call->arguments[0], 0644, bytes, length, &error);
    return result == FG_OK ? ring_print(call, &ring, 0) : cli_fail(call, result, &error);
}

static enum cli_exit ring_sign(const struct cli_call *call)
{
    const char *key_path = cli_value(call, "--key");
    struct fg_private_key key = {{0}, {{0}, {{0}}}};
    struct fg_keyring ring;
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length = 0;
    size_t signatures = 0;
    struct fg_error error;
    enum fg_err result;

    if (key_path == NULL)
        return cli_usage(call, "give --key FILE, the private key that signs");
    result = cli_file_read(call->arguments[0], bytes, sizeof(bytes), &length, &error);
    if (result == FG_OK)
        result = fg_private_key_read(key_path, &key, &error);
    if (result == FG_OK)
        result = fg_keyring_sign(bytes, length, &key, bytes, sizeof(bytes), &length, &error);
    fg_private_key_wipe(&key);
    if (result == FG_OK)
        result = fg_file_write(call->arguments[0], 0644, bytes, length, &error);
    if (result == FG_OK)
        result = fg_keyring_decode(bytes, length, &ring, &signatures, &error);
    return result == FG_OK ? ring_print(call, &ring, signatures) : cli_fail(call, result, &error);
}

static enum cli_exit ring_show(const struct cli_call *call)
{
    struct fg_keyring ring;
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length = 0;
    size_t signatures = 0;
    struct fg_error error;
    enum fg_err result = cli_file_read(call->arguments[0], bytes, sizeof(bytes), &length, &error);

    if (result == FG_OK)
        result = fg_keyring_decode(bytes, length, &ring, &signatures, &error);
    return result == FG_OK ? ring_print(call, &ring, signatures) : cli_fail(call, result, &error);
}

/* The ring in force is a ring file, or the list keys of enrolment (version 0). */
static enum cli_exit ring_verify(const struct cli_call *call)
{
    const char *old_path = cli_value(call, "--in-force");
    struct fg_keyring in_force = {0};
    struct fg_keyring ring;
    uint8_t bytes[FG_KEYRING_BYTES_MAX];
    size_t length = 0;
    size_t signatures = 0;
    struct fg_error error;
    enum fg_err result = keys_add(call, "--list-key", FG_KEYRING_LIST, &in_force, &error);

    if (result == FG_OK && old_path != NULL) {
        result = cli_file_read(old_path, bytes, sizeof(bytes), &length, &error);
        if (result == FG_OK)
            result = fg_keyring_decode(bytes, length, &in_force, NULL, &error);
    }
    if (result == FG_OK && in_force.key_count == 0)
        return cli_usage(call, "give --in-force FILE, or --list-key FILE for the keys that enrolment gave");
    if (result == FG_OK)
        result = cli_file_read(call->arguments[0], bytes, sizeof(bytes), &length, &error);
    if (result == FG_OK)
        result = fg_keyring_verify(bytes, length, &in_force, &ring, &error);
    if (result == FG_OK)
        result = fg_keyring_decode(bytes, length, &ring, &signatures, &error);
    if (result == FG_OK)
        tag_losses_tell(call, &in_force, &ring);
    return result == FG_OK ? ring_print(call, &ring, signatures) : cli_fail(call, result, &error);
}

static enum cli_exit ring_import(const struct cli_call *call)
{
    return cli_hand_over(call, FG_CONTROL_KEYRING);
}

static const struct cli_option import_options[] = {
    {"--socket", "FILE", FG_TEXT_CLI_OPTION_SOCKET, false},
    {0},
};
static const struct cli_option new_options[] = {
    {"--version", "N", FG_TEXT_CLI_OPTION_RING_VERSION, false},
    {"--list-key", "FILE", FG_TEXT_CLI_OPTION_RING_LIST_KEY, true},
    {"--tag-key", "FILE", FG_TEXT_CLI_OPTION_RING_TAG_KEY, true},
    {"--receipt-key", "FILE", FG_TEXT_CLI_OPTION_RING_RECEIPT_KEY, true},
    {"--no-tag-keys", NULL, FG_TEXT_CLI_OPTION_RING_NO_TAG_KEYS, false},
    {0},
};
static const struct cli_option sign_options[] = {
    {"--key", "FILE", FG_TEXT_CLI_OPTION_RING_SIGNER, false},
    {0},
};
static const struct cli_option show_options[] = {{0}};
static const struct cli_option verify_options[] = {
    {"--in-force", "FILE", FG_TEXT_CLI_OPTION_RING_IN_FORCE, false},
    {"--list-key", "FILE", FG_TEXT_CLI_OPTION_RING_LIST_KEY, true},
    {0},
};

const struct cli_command cli_keyring_commands[] = {
    {"key", "ring-new", "FILE", FG_TEXT_CLI_RING_NEW, 1, 1, new_options, ring_new},
    {"key", "ring-sign", "FILE", FG_TEXT_CLI_RING_SIGN, 1, 1, sign_options, ring_sign},
    {"key", "ring-show", "FILE", FG_TEXT_CLI_RING_SHOW, 1, 1, show_options, ring_show},
    {"key", "ring-verify", "FILE", FG_TEXT_CLI_RING_VERIFY, 1, 1, verify_options, ring_verify},
    {"key", "ring-import", "FILE", FG_TEXT_CLI_RING_IMPORT, 1, 1, import_options, ring_import},
    {0},
};
