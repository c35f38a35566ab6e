/* The roster of a station as commands show it. Not: what a roster is (proto/key/roster.h), which one is in
 * force (host/station/store/roster_kept.h). Relies on: those. */
#ifndef FG_HOST_CLI_DEVICE_CMD_ROSTER_H
#define FG_HOST_CLI_DEVICE_CMD_ROSTER_H

#include "host/cli/cli.h"
#include "host/station/base/config.h"
#include "proto/key/roster.h"

struct cli_roster {
    struct fg_roster roster; /* in force; version 0: none is */
    struct fg_error trouble; /* what is wrong with the kept one; empty: nothing */
    bool waits;              /* one that was brought waits to be taken */
};

/* The roster in force at the station, judged as its program does; nothing is written. The errors of
 * fg_station_keys_read, and FG_E_SIZE, FG_E_MEMORY. */
enum fg_err cli_roster_read(const struct fg_station_config *config, struct cli_roster *ret_roster,
                            struct fg_error *error);

/* checked_ms: when the bureau last said what its newest roster is; 0 = never. */
void cli_roster_print(const struct cli_call *call, const struct cli_roster *roster, int64_t checked_ms);
void cli_roster_json(struct cli_json *json, const struct cli_roster *roster, int64_t checked_ms);

#endif
