/* The other end of a device's TLS connections, and certificates for both: an authority of the test's own, a
 * server that answers every request of a device with a certificate of it, and a controller that calls a
 * server. The clock of all of them stands at FG_TLS_HOP_NOW_MS.
 *
 * Not: what is asked. Every function ends the test on failure, unless it says otherwise. Relies on:
 * host/pki/ca.h, proto/https.h. */
#ifndef FG_TESTS_TLS_HOP_FIXTURE_H
#define FG_TESTS_TLS_HOP_FIXTURE_H

#include "proto/err.h"
#include "proto/https_server.h"
#include "proto/sign.h"

#define FG_TLS_HOP_NOW_MS INT64_C(1790000000000)

/* Makes the authority in the test's directory `name`. */
void fg_tls_hop_authority(const char *name);

/* A certificate of it for the key, named 127.0.0.1 if it is a server's, for so many days: PATH is replaced.
 */
void fg_tls_hop_certificate(const char *authority, const char *role, const char *id,
                            const struct fg_private_key *key, int days, const char *path);

/* The file of authorities at path, which names `authority` alone, takes change 1: `next` beside it. keeps:
 * the change is kept beside the file. */
void fg_tls_hop_change(const char *path, const char *authority, const char *next, bool keeps);

/* Who has the file of authorities own_path fetches the first change that is kept beside ca_path, and takes it
 * or not. Returns what comes of it; FG_OK too when none is kept. */
enum fg_err fg_tls_hop_change_fetch(const char *ca_path, const char *own_path, struct fg_error *ret_error);

/* Starts a server of this role whose authority is `authority`; one at a time, with fg_tls_hop_stop. */
void fg_tls_hop_start(const char *authority, const char *role);
void fg_tls_hop_stop(void);

/* A device whose files are DIRECTORY/ca.pem, tls.pem and tls.key asks the server once. What
 * went wrong is the error's. peer_roles: FG_HTTPS_... */
enum fg_err fg_tls_hop_call(const char *directory, uint8_t peer_roles, struct fg_error *error);

/* A server starts with certificate, key and authority at these paths, and a controller of `authority` asks it
 * once. */
enum fg_err fg_tls_hop_serve(const char *certificate, const char *key, const char *ca, const char *authority,
                             uint8_t peer_roles, struct fg_error *error);

/* The file to under the path, whole. */
void fg_tls_hop_copy(const char *from, const char *to);

#endif
