/* Implementation of journal_sql.h. */
#include "firmware/journal/journal_sql.h"

#include <stddef.h>

enum fg_err fg_journal_sqlite_fail(sqlite3 *database, int result, const char *path, const char *doing,
                                   struct fg_error *error)
{
    const char *text = database != NULL ? sqlite3_errmsg(database) : sqlite3_errstr(result);

    switch (result & 0xff) {
    case SQLITE_FULL:
        return fg_fail(error, FG_E_FULL, "%s: %s: no space is left; free some or enlarge it", path, doing);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fg_fail(error, FG_E_BUSY, "%s: %s: another process holds it", path, doing);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fg_fail(error, FG_E_CORRUPT, "%s: %s: the file is damaged (%s); keep it as evidence", path,
                       doing, text);
    case SQLITE_NOMEM:
        return fg_fail(error, FG_E_MEMORY, "%s: %s: no memory", path, doing);
    default:
        return fg_fail(error, FG_E_IO, "%s: %s: %s; check the disk", path, doing, text);
    }
}

enum fg_err fg_journal_run_sql(sqlite3 *database, const char *path, const char *sql, struct fg_error *error)
{
    int result = sqlite3_exec(database, sql, NULL, NULL, NULL);

    if (result == SQLITE_OK)
        return FG_OK;
    return fg_journal_sqlite_fail(database, result, path, "journal", error);
}

enum fg_err fg_journal_is_anchored(sqlite3 *database, const char *path, bool *ret_anchored,
                                   struct fg_error *error)
{
    sqlite3_stmt *statement = NULL;
    int result =
        sqlite3_prepare_v2(database, "SELECT 1 FROM meta WHERE name = 'anchored'", -1, &statement, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW || result == SQLITE_DONE)
        *ret_anchored = result == SQLITE_ROW;
    (void)sqlite3_finalize(statement);
    if (result == SQLITE_ROW || result == SQLITE_DONE)
        return FG_OK;
    return fg_journal_sqlite_fail(database, result, path, "reading the journal", error);
}
