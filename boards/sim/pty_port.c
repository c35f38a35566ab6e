/* The pty of pty_port.h. */
#include "boards/sim/pty_port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum fg_err fg_pty_port_plug(struct fg_pty_port *port, const char *link, struct fg_error *error)
{
    char name[64];
    struct termios settings;

    port->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    port->slave = -1;
    (void)snprintf(port->link, sizeof(port->link), "%s", link);
    if (port->master < 0 || grantpt(port->master) != 0 || unlockpt(port->master) != 0 ||
        ptsname_r(port->master, name, sizeof(name)) != 0)
        goto failed;
    port->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (port->slave < 0 || tcgetattr(port->slave, &settings) != 0)
        goto failed;
    cfmakeraw(&settings);
    if (tcsetattr(port->slave, TCSANOW, &settings) != 0)
        goto failed;
    (void)unlink(port->link);
    if (symlink(name, port->link) != 0)
        goto failed;
    return FG_OK;

failed:
    (void)fg_fail(error, FG_E_IO, "%s: cannot make a pty: %s", link, strerror(errno));
    fg_pty_port_unplug(port);
    return FG_E_IO;
}

void fg_pty_port_unplug(struct fg_pty_port *port)
{
    if (port->slave >= 0)
        (void)close(port->slave);
    if (port->master >= 0)
        (void)close(port->master);
    if (port->link[0] != '\0')
        (void)unlink(port->link);
    port->slave = -1;
    port->master = -1;
}
