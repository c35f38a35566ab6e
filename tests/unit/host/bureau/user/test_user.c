/* Users of the pages on both back ends: adding, roles, suspension, passwords, second factor, history;
 * sessions and known browsers. */
#include <stdio.h>
#include <string.h>

#include "host/bureau/user/user.h"
#include "host/bureau/user/user_session.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"
#include "tests/lib/sql_faults.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS

static struct fg_error error;
static const struct fg_user_by by = {"admin", "test", NOW_MS, 0};

/* What changes a user belongs into a transaction, with its record in the trail. */
#define CHANGING(call)                                                                                       \
    ({                                                                                                       \
        enum fg_err done = fg_sql_begin(sql, &error);                                                        \
                                                                                                             \
        if (done == FG_OK)                                                                                   \
            done = (call);                                                                                   \
        if (done == FG_OK)                                                                                   \
            done = fg_sql_commit(sql, &error);                                                               \
        else                                                                                                 \
            fg_sql_rollback(sql);                                                                            \
        done;                                                                                                \
    })

static struct fg_sql *with_user(bool postgres)
{
    struct fg_sql *sql = fg_fixture_bureau(postgres);

    CHECK_OK(CHANGING(fg_user_add(sql, "li", "李伟", "auditor", "hash-1", true, &by, &error)), &error);
    return sql;
}

static struct fg_user found(struct fg_sql *sql, const char *name)
{
    struct fg_user user;

    CHECK_OK(fg_user_find(sql, name, &user, NULL, &error), &error);
    return user;
}

static bool count_one(void *context, const struct fg_user *user)
{
    (void)user;
    return ++*(int *)context < 2;
}

static void users_change(bool postgres)
{
    struct fg_sql *sql = with_user(postgres);
    struct fg_user_secrets secrets;
    struct fg_user user = found(sql, "li");
    int count = 0;

    CHECK_TEXT(user.name, "李伟");
    CHECK_TEXT(user.role, "auditor");
    CHECK(user.must_change_password && !user.suspended && !user.totp);
    CHECK_INT(user.created_ms, NOW_MS);
    CHECK_INT(CHANGING(fg_user_add(sql, "li", "x", "auditor", "h", true, &by, &error)), FG_E_EXISTS);
    CHECK_OK(CHANGING(fg_user_role_set(sql, "li", "registrar", &by, &error)), &error);
    CHECK_OK(CHANGING(fg_user_suspend(sql, "li", true, &by, &error)), &error);
    CHECK_OK(CHANGING(fg_user_password_set(sql, "li", "hash-2", false, &by, &error)), &error);
    CHECK_OK(CHANGING(fg_user_suspend(sql, "li", false, &by, &error)), &error);
    CHECK_OK(fg_user_signed_in(sql, "li", 5, NOW_MS + 5, &error), &error);
    CHECK_OK(CHANGING(fg_user_suspend(sql, "li", true, &by, &error)), &error);
    CHECK_OK(fg_user_find(sql, "li", &user, &secrets, &error), &error);
    CHECK_TEXT(user.role, "registrar");
    CHECK(user.suspended && !user.must_change_password);
    CHECK_INT(user.signed_in_ms, NOW_MS + 5);
    CHECK_TEXT(secrets.hash, "hash-2");
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM web_user_change WHERE login = 'li' AND who = "
                                         "'admin' AND why = 'test'"),
              6);
    CHECK_OK(CHANGING(fg_user_add(sql, "an", "An", "supervisor", "h", true, &by, &error)), &error);
    CHECK_OK(CHANGING(fg_user_add(sql, "wu", "Wu", "administrator", "h", true, &by, &error)), &error);
    CHECK_OK(fg_user_each(sql, count_one, &count, &error), &error);
    CHECK_INT(count, 2);
    fg_sql_close(sql);
}

TEST("users are added and changed, and each change is kept (SQLite)")
{
    users_change(false);
}
TEST("users are added and changed, and each change is kept (PostgreSQL)")
{
    users_change(true);
}

TEST("BAD-INPUT-IS-SAFE: names and roles that cannot be are refused, and who is not there is told")
{
    struct fg_sql *sql = with_user(false);

    CHECK_INT(CHANGING(fg_user_add(sql, "", "x", "auditor", "h", true, &by, &error)), FG_E_RANGE);
    CHECK_INT(CHANGING(fg_user_add(sql, "a b", "x", "auditor", "h", true, &by, &error)), FG_E_RANGE);
    CHECK_INT(CHANGING(fg_user_add(sql, "a'--", "x", "auditor", "h", true, &by, &error)), FG_E_RANGE);
    CHECK_INT(CHANGING(fg_user_add(sql, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "x", "auditor", "h", true, &by,
                                   &error)),
              FG_E_RANGE);
    CHECK_INT(CHANGING(fg_user_add(sql, "a", "", "auditor", "h", true, &by, &error)), FG_E_RANGE);
    CHECK_INT(CHANGING(fg_user_add(sql, "a", "x\n", "auditor", "h", true, &by, &error)), FG_E_RANGE);
    CHECK_INT(CHANGING(fg_user_add(sql, "a", "x", "root", "h", true, &by, &error)), FG_E_RANGE);
    CHECK_INT(CHANGING(fg_user_role_set(sql, "li", "", &by, &error)), FG_E_RANGE);
    CHECK_INT(CHANGING(fg_user_role_set(sql, "no", "auditor", &by, &error)), FG_E_NOT_FOUND);
    CHECK_INT(CHANGING(fg_user_suspend(sql, "no", true, &by, &error)), FG_E_NOT_FOUND);
    CHECK_INT(CHANGING(fg_user_password_set(sql, "no", "h", true, &by, &error)), FG_E_NOT_FOUND);
    CHECK_INT(CHANGING(fg_user_totp_off(sql, "no", &by, &error)), FG_E_NOT_FOUND);
    CHECK_INT(fg_user_totp_use(sql, "no", "123456", NOW_MS, &error), FG_E_NOT_FOUND);
    CHECK_INT(CHANGING(fg_user_totp_confirm(sql, "no", "123456", &by, &error)), FG_E_NOT_FOUND);
    CHECK_INT(fg_user_find(sql, "LI", NULL, NULL, &error), FG_E_NOT_FOUND);
    fg_sql_close(sql);
}

static const char *code_of(const uint8_t *secret, int64_t at_ms)
{
    static char text[8];

    (void)snprintf(text, sizeof(text), "%06u",
                   fg_totp_code(secret, FG_TOTP_SECRET_BYTES, (uint64_t)(at_ms / FG_TOTP_STEP_MS), 6));
    return text;
}

static void second_factor(bool postgres)
{
    struct fg_sql *sql = with_user(postgres);
    uint8_t secret[FG_TOTP_SECRET_BYTES];
    struct fg_user_by later = {"li", "test", NOW_MS, 0};

    CHECK_OK(fg_totp_secret_new(secret, &error), &error);
    CHECK_INT(fg_user_totp_use(sql, "li", code_of(secret, NOW_MS), NOW_MS, &error), FG_E_AUTH);
    CHECK_INT(CHANGING(fg_user_totp_confirm(sql, "li", "000000", &by, &error)), FG_E_STATE);
    CHECK_OK(fg_user_totp_propose(sql, "li", secret, &error), &error);
    CHECK(!found(sql, "li").totp);
    CHECK_INT(CHANGING(fg_user_totp_confirm(sql, "li", code_of(secret, NOW_MS + 600000), &by, &error)),
              FG_E_AUTH);
    CHECK_OK(CHANGING(fg_user_totp_confirm(sql, "li", code_of(secret, NOW_MS), &later, &error)), &error);
    CHECK(found(sql, "li").totp);
    CHECK_INT(fg_user_totp_propose(sql, "li", secret, &error), FG_E_STATE);
    CHECK_INT(fg_user_totp_use(sql, "li", code_of(secret, NOW_MS), NOW_MS, &error), FG_E_AUTH);
    CHECK_OK(fg_user_totp_use(sql, "li", code_of(secret, NOW_MS + 30000), NOW_MS + 30000, &error), &error);
    CHECK_INT(fg_user_totp_use(sql, "li", code_of(secret, NOW_MS + 30000), NOW_MS + 30000, &error),
              FG_E_AUTH);
    CHECK_OK(CHANGING(fg_user_totp_off(sql, "li", &by, &error)), &error);
    CHECK(!found(sql, "li").totp);
    fg_sql_close(sql);
}

TEST("a second factor is in force once confirmed, and each code is good once (SQLite)")
{
    second_factor(false);
}
TEST("a second factor is in force once confirmed, and each code is good once (PostgreSQL)")
{
    second_factor(true);
}

/* ---- sessions ---- */

static enum fg_err asked(struct fg_sql *sql, const char *cookie, int64_t now_ms)
{
    struct fg_web_user user;

    return fg_web_session_find(sql, cookie, now_ms, &user, &error);
}

static void sessions_end(bool postgres)
{
    struct fg_sql *sql = with_user(postgres);
    char cookie[FG_WEB_SESSION_DIGITS + 1];
    char other[FG_WEB_SESSION_DIGITS + 1];
    struct fg_web_user user;
    int64_t at_ms = NOW_MS;

    CHECK_OK(fg_web_session_open(sql, "li", NOW_MS, cookie, &error), &error);
    CHECK_OK(fg_web_session_open(sql, "li", NOW_MS, other, &error), &error);
    CHECK_OK(fg_web_session_find(sql, cookie, NOW_MS, &user, &error), &error);
    CHECK_TEXT(user.user, "li");
    CHECK_TEXT(user.role, "auditor");
    CHECK(user.must_change_password);
    CHECK_INT(strlen(user.token), FG_WEB_TOKEN_DIGITS);
    CHECK(strcmp(user.token, cookie) != 0);
    CHECK_INT(user.idle_ends_ms, NOW_MS + FG_WEB_SESSION_IDLE_MS);
    CHECK_INT(user.expires_ms, NOW_MS + FG_WEB_SESSION_MS);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM web_session"), 2);
    /* The other stays idle, this one is in use until its time is over. */
    for (; at_ms < NOW_MS + FG_WEB_SESSION_MS; at_ms += FG_WEB_SESSION_IDLE_MS - 1)
        CHECK_OK(asked(sql, cookie, at_ms), &error);
    CHECK_INT(asked(sql, other, NOW_MS + FG_WEB_SESSION_IDLE_MS - 1), FG_OK);
    CHECK_INT(asked(sql, other, NOW_MS + 3 * FG_WEB_SESSION_IDLE_MS), FG_E_NOT_FOUND);
    CHECK_INT(asked(sql, cookie, NOW_MS + FG_WEB_SESSION_MS), FG_E_NOT_FOUND);
    CHECK_OK(fg_web_sessions_sweep(sql, NOW_MS + FG_WEB_SESSION_MS, &error), &error);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM web_session"), 0);
    fg_sql_close(sql);
}

TEST("a session ends when idle for 30 minutes, and after 12 hours in any case (SQLite)")
{
    sessions_end(false);
}
TEST("a session ends when idle for 30 minutes, and after 12 hours in any case (PostgreSQL)")
{
    sessions_end(true);
}

static void sessions_are_bounded(bool postgres)
{
    struct fg_sql *sql = with_user(postgres);
    char cookies[FG_WEB_SESSIONS_MAX + 1][FG_WEB_SESSION_DIGITS + 1];

    for (int i = 0; i <= FG_WEB_SESSIONS_MAX; i++)
        CHECK_OK(fg_web_session_open(sql, "li", NOW_MS + i, cookies[i], &error), &error);
    CHECK_INT(asked(sql, cookies[0], NOW_MS + 10), FG_E_NOT_FOUND);
    for (int i = 1; i <= FG_WEB_SESSIONS_MAX; i++)
        CHECK_OK(asked(sql, cookies[i], NOW_MS + 10), &error);
    CHECK_OK(fg_web_session_close(sql, cookies[1], &error), &error);
    CHECK_INT(asked(sql, cookies[1], NOW_MS + 10), FG_E_NOT_FOUND);
    CHECK_OK(asked(sql, cookies[2], NOW_MS + 10), &error);
    CHECK_OK(CHANGING(fg_user_suspend(sql, "li", true, &by, &error)), &error);
    CHECK_INT(asked(sql, cookies[2], NOW_MS + 10), FG_E_NOT_FOUND);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM web_session"), 0);
    fg_sql_close(sql);
}

TEST("a user has five sessions at most, and none when suspended (SQLite)")
{
    sessions_are_bounded(false);
}
TEST("a user has five sessions at most, and none when suspended (PostgreSQL)")
{
    sessions_are_bounded(true);
}

static void change_all(struct fg_sql *sql, int which)
{
    uint8_t secret[FG_TOTP_SECRET_BYTES] = {1};
    struct fg_user_by self = {"li", "test", NOW_MS, 0};

    switch (which) {
    case 0:
        CHECK_OK(CHANGING(fg_user_password_set(sql, "li", "hash-2", false, &by, &error)), &error);
        break;
    case 1:
        CHECK_OK(CHANGING(fg_user_role_set(sql, "li", "registrar", &by, &error)), &error);
        break;
    case 2:
        CHECK_OK(CHANGING(fg_user_suspend(sql, "li", false, &by, &error)), &error);
        break;
    case 3:
        CHECK_OK(fg_user_totp_propose(sql, "li", secret, &error), &error);
        CHECK_OK(CHANGING(fg_user_totp_confirm(sql, "li", code_of(secret, NOW_MS), &self, &error)), &error);
        break;
    default:
        CHECK_OK(CHANGING(fg_user_totp_off(sql, "li", &by, &error)), &error);
        break;
    }
}

static void changes_end_what_was_decided(bool postgres)
{
    struct fg_sql *sql = with_user(postgres);
    char cookie[FG_WEB_SESSION_DIGITS + 1];
    struct fg_web_user user;

    for (int which = 0; which < 5; which++) {
        struct fg_user before = found(sql, "li");
        struct fg_user_by stale = {"li", "test", NOW_MS, before.version};

        CHECK_OK(fg_web_session_open(sql, "li", NOW_MS, cookie, &error), &error);
        CHECK_OK(fg_web_session_find(sql, cookie, NOW_MS, &user, &error), &error);
        CHECK_INT(user.version, before.version);
        CHECK_OK(fg_user_still(sql, "li", before.version, &error), &error);
        change_all(sql, which);
        CHECK_INT(found(sql, "li").version, before.version + 1);
        CHECK_INT(asked(sql, cookie, NOW_MS), FG_E_NOT_FOUND);
        CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM web_session"), 0);
        /* What was decided on the user of before counts no more. */
        CHECK_INT(fg_user_signed_in(sql, "li", before.version, NOW_MS, &error), FG_E_OLD);
        CHECK_INT(fg_user_still(sql, "li", before.version, &error), FG_E_OLD);
        CHECK_INT(CHANGING(fg_user_password_set(sql, "li", "stale", false, &stale, &error)), FG_E_OLD);
        CHECK_INT(CHANGING(fg_user_totp_off(sql, "li", &stale, &error)), FG_E_OLD);
        CHECK_OK(fg_user_signed_in(sql, "li", before.version + 1, NOW_MS, &error), &error);
        /* Who made the change goes on. */
        CHECK_OK(fg_web_session_reopen(sql, cookie, &user, NOW_MS + 5, &error), &error);
        CHECK_OK(fg_web_session_find(sql, cookie, NOW_MS + 5, &user, &error), &error);
        CHECK_INT(user.expires_ms, NOW_MS + FG_WEB_SESSION_MS);
    }
    CHECK_OK(CHANGING(fg_user_suspend(sql, "li", true, &by, &error)), &error);
    CHECK_INT(fg_user_signed_in(sql, "li", found(sql, "li").version, NOW_MS, &error), FG_E_OLD);
    /* A session that somebody forgot to delete is worth nothing. */
    CHECK_OK(CHANGING(fg_user_suspend(sql, "li", false, &by, &error)), &error);
    CHECK_OK(fg_web_session_open(sql, "li", NOW_MS, cookie, &error), &error);
    fg_fixture_sql_run(sql, "UPDATE web_user SET version = version + 1");
    CHECK_INT(asked(sql, cookie, NOW_MS), FG_E_NOT_FOUND);
    CHECK_INT(fg_web_session_open(sql, "nobody", NOW_MS, cookie, &error), FG_E_NOT_FOUND);
    fg_sql_close(sql);
}

TEST("password, role, suspension and second factor end the sessions, and what was decided before (SQLite)")
{
    changes_end_what_was_decided(false);
}
TEST(
    "password, role, suspension and second factor end the sessions, and what was decided before (PostgreSQL)")
{
    changes_end_what_was_decided(true);
}

static void browsers_are_known(bool postgres)
{
    struct fg_sql *sql = with_user(postgres);
    char value[20];
    bool known = true;

    CHECK_OK(fg_web_known_is(sql, "li", "browser", "v0", NOW_MS, &known, &error), &error);
    CHECK(!known);
    for (int i = 0; i < FG_WEB_KNOWN_MAX + 3; i++) {
        (void)snprintf(value, sizeof(value), "v%d", i);
        CHECK_OK(fg_web_known_add(sql, "li", "browser", value, NOW_MS + i, &error), &error);
    }
    CHECK_OK(fg_web_known_is(sql, "li", "browser", value, NOW_MS + 100, &known, &error), &error);
    CHECK(known);
    CHECK_OK(fg_web_known_is(sql, "li", "address", value, NOW_MS + 100, &known, &error), &error);
    CHECK(!known);
    CHECK_OK(fg_web_known_is(sql, "an", "browser", value, NOW_MS + 100, &known, &error), &error);
    CHECK(!known);
    CHECK_OK(fg_web_known_is(sql, "li", "browser", "v0", NOW_MS + 100, &known, &error), &error);
    CHECK(!known);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM web_known"), FG_WEB_KNOWN_MAX);
    CHECK_OK(fg_web_known_is(sql, "li", "browser", value, NOW_MS + FG_WEB_KNOWN_MS + 100, &known, &error),
             &error);
    CHECK(!known);
    fg_sql_close(sql);
}

TEST("browsers are known by user for 90 days, so many of them (SQLite)")
{
    browsers_are_known(false);
}
TEST("browsers are known by user for 90 days, so many of them (PostgreSQL)")
{
    browsers_are_known(true);
}

/* ---- what is kept, and for whom ---- */

TEST("the four roles are roles, and nothing else is")
{
    static const char *const roles[] = {"auditor", "registrar", "supervisor", "administrator"};
    static const char *const none[] = {"", "Auditor", "auditor ", "audito", "auditors", "root"};

    for (size_t i = 0; i < 4; i++) {
        CHECK(fg_user_role_exists(roles[i]));
        CHECK_TEXT(fg_user_roles[i], roles[i]);
    }
    CHECK(fg_user_roles[4] == NULL);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        CHECK(!fg_user_role_exists(none[i]));
}

TEST("a user's name may have 31 characters, the person's 63 bytes, and no more")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    char user[FG_NAME_MAX + 2];
    char name[FG_USER_NAME_MAX + 2];

    memset(user, 'u', sizeof(user));
    memset(name, 'n', sizeof(name));
    user[FG_NAME_MAX] = '\0';
    name[FG_USER_NAME_MAX] = '\0';
    CHECK_OK(CHANGING(fg_user_add(sql, user, name, "auditor", "h", false, &by, &error)), &error);
    CHECK_TEXT(found(sql, user).user, user);
    CHECK_TEXT(found(sql, user).name, name);
    CHECK(!found(sql, user).must_change_password);
    CHECK_OK(CHANGING(fg_user_add(sql, "A-z_0.9", "x", "auditor", "h", true, &by, &error)), &error);
    user[FG_NAME_MAX] = 'u';
    user[FG_NAME_MAX + 1] = '\0';
    CHECK_INT(CHANGING(fg_user_add(sql, user, "x", "auditor", "h", true, &by, &error)), FG_E_RANGE);
    CHECK_HAS(error.text, "user: ");
    name[FG_USER_NAME_MAX] = 'n';
    name[FG_USER_NAME_MAX + 1] = '\0';
    CHECK_INT(CHANGING(fg_user_add(sql, "b", name, "auditor", "h", true, &by, &error)), FG_E_RANGE);
    CHECK_HAS(error.text, "name: ");
    CHECK_INT(CHANGING(fg_user_add(sql, "b", "x", "", "h", true, &by, &error)), FG_E_RANGE);
    CHECK_HAS(error.text, "role: ");
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM web_user"), 2);
    fg_sql_close(sql);
}

/* The newest change of li: what, who, why. */
static void change_is(struct fg_sql *sql, const char *what, const char *who)
{
    char text[300];

    (void)snprintf(
        text, sizeof(text),
        "SELECT COUNT(*) FROM web_user_change WHERE login = 'li' AND what = '%s' AND who = '%s' AND "
        "why = 'test' AND at_ms = 1795392000000 AND number = (SELECT MAX(number) FROM "
        "web_user_change WHERE login = 'li')",
        what, who);
    if (fg_fixture_sql_number(sql, text) != 1)
        fg_test_fail(__FILE__, __LINE__, "the newest change is not %s by %s", what, who);
}

TEST("each change says in the user's history what was done, by whom and when, and touches nobody else")
{
    struct fg_sql *sql = with_user(false);
    uint8_t secret[FG_TOTP_SECRET_BYTES] = {1};
    struct fg_user_secrets secrets;

    CHECK_OK(CHANGING(fg_user_add(sql, "wu", "Wu", "supervisor", "hash-w", false, &by, &error)), &error);
    change_is(sql, "added, auditor", "admin");
    CHECK_OK(CHANGING(fg_user_role_set(sql, "li", "registrar", &by, &error)), &error);
    change_is(sql, "role registrar", "admin");
    CHECK_OK(CHANGING(fg_user_suspend(sql, "li", true, &by, &error)), &error);
    change_is(sql, "suspended", "admin");
    CHECK_OK(CHANGING(fg_user_suspend(sql, "li", false, &by, &error)), &error);
    change_is(sql, "resumed", "admin");
    CHECK(!found(sql, "li").suspended);
    CHECK_OK(CHANGING(fg_user_password_set(sql, "li", "hash-2", true, &by, &error)), &error);
    change_is(sql, "one-time password", "admin");
    CHECK(found(sql, "li").must_change_password);
    CHECK_OK(CHANGING(fg_user_password_set(sql, "li", "hash-3", false, &by, &error)), &error);
    change_is(sql, "password", "admin");
    CHECK(!found(sql, "li").must_change_password);
    CHECK_OK(fg_user_totp_propose(sql, "li", secret, &error), &error);
    CHECK_OK(CHANGING(fg_user_totp_confirm(sql, "li", code_of(secret, NOW_MS), &by, &error)), &error);
    change_is(sql, "second factor on", "admin");
    CHECK_OK(fg_user_find(sql, "li", NULL, &secrets, &error), &error);
    CHECK(secrets.totp);
    CHECK_BYTES(secrets.totp_secret, secret, FG_TOTP_SECRET_BYTES);
    CHECK_INT(secrets.totp_step, NOW_MS / FG_TOTP_STEP_MS);
    CHECK_TEXT(secrets.hash, "hash-3");
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT length(totp_pending) FROM web_user WHERE login = 'li'"), 0);
    CHECK_OK(CHANGING(fg_user_totp_off(sql, "li", &by, &error)), &error);
    change_is(sql, "second factor off", "admin");
    CHECK_OK(CHANGING(fg_user_totp_off(sql, "li", &by, &error)), &error); /* is off already */
    CHECK_OK(fg_user_find(sql, "li", NULL, &secrets, &error), &error);
    CHECK(!secrets.totp);
    CHECK_INT(found(sql, "wu").version, 1);
    CHECK_TEXT(found(sql, "wu").role, "supervisor");
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM web_user_change WHERE login = 'wu'"), 1);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT MAX(number) FROM web_user_change WHERE login = 'li'"), 9);
    fg_sql_close(sql);
}

TEST("a change of a user who is not there, or of another version, changes and keeps nothing")
{
    struct fg_sql *sql = with_user(false);
    struct fg_user_by stale = {"li", "test", NOW_MS, 2};
    uint8_t secret[FG_TOTP_SECRET_BYTES] = {1};

    CHECK_INT(CHANGING(fg_user_role_set(sql, "li", "registrar", &stale, &error)), FG_E_OLD);
    CHECK_HAS(error.text, "changed in the meantime");
    CHECK_INT(CHANGING(fg_user_suspend(sql, "li", true, &stale, &error)), FG_E_OLD);
    CHECK_INT(fg_user_totp_propose(sql, "nobody", secret, &error), FG_E_NOT_FOUND);
    CHECK_OK(fg_user_totp_propose(sql, "li", secret, &error), &error);
    CHECK_INT(CHANGING(fg_user_totp_confirm(sql, "li", code_of(secret, NOW_MS), &stale, &error)), FG_E_OLD);
    CHECK_INT(fg_user_signed_in(sql, "nobody", 1, NOW_MS, &error), FG_E_NOT_FOUND);
    CHECK_HAS(error.text, "user nobody");
    CHECK_INT(fg_user_still(sql, "nobody", 1, &error), FG_E_NOT_FOUND);
    CHECK_INT(fg_user_still(sql, "li", 2, &error), FG_E_OLD);
    CHECK_TEXT(found(sql, "li").role, "auditor");
    CHECK(!found(sql, "li").suspended && !found(sql, "li").totp);
    CHECK_INT(found(sql, "li").version, 1);
    CHECK_INT(found(sql, "li").signed_in_ms, 0);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT COUNT(*) FROM web_user_change"), 1);
    stale.version = 1;
    CHECK_OK(CHANGING(fg_user_role_set(sql, "li", "registrar", &stale, &error)), &error);
    CHECK_OK(CHANGING(fg_user_suspend(sql, "li", true, &by, &error)), &error);
    CHECK_INT(fg_user_still(sql, "li", 3, &error), FG_E_OLD); /* suspended */
    fg_sql_close(sql);
}

TEST("a second factor's code is good for its own step and its neighbours, once each, and none before it")
{
    struct fg_sql *sql = with_user(false);
    uint8_t secret[FG_TOTP_SECRET_BYTES] = {7};
    int64_t later = NOW_MS + 10 * FG_TOTP_STEP_MS;

    CHECK_OK(fg_user_totp_propose(sql, "li", secret, &error), &error);
    CHECK_OK(CHANGING(fg_user_totp_confirm(sql, "li", code_of(secret, NOW_MS), &by, &error)), &error);
    CHECK_INT(fg_user_totp_use(sql, "li", code_of(secret, later - 2 * FG_TOTP_STEP_MS), later, &error),
              FG_E_AUTH);
    CHECK_INT(fg_user_totp_use(sql, "li", code_of(secret, later + 2 * FG_TOTP_STEP_MS), later, &error),
              FG_E_AUTH);
    CHECK_OK(fg_user_totp_use(sql, "li", code_of(secret, later - FG_TOTP_STEP_MS), later, &error), &error);
    CHECK_INT(fg_user_totp_use(sql, "li", code_of(secret, later - FG_TOTP_STEP_MS), later, &error),
              FG_E_AUTH);
    CHECK_OK(fg_user_totp_use(sql, "li", code_of(secret, later + FG_TOTP_STEP_MS), later, &error), &error);
    CHECK_INT(fg_user_totp_use(sql, "li", code_of(secret, later), later, &error), FG_E_AUTH);
    CHECK_INT(fg_fixture_sql_number(sql, "SELECT totp_step FROM web_user"), later / FG_TOTP_STEP_MS + 1);
    /* A secret of another length is none that a code could fit. */
    fg_fixture_sql_run(sql, "UPDATE web_user SET totp_secret = x'0102'");
    CHECK_INT(fg_user_totp_use(sql, "li", code_of(secret, later + 3 * FG_TOTP_STEP_MS),
                               later + 3 * FG_TOTP_STEP_MS, &error),
              FG_E_AUTH);
    fg_fixture_sql_run(sql, "UPDATE web_user SET totp_secret = '', totp_pending = x'0102'");
    CHECK_INT(CHANGING(fg_user_totp_confirm(sql, "li", "123456", &by, &error)), FG_E_STATE);
    fg_sql_close(sql);
}

static bool login_add(void *context, const struct fg_user *user)
{
    (void)strcat(strcat(context, user->user), " ");
    return strcmp(user->user, "wu") != 0;
}

TEST("users are listed in order, until the visitor has enough")
{
    struct fg_sql *sql = with_user(false);
    char text[100] = "";

    CHECK_OK(CHANGING(fg_user_add(sql, "an", "An", "supervisor", "h", true, &by, &error)), &error);
    CHECK_OK(fg_user_each(sql, login_add, text, &error), &error);
    CHECK_TEXT(text, "an li ");
    CHECK_OK(CHANGING(fg_user_add(sql, "wu", "Wu", "supervisor", "h", true, &by, &error)), &error);
    CHECK_OK(CHANGING(fg_user_add(sql, "xi", "Xi", "supervisor", "h", true, &by, &error)), &error);
    text[0] = '\0';
    CHECK_OK(fg_user_each(sql, login_add, text, &error), &error);
    CHECK_TEXT(text, "an li wu ");
    fg_sql_close(sql);
}

/* ---- a database that fails ---- */

static int fault_which;
static uint8_t fault_secret[FG_TOTP_SECRET_BYTES] = {3};

static enum fg_err user_change(struct fg_sql *sql, struct fg_error *ret_error)
{
    switch (fault_which) {
    case 0:
        return fg_user_add(sql, "wu", "Wu", "auditor", "h", true, &by, ret_error);
    case 1:
        return fg_user_role_set(sql, "wu", "registrar", &by, ret_error);
    case 2:
        return fg_user_suspend(sql, "wu", false, &by, ret_error);
    case 3:
        return fg_user_password_set(sql, "wu", "h2", false, &by, ret_error);
    case 4:
        return fg_user_totp_propose(sql, "wu", fault_secret, ret_error);
    case 5:
        return fg_user_totp_confirm(sql, "wu", code_of(fault_secret, NOW_MS), &by, ret_error);
    case 6:
        return fg_user_totp_use(sql, "wu", code_of(fault_secret, NOW_MS + 60000), NOW_MS + 60000, ret_error);
    case 7:
        return fg_user_totp_off(sql, "wu", &by, ret_error);
    case 8:
        return fg_user_signed_in(sql, "wu", 6, NOW_MS, ret_error);
    default:
        return fg_user_still(sql, "wu", 6, ret_error);
    }
}

static enum fg_err change_once(void *context, struct fg_sql *sql, struct fg_error *ret_error)
{
    enum fg_err result = fg_sql_begin(sql, ret_error);

    (void)context;
    if (result == FG_OK)
        result = user_change(sql, ret_error);
    if (result == FG_OK)
        return fg_sql_commit(sql, ret_error);
    fg_sql_rollback(sql);
    return result;
}

static enum fg_err find_once(void *context, struct fg_sql *sql, struct fg_error *ret_error)
{
    struct fg_user user;
    int count = 0;
    enum fg_err result = fg_user_find(sql, "li", &user, NULL, ret_error);

    (void)context;
    return result == FG_OK ? fg_user_each(sql, count_one, &count, ret_error) : result;
}

TEST("whatever is changed of a user, a database that fails leaves it as it was")
{
    struct fg_sql *sql = with_user(false);

    for (fault_which = 0; fault_which < 10; fault_which++)
        fg_fault_each(sql, fg_test_path("bureau.db"), FG_OK, change_once, NULL);
    fg_fault_each(sql, fg_test_path("bureau.db"), FG_OK, find_once, NULL);
    CHECK_INT(found(sql, "wu").version, 6);
    fg_sql_close(sql);
}

/* ---- somebody else at the same moment ---- */

static struct fg_sql *other;
static enum fg_err other_result;

static void other_uses(void *context)
{
    struct fg_error ignored;

    other_result = fg_user_totp_use(other, "li", context, NOW_MS + 300000, &ignored);
}

TEST("a code of the second factor that two use at the same moment is good for one of them")
{
    struct fg_sql *sql = with_user(false);
    bool came = true;

    CHECK_OK(fg_user_totp_propose(sql, "li", fault_secret, &error), &error);
    CHECK_OK(CHANGING(fg_user_totp_confirm(sql, "li", code_of(fault_secret, NOW_MS), &by, &error)), &error);
    other = fg_fault_other(fg_test_path("bureau.db"));
    for (unsigned nth = 1; came; nth++) {
        char code[8];
        enum fg_err result;

        (void)snprintf(code, sizeof(code), "%s", code_of(fault_secret, NOW_MS + 300000));
        fg_fixture_sql_run(sql, "UPDATE web_user SET totp_step = 1");
        other_result = FG_E_BUSY;
        fg_fault_meanwhile(sql, nth, other_uses, code);
        result = fg_user_totp_use(sql, "li", code, NOW_MS + 300000, &error);
        came = fg_fault_end(sql);
        CHECK_INT((result == FG_OK) + (other_result == FG_OK), 1);
        CHECK(result == FG_OK || result == FG_E_AUTH);
    }
    fg_sql_close(other);
    fg_sql_close(sql);
}
