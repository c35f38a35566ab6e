/* Tells systemd how the controller is (sd_notify(3)): ready, alive, stopping.
 *
 * A datagram to the socket that NOTIFY_SOCKET names, for which libsystemd would be a large library for one
 * sendto. Without that variable nothing is sent. Never blocks; a message that is lost is followed by the next
 * one. Not: deciding whether the controller is alive: it is when its loop calls this. Relies on: POSIX
 * sockets. One thread. */
#ifndef FG_FIRMWARE_CONTROLLER_NOTIFY_H
#define FG_FIRMWARE_CONTROLLER_NOTIFY_H

#include <stdint.h>

struct fg_notify {
    int fd;                 /* connected; -1: nobody asked to be told */
    int64_t alive_every_ms; /* a third of the time after which a watchdog acts; 0: there is none */
    int64_t alive_due_mono_ms;
    int64_t working_due_mono_ms;
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and removes them from the environment, so that no child
 * speaks for this process. */
void fg_notify_start(struct fg_notify *ret_notify);

/* "READY=1", "STATUS=..." or "STOPPING=1", as in sd_notify(3). */
void fg_notify_tell(const struct fg_notify *notify, const char *message);

/* To be called after each piece of something long in front of or within the loop, which may never be called
 * by a timer: a sign of life, and so much more time for the start. It is sent seldom enough for any number of
 * pieces. */
void fg_notify_working(struct fg_notify *notify, int64_t now_mono_ms);

/* To be called at every turn of the loop: "WATCHDOG=1" when it is time for one. */
void fg_notify_alive(struct fg_notify *notify, int64_t now_mono_ms);

void fg_notify_end(struct fg_notify *notify);

#endif
