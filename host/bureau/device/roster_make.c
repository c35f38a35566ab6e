/* Implementation of making rosters (roster_make.h). */
#include "host/bureau/device/roster_make.h"

#include <stdlib.h>
#include <string.h>

#include "proto/key/enrol.h"

/* Suspended since: as the bureau itself counts it (suspension.h). One without it (it was taken out past the
 * program) gets no list at all. */
#define DEVICES                                                                                              \
    "SELECT device, tls_point, device_point, list_id, suspended, COALESCE((SELECT since_ms FROM "            \
    "suspension WHERE suspension.controller = device.device AND until_sequence = 0), " NEVER_MS ") AS "      \
    "since_ms FROM device WHERE station = $1 AND role = '" FG_ROLE_CONTROLLER "' AND device_point IS NOT "   \
    "NULL ORDER BY suspended, 6 DESC, device LIMIT $2"
#define NEVER_MS "9223372036854775807"

static void copy_name(char to[FG_NAME_MAX + 1], const char *from)
{
    memcpy(to, from, strnlen(from, FG_NAME_MAX));
}

static enum fg_err key_read(const struct fg_sql_statement *statement, unsigned column,
                            struct fg_public_key *ret_key, struct fg_error *error)
{
    size_t length = 0;
    const uint8_t *bytes = fg_sql_bytes(statement, column, &length);

    if (length != FG_POINT_BYTES)
        return fg_fail(error, FG_E_CORRUPT, "device %s: one of its keys is not valid",
                       fg_sql_text(statement, 0));
    return fg_public_key_from_point(bytes, ret_key, error);
}

static enum fg_err device_read(const struct fg_sql_statement *statement, struct fg_roster_device *device,
                               struct fg_error *error)
{
    enum fg_err result;

    memset(device, 0, sizeof(*device));
    copy_name(device->id, fg_sql_text(statement, 0));
    copy_name(device->list_id, fg_sql_text(statement, 3));
    if (fg_sql_int(statement, 4) != 0)
        device->suspended_ms = fg_sql_int(statement, 5) > 0 ? fg_sql_int(statement, 5) : 1;
    result = key_read(statement, 1, &device->tls_key, error);
    return result == FG_OK ? key_read(statement, 2, &device->device_key, error) : result;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct fg_roster_device *)a)->id, ((const struct fg_roster_device *)b)->id);
}

static enum fg_err devices_read(struct fg_sql *sql, struct fg_roster *roster, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(sql, DEVICES, &statement, error);

    roster->count = 0;
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, roster->station);
    fg_sql_bind_int(statement, 2, FG_ROSTER_DEVICES_MAX + 1);
    while (result == FG_OK) {
        result = fg_sql_next(statement, error);
        if (result != FG_OK)
            break;
        if (roster->count < FG_ROSTER_DEVICES_MAX) {
            result = device_read(statement, &roster->devices[roster->count], error);
            roster->count++;
        } else if (fg_sql_int(statement, 4) == 0) {
            result = fg_fail(error, FG_E_FULL, "station %s has more than %d controllers", roster->station,
                             FG_ROSTER_DEVICES_MAX);
        }
    }
    fg_sql_reset(statement);
    if (result != FG_E_NOT_FOUND)
        return result;
    qsort(roster->devices, roster->count, sizeof(roster->devices[0]), by_id);
    return FG_OK;
}

/* Version and date of the roster given out last; *ret_same: it names the same. None yet: version 0. */
static enum fg_err version_read(struct fg_sql *sql, struct fg_roster *roster, const struct fg_digest *digest,
                                bool *ret_same, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    size_t length = 0;
    const uint8_t *bytes;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT version, issued_ms, digest FROM roster WHERE station = $1", &statement, error);

    *ret_same = false;
    roster->version = 0;
    roster->issued_ms = 0;
    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, roster->station);
    result = fg_sql_next(statement, error);
    if (result == FG_OK) {
        roster->version = (uint64_t)fg_sql_int(statement, 0);
        roster->issued_ms = fg_sql_int(statement, 1);
        bytes = fg_sql_bytes(statement, 2, &length);
        *ret_same = length == sizeof(digest->bytes) && memcmp(bytes, digest->bytes, length) == 0;
    }
    fg_sql_reset(statement);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

static enum fg_err version_write(struct fg_sql *sql, const struct fg_roster *roster,
                                 const struct fg_digest *digest, bool first, struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql,
        first ? "INSERT INTO roster (station, version, issued_ms, digest) VALUES ($1, $2, $3, $4)"
              : "UPDATE roster SET version = $2, issued_ms = $3, digest = $4 WHERE station = $1",
        &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, roster->station);
    fg_sql_bind_int(statement, 2, (int64_t)roster->version);
    fg_sql_bind_int(statement, 3, roster->issued_ms);
    fg_sql_bind_bytes(statement, 4, digest->bytes, sizeof(digest->bytes));
    return fg_sql_run(statement, NULL, error);
}

static enum fg_err read_all(struct fg_sql *sql, struct fg_roster *roster, struct fg_digest *digest,
                            bool *ret_same, struct fg_error *error)
{
    enum fg_err result = devices_read(sql, roster, error);

    roster->version = 1; /* the digest is of a whole one */
    if (result == FG_OK)
        result = fg_roster_digest(roster, digest, error);
    return result == FG_OK ? version_read(sql, roster, digest, ret_same, error) : result;
}

/* Read again inside the transaction: two requests may have seen the same change. */
static enum fg_err raise_version(struct fg_sql *sql, struct fg_roster *roster, int64_t now_ms,
                                 struct fg_error *error)
{
    struct fg_digest digest;
    bool same = false;
    bool first;
    enum fg_err result = fg_sql_begin(sql, error);

    if (result != FG_OK)
        return result;
    result = read_all(sql, roster, &digest, &same, error);
    if (result == FG_OK && !same) {
        first = roster->version == 0;
        roster->version++;
        if (now_ms > 0 && roster->version < (uint64_t)now_ms)
            roster->version = (uint64_t)now_ms;
        roster->issued_ms = now_ms;
        result = version_write(sql, roster, &digest, first, error);
    }
    if (result == FG_OK)
        result = fg_sql_commit(sql, error);
    if (result != FG_OK)
        fg_sql_rollback(sql);
    return result;
}

enum fg_err fg_roster_make(struct fg_sql *sql, const char *station, const struct fg_private_key *key,
                           int64_t now_ms, uint8_t *buffer, size_t *ret_length, struct fg_error *error)
{
    struct fg_roster *roster = calloc(1, sizeof(*roster));
    struct fg_digest digest;
    bool same = false;
    enum fg_err result;

    if (roster == NULL)
        return fg_fail(error, FG_E_MEMORY, "no memory for a roster");
    copy_name(roster->station, station);
    result = read_all(sql, roster, &digest, &same, error);
    if (result == FG_OK && !same)
        result = raise_version(sql, roster, now_ms, error);
    if (result == FG_OK)
        result = fg_roster_sign(roster, key, buffer, FG_ROSTER_BYTES_MAX, ret_length, error);
    free(roster);
    return result;
}
