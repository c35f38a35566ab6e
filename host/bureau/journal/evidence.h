/* Batches that contradict what is held, kept for a judge. Private to ingest.
 *
 * Each different batch is kept once, FG_EVIDENCE_MAX of a controller. Relies on: host/sql,
 * proto/journal/sync.h. */
#ifndef FG_HOST_BUREAU_JOURNAL_EVIDENCE_H
#define FG_HOST_BUREAU_JOURNAL_EVIDENCE_H

#include "host/bureau/journal/ingest.h"

struct fg_evidence_note {
    enum fg_evidence kind;
    const struct fg_peer *peer;
    const char *station;
    uint64_t sequence; /* of the first entry that differs, or of the batch */
    bool is_signed;    /* the device key signed the other history */
};

/* Keeps the batch and raises the alarm, in one transaction of its own. */
enum fg_err fg_evidence_keep(struct fg_sql *sql, const struct fg_sync_batch *batch,
                             const struct fg_evidence_note *note, int64_t now_ms, struct fg_error *error);

#endif
