/* Implementation of the evidence (evidence.h). */
#include "host/bureau/journal/evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/alarm/alarms.h"
#include "host/bureau/trail/ledger.h"

/* The batch as it travels, so that it can be looked into with the same tools. */
static enum fg_err evidence_add(struct fg_sql *sql, const struct fg_sync_batch *batch, const uint8_t *bytes,
                                size_t length, const struct fg_evidence_note *note, int64_t now_ms,
                                struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_digest digest;
    int64_t number;
    char peer[sizeof(note->peer->id) + sizeof(note->peer->role) + 1];
    enum fg_err result = fg_sql_prepare(
        sql,
        "INSERT INTO journal_evidence (controller, number, digest, kind, arrived_ms, peer, sequence, signed, "
        "batch) SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4, $5, $6, $7, $8 FROM journal_evidence "
        "WHERE controller = $1 HAVING COUNT(*) < $9 AND NOT EXISTS (SELECT 1 FROM journal_evidence WHERE "
        "controller = $1 AND digest = $2) RETURNING number",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sha256(bytes, length, &digest);
    (void)snprintf(peer, sizeof(peer), "%s/%s", note->peer->role, note->peer->id);
    fg_sql_bind_text(statement, 1, batch->controller);
    fg_sql_bind_bytes(statement, 2, digest.bytes, sizeof(digest.bytes));
    fg_sql_bind_int(statement, 3, note->kind);
    fg_sql_bind_int(statement, 4, now_ms);
    fg_sql_bind_text(statement, 5, peer);
    fg_sql_bind_int(statement, 6, (int64_t)note->sequence);
    fg_sql_bind_int(statement, 7, note->is_signed ? 1 : 0);
    fg_sql_bind_bytes(statement, 8, bytes, length);
    fg_sql_bind_int(statement, 9, FG_EVIDENCE_MAX);
    result = fg_sql_next(statement, error);
    if (result == FG_E_NOT_FOUND)
        return FG_OK; /* it is kept already, or enough is */
    if (result != FG_OK)
        return result;
    number = fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return fg_ledger_added_number(sql, "journal_evidence", batch->controller, number, "fillgate-bureau",
                                  error);
}

static void alarm_describe(const struct fg_sync_batch *batch, const struct fg_evidence_note *note,
                           struct fg_alarm *ret_alarm)
{
    memset(ret_alarm, 0, sizeof(*ret_alarm));
    ret_alarm->kind = note->kind == FG_EVIDENCE_FORK ? FG_ALARM_FORK : FG_ALARM_HEAD_REFUSED;
    ret_alarm->sequence = note->sequence;
    (void)snprintf(ret_alarm->subject, sizeof(ret_alarm->subject), "%s", batch->controller);
    (void)snprintf(ret_alarm->controller, sizeof(ret_alarm->controller), "%s", batch->controller);
    (void)snprintf(ret_alarm->station, sizeof(ret_alarm->station), "%s", note->station);
    if (note->kind == FG_EVIDENCE_FORK)
        (void)snprintf(ret_alarm->detail, sizeof(ret_alarm->detail),
                       "entry %" PRIu64 " from %s %s differs from the one held; the other history is %s",
                       note->sequence, note->peer->role, note->peer->id,
                       note->is_signed ? "signed with the controller's key" : "not signed by the controller");
    else
        (void)snprintf(ret_alarm->detail, sizeof(ret_alarm->detail),
                       "entries %" PRIu64 " to %" PRIu64 " from %s %s do not continue the journal held here",
                       batch->first_sequence, batch->first_sequence + batch->count - 1, note->peer->role,
                       note->peer->id);
}

enum fg_err fg_evidence_keep(struct fg_sql *sql, const struct fg_sync_batch *batch,
                             const struct fg_evidence_note *note, int64_t now_ms, struct fg_error *error)
{
    uint8_t *bytes = malloc(FG_SYNC_BATCH_BYTES_MAX);
    struct fg_alarm alarm;
    size_t length = 0;
    enum fg_err result;

    if (bytes == NULL)
        return fg_fail(error, FG_E_MEMORY, "evidence of %s: no memory", batch->controller);
    result = fg_sync_batch_encode(batch, bytes, FG_SYNC_BATCH_BYTES_MAX, &length, error);
    if (result == FG_OK)
        result = fg_sql_begin(sql, error);
    if (result != FG_OK)
        goto done;
    result = evidence_add(sql, batch, bytes, length, note, now_ms, error);
    if (result == FG_OK) {
        alarm_describe(batch, note, &alarm);
        result = fg_alarm_raise(sql, &alarm, now_ms, error);
    }
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
done:
    free(bytes);
    return result;
}
