/* Implementation of the entry codec (entry.h): plain struct to nanopb's struct and back, with every value
 * checked in both directions. */
#include "proto/journal/entry.h"

#include <assert.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "proto/journal/journal.pb.h"

static_assert(FgEntry_size <= FG_ENTRY_BYTES_MAX, "the largest entry fits");
static_assert(sizeof(((FgEntry *)0)->text) == sizeof(((struct fg_entry *)0)->text), "text sizes agree");
static_assert(sizeof(((FgEntry *)0)->controller) == FG_NAME_MAX + 1, "name sizes agree");
static_assert(sizeof(((FgEntryRow *)0)->code) == FG_CODE_MAX + 1, "code sizes agree");
static_assert(sizeof(((FgEntryRow *)0)->plate) == FG_PLATE_MAX + 1, "plate sizes agree");
static_assert(sizeof(((FgEntryRow *)0)->others) == FG_VEHICLE_OTHERS_MAX * (FG_CODE_MAX + 1), "others agree");

/* Length of one well-formed UTF-8 sequence at text, 0 when it is not one (RFC 3629, section 4). A NUL ends
 * every reading because it is no continuation byte. */
static size_t utf8_sequence(const unsigned char *text)
{
    if (text[0] < 0x80)
        return 1;
    if (text[0] >= 0xc2 && text[0] <= 0xdf)
        return (text[1] & 0xc0) == 0x80 ? 2 : 0;
    if (text[0] >= 0xe0 && text[0] <= 0xef) {
        if ((text[1] & 0xc0) != 0x80 || (text[2] & 0xc0) != 0x80)
            return 0;
        if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f))
            return 0;
        return 3;
    }
    if (text[0] >= 0xf0 && text[0] <= 0xf4) {
        if ((text[1] & 0xc0) != 0x80 || (text[2] & 0xc0) != 0x80 || (text[3] & 0xc0) != 0x80)
            return 0;
        if ((text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
            return 0;
        return 4;
    }
    return 0;
}

/* Is text NUL-terminated within size and well-formed UTF-8? */
static bool text_is_good(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    const char *end = memchr(text, '\0', size);

    if (end == NULL)
        return false;
    while (*at != '\0') {
        size_t length = utf8_sequence(at);

        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

/* The name of the first text in *entry that is not well-formed, or NULL. */
static const char *bad_text(const struct fg_entry *entry)
{
    const struct {
        const char *name;
        const char *text;
        size_t size;
    } texts[] = {
        {"controller", entry->controller, sizeof(entry->controller)},
        {"list_id", entry->list_id, sizeof(entry->list_id)},
        {"operator_id", entry->operator_id, sizeof(entry->operator_id)},
        {"second_person", entry->second_person, sizeof(entry->second_person)},
        {"row.code", entry->row.code.text, sizeof(entry->row.code.text)},
        {"row.owner", entry->row.owner, sizeof(entry->row.owner)},
        {"row.plate", entry->row.plate, sizeof(entry->row.plate)},
        {"failing_code", entry->failing_code.text, sizeof(entry->failing_code.text)},
        {"text", entry->text, sizeof(entry->text)},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!text_is_good(texts[i].text, texts[i].size))
            return texts[i].name;
    }
    for (size_t i = 0; i < entry->row.other_count; i++) {
        if (!text_is_good(entry->row.others[i].text, sizeof(entry->row.others[i].text)))
            return "row.others";
    }
    return NULL;
}

/* Every fill and every start has entries of its own. */
static bool may_not_repeat(uint8_t kind)
{
    return kind == FG_ENTRY_AUTHORISED || kind == FG_ENTRY_ENDED || kind == FG_ENTRY_BOOT;
}

/* The rules that hold for every entry, whoever wrote it. */
static enum fg_err check_entry(const struct fg_entry *entry, struct fg_error *error)
{
    const char *name;

    if (entry->kind < FG_ENTRY_BOOT || entry->kind > FG_ENTRY_EVENT)
        return fg_fail(error, FG_E_RANGE, "entry: kind %u is not known", entry->kind);
    if (entry->sequence == 0)
        return fg_fail(error, FG_E_RANGE, "entry: its sequence number is 0; the first is 1");
    if (entry->clock_quality != FG_CLOCK_UNKNOWN && entry->clock_quality != FG_CLOCK_INFORMATIVE &&
        entry->clock_quality != FG_CLOCK_SYNCHRONISED)
        return fg_fail(error, FG_E_RANGE, "entry %llu: clock quality %u is not one of U, I, S",
                       (unsigned long long)entry->sequence, entry->clock_quality);
    if (entry->uid.length > FG_UID_MAX || entry->row.uid.length > FG_UID_MAX ||
        entry->row.other_count > FG_VEHICLE_OTHERS_MAX || entry->reasons.count > FG_REASONS_MAX)
        return fg_fail(error, FG_E_RANGE, "entry %llu: a count is beyond its array",
                       (unsigned long long)entry->sequence);
    if (entry->repeat_count != 0 && may_not_repeat(entry->kind))
        return fg_fail(error, FG_E_RANGE, "entry %llu: an entry of kind %u cannot count repeats",
                       (unsigned long long)entry->sequence, entry->kind);
    name = bad_text(entry);
    if (name != NULL)
        return fg_fail(error, FG_E_RANGE, "entry %llu: %s is not UTF-8", (unsigned long long)entry->sequence,
                       name);
    if (entry->controller[0] == '\0')
        return fg_fail(error, FG_E_RANGE, "entry %llu: it names no controller",
                       (unsigned long long)entry->sequence);
    return FG_OK;
}

static bool row_is_empty(const struct fg_row *row)
{
    return row->code.text[0] == '\0' && row->uid.length == 0 && row->state == 0 && row->medium == 0 &&
           !row->first_fill_pending && row->nominal_pressure_kpa == 0 && row->water_capacity_dl == 0 &&
           row->tare_g == 0 && row->maximum_fill_g == 0 && row->inspection_due_day == 0 &&
           row->end_of_life_day == 0 && row->owner[0] == '\0' && row->plate[0] == '\0' &&
           row->other_count == 0;
}

/* Texts are copied up to their NUL, so that bytes behind it never reach the wire. */
static void copy_text(char *to, const char *from, size_t size)
{
    size_t length = strnlen(from, size - 1);

    memcpy(to, from, length);
    memset(to + length, 0, size - length);
}

static void row_to_message(const struct fg_row *row, FgEntryRow *message)
{
    copy_text(message->code, row->code.text, sizeof(message->code));
    message->uid.size = row->uid.length;
    memcpy(message->uid.bytes, row->uid.bytes, row->uid.length);
    message->state = row->state;
    message->medium = row->medium;
    message->first_fill_pending = row->first_fill_pending;
    message->nominal_pressure_kpa = row->nominal_pressure_kpa;
    message->water_capacity_dl = row->water_capacity_dl;
    message->tare_g = row->tare_g;
    message->maximum_fill_g = row->maximum_fill_g;
    message->inspection_due_day = row->inspection_due_day;
    message->end_of_life_day = row->end_of_life_day;
    copy_text(message->owner, row->owner, sizeof(message->owner));
    copy_text(message->plate, row->plate, sizeof(message->plate));
    message->others_count = row->other_count;
    for (size_t i = 0; i < row->other_count; i++)
        copy_text(message->others[i], row->others[i].text, sizeof(message->others[i]));
}

static void row_from_message(const FgEntryRow *message, struct fg_row *row)
{
    copy_text(row->code.text, message->code, sizeof(row->code.text));
    row->uid.length = (uint8_t)message->uid.size;
    memcpy(row->uid.bytes, message->uid.bytes, message->uid.size);
    row->state = message->state;
    row->medium = message->medium;
    row->first_fill_pending = message->first_fill_pending;
    row->nominal_pressure_kpa = message->nominal_pressure_kpa;
    row->water_capacity_dl = message->water_capacity_dl;
    row->tare_g = message->tare_g;
    row->maximum_fill_g = message->maximum_fill_g;
    row->inspection_due_day = message->inspection_due_day;
    row->end_of_life_day = message->end_of_life_day;
    copy_text(row->owner, message->owner, sizeof(row->owner));
    copy_text(row->plate, message->plate, sizeof(row->plate));
    row->other_count = (uint8_t)message->others_count;
    for (size_t i = 0; i < message->others_count; i++)
        copy_text(row->others[i].text, message->others[i], sizeof(row->others[i].text));
}

static void entry_to_message(const struct fg_entry *entry, FgEntry *message)
{
    copy_text(message->controller, entry->controller, sizeof(message->controller));
    message->sequence = entry->sequence;
    message->boot = entry->boot;
    message->kind = entry->kind;
    message->wall_ms = entry->wall_ms;
    message->mono_ms = entry->mono_ms;
    message->clock_quality = entry->clock_quality;
    copy_text(message->list_id, entry->list_id, sizeof(message->list_id));
    message->list_version = entry->list_version;
    copy_text(message->operator_id, entry->operator_id, sizeof(message->operator_id));
    copy_text(message->second_person, entry->second_person, sizeof(message->second_person));
    message->identity = entry->identity;
    message->uid.size = entry->uid.length;
    memcpy(message->uid.bytes, entry->uid.bytes, entry->uid.length);
    message->has_row = !row_is_empty(&entry->row);
    row_to_message(&entry->row, &message->row);
    message->reasons.size = entry->reasons.count;
    memcpy(message->reasons.bytes, entry->reasons.reasons, entry->reasons.count);
    copy_text(message->failing_code, entry->failing_code.text, sizeof(message->failing_code));
    message->pre_checks = entry->pre_checks;
    message->meter_state = entry->meter_state;
    message->inventory_g = entry->inventory_g;
    message->authorised_sequence = entry->authorised_sequence;
    message->stop = entry->stop;
    message->start_inventory_g = entry->start_inventory_g;
    message->quantity_g = entry->quantity_g;
    message->duration_ms = entry->duration_ms;
    message->start_pressure_kpa = entry->start_pressure_kpa;
    message->end_pressure_kpa = entry->end_pressure_kpa;
    message->end_temperature_dc = entry->end_temperature_dc;
    message->end_scale_g = entry->end_scale_g;
    message->post_checks = entry->post_checks;
    message->post_check_failed = entry->post_check_failed;
    message->checks_failed = entry->checks_failed;
    message->operator_in = entry->operator_in;
    message->event = entry->event;
    copy_text(message->text, entry->text, sizeof(message->text));
    message->repeat_count = entry->repeat_count;
    message->repeat_first_wall_ms = entry->repeat_first_wall_ms;
    message->repeat_last_wall_ms = entry->repeat_last_wall_ms;
    message->pruned_sequence = entry->pruned_sequence;
    message->pruned_hash.size = entry->pruned_sequence == 0 ? 0 : FG_DIGEST_BYTES;
    memcpy(message->pruned_hash.bytes, entry->pruned_hash.bytes, message->pruned_hash.size);
    message->operator_proof = entry->operator_proof;
    message->second_proof = entry->second_proof;
    message->clock_floor_ms = entry->clock_floor_ms;
    message->clock_floor_before_ms = entry->clock_floor_before_ms;
}

static void entry_from_message(const FgEntry *message, struct fg_entry *entry)
{
    copy_text(entry->controller, message->controller, sizeof(entry->controller));
    entry->sequence = message->sequence;
    entry->boot = message->boot;
    entry->kind = message->kind;
    entry->wall_ms = message->wall_ms;
    entry->mono_ms = message->mono_ms;
    entry->clock_quality = message->clock_quality;
    copy_text(entry->list_id, message->list_id, sizeof(entry->list_id));
    entry->list_version = message->list_version;
    copy_text(entry->operator_id, message->operator_id, sizeof(entry->operator_id));
    copy_text(entry->second_person, message->second_person, sizeof(entry->second_person));
    entry->identity = message->identity;
    entry->uid.length = (uint8_t)message->uid.size;
    memcpy(entry->uid.bytes, message->uid.bytes, message->uid.size);
    if (message->has_row)
        row_from_message(&message->row, &entry->row);
    entry->reasons.count = (uint8_t)message->reasons.size;
    memcpy(entry->reasons.reasons, message->reasons.bytes, message->reasons.size);
    copy_text(entry->failing_code.text, message->failing_code, sizeof(entry->failing_code.text));
    entry->pre_checks = message->pre_checks;
    entry->meter_state = message->meter_state;
    entry->inventory_g = message->inventory_g;
    entry->authorised_sequence = message->authorised_sequence;
    entry->stop = message->stop;
    entry->start_inventory_g = message->start_inventory_g;
    entry->quantity_g = message->quantity_g;
    entry->duration_ms = message->duration_ms;
    entry->start_pressure_kpa = message->start_pressure_kpa;
    entry->end_pressure_kpa = message->end_pressure_kpa;
    entry->end_temperature_dc = message->end_temperature_dc;
    entry->end_scale_g = message->end_scale_g;
    entry->post_checks = message->post_checks;
    entry->post_check_failed = message->post_check_failed;
    entry->checks_failed = message->checks_failed;
    entry->operator_in = message->operator_in;
    entry->event = message->event;
    copy_text(entry->text, message->text, sizeof(entry->text));
    entry->repeat_count = message->repeat_count;
    entry->repeat_first_wall_ms = message->repeat_first_wall_ms;
    entry->repeat_last_wall_ms = message->repeat_last_wall_ms;
    entry->pruned_sequence = message->pruned_sequence;
    memcpy(entry->pruned_hash.bytes, message->pruned_hash.bytes, message->pruned_hash.size);
    entry->operator_proof = message->operator_proof;
    entry->second_proof = message->second_proof;
    entry->clock_floor_ms = message->clock_floor_ms;
    entry->clock_floor_before_ms = message->clock_floor_before_ms;
}

enum fg_err fg_entry_encode(const struct fg_entry *entry, uint8_t *bytes, size_t size, size_t *ret_length,
                            struct fg_error *error)
{
    FgEntry message = FgEntry_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(bytes, size);
    enum fg_err code = check_entry(entry, error);

    if (code != FG_OK)
        return code;
    entry_to_message(entry, &message);
    if (!pb_encode(&stream, FgEntry_fields, &message))
        return fg_fail(error, FG_E_SIZE, "entry %llu does not fit into %zu bytes",
                       (unsigned long long)entry->sequence, size);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

enum fg_err fg_entry_decode(const uint8_t *bytes, size_t length, struct fg_entry *ret_entry,
                            struct fg_error *error)
{
    FgEntry message = FgEntry_init_zero;
    pb_istream_t stream;
    struct fg_entry entry;
    enum fg_err code;

    if (length > FG_ENTRY_BYTES_MAX)
        return fg_fail(error, FG_E_SIZE, "entry: %zu bytes, at most %d are allowed", length,
                       FG_ENTRY_BYTES_MAX);
    stream = pb_istream_from_buffer(bytes, length);
    if (!pb_decode(&stream, FgEntry_fields, &message))
        return fg_fail(error, FG_E_FORMAT, "entry: not a journal entry near byte %zu: %s",
                       length - stream.bytes_left, PB_GET_ERROR(&stream));
    if (message.pruned_hash.size != (message.pruned_sequence == 0 ? 0 : FG_DIGEST_BYTES))
        return fg_fail(error, FG_E_RANGE, "entry: pruned_sequence and pruned_hash do not belong together");
    memset(&entry, 0, sizeof(entry));
    entry_from_message(&message, &entry);
    code = check_entry(&entry, error);
    if (code != FG_OK)
        return code;
    *ret_entry = entry;
    return FG_OK;
}
