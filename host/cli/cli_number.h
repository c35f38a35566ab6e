/* A number given as an option. Not: times and days (cli.h). */
#ifndef FG_HOST_CLI_CLI_NUMBER_H
#define FG_HOST_CLI_CLI_NUMBER_H

#include "host/cli/cli.h"

/* The option's value from least to most; *value stays when the option is not given. FG_E_RANGE. */
enum fg_err cli_number(const struct cli_call *call, const char *name, uint64_t least, uint64_t most,
                       uint64_t *value, struct fg_error *error);

#endif
