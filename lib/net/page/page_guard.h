/* Whose requests are heard: the names under which a server of pages is called, where a request comes from,
 * and the cookies it carries.
 *
 * Pure: header values in, verdicts out. The check of Host keeps a page of a stranger that points its own name
 * at this address (DNS rebinding) from speaking to the server; that of Origin keeps it from sending commands.
 * Not: sessions. Any thread. */
#ifndef FG_LIB_NET_PAGE_PAGE_GUARD_H
#define FG_LIB_NET_PAGE_PAGE_GUARD_H

#include "lib/base/err.h"
#include "lib/domain/types.h"

#define FG_PAGE_NAMES_MAX 16
#define FG_PAGE_NAME_BYTES 128

struct fg_page_names {
    size_t count;
    char names[FG_PAGE_NAMES_MAX][FG_PAGE_NAME_BYTES]; /* lower case; IPv6 addresses in brackets */
    uint16_t port;
    bool https;
};

/* "ADDRESS:PORT" or "[ADDRESS]:PORT" with a numeric address. FG_E_FORMAT. */
enum fg_err fg_page_listen_parse(const char *text, char ret_address[FG_PAGE_NAME_BYTES], uint16_t *ret_port,
                                 struct fg_error *error);
bool fg_page_is_loopback(const char *address);

/* localhost, the address listened at (unless it is "any"), and a list of further names, separated by commas,
 * "" = none. FG_E_FORMAT, FG_E_FULL. */
enum fg_err fg_page_names_make(const char *list, const char *address, uint16_t port, bool https,
                               struct fg_page_names *ret_names, struct fg_error *error);

/* header values, NULL = the request has none: then it does not fit. */
bool fg_page_host_fits(const struct fg_page_names *names, const char *host);
bool fg_page_origin_fits(const struct fg_page_names *names, const char *origin);

/* What the browser itself says of where a request comes from; without it, or when it is the person, nothing
 * is wrong. */
bool fg_page_site_fits(const char *sec_fetch_site);

/* "application/json", with or without parameters. */
bool fg_page_type_fits(const char *content_type);

/* The first cookie of this name whose value is exactly digits hexadecimal digits, lower case. header may be
 * NULL. ret_value has room for digits + 1. */
bool fg_page_cookie_find(const char *header, const char *name, size_t digits, char *ret_value);

#endif
