/* The browsers that speak to the panel: cookie, token, sequence number, and how much each may ask.
 *
 * A table of fixed size; when it is full the session that was idle longest makes room, one that is not paired
 * first, and never one with an open event stream. Time comes with the call. Not: HTTP (panel_routes.c), who
 * is paired (lib/net/page/pair.h). The caller locks. */
#ifndef FG_FIRMWARE_PANEL_PANEL_SESSION_H
#define FG_FIRMWARE_PANEL_PANEL_SESSION_H

#include "lib/base/err.h"
#include "lib/base/rate.h"
#include "lib/domain/types.h"

#define FG_PANEL_SESSIONS_MAX 32
#define FG_PANEL_STREAMS_MAX 8 /* of all sessions; fewer than there are sessions */
#define FG_PANEL_SECRET_BYTES 16
#define FG_PANEL_SECRET_DIGITS (2 * FG_PANEL_SECRET_BYTES)
#define FG_PANEL_DEVICE_DIGITS 64
#define FG_PANEL_IDLE_MAX_MS (12 * INT64_C(3600000)) /* then a session is forgotten */

enum fg_panel_ask {
    FG_PANEL_ASK_COMMAND,
    FG_PANEL_ASK_SIGN_IN,
    FG_PANEL_ASK_STOP,
    FG_PANEL_ASK_OTHER, /* whatever is no command */
    FG_PANEL_ASK_COUNT
};

struct fg_panel_session {
    bool used;
    uint64_t number;                         /* rises: tells a session from a later one in its place */
    char cookie[FG_PANEL_SECRET_DIGITS + 1]; /* hexadecimal */
    char token[FG_PANEL_SECRET_DIGITS + 1];  /* hexadecimal */
    char device[FG_PANEL_DEVICE_DIGITS + 1]; /* id of the paired device, "" = none */
    bool paired;                             /* as of the last look */
    uint64_t sequence;                       /* of the newest command */
    uint32_t streams;
    int64_t used_mono_ms;
    struct fg_rate_bucket buckets[FG_PANEL_ASK_COUNT];
};

struct fg_panel_sessions {
    uint64_t made; /* since start */
    struct fg_panel_session sessions[FG_PANEL_SESSIONS_MAX];
    uint32_t streams;
    struct fg_rate_bucket buckets[FG_PANEL_ASK_COUNT]; /* of all sessions together; stops have no such */
    struct fg_rate_bucket requests;                    /* of strangers */
    struct fg_rate_bucket devices;                     /* of paired devices that have no session yet */
    struct fg_rate_bucket pairings;
};

/* The session of this cookie, marked as used now; NULL: there is none. */
struct fg_panel_session *fg_panel_session_find(struct fg_panel_sessions *sessions, const char *cookie,
                                               int64_t now_mono_ms);
/* The session of this number, or NULL when it is gone. */
struct fg_panel_session *fg_panel_session_by_number(struct fg_panel_sessions *sessions, uint64_t number);

/* A new one, with its secrets drawn. FG_E_IO: no randomness. */
enum fg_err fg_panel_session_new(struct fg_panel_sessions *sessions, int64_t now_mono_ms,
                                 struct fg_panel_session **ret_session, struct fg_error *error);

/* Takes the same time whatever differs. token may be NULL. */
bool fg_panel_session_token_fits(const struct fg_panel_session *session, const char *token);

/* False: not higher than every earlier one. */
bool fg_panel_session_sequence_take(struct fg_panel_session *session, uint64_t sequence);

/* False: this session, or all together, asked too much. Somebody's flood never takes the stop button from
 * another session. */
bool fg_panel_session_rate_take(struct fg_panel_sessions *sessions, struct fg_panel_session *session,
                                enum fg_panel_ask ask, int64_t now_mono_ms);
/* Of requests of every kind but commands: a paired session has its own rate, paired devices without a session
 * have one together, and so have strangers, who take nothing from the others. session may be NULL. */
bool fg_panel_request_rate_take(struct fg_panel_sessions *sessions, struct fg_panel_session *session,
                                bool device_paired, int64_t now_mono_ms);
/* Of pairing, from anybody. */
bool fg_panel_pairing_rate_take(struct fg_panel_sessions *sessions, int64_t now_mono_ms);

/* Opens an event stream. False: there are as many as there may be. */
bool fg_panel_session_stream_open(struct fg_panel_sessions *sessions, struct fg_panel_session *session);
void fg_panel_session_stream_close(struct fg_panel_sessions *sessions, uint64_t number);

#endif
