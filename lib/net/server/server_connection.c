/* The HTTPS server's connections, who gives way when there are too many, and the watchdog that cuts the slow
 * ones (private.h).
 *
 * A connection has first_request_max_ms for its handshake and the header of its first request, request_max_ms
 * for each request, and for the peer to take each piece of an answer. The time that a handler takes does not
 * count. Not: what a request means. Relies on: libmicrohttpd, POSIX sockets. */
#include <mbedtls/platform_util.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/net/server/private.h"

#define TICK_MAX_MS 250
#define TICK_MIN_MS 10
#define TICKS_PER_DEADLINE 8
#define GAVE_WAY_TOLD_MS 60000

int64_t fg_server_now_mono_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_address(struct fg_server_connection *connection, const struct sockaddr *address)
{
    socklen_t length = 0;

    (void)strcpy(connection->address, "unknown");
    if (address == NULL)
        return;
    if (address->sa_family == AF_INET)
        length = sizeof(struct sockaddr_in);
    else if (address->sa_family == AF_INET6)
        length = sizeof(struct sockaddr_in6);
    (void)getnameinfo(address, length, connection->address, sizeof(connection->address), NULL, 0,
                      NI_NUMERICHOST);
}

/* With the mutex held: the socket is open, since its closing is announced before it happens. The library's
 * thread wakes and closes. */
static void connection_end(struct fg_server_connection *connection)
{
    connection->was_cut = true;
    (void)shutdown(connection->socket, SHUT_RDWR);
}

/* With the mutex held. seat may be NULL. */
static void gave_way(struct fg_server *server, struct fg_seat *seat)
{
    if (seat == NULL)
        return;
    server->counts.gave_way++;
    connection_end((struct fg_server_connection *)(void *)seat);
}

void fg_server_connection_prove(struct fg_server_connection *connection, const char *party)
{
    struct fg_server *server = connection->server;

    (void)pthread_mutex_lock(&server->mutex);
    gave_way(server, fg_seats_prove(&server->seats, &connection->seat, party, fg_server_now_mono_ms()));
    (void)pthread_mutex_unlock(&server->mutex);
}

static void connection_opened(struct fg_server *server, struct MHD_Connection *library, void **ret_connection)
{
    const union MHD_ConnectionInfo *socket =
        MHD_get_connection_info(library, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *address =
        MHD_get_connection_info(library, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const union MHD_ConnectionInfo *session =
        server->settings.plain ? NULL : MHD_get_connection_info(library, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    struct fg_server_connection *connection = calloc(1, sizeof(*connection));
    int64_t now_mono_ms = fg_server_now_mono_ms();
    struct fg_network network;

    *ret_connection = connection;
    if (connection == NULL) {
        /* Nobody would watch it. */
        (void)shutdown(socket->connect_fd, SHUT_RDWR);
        return;
    }
    connection->server = server;
    connection->socket = socket->connect_fd;
    connection->deadline_mono_ms = now_mono_ms + server->settings.first_request_max_ms;
    set_address(connection, address != NULL ? address->client_addr : NULL);
    fg_network_of(address != NULL ? address->client_addr : NULL, &network);
    if (session != NULL)
        fg_server_tls_bind(&server->tls, session->tls_session);
    (void)pthread_mutex_lock(&server->mutex);
    connection->next = server->first;
    if (server->first != NULL)
        server->first->previous = connection;
    server->first = connection;
    server->counts.connections++;
    server->counts.open++;
    gave_way(server, fg_seats_enter(&server->seats, &connection->seat, &network, now_mono_ms));
    (void)pthread_mutex_unlock(&server->mutex);
}

static void connection_closed(struct fg_server *server, struct fg_server_connection *connection)
{
    if (connection == NULL)
        return;
    (void)pthread_mutex_lock(&server->mutex);
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        server->first = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    server->counts.open--;
    fg_seats_leave(&server->seats, &connection->seat, fg_server_now_mono_ms());
    (void)pthread_cond_broadcast(&server->changed);
    (void)pthread_mutex_unlock(&server->mutex);
    fg_server_connection_forget_request(connection);
    free(connection);
}

void fg_server_connection_event(void *server, struct MHD_Connection *library, void **connection,
                                enum MHD_ConnectionNotificationCode event)
{
    if (event == MHD_CONNECTION_NOTIFY_STARTED)
        connection_opened(server, library, connection);
    else
        connection_closed(server, *connection);
}

void fg_server_connection_asked(struct fg_server_connection *connection)
{
    struct fg_server *server = connection->server;

    (void)pthread_mutex_lock(&server->mutex);
    if (!connection->asked)
        connection->deadline_mono_ms +=
            server->settings.request_max_ms - server->settings.first_request_max_ms;
    connection->asked = true;
    (void)pthread_mutex_unlock(&server->mutex);
}

void fg_server_connection_enter(struct fg_server_connection *connection, enum fg_server_phase phase)
{
    struct fg_server *server = connection->server;

    (void)pthread_mutex_lock(&server->mutex);
    connection->phase = phase;
    connection->seat.held = phase == FG_SERVER_HANDLING;
    connection->deadline_mono_ms = fg_server_now_mono_ms() + server->settings.request_max_ms;
    (void)pthread_cond_broadcast(&server->changed);
    (void)pthread_mutex_unlock(&server->mutex);
}

void fg_server_connection_forget_body(struct fg_server_connection *connection)
{
    /* It may have held a one-time code or a PIN. */
    if (connection->body != NULL)
        mbedtls_platform_zeroize(connection->body, connection->body_length);
    free(connection->body);
    connection->body = NULL;
    connection->body_length = 0;
    connection->body_capacity = 0;
}

void fg_server_connection_forget_request(struct fg_server_connection *connection)
{
    fg_server_connection_forget_body(connection);
    connection->body_discarded = 0;
    connection->began = false;
    connection->uri_status = 0;
    connection->route = NULL;
}

bool fg_server_stopping(struct fg_server *server)
{
    bool stopping;

    (void)pthread_mutex_lock(&server->mutex);
    stopping = server->stopping;
    (void)pthread_mutex_unlock(&server->mutex);
    return stopping;
}

/* ---- the watchdog ---- */

/* With the mutex held. */
static void cut_late(struct fg_server *server, int64_t now_mono_ms)
{
    for (struct fg_server_connection *each = server->first; each != NULL; each = each->next) {
        if (each->was_cut || each->phase == FG_SERVER_HANDLING || now_mono_ms < each->deadline_mono_ms)
            continue;
        connection_end(each);
        server->counts.cut++;
        fg_server_log_line(&server->log, now_mono_ms, "%s: cut, since it %s within %u ms", each->address,
                           each->phase == FG_SERVER_READING ? "completed no request" : "took no answer",
                           each->asked ? server->settings.request_max_ms
                                       : server->settings.first_request_max_ms);
    }
}

/* With the mutex held. A flood is told once a minute, not once a connection. */
static void gave_way_tell(struct fg_server *server, int64_t now_mono_ms)
{
    uint64_t count = server->counts.gave_way - server->gave_way_told;

    if (count == 0 ||
        (server->gave_way_told > 0 && now_mono_ms - server->gave_way_mono_ms < GAVE_WAY_TOLD_MS))
        return;
    server->gave_way_told = server->counts.gave_way;
    server->gave_way_mono_ms = now_mono_ms;
    fg_server_log_line(
        &server->log, now_mono_ms,
        "%llu connections that did not show who they are gave way to newer ones: somebody holds many",
        (unsigned long long)count);
}

static struct timespec after_ms(uint32_t wait_ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    return until;
}

static void *watch(void *context)
{
    struct fg_server *server = context;
    uint32_t tick_ms = server->settings.request_max_ms / TICKS_PER_DEADLINE;

    if (tick_ms > server->settings.first_request_max_ms / TICKS_PER_DEADLINE)
        tick_ms = server->settings.first_request_max_ms / TICKS_PER_DEADLINE;
    if (tick_ms > TICK_MAX_MS)
        tick_ms = TICK_MAX_MS;
    if (tick_ms < TICK_MIN_MS)
        tick_ms = TICK_MIN_MS;
    (void)pthread_mutex_lock(&server->mutex);
    while (server->watching) {
        int64_t now_mono_ms = fg_server_now_mono_ms();
        struct timespec until = after_ms(tick_ms);

        cut_late(server, now_mono_ms);
        gave_way_tell(server, now_mono_ms);
        fg_server_log_tick(&server->log, now_mono_ms);
        /* Woken by every event of a connection: sleep on until the tick is over. */
        while (server->watching && pthread_cond_timedwait(&server->changed, &server->mutex, &until) == 0)
            continue;
    }
    (void)pthread_mutex_unlock(&server->mutex);
    return NULL;
}

enum fg_err fg_server_watchdog_start(struct fg_server *server, struct fg_error *error)
{
    server->watching = true;
    if (pthread_create(&server->watchdog, NULL, watch, server) == 0)
        return FG_OK;
    server->watching = false;
    return fg_fail(error, FG_E_IO, "HTTPS server: cannot start a thread");
}

static bool somebody_waits(const struct fg_server *server)
{
    for (const struct fg_server_connection *each = server->first; each != NULL; each = each->next) {
        if (each->phase != FG_SERVER_READING)
            return true;
    }
    return false;
}

void fg_server_wait_answered(struct fg_server *server, uint32_t max_ms)
{
    struct timespec until = after_ms(max_ms);

    (void)pthread_mutex_lock(&server->mutex);
    while (somebody_waits(server) && pthread_cond_timedwait(&server->changed, &server->mutex, &until) == 0)
        continue;
    (void)pthread_mutex_unlock(&server->mutex);
}

void fg_server_watchdog_end(struct fg_server *server)
{
    bool watching;

    (void)pthread_mutex_lock(&server->mutex);
    watching = server->watching;
    server->watching = false;
    (void)pthread_cond_broadcast(&server->changed);
    (void)pthread_mutex_unlock(&server->mutex);
    if (watching)
        (void)pthread_join(server->watchdog, NULL);
}
