/* The list store's figures, each beside its reference: a verified look-up and a plain look-up by primary key,
 * the import and a bare bulk insert of the same rows, and the memory that both need.
 * BENCH_BIG=1 adds the look-up at 10,000,000 rows. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/bureau/publish/list_build.h"
#include "lib/base/monotime.h"
#include "lib/list/list.h"

#define LOOK_UPS 20000
#define PATH_BYTES 256

static char directory[64] = "/tmp/fillgate-bench-XXXXXX";
static struct fg_private_key key;

static _Noreturn void stop(const char *what, const char *why)
{
    fprintf(stderr, "bench_list: %s: %s\n", what, why);
    exit(1);
}

static double now_s(void)
{
    return (double)fg_mono_ns() / 1e9;
}

static void path_of(const char *name, char path[PATH_BYTES])
{
    (void)snprintf(path, PATH_BYTES, "%s/%s", directory, name);
}

static void code_of(unsigned number, struct fg_code *code)
{
    memset(code, 0, sizeof(*code));
    (void)snprintf(code->text, sizeof(code->text), "HZ-CNG-%08u", number);
}

static void write_registry(unsigned rows)
{
    char path[PATH_BYTES];
    FILE *stream;

    path_of("rules.ini", path);
    stream = fopen(path, "w");
    if (stream == NULL || fputs("[rules]\nstation = S1\nmedia = cng\n", stream) < 0 || fclose(stream) != 0)
        stop(path, "cannot be written");
    path_of("registry.csv", path);
    stream = fopen(path, "w");
    if (stream == NULL)
        stop(path, "cannot be written");
    fprintf(stream, "code,uid,state,medium,first_fill_pending,nominal_kpa,capacity_dl,tare_g,maximum_fill_g,"
                    "inspection_due,end_of_life,owner,plate\n");
    for (unsigned i = 0; i < rows; i++)
        fprintf(stream,
                "HZ-CNG-%08u,04%012x,in_service,cng,0,20000,650,61234,0,2028-06-30,2040-01-31,HZGAS,"
                "E%07u\n",
                i, i, i / 2);
    if (fclose(stream) != 0)
        stop(path, "cannot be written");
}

static void build(unsigned rows)
{
    char csv[PATH_BYTES];
    char rules[PATH_BYTES];
    char out[PATH_BYTES];
    struct fg_list_build_options options = {
        .csv_path = csv, .rules_path = rules, .out_path = out, .key = &key};
    struct fg_list_build_result built;
    struct fg_error error = {0};
    double start;

    write_registry(rows);
    path_of("registry.csv", csv);
    path_of("rules.ini", rules);
    path_of("list.fgl", out);
    options.list_id = "city";
    options.version = 1;
    options.issued_ms = 1;
    options.expires_ms = 2;
    options.bucket_bits = FG_LIST_BUILD_BITS_CHOOSE;
    start = now_s();
    if (fg_list_build(&options, &built, NULL, NULL, &error) != FG_OK)
        stop("building", error.text);
    printf("list build, %u rows: %.2f s, file %" PRIu64 " MB, %d bucket bits\n", rows, now_s() - start,
           built.file_bytes / 1000000, built.manifest.bucket_bits);
}

static struct fg_list *open_list(void)
{
    char path[PATH_BYTES];
    struct fg_list *list = NULL;
    struct fg_error error = {0};

    path_of("list.db", path);
    if (fg_list_open(path, NULL, &key.public_key, 1, &list, &error) != FG_OK)
        stop("opening", error.text);
    return list;
}

static void import(unsigned rows)
{
    struct fg_list *list = open_list();
    struct fg_manifest manifest;
    struct fg_error error = {0};
    char path[PATH_BYTES];

    (void)rows;
    path_of("list.fgl", path);
    if (fg_list_import(list, path, 0, &manifest, &error) != FG_OK)
        stop("importing", error.text);
    fg_list_close(list);
}

static sqlite3 *open_plain(void)
{
    char path[PATH_BYTES];
    sqlite3 *db = NULL;

    path_of("plain.db", path);
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA cache_size = -2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "CREATE TABLE IF NOT EXISTS row(code TEXT PRIMARY KEY, uid BLOB, state INT, medium INT,"
                     "first INT, kpa INT, dl INT, tare INT, fill INT, due INT, life INT, owner TEXT,"
                     "plate TEXT, others TEXT) WITHOUT ROWID",
                     NULL, NULL, NULL) != SQLITE_OK)
        stop("opening", path);
    return db;
}

/* The reference: the same values, row by row in the order of their codes, into a bare table. */
static void insert_plain(unsigned rows)
{
    sqlite3 *db = open_plain();
    sqlite3_stmt *statement = NULL;

    (void)sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    (void)sqlite3_prepare_v2(db,
                             "INSERT INTO row VALUES(?,?,1,1,0,20000,650,61234,0,21365,25597,'HZGAS',?,?)",
                             -1, &statement, NULL);
    for (unsigned i = 0; i < rows; i++) {
        struct fg_code code;
        struct fg_code other;
        char plate[16];
        uint8_t uid[7] = {4, 0, 0, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};

        code_of(i, &code);
        code_of(i ^ 1, &other);
        (void)snprintf(plate, sizeof(plate), "E%07u", i / 2);
        (void)sqlite3_bind_text(statement, 1, code.text, -1, SQLITE_STATIC);
        (void)sqlite3_bind_blob(statement, 2, uid, sizeof(uid), SQLITE_STATIC);
        (void)sqlite3_bind_text(statement, 3, plate, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(statement, 4, other.text, -1, SQLITE_STATIC);
        if (sqlite3_step(statement) != SQLITE_DONE)
            stop("inserting", sqlite3_errmsg(db));
        (void)sqlite3_reset(statement);
    }
    (void)sqlite3_finalize(statement);
    if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        stop("inserting", sqlite3_errmsg(db));
    (void)sqlite3_close(db);
}

static int compare_times(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double times[LOOK_UPS];

static double median_us(void)
{
    qsort(times, LOOK_UPS, sizeof(times[0]), compare_times);
    return times[LOOK_UPS / 2] * 1e6;
}

static unsigned pick(unsigned i, unsigned rows)
{
    return (unsigned)(((uint64_t)i * 2654435761u + 12345) % rows);
}

static double find_ours(unsigned rows)
{
    struct fg_list *list = open_list();
    struct fg_error error = {0};

    for (unsigned i = 0; i < LOOK_UPS; i++) {
        struct fg_code code;
        struct fg_row row;
        double start;

        code_of(pick(i, rows), &code);
        start = now_s();
        if (fg_list_find(list, &code, &row, &error) != FG_OK)
            stop("look-up", error.text);
        times[i] = now_s() - start;
    }
    fg_list_close(list);
    return median_us();
}

static double find_plain(unsigned rows)
{
    sqlite3 *db = open_plain();
    sqlite3_stmt *statement = NULL;

    (void)sqlite3_prepare_v2(db, "SELECT * FROM row WHERE code = ?1", -1, &statement, NULL);
    for (unsigned i = 0; i < LOOK_UPS; i++) {
        struct fg_code code;
        double start;

        code_of(pick(i, rows), &code);
        start = now_s();
        (void)sqlite3_bind_text(statement, 1, code.text, -1, SQLITE_STATIC);
        if (sqlite3_step(statement) != SQLITE_ROW)
            stop("plain look-up", sqlite3_errmsg(db));
        (void)sqlite3_reset(statement);
        times[i] = now_s() - start;
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return median_us();
}

static void find_in_child(unsigned rows)
{
    (void)find_ours(rows);
}

/* Runs work in a process of its own, so that its peak memory is its own. */
static double in_process(void (*work)(unsigned), unsigned rows, double *ret_rss_mib)
{
    struct rusage usage;
    double start = now_s();
    int status;
    pid_t child;

    (void)fflush(stdout);
    child = fork();
    if (child == 0) {
        work(rows);
        (void)fflush(stdout);
        _exit(0);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0)
        stop("child", "failed");
    *ret_rss_mib = (double)usage.ru_maxrss / 1024;
    return now_s() - start;
}

static void remove_file(const char *name)
{
    static const char *const ends[] = {"", "-wal", "-shm"};

    for (int i = 0; i < 3; i++) {
        char path[PATH_BYTES];

        (void)snprintf(path, sizeof(path), "%s/%s%s", directory, name, ends[i]);
        (void)unlink(path);
    }
}

static double measure(unsigned rows)
{
    double ours_rss;
    double plain_rss;
    double find_rss;
    double none;
    double ours;
    double plain;

    (void)in_process(build, rows, &none);
    remove_file("registry.csv");
    ours = in_process(import, rows, &ours_rss);
    plain = in_process(insert_plain, rows, &plain_rss);
    printf("list import, %u rows: %.2f s, bare bulk insert %.2f s, ratio %.2f\n", rows, ours, plain,
           ours / plain);
    (void)in_process(find_in_child, rows, &find_rss);
    printf(
        "list peak memory, %u rows: import %.1f MiB, look-ups %.1f MiB, bare insert %.1f MiB, ratio %.2f\n",
        rows, ours_rss, find_rss, plain_rss, ours_rss / plain_rss);
    ours = find_ours(rows);
    plain = find_plain(rows);
    printf("list look-up with proof, %u rows: median %.1f us, plain primary key %.1f us, ratio %.2f\n", rows,
           ours, plain, ours / plain);
    remove_file("list.db");
    remove_file("plain.db");
    remove_file("list.fgl");
    return ours;
}

int main(void)
{
    struct fg_error error = {0};
    double small;

    if (mkdtemp(directory) == NULL)
        stop(directory, "cannot be created");
    if (fg_private_key_new(&key, &error) != FG_OK)
        stop("key", error.text);
    small = measure(1000000);
    if (getenv("BENCH_BIG") != NULL) {
        double large = measure(10000000);

        printf("list look-up, 10,000,000 rows to 1,000,000: ratio %.2f\n", large / small);
    }
    remove_file("rules.ini");
    (void)rmdir(directory);
    return 0;
}
