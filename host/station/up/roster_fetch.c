/* Implementation of fetching the roster (roster_fetch.h). */
#include "host/station/up/roster_fetch.h"

#include <stdlib.h>

#include "lib/base/monotime.h"
#include "proto/journal/sync.h"

static enum fg_err check_status(uint16_t status, struct fg_error *error)
{
    if (status == 200)
        return FG_OK;
    return fg_fail(error,
                   status == 404                    ? FG_E_NOT_FOUND
                   : status == 401 || status == 403 ? FG_E_DENIED
                                                    : FG_E_BUSY,
                   "the bureau answered HTTP %u where its roster was asked for", status);
}

enum fg_err fg_station_roster_fetch(struct fg_station_roster *roster, struct fg_https *https,
                                    bool *ret_answered, bool *ret_taken, struct fg_error *error)
{
    uint8_t *bytes = malloc(FG_ROSTER_BYTES_MAX);
    struct fg_https_answer answer = {0};
    struct fg_https_request request = {.method = "GET",
                                       .path = FG_SYNC_PATH_ROSTER,
                                       .answer_max = FG_ROSTER_BYTES_MAX,
                                       .answer_buffer = bytes};
    uint64_t ticket = 0;
    enum fg_err result;

    *ret_answered = false;
    *ret_taken = false;
    if (bytes == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a roster");
    (void)fg_station_roster_is_wanted(roster, &ticket);
    result = fg_https_ask(https, &request, &answer, error);
    *ret_answered = result == FG_OK;
    if (result == FG_OK)
        result = check_status(answer.status, error);
    if (result == FG_OK)
        result = fg_station_roster_take(roster, bytes, (size_t)answer.length, ret_taken, error);
    if (*ret_answered && result != FG_E_BUSY)
        fg_station_roster_answered(roster, ticket, fg_mono_ms());
    free(bytes);
    return result;
}
