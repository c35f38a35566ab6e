/* The journal store: what append promises, what start-up finds, and every way of tampering that must show. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "firmware/journal/journal.h"
#include "firmware/journal/journal_sql.h"
#include "lib/domain/catalogue.h"
#include "proto/journal/sync.h"
#include "tests/lib/check.h"
#include "tests/lib/sqlite_file.h"

#define DAY_MS INT64_C(86400000)
#define NOON_MS (INT64_C(20600) * DAY_MS + DAY_MS / 2)

static struct fg_private_key key;
static struct fg_error error;

static const struct fg_private_key *device_key(void)
{
    static bool made;

    if (!made)
        CHECK_OK(fg_private_key_new(&key, &error), &error);
    made = true;
    return &key;
}

static struct fg_journal_settings settings_for(const char *path)
{
    struct fg_journal_settings settings = {
        .path = path,
        .controller = "point-1",
        .key = device_key(),
        .bytes_max = 8 << 20,
        .warn_percent = 80,
        .stop_reserve_entries = 32,
    };
    return settings;
}

static struct fg_journal *open_journal(struct fg_journal_start *ret_start)
{
    struct fg_journal_settings settings = settings_for(fg_test_path("journal.db"));
    struct fg_journal *journal = NULL;

    CHECK_OK(fg_journal_open(&settings, &journal, ret_start, &error), &error);
    return journal;
}

static struct fg_entry entry_of(uint8_t kind)
{
    struct fg_entry entry;

    memset(&entry, 0, sizeof(entry));
    entry.kind = kind;
    entry.wall_ms = NOON_MS;
    entry.clock_quality = FG_CLOCK_INFORMATIVE;
    if (kind == FG_ENTRY_AUTHORISED || kind == FG_ENTRY_REFUSED) {
        memcpy(entry.row.code.text, "CYL-1", 6);
        memcpy(entry.row.plate, "ABC123", 7);
        entry.identity = FG_IDENTITY_SIGNED_TAG;
    }
    return entry;
}

static uint64_t append(struct fg_journal *journal, struct fg_entry entry)
{
    uint64_t sequence = 0;

    CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
    return sequence;
}

static uint64_t append_fill(struct fg_journal *journal, int64_t wall_ms, int64_t quantity_g)
{
    struct fg_entry start = entry_of(FG_ENTRY_AUTHORISED);
    struct fg_entry end = entry_of(FG_ENTRY_ENDED);

    start.wall_ms = wall_ms;
    end.authorised_sequence = append(journal, start);
    end.wall_ms = wall_ms + 60000;
    end.quantity_g = quantity_g;
    end.stop = FG_STOP_TARGET_REACHED;
    return append(journal, end);
}

/* BOOT, two fills, an EVENT: entries 1 to 6. */
static void write_sample(void)
{
    struct fg_journal_start start;
    struct fg_journal *journal = open_journal(&start);

    (void)append(journal, entry_of(FG_ENTRY_BOOT));
    (void)append_fill(journal, NOON_MS, 5000);
    (void)append_fill(journal, NOON_MS + 3600000, 6000);
    (void)append(journal, entry_of(FG_ENTRY_EVENT));
    fg_journal_close(journal);
}

static void tamper(const char *sql)
{
    (void)fg_test_sqlite_edit(fg_test_path("journal.db"), sql);
}

/* Whoever edits the file edits the schema, too: nothing then keeps NULL out. */
static void damage(const char *column, const char *value)
{
    char sql[256];

    (void)snprintf(sql, sizeof(sql), "UPDATE entry SET %s = %s WHERE sequence = 3", column, value);
    tamper("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '')");
    tamper(sql);
}

static void check_found(enum fg_err expected, uint64_t bad, const char *part)
{
    struct fg_journal_verdict verdict;

    CHECK_INT(
        fg_journal_verify(fg_test_path("journal.db"), NULL, &device_key()->public_key, &verdict, &error),
        expected);
    CHECK_INT(verdict.first_bad_sequence, bad);
    CHECK_HAS(error.text, part);
    CHECK_HAS(error.text, "journal.db");
}

static void check_not_opened(void)
{
    struct fg_journal_settings settings = settings_for(fg_test_path("journal.db"));
    struct fg_journal_start start;
    struct fg_journal *journal = NULL;
    enum fg_err code = fg_journal_open(&settings, &journal, &start, &error);

    fg_journal_close(journal);
    CHECK(code == FG_E_CORRUPT || code == FG_E_AUTH);
}

TEST("NO-LOSS: what was appended is found again, in order, and verifies")
{
    struct fg_journal_start start;
    struct fg_journal_verdict verdict;
    struct fg_journal *journal;

    write_sample();
    CHECK_OK(fg_journal_verify(fg_test_path("journal.db"), NULL, &device_key()->public_key, &verdict, &error),
             &error);
    CHECK_INT(verdict.entries, 6);
    CHECK_INT(verdict.first_bad_sequence, 0);
    journal = open_journal(&start);
    CHECK_INT(start.last_sequence, 6);
    CHECK_INT(start.boot, 2);
    CHECK_INT(start.vouched_ms, 0);
    CHECK(!start.fill_open);
    CHECK_INT(fg_journal_count(journal), 6);
    CHECK_INT(fg_journal_unsent(journal), 6);
    CHECK_INT(fg_journal_state(journal), FG_JOURNAL_OK);
    fg_journal_close(journal);
}

static void append_timed(struct fg_journal *journal, int64_t wall_ms, uint8_t quality)
{
    struct fg_entry entry = entry_of(FG_ENTRY_EVENT);

    entry.wall_ms = wall_ms;
    entry.clock_quality = quality;
    memcpy(entry.list_id, "list-1", 7);
    entry.list_version = (uint64_t)(wall_ms - NOON_MS + 1);
    (void)append(journal, entry);
}

TEST("only entries of a synchronised clock vouch for their time, until a clock statement takes them back")
{
    struct fg_journal_start start;
    struct fg_entry lowered = entry_of(FG_ENTRY_EVENT);
    struct fg_journal *journal = open_journal(&start);

    CHECK_INT(start.vouched_ms, 0);
    append_timed(journal, NOON_MS + 8, FG_CLOCK_SYNCHRONISED);
    append_timed(journal, NOON_MS + 5, FG_CLOCK_SYNCHRONISED);
    append_timed(journal, NOON_MS + 900000, FG_CLOCK_INFORMATIVE);
    append_timed(journal, NOON_MS + 900000, FG_CLOCK_UNKNOWN);
    fg_journal_close(journal);
    journal = open_journal(&start);
    CHECK_INT(start.vouched_ms, NOON_MS + 8);
    CHECK_TEXT(start.vouched_list_id, "list-1");
    CHECK_INT(start.vouched_list_version, 6);
    lowered.event = FG_EVENT_CLOCK_FLOOR_LOWERED;
    lowered.clock_floor_ms = NOON_MS + 2;
    lowered.clock_floor_before_ms = NOON_MS + 8;
    (void)append(journal, lowered);
    fg_journal_close(journal);
    journal = open_journal(&start);
    CHECK_INT(start.vouched_ms, NOON_MS + 2);
    append_timed(journal, NOON_MS + 3, FG_CLOCK_SYNCHRONISED);
    fg_journal_close(journal);
    journal = open_journal(&start);
    CHECK_INT(start.vouched_ms, NOON_MS + 3);
    fg_journal_close(journal);
}

static void keep_times(void *context, const struct fg_entry *entry)
{
    *(int64_t *)context += entry->wall_ms - NOON_MS;
}

TEST("what became durable is told, and nothing else")
{
    struct fg_journal_settings settings = settings_for(fg_test_path("journal.db"));
    struct fg_journal_start start;
    struct fg_journal *journal = NULL;
    struct fg_entry refused = entry_of(FG_ENTRY_ENDED);
    uint64_t sequence = 0;
    int64_t told_ms = 0;

    settings.appended = keep_times;
    settings.appended_context = &told_ms;
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    append_timed(journal, NOON_MS + 7, FG_CLOCK_INFORMATIVE);
    CHECK_INT(told_ms, 7);
    CHECK_INT(fg_journal_append(journal, &refused, &sequence, &error), FG_E_STATE);
    CHECK_INT(told_ms, 7);
    fg_journal_close(journal);
}

TEST("an open failure for want of a place to write names the place and is not tampering")
{
    struct fg_journal_settings settings = settings_for(fg_test_path("missing/journal.db"));
    struct fg_journal_start start;
    struct fg_journal *journal = NULL;

    CHECK_INT(fg_journal_open(&settings, &journal, &start, &error), FG_E_IO);
    CHECK_HAS(error.text, "missing: cannot be written: No such file or directory");
}

TEST("ONE-END: start-up finds the open fill, and neither a second fill nor a second end gets in")
{
    struct fg_journal_start start;
    struct fg_journal *journal = open_journal(&start);
    struct fg_entry end = entry_of(FG_ENTRY_ENDED);
    struct fg_entry another = entry_of(FG_ENTRY_AUTHORISED);
    uint64_t sequence = 0;

    CHECK_INT(fg_journal_append(journal, &end, &sequence, &error), FG_E_STATE);
    end.authorised_sequence = append(journal, entry_of(FG_ENTRY_AUTHORISED));
    CHECK_INT(fg_journal_append(journal, &another, &sequence, &error), FG_E_STATE);
    fg_journal_close(journal);
    journal = open_journal(&start);
    CHECK(start.fill_open);
    CHECK_INT(start.open_fill.sequence, 1);
    CHECK_TEXT(start.open_fill.row.code.text, "CYL-1");
    end.authorised_sequence = 7;
    CHECK_INT(fg_journal_append(journal, &end, &sequence, &error), FG_E_STATE);
    end.authorised_sequence = 1;
    CHECK_INT(append(journal, end), 2);
    CHECK_INT(fg_journal_append(journal, &end, &sequence, &error), FG_E_STATE);
    fg_journal_close(journal);
}

TEST("a second writer is told that the journal is busy")
{
    struct fg_journal_settings settings = settings_for(fg_test_path("journal.db"));
    struct fg_journal_start start;
    struct fg_journal *second = NULL;
    struct fg_journal *journal = open_journal(&start);

    CHECK_INT(fg_journal_open(&settings, &second, &start, &error), FG_E_BUSY);
    (void)append(journal, entry_of(FG_ENTRY_BOOT));
    fg_journal_close(journal);
}

/* The sample's entries have mono_ms 0, so that now, at 0, is their clock's. */
static struct fg_journal_now now_at(int64_t wall_ms, int64_t mono_ms, int32_t utc_offset_s)
{
    return (struct fg_journal_now){wall_ms, mono_ms, utc_offset_s};
}

static void check_history(struct fg_journal *journal, const char *code_text, struct fg_journal_now now,
                          int64_t last_ms_wanted, uint32_t fills_wanted)
{
    struct fg_code code = {{0}};
    int64_t last_ms = -1;
    uint32_t fills = 99;

    (void)snprintf(code.text, sizeof(code.text), "%s", code_text);
    CHECK_OK(fg_journal_history(journal, &code, &now, &last_ms, &fills, &error), &error);
    CHECK_INT(last_ms, last_ms_wanted);
    CHECK_INT(fills, fills_wanted);
}

TEST("history counts the fills of one cylinder on one local day")
{
    struct fg_journal_start start;
    struct fg_journal *journal = open_journal(&start);
    int64_t late_ms = NOON_MS + 11 * 3600000 + 1800000;

    check_history(journal, "CYL-1", now_at(late_ms, 0, 0), 0, 0);
    (void)append_fill(journal, NOON_MS - DAY_MS, 100);
    (void)append_fill(journal, NOON_MS, 100);
    (void)append_fill(journal, NOON_MS + 10 * 3600000, 100);
    (void)append_fill(journal, NOON_MS + 11 * 3600000, 0);
    fg_journal_close(journal);
    journal = open_journal(&start); /* entries of an earlier run count by their wall time */
    check_history(journal, "CYL-1", now_at(late_ms, 0, 0), NOON_MS + 10 * 3600000 + 60000, 2);
    /* At UTC+8 the last one was after midnight. */
    check_history(journal, "CYL-1", now_at(late_ms, 0, 8 * 3600), NOON_MS + 10 * 3600000 + 60000, 1);
    check_history(journal, "CYL-2", now_at(late_ms, 0, 0), 0, 0);
    fg_journal_close(journal);
}

static void append_fill_at(struct fg_journal *journal, int64_t wall_ms, int64_t mono_ms)
{
    struct fg_entry begin = entry_of(FG_ENTRY_AUTHORISED);
    struct fg_entry end = entry_of(FG_ENTRY_ENDED);

    begin.wall_ms = end.wall_ms = wall_ms;
    begin.mono_ms = end.mono_ms = mono_ms;
    end.authorised_sequence = append(journal, begin);
    end.quantity_g = 100;
    end.stop = FG_STOP_TARGET_REACHED;
    (void)append(journal, end);
}

TEST("a fill of this run is dated by the monotonic clock, however the wall clock was stepped since")
{
    struct fg_journal_start start;
    struct fg_journal *journal = open_journal(&start);

    append_fill_at(journal, NOON_MS + 3 * DAY_MS, 1000000); /* the clock was three days ahead */
    check_history(journal, "CYL-1", now_at(NOON_MS, 1000000 + 7200000, 0), NOON_MS - 7200000, 1);
    check_history(journal, "CYL-1", now_at(NOON_MS, 1000000 + DAY_MS, 0), NOON_MS - DAY_MS, 0);
    /* A clock that is put ahead does not make a fill older than it is. */
    check_history(journal, "CYL-1", now_at(NOON_MS + 9 * DAY_MS, 1000000 + 60000, 0),
                  NOON_MS + 9 * DAY_MS - 60000, 1);
    fg_journal_close(journal);
}

TEST("a fill that an earlier run dated in the future happened before this run, or before the next true time")
{
    struct fg_journal_start start;
    struct fg_journal *journal = open_journal(&start);
    struct fg_entry boot = entry_of(FG_ENTRY_BOOT);

    append_fill_at(journal, NOON_MS + 3 * DAY_MS, 1000000);
    fg_journal_close(journal);
    journal = open_journal(&start);
    check_history(journal, "CYL-1", now_at(NOON_MS, 500000, 0), NOON_MS, 1);
    boot.mono_ms = 200000;
    (void)append(journal, boot);
    check_history(journal, "CYL-1", now_at(NOON_MS, 500000, 0), NOON_MS - 300000, 1);
    append_timed(journal, NOON_MS - 20 * 3600000, FG_CLOCK_SYNCHRONISED);
    check_history(journal, "CYL-1", now_at(NOON_MS, 500000, 0), NOON_MS - 20 * 3600000, 0);
    fg_journal_close(journal);
    /* Once its time has come it counts like any other. */
    journal = open_journal(&start);
    check_history(journal, "CYL-1", now_at(NOON_MS + 3 * DAY_MS + 1, 0, 0), NOON_MS + 3 * DAY_MS, 1);
    fg_journal_close(journal);
}

TEST("manual identifications are counted by day")
{
    struct fg_journal_start start;
    struct fg_journal *journal = open_journal(&start);
    struct fg_journal_now now = now_at(NOON_MS, 0, 0);
    struct fg_entry entry = entry_of(FG_ENTRY_AUTHORISED);
    uint32_t count = 9;

    entry.identity = FG_IDENTITY_MANUAL;
    (void)append(journal, entry);
    CHECK_OK(fg_journal_manual_count(journal, &now, &count, &error), &error);
    CHECK_INT(count, 1);
    now = now_at(NOON_MS + DAY_MS, DAY_MS, 0);
    CHECK_OK(fg_journal_manual_count(journal, &now, &count, &error), &error);
    CHECK_INT(count, 0);
    fg_journal_close(journal);
}

TEST("TAMPER-SHOWS: an edited entry is named")
{
    write_sample();
    tamper("UPDATE entry SET bytes = zeroblob(40) WHERE sequence = 3");
    check_found(FG_E_CORRUPT, 3, "edited");
    check_not_opened();
}

TEST("TAMPER-SHOWS: a deleted entry is named")
{
    write_sample();
    tamper("DELETE FROM entry WHERE sequence = 4");
    check_found(FG_E_CORRUPT, 4, "missing");
    check_not_opened();
}

TEST("TAMPER-SHOWS: two swapped entries are named")
{
    write_sample();
    tamper(
        "UPDATE entry SET sequence = -2 WHERE sequence = 2; UPDATE entry SET sequence = 2 WHERE sequence = 4;"
        "UPDATE entry SET sequence = 4 WHERE sequence = -2");
    check_found(FG_E_CORRUPT, 2, "holds entry 4");
    check_not_opened();
}

TEST("TAMPER-SHOWS: a replayed entry is named")
{
    write_sample();
    tamper(
        "INSERT INTO entry SELECT 7, bytes, hash, signature, kind, wall_ms, identity, quantity_g, code, plate"
        " FROM entry WHERE sequence = 6");
    check_found(FG_E_CORRUPT, 7, "replayed");
    check_not_opened();
}

TEST("TAMPER-SHOWS: a cut tail is named")
{
    write_sample();
    tamper("DELETE FROM entry WHERE sequence > 4");
    check_found(FG_E_CORRUPT, 5, "tail was cut");
    check_not_opened();
}

TEST("TAMPER-SHOWS: a removed anchor is named")
{
    write_sample();
    CHECK_INT(unlink(fg_test_path("journal.db.anchor")), 0);
    check_found(FG_E_CORRUPT, 6, "anchor");
    check_not_opened();
}

TEST("TAMPER-SHOWS: a false head signature is named")
{
    write_sample();
    tamper(
        "UPDATE entry SET signature = (SELECT signature FROM entry WHERE sequence = 1) WHERE sequence = 6");
    check_found(FG_E_AUTH, 6, "signature is invalid");
    check_not_opened();
}

TEST("TAMPER-SHOWS: each index column that was edited is named")
{
    static const char *const edits[] = {"kind = 5",     "wall_ms = 0",       "wall_ms = wall_ms + 1",
                                        "identity = 3", "quantity_g = 6001", "code = 'CYL-2'",
                                        "code = ''",    "plate = 'ABC124'"};

    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        char sql[96];

        (void)unlink(fg_test_path("journal.db"));
        (void)unlink(fg_test_path("journal.db.anchor"));
        write_sample();
        (void)snprintf(sql, sizeof(sql), "UPDATE entry SET %s WHERE sequence = 5", edits[i]);
        tamper(sql);
        check_found(FG_E_CORRUPT, 5, "index columns");
        check_not_opened();
    }
    for (size_t i = 0; i < 2; i++) {
        (void)unlink(fg_test_path("journal.db"));
        (void)unlink(fg_test_path("journal.db.anchor"));
        write_sample();
        damage(i == 0 ? "code" : "plate", "NULL");
        check_found(FG_E_CORRUPT, 3, "index columns");
    }
}

TEST("TAMPER-SHOWS: another controller's journal is not taken for one's own")
{
    struct fg_journal_settings settings = settings_for(fg_test_path("journal.db"));
    struct fg_journal_verdict verdict;
    struct fg_journal_start start;
    struct fg_journal *journal = NULL;
    struct fg_private_key other;

    write_sample();
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    CHECK_INT(fg_journal_verify(settings.path, NULL, &other.public_key, &verdict, &error), FG_E_AUTH);
    CHECK_INT(verdict.first_bad_sequence, 1);
    CHECK_HAS(error.text, "another controller's");
    settings.controller = "point-2";
    CHECK_INT(fg_journal_open(&settings, &journal, &start, &error), FG_E_CORRUPT);
    CHECK_HAS(error.text, "point-1");
}

TEST("a full journal authorises nothing but still logs, and ends the fill that is open")
{
    struct fg_journal_settings settings = settings_for(fg_test_path("journal.db"));
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;
    struct fg_entry entry;
    uint64_t sequence = 0;
    uint64_t open_fill = 0;
    bool warned = false;
    unsigned logged = 0;
    enum fg_err code = FG_OK;

    settings.bytes_max = 640 << 10;
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    for (unsigned i = 0; i < 4000 && fg_journal_state(journal) != FG_JOURNAL_FULL; i++) {
        entry = entry_of(open_fill == 0 ? FG_ENTRY_AUTHORISED : FG_ENTRY_ENDED);
        entry.authorised_sequence = open_fill;
        sequence = append(journal, entry);
        open_fill = open_fill == 0 ? sequence : 0;
        warned = warned || fg_journal_state(journal) == FG_JOURNAL_WARN;
    }
    CHECK(warned);
    CHECK_INT(fg_journal_state(journal), FG_JOURNAL_FULL);
    if (open_fill != 0) {
        entry = entry_of(FG_ENTRY_ENDED);
        entry.authorised_sequence = open_fill;
        (void)append(journal, entry);
    }
    entry = entry_of(FG_ENTRY_AUTHORISED);
    CHECK_INT(fg_journal_append(journal, &entry, &sequence, &error), FG_E_FULL);
    for (unsigned i = 0; i < 4000 && code == FG_OK; i++) {
        entry = entry_of(FG_ENTRY_EVENT);
        memset(entry.text, 'x', FG_TEXT_MAX);
        code = fg_journal_append(journal, &entry, &sequence, &error);
        logged += code == FG_OK;
    }
    CHECK_INT(code, FG_E_FULL);
    CHECK(logged >= settings.stop_reserve_entries);
    fg_journal_close(journal);
}

static enum fg_err count_visit(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                               size_t byte_count, struct fg_error *ret_error)
{
    (void)entry;
    (void)bytes;
    (void)byte_count;
    (void)ret_error;
    ++*(unsigned *)context;
    return FG_OK;
}

static unsigned count_matching(const struct fg_journal_filter *filter)
{
    unsigned count = 0;

    CHECK_OK(fg_journal_each(fg_test_path("journal.db"), filter, count_visit, &count, &error), &error);
    return count;
}

TEST("each gives what the filter asks for, an end under its fill's cylinder")
{
    struct fg_journal_filter filter = {.kind = 0};
    unsigned count = 0;

    write_sample();
    CHECK_INT(count_matching(NULL), 6);
    filter.kind = FG_ENTRY_AUTHORISED;
    CHECK_INT(count_matching(&filter), 2);
    filter.kind = 0;
    memcpy(filter.code.text, "CYL-1", 6);
    CHECK_INT(count_matching(&filter), 4);
    filter.from_sequence = 4;
    CHECK_INT(count_matching(&filter), 2);
    filter.to_ms = NOON_MS;
    CHECK_INT(count_matching(&filter), 0);
    CHECK_INT(fg_journal_each("/nowhere/journal.db", NULL, count_visit, &count, &error), FG_E_NOT_FOUND);
}

TEST("a reader works beside the writer")
{
    struct fg_journal_start start;
    struct fg_journal *journal = open_journal(&start);

    (void)append(journal, entry_of(FG_ENTRY_BOOT));
    CHECK_INT(count_matching(NULL), 1);
    (void)append(journal, entry_of(FG_ENTRY_EVENT));
    CHECK_INT(count_matching(NULL), 2);
    fg_journal_close(journal);
}

TEST("a file that is no journal is refused")
{
    FILE *file = fopen(fg_test_path("journal.db"), "w");

    CHECK(file != NULL);
    for (unsigned i = 0; i < 2000; i++)
        (void)fputs("no journal ", file);
    CHECK_INT(fclose(file), 0);
    check_not_opened();
}

/* ---- receipts ---- */

static const struct fg_private_key *bureau_key(void)
{
    static struct fg_private_key bureau;
    static bool made;

    if (!made)
        CHECK_OK(fg_private_key_new(&bureau, &error), &error);
    made = true;
    return &bureau;
}

/* hash of entry `sequence` as stored. */
static struct fg_digest stored_hash(uint64_t sequence)
{
    struct fg_digest hash = {{0}};
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;

    CHECK_INT(sqlite3_open(fg_test_path("journal.db"), &database), SQLITE_OK);
    CHECK_INT(
        sqlite3_prepare_v2(database, "SELECT hash FROM entry WHERE sequence = ?1", -1, &statement, NULL),
        SQLITE_OK);
    (void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)sequence);
    CHECK_INT(sqlite3_step(statement), SQLITE_ROW);
    memcpy(hash.bytes, sqlite3_column_blob(statement, 0), sizeof(hash.bytes));
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return hash;
}

static enum fg_err give_receipt(struct fg_journal *journal, const char *controller, uint64_t next,
                                const struct fg_digest *head, const struct fg_private_key *signer)
{
    struct fg_receipt receipt = {.next_sequence = next, .head = *head};
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    (void)snprintf(receipt.controller, sizeof(receipt.controller), "%s", controller);
    CHECK_OK(fg_receipt_sign(&receipt, signer, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    return fg_journal_take_receipt(journal, bytes, length, &bureau_key()->public_key, NOON_MS + 5, &error);
}

TEST("a receipt is kept over a restart; an older one and the same again change nothing")
{
    struct fg_journal_start start;
    struct fg_journal_verdict verdict;
    struct fg_journal *journal;
    struct fg_digest third;
    struct fg_digest fifth;

    write_sample();
    third = stored_hash(3);
    fifth = stored_hash(5);
    journal = open_journal(&start);
    CHECK_INT(fg_journal_unsent(journal), 6);
    CHECK_INT(fg_journal_receipt_next(journal), 0);
    CHECK_INT(give_receipt(journal, "point-1", 6, &fifth, bureau_key()), FG_OK);
    CHECK_INT(fg_journal_unsent(journal), 1);
    CHECK_INT(fg_journal_oldest_unsent_ms(journal), NOON_MS);
    CHECK_INT(give_receipt(journal, "point-1", 4, &third, bureau_key()), FG_OK);
    CHECK_INT(fg_journal_receipt_next(journal), 6);
    fg_journal_close(journal);
    journal = open_journal(&start);
    CHECK(!start.receipt_false);
    CHECK_INT(fg_journal_unsent(journal), 1);
    CHECK_INT(fg_journal_receipt_ms(journal), NOON_MS + 5);
    fg_journal_close(journal);
    CHECK_OK(fg_journal_verify(fg_test_path("journal.db"), NULL, &device_key()->public_key, &verdict, &error),
             &error);
    CHECK(verdict.receipt_known);
    CHECK_INT(verdict.receipt.next_sequence, 6);
    CHECK_OK(
        fg_receipt_verify(&verdict.receipt, &verdict.receipt_signature, &bureau_key()->public_key, &error),
        &error);
}

TEST("TAMPER-SHOWS: a receipt is refused that is forged, another controller's, or contradicts the journal")
{
    struct fg_journal_start start;
    struct fg_journal *journal;
    struct fg_digest fifth;

    write_sample();
    fifth = stored_hash(5);
    journal = open_journal(&start);
    CHECK_INT(give_receipt(journal, "point-1", 6, &fifth, device_key()), FG_E_AUTH);
    CHECK_INT(give_receipt(journal, "point-2", 6, &fifth, bureau_key()), FG_E_RANGE);
    CHECK_INT(give_receipt(journal, "point-1", 5, &fifth, bureau_key()), FG_E_CORRUPT);
    CHECK_HAS(error.text, "another entry 4");
    CHECK_INT(give_receipt(journal, "point-1", 8, &fifth, bureau_key()), FG_E_CORRUPT);
    CHECK_HAS(error.text, "this journal ends at 6");
    CHECK_INT(give_receipt(journal, "point-1", 1, &fifth, bureau_key()), FG_E_CORRUPT);
    CHECK_INT(fg_journal_take_receipt(journal, fifth.bytes, 9, &bureau_key()->public_key, 0, &error),
              FG_E_FORMAT);
    CHECK_INT(fg_journal_unsent(journal), 6);
    fg_journal_close(journal);
}

TEST("TAMPER-SHOWS: a journal cut or written anew behind a receipt is named, even when the anchor was "
     "removed too")
{
    struct fg_journal_start start;
    struct fg_journal *journal;
    struct fg_digest sixth;

    write_sample();
    sixth = stored_hash(6);
    journal = open_journal(&start);
    CHECK_INT(give_receipt(journal, "point-1", 7, &sixth, bureau_key()), FG_OK);
    fg_journal_close(journal);
    tamper("DELETE FROM entry WHERE sequence = 6; DELETE FROM meta WHERE name = 'anchored'");
    CHECK_INT(unlink(fg_test_path("journal.db.anchor")), 0);
    check_found(FG_E_CORRUPT, 6, "receipt covers entry 6");
    {
        struct fg_journal_settings settings = settings_for(fg_test_path("journal.db"));

        CHECK_INT(fg_journal_open(&settings, &journal, &start, &error), FG_E_CORRUPT);
        CHECK_HAS(error.text, "receipt covers entry 6");
    }
}

TEST("TAMPER-SHOWS: a kept receipt that was edited or exchanged does not count, and is told")
{
    struct fg_journal_settings settings;
    struct fg_journal_start start;
    struct fg_journal *journal;
    struct fg_digest sixth;

    write_sample();
    sixth = stored_hash(6);
    journal = open_journal(&start);
    CHECK_INT(give_receipt(journal, "point-1", 7, &sixth, bureau_key()), FG_OK);
    fg_journal_close(journal);
    settings = settings_for(fg_test_path("journal.db"));
    settings.receipt_key = &device_key()->public_key;
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    CHECK(start.receipt_false);
    CHECK_INT(fg_journal_unsent(journal), 6);
    fg_journal_close(journal);
    tamper("UPDATE meta SET value = x'00' WHERE name = 'receipt'");
    settings.receipt_key = &bureau_key()->public_key;
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    CHECK(start.receipt_false);
    CHECK_INT(fg_journal_unsent(journal), 6);
    CHECK_INT(give_receipt(journal, "point-1", 7, &sixth, bureau_key()), FG_OK);
    CHECK_INT(fg_journal_unsent(journal), 0);
    fg_journal_close(journal);
}

TEST("a batch holds as many entries as are asked for and fit, byte for byte")
{
    static uint8_t bytes[4096];
    struct fg_sync_batch batch;
    struct fg_journal_start start;
    struct fg_journal *journal;
    struct fg_digest third;
    struct fg_digest found;
    size_t length = 0;
    uint64_t next = 0;

    write_sample();
    third = stored_hash(3);
    journal = open_journal(&start);
    CHECK_OK(fg_journal_batch(journal, 4, 2, bytes, sizeof(bytes), &length, &next, &error), &error);
    CHECK_INT(next, 6);
    CHECK_OK(fg_sync_batch_decode(bytes, length, &batch, &error), &error);
    CHECK_TEXT(batch.controller, "point-1");
    CHECK_OK(fg_sync_batch_verify(&batch, 0, &third, &device_key()->public_key, &found, &error), &error);
    third = stored_hash(5);
    CHECK_BYTES(found.bytes, third.bytes, sizeof(found.bytes));
    CHECK_OK(fg_journal_batch(journal, 1, 0, bytes, sizeof(bytes), &length, &next, &error), &error);
    CHECK_INT(next, 7);
    CHECK_OK(fg_journal_batch(journal, 1, 0, bytes, 300, &length, &next, &error), &error);
    CHECK(next > 1 && next < 7 && length <= 300);
    CHECK_INT(fg_journal_batch(journal, 1, 0, bytes, 120, &length, &next, &error), FG_E_SIZE);
    CHECK_INT(fg_journal_batch(journal, 7, 0, bytes, sizeof(bytes), &length, &next, &error), FG_E_NOT_FOUND);
    CHECK_INT(fg_journal_batch(journal, 0, 0, bytes, sizeof(bytes), &length, &next, &error), FG_E_NOT_FOUND);
    CHECK_INT(fg_journal_batch(journal, UINT64_MAX, 0, bytes, sizeof(bytes), &length, &next, &error),
              FG_E_NOT_FOUND);
    fg_journal_close(journal);
}

/* ---- the anchor's file, byte by byte ---- */

static void anchor_bytes(long offset, uint8_t *bytes, size_t count, bool write)
{
    FILE *file = fopen(fg_test_path("journal.db.anchor"), "r+b");

    CHECK(file != NULL);
    CHECK_INT(fseek(file, offset, SEEK_SET), 0);
    CHECK_INT(write ? fwrite(bytes, 1, count, file) : fread(bytes, 1, count, file), count);
    CHECK_INT(fclose(file), 0);
}

/* Offset of the slot with the newest head: two slots, 4096 bytes apart, written in turn. */
static long anchor_newest(struct fg_head *ret_head)
{
    long newest = -1;

    memset(ret_head, 0, sizeof(*ret_head));
    for (long offset = 0; offset <= 4096; offset += 4096) {
        uint8_t slot[512];
        struct fg_digest digest;
        struct fg_head head;
        struct fg_signature signature;
        size_t length;

        anchor_bytes(offset, slot, sizeof(slot), false);
        CHECK_BYTES(slot, "FGA1", 4);
        length = (size_t)slot[4] | (size_t)slot[5] << 8;
        CHECK_OK(fg_head_decode(slot + 6, length, &head, &signature, &error), &error);
        CHECK_OK(fg_head_verify(&head, &signature, &device_key()->public_key, &error), &error);
        fg_sha256(slot + 6, length, &digest);
        CHECK_BYTES(slot + 6 + length, digest.bytes, 8);
        if (newest < 0 || head.sequence > ret_head->sequence) {
            newest = offset;
            *ret_head = head;
        }
    }
    return newest;
}

TEST("the anchor's layout on the disk is the documented one")
{
    struct fg_head head;

    write_sample();
    (void)anchor_newest(&head);
    CHECK_INT(head.sequence, 6);
    CHECK_TEXT(head.controller, "point-1");
}

TEST("TAMPER-SHOWS: an anchor whose check sum is wrong in any one byte does not count")
{
    struct fg_head head;
    uint8_t slot[512];
    size_t length;
    long newest;

    write_sample();
    newest = anchor_newest(&head);
    anchor_bytes(newest, slot, sizeof(slot), false);
    length = (size_t)slot[4] | (size_t)slot[5] << 8;
    tamper("DELETE FROM entry WHERE sequence = 6");
    check_found(FG_E_CORRUPT, 6, "tail was cut");
    for (size_t i = 0; i < 8; i++) {
        struct fg_journal_verdict verdict;

        slot[6 + length + i] ^= 1;
        anchor_bytes(newest, slot, sizeof(slot), true);
        /* The older slot stays, and it knows of no entry 6. */
        CHECK_OK(
            fg_journal_verify(fg_test_path("journal.db"), NULL, &device_key()->public_key, &verdict, &error),
            &error);
        slot[6 + length + i] ^= 1;
    }
}

TEST("TAMPER-SHOWS: a journal rolled back and written on past its anchor is named without any receipt")
{
    uint8_t anchor[4608];
    struct fg_journal_start start;
    struct fg_journal *journal;

    write_sample();
    anchor_bytes(0, anchor, sizeof(anchor), false);
    CHECK_INT(unlink(fg_test_path("journal.db.anchor")), 0);
    tamper("DELETE FROM entry WHERE sequence > 4; DELETE FROM meta WHERE name = 'anchored'");
    journal = open_journal(&start);
    for (int i = 0; i < 4; i++)
        (void)append(journal, entry_of(FG_ENTRY_OPERATOR));
    fg_journal_close(journal);
    anchor_bytes(0, anchor, sizeof(anchor), true);
    check_found(FG_E_CORRUPT, 6, "differs from the anchor");
    check_not_opened();
}

TEST("TAMPER-SHOWS: a trigger planted in the journal's file is not run, and named from the next start on")
{
    struct fg_journal_start start;
    struct fg_journal *journal;

    write_sample();
    journal = open_journal(&start);
    tamper("CREATE TRIGGER planted AFTER INSERT ON entry BEGIN DELETE FROM entry WHERE sequence = 2; END");
    CHECK_INT(append(journal, entry_of(FG_ENTRY_EVENT)), 7);
    fg_journal_close(journal);
    CHECK_INT(count_matching(NULL), 7);
    check_found(FG_E_CORRUPT, 0, "planted: it was planted in the schema");
    check_not_opened();
}

/* Points the index at an empty tree: every row is there, but no look-up by this index finds one. */
#define INDEX_EMPTY(name)                                                                                    \
    "CREATE INDEX decoy ON entry(code) WHERE kind = 99; PRAGMA writable_schema = ON; UPDATE sqlite_schema "  \
    "SET "                                                                                                   \
    "rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'decoy') WHERE name = '" name               \
    "'; DELETE FROM sqlite_schema WHERE name = 'decoy'"

TEST("TAMPER-SHOWS: an index pointed at an empty tree, which hides the fills that rules count, is named and "
     "stops "
     "the start")
{
    write_sample();
    tamper(INDEX_EMPTY("entry_fill"));
    check_found(FG_E_CORRUPT, 0, "entry_fill");
    check_not_opened();
}

TEST("TAMPER-SHOWS: an index defined anew over fewer entries is named and stops the start")
{
    write_sample();
    tamper("DROP INDEX entry_fill; CREATE INDEX entry_fill ON entry(code, wall_ms) WHERE kind = 6 AND "
           "quantity_g > "
           "0 AND wall_ms > 99999999999999");
    check_found(FG_E_CORRUPT, 0, "entry_fill: its definition in the schema was edited");
    check_not_opened();
    tamper("DROP INDEX entry_fill");
    check_found(FG_E_CORRUPT, 0, "entry_fill: it was taken out of the schema");
}

TEST("settings that cannot work are refused, and no journal is given")
{
    struct fg_journal_settings settings = settings_for(fg_test_path("journal.db"));
    struct fg_journal_start start;
    struct fg_journal *journal = NULL;

    settings.bytes_max = ((uint64_t)INT32_MAX + 1) * 4096;
    CHECK_INT(fg_journal_open(&settings, &journal, &start, &error), FG_E_ARG);
    CHECK_HAS(error.text, "more than a journal can use");
    settings.bytes_max = 4096;
    CHECK_INT(fg_journal_open(&settings, &journal, &start, &error), FG_E_ARG);
    CHECK_HAS(error.text, "too small");
    settings = settings_for(fg_test_path("journal.db"));
    settings.fill_reserve_percent = 91;
    CHECK_INT(fg_journal_open(&settings, &journal, &start, &error), FG_E_ARG);
    settings = settings_for(fg_test_path("journal.db"));
    settings.controller = "";
    CHECK_INT(fg_journal_open(&settings, &journal, &start, &error), FG_E_ARG);
    CHECK(journal == NULL);
}

TEST("each finds by time and by kind alone")
{
    struct fg_journal_filter filter = {.from_ms = NOON_MS + 1};

    write_sample(); /* at noon: 1, 2, 4 (an hour later), 6; ends a minute after their starts */
    CHECK_INT(count_matching(&filter), 3);
    filter = (struct fg_journal_filter){.kind = FG_ENTRY_EVENT};
    CHECK_INT(count_matching(&filter), 1);
    filter.kind = FG_ENTRY_LIST;
    CHECK_INT(count_matching(&filter), 0);
}

TEST("BAD-INPUT-IS-SAFE: an entry without bytes is shown as one that cannot be decoded")
{
    write_sample();
    tamper("UPDATE entry SET bytes = zeroblob(0) WHERE sequence = 3");
    CHECK_INT(count_matching(NULL), 6);
    check_found(FG_E_CORRUPT, 3, "impossible length");
}

/* from: where a batch begins. It never reaches the damaged entry 3. */
static void check_not_sent(struct fg_journal *journal, uint64_t from)
{
    static uint8_t bytes[8192];
    size_t length = 0;
    uint64_t next = 0;
    enum fg_err code = fg_journal_batch(journal, from, 0, bytes, sizeof(bytes), &length, &next, &error);

    if (from < 3) {
        CHECK_INT(code, FG_OK);
        CHECK_INT(next, 3);
    } else {
        CHECK(code != FG_OK);
        CHECK_INT(next, 0);
        CHECK_HAS(error.text, "entry 3");
    }
}

TEST("TAMPER-SHOWS: a row whose bytes, hash or signature is NULL, of another kind, too short or too long is "
     "named "
     "and not sent")
{
    static const char length[] = "impossible length";
    static const struct {
        const char *column;
        const char *value;
        const char *named;
    } rows[] = {{"bytes", "NULL", length},
                {"bytes", "zeroblob(0)", length},
                {"bytes", "zeroblob(1537)", length},
                {"bytes", "zeroblob(1536)", "edited"},
                {"bytes", "1", "edited"},
                {"hash", "NULL", length},
                {"hash", "zeroblob(31)", length},
                {"hash", "zeroblob(33)", length},
                {"hash", "2.5", length},
                {"signature", "NULL", length},
                {"signature", "zeroblob(63)", length},
                {"signature", "zeroblob(65)", length},
                {"signature", "'text'", length}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fg_journal_start start;
        struct fg_journal *journal;

        (void)unlink(fg_test_path("journal.db"));
        (void)unlink(fg_test_path("journal.db.anchor"));
        write_sample();
        journal = open_journal(&start);
        damage(rows[i].column, rows[i].value);
        if (rows[i].named == length)
            check_not_sent(journal, 3);
        if (rows[i].named == length && strcmp(rows[i].column, "hash") != 0)
            check_not_sent(journal, 1);
        fg_journal_close(journal);
        check_found(FG_E_CORRUPT, 3, rows[i].named);
        check_not_opened();
        CHECK_INT(count_matching(NULL), 6);
    }
}

TEST("TAMPER-SHOWS: a kept receipt or mark that is NULL, empty or nonsense is told, and counts for nothing")
{
    static const char *const values[] = {"NULL", "x''", "x'00'", "1", "'text'", "zeroblob(5000)"};

    write_sample();
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct fg_journal_start start;
        struct fg_journal *journal;
        char sql[160];

        (void)snprintf(sql, sizeof(sql),
                       "DELETE FROM meta WHERE name <> 'anchored'; "
                       "INSERT INTO meta VALUES('receipt', %s)",
                       values[i]);
        tamper(sql);
        journal = open_journal(&start);
        CHECK(start.receipt_false);
        CHECK_INT(fg_journal_unsent(journal), 6);
        fg_journal_close(journal);
        (void)snprintf(sql, sizeof(sql),
                       "DELETE FROM meta WHERE name <> 'anchored'; "
                       "INSERT INTO meta VALUES('mark', %s)",
                       values[i]);
        tamper(sql);
        check_found(FG_E_CORRUPT, 0, "mark of pruning kept in it was edited");
        check_not_opened();
    }
}

TEST("each failure of the database has its own error, and the message says what to do")
{
    static const struct {
        int result;
        enum fg_err code;
        const char *text;
    } kinds[] = {{SQLITE_FULL, FG_E_FULL, "a.db: looking: no space is left; free some or enlarge it"},
                 {SQLITE_BUSY, FG_E_BUSY, "a.db: looking: another process holds it"},
                 {SQLITE_BUSY_SNAPSHOT, FG_E_BUSY, "another process holds it"},
                 {SQLITE_LOCKED, FG_E_BUSY, "another process holds it"},
                 {SQLITE_CORRUPT, FG_E_CORRUPT, "a.db: looking: the file is damaged ("},
                 {SQLITE_CORRUPT_VTAB, FG_E_CORRUPT, "keep it as evidence"},
                 {SQLITE_NOTADB, FG_E_CORRUPT, "the file is damaged ("},
                 {SQLITE_NOMEM, FG_E_MEMORY, "a.db: looking: no memory"},
                 {SQLITE_IOERR, FG_E_IO, "a.db: looking: disk I/O error; check the disk"},
                 {SQLITE_IOERR_WRITE, FG_E_IO, "check the disk"},
                 {SQLITE_READONLY, FG_E_IO, "readonly"}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        CHECK_INT(fg_journal_sqlite_fail(NULL, kinds[i].result, "a.db", "looking", &error), kinds[i].code);
        CHECK_HAS(error.text, kinds[i].text);
    }
}

TEST("an end that names its cylinder itself is found under that one, any other under its fill's")
{
    struct fg_journal_start start;
    struct fg_journal *journal = open_journal(&start);
    struct fg_entry end = entry_of(FG_ENTRY_ENDED);

    end.quantity_g = 5;
    end.authorised_sequence = append(journal, entry_of(FG_ENTRY_AUTHORISED));
    memcpy(end.row.code.text, "CYL-9", 6);
    (void)append(journal, end);
    check_history(journal, "CYL-9", now_at(NOON_MS, 0, 0), NOON_MS, 1);
    check_history(journal, "CYL-1", now_at(NOON_MS, 0, 0), 0, 0);
    fg_journal_close(journal);
    journal = open_journal(&start);
    check_history(journal, "CYL-9", now_at(NOON_MS, 0, 0), NOON_MS, 1);
    fg_journal_close(journal);
}

TEST("each condition of a filter counts alone, and a span of time holds its beginning and not its end")
{
    struct fg_entry refused = entry_of(FG_ENTRY_REFUSED);
    struct fg_journal_filter filter = {.from_ms = NOON_MS + 3600000};
    struct fg_journal_start start;
    struct fg_journal *journal;

    write_sample(); /* at noon: 1, 2, 6; a minute later: 3; an hour later: 4, and a minute more: 5 */
    journal = open_journal(&start);
    refused.reasons = (struct fg_reasons){2, {FG_REASON_NOT_LISTED, FG_REASON_SUSPENDED}};
    refused.wall_ms = NOON_MS + 2;
    memcpy(refused.failing_code.text, "CYL-7", 6);
    memcpy(refused.row.plate, "XYZ", 4);
    CHECK_INT(append(journal, refused), 7);
    fg_journal_close(journal);
    CHECK_INT(count_matching(&filter), 2);
    filter.from_ms++;
    CHECK_INT(count_matching(&filter), 1);
    filter = (struct fg_journal_filter){.to_ms = NOON_MS + 1};
    CHECK_INT(count_matching(&filter), 3);
    filter.to_ms = NOON_MS + 2;
    CHECK_INT(count_matching(&filter), 3);
    filter.to_ms++;
    CHECK_INT(count_matching(&filter), 4);
    filter = (struct fg_journal_filter){.reason = FG_REASON_NOT_LISTED};
    CHECK_INT(count_matching(&filter), 1);
    filter.reason = FG_REASON_SUSPENDED;
    CHECK_INT(count_matching(&filter), 1);
    filter.reason = FG_REASON_SCRAPPED;
    CHECK_INT(count_matching(&filter), 0);
    filter = (struct fg_journal_filter){.plate = "ABC123"};
    CHECK_INT(count_matching(&filter), 4);
    filter = (struct fg_journal_filter){.plate = "XYZ"};
    CHECK_INT(count_matching(&filter), 1);
    filter = (struct fg_journal_filter){.code = {"CYL-7"}};
    CHECK_INT(count_matching(&filter), 1);
    filter = (struct fg_journal_filter){.from_sequence = 7};
    CHECK_INT(count_matching(&filter), 1);
    filter = (struct fg_journal_filter){.from_sequence = 8};
    CHECK_INT(count_matching(&filter), 0);
}

static enum fg_err stop_visit(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                              size_t byte_count, struct fg_error *ret_error)
{
    ++*(unsigned *)context;
    (void)bytes;
    (void)byte_count;
    return entry->sequence == 3 ? fg_fail(ret_error, FG_E_STATE, "enough") : FG_OK;
}

TEST("each ends with the visitor's own error, and tells a file that is no journal")
{
    unsigned count = 0;
    FILE *file;

    write_sample();
    CHECK_INT(fg_journal_each(fg_test_path("journal.db"), NULL, stop_visit, &count, &error), FG_E_STATE);
    CHECK_INT(count, 3);
    CHECK_TEXT(error.text, "enough");
    tamper("DROP TABLE entry");
    CHECK_INT(fg_journal_each(fg_test_path("journal.db"), NULL, count_visit, &count, &error), FG_E_IO);
    CHECK_HAS(error.text, "reading the journal: no such table");
    file = fopen(fg_test_path("other.db"), "w");
    CHECK(file != NULL);
    for (unsigned i = 0; i < 2000; i++)
        (void)fputs("no journal ", file);
    CHECK_INT(fclose(file), 0);
    CHECK_INT(fg_journal_each(fg_test_path("other.db"), NULL, count_visit, &count, &error), FG_E_CORRUPT);
}

TEST("a controller's name and a journal's size are taken up to their limits and no further")
{
    static const struct {
        uint64_t bytes_max;
        uint8_t fill_reserve_percent;
        unsigned name_bytes;
        enum fg_err code;
    } cases[] = {
        {393216, 0, 7, FG_OK},     {393215, 0, 7, FG_E_ARG},        {393216, 90, 7, FG_OK},
        {393216, 91, 7, FG_E_ARG}, {393216, 0, FG_NAME_MAX, FG_OK}, {393216, 0, FG_NAME_MAX + 1, FG_E_ARG},
        {393216, 0, 1, FG_OK}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[FG_NAME_MAX + 2] = "";
        struct fg_journal_settings settings = settings_for(fg_test_path("journal.db"));
        struct fg_journal_start start;
        struct fg_journal *journal = NULL;

        (void)unlink(settings.path);
        (void)unlink(fg_test_path("journal.db.anchor"));
        memset(name, 'n', cases[i].name_bytes);
        settings.controller = name;
        settings.bytes_max =
            cases[i].bytes_max; /* 4 fillers of 8 pages and 4 times the margin, of 4096 bytes */
        settings.fill_reserve_percent = cases[i].fill_reserve_percent;
        CHECK_INT(fg_journal_open(&settings, &journal, &start, &error), cases[i].code);
        if (cases[i].code != FG_OK)
            continue;
        CHECK_INT(append(journal, entry_of(FG_ENTRY_BOOT)), 1);
        fg_journal_close(journal);
    }
}

TEST("a local day begins and ends at midnight, west and east of Greenwich")
{
    static const int64_t offsets_s[] = {0, 8 * 3600, -5 * 3600, 5 * 3600 + 1800};
    struct fg_journal_start start;
    struct fg_journal *journal = open_journal(&start);

    for (size_t i = 0; i < sizeof(offsets_s) / sizeof(offsets_s[0]); i++) {
        int64_t midnight_ms = INT64_C(20610) * DAY_MS * (int64_t)(i + 1) - offsets_s[i] * 1000;
        struct fg_entry begin = entry_of(FG_ENTRY_AUTHORISED);
        struct fg_entry end = entry_of(FG_ENTRY_ENDED);
        char code[8];

        (void)snprintf(code, sizeof(code), "C-%u", (unsigned)i);
        memcpy(begin.row.code.text, code, sizeof(code));
        end.authorised_sequence = append(journal, begin);
        end.wall_ms = midnight_ms;
        end.quantity_g = 1;
        (void)append(journal, end);
        fg_journal_close(journal);
        journal = open_journal(&start); /* of an earlier run: dated by the wall clock */
        check_history(journal, code, now_at(midnight_ms, 0, (int32_t)offsets_s[i]), midnight_ms, 1);
        check_history(journal, code, now_at(midnight_ms + DAY_MS - 1, 0, (int32_t)offsets_s[i]), midnight_ms,
                      1);
        check_history(journal, code, now_at(midnight_ms + DAY_MS, 0, (int32_t)offsets_s[i]), midnight_ms, 0);
    }
    fg_journal_close(journal);
}

TEST("fills keep room that refusals and ordinary events cannot eat; what is grave is still written")
{
    struct fg_journal_settings settings = settings_for(fg_test_path("journal.db"));
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;
    struct fg_entry entry;
    uint64_t sequence = 0;
    enum fg_err code = FG_OK;
    bool pressed = false;

    settings.bytes_max = 480 << 10;
    settings.fill_reserve_percent = 80;
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    for (unsigned i = 0; i < 4000 && code == FG_OK; i++) {
        entry = entry_of(FG_ENTRY_REFUSED);
        entry.reasons = (struct fg_reasons){1, {FG_REASON_NOT_LISTED}};
        code = fg_journal_append(journal, &entry, &sequence, &error);
        pressed = pressed || fg_journal_is_pressed(journal);
    }
    CHECK_INT(code, FG_E_FULL);
    CHECK_HAS(error.text, "kept for fills");
    CHECK(pressed);
    CHECK_INT(fg_journal_state(journal), FG_JOURNAL_WARN);
    for (int i = 0; i < 20; i++)
        (void)append_fill(journal, NOON_MS, 100);
    entry = entry_of(FG_ENTRY_EVENT);
    entry.event = FG_EVENT_DEVICE_FAULT;
    CHECK_INT(fg_journal_append(journal, &entry, &sequence, &error), FG_E_FULL);
    entry.event = FG_EVENT_FLOW_WITHOUT_AUTHORITY;
    CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
    fg_journal_close(journal);
    /* A restart does not forget who used what. */
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    /* What nobody but a stranger or a device that comes and goes can cause waits; the rest is for the record.
     */
    for (unsigned event = 1; event < 40; event++) {
        bool is_taken = event == FG_EVENT_SHUTDOWN || event == FG_EVENT_JOURNAL_NEARLY_FULL ||
                        event == FG_EVENT_JOURNAL_PRUNED ||
                        (event != FG_EVENT_LIST_REFUSED && fg_event_is_grave((enum fg_event_kind)event));

        if (fg_event_name((enum fg_event_kind)event) == NULL)
            continue;
        entry.event = (uint8_t)event;
        entry.clock_floor_ms = event == FG_EVENT_CLOCK_FLOOR_LOWERED ? 1 : 0;
        CHECK_INT(fg_journal_append(journal, &entry, &sequence, &error), is_taken ? FG_OK : FG_E_FULL);
    }
    entry.clock_floor_ms = 0;
    entry.kind = FG_ENTRY_OPERATOR;
    CHECK_INT(fg_journal_append(journal, &entry, &sequence, &error), FG_E_FULL);
    entry.kind = FG_ENTRY_BOOT;
    CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
    entry.kind = FG_ENTRY_LIST;
    CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
    entry.kind = FG_ENTRY_EVENT;
    entry.event = FG_EVENT_DEVICE_FAULT;
    CHECK_INT(fg_journal_append(journal, &entry, &sequence, &error), FG_E_FULL);
    fg_journal_close(journal);
}

static void progress_count(void *context)
{
    unsigned *count = context;

    (*count)++;
}

TEST("the opening of a long journal tells its progress, piece by piece and no oftener")
{
    struct fg_journal *journal = NULL;
    struct fg_journal_start start;
    unsigned count = 0;
    struct fg_journal_settings settings = settings_for(fg_test_path("journal.db"));

    settings.progress = progress_count;
    settings.progress_context = &count;
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    CHECK_INT(count, 0);
    for (unsigned i = 0; i < 2 * FG_JOURNAL_PROGRESS_ENTRIES + 1; i++) {
        struct fg_entry entry = {
            .kind = FG_ENTRY_EVENT, .event = FG_EVENT_DEVICE_BACK, .clock_quality = FG_CLOCK_SYNCHRONISED};
        uint64_t sequence = 0;

        CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
    }
    fg_journal_close(journal);
    CHECK_OK(fg_journal_open(&settings, &journal, &start, &error), &error);
    CHECK_INT(count, 2);
    fg_journal_close(journal);
}
