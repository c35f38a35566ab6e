/* What leaves the journal and what comes back: batches of stored entries, and the bureau's newest receipt,
 * kept in the journal's own file.
 *
 * Not: sending (link). Private to the journal room. Relies on: SQLite, proto/journal/sync.h,
 * proto/journal/chain.h. */
#ifndef FG_FIRMWARE_JOURNAL_OUTBOX_H
#define FG_FIRMWARE_JOURNAL_OUTBOX_H

#include <sqlite3.h>

#include "firmware/journal/journal.h"
#include "proto/journal/chain.h"

/* The receipt that is kept. known false: none. Its signature is not verified by reading it. */
struct fg_receipt_kept {
    bool known;
    struct fg_receipt receipt;
    struct fg_signature signature;
    int64_t taken_wall_ms;
};

/* Encodes the entries from `from` on, as many as are there, fit, and are allowed; signed as the journal
 * signed the last of them. FG_E_NOT_FOUND: there is no entry `from`; FG_E_SIZE: not even one fits. */
enum fg_err fg_outbox_read(sqlite3 *database, const char *path, const char *controller, uint64_t from,
                           size_t count_max, uint8_t *buffer, size_t capacity, size_t *ret_length,
                           uint64_t *ret_next, struct fg_error *error);

/* A kept receipt that does not parse is FG_E_CORRUPT. */
enum fg_err fg_outbox_load_receipt(sqlite3 *database, const char *path, struct fg_receipt_kept *ret_kept,
                                   struct fg_error *error);

/* Replaces the kept receipt in one transaction, synced. */
enum fg_err fg_outbox_keep_receipt(sqlite3 *database, const char *path, const uint8_t *bytes, size_t length,
                                   int64_t taken_wall_ms, struct fg_error *error);

/* Hash and wall time of one stored entry. FG_E_NOT_FOUND. */
enum fg_err fg_outbox_entry(sqlite3 *database, const char *path, uint64_t sequence,
                            struct fg_digest *ret_hash, int64_t *ret_wall_ms, struct fg_error *error);

#endif
