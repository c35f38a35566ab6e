/* Whom the station serves, and with what: the bureau's roster decides at every request.
 *
 * A controller on the roster is served. One that is suspended still hands in its journal and its reports,
 * since what it signed must not be lost, and gets only a list that was made after the suspension, which stops
 * its points. Whoever is not on the roster, or comes with other keys, is refused; when the bureau has not
 * been asked just now, he is told to come again, for he may have joined since. While there is no roster yet
 * (a station that was just made or brought up to this version), the controllers whose journals are held here
 * are served, and nobody else. Not: HTTP (station_routes.h), where the roster comes from (upstream.h). Relies
 * on: roster_kept.h, store.h. */
#ifndef FG_HOST_STATION_ADMISSION_H
#define FG_HOST_STATION_ADMISSION_H

#include "host/station/store/roster_kept.h"
#include "host/station/store/store.h"

struct fg_station_standing {
    bool on_roster;                 /* false: there is no roster yet */
    struct fg_roster_device device; /* when on_roster */
};

/* FG_E_DENIED: the peer is not served; FG_E_BUSY: it is not known whether it is: the bureau is asked.
 * now: monotonic ms. The store is used; its errors besides. */
enum fg_err fg_station_admit(struct fg_station_roster *roster, struct fg_station_store *store,
                             const struct fg_peer *peer, int64_t now_mono_ms,
                             struct fg_station_standing *ret_standing, struct fg_error *error);

/* May it have this list, as it is in force here (issued_ms; 0 = there is none)? FG_E_DENIED. */
enum fg_err fg_station_admit_list(const struct fg_station_standing *standing, const char *list_id,
                                  int64_t issued_ms, struct fg_error *error);

#endif
