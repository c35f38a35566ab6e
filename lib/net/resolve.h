/* Looking a host's addresses up, with a deadline that holds even when the name server is silent.
 *
 * The C library's look-up cannot be stopped, so it runs in a thread of its own; when the deadline passes,
 * that thread is left to end by itself (the resolver's own time-outs bound it, see resolv.conf) and releases
 * what it has. Numeric addresses need no thread. Not: connecting. Relies on: getaddrinfo, POSIX threads. Any
 * thread; no global state. */
#ifndef FG_LIB_NET_RESOLVE_H
#define FG_LIB_NET_RESOLVE_H

#include <netdb.h>

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_HOST_MAX 255 /* characters of a name or an address */
#define FG_PORT_MAX 7

/* Addresses of host for TCP, at least one; the caller frees them by freeaddrinfo. host is a name or a numeric
 * address (IPv6 without brackets), port is numeric. FG_E_TIMEOUT, FG_E_IO (the name is unknown or the name
 * servers failed), FG_E_ARG (too long), FG_E_MEMORY (also: no thread). */
enum fg_err fg_resolve(const char *host, const char *port, int64_t deadline_mono_ms,
                       struct addrinfo **ret_addresses, struct fg_error *error);

#endif
