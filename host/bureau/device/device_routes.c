/* Implementation of the bureau's routes (device_routes.h). */
#include "host/bureau/device/device_routes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/device/enrol_routes.h"
#include "host/bureau/device/known_devices.h"
#include "host/bureau/device/reports.h"
#include "host/bureau/device/roster_make.h"
#include "host/bureau/journal/suspension.h"
#include "host/bureau/watch/trail_witness.h"
#include "lib/list/serve/authority_route.h"
#include "lib/list/serve/key_rings.h"
#include "proto/journal/sync.h"
#include "proto/key/enrol.h"

#define SQL_WAIT_MS 10000
#define LINE_BYTES 640

static void say(const struct fg_bureau *bureau, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct fg_bureau *bureau, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    bureau->log(NULL, line);
}

enum errand { ERRAND_JOURNAL, ERRAND_REPORT, ERRAND_GETS };

/* A suspended device gets nothing. Entries are still taken from it, for each proves itself by its
 * controller's signature, and what a controller reports of itself, which tells whether any are missing; not
 * what a station says of itself and others. */
static bool suspension_bars(enum errand errand, const struct fg_peer *peer)
{
    return errand == ERRAND_GETS || (errand == ERRAND_REPORT && strcmp(peer->role, FG_ROLE_CONTROLLER) != 0);
}

/* A database object for this request, the peer admitted; NULL: the answer is set. */
static struct fg_sql *request_admit(struct fg_bureau *bureau, const struct fg_request *request,
                                    enum errand errand, struct fg_answer *answer)
{
    bool suspended = false;
    struct fg_sql *sql = fg_sql_pool_take(bureau->pool, SQL_WAIT_MS);
    struct fg_error error;
    enum fg_err result;

    if (sql == NULL) {
        fg_answer_text(answer, 503, "the bureau is busy; try again");
        return NULL;
    }
    result = fg_known_device_find(sql, request->peer, &suspended, &error);
    if (result == FG_OK && suspended && suspension_bars(errand, request->peer))
        result = fg_fail(&error, FG_E_DENIED, "%s %s is suspended", request->peer->role, request->peer->id);
    if (result == FG_OK)
        return sql;
    fg_sql_pool_give(bureau->pool, sql);
    if (result == FG_E_DENIED) {
        say(bureau, "%s refused %s: %s", request->path, request->peer->address, error.text);
        fg_answer_text(answer, 403, "%s", error.text);
        answer->close = true;
    } else {
        say(bureau, "%s for %s failed: %s", request->path, request->peer->id, error.text);
        fg_answer_text(answer, 503, "the bureau cannot answer just now; try again");
    }
    return NULL;
}

/* ---- journals ---- */

static void journal_say(const struct fg_bureau *bureau, const struct fg_request *request,
                        const struct fg_sync_batch *batch, const struct fg_sync_answer *answer)
{
    static const char *const verdicts[] = {"?", "held", "gap", "FORK", "REFUSED", "busy"};

    if (answer->verdict == FG_SYNC_HELD)
        return;
    say(bureau, "journal of %s, entry %llu on, from %s %s: %s: %s", batch->controller,
        (unsigned long long)batch->first_sequence, request->peer->role, request->peer->id,
        answer->verdict < sizeof(verdicts) / sizeof(verdicts[0]) ? verdicts[answer->verdict] : "?",
        answer->text);
}

static enum fg_err batch_serve(struct fg_bureau *bureau, struct fg_sql *sql, const struct fg_request *request,
                               const struct fg_sync_batch *batch, struct fg_answer *ret_answer,
                               struct fg_error *error)
{
    struct fg_sync_answer answer;
    uint8_t bytes[FG_SYNC_ANSWER_BYTES_MAX];
    size_t length = 0;
    enum fg_err result =
        fg_ingest_batch(sql, &bureau->ingest, request->peer, batch, bureau->now_ms(NULL), &answer, error);

    if (result == FG_OK)
        result = fg_sync_answer_encode(&answer, bytes, sizeof(bytes), &length, error);
    if (result != FG_OK)
        return result;
    journal_say(bureau, request, batch, &answer);
    if (answer.verdict == FG_SYNC_HELD)
        fg_alarm_thread_poke(bureau->watcher);
    fg_answer_bytes(ret_answer, fg_sync_status(answer.verdict), bytes, length);
    return FG_OK;
}

static void journal_serve(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_bureau *bureau = context;
    struct fg_sync_batch *batch = malloc(sizeof(*batch));
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result;

    if (batch == NULL) {
        fg_answer_text(ret_answer, 503, "no memory; try again");
        return;
    }
    result = fg_sync_batch_decode(request->body, request->body_length, batch, &error);
    if (result != FG_OK) {
        say(bureau, "journal batch from %s %s: %s", request->peer->role, request->peer->id, error.text);
        fg_answer_text(ret_answer, 400, "%s", error.text);
        goto done;
    }
    sql = request_admit(bureau, request, ERRAND_JOURNAL, ret_answer);
    if (sql == NULL)
        goto done;
    result = batch_serve(bureau, sql, request, batch, ret_answer, &error);
    if (result == FG_E_RANGE) {
        fg_answer_text(ret_answer, 400, "%s", error.text);
    } else if (result != FG_OK) {
        say(bureau, "journal of %s from %s: %s (%s)", batch->controller, request->peer->id, error.text,
            fg_err_name(result));
        fg_answer_text(ret_answer, 503, "the bureau cannot take it just now; try again");
    }
    fg_sql_pool_give(bureau->pool, sql);
done:
    free(batch);
}

/* ---- reports ---- */

/* A station is a witness of the trail, too. */
static enum fg_err witness_serve(struct fg_bureau *bureau, struct fg_sql *sql,
                                 const struct fg_request *request, const struct fg_sync_reports *reports,
                                 struct fg_sync_report_answer *answer, struct fg_error *error)
{
    struct fg_trail_head made = {.number = 0};
    char text[FG_TRAIL_HEAD_TEXT_BYTES];
    enum fg_err result;

    if (strcmp(request->peer->role, FG_ROLE_STATION) != 0)
        return FG_OK;
    result = fg_witness_report(sql, &bureau->receipt_key, request->peer->id, reports, bureau->now_ms(NULL),
                               answer, &made, error);
    if (made.number != 0) {
        fg_trail_head_text(&made, text);
        say(bureau, "trail head %s", text);
    }
    return result;
}

static enum fg_err reports_serve(struct fg_bureau *bureau, struct fg_sql *sql,
                                 const struct fg_request *request, const struct fg_sync_reports *reports,
                                 struct fg_answer *ret_answer, struct fg_error *error)
{
    struct fg_sync_report_answer answer;
    uint8_t bytes[FG_SYNC_ANSWER_BYTES_MAX];
    size_t length = 0;
    enum fg_err result = fg_reports_keep(sql, request->peer, reports, bureau->now_ms(NULL), &answer, error);

    if (result == FG_OK)
        result = witness_serve(bureau, sql, request, reports, &answer, error);
    if (result == FG_OK)
        result = fg_sync_report_answer_encode(&answer, bytes, sizeof(bytes), &length, error);
    if (result != FG_OK)
        return result;
    if (answer.text[0] != '\0')
        say(bureau, "report of %s: %s", request->peer->id, answer.text);
    fg_answer_bytes(ret_answer, 200, bytes, length);
    return FG_OK;
}

static void report_serve(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_bureau *bureau = context;
    struct fg_sync_reports *reports = malloc(sizeof(*reports));
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result;

    if (reports == NULL) {
        fg_answer_text(ret_answer, 503, "no memory; try again");
        return;
    }
    result = fg_sync_reports_decode(request->body, request->body_length, reports, &error);
    if (result != FG_OK) {
        fg_answer_text(ret_answer, 400, "%s", error.text);
        goto done;
    }
    sql = request_admit(bureau, request, ERRAND_REPORT, ret_answer);
    if (sql == NULL)
        goto done;
    result = reports_serve(bureau, sql, request, reports, ret_answer, &error);
    if (result == FG_E_DENIED) {
        fg_answer_text(ret_answer, 403, "%s", error.text);
    } else if (result != FG_OK) {
        say(bureau, "report of %s: %s (%s)", request->peer->id, error.text, fg_err_name(result));
        fg_answer_text(ret_answer, 503, "the bureau cannot take it just now; try again");
    }
    fg_sql_pool_give(bureau->pool, sql);
done:
    free(reports);
}

/* ---- rosters ---- */

/* A station gets its own, and nobody else's. */
static void roster_serve(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_bureau *bureau = context;
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct fg_error error;
    struct fg_sql *sql = request_admit(bureau, request, ERRAND_GETS, ret_answer);
    enum fg_err result;

    if (sql == NULL)
        return;
    if (strcmp(request->peer->role, FG_ROLE_STATION) != 0) {
        fg_answer_text(ret_answer, 403, "only a station has a roster");
        goto done;
    }
    bytes = malloc(FG_ROSTER_BYTES_MAX);
    if (bytes == NULL)
        goto done; /* 500, as it began */
    result = fg_roster_make(sql, request->peer->id, &bureau->receipt_key, bureau->now_ms(NULL), bytes,
                            &length, &error);
    if (result == FG_OK) {
        fg_answer_bytes(ret_answer, 200, bytes, length);
    } else {
        say(bureau, "roster of %s: %s (%s)", request->peer->id, error.text, fg_err_name(result));
        fg_answer_text(ret_answer, 503, "the bureau cannot make the roster just now; try again");
    }
done:
    free(bytes);
    fg_sql_pool_give(bureau->pool, sql);
}

/* ---- joining ---- */

static void enrol_serve(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_bureau *bureau = context;
    struct fg_enrolment_settings settings = {.ca = bureau->ca,
                                             .certificate_days = bureau->certificate_days,
                                             .receipt_key = &bureau->receipt_key.public_key,
                                             .list_key_count = bureau->list_key_count,
                                             .list_keys = bureau->list_keys,
                                             .own_names = &bureau->own_names};
    struct fg_sql *sql = fg_sql_pool_take(bureau->pool, SQL_WAIT_MS);

    if (sql == NULL) {
        fg_answer_text(ret_answer, 503, "the bureau is busy; try again");
        return;
    }
    (void)pthread_mutex_lock(&bureau->enrolment_lock);
    fg_enrol_serve(sql, &settings, request, bureau->now_ms(NULL), ret_answer, bureau->log, NULL);
    (void)pthread_mutex_unlock(&bureau->enrolment_lock);
    fg_sql_pool_give(bureau->pool, sql);
}

/* ---- keys ---- */

/* The key rings, as the clerk put them there. */
static void keys_serve(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    const struct fg_bureau *bureau = context;

    fg_key_rings_answer(fg_key_rings_pick, bureau->keyring_path, request, ret_answer);
}

/* ---- lists ---- */

/* One row when the device has this list, or is the station of a controller that has. A station goes on
 * fetching for controllers that are suspended, for it is the list that stops their points. */
static enum fg_err list_find(struct fg_sql *sql, const char *device, const char *list_id,
                             struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql,
                                        "SELECT device FROM device WHERE list_id = $2 AND (device = $1 OR "
                                        "(role = 'controller' AND station = $1)) LIMIT 1",
                                        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, device);
    fg_sql_bind_text(statement, 2, list_id);
    result = fg_sql_next(statement, error);
    fg_sql_reset(statement);
    return result;
}

/* A suspended controller gets only a list that was made since, which stops its points (as at a station,
 * host/station/admission.h); a suspended station gets none. */
static enum fg_err suspended_may_have(const struct fg_bureau *bureau, struct fg_sql *sql,
                                      const struct fg_peer *peer, const char *list_id, struct fg_error *error)
{
    int64_t issued_ms = 0;
    int64_t since_ms = 0;
    enum fg_err result;

    if (strcmp(peer->role, FG_ROLE_CONTROLLER) != 0)
        return fg_fail(error, FG_E_DENIED, "%s %s is suspended", peer->role, peer->id);
    result = fg_suspension_since(sql, peer->id, &since_ms, error);
    if (result == FG_E_NOT_FOUND)
        result = fg_fail(error, FG_E_DENIED, "%s is suspended, but since when is lost; verify the store",
                         peer->id);
    if (result == FG_OK)
        result = fg_listing_issued_ms(bureau->listing, list_id, &issued_ms, error);
    if (result == FG_OK && issued_ms < since_ms)
        result = fg_fail(error, FG_E_DENIED, "%s is suspended, and this list does not stop its points yet",
                         peer->id);
    return result;
}

bool fg_bureau_list_allowed(void *context, const struct fg_peer *peer, const char *list_id)
{
    struct fg_bureau *bureau = context;
    struct fg_sql *sql = fg_sql_pool_take(bureau->pool, SQL_WAIT_MS);
    bool suspended = false;
    struct fg_error error;
    enum fg_err result;

    if (sql == NULL)
        return false;
    result = fg_known_device_find(sql, peer, &suspended, &error);
    if (result == FG_OK) {
        result = list_find(sql, peer->id, list_id, &error);
        if (result == FG_E_NOT_FOUND)
            (void)fg_fail(&error, result, "not its list");
    }
    if (result == FG_OK && suspended)
        result = suspended_may_have(bureau, sql, peer, list_id, &error);
    if (result != FG_OK)
        say(bureau, "list %s refused to %s %s: %s", list_id, peer->role, peer->id, error.text);
    fg_sql_pool_give(bureau->pool, sql);
    return result == FG_OK;
}

/* ---- the table ---- */

size_t fg_bureau_routes(struct fg_bureau *bureau, struct fg_route ret_routes[FG_BUREAU_ROUTES_MAX])
{
    size_t count = 0;

    ret_routes[count++] =
        (struct fg_route){"POST", FG_SYNC_PATH_JOURNAL, FG_SYNC_BATCH_BYTES_MAX, true, journal_serve, bureau};
    ret_routes[count++] =
        (struct fg_route){"POST", FG_SYNC_PATH_REPORT, FG_SYNC_REPORT_BYTES_MAX, true, report_serve, bureau};
    ret_routes[count++] = fg_listing_route(bureau->listing);
    ret_routes[count++] = (struct fg_route){"GET", FG_SYNC_PATH_KEYS, 0, false, keys_serve, bureau};
    ret_routes[count++] = (struct fg_route){"GET", FG_SYNC_PATH_ROSTER, 0, true, roster_serve, bureau};
    ret_routes[count++] = fg_authority_route(bureau->ca_path);
    ret_routes[count++] = fg_authority_changes_route(bureau->ca_path);
    if (bureau->ca != NULL) {
        ret_routes[count++] =
            (struct fg_route){"POST", FG_SYNC_PATH_ENROL, FG_ENROL_BYTES_MAX, false, enrol_serve, bureau};
        ret_routes[count++] =
            (struct fg_route){"POST", FG_SYNC_PATH_RENEW, FG_ENROL_BYTES_MAX, false, enrol_serve, bureau};
    }
    return count;
}
