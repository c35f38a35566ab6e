/* Implementation of the roster (roster.h). The signed form is that of a manifest: key id, signature, message.
 */
#include "proto/key/roster.h"

#include <assert.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <stdlib.h>
#include <string.h>

#include "proto/key/roster.pb.h"

static_assert(FG_ROSTER_SIGNED_AT + FgRoster_size <= FG_ROSTER_BYTES_MAX, "the largest roster fits");
static_assert(sizeof(((FgRosterDevice *)0)->id) == FG_NAME_MAX + 1, "name sizes agree");
static_assert(sizeof(((FgRoster *)0)->devices) / sizeof(FgRosterDevice) == FG_ROSTER_DEVICES_MAX,
              "counts agree");

static bool name_is_good(const char *name)
{
    size_t length = strnlen(name, FG_NAME_MAX + 1);

    return length > 0 && length <= FG_NAME_MAX &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

static enum fg_err check(const struct fg_roster *roster, struct fg_error *error)
{
    if (!name_is_good(roster->station))
        return fg_fail(error, FG_E_RANGE, "roster: it names no station");
    if (roster->version == 0 || roster->version > INT64_MAX || roster->issued_ms < 0)
        return fg_fail(error, FG_E_RANGE, "roster of %s: its version or date cannot be", roster->station);
    if (roster->count > FG_ROSTER_DEVICES_MAX)
        return fg_fail(error, FG_E_RANGE, "roster of %s: more than %d devices", roster->station,
                       FG_ROSTER_DEVICES_MAX);
    for (size_t i = 0; i < roster->count; i++) {
        const struct fg_roster_device *device = &roster->devices[i];

        if (!name_is_good(device->id) || (device->list_id[0] != '\0' && !name_is_good(device->list_id)) ||
            device->suspended_ms < 0)
            return fg_fail(error, FG_E_RANGE, "roster of %s: device %zu is not well formed", roster->station,
                           i + 1);
        if (i > 0 && strcmp(device[-1].id, device->id) >= 0)
            return fg_fail(error, FG_E_RANGE, "roster of %s: %s is out of order", roster->station,
                           device->id);
    }
    return FG_OK;
}

static void device_put(const struct fg_roster_device *device, FgRosterDevice *message)
{
    memcpy(message->id, device->id, sizeof(message->id));
    memcpy(message->list_id, device->list_id, sizeof(message->list_id));
    message->tls_point.size = FG_POINT_BYTES;
    memcpy(message->tls_point.bytes, device->tls_key.point, FG_POINT_BYTES);
    message->device_point.size = FG_POINT_BYTES;
    memcpy(message->device_point.bytes, device->device_key.point, FG_POINT_BYTES);
    message->suspended_ms = device->suspended_ms;
}

/* The message alone. */
static enum fg_err encode(const struct fg_roster *roster, uint8_t *buffer, size_t capacity,
                          size_t *ret_length, struct fg_error *error)
{
    FgRoster *message = calloc(1, sizeof(*message));
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);
    enum fg_err result = FG_OK;

    if (message == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a roster");
    memcpy(message->station, roster->station, sizeof(message->station));
    message->version = roster->version;
    message->issued_ms = roster->issued_ms;
    message->devices_count = (pb_size_t)roster->count;
    for (size_t i = 0; i < roster->count; i++)
        device_put(&roster->devices[i], &message->devices[i]);
    if (pb_encode(&stream, FgRoster_fields, message))
        *ret_length = stream.bytes_written;
    else
        result = fg_fail(error, FG_E_SIZE, "roster of %s: %s", roster->station, PB_GET_ERROR(&stream));
    free(message);
    return result;
}

enum fg_err fg_roster_digest(const struct fg_roster *roster, struct fg_digest *ret_digest,
                             struct fg_error *error)
{
    struct fg_roster *same = malloc(sizeof(*same));
    uint8_t *bytes = malloc(FG_ROSTER_BYTES_MAX);
    size_t length = 0;
    enum fg_err result = FG_OK;

    if (same == NULL || bytes == NULL) {
        result = fg_fail(error, FG_E_MEMORY, "no memory for a roster");
        goto done;
    }
    *same = *roster;
    same->version = 1;
    same->issued_ms = 0;
    result = check(same, error);
    if (result == FG_OK)
        result = encode(same, bytes, FG_ROSTER_BYTES_MAX, &length, error);
    if (result == FG_OK)
        fg_sha256(bytes, length, ret_digest);
done:
    free(bytes);
    free(same);
    return result;
}

enum fg_err fg_roster_sign(const struct fg_roster *roster, const struct fg_private_key *key, uint8_t *buffer,
                           size_t capacity, size_t *ret_length, struct fg_error *error)
{
    struct fg_signature signature;
    size_t length = 0;
    enum fg_err result = check(roster, error);

    if (result == FG_OK && capacity < FG_ROSTER_SIGNED_AT)
        result = fg_fail(error, FG_E_SIZE, "%zu bytes are too few for a roster", capacity);
    if (result == FG_OK)
        result = encode(roster, buffer + FG_ROSTER_SIGNED_AT, capacity - FG_ROSTER_SIGNED_AT, &length, error);
    if (result == FG_OK)
        result = fg_sign(key, FG_PURPOSE_ROSTER, buffer + FG_ROSTER_SIGNED_AT, length, &signature, error);
    if (result != FG_OK)
        return result;
    memcpy(buffer, key->public_key.id.bytes, sizeof(key->public_key.id.bytes));
    memcpy(buffer + sizeof(struct fg_key_id), signature.bytes, FG_SIGNATURE_BYTES);
    *ret_length = FG_ROSTER_SIGNED_AT + length;
    return FG_OK;
}

static enum fg_err verify(const uint8_t *bytes, size_t length, const struct fg_public_key *keys,
                          size_t key_count, struct fg_error *error)
{
    struct fg_signature signature;

    memcpy(signature.bytes, bytes + sizeof(struct fg_key_id), FG_SIGNATURE_BYTES);
    for (size_t i = 0; i < key_count; i++) {
        if (memcmp(keys[i].id.bytes, bytes, sizeof(keys[i].id.bytes)) == 0 &&
            fg_sign_verify(&keys[i], FG_PURPOSE_ROSTER, bytes + FG_ROSTER_SIGNED_AT,
                           length - FG_ROSTER_SIGNED_AT, &signature, NULL) == FG_OK)
            return FG_OK;
    }
    return fg_fail(error, FG_E_AUTH, "roster: not signed with a key that signs receipts");
}

static enum fg_err device_take(const FgRosterDevice *message, struct fg_roster_device *device,
                               struct fg_error *error)
{
    enum fg_err result = FG_OK;

    memcpy(device->id, message->id, sizeof(device->id));
    memcpy(device->list_id, message->list_id, sizeof(device->list_id));
    device->suspended_ms = message->suspended_ms;
    if (message->tls_point.size != FG_POINT_BYTES || message->device_point.size != FG_POINT_BYTES)
        return fg_fail(error, FG_E_FORMAT, "roster: %s has no two keys", device->id);
    result = fg_public_key_from_point(message->tls_point.bytes, &device->tls_key, error);
    if (result == FG_OK)
        result = fg_public_key_from_point(message->device_point.bytes, &device->device_key, error);
    return result;
}

static enum fg_err decode(const uint8_t *bytes, size_t length, struct fg_roster *roster,
                          struct fg_error *error)
{
    FgRoster *message = calloc(1, sizeof(*message));
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);
    enum fg_err result = FG_OK;

    if (message == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a roster");
    memset(roster, 0, sizeof(*roster));
    if (!pb_decode(&stream, FgRoster_fields, message))
        result = fg_fail(error, FG_E_FORMAT, "roster: it does not parse: %s", PB_GET_ERROR(&stream));
    memcpy(roster->station, message->station, sizeof(roster->station));
    roster->version = message->version;
    roster->issued_ms = message->issued_ms;
    for (size_t i = 0; i < message->devices_count && result == FG_OK; i++)
        result = device_take(&message->devices[i], &roster->devices[roster->count++], error);
    free(message);
    return result == FG_OK ? check(roster, error) : result;
}

enum fg_err fg_roster_verify(const uint8_t *bytes, size_t length, const struct fg_public_key *keys,
                             size_t key_count, struct fg_roster *ret_roster, struct fg_error *error)
{
    struct fg_roster *roster = NULL;
    enum fg_err result;

    if (length <= FG_ROSTER_SIGNED_AT || length > FG_ROSTER_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "roster: %zu bytes cannot be one", length);
    result = verify(bytes, length, keys, key_count, error);
    if (result != FG_OK)
        return result;
    roster = malloc(sizeof(*roster));
    if (roster == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a roster");
    result = decode(bytes + FG_ROSTER_SIGNED_AT, length - FG_ROSTER_SIGNED_AT, roster, error);
    if (result == FG_OK)
        *ret_roster = *roster;
    free(roster);
    return result;
}

const struct fg_roster_device *fg_roster_find(const struct fg_roster *roster, const char *id)
{
    for (size_t i = 0; i < roster->count; i++) {
        if (strcmp(roster->devices[i].id, id) == 0)
            return &roster->devices[i];
    }
    return NULL;
}
