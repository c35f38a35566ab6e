/* Which manifests a store takes at all: signed by the bureau, and of the list and for the station that the
 * configuration names. A list that is genuine but made for another station is as wrong as a forged one. */
#include <stdlib.h>
#include <string.h>

#include "lib/list/private.h"
#include "proto/list/manifest.h"

enum fg_err fg_list_trust(struct fg_list *list, const struct fg_public_key *trusted, size_t trusted_count,
                          struct fg_error *error)
{
    struct fg_public_key *copy = calloc(trusted_count + 1, sizeof(*copy));

    if (copy == NULL)
        return fg_fail(error, FG_E_MEMORY, "list store: no memory for the keys");
    if (trusted_count > 0)
        memcpy(copy, trusted, trusted_count * sizeof(*copy));
    free(list->trusted);
    list->trusted = copy;
    list->trusted_count = trusted_count;
    list->loaded = false; /* what is in force is judged anew */
    return FG_OK;
}

enum fg_err fg_list_pin(struct fg_list *list, const char *list_id, const char *station,
                        struct fg_error *error)
{
    size_t id_length = strlen(list_id);
    size_t station_length = strlen(station);

    if (id_length > FG_NAME_MAX || station_length > FG_NAME_MAX)
        return fg_fail(error, FG_E_ARG, "a list id and a station have at most %d bytes", FG_NAME_MAX);
    memcpy(list->pinned_id, list_id, id_length + 1);
    memcpy(list->pinned_station, station, station_length + 1);
    list->loaded = false; /* what is in force is judged anew */
    return FG_OK;
}

static bool is_other(const char *pinned, const char *given)
{
    return pinned[0] != '\0' && strcmp(pinned, given) != 0;
}

static enum fg_err check_pin(const struct fg_list *list, const struct fg_manifest *manifest,
                             struct fg_error *error)
{
    if (is_other(list->pinned_id, manifest->list_id))
        return fg_fail(error, FG_E_AUTH, "this is list %s, this point takes only %s ([list] id)",
                       manifest->list_id, list->pinned_id);
    if (is_other(list->pinned_station, manifest->rules.station))
        return fg_fail(error, FG_E_AUTH,
                       "the list is for station %s, this point belongs to %s ([list] station)",
                       manifest->rules.station, list->pinned_station);
    return FG_OK;
}

enum fg_err fg_list_accept(const struct fg_list *list, const uint8_t *signed_bytes, size_t length,
                           int64_t now_ms, struct fg_manifest *ret_manifest, struct fg_error *error)
{
    enum fg_err result =
        fg_manifest_verify(signed_bytes, length, list->trusted, list->trusted_count, ret_manifest, error);

    if (result == FG_OK)
        result = check_pin(list, ret_manifest, error);
    if (result != FG_OK || now_ms == 0 || ret_manifest->expires_ms > now_ms)
        return result;
    return fg_fail(error, FG_E_EXPIRED, "version %llu of %s has expired; fetch a newer one",
                   (unsigned long long)ret_manifest->version, ret_manifest->list_id);
}
