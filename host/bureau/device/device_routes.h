/* What fillgate-bureau answers: the table of its routes and their handlers.
 *
 * Not: taking in (ingest.h), reports (reports.h), enrolment (enrol_routes.h), lists (lib/list/serve), which
 * the handlers call. Relies on: lib/net/server/https_server.h. Handlers run on the server's threads. */
#ifndef FG_HOST_BUREAU_DEVICE_DEVICE_ROUTES_H
#define FG_HOST_BUREAU_DEVICE_DEVICE_ROUTES_H

#include <pthread.h>

#include "host/bureau/audit/bureau_verifier.h"
#include "host/bureau/device/enrolment.h"
#include "host/bureau/journal/ingest.h"
#include "host/bureau/watch/alarm_thread.h"
#include "host/sql/sql_pool.h"
#include "lib/list/serve/list_routes.h"

#define FG_BUREAU_ROUTES_MAX 16

/* Everything that requests of devices need. The main program makes it and takes it apart; the texts are its
 * own. */
struct fg_bureau {
    struct fg_sql_pool *pool;
    struct fg_alarm_thread *watcher;
    struct fg_bureau_verifier *verifier;
    struct fg_listing *listing;
    struct fg_private_key receipt_key;
    struct fg_ingest_settings ingest;
    pthread_mutex_t enrolment_lock; /* of the authority: one at a time */
    struct fg_ca *ca;               /* NULL: nobody can join here */
    uint32_t certificate_days;
    const char *ca_path;
    const char *keyring_path; /* folder or file of rings; "" = none */
    struct fg_public_key list_keys[2];
    size_t list_key_count;
    struct fg_own_names own_names; /* of its servers; under the enrolment lock once requests are served */
    int64_t (*now_ms)(void *context);
    void (*log)(void *context, const char *line);
};

/* Fills the table; returns how many routes. context of all of them is bureau. */
size_t fg_bureau_routes(struct fg_bureau *bureau, struct fg_route ret_routes[FG_BUREAU_ROUTES_MAX]);

/* For fg_listing_new: an admitted device may fetch its own list, a station also its controllers'. context is
 * the struct fg_bureau. */
bool fg_bureau_list_allowed(void *context, const struct fg_peer *peer, const char *list_id);

#endif
