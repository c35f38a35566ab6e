/* The panel's lifetime (panel.h). */
#include "firmware/panel/panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "firmware/panel/private.h"
#include "lib/base/monotime.h"
#include "lib/net/page/page_headers.h"

#define CONNECTIONS_MAX 24
#define REQUEST_MAX_MS 10000
#define FIRST_REQUEST_MAX_MS 5000

/* ---- shared with the other files ---- */

void fg_panel_wait_until(struct fg_panel *panel, int64_t until_mono_ms)
{
    struct timespec until = {.tv_sec = (time_t)(until_mono_ms / 1000),
                             .tv_nsec = (long)(until_mono_ms % 1000) * 1000000};

    (void)pthread_cond_timedwait(&panel->changed, &panel->mutex, &until);
}

void fg_panel_wake(struct fg_panel *panel)
{
    (void)pthread_mutex_lock(&panel->mutex);
    panel->wake = true;
    (void)pthread_cond_broadcast(&panel->changed);
    (void)pthread_mutex_unlock(&panel->mutex);
}

/* ---- settings ---- */

static enum fg_err parse(const struct fg_panel_settings *settings, char ret_address[FG_PAGE_NAME_BYTES],
                         uint16_t *ret_port, struct fg_page_names *ret_names, struct fg_error *error)
{
    bool https = settings->certificate_path != NULL;
    enum fg_err code = fg_page_listen_parse(settings->listen, ret_address, ret_port, error);

    if (code == FG_OK)
        code = fg_page_names_make(settings->names, ret_address, *ret_port, https, ret_names, error);
    if (code == FG_OK && (settings->certificate_path == NULL) != (settings->key_path == NULL))
        code = fg_fail(error, FG_E_ARG, "certificate and key must be given together");
    if (code == FG_OK && !https && !fg_page_is_loopback(ret_address))
        code = fg_fail(error, FG_E_ARG,
                       "beyond loopback (%s) the panel is only served over HTTPS: give certificate and key",
                       settings->listen);
    return code;
}

enum fg_err fg_panel_check(const struct fg_panel_settings *settings, struct fg_error *error)
{
    char address[FG_PAGE_NAME_BYTES];
    struct fg_page_names names;
    uint16_t port = 0;

    return parse(settings, address, &port, &names, error);
}

static enum fg_err take_settings(struct fg_panel *panel, const struct fg_panel_settings *settings,
                                 struct fg_error *error)
{
    uint16_t port = 0;
    enum fg_err code = parse(settings, panel->address, &port, &panel->names, error);
    int socket_length =
        snprintf(panel->control_socket, sizeof(panel->control_socket), "%s", settings->control_socket);
    int directory_length =
        snprintf(panel->pair_directory, sizeof(panel->pair_directory), "%s/panel", settings->work_directory);

    if (code == FG_OK && (socket_length >= (int)sizeof(panel->control_socket) ||
                          directory_length >= (int)sizeof(panel->pair_directory)))
        code = fg_fail(error, FG_E_SIZE, "the paths of control socket or work directory are too long");
    panel->settings = *settings;
    panel->loopback = fg_page_is_loopback(panel->address);
    return code;
}

/* ---- the server ---- */

static int64_t wall_ms(void *context)
{
    struct timespec now = {0};

    (void)context;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void server_said(void *context, const char *line)
{
    struct fg_panel *panel = context;
    char text[FG_SETTING_PATH_MAX + 300];

    (void)snprintf(text, sizeof(text), "panel: %s", line);
    panel->settings.say(panel->settings.say_context, text);
}

static enum fg_err start_server(struct fg_panel *panel, struct fg_error *error)
{
    bool https = panel->names.https;
    struct fg_server_settings settings = {
        .address = panel->address,
        .port = panel->names.port,
        .plain = !https,
        .certificate_path = panel->settings.certificate_path,
        .key_path = panel->settings.key_path,
        .now_ms = wall_ms,
        .thread_per_connection = true,
        .connections_max = CONNECTIONS_MAX,
        .request_max_ms = REQUEST_MAX_MS,
        .first_request_max_ms = FIRST_REQUEST_MAX_MS,
        .log = server_said,
        .log_context = panel,
        .routes = panel->routes,
        .route_count = fg_panel_routes_fill(panel),
    };

    settings.headers = fg_page_headers(https, &settings.header_count);
    return fg_server_start(&settings, &panel->server, error);
}

/* Requests wait until the port and with it the names are known. */
static void name_yourself(struct fg_panel *panel)
{
    const char *prefix = panel->names.https ? "__Host-" : "";

    panel->names.port = fg_server_port(panel->server);
    (void)snprintf(panel->session_cookie, sizeof(panel->session_cookie), "%sfillgate_panel_%u", prefix,
                   panel->names.port);
    (void)snprintf(panel->device_cookie, sizeof(panel->device_cookie), "%sfillgate_device_%u", prefix,
                   panel->names.port);
}

/* ---- lifetime ---- */

static void locks_make(struct fg_panel *panel)
{
    pthread_condattr_t attributes;

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&panel->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)pthread_mutex_init(&panel->mutex, NULL);
    (void)pthread_mutex_init(&panel->lanes[0], NULL);
    (void)pthread_mutex_init(&panel->lanes[1], NULL);
    (void)pthread_mutex_init(&panel->pair_lane, NULL);
}

static void panel_free(struct fg_panel *panel)
{
    fg_panel_poller_end(panel);
    (void)pthread_mutex_destroy(&panel->pair_lane);
    (void)pthread_mutex_destroy(&panel->lanes[1]);
    (void)pthread_mutex_destroy(&panel->lanes[0]);
    (void)pthread_mutex_destroy(&panel->mutex);
    (void)pthread_cond_destroy(&panel->changed);
    free(panel->feed.state_text);
    free(panel->feed.still_text);
    free(panel->feed.gone_text);
    free(panel->feed.board_text);
    free(panel->answer);
    free(panel);
}

enum fg_err fg_panel_start(const struct fg_panel_settings *settings, struct fg_panel **ret_panel,
                           struct fg_error *error)
{
    struct fg_panel *panel = calloc(1, sizeof(*panel));
    enum fg_err code;

    if (panel == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the panel");
    locks_make(panel);
    panel->answer = calloc(1, sizeof(*panel->answer));
    if (panel->answer == NULL)
        code = fg_fail(error, FG_E_MEMORY, "no memory for the panel");
    else
        code = take_settings(panel, settings, error);
    if (code == FG_OK) {
        (void)pthread_mutex_lock(&panel->mutex);
        code = start_server(panel, error);
        if (code == FG_OK)
            name_yourself(panel);
        (void)pthread_mutex_unlock(&panel->mutex);
    }
    if (code == FG_OK)
        code = fg_panel_poller_start(panel, error);
    if (code != FG_OK) {
        fg_server_stop(panel->server);
        panel_free(panel);
        return code;
    }
    *ret_panel = panel;
    return FG_OK;
}

uint16_t fg_panel_port(const struct fg_panel *panel)
{
    return panel->names.port;
}

void fg_panel_stop(struct fg_panel *panel)
{
    if (panel == NULL)
        return;
    (void)pthread_mutex_lock(&panel->mutex);
    panel->stopping = true;
    (void)pthread_cond_broadcast(&panel->changed);
    (void)pthread_mutex_unlock(&panel->mutex);
    fg_server_stop(panel->server);
    panel_free(panel);
}
