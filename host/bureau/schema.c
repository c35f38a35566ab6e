/* The list of the bureau's migrations (schema.h). */
#include "host/bureau/schema.h"

#include "host/bureau/schema_cases.h"
#include "host/bureau/schema_enrolment.h"
#include "host/bureau/schema_exports.h"
#include "host/bureau/schema_history.h"
#include "host/bureau/schema_journal.h"
#include "host/bureau/schema_registry.h"
#include "host/bureau/schema_users.h"

const struct fg_sql_migration fg_bureau_migrations[] = {
    {1, "enrolment", FG_SCHEMA_ENROLMENT},
    {2, "journal", FG_SCHEMA_JOURNAL},
    {3, "registry", FG_SCHEMA_REGISTRY},
    {4, "made", FG_SCHEMA_MADE},
    {5, "pin", FG_SCHEMA_PIN},
    {6, "history", FG_SCHEMA_HISTORY},
    {7, "users", FG_SCHEMA_USERS},
    {8, "cases", FG_SCHEMA_CASES},
    {9, "exports", FG_SCHEMA_EXPORTS},
    {10, "days", FG_SCHEMA_DAYS},
    {11, "plates", FG_SCHEMA_PLATES},
    {12, "repeats", FG_SCHEMA_REPEATS},
};
const size_t fg_bureau_migration_count = sizeof(fg_bureau_migrations) / sizeof(fg_bureau_migrations[0]);
