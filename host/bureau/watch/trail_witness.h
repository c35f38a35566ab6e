/* Stations as witnesses of the trail: each report that a station sends is answered with the newest signed
 * head of the trail, which the station keeps and hands back with its next reports (proto/journal/sync.h). A
 * head that this bureau signed itself, but whose record is missing or has another hash, shows that the trail
 * was cut or rewritten, or the database put back to an older copy.
 *
 * Such a head is kept in table trail_conflict, which is in the ledger, at most FG_WITNESS_CONFLICTS_MAX of
 * them, and opens the alarm TRAIL_CUT, which only a person closes. Closing it settles every head that was
 * signed or handed back until then: what is settled is neither told nor found again, since whoever cuts the
 * trail later contradicts a later head, too. Until then a station that holds such a head gets no newer one
 * that would take its place. Not: going through the trail (trail.h); what a station keeps
 * (host/station/store/head_witness.h). Relies on: trail.h, alarms.h, ledger.h. One database object, one
 * thread. */
#ifndef FG_HOST_BUREAU_WATCH_TRAIL_WITNESS_H
#define FG_HOST_BUREAU_WATCH_TRAIL_WITNESS_H

#include "host/bureau/trail/trail.h"
#include "proto/journal/sync.h"

#define FG_WITNESS_CONFLICTS_MAX 64 /* not settled */

/* Judges what the station handed back, and fills in the answer's head, and its text when something is wrong
 * (a head that nobody signed changes nothing). *ret_signed: the head that was signed just now, number 0 =
 * none; it belongs into the log. Transactions of its own. FG_E_BUSY and others. */
enum fg_err fg_witness_report(struct fg_sql *sql, const struct fg_private_key *receipt_key,
                              const char *station, const struct fg_sync_reports *reports, int64_t now_ms,
                              struct fg_sync_report_answer *answer, struct fg_trail_head *ret_signed,
                              struct fg_error *error);

/* For verifying the store: tells of each kept head that the trail contradicts and nobody has settled. found
 * must not use sql. */
typedef void (*fg_witness_found)(void *context, const char *text);
enum fg_err fg_witness_verify(struct fg_sql *sql, fg_witness_found found, void *context,
                              struct fg_error *error);

#endif
