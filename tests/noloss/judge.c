/* Implementation of judging a city (judge.h). */
#include "tests/noloss/judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/roster.h"
#include "host/station/kept_file.h"
#include "host/station/store_verify.h"
#include "proto/monotime.h"

#define WAIT_MS 5000
#define GLANCE_MS 100 /* while it runs: a stopped process may have locked the database */
#define ROSTER_EVERY_MS 50

/* ---- while it runs ---- */

static enum fg_err held_count(struct fg_sql *sql, const char *controller, uint64_t *ret_count,
                              struct fg_error *error)
{
    struct fg_sql_statement *statement;
    enum fg_err result = fg_sql_prepare(
        sql, "SELECT COUNT(*) FROM journal_entry WHERE controller = $1 AND sequence >= 1", &statement, error);

    if (result != FG_OK)
        return result;
    fg_sql_bind_text(statement, 1, controller);
    result = fg_sql_next(statement, error);
    if (result == FG_OK)
        *ret_count = (uint64_t)fg_sql_int(statement, 0);
    fg_sql_reset(statement);
    return result;
}

/* What a controller counts as received must be at the bureau at this very moment. */
static void receipts_look(struct city *city)
{
    struct fg_sql *sql = NULL;
    struct fg_error error;

    for (size_t i = 0; i < CITY_CONTROLLERS; i++) {
        struct city_controller *controller = &city->controllers[i];
        uint64_t next = fg_journal_receipt_next(controller->journal);
        uint64_t held = 0;

        if (next <= controller->proven_next)
            continue;
        if (sql == NULL && city_database(city, GLANCE_MS, &sql, &error) != FG_OK)
            return;
        if (held_count(sql, controller->id, &held, &error) != FG_OK)
            continue;
        if (held + 1 < next)
            city_fault(city,
                       "%s counts entries before %" PRIu64 " as received, and the bureau holds %" PRIu64,
                       controller->id, next, held);
        controller->proven_next = next;
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

/* The bytes are another roster than the one before. */
static void roster_judge(struct city *city, const uint8_t *bytes, size_t length)
{
    struct city_trust *trust = &city->trust;
    struct fg_roster *roster = calloc(1, sizeof(*roster));
    struct fg_error error = {.text = "no memory"};

    if (roster == NULL ||
        fg_roster_verify(bytes, length, &city->receipt_key.public_key, 1, roster, &error) != FG_OK)
        city_fault(city, "the station's roster is not the bureau's: %s", error.text);
    else if (strcmp(roster->station, city_ids[CITY_STATION]) != 0)
        city_fault(city, "the station's roster is that of %s", roster->station);
    else if (roster->version <= trust->roster_version)
        city_fault(city, "the station's roster %" PRIu64 " came after %" PRIu64, roster->version,
                   trust->roster_version);
    else
        trust->roster_version = roster->version;
    for (size_t i = 0; roster != NULL && i < roster->count; i++) {
        city->totals.counts[FAULT_SUSPENSION_SEEN] += roster->devices[i].suspended_ms != 0;
        trust->is_seen |= roster->devices[i].suspended_ms != 0;
    }
    free(roster);
}

static void roster_look(struct city *city)
{
    struct city_trust *trust = &city->trust;
    static uint8_t bytes[FG_ROSTER_BYTES_MAX];
    struct fg_error error;
    size_t length = 0;

    if (fg_mono_ms() < trust->roster_look_mono_ms)
        return;
    trust->roster_look_mono_ms = fg_mono_ms() + ROSTER_EVERY_MS;
    if (roster_read(city, bytes, &length, &error) != FG_OK ||
        (length == trust->roster_length && memcmp(bytes, trust->roster, length) == 0))
        return;
    roster_judge(city, bytes, length);
    memcpy(trust->roster, bytes, length);
    trust->roster_length = length;
}

void judge_look(struct city *city)
{
    receipts_look(city);
    roster_look(city);
}

bool judge_roster_is_current(struct city *city)
{
    static uint8_t bytes[FG_ROSTER_BYTES_MAX];
    struct city_trust *trust = &city->trust;
    struct fg_sql *sql = NULL;
    struct fg_error error;
    size_t length = 0;
    bool made;

    if (fg_mono_ms() < trust->current_look_mono_ms)
        return false;
    trust->current_look_mono_ms = fg_mono_ms() + ROSTER_EVERY_MS;
    made = city_database(city, GLANCE_MS, &sql, &error) == FG_OK &&
           fg_roster_make(sql, city_ids[CITY_STATION], &city->receipt_key, city_now_ms(), bytes, &length,
                          &error) == FG_OK;
    fg_sql_close(sql);
    return made && length == trust->roster_length && memcmp(bytes, trust->roster, length) == 0;
}

/* ---- journals against the bureau ---- */

struct comparison {
    struct fg_sql_statement *rows;
    uint64_t compared;
    char fault[CITY_FAULT_BYTES];
};

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
    comparison->compared++;
    return FG_OK;
}

static void journal_compare(struct city *city, struct fg_sql *sql, size_t index)
{
    const struct city_controller *controller = &city->controllers[index];
    struct comparison comparison = {.fault = ""};
    struct fg_journal_filter all = {0};
    struct fg_error error;
    char path[CITY_PATH_BYTES];

    city_must(fg_sql_prepare(
                  sql, "SELECT sequence, bytes FROM journal_entry WHERE controller = $1 ORDER BY sequence",
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
