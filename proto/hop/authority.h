/* The authority as a device knows it: certificates that were brought by hand, or fetched and compared with a
 * fingerprint that was typed. Everything that a device takes when it joins is proven against these.
 *
 * Not: issuing (host/pki), joining itself (join.h). Relies on: server_peer.h, mbedTLS. Any thread. */
#ifndef FG_PROTO_HOP_AUTHORITY_H
#define FG_PROTO_HOP_AUTHORITY_H

#include <inttypes.h>

#include "lib/net/https_client.h"
#include "lib/net/server/https_server.h"

#define FG_AUTHORITY_PEM_MAX 16384
/* The first line of a file that a change of authorities wrote (authority_change.h). */
#define FG_AUTHORITY_VERSION_LINE "# fillgate authorities, version %" PRIu64

struct fg_authority {
    char pem[FG_AUTHORITY_PEM_MAX + 1]; /* one certificate or more */
    uint64_t version;                   /* 0: as it was brought by hand */
};

/* FG_E_IO, FG_E_SIZE; FG_E_FORMAT: no certificates in PEM alone, or one that is no authority's. */
enum fg_err fg_authority_read(const char *path, struct fg_authority *ret_authority, struct fg_error *error);
enum fg_err fg_authority_parse(const char *pem, size_t length, struct fg_authority *ret_authority,
                               struct fg_error *error);

/* A fingerprint as people write it: 64 hex digits in any case, with or without colons and blanks.
 * FG_E_FORMAT.
 */
enum fg_err fg_fingerprint_parse(const char *text, struct fg_digest *ret_digest, struct fg_error *error);

/* Asks a hop that nothing is known of yet (https_client.h: unproven) for its authority's certificates, and
 * takes the one whose DER has this SHA-256; what else comes is thrown away. FG_E_AUTH: none has it;
 * FG_E_NOT_FOUND: the hop does not hand any out; https_client.h's errors. */
enum fg_err fg_authority_fetch(struct fg_https *https, const struct fg_digest *fingerprint,
                               struct fg_authority *ret_authority, struct fg_error *error);

/* A signature by the key of one of its certificates. FG_E_AUTH: it is false, or of another key. */
enum fg_err fg_authority_verify(const struct fg_authority *authority, const char *purpose,
                                const struct fg_key_id *key_id, const struct fg_signature *signature,
                                const void *message, size_t length, struct fg_error *error);

/* Is this certificate (DER) one of them? */
bool fg_authority_has(const struct fg_authority *authority, const uint8_t *der, size_t length);

/* Which of them issued the first certificate of the file at path, counted from 0, whatever the dates say.
 * FG_E_AUTH: none of them; FG_E_FORMAT: the file cannot be read. */
enum fg_err fg_authority_place(const struct fg_authority *authority, const char *path, size_t *ret_place,
                               struct fg_error *error);

/* A device's certificate (DER): issued by one of these, valid at now_ms, and what it says of its bearer.
 * Errors as fg_peer_establish. */
enum fg_err fg_authority_judge(const struct fg_authority *authority, const uint8_t *der, size_t length,
                               int64_t now_ms, struct fg_peer *ret_peer, struct fg_error *error);

#endif
