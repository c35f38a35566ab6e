/* Implementation of the columns of journal_entry (journal_columns.h). */
#include "host/bureau/journal/journal_columns.h"

#include <assert.h>
#include <string.h>

static const char *const column_names[FG_JOURNAL_COLUMN_COUNT] = {
    "controller",
    "sequence",
    "bytes",
    "hash",
    "head_signature",
    "station",
    "arrived_ms",
    "marks",
    "kind",
    "wall_ms",
    "clock_quality",
    "code",
    "plate",
    "operator_id",
    "medium",
    "identity",
    "reason",
    "stop",
    "event",
    "quantity_g",
    "start_inventory_g",
    "inventory_g",
    "meter_state",
    "authorised_sequence",
    "list_id",
    "list_version",
    "second_person",
    "operator_proof",
    "second_proof",
    "checks_failed",
    "repeats",
    "repeat_first_wall_ms",
    "repeat_last_wall_ms",
    "clock_floor_ms",
    "clock_floor_before_ms",
};

const char *const fg_journal_mark_names[] = {"", "UNDECODABLE", "FUTURE", "FOREIGN", "SUSPENDED", NULL};

static uint32_t suspended_mark(const struct fg_journal_place *place, int64_t wall_ms)
{
    return place->suspensions != NULL && fg_suspensions_cover(place->suspensions, place->sequence, wall_ms)
               ? FG_MARK_SUSPENDED
               : 0;
}

uint32_t fg_journal_marks(const struct fg_journal_place *place, struct fg_entry *ret_entry)
{
    uint32_t marks;

    if (fg_entry_decode(place->bytes, place->length, ret_entry, NULL) != FG_OK) {
        memset(ret_entry, 0, sizeof(*ret_entry));
        return suspended_mark(place, FG_SUSPENSION_NO_TIME) | FG_MARK_UNDECODABLE;
    }
    marks = suspended_mark(place, ret_entry->wall_ms);
    if (ret_entry->wall_ms > place->arrived_ms && ret_entry->wall_ms - FG_FUTURE_MS > place->arrived_ms)
        marks |= FG_MARK_FUTURE;
    if (ret_entry->sequence != place->sequence || strcmp(ret_entry->controller, place->controller) != 0)
        marks |= FG_MARK_FOREIGN;
    return marks;
}

static struct fg_sql_value number_value(int64_t number)
{
    return (struct fg_sql_value){.type = FG_SQL_INT, .number = number};
}

static struct fg_sql_value text_value(const char *text)
{
    return (struct fg_sql_value){.type = FG_SQL_TEXT, .bytes = text};
}

static struct fg_sql_value bytes_value(const void *bytes, size_t length)
{
    return (struct fg_sql_value){.type = FG_SQL_BYTES, .bytes = bytes, .length = length};
}

void fg_journal_details(const struct fg_entry *entry, struct fg_sql_value ret_values[FG_JOURNAL_DETAIL_COUNT])
{
    struct fg_sql_value *value = ret_values;

    *value++ = text_value(entry->second_person);
    *value++ = number_value(entry->operator_proof);
    *value++ = number_value(entry->second_proof);
    *value++ = number_value(entry->checks_failed);
    *value++ = number_value(fg_entry_occurrences(entry));
    *value++ = number_value(entry->repeat_first_wall_ms);
    *value++ = number_value(entry->repeat_last_wall_ms);
    *value++ = number_value(entry->clock_floor_ms);
    *value++ = number_value(entry->clock_floor_before_ms);
    assert(value == ret_values + FG_JOURNAL_DETAIL_COUNT);
}

void fg_journal_values(const struct fg_journal_place *place, const struct fg_entry *entry, uint32_t marks,
                       struct fg_sql_value ret_values[FG_JOURNAL_COLUMN_COUNT])
{
    struct fg_sql_value *value = ret_values;

    *value++ = text_value(place->controller);
    *value++ = number_value((int64_t)place->sequence);
    *value++ = bytes_value(place->bytes, place->length);
    *value++ = bytes_value(place->hash->bytes, FG_DIGEST_BYTES);
    *value++ = place->head_signature != NULL ? bytes_value(place->head_signature->bytes, FG_SIGNATURE_BYTES)
                                             : (struct fg_sql_value){.type = FG_SQL_NULL};
    *value++ = text_value(place->station);
    *value++ = number_value(place->arrived_ms);
    *value++ = number_value(marks);
    *value++ = number_value(entry->kind);
    *value++ = number_value(entry->wall_ms);
    *value++ = number_value(entry->clock_quality);
    *value++ = text_value(entry->row.code.text);
    *value++ = text_value(entry->row.plate);
    *value++ = text_value(entry->operator_id);
    *value++ = number_value(entry->row.medium);
    *value++ = number_value(entry->identity);
    *value++ = number_value(entry->reasons.count > 0 ? entry->reasons.reasons[0] : 0);
    *value++ = number_value(entry->stop);
    *value++ = number_value(entry->event);
    *value++ = number_value(entry->quantity_g);
    *value++ = number_value(entry->start_inventory_g);
    *value++ = number_value(entry->inventory_g);
    *value++ = number_value(entry->meter_state);
    *value++ = number_value((int64_t)entry->authorised_sequence);
    *value++ = text_value(entry->list_id);
    *value++ = number_value((int64_t)entry->list_version);
    fg_journal_details(entry, value);
    value += FG_JOURNAL_DETAIL_COUNT;
    assert(value == ret_values + FG_JOURNAL_COLUMN_COUNT);
}

static bool value_agrees(const struct fg_sql_statement *row, unsigned column,
                         const struct fg_sql_value *value)
{
    const uint8_t *bytes;
    size_t length = 0;

    if (fg_sql_is_null(row, column))
        return value->type == FG_SQL_NULL;
    switch (value->type) {
    case FG_SQL_INT:
        return fg_sql_int(row, column) == value->number;
    case FG_SQL_TEXT:
        return strcmp(fg_sql_text(row, column), value->bytes) == 0;
    case FG_SQL_BYTES:
        bytes = fg_sql_bytes(row, column, &length);
        return length == value->length && memcmp(bytes, value->bytes, length) == 0;
    case FG_SQL_NULL:
    default:
        return false;
    }
}

const char *fg_journal_difference(const struct fg_sql_statement *row,
                                  const struct fg_sql_value values[FG_JOURNAL_COLUMN_COUNT])
{
    for (unsigned i = 0; i < FG_JOURNAL_COLUMN_COUNT; i++) {
        if (!value_agrees(row, i, &values[i]))
            return column_names[i];
    }
    return NULL;
}
