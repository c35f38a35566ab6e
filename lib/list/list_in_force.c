/* Which list is in force, and how another one comes to be: no version that is older than one seen before, and
 * the version in force again only when the store no longer proves.
 *
 * Not: whose manifests are taken (list_accept.c), whether the buckets lead to the root (who stores them). */
#include <string.h>

#include "lib/list/private.h"

enum fg_err fg_list_check_version(struct fg_list *list, const struct fg_manifest *manifest, bool *ret_again,
                                  struct fg_error *error)
{
    bool same_list;
    uint64_t highest;
    enum fg_err result = fg_list_highest_version(list, manifest->list_id, &highest, error);

    if (result != FG_OK)
        return result;
    if (manifest->version < highest)
        return fg_fail(error, FG_E_OLD, "version %llu of %s is older than %llu, already seen",
                       (unsigned long long)manifest->version, manifest->list_id, (unsigned long long)highest);
    *ret_again = false;
    same_list = list->state == FG_LIST_IN_FORCE && strcmp(list->manifest.list_id, manifest->list_id) == 0;
    if (!same_list || manifest->version > highest)
        return FG_OK;
    if (fg_list_verify_inside(list, NULL) == FG_OK)
        return fg_fail(error, FG_E_OLD, "version %llu of %s is already in force",
                       (unsigned long long)manifest->version, manifest->list_id);
    *ret_again = true;
    return FG_OK;
}

enum fg_err fg_list_put_in_force(struct fg_list *list, const uint8_t *signed_bytes, size_t length,
                                 const struct fg_manifest *manifest, struct fg_error *error)
{
    enum fg_err result = fg_list_put(list, FG_LIST_PUT_MANIFEST, 1, signed_bytes, length, error);

    if (result == FG_OK)
        result = fg_list_put_highest_version(list, manifest->list_id, manifest->version, error);
    if (result == FG_OK)
        result = fg_list_run(list, FG_LIST_COMMIT, error);
    if (result != FG_OK)
        return result;
    list->loaded = false;
    fg_list_remember_version(list, manifest->list_id, manifest->version);
    /* Gives the space of the WAL back; if another reader prevents it, a later import will. */
    (void)sqlite3_wal_checkpoint_v2(list->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return FG_OK;
}
