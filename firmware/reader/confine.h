/* What the reader's process gives up before it hears from the air: libnfc parses bytes that a stranger's tag
 * chooses, so a fault in it must not reach the controller's key, journal, memory or network.
 *
 * Three fences, each alone enough for most of it: no new privileges and no core dump; Landlock, which leaves
 * the process its device and libnfc's settings of all files; and a list of allowed system calls, which
 * shrinks once the device is open. None can be taken back. Not: starting the process without the controller's
 * descriptors (watch.c). Relies on: Linux; Landlock from 5.13 on, where the kernel has it. One thread, which
 * must be the only one of the process: Landlock binds only the thread that calls. */
#ifndef FG_FIRMWARE_READER_CONFINE_H
#define FG_FIRMWARE_READER_CONFINE_H

#include <stdbool.h>

#include "lib/base/err.h"

/* No new privileges, no core dump. To be called first. FG_E_IO with the cause. */
enum fg_err fg_confine_start(struct fg_error *error);

/* From now on the process may open only the device of this libnfc connection string (driver:PATH[:BAUD]; the
 * USB bus where it names no path) and read libnfc's settings. Also keeps it from sending signals to, and from
 * speaking to abstract sockets of, other processes where the kernel can (6.12). The device must exist. A
 * device that is plugged in again later is another file, which a process that was confined before cannot
 * open. FG_E_NOT_FOUND: the kernel has no Landlock or has it switched off; FG_E_IO with the cause. */
enum fg_err fg_confine_files(const char *connection, struct fg_error *error);

/* From now on only the system calls that opening (may_open) or using the device needs are carried out, all
 * others fail with EPERM: no program, process or thread is started, none is looked into or signalled, no
 * socket is made, nothing becomes executable. To be called with may_open before the device is opened, and
 * without when it is open: then no file can be opened any more either. FG_E_IO with the cause. */
enum fg_err fg_confine_calls(bool may_open, struct fg_error *error);

#endif
