/* Who may have a certificate: joining, renewal, suspension.
 *
 * A device joins with a one-time code (one_time_code.h), which says who it is and what it is called; renewals
 * repeat that. A device's identity is bound to its keys: renewal is for the same TLS key, and a controller
 * that joins again must bring the same journal key, since its chain is signed with it. A suspended device is
 * refused from the next request on. Not: certificates (host/pki/ca.h), the routes (enrol_routes.h). Relies
 * on: host/sql. One database object, one thread at a time. */
#ifndef FG_HOST_BUREAU_DEVICE_ENROLMENT_H
#define FG_HOST_BUREAU_DEVICE_ENROLMENT_H

#include "host/bureau/device/one_time_code.h"
#include "host/pki/ca.h"
#include "host/sql/sql.h"
#include "proto/key/enrol.h"

#define FG_WHY_MAX 199

struct fg_enrolment_settings {
    struct fg_ca *ca;
    uint32_t certificate_days;
    const struct fg_public_key *receipt_key;
    size_t list_key_count;
    const struct fg_public_key *list_keys; /* at most FG_ENROL_LIST_KEYS_MAX; they sign tags too */
    const struct fg_own_names *own_names;  /* the bureau's: no station is called so */
};

/* Joins a device in one transaction: the code is used up exactly when the certificate is recorded. frame is
 * what came, request its message decoded; the answer's request_digest is the caller's to set. FG_E_DENIED: no
 * such code, used, expired, for another role, a name of the bureau's, or another journal key than before;
 * FG_E_AUTH: a signature is false; FG_E_FORMAT, FG_E_RANGE; others. A wrong code is not told apart from a
 * used one. */
enum fg_err fg_enrolment_join(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                              const struct fg_enrol_frame *frame, const struct fg_enrol_request *request,
                              int64_t now_ms, struct fg_enrol_answer *ret_answer, struct fg_error *error);

/* A new certificate for the device whose TLS key signed the request, for that same key and with the names
 * that are kept; a device from before names were kept has those of its newest certificate. Whoever brings the
 * request (a station brings its controllers') gains nothing by it: the certificate is of no use without the
 * key. FG_E_DENIED: suspended, a name is the bureau's, or no device has this key. */
enum fg_err fg_enrolment_renew(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                               const struct fg_enrol_request *request, int64_t now_ms,
                               struct fg_enrol_answer *ret_answer, struct fg_error *error);

struct fg_device_record {
    char device[FG_NAME_MAX + 1];
    char role[FG_NAME_MAX + 1];
    char station[FG_NAME_MAX + 1];
    char list_id[FG_NAME_MAX + 1];
    struct fg_public_key tls_key;
    bool has_device_key;
    struct fg_public_key device_key;
    bool suspended;
    int64_t enrolled_ms;
    int64_t certificate_end_ms;
    bool has_names; /* false: joined before names were kept */
    struct fg_device_names names;
};
/* FG_E_NOT_FOUND. */
enum fg_err fg_device_find(struct fg_sql *sql, const char *device, struct fg_device_record *ret_record,
                           struct fg_error *error);

/* Calls visit for each device in id order. */
typedef enum fg_err (*fg_device_visit)(void *context, const struct fg_device_record *record,
                                       struct fg_error *error);
enum fg_err fg_device_each(struct fg_sql *sql, fg_device_visit visit, void *context, struct fg_error *error);

/* Gives a station other names; its next renewal brings them. Keeps who and why. FG_E_NOT_FOUND; FG_E_RANGE:
 * not a station, no names, or no reason. */
enum fg_err fg_device_names_give(struct fg_sql *sql, const char *device, const struct fg_device_names *names,
                                 const char *who, const char *why, int64_t now_ms, struct fg_error *error);

/* Suspends or releases a device, and keeps who and why (1 to FG_WHY_MAX bytes); of a controller also from
 * which entry of its journal on, and up to which (suspension.h). FG_E_NOT_FOUND, FG_E_RANGE. */
enum fg_err fg_device_suspend(struct fg_sql *sql, const char *device, bool suspended, const char *who,
                              const char *why, int64_t now_ms, struct fg_error *error);

#endif
