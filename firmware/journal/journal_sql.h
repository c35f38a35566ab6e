/* What writer and readers of the journal's file ask of SQLite alike: errors that name the file, a text run,
 * one fact. Private to the journal room. Not: the writer's prepared statements (statements.c). Relies on:
 * SQLite. */
#ifndef FG_FIRMWARE_JOURNAL_JOURNAL_SQL_H
#define FG_FIRMWARE_JOURNAL_JOURNAL_SQL_H

#include <sqlite3.h>
#include <stdbool.h>

#include "lib/base/err.h"

/* Turns an SQLite result into an error that names the file and what was being done. */
enum fg_err fg_journal_sqlite_fail(sqlite3 *database, int result, const char *path, const char *doing,
                                   struct fg_error *error);

/* Runs one SQL text without results. */
enum fg_err fg_journal_run_sql(sqlite3 *database, const char *path, const char *sql, struct fg_error *error);

/* Does the journal say that an anchor was written? */
enum fg_err fg_journal_is_anchored(sqlite3 *database, const char *path, bool *ret_anchored,
                                   struct fg_error *error);

#endif
