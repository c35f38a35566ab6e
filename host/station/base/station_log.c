/* Implementation of the log (station_log.h). */
#include "host/station/base/station_log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "lib/base/monotime.h"

#define LINE_MAX_BYTES 512
#define SPAN_MS 10000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for the three below */
static int64_t span_start_ms;
static unsigned in_span;
static unsigned withheld;

/* The line in one write, so that lines of several threads do not mix. Control characters of a peer's do not
 * reach a terminal. */
static void print_line(const char *text)
{
    char line[LINE_MAX_BYTES + 64];
    char when[40] = "-";
    struct timespec now = {0};
    struct tm local;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (localtime_r(&now.tv_sec, &local) != NULL)
        (void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S %z", &local);
    (void)snprintf(line, sizeof(line), "%s %s", when, text);
    for (char *c = line; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    (void)fprintf(stderr, "%s\n", line);
}

void fg_station_log(const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    print_line(text);
}

/* May one more line be written? *ret_told: so many were withheld and that must be said now. */
static int one_more(unsigned *ret_told)
{
    int64_t now_ms = fg_mono_ms();
    int allowed;

    *ret_told = 0;
    (void)pthread_mutex_lock(&lock);
    if (now_ms - span_start_ms >= SPAN_MS) {
        *ret_told = withheld;
        span_start_ms = now_ms;
        in_span = 0;
        withheld = 0;
    }
    allowed = in_span < FG_STATION_LOG_BURST;
    if (allowed)
        in_span++;
    else
        withheld++;
    (void)pthread_mutex_unlock(&lock);
    return allowed;
}

void fg_station_log_peer(const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    unsigned told = 0;
    va_list arguments;

    if (!one_more(&told))
        return;
    if (told > 0)
        fg_station_log("%u lines caused by peers were left out", told);
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    print_line(text);
}
