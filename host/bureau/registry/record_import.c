/* Importing records from CSV (record.h): a header that names fields, faults with line and column, all or
 * nothing. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/registry/csv.h"
#include "host/bureau/registry/record.h"

struct import {
    struct fg_sql *sql;
    const struct fg_record_kind *kind;
    const char *name; /* of the file */
    const struct fg_change_by *by;
    fg_import_report report;
    void *context;
    struct fg_error *error;
    size_t faults;
    size_t header_count;
    int fields[FG_CSV_FIELDS_MAX]; /* of each column; -1 = passed over */
    struct fg_import_result result;
    struct fg_csv csv;
    struct fg_record record;
};

static enum fg_err fault(struct import *import, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static enum fg_err fault(struct import *import, size_t column, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (import->report != NULL)
        import->report(import->context, import->csv.line, column, text);
    if (import->faults++ == 0)
        (void)fg_fail(import->error, FG_E_FORMAT, "%s:%llu:%zu: %s", import->name,
                      (unsigned long long)import->csv.line, column, text);
    return FG_E_FORMAT;
}

static enum fg_err header_take(struct import *import)
{
    bool seen[FG_RECORD_FIELDS_MAX] = {false};
    enum fg_err result = FG_OK;

    import->header_count = import->csv.count;
    for (size_t i = 0; i < import->csv.count; i++) {
        int field = fg_record_field(import->kind, import->csv.fields[i]);

        import->fields[i] = field;
        if (field < 0 && strncmp(import->csv.fields[i], "pin", 3) == 0 &&
            strcmp(import->kind->name, "operator") == 0)
            result = fault(import, i + 1,
                           "column %s: PINs are not imported from files; set them with fillgate registry pin",
                           import->csv.fields[i]);
        if (field >= 0 && seen[field])
            result = fault(import, i + 1, "column %s is given twice", import->csv.fields[i]);
        if (field >= 0)
            seen[field] = true;
    }
    if (!seen[0])
        result = fault(import, 0, "column %s is missing", import->kind->fields[0].name);
    return result;
}

/* Reports every faulty value of one line. */
static enum fg_err line_take(struct import *import)
{
    struct fg_error why;
    uint32_t changed = 0;
    enum fg_err result = FG_OK;

    if (import->csv.count != import->header_count)
        return fault(import, 0, "%zu columns, the header names %zu", import->csv.count, import->header_count);
    fg_record_start(&import->record, import->kind);
    for (size_t i = 0; i < import->csv.count; i++) {
        const char *value = import->csv.fields[i];
        int field = import->fields[i];

        if (field >= 0 && value[0] == '\0' && import->kind->fields[field].otherwise != NULL)
            value = import->kind->fields[field].otherwise;
        if (field >= 0 && fg_record_give(&import->record, (size_t)field, value, &why) != FG_OK)
            result = fault(import, i + 1, "%s", why.text);
    }
    /* After a first fault nothing is stored, only read on for further faults. */
    if (result != FG_OK || import->faults > 0)
        return result;
    result = fg_record_put(import->sql, &import->record, import->by, &changed, &why);
    if (result == FG_E_RANGE)
        return fault(import, 0, "%s", why.text);
    if (result != FG_OK)
        return fg_fail(import->error, result, "%s:%llu: %s", import->name,
                       (unsigned long long)import->csv.line, why.text);
    import->result.lines++;
    import->result.changed += changed > 0;
    return FG_OK;
}

static enum fg_err lines_take(struct import *import)
{
    struct fg_error why;
    size_t column = 0;
    enum fg_err result = fg_csv_next(&import->csv, &column, &why);

    if (result == FG_E_NOT_FOUND)
        return fault(import, 0, "empty; the first line must name the columns");
    if (result != FG_OK)
        return fault(import, column, "%s", why.text);
    result = header_take(import);
    while ((result == FG_OK || result == FG_E_FORMAT) && import->faults < FG_RECORD_FAULTS_MAX) {
        /* Without a good header no value can be judged. */
        if (import->csv.line == 1 && result == FG_E_FORMAT)
            break;
        result = fg_csv_next(&import->csv, &column, &why);
        if (result == FG_E_IO)
            return fg_fail(import->error, FG_E_IO, "%s: %s", import->name, why.text);
        if (result == FG_OK)
            result = line_take(import);
        else if (result != FG_E_NOT_FOUND)
            result = fault(import, column, "%s", why.text);
    }
    if (import->faults > 0)
        return FG_E_FORMAT;
    return result == FG_E_NOT_FOUND ? FG_OK : result;
}

enum fg_err fg_record_import(struct fg_sql *sql, const struct fg_record_kind *kind, FILE *stream,
                             const char *name, const struct fg_change_by *by, bool dry,
                             fg_import_report report, void *context, struct fg_import_result *ret_result,
                             struct fg_error *error)
{
    struct import *import = calloc(1, sizeof(*import));
    enum fg_err result;

    if (import == NULL)
        return fg_fail(error, FG_E_MEMORY, "registry: no memory");
    import->sql = sql;
    import->kind = kind;
    import->name = name;
    import->by = by;
    import->report = report;
    import->context = context;
    import->error = error;
    fg_csv_start(&import->csv, stream);
    result = fg_sql_begin(sql, error);
    if (result == FG_OK)
        result = lines_take(import);
    if (result == FG_OK && !dry)
        result = fg_sql_commit(sql, error);
    else
        fg_sql_rollback(sql);
    if (result == FG_OK)
        *ret_result = import->result;
    free(import);
    return result;
}
