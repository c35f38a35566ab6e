/* What the commands that ask the bureau's API have in common: an entry as it prints. Not: the session
 * (bureau_session.h). One thread. */
#ifndef FG_HOST_CLI_AUDIT_CMD_AUDIT_H
#define FG_HOST_CLI_AUDIT_CMD_AUDIT_H

#include "host/cli/cli.h"

/* An entry of the API as one line for a person. */
void cli_audit_entry_print(const struct cli_call *call, const cJSON *entry);

#endif
