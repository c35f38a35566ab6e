/* Implementation of who asks (web_user.h). */
#include "host/bureau/web_call.h"

enum fg_err fg_web_user_find(struct fg_web_call *call, struct fg_error *error)
{
    (void)call;
    return fg_fail(error, FG_E_NOT_FOUND, "nobody is signed in");
}

enum fg_err fg_web_user_note(struct fg_web_call *call, const char *action, const char *detail,
                             struct fg_error *error)
{
    (void)call;
    (void)action;
    (void)detail;
    (void)error;
    return FG_OK;
}
