/* Pruning: what goes, what never does, and that everybody who verifies understands what was left. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "firmware/journal/journal.h"
#include "proto/journal/mark.h"
#include "tests/lib/check.h"
#include "tests/lib/sqlite_file.h"

#define DAY_MS INT64_C(86400000)
#define START_MS (INT64_C(20000) * DAY_MS)
#define FAR_MS (START_MS + 10000 * DAY_MS)

static struct fg_private_key key;
static struct fg_private_key bureau;
static struct fg_error error;
static struct fg_journal_start start; /* of the newest opening */

static const char *path(void)
{
    return fg_test_path("journal.db");
}

static void keys_make(void)
{
    if (key.public_key.point[0] != 0)
        return;
    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_private_key_new(&bureau, &error), &error);
}

static enum fg_err try_open(struct fg_journal **ret_journal)
{
    struct fg_journal_settings settings = {.path = path(),
                                           .controller = "point-1",
                                           .key = &key,
                                           .bytes_max = 480 << 10,
                                           .stop_reserve_entries = 32,
                                           .zero_fill_g = 100,
                                           .receipt_key = &bureau.public_key};

    keys_make();
    settings.key = &key;
    return fg_journal_open(&settings, ret_journal, &start, &error);
}

static struct fg_journal *journal_open(void)
{
    struct fg_journal *journal = NULL;

    CHECK_OK(try_open(&journal), &error);
    return journal;
}

/* One entry of a kind on a day, by a clock of the given quality. */
static uint64_t append(struct fg_journal *journal, uint8_t kind, int day, uint8_t quality,
                       uint64_t authorised)
{
    struct fg_entry entry = {.kind = kind,
                             .wall_ms = START_MS + day * DAY_MS,
                             .clock_quality = quality,
                             .authorised_sequence = authorised};
    uint64_t sequence = 0;

    if (kind == FG_ENTRY_AUTHORISED)
        (void)snprintf(entry.row.code.text, sizeof(entry.row.code.text), "CYL-1");
    CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
    return sequence;
}

static uint64_t fill(struct fg_journal *journal, int day, uint8_t quality)
{
    return append(journal, FG_ENTRY_ENDED, day, quality,
                  append(journal, FG_ENTRY_AUTHORISED, day, quality, 0));
}

static struct fg_digest hash_of(uint64_t sequence)
{
    struct fg_digest hash = {{0}};
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;

    CHECK_INT(sqlite3_open(path(), &database), SQLITE_OK);
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

static enum fg_err receipt_give(struct fg_journal *journal, uint64_t last, const struct fg_digest *hash)
{
    struct fg_receipt receipt = {.controller = "point-1", .next_sequence = last + 1, .head = *hash};
    struct fg_signature signature;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;

    CHECK_OK(fg_receipt_sign(&receipt, &bureau, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    return fg_journal_take_receipt(journal, bytes, length, &bureau.public_key, FAR_MS, &error);
}

static void receipt_take(struct fg_journal *journal, uint64_t last)
{
    struct fg_digest hash = hash_of(last);

    CHECK_OK(receipt_give(journal, last, &hash), &error);
}

/* Prunes what is older than the given day; how many entries went. */
static uint64_t prune(struct fg_journal *journal, int day)
{
    struct fg_entry entry = {.wall_ms = START_MS + day * DAY_MS, .clock_quality = FG_CLOCK_SYNCHRONISED};
    uint64_t all = 0;
    uint64_t gone = 0;
    bool more = true;

    for (unsigned i = 0; more; i++) {
        CHECK(i < 1000);
        CHECK_OK(fg_journal_prune(journal, START_MS + day * DAY_MS, &entry, &gone, &more, &error), &error);
        all += gone;
    }
    return all;
}

static enum fg_err verify(struct fg_journal_verdict *ret_verdict)
{
    return fg_journal_verify(path(), NULL, &key.public_key, ret_verdict, &error);
}

static void tamper(const char *sql)
{
    (void)fg_test_sqlite_edit(path(), sql);
}

static void check_found(enum fg_err expected, uint64_t bad, const char *part)
{
    struct fg_journal_verdict verdict;
    struct fg_journal *journal = NULL;

    CHECK_INT(verify(&verdict), expected);
    CHECK_INT(verdict.first_bad_sequence, bad);
    CHECK_HAS(error.text, part);
    CHECK_INT(try_open(&journal), expected);
    fg_journal_close(journal);
}

/* Ten fills on ten days (entries 1 to 20), LIST (21), a fill (22, 23). */
static struct fg_journal *sample(uint8_t quality)
{
    struct fg_journal *journal = journal_open();

    for (int day = 0; day < 10; day++)
        (void)fill(journal, day, quality);
    (void)append(journal, FG_ENTRY_LIST, 10, quality, 0);
    (void)fill(journal, 11, quality);
    return journal;
}

TEST("NO-LOSS: what a receipt covers and the retention time has passed goes, and the journal verifies")
{
    struct fg_journal_verdict verdict;
    struct fg_journal *journal = sample(FG_CLOCK_SYNCHRONISED);

    receipt_take(journal, 20);
    CHECK_INT(prune(journal, 4), 8); /* days 0 to 3 */
    CHECK_INT(fg_journal_first(journal), 9);
    CHECK_INT(fg_journal_count(journal), 24);
    CHECK_OK(verify(&verdict), &error);
    CHECK_INT(verdict.first_sequence, 9);
    CHECK_INT(verdict.entries, 24);
    CHECK_INT(prune(journal, 4), 0);
    CHECK_INT(fg_journal_count(journal), 24);
    fg_journal_close(journal);
    journal = journal_open();
    CHECK_INT(fg_journal_first(journal), 9);
    CHECK_INT(prune(journal, 6), 4);
    (void)fill(journal, 12, FG_CLOCK_SYNCHRONISED);
    fg_journal_close(journal);
    CHECK_OK(verify(&verdict), &error);
    CHECK_INT(verdict.first_sequence, 13);
    CHECK_INT(verdict.entries, 27);
}

TEST("NO-LOSS: nothing goes that no receipt covers, however old")
{
    struct fg_journal *journal = sample(FG_CLOCK_SYNCHRONISED);

    CHECK_INT(prune(journal, 5000), 0);
    receipt_take(journal, 7);
    CHECK_INT(prune(journal, 5000), 6); /* entry 7 opens a fill whose end is not covered */
    CHECK_INT(fg_journal_first(journal), 7);
    fg_journal_close(journal);
}

TEST("NO-LOSS: the newest LIST and all after it stay, so that an older list is still known for what it is")
{
    struct fg_journal *journal = sample(FG_CLOCK_SYNCHRONISED);

    receipt_take(journal, 23);
    CHECK_INT(prune(journal, 5000), 20);
    CHECK_INT(fg_journal_first(journal), 21);
    fg_journal_close(journal);
}

TEST("NO-LOSS: only a synchronised clock makes an entry old")
{
    struct fg_journal *journal = sample(FG_CLOCK_INFORMATIVE);

    receipt_take(journal, 20);
    CHECK_INT(prune(journal, 5000), 0);
    fg_journal_close(journal);
}

TEST("NO-LOSS: an entry dated long ago by a dead clock is as old as what was written around it")
{
    struct fg_journal *journal = journal_open();
    uint64_t last;

    (void)fill(journal, 0, FG_CLOCK_SYNCHRONISED);
    (void)fill(journal, -9000, FG_CLOCK_UNKNOWN);
    (void)fill(journal, 20, FG_CLOCK_SYNCHRONISED);
    last = fill(journal, -9000, FG_CLOCK_UNKNOWN);
    (void)append(journal, FG_ENTRY_LIST, 21, FG_CLOCK_SYNCHRONISED, 0);
    receipt_take(journal, last);
    CHECK_INT(prune(journal, 10), 2);
    CHECK_INT(prune(journal, 21), 4);
    fg_journal_close(journal);
}

TEST("ONE-END: no fill is cut in two, and none is pruned while a fill is open")
{
    struct fg_journal *journal = journal_open();
    struct fg_entry entry = {.clock_quality = FG_CLOCK_SYNCHRONISED};
    uint64_t authorised;
    uint64_t gone = 9;
    bool more = false;

    (void)append(journal, FG_ENTRY_BOOT, 0, FG_CLOCK_SYNCHRONISED, 0);
    authorised = append(journal, FG_ENTRY_AUTHORISED, 1, FG_CLOCK_SYNCHRONISED, 0);
    (void)append(journal, FG_ENTRY_EVENT, 2, FG_CLOCK_SYNCHRONISED, 0);
    CHECK_INT(fg_journal_prune(journal, FAR_MS, &entry, &gone, &more, &error), FG_E_STATE);
    (void)append(journal, FG_ENTRY_ENDED, 9, FG_CLOCK_SYNCHRONISED, authorised);
    (void)append(journal, FG_ENTRY_LIST, 10, FG_CLOCK_SYNCHRONISED, 0);
    receipt_take(journal, 4);
    CHECK_INT(prune(journal, 5), 1);
    CHECK_INT(prune(journal, 10), 3);
    fg_journal_close(journal);
}

TEST("space that pruning frees is used again")
{
    struct fg_journal *journal = journal_open();
    int day = 0;

    for (unsigned round = 0; round < 2; round++) {
        uint64_t last = 0;
        unsigned i = 0;

        for (; i < 30000 && fg_journal_state(journal) == FG_JOURNAL_OK; i++)
            last = fill(journal, day, FG_CLOCK_SYNCHRONISED);
        CHECK(i > 50);
        CHECK_INT(fg_journal_state(journal), FG_JOURNAL_WARN);
        (void)append(journal, FG_ENTRY_LIST, day, FG_CLOCK_SYNCHRONISED, 0);
        receipt_take(journal, last);
        CHECK(prune(journal, ++day) > 100);
        CHECK_INT(fg_journal_state(journal), FG_JOURNAL_OK);
    }
    fg_journal_close(journal);
}

TEST("TAMPER-SHOWS: entries removed without a mark, or a mark removed, are named")
{
    struct fg_journal *journal = sample(FG_CLOCK_SYNCHRONISED);

    receipt_take(journal, 20);
    CHECK_INT(prune(journal, 4), 8);
    fg_journal_close(journal);
    tamper("CREATE TABLE kept AS SELECT * FROM meta; DELETE FROM meta WHERE name = 'mark'");
    check_found(FG_E_CORRUPT, 1, "no mark says that it was pruned");
    tamper("INSERT INTO meta SELECT * FROM kept WHERE name = 'mark'; DROP TABLE kept;"
           "DELETE FROM entry WHERE sequence < 13");
    check_found(FG_E_CORRUPT, 9, "missing");
}

TEST("TAMPER-SHOWS: a mark of an earlier pruning, and an entry put back before the mark, are named")
{
    char sql[512];
    struct fg_journal *journal = sample(FG_CLOCK_SYNCHRONISED);

    receipt_take(journal, 20);
    CHECK_INT(prune(journal, 2), 4);
    fg_journal_close(journal);
    (void)snprintf(sql, sizeof(sql), "ATTACH '%s' AS other; CREATE TABLE other.kept AS SELECT * FROM meta",
                   fg_test_path("other.db"));
    tamper(sql);
    journal = journal_open();
    CHECK_INT(prune(journal, 4), 4);
    fg_journal_close(journal);
    (void)snprintf(
        sql, sizeof(sql),
        "ATTACH '%s' AS other; CREATE TABLE newer AS SELECT * FROM meta; INSERT OR REPLACE INTO meta "
        "SELECT * FROM other.kept WHERE name = 'mark'",
        fg_test_path("other.db"));
    tamper(sql);
    check_found(FG_E_CORRUPT, 5, "missing");
    tamper(
        "INSERT OR REPLACE INTO meta SELECT * FROM newer WHERE name = 'mark';"
        "INSERT INTO entry SELECT 8, bytes, hash, signature, kind, wall_ms, identity, quantity_g, code, plate"
        " FROM entry WHERE sequence = 9");
    check_found(FG_E_CORRUPT, 8, "it is there");
}

/* Replaces the mark by one for `sequence` that `signer` signed. */
static void mark_forge(uint64_t sequence, const char *controller, const struct fg_private_key *signer)
{
    struct fg_mark mark = {.sequence = sequence, .hash = hash_of(sequence), .pruned_wall_ms = 5};
    struct fg_signature signature;
    uint8_t bytes[FG_MARK_BYTES_MAX];
    size_t length = 0;
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;

    (void)snprintf(mark.controller, sizeof(mark.controller), "%s", controller);
    (void)snprintf(mark.receipt.controller, sizeof(mark.receipt.controller), "%s", controller);
    mark.receipt.next_sequence = sequence + 5;
    CHECK_OK(fg_receipt_sign(&mark.receipt, &bureau, &mark.receipt_signature, &error), &error);
    CHECK_OK(fg_mark_sign(&mark, signer, &signature, &error), &error);
    CHECK_OK(fg_mark_encode(&mark, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_INT(sqlite3_open(path(), &database), SQLITE_OK);
    CHECK_INT(
        sqlite3_prepare_v2(database, "INSERT OR REPLACE INTO meta VALUES('mark', ?1)", -1, &statement, NULL),
        SQLITE_OK);
    (void)sqlite3_bind_blob(statement, 1, bytes, (int)length, SQLITE_STATIC);
    CHECK_INT(sqlite3_step(statement), SQLITE_DONE);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
}

TEST("TAMPER-SHOWS: a forged mark is named, whoever made it")
{
    struct fg_private_key other;

    CHECK_OK(fg_private_key_new(&other, &error), &error);
    fg_journal_close(sample(FG_CLOCK_SYNCHRONISED));
    mark_forge(8, "point-1", &other);
    tamper("DELETE FROM entry WHERE sequence <= 8");
    check_found(FG_E_AUTH, 8, "mark of pruning after it is invalid");
    mark_forge(10, "point-2", &key);
    tamper("DELETE FROM entry WHERE sequence <= 10");
    check_found(FG_E_CORRUPT, 11, "another controller's");
    tamper("UPDATE meta SET value = x'00' WHERE name = 'mark'");
    check_found(FG_E_CORRUPT, 0, "mark of pruning kept in it was edited");
}

TEST("TAMPER-SHOWS: a mark that the chain does not name is named, even with the device's signature")
{
    fg_journal_close(sample(FG_CLOCK_SYNCHRONISED));
    mark_forge(8, "point-1", &key);
    tamper("DELETE FROM entry WHERE sequence <= 8");
    check_found(FG_E_CORRUPT, 9, "not the one that the chain names");
}

TEST("TAMPER-SHOWS: a pruned journal whose tail was cut down to the mark is named")
{
    struct fg_journal *journal = sample(FG_CLOCK_SYNCHRONISED);

    receipt_take(journal, 20);
    CHECK_INT(prune(journal, 4), 8);
    fg_journal_close(journal);
    tamper("DELETE FROM entry");
    check_found(FG_E_CORRUPT, 9, "tail was cut");
}

TEST("whoever asks for pruned entries gets a clear error, and older receipts still do no harm")
{
    static uint8_t bytes[65536];
    struct fg_journal *journal = sample(FG_CLOCK_SYNCHRONISED);
    struct fg_digest third = hash_of(3);
    struct fg_digest eighth = hash_of(8);
    size_t length = 0;
    uint64_t next = 0;

    receipt_take(journal, 20);
    CHECK_INT(prune(journal, 4), 8);
    CHECK_INT(fg_journal_batch(journal, 8, 0, bytes, sizeof(bytes), &length, &next, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "before 9 were pruned");
    CHECK_OK(fg_journal_batch(journal, 9, 0, bytes, sizeof(bytes), &length, &next, &error), &error);
    CHECK_INT(next, 25);
    CHECK_OK(receipt_give(journal, 3, &third), &error);
    CHECK_OK(receipt_give(journal, 8, &eighth), &error);
    CHECK_INT(receipt_give(journal, 8, &third), FG_E_CORRUPT);
    CHECK_INT(fg_journal_unsent(journal), 4);
    fg_journal_close(journal);
}

TEST("a lost receipt does not make pruned entries unsent: the mark has one")
{
    struct fg_journal *journal = sample(FG_CLOCK_SYNCHRONISED);

    receipt_take(journal, 20);
    CHECK_INT(prune(journal, 4), 8);
    fg_journal_close(journal);
    tamper("DELETE FROM meta WHERE name LIKE 'receipt%'");
    journal = journal_open();
    CHECK_INT(fg_journal_unsent(journal), 4);
    CHECK(fg_journal_oldest_unsent_ms(journal) > 0);
    CHECK_INT(prune(journal, 6), 4);
    fg_journal_close(journal);
}

/* ---- what the point's safety rests on ---- */

static void append_event(struct fg_journal *journal, enum fg_event_kind event, int day, int64_t inventory_g)
{
    struct fg_entry entry = {.kind = FG_ENTRY_EVENT,
                             .event = (uint8_t)event,
                             .wall_ms = START_MS + day * DAY_MS,
                             .clock_quality = FG_CLOCK_SYNCHRONISED,
                             .meter_state = inventory_g != 0 ? FG_READING_GOOD : FG_READING_TIME_OUT,
                             .inventory_g = inventory_g};
    uint64_t sequence = 0;

    CHECK_OK(fg_journal_append(journal, &entry, &sequence, &error), &error);
}

/* All but a LIST is pruned, in two steps, and the journal opened again. */
static void forget_and_open(struct fg_journal *journal, int day)
{
    struct fg_journal_verdict verdict;

    (void)append(journal, FG_ENTRY_LIST, day + 1, FG_CLOCK_SYNCHRONISED, 0);
    receipt_take(journal, fg_journal_last(journal) - 1);
    CHECK(prune(journal, day) > 0);
    CHECK(prune(journal, 5000) > 0);
    fg_journal_close(journal);
    CHECK_OK(verify(&verdict), &error);
    fg_journal_close(journal_open());
}

TEST("FAIL-CLOSED: a lock-out, alarms, fills of nothing and the last inventory outlive the pruning of their "
     "entries")
{
    struct fg_journal *journal = journal_open();

    (void)fill(journal, 0, FG_CLOCK_SYNCHRONISED);
    (void)fill(journal, 1, FG_CLOCK_SYNCHRONISED);
    append_event(journal, FG_EVENT_LOCK_OUT, 1, 4711);
    append_event(journal, FG_EVENT_FLOW_WITHOUT_AUTHORITY, 1, 0);
    append_event(journal, FG_EVENT_VALVE_FAULT, 2, 0);
    append_event(journal, FG_EVENT_DEVICE_FAULT, 3, 0);
    forget_and_open(journal, 3);
    CHECK(start.kept.locked_out);
    CHECK(start.kept.alarm_flow);
    CHECK(start.kept.alarm_valve);
    CHECK_INT(start.kept.zero_fills, 2);
    CHECK(start.kept.inventory_known);
    CHECK_INT(start.kept.inventory_g, 4711);
}

TEST("what was over before its entries were pruned stays over, and what comes after the mark counts")
{
    struct fg_journal *journal = journal_open();

    (void)fill(journal, 0, FG_CLOCK_SYNCHRONISED);
    append_event(journal, FG_EVENT_LOCK_OUT, 1, 0);
    append_event(journal, FG_EVENT_VALVE_FAULT, 1, 0);
    append_event(journal, FG_EVENT_LOCK_OUT_CLEARED, 2, 0);
    (void)fill(journal, 3, FG_CLOCK_SYNCHRONISED);
    forget_and_open(journal, 2);
    CHECK(!start.kept.locked_out);
    CHECK(!start.kept.alarm_valve);
    CHECK(!start.kept.inventory_known);
    CHECK_INT(start.kept.zero_fills, 1);
    journal = journal_open();
    append_event(journal, FG_EVENT_LOCK_OUT, 12, 99);
    (void)fill(journal, 13, FG_CLOCK_SYNCHRONISED);
    fg_journal_close(journal);
    fg_journal_close(journal_open());
    CHECK(start.kept.locked_out);
    CHECK_INT(start.kept.zero_fills, 2);
    CHECK_INT(start.kept.inventory_g, 99);
}

TEST("the first entry goes alone when it alone is old")
{
    struct fg_journal *journal = journal_open();

    (void)append(journal, FG_ENTRY_EVENT, 0, FG_CLOCK_SYNCHRONISED, 0);
    (void)fill(journal, 5, FG_CLOCK_SYNCHRONISED);
    (void)append(journal, FG_ENTRY_LIST, 6, FG_CLOCK_SYNCHRONISED, 0);
    receipt_take(journal, 4);
    CHECK_INT(prune(journal, 1), 1);
    fg_journal_close(journal);
}

TEST("NO-LOSS: a receipt that cannot be kept is refused, and counts when it is given again")
{
    struct fg_journal *journal = sample(FG_CLOCK_SYNCHRONISED);
    struct fg_digest hash = hash_of(20);
    sqlite3 *held = fg_test_sqlite_hold(path());

    CHECK(receipt_give(journal, 20, &hash) != FG_OK);
    fg_test_sqlite_let_go(held);
    CHECK_INT(prune(journal, 4), 0);
    CHECK_OK(receipt_give(journal, 20, &hash), &error);
    CHECK_INT(prune(journal, 4), 8);
    fg_journal_close(journal);
}

TEST("TAMPER-SHOWS: a view in place of the entries is not read, whatever it shows")
{
    struct fg_journal *journal = NULL;

    fg_journal_close(sample(FG_CLOCK_SYNCHRONISED));
    tamper("ALTER TABLE entry RENAME TO kept; CREATE VIEW entry AS SELECT * FROM kept");
    CHECK(try_open(&journal) != FG_OK);
    CHECK(journal == NULL);
}
