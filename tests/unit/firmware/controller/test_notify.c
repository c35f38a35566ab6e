/* What systemd is told, at a socket of the test's own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "firmware/controller/notify.h"
#include "tests/lib/check.h"

static int listener;

static void listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", fg_test_path(name));
    listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(listener >= 0);
    CHECK_INT(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    CHECK_INT(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
}

/* The next message, or "". */
static const char *heard(void)
{
    static char text[64];
    ssize_t length = recv(listener, text, sizeof(text) - 1, 0);

    text[length < 0 ? 0 : length] = '\0';
    return text;
}

static unsigned heard_in(struct fg_notify *notify, int64_t from_ms, int64_t to_ms)
{
    unsigned count = 0;

    for (int64_t now = from_ms; now < to_ms; now += 20) {
        fg_notify_alive(notify, now);
        count += strcmp(heard(), "WATCHDOG=1") == 0 ? 1 : 0;
    }
    return count;
}

TEST("systemd hears what it is told, and a sign of life three times in its watchdog's time")
{
    struct fg_notify notify;

    listen_at("notify");
    CHECK_INT(setenv("WATCHDOG_USEC", "6000000", 1), 0);
    (void)unsetenv("WATCHDOG_PID");
    fg_notify_start(&notify);
    CHECK(getenv("NOTIFY_SOCKET") == NULL);
    CHECK(getenv("WATCHDOG_USEC") == NULL);
    fg_notify_tell(&notify, "READY=1");
    CHECK_TEXT(heard(), "READY=1");
    CHECK_INT(heard_in(&notify, 0, 6000), 3);
    CHECK_INT(heard_in(&notify, 6000, 12000), 3);
    fg_notify_end(&notify);
    (void)close(listener);
}

TEST("pieces of long work are signs of life and give the start more time, once a second at most")
{
    struct fg_notify notify;

    listen_at("notify-3");
    (void)unsetenv("WATCHDOG_USEC");
    fg_notify_start(&notify);
    fg_notify_working(&notify, 5000);
    CHECK_TEXT(heard(), "EXTEND_TIMEOUT_USEC=30000000\nWATCHDOG=1");
    fg_notify_working(&notify, 5999);
    CHECK_TEXT(heard(), "");
    fg_notify_working(&notify, 6000);
    CHECK_TEXT(heard(), "EXTEND_TIMEOUT_USEC=30000000\nWATCHDOG=1");
    fg_notify_end(&notify);
    (void)close(listener);
}

TEST("without a watchdog, or with another process's, no sign of life is sent")
{
    struct fg_notify notify;

    listen_at("notify");
    (void)unsetenv("WATCHDOG_USEC");
    fg_notify_start(&notify);
    CHECK_INT(heard_in(&notify, 0, 60000), 0);
    fg_notify_end(&notify);
    (void)close(listener);
    listen_at("notify-2");
    CHECK_INT(setenv("WATCHDOG_USEC", "6000000", 1), 0);
    CHECK_INT(setenv("WATCHDOG_PID", "1", 1), 0);
    fg_notify_start(&notify);
    CHECK_INT(heard_in(&notify, 0, 60000), 0);
    fg_notify_end(&notify);
    (void)close(listener);
}

TEST("BAD-INPUT-IS-SAFE: no socket, a bad address, a bad number: nothing is sent and nothing fails")
{
    static const char *const addresses[] = {"", "relative", "/nowhere/at/all", "@fillgate-test-nobody"};
    static const char *const numbers[] = {"", "-5", "6x", "99999999999999999999", "0"};
    struct fg_notify notify;

    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(setenv("NOTIFY_SOCKET", addresses[i], 1), 0);
        fg_notify_start(&notify);
        CHECK_INT(notify.fd, -1);
        fg_notify_tell(&notify, "READY=1");
        fg_notify_end(&notify);
    }
    (void)unsetenv("WATCHDOG_PID");
    for (size_t i = 0; i < 5; i++) {
        CHECK_INT(setenv("WATCHDOG_USEC", numbers[i], 1), 0);
        fg_notify_start(&notify);
        CHECK_INT(notify.alive_every_ms, 0);
    }
}

TEST("a socket in the abstract space is reached, and the watchdog may be this process's by number")
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct fg_notify notify;
    char text[sizeof(address.sun_path) + 1];
    int length;

    length =
        snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "fillgate-test-%ld", (long)getpid());
    listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(listener >= 0);
    CHECK_INT(bind(listener, (const struct sockaddr *)&address,
                   (socklen_t)(sizeof(address.sun_family) + 1 + (size_t)length)),
              0);
    (void)snprintf(text, sizeof(text), "@%s", address.sun_path + 1);
    CHECK_INT(setenv("NOTIFY_SOCKET", text, 1), 0);
    (void)snprintf(text, sizeof(text), "%ld", (long)getpid());
    CHECK_INT(setenv("WATCHDOG_PID", text, 1), 0);
    CHECK_INT(setenv("WATCHDOG_USEC", "9000000", 1), 0);
    fg_notify_start(&notify);
    CHECK(getenv("WATCHDOG_PID") == NULL);
    CHECK_INT(notify.alive_every_ms, 3000);
    fg_notify_alive(&notify, 5000);
    CHECK_TEXT(heard(), "WATCHDOG=1");
    fg_notify_alive(&notify, 7999);
    CHECK_TEXT(heard(), "");
    fg_notify_alive(&notify, 8000);
    CHECK_TEXT(heard(), "WATCHDOG=1");
    fg_notify_end(&notify);
    CHECK_INT(notify.fd, -1);
    fg_notify_tell(&notify, "READY=1");
    CHECK_TEXT(heard(), "");
    (void)close(listener);
}

TEST("BAD-INPUT-IS-SAFE: an address that no socket can have is none")
{
    char text[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
    struct fg_notify notify;

    memset(text, 'x', sizeof(text));
    text[0] = '/';
    text[sizeof(text) - 1] = '\0';
    CHECK_INT(setenv("NOTIFY_SOCKET", text, 1), 0);
    fg_notify_start(&notify);
    CHECK_INT(notify.fd, -1);
    fg_notify_start(&notify); /* without any */
    CHECK_INT(notify.fd, -1);
}
