/* The journal store: every attempt as an entry kept as bytes, chained and signed, durable when append
 * returns.
 *
 * Not: sending it (link) or deciding what to log (controller). One writer; the readers (iterate, verify) open
 * the file read-only. Relies on: SQLite (WAL, synchronous=FULL), proto. */
#ifndef FG_FIRMWARE_JOURNAL_JOURNAL_H
#define FG_FIRMWARE_JOURNAL_JOURNAL_H

#include "lib/base/err.h"
#include "lib/crypto/sign.h"
#include "lib/domain/types.h"
#include "proto/journal/chain.h"

struct fg_journal;

#define FG_JOURNAL_PROGRESS_ENTRIES 128

struct fg_journal_settings {
    const char *path;
    const char *vfs_name; /* NULL = SQLite's default */
    const char *controller;
    const struct fg_private_key *key; /* the device key; must outlive the journal */
    uint64_t bytes_max;               /* the file may grow to this; space is reserved ahead */
    uint8_t warn_percent;             /* WARN at this fill level, 80 by default */
    uint32_t stop_reserve_entries;    /* FULL while there is still room for so many entries (ENDED, EVENT) */
    uint8_t fill_reserve_percent;     /* of bytes_max that only fills may use, 50 by default, at most 90 */
    /* Told of every entry once it is durable; NULL = nobody is. Must not use the journal. */
    void (*appended)(void *context, const struct fg_entry *entry);
    void *appended_context;
    uint32_t zero_fill_g; /* an ENDED below this counts as a fill of nothing */
    /* Called with every FG_JOURNAL_PROGRESS_ENTRIES that the opening has verified; NULL = nobody waits. */
    void (*progress)(void *context);
    void *progress_context;
    const struct fg_public_key *receipt_key; /* the bureau's; NULL = not known: a kept receipt counts
                                                unverified; only used during the opening */
};

/* What start-up found. */
struct fg_journal_start {
    uint64_t last_sequence;
    uint32_t boot;      /* the new boot's number */
    int64_t vouched_ms; /* newest wall time that the clock was synchronised at, not older than the newest
                           CLOCK_FLOOR_LOWERED, or the floor that this one states; 0 = none */
    char vouched_list_id[FG_NAME_MAX + 1]; /* the list in force at the newest entry of a synchronised clock */
    uint64_t vouched_list_version;
    bool fill_open; /* an AUTHORISED entry has no ENDED: close it with power lost */
    struct fg_entry open_fill;
    struct fg_fill_kept kept;      /* what earlier runs left of the point's safety, pruned entries included */
    char list_id[FG_NAME_MAX + 1]; /* of the newest LIST; empty: none */
    uint64_t list_version;
    bool receipt_false; /* the kept receipt was not signed by receipt_key, or edited: it does not count */
};

/* Opens or creates, checks the chain and the newest head signature, and tells what was found. FG_E_CORRUPT
 * names the entry that does not verify; the journal is then not opened (a tampered journal is evidence, not a
 * place to write). */
enum fg_err fg_journal_open(const struct fg_journal_settings *settings, struct fg_journal **ret_journal,
                            struct fg_journal_start *ret_start, struct fg_error *error);
void fg_journal_close(struct fg_journal *journal); /* may be NULL */

/* Appends *entry: sets its controller, sequence and boot, chains, signs the head, commits with a sync. On
 * FG_OK the entry is durable and *ret_sequence its number; on any error nothing was added. */
enum fg_err fg_journal_append(struct fg_journal *journal, struct fg_entry *entry, uint64_t *ret_sequence,
                              struct fg_error *error);

/* enum fg_journal_state. NOT_WRITABLE: the newest append failed, and nothing since
 * has shown that the file takes entries again. */
uint8_t fg_journal_state(struct fg_journal *journal);

/* When the newest append failed: does the file take a durable write again? Asked by one transaction, synced,
 * that changes nothing the journal says. FG_OK: it does, and the state is no longer NOT_WRITABLE; or no
 * append had failed, and nothing was written. Any error: the write's, and the state stays. */
enum fg_err fg_journal_try(struct fg_journal *journal, struct fg_error *error);

/* Most of the room that is left to what belongs to no fill is used up: it should be written more sparingly.
 * The state is then at least WARN. */
bool fg_journal_is_pressed(const struct fg_journal *journal);

/* First entry that is still here: 1, or the one after the newest mark. */
uint64_t fg_journal_first(const struct fg_journal *journal);

/* Number of the newest entry; 0 = none. */
uint64_t fg_journal_last(const struct fg_journal *journal);

/* Number of entries, and how many no receipt of the bureau covers yet. */
uint64_t fg_journal_count(struct fg_journal *journal);
uint64_t fg_journal_unsent(struct fg_journal *journal);

/* Wall time of the oldest entry that no receipt covers; 0 = none, or it cannot be read. */
int64_t fg_journal_oldest_unsent_ms(struct fg_journal *journal);

/* First entry that the newest receipt does not cover (0 = no receipt yet) and when that receipt was taken. */
uint64_t fg_journal_receipt_next(const struct fg_journal *journal);
int64_t fg_journal_receipt_ms(const struct fg_journal *journal);

/* Encodes a batch (proto/journal/sync.h) of the entries from `from` on: as many as are there, fit into
 * capacity, and are allowed (count_max 0 = as many as a batch may hold). Reads only. FG_E_NOT_FOUND: there is
 * no entry `from` yet. FG_E_RANGE: it was pruned. */
enum fg_err fg_journal_batch(struct fg_journal *journal, uint64_t from, size_t count_max, uint8_t *buffer,
                             size_t capacity, size_t *ret_length, uint64_t *ret_next, struct fg_error *error);

/* Takes a receipt (FgSignedStatement) into the journal's file, durable when this returns FG_OK. One that is
 * not newer than the kept one is FG_OK too and changes nothing. FG_E_FORMAT; FG_E_AUTH: not signed by
 * receipt_key; FG_E_RANGE: another controller's; FG_E_CORRUPT: genuine, but it contradicts this journal:
 * entries that the bureau holds are missing or different here. */
enum fg_err fg_journal_take_receipt(struct fg_journal *journal, const uint8_t *bytes, size_t length,
                                    const struct fg_public_key *receipt_key, int64_t wall_ms,
                                    struct fg_error *error);

/* Deletes some of the oldest entries: those that a receipt covers and that are older than before_wall_ms, in
 * one transaction with a signed mark from which the chain goes on and a JOURNAL_PRUNED entry, *entry, which
 * the caller has filled in but for the event and what was pruned. An entry is old when it, or one after it,
 * was dated before then by a synchronised clock; no other clock counts. Nothing goes that is or follows the
 * newest LIST, nor a part of a fill. Looks at a bounded number of entries; to be called again while
 * *ret_more. *ret_pruned is how many went: 0, then nothing was written and *entry is as it was. FG_E_STATE: a
 * fill is open. */
enum fg_err fg_journal_prune(struct fg_journal *journal, int64_t before_wall_ms, struct fg_entry *entry,
                             uint64_t *ret_pruned, bool *ret_more, struct fg_error *error);

/* The moment that look-ups count from: now, by the clocks that this run's entries are written with. */
struct fg_journal_now {
    int64_t wall_ms;
    int64_t mono_ms;
    int32_t utc_offset_s; /* of the local day */
};

/* Fills of code that this journal knows: when the newest ENDED with quantity was (0 = none), and how many on
 * now's local day, by now's clock: an entry that a wrong clock dated in the future is dated by what the
 * journal knows better. At most the newest 256 are counted. */
enum fg_err fg_journal_history(struct fg_journal *journal, const struct fg_code *code,
                               const struct fg_journal_now *now, int64_t *ret_last_fill_wall_ms,
                               uint32_t *ret_fills_today, struct fg_error *error);

/* Manual identifications on now's local day, dated likewise. */
enum fg_err fg_journal_manual_count(struct fg_journal *journal, const struct fg_journal_now *now,
                                    uint32_t *ret_count, struct fg_error *error);

/* Filters of a reading; zero or empty fields match everything. Times are wall ms, from inclusive, to
 * exclusive. */
struct fg_journal_filter {
    int64_t from_ms;
    int64_t to_ms;
    struct fg_code code;
    char plate[FG_PLATE_MAX + 1];
    uint8_t kind;
    uint8_t reason;
    uint64_t from_sequence;
};

/* Calls visit for each matching entry in order; stops early when visit returns anything but FG_OK and returns
 * that. Opens path read-only; needs no key. An entry that does not decode is given with kind 0 and its
 * sequence. */
typedef enum fg_err (*fg_journal_visit)(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                                        size_t byte_count, struct fg_error *error);
enum fg_err fg_journal_each(const char *path, const struct fg_journal_filter *filter, fg_journal_visit visit,
                            void *context, struct fg_error *error);

/* What a full verification found. */
struct fg_journal_verdict {
    uint64_t entries;
    uint64_t first_bad_sequence; /* 0 = none */
    struct fg_digest head;
    uint64_t first_sequence; /* 1, or the one after the mark of pruning */
    bool receipt_known;      /* a receipt of the bureau is kept; its signature is the caller's to verify */
    struct fg_receipt receipt;
    struct fg_signature receipt_signature;
};

/* Verifies sequence, chain, every head signature, the anchor and the mark of pruning with the controller's
 * public key, and that the kept receipt does not contradict them. FG_E_CORRUPT or FG_E_AUTH with a text that
 * names the first thing wrong: edited, missing, out of order, cut, rolled back, another controller's. */
enum fg_err fg_journal_verify(const char *path, const char *vfs_name, const struct fg_public_key *key,
                              struct fg_journal_verdict *ret_verdict, struct fg_error *error);

#endif
