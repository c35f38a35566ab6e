/* GET /v1/authority: the authority's certificates as a hop has them, in PEM. They are public and prove
 * nothing by themselves: who asks compares them with a fingerprint that it was given by hand
 * (proto/hop/authority.h). GET /v1/authorities?after=N: the next change of authorities after version N, which
 * proves itself to whoever takes it (proto/hop/authority_change.h).
 *
 * Relies on: lib/net/server/https_server.h. Any thread. */
#ifndef FG_LIB_LIST_SERVE_AUTHORITY_ROUTE_H
#define FG_LIB_LIST_SERVE_AUTHORITY_ROUTE_H

#include "lib/net/server/https_server.h"

/* The route's context is the path of the PEM file, which outlives the server; it is read at each request. */
struct fg_route fg_authority_route(const char *ca_path);
struct fg_route fg_authority_changes_route(const char *ca_path);

#endif
