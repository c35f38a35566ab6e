/* fillgate user: the people who use the bureau's pages, for whoever may open its database. Everything goes
 * into the trail. Relies on: host/bureau/user/user.h, trail.h. */
#include <inttypes.h>
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/trail/trail.h"
#include "host/bureau/user/user.h"
#include "host/cli/cli_database.h"
#include "host/cli/cli_secret.h"

#define WHY_NONE "from the command line"

/* ---- what every change needs ---- */

static struct fg_user_by by_of(const struct cli_call *call)
{
    const char *why = cli_value(call, "--why");

    return (struct fg_user_by){cli_who(call), why != NULL ? why : WHY_NONE, cli_now_ms(), 0};
}

static enum fg_err trail_add(struct fg_sql *sql, const struct fg_user_by *by, const char *action,
                             const char *user, const char *detail, struct fg_error *error)
{
    struct fg_trail_record record = {.at_ms = by->now_ms,
                                     .user = by->who,
                                     .role = "command line",
                                     .address = "",
                                     .action = action,
                                     .subject = user,
                                     .detail = detail,
                                     .outcome = FG_TRAIL_DONE};

    return fg_trail_append(sql, &record, NULL, error);
}

/* A change and its trail, in one transaction. */
typedef enum fg_err (*change_function)(struct fg_sql *sql, const struct cli_call *call,
                                       const struct fg_user_by *by, void *context, struct fg_error *error);

static enum fg_err change_run(const struct cli_call *call, change_function change, void *context,
                              struct fg_error *error)
{
    struct fg_user_by by = by_of(call);
    struct fg_sql *sql = NULL;
    enum fg_err result = cli_database_open(call, &sql, error);

    if (result == FG_OK)
        result = fg_sql_begin(sql, error);
    if (result == FG_OK)
        result = change(sql, call, &by, context, error);
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    fg_sql_close(sql);
    return result;
}

/* ---- passwords ---- */

struct passwords {
    bool one_time;
    char password[FG_PASSWORD_BYTES_MAX + 2];
    char hash[FG_PASSWORD_HASH_TEXT];
};

/* With --ask from terminal or standard input, checked; else one to be used once. */
static enum fg_err passwords_make(const struct cli_call *call, struct passwords *ret_passwords,
                                  struct fg_error *error)
{
    const struct cli_secret secret = {.what = "password",
                                      .prompt = FG_TEXT_CLI_USER_PASSWORD_NEW,
                                      .again = FG_TEXT_CLI_USER_PASSWORD_AGAIN,
                                      .twice = true};
    enum fg_err result;

    memset(ret_passwords, 0, sizeof(*ret_passwords));
    ret_passwords->one_time = cli_value(call, "--ask") == NULL;
    if (ret_passwords->one_time)
        result = fg_password_one_time(ret_passwords->password, error);
    else
        result =
            cli_secret_read(call, &secret, ret_passwords->password, sizeof(ret_passwords->password), error);
    if (result == FG_OK)
        result = fg_password_check(ret_passwords->password, call->arguments[0], error);
    if (result == FG_OK)
        result = fg_password_hash(ret_passwords->password, FG_PASSWORD_KNOWN, ret_passwords->hash, error);
    return result == FG_E_RANGE ? fg_fail_in(error, result, "password") : result;
}

/* The one-time password is shown here and nowhere else. */
static enum cli_exit passwords_print(const struct cli_call *call, const struct passwords *passwords,
                                     enum fg_text_id done)
{
    struct cli_json json;

    if (call->json) {
        cli_json_start(&json);
        cli_json_text(&json, json.root, "user", call->arguments[0]);
        if (passwords->one_time)
            cli_json_text(&json, json.root, "password", passwords->password);
        return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
    }
    printf("%s: %s\n", call->arguments[0], cli_text(call, done));
    if (passwords->one_time)
        printf("%s: %s\n", cli_text(call, FG_TEXT_CLI_USER_ONE_TIME), passwords->password);
    return CLI_OK;
}

static enum fg_err add_change(struct fg_sql *sql, const struct cli_call *call, const struct fg_user_by *by,
                              void *context, struct fg_error *error)
{
    const struct passwords *passwords = context;
    const char *name = cli_value(call, "--name");
    const char *role = cli_value(call, "--role");
    const char *user = call->arguments[0];
    char detail[64];
    enum fg_err result = fg_user_add(sql, user, name != NULL ? name : user, role, passwords->hash,
                                     passwords->one_time, by, error);

    (void)snprintf(detail, sizeof(detail), "role=%.31s", role);
    return result == FG_OK ? trail_add(sql, by, "USER_ADD", user, detail, error) : result;
}

static enum cli_exit user_add(const struct cli_call *call)
{
    struct passwords passwords;
    struct fg_error error;
    enum cli_exit exit_code;
    enum fg_err result;

    if (cli_value(call, "--database") == NULL || cli_value(call, "--role") == NULL)
        return cli_usage(call, "give --database URL and --role ROLE");
    result = passwords_make(call, &passwords, &error);
    if (result == FG_OK)
        result = change_run(call, add_change, &passwords, &error);
    exit_code = result == FG_OK ? passwords_print(call, &passwords, FG_TEXT_CLI_USER_ADDED)
                                : cli_finish(call, result, &error);
    mbedtls_platform_zeroize(&passwords, sizeof(passwords));
    return exit_code;
}

static enum fg_err password_change(struct fg_sql *sql, const struct cli_call *call,
                                   const struct fg_user_by *by, void *context, struct fg_error *error)
{
    const struct passwords *passwords = context;
    const char *user = call->arguments[0];
    enum fg_err result = fg_user_password_set(sql, user, passwords->hash, passwords->one_time, by, error);

    return result == FG_OK ? trail_add(sql, by, "USER_PASSWORD", user,
                                       passwords->one_time ? "one-time password" : "set", error)
                           : result;
}

static enum cli_exit user_password(const struct cli_call *call)
{
    struct passwords passwords;
    struct fg_error error;
    enum cli_exit exit_code;
    enum fg_err result;

    if (cli_value(call, "--database") == NULL)
        return cli_usage(call, "give --database URL");
    result = passwords_make(call, &passwords, &error);
    if (result == FG_OK)
        result = change_run(call, password_change, &passwords, &error);
    exit_code = result == FG_OK ? passwords_print(call, &passwords, FG_TEXT_CLI_USER_PASSWORD_SET)
                                : cli_finish(call, result, &error);
    mbedtls_platform_zeroize(&passwords, sizeof(passwords));
    return exit_code;
}

/* ---- other changes ---- */

static enum fg_err role_change(struct fg_sql *sql, const struct cli_call *call, const struct fg_user_by *by,
                               void *context, struct fg_error *error)
{
    char detail[320];
    enum fg_err result = fg_user_role_set(sql, call->arguments[0], call->arguments[1], by, error);

    (void)context;
    (void)snprintf(detail, sizeof(detail), "role=%.31s why=%s", call->arguments[1], by->why);
    return result == FG_OK ? trail_add(sql, by, "USER_ROLE", call->arguments[0], detail, error) : result;
}

static enum fg_err suspend_change(struct fg_sql *sql, const struct cli_call *call,
                                  const struct fg_user_by *by, void *context, struct fg_error *error)
{
    bool suspend = *(const bool *)context;
    char detail[320];
    enum fg_err result = fg_user_suspend(sql, call->arguments[0], suspend, by, error);

    (void)snprintf(detail, sizeof(detail), "why=%s", by->why);
    return result == FG_OK ? trail_add(sql, by, suspend ? "USER_SUSPEND" : "USER_RESUME", call->arguments[0],
                                       detail, error)
                           : result;
}

static enum fg_err totp_change(struct fg_sql *sql, const struct cli_call *call, const struct fg_user_by *by,
                               void *context, struct fg_error *error)
{
    enum fg_err result = fg_user_totp_off(sql, call->arguments[0], by, error);

    (void)context;
    return result == FG_OK ? trail_add(sql, by, "SECOND_FACTOR", call->arguments[0], "off", error) : result;
}

static enum cli_exit changed(const struct cli_call *call, change_function change, void *context,
                             enum fg_text_id text)
{
    struct fg_error error;
    struct cli_json json;
    enum fg_err result = change_run(call, change, context, &error);

    if (result != FG_OK)
        return cli_finish(call, result, &error);
    if (call->json) {
        cli_json_start(&json);
        cli_json_text(&json, json.root, "user", call->arguments[0]);
        return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
    }
    printf("%s: %s\n", call->arguments[0], cli_text(call, text));
    return CLI_OK;
}

static enum cli_exit user_role(const struct cli_call *call)
{
    return changed(call, role_change, NULL, FG_TEXT_CLI_USER_ROLE_SET);
}

static enum cli_exit user_suspend(const struct cli_call *call)
{
    bool suspend = true;

    return changed(call, suspend_change, &suspend, FG_TEXT_CLI_USER_SUSPENDED);
}

static enum cli_exit user_resume(const struct cli_call *call)
{
    bool suspend = false;

    return changed(call, suspend_change, &suspend, FG_TEXT_CLI_USER_RESUMED);
}

static enum cli_exit user_totp_off(const struct cli_call *call)
{
    return changed(call, totp_change, NULL, FG_TEXT_CLI_USER_TOTP_OFF);
}

/* ---- the list ---- */

struct listing {
    const struct cli_call *call;
    struct cli_json json;
    cJSON *array;
};

static void user_json(struct listing *listing, const struct fg_user *user)
{
    cJSON *object = cli_json_push_object(&listing->json, listing->array);

    cli_json_text(&listing->json, object, "user", user->user);
    cli_json_text(&listing->json, object, "name", user->name);
    cli_json_text(&listing->json, object, "role", user->role);
    cli_json_bool(&listing->json, object, "suspended", user->suspended);
    cli_json_bool(&listing->json, object, "must_change_password", user->must_change_password);
    cli_json_bool(&listing->json, object, "totp", user->totp);
    cli_json_number(&listing->json, object, "created_ms", user->created_ms);
    cli_json_number(&listing->json, object, "signed_in_ms", user->signed_in_ms);
}

static bool user_print(void *context, const struct fg_user *user)
{
    struct listing *listing = context;
    char signed_in[CLI_TIME_TEXT];

    if (listing->call->json) {
        user_json(listing, user);
        return true;
    }
    cli_time_text(user->signed_in_ms, signed_in);
    printf("%-20s %-14s %-26s %s%s%s%s\n", user->user, user->role, signed_in, user->name,
           user->suspended ? "  suspended" : "", user->must_change_password ? "  must change password" : "",
           user->totp ? "  second factor" : "");
    return true;
}

static enum cli_exit user_list(const struct cli_call *call)
{
    struct listing listing = {.call = call};
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result = cli_database_open(call, &sql, &error);

    if (call->json) {
        cli_json_start(&listing.json);
        listing.array = cli_json_array(&listing.json, listing.json.root, "users");
    }
    if (result == FG_OK)
        result = fg_user_each(sql, user_print, &listing, &error);
    fg_sql_close(sql);
    if (result == FG_OK && call->json)
        return cli_json_print(&listing.json, stdout) ? CLI_OK : CLI_FAILURE;
    cJSON_Delete(listing.json.root);
    return cli_finish(call, result, &error);
}

#define DATABASE                                                                                             \
    {                                                                                                        \
        "--database", "URL", FG_TEXT_CLI_OPTION_DATABASE, false                                              \
    }
#define WHO_AND_WHY                                                                                          \
    {"--who", "NAME", FG_TEXT_CLI_OPTION_WHO, false},                                                        \
    {                                                                                                        \
        "--why", "TEXT", FG_TEXT_CLI_OPTION_WHY, false                                                       \
    }
#define ASK                                                                                                  \
    {                                                                                                        \
        "--ask", NULL, FG_TEXT_CLI_USER_OPTION_ASK, false                                                    \
    }
static const struct cli_option list_options[] = {DATABASE, {0}};
static const struct cli_option change_options[] = {DATABASE, WHO_AND_WHY, {0}};
static const struct cli_option password_options[] = {DATABASE, WHO_AND_WHY, ASK, {0}};
static const struct cli_option add_options[] = {
    DATABASE,
    WHO_AND_WHY,
    ASK,
    {"--role", "ROLE", FG_TEXT_CLI_USER_OPTION_ROLE, false},
    {"--name", "NAME", FG_TEXT_CLI_USER_OPTION_NAME, false},
    {0},
};

const struct cli_command cli_user_commands[] = {
    {"user", "add", "USER", FG_TEXT_CLI_USER_ADD, 1, 1, add_options, user_add},
    {"user", "list", "", FG_TEXT_CLI_USER_LIST, 0, 0, list_options, user_list},
    {"user", "role", "USER ROLE", FG_TEXT_CLI_USER_ROLE, 2, 2, change_options, user_role},
    {"user", "suspend", "USER", FG_TEXT_CLI_USER_SUSPEND, 1, 1, change_options, user_suspend},
    {"user", "resume", "USER", FG_TEXT_CLI_USER_RESUME, 1, 1, change_options, user_resume},
    {"user", "password", "USER", FG_TEXT_CLI_USER_PASSWORD, 1, 1, password_options, user_password},
    {"user", "totp-off", "USER", FG_TEXT_CLI_USER_TOTP, 1, 1, change_options, user_totp_off},
    {0},
};
