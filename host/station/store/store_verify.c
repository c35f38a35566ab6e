/* Implementation of verifying the station's store (store_verify.h). */
#include "host/station/store/store_verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/sql/sql_check.h"
#include "host/station/store/heads.h"
#include "host/station/store/private.h"
#include "host/station/store/station_schema.h"

#define PROGRESS_ENTRIES 256
#define TEXT_BYTES 320
#define FINDINGS_OF_ONE 20

/* Verifying, and what has been found so far. */
struct work {
    struct fg_station_store *store;
    const struct fg_station_verify *verify;
    struct fg_station_verified *sum;
    struct fg_error *error;
    const struct fg_station_controller *controller; /* NULL: the store as a whole */
    uint64_t of_this;                               /* findings of the controller */
};

static void find(struct work *work, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void find(struct work *work, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;

    work->sum->findings++;
    if (work->of_this++ >= FINDINGS_OF_ONE)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    work->verify->found(work->verify->context, work->controller != NULL ? work->controller->id : "", text);
}

/* ---- entries ---- */

struct chain {
    struct fg_head head;
    bool signed_end;
    struct fg_receipt receipt; /* next_sequence 0: there is none that holds */
    uint64_t urgent;
    uint64_t marked;
};

static void signature_check(struct work *work, struct chain *chain, const uint8_t *bytes, size_t length)
{
    struct fg_signature signature;

    chain->signed_end = length == sizeof(signature.bytes);
    if (length == 0)
        return;
    if (!chain->signed_end) {
        find(work, "entry %" PRIu64 ": its head signature has %zu bytes", chain->head.sequence, length);
        return;
    }
    memcpy(signature.bytes, bytes, length);
    if (fg_head_verify(&chain->head, &signature, &work->controller->device_key, NULL) != FG_OK)
        find(work,
             "entry %" PRIu64
             ": its head signature is invalid: entries up to it were edited with their hashes",
             chain->head.sequence);
}

static void columns_check(struct work *work, struct chain *chain, const struct fg_sql_statement *row,
                          const uint8_t *bytes, size_t length)
{
    struct fg_station_entry entry = {
        .sequence = chain->head.sequence, .slice = {bytes, length}, .arrived_ms = fg_sql_int(row, 4)};
    bool urgent;

    fg_station_entry_look(work->controller->id, &entry, &urgent);
    if (urgent)
        chain->urgent = entry.sequence;
    if (entry.mark != FG_STATION_MARK_NONE)
        chain->marked++;
    if (entry.time_ms != fg_sql_int(row, 5))
        find(work, "entry %" PRIu64 ": its column time_ms was edited: its bytes say otherwise",
             entry.sequence);
    if (entry.mark != fg_sql_int(row, 6))
        find(work, "entry %" PRIu64 ": its column mark was edited: its bytes say otherwise", entry.sequence);
}

static void entry_check(struct work *work, struct chain *chain, const struct fg_sql_statement *row)
{
    uint64_t sequence = (uint64_t)fg_sql_int(row, 0);
    struct fg_digest stored;
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, 1, &length);
    bool follows = sequence == chain->head.sequence + 1;

    if (sequence > chain->head.sequence + 1)
        find(work, "entry %" PRIu64 " is missing in the store", chain->head.sequence + 1);
    else if (!follows)
        find(work, "entry %" PRId64 ": its number is impossible", (int64_t)sequence);
    fg_chain_next(&chain->head.hash, bytes, length, &chain->head.hash);
    chain->head.sequence = sequence;
    if (fg_station_take_digest(row, 2, &stored, NULL) != FG_OK) {
        find(work, "entry %" PRIu64 " was edited in the store: its hash has another length", sequence);
    } else {
        if (follows && !fg_bytes_equal(stored.bytes, chain->head.hash.bytes, sizeof(stored.bytes)))
            find(work, "entry %" PRIu64 " was edited in the store", sequence);
        else
            columns_check(work, chain, row, bytes, length);
        /* From here on the stored hash counts, so that one edit is not told of every entry after it. */
        chain->head.hash = stored;
    }
    bytes = fg_sql_bytes(row, 3, &length);
    signature_check(work, chain, bytes, length);
    if (chain->receipt.next_sequence == sequence + 1 &&
        !fg_bytes_equal(chain->receipt.head.bytes, chain->head.hash.bytes, sizeof(stored.bytes)))
        find(work, "entry %" PRIu64 " is another than the one that the bureau's receipt covers", sequence);
}

static enum fg_err entries_check(struct work *work, struct chain *chain)
{
    struct fg_sql_statement *row = NULL;
    enum fg_err result = fg_sql_prepare(work->store->sql,
                                        "SELECT sequence, bytes, hash, head_signature, arrived_ms, time_ms, "
                                        "mark FROM entry WHERE controller = $1 ORDER BY sequence",
                                        &row, work->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(row, 1, work->controller->id);
    while ((result = fg_sql_next(row, work->error)) == FG_OK) {
        entry_check(work, chain, row);
        if (++work->sum->entries % PROGRESS_ENTRIES == 0 && work->verify->progress != NULL &&
            !work->verify->progress(work->verify->context, work->sum->entries)) {
            fg_sql_reset(row);
            return fg_fail(work->error, FG_E_STATE, "verifying was stopped");
        }
    }
    fg_sql_reset(row);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- what knows better ---- */

static void row_check(struct work *work, const struct chain *chain)
{
    const struct fg_station_controller *controller = work->controller;
    uint64_t last = controller->next_sequence - 1;
    uint64_t acknowledged = controller->report.last_sequence > controller->report.unsent
                                ? controller->report.last_sequence - controller->report.unsent
                                : 0;

    if (chain->head.sequence < last)
        find(work, "the store ends at entry %" PRIu64 ", but %" PRIu64 " were taken in", chain->head.sequence,
             last);
    else if (chain->head.sequence > last)
        find(work,
             "its row says that %" PRIu64 " entries were taken in, but the store ends at entry %" PRIu64,
             last, chain->head.sequence);
    else if (!fg_bytes_equal(chain->head.hash.bytes, controller->head.bytes, sizeof(controller->head.bytes)))
        find(work, "its row has another hash than the last entry's");
    if (chain->head.sequence > 0 && !chain->signed_end)
        find(work,
             "entry %" PRIu64
             ": the controller's signature is missing: the entries after it were cut off, or "
             "the signature was removed",
             chain->head.sequence);
    if (controller->urgent_sequence != chain->urgent)
        find(work, "its row says that entry %" PRIu64 " is the newest urgent one; the entries say %" PRIu64,
             controller->urgent_sequence, chain->urgent);
    if (controller->marked != chain->marked)
        find(work, "its row counts %" PRIu64 " marked entries; %" PRIu64 " are held", controller->marked,
             chain->marked);
    if (controller->report_ms != 0 && acknowledged > chain->head.sequence)
        find(work,
             "the store ends at entry %" PRIu64 ", but the controller reported a receipt for entry %" PRIu64
             ": the store was put back to an older copy, or its end was cut",
             chain->head.sequence, acknowledged);
}

static enum fg_err receipt_read(struct work *work, struct fg_receipt *ret_receipt)
{
    struct fg_sql_statement *row = NULL;
    struct fg_error why;
    size_t length = 0;
    const uint8_t *bytes;
    enum fg_err result =
        fg_sql_prepare(work->store->sql, "SELECT bytes, next_sequence FROM receipt WHERE controller = $1",
                       &row, work->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(row, 1, work->controller->id);
    result = fg_sql_next(row, work->error);
    if (result == FG_OK) {
        bytes = fg_sql_bytes(row, 0, &length);
        if (!fg_station_receipt_holds(work->store, work->controller->id, bytes, length,
                                      (uint64_t)fg_sql_int(row, 1), ret_receipt, &why))
            find(work, "%s", why.text);
    }
    fg_sql_reset(row);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static void receipt_check(struct work *work, const struct chain *chain)
{
    const struct fg_receipt *receipt = &chain->receipt;
    struct fg_digest start;

    fg_chain_start(work->controller->id, &start);
    if (receipt->next_sequence > chain->head.sequence + 1)
        find(work,
             "entry %" PRIu64 " is missing in the store: the bureau's receipt covers entry %" PRIu64
             ": the store's end was cut, or it was put back to an older copy",
             chain->head.sequence + 1, receipt->next_sequence - 1);
    else if (receipt->next_sequence == 1 &&
             !fg_bytes_equal(receipt->head.bytes, start.bytes, sizeof(start.bytes)))
        find(work, "the bureau's receipt is over another beginning");
}

/* ---- evidence ---- */

/* The hash that the batch gives the entry that it contradicts, chained to what is held before the batch. */
static enum fg_err evidence_hash(struct work *work, const struct fg_sync_batch *batch, uint64_t sequence,
                                 struct fg_digest *ret_hash)
{
    enum fg_err result = fg_station_store_hash(work->store, batch->controller, batch->first_sequence - 1,
                                               ret_hash, work->error);

    for (size_t i = 0; result == FG_OK && batch->first_sequence + i <= sequence; i++)
        fg_chain_next(ret_hash, batch->entries[i].bytes, batch->entries[i].length, ret_hash);
    return result;
}

static enum fg_err evidence_look(struct work *work, uint64_t sequence, const struct fg_digest *kept,
                                 const uint8_t *bytes, size_t length, struct fg_sync_batch *batch)
{
    struct fg_digest hash;
    enum fg_err result = FG_OK;

    if (fg_sync_batch_decode(bytes, length, batch, NULL) != FG_OK ||
        strcmp(batch->controller, work->controller->id) != 0 || batch->first_sequence == 0 ||
        sequence < batch->first_sequence || sequence >= batch->first_sequence + batch->count) {
        find(work, "the evidence against entry %" PRIu64 " was edited: its batch is not about that entry",
             sequence);
        return FG_OK;
    }
    result = evidence_hash(work, batch, sequence, &hash);
    if (result == FG_E_NOT_FOUND) /* the hole is told of the entries */
        return FG_OK;
    if (result == FG_OK && !fg_bytes_equal(kept->bytes, hash.bytes, sizeof(hash.bytes)))
        find(work, "the evidence against entry %" PRIu64 " was edited: its batch gives another hash",
             sequence);
    return result;
}

/* One piece of evidence, copied out of its row, so that other statements may run. */
struct piece {
    uint64_t sequence;
    struct fg_digest hash;
    size_t length;
    uint8_t bytes[FG_SYNC_BATCH_BYTES_MAX];
    struct fg_sync_batch batch;
};

/* Steps to the piece of evidence at `place` in the order of the table's key. */
static enum fg_err piece_read(struct work *work, int64_t place, struct piece *piece)
{
    struct fg_sql_statement *row = NULL;
    size_t length = 0;
    const uint8_t *bytes;
    enum fg_err result = fg_sql_prepare(work->store->sql,
                                        "SELECT sequence, batch, hash FROM evidence WHERE controller = $1 "
                                        "ORDER BY sequence, hash LIMIT 1 OFFSET $2",
                                        &row, work->error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(row, 1, work->controller->id);
    fg_sql_bind_int(row, 2, place);
    result = fg_sql_next(row, work->error);
    if (result != FG_OK)
        return result;
    memset(&piece->hash, 0, sizeof(piece->hash));
    piece->sequence = (uint64_t)fg_sql_int(row, 0);
    bytes = fg_sql_bytes(row, 2, &length);
    if (length == sizeof(piece->hash.bytes))
        memcpy(piece->hash.bytes, bytes, length);
    bytes = fg_sql_bytes(row, 1, &length);
    piece->length = length <= sizeof(piece->bytes) ? length : 0;
    memcpy(piece->bytes, bytes, piece->length);
    fg_sql_reset(row);
    return FG_OK;
}

static enum fg_err evidence_check(struct work *work)
{
    struct piece *piece = malloc(sizeof(*piece));
    uint64_t said = work->controller->forks + work->controller->refusals;
    uint64_t count = 0;
    enum fg_err result = piece == NULL ? fg_fail(work->error, FG_E_MEMORY, "no memory for a batch") : FG_OK;

    while (result == FG_OK && (result = piece_read(work, (int64_t)count, piece)) == FG_OK) {
        count++;
        result =
            evidence_look(work, piece->sequence, &piece->hash, piece->bytes, piece->length, &piece->batch);
    }
    free(piece);
    if (result != FG_E_NOT_FOUND)
        return result;
    if (count > said)
        find(work, "%" PRIu64 " pieces of evidence are kept, but its row counts %" PRIu64, count, said);
    else if (count == 0 && said > 0)
        find(work, "its row counts %" PRIu64 " contradictions, but their evidence is gone", said);
    return FG_OK;
}

/* ---- one controller, the store ---- */

static enum fg_err controller_check(struct work *work)
{
    struct chain chain = {.signed_end = false};
    enum fg_err result;

    work->of_this = 0;
    work->sum->controllers++;
    fg_station_copy_text(chain.head.controller, sizeof(chain.head.controller), work->controller->id);
    fg_chain_start(work->controller->id, &chain.head.hash);
    result = receipt_read(work, &chain.receipt);
    if (result == FG_OK)
        result = entries_check(work, &chain);
    if (result != FG_OK)
        return result;
    row_check(work, &chain);
    receipt_check(work, &chain);
    return evidence_check(work);
}

static void database_found(void *context, const char *text)
{
    find(context, "the database: %s", text);
}

/* Rows of controllers that the table of controllers does not know. */
static enum fg_err orphans_check(struct work *work)
{
    struct fg_sql_statement *row = NULL;
    enum fg_err result = fg_sql_prepare(work->store->sql,
                                        "SELECT o.c FROM (SELECT DISTINCT controller AS c FROM entry UNION "
                                        "SELECT controller FROM receipt UNION "
                                        "SELECT controller FROM evidence) o LEFT JOIN controller k ON k.id = "
                                        "o.c WHERE k.id IS NULL ORDER BY 1",
                                        &row, work->error);

    if (result != FG_OK)
        return result;
    while ((result = fg_sql_next(row, work->error)) == FG_OK)
        find(work, "controller %s was removed from the table of controllers; rows of it are left",
             fg_sql_text(row, 0));
    fg_sql_reset(row);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* A head that was kept beside the store: the store must hold that entry, with that hash. */
static enum fg_err head_check(void *context, const struct fg_head *head, struct fg_error *error)
{
    struct work *work = context;
    struct fg_digest held;
    enum fg_err result = fg_station_store_hash(work->store, head->controller, head->sequence, &held, error);

    if (result == FG_E_NOT_FOUND)
        find(work,
             "controller %s: entry %" PRIu64 " was held here once: the store was put back to an older copy, "
             "its end was cut, or the controller "
             "was removed from it",
             head->controller, head->sequence);
    else if (result == FG_OK && !fg_bytes_equal(held.bytes, head->hash.bytes, sizeof(held.bytes)))
        find(work, "controller %s: entry %" PRIu64 " is another than the one that was held here once",
             head->controller, head->sequence);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err heads_check(struct work *work)
{
    struct fg_error why;
    enum fg_err result;

    if (work->verify->heads_path == NULL)
        return FG_OK;
    result = fg_station_heads_each(work->verify->heads_path, head_check, work, &why);
    if (result == FG_E_NOT_FOUND) {
        struct fg_station_verification before;

        /* A store that was never served has none yet. */
        result = fg_station_store_verification(work->store, &before, work->error);
        if (result == FG_OK && before.heads_kept)
            find(work, "%s", why.text);
        return result;
    }
    if (result == FG_E_FORMAT || result == FG_E_CORRUPT) {
        find(work, "%s", why.text);
        return FG_OK;
    }
    return result == FG_OK ? FG_OK : fg_fail(work->error, result, "%s", why.text);
}

/* In one state of the store: what is taken in meanwhile would look like entries that its row knows nothing
 * of. */
static enum fg_err controller_one(struct work *work, struct fg_station_controller *controller)
{
    char id[FG_NAME_MAX + 1];
    enum fg_err result = fg_station_store_begin_snapshot(work->store, work->error);

    memcpy(id, controller->id, sizeof(id));
    if (result == FG_OK)
        result = fg_station_store_controller(work->store, id, controller, work->error);
    work->controller = controller;
    if (result == FG_OK)
        result = controller_check(work);
    fg_station_store_rollback(work->store);
    return result;
}

enum fg_err fg_station_store_check(struct fg_station_store *store, const struct fg_station_verify *verify,
                                   struct fg_station_verified *ret_verified, struct fg_error *error)
{
    struct fg_station_controller *controllers = calloc(FG_STATION_CONTROLLERS_MAX, sizeof(*controllers));
    struct fg_station_verified sum = {0};
    struct fg_error ours = {.code = FG_OK};
    struct work work = {
        .store = store, .verify = verify, .sum = &sum, .error = error != NULL ? error : &ours};
    size_t migration_count = 0;
    const struct fg_sql_migration *migrations = fg_station_schema(&migration_count);
    size_t count = 0;
    enum fg_err result = controllers == NULL ? fg_fail(error, FG_E_MEMORY, "no memory to verify")
                                             : fg_sql_check(store->sql, migrations, migration_count,
                                                            database_found, &work, NULL, work.error);

    if (result == FG_OK)
        result = orphans_check(&work);
    if (result == FG_OK)
        result = heads_check(&work);
    if (result == FG_OK)
        result =
            fg_station_store_controllers(store, controllers, FG_STATION_CONTROLLERS_MAX, &count, work.error);
    for (size_t i = 0; result == FG_OK && i < count; i++)
        result = controller_one(&work, &controllers[i]);
    free(controllers);
    if (result == FG_OK)
        *ret_verified = sum;
    return result;
}

/* ---- one alone ---- */

struct first {
    char text[TEXT_BYTES];
};

static void first_keep(void *context, const char *controller, const char *text)
{
    struct first *first = context;

    (void)controller;
    if (first->text[0] == '\0')
        (void)snprintf(first->text, sizeof(first->text), "%s", text);
}

enum fg_err fg_station_store_verify(struct fg_station_store *store, const char *id, struct fg_error *error)
{
    struct first first = {""};
    const struct fg_station_verify verify = {.found = first_keep, .context = &first};
    struct fg_station_verified sum = {0};
    struct fg_station_controller controller;
    struct fg_error ours = {.code = FG_OK};
    struct work work = {.store = store,
                        .verify = &verify,
                        .sum = &sum,
                        .error = error != NULL ? error : &ours,
                        .controller = &controller};
    enum fg_err result = fg_station_store_controller(store, id, &controller, work.error);

    if (result == FG_OK)
        result = controller_check(&work);
    if (result == FG_OK && sum.findings > 0)
        return fg_fail(error, FG_E_CORRUPT, "controller %s: %s", id, first.text);
    return result;
}
