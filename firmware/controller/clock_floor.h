/* The one way in which the clock's floor is taken back: a clock statement of the bureau, held against the
 * journal.
 *
 * Not: recording and doing it (session.h, clock.h), which the caller does in this order. Relies on:
 * proto/journal/clock_statement.h, journal.h. One thread. */
#ifndef FG_FIRMWARE_CONTROLLER_CLOCK_FLOOR_H
#define FG_FIRMWARE_CONTROLLER_CLOCK_FLOOR_H

#include "firmware/clock/clock.h"
#include "firmware/journal/journal.h"
#include "proto/journal/clock_statement.h"

struct fg_clock_floor {
    struct fg_clock_statement statement;
    int64_t floor_ms; /* from then on: the statement's, or what later entries of quality S vouch for */
};

/* Reads the statement in the file at path (absolute). journal is open at journal_path. FG_E_ARG: the path is
 * not absolute; FG_E_IO; FG_E_SIZE, FG_E_FORMAT, FG_E_AUTH: as fg_clock_statement_verify; FG_E_RANGE: it is
 * another controller's, or names an entry that the journal does not have; FG_E_OLD: it was used already, or
 * another one since; FG_E_STATE: it would not lower the floor. */
enum fg_err fg_clock_floor_read(const char *path, const struct fg_public_key *keys, size_t key_count,
                                const char *controller, struct fg_journal *journal, const char *journal_path,
                                int64_t vouched_ms, struct fg_clock_floor *ret_floor, struct fg_error *error);

#endif
