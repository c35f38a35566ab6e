/* Who asks: the glue between the pages' requests and the bureau's users, sessions, rights and trail.
 *
 * Not: how passwords and sessions are kept (user.h, web_session.h). Relies on: host/sql. One database object,
 * one thread. */
#ifndef FG_BUREAU_WEB_USER_H
#define FG_BUREAU_WEB_USER_H

#include "host/sql/sql.h"
#include "proto/types.h"

#define FG_WEB_SESSION_DIGITS 64 /* of the cookie, lower-case hexadecimal */
#define FG_WEB_TOKEN_DIGITS 64
#define FG_WEB_USER_NAME_MAX 63

/* What a route needs. */
enum fg_web_right {
    FG_WEB_MAY_READ,
    FG_WEB_MAY_EXPORT,
    FG_WEB_MAY_VERIFY,
    FG_WEB_MAY_SAMPLE,
    FG_WEB_MAY_TRAIL,
    FG_WEB_MAY_USERS,
    FG_WEB_MAY_REGISTRY, /* change cylinders, stations, filling points, operators */
    FG_WEB_MAY_CASES,    /* open, assign, answer, close */
    FG_WEB_MAY_PUBLISH,  /* lists */
    FG_WEB_MAY_DEVICES,  /* suspend, resume, codes to join with */
    FG_WEB_RIGHT_COUNT
};

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

#endif
