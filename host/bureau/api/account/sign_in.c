/* Signing in: POST /api/v1/session. How guessing is slowed down: account.h. */
#include <arpa/inet.h>
#include <mbedtls/platform_util.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/api/account/account.h"
#include "host/bureau/trail/trail.h"
#include "host/bureau/user/user.h"
#include "host/bureau/user/user_session.h"
#include "host/bureau/web/web_shared.h"
#include "lib/base/monotime.h"
#include "lib/net/page/page_guard.h"

#define KEY_BYTES 200
#define COOKIE_BYTES 256
#define IPV6_PREFIX_BYTES 8

/* Somebody who wants in. */
struct attempt {
    const char *user;
    const char *password;
    const char *code;     /* of the second factor; NULL */
    bool exists;          /* there is such a user */
    bool known_browser;   /* that has signed this user in before */
    bool known_address;   /* that this user has signed in from before */
    struct fg_user found; /* if exists */
    struct fg_user_secrets secrets;
    char browser[FG_WEB_SESSION_DIGITS + 1]; /* its cookie; "" = none */
    char session[FG_WEB_SESSION_DIGITS + 1]; /* the cookie that it comes with; "" = none */
    char pair[KEY_BYTES];                    /* keys of allowances */
    char own[KEY_BYTES];
};

/* ---- who it is ---- */

static const char *browser_cookie_name(const struct fg_web *web)
{
    return web->names.https ? "__Host-fillgate-browser" : "fillgate-browser";
}

/* Of an IPv6 address, what one household or office has. */
static void address_cut(const char *address, char ret_text[INET6_ADDRSTRLEN])
{
    struct in6_addr six;

    (void)snprintf(ret_text, INET6_ADDRSTRLEN, "%s", address);
    if (inet_pton(AF_INET6, address, &six) != 1 || IN6_IS_ADDR_V4MAPPED(&six))
        return;
    memset(six.s6_addr + IPV6_PREFIX_BYTES, 0, sizeof(six.s6_addr) - IPV6_PREFIX_BYTES);
    (void)inet_ntop(AF_INET6, &six, ret_text, INET6_ADDRSTRLEN);
}

static enum fg_err attempt_take(struct fg_web_call *call, struct attempt *attempt, struct fg_error *error)
{
    char address[INET6_ADDRSTRLEN];
    enum fg_err result;

    memset(attempt, 0, sizeof(*attempt));
    attempt->user = fg_web_text_of(call, "user");
    attempt->password = fg_web_text_of(call, "password");
    attempt->code = fg_web_text_of(call, "totp");
    address_cut(call->request->peer->address, address);
    if (!fg_page_cookie_find(fg_request_header(call->request, "Cookie"), browser_cookie_name(call->web),
                             FG_WEB_SESSION_DIGITS, attempt->browser))
        attempt->browser[0] = '\0';
    if (!fg_web_session_cookie(call, attempt->session))
        attempt->session[0] = '\0';
    (void)snprintf(attempt->pair, sizeof(attempt->pair), "%s|%s", attempt->user, address);
    (void)snprintf(attempt->own, sizeof(attempt->own), "%s|%s", attempt->user, attempt->browser);
    result = fg_user_find(call->sql, attempt->user, &attempt->found, &attempt->secrets, error);
    attempt->exists = result == FG_OK;
    if (result == FG_OK && attempt->browser[0] != '\0')
        result = fg_web_known_is(call->sql, attempt->user, "browser", attempt->browser, call->now_ms,
                                 &attempt->known_browser, error);
    if (result == FG_OK)
        result = fg_web_known_is(call->sql, attempt->user, "address", address, call->now_ms,
                                 &attempt->known_address, error);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- how often ---- */

static bool allowance_take(struct fg_web_call *call, const struct attempt *attempt)
{
    struct fg_web *web = call->web;
    int64_t now_mono_ms = fg_mono_ms();

    if (attempt->known_browser)
        return fg_web_rate_take(&web->sign_in_pair, attempt->own, now_mono_ms);
    return fg_web_rate_take(&web->sign_in, call->request->peer->address, now_mono_ms) &&
           fg_web_rate_take(&web->sign_in_pair, attempt->pair, now_mono_ms) &&
           (attempt->known_address || fg_web_rate_take(&web->sign_in_user, attempt->user, now_mono_ms));
}

static void allowance_give(struct fg_web_call *call, const struct attempt *attempt)
{
    struct fg_web *web = call->web;

    if (attempt->known_browser) {
        fg_web_rate_give(&web->sign_in_pair, attempt->own);
        return;
    }
    fg_web_rate_give(&web->sign_in, call->request->peer->address);
    fg_web_rate_give(&web->sign_in_pair, attempt->pair);
    if (!attempt->known_address)
        fg_web_rate_give(&web->sign_in_user, attempt->user);
}

/* ---- what the trail keeps ---- */

/* Somebody who types the password where the name belongs must not find it here: only names of users are kept.
 */
static struct fg_trail_record record_of(const struct fg_web_call *call, const struct attempt *attempt,
                                        const char *detail, const char *outcome)
{
    return (struct fg_trail_record){.at_ms = call->now_ms,
                                    .user = attempt->exists ? attempt->found.user : "",
                                    .role = attempt->exists ? attempt->found.role : "",
                                    .address = call->request->peer->address,
                                    .action = "SIGN_IN",
                                    .subject = "",
                                    .detail = detail,
                                    .outcome = outcome};
}

static enum fg_err refuse(struct fg_web_call *call, const struct attempt *attempt, enum fg_web_error refusal,
                          const char *why, struct fg_error *error)
{
    struct fg_trail_record record = record_of(call, attempt, why, FG_TRAIL_REFUSED);
    enum fg_err result = fg_trail_note(call->sql, &record, error);

    if (result == FG_OK)
        fg_web_refuse(call, refusal, NULL);
    return result;
}

/* One record a minute tells that there were more tries: a flood must not fill the trail. */
static enum fg_err too_many(struct fg_web_call *call, const struct attempt *attempt, struct fg_error *error)
{
    if (fg_web_rate_take(&call->web->sign_in_note, attempt->pair, fg_mono_ms()))
        return refuse(call, attempt, FG_WEB_E_TOO_MANY, "too many tries", error);
    fg_web_refuse(call, FG_WEB_E_TOO_MANY, NULL);
    return FG_OK;
}

/* ---- in ---- */

static void browser_cookie_set(struct fg_web_call *call, const char *value)
{
    /* The server reads it on this thread, after the handler has returned. */
    static _Thread_local char text[COOKIE_BYTES];

    (void)snprintf(text, sizeof(text), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s; Max-Age=%lld",
                   browser_cookie_name(call->web), value, call->web->names.https ? "; Secure" : "",
                   (long long)(FG_WEB_KNOWN_MS / 1000));
    fg_web_header(call, "Set-Cookie", text);
}

static enum fg_err marks_keep(struct fg_web_call *call, struct attempt *attempt, struct fg_error *error)
{
    char address[INET6_ADDRSTRLEN];
    enum fg_err result = FG_OK;

    address_cut(call->request->peer->address, address);
    /* A cookie that did not come from here for this user could be known to whoever planted it. */
    if (!attempt->known_browser)
        result = fg_web_cookie_new(attempt->browser, error);
    if (result == FG_OK)
        result = fg_web_known_add(call->sql, attempt->user, "browser", attempt->browser, call->now_ms, error);
    if (result == FG_OK)
        result = fg_web_known_add(call->sql, attempt->user, "address", address, call->now_ms, error);
    return result;
}

/* Everything of a sign-in in one transaction, on the version of the user whose password was checked: it may
 * have been changed while that took its time. The cookie is always a new one, and the session that the
 * browser came with ends: what somebody planted there is worth nothing. */
static enum fg_err session_begin(struct fg_web_call *call, struct attempt *attempt,
                                 char ret_cookie[FG_WEB_SESSION_DIGITS + 1], struct fg_error *error)
{
    struct fg_trail_record record = record_of(call, attempt, "", FG_TRAIL_DONE);
    enum fg_err result = fg_sql_begin(call->sql, error);

    if (result == FG_OK)
        result = fg_user_signed_in(call->sql, attempt->user, attempt->found.version, call->now_ms, error);
    if (result == FG_OK && attempt->secrets.totp)
        result = fg_user_totp_use(call->sql, attempt->user, attempt->code, call->now_ms, error);
    if (result == FG_OK && attempt->session[0] != '\0')
        result = fg_web_session_close(call->sql, attempt->session, error);
    if (result == FG_OK)
        result = fg_web_session_open(call->sql, attempt->user, call->now_ms, ret_cookie, error);
    if (result == FG_OK)
        result = marks_keep(call, attempt, error);
    if (result == FG_OK)
        result = fg_trail_append(call->sql, &record, NULL, error);
    if (result == FG_OK)
        result = fg_sql_commit(call->sql, error);
    if (result != FG_OK)
        fg_sql_rollback(call->sql);
    return result;
}

static enum fg_err admit(struct fg_web_call *call, struct attempt *attempt, struct fg_error *error)
{
    char cookie[FG_WEB_SESSION_DIGITS + 1] = "";
    enum fg_err result;

    if (attempt->secrets.totp && attempt->code == NULL) {
        allowance_give(call, attempt);
        return refuse(call, attempt, FG_WEB_E_TOTP_NEEDED, "password correct, code asked for", error);
    }
    result = session_begin(call, attempt, cookie, error);
    if (result == FG_E_AUTH)
        return refuse(call, attempt, FG_WEB_E_SIGN_IN_REFUSED, "wrong code", error);
    if (result == FG_E_OLD)
        return refuse(call, attempt, FG_WEB_E_SIGN_IN_REFUSED, "changed meanwhile", error);
    if (result == FG_OK) {
        allowance_give(call, attempt);
        result = fg_web_session_answer(call, cookie, error);
    }
    if (result == FG_OK)
        browser_cookie_set(call, attempt->browser);
    mbedtls_platform_zeroize(cookie, sizeof(cookie));
    return result;
}

/* The database object is not kept while the password is hashed: others need it. */
static enum fg_err password_check(struct fg_web_call *call, const struct attempt *attempt,
                                  struct fg_error *error)
{
    enum fg_password_lane lane =
        attempt->known_browser || attempt->known_address ? FG_PASSWORD_KNOWN : FG_PASSWORD_STRANGER;
    enum fg_err result;
    enum fg_err taken;

    fg_web_database_give(call);
    result =
        fg_password_verify(attempt->exists ? attempt->secrets.hash : NULL, attempt->password, lane, error);
    taken = fg_web_database_take(call, result == FG_OK ? error : NULL);
    return taken != FG_OK ? taken : result;
}

enum fg_err fg_web_sign_in(struct fg_web_call *call, struct fg_error *error)
{
    struct attempt attempt;
    enum fg_err result = attempt_take(call, &attempt, error);

    if (result == FG_OK && !allowance_take(call, &attempt)) {
        result = too_many(call, &attempt, error);
    } else if (result == FG_OK) {
        result = password_check(call, &attempt, error);
        if (result == FG_E_AUTH)
            result = refuse(call, &attempt, FG_WEB_E_SIGN_IN_REFUSED,
                            attempt.exists ? "wrong password" : "no such user", error);
        else if (result == FG_OK && attempt.found.suspended)
            result = refuse(call, &attempt, FG_WEB_E_SIGN_IN_REFUSED, "suspended", error);
        else if (result == FG_OK)
            result = admit(call, &attempt, error);
    }
    mbedtls_platform_zeroize(&attempt, sizeof(attempt));
    return result;
}
