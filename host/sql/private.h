/* Inside host/sql: what a back end gives, and what the two have in common.
 *
 * Private to host/sql. Not: the interface (sql.h). */
#ifndef FG_HOST_SQL_PRIVATE_H
#define FG_HOST_SQL_PRIVATE_H

#include "host/sql/sql.h"

#define FG_SQL_STATEMENTS_MAX 256 /* kept prepared at a time; more is a programmer's error */
#define FG_SQL_TEXT_MAX 16384     /* of one statement after translation */

/* One bound parameter; memory belongs to the caller. */
struct fg_sql_parameter {
    enum { FG_PARAMETER_NULL, FG_PARAMETER_INT, FG_PARAMETER_TEXT, FG_PARAMETER_BYTES } type;
    int64_t number;
    const void *bytes;
    size_t length;
};

struct fg_sql_backend {
    const char *kind;
    enum fg_err (*open)(struct fg_sql *sql, struct fg_error *error);
    void (*close)(struct fg_sql *sql);
    enum fg_err (*begin)(struct fg_sql *sql, struct fg_error *error);
    enum fg_err (*begin_snapshot)(struct fg_sql *sql, struct fg_error *error);
    enum fg_err (*commit)(struct fg_sql *sql, struct fg_error *error);
    void (*rollback)(struct fg_sql *sql);
    void (*interrupt)(struct fg_sql *sql); /* from another thread; NULL: it cannot */
    /* Runs SQL text without parameters or results, several statements allowed. */
    enum fg_err (*script)(struct fg_sql *sql, const char *text, struct fg_error *error);
    enum fg_err (*prepare)(struct fg_sql_statement *statement, struct fg_error *error);
    void (*forget)(struct fg_sql_statement *statement);
    enum fg_err (*next)(struct fg_sql_statement *statement, struct fg_error *error);
    void (*reset)(struct fg_sql_statement *statement);
    int64_t (*column_int)(const struct fg_sql_statement *statement, unsigned column);
    const char *(*column_text)(const struct fg_sql_statement *statement, unsigned column);
    const uint8_t *(*column_bytes)(const struct fg_sql_statement *statement, unsigned column,
                                   size_t *ret_length);
    bool (*column_is_null)(const struct fg_sql_statement *statement, unsigned column);
    /* NULL: the common way by a prepared insert is used. */
    enum fg_err (*bulk_start)(struct fg_sql_bulk *bulk, struct fg_error *error);
    enum fg_err (*bulk_add)(struct fg_sql_bulk *bulk, const struct fg_sql_value *values, size_t count,
                            struct fg_error *error);
    enum fg_err (*bulk_finish)(struct fg_sql_bulk *bulk, struct fg_error *error);
};

extern const struct fg_sql_backend fg_sql_backend_sqlite;
extern const struct fg_sql_backend fg_sql_backend_postgres;

struct fg_sql_statement {
    struct fg_sql *sql;
    char *text;      /* own copy */
    unsigned number; /* in sql->statements */
    unsigned parameter_count;
    struct fg_sql_parameter parameters[FG_SQL_PARAMETERS_MAX];
    bool running;
    bool row;
    int64_t changed;
    void *handle; /* the back end's */
};

struct fg_sql {
    const struct fg_sql_backend *backend;
    char *url;
    char *vfs;
    uint32_t deadline_ms;
    bool in_transaction;
    struct fg_sql_companion companion; /* object NULL: there is none */
    void *handle;                      /* the back end's */
    size_t statement_count;
    struct fg_sql_statement *statements[FG_SQL_STATEMENTS_MAX];
};

struct fg_sql_bulk {
    struct fg_sql *sql;
    char table[64];
    char columns[1024];
    unsigned column_count;
    struct fg_sql_statement *statement; /* the common way */
    enum fg_err failure;
    uint8_t *buffer; /* the back end's */
    size_t length;
    size_t capacity;
    char text[2048]; /* of the insert or the copy */
};

#endif
