/* Publishing a station's list and handing it on, in one go: what the schedule and the pages do.
 *
 * Not: building (publish.h), serving (lib/list/serve). Relies on: both. One database object, one thread; for
 * each station at most one at a time. */
#ifndef FG_HOST_BUREAU_PUBLISH_PUBLISH_LISTED_H
#define FG_HOST_BUREAU_PUBLISH_PUBLISH_LISTED_H

#include "host/bureau/publish/publish.h"
#include "lib/list/serve/list_routes.h"

/* Publishes as the order says (its out_path is not looked at) and gives the list to the listing, whose
 * directory this is. A version that was recorded but never reached the directory, as a crash between the two
 * leaves it, is published once more. Errors as fg_publish and fg_listing_take. */
enum fg_err fg_publish_listed(struct fg_sql *sql, struct fg_listing *listing, const char *directory,
                              const struct fg_publish_order *order, struct fg_publish_result *ret_result,
                              struct fg_error *error);

#endif
