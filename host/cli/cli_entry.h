/* One journal entry as people and programs read it: a line, a CSV row, a JSON object. Not: reading journals.
 * Relies on: cli.h. */
#ifndef FG_HOST_CLI_CLI_ENTRY_H
#define FG_HOST_CLI_CLI_ENTRY_H

#include "host/cli/cli.h"

/* One line for a person, in the call's language. */
/* How a person was proven, in words; "?" when this program does not know it. */
const char *cli_person_proof_text(const struct cli_call *call, uint8_t proof);

void cli_entry_print(const struct cli_call *call, FILE *file, const struct fg_entry *entry);

/* RFC 4180 with a header; every column of every kind. */
void cli_entry_csv_header(FILE *file);
void cli_entry_csv(FILE *file, const struct fg_entry *entry);

/* One JSON object on one line. false when memory or the output failed. */
bool cli_entry_json(const struct cli_call *call, FILE *file, const struct fg_entry *entry);

#endif
