/* A log that a flood cannot fill: at most FG_SERVER_LOG_LINES lines a second reach the owner's callback, and
 * one line says how many were held back.
 *
 * Characters that are not printable ASCII or UTF-8 bytes become '?', since lines quote what strangers sent.
 * Not: where lines go. Relies on: pthreads. Any thread. */
#ifndef FG_LIB_NET_SERVER_SERVER_LOG_H
#define FG_LIB_NET_SERVER_SERVER_LOG_H

#include <pthread.h>
#include <stdint.h>

#define FG_SERVER_LOG_LINES 20
#define FG_SERVER_LOG_LINE_BYTES 512

struct fg_server_log {
    void (*write)(void *context, const char *line); /* NULL: nobody listens */
    void *context;
    pthread_mutex_t mutex;
    int64_t window_mono_ms;
    uint32_t lines;
    uint32_t held;
};

void fg_server_log_start(struct fg_server_log *log, void (*write)(void *context, const char *line),
                         void *context);
void fg_server_log_end(struct fg_server_log *log, int64_t now_mono_ms);

void fg_server_log_line(struct fg_server_log *log, int64_t now_mono_ms, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* To be called now and then: tells what was held back when a second has passed. */
void fg_server_log_tick(struct fg_server_log *log, int64_t now_mono_ms);

#endif
