/* Reading a secret so that nobody sees it: never an argument, since those stand in process lists and shell
 * histories. Not: what a good one is (cli_pin.h, host/bureau/user/password.h). Relies on: POSIX terminals.
 * One thread. */
#ifndef FG_HOST_CLI_CLI_SECRET_H
#define FG_HOST_CLI_CLI_SECRET_H

#include "host/cli/cli.h"

struct cli_secret {
    const char *what;       /* "PIN": for messages */
    const char *path;       /* a file that nobody else may be able to read; NULL: standard input */
    enum fg_text_id prompt; /* at a terminal */
    enum fg_text_id again;  /* prompt for the second time, if twice */
    bool twice;             /* at a terminal it is asked for twice */
};

/* The first line of the file or of standard input; at a terminal it is asked for without echo. What does not
 * fit into capacity is cut. Wipe ret_line after use. FG_E_FORMAT: not the same twice; FG_E_DENIED,
 * FG_E_NOT_FOUND, FG_E_IO. */
enum fg_err cli_secret_read(const struct cli_call *call, const struct cli_secret *secret, char *ret_line,
                            size_t capacity, struct fg_error *error);

#endif
