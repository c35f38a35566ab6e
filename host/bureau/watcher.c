/* Implementation of the alarm thread (watcher.h). */
#include "host/bureau/watcher.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "host/bureau/cases.h"
#include "host/bureau/day_sums.h"
#include "host/bureau/own_clock.h"
#include "proto/monotime.h"

#define STEP_ENTRIES 5000
/* Another process may have taken entries in: look without being poked, too. */
#define IDLE_S 5
#define LINE_BYTES 512

struct fg_watcher {
    struct fg_watcher_settings settings;
    struct fg_sql *sql;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool poked;
    bool stopping;
    int64_t sweep_mono_ms; /* the next one */
};

static void complain(struct fg_watcher *watcher, const struct fg_error *error)
{
    char line[LINE_BYTES];

    (void)snprintf(line, sizeof(line), "alarms: %s (%s)", error->text, fg_err_name(error->code));
    watcher->settings.log(watcher->settings.context, line);
}

static int64_t now_of(const struct fg_watcher *watcher)
{
    return watcher->settings.now_ms(watcher->settings.context);
}

/* Waits for a poke or IDLE_S; false = stop. A failure is not tried again at once. */
static bool rest(struct fg_watcher *watcher, bool more, bool failed)
{
    struct timespec until;
    int waited = 0;
    bool go_on;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += IDLE_S;
    (void)pthread_mutex_lock(&watcher->lock);
    while (!watcher->stopping && waited == 0 && (failed || !(watcher->poked || more)))
        waited = pthread_cond_timedwait(&watcher->changed, &watcher->lock, &until);
    watcher->poked = false;
    go_on = !watcher->stopping;
    (void)pthread_mutex_unlock(&watcher->lock);
    return go_on;
}

/* One round; *ret_more: the next may follow at once. */
static enum fg_err round_run(struct fg_watcher *watcher, bool *ret_more, struct fg_error *error)
{
    struct fg_alarm_settings *alarms = &watcher->settings.alarms;
    bool more_cases = false;
    bool more_sums = false;
    enum fg_err result =
        fg_alarms_follow(watcher->sql, alarms, STEP_ENTRIES, now_of(watcher), ret_more, error);

    if (result == FG_OK)
        result = fg_day_sums_follow(watcher->sql, alarms->utc_offset_min, STEP_ENTRIES, &more_sums, error);
    if (result == FG_OK && fg_mono_ms() >= watcher->sweep_mono_ms) {
        alarms->own_clock_doubted = !fg_own_clock_synchronised();
        result = fg_alarms_sweep(watcher->sql, alarms, now_of(watcher), error);
        if (result == FG_OK)
            result = fg_own_certificates_sweep(&watcher->settings.certificates, watcher->sql, now_of(watcher),
                                               watcher->settings.log, watcher->settings.context, error);
        watcher->sweep_mono_ms = fg_mono_ms() + (int64_t)watcher->settings.sweep_every_s * 1000;
    }
    if (result == FG_OK)
        result = fg_cases_follow(watcher->sql, now_of(watcher), &more_cases, error);
    *ret_more = *ret_more || more_cases || more_sums;
    return result;
}

static void *watch(void *argument)
{
    struct fg_watcher *watcher = argument;
    struct fg_error error;
    enum fg_err result;
    bool more;

    do {
        more = false;
        result = round_run(watcher, &more, &error);
        if (result != FG_OK && result != FG_E_BUSY)
            complain(watcher, &error);
    } while (rest(watcher, more, result != FG_OK));
    return NULL;
}

enum fg_err fg_watcher_new(const struct fg_watcher_settings *settings, struct fg_watcher **ret_watcher,
                           struct fg_error *error)
{
    struct fg_watcher *watcher = calloc(1, sizeof(*watcher));
    pthread_condattr_t attributes;
    enum fg_err result;

    if (watcher == NULL)
        return fg_fail(error, FG_E_MEMORY, "alarms: no memory");
    watcher->settings = *settings;
    result = fg_sql_open(settings->sql, &watcher->sql, error);
    watcher->settings.sql = NULL;
    (void)pthread_mutex_init(&watcher->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&watcher->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (result == FG_OK && pthread_create(&watcher->thread, NULL, watch, watcher) != 0)
        result = fg_fail(error, FG_E_IO, "alarms: the thread cannot be started");
    if (result != FG_OK) {
        fg_sql_close(watcher->sql);
        (void)pthread_cond_destroy(&watcher->changed);
        (void)pthread_mutex_destroy(&watcher->lock);
        free(watcher);
        return result;
    }
    *ret_watcher = watcher;
    return FG_OK;
}

void fg_watcher_poke(struct fg_watcher *watcher)
{
    (void)pthread_mutex_lock(&watcher->lock);
    watcher->poked = true;
    (void)pthread_cond_signal(&watcher->changed);
    (void)pthread_mutex_unlock(&watcher->lock);
}

void fg_watcher_free(struct fg_watcher *watcher)
{
    if (watcher == NULL)
        return;
    (void)pthread_mutex_lock(&watcher->lock);
    watcher->stopping = true;
    (void)pthread_cond_signal(&watcher->changed);
    (void)pthread_mutex_unlock(&watcher->lock);
    (void)pthread_join(watcher->thread, NULL);
    fg_sql_close(watcher->sql);
    (void)pthread_cond_destroy(&watcher->changed);
    (void)pthread_mutex_destroy(&watcher->lock);
    free(watcher);
}
