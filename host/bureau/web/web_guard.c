/* Whose requests are heard, in one place for every route (web_call.h).
 *
 * The order of the checks: how often, Host, where the request comes from, path and method, session, password,
 * right, token, content type, parameters and body, database, trail. The first that fails is the answer, so
 * that nobody without a session learns anything of parameters. */
#include <mbedtls/constant_time.h>
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/web/web_call.h"
#include "host/bureau/web/web_files.h"
#include "host/bureau/web/web_shared.h"
#include "lib/base/monotime.h"

#define SQL_WAIT_MS 5000
#define TRAIL_DETAIL_BYTES 400

static bool changes(const struct fg_request *request)
{
    return strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0;
}

/* ---- where it comes from ---- */

static enum fg_web_error origin_check(struct fg_web_call *call)
{
    const struct fg_page_names *names = &call->web->names;
    const char *origin = fg_request_header(call->request, "Origin");

    if (!fg_web_rate_take(&call->web->by_address, call->request->peer->address, fg_mono_ms()))
        return FG_WEB_E_TOO_MANY;
    if (!fg_page_host_fits(names, fg_request_header(call->request, "Host")))
        return FG_WEB_E_HOST;
    if ((origin != NULL || changes(call->request)) && !fg_page_origin_fits(names, origin))
        return FG_WEB_E_ORIGIN;
    if (changes(call->request) && !fg_page_site_fits(fg_request_header(call->request, "Sec-Fetch-Site")))
        return FG_WEB_E_ORIGIN;
    return FG_WEB_FINE;
}

/* ---- the route ---- */

static bool method_fits(const char *route, const char *method)
{
    return strcmp(route, method) == 0 || (strcmp(method, "HEAD") == 0 && strcmp(route, "GET") == 0);
}

static enum fg_web_error route_find(struct fg_web_call *call)
{
    static _Thread_local char allow[64];
    struct fg_web_segments segments;
    size_t used = 0;
    const struct fg_web_route *routes = call->web->table;

    allow[0] = '\0';
    for (size_t i = 0; i < call->web->table_count; i++) {
        if (!fg_web_path_fits(routes[i].path, call->request->path, &segments))
            continue;
        if (method_fits(routes[i].method, call->request->method)) {
            call->route = &routes[i];
            call->segments = segments;
            return FG_WEB_FINE;
        }
        if (used < sizeof(allow) - 10)
            used += (size_t)snprintf(allow + used, sizeof(allow) - used, "%s%s", used > 0 ? ", " : "",
                                     routes[i].method);
    }
    if (used == 0)
        return FG_WEB_E_NOT_FOUND;
    fg_web_header(call, "Allow", allow);
    return FG_WEB_E_METHOD;
}

/* ---- who asks ---- */

static enum fg_web_error token_check(const struct fg_web_call *call)
{
    const char *token = fg_request_header(call->request, "X-Fillgate-Token");

    if (token == NULL || strlen(token) != strlen(call->user.token) ||
        mbedtls_ct_memcmp(token, call->user.token, strlen(token)) != 0)
        return FG_WEB_E_TOKEN;
    return FG_WEB_FINE;
}

static enum fg_web_error user_check(struct fg_web_call *call)
{
    struct fg_error error = {0};
    enum fg_err result = fg_web_user_find(call, &error);

    if (result != FG_OK && result != FG_E_NOT_FOUND) {
        fg_web_say(call->web, "session: %s", error.text);
        return FG_WEB_E_BUSY;
    }
    call->signed_in = result == FG_OK;
    fg_request_vouch(call->request, call->signed_in ? call->user.user : NULL);
    if (call->route->access == FG_WEB_PUBLIC)
        return FG_WEB_FINE;
    if (!call->signed_in)
        return FG_WEB_E_NOT_SIGNED_IN;
    if (call->route->access == FG_WEB_PERMITTED && call->user.must_change_password)
        return FG_WEB_E_PASSWORD_CHANGE_NEEDED;
    if (call->route->access == FG_WEB_PERMITTED && !fg_web_user_may(&call->user, call->route->right))
        return FG_WEB_E_FORBIDDEN;
    return changes(call->request) ? token_check(call) : FG_WEB_FINE;
}

/* ---- what it says ---- */

struct query {
    struct fg_web_call *call;
    struct fg_error *error;
    enum fg_err result;
};

static bool query_take(void *context, const char *name, const char *value)
{
    struct query *query = context;
    const struct fg_web_route *route = query->call->route;

    query->result = fg_web_query_take(route->parameters, route->parameter_count, name, value,
                                      query->call->values, query->error);
    return query->result == FG_OK;
}

static bool has_body(const struct fg_web_route *route)
{
    for (size_t i = 0; i < route->parameter_count; i++) {
        if (route->parameters[i].place == FG_WEB_BODY)
            return true;
    }
    return false;
}

static enum fg_web_error body_take(struct fg_web_call *call, struct fg_error *error)
{
    const struct fg_web_route *route = call->route;
    const struct fg_request *request = call->request;
    enum fg_err result;

    if (!has_body(route)) {
        if (request->body_length == 0)
            return FG_WEB_FINE;
        (void)fg_fail(error, FG_E_FORMAT, "none is expected");
        return FG_WEB_E_BAD_BODY;
    }
    if (!fg_page_type_fits(fg_request_header(request, "Content-Type")))
        return FG_WEB_E_BODY_TYPE;
    result = fg_web_body_take(route->parameters, route->parameter_count, request->body, request->body_length,
                              call->values, &call->body, error);
    if (result == FG_E_FORMAT)
        return FG_WEB_E_BAD_BODY;
    return fg_web_error_of(result);
}

static enum fg_web_error values_take(struct fg_web_call *call, struct fg_error *error)
{
    const struct fg_web_route *route = call->route;
    struct query query = {call, error, FG_OK};
    enum fg_web_error refusal;
    enum fg_err result =
        fg_web_segments_take(route->parameters, route->parameter_count, &call->segments, call->values, error);

    if (result == FG_OK) {
        (void)fg_request_query_each(call->request, query_take, &query);
        result = query.result;
    }
    if (result != FG_OK)
        return FG_WEB_E_BAD_PARAMETER;
    refusal = body_take(call, error);
    if (refusal == FG_WEB_FINE &&
        fg_web_values_check(route->parameters, route->parameter_count, call->values, error) != FG_OK)
        refusal = FG_WEB_E_BAD_PARAMETER;
    return refusal;
}

/* ---- the trail ---- */

/* What was asked, as "code=... plate=...", without secrets. */
static void detail_write(const struct fg_web_call *call, char text[TRAIL_DETAIL_BYTES])
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < call->route->parameter_count && used < TRAIL_DETAIL_BYTES; i++) {
        const struct fg_web_parameter *parameter = &call->route->parameters[i];
        const struct fg_web_value *value = &call->values[i];

        if (value->text == NULL || parameter->type == FG_WEB_SECRET || parameter->type == FG_WEB_LINES)
            continue;
        used += (size_t)(parameter->type == FG_WEB_NUMBER
                             ? snprintf(text + used, TRAIL_DETAIL_BYTES - used, "%s%s=%lld",
                                        used > 0 ? " " : "", parameter->name, (long long)value->number)
                             : snprintf(text + used, TRAIL_DETAIL_BYTES - used, "%s%s=%s",
                                        used > 0 ? " " : "", parameter->name, value->text));
    }
}

static enum fg_err trail_write(struct fg_web_call *call, struct fg_error *error)
{
    char detail[TRAIL_DETAIL_BYTES];

    if (call->route->action == NULL)
        return FG_OK;
    detail_write(call, detail);
    return fg_web_user_note(call, call->route->action, detail, error);
}

/* ---- from request to answer ---- */

static enum fg_web_error database_take(struct fg_web_call *call)
{
    if (call->route->no_database)
        return FG_WEB_FINE;
    call->sql = fg_sql_pool_take(call->web->pool, SQL_WAIT_MS);
    return call->sql != NULL ? FG_WEB_FINE : FG_WEB_E_BUSY;
}

static enum fg_web_error admit(struct fg_web_call *call, struct fg_error *error)
{
    enum fg_web_error refusal = origin_check(call);

    if (refusal == FG_WEB_FINE)
        refusal = route_find(call);
    if (refusal == FG_WEB_FINE)
        refusal = database_take(call);
    if (refusal == FG_WEB_FINE && call->sql != NULL)
        refusal = user_check(call);
    if (refusal == FG_WEB_FINE)
        refusal = values_take(call, error);
    return refusal;
}

/* Numbers of failed calls are for the log; their texts may tell of the inside. */
static void failure_answer(struct fg_web_call *call, enum fg_err result, const struct fg_error *error)
{
    enum fg_web_error refusal = fg_web_error_of(result);

    if (refusal == FG_WEB_E_FAILED || refusal == FG_WEB_E_BUSY) {
        fg_web_say(call->web, "%s %s: %s (%s)", call->request->method, call->request->path, error->text,
                   fg_err_name(result));
        fg_web_refuse(call, refusal, NULL);
    } else {
        fg_web_refuse(call, refusal, error->text);
    }
}

static void call_end(struct fg_web_call *call)
{
    for (cJSON *member = call->body != NULL ? call->body->child : NULL; member != NULL;
         member = member->next) {
        if (cJSON_IsString(member))
            mbedtls_platform_zeroize(member->valuestring, strlen(member->valuestring));
    }
    cJSON_Delete(call->body);
    if (call->sql != NULL)
        fg_sql_pool_give(call->web->pool, call->sql);
    mbedtls_platform_zeroize(&call->user, sizeof(call->user));
}

static void api_serve(struct fg_web_call *call)
{
    struct fg_error error = {0};
    enum fg_web_error refusal = admit(call, &error);
    enum fg_err result;

    if (refusal == FG_WEB_FINE) {
        result = trail_write(call, &error);
        if (result == FG_OK)
            result = call->route->handle(call, &error);
        if (result != FG_OK)
            failure_answer(call, result, &error);
    } else {
        fg_web_refuse(call, refusal, error.text);
    }
    call_end(call);
}

static bool is_file(const char *path)
{
    return strncmp(path, "/api/", 5) != 0 && strncmp(path, "/public/", 8) != 0;
}

static void file_serve(struct fg_web_call *call)
{
    enum fg_web_error refusal = origin_check(call);

    if (refusal == FG_WEB_FINE && changes(call->request))
        refusal = FG_WEB_E_METHOD;
    if (refusal == FG_WEB_FINE && !fg_web_file_answer(call))
        refusal = FG_WEB_E_NOT_FOUND;
    if (refusal != FG_WEB_FINE)
        fg_web_refuse(call, refusal, NULL);
}

void fg_web_serve(void *context, const struct fg_request *request, struct fg_answer *ret_answer)
{
    struct fg_web *web = context;
    struct fg_web_call call = {.web = web, .request = request, .answer = ret_answer};

    /* Until the listener's port is known, its names are not. */
    (void)pthread_mutex_lock(&web->starting);
    (void)pthread_mutex_unlock(&web->starting);
    call.now_ms = web->settings.now_ms(web->settings.context);
    if (is_file(request->path))
        file_serve(&call);
    else
        api_serve(&call);
}
