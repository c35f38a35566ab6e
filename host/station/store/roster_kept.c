/* Implementation of the roster in force (roster_kept.h). */
#include "host/station/store/roster_kept.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/station/store/kept_file.h"
#include "proto/key/enrol.h"

#define KEPT_ROSTER "the kept roster"
#define BROUGHT_ROSTER "the roster that was brought"
#define ASK_EVERY_MS 10000

struct fg_station_roster {
    char path[FG_KEPT_FILE_PATH_BYTES];
    char brought_path[FG_KEPT_FILE_PATH_BYTES];
    char station[FG_NAME_MAX + 1];
    pthread_mutex_t lock; /* for what follows */
    size_t key_count;
    struct fg_public_key keys[FG_STATION_ROSTER_KEYS_MAX];
    struct fg_roster in_force; /* version 0: none */
    size_t length;             /* of its bytes */
    uint8_t bytes[FG_ROSTER_BYTES_MAX];
    uint64_t asked; /* times that the bureau's word was wanted */
    uint64_t answered;
    bool was_answered;
    int64_t answered_mono_ms;
    uint8_t file[FG_ROSTER_BYTES_MAX + 1];
};

/* ---- what is taken ---- */

/* Under the lock, or before there are other threads. */
static enum fg_err judge(const struct fg_station_roster *roster, const uint8_t *bytes, size_t length,
                         struct fg_roster *ret_next, struct fg_error *error)
{
    enum fg_err result = fg_roster_verify(bytes, length, roster->keys, roster->key_count, ret_next, error);

    if (result != FG_OK)
        return result;
    if (strcmp(ret_next->station, roster->station) != 0)
        return fg_fail(error, FG_E_RANGE, "roster: it is station %s's", ret_next->station);
    if (ret_next->version < roster->in_force.version)
        return fg_fail(error, FG_E_OLD, "roster: version %" PRIu64 " is older than %" PRIu64 " in force",
                       ret_next->version, roster->in_force.version);
    if (ret_next->version == roster->in_force.version &&
        (length != roster->length || memcmp(bytes + FG_ROSTER_SIGNED_AT, roster->bytes + FG_ROSTER_SIGNED_AT,
                                            length - FG_ROSTER_SIGNED_AT) != 0))
        return fg_fail(error, FG_E_CORRUPT, "roster: another one of version %" PRIu64 " is in force",
                       ret_next->version);
    return FG_OK;
}

static void put_in_force(struct fg_station_roster *roster, const struct fg_roster *next, const uint8_t *bytes,
                         size_t length)
{
    roster->in_force = *next;
    memcpy(roster->bytes, bytes, length);
    roster->length = length;
}

enum fg_err fg_station_roster_take(struct fg_station_roster *roster, const uint8_t *bytes, size_t length,
                                   bool *ret_taken, struct fg_error *error)
{
    struct fg_roster *next = malloc(sizeof(*next));
    enum fg_err result = FG_OK;

    *ret_taken = false;
    if (next == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a roster");
    (void)pthread_mutex_lock(&roster->lock);
    if (length == roster->length && memcmp(bytes, roster->bytes, length) == 0)
        goto done;
    result = judge(roster, bytes, length, next, error);
    if (result == FG_OK)
        result = fg_kept_file_write(roster->path, KEPT_ROSTER, bytes, length, error);
    if (result == FG_OK) {
        *ret_taken = next->version > roster->in_force.version;
        put_in_force(roster, next, bytes, length);
    }
done:
    (void)pthread_mutex_unlock(&roster->lock);
    free(next);
    return result;
}

/* ---- on a stick ---- */

enum fg_err fg_station_roster_bring(struct fg_station_roster *roster, const uint8_t *bytes, size_t length,
                                    uint64_t *ret_version, struct fg_error *error)
{
    struct fg_roster *next = malloc(sizeof(*next));
    enum fg_err result;

    if (next == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a roster");
    (void)pthread_mutex_lock(&roster->lock);
    result = judge(roster, bytes, length, next, error);
    (void)pthread_mutex_unlock(&roster->lock);
    if (result == FG_OK)
        result = fg_kept_file_write(roster->brought_path, BROUGHT_ROSTER, bytes, length, error);
    if (result == FG_OK)
        *ret_version = next->version;
    free(next);
    return result;
}

bool fg_station_roster_waits(const struct fg_station_roster *roster)
{
    return access(roster->brought_path, F_OK) == 0;
}

enum fg_err fg_station_roster_take_brought(struct fg_station_roster *roster, bool *ret_taken,
                                           struct fg_error *error)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum fg_err result;

    *ret_taken = false;
    if (!fg_station_roster_waits(roster))
        return fg_fail(error, FG_E_NOT_FOUND, "no roster was brought");
    bytes = malloc(FG_ROSTER_BYTES_MAX + 1);
    if (bytes == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a roster");
    result = fg_kept_file_read(roster->brought_path, BROUGHT_ROSTER, bytes, FG_ROSTER_BYTES_MAX + 1, &length,
                               error);
    if (result == FG_OK)
        result = fg_station_roster_take(roster, bytes, length, ret_taken, error);
    free(bytes);
    if (result != FG_E_IO && result != FG_E_MEMORY)
        (void)unlink(roster->brought_path);
    return result;
}

/* ---- who is served ---- */

uint64_t fg_station_roster_version(struct fg_station_roster *roster)
{
    uint64_t version;

    (void)pthread_mutex_lock(&roster->lock);
    version = roster->in_force.version;
    (void)pthread_mutex_unlock(&roster->lock);
    return version;
}

enum fg_err fg_station_roster_copy(struct fg_station_roster *roster, struct fg_roster *ret_roster,
                                   struct fg_error *error)
{
    enum fg_err result = FG_OK;

    (void)pthread_mutex_lock(&roster->lock);
    if (roster->in_force.version == 0)
        result = fg_fail(error, FG_E_NOT_FOUND, "this station has no roster of the bureau yet");
    else
        *ret_roster = roster->in_force;
    (void)pthread_mutex_unlock(&roster->lock);
    return result;
}

static enum fg_err compare(const struct fg_roster_device *device, const struct fg_peer *peer,
                           struct fg_error *error)
{
    if (!fg_bytes_equal(device->tls_key.point, peer->key.point, FG_POINT_BYTES))
        return fg_fail(error, FG_E_DENIED,
                       "controller %s: its certificate is for another key than the bureau's roster names",
                       peer->id);
    if (!peer->has_device_key ||
        !fg_bytes_equal(device->device_key.point, peer->device_key.point, FG_POINT_BYTES))
        return fg_fail(error, FG_E_DENIED,
                       "controller %s: its certificate names another journal key than the bureau's roster",
                       peer->id);
    return FG_OK;
}

enum fg_err fg_station_roster_find(struct fg_station_roster *roster, const struct fg_peer *peer,
                                   struct fg_roster_device *ret_device, struct fg_error *error)
{
    const struct fg_roster_device *device = NULL;
    enum fg_err result = FG_OK;

    if (peer->kind != FG_PEER_CERTIFIED || strcmp(peer->role, FG_ROLE_CONTROLLER) != 0)
        return fg_fail(error, FG_E_DENIED, "%s %s is not a controller", peer->role, peer->id);
    (void)pthread_mutex_lock(&roster->lock);
    if (roster->in_force.version > 0)
        device = fg_roster_find(&roster->in_force, peer->id);
    if (roster->in_force.version == 0)
        result = fg_fail(error, FG_E_STATE, "this station has no roster of the bureau yet");
    else if (device == NULL)
        result =
            fg_fail(error, FG_E_DENIED, "the bureau's roster of this station does not name %s", peer->id);
    else
        result = compare(device, peer, error);
    if (result == FG_OK)
        *ret_device = *device;
    (void)pthread_mutex_unlock(&roster->lock);
    return result;
}

/* ---- asking ---- */

bool fg_station_roster_doubt(struct fg_station_roster *roster, bool at_once, int64_t now_mono_ms)
{
    bool waits;

    (void)pthread_mutex_lock(&roster->lock);
    waits = roster->asked > roster->answered;
    if (at_once ||
        (!waits && (!roster->was_answered || now_mono_ms - roster->answered_mono_ms >= ASK_EVERY_MS))) {
        roster->asked++;
        waits = true;
    }
    (void)pthread_mutex_unlock(&roster->lock);
    return waits;
}

bool fg_station_roster_is_wanted(struct fg_station_roster *roster, uint64_t *ret_ticket)
{
    bool wanted;

    (void)pthread_mutex_lock(&roster->lock);
    *ret_ticket = roster->asked;
    wanted = roster->asked > roster->answered;
    (void)pthread_mutex_unlock(&roster->lock);
    return wanted;
}

void fg_station_roster_answered(struct fg_station_roster *roster, uint64_t ticket, int64_t now_mono_ms)
{
    (void)pthread_mutex_lock(&roster->lock);
    if (ticket > roster->answered)
        roster->answered = ticket;
    roster->was_answered = true;
    roster->answered_mono_ms = now_mono_ms;
    (void)pthread_mutex_unlock(&roster->lock);
}

/* ---- lifetime ---- */

void fg_station_roster_trust(struct fg_station_roster *roster, const struct fg_public_key *keys,
                             size_t key_count)
{
    (void)pthread_mutex_lock(&roster->lock);
    roster->key_count = key_count < FG_STATION_ROSTER_KEYS_MAX ? key_count : FG_STATION_ROSTER_KEYS_MAX;
    memcpy(roster->keys, keys, roster->key_count * sizeof(*keys));
    (void)pthread_mutex_unlock(&roster->lock);
}

/* Nothing is in force yet. */
static enum fg_err load(struct fg_station_roster *roster, struct fg_error *error)
{
    struct fg_roster *kept = malloc(sizeof(*kept));
    size_t length = 0;
    enum fg_err result;

    if (kept == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a roster");
    result = fg_kept_file_read(roster->path, KEPT_ROSTER, roster->file, sizeof(roster->file), &length, error);
    if (result == FG_OK)
        result = judge(roster, roster->file, length, kept, error);
    if (result == FG_OK)
        put_in_force(roster, kept, roster->file, length);
    free(kept);
    return result;
}

enum fg_err fg_station_roster_open(const char *store_path, const char *station,
                                   const struct fg_public_key *keys, size_t key_count,
                                   struct fg_station_roster **ret_roster, struct fg_error *ret_trouble,
                                   struct fg_error *error)
{
    struct fg_station_roster *roster = calloc(1, sizeof(*roster));
    enum fg_err result;

    if (roster == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a roster");
    (void)pthread_mutex_init(&roster->lock, NULL);
    (void)snprintf(roster->station, sizeof(roster->station), "%s", station);
    fg_station_roster_trust(roster, keys, key_count);
    result = fg_kept_file_path(store_path, ".roster", roster->path, sizeof(roster->path), error);
    if (result == FG_OK)
        result = fg_kept_file_path(store_path, ".roster.brought", roster->brought_path,
                                   sizeof(roster->brought_path), error);
    if (result != FG_OK) {
        fg_station_roster_free(roster);
        return result;
    }
    result = load(roster, ret_trouble);
    if (result == FG_OK || result == FG_E_NOT_FOUND)
        ret_trouble->text[0] = '\0';
    *ret_roster = roster;
    return FG_OK;
}

void fg_station_roster_free(struct fg_station_roster *roster)
{
    if (roster == NULL)
        return;
    (void)pthread_mutex_destroy(&roster->lock);
    free(roster);
}
