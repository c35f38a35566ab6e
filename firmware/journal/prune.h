/* The mark of pruning as the journal's file keeps it: from where its chain goes on (proto/journal/mark.h).
 *
 * Not: when to prune (controller). Private to the journal room; the verb itself is fg_journal_prune. Relies
 * on: SQLite, proto/journal/mark.h. */
#ifndef FG_FIRMWARE_JOURNAL_PRUNE_H
#define FG_FIRMWARE_JOURNAL_PRUNE_H

#include <sqlite3.h>

#include "proto/journal/mark.h"

/* known false: nothing was ever pruned. The signature is not verified by reading it. */
struct fg_mark_kept {
    bool known;
    struct fg_mark mark;
    struct fg_signature signature;
};

/* FG_E_CORRUPT: a mark that does not parse. */
enum fg_err fg_prune_load_mark(sqlite3 *database, const char *path, struct fg_mark_kept *ret_kept,
                               struct fg_error *error);

#endif
