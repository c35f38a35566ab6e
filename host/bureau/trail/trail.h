/* The trail: who signed in (or was refused), asked for data of persons, changed or exported what. Records are
 * chained by SHA-256, each over its own fields and the hash before it, so that none can be changed, taken out
 * or put in between without every later hash changing.
 *
 * The bureau signs the newest hash once a minute, when a station reports, and when it stops (not with each
 * record: the signing key belongs to the running bureau, while the command line appends too, and a search
 * should not wait for a signature). What came since the last signature is chained but could be replaced by
 * whoever can write to the database; the signed head also goes to the bureau's log, and to every station that
 * reports (trail_witness.h), so that cutting off the trail's end together with its heads shows against any
 * copy of that log and at any station.
 *
 * Passwords, codes and cookies never come here: callers give none. Relies on: host/sql,
 * proto/journal/trail_head.h.
 */
#ifndef FG_HOST_BUREAU_TRAIL_TRAIL_H
#define FG_HOST_BUREAU_TRAIL_TRAIL_H

#include "host/sql/sql.h"
#include "lib/domain/types.h"
#include "proto/journal/trail_head.h"

#define FG_TRAIL_TEXT_MAX 511 /* bytes of each text; longer ones are cut between characters */

#define FG_TRAIL_DONE "DONE"
#define FG_TRAIL_REFUSED "REFUSED"

/* What happened. No text may be NULL. */
struct fg_trail_record {
    int64_t at_ms;
    const char *user; /* "" = nobody known */
    const char *role;
    const char *address;
    const char *action; /* A-Z and '_': SIGN_IN, CYLINDERS ... */
    const char *subject;
    const char *detail;
    const char *outcome;
};

/* Appends within the caller's open transaction, whose fate it shares. Others that append wait until it ends,
 * so append late in a transaction. *ret_number may be NULL. */
enum fg_err fg_trail_append(struct fg_sql *sql, const struct fg_trail_record *record, uint64_t *ret_number,
                            struct fg_error *error);
/* The same in a transaction of its own, tried anew when the database is busy. */
enum fg_err fg_trail_note(struct fg_sql *sql, const struct fg_trail_record *record, struct fg_error *error);

/* The number that the next record of this transaction gets; from here on nobody else appends until it ends.
 */
enum fg_err fg_trail_next(struct fg_sql *sql, uint64_t *ret_number, struct fg_error *error);

enum fg_err fg_trail_tip(struct fg_sql *sql, struct fg_trail_head *ret_head, struct fg_error *error);
/* Signs the newest hash if it is not signed yet; *ret_head is what was signed now, number 0 = nothing. A
 * transaction of its own. */
enum fg_err fg_trail_sign(struct fg_sql *sql, const struct fg_private_key *key, int64_t now_ms,
                          struct fg_trail_head *ret_head, struct fg_error *error);
/* The newest signed head, as the database has it. FG_E_NOT_FOUND: there is none; FG_E_CORRUPT. */
enum fg_err fg_trail_newest(struct fg_sql *sql, struct fg_trail_statement *ret_statement,
                            struct fg_error *error);

/* What the trail says of a head that was kept elsewhere. Only its record is looked at: whether the records up
 * to it are what they were is for fg_trail_verify. */
enum fg_trail_standing {
    FG_TRAIL_HOLDS,   /* the record is there, with this hash */
    FG_TRAIL_MISSING, /* there is no such record: the end was cut, or the database put back to an older copy
                       */
    FG_TRAIL_OTHER    /* the record has another hash: it, or one before it, was rewritten */
};
enum fg_err fg_trail_compare(struct fg_sql *sql, const struct fg_trail_head *head,
                             enum fg_trail_standing *ret_standing, struct fg_error *error);
/* In words, as the end of "record N: ...". */
const char *fg_trail_standing_text(enum fg_trail_standing standing);

struct fg_trail_verdict {
    uint64_t records;
    uint64_t heads;          /* whose signatures hold */
    uint64_t heads_unproven; /* of other keys, or no key was given */
    uint64_t signed_to;      /* number of the newest proven head; 0 = none */
    uint64_t broken;         /* number of the first record that does not hold; 0 = all do */
    struct fg_trail_head tip;
    char why[160];
};

/* Goes through the whole trail as it is when it begins. key (may be NULL) verifies the signed heads; anchor
 * (may be NULL) is a head kept elsewhere that must still stand. FG_OK also when it is broken. The statement's
 * deadline bounds it. */
enum fg_err fg_trail_verify(struct fg_sql *sql, const struct fg_public_key *key,
                            const struct fg_trail_head *anchor, struct fg_trail_verdict *ret_verdict,
                            struct fg_error *error);

#endif
