/* Exporting the history: records per second of the stream (read by key, written as CSV or JSON lines, hashed)
 * and of the same stream over HTTP on loopback, on SQLite and PostgreSQL, each beside a bare dump of the same
 * columns in the same run: plain SQLite API, and COPY TO, the cells written to /dev/null as they come, in the
 * order of the table. BENCH_EXPORT_RECORDS (1000000) is the number of records; 10000000 takes a quarter of an
 * hour and 10 GB. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/bureau/export/export_stream.h"
#include "lib/net/server/https_server.h"
#include "tests/bench/sample_records.h"

#define ROUNDS 3
#define GOAL 200000.0
#define PATH_BYTES 256

static char directory[64] = "/tmp/fillgate-bench-XXXXXX";
static size_t record_count = 1000000;
static int null_file;

static void null_write(const void *bytes, size_t length)
{
    if (write(null_file, bytes, length) != (ssize_t)length)
        bench_stop("/dev/null", "cannot be written to");
}

/* ---- the bare dumps ---- */

static double lite_bare(const char *url)
{
    static char line[65536];
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    size_t length = 0;
    size_t rows = 0;
    double start = bench_now_s();

    if (sqlite3_open(url + strlen("sqlite:"), &database) != SQLITE_OK ||
        sqlite3_prepare_v2(database, "SELECT " FG_HISTORY_COLUMNS " FROM journal_entry", -1, &statement,
                           NULL) != SQLITE_OK)
        bench_stop("sqlite", sqlite3_errmsg(database));
    while (sqlite3_step(statement) == SQLITE_ROW) {
        for (int c = 0; c < sqlite3_column_count(statement); c++) {
            const void *cell = sqlite3_column_text(statement, c);
            size_t size = (size_t)sqlite3_column_bytes(statement, c);

            memcpy(line + length, cell != NULL ? cell : "", size);
            length += size;
            line[length++] = ',';
        }
        line[length - 1] = '\n';
        if (length > sizeof(line) - 2048) {
            null_write(line, length);
            length = 0;
        }
        rows++;
    }
    null_write(line, length);
    start = bench_now_s() - start;
    if (rows != record_count)
        bench_stop("sqlite", "not all rows");
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return start;
}

static double postgres_bare(const char *url)
{
    PGconn *connection = PQconnectdb(url);
    PGresult *result;
    char *row = NULL;
    int length;
    size_t rows = 0;
    double start = bench_now_s();

    result = PQexec(connection, "COPY (SELECT " FG_HISTORY_COLUMNS " FROM journal_entry) TO STDOUT");
    if (PQresultStatus(result) != PGRES_COPY_OUT)
        bench_stop("COPY", PQerrorMessage(connection));
    PQclear(result);
    while ((length = PQgetCopyData(connection, &row, 0)) > 0) {
        null_write(row, (size_t)length);
        PQfreemem(row);
        rows++;
    }
    start = bench_now_s() - start;
    if (rows != record_count)
        bench_stop("COPY", "not all rows");
    PQfinish(connection);
    return start;
}

/* ---- the export ---- */

static struct fg_export *export_open(struct fg_sql_pool *pool, const char *name, const char *value,
                                     enum fg_export_format format)
{
    struct fg_history_filter filter;
    struct fg_export *export = NULL;
    struct fg_error error;

    fg_history_filter_start(&filter);
    if ((name != NULL && fg_history_filter_set(&filter, name, value, &error) != FG_OK) ||
        fg_export_new(pool, &filter, format, &export, &error) != FG_OK)
        bench_stop("export", error.text);
    return export;
}

static double stream(struct fg_sql_pool *pool, const char *name, const char *value,
                     enum fg_export_format format, uint64_t *ret_records)
{
    static uint8_t buffer[32768];
    struct fg_export *export = export_open(pool, name, value, format);
    struct fg_error error;
    size_t length = 0;
    double start = bench_now_s();

    do {
        if (fg_export_read(export, buffer, sizeof(buffer), &length, &error) != FG_OK)
            bench_stop("export", error.text);
        null_write(buffer, length);
    } while (length > 0);
    start = bench_now_s() - start;
    *ret_records = fg_export_records(export);
    fg_export_free(export);
    return start;
}

static enum fg_err source(void *context, uint64_t offset, uint8_t *buffer, size_t capacity,
                          size_t *ret_length)
{
    struct fg_error error;

    (void)offset;
    return fg_export_read(context, buffer, capacity, ret_length, &error);
}

static void serve(void *context, const struct fg_request *request, struct fg_answer *answer)
{
    (void)request;
    answer->status = 200;
    answer->source = source;
    answer->source_context = export_open(context, NULL, NULL, FG_EXPORT_CSV);
    answer->source_free = (void (*)(void *))fg_export_free;
}

static int64_t wall_ms(void *context)
{
    (void)context;
    return BENCH_RECORDS_MS;
}

static void say(void *context, const char *line)
{
    (void)context;
    (void)fprintf(stderr, "bench_export: %s\n", line);
}

static double download(uint16_t port)
{
    static char buffer[65536];
    static const char request[] = "GET /export HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    struct sockaddr_in peer = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ssize_t got;
    size_t all = 0;
    double start = bench_now_s();

    if (fd < 0 || connect(fd, (struct sockaddr *)&peer, sizeof(peer)) != 0 ||
        send(fd, request, sizeof(request) - 1, 0) < 0)
        bench_stop("download", "cannot connect");
    while ((got = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
        null_write(buffer, (size_t)got);
        all += (size_t)got;
    }
    start = bench_now_s() - start;
    if (all < record_count * 100)
        bench_stop("download", "not whole");
    (void)close(fd);
    return start;
}

static double over_http(struct fg_sql_pool *pool)
{
    struct fg_route route = {"GET", "/export", 0, false, serve, pool};
    struct fg_server_settings settings = {.address = "127.0.0.1",
                                          .plain = true,
                                          .now_ms = wall_ms,
                                          .thread_per_connection = true,
                                          .connections_max = 8,
                                          .request_max_ms = 60000,
                                          .log = say,
                                          .routes = &route,
                                          .route_count = 1};
    struct fg_server *server = NULL;
    struct fg_error error;
    double best = 0;

    if (fg_server_start(&settings, &server, &error) != FG_OK)
        bench_stop("server", error.text);
    for (int i = 0; i < ROUNDS; i++) {
        double spent = download(fg_server_port(server));

        best = best == 0 || spent < best ? spent : best;
    }
    fg_server_stop(server);
    return best;
}

/* ---- the report ---- */

static void tell(const char *what, uint64_t records, double spent, double bare)
{
    printf("  %-34s %8.0f records/s", what, (double)records / spent);
    if (bare > 0)
        printf("   %.2f of the bare dump", bare / spent);
    printf("\n");
}

static void measure(const char *url, double (*bare_of)(const char *url))
{
    static const char *const parts[][2] = {{"outcome", "ENDED"}, {"station", "HZ-07"}};
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 60000};
    struct fg_sql_pool *pool = NULL;
    struct fg_error error;
    double best[1 + FG_EXPORT_FORMAT_COUNT] = {0};
    uint64_t records = 0;
    double spent;

    bench_records_make(&settings, record_count);
    if (fg_sql_pool_new(&settings, 1, &pool, &error) != FG_OK)
        bench_stop("database", error.text);
    for (int i = 0; i < ROUNDS; i++) {
        for (int k = 0; k <= FG_EXPORT_FORMAT_COUNT; k++) {
            spent =
                k == 0 ? bare_of(url) : stream(pool, NULL, NULL, (enum fg_export_format)(k - 1), &records);
            best[k] = best[k] == 0 || spent < best[k] ? spent : best[k];
        }
    }
    if (records != record_count)
        bench_stop("export", "not all records");
    tell("bare dump", records, best[0], 0);
    tell("export as CSV", records, best[1], best[0]);
    tell("export as JSON lines", records, best[2], best[0]);
    tell("export as CSV over HTTP", records, over_http(pool), best[0]);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char what[60];

        (void)snprintf(what, sizeof(what), "export as CSV, %s=%s", parts[i][0], parts[i][1]);
        spent = stream(pool, parts[i][0], parts[i][1], FG_EXPORT_CSV, &records);
        tell(what, records, spent, 0);
    }
    if ((double)record_count / best[1] < GOAL)
        printf("  below the goal of %.0f records/s\n", GOAL);
    fg_sql_pool_free(pool);
}

static void postgres_measure(void)
{
    char path[PATH_BYTES];
    char url[PATH_BYTES];

    (void)snprintf(path, sizeof(path), "%s/postgres", directory);
    bench_postgres_start(path, url, sizeof(url));
    printf("export, PostgreSQL\n");
    measure(url, postgres_bare);
    bench_postgres_stop();
}

int main(void)
{
    const char *wanted = getenv("BENCH_EXPORT_RECORDS");
    char url[PATH_BYTES];
    char command[PATH_BYTES];
    struct rusage usage;

    if (wanted != NULL)
        record_count = strtoull(wanted, NULL, 10);
    null_file = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (record_count < 1000 || null_file < 0 || mkdtemp(directory) == NULL || chmod(directory, 0711) != 0)
        bench_stop("start", "BENCH_EXPORT_RECORDS must be 1000 or more");
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)snprintf(url, sizeof(url), "sqlite:%s/bench.db", directory);
    printf("export, SQLite\n");
    measure(url, lite_bare);
    postgres_measure();
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("  peak memory of the exporting process %ld kB\n", usage.ru_maxrss);
    (void)snprintf(command, sizeof(command), "rm -rf %s", directory);
    return system(command) == 0 ? 0 : 1;
}
