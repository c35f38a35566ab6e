/* Publishing one station's list with the key on the server, as the page does it, for what else must be
 * published at once. Private to web_*.c. Relies on: publish_listed.h, own_clock.h. */
#ifndef FG_HOST_BUREAU_API_PUBLICATIONS_H
#define FG_HOST_BUREAU_API_PUBLICATIONS_H

#include "host/bureau/publish/publish.h"
#include "host/bureau/web/web_call.h"

struct fg_web_publish_order {
    const char *station;
    bool forced;             /* also when nothing changed */
    int64_t not_before_ms;   /* it is dated now, or then when that is later */
    int64_t give_up_mono_ms; /* tried again until then, while others publish */
};

/* With the checks that the page makes: FG_E_STATE when lists are signed on another machine, or with what
 * speaks against this machine's clock; FG_E_BUSY when others were publishing all the time. Others as
 * fg_publish_listed. No transaction may be open. */
enum fg_err fg_web_publish_station(struct fg_web_call *call, const struct fg_web_publish_order *order,
                                   struct fg_publish_result *ret_result, struct fg_error *error);

#endif
