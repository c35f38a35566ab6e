/* What else at the bureau knows how far each journal went, and of whom there were journals: the devices'
 * reports, the table of devices with its changes and certificates, the places that the alarms and the sums
 * have reached, the sums themselves, and the evidence.
 *
 * Whoever deletes a controller's entries together with its head row leaves a journal that agrees with itself;
 * these do not agree with it. Each rule is one statement, so that it sees one state of the database while
 * entries come in. Not: going through the entries (audit_walk.h); the trail (trail.h). Relies on: host/sql,
 * audit_walk.h. */
#ifndef FG_HOST_BUREAU_AUDIT_AUDIT_CROSS_H
#define FG_HOST_BUREAU_AUDIT_AUDIT_CROSS_H

#include "host/bureau/audit/audit_walk.h"

/* Runs every rule for one controller, or for all (NULL); then those that are about no controller too.
 * Findings go to settings->report and are counted in *findings; at most 20 of a rule are told. FG_OK when
 * everything could be read. */
enum fg_err fg_audit_cross(struct fg_sql *sql, const struct fg_audit_settings *settings,
                           const char *controller, uint64_t *findings, struct fg_error *error);

#endif
