/* A serial port belongs to one process: the lock that reader and plant take before they open theirs.
 *
 * Two locks, because each leaves a gap: an advisory lock on the device node keeps every other fillgate
 * process out, TIOCEXCL every later opener that is not root. Neither keeps out root, nor one who had the port
 * open before; what such a one does to a bus must be noticed there (firmware/plant/bus.h). Not: opening the
 * port to use it, nor its settings. Relies on: flock, Linux terminals. */
#ifndef FG_LIB_SYSTEM_PORT_LOCK_H
#define FG_LIB_SYSTEM_PORT_LOCK_H

#include "lib/base/err.h"

/* Opens path and locks it. *ret_fd is the caller's: closing it gives the port back. Never waits. FG_E_IO: the
 * port cannot be opened; FG_E_BUSY: another process holds it. Any thread. */
enum fg_err fg_port_lock(const char *path, int *ret_fd, struct fg_error *error);

/* Keeps later openers out, also those that know nothing of the lock; to be called when everything that needs
 * the port open has opened it. Does nothing on -1, on what is no terminal, and on a pty: its peer keeps the
 * terminal open, so that the mark would outlive a crash and keep ourselves out. */
void fg_port_seal(int fd);

#endif
