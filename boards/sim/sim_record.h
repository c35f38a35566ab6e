/* The simulator's own record: one JSON object a line, of what the valve was told and did, of faults and tags.
 *
 * It is the witness for LOG-BEFORE-OPEN and FAIL-CLOSED and is written by the side that the controller cannot
 * influence. t_ns is CLOCK_MONOTONIC, so that it compares with the clocks of the programs under test. Not: a
 * log for people. Relies on: stdio; every line is flushed. */
#ifndef FG_BOARDS_SIM_SIM_RECORD_H
#define FG_BOARDS_SIM_SIM_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

struct fg_record {
    void *file; /* FILE, NULL = off */
};

enum fg_err fg_record_open(struct fg_record *record, const char *path, struct fg_error *error);
void fg_record_close(struct fg_record *record);

/* Writes {"t_ns":..,"what":"..",FIELDS}. fields is a printf format of further JSON members, "" = none. */
void fg_record_write(struct fg_record *record, int64_t now_ns, const char *what, const char *fields, ...)
    __attribute__((format(printf, 4, 5)));

#endif
