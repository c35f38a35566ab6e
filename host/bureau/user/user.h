/* The people who use the bureau's pages: who they are, their role, what their password is checked against,
 * their second factor, and every change to these.
 *
 * A user has a version, which every change of password, second factor, role or suspension raises by one. What
 * was decided on one version (a password that was checked, a session that was found) counts for that version
 * only: who decides names it, and the write finds out in its own transaction whether it still is so. A change
 * ends the user's sessions.
 *
 * Functions that change run within the caller's open transaction and keep the change in the user's history;
 * callers add it to the trail. Nobody is ever deleted, only suspended, so that old records keep their person.
 * Not: sessions (user_session.h), what a role may (rights.c). Relies on: host/sql, password.h, totp.h. One
 * database object, one thread. */
#ifndef FG_HOST_BUREAU_USER_USER_H
#define FG_HOST_BUREAU_USER_USER_H

#include "host/bureau/user/password.h"
#include "host/bureau/user/totp.h"
#include "host/sql/sql.h"
#include "lib/domain/types.h"

#define FG_USER_NAME_MAX 63

struct fg_user {
    char user[FG_NAME_MAX + 1]; /* what is signed in with: letters, digits, '.', '_', '-' */
    char name[FG_USER_NAME_MAX + 1];
    char role[FG_NAME_MAX + 1];
    bool suspended;
    bool must_change_password;
    bool totp;
    int64_t created_ms;
    int64_t signed_in_ms; /* 0 = never */
    int64_t version;      /* from 1 */
};

/* What a sign-in is checked against. Wipe it. */
struct fg_user_secrets {
    char hash[FG_PASSWORD_HASH_TEXT];
    bool totp;
    uint8_t totp_secret[FG_TOTP_SECRET_BYTES];
    int64_t totp_step; /* the last that was used */
};

struct fg_user_by {
    const char *who;
    const char *why;
    int64_t now_ms;
    int64_t version; /* that the change was decided on; 0 = whatever there is */
};

/* The four roles, ended by NULL. */
extern const char *const fg_user_roles[];
bool fg_user_role_exists(const char *role);

/* FG_E_NOT_FOUND. Outputs may be NULL. */
enum fg_err fg_user_find(struct fg_sql *sql, const char *user, struct fg_user *ret_user,
                         struct fg_user_secrets *ret_secrets, struct fg_error *error);
/* All, in order of user; false of visit ends it. */
typedef bool (*fg_user_visit)(void *context, const struct fg_user *user);
enum fg_err fg_user_each(struct fg_sql *sql, fg_user_visit visit, void *context, struct fg_error *error);

/* FG_E_RANGE: user, name or role cannot be; FG_E_EXISTS. hash: of password.h. */
enum fg_err fg_user_add(struct fg_sql *sql, const char *user, const char *name, const char *role,
                        const char *hash, bool must_change, const struct fg_user_by *by,
                        struct fg_error *error);
/* All below: FG_E_NOT_FOUND: there is no such user; FG_E_OLD: it is not of by->version any longer. */
enum fg_err fg_user_role_set(struct fg_sql *sql, const char *user, const char *role,
                             const struct fg_user_by *by, struct fg_error *error);
enum fg_err fg_user_suspend(struct fg_sql *sql, const char *user, bool suspended, const struct fg_user_by *by,
                            struct fg_error *error);
enum fg_err fg_user_password_set(struct fg_sql *sql, const char *user, const char *hash, bool must_change,
                                 const struct fg_user_by *by, struct fg_error *error);
/* Notes a sign-in of this version of the user, and keeps others from changing the user until the transaction
 * ends: to be called before the session is opened. FG_E_OLD also when the user is suspended. */
enum fg_err fg_user_signed_in(struct fg_sql *sql, const char *user, int64_t version, int64_t now_ms,
                              struct fg_error *error);
/* The user is of this version still and not suspended; held as above. FG_E_OLD. */
enum fg_err fg_user_still(struct fg_sql *sql, const char *user, int64_t version, struct fg_error *error);

/* A secret that is not in force until a code of it has come. FG_E_STATE: a second factor is on already. */
enum fg_err fg_user_totp_propose(struct fg_sql *sql, const char *user,
                                 const uint8_t secret[FG_TOTP_SECRET_BYTES], struct fg_error *error);
/* FG_E_STATE: none was proposed; FG_E_AUTH: the code is wrong. */
enum fg_err fg_user_totp_confirm(struct fg_sql *sql, const char *user, const char *code,
                                 const struct fg_user_by *by, struct fg_error *error);
/* Uses a code up: FG_E_AUTH when it is wrong or was used before, also by somebody at the same moment. */
enum fg_err fg_user_totp_use(struct fg_sql *sql, const char *user, const char *code, int64_t now_ms,
                             struct fg_error *error);
/* No error when it is off already. */
enum fg_err fg_user_totp_off(struct fg_sql *sql, const char *user, const struct fg_user_by *by,
                             struct fg_error *error);

#endif
