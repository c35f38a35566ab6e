/* Implementation of what the bureau's commands have in common (cli_database.h). */
#include "host/cli/cli_database.h"

#include <pwd.h>
#include <unistd.h>

#include "host/bureau/schema/schema.h"

#define SQL_DEADLINE_MS 60000

enum fg_err cli_database_open(const struct cli_call *call, struct fg_sql **ret_sql, struct fg_error *error)
{
    struct fg_sql_settings settings = {.url = cli_value(call, "--database"), .deadline_ms = SQL_DEADLINE_MS};
    struct fg_sql *sql = NULL;
    enum fg_err result;

    if (settings.url == NULL)
        return fg_fail(error, FG_E_ARG, "give --database URL");
    result = fg_sql_open(&settings, &sql, error);
    if (result == FG_OK)
        result = fg_sql_migrate(sql, fg_bureau_migrations, fg_bureau_migration_count, NULL, error);
    if (result == FG_OK)
        *ret_sql = sql;
    else
        fg_sql_close(sql);
    return result;
}

const char *cli_who(const struct cli_call *call)
{
    const char *who = cli_value(call, "--who");
    const struct passwd *account;

    if (who != NULL)
        return who;
    account = getpwuid(getuid());
    return account != NULL ? account->pw_name : "unknown";
}

enum cli_exit cli_finish(const struct cli_call *call, enum fg_err result, const struct fg_error *error)
{
    if (result == FG_E_ARG)
        return cli_usage(call, "%s", error->text);
    return result == FG_OK ? CLI_OK : cli_fail(call, result, error);
}
