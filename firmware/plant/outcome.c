/* The table of outcome.h. */
#include "firmware/plant/outcome.h"

/* A device that does not answer properly is DOWN after three failures. One that answers, if only with a
 * refusal, is heard longer: a meter that stores its totals says busy for a second. Its readings are too old
 * by then all the same. */
#define SILENT 3
#define HEARD 20

#define KEEP FG_EFFECT_KEEP
#define FAULT FG_EFFECT_FAULT
#define NEXT FG_RETRY_NEXT_ROUND
#define QUIET FG_RETRY_AFTER_QUIET

/* clang-format off */
static const struct fg_outcome_row rows[FG_OUTCOME_COUNT] = {
    [FG_OUTCOME_ANSWERED]         = {"answered", FG_OK, FG_EFFECT_NEW, NEXT, 0, false},
    [FG_OUTCOME_ILLEGAL_FUNCTION] = {"exception 1, illegal function", FG_E_RANGE, FAULT, NEXT, HEARD, true},
    [FG_OUTCOME_ILLEGAL_ADDRESS]  = {"exception 2, illegal address", FG_E_RANGE, FAULT, NEXT, HEARD, true},
    [FG_OUTCOME_ILLEGAL_VALUE]    = {"exception 3, illegal value", FG_E_RANGE, FAULT, NEXT, HEARD, true},
    [FG_OUTCOME_DEVICE_FAILURE]   = {"exception 4, device failure", FG_E_RANGE, FAULT, NEXT, HEARD, true},
    [FG_OUTCOME_ACKNOWLEDGE]      = {"exception 5, acknowledge", FG_E_BUSY, KEEP, NEXT, HEARD, false},
    [FG_OUTCOME_BUSY]             = {"exception 6, busy", FG_E_BUSY, KEEP, NEXT, HEARD, false},
    [FG_OUTCOME_MEMORY_PARITY]    = {"exception 8, memory parity", FG_E_RANGE, FAULT, NEXT, HEARD, true},
    [FG_OUTCOME_GATEWAY_PATH]     = {"exception 10, gateway path", FG_E_TIMEOUT, KEEP, NEXT, SILENT, true},
    [FG_OUTCOME_GATEWAY_TARGET]   = {"exception 11, gateway target", FG_E_TIMEOUT, KEEP, NEXT, SILENT, true},
    [FG_OUTCOME_OTHER_EXCEPTION]  = {"another exception", FG_E_RANGE, FAULT, NEXT, HEARD, true},
    [FG_OUTCOME_TIME_OUT]         = {"no answer in time", FG_E_TIMEOUT, KEEP, QUIET, SILENT, true},
    [FG_OUTCOME_SHORT_ANSWER]     = {"short answer", FG_E_TIMEOUT, KEEP, QUIET, SILENT, true},
    [FG_OUTCOME_BAD_CRC]          = {"bad check sum", FG_E_FORMAT, KEEP, QUIET, SILENT, true},
    [FG_OUTCOME_WRONG_UNIT]       = {"answer of another unit", FG_E_FORMAT, KEEP, QUIET, SILENT, true},
    [FG_OUTCOME_WRONG_ANSWER]     = {"answer to another request", FG_E_FORMAT, KEEP, QUIET, SILENT, true},
    [FG_OUTCOME_ECHO]             = {"local echo", FG_E_FORMAT, KEEP, QUIET, SILENT, true},
    [FG_OUTCOME_STRANGER]         = {"bytes that nobody asked for", FG_E_FORMAT, KEEP, NEXT, HEARD, false},
    [FG_OUTCOME_UNKNOWN_ORDER]    = {"unknown byte order", FG_E_RANGE, FAULT, NEXT, HEARD, true},
    [FG_OUTCOME_LINK_LOST]        = {"link lost", FG_E_GONE, FG_EFFECT_MISSING, FG_RETRY_REOPEN, 1, true},
};
/* clang-format on */

const struct fg_outcome_row *fg_outcome_row(enum fg_outcome outcome)
{
    return &rows[(unsigned)outcome < FG_OUTCOME_COUNT ? outcome : FG_OUTCOME_LINK_LOST];
}

enum fg_outcome fg_outcome_of_exception(uint8_t exception)
{
    static const uint8_t outcomes[] = {
        [1] = FG_OUTCOME_ILLEGAL_FUNCTION, [2] = FG_OUTCOME_ILLEGAL_ADDRESS, [3] = FG_OUTCOME_ILLEGAL_VALUE,
        [4] = FG_OUTCOME_DEVICE_FAILURE,   [5] = FG_OUTCOME_ACKNOWLEDGE,     [6] = FG_OUTCOME_BUSY,
        [8] = FG_OUTCOME_MEMORY_PARITY,    [10] = FG_OUTCOME_GATEWAY_PATH,   [11] = FG_OUTCOME_GATEWAY_TARGET,
    };

    if (exception >= sizeof(outcomes) || outcomes[exception] == FG_OUTCOME_ANSWERED)
        return FG_OUTCOME_OTHER_EXCEPTION;
    return (enum fg_outcome)outcomes[exception];
}
