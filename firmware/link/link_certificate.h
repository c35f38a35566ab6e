/* The job that follows the device's own certificate: renews it when its end is near or another authority
 * issues now, sees when the device has joined again, and says when the end comes close.
 *
 * Not: authorities (link_authority.h), the panel's certificate (link_panel.h). Relies on: proto/hop/join.h,
 * lib/crypto/certificate_watch.h. */
#ifndef FG_FIRMWARE_LINK_LINK_CERTIFICATE_H
#define FG_FIRMWARE_LINK_LINK_CERTIFICATE_H

#include "firmware/link/link_context.h"
#include "lib/crypto/certificate_watch.h"

/* Reads from when until when the certificate is valid into link. FG_E_* of fg_certificate_times; link keeps
 * what it had then. */
enum fg_err fg_link_read_certificate(struct fg_link_context *link, struct fg_error *error);

/* Does all of the job, tells the log, and reports to the plan. watch is this job's own, zeroed at start. */
void fg_link_follow_certificate(struct fg_link_context *link, struct fg_certificate_watch *watch);

#endif
