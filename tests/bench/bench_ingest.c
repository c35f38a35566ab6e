/* Taking journals in: verified entries per second into SQLite and PostgreSQL, each beside a bare insert (raw
 * SQLite, prepared) or a bare COPY (raw libpq, binary, rows made ready before) of the same columns into the
 * same table, in transactions of the same size, in the same run. Then what one batch costs apart from the
 * store, and how fast the alarms follow. BENCH_ENTRIES (20000) is the number of entries. */
#include <arpa/inet.h>
#include <endian.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/journal/gnutls_signature.h"
#include "host/bureau/journal/ingest.h"
#include "host/bureau/journal/journal_columns.h"
#include "host/bureau/journal/suspension.h"
#include "host/bureau/schema/schema.h"
#include "lib/base/monotime.h"

#define STATION "S1"
#define CONTROLLER "ctl-1"
#define NOW_MS INT64_C(1795392000000)
#define PATH_BYTES 256
#define COPY_ROW_MAX 2048
#define ROUNDS 3

static char directory[64] = "/tmp/fillgate-bench-XXXXXX";
static char postgres_directory[96];
static struct fg_private_key device_key;
static struct fg_private_key receipt_key;
static size_t entry_count = 20000;

/* The journal, made once. */
static uint8_t *bytes;
static size_t *offsets;
static struct fg_digest *hashes;

static void postgres_stop(void)
{
    char command[PATH_BYTES];

    if (postgres_directory[0] == '\0')
        return;
    (void)snprintf(command, sizeof(command), "tests/lib/postgres.sh stop %s", postgres_directory);
    postgres_directory[0] = '\0';
    if (system(command) != 0)
        (void)fprintf(stderr, "bench_ingest: %s failed\n", command);
}

static _Noreturn void stop(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_ingest: %s: %s\n", what, why);
    postgres_stop();
    exit(1);
}

static double now_s(void)
{
    return (double)fg_mono_ns() / 1e9;
}

/* ---- the journal ---- */

static void entry_make(size_t number, struct fg_entry *entry)
{
    bool ended = number % 2 == 0;

    memset(entry, 0, sizeof(*entry));
    (void)snprintf(entry->controller, sizeof(entry->controller), CONTROLLER);
    entry->sequence = number;
    entry->boot = 3;
    entry->kind = ended ? FG_ENTRY_ENDED : FG_ENTRY_AUTHORISED;
    entry->wall_ms = NOW_MS - (int64_t)(entry_count - number) * 60000;
    entry->mono_ms = (int64_t)number * 60000;
    entry->clock_quality = FG_CLOCK_SYNCHRONISED;
    (void)snprintf(entry->list_id, sizeof(entry->list_id), "HZ-001");
    entry->list_version = 412;
    (void)snprintf(entry->operator_id, sizeof(entry->operator_id), "op-%zu", number % 5);
    entry->identity = FG_IDENTITY_SIGNED_TAG;
    entry->uid = (struct fg_uid){7, {4, 1, 2, 3, 4, 5, (uint8_t)number}};
    (void)snprintf(entry->row.code.text, sizeof(entry->row.code.text), "HZ-CNG-%08zu",
                   (number + 1) / 2 % 1500);
    (void)snprintf(entry->row.plate, sizeof(entry->row.plate), "ZE-%05zu", (number + 1) / 2 % 1000);
    entry->meter_state = FG_READING_GOOD;
    entry->inventory_g = (int64_t)((number + 1) / 2) * 9000;
    if (ended) {
        entry->authorised_sequence = number - 1;
        entry->stop = FG_STOP_TARGET_REACHED;
        entry->start_inventory_g = entry->inventory_g;
        entry->quantity_g = 9000;
        entry->inventory_g += 9000;
        entry->duration_ms = 60000;
        entry->end_pressure_kpa = 20100;
        entry->end_temperature_dc = 215;
    } else {
        entry->row.state = FG_CYLINDER_IN_SERVICE;
        entry->row.medium = FG_MEDIUM_CNG;
        entry->row.nominal_pressure_kpa = 20000;
        entry->row.water_capacity_dl = 700;
        entry->row.inspection_due_day = 20999;
        (void)snprintf(entry->row.owner, sizeof(entry->row.owner), "huzhou-gas");
    }
}

static void journal_make(void)
{
    size_t at = 0;
    struct fg_entry entry;
    struct fg_error error;

    bytes = malloc((entry_count + 1) * 512);
    offsets = calloc(entry_count + 2, sizeof(*offsets));
    hashes = calloc(entry_count + 1, sizeof(*hashes));
    if (bytes == NULL || offsets == NULL || hashes == NULL)
        stop("journal", "no memory");
    fg_chain_start(CONTROLLER, &hashes[0]);
    for (size_t i = 1; i <= entry_count; i++) {
        size_t length = 0;

        entry_make(i, &entry);
        if (fg_entry_encode(&entry, bytes + at, 512, &length, &error) != FG_OK)
            stop("entry", error.text);
        fg_chain_next(&hashes[i - 1], bytes + at, length, &hashes[i]);
        offsets[i] = at;
        at += length;
    }
    offsets[entry_count + 1] = at;
    printf("%zu entries, %zu bytes each on average\n", entry_count, at / entry_count);
}

static size_t length_of(size_t number)
{
    return offsets[number + 1] - offsets[number];
}

static struct fg_signature *signatures_make(size_t batch)
{
    size_t count = (entry_count + batch - 1) / batch;
    struct fg_signature *signatures = calloc(count, sizeof(*signatures));
    struct fg_error error;

    if (signatures == NULL)
        stop("signatures", "no memory");
    for (size_t i = 0; i < count; i++) {
        size_t last = (i + 1) * batch < entry_count ? (i + 1) * batch : entry_count;
        struct fg_head head = {.controller = CONTROLLER, .sequence = last, .hash = hashes[last]};

        if (fg_head_sign(&head, &device_key, &signatures[i], &error) != FG_OK)
            stop("head", error.text);
    }
    return signatures;
}

/* The values of one row as ingest writes them. */
static void row_values(size_t number, size_t batch, const struct fg_signature *signatures,
                       struct fg_entry *entry, struct fg_sql_value values[FG_JOURNAL_COLUMN_COUNT])
{
    struct fg_journal_place place = {
        .controller = CONTROLLER,
        .sequence = number,
        .bytes = bytes + offsets[number],
        .length = length_of(number),
        .hash = &hashes[number],
        .head_signature =
            number % batch == 0 || number == entry_count ? &signatures[(number - 1) / batch] : NULL,
        .station = STATION,
        .arrived_ms = NOW_MS,
    };

    fg_journal_values(&place, entry, fg_journal_marks(&place, entry), values);
}

/* ---- the bare insert ---- */

static void lite_must(sqlite3 *database, int result, int expected, const char *what)
{
    if (result != expected)
        stop(what, sqlite3_errmsg(database));
}

static void lite_bind(sqlite3_stmt *statement, int column, const struct fg_sql_value *value)
{
    switch (value->type) {
    case FG_SQL_INT:
        (void)sqlite3_bind_int64(statement, column, value->number);
        break;
    case FG_SQL_TEXT:
        (void)sqlite3_bind_text(statement, column, value->bytes, -1, SQLITE_STATIC);
        break;
    case FG_SQL_BYTES:
        (void)sqlite3_bind_blob(statement, column, value->bytes, (int)value->length, SQLITE_STATIC);
        break;
    case FG_SQL_NULL:
    default:
        (void)sqlite3_bind_null(statement, column);
        break;
    }
}

static sqlite3_stmt *lite_prepare(sqlite3 *database)
{
    char text[1024] = "INSERT INTO journal_entry (" FG_JOURNAL_COLUMNS ") VALUES (?";
    sqlite3_stmt *statement = NULL;

    for (int i = 1; i < FG_JOURNAL_COLUMN_COUNT; i++)
        (void)strcat(text, ",?");
    (void)strcat(text, ")");
    lite_must(database, sqlite3_prepare_v2(database, text, -1, &statement, NULL), SQLITE_OK, "prepare");
    return statement;
}

/* All values are made ready before the clock runs. */
struct ready {
    struct fg_entry *entries;
    struct fg_sql_value (*values)[FG_JOURNAL_COLUMN_COUNT];
};

static struct ready ready_make(size_t batch, const struct fg_signature *signatures)
{
    struct ready ready = {calloc(entry_count + 1, sizeof(*ready.entries)),
                          calloc(entry_count + 1, sizeof(*ready.values))};

    if (ready.entries == NULL || ready.values == NULL)
        stop("rows", "no memory");
    for (size_t i = 1; i <= entry_count; i++)
        row_values(i, batch, signatures, &ready.entries[i], ready.values[i]);
    return ready;
}

static void ready_free(struct ready *ready)
{
    free(ready->entries);
    free(ready->values);
}

static double lite_bare(const char *path, size_t batch, const struct ready *ready)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement;
    double start;

    lite_must(database, sqlite3_open(path, &database), SQLITE_OK, path);
    lite_must(database, sqlite3_exec(database, "PRAGMA synchronous=FULL", NULL, NULL, NULL), SQLITE_OK, path);
    statement = lite_prepare(database);
    start = now_s();
    for (size_t i = 1; i <= entry_count; i++) {
        if (i % batch == 1 || batch == 1)
            lite_must(database, sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK,
                      "begin");
        for (int c = 0; c < FG_JOURNAL_COLUMN_COUNT; c++)
            lite_bind(statement, c + 1, &ready->values[i][c]);
        lite_must(database, sqlite3_step(statement), SQLITE_DONE, "insert");
        (void)sqlite3_reset(statement);
        if (i % batch == 0 || i == entry_count)
            lite_must(database, sqlite3_exec(database, "COMMIT", NULL, NULL, NULL), SQLITE_OK, "commit");
    }
    start = now_s() - start;
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return start;
}

/* ---- the bare COPY ---- */

static size_t copy_value(uint8_t *to, const struct fg_sql_value *value)
{
    uint64_t number = htobe64((uint64_t)value->number);
    size_t length = value->type == FG_SQL_INT    ? sizeof(number)
                    : value->type == FG_SQL_TEXT ? strlen(value->bytes)
                                                 : value->length;
    uint32_t prefix = htonl(value->type == FG_SQL_NULL ? UINT32_MAX : (uint32_t)length);

    memcpy(to, &prefix, sizeof(prefix));
    if (value->type == FG_SQL_NULL)
        return sizeof(prefix);
    memcpy(to + sizeof(prefix), value->type == FG_SQL_INT ? (const void *)&number : value->bytes, length);
    return sizeof(prefix) + length;
}

static size_t copy_row(uint8_t *to, const struct fg_sql_value values[FG_JOURNAL_COLUMN_COUNT])
{
    uint16_t count = htons(FG_JOURNAL_COLUMN_COUNT);
    size_t at = sizeof(count);

    memcpy(to, &count, sizeof(count));
    for (int c = 0; c < FG_JOURNAL_COLUMN_COUNT; c++)
        at += copy_value(to + at, &values[c]);
    return at;
}

static void copy_run(PGconn *connection, const char *text, ExecStatusType expected)
{
    PGresult *result = PQexec(connection, text);

    if (PQresultStatus(result) != expected)
        stop(text, PQerrorMessage(connection));
    PQclear(result);
}

static void copy_batch(PGconn *connection, const uint8_t *rows, size_t length)
{
    static const uint8_t head[19] = "PGCOPY\n\377\r\n";
    static const uint8_t tail[2] = {0xff, 0xff};
    PGresult *result;

    copy_run(connection, "BEGIN", PGRES_COMMAND_OK);
    copy_run(connection, "COPY journal_entry (" FG_JOURNAL_COLUMNS ") FROM STDIN (FORMAT binary)",
             PGRES_COPY_IN);
    if (PQputCopyData(connection, (const char *)head, sizeof(head)) != 1 ||
        PQputCopyData(connection, (const char *)rows, (int)length) != 1 ||
        PQputCopyData(connection, (const char *)tail, sizeof(tail)) != 1 ||
        PQputCopyEnd(connection, NULL) != 1)
        stop("COPY", PQerrorMessage(connection));
    while ((result = PQgetResult(connection)) != NULL) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            stop("COPY", PQerrorMessage(connection));
        PQclear(result);
    }
    copy_run(connection, "COMMIT", PGRES_COMMAND_OK);
}

static double postgres_bare(const char *url, size_t batch, const struct ready *ready)
{
    PGconn *connection = PQconnectdb(url);
    uint8_t *rows = malloc(batch * COPY_ROW_MAX);
    double spent = 0;

    if (rows == NULL || PQstatus(connection) != CONNECTION_OK)
        stop(url, PQerrorMessage(connection));
    for (size_t first = 1; first <= entry_count; first += batch) {
        size_t length = 0;
        double start;

        for (size_t i = first; i < first + batch && i <= entry_count; i++)
            length += copy_row(rows + length, ready->values[i]);
        start = now_s();
        copy_batch(connection, rows, length);
        spent += now_s() - start;
    }
    free(rows);
    PQfinish(connection);
    return spent;
}

/* ---- ingest ---- */

static enum fg_err lookup(void *context, struct fg_sql *sql, const char *controller,
                          struct fg_origin *ret_origin, struct fg_error *error)
{
    (void)context;
    (void)sql;
    (void)controller;
    (void)error;
    memset(ret_origin, 0, sizeof(*ret_origin));
    (void)snprintf(ret_origin->station, sizeof(ret_origin->station), STATION);
    ret_origin->device_key = device_key.public_key;
    return FG_OK;
}

static double ingest_run(struct fg_sql *sql, size_t batch_entries, const struct fg_signature *signatures)
{
    static struct fg_sync_batch batch;
    struct fg_ingest_settings settings = {&receipt_key, {NULL, lookup}, FG_SUSPENSION_ENTRIES_A_DAY};
    struct fg_peer peer = {.kind = FG_PEER_CERTIFIED, .role = "station", .id = STATION};
    struct fg_sync_answer answer;
    struct fg_error error;
    double start = now_s();

    for (size_t first = 1; first <= entry_count; first += batch_entries) {
        (void)snprintf(batch.controller, sizeof(batch.controller), CONTROLLER);
        batch.first_sequence = first;
        batch.head_signature = signatures[(first - 1) / batch_entries];
        batch.count = 0;
        for (size_t i = first; i < first + batch_entries && i <= entry_count; i++)
            batch.entries[batch.count++] = (struct fg_sync_slice){bytes + offsets[i], length_of(i)};
        if (fg_ingest_batch(sql, &settings, &peer, &batch, NOW_MS, &answer, &error) != FG_OK)
            stop("ingest", error.text);
        if (answer.verdict != FG_SYNC_HELD)
            stop("ingest", answer.text);
    }
    return now_s() - start;
}

static struct fg_sql *bureau_open(const char *url)
{
    struct fg_sql_settings settings = {.url = url, .deadline_ms = 60000};
    struct fg_sql *sql = NULL;
    struct fg_error error;

    if (fg_sql_open(&settings, &sql, &error) != FG_OK ||
        fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, &error) != FG_OK)
        stop(url, error.text);
    return sql;
}

static void empty(struct fg_sql *sql)
{
    static const char *const texts[] = {"DELETE FROM journal_entry", "DELETE FROM journal_head",
                                        "DELETE FROM follow", "DELETE FROM alarm"};
    struct fg_sql_statement *statement;
    struct fg_error error;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (fg_sql_prepare(sql, texts[i], &statement, &error) != FG_OK ||
            fg_sql_run(statement, NULL, &error) != FG_OK)
            stop(texts[i], error.text);
    }
}

static double follow_run(struct fg_sql *sql)
{
    struct fg_alarm_settings settings;
    struct fg_error error;
    bool more = true;
    double start = now_s();

    fg_alarm_defaults(&settings);
    settings.place = NULL;
    while (more) {
        if (fg_alarms_follow(sql, &settings, 5000, NOW_MS, &more, &error) != FG_OK)
            stop("alarms", error.text);
    }
    return now_s() - start;
}

/* ---- what is printed ---- */

static void line_print(const char *what, size_t batch, double bare_s, double ingest_s)
{
    printf("%-10s batches of %3zu: bare %8.0f rows/s, verified ingest %8.0f entries/s, ratio %.2f\n", what,
           batch, (double)entry_count / bare_s, (double)entry_count / ingest_s, bare_s / ingest_s);
}

/* The best of ROUNDS of each, in turn, so that a busy moment of the machine falls on both. */
static void pair_run(const char *what, const char *url, const char *bare_at, bool postgres, size_t batch)
{
    struct fg_signature *signatures = signatures_make(batch);
    struct ready ready = ready_make(batch, signatures);
    struct fg_sql *sql = bureau_open(url);
    double bare_s = 0;
    double ingest_s = 0;
    double follow_s = 0;

    for (int i = 0; i < ROUNDS; i++) {
        double spent;

        empty(sql);
        spent = postgres ? postgres_bare(bare_at, batch, &ready) : lite_bare(bare_at, batch, &ready);
        bare_s = i == 0 || spent < bare_s ? spent : bare_s;
        empty(sql);
        spent = ingest_run(sql, batch, signatures);
        ingest_s = i == 0 || spent < ingest_s ? spent : ingest_s;
        if (i == 0)
            follow_s = follow_run(sql);
    }
    line_print(what, batch, bare_s, ingest_s);
    printf("%-10s alarms follow  %8.0f entries/s\n", what, (double)entry_count / follow_s);
    fg_sql_close(sql);
    ready_free(&ready);
    free(signatures);
}

/* What a batch costs whatever its size: one verification, one signature. */
static void fixed_costs(void)
{
    struct fg_head head = {.controller = CONTROLLER, .sequence = 1, .hash = hashes[1]};
    struct fg_receipt receipt = {.controller = CONTROLLER, .next_sequence = 2, .head = hashes[1]};
    struct fg_signature signature;
    struct fg_digest hash = hashes[0];
    struct fg_entry entry;
    double start = now_s();

    for (int i = 0; i < 50; i++)
        (void)fg_gnutls_receipt_sign(&receipt, &receipt_key, &signature, NULL);
    printf("one signature %.2f ms, ", (now_s() - start) * 20);
    start = now_s();
    for (int i = 0; i < 50; i++)
        (void)fg_gnutls_head_verify(&head, &signature, &device_key.public_key, NULL);
    printf("one verification %.2f ms, ", (now_s() - start) * 20);
    start = now_s();
    for (size_t i = 1; i <= entry_count; i++)
        fg_chain_next(&hash, bytes + offsets[i], length_of(i), &hash);
    printf("hash of one entry %.2f us, ", (now_s() - start) * 1e6 / (double)entry_count);
    start = now_s();
    for (size_t i = 1; i <= entry_count; i++)
        (void)fg_entry_decode(bytes + offsets[i], length_of(i), &entry, NULL);
    printf("decoding of one %.2f us\n", (now_s() - start) * 1e6 / (double)entry_count);
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
    static const size_t batches[] = {100, 250, 500};
    const char *count = getenv("BENCH_ENTRIES");
    char path[PATH_BYTES];
    char url[PATH_BYTES];
    struct fg_error error;

    if (count != NULL && strtoul(count, NULL, 10) >= 1000)
        entry_count = strtoul(count, NULL, 10);
    if (mkdtemp(directory) == NULL || fg_private_key_new(&device_key, &error) != FG_OK ||
        fg_private_key_new(&receipt_key, &error) != FG_OK)
        stop(directory, "cannot be made ready");
    journal_make();
    fixed_costs();
    (void)snprintf(path, sizeof(path), "%s/bureau.db", directory);
    (void)snprintf(url, sizeof(url), "sqlite:%s/bureau.db", directory);
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++)
        pair_run("SQLite", url, path, false, batches[i]);
    postgres_url(url);
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++)
        pair_run("PostgreSQL", url, url, true, batches[i]);
    postgres_stop();
    (void)snprintf(path, sizeof(path), "rm -rf %s", directory);
    return system(path) == 0 ? 0 : 1;
}
