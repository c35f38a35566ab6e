/* How long a durable AUTHORISED takes, beside one bare synced SQLite insert of as many bytes on the same disk
 * in the same run, and how much of it is the head's signature. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "firmware/journal/journal.h"
#include "proto/chain.h"

#define ROUNDS 400

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;

    return (difference > 0) - (difference < 0);
}

static double median(double *times, size_t count)
{
    qsort(times, count, sizeof(*times), compare);
    return times[count / 2];
}

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "bench_journal: %s failed\n", what);
    exit(1);
}

static double bench_append(const char *path, const struct fg_private_key *key)
{
    static double times[ROUNDS];
    struct fg_journal_settings settings = {
        .path = path, .controller = "bench", .key = key, .bytes_max = 64 << 20, .stop_reserve_entries = 64};
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;
    struct fg_error error;

    need(fg_journal_open(&settings, &journal, &start, &error) == FG_OK, "open");
    for (size_t i = 0; i < ROUNDS; i++) {
        struct fg_entry entry = {.kind = FG_ENTRY_AUTHORISED, .clock_quality = FG_CLOCK_INFORMATIVE};
        uint64_t sequence = 0;
        double begin_ms = now_ms();

        memcpy(entry.row.code.text, "BENCH-CYLINDER-1", 17);
        need(fg_journal_append(journal, &entry, &sequence, &error) == FG_OK, "append");
        times[i] = now_ms() - begin_ms;
        entry.kind = FG_ENTRY_ENDED;
        entry.authorised_sequence = sequence;
        need(fg_journal_append(journal, &entry, &sequence, &error) == FG_OK, "append");
    }
    fg_journal_close(journal);
    return median(times, ROUNDS);
}

static double bench_bare(const char *path)
{
    static double times[ROUNDS];
    sqlite3 *database = NULL;
    sqlite3_stmt *insert = NULL;
    uint8_t bytes[160] = {1};

    need(sqlite3_open(path, &database) == SQLITE_OK, "sqlite open");
    need(sqlite3_exec(database,
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                      "CREATE TABLE t(id INTEGER PRIMARY KEY, bytes BLOB)",
                      NULL, NULL, NULL) == SQLITE_OK,
         "sqlite setup");
    need(sqlite3_prepare_v2(database, "INSERT INTO t(bytes) VALUES(?1)", -1, &insert, NULL) == SQLITE_OK,
         "sqlite prepare");
    (void)sqlite3_bind_blob(insert, 1, bytes, sizeof(bytes), SQLITE_STATIC);
    for (size_t i = 0; i < ROUNDS; i++) {
        double begin_ms = now_ms();

        need(sqlite3_step(insert) == SQLITE_DONE, "sqlite insert");
        (void)sqlite3_reset(insert);
        times[i] = now_ms() - begin_ms;
    }
    (void)sqlite3_finalize(insert);
    (void)sqlite3_close(database);
    return median(times, ROUNDS);
}

static double bench_sign(const struct fg_private_key *key)
{
    static double times[ROUNDS];
    struct fg_head head = {.controller = "bench"};
    struct fg_signature signature;
    struct fg_error error;

    for (size_t i = 0; i < ROUNDS; i++) {
        double begin_ms = now_ms();

        head.sequence = i;
        need(fg_head_sign(&head, key, &signature, &error) == FG_OK, "sign");
        times[i] = now_ms() - begin_ms;
    }
    return median(times, ROUNDS);
}

int main(void)
{
    char directory[] = "/tmp/fillgate-bench-XXXXXX";
    static const char *const names[] = {"journal.db", "journal.db-wal", "journal.db-shm", "journal.db.anchor",
                                        "bare.db",    "bare.db-wal",    "bare.db-shm"};
    char path[64];
    struct fg_private_key key;
    struct fg_error error;
    double append_ms;
    double bare_ms;
    double sign_ms;

    need(mkdtemp(directory) != NULL, "mkdtemp");
    need(fg_private_key_new(&key, &error) == FG_OK, "key");
    (void)snprintf(path, sizeof(path), "%s/journal.db", directory);
    append_ms = bench_append(path, &key);
    (void)snprintf(path, sizeof(path), "%s/bare.db", directory);
    bare_ms = bench_bare(path);
    sign_ms = bench_sign(&key);
    printf("journal: durable AUTHORISED %.3f ms, bare synced insert %.3f ms, ratio %.2f; of it signature "
           "%.3f ms,"
           " without it ratio %.2f (medians of %d)\n",
           append_ms, bare_ms, append_ms / bare_ms, sign_ms, (append_ms - sign_ms) / bare_ms, ROUNDS);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(directory);
    fg_private_key_wipe(&key);
    return 0;
}
