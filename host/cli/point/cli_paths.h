/* Where the command line takes paths from: an option, or else the fillgated.ini that --config names. Not: the
 * configuration's meaning (firmware/config). Relies on: cli.h, firmware/config/config.h. */
#ifndef FG_HOST_CLI_POINT_CLI_PATHS_H
#define FG_HOST_CLI_POINT_CLI_PATHS_H

#include "firmware/config/config.h"
#include "host/cli/cli.h"

/* The configuration of --config, in static storage; *ret_config NULL when the option is not given. */
enum fg_err cli_config(const struct cli_call *call, const struct fg_config **ret_config,
                       struct fg_error *error);

/* The trusted keys of an option that repeats, or else the configuration's list keys. FG_E_ARG: neither. */
enum fg_err cli_trusted_keys(const struct cli_call *call, const char *option, const struct fg_config *config,
                             struct fg_public_key ret_keys[CLI_REPEAT_MAX], size_t *ret_count,
                             struct fg_error *error);

#endif
