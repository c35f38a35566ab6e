/* Implementation of collecting a proof from the store (proof_collect.h). */
#include "host/bureau/audit/proof_collect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The entries' bytes while the batch points into them. */
struct stretch {
    struct fg_proof proof;
    struct fg_entry entry;
    size_t used;
    uint8_t bytes[FG_SYNC_BATCH_BYTES_MAX];
};

/* ---- the entries up to a signed head ---- */

static enum fg_err entry_take(struct stretch *stretch, const struct fg_sql_statement *row, bool *ret_signed,
                              struct fg_error *error)
{
    struct fg_sync_batch *batch = &stretch->proof.batch;
    size_t length = 0;
    const uint8_t *bytes;

    if ((uint64_t)fg_sql_int(row, 0) != batch->first_sequence + batch->count)
        return fg_fail(error, FG_E_STATE, "entry %" PRIu64 " of %s is missing at the bureau",
                       batch->first_sequence + batch->count, batch->controller);
    bytes = fg_sql_bytes(row, 1, &length);
    if (batch->count == FG_SYNC_BATCH_ENTRIES_MAX || length > sizeof(stretch->bytes) - stretch->used)
        return fg_fail(error, FG_E_SIZE, "the next head that %s signed is more than %zu entries away",
                       batch->controller, batch->count);
    memcpy(stretch->bytes + stretch->used, bytes, length);
    batch->entries[batch->count++] = (struct fg_sync_slice){stretch->bytes + stretch->used, length};
    stretch->used += length;
    bytes = fg_sql_bytes(row, 2, &length);
    *ret_signed = length == FG_SIGNATURE_BYTES;
    if (*ret_signed)
        memcpy(batch->head_signature.bytes, bytes, length);
    return FG_OK;
}

static enum fg_err entries_collect(struct fg_sql *sql, struct stretch *stretch, struct fg_error *error)
{
    struct fg_sync_batch *batch = &stretch->proof.batch;
    struct fg_sql_statement *statement;
    bool is_signed = false;
    enum fg_err result = fg_sql_prepare(sql,
                                        "SELECT sequence, bytes, head_signature FROM journal_entry WHERE "
                                        "controller = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3",
                                        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, batch->controller);
    fg_sql_bind_int(statement, 2, (int64_t)batch->first_sequence);
    fg_sql_bind_int(statement, 3, FG_SYNC_BATCH_ENTRIES_MAX + 1);
    while (!is_signed && (result = fg_sql_next(statement, error)) == FG_OK) {
        if (batch->count == 0 && (uint64_t)fg_sql_int(statement, 0) != batch->first_sequence)
            result = FG_E_NOT_FOUND;
        else
            result = entry_take(stretch, statement, &is_signed, error);
        if (result != FG_OK)
            break;
    }
    fg_sql_reset(statement);
    if (result == FG_E_NOT_FOUND && batch->count == 0)
        return fg_fail(error, FG_E_NOT_FOUND, "%s has no entry %" PRIu64 " here", batch->controller,
                       batch->first_sequence);
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_STATE, "no head signed by %s is held after entry %" PRIu64,
                       batch->controller, batch->first_sequence);
    return result;
}

static enum fg_err previous_collect(struct fg_sql *sql, struct stretch *stretch, struct fg_error *error)
{
    struct fg_sync_batch *batch = &stretch->proof.batch;
    struct fg_sql_statement *statement;
    const uint8_t *bytes;
    size_t length = 0;
    enum fg_err result;

    if (batch->first_sequence == 1) {
        fg_chain_start(batch->controller, &stretch->proof.previous_hash);
        return FG_OK;
    }
    result = fg_sql_prepare(sql, "SELECT hash FROM journal_entry WHERE controller = $1 AND sequence = $2",
                            &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, batch->controller);
    fg_sql_bind_int(statement, 2, (int64_t)batch->first_sequence - 1);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        bytes = fg_sql_bytes(statement, 0, &length);
        if (length == FG_DIGEST_BYTES)
            memcpy(stretch->proof.previous_hash.bytes, bytes, length);
    }
    fg_sql_reset(statement);
    if (result == FG_E_NOT_FOUND || (result == FG_OK && length != FG_DIGEST_BYTES))
        return fg_fail(error, FG_E_STATE, "the hash before entry %" PRIu64 " of %s is missing at the bureau",
                       batch->first_sequence, batch->controller);
    return result;
}

/* ---- what stands behind them ---- */

/* The certificate that was valid at the entry's time, else the newest. */
static enum fg_err certificate_collect(struct fg_sql *sql, struct stretch *stretch, struct fg_error *error)
{
    struct fg_proof *proof = &stretch->proof;
    struct fg_sql_statement *statement;
    const uint8_t *bytes;
    size_t length = 0;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT bytes FROM certificate WHERE device = $1 ORDER BY CASE WHEN issued_ms <= $2 AND "
        "end_ms >= $2 THEN 0 ELSE 1 END, issued_ms DESC LIMIT 1",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, proof->batch.controller);
    fg_sql_bind_int(statement, 2, stretch->entry.wall_ms);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        bytes = fg_sql_bytes(statement, 0, &length);
        if (length <= sizeof(proof->certificate)) {
            memcpy(proof->certificate, bytes, length);
            proof->certificate_length = length;
        }
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* The bureau signs nothing that the controller did not. */
static enum fg_err receipt_give(struct fg_sql *sql, const struct fg_ingest_settings *settings,
                                struct fg_proof *proof, struct fg_error *error)
{
    const struct fg_sync_batch *batch = &proof->batch;
    struct fg_receipt receipt = {.next_sequence = batch->first_sequence + batch->count};
    struct fg_signature signature;
    struct fg_origin origin;
    enum fg_err result =
        settings->directory.lookup(settings->directory.context, sql, batch->controller, &origin, error);

    if (result == FG_E_NOT_FOUND)
        return FG_OK;
    if (result != FG_OK)
        return result;
    if (fg_sync_batch_verify(batch, 0, &proof->previous_hash, &origin.device_key, &receipt.head, NULL) !=
        FG_OK)
        return FG_OK;
    memcpy(receipt.controller, batch->controller, sizeof(receipt.controller));
    result = fg_receipt_sign(&receipt, settings->receipt_key, &signature, error);
    if (result == FG_OK)
        result = fg_receipt_encode(&receipt, &signature, proof->receipt, sizeof(proof->receipt),
                                   &proof->receipt_length, error);
    return result;
}

enum fg_err fg_proof_collect(struct fg_sql *sql, const struct fg_ingest_settings *settings,
                             const char *controller, uint64_t sequence, uint8_t *buffer, size_t *ret_length,
                             struct fg_error *error)
{
    struct stretch *stretch = calloc(1, sizeof(*stretch));
    struct fg_proof *proof;
    enum fg_err result;

    if (stretch == NULL)
        return fg_fail(error, FG_E_MEMORY, "proof: out of memory");
    proof = &stretch->proof;
    proof->sequence = sequence;
    proof->batch.first_sequence = sequence;
    (void)strncpy(proof->batch.controller, controller, sizeof(proof->batch.controller) - 1);
    result = entries_collect(sql, stretch, error);
    if (result == FG_OK)
        result = previous_collect(sql, stretch, error);
    /* Bytes that are no entry any more are a proof that does not hold: nothing to refuse here. */
    if (result == FG_OK)
        (void)fg_entry_decode(proof->batch.entries[0].bytes, proof->batch.entries[0].length, &stretch->entry,
                              NULL);
    if (result == FG_OK)
        result = certificate_collect(sql, stretch, error);
    if (result == FG_OK)
        result = receipt_give(sql, settings, proof, error);
    if (result == FG_OK)
        result = fg_proof_encode(proof, buffer, FG_PROOF_BYTES_MAX, ret_length, error);
    free(stretch);
    return result;
}
