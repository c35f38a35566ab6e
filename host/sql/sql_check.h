/* Whether a database is what its program made it: its pages, its indices against its tables, and its schema.
 *
 * Whoever can write to the file can point an index at nothing, so that a look-up finds no row although all
 * rows are there, or plant a trigger or a view. SQLite: `integrity_check` compares every index with its
 * table, and every object of the schema must read as the migrations wrote it. PostgreSQL: no triggers, rules,
 * row security or invalid indices; with the extension amcheck, every index against its table; without it,
 * that is told by *ret_indices_checked. Not: what the rows say. Relies on: sql.h. */
#ifndef FG_HOST_SQL_SQL_CHECK_H
#define FG_HOST_SQL_SQL_CHECK_H

#include "host/sql/sql.h"

/* One thing that is not as it was made. The text stays only for the call, which must not use the database. */
typedef void (*fg_sql_check_report)(void *context, const char *text);

/* At most 20 findings of a kind are told. FG_OK when everything could be looked at, whatever was found; a
 * file that cannot be read as a database is a finding too. The statement's deadline bounds each look. */
enum fg_err fg_sql_check(struct fg_sql *sql, const struct fg_sql_migration *migrations, size_t count,
                         fg_sql_check_report report, void *context, bool *ret_indices_checked,
                         struct fg_error *error);

#endif
