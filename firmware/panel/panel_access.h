/* Who may ask the panel: its names, the sessions of its browsers, their cookies, tokens and rates, and
 * pairing.
 *
 * Not: what is answered to whom may (panel_routes.h), the table of sessions itself (panel_session.h), whose
 * request a header allows (lib/net/page/page_guard.h). Any thread; the mutex is never held while anything is
 * waited for but the start of the server. Relies on: lib/net/page/pair.h, https_server.h. */
#ifndef FG_FIRMWARE_PANEL_PANEL_ACCESS_H
#define FG_FIRMWARE_PANEL_PANEL_ACCESS_H

#include <pthread.h>

#include "firmware/panel/panel_session.h"
#include "lib/base/settings.h"
#include "lib/net/page/page_guard.h"
#include "lib/net/server/https_server.h"

struct fg_panel_access {
    /* The first three are the panel's settings. */
    char pair_directory[FG_SETTING_PATH_MAX + 16];
    bool loopback; /* then no pairing is needed */
    struct fg_page_names names;
    /* The cookies' names; cookies do not tell ports apart, their names must. */
    char session_cookie[48];
    char device_cookie[48];

    /* Guards the sessions; held by the panel from before its server starts until the names are known. */
    pthread_mutex_t mutex;
    struct fg_panel_sessions sessions;
    pthread_mutex_t pair_lane;
};

/* What a browser is told of its own session. */
struct fg_panel_own_session {
    char token[FG_PANEL_SECRET_DIGITS + 1]; /* wipe after use */
    uint64_t sequence;                      /* of the newest command */
    bool paired;
};

/* Where a request must come from. */
enum fg_panel_strictness { FG_PANEL_ANY_SITE, FG_PANEL_SAME_SITE, FG_PANEL_SAME_SITE_WITH_ORIGIN };

/* access is zeroed, but for the settings. */
void fg_panel_access_start(struct fg_panel_access *access);
void fg_panel_access_end(struct fg_panel_access *access);
/* The server listens at this port: names the cookies. The mutex is held. */
void fg_panel_access_name(struct fg_panel_access *access, uint16_t port);

/* ---- every request. False or 0: the answer is a refusal already ---- */

/* Is the panel called by one of its names, from where it may be, and not too often? */
bool fg_panel_admit(struct fg_panel_access *access, const struct fg_request *request,
                    enum fg_panel_strictness strictness, struct fg_answer *answer);
/* The number of the request's session, whose browser may see and ask; never 0 then. */
uint64_t fg_panel_permit(struct fg_panel_access *access, const struct fg_request *request,
                         struct fg_answer *answer);
/* Is this session's browser (still) allowed to see and to ask? Looks at the disk when it was paired. */
bool fg_panel_may(struct fg_panel_access *access, uint64_t session_number);

/* ---- sessions ---- */

/* The session of the request's browser, made and given as a cookie when there is none. False: refused
 * already. */
bool fg_panel_access_session(struct fg_panel_access *access, const struct fg_request *request,
                             struct fg_panel_own_session *ret_session, struct fg_answer *answer);
/* Does the request carry the session's token? */
bool fg_panel_access_token_fits(struct fg_panel_access *access, uint64_t session_number,
                                const struct fg_request *request);
/* Rate and sequence of a command, at once for all threads. False: refused already. */
bool fg_panel_access_count(struct fg_panel_access *access, uint64_t session_number, enum fg_panel_ask ask,
                           uint64_t sequence, struct fg_answer *answer);
/* False: as many streams are open as there may be. */
bool fg_panel_access_stream_open(struct fg_panel_access *access, uint64_t session_number);
void fg_panel_access_stream_close(struct fg_panel_access *access, uint64_t session_number);

/* ---- pairing ---- */

/* False: too many tries, from whomever. */
bool fg_panel_access_pairing_rate_take(struct fg_panel_access *access);
/* Trades the code for the secret of a paired device, given as a cookie; answers either way. */
void fg_panel_access_pair(struct fg_panel_access *access, const struct fg_request *request, const char *code,
                          struct fg_answer *answer);

#endif
