/* A device's side of enrolment and renewal, over HTTPS, with every proof that its answers owe.
 *
 * Nothing is written here but a renewed certificate; who joins gets an answer all of which is proven, and
 * stores it (file_set.h). Not: the messages (enrol.h), who decides (the bureau). Relies on: https_client.h,
 * enrol.h, authority.h. One thread per call. */
#ifndef FG_PROTO_HOP_JOIN_H
#define FG_PROTO_HOP_JOIN_H

#include "lib/net/https_client.h"
#include "proto/hop/authority.h"
#include "proto/key/enrol.h"

struct fg_join {
    const char *role;                        /* FG_ROLE_CONTROLLER or FG_ROLE_STATION */
    const char *code;                        /* as typed (enrol_code.h); it stays here */
    const struct fg_private_key *tls_key;    /* the certificate is for it */
    const struct fg_private_key *device_key; /* a controller's journal key; NULL for a station */
    const struct fg_authority *authority;    /* what everything is proven against */
    int64_t now_ms;                          /* that dates are tested against */
};

/* Joins through https, whose peer may be a station that cheats. The answer is proven: the authority signed it
 * for this very request; the certificate is the authority's, for our own key, with our role, the answer's id
 * and our journal key, has names if we are a station, and is valid now; the bureau's keys are all there.
 * FG_E_DENIED with the bureau's words when it refuses; FG_E_AUTH: something is not proven, and what;
 * FG_E_BUSY when the bureau cannot be reached through a station just now; https_client.h's errors. */
enum fg_err fg_join_ask(struct fg_https *https, const struct fg_join *join,
                        struct fg_enrol_answer *ret_answer, struct fg_error *error);

/* What fg_join_ask does with what came: length bytes that answer the request of this digest. */
enum fg_err fg_join_answer_take(const struct fg_join *join, const uint8_t *bytes, size_t length,
                                const struct fg_digest *request_digest, struct fg_enrol_answer *ret_answer,
                                struct fg_error *error);

struct fg_renewal {
    const char *role;
    const char *key_path;
    const char *certificate_path; /* replaced at once, or not at all */
    const char *ca_path;          /* PEM that the new one must come from */
    int64_t now_ms;
};

/* Renews a certificate for its own key over a connection that shows the old one. The old file stays unless
 * the new certificate is proven: the authority's, for the same key, role, id and journal key, called by a
 * name if the old one is, valid now, and no shorter than the old one. FG_E_AUTH, FG_E_OLD, FG_E_EXPIRED say
 * what is not so; others as above. */
enum fg_err fg_certificate_renew(struct fg_https *https, const struct fg_renewal *renewal,
                                 struct fg_error *error);

#endif
