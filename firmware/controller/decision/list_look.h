/* The list in force as a decision sees it: its state, roll-back included, and its manifest.
 *
 * Not: rows (list/list.h) and the imports. Relies on: list/list.h. */
#ifndef FG_FIRMWARE_CONTROLLER_DECISION_LIST_LOOK_H
#define FG_FIRMWARE_CONTROLLER_DECISION_LIST_LOOK_H

#include "lib/list/list.h"

/* One look. Zero-initialised: nothing is known yet. */
struct fg_list_look {
    uint8_t state;       /* enum fg_list_state */
    bool manifest_known; /* it verified; also when the list was rolled back */
    struct fg_manifest manifest;
};

/* The newest list version that the journal tells of. */
struct fg_list_logged {
    char id[FG_NAME_MAX + 1]; /* empty: none */
    uint64_t version;
};

/* Looks. list NULL (not open): MISSING. A list older than the logged one of its id: ROLLED_BACK. When
 * no manifest verifies, *ret_look keeps the rules of the look before, with manifest_known false. */
void fg_list_look(struct fg_list *list, const struct fg_list_logged *logged, struct fg_list_look *ret_look);

/* The operator with this id or card among those of the list, NULL when there is none, or no list in force.
 */
const struct fg_operator *fg_list_operator(const struct fg_list_look *look, const char *id);
const struct fg_operator *fg_list_card(const struct fg_list_look *look, const struct fg_uid *uid);

#endif
