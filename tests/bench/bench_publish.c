/* Publishing a station's list of 1,000,000 cylinders from the registry, on SQLite and PostgreSQL, beside a
 * bare SELECT of the same rows (raw SQLite, raw libpq row by row; every column fetched, nothing done with it)
 * in the same run. Then what it costs to find that nothing changed, how long a writer of the same database
 * waits meanwhile, and the memory that the whole took. BENCH_ROWS (1000000) is the number of cylinders. */
#include <inttypes.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/bureau/publish/publish.h"
#include "host/bureau/schema/schema.h"
#include "lib/base/monotime.h"

#define NOW_MS INT64_C(1795392000000)
#define PATH_BYTES 256
#define ROUNDS 3
#define COLUMN_COUNT 13
#define COLUMNS                                                                                              \
    "code, uid, state, medium, first_fill_pending, nominal_kpa, capacity_dl, tare_g, maximum_fill_g, "       \
    "inspection_due, end_of_life, owner, plate"
#define SELECT "SELECT " COLUMNS " FROM cylinder"
#define DEADLINE_MS 20000 /* the bureau's own unless configured */

static char directory[64] = "/tmp/fillgate-bench-XXXXXX";
static char postgres_directory[96];
static struct fg_private_key key;
static size_t row_count = 1000000;

static void postgres_stop(void)
{
    char command[PATH_BYTES];

    if (postgres_directory[0] == '\0')
        return;
    (void)snprintf(command, sizeof(command), "tests/lib/postgres.sh stop %s", postgres_directory);
    postgres_directory[0] = '\0';
    if (system(command) != 0)
        (void)fprintf(stderr, "bench_publish: %s failed\n", command);
}

static _Noreturn void stop(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_publish: %s: %s\n", what, why);
    postgres_stop();
    exit(1);
}

static double now_s(void)
{
    return (double)fg_mono_ns() / 1e9;
}

/* ---- the registry ---- */

static struct fg_sql_value number_of(int64_t number)
{
    return (struct fg_sql_value){.type = FG_SQL_INT, .number = number};
}

static struct fg_sql_value text_of(const char *text)
{
    return (struct fg_sql_value){.type = FG_SQL_TEXT, .bytes = text};
}

/* One in three is on a vehicle with another. */
static void cylinder_add(struct fg_sql_bulk *bulk, size_t number)
{
    uint8_t uid[7] = {
        4, 0, 0, (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
    char code[FG_CODE_MAX + 1];
    char plate[FG_PLATE_MAX + 1] = "";
    struct fg_error error;

    (void)snprintf(code, sizeof(code), "HZ-CNG-%08zu", number);
    if (number % 3 == 0)
        (void)snprintf(plate, sizeof(plate), "ZE%07zu", number / 6 % 10000000);
    const struct fg_sql_value values[COLUMN_COUNT + 1] = {
        text_of(code),    {FG_SQL_BYTES, 0, uid, sizeof(uid)},
        number_of(1),     number_of(FG_MEDIUM_CNG),
        number_of(0),     number_of(20000),
        number_of(700),   number_of(68000),
        number_of(0),     number_of(20800 + (int64_t)(number % 1000)),
        number_of(24000), text_of("huzhou-gas"),
        text_of(plate),   text_of(""),
    };

    if (fg_sql_bulk_add(bulk, values, COLUMN_COUNT + 1, &error) != FG_OK)
        stop("bulk", error.text);
}

static void run_text(struct fg_sql *sql, const char *text)
{
    struct fg_sql_statement *statement;
    struct fg_error error;

    if (fg_sql_prepare(sql, text, &statement, &error) != FG_OK ||
        fg_sql_run(statement, NULL, &error) != FG_OK)
        stop(text, error.text);
}

static struct fg_sql *bureau_open(const char *url)
{
    struct fg_sql_settings settings = {.url = url, .deadline_ms = DEADLINE_MS};
    struct fg_sql *sql = NULL;
    struct fg_error error;

    if (fg_sql_open(&settings, &sql, &error) != FG_OK ||
        fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error) != FG_OK)
        stop(url, error.text);
    return sql;
}

static void registry_fill(struct fg_sql *sql)
{
    struct fg_sql_bulk *bulk;
    struct fg_error error;

    if (fg_sql_begin(sql, &error) != FG_OK ||
        fg_sql_bulk_start(sql, "cylinder", COLUMNS ", area", &bulk, &error) != FG_OK)
        stop("bulk", error.text);
    for (size_t i = 0; i < row_count; i++)
        cylinder_add(bulk, i);
    if (fg_sql_bulk_finish(bulk, &error) != FG_OK)
        stop("bulk", error.text);
    run_text(sql,
             "INSERT INTO station (station, name, owner, area, latitude_udeg, longitude_udeg, list_medium, "
             "list_days, rules) VALUES ('HZ-01', '', '', '', 0, 0, 0, 30, '[rules]\nstation = HZ-01\nmedia = "
             "cng\n')");
    run_text(sql,
             "INSERT INTO station (station, name, owner, area, latitude_udeg, longitude_udeg, list_medium, "
             "list_days, rules) VALUES ('OTHER', '', '', '', 0, 0, 0, 30, '')");
    if (fg_sql_commit(sql, &error) != FG_OK)
        stop("commit", error.text);
}

/* ---- the bare SELECT ---- */

static double lite_select(const char *path)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    double start = now_s();
    size_t rows = 0;
    size_t bytes = 0;
    int code;

    if (sqlite3_open(path, &database) != SQLITE_OK ||
        sqlite3_prepare_v2(database, SELECT, -1, &statement, NULL) != SQLITE_OK)
        stop(path, sqlite3_errmsg(database));
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < COLUMN_COUNT; i++) {
            if (i >= 2 && i <= 10)
                bytes += (size_t)sqlite3_column_int64(statement, i);
            else
                bytes += sqlite3_column_blob(statement, i) != NULL
                             ? (size_t)sqlite3_column_bytes(statement, i)
                             : 0;
        }
        rows++;
    }
    if (code != SQLITE_DONE || rows != row_count || bytes == 0)
        stop(SELECT, sqlite3_errmsg(database));
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return now_s() - start;
}

static double postgres_select(const char *url)
{
    double start = now_s();
    PGconn *connection = PQconnectdb(url);
    PGresult *result;
    size_t rows = 0;
    size_t bytes = 0;

    if (PQstatus(connection) != CONNECTION_OK ||
        PQsendQueryParams(connection, SELECT, 0, NULL, NULL, NULL, NULL, 1) != 1 ||
        PQsetSingleRowMode(connection) != 1)
        stop(url, PQerrorMessage(connection));
    while ((result = PQgetResult(connection)) != NULL) {
        if (PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
            for (int i = 0; i < COLUMN_COUNT; i++)
                bytes += (size_t)PQgetlength(result, 0, i);
            rows++;
        }
        PQclear(result);
    }
    if (rows != row_count || bytes == 0)
        stop(SELECT, PQerrorMessage(connection));
    PQfinish(connection);
    return now_s() - start;
}

/* ---- a writer meanwhile ---- */

struct writer {
    const char *url;
    atomic_bool stopping;
    double longest_s;
    size_t writes;
};

/* What ingest does to the database, as far as locks go: a small transaction, again and again. */
static void *write_on(void *argument)
{
    struct writer *writer = argument;
    struct fg_sql *sql = bureau_open(writer->url);
    struct fg_error error;

    while (!atomic_load(&writer->stopping)) {
        double start = now_s();

        if (fg_sql_begin(sql, &error) != FG_OK)
            stop("a writer meanwhile", error.text);
        run_text(sql, "UPDATE station SET name = 'x' WHERE station = 'OTHER'");
        if (fg_sql_commit(sql, &error) != FG_OK)
            stop("a writer meanwhile", error.text);
        start = now_s() - start;
        writer->longest_s = start > writer->longest_s ? start : writer->longest_s;
        writer->writes++;
        (void)usleep(5000);
    }
    fg_sql_close(sql);
    return NULL;
}

/* ---- publishing ---- */

static double publish_run(struct fg_sql *sql, bool forced, struct fg_publish_result *ret_published)
{
    char path[PATH_BYTES];
    struct fg_publish_order order = {.station = "HZ-01",
                                     .out_path = path,
                                     .key = &key,
                                     .now_ms = NOW_MS,
                                     .who = "bench",
                                     .forced = forced};
    struct fg_error error;
    double start = now_s();

    (void)snprintf(path, sizeof(path), "%s/list.fgl", directory);
    if (fg_publish(sql, &order, ret_published, &error) != FG_OK)
        stop("publish", error.text);
    return now_s() - start;
}

/* How long a small transaction waits at most while a list is published. */
static void writer_run(const char *what, const char *url, struct fg_sql *sql)
{
    struct writer writer = {.url = url};
    struct fg_publish_result published;
    pthread_t thread;

    if (pthread_create(&thread, NULL, write_on, &writer) != 0)
        stop("a writer meanwhile", "cannot be started");
    (void)publish_run(sql, true, &published);
    atomic_store(&writer.stopping, true);
    (void)pthread_join(thread, NULL);
    printf("%-10s %zu small transactions meanwhile, the longest took %.0f ms\n", what, writer.writes,
           writer.longest_s * 1e3);
}

/* The best of ROUNDS of each, in turn, so that a busy moment of the machine falls on both. */
static void pair_run(const char *what, const char *url, const char *bare_at, bool postgres)
{
    struct fg_sql *sql = bureau_open(url);
    struct fg_publish_result published = {0};
    struct stat status;
    char path[PATH_BYTES];
    double bare_s = 0;
    double publish_s = 0;
    double same_s;

    registry_fill(sql);
    for (int i = 0; i < ROUNDS; i++) {
        double spent = postgres ? postgres_select(bare_at) : lite_select(bare_at);

        bare_s = i == 0 || spent < bare_s ? spent : bare_s;
        spent = publish_run(sql, true, &published);
        publish_s = i == 0 || spent < publish_s ? spent : publish_s;
    }
    (void)snprintf(path, sizeof(path), "%s/list.fgl", directory);
    if (published.manifest.row_count != row_count || stat(path, &status) != 0)
        stop(path, "is not what was asked for");
    printf("%-10s list of %" PRIu64
           " rows, %.1f MB: bare SELECT %.2f s, published in %.2f s (%.0f rows/s), ratio "
           "%.2f\n",
           what, published.manifest.row_count, (double)status.st_size / 1e6, bare_s, publish_s,
           (double)row_count / publish_s, bare_s / publish_s);
    same_s = publish_run(sql, false, &published);
    if (published.published)
        stop(what, "published although nothing changed");
    printf("%-10s nothing changed: seen in %.2f s, ratio %.2f\n", what, same_s, bare_s / same_s);
    writer_run(what, url, sql);
    fg_sql_close(sql);
}

static void postgres_url(char url[PATH_BYTES])
{
    char command[PATH_BYTES];
    FILE *pipe;

    (void)snprintf(postgres_directory, sizeof(postgres_directory), "%s-pg", directory);
    (void)snprintf(command, sizeof(command), "tests/lib/postgres.sh start %s", postgres_directory);
    pipe = popen(command, "r");
    if (pipe == NULL || fgets(url, PATH_BYTES, pipe) == NULL || pclose(pipe) != 0)
        stop(command, "PostgreSQL cannot be started");
    url[strcspn(url, "\n")] = '\0';
}

int main(void)
{
    const char *count = getenv("BENCH_ROWS");
    char path[PATH_BYTES];
    char url[PATH_BYTES];
    struct rusage usage;
    struct fg_error error;

    if (count != NULL && strtoul(count, NULL, 10) >= 1000)
        row_count = strtoul(count, NULL, 10);
    if (mkdtemp(directory) == NULL || fg_private_key_new(&key, &error) != FG_OK)
        stop(directory, "cannot be made ready");
    (void)snprintf(path, sizeof(path), "%s/bureau.db", directory);
    (void)snprintf(url, sizeof(url), "sqlite:%s/bureau.db", directory);
    pair_run("SQLite", url, path, false);
    postgres_url(url);
    pair_run("PostgreSQL", url, url, true);
    postgres_stop();
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        printf("peak memory %ld MB\n", usage.ru_maxrss / 1024);
    (void)snprintf(path, sizeof(path), "rm -rf %s", directory);
    return system(path) == 0 ? 0 : 1;
}
