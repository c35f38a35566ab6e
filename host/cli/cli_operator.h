/* Operators on the command line: their PINs, and how the operators of a manifest are shown. Not: their
 * records (cmd_registry.c). Relies on: host/bureau/registry/operator_records.h. One thread. */
#ifndef FG_HOST_CLI_CLI_OPERATOR_H
#define FG_HOST_CLI_CLI_OPERATOR_H

#include "host/cli/cli.h"

/* registry pin OPERATOR, with --pin-file, --clear, --who, --why and --database. */
enum cli_exit cli_registry_pin(const struct cli_call *call);

/* One line or object each: id, certificate's end, whether there is a card, whether there is a PIN. Digests
 * are not shown. */
void cli_operators_print(const struct fg_station_rules *rules);
void cli_operators_json(struct cli_json *json, cJSON *object, const struct fg_station_rules *rules);

#endif
