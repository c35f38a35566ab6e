/* Taking over what was there before the ledger (ledger.h: adopt): table by table, in pieces by key, so that
 * no statement is between rows while others run. */
#include "host/bureau/trail/ledger.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/trail/ledger_rows.h"
#include "host/bureau/trail/ledger_tables.h"

#define PIECE_ROWS 256
#define KEY_TEXT 256
#define WHO "fillgate-bureau"

struct found {
    char keys[FG_LEDGER_KEYS_MAX][KEY_TEXT];
    struct fg_digest digest;
};

struct piece {
    size_t count;
    struct found rows[PIECE_ROWS];
};

/* Rows of which the trail has no record, the first PIECE_ROWS of them: each is known once it was taken. */
static enum fg_err piece_read(struct fg_sql *sql, const struct fg_ledger_table *table, struct piece *piece,
                              struct fg_error *error)
{
    char text[FG_LEDGER_SELECT_MAX + 1024];
    char keys[FG_LEDGER_KEYS_MAX][128];
    struct fg_sql_statement *statement;
    unsigned column_count = fg_ledger_select_text(sql, table, keys, text);
    size_t used = strlen(text);
    enum fg_err result;

    (void)snprintf(text + used, sizeof(text) - used,
                   " FROM %s WHERE NOT EXISTS (SELECT 1 FROM trail_row r WHERE r.tab = '%s' AND r.k1 = "
                   "%s AND r.k2 = %s AND r.k3 = %s) LIMIT %d",
                   table->name, table->name, keys[0], keys[1], keys[2], PIECE_ROWS);
    result = fg_sql_prepare(sql, text, &statement, error);
    piece->count = 0;
    if (result != FG_OK)
        return result;
    while (piece->count < PIECE_ROWS && (result = fg_sql_next(statement, error)) == FG_OK) {
        struct found *row = &piece->rows[piece->count++];

        fg_ledger_digest(table, statement, &row->digest);
        for (unsigned i = 0; i < FG_LEDGER_KEYS_MAX; i++)
            (void)snprintf(row->keys[i], KEY_TEXT, "%s", fg_sql_text(statement, column_count + i));
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err table_adopt(struct fg_sql *sql, const struct fg_ledger_table *table,
                               struct fg_ledger_record *record, struct piece *piece, struct fg_error *error)
{
    enum fg_err result;

    do {
        result = piece_read(sql, table, piece, error);
        for (size_t i = 0; result == FG_OK && i < piece->count; i++) {
            const struct found *row = &piece->rows[i];
            struct fg_ledger_change change = {.table = table->name,
                                              .keys = {row->keys[0], row->keys[1], row->keys[2]},
                                              .after = &row->digest};

            result = fg_ledger_record_add(sql, record, &change, error);
        }
    } while (result == FG_OK && piece->count == PIECE_ROWS);
    return result;
}

static enum fg_err tables_adopt(struct fg_sql *sql, const struct fg_ledger_table *tables, size_t count,
                                struct fg_error *error)
{
    struct piece *piece = malloc(sizeof(*piece));
    struct fg_ledger_record record;
    enum fg_err result = piece == NULL ? fg_fail(error, FG_E_MEMORY, "ledger: no memory") : FG_OK;

    fg_ledger_record_start(&record, WHO);
    for (size_t i = 0; result == FG_OK && i < count; i++)
        result = table_adopt(sql, &tables[i], &record, piece, error);
    if (result == FG_OK)
        result = fg_ledger_record_end(sql, &record, error);
    free(piece);
    return result;
}

enum fg_err fg_ledger_adopt(struct fg_sql *sql, struct fg_error *error)
{
    return tables_adopt(sql, fg_ledger_tables, fg_ledger_table_count, error);
}

enum fg_err fg_ledger_adopt_table(struct fg_sql *sql, const char *table, struct fg_error *error)
{
    const struct fg_ledger_table *found = fg_ledger_table_find(table);

    assert(found != NULL);
    return tables_adopt(sql, found, 1, error);
}
