/* The roster of a station (proto/key/roster.h), made from tables device and
 * suspension.
 *
 * Its version rises when whom it names changes: at least to the time in ms, so that a database that was put
 * back to an older copy gives no version that is below one given out before. Asked again without a change, it
 * gives the same bytes. Relies on: host/sql. One database object, one thread at a time. */
#ifndef FG_HOST_BUREAU_DEVICE_ROSTER_MAKE_H
#define FG_HOST_BUREAU_DEVICE_ROSTER_MAKE_H

#include "host/sql/sql.h"
#include "proto/key/roster.h"

/* The station's roster, signed; buffer has FG_ROSTER_BYTES_MAX bytes. When it has more than
 * FG_ROSTER_DEVICES_MAX controllers, those suspended longest ago are left out. Writes only when it changed;
 * not inside a transaction. FG_E_FULL: more controllers than that which are not suspended. */
enum fg_err fg_roster_make(struct fg_sql *sql, const char *station, const struct fg_private_key *key,
                           int64_t now_ms, uint8_t *buffer, size_t *ret_length, struct fg_error *error);

#endif
