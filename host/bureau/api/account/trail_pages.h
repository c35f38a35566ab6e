/* The trail at the bureau's pages: its list, and the thread that signs its head once a minute and forgets
 * sessions that have ended. Relies on: trail.h, user_session.h. */
#ifndef FG_HOST_BUREAU_API_ACCOUNT_TRAIL_PAGES_H
#define FG_HOST_BUREAU_API_ACCOUNT_TRAIL_PAGES_H

#include "host/bureau/web/web_call.h"

struct fg_web_keeper;

/* The database object is the keeper's own. */
enum fg_err fg_web_keeper_new(struct fg_web *web, const struct fg_sql_settings *sql,
                              struct fg_web_keeper **ret_keeper, struct fg_error *error);
/* Signs the head once more. May be NULL. */
void fg_web_keeper_free(struct fg_web_keeper *keeper);

/* Handler. */
enum fg_err fg_web_trail_list(struct fg_web_call *call, struct fg_error *error);

#endif
