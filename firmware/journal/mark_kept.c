/* Implementation of mark_kept.h. */
#include "firmware/journal/mark_kept.h"

#include "firmware/journal/journal_sql.h"

enum fg_err fg_mark_kept_load(sqlite3 *database, const char *path, struct fg_mark_kept *ret_kept,
                              struct fg_error *error)
{
    struct fg_mark_kept kept = {.known = false};
    sqlite3_stmt *statement = NULL;
    enum fg_err code = FG_OK;
    int result =
        sqlite3_prepare_v2(database, "SELECT value FROM meta WHERE name = 'mark'", -1, &statement, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        const uint8_t *bytes = sqlite3_column_blob(statement, 0);

        kept.known = bytes != NULL && fg_mark_decode(bytes, (size_t)sqlite3_column_bytes(statement, 0),
                                                     &kept.mark, &kept.signature, NULL) == FG_OK;
        if (!kept.known)
            code = fg_fail(error, FG_E_CORRUPT,
                           "%s: the mark of pruning kept in it was edited; keep the file as evidence", path);
    } else if (result != SQLITE_DONE) {
        code = fg_journal_sqlite_fail(database, result, path, "reading the mark of pruning", error);
    }
    (void)sqlite3_finalize(statement);
    if (code == FG_OK)
        *ret_kept = kept;
    return code;
}
