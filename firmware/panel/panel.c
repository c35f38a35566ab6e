/* The panel's start and stop (panel.h). */
#include "firmware/panel/panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "firmware/panel/panel_poll.h"
#include "firmware/panel/panel_routes.h"
#include "lib/net/page/page_headers.h"

#define CONNECTIONS_MAX 24
#define REQUEST_MAX_MS 10000
#define FIRST_REQUEST_MAX_MS 5000

struct fg_panel {
    void (*say)(void *context, const char *line);
    void *say_context;
    char address[FG_PAGE_NAME_BYTES];
    char control_socket[FG_CONTROL_PATH_MAX + 1];
    struct fg_panel_access access;
    struct fg_panel_feed feed;
    struct fg_panel_poller poller;
    struct fg_panel_routes routes;
    struct fg_server *server;
};

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
    struct fg_panel_access *access = &panel->access;
    uint16_t port = 0;
    enum fg_err code = parse(settings, panel->address, &port, &access->names, error);
    int socket_length =
        snprintf(panel->control_socket, sizeof(panel->control_socket), "%s", settings->control_socket);
    int directory_length = snprintf(access->pair_directory, sizeof(access->pair_directory), "%s/panel",
                                    settings->work_directory);

    if (code == FG_OK && (socket_length >= (int)sizeof(panel->control_socket) ||
                          directory_length >= (int)sizeof(access->pair_directory)))
        code = fg_fail(error, FG_E_SIZE, "the paths of control socket or work directory are too long");
    panel->say = settings->say;
    panel->say_context = settings->say_context;
    panel->poller.control_socket = panel->control_socket;
    panel->poller.link = settings->link;
    panel->poller.link_context = settings->link_context;
    access->loopback = fg_page_is_loopback(panel->address);
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
    panel->say(panel->say_context, text);
}

static enum fg_err start_server(struct fg_panel *panel, const struct fg_panel_settings *panel_settings,
                                struct fg_error *error)
{
    bool https = panel->access.names.https;
    struct fg_server_settings settings = {
        .address = panel->address,
        .port = panel->access.names.port,
        .plain = !https,
        .certificate_path = panel_settings->certificate_path,
        .key_path = panel_settings->key_path,
        .now_ms = wall_ms,
        .thread_per_connection = true,
        .connections_max = CONNECTIONS_MAX,
        .request_max_ms = REQUEST_MAX_MS,
        .first_request_max_ms = FIRST_REQUEST_MAX_MS,
        .log = server_said,
        .log_context = panel,
        .routes = panel->routes.table,
        .route_count = FG_PANEL_ROUTES,
    };

    settings.headers = fg_page_headers(https, &settings.header_count);
    return fg_server_start(&settings, &panel->server, error);
}

/* ---- lifetime ---- */

static void panel_free(struct fg_panel *panel)
{
    fg_panel_poller_end(&panel->poller);
    fg_panel_routes_end(&panel->routes);
    fg_panel_feed_end(&panel->feed);
    fg_panel_access_end(&panel->access);
    free(panel);
}

enum fg_err fg_panel_start(const struct fg_panel_settings *settings, struct fg_panel **ret_panel,
                           struct fg_error *error)
{
    struct fg_panel *panel = calloc(1, sizeof(*panel));
    enum fg_err code;

    if (panel == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the panel");
    fg_panel_access_start(&panel->access);
    fg_panel_feed_start(&panel->feed);
    fg_panel_routes_start(&panel->routes, panel->control_socket, &panel->access, &panel->feed);
    code = take_settings(panel, settings, error);
    if (code == FG_OK) {
        /* Requests wait until the port and with it the names are known. */
        (void)pthread_mutex_lock(&panel->access.mutex);
        code = start_server(panel, settings, error);
        if (code == FG_OK)
            fg_panel_access_name(&panel->access, fg_server_port(panel->server));
        (void)pthread_mutex_unlock(&panel->access.mutex);
    }
    if (code == FG_OK)
        code = fg_panel_poller_start(&panel->poller, &panel->feed, error);
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
    return panel->access.names.port;
}

void fg_panel_stop(struct fg_panel *panel)
{
    if (panel == NULL)
        return;
    fg_panel_feed_stop_all(&panel->feed);
    fg_server_stop(panel->server);
    panel_free(panel);
}
