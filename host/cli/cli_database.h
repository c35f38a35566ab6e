/* What the bureau's commands have in common: the database of --database, and who is at work. Not: what they
 * do. Relies on: host/sql, host/bureau/schema/schema.h. */
#ifndef FG_HOST_CLI_CLI_DATABASE_H
#define FG_HOST_CLI_CLI_DATABASE_H

#include "host/cli/cli.h"
#include "host/sql/sql.h"

/* Opens the bureau's database with its schema brought up to date. FG_E_ARG: the option is missing. */
enum fg_err cli_database_open(const struct cli_call *call, struct fg_sql **ret_sql, struct fg_error *error);

/* --who, or the account that runs this. */
const char *cli_who(const struct cli_call *call);

/* The exit code of a result; prints its error. */
enum cli_exit cli_finish(const struct cli_call *call, enum fg_err result, const struct fg_error *error);

#endif
