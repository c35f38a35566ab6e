/* Implementation of users (user.h). */
#include "host/bureau/user/user.h"

#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/registry/values.h"
#include "host/bureau/trail/ledger.h"
#include "host/bureau/user/user_session.h"

#define COLUMNS                                                                                              \
    "login, name, role, suspended, must_change, created_ms, signed_in_ms, totp_secret, hash, totp_step, "    \
    "version"

/* One user's change, decided on the version whose parameter is given. */
#define CHANGE(what, version)                                                                                \
    "UPDATE web_user SET " what ", version = version + 1 WHERE login = $1 AND (" version                     \
    " = 0 OR version = " version ")"

const char *const fg_user_roles[] = {"auditor", "registrar", "supervisor", "administrator", NULL};

bool fg_user_role_exists(const char *role)
{
    return fg_value_word(role, fg_user_roles) >= 0;
}

static void copy(char *target, size_t capacity, const char *text)
{
    (void)snprintf(target, capacity, "%s", text);
}

/* ---- reading ---- */

static void user_take(const struct fg_sql_statement *row, struct fg_user *ret_user)
{
    size_t length = 0;

    copy(ret_user->user, sizeof(ret_user->user), fg_sql_text(row, 0));
    copy(ret_user->name, sizeof(ret_user->name), fg_sql_text(row, 1));
    copy(ret_user->role, sizeof(ret_user->role), fg_sql_text(row, 2));
    ret_user->suspended = fg_sql_int(row, 3) != 0;
    ret_user->must_change_password = fg_sql_int(row, 4) != 0;
    ret_user->created_ms = fg_sql_int(row, 5);
    ret_user->signed_in_ms = fg_sql_int(row, 6);
    (void)fg_sql_bytes(row, 7, &length);
    ret_user->totp = length != 0;
    ret_user->version = fg_sql_int(row, 10);
}

static void secrets_take(const struct fg_sql_statement *row, struct fg_user_secrets *ret_secrets)
{
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(row, 7, &length);

    memset(ret_secrets, 0, sizeof(*ret_secrets));
    copy(ret_secrets->hash, sizeof(ret_secrets->hash), fg_sql_text(row, 8));
    ret_secrets->totp = length != 0;
    ret_secrets->totp_step = fg_sql_int(row, 9);
    if (length == sizeof(ret_secrets->totp_secret))
        memcpy(ret_secrets->totp_secret, bytes, length);
}

static enum fg_err none(const char *user, struct fg_error *error)
{
    return fg_fail(error, FG_E_NOT_FOUND, "user %s", user);
}

enum fg_err fg_user_find(struct fg_sql *sql, const char *user, struct fg_user *ret_user,
                         struct fg_user_secrets *ret_secrets, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, "SELECT " COLUMNS " FROM web_user WHERE login = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, user);
    result = fg_sql_next(statement, error);
    if (result == FG_E_NOT_FOUND)
        result = none(user, error);
    if (result == FG_OK && ret_user != NULL)
        user_take(statement, ret_user);
    if (result == FG_OK && ret_secrets != NULL)
        secrets_take(statement, ret_secrets);
    fg_sql_reset(statement);
    return result;
}

enum fg_err fg_user_each(struct fg_sql *sql, fg_user_visit visit, void *context, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_user user;
    bool go_on = true;
    enum fg_err result =
        fg_sql_prepare(sql, "SELECT " COLUMNS " FROM web_user ORDER BY login", &statement, error);

    if (result != FG_OK)
        return result;
    while (go_on && (result = fg_sql_next(statement, error)) == FG_OK) {
        user_take(statement, &user);
        go_on = visit(context, &user);
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

/* ---- changing ---- */

static enum fg_err change_keep(struct fg_sql *sql, const char *user, const char *what,
                               const struct fg_user_by *by, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "INSERT INTO web_user_change (login, number, at_ms, what, who, why) SELECT $1, "
                       "COALESCE(MAX(number), 0) + 1, $2, $3, $4, $5 FROM web_user_change WHERE login = $1 "
                       "RETURNING number",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, user);
    fg_sql_bind_int(statement, 2, by->now_ms);
    fg_sql_bind_text(statement, 3, what);
    fg_sql_bind_text(statement, 4, by->who);
    fg_sql_bind_text(statement, 5, by->why);
    return fg_ledger_insert_run(statement, sql, "web_user_change", user, NULL, by->who, error);
}

/* Runs an update of one user, whose parameter $1 it binds. */
static enum fg_err update_run(struct fg_sql *sql, struct fg_sql_statement *statement, const char *user,
                              struct fg_error *error)
{
    int64_t changed = 0;
    enum fg_err result;

    fg_sql_bind_text(statement, 1, user);
    result = fg_sql_run(statement, &changed, error);
    if (result != FG_OK || changed != 0)
        return result;
    result = fg_user_find(sql, user, NULL, NULL, error);
    return result == FG_OK ? fg_fail(error, FG_E_OLD, "user %s was changed in the meantime", user) : result;
}

/* Runs a CHANGE, whose version's parameter it binds too, keeps what was changed, and ends the sessions. */
static enum fg_err change_run(struct fg_sql *sql, struct fg_sql_statement *statement,
                              unsigned version_parameter, const char *user, const char *what,
                              const struct fg_user_by *by, struct fg_error *error)
{
    enum fg_err result = fg_ledger_touch(sql, &(struct fg_ledger_row){"web_user", {user}}, by->who, error);

    fg_sql_bind_int(statement, version_parameter, by->version);
    if (result == FG_OK)
        result = update_run(sql, statement, user, error);
    if (result == FG_OK)
        result = change_keep(sql, user, what, by, error);
    return result == FG_OK ? fg_web_session_close_all(sql, user, error) : result;
}

static enum fg_err user_check(const char *user, const char *name, const char *role, struct fg_error *error)
{
    size_t length = strlen(user);
    size_t name_length = strlen(name);

    if (length < 1 || length > FG_NAME_MAX ||
        strspn(user, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != length)
        return fg_fail(error, FG_E_RANGE, "user: 1 to %d letters, digits, '.', '_' or '-'", FG_NAME_MAX);
    if (name_length < 1 || name_length > FG_USER_NAME_MAX || !fg_value_text(name))
        return fg_fail(error, FG_E_RANGE, "name: 1 to %d bytes of text", FG_USER_NAME_MAX);
    if (!fg_user_role_exists(role))
        return fg_fail(error, FG_E_RANGE, "role: auditor, registrar, supervisor or administrator");
    return FG_OK;
}

enum fg_err fg_user_add(struct fg_sql *sql, const char *user, const char *name, const char *role,
                        const char *hash, bool must_change, const struct fg_user_by *by,
                        struct fg_error *error)
{
    struct fg_sql_statement *statement;
    char what[FG_NAME_MAX + 16];
    enum fg_err result = user_check(user, name, role, error);

    if (result == FG_OK)
        result = fg_sql_prepare(sql,
                                "INSERT INTO web_user (login, name, role, hash, must_change, created_ms) "
                                "VALUES ($1, $2, $3, $4, $5, $6)",
                                &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, user);
    fg_sql_bind_text(statement, 2, name);
    fg_sql_bind_text(statement, 3, role);
    fg_sql_bind_text(statement, 4, hash);
    fg_sql_bind_int(statement, 5, must_change);
    fg_sql_bind_int(statement, 6, by->now_ms);
    result = fg_sql_run(statement, NULL, error);
    if (result == FG_E_EXISTS)
        return fg_fail(error, FG_E_EXISTS, "user %s", user);
    if (result == FG_OK)
        result = fg_ledger_added(sql, &(struct fg_ledger_row){"web_user", {user}}, by->who, error);
    (void)snprintf(what, sizeof(what), "added, %s", role);
    return result == FG_OK ? change_keep(sql, user, what, by, error) : result;
}

enum fg_err fg_user_role_set(struct fg_sql *sql, const char *user, const char *role,
                             const struct fg_user_by *by, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    char what[FG_NAME_MAX + 16];
    enum fg_err result;

    if (!fg_user_role_exists(role))
        return fg_fail(error, FG_E_RANGE, "role: auditor, registrar, supervisor or administrator");
    result = fg_sql_prepare(sql, CHANGE("role = $2", "$3"), &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 2, role);
    (void)snprintf(what, sizeof(what), "role %s", role);
    return change_run(sql, statement, 3, user, what, by, error);
}

enum fg_err fg_user_suspend(struct fg_sql *sql, const char *user, bool suspended, const struct fg_user_by *by,
                            struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql, CHANGE("suspended = $2", "$3"), &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 2, suspended);
    return change_run(sql, statement, 3, user, suspended ? "suspended" : "resumed", by, error);
}

enum fg_err fg_user_password_set(struct fg_sql *sql, const char *user, const char *hash, bool must_change,
                                 const struct fg_user_by *by, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql, CHANGE("hash = $2, must_change = $3", "$4"), &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 2, hash);
    fg_sql_bind_int(statement, 3, must_change);
    return change_run(sql, statement, 4, user, must_change ? "one-time password" : "password", by, error);
}

/* Both write, so that the row is held: a change at the same moment waits for this transaction's end, or this
 * one for that, and then sees what it did. */
enum fg_err fg_user_signed_in(struct fg_sql *sql, const char *user, int64_t version, int64_t now_ms,
                              struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "UPDATE web_user SET signed_in_ms = $2 WHERE login = $1 AND version = $3 AND suspended = 0",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 2, now_ms);
    fg_sql_bind_int(statement, 3, version);
    return update_run(sql, statement, user, error);
}

enum fg_err fg_user_still(struct fg_sql *sql, const char *user, int64_t version, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "UPDATE web_user SET version = $2 WHERE login = $1 AND version = $2 AND suspended = 0",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_int(statement, 2, version);
    return update_run(sql, statement, user, error);
}

/* ---- the second factor ---- */

enum fg_err fg_user_totp_propose(struct fg_sql *sql, const char *user,
                                 const uint8_t secret[FG_TOTP_SECRET_BYTES], struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_user found;
    enum fg_err result = fg_user_find(sql, user, &found, NULL, error);

    if (result == FG_OK && found.totp)
        result = fg_fail(error, FG_E_STATE, "the second factor is on already");
    if (result == FG_OK)
        result =
            fg_sql_prepare(sql, "UPDATE web_user SET totp_pending = $2 WHERE login = $1", &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_bytes(statement, 2, secret, FG_TOTP_SECRET_BYTES);
    return update_run(sql, statement, user, error);
}

static enum fg_err pending_find(struct fg_sql *sql, const char *user,
                                uint8_t ret_secret[FG_TOTP_SECRET_BYTES], struct fg_error *error)
{
    struct fg_sql_statement *statement;
    const uint8_t *bytes;
    size_t length = 0;
    enum fg_err result =
        fg_sql_prepare(sql, "SELECT totp_pending FROM web_user WHERE login = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, user);
    result = fg_sql_next(statement, error);
    if (result == FG_E_NOT_FOUND)
        result = none(user, error);
    if (result == FG_OK) {
        bytes = fg_sql_bytes(statement, 0, &length);
        if (length == FG_TOTP_SECRET_BYTES)
            memcpy(ret_secret, bytes, length);
        else
            result = fg_fail(error, FG_E_STATE, "turning on the second factor was not started");
    }
    fg_sql_reset(statement);
    return result;
}

enum fg_err fg_user_totp_confirm(struct fg_sql *sql, const char *user, const char *code,
                                 const struct fg_user_by *by, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    uint8_t secret[FG_TOTP_SECRET_BYTES];
    int64_t step = 0;
    enum fg_err result = pending_find(sql, user, secret, error);

    if (result == FG_OK && !fg_totp_fits(secret, code, by->now_ms, 0, &step))
        result = fg_fail(error, FG_E_AUTH, "the code is wrong");
    if (result == FG_OK)
        result = fg_sql_prepare(sql, CHANGE("totp_secret = $2, totp_pending = $3, totp_step = $4", "$5"),
                                &statement, error);
    if (result == FG_OK) {
        fg_sql_bind_bytes(statement, 2, secret, sizeof(secret));
        fg_sql_bind_bytes(statement, 3, "", 0);
        fg_sql_bind_int(statement, 4, step);
        result = change_run(sql, statement, 5, user, "second factor on", by, error);
    }
    mbedtls_platform_zeroize(secret, sizeof(secret));
    return result;
}

enum fg_err fg_user_totp_use(struct fg_sql *sql, const char *user, const char *code, int64_t now_ms,
                             struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_user_secrets secrets;
    int64_t changed = 0;
    int64_t step = 0;
    bool fits;
    enum fg_err result = fg_user_find(sql, user, NULL, &secrets, error);

    if (result != FG_OK)
        return result;
    fits = secrets.totp && fg_totp_fits(secrets.totp_secret, code, now_ms, secrets.totp_step, &step);
    mbedtls_platform_zeroize(&secrets, sizeof(secrets));
    if (!fits)
        return fg_fail(error, FG_E_AUTH, "the code is wrong");
    result = fg_sql_prepare(sql, "UPDATE web_user SET totp_step = $2 WHERE login = $1 AND totp_step < $2",
                            &statement, error);
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, user);
    fg_sql_bind_int(statement, 2, step);
    result = fg_sql_run(statement, &changed, error);
    if (result == FG_OK && changed == 0)
        result = fg_fail(error, FG_E_AUTH, "the code was used already");
    return result;
}

enum fg_err fg_user_totp_off(struct fg_sql *sql, const char *user, const struct fg_user_by *by,
                             struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, CHANGE("totp_secret = $2, totp_pending = $2", "$3"), &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_bytes(statement, 2, "", 0);
    return change_run(sql, statement, 3, user, "second factor off", by, error);
}
