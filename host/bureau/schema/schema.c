/* The list of the bureau's migrations (schema.h). */
#include "host/bureau/schema/schema.h"

#include "host/bureau/schema/journal_backfill.h"
#include "host/bureau/tables/schema_cases.h"
#include "host/bureau/tables/schema_enrolment.h"
#include "host/bureau/tables/schema_exports.h"
#include "host/bureau/tables/schema_history.h"
#include "host/bureau/tables/schema_journal.h"
#include "host/bureau/tables/schema_ledger.h"
#include "host/bureau/tables/schema_registry.h"
#include "host/bureau/tables/schema_users.h"
#include "host/bureau/trail/ledger.h"

/* Those that lasted when the table came. */
static enum fg_err suspensions_adopt(struct fg_sql *sql, struct fg_error *error)
{
    return fg_ledger_adopt_table(sql, "suspension", error);
}

const struct fg_sql_migration fg_bureau_migrations[] = {
    {1, "enrolment", FG_SCHEMA_ENROLMENT, NULL, NULL},
    {2, "journal", FG_SCHEMA_JOURNAL, NULL, NULL},
    {3, "registry", FG_SCHEMA_REGISTRY, NULL, NULL},
    {4, "made", FG_SCHEMA_MADE, NULL, NULL},
    {5, "pin", FG_SCHEMA_PIN, NULL, NULL},
    {6, "history", FG_SCHEMA_HISTORY, NULL, NULL},
    {7, "users", FG_SCHEMA_USERS, NULL, NULL},
    {8, "cases", FG_SCHEMA_CASES, NULL, NULL},
    {9, "exports", FG_SCHEMA_EXPORTS, NULL, NULL},
    {10, "days", FG_SCHEMA_DAYS, NULL, NULL},
    {11, "plates", FG_SCHEMA_PLATES, NULL, NULL},
    {12, "repeats", FG_SCHEMA_REPEATS, NULL, NULL},
    {13, "entry details", FG_SCHEMA_ENTRY_DETAILS, fg_journal_backfill, NULL},
    {14, "operator names", FG_SCHEMA_OPERATOR_NAMES, NULL, NULL},
    {15, "user versions", FG_SCHEMA_USER_VERSIONS, NULL, NULL},
    {16, "device names", FG_SCHEMA_NAMES, NULL, NULL},
    {17, "ledger", FG_SCHEMA_LEDGER, NULL, fg_ledger_adopt},
    {18, "rosters", FG_SCHEMA_ROSTERS, NULL, NULL},
    {19, "suspensions", FG_SCHEMA_SUSPENSIONS, NULL, suspensions_adopt},
    {20, "witnesses", FG_SCHEMA_WITNESSES, NULL, NULL},
};
const size_t fg_bureau_migration_count = sizeof(fg_bureau_migrations) / sizeof(fg_bureau_migrations[0]);
