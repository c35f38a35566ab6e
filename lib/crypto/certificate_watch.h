/* How long a certificate file is still good, and when that is worth a line in a log: 30, 15 and 7 days before
 * its end, then each day, also after it.
 *
 * Not: renewing (join.h), alarms (host/bureau). Relies on: certificate_file.h. One watch, one thread at a
 * time. */
#ifndef FG_LIB_CRYPTO_CERTIFICATE_WATCH_H
#define FG_LIB_CRYPTO_CERTIFICATE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FG_CERTIFICATE_WARN_DAYS 30
#define FG_CERTIFICATE_LINE 400

/* All zero at the start. */
struct fg_certificate_watch {
    int64_t end_ms;    /* of the file when it was last looked at; 0: it could not be read */
    int64_t told_days; /* left when it was last told */
    bool told;
};

/* Looks at the first certificate of the file at path. True: ret_line says what a person should know, with
 * `what` naming the certificate ("the pages' certificate"). A file that cannot be read is told once. */
bool fg_certificate_watch_look(struct fg_certificate_watch *watch, const char *path, const char *what,
                               int64_t now_ms, char ret_line[FG_CERTIFICATE_LINE]);

/* Whole days until end_ms, negative when it has passed. */
int64_t fg_certificate_days_left(int64_t end_ms, int64_t now_ms);

#endif
