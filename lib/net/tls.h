/* One TLS connection of the client: opening with every check, reading and writing with deadlines.
 *
 * Private to https_client.c. Not: HTTP. Relies on: mbedTLS, POSIX sockets. One object, one thread at a time.
 */
#ifndef FG_LIB_NET_TLS_H
#define FG_LIB_NET_TLS_H

#include "lib/net/https_client.h"

struct fg_tls_credentials;

/* Reads the settings' CA, certificate and key, and keeps whom the peer may be. Errors as fg_https_new. */
enum fg_err fg_tls_credentials_read(const struct fg_https_settings *settings,
                                    struct fg_tls_credentials **ret_credentials, struct fg_error *error);
void fg_tls_credentials_free(struct fg_tls_credentials *credentials); /* wipes the key; may be NULL */

struct fg_tls;

/* Connects to host:port and shakes hands until the deadline. peer_name is what the certificate must name.
 * now_ms is the wall time that certificate dates are tested against. Errors as fg_https_ask. */
enum fg_err fg_tls_open(const struct fg_tls_credentials *credentials, const char *host, const char *port,
                        const char *peer_name, int64_t now_ms, int64_t deadline_mono_ms,
                        struct fg_tls **ret_tls, struct fg_error *error);
void fg_tls_close(struct fg_tls *tls); /* may be NULL; never blocks */

/* All of the bytes, until the deadline. FG_E_TIMEOUT, FG_E_GONE, FG_E_DENIED (alert), FG_E_IO. */
enum fg_err fg_tls_write(struct fg_tls *tls, const void *bytes, size_t length, int64_t deadline_mono_ms,
                         struct fg_error *error);
/* At least one byte, until the deadline. FG_E_GONE at an end of the connection, however it ends. */
enum fg_err fg_tls_read(struct fg_tls *tls, void *buffer, size_t capacity, size_t *ret_length,
                        int64_t deadline_mono_ms, struct fg_error *error);

#endif
