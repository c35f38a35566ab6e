/* Implementation of cli_pin.h. */
#include "host/cli/cli_pin.h"

#include <string.h>

#include <mbedtls/platform_util.h>

#include "host/cli/cli_secret.h"

#define LINE_BYTES 64 /* what is longer than a PIN by far is cut, and so no PIN */

enum fg_err cli_pin_read(const struct cli_call *call, enum cli_pin_purpose purpose,
                         char ret_pin[FG_PIN_DIGITS_MAX + 1], struct fg_error *error)
{
    const struct cli_secret secret = {
        .what = "PIN",
        .path = cli_value(call, "--pin-file"),
        .prompt = purpose == CLI_PIN_TO_SET ? FG_TEXT_CLI_PIN_NEW : FG_TEXT_CLI_PIN_ASK,
        .again = FG_TEXT_CLI_PIN_AGAIN,
        .twice = purpose == CLI_PIN_TO_SET,
    };
    char line[LINE_BYTES] = "";
    size_t length;
    enum fg_err result = cli_secret_read(call, &secret, line, sizeof(line), error);

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
