/* The proof of an entry as the bureau gives it, on both back ends: from a whole store, from one that somebody
 * changed, and as a download. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/audit/proof_collect.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/fixture/host/web_fixture.h"

#define NOW FG_FIXTURE_BUREAU_MS
#define DAY_MS INT64_C(86400000)
#define ENTRIES 20
#define FIRST_HEAD 8

struct bench {
    struct fg_sql *sql;
    struct fg_fixture_journal *journal;
    char authority[4096];
    uint8_t bytes[FG_PROOF_BYTES_MAX];
    size_t length;
    struct fg_proof proof;
    struct fg_proof_result result;
};

static void certificate_keep(struct bench *bench, int64_t from_ms, int64_t to_ms)
{
    struct fg_certificate_order order = {.role = "controller",
                                         .id = "ctl-1",
                                         .key = &fg_fixture_bureau_receipt_key()->public_key,
                                         .device_key = &bench->journal->key.public_key,
                                         .from_ms = from_ms,
                                         .to_ms = to_ms};
    struct fg_certificate certificate;
    struct fg_sql_statement *statement;
    struct fg_error error;

    fg_fixture_ca_issue("ca", &order, &certificate);
    CHECK_OK(fg_sql_prepare(bench->sql,
                            "INSERT INTO certificate (device, serial, issued_ms, end_ms, bytes) VALUES "
                            "('ctl-1', $1, $2, $3, $4)",
                            &statement, &error),
             &error);
    fg_sql_bind_bytes(statement, 1, certificate.serial, sizeof(certificate.serial));
    fg_sql_bind_int(statement, 2, from_ms);
    fg_sql_bind_int(statement, 3, to_ms);
    fg_sql_bind_bytes(statement, 4, certificate.bytes, certificate.length);
    CHECK_INT(fg_sql_next(statement, &error), FG_E_NOT_FOUND);
}

/* Two certificates, one after the other. */
static struct bench *bench_new(bool postgres)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    CHECK(bench != NULL);
    bench->sql = fg_fixture_bureau(postgres);
    bench->journal = fg_fixture_bureau_stored(bench->sql, FIRST_HEAD, ENTRIES);
    fg_fixture_ca("ca", NOW - 400 * DAY_MS, bench->authority, sizeof(bench->authority));
    certificate_keep(bench, NOW - 30 * DAY_MS, NOW + 30 * DAY_MS);
    certificate_keep(bench, NOW + 20 * DAY_MS, NOW + 300 * DAY_MS);
    return bench;
}

static void bench_free(struct bench *bench)
{
    fg_sql_close(bench->sql);
    free(bench->journal);
    free(bench);
}

static enum fg_err collect(struct bench *bench, uint64_t sequence, struct fg_error *error)
{
    return fg_proof_collect(bench->sql, fg_fixture_bureau_ingest(), "ctl-1", sequence, bench->bytes,
                            &bench->length, error);
}

/* expected: entry, signature, certificate, time, receipt, persons; 'H', 'F', 'U'. */
static void expect(struct bench *bench, uint64_t sequence, const char *expected)
{
    const struct fg_proof_trust trust = {.authority = bench->authority,
                                         .receipt_key = &fg_fixture_bureau_receipt_key()->public_key};
    char got[FG_PROOF_CHECKS + 1] = "";
    struct fg_error error;

    CHECK_OK(collect(bench, sequence, &error), &error);
    CHECK_OK(fg_proof_decode(bench->bytes, bench->length, &bench->proof, &error), &error);
    CHECK_OK(fg_proof_verify(&bench->proof, &trust, &bench->result, &error), &error);
    for (int i = 0; i < FG_PROOF_CHECKS; i++)
        got[i] = "HFU"[bench->result.checks[i].verdict];
    CHECK_TEXT(got, expected);
    CHECK_INT(bench->result.verdict, strchr(expected, 'F') != NULL   ? FG_PROOF_FALSE
                                     : strchr(expected, 'U') != NULL ? FG_PROOF_UNKNOWN
                                                                     : FG_PROOF_HOLDS);
}

static void each_holds(bool postgres)
{
    struct bench *bench = bench_new(postgres);

    for (uint64_t sequence = 1; sequence <= ENTRIES; sequence++) {
        expect(bench, sequence, "HHHHHH");
        CHECK_INT(bench->result.entry.sequence, sequence);
        CHECK_INT(bench->result.head_sequence, sequence <= FIRST_HEAD ? FIRST_HEAD : ENTRIES);
        CHECK_BYTES(bench->proof.batch.entries[0].bytes, bench->journal->bytes[sequence],
                    bench->journal->lengths[sequence]);
    }
    bench_free(bench);
}

TEST("SQLite: TAMPER-SHOWS: each entry of a whole store has a proof that holds and gives its exact bytes")
{
    each_holds(false);
}
TEST("PostgreSQL: TAMPER-SHOWS: each entry of a whole store has a proof that holds and gives its exact bytes")
{
    each_holds(true);
}

/* As a clerk with rights on the tables would: the bytes are replaced by those of another honest entry. */
static void alteration_shows(bool postgres)
{
    struct bench *bench = bench_new(postgres);

    fg_fixture_sql_run(bench->sql, "UPDATE journal_entry SET bytes = (SELECT bytes FROM journal_entry WHERE "
                                   "sequence = 4) WHERE sequence = 6");
    expect(bench, 6, "FFHHUH");
    expect(bench, 5, "HFHHUH");
    expect(bench, 7, "HHHHHH");
    fg_fixture_sql_run(bench->sql, "UPDATE journal_entry SET bytes = (SELECT bytes FROM journal_entry WHERE "
                                   "sequence = 4), hash = (SELECT hash FROM journal_entry WHERE sequence = "
                                   "4) WHERE sequence = 16");
    expect(bench, 16, "FFHHUH");
    expect(bench, 17, "HFHHUH");
    expect(bench, 18, "HHHHHH");
    bench_free(bench);
}

TEST("SQLite: TAMPER-SHOWS: an entry that was altered at the bureau has a proof that does not hold, and no "
     "receipt")
{
    alteration_shows(false);
}
TEST("PostgreSQL: TAMPER-SHOWS: an entry that was altered at the bureau has a proof that does not hold, and "
     "no receipt")
{
    alteration_shows(true);
}

static void gaps_are_named(bool postgres)
{
    struct bench *bench = bench_new(postgres);
    struct fg_error error;

    CHECK_INT(collect(bench, ENTRIES + 1, &error), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "ctl-1 has no entry 21 here");
    fg_fixture_sql_run(bench->sql, "DELETE FROM journal_entry WHERE sequence = 11");
    CHECK_INT(collect(bench, 10, &error), FG_E_STATE);
    CHECK_HAS(error.text, "entry 11 of ctl-1 is missing");
    CHECK_INT(collect(bench, 11, &error), FG_E_NOT_FOUND);
    CHECK_INT(collect(bench, 12, &error), FG_E_STATE);
    CHECK_HAS(error.text, "the hash before entry 12");
    fg_fixture_sql_run(bench->sql, "UPDATE journal_entry SET head_signature = NULL WHERE sequence = 20");
    CHECK_INT(collect(bench, 15, &error), FG_E_STATE);
    CHECK_HAS(error.text, "no head signed by ctl-1 is held after entry 15");
    bench_free(bench);
}

TEST("SQLite: what a proof needs and the store no longer has is named")
{
    gaps_are_named(false);
}
TEST("PostgreSQL: what a proof needs and the store no longer has is named")
{
    gaps_are_named(true);
}

TEST("a controller without a certificate has a proof in which only that cannot be told")
{
    struct bench *bench = bench_new(false);

    fg_fixture_sql_run(bench->sql, "DELETE FROM certificate");
    expect(bench, 3, "HUUUHH");
    bench_free(bench);
}

static void download(bool postgres)
{
    struct fg_web_fixture *fixture = fg_fixture_web(postgres);
    struct bench *bench = calloc(1, sizeof(*bench));

    CHECK(bench != NULL);
    bench->sql = fixture->sql;
    bench->journal = fg_fixture_bureau_stored(bench->sql, FIRST_HEAD, ENTRIES);
    fg_fixture_ca("ca", NOW - 400 * DAY_MS, bench->authority, sizeof(bench->authority));
    certificate_keep(bench, NOW - 30 * DAY_MS, NOW + 30 * DAY_MS);
    certificate_keep(bench, NOW + 20 * DAY_MS, NOW + 300 * DAY_MS);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/entries/ctl-1/3/proof", NULL, NULL), 401);
    fg_fixture_web_user(fixture, "chen", "auditor");
    CHECK_INT(fg_fixture_web_sign_in(fixture, "chen", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/entries/ctl-1/3/proof", NULL, NULL), 200);
    CHECK_HAS(fixture->answer, "Content-Type: application/octet-stream");
    CHECK_HAS(fixture->answer, "Content-Disposition: attachment; filename=\"ctl-1-3.proof\"");
    CHECK_HAS(fixture->answer, "\r\n\r\n" FG_PROOF_MAGIC);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/entries/ctl-1/99/proof", NULL, NULL), 404);
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/entries/ctl-1/0/proof", NULL, NULL), 400);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM trail WHERE action = 'PROOF'"), 2);
    free(bench->journal);
    free(bench);
    fg_fixture_web_stop(fixture);
}

TEST("SQLite: a proof is downloaded by whoever may read, and the trail keeps it")
{
    download(false);
}
TEST("PostgreSQL: a proof is downloaded by whoever may read, and the trail keeps it")
{
    download(true);
}
