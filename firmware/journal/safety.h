/* What the entries of earlier runs say of the point's safety: lock-out, alarms, fills of nothing in a row,
 * the last inventory.
 *
 * Folded over a journal from its mark of pruning to its end, one entry after the other; the mark carries what
 * the pruned entries said. Not: reading entries (walk.h), acting on it (core/fill.h). Pure. Relies on:
 * lib/domain/types.h. */
#ifndef FG_FIRMWARE_JOURNAL_SAFETY_H
#define FG_FIRMWARE_JOURNAL_SAFETY_H

#include "lib/domain/types.h"

/* Takes the next entry into *kept. An ENDED below zero_fill_g counts as a fill of nothing. */
void fg_safety_take(struct fg_fill_kept *kept, const struct fg_entry *entry, uint32_t zero_fill_g);

#endif
