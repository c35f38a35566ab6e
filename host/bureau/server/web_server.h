/* The bureau's server of pages: a listener of its own, since the devices' one demands client certificates.
 *
 * It serves the pages built into the program, the API that they ask (web/openapi.json), and the public
 * look-up. It has database objects of its own, so that auditors cannot keep journals from coming in. Not:
 * what requests mean (host/bureau/api by subject). Relies on: lib/net/server/https_server.h, host/sql. */
#ifndef FG_HOST_BUREAU_SERVER_WEB_SERVER_H
#define FG_HOST_BUREAU_SERVER_WEB_SERVER_H

#include "host/bureau/web/web_settings.h"

struct fg_web;

/* Listens when it returns. Errors as fg_server_start and fg_sql_open. */
enum fg_err fg_web_start(const struct fg_web_settings *settings, struct fg_web **ret_web,
                         struct fg_error *error);
uint16_t fg_web_port(const struct fg_web *web);
/* Certificate and key anew. */
enum fg_err fg_web_reload(struct fg_web *web, struct fg_error *error);
void fg_web_stop(struct fg_web *web); /* may be NULL */

#endif
