/* Bringing the roster from the bureau: GET /v1/roster, verified and kept before it is in force.
 *
 * Not: when (upstream.h). Relies on: roster_kept.h, lib/net/https_client.h. */
#ifndef FG_HOST_STATION_UP_ROSTER_FETCH_H
#define FG_HOST_STATION_UP_ROSTER_FETCH_H

#include "host/station/store/roster_kept.h"
#include "lib/net/https_client.h"

/* *ret_answered: the bureau answered, with whatever. FG_E_NOT_FOUND: it gives no rosters; FG_E_DENIED: not to
 * us; FG_E_BUSY: not now; the errors of fg_https_ask and of fg_station_roster_take. */
enum fg_err fg_station_roster_fetch(struct fg_station_roster *roster, struct fg_https *https,
                                    bool *ret_answered, bool *ret_taken, struct fg_error *error);

#endif
