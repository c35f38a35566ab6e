/* Implementation of watching the bureau's own certificates (own_certificates.h). */
#include "host/bureau/watch/own_certificates.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define WHO "fillgate-bureau"

void fg_own_certificates_add(struct fg_own_certificates *own, const char *path, const char *what)
{
    if (path[0] == '\0')
        return;
    assert(own->count < FG_OWN_CERTIFICATES_MAX);
    own->each[own->count].path = path;
    own->each[own->count].what = what;
    own->count++;
}

static enum fg_err alarm_set(struct fg_sql *sql, const char *subject, int64_t days, int64_t now_ms,
                             struct fg_error *error)
{
    struct fg_alarm alarm = {.kind = FG_ALARM_CERTIFICATE_ENDS};
    enum fg_err result;

    (void)snprintf(alarm.subject, sizeof(alarm.subject), "%s", subject);
    if (days < FG_CERTIFICATE_WARN_DAYS) {
        if (days < 0)
            (void)snprintf(alarm.detail, sizeof(alarm.detail), "it has expired: make a new one");
        else
            (void)snprintf(alarm.detail, sizeof(alarm.detail), "expires in %" PRId64 " days: make a new one",
                           days);
        return fg_alarm_ensure(sql, &alarm, now_ms, error);
    }
    result = fg_alarm_close(sql, FG_ALARM_CERTIFICATE_ENDS, subject, WHO, "over", now_ms, error);
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

enum fg_err fg_own_certificates_sweep(struct fg_own_certificates *own, struct fg_sql *sql, int64_t now_ms,
                                      void (*log)(void *context, const char *line), void *log_context,
                                      struct fg_error *error)
{
    enum fg_err result = FG_OK;

    for (size_t i = 0; result == FG_OK && i < own->count; i++) {
        char what[64];
        char subject[FG_ALARM_SUBJECT_MAX + 1];
        char line[FG_CERTIFICATE_LINE];

        (void)snprintf(what, sizeof(what), "certificate of the %s", own->each[i].what);
        (void)snprintf(subject, sizeof(subject), "bureau %s", own->each[i].what);
        if (fg_certificate_watch_look(&own->each[i].watch, own->each[i].path, what, now_ms, line))
            log(log_context, line);
        if (own->each[i].watch.end_ms != 0)
            result = alarm_set(sql, subject, fg_certificate_days_left(own->each[i].watch.end_ms, now_ms),
                               now_ms, error);
    }
    return result;
}
