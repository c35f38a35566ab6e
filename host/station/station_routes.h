/* What the station answers its controllers over HTTPS: journal batches, reports, and what it passes on to the
 * bureau (enrolment, renewal), the key rings that it kept, and the authority's certificates.
 *
 * Each request that needs a certificate is admitted first (admission.h). Not: lists (lib/list/serve), the
 * server itself, where rings and roster come from (upstream.h). Relies on: intake.h,
 * lib/net/server/https_server.h. Handlers run on the server's threads; the store is used by one at a time. */
#ifndef FG_HOST_STATION_STATION_ROUTES_H
#define FG_HOST_STATION_STATION_ROUTES_H

#include "host/station/base/config.h"
#include "host/station/store/roster_kept.h"
#include "host/station/store/store.h"
#include "lib/net/server/https_server.h"

#define FG_STATION_ROUTES 7
#define FG_STATION_PASSED_MAX 16384 /* bytes of a body that is passed on, either way */

struct fg_station_routes;

struct fg_station_routes_settings {
    const struct fg_station_config *config; /* outlives the routes, as the roster */
    struct fg_station_roster *roster;
    int64_t (*list_issued_ms)(void *context, const char *list_id); /* of the list in force; 0 = none */
    int64_t (*now_ms)(void *context);
    void *clock_context;
    void (*wake)(void *context); /* something urgent was stored */
    void *wake_context;
};

/* Opens a store of its own. Errors as fg_station_store_open and fg_https_new. */
enum fg_err fg_station_routes_new(const struct fg_station_routes_settings *settings,
                                  struct fg_station_routes **ret_routes, struct fg_error *error);
void fg_station_routes_free(struct fg_station_routes *routes); /* after the server has stopped; may be NULL */
/* Fills the routes; valid as long as the object. */
void fg_station_routes_fill(struct fg_station_routes *routes, struct fg_route ret_routes[FG_STATION_ROUTES]);
/* As `knows` of the server's settings: a controller that is admitted has a place of its own, however many
 * others with genuine certificates there are. context is the struct fg_station_routes. */
bool fg_station_routes_peer_known(void *context, const struct fg_peer *peer);
/* For fg_listing_new: a controller that is admitted may have the list that the roster gives it. context is
 * the struct fg_station_routes. */
bool fg_station_routes_list_allowed(void *context, const struct fg_peer *peer, const char *list_id);
/* Reads the certificate towards the bureau anew. Any thread. */
enum fg_err fg_station_routes_reload(struct fg_station_routes *routes, struct fg_error *error);

#endif
