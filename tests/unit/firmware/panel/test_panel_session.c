/* The panel's sessions: cookies, tokens, sequence numbers, rates, room for few. */
#include "firmware/panel/panel_session.h"

#include <string.h>

#include "tests/lib/check.h"

static struct fg_error error;
static struct fg_panel_sessions sessions;

static struct fg_panel_session *new_session(int64_t now_mono_ms)
{
    struct fg_panel_session *session = NULL;

    CHECK_OK(fg_panel_session_new(&sessions, now_mono_ms, &session, &error), &error);
    return session;
}

static void begin(void)
{
    memset(&sessions, 0, sizeof(sessions));
}

TEST("a session is found by its cookie alone, and its token is another secret")
{
    char cookie[FG_PANEL_SECRET_DIGITS + 1];
    struct fg_panel_session *session;
    struct fg_panel_session *other;

    begin();
    session = new_session(1);
    other = new_session(1);
    memcpy(cookie, session->cookie, sizeof(cookie));
    CHECK(fg_panel_session_find(&sessions, cookie, 2) == session);
    CHECK(strcmp(session->cookie, session->token) != 0);
    CHECK(strcmp(session->cookie, other->cookie) != 0);
    CHECK(fg_panel_session_find(&sessions, session->token, 2) == NULL);
    CHECK(fg_panel_session_find(&sessions, "", 2) == NULL);
    CHECK(fg_panel_session_token_fits(session, session->token));
    CHECK(!fg_panel_session_token_fits(session, other->token));
    CHECK(!fg_panel_session_token_fits(session, ""));
    CHECK(!fg_panel_session_token_fits(session, NULL));
    cookie[0] = cookie[0] == '0' ? '1' : '0';
    CHECK(fg_panel_session_find(&sessions, cookie, 2) == NULL);
}

TEST("a sequence number counts once: a replay is seen")
{
    struct fg_panel_session *session;

    begin();
    session = new_session(1);
    CHECK(fg_panel_session_sequence_take(session, 1));
    CHECK(!fg_panel_session_sequence_take(session, 1));
    CHECK(fg_panel_session_sequence_take(session, 10));
    CHECK(!fg_panel_session_sequence_take(session, 9));
    CHECK(!fg_panel_session_sequence_take(session, 10));
    CHECK(!fg_panel_session_sequence_take(session, 0));
}

TEST("a flood of sessions never drives out one with open events, and a paired one last")
{
    struct fg_panel_session *open;
    struct fg_panel_session *paired;
    char open_cookie[FG_PANEL_SECRET_DIGITS + 1];
    char paired_cookie[FG_PANEL_SECRET_DIGITS + 1];

    begin();
    open = new_session(1);
    CHECK(fg_panel_session_stream_open(&sessions, open));
    memcpy(open_cookie, open->cookie, sizeof(open_cookie));
    paired = new_session(2);
    paired->paired = true;
    memcpy(paired_cookie, paired->cookie, sizeof(paired_cookie));
    for (int i = 0; i < 1000; i++)
        (void)new_session(3 + i);
    CHECK(fg_panel_session_find(&sessions, open_cookie, 5000) == open);
    CHECK(fg_panel_session_find(&sessions, paired_cookie, 5000) == paired);
    for (int i = 0; i < FG_PANEL_SESSIONS_MAX; i++)
        new_session(6000 + i)->paired = true;
    CHECK(fg_panel_session_find(&sessions, paired_cookie, 7000) == NULL);
    CHECK(fg_panel_session_find(&sessions, open_cookie, 7000) == open);
    fg_panel_session_stream_close(&sessions, open->number);
    CHECK_INT(sessions.streams, 0);
    for (int i = 0; i < 2 * FG_PANEL_SESSIONS_MAX; i++)
        new_session(8000 + i)->paired = true;
    CHECK(fg_panel_session_find(&sessions, open_cookie, 9000) == NULL);
}

TEST("a session that nobody used for half a day ends, one with open events does not")
{
    char cookies[2][FG_PANEL_SECRET_DIGITS + 1];
    struct fg_panel_session *session;

    begin();
    session = new_session(1);
    memcpy(cookies[0], session->cookie, sizeof(cookies[0]));
    session = new_session(1);
    memcpy(cookies[1], session->cookie, sizeof(cookies[1]));
    CHECK(fg_panel_session_stream_open(&sessions, session));
    CHECK(fg_panel_session_find(&sessions, cookies[0], FG_PANEL_IDLE_MAX_MS + 2) == NULL);
    CHECK(fg_panel_session_find(&sessions, cookies[1], FG_PANEL_IDLE_MAX_MS + 2) == session);
}

TEST("there are only so many event streams, and a session that is gone gives its own back")
{
    struct fg_panel_session *session;

    begin();
    session = new_session(1);
    for (int i = 0; i < FG_PANEL_STREAMS_MAX; i++)
        CHECK(fg_panel_session_stream_open(&sessions, session));
    CHECK(!fg_panel_session_stream_open(&sessions, session));
    fg_panel_session_stream_close(&sessions, session->number);
    CHECK(fg_panel_session_stream_open(&sessions, session));
    CHECK_INT(session->streams, FG_PANEL_STREAMS_MAX);
    CHECK(fg_panel_session_by_number(&sessions, session->number + 1) == NULL);
}

TEST("one session's flood takes commands from others, but never the stop button")
{
    struct fg_panel_session *flooder[4];
    struct fg_panel_session *other;
    int taken = 0;

    begin();
    for (int i = 0; i < 4; i++)
        flooder[i] = new_session(1);
    other = new_session(1);
    for (int n = 0; n < 1000; n++) {
        for (int i = 0; i < 4; i++) {
            taken += fg_panel_session_rate_take(&sessions, flooder[i], FG_PANEL_ASK_COMMAND, 5);
            (void)fg_panel_session_rate_take(&sessions, flooder[i], FG_PANEL_ASK_STOP, 5);
        }
    }
    CHECK_INT(taken, 60);
    CHECK(!fg_panel_session_rate_take(&sessions, other, FG_PANEL_ASK_COMMAND, 5));
    CHECK(fg_panel_session_rate_take(&sessions, other, FG_PANEL_ASK_STOP, 5));
    CHECK(fg_panel_session_rate_take(&sessions, flooder[0], FG_PANEL_ASK_STOP, 105));
}

TEST("sign-ins, pairings and requests have rates of their own")
{
    struct fg_panel_session *session;
    int sign_ins = 0;
    int pairings = 0;
    int requests = 0;

    begin();
    session = new_session(1);
    for (int i = 0; i < 1000; i++) {
        sign_ins += fg_panel_session_rate_take(&sessions, session, FG_PANEL_ASK_SIGN_IN, 5);
        pairings += fg_panel_pairing_rate_take(&sessions, 5);
        requests += fg_panel_request_rate_take(&sessions, session, false, 5);
    }
    CHECK_INT(sign_ins, 3);
    CHECK_INT(pairings, 5);
    CHECK_INT(requests, 400);
    /* Strangers have taken nothing from who is paired. */
    CHECK(!fg_panel_request_rate_take(&sessions, NULL, false, 5));
    CHECK(fg_panel_request_rate_take(&sessions, NULL, true, 5));
    session->paired = true;
    CHECK(fg_panel_request_rate_take(&sessions, session, true, 5));
    CHECK(fg_panel_session_rate_take(&sessions, session, FG_PANEL_ASK_COMMAND, 5));
}
