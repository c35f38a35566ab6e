/* A line of log is cleaned before anybody sees it: parts of it come from tags, devices and sockets. */
#include "firmware/controller/record/point_log.h"

#include <stdarg.h>
#include <stdio.h>

void fg_log_line(const struct fg_log *log, const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    for (char *at = line; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    }
    log->say(log->context, line);
}
