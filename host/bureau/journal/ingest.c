/* Implementation of taking in journal batches (ingest.h).
 *
 * A batch is judged outside of the transaction, so that no lock is held meanwhile; the transaction then moves
 * the head only from the very state that was judged (compare and swap), and the batch is judged again when
 * somebody else moved it. */
#include "host/bureau/journal/ingest.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/journal/evidence.h"
#include "host/bureau/journal/gnutls_signature.h"
#include "host/bureau/journal/journal_columns.h"
#include "proto/journal/batch_judge.h"
#include "proto/key/enrol.h"

#define TRIES_MAX 8

/* How far a journal is held. */
struct held {
    uint64_t next_sequence;
    struct fg_digest head;
    bool gap;
    size_t receipt_length;
    uint8_t receipt[FG_STATEMENT_BYTES_MAX];
};

/* One batch on its way in. */
struct intake {
    struct fg_sql *sql;
    const struct fg_ingest_settings *settings;
    const struct fg_peer *peer;
    const struct fg_sync_batch *batch;
    int64_t now_ms;
    struct fg_origin origin;
    struct held held;
    struct fg_batch_held touched; /* what is held, as far as the batch touches it */
    struct fg_batch_judgement judgement;
    struct fg_suspensions suspensions; /* of the controller, while the batch is stored */
    bool answered;                     /* *answer is set: there is nothing more to do */
    struct fg_sync_answer *answer;
    struct fg_error *error;
};

static void answer_set(struct intake *intake, enum fg_sync_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void answer_set(struct intake *intake, enum fg_sync_verdict verdict, const char *format, ...)
{
    struct fg_sync_answer *answer = intake->answer;
    va_list arguments;

    intake->answered = true;
    memset(answer, 0, sizeof(*answer));
    answer->verdict = (uint8_t)verdict;
    answer->next_sequence = intake->held.next_sequence;
    answer->receipt_length = intake->held.receipt_length;
    memcpy(answer->receipt, intake->held.receipt, intake->held.receipt_length);
    va_start(arguments, format);
    (void)vsnprintf(answer->text, sizeof(answer->text), format, arguments);
    va_end(arguments);
}

/* ---- who may send ---- */

static bool peer_may_send(const struct intake *intake)
{
    const struct fg_peer *peer = intake->peer;

    if (peer->kind != FG_PEER_CERTIFIED)
        return false;
    if (strcmp(peer->role, FG_ROLE_CONTROLLER) == 0)
        return strcmp(peer->id, intake->batch->controller) == 0;
    return strcmp(peer->role, FG_ROLE_STATION) == 0 && intake->origin.station[0] != '\0' &&
           strcmp(peer->id, intake->origin.station) == 0;
}

/* Answers who may not send; a stranger learns nothing of what is held. */
static enum fg_err origin_check(struct intake *intake)
{
    const struct fg_device_lookup *directory = &intake->settings->directory;
    const char *controller = intake->batch->controller;
    enum fg_err result =
        directory->lookup(directory->context, intake->sql, controller, &intake->origin, intake->error);

    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    if (result == FG_E_NOT_FOUND || !peer_may_send(intake))
        answer_set(intake, FG_SYNC_REFUSED, "%s %s may not send entries of %s", intake->peer->role,
                   intake->peer->id, controller);
    return FG_OK;
}

/* ---- what is held ---- */

static enum fg_err digest_take(const struct fg_sql_statement *row, unsigned column, const char *controller,
                               struct fg_digest *ret_digest, struct fg_error *error)
{
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, column, &length);

    if (length != FG_DIGEST_BYTES)
        return fg_fail(error, FG_E_CORRUPT, "journal of %s: a stored hash has %zu bytes; verify the store",
                       controller, length);
    memcpy(ret_digest->bytes, bytes, FG_DIGEST_BYTES);
    return FG_OK;
}

/* The receipt for what is held, as it should be. Signing again gives the same bytes (gnutls_signature.h). */
static enum fg_err receipt_sign(const struct intake *intake, struct held *held)
{
    struct fg_receipt receipt = {.next_sequence = held->next_sequence, .head = held->head};
    struct fg_signature signature;
    enum fg_err result;

    memcpy(receipt.controller, intake->batch->controller, sizeof(receipt.controller));
    result = fg_gnutls_receipt_sign(&receipt, intake->settings->receipt_key, &signature, intake->error);
    if (result == FG_OK)
        result = fg_receipt_encode(&receipt, &signature, held->receipt, sizeof(held->receipt),
                                   &held->receipt_length, intake->error);
    return result;
}

/* Did the controller itself sign the head that the row speaks of? */
static enum fg_err head_prove(const struct intake *intake)
{
    struct fg_sql_statement *statement;
    struct fg_head head = {.sequence = intake->held.next_sequence - 1, .hash = intake->held.head};
    struct fg_signature signature;
    size_t length = 0;
    const uint8_t *bytes;
    bool good = false;
    enum fg_err result = fg_sql_prepare(
        intake->sql, "SELECT hash, head_signature FROM journal_entry WHERE controller = $1 AND sequence = $2",
        &statement, intake->error);

    if (result != FG_OK)
        return result;
    memcpy(head.controller, intake->batch->controller, sizeof(head.controller));
    fg_sql_bind_text(statement, 1, head.controller);
    fg_sql_bind_int(statement, 2, (int64_t)head.sequence);
    result = fg_sql_next(statement, intake->error);
    if (result == FG_OK) {
        bytes = fg_sql_bytes(statement, 0, &length);
        good = length == FG_DIGEST_BYTES && memcmp(bytes, head.hash.bytes, FG_DIGEST_BYTES) == 0;
        bytes = fg_sql_bytes(statement, 1, &length);
        good = good && length == FG_SIGNATURE_BYTES;
        if (good)
            memcpy(signature.bytes, bytes, FG_SIGNATURE_BYTES);
        fg_sql_reset(statement);
    }
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    if (good && fg_gnutls_head_verify(&head, &signature, &intake->origin.device_key, NULL) == FG_OK)
        return FG_OK;
    return fg_fail(intake->error, FG_E_CORRUPT,
                   "journal of %s: its head row says that entry %" PRIu64
                   " is held, but neither its receipt nor the entry proves it; verify the store",
                   intake->batch->controller, head.sequence);
}

/* How far a journal is held steers what is asked of its controller, so the row alone is not believed: its
 * receipt must be ours and say the same. One that an earlier key signed is replaced when the controller's own
 * signature proves the row. */
static enum fg_err held_prove(struct intake *intake)
{
    struct held fresh = intake->held;
    enum fg_err result;

    if (intake->held.receipt_length == 0 && intake->held.next_sequence == 1)
        return FG_OK; /* only a gap was ever seen */
    result = receipt_sign(intake, &fresh);
    if (result != FG_OK || (fresh.receipt_length == intake->held.receipt_length &&
                            memcmp(fresh.receipt, intake->held.receipt, fresh.receipt_length) == 0))
        return result;
    result = head_prove(intake);
    if (result == FG_OK)
        intake->held = fresh;
    return result;
}

static enum fg_err held_row_take(struct intake *intake, const struct fg_sql_statement *row)
{
    struct held *held = &intake->held;
    const uint8_t *receipt;
    enum fg_err result;

    held->next_sequence = (uint64_t)fg_sql_int(row, 0);
    held->gap = fg_sql_int(row, 3) != 0;
    result = digest_take(row, 1, intake->batch->controller, &held->head, intake->error);
    receipt = fg_sql_bytes(row, 2, &held->receipt_length);
    if (result == FG_OK && (held->receipt_length > sizeof(held->receipt) || held->next_sequence == 0))
        result = fg_fail(intake->error, FG_E_CORRUPT, "journal of %s: its head row is impossible",
                         intake->batch->controller);
    if (result == FG_OK && held->receipt_length > 0)
        memcpy(held->receipt, receipt, held->receipt_length);
    if (result != FG_OK)
        held->receipt_length = 0;
    return result;
}

static enum fg_err held_read(struct intake *intake)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(intake->sql,
                                        "SELECT next_sequence, head, receipt, gap_since_ms FROM journal_head "
                                        "WHERE controller = $1",
                                        &statement, intake->error);

    memset(&intake->held, 0, sizeof(intake->held));
    intake->held.next_sequence = 1;
    fg_chain_start(intake->batch->controller, &intake->held.head);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, intake->batch->controller);
    result = fg_sql_next(statement, intake->error);
    if (result == FG_OK)
        result = held_row_take(intake, statement);
    fg_sql_reset(statement);
    if (result == FG_OK)
        result = held_prove(intake);
    if (result != FG_OK)
        intake->held.receipt_length = 0;
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- what the batch touches of it ---- */

/* Steps to the row of the sequence number that must be next. */
static enum fg_err stored_next(struct intake *intake, struct fg_sql_statement *statement, uint64_t sequence,
                               struct fg_digest *ret_hash)
{
    const char *controller = intake->batch->controller;
    enum fg_err result = fg_sql_next(statement, intake->error);

    if (result == FG_E_NOT_FOUND || (result == FG_OK && (uint64_t)fg_sql_int(statement, 0) != sequence))
        return fg_fail(intake->error, FG_E_CORRUPT,
                       "journal of %s: entry %" PRIu64 " is missing in the store; verify the store",
                       controller, sequence);
    if (result != FG_OK)
        return result;
    return digest_take(statement, 1, controller, ret_hash, intake->error);
}

static enum fg_err overlap_read(struct intake *intake, size_t overlap)
{
    const struct fg_sync_batch *batch = intake->batch;
    struct fg_batch_held *touched = &intake->touched;
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(intake->sql,
                       "SELECT sequence, hash FROM journal_entry WHERE controller = $1 AND sequence >= $2 "
                       "AND sequence <= $3 ORDER BY sequence",
                       &statement, intake->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, batch->controller);
    fg_sql_bind_int(statement, 2, (int64_t)batch->first_sequence - 1);
    fg_sql_bind_int(statement, 3, (int64_t)(batch->first_sequence + overlap - 1));
    fg_chain_start(batch->controller, &touched->previous);
    if (batch->first_sequence > 1)
        result = stored_next(intake, statement, batch->first_sequence - 1, &touched->previous);
    for (size_t i = 0; result == FG_OK && i < overlap; i++)
        result = stored_next(intake, statement, batch->first_sequence + i, &touched->hashes[i]);
    fg_sql_reset(statement);
    return result;
}

static enum fg_err touched_read(struct intake *intake)
{
    size_t overlap = fg_batch_overlap(intake->batch, intake->held.next_sequence);

    intake->touched.next_sequence = intake->held.next_sequence;
    intake->touched.head = intake->held.head;
    return overlap > 0 ? overlap_read(intake, overlap) : FG_OK;
}

static bool is_signed(void *context, const struct fg_head *head, const struct fg_signature *signature)
{
    const struct intake *intake = context;

    return fg_gnutls_head_verify(head, signature, &intake->origin.device_key, NULL) == FG_OK;
}

/* ---- what contradicts it ---- */

static enum fg_err evidence_keep(struct intake *intake, enum fg_evidence kind, uint64_t sequence)
{
    struct fg_evidence_note note = {.kind = kind,
                                    .peer = intake->peer,
                                    .station = intake->origin.station,
                                    .sequence = sequence,
                                    .is_signed = intake->judgement.is_signed};

    return fg_evidence_keep(intake->sql, intake->batch, &note, intake->now_ms, intake->error);
}

static enum fg_err fork_answer(struct intake *intake)
{
    uint64_t sequence = intake->batch->first_sequence + intake->judgement.fork;
    enum fg_err result = evidence_keep(intake, FG_EVIDENCE_FORK, sequence);

    if (result == FG_OK)
        answer_set(intake, FG_SYNC_FORK, "entry %" PRIu64 " differs from the one held; both are kept",
                   sequence);
    return result;
}

static enum fg_err unsigned_answer(struct intake *intake)
{
    const struct fg_sync_batch *batch = intake->batch;
    enum fg_err result = evidence_keep(intake, FG_EVIDENCE_HEAD, batch->first_sequence);

    if (result == FG_OK)
        answer_set(intake, FG_SYNC_REFUSED,
                   "the head signature after entry %" PRIu64
                   " is invalid: the entries are not this controller's, "
                   "or do not continue what is held",
                   batch->first_sequence + batch->count - 1);
    return result;
}

/* ---- gaps ---- */

static enum fg_err gap_note(struct intake *intake)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        intake->sql,
        "INSERT INTO journal_head (controller, next_sequence, head, receipt, station, arrived_ms, "
        "gap_since_ms, gap_sequence) VALUES ($1, 1, $2, $3, $4, 0, $5, $6) ON CONFLICT (controller) DO "
        "UPDATE "
        "SET gap_since_ms = excluded.gap_since_ms, gap_sequence = excluded.gap_sequence "
        "WHERE journal_head.gap_since_ms = 0",
        &statement, intake->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, intake->batch->controller);
    fg_sql_bind_bytes(statement, 2, intake->held.head.bytes, FG_DIGEST_BYTES);
    fg_sql_bind_bytes(statement, 3, "", 0);
    fg_sql_bind_text(statement, 4, intake->origin.station);
    fg_sql_bind_int(statement, 5, intake->now_ms);
    fg_sql_bind_int(statement, 6, (int64_t)intake->batch->first_sequence);
    return fg_sql_run(statement, NULL, intake->error);
}

static enum fg_err gap_answer(struct intake *intake)
{
    enum fg_err result = intake->held.gap ? FG_OK : gap_note(intake);

    if (result != FG_OK)
        return result;
    answer_set(intake, FG_SYNC_GAP, "entries %" PRIu64 " to %" PRIu64 " are missing here",
               intake->held.next_sequence, intake->batch->first_sequence - 1);
    return FG_OK;
}

/* ---- new entries ---- */

/* The state after the batch, with its receipt. */
static enum fg_err receipt_make(const struct intake *intake, struct held *ret_held)
{
    const struct fg_sync_batch *batch = intake->batch;

    memset(ret_held, 0, sizeof(*ret_held));
    ret_held->next_sequence = batch->first_sequence + batch->count;
    ret_held->head = intake->judgement.hashes[batch->count - 1];
    return receipt_sign(intake, ret_held);
}

/* Moves the head from the state that was checked; FG_E_BUSY when it is another by now. */
static enum fg_err head_move(const struct intake *intake, const struct held *after)
{
    struct fg_sql_statement *statement;
    int64_t changed = 0;
    enum fg_err result = fg_sql_prepare(
        intake->sql,
        "INSERT INTO journal_head (controller, next_sequence, head, receipt, station, arrived_ms, "
        "gap_since_ms, gap_sequence) VALUES ($1, $2, $3, $4, $5, $6, 0, 0) ON CONFLICT (controller) DO "
        "UPDATE "
        "SET next_sequence = excluded.next_sequence, head = excluded.head, receipt = excluded.receipt, "
        "station = excluded.station, arrived_ms = excluded.arrived_ms, gap_since_ms = 0, gap_sequence = 0 "
        "WHERE journal_head.next_sequence = $7 AND journal_head.head = $8",
        &statement, intake->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, intake->batch->controller);
    fg_sql_bind_int(statement, 2, (int64_t)after->next_sequence);
    fg_sql_bind_bytes(statement, 3, after->head.bytes, FG_DIGEST_BYTES);
    fg_sql_bind_bytes(statement, 4, after->receipt, after->receipt_length);
    fg_sql_bind_text(statement, 5, intake->origin.station);
    fg_sql_bind_int(statement, 6, intake->now_ms);
    fg_sql_bind_int(statement, 7, (int64_t)intake->held.next_sequence);
    fg_sql_bind_bytes(statement, 8, intake->held.head.bytes, FG_DIGEST_BYTES);
    result = fg_sql_run(statement, &changed, intake->error);
    if (result == FG_OK && changed != 1)
        return fg_fail(intake->error, FG_E_BUSY, "journal of %s: another batch of it arrived in the meantime",
                       intake->batch->controller);
    return result;
}

static enum fg_err entries_add(const struct intake *intake)
{
    const struct fg_sync_batch *batch = intake->batch;
    struct fg_sql_value values[FG_JOURNAL_COLUMN_COUNT];
    struct fg_sql_bulk *bulk = NULL;
    struct fg_entry entry;
    enum fg_err finished;
    enum fg_err result =
        fg_sql_bulk_start(intake->sql, "journal_entry", FG_JOURNAL_COLUMNS, &bulk, intake->error);

    if (result != FG_OK)
        return result;
    for (size_t i = intake->judgement.overlap; result == FG_OK && i < batch->count; i++) {
        struct fg_journal_place place = {
            .controller = batch->controller,
            .sequence = batch->first_sequence + i,
            .bytes = batch->entries[i].bytes,
            .length = batch->entries[i].length,
            .hash = &intake->judgement.hashes[i],
            .head_signature = i + 1 == batch->count ? &batch->head_signature : NULL,
            .station = intake->origin.station,
            .arrived_ms = intake->now_ms,
            .suspensions = &intake->suspensions,
        };

        fg_journal_values(&place, &entry, fg_journal_marks(&place, &entry), values);
        result = fg_sql_bulk_add(bulk, values, FG_JOURNAL_COLUMN_COUNT, intake->error);
    }
    finished = fg_sql_bulk_finish(bulk, result == FG_OK ? intake->error : NULL);
    return result == FG_OK ? finished : result;
}

/* Within the transaction that stores the batch: from head_move on nobody suspends or releases the controller.
 * Answers a suspended one that has handed in enough. */
static enum fg_err suspensions_check(struct intake *intake)
{
    const struct fg_sync_batch *batch = intake->batch;
    uint64_t limit;
    enum fg_err result =
        fg_suspensions_read(intake->sql, batch->controller, &intake->suspensions, intake->error);

    if (result != FG_OK)
        return result;
    limit = fg_suspensions_limit(&intake->suspensions, intake->settings->suspended_a_day, intake->now_ms);
    if (batch->first_sequence + batch->count <= limit)
        return FG_OK;
    answer_set(intake, FG_SYNC_BUSY, "%s is suspended and has handed in enough for today", batch->controller);
    return FG_OK;
}

/* One transaction: head first, so that two batches of one controller wait for each other there. */
static enum fg_err batch_store(struct intake *intake)
{
    struct held after;
    enum fg_err result = receipt_make(intake, &after);

    if (result == FG_OK)
        result = fg_sql_begin(intake->sql, intake->error);
    if (result != FG_OK)
        return result;
    result = head_move(intake, &after);
    if (result == FG_OK)
        result = suspensions_check(intake);
    if (result == FG_OK && !intake->answered)
        result = entries_add(intake);
    fg_suspensions_free(&intake->suspensions);
    if (result == FG_OK && !intake->answered)
        result = fg_sql_commit(intake->sql, intake->error);
    if (result != FG_OK || intake->answered) {
        fg_sql_rollback(intake->sql);
        return result == FG_E_EXISTS
                   ? fg_fail(intake->error, FG_E_CORRUPT,
                             "journal of %s: the store has entries after its head; verify the store",
                             intake->batch->controller)
                   : result;
    }
    intake->held = after;
    return FG_OK;
}

static enum fg_err new_store(struct intake *intake)
{
    const struct fg_sync_batch *batch = intake->batch;
    size_t fresh = batch->count - intake->judgement.overlap;
    enum fg_err result = fresh > 0 ? batch_store(intake) : FG_OK;

    if (result == FG_OK && !intake->answered)
        answer_set(intake, FG_SYNC_HELD, "%zu entries, %zu of them new", batch->count, fresh);
    return result;
}

static enum fg_err batch_take(struct intake *intake)
{
    enum fg_err result = held_read(intake);

    if (result == FG_OK)
        result = touched_read(intake);
    if (result != FG_OK)
        return result;
    fg_batch_judge(&intake->touched, intake->batch, is_signed, intake, &intake->judgement);
    switch (intake->judgement.verdict) {
    case FG_SYNC_GAP:
        return gap_answer(intake);
    case FG_SYNC_FORK:
        return fork_answer(intake);
    case FG_SYNC_REFUSED:
        return unsigned_answer(intake);
    default:
        return new_store(intake);
    }
}

enum fg_err fg_ingest_batch(struct fg_sql *sql, const struct fg_ingest_settings *settings,
                            const struct fg_peer *peer, const struct fg_sync_batch *batch, int64_t now_ms,
                            struct fg_sync_answer *ret_answer, struct fg_error *error)
{
    struct fg_error ours;
    struct fg_sync_answer answer;
    struct intake *intake;
    enum fg_err result;

    if (!fg_batch_is_possible(batch))
        return fg_fail(error, FG_E_RANGE, "batch of %s: impossible count or sequence", batch->controller);
    intake = calloc(1, sizeof(*intake));
    if (intake == NULL)
        return fg_fail(error, FG_E_MEMORY, "batch of %s: no memory", batch->controller);
    *intake = (struct intake){.sql = sql,
                              .settings = settings,
                              .peer = peer,
                              .batch = batch,
                              .now_ms = now_ms,
                              .answer = &answer,
                              .error = error != NULL ? error : &ours};
    result = origin_check(intake);
    if (result == FG_OK && !intake->answered) {
        result = FG_E_BUSY;
        for (int i = 0; i < TRIES_MAX && (result == FG_E_BUSY || result == FG_E_GONE); i++)
            result = batch_take(intake);
    }
    if (result == FG_E_BUSY || result == FG_E_GONE || result == FG_E_TIMEOUT) {
        intake->held.receipt_length = 0;
        answer_set(intake, FG_SYNC_BUSY, "the bureau's database is busy; try again");
        result = FG_OK;
    }
    if (result == FG_OK)
        *ret_answer = answer;
    free(intake);
    return result;
}
