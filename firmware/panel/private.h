/* What the files of the panel share. panel.c: lifetime. panel_poll.c: fillgated's state into the feed.
 * panel_events.c: the feed to the pages. panel_routes.c: requests. Nobody else includes this.
 *
 * One lock, panel->mutex, guards sessions and feed; it is never held while anything is waited for but
 * panel->changed. */
#ifndef FG_FIRMWARE_PANEL_PRIVATE_H
#define FG_FIRMWARE_PANEL_PRIVATE_H

#include <pthread.h>

#include "firmware/panel/panel.h"
#include "firmware/panel/panel_session.h"
#include "lib/base/settings.h"
#include "lib/net/page/page_guard.h"
#include "lib/net/server/https_server.h"

#define FG_PANEL_ROUTES_MAX 8
#define FG_PANEL_CONTROL_MAX_MS 1000 /* fillgated answers within, or is gone */
#define FG_PANEL_EVENT_MIN_MS 100    /* between two states, unless the one word changes */
#define FG_PANEL_EVENT_MAX_MS 1000

/* What fillgated said last. Texts are from malloc. */
struct fg_panel_feed {
    int64_t polled_mono_ms; /* when it was asked last, with whatever outcome; 0 = never */
    bool gone;              /* it does not answer; gone_text is to be shown */
    uint64_t change;        /* rises whenever a page should be told */
    enum fg_panel_display display;
    char *state_text; /* JSON, newest */
    char *still_text; /* the same without what passes by itself */
    char *gone_text;  /* JSON */
    uint64_t board_change;
    char *board_text;
};

struct fg_panel {
    struct fg_panel_settings settings; /* its texts point to the members below */
    char address[FG_PAGE_NAME_BYTES];
    char names_text[FG_SETTING_PATH_MAX + 1];
    char control_socket[FG_CONTROL_PATH_MAX + 1];
    char pair_directory[FG_SETTING_PATH_MAX + 16];
    bool loopback;
    struct fg_page_names names;
    char session_cookie[48]; /* the cookies' names; cookies do not tell ports apart, their names must */
    char device_cookie[48];

    struct fg_server *server;
    struct fg_route routes[FG_PANEL_ROUTES_MAX];

    pthread_mutex_t mutex;
    pthread_cond_t changed; /* on CLOCK_MONOTONIC */
    bool stopping;
    bool wake; /* ask fillgated now */
    struct fg_panel_sessions sessions;
    struct fg_panel_feed feed;

    /* The poller's own. */
    bool polling;
    pthread_t poller;
    struct fg_control_client *client;
    uint32_t failures; /* in a row */
    struct fg_panel_memory memory;
    bool board_known;
    uint32_t board_version;
    struct fg_control_answer *answer; /* large */
    struct fg_control_state state;

    /* Commands take turns, so that they cannot crowd others out of fillgated's socket; the stop button has a
     * lane of its own. */
    pthread_mutex_t lanes[2];
    pthread_mutex_t pair_lane;
};

/* Waits for panel->changed with the mutex held, until then at most. */
void fg_panel_wait_until(struct fg_panel *panel, int64_t until_mono_ms);
/* Has fillgated asked at once. */
void fg_panel_wake(struct fg_panel *panel);

enum fg_err fg_panel_poller_start(struct fg_panel *panel, struct fg_error *error);
void fg_panel_poller_end(struct fg_panel *panel);

/* Turns the answer into an event stream of this session, whose stream has been opened. */
void fg_panel_events_answer(struct fg_panel *panel, uint64_t session_number, struct fg_answer *ret_answer);

/* Fills panel->routes; returns how many. */
size_t fg_panel_routes_fill(struct fg_panel *panel);

/* Is this session's browser allowed to see and to ask? Looks at the disk when it was paired. */
bool fg_panel_may(struct fg_panel *panel, uint64_t session_number);

#endif
