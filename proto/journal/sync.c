/* Implementation of the sync messages (sync.h). The batch is written and read field by field, because its
 * entries are slices of the caller's bytes and never copied; the others go through nanopb's structs. */
#include "proto/journal/sync.h"

#include <assert.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "proto/journal/sync.pb.h"

/* Numbers are stored as signed 64-bit integers at every hop. */
#define SEQUENCE_MAX ((uint64_t)INT64_MAX - FG_SYNC_BATCH_ENTRIES_MAX)

static_assert(FgJournalAnswer_size <= FG_SYNC_ANSWER_BYTES_MAX, "an answer fits");
static_assert(FgReportAnswer_size <= FG_SYNC_ANSWER_BYTES_MAX, "a report's answer fits");
static_assert(FgReportBatch_size <= FG_SYNC_REPORT_BYTES_MAX, "reports fit");
static_assert(sizeof(((FgJournalAnswer *)0)->text) == FG_SYNC_TEXT_MAX + 1, "text sizes agree");
static_assert(sizeof(((FgJournalAnswer *)0)->receipt.bytes) == FG_STATEMENT_BYTES_MAX, "receipt sizes agree");
static_assert(sizeof(((FgReportAnswer *)0)->trail_head.bytes) == FG_STATEMENT_BYTES_MAX, "head sizes agree");
static_assert(sizeof(((FgReport *)0)->device) == FG_NAME_MAX + 1, "name sizes agree");
static_assert(sizeof(((FgReportBatch *)0)->below) / sizeof(FgReport) == FG_SYNC_REPORTS_MAX, "counts agree");

/* Ids as configurations allow them, so that they can stand in paths, logs and file names. */
static bool name_is_good(const char *name)
{
    size_t length = strnlen(name, FG_NAME_MAX + 1);

    return length > 0 && length <= FG_NAME_MAX &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

/* A text ends in a log: what is not printable ASCII becomes '?'. */
static void copy_text(char *to, const char *from, size_t size)
{
    size_t length = strnlen(from, size - 1);

    memset(to, 0, size);
    for (size_t i = 0; i < length; i++)
        to[i] = (char)(from[i] < ' ' || from[i] > '~' ? '?' : from[i]);
}

/* ---- batch ---- */

static enum fg_err check_batch_head(const char *controller, uint64_t first_sequence, size_t count,
                                    struct fg_error *error)
{
    if (!name_is_good(controller))
        return fg_fail(error, FG_E_RANGE, "journal batch: its controller id is empty or not an id");
    if (first_sequence == 0 || first_sequence > SEQUENCE_MAX)
        return fg_fail(error, FG_E_RANGE, "journal batch of %s: it begins at entry %llu, the first is 1",
                       controller, (unsigned long long)first_sequence);
    if (count == 0 || count > FG_SYNC_BATCH_ENTRIES_MAX)
        return fg_fail(error, FG_E_RANGE, "journal batch of %s: %zu entries, 1 to %d are allowed", controller,
                       count, FG_SYNC_BATCH_ENTRIES_MAX);
    return FG_OK;
}

static bool put_bytes(pb_ostream_t *stream, uint32_t tag, const void *bytes, size_t length)
{
    return pb_encode_tag(stream, PB_WT_STRING, tag) && pb_encode_string(stream, bytes, length);
}

enum fg_err fg_sync_batch_encode(const struct fg_sync_batch *batch, uint8_t *buffer, size_t capacity,
                                 size_t *ret_length, struct fg_error *error)
{
    size_t room = capacity < FG_SYNC_BATCH_BYTES_MAX ? capacity : FG_SYNC_BATCH_BYTES_MAX;
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, room);
    enum fg_err code = check_batch_head(batch->controller, batch->first_sequence, batch->count, error);
    bool ok;

    if (code != FG_OK)
        return code;
    ok = put_bytes(&stream, FgJournalBatch_controller_tag, batch->controller, strlen(batch->controller)) &&
         pb_encode_tag(&stream, PB_WT_VARINT, FgJournalBatch_first_sequence_tag) &&
         pb_encode_varint(&stream, batch->first_sequence);
    for (size_t i = 0; ok && i < batch->count; i++) {
        const struct fg_sync_slice *entry = &batch->entries[i];

        if (entry->length == 0 || entry->length > FG_ENTRY_BYTES_MAX)
            return fg_fail(error, FG_E_RANGE,
                           "journal batch of %s: entry %llu has %zu bytes, 1 to %d are allowed",
                           batch->controller, (unsigned long long)(batch->first_sequence + i), entry->length,
                           FG_ENTRY_BYTES_MAX);
        ok = put_bytes(&stream, FgJournalBatch_entries_tag, entry->bytes, entry->length);
    }
    ok = ok && put_bytes(&stream, FgJournalBatch_head_signature_tag, batch->head_signature.bytes,
                         FG_SIGNATURE_BYTES);
    if (!ok)
        return fg_fail(error, FG_E_SIZE, "journal batch of %s: it does not fit into %zu bytes",
                       batch->controller, room);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

/* Reads the length of a field of bytes and gives where they stand in the message; the stream moves on. */
static bool take_slice(pb_istream_t *stream, const uint8_t *message, size_t length,
                       struct fg_sync_slice *ret_slice)
{
    uint32_t size = 0;

    if (!pb_decode_varint32(stream, &size) || size > stream->bytes_left)
        return false;
    ret_slice->bytes = message + (length - stream->bytes_left);
    ret_slice->length = size;
    return pb_read(stream, NULL, size);
}

/* One field of a batch into *batch; false: it does not parse. A wrong size sets *ret_code. */
static bool take_batch_field(pb_istream_t *stream, const uint8_t *bytes, size_t length, uint32_t tag,
                             pb_wire_type_t type, struct fg_sync_batch *batch, bool *ret_signed,
                             struct fg_error *error, enum fg_err *ret_code)
{
    struct fg_sync_slice slice;

    if (tag == FgJournalBatch_first_sequence_tag && type == PB_WT_VARINT)
        return pb_decode_varint(stream, &batch->first_sequence);
    if (type != PB_WT_STRING || tag > FgJournalBatch_head_signature_tag)
        return pb_skip_field(stream, type);
    if (!take_slice(stream, bytes, length, &slice))
        return false;
    if (tag == FgJournalBatch_controller_tag) {
        memset(batch->controller, 0, sizeof(batch->controller));
        if (slice.length > FG_NAME_MAX || memchr(slice.bytes, '\0', slice.length) != NULL)
            *ret_code = fg_fail(error, FG_E_RANGE, "journal batch: its controller id is too long");
        else
            memcpy(batch->controller, slice.bytes, slice.length);
    } else if (tag == FgJournalBatch_entries_tag) {
        if (batch->count == FG_SYNC_BATCH_ENTRIES_MAX)
            *ret_code =
                fg_fail(error, FG_E_RANGE, "journal batch: more than %d entries", FG_SYNC_BATCH_ENTRIES_MAX);
        else if (slice.length == 0 || slice.length > FG_ENTRY_BYTES_MAX)
            *ret_code = fg_fail(error, FG_E_RANGE,
                                "journal batch: its entry number %zu has %zu bytes, 1 to %d are allowed",
                                batch->count + 1, slice.length, FG_ENTRY_BYTES_MAX);
        else
            batch->entries[batch->count++] = slice;
    } else if (tag == FgJournalBatch_head_signature_tag) {
        *ret_signed = slice.length == FG_SIGNATURE_BYTES;
        if (*ret_signed)
            memcpy(batch->head_signature.bytes, slice.bytes, FG_SIGNATURE_BYTES);
    }
    return true;
}

enum fg_err fg_sync_batch_decode(const uint8_t *bytes, size_t length, struct fg_sync_batch *ret_batch,
                                 struct fg_error *error)
{
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);
    struct fg_sync_batch batch;
    bool is_signed = false;
    enum fg_err code = FG_OK;

    if (length > FG_SYNC_BATCH_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "journal batch: %zu bytes, at most %d are allowed", length,
                       FG_SYNC_BATCH_BYTES_MAX);
    memset(&batch, 0, sizeof(batch));
    while (stream.bytes_left > 0) {
        size_t at = length - stream.bytes_left;
        pb_wire_type_t type = PB_WT_VARINT;
        uint32_t tag = 0;
        bool end = false;

        if (!pb_decode_tag(&stream, &type, &tag, &end) || tag == 0 ||
            !take_batch_field(&stream, bytes, length, tag, type, &batch, &is_signed, error, &code))
            return fg_fail(error, FG_E_FORMAT, "journal batch: no such message, wrong near byte %zu", at);
        if (code != FG_OK)
            return code;
    }
    code = check_batch_head(batch.controller, batch.first_sequence, batch.count, error);
    if (code != FG_OK)
        return code;
    if (!is_signed)
        return fg_fail(error, FG_E_FORMAT, "journal batch of %s: its head signature is missing or cut",
                       batch.controller);
    *ret_batch = batch;
    return FG_OK;
}

enum fg_err fg_sync_batch_verify(const struct fg_sync_batch *batch, size_t skip,
                                 const struct fg_digest *previous, const struct fg_public_key *device_key,
                                 struct fg_digest *ret_head, struct fg_error *error)
{
    struct fg_head head = {.hash = *previous};
    enum fg_err code;

    if (skip > batch->count)
        return fg_fail(error, FG_E_ARG, "journal batch of %s: cannot skip %zu of %zu entries",
                       batch->controller, skip, batch->count);
    memcpy(head.controller, batch->controller, sizeof(head.controller));
    head.sequence = batch->first_sequence + batch->count - 1;
    for (size_t i = skip; i < batch->count; i++)
        fg_chain_next(&head.hash, batch->entries[i].bytes, batch->entries[i].length, &head.hash);
    code = fg_head_verify(&head, &batch->head_signature, device_key, NULL);
    if (code == FG_E_AUTH)
        return fg_fail(
            error, FG_E_AUTH,
            "journal batch of %s: the signature of head %llu is invalid: entries were changed or left "
            "out, or another key signed",
            batch->controller, (unsigned long long)head.sequence);
    if (code != FG_OK)
        return fg_fail(error, code, "journal batch of %s: its head cannot be checked", batch->controller);
    *ret_head = head.hash;
    return FG_OK;
}

/* ---- answer ---- */

static enum fg_err check_answer(uint32_t verdict, uint64_t next_sequence, struct fg_error *error)
{
    if (verdict < FG_SYNC_HELD || verdict > FG_SYNC_BUSY)
        return fg_fail(error, FG_E_RANGE, "journal answer: verdict %u is not known", (unsigned)verdict);
    if ((verdict == FG_SYNC_HELD || verdict == FG_SYNC_GAP) && next_sequence == 0)
        return fg_fail(error, FG_E_RANGE, "journal answer: it does not say which entry comes next");
    return FG_OK;
}

enum fg_err fg_sync_answer_encode(const struct fg_sync_answer *answer, uint8_t *buffer, size_t capacity,
                                  size_t *ret_length, struct fg_error *error)
{
    FgJournalAnswer message = FgJournalAnswer_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);
    enum fg_err code = check_answer(answer->verdict, answer->next_sequence, error);

    if (code != FG_OK)
        return code;
    if (answer->receipt_length > FG_STATEMENT_BYTES_MAX)
        return fg_fail(error, FG_E_RANGE, "journal answer: a receipt of %zu bytes", answer->receipt_length);
    message.verdict = answer->verdict;
    message.next_sequence = answer->next_sequence;
    message.receipt.size = (pb_size_t)answer->receipt_length;
    memcpy(message.receipt.bytes, answer->receipt, answer->receipt_length);
    copy_text(message.text, answer->text, sizeof(message.text));
    if (!pb_encode(&stream, FgJournalAnswer_fields, &message))
        return fg_fail(error, FG_E_SIZE, "journal answer: it does not fit into %zu bytes", capacity);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

enum fg_err fg_sync_answer_decode(const uint8_t *bytes, size_t length, struct fg_sync_answer *ret_answer,
                                  struct fg_error *error)
{
    FgJournalAnswer message = FgJournalAnswer_init_zero;
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);
    struct fg_sync_answer answer;
    enum fg_err code;

    if (length > FG_SYNC_ANSWER_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "journal answer: %zu bytes, at most %d are allowed", length,
                       FG_SYNC_ANSWER_BYTES_MAX);
    if (!pb_decode(&stream, FgJournalAnswer_fields, &message))
        return fg_fail(error, FG_E_FORMAT, "journal answer: no such message (%s)", PB_GET_ERROR(&stream));
    code = check_answer(message.verdict, message.next_sequence, error);
    if (code != FG_OK)
        return code;
    memset(&answer, 0, sizeof(answer));
    answer.verdict = (uint8_t)message.verdict;
    answer.next_sequence = message.next_sequence;
    answer.receipt_length = message.receipt.size;
    memcpy(answer.receipt, message.receipt.bytes, message.receipt.size);
    copy_text(answer.text, message.text, sizeof(answer.text));
    *ret_answer = answer;
    return FG_OK;
}

uint16_t fg_sync_status(uint8_t verdict)
{
    switch (verdict) {
    case FG_SYNC_HELD:
        return 200;
    case FG_SYNC_GAP:
    case FG_SYNC_FORK:
        return 409;
    case FG_SYNC_REFUSED:
        return 403;
    case FG_SYNC_BUSY:
        return 503;
    default:
        return 500;
    }
}

/* ---- reports ---- */

static enum fg_err check_report(const char *device, const char *list_id, uint32_t clock_quality,
                                struct fg_error *error)
{
    if (!name_is_good(device))
        return fg_fail(error, FG_E_RANGE, "report: its device id is empty or not an id");
    if (list_id[0] != '\0' && !name_is_good(list_id))
        return fg_fail(error, FG_E_RANGE, "report of %s: its list id is not an id", device);
    if (clock_quality != 0 && clock_quality != FG_CLOCK_UNKNOWN && clock_quality != FG_CLOCK_INFORMATIVE &&
        clock_quality != FG_CLOCK_SYNCHRONISED)
        return fg_fail(error, FG_E_RANGE, "report of %s: clock quality %u is not one of U, I, S", device,
                       (unsigned)clock_quality);
    return FG_OK;
}

static enum fg_err put_report(const struct fg_sync_report *report, FgReport *message, struct fg_error *error)
{
    enum fg_err code = check_report(report->device, report->list_id, report->clock_quality, error);

    if (code != FG_OK)
        return code;
    copy_text(message->device, report->device, sizeof(message->device));
    message->wall_ms = report->wall_ms;
    message->clock_quality = report->clock_quality;
    copy_text(message->list_id, report->list_id, sizeof(message->list_id));
    message->list_version = report->list_version;
    message->list_issued_ms = report->list_issued_ms;
    message->last_sequence = report->last_sequence;
    message->unsent = report->unsent;
    message->oldest_unsent_ms = report->oldest_unsent_ms;
    message->disk_free_bytes = report->disk_free_bytes;
    copy_text(message->version, report->version, sizeof(message->version));
    message->heard_ms = report->heard_ms;
    return FG_OK;
}

static enum fg_err take_report(const FgReport *message, struct fg_sync_report *report, struct fg_error *error)
{
    enum fg_err code = check_report(message->device, message->list_id, message->clock_quality, error);

    if (code != FG_OK)
        return code;
    copy_text(report->device, message->device, sizeof(report->device));
    report->wall_ms = message->wall_ms;
    report->clock_quality = (uint8_t)message->clock_quality;
    copy_text(report->list_id, message->list_id, sizeof(report->list_id));
    report->list_version = message->list_version;
    report->list_issued_ms = message->list_issued_ms;
    report->last_sequence = message->last_sequence;
    report->unsent = message->unsent;
    report->oldest_unsent_ms = message->oldest_unsent_ms;
    report->disk_free_bytes = message->disk_free_bytes;
    copy_text(report->version, message->version, sizeof(report->version));
    report->heard_ms = message->heard_ms;
    return FG_OK;
}

static enum fg_err put_trail_heads(const struct fg_sync_reports *reports, FgReportBatch *message,
                                   struct fg_error *error)
{
    if (reports->trail_head_count > FG_SYNC_TRAIL_HEADS_MAX)
        return fg_fail(error, FG_E_RANGE, "report: %zu heads of the trail, at most %d are allowed",
                       reports->trail_head_count, FG_SYNC_TRAIL_HEADS_MAX);
    message->trail_heads_count = (pb_size_t)reports->trail_head_count;
    for (size_t i = 0; i < reports->trail_head_count; i++) {
        const struct fg_sync_trail_head *head = &reports->trail_heads[i];

        if (head->length > sizeof(head->bytes))
            return fg_fail(error, FG_E_RANGE, "report: a head of the trail of %zu bytes", head->length);
        message->trail_heads[i].size = (pb_size_t)head->length;
        memcpy(message->trail_heads[i].bytes, head->bytes, head->length);
    }
    return FG_OK;
}

static void take_trail_heads(const FgReportBatch *message, struct fg_sync_reports *reports)
{
    reports->trail_head_count = message->trail_heads_count;
    for (size_t i = 0; i < reports->trail_head_count; i++) {
        reports->trail_heads[i].length = message->trail_heads[i].size;
        memcpy(reports->trail_heads[i].bytes, message->trail_heads[i].bytes, message->trail_heads[i].size);
    }
}

enum fg_err fg_sync_reports_encode(const struct fg_sync_reports *reports, uint8_t *buffer, size_t capacity,
                                   size_t *ret_length, struct fg_error *error)
{
    FgReportBatch message = FgReportBatch_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);
    enum fg_err code;

    if (reports->below_count > FG_SYNC_REPORTS_MAX)
        return fg_fail(error, FG_E_RANGE, "report: %zu devices below, at most %d are allowed",
                       reports->below_count, FG_SYNC_REPORTS_MAX);
    message.has_self = true;
    code = put_report(&reports->self, &message.self, error);
    message.below_count = (pb_size_t)reports->below_count;
    if (code == FG_OK)
        code = put_trail_heads(reports, &message, error);
    for (size_t i = 0; code == FG_OK && i < reports->below_count; i++)
        code = put_report(&reports->below[i], &message.below[i], error);
    if (code != FG_OK)
        return code;
    if (!pb_encode(&stream, FgReportBatch_fields, &message))
        return fg_fail(error, FG_E_SIZE, "report: it does not fit into %zu bytes", capacity);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

enum fg_err fg_sync_reports_decode(const uint8_t *bytes, size_t length, struct fg_sync_reports *ret_reports,
                                   struct fg_error *error)
{
    FgReportBatch message = FgReportBatch_init_zero;
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);
    struct fg_sync_reports reports;
    enum fg_err code;

    if (length > FG_SYNC_REPORT_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "report: %zu bytes, at most %d are allowed", length,
                       FG_SYNC_REPORT_BYTES_MAX);
    if (!pb_decode(&stream, FgReportBatch_fields, &message))
        return fg_fail(error, FG_E_FORMAT, "report: no such message (%s)", PB_GET_ERROR(&stream));
    if (!message.has_self)
        return fg_fail(error, FG_E_FORMAT, "report: it says nothing about who reports");
    memset(&reports, 0, sizeof(reports));
    code = take_report(&message.self, &reports.self, error);
    take_trail_heads(&message, &reports);
    reports.below_count = message.below_count;
    for (size_t i = 0; code == FG_OK && i < reports.below_count; i++)
        code = take_report(&message.below[i], &reports.below[i], error);
    if (code == FG_OK)
        *ret_reports = reports;
    return code;
}

enum fg_err fg_sync_report_answer_encode(const struct fg_sync_report_answer *answer, uint8_t *buffer,
                                         size_t capacity, size_t *ret_length, struct fg_error *error)
{
    FgReportAnswer message = FgReportAnswer_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);

    if (answer->trail_head.length > sizeof(answer->trail_head.bytes))
        return fg_fail(error, FG_E_RANGE, "report answer: a head of the trail of %zu bytes",
                       answer->trail_head.length);
    message.wall_ms = answer->wall_ms;
    copy_text(message.text, answer->text, sizeof(message.text));
    message.trail_head.size = (pb_size_t)answer->trail_head.length;
    memcpy(message.trail_head.bytes, answer->trail_head.bytes, answer->trail_head.length);
    if (!pb_encode(&stream, FgReportAnswer_fields, &message))
        return fg_fail(error, FG_E_SIZE, "report answer: it does not fit into %zu bytes", capacity);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

enum fg_err fg_sync_report_answer_decode(const uint8_t *bytes, size_t length,
                                         struct fg_sync_report_answer *ret_answer, struct fg_error *error)
{
    FgReportAnswer message = FgReportAnswer_init_zero;
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);

    if (length > FG_SYNC_ANSWER_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "report answer: %zu bytes, at most %d are allowed", length,
                       FG_SYNC_ANSWER_BYTES_MAX);
    if (!pb_decode(&stream, FgReportAnswer_fields, &message))
        return fg_fail(error, FG_E_FORMAT, "report answer: no such message (%s)", PB_GET_ERROR(&stream));
    memset(ret_answer, 0, sizeof(*ret_answer));
    ret_answer->wall_ms = message.wall_ms;
    copy_text(ret_answer->text, message.text, sizeof(ret_answer->text));
    ret_answer->trail_head.length = message.trail_head.size;
    memcpy(ret_answer->trail_head.bytes, message.trail_head.bytes, message.trail_head.size);
    return FG_OK;
}
