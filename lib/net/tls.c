/* Implementation of the client's TLS connection (tls.h). */
#include "lib/net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "lib/base/monotime.h"
#include "lib/crypto/certificate.h"
#include "lib/crypto/mbedtls_random.h"
#include "lib/crypto/pk.h"
#include "lib/crypto/x509_time.h"
#include "lib/net/resolve.h"

#define SAN_IP 7
#define TIME_TEXT 32

struct fg_tls_credentials {
    mbedtls_x509_crt ca;
    mbedtls_x509_crt own;
    mbedtls_pk_context key;
    bool has_own;
    uint8_t peer_roles;
};

struct fg_tls {
    int descriptor;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    int64_t now_ms;
    int64_t deadline_mono_ms; /* of the call under way */
    bool numeric;             /* peer_name is an address */
    size_t address_length;
    uint8_t address[16];
    uint8_t peer_roles;
    struct fg_error verdict; /* why the peer's certificate was refused; code FG_OK = it was not */
};

/* ---- credentials ---- */

static enum fg_err certificates_read(const char *path, mbedtls_x509_crt *ret_chain, struct fg_error *error)
{
    int code = mbedtls_x509_crt_parse_file(ret_chain, path);

    if (code == MBEDTLS_ERR_PK_FILE_IO_ERROR)
        return fg_fail(error, FG_E_IO, "%s: cannot be read: is it there, and may we read it?", path);
    return code == 0 ? FG_OK : fg_fail(error, FG_E_FORMAT, "%s: not certificates in PEM alone", path);
}

static enum fg_err own_read(struct fg_tls_credentials *credentials, const char *certificate_path,
                            const char *key_path, struct fg_error *error)
{
    struct fg_private_key key;
    enum fg_err result = fg_private_key_read(key_path, &key, error);
    bool filled;

    if (result != FG_OK)
        return result;
    filled = fg_pk_fill(&credentials->key, &key.public_key, key.scalar);
    fg_private_key_wipe(&key);
    if (!filled)
        return fg_fail(error, FG_E_FORMAT, "%s: the key is not usable", key_path);
    result = certificates_read(certificate_path, &credentials->own, error);
    if (result != FG_OK)
        return result;
    if (mbedtls_pk_check_pair(&credentials->own.pk, &credentials->key) != 0)
        return fg_fail(error, FG_E_AUTH, "%s is the certificate of another key than %s", certificate_path,
                       key_path);
    credentials->has_own = true;
    return FG_OK;
}

static enum fg_err authority_take(const struct fg_https_settings *settings, mbedtls_x509_crt *ret_chain,
                                  struct fg_error *error)
{
    if (settings->ca_path != NULL)
        return certificates_read(settings->ca_path, ret_chain, error);
    if (settings->ca_pem != NULL && mbedtls_x509_crt_parse(ret_chain, (const unsigned char *)settings->ca_pem,
                                                           strlen(settings->ca_pem) + 1) != 0)
        return fg_fail(error, FG_E_FORMAT, "authority: not certificates in PEM alone");
    return FG_OK;
}

enum fg_err fg_tls_credentials_read(const struct fg_https_settings *settings,
                                    struct fg_tls_credentials **ret_credentials, struct fg_error *error)
{
    struct fg_tls_credentials *credentials = calloc(1, sizeof(*credentials));
    enum fg_err result = FG_OK;

    if (credentials == NULL)
        return fg_fail(error, FG_E_MEMORY, "TLS: no memory");
    credentials->peer_roles = settings->peer_roles;
    mbedtls_x509_crt_init(&credentials->ca);
    mbedtls_x509_crt_init(&credentials->own);
    mbedtls_pk_init(&credentials->key);
    result = authority_take(settings, &credentials->ca, error);
    if (result == FG_OK && settings->certificate_path != NULL)
        result = own_read(credentials, settings->certificate_path, settings->key_path, error);
    if (result == FG_OK)
        *ret_credentials = credentials;
    else
        fg_tls_credentials_free(credentials);
    return result;
}

void fg_tls_credentials_free(struct fg_tls_credentials *credentials)
{
    if (credentials == NULL)
        return;
    mbedtls_pk_free(&credentials->key);
    mbedtls_x509_crt_free(&credentials->own);
    mbedtls_x509_crt_free(&credentials->ca);
    free(credentials);
}

/* ---- certificates ---- */

static void time_text(int64_t wall_ms, char ret_text[TIME_TEXT])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(ret_text, TIME_TEXT, "%Y-%m-%d %H:%M:%SZ", &parts) == 0)
        ret_text[0] = '\0';
}

static enum fg_err dates_check(const mbedtls_x509_crt *certificate, const char *whose, int64_t now_ms,
                               struct fg_error *error)
{
    int64_t from_ms = fg_x509_time_ms(&certificate->valid_from);
    int64_t to_ms = fg_x509_time_ms(&certificate->valid_to);
    char from[TIME_TEXT];
    char to[TIME_TEXT];
    char now[TIME_TEXT];

    if (now_ms >= from_ms && now_ms <= to_ms)
        return FG_OK;
    time_text(from_ms, from);
    time_text(to_ms, to);
    time_text(now_ms, now);
    return fg_fail(error, FG_E_EXPIRED, "%s certificate is valid from %s to %s, and the clock here says %s",
                   whose, from, to, now);
}

static bool address_is_named(const struct fg_tls *tls, const mbedtls_x509_crt *certificate)
{
    for (const mbedtls_x509_sequence *at = &certificate->subject_alt_names; at != NULL; at = at->next) {
        if (at->buf.tag == (MBEDTLS_ASN1_CONTEXT_SPECIFIC | SAN_IP) && at->buf.len == tls->address_length &&
            memcmp(at->buf.p, tls->address, tls->address_length) == 0)
            return true;
    }
    return false;
}

/* A certificate without alternative names would be compared by its id, which is no host name. */
static bool host_is_named(const struct fg_tls *tls, const mbedtls_x509_crt *certificate)
{
    if (tls->numeric)
        return address_is_named(tls, certificate);
    return (certificate->ext_types & MBEDTLS_X509_EXT_SUBJECT_ALT_NAME) != 0;
}

static enum fg_err role_check(const struct fg_tls *tls, const mbedtls_x509_crt *certificate,
                              struct fg_error *error)
{
    char role[FG_NAME_MAX + 1];
    char id[FG_NAME_MAX + 1];
    uint8_t is = 0;

    if (!fg_certificate_subject(&certificate->subject, role, id))
        return fg_fail(error, FG_E_AUTH,
                       "the peer's certificate is not valid: its subject is not O=fillgate, OU=role, CN=id");
    if (strcmp(role, "station") == 0)
        is = FG_HTTPS_STATION;
    if (strcmp(role, "bureau") == 0)
        is = FG_HTTPS_BUREAU;
    if ((tls->peer_roles & is) == 0)
        return fg_fail(error, FG_E_AUTH,
                       "the peer's certificate is not valid: %s %s is at the other end, where a %s should be",
                       role, id, tls->peer_roles == FG_HTTPS_BUREAU ? "bureau" : "station or bureau");
    return FG_OK;
}

/* Called for each certificate of the peer's chain. The library's date flags are by the system's clock; ours
 * decides. It does not know addresses as names either. */
static int certificate_judge(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    struct fg_tls *tls = context;
    struct fg_error *verdict = &tls->verdict;
    char text[192];

    *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    if (depth == 0 && !host_is_named(tls, certificate))
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    if (verdict->code == FG_OK && *flags != 0) {
        (void)mbedtls_x509_crt_verify_info(text, sizeof(text), "", *flags);
        text[strcspn(text, "\n")] = '\0';
        (void)fg_fail(verdict, FG_E_AUTH, "the peer's certificate is not valid: %s", text);
    }
    if (verdict->code == FG_OK && depth == 0)
        (void)role_check(tls, certificate, verdict);
    if (verdict->code == FG_OK)
        (void)dates_check(certificate, depth == 0 ? "the peer's" : "the peer's issuer's", tls->now_ms,
                          verdict);
    if (verdict->code != FG_OK && *flags == 0)
        *flags = MBEDTLS_X509_BADCERT_OTHER;
    return 0;
}

/* ---- socket ---- */

static enum fg_err wait_socket(int descriptor, short events, int64_t deadline_mono_ms, const char *doing,
                               struct fg_error *error)
{
    for (;;) {
        struct pollfd poll_one = {.fd = descriptor, .events = events};
        int64_t left = deadline_mono_ms - fg_mono_ms();
        int ready;

        if (left <= 0)
            return fg_fail(error, FG_E_TIMEOUT, "time is over while %s", doing);
        ready = poll(&poll_one, 1, left > 60000 ? 60000 : (int)left);
        if (ready > 0)
            return FG_OK;
        if (ready < 0 && errno != EINTR)
            return fg_fail(error, FG_E_IO, "cannot wait while %s: %s", doing, strerror(errno));
    }
}

static enum fg_err connect_one(const struct addrinfo *address, int64_t deadline_mono_ms, int *ret_descriptor,
                               struct fg_error *error)
{
    int one = 1;
    int fault = 0;
    socklen_t length = sizeof(fault);
    int descriptor =
        socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
    enum fg_err result = FG_OK;

    if (descriptor < 0)
        return fg_fail(error, FG_E_IO, "cannot make a socket: %s", strerror(errno));
    /* Without it the handshake's small messages wait for delayed acknowledgements. */
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(descriptor, address->ai_addr, address->ai_addrlen) != 0 && errno != EINPROGRESS)
        fault = errno;
    else
        result = wait_socket(descriptor, POLLOUT, deadline_mono_ms, "connecting", error);
    if (result == FG_OK && fault == 0 && getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &fault, &length) != 0)
        fault = errno;
    if (result == FG_OK && fault != 0)
        result = fg_fail(error, FG_E_GONE, "cannot connect: %s", strerror(fault));
    if (result == FG_OK)
        *ret_descriptor = descriptor;
    else
        (void)close(descriptor);
    return result;
}

static enum fg_err connect_any(const char *host, const char *port, int64_t deadline_mono_ms,
                               int *ret_descriptor, struct fg_error *error)
{
    struct addrinfo *addresses = NULL;
    enum fg_err result = fg_resolve(host, port, deadline_mono_ms, &addresses, error);

    if (result != FG_OK)
        return result;
    result = FG_E_GONE;
    for (const struct addrinfo *at = addresses; at != NULL && result != FG_OK; at = at->ai_next)
        result = connect_one(at, deadline_mono_ms, ret_descriptor, error);
    freeaddrinfo(addresses);
    return result == FG_OK ? FG_OK : fg_fail_in(error, result, "%s:%s: ", host, port);
}

/* A peer that never stops sending would keep the library busy without it ever having to wait, so the deadline
 * is tested here as well: what then looks like a wait ends at once. */
static bool time_is_over(const struct fg_tls *tls)
{
    return fg_mono_ms() >= tls->deadline_mono_ms;
}

static int socket_send(void *context, const unsigned char *bytes, size_t length)
{
    const struct fg_tls *tls = context;
    ssize_t sent;

    if (time_is_over(tls))
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    sent = send(tls->descriptor, bytes, length, MSG_NOSIGNAL);
    if (sent >= 0)
        return (int)sent;
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_SSL_CONN_EOF;
}

static int socket_receive(void *context, unsigned char *bytes, size_t length)
{
    const struct fg_tls *tls = context;
    ssize_t got;

    if (time_is_over(tls))
        return MBEDTLS_ERR_SSL_WANT_READ;
    got = recv(tls->descriptor, bytes, length, 0);
    if (got > 0)
        return (int)got;
    if (got == 0)
        return MBEDTLS_ERR_SSL_CONN_EOF;
    return errno == EAGAIN || errno == EINTR ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_SSL_CONN_EOF;
}

/* ---- the connection ---- */

/* Names of the alerts that concern certificates and versions (RFC 8446, section 6.2). */
static const char *alert_name(uint8_t alert)
{
    switch (alert) {
    case 40:
        return "handshake failure: no certificate shown, or no common cipher";
    case 42:
        return "bad certificate";
    case 43:
        return "unsupported certificate";
    case 44:
        return "certificate revoked";
    case 45:
        return "certificate expired";
    case 46:
        return "certificate unknown";
    case 48:
        return "unknown CA";
    case 49:
        return "access denied";
    case 70:
        return "protocol version: it does not speak TLS 1.2";
    case 116:
        return "certificate required";
    default:
        return "see RFC 8446, section 6.2";
    }
}

static enum fg_err step_fail(const struct fg_tls *tls, int code, const char *doing, struct fg_error *error)
{
    char text[96];

    if (tls->verdict.code != FG_OK)
        return fg_fail(error, tls->verdict.code, "%s", tls->verdict.text);
    if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
        return fg_fail(error, FG_E_DENIED, "the peer refused us with TLS alert %u while %s (%s)",
                       tls->ssl.in_msg[1], doing, alert_name(tls->ssl.in_msg[1]));
    if (code == MBEDTLS_ERR_SSL_CONN_EOF || code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        return fg_fail(error, FG_E_GONE, "the peer closed the connection while %s", doing);
    mbedtls_strerror(code, text, sizeof(text));
    return fg_fail(error, FG_E_IO, "TLS fault while %s: %s", doing, text);
}

/* After a call that gave a negative code: waits when that is all there is to do. FG_OK: call again. */
static enum fg_err step_wait(struct fg_tls *tls, int code, int64_t deadline_mono_ms, const char *doing,
                             struct fg_error *error)
{
    if (code == MBEDTLS_ERR_SSL_WANT_READ)
        return wait_socket(tls->descriptor, POLLIN, deadline_mono_ms, doing, error);
    if (code == MBEDTLS_ERR_SSL_WANT_WRITE)
        return wait_socket(tls->descriptor, POLLOUT, deadline_mono_ms, doing, error);
    return step_fail(tls, code, doing, error);
}

static bool config_fill(struct fg_tls *tls, const struct fg_tls_credentials *credentials)
{
    static const int suites[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                                 MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                 MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 0};
    mbedtls_ssl_config *config = &tls->config;

    if (mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0)
        return false;
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_ciphersuites(config, suites);
    /* ECDSA on P-256 or P-384 with SHA-256 or SHA-384 all along the chain. */
    mbedtls_ssl_conf_cert_profile(config, &mbedtls_x509_crt_profile_suiteb);
    mbedtls_ssl_conf_authmode(config, credentials->peer_roles == FG_HTTPS_UNPROVEN
                                          ? MBEDTLS_SSL_VERIFY_NONE
                                          : MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_session_tickets(config, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    mbedtls_ssl_conf_renegotiation(config, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_rng(config, fg_mbedtls_random, NULL);
    mbedtls_ssl_conf_verify(config, certificate_judge, tls);
    /* The library's interface is not const-correct; it only reads these. */
    mbedtls_ssl_conf_ca_chain(config, (mbedtls_x509_crt *)(uintptr_t)&credentials->ca, NULL);
    return !credentials->has_own ||
           mbedtls_ssl_conf_own_cert(config, (mbedtls_x509_crt *)(uintptr_t)&credentials->own,
                                     (mbedtls_pk_context *)(uintptr_t)&credentials->key) == 0;
}

static void peer_name_set(struct fg_tls *tls, const char *peer_name)
{
    if (inet_pton(AF_INET, peer_name, tls->address) == 1)
        tls->address_length = 4;
    else if (inet_pton(AF_INET6, peer_name, tls->address) == 1)
        tls->address_length = 16;
    tls->numeric = tls->address_length != 0;
}

static enum fg_err shake_hands(struct fg_tls *tls, int64_t deadline_mono_ms, struct fg_error *error)
{
    enum fg_err result = FG_OK;
    int code;

    tls->deadline_mono_ms = deadline_mono_ms;
    while (result == FG_OK && (code = mbedtls_ssl_handshake(&tls->ssl)) != 0)
        result = step_wait(tls, code, deadline_mono_ms, "shaking hands", error);
    return result;
}

enum fg_err fg_tls_open(const struct fg_tls_credentials *credentials, const char *host, const char *port,
                        const char *peer_name, int64_t now_ms, int64_t deadline_mono_ms,
                        struct fg_tls **ret_tls, struct fg_error *error)
{
    struct fg_tls *tls;
    enum fg_err result = FG_OK;

    if (credentials->has_own)
        result = dates_check(&credentials->own, "our own", now_ms, error);
    if (result != FG_OK)
        return result;
    tls = calloc(1, sizeof(*tls));
    if (tls == NULL)
        return fg_fail(error, FG_E_MEMORY, "TLS: no memory");
    tls->descriptor = -1;
    tls->now_ms = now_ms;
    tls->peer_roles = credentials->peer_roles;
    mbedtls_ssl_init(&tls->ssl);
    mbedtls_ssl_config_init(&tls->config);
    peer_name_set(tls, peer_name);
    if (!config_fill(tls, credentials) || mbedtls_ssl_setup(&tls->ssl, &tls->config) != 0 ||
        (!tls->numeric && mbedtls_ssl_set_hostname(&tls->ssl, peer_name) != 0))
        result = fg_fail(error, FG_E_MEMORY, "TLS: cannot set the connection up");
    if (result == FG_OK)
        result = connect_any(host, port, deadline_mono_ms, &tls->descriptor, error);
    if (result == FG_OK) {
        mbedtls_ssl_set_bio(&tls->ssl, tls, socket_send, socket_receive, NULL);
        result = shake_hands(tls, deadline_mono_ms, error);
        if (result != FG_OK)
            result = fg_fail_in(error, result, "%s:%s: ", host, port);
    }
    if (result == FG_OK)
        *ret_tls = tls;
    else
        fg_tls_close(tls);
    return result;
}

void fg_tls_close(struct fg_tls *tls)
{
    if (tls == NULL)
        return;
    if (tls->descriptor >= 0) {
        /* One try: the socket does not block, and the peer copes without it. */
        tls->deadline_mono_ms = INT64_MAX;
        (void)mbedtls_ssl_close_notify(&tls->ssl);
        (void)close(tls->descriptor);
    }
    mbedtls_ssl_free(&tls->ssl);
    mbedtls_ssl_config_free(&tls->config);
    free(tls);
}

enum fg_err fg_tls_write(struct fg_tls *tls, const void *bytes, size_t length, int64_t deadline_mono_ms,
                         struct fg_error *error)
{
    const uint8_t *at = bytes;
    enum fg_err result = FG_OK;

    tls->deadline_mono_ms = deadline_mono_ms;
    while (result == FG_OK && length > 0) {
        int code = mbedtls_ssl_write(&tls->ssl, at, length);

        if (code > 0) {
            at += code;
            length -= (size_t)code;
        } else {
            result = step_wait(tls, code, deadline_mono_ms, "writing the request", error);
        }
    }
    return result;
}

enum fg_err fg_tls_read(struct fg_tls *tls, void *buffer, size_t capacity, size_t *ret_length,
                        int64_t deadline_mono_ms, struct fg_error *error)
{
    enum fg_err result = FG_OK;

    tls->deadline_mono_ms = deadline_mono_ms;
    while (result == FG_OK) {
        int code = mbedtls_ssl_read(&tls->ssl, buffer, capacity);

        if (code > 0) {
            *ret_length = (size_t)code;
            return FG_OK;
        }
        /* 0 is an end without a TLS ending; the length of the answer tells whether it matters. */
        result = step_wait(tls, code == 0 ? MBEDTLS_ERR_SSL_CONN_EOF : code, deadline_mono_ms,
                           "waiting for the answer", error);
    }
    return result;
}
