/* Implementation of sql_faults.h: a back end that stands between a database object and its own. */
#include "tests/lib/sql_faults.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/sql/private.h"
#include "tests/lib/check.h"

#define PIECES_MAX 2000

static struct {
    const struct fg_sql_backend *real;
    struct fg_sql_backend ours;
    unsigned done;
    unsigned first;
    unsigned count;
    enum fg_err code;
    void (*work)(void *context); /* NULL: the pieces fail */
    void *context;
    bool came;
} fault;

static bool fails(void)
{
    bool now = ++fault.done >= fault.first && fault.done < fault.first + fault.count;

    fault.came = fault.came || now;
    if (now && fault.work != NULL)
        fault.work(fault.context);
    return now && fault.work == NULL;
}

static enum fg_err fail(struct fg_error *error)
{
    return fg_fail(error, fault.code, "the test makes piece %u of the work fail", fault.done);
}

static enum fg_err begin(struct fg_sql *sql, struct fg_error *error)
{
    return fails() ? fail(error) : fault.real->begin(sql, error);
}

static enum fg_err begin_snapshot(struct fg_sql *sql, struct fg_error *error)
{
    return fails() ? fail(error) : fault.real->begin_snapshot(sql, error);
}

static enum fg_err commit(struct fg_sql *sql, struct fg_error *error)
{
    return fails() ? fail(error) : fault.real->commit(sql, error);
}

static enum fg_err prepare(struct fg_sql_statement *statement, struct fg_error *error)
{
    return fails() ? fail(error) : fault.real->prepare(statement, error);
}

static enum fg_err next(struct fg_sql_statement *statement, struct fg_error *error)
{
    return fails() ? fail(error) : fault.real->next(statement, error);
}

static void statements_forget(struct fg_sql *sql)
{
    for (size_t i = 0; i < sql->statement_count; i++) {
        sql->backend->forget(sql->statements[i]);
        free(sql->statements[i]->text);
        free(sql->statements[i]);
    }
    sql->statement_count = 0;
}

void fg_fault_at(struct fg_sql *sql, unsigned nth, unsigned count, enum fg_err code)
{
    CHECK(sql->backend == &fg_sql_backend_sqlite);
    statements_forget(sql);
    fault.real = sql->backend;
    fault.ours = *sql->backend;
    fault.ours.begin = begin;
    fault.ours.begin_snapshot = begin_snapshot;
    fault.ours.commit = commit;
    fault.ours.prepare = prepare;
    fault.ours.next = next;
    fault.done = 0;
    fault.first = nth;
    fault.count = count;
    fault.code = code;
    fault.work = NULL;
    fault.came = false;
    sql->backend = &fault.ours;
}

void fg_fault_meanwhile(struct fg_sql *sql, unsigned nth, void (*work)(void *context), void *context)
{
    fg_fault_at(sql, nth, 1, FG_OK);
    fault.work = work;
    fault.context = context;
}

struct fg_sql *fg_fault_other(const char *path)
{
    char url[300];
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 1};
    struct fg_sql *sql = NULL;
    struct fg_error error;

    (void)snprintf(url, sizeof(url), "sqlite:%s", path);
    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    return sql;
}

bool fg_fault_end(struct fg_sql *sql)
{
    sql->backend = fault.real;
    return fault.came;
}

/* ---- what the file holds ---- */

static uint64_t hash_add(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    return hash * UINT64_C(1099511628211) + length;
}

static uint64_t table_hash(sqlite3 *database, const char *table, uint64_t hash)
{
    sqlite3_stmt *rows = NULL;
    char *text = sqlite3_mprintf("SELECT * FROM \"%w\"", table);

    CHECK_INT(sqlite3_prepare_v2(database, text, -1, &rows, NULL), SQLITE_OK);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(rows); i++)
            hash = hash_add(hash, sqlite3_column_blob(rows, i), (size_t)sqlite3_column_bytes(rows, i));
    }
    CHECK_INT(sqlite3_finalize(rows), SQLITE_OK);
    sqlite3_free(text);
    return hash;
}

static uint64_t file_hash(const char *path)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *tables = NULL;
    uint64_t hash = 14695981039346656037U;

    if (path == NULL)
        return 0;
    CHECK_INT(sqlite3_open(path, &database), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(database,
                                 "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", -1,
                                 &tables, NULL),
              SQLITE_OK);
    while (sqlite3_step(tables) == SQLITE_ROW)
        hash = table_hash(database, (const char *)sqlite3_column_text(tables, 0), hash);
    CHECK_INT(sqlite3_finalize(tables), SQLITE_OK);
    CHECK_INT(sqlite3_close(database), SQLITE_OK);
    return hash;
}

/* ---- each piece ---- */

static void check_closed(const struct fg_sql *sql, unsigned nth)
{
    if (fg_sql_in_transaction(sql))
        fg_test_fail(__FILE__, __LINE__, "piece %u: a transaction is left open", nth);
    for (size_t i = 0; i < sql->statement_count; i++) {
        if (sql->statements[i]->running)
            fg_test_fail(__FILE__, __LINE__, "piece %u: a statement is left open: %s", nth,
                         sql->statements[i]->text);
    }
}

void fg_fault_each(struct fg_sql *sql, const char *path, enum fg_err whole, fg_fault_call call, void *context)
{
    uint64_t before = file_hash(path);
    struct fg_error error = {.text = ""};
    bool came = true;

    for (unsigned nth = 1; came; nth++) {
        enum fg_err result;
        enum fg_err expected;

        CHECK(nth <= PIECES_MAX);
        fg_fault_at(sql, nth, 1, FG_E_IO);
        result = call(context, sql, &error);
        came = fg_fault_end(sql);
        expected = came ? FG_E_IO : whole;
        if (result != expected)
            fg_test_fail(__FILE__, __LINE__, "piece %u: %s instead of %s: %s", nth, fg_err_name(result),
                         fg_err_name(expected), error.text);
        check_closed(sql, nth);
        if (came && file_hash(path) != before)
            fg_test_fail(__FILE__, __LINE__, "piece %u failed, and yet something was written", nth);
    }
}
