/* One-time codes at the bureau: a clerk makes one for a device, which fixes its id, role, station, list and
 * names; a device that proves it joins as that, once, before it expires.
 *
 * Kept are the code's id and the public half of its key (proto/key/enrol_code.h). Not: what joining gives
 * (enrolment.h). Relies on: host/sql, device_names.h. One database object, one thread at a time. */
#ifndef FG_HOST_BUREAU_DEVICE_ONE_TIME_CODE_H
#define FG_HOST_BUREAU_DEVICE_ONE_TIME_CODE_H

#include "host/bureau/device/device_names.h"
#include "host/sql/sql.h"
#include "proto/key/enrol_code.h"

struct fg_one_time_order {
    const char *device; /* 1 to FG_NAME_MAX letters, digits, '.', '_', '-' */
    const char *role;   /* FG_ROLE_CONTROLLER or FG_ROLE_STATION */
    const char *station;
    const char *list_id;
    struct fg_device_names names; /* a station's; one at least */
    const char *who;
    int64_t expires_ms;
};
/* The text exists only in ret_code. FG_E_RANGE, FG_E_IO ... */
enum fg_err fg_one_time_code_new(struct fg_sql *sql, const struct fg_one_time_order *order, int64_t now_ms,
                                 char ret_code[FG_ONE_TIME_CODE_TEXT], struct fg_error *error);

struct fg_one_time_found {
    char device[FG_NAME_MAX + 1];
    char role[FG_NAME_MAX + 1];
    char station[FG_NAME_MAX + 1];
    char list_id[FG_NAME_MAX + 1];
    struct fg_device_names names;
};
/* Uses up the code whose key signed the frame, in the caller's transaction. FG_E_DENIED: unknown, used,
 * expired, for another role, or the signature is false; which of these is not told apart. */
enum fg_err fg_one_time_code_use(struct fg_sql *sql, const struct fg_enrol_frame *frame, const char *role,
                                 int64_t now_ms, struct fg_one_time_found *ret_found, struct fg_error *error);

#endif
