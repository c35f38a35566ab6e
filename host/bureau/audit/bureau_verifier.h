/* The bureau's verifying thread: goes through the whole store at start and then every so often, keeps what it
 * found (audit_findings.h), raises an alarm while something does not hold, and tells the log how far it is.
 *
 * It has the lowest claim to the processor and a database object of its own. Not: what is verified
 * (bureau_verify.h); verifying on demand (verifications.h, `fillgate bureau verify`). Relies on: POSIX
 * threads.
 */
#ifndef FG_HOST_BUREAU_AUDIT_BUREAU_VERIFIER_H
#define FG_HOST_BUREAU_AUDIT_BUREAU_VERIFIER_H

#include "host/bureau/audit/audit_walk.h"
#include "host/bureau/audit/listed_verify.h"

struct fg_bureau_verifier;

struct fg_bureau_verifier_settings {
    const struct fg_sql_settings *sql; /* only used during start */
    struct fg_device_lookup directory;
    const struct fg_public_key *receipt_key; /* outlives the thread */
    struct fg_listed listed;                 /* the folder of lists; what it points to outlives the thread */
    uint32_t every_h;                        /* from the end of one to the start of the next */
    int64_t (*now_ms)(void *context);
    void (*log)(void *context, const char *line);
    void *context;
};

enum fg_err fg_bureau_verifier_start(const struct fg_bureau_verifier_settings *settings,
                                     struct fg_bureau_verifier **ret_verifier, struct fg_error *error);
/* Breaks off what is being done; may be NULL. A statement that cannot be broken off is left to the end of the
 * process after three seconds. */
void fg_bureau_verifier_stop(struct fg_bureau_verifier *verifier);

#endif
