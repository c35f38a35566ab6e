/* Sessions of the bureau's pages, and the browsers that are known from earlier sign-ins.
 *
 * A session is 256 random bits in a cookie; the database holds their digest. The token against forged
 * requests is derived from the cookie, so that it belongs to it and need not be kept. A session ends 30
 * minutes after its last request and 12 hours after it began, whatever comes first; and it is one of the
 * version of its user at which it was opened (user.h), and ends with that. Functions that change run within
 * the caller's open transaction unless they say otherwise. Not: passwords (user.h), rights (rights.c).
 * Relies on: host/sql. One database object, one thread. */
#ifndef FG_HOST_BUREAU_USER_USER_SESSION_H
#define FG_HOST_BUREAU_USER_USER_SESSION_H

#include "host/sql/sql.h"
#include "lib/domain/types.h"

#define FG_WEB_SESSION_DIGITS 64 /* of the cookie, lower-case hexadecimal */
#define FG_WEB_TOKEN_DIGITS 64
#define FG_WEB_USER_NAME_MAX 63
#define FG_WEB_SESSION_IDLE_MS INT64_C(1800000)
#define FG_WEB_SESSION_MS INT64_C(43200000)
#define FG_WEB_SESSIONS_MAX 5 /* of one user; a further one ends the one that was idle longest */
#define FG_WEB_KNOWN_MS (INT64_C(90) * 86400000)
#define FG_WEB_KNOWN_MAX 20 /* marks of one user */

/* A user who is signed in, as the session knows him. */
struct fg_web_user {
    char user[FG_NAME_MAX + 1];
    char name[FG_WEB_USER_NAME_MAX + 1];
    char role[FG_NAME_MAX + 1];
    char token[FG_WEB_TOKEN_DIGITS + 1];
    bool must_change_password;
    bool totp;
    int64_t version; /* of the user, at which the session was opened */
    int64_t expires_ms;
    int64_t idle_ends_ms;
};

/* 256 random bits, lower-case hexadecimal: a session's or a browser's cookie. FG_E_IO. */
enum fg_err fg_web_cookie_new(char ret_cookie[FG_WEB_SESSION_DIGITS + 1], struct fg_error *error);

/* A new session of the user as it is now. Wipe the cookie. FG_E_NOT_FOUND: there is no such user. */
enum fg_err fg_web_session_open(struct fg_sql *sql, const char *user, int64_t now_ms,
                                char ret_cookie[FG_WEB_SESSION_DIGITS + 1], struct fg_error *error);
/* Who has this session, and that it is in use (kept at most once a minute, in a transaction of its own).
 * FG_E_NOT_FOUND: no such session, it has ended, or its user is suspended. */
enum fg_err fg_web_session_find(struct fg_sql *sql, const char *cookie, int64_t now_ms,
                                struct fg_web_user *ret_user, struct fg_error *error);
/* Begins the session again for the user as it is now, when a change of its own user has ended it: the cookie
 * stays good, the time it began too. */
enum fg_err fg_web_session_reopen(struct fg_sql *sql, const char *cookie, const struct fg_web_user *user,
                                  int64_t now_ms, struct fg_error *error);
enum fg_err fg_web_session_close(struct fg_sql *sql, const char *cookie, struct fg_error *error);
enum fg_err fg_web_session_close_all(struct fg_sql *sql, const char *user, struct fg_error *error);
/* Forgets what has ended. A transaction of its own. */
enum fg_err fg_web_sessions_sweep(struct fg_sql *sql, int64_t now_ms, struct fg_error *error);

/* Marks by which a user's browser is known: its long-lived cookie, or the address it came from. what is
 * "browser" or "address". */
enum fg_err fg_web_known_add(struct fg_sql *sql, const char *user, const char *what, const char *value,
                             int64_t now_ms, struct fg_error *error);
enum fg_err fg_web_known_is(struct fg_sql *sql, const char *user, const char *what, const char *value,
                            int64_t now_ms, bool *ret_known, struct fg_error *error);

#endif
