/* One SQL database behind one interface: SQLite (embedded default) or PostgreSQL (libpq).
 *
 * Statements are written once, in the SQL that both understand, with parameters $1, $2, ... (used in any
 * order, as often as needed). Types are 64-bit integers, texts (UTF-8) and byte strings; BIGINT, TEXT, and
 * the word BYTES, which each back end turns into its own type (BLOB, BYTEA) in migrations. Where the order of
 * texts must be that of their bytes, statements and migrations say COLLATE "C"; SQLite, which knows no other
 * order, does not get to see it. Migrations are
 * numbered, forward only, and all that a database is short of run in one transaction together with their
 * numbers' entries in table schema_version.
 *
 * Not: what the tables mean (host/bureau, host/station). Relies on: SQLite, libpq. A database object belongs
 * to one thread at a time; open several for several threads. No statement waits longer than the settings'
 * deadline. */
#ifndef FG_HOST_SQL_SQL_H
#define FG_HOST_SQL_SQL_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FG_SQL_PARAMETERS_MAX 64

struct fg_sql;
struct fg_sql_statement;

struct fg_sql_settings {
    /* "sqlite:PATH" or "postgresql://..." (a libpq URI; the password comes from ~/.pgpass or PGPASSFILE,
     * never from here). */
    const char *url;
    const char *sqlite_vfs; /* NULL = SQLite's default; tests give their own */
    uint32_t deadline_ms;   /* of one statement, and of waiting for a lock */
};

/* Opens (SQLite: WAL, synchronous=FULL, foreign keys on; creates the file with mode 0600). FG_E_IO, FG_E_ARG,
 * FG_E_TIMEOUT; the text never shows a password. */
enum fg_err fg_sql_open(const struct fg_sql_settings *settings, struct fg_sql **ret_sql,
                        struct fg_error *error);
void fg_sql_close(struct fg_sql *sql); /* may be NULL; an open transaction is rolled back */

/* Breaks off the statement that another thread runs on this object, if the back end can (SQLite does; in
 * PostgreSQL the deadline ends it). Any thread, while the object is open. */
void fg_sql_interrupt(struct fg_sql *sql);

/* "sqlite" or "postgresql". */
const char *fg_sql_kind(const struct fg_sql *sql);

/* One migration: SQL text with statements ended by ';', then what SQL cannot say, in the same transaction. */
struct fg_sql_migration {
    uint32_t number; /* rising from 1 without gaps */
    const char *name;
    const char *text;
    enum fg_err (*work)(struct fg_sql *sql, struct fg_error *error); /* NULL: the text is all */
    /* What reads tables as the program now knows them, and so needs all later migrations too: called once
     * they were applied, in the same transaction. NULL: nothing. */
    enum fg_err (*finish)(struct fg_sql *sql, struct fg_error *error);
};
/* Brings the schema up to the last migration. FG_E_STATE when the database is newer than this program or a
 * number's name differs from what was applied. *ret_applied may be NULL. */
enum fg_err fg_sql_migrate(struct fg_sql *sql, const struct fg_sql_migration *migrations, size_t count,
                           uint32_t *ret_applied, struct fg_error *error);

/* Transactions do not nest. A lost connection or a serialisation failure gives FG_E_BUSY or FG_E_GONE; then
 * nothing was done and the caller may begin anew (a gone connection is opened again by the next begin).
 * Commit returns FG_OK only when everything is durable. */
enum fg_err fg_sql_begin(struct fg_sql *sql, struct fg_error *error);
enum fg_err fg_sql_commit(struct fg_sql *sql, struct fg_error *error);
void fg_sql_rollback(struct fg_sql *sql); /* no effect without a transaction */

/* A transaction that only reads, and sees the database as it was when its first statement began, however long
 * it takes and whatever others write meanwhile. Writers do not wait for it. Ended by commit or rollback. */
enum fg_err fg_sql_begin_snapshot(struct fg_sql *sql, struct fg_error *error);
bool fg_sql_in_transaction(const struct fg_sql *sql);

/* What goes along with a database object: something that is told when a transaction ends. before_commit runs
 * inside it and may write; its failure makes the commit fail and rolls back. ended: it was committed or
 * rolled back. release: the object is closed. One companion an object. */
struct fg_sql_companion {
    void *object;
    enum fg_err (*before_commit)(void *object, struct fg_sql *sql, struct fg_error *error);
    void (*ended)(void *object);
    void (*release)(void *object);
};
void fg_sql_accompany(struct fg_sql *sql, const struct fg_sql_companion *companion);
void *fg_sql_companion(const struct fg_sql *sql); /* the companion's object; NULL without one */

/* Prepares a statement, or finds the one that was prepared from the same text, reset and with no parameter
 * bound. It belongs to sql. At most 256 different texts a database object. */
enum fg_err fg_sql_prepare(struct fg_sql *sql, const char *text, struct fg_sql_statement **ret_statement,
                           struct fg_error *error);

/* Parameters by number from 1. Bound memory must stay until the statement has run (fg_sql_next returned) or
 * is reset. Out-of-range numbers are a programmer's error. */
void fg_sql_bind_int(struct fg_sql_statement *statement, unsigned number, int64_t value);
void fg_sql_bind_text(struct fg_sql_statement *statement, unsigned number, const char *text);
void fg_sql_bind_bytes(struct fg_sql_statement *statement, unsigned number, const void *bytes, size_t length);
void fg_sql_bind_null(struct fg_sql_statement *statement, unsigned number);

/* Runs the statement if it is not running, and steps to the next row. FG_OK: a row is there; FG_E_NOT_FOUND:
 * no (further) row, the statement is done and reset; FG_E_EXISTS: a unique key is taken; FG_E_FULL: disk
 * full; others. Rows come in pieces, so that a large result needs no large memory. Only one statement of a
 * PostgreSQL connection may be between rows at a time: finish or reset it before the next (FG_E_STATE else).
 */
enum fg_err fg_sql_next(struct fg_sql_statement *statement, struct fg_error *error);
/* Ends a statement early. */
void fg_sql_reset(struct fg_sql_statement *statement);

/* Columns of the present row, from 0. Texts and bytes stay until the next call of next or reset. NULL gives
 * 0,
 * "" or length 0. */
int64_t fg_sql_int(const struct fg_sql_statement *statement, unsigned column);
const char *fg_sql_text(const struct fg_sql_statement *statement, unsigned column);
const uint8_t *fg_sql_bytes(const struct fg_sql_statement *statement, unsigned column, size_t *ret_length);
bool fg_sql_is_null(const struct fg_sql_statement *statement, unsigned column);

/* Runs a statement that gives no row, or whose rows do not matter. *ret_changed (may be NULL) = rows
 * changed. */
enum fg_err fg_sql_run(struct fg_sql_statement *statement, int64_t *ret_changed, struct fg_error *error);

/* The one number that a query without parameters gives (a count, a sum, a newest one). Errors as of
 * fg_sql_prepare and fg_sql_next. */
enum fg_err fg_sql_number(struct fg_sql *sql, const char *text, int64_t *ret_number, struct fg_error *error);

/* Many rows into one table as fast as the back end can, inside the caller's transaction: prepared inserts in
 * SQLite, COPY in PostgreSQL. A row that violates a key makes the whole of it fail (FG_E_EXISTS, at the
 * latest in finish) and the transaction must be rolled back. columns: "controller, sequence, bytes". */
struct fg_sql_bulk;
enum fg_err fg_sql_bulk_start(struct fg_sql *sql, const char *table, const char *columns,
                              struct fg_sql_bulk **ret_bulk, struct fg_error *error);
struct fg_sql_value {
    enum { FG_SQL_NULL, FG_SQL_INT, FG_SQL_TEXT, FG_SQL_BYTES } type;
    int64_t number;
    const void *bytes; /* TEXT: NUL-terminated */
    size_t length;     /* BYTES only */
};
enum fg_err fg_sql_bulk_add(struct fg_sql_bulk *bulk, const struct fg_sql_value *values, size_t count,
                            struct fg_error *error);
/* Ends and frees, also after an error. */
enum fg_err fg_sql_bulk_finish(struct fg_sql_bulk *bulk, struct fg_error *error);

#endif
