/* The panel's paths, and what each answers (API.md).
 *
 * Order of the checks: Host, where the request comes from, session, token, content type, body, rate,
 * sequence; the first that fails is the answer. Not: who may ask (panel_access.h), reading a command
 * (panel_command.h), deciding (fillgated). Relies on: https_server.h, proto/point/control.h. */
#ifndef FG_FIRMWARE_PANEL_PANEL_ROUTES_H
#define FG_FIRMWARE_PANEL_PANEL_ROUTES_H

#include "firmware/panel/panel_access.h"
#include "firmware/panel/panel_feed.h"

#define FG_PANEL_ROUTES 6
#define FG_PANEL_LANES 2

struct fg_panel_routes {
    const char *control_socket;
    struct fg_panel_access *access;
    struct fg_panel_feed *feed;
    /* Commands take turns, so that they cannot crowd others out of fillgated's socket; the stop button has a
     * lane of its own. */
    pthread_mutex_t lanes[FG_PANEL_LANES];
    struct fg_route table[FG_PANEL_ROUTES];
};

/* Makes the lanes and the table; what is pointed to outlives the routes, and the routes the server. */
void fg_panel_routes_start(struct fg_panel_routes *ret_routes, const char *control_socket,
                           struct fg_panel_access *access, struct fg_panel_feed *feed);
void fg_panel_routes_end(struct fg_panel_routes *routes);

#endif
