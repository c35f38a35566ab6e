/* The thread that asks fillgated how it is doing and puts what it says into the feed.
 *
 * Every wait has a deadline; a fillgated that is away or silent makes the feed say so. Not: commands
 * (panel_routes.c). Relies on: proto/point/control.h. */
#ifndef FG_FIRMWARE_PANEL_PANEL_POLL_H
#define FG_FIRMWARE_PANEL_PANEL_POLL_H

#include "firmware/panel/panel_feed.h"
#include "firmware/panel/panel_json.h"

/* The first three are the caller's, set before the start; the rest is zeroed, and then the thread's own. */
struct fg_panel_poller {
    const char *control_socket; /* outlives the poller */
    void (*link)(void *context, struct fg_panel_link *ret_link);
    void *link_context;

    struct fg_panel_feed *feed;
    bool polling;
    pthread_t thread;
    struct fg_control_client *client;
    uint32_t failures; /* in a row */
    struct fg_panel_memory memory;
    bool board_known;
    uint32_t board_version;
    struct fg_control_answer *answer; /* large */
    struct fg_control_state state;
};

/* feed outlives the poller. FG_E_MEMORY; FG_E_IO: no thread. */
enum fg_err fg_panel_poller_start(struct fg_panel_poller *poller, struct fg_panel_feed *feed,
                                  struct fg_error *error);
/* Stops all who use the feed, and waits for the thread. May be called without a start. */
void fg_panel_poller_end(struct fg_panel_poller *poller);

#endif
