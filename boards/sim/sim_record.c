/* The record of sim_record.h. */
#include "boards/sim/sim_record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum fg_err fg_record_open(struct fg_record *record, const char *path, struct fg_error *error)
{
    FILE *file = fopen(path, "ae");

    if (file == NULL)
        return fg_fail(error, FG_E_IO, "%s: cannot be written: %s", path, strerror(errno));
    fg_record_close(record);
    record->file = file;
    return FG_OK;
}

void fg_record_close(struct fg_record *record)
{
    if (record->file != NULL)
        (void)fclose(record->file);
    record->file = NULL;
}

void fg_record_write(struct fg_record *record, int64_t now_ns, const char *what, const char *fields, ...)
{
    FILE *file = record->file;
    va_list arguments;

    if (file == NULL)
        return;
    (void)fprintf(file, "{\"t_ns\":%" PRId64 ",\"what\":\"%s\"%s", now_ns, what,
                  fields[0] != '\0' ? "," : "");
    va_start(arguments, fields);
    (void)vfprintf(file, fields, arguments);
    va_end(arguments);
    (void)fputs("}\n", file);
    (void)fflush(file);
}
