/* What each outcome of one Modbus request means: the one table of it, for values, inputs and outputs alike.
 *
 * A hiccup (busy, one lost or spoilt answer) leaves the last reading as it is until that is too old; a
 * device's own word that something is wrong makes a fault of it; a lost link makes it missing at once. Not:
 * acting on it (device.h counts, plant.h publishes). firmware/plant/README.md shows the table to people; a
 * test compares the two. Relies on: lib/base/err.h. */
#ifndef FG_FIRMWARE_PLANT_OUTCOME_H
#define FG_FIRMWARE_PLANT_OUTCOME_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum fg_outcome {
    FG_OUTCOME_ANSWERED = 0,
    FG_OUTCOME_ILLEGAL_FUNCTION, /* exception 1 */
    FG_OUTCOME_ILLEGAL_ADDRESS,  /* exception 2 */
    FG_OUTCOME_ILLEGAL_VALUE,    /* exception 3 */
    FG_OUTCOME_DEVICE_FAILURE,   /* exception 4 */
    FG_OUTCOME_ACKNOWLEDGE,      /* exception 5 */
    FG_OUTCOME_BUSY,             /* exception 6 */
    FG_OUTCOME_MEMORY_PARITY,    /* exception 8 */
    FG_OUTCOME_GATEWAY_PATH,     /* exception 10 */
    FG_OUTCOME_GATEWAY_TARGET,   /* exception 11 */
    FG_OUTCOME_OTHER_EXCEPTION,  /* any other number */
    FG_OUTCOME_TIME_OUT,         /* nothing came */
    FG_OUTCOME_SHORT_ANSWER,     /* something came, and not enough */
    FG_OUTCOME_BAD_CRC,
    FG_OUTCOME_WRONG_UNIT,    /* a good frame of another unit */
    FG_OUTCOME_WRONG_ANSWER,  /* of this unit, but not to this request: function, length, address */
    FG_OUTCOME_ECHO,          /* the request itself came back */
    FG_OUTCOME_STRANGER,      /* an answer, but beside bytes that nobody here asked for */
    FG_OUTCOME_UNKNOWN_ORDER, /* the byte order told is none that the profile knows */
    FG_OUTCOME_LINK_LOST,     /* the port or connection failed and is closed */
    FG_OUTCOME_COUNT
};

/* What becomes of the last reading. */
enum fg_reading_effect {
    FG_EFFECT_NEW = 0, /* the answer replaces it */
    FG_EFFECT_KEEP,    /* stays with its age, until that makes it a missing one */
    FG_EFFECT_FAULT,   /* FG_READING_FAULT at once */
    FG_EFFECT_MISSING, /* FG_READING_TIME_OUT at once */
};

/* When the same is asked again. */
enum fg_retry {
    FG_RETRY_NEXT_ROUND = 0,
    FG_RETRY_AFTER_QUIET, /* not before one response time has passed: a late answer may still come */
    FG_RETRY_REOPEN,      /* after the link was opened again */
};

struct fg_outcome_row {
    const char *name;   /* as messages and firmware/plant/README.md have it */
    enum fg_err code;   /* what functions of bus.h return for it */
    uint8_t reading;    /* enum fg_reading_effect */
    uint8_t retry;      /* enum fg_retry */
    uint8_t down_after; /* so many failures in a row and the device counts as DOWN; 0 = no failure */
    bool asks_again;    /* byte order and status word must be read again before the next value is decoded */
};

/* The row of an outcome; one out of range counts as LINK_LOST. Never NULL. */
const struct fg_outcome_row *fg_outcome_row(enum fg_outcome outcome);

/* The outcome that an exception number (1 to 255) stands for. */
enum fg_outcome fg_outcome_of_exception(uint8_t exception);

#endif
