/* Event streams: each open page is told the newest of the feed (API.md "Events").
 *
 * A stream waits on its own connection's thread until there is something to tell, and ends when its session
 * may no longer listen. Not: what is told (panel_poll.h). Relies on: https_server.h. */
#ifndef FG_FIRMWARE_PANEL_PANEL_EVENTS_H
#define FG_FIRMWARE_PANEL_PANEL_EVENTS_H

#include "firmware/panel/panel_access.h"
#include "firmware/panel/panel_feed.h"

/* Turns the answer into an event stream of this session, whose stream has been opened
 * (fg_panel_access_stream_open) and is closed with the answer. Both outlive the server. Without memory the
 * answer stays as it is. */
void fg_panel_events_answer(struct fg_panel_access *access, struct fg_panel_feed *feed,
                            uint64_t session_number, struct fg_answer *ret_answer);

#endif
