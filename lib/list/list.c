/* The list store as an object (list.h): opened, and closed with whatever is under way in it. */
#include "lib/list/list.h"

#include <stdlib.h>
#include <string.h>

#include "lib/list/private.h"

enum fg_err fg_list_open(const char *path, const char *vfs_name, const struct fg_public_key *trusted,
                         size_t trusted_count, struct fg_list **ret_list, struct fg_error *error)
{
    struct fg_list *list = calloc(1, sizeof(*list));
    enum fg_err result;

    if (list == NULL)
        return fg_fail(error, FG_E_MEMORY, "list store: out of memory");
    list->trusted = calloc(trusted_count + 1, sizeof(*trusted));
    if (list->trusted == NULL) {
        result = fg_fail(error, FG_E_MEMORY, "list store: out of memory");
        goto done;
    }
    if (trusted_count > 0)
        memcpy(list->trusted, trusted, trusted_count * sizeof(*trusted));
    list->trusted_count = trusted_count;
    result = fg_list_store_open(list, path, vfs_name, error);
    if (result == FG_OK)
        result = fg_list_begin(list, FG_LIST_BEGIN, error);
    if (result == FG_OK)
        result = fg_list_run(list, FG_LIST_COMMIT, error);
done:
    if (result != FG_OK) {
        fg_list_close(list);
        return fg_fail_in(error, result, "%s: ", path);
    }
    *ret_list = list;
    return FG_OK;
}

void fg_list_close(struct fg_list *list)
{
    if (list == NULL)
        return;
    fg_list_repair_abandon(list);
    fg_list_store_close(list);
    free(list->trusted);
    free(list);
}
