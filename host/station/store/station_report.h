/* The station's report to the bureau: how it is doing, with its controllers' own reports below.
 *
 * Not: sending it (upstream.h). Relies on: store.h, proto/journal/sync.h. */
#ifndef FG_HOST_STATION_STORE_STATION_REPORT_H
#define FG_HOST_STATION_STORE_STATION_REPORT_H

#include "host/station/store/store.h"

/* Free bytes of the file system that holds path; 0 when it cannot be told. */
uint64_t fg_station_disk_free(const char *path);

/* The kernel says that its clock is synchronised. */
bool fg_station_clock_is_synchronised(void);

/* Fills the report; self's list is the upstream row's. */
enum fg_err fg_station_report(struct fg_station_store *store, const char *station, const char *store_path,
                              const char *version, int64_t now_ms, struct fg_sync_reports *ret_reports,
                              struct fg_error *error);

#endif
