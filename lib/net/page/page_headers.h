/* The headers that every answer of a server of pages carries: what keeps a browser from running, loading,
 * framing or telling what the page did not bring itself.
 *
 * Source: OWASP Secure Headers Project; W3C Content Security Policy Level 3. Relies on: https_server.h. Any
 * thread. */
#ifndef FG_LIB_NET_PAGE_PAGE_HEADERS_H
#define FG_LIB_NET_PAGE_PAGE_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/net/server/https_server.h"

/* Static storage. Strict-Transport-Security is among them with HTTPS alone. */
const struct fg_answer_header *fg_page_headers(bool https, size_t *ret_count);

#endif
