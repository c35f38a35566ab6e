/* Implementation of sessions (user_session.h). */
#include "host/bureau/user/user_session.h"

#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/random.h"
#include "lib/crypto/sign.h"

#define SEEN_EVERY_MS 60000
#define DIGITS FG_WEB_SESSION_DIGITS

static void hex(const void *bytes, size_t length, char *text)
{
    const uint8_t *byte = bytes;

    for (size_t i = 0; i < length; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", byte[i]);
}

enum fg_err fg_web_cookie_new(char ret_cookie[DIGITS + 1], struct fg_error *error)
{
    uint8_t random[DIGITS / 2];

    if (fg_random_fill(random, sizeof(random), error) != FG_OK)
        return fg_fail_in(error, FG_E_IO, "session: ");
    hex(random, sizeof(random), ret_cookie);
    mbedtls_platform_zeroize(random, sizeof(random));
    return FG_OK;
}

/* Digests for different uses never meet. */
static void digest_of(const char *use, const char *text, struct fg_digest *ret_digest)
{
    struct fg_sha256_stream stream;

    fg_sha256_start(&stream);
    fg_sha256_add(&stream, use, strlen(use) + 1);
    fg_sha256_add(&stream, text, strlen(text));
    fg_sha256_finish(&stream, ret_digest);
    mbedtls_platform_zeroize(&stream, sizeof(stream));
}

static void session_hash(const char *cookie, struct fg_digest *ret_hash)
{
    digest_of("fillgate session v1", cookie, ret_hash);
}

/* ---- opening ---- */

static enum fg_err surplus_close(struct fg_sql *sql, const char *user, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "DELETE FROM web_session WHERE login = $1 AND hash NOT IN (SELECT hash FROM "
                       "web_session WHERE login = $1 ORDER BY seen_ms DESC, created_ms DESC, hash LIMIT $2)",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, user);
    fg_sql_bind_int(statement, 2, FG_WEB_SESSIONS_MAX - 1);
    return fg_sql_run(statement, NULL, error);
}

static enum fg_err session_insert(struct fg_sql *sql, const char *cookie, const char *user,
                                  int64_t created_ms, int64_t now_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_digest hash;
    int64_t inserted = 0;
    enum fg_err result = fg_sql_prepare(
        sql,
        "INSERT INTO web_session (hash, login, created_ms, seen_ms, user_version) SELECT $1, login, "
        "$3, $4, version FROM web_user WHERE login = $2",
        &statement, error);

    if (result != FG_OK)
        return result;
    session_hash(cookie, &hash);
    fg_sql_bind_bytes(statement, 1, hash.bytes, sizeof(hash.bytes));
    fg_sql_bind_text(statement, 2, user);
    fg_sql_bind_int(statement, 3, created_ms);
    fg_sql_bind_int(statement, 4, now_ms);
    result = fg_sql_run(statement, &inserted, error);
    if (result == FG_OK && inserted == 0)
        result = fg_fail(error, FG_E_NOT_FOUND, "user %s", user);
    return result;
}

enum fg_err fg_web_session_open(struct fg_sql *sql, const char *user, int64_t now_ms,
                                char ret_cookie[DIGITS + 1], struct fg_error *error)
{
    char cookie[DIGITS + 1];
    enum fg_err result = fg_web_cookie_new(cookie, error);

    if (result == FG_OK)
        result = surplus_close(sql, user, error);
    if (result == FG_OK)
        result = session_insert(sql, cookie, user, now_ms, now_ms, error);
    if (result == FG_OK)
        memcpy(ret_cookie, cookie, sizeof(cookie));
    mbedtls_platform_zeroize(cookie, sizeof(cookie));
    return result;
}

enum fg_err fg_web_session_reopen(struct fg_sql *sql, const char *cookie, const struct fg_web_user *user,
                                  int64_t now_ms, struct fg_error *error)
{
    enum fg_err result = fg_web_session_close(sql, cookie, error);

    return result == FG_OK
               ? session_insert(sql, cookie, user->user, user->expires_ms - FG_WEB_SESSION_MS, now_ms, error)
               : result;
}

/* ---- finding ---- */

static void user_take(const struct fg_sql_statement *row, const char *cookie, struct fg_web_user *ret_user)
{
    struct fg_digest token;
    int64_t seen_ms = fg_sql_int(row, 6);
    size_t length = 0;

    memset(ret_user, 0, sizeof(*ret_user));
    (void)snprintf(ret_user->user, sizeof(ret_user->user), "%s", fg_sql_text(row, 0));
    (void)snprintf(ret_user->name, sizeof(ret_user->name), "%s", fg_sql_text(row, 1));
    (void)snprintf(ret_user->role, sizeof(ret_user->role), "%s", fg_sql_text(row, 2));
    ret_user->must_change_password = fg_sql_int(row, 3) != 0;
    (void)fg_sql_bytes(row, 4, &length);
    ret_user->totp = length != 0;
    ret_user->version = fg_sql_int(row, 7);
    ret_user->expires_ms = fg_sql_int(row, 5) + FG_WEB_SESSION_MS;
    ret_user->idle_ends_ms = seen_ms + FG_WEB_SESSION_IDLE_MS;
    if (ret_user->idle_ends_ms > ret_user->expires_ms)
        ret_user->idle_ends_ms = ret_user->expires_ms;
    digest_of("fillgate token v1", cookie, &token);
    hex(token.bytes, sizeof(token.bytes), ret_user->token);
    mbedtls_platform_zeroize(&token, sizeof(token));
}

static enum fg_err seen_keep(struct fg_sql *sql, const struct fg_digest *hash, int64_t now_ms,
                             struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql, "UPDATE web_session SET seen_ms = $2 WHERE hash = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_bytes(statement, 1, hash->bytes, sizeof(hash->bytes));
    fg_sql_bind_int(statement, 2, now_ms);
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_web_session_find(struct fg_sql *sql, const char *cookie, int64_t now_ms,
                                struct fg_web_user *ret_user, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_web_user user = {0};
    struct fg_digest hash;
    int64_t seen_ms = 0;
    enum fg_err result = fg_sql_prepare(
        sql,
        "SELECT u.login, u.name, u.role, u.must_change, u.totp_secret, s.created_ms, s.seen_ms, "
        "u.version FROM web_session s JOIN web_user u ON u.login = s.login AND u.version = s.user_version "
        "WHERE "
        "s.hash = $1 AND u.suspended = 0 AND s.created_ms > $2 AND s.seen_ms > $3",
        &statement, error);

    if (result != FG_OK)
        return result;
    session_hash(cookie, &hash);
    fg_sql_bind_bytes(statement, 1, hash.bytes, sizeof(hash.bytes));
    fg_sql_bind_int(statement, 2, now_ms - FG_WEB_SESSION_MS);
    fg_sql_bind_int(statement, 3, now_ms - FG_WEB_SESSION_IDLE_MS);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        user_take(statement, cookie, &user);
        seen_ms = fg_sql_int(statement, 6);
    }
    fg_sql_reset(statement);
    if (result == FG_OK && now_ms - seen_ms >= SEEN_EVERY_MS) {
        result = seen_keep(sql, &hash, now_ms, error);
        user.idle_ends_ms = now_ms + FG_WEB_SESSION_IDLE_MS;
        if (user.idle_ends_ms > user.expires_ms)
            user.idle_ends_ms = user.expires_ms;
    }
    if (result == FG_OK)
        *ret_user = user;
    mbedtls_platform_zeroize(&user, sizeof(user));
    return result;
}

/* ---- ending ---- */

enum fg_err fg_web_session_close(struct fg_sql *sql, const char *cookie, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_digest hash;
    enum fg_err result = fg_sql_prepare(sql, "DELETE FROM web_session WHERE hash = $1", &statement, error);

    if (result != FG_OK)
        return result;
    session_hash(cookie, &hash);
    fg_sql_bind_bytes(statement, 1, hash.bytes, sizeof(hash.bytes));
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_web_session_close_all(struct fg_sql *sql, const char *user, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql, "DELETE FROM web_session WHERE login = $1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, user);
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_web_sessions_sweep(struct fg_sql *sql, int64_t now_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement = NULL;
    enum fg_err result = fg_sql_begin(sql, error);

    if (result == FG_OK)
        result = fg_sql_prepare(sql, "DELETE FROM web_session WHERE created_ms <= $1 OR seen_ms <= $2",
                                &statement, error);
    if (result == FG_OK) {
        fg_sql_bind_int(statement, 1, now_ms - FG_WEB_SESSION_MS);
        fg_sql_bind_int(statement, 2, now_ms - FG_WEB_SESSION_IDLE_MS);
        result = fg_sql_run(statement, NULL, error);
    }
    if (result == FG_OK)
        result = fg_sql_prepare(sql, "DELETE FROM web_known WHERE seen_ms <= $1", &statement, error);
    if (result == FG_OK) {
        fg_sql_bind_int(statement, 1, now_ms - FG_WEB_KNOWN_MS);
        result = fg_sql_run(statement, NULL, error);
    }
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    return result;
}

/* ---- known browsers ---- */

static enum fg_err known_trim(struct fg_sql *sql, const char *user, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "DELETE FROM web_known WHERE login = $1 AND mark NOT IN (SELECT mark FROM web_known "
                       "WHERE login = $1 ORDER BY seen_ms DESC, mark LIMIT $2)",
                       &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, user);
    fg_sql_bind_int(statement, 2, FG_WEB_KNOWN_MAX);
    return fg_sql_run(statement, NULL, error);
}

enum fg_err fg_web_known_add(struct fg_sql *sql, const char *user, const char *what, const char *value,
                             int64_t now_ms, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_digest mark;
    enum fg_err result =
        fg_sql_prepare(sql,
                       "INSERT INTO web_known (login, mark, seen_ms) VALUES ($1, $2, $3) ON CONFLICT (login, "
                       "mark) DO UPDATE SET seen_ms = excluded.seen_ms",
                       &statement, error);

    if (result != FG_OK)
        return result;
    digest_of(what, value, &mark);
    fg_sql_bind_text(statement, 1, user);
    fg_sql_bind_bytes(statement, 2, mark.bytes, sizeof(mark.bytes));
    fg_sql_bind_int(statement, 3, now_ms);
    result = fg_sql_run(statement, NULL, error);
    return result == FG_OK ? known_trim(sql, user, error) : result;
}

enum fg_err fg_web_known_is(struct fg_sql *sql, const char *user, const char *what, const char *value,
                            int64_t now_ms, bool *ret_known, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    struct fg_digest mark;
    enum fg_err result =
        fg_sql_prepare(sql, "SELECT seen_ms FROM web_known WHERE login = $1 AND mark = $2 AND seen_ms > $3",
                       &statement, error);

    if (result != FG_OK)
        return result;
    digest_of(what, value, &mark);
    fg_sql_bind_text(statement, 1, user);
    fg_sql_bind_bytes(statement, 2, mark.bytes, sizeof(mark.bytes));
    fg_sql_bind_int(statement, 3, now_ms - FG_WEB_KNOWN_MS);
    result = fg_sql_next(statement, error);
    fg_sql_reset(statement);
    if (result != FG_OK && result != FG_E_NOT_FOUND)
        return result;
    *ret_known = result == FG_OK;
    return FG_OK;
}
