/* Collects the proof of one entry (proto/proof/proof.h) from the store.
 *
 * What it collects is not trusted to be whole: an entry that was altered here gives a proof that does not
 * hold, and the bureau gives no receipt for it. Not: verifying (proto/proof/proof.h). Relies on: host/sql,
 * ingest.h. Any thread with its own database object. */
#ifndef FG_HOST_BUREAU_AUDIT_PROOF_COLLECT_H
#define FG_HOST_BUREAU_AUDIT_PROOF_COLLECT_H

#include "host/bureau/journal/ingest.h"
#include "proto/proof/proof.h"

/* buffer has FG_PROOF_BYTES_MAX bytes. settings->receipt_key signs a receipt for the head at the end of the
 * proof, if the controller's signature of it holds. FG_E_NOT_FOUND: no such entry; FG_E_STATE: the store has
 * no signed head behind it, or not the hash before it; FG_E_SIZE: the next signed head is too far away. */
enum fg_err fg_proof_collect(struct fg_sql *sql, const struct fg_ingest_settings *settings,
                             const char *controller, uint64_t sequence, uint8_t *buffer, size_t *ret_length,
                             struct fg_error *error);

#endif
