/* Implementation of the directory on table device (known_devices.h). */
#include "host/bureau/device/known_devices.h"

#include <string.h>

static enum fg_err device_lookup(void *context, struct fg_sql *sql, const char *controller,
                                 struct fg_origin *ret_origin, struct fg_error *error)
{
    struct fg_device_record record;
    enum fg_err result = fg_device_find(sql, controller, &record, error);

    (void)context;
    if (result != FG_OK)
        return result;
    if (strcmp(record.role, FG_ROLE_CONTROLLER) != 0 || !record.has_device_key)
        return fg_fail(error, FG_E_NOT_FOUND, "%s is not a controller with a journal key", controller);
    memset(ret_origin, 0, sizeof(*ret_origin));
    memcpy(ret_origin->station, record.station, sizeof(ret_origin->station));
    ret_origin->device_key = record.device_key;
    return FG_OK;
}

const struct fg_device_lookup fg_known_devices = {NULL, device_lookup};

enum fg_err fg_known_device_find(struct fg_sql *sql, const struct fg_peer *peer, bool *ret_suspended,
                                 struct fg_error *error)
{
    struct fg_device_record record;
    enum fg_err result;

    if (peer->kind != FG_PEER_CERTIFIED)
        return fg_fail(error, FG_E_DENIED, "a certificate is needed");
    result = fg_device_find(sql, peer->id, &record, error);
    if (result == FG_E_NOT_FOUND)
        return fg_fail(error, FG_E_DENIED, "%s %s never joined", peer->role, peer->id);
    if (result != FG_OK)
        return result;
    if (strcmp(record.role, peer->role) != 0)
        return fg_fail(error, FG_E_DENIED, "%s joined as %s, not as %s", peer->id, record.role, peer->role);
    if (memcmp(record.tls_key.point, peer->key.point, FG_POINT_BYTES) != 0)
        return fg_fail(error, FG_E_DENIED, "%s %s has another key since; its old certificate is void",
                       peer->role, peer->id);
    *ret_suspended = record.suspended;
    return FG_OK;
}
