/* What a hop answers to a device that joins: any bytes; and a genuine answer that was changed before the
 * authority signed it, so that what is behind the signature is reached. Taken is only what is all proven.
 * Also a certificate file of an authority, a certificate's names, a fingerprint and a one-time code, from
 * anybody. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/bureau/device/device_names.h"
#include "host/pki/ca.h"
#include "proto/hop/join.h"
#include "proto/key/enrol_code.h"

#define NOW_MS INT64_C(1795392000000)
#define DAY_MS INT64_C(86400000)
#define TEXT_MAX 300

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct fg_ca *ca;
static struct fg_authority authority;
static struct fg_private_key tls_key;
static struct fg_private_key device_key;
static struct fg_digest digest;
static uint8_t genuine[FG_ENROL_BYTES_MAX]; /* the message alone */
static size_t genuine_length;

static void must(enum fg_err code, const struct fg_error *error)
{
    if (code == FG_OK)
        return;
    (void)fprintf(stderr, "%s\n", error->text);
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static struct fg_enrol_answer answer;
    char folder[] = "/tmp/fillgate-fuzz-join-XXXXXX";
    char command[64];
    char path[64];
    struct fg_certificate certificate;
    struct fg_certificate_order order = {.role = FG_ROLE_CONTROLLER,
                                         .id = "ctl-1",
                                         .key = &tls_key.public_key,
                                         .device_key = &device_key.public_key,
                                         .from_ms = NOW_MS - DAY_MS,
                                         .to_ms = NOW_MS + 300 * DAY_MS};
    struct fg_error error;

    (void)argc;
    (void)argv;
    if (mkdtemp(folder) == NULL)
        abort();
    must(fg_ca_create(folder, "fuzz", NOW_MS - DAY_MS, 3000, &error), &error);
    must(fg_ca_open(folder, &ca, &error), &error);
    (void)snprintf(path, sizeof(path), "%s/ca.pem", folder);
    must(fg_authority_read(path, &authority, &error), &error);
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    if (system(command) != 0)
        abort();
    must(fg_private_key_new(&tls_key, &error), &error);
    must(fg_private_key_new(&device_key, &error), &error);
    must(fg_ca_issue(ca, &order, &certificate, &error), &error);
    (void)strcpy(answer.id, "ctl-1");
    memcpy(answer.certificate, certificate.bytes, certificate.length);
    answer.certificate_length = certificate.length;
    answer.has_receipt_key = answer.has_request_digest = true;
    answer.receipt_key = answer.list_keys[0] = answer.tag_keys[0] = device_key.public_key;
    answer.list_key_count = answer.tag_key_count = 1;
    must(fg_enrol_answer_encode(&answer, genuine, sizeof(genuine), &genuine_length, &error), &error);
    return 0;
}

static void take(const uint8_t *bytes, size_t length)
{
    static struct fg_enrol_answer answer;
    struct fg_join join = {.role = FG_ROLE_CONTROLLER,
                           .tls_key = &tls_key,
                           .device_key = &device_key,
                           .authority = &authority,
                           .now_ms = NOW_MS};
    struct fg_error error;

    if (fg_join_answer_take(&join, bytes, length, &digest, &answer, &error) != FG_OK)
        return;
    /* Whatever was changed, it is still ours. */
    if (strcmp(answer.id, "ctl-1") != 0 || answer.list_key_count == 0 || !answer.has_receipt_key)
        abort();
}

/* Each three bytes: where, two bytes, and what is put there. */
static void take_changed(const uint8_t *bytes, size_t length)
{
    uint8_t answer[FG_ENROL_BYTES_MAX + FG_ENROL_FRAME_BYTES];
    uint8_t *message = answer + FG_ENROL_FRAME_BYTES;
    struct fg_key_id key_id;
    struct fg_signature signature;
    struct fg_error error;

    memcpy(message, genuine, genuine_length);
    for (; length >= 3; bytes += 3, length -= 3)
        message[((size_t)bytes[0] << 8 | bytes[1]) % genuine_length] ^= bytes[2];
    must(fg_ca_sign(ca, FG_PURPOSE_ENROL_ANSWER, message, genuine_length, &key_id, &signature, &error),
         &error);
    fg_enrol_frame_put(answer, &key_id, &signature);
    take(answer, genuine_length + FG_ENROL_FRAME_BYTES);
}

static void read_texts(const uint8_t *bytes, size_t length)
{
    char text[TEXT_MAX + 1];
    struct fg_device_names names;
    struct fg_own_names own = {0};
    struct fg_private_key key;
    struct fg_digest fingerprint;
    struct fg_error error;

    if (length > TEXT_MAX)
        length = TEXT_MAX;
    memcpy(text, bytes, length);
    text[length] = '\0';
    (void)fg_enrol_code_key(text, &key, &error);
    (void)fg_fingerprint_parse(text, &fingerprint, &error);
    (void)fg_own_names_add(&own, text, &error);
    if (fg_device_names_parse(text, &names, &error) == FG_OK) {
        fg_device_names_text(&names, text);
        must(fg_device_names_parse(text, &names, &error), &error);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct fg_certificate_names names;
    static struct fg_authority other;
    struct fg_error error;

    if (length == 0)
        return 0;
    switch (bytes[0] % 5) {
    case 0:
        take(bytes + 1, length - 1);
        break;
    case 1:
        take_changed(bytes + 1, length - 1);
        break;
    case 2:
        (void)fg_authority_parse((const char *)bytes + 1, length - 1, &other, &error);
        break;
    case 3:
        (void)fg_certificate_names(bytes + 1, length - 1, &names, &error);
        (void)fg_certificate_is_bureau(bytes + 1, length - 1, &error);
        break;
    default:
        read_texts(bytes + 1, length - 1);
        break;
    }
    return 0;
}
