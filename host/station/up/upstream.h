/* Everything that the station does towards the bureau, on one thread of its own: forwarding entries, fetching
 * key rings, rosters and lists, reporting, keeping heads of its trail (head_witness.h), renewing the
 * certificate, and knowing how long it has been alone.
 *
 * Not: what is forwarded when (forward.h), serving controllers (station_routes.h). Relies on:
 * lib/net/https_client.h, lib/list, lib/list/serve. The thread has its own store object. */
#ifndef FG_HOST_STATION_UP_UPSTREAM_H
#define FG_HOST_STATION_UP_UPSTREAM_H

#include "host/station/base/config.h"
#include "host/station/store/roster_kept.h"
#include "host/station/store/store.h"
#include "host/station/up/station_keys.h"
#include "lib/list/serve/list_routes.h"

struct fg_upstream;

/* config, listing, roster and clock outlive it. now_ms: the wall clock, as far as it may be right;
 * list_dated is told when the list in force in each place was issued. FG_E_IO, FG_E_FORMAT, FG_E_DENIED,
 * FG_E_AUTH (certificates, keys), and the store's. */
struct fg_upstream_settings {
    const struct fg_station_config *config;
    struct fg_listing *listing;
    struct fg_station_roster *roster;
    const struct fg_station_keys *keys; /* as started; copied */
    int64_t (*now_ms)(void *context);
    void (*list_dated)(void *context, size_t index, int64_t issued_ms);
    void *clock_context;
    void (*renewed)(void *context); /* the certificate's file is new; from the thread; may be NULL */
    void *renewed_context;
    const char *version;
};
enum fg_err fg_upstream_start(const struct fg_upstream_settings *settings, struct fg_upstream **ret_upstream,
                              struct fg_error *error);

/* Something urgent was stored. Any thread. */
void fg_upstream_wake(struct fg_upstream *upstream);
/* Read certificate and key anew for the next connection. Any thread. */
void fg_upstream_reload(struct fg_upstream *upstream);
/* Asks the thread to end and waits for it at most wait_max_ms. false: it is still in a request; then nothing
 * was freed and the process had better end (whatever counts is on the disk). */
bool fg_upstream_stop(struct fg_upstream *upstream, uint32_t wait_max_ms);

/* The settings of a connection to the bureau. */
struct fg_https_settings fg_station_https_settings(const struct fg_station_config *config,
                                                   int64_t (*now_ms)(void *context), void *now_context);

#endif
