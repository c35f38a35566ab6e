/* Names, origins, cookies and sessions: who is heard. */
#include "firmware/link/panel/panel_guard.h"

#include <stdio.h>
#include <string.h>

#include "firmware/link/panel/panel_session.h"
#include "tests/lib/check.h"

static struct fg_error error;

TEST("the address to listen at is numeric, with a port")
{
    static const char *const bad[] = {
        "",         "127.0.0.1",      "127.0.0.1:",   "127.0.0.1:65536", "localhost:80", ":8480",
        "::1:8480", "[127.0.0.1]:80", "127.0.0.1:-1", "[::1]",           "127.1:8480",   "127.0.0.1:80x"};
    char address[FG_PANEL_NAME_BYTES];
    uint16_t port = 0;

    CHECK_OK(fg_panel_listen_parse("127.0.0.1:8480", address, &port, &error), &error);
    CHECK_TEXT(address, "127.0.0.1");
    CHECK_INT(port, 8480);
    CHECK_OK(fg_panel_listen_parse("[::1]:0", address, &port, &error), &error);
    CHECK_TEXT(address, "::1");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_INT(fg_panel_listen_parse(bad[i], address, &port, &error), FG_E_FORMAT);
    CHECK(fg_panel_is_loopback("127.9.9.9"));
    CHECK(fg_panel_is_loopback("::1"));
    CHECK(!fg_panel_is_loopback("0.0.0.0"));
    CHECK(!fg_panel_is_loopback("::"));
    CHECK(!fg_panel_is_loopback("192.168.1.5"));
}

TEST("a Host that is not one of the panel's names is not heard: DNS rebinding")
{
    static const char *const good[] = {"127.0.0.1:8480",     "localhost:8480",     "LocalHost:8480",
                                       "panel.example:8480", "PANEL.example:8480", "[fe80::1]:8480"};
    static const char *const bad[] = {"",
                                      "evil.example:8480",
                                      "127.0.0.1",
                                      "127.0.0.1:8481",
                                      "localhost:",
                                      "x",
                                      "panel.example.evil.com:8480",
                                      "panel.example:8480:8480",
                                      "localhost:8480/",
                                      "[::1]:8480",
                                      "fe80::1:8480",
                                      ":8480",
                                      "127.0.0.1:08480 ",
                                      "panel.example\t:8480"};
    struct fg_panel_names names;

    CHECK_OK(
        fg_panel_names_make(" Panel.Example , 192.168.1.5,fe80::1", "127.0.0.1", 8480, false, &names, &error),
        &error);
    CHECK_INT(names.count, 5);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK(fg_panel_host_fits(&names, good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(!fg_panel_host_fits(&names, bad[i]));
    CHECK(!fg_panel_host_fits(&names, NULL));
    names.port = 80;
    CHECK(fg_panel_host_fits(&names, "panel.example"));
    names.https = true;
    CHECK(!fg_panel_host_fits(&names, "panel.example"));
}

TEST("an address that stands for all is no name")
{
    struct fg_panel_names names;

    CHECK_OK(fg_panel_names_make("", "0.0.0.0", 8480, true, &names, &error), &error);
    CHECK(!fg_panel_host_fits(&names, "0.0.0.0:8480"));
    CHECK(fg_panel_host_fits(&names, "localhost:8480"));
}

TEST("names that are none, or too many, are told")
{
    static const char *const bad[] = {"a b", ",", "a,,b", "a/b", "http://a", "a;b"};
    struct fg_panel_names names;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_INT(fg_panel_names_make(bad[i], "::1", 1, false, &names, &error), FG_E_FORMAT);
    CHECK_INT(fg_panel_names_make("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o", "::1", 1, false, &names, &error),
              FG_E_FULL);
}

TEST("only the panel's own origin may ask, and not from another site")
{
    struct fg_panel_names names;

    CHECK_OK(fg_panel_names_make("", "127.0.0.1", 8480, false, &names, &error), &error);
    CHECK(fg_panel_origin_fits(&names, "http://127.0.0.1:8480"));
    CHECK(fg_panel_origin_fits(&names, "http://localhost:8480"));
    CHECK(!fg_panel_origin_fits(&names, NULL));
    CHECK(!fg_panel_origin_fits(&names, "null"));
    CHECK(!fg_panel_origin_fits(&names, "https://127.0.0.1:8480"));
    CHECK(!fg_panel_origin_fits(&names, "http://127.0.0.1:8481"));
    CHECK(!fg_panel_origin_fits(&names, "http://evil.example"));
    CHECK(fg_panel_site_fits(NULL));
    CHECK(fg_panel_site_fits("same-origin"));
    CHECK(fg_panel_site_fits("none"));
    CHECK(!fg_panel_site_fits("same-site"));
    CHECK(!fg_panel_site_fits("cross-site"));
    CHECK(fg_panel_type_fits("application/json"));
    CHECK(fg_panel_type_fits("Application/JSON; charset=utf-8"));
    CHECK(!fg_panel_type_fits("application/jsonx"));
    CHECK(!fg_panel_type_fits("text/plain"));
    CHECK(!fg_panel_type_fits(NULL));
}

TEST("a cookie is found by its whole name and its exact form")
{
    char value[9] = "";

    CHECK(fg_panel_cookie_find("a=1; panel=0123abcd; b=2", "panel", 8, value));
    CHECK_TEXT(value, "0123abcd");
    CHECK(fg_panel_cookie_find("panel=00000001", "panel", 8, value));
    CHECK(fg_panel_cookie_find("panel=short;panel=00000002", "panel", 8, value));
    CHECK_TEXT(value, "00000002");
    CHECK(!fg_panel_cookie_find(NULL, "panel", 8, value));
    CHECK(!fg_panel_cookie_find("", "panel", 8, value));
    CHECK(!fg_panel_cookie_find("xpanel=00000003", "panel", 8, value));
    CHECK(!fg_panel_cookie_find("panel=0123ABCD", "panel", 8, value));
    CHECK(!fg_panel_cookie_find("panel=000000030", "panel", 8, value));
    CHECK(!fg_panel_cookie_find("panel=0000000", "panel", 8, value));
    CHECK(!fg_panel_cookie_find("panel", "panel", 8, value));
    CHECK(!fg_panel_cookie_find(";;; ;", "panel", 8, value));
}

/* ---- sessions ---- */

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

TEST("a bucket gives so many at once and so many a second, and is never fuller than full")
{
    const struct fg_panel_rate rate = {10, 3};
    struct fg_panel_bucket bucket = {0};

    for (int i = 0; i < 3; i++)
        CHECK(fg_panel_bucket_take(&bucket, &rate, 1000));
    CHECK(!fg_panel_bucket_take(&bucket, &rate, 1000));
    CHECK(!fg_panel_bucket_take(&bucket, &rate, 1099));
    CHECK(fg_panel_bucket_take(&bucket, &rate, 1100));
    CHECK(!fg_panel_bucket_take(&bucket, &rate, 1100));
    for (int i = 0; i < 3; i++)
        CHECK(fg_panel_bucket_take(&bucket, &rate, INT64_C(9000000000000)));
    CHECK(!fg_panel_bucket_take(&bucket, &rate, INT64_C(9000000000000)));
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
        requests += fg_panel_request_rate_take(&sessions, 5);
    }
    CHECK_INT(sign_ins, 3);
    CHECK_INT(pairings, 5);
    CHECK_INT(requests, 400);
    CHECK(fg_panel_session_rate_take(&sessions, session, FG_PANEL_ASK_COMMAND, 5));
}
