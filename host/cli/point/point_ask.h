/* Asks the running fillgated for the commands of a filling point.
 *
 * Relies on: cli.h, proto/point/control.h. One thread. */
#ifndef FG_HOST_CLI_POINT_POINT_ASK_H
#define FG_HOST_CLI_POINT_POINT_ASK_H

#include "host/cli/cli.h"
#include "proto/point/control.h"

/* Asks the fillgated of --socket or --config; a refusal of the controller is an answer too, and ends up as
 * exit code NO, already told. */
enum cli_exit cli_point_ask(const struct cli_call *call, const struct fg_control_request *request,
                            struct fg_control_answer *ret_answer);

/* Prints fillgated's good answer: a line, or {"result", "text"} with --json. */
enum cli_exit cli_point_tell(const struct cli_call *call, const struct fg_control_answer *answer);

#endif
