/* Verifying the ledger: the rows that people's work rests on against what the trail says of them.
 *
 * Every record ROWS must cover exactly the rows that trail_row keeps for it; each row's state before a change
 * must be the one after the change before; and every row of the ledger's tables must be as its newest change
 * left it: one that was edited, deleted, added or put back past the program is named, with the number of the
 * record that knows better. Not: the trail's own chain (trail.h). Relies on: ledger_tables.h, host/sql. */
#ifndef FG_HOST_BUREAU_TRAIL_LEDGER_VERIFY_H
#define FG_HOST_BUREAU_TRAIL_LEDGER_VERIFY_H

#include "host/bureau/trail/ledger.h"

/* Told of each thing found, at most 20 of a kind and table. Must not use the database. */
typedef void (*fg_ledger_found)(void *context, const char *text);

/* FG_OK when everything could be read, whatever was found. */
enum fg_err fg_ledger_verify(struct fg_sql *sql, fg_ledger_found found, void *context,
                             struct fg_error *error);

#endif
