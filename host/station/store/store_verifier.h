/* The station's verifying thread: goes through the whole store at start and then every so often, tells the
 * log what does not hold, shows in the store how far it is, and keeps the heads beside the store up to date.
 *
 * It reads on a connection of its own and rests between pieces, so that taking in and forwarding go on. Not:
 * what is verified (store_verify.h). Relies on: store_verify.h, heads.h, station_log.h. */
#ifndef FG_HOST_STATION_STORE_STORE_VERIFIER_H
#define FG_HOST_STATION_STORE_STORE_VERIFIER_H

#include "host/station/store/store_verify.h"

struct fg_station_verifier;

struct fg_station_verifier_settings {
    const char *store_path;
    const struct fg_public_key *receipt_keys; /* copied */
    size_t receipt_key_count;
    uint32_t every_h; /* from the end of one to the start of the next */
    int64_t (*now_ms)(void *context);
    void *context;
};

/* Starts the thread. FG_E_IO, FG_E_MEMORY, FG_E_SIZE. */
enum fg_err fg_station_verifier_start(const struct fg_station_verifier_settings *settings,
                                      struct fg_station_verifier **ret_verifier, struct fg_error *error);
/* Other keys from the next verification on. At most FG_STATION_RECEIPT_KEYS_MAX. */
void fg_station_verifier_trust(struct fg_station_verifier *verifier, const struct fg_public_key *keys,
                               size_t count);
/* Breaks off what is being done, and waits for the thread; may be NULL. */
void fg_station_verifier_stop(struct fg_station_verifier *verifier);

#endif
