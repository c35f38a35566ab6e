/* The ledger: every row that people's work at the bureau rests on stands in the trail, with a digest of what
 * it was before and after each change.
 *
 * Whoever changes such a row says so first (fg_ledger_touch), or right after adding one (fg_ledger_added),
 * inside the transaction of the change. When the transaction commits, the rows are read again and one record
 * of the trail is appended for all of them: action ROWS, whose detail holds their number and one digest over
 * (table, key, before, after) of each; table trail_row keeps these. So a row that is edited, deleted, added
 * or put back past the program is one that the trail knows otherwise (ledger_verify.h), and the trail itself
 * is chained, signed, and known outside of the house.
 *
 * A digest covers a row's columns by name, without those that are 0 or empty: a column that comes later
 * changes none. Columns that every sign-in moves are left out (ledger_tables.c). Not: who may change what;
 * the journals, which prove themselves. Relies on: trail.h, host/sql. One database object, one thread. */
#ifndef FG_HOST_BUREAU_TRAIL_LEDGER_H
#define FG_HOST_BUREAU_TRAIL_LEDGER_H

#include "host/sql/sql.h"
#include "lib/base/err.h"

#define FG_LEDGER_ACTION "ROWS"
#define FG_LEDGER_KEYS_MAX 3

/* A row: its table, and its key columns in the order of the table's primary key, numbers in decimal, bytes in
 * lower-case hexadecimal; NULL where there is none. */
struct fg_ledger_row {
    const char *table;
    const char *keys[FG_LEDGER_KEYS_MAX];
};

/* Before a change: reads what the row is now, if it is there, and locks it. A second call in the same
 * transaction does nothing. who (may be "") stands in the trail's record. FG_E_STATE without a transaction.
 */
enum fg_err fg_ledger_touch(struct fg_sql *sql, const struct fg_ledger_row *row, const char *who,
                            struct fg_error *error);
/* After adding a row that was not there. */
enum fg_err fg_ledger_added(struct fg_sql *sql, const struct fg_ledger_row *row, const char *who,
                            struct fg_error *error);
/* The same for a key that ends in a number. */
enum fg_err fg_ledger_touch_number(struct fg_sql *sql, const char *table, const char *key, int64_t number,
                                   const char *who, struct fg_error *error);
enum fg_err fg_ledger_added_number(struct fg_sql *sql, const char *table, const char *key, int64_t number,
                                   const char *who, struct fg_error *error);

/* Runs an INSERT that returns the new row's number, of a table whose key is (key, number), or (key, second,
 * number) when second is not NULL, and says that it was added. */
enum fg_err fg_ledger_insert_run(struct fg_sql_statement *statement, struct fg_sql *sql, const char *table,
                                 const char *key, const char *second, const char *who,
                                 struct fg_error *error);

/* For keys that are bytes: at most 32 of them as lower-case hexadecimal. */
#define FG_LEDGER_HEX_BYTES 65
const char *fg_ledger_hex(const void *bytes, size_t length, char ret_text[FG_LEDGER_HEX_BYTES]);

/* Takes every row that the trail does not know yet as it is, in one record: what was there before the ledger
 * was. Inside the caller's transaction. */
enum fg_err fg_ledger_adopt(struct fg_sql *sql, struct fg_error *error);
/* The same of one of the ledger's tables, for the migration that brings it. */
enum fg_err fg_ledger_adopt_table(struct fg_sql *sql, const char *table, struct fg_error *error);

#endif
