/* Reading the registry's CSV: which column holds what, and what each value may be. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "host/bureau/publish/list_rows.h"
#include "host/bureau/registry/csv.h"
#include "host/bureau/registry/values.h"
#include "lib/domain/code.h"

enum column {
    COLUMN_CODE,
    COLUMN_UID,
    COLUMN_STATE,
    COLUMN_MEDIUM,
    COLUMN_FIRST_FILL,
    COLUMN_NOMINAL,
    COLUMN_CAPACITY,
    COLUMN_TARE,
    COLUMN_MAXIMUM_FILL,
    COLUMN_INSPECTION_DUE,
    COLUMN_END_OF_LIFE,
    COLUMN_OWNER,
    COLUMN_PLATE,
    COLUMNS
};

static const char *const column_names[] = {
    "code",        "uid",    "state",          "medium",         "first_fill_pending", "nominal_kpa",
    "capacity_dl", "tare_g", "maximum_fill_g", "inspection_due", "end_of_life",        "owner",
    "plate",       NULL,
};
static const char *const state_words[] = {"unknown", "in_service", "suspended", "scrapped", "lost", NULL};
static const char *const medium_words[] = {"none", "cng", "lpg", NULL};
static const char *const flag_words[] = {"0", "1", NULL};

#define NOMINAL_KPA_MAX 100000
#define CAPACITY_DL_MAX 1000000
#define MASS_G_MAX 10000000

static enum fg_err take_header(const struct fg_csv *csv, size_t places[COLUMNS],
                               struct fg_list_row_faults *faults)
{
    memset(places, 0, COLUMNS * sizeof(*places));
    for (size_t i = 0; i < csv->count; i++) {
        int column = fg_value_word(csv->fields[i], column_names);

        if (column >= 0 && places[column] != 0)
            (void)fg_list_rows_fault(faults, csv->line, i + 1, "column %s is given twice", csv->fields[i]);
        else if (column >= 0)
            places[column] = i + 1;
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        if (places[i] == 0)
            (void)fg_list_rows_fault(faults, csv->line, 0, "column %s is missing", column_names[i]);
    }
    return faults->count == 0 ? FG_OK : FG_E_FORMAT;
}

static bool take_name(const char *text, char *to, size_t size)
{
    if (strlen(text) >= size || !fg_value_text(text))
        return false;
    memcpy(to, text, strlen(text));
    return true;
}

static bool take_uid(const char *text, struct fg_uid *ret_uid)
{
    return text[0] == '\0' || fg_uid_parse_lasting(text, ret_uid, NULL) == FG_OK;
}

static bool take_word(const char *text, const char *const *words, int least, uint8_t *ret_place)
{
    int place = fg_value_word(text, words);

    *ret_place = (uint8_t)(place < 0 ? 0 : place);
    return place >= least;
}

/* NULL when the value is good, else what it must be. */
static const char *take_value(struct fg_row *row, enum column column, const char *text)
{
    uint8_t flag = 0;

    switch (column) {
    case COLUMN_CODE:
        return fg_code_parse(text, &row->code, NULL) == FG_OK ? NULL : "1 to 32 of 0-9 A-Z -";
    case COLUMN_UID:
        return take_uid(text, &row->uid) ? NULL : "4, 7 or 10 bytes in hex, or empty";
    case COLUMN_STATE:
        return take_word(text, state_words, 1, &row->state) ? NULL
                                                            : "in_service, suspended, scrapped or lost";
    case COLUMN_MEDIUM:
        return take_word(text, medium_words, 1, &row->medium) ? NULL : "cng or lpg";
    case COLUMN_FIRST_FILL:
        if (!take_word(text, flag_words, 0, &flag))
            return "0 or 1";
        row->first_fill_pending = flag == 1;
        return NULL;
    case COLUMN_NOMINAL:
        return fg_value_number(text, NOMINAL_KPA_MAX, &row->nominal_pressure_kpa) ? NULL : "0 to 100000 kPa";
    case COLUMN_CAPACITY:
        return fg_value_number(text, CAPACITY_DL_MAX, &row->water_capacity_dl) ? NULL : "0 to 1000000 dL";
    case COLUMN_TARE:
        return fg_value_number(text, MASS_G_MAX, &row->tare_g) ? NULL : "0 to 10000000 g";
    case COLUMN_MAXIMUM_FILL:
        return fg_value_number(text, MASS_G_MAX, &row->maximum_fill_g) ? NULL : "0 to 10000000 g";
    case COLUMN_INSPECTION_DUE:
        return fg_value_day(text, &row->inspection_due_day) ? NULL : "a date YYYY-MM-DD, or empty";
    case COLUMN_END_OF_LIFE:
        return fg_value_day(text, &row->end_of_life_day) ? NULL : "a date YYYY-MM-DD, or empty";
    case COLUMN_OWNER:
        return take_name(text, row->owner, sizeof(row->owner)) ? NULL : "at most 31 bytes of text";
    default:
        return take_name(text, row->plate, sizeof(row->plate)) ? NULL : "at most 15 bytes of text";
    }
}

/* Reports every faulty value of one record. */
static enum fg_err take_record(const struct fg_csv *csv, size_t header_count, const size_t places[COLUMNS],
                               struct fg_row *ret_row, struct fg_list_row_faults *faults)
{
    struct fg_row row = {0};
    enum fg_err result = FG_OK;

    if (csv->count != header_count)
        return fg_list_rows_fault(faults, csv->line, 0, "%zu columns, the header names %zu", csv->count,
                                  header_count);
    for (int i = 0; i < COLUMNS; i++) {
        const char *text = csv->fields[places[i] - 1];
        const char *must = take_value(&row, (enum column)i, text);

        if (must != NULL)
            result = fg_list_rows_fault(faults, csv->line, places[i], "%s \"%.40s\": must be %s",
                                        column_names[i], text, must);
    }
    if (result == FG_OK)
        *ret_row = row;
    return result;
}

static enum fg_err read_records(struct fg_list_rows *registry, struct fg_csv *csv,
                                const size_t places[COLUMNS], struct fg_list_row_faults *faults,
                                struct fg_error *error)
{
    size_t header_count = csv->count;
    struct fg_error fault;
    size_t column;

    while (faults->count < FG_LIST_BUILD_FAULTS_MAX) {
        struct fg_row row;
        enum fg_err result = fg_csv_next(csv, &column, &fault);

        if (result == FG_E_NOT_FOUND)
            break;
        if (result == FG_E_IO)
            return fg_fail(error, FG_E_IO, "%s: %s", faults->name, fault.text);
        if (csv->line > FG_LIST_ROWS_MAX)
            return fg_fail(error, FG_E_SIZE, "%s: more than %u lines", faults->name, FG_LIST_ROWS_MAX);
        if (result != FG_OK) {
            (void)fg_list_rows_fault(faults, csv->line, column, "%s", fault.text);
            continue;
        }
        if (take_record(csv, header_count, places, &row, faults) != FG_OK)
            continue;
        result = fg_list_rows_add(registry, &row, (uint32_t)csv->line, error);
        if (result != FG_OK)
            return result;
    }
    return faults->count == 0 ? FG_OK : FG_E_FORMAT;
}

static enum fg_err read_stream(struct fg_list_rows *registry, FILE *stream,
                               struct fg_list_row_columns *ret_columns, struct fg_list_row_faults *faults,
                               struct fg_error *error)
{
    struct fg_csv csv;
    struct fg_error fault;
    size_t places[COLUMNS];
    size_t column;
    enum fg_err result;

    fg_csv_start(&csv, stream);
    result = fg_csv_next(&csv, &column, &fault);
    if (result == FG_E_NOT_FOUND)
        return fg_list_rows_fault(faults, 1, 0, "empty; the first line must name the columns");
    if (result == FG_E_IO)
        return fg_fail(error, FG_E_IO, "%s: %s", faults->name, fault.text);
    if (result != FG_OK)
        return fg_list_rows_fault(faults, csv.line, column, "%s", fault.text);
    result = take_header(&csv, places, faults);
    if (result != FG_OK)
        return result;
    ret_columns->code = places[COLUMN_CODE];
    ret_columns->uid = places[COLUMN_UID];
    ret_columns->plate = places[COLUMN_PLATE];
    return read_records(registry, &csv, places, faults, error);
}

enum fg_err fg_list_rows_read(struct fg_list_rows *registry, const char *path,
                              struct fg_list_row_columns *ret_columns, struct fg_list_row_faults *faults,
                              struct fg_error *error)
{
    FILE *stream = fopen(path, "rbe");
    enum fg_err result;

    if (stream == NULL)
        return fg_fail(error, FG_E_IO, "%s: cannot be opened: %s", path, strerror(errno));
    result = read_stream(registry, stream, ret_columns, faults, error);
    (void)fclose(stream);
    return result;
}
