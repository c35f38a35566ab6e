/* Every doubt about the list becomes a state that refuses. */
#include "firmware/controller/decision/list_look.h"

#include <string.h>

#include "proto/list/operators.h"

void fg_list_look(struct fg_list *list, const struct fg_list_logged *logged, struct fg_list_look *ret_look)
{
    struct fg_manifest manifest;

    ret_look->manifest_known = false;
    ret_look->state = FG_LIST_MISSING;
    if (list == NULL)
        return;
    ret_look->state = fg_list_state(list);
    if (ret_look->state != FG_LIST_IN_FORCE)
        return;
    if (fg_list_manifest(list, &manifest, NULL) != FG_OK) {
        ret_look->state = FG_LIST_NOT_AUTHENTIC;
        return;
    }
    ret_look->manifest = manifest;
    ret_look->manifest_known = true;
    if (strcmp(manifest.list_id, logged->id) == 0 && manifest.version < logged->version)
        ret_look->state = FG_LIST_ROLLED_BACK;
}

const struct fg_operator *fg_list_operator(const struct fg_list_look *look, const char *id)
{
    return look->state == FG_LIST_IN_FORCE ? fg_operator_find(&look->manifest.rules, id) : NULL;
}

const struct fg_operator *fg_list_card(const struct fg_list_look *look, const struct fg_uid *uid)
{
    return look->state == FG_LIST_IN_FORCE ? fg_operator_of_card(&look->manifest.rules, uid) : NULL;
}
