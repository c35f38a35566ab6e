/* The table of the pages' routes: path, method, right, parameters, handler.
 *
 * Relies on: host/bureau/api for the handlers. Any thread. */
#ifndef FG_HOST_BUREAU_SERVER_WEB_ROUTES_H
#define FG_HOST_BUREAU_SERVER_WEB_ROUTES_H

#include "host/bureau/web/web_call.h"

/* The table, and how many routes. The first that fits counts. */
const struct fg_web_route *fg_web_routes(size_t *ret_count);

#endif
