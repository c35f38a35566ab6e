/* The control socket's server (firmware/controller/control_server.h) against clients that behave badly: none
 * of them may block it, and none keeps others from being served. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "firmware/controller/control_server.h"
#include "tests/lib/check.h"

#define FLOOD 4000
#define NO_ANSWER 1 /* no error is above 0 */

static struct fg_control_server *server;
static struct fg_error error;
static unsigned served;
static uid_t asker;
static uint8_t packet[FG_CONTROL_PACKET_MAX + 100];

static void answer_all(void *context, const struct fg_control_request *request,
                       struct fg_control_answer *ret_answer)
{
    (void)context;
    memset(ret_answer, 0, sizeof(*ret_answer));
    (void)snprintf(ret_answer->text, sizeof(ret_answer->text), "kind %u", request->kind);
    asker = fg_control_server_asker(server);
    served++;
}

static void server_start(void)
{
    served = 0;
    asker = (uid_t)-1;
    CHECK_OK(fg_control_server_new(fg_test_path("c.sock"), answer_all, NULL, &server, &error), &error);
}

static int client_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", fg_test_path("c.sock"));
    CHECK(fd >= 0);
    CHECK_INT(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static bool request_send(int fd)
{
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    size_t length = 0;

    CHECK_OK(fg_control_encode_request(&request, packet, sizeof(packet), &length, &error), &error);
    return send(fd, packet, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;
}

/* Serves a few turns, then takes one answer; its result (an enum fg_err), or NO_ANSWER. */
static int answer_take(int fd)
{
    static struct fg_control_answer answer;
    ssize_t got;

    for (int i = 0; i < 3; i++)
        fg_control_server_serve(server);
    got = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
    if (got <= 0)
        return NO_ANSWER;
    CHECK_OK(fg_control_decode_answer(packet, (size_t)got, &answer, &error), &error);
    return (int)answer.result;
}

static bool is_closed(int fd)
{
    return recv(fd, packet, sizeof(packet), MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

TEST("a request is answered, and the socket is for its owner and group only")
{
    struct stat status;
    int fd;

    server_start();
    fd = client_connect();
    fg_control_server_serve(server);
    CHECK(request_send(fd));
    CHECK_INT(answer_take(fd), FG_OK);
    CHECK_INT(served, 1);
    CHECK_INT(asker, geteuid());
    CHECK_INT(stat(fg_test_path("c.sock"), &status), 0);
    CHECK_INT(status.st_mode & 0777, 0660);
    (void)close(fd);
    fg_control_server_free(server);
    CHECK(access(fg_test_path("c.sock"), F_OK) != 0);
}

TEST("BAD-INPUT-IS-SAFE: nonsense is answered with what is wrong, and the client may go on")
{
    int fd;

    server_start();
    fd = client_connect();
    fg_control_server_serve(server);
    CHECK_INT(send(fd, "\xff\xff\xff nonsense", 12, MSG_NOSIGNAL), 12);
    CHECK_INT(answer_take(fd), FG_E_FORMAT);
    CHECK_INT(served, 0);
    memset(packet, 0, sizeof(packet));
    CHECK_INT(send(fd, packet, sizeof(packet), MSG_NOSIGNAL), (ssize_t)sizeof(packet));
    CHECK_INT(answer_take(fd), FG_E_SIZE);
    CHECK(request_send(fd));
    CHECK_INT(answer_take(fd), FG_OK);
    (void)close(fd);
    fg_control_server_free(server);
}

TEST("a client that never reads its answers is dropped, and nobody waits for it")
{
    int slow;
    int other;
    bool dropped = false;

    server_start();
    slow = client_connect();
    fg_control_server_serve(server);
    for (int i = 0; i < FLOOD && !dropped; i++) {
        if (!request_send(slow) && errno != EAGAIN)
            dropped = true;
        fg_control_server_serve(server);
    }
    CHECK(dropped);
    other = client_connect();
    fg_control_server_serve(server);
    CHECK(request_send(other));
    CHECK_INT(answer_take(other), FG_OK);
    (void)close(slow);
    (void)close(other);
    fg_control_server_free(server);
}

TEST("a flood of one client takes a bounded part of a turn")
{
    int fd;

    server_start();
    fd = client_connect();
    fg_control_server_serve(server);
    for (int i = 0; i < 8; i++)
        CHECK(request_send(fd));
    fg_control_server_serve(server);
    CHECK(served <= 2);
    (void)close(fd);
    fg_control_server_free(server);
}

TEST("with all slots taken, the client that has been idle longest makes room")
{
    int fds[FG_CONTROL_CLIENTS_MAX + 1];

    server_start();
    for (int i = 0; i < FG_CONTROL_CLIENTS_MAX; i++) {
        fds[i] = client_connect();
        fg_control_server_serve(server);
    }
    for (int i = 0; i < FG_CONTROL_CLIENTS_MAX; i++) {
        if (i == 5)
            continue;
        CHECK(request_send(fds[i]));
        CHECK_INT(answer_take(fds[i]), FG_OK);
    }
    fds[FG_CONTROL_CLIENTS_MAX] = client_connect();
    fg_control_server_serve(server);
    CHECK(request_send(fds[FG_CONTROL_CLIENTS_MAX]));
    CHECK_INT(answer_take(fds[FG_CONTROL_CLIENTS_MAX]), FG_OK);
    CHECK(is_closed(fds[5]));
    CHECK(request_send(fds[0]));
    CHECK_INT(answer_take(fds[0]), FG_OK);
    for (int i = 0; i <= FG_CONTROL_CLIENTS_MAX; i++)
        (void)close(fds[i]);
    fg_control_server_free(server);
}

TEST("a second controller, and a file that is no socket, are told apart from a leftover")
{
    struct fg_control_server *second = NULL;
    FILE *file;

    server_start();
    CHECK_INT(fg_control_server_new(fg_test_path("c.sock"), answer_all, NULL, &second, &error), FG_E_EXISTS);
    CHECK_HAS(error.text, "another fillgated");
    fg_control_server_free(server);
    file = fopen(fg_test_path("c.sock"), "w");
    CHECK(file != NULL && fclose(file) == 0);
    CHECK_INT(fg_control_server_new(fg_test_path("c.sock"), answer_all, NULL, &second, &error), FG_E_EXISTS);
    CHECK_HAS(error.text, "not a socket");
}

TEST("what is polled is the listener and each client, for reading, and a client that went is polled no more")
{
    struct pollfd polls[1 + FG_CONTROL_CLIENTS_MAX];
    int fds[2];

    server_start();
    CHECK_INT(fg_control_server_polls(server, polls), 1);
    CHECK_INT(polls[0].events, POLLIN);
    for (int i = 0; i < 2; i++) {
        fds[i] = client_connect();
        CHECK_INT(poll(polls, 1, 0), 1);
        fg_control_server_serve(server);
        CHECK_INT(fg_control_server_polls(server, polls), 2 + i);
        CHECK_INT(polls[1 + i].events, POLLIN);
    }
    CHECK_INT(poll(polls, 3, 0), 0);
    CHECK(request_send(fds[1]));
    CHECK_INT(poll(polls, 3, 0), 1);
    CHECK_INT(polls[2].revents, POLLIN);
    (void)close(fds[0]);
    fg_control_server_serve(server);
    CHECK_INT(fg_control_server_polls(server, polls), 2);
    CHECK_INT(served, 1);
    (void)close(fds[1]);
    fg_control_server_free(server);
}

TEST("two requests of one client are served in a turn, and the others in the turns that follow")
{
    int fd;

    server_start();
    fd = client_connect();
    fg_control_server_serve(server);
    for (int i = 0; i < 5; i++)
        CHECK(request_send(fd));
    for (unsigned turn = 1; turn <= 3; turn++) {
        fg_control_server_serve(server);
        CHECK_INT(served, turn < 3 ? 2 * turn : 5);
    }
    (void)close(fd);
    fg_control_server_free(server);
}

TEST("the leftover of a controller that is gone makes room; a place where no socket can be is told")
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[sizeof(address.sun_path) + 1];
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", fg_test_path("c.sock"));
    CHECK_INT(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    (void)close(fd);
    server_start();
    fd = client_connect();
    fg_control_server_serve(server);
    CHECK(request_send(fd));
    CHECK_INT(answer_take(fd), FG_OK);
    (void)close(fd);
    fg_control_server_free(server);
    server = NULL;
    CHECK_INT(fg_control_server_new(fg_test_path("missing/c.sock"), answer_all, NULL, &server, &error),
              FG_E_IO);
    CHECK_HAS(error.text, "missing/c.sock: cannot listen: No such file");
    memset(path, '/', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    CHECK_INT(fg_control_server_new(path, answer_all, NULL, &server, &error), FG_E_SIZE);
    CHECK_HAS(error.text, "path too long");
    path[sizeof(path) - 2] = '\0'; /* the root: it may be so long, but is no socket */
    CHECK_INT(fg_control_server_new(path, answer_all, NULL, &server, &error), FG_E_EXISTS);
    CHECK(server == NULL);
    fg_control_server_free(server);
}

TEST("BAD-INPUT-IS-SAFE: an empty packet ends its client's connection, nobody else's")
{
    int empty;
    int other;

    server_start();
    empty = client_connect();
    fg_control_server_serve(server);
    other = client_connect();
    fg_control_server_serve(server);
    CHECK_INT(send(empty, "", 0, MSG_NOSIGNAL), 0);
    fg_control_server_serve(server);
    CHECK(is_closed(empty));
    CHECK(request_send(other));
    CHECK_INT(answer_take(other), FG_OK);
    (void)close(empty);
    (void)close(other);
    fg_control_server_free(server);
}
