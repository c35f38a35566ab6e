/* Implementation of the station's routes (station_routes.h). */
#include "host/station/station_routes.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/platform_util.h>

#include "host/station/admission.h"
#include "host/station/base/quota.h"
#include "host/station/base/station_log.h"
#include "host/station/intake.h"
#include "host/station/store/station_report.h"
#include "host/station/up/upstream.h"
#include "lib/base/monotime.h"
#include "lib/list/serve/authority_route.h"
#include "lib/list/serve/key_rings.h"
#include "lib/net/https_client.h"

#define STORE_DEADLINE_MS 5000
#define ANSWER_BYTES (FG_SYNC_ANSWER_BYTES_MAX * 2)

struct fg_station_routes {
    struct fg_station_routes_settings settings;
    pthread_mutex_t store_lock; /* for store and quota */
    struct fg_station_store *store;
    struct fg_station_quota quota;
    pthread_mutex_t bureau_lock; /* one request is passed on at a time */
    struct fg_https *bureau;
    uint8_t passed[FG_STATION_PASSED_MAX];
};

/* ---- admission ---- */

static enum fg_err peer_admit(struct fg_station_routes *routes, const struct fg_peer *peer,
                              struct fg_station_standing *ret_standing, struct fg_error *error)
{
    enum fg_err result;

    (void)pthread_mutex_lock(&routes->store_lock);
    result =
        fg_station_admit(routes->settings.roster, routes->store, peer, fg_mono_ms(), ret_standing, error);
    (void)pthread_mutex_unlock(&routes->store_lock);
    return result;
}

/* A peer that is not admitted has proven nothing: its connection is the first to give way. */
static enum fg_err request_admit(struct fg_station_routes *routes, const struct fg_request *request,
                                 struct fg_station_standing *ret_standing, struct fg_error *error)
{
    char party[FG_NAME_MAX + sizeof("controller/")];
    enum fg_err result = peer_admit(routes, request->peer, ret_standing, error);

    (void)snprintf(party, sizeof(party), "controller/%s", request->peer->id);
    fg_request_vouch(request, result == FG_OK ? party : NULL);
    if (result != FG_OK)
        fg_station_log_peer("%s refused to %s (%s): %s", request->path, request->peer->id,
                            request->peer->address, error->text);
    return result;
}

bool fg_station_routes_peer_known(void *context, const struct fg_peer *peer)
{
    struct fg_station_routes *routes = context;
    struct fg_station_standing standing;

    return peer_admit(routes, peer, &standing, NULL) == FG_OK;
}

bool fg_station_routes_list_allowed(void *context, const struct fg_peer *peer, const char *list_id)
{
    struct fg_station_routes *routes = context;
    const struct fg_station_routes_settings *settings = &routes->settings;
    struct fg_station_standing standing;
    struct fg_error error;
    bool held = false;
    enum fg_err result;

    for (size_t i = 0; i < FG_STATION_LISTS_MAX; i++)
        held = held || (list_id[0] != '\0' && strcmp(settings->config->list_ids[i], list_id) == 0);
    if (!held)
        return false;
    result = peer_admit(routes, peer, &standing, &error);
    if (result == FG_OK)
        result = fg_station_admit_list(&standing, list_id,
                                       settings->list_issued_ms(settings->clock_context, list_id), &error);
    if (result != FG_OK)
        fg_station_log_peer("list %s refused to %s (%s): %s", list_id, peer->id, peer->address, error.text);
    return result == FG_OK;
}

/* ---- journal ---- */

static void answer_journal(const struct fg_sync_answer *answer, struct fg_answer *ret_answer)
{
    uint8_t bytes[ANSWER_BYTES];
    size_t length = 0;

    if (fg_sync_answer_encode(answer, bytes, sizeof(bytes), &length, NULL) != FG_OK)
        return; /* 500, as it began */
    fg_answer_bytes(ret_answer, fg_sync_status(answer->verdict), bytes, length);
}

/* Nothing was kept. */
static void answer_not(uint8_t verdict, const struct fg_sync_batch *batch, const char *text,
                       struct fg_answer *ret_answer)
{
    struct fg_sync_answer answer = {.verdict = verdict, .next_sequence = batch->first_sequence};

    (void)snprintf(answer.text, sizeof(answer.text), "%.*s", FG_SYNC_TEXT_MAX, text);
    answer_journal(&answer, ret_answer);
}

static void answer_busy(const struct fg_sync_batch *batch, const char *text, struct fg_answer *ret_answer)
{
    answer_not(FG_SYNC_BUSY, batch, text, ret_answer);
}

static bool disk_is_short(const struct fg_station_routes *routes)
{
    const struct fg_station_config *config = routes->settings.config;

    return fg_station_disk_free(config->store) < config->disk_reserve_bytes;
}

static void take_journal(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_station_routes *routes = context;
    const struct fg_station_routes_settings *settings = &routes->settings;
    struct fg_station_standing standing;
    struct fg_intake_result result;
    struct fg_sync_batch batch;
    struct fg_error error;
    enum fg_err code = fg_sync_batch_decode(request->body, request->body_length, &batch, &error);

    if (code != FG_OK) {
        fg_station_log_peer("journal from %s (%s): not a batch: %s", request->peer->id,
                            request->peer->address, error.text);
        fg_answer_text(ret_answer, 400, "%s", error.text);
        return;
    }
    code = request_admit(routes, request, &standing, &error);
    if (code != FG_OK) {
        answer_not(code == FG_E_DENIED ? FG_SYNC_REFUSED : FG_SYNC_BUSY, &batch, error.text, ret_answer);
        return;
    }
    if (disk_is_short(routes)) {
        fg_station_log_peer("journal from %s: not taken: the disk is nearly full", request->peer->id);
        answer_busy(&batch, "the station's disk is nearly full", ret_answer);
        return;
    }
    (void)pthread_mutex_lock(&routes->store_lock);
    code = fg_station_quota_is_left(&routes->quota, request->peer->id, fg_mono_ms())
               ? fg_intake_take(routes->store, request->peer, &batch,
                                settings->now_ms(settings->clock_context), &result, &error)
               : fg_fail(&error, FG_E_FULL, "it has stored its %" PRIu64 " bytes of this day",
                         routes->quota.bytes_per_day);
    if (code == FG_OK && result.stored > 0)
        fg_station_quota_use(&routes->quota, request->peer->id, request->body_length, fg_mono_ms());
    (void)pthread_mutex_unlock(&routes->store_lock);
    if (code != FG_OK) {
        fg_station_log_peer("journal from %s: not taken: %s", request->peer->id, error.text);
        answer_busy(&batch, "the station cannot store now", ret_answer);
        return;
    }
    if (result.logged)
        fg_station_log_peer("journal from %s (%s): %s", request->peer->id, request->peer->address,
                            result.answer.text);
    if (result.urgent)
        settings->wake(settings->wake_context);
    answer_journal(&result.answer, ret_answer);
}

/* ---- report ---- */

static void take_report(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_station_routes *routes = context;
    int64_t now_ms = routes->settings.now_ms(routes->settings.clock_context);
    struct fg_sync_reports *reports = malloc(sizeof(*reports));
    struct fg_sync_report_answer answer = {.wall_ms = now_ms};
    struct fg_station_standing standing;
    uint8_t bytes[ANSWER_BYTES];
    size_t length = 0;
    struct fg_error error;
    enum fg_err code;

    if (reports == NULL)
        return;
    code = fg_sync_reports_decode(request->body, request->body_length, reports, &error);
    if (code != FG_OK) {
        fg_answer_text(ret_answer, 400, "%s", error.text);
        goto done;
    }
    code = request_admit(routes, request, &standing, &error);
    if (code != FG_OK) {
        fg_answer_text(ret_answer, code == FG_E_DENIED ? 403 : 503, "%s", error.text);
        goto done;
    }
    (void)pthread_mutex_lock(&routes->store_lock);
    code = fg_intake_report(routes->store, request->peer, &reports->self, now_ms, &error);
    (void)pthread_mutex_unlock(&routes->store_lock);
    if (code == FG_OK && fg_sync_report_answer_encode(&answer, bytes, sizeof(bytes), &length, NULL) == FG_OK)
        fg_answer_bytes(ret_answer, 200, bytes, length);
    else if (code == FG_E_DENIED)
        fg_answer_text(ret_answer, 403, "%s", error.text);
    else
        fg_answer_text(ret_answer, 503, "the station cannot store now");
    if (code != FG_OK)
        fg_station_log_peer("report from %s (%s): %s", request->peer->id, request->peer->address, error.text);
done:
    free(reports);
}

/* ---- keys ---- */

static void hand_down_keys(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    const struct fg_station_routes *routes = context;

    fg_key_rings_answer(fg_keyring_file_next, routes->settings.config->keyring, request, ret_answer);
}

/* ---- passed on to the bureau ---- */

static void answer_alone(struct fg_answer *ret_answer)
{
    fg_answer_text(ret_answer, 503, "this station cannot reach the bureau now; try again later");
}

static void pass_on(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_station_routes *routes = context;
    struct fg_https_answer answered = {0};
    struct fg_https_request asked = {.method = request->method,
                                     .path = request->path,
                                     .body = request->body,
                                     .body_length = request->body_length,
                                     .answer_max = sizeof(routes->passed),
                                     .answer_buffer = routes->passed};
    struct fg_error error;
    enum fg_err code;

    /* Whoever comes while another one waits for the bureau must not hold a second thread of the server. */
    if (pthread_mutex_trylock(&routes->bureau_lock) != 0) {
        answer_alone(ret_answer);
        return;
    }
    code = fg_https_ask(routes->bureau, &asked, &answered, &error);
    if (code == FG_OK)
        fg_answer_bytes(ret_answer, answered.status, routes->passed, (size_t)answered.length);
    mbedtls_platform_zeroize(routes->passed, sizeof(routes->passed));
    (void)pthread_mutex_unlock(&routes->bureau_lock);
    if (code != FG_OK) {
        fg_station_log_peer("%s from %s not passed on: %s", request->path, request->peer->address,
                            error.text);
        answer_alone(ret_answer);
        return;
    }
    if (answered.status != 200)
        ret_answer->content_type = "text/plain; charset=utf-8";
    if (strcmp(request->method, "POST") == 0)
        fg_station_log_peer("%s from %s passed on: HTTP %u", request->path, request->peer->address,
                            answered.status);
}

/* A device that joined is one more on the roster. */
static void pass_on_enrolment(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_station_routes *routes = context;

    pass_on(routes, request, ret_answer);
    if (ret_answer->status == 200)
        (void)fg_station_roster_doubt(routes->settings.roster, true, fg_mono_ms());
}

static void pass_on_renewal(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_station_routes *routes = context;
    struct fg_station_standing standing;
    struct fg_error error;
    enum fg_err code = request_admit(routes, request, &standing, &error);

    if (code == FG_OK && standing.on_roster && standing.device.suspended_ms != 0)
        code = fg_fail(&error, FG_E_DENIED, "controller %s is suspended", request->peer->id);
    if (code == FG_OK)
        pass_on(routes, request, ret_answer);
    else
        fg_answer_text(ret_answer, code == FG_E_DENIED ? 403 : 503, "%s", error.text);
}

/* ---- the object ---- */

static enum fg_err connect_bureau(const struct fg_station_routes *routes, struct fg_https **ret_https,
                                  struct fg_error *error)
{
    struct fg_https_settings settings = fg_station_https_settings(
        routes->settings.config, routes->settings.now_ms, routes->settings.clock_context);

    return fg_https_new(&settings, ret_https, error);
}

enum fg_err fg_station_routes_new(const struct fg_station_routes_settings *settings,
                                  struct fg_station_routes **ret_routes, struct fg_error *error)
{
    struct fg_station_store_settings store = {.path = settings->config->store,
                                              .deadline_ms = STORE_DEADLINE_MS};
    struct fg_station_routes *routes = calloc(1, sizeof(*routes));
    enum fg_err result;

    if (routes == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the routes");
    routes->settings = *settings;
    routes->quota.bytes_per_day = settings->config->quota_bytes;
    (void)pthread_mutex_init(&routes->store_lock, NULL);
    (void)pthread_mutex_init(&routes->bureau_lock, NULL);
    result = fg_station_store_open(&store, &routes->store, error);
    if (result == FG_OK)
        result = connect_bureau(routes, &routes->bureau, error);
    if (result != FG_OK) {
        fg_station_routes_free(routes);
        return result;
    }
    *ret_routes = routes;
    return FG_OK;
}

void fg_station_routes_free(struct fg_station_routes *routes)
{
    if (routes == NULL)
        return;
    fg_https_free(routes->bureau);
    fg_station_store_close(routes->store);
    (void)pthread_mutex_destroy(&routes->bureau_lock);
    (void)pthread_mutex_destroy(&routes->store_lock);
    free(routes);
}

void fg_station_routes_fill(struct fg_station_routes *routes, struct fg_route ret_routes[FG_STATION_ROUTES])
{
    const struct fg_route filled[FG_STATION_ROUTES] = {
        {"POST", FG_SYNC_PATH_JOURNAL, FG_SYNC_BATCH_BYTES_MAX, true, take_journal, routes},
        {"POST", FG_SYNC_PATH_REPORT, FG_SYNC_REPORT_BYTES_MAX, true, take_report, routes},
        {"POST", FG_SYNC_PATH_ENROL, FG_STATION_PASSED_MAX, false, pass_on_enrolment, routes},
        {"POST", FG_SYNC_PATH_RENEW, FG_STATION_PASSED_MAX, true, pass_on_renewal, routes},
        {"GET", FG_SYNC_PATH_KEYS, 0, false, hand_down_keys, routes},
        fg_authority_route(routes->settings.config->ca),
        fg_authority_changes_route(routes->settings.config->ca),
    };

    memcpy(ret_routes, filled, sizeof(filled));
}

enum fg_err fg_station_routes_reload(struct fg_station_routes *routes, struct fg_error *error)
{
    struct fg_https *https = NULL;
    enum fg_err result = connect_bureau(routes, &https, error);

    if (result != FG_OK)
        return result;
    (void)pthread_mutex_lock(&routes->bureau_lock);
    fg_https_free(routes->bureau);
    routes->bureau = https;
    (void)pthread_mutex_unlock(&routes->bureau_lock);
    return FG_OK;
}
