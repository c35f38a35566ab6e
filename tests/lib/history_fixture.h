/* Entries of the history for tests: many, of few controllers, in no order of time, with texts as hostile
 * devices and people would write them.
 *
 * Not: journals that verify (bureau_fixture.h). Every function ends the test on failure. Relies on:
 * host/bureau. */
#ifndef FG_TESTS_HISTORY_FIXTURE_H
#define FG_TESTS_HISTORY_FIXTURE_H

#include "host/bureau/history.h"

#define FG_FIXTURE_HISTORY_MS INT64_C(1795392000000)

/* Puts count entries into the bureau's table; the same seed gives the same ones. */
void fg_fixture_history(struct fg_sql *sql, uint64_t seed, size_t count);

/* Visits every row of the table, oldest first, with one plain statement. */
void fg_fixture_history_each(struct fg_sql *sql,
                             void (*visit)(void *context, const struct fg_history_row *row), void *context);

#endif
