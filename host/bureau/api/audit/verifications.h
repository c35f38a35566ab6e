/* Verifying whole journals on behalf of the pages: one at a time on a thread of its own, with progress.
 *
 * The last FG_WEB_VERIFICATIONS_MAX are remembered until the program ends; the trail keeps who asked, the
 * database what was found (audit_findings.h). Not: what is verified (audit_walk.h). Relies on: POSIX threads;
 * a database object of its own. */
#ifndef FG_HOST_BUREAU_API_AUDIT_VERIFICATIONS_H
#define FG_HOST_BUREAU_API_AUDIT_VERIFICATIONS_H

#include "host/bureau/audit/audit_walk.h"
#include "host/bureau/web/web_call.h"

#define FG_WEB_VERIFICATIONS_MAX 16
#define FG_WEB_FINDINGS_MAX 400 /* kept of one verification */

enum fg_web_verify_state { FG_WEB_VERIFY_RUNNING, FG_WEB_VERIFY_DONE, FG_WEB_VERIFY_FAILED };

struct fg_web_verification {
    uint64_t id;                      /* 0 = none */
    char controller[FG_NAME_MAX + 1]; /* "" = all */
    enum fg_web_verify_state state;
    int64_t started_ms;
    int64_t ended_ms;
    uint64_t entries_done;
    uint64_t entries_total;
    uint64_t signatures;
    uint64_t findings;
    size_t found_count;
    struct fg_audit_finding found[FG_WEB_FINDINGS_MAX];
};

struct fg_web_verifier;

enum fg_err fg_web_verifier_new(struct fg_web *web, const struct fg_sql_settings *sql,
                                struct fg_web_verifier **ret_verifier, struct fg_error *error);
/* Ends a verification that runs. May be NULL. */
void fg_web_verifier_free(struct fg_web_verifier *verifier);

/* Handlers. */
enum fg_err fg_web_verify_start(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_verify_show(struct fg_web_call *call, struct fg_error *error);
enum fg_err fg_web_verify_list(struct fg_web_call *call, struct fg_error *error);

#endif
