/* The SQL layer: one suite for both back ends. */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "host/sql/sql.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/postgres_fixture.h"

static const struct fg_sql_migration migrations[] = {
    {1, "first",
     "CREATE TABLE thing (owner TEXT NOT NULL, number BIGINT NOT NULL, data BYTES, note TEXT, PRIMARY KEY "
     "(owner, number));"
     "CREATE INDEX thing_note ON thing (note);",
     NULL, NULL},
    {2, "second", "ALTER TABLE thing ADD COLUMN weight BIGINT NOT NULL DEFAULT 7", NULL, NULL},
};

#define PATIENT_MS 30000 /* only a hang takes so long */
#define SHORT_MS 2000    /* where it is the deadline that is tried */

static struct fg_sql *open_within(const char *url, uint32_t deadline_ms)
{
    struct fg_sql_settings settings = {.url = url, .deadline_ms = deadline_ms};
    struct fg_sql *sql = NULL;
    struct fg_error error;

    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    return sql;
}

static struct fg_sql *open_url(const char *url)
{
    return open_within(url, PATIENT_MS);
}

static void url_new(bool postgres, char ret_url[256])
{
    if (postgres)
        (void)snprintf(ret_url, 256, "%s", fg_postgres_database());
    else
        (void)snprintf(ret_url, 256, "sqlite:%s", fg_test_path("test.db"));
}

static struct fg_sql *open_new(bool postgres, char ret_url[256])
{
    struct fg_sql *sql;
    uint32_t applied = 0;
    struct fg_error error;

    url_new(postgres, ret_url);
    sql = open_url(ret_url);
    CHECK_OK(fg_sql_migrate(sql, migrations, 2, &applied, &error), &error);
    CHECK_INT(applied, 2);
    return sql;
}

static enum fg_err put(struct fg_sql *sql, const char *owner, int64_t number, const void *data, size_t length)
{
    struct fg_sql_statement *statement;
    struct fg_error error;

    CHECK_OK(fg_sql_prepare(sql, "INSERT INTO thing (owner, number, data) VALUES ($1, $2, $3)", &statement,
                            &error),
             &error);
    fg_sql_bind_text(statement, 1, owner);
    fg_sql_bind_int(statement, 2, number);
    fg_sql_bind_bytes(statement, 3, data, length);
    return fg_sql_run(statement, NULL, &error);
}

static int64_t number_of(struct fg_sql *sql, const char *query)
{
    struct fg_sql_statement *statement;
    struct fg_error error;
    int64_t number;

    CHECK_OK(fg_sql_prepare(sql, query, &statement, &error), &error);
    CHECK_OK(fg_sql_next(statement, &error), &error);
    number = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return number;
}

static int64_t count(struct fg_sql *sql)
{
    return number_of(sql, "SELECT COUNT(*) FROM thing");
}

static void committed_put(struct fg_sql *sql, const char *owner, int64_t number)
{
    struct fg_error error;

    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_INT(put(sql, owner, number, "x", 1), FG_OK);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
}

static void values_there_and_back(bool postgres)
{
    static const uint8_t bytes[] = {0, 1, 0, 255, 0};
    char url[256];
    struct fg_sql *sql = open_new(postgres, url);
    struct fg_sql_statement *statement;
    struct fg_error error;
    size_t length = 0;
    const uint8_t *found;

    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_INT(put(sql, "浙E12345", INT64_MAX, bytes, sizeof(bytes)), FG_OK);
    CHECK_INT(put(sql, "浙E12345", INT64_MIN, bytes, 0), FG_OK);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
    CHECK_OK(
        fg_sql_prepare(
            sql,
            "SELECT owner, number, data, note, weight FROM thing WHERE owner = $1 AND number > $2 AND $2 < 1",
            &statement, &error),
        &error);
    fg_sql_bind_text(statement, 1, "浙E12345");
    fg_sql_bind_int(statement, 2, 0);
    CHECK_OK(fg_sql_next(statement, &error), &error);
    CHECK_TEXT(fg_sql_text(statement, 0), "浙E12345");
    CHECK(fg_sql_int(statement, 1) == INT64_MAX);
    found = fg_sql_bytes(statement, 2, &length);
    CHECK_INT(length, sizeof(bytes));
    CHECK_BYTES(found, bytes, sizeof(bytes));
    CHECK(fg_sql_is_null(statement, 3));
    CHECK_TEXT(fg_sql_text(statement, 3), "");
    CHECK_INT(fg_sql_int(statement, 4), 7);
    CHECK_INT(fg_sql_next(statement, &error), FG_E_NOT_FOUND);
    CHECK_OK(fg_sql_prepare(sql, "SELECT data FROM thing WHERE number < 0", &statement, &error), &error);
    CHECK_OK(fg_sql_next(statement, &error), &error);
    CHECK(!fg_sql_is_null(statement, 0));
    (void)fg_sql_bytes(statement, 0, &length);
    CHECK_INT(length, 0);
    fg_sql_close(sql);
}

TEST("SQLite: integers to their ends, UTF-8, bytes with zeros, no bytes and NULL come back as they went")
{
    values_there_and_back(false);
}
TEST("PostgreSQL: integers to their ends, UTF-8, bytes with zeros, no bytes and NULL come back as they went")
{
    values_there_and_back(true);
}

static void transactions(bool postgres)
{
    char url[256];
    struct fg_sql *sql = open_new(postgres, url);
    struct fg_error error;

    committed_put(sql, "a", 1);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_INT(put(sql, "a", 2, "x", 1), FG_OK);
    CHECK_INT(fg_sql_begin(sql, &error), FG_E_STATE);
    fg_sql_rollback(sql);
    CHECK_INT(count(sql), 1);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_INT(put(sql, "a", 1, "x", 1), FG_E_EXISTS);
    fg_sql_rollback(sql);
    CHECK_INT(fg_sql_commit(sql, &error), FG_E_STATE);
    committed_put(sql, "a", 3);
    CHECK_INT(count(sql), 2);
    fg_sql_close(sql);
    sql = open_url(url);
    CHECK_INT(count(sql), 2);
    fg_sql_close(sql);
}

TEST("SQLite: what is committed stays, what is rolled back or left open does not, a taken key is told")
{
    transactions(false);
}
TEST("PostgreSQL: what is committed stays, what is rolled back or left open does not, a taken key is told")
{
    transactions(true);
}

static void rows_in_pieces(bool postgres)
{
    char url[256];
    struct fg_sql *sql = open_new(postgres, url);
    struct fg_sql_bulk *bulk = NULL;
    struct fg_sql_statement *statement;
    struct fg_error error;
    int64_t expected = 0;

    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_sql_bulk_start(sql, "thing", "owner, number, data, note", &bulk, &error), &error);
    for (int64_t i = 0; i < 10000; i++) {
        struct fg_sql_value values[] = {{.type = FG_SQL_TEXT, .bytes = "bulk"},
                                        {.type = FG_SQL_INT, .number = i},
                                        {.type = FG_SQL_BYTES, .bytes = &i, .length = sizeof(i)},
                                        {.type = FG_SQL_NULL}};

        CHECK_OK(fg_sql_bulk_add(bulk, values, 4, &error), &error);
    }
    CHECK_OK(fg_sql_bulk_finish(bulk, &error), &error);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
    CHECK_OK(fg_sql_prepare(sql, "SELECT number, data FROM thing ORDER BY number", &statement, &error),
             &error);
    while (fg_sql_next(statement, &error) == FG_OK) {
        size_t length = 0;
        const uint8_t *bytes = fg_sql_bytes(statement, 1, &length);

        CHECK_INT(fg_sql_int(statement, 0), expected);
        CHECK_INT(length, sizeof(expected));
        CHECK_BYTES(bytes, &expected, sizeof(expected));
        expected++;
    }
    CHECK_INT(expected, 10000);
    /* One that is left in its middle must not be in the way of the next. */
    CHECK_OK(fg_sql_next(statement, &error), &error);
    fg_sql_reset(statement);
    CHECK_INT(count(sql), 10000);
    fg_sql_close(sql);
}

TEST("SQLite: 10,000 rows go in as bulk and come out in pieces")
{
    rows_in_pieces(false);
}
TEST("PostgreSQL: 10,000 rows go in as bulk and come out in pieces")
{
    rows_in_pieces(true);
}

static void bulk_with_double(bool postgres)
{
    char url[256];
    struct fg_sql *sql = open_new(postgres, url);
    struct fg_sql_bulk *bulk = NULL;
    struct fg_error error;
    enum fg_err result = FG_OK;

    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_OK(fg_sql_bulk_start(sql, "thing", "owner, number", &bulk, &error), &error);
    for (int i = 0; result == FG_OK && i < 3; i++) {
        struct fg_sql_value values[] = {{.type = FG_SQL_TEXT, .bytes = "bulk"},
                                        {.type = FG_SQL_INT, .number = i % 2}};

        result = fg_sql_bulk_add(bulk, values, 2, &error);
    }
    CHECK_INT(fg_sql_bulk_finish(bulk, &error), FG_E_EXISTS);
    fg_sql_rollback(sql);
    CHECK_INT(count(sql), 0);
    committed_put(sql, "after", 1);
    fg_sql_close(sql);
}

TEST("SQLite: bulk with a key twice adds nothing, and the connection goes on")
{
    bulk_with_double(false);
}
TEST("PostgreSQL: bulk with a key twice adds nothing, and the connection goes on")
{
    bulk_with_double(true);
}

static void migrations_forward(bool postgres)
{
    static const struct fg_sql_migration renamed[] = {{1, "other", "SELECT 1", NULL, NULL}};
    static const struct fg_sql_migration broken[] = {
        {1, "first", "", NULL, NULL},
        {2, "second", "", NULL, NULL},
        {3, "third", "CREATE TABLE half (a BIGINT); CREATE TABLE half (a BIGINT)", NULL, NULL}};
    char url[256];
    struct fg_sql *sql;
    struct fg_error error;
    uint32_t applied = 0;

    url_new(postgres, url);
    sql = open_url(url);
    CHECK_OK(fg_sql_migrate(sql, migrations, 1, &applied, &error), &error);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_INT(put(sql, "kept", 1, "x", 1), FG_OK);
    CHECK_OK(fg_sql_commit(sql, &error), &error);
    CHECK_OK(fg_sql_migrate(sql, migrations, 2, &applied, &error), &error);
    CHECK_INT(applied, 1);
    CHECK_INT(count(sql), 1);
    CHECK_OK(fg_sql_migrate(sql, migrations, 2, &applied, &error), &error);
    CHECK_INT(applied, 0);
    CHECK_INT(fg_sql_migrate(sql, migrations, 1, NULL, &error), FG_E_STATE);
    CHECK_HAS(error.text, "newer program");
    CHECK_INT(fg_sql_migrate(sql, renamed, 1, NULL, &error), FG_E_STATE);
    CHECK_HAS(error.text, "\"first\"");
    CHECK(fg_sql_migrate(sql, broken, 3, NULL, &error) != FG_OK);
    CHECK_HAS(error.text, "migration 3 \"third\"");
    CHECK_OK(fg_sql_migrate(sql, migrations, 2, &applied, &error), &error);
    CHECK_INT(count(sql), 1);
    fg_sql_close(sql);
}

TEST("SQLite: migrations go forward on data; a newer, renamed or broken one is told and changes nothing")
{
    migrations_forward(false);
}
TEST("PostgreSQL: migrations go forward on data; a newer, renamed or broken one is told and changes nothing")
{
    migrations_forward(true);
}

/* Reads a column that only a later migration makes. */
static enum fg_err weights_double(struct fg_sql *sql, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql, "UPDATE thing SET weight = weight * 2", &statement, error);

    return result == FG_OK ? fg_sql_run(statement, NULL, error) : result;
}

static enum fg_err fail(struct fg_sql *sql, struct fg_error *error)
{
    (void)sql;
    return fg_fail(error, FG_E_IO, "power cut");
}

static int64_t weight(struct fg_sql *sql)
{
    return number_of(sql, "SELECT weight FROM thing");
}

static void migrations_finish(bool postgres)
{
    struct fg_sql_migration first[2] = {migrations[0], migrations[1]};
    char url[256];
    struct fg_sql *sql;
    struct fg_error error;
    uint32_t applied = 0;

    url_new(postgres, url);
    sql = open_url(url);
    first[0].work = NULL;
    first[0].text = "CREATE TABLE thing (owner TEXT NOT NULL, number BIGINT NOT NULL, data BYTES, note TEXT, "
                    "PRIMARY KEY (owner, number));"
                    "INSERT INTO thing (owner, number) VALUES ('kept', 1);";
    first[0].finish = fail;
    CHECK_INT(fg_sql_migrate(sql, first, 2, NULL, &error), FG_E_IO);
    CHECK_HAS(error.text, "end of migration 1 \"first\": power cut");
    first[0].finish = weights_double;
    CHECK_OK(fg_sql_migrate(sql, first, 2, &applied, &error), &error);
    CHECK_INT(applied, 2);
    CHECK_INT(weight(sql), 14);
    CHECK_OK(fg_sql_migrate(sql, first, 2, &applied, &error), &error);
    CHECK_INT(applied, 0);
    CHECK_INT(weight(sql), 14);
    fg_sql_close(sql);
}

TEST("SQLite: what a migration leaves for the end runs once, after all later ones, or none of them is there")
{
    migrations_finish(false);
}
TEST("PostgreSQL: what a migration leaves for the end runs once, after all later ones, or none is there")
{
    migrations_finish(true);
}

static void *migrate_on(void *argument)
{
    struct fg_sql_settings settings = {.url = argument, .deadline_ms = PATIENT_MS};
    struct fg_sql *sql = NULL;
    struct fg_error error;
    bool good = fg_sql_open(&settings, &sql, &error) == FG_OK &&
                fg_sql_migrate(sql, migrations, 2, NULL, &error) == FG_OK;

    if (!good)
        (void)fprintf(stderr, "%s\n", error.text);
    fg_sql_close(sql);
    return good ? argument : NULL;
}

static void migrations_at_once(bool postgres)
{
    char url[256];
    pthread_t threads[4];
    struct fg_sql *sql;

    url_new(postgres, url);
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, migrate_on, url), 0);
    for (int i = 0; i < 4; i++) {
        void *good = NULL;

        CHECK_INT(pthread_join(threads[i], &good), 0);
        CHECK(good != NULL);
    }
    sql = open_url(url);
    CHECK_INT(count(sql), 0);
    fg_sql_close(sql);
}

TEST("SQLite: several programs that start at once on an empty database all find it ready")
{
    migrations_at_once(false);
}
TEST("PostgreSQL: several programs that start at once on an empty database all find it ready")
{
    migrations_at_once(true);
}

static void lock_is_bounded(bool postgres)
{
    char url[256];
    struct fg_sql *one = open_new(postgres, url);
    struct fg_sql *two = open_within(url, SHORT_MS);
    struct fg_sql_statement *statement;
    struct fg_error error;
    enum fg_err result;

    committed_put(one, "a", 1);
    CHECK_OK(fg_sql_begin(one, &error), &error);
    CHECK_OK(fg_sql_prepare(one, "UPDATE thing SET weight = 8", &statement, &error), &error);
    CHECK_OK(fg_sql_run(statement, NULL, &error), &error);
    result = fg_sql_begin(two, &error);
    if (result == FG_OK) {
        CHECK_OK(fg_sql_prepare(two, "UPDATE thing SET weight = 9", &statement, &error), &error);
        result = fg_sql_run(statement, NULL, &error);
    }
    CHECK(result == FG_E_BUSY || result == FG_E_TIMEOUT);
    fg_sql_rollback(two);
    CHECK_OK(fg_sql_commit(one, &error), &error);
    committed_put(two, "a", 2);
    fg_sql_close(two);
    fg_sql_close(one);
}

TEST("SQLite: waiting for another's lock ends in time, and it works again after")
{
    lock_is_bounded(false);
}
TEST("PostgreSQL: waiting for another's lock ends in time, and it works again after")
{
    lock_is_bounded(true);
}

TEST("PostgreSQL: a cut connection is told as gone, and the next transaction has a new one")
{
    char url[256];
    struct fg_sql *sql = open_new(true, url);
    struct fg_error error;

    committed_put(sql, "a", 1);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK_INT(put(sql, "a", 2, "x", 1), FG_OK);
    fg_postgres_cut_connections();
    CHECK_INT(fg_sql_commit(sql, &error), FG_E_GONE);
    committed_put(sql, "a", 3);
    CHECK_INT(count(sql), 2);
    fg_sql_close(sql);
}

TEST("PostgreSQL: a server that stops answering is given up in time, and the next transaction has a new "
     "connection")
{
    char url[256];
    struct fg_sql *sql;
    struct fg_sql_statement *statement;
    struct fg_error error;
    pid_t server;

    fg_sql_close(open_new(true, url));
    sql = open_within(url, SHORT_MS);
    committed_put(sql, "a", 1);
    CHECK_OK(fg_sql_prepare(sql, "SELECT pg_backend_pid()", &statement, &error), &error);
    CHECK_OK(fg_sql_next(statement, &error), &error);
    server = (pid_t)fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    CHECK_OK(fg_sql_begin(sql, &error), &error);
    CHECK(server > 1);
    CHECK_INT(kill(server, SIGSTOP), 0);
    CHECK_INT(put(sql, "a", 2, "x", 1), FG_E_GONE);
    fg_sql_rollback(sql);
    committed_put(sql, "a", 3);
    CHECK_INT(kill(server, SIGCONT), 0);
    fg_sql_close(sql);
}

TEST("SQLite: the file is for its owner alone")
{
    char url[256];
    struct stat status;
    struct fg_sql *sql = open_new(false, url);

    CHECK_INT(stat(fg_test_path("test.db"), &status), 0);
    CHECK_INT(status.st_mode & 0777, 0600);
    fg_sql_close(sql);
}

TEST("a database that cannot be opened, or has no known URL, is named; a password never is")
{
    struct fg_sql_settings settings = {.url = "sqlite:/nonexistent/x.db", .deadline_ms = 500};
    struct fg_sql *sql = NULL;
    struct fg_error error;

    CHECK_INT(fg_sql_open(&settings, &sql, &error), FG_E_IO);
    CHECK_HAS(error.text, "/nonexistent/x.db");
    settings.url = "mysql://x";
    CHECK_INT(fg_sql_open(&settings, &sql, &error), FG_E_ARG);
    settings.url = "postgresql://user:geheim@127.0.0.1:1/x?connect_timeout=1";
    CHECK_INT(fg_sql_open(&settings, &sql, &error), FG_E_GONE);
    CHECK(strstr(error.text, "geheim") == NULL);
}
