/* What a reader that a tag has taken over can still do: a child goes through the same steps as
 * fillgate-reader and then tries everything that it must not. The controller is played by another child that
 * keeps its secrets as fillgated does. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "firmware/reader/confine.h"
#include "firmware/reader/connection_string.h"
#include "lib/system/secrecy.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/nfc_fixture.h"

#define NOTHING_HAPPENED 100 /* no errno is so large */

enum stage { STAGE_NONE, STAGE_FILES, STAGE_CALLS, STAGE_OPENED };

static char key_path[256];
static char journal_path[256];
static char device_path[256];
static char memory_path[64];
static pid_t controller;

/* Carries out one attempt in a child at a stage of its confinement. Returns 0 when it succeeded, else errno.
 */
static int attempt_at(enum stage stage, int (*attempt)(void))
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        char connection[300];
        struct fg_error error;

        (void)snprintf(connection, sizeof(connection), "pn532_uart:%s:115200", device_path);
        if (fg_confine_start(&error) != FG_OK ||
            (stage >= STAGE_FILES && fg_confine_files(connection, &error) != FG_OK) ||
            (stage >= STAGE_CALLS && fg_confine_calls(true, &error) != FG_OK) ||
            (stage >= STAGE_OPENED && fg_confine_calls(false, &error) != FG_OK))
            _exit(NOTHING_HAPPENED);
        errno = 0;
        _exit(attempt() == 0 ? 0 : errno);
    }
    CHECK(pid > 0);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) != NOTHING_HAPPENED);
    return WEXITSTATUS(status);
}

static void file_make(char path[256], const char *name)
{
    FILE *file;

    (void)snprintf(path, 256, "%s", fg_test_path(name));
    file = fopen(path, "w");
    CHECK(file != NULL);
    (void)fprintf(file, "secret");
    (void)fclose(file);
    CHECK_INT(chmod(path, 0600), 0);
}

static void begin(void)
{
    file_make(key_path, "device.pem");
    file_make(journal_path, "journal.db");
    fg_nfc_fixture_start();
    (void)snprintf(device_path, sizeof(device_path), "%s", fg_nfc_fixture_port());
    controller = fork();
    if (controller == 0) {
        (void)fg_secrecy_start(NULL);
        for (;;)
            (void)pause();
    }
    CHECK(controller > 0);
    (void)snprintf(memory_path, sizeof(memory_path), "/proc/%d/mem", controller);
}

static void end(void)
{
    CHECK_INT(kill(controller, SIGKILL), 0);
    CHECK_INT(waitpid(controller, NULL, 0), controller);
    fg_nfc_fixture_stop();
}

/* ---- attempts ---------------------------------------------------------------------------------------- */

static int try_open(const char *path, int flags)
{
    return open(path, flags | O_CLOEXEC, 0600) < 0 ? -1 : 0;
}

static int read_key(void)
{
    return try_open(key_path, O_RDONLY);
}

static int write_journal(void)
{
    return try_open(journal_path, O_WRONLY);
}

static int cut_journal(void)
{
    return truncate(journal_path, 0);
}

static int make_file(void)
{
    char path[300];

    (void)snprintf(path, sizeof(path), "%s-new", journal_path);
    return try_open(path, O_WRONLY | O_CREAT);
}

static int remove_journal(void)
{
    return unlink(journal_path);
}

static int rename_journal(void)
{
    char path[300];

    (void)snprintf(path, sizeof(path), "%s-old", journal_path);
    return rename(journal_path, path);
}

static int read_memory(void)
{
    return try_open(memory_path, O_RDONLY);
}

static int read_memory_by_call(void)
{
    char bytes[8];
    struct iovec mine = {bytes, sizeof(bytes)};
    struct iovec theirs = {&controller, sizeof(controller)};

    return process_vm_readv(controller, &mine, 1, &theirs, 1, 0) < 0 ? -1 : 0;
}

static int write_memory_by_call(void)
{
    char bytes[sizeof(controller)] = {0};
    struct iovec mine = {bytes, sizeof(bytes)};
    struct iovec theirs = {&controller, sizeof(controller)};

    return process_vm_writev(controller, &mine, 1, &theirs, 1, 0) < 0 ? -1 : 0;
}

static int trace(void)
{
    return ptrace(PTRACE_ATTACH, controller, NULL, NULL) < 0 ? -1 : 0;
}

static int signal_controller(void)
{
    return kill(controller, SIGWINCH);
}

static int make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ? -1 : 0;
}

static int make_pair(void)
{
    int ends[2];

    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

static int start_program(void)
{
    return execl("/bin/true", "true", (char *)NULL);
}

static int start_process(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : 0;
}

static int make_executable(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int become_executable(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED ? 0 : mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int type_for_user(void)
{
    return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

static int open_device(void)
{
    int fd = open(device_path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    struct termios settings;

    return fd < 0 ? -1 : tcgetattr(fd, &settings);
}

static int read_null(void)
{
    return try_open("/dev/null", O_RDONLY);
}

/* ---- tests ------------------------------------------------------------------------------------------- */

TEST("FAIL-CLOSED: a reader that was taken over cannot touch key, journal or memory of the controller, nor "
     "start, trace, "
     "signal or connect to anything")
{
    static const struct {
        const char *what;
        int (*attempt)(void);
    } attempts[] = {
        {"reading the device's key", read_key},
        {"writing the journal", write_journal},
        {"emptying the journal", cut_journal},
        {"making a file", make_file},
        {"removing the journal", remove_journal},
        {"renaming the journal", rename_journal},
        {"opening the controller's memory", read_memory},
        {"reading the controller's memory", read_memory_by_call},
        {"writing the controller's memory", write_memory_by_call},
        {"tracing the controller", trace},
        {"signalling the controller", signal_controller},
        {"making a socket", make_socket},
        {"making a pair of sockets", make_pair},
        {"starting a program", start_program},
        {"starting a process", start_process},
        {"making memory executable", make_executable},
        {"turning memory executable", become_executable},
        {"typing on the user's terminal", type_for_user},
    };

    begin();
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        for (enum stage stage = STAGE_CALLS; stage <= STAGE_OPENED; stage++) {
            int result = attempt_at(stage, attempts[i].attempt);

            if (result != EPERM && result != EACCES)
                fg_test_fail(__FILE__, __LINE__, "%s, at stage %d: %s", attempts[i].what, (int)stage,
                             result == 0 ? "done" : strerror(result));
        }
    }
    end();
}

TEST("each attempt is one that a process without the fences can make")
{
    begin();
    CHECK_INT(attempt_at(STAGE_NONE, read_key), 0);
    CHECK_INT(attempt_at(STAGE_NONE, write_journal), 0);
    CHECK_INT(attempt_at(STAGE_NONE, make_socket), 0);
    CHECK_INT(attempt_at(STAGE_NONE, start_program), 0);
    CHECK_INT(attempt_at(STAGE_NONE, start_process), 0);
    CHECK_INT(attempt_at(STAGE_NONE, make_executable), 0);
    CHECK_INT(attempt_at(STAGE_NONE, become_executable), 0);
    CHECK_INT(attempt_at(STAGE_NONE, signal_controller), 0);
    CHECK_INT(attempt_at(STAGE_NONE, cut_journal), 0);
    end();
}

TEST("Landlock alone already keeps files from the reader, but not its device")
{
    begin();
    CHECK_INT(attempt_at(STAGE_FILES, read_key), EACCES);
    CHECK_INT(attempt_at(STAGE_FILES, write_journal), EACCES);
    CHECK_INT(attempt_at(STAGE_FILES, read_memory), EACCES);
    CHECK_INT(attempt_at(STAGE_FILES, start_program), EACCES);
    CHECK_INT(attempt_at(STAGE_FILES, read_null), EACCES);
    CHECK_INT(attempt_at(STAGE_FILES, open_device), 0);
    end();
}

TEST("the device can be opened until it is open, and nothing at all from then on")
{
    begin();
    CHECK_INT(attempt_at(STAGE_CALLS, open_device), 0);
    CHECK_INT(attempt_at(STAGE_OPENED, open_device), EPERM);
    CHECK_INT(attempt_at(STAGE_OPENED, read_null), EPERM);
    end();
}

TEST("a device that is not there is named")
{
    struct fg_error error = {.text = ""};
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(fg_confine_files("pn532_uart:/nonexistent/tty:115200", &error) == FG_E_IO &&
                      strstr(error.text, "/nonexistent/tty") != NULL
                  ? 0
                  : 1);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
}

TEST("a serial reader's path is found in its connection string, also a relative one; a USB reader has none")
{
    char path[FG_READER_PATH_BYTES];

    CHECK(fg_connection_path("pn532_uart:/dev/ttyS1", path));
    CHECK_TEXT(path, "/dev/ttyS1");
    CHECK(fg_connection_path("pn532_uart:nfc:115200", path));
    CHECK_TEXT(path, "nfc");
    CHECK(fg_connection_path("pn532_i2c:/dev/i2c-1", path));
    CHECK(!fg_connection_path("acr122_usb:001:003", path));
    CHECK(!fg_connection_path("pn53x_usb", path));
    CHECK(!fg_connection_path("pn532_uart:", path));
}

TEST("a relative path is confined to as well as an absolute one")
{
    begin();
    CHECK_INT(chdir(fg_test_directory()), 0);
    CHECK_INT(symlink(device_path, "nfc"), 0);
    (void)snprintf(device_path, sizeof(device_path), "nfc");
    CHECK_INT(attempt_at(STAGE_CALLS, open_device), 0);
    CHECK_INT(attempt_at(STAGE_CALLS, read_key), EACCES);
    CHECK_INT(chdir("/"), 0);
    end();
}
