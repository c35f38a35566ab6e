/* Client of the control socket (control.h): a connection that asks one thing after the other, each within its
 * deadline. Not: the packets' contents (control.c). Relies on: POSIX sockets. */
#include <errno.h>
#include <mbedtls/platform_util.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/monotime.h"
#include "proto/point/control.h"

#define CONNECT_AGAIN_MS 10

struct fg_control_client {
    int fd;
    bool broken; /* an answer may still come that belongs to no question */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    uint8_t packet[FG_CONTROL_PACKET_MAX];
};

/* A full backlog makes connect fail with EAGAIN at once; the controller empties it every few milliseconds. */
static enum fg_err connect_within(int fd, const struct sockaddr_un *address, int64_t deadline_mono_ms,
                                  struct fg_error *error)
{
    for (;;) {
        int reason;

        if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
            return FG_OK;
        reason = errno;
        if (reason == EACCES || reason == EPERM)
            return fg_fail(error, FG_E_DENIED, "%s: cannot reach the controller: %s", address->sun_path,
                           strerror(reason));
        if (reason != EAGAIN && reason != EINTR)
            return fg_fail(error, FG_E_GONE, "%s: cannot reach the controller: %s; is fillgated running?",
                           address->sun_path, strerror(reason));
        if (fg_mono_ms() >= deadline_mono_ms)
            return fg_fail(error, FG_E_TIMEOUT, "%s: the controller took no connection in time",
                           address->sun_path);
        (void)poll(NULL, 0, CONNECT_AGAIN_MS);
    }
}

static enum fg_err client_open(const char *path, int64_t deadline_mono_ms,
                               struct fg_control_client **ret_client, struct fg_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct fg_control_client *client = NULL;
    enum fg_err code;

    if (strlen(path) >= sizeof(address.sun_path))
        return fg_fail(error, FG_E_SIZE, "%s: path too long for a socket, at most %zu bytes", path,
                       sizeof(address.sun_path) - 1);
    client = calloc(1, sizeof(*client));
    if (client == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a connection to the controller");
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    memcpy(client->path, address.sun_path, sizeof(client->path));
    client->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (client->fd < 0)
        code = fg_fail(error, FG_E_IO, "socket: %s", strerror(errno));
    else
        code = connect_within(client->fd, &address, deadline_mono_ms, error);
    if (code != FG_OK) {
        fg_control_client_close(client);
        return code;
    }
    *ret_client = client;
    return FG_OK;
}

/* Waits until the answer can be read; the deadline is absolute. */
static enum fg_err client_wait(const struct fg_control_client *client, int64_t deadline_mono_ms,
                               struct fg_error *error)
{
    for (;;) {
        struct pollfd item = {.fd = client->fd, .events = POLLIN};
        int64_t left_ms = deadline_mono_ms - fg_mono_ms();
        int ready;

        if (left_ms <= 0)
            return fg_fail(error, FG_E_TIMEOUT, "%s: the controller did not answer in time", client->path);
        ready = poll(&item, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
        if (ready > 0)
            return FG_OK;
        if (ready < 0 && errno != EINTR)
            return fg_fail(error, FG_E_IO, "poll: %s", strerror(errno));
    }
}

static enum fg_err client_ask(struct fg_control_client *client, const struct fg_control_request *request,
                              struct fg_control_answer *ret_answer, int64_t deadline_mono_ms,
                              struct fg_error *error)
{
    size_t length = 0;
    ssize_t moved;
    enum fg_err code =
        fg_control_encode_request(request, client->packet, sizeof(client->packet), &length, error);

    if (code != FG_OK)
        return code;
    moved = send(client->fd, client->packet, length, MSG_NOSIGNAL);
    mbedtls_platform_zeroize(client->packet, length); /* it may hold a PIN */
    if (moved != (ssize_t)length)
        return fg_fail(error, FG_E_GONE, "%s: send: %s", client->path, strerror(errno));
    code = client_wait(client, deadline_mono_ms, error);
    if (code != FG_OK)
        return code;
    moved = recv(client->fd, client->packet, sizeof(client->packet), MSG_TRUNC);
    if (moved <= 0)
        return fg_fail(error, FG_E_GONE, "%s: the controller closed the connection without an answer",
                       client->path);
    if ((size_t)moved > sizeof(client->packet))
        return fg_fail(error, FG_E_SIZE, "%s: the answer is larger than %zu bytes", client->path,
                       sizeof(client->packet));
    return fg_control_decode_answer(client->packet, (size_t)moved, ret_answer, error);
}

enum fg_err fg_control_client_open(const char *path, uint32_t deadline_ms,
                                   struct fg_control_client **ret_client, struct fg_error *error)
{
    return client_open(path, fg_mono_ms() + (int64_t)deadline_ms, ret_client, error);
}

enum fg_err fg_control_client_ask(struct fg_control_client *client, const struct fg_control_request *request,
                                  struct fg_control_answer *ret_answer, uint32_t deadline_ms,
                                  struct fg_error *error)
{
    enum fg_err code;

    if (client->broken)
        return fg_fail(error, FG_E_GONE, "%s: an earlier request failed; connect again", client->path);
    code = client_ask(client, request, ret_answer, fg_mono_ms() + (int64_t)deadline_ms, error);
    client->broken = code != FG_OK;
    return code;
}

void fg_control_client_close(struct fg_control_client *client)
{
    if (client == NULL)
        return;
    if (client->fd >= 0)
        (void)close(client->fd);
    free(client);
}

enum fg_err fg_control_call(const char *path, const struct fg_control_request *request,
                            struct fg_control_answer *ret_answer, uint32_t deadline_ms,
                            struct fg_error *error)
{
    int64_t deadline_mono_ms = fg_mono_ms() + (int64_t)deadline_ms;
    struct fg_control_client *client = NULL;
    enum fg_err code = client_open(path, deadline_mono_ms, &client, error);

    if (code == FG_OK)
        code = client_ask(client, request, ret_answer, deadline_mono_ms, error);
    fg_control_client_close(client);
    return code;
}
