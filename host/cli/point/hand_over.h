/* Handing a file to the running fillgated by its control socket: lists and key rings.
 *
 * Not: what is in the file; fillgated verifies it. Relies on: proto/point/control.h. */
#ifndef FG_HOST_CLI_POINT_HAND_OVER_H
#define FG_HOST_CLI_POINT_HAND_OVER_H

#include "host/cli/cli.h"
#include "proto/point/control.h"

/* Hands over the file that is the call's first argument, by its absolute path (fillgated may run elsewhere),
 * with a request of this kind. CLI_OK: *ret_answer is fillgated's good answer, and nothing was printed;
 * CLI_NO: fillgated refused; else the failure. Both are told on standard error. */
enum cli_exit cli_hand_file(const struct cli_call *call, const char *socket_path, enum fg_control_kind kind,
                            struct fg_control_answer *ret_answer);

/* The whole of a command that hands over its first argument to the controller of --socket, and prints what it
 * answers: a line, or {"result", "text"} with --json. CLI_USAGE without --socket; else as cli_hand_file. */
enum cli_exit cli_hand_over(const struct cli_call *call, enum fg_control_kind kind);

#endif
