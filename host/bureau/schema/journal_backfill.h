/* What migration "entry details" does that SQL cannot say: the columns FG_JOURNAL_DETAILS of the entries that
 * are held already are read from their bytes, so that an old store says of them what a new one does.
 *
 * Not: how the columns follow from the bytes (journal_columns.h). Relies on: host/sql, a transaction that the
 * caller has begun. */
#ifndef FG_HOST_BUREAU_SCHEMA_JOURNAL_BACKFILL_H
#define FG_HOST_BUREAU_SCHEMA_JOURNAL_BACKFILL_H

#include "host/sql/sql.h"

/* Goes through all entries, page by page; what cannot be decoded keeps its empty columns. Sums that were made
 * while repeats counted for one are emptied, to be made from the entries by the next fg_day_sums_follow. */
enum fg_err fg_journal_backfill(struct fg_sql *sql, struct fg_error *error);

#endif
