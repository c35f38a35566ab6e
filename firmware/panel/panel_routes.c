/* The panel's requests: who may ask, and what each path answers (private.h, API.md).
 *
 * Order of the checks: Host, where the request comes from, session, token, content type, body, rate,
 * sequence; the first that fails is the answer. */
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "firmware/panel/panel_command.h"
#include "firmware/panel/panel_files.h"
#include "firmware/panel/private.h"
#include "lib/base/monotime.h"
#include "lib/net/page/pair.h"

#define COMMAND_MAX_MS 3000
#define DEVICE_COOKIE_S 34560000 /* 400 days: as long as browsers keep one */
#define JSON_TYPE "application/json; charset=utf-8"

enum lane { LANE_COMMANDS, LANE_STOP };

/* ---- answers ---- */

static void add_header(struct fg_answer *answer, const char *name, const char *value)
{
    if (answer->header_count < FG_SERVER_HEADERS_MAX)
        answer->headers[answer->header_count++] = (struct fg_answer_header){name, value};
}

/* Takes over text, which may be NULL. */
static void answer_json(struct fg_answer *answer, uint16_t status, char *text)
{
    if (text == NULL)
        return;
    fg_answer_bytes(answer, status, text, strlen(text));
    answer->content_type = JSON_TYPE;
    free(text);
}

static void refuse(struct fg_answer *answer, uint16_t status, const char *error, const char *text)
{
    struct fg_panel_json json;

    fg_panel_json_start(&json);
    fg_panel_json_text(&json, json.root, "error", error);
    fg_panel_json_text(&json, json.root, "text", text);
    answer_json(answer, status, fg_panel_json_end(&json));
    if (status == 429 || status == 503)
        add_header(answer, "Retry-After", "1");
}

/* Must outlive the handler: the server reads it when it sends. */
static void set_cookie(const struct fg_panel *panel, struct fg_answer *answer, const char *name,
                       const char *value, uint32_t age_s)
{
    static _Thread_local char text[256];
    char age[32] = "";

    if (age_s > 0)
        (void)snprintf(age, sizeof(age), "; Max-Age=%u", age_s);
    (void)snprintf(text, sizeof(text), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", name, value,
                   panel->names.https ? "; Secure" : "", age);
    add_header(answer, "Set-Cookie", text);
}

/* ---- who asks ---- */

enum strictness { ANY_SITE, SAME_SITE, SAME_SITE_WITH_ORIGIN };

/* The mutex is held. */
static struct fg_panel_session *session_of(struct fg_panel *panel, const struct fg_request *request)
{
    char cookie[FG_PANEL_SECRET_DIGITS + 1];

    if (!fg_page_cookie_find(fg_request_header(request, "Cookie"), panel->session_cookie,
                             FG_PANEL_SECRET_DIGITS, cookie))
        return NULL;
    return fg_panel_session_find(&panel->sessions, cookie, fg_mono_ms());
}

/* The paired device whose cookie this is. False: none. */
static bool device_of(struct fg_panel *panel, const struct fg_request *request,
                      char ret_device[FG_PANEL_DEVICE_DIGITS + 1])
{
    char secret[FG_PAIR_SECRET_DIGITS + 1];

    if (!fg_page_cookie_find(fg_request_header(request, "Cookie"), panel->device_cookie,
                             FG_PAIR_SECRET_DIGITS, secret))
        return false;
    fg_pair_id_of(secret, ret_device);
    mbedtls_platform_zeroize(secret, sizeof(secret));
    if (fg_pair_device_known(panel->pair_directory, ret_device))
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
static bool request_rate_take(struct fg_panel *panel, const struct fg_request *request)
{
    char device[FG_PANEL_DEVICE_DIGITS + 1];
    struct fg_panel_session *session;
    bool paired;
    bool fits = false;

    (void)pthread_mutex_lock(&panel->mutex);
    session = session_of(panel, request);
    paired = session != NULL && session->paired;
    if (paired)
        fits = fg_panel_request_rate_take(&panel->sessions, session, true, fg_mono_ms());
    (void)pthread_mutex_unlock(&panel->mutex);
    if (paired)
        return fits;
    paired = device_of(panel, request, device);
    (void)pthread_mutex_lock(&panel->mutex);
    fits = fg_panel_request_rate_take(&panel->sessions, NULL, paired, fg_mono_ms());
    (void)pthread_mutex_unlock(&panel->mutex);
    return fits;
}

/* False: refused already. */
static bool admit(struct fg_panel *panel, const struct fg_request *request, enum strictness strictness,
                  struct fg_answer *answer)
{
    const char *origin = fg_request_header(request, "Origin");
    bool rate_fits = true;

    if (strictness != SAME_SITE_WITH_ORIGIN) {
        rate_fits = request_rate_take(panel, request);
    } else {
        (void)pthread_mutex_lock(&panel->mutex); /* its own names are known then */
        (void)pthread_mutex_unlock(&panel->mutex);
    }
    if (!fg_page_host_fits(&panel->names, fg_request_header(request, "Host"))) {
        refuse(answer, 403, "HOST", "this panel is not called so; names that it has are in link.ini");
        return false;
    }
    if ((strictness == SAME_SITE_WITH_ORIGIN || origin != NULL) &&
        !fg_page_origin_fits(&panel->names, origin)) {
        refuse(answer, 403, "ORIGIN", "only this panel's own page may ask this");
        return false;
    }
    if (strictness != ANY_SITE && !fg_page_site_fits(fg_request_header(request, "Sec-Fetch-Site"))) {
        refuse(answer, 403, "ORIGIN", "only this panel's own page may ask this");
        return false;
    }
    if (!rate_fits)
        refuse(answer, 429, "RATE", "too many requests; wait a second");
    return rate_fits;
}

bool fg_panel_may(struct fg_panel *panel, uint64_t session_number)
{
    char device[FG_PANEL_DEVICE_DIGITS + 1] = "";
    struct fg_panel_session *session;
    bool may;

    (void)pthread_mutex_lock(&panel->mutex);
    session = fg_panel_session_by_number(&panel->sessions, session_number);
    if (session != NULL)
        memcpy(device, session->device, sizeof(device));
    (void)pthread_mutex_unlock(&panel->mutex);
    if (session == NULL)
        return false;
    may = panel->loopback || fg_pair_device_known(panel->pair_directory, device);
    (void)pthread_mutex_lock(&panel->mutex);
    session = fg_panel_session_by_number(&panel->sessions, session_number);
    if (session != NULL)
        session->paired = may;
    (void)pthread_mutex_unlock(&panel->mutex);
    return may && session != NULL;
}

/* The number of a session that may ask; 0: refused already. */
static uint64_t permitted_session(struct fg_panel *panel, const struct fg_request *request,
                                  struct fg_answer *answer)
{
    char device[FG_PANEL_DEVICE_DIGITS + 1] = "";
    struct fg_panel_session *session;
    uint64_t number = 0;

    (void)pthread_mutex_lock(&panel->mutex);
    session = session_of(panel, request);
    if (session != NULL) {
        number = session->number;
        memcpy(device, session->device, sizeof(device));
    }
    (void)pthread_mutex_unlock(&panel->mutex);
    if (number == 0) {
        fg_request_vouch(request, NULL);
        refuse(answer, 401, "SESSION", "no session; ask /session for one");
        return 0;
    }
    if (!fg_panel_may(panel, number)) {
        fg_request_vouch(request, NULL);
        refuse(answer, 401, "PAIRING", "this browser is not paired with the filling point");
        return 0;
    }
    vouch(request, device, number);
    return number;
}

/* ---- GET: files, texts, session, events ---- */

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
    };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    }
    return "text/html; charset=utf-8";
}

static void handle_file(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    const char *known = fg_request_header(request, "If-None-Match");

    if (!admit(context, request, ANY_SITE, ret_answer))
        return;
    for (size_t i = 0; i < fg_panel_files_count; i++) {
        const struct fg_page_file *file = &fg_panel_files[i];

        if (strcmp(file->path, request->path) != 0)
            continue;
        if (known != NULL && strcmp(known, file->etag) == 0)
            ret_answer->status = 304;
        else
            fg_answer_bytes(ret_answer, 200, file->bytes, file->length);
        ret_answer->content_type = type_of(file->path);
        add_header(ret_answer, "Cache-Control", "no-cache");
        add_header(ret_answer, "ETag", file->etag);
        return;
    }
    refuse(ret_answer, 404, "NOT_FOUND", "there is nothing at this path");
}

static void handle_texts(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    if (admit(context, request, SAME_SITE, ret_answer))
        answer_json(ret_answer, 200, fg_panel_texts_json());
}

static char *session_json(const struct fg_panel *panel, const struct fg_panel_session *session, bool paired)
{
    struct fg_panel_json json;

    fg_panel_json_start(&json);
    fg_panel_json_text(&json, json.root, "token", session->token);
    fg_panel_json_bool(&json, json.root, "paired", paired);
    fg_panel_json_number(&json, json.root, "sequence", (int64_t)session->sequence);
    fg_panel_json_bool(&json, json.root, "https", panel->names.https);
    return fg_panel_json_end(&json);
}

static void handle_session(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_panel *panel = context;
    char device[FG_PANEL_DEVICE_DIGITS + 1] = "";
    struct fg_panel_session *session;
    struct fg_error error = {0};
    uint64_t number = 0;
    bool paired;

    if (!admit(panel, request, SAME_SITE, ret_answer))
        return;
    paired = device_of(panel, request, device) || panel->loopback;
    (void)pthread_mutex_lock(&panel->mutex);
    session = session_of(panel, request);
    if (session == NULL && fg_panel_session_new(&panel->sessions, fg_mono_ms(), &session, &error) == FG_OK)
        set_cookie(panel, ret_answer, panel->session_cookie, session->cookie, 0);
    if (session != NULL) {
        number = session->number;
        session->paired = paired;
        if (paired)
            memcpy(session->device, device, sizeof(session->device));
        answer_json(ret_answer, 200, session_json(panel, session, paired));
    }
    (void)pthread_mutex_unlock(&panel->mutex);
    if (session == NULL)
        refuse(ret_answer, 503, fg_err_name(error.code), error.text);
    else if (paired)
        vouch(request, device, number);
}

static void handle_events(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_panel *panel = context;
    struct fg_panel_session *session;
    uint64_t number;
    bool opened;

    if (!admit(panel, request, SAME_SITE, ret_answer))
        return;
    number = permitted_session(panel, request, ret_answer);
    if (number == 0)
        return;
    (void)pthread_mutex_lock(&panel->mutex);
    session = fg_panel_session_by_number(&panel->sessions, number);
    opened = session != NULL && fg_panel_session_stream_open(&panel->sessions, session);
    (void)pthread_mutex_unlock(&panel->mutex);
    if (opened)
        fg_panel_events_answer(panel, number, ret_answer);
    else
        refuse(ret_answer, 503, "FULL", "as many pages are open as there may be; close one");
}

/* ---- POST: pairing ---- */

static void pair_device(struct fg_panel *panel, const struct fg_request *request, const char *code,
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
    (void)pthread_mutex_lock(&panel->pair_lane);
    result = fg_pair_code_try(panel->pair_directory, code, now_ms, &error);
    if (result == FG_OK)
        result =
            fg_pair_device_add(panel->pair_directory, now_ms, request->peer->address, secret, id, &error);
    (void)pthread_mutex_unlock(&panel->pair_lane);
    if (result != FG_OK) {
        refuse(answer, result == FG_E_IO || result == FG_E_MEMORY ? 503 : 403, fg_err_name(result),
               result == FG_E_NOT_FOUND ? "there is no pairing code; make one at the controller"
                                        : error.text);
        return;
    }
    set_cookie(panel, answer, panel->device_cookie, secret, DEVICE_COOKIE_S);
    mbedtls_platform_zeroize(secret, sizeof(secret));
    (void)pthread_mutex_lock(&panel->mutex);
    session = session_of(panel, request);
    if (session != NULL) {
        session->paired = true;
        memcpy(session->device, id, sizeof(session->device));
    }
    (void)pthread_mutex_unlock(&panel->mutex);
    answer_json(answer, 200, fg_panel_text_json("paired"));
}

static void handle_pair(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_panel *panel = context;
    char code[FG_PAIR_CODE_DIGITS + 1] = "";
    struct fg_error error = {0};
    bool rate_fits;

    if (!admit(panel, request, SAME_SITE_WITH_ORIGIN, ret_answer))
        return;
    if (!fg_page_type_fits(fg_request_header(request, "Content-Type"))) {
        refuse(ret_answer, 415, "TYPE", "the body must be application/json");
        return;
    }
    (void)pthread_mutex_lock(&panel->mutex);
    rate_fits = fg_panel_pairing_rate_take(&panel->sessions, fg_mono_ms());
    (void)pthread_mutex_unlock(&panel->mutex);
    if (!rate_fits)
        refuse(ret_answer, 429, "RATE", "too many tries; wait a second");
    else if (fg_panel_pair_parse(request->body, request->body_length, code, &error) != FG_OK)
        refuse(ret_answer, 400, fg_err_name(error.code), error.text);
    else if (panel->loopback)
        refuse(ret_answer, 200, "NONE", "no pairing is needed on loopback");
    else
        pair_device(panel, request, code, ret_answer);
    mbedtls_platform_zeroize(code, sizeof(code));
}

/* ---- POST: commands ---- */

static void answer_outcome(struct fg_answer *answer, enum fg_err result, const char *text, bool reached)
{
    struct fg_panel_json json;

    fg_panel_json_start(&json);
    fg_panel_json_bool(&json, json.root, "done", result == FG_OK);
    if (result != FG_OK)
        fg_panel_json_text(&json, json.root, "error", fg_err_name(result));
    fg_panel_json_text(&json, json.root, "text", text);
    answer_json(answer, reached ? 200 : 503, fg_panel_json_end(&json));
}

static bool lane_enter(pthread_mutex_t *lane)
{
    struct timespec until = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += COMMAND_MAX_MS / 1000;
    return pthread_mutex_clocklock(lane, CLOCK_MONOTONIC, &until) == 0;
}

static void carry_out(struct fg_panel *panel, const struct fg_control_request *request,
                      struct fg_answer *answer)
{
    pthread_mutex_t *lane = &panel->lanes[request->kind == FG_CONTROL_STOP ? LANE_STOP : LANE_COMMANDS];
    struct fg_control_answer *told = calloc(1, sizeof(*told));
    struct fg_error error = {0};
    enum fg_err code;

    if (told == NULL)
        return;
    if (lane_enter(lane)) {
        code = fg_control_call(panel->control_socket, request, told, COMMAND_MAX_MS, &error);
        (void)pthread_mutex_unlock(lane);
    } else {
        code = fg_fail(&error, FG_E_TIMEOUT, "fillgated is busy with other commands");
    }
    if (code != FG_OK)
        answer_outcome(answer, code, error.text, false);
    else
        answer_outcome(answer, told->result, told->text, true);
    free(told);
    fg_panel_wake(panel);
}

static enum fg_panel_ask kind_of_ask(uint8_t kind)
{
    if (kind == FG_CONTROL_STOP)
        return FG_PANEL_ASK_STOP;
    /* Whatever carries a PIN. */
    return kind == FG_CONTROL_SIGN_IN || kind == FG_CONTROL_SECOND ? FG_PANEL_ASK_SIGN_IN
                                                                   : FG_PANEL_ASK_COMMAND;
}

/* Rate and sequence, at once for all threads. False: refused already. */
static bool count_command(struct fg_panel *panel, uint64_t number, const struct fg_panel_command *command,
                          struct fg_answer *answer)
{
    struct fg_panel_session *session;
    struct fg_panel_json json;
    uint64_t newest = 0;
    bool rate_fits = false;
    bool sequence_fits = false;

    (void)pthread_mutex_lock(&panel->mutex);
    session = fg_panel_session_by_number(&panel->sessions, number);
    if (session != NULL) {
        rate_fits = fg_panel_session_rate_take(&panel->sessions, session, kind_of_ask(command->request.kind),
                                               fg_mono_ms());
        sequence_fits = rate_fits && fg_panel_session_sequence_take(session, command->sequence);
        newest = session->sequence;
    }
    (void)pthread_mutex_unlock(&panel->mutex);
    if (session == NULL) {
        refuse(answer, 401, "SESSION", "no session; ask /session for one");
    } else if (!rate_fits) {
        refuse(answer, 429, "RATE", "too many commands; wait a second");
    } else if (!sequence_fits) {
        fg_panel_json_start(&json);
        fg_panel_json_text(&json, json.root, "error", "SEQUENCE");
        fg_panel_json_number(&json, json.root, "sequence", (int64_t)newest);
        fg_panel_json_text(&json, json.root, "text", "the sequence is not higher than the newest one");
        answer_json(answer, 409, fg_panel_json_end(&json));
    }
    return sequence_fits;
}

static bool token_fits(struct fg_panel *panel, uint64_t number, const struct fg_request *request)
{
    const char *token = fg_request_header(request, "X-Fillgate-Token");
    struct fg_panel_session *session;
    bool fits;

    (void)pthread_mutex_lock(&panel->mutex);
    session = fg_panel_session_by_number(&panel->sessions, number);
    fits = session != NULL && fg_panel_session_token_fits(session, token);
    (void)pthread_mutex_unlock(&panel->mutex);
    return fits;
}

static void handle_command(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_panel *panel = context;
    struct fg_panel_command command;
    struct fg_error error = {0};
    uint64_t number;

    if (!admit(panel, request, SAME_SITE_WITH_ORIGIN, ret_answer))
        return;
    number = permitted_session(panel, request, ret_answer);
    if (number == 0)
        return;
    if (!token_fits(panel, number, request)) {
        refuse(ret_answer, 403, "TOKEN", "the token is not this session's; ask /session again");
        return;
    }
    if (!fg_page_type_fits(fg_request_header(request, "Content-Type"))) {
        refuse(ret_answer, 415, "TYPE", "the body must be application/json");
        return;
    }
    if (fg_panel_command_parse(request->body, request->body_length, &command, &error) != FG_OK) {
        refuse(ret_answer, 400, fg_err_name(error.code), error.text);
        return;
    }
    if (count_command(panel, number, &command, ret_answer))
        carry_out(panel, &command.request, ret_answer);
    mbedtls_platform_zeroize(&command, sizeof(command));
}

/* ---- the table ---- */

size_t fg_panel_routes_fill(struct fg_panel *panel)
{
    const struct fg_route routes[] = {
        {"GET", "/texts", 0, false, handle_texts, panel},
        {"GET", "/session", 0, false, handle_session, panel},
        {"GET", "/events", 0, false, handle_events, panel},
        {"POST", "/pair", FG_PANEL_BODY_MAX, false, handle_pair, panel},
        {"POST", "/command", FG_PANEL_BODY_MAX, false, handle_command, panel},
        {"GET", "/*", 0, false, handle_file, panel},
    };

    memcpy(panel->routes, routes, sizeof(routes));
    return sizeof(routes) / sizeof(routes[0]);
}
