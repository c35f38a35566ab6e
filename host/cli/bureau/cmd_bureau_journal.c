/* fillgate bureau journal: what the controllers logged, as the bureau holds it. Not: verifying it (fillgate
 * bureau verify), how entries look (cli_entry.c). Relies on: host/sql. */
#include <inttypes.h>
#include <string.h>

#include "host/cli/cli_database.h"
#include "host/cli/cli_entry.h"
#include "host/cli/cli_number.h"
#include "proto/journal/entry.h"

/* Newest first from the index, shown oldest first: the last N. */
#define LAST_DEFAULT 50
#define LAST_MAX 100000

static const char query[] = "SELECT controller, sequence, bytes FROM (SELECT controller, sequence, bytes, "
                            "arrived_ms FROM journal_entry WHERE "
                            "($1 = '' OR controller = $1) AND ($2 = '' OR code = $2) ORDER BY arrived_ms "
                            "DESC, controller, sequence DESC LIMIT "
                            "$3) AS newest ORDER BY arrived_ms, controller, sequence";

static enum fg_err row_print(const struct cli_call *call, const struct fg_sql_statement *statement,
                             struct fg_error *error)
{
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(statement, 2, &length);
    struct fg_entry entry;

    if (fg_entry_decode(bytes, length, &entry, NULL) != FG_OK) {
        memset(&entry, 0, sizeof(entry));
        (void)snprintf(entry.controller, sizeof(entry.controller), "%s", fg_sql_text(statement, 0));
        entry.sequence = (uint64_t)fg_sql_int(statement, 1);
    }
    if (call->json)
        return cli_entry_json(call, stdout, &entry) ? FG_OK : fg_fail(error, FG_E_IO, "cannot print");
    printf("%-12s ", entry.controller);
    cli_entry_print(call, stdout, &entry);
    return FG_OK;
}

static enum fg_err rows_print(const struct cli_call *call, struct fg_sql *sql, uint64_t last,
                              struct fg_error *error)
{
    const char *controller = cli_value(call, "--controller");
    const char *code = cli_value(call, "--code");
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql, query, &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller != NULL ? controller : "");
    fg_sql_bind_text(statement, 2, code != NULL ? code : "");
    fg_sql_bind_int(statement, 3, (int64_t)last);
    while ((result = fg_sql_next(statement, error)) == FG_OK) {
        result = row_print(call, statement, error);
        if (result != FG_OK) {
            fg_sql_reset(statement);
            return result;
        }
    }
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum cli_exit journal(const struct cli_call *call)
{
    uint64_t last = LAST_DEFAULT;
    struct fg_sql *sql = NULL;
    struct fg_error error;
    enum fg_err result = cli_number(call, "--last", 1, LAST_MAX, &last, &error);

    if (result != FG_OK)
        return cli_usage(call, "%s", error.text);
    result = cli_database_open(call, &sql, &error);
    if (result == FG_OK)
        result = rows_print(call, sql, last, &error);
    fg_sql_close(sql);
    return cli_finish(call, result, &error);
}

static const struct cli_option options[] = {
    {"--database", "URL", FG_TEXT_CLI_OPTION_DATABASE, false},
    {"--controller", "ID", FG_TEXT_CLI_OPTION_CONTROLLER, false},
    {"--code", "CODE", FG_TEXT_CLI_OPTION_OF_CODE, false},
    {"--last", "N", FG_TEXT_CLI_OPTION_LAST, false},
    {0},
};

const struct cli_command cli_bureau_journal_commands[] = {
    {"bureau", "journal", "", FG_TEXT_CLI_BUREAU_JOURNAL, 0, 0, options, journal},
    {0},
};
