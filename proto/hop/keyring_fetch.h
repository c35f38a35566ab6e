/* Bringing newer key rings from the next hop: asked for one by one, each verified and kept before the next.
 *
 * A device several rings behind gets every ring in between, so that each follows from the one before. Nothing
 * is believed because the hop says it. Not: when (link, station), who hands them out (lib/list/serve), what a
 * ring is (keyring.h). Relies on: keyring_file.h, https_client.h. One thread per file. */
#ifndef FG_PROTO_HOP_KEYRING_FETCH_H
#define FG_PROTO_HOP_KEYRING_FETCH_H

#include "lib/net/https_client.h"
#include "proto/key/keyring_file.h"

/* Where rings come from. next gives the bytes of the ring with the lowest version above after; buffer has
 * FG_KEYRING_BYTES_MAX bytes. FG_E_NOT_FOUND: there is none. */
struct fg_keyring_source {
    void *context;
    enum fg_err (*next)(void *context, uint64_t after, uint8_t *buffer, size_t *ret_length,
                        struct fg_error *error);
};

struct fg_keyring_fetch_result {
    uint32_t taken; /* rings that came into force */
    bool answered;  /* the last question was answered, with whatever: the connection works */
};

/* Takes what the source has after *ring, the one in force, into the file at path (fg_keyring_file_add), at
 * most FG_KEYRING_FILE_RINGS_MAX. *ring and *ret_result are set also on an error: what was taken before it
 * stays. An older ring is FG_E_OLD; the one in force again is FG_OK. Other errors: the source's, and those of
 * fg_keyring_file_add. */
enum fg_err fg_keyring_fetch(const struct fg_keyring_source *source, const char *path,
                             const struct fg_keyring *first, struct fg_keyring *ring,
                             struct fg_keyring_fetch_result *ret_result, struct fg_error *error);

/* GET /v1/keys?after=N over this connection (PROTOCOL.md 12); must outlive the source. A status that is
 * neither 200 nor 404 is FG_E_BUSY. */
struct fg_keyring_source fg_keyring_https_source(struct fg_https *https);

#endif
