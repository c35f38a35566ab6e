/* The roster of a station: which controllers the bureau vouches for there, with which keys, for which list,
 * and which of them are suspended.
 *
 * Signed by the key that signs receipts, with a purpose of its own. A higher version replaces a lower one;
 * two rosters of one version are the same. Not: where it is made (host/bureau/device/roster_make.h) and kept
 * (host/station/store/roster_kept.h). Relies on: sign.h, nanopb. No global state. */
#ifndef FG_PROTO_KEY_ROSTER_H
#define FG_PROTO_KEY_ROSTER_H

#include "lib/base/err.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"

#define FG_PURPOSE_ROSTER "fillgate roster v1"
#define FG_ROSTER_DEVICES_MAX 128 /* twice what a station holds journals of: suspended ones count too */
#define FG_ROSTER_SIGNED_AT (sizeof(struct fg_key_id) + FG_SIGNATURE_BYTES) /* where the message begins */
#define FG_ROSTER_BYTES_MAX 32768

struct fg_roster_device {
    char id[FG_NAME_MAX + 1];
    struct fg_public_key tls_key;
    struct fg_public_key device_key;
    char list_id[FG_NAME_MAX + 1]; /* the list that it may fetch; empty: none */
    int64_t suspended_ms;          /* since when, the bureau's clock; 0 = not suspended */
};

struct fg_roster {
    char station[FG_NAME_MAX + 1];
    uint64_t version; /* 1 to INT64_MAX */
    int64_t issued_ms;
    size_t count;
    struct fg_roster_device devices[FG_ROSTER_DEVICES_MAX]; /* in rising order of id, none twice */
};

/* Digest of whom a roster vouches for, whatever its version and date. FG_E_RANGE, FG_E_MEMORY. */
enum fg_err fg_roster_digest(const struct fg_roster *roster, struct fg_digest *ret_digest,
                             struct fg_error *error);

/* buffer: FG_ROSTER_BYTES_MAX is always enough. FG_E_RANGE: a field is out of its bounds, or the devices are
 * not in order; FG_E_SIZE, FG_E_MEMORY. */
enum fg_err fg_roster_sign(const struct fg_roster *roster, const struct fg_private_key *key, uint8_t *buffer,
                           size_t capacity, size_t *ret_length, struct fg_error *error);

/* Verifies, then parses. FG_E_AUTH: none of the keys signed it; FG_E_FORMAT, FG_E_RANGE, FG_E_SIZE,
 * FG_E_MEMORY. */
enum fg_err fg_roster_verify(const uint8_t *bytes, size_t length, const struct fg_public_key *keys,
                             size_t key_count, struct fg_roster *ret_roster, struct fg_error *error);

/* The device with this id; NULL: the roster does not name it. */
const struct fg_roster_device *fg_roster_find(const struct fg_roster *roster, const char *id);

#endif
