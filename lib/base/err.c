/* Implementation of the error scheme (err.h): formatting only, no allocation, no output. */
#include "lib/base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum fg_err fg_fail(struct fg_error *error, enum fg_err code, const char *format, ...)
{
    va_list arguments;

    assert(code != FG_OK);
    if (error == NULL)
        return code;
    error->code = code;
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    return code;
}

enum fg_err fg_fail_in(struct fg_error *error, enum fg_err code, const char *format, ...)
{
    char inner[sizeof(error->text)];
    va_list arguments;
    int used;

    assert(code != FG_OK);
    if (error == NULL)
        return code;
    memcpy(inner, error->text, sizeof(inner));
    inner[sizeof(inner) - 1] = '\0';
    va_start(arguments, format);
    used = vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    if (used >= 0 && (size_t)used < sizeof(error->text))
        (void)snprintf(error->text + used, sizeof(error->text) - (size_t)used, "%s", inner);
    error->code = code;
    return code;
}

const char *fg_err_name(enum fg_err code)
{
    static const char *const names[] = {
        "OK",   "ARG",  "FORMAT", "RANGE",   "SIZE",  "NOT_FOUND", "EXISTS",  "IO",     "TIMEOUT", "BUSY",
        "FULL", "AUTH", "OLD",    "EXPIRED", "STATE", "DENIED",    "CORRUPT", "MEMORY", "GONE",
    };
    int index = -(int)code;

    if (index < 0 || (unsigned)index >= sizeof(names) / sizeof(names[0]))
        return "UNKNOWN";
    return names[index];
}
