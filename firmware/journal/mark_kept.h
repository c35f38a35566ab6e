/* The mark of pruning as the journal's file keeps it: from where its chain goes on (proto/journal/mark.h).
 *
 * Not: pruning (prune.c), which writes it. Private to the journal room. Relies on: SQLite,
 * proto/journal/mark.h. */
#ifndef FG_FIRMWARE_JOURNAL_MARK_KEPT_H
#define FG_FIRMWARE_JOURNAL_MARK_KEPT_H

#include <sqlite3.h>

#include "proto/journal/mark.h"

/* known false: nothing was ever pruned. The signature is not verified by reading it. */
struct fg_mark_kept {
    bool known;
    struct fg_mark mark;
    struct fg_signature signature;
};

/* FG_E_CORRUPT: a mark that does not parse. */
enum fg_err fg_mark_kept_load(sqlite3 *database, const char *path, struct fg_mark_kept *ret_kept,
                              struct fg_error *error);

#endif
