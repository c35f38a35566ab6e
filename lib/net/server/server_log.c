/* Implementation of the bounded log (server_log.h). */
#include "lib/net/server/server_log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define WINDOW_MS 1000

void fg_server_log_start(struct fg_server_log *log, void (*write)(void *context, const char *line),
                         void *context)
{
    *log = (struct fg_server_log){.write = write, .context = context, .window_mono_ms = INT64_MIN / 2};
    (void)pthread_mutex_init(&log->mutex, NULL);
}

static void make_printable(char *line)
{
    for (unsigned char *at = (unsigned char *)line; *at != '\0'; at++) {
        if (*at < 0x20 || *at == 0x7f)
            *at = '?';
    }
}

/* With the mutex held. */
static void tell_held(struct fg_server_log *log)
{
    char line[64];

    if (log->held == 0)
        return;
    (void)snprintf(line, sizeof(line), "%u more lines were held back", log->held);
    log->held = 0;
    log->write(log->context, line);
}

/* With the mutex held. */
static void turn_window(struct fg_server_log *log, int64_t now_mono_ms)
{
    if (now_mono_ms - log->window_mono_ms < WINDOW_MS)
        return;
    tell_held(log);
    log->window_mono_ms = now_mono_ms;
    log->lines = 0;
}

void fg_server_log_line(struct fg_server_log *log, int64_t now_mono_ms, const char *format, ...)
{
    char line[FG_SERVER_LOG_LINE_BYTES];
    va_list arguments;

    if (log->write == NULL)
        return;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    make_printable(line);
    (void)pthread_mutex_lock(&log->mutex);
    turn_window(log, now_mono_ms);
    if (log->lines < FG_SERVER_LOG_LINES) {
        log->lines++;
        log->write(log->context, line);
    } else {
        log->held++;
    }
    (void)pthread_mutex_unlock(&log->mutex);
}

void fg_server_log_tick(struct fg_server_log *log, int64_t now_mono_ms)
{
    if (log->write == NULL)
        return;
    (void)pthread_mutex_lock(&log->mutex);
    turn_window(log, now_mono_ms);
    (void)pthread_mutex_unlock(&log->mutex);
}

void fg_server_log_end(struct fg_server_log *log, int64_t now_mono_ms)
{
    fg_server_log_tick(log, now_mono_ms + WINDOW_MS);
    (void)pthread_mutex_destroy(&log->mutex);
}
