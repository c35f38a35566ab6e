/* The part of the SQL layer that both back ends share (sql.h): statements by text, parameters, bulk by
 * inserts. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/sql/private.h"
#include "host/sql/sql_text.h"

enum fg_err fg_sql_open(const struct fg_sql_settings *settings, struct fg_sql **ret_sql,
                        struct fg_error *error)
{
    struct fg_sql *sql = calloc(1, sizeof(*sql));
    enum fg_err result = FG_OK;

    if (sql == NULL)
        return fg_fail(error, FG_E_MEMORY, "database: no memory");
    sql->deadline_ms = settings->deadline_ms;
    sql->url = strdup(settings->url);
    sql->vfs = settings->sqlite_vfs != NULL ? strdup(settings->sqlite_vfs) : NULL;
    if (strncmp(settings->url, "sqlite:", 7) == 0)
        sql->backend = &fg_sql_backend_sqlite;
    else if (strncmp(settings->url, "postgresql://", 13) == 0)
        sql->backend = &fg_sql_backend_postgres;
    else
        result = fg_fail(error, FG_E_ARG, "database: a URL begins with \"sqlite:\" or \"postgresql://\"");
    if (result == FG_OK && (sql->url == NULL || (settings->sqlite_vfs != NULL && sql->vfs == NULL)))
        result = fg_fail(error, FG_E_MEMORY, "database: no memory");
    if (result == FG_OK)
        result = sql->backend->open(sql, error);
    if (result == FG_OK) {
        *ret_sql = sql;
        return FG_OK;
    }
    free(sql->url);
    free(sql->vfs);
    free(sql);
    return result;
}

void fg_sql_close(struct fg_sql *sql)
{
    if (sql == NULL)
        return;
    fg_sql_rollback(sql);
    if (sql->companion.object != NULL)
        sql->companion.release(sql->companion.object);
    for (size_t i = 0; i < sql->statement_count; i++) {
        sql->backend->forget(sql->statements[i]);
        free(sql->statements[i]->text);
        free(sql->statements[i]);
    }
    sql->backend->close(sql);
    free(sql->url);
    free(sql->vfs);
    free(sql);
}

void fg_sql_interrupt(struct fg_sql *sql)
{
    if (sql->backend->interrupt != NULL)
        sql->backend->interrupt(sql);
}

const char *fg_sql_kind(const struct fg_sql *sql)
{
    return sql->backend->kind;
}

static enum fg_err begin(struct fg_sql *sql, enum fg_err (*how)(struct fg_sql *sql, struct fg_error *error),
                         struct fg_error *error)
{
    enum fg_err result;

    if (sql->in_transaction)
        return fg_fail(error, FG_E_STATE, "database: transactions do not nest");
    result = how(sql, error);
    sql->in_transaction = result == FG_OK;
    return result;
}

enum fg_err fg_sql_begin(struct fg_sql *sql, struct fg_error *error)
{
    return begin(sql, sql->backend->begin, error);
}

enum fg_err fg_sql_begin_snapshot(struct fg_sql *sql, struct fg_error *error)
{
    return begin(sql, sql->backend->begin_snapshot, error);
}

bool fg_sql_in_transaction(const struct fg_sql *sql)
{
    return sql->in_transaction;
}

void fg_sql_accompany(struct fg_sql *sql, const struct fg_sql_companion *companion)
{
    assert(sql->companion.object == NULL);
    sql->companion = *companion;
}

void *fg_sql_companion(const struct fg_sql *sql)
{
    return sql->companion.object;
}

static void transaction_end(struct fg_sql *sql)
{
    sql->in_transaction = false;
    if (sql->companion.object != NULL)
        sql->companion.ended(sql->companion.object);
}

enum fg_err fg_sql_commit(struct fg_sql *sql, struct fg_error *error)
{
    enum fg_err result = FG_OK;

    if (!sql->in_transaction)
        return fg_fail(error, FG_E_STATE, "database: there is no transaction to commit");
    if (sql->companion.object != NULL)
        result = sql->companion.before_commit(sql->companion.object, sql, error);
    if (result == FG_OK)
        result = sql->backend->commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    else
        transaction_end(sql);
    return result;
}

void fg_sql_rollback(struct fg_sql *sql)
{
    if (!sql->in_transaction)
        return;
    for (size_t i = 0; i < sql->statement_count; i++)
        fg_sql_reset(sql->statements[i]);
    sql->backend->rollback(sql);
    transaction_end(sql);
}

enum fg_err fg_sql_prepare(struct fg_sql *sql, const char *text, struct fg_sql_statement **ret_statement,
                           struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result;

    for (size_t i = 0; i < sql->statement_count; i++) {
        statement = sql->statements[i];
        if (strcmp(statement->text, text) == 0) {
            fg_sql_reset(statement);
            memset(statement->parameters, 0, sizeof(statement->parameters));
            *ret_statement = statement;
            return FG_OK;
        }
    }
    if (sql->statement_count == FG_SQL_STATEMENTS_MAX)
        return fg_fail(error, FG_E_FULL, "database: more than %d different statements",
                       FG_SQL_STATEMENTS_MAX);
    statement = calloc(1, sizeof(*statement));
    if (statement == NULL)
        return fg_fail(error, FG_E_MEMORY, "database: no memory");
    statement->sql = sql;
    statement->text = strdup(text);
    statement->number = (unsigned)sql->statement_count;
    statement->parameter_count = fg_sql_parameters_of(text);
    assert(statement->parameter_count <= FG_SQL_PARAMETERS_MAX);
    result = statement->text == NULL ? fg_fail(error, FG_E_MEMORY, "database: no memory")
                                     : sql->backend->prepare(statement, error);
    if (result != FG_OK) {
        free(statement->text);
        free(statement);
        return result;
    }
    sql->statements[sql->statement_count++] = statement;
    *ret_statement = statement;
    return FG_OK;
}

static void bind(struct fg_sql_statement *statement, unsigned number, struct fg_sql_parameter parameter)
{
    assert(number >= 1 && number <= statement->parameter_count);
    statement->parameters[number - 1] = parameter;
}

void fg_sql_bind_int(struct fg_sql_statement *statement, unsigned number, int64_t value)
{
    bind(statement, number, (struct fg_sql_parameter){.type = FG_PARAMETER_INT, .number = value});
}

void fg_sql_bind_text(struct fg_sql_statement *statement, unsigned number, const char *text)
{
    bind(statement, number,
         (struct fg_sql_parameter){.type = FG_PARAMETER_TEXT, .bytes = text, .length = strlen(text)});
}

void fg_sql_bind_bytes(struct fg_sql_statement *statement, unsigned number, const void *bytes, size_t length)
{
    bind(statement, number,
         (struct fg_sql_parameter){.type = FG_PARAMETER_BYTES, .bytes = bytes, .length = length});
}

void fg_sql_bind_null(struct fg_sql_statement *statement, unsigned number)
{
    bind(statement, number, (struct fg_sql_parameter){.type = FG_PARAMETER_NULL});
}

enum fg_err fg_sql_next(struct fg_sql_statement *statement, struct fg_error *error)
{
    enum fg_err result = statement->sql->backend->next(statement, error);

    statement->row = result == FG_OK;
    if (result != FG_OK)
        statement->sql->backend->reset(statement);
    return result;
}

void fg_sql_reset(struct fg_sql_statement *statement)
{
    statement->row = false;
    statement->sql->backend->reset(statement);
}

int64_t fg_sql_int(const struct fg_sql_statement *statement, unsigned column)
{
    assert(statement->row);
    return statement->sql->backend->column_int(statement, column);
}

const char *fg_sql_text(const struct fg_sql_statement *statement, unsigned column)
{
    assert(statement->row);
    return statement->sql->backend->column_text(statement, column);
}

const uint8_t *fg_sql_bytes(const struct fg_sql_statement *statement, unsigned column, size_t *ret_length)
{
    assert(statement->row);
    return statement->sql->backend->column_bytes(statement, column, ret_length);
}

bool fg_sql_is_null(const struct fg_sql_statement *statement, unsigned column)
{
    assert(statement->row);
    return statement->sql->backend->column_is_null(statement, column);
}

enum fg_err fg_sql_run(struct fg_sql_statement *statement, int64_t *ret_changed, struct fg_error *error)
{
    enum fg_err result;

    while ((result = fg_sql_next(statement, error)) == FG_OK)
        continue;
    if (result != FG_E_NOT_FOUND)
        return result;
    if (ret_changed != NULL)
        *ret_changed = statement->changed;
    return FG_OK;
}

enum fg_err fg_sql_number(struct fg_sql *sql, const char *text, int64_t *ret_number, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql, text, &statement, error);

    if (result != FG_OK)
        return result;
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        *ret_number = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return result;
}

/* ---- bulk ---- */

/* "INSERT INTO t (a, b) VALUES ($1, $2)". */
static enum fg_err insert_text(struct fg_sql_bulk *bulk, struct fg_error *error)
{
    int used =
        snprintf(bulk->text, sizeof(bulk->text), "INSERT INTO %s (%s) VALUES (", bulk->table, bulk->columns);

    for (unsigned i = 1; i <= bulk->column_count && used > 0 && (size_t)used < sizeof(bulk->text); i++)
        used += snprintf(bulk->text + used, sizeof(bulk->text) - (size_t)used, "$%u%s", i,
                         i < bulk->column_count ? ", " : ")");
    if (used < 0 || (size_t)used >= sizeof(bulk->text))
        return fg_fail(error, FG_E_SIZE, "database: bulk of %s has too many columns", bulk->table);
    return FG_OK;
}

enum fg_err fg_sql_bulk_start(struct fg_sql *sql, const char *table, const char *columns,
                              struct fg_sql_bulk **ret_bulk, struct fg_error *error)
{
    struct fg_sql_bulk *bulk;
    enum fg_err result;

    if (!sql->in_transaction)
        return fg_fail(error, FG_E_STATE, "database: bulk needs a transaction");
    bulk = calloc(1, sizeof(*bulk));
    if (bulk == NULL)
        return fg_fail(error, FG_E_MEMORY, "database: no memory");
    bulk->sql = sql;
    bulk->column_count = 1;
    for (const char *at = columns; *at != '\0'; at++)
        bulk->column_count += *at == ',';
    if ((size_t)snprintf(bulk->table, sizeof(bulk->table), "%s", table) >= sizeof(bulk->table) ||
        (size_t)snprintf(bulk->columns, sizeof(bulk->columns), "%s", columns) >= sizeof(bulk->columns) ||
        bulk->column_count > FG_SQL_PARAMETERS_MAX)
        result = fg_fail(error, FG_E_SIZE, "database: bulk of %s has too many columns", table);
    else if (sql->backend->bulk_start != NULL)
        result = sql->backend->bulk_start(bulk, error);
    else
        result = insert_text(bulk, error);
    if (result == FG_OK && sql->backend->bulk_start == NULL)
        result = fg_sql_prepare(sql, bulk->text, &bulk->statement, error);
    if (result != FG_OK) {
        free(bulk);
        return result;
    }
    *ret_bulk = bulk;
    return FG_OK;
}

static void bind_value(struct fg_sql_statement *statement, unsigned number, const struct fg_sql_value *value)
{
    switch (value->type) {
    case FG_SQL_INT:
        fg_sql_bind_int(statement, number, value->number);
        break;
    case FG_SQL_TEXT:
        fg_sql_bind_text(statement, number, value->bytes);
        break;
    case FG_SQL_BYTES:
        fg_sql_bind_bytes(statement, number, value->bytes, value->length);
        break;
    case FG_SQL_NULL:
        fg_sql_bind_null(statement, number);
        break;
    }
}

enum fg_err fg_sql_bulk_add(struct fg_sql_bulk *bulk, const struct fg_sql_value *values, size_t count,
                            struct fg_error *error)
{
    assert(count == bulk->column_count);
    if (bulk->failure != FG_OK)
        return fg_fail(error, bulk->failure, "database: bulk of %s has failed already", bulk->table);
    if (bulk->sql->backend->bulk_add != NULL) {
        bulk->failure = bulk->sql->backend->bulk_add(bulk, values, count, error);
        return bulk->failure;
    }
    for (size_t i = 0; i < count; i++)
        bind_value(bulk->statement, (unsigned)i + 1, &values[i]);
    bulk->failure = fg_sql_run(bulk->statement, NULL, error);
    return bulk->failure;
}

enum fg_err fg_sql_bulk_finish(struct fg_sql_bulk *bulk, struct fg_error *error)
{
    enum fg_err result = bulk->failure;

    if (bulk->sql->backend->bulk_finish != NULL)
        result = bulk->sql->backend->bulk_finish(bulk, error);
    else if (result != FG_OK)
        result = fg_fail(error, result, "database: bulk of %s failed", bulk->table);
    free(bulk->buffer);
    free(bulk);
    return result;
}
