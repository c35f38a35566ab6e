/* The SQLite back end of the SQL layer: WAL, synchronous=FULL, foreign keys on, one connection an object. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/sql/private.h"
#include "host/sql/sql_text.h"

#define DATABASE(sql) ((sqlite3 *)(sql)->handle)
#define STATEMENT(statement) ((sqlite3_stmt *)(statement)->handle)

static enum fg_err fail(struct fg_sql *sql, int code, const char *doing, struct fg_error *error)
{
    enum fg_err result = FG_E_IO;

    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        result = FG_E_BUSY;
        break;
    case SQLITE_FULL:
        result = FG_E_FULL;
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        result = FG_E_CORRUPT;
        break;
    case SQLITE_NOMEM:
        result = FG_E_MEMORY;
        break;
    case SQLITE_CONSTRAINT:
        result = code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ? FG_E_EXISTS
                                                                                          : FG_E_RANGE;
        break;
    default:
        break;
    }
    return fg_fail(error, result, "%s: %s: %s", sql->url + strlen("sqlite:"), doing,
                   sql->handle != NULL ? sqlite3_errmsg(DATABASE(sql)) : sqlite3_errstr(code));
}

static enum fg_err sqlite_script(struct fg_sql *sql, const char *text, struct fg_error *error)
{
    int code = sqlite3_exec(DATABASE(sql), text, NULL, NULL, NULL);

    return code == SQLITE_OK ? FG_OK : fail(sql, code, "running a script", error);
}

static void sqlite_close(struct fg_sql *sql)
{
    (void)sqlite3_close(DATABASE(sql));
    sql->handle = NULL;
}

/* The records are about persons: only for the owner. SQLite gives its WAL the database's mode. */
static void create_private(const char *path)
{
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (descriptor >= 0)
        (void)close(descriptor);
}

static enum fg_err sqlite_open(struct fg_sql *sql, struct fg_error *error)
{
    const char *path = sql->url + strlen("sqlite:");
    sqlite3 *database = NULL;
    enum fg_err result;
    int code;

    if (path[0] == '\0')
        return fg_fail(error, FG_E_ARG, "database: \"sqlite:\" needs a path after it");
    if (sql->vfs == NULL)
        create_private(path);
    code = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                           sql->vfs);
    sql->handle = database;
    if (code != SQLITE_OK) {
        result = fail(sql, code, "opening", error);
        sqlite_close(sql);
        return result;
    }
    (void)sqlite3_extended_result_codes(database, 1);
    (void)sqlite3_busy_timeout(database, (int)sql->deadline_ms);
    result = sqlite_script(sql, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
                           error);
    if (result != FG_OK)
        sqlite_close(sql);
    return result;
}

static void sqlite_break(struct fg_sql *sql)
{
    sqlite3_interrupt(DATABASE(sql));
}

static enum fg_err sqlite_begin(struct fg_sql *sql, struct fg_error *error)
{
    /* Taking the write lock now means that a transaction never fails in its middle for want of it. */
    return sqlite_script(sql, "BEGIN IMMEDIATE", error);
}

static enum fg_err sqlite_begin_snapshot(struct fg_sql *sql, struct fg_error *error)
{
    return sqlite_script(sql, "BEGIN", error);
}

static enum fg_err sqlite_commit(struct fg_sql *sql, struct fg_error *error)
{
    return sqlite_script(sql, "COMMIT", error);
}

static void sqlite_rollback(struct fg_sql *sql)
{
    /* SQLite may have rolled back by itself after a full disk. */
    if (sqlite3_get_autocommit(DATABASE(sql)) == 0)
        (void)sqlite3_exec(DATABASE(sql), "ROLLBACK", NULL, NULL, NULL);
}

/* "$7" is a name to SQLite; "?7" is a number. Texts are ordered by bytes anyway. */
static enum fg_err text_translate(const char *text, char ret_text[FG_SQL_TEXT_MAX], struct fg_error *error)
{
    size_t length = strlen(text);
    bool quoted = false;
    char *to = ret_text;

    if (length >= FG_SQL_TEXT_MAX)
        return fg_fail(error, FG_E_SIZE, "database: a statement of %zu bytes", length);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            quoted = !quoted;
        if (!quoted)
            text += fg_sql_collation_at(text);
        *to++ = !quoted && *text == '$' ? '?' : *text;
        if (*text == '\0')
            return FG_OK;
    }
    *to = '\0';
    return FG_OK;
}

static enum fg_err sqlite_prepare(struct fg_sql_statement *statement, struct fg_error *error)
{
    char *text = malloc(FG_SQL_TEXT_MAX);
    sqlite3_stmt *handle = NULL;
    enum fg_err result;
    int code;

    if (text == NULL)
        return fg_fail(error, FG_E_MEMORY, "database: no memory");
    result = text_translate(statement->text, text, error);
    if (result == FG_OK) {
        code =
            sqlite3_prepare_v3(DATABASE(statement->sql), text, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
        if (code != SQLITE_OK)
            result = fail(statement->sql, code, "preparing a statement", error);
    }
    free(text);
    if (result == FG_OK)
        statement->handle = handle;
    return result;
}

static void sqlite_forget(struct fg_sql_statement *statement)
{
    (void)sqlite3_finalize(STATEMENT(statement));
}

static int bind_one(sqlite3_stmt *handle, int number, const struct fg_sql_parameter *parameter)
{
    switch (parameter->type) {
    case FG_PARAMETER_INT:
        return sqlite3_bind_int64(handle, number, parameter->number);
    case FG_PARAMETER_TEXT:
        return sqlite3_bind_text64(handle, number, parameter->bytes, parameter->length, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case FG_PARAMETER_BYTES:
        /* A NULL pointer would bind NULL; no bytes are not the same. */
        return parameter->length == 0
                   ? sqlite3_bind_zeroblob(handle, number, 0)
                   : sqlite3_bind_blob64(handle, number, parameter->bytes, parameter->length, SQLITE_STATIC);
    case FG_PARAMETER_NULL:
        break;
    }
    return sqlite3_bind_null(handle, number);
}

static enum fg_err sqlite_next(struct fg_sql_statement *statement, struct fg_error *error)
{
    sqlite3 *database = DATABASE(statement->sql);
    int code = SQLITE_OK;

    if (!statement->running) {
        for (unsigned i = 0; code == SQLITE_OK && i < statement->parameter_count; i++)
            code = bind_one(STATEMENT(statement), (int)i + 1, &statement->parameters[i]);
        if (code != SQLITE_OK)
            return fail(statement->sql, code, "binding a parameter", error);
        statement->running = true;
        statement->changed = sqlite3_total_changes(database);
    }
    code = sqlite3_step(STATEMENT(statement));
    if (code == SQLITE_ROW)
        return FG_OK;
    if (code != SQLITE_DONE)
        return fail(statement->sql, code, "running a statement", error);
    /* total_changes also counts foreign-key actions; none of our statements relies on those. */
    statement->changed = sqlite3_total_changes(database) - statement->changed;
    return FG_E_NOT_FOUND;
}

static void sqlite_reset(struct fg_sql_statement *statement)
{
    (void)sqlite3_reset(STATEMENT(statement));
    (void)sqlite3_clear_bindings(STATEMENT(statement));
    statement->running = false;
}

static int64_t sqlite_int(const struct fg_sql_statement *statement, unsigned column)
{
    return sqlite3_column_int64(STATEMENT(statement), (int)column);
}

static const char *sqlite_text(const struct fg_sql_statement *statement, unsigned column)
{
    const char *text = (const char *)sqlite3_column_text(STATEMENT(statement), (int)column);

    return text != NULL ? text : "";
}

static const uint8_t *sqlite_bytes(const struct fg_sql_statement *statement, unsigned column,
                                   size_t *ret_length)
{
    const uint8_t *bytes = sqlite3_column_blob(STATEMENT(statement), (int)column);

    *ret_length = bytes != NULL ? (size_t)sqlite3_column_bytes(STATEMENT(statement), (int)column) : 0;
    return bytes != NULL ? bytes : (const uint8_t *)"";
}

static bool sqlite_is_null(const struct fg_sql_statement *statement, unsigned column)
{
    return sqlite3_column_type(STATEMENT(statement), (int)column) == SQLITE_NULL;
}

const struct fg_sql_backend fg_sql_backend_sqlite = {
    .kind = "sqlite",
    .open = sqlite_open,
    .close = sqlite_close,
    .begin = sqlite_begin,
    .begin_snapshot = sqlite_begin_snapshot,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .interrupt = sqlite_break,
    .script = sqlite_script,
    .prepare = sqlite_prepare,
    .forget = sqlite_forget,
    .next = sqlite_next,
    .reset = sqlite_reset,
    .column_int = sqlite_int,
    .column_text = sqlite_text,
    .column_bytes = sqlite_bytes,
    .column_is_null = sqlite_is_null,
};
