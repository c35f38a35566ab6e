/* Who may have a certificate: one-time codes, joining, renewal, suspension.
 *
 * A clerk makes a code for one device; the code's hash is kept, it expires, and it works once. A device's
 * identity is bound to its keys: renewal is for the same TLS key, and a controller that joins again must
 * bring the same journal key, since its chain is signed with it. A suspended device is refused from the next
 * request on. Not: certificates (host/pki/ca.h), the routes (enrol_routes.h). Relies on: host/sql. One
 * database object, one thread at a time. */
#ifndef FG_BUREAU_ENROLMENT_H
#define FG_BUREAU_ENROLMENT_H

#include "host/pki/ca.h"
#include "host/sql/sql.h"
#include "proto/enrol.h"

#define FG_ONE_TIME_CODE_TEXT 24 /* "XXXXX-XXXXX-XXXXX-XXXXX" and its NUL: 100 random bits */
#define FG_WHY_MAX 199

struct fg_one_time_order {
    const char *device; /* 1 to FG_NAME_MAX letters, digits, '.', '_', '-' */
    const char *role;   /* FG_ROLE_CONTROLLER or FG_ROLE_STATION */
    const char *station;
    const char *list_id;
    const char *who;
    int64_t expires_ms;
};
/* Makes a code and keeps its hash. The text exists only in ret_code. FG_E_RANGE, FG_E_IO ... */
enum fg_err fg_enrolment_code_new(struct fg_sql *sql, const struct fg_one_time_order *order, int64_t now_ms,
                                  char ret_code[FG_ONE_TIME_CODE_TEXT], struct fg_error *error);

struct fg_enrolment_settings {
    struct fg_ca *ca;
    uint32_t certificate_days;
    const struct fg_public_key *receipt_key;
    size_t list_key_count;
    const struct fg_public_key *list_keys; /* at most FG_ENROL_LIST_KEYS_MAX */
};

/* Joins a device in one transaction: the code is used up exactly when the certificate is recorded.
 * FG_E_DENIED: no such code, used, expired, for another role, or another journal key than before; FG_E_AUTH:
 * a signature is false; FG_E_FORMAT, FG_E_RANGE; others. A wrong code is not told apart from a used one. */
enum fg_err fg_enrolment_join(struct fg_sql *sql, const struct fg_enrolment_settings *settings,
                              const struct fg_enrol_request *request, int64_t now_ms,
                              struct fg_enrol_answer *ret_answer, struct fg_error *error);

/* A new certificate for the device whose TLS key signed the request, for that same key. Whoever brings the
 * request (a station brings its controllers') gains nothing by it: the certificate is of no use without the
 * key. FG_E_DENIED: suspended, or no device has this key. */
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
};
/* FG_E_NOT_FOUND. */
enum fg_err fg_device_find(struct fg_sql *sql, const char *device, struct fg_device_record *ret_record,
                           struct fg_error *error);

/* Calls visit for each device in id order. */
typedef enum fg_err (*fg_device_visit)(void *context, const struct fg_device_record *record,
                                       struct fg_error *error);
enum fg_err fg_device_each(struct fg_sql *sql, fg_device_visit visit, void *context, struct fg_error *error);

/* Suspends or releases a device, and keeps who and why (1 to FG_WHY_MAX bytes). FG_E_NOT_FOUND, FG_E_RANGE.
 */
enum fg_err fg_device_suspend(struct fg_sql *sql, const char *device, bool suspended, const char *who,
                              const char *why, int64_t now_ms, struct fg_error *error);

#endif
