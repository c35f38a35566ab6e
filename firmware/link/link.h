/* fillgate-link's work: one object that asks fillgated how it stands and carries out what is due.
 *
 * It holds no key but its own TLS key, and neither journal nor list in force: fillgated verifies whatever it
 * is handed. Killed at any moment it loses nothing. Not: the process, signals (main.c), when what is due
 * (hop_plan.h). One thread. Relies on: proto/point/control.h, https_client.h, push.h; lib/list. */
#ifndef FG_FIRMWARE_LINK_LINK_H
#define FG_FIRMWARE_LINK_LINK_H

#include "firmware/link/config.h"
#include "firmware/link/link_status.h"
#include "lib/base/err.h"

struct fg_link;

/* One line of log, without newline, free of control characters. */
typedef void (*fg_link_say)(void *context, const char *line);

/* Makes the work directory when it is missing and opens the link's own copy of the list. Keys and certificate
 * need not be there yet. config is copied. FG_E_IO, FG_E_MEMORY. */
enum fg_err fg_link_new(const struct fg_link_config *config, fg_link_say say, void *say_context,
                        struct fg_link **ret_link, struct fg_error *error);
void fg_link_free(struct fg_link *link); /* may be NULL */

/* From now on the jobs tell this status how the next hop answers. It outlives the link. */
void fg_link_watch(struct fg_link *link, struct fg_link_status *status);

/* Asks fillgated for its state and does the one job that is most urgent, within its deadlines. True:
 * something else may be due already; false: nothing is due for now. */
bool fg_link_turn(struct fg_link *link);

#endif
