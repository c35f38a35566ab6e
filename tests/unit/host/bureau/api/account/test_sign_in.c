/* Sign-in, sessions, one's own password and second factor, users and trail over the real server of pages, on
 * both back ends. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/bureau/trail/trail.h"
#include "host/bureau/user/user.h"
#include "host/bureau/user/user_session.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/web_fixture.h"

#define SESSION "/api/v1/session"
#define CYLINDERS "/api/v1/cylinders"
#define NEW_PASSWORD "a quite different one"

static struct fg_error error;

static struct fg_web_fixture *with_users(bool postgres)
{
    struct fg_web_fixture *web = fg_fixture_web(postgres);

    fg_fixture_web_user(web, "li", "auditor");
    fg_fixture_web_user(web, "wang", "registrar");
    fg_fixture_web_user(web, "admin", "administrator");
    return web;
}

static int get(struct fg_web_fixture *web, const char *path)
{
    return fg_fixture_web_ask(web, "GET", path, NULL, NULL);
}

static int post(struct fg_web_fixture *web, const char *path, const char *body)
{
    return fg_fixture_web_ask(web, "POST", path, body, NULL);
}

static void forget(struct fg_web_fixture *web)
{
    web->cookie[0] = '\0';
    web->token[0] = '\0';
}

static int64_t trail_count(struct fg_web_fixture *web, const char *where)
{
    char text[300];

    (void)snprintf(text, sizeof(text), "SELECT COUNT(*) FROM trail WHERE %s", where);
    return fg_fixture_sql_number(web->sql, text);
}

static void in_and_out(bool postgres)
{
    struct fg_web_fixture *web = with_users(postgres);
    char cookie[200];

    CHECK_INT(get(web, SESSION), 200);
    CHECK_HAS(web->answer, "\"signed_in\":false");
    CHECK_INT(get(web, CYLINDERS), 401);
    CHECK_HAS(web->answer, "NOT_SIGNED_IN");
    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    CHECK_HAS(web->answer, "HttpOnly; SameSite=Strict");
    CHECK_INT(get(web, SESSION), 200);
    CHECK_HAS(web->answer, "\"signed_in\":true");
    CHECK_HAS(web->answer, "\"role\":\"auditor\"");
    CHECK_INT(get(web, CYLINDERS), 200);
    CHECK_INT(get(web, "/api/v1/users"), 403);
    CHECK_INT(get(web, "/api/v1/trail?limit=2"), 200);
    CHECK_HAS(web->answer, "\"action\":\"CYLINDERS\"");
    CHECK_HAS(web->answer, "\"next\":\"");
    CHECK_INT(get(web, "/api/v1/trail?user=li&action=SIGN_IN"), 200);
    CHECK_HAS(web->answer, "\"outcome\":\"DONE\"");
    CHECK_INT(get(web, "/api/v1/trail?after=x1"), 400);
    memcpy(cookie, web->cookie, sizeof(cookie));
    CHECK_INT(fg_fixture_web_ask(web, "DELETE", SESSION, NULL, NULL), 200);
    CHECK_HAS(web->answer, "Max-Age=0");
    CHECK_INT(get(web, CYLINDERS), 401);
    CHECK_INT(trail_count(web, "action = 'SIGN_IN' AND outcome = 'DONE' AND login = 'li'"), 1);
    CHECK_INT(trail_count(web, "action = 'SIGN_OUT' AND login = 'li'"), 1);
    fg_fixture_web_stop(web);
}

TEST("who signs in may ask what the role may, and nothing more after signing out (SQLite)")
{
    in_and_out(false);
}
TEST("who signs in may ask what the role may, and nothing more after signing out (PostgreSQL)")
{
    in_and_out(true);
}

TEST("a wrong password, an unknown and a suspended user get the same answer; the trail keeps which")
{
    struct fg_web_fixture *web = with_users(false);
    struct fg_user_by by = {"admin", "test", web->now_ms, 0};
    char wrong[400];
    const char *body;

    CHECK_INT(fg_fixture_web_sign_in(web, "li", "not this one, no"), 401);
    body = strstr(web->answer, "\r\n\r\n");
    CHECK(body != NULL);
    (void)snprintf(wrong, sizeof(wrong), "%s", body);
    CHECK_INT(fg_fixture_web_sign_in(web, "nobody", FG_FIXTURE_PASSWORD), 401);
    CHECK_TEXT(strstr(web->answer, "\r\n\r\n"), wrong);
    CHECK_OK(fg_sql_begin(web->sql, &error), &error);
    CHECK_OK(fg_user_suspend(web->sql, "li", true, &by, &error), &error);
    CHECK_OK(fg_sql_commit(web->sql, &error), &error);
    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 401);
    CHECK_TEXT(strstr(web->answer, "\r\n\r\n"), wrong);
    CHECK(strstr(web->answer, "Set-Cookie") == NULL);
    CHECK_INT(trail_count(web, "detail = 'wrong password' AND login = 'li' AND outcome = 'REFUSED'"), 1);
    CHECK_INT(trail_count(web, "detail = 'suspended' AND login = 'li' AND outcome = 'REFUSED'"), 1);
    /* What was typed as the name could be the password. */
    CHECK_INT(trail_count(web, "detail = 'no such user' AND login = '' AND subject = ''"), 1);
    CHECK_INT(trail_count(web, "detail LIKE '%horse%' OR subject LIKE '%nobody%' OR detail LIKE '%nobody%'"),
              0);
    fg_fixture_web_stop(web);
}

TEST("a cookie that somebody planted is worth nothing after sign-in, and each sign-in gives another")
{
    struct fg_web_fixture *web = with_users(false);
    char planted[200];
    char first[200];

    CHECK_INT(fg_fixture_web_sign_in(web, "wang", FG_FIXTURE_PASSWORD), 200);
    memcpy(planted, web->cookie, sizeof(planted));
    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    memcpy(first, web->cookie, sizeof(first));
    CHECK(strcmp(first, planted) != 0);
    memcpy(web->cookie, planted, sizeof(planted));
    CHECK_INT(get(web, CYLINDERS), 401);
    (void)snprintf(web->cookie, sizeof(web->cookie), "fillgate=%064d", 7);
    CHECK_INT(get(web, CYLINDERS), 401);
    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    CHECK(strstr(web->cookie, "0000000000000000") == NULL);
    fg_fixture_web_stop(web);
}

TEST("changes need the token of this session, an Origin of this server and no other site")
{
    struct fg_web_fixture *web = with_users(false);
    char foreign[80];
    char request[600];
    unsigned port = fg_web_port(web->web);

    CHECK_INT(fg_fixture_web_sign_in(web, "wang", FG_FIXTURE_PASSWORD), 200);
    memcpy(foreign, web->token, sizeof(foreign));
    forget(web);
    CHECK_INT(fg_fixture_web_sign_in(web, "admin", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(fg_fixture_web_ask(web, "DELETE", SESSION, NULL, "Sec-Fetch-Site: cross-site\r\n"), 403);
    CHECK_HAS(web->answer, "ORIGIN");
    memcpy(web->token, foreign, sizeof(foreign));
    CHECK_INT(fg_fixture_web_ask(web, "DELETE", SESSION, NULL, NULL), 403);
    CHECK_HAS(web->answer, "TOKEN");
    web->token[0] = '\0';
    CHECK_INT(post(web, "/api/v1/users", "{\"user\":\"x\",\"name\":\"x\",\"role\":\"auditor\"}"), 403);
    (void)snprintf(request, sizeof(request),
                   "POST " SESSION
                   " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nOrigin: http://evil.example\r\nConnection: "
                   "close\r\nContent-Length: 0\r\n\r\n",
                   port);
    CHECK_INT(fg_fixture_web_raw(web, request), 403);
    (void)snprintf(request, sizeof(request),
                   "POST " SESSION " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\nContent-Length: "
                   "0\r\n\r\n",
                   port);
    CHECK_INT(fg_fixture_web_raw(web, request), 403);
    CHECK_INT(fg_fixture_sql_number(web->sql, "SELECT COUNT(*) FROM web_user"), 3);
    CHECK_INT(get(web, CYLINDERS), 200);
    fg_fixture_web_stop(web);
}

static void own_password(bool postgres)
{
    struct fg_web_fixture *web = with_users(postgres);
    char before[200];

    fg_fixture_sql_run(web->sql, "UPDATE web_user SET must_change = 1 WHERE login = 'li'");
    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    CHECK_HAS(web->answer, "\"must_change_password\":true");
    CHECK_INT(get(web, CYLINDERS), 403);
    CHECK_HAS(web->answer, "PASSWORD_CHANGE_NEEDED");
    CHECK_INT(post(web, SESSION "/password", "{\"old\":\"wrong\",\"new\":\"" NEW_PASSWORD "\"}"), 401);
    CHECK_INT(post(web, SESSION "/password", "{\"old\":\"" FG_FIXTURE_PASSWORD "\",\"new\":\"short\"}"), 400);
    CHECK_HAS(web->answer, "PASSWORD_REFUSED");
    CHECK_INT(post(web, SESSION "/password",
                   "{\"old\":\"" FG_FIXTURE_PASSWORD "\",\"new\":\"" FG_FIXTURE_PASSWORD "\"}"),
              400);
    memcpy(before, web->cookie, sizeof(before));
    CHECK_INT(
        post(web, SESSION "/password", "{\"old\":\"" FG_FIXTURE_PASSWORD "\",\"new\":\"" NEW_PASSWORD "\"}"),
        200);
    CHECK_HAS(web->answer, "\"must_change_password\":false");
    CHECK_INT(get(web, CYLINDERS), 401); /* the session of before has ended */
    forget(web);
    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 401);
    CHECK_INT(fg_fixture_web_sign_in(web, "li", NEW_PASSWORD), 200);
    CHECK_INT(get(web, CYLINDERS), 200);
    CHECK_INT(trail_count(web, "action = 'PASSWORD' AND outcome = 'DONE'"), 1);
    CHECK_INT(trail_count(web, "action = 'PASSWORD' AND outcome = 'REFUSED'"), 1);
    CHECK_INT(trail_count(web, "detail LIKE '%different%' OR detail LIKE '%horse%'"), 0);
    fg_fixture_web_stop(web);
}

TEST("a password that must be changed is changed first, and ends every session (SQLite)")
{
    own_password(false);
}
TEST("a password that must be changed is changed first, and ends every session (PostgreSQL)")
{
    own_password(true);
}

/* ---- changes at the same moment ---- */

#define RACERS 4

struct racer {
    pthread_t thread;
    struct fg_web_fixture *web; /* a copy of its own, with the answer */
    int status;
};

static void *sign_in_race(void *context)
{
    struct racer *racer = context;

    racer->status = fg_fixture_web_ask(racer->web, "POST", SESSION,
                                       "{\"user\":\"li\",\"password\":\"" FG_FIXTURE_PASSWORD "\"}", NULL);
    return NULL;
}

static void change_while_signing_in(bool postgres)
{
    struct fg_web_fixture *web = with_users(postgres);
    struct fg_user_by by = {"admin", "test", web->now_ms, 0};
    struct racer racers[RACERS];
    char hash[FG_PASSWORD_HASH_TEXT];
    struct timespec start = {.tv_nsec = 30000000};

    CHECK_OK(fg_password_hash(NEW_PASSWORD, FG_PASSWORD_KNOWN, hash, &error), &error);
    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    fg_fixture_sql_run(web->sql, "DELETE FROM web_session");
    for (int i = 0; i < RACERS; i++) {
        racers[i].web = malloc(sizeof(*racers[i].web));
        CHECK(racers[i].web != NULL);
        memcpy(racers[i].web, web, sizeof(*web));
        CHECK_INT(pthread_create(&racers[i].thread, NULL, sign_in_race, &racers[i]), 0);
    }
    /* They have read the old hash by now, and are being checked against it two at a time. */
    (void)nanosleep(&start, NULL);
    CHECK_OK(fg_sql_begin(web->sql, &error), &error);
    CHECK_OK(fg_user_password_set(web->sql, "li", hash, false, &by, &error), &error);
    CHECK_OK(fg_sql_commit(web->sql, &error), &error);
    for (int i = 0; i < RACERS; i++) {
        CHECK_INT(pthread_join(racers[i].thread, NULL), 0);
        free(racers[i].web);
    }
    CHECK_INT(fg_fixture_sql_number(web->sql, "SELECT COUNT(*) FROM web_session"), 0);
    printf("    answers to the old password: %d %d %d %d\n", racers[0].status, racers[1].status,
           racers[2].status, racers[3].status);
    forget(web);
    CHECK_INT(fg_fixture_web_sign_in(web, "li", NEW_PASSWORD), 200);
    fg_fixture_web_stop(web);
}

TEST("no session of the old password outlives its change, however they meet (SQLite)")
{
    change_while_signing_in(false);
}
TEST("no session of the old password outlives its change, however they meet (PostgreSQL)")
{
    change_while_signing_in(true);
}

struct changer {
    struct fg_sql *sql;
    enum fg_err result;
};

static void *change_race(void *context)
{
    struct changer *changer = context;
    struct fg_user_by by = {"admin", "test", 1, 0};
    struct fg_error own;

    changer->result = fg_sql_begin(changer->sql, &own);
    if (changer->result == FG_OK)
        changer->result = fg_user_role_set(changer->sql, "li", "registrar", &by, &own);
    if (changer->result == FG_OK)
        changer->result = fg_sql_commit(changer->sql, &own);
    return NULL;
}

static void change_waits_for_sign_in(bool postgres)
{
    struct fg_web_fixture *web = with_users(postgres);
    struct fg_sql_settings settings = {.url = web->url, .deadline_ms = 20000};
    struct changer changer = {.sql = NULL};
    char cookie[FG_WEB_SESSION_DIGITS + 1];
    pthread_t thread;

    CHECK_OK(fg_sql_open(&settings, &changer.sql, &error), &error);
    CHECK_OK(fg_sql_begin(web->sql, &error), &error);
    CHECK_OK(fg_user_signed_in(web->sql, "li", 1, web->now_ms, &error), &error);
    CHECK_INT(pthread_create(&thread, NULL, change_race, &changer), 0);
    (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    CHECK_OK(fg_web_session_open(web->sql, "li", web->now_ms, cookie, &error), &error);
    CHECK_OK(fg_sql_commit(web->sql, &error), &error);
    CHECK_INT(pthread_join(thread, NULL), 0);
    CHECK_INT(changer.result, FG_OK);
    CHECK_INT(fg_fixture_sql_number(web->sql, "SELECT COUNT(*) FROM web_session"), 0);
    fg_sql_close(changer.sql);
    fg_fixture_web_stop(web);
}

TEST("a change that comes while a sign-in is under way waits for it and ends its session (SQLite)")
{
    change_waits_for_sign_in(false);
}
TEST("a change that comes while a sign-in is under way waits for it and ends its session (PostgreSQL)")
{
    change_waits_for_sign_in(true);
}

static uint32_t code_at(const char *text, int64_t at_ms)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t secret[FG_TOTP_SECRET_BYTES] = {0};

    CHECK_INT(strlen(text), FG_TOTP_SECRET_TEXT - 1);
    for (size_t i = 0; i < (FG_TOTP_SECRET_TEXT - 1) * 5; i++) {
        size_t letter = (size_t)(strchr(letters, text[i / 5]) - letters);

        if ((letter >> (4 - i % 5) & 1) != 0)
            secret[i / 8] |= (uint8_t)(128 >> i % 8);
    }
    return fg_totp_code(secret, sizeof(secret), (uint64_t)(at_ms / FG_TOTP_STEP_MS), 6);
}

static int sign_in_with(struct fg_web_fixture *web, uint32_t code)
{
    char body[200];

    (void)snprintf(body, sizeof(body),
                   "{\"user\":\"li\",\"password\":\"" FG_FIXTURE_PASSWORD "\",\"totp\":\"%06u\"}", code);
    return post(web, SESSION, body);
}

static void second_factor(bool postgres)
{
    struct fg_web_fixture *web = with_users(postgres);
    char secret[80];
    char body[100];
    char other[200];
    char own[200];

    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    memcpy(other, web->cookie, sizeof(other));
    forget(web);
    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(post(web, SESSION "/totp/confirm", "{\"code\":\"123456\"}"), 409);
    CHECK_INT(post(web, SESSION "/totp", "{\"password\":\"wrong\"}"), 401);
    CHECK_INT(post(web, SESSION "/totp", "{\"password\":\"" FG_FIXTURE_PASSWORD "\"}"), 200);
    (void)snprintf(secret, sizeof(secret), "%s", fg_fixture_web_text(web, "secret"));
    CHECK_HAS(web->answer, "otpauth://totp/fillgate:li?secret=");
    (void)snprintf(body, sizeof(body), "{\"code\":\"%06u\"}", (code_at(secret, web->now_ms) + 1) % 1000000);
    CHECK_INT(post(web, SESSION "/totp/confirm", body), 401);
    (void)snprintf(body, sizeof(body), "{\"code\":\"%06u\"}", code_at(secret, web->now_ms));
    CHECK_INT(post(web, SESSION "/totp/confirm", body), 200);
    /* Who switched it on goes on; a session that only the password opened has ended. */
    CHECK_INT(get(web, CYLINDERS), 200);
    memcpy(own, web->cookie, sizeof(own));
    memcpy(web->cookie, other, sizeof(other));
    CHECK_INT(get(web, CYLINDERS), 401);
    memcpy(web->cookie, own, sizeof(own));
    CHECK_INT(post(web, SESSION "/totp", "{\"password\":\"" FG_FIXTURE_PASSWORD "\"}"), 409);
    forget(web);
    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 401);
    CHECK_HAS(web->answer, "TOTP_NEEDED");
    CHECK_INT(sign_in_with(web, code_at(secret, web->now_ms)), 401); /* it confirmed already */
    CHECK_HAS(web->answer, "SIGN_IN_REFUSED");
    web->now_ms += FG_TOTP_STEP_MS;
    CHECK_INT(sign_in_with(web, code_at(secret, web->now_ms)), 200);
    CHECK_INT(sign_in_with(web, code_at(secret, web->now_ms)), 401);
    web->now_ms += FG_TOTP_STEP_MS;
    CHECK_INT(sign_in_with(web, code_at(secret, web->now_ms)), 200);
    (void)snprintf(web->cookie, sizeof(web->cookie), "fillgate=%s", fg_fixture_web_cookie(web, "fillgate"));
    (void)snprintf(web->token, sizeof(web->token), "%s", fg_fixture_web_text(web, "token"));
    CHECK_INT(post(web, SESSION "/totp/remove", "{\"password\":\"" FG_FIXTURE_PASSWORD "\"}"), 200);
    forget(web);
    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(trail_count(web, "action = 'SECOND_FACTOR' AND outcome = 'DONE'"), 3);
    CHECK_INT(trail_count(web, "detail LIKE '%code=%'"), 0);
    fg_fixture_web_stop(web);
}

TEST("a second factor is asked for once it is confirmed; each code is good once (SQLite)")
{
    second_factor(false);
}
TEST("a second factor is asked for once it is confirmed; each code is good once (PostgreSQL)")
{
    second_factor(true);
}

static void users_by_administrator(bool postgres)
{
    struct fg_web_fixture *web = with_users(postgres);
    struct fg_trail_verdict verdict;
    char one_time[80];

    CHECK_INT(fg_fixture_web_sign_in(web, "admin", FG_FIXTURE_PASSWORD), 200);
    CHECK_INT(post(web, "/api/v1/users", "{\"user\":\"zhao\",\"name\":\"赵\",\"role\":\"supervisor\"}"), 201);
    (void)snprintf(one_time, sizeof(one_time), "%s", fg_fixture_web_text(web, "password"));
    CHECK_INT(post(web, "/api/v1/users", "{\"user\":\"zhao\",\"name\":\"x\",\"role\":\"auditor\"}"), 409);
    CHECK_INT(post(web, "/api/v1/users", "{\"user\":\"q\",\"name\":\"x\",\"role\":\"root\"}"), 400);
    CHECK_INT(get(web, "/api/v1/users"), 200);
    CHECK_HAS(web->answer, "\"name\":\"赵\",\"role\":\"supervisor\",\"suspended\":false");
    CHECK(strstr(web->answer, "argon2") == NULL);
    CHECK_INT(
        fg_fixture_web_ask(web, "PATCH", "/api/v1/users/admin", "{\"suspended\":true,\"why\":\"x\"}", NULL),
        403);
    CHECK_INT(fg_fixture_web_ask(web, "PATCH", "/api/v1/users/zhao", "{\"why\":\"x\"}", NULL), 400);
    CHECK_INT(
        fg_fixture_web_ask(web, "PATCH", "/api/v1/users/none", "{\"role\":\"auditor\",\"why\":\"x\"}", NULL),
        404);
    CHECK_INT(fg_fixture_web_ask(web, "PATCH", "/api/v1/users/zhao",
                                 "{\"role\":\"auditor\",\"suspended\":true,\"why\":\"left\"}", NULL),
              200);
    CHECK_HAS(web->answer, "\"role\":\"auditor\",\"suspended\":true");
    CHECK_INT(fg_fixture_web_ask(web, "PATCH", "/api/v1/users/zhao", "{\"suspended\":false,\"why\":\"back\"}",
                                 NULL),
              200);
    CHECK_INT(post(web, "/api/v1/users/admin/password", NULL), 403);
    CHECK_INT(post(web, "/api/v1/users/none/password", NULL), 404);
    CHECK_INT(post(web, "/api/v1/users/zhao/password", NULL), 200);
    CHECK(strcmp(fg_fixture_web_text(web, "password"), one_time) != 0);
    (void)snprintf(one_time, sizeof(one_time), "%s", fg_fixture_web_text(web, "password"));
    forget(web);
    CHECK_INT(fg_fixture_web_sign_in(web, "zhao", one_time), 200);
    CHECK_HAS(web->answer, "\"must_change_password\":true");
    CHECK_INT(trail_count(web, "subject = 'zhao' AND login = 'admin' AND outcome = 'DONE'"), 5);
    CHECK_INT(trail_count(web, "subject = 'zhao' AND login = 'admin' AND detail LIKE '%why=left'"), 2);
    CHECK_OK(fg_trail_verify(web->sql, NULL, NULL, &verdict, &error), &error);
    CHECK_INT(verdict.broken, 0);
    fg_fixture_web_stop(web);
}

TEST("the administrator adds, changes, suspends users and resets passwords, but never the own (SQLite)")
{
    users_by_administrator(false);
}
TEST("the administrator adds, changes, suspends users and resets passwords, but never the own (PostgreSQL)")
{
    users_by_administrator(true);
}

TEST("a role that is taken away ends the sessions that had it")
{
    struct fg_web_fixture *web = with_users(false);
    struct fg_user_by by = {"admin", "test", web->now_ms, 0};

    CHECK_INT(fg_fixture_web_sign_in(web, "admin", FG_FIXTURE_PASSWORD), 200);
    CHECK_OK(fg_sql_begin(web->sql, &error), &error);
    CHECK_OK(fg_user_role_set(web->sql, "admin", "auditor", &by, &error), &error);
    CHECK_OK(fg_sql_commit(web->sql, &error), &error);
    CHECK_INT(get(web, "/api/v1/users"), 401);
    fg_fixture_web_stop(web);
}

/* ---- guessing ---- */

#define GUESSES_MAX 100

/* Guesses until refusals were told so many times; allowances come back with time, so how many tries that
 * takes depends on the machine. Returns how many there were. */
static unsigned guess(struct fg_web_fixture *web, const char *from, const char *user, unsigned refusals)
{
    unsigned tries = 0;

    (void)snprintf(web->from, sizeof(web->from), "%s", from);
    while (refusals > 0 && tries < GUESSES_MAX) {
        int status = fg_fixture_web_sign_in(web, user, "a wrong password");

        tries++;
        if (status == 429)
            refusals--;
        else
            CHECK_INT(status, 401);
    }
    CHECK_INT(refusals, 0);
    return tries;
}

TEST("whoever guesses is slowed down, from one address and from many, and the trail does not fill up")
{
    struct fg_web_fixture *web = with_users(false);

    CHECK(guess(web, "127.0.0.2", "li", 6) >= 16);
    CHECK_HAS(web->answer, "Retry-After");
    CHECK(trail_count(web, "detail = 'too many tries' AND outcome = 'REFUSED'") < 6);
    CHECK(trail_count(web, "detail = 'wrong password' AND outcome = 'REFUSED'") >= 10);
    (void)guess(web, "127.0.0.3", "li", 1);
    (void)guess(web, "127.0.0.4", "li", 1);
    (void)snprintf(web->from, sizeof(web->from), "127.0.0.5");
    CHECK_INT(fg_fixture_web_sign_in(web, "wang", FG_FIXTURE_PASSWORD), 200);
    fg_fixture_web_stop(web);
}

TEST("nobody is locked out by others who guess: not at the known browser, not at the known address")
{
    struct fg_web_fixture *web = with_users(false);
    char cookie[200];

    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    memcpy(cookie, web->cookie, sizeof(cookie));
    forget(web);
    (void)guess(web, "127.0.0.2", "li", 1);
    (void)guess(web, "127.0.0.3", "li", 1);
    (void)guess(web, "127.0.0.4", "li", 1);
    /* Another browser in the same office. */
    (void)snprintf(web->from, sizeof(web->from), "127.0.0.1");
    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    /* The known browser, elsewhere, and beside somebody who guesses. */
    memcpy(web->cookie, cookie, sizeof(cookie));
    (void)snprintf(web->from, sizeof(web->from), "127.0.0.2");
    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    fg_fixture_web_stop(web);
}

TEST("a known browser has no endless tries either, and its cookie helps with no other user")
{
    struct fg_web_fixture *web = with_users(false);

    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    CHECK(guess(web, "127.0.0.6", "li", 1) > 10);
    CHECK(guess(web, "127.0.0.7", "wang", 1) > 10);
    CHECK_INT(fg_fixture_sql_number(web->sql, "SELECT COUNT(*) FROM web_known WHERE login = 'wang'"), 0);
    fg_fixture_web_stop(web);
}

TEST("who signs in rightly again and again is never slowed down")
{
    struct fg_web_fixture *web = with_users(false);

    for (unsigned i = 0; i < 25; i++) {
        forget(web);
        CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    }
    CHECK_INT(fg_fixture_sql_number(web->sql, "SELECT COUNT(*) FROM web_session"), FG_WEB_SESSIONS_MAX);
    fg_fixture_web_stop(web);
}

TEST("the trail's head is signed when the server stops")
{
    struct fg_web_fixture *web = with_users(false);
    struct fg_sql_settings settings = {.deadline_ms = 10000};
    struct fg_trail_verdict verdict;
    struct fg_sql *sql = NULL;
    char url[256];

    CHECK_INT(fg_fixture_web_sign_in(web, "li", FG_FIXTURE_PASSWORD), 200);
    memcpy(url, web->url, sizeof(url));
    fg_fixture_web_stop(web);
    settings.url = url;
    CHECK_OK(fg_sql_open(&settings, &sql, &error), &error);
    CHECK_OK(fg_trail_verify(sql, &fg_fixture_bureau_receipt_key()->public_key, NULL, &verdict, &error),
             &error);
    CHECK_INT(verdict.broken, 0);
    CHECK_INT(verdict.signed_to, verdict.records);
    fg_sql_close(sql);
}
