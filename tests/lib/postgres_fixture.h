/* A PostgreSQL server of a test's own: a fresh cluster in a temporary directory, a Unix socket there and no
 * TCP port, stopped when the program ends.
 *
 * Relies on: Debian's postgresql-15 programs; as root they run as the user postgres, since they refuse root.
 */
#ifndef FG_TESTS_POSTGRES_FIXTURE_H
#define FG_TESTS_POSTGRES_FIXTURE_H

/* Starts the server if it is not running yet, and makes a new empty database in it. Returns its URL, in
 * static memory until the next call. Fails the test when PostgreSQL cannot be started; skips the rest of it
 * when the environment says FG_TESTS_NO_POSTGRES. */
const char *fg_postgres_database(void);

/* Ends every connection to the server, as a fallen network or a restart would. */
void fg_postgres_cut_connections(void);

#endif
