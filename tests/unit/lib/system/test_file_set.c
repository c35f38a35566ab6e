/* Files that appear together: a process that is killed at any system call leaves the old set or the new one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/system/file_set.h"
#include "tests/lib/check.h"

#define STOPS_MAX 2000

static const char *const names[] = {"ca.pem", "list-1.pub", "tls.pem"};
#define COUNT (sizeof(names) / sizeof(names[0]))

/* Every file of a set says which one it is. */
static void parts_fill(const char *text, struct fg_file_part parts[COUNT])
{
    for (size_t i = 0; i < COUNT; i++)
        parts[i] = (struct fg_file_part){names[i], text, strlen(text)};
}

static void put(const char *text)
{
    struct fg_file_part parts[COUNT];
    struct fg_error error;

    parts_fill(text, parts);
    CHECK_OK(fg_file_set_put(fg_test_directory(), parts, COUNT, &error), &error);
}

/* What a file says; "" when it is not there. */
static const char *content(const char *name)
{
    static char text[32];
    FILE *file = fopen(fg_test_path(name), "r");
    size_t length = 0;

    if (file != NULL) {
        length = fread(text, 1, sizeof(text) - 1, file);
        (void)fclose(file);
    }
    text[length] = '\0';
    return text;
}

static void all_are(const char *text)
{
    for (size_t i = 0; i < COUNT; i++)
        CHECK_TEXT(content(names[i]), text);
}

static unsigned entries(void)
{
    char command[300];
    FILE *pipe;
    unsigned count = 0;

    (void)snprintf(command, sizeof(command), "ls -A %s | wc -l", fg_test_directory());
    pipe = popen(command, "r");
    CHECK(pipe != NULL && fscanf(pipe, "%u", &count) == 1);
    (void)pclose(pipe);
    return count;
}

static void write_plain(const char *name, const char *text)
{
    FILE *file = fopen(fg_test_path(name), "w");

    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

TEST("a set appears, is replaced, and leaves nothing behind")
{
    unsigned before;

    put("one");
    all_are("one");
    before = entries();
    put("two");
    all_are("two");
    CHECK_INT(entries(), before);
}

TEST("files that stood there before there were sets, or were renewed since, are replaced like others")
{
    write_plain("tls.pem", "old");
    write_plain("other", "mine");
    put("one");
    all_are("one");
    /* As a renewal does: a file of its own in the link's place. */
    write_plain("tls.pem.new", "renewed");
    CHECK_INT(rename(fg_test_path("tls.pem.new"), fg_test_path("tls.pem")), 0);
    CHECK_TEXT(content("tls.pem"), "renewed");
    put("two");
    all_are("two");
    CHECK_TEXT(content("other"), "mine");
}

TEST("what the next set lacks is gone")
{
    struct fg_file_part one = {"ca.pem", "two", 3};
    struct fg_error error;

    put("one");
    CHECK_OK(fg_file_set_put(fg_test_directory(), &one, 1, &error), &error);
    CHECK_TEXT(content("ca.pem"), "two");
    CHECK_TEXT(content("tls.pem"), "");
    CHECK(access(fg_test_path("tls.pem"), F_OK) != 0);
}

TEST("a folder where a file should be, a name with a slash and a directory that is not there are refused")
{
    struct fg_file_part slash = {"a/b", "x", 1};
    struct fg_error error;
    struct fg_file_part parts[COUNT];

    parts_fill("one", parts);
    CHECK_INT(fg_file_set_put(fg_test_directory(), &slash, 1, &error), FG_E_ARG);
    CHECK_INT(fg_file_set_put(fg_test_path("none"), parts, COUNT, &error), FG_E_IO);
    CHECK_INT(mkdir(fg_test_path("tls.pem"), 0700), 0);
    CHECK_INT(fg_file_set_put(fg_test_directory(), parts, COUNT, &error), FG_E_IO);
    CHECK_TEXT(content("ca.pem"), "");
}

/* Runs one put and kills the process at its n-th stop at a system call. False: it came to its end before. */
static bool killed_at(const char *text, unsigned stop)
{
    int status = 0;
    pid_t pid = fork();

    CHECK(pid >= 0);
    if (pid == 0) {
        struct fg_file_part parts[COUNT];

        parts_fill(text, parts);
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(77);
        (void)raise(SIGSTOP);
        _exit(fg_file_set_put(fg_test_directory(), parts, COUNT, NULL) == FG_OK ? 0 : 1);
    }
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFSTOPPED(status));
    CHECK_INT(ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(long)PTRACE_O_EXITKILL), 0);
    for (unsigned n = 0; n < stop; n++) {
        CHECK_INT(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
        CHECK_INT(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status)) {
            CHECK_INT(WEXITSTATUS(status), 0);
            return false;
        }
    }
    CHECK_INT(kill(pid, SIGKILL), 0);
    (void)waitpid(pid, &status, 0);
    return true;
}

/* Whatever the moment, all files are of one set, and the next put works. */
static unsigned kills(const char *before, const char *after)
{
    unsigned stop = 1;

    while (stop < STOPS_MAX && killed_at(after, stop)) {
        const char *found = strcmp(content("tls.pem"), after) == 0 ? after : before;

        all_are(found);
        if (found == after)
            put(before[0] != '\0' ? before : "zero");
        stop++;
    }
    CHECK(stop < STOPS_MAX);
    all_are(after);
    return stop;
}

TEST("killed at any system call, all files of a set are there or none")
{
    unsigned stops = 1;

    for (; stops < STOPS_MAX && killed_at("one", stops); stops++) {
        char command[300];

        all_are(strcmp(content("tls.pem"), "one") == 0 ? "one" : "");
        (void)snprintf(command, sizeof(command), "rm -rf %s/*", fg_test_directory());
        CHECK_INT(system(command), 0);
    }
    CHECK(stops > 20 && stops < STOPS_MAX);
    all_are("one");
}

TEST("killed at any system call, all files are of the old set or of the new one")
{
    put("one");
    CHECK(kills("one", "two") > 20);
}

TEST("killed at any system call, files of before there were sets stay as they are or are all new")
{
    unsigned stops = 1;
    bool killed = true;

    for (; stops < STOPS_MAX && killed; stops++) {
        char command[300];

        (void)snprintf(command, sizeof(command), "rm -rf %s/*", fg_test_directory());
        CHECK_INT(system(command), 0);
        for (size_t i = 0; i < COUNT; i++)
            write_plain(names[i], "old");
        killed = killed_at("one", stops);
        all_are(strcmp(content("tls.pem"), "one") == 0 ? "one" : "old");
    }
    CHECK(stops > 30 && stops < STOPS_MAX);
    all_are("one");
}
