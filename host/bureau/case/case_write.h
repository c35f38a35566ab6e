/* Rows of the cases' tables: making a case, adding to its history. Private to the cases.
 *
 * Everything here runs in the caller's transaction. Relies on: case.h. */
#ifndef FG_HOST_BUREAU_CASE_CASE_WRITE_H
#define FG_HOST_BUREAU_CASE_CASE_WRITE_H

#include "host/bureau/case/case.h"

struct fg_case_new {
    int64_t number;
    int64_t alarm_kind; /* 0 = opened by hand */
    const char *alarm_subject;
    int64_t alarm_number;
    const char *station;
    const char *controller;
    const char *code;
    const char *words;
};

/* The last number given. Whoever makes cases takes this first, and others wait for the end of the
 * transaction. */
enum fg_err fg_case_counter_lock(struct fg_sql *sql, int64_t *ret_last, struct fg_error *error);
enum fg_err fg_case_counter_set(struct fg_sql *sql, int64_t last, struct fg_error *error);

/* The case and the first row of its history. */
enum fg_err fg_case_insert(struct fg_sql *sql, const struct fg_case_new *made, const struct fg_case_by *by,
                           struct fg_error *error);
enum fg_err fg_case_history_add(struct fg_sql *sql, int64_t number, const struct fg_case_history *step,
                                struct fg_error *error);

#endif
