/* The one list command that needs the bureau's room: list build. Relies on: cli.h. */
#ifndef FG_HOST_CLI_CLI_BUILD_H
#define FG_HOST_CLI_CLI_BUILD_H

#include "host/cli/cli.h"

enum cli_exit cli_list_build(const struct cli_call *call);

#endif
