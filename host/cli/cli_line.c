/* Implementation of the lines of a status (cli_line.h). */
#include "host/cli/cli_line.h"

#include <inttypes.h>

void cli_line(const struct cli_call *call, const char *indent, enum fg_text_id id, const char *value)
{
    printf("%s%s: %s\n", indent, cli_text(call, id), value);
}

void cli_line_time(const struct cli_call *call, const char *indent, enum fg_text_id id, int64_t wall_ms)
{
    char text[CLI_TIME_TEXT];
    char value[CLI_TIME_TEXT + 32];
    int64_t ago_ms = cli_now_ms() - wall_ms;
    int64_t ago_min = ago_ms > 0 ? ago_ms / 60000 : 0; /* another clock may be ahead of this one */

    if (wall_ms == 0) {
        cli_line(call, indent, id, cli_text(call, FG_TEXT_STATION_NEVER));
        return;
    }
    cli_time_text(wall_ms, text);
    (void)snprintf(value, sizeof(value), "%s (%" PRId64 ":%02" PRId64 " %s)", text, ago_min / 60,
                   ago_min % 60, cli_text(call, FG_TEXT_CLI_AGO));
    cli_line(call, indent, id, value);
}

void cli_line_number(const struct cli_call *call, const char *indent, enum fg_text_id id, uint64_t number)
{
    char value[32];

    (void)snprintf(value, sizeof(value), "%" PRIu64, number);
    cli_line(call, indent, id, value);
}
