/* Lines of a configuration text for inih, one at a time, each refused when inih's buffer could not hold it:
 * inih itself would split it silently. Not: what a line says. Relies on: the C library. No global state. */
#ifndef FG_LIB_BASE_INI_LINE_H
#define FG_LIB_BASE_INI_LINE_H

#include "lib/base/err.h"

struct fg_ini_lines {
    const char *path; /* what messages name */
    const char *next; /* not yet given to inih */
    const char *end;
    int line; /* number of the newest line given, from 1 */
};

/* As fgets: puts the next line with its newline into buffer (capacity bytes) and returns buffer; NULL at the
 * end. A longer line: NULL, and *ret_code and *error say FG_E_SIZE with path and line; else *ret_code is left
 * alone. */
char *fg_ini_line(struct fg_ini_lines *lines, char *buffer, int capacity, enum fg_err *ret_code,
                  struct fg_error *error);

#endif
