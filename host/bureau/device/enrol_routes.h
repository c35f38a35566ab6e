/* The bureau's routes for joining and renewing (POST /v1/enrol, /v1/renew), and the look-up that tells
 * whether a peer is suspended.
 *
 * Not: the decisions (enrolment.h). Relies on: lib/net/server/https_server.h, host/sql. The caller gives a
 * database of its own to each thread. */
#ifndef FG_HOST_BUREAU_DEVICE_ENROL_ROUTES_H
#define FG_HOST_BUREAU_DEVICE_ENROL_ROUTES_H

#include "host/bureau/device/enrolment.h"
#include "lib/net/server/https_server.h"

/* Answers with an FgEnrolAnswer (to who joins, signed by the authority), or with a status and words. now_ms
 * is the bureau's clock. log (may be NULL) gets one line per join and refusal. */
void fg_enrol_serve(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                    const struct fg_request *request, int64_t now_ms, struct fg_answer *ret_answer,
                    void (*log)(void *context, const char *line), void *log_context);

#endif
