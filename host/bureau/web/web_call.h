/* One request of the bureau's pages while it is answered, and the table that says what each path takes and
 * who may ask it. Shared by the rooms web and api.
 *
 * The guard (web_guard.c) fills the call; handlers find in it what the table promises: values checked, the
 * user known and permitted, a database object taken, the trail written. Not: the server around it
 * (web_server.h). Relies on: web_parameters.h, https_server.h. A call belongs to one thread. */
#ifndef FG_HOST_BUREAU_WEB_WEB_CALL_H
#define FG_HOST_BUREAU_WEB_WEB_CALL_H

#include "host/bureau/user/rights.h"
#include "host/bureau/user/user_session.h"
#include "host/bureau/web/web_error.h"
#include "host/bureau/web/web_json.h"
#include "host/bureau/web/web_parameters.h"
#include "lib/net/server/https_server.h"

#define FG_WEB_BODY_MAX 16384
#define FG_WEB_IMPORT_BODY_MAX 262144 /* of POST /registry/{kind}/import */
#define FG_WEB_ROUTES_MAX 80

struct fg_web_call;

/* Sets the answer and returns FG_OK; or an error, which the guard answers (web_error.h). */
typedef enum fg_err (*fg_web_handler)(struct fg_web_call *call, struct fg_error *error);

enum fg_web_access {
    FG_WEB_PUBLIC,   /* anybody */
    FG_WEB_OWN,      /* whoever is signed in, also before the password is changed */
    FG_WEB_PERMITTED /* whose role has the right */
};

struct fg_web_route {
    const char *method;
    const char *path; /* pattern (fg_web_path_fits) */
    enum fg_web_access access;
    enum fg_web_right right; /* with FG_WEB_PERMITTED */
    bool no_database;
    const char *action; /* written to the trail before the answer; NULL = not */
    size_t parameter_count;
    const struct fg_web_parameter *parameters; /* those of the path first, in its order */
    fg_web_handler handle;
};

struct fg_web_call {
    struct fg_web *web;
    const struct fg_request *request;
    struct fg_answer *answer;
    const struct fg_web_route *route; /* NULL until found */
    struct fg_web_segments segments;
    struct fg_web_value values[FG_WEB_PARAMETERS_MAX]; /* as route->parameters */
    cJSON *body;
    struct fg_sql *sql;
    bool signed_in;
    struct fg_web_user user;
    int64_t now_ms;
};

/* A value by its name, which the route's table must have. NULL: not given. */
const char *fg_web_text_of(const struct fg_web_call *call, const char *name);
/* The same, "" when it is not given. */
const char *fg_web_text_or_empty(const struct fg_web_call *call, const char *name);
/* The same as number; otherwise when it is not given. */
int64_t fg_web_number_of(const struct fg_web_call *call, const char *name, int64_t otherwise);

/* Answers JSON and ends the tree; 503 when it failed. */
enum fg_err fg_web_answer_json(struct fg_web_call *call, uint16_t status, struct fg_web_json *json);
/* Refuses; detail (may be NULL) is put behind the text in both languages, so it should be short. */
void fg_web_refuse(struct fg_web_call *call, enum fg_web_error error, const char *detail);
/* value must be a literal or of thread storage. */
void fg_web_header(struct fg_web_call *call, const char *name, const char *value);
/* The session's cookie; value "" ends it. */
void fg_web_cookie(struct fg_web_call *call, const char *value);
/* One line for the bureau's log. */
void fg_web_say(const struct fg_web *web, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Who asks, by the request's cookie: fills call->user. FG_E_NOT_FOUND: nobody. */
enum fg_err fg_web_user_find(struct fg_web_call *call, struct fg_error *error);
/* Writes to the trail that the user asks this. */
enum fg_err fg_web_user_note(struct fg_web_call *call, const char *action, const char *detail,
                             struct fg_error *error);

/* Adds to the trail what a change did, within the transaction that is open on call->sql. action: A-Z and '_';
 * subject: what was changed; detail: how, without secrets. */
enum fg_err fg_web_trail_add(struct fg_web_call *call, const char *action, const char *subject,
                             const char *detail, struct fg_error *error);
/* The session's cookie of the request; false: none that could be one. */
bool fg_web_session_cookie(const struct fg_web_call *call, char ret_cookie[FG_WEB_SESSION_DIGITS + 1]);

/* Gives the database object back for a while, for work that takes long without it, and takes one again:
 * FG_E_BUSY leaves call->sql NULL. No transaction may be open. */
void fg_web_database_give(struct fg_web_call *call);
enum fg_err fg_web_database_take(struct fg_web_call *call, struct fg_error *error);

/* The handler of every request to the web listener; context is the struct fg_web. */
void fg_web_serve(void *context, const struct fg_request *request, struct fg_answer *ret_answer);

#endif
