/* Changes of authorities from the next hop into the link's file of authorities.
 *
 * Not: handing them on, since fillgated knows no authority. Relies on: proto/hop/authority_update.h. */
#ifndef FG_FIRMWARE_LINK_LINK_AUTHORITY_H
#define FG_FIRMWARE_LINK_LINK_AUTHORITY_H

#include "firmware/link/link_context.h"

/* Fetches what the next hop has of changes; when one is taken the connection is made again, and the
 * certificate is due. A change that is not good is told and changes nothing. After FG_OK there is a
 * connection; an error: the hop did not answer, or no connection can be made. */
enum fg_err fg_link_fetch_authorities(struct fg_link_context *link, struct fg_error *error);

#endif
