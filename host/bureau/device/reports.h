/* What devices report of themselves and of what hangs below them (POST /v1/report), kept one row a device.
 *
 * Not: judging it (alarms.h: sweep). Relies on: host/sql, proto/journal/sync.h, table device. One database
 * object, one thread at a time. */
#ifndef FG_HOST_BUREAU_DEVICE_REPORTS_H
#define FG_HOST_BUREAU_DEVICE_REPORTS_H

#include "host/sql/sql.h"
#include "lib/net/server/https_server.h"
#include "proto/journal/sync.h"

/* Keeps the reports of an admitted peer in one transaction. Of those below only its own station's controllers
 * are kept; the answer's text says how many others there were. Times are turned to the bureau's clock by the
 * reporter's own offset. FG_E_DENIED: self is not the peer; FG_E_BUSY and others. */
enum fg_err fg_reports_keep(struct fg_sql *sql, const struct fg_peer *peer,
                            const struct fg_sync_reports *reports, int64_t now_ms,
                            struct fg_sync_report_answer *ret_answer, struct fg_error *error);

#endif
