/* Starting and stopping the HTTPS server (https_server.h): settings, listening socket, the library's
 * options.
 *
 * Not: connections, requests, answers (server_*.c). Relies on: libmicrohttpd 0.9.75 or later, built with
 * poll, thread pool and TLS (as Debian's). */
#include "lib/net/server/https_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/net/server/private.h"

#define CONNECTION_MEMORY_BYTES 16384 /* bounds request line and headers together */
#define BACKLOG 512
#define THREADS_MAX 64
#define CONNECTIONS_MAX 60000
#define OWN_THREADS_MAX 256
#define SPARE_PER_THREAD 8
#define REQUEST_MIN_MS 50
#define REQUEST_MAX_MS 3600000
#define TLS_PRIORITIES                                                                                       \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:-CIPHER-ALL:+AES-256-GCM:+AES-128-"     \
    "GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:%NO_TICKETS:%SERVER_PRECEDENCE"

struct listen_address {
    struct sockaddr_storage storage;
    socklen_t length;
    bool loopback;
};

static enum fg_err parse_address(const struct fg_server_settings *settings,
                                 struct listen_address *ret_address, struct fg_error *error)
{
    struct listen_address address = {.length = 0};
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)&address.storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&address.storage;

    if (settings->address == NULL)
        return fg_fail(error, FG_E_ARG, "HTTPS server: no address to listen at");
    if (inet_pton(AF_INET, settings->address, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(settings->port);
        address.length = sizeof(*four);
        address.loopback = (ntohl(four->sin_addr.s_addr) >> 24) == 127;
    } else if (inet_pton(AF_INET6, settings->address, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(settings->port);
        address.length = sizeof(*six);
        address.loopback = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    } else {
        return fg_fail(error, FG_E_ARG, "HTTPS server: \"%s\" is not a numeric address", settings->address);
    }
    *ret_address = address;
    return FG_OK;
}

static enum fg_err check_settings(const struct fg_server_settings *settings,
                                  const struct listen_address *address, struct fg_error *error)
{
    if (settings->plain && !address->loopback)
        return fg_fail(error, FG_E_ARG, "HTTP without TLS is only allowed on loopback addresses, not on %s",
                       settings->address);
    if (settings->now_ms == NULL || (settings->routes == NULL && settings->route_count > 0))
        return fg_fail(error, FG_E_ARG, "HTTPS server: needs a clock and routes");
    if (!settings->thread_per_connection &&
        (settings->threads < 1 || settings->threads > THREADS_MAX ||
         settings->connections_max < settings->threads || settings->connections_max > CONNECTIONS_MAX))
        return fg_fail(error, FG_E_ARG,
                       "HTTPS server: 1 to %d threads, and at least a connection for each, at most %d",
                       THREADS_MAX, CONNECTIONS_MAX);
    if (settings->thread_per_connection && settings->connections_max > OWN_THREADS_MAX)
        return fg_fail(error, FG_E_ARG,
                       "HTTPS server: with a thread for each there are at most %d connections",
                       OWN_THREADS_MAX);
    if (settings->header_count > FG_SERVER_HEADERS_MAX)
        return fg_fail(error, FG_E_ARG, "HTTPS server: at most %d headers for every answer",
                       FG_SERVER_HEADERS_MAX);
    if (settings->connections_max < 1)
        return fg_fail(error, FG_E_ARG, "HTTPS server: at least one connection must be allowed");
    if (settings->request_max_ms < REQUEST_MIN_MS || settings->request_max_ms > REQUEST_MAX_MS)
        return fg_fail(error, FG_E_ARG, "HTTPS server: a request may take %d to %d ms", REQUEST_MIN_MS,
                       REQUEST_MAX_MS);
    return FG_OK;
}

static uint16_t port_of(int socket)
{
    struct sockaddr_storage bound = {.ss_family = 0};
    socklen_t length = sizeof(bound);

    if (getsockname(socket, (struct sockaddr *)&bound, &length) != 0)
        return 0;
    if (bound.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)(void *)&bound)->sin6_port);
    return ntohs(((struct sockaddr_in *)(void *)&bound)->sin_port);
}

/* The own socket, since the library tells only a logger why it cannot have one. */
static enum fg_err open_listener(const struct fg_server_settings *settings,
                                 const struct listen_address *address, int *ret_socket,
                                 struct fg_error *error)
{
    const int on = 1;
    const int off = 0;
    const unsigned user_timeout_ms = settings->request_max_ms;
    int listener = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (listener < 0)
        return fg_fail(error, FG_E_IO, "cannot make a socket: %s", strerror(errno));
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        (address->storage.ss_family == AF_INET6 &&
         setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0) ||
        bind(listener, (const struct sockaddr *)&address->storage, address->length) != 0 ||
        listen(listener, BACKLOG) != 0) {
        (void)fg_fail(error, FG_E_IO, "cannot listen at %s, port %u: %s", settings->address, settings->port,
                      strerror(errno));
        (void)close(listener);
        return FG_E_IO;
    }
    /* Inherited by its connections: a peer that fell off the network frees its thread, though what is sent
     * to it now and then would fit into the kernel's buffers for minutes. Without it this only takes longer.
     */
    if (settings->thread_per_connection)
        (void)setsockopt(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof(user_timeout_ms));
    *ret_socket = listener;
    return FG_OK;
}

/* Beside two for each place: those that gave way are still being closed when newer ones come, and each of the
 * library's threads has only its share. */
static uint32_t spare_of(const struct fg_server_settings *settings)
{
    return SPARE_PER_THREAD * (settings->threads + 1);
}

/* Each connection that may be open has its descriptor; with too few of them there are fewer places. */
static enum fg_err take_descriptors(struct fg_server *server, struct fg_error *error)
{
    struct fg_server_settings *settings = &server->settings;
    uint32_t spare = spare_of(settings);
    uint32_t wanted = 2 * settings->connections_max + spare;
    uint32_t places;

    server->open_max = fg_server_descriptors_take(wanted);
    if (server->open_max == wanted)
        return FG_OK;
    places = server->open_max > spare ? (server->open_max - spare) / 2 : 0;
    if (places < 2 || places < settings->threads)
        return fg_fail(
            error, FG_E_FULL,
            "HTTPS server: this process may open too few files (ulimit -n, LimitNOFILE): %u more are "
            "needed",
            wanted - server->open_max);
    fg_server_log_line(
        &server->log, fg_server_now_mono_ms(),
        "%u connections at most instead of %u: this process may open too few files (ulimit -n, "
        "LimitNOFILE); %u more are needed",
        places, settings->connections_max, wanted - server->open_max);
    settings->connections_max = places;
    return FG_OK;
}

static void library_log(void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void library_log(void *context, const char *format, va_list arguments)
{
    struct fg_server *server = context;
    char line[FG_SERVER_LOG_LINE_BYTES];

    (void)vsnprintf(line, sizeof(line), format, arguments);
    line[strcspn(line, "\n")] = '\0';
    fg_server_log_line(&server->log, fg_server_now_mono_ms(), "http library: %s", line);
}

static enum fg_err start_library(struct fg_server *server, const struct fg_server_settings *settings,
                                 int listener, struct fg_error *error)
{
    /* Not by epoll: the library then takes a connection for readable throughout its handshake, and one peer
     * that stops there keeps a thread turning. Each turn of poll looks at every connection of its thread,
     * which is cheap beside a handshake. */
    unsigned flags =
        MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG | MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    bool pool = !settings->thread_per_connection && settings->threads > 1;
    struct MHD_OptionItem threads[] = {
        {pool ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, pool ? (intptr_t)settings->threads : 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
        {MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)(uintptr_t)fg_server_tls_give},
        {MHD_OPTION_END, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };

    if (settings->thread_per_connection)
        flags |= MHD_USE_THREAD_PER_CONNECTION;
    if (!settings->plain)
        flags |= MHD_USE_TLS;
    else
        tls[0].option = MHD_OPTION_END;
    if (server->tls.asks)
        tls[2] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, server->tls.authority_pem};
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, fg_server_request_part, server, MHD_OPTION_EXTERNAL_LOGGER, library_log, server,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_NOTIFY_CONNECTION, fg_server_connection_event, server,
        MHD_OPTION_NOTIFY_COMPLETED, fg_server_request_end, server, MHD_OPTION_URI_LOG_CALLBACK,
        fg_server_request_uri, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)server->open_max, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_ARRAY, threads, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (server->daemon == NULL)
        return fg_fail(error, FG_E_IO, "HTTPS server: the HTTP library does not start: %s", strerror(errno));
    return FG_OK;
}

static enum fg_err init_locks(struct fg_server *server, struct fg_error *error)
{
    pthread_condattr_t attributes;

    if (pthread_condattr_init(&attributes) != 0)
        return fg_fail(error, FG_E_MEMORY, "HTTPS server: no memory");
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&server->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)pthread_mutex_init(&server->mutex, NULL);
    return FG_OK;
}

static void free_server(struct fg_server *server)
{
    fg_server_watchdog_end(server);
    fg_server_tls_end(&server->tls);
    fg_seats_end(&server->seats);
    fg_server_descriptors_give(server->open_max);
    fg_server_log_end(&server->log, fg_server_now_mono_ms());
    (void)pthread_cond_destroy(&server->changed);
    (void)pthread_mutex_destroy(&server->mutex);
    free(server);
}

enum fg_err fg_server_start(const struct fg_server_settings *settings, struct fg_server **ret_server,
                            struct fg_error *error)
{
    struct listen_address address;
    struct fg_server *server;
    int listener = -1;
    enum fg_err result = parse_address(settings, &address, error);

    if (result == FG_OK)
        result = check_settings(settings, &address, error);
    if (result != FG_OK)
        return result;
    server = calloc(1, sizeof(*server));
    if (server == NULL)
        return fg_fail(error, FG_E_MEMORY, "HTTPS server: no memory");
    result = init_locks(server, error);
    if (result != FG_OK) {
        free(server);
        return result;
    }
    server->settings = *settings;
    if (settings->first_request_max_ms == 0 || settings->first_request_max_ms > settings->request_max_ms)
        server->settings.first_request_max_ms = settings->request_max_ms;
    fg_server_log_start(&server->log, settings->log, settings->log_context);
    result = fg_server_tls_start(&server->tls, settings, error);
    if (result == FG_OK)
        result = take_descriptors(server, error);
    if (result == FG_OK)
        result = fg_seats_start(&server->seats, server->settings.connections_max,
                                settings->connections_per_address_max, server->open_max, error);
    if (result == FG_OK)
        result = open_listener(settings, &address, &listener, error);
    if (result == FG_OK) {
        server->port = port_of(listener);
        result = fg_server_watchdog_start(server, error);
    }
    if (result == FG_OK)
        result = start_library(server, settings, listener, error);
    else if (listener >= 0)
        (void)close(listener);
    if (result != FG_OK)
        free_server(server);
    else
        *ret_server = server;
    return result;
}

uint16_t fg_server_port(const struct fg_server *server)
{
    return server->port;
}

enum fg_err fg_server_reload(struct fg_server *server, struct fg_error *error)
{
    if (server->settings.plain)
        return FG_OK;
    return fg_server_tls_load(&server->tls, error);
}

void fg_server_stop(struct fg_server *server)
{
    int listener;

    if (server == NULL)
        return;
    (void)pthread_mutex_lock(&server->mutex);
    server->stopping = true;
    (void)pthread_mutex_unlock(&server->mutex);
    listener = MHD_quiesce_daemon(server->daemon);
    if (listener >= 0)
        (void)close(listener);
    fg_server_wait_answered(server, server->settings.request_max_ms);
    MHD_stop_daemon(server->daemon);
    free_server(server);
}

void fg_server_counts(const struct fg_server *server, struct fg_server_counts *ret_counts)
{
    /* The lock is not part of what a reader sees as constant. */
    pthread_mutex_t *mutex = (pthread_mutex_t *)(uintptr_t)&server->mutex;

    (void)pthread_mutex_lock(mutex);
    *ret_counts = server->counts;
    (void)pthread_mutex_unlock(mutex);
}
