/* The operator's panel of fillgate-link: an HTTP(S) server for its pages, and a watcher of fillgated that
 * feeds them.
 *
 * It holds no authority: what a page asks goes through fillgated's control socket, and fillgated decides. It
 * comes up and says what is wrong when fillgated, the network or both are away. Threads of its own: one that
 * asks fillgated, one for each connection (at most 24). API.md is what pages speak. Not: the network's jobs
 * (firmware/link/link.h). Relies on: lib/net/server/https_server.h, proto/point/control.h,
 * lib/net/page/pair.h. */
#ifndef FG_FIRMWARE_PANEL_PANEL_H
#define FG_FIRMWARE_PANEL_PANEL_H

#include "firmware/panel/panel_json.h"
#include "lib/base/err.h"

struct fg_panel;

struct fg_panel_settings {
    const char *listen;           /* "127.0.0.1:8480"; port 0 = any */
    const char *certificate_path; /* NULL: plain HTTP, on loopback only */
    const char *key_path;
    const char *names;          /* further names of this panel, separated by commas; may be "" */
    const char *control_socket; /* fillgated's */
    const char *work_directory; /* pairing is kept under its folder "panel"; must be there */
    void (*link)(void *context, struct fg_panel_link *ret_link); /* how the link is doing; any thread */
    void *link_context;
    void (*say)(void *context, const char *line); /* one line of log; any thread */
    void *say_context;
};

/* Are the settings possible at all? FG_E_FORMAT, FG_E_ARG (plain HTTP beyond loopback). */
enum fg_err fg_panel_check(const struct fg_panel_settings *settings, struct fg_error *error);

/* Starts the threads. Settings are copied, the contexts outlive the panel. As fg_panel_check and
 * fg_server_start: FG_E_IO (port taken), FG_E_NOT_FOUND (certificate) and so on, which may pass. */
enum fg_err fg_panel_start(const struct fg_panel_settings *settings, struct fg_panel **ret_panel,
                           struct fg_error *error);
uint16_t fg_panel_port(const struct fg_panel *panel);
/* Ends threads and connections, within about two seconds. May be NULL. */
void fg_panel_stop(struct fg_panel *panel);

#endif
