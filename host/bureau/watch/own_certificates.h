/* The bureau's own certificates: its server's, its pages', its authority's. Nobody renews them but a person,
 * who is told in time: a line in the log 30, 15 and 7 days ahead and then daily, and an alarm that heals by
 * the renewal.
 *
 * Not: the devices' (alarm_sweep.c). Relies on: lib/crypto/certificate_watch.h, alarms.h. One thread. */
#ifndef FG_HOST_BUREAU_WATCH_OWN_CERTIFICATES_H
#define FG_HOST_BUREAU_WATCH_OWN_CERTIFICATES_H

#include "host/bureau/alarm/alarms.h"
#include "lib/crypto/certificate_watch.h"

#define FG_OWN_CERTIFICATES_MAX 3

struct fg_own_certificates {
    size_t count;
    struct {
        const char *path;
        const char *what; /* "server", "pages", "authority": the alarm's subject is "bureau WHAT" */
        struct fg_certificate_watch watch;
    } each[FG_OWN_CERTIFICATES_MAX];
};

/* path stays as long as the object; "" adds nothing. */
void fg_own_certificates_add(struct fg_own_certificates *own, const char *path, const char *what);

/* Looks at each, tells the log what is news, and opens or closes its alarm. */
enum fg_err fg_own_certificates_sweep(struct fg_own_certificates *own, struct fg_sql *sql, int64_t now_ms,
                                      void (*log)(void *context, const char *line), void *log_context,
                                      struct fg_error *error);

#endif
