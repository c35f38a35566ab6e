/* A pty under a stable name: what a serial adapter is to the programs under test.
 *
 * The slave side stays open here too, so that clients may come and go. Not: what is said on it. Relies on:
 * ptys. */
#ifndef FG_BOARDS_SIM_PTY_PORT_H
#define FG_BOARDS_SIM_PTY_PORT_H

#include "lib/base/err.h"

struct fg_pty_port {
    int master; /* -1 = unplugged; non-blocking */
    int slave;
    char link[256]; /* the stable name */
};

/* Makes the pty (raw) and the symbolic link, replacing an old link. */
enum fg_err fg_pty_port_plug(struct fg_pty_port *port, const char *link, struct fg_error *error);

/* Hangs up whoever has it open and takes the link away. */
void fg_pty_port_unplug(struct fg_pty_port *port);

#endif
