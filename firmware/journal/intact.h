/* Whether the journal's file is what this program made it: pages, indices against the table, schema.
 *
 * An index that was pointed at nothing hides fills from the look-ups that rules depend on although every
 * entry is there; SQLite's own check compares every index with its table. The schema must read as it was
 * written: nobody's triggers, views or narrower indices. Not: what the entries say (walk.h). Relies on:
 * SQLite. Private to the journal room. */
#ifndef FG_FIRMWARE_JOURNAL_INTACT_H
#define FG_FIRMWARE_JOURNAL_INTACT_H

#include <sqlite3.h>

#include "lib/base/err.h"

/* The statements that make a new journal's tables and indices. */
extern const char fg_journal_schema[];

/* FG_E_CORRUPT names the file and what does not hold; FG_E_MEMORY. Reads the whole file. */
enum fg_err fg_journal_intact(sqlite3 *database, const char *path, struct fg_error *error);

#endif
