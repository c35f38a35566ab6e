/* What another process does to a SQLite file: edits it, or holds it.
 *
 * Every function ends the test on failure. */
#ifndef FG_TESTS_LIB_SQLITE_FILE_H
#define FG_TESTS_LIB_SQLITE_FILE_H

#include <sqlite3.h>

/* Runs statements on the file; how many rows the last of them changed. */
int fg_test_sqlite_edit(const char *path, const char *sql);

/* Nobody else can write to the file until it is let go. */
sqlite3 *fg_test_sqlite_hold(const char *path);
void fg_test_sqlite_let_go(sqlite3 *held);

#endif
