/* Implementation of the routes for joining and renewing (enrol_routes.h). */
#include "host/bureau/enrol_routes.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/platform_util.h>

#include "proto/sync.h"

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

void fg_enrol_serve(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                    const struct fg_request *request, int64_t now_ms, struct fg_answer *ret_answer,
                    void (*log)(void *context, const char *line), void *log_context)
{
    bool renewal = strcmp(request->path, FG_SYNC_PATH_RENEW) == 0;
    struct fg_enrol_request message;
    struct fg_enrol_answer answer;
    uint8_t bytes[FG_ENROL_BYTES_MAX];
    char line[LINE_BYTES];
    size_t length = 0;
    struct fg_error error;
    enum fg_err result = fg_enrol_request_decode(request->body, request->body_length, &message, &error);

    if (result == FG_OK && renewal)
        result = fg_enrolment_renew(sql, settings, &message, now_ms, &answer, &error);
    else if (result == FG_OK)
        result = fg_enrolment_join(sql, settings, &message, now_ms, &answer, &error);
    mbedtls_platform_zeroize(&message, sizeof(message)); /* the one-time code */
    if (result == FG_OK)
        result = fg_enrol_answer_encode(&answer, bytes, sizeof(bytes), &length, &error);
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
