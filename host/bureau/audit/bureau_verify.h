/* Verifying the bureau's whole store: the one list of what it must agree with.
 *
 * In this order: the database itself (pages, indices, schema: host/sql/sql_check.h); the trail (trail.h), the
 * heads of it that stations keep (trail_witness.h), and the rows that it speaks of (ledger_verify.h); what
 * else knows how far each journal went (audit_cross.h); every journal entry by entry (audit_walk.h).
 * Commands, pages and the background all verify through here. Not: repair. Relies on: those. */
#ifndef FG_HOST_BUREAU_AUDIT_BUREAU_VERIFY_H
#define FG_HOST_BUREAU_AUDIT_BUREAU_VERIFY_H

#include "host/bureau/audit/audit_walk.h"

/* One controller's journal and what is about it, or everything (NULL). Findings about no controller have
 * controller
 * "" and are numbered from 1 in `sequence`. As fg_audit_walk otherwise. */
enum fg_err fg_bureau_verify(struct fg_sql *sql, const struct fg_audit_settings *settings,
                             const char *controller, struct fg_audit_result *ret_result,
                             struct fg_error *error);

#endif
