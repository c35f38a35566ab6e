/* The parts of `fillgate point` that have files of their own. Relies on: cli.h. One thread. */
#ifndef FG_HOST_CLI_POINT_CMD_POINT_H
#define FG_HOST_CLI_POINT_CMD_POINT_H

#include "host/cli/cli.h"

enum cli_exit cli_point_board(const struct cli_call *call);
enum cli_exit cli_point_manual(const struct cli_call *call);

#endif
