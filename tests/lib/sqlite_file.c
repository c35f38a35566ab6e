/* Implementation of sqlite_file.h. */
#include "tests/lib/sqlite_file.h"

#include "tests/lib/check.h"

static void run(sqlite3 *database, const char *sql)
{
    char *message = NULL;

    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
        fg_test_fail(__FILE__, __LINE__, "%s: %s", sql, message);
}

static sqlite3 *open_file(const char *path)
{
    sqlite3 *database = NULL;

    CHECK_INT(sqlite3_open(path, &database), SQLITE_OK);
    return database;
}

int fg_test_sqlite_edit(const char *path, const char *sql)
{
    sqlite3 *database = open_file(path);
    int changed;

    run(database, sql);
    changed = sqlite3_changes(database);
    CHECK_INT(sqlite3_close(database), SQLITE_OK);
    return changed;
}

sqlite3 *fg_test_sqlite_hold(const char *path)
{
    sqlite3 *held = open_file(path);

    run(held, "BEGIN IMMEDIATE");
    return held;
}

void fg_test_sqlite_let_go(sqlite3 *held)
{
    run(held, "ROLLBACK");
    CHECK_INT(sqlite3_close(held), SQLITE_OK);
}
