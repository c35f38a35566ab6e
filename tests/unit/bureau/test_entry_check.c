/* One entry and whether it can be believed, on both back ends, under the hands of somebody who may write to
 * the tables: on its page, and in the overview from then on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/directory.h"
#include "host/bureau/entry_check.h"
#include "host/bureau/finding.h"
#include "tests/lib/bureau_fixture.h"
#include "tests/lib/check.h"
#include "tests/lib/handler_fixture.h"

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

/* ---- findings ---- */

static void found_by(struct fg_sql *sql, uint64_t sequence, int64_t at_ms)
{
    struct fg_audit_finding finding = {.controller = "ctl-1", .sequence = sequence, .text = "edited"};
    struct fg_error error;

    CHECK_OK(fg_findings_keep(sql, "ctl-1", &finding, sequence > 0 ? 1 : 0, at_ms, &error), &error);
}

TEST("TAMPER-SHOWS: since when is between the last whole verification and the first that found it")
{
    for (int postgres = 0; postgres < 2; postgres++) {
        struct bench bench;
        struct fg_finding_times times;
        struct fg_finding kept[4];
        struct fg_error error;
        size_t count = 0;

        bench_open(&bench, postgres != 0);
        found_by(bench.sql, 0, 1000);
        found_by(bench.sql, 4, 2000);
        found_by(bench.sql, 4, 3000);
        CHECK_OK(fg_finding_times(bench.sql, "ctl-1", 4, &times, &error), &error);
        CHECK_INT(times.found_ms, 2000);
        CHECK_INT(times.whole_ms, 1000);
        CHECK_INT(times.checked_ms, 3000);
        CHECK_OK(fg_findings_list(bench.sql, 4, kept, &count, &error), &error);
        CHECK_INT(count, 1);
        CHECK_INT(kept[0].found_ms, 2000);
        CHECK_INT(kept[0].whole_ms, 1000);
        /* Put right: the next verification forgets it. */
        found_by(bench.sql, 0, 4000);
        CHECK_OK(fg_finding_times(bench.sql, "ctl-1", 4, &times, &error), &error);
        CHECK_INT(times.found_ms, 0);
        CHECK_INT(times.whole_ms, 4000);
        bench_close(&bench);
    }
}
