/* Verifying the bureau's own store: the bureau's half of TAMPER-SHOWS.
 *
 * Each journal is gone through from its first entry: numbers without a hole, hashes that follow, the columns
 * that the bytes demand, the controller's signature at the end of each batch, and the head row with the
 * bureau's receipt. Whoever can write to the tables but holds neither the controllers' keys nor the receipt
 * key cannot change anything unseen, but for putting a whole older state back; that shows against a receipt
 * that a controller or station kept (`receipts`). Columns that do not come from the bytes (station,
 * arrived_ms) are not protected. Not: repair. Relies on: host/sql, journal_columns.h, ingest.h. */
#ifndef FG_HOST_BUREAU_AUDIT_AUDIT_WALK_H
#define FG_HOST_BUREAU_AUDIT_AUDIT_WALK_H

#include "host/bureau/journal/ingest.h"

#define FG_AUDIT_FINDINGS_MAX 20 /* told of one journal; the rest is counted */
#define FG_AUDIT_TEXT_MAX 255

struct fg_audit_finding {
    char controller[FG_NAME_MAX + 1];
    uint64_t sequence; /* of the entry, 0 = the journal as a whole */
    char text[FG_AUDIT_TEXT_MAX + 1];
};
typedef void (*fg_audit_report)(void *context, const struct fg_audit_finding *finding);

struct fg_audit_settings {
    struct fg_device_lookup directory;       /* the controllers' keys */
    const struct fg_public_key *receipt_key; /* NULL: receipts are not verified */
    const struct fg_receipt *receipts;       /* verified by the caller; kept elsewhere than in this store */
    size_t receipt_count;
    fg_audit_report report; /* must not use the database */
    /* Told how many entries were gone through, now and then; false ends the walk with FG_E_STATE. May be
     * NULL. Must not use the database. */
    bool (*progress)(void *context, uint64_t entries);
    void *context;
};

struct fg_audit_result {
    uint64_t controllers;
    uint64_t entries;
    uint64_t signatures;
    uint64_t findings;
};

/* Verifies one controller's journal, or all of them (NULL). FG_OK when everything could be read, whatever was
 * found: ret_result->findings tells. FG_E_NOT_FOUND: nothing is known of this controller. */
enum fg_err fg_audit_walk(struct fg_sql *sql, const struct fg_audit_settings *settings,
                          const char *controller, struct fg_audit_result *ret_result, struct fg_error *error);

#endif
