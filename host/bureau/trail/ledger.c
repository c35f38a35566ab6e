/* Implementation of the ledger (ledger.h): the rows touched in one transaction, and their record at its end.
 */
#include "host/bureau/trail/ledger.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/bureau/trail/ledger_rows.h"
#include "host/bureau/trail/ledger_tables.h"
#include "host/bureau/trail/trail.h"

#define SEAL_ROWS 10000 /* more in one transaction are put down in several records */
#define BUCKETS 4096

/* One row touched, and what it was before. */
struct touched {
    const struct fg_ledger_table *table;
    char *keys[FG_LEDGER_KEYS_MAX]; /* in one piece of memory, keys[0] owns it */
    struct fg_digest before;
    bool existed;
};

/* What a database object's open transaction has touched so far. */
struct ledger {
    struct touched *rows;
    size_t count;
    size_t capacity;
    size_t buckets[BUCKETS]; /* place of the newest, 0 = none */
    size_t *chain;           /* of each row: the place after it in its bucket */
    char who[FG_NAME_MAX + 1];
};

static void ledger_clear(void *object)
{
    struct ledger *ledger = object;

    for (size_t i = 0; i < ledger->count; i++)
        free(ledger->rows[i].keys[0]);
    ledger->count = 0;
    ledger->who[0] = '\0';
    memset(ledger->buckets, 0, sizeof(ledger->buckets));
}

static void ledger_release(void *object)
{
    struct ledger *ledger = object;

    ledger_clear(ledger);
    free(ledger->rows);
    free(ledger->chain);
    free(ledger);
}

static enum fg_err ledger_seal(void *object, struct fg_sql *sql, struct fg_error *error);

static enum fg_err ledger_of(struct fg_sql *sql, struct ledger **ret_ledger, struct fg_error *error)
{
    struct ledger *ledger = fg_sql_companion(sql);

    if (!fg_sql_in_transaction(sql))
        return fg_fail(error, FG_E_STATE, "ledger: a change of a row needs a transaction");
    if (ledger == NULL) {
        ledger = calloc(1, sizeof(*ledger));
        if (ledger == NULL)
            return fg_fail(error, FG_E_MEMORY, "ledger: no memory");
        fg_sql_accompany(sql, &(struct fg_sql_companion){ledger, ledger_seal, ledger_clear, ledger_release});
    }
    *ret_ledger = ledger;
    return FG_OK;
}

/* ---- the set of rows ---- */

static size_t bucket_of(const struct fg_ledger_row *row)
{
    uint32_t hash = 2166136261U;

    for (const char *at = row->table; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619U;
    for (size_t i = 0; i < FG_LEDGER_KEYS_MAX && row->keys[i] != NULL; i++) {
        for (const char *at = row->keys[i]; *at != '\0'; at++)
            hash = (hash ^ (uint8_t)*at) * 16777619U;
    }
    return hash % BUCKETS;
}

static bool is_same(const struct touched *touched, const struct fg_ledger_row *row)
{
    bool same = strcmp(touched->table->name, row->table) == 0;

    for (size_t i = 0; same && i < touched->table->key_count; i++)
        same = strcmp(touched->keys[i], row->keys[i]) == 0;
    return same;
}

static bool is_touched(const struct ledger *ledger, const struct fg_ledger_row *row)
{
    for (size_t place = ledger->buckets[bucket_of(row)]; place != 0; place = ledger->chain[place - 1]) {
        if (is_same(&ledger->rows[place - 1], row))
            return true;
    }
    return false;
}

static enum fg_err room_make(struct ledger *ledger, struct fg_error *error)
{
    size_t capacity = ledger->capacity == 0 ? 16 : ledger->capacity * 2;
    struct touched *rows;
    size_t *chain;

    if (ledger->count < ledger->capacity)
        return FG_OK;
    rows = realloc(ledger->rows, capacity * sizeof(*rows));
    if (rows == NULL)
        return fg_fail(error, FG_E_MEMORY, "ledger: no memory");
    ledger->rows = rows;
    chain = realloc(ledger->chain, capacity * sizeof(*chain));
    if (chain == NULL)
        return fg_fail(error, FG_E_MEMORY, "ledger: no memory");
    ledger->chain = chain;
    ledger->capacity = capacity;
    return FG_OK;
}

static enum fg_err row_add(struct ledger *ledger, const struct fg_ledger_table *table,
                           const struct fg_ledger_row *row, const struct fg_digest *before,
                           struct fg_error *error)
{
    size_t bucket = bucket_of(row);
    size_t bytes = 0;
    struct touched touched = {.table = table, .existed = before != NULL};
    char *memory;
    enum fg_err result = room_make(ledger, error);

    if (result != FG_OK)
        return result;
    for (size_t i = 0; i < table->key_count; i++)
        bytes += strlen(row->keys[i]) + 1;
    memory = malloc(bytes);
    if (memory == NULL)
        return fg_fail(error, FG_E_MEMORY, "ledger: no memory");
    for (size_t i = 0; i < table->key_count; i++) {
        touched.keys[i] = memcpy(memory, row->keys[i], strlen(row->keys[i]) + 1);
        memory += strlen(row->keys[i]) + 1;
    }
    if (before != NULL)
        touched.before = *before;
    ledger->rows[ledger->count] = touched;
    ledger->chain[ledger->count] = ledger->buckets[bucket];
    ledger->buckets[bucket] = ++ledger->count;
    return FG_OK;
}

/* ---- rows as they are ---- */

static int hex_value(char digit)
{
    return digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : 0;
}

/* Key columns hold at most so many bytes. */
#define KEY_BYTES 64

static void key_bind(struct fg_sql_statement *statement, unsigned number, enum fg_ledger_type type,
                     const char *text, uint8_t bytes[KEY_BYTES])
{
    size_t length = 0;

    switch (type) {
    case FG_LEDGER_INT:
        fg_sql_bind_int(statement, number, strtoll(text, NULL, 10));
        break;
    case FG_LEDGER_TEXT:
        fg_sql_bind_text(statement, number, text);
        break;
    default:
        for (; text[2 * length] != '\0' && length < KEY_BYTES; length++)
            bytes[length] = (uint8_t)(hex_value(text[2 * length]) << 4 | hex_value(text[2 * length + 1]));
        fg_sql_bind_bytes(statement, number, bytes, length);
        break;
    }
}

/* FG_E_NOT_FOUND: there is no such row. With `lock` nobody else changes it until this transaction ends. */
static enum fg_err row_digest(struct fg_sql *sql, const struct fg_ledger_table *table,
                              const char *const keys[FG_LEDGER_KEYS_MAX], bool lock,
                              struct fg_digest *ret_digest, struct fg_error *error)
{
    bool postgres = strcmp(fg_sql_kind(sql), "postgresql") == 0;
    char text[FG_LEDGER_TEXT_MAX + 512] = "SELECT ";
    uint8_t bytes[FG_LEDGER_KEYS_MAX][KEY_BYTES];
    struct fg_sql_statement *statement;
    size_t used = strlen(text);
    enum fg_err result;

    fg_ledger_columns_text(table, text + used);
    used = strlen(text);
    used += (size_t)snprintf(text + used, sizeof(text) - used, " FROM %s WHERE ", table->name);
    for (size_t i = 0; i < table->key_count; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s = $%zu", i > 0 ? " AND " : "",
                                 table->columns[i].name, i + 1);
    if (lock && postgres)
        (void)snprintf(text + used, sizeof(text) - used, " FOR UPDATE");
    result = fg_sql_prepare(sql, text, &statement, error);
    if (result != FG_OK)
        return result;
    for (size_t i = 0; i < table->key_count; i++)
        key_bind(statement, (unsigned)i + 1, table->columns[i].type, keys[i], bytes[i]);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        fg_ledger_digest(table, statement, ret_digest);
    fg_sql_reset(statement);
    return result;
}

/* ---- the record at the end ---- */

/* Each row as it is now; those that are as they were are passed over. */
static enum fg_err rows_seal(struct fg_sql *sql, struct ledger *ledger, struct fg_ledger_record *record,
                             struct fg_error *error)
{
    enum fg_err result = FG_OK;

    for (size_t i = 0; result == FG_OK && i < ledger->count; i++) {
        const struct touched *touched = &ledger->rows[i];
        struct fg_ledger_change change = {.table = touched->table->name,
                                          .before = touched->existed ? &touched->before : NULL};
        struct fg_digest after;

        for (size_t k = 0; k < FG_LEDGER_KEYS_MAX; k++)
            change.keys[k] = k < touched->table->key_count ? touched->keys[k] : "";
        result = row_digest(sql, touched->table, (const char *const *)touched->keys, false, &after, error);
        if (result == FG_OK)
            change.after = &after;
        if (result == FG_E_NOT_FOUND)
            result = FG_OK;
        if (result != FG_OK || (change.after == NULL && !touched->existed) ||
            (change.after != NULL && touched->existed &&
             memcmp(after.bytes, touched->before.bytes, sizeof(after.bytes)) == 0))
            continue;
        result = fg_ledger_record_add(sql, record, &change, error);
    }
    return result;
}

static enum fg_err ledger_seal(void *object, struct fg_sql *sql, struct fg_error *error)
{
    struct ledger *ledger = object;
    struct fg_ledger_record record;
    enum fg_err result;

    if (ledger->count == 0)
        return FG_OK;
    fg_ledger_record_start(&record, ledger->who);
    result = rows_seal(sql, ledger, &record, error);
    if (result == FG_OK)
        result = fg_ledger_record_end(sql, &record, error);
    ledger_clear(ledger);
    return result;
}

/* ---- what callers say ---- */

static enum fg_err note(struct fg_sql *sql, const struct fg_ledger_row *row, const char *who, bool is_new,
                        struct fg_error *error)
{
    const struct fg_ledger_table *table = fg_ledger_table_find(row->table);
    struct ledger *ledger = NULL;
    struct fg_digest before;
    enum fg_err result = ledger_of(sql, &ledger, error);

    assert(table != NULL);
    if (result != FG_OK || is_touched(ledger, row))
        return result;
    if (ledger->count >= SEAL_ROWS) {
        result = ledger_seal(ledger, sql, error);
        if (result != FG_OK)
            return result;
    }
    if (ledger->who[0] == '\0')
        (void)snprintf(ledger->who, sizeof(ledger->who), "%s", who);
    if (is_new)
        return row_add(ledger, table, row, NULL, error);
    result = row_digest(sql, table, row->keys, true, &before, error);
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    return row_add(ledger, table, row, result == FG_OK ? &before : NULL, error);
}

enum fg_err fg_ledger_touch(struct fg_sql *sql, const struct fg_ledger_row *row, const char *who,
                            struct fg_error *error)
{
    return note(sql, row, who, false, error);
}

enum fg_err fg_ledger_added(struct fg_sql *sql, const struct fg_ledger_row *row, const char *who,
                            struct fg_error *error)
{
    return note(sql, row, who, true, error);
}

static enum fg_err note_number(struct fg_sql *sql, const char *table, const char *key, int64_t number,
                               const char *who, bool is_new, struct fg_error *error)
{
    char text[24];
    struct fg_ledger_row row = {table, {key, text, NULL}};

    (void)snprintf(text, sizeof(text), "%" PRId64, number);
    if (key == NULL)
        row = (struct fg_ledger_row){table, {text, NULL, NULL}};
    return note(sql, &row, who, is_new, error);
}

enum fg_err fg_ledger_touch_number(struct fg_sql *sql, const char *table, const char *key, int64_t number,
                                   const char *who, struct fg_error *error)
{
    return note_number(sql, table, key, number, who, false, error);
}

enum fg_err fg_ledger_added_number(struct fg_sql *sql, const char *table, const char *key, int64_t number,
                                   const char *who, struct fg_error *error)
{
    return note_number(sql, table, key, number, who, true, error);
}

enum fg_err fg_ledger_insert_run(struct fg_sql_statement *statement, struct fg_sql *sql, const char *table,
                                 const char *key, const char *second, const char *who, struct fg_error *error)
{
    char number[24];
    enum fg_err result = fg_sql_next(statement, error);

    if (result != FG_OK)
        return result == FG_E_NOT_FOUND ? fg_fail(error, FG_E_CORRUPT, "%s: no row was added", table)
                                        : result;
    (void)snprintf(number, sizeof(number), "%" PRId64, fg_sql_int(statement, 0));
    fg_sql_reset(statement);
    return second != NULL ? note(sql, &(struct fg_ledger_row){table, {key, second, number}}, who, true, error)
                          : note(sql, &(struct fg_ledger_row){table, {key, number, NULL}}, who, true, error);
}

const char *fg_ledger_hex(const void *bytes, size_t length, char ret_text[FG_LEDGER_HEX_BYTES])
{
    const uint8_t *from = bytes;

    assert(2 * length < FG_LEDGER_HEX_BYTES);
    ret_text[0] = '\0';
    for (size_t i = 0; i < length; i++)
        (void)snprintf(ret_text + 2 * i, 3, "%02x", from[i]);
    return ret_text;
}
