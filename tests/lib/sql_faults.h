/* Database work that fails at a chosen point, as a full disk, a lock or a lost connection would make it fail,
 * or between whose pieces somebody else does something.
 *
 * Pieces of work are: preparing a statement, each step of one, beginning and committing a transaction.
 * Statements that were prepared before are prepared anew. For SQLite; one database object at a time. Every
 * function ends the test on failure. Relies on: host/sql, SQLite. */
#ifndef FG_TESTS_LIB_SQL_FAULTS_H
#define FG_TESTS_LIB_SQL_FAULTS_H

#include "host/sql/sql.h"

/* From now on `count` pieces of work fail with the code, the first of them the `nth` from here, from 1. */
void fg_fault_at(struct fg_sql *sql, unsigned nth, unsigned count, enum fg_err code);
/* Right before the nth piece of work from here `work` is done, once: what somebody else does meanwhile, with
 * a database object of its own. */
void fg_fault_meanwhile(struct fg_sql *sql, unsigned nth, void (*work)(void *context), void *context);
/* No more of either; true: it came to that. */
bool fg_fault_end(struct fg_sql *sql);

/* Another object on the same SQLite file, which waits for nobody; the caller closes it. */
struct fg_sql *fg_fault_other(const char *path);

/* What is tried; sql is that of fg_fault_each. */
typedef enum fg_err (*fg_fault_call)(void *context, struct fg_sql *sql, struct fg_error *error);

/* Calls again and again, with the first piece of work failing with FG_E_IO, then the second and so on, until
 * no piece is left: then the call has to give `whole`. Whenever a piece fails, the call has to give FG_E_IO
 * and leave the file at `path` (NULL: not looked at) as it was. It never leaves a statement or a transaction
 * open. */
void fg_fault_each(struct fg_sql *sql, const char *path, enum fg_err whole, fg_fault_call call,
                   void *context);

#endif
