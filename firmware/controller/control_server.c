/* The control socket's server (control_server.h). */
#include "firmware/controller/control_server.h"

#include <errno.h>
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 8
/* Requests served of one client in one turn, so that a flood does not keep the loop from the plant. */
#define REQUESTS_A_TURN 2

struct client {
    int fd;        /* -1 = free slot */
    uid_t uid;     /* of the process that connected */
    uint64_t used; /* turn of the newest request, for dropping the idlest */
};

struct fg_control_server {
    int listener;
    char path[FG_CONTROL_PATH_MAX + 1];
    fg_control_handler handler;
    void *context;
    uint64_t turn;
    uid_t asker;
    struct client clients[FG_CONTROL_CLIENTS_MAX];
    struct fg_control_answer answer; /* large; kept off the stack */
    uint8_t packet[FG_CONTROL_PACKET_MAX + 1];
};

/* Is the name free, or only the leftover of a controller that is gone? */
static enum fg_err path_clear(const char *path, const struct sockaddr_un *address, struct fg_error *error)
{
    struct stat status;
    int fd;
    int result;

    if (lstat(path, &status) != 0)
        return FG_OK;
    if (!S_ISSOCK(status.st_mode))
        return fg_fail(error, FG_E_EXISTS, "%s: exists and is not a socket; remove it or name another", path);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fg_fail(error, FG_E_IO, "socket: %s", strerror(errno));
    result = connect(fd, (const struct sockaddr *)address, sizeof(*address));
    (void)close(fd);
    if (result == 0)
        return fg_fail(error, FG_E_EXISTS, "%s: another fillgated answers there", path);
    if (unlink(path) != 0)
        return fg_fail(error, FG_E_IO, "%s: leftover cannot be removed: %s", path, strerror(errno));
    return FG_OK;
}

enum fg_err fg_control_server_new(const char *path, fg_control_handler handler, void *context,
                                  struct fg_control_server **ret_server, struct fg_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct fg_control_server *server = NULL;
    enum fg_err code;

    if (strlen(path) >= sizeof(address.sun_path))
        return fg_fail(error, FG_E_SIZE, "%s: path too long for a socket, at most %zu bytes", path,
                       sizeof(address.sun_path) - 1);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    code = path_clear(path, &address, error);
    if (code != FG_OK)
        return code;
    server = calloc(1, sizeof(*server));
    if (server == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for the control socket");
    for (size_t i = 0; i < FG_CONTROL_CLIENTS_MAX; i++)
        server->clients[i].fd = -1;
    (void)snprintf(server->path, sizeof(server->path), "%s", path);
    server->handler = handler;
    server->context = context;
    server->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->listener < 0 ||
        bind(server->listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, 0660) != 0 || listen(server->listener, BACKLOG) != 0) {
        code = fg_fail(error, FG_E_IO, "%s: cannot listen: %s", path, strerror(errno));
        if (server->listener >= 0)
            (void)close(server->listener);
        free(server);
        return code;
    }
    *ret_server = server;
    return FG_OK;
}

size_t fg_control_server_polls(const struct fg_control_server *server, struct pollfd *ret_polls)
{
    size_t count = 0;

    ret_polls[count++] = (struct pollfd){.fd = server->listener, .events = POLLIN};
    for (size_t i = 0; i < FG_CONTROL_CLIENTS_MAX; i++) {
        if (server->clients[i].fd >= 0)
            ret_polls[count++] = (struct pollfd){.fd = server->clients[i].fd, .events = POLLIN};
    }
    return count;
}

static void client_drop(struct client *client)
{
    (void)close(client->fd);
    client->fd = -1;
}

static void client_accept(struct fg_control_server *server)
{
    struct ucred peer = {0};
    socklen_t peer_size = sizeof(peer);
    struct client *slot = &server->clients[0];
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) != 0) {
        (void)close(fd);
        return;
    }
    /* Room for the largest answer, however small the system's default is. */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){2 * FG_CONTROL_PACKET_MAX}, sizeof(int));
    for (size_t i = 0; i < FG_CONTROL_CLIENTS_MAX; i++) {
        struct client *client = &server->clients[i];

        if (client->fd < 0) {
            slot = client;
            break;
        }
        if (client->used < slot->used)
            slot = client;
    }
    /* All slots taken: the one that has been idle longest makes room. */
    if (slot->fd >= 0)
        client_drop(slot);
    slot->fd = fd;
    slot->uid = peer.uid;
    slot->used = server->turn;
}

/* False: the client is gone or must go. */
static bool request_serve(struct fg_control_server *server, const struct client *client, bool *ret_idle)
{
    int fd = client->fd;
    struct fg_control_request request;
    struct fg_error error = {0};
    size_t length = 0;
    ssize_t got = recv(fd, server->packet, sizeof(server->packet), MSG_DONTWAIT);

    *ret_idle = got < 0 && (errno == EAGAIN || errno == EINTR);
    if (*ret_idle)
        return true;
    if (got <= 0)
        return false;
    if (fg_control_decode_request(server->packet, (size_t)got, &request, &error) == FG_OK) {
        server->asker = client->uid;
        server->handler(server->context, &request, &server->answer);
        mbedtls_platform_zeroize(request.pin, sizeof(request.pin));
    } else {
        memset(&server->answer, 0, sizeof(server->answer));
        server->answer.result = error.code;
        (void)snprintf(server->answer.text, sizeof(server->answer.text), "%s", error.text);
    }
    mbedtls_platform_zeroize(server->packet, (size_t)got); /* it may have held a PIN */
    if (fg_control_encode_answer(&server->answer, server->packet, FG_CONTROL_PACKET_MAX, &length, &error) !=
        FG_OK)
        return false;
    return send(fd, server->packet, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;
}

void fg_control_server_serve(struct fg_control_server *server)
{
    server->turn++;
    for (size_t i = 0; i < FG_CONTROL_CLIENTS_MAX; i++) {
        struct client *client = &server->clients[i];
        bool idle = false;

        for (int n = 0; n < REQUESTS_A_TURN && client->fd >= 0 && !idle; n++) {
            if (!request_serve(server, client, &idle))
                client_drop(client);
            else if (!idle)
                client->used = server->turn;
        }
    }
    client_accept(server);
}

uid_t fg_control_server_asker(const struct fg_control_server *server)
{
    return server->asker;
}

void fg_control_server_free(struct fg_control_server *server)
{
    if (server == NULL)
        return;
    for (size_t i = 0; i < FG_CONTROL_CLIENTS_MAX; i++) {
        if (server->clients[i].fd >= 0)
            client_drop(&server->clients[i]);
    }
    (void)close(server->listener);
    (void)unlink(server->path);
    free(server);
}
