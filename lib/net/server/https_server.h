/* The HTTPS server that station, bureau and (for its pages) link use: libmicrohttpd with limits, deadlines
 * and one place where client certificates are checked.
 *
 * The library only *requests* a client certificate. Here a peer is established once per connection: no
 * certificate, one that chains to our CA and is valid now, or a bad one (other CA, expired, not yet valid,
 * not for clients); requests of a bad one are answered 403 with the reason and the connection is closed.
 * Handlers see the peer.
 *
 * A connection that completes no request within request_max_ms is cut, whatever it dribbles (slow-loris,
 * idle); the header of its first request has first_request_max_ms. When there are more connections than
 * places, one that has not proven who it is gives way to the newcomer, and those that have keep places of
 * their own (server_seats.h): nobody shuts others out by holding connections. Bodies are collected up to the
 * route's bound before the handler runs; a larger one is 413 at once. Not: what routes mean. Relies on:
 * libmicrohttpd, GnuTLS. Handlers run on the server's threads (settings.threads of them), or each connection
 * on one of its own (settings.thread_per_connection). */
#ifndef FG_LIB_NET_SERVER_HTTPS_SERVER_H
#define FG_LIB_NET_SERVER_HTTPS_SERVER_H

#include "lib/base/err.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"

#define FG_SERVER_PATH_MAX 1023
#define FG_SERVER_HEADERS_MAX 16

enum fg_peer_kind { FG_PEER_NONE = 0, FG_PEER_CERTIFIED = 1 };

/* Who is at the other end. The certificate's subject is O=fillgate, OU=role, CN=id (certificate.h). */
struct fg_peer {
    uint8_t kind;               /* enum fg_peer_kind */
    char role[FG_NAME_MAX + 1]; /* "controller", "station", "bureau" */
    char id[FG_NAME_MAX + 1];
    struct fg_public_key key; /* of the certificate: P-256 */
    bool has_device_key;      /* a controller's journal key, as its certificate names it (certificate.h) */
    struct fg_public_key device_key;
    int64_t not_after_ms;
    char address[64]; /* numeric, for logs */
};

struct fg_request {
    const char *method;
    const char *path; /* decoded, without query; starts with '/' */
    const struct fg_peer *peer;
    const uint8_t *body;
    size_t body_length;
    void *library; /* for the functions below */
};

/* Tells the server what this request has shown: that its connection is that of a party known here (a paired
 * browser, a signed-in user), or, with NULL, of none. The name of a party tells it from others. A peer with a
 * good certificate that `knows` of the settings does not deny is a party from its first request on, unless a
 * handler says otherwise. */
void fg_request_vouch(const struct fg_request *request, const char *party);

/* The query's parameter or a request header; NULL when missing. Valid during the handler. */
const char *fg_request_query(const struct fg_request *request, const char *name);
const char *fg_request_header(const struct fg_request *request, const char *name);

/* Every parameter of the query in its order, decoded; value is NULL without '='. False of visit ends it.
 * Returns whether all were visited. */
typedef bool (*fg_query_visit)(void *context, const char *name, const char *value);
bool fg_request_query_each(const struct fg_request *request, fg_query_visit visit, void *context);

/* Gives the answer's bytes from offset on; FG_OK with *ret_length 0 = end; FG_E_BUSY = nothing just now, ask
 * again shortly (event streams; when the server stops, it is not asked again); any other error ends the
 * connection, so that the peer sees the answer is not whole. For long bodies (exports, event streams). May
 * block for a second at most: other connections of the same thread wait meanwhile. With a thread per
 * connection none does, and a source should wait for what it has to tell rather than say FG_E_BUSY often. */
typedef enum fg_err (*fg_answer_source)(void *context, uint64_t offset, uint8_t *buffer, size_t capacity,
                                        size_t *ret_length);

struct fg_answer_header {
    const char *name; /* literals or memory that stays until the handler returns */
    const char *value;
};

/* What a handler answers. Starts as 500 without body. Exactly one of body, file_descriptor, source is used.
 */
struct fg_answer {
    uint16_t status;
    const char *content_type; /* NULL = application/octet-stream */
    void *body; /* from malloc, freed by the server; fg_answer_bytes and fg_answer_text set it */
    size_t body_length;
    int file_descriptor; /* -1 = none; taken over; sent from file_offset, file_length bytes (range requests)
                          */
    uint64_t file_offset;
    uint64_t file_length;
    fg_answer_source source; /* chunked */
    void *source_context;
    void (*source_free)(void *context);
    size_t header_count;
    struct fg_answer_header headers[FG_SERVER_HEADERS_MAX];
    bool close; /* ends the connection after this answer */
};

/* An answer with a copy of these bytes (application/octet-stream unless the handler sets another type). 500
 * when memory runs out. */
void fg_answer_bytes(struct fg_answer *answer, uint16_t status, const void *bytes, size_t length);

/* A text answer with a short plain-text reason; newline added. */
void fg_answer_text(struct fg_answer *answer, uint16_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

typedef void (*fg_route_handler)(void *context, const struct fg_request *request,
                                 struct fg_answer *ret_answer);

/* The first route that fits counts. path ends in '*' for a prefix. A path that fits with another method is
 * 405. */
struct fg_route {
    const char *method;
    const char *path;
    size_t body_max;
    bool certificate_needed; /* without one: 401 */
    fg_route_handler handler;
    void *context;
};

struct fg_server_settings {
    const char *address; /* numeric, "127.0.0.1" or "::"; */
    uint16_t port;       /* 0 = any (fg_server_port tells) */
    bool plain;          /* HTTP without TLS: only allowed on loopback addresses */
    const char *certificate_path;
    const char *key_path;
    const char *ca_path; /* of client certificates; NULL: none are asked for */
    int64_t (*now_ms)(void *context);
    void *now_context;
    /* Is the peer, whose certificate is good, a party here? Asked on the server's threads at a connection's
     * first request, before its body is there; NULL: every one is. It only says who has a place of his own:
     * what he may do is for the handlers. */
    bool (*knows)(void *context, const struct fg_peer *peer);
    void *knows_context;
    uint32_t threads;           /* ignored with thread_per_connection */
    bool thread_per_connection; /* for few connections with sources that block: none delays another */
    uint32_t connections_max;   /* half of them for peers that have proven who they are */
    uint32_t connections_per_address_max; /* unproven ones of one IPv4 address or IPv6 /64; 0 = no limit */
    uint32_t request_max_ms;
    uint32_t first_request_max_ms; /* for handshake and header of the first request, at most request_max_ms; 0
                                      = as that */
    void (*log)(void *context, const char *line); /* one line per refusal or fault, rate-limited; any thread;
                                                     must not call the server */
    void *log_context;
    const struct fg_route *routes; /* outlive the server */
    size_t route_count;
    const struct fg_answer_header *headers; /* in every answer, refusals of the server too, unless the answer
                                               has its own of this name; outlive the server */
    size_t header_count;
};

struct fg_server;

/* FG_E_IO (port taken ...), FG_E_ARG (a setting is impossible), FG_E_NOT_FOUND (a file is missing),
 * FG_E_FORMAT (a file is not what it should be), FG_E_DENIED (key readable by others), FG_E_AUTH (key and
 * certificate do not belong together), FG_E_FULL (the process may open too few files for any connections).
 * Each place needs two descriptors and each thread eight; the process's soft limit is raised for them, and
 * where the hard limit is too low there are fewer places and the log says so. Texts of settings need not
 * outlive the call; routes and contexts do. */
enum fg_err fg_server_start(const struct fg_server_settings *settings, struct fg_server **ret_server,
                            struct fg_error *error);
uint16_t fg_server_port(const struct fg_server *server);
/* Reads certificate, key and authorities anew for new connections (renewal without downtime). On an error
 * those in use stay. */
enum fg_err fg_server_reload(struct fg_server *server, struct fg_error *error);
/* Stops accepting, lets running handlers end and their answers be taken (request_max_ms at most for these),
 * closes everything. May be NULL. Not from a handler. */
void fg_server_stop(struct fg_server *server);

struct fg_server_counts {
    uint64_t connections; /* accepted since start */
    uint64_t open;
    uint64_t requests;
    uint64_t refused_certificates;
    uint64_t cut;      /* connections cut by a deadline */
    uint64_t gave_way; /* connections closed for newer ones */
};
void fg_server_counts(const struct fg_server *server, struct fg_server_counts *ret_counts);

#endif
