/* The proof of an entry: what holds, what does not, and what cannot be told, from the file alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/proof/proof.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"

#define NOW FG_FIXTURE_BUREAU_MS
#define DAY_MS INT64_C(86400000)
#define CONTROLLER "HZ-001-1"
#define FIRST 3 /* the entry that is proven */
#define LAST 6  /* whose head is signed */

struct bench {
    struct fg_fixture_journal *journal;
    struct fg_proof proof;
    struct fg_proof_trust trust;
    struct fg_proof_result result;
    char authority[4096];
    size_t length;
    uint8_t bytes[16384];
};

struct certified {
    const char *authority;
    const char *role;
    const char *id;
    const struct fg_public_key *device_key;
    int64_t from_ms;
    int64_t to_ms;
};

static void certificate_put(struct bench *bench, const struct certified *what)
{
    struct fg_certificate_order order = {.role = what->role,
                                         .id = what->id,
                                         .key = &fg_fixture_bureau_receipt_key()->public_key,
                                         .device_key = what->device_key,
                                         .from_ms = what->from_ms,
                                         .to_ms = what->to_ms};
    struct fg_certificate certificate;

    fg_fixture_ca_issue(what->authority, &order, &certificate);
    memcpy(bench->proof.certificate, certificate.bytes, certificate.length);
    bench->proof.certificate_length = certificate.length;
}

static void receipt_put(struct bench *bench, uint64_t next_sequence, const struct fg_digest *head,
                        const struct fg_private_key *key)
{
    struct fg_receipt receipt = {.next_sequence = next_sequence, .head = *head};
    struct fg_signature signature;
    struct fg_error error;

    memcpy(receipt.controller, CONTROLLER, sizeof(CONTROLLER));
    CHECK_OK(fg_receipt_sign(&receipt, key, &signature, &error), &error);
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bench->proof.receipt, sizeof(bench->proof.receipt),
                               &bench->proof.receipt_length, &error),
             &error);
}

static struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    CHECK(bench != NULL);
    fg_fixture_ca("bureau", NOW - 400 * DAY_MS, bench->authority, sizeof(bench->authority));
    bench->journal = fg_fixture_journal(CONTROLLER);
    for (int i = 0; i < 4; i++)
        fg_fixture_journal_fill(bench->journal, "HZ-CNG-000001", NOW + i * 600000, 9000);
    bench->proof.sequence = FIRST;
    bench->proof.previous_hash = bench->journal->hashes[FIRST - 1];
    fg_fixture_journal_batch(bench->journal, FIRST, LAST, &bench->proof.batch);
    certificate_put(bench,
                    &(struct certified){"bureau", "controller", CONTROLLER, &bench->journal->key.public_key,
                                        NOW - DAY_MS, NOW + 300 * DAY_MS});
    receipt_put(bench, LAST + 1, &bench->journal->hashes[LAST], fg_fixture_bureau_receipt_key());
    bench->trust.authority = bench->authority;
    bench->trust.receipt_key = &fg_fixture_bureau_receipt_key()->public_key;
    return bench;
}

static void bench_free(struct bench *bench)
{
    free(bench->journal);
    free(bench);
}

static void encode(struct bench *bench)
{
    struct fg_error error;

    CHECK_OK(fg_proof_encode(&bench->proof, bench->bytes, sizeof(bench->bytes), &bench->length, &error),
             &error);
}

/* expected: entry, signature, certificate, time, receipt, persons; 'H', 'F', 'U'. */
static void expect(struct bench *bench, const char *expected, enum fg_proof_verdict verdict)
{
    struct fg_error error;
    char got[FG_PROOF_CHECKS + 1] = "";

    CHECK_OK(fg_proof_verify(&bench->proof, &bench->trust, &bench->result, &error), &error);
    for (int i = 0; i < FG_PROOF_CHECKS; i++)
        got[i] = "HFU"[bench->result.checks[i].verdict];
    CHECK_TEXT(got, expected);
    CHECK_INT(bench->result.verdict, verdict);
    for (int i = 0; i < FG_PROOF_CHECKS; i++)
        CHECK((got[i] == 'H') == (bench->result.checks[i].text[0] == '\0'));
}

TEST("TAMPER-SHOWS: a proof that is whole holds in every part, after a journey as a file")
{
    struct bench *bench = bench_new();
    struct fg_proof *back = calloc(1, sizeof(*back));
    struct fg_error error;

    CHECK(back != NULL);
    encode(bench);
    CHECK_OK(fg_proof_decode(bench->bytes, bench->length, back, &error), &error);
    bench->proof = *back;
    expect(bench, "HHHHHH", FG_PROOF_HOLDS);
    CHECK(bench->result.has_entry);
    CHECK_INT(bench->result.entry.sequence, FIRST);
    CHECK_TEXT(bench->result.entry.row.code.text, "HZ-CNG-000001");
    CHECK_INT(bench->result.head_sequence, LAST);
    CHECK_BYTES(bench->result.head.bytes, bench->journal->hashes[LAST].bytes, FG_DIGEST_BYTES);
    free(back);
    bench_free(bench);
}

TEST("TAMPER-SHOWS: no byte of the file can be changed so that the proof still holds and says something else")
{
    struct bench *bench = bench_new();
    struct fg_proof *back = calloc(1, sizeof(*back));
    struct fg_proof_result result;
    struct fg_error error;
    unsigned refused = 0;
    unsigned shown = 0;
    unsigned same = 0;

    CHECK(back != NULL);
    encode(bench);
    for (size_t i = 0; i < bench->length; i += 3) {
        bench->bytes[i] ^= (uint8_t)(1u << (i % 8));
        if (fg_proof_decode(bench->bytes, bench->length, back, &error) != FG_OK) {
            refused++;
        } else {
            CHECK_OK(fg_proof_verify(back, &bench->trust, &result, &error), &error);
            if (result.verdict != FG_PROOF_HOLDS)
                shown++;
            else
                same++;
            CHECK(result.verdict != FG_PROOF_HOLDS ||
                  (result.entry.sequence == FIRST &&
                   fg_bytes_equal(result.head.bytes, bench->journal->hashes[LAST].bytes, FG_DIGEST_BYTES)));
        }
        bench->bytes[i] ^= (uint8_t)(1u << (i % 8));
    }
    CHECK(refused > 0 && shown > 100);
    CHECK_INT(same, 0);
    free(back);
    bench_free(bench);
}

TEST("TAMPER-SHOWS: an entry that was altered, replaced, left out or moved makes the signature false")
{
    struct bench *bench = bench_new();
    struct fg_sync_batch whole = bench->proof.batch;
    struct fg_sync_slice kept;
    struct fg_digest previous = bench->proof.previous_hash;

    bench->journal->bytes[LAST][10] ^= 1;
    expect(bench, "HFHHFH", FG_PROOF_FALSE);
    CHECK_HAS(bench->result.checks[FG_PROOF_SIGNATURE].text, "entries 3 to 6 are not what HZ-001-1 signed");
    bench->journal->bytes[LAST][10] ^= 1;

    bench->proof.batch.entries[1] = bench->proof.batch.entries[3];
    expect(bench, "HFHHFH", FG_PROOF_FALSE);
    bench->proof.batch = whole;

    bench->proof.batch.count--;
    expect(bench, "HFHHFH", FG_PROOF_FALSE);
    bench->proof.batch = whole;

    kept = bench->proof.batch.entries[1];
    bench->proof.batch.entries[1] = bench->proof.batch.entries[2];
    bench->proof.batch.entries[2] = kept;
    expect(bench, "HFHHFH", FG_PROOF_FALSE);
    bench->proof.batch = whole;

    bench->proof.previous_hash.bytes[0] ^= 1;
    expect(bench, "HFHHFH", FG_PROOF_FALSE);
    bench->proof.previous_hash = previous;

    bench->proof.batch.head_signature.bytes[3] ^= 1;
    expect(bench, "HFHHHH", FG_PROOF_FALSE);
    bench->proof.batch = whole;
    expect(bench, "HHHHHH", FG_PROOF_HOLDS);
    bench_free(bench);
}

TEST("TAMPER-SHOWS: an entry of another number or controller, or bytes that are none, are told apart")
{
    struct bench *bench = bench_new();
    struct fg_sync_slice whole = bench->proof.batch.entries[0];

    bench->proof.batch.entries[0] = bench->proof.batch.entries[1];
    expect(bench, "FFHHFH", FG_PROOF_FALSE);
    CHECK_HAS(bench->result.checks[FG_PROOF_ENTRY].text, "entry 4 of HZ-001-1");
    bench->proof.batch.entries[0] = (struct fg_sync_slice){(const uint8_t *)"\x0a\xff", 2};
    expect(bench, "FFHUFU", FG_PROOF_FALSE);
    CHECK(!bench->result.has_entry);
    bench->proof.batch.entries[0] = whole;
    memcpy(bench->proof.batch.controller, "HZ-001-2", 9);
    expect(bench, "FUFHFH", FG_PROOF_FALSE);
    bench_free(bench);
}

TEST("TAMPER-SHOWS: a certificate of another controller, authority, role or key proves nothing")
{
    struct bench *bench = bench_new();
    const struct fg_public_key *key = &bench->journal->key.public_key;
    struct fg_private_key other;
    struct fg_error error;
    char pem[4096];

    fg_fixture_ca("other", NOW - 400 * DAY_MS, pem, sizeof(pem));
    CHECK_OK(fg_private_key_new(&other, &error), &error);
    certificate_put(bench, &(struct certified){"bureau", "controller", "HZ-001-2", key, NOW - DAY_MS,
                                               NOW + 300 * DAY_MS});
    expect(bench, "HUFHHH", FG_PROOF_FALSE);
    CHECK_HAS(bench->result.checks[FG_PROOF_CERTIFICATE].text, "controller HZ-001-2");
    certificate_put(
        bench, &(struct certified){"other", "controller", CONTROLLER, key, NOW - DAY_MS, NOW + 300 * DAY_MS});
    expect(bench, "HUFUHH", FG_PROOF_FALSE);
    CHECK_HAS(bench->result.checks[FG_PROOF_CERTIFICATE].text, "did not issue it");
    certificate_put(
        bench, &(struct certified){"other", "controller", CONTROLLER, key, NOW - 9 * DAY_MS, NOW - DAY_MS});
    expect(bench, "HUFUHH", FG_PROOF_FALSE);
    certificate_put(
        bench, &(struct certified){"bureau", "station", CONTROLLER, key, NOW - DAY_MS, NOW + 300 * DAY_MS});
    expect(bench, "HUFHHH", FG_PROOF_FALSE);
    certificate_put(bench, &(struct certified){"bureau", "controller", CONTROLLER, NULL, NOW - DAY_MS,
                                               NOW + 300 * DAY_MS});
    expect(bench, "HUFHHH", FG_PROOF_FALSE);
    CHECK_HAS(bench->result.checks[FG_PROOF_CERTIFICATE].text, "no journal key");
    certificate_put(bench, &(struct certified){"bureau", "controller", CONTROLLER, &other.public_key,
                                               NOW - DAY_MS, NOW + 300 * DAY_MS});
    expect(bench, "HFHHHH", FG_PROOF_FALSE);
    bench_free(bench);
}

TEST("TAMPER-SHOWS: a receipt of another bureau, or for another history, does not hold")
{
    struct bench *bench = bench_new();
    struct fg_digest head = bench->journal->hashes[LAST];
    struct fg_private_key other;
    struct fg_error error;

    CHECK_OK(fg_private_key_new(&other, &error), &error);
    receipt_put(bench, LAST + 1, &head, &other);
    expect(bench, "HHHHFH", FG_PROOF_FALSE);
    CHECK_HAS(bench->result.checks[FG_PROOF_RECEIPT].text, "not signed with the bureau's key");
    receipt_put(bench, LAST + 2, &head, fg_fixture_bureau_receipt_key());
    expect(bench, "HHHHFH", FG_PROOF_FALSE);
    CHECK_HAS(bench->result.checks[FG_PROOF_RECEIPT].text, "another history");
    head.bytes[31] ^= 1;
    receipt_put(bench, LAST + 1, &head, fg_fixture_bureau_receipt_key());
    expect(bench, "HHHHFH", FG_PROOF_FALSE);
    memset(bench->proof.receipt, 0xff, bench->proof.receipt_length);
    expect(bench, "HHHHFH", FG_PROOF_FALSE);
    bench_free(bench);
}

TEST("what is missing, in the file or in what is trusted, cannot be told, which is not the same as false")
{
    struct bench *bench = bench_new();
    const struct fg_public_key *receipt_key = bench->trust.receipt_key;
    size_t receipt_length = bench->proof.receipt_length;

    bench->proof.receipt_length = 0;
    expect(bench, "HHHHUH", FG_PROOF_UNKNOWN);
    bench->proof.receipt_length = receipt_length;
    bench->trust.receipt_key = NULL;
    expect(bench, "HHHHUH", FG_PROOF_UNKNOWN);
    bench->trust.receipt_key = receipt_key;
    bench->trust.authority = NULL;
    expect(bench, "HUUUHH", FG_PROOF_UNKNOWN);
    bench->trust.authority = bench->authority;
    bench->proof.certificate_length = 0;
    expect(bench, "HUUUHH", FG_PROOF_UNKNOWN);
    bench->trust.device_key = &bench->journal->key.public_key;
    expect(bench, "HHHHHH", FG_PROOF_HOLDS);
    bench_free(bench);
}

TEST("an entry from outside of the certificate's time still holds, and the time is said to be unknown")
{
    struct bench *bench = bench_new();

    certificate_put(bench,
                    &(struct certified){"bureau", "controller", CONTROLLER, &bench->journal->key.public_key,
                                        NOW + 30 * DAY_MS, NOW + 300 * DAY_MS});
    expect(bench, "HHHUHH", FG_PROOF_HOLDS);
    CHECK_HAS(bench->result.checks[FG_PROOF_TIME].text, "not valid at the entry's time");
    bench_free(bench);
}

TEST("a trusted authority that is no certificate is an error, not a verdict")
{
    struct bench *bench = bench_new();
    struct fg_error error;

    bench->trust.authority = "nonsense";
    CHECK_INT(fg_proof_verify(&bench->proof, &bench->trust, &bench->result, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "authority");
    bench_free(bench);
}

TEST("a file that is cut, begins otherwise, is of another entry or has a field twice is no proof")
{
    struct bench *bench = bench_new();
    struct fg_proof *back = calloc(1, sizeof(*back));
    size_t magic = strlen(FG_PROOF_MAGIC);
    struct fg_error error;

    CHECK(back != NULL);
    encode(bench);
    for (size_t length = 0; length < bench->length; length++) {
        enum fg_err code = fg_proof_decode(bench->bytes, length, back, &error);

        CHECK(code == FG_E_FORMAT || code == FG_E_RANGE || code == FG_E_SIZE);
    }
    bench->bytes[0] ^= 1;
    CHECK_INT(fg_proof_decode(bench->bytes, bench->length, back, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "does not begin as a proof file does");
    bench->bytes[0] ^= 1;
    bench->bytes[magic + 1] = FIRST + 1;
    CHECK_INT(fg_proof_decode(bench->bytes, bench->length, back, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "of entry 4, but its bytes begin with entry 3");
    bench->bytes[magic + 1] = FIRST;
    memcpy(bench->bytes + bench->length, bench->bytes + magic + 2, 34); /* the hash before, again */
    CHECK_INT(fg_proof_decode(bench->bytes, bench->length + 34, back, &error), FG_E_FORMAT);
    memcpy(bench->bytes + bench->length, "\xfa\x06\x02hi", 5); /* a field of a later version */
    CHECK_OK(fg_proof_decode(bench->bytes, bench->length + 5, back, &error), &error);
    free(back);
    bench_free(bench);
}

TEST("a proof that does not fit is not written")
{
    struct bench *bench = bench_new();
    struct fg_error error;
    size_t length = 7;

    encode(bench);
    for (size_t room = 0; room < bench->length; room += 11)
        CHECK_INT(fg_proof_encode(&bench->proof, bench->bytes, room, &length, &error), FG_E_SIZE);
    CHECK_INT(length, 7);
    bench_free(bench);
}

/* A proof of one entry of the journal's own key, written as given. */
static void prove_entry(struct bench *bench, const struct fg_entry *entry)
{
    static uint8_t bytes[FG_ENTRY_BYTES_MAX];
    struct fg_sync_batch *batch = &bench->proof.batch;
    struct fg_digest head;
    struct fg_error error;
    size_t length = 0;

    CHECK_OK(fg_entry_encode(entry, bytes, sizeof(bytes), &length, &error), &error);
    fg_chain_next(&bench->journal->hashes[FIRST - 1], bytes, length, &head);
    batch->count = 1;
    batch->entries[0] = (struct fg_sync_slice){bytes, length};
    CHECK_OK(fg_head_sign(&(struct fg_head){.controller = CONTROLLER, .sequence = FIRST, .hash = head},
                          &bench->journal->key, &batch->head_signature, &error),
             &error);
    receipt_put(bench, FIRST + 1, &head, fg_fixture_bureau_receipt_key());
}

TEST("a proof of a typed code holds only when both persons were proven: a name is no person")
{
    static const struct {
        const char *second;
        uint8_t operator_proof;
        uint8_t second_proof;
        char verdict;
        const char *why;
    } cases[] = {
        {"op-li", FG_PERSON_PROOF_PIN, FG_PERSON_PROOF_CARD, 'H', ""},
        {"op-li", FG_PERSON_PROOF_CARD, FG_PERSON_PROOF_PIN, 'H', ""},
        {"op-li", FG_PERSON_PROOF_HAND, FG_PERSON_PROOF_PIN, 'H', ""},
        {"x", FG_PERSON_PROOF_NONE, FG_PERSON_PROOF_NONE, 'U', "x is only named"},
        {"op-li", FG_PERSON_PROOF_PIN, FG_PERSON_PROOF_HAND, 'U', "op-li is only named"},
        {"op-li", FG_PERSON_PROOF_PIN, FG_PERSON_PROOF_PIN + 1, 'U', "op-li is only named"},
        {"OP-WANG", FG_PERSON_PROOF_PIN, FG_PERSON_PROOF_PIN, 'U', "named twice"},
        {"", FG_PERSON_PROOF_PIN, FG_PERSON_PROOF_NONE, 'U', "no second person"},
        {"op-li", FG_PERSON_PROOF_NONE, FG_PERSON_PROOF_PIN, 'U', "how the operator"},
    };

    struct bench *bench = bench_new();

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (uint8_t kind = FG_ENTRY_REFUSED; kind <= FG_ENTRY_ENDED; kind++) {
            struct fg_entry entry = {.controller = CONTROLLER,
                                     .sequence = FIRST,
                                     .boot = 1,
                                     .kind = kind,
                                     .wall_ms = NOW,
                                     .clock_quality = FG_CLOCK_SYNCHRONISED,
                                     .identity = FG_IDENTITY_MANUAL,
                                     .operator_id = "op-wang",
                                     .operator_proof = cases[i].operator_proof,
                                     .second_proof = cases[i].second_proof};
            bool holds = cases[i].verdict == 'H' || kind == FG_ENTRY_REFUSED;

            memcpy(entry.second_person, cases[i].second, strlen(cases[i].second) + 1);
            prove_entry(bench, &entry);
            expect(bench, holds ? "HHHHHH" : "HHHHHU", holds ? FG_PROOF_HOLDS : FG_PROOF_UNKNOWN);
            if (!holds)
                CHECK_HAS(bench->result.checks[FG_PROOF_PERSONS].text, cases[i].why);
        }
    }
    bench_free(bench);
}

TEST("an entry that was identified by its tag rests on no person's word")
{
    struct bench *bench = bench_new();
    struct fg_entry entry = {.controller = CONTROLLER,
                             .sequence = FIRST,
                             .kind = FG_ENTRY_AUTHORISED,
                             .wall_ms = NOW,
                             .clock_quality = FG_CLOCK_SYNCHRONISED,
                             .identity = FG_IDENTITY_SIGNED_TAG,
                             .operator_id = "op-wang"};

    prove_entry(bench, &entry);
    expect(bench, "HHHHHH", FG_PROOF_HOLDS);
    bench_free(bench);
}

TEST(
    "BAD-INPUT-IS-SAFE: a file as short as its magic, or shorter, is no proof, and nothing behind it is read")
{
    struct fg_proof *back = calloc(1, sizeof(*back));
    size_t magic = strlen(FG_PROOF_MAGIC);
    struct fg_error error;

    CHECK(back != NULL);
    for (size_t length = 0; length <= magic; length++) {
        uint8_t *bytes = malloc(length + 1); /* so that the sanitizer sees a byte too many */
        uint8_t *exact = length > 0 ? malloc(length) : NULL;

        CHECK(bytes != NULL && (length == 0 || exact != NULL));
        if (length > 0)
            memcpy(exact, FG_PROOF_MAGIC, length);
        CHECK_INT(fg_proof_decode(length > 0 ? exact : bytes, length, back, &error), FG_E_FORMAT);
        if (length < magic)
            CHECK_HAS(error.text, "does not begin as a proof file does");
        free(bytes);
        free(exact);
    }
    free(back);
}
