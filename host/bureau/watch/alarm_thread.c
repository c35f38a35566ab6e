/* Implementation of the alarm thread (alarm_thread.h). */
#include "host/bureau/watch/alarm_thread.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/bureau/case/case.h"
#include "host/bureau/clock/own_clock.h"
#include "host/bureau/history/day_sums.h"
#include "lib/base/monotime.h"
#include "lib/system/turns.h"

#define STEP_ENTRIES 5000
/* Another process may have taken entries in: look without being poked, too. */
#define IDLE_MS 5000
#define LINE_BYTES 512

struct fg_alarm_thread {
    struct fg_alarm_thread_settings settings;
    struct fg_sql *sql;
    struct fg_turns turns;
    int64_t sweep_mono_ms; /* the next one */
};

static void complain(struct fg_alarm_thread *watcher, const struct fg_error *error)
{
    char line[LINE_BYTES];

    (void)snprintf(line, sizeof(line), "alarms: %s (%s)", error->text, fg_err_name(error->code));
    watcher->settings.log(watcher->settings.context, line);
}

static int64_t now_of(const struct fg_alarm_thread *watcher)
{
    return watcher->settings.now_ms(watcher->settings.context);
}

/* Waits for a poke or IDLE_MS; false = stop. A failure is not tried again at once. */
static bool rest(struct fg_alarm_thread *watcher, bool more, bool failed)
{
    return fg_turns_rest(&watcher->turns, more && !failed ? 0 : IDLE_MS, !failed);
}

/* One round; *ret_more: the next may follow at once. */
static enum fg_err round_run(struct fg_alarm_thread *watcher, bool *ret_more, struct fg_error *error)
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
    struct fg_alarm_thread *watcher = argument;
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

enum fg_err fg_alarm_thread_new(const struct fg_alarm_thread_settings *settings,
                                struct fg_alarm_thread **ret_watcher, struct fg_error *error)
{
    struct fg_alarm_thread *watcher = calloc(1, sizeof(*watcher));
    enum fg_err result;

    if (watcher == NULL)
        return fg_fail(error, FG_E_MEMORY, "alarms: no memory");
    watcher->settings = *settings;
    result = fg_sql_open(settings->sql, &watcher->sql, error);
    watcher->settings.sql = NULL;
    if (result == FG_OK)
        result = fg_turns_start(&watcher->turns, watch, watcher, "alarms", error);
    if (result != FG_OK) {
        fg_sql_close(watcher->sql);
        free(watcher);
        return result;
    }
    *ret_watcher = watcher;
    return FG_OK;
}

void fg_alarm_thread_poke(struct fg_alarm_thread *watcher)
{
    fg_turns_wake(&watcher->turns);
}

void fg_alarm_thread_free(struct fg_alarm_thread *watcher)
{
    if (watcher == NULL)
        return;
    fg_turns_stop(&watcher->turns);
    fg_sql_close(watcher->sql);
    free(watcher);
}
