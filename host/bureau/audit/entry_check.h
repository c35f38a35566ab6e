/* Checking one entry of the store, apart from what it says: TAMPER-SHOWS for a single record.
 *
 * Four verdicts: do the shown columns stand in the bytes; does the hash follow from the entry before; does a
 * head that the controller signed cover the bytes; does the bureau's receipt cover them. What cannot be
 * tested is said to be unknown, never to hold. A break of the chain between an entry and its signed head
 * makes the signature false for every entry from the last head to the break: which of them was altered
 * cannot be told from here (audit_walk.h names the first). Not: whole journals, missing entries. Relies on:
 * host/sql, ingest.h, journal_columns.h. One database object, one thread. */
#ifndef FG_HOST_BUREAU_AUDIT_ENTRY_CHECK_H
#define FG_HOST_BUREAU_AUDIT_ENTRY_CHECK_H

#include "host/bureau/journal/ingest.h"

#define FG_CHECK_TEXT_BYTES 240
/* So many entries are read behind the checked one to reach the receipt. */
#define FG_CHECK_WALK_MAX 50000

enum fg_verdict { FG_VERDICT_UNKNOWN, FG_VERDICT_HOLDS, FG_VERDICT_FALSE };

enum fg_check_kind { FG_CHECK_COLUMNS, FG_CHECK_CHAIN, FG_CHECK_SIGNATURE, FG_CHECK_RECEIPT, FG_CHECK_COUNT };

struct fg_check {
    enum fg_verdict verdict;
    char english[FG_CHECK_TEXT_BYTES];
    char chinese[FG_CHECK_TEXT_BYTES];
};

struct fg_entry_checks {
    struct fg_check checks[FG_CHECK_COUNT];
    bool altered;              /* any of them is false */
    bool itself;               /* it, and not perhaps another one between it and its signed head */
    struct fg_digest hash;     /* as stored; zeros if that has another length */
    struct fg_digest previous; /* of the entry before, as stored; zeros when that is missing */
    uint64_t head_sequence;    /* of the signed head behind it, 0 = none found */
    uint64_t receipt_sequence; /* the last entry that the stored receipt names, 0 = none */
    struct fg_entry entry;     /* decoded; zeros when it cannot be */
};

/* receipt_key NULL: receipts are unknown. FG_E_NOT_FOUND: no such entry is held. */
enum fg_err fg_entry_check(struct fg_sql *sql, const struct fg_device_lookup *directory,
                           const struct fg_public_key *receipt_key, const char *controller, uint64_t sequence,
                           struct fg_entry_checks *ret_checks, struct fg_error *error);

/* The first text that is not of a check that holds, in English; "" when all hold. */
const char *fg_entry_checks_words(const struct fg_entry_checks *checks);

/* "UNKNOWN", "HOLDS", "FALSE". */
const char *fg_verdict_name(enum fg_verdict verdict);

#endif
