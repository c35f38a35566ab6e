/* A process that keeps its secrets, seen by another process of the same user. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/system/secrecy.h"
#include "tests/lib/check.h"

#define NOBODY 65534

/* Root may look into everything; so both are somebody else when the tests run as root. */
static void leave_root(void)
{
    if (geteuid() == 0 && setuid(NOBODY) != 0)
        _exit(99);
}

/* What another process of the same user gets when it opens a process's memory: 0 or errno. */
static int memory_open_result(bool secret)
{
    int ready[2];
    int status = -1;
    char path[64];
    char byte;
    pid_t holder;
    pid_t other;

    CHECK_INT(pipe(ready), 0);
    holder = fork();
    if (holder == 0) {
        leave_root();
        (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* as after an exec */
        if (secret && fg_secrecy_start(NULL) != FG_OK)
            _exit(99);
        (void)!write(ready[1], "x", 1);
        for (;;)
            (void)pause();
    }
    CHECK_INT(read(ready[0], &byte, 1), 1);
    (void)snprintf(path, sizeof(path), "/proc/%d/mem", holder);
    other = fork();
    if (other == 0) {
        leave_root();
        errno = 0;
        (void)!open(path, O_RDONLY | O_CLOEXEC);
        _exit(errno);
    }
    CHECK_INT(waitpid(other, &status, 0), other);
    CHECK_INT(kill(holder, SIGKILL), 0);
    CHECK_INT(waitpid(holder, NULL, 0), holder);
    (void)close(ready[0]);
    (void)close(ready[1]);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST("another process of the same user cannot open the memory of one that holds keys")
{
    CHECK_INT(memory_open_result(true), EACCES);
    CHECK(memory_open_result(false) != 99);
}

TEST("a process that holds keys leaves no core dump")
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        struct rlimit limit = {1, 1};

        if (fg_secrecy_start(NULL) != FG_OK || getrlimit(RLIMIT_CORE, &limit) != 0)
            _exit(1);
        _exit(limit.rlim_cur == 0 && limit.rlim_max == 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 1);
    }
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
}
