/* Lists from the next hop into the link's own copy, and from there to fillgated.
 *
 * What is to be handed over is read from the two versions each time, so that a fill under way, a restart or a
 * failure in between needs no memory. Not: verifying (lib/list), key rings (link_keys.h). Relies on:
 * lib/list/list_update.h. */
#ifndef FG_FIRMWARE_LINK_LINK_LISTS_H
#define FG_FIRMWARE_LINK_LINK_LISTS_H

#include "firmware/link/link_keys.h"

/* Attempts to hand over the link's newest list. Zeroed at start. */
struct fg_link_hand_over {
    int64_t due_mono_ms;
    uint32_t failures;
    bool delta_failed; /* the next attempt is with the whole list */
};

/* Fetches authorities, key rings and the list; does all of the job, tells the log, and reports to the plan.
 */
void fg_link_fetch_list(struct fg_link_context *link, struct fg_link_keys *keys,
                        struct fg_link_hand_over *hand_over);

/* Hands fillgated the newest list when its own is older or not good, and that is due. True: it tried. A
 * signature that fillgated refuses makes keys wanted. */
bool fg_link_hand_over_list(struct fg_link_context *link, struct fg_link_keys *keys,
                            struct fg_link_hand_over *hand_over);

#endif
