/* The life of the bureau's server of pages (web_server.h). */
#include "host/bureau/server/web_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/api/account/trail_pages.h"
#include "host/bureau/api/audit/exports.h"
#include "host/bureau/api/audit/verifications.h"
#include "host/bureau/server/web_routes.h"
#include "host/bureau/web/web_call.h"
#include "host/bureau/web/web_shared.h"
#include "lib/net/page/page_headers.h"

#define POOL_SIZE 6
#define FIRST_REQUEST_MAX_MS 10000
#define BY_ADDRESS_PER_MINUTE 3000 /* an office behind one address */
#define BY_ADDRESS_BURST 600
#define SIGN_IN_PER_MINUTE 20
#define SIGN_IN_BURST 20
#define SIGN_IN_PAIR_PER_MINUTE 3
#define SIGN_IN_PAIR_BURST 10
#define SIGN_IN_USER_PER_MINUTE 6
#define SIGN_IN_USER_BURST 20
#define SIGN_IN_OWN_PER_MINUTE 3
#define SIGN_IN_OWN_BURST 10
#define PUBLIC_PER_MINUTE 30
#define PUBLIC_BURST 15
#define PUBLIC_ALL_PER_MINUTE 1200
#define PUBLIC_ALL_BURST 300

/* ---- start and stop ---- */

/* Only an import may be longer than other requests. */
static void routes_fill(struct fg_web *web)
{
    static const struct {
        const char *method;
        const char *path;
        size_t body_max;
    } bounds[FG_WEB_LISTENER_ROUTES] = {
        {"POST", "/api/v1/registry/*", FG_WEB_IMPORT_BODY_MAX},
        {"GET", "/*", 0},
        {"POST", "/*", FG_WEB_BODY_MAX},
        {"PATCH", "/*", FG_WEB_BODY_MAX},
        {"DELETE", "/*", FG_WEB_BODY_MAX},
    };

    for (size_t i = 0; i < FG_WEB_LISTENER_ROUTES; i++)
        web->routes[i] =
            (struct fg_route){bounds[i].method, bounds[i].path, bounds[i].body_max, false, fg_web_serve, web};
}

static enum fg_err server_start(struct fg_web *web, struct fg_error *error)
{
    const struct fg_web_config *config = web->settings.config;
    bool https = web->names.https;
    struct fg_server_settings settings = {
        .address = config->address,
        .port = config->port,
        .plain = !https,
        .certificate_path = https ? config->certificate_path : NULL,
        .key_path = https ? config->key_path : NULL,
        .now_ms = web->settings.now_ms,
        .now_context = web->settings.context,
        .thread_per_connection = true,
        .connections_max = config->connections_max,
        .request_max_ms = config->request_max_ms,
        .first_request_max_ms = FIRST_REQUEST_MAX_MS,
        .log = web->settings.log,
        .log_context = web->settings.context,
        .routes = web->routes,
        .route_count = FG_WEB_LISTENER_ROUTES,
    };

    settings.headers = fg_page_headers(https, &settings.header_count);
    return fg_server_start(&settings, &web->server, error);
}

static void limits_start(struct fg_web *web)
{
    fg_web_rate_start(&web->by_address, BY_ADDRESS_PER_MINUTE, BY_ADDRESS_BURST);
    fg_web_rate_start(&web->sign_in, SIGN_IN_PER_MINUTE, SIGN_IN_BURST);
    fg_web_rate_start(&web->sign_in_pair, SIGN_IN_PAIR_PER_MINUTE, SIGN_IN_PAIR_BURST);
    fg_web_rate_start(&web->sign_in_user, SIGN_IN_USER_PER_MINUTE, SIGN_IN_USER_BURST);
    fg_web_rate_start(&web->sign_in_own, SIGN_IN_OWN_PER_MINUTE, SIGN_IN_OWN_BURST);
    fg_web_rate_start(&web->sign_in_note, 1, 1);
    fg_web_rate_start(&web->public_by_address, PUBLIC_PER_MINUTE, PUBLIC_BURST);
    fg_web_rate_start(&web->public_all, PUBLIC_ALL_PER_MINUTE, PUBLIC_ALL_BURST);
}

static void web_free(struct fg_web *web)
{
    web->stopping = true;
    fg_server_stop(web->server);
    fg_web_verifier_free(web->verifier);
    fg_web_keeper_free(web->keeper);
    fg_web_exports_free(web->exports);
    fg_sql_pool_free(web->pool);
    fg_web_rate_end(&web->public_all);
    fg_web_rate_end(&web->public_by_address);
    fg_web_rate_end(&web->sign_in_note);
    fg_web_rate_end(&web->sign_in_own);
    fg_web_rate_end(&web->sign_in_user);
    fg_web_rate_end(&web->sign_in_pair);
    fg_web_rate_end(&web->sign_in);
    fg_web_rate_end(&web->by_address);
    (void)pthread_mutex_destroy(&web->publishing);
    (void)pthread_mutex_destroy(&web->starting);
    free(web);
}

static enum fg_err stores_open(struct fg_web *web, struct fg_error *error)
{
    struct fg_sql_settings sql = {.url = web->settings.database_url,
                                  .deadline_ms = web->settings.database_deadline_ms};
    enum fg_err result = fg_sql_pool_new(&sql, POOL_SIZE, &web->pool, error);

    if (result == FG_OK)
        result = fg_web_verifier_new(web, &sql, &web->verifier, error);
    if (result == FG_OK)
        result = fg_web_keeper_new(web, &sql, &web->keeper, error);
    if (result == FG_OK)
        result = fg_web_exports_new(web, &web->exports, error);
    return result;
}

/* The port and with it the names are known only now; requests wait for them. */
static void name_yourself(struct fg_web *web)
{
    web->names.port = fg_server_port(web->server);
    (void)snprintf(web->cookie_name, sizeof(web->cookie_name), "%s",
                   web->names.https ? "__Host-fillgate" : "fillgate");
}

enum fg_err fg_web_start(const struct fg_web_settings *settings, struct fg_web **ret_web,
                         struct fg_error *error)
{
    const struct fg_web_config *config = settings->config;
    struct fg_web *web = calloc(1, sizeof(*web));
    enum fg_err result;

    if (web == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the pages");
    web->settings = *settings;
    (void)pthread_mutex_init(&web->starting, NULL);
    (void)pthread_mutex_init(&web->publishing, NULL);
    limits_start(web);
    routes_fill(web);
    web->table = fg_web_routes(&web->table_count);
    result = fg_web_config_check(config, error);
    if (result == FG_OK)
        result = fg_page_names_make(config->names, config->address, config->port,
                                    config->certificate_path[0] != '\0', &web->names, error);
    if (result == FG_OK)
        result = stores_open(web, error);
    (void)pthread_mutex_lock(&web->starting);
    if (result == FG_OK)
        result = server_start(web, error);
    if (result == FG_OK)
        name_yourself(web);
    (void)pthread_mutex_unlock(&web->starting);
    if (result != FG_OK) {
        web_free(web);
        return result;
    }
    *ret_web = web;
    return FG_OK;
}

uint16_t fg_web_port(const struct fg_web *web)
{
    return web->names.port;
}

enum fg_err fg_web_reload(struct fg_web *web, struct fg_error *error)
{
    return web->names.https ? fg_server_reload(web->server, error) : FG_OK;
}

void fg_web_stop(struct fg_web *web)
{
    if (web != NULL)
        web_free(web);
}
