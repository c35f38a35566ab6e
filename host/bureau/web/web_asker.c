/* Who asks, and what the trail keeps of it (web_call.h): between the requests of the pages and users,
 * sessions and trail. */
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/trail/trail.h"
#include "host/bureau/web/web_call.h"
#include "host/bureau/web/web_shared.h"
#include "lib/net/page/page_guard.h"

#define SQL_WAIT_MS 5000

bool fg_web_session_cookie(const struct fg_web_call *call, char ret_cookie[FG_WEB_SESSION_DIGITS + 1])
{
    return fg_page_cookie_find(fg_request_header(call->request, "Cookie"), call->web->cookie_name,
                               FG_WEB_SESSION_DIGITS, ret_cookie);
}

enum fg_err fg_web_user_find(struct fg_web_call *call, struct fg_error *error)
{
    char cookie[FG_WEB_SESSION_DIGITS + 1];
    enum fg_err result;

    if (!fg_web_session_cookie(call, cookie))
        return fg_fail(error, FG_E_NOT_FOUND, "nobody is signed in");
    result = fg_web_session_find(call->sql, cookie, call->now_ms, &call->user, error);
    mbedtls_platform_zeroize(cookie, sizeof(cookie));
    return result;
}

/* ---- the trail ---- */

static struct fg_trail_record record_of(const struct fg_web_call *call, const char *action,
                                        const char *subject, const char *detail)
{
    return (struct fg_trail_record){.at_ms = call->now_ms,
                                    .user = call->user.user,
                                    .role = call->user.role,
                                    .address = call->request->peer->address,
                                    .action = action,
                                    .subject = subject,
                                    .detail = detail,
                                    .outcome = FG_TRAIL_DONE};
}

enum fg_err fg_web_user_note(struct fg_web_call *call, const char *action, const char *detail,
                             struct fg_error *error)
{
    const struct fg_web_route *route = call->route;
    char subject[FG_TRAIL_TEXT_MAX + 1] = "";
    struct fg_trail_record record;
    size_t used = 0;

    for (size_t i = 0; i < route->parameter_count && used < sizeof(subject); i++) {
        if (route->parameters[i].place == FG_WEB_PATH && call->values[i].text != NULL)
            used += (size_t)snprintf(subject + used, sizeof(subject) - used, "%s%s", used > 0 ? "/" : "",
                                     call->values[i].text);
    }
    record = record_of(call, action, subject, detail);
    return fg_trail_note(call->sql, &record, error);
}

enum fg_err fg_web_trail_add(struct fg_web_call *call, const char *action, const char *subject,
                             const char *detail, struct fg_error *error)
{
    struct fg_trail_record record = record_of(call, action, subject, detail);

    return fg_trail_append(call->sql, &record, NULL, error);
}

/* ---- the database object ---- */

void fg_web_database_give(struct fg_web_call *call)
{
    if (call->sql != NULL)
        fg_sql_pool_give(call->web->pool, call->sql);
    call->sql = NULL;
}

enum fg_err fg_web_database_take(struct fg_web_call *call, struct fg_error *error)
{
    call->sql = fg_sql_pool_take(call->web->pool, SQL_WAIT_MS);
    return call->sql != NULL ? FG_OK : fg_fail(error, FG_E_BUSY, "no database object came free");
}
