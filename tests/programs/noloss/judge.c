/* Implementation of judging a city (judge.h). */
#include "tests/programs/noloss/judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/journal/journal_columns.h"
#include "host/station/store/kept_file.h"
#include "host/station/store/store_verify.h"
#include "lib/base/monotime.h"

#define WAIT_MS 5000
#define GLANCE_MS 100 /* while it runs: a stopped process may have locked the database */
#define ROSTER_EVERY_MS 50

/* ---- while it runs ---- */

/* What a controller counts as received must be at the bureau at this very moment. */
static void receipts_look(struct city *city)
{
    struct fg_sql *sql = NULL;
    struct fg_error error;

    for (size_t i = 0; i < CITY_CONTROLLERS; i++) {
        const struct city_controller *controller = &city->controllers[i];
        uint64_t *proven_next = &city->sight.proven_next[i];
        uint64_t next = fg_journal_receipt_next(controller->journal);
        uint64_t held = 0;

        if (next <= *proven_next || next == 0)
            continue;
        if (sql == NULL && city_database(city, GLANCE_MS, &sql, &error) != FG_OK)
            return;
        if (city_held_count(sql, controller->id, next - 1, &held, &error) != FG_OK)
            continue;
        if (held + 1 != next)
            city_fault(city,
                       "%s counts entries before %" PRIu64 " as received, and the bureau holds %" PRIu64
                       " of them",
                       controller->id, next, held);
        *proven_next = next;
    }
    fg_sql_close(sql);
}

static enum fg_err roster_read(const struct city *city, uint8_t bytes[FG_ROSTER_BYTES_MAX],
                               size_t *ret_length, struct fg_error *error)
{
    char path[CITY_PATH_BYTES];

    city_path(city, city_folders[CITY_STATION], "station.db.roster", path);
    return fg_kept_file_read(path, "roster", bytes, FG_ROSTER_BYTES_MAX, ret_length, error);
}

static void suspension_see(struct city *city)
{
    const struct fg_roster_device *device =
        fg_roster_find(&city->sight.roster, city_ids[city->trust.suspended]);

    if (city->trust.is_seen || device == NULL || device->suspended_ms == 0)
        return;
    city->trust.is_seen = true;
    city->totals.counts[FAULT_SUSPENSION_SEEN]++;
}

/* The bytes are another roster than the one before. */
static void roster_judge(struct city *city, const uint8_t *bytes, size_t length)
{
    static struct fg_roster roster;
    struct city_sight *sight = &city->sight;
    struct fg_error error;

    if (fg_roster_verify(bytes, length, &city->receipt_key.public_key, 1, &roster, &error) != FG_OK) {
        city_fault(city, "the station's roster is not the bureau's: %s", error.text);
    } else if (strcmp(roster.station, city_ids[CITY_STATION]) != 0) {
        city_fault(city, "the station's roster is that of %s", roster.station);
    } else if (roster.version <= sight->roster.version) {
        city_fault(city, "the station's roster %" PRIu64 " came after %" PRIu64, roster.version,
                   sight->roster.version);
    } else {
        sight->roster = roster;
        suspension_see(city);
    }
}

static void roster_look(struct city *city)
{
    static uint8_t bytes[FG_ROSTER_BYTES_MAX];
    struct city_sight *sight = &city->sight;
    struct fg_error error;
    size_t length = 0;

    if (fg_mono_ms() < sight->roster_mono_ms)
        return;
    sight->roster_mono_ms = fg_mono_ms() + ROSTER_EVERY_MS;
    if (roster_read(city, bytes, &length, &error) != FG_OK ||
        (length == sight->roster_length && memcmp(bytes, sight->roster_bytes, length) == 0))
        return;
    roster_judge(city, bytes, length);
    memcpy(sight->roster_bytes, bytes, length);
    sight->roster_length = length;
}

void judge_look(struct city *city)
{
    receipts_look(city);
    roster_look(city);
}

/* With the key that the controller has now: it may have joined again. */
static bool roster_names(const struct city *city, size_t index)
{
    const struct city_controller *controller = &city->controllers[index];
    const struct fg_roster_device *device = fg_roster_find(&city->sight.roster, controller->id);
    struct fg_private_key tls_key;
    struct fg_error error;
    char path[CITY_PATH_BYTES];

    city_path(city, city_folders[CITY_LINK + index], "device/tls.key", path);
    return device != NULL && device->suspended_ms == 0 &&
           fg_private_key_read(path, &tls_key, &error) == FG_OK &&
           memcmp(device->tls_key.point, tls_key.public_key.point, FG_POINT_BYTES) == 0 &&
           memcmp(device->device_key.point, controller->device_key.public_key.point, FG_POINT_BYTES) == 0;
}

bool judge_roster_is_right(const struct city *city)
{
    bool right = city->sight.roster.count == CITY_CONTROLLERS;

    for (size_t i = 0; right && i < CITY_CONTROLLERS; i++)
        right = roster_names(city, i);
    return right;
}

/* ---- journals against the bureau ---- */

enum mark { MARK_NEVER, MARK_ALWAYS, MARK_EITHER };

/* Entries that came in while the controller was suspended carry the mark, and later ones that say of
 * themselves that they are from then. Which came in while a clerk was at it only the bureau knows. */
static enum mark mark_expected(const struct city_trust *trust, size_t index, uint64_t sequence,
                               int64_t wall_ms)
{
    const struct city_moment *begin = &trust->suspension;
    const struct city_moment *end = &trust->end_of_suspension;
    bool is_from_then = wall_ms >= begin->at_ms && wall_ms < end->at_ms;

    if (!trust->is_suspended || trust->suspended != CITY_LINK + index || sequence <= begin->held_before)
        return MARK_NEVER;
    if (sequence <= begin->held_after)
        return MARK_EITHER;
    if (sequence <= end->held_before || is_from_then)
        return MARK_ALWAYS;
    return sequence <= end->held_after ? MARK_EITHER : MARK_NEVER;
}

struct comparison {
    struct city *city;
    size_t index;
    struct fg_sql_statement *rows;
    uint64_t compared;
    char fault[CITY_FAULT_BYTES];
};

static bool mark_compare(struct comparison *comparison, const struct fg_entry *entry, bool marked)
{
    const struct city_trust *trust = &comparison->city->trust;
    uint64_t *counts = comparison->city->totals.counts;
    enum mark expected = mark_expected(trust, comparison->index, entry->sequence, entry->wall_ms);

    counts[FAULT_MARKED] += marked;
    counts[FAULT_MARKED_LATE] += marked && entry->sequence > trust->end_of_suspension.held_after;
    if (expected == MARK_EITHER || (expected == MARK_ALWAYS) == marked)
        return true;
    (void)snprintf(comparison->fault, sizeof(comparison->fault),
                   "entry %" PRIu64 " %s the mark of a suspension at the bureau", entry->sequence,
                   marked ? "must not carry" : "lacks");
    return false;
}

static enum fg_err entry_compare(void *context, const struct fg_entry *entry, const uint8_t *bytes,
                                 size_t length, struct fg_error *error)
{
    struct comparison *comparison = context;
    const uint8_t *held;
    size_t held_length = 0;

    if (fg_sql_next(comparison->rows, error) != FG_OK) {
        (void)snprintf(comparison->fault, sizeof(comparison->fault),
                       "entry %" PRIu64 " is missing at the bureau", entry->sequence);
        return FG_E_CORRUPT;
    }
    held = fg_sql_bytes(comparison->rows, 1, &held_length);
    if ((uint64_t)fg_sql_int(comparison->rows, 0) != entry->sequence || held_length != length ||
        memcmp(held, bytes, length) != 0) {
        (void)snprintf(comparison->fault, sizeof(comparison->fault),
                       "entry %" PRIu64 " is another at the bureau (%" PRId64 ")", entry->sequence,
                       fg_sql_int(comparison->rows, 0));
        return FG_E_CORRUPT;
    }
    if (!mark_compare(comparison, entry, (fg_sql_int(comparison->rows, 2) & FG_MARK_SUSPENDED) != 0))
        return FG_E_CORRUPT;
    comparison->compared++;
    return FG_OK;
}

static void journal_compare(struct city *city, struct fg_sql *sql, size_t index)
{
    const struct city_controller *controller = &city->controllers[index];
    struct comparison comparison = {.city = city, .index = index, .fault = ""};
    struct fg_journal_filter all = {0};
    struct fg_error error;
    char path[CITY_PATH_BYTES];

    city_must(fg_sql_prepare(
                  sql,
                  "SELECT sequence, bytes, marks FROM journal_entry WHERE controller = $1 ORDER BY sequence",
                  &comparison.rows, &error),
              &error, "database");
    fg_sql_bind_text(comparison.rows, 1, controller->id);
    city_path(city, city_folders[CITY_LINK + index], "journal.db", path);
    if (fg_journal_each(path, &all, entry_compare, &comparison, &error) == FG_OK &&
        fg_sql_next(comparison.rows, &error) == FG_OK)
        (void)snprintf(comparison.fault, sizeof(comparison.fault), "the bureau has more than the journal");
    fg_sql_reset(comparison.rows);
    if (comparison.fault[0] == '\0' && comparison.compared != controller->appended)
        (void)snprintf(comparison.fault, sizeof(comparison.fault),
                       "%" PRIu64 " of %" PRIu64 " entries were compared, not all", comparison.compared,
                       controller->appended);
    if (comparison.fault[0] != '\0')
        city_fault(city, "%s: %.180s", controller->id, comparison.fault);
}

void judge_journals(struct city *city)
{
    struct fg_sql *sql = NULL;
    struct fg_error error;

    city_must(city_database(city, WAIT_MS, &sql, &error), &error, "database");
    for (size_t i = 0; i < CITY_CONTROLLERS; i++)
        journal_compare(city, sql, i);
    fg_sql_close(sql);
}

/* ---- the station's store ---- */

static void store_finding(void *context, const char *controller, const char *text)
{
    city_fault(context, "the station's store: %s: %.150s", controller, text);
}

static void store_compare(struct city *city, struct fg_station_store *store)
{
    struct fg_station_controller *held = malloc(sizeof(*held));
    struct fg_error error;

    for (size_t i = 0; held != NULL && i < CITY_CONTROLLERS; i++) {
        const struct city_controller *controller = &city->controllers[i];

        if (controller->appended == 0)
            continue;
        if (fg_station_store_controller(store, controller->id, held, &error) != FG_OK)
            city_fault(city, "the station's store: %s", error.text);
        else if (held->next_sequence != controller->appended + 1 || fg_station_unsent(held) != 0 ||
                 held->forks != 0)
            city_fault(city,
                       "the station holds %" PRIu64 " of %" PRIu64 " entries of %s, %" PRIu64
                       " unsent, %" PRIu64 " forks",
                       held->next_sequence - 1, controller->appended, controller->id, fg_station_unsent(held),
                       held->forks);
    }
    free(held);
}

void judge_store(struct city *city)
{
    struct fg_station_store_settings settings = {.deadline_ms = WAIT_MS};
    struct fg_station_verify verify = {.found = store_finding, .context = city};
    struct fg_station_verified verified;
    struct fg_station_store *store = NULL;
    struct fg_error error;
    char path[CITY_PATH_BYTES];
    char heads_path[CITY_PATH_BYTES];

    city_path(city, city_folders[CITY_STATION], "station.db", path);
    city_path(city, city_folders[CITY_STATION], "station.db.heads", heads_path);
    settings.path = path;
    verify.heads_path = heads_path;
    city_must(fg_station_store_open(&settings, &store, &error), &error, "store");
    city_must(fg_station_store_trust(store, &city->receipt_key.public_key, 1, &error), &error, "store");
    city_must(fg_station_store_check(store, &verify, &verified, &error), &error, "store");
    store_compare(city, store);
    fg_station_store_close(store);
}
