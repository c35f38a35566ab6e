/* The users of the pages, for the administrator: GET and POST /api/v1/users, PATCH /users/{user}, POST
 * /users/{user}/password. */
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/api/handlers.h"
#include "host/bureau/user/user.h"

/* ---- JSON ---- */

static void user_write(struct fg_web_json *json, cJSON *object, const struct fg_user *user)
{
    fg_web_json_text(json, object, "user", user->user);
    fg_web_json_text(json, object, "name", user->name);
    fg_web_json_text(json, object, "role", user->role);
    fg_web_json_bool(json, object, "suspended", user->suspended);
    fg_web_json_bool(json, object, "must_change_password", user->must_change_password);
    fg_web_json_bool(json, object, "totp", user->totp);
    fg_web_json_number(json, object, "created_ms", user->created_ms);
    fg_web_json_number(json, object, "signed_in_ms", user->signed_in_ms);
}

struct listing {
    struct fg_web_json json;
    cJSON *array;
};

static bool listing_add(void *context, const struct fg_user *user)
{
    struct listing *listing = context;

    user_write(&listing->json, fg_web_json_push(&listing->json, listing->array), user);
    return true;
}

enum fg_err fg_web_users_list(struct fg_web_call *call, struct fg_error *error)
{
    struct listing listing;
    enum fg_err result;

    fg_web_json_start(&listing.json);
    listing.array = fg_web_json_array(&listing.json, listing.json.root, "users");
    result = fg_user_each(call->sql, listing_add, &listing, error);
    if (result == FG_OK)
        return fg_web_answer_json(call, 200, &listing.json);
    fg_web_json_free(&listing.json);
    return result;
}

static enum fg_err user_answer(struct fg_web_call *call, const char *user, struct fg_error *error)
{
    struct fg_user found;
    struct fg_web_json json;
    enum fg_err result = fg_user_find(call->sql, user, &found, NULL, error);

    if (result != FG_OK)
        return result;
    fg_web_json_start(&json);
    user_write(&json, json.root, &found);
    return fg_web_answer_json(call, 200, &json);
}

/* ---- one-time passwords ---- */

struct one_time {
    char password[FG_PASSWORD_ONE_TIME_TEXT];
    char hash[FG_PASSWORD_HASH_TEXT];
};

/* Without the database object, which others need while the password is hashed. */
static enum fg_err one_time_make(struct fg_web_call *call, struct one_time *ret_one, struct fg_error *error)
{
    enum fg_err result = fg_password_one_time(ret_one->password, error);
    enum fg_err taken;

    if (result != FG_OK)
        return result;
    fg_web_database_give(call);
    result = fg_password_hash(ret_one->password, FG_PASSWORD_KNOWN, ret_one->hash, error);
    taken = fg_web_database_take(call, result == FG_OK ? error : NULL);
    return taken != FG_OK ? taken : result;
}

static enum fg_err one_time_answer(struct fg_web_call *call, uint16_t status, const char *user,
                                   const struct one_time *one, struct fg_error *error)
{
    struct fg_user found;
    struct fg_web_json json;
    enum fg_err result = fg_user_find(call->sql, user, &found, NULL, error);

    if (result != FG_OK)
        return result;
    fg_web_json_start(&json);
    user_write(&json, fg_web_json_object(&json, json.root, "user"), &found);
    fg_web_json_text(&json, json.root, "password", one->password);
    return fg_web_answer_json(call, status, &json);
}

static enum fg_err finish(struct fg_web_call *call, enum fg_err result, struct fg_error *error)
{
    if (result == FG_OK)
        result = fg_sql_commit(call->sql, error);
    if (result != FG_OK && call->sql != NULL)
        fg_sql_rollback(call->sql);
    return result;
}

/* ---- changes ---- */

/* Opens the transaction of a change. Who asks has to be who they were when the request came: hashing takes
 * its time. */
static enum fg_err begin(struct fg_web_call *call, struct fg_error *error)
{
    enum fg_err result = fg_sql_begin(call->sql, error);

    return result == FG_OK ? fg_user_still(call->sql, call->user.user, call->user.version, error) : result;
}

enum fg_err fg_web_users_add(struct fg_web_call *call, struct fg_error *error)
{
    const char *user = fg_web_text_of(call, "user");
    const char *role = fg_web_text_of(call, "role");
    struct fg_user_by by = {call->user.user, "added", call->now_ms, 0};
    struct one_time one = {0};
    char detail[FG_NAME_MAX + 8];
    enum fg_err result = one_time_make(call, &one, error);

    (void)snprintf(detail, sizeof(detail), "role=%s", role);
    if (result == FG_OK)
        result = begin(call, error);
    if (result == FG_OK)
        result = fg_user_add(call->sql, user, fg_web_text_of(call, "name"), role, one.hash, true, &by, error);
    if (result == FG_OK)
        result = fg_web_trail_add(call, "USER_ADD", user, detail, error);
    result = finish(call, result, error);
    if (result == FG_OK)
        result = one_time_answer(call, 201, user, &one, error);
    mbedtls_platform_zeroize(&one, sizeof(one));
    return result;
}

/* Nobody changes the own role or suspends the own person: that would need no second pair of eyes, and the
 * last administrator could lock the door from inside. */
static enum fg_err not_oneself(const struct fg_web_call *call, const char *user, struct fg_error *error)
{
    if (strcmp(call->user.user, user) == 0)
        return fg_fail(error, FG_E_DENIED, "not oneself");
    return FG_OK;
}

static enum fg_err change(struct fg_web_call *call, const char *user, const struct fg_user_by *by,
                          struct fg_error *error)
{
    const char *role = fg_web_text_of(call, "role");
    const char *suspended = fg_web_text_of(call, "suspended");
    bool suspend = fg_web_number_of(call, "suspended", 0) != 0;
    char detail[320];
    enum fg_err result = FG_OK;

    if (role != NULL) {
        (void)snprintf(detail, sizeof(detail), "role=%s why=%s", role, by->why);
        result = fg_user_role_set(call->sql, user, role, by, error);
        if (result == FG_OK)
            result = fg_web_trail_add(call, "USER_ROLE", user, detail, error);
    }
    if (result == FG_OK && suspended != NULL) {
        (void)snprintf(detail, sizeof(detail), "why=%s", by->why);
        result = fg_user_suspend(call->sql, user, suspend, by, error);
        if (result == FG_OK)
            result = fg_web_trail_add(call, suspend ? "USER_SUSPEND" : "USER_RESUME", user, detail, error);
    }
    return result;
}

enum fg_err fg_web_users_change(struct fg_web_call *call, struct fg_error *error)
{
    const char *user = fg_web_text_of(call, "user");
    struct fg_user_by by = {call->user.user, fg_web_text_of(call, "why"), call->now_ms, 0};
    enum fg_err result = not_oneself(call, user, error);

    if (result == FG_OK && fg_web_text_of(call, "role") == NULL && fg_web_text_of(call, "suspended") == NULL)
        result = fg_fail(error, FG_E_RANGE, "role or suspended is missing");
    if (result != FG_OK)
        return result;
    result = begin(call, error);
    if (result == FG_OK)
        result = change(call, user, &by, error);
    result = finish(call, result, error);
    return result == FG_OK ? user_answer(call, user, error) : result;
}

enum fg_err fg_web_users_password(struct fg_web_call *call, struct fg_error *error)
{
    const char *user = fg_web_text_of(call, "user");
    struct fg_user_by by = {call->user.user, "new one-time password", call->now_ms, 0};
    struct one_time one = {0};
    enum fg_err result = not_oneself(call, user, error);

    if (result == FG_OK)
        result = fg_user_find(call->sql, user, NULL, NULL, error);
    if (result == FG_OK)
        result = one_time_make(call, &one, error);
    if (result != FG_OK)
        return result;
    result = begin(call, error);
    if (result == FG_OK)
        result = fg_user_password_set(call->sql, user, one.hash, true, &by, error);
    if (result == FG_OK)
        result = fg_user_totp_off(call->sql, user, &by, error);
    if (result == FG_OK)
        result = fg_web_trail_add(call, "USER_PASSWORD", user, "one-time password, second factor off", error);
    result = finish(call, result, error);
    if (result == FG_OK)
        result = one_time_answer(call, 200, user, &one, error);
    mbedtls_platform_zeroize(&one, sizeof(one));
    return result;
}
