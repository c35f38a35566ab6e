/* Lines of log: one function that formats and cleans them, and where they go.
 *
 * Not: journal entries (recorder.h). */
#ifndef FG_FIRMWARE_CONTROLLER_RECORD_POINT_LOG_H
#define FG_FIRMWARE_CONTROLLER_RECORD_POINT_LOG_H

/* Takes one line, without newline, free of control characters. */
typedef void (*fg_session_say)(void *context, const char *line);

struct fg_log {
    fg_session_say say;
    void *context;
};

/* Formats, cuts at 511 bytes, replaces control characters by '?', says it. */
void fg_log_line(const struct fg_log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
