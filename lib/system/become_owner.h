/* A command that an administrator runs as root, for files in a directory of somebody else: it becomes that
 * user first, for good, and works with no more rights than the owner has. Who owns a directory can swap what
 * is in it at any moment; root that wrote or changed owners there by name could be led anywhere.
 *
 * Not: which files those are. Relies on: Linux. To be called before the process has a second thread. */
#ifndef FG_LIB_SYSTEM_BECOME_OWNER_H
#define FG_LIB_SYSTEM_BECOME_OWNER_H

#include "lib/base/err.h"

/* Becomes the owner (user and group) of the first part of this path, from the root on, that is not root's: a
 * directory or a symbolic link. Nothing happens when all of it is root's, or the process is not root.
 * FG_E_NOT_FOUND, FG_E_IO; FG_E_DENIED: a directory on the way is root's, but others may write to it. */
enum fg_err fg_owner_become(const char *directory, struct fg_error *error);

#endif
