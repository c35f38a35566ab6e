/* What controller, station and bureau send each other over HTTPS (sync.proto; PROTOCOL.md, "Sync"): journal
 * batches and their answers, and reports of how a device is doing.
 *
 * Entries travel byte for byte: a batch is slices of bytes, never decoded on the way. Not: the transport
 * (https_client.h), what a store does with a batch (check_batch apart). Relies on: chain.h, entry.h, nanopb.
 * Any thread. */
#ifndef FG_PROTO_JOURNAL_SYNC_H
#define FG_PROTO_JOURNAL_SYNC_H

#include "lib/base/err.h"
#include "lib/domain/types.h"
#include "proto/journal/chain.h"
#include "proto/journal/entry.h"

#define FG_SYNC_BATCH_ENTRIES_MAX 512
#define FG_SYNC_BATCH_BYTES_MAX 262144 /* of the encoded message */
#define FG_SYNC_ANSWER_BYTES_MAX 512
#define FG_SYNC_REPORTS_MAX 64
#define FG_SYNC_REPORT_BYTES_MAX 16384
#define FG_SYNC_TEXT_MAX 199
#define FG_SYNC_TRAIL_HEADS_MAX 4

#define FG_SYNC_PATH_JOURNAL "/v1/journal"
#define FG_SYNC_PATH_REPORT "/v1/report"
#define FG_SYNC_PATH_LIST "/v1/list/" /* then LIST_ID "/manifest", "/delta", "/node", "/bucket", "/file" */
#define FG_SYNC_PATH_ENROL "/v1/enrol"
#define FG_SYNC_PATH_RENEW "/v1/renew"
#define FG_SYNC_PATH_KEYS "/v1/keys"
#define FG_SYNC_PATH_ROSTER "/v1/roster"
#define FG_SYNC_PATH_AUTHORITY "/v1/authority"
#define FG_SYNC_PATH_AUTHORITIES "/v1/authorities" /* changes of authorities */

/* Values travel: never renumber. The HTTP status that goes with each is in brackets. */
enum fg_sync_verdict {
    FG_SYNC_HELD = 1,    /* all of the batch is durable here [200] */
    FG_SYNC_GAP = 2,     /* entries before the batch are missing here: send from next_sequence [409] */
    FG_SYNC_FORK = 3,    /* another entry is held under the same number; both are kept as evidence [409] */
    FG_SYNC_REFUSED = 4, /* not this peer's controller, suspended, or the head signature is false [403] */
    FG_SYNC_BUSY = 5,    /* try again later [503] */
};

struct fg_sync_slice {
    const uint8_t *bytes;
    size_t length;
};

/* Slices point into memory of the caller's (encode) or into the decoded bytes. */
struct fg_sync_batch {
    char controller[FG_NAME_MAX + 1];
    uint64_t first_sequence; /* at least 1 */
    struct fg_signature head_signature;
    size_t count; /* 1 to FG_SYNC_BATCH_ENTRIES_MAX */
    struct fg_sync_slice entries[FG_SYNC_BATCH_ENTRIES_MAX];
};

/* FG_E_SIZE when it does not fit into capacity or FG_SYNC_BATCH_BYTES_MAX, FG_E_RANGE for a bad count, name
 * or an entry that is empty or longer than FG_ENTRY_BYTES_MAX. */
enum fg_err fg_sync_batch_encode(const struct fg_sync_batch *batch, uint8_t *buffer, size_t capacity,
                                 size_t *ret_length, struct fg_error *error);
/* FG_E_FORMAT, FG_E_RANGE, FG_E_SIZE. Entries are not decoded. */
enum fg_err fg_sync_batch_decode(const uint8_t *bytes, size_t length, struct fg_sync_batch *ret_batch,
                                 struct fg_error *error);

/* Chains the batch's entries from `skip` on behind *previous (the hash before entry `skip`) and verifies the
 * head signature with the controller's device key. *ret_head is the hash after the last entry. FG_E_AUTH. */
enum fg_err fg_sync_batch_verify(const struct fg_sync_batch *batch, size_t skip,
                                 const struct fg_digest *previous, const struct fg_public_key *device_key,
                                 struct fg_digest *ret_head, struct fg_error *error);

struct fg_sync_answer {
    uint8_t verdict;                         /* enum fg_sync_verdict */
    uint64_t next_sequence;                  /* first sequence that the answering hop does not hold */
    size_t receipt_length;                   /* 0 = none yet */
    uint8_t receipt[FG_STATEMENT_BYTES_MAX]; /* FgSignedStatement of the bureau's newest receipt */
    char text[FG_SYNC_TEXT_MAX + 1];         /* why, in English, for logs */
};
enum fg_err fg_sync_answer_encode(const struct fg_sync_answer *answer, uint8_t *buffer, size_t capacity,
                                  size_t *ret_length, struct fg_error *error);
enum fg_err fg_sync_answer_decode(const uint8_t *bytes, size_t length, struct fg_sync_answer *ret_answer,
                                  struct fg_error *error);
/* The HTTP status of a verdict. */
uint16_t fg_sync_status(uint8_t verdict);

struct fg_sync_report {
    char device[FG_NAME_MAX + 1];
    int64_t wall_ms;       /* the device's clock when it reported */
    uint8_t clock_quality; /* enum fg_clock_quality */
    char list_id[FG_NAME_MAX + 1];
    uint64_t list_version;
    int64_t list_issued_ms;
    uint64_t last_sequence;
    uint64_t unsent;          /* entries that no receipt of the bureau covers */
    int64_t oldest_unsent_ms; /* wall time of the oldest of them, 0 = none */
    uint64_t disk_free_bytes;
    char version[FG_NAME_MAX + 1]; /* of the program */
    int64_t heard_ms;              /* when the reporter last heard the device (its own clock); 0 for itself */
};
/* A signed head of the bureau's trail as it travels: longer ones may come, and are for whoever reads it to
 * judge (trail_head.h). */
struct fg_sync_trail_head {
    size_t length; /* 0 = none */
    uint8_t bytes[FG_STATEMENT_BYTES_MAX];
};
struct fg_sync_reports {
    struct fg_sync_report self;
    size_t trail_head_count;
    struct fg_sync_trail_head trail_heads[FG_SYNC_TRAIL_HEADS_MAX]; /* that a station keeps, newest first */
    size_t below_count;
    struct fg_sync_report below[FG_SYNC_REPORTS_MAX]; /* a station's controllers */
};
enum fg_err fg_sync_reports_encode(const struct fg_sync_reports *reports, uint8_t *buffer, size_t capacity,
                                   size_t *ret_length, struct fg_error *error);
enum fg_err fg_sync_reports_decode(const uint8_t *bytes, size_t length, struct fg_sync_reports *ret_reports,
                                   struct fg_error *error);

struct fg_sync_report_answer {
    int64_t wall_ms; /* the answering hop's clock */
    char text[FG_SYNC_TEXT_MAX + 1];
    struct fg_sync_trail_head trail_head; /* to a station: the newest of the bureau's trail */
};
enum fg_err fg_sync_report_answer_encode(const struct fg_sync_report_answer *answer, uint8_t *buffer,
                                         size_t capacity, size_t *ret_length, struct fg_error *error);
enum fg_err fg_sync_report_answer_decode(const uint8_t *bytes, size_t length,
                                         struct fg_sync_report_answer *ret_answer, struct fg_error *error);

#endif
