/* The lock of a serial port (port_lock.h). */
#include "lib/system/port_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PTY_MAJOR_FIRST 136
#define PTY_MAJOR_LAST 143

enum fg_err fg_port_lock(const char *path, int *ret_fd, struct fg_error *error)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0 && errno == EBUSY)
        return fg_fail(error, FG_E_BUSY, "%.150s: another process holds this port; one port belongs to one",
                       path);
    if (fd < 0)
        return fg_fail(error, FG_E_IO, "%.150s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return fg_fail(error, FG_E_BUSY, "%.150s: another process holds this port; one port belongs to one",
                       path);
    }
    *ret_fd = fd;
    return FG_OK;
}

void fg_port_seal(int fd)
{
    struct stat status;

    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISCHR(status.st_mode) ||
        (major(status.st_rdev) >= PTY_MAJOR_FIRST && major(status.st_rdev) <= PTY_MAJOR_LAST))
        return;
    (void)ioctl(fd, TIOCEXCL); /* best effort: not every device is a terminal */
}
