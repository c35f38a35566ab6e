/* Taking in journal batches: the bureau's half of NO-LOSS.
 *
 * A batch is held only after its chain continues what is held, its head signature verifies with the
 * controller's device key, and one transaction has made its entries durable; then a receipt says so. What
 * contradicts the held entries is kept beside them as evidence and raises an alarm. What a suspended
 * controller signed is taken and receipted like all else, and marked (suspension.h): its controller may prune
 * only what has a receipt, and a record that is refused is a record that is lost. Not: the transport
 * (host/bureau/main.c), alarms over the content of entries (alarms.h), which read the stored entries later.
 * Relies on: host/sql, proto. One database object, one thread at a time; several threads and processes may
 * take in batches of one controller at once. */
#ifndef FG_HOST_BUREAU_JOURNAL_INGEST_H
#define FG_HOST_BUREAU_JOURNAL_INGEST_H

#include "host/sql/sql.h"
#include "lib/crypto/sign.h"
#include "lib/net/server/https_server.h"
#include "proto/journal/sync.h"

/* Different contradicting batches kept of one controller; of more only the alarm's count tells. */
#define FG_EVIDENCE_MAX 32

/* Kinds of evidence; stored: never renumber. */
enum fg_evidence { FG_EVIDENCE_FORK = 1, FG_EVIDENCE_HEAD = 2 };

/* What the bureau knows of a controller apart from its journal. */
struct fg_origin {
    char station[FG_NAME_MAX + 1]; /* may send its batches; "" = none: it sends itself */
    struct fg_public_key device_key;
};

/* Where that is found. lookup gives FG_E_NOT_FOUND for a controller that never joined; other errors make the
 * batch fail. sql is the caller's database, outside of a transaction. */
struct fg_device_lookup {
    void *context;
    enum fg_err (*lookup)(void *context, struct fg_sql *sql, const char *controller,
                          struct fg_origin *ret_origin, struct fg_error *error);
};

struct fg_ingest_settings {
    const struct fg_private_key *receipt_key;
    struct fg_device_lookup directory;
    uint64_t suspended_a_day; /* entries of a suspended controller: FG_SUSPENSION_ENTRIES_A_DAY, or fewer */
};

/* Takes one batch from an established peer. FG_OK: *ret_answer is what to answer, whatever the verdict:
 *   HELD     durable here (now or before); the newest receipt
 *   GAP      entries before the batch are missing
 *   FORK     an entry of the batch differs from the one held under its number
 *   REFUSED  not this peer's controller, unknown, or a false head signature
 *   BUSY     the database could not take it just now, or a suspended controller has handed in enough for
 * today Errors: the store contradicts itself (FG_E_CORRUPT), or failed (FG_E_IO, FG_E_FULL ...): nothing of
 * the batch is held. now_ms is the bureau's clock. */
enum fg_err fg_ingest_batch(struct fg_sql *sql, const struct fg_ingest_settings *settings,
                            const struct fg_peer *peer, const struct fg_sync_batch *batch, int64_t now_ms,
                            struct fg_sync_answer *ret_answer, struct fg_error *error);

#endif
