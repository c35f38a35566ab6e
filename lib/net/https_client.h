/* The mutual-TLS HTTP/1.1 client: one connection to one peer, kept alive, with deadlines and bounds on
 * everything.
 *
 * TLS 1.2, ECDSA on P-256 or P-384 only, no session resumption, the peer's certificate must chain to the CA
 * given, name the host (or the name given), and say a role that the caller expects. Certificate dates are
 * tested against *the caller's* clock, not the system's, so that a controller whose clock was reset neither
 * trusts an expired certificate nor refuses a good one without saying why. Responses are parsed by the
 * http-parser library; bodies need Content-Length or chunks, never "until close".
 *
 * Not: what is asked (sync.h), retries and back-off (the callers). Relies on: mbedTLS, http-parser, POSIX
 * sockets. One object, one thread at a time; no global state. */
#ifndef FG_LIB_NET_HTTPS_CLIENT_H
#define FG_LIB_NET_HTTPS_CLIENT_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_HTTPS_URL_MAX 255
#define FG_HTTPS_PATH_MAX 511
#define FG_HTTPS_HEAD_MAX 8192 /* status line and headers together, with the empty line that ends them */

/* Whom a server's certificate may say to be (its subject's OU). FG_HTTPS_UNPROVEN stands alone and needs no
 * CA: nothing of the peer is looked at, for what proves itself (authority.h). */
enum { FG_HTTPS_STATION = 1, FG_HTTPS_BUREAU = 2, FG_HTTPS_UNPROVEN = 128 };

struct fg_https_settings {
    const char *url;                  /* "https://HOST[:PORT]", nothing behind it; IPv6 in brackets */
    const char *peer_name;            /* the certificate must name this; NULL = HOST */
    const char *ca_path;              /* PEM of the bureau's CA; NULL: ca_pem has it */
    const char *ca_pem;               /* the PEM itself */
    uint8_t peer_roles;               /* FG_HTTPS_... of whom the peer may be: one at least */
    const char *certificate_path;     /* own certificate, PEM; NULL: none is shown (enrolment) */
    const char *key_path;             /* own key, 0600; NULL with the above */
    int64_t (*now_ms)(void *context); /* wall clock with floor that certificate dates are tested against */
    void *now_context;
    uint32_t connect_max_ms;    /* name look-up, TCP and TLS handshake together */
    uint32_t write_max_ms;      /* until the whole request is written */
    uint32_t first_byte_max_ms; /* from then to the first byte of the answer */
    uint32_t whole_max_ms;      /* from the request's start to the answer's last byte */
};

struct fg_https;

/* Reads certificates and key and checks them against each other; connects only at the first request. FG_E_IO,
 * FG_E_FORMAT, FG_E_DENIED (key file readable by others), FG_E_AUTH (key and certificate do not belong
 * together), FG_E_ARG (no role of the peer too). The settings' texts need not outlive the call. */
enum fg_err fg_https_new(const struct fg_https_settings *settings, struct fg_https **ret_https,
                         struct fg_error *error);
void fg_https_free(struct fg_https *https); /* wipes the key; may be NULL */

/* Ends the connection; the next request opens a new one. */
void fg_https_close(struct fg_https *https);

/* Receives the body piece by piece; anything but FG_OK ends the request with that result. */
typedef enum fg_err (*fg_https_taker)(void *context, const uint8_t *bytes, size_t length,
                                      struct fg_error *error);

struct fg_https_request {
    const char *method; /* "GET" or "POST" */
    const char *path;   /* with query, from '/' on, at most FG_HTTPS_PATH_MAX */
    const void *body;   /* POST */
    size_t body_length;
    uint64_t range_from;  /* above 0: asks for "bytes=N-" */
    uint64_t answer_max;  /* a larger body is FG_E_SIZE before it is read as far as its length is announced */
    fg_https_taker taker; /* NULL: the body goes to answer_buffer */
    void *taker_context;
    uint8_t *answer_buffer; /* capacity answer_max; only when taker is NULL */
};

struct fg_https_answer {
    uint16_t status; /* 100 to 599; any status is FG_OK: the request was answered */
    uint64_t length; /* body bytes received */
    char etag[80];   /* "" when not given */
    int64_t date_ms; /* the Date header, 0 when missing or wrong */
};

/* One request. A kept-alive connection that turns out to be closed before the first byte of the answer is
 * opened anew once, for GET and POST alike (all our requests may be repeated). FG_E_TIMEOUT names which
 * deadline passed; FG_E_GONE: closed in the middle; FG_E_AUTH: the peer's certificate is not good, and why;
 * FG_E_EXPIRED: a certificate (whose) is not valid at now, with both dates and the clock's; FG_E_DENIED: the
 * peer refused our certificate; FG_E_FORMAT, FG_E_SIZE, FG_E_IO. After any error the connection is closed. */
enum fg_err fg_https_ask(struct fg_https *https, const struct fg_https_request *request,
                         struct fg_https_answer *ret_answer, struct fg_error *error);

#endif
