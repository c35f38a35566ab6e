/* Implementation of the tests' own PostgreSQL (postgres_fixture.h). */
#include "tests/lib/postgres_fixture.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/check.h"

#define PROGRAMS "/usr/lib/postgresql/15/bin"

static char directory[64];
static pid_t owner;
static int databases;

/* Runs a shell command as the user that may run PostgreSQL. */
static int run(const char *command)
{
    char whole[2048];

    if (getuid() == 0)
        (void)snprintf(whole, sizeof(whole),
                       "cd %s && setpriv --reuid=postgres --regid=postgres --clear-groups sh -c '%s'",
                       directory, command);
    else
        (void)snprintf(whole, sizeof(whole), "cd %s && %s", directory, command);
    return system(whole);
}

static void stop(void)
{
    char command[256];

    /* Children of a test inherit this handler. */
    if (directory[0] == '\0' || getpid() != owner)
        return;
    (void)snprintf(command, sizeof(command),
                   PROGRAMS "/pg_ctl -D %s/data -m immediate -w stop >/dev/null 2>&1", directory);
    (void)run(command);
    (void)snprintf(command, sizeof(command), "rm -rf %s", directory);
    if (system(command) != 0)
        (void)fprintf(stderr, "cannot remove %s\n", directory);
}

static void start(void)
{
    char command[1024];
    const struct passwd *account = getpwnam("postgres");

    (void)snprintf(directory, sizeof(directory), "/tmp/fillgate-pg-XXXXXX");
    CHECK(mkdtemp(directory) != NULL);
    owner = getpid();
    (void)atexit(stop);
    if (getuid() == 0) {
        CHECK(account != NULL);
        CHECK_INT(chown(directory, account->pw_uid, account->pw_gid), 0);
    }
    (void)snprintf(command, sizeof(command),
                   PROGRAMS "/initdb -D %s/data -A trust -U test -E UTF8 --no-sync >%s/initdb.log 2>&1",
                   directory, directory);
    CHECK_INT(run(command), 0);
    (void)snprintf(command, sizeof(command),
                   PROGRAMS "/pg_ctl -D %s/data -l %s/server.log -w -t 60 -o \"-c listen_addresses= -k %s -c "
                            "shared_buffers=64MB\" start >/dev/null",
                   directory, directory, directory);
    CHECK_INT(run(command), 0);
}

const char *fg_postgres_database(void)
{
    static char url[256];
    char command[512];

    if (getenv("FG_TESTS_NO_POSTGRES") != NULL)
        fg_test_skip("FG_TESTS_NO_POSTGRES: without PostgreSQL");
    if (directory[0] == '\0')
        start();
    databases++;
    (void)snprintf(command, sizeof(command), PROGRAMS "/createdb -h %s -U test db%d", directory, databases);
    CHECK_INT(run(command), 0);
    (void)snprintf(url, sizeof(url), "postgresql:///db%d?host=%s&user=test", databases, directory);
    return url;
}

void fg_postgres_cut_connections(void)
{
    char command[512];

    (void)snprintf(
        command, sizeof(command),
        PROGRAMS
        "/psql -q -h %s -U test postgres -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
        "pid <> pg_backend_pid() AND backend_type = '\\''client backend'\\''\" >/dev/null",
        directory);
    CHECK_INT(run(command), 0);
}
