/* Implementation of verifying the ledger (ledger_verify.h). */
#include "host/bureau/trail/ledger_verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/trail/ledger_rows.h"
#include "host/bureau/trail/ledger_tables.h"

#define TOLD_MAX 20
#define TEXT_BYTES 256
#define KEY_SHOWN 120

struct verify {
    struct fg_sql *sql;
    fg_ledger_found found;
    void *context;
    struct fg_error *error;
    unsigned told; /* of the present kind and table */
};

static void find(struct verify *verify, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void find(struct verify *verify, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;

    if (verify->told++ >= TOLD_MAX)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    verify->found(verify->context, text);
}

/* "alarm 11 S1 3" from three columns. */
static void key_write(const struct fg_sql_statement *row, const char *table, unsigned first,
                      char ret_text[KEY_SHOWN])
{
    size_t used = (size_t)snprintf(ret_text, KEY_SHOWN, "%.24s", table);

    for (unsigned i = first; i < first + FG_LEDGER_KEYS_MAX && used < KEY_SHOWN; i++) {
        const char *key = fg_sql_text(row, i);

        if (key[0] != '\0')
            used += (size_t)snprintf(ret_text + used, KEY_SHOWN - used, " %s", key);
    }
}

/* ---- records and the rows that they cover ---- */

/* One record being gathered from its rows. */
struct gathered {
    uint64_t number; /* 0 = none */
    uint64_t rows;
    bool in_order;
    char detail[FG_LEDGER_DETAIL_BYTES];
    struct fg_sha256_stream stream;
};

static void gathered_end(struct verify *verify, struct gathered *gathered)
{
    char detail[FG_LEDGER_DETAIL_BYTES];

    if (gathered->number == 0)
        return;
    fg_ledger_detail(&gathered->stream, gathered->rows, detail);
    if (gathered->detail[0] == '\0')
        find(verify, "trail_row: rows of record %" PRIu64 ", which the trail does not have",
             gathered->number);
    else if (!gathered->in_order || strcmp(detail, gathered->detail) != 0)
        find(verify, "trail_row: the rows of record %" PRIu64 " were edited, deleted or added to",
             gathered->number);
}

static void gathered_take(struct verify *verify, struct gathered *gathered,
                          const struct fg_sql_statement *row)
{
    uint64_t number = (uint64_t)fg_sql_int(row, 0);
    struct fg_ledger_record start;
    struct fg_digest was;
    struct fg_digest becomes;
    struct fg_ledger_change change = {
        .table = fg_sql_text(row, 2),
        .keys = {fg_sql_text(row, 3), fg_sql_text(row, 4), fg_sql_text(row, 5)}};
    size_t length = 0;
    const uint8_t *bytes;

    if (number != gathered->number) {
        gathered_end(verify, gathered);
        fg_ledger_record_start(&start, "");
        *gathered = (struct gathered){.number = number, .in_order = true, .stream = start.stream};
        (void)snprintf(gathered->detail, sizeof(gathered->detail), "%s", fg_sql_text(row, 8));
    }
    bytes = fg_sql_bytes(row, 6, &length);
    gathered->in_order = gathered->in_order && (uint64_t)fg_sql_int(row, 1) == gathered->rows &&
                         (length == 0 || length == sizeof(was.bytes));
    if (length == sizeof(was.bytes)) {
        memcpy(was.bytes, bytes, length);
        change.before = &was;
    }
    bytes = fg_sql_bytes(row, 7, &length);
    gathered->in_order = gathered->in_order && (length == 0 || length == sizeof(was.bytes));
    if (length == sizeof(becomes.bytes)) {
        memcpy(becomes.bytes, bytes, length);
        change.after = &becomes;
    }
    fg_ledger_change_hash(&gathered->stream, &change);
    gathered->rows++;
}

static enum fg_err records_check(struct verify *verify)
{
    struct gathered gathered = {.number = 0};
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(verify->sql,
                       "SELECT r.number, r.place, r.tab, r.k1, r.k2, r.k3, r.was, r.becomes, "
                       "COALESCE(t.detail, '') FROM trail_row r "
                       "LEFT JOIN trail t ON t.number = r.number AND t.action = '" FG_LEDGER_ACTION
                       "' ORDER BY r.number, r.place",
                       &statement, verify->error);

    verify->told = 0;
    if (result != FG_OK)
        return result;
    while ((result = fg_sql_next(statement, verify->error)) == FG_OK)
        gathered_take(verify, &gathered, statement);
    fg_sql_reset(statement);
    gathered_end(verify, &gathered);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* Tells each row of a query by a text with one number, the query's first column. */
static enum fg_err numbers_tell(struct verify *verify, const char *query, const char *before,
                                const char *after)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(verify->sql, query, &statement, verify->error);

    verify->told = 0;
    if (result != FG_OK)
        return result;
    while (verify->told < TOLD_MAX && (result = fg_sql_next(statement, verify->error)) == FG_OK)
        find(verify, "%s%" PRId64 "%s", before, fg_sql_int(statement, 0), after);
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* Each change begins where the one before ended, or somebody changed the row in between. */
static enum fg_err steps_check(struct verify *verify)
{
    struct fg_sql_statement *statement;
    char key[KEY_SHOWN];
    enum fg_err result = fg_sql_prepare(verify->sql,
                                        "SELECT tab, k1, k2, k3, number FROM (SELECT tab, k1, k2, k3, "
                                        "number, was, LAG(becomes) OVER (PARTITION BY "
                                        "tab, k1, k2, k3 ORDER BY number) AS left_as FROM trail_row) s WHERE "
                                        "(left_as IS NOT NULL AND was <> left_as) "
                                        "OR (left_as IS NULL AND length(was) > 0) ORDER BY number",
                                        &statement, verify->error);

    verify->told = 0;
    if (result != FG_OK)
        return result;
    while (verify->told < TOLD_MAX && (result = fg_sql_next(statement, verify->error)) == FG_OK) {
        key_write(statement, fg_sql_text(statement, 0), 1, key);
        find(verify, "%s: it was changed past the program before the trail's record %" PRId64, key,
             fg_sql_int(statement, 4));
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- the tables ---- */

/* Columns: the table's, its key as text, the newest change's digest and number. Returns how many rows are
 * known. */
static void row_check(struct verify *verify, const struct fg_ledger_table *table, unsigned columns,
                      const struct fg_sql_statement *row, uint64_t *known)
{
    struct fg_digest digest;
    char key[KEY_SHOWN];
    size_t length = 0;
    const uint8_t *kept = fg_sql_bytes(row, columns + FG_LEDGER_KEYS_MAX, &length);
    bool same;

    fg_ledger_digest(table, row, &digest);
    same = length == sizeof(digest.bytes) && memcmp(kept, digest.bytes, length) == 0;
    *known += length > 0;
    if (same)
        return;
    key_write(row, table->name, columns, key);
    if (fg_sql_is_null(row, columns + FG_LEDGER_KEYS_MAX))
        find(verify, "%s: it was added past the program: the trail knows nothing of it", key);
    else if (length == 0)
        find(verify, "%s: it was put back: the trail's record %" PRId64 " knows that it was deleted", key,
             fg_sql_int(row, columns + FG_LEDGER_KEYS_MAX + 1));
    else
        find(verify, "%s: it was edited: the trail's record %" PRId64 " knows it otherwise", key,
             fg_sql_int(row, columns + FG_LEDGER_KEYS_MAX + 1));
}

#define NEWEST(what)                                                                                         \
    "(SELECT r." what                                                                                        \
    " FROM trail_row r WHERE r.tab = '%s' AND r.k1 = %s AND r.k2 = %s AND r.k3 = %s ORDER BY "               \
    "r.number DESC LIMIT 1)"

static enum fg_err rows_check(struct verify *verify, const struct fg_ledger_table *table, uint64_t *ret_known)
{
    char text[FG_LEDGER_SELECT_MAX + 2048];
    char keys[FG_LEDGER_KEYS_MAX][128];
    struct fg_sql_statement *statement;
    unsigned columns = fg_ledger_select_text(verify->sql, table, keys, text);
    size_t used = strlen(text);
    enum fg_err result;

    (void)snprintf(text + used, sizeof(text) - used, ", " NEWEST("becomes") ", " NEWEST("number") " FROM %s",
                   table->name, keys[0], keys[1], keys[2], table->name, keys[0], keys[1], keys[2],
                   table->name);
    result = fg_sql_prepare(verify->sql, text, &statement, verify->error);
    *ret_known = 0;
    if (result != FG_OK)
        return result;
    while ((result = fg_sql_next(statement, verify->error)) == FG_OK)
        row_check(verify, table, columns, statement, ret_known);
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* Newest changes that leave a row. */
#define LIVING                                                                                               \
    "FROM trail_row r WHERE r.tab = '%s' AND length(r.becomes) > 0 AND NOT EXISTS (SELECT 1 FROM trail_row " \
    "l WHERE "                                                                                               \
    "l.tab = r.tab AND l.k1 = r.k1 AND l.k2 = r.k2 AND l.k3 = r.k3 AND l.number > r.number)"

static enum fg_err living_count(struct verify *verify, const struct fg_ledger_table *table,
                                uint64_t *ret_count)
{
    char text[1024];
    int64_t count = 0;
    enum fg_err result;

    (void)snprintf(text, sizeof(text), "SELECT COUNT(*) " LIVING, table->name);
    result = fg_sql_number(verify->sql, text, &count, verify->error);
    if (result == FG_OK)
        *ret_count = (uint64_t)count;
    return result;
}

/* Only asked when a count says that some are gone: the comparison goes through the table for each. */
static enum fg_err gone_tell(struct verify *verify, const struct fg_ledger_table *table)
{
    char text[1536];
    char keys[FG_LEDGER_KEYS_MAX][128];
    char key[KEY_SHOWN];
    struct fg_sql_statement *statement;
    enum fg_err result;

    for (size_t i = 0; i < FG_LEDGER_KEYS_MAX; i++)
        fg_ledger_key_text(verify->sql, table, i, keys[i]);
    (void)snprintf(
        text, sizeof(text),
        "SELECT r.number, r.k1, r.k2, r.k3 " LIVING
        " AND NOT EXISTS (SELECT 1 FROM %s WHERE %s = r.k1 AND %s = r.k2 AND %s = r.k3) ORDER BY r.number",
        table->name, table->name, keys[0], keys[1], keys[2]);
    result = fg_sql_prepare(verify->sql, text, &statement, verify->error);
    if (result != FG_OK)
        return result;
    while (verify->told < TOLD_MAX && (result = fg_sql_next(statement, verify->error)) == FG_OK) {
        key_write(statement, table->name, 1, key);
        find(verify, "%s: it was deleted past the program: the trail's record %" PRId64 " knows it", key,
             fg_sql_int(statement, 0));
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err table_check(struct verify *verify, const struct fg_ledger_table *table)
{
    uint64_t known = 0;
    uint64_t living = 0;
    enum fg_err result;

    verify->told = 0;
    result = rows_check(verify, table, &known);
    if (result == FG_OK)
        result = living_count(verify, table, &living);
    return result == FG_OK && living > known ? gone_tell(verify, table) : result;
}

enum fg_err fg_ledger_verify(struct fg_sql *sql, fg_ledger_found found, void *context, struct fg_error *error)
{
    struct verify verify = {.sql = sql, .found = found, .context = context, .error = error};
    enum fg_err result = records_check(&verify);

    if (result == FG_OK)
        result = numbers_tell(
            &verify,
            "SELECT t.number FROM trail t WHERE t.action = '" FG_LEDGER_ACTION
            "' AND NOT EXISTS (SELECT 1 FROM trail_row r WHERE r.number = t.number) ORDER BY t.number",
            "trail_row: the rows of record ", " are gone");
    if (result == FG_OK)
        result = steps_check(&verify);
    for (size_t i = 0; result == FG_OK && i < fg_ledger_table_count; i++)
        result = table_check(&verify, &fg_ledger_tables[i]);
    return result;
}
