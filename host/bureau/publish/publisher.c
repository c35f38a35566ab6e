/* Implementation of publishing on schedule (publisher.h). */
#include "host/bureau/publish/publisher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/clock/own_clock.h"
#include "host/bureau/publish/publish_listed.h"
#include "lib/system/turns.h"

#define LINE_BYTES 640
#define MIN_MS INT64_C(60000)
#define STATIONS_MAX 100000
#define TRIES_MAX 3 /* while others change what is published */

struct fg_publisher {
    struct fg_publisher_settings settings;
    char directory[FG_LISTING_PATH_MAX];
    char key_path[FG_LISTING_PATH_MAX];
    struct fg_sql *sql;
    struct fg_turns turns;
};

/* Ids of the stations that lists can be published for. */
struct stations {
    char (*ids)[FG_NAME_MAX + 1];
    size_t count;
    size_t capacity;
};

static void say(const struct fg_publisher *publisher, const char *station, const char *text)
{
    char line[LINE_BYTES];

    (void)snprintf(line, sizeof(line), "publishing%s%s: %s", station[0] != '\0' ? " for " : "", station,
                   text);
    publisher->settings.log(publisher->settings.context, line);
}

static enum fg_err station_keep(void *context, const char *station, struct fg_error *error)
{
    struct stations *stations = context;

    if (stations->count == stations->capacity) {
        size_t capacity = stations->capacity == 0 ? 64 : 2 * stations->capacity;
        char(*grown)[FG_NAME_MAX + 1] = NULL;

        if (capacity <= STATIONS_MAX)
            grown = realloc(stations->ids, capacity * sizeof(*grown));
        if (grown == NULL)
            return fg_fail(error, FG_E_MEMORY, "publishing: no memory for %zu stations", capacity);
        stations->ids = grown;
        stations->capacity = capacity;
    }
    (void)snprintf(stations->ids[stations->count++], FG_NAME_MAX + 1, "%s", station);
    return FG_OK;
}

static void station_publish(struct fg_publisher *publisher, const char *station,
                            const struct fg_private_key *key, const char *doubt)
{
    struct fg_publish_order order = {.station = station,
                                     .key = key,
                                     .now_ms = publisher->settings.now_ms(publisher->settings.context),
                                     .who = "fillgate-bureau",
                                     .clock_doubt = doubt,
                                     .clock_insisted = publisher->settings.clock_insisted};
    struct fg_publish_result published = {0};
    struct fg_error error;
    char text[80];
    enum fg_err result = FG_E_BUSY;

    for (int tries = 0; result == FG_E_BUSY && tries < TRIES_MAX; tries++)
        result = fg_publish_listed(publisher->sql, publisher->settings.listing, publisher->directory, &order,
                                   &published, &error);
    if (result != FG_OK) {
        say(publisher, station, error.text);
    } else if (published.published) {
        (void)snprintf(text, sizeof(text), "version %llu, %llu rows",
                       (unsigned long long)published.manifest.version,
                       (unsigned long long)published.manifest.row_count);
        say(publisher, station, text);
    }
}

static void round_run(struct fg_publisher *publisher)
{
    const struct fg_publisher_settings *settings = &publisher->settings;
    char doubt[FG_OWN_CLOCK_DOUBT_BYTES] = "";
    bool doubted = settings->clock_doubt != NULL && settings->clock_doubt(settings->context, doubt);
    struct stations stations = {0};
    struct fg_private_key key;
    struct fg_error error;
    enum fg_err result = fg_private_key_read(publisher->key_path, &key, &error);

    if (result == FG_OK)
        result = fg_publish_stations(publisher->sql, station_keep, &stations, &error);
    if (result != FG_OK)
        say(publisher, "", error.text);
    if (result == FG_OK && doubted && settings->clock_insisted)
        say(publisher, "", doubt);
    for (size_t i = 0; result == FG_OK && i < stations.count && fg_turns_go_on(&publisher->turns); i++)
        station_publish(publisher, stations.ids[i], &key, doubted ? doubt : NULL);
    fg_private_key_wipe(&key);
    free(stations.ids);
}

static void *publish(void *argument)
{
    struct fg_publisher *publisher = argument;

    do {
        round_run(publisher);
    } while (fg_turns_rest(&publisher->turns, publisher->settings.every_min * MIN_MS, false));
    return NULL;
}

enum fg_err fg_publisher_new(const struct fg_publisher_settings *settings,
                             struct fg_publisher **ret_publisher, struct fg_error *error)
{
    struct fg_publisher *publisher = calloc(1, sizeof(*publisher));
    enum fg_err result;

    if (publisher == NULL)
        return fg_fail(error, FG_E_MEMORY, "publishing: no memory");
    publisher->settings = *settings;
    (void)snprintf(publisher->directory, sizeof(publisher->directory), "%s", settings->directory);
    (void)snprintf(publisher->key_path, sizeof(publisher->key_path), "%s", settings->key_path);
    result = fg_sql_open(settings->sql, &publisher->sql, error);
    publisher->settings.sql = NULL;
    if (result == FG_OK)
        result = fg_turns_start(&publisher->turns, publish, publisher, "publishing", error);
    if (result != FG_OK) {
        fg_sql_close(publisher->sql);
        free(publisher);
        return result;
    }
    *ret_publisher = publisher;
    return FG_OK;
}

void fg_publisher_free(struct fg_publisher *publisher)
{
    if (publisher == NULL)
        return;
    fg_turns_stop(&publisher->turns);
    fg_sql_close(publisher->sql);
    free(publisher);
}
