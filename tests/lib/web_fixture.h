/* The bureau's server of pages in a test: the real one, over plain HTTP on loopback, with a database of
 * either kind and a clock that the test sets.
 *
 * Not: a browser. Every function ends the test on failure. Relies on: host/bureau/web.h, bureau_fixture.h. */
#ifndef FG_TESTS_WEB_FIXTURE_H
#define FG_TESTS_WEB_FIXTURE_H

#include "host/bureau/web.h"
#include "tests/lib/bureau_fixture.h"

#define FG_FIXTURE_PASSWORD "correct horse battery"

struct fg_web_fixture {
    struct fg_web *web;
    struct fg_sql *sql; /* another object on the same database */
    struct fg_web_config config;
    struct fg_alarm_settings alarms;
    struct fg_listing *listing; /* in fg_test_path("lists"); signed with fg_fixture_bureau_receipt_key() */
    char list_directory[256];
    char list_key[256];
    _Atomic int64_t now_ms;
    char url[256];
    char from[40];        /* the address that requests come from; "" = 127.0.0.1 */
    char cookie[200];     /* sent if not "": "fillgate=..." */
    char token[80];       /* sent if not "" */
    char answer[1 << 18]; /* of the last request, headers and body */
};

/* On the heap; fg_fixture_web_stop frees it. */
struct fg_web_fixture *fg_fixture_web(bool postgres);
void fg_fixture_web_stop(struct fg_web_fixture *fixture);

/* A user with FG_FIXTURE_PASSWORD that need not be changed. */
void fg_fixture_web_user(struct fg_web_fixture *fixture, const char *user, const char *role);

/* Asks, with Host, Origin, cookie, token and (if body is not NULL) its type; more: further header lines, each
 * with its end, or NULL. Returns the status. */
int fg_fixture_web_ask(struct fg_web_fixture *fixture, const char *method, const char *path, const char *body,
                       const char *more);
/* Exactly these bytes. */
int fg_fixture_web_raw(struct fg_web_fixture *fixture, const char *request);

/* Signs in; cookie (with the browser's) and token are kept for what follows. Returns the status. */
int fg_fixture_web_sign_in(struct fg_web_fixture *fixture, const char *user, const char *password);
/* The value of a Set-Cookie of the last answer; "" = none. In static memory. */
const char *fg_fixture_web_cookie(const struct fg_web_fixture *fixture, const char *name);
/* The body's member of text, "" = none. In static memory. */
const char *fg_fixture_web_text(const struct fg_web_fixture *fixture, const char *name);

#endif
