/* Implementation of entries for benchmarks (sample_records.h). */
#include "tests/bench/sample_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/journal/journal_columns.h"
#include "host/bureau/schema/schema.h"
#include "lib/base/monotime.h"
#include "lib/crypto/sign.h"

#define PATH_BYTES 256
#define BATCH 100000
#define INDICES_MAX 16

static char postgres_directory[PATH_BYTES];

double bench_now_s(void)
{
    return (double)fg_mono_ns() / 1e9;
}

void bench_postgres_stop(void)
{
    char command[PATH_BYTES + 64];

    if (postgres_directory[0] == '\0')
        return;
    (void)snprintf(command, sizeof(command), "tests/lib/postgres.sh stop %s", postgres_directory);
    postgres_directory[0] = '\0';
    if (system(command) != 0)
        (void)fprintf(stderr, "bench: %s failed\n", command);
}

_Noreturn void bench_stop(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench: %s: %s\n", what, why);
    bench_postgres_stop();
    exit(1);
}

void bench_postgres_start(const char *directory, char *ret_url, size_t size)
{
    char command[PATH_BYTES + 64];
    FILE *pipe;

    (void)snprintf(postgres_directory, sizeof(postgres_directory), "%s", directory);
    (void)snprintf(command, sizeof(command), "tests/lib/postgres.sh start %s", postgres_directory);
    pipe = popen(command, "r");
    if (pipe == NULL || fgets(ret_url, (int)size, pipe) == NULL || pclose(pipe) != 0)
        bench_stop("PostgreSQL", "does not start");
    ret_url[strcspn(ret_url, "\n")] = '\0';
}

/* As they come in: in order of time, controllers mixed. */
static void record_add(struct fg_sql_bulk *bulk, size_t number)
{
    struct fg_sql_value values[FG_JOURNAL_COLUMN_COUNT];
    char controller[FG_NAME_MAX + 1];
    char station[FG_NAME_MAX + 1];
    struct fg_digest hash;
    struct fg_entry entry;
    struct fg_error error;
    bool ended = number % 2 == 1;
    size_t cylinder = number / 2 * 2654435761u % BENCH_RECORDS_CYLINDERS;
    struct fg_journal_place place = {.controller = controller,
                                     .sequence = number / BENCH_RECORDS_CONTROLLERS + 1,
                                     .bytes = hash.bytes, /* not read here; of an entry's usual size */
                                     .length = FG_DIGEST_BYTES,
                                     .hash = &hash,
                                     .station = station,
                                     .arrived_ms =
                                         BENCH_RECORDS_MS + (int64_t)number * BENCH_RECORDS_STEP_MS + 4000};

    memset(&entry, 0, sizeof(entry));
    (void)snprintf(controller, sizeof(controller), "ctl-%03zu", number % BENCH_RECORDS_CONTROLLERS);
    (void)snprintf(station, sizeof(station), "HZ-%02zu", number % BENCH_RECORDS_CONTROLLERS / 4);
    entry.kind = number % 37 == 0 ? FG_ENTRY_REFUSED : ended ? FG_ENTRY_ENDED : FG_ENTRY_AUTHORISED;
    entry.wall_ms = BENCH_RECORDS_MS + (int64_t)number * BENCH_RECORDS_STEP_MS;
    entry.clock_quality = FG_CLOCK_SYNCHRONISED;
    entry.identity = FG_IDENTITY_SIGNED_TAG;
    entry.row.medium = FG_MEDIUM_CNG;
    (void)snprintf(entry.operator_id, sizeof(entry.operator_id), "op-%zu", number % BENCH_RECORDS_OPERATORS);
    (void)snprintf(entry.row.code.text, sizeof(entry.row.code.text), "HZ-CNG-%06zu", cylinder);
    (void)snprintf(entry.row.plate, sizeof(entry.row.plate), "\346\265\231E%05zu", cylinder);
    entry.reasons.count = entry.kind == FG_ENTRY_REFUSED;
    entry.reasons.reasons[0] = 12;
    entry.quantity_g = entry.kind == FG_ENTRY_ENDED ? 9000 : 0;
    entry.stop = entry.kind == FG_ENTRY_ENDED ? FG_STOP_TARGET_REACHED : 0;
    fg_sha256(&number, sizeof(number), &hash);
    fg_journal_values(&place, &entry, 0, values);
    if (fg_sql_bulk_add(bulk, values, FG_JOURNAL_COLUMN_COUNT, &error) != FG_OK)
        bench_stop("record", error.text);
}

/* ---- indices ---- */

/* Those of the entries besides the key: built at the end, which is many times faster than entry by entry. */
struct indices {
    size_t count;
    char names[INDICES_MAX][64];
    char texts[INDICES_MAX][1024];
};

static void run(struct fg_sql *sql, const char *text)
{
    struct fg_sql_statement *statement;
    struct fg_error error;

    if (fg_sql_prepare(sql, text, &statement, &error) != FG_OK ||
        fg_sql_run(statement, NULL, &error) != FG_OK)
        bench_stop(text, error.text);
}

static void indices_drop(struct fg_sql *sql, bool postgres, struct indices *indices)
{
    struct fg_sql_statement *statement;
    struct fg_error error;
    char text[128];
    enum fg_err result = fg_sql_prepare(
        sql,
        postgres ? "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'journal_entry' AND "
                   "indexname NOT LIKE '%_pkey'"
                 : "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = "
                   "'journal_entry' AND sql IS NOT NULL",
        &statement, &error);

    indices->count = 0;
    while (result == FG_OK && (result = fg_sql_next(statement, &error)) == FG_OK &&
           indices->count < INDICES_MAX) {
        (void)snprintf(indices->names[indices->count], sizeof(indices->names[0]), "%s",
                       fg_sql_text(statement, 0));
        (void)snprintf(indices->texts[indices->count++], sizeof(indices->texts[0]), "%s",
                       fg_sql_text(statement, 1));
    }
    if (result != FG_E_NOT_FOUND || indices->count == 0)
        bench_stop("indices", "cannot be listed");
    for (size_t i = 0; i < indices->count; i++) {
        (void)snprintf(text, sizeof(text), "DROP INDEX %s", indices->names[i]);
        run(sql, text);
    }
}

void bench_records_make(const struct fg_sql_settings *settings, size_t count)
{
    struct fg_sql *sql = NULL;
    struct fg_sql_bulk *bulk = NULL;
    struct indices indices;
    struct fg_error error;
    bool postgres = strncmp(settings->url, "postgres", 8) == 0;
    double start = bench_now_s();

    if (fg_sql_open(settings, &sql, &error) != FG_OK ||
        fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error) != FG_OK)
        bench_stop("database", error.text);
    indices_drop(sql, postgres, &indices);
    for (size_t done = 0; done < count;) {
        if (fg_sql_begin(sql, &error) != FG_OK ||
            fg_sql_bulk_start(sql, "journal_entry", FG_JOURNAL_COLUMNS, &bulk, &error) != FG_OK)
            bench_stop("records", error.text);
        for (size_t end = done + BATCH; done < end && done < count; done++)
            record_add(bulk, done);
        if (fg_sql_bulk_finish(bulk, &error) != FG_OK || fg_sql_commit(sql, &error) != FG_OK)
            bench_stop("records", error.text);
    }
    for (size_t i = 0; i < indices.count; i++)
        run(sql, indices.texts[i]);
    run(sql,
        "INSERT INTO journal_head (controller, next_sequence, head, receipt, station, arrived_ms) SELECT "
        "controller, "
        "MAX(sequence) + 1, '', '', MAX(station), MAX(arrived_ms) FROM journal_entry GROUP BY controller");
    /* As its daemon does in a bureau, where entries come over months. */
    if (postgres)
        run(sql, "VACUUM (ANALYZE) journal_entry");
    fg_sql_close(sql);
    printf("  %zu records made in %.0f s\n", count, bench_now_s() - start);
}
