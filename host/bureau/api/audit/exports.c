/* Implementation of exports at the pages (exports.h). */
#include "host/bureau/api/audit/exports.h"
#include "host/bureau/trail/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/api/entries.h"
#include "host/bureau/export/export_stream.h"
#include "host/bureau/trail/trail.h"
#include "host/bureau/web/web_shared.h"
#include "lib/base/monotime.h"
#include "lib/base/random.h"

#define SQL_WAIT_MS 5000
/* Who takes less than this on average, after a while, is holding a place that others need. */
#define PACE_GRACE_MS 60000
#define PACE_BYTES_PER_MS 50
#define TRIES_MAX 20
#define TRY_PAUSE_MS 100
#define DETAIL_BYTES 512

/* One export that runs: its place among those at a time. */
struct slot {
    char id[FG_EXPORT_ID_DIGITS + 1]; /* "" = free */
    char user[FG_NAME_MAX + 1];
    uint64_t records;
    uint64_t bytes;
};

struct fg_web_exports {
    struct fg_web *web;
    pthread_mutex_t mutex; /* of everything below */
    struct slot slots[FG_WEB_EXPORTS_MAX];
};

struct download {
    struct fg_web *web;
    struct slot *slot;
    struct fg_export *export;
    struct fg_export_summary summary; /* whole when told */
    char address[64];
    int64_t begun_mono_ms;
    uint32_t tries;
    bool told;
    bool ended;
};

/* ---- places ---- */

enum fg_err fg_web_exports_new(struct fg_web *web, struct fg_web_exports **ret_exports,
                               struct fg_error *error)
{
    struct fg_web_exports *exports = calloc(1, sizeof(*exports));

    if (exports == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for exports");
    exports->web = web;
    (void)pthread_mutex_init(&exports->mutex, NULL);
    *ret_exports = exports;
    return FG_OK;
}

void fg_web_exports_free(struct fg_web_exports *exports)
{
    if (exports == NULL)
        return;
    (void)pthread_mutex_destroy(&exports->mutex);
    free(exports);
}

/* NULL: enough run. */
static struct slot *slot_take(struct fg_web_exports *exports, const char *id, const char *user)
{
    struct slot *found = NULL;
    unsigned own = 0;

    (void)pthread_mutex_lock(&exports->mutex);
    for (size_t i = 0; i < FG_WEB_EXPORTS_MAX; i++) {
        struct slot *slot = &exports->slots[i];

        if (slot->id[0] == '\0')
            found = slot;
        else if (strcmp(slot->user, user) == 0)
            own++;
    }
    if (own >= FG_WEB_EXPORTS_OF_ONE)
        found = NULL;
    if (found != NULL) {
        memset(found, 0, sizeof(*found));
        (void)snprintf(found->id, sizeof(found->id), "%s", id);
        (void)snprintf(found->user, sizeof(found->user), "%s", user);
    }
    (void)pthread_mutex_unlock(&exports->mutex);
    return found;
}

static void slot_give(struct fg_web_exports *exports, struct slot *slot)
{
    (void)pthread_mutex_lock(&exports->mutex);
    slot->id[0] = '\0';
    (void)pthread_mutex_unlock(&exports->mutex);
}

static void slot_move(struct fg_web_exports *exports, struct slot *slot, const struct fg_export *export)
{
    (void)pthread_mutex_lock(&exports->mutex);
    slot->records = fg_export_records(export);
    slot->bytes = fg_export_bytes(export);
    (void)pthread_mutex_unlock(&exports->mutex);
}

/* ---- the end, good or bad ---- */

static enum fg_err row_insert(struct fg_sql *sql, const struct fg_export_summary *summary, const char *text,
                              const struct fg_signature *signature, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    bool done = text[0] != '\0';
    enum fg_err result =
        fg_sql_prepare(sql,
                       "INSERT INTO web_export (id, login, ended_ms, done, records, bytes, sha256, signed, "
                       "signature, key_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, summary->id);
    fg_sql_bind_text(statement, 2, summary->user);
    fg_sql_bind_int(statement, 3, summary->ended_ms);
    fg_sql_bind_int(statement, 4, done);
    fg_sql_bind_int(statement, 5, (int64_t)summary->records);
    fg_sql_bind_int(statement, 6, (int64_t)summary->bytes);
    fg_sql_bind_bytes(statement, 7, summary->sha256.bytes, done ? FG_DIGEST_BYTES : 0);
    fg_sql_bind_text(statement, 8, text);
    fg_sql_bind_bytes(statement, 9, signature->bytes, done ? FG_SIGNATURE_BYTES : 0);
    fg_sql_bind_bytes(statement, 10, summary->key.bytes, done ? FG_KEY_ID_BYTES : 0);
    result = fg_sql_run(statement, NULL, error);
    return result == FG_OK ? fg_ledger_added(sql, &(struct fg_ledger_row){"web_export", {summary->id}},
                                             summary->user, error)
                           : result;
}

static enum fg_err trail_append(struct fg_sql *sql, const struct download *download, bool done,
                                struct fg_error *error)
{
    const struct fg_export_summary *summary = &download->summary;
    char sha256[2 * FG_DIGEST_BYTES + 1] = "";
    char detail[DETAIL_BYTES];
    struct fg_trail_record record = {.at_ms = summary->ended_ms,
                                     .user = summary->user,
                                     .role = summary->role,
                                     .address = download->address,
                                     .action = done ? "EXPORT_DONE" : "EXPORT_GIVEN_UP",
                                     .subject = summary->id,
                                     .detail = detail,
                                     .outcome = FG_TRAIL_DONE};

    for (size_t i = 0; done && i < FG_DIGEST_BYTES; i++)
        (void)snprintf(sha256 + 2 * i, 3, "%02x", summary->sha256.bytes[i]);
    (void)snprintf(detail, sizeof(detail), "format=%s records=%" PRIu64 " bytes=%" PRIu64 "%s%s %.300s",
                   fg_export_format_name((enum fg_export_format)summary->format), summary->records,
                   summary->bytes, done ? " sha256=" : "", sha256,
                   summary->filter[0] != '\0' ? summary->filter : "all");
    return fg_trail_append(sql, &record, NULL, error);
}

/* Row and trail, both or none. text "": it was given up. */
static enum fg_err end_keep(struct download *download, const char *text, const struct fg_signature *signature,
                            struct fg_error *error)
{
    struct fg_sql *sql = fg_sql_pool_take(download->web->pool, SQL_WAIT_MS);
    enum fg_err result;

    if (sql == NULL)
        return fg_fail(error, FG_E_BUSY, "all database objects are taken");
    result = fg_sql_begin(sql, error);
    if (result == FG_OK)
        result = row_insert(sql, &download->summary, text, signature, error);
    if (result == FG_OK)
        result = trail_append(sql, download, text[0] != '\0', error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    fg_sql_pool_give(download->web->pool, sql); /* rolls back what is open */
    return result;
}

static void summary_tell(struct download *download)
{
    struct fg_web_settings *settings = &download->web->settings;

    if (download->told)
        return;
    fg_export_tell(download->export, &download->summary);
    download->summary.ended_ms = settings->now_ms(settings->context);
    download->summary.key = settings->receipt_key->public_key.id;
    download->told = true;
}

/* Before whoever reads sees the end, so that the summary is there when they ask. */
static enum fg_err finish(struct download *download, struct fg_error *error)
{
    char text[FG_EXPORT_SIGNED_BYTES];
    struct fg_signature signature;
    size_t length;
    enum fg_err result;

    summary_tell(download);
    length = fg_export_summary_write(&download->summary, text);
    result = fg_sign(download->web->settings.receipt_key, FG_PURPOSE_EXPORT, text, length, &signature, error);
    if (result == FG_OK)
        result = end_keep(download, text, &signature, error);
    download->ended = result == FG_OK;
    return result;
}

static void download_free(void *context)
{
    static const struct fg_signature none;
    struct download *download = context;
    struct fg_error error;

    if (!download->ended) {
        summary_tell(download);
        if (end_keep(download, "", &none, &error) != FG_OK)
            fg_web_say(download->web, "export %s was given up, and the trail does not have it: %s",
                       download->summary.id, error.text);
    }
    slot_give(download->web->exports, download->slot);
    fg_export_free(download->export);
    free(download);
}

/* ---- the stream ---- */

static bool is_too_slow(const struct download *download)
{
    int64_t allowed_ms = PACE_GRACE_MS + (int64_t)(fg_export_bytes(download->export) / PACE_BYTES_PER_MS);

    return fg_mono_ms() - download->begun_mono_ms > allowed_ms;
}

/* What may pass: then the library asks again. */
static enum fg_err patience(struct download *download, enum fg_err result)
{
    if ((result != FG_E_BUSY && result != FG_E_GONE) || ++download->tries > TRIES_MAX)
        return result;
    fg_sleep_ms(TRY_PAUSE_MS);
    return FG_E_BUSY;
}

static enum fg_err download_read(void *context, uint64_t offset, uint8_t *buffer, size_t capacity,
                                 size_t *ret_length)
{
    struct download *download = context;
    struct fg_error error = {0};
    size_t length = 0;
    enum fg_err result;

    (void)offset;
    if (is_too_slow(download)) {
        fg_web_say(download->web, "export %s: taken too slowly, cut off", download->summary.id);
        return FG_E_TIMEOUT;
    }
    result = download->told ? FG_OK : fg_export_read(download->export, buffer, capacity, &length, &error);
    if (result == FG_OK && length == 0)
        result = finish(download, &error);
    if (result != FG_OK) {
        result = patience(download, result);
        if (result != FG_E_BUSY)
            fg_web_say(download->web, "export %s: %s", download->summary.id, error.text);
        return result;
    }
    download->tries = 0;
    slot_move(download->web->exports, download->slot, download->export);
    *ret_length = length;
    return FG_OK;
}

/* ---- handlers ---- */

static enum fg_err id_draw(char ret_id[FG_EXPORT_ID_DIGITS + 1], struct fg_error *error)
{
    uint8_t bytes[FG_EXPORT_ID_DIGITS / 2];
    enum fg_err result = fg_random_fill(bytes, sizeof(bytes), error);

    if (result != FG_OK)
        return result;
    for (size_t i = 0; i < sizeof(bytes); i++)
        (void)snprintf(ret_id + 2 * i, 3, "%02x", bytes[i]);
    return FG_OK;
}

static enum fg_err download_new(const struct fg_web_call *call, const char *id,
                                struct download **ret_download, struct fg_error *error)
{
    struct download *download = calloc(1, sizeof(*download));
    struct fg_history_filter filter;
    enum fg_err result;

    if (download == NULL)
        return fg_fail(error, FG_E_MEMORY, "export: no memory");
    download->web = call->web;
    download->begun_mono_ms = fg_mono_ms();
    (void)snprintf(download->address, sizeof(download->address), "%s", call->request->peer->address);
    (void)snprintf(download->summary.id, sizeof(download->summary.id), "%s", id);
    (void)snprintf(download->summary.user, sizeof(download->summary.user), "%s", call->user.user);
    (void)snprintf(download->summary.role, sizeof(download->summary.role), "%s", call->user.role);
    download->summary.begun_ms = call->now_ms;
    result = fg_web_history_filter(call, &filter, error);
    if (result == FG_OK)
        result = fg_export_new(call->web->pool, &filter,
                               (enum fg_export_format)fg_web_number_of(call, "format", 0), &download->export,
                               error);
    if (result == FG_OK)
        *ret_download = download;
    else
        free(download);
    return result;
}

static void stream_answer(struct fg_web_call *call, struct download *download)
{
    /* The server reads them on this thread, after the handler has returned. */
    static _Thread_local char id[FG_EXPORT_ID_DIGITS + 1];
    static _Thread_local char disposition[80];
    enum fg_export_format format = (enum fg_export_format)fg_web_number_of(call, "format", 0);

    memcpy(id, download->summary.id, sizeof(id));
    (void)snprintf(disposition, sizeof(disposition), "attachment; filename=\"fillgate-%.8s.%s\"", id,
                   fg_export_format_name(format));
    fg_web_header(call, "X-Fillgate-Export", id);
    fg_web_header(call, "Content-Disposition", disposition);
    call->answer->status = 200;
    call->answer->content_type =
        format == FG_EXPORT_CSV ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson";
    call->answer->source = download_read;
    call->answer->source_context = download;
    call->answer->source_free = download_free;
}

enum fg_err fg_web_export(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_web_exports *exports = call->web->exports;
    struct download *download = NULL;
    char id[FG_EXPORT_ID_DIGITS + 1];
    struct slot *slot;
    enum fg_err result;

    if (strcmp(call->request->method, "GET") != 0) {
        fg_web_refuse(call, FG_WEB_E_METHOD, NULL); /* HEAD: there is nothing to tell before the end */
        return FG_OK;
    }
    result = id_draw(id, error);
    if (result != FG_OK)
        return result;
    slot = slot_take(exports, id, call->user.user);
    if (slot == NULL) {
        fg_web_refuse(call, FG_WEB_E_TOO_MANY, NULL);
        return FG_OK;
    }
    result = download_new(call, id, &download, error);
    if (result != FG_OK) {
        slot_give(exports, slot);
        return result;
    }
    download->slot = slot;
    stream_answer(call, download);
    return FG_OK;
}

static bool running_write(struct fg_web_call *call, const char *id, struct fg_web_json *json)
{
    struct fg_web_exports *exports = call->web->exports;
    bool found = false;

    (void)pthread_mutex_lock(&exports->mutex);
    for (size_t i = 0; i < FG_WEB_EXPORTS_MAX && !found; i++) {
        const struct slot *slot = &exports->slots[i];

        found = strcmp(slot->id, id) == 0 && strcmp(slot->user, call->user.user) == 0;
        if (!found)
            continue;
        fg_web_json_text(json, json->root, "state", "RUNNING");
        fg_web_json_number(json, json->root, "records", (int64_t)slot->records);
        fg_web_json_number(json, json->root, "bytes", (int64_t)slot->bytes);
    }
    (void)pthread_mutex_unlock(&exports->mutex);
    if (found) {
        static const char *const empty[] = {"sha256", "signed", "signature", "key_id"};

        for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
            fg_web_json_text(json, json->root, empty[i], "");
    }
    return found;
}

static void hex_member(struct fg_web_json *json, const char *name, const struct fg_sql_statement *row,
                       unsigned column)
{
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, column, &length);

    fg_web_json_hex(json, json->root, name, bytes, length);
}

static enum fg_err ended_write(struct fg_web_call *call, const char *id, struct fg_web_json *json,
                               struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(call->sql,
                                        "SELECT done, records, bytes, sha256, signed, signature, key_id FROM "
                                        "web_export WHERE id = $1 AND login = $2",
                                        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, id);
    fg_sql_bind_text(statement, 2, call->user.user);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        fg_web_json_text(json, json->root, "state", fg_sql_int(statement, 0) != 0 ? "DONE" : "FAILED");
        fg_web_json_number(json, json->root, "records", fg_sql_int(statement, 1));
        fg_web_json_number(json, json->root, "bytes", fg_sql_int(statement, 2));
        hex_member(json, "sha256", statement, 3);
        fg_web_json_text(json, json->root, "signed", fg_sql_text(statement, 4));
        hex_member(json, "signature", statement, 5);
        hex_member(json, "key_id", statement, 6);
    } else if (result == FG_E_NOT_FOUND) {
        (void)fg_fail(error, FG_E_NOT_FOUND, "export");
    }
    fg_sql_reset(statement);
    return result;
}

/* Those that have ended are looked for first: one that ends in between is then found as the one or the other.
 */
enum fg_err fg_web_export_show(struct fg_web_call *call, struct fg_error *error)
{
    const char *id = fg_web_text_of(call, "id");
    struct fg_web_json json;
    enum fg_err result;

    fg_web_json_start(&json);
    fg_web_json_text(&json, json.root, "id", id);
    result = ended_write(call, id, &json, error);
    if (result == FG_E_NOT_FOUND && running_write(call, id, &json))
        result = FG_OK;
    else if (result == FG_E_NOT_FOUND)
        result = ended_write(call, id, &json, error);
    if (result == FG_OK)
        return fg_web_answer_json(call, 200, &json);
    fg_web_json_free(&json);
    return result;
}
