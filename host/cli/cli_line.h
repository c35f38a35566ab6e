/* The lines of a status for people: "name: value", indented, in the call's language. Not: what is shown.
 * Relies on: cli.h. */
#ifndef FG_HOST_CLI_CLI_LINE_H
#define FG_HOST_CLI_CLI_LINE_H

#include "host/cli/cli.h"

void cli_line(const struct cli_call *call, const char *indent, enum fg_text_id id, const char *value);
/* With how long ago it was; "never" for 0. */
void cli_line_time(const struct cli_call *call, const char *indent, enum fg_text_id id, int64_t wall_ms);
void cli_line_number(const struct cli_call *call, const char *indent, enum fg_text_id id, uint64_t number);

#endif
