/* What verifications of the store found, kept: which entries are altered, since when that is known, and when
 * each journal was found whole the last time. "Altered since" lies between those two times.
 *
 * A verification replaces what the one before found in the journals that it went through; an entry that is
 * still altered keeps the time at which it was first found. Not: verifying (audit_walk.h); whoever can edit
 * entries can edit these tables too, which the next verification undoes. Relies on: host/sql. One database
 * object, one thread. */
#ifndef FG_HOST_BUREAU_AUDIT_AUDIT_FINDINGS_H
#define FG_HOST_BUREAU_AUDIT_AUDIT_FINDINGS_H

#include "host/bureau/audit/audit_walk.h"

/* Keeps what a verification of one journal, or of all (NULL), found, in a transaction of its own. */
enum fg_err fg_audit_findings_keep(struct fg_sql *sql, const char *controller,
                                   const struct fg_audit_finding *findings, size_t count, int64_t started_ms,
                                   struct fg_error *error);

/* Keeps that one entry was seen to be altered, unless that is known already. */
enum fg_err fg_audit_finding_note(struct fg_sql *sql, const struct fg_audit_finding *finding, int64_t at_ms,
                                  struct fg_error *error);

/* How many entries (and journals as a whole) were found altered and not yet found whole again. */
enum fg_err fg_audit_findings_count(struct fg_sql *sql, uint64_t *ret_count, struct fg_error *error);

/* One that is kept. whole_ms: when the last verification that found the whole journal unaltered began, 0 =
 * none did; it was altered between then and found_ms. */
struct fg_audit_finding_kept {
    struct fg_audit_finding what;
    int64_t found_ms;
    int64_t whole_ms;
};
/* The newest ones first, at most limit into findings[0..limit). */
enum fg_err fg_audit_findings_list(struct fg_sql *sql, size_t limit, struct fg_audit_finding_kept *findings,
                                   size_t *ret_count, struct fg_error *error);

struct fg_audit_finding_times {
    int64_t found_ms; /* when a verification first found this entry altered; 0 = none did */
    int64_t whole_ms; /* when the last verification that found the whole journal unaltered began; 0 = none */
    int64_t checked_ms; /* when the last one began */
};
enum fg_err fg_audit_finding_times(struct fg_sql *sql, const char *controller, uint64_t sequence,
                                   struct fg_audit_finding_times *ret_times, struct fg_error *error);

#endif
