/* BAD-INPUT-IS-SAFE: a message of exactly its largest length is read, also when what fills it is from a later
 * version, and one of a byte more is not looked at. */
#include <string.h>

#include "proto/journal/chain.h"
#include "proto/journal/clock_statement.h"
#include "proto/journal/entry.h"
#include "proto/journal/mark.h"
#include "proto/journal/sync.h"
#include "proto/key/enrol.h"
#include "tests/lib/check.h"

static struct fg_error error;
static uint8_t bytes[FG_SYNC_BATCH_BYTES_MAX + 64];

/* Fills a message up with a field that nobody knows: number 1000, bytes. */
static void fill(size_t length, size_t whole)
{
    size_t count = whole - length - 5; /* key of two bytes, length of three */

    CHECK(length + 5 <= whole && whole < sizeof(bytes));
    bytes[length] = 0xc2;
    bytes[length + 1] = 0x3e;
    bytes[length + 2] = (uint8_t)(0x80 | (count & 0x7f));
    bytes[length + 3] = (uint8_t)(0x80 | (count >> 7 & 0x7f));
    bytes[length + 4] = (uint8_t)(count >> 14);
    memset(bytes + length + 5, 0, count + 1);
}

#define CHECK_EXACT(length, most, call)                                                                      \
    do {                                                                                                     \
        size_t exact_length = (length);                                                                      \
        size_t whole = (most);                                                                               \
        fill(exact_length, whole);                                                                           \
        CHECK_OK(call, &error);                                                                              \
        whole++;                                                                                             \
        CHECK_INT(call, FG_E_SIZE);                                                                          \
    } while (0)

TEST("messages between the hops are read at exactly their largest length")
{
    static struct fg_sync_answer answer = {.verdict = FG_SYNC_HELD, .next_sequence = 2};
    static struct fg_sync_report_answer told = {.wall_ms = 1};
    static struct fg_sync_reports reports;
    static struct fg_sync_batch batch;
    size_t length = 0;

    CHECK_OK(fg_sync_answer_encode(&answer, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_EXACT(length, FG_SYNC_ANSWER_BYTES_MAX, fg_sync_answer_decode(bytes, whole, &answer, &error));
    CHECK_OK(fg_sync_report_answer_encode(&told, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_EXACT(length, FG_SYNC_ANSWER_BYTES_MAX, fg_sync_report_answer_decode(bytes, whole, &told, &error));
    memcpy(reports.self.device, "d", 2);
    CHECK_OK(fg_sync_reports_encode(&reports, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_EXACT(length, FG_SYNC_REPORT_BYTES_MAX, fg_sync_reports_decode(bytes, whole, &reports, &error));
    memcpy(batch.controller, "c", 2);
    batch.first_sequence = batch.count = 1;
    batch.entries[0] = (struct fg_sync_slice){.bytes = (const uint8_t *)"x", .length = 1};
    CHECK_OK(fg_sync_batch_encode(&batch, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_EXACT(length, FG_SYNC_BATCH_BYTES_MAX, fg_sync_batch_decode(bytes, whole, &batch, &error));
    bytes[length] = 0x08; /* a byte that is the beginning of a field */
    CHECK_INT(fg_sync_batch_decode(bytes, length + 1, &batch, &error), FG_E_FORMAT);
    bytes[length] = 0;
    CHECK_INT(fg_sync_batch_decode(bytes, length + 1, &batch, &error), FG_E_FORMAT);
}

TEST("messages of enrolment are read at exactly their largest length")
{
    static struct fg_enrol_request request = {.role = "station", .request_length = 1};
    static struct fg_enrol_answer answer;
    size_t length = 0;

    CHECK_OK(fg_enrol_request_encode(&request, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_EXACT(length, FG_ENROL_BYTES_MAX, fg_enrol_request_decode(bytes, whole, &request, &error));
    CHECK_OK(fg_enrol_answer_encode(&answer, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_EXACT(length, FG_ENROL_BYTES_MAX, fg_enrol_answer_decode(bytes, whole, &answer, &error));
}

TEST("an entry, a head, a receipt, a mark and a clock statement are read at exactly their largest length")
{
    struct fg_entry entry = {.controller = "c",
                             .sequence = 1,
                             .boot = 1,
                             .kind = FG_ENTRY_BOOT,
                             .clock_quality = FG_CLOCK_INFORMATIVE};
    struct fg_head head = {.controller = "c", .sequence = 1};
    struct fg_receipt receipt = {.controller = "c", .next_sequence = 3};
    struct fg_mark mark = {
        .controller = "c", .sequence = 1, .receipt = {.controller = "c", .next_sequence = 3}};
    struct fg_clock_statement statement = {.controller = "c", .reason = "r", .sequence = 1, .floor_ms = 1};
    struct fg_private_key key;
    struct fg_signature signature = {{0}};
    size_t length = 0;

    CHECK_OK(fg_private_key_new(&key, &error), &error);
    CHECK_OK(fg_entry_encode(&entry, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_EXACT(length, FG_ENTRY_BYTES_MAX, fg_entry_decode(bytes, whole, &entry, &error));
    CHECK_OK(fg_head_encode(&head, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_EXACT(length, FG_STATEMENT_BYTES_MAX, fg_head_decode(bytes, whole, &head, &signature, &error));
    CHECK_OK(fg_receipt_encode(&receipt, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_EXACT(length, FG_STATEMENT_BYTES_MAX,
                fg_receipt_decode(bytes, whole, &receipt, &signature, &error));
    CHECK_OK(fg_mark_encode(&mark, &signature, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_EXACT(length, FG_MARK_BYTES_MAX, fg_mark_decode(bytes, whole, &mark, &signature, &error));
    CHECK_OK(fg_clock_statement_sign(&statement, &key, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_EXACT(length, FG_CLOCK_STATEMENT_BYTES_MAX,
                fg_clock_statement_verify(bytes, whole, &key.public_key, 1, &statement, &error));
}
