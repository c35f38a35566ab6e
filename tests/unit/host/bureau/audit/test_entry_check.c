/* One entry and whether it can be believed, on both back ends, under the hands of somebody who may write to
 * the tables: on its page, and in the overview from then on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/audit/audit_findings.h"
#include "host/bureau/audit/entry_check.h"
#include "host/bureau/device/known_devices.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/handler_fixture.h"
#include "tests/lib/sql_faults.h"

#define NOW FG_FIXTURE_BUREAU_MS
#define ENTRIES 20
#define FIRST_HEAD 8

struct bench {
    struct fg_sql *sql;
    struct fg_fixture_journal *journal;
};

static void bench_open(struct bench *bench, bool postgres)
{
    bench->sql = fg_fixture_bureau(postgres);
    bench->journal = fg_fixture_bureau_stored(bench->sql, FIRST_HEAD, ENTRIES);
}

static void bench_close(struct bench *bench)
{
    fg_sql_close(bench->sql);
    free(bench->journal);
}

static cJSON *entry_get(struct bench *bench, unsigned sequence)
{
    char url[64];
    cJSON *root;

    (void)snprintf(url, sizeof(url), "/api/v1/entries/ctl-1/%u", sequence);
    root = fg_fixture_web_get(bench->sql, url, NOW, NULL);
    CHECK(root != NULL);
    return root;
}

/* verdicts: columns, chain, signature, receipt; 'H', 'F', 'U', '.' = any. */
static void expect(struct bench *bench, unsigned sequence, const char *verdicts, const char *words)
{
    static const char *const names[] = {"columns", "chain", "signature", "receipt"};
    cJSON *root = entry_get(bench, sequence);
    bool altered = strchr(verdicts, 'F') != NULL;
    bool said = words == NULL;

    for (size_t i = 0; i < 4; i++) {
        char path[64];
        const char *verdict;
        const char *text;

        (void)snprintf(path, sizeof(path), "verification.%s.verdict", names[i]);
        verdict = fg_fixture_json_text(root, path);
        (void)snprintf(path, sizeof(path), "verification.%s.text_en", names[i]);
        text = fg_fixture_json_text(root, path);
        if (verdicts[i] != '.' && verdict[0] != verdicts[i])
            fg_test_fail(__FILE__, __LINE__, "entry %u: %s is %s: %s", sequence, names[i], verdict, text);
        said = said || strstr(text, words) != NULL;
        (void)snprintf(path, sizeof(path), "verification.%s.text_zh", names[i]);
        CHECK(fg_fixture_json_text(root, path)[0] != '\0');
    }
    CHECK(said);
    CHECK_INT(cJSON_IsTrue(fg_fixture_json(root, "verification.altered")), altered);
    cJSON_Delete(root);
}

static void tamper(const char *sql, unsigned sequence, const char *verdicts, const char *words)
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct bench bench;
        cJSON *root;

        bench_open(&bench, postgres != 0);
        expect(&bench, sequence, "HHHH", NULL);
        fg_fixture_sql_run(bench.sql, sql);
        expect(&bench, sequence, verdicts, words);
        root = fg_fixture_web_get(bench.sql, "/api/v1/overview", NOW + 1000, NULL);
        CHECK_INT(fg_fixture_json_number(root, "altered"), 1);
        CHECK_TEXT(fg_fixture_json_text(root, "findings[0].controller"), "ctl-1");
        CHECK_INT(fg_fixture_json_number(root, "findings[0].sequence"), sequence);
        CHECK_INT(fg_fixture_json_number(root, "findings[0].found_ms"), NOW);
        cJSON_Delete(root);
        bench_close(&bench);
    }
}

TEST("every check of every entry holds where nobody was")
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct bench bench;
        cJSON *root;

        bench_open(&bench, postgres != 0);
        for (unsigned i = 1; i <= ENTRIES; i++)
            expect(&bench, i, "HHHH", NULL);
        root = entry_get(&bench, 2);
        CHECK_TEXT(fg_fixture_json_text(root, "entry.code"), "HZ-1");
        CHECK_TEXT(fg_fixture_json_text(root, "fields.kind"), "ENDED");
        CHECK_INT(fg_fixture_json_number(root, "fields.quantity_g"), 9000);
        CHECK_INT(fg_fixture_json_number(root, "fields.authorised_sequence"), 1);
        CHECK_INT(fg_fixture_json_number(root, "verification.found_ms"), 0);
        CHECK_HAS(fg_fixture_json_text(root, "verification.signature.text_en"), "head 8");
        CHECK_HAS(fg_fixture_json_text(root, "verification.receipt.text_en"), "entry 20");
        CHECK_INT(strlen(fg_fixture_json_text(root, "hash")), 64);
        cJSON_Delete(root);
        root = fg_fixture_web_get(bench.sql, "/api/v1/overview", NOW, NULL);
        CHECK_INT(fg_fixture_json_number(root, "altered"), 0);
        CHECK_INT(fg_fixture_json_count(root, "findings"), 0);
        cJSON_Delete(root);
        bench_close(&bench);
    }
}

TEST("an entry that is not held has no page")
{
    struct bench bench;
    uint16_t status = 0;

    bench_open(&bench, false);
    CHECK(fg_fixture_web_get(bench.sql, "/api/v1/entries/ctl-1/21", NOW, &status) == NULL);
    CHECK_INT(status, 404);
    CHECK(fg_fixture_web_get(bench.sql, "/api/v1/entries/ctl-2/1", NOW, &status) == NULL);
    CHECK_INT(status, 404);
    CHECK(fg_fixture_web_get(bench.sql, "/api/v1/entries/ctl-1/0", NOW, &status) == NULL);
    CHECK_INT(status, 400);
    bench_close(&bench);
}

TEST("TAMPER-SHOWS: an edited amount is shown as altered on the record's page, and which value")
{
    tamper("UPDATE journal_entry SET quantity_g = 99000 WHERE sequence = 4", 4, "FHHH", "quantity_g");
}

TEST("TAMPER-SHOWS: an edited cylinder code is shown as altered on the record's page")
{
    tamper("UPDATE journal_entry SET code = 'HZ-2' WHERE sequence = 4", 4, "FHHH", "code");
}

TEST("TAMPER-SHOWS: a record exchanged for another's bytes and columns is shown as altered")
{
    tamper("UPDATE journal_entry SET (bytes, wall_ms, code, plate, marks, inventory_g) = (SELECT bytes, "
           "wall_ms, code, plate, 4, inventory_g FROM journal_entry WHERE sequence = 7) WHERE sequence = 5",
           5, ".FFU", "entry 7");
}

TEST("TAMPER-SHOWS: an edited hash is shown as altered")
{
    tamper("UPDATE journal_entry SET hash = (SELECT hash FROM journal_entry WHERE sequence = 2) WHERE "
           "sequence = 4",
           4, ".F..", "entry 3");
}

TEST("TAMPER-SHOWS: a shortened hash is shown as altered")
{
    tamper("UPDATE journal_entry SET hash = head_signature WHERE sequence = 8", 8, ".F..", "length");
}

TEST("TAMPER-SHOWS: a removed signature is shown as altered")
{
    tamper("UPDATE journal_entry SET head_signature = NULL WHERE sequence = 20", 20, "HHFH", "signed head");
}

TEST("TAMPER-SHOWS: an exchanged signature is shown as altered")
{
    tamper(
        "UPDATE journal_entry SET head_signature = (SELECT head_signature FROM journal_entry WHERE sequence "
        "= 20) WHERE sequence = 8",
        8, "HHFH", "head 8");
}

TEST("TAMPER-SHOWS: the entry behind a deleted one shows that it is missing")
{
    tamper("DELETE FROM journal_entry WHERE sequence = 11", 12, "HFF.", "entry 11");
}

TEST("TAMPER-SHOWS: entries before an altered one in its batch are no longer said to be signed")
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct bench bench;

        bench_open(&bench, postgres != 0);
        fg_fixture_sql_run(bench.sql,
                           "UPDATE journal_entry SET (bytes, wall_ms, kind, quantity_g) = (SELECT "
                           "bytes, wall_ms, kind, quantity_g FROM journal_entry WHERE sequence = 2) "
                           "WHERE sequence = 6");
        expect(&bench, 3, "HHFU", "entry 6");
        expect(&bench, 12, "HHHH", NULL);
        CHECK_INT(fg_fixture_sql_number(bench.sql, "SELECT COUNT(*) FROM finding"), 0);
        bench_close(&bench);
    }
}

TEST("TAMPER-SHOWS: a receipt that was put back, forged or removed covers nothing")
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct bench bench;

        bench_open(&bench, postgres != 0);
        fg_fixture_sql_run(bench.sql, "UPDATE journal_head SET receipt = head");
        expect(&bench, 4, "HHHF", "key");
        bench_close(&bench);
    }
}

TEST("TAMPER-SHOWS: a journal that was cut behind an entry is not said to be covered by the receipt")
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct bench bench;

        bench_open(&bench, postgres != 0);
        fg_fixture_sql_run(bench.sql, "DELETE FROM journal_entry WHERE sequence > 8");
        expect(&bench, 4, "HHHU", "it was cut");
        bench_close(&bench);
    }
}

/* ---- each verdict's words ---- */

static struct fg_entry_checks checks;

static void check(struct bench *bench, uint64_t sequence)
{
    struct fg_error error;

    CHECK_OK(fg_entry_check(bench->sql, &fg_known_devices, &fg_fixture_bureau_receipt_key()->public_key,
                            "ctl-1", sequence, &checks, &error),
             &error);
}

/* What the check of an entry says after an edit: its verdict and exactly these words. */
static void says(const char *sql, uint64_t sequence, enum fg_check_kind kind, enum fg_verdict verdict,
                 const char *words)
{
    struct bench bench;

    bench_open(&bench, false);
    if (sql[0] != '\0')
        fg_fixture_sql_run(bench.sql, sql);
    check(&bench, sequence);
    CHECK_TEXT(checks.checks[kind].english, words);
    CHECK_INT(checks.checks[kind].verdict, verdict);
    CHECK(checks.checks[kind].chinese[0] != '\0');
    bench_close(&bench);
    (void)remove(fg_test_path("bureau.db"));
    (void)remove(fg_test_path("bureau.db-wal"));
    (void)remove(fg_test_path("bureau.db-shm"));
}

TEST("where nobody was, each check says on what it rests")
{
    says("", 4, FG_CHECK_COLUMNS, FG_VERDICT_HOLDS, "every value shown agrees with the entry's bytes");
    says("", 4, FG_CHECK_CHAIN, FG_VERDICT_HOLDS, "the hash follows from the bytes and the hash of entry 3");
    says("", 1, FG_CHECK_CHAIN, FG_VERDICT_HOLDS,
         "the first entry; the hash follows from its bytes and the controller's name");
    says("", 4, FG_CHECK_SIGNATURE, FG_VERDICT_HOLDS, "head 8, signed with the key of ctl-1, covers it");
    says("", 8, FG_CHECK_SIGNATURE, FG_VERDICT_HOLDS, "head 8, signed with the key of ctl-1, covers it");
    says("", 9, FG_CHECK_SIGNATURE, FG_VERDICT_HOLDS, "head 20, signed with the key of ctl-1, covers it");
    says("", 4, FG_CHECK_RECEIPT, FG_VERDICT_HOLDS, "the bureau's receipt up to entry 20 covers it");
    says("", 20, FG_CHECK_RECEIPT, FG_VERDICT_HOLDS, "the bureau's receipt up to entry 20 covers it");
}

TEST("TAMPER-SHOWS: each check says what is wrong, of which entry")
{
    says("UPDATE journal_entry SET plate = 'X' WHERE sequence = 4", 4, FG_CHECK_COLUMNS, FG_VERDICT_FALSE,
         "column plate was edited: it differs from the entry's bytes");
    says("DELETE FROM journal_entry WHERE sequence = 3", 4, FG_CHECK_CHAIN, FG_VERDICT_FALSE,
         "entry 3, the one before it, is missing");
    says("UPDATE journal_entry SET hash = x'01' WHERE sequence = 4", 4, FG_CHECK_CHAIN, FG_VERDICT_FALSE,
         "the stored hash has the wrong length: it was edited");
    says("UPDATE journal_entry SET hash = zeroblob(32) WHERE sequence = 4", 4, FG_CHECK_CHAIN,
         FG_VERDICT_FALSE,
         "the hash does not follow from the bytes and the hash of entry 3: one of them was altered");
    says("UPDATE journal_entry SET bytes = x'ff' WHERE sequence = 4", 4, FG_CHECK_CHAIN, FG_VERDICT_FALSE,
         "the hash does not follow from the bytes and the hash of entry 3: one of them was altered");
    says("UPDATE journal_entry SET bytes = (SELECT bytes FROM journal_entry WHERE sequence = 6) WHERE "
         "sequence = "
         "4",
         4, FG_CHECK_CHAIN, FG_VERDICT_FALSE, "the bytes are those of entry 6: swapped in or replayed");
    says("UPDATE journal_entry SET hash = zeroblob(32) WHERE sequence = 3", 4, FG_CHECK_CHAIN,
         FG_VERDICT_FALSE,
         "the hash does not follow from the bytes and the hash of entry 3: one of them was altered");
    says("UPDATE journal_entry SET head_signature = zeroblob(64) WHERE sequence = 8", 4, FG_CHECK_SIGNATURE,
         FG_VERDICT_FALSE, "the signature of head 8 is not valid for these bytes");
    says("UPDATE journal_entry SET head_signature = x'01' WHERE sequence = 8", 4, FG_CHECK_SIGNATURE,
         FG_VERDICT_FALSE, "the signature of head 8 is not valid for these bytes");
    says("UPDATE journal_entry SET bytes = x'ff' WHERE sequence = 6", 4, FG_CHECK_SIGNATURE, FG_VERDICT_FALSE,
         "the chain to the signed head breaks at entry 6: entries from here to there may have been "
         "altered");
    says("DELETE FROM journal_entry WHERE sequence = 6", 4, FG_CHECK_SIGNATURE, FG_VERDICT_FALSE,
         "the chain to the signed head breaks at entry 6: entries from here to there may have been "
         "altered");
    says("UPDATE journal_entry SET hash = x'01' WHERE sequence = 6", 4, FG_CHECK_SIGNATURE, FG_VERDICT_HOLDS,
         "head 8, signed with the key of ctl-1, covers it");
    says("UPDATE journal_entry SET head_signature = NULL WHERE sequence > 8", 12, FG_CHECK_SIGNATURE,
         FG_VERDICT_FALSE, "no signed head follows it: the head was removed, or entries were cut off");
    says("DELETE FROM device", 4, FG_CHECK_SIGNATURE, FG_VERDICT_UNKNOWN,
         "the controller's key is not known");
}

/* Puts a receipt of the bureau's own for ctl-1 into the head row. */
static void receipt_put(struct bench *bench, const char *controller, uint64_t next,
                        const struct fg_digest *head, const struct fg_private_key *key)
{
    struct fg_receipt receipt = {.next_sequence = next, .head = *head};
    struct fg_signature signature;
    struct fg_sql_statement *statement;
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
    size_t length = 0;
    struct fg_error error;

    (void)snprintf(receipt.controller, sizeof(receipt.controller), "%s", controller);
    CHECK_OK(fg_receipt_sign(&receipt, key, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_sql_prepare(bench->sql, "UPDATE journal_head SET receipt = $1", &statement, &error), &error);
    fg_sql_bind_bytes(statement, 1, bytes, length);
    CHECK_OK(fg_sql_run(statement, NULL, &error), &error);
}

static void receipt_says(struct bench *bench, uint64_t sequence, enum fg_verdict verdict, const char *words)
{
    check(bench, sequence);
    CHECK_TEXT(checks.checks[FG_CHECK_RECEIPT].english, words);
    CHECK_INT(checks.checks[FG_CHECK_RECEIPT].verdict, verdict);
}

TEST("TAMPER-SHOWS: a receipt covers an entry only when it is the bureau's, of this journal, and over its "
     "chain")
{
    const struct fg_private_key *key = fg_fixture_bureau_receipt_key();
    static const char forged[] = "the stored receipt is not signed with the bureau's key for this journal";
    struct fg_private_key other;
    struct fg_digest none = {{0}};
    struct bench bench;
    struct fg_error error;

    bench_open(&bench, false);
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    receipt_put(&bench, "ctl-1", 21, &bench.journal->hashes[20], &other);
    receipt_says(&bench, 4, FG_VERDICT_FALSE, forged);
    CHECK_INT(checks.receipt_sequence, 0);
    CHECK(checks.altered && !checks.itself);
    receipt_put(&bench, "ctl-2", 21, &bench.journal->hashes[20], key);
    receipt_says(&bench, 4, FG_VERDICT_FALSE, forged);
    receipt_put(&bench, "ctl-1", 13, &bench.journal->hashes[12], key);
    receipt_says(&bench, 4, FG_VERDICT_HOLDS, "the bureau's receipt up to entry 12 covers it");
    CHECK_INT(checks.receipt_sequence, 12);
    CHECK_INT(checks.head_sequence, 8);
    receipt_says(&bench, 12, FG_VERDICT_HOLDS, "the bureau's receipt up to entry 12 covers it");
    receipt_says(&bench, 13, FG_VERDICT_FALSE,
                 "the receipt ends at entry 12, before this one: one of the two was inserted or reverted");
    receipt_put(&bench, "ctl-1", 6, &bench.journal->hashes[5], key); /* before the signed head */
    receipt_says(&bench, 4, FG_VERDICT_HOLDS, "the bureau's receipt up to entry 5 covers it");
    receipt_put(&bench, "ctl-1", 13, &none, key);
    receipt_says(&bench, 4, FG_VERDICT_FALSE,
                 "the bureau's receipt up to entry 12 belongs to a different history");
    receipt_put(&bench, "ctl-1", 31, &none, key);
    receipt_says(&bench, 4, FG_VERDICT_UNKNOWN,
                 "the receipt goes up to entry 30, the journal only to 20: it was cut");
    receipt_put(&bench, "ctl-1", 4 + FG_CHECK_WALK_MAX, &none, key);
    receipt_says(&bench, 4, FG_VERDICT_UNKNOWN,
                 "the receipt goes up to entry 50003, the journal only to 20: it was cut");
    receipt_put(&bench, "ctl-1", 5 + FG_CHECK_WALK_MAX, &none, key);
    receipt_says(&bench, 4, FG_VERDICT_UNKNOWN,
                 "the receipt at entry 50004 is too far away to check here; verify the whole journal");
    CHECK(!checks.altered);
    fg_fixture_sql_run(bench.sql, "UPDATE journal_head SET receipt = x''");
    receipt_says(&bench, 4, FG_VERDICT_FALSE, "no receipt is stored");
    fg_fixture_sql_run(bench.sql, "DELETE FROM journal_head");
    receipt_says(&bench, 4, FG_VERDICT_FALSE, "no receipt is stored");
    receipt_says(&bench, 20, FG_VERDICT_FALSE, "no receipt is stored");
    bench_close(&bench);
}

TEST("a receipt of a history that breaks behind the signed head is neither true nor false for what is before")
{
    struct bench bench;

    bench_open(&bench, false);
    fg_fixture_sql_run(bench.sql, "UPDATE journal_entry SET bytes = x'ff' WHERE sequence = 10");
    check(&bench, 4);
    CHECK_INT(checks.checks[FG_CHECK_SIGNATURE].verdict, FG_VERDICT_HOLDS);
    CHECK_INT(checks.checks[FG_CHECK_RECEIPT].verdict, FG_VERDICT_UNKNOWN);
    CHECK_TEXT(checks.checks[FG_CHECK_RECEIPT].english,
               "the chain to the receipt breaks at entry 10, after the signed head");
    CHECK(!checks.altered && !checks.itself);
    CHECK_TEXT(fg_entry_checks_words(&checks), checks.checks[FG_CHECK_RECEIPT].english);
    bench_close(&bench);
}

TEST("without the bureau's key receipts are unknown, and one that is missing is still missing")
{
    struct bench bench;
    struct fg_error error;

    bench_open(&bench, false);
    CHECK_OK(fg_entry_check(bench.sql, &fg_known_devices, NULL, "ctl-1", 4, &checks, &error), &error);
    CHECK_INT(checks.checks[FG_CHECK_RECEIPT].verdict, FG_VERDICT_UNKNOWN);
    CHECK(!checks.altered);
    fg_fixture_sql_run(bench.sql, "UPDATE journal_head SET receipt = x''");
    CHECK_OK(fg_entry_check(bench.sql, &fg_known_devices, NULL, "ctl-1", 4, &checks, &error), &error);
    CHECK_INT(checks.checks[FG_CHECK_RECEIPT].verdict, FG_VERDICT_FALSE);
    CHECK_INT(fg_entry_check(bench.sql, &fg_known_devices, NULL, "ctl-1", 21, &checks, &error),
              FG_E_NOT_FOUND);
    bench_close(&bench);
}

TEST("an entry is altered itself when its columns, its chain or a whole chain's signature are false")
{
    static const struct {
        const char *sql;
        uint64_t sequence;
        bool altered;
        bool itself;
    } cases[] = {
        {"UPDATE journal_entry SET plate = 'X' WHERE sequence = 4", 4, true, true},
        {"UPDATE journal_entry SET hash = zeroblob(32) WHERE sequence = 4", 4, true, true},
        {"UPDATE journal_entry SET head_signature = zeroblob(64) WHERE sequence = 8", 4, true, true},
        {"UPDATE journal_entry SET bytes = x'ff' WHERE sequence = 6", 4, true, false},
        {"UPDATE journal_entry SET plate = 'X' WHERE sequence = 5", 4, false, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench bench;

        bench_open(&bench, false);
        fg_fixture_sql_run(bench.sql, cases[i].sql);
        check(&bench, cases[i].sequence);
        CHECK_INT(checks.altered, cases[i].altered);
        CHECK_INT(checks.itself, cases[i].itself);
        CHECK_BYTES(checks.previous.bytes, bench.journal->hashes[3].bytes, FG_DIGEST_BYTES);
        bench_close(&bench);
        (void)remove(fg_test_path("bureau.db"));
        (void)remove(fg_test_path("bureau.db-wal"));
        (void)remove(fg_test_path("bureau.db-shm"));
    }
}

TEST("hashes of another length, and of an entry that is missing, are shown as zeros")
{
    static const struct fg_digest none;
    struct bench bench;

    bench_open(&bench, false);
    memset(&checks, 0x5a, sizeof(checks));
    fg_fixture_sql_run(bench.sql, "UPDATE journal_entry SET hash = x'01' WHERE sequence = 4");
    check(&bench, 4);
    CHECK_BYTES(checks.hash.bytes, none.bytes, FG_DIGEST_BYTES);
    CHECK_BYTES(checks.previous.bytes, bench.journal->hashes[3].bytes, FG_DIGEST_BYTES);
    check(&bench, 5);
    CHECK_BYTES(checks.hash.bytes, bench.journal->hashes[5].bytes, FG_DIGEST_BYTES);
    CHECK_BYTES(checks.previous.bytes, none.bytes, FG_DIGEST_BYTES);
    fg_fixture_sql_run(bench.sql, "DELETE FROM journal_entry WHERE sequence = 4");
    check(&bench, 5);
    CHECK_BYTES(checks.previous.bytes, none.bytes, FG_DIGEST_BYTES);
    bench_close(&bench);
}

TEST("of several checks the first that is false speaks, else the first that is unknown, else none")
{
    struct fg_entry_checks some = {.altered = false};
    static const char *const names[] = {"UNKNOWN", "HOLDS", "FALSE"};

    for (int i = 0; i < 3; i++)
        CHECK_TEXT(fg_verdict_name((enum fg_verdict)i), names[i]);
    for (size_t i = 0; i < FG_CHECK_COUNT; i++) {
        some.checks[i].verdict = FG_VERDICT_HOLDS;
        (void)snprintf(some.checks[i].english, sizeof(some.checks[i].english), "check %zu", i);
    }
    CHECK_TEXT(fg_entry_checks_words(&some), "");
    some.checks[3].verdict = FG_VERDICT_UNKNOWN;
    CHECK_TEXT(fg_entry_checks_words(&some), "check 3");
    some.checks[1].verdict = FG_VERDICT_UNKNOWN;
    CHECK_TEXT(fg_entry_checks_words(&some), "check 1");
    some.checks[3].verdict = FG_VERDICT_FALSE;
    CHECK_TEXT(fg_entry_checks_words(&some), "check 3");
    some.checks[2].verdict = FG_VERDICT_FALSE;
    CHECK_TEXT(fg_entry_checks_words(&some), "check 2");
    some.checks[0].verdict = FG_VERDICT_FALSE;
    CHECK_TEXT(fg_entry_checks_words(&some), "check 0");
}

TEST("an entry that came in while its controller was suspended is checked as such")
{
    struct bench bench;
    struct fg_error error;

    bench_open(&bench, false);
    CHECK_OK(fg_device_suspend(bench.sql, "ctl-1", true, "clerk", "stolen", NOW, &error), &error);
    fg_fixture_journal_fill(bench.journal, "HZ-1", NOW - 1000, 9000);
    CHECK_INT(fg_fixture_bureau_send(bench.sql, bench.journal, "S1", 21, 22, NULL), FG_SYNC_HELD);
    check(&bench, 21);
    CHECK(!checks.altered);
    check(&bench, 20);
    CHECK(!checks.altered);
    fg_fixture_sql_run(bench.sql, "UPDATE journal_entry SET marks = 0 WHERE sequence = 21");
    check(&bench, 21);
    CHECK_TEXT(checks.checks[FG_CHECK_COLUMNS].english,
               "column marks was edited: it differs from the entry's bytes");
    bench_close(&bench);
}

static enum fg_err check_once(void *context, struct fg_sql *sql, struct fg_error *error)
{
    const uint64_t *sequence = context;

    return fg_entry_check(sql, &fg_known_devices, &fg_fixture_bureau_receipt_key()->public_key, "ctl-1",
                          *sequence, &checks, error);
}

TEST("TAMPER-SHOWS: a check that a failing database interrupts is an error, and says nothing of the entry")
{
    struct bench bench;

    bench_open(&bench, false);
    for (uint64_t sequence = 1; sequence <= 8; sequence += 7)
        fg_fault_each(bench.sql, fg_test_path("bureau.db"), FG_OK, check_once, &sequence);
    bench_close(&bench);
}

/* ---- findings ---- */

static void found_by(struct fg_sql *sql, uint64_t sequence, int64_t at_ms)
{
    struct fg_audit_finding finding = {.controller = "ctl-1", .sequence = sequence, .text = "edited"};
    struct fg_error error;

    CHECK_OK(fg_audit_findings_keep(sql, "ctl-1", &finding, sequence > 0 ? 1 : 0, at_ms, &error), &error);
}

TEST("TAMPER-SHOWS: since when is between the last whole verification and the first that found it")
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct bench bench;
        struct fg_audit_finding_times times;
        struct fg_audit_finding_kept kept[4];
        struct fg_error error;
        size_t count = 0;

        bench_open(&bench, postgres != 0);
        found_by(bench.sql, 0, 1000);
        found_by(bench.sql, 4, 2000);
        found_by(bench.sql, 4, 3000);
        CHECK_OK(fg_audit_finding_times(bench.sql, "ctl-1", 4, &times, &error), &error);
        CHECK_INT(times.found_ms, 2000);
        CHECK_INT(times.whole_ms, 1000);
        CHECK_INT(times.checked_ms, 3000);
        CHECK_OK(fg_audit_findings_list(bench.sql, 4, kept, &count, &error), &error);
        CHECK_INT(count, 1);
        CHECK_INT(kept[0].found_ms, 2000);
        CHECK_INT(kept[0].whole_ms, 1000);
        /* Put right: the next verification forgets it. */
        found_by(bench.sql, 0, 4000);
        CHECK_OK(fg_audit_finding_times(bench.sql, "ctl-1", 4, &times, &error), &error);
        CHECK_INT(times.found_ms, 0);
        CHECK_INT(times.whole_ms, 4000);
        bench_close(&bench);
    }
}
