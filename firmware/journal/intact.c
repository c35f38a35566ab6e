/* Implementation of checking the journal's file (intact.h). */
#include "firmware/journal/intact.h"

#include <string.h>

#include "firmware/journal/journal_sql.h"

const char fg_journal_schema[] =
    "CREATE TABLE entry(sequence INTEGER PRIMARY KEY, bytes BLOB NOT NULL, hash BLOB NOT NULL,"
    " signature BLOB NOT NULL, kind INTEGER NOT NULL, wall_ms INTEGER NOT NULL, identity INTEGER NOT NULL,"
    " quantity_g INTEGER NOT NULL, code TEXT NOT NULL, plate TEXT NOT NULL);"
    "CREATE INDEX entry_fill ON entry(code, wall_ms) WHERE kind = 6 AND quantity_g > 0;"
    "CREATE INDEX entry_manual ON entry(wall_ms) WHERE identity = 1 AND kind = 5;"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE filler(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);";

static const char objects_sql[] = "SELECT name, type || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM"
                                  " sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name";

static enum fg_err bad(const char *path, const char *name, const char *what, struct fg_error *error)
{
    return fg_fail(error, FG_E_CORRUPT, "%s: %.100s: %.120s; keep the file as evidence", path, name, what);
}

static const char *text_at(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    return text != NULL ? text : "";
}

/* SQLite's own words, "row 5 missing from index entry_fill"; what it says of an index tells more than what it
 * says of pages. */
static enum fg_err pages_check(sqlite3 *database, const char *path, struct fg_error *error)
{
    sqlite3_stmt *statement = NULL;
    char words[160] = "";
    int result = sqlite3_prepare_v2(database, "PRAGMA integrity_check(50)", -1, &statement, NULL);

    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
            break;
        if (strcmp(text_at(statement, 0), "ok") != 0 &&
            (words[0] == '\0' ||
             (strstr(words, "index") == NULL && strstr(text_at(statement, 0), "index") != NULL)))
            (void)sqlite3_snprintf((int)sizeof(words), words, "%s", text_at(statement, 0));
    }
    (void)sqlite3_finalize(statement);
    if (words[0] != '\0')
        return bad(path, words, "the file was edited or is damaged", error);
    return result == SQLITE_DONE ? FG_OK
                                 : fg_journal_sqlite_fail(database, result, path, "checking the file", error);
}

/* Both in the order of names; a difference is somebody's edit. */
static enum fg_err objects_compare(sqlite3_stmt *here, sqlite3_stmt *made, const char *path,
                                   struct fg_error *error)
{
    int left = sqlite3_step(here);
    int right = sqlite3_step(made);

    while (left == SQLITE_ROW && right == SQLITE_ROW) {
        int order = strcmp(text_at(here, 0), text_at(made, 0));

        if (order < 0)
            return bad(path, text_at(here, 0), "it was planted in the schema", error);
        if (order > 0)
            return bad(path, text_at(made, 0), "it was taken out of the schema", error);
        if (strcmp(text_at(here, 1), text_at(made, 1)) != 0)
            return bad(path, text_at(here, 0), "its definition in the schema was edited", error);
        left = sqlite3_step(here);
        right = sqlite3_step(made);
    }
    if (left == SQLITE_ROW)
        return bad(path, text_at(here, 0), "it was planted in the schema", error);
    if (right == SQLITE_ROW)
        return bad(path, text_at(made, 0), "it was taken out of the schema", error);
    return left == SQLITE_DONE && right == SQLITE_DONE
               ? FG_OK
               : fg_journal_sqlite_fail(sqlite3_db_handle(here), left, path, "reading the schema", error);
}

/* Beside the schema as it is made, in memory. */
static enum fg_err schema_check(sqlite3 *database, const char *path, struct fg_error *error)
{
    sqlite3 *memory = NULL;
    sqlite3_stmt *here = NULL;
    sqlite3_stmt *made = NULL;
    enum fg_err code;
    int result = sqlite3_open_v2(":memory:", &memory, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_exec(memory, fg_journal_schema, NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_prepare_v2(memory, objects_sql, -1, &made, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_prepare_v2(database, objects_sql, -1, &here, NULL);
    code = result == SQLITE_OK ? objects_compare(here, made, path, error)
                               : fg_journal_sqlite_fail(database, result, path, "reading the schema", error);
    (void)sqlite3_finalize(here);
    (void)sqlite3_finalize(made);
    (void)sqlite3_close(memory);
    return code;
}

enum fg_err fg_journal_intact(sqlite3 *database, const char *path, struct fg_error *error)
{
    enum fg_err code = pages_check(database, path, error);

    return code == FG_OK ? schema_check(database, path, error) : code;
}
