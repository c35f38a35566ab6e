/* What the files of the HTTPS server share: the server, its connections, its TLS identity. Private to
 * lib/net/server/.
 *
 * Locks: server->mutex guards the list of connections, the fields of a connection that the watchdog reads
 * (socket, phase, deadline, asked, seat) and the counts; tls.mutex guards the identity. Neither is held
 * while calling the library or a handler. Everything else of a connection belongs to the library's thread
 * that serves it. Relies on: libmicrohttpd, GnuTLS, mbedTLS, pthreads. */
#ifndef FG_LIB_NET_SERVER_PRIVATE_H
#define FG_LIB_NET_SERVER_PRIVATE_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <mbedtls/x509_crt.h>
#include <microhttpd.h>
#include <pthread.h>

#include "lib/net/server/https_server.h"
#include "lib/net/server/server_log.h"
#include "lib/net/server/server_seats.h"

#define FG_SERVER_FILE_PATH_MAX 512
#define FG_SERVER_CHAIN_MAX 4

/* ---- the server's own certificate and the CA of its clients ---- */

struct fg_server_tls {
    pthread_mutex_t mutex;
    char certificate_path[FG_SERVER_FILE_PATH_MAX];
    char key_path[FG_SERVER_FILE_PATH_MAX];
    unsigned chain_length; /* 0 = nothing loaded */
    gnutls_x509_crt_t chain[FG_SERVER_CHAIN_MAX];
    gnutls_x509_privkey_t key;
    bool asks; /* for client certificates */
    char ca_path[FG_SERVER_FILE_PATH_MAX];
    char *authority_pem; /* as at the start: only a hint for clients */
    pthread_rwlock_t authorities_lock;
    mbedtls_x509_crt *authorities;
};

enum fg_err fg_server_tls_start(struct fg_server_tls *tls, const struct fg_server_settings *settings,
                                struct fg_error *error);
/* Identity and authorities; on failure those in use stay. */
enum fg_err fg_server_tls_load(struct fg_server_tls *tls, struct fg_error *error);
void fg_server_tls_end(struct fg_server_tls *tls);
/* Binds a new session to tls, so that the callback below finds it. */
void fg_server_tls_bind(struct fg_server_tls *tls, gnutls_session_t session);
/* As gnutls_certificate_retrieve_function3: gives copies, so that a reload frees nothing in use. */
int fg_server_tls_give(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                       gnutls_pcert_st **ret_chain, unsigned int *ret_length, gnutls_ocsp_data_st **ret_ocsp,
                       unsigned int *ret_ocsp_length, gnutls_privkey_t *ret_key, unsigned int *ret_flags);
/* The peer of a session after its handshake. FG_OK: none or certified. Else what is wrong with its
 * certificate. */
enum fg_err fg_server_tls_peer(struct fg_server_tls *tls, gnutls_session_t session, int64_t now_ms,
                               struct fg_peer *ret_peer, struct fg_error *error);

/* ---- descriptors ---- */

/* Promises descriptors for so many connections, on top of what this process needs besides; its soft limit is
 * raised where it must be. Returns how many: fewer when the hard limit allows no more. Any thread. */
uint32_t fg_server_descriptors_take(uint32_t count);
void fg_server_descriptors_give(uint32_t count);

/* ---- connections ---- */

enum fg_server_phase { FG_SERVER_READING, FG_SERVER_HANDLING, FG_SERVER_ANSWERING };

struct fg_server_connection {
    struct fg_seat seat; /* the first, so that a seat leads to its connection */
    struct fg_server *server;
    struct fg_server_connection *previous;
    struct fg_server_connection *next;
    int socket;
    enum fg_server_phase phase;
    int64_t deadline_mono_ms; /* while reading and answering */
    bool was_cut;
    bool asked;       /* the header of a request has come */
    char address[64]; /* numeric; not changed after the connection is listed */
    /* who it is */
    bool peer_known;
    struct fg_peer peer;
    struct fg_error refusal; /* code FG_OK: not refused */
    /* the request being read */
    bool began;
    uint16_t uri_status; /* 0 = fine */
    const struct fg_route *route;
    uint8_t *body;
    size_t body_length;
    size_t body_capacity;
    size_t body_discarded;
};

struct fg_server {
    struct fg_server_settings settings; /* its path and address texts are not used after the start */
    struct MHD_Daemon *daemon;
    uint32_t open_max; /* connections that the library may have open */
    uint16_t port;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* on CLOCK_MONOTONIC */
    struct fg_server_connection *first;
    struct fg_seats seats;
    uint64_t gave_way_told; /* of counts.gave_way, in the log */
    int64_t gave_way_mono_ms;
    struct fg_server_counts counts;
    bool stopping;
    bool watching;
    pthread_t watchdog;
    struct fg_server_tls tls;
    struct fg_server_log log;
};

int64_t fg_server_now_mono_ms(void);

/* As MHD_NotifyConnectionCallback, with the server as context. */
void fg_server_connection_event(void *server, struct MHD_Connection *library, void **connection,
                                enum MHD_ConnectionNotificationCode event);
/* Who is at the other end was shown, or (party NULL) that it is nobody known (server_seats.h). */
void fg_server_connection_prove(struct fg_server_connection *connection, const char *party);
/* The header of a request has come: from the first on, a connection has request_max_ms. */
void fg_server_connection_asked(struct fg_server_connection *connection);
/* Enters a phase; reading and answering get a new deadline. */
void fg_server_connection_enter(struct fg_server_connection *connection, enum fg_server_phase phase);
/* Wipes and releases the body. */
void fg_server_connection_forget_body(struct fg_server_connection *connection);
/* Releases what belongs to one request. */
void fg_server_connection_forget_request(struct fg_server_connection *connection);
bool fg_server_stopping(struct fg_server *server);
enum fg_err fg_server_watchdog_start(struct fg_server *server, struct fg_error *error);
/* Waits at most max_ms until no connection handles or answers a request. */
void fg_server_wait_answered(struct fg_server *server, uint32_t max_ms);
void fg_server_watchdog_end(struct fg_server *server);

/* ---- requests and answers ---- */

/* NULL: the request's header fields are fine. Else why it is refused: fields that peers before and after us
 * could read differently (a name with a blank, a length or a host twice). */
const char *fg_server_fields_check(struct MHD_Connection *library);

/* The library's callbacks. */
void *fg_server_request_uri(void *server, const char *uri, struct MHD_Connection *library);
enum MHD_Result fg_server_request_part(void *server, struct MHD_Connection *library, const char *url,
                                       const char *method, const char *version, const char *upload,
                                       size_t *upload_length, void **context);
void fg_server_request_end(void *server, struct MHD_Connection *library, void **context,
                           enum MHD_RequestTerminationCode how);

/* Hands an answer to the library and takes over all it owns, also on failure (MHD_NO: the connection ends).
 * allow: for 405, else NULL. */
enum MHD_Result fg_server_answer_send(struct fg_server_connection *connection, struct MHD_Connection *library,
                                      struct fg_answer *answer, const char *allow);

/* One range of a Range header for a body of length bytes. *ret_status: 200 (no or an unusable header: the
 * whole), 206 or 416. */
void fg_server_range_parse(const char *header, uint64_t length, uint16_t *ret_status, uint64_t *ret_from,
                           uint64_t *ret_length);
/* The status that a request target as received deserves: 0 = fine, 400 or 414. */
uint16_t fg_server_target_check(const char *target);

#endif
