/* A device's side of enrolment and renewal, over HTTPS.
 *
 * Not: the messages (enrol.h), who decides (the bureau). Relies on: https.h, enrol.h, mbedTLS. One thread per
 * call. */
#ifndef FG_PROTO_JOIN_H
#define FG_PROTO_JOIN_H

#include "proto/enrol.h"
#include "proto/https.h"

/* Sends it to path (FG_SYNC_PATH_ENROL or _RENEW). FG_E_DENIED with the bureau's words when it refuses;
 * FG_E_BUSY when the bureau cannot be reached through a station just now; https.h's errors. */
enum fg_err fg_enrol_ask(struct fg_https *https, const char *path, const struct fg_enrol_request *request,
                         struct fg_enrol_answer *ret_answer, struct fg_error *error);

/* Renews the certificate at certificate_path for the key at key_path over a connection that shows the old
 * one, and replaces the file at once. The old one stays valid until it ends, so there is no moment without
 * one. */
enum fg_err fg_certificate_renew(struct fg_https *https, const char *role, const char *key_path,
                                 const char *certificate_path, const char *const *names, size_t name_count,
                                 struct fg_error *error);

#endif
