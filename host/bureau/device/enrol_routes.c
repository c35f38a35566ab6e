/* Implementation of the routes for joining and renewing (enrol_routes.h). */
#include "host/bureau/device/enrol_routes.h"

#include <stdio.h>
#include <string.h>

#include "proto/journal/sync.h"

#define LINE_BYTES 512

static uint16_t status_of(enum fg_err code)
{
    switch (code) {
    case FG_E_DENIED:
    case FG_E_AUTH:
        return 403;
    case FG_E_FORMAT:
    case FG_E_RANGE:
    case FG_E_SIZE:
        return 400;
    default:
        return 503;
    }
}

/* Joins, and signs the answer for this very request. bytes has FG_ENROL_BYTES_MAX bytes. */
static enum fg_err join(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                        const struct fg_request *request, int64_t now_ms, struct fg_enrol_answer *ret_answer,
                        uint8_t *bytes, size_t *ret_length, struct fg_error *error)
{
    struct fg_enrol_request message;
    struct fg_enrol_frame frame;
    struct fg_key_id key_id;
    struct fg_signature signature;
    size_t length = 0;
    enum fg_err result = fg_enrol_frame_read(request->body, request->body_length, &frame, error);

    /* A program that still sent the code knows no frame; it is to be told so. */
    if (result == FG_OK &&
        fg_enrol_request_decode(request->body, request->body_length, &message, error) == FG_E_DENIED)
        result = FG_E_DENIED;
    if (result == FG_OK)
        result = fg_enrol_request_decode(frame.message, frame.message_length, &message, error);
    if (result == FG_OK && !message.has_nonce)
        result = fg_fail(error, FG_E_FORMAT, "enrolment request: without a nonce");
    if (result == FG_OK)
        result = fg_enrolment_join(sql, settings, &frame, &message, now_ms, ret_answer, error);
    if (result != FG_OK)
        return result;
    ret_answer->has_request_digest = true;
    fg_sha256(request->body, request->body_length, &ret_answer->request_digest);
    result = fg_enrol_answer_encode(ret_answer, bytes + FG_ENROL_FRAME_BYTES,
                                    FG_ENROL_BYTES_MAX - FG_ENROL_FRAME_BYTES, &length, error);
    if (result == FG_OK)
        result = fg_ca_sign(settings->ca, FG_PURPOSE_ENROL_ANSWER, bytes + FG_ENROL_FRAME_BYTES, length,
                            &key_id, &signature, error);
    if (result == FG_OK) {
        fg_enrol_frame_put(bytes, &key_id, &signature);
        *ret_length = length + FG_ENROL_FRAME_BYTES;
    }
    return result;
}

/* The certificate proves itself by the authority's signature: the answer needs none. */
static enum fg_err renew(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                         const struct fg_request *request, int64_t now_ms, struct fg_enrol_answer *ret_answer,
                         uint8_t *bytes, size_t *ret_length, struct fg_error *error)
{
    struct fg_enrol_request message;
    enum fg_err result = fg_enrol_request_decode(request->body, request->body_length, &message, error);

    if (result == FG_OK)
        result = fg_enrolment_renew(sql, settings, &message, now_ms, ret_answer, error);
    if (result == FG_OK)
        result = fg_enrol_answer_encode(ret_answer, bytes, FG_ENROL_BYTES_MAX, ret_length, error);
    return result;
}

void fg_enrol_serve(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                    const struct fg_request *request, int64_t now_ms, struct fg_answer *ret_answer,
                    void (*log)(void *context, const char *line), void *log_context)
{
    bool renewal = strcmp(request->path, FG_SYNC_PATH_RENEW) == 0;
    struct fg_enrol_answer answer;
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    char line[LINE_BYTES];
    size_t length = 0;
    struct fg_error error;
    enum fg_err result;

    if (renewal)
        result = renew(sql, settings, request, now_ms, &answer, bytes, &length, &error);
    else
        result = join(sql, settings, request, now_ms, &answer, bytes, &length, &error);
    if (result == FG_OK) {
        fg_answer_bytes(ret_answer, 200, bytes, length);
        (void)snprintf(line, sizeof(line), "%s %s from %s", answer.id,
                       renewal ? "renewed its certificate" : "joined", request->peer->address);
    } else {
        /* A fault of ours is not told to strangers. */
        fg_answer_text(ret_answer, status_of(result), "%s",
                       status_of(result) == 503 ? "the bureau cannot enrol just now; try again" : error.text);
        (void)snprintf(line, sizeof(line), "%s refused to %s: %s", renewal ? "renewal" : "enrolment",
                       request->peer->address, error.text);
    }
    if (log != NULL)
        log(log_context, line);
}
