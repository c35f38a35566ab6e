/* The bureau's keys at a station: which sign lists and receipts now, and how newer key rings come.
 *
 * The first keys are files of the configuration; from then on the newest kept ring decides. Rings are
 * verified here too: the station's own list store lives by them, and what it hands down has proven itself.
 * Not: handing rings down (station_routes.h), when they are fetched (upstream.h). Relies on: config.h,
 * proto/hop/keyring_fetch.h. One thread; the kept file is read by others. */
#ifndef FG_HOST_STATION_UP_STATION_KEYS_H
#define FG_HOST_STATION_UP_STATION_KEYS_H

#include "host/station/base/config.h"
#include "host/station/store/store.h"
#include "proto/hop/keyring_fetch.h"

struct fg_station_keys {
    const struct fg_station_config *config;
    struct fg_public_key receipt_key; /* as configured */
    struct fg_keyring first;          /* as configured */
    struct fg_keyring ring;           /* in force; version 0: as configured */
    char trouble[320];                /* said already */
};

/* Reads the configured keys and the kept rings; config outlives the keys. Kept rings that do not hold are
 * told in the log and put aside (fg_keyring_file_start). Errors: what fg_public_key_read says. */
enum fg_err fg_station_keys_start(const struct fg_station_config *config, struct fg_station_keys *ret_keys,
                                  struct fg_error *error);

/* Likewise for who only looks on: nothing is told and nothing put aside. Errors besides: those of
 * fg_keyring_file_load; *ret_keys then has the configured keys. */
enum fg_err fg_station_keys_read(const struct fg_station_config *config, struct fg_station_keys *ret_keys,
                                 struct fg_error *error);

/* Takes what the source has of newer rings; *ret_taken: another ring is in force now. A ring that is not good
 * is told in the log, changes nothing and is FG_OK. An error: the source does not answer. */
enum fg_err fg_station_keys_fetch(struct fg_station_keys *keys, const struct fg_keyring_source *source,
                                  bool *ret_taken, struct fg_error *error);

/* The list keys in force; returns how many. */
size_t fg_station_keys_list(const struct fg_station_keys *keys,
                            struct fg_public_key ret_keys[FG_KEYRING_KEYS_MAX]);
/* All keys that a stored receipt may be signed with: those of the ring, then the configured one. Returns how
 * many. */
size_t fg_station_keys_receipts(const struct fg_station_keys *keys,
                                struct fg_public_key ret_keys[FG_STATION_RECEIPT_KEYS_MAX]);
/* The keys that sign rosters now: the ring's receipt keys, or the configured one while the ring has none.
 * Returns how many. */
size_t fg_station_keys_rosters(const struct fg_station_keys *keys,
                               struct fg_public_key ret_keys[FG_STATION_RECEIPT_KEYS_MAX]);
/* The key of receipts: the ring's first one, or the configured one while the ring has none. */
struct fg_public_key fg_station_keys_receipt(const struct fg_station_keys *keys);

#endif
