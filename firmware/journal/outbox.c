/* Implementation of the outbox (outbox.h). */
#include "firmware/journal/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "firmware/journal/journal_sql.h"
#include "proto/journal/entry.h"
#include "proto/journal/sync.h"

/* A batch without its entries: controller, number, signature and their tags; and what each entry adds to its
 * bytes. */
#define BATCH_FRAME_BYTES (2 + FG_NAME_MAX + 11 + 2 + FG_SIGNATURE_BYTES)
#define ENTRY_FRAME_BYTES 3

/* A row that the pass over the journal would refuse is not sent. */
static bool take_row(sqlite3_stmt *statement, uint64_t sequence, struct fg_sync_batch *batch, uint8_t *at,
                     size_t room, size_t *ret_length)
{
    size_t length = (size_t)sqlite3_column_bytes(statement, 1);
    const void *bytes = sqlite3_column_blob(statement, 1);

    if ((uint64_t)sqlite3_column_int64(statement, 0) != sequence || bytes == NULL || length == 0 ||
        length > FG_ENTRY_BYTES_MAX || length + ENTRY_FRAME_BYTES > room ||
        sqlite3_column_bytes(statement, 2) != FG_SIGNATURE_BYTES)
        return false;
    memcpy(at, bytes, length);
    memcpy(batch->head_signature.bytes, sqlite3_column_blob(statement, 2), FG_SIGNATURE_BYTES);
    batch->entries[batch->count].bytes = at;
    batch->entries[batch->count].length = length;
    batch->count++;
    *ret_length = length;
    return true;
}

/* Fills *batch with slices of `staged`, room bytes large. */
static enum fg_err gather(sqlite3 *database, const char *path, size_t count_max, uint8_t *staged, size_t room,
                          struct fg_sync_batch *batch, struct fg_error *error)
{
    sqlite3_stmt *statement = NULL;
    enum fg_err code = FG_OK;
    int result = sqlite3_prepare_v2(database,
                                    "SELECT sequence, bytes, signature FROM entry WHERE sequence >= ?1"
                                    " ORDER BY sequence LIMIT ?2",
                                    -1, &statement, NULL);

    if (result == SQLITE_OK) {
        (void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)batch->first_sequence);
        (void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)count_max);
        result = SQLITE_ROW;
    }
    while (result == SQLITE_ROW) {
        size_t length = 0;

        result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
            break;
        if (!take_row(statement, batch->first_sequence + batch->count, batch, staged, room, &length)) {
            result = SQLITE_DONE;
            break;
        }
        staged += length;
        room -= length + ENTRY_FRAME_BYTES;
    }
    if (result != SQLITE_DONE)
        code = fg_journal_sqlite_fail(database, result, path, "reading entries to send", error);
    (void)sqlite3_finalize(statement);
    return code;
}

enum fg_err fg_outbox_read(sqlite3 *database, const char *path, const char *controller, uint64_t from,
                           size_t count_max, uint8_t *buffer, size_t capacity, size_t *ret_length,
                           uint64_t *ret_next, struct fg_error *error)
{
    struct fg_sync_batch batch;
    struct fg_digest hash;
    int64_t wall_ms;
    uint8_t *staged = NULL;
    enum fg_err code = fg_outbox_entry(database, path, from, &hash, &wall_ms, error);

    if (code != FG_OK)
        return code;
    if (capacity > FG_SYNC_BATCH_BYTES_MAX)
        capacity = FG_SYNC_BATCH_BYTES_MAX;
    if (count_max == 0 || count_max > FG_SYNC_BATCH_ENTRIES_MAX)
        count_max = FG_SYNC_BATCH_ENTRIES_MAX;
    if (capacity <= BATCH_FRAME_BYTES)
        return fg_fail(error, FG_E_SIZE, "%s: %zu bytes are too few for a batch", path, capacity);
    staged = malloc(capacity);
    if (staged == NULL)
        return fg_fail(error, FG_E_MEMORY, "%s: no memory for a batch", path);
    memset(&batch, 0, sizeof(batch));
    memcpy(batch.controller, controller, strnlen(controller, FG_NAME_MAX));
    batch.first_sequence = from;
    code = gather(database, path, count_max, staged, capacity - BATCH_FRAME_BYTES, &batch, error);
    if (code == FG_OK && batch.count == 0)
        code = fg_fail(error, FG_E_SIZE, "%s: entry %llu does not fit into %zu bytes, or was damaged", path,
                       (unsigned long long)from, capacity);
    if (code == FG_OK)
        code = fg_sync_batch_encode(&batch, buffer, capacity, ret_length, error);
    if (code == FG_OK)
        *ret_next = from + batch.count;
    free(staged);
    return code;
}

enum fg_err fg_outbox_entry(sqlite3 *database, const char *path, uint64_t sequence,
                            struct fg_digest *ret_hash, int64_t *ret_wall_ms, struct fg_error *error)
{
    sqlite3_stmt *statement = NULL;
    enum fg_err code = FG_OK;
    int result;

    if (sequence > INT64_MAX)
        return fg_fail(error, FG_E_NOT_FOUND, "%s: there is no entry %llu", path,
                       (unsigned long long)sequence);
    result = sqlite3_prepare_v2(database, "SELECT hash, wall_ms FROM entry WHERE sequence = ?1", -1,
                                &statement, NULL);
    if (result == SQLITE_OK) {
        (void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)sequence);
        result = sqlite3_step(statement);
    }
    if (result == SQLITE_DONE) {
        code =
            fg_fail(error, FG_E_NOT_FOUND, "%s: there is no entry %llu", path, (unsigned long long)sequence);
    } else if (result != SQLITE_ROW) {
        code = fg_journal_sqlite_fail(database, result, path, "reading an entry", error);
    } else if (sqlite3_column_bytes(statement, 0) != FG_DIGEST_BYTES) {
        code = fg_fail(error, FG_E_CORRUPT, "%s: entry %llu: its hash has an impossible length", path,
                       (unsigned long long)sequence);
    } else {
        memcpy(ret_hash->bytes, sqlite3_column_blob(statement, 0), FG_DIGEST_BYTES);
        *ret_wall_ms = sqlite3_column_int64(statement, 1);
    }
    (void)sqlite3_finalize(statement);
    return code;
}

enum fg_err fg_outbox_load_receipt(sqlite3 *database, const char *path, struct fg_receipt_kept *ret_kept,
                                   struct fg_error *error)
{
    struct fg_receipt_kept kept = {.known = false};
    sqlite3_stmt *statement = NULL;
    enum fg_err code = FG_OK;
    int result = sqlite3_prepare_v2(
        database,
        "SELECT value, (SELECT value FROM meta WHERE name = 'receipt_ms') FROM meta WHERE name = 'receipt'",
        -1, &statement, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        const uint8_t *bytes = sqlite3_column_blob(statement, 0);

        kept.known = bytes != NULL && fg_receipt_decode(bytes, (size_t)sqlite3_column_bytes(statement, 0),
                                                        &kept.receipt, &kept.signature, NULL) == FG_OK;
        kept.taken_wall_ms = sqlite3_column_int64(statement, 1);
        if (!kept.known)
            code = fg_fail(error, FG_E_CORRUPT,
                           "%s: the bureau's receipt kept in it was edited; keep the file as evidence", path);
    } else if (result != SQLITE_DONE) {
        code = fg_journal_sqlite_fail(database, result, path, "reading the kept receipt", error);
    }
    (void)sqlite3_finalize(statement);
    if (code == FG_OK)
        *ret_kept = kept;
    return code;
}

static int replace_receipt(sqlite3 *database, const uint8_t *bytes, size_t length, int64_t taken_wall_ms)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(
        database, "INSERT OR REPLACE INTO meta(name, value) VALUES('receipt', ?1), ('receipt_ms', ?2)", -1,
        &statement, NULL);

    if (result == SQLITE_OK) {
        (void)sqlite3_bind_blob(statement, 1, bytes, (int)length, SQLITE_STATIC);
        (void)sqlite3_bind_int64(statement, 2, taken_wall_ms);
        result = sqlite3_step(statement);
    }
    (void)sqlite3_finalize(statement);
    return result;
}

enum fg_err fg_outbox_keep_receipt(sqlite3 *database, const char *path, const uint8_t *bytes, size_t length,
                                   int64_t taken_wall_ms, struct fg_error *error)
{
    enum fg_err code = fg_journal_run_sql(database, path, "BEGIN IMMEDIATE", error);
    int result;

    if (code != FG_OK)
        return code;
    result = replace_receipt(database, bytes, length, taken_wall_ms);
    if (result != SQLITE_DONE)
        code = fg_journal_sqlite_fail(database, result, path, "keeping a receipt", error);
    if (code == FG_OK)
        code = fg_journal_run_sql(database, path, "COMMIT", error);
    if (code != FG_OK)
        (void)sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    return code;
}
