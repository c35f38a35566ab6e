/* A process that holds keys keeps its memory to itself: other processes of the same user cannot read it
 * through /proc or ptrace, and no core dump writes it to a disk.
 *
 * Not: wiping keys after use (sign.h), what the process itself may do. Relies on: Linux. */
#ifndef FG_LIB_SYSTEM_SECRECY_H
#define FG_LIB_SYSTEM_SECRECY_H

#include "lib/base/err.h"

/* To be called at the start of main, before a key is read. It outlasts neither an exec nor, for its children,
 * theirs. FG_E_IO with the cause. */
enum fg_err fg_secrecy_start(struct fg_error *error);

#endif
