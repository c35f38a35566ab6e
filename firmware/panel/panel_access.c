/* Sessions, pairing and who may ask (panel_access.h). */
#include "firmware/panel/panel_access.h"

#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "firmware/panel/panel_answer.h"
#include "firmware/panel/panel_json.h"
#include "lib/base/monotime.h"
#include "lib/net/page/pair.h"

#define DEVICE_COOKIE_S 34560000 /* 400 days: as long as browsers keep one */

/* ---- lifetime, cookies ---- */

void fg_panel_access_start(struct fg_panel_access *access)
{
    (void)pthread_mutex_init(&access->mutex, NULL);
    (void)pthread_mutex_init(&access->pair_lane, NULL);
}

void fg_panel_access_end(struct fg_panel_access *access)
{
    (void)pthread_mutex_destroy(&access->pair_lane);
    (void)pthread_mutex_destroy(&access->mutex);
}

void fg_panel_access_name(struct fg_panel_access *access, uint16_t port)
{
    const char *prefix = access->names.https ? "__Host-" : "";

    access->names.port = port;
    (void)snprintf(access->session_cookie, sizeof(access->session_cookie), "%sfillgate_panel_%u", prefix,
                   port);
    (void)snprintf(access->device_cookie, sizeof(access->device_cookie), "%sfillgate_device_%u", prefix,
                   port);
}

/* Must outlive the handler: the server reads it when it sends. */
static void set_cookie(const struct fg_panel_access *access, struct fg_answer *answer, const char *name,
                       const char *value, uint32_t age_s)
{
    static _Thread_local char text[256];
    char age[32] = "";

    if (age_s > 0)
        (void)snprintf(age, sizeof(age), "; Max-Age=%u", age_s);
    (void)snprintf(text, sizeof(text), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", name, value,
                   access->names.https ? "; Secure" : "", age);
    fg_panel_add_header(answer, "Set-Cookie", text);
}

/* ---- every request ---- */

/* The mutex is held. */
static struct fg_panel_session *session_of(struct fg_panel_access *access, const struct fg_request *request)
{
    char cookie[FG_PANEL_SECRET_DIGITS + 1];

    if (!fg_page_cookie_find(fg_request_header(request, "Cookie"), access->session_cookie,
                             FG_PANEL_SECRET_DIGITS, cookie))
        return NULL;
    return fg_panel_session_find(&access->sessions, cookie, fg_mono_ms());
}

/* The paired device whose cookie this is. False: none. */
static bool device_of(struct fg_panel_access *access, const struct fg_request *request,
                      char ret_device[FG_PANEL_DEVICE_DIGITS + 1])
{
    char secret[FG_PAIR_SECRET_DIGITS + 1];

    if (!fg_page_cookie_find(fg_request_header(request, "Cookie"), access->device_cookie,
                             FG_PAIR_SECRET_DIGITS, secret))
        return false;
    fg_pair_id_of(secret, ret_device);
    mbedtls_platform_zeroize(secret, sizeof(secret));
    if (fg_pair_device_known(access->pair_directory, ret_device))
        return true;
    ret_device[0] = '\0';
    return false;
}

/* The connection is that of a paired browser: it keeps its place whatever strangers do. */
static void vouch(const struct fg_request *request, const char *device, uint64_t session_number)
{
    char party[FG_PANEL_DEVICE_DIGITS + 1];

    if (device[0] == '\0')
        (void)snprintf(party, sizeof(party), "session %llu", (unsigned long long)session_number);
    fg_request_vouch(request, device[0] != '\0' ? device : party);
}

/* Also the first moment at which the panel is sure to know its own names. */
static bool request_rate_take(struct fg_panel_access *access, const struct fg_request *request)
{
    char device[FG_PANEL_DEVICE_DIGITS + 1];
    struct fg_panel_session *session;
    bool paired;
    bool fits = false;

    (void)pthread_mutex_lock(&access->mutex);
    session = session_of(access, request);
    paired = session != NULL && session->paired;
    if (paired)
        fits = fg_panel_request_rate_take(&access->sessions, session, true, fg_mono_ms());
    (void)pthread_mutex_unlock(&access->mutex);
    if (paired)
        return fits;
    paired = device_of(access, request, device);
    (void)pthread_mutex_lock(&access->mutex);
    fits = fg_panel_request_rate_take(&access->sessions, NULL, paired, fg_mono_ms());
    (void)pthread_mutex_unlock(&access->mutex);
    return fits;
}

bool fg_panel_admit(struct fg_panel_access *access, const struct fg_request *request,
                    enum fg_panel_strictness strictness, struct fg_answer *answer)
{
    const char *origin = fg_request_header(request, "Origin");
    bool rate_fits = true;

    if (strictness != FG_PANEL_SAME_SITE_WITH_ORIGIN) {
        rate_fits = request_rate_take(access, request);
    } else {
        (void)pthread_mutex_lock(&access->mutex); /* its own names are known then */
        (void)pthread_mutex_unlock(&access->mutex);
    }
    if (!fg_page_host_fits(&access->names, fg_request_header(request, "Host"))) {
        fg_panel_refuse(answer, 403, "HOST",
                        "this panel is not called so; names that it has are in link.ini");
        return false;
    }
    if ((strictness == FG_PANEL_SAME_SITE_WITH_ORIGIN || origin != NULL) &&
        !fg_page_origin_fits(&access->names, origin)) {
        fg_panel_refuse(answer, 403, "ORIGIN", "only this panel's own page may ask this");
        return false;
    }
    if (strictness != FG_PANEL_ANY_SITE && !fg_page_site_fits(fg_request_header(request, "Sec-Fetch-Site"))) {
        fg_panel_refuse(answer, 403, "ORIGIN", "only this panel's own page may ask this");
        return false;
    }
    if (!rate_fits)
        fg_panel_refuse(answer, 429, "RATE", "too many requests; wait a second");
    return rate_fits;
}

bool fg_panel_may(struct fg_panel_access *access, uint64_t session_number)
{
    char device[FG_PANEL_DEVICE_DIGITS + 1] = "";
    struct fg_panel_session *session;
    bool may;

    (void)pthread_mutex_lock(&access->mutex);
    session = fg_panel_session_by_number(&access->sessions, session_number);
    if (session != NULL)
        memcpy(device, session->device, sizeof(device));
    (void)pthread_mutex_unlock(&access->mutex);
    if (session == NULL)
        return false;
    may = access->loopback || fg_pair_device_known(access->pair_directory, device);
    (void)pthread_mutex_lock(&access->mutex);
    session = fg_panel_session_by_number(&access->sessions, session_number);
    if (session != NULL)
        session->paired = may;
    (void)pthread_mutex_unlock(&access->mutex);
    return may && session != NULL;
}

uint64_t fg_panel_permit(struct fg_panel_access *access, const struct fg_request *request,
                         struct fg_answer *answer)
{
    char device[FG_PANEL_DEVICE_DIGITS + 1] = "";
    struct fg_panel_session *session;
    uint64_t number = 0;

    (void)pthread_mutex_lock(&access->mutex);
    session = session_of(access, request);
    if (session != NULL) {
        number = session->number;
        memcpy(device, session->device, sizeof(device));
    }
    (void)pthread_mutex_unlock(&access->mutex);
    if (number == 0) {
        fg_request_vouch(request, NULL);
        fg_panel_refuse(answer, 401, "SESSION", "no session; ask /session for one");
        return 0;
    }
    if (!fg_panel_may(access, number)) {
        fg_request_vouch(request, NULL);
        fg_panel_refuse(answer, 401, "PAIRING", "this browser is not paired with the filling point");
        return 0;
    }
    vouch(request, device, number);
    return number;
}

/* ---- sessions ---- */

bool fg_panel_access_session(struct fg_panel_access *access, const struct fg_request *request,
                             struct fg_panel_own_session *ret_session, struct fg_answer *answer)
{
    char device[FG_PANEL_DEVICE_DIGITS + 1] = "";
    struct fg_panel_session *session;
    struct fg_error error = {0};
    uint64_t number = 0;
    bool paired = device_of(access, request, device) || access->loopback;

    (void)pthread_mutex_lock(&access->mutex);
    session = session_of(access, request);
    if (session == NULL && fg_panel_session_new(&access->sessions, fg_mono_ms(), &session, &error) == FG_OK)
        set_cookie(access, answer, access->session_cookie, session->cookie, 0);
    if (session != NULL) {
        number = session->number;
        session->paired = paired;
        if (paired)
            memcpy(session->device, device, sizeof(session->device));
        memcpy(ret_session->token, session->token, sizeof(ret_session->token));
        ret_session->sequence = session->sequence;
        ret_session->paired = paired;
    }
    (void)pthread_mutex_unlock(&access->mutex);
    if (session == NULL) {
        fg_panel_refuse(answer, 503, fg_err_name(error.code), error.text);
        return false;
    }
    if (paired)
        vouch(request, device, number);
    return true;
}

bool fg_panel_access_token_fits(struct fg_panel_access *access, uint64_t session_number,
                                const struct fg_request *request)
{
    const char *token = fg_request_header(request, "X-Fillgate-Token");
    struct fg_panel_session *session;
    bool fits;

    (void)pthread_mutex_lock(&access->mutex);
    session = fg_panel_session_by_number(&access->sessions, session_number);
    fits = session != NULL && fg_panel_session_token_fits(session, token);
    (void)pthread_mutex_unlock(&access->mutex);
    return fits;
}

bool fg_panel_access_count(struct fg_panel_access *access, uint64_t session_number, enum fg_panel_ask ask,
                           uint64_t sequence, struct fg_answer *answer)
{
    struct fg_panel_session *session;
    struct fg_panel_json json;
    uint64_t newest = 0;
    bool rate_fits = false;
    bool sequence_fits = false;

    (void)pthread_mutex_lock(&access->mutex);
    session = fg_panel_session_by_number(&access->sessions, session_number);
    if (session != NULL) {
        rate_fits = fg_panel_session_rate_take(&access->sessions, session, ask, fg_mono_ms());
        sequence_fits = rate_fits && fg_panel_session_sequence_take(session, sequence);
        newest = session->sequence;
    }
    (void)pthread_mutex_unlock(&access->mutex);
    if (session == NULL) {
        fg_panel_refuse(answer, 401, "SESSION", "no session; ask /session for one");
    } else if (!rate_fits) {
        fg_panel_refuse(answer, 429, "RATE", "too many commands; wait a second");
    } else if (!sequence_fits) {
        fg_panel_json_start(&json);
        fg_panel_json_text(&json, json.root, "error", "SEQUENCE");
        fg_panel_json_number(&json, json.root, "sequence", (int64_t)newest);
        fg_panel_add_said(&json, "the sequence is not higher than the newest one");
        fg_panel_answer_json(answer, 409, fg_panel_json_end(&json));
    }
    return sequence_fits;
}

bool fg_panel_access_stream_open(struct fg_panel_access *access, uint64_t session_number)
{
    struct fg_panel_session *session;
    bool opened;

    (void)pthread_mutex_lock(&access->mutex);
    session = fg_panel_session_by_number(&access->sessions, session_number);
    opened = session != NULL && fg_panel_session_stream_open(&access->sessions, session);
    (void)pthread_mutex_unlock(&access->mutex);
    return opened;
}

void fg_panel_access_stream_close(struct fg_panel_access *access, uint64_t session_number)
{
    (void)pthread_mutex_lock(&access->mutex);
    fg_panel_session_stream_close(&access->sessions, session_number);
    (void)pthread_mutex_unlock(&access->mutex);
}

/* ---- pairing ---- */

bool fg_panel_access_pairing_rate_take(struct fg_panel_access *access)
{
    bool fits;

    (void)pthread_mutex_lock(&access->mutex);
    fits = fg_panel_pairing_rate_take(&access->sessions, fg_mono_ms());
    (void)pthread_mutex_unlock(&access->mutex);
    return fits;
}

void fg_panel_access_pair(struct fg_panel_access *access, const struct fg_request *request, const char *code,
                          struct fg_answer *answer)
{
    char secret[FG_PAIR_SECRET_DIGITS + 1] = "";
    char id[FG_PAIR_ID_DIGITS + 1] = "";
    struct fg_panel_session *session;
    struct fg_error error = {0};
    struct timespec now = {0};
    int64_t now_ms;
    enum fg_err result;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    (void)pthread_mutex_lock(&access->pair_lane);
    result = fg_pair_code_try(access->pair_directory, code, now_ms, &error);
    if (result == FG_OK)
        result =
            fg_pair_device_add(access->pair_directory, now_ms, request->peer->address, secret, id, &error);
    (void)pthread_mutex_unlock(&access->pair_lane);
    if (result != FG_OK) {
        fg_panel_refuse(answer, result == FG_E_IO || result == FG_E_MEMORY ? 503 : 403, fg_err_name(result),
                        result == FG_E_NOT_FOUND ? "there is no pairing code; make one at the controller"
                                                 : error.text);
        return;
    }
    set_cookie(access, answer, access->device_cookie, secret, DEVICE_COOKIE_S);
    mbedtls_platform_zeroize(secret, sizeof(secret));
    (void)pthread_mutex_lock(&access->mutex);
    session = session_of(access, request);
    if (session != NULL) {
        session->paired = true;
        memcpy(session->device, id, sizeof(session->device));
    }
    (void)pthread_mutex_unlock(&access->mutex);
    fg_panel_answer_json(answer, 200, fg_panel_text_json("paired"));
}
