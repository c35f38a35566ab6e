/* The PostgreSQL back end of the SQL layer, on libpq: named prepared statements, binary parameters and
 * results, rows one by one, COPY for bulk.
 *
 * A connection that is lost gives FG_E_GONE; the next begin opens it anew, and statements are prepared again
 * as they are used. Integers travel as 8 bytes, big-endian. */
#include <arpa/inet.h>
#include <endian.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/sql/private.h"
#include "lib/base/monotime.h"

#define TYPE_BYTEA 17
#define TYPE_INT8 20
#define TYPE_TEXT 25
#define COPY_FLUSH_BYTES 65536
/* Beyond the deadline: the server ends a statement by itself, which leaves the connection whole. */
#define GRACE_MS 1000

/* sql->handle */
struct server {
    PGconn *connection;
    uint32_t generation; /* counts connections: statements of an older one must be prepared again */
    struct fg_sql_statement *streaming;
    int64_t patience_ms;
    bool silent; /* it was given up because the server did not answer */
};

/* statement->handle */
struct prepared {
    uint32_t generation; /* 0 = not prepared yet */
    PGresult *row;
    char text[32]; /* an integer column asked for as text */
};

static struct server *server_of(const struct fg_sql *sql)
{
    return sql->handle;
}

static struct prepared *prepared_of(const struct fg_sql_statement *statement)
{
    return statement->handle;
}

static enum fg_err code_of(const char *state)
{
    if (state == NULL || strncmp(state, "08", 2) == 0 || strncmp(state, "57P", 3) == 0)
        return FG_E_GONE;
    if (strcmp(state, "23505") == 0)
        return FG_E_EXISTS;
    if (strncmp(state, "40", 2) == 0 || strcmp(state, "55P03") == 0)
        return FG_E_BUSY;
    if (strcmp(state, "57014") == 0)
        return FG_E_TIMEOUT;
    if (strcmp(state, "53100") == 0)
        return FG_E_FULL;
    return strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0 ? FG_E_RANGE : FG_E_IO;
}

/* result may be NULL: the connection itself failed. */
static enum fg_err fail(struct fg_sql *sql, const PGresult *result, const char *doing, struct fg_error *error)
{
    struct server *server = server_of(sql);
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *text = server->silent   ? "the server does not answer"
                       : result != NULL ? PQresultErrorMessage(result)
                                        : PQerrorMessage(server->connection);
    enum fg_err code = PQstatus(server->connection) == CONNECTION_BAD ? FG_E_GONE : code_of(state);

    return fg_fail(error, code, "PostgreSQL: %s: %.*s", doing, (int)strcspn(text, "\n"), text);
}

/* PQgetResult with an end: a server that does not answer in time is cut off, and libpq then says so. */
static PGresult *result_take(struct server *server)
{
    int64_t until = 0;

    while (PQisBusy(server->connection)) {
        struct pollfd waited = {.fd = PQsocket(server->connection), .events = POLLIN};
        int64_t now = fg_mono_ms();

        until = until == 0 ? now + server->patience_ms : until;
        if (now >= until) {
            server->silent = true;
            (void)shutdown(waited.fd, SHUT_RDWR);
            break;
        }
        /* A signal only makes another round. */
        (void)poll(&waited, 1, (int)(until - now));
        if (waited.revents != 0 && PQconsumeInput(server->connection) != 1)
            break;
    }
    return PQgetResult(server->connection);
}

/* The last result of what was sent; none follows it, unless rows are to be copied in. */
static PGresult *result_last(struct server *server)
{
    PGresult *last = NULL;
    PGresult *result;

    while ((result = result_take(server)) != NULL) {
        PQclear(last);
        last = result;
        if (PQresultStatus(last) == PGRES_COPY_IN)
            break;
    }
    return last;
}

/* NULL when it cannot even be sent. */
static PGresult *text_run(struct server *server, const char *text)
{
    return PQsendQuery(server->connection, text) == 1 ? result_last(server) : NULL;
}

/* Takes whatever is still to come, so that the connection can be used again. */
static void drain(struct server *server)
{
    PGresult *result;

    while ((result = result_take(server)) != NULL)
        PQclear(result);
    server->streaming = NULL;
}

static enum fg_err postgres_script(struct fg_sql *sql, const char *text, struct fg_error *error)
{
    PGresult *result = text_run(server_of(sql), text);
    ExecStatusType status = PQresultStatus(result);
    enum fg_err code = FG_OK;

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
        code = fail(sql, result, "running a script", error);
    PQclear(result);
    return code;
}

/* The server ends a statement at its deadline; a server or a network that is gone without a word is found out
 * by TCP, in about the same time. What the URL says itself comes later and counts. */
static PGconn *connection_new(const struct fg_sql *sql)
{
    uint32_t seconds = sql->deadline_ms / 1000 > 2 ? sql->deadline_ms / 1000 : 2;
    char connect_s[16];
    char idle_s[16];
    char unanswered_ms[16];
    const char *names[] = {"connect_timeout",
                           "keepalives_idle",
                           "keepalives_interval",
                           "keepalives_count",
                           "tcp_user_timeout",
                           "dbname",
                           NULL};
    const char *values[] = {connect_s, idle_s, "1", "3", unanswered_ms, sql->url, NULL};

    (void)snprintf(connect_s, sizeof(connect_s), "%u", seconds);
    (void)snprintf(idle_s, sizeof(idle_s), "%u", seconds);
    (void)snprintf(unanswered_ms, sizeof(unanswered_ms), "%u", sql->deadline_ms);
    return PQconnectdbParams(names, values, 1);
}

static enum fg_err connect_now(struct fg_sql *sql, struct fg_error *error)
{
    struct server *server = server_of(sql);
    char options[160];
    enum fg_err code;

    PQfinish(server->connection);
    server->connection = connection_new(sql);
    server->generation++;
    server->streaming = NULL;
    server->silent = false;
    server->patience_ms = (int64_t)sql->deadline_ms + GRACE_MS;
    if (PQstatus(server->connection) != CONNECTION_OK) {
        const char *text = PQerrorMessage(server->connection);

        return fg_fail(error, FG_E_GONE, "PostgreSQL: cannot connect: %.*s", (int)strcspn(text, "\n"), text);
    }
    /* Pages are read off an index in its order. Without fresh statistics the planner takes what lies behind
     * a key for few rows, and would collect and sort all of it for each page. */
    (void)snprintf(options, sizeof(options),
                   "SET statement_timeout = %u; SET lock_timeout = %u; SET client_min_messages = warning; "
                   "SET synchronous_commit = on; SET enable_bitmapscan = off",
                   sql->deadline_ms, sql->deadline_ms);
    code = postgres_script(sql, options, error);
    return code;
}

static void postgres_close(struct fg_sql *sql)
{
    struct server *server = server_of(sql);

    PQfinish(server->connection);
    free(server);
    sql->handle = NULL;
}

static enum fg_err postgres_open(struct fg_sql *sql, struct fg_error *error)
{
    enum fg_err code;

    sql->handle = calloc(1, sizeof(struct server));
    if (sql->handle == NULL)
        return fg_fail(error, FG_E_MEMORY, "database: no memory");
    code = connect_now(sql, error);
    if (code != FG_OK)
        postgres_close(sql);
    return code;
}

static enum fg_err begin_with(struct fg_sql *sql, const char *text, struct fg_error *error)
{
    struct server *server = server_of(sql);
    enum fg_err code;

    if (server->streaming != NULL)
        return fg_fail(error, FG_E_STATE, "PostgreSQL: a statement is still between its rows");
    if (PQstatus(server->connection) != CONNECTION_OK) {
        code = connect_now(sql, error);
        if (code != FG_OK)
            return code;
    }
    return postgres_script(sql, text, error);
}

static enum fg_err postgres_begin(struct fg_sql *sql, struct fg_error *error)
{
    return begin_with(sql, "BEGIN", error);
}

static enum fg_err postgres_begin_snapshot(struct fg_sql *sql, struct fg_error *error)
{
    return begin_with(sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error);
}

static enum fg_err postgres_commit(struct fg_sql *sql, struct fg_error *error)
{
    PGresult *result = text_run(server_of(sql), "COMMIT");
    enum fg_err code = FG_OK;

    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        code = fail(sql, result, "committing", error);
    else if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
        code =
            fg_fail(error, FG_E_STATE, "PostgreSQL: the transaction had failed before and was rolled back");
    PQclear(result);
    return code;
}

static void postgres_rollback(struct fg_sql *sql)
{
    struct server *server = server_of(sql);

    drain(server);
    PQclear(text_run(server, "ROLLBACK"));
}

static enum fg_err postgres_prepare(struct fg_sql_statement *statement, struct fg_error *error)
{
    statement->handle = calloc(1, sizeof(struct prepared));
    return statement->handle != NULL ? FG_OK : fg_fail(error, FG_E_MEMORY, "database: no memory");
}

static void postgres_forget(struct fg_sql_statement *statement)
{
    PQclear(prepared_of(statement)->row);
    free(statement->handle);
}

/* The types are those of the parameters that are bound now; NULLs leave theirs to the server. */
static enum fg_err ensure_prepared(struct fg_sql_statement *statement, const char *name,
                                   struct fg_error *error)
{
    struct server *server = server_of(statement->sql);
    struct prepared *prepared = prepared_of(statement);
    Oid types[FG_SQL_PARAMETERS_MAX];
    PGresult *result;
    enum fg_err code = FG_OK;

    if (prepared->generation == server->generation)
        return FG_OK;
    for (unsigned i = 0; i < statement->parameter_count; i++) {
        switch (statement->parameters[i].type) {
        case FG_PARAMETER_INT:
            types[i] = TYPE_INT8;
            break;
        case FG_PARAMETER_TEXT:
            types[i] = TYPE_TEXT;
            break;
        case FG_PARAMETER_BYTES:
            types[i] = TYPE_BYTEA;
            break;
        case FG_PARAMETER_NULL:
            types[i] = 0;
            break;
        }
    }
    result =
        PQsendPrepare(server->connection, name, statement->text, (int)statement->parameter_count, types) == 1
            ? result_last(server)
            : NULL;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        code = fail(statement->sql, result, "preparing a statement", error);
    else
        prepared->generation = server->generation;
    PQclear(result);
    return code;
}

static enum fg_err statement_send(struct fg_sql_statement *statement, struct fg_error *error)
{
    struct server *server = server_of(statement->sql);
    const char *values[FG_SQL_PARAMETERS_MAX];
    int lengths[FG_SQL_PARAMETERS_MAX];
    int formats[FG_SQL_PARAMETERS_MAX];
    uint64_t numbers[FG_SQL_PARAMETERS_MAX];
    char name[16];
    enum fg_err code;

    (void)snprintf(name, sizeof(name), "s%u", statement->number);
    code = ensure_prepared(statement, name, error);
    if (code != FG_OK)
        return code;
    for (unsigned i = 0; i < statement->parameter_count; i++) {
        const struct fg_sql_parameter *parameter = &statement->parameters[i];

        numbers[i] = htobe64((uint64_t)parameter->number);
        formats[i] = 1;
        lengths[i] = parameter->type == FG_PARAMETER_INT ? 8 : (int)parameter->length;
        values[i] = parameter->type == FG_PARAMETER_INT    ? (const char *)&numbers[i]
                    : parameter->type == FG_PARAMETER_NULL ? NULL
                    : parameter->bytes != NULL             ? parameter->bytes
                                                           : "";
    }
    if (PQsendQueryPrepared(server->connection, name, (int)statement->parameter_count, values, lengths,
                            formats, 1) != 1 ||
        PQsetSingleRowMode(server->connection) != 1)
        return fail(statement->sql, NULL, "sending a statement", error);
    server->streaming = statement;
    statement->running = true;
    statement->changed = 0;
    return FG_OK;
}

static enum fg_err postgres_next(struct fg_sql_statement *statement, struct fg_error *error)
{
    struct server *server = server_of(statement->sql);
    struct prepared *prepared = prepared_of(statement);
    enum fg_err code = FG_OK;

    if (!statement->running) {
        if (server->streaming != NULL)
            return fg_fail(error, FG_E_STATE, "PostgreSQL: another statement is still between its rows");
        if (!statement->sql->in_transaction && PQstatus(server->connection) != CONNECTION_OK)
            code = connect_now(statement->sql, error);
        if (code == FG_OK)
            code = statement_send(statement, error);
        if (code != FG_OK)
            return code;
    }
    PQclear(prepared->row);
    prepared->row = result_take(server);
    switch (PQresultStatus(prepared->row)) {
    case PGRES_SINGLE_TUPLE:
        return FG_OK;
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        statement->changed = strtoll(PQcmdTuples(prepared->row), NULL, 10);
        return FG_E_NOT_FOUND;
    default:
        return fail(statement->sql, prepared->row, "running a statement", error);
    }
}

/* Left in the middle, the rest may be long. Asking the server to stop costs a connection, so that it is only
 * done when there is a rest: mostly the one row that was asked for has been taken. */
static void cancel_rest(struct server *server)
{
    PGresult *result = result_take(server);
    bool more = PQresultStatus(result) == PGRES_SINGLE_TUPLE;
    PGcancel *cancel = more ? PQgetCancel(server->connection) : NULL;
    char text[8];

    PQclear(result);
    if (cancel != NULL)
        (void)PQcancel(cancel, text, sizeof(text));
    PQfreeCancel(cancel);
}

static void postgres_reset(struct fg_sql_statement *statement)
{
    struct server *server = server_of(statement->sql);
    struct prepared *prepared = prepared_of(statement);

    PQclear(prepared->row);
    prepared->row = NULL;
    if (server->streaming == statement) {
        if (statement->row && !statement->sql->in_transaction)
            cancel_rest(server);
        drain(server);
    }
    statement->running = false;
}

static const char *cell(const struct fg_sql_statement *statement, unsigned column, size_t *ret_length)
{
    const PGresult *row = prepared_of(statement)->row;

    *ret_length = (size_t)PQgetlength(row, 0, (int)column);
    return PQgetvalue(row, 0, (int)column);
}

static int64_t postgres_int(const struct fg_sql_statement *statement, unsigned column)
{
    size_t length;
    const char *bytes = cell(statement, column, &length);
    uint64_t eight;
    uint32_t four;

    if (length == 8) {
        memcpy(&eight, bytes, 8);
        return (int64_t)be64toh(eight);
    }
    if (length == 4) {
        memcpy(&four, bytes, 4);
        return (int32_t)ntohl(four);
    }
    return length == 1 ? bytes[0] : 0;
}

static const char *postgres_text(const struct fg_sql_statement *statement, unsigned column)
{
    size_t length;

    return cell(statement, column, &length);
}

static const uint8_t *postgres_bytes(const struct fg_sql_statement *statement, unsigned column,
                                     size_t *ret_length)
{
    return (const uint8_t *)cell(statement, column, ret_length);
}

static bool postgres_is_null(const struct fg_sql_statement *statement, unsigned column)
{
    return PQgetisnull(prepared_of(statement)->row, 0, (int)column) == 1;
}

/* ---- COPY, binary ---- */

static bool reserve(struct fg_sql_bulk *bulk, size_t more)
{
    size_t capacity = bulk->capacity == 0 ? (size_t)2 * COPY_FLUSH_BYTES : bulk->capacity;
    uint8_t *buffer;

    while (capacity - bulk->length < more)
        capacity *= 2;
    if (capacity == bulk->capacity)
        return true;
    buffer = realloc(bulk->buffer, capacity);
    if (buffer == NULL)
        return false;
    bulk->buffer = buffer;
    bulk->capacity = capacity;
    return true;
}

static void put(struct fg_sql_bulk *bulk, const void *bytes, size_t length)
{
    if (length > 0)
        memcpy(bulk->buffer + bulk->length, bytes, length);
    bulk->length += length;
}

static void put_u32(struct fg_sql_bulk *bulk, uint32_t number)
{
    uint32_t wire = htonl(number);

    put(bulk, &wire, sizeof(wire));
}

static void put_u16(struct fg_sql_bulk *bulk, uint16_t number)
{
    uint16_t wire = htons(number);

    put(bulk, &wire, sizeof(wire));
}

static enum fg_err flush(struct fg_sql_bulk *bulk, struct fg_error *error)
{
    if (PQputCopyData(server_of(bulk->sql)->connection, (const char *)bulk->buffer, (int)bulk->length) != 1)
        return fail(bulk->sql, NULL, "copying rows", error);
    bulk->length = 0;
    return FG_OK;
}

static enum fg_err postgres_bulk_start(struct fg_sql_bulk *bulk, struct fg_error *error)
{
    static const uint8_t header[] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n',
                                     0,   0,   0,   0,   0,   0,   0,    0,    0};
    struct server *server = server_of(bulk->sql);
    PGresult *result;
    enum fg_err code = FG_OK;

    if (server->streaming != NULL)
        return fg_fail(error, FG_E_STATE, "PostgreSQL: a statement is still between its rows");
    (void)snprintf(bulk->text, sizeof(bulk->text), "COPY %s (%s) FROM STDIN WITH (FORMAT binary)",
                   bulk->table, bulk->columns);
    result = text_run(server, bulk->text);
    if (PQresultStatus(result) != PGRES_COPY_IN)
        code = fail(bulk->sql, result, "starting to copy", error);
    PQclear(result);
    if (code == FG_OK && !reserve(bulk, sizeof(header)))
        code = fg_fail(error, FG_E_MEMORY, "database: no memory");
    if (code == FG_OK)
        put(bulk, header, sizeof(header));
    return code;
}

static enum fg_err postgres_bulk_add(struct fg_sql_bulk *bulk, const struct fg_sql_value *values,
                                     size_t count, struct fg_error *error)
{
    size_t needed = 2;

    for (size_t i = 0; i < count; i++)
        needed += 12 + (values[i].type == FG_SQL_TEXT    ? strlen(values[i].bytes)
                        : values[i].type == FG_SQL_BYTES ? values[i].length
                                                         : 0);
    if (!reserve(bulk, needed))
        return fg_fail(error, FG_E_MEMORY, "database: no memory");
    put_u16(bulk, (uint16_t)count);
    for (size_t i = 0; i < count; i++) {
        uint64_t number = htobe64((uint64_t)values[i].number);
        size_t length = values[i].type == FG_SQL_TEXT ? strlen(values[i].bytes) : values[i].length;

        if (values[i].type == FG_SQL_NULL) {
            put_u32(bulk, UINT32_MAX);
        } else if (values[i].type == FG_SQL_INT) {
            put_u32(bulk, 8);
            put(bulk, &number, sizeof(number));
        } else {
            put_u32(bulk, (uint32_t)length);
            put(bulk, values[i].bytes, length);
        }
    }
    return bulk->length >= COPY_FLUSH_BYTES ? flush(bulk, error) : FG_OK;
}

static enum fg_err postgres_bulk_finish(struct fg_sql_bulk *bulk, struct fg_error *error)
{
    struct server *server = server_of(bulk->sql);
    PGresult *result;
    enum fg_err code = bulk->failure;

    if (code == FG_OK && !reserve(bulk, 2))
        code = fg_fail(error, FG_E_MEMORY, "database: no memory");
    if (code == FG_OK) {
        put_u16(bulk, UINT16_MAX);
        code = flush(bulk, error);
    }
    (void)PQputCopyEnd(server->connection, code == FG_OK ? NULL : "given up");
    result = result_take(server);
    if (code == FG_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
        code = fail(bulk->sql, result, "copying rows", error);
    PQclear(result);
    drain(server);
    return code;
}

const struct fg_sql_backend fg_sql_backend_postgres = {
    .kind = "postgresql",
    .open = postgres_open,
    .close = postgres_close,
    .begin = postgres_begin,
    .begin_snapshot = postgres_begin_snapshot,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .script = postgres_script,
    .prepare = postgres_prepare,
    .forget = postgres_forget,
    .next = postgres_next,
    .reset = postgres_reset,
    .column_int = postgres_int,
    .column_text = postgres_text,
    .column_bytes = postgres_bytes,
    .column_is_null = postgres_is_null,
    .bulk_start = postgres_bulk_start,
    .bulk_add = postgres_bulk_add,
    .bulk_finish = postgres_bulk_finish,
};
