/* Implementation of the station's store (store.h): controllers, receipts, evidence, the bureau's state.
 * Entries are in store_entry.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/station/store/private.h"
#include "host/station/store/station_schema.h"

#define URL_MAX 512
#define UPSTREAM_ROW 1

/* Tables as they are, and no writing from now on. */
static enum fg_err look_only(struct fg_sql *sql, struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result = fg_sql_prepare(sql, "PRAGMA query_only = 1", &statement, error);

    return result == FG_OK ? fg_sql_run(statement, NULL, error) : result;
}

enum fg_err fg_station_store_open(const struct fg_station_store_settings *settings,
                                  struct fg_station_store **ret_store, struct fg_error *error)
{
    char url[URL_MAX];
    struct fg_sql_settings sql = {
        .url = url, .sqlite_vfs = settings->sqlite_vfs, .deadline_ms = settings->deadline_ms};
    const struct fg_sql_migration *migrations;
    struct fg_station_store *store = NULL;
    size_t count = 0;
    enum fg_err result;

    if ((size_t)snprintf(url, sizeof(url), "sqlite:%s", settings->path) >= sizeof(url))
        return fg_fail(error, FG_E_SIZE, "the store's path is longer than %d characters", URL_MAX - 8);
    if (settings->read_only && settings->sqlite_vfs == NULL && access(settings->path, F_OK) != 0)
        return fg_fail(error, FG_E_NOT_FOUND, "store %s: %s", settings->path, strerror(errno));
    store = calloc(1, sizeof(*store));
    if (store == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the store");
    migrations = fg_station_schema(&count);
    result = fg_sql_open(&sql, &store->sql, error);
    if (result == FG_OK)
        result = settings->read_only ? look_only(store->sql, error)
                                     : fg_sql_migrate(store->sql, migrations, count, NULL, error);
    if (result != FG_OK) {
        (void)fg_fail_in(error, result, "store %s: ", settings->path);
        fg_station_store_close(store);
        return result;
    }
    *ret_store = store;
    return FG_OK;
}

void fg_station_store_close(struct fg_station_store *store)
{
    if (store == NULL)
        return;
    fg_sql_close(store->sql);
    free(store);
}

enum fg_err fg_station_store_begin(struct fg_station_store *store, struct fg_error *error)
{
    return fg_sql_begin(store->sql, error);
}

enum fg_err fg_station_store_begin_snapshot(struct fg_station_store *store, struct fg_error *error)
{
    return fg_sql_begin_snapshot(store->sql, error);
}

enum fg_err fg_station_store_commit(struct fg_station_store *store, struct fg_error *error)
{
    return fg_sql_commit(store->sql, error);
}

void fg_station_store_rollback(struct fg_station_store *store)
{
    fg_sql_rollback(store->sql);
}

uint64_t fg_station_unsent(const struct fg_station_controller *controller)
{
    return controller->next_sequence > controller->receipt_next
               ? controller->next_sequence - controller->receipt_next
               : 0;
}

void fg_station_copy_text(char *ret_text, size_t capacity, const char *text)
{
    size_t length = strnlen(text, capacity - 1);

    memcpy(ret_text, text, length);
    ret_text[length] = '\0';
}

enum fg_err fg_station_take_digest(const struct fg_sql_statement *statement, unsigned column,
                                   struct fg_digest *ret_digest, struct fg_error *error)
{
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(statement, column, &length);

    if (length != sizeof(ret_digest->bytes))
        return fg_fail(error, FG_E_CORRUPT, "a hash in the store has %zu bytes", length);
    memcpy(ret_digest->bytes, bytes, length);
    return FG_OK;
}

#define CONTROLLER_COLUMNS                                                                                   \
    "SELECT c.id, c.device_key, c.first_contact_ms, c.contact_ms, c.next_sequence, c.head, "                 \
    "c.urgent_sequence,"                                                                                     \
    " c.forks, c.refusals, c.marked, c.upstream_ms, c.upstream_verdict, c.upstream_text,"                    \
    " c.report_ms, c.clock_offset_ms, c.clock_quality, c.list_id, c.list_version, c.list_issued_ms,"         \
    " c.last_sequence, c.unsent, c.oldest_unsent_ms, c.disk_free_bytes, c.version,"                          \
    " r.bytes, COALESCE(r.next_sequence, 1), COALESCE(r.arrived_ms, 0), COALESCE(e.time_ms, 0),"             \
    " COALESCE(f.time_ms, 0)"                                                                                \
    " FROM controller c LEFT JOIN receipt r ON r.controller = c.id"                                          \
    " LEFT JOIN entry e ON e.controller = c.id AND e.sequence = COALESCE(r.next_sequence, 1)"                \
    " LEFT JOIN entry f ON f.controller = c.id AND f.sequence = 1"

static void take_report(const struct fg_sql_statement *row, struct fg_station_controller *controller)
{
    struct fg_sync_report *report = &controller->report;

    controller->report_ms = fg_sql_int(row, 13);
    controller->clock_offset_ms = fg_sql_int(row, 14);
    fg_station_copy_text(report->device, sizeof(report->device), controller->id);
    report->wall_ms = controller->report_ms + controller->clock_offset_ms;
    report->clock_quality = (uint8_t)fg_sql_int(row, 15);
    fg_station_copy_text(report->list_id, sizeof(report->list_id), fg_sql_text(row, 16));
    report->list_version = (uint64_t)fg_sql_int(row, 17);
    report->list_issued_ms = fg_sql_int(row, 18);
    report->last_sequence = (uint64_t)fg_sql_int(row, 19);
    report->unsent = (uint64_t)fg_sql_int(row, 20);
    report->oldest_unsent_ms = fg_sql_int(row, 21);
    report->disk_free_bytes = (uint64_t)fg_sql_int(row, 22);
    fg_station_copy_text(report->version, sizeof(report->version), fg_sql_text(row, 23));
}

/* What no receipt proves was not received: then everything held counts as not sent. */
static void take_receipt(struct fg_station_store *store, const struct fg_sql_statement *row,
                         struct fg_station_controller *controller)
{
    struct fg_receipt receipt;
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, 24, &length);

    controller->receipt_next = 1;
    controller->oldest_unsent_ms = fg_sql_int(row, 28);
    if (fg_sql_is_null(row, 24))
        return;
    controller->receipt_false = !fg_station_receipt_holds(store, controller->id, bytes, length,
                                                          (uint64_t)fg_sql_int(row, 25), &receipt, NULL);
    if (controller->receipt_false)
        return;
    controller->receipt_next = receipt.next_sequence;
    controller->receipt_ms = fg_sql_int(row, 26);
    controller->oldest_unsent_ms = fg_sql_int(row, 27);
}

static enum fg_err take_controller(struct fg_station_store *store, const struct fg_sql_statement *row,
                                   struct fg_station_controller *ret_controller, struct fg_error *error)
{
    struct fg_station_controller *controller = ret_controller;
    size_t key_length = 0;
    const uint8_t *key;
    enum fg_err result;

    memset(controller, 0, sizeof(*controller));
    fg_station_copy_text(controller->id, sizeof(controller->id), fg_sql_text(row, 0));
    key = fg_sql_bytes(row, 1, &key_length);
    if (key_length != FG_POINT_BYTES)
        return fg_fail(error, FG_E_CORRUPT, "controller %s: the stored device key has %zu bytes",
                       controller->id, key_length);
    result = fg_public_key_from_point(key, &controller->device_key, error);
    if (result == FG_OK)
        result = fg_station_take_digest(row, 5, &controller->head, error);
    if (result != FG_OK)
        return fg_fail_in(error, FG_E_CORRUPT, "controller %s: ", controller->id);
    controller->first_contact_ms = fg_sql_int(row, 2);
    controller->contact_ms = fg_sql_int(row, 3);
    controller->next_sequence = (uint64_t)fg_sql_int(row, 4);
    controller->urgent_sequence = (uint64_t)fg_sql_int(row, 6);
    controller->forks = (uint64_t)fg_sql_int(row, 7);
    controller->refusals = (uint64_t)fg_sql_int(row, 8);
    controller->marked = (uint64_t)fg_sql_int(row, 9);
    controller->upstream_ms = fg_sql_int(row, 10);
    controller->upstream_verdict = (uint8_t)fg_sql_int(row, 11);
    fg_station_copy_text(controller->upstream_text, sizeof(controller->upstream_text), fg_sql_text(row, 12));
    take_report(row, controller);
    take_receipt(store, row, controller);
    return FG_OK;
}

enum fg_err fg_station_store_controller(struct fg_station_store *store, const char *id,
                                        struct fg_station_controller *ret_controller, struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result = fg_sql_prepare(store->sql, CONTROLLER_COLUMNS " WHERE c.id = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, id);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        result = take_controller(store, statement, ret_controller, error);
    else if (result == FG_E_NOT_FOUND)
        (void)fg_fail(error, FG_E_NOT_FOUND, "controller %s has never been here", id);
    fg_sql_reset(statement);
    return result;
}

enum fg_err fg_station_store_controllers(struct fg_station_store *store,
                                         struct fg_station_controller *ret_controllers, size_t capacity,
                                         size_t *ret_count, struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    size_t count = 0;
    enum fg_err result = fg_sql_prepare(store->sql, CONTROLLER_COLUMNS " ORDER BY c.id", &statement, error);

    if (result != FG_OK)
        return result;
    while (count < capacity) {
        result = fg_sql_next(statement, error);
        if (result == FG_OK)
            result = take_controller(store, statement, &ret_controllers[count], error);
        if (result != FG_OK)
            break;
        count++;
    }
    fg_sql_reset(statement);
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    *ret_count = count;
    return FG_OK;
}

static enum fg_err count_rows(struct fg_station_store *store, const char *text, const char *controller,
                              uint64_t *ret_count, struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result = fg_sql_prepare(store->sql, text, &statement, error);

    if (result != FG_OK)
        return result;
    if (controller != NULL)
        fg_sql_bind_text(statement, 1, controller);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        *ret_count = (uint64_t)fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return result;
}

enum fg_err fg_station_store_add_controller(struct fg_station_store *store, const char *id,
                                            const struct fg_public_key *device_key, int64_t now_ms,
                                            struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    struct fg_digest head;
    uint64_t count = 0;
    enum fg_err result = count_rows(store, "SELECT COUNT(*) FROM controller", NULL, &count, error);

    if (result != FG_OK)
        return result;
    if (count >= FG_STATION_CONTROLLERS_MAX)
        return fg_fail(error, FG_E_FULL,
                       "controller %s: this station already serves %d controllers, its most", id,
                       FG_STATION_CONTROLLERS_MAX);
    result =
        fg_sql_prepare(store->sql,
                       "INSERT INTO controller (id, device_key, first_contact_ms, contact_ms, next_sequence,"
                       " head) VALUES ($1, $2, $3, $3, 1, $4)",
                       &statement, error);
    if (result != FG_OK)
        return result;
    fg_chain_start(id, &head);
    fg_sql_bind_text(statement, 1, id);
    fg_sql_bind_bytes(statement, 2, device_key->point, sizeof(device_key->point));
    fg_sql_bind_int(statement, 3, now_ms);
    fg_sql_bind_bytes(statement, 4, head.bytes, sizeof(head.bytes));
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_station_store_update_controller(struct fg_station_store *store,
                                               const struct fg_station_controller *controller,
                                               struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result =
        fg_sql_prepare(store->sql,
                       "UPDATE controller SET contact_ms = $2, next_sequence = $3, head = $4,"
                       " urgent_sequence = $5, forks = $6, refusals = $7, marked = $8 WHERE id = $1",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller->id);
    fg_sql_bind_int(statement, 2, controller->contact_ms);
    fg_sql_bind_int(statement, 3, (int64_t)controller->next_sequence);
    fg_sql_bind_bytes(statement, 4, controller->head.bytes, sizeof(controller->head.bytes));
    fg_sql_bind_int(statement, 5, (int64_t)controller->urgent_sequence);
    fg_sql_bind_int(statement, 6, (int64_t)controller->forks);
    fg_sql_bind_int(statement, 7, (int64_t)controller->refusals);
    fg_sql_bind_int(statement, 8, (int64_t)controller->marked);
    return fg_sql_run(statement, NULL, error);
}

/* A peer's number as the database can hold it: never negative. */
static int64_t bounded(uint64_t value)
{
    return value > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)value;
}

/* The difference of two times of which one is a peer's, without overflow. */
static int64_t offset_of(int64_t theirs_ms, int64_t ours_ms)
{
    int64_t offset = 0;

    if (__builtin_sub_overflow(theirs_ms, ours_ms, &offset))
        return theirs_ms < 0 ? INT64_MIN / 2 : INT64_MAX / 2;
    return offset;
}

enum fg_err fg_station_store_report(struct fg_station_store *store, const char *id,
                                    const struct fg_sync_report *report, int64_t now_ms,
                                    struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result = fg_sql_prepare(
        store->sql,
        "UPDATE controller SET contact_ms = $2, report_ms = $2, clock_offset_ms = $3, clock_quality = $4,"
        " list_id = $5, list_version = $6, list_issued_ms = $7, last_sequence = $8, unsent = $9,"
        " oldest_unsent_ms = $10, disk_free_bytes = $11, version = $12 WHERE id = $1",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, id);
    fg_sql_bind_int(statement, 2, now_ms);
    fg_sql_bind_int(statement, 3, offset_of(report->wall_ms, now_ms));
    fg_sql_bind_int(statement, 4, report->clock_quality);
    fg_sql_bind_text(statement, 5, report->list_id);
    fg_sql_bind_int(statement, 6, bounded(report->list_version));
    fg_sql_bind_int(statement, 7, report->list_issued_ms);
    fg_sql_bind_int(statement, 8, bounded(report->last_sequence));
    fg_sql_bind_int(statement, 9, bounded(report->unsent));
    fg_sql_bind_int(statement, 10, report->oldest_unsent_ms);
    fg_sql_bind_int(statement, 11, bounded(report->disk_free_bytes));
    fg_sql_bind_text(statement, 12, report->version);
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_station_store_verdict(struct fg_station_store *store, const char *id, uint8_t verdict,
                                     const char *text, int64_t now_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result = fg_sql_prepare(
        store->sql,
        "UPDATE controller SET upstream_ms = $2, upstream_verdict = $3, upstream_text = $4 WHERE id = $1",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, id);
    fg_sql_bind_int(statement, 2, now_ms);
    fg_sql_bind_int(statement, 3, verdict);
    fg_sql_bind_text(statement, 4, text);
    return fg_sql_run(statement, NULL, error);
}

static enum fg_err insert_evidence(struct fg_station_store *store, uint64_t sequence,
                                   const struct fg_digest *hash, uint8_t verdict, const char *controller,
                                   const uint8_t *bytes, size_t length, int64_t now_ms,
                                   struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result =
        fg_sql_prepare(store->sql,
                       "INSERT INTO evidence (controller, sequence, hash, verdict, batch, arrived_ms)"
                       " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (controller, sequence, hash) DO NOTHING",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    fg_sql_bind_int(statement, 2, (int64_t)sequence);
    fg_sql_bind_bytes(statement, 3, hash->bytes, sizeof(hash->bytes));
    fg_sql_bind_int(statement, 4, verdict);
    fg_sql_bind_bytes(statement, 5, bytes, length);
    fg_sql_bind_int(statement, 6, now_ms);
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_station_store_evidence(struct fg_station_store *store, uint64_t sequence,
                                      const struct fg_digest *hash, uint8_t verdict,
                                      const struct fg_sync_batch *batch, int64_t now_ms,
                                      struct fg_error *error)
{
    uint8_t *buffer = NULL;
    size_t length = 0;
    uint64_t kept = 0;
    enum fg_err result = count_rows(store, "SELECT COUNT(*) FROM evidence WHERE controller = $1",
                                    batch->controller, &kept, error);

    if (result != FG_OK || kept >= FG_STATION_EVIDENCE_MAX)
        return result;
    buffer = malloc(FG_SYNC_BATCH_BYTES_MAX);
    if (buffer == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a batch");
    result = fg_sync_batch_encode(batch, buffer, FG_SYNC_BATCH_BYTES_MAX, &length, error);
    if (result == FG_OK)
        result =
            insert_evidence(store, sequence, hash, verdict, batch->controller, buffer, length, now_ms, error);
    free(buffer);
    return result;
}

static enum fg_err read_evidence(const struct fg_sql_statement *row, uint8_t *batch, size_t capacity,
                                 struct fg_station_evidence *ret_evidence, struct fg_error *error)
{
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, 2, &length);

    if (length != sizeof(ret_evidence->hash.bytes))
        return fg_fail(error, FG_E_CORRUPT, "evidence: its hash has %zu bytes", length);
    memcpy(ret_evidence->hash.bytes, bytes, length);
    bytes = fg_sql_bytes(row, 3, &length);
    if (length > capacity)
        return fg_fail(error, FG_E_SIZE, "evidence: its batch has %zu bytes", length);
    memcpy(batch, bytes, length);
    ret_evidence->length = length;
    (void)snprintf(ret_evidence->controller, sizeof(ret_evidence->controller), "%s", fg_sql_text(row, 0));
    ret_evidence->sequence = (uint64_t)fg_sql_int(row, 1);
    return FG_OK;
}

enum fg_err fg_station_store_evidence_next(struct fg_station_store *store, uint8_t *batch, size_t capacity,
                                           struct fg_station_evidence *ret_evidence, struct fg_error *error)
{
    struct fg_sql_statement *row = NULL;
    enum fg_err result = fg_sql_prepare(
        store->sql,
        "SELECT evidence.controller, evidence.sequence, evidence.hash, evidence.batch FROM evidence JOIN "
        "receipt ON "
        "receipt.controller = evidence.controller WHERE evidence.shown_ms = 0 AND evidence.sequence < "
        "receipt.next_sequence ORDER BY evidence.arrived_ms, evidence.controller, evidence.sequence LIMIT 1",
        &row, error);

    if (result == FG_OK)
        result = fg_sql_next(row, error);
    if (result != FG_OK)
        return result;
    result = read_evidence(row, batch, capacity, ret_evidence, error);
    fg_sql_reset(row);
    return result;
}

enum fg_err fg_station_store_evidence_shown(struct fg_station_store *store,
                                            const struct fg_station_evidence *evidence, int64_t now_ms,
                                            struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result = fg_sql_prepare(
        store->sql, "UPDATE evidence SET shown_ms = $4 WHERE controller = $1 AND sequence = $2 AND hash = $3",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, evidence->controller);
    fg_sql_bind_int(statement, 2, (int64_t)evidence->sequence);
    fg_sql_bind_bytes(statement, 3, evidence->hash.bytes, sizeof(evidence->hash.bytes));
    fg_sql_bind_int(statement, 4, now_ms);
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_station_store_evidence_count(struct fg_station_store *store, uint64_t *ret_count,
                                            struct fg_error *error)
{
    return count_rows(store, "SELECT COUNT(*) FROM evidence", NULL, ret_count, error);
}

/* A store that no daemon of this version has opened yet has no such column: then nobody asked. */
static enum fg_err roster_checked(struct fg_station_store *store, int64_t *ret_checked_ms,
                                  struct fg_error *error)
{
    struct fg_sql_statement *row = NULL;
    uint64_t columns = 0;
    enum fg_err result = count_rows(
        store, "SELECT COUNT(*) FROM pragma_table_info('upstream') WHERE name = 'roster_checked_ms'", NULL,
        &columns, error);

    if (result != FG_OK || columns == 0)
        return result;
    result = fg_sql_prepare(store->sql, "SELECT roster_checked_ms FROM upstream WHERE id = $1", &row, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_int(row, 1, UPSTREAM_ROW);
    result = fg_sql_next(row, error);
    if (result == FG_OK)
        *ret_checked_ms = fg_sql_int(row, 0);
    fg_sql_reset(row);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

enum fg_err fg_station_store_upstream(struct fg_station_store *store,
                                      struct fg_station_upstream *ret_upstream, struct fg_error *error)
{
    struct fg_sql_statement *row = NULL;
    struct fg_station_upstream upstream = {0};
    enum fg_err result = fg_sql_prepare(
        store->sql,
        "SELECT started_ms, updated_ms, attempt_ms, contact_ms, attempts, failures, error_ms, error_text, "
        "list_id,"
        " list_version, list_issued_ms, list_expires_ms, list_checked_ms, clock_offset_ms FROM upstream "
        "WHERE id = $1",
        &row, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(row, 1, UPSTREAM_ROW);
    result = fg_sql_next(row, error);
    if (result == FG_OK) {
        upstream.started_ms = fg_sql_int(row, 0);
        upstream.updated_ms = fg_sql_int(row, 1);
        upstream.attempt_ms = fg_sql_int(row, 2);
        upstream.contact_ms = fg_sql_int(row, 3);
        upstream.attempts = (uint64_t)fg_sql_int(row, 4);
        upstream.failures = (uint64_t)fg_sql_int(row, 5);
        upstream.error_ms = fg_sql_int(row, 6);
        fg_station_copy_text(upstream.error_text, sizeof(upstream.error_text), fg_sql_text(row, 7));
        fg_station_copy_text(upstream.list_id, sizeof(upstream.list_id), fg_sql_text(row, 8));
        upstream.list_version = (uint64_t)fg_sql_int(row, 9);
        upstream.list_issued_ms = fg_sql_int(row, 10);
        upstream.list_expires_ms = fg_sql_int(row, 11);
        upstream.list_checked_ms = fg_sql_int(row, 12);
        upstream.clock_offset_ms = fg_sql_int(row, 13);
    }
    fg_sql_reset(row);
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    result = roster_checked(store, &upstream.roster_checked_ms, error);
    if (result == FG_OK)
        *ret_upstream = upstream;
    return result;
}

enum fg_err fg_station_store_put_upstream(struct fg_station_store *store,
                                          const struct fg_station_upstream *upstream, struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result = fg_sql_prepare(
        store->sql,
        "INSERT INTO upstream (id, started_ms, updated_ms, attempt_ms, contact_ms, attempts, failures, "
        "error_ms,"
        " error_text, list_id, list_version, list_issued_ms, list_expires_ms, list_checked_ms,"
        " clock_offset_ms, roster_checked_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (id) DO "
        "UPDATE SET"
        " started_ms = $2, updated_ms = $3, attempt_ms = $4, contact_ms = $5, attempts = $6, failures = $7,"
        " error_ms = $8, error_text = $9, list_id = $10, list_version = $11, list_issued_ms = $12,"
        " list_expires_ms = $13, list_checked_ms = $14, clock_offset_ms = $15, roster_checked_ms = $16",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, UPSTREAM_ROW);
    fg_sql_bind_int(statement, 2, upstream->started_ms);
    fg_sql_bind_int(statement, 3, upstream->updated_ms);
    fg_sql_bind_int(statement, 4, upstream->attempt_ms);
    fg_sql_bind_int(statement, 5, upstream->contact_ms);
    fg_sql_bind_int(statement, 6, bounded(upstream->attempts));
    fg_sql_bind_int(statement, 7, bounded(upstream->failures));
    fg_sql_bind_int(statement, 8, upstream->error_ms);
    fg_sql_bind_text(statement, 9, upstream->error_text);
    fg_sql_bind_text(statement, 10, upstream->list_id);
    fg_sql_bind_int(statement, 11, bounded(upstream->list_version));
    fg_sql_bind_int(statement, 12, upstream->list_issued_ms);
    fg_sql_bind_int(statement, 13, upstream->list_expires_ms);
    fg_sql_bind_int(statement, 14, upstream->list_checked_ms);
    fg_sql_bind_int(statement, 15, upstream->clock_offset_ms);
    fg_sql_bind_int(statement, 16, upstream->roster_checked_ms);
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_station_store_verification(struct fg_station_store *store,
                                          struct fg_station_verification *ret_verification,
                                          struct fg_error *error)
{
    struct fg_sql_statement *row = NULL;
    struct fg_station_verification verification = {.heads_kept = false};
    enum fg_err result = fg_sql_prepare(
        store->sql,
        "SELECT heads_kept, started_ms, ended_ms, entries, findings, text FROM verification WHERE id = 1",
        &row, error);

    if (result != FG_OK)
        return result;
    result = fg_sql_next(row, error);
    if (result == FG_OK) {
        verification.heads_kept = fg_sql_int(row, 0) != 0;
        verification.started_ms = fg_sql_int(row, 1);
        verification.ended_ms = fg_sql_int(row, 2);
        verification.entries = (uint64_t)fg_sql_int(row, 3);
        verification.findings = (uint64_t)fg_sql_int(row, 4);
        fg_station_copy_text(verification.text, sizeof(verification.text), fg_sql_text(row, 5));
    }
    fg_sql_reset(row);
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    *ret_verification = verification;
    return FG_OK;
}

enum fg_err fg_station_store_put_verification(struct fg_station_store *store,
                                              const struct fg_station_verification *verification,
                                              struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result = fg_sql_prepare(
        store->sql,
        "INSERT INTO verification (id, heads_kept, started_ms, ended_ms, entries, findings, text) VALUES (1, "
        "$1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET heads_kept = $1, started_ms = $2, ended_ms = "
        "$3, entries = $4, findings = $5, text = $6",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 1, verification->heads_kept);
    fg_sql_bind_int(statement, 2, verification->started_ms);
    fg_sql_bind_int(statement, 3, verification->ended_ms);
    fg_sql_bind_int(statement, 4, bounded(verification->entries));
    fg_sql_bind_int(statement, 5, bounded(verification->findings));
    fg_sql_bind_text(statement, 6, verification->text);
    return fg_sql_run(statement, NULL, error);
}
