/* Taking in a batch of entries from a controller: who may send it, whether it continues what is held, and
 * whether the controller signed it.
 *
 * Not: HTTP (station_routes.h), storage (store.h). Relies on: proto. One thread per store. */
#ifndef FG_HOST_STATION_INTAKE_H
#define FG_HOST_STATION_INTAKE_H

#include "host/station/store/store.h"
#include "lib/net/server/https_server.h"

struct fg_intake_result {
    struct fg_sync_answer answer;
    uint64_t stored; /* new entries, durable */
    uint64_t marked; /* of them, not what they should be: undecodable, misplaced, dated in the future */
    bool urgent;     /* one of them must go to the bureau at once */
    bool logged;     /* answer.text is worth a log line */
};

/* Takes the batch. FG_OK: ret_result->answer is what the peer gets; with HELD everything is durable. Any
 * other result means that nothing was stored and the peer should try again later (FG_E_IO, FG_E_FULL,
 * FG_E_BUSY, FG_E_CORRUPT). now_ms: wall clock. */
enum fg_err fg_intake_take(struct fg_station_store *store, const struct fg_peer *peer,
                           const struct fg_sync_batch *batch, int64_t now_ms,
                           struct fg_intake_result *ret_result, struct fg_error *error);

/* May this peer speak for `controller`? FG_E_DENIED with the reason. Certificate alone; the store is not
 * asked. */
enum fg_err fg_intake_may_speak(const struct fg_peer *peer, const char *controller, struct fg_error *error);

/* Finds the peer's controller, or adds it at first sight; inside a transaction. FG_E_DENIED: not a
 * controller, or its device key is not the one kept. FG_E_FULL: too many controllers. */
enum fg_err fg_intake_admit(struct fg_station_store *store, const struct fg_peer *peer, int64_t now_ms,
                            struct fg_station_controller *ret_controller, struct fg_error *error);

/* Takes a controller's report on itself, and keeps it. FG_E_DENIED, and as fg_intake_take. */
enum fg_err fg_intake_report(struct fg_station_store *store, const struct fg_peer *peer,
                             const struct fg_sync_report *report, int64_t now_ms, struct fg_error *error);

#endif
