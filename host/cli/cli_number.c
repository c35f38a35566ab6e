/* Implementation of number options (cli_number.h). */
#include "host/cli/cli_number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum fg_err cli_number(const struct cli_call *call, const char *name, uint64_t least, uint64_t most,
                       uint64_t *value, struct fg_error *error)
{
    const char *text = cli_value(call, name);
    unsigned long long number;
    char *end = NULL;

    if (text == NULL)
        return FG_OK;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || number < least || number > most)
        return fg_fail(error, FG_E_RANGE, "%s is a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"", name,
                       least, most, text);
    *value = number;
    return FG_OK;
}
