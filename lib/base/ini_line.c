/* Lines for inih; see ini_line.h. Relies on: the C library. */
#include "lib/base/ini_line.h"

#include <string.h>

char *fg_ini_line(struct fg_ini_lines *lines, char *buffer, int capacity, enum fg_err *ret_code,
                  struct fg_error *error)
{
    size_t left = (size_t)(lines->end - lines->next);
    const char *newline = left == 0 ? NULL : memchr(lines->next, '\n', left);
    size_t length = newline == NULL ? left : (size_t)(newline - lines->next) + 1;

    if (left == 0 || capacity <= 0)
        return NULL;
    lines->line++;
    if (length >= (size_t)capacity) {
        *ret_code = fg_fail(error, FG_E_SIZE, "%s:%d: line longer than %d bytes", lines->path, lines->line,
                            capacity - 3);
        return NULL;
    }
    memcpy(buffer, lines->next, length);
    buffer[length] = '\0';
    lines->next += length;
    return buffer;
}
