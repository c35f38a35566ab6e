/* Implementation of cli_pin.h. */
#include "host/cli/cli_pin.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <mbedtls/platform_util.h>

#define LINE_BYTES 64

static volatile sig_atomic_t caught;

static void catch (int number)
{
    caught = number;
}

/* Up to the line's end, which is left out. What is longer than a PIN by far is cut, and so no PIN. */
static enum fg_err line_read(int fd, char line[LINE_BYTES], struct fg_error *error)
{
    size_t length = 0;

    while (length + 1 < LINE_BYTES) {
        ssize_t got = read(fd, line + length, 1);

        if (got < 0 && errno == EINTR && caught == 0)
            continue;
        if (got < 0)
            return fg_fail(error, FG_E_IO, "PIN: cannot be read: %s", strerror(errno));
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
static enum fg_err quiet_read(const char *prompt, char line[LINE_BYTES], struct fg_error *error)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction before[sizeof(signals) / sizeof(signals[0])];
    struct sigaction action = {.sa_handler = catch};
    struct termios loud;
    struct termios quiet;
    enum fg_err result;

    if (tcgetattr(STDIN_FILENO, &loud) != 0)
        return fg_fail(error, FG_E_IO, "PIN: the terminal cannot be asked: %s", strerror(errno));
    quiet = loud;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    caught = 0;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        (void)sigaction(signals[i], &action, &before[i]);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0) {
        (void)fprintf(stderr, "%s: ", prompt);
        result = line_read(STDIN_FILENO, line, error);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &loud);
        (void)fputc('\n', stderr);
    } else {
        result = fg_fail(error, FG_E_IO, "PIN: the echo cannot be switched off: %s", strerror(errno));
    }
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        (void)sigaction(signals[i], &before[i], NULL);
    if (caught != 0)
        (void)raise(caught);
    return result;
}

static enum fg_err terminal_read(const struct cli_call *call, enum cli_pin_purpose purpose,
                                 char line[LINE_BYTES], struct fg_error *error)
{
    char again[LINE_BYTES] = "";
    enum fg_err result;

    if (purpose == CLI_PIN_TO_SIGN_IN)
        return quiet_read(cli_text(call, FG_TEXT_CLI_PIN_ASK), line, error);
    result = quiet_read(cli_text(call, FG_TEXT_CLI_PIN_NEW), line, error);

    if (result == FG_OK)
        result = quiet_read(cli_text(call, FG_TEXT_CLI_PIN_AGAIN), again, error);
    if (result == FG_OK && strcmp(line, again) != 0)
        result = fg_fail(error, FG_E_FORMAT, "PIN: not the same twice; nothing was changed");
    mbedtls_platform_zeroize(again, sizeof(again));
    return result;
}

static enum fg_err file_read(const char *path, char line[LINE_BYTES], struct fg_error *error)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    enum fg_err result;

    if (fd < 0)
        return fg_fail(error, errno == ENOENT ? FG_E_NOT_FOUND : FG_E_IO, "%s: cannot be opened: %s", path,
                       strerror(errno));
    if (fstat(fd, &status) != 0 || S_ISDIR(status.st_mode))
        result = fg_fail(error, FG_E_IO, "%s: not a file with a PIN", path);
    else if (S_ISREG(status.st_mode) && (status.st_mode & 077) != 0)
        result = fg_fail(error, FG_E_DENIED, "%s: others can read this PIN; chmod 600 it", path);
    else
        result = line_read(fd, line, error);
    (void)close(fd);
    return result;
}

enum fg_err cli_pin_read(const struct cli_call *call, enum cli_pin_purpose purpose,
                         char ret_pin[FG_PIN_DIGITS_MAX + 1], struct fg_error *error)
{
    const char *path = cli_value(call, "--pin-file");
    char line[LINE_BYTES] = "";
    size_t length;
    enum fg_err result;

    if (path != NULL)
        result = file_read(path, line, error);
    else if (isatty(STDIN_FILENO))
        result = terminal_read(call, purpose, line, error);
    else
        result = line_read(STDIN_FILENO, line, error);
    length = strlen(line);
    if (result == FG_OK &&
        (length < FG_PIN_DIGITS_MIN || length > FG_PIN_DIGITS_MAX || strspn(line, "0123456789") != length))
        result = fg_fail(error, FG_E_FORMAT, "PIN: must be %d to %d decimal digits", FG_PIN_DIGITS_MIN,
                         FG_PIN_DIGITS_MAX);
    if (result == FG_OK)
        memcpy(ret_pin, line, length + 1);
    mbedtls_platform_zeroize(line, sizeof(line));
    return result;
}
