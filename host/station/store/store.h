/* The station's store: its controllers, their entries byte for byte, the bureau's receipts, evidence of
 * forks, and what is known of the bureau.
 *
 * Not: what may be stored (intake.h), when it is sent (forward.h). Relies on: host/sql with SQLite
 * (station_schema.h). One object, one thread at a time; several objects may be open on one file. Sequences
 * and times are at most INT64_MAX. */
#ifndef FG_HOST_STATION_STORE_STORE_H
#define FG_HOST_STATION_STORE_STORE_H

#include "proto/journal/entry.h"
#include "proto/journal/sync.h"

#define FG_STATION_CONTROLLERS_MAX FG_SYNC_REPORTS_MAX /* one report to the bureau holds them all */
#define FG_STATION_EVIDENCE_MAX 16 /* batches kept per controller; more are only counted */
#define FG_STATION_RECEIPT_KEYS_MAX 8

struct fg_station_store;

struct fg_station_store_settings {
    const char *path;
    const char *sqlite_vfs; /* NULL = SQLite's default */
    uint32_t deadline_ms;   /* of one statement or of waiting for a lock */
    bool read_only;         /* the file must be there, and nothing is written to it */
};

/* Opens or creates and brings the tables up to date. FG_E_IO, FG_E_STATE (made by a newer program),
 * FG_E_CORRUPT. */
enum fg_err fg_station_store_open(const struct fg_station_store_settings *settings,
                                  struct fg_station_store **ret_store, struct fg_error *error);
void fg_station_store_close(struct fg_station_store *store); /* may be NULL */

/* The keys that stored receipts may be signed with: those in force and those before. Until they are given, a
 * receipt's signature is not looked at, only what it says. FG_E_RANGE: more than
 * FG_STATION_RECEIPT_KEYS_MAX. */
enum fg_err fg_station_store_trust(struct fg_station_store *store, const struct fg_public_key *keys,
                                   size_t count, struct fg_error *error);

/* A transaction; commit is FG_OK only when everything is on the disk. */
enum fg_err fg_station_store_begin(struct fg_station_store *store, struct fg_error *error);
/* A transaction that only reads, in one state of the store; ended by rollback. */
enum fg_err fg_station_store_begin_snapshot(struct fg_station_store *store, struct fg_error *error);
enum fg_err fg_station_store_commit(struct fg_station_store *store, struct fg_error *error);
void fg_station_store_rollback(struct fg_station_store *store); /* no effect without a transaction */

struct fg_station_controller {
    char id[FG_NAME_MAX + 1];
    struct fg_public_key device_key; /* as its certificate named it when it was first seen */
    int64_t first_contact_ms;
    int64_t contact_ms;
    uint64_t next_sequence;   /* first entry not held here */
    struct fg_digest head;    /* hash(next_sequence - 1) */
    uint64_t urgent_sequence; /* newest entry that must go to the bureau at once, 0 = none */
    uint64_t forks;
    uint64_t refusals;
    uint64_t marked; /* entries stored that are not what they should be (enum fg_station_mark) */

    /* The bureau's last answer on this controller. */
    int64_t upstream_ms;      /* 0 = never asked */
    uint8_t upstream_verdict; /* enum fg_sync_verdict */
    char upstream_text[FG_SYNC_TEXT_MAX + 1];

    uint64_t receipt_next;    /* of the bureau's newest receipt, read from its signed bytes; 1 without one */
    bool receipt_false;       /* the stored receipt does not hold, and counts as none */
    int64_t receipt_ms;       /* when it came; 0 without one */
    int64_t oldest_unsent_ms; /* of the oldest entry that no receipt covers, 0 = none */

    int64_t report_ms;       /* 0 = never reported */
    int64_t clock_offset_ms; /* its clock minus ours when it reported */
    struct fg_sync_report report;
};

/* Entries that no receipt covers. */
uint64_t fg_station_unsent(const struct fg_station_controller *controller);

/* FG_E_NOT_FOUND: not known here. */
enum fg_err fg_station_store_controller(struct fg_station_store *store, const char *id,
                                        struct fg_station_controller *ret_controller, struct fg_error *error);
/* All of them by id, at most capacity. */
enum fg_err fg_station_store_controllers(struct fg_station_store *store,
                                         struct fg_station_controller *ret_controllers, size_t capacity,
                                         size_t *ret_count, struct fg_error *error);
/* A new one without entries. FG_E_FULL when FG_STATION_CONTROLLERS_MAX are known, FG_E_EXISTS. */
enum fg_err fg_station_store_add_controller(struct fg_station_store *store, const char *id,
                                            const struct fg_public_key *device_key, int64_t now_ms,
                                            struct fg_error *error);
/* Writes what intake changes: contact, next_sequence, head, urgent_sequence, forks, refusals, marked. */
enum fg_err fg_station_store_update_controller(struct fg_station_store *store,
                                               const struct fg_station_controller *controller,
                                               struct fg_error *error);
/* Writes what the controller said of itself at now_ms, and the contact. */
enum fg_err fg_station_store_report(struct fg_station_store *store, const char *id,
                                    const struct fg_sync_report *report, int64_t now_ms,
                                    struct fg_error *error);
/* Writes the bureau's answer on a controller. */
enum fg_err fg_station_store_verdict(struct fg_station_store *store, const char *id, uint8_t verdict,
                                     const char *text, int64_t now_ms, struct fg_error *error);

enum fg_station_mark {
    FG_STATION_MARK_NONE = 0,
    FG_STATION_MARK_UNDECODABLE = 1,
    FG_STATION_MARK_MISPLACED = 2, /* it names another controller or number than its place */
    FG_STATION_MARK_FUTURE = 3     /* dated more than a day after it arrived */
};

struct fg_station_entry {
    uint64_t sequence;
    struct fg_sync_slice slice;
    struct fg_digest hash;
    const struct fg_signature *head_signature; /* NULL: no batch ended here */
    int64_t arrived_ms;
    int64_t time_ms; /* when it was written, as far as that can be believed; else arrived_ms */
    uint8_t mark;    /* enum fg_station_mark */
};
/* Must this entry go to the bureau at once? Grave refusals and grave events (lib/domain). */
bool fg_station_entry_is_urgent(const struct fg_entry *entry);
/* Reads time_ms and mark from the bytes, as far as they let themselves be read, and whether it is urgent. */
void fg_station_entry_look(const char *controller, struct fg_station_entry *entry, bool *ret_urgent);

/* FG_E_EXISTS: the number is taken. FG_E_FULL. */
enum fg_err fg_station_store_add_entry(struct fg_station_store *store, const char *controller,
                                       const struct fg_station_entry *entry, struct fg_error *error);
/* Keeps a head signature for an entry held without one. */
enum fg_err fg_station_store_sign_entry(struct fg_station_store *store, const char *controller,
                                        uint64_t sequence, const struct fg_signature *signature,
                                        struct fg_error *error);
/* Hashes of count entries from `from` on. FG_E_CORRUPT names the first that is missing. */
enum fg_err fg_station_store_hashes(struct fg_station_store *store, const char *controller, uint64_t from,
                                    size_t count, struct fg_digest *ret_hashes, struct fg_error *error);
/* hash(sequence); the chain's start for 0. FG_E_NOT_FOUND. */
enum fg_err fg_station_store_hash(struct fg_station_store *store, const char *controller, uint64_t sequence,
                                  struct fg_digest *ret_hash, struct fg_error *error);
/* An encoded batch of entries from `from` on, ending where the controller signed a head: as many as fit.
 * *ret_next is the number after the last. FG_E_NOT_FOUND: there is no entry `from`; FG_E_CORRUPT. */
enum fg_err fg_station_store_read_batch(struct fg_station_store *store, const char *controller, uint64_t from,
                                        uint8_t *buffer, size_t capacity, size_t *ret_length,
                                        uint64_t *ret_next, struct fg_error *error);
/* The bureau's newest receipt, as it came. FG_E_NOT_FOUND: there is none, or what is stored does not hold. */
enum fg_err fg_station_store_receipt(struct fg_station_store *store, const char *controller,
                                     uint8_t ret_bytes[FG_STATEMENT_BYTES_MAX], size_t *ret_length,
                                     uint64_t *ret_next, struct fg_error *error);
enum fg_err fg_station_store_put_receipt(struct fg_station_store *store, const char *controller,
                                         const uint8_t *bytes, size_t length, uint64_t next, int64_t now_ms,
                                         struct fg_error *error);

/* Keeps a batch that contradicts what is held from `sequence` on (hash: what the batch says hash(sequence)
 * is). Kept once however often it comes; nothing happens when FG_STATION_EVIDENCE_MAX are kept. */
enum fg_err fg_station_store_evidence(struct fg_station_store *store, uint64_t sequence,
                                      const struct fg_digest *hash, uint8_t verdict,
                                      const struct fg_sync_batch *batch, int64_t now_ms,
                                      struct fg_error *error);
/* One piece of evidence that the bureau has not been shown although it holds the entry that is contradicted:
 * its batch as it came. FG_E_NOT_FOUND: there is none. */
struct fg_station_evidence {
    char controller[FG_NAME_MAX + 1];
    uint64_t sequence;
    struct fg_digest hash;
    size_t length; /* of the batch */
};
enum fg_err fg_station_store_evidence_next(struct fg_station_store *store, uint8_t *batch, size_t capacity,
                                           struct fg_station_evidence *ret_evidence, struct fg_error *error);
enum fg_err fg_station_store_evidence_shown(struct fg_station_store *store,
                                            const struct fg_station_evidence *evidence, int64_t now_ms,
                                            struct fg_error *error);
/* How many are kept of all controllers. */
enum fg_err fg_station_store_evidence_count(struct fg_station_store *store, uint64_t *ret_count,
                                            struct fg_error *error);

/* What the daemon knows of the bureau and of its own list. Times 0 = never. */
struct fg_station_upstream {
    int64_t started_ms; /* of the daemon */
    int64_t updated_ms; /* of this row */
    int64_t attempt_ms;
    int64_t contact_ms; /* the bureau last answered */
    uint64_t attempts;
    uint64_t failures; /* in a row */
    int64_t error_ms;
    char error_text[FG_SYNC_TEXT_MAX + 1]; /* of the last failure */
    char list_id[FG_NAME_MAX + 1];
    uint64_t list_version; /* 0 = none */
    int64_t list_issued_ms;
    int64_t list_expires_ms;
    int64_t list_checked_ms;   /* the bureau last said what its newest version is */
    int64_t clock_offset_ms;   /* our clock minus the bureau's when it last told */
    int64_t roster_checked_ms; /* the bureau last said what its newest roster is */
};
/* All zero when nothing was written yet. */
enum fg_err fg_station_store_upstream(struct fg_station_store *store,
                                      struct fg_station_upstream *ret_upstream, struct fg_error *error);
enum fg_err fg_station_store_put_upstream(struct fg_station_store *store,
                                          const struct fg_station_upstream *upstream, struct fg_error *error);

/* How the daemon's newest verification of this store goes, or ended. All zero before the first. */
struct fg_station_verification {
    bool heads_kept; /* heads are kept beside the store (heads.h) */
    int64_t started_ms;
    int64_t ended_ms; /* 0: it goes on, or was broken off */
    uint64_t entries; /* gone through so far */
    uint64_t findings;
    char text[FG_SYNC_TEXT_MAX + 1]; /* of the first finding */
};
enum fg_err fg_station_store_verification(struct fg_station_store *store,
                                          struct fg_station_verification *ret_verification,
                                          struct fg_error *error);
enum fg_err fg_station_store_put_verification(struct fg_station_store *store,
                                              const struct fg_station_verification *verification,
                                              struct fg_error *error);

#endif
