/* The directory of ingest (ingest.h) as enrolment keeps it: table device.
 *
 * Read for every request, so that a suspension holds from the next one on. Relies on: enrolment.h. */
#ifndef FG_HOST_BUREAU_DEVICE_KNOWN_DEVICES_H
#define FG_HOST_BUREAU_DEVICE_KNOWN_DEVICES_H

#include "host/bureau/device/enrolment.h"
#include "host/bureau/journal/ingest.h"

extern const struct fg_device_lookup fg_known_devices;

/* Is the peer a device that joined under this role, with this very TLS key? FG_E_DENIED with the reason. Whom
 * it is, and what a suspended one may have, is the caller's matter. */
enum fg_err fg_known_device_find(struct fg_sql *sql, const struct fg_peer *peer, bool *ret_suspended,
                                 struct fg_error *error);

#endif
