/* The table of cheats (rogue.h). */
#include "tests/programs/rogue/rogue.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/x509_crt.h>

#include "proto/key/enrol.h"

typedef void (*cheat_step)(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass);

/* ---- any request ---- */

static void answer_put(struct fg_rogue_pass *pass, uint16_t status, const void *bytes, size_t length)
{
    pass->asked = false;
    pass->status = status;
    memcpy(pass->answer, bytes, length);
    pass->answer_length = length;
}

/* The bureau never hears of it. */
static void hold_back(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    (void)rogue;
    (void)argument;
    answer_put(pass, 503, "not now\n", 8);
}

static void say_garbage(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    (void)rogue;
    (void)argument;
    answer_put(pass, 200, "garbage, and no message at all", 30);
}

static void delay(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    (void)rogue;
    (void)pass;
    (void)poll(NULL, 0, atoi(argument));
}

/* Answers with a file instead: what was seen before (a replay, a roll-back), or something made elsewhere. */
static void put_file(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    FILE *file = fopen(argument, "rb");

    (void)rogue;
    if (file == NULL) {
        (void)fprintf(stderr, "rogue: %s is not there\n", argument);
        exit(1);
    }
    pass->asked = false;
    pass->status = 200;
    pass->answer_length = fread(pass->answer, 1, FG_ROGUE_BODY_MAX, file);
    (void)fclose(file);
}

/* One bit of the answer, at the place that the argument names in thousandths of its length. */
static void flip_bit(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    (void)rogue;
    if (pass->answer_length > 0)
        pass->answer[pass->answer_length * (size_t)atoi(argument) / 1000] ^= 1;
}

static void cut(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    (void)rogue;
    (void)argument;
    pass->answer_length /= 2;
}

/* ---- joining ---- */

/* Changes a genuine answer's content, if there is one, and leaves the frame in front of it as it is. */
static bool answer_change(struct fg_rogue_pass *pass,
                          void (*change)(struct fg_enrol_answer *answer, void *context), void *context)
{
    struct fg_enrol_answer answer;
    struct fg_enrol_frame frame;
    struct fg_error error;
    size_t length = 0;

    if (fg_enrol_frame_read(pass->answer, pass->answer_length, &frame, &error) != FG_OK ||
        fg_enrol_answer_decode(frame.message, frame.message_length, &answer, &error) != FG_OK)
        return false;
    change(&answer, context);
    if (fg_enrol_answer_encode(&answer, pass->answer + FG_ENROL_FRAME_BYTES,
                               FG_ROGUE_BODY_MAX - FG_ENROL_FRAME_BYTES, &length, &error) != FG_OK) {
        (void)fprintf(stderr, "rogue: %s\n", error.text);
        exit(1);
    }
    pass->answer_length = FG_ENROL_FRAME_BYTES + length;
    return true;
}

static void put_own_keys(struct fg_enrol_answer *answer, void *context)
{
    const struct fg_rogue *rogue = context;

    answer->has_receipt_key = true;
    answer->receipt_key = rogue->cheat_key;
    answer->list_key_count = 1;
    answer->list_keys[0] = rogue->cheat_key;
    answer->tag_key_count = 1;
    answer->tag_keys[0] = rogue->cheat_key;
}

/* List, tag and receipt keys of its own in an otherwise genuine answer. */
static void swap_keys(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    (void)argument;
    (void)answer_change(pass, put_own_keys, rogue);
}

/* The same, signed anew: with the station's genuine TLS key, under that key's id, or (argument "pretend")
 * under the authority's. */
static void sign_again(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    struct fg_signature signature;
    struct fg_key_id key_id;
    struct fg_error error;

    if (!answer_change(pass, put_own_keys, rogue) ||
        fg_sign(&rogue->tls_key, FG_PURPOSE_ENROL_ANSWER, pass->answer + FG_ENROL_FRAME_BYTES,
                pass->answer_length - FG_ENROL_FRAME_BYTES, &signature, &error) != FG_OK)
        return;
    memcpy(key_id.bytes, pass->answer, FG_KEY_ID_BYTES);
    if (strcmp(argument, "pretend") != 0)
        key_id = rogue->tls_key.public_key.id;
    fg_enrol_frame_put(pass->answer, &key_id, &signature);
}

/* The answer without what signs it. */
static void strip(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    (void)rogue;
    (void)argument;
    if (pass->answer_length <= FG_ENROL_FRAME_BYTES)
        return;
    pass->answer_length -= FG_ENROL_FRAME_BYTES;
    memmove(pass->answer, pass->answer + FG_ENROL_FRAME_BYTES, pass->answer_length);
}

/* The certificate is to be for a key of the rogue's: its own signing request instead of the device's. */
static void swap_request(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    struct fg_enrol_request request;
    struct fg_enrol_frame frame;
    struct fg_error error;
    size_t length = 0;

    (void)argument;
    if (fg_enrol_frame_read(pass->body, pass->body_length, &frame, &error) != FG_OK ||
        fg_enrol_request_decode(frame.message, frame.message_length, &request, &error) != FG_OK ||
        fg_csr_make(&rogue->cheat_own, request.role, request.request, &request.request_length, &error) !=
            FG_OK ||
        fg_enrol_request_encode(&request, pass->body + FG_ENROL_FRAME_BYTES,
                                FG_ROGUE_BODY_MAX - FG_ENROL_FRAME_BYTES, &length, &error) != FG_OK)
        return;
    pass->body_length = FG_ENROL_FRAME_BYTES + length;
}

/* ---- renewal ---- */

/* Answers with a certificate of the rogue's choice: its own genuine one. */
static void own_certificate(struct fg_rogue *rogue, const char *argument, struct fg_rogue_pass *pass)
{
    struct fg_enrol_answer answer = {.id = "ctl-1"};
    mbedtls_x509_crt certificate;
    struct fg_error error;

    (void)argument;
    mbedtls_x509_crt_init(&certificate);
    if (mbedtls_x509_crt_parse_file(&certificate, rogue->certificate_path) != 0 ||
        certificate.raw.len > sizeof(answer.certificate))
        exit(1);
    answer.certificate_length = certificate.raw.len;
    memcpy(answer.certificate, certificate.raw.p, certificate.raw.len);
    mbedtls_x509_crt_free(&certificate);
    pass->asked = false;
    pass->status = 200;
    if (fg_enrol_answer_encode(&answer, pass->answer, FG_ROGUE_BODY_MAX, &pass->answer_length, &error) !=
        FG_OK)
        exit(1);
}

static const struct {
    const char *name;
    cheat_step before;
    cheat_step after;
} cheats[] = {
    {"pass", NULL, NULL},
    {"hold", hold_back, NULL},
    {"garbage", say_garbage, NULL},
    {"delay", delay, NULL},
    {"file", put_file, NULL},
    {"flip", NULL, flip_bit},
    {"cut", NULL, cut},
    {"swap-keys", NULL, swap_keys},
    {"sign-again", NULL, sign_again},
    {"strip", NULL, strip},
    {"swap-request", swap_request, NULL},
    {"own-certificate", own_certificate, NULL},
};

static bool step(struct fg_rogue *rogue, const char *name, const char *argument, bool before,
                 struct fg_rogue_pass *pass)
{
    for (size_t i = 0; i < sizeof(cheats) / sizeof(cheats[0]); i++) {
        cheat_step run = before ? cheats[i].before : cheats[i].after;

        if (strcmp(cheats[i].name, name) != 0)
            continue;
        if (run != NULL)
            run(rogue, argument, pass);
        return true;
    }
    return false;
}

bool fg_rogue_before(struct fg_rogue *rogue, const char *name, const char *argument,
                     struct fg_rogue_pass *pass)
{
    return step(rogue, name, argument, true, pass);
}

bool fg_rogue_after(struct fg_rogue *rogue, const char *name, const char *argument,
                    struct fg_rogue_pass *pass)
{
    return step(rogue, name, argument, false, pass);
}
