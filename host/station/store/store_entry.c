/* The entries in the station's store (store.h): adding, reading batches of them, what stands beside their
 * bytes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/station/store/private.h"
#include "lib/domain/catalogue.h"
#include "proto/journal/entry.h"

#define FUTURE_MS INT64_C(86400000)

void fg_station_entry_look(const char *controller, struct fg_station_entry *entry, bool *ret_urgent)
{
    struct fg_entry decoded;

    *ret_urgent = false;
    entry->mark = FG_STATION_MARK_NONE;
    entry->time_ms = entry->arrived_ms;
    if (fg_entry_decode(entry->slice.bytes, entry->slice.length, &decoded, NULL) != FG_OK) {
        entry->mark = FG_STATION_MARK_UNDECODABLE;
        return;
    }
    if (decoded.sequence != entry->sequence || strcmp(decoded.controller, controller) != 0)
        entry->mark = FG_STATION_MARK_MISPLACED;
    else if (decoded.wall_ms > entry->arrived_ms + FUTURE_MS)
        entry->mark = FG_STATION_MARK_FUTURE;
    if (decoded.wall_ms > 0 && decoded.wall_ms < entry->arrived_ms)
        entry->time_ms = decoded.wall_ms;
    *ret_urgent = fg_station_entry_is_urgent(&decoded);
}

bool fg_station_entry_is_urgent(const struct fg_entry *entry)
{
    size_t count = entry->reasons.count < FG_REASONS_MAX ? entry->reasons.count : FG_REASONS_MAX;

    if (entry->kind == FG_ENTRY_EVENT)
        return fg_event_is_grave((enum fg_event_kind)entry->event);
    if (entry->kind != FG_ENTRY_REFUSED)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (fg_reason_is_grave((enum fg_reason)entry->reasons.reasons[i]))
            return true;
    }
    return false;
}

enum fg_err fg_station_store_add_entry(struct fg_station_store *store, const char *controller,
                                       const struct fg_station_entry *entry, struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result =
        fg_sql_prepare(store->sql,
                       "INSERT INTO entry (controller, sequence, bytes, hash, head_signature,"
                       " arrived_ms, time_ms, mark) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    fg_sql_bind_int(statement, 2, (int64_t)entry->sequence);
    fg_sql_bind_bytes(statement, 3, entry->slice.bytes, entry->slice.length);
    fg_sql_bind_bytes(statement, 4, entry->hash.bytes, sizeof(entry->hash.bytes));
    if (entry->head_signature != NULL)
        fg_sql_bind_bytes(statement, 5, entry->head_signature->bytes, FG_SIGNATURE_BYTES);
    else
        fg_sql_bind_null(statement, 5);
    fg_sql_bind_int(statement, 6, entry->arrived_ms);
    fg_sql_bind_int(statement, 7, entry->time_ms);
    fg_sql_bind_int(statement, 8, entry->mark);
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_station_store_sign_entry(struct fg_station_store *store, const char *controller,
                                        uint64_t sequence, const struct fg_signature *signature,
                                        struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result =
        fg_sql_prepare(store->sql,
                       "UPDATE entry SET head_signature = $3 WHERE controller = $1 AND sequence = $2"
                       " AND head_signature IS NULL",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    fg_sql_bind_int(statement, 2, (int64_t)sequence);
    fg_sql_bind_bytes(statement, 3, signature->bytes, sizeof(signature->bytes));
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_station_store_hashes(struct fg_station_store *store, const char *controller, uint64_t from,
                                    size_t count, struct fg_digest *ret_hashes, struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result =
        fg_sql_prepare(store->sql,
                       "SELECT sequence, hash FROM entry WHERE controller = $1 AND sequence >= $2"
                       " ORDER BY sequence",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    fg_sql_bind_int(statement, 2, (int64_t)from);
    for (size_t i = 0; i < count && result == FG_OK; i++) {
        result = fg_sql_next(statement, error);
        if (result == FG_E_NOT_FOUND || (result == FG_OK && (uint64_t)fg_sql_int(statement, 0) != from + i))
            result = fg_fail(error, FG_E_CORRUPT, "controller %s: entry %" PRIu64 " is missing in the store",
                             controller, from + i);
        if (result == FG_OK)
            result = fg_station_take_digest(statement, 1, &ret_hashes[i], error);
    }
    fg_sql_reset(statement);
    return result;
}

enum fg_err fg_station_store_hash(struct fg_station_store *store, const char *controller, uint64_t sequence,
                                  struct fg_digest *ret_hash, struct fg_error *error)
{
    enum fg_err result;

    if (sequence == 0) {
        fg_chain_start(controller, ret_hash);
        return FG_OK;
    }
    result = fg_station_store_hashes(store, controller, sequence, 1, ret_hash, error);
    return result == FG_E_CORRUPT ? FG_E_NOT_FOUND : result;
}

static size_t varint_length(uint64_t value)
{
    size_t length = 1;

    while (value >= 0x80) {
        value >>= 7;
        length++;
    }
    return length;
}

/* A batch in the making: copies of entries in memory, and how far a head signature reaches. */
struct gathering {
    struct fg_sync_batch batch;
    size_t signed_count;
    size_t size; /* encoded so far */
    size_t used; /* of memory */
    uint8_t memory[FG_SYNC_BATCH_BYTES_MAX];
};

/* Takes the present row; *ret_full when it does not fit any more. */
static enum fg_err gather_row(struct gathering *gathering, const struct fg_sql_statement *row,
                              size_t capacity, bool *ret_full, struct fg_error *error)
{
    struct fg_sync_batch *batch = &gathering->batch;
    uint64_t sequence = (uint64_t)fg_sql_int(row, 0);
    size_t length = 0;
    size_t signature_length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, 1, &length);
    const uint8_t *signature = fg_sql_bytes(row, 2, &signature_length);
    size_t size = gathering->size + 1 + varint_length(length) + length;

    if (sequence != batch->first_sequence + batch->count)
        return fg_fail(error, FG_E_CORRUPT, "controller %s: entry %" PRIu64 " is missing in the store",
                       batch->controller, batch->first_sequence + batch->count);
    if (length == 0 || length > FG_ENTRY_BYTES_MAX)
        return fg_fail(error, FG_E_CORRUPT, "controller %s: entry %" PRIu64 " has %zu bytes in the store",
                       batch->controller, sequence, length);
    if (size > capacity) {
        *ret_full = true;
        return FG_OK;
    }
    memcpy(gathering->memory + gathering->used, bytes, length);
    batch->entries[batch->count].bytes = gathering->memory + gathering->used;
    batch->entries[batch->count].length = length;
    batch->count++;
    gathering->used += length;
    gathering->size = size;
    if (signature_length == FG_SIGNATURE_BYTES) {
        memcpy(batch->head_signature.bytes, signature, signature_length);
        gathering->signed_count = batch->count;
    }
    *ret_full = batch->count == FG_SYNC_BATCH_ENTRIES_MAX;
    return FG_OK;
}

static enum fg_err gather(struct fg_station_store *store, struct gathering *gathering, size_t capacity,
                          struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    bool full = false;
    enum fg_err result =
        fg_sql_prepare(store->sql,
                       "SELECT sequence, bytes, head_signature FROM entry WHERE controller = $1"
                       " AND sequence >= $2 ORDER BY sequence LIMIT 512",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, gathering->batch.controller);
    fg_sql_bind_int(statement, 2, (int64_t)gathering->batch.first_sequence);
    while (result == FG_OK && !full) {
        result = fg_sql_next(statement, error);
        if (result == FG_OK)
            result = gather_row(gathering, statement, capacity, &full, error);
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND && gathering->batch.count > 0 ? FG_OK : result;
}

enum fg_err fg_station_store_read_batch(struct fg_station_store *store, const char *controller, uint64_t from,
                                        uint8_t *buffer, size_t capacity, size_t *ret_length,
                                        uint64_t *ret_next, struct fg_error *error)
{
    struct gathering *gathering;
    enum fg_err result;

    if (from == 0 || from > (uint64_t)INT64_MAX)
        return fg_fail(error, FG_E_NOT_FOUND, "controller %s: there is no entry %" PRIu64, controller, from);
    gathering = calloc(1, sizeof(*gathering));
    if (gathering == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a batch");
    if (capacity > FG_SYNC_BATCH_BYTES_MAX)
        capacity = FG_SYNC_BATCH_BYTES_MAX;
    fg_station_copy_text(gathering->batch.controller, sizeof(gathering->batch.controller), controller);
    gathering->batch.first_sequence = from;
    /* The rest of the message exactly, so that what came as one batch fits into one again. */
    gathering->size =
        2 + strlen(gathering->batch.controller) + 1 + varint_length(from) + 2 + FG_SIGNATURE_BYTES;
    result = gather(store, gathering, capacity, error);
    if (result == FG_OK && gathering->signed_count == 0)
        result =
            fg_fail(error, FG_E_CORRUPT, "controller %s: no head signature in the store after entry %" PRIu64,
                    controller, from);
    if (result == FG_OK) {
        gathering->batch.count = gathering->signed_count;
        result = fg_sync_batch_encode(&gathering->batch, buffer, capacity, ret_length, error);
    }
    if (result == FG_OK)
        *ret_next = from + gathering->signed_count;
    free(gathering);
    return result;
}
