/* The sync messages: what is sent comes back, what is wrong is named, entries are never copied or changed. */
#include "proto/journal/sync.h"
#include "proto/journal/trail_head.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/check.h"

static uint8_t wire[FG_SYNC_BATCH_BYTES_MAX + 4096];

static void batch_fill(struct fg_sync_batch *batch, uint64_t first, size_t count, const uint8_t *bytes,
                       size_t length)
{
    memset(batch, 0, sizeof(*batch));
    (void)strcpy(batch->controller, "ctl-1");
    batch->first_sequence = first;
    batch->count = count;
    for (size_t i = 0; i < count; i++) {
        batch->entries[i].bytes = bytes + i;
        batch->entries[i].length = length;
    }
    memset(batch->head_signature.bytes, 0x5a, FG_SIGNATURE_BYTES);
}

static size_t encode_ok(const struct fg_sync_batch *batch)
{
    struct fg_error error = {0};
    size_t length = 0;

    CHECK_OK(fg_sync_batch_encode(batch, wire, sizeof(wire), &length, &error), &error);
    return length;
}

TEST("a batch decodes to the very bytes of its entries, inside the message")
{
    static const uint8_t bytes[300] = {7, 0, 9, 255};
    struct fg_sync_batch batch;
    struct fg_sync_batch back;
    struct fg_error error = {0};
    size_t length;

    batch_fill(&batch, 41, 3, bytes, 200);
    length = encode_ok(&batch);
    CHECK_OK(fg_sync_batch_decode(wire, length, &back, &error), &error);
    CHECK_TEXT(back.controller, "ctl-1");
    CHECK_INT(back.first_sequence, 41);
    CHECK_INT(back.count, 3);
    CHECK_BYTES(back.head_signature.bytes, batch.head_signature.bytes, FG_SIGNATURE_BYTES);
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(back.entries[i].length, 200);
        CHECK_BYTES(back.entries[i].bytes, bytes + i, 200);
        CHECK(back.entries[i].bytes > wire && back.entries[i].bytes < wire + length);
    }
}

TEST("a batch has one byte string: the numbers of its fields in order, as any protobuf library writes it")
{
    static const uint8_t entry[] = {0xaa, 0xbb};
    static const uint8_t expected[] = {0x0a, 5,    'c',  't', 'l',  '-',  '1',  0x10,
                                       0xac, 0x02, 0x1a, 2,   0xaa, 0xbb, 0x22, 64};
    struct fg_sync_batch batch;
    size_t length;

    batch_fill(&batch, 300, 1, entry, 2);
    length = encode_ok(&batch);
    CHECK_INT(length, sizeof(expected) + 64);
    CHECK_BYTES(wire, expected, sizeof(expected));
}

TEST("a batch at its bounds travels, one beyond them does not")
{
    static const uint8_t bytes[FG_ENTRY_BYTES_MAX + FG_SYNC_BATCH_ENTRIES_MAX];
    struct fg_sync_batch batch;
    struct fg_sync_batch back;
    struct fg_error error = {0};
    size_t length = 0;

    batch_fill(&batch, 1, FG_SYNC_BATCH_ENTRIES_MAX, bytes, 100);
    length = encode_ok(&batch);
    CHECK_OK(fg_sync_batch_decode(wire, length, &back, &error), &error);
    CHECK_INT(back.count, FG_SYNC_BATCH_ENTRIES_MAX);
    batch_fill(&batch, 1, FG_SYNC_BATCH_ENTRIES_MAX, bytes, FG_ENTRY_BYTES_MAX);
    CHECK_INT(fg_sync_batch_encode(&batch, wire, sizeof(wire), &length, &error), FG_E_SIZE);
    batch_fill(&batch, 1, 2, bytes, FG_ENTRY_BYTES_MAX + 1);
    CHECK_INT(fg_sync_batch_encode(&batch, wire, sizeof(wire), &length, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "entry 1 has 1537 bytes");
    batch_fill(&batch, 1, 2, bytes, 0);
    CHECK_INT(fg_sync_batch_encode(&batch, wire, sizeof(wire), &length, &error), FG_E_RANGE);
    batch_fill(&batch, 0, 1, bytes, 9);
    CHECK_INT(fg_sync_batch_encode(&batch, wire, sizeof(wire), &length, &error), FG_E_RANGE);
    batch_fill(&batch, UINT64_MAX, 1, bytes, 9);
    CHECK_INT(fg_sync_batch_encode(&batch, wire, sizeof(wire), &length, &error), FG_E_RANGE);
    batch_fill(&batch, 1, 0, bytes, 9);
    CHECK_INT(fg_sync_batch_encode(&batch, wire, sizeof(wire), &length, &error), FG_E_RANGE);
    batch_fill(&batch, 1, 1, bytes, 9);
    (void)strcpy(batch.controller, "a b");
    CHECK_INT(fg_sync_batch_encode(&batch, wire, sizeof(wire), &length, &error), FG_E_RANGE);
    batch_fill(&batch, 1, 1, bytes, 9);
    CHECK_INT(fg_sync_batch_encode(&batch, wire, 40, &length, &error), FG_E_SIZE);
}

/* A message of entries only, written by hand. */
static size_t write_entries(size_t count, size_t entry_length)
{
    static const uint8_t head[] = {0x0a, 3, 'c', 't', 'l', 0x10, 1};
    size_t at = sizeof(head);

    memcpy(wire, head, sizeof(head));
    for (size_t i = 0; i < count; i++) {
        wire[at++] = 0x1a;
        wire[at++] = (uint8_t)(entry_length & 0x7f) | 0x80;
        wire[at++] = (uint8_t)(entry_length >> 7);
        memset(wire + at, 0x11, entry_length);
        at += entry_length;
    }
    wire[at++] = 0x22;
    wire[at++] = 64;
    memset(wire + at, 1, 64);
    return at + 64;
}

TEST("BAD-INPUT-IS-SAFE: a batch beyond its bounds is refused with what is wrong")
{
    struct fg_sync_batch batch;
    struct fg_error error = {0};

    CHECK_OK(fg_sync_batch_decode(wire, write_entries(512, 9), &batch, &error), &error);
    CHECK_INT(fg_sync_batch_decode(wire, write_entries(513, 9), &batch, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "more than 512 entries");
    CHECK_INT(fg_sync_batch_decode(wire, write_entries(0, 9), &batch, &error), FG_E_RANGE);
    CHECK_INT(fg_sync_batch_decode(wire, write_entries(1, 0), &batch, &error), FG_E_RANGE);
    CHECK_INT(fg_sync_batch_decode(wire, write_entries(1, FG_ENTRY_BYTES_MAX + 1), &batch, &error),
              FG_E_RANGE);
    CHECK_HAS(error.text, "its entry number 1 has 1537 bytes");
    CHECK_INT(fg_sync_batch_decode(wire, FG_SYNC_BATCH_BYTES_MAX + 1, &batch, &error), FG_E_SIZE);
    CHECK_INT(fg_sync_batch_decode(wire, 0, &batch, &error), FG_E_RANGE);
}

TEST("BAD-INPUT-IS-SAFE: a batch cut anywhere, or with any byte changed, never reads outside itself")
{
    static const uint8_t bytes[64] = {1, 2, 3};
    uint8_t copy[256];
    struct fg_sync_batch batch;
    struct fg_sync_batch back;
    size_t length;

    batch_fill(&batch, 5, 2, bytes, 30);
    length = encode_ok(&batch);
    CHECK(length <= sizeof(copy));
    for (size_t cut = 0; cut < length; cut++)
        CHECK(fg_sync_batch_decode(wire, cut, &back, NULL) != FG_OK);
    for (size_t at = 0; at < length; at++) {
        memcpy(copy, wire, length);
        copy[at] ^= 0xff;
        if (fg_sync_batch_decode(copy, length, &back, NULL) != FG_OK)
            continue;
        for (size_t i = 0; i < back.count; i++)
            CHECK(back.entries[i].bytes >= copy &&
                  back.entries[i].bytes + back.entries[i].length <= copy + length);
    }
}

TEST("fields that this version does not know are passed over")
{
    struct fg_sync_batch batch;
    struct fg_error error = {0};
    size_t length = write_entries(2, 9);

    wire[length++] = 0x78; /* field 15, number */
    wire[length++] = 1;
    wire[length++] = 0x7a; /* field 15, bytes */
    wire[length++] = 1;
    wire[length++] = 'x';
    CHECK_OK(fg_sync_batch_decode(wire, length, &batch, &error), &error);
    CHECK_INT(batch.count, 2);
}

TEST("TAMPER-SHOWS: a batch verifies behind the hash before it, and not when a byte of it changed")
{
    static uint8_t bytes[3][20] = {{1}, {2}, {3}};
    struct fg_private_key key;
    struct fg_head head = {.controller = "ctl-1", .sequence = 12};
    struct fg_digest hashes[4];
    struct fg_digest found;
    struct fg_sync_batch batch;
    struct fg_error error = {0};

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    fg_sha256("before", 6, &hashes[0]);
    for (size_t i = 0; i < 3; i++)
        fg_chain_next(&hashes[i], bytes[i], 20, &hashes[i + 1]);
    batch_fill(&batch, 10, 3, bytes[0], 20);
    batch.entries[1].bytes = bytes[1];
    batch.entries[2].bytes = bytes[2];
    head.hash = hashes[3];
    CHECK_OK(fg_head_sign(&head, &key, &batch.head_signature, &error), &error);
    for (size_t skip = 0; skip <= 3; skip++) {
        CHECK_OK(fg_sync_batch_verify(&batch, skip, &hashes[skip], &key.public_key, &found, &error), &error);
        CHECK_BYTES(found.bytes, hashes[3].bytes, FG_DIGEST_BYTES);
    }
    CHECK_INT(fg_sync_batch_verify(&batch, 4, &hashes[0], &key.public_key, &found, &error), FG_E_ARG);
    CHECK_INT(fg_sync_batch_verify(&batch, 0, &hashes[1], &key.public_key, &found, &error), FG_E_AUTH);
    bytes[1][19] ^= 1;
    CHECK_INT(fg_sync_batch_verify(&batch, 0, &hashes[0], &key.public_key, &found, &error), FG_E_AUTH);
    CHECK_HAS(error.text, "head 12 is invalid");
    bytes[1][19] ^= 1;
    batch.first_sequence = 11;
    CHECK_INT(fg_sync_batch_verify(&batch, 0, &hashes[0], &key.public_key, &found, &error), FG_E_AUTH);
    fg_private_key_wipe(&key);
}

TEST("an answer comes back with verdict, number, receipt and text")
{
    struct fg_sync_answer answer = {.verdict = FG_SYNC_GAP,
                                    .next_sequence = 77,
                                    .receipt_length = 3,
                                    .receipt = {9, 8, 7},
                                    .text = "send from 77"};
    struct fg_sync_answer back;
    struct fg_error error = {0};
    size_t length = 0;

    CHECK_OK(fg_sync_answer_encode(&answer, wire, FG_SYNC_ANSWER_BYTES_MAX, &length, &error), &error);
    CHECK_OK(fg_sync_answer_decode(wire, length, &back, &error), &error);
    CHECK_INT(back.verdict, FG_SYNC_GAP);
    CHECK_INT(back.next_sequence, 77);
    CHECK_INT(back.receipt_length, 3);
    CHECK_BYTES(back.receipt, answer.receipt, 3);
    CHECK_TEXT(back.text, "send from 77");
}

TEST("the largest answer fits, and a line break in its text does not reach a log")
{
    struct fg_sync_answer answer = {.verdict = FG_SYNC_REFUSED, .next_sequence = UINT64_MAX};
    struct fg_sync_answer back;
    struct fg_error error = {0};
    size_t length = 0;

    answer.receipt_length = FG_STATEMENT_BYTES_MAX;
    memset(answer.text, 'x', FG_SYNC_TEXT_MAX);
    answer.text[3] = '\n';
    answer.text[4] = '\x1b';
    CHECK_OK(fg_sync_answer_encode(&answer, wire, FG_SYNC_ANSWER_BYTES_MAX, &length, &error), &error);
    CHECK_OK(fg_sync_answer_decode(wire, length, &back, &error), &error);
    CHECK(strncmp(back.text, "xxx??x", 6) == 0);
    answer.receipt_length++;
    CHECK_INT(fg_sync_answer_encode(&answer, wire, FG_SYNC_ANSWER_BYTES_MAX, &length, &error), FG_E_RANGE);
}

TEST("BAD-INPUT-IS-SAFE: an answer with an unknown verdict or without a number is refused")
{
    static const uint8_t unknown[] = {0x08, 6, 0x10, 1};
    static const uint8_t numberless[] = {0x08, 1};
    static const uint8_t garbage[] = {0x08};
    struct fg_sync_answer answer;
    struct fg_error error = {0};

    CHECK_INT(fg_sync_answer_decode(unknown, sizeof(unknown), &answer, &error), FG_E_RANGE);
    CHECK_INT(fg_sync_answer_decode(numberless, sizeof(numberless), &answer, &error), FG_E_RANGE);
    CHECK_INT(fg_sync_answer_decode(garbage, sizeof(garbage), &answer, &error), FG_E_FORMAT);
    CHECK_INT(fg_sync_answer_decode(wire, FG_SYNC_ANSWER_BYTES_MAX + 1, &answer, &error), FG_E_SIZE);
}

TEST("every verdict has its HTTP status")
{
    CHECK_INT(fg_sync_status(FG_SYNC_HELD), 200);
    CHECK_INT(fg_sync_status(FG_SYNC_GAP), 409);
    CHECK_INT(fg_sync_status(FG_SYNC_FORK), 409);
    CHECK_INT(fg_sync_status(FG_SYNC_REFUSED), 403);
    CHECK_INT(fg_sync_status(FG_SYNC_BUSY), 503);
    CHECK_INT(fg_sync_status(99), 500);
}

static void report_fill(struct fg_sync_report *report)
{
    memset(report, 0, sizeof(*report));
    memset(report->device, 'd', FG_NAME_MAX);
    memset(report->list_id, 'l', FG_NAME_MAX);
    memset(report->version, 'v', FG_NAME_MAX);
    report->wall_ms = INT64_MIN;
    report->clock_quality = FG_CLOCK_SYNCHRONISED;
    report->list_version = UINT64_MAX;
    report->list_issued_ms = INT64_MIN;
    report->last_sequence = UINT64_MAX;
    report->unsent = UINT64_MAX;
    report->oldest_unsent_ms = INT64_MIN;
    report->disk_free_bytes = UINT64_MAX;
    report->heard_ms = INT64_MIN;
}

TEST("the largest set of reports fits and comes back whole")
{
    static struct fg_sync_reports reports;
    static struct fg_sync_reports back;
    struct fg_error error = {0};
    size_t length = 0;

    report_fill(&reports.self);
    reports.below_count = FG_SYNC_REPORTS_MAX;
    for (size_t i = 0; i < FG_SYNC_REPORTS_MAX; i++)
        report_fill(&reports.below[i]);
    reports.below[63].unsent = 5;
    reports.trail_head_count = FG_SYNC_TRAIL_HEADS_MAX;
    for (size_t i = 0; i < FG_SYNC_TRAIL_HEADS_MAX; i++) {
        reports.trail_heads[i].length = FG_STATEMENT_BYTES_MAX;
        memset(reports.trail_heads[i].bytes, (int)i + 1, FG_STATEMENT_BYTES_MAX);
    }
    CHECK_OK(fg_sync_reports_encode(&reports, wire, FG_SYNC_REPORT_BYTES_MAX, &length, &error), &error);
    CHECK_OK(fg_sync_reports_decode(wire, length, &back, &error), &error);
    CHECK_BYTES(&back.self, &reports.self, sizeof(back.self));
    CHECK_BYTES(&back.below[63], &reports.below[63], sizeof(back.self));
    CHECK_INT(back.trail_head_count, FG_SYNC_TRAIL_HEADS_MAX);
    CHECK_BYTES(back.trail_heads, reports.trail_heads, sizeof(back.trail_heads));
    reports.trail_heads[0].length++;
    CHECK_INT(fg_sync_reports_encode(&reports, wire, sizeof(wire), &length, &error), FG_E_RANGE);
    reports.trail_head_count++;
    CHECK_INT(fg_sync_reports_encode(&reports, wire, sizeof(wire), &length, &error), FG_E_RANGE);
    reports.trail_head_count = 0;
    CHECK_INT(fg_sync_reports_encode(&reports, wire, 100, &length, &error), FG_E_SIZE);
    reports.below_count++;
    CHECK_INT(fg_sync_reports_encode(&reports, wire, sizeof(wire), &length, &error), FG_E_RANGE);
}

TEST("BAD-INPUT-IS-SAFE: a report of nobody, or with an id that is none, is refused")
{
    static const uint8_t nobody[] = {0x12, 3, 0x0a, 1, 'x'};
    static const uint8_t odd_id[] = {0x0a, 5, 0x0a, 3, 'a', '/', 'b'};
    static const uint8_t odd_clock[] = {0x0a, 5, 0x0a, 1, 'a', 0x18, 3};
    struct fg_sync_reports reports;
    struct fg_error error = {0};

    CHECK_INT(fg_sync_reports_decode(nobody, sizeof(nobody), &reports, &error), FG_E_FORMAT);
    CHECK_INT(fg_sync_reports_decode(odd_id, sizeof(odd_id), &reports, &error), FG_E_RANGE);
    CHECK_INT(fg_sync_reports_decode(odd_clock, sizeof(odd_clock), &reports, &error), FG_E_RANGE);
    CHECK_INT(fg_sync_reports_decode(odd_id, 3, &reports, &error), FG_E_FORMAT);
    CHECK_INT(fg_sync_reports_decode(wire, FG_SYNC_REPORT_BYTES_MAX + 1, &reports, &error), FG_E_SIZE);
}

TEST("a report's answer comes back")
{
    struct fg_sync_report_answer answer = {.wall_ms = INT64_C(1795000000123), .text = "ok"};
    struct fg_sync_report_answer back;
    struct fg_error error = {0};
    size_t length = 0;

    CHECK_OK(fg_sync_report_answer_encode(&answer, wire, FG_SYNC_ANSWER_BYTES_MAX, &length, &error), &error);
    CHECK_OK(fg_sync_report_answer_decode(wire, length, &back, &error), &error);
    CHECK_INT(back.wall_ms, answer.wall_ms);
    CHECK_TEXT(back.text, "ok");
    CHECK_INT(fg_sync_report_answer_decode(wire, length - 1, &back, &error), FG_E_FORMAT);
    CHECK_INT(fg_sync_report_answer_decode(wire, FG_SYNC_ANSWER_BYTES_MAX + 1, &back, &error), FG_E_SIZE);
    CHECK_INT(fg_sync_report_answer_encode(&answer, wire, 3, &length, &error), FG_E_SIZE);
}

TEST("a report's answer with the longest text and a head of the trail fits; a longer head is refused")
{
    struct fg_sync_report_answer answer = {.wall_ms = INT64_MIN, .trail_head.length = FG_STATEMENT_BYTES_MAX};
    struct fg_sync_report_answer back;
    struct fg_error error = {0};
    size_t length = 0;

    memset(answer.text, 'x', FG_SYNC_TEXT_MAX);
    memset(answer.trail_head.bytes, 7, FG_STATEMENT_BYTES_MAX);
    CHECK_OK(fg_sync_report_answer_encode(&answer, wire, FG_SYNC_ANSWER_BYTES_MAX, &length, &error), &error);
    CHECK_OK(fg_sync_report_answer_decode(wire, length, &back, &error), &error);
    CHECK_INT(back.trail_head.length, FG_STATEMENT_BYTES_MAX);
    CHECK_BYTES(back.trail_head.bytes, answer.trail_head.bytes, FG_STATEMENT_BYTES_MAX);
    answer.trail_head.length++;
    CHECK_INT(fg_sync_report_answer_encode(&answer, wire, FG_SYNC_ANSWER_BYTES_MAX, &length, &error),
              FG_E_RANGE);
}

/* ---- known answers ---- */

static size_t from_hex(const char *hex, uint8_t *bytes, size_t capacity)
{
    size_t length = strlen(hex) / 2;

    CHECK(length <= capacity);
    for (size_t i = 0; i < length; i++) {
        unsigned value = 0;

        CHECK_INT(sscanf(hex + 2 * i, "%2x", &value), 1);
        bytes[i] = (uint8_t)value;
    }
    return length;
}

/* The message of this name in the vectors. */
static size_t vector(const char *wanted, uint8_t *bytes, size_t capacity)
{
    static char line[8192];
    static char hex[8192];
    char name[32];
    size_t length = 0;
    FILE *file = fopen("proto/vectors/sync.txt", "r");

    CHECK(file != NULL);
    while (length == 0 && fgets(line, (int)sizeof(line), file) != NULL) {
        if (sscanf(line, "%31s %8191s", name, hex) == 2 && strcmp(name, wanted) == 0)
            length = from_hex(hex, bytes, capacity);
    }
    (void)fclose(file);
    CHECK(length > 0);
    return length;
}

TEST("batches are the known answers of proto/vectors/sync.txt, and verify with its key")
{
    static const char *const names[] = {"batch_all", "batch_last"};
    static uint8_t known[4096];
    struct fg_public_key key;
    struct fg_sync_batch batch;
    struct fg_digest start;
    struct fg_digest head;
    struct fg_error error = {0};
    size_t again = 0;

    CHECK_OK(fg_public_key_read("proto/vectors/key_pub.pem", &key, &error), &error);
    fg_chain_start("ctl-1", &start);
    for (size_t i = 0; i < 2; i++) {
        size_t length = vector(names[i], known, sizeof(known));

        CHECK_OK(fg_sync_batch_decode(known, length, &batch, &error), &error);
        CHECK_OK(fg_sync_batch_encode(&batch, wire, sizeof(wire), &again, &error), &error);
        CHECK_INT(again, length);
        CHECK_BYTES(wire, known, length);
        if (i == 0)
            CHECK_OK(fg_sync_batch_verify(&batch, 0, &start, &key, &head, &error), &error);
        else
            CHECK_INT(batch.first_sequence, 3);
    }
}

TEST("answers and reports are the known answers of proto/vectors/sync.txt")
{
    static struct fg_sync_reports reports;
    static uint8_t known[4096];
    struct fg_sync_answer answer;
    struct fg_error error = {0};
    size_t length = vector("answer_held", known, sizeof(known));
    size_t again = 0;

    CHECK_OK(fg_sync_answer_decode(known, length, &answer, &error), &error);
    CHECK_INT(answer.verdict, FG_SYNC_HELD);
    CHECK_INT(answer.next_sequence, 4);
    length = vector("answer_gap", known, sizeof(known));
    CHECK_OK(fg_sync_answer_decode(known, length, &answer, &error), &error);
    CHECK_INT(answer.verdict, FG_SYNC_GAP);
    CHECK_TEXT(answer.text, "send on");
    CHECK_OK(fg_sync_answer_encode(&answer, wire, sizeof(wire), &again, &error), &error);
    CHECK_INT(again, length);
    CHECK_BYTES(wire, known, length);
    length = vector("reports", known, sizeof(known));
    CHECK_OK(fg_sync_reports_decode(known, length, &reports, &error), &error);
    CHECK_TEXT(reports.self.device, "S-1");
    CHECK_INT(reports.below_count, 1);
    CHECK_TEXT(reports.below[0].device, "ctl-1");
    CHECK_INT(reports.below[0].heard_ms, INT64_C(1790000000100));
    CHECK_INT(reports.self.oldest_unsent_ms, INT64_C(1790000000002));
    CHECK_OK(fg_sync_reports_encode(&reports, wire, sizeof(wire), &again, &error), &error);
    CHECK_INT(again, length);
    CHECK_BYTES(wire, known, length);
}

TEST("a head of the trail, given and handed back, is the known answer of proto/vectors/sync.txt")
{
    static struct fg_sync_reports reports;
    static uint8_t known[4096];
    uint8_t bytes[FG_TRAIL_STATEMENT_BYTES];
    struct fg_sync_report_answer answer;
    struct fg_trail_statement head;
    struct fg_public_key key;
    struct fg_error error = {0};
    size_t length = vector("trail_head", known, sizeof(known));
    size_t again = 0;

    CHECK_OK(fg_public_key_read("proto/vectors/key_pub.pem", &key, &error), &error);
    CHECK_OK(fg_trail_statement_decode(known, length, &head, &error), &error);
    CHECK_OK(fg_trail_statement_verify(&head, &key, 1, &error), &error);
    CHECK_INT(head.head.number, 4711);
    CHECK_INT(head.at_ms, INT64_C(1790000000123));
    CHECK_INT(head.head.hash.bytes[31], 31);
    fg_trail_statement_encode(&head, bytes);
    CHECK_BYTES(bytes, known, sizeof(bytes));
    length = vector("answer_head", known, sizeof(known));
    CHECK_OK(fg_sync_report_answer_decode(known, length, &answer, &error), &error);
    CHECK_INT(answer.trail_head.length, sizeof(bytes));
    CHECK_BYTES(answer.trail_head.bytes, bytes, sizeof(bytes));
    CHECK_OK(fg_sync_report_answer_encode(&answer, wire, sizeof(wire), &again, &error), &error);
    CHECK_INT(again, length);
    CHECK_BYTES(wire, known, length);
    length = vector("reports_head", known, sizeof(known));
    CHECK_OK(fg_sync_reports_decode(known, length, &reports, &error), &error);
    CHECK_INT(reports.trail_head_count, 1);
    CHECK_BYTES(reports.trail_heads[0].bytes, bytes, sizeof(bytes));
    CHECK_OK(fg_sync_reports_encode(&reports, wire, sizeof(wire), &again, &error), &error);
    CHECK_INT(again, length);
    CHECK_BYTES(wire, known, length);
}

TEST(
    "a batch may begin at the last number that leaves room for its entries, and is skipped as far as it goes")
{
    static const uint8_t bytes[16];
    static struct fg_sync_batch batch;
    static struct fg_sync_batch back;
    struct fg_error error = {0};
    size_t length = 0;

    batch_fill(&batch, (uint64_t)INT64_MAX - FG_SYNC_BATCH_ENTRIES_MAX, 1, bytes, 1);
    length = encode_ok(&batch);
    CHECK_OK(fg_sync_batch_decode(wire, length, &back, &error), &error);
    CHECK(back.first_sequence == batch.first_sequence);
    CHECK_INT(back.entries[0].length, 1);
    CHECK_INT(fg_sync_batch_encode(&batch, wire, length - 1, &length, &error), FG_E_SIZE);
    CHECK_OK(fg_sync_batch_encode(&batch, wire, length, &length, &error), &error);
    batch.first_sequence++;
    CHECK_INT(fg_sync_batch_encode(&batch, wire, sizeof(wire), &length, &error), FG_E_RANGE);
    batch.first_sequence = 1;
    batch.count = FG_SYNC_BATCH_ENTRIES_MAX + 1;
    CHECK_INT(fg_sync_batch_encode(&batch, wire, sizeof(wire), &length, &error), FG_E_RANGE);
    memset(batch.controller, 'c', FG_NAME_MAX);
    batch.count = 1;
    length = encode_ok(&batch);
    CHECK_OK(fg_sync_batch_decode(wire, length, &back, &error), &error);
    CHECK_TEXT(back.controller, batch.controller);
}

TEST("BAD-INPUT-IS-SAFE: a batch whose controller is too long or holds a NUL, or whose signature is cut or "
     "not "
     "there, is refused")
{
    static struct fg_sync_batch batch;
    struct fg_error error = {0};
    uint8_t bytes[128] = {0x0a, 32};
    size_t length = write_entries(1, 9);

    CHECK_INT(fg_sync_batch_decode(wire, length - 66, &batch, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "signature is missing or cut");
    wire[length - 65] = 63;
    CHECK_INT(fg_sync_batch_decode(wire, length - 1, &batch, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "signature is missing or cut");
    memset(bytes + 2, 'c', 32);
    CHECK_INT(fg_sync_batch_decode(bytes, 34, &batch, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "too long");
    bytes[1] = 3;
    bytes[3] = '\0';
    CHECK_INT(fg_sync_batch_decode(bytes, 5, &batch, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "too long");
    bytes[0] = 0x02; /* field 0 */
    CHECK_INT(fg_sync_batch_decode(bytes, 5, &batch, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "near byte 0");
}

TEST("every verdict there is may be answered, and only those that go on say where")
{
    struct fg_sync_answer answer = {.next_sequence = 0};
    struct fg_error error = {0};
    size_t length = 0;

    for (unsigned verdict = 0; verdict <= FG_SYNC_BUSY + 1; verdict++) {
        bool known = verdict >= FG_SYNC_HELD && verdict <= FG_SYNC_BUSY;
        bool goes_on = verdict == FG_SYNC_HELD || verdict == FG_SYNC_GAP;

        answer.verdict = (uint8_t)verdict;
        answer.next_sequence = 0;
        CHECK_INT(fg_sync_answer_encode(&answer, wire, FG_SYNC_ANSWER_BYTES_MAX, &length, &error),
                  known && !goes_on ? FG_OK : FG_E_RANGE);
        answer.next_sequence = 1;
        CHECK_INT(fg_sync_answer_encode(&answer, wire, FG_SYNC_ANSWER_BYTES_MAX, &length, &error),
                  known ? FG_OK : FG_E_RANGE);
    }
    answer.verdict = FG_SYNC_HELD;
    CHECK_OK(fg_sync_answer_encode(&answer, wire, FG_SYNC_ANSWER_BYTES_MAX, &length, &error), &error);
    CHECK_INT(fg_sync_answer_encode(&answer, wire, length - 1, &length, &error), FG_E_SIZE);
}

TEST("of a text for a log every printable character stays, and every other becomes a question mark")
{
    struct fg_sync_report_answer answer = {.wall_ms = 1};
    struct fg_sync_report_answer back;
    struct fg_error error = {0};
    size_t length = 0;

    (void)strcpy(answer.text, " ~az09\x1f\x7f\xc3\xa9");
    CHECK_OK(fg_sync_report_answer_encode(&answer, wire, FG_SYNC_ANSWER_BYTES_MAX, &length, &error), &error);
    CHECK_OK(fg_sync_report_answer_decode(wire, length, &back, &error), &error);
    CHECK_TEXT(back.text, " ~az09????");
    memset(answer.text, 'x', sizeof(answer.text) - 1);
    CHECK_OK(fg_sync_report_answer_encode(&answer, wire, FG_SYNC_ANSWER_BYTES_MAX, &length, &error), &error);
    CHECK_OK(fg_sync_report_answer_decode(wire, length, &back, &error), &error);
    CHECK_TEXT(back.text, answer.text);
}

TEST("a report says each quality of the clock that there is, or none, and no other")
{
    static struct fg_sync_reports reports;
    static struct fg_sync_reports back;
    struct fg_error error = {0};
    size_t length = 0;

    for (unsigned quality = 0; quality < 256; quality++) {
        bool good = quality == 0 || quality == FG_CLOCK_UNKNOWN || quality == FG_CLOCK_INFORMATIVE ||
                    quality == FG_CLOCK_SYNCHRONISED;

        report_fill(&reports.self);
        reports.self.clock_quality = (uint8_t)quality;
        reports.self.list_id[0] = '\0';
        CHECK_INT(fg_sync_reports_encode(&reports, wire, FG_SYNC_REPORT_BYTES_MAX, &length, &error),
                  good ? FG_OK : FG_E_RANGE);
    }
    reports.below_count = 2;
    reports.self.clock_quality = 0;
    report_fill(&reports.below[0]);
    report_fill(&reports.below[1]);
    reports.below[1].device[0] = '\0';
    CHECK_INT(fg_sync_reports_encode(&reports, wire, FG_SYNC_REPORT_BYTES_MAX, &length, &error), FG_E_RANGE);
    (void)strcpy(reports.below[1].device, "d");
    reports.below[1].list_id[0] = '/';
    CHECK_INT(fg_sync_reports_encode(&reports, wire, FG_SYNC_REPORT_BYTES_MAX, &length, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "report of d: its list id");
    reports.below[1].list_id[0] = '\0';
    CHECK_OK(fg_sync_reports_encode(&reports, wire, FG_SYNC_REPORT_BYTES_MAX, &length, &error), &error);
    CHECK_OK(fg_sync_reports_decode(wire, length, &back, &error), &error);
    CHECK_INT(back.below_count, 2);
    CHECK_TEXT(back.below[1].device, "d");
    CHECK_TEXT(back.below[1].list_id, "");
}
