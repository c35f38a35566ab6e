/* What each role may ask of the bureau's pages.
 *
 * Not: who asks (user_session.h), which right a path needs (web_call.h). Relies on: user_session.h. Pure. */
#ifndef FG_HOST_BUREAU_USER_RIGHTS_H
#define FG_HOST_BUREAU_USER_RIGHTS_H

#include "host/bureau/user/user_session.h"

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

bool fg_web_user_may(const struct fg_web_user *user, enum fg_web_right right);

#endif
