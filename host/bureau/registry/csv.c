/* Implementation of csv.h: fields are cut out of the line in place. */
#include "host/bureau/registry/csv.h"

#include <errno.h>
#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

void fg_csv_start(struct fg_csv *csv, FILE *stream)
{
    csv->stream = stream;
    csv->line = 0;
    csv->count = 0;
}

static void skip_rest_of_line(FILE *stream)
{
    int c;

    do
        c = fgetc(stream);
    while (c != EOF && c != '\n');
}

/* Reads one line without its end into text. */
static enum fg_err read_line(struct fg_csv *csv, size_t *ret_length, struct fg_error *error)
{
    size_t length = 0;
    int c;

    while ((c = fgetc(csv->stream)) != EOF && c != '\n') {
        if (length > FG_CSV_LINE_MAX) {
            skip_rest_of_line(csv->stream);
            csv->line++;
            return fg_fail(error, FG_E_SIZE, "longer than %d bytes", FG_CSV_LINE_MAX);
        }
        csv->text[length++] = (char)c;
    }
    if (c == EOF && ferror(csv->stream))
        return fg_fail(error, FG_E_IO, "cannot be read: %s", strerror(errno));
    if (c == EOF && length == 0)
        return fg_fail(error, FG_E_NOT_FOUND, "no further line");
    csv->line++;
    if (length > 0 && csv->text[length - 1] == '\r')
        length--;
    csv->text[length] = '\0';
    if (memchr(csv->text, '\0', length) != NULL)
        return fg_fail(error, FG_E_FORMAT, "holds a NUL byte; is it text?");
    *ret_length = length;
    return FG_OK;
}

/* Takes the quotes off the field at start. Returns the place behind the closing quote, NULL without one. */
static char *unquote(char *start)
{
    char *to = start;
    char *from = start + 1;

    while (*from != '\0') {
        if (*from == '"' && from[1] != '"') {
            *to = '\0';
            return from + 1;
        }
        if (*from == '"')
            from++;
        *to++ = *from++;
    }
    return NULL;
}

static enum fg_err split(struct fg_csv *csv, char *at, size_t *ret_column, struct fg_error *error)
{
    for (;;) {
        char *end;

        *ret_column = csv->count + 1;
        if (csv->count == FG_CSV_FIELDS_MAX)
            return fg_fail(error, FG_E_SIZE, "more than %d columns", FG_CSV_FIELDS_MAX);
        csv->fields[csv->count++] = at;
        if (*at == '"') {
            end = unquote(at);
            if (end == NULL)
                return fg_fail(error, FG_E_FORMAT, "a quote is not closed on its line");
            if (*end != ',' && *end != '\0')
                return fg_fail(error, FG_E_FORMAT, "text after a closing quote");
        } else {
            end = at + strcspn(at, ",");
            if (memchr(at, '"', (size_t)(end - at)) != NULL)
                return fg_fail(error, FG_E_FORMAT, "a quote inside an unquoted field");
        }
        if (*end == '\0')
            return FG_OK;
        *end = '\0';
        at = end + 1;
    }
}

enum fg_err fg_csv_next(struct fg_csv *csv, size_t *ret_column, struct fg_error *error)
{
    size_t length;
    char *start;
    enum fg_err result;

    do {
        *ret_column = 0;
        csv->count = 0;
        result = read_line(csv, &length, error);
        if (result != FG_OK)
            return result;
        start = csv->text;
        if (csv->line == 1 && strncmp(start, byte_order_mark, 3) == 0)
            start += 3;
    } while (*start == '\0');
    return split(csv, start, ret_column, error);
}
