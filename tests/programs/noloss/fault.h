/* What may befall a seed, and how often it did.
 *
 * Each kind has to happen in a run of many seeds: one that never does tests nothing. Pure. */
#ifndef FG_TESTS_PROGRAMS_NOLOSS_FAULT_H
#define FG_TESTS_PROGRAMS_NOLOSS_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault {
    FAULT_KILL,
    FAULT_STOP,
    FAULT_FULL_DISK,
    FAULT_CLOCK_STEP,
    FAULT_NETWORK,
    FAULT_SUSPENSION,
    FAULT_SUSPENSION_OF_STATION,
    FAULT_SUSPENSION_SEEN, /* the station had a roster in force that says so */
    FAULT_RELEASE,
    FAULT_RELEASE_WHEN_RECEIVED, /* when every entry had its receipt, and so none was stranded */
    FAULT_MARKED,                /* entries that the bureau holds with the mark of a suspension */
    FAULT_MARKED_LATE,           /* of them those that came after the release, and say they are from before */
    FAULT_RENEWAL_CONTROLLER,
    FAULT_RENEWAL_STATION,
    FAULT_EXPIRY,
    FAULT_JOINED_AGAIN,
    FAULT_JOINING_BROKEN, /* a joining that failed or was cut off, and was done again */
    FAULT_RECEIPT_RAISED,
    FAULT_RECEIPT_OF_ANOTHER,
    FAULT_RECEIPT_OLD,
    FAULT_RECEIPT_STRIPPED,
    FAULT_RECEIPT_SWAPPED,
    FAULT_HELD_UNSENT,
    FAULT_REDIRECT,
    FAULT_CUT_ANSWER,
    FAULT_RECEIPT_REFUSED, /* by a controller: of those five kinds */
    FAULT_ROSTER_LATE,
    FAULT_ROSTER_OLD,
    FAULT_ROSTER_GARBAGE,
    FAULT_ROSTER_OF_ANOTHER,
    FAULT_ROSTER_SWAPPED,
    FAULT_KINDS
};

struct fault_totals {
    uint64_t entries;
    uint64_t connections;
    uint64_t counts[FAULT_KINDS];
};

void fault_add(struct fault_totals *sum, const struct fault_totals *one);
/* One line per group: what happened how often. */
void fault_print(const struct fault_totals *totals);
/* The first kind that never happened; NULL: each did. without_clock: clocks cannot be stepped here. */
const char *fault_missing(const struct fault_totals *totals, bool without_clock);

#endif
