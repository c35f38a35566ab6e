/* Implementation of row.h: copying between the plain row and nanopb's, with every bound tested. */
#include "proto/list/row.h"

#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "proto/list/list.pb.h"

bool fg_row_code_is_valid(const char *text, size_t length)
{
    if (length == 0 || length > FG_CODE_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        bool letter = text[i] >= 'A' && text[i] <= 'Z';

        if (!digit && !letter && text[i] != '-')
            return false;
    }
    return true;
}

static bool code_is_valid(const struct fg_code *code)
{
    return fg_row_code_is_valid(code->text, strnlen(code->text, sizeof(code->text)));
}

static bool text_ends(const char *text, size_t size)
{
    return strnlen(text, size) < size;
}

static bool day_is_valid(int32_t day)
{
    return day >= 0 && day <= FG_DAY_MAX;
}

enum fg_err fg_row_check(const struct fg_row *row, struct fg_error *error)
{
    const char *field = NULL;

    if (!code_is_valid(&row->code))
        field = "code";
    else if (row->uid.length != 0 && row->uid.length != 4 && row->uid.length != 7 && row->uid.length != 10)
        field = "uid";
    else if (row->state > FG_CYLINDER_LOST)
        field = "state";
    else if (row->medium > FG_MEDIUM_LPG)
        field = "medium";
    else if (!day_is_valid(row->inspection_due_day))
        field = "inspection_due_day";
    else if (!day_is_valid(row->end_of_life_day))
        field = "end_of_life_day";
    else if (!text_ends(row->owner, sizeof(row->owner)))
        field = "owner";
    else if (!text_ends(row->plate, sizeof(row->plate)))
        field = "plate";
    else if (row->other_count > FG_VEHICLE_OTHERS_MAX)
        field = "others";
    for (size_t i = 0; field == NULL && i < row->other_count; i++) {
        if (!code_is_valid(&row->others[i]))
            field = "others";
    }
    if (field != NULL)
        return fg_fail(error, FG_E_RANGE, "row: %s is not a value that a row may have", field);
    return FG_OK;
}

enum fg_err fg_row_encode(const struct fg_row *row, uint8_t *buffer, size_t capacity, size_t *ret_length,
                          struct fg_error *error)
{
    FgRow wire = FgRow_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);
    enum fg_err result = fg_row_check(row, error);

    if (result != FG_OK)
        return result;
    memcpy(wire.code, row->code.text, sizeof(wire.code));
    wire.uid.size = row->uid.length;
    memcpy(wire.uid.bytes, row->uid.bytes, row->uid.length);
    wire.state = row->state;
    wire.medium = row->medium;
    wire.first_fill_pending = row->first_fill_pending;
    wire.nominal_pressure_kpa = row->nominal_pressure_kpa;
    wire.water_capacity_dl = row->water_capacity_dl;
    wire.tare_g = row->tare_g;
    wire.maximum_fill_g = row->maximum_fill_g;
    wire.inspection_due_day = row->inspection_due_day;
    wire.end_of_life_day = row->end_of_life_day;
    memcpy(wire.owner, row->owner, sizeof(wire.owner));
    memcpy(wire.plate, row->plate, sizeof(wire.plate));
    wire.others_count = row->other_count;
    for (size_t i = 0; i < row->other_count; i++)
        memcpy(wire.others[i], row->others[i].text, sizeof(wire.others[i]));
    if (!pb_encode(&stream, FgRow_fields, &wire))
        return fg_fail(error, FG_E_SIZE, "row %s: does not fit %zu bytes", row->code.text, capacity);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

static void copy_row(const FgRow *wire, struct fg_row *row)
{
    memcpy(row->code.text, wire->code, sizeof(row->code.text));
    row->uid.length = (uint8_t)wire->uid.size;
    memcpy(row->uid.bytes, wire->uid.bytes, wire->uid.size);
    row->state = (uint8_t)wire->state;
    row->medium = (uint8_t)wire->medium;
    row->first_fill_pending = wire->first_fill_pending;
    row->nominal_pressure_kpa = wire->nominal_pressure_kpa;
    row->water_capacity_dl = wire->water_capacity_dl;
    row->tare_g = wire->tare_g;
    row->maximum_fill_g = wire->maximum_fill_g;
    row->inspection_due_day = wire->inspection_due_day;
    row->end_of_life_day = wire->end_of_life_day;
    memcpy(row->owner, wire->owner, sizeof(row->owner));
    memcpy(row->plate, wire->plate, sizeof(row->plate));
    row->other_count = (uint8_t)wire->others_count;
    for (size_t i = 0; i < wire->others_count; i++)
        memcpy(row->others[i].text, wire->others[i], sizeof(row->others[i].text));
}

enum fg_err fg_row_decode(const uint8_t *bytes, size_t length, struct fg_row *ret_row, struct fg_error *error)
{
    FgRow wire = FgRow_init_zero;
    struct fg_row row = {0};
    pb_istream_t stream;
    enum fg_err result;

    if (length > FG_ROW_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "row: %zu bytes, at most %d are allowed", length, FG_ROW_BYTES_MAX);
    stream = pb_istream_from_buffer(bytes, length);
    if (!pb_decode(&stream, FgRow_fields, &wire))
        return fg_fail(error, FG_E_FORMAT, "row: not an FgRow message: %s", PB_GET_ERROR(&stream));
    if (wire.state > UINT8_MAX || wire.medium > UINT8_MAX)
        return fg_fail(error, FG_E_RANGE, "row: state or medium is not a value that a row may have");
    copy_row(&wire, &row);
    result = fg_row_check(&row, error);
    if (result == FG_OK)
        *ret_row = row;
    return result;
}
