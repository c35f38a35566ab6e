/* From the tag's bytes to a durable AUTHORISED entry, beside the least that it takes: one signature verified,
 * one made, and two synced SQLite inserts of as many bytes on the same disk (entry and anchor are two files).
 * Each round does both, so that the disk's mood falls on both. Not: the look-up in the list (bench_list, some
 * 0.03 ms), the radio, the bus. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "firmware/controller/decision/tag_identity.h"
#include "firmware/journal/journal.h"
#include "lib/base/monotime.h"
#include "proto/journal/chain.h"
#include "proto/point/tag.h"

#define ROUNDS 400
#define ENTRY_BYTES 160
#define TAG_MESSAGE_BYTES 32
#define INSERTS 2
#define FIRST_USER_BYTE 16

enum part { PART_IDENTIFY = 0, PART_APPEND, PART_VERIFY, PART_SIGN, PART_BARE, PART_COUNT };

static const char purpose[] = "bench";

struct bench {
    char directory[40];
    struct fg_private_key bureau;
    struct fg_private_key device;
    struct fg_reader_report report;
    struct fg_journal *journal;
    sqlite3 *database;
    sqlite3_stmt *insert;
    struct fg_signature signature; /* of a message as long as a tag's */
};

static const uint8_t bytes[ENTRY_BYTES] = {1};
static double times_ms[PART_COUNT][ROUNDS];

static double now_ms(void)
{
    return (double)fg_mono_ns() / 1e6;
}

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;

    return (difference > 0) - (difference < 0);
}

static double median_ms(enum part part)
{
    qsort(times_ms[part], ROUNDS, sizeof(times_ms[part][0]), compare);
    return times_ms[part][ROUNDS / 2];
}

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "bench_authorise: %s failed\n", what);
    exit(1);
}

static void tag_make(struct bench *bench)
{
    static const uint8_t container[] = {0xE1, 0x10, 0x3E, 0x00};
    struct fg_reader_report *report = &bench->report;
    struct fg_code code = {"BENCH-CYLINDER-1"};
    struct fg_tag_record record;
    size_t length = 0;

    report->kind = FG_READER_TAG;
    report->tag_count = 1;
    report->complete = true;
    report->uid = (struct fg_uid){7, {4, 1, 2, 3, 4, 5, 6}};
    memcpy(report->memory + FIRST_USER_BYTE - sizeof(container), container, sizeof(container));
    need(fg_tag_sign(&bench->bureau, &report->uid, &code, &record, NULL) == FG_OK, "signing a tag");
    need(fg_tag_build(&record, report->memory + FIRST_USER_BYTE, 504, &length, NULL) == FG_OK,
         "building a tag");
    report->memory_length = FIRST_USER_BYTE + 496;
}

static void stores_open(struct bench *bench)
{
    char path[64];
    struct fg_journal_settings settings = {.path = path,
                                           .controller = "bench",
                                           .key = &bench->device,
                                           .bytes_max = 64 << 20,
                                           .stop_reserve_entries = 64};
    struct fg_journal_start start;

    (void)snprintf(path, sizeof(path), "%s/journal.db", bench->directory);
    need(fg_journal_open(&settings, &bench->journal, &start, NULL) == FG_OK, "opening the journal");
    (void)snprintf(path, sizeof(path), "%s/bare.db", bench->directory);
    need(sqlite3_open(path, &bench->database) == SQLITE_OK, "sqlite open");
    need(sqlite3_exec(bench->database,
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                      "CREATE TABLE t(id INTEGER PRIMARY KEY, bytes BLOB)",
                      NULL, NULL, NULL) == SQLITE_OK,
         "sqlite setup");
    need(sqlite3_prepare_v2(bench->database, "INSERT INTO t(bytes) VALUES(?1)", -1, &bench->insert, NULL) ==
             SQLITE_OK,
         "sqlite prepare");
}

static void round_authorise(struct bench *bench, size_t round)
{
    struct fg_entry entry = {.kind = FG_ENTRY_AUTHORISED, .clock_quality = FG_CLOCK_INFORMATIVE};
    static struct fg_genuine_tags none_yet;
    struct fg_identified identified;
    uint64_t sequence = 0;
    double begin_ms;

    fg_genuine_tags_forget(&none_yet);
    begin_ms = now_ms();
    fg_identify_tag(&none_yet, &bench->report, &bench->bureau.public_key, 1, &identified);
    times_ms[PART_IDENTIFY][round] = now_ms() - begin_ms;
    need(identified.identity == FG_IDENTITY_SIGNED_TAG, "identifying the tag");
    entry.row.code = identified.code;
    begin_ms = now_ms();
    need(fg_journal_append(bench->journal, &entry, &sequence, NULL) == FG_OK, "append");
    times_ms[PART_APPEND][round] = now_ms() - begin_ms;
    entry.kind = FG_ENTRY_ENDED;
    entry.authorised_sequence = sequence;
    need(fg_journal_append(bench->journal, &entry, &sequence, NULL) == FG_OK, "append");
}

static void round_reference(struct bench *bench, size_t round)
{
    struct fg_head head = {.controller = "bench", .sequence = round};
    struct fg_signature signature;
    double begin_ms = now_ms();

    need(fg_sign_verify(&bench->bureau.public_key, purpose, bytes, TAG_MESSAGE_BYTES, &bench->signature,
                        NULL) == FG_OK,
         "verify");
    times_ms[PART_VERIFY][round] = now_ms() - begin_ms;
    begin_ms = now_ms();
    need(fg_head_sign(&head, &bench->device, &signature, NULL) == FG_OK, "sign");
    times_ms[PART_SIGN][round] = now_ms() - begin_ms;
    begin_ms = now_ms();
    for (int i = 0; i < INSERTS; i++) {
        (void)sqlite3_bind_blob(bench->insert, 1, bytes, sizeof(bytes), SQLITE_STATIC);
        need(sqlite3_step(bench->insert) == SQLITE_DONE, "sqlite insert");
        (void)sqlite3_reset(bench->insert);
    }
    times_ms[PART_BARE][round] = now_ms() - begin_ms;
}

static void stores_remove(struct bench *bench)
{
    static const char *const names[] = {"journal.db", "journal.db-wal", "journal.db-shm", "journal.db.anchor",
                                        "bare.db",    "bare.db-wal",    "bare.db-shm"};
    char path[64];

    fg_journal_close(bench->journal);
    (void)sqlite3_finalize(bench->insert);
    (void)sqlite3_close(bench->database);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", bench->directory, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(bench->directory);
    fg_private_key_wipe(&bench->bureau);
    fg_private_key_wipe(&bench->device);
}

int main(void)
{
    static struct bench bench = {.directory = "/tmp/fillgate-bench-XXXXXX"};
    double done_ms;
    double least_ms;

    need(mkdtemp(bench.directory) != NULL, "mkdtemp");
    need(fg_private_key_new(&bench.bureau, NULL) == FG_OK, "key");
    need(fg_private_key_new(&bench.device, NULL) == FG_OK, "key");
    tag_make(&bench);
    need(fg_sign(&bench.bureau, purpose, bytes, TAG_MESSAGE_BYTES, &bench.signature, NULL) == FG_OK, "sign");
    stores_open(&bench);
    for (size_t round = 0; round < ROUNDS; round++) {
        round_authorise(&bench, round);
        round_reference(&bench, round);
    }
    done_ms = median_ms(PART_IDENTIFY) + median_ms(PART_APPEND);
    least_ms = median_ms(PART_VERIFY) + median_ms(PART_SIGN) + median_ms(PART_BARE);
    printf("tag bytes to durable AUTHORISED: %.3f ms (tag %.3f, entry %.3f); one verify %.3f + one sign %.3f "
           "+ two synced"
           " inserts %.3f = %.3f ms; ratio %.2f (goal 1.3); medians of %d\n",
           done_ms, median_ms(PART_IDENTIFY), median_ms(PART_APPEND), median_ms(PART_VERIFY),
           median_ms(PART_SIGN), median_ms(PART_BARE), least_ms, done_ms / least_ms, ROUNDS);
    stores_remove(&bench);
    return 0;
}
