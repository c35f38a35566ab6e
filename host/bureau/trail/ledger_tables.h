/* The tables of the ledger: which rows stand in the trail, by which key, and which of their columns.
 *
 * Private to the ledger (ledger.h). Not: any statement that changes them. Relies on: host/sql,
 * lib/crypto/sign.h.
 */
#ifndef FG_HOST_BUREAU_TRAIL_LEDGER_TABLES_H
#define FG_HOST_BUREAU_TRAIL_LEDGER_TABLES_H

#include "host/bureau/trail/ledger.h"
#include "lib/domain/types.h"

#define FG_LEDGER_COLUMNS_MAX 32
#define FG_LEDGER_TEXT_MAX 2048
#define FG_LEDGER_SELECT_MAX (FG_LEDGER_TEXT_MAX + 512)

enum fg_ledger_type { FG_LEDGER_TEXT, FG_LEDGER_INT, FG_LEDGER_BYTES };

struct fg_ledger_column {
    const char *name; /* NULL ends the list */
    enum fg_ledger_type type;
};

struct fg_ledger_table {
    const char *name;
    size_t key_count; /* the first columns are the key */
    struct fg_ledger_column columns[FG_LEDGER_COLUMNS_MAX];
};

extern const struct fg_ledger_table fg_ledger_tables[];
extern const size_t fg_ledger_table_count;

/* NULL: it is none of the ledger's. */
const struct fg_ledger_table *fg_ledger_table_find(const char *name);

/* "a, b, c" of all columns. */
void fg_ledger_columns_text(const struct fg_ledger_table *table, char ret_text[FG_LEDGER_TEXT_MAX]);
/* A key column of the row as text in SQL: what stands in trail_row. "''" beyond the key. */
void fg_ledger_key_text(struct fg_sql *sql, const struct fg_ledger_table *table, size_t place,
                        char ret_text[128]);

/* "SELECT a, b, c, k1, k2, k3" to which a FROM is added: all columns, and the key as trail_row has it, whose
 * parts are in ret_keys too. Returns how many columns come before the key. */
unsigned fg_ledger_select_text(struct fg_sql *sql, const struct fg_ledger_table *table,
                               char ret_keys[FG_LEDGER_KEYS_MAX][128], char ret_text[FG_LEDGER_SELECT_MAX]);

/* The digest of the present row, whose first columns are the table's in order. */
void fg_ledger_digest(const struct fg_ledger_table *table, const struct fg_sql_statement *row,
                      struct fg_digest *ret_digest);

#endif
