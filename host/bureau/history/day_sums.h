/* Sums of the entries: decisions and fills of each station by day, arrivals by night, totals of each
 * controller. What the overview and the dossiers show without reading entries.
 *
 * Each held entry is added once, with all occurrences that it stands for, in the order of its journal,
 * whenever it came in: entries of two weeks ago that arrive tonight count for their own day. The sums lag
 * behind the entries by the time until the next call. Entries that cannot be decoded or name another place
 * are not counted; a quantity that cannot be counts as none; a time that cannot be falls on day 0. Not: proof
 * of anything, since whoever can write to the tables can edit sums (fg_day_sums_forget makes them anew).
 * Relies on: host/sql. One database object, one thread; several processes may call at once. */
#ifndef FG_HOST_BUREAU_HISTORY_DAY_SUMS_H
#define FG_HOST_BUREAU_HISTORY_DAY_SUMS_H

#include "host/sql/sql.h"

/* Adds entries that were not yet added, entries_max or a little more, in transactions of their own; days
 * begin at utc_offset_min east of UTC. When that was another one before, everything is added anew. *ret_more:
 * call again. */
enum fg_err fg_day_sums_follow(struct fg_sql *sql, int32_t utc_offset_min, uint64_t entries_max,
                               bool *ret_more, struct fg_error *error);

/* Empties the sums within the caller's transaction; the next calls of follow make them from all entries. */
enum fg_err fg_day_sums_forget(struct fg_sql *sql, struct fg_error *error);

/* The day, from 1970-01-01, that a time falls on. */
int64_t fg_day_of(int64_t wall_ms, int32_t utc_offset_min);

#endif
