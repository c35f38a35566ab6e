/* Implementation of counting what befell the seeds (fault.h). */
#include "tests/programs/noloss/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *group;
    const char *name;
} kinds[FAULT_KINDS] = {
    [FAULT_KILL] = {"processes", "kills"},
    [FAULT_STOP] = {"processes", "stops"},
    [FAULT_FULL_DISK] = {"processes", "full disks"},
    [FAULT_CLOCK_STEP] = {"processes", "clock steps"},
    [FAULT_NETWORK] = {"processes", "connections with a fault"},
    [FAULT_SUSPENSION] = {"trust", "suspensions"},
    [FAULT_SUSPENSION_OF_STATION] = {"trust", "of them of the station"},
    [FAULT_SUSPENSION_SEEN] = {"trust", "in force at the station"},
    [FAULT_RELEASE] = {"trust", "releases"},
    [FAULT_RELEASE_WHEN_RECEIVED] = {"trust", "of them when all entries had come"},
    [FAULT_MARKED] = {"trust", "entries marked"},
    [FAULT_MARKED_LATE] = {"trust", "of them late"},
    [FAULT_RENEWAL_CONTROLLER] = {"trust", "renewals of controllers"},
    [FAULT_RENEWAL_STATION] = {"trust", "of stations"},
    [FAULT_EXPIRY] = {"trust", "expiries"},
    [FAULT_JOINED_AGAIN] = {"trust", "joined again"},
    [FAULT_JOINING_BROKEN] = {"trust", "joinings that failed before"},
    [FAULT_RECEIPT_RAISED] = {"answers", "receipts raised"},
    [FAULT_RECEIPT_OF_ANOTHER] = {"answers", "of another controller"},
    [FAULT_RECEIPT_OLD] = {"answers", "old"},
    [FAULT_RECEIPT_STRIPPED] = {"answers", "stripped"},
    [FAULT_RECEIPT_SWAPPED] = {"answers", "signed by another"},
    [FAULT_HELD_UNSENT] = {"answers", "HELD without the entries"},
    [FAULT_REDIRECT] = {"answers", "redirects"},
    [FAULT_CUT_ANSWER] = {"answers", "cut"},
    [FAULT_RECEIPT_REFUSED] = {"answers", "receipts refused by controllers"},
    [FAULT_ROSTER_LATE] = {"rosters", "late"},
    [FAULT_ROSTER_OLD] = {"rosters", "old"},
    [FAULT_ROSTER_GARBAGE] = {"rosters", "garbage"},
    [FAULT_ROSTER_OF_ANOTHER] = {"rosters", "of another station"},
    [FAULT_ROSTER_SWAPPED] = {"rosters", "signed by another"},
};

void fault_add(struct fault_totals *sum, const struct fault_totals *one)
{
    sum->entries += one->entries;
    sum->connections += one->connections;
    for (size_t i = 0; i < FAULT_KINDS; i++)
        sum->counts[i] += one->counts[i];
}

void fault_print(const struct fault_totals *totals)
{
    printf("%" PRIu64 " entries, %" PRIu64 " connections", totals->entries, totals->connections);
    for (size_t i = 0; i < FAULT_KINDS; i++) {
        bool first = i == 0 || strcmp(kinds[i].group, kinds[i - 1].group) != 0;

        if (first)
            printf("\n  %s: ", kinds[i].group);
        printf("%s%" PRIu64 " %s", first ? "" : ", ", totals->counts[i], kinds[i].name);
    }
    printf("\n");
}

const char *fault_missing(const struct fault_totals *totals, bool without_clock)
{
    for (size_t i = 0; i < FAULT_KINDS; i++) {
        if (totals->counts[i] == 0 && !(without_clock && i == FAULT_CLOCK_STEP))
            return kinds[i].name;
    }
    return NULL;
}
