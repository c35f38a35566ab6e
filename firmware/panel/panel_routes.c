/* What each path of the panel answers (panel_routes.h). */
#include "firmware/panel/panel_routes.h"

#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "firmware/panel/panel_answer.h"
#include "firmware/panel/panel_command.h"
#include "firmware/panel/panel_events.h"
#include "firmware/panel/panel_files.h"
#include "firmware/panel/panel_json.h"
#include "lib/net/page/pair.h"

#define CHINESE_BYTES 512
#define COMMAND_MAX_MS 3000

enum lane { LANE_COMMANDS, LANE_STOP };

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
    const struct fg_panel_routes *routes = context;
    const char *known = fg_request_header(request, "If-None-Match");

    if (!fg_panel_admit(routes->access, request, FG_PANEL_ANY_SITE, ret_answer))
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
        fg_panel_add_header(ret_answer, "Cache-Control", "no-cache");
        fg_panel_add_header(ret_answer, "ETag", file->etag);
        return;
    }
    fg_panel_refuse(ret_answer, 404, "NOT_FOUND", "there is nothing at this path");
}

static void handle_texts(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    const struct fg_panel_routes *routes = context;

    if (fg_panel_admit(routes->access, request, FG_PANEL_SAME_SITE, ret_answer))
        fg_panel_answer_json(ret_answer, 200, fg_panel_texts_json());
}

static char *session_json(const struct fg_panel_own_session *session, bool https)
{
    struct fg_panel_json json;

    fg_panel_json_start(&json);
    fg_panel_json_text(&json, json.root, "token", session->token);
    fg_panel_json_bool(&json, json.root, "paired", session->paired);
    fg_panel_json_number(&json, json.root, "sequence", (int64_t)session->sequence);
    fg_panel_json_bool(&json, json.root, "https", https);
    return fg_panel_json_end(&json);
}

static void handle_session(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    const struct fg_panel_routes *routes = context;
    struct fg_panel_own_session session;

    if (!fg_panel_admit(routes->access, request, FG_PANEL_SAME_SITE, ret_answer) ||
        !fg_panel_access_session(routes->access, request, &session, ret_answer))
        return;
    fg_panel_answer_json(ret_answer, 200, session_json(&session, routes->access->names.https));
    mbedtls_platform_zeroize(&session, sizeof(session));
}

static void handle_events(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_panel_routes *routes = context;
    uint64_t number;

    if (!fg_panel_admit(routes->access, request, FG_PANEL_SAME_SITE, ret_answer))
        return;
    number = fg_panel_permit(routes->access, request, ret_answer);
    if (number == 0)
        return;
    if (fg_panel_access_stream_open(routes->access, number))
        fg_panel_events_answer(routes->access, routes->feed, number, ret_answer);
    else
        fg_panel_refuse(ret_answer, 503, "FULL", "as many pages are open as there may be; close one");
}

/* ---- POST: pairing ---- */

static void handle_pair(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_panel_routes *routes = context;
    char code[FG_PAIR_CODE_DIGITS + 1] = "";
    struct fg_error error = {0};

    if (!fg_panel_admit(routes->access, request, FG_PANEL_SAME_SITE_WITH_ORIGIN, ret_answer))
        return;
    if (!fg_page_type_fits(fg_request_header(request, "Content-Type"))) {
        fg_panel_refuse(ret_answer, 415, "TYPE", "the body must be application/json");
        return;
    }
    if (!fg_panel_access_pairing_rate_take(routes->access))
        fg_panel_refuse(ret_answer, 429, "RATE", "too many tries; wait a second");
    else if (fg_panel_pair_parse(request->body, request->body_length, code, &error) != FG_OK)
        fg_panel_refuse(ret_answer, 400, fg_err_name(error.code), error.text);
    else if (routes->access->loopback)
        fg_panel_refuse(ret_answer, 200, "NONE", "no pairing is needed on loopback");
    else
        fg_panel_access_pair(routes->access, request, code, ret_answer);
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
    fg_panel_add_said(&json, text);
    fg_panel_answer_json(answer, reached ? 200 : 503, fg_panel_json_end(&json));
}

static bool lane_enter(pthread_mutex_t *lane)
{
    struct timespec until = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += COMMAND_MAX_MS / 1000;
    return pthread_mutex_clocklock(lane, CLOCK_MONOTONIC, &until) == 0;
}

static void carry_out(struct fg_panel_routes *routes, const struct fg_control_request *request,
                      struct fg_answer *answer)
{
    pthread_mutex_t *lane = &routes->lanes[request->kind == FG_CONTROL_STOP ? LANE_STOP : LANE_COMMANDS];
    struct fg_control_answer *told = calloc(1, sizeof(*told));
    struct fg_error error = {0};
    enum fg_err code;

    if (told == NULL)
        return;
    if (lane_enter(lane)) {
        code = fg_control_call(routes->control_socket, request, told, COMMAND_MAX_MS, &error);
        (void)pthread_mutex_unlock(lane);
    } else {
        code = fg_fail(&error, FG_E_TIMEOUT, "fillgated is busy with other commands");
    }
    if (code != FG_OK)
        answer_outcome(answer, code, error.text, false);
    else
        answer_outcome(answer, told->result, told->text, true);
    free(told);
    fg_panel_feed_wake(routes->feed);
}

static enum fg_panel_ask kind_of_ask(uint8_t kind)
{
    if (kind == FG_CONTROL_STOP)
        return FG_PANEL_ASK_STOP;
    /* Whatever carries a PIN. */
    return kind == FG_CONTROL_SIGN_IN || kind == FG_CONTROL_SECOND ? FG_PANEL_ASK_SIGN_IN
                                                                   : FG_PANEL_ASK_COMMAND;
}

static void handle_command(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_panel_routes *routes = context;
    struct fg_panel_command command;
    struct fg_error error = {0};
    uint64_t number;

    if (!fg_panel_admit(routes->access, request, FG_PANEL_SAME_SITE_WITH_ORIGIN, ret_answer))
        return;
    number = fg_panel_permit(routes->access, request, ret_answer);
    if (number == 0)
        return;
    if (!fg_panel_access_token_fits(routes->access, number, request)) {
        fg_panel_refuse(ret_answer, 403, "TOKEN", "the token is not this session's; ask /session again");
        return;
    }
    if (!fg_page_type_fits(fg_request_header(request, "Content-Type"))) {
        fg_panel_refuse(ret_answer, 415, "TYPE", "the body must be application/json");
        return;
    }
    if (fg_panel_command_parse(request->body, request->body_length, &command, &error) != FG_OK) {
        fg_panel_refuse(ret_answer, 400, fg_err_name(error.code), error.text);
        return;
    }
    if (fg_panel_access_count(routes->access, number, kind_of_ask(command.request.kind), command.sequence,
                              ret_answer))
        carry_out(routes, &command.request, ret_answer);
    mbedtls_platform_zeroize(&command, sizeof(command));
}

/* ---- lifetime, the table ---- */

void fg_panel_routes_start(struct fg_panel_routes *ret_routes, const char *control_socket,
                           struct fg_panel_access *access, struct fg_panel_feed *feed)
{
    const struct fg_route table[FG_PANEL_ROUTES] = {
        {"GET", "/texts", 0, false, handle_texts, ret_routes},
        {"GET", "/session", 0, false, handle_session, ret_routes},
        {"GET", "/events", 0, false, handle_events, ret_routes},
        {"POST", "/pair", FG_PANEL_BODY_MAX, false, handle_pair, ret_routes},
        {"POST", "/command", FG_PANEL_BODY_MAX, false, handle_command, ret_routes},
        {"GET", "/*", 0, false, handle_file, ret_routes},
    };

    memcpy(ret_routes->table, table, sizeof(table));
    ret_routes->control_socket = control_socket;
    ret_routes->access = access;
    ret_routes->feed = feed;
    for (size_t i = 0; i < FG_PANEL_LANES; i++)
        (void)pthread_mutex_init(&ret_routes->lanes[i], NULL);
}

void fg_panel_routes_end(struct fg_panel_routes *routes)
{
    for (size_t i = 0; i < FG_PANEL_LANES; i++)
        (void)pthread_mutex_destroy(&routes->lanes[i]);
}
