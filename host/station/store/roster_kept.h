/* The roster in force at a station: whom it may serve. Kept in a file beside the store, named like it with
 * ".roster" at the end, so that it holds over restarts and without the bureau.
 *
 * A roster is taken when the bureau signed it, it is this station's, and it is not older than the one in
 * force, whether it was fetched or brought on a stick. Not: fetching it (upstream.h), what is refused to whom
 * (station_routes.h). Relies on: proto/key/roster.h,
 * kept_file.h. Any thread. */
#ifndef FG_HOST_STATION_STORE_ROSTER_KEPT_H
#define FG_HOST_STATION_STORE_ROSTER_KEPT_H

#include "lib/net/server/https_server.h"
#include "proto/key/roster.h"

#define FG_STATION_ROSTER_KEYS_MAX 8

struct fg_station_roster;

/* Reads the kept roster. keys: those that sign receipts, at most FG_STATION_ROSTER_KEYS_MAX are copied. A
 * file that does not hold counts as none, *ret_trouble says why (else it is empty). FG_E_SIZE, FG_E_MEMORY.
 */
enum fg_err fg_station_roster_open(const char *store_path, const char *station,
                                   const struct fg_public_key *keys, size_t key_count,
                                   struct fg_station_roster **ret_roster, struct fg_error *ret_trouble,
                                   struct fg_error *error);
void fg_station_roster_free(struct fg_station_roster *roster); /* may be NULL */
void fg_station_roster_trust(struct fg_station_roster *roster, const struct fg_public_key *keys,
                             size_t key_count);

/* Takes a roster as it came, durably. *ret_taken: it is a newer one. FG_E_OLD: older than the one in force;
 * FG_E_CORRUPT: another roster of the version in force; FG_E_RANGE: another station's; FG_E_AUTH, FG_E_FORMAT
 * and so on as fg_roster_verify; FG_E_IO. */
enum fg_err fg_station_roster_take(struct fg_station_roster *roster, const uint8_t *bytes, size_t length,
                                   bool *ret_taken, struct fg_error *error);

/* 0 = there is none yet. */
uint64_t fg_station_roster_version(struct fg_station_roster *roster);
/* The whole roster in force. FG_E_NOT_FOUND: there is none. */
enum fg_err fg_station_roster_copy(struct fg_station_roster *roster, struct fg_roster *ret_roster,
                                   struct fg_error *error);

/* ---- a roster that came on a stick ----
 * Only the station's program writes the roster in force. Whoever brings one leaves it in a file beside it
 * (the store's name with ".roster.brought" at the end), where the program finds it. */

/* Leaves it there, durably, if it would be taken. Errors as fg_station_roster_take; then nothing is left. */
enum fg_err fg_station_roster_bring(struct fg_station_roster *roster, const uint8_t *bytes, size_t length,
                                    uint64_t *ret_version, struct fg_error *error);
/* Does one still wait to be taken? */
bool fg_station_roster_waits(const struct fg_station_roster *roster);
/* For the program: takes the one that waits, which is then gone whether it was good or not; it stays when it
 * could not be kept (FG_E_IO, FG_E_MEMORY). FG_E_NOT_FOUND: none waits. Errors as fg_station_roster_take. */
enum fg_err fg_station_roster_take_brought(struct fg_station_roster *roster, bool *ret_taken,
                                           struct fg_error *error);

/* The peer's place on the roster: same id, same TLS key, same journal key. FG_E_STATE: there is no roster
 * yet; FG_E_DENIED: not on it, or with another key. A suspended device is found. */
enum fg_err fg_station_roster_find(struct fg_station_roster *roster, const struct fg_peer *peer,
                                   struct fg_roster_device *ret_device, struct fg_error *error);

/* Asking the bureau for a newer one before the usual time: who was not found may have joined just now. */

/* at_once: something is known to have changed. Otherwise the bureau is asked only when its last answer is
 * older than ten seconds. Returns whether an answer is being waited for. now: monotonic ms. */
bool fg_station_roster_doubt(struct fg_station_roster *roster, bool at_once, int64_t now_mono_ms);
/* For who fetches: is an answer being waited for? *ret_ticket goes to fg_station_roster_answered. */
bool fg_station_roster_is_wanted(struct fg_station_roster *roster, uint64_t *ret_ticket);
void fg_station_roster_answered(struct fg_station_roster *roster, uint64_t ticket, int64_t now_mono_ms);

#endif
