/* Implementation of publishing on schedule (publisher.h). */
#include "host/bureau/publisher.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/bureau/own_clock.h"
#include "host/bureau/publish_listed.h"

#define LINE_BYTES 640
#define STATIONS_MAX 100000

struct fg_publisher {
    struct fg_publisher_settings settings;
    char directory[FG_LISTING_PATH_MAX];
    char key_path[FG_LISTING_PATH_MAX];
    struct fg_sql *sql;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
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

static bool is_stopping(struct fg_publisher *publisher)
{
    bool stopping;

    (void)pthread_mutex_lock(&publisher->lock);
    stopping = publisher->stopping;
    (void)pthread_mutex_unlock(&publisher->lock);
    return stopping;
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
    enum fg_err result;

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
    for (size_t i = 0; result == FG_OK && i < stations.count && !is_stopping(publisher); i++)
        station_publish(publisher, stations.ids[i], &key, doubted ? doubt : NULL);
    fg_private_key_wipe(&key);
    free(stations.ids);
}

/* false = stop. */
static bool rest(struct fg_publisher *publisher)
{
    struct timespec until;
    int waited = 0;
    bool go_on;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)publisher->settings.every_min * 60;
    (void)pthread_mutex_lock(&publisher->lock);
    while (!publisher->stopping && waited == 0)
        waited = pthread_cond_timedwait(&publisher->changed, &publisher->lock, &until);
    go_on = !publisher->stopping;
    (void)pthread_mutex_unlock(&publisher->lock);
    return go_on;
}

static void *publish(void *argument)
{
    struct fg_publisher *publisher = argument;

    do {
        round_run(publisher);
    } while (rest(publisher));
    return NULL;
}

static void publisher_start(struct fg_publisher *publisher)
{
    pthread_condattr_t attributes;

    (void)pthread_mutex_init(&publisher->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&publisher->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
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
    publisher_start(publisher);
    if (result == FG_OK && pthread_create(&publisher->thread, NULL, publish, publisher) != 0)
        result = fg_fail(error, FG_E_IO, "publishing: the thread cannot be started");
    if (result != FG_OK) {
        fg_sql_close(publisher->sql);
        (void)pthread_cond_destroy(&publisher->changed);
        (void)pthread_mutex_destroy(&publisher->lock);
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
    (void)pthread_mutex_lock(&publisher->lock);
    publisher->stopping = true;
    (void)pthread_cond_signal(&publisher->changed);
    (void)pthread_mutex_unlock(&publisher->lock);
    (void)pthread_join(publisher->thread, NULL);
    fg_sql_close(publisher->sql);
    (void)pthread_cond_destroy(&publisher->changed);
    (void)pthread_mutex_destroy(&publisher->lock);
    free(publisher);
}
