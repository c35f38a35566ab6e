/* Reading an operator's PIN so that nobody sees it: never an argument, since those stand in process lists and
 * shell histories. Not: what a PIN is (lib/crypto/pin.h). Relies on: POSIX terminals. One thread. */
#ifndef FG_HOST_CLI_CLI_PIN_H
#define FG_HOST_CLI_CLI_PIN_H

#include "host/cli/cli.h"
#include "lib/crypto/pin.h"

/* A PIN that is to be set is asked for twice, one that is known already once. */
enum cli_pin_purpose { CLI_PIN_TO_SET, CLI_PIN_TO_SIGN_IN };

/* The first line of the file of --pin-file, which nobody else may be able to read; else of standard input: at
 * a terminal it is asked for without echo. Wipe ret_pin after use. FG_E_FORMAT: not 6 to 12 digits, or not
 * the same twice; FG_E_DENIED, FG_E_NOT_FOUND, FG_E_IO. */
enum fg_err cli_pin_read(const struct cli_call *call, enum cli_pin_purpose purpose,
                         char ret_pin[FG_PIN_DIGITS_MAX + 1], struct fg_error *error);

#endif
