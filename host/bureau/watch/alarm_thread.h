/* The thread that raises the bureau's alarms: follows new entries soon after they came, sweeps now and then.
 *
 * Not: the alarms (alarms.h). Relies on: host/sql, POSIX threads. It opens a database object of its own. */
#ifndef FG_HOST_BUREAU_WATCH_ALARM_THREAD_H
#define FG_HOST_BUREAU_WATCH_ALARM_THREAD_H

#include "host/bureau/watch/own_certificates.h"

struct fg_alarm_thread;

struct fg_alarm_thread_settings {
    const struct fg_sql_settings *sql; /* only used during new */
    struct fg_alarm_settings alarms;
    uint32_t sweep_every_s;
    struct fg_own_certificates certificates; /* paths outlive the watcher */
    int64_t (*now_ms)(void *context);
    void (*log)(void *context, const char *line);
    void *context;
};

enum fg_err fg_alarm_thread_new(const struct fg_alarm_thread_settings *settings,
                                struct fg_alarm_thread **ret_watcher, struct fg_error *error);
/* Entries came in; any thread. */
void fg_alarm_thread_poke(struct fg_alarm_thread *watcher);
/* Ends the thread after the step under way; may be NULL. */
void fg_alarm_thread_free(struct fg_alarm_thread *watcher);

#endif
