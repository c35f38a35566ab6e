/* Implementation of sessions at the pages but sign-in (account.h). */
#include "host/bureau/api/account/account.h"

#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/trail/trail.h"
#include "host/bureau/user/user.h"
#include "host/bureau/user/user_session.h"
#include "host/bureau/web/web_shared.h"
#include "lib/base/monotime.h"

/* ---- who is signed in ---- */

enum fg_err fg_web_session_show(struct fg_web_call *call, struct fg_error *error)
{
    const struct fg_web_user *user = &call->user;
    struct fg_web_json json;

    (void)error;
    fg_web_json_start(&json);
    fg_web_json_bool(&json, json.root, "signed_in", call->signed_in);
    fg_web_json_text(&json, json.root, "user", user->user);
    fg_web_json_text(&json, json.root, "name", user->name);
    fg_web_json_text(&json, json.root, "role", user->role);
    fg_web_json_text(&json, json.root, "token", user->token);
    fg_web_json_bool(&json, json.root, "must_change_password", user->must_change_password);
    fg_web_json_bool(&json, json.root, "totp", user->totp);
    fg_web_json_number(&json, json.root, "expires_ms", user->expires_ms);
    fg_web_json_number(&json, json.root, "idle_ends_ms", user->idle_ends_ms);
    fg_web_json_bool(&json, json.root, "public_lookup", call->web->settings.config->public_lookup);
    fg_web_json_number(&json, json.root, "utc_offset_min", call->web->settings.alarms->utc_offset_min);
    return fg_web_answer_json(call, 200, &json);
}

enum fg_err fg_web_session_answer(struct fg_web_call *call, const char *cookie, struct fg_error *error)
{
    enum fg_err result = fg_web_session_find(call->sql, cookie, call->now_ms, &call->user, error);

    if (result != FG_OK)
        return result == FG_E_NOT_FOUND ? fg_fail(error, FG_E_BUSY, "the session ended in the meantime")
                                        : result;
    call->signed_in = true;
    fg_web_cookie(call, cookie);
    return fg_web_session_show(call, error);
}

static enum fg_err done(struct fg_web_call *call)
{
    struct fg_web_json json;

    fg_web_json_start(&json);
    fg_web_json_bool(&json, json.root, "done", true);
    return fg_web_answer_json(call, 200, &json);
}

/* ---- out ---- */

enum fg_err fg_web_sign_out(struct fg_web_call *call, struct fg_error *error)
{
    char cookie[FG_WEB_SESSION_DIGITS + 1];
    enum fg_err result = fg_sql_begin(call->sql, error);

    if (result == FG_OK && fg_web_session_cookie(call, cookie))
        result = fg_web_session_close(call->sql, cookie, error);
    if (result == FG_OK)
        result = fg_web_trail_add(call, "SIGN_OUT", "", "", error);
    if (result == FG_OK)
        result = fg_sql_commit(call->sql, error);
    mbedtls_platform_zeroize(cookie, sizeof(cookie));
    if (result != FG_OK) {
        fg_sql_rollback(call->sql);
        return result;
    }
    fg_web_cookie(call, "");
    return done(call);
}

/* ---- proving it is oneself, again ---- */

/* A session that was left open must not be enough to change how its user signs in. FG_E_AUTH: the answer says
 * so already. */
static enum fg_err prove(struct fg_web_call *call, const char *password, const char *action,
                         struct fg_error *error)
{
    struct fg_user_secrets secrets;
    enum fg_err result = fg_user_find(call->sql, call->user.user, NULL, &secrets, error);
    enum fg_err taken;

    if (result != FG_OK)
        return result;
    if (!fg_web_rate_take(&call->web->sign_in_own, call->user.user, fg_mono_ms())) {
        mbedtls_platform_zeroize(&secrets, sizeof(secrets));
        fg_web_refuse(call, FG_WEB_E_TOO_MANY, NULL);
        return FG_E_AUTH;
    }
    fg_web_database_give(call);
    result = fg_password_verify(secrets.hash, password, FG_PASSWORD_KNOWN, error);
    mbedtls_platform_zeroize(&secrets, sizeof(secrets));
    taken = fg_web_database_take(call, result == FG_OK ? error : NULL);
    if (taken != FG_OK)
        return taken;
    if (result == FG_OK) {
        fg_web_rate_give(&call->web->sign_in_own, call->user.user);
    } else if (result == FG_E_AUTH) {
        struct fg_trail_record record = {
            call->now_ms, call->user.user, call->user.role,  call->request->peer->address,
            action,       call->user.user, "wrong password", FG_TRAIL_REFUSED};

        taken = fg_trail_note(call->sql, &record, error);
        if (taken != FG_OK)
            return taken;
        fg_web_refuse(call, FG_WEB_E_SIGN_IN_REFUSED, NULL);
    }
    return result;
}

/* ---- one's own password ---- */

static enum fg_err password_keep(struct fg_web_call *call, const char *hash,
                                 char ret_cookie[FG_WEB_SESSION_DIGITS + 1], struct fg_error *error)
{
    const char *user = call->user.user;
    struct fg_user_by by = {user, "by oneself", call->now_ms, call->user.version};
    enum fg_err result = fg_sql_begin(call->sql, error);

    if (result == FG_OK)
        result = fg_user_password_set(call->sql, user, hash, false, &by, error);
    if (result == FG_OK)
        result = fg_web_session_open(call->sql, user, call->now_ms, ret_cookie, error);
    if (result == FG_OK)
        result = fg_web_trail_add(call, "PASSWORD", user, "by oneself", error);
    if (result == FG_OK)
        result = fg_sql_commit(call->sql, error);
    if (result != FG_OK)
        fg_sql_rollback(call->sql);
    return result;
}

/* FG_E_AUTH, FG_E_RANGE: the answer says so already. */
static enum fg_err password_hash(struct fg_web_call *call, const char *password,
                                 char ret_hash[FG_PASSWORD_HASH_TEXT], struct fg_error *error)
{
    enum fg_err result;
    enum fg_err taken;

    fg_web_database_give(call);
    result = fg_password_hash(password, FG_PASSWORD_KNOWN, ret_hash, error);
    taken = fg_web_database_take(call, result == FG_OK ? error : NULL);
    return taken != FG_OK ? taken : result;
}

enum fg_err fg_web_password_change(struct fg_web_call *call, struct fg_error *error)
{
    const char *old = fg_web_text_of(call, "old");
    const char *password = fg_web_text_of(call, "new");
    char cookie[FG_WEB_SESSION_DIGITS + 1] = "";
    char hash[FG_PASSWORD_HASH_TEXT] = "";
    enum fg_err result = prove(call, old, "PASSWORD", error);

    if (result == FG_E_AUTH)
        return FG_OK;
    if (result == FG_OK &&
        (strcmp(old, password) == 0 || fg_password_check(password, call->user.user, NULL) != FG_OK)) {
        fg_web_refuse(call, FG_WEB_E_PASSWORD_REFUSED, NULL);
        return FG_OK;
    }
    if (result == FG_OK)
        result = password_hash(call, password, hash, error);
    if (result == FG_OK)
        result = password_keep(call, hash, cookie, error);
    if (result == FG_OK)
        result = fg_web_session_answer(call, cookie, error);
    mbedtls_platform_zeroize(hash, sizeof(hash));
    mbedtls_platform_zeroize(cookie, sizeof(cookie));
    return result;
}

/* ---- one's own second factor ---- */

static enum fg_err totp_answer(struct fg_web_call *call, const uint8_t secret[FG_TOTP_SECRET_BYTES])
{
    char text[FG_TOTP_SECRET_TEXT];
    char uri[FG_TOTP_URI_TEXT];
    struct fg_web_json json;

    fg_totp_secret_text(secret, text);
    fg_totp_uri(call->user.user, secret, uri);
    fg_web_json_start(&json);
    fg_web_json_text(&json, json.root, "secret", text);
    fg_web_json_text(&json, json.root, "uri", uri);
    mbedtls_platform_zeroize(text, sizeof(text));
    mbedtls_platform_zeroize(uri, sizeof(uri));
    return fg_web_answer_json(call, 200, &json);
}

enum fg_err fg_web_totp_begin(struct fg_web_call *call, struct fg_error *error)
{
    uint8_t secret[FG_TOTP_SECRET_BYTES];
    enum fg_err result = prove(call, fg_web_text_of(call, "password"), "SECOND_FACTOR", error);

    if (result == FG_E_AUTH)
        return FG_OK;
    if (result == FG_OK)
        result = fg_totp_secret_new(secret, error);
    if (result == FG_OK)
        result = fg_sql_begin(call->sql, error);
    if (result == FG_OK)
        result = fg_user_still(call->sql, call->user.user, call->user.version, error);
    if (result == FG_OK)
        result = fg_user_totp_propose(call->sql, call->user.user, secret, error);
    if (result == FG_OK)
        result = fg_web_trail_add(call, "SECOND_FACTOR", call->user.user, "begun", error);
    if (result == FG_OK)
        result = fg_sql_commit(call->sql, error);
    if (result == FG_OK)
        result = totp_answer(call, secret);
    else
        fg_sql_rollback(call->sql);
    mbedtls_platform_zeroize(secret, sizeof(secret));
    return result;
}

/* A change ends every session of its user; who made it goes on with the own one. */
static enum fg_err own_session_keep(struct fg_web_call *call, struct fg_error *error)
{
    char cookie[FG_WEB_SESSION_DIGITS + 1];
    enum fg_err result;

    if (!fg_web_session_cookie(call, cookie))
        return fg_fail(error, FG_E_STATE, "the session is gone");
    result = fg_web_session_reopen(call->sql, cookie, &call->user, call->now_ms, error);
    mbedtls_platform_zeroize(cookie, sizeof(cookie));
    return result;
}

enum fg_err fg_web_totp_confirm(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_user_by by = {call->user.user, "by oneself", call->now_ms, call->user.version};
    enum fg_err result;

    if (!fg_web_rate_take(&call->web->sign_in_own, call->user.user, fg_mono_ms())) {
        fg_web_refuse(call, FG_WEB_E_TOO_MANY, NULL);
        return FG_OK;
    }
    result = fg_sql_begin(call->sql, error);
    if (result == FG_OK)
        result = fg_user_totp_confirm(call->sql, call->user.user, fg_web_text_of(call, "code"), &by, error);
    if (result == FG_OK)
        result = own_session_keep(call, error);
    if (result == FG_OK)
        result = fg_web_trail_add(call, "SECOND_FACTOR", call->user.user, "on", error);
    if (result == FG_OK)
        result = fg_sql_commit(call->sql, error);
    if (result != FG_OK)
        fg_sql_rollback(call->sql);
    if (result == FG_E_AUTH) {
        fg_web_refuse(call, FG_WEB_E_SIGN_IN_REFUSED, NULL);
        return FG_OK;
    }
    return result == FG_OK ? done(call) : result;
}

enum fg_err fg_web_totp_remove(struct fg_web_call *call, struct fg_error *error)
{
    struct fg_user_by by = {call->user.user, "by oneself", call->now_ms, call->user.version};
    enum fg_err result = prove(call, fg_web_text_of(call, "password"), "SECOND_FACTOR", error);

    if (result == FG_E_AUTH)
        return FG_OK;
    if (result == FG_OK)
        result = fg_sql_begin(call->sql, error);
    if (result == FG_OK)
        result = fg_user_totp_off(call->sql, call->user.user, &by, error);
    if (result == FG_OK)
        result = own_session_keep(call, error);
    if (result == FG_OK)
        result = fg_web_trail_add(call, "SECOND_FACTOR", call->user.user, "off", error);
    if (result == FG_OK)
        result = fg_sql_commit(call->sql, error);
    if (result != FG_OK) {
        fg_sql_rollback(call->sql);
        return result;
    }
    return done(call);
}
