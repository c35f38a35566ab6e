/* Implementation of the messages to systemd (notify.h). */
#include "firmware/controller/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WORKING_EVERY_MS 1000
#define WORKING_EXTEND_US "30000000" /* from each sign on the start may take so much longer */

/* The address in text: a path, or a name in the abstract space behind an @. False: neither. */
static int connect_to(const char *text)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(text);
    int fd;

    if ((text[0] != '/' && text[0] != '@') || length >= sizeof(address.sun_path))
        return -1;
    memcpy(address.sun_path, text, length);
    if (text[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* A positive number, or 0. */
static int64_t number_of(const char *text)
{
    char *end = NULL;
    long long value;

    if (text == NULL || text[0] < '0' || text[0] > '9')
        return 0;
    errno = 0;
    value = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' ? value : 0;
}

void fg_notify_start(struct fg_notify *ret_notify)
{
    const char *socket_text = getenv("NOTIFY_SOCKET");
    const char *pid_text = getenv("WATCHDOG_PID");
    int64_t watchdog_us = number_of(getenv("WATCHDOG_USEC"));

    *ret_notify = (struct fg_notify){.fd = socket_text == NULL ? -1 : connect_to(socket_text)};
    if (pid_text == NULL || number_of(pid_text) == (int64_t)getpid())
        ret_notify->alive_every_ms = watchdog_us / 3000;
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_PID");
    (void)unsetenv("WATCHDOG_USEC");
}

void fg_notify_tell(const struct fg_notify *notify, const char *message)
{
    if (notify->fd >= 0)
        (void)!send(notify->fd, message, strlen(message), MSG_NOSIGNAL);
}

void fg_notify_alive(struct fg_notify *notify, int64_t now_mono_ms)
{
    if (notify->alive_every_ms == 0 || now_mono_ms < notify->alive_due_mono_ms)
        return;
    notify->alive_due_mono_ms = now_mono_ms + notify->alive_every_ms;
    fg_notify_tell(notify, "WATCHDOG=1");
}

void fg_notify_working(struct fg_notify *notify, int64_t now_mono_ms)
{
    if (now_mono_ms < notify->working_due_mono_ms)
        return;
    notify->working_due_mono_ms = now_mono_ms + WORKING_EVERY_MS;
    fg_notify_tell(notify, "EXTEND_TIMEOUT_USEC=" WORKING_EXTEND_US "\nWATCHDOG=1");
}

void fg_notify_end(struct fg_notify *notify)
{
    if (notify->fd >= 0)
        (void)close(notify->fd);
    notify->fd = -1;
}
