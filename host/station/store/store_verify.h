/* Verifying the station's store: the station's half of TAMPER-SHOWS.
 *
 * What the store must agree with, in this order: SQLite's own check of pages and indices, and the schema as
 * the migrations make it; every row's controller is in the table of controllers; each controller's entries
 * from the first on (numbers without a hole, hashes that follow, head signatures of the device key, columns
 * as the bytes say), its row (next number, head, newest urgent entry), the bureau's receipt (decoded, signed,
 * covering no more than is held, with the hash that is held), what the controller reported (it holds a
 * receipt for no more than is held here), and the evidence (a batch that decodes to what its row says). Then
 * the heads that were kept beside the store (heads.h). Whoever can write to the file but holds no device key
 * changes nothing of this unseen.
 *
 * Not: repair; columns that only say when something came or what a device said of itself. Relies on: store.h,
 * heads.h, host/sql/sql_check.h. */
#ifndef FG_HOST_STATION_STORE_STORE_VERIFY_H
#define FG_HOST_STATION_STORE_STORE_VERIFY_H

#include "host/station/store/store.h"

struct fg_station_verify {
    const char *heads_path; /* NULL: the heads beside the store are not looked at */
    /* Told of each thing found; controller "" = the store as a whole. Must not use the store. */
    void (*found)(void *context, const char *controller, const char *text);
    /* Told how many entries were gone through, now and then; false ends with FG_E_STATE. May be NULL. */
    bool (*progress)(void *context, uint64_t entries);
    void *context;
};
struct fg_station_verified {
    uint64_t controllers;
    uint64_t entries;
    uint64_t findings;
};

/* Verifies everything. FG_OK when it could be read, whatever was found. */
enum fg_err fg_station_store_check(struct fg_station_store *store, const struct fg_station_verify *verify,
                                   struct fg_station_verified *ret_verified, struct fg_error *error);

/* Verifies one controller alone. FG_E_CORRUPT or FG_E_AUTH names the first thing that does not hold;
 * FG_E_NOT_FOUND: it has never been here. */
enum fg_err fg_station_store_verify(struct fg_station_store *store, const char *controller,
                                    struct fg_error *error);

#endif
