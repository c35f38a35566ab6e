/* Implementation of whom the station serves (admission.h). */
#include "host/station/admission.h"

#include <stdlib.h>
#include <string.h>

/* The rule while there is no roster yet. */
static enum fg_err admit_known(struct fg_station_store *store, const struct fg_peer *peer,
                               struct fg_error *error)
{
    struct fg_station_controller *controller = malloc(sizeof(*controller));
    enum fg_err result;

    if (controller == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a controller");
    result = fg_station_store_controller(store, peer->id, controller, error);
    if (result == FG_OK && (!peer->has_device_key || !fg_bytes_equal(controller->device_key.point,
                                                                     peer->device_key.point, FG_POINT_BYTES)))
        result = fg_fail(error, FG_E_DENIED,
                         "controller %s: its certificate names another journal key than the one held here",
                         peer->id);
    free(controller);
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_BUSY, "this station has no roster of the bureau yet, and does not know %s",
                       peer->id);
    return result;
}

enum fg_err fg_station_admit(struct fg_station_roster *roster, struct fg_station_store *store,
                             const struct fg_peer *peer, int64_t now_mono_ms,
                             struct fg_station_standing *ret_standing, struct fg_error *error)
{
    struct fg_station_standing standing = {.on_roster = true};
    struct fg_error why = {.text = ""};
    enum fg_err result = fg_station_roster_find(roster, peer, &standing.device, &why);

    if (result == FG_E_STATE) {
        standing.on_roster = false;
        (void)fg_station_roster_doubt(roster, false, now_mono_ms);
        result = admit_known(store, peer, &why);
    } else if (result == FG_E_DENIED && fg_station_roster_doubt(roster, false, now_mono_ms)) {
        result = FG_E_BUSY;
    }
    if (result != FG_OK)
        return fg_fail(error, result, "%s", why.text);
    *ret_standing = standing;
    return FG_OK;
}

enum fg_err fg_station_admit_list(const struct fg_station_standing *standing, const char *list_id,
                                  int64_t issued_ms, struct fg_error *error)
{
    const struct fg_roster_device *device = &standing->device;

    if (!standing->on_roster)
        return FG_OK;
    if (strcmp(device->list_id, list_id) != 0)
        return fg_fail(error, FG_E_DENIED, "the bureau's roster gives controller %s another list",
                       device->id);
    if (device->suspended_ms != 0 && issued_ms < device->suspended_ms)
        return fg_fail(error, FG_E_DENIED,
                       "controller %s is suspended, and this list does not stop its points yet", device->id);
    return FG_OK;
}
