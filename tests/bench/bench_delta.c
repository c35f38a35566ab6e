/* Delta files' figures: 1 % of a list of 100,000 and of 1,000,000 rows changed; the bytes that a changed row
 * and a new row take, the time to make and to apply the delta, and that time beside the import of the whole
 * new list file into the same store in the same run. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/bureau/publish/list_build.h"
#include "lib/list/list.h"
#include "lib/list/serve/delta_build.h"

#define PATH_BYTES 256

/* What changes in the second version. */
enum change { CHANGE_STATE, CHANGE_DATE, CHANGE_NEW_ROWS, CHANGE_COUNT };

static const char *const change_names[CHANGE_COUNT] = {"state", "date", "new rows"};
static char directory[64] = "/tmp/fillgate-bench-XXXXXX";
static struct fg_private_key key;

static _Noreturn void stop(const char *what, const char *why)
{
    fprintf(stderr, "bench_delta: %s: %s\n", what, why);
    exit(1);
}

static double now_s(void)
{
    struct timespec at;

    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void path_of(const char *name, char path[PATH_BYTES])
{
    (void)snprintf(path, PATH_BYTES, "%s/%s", directory, name);
}

static void write_registry(const char *path, unsigned rows, enum change change, bool second)
{
    FILE *stream = fopen(path, "w");

    if (stream == NULL)
        stop(path, "cannot be written");
    fprintf(stream, "code,uid,state,medium,first_fill_pending,nominal_kpa,capacity_dl,tare_g,maximum_fill_g,"
                    "inspection_due,end_of_life,owner,plate\n");
    for (unsigned i = 0; i < rows; i++) {
        bool hit = i % 100 == 99;

        if (hit && change == CHANGE_NEW_ROWS && !second)
            continue;
        fprintf(stream, "HZ-CNG-%08u,04%012x,%s,cng,0,20000,650,61234,0,%s,2040-01-31,HZGAS,E%07u\n", i,
                i * 2654435761U, hit && second && change == CHANGE_STATE ? "suspended" : "in_service",
                hit && second && change == CHANGE_DATE ? "2030-06-30" : "2028-06-30", i / 2);
    }
    if (fclose(stream) != 0)
        stop(path, "cannot be written");
}

static void build(unsigned rows, enum change change, bool second)
{
    char csv[PATH_BYTES];
    char rules[PATH_BYTES];
    char out[PATH_BYTES];
    struct fg_list_build_options options = {.csv_path = csv,
                                            .rules_path = rules,
                                            .out_path = out,
                                            .key = &key,
                                            .list_id = "city",
                                            .version = second ? 2 : 1,
                                            .issued_ms = 1,
                                            .expires_ms = 2,
                                            .bucket_bits = FG_LIST_BUILD_BITS_CHOOSE};
    struct fg_list_build_result built;
    struct fg_error error = {0};
    FILE *stream;

    path_of("registry.csv", csv);
    path_of("rules.ini", rules);
    path_of(second ? "2.fgl" : "1.fgl", out);
    stream = fopen(rules, "w");
    if (stream == NULL || fputs("[rules]\nstation = S1\nmedia = cng\n", stream) < 0 || fclose(stream) != 0)
        stop(rules, "cannot be written");
    write_registry(csv, rows, change, second);
    if (fg_list_build(&options, &built, NULL, NULL, &error) != FG_OK)
        stop("building", error.text);
    (void)unlink(csv);
}

static void remove_store(void)
{
    static const char *const names[] = {"list.db", "list.db-wal", "list.db-shm"};

    for (int i = 0; i < 3; i++) {
        char path[PATH_BYTES];

        path_of(names[i], path);
        (void)unlink(path);
    }
}

/* Version 1 into a fresh store, then the file given; the time of the latter. */
static double import_after_first(const char *name)
{
    struct fg_list *list = NULL;
    struct fg_manifest manifest;
    struct fg_error error = {0};
    char path[PATH_BYTES];
    double start;

    remove_store();
    path_of("list.db", path);
    if (fg_list_open(path, NULL, &key.public_key, 1, &list, &error) != FG_OK)
        stop("opening", error.text);
    path_of("1.fgl", path);
    if (fg_list_import(list, path, 0, &manifest, &error) != FG_OK)
        stop("importing", error.text);
    path_of(name, path);
    start = now_s();
    if (fg_list_import(list, path, 0, &manifest, &error) != FG_OK)
        stop("importing", error.text);
    start = now_s() - start;
    if (manifest.version != 2 || fg_list_verify(list, &error) != FG_OK)
        stop("verifying", error.text);
    fg_list_close(list);
    return start;
}

static double per_row(uint64_t bytes, uint64_t rows)
{
    return rows == 0 ? 0 : (double)bytes / (double)rows;
}

static void measure(unsigned rows, enum change change)
{
    struct fg_delta_build_result built;
    struct fg_error error = {0};
    struct stat whole;
    char one[PATH_BYTES];
    char two[PATH_BYTES];
    char delta[PATH_BYTES];
    double make_s;
    double apply_s;
    double import_s;

    build(rows, change, false);
    build(rows, change, true);
    path_of("1.fgl", one);
    path_of("2.fgl", two);
    path_of("1-2.fgd", delta);
    make_s = now_s();
    if (fg_delta_build(one, two, delta, &built, &error) != FG_OK)
        stop("delta", error.text);
    make_s = now_s() - make_s;
    if (stat(two, &whole) != 0)
        stop(two, "cannot be found");
    printf("delta, %u rows, 1 %% changed (%s): %" PRIu64
           " bytes, whole file %lld; %.1f bytes a changed row (%" PRIu64 "), %.1f a new row (%" PRIu64 ")\n",
           rows, change_names[change], built.file_bytes, (long long)whole.st_size,
           per_row(built.counts.changed_bytes, built.counts.changed_rows), built.counts.changed_rows,
           per_row(built.counts.inserted_bytes, built.counts.inserted_rows), built.counts.inserted_rows);
    apply_s = import_after_first("1-2.fgd");
    import_s = import_after_first("2.fgl");
    printf("delta, %u rows (%s): made in %.3f s, applied in %.3f s, whole import %.3f s, ratio %.2f\n", rows,
           change_names[change], make_s, apply_s, import_s, apply_s / import_s);
    (void)unlink(one);
    (void)unlink(two);
    (void)unlink(delta);
    remove_store();
}

int main(void)
{
    struct fg_error error = {0};
    char rules[PATH_BYTES];

    if (mkdtemp(directory) == NULL)
        stop(directory, "cannot be created");
    if (fg_private_key_new(&key, &error) != FG_OK)
        stop("key", error.text);
    for (int change = 0; change < CHANGE_COUNT; change++)
        measure(100000, (enum change)change);
    measure(1000000, CHANGE_STATE);
    path_of("rules.ini", rules);
    (void)unlink(rules);
    (void)rmdir(directory);
    return 0;
}
