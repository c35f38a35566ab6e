/* Requests of the HTTPS server: who asks, which route, the body within its bound, the handler
 * (private.h).
 *
 * Not: what routes mean, how answers are sent (server_answer.c). Relies on: libmicrohttpd. Runs on the
 * library's threads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/net/server/private.h"

#define BODY_FIRST_BYTES 4096
#define DISCARD_MAX 65536 /* of a body of unknown length behind its bound, so that it can be told 413 */
#define ALLOW_BYTES 64

/* ---- the target ---- */

static bool segment_is_dots(const char *segment, size_t length)
{
    return (length == 1 && segment[0] == '.') || (length == 2 && segment[0] == '.' && segment[1] == '.');
}

/* A decoded path without characters that mean something to file systems, shells or logs. */
static bool path_is_harmless(const char *path)
{
    if (path[0] != '/')
        return false;
    for (const unsigned char *at = (const unsigned char *)path; *at != '\0'; at++) {
        if (*at < 0x20 || *at == 0x7f || *at == '\\')
            return false;
    }
    for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
        if (segment_is_dots(slash + 1, strcspn(slash + 1, "/")))
            return false;
    }
    return true;
}

uint16_t fg_server_target_check(const char *target)
{
    char path[FG_SERVER_PATH_MAX + 1];
    size_t path_length = strcspn(target, "?");

    if (strlen(target) > 2 * (size_t)FG_SERVER_PATH_MAX || path_length > FG_SERVER_PATH_MAX)
        return 414;
    if (strstr(target, "%00") != NULL)
        return 400;
    memcpy(path, target, path_length);
    path[path_length] = '\0';
    (void)MHD_http_unescape(path);
    return path_is_harmless(path) ? 0 : 400;
}

static struct fg_server_connection *connection_of(struct MHD_Connection *library)
{
    const union MHD_ConnectionInfo *info =
        library == NULL ? NULL : MHD_get_connection_info(library, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}

void *fg_server_request_uri(void *server, const char *uri, struct MHD_Connection *library)
{
    struct fg_server_connection *connection = connection_of(library);

    (void)server;
    if (connection != NULL) {
        fg_server_connection_forget_request(connection);
        connection->uri_status = fg_server_target_check(uri);
    }
    return NULL;
}

/* ---- refusals ---- */

static enum MHD_Result refuse(struct fg_server_connection *connection, struct MHD_Connection *library,
                              uint16_t status, const char *reason, const char *allow)
{
    struct fg_answer answer = {.status = 500, .file_descriptor = -1, .close = true};

    fg_answer_text(&answer, status, "%s", reason);
    fg_server_log_line(&connection->server->log, fg_server_now_mono_ms(), "%s: %u: %s", connection->address,
                       status, reason);
    return fg_server_answer_send(connection, library, &answer, allow);
}

/* Establishes the peer at the connection's first request, and tests the date again at each further one. */
static void know_peer(struct fg_server_connection *connection, struct MHD_Connection *library)
{
    struct fg_server *server = connection->server;
    int64_t now_ms = server->settings.now_ms(server->settings.now_context);
    struct fg_peer peer = {.kind = FG_PEER_NONE};
    const union MHD_ConnectionInfo *info;
    char party[FG_PARTY_MAX + 1];
    enum fg_err result = FG_OK;

    if (connection->peer_known) {
        if (connection->peer.kind == FG_PEER_CERTIFIED && now_ms > connection->peer.not_after_ms)
            (void)fg_fail(&connection->refusal, FG_E_EXPIRED,
                          "client certificate: expired during this connection; renew it");
        return;
    }
    connection->peer_known = true;
    if (!server->settings.plain) {
        info = MHD_get_connection_info(library, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        result =
            info == NULL
                ? fg_fail(&connection->refusal, FG_E_STATE, "client certificate: no TLS session")
                : fg_server_tls_peer(&server->tls, info->tls_session, now_ms, &peer, &connection->refusal);
    }
    if (result != FG_OK) {
        (void)pthread_mutex_lock(&server->mutex);
        server->counts.refused_certificates++;
        (void)pthread_mutex_unlock(&server->mutex);
        return;
    }
    (void)strcpy(peer.address, connection->address);
    connection->peer = peer;
    if (peer.kind == FG_PEER_CERTIFIED &&
        (server->settings.knows == NULL || server->settings.knows(server->settings.knows_context, &peer))) {
        (void)snprintf(party, sizeof(party), "%s/%s", peer.role, peer.id);
        fg_server_connection_prove(connection, party);
    }
}

/* ---- routes ---- */

static bool path_fits(const struct fg_route *route, const char *path)
{
    size_t length = strlen(route->path);

    if (length > 0 && route->path[length - 1] == '*')
        return strncmp(route->path, path, length - 1) == 0;
    return strcmp(route->path, path) == 0;
}

static bool method_fits(const struct fg_route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(method, MHD_HTTP_METHOD_HEAD) == 0 && strcmp(route->method, MHD_HTTP_METHOD_GET) == 0);
}

/* The first route that fits; NULL with *ret_allow "" (404) or the methods that the path has (405). */
static const struct fg_route *find_route(const struct fg_server_settings *settings, const char *path,
                                         const char *method, char ret_allow[ALLOW_BYTES])
{
    size_t used = 0;

    ret_allow[0] = '\0';
    for (size_t i = 0; i < settings->route_count; i++) {
        const struct fg_route *route = &settings->routes[i];

        if (!path_fits(route, path))
            continue;
        if (method_fits(route, method))
            return route;
        if (used + strlen(route->method) + 3 < ALLOW_BYTES)
            used += (size_t)snprintf(ret_allow + used, ALLOW_BYTES - used, "%s%s", used > 0 ? ", " : "",
                                     route->method);
    }
    return NULL;
}

/* ---- the body ---- */

static const char *header_of(struct MHD_Connection *library, const char *name)
{
    return MHD_lookup_connection_value(library, MHD_HEADER_KIND, name);
}

/* The announced length is larger than the bound. The library has refused lengths that are no numbers. */
static bool announced_too_long(struct MHD_Connection *library, size_t bound)
{
    const char *length = header_of(library, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return length != NULL && strtoull(length, NULL, 10) > bound;
}

/* False: the connection has to end, without memory or beyond all bounds. */
static bool take_body(struct fg_server_connection *connection, const char *bytes, size_t length)
{
    size_t bound = connection->route->body_max;
    size_t needed = connection->body_length + length;
    size_t capacity = connection->body_capacity;
    uint8_t *larger;

    if (connection->body_discarded > 0 || length > bound - connection->body_length) {
        connection->body_discarded += length;
        return connection->body_discarded <= DISCARD_MAX;
    }
    if (needed > capacity) {
        capacity = capacity < BODY_FIRST_BYTES ? BODY_FIRST_BYTES : capacity * 2;
        if (capacity < needed)
            capacity = needed;
        if (capacity > bound)
            capacity = bound;
        larger = realloc(connection->body, capacity);
        if (larger == NULL)
            return false;
        connection->body = larger;
        connection->body_capacity = capacity;
    }
    memcpy(connection->body + connection->body_length, bytes, length);
    connection->body_length = needed;
    return true;
}

/* ---- from headers to answer ---- */

static enum MHD_Result begin_request(struct fg_server_connection *connection, struct MHD_Connection *library,
                                     const char *path, const char *method)
{
    char allow[ALLOW_BYTES];
    const struct fg_route *route;
    const char *unclear;

    fg_server_connection_asked(connection);
    know_peer(connection, library);
    if (connection->refusal.code != FG_OK)
        return refuse(connection, library, 403, connection->refusal.text, NULL);
    if (fg_server_stopping(connection->server))
        return refuse(connection, library, 503, "the server is stopping; try again", NULL);
    if (connection->uri_status == 414)
        return refuse(connection, library, 414, "the request's target is too long", NULL);
    if (connection->uri_status != 0)
        return refuse(connection, library, 400, "the request's path has characters that no path here has",
                      NULL);
    unclear = fg_server_fields_check(library);
    if (unclear != NULL)
        return refuse(connection, library, 400, unclear, NULL);
    route = find_route(&connection->server->settings, path, method, allow);
    if (route == NULL && allow[0] == '\0')
        return refuse(connection, library, 404, "there is nothing at this path", NULL);
    if (route == NULL)
        return refuse(connection, library, 405, "this path does not know this method", allow);
    if (route->certificate_needed && connection->peer.kind != FG_PEER_CERTIFIED)
        return refuse(connection, library, 401, "this path needs a client certificate; enrol first", NULL);
    if (announced_too_long(library, route->body_max))
        return refuse(connection, library, 413, "the request's body is larger than this path takes", NULL);
    connection->route = route;
    return MHD_YES;
}

static enum MHD_Result handle_request(struct fg_server_connection *connection, struct MHD_Connection *library,
                                      const char *path, const char *method)
{
    static const uint8_t nothing[1];
    struct fg_answer answer = {.status = 500, .file_descriptor = -1};
    struct fg_request request = {.method = method,
                                 .path = path,
                                 .peer = &connection->peer,
                                 .body = connection->body != NULL ? connection->body : nothing,
                                 .body_length = connection->body_length,
                                 .library = library};

    if (connection->body_discarded > 0)
        return refuse(connection, library, 413, "the request's body is larger than this path takes", NULL);
    fg_server_connection_enter(connection, FG_SERVER_HANDLING);
    connection->route->handler(connection->route->context, &request, &answer);
    /* The body may be large; the answer may take long. */
    fg_server_connection_forget_body(connection);
    fg_server_connection_enter(connection, FG_SERVER_ANSWERING);
    return fg_server_answer_send(connection, library, &answer, NULL);
}

enum MHD_Result fg_server_request_part(void *server, struct MHD_Connection *library, const char *url,
                                       const char *method, const char *version, const char *upload,
                                       size_t *upload_length, void **context)
{
    struct fg_server_connection *connection = connection_of(library);

    (void)server;
    (void)version;
    (void)context;
    if (connection == NULL)
        return MHD_NO;
    if (!connection->began) {
        connection->began = true;
        return begin_request(connection, library, url, method);
    }
    if (*upload_length == 0)
        return handle_request(connection, library, url, method);
    if (!take_body(connection, upload, *upload_length)) {
        fg_server_log_line(&connection->server->log, fg_server_now_mono_ms(),
                           "%s: its request's body is endless or does not fit into memory: closed",
                           connection->address);
        return MHD_NO;
    }
    *upload_length = 0;
    return MHD_YES;
}

void fg_server_request_end(void *server, struct MHD_Connection *library, void **context,
                           enum MHD_RequestTerminationCode how)
{
    struct fg_server *owner = server;
    struct fg_server_connection *connection = connection_of(library);

    (void)context;
    if (how == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        (void)pthread_mutex_lock(&owner->mutex);
        owner->counts.requests++;
        (void)pthread_mutex_unlock(&owner->mutex);
    }
    if (connection == NULL)
        return;
    fg_server_connection_forget_request(connection);
    fg_server_connection_enter(connection, FG_SERVER_READING);
}

/* ---- for handlers ---- */

void fg_request_vouch(const struct fg_request *request, const char *party)
{
    struct fg_server_connection *connection = connection_of(request->library);

    if (connection != NULL)
        fg_server_connection_prove(connection, party);
}

const char *fg_request_query(const struct fg_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->library, MHD_GET_ARGUMENT_KIND, name);
}

const char *fg_request_header(const struct fg_request *request, const char *name)
{
    return header_of(request->library, name);
}

struct query_visit {
    fg_query_visit visit;
    void *context;
    bool all;
};

static enum MHD_Result query_visit(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct query_visit *visit = context;

    (void)kind;
    visit->all = visit->visit(visit->context, name, value);
    return visit->all ? MHD_YES : MHD_NO;
}

bool fg_request_query_each(const struct fg_request *request, fg_query_visit visit, void *context)
{
    struct query_visit visiting = {.visit = visit, .context = context, .all = true};

    (void)MHD_get_connection_values(request->library, MHD_GET_ARGUMENT_KIND, query_visit, &visiting);
    return visiting.all;
}
