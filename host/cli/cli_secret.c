/* Implementation of cli_secret.h. */
#include "host/cli/cli_secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <mbedtls/platform_util.h>

#define CLI_SECRET_BYTES 512

static volatile sig_atomic_t caught;

static void catch (int number)
{
    caught = number;
}

/* Up to the line's end, which is left out. What does not fit is cut. */
static enum fg_err line_read(const char *what, int fd, char *line, size_t capacity, struct fg_error *error)
{
    size_t length = 0;

    while (length + 1 < capacity) {
        ssize_t got = read(fd, line + length, 1);

        if (got < 0 && errno == EINTR && caught == 0)
            continue;
        if (got < 0)
            return fg_fail(error, FG_E_IO, "%s: cannot be read: %s", what, strerror(errno));
        if (got == 0 || line[length] == '\n')
            break;
        length++;
    }
    if (length > 0 && line[length - 1] == '\r')
        length--;
    line[length] = '\0';
    return FG_OK;
}

/* A signal while the echo is off takes effect when it is on again: the terminal must not stay blind. */
static enum fg_err quiet_read(const char *what, const char *prompt, char *line, size_t capacity,
                              struct fg_error *error)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction before[sizeof(signals) / sizeof(signals[0])];
    struct sigaction action = {.sa_handler = catch};
    struct termios loud;
    struct termios quiet;
    enum fg_err result;

    if (tcgetattr(STDIN_FILENO, &loud) != 0)
        return fg_fail(error, FG_E_IO, "%s: the terminal cannot be asked: %s", what, strerror(errno));
    quiet = loud;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    caught = 0;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        (void)sigaction(signals[i], &action, &before[i]);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0) {
        (void)fprintf(stderr, "%s: ", prompt);
        result = line_read(what, STDIN_FILENO, line, capacity, error);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &loud);
        (void)fputc('\n', stderr);
    } else {
        result = fg_fail(error, FG_E_IO, "%s: the echo cannot be switched off: %s", what, strerror(errno));
    }
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        (void)sigaction(signals[i], &before[i], NULL);
    if (caught != 0)
        (void)raise(caught);
    return result;
}

static enum fg_err terminal_read(const struct cli_call *call, const struct cli_secret *secret, char *line,
                                 size_t capacity, struct fg_error *error)
{
    char again[CLI_SECRET_BYTES] = "";
    enum fg_err result = quiet_read(secret->what, cli_text(call, secret->prompt), line, capacity, error);

    if (result == FG_OK && secret->twice) {
        result = quiet_read(secret->what, cli_text(call, secret->again), again, capacity, error);
        if (result == FG_OK && strcmp(line, again) != 0)
            result = fg_fail(error, FG_E_FORMAT, "%s: not the same twice; nothing was changed", secret->what);
    }
    mbedtls_platform_zeroize(again, sizeof(again));
    return result;
}

static enum fg_err file_read(const struct cli_secret *secret, char *line, size_t capacity,
                             struct fg_error *error)
{
    struct stat status;
    const char *path = secret->path;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    enum fg_err result;

    if (fd < 0)
        return fg_fail(error, errno == ENOENT ? FG_E_NOT_FOUND : FG_E_IO, "%s: cannot be opened: %s", path,
                       strerror(errno));
    if (fstat(fd, &status) != 0 || S_ISDIR(status.st_mode))
        result = fg_fail(error, FG_E_IO, "%s: not a file with a %s", path, secret->what);
    else if (S_ISREG(status.st_mode) && (status.st_mode & 077) != 0)
        result = fg_fail(error, FG_E_DENIED, "%s: others can read this %s; chmod 600 it", path, secret->what);
    else
        result = line_read(secret->what, fd, line, capacity, error);
    (void)close(fd);
    return result;
}

enum fg_err cli_secret_read(const struct cli_call *call, const struct cli_secret *secret, char *ret_line,
                            size_t capacity, struct fg_error *error)
{
    char line[CLI_SECRET_BYTES] = "";
    enum fg_err result;

    assert(capacity <= sizeof(line));
    if (secret->path != NULL)
        result = file_read(secret, line, capacity, error);
    else if (isatty(STDIN_FILENO))
        result = terminal_read(call, secret, line, capacity, error);
    else
        result = line_read(secret->what, STDIN_FILENO, line, capacity, error);
    if (result == FG_OK)
        memcpy(ret_line, line, capacity);
    mbedtls_platform_zeroize(line, sizeof(line));
    return result;
}
