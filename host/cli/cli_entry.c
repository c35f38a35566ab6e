/* Journal entries as text, CSV and JSON (cli_entry.h). CSV and JSON have the same fields under the same
 * names, from one table of getters. Relies on: the catalogue. */
#include "host/cli/cli_entry.h"

#include <inttypes.h>
#include <string.h>

#include "lib/domain/code.h"
#include "proto/list/operators.h"

#define FIELD_TEXT 1024

static const char *const identity_names[] = {
    "NONE", "MANUAL", "QR", "BARE_UID", "SIGNED_TAG", "AUTHENTICATED_TAG",
};
static const char *const medium_names[] = {"NONE", "CNG", "LPG"};
#define NAME_OF(names, index) ((index) < sizeof(names) / sizeof((names)[0]) ? (names)[index] : "?")

/* One field: its value as text; is_number tells JSON. */
struct field {
    const char *name;
    bool is_number;
    void (*get)(const struct fg_entry *entry, char text[FIELD_TEXT]);
};

static void put_text(char text[FIELD_TEXT], const char *value)
{
    (void)snprintf(text, FIELD_TEXT, "%s", value);
}

static void put_letter(char text[FIELD_TEXT], uint8_t letter)
{
    text[0] = letter > ' ' && letter < 0x7F ? (char)letter : '\0';
    text[1] = '\0';
}

#define NUMBER(field_name, member)                                                                           \
    static void get_##field_name(const struct fg_entry *entry, char text[FIELD_TEXT])                        \
    {                                                                                                        \
        (void)snprintf(text, FIELD_TEXT, "%" PRId64, (int64_t)entry->member);                                \
    }
#define TEXT(field_name, value)                                                                              \
    static void get_##field_name(const struct fg_entry *entry, char text[FIELD_TEXT])                        \
    {                                                                                                        \
        put_text(text, value);                                                                               \
    }
#define LETTER(field_name, member)                                                                           \
    static void get_##field_name(const struct fg_entry *entry, char text[FIELD_TEXT])                        \
    {                                                                                                        \
        put_letter(text, entry->member);                                                                     \
    }
NUMBER(sequence, sequence)
NUMBER(boot, boot)
NUMBER(wall_ms, wall_ms)
NUMBER(mono_ms, mono_ms)
LETTER(clock_quality, clock_quality)
TEXT(kind, fg_entry_kind_name((enum fg_entry_kind)entry->kind))
TEXT(controller, entry->controller)
TEXT(list_id, entry->list_id)
NUMBER(list_version, list_version)
TEXT(operator_id, entry->operator_id)
TEXT(second_person, entry->second_person)
TEXT(identity, NAME_OF(identity_names, entry->identity))
TEXT(code, entry->row.code.text)
TEXT(plate, entry->row.plate)
TEXT(owner, entry->row.owner)
TEXT(medium, NAME_OF(medium_names, entry->row.medium))
TEXT(failing_code, entry->failing_code.text)
NUMBER(pre_checks, pre_checks)
LETTER(meter_state, meter_state)
NUMBER(inventory_g, inventory_g)
NUMBER(authorised_sequence, authorised_sequence)
TEXT(stop, entry->stop == 0 ? "" : fg_stop_name((enum fg_stop)entry->stop))
NUMBER(start_inventory_g, start_inventory_g)
NUMBER(quantity_g, quantity_g)
NUMBER(duration_ms, duration_ms)
NUMBER(start_pressure_kpa, start_pressure_kpa)
NUMBER(end_pressure_kpa, end_pressure_kpa)
NUMBER(end_temperature_dc, end_temperature_dc)
NUMBER(end_scale_g, end_scale_g)
NUMBER(post_checks, post_checks)
NUMBER(post_check_failed, post_check_failed)
NUMBER(checks_failed, checks_failed)
NUMBER(operator_in, operator_in)
TEXT(event, entry->event == 0 ? "" : fg_event_name((enum fg_event_kind)entry->event))
TEXT(text, entry->text)
NUMBER(repeat_count, repeat_count)
NUMBER(repeat_first_wall_ms, repeat_first_wall_ms)
NUMBER(repeat_last_wall_ms, repeat_last_wall_ms)
NUMBER(pruned_sequence, pruned_sequence)
TEXT(operator_proof, fg_person_proof_name(entry->operator_proof))
TEXT(second_proof, fg_person_proof_name(entry->second_proof))
NUMBER(clock_floor_ms, clock_floor_ms)
NUMBER(clock_floor_before_ms, clock_floor_before_ms)

static void get_time(const struct fg_entry *entry, char text[FIELD_TEXT])
{
    cli_time_text(entry->wall_ms, text);
}

static void get_uid(const struct fg_entry *entry, char text[FIELD_TEXT])
{
    fg_uid_format(&entry->uid, text);
}

/* Names, separated by spaces. */
static void get_reasons(const struct fg_entry *entry, char text[FIELD_TEXT])
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < entry->reasons.count && i < FG_REASONS_MAX && used < FIELD_TEXT; i++)
        used += (size_t)snprintf(text + used, FIELD_TEXT - used, "%s%s", i == 0 ? "" : " ",
                                 fg_reason_name((enum fg_reason)entry->reasons.reasons[i]));
}

#define FIELD(name, is_number)                                                                               \
    {                                                                                                        \
#name, is_number, get_##name                                                                         \
    }
static const struct field fields[] = {
    FIELD(sequence, true),
    FIELD(boot, true),
    FIELD(time, false),
    FIELD(wall_ms, true),
    FIELD(mono_ms, true),
    FIELD(clock_quality, false),
    FIELD(kind, false),
    FIELD(controller, false),
    FIELD(list_id, false),
    FIELD(list_version, true),
    FIELD(operator_id, false),
    FIELD(second_person, false),
    FIELD(identity, false),
    FIELD(uid, false),
    FIELD(code, false),
    FIELD(plate, false),
    FIELD(owner, false),
    FIELD(medium, false),
    FIELD(reasons, false),
    FIELD(failing_code, false),
    FIELD(pre_checks, true),
    FIELD(meter_state, false),
    FIELD(inventory_g, true),
    FIELD(authorised_sequence, true),
    FIELD(stop, false),
    FIELD(start_inventory_g, true),
    FIELD(quantity_g, true),
    FIELD(duration_ms, true),
    FIELD(start_pressure_kpa, true),
    FIELD(end_pressure_kpa, true),
    FIELD(end_temperature_dc, true),
    FIELD(end_scale_g, true),
    FIELD(post_checks, true),
    FIELD(post_check_failed, true),
    FIELD(operator_in, true),
    FIELD(event, false),
    FIELD(text, false),
    FIELD(repeat_count, true),
    FIELD(repeat_first_wall_ms, true),
    FIELD(repeat_last_wall_ms, true),
    FIELD(pruned_sequence, true),
    FIELD(operator_proof, false),
    FIELD(second_proof, false),
    FIELD(checks_failed, true),
    FIELD(clock_floor_ms, true),
    FIELD(clock_floor_before_ms, true),
};
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

void cli_entry_csv_header(FILE *file)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        (void)fprintf(file, "%s%s", i == 0 ? "" : ",", fields[i].name);
    (void)fprintf(file, "\r\n");
}

static void print_csv_field(FILE *file, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        (void)fputs(text, file);
        return;
    }
    (void)fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            (void)fputc('"', file);
        (void)fputc(*text, file);
    }
    (void)fputc('"', file);
}

void cli_entry_csv(FILE *file, const struct fg_entry *entry)
{
    char text[FIELD_TEXT];

    for (size_t i = 0; i < FIELD_COUNT; i++) {
        fields[i].get(entry, text);
        if (i > 0)
            (void)fputc(',', file);
        print_csv_field(file, text);
    }
    (void)fprintf(file, "\r\n");
}

bool cli_entry_json(const struct cli_call *call, FILE *file, const struct fg_entry *entry)
{
    struct cli_json json;
    char text[FIELD_TEXT];
    cJSON *reasons;

    cli_json_start(&json);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (fields[i].get == get_reasons)
            continue;
        fields[i].get(entry, text);
        if (!fields[i].is_number)
            cli_json_text(&json, json.root, fields[i].name, text);
        else if (cJSON_AddRawToObject(json.root, fields[i].name, text) == NULL)
            json.failed = true;
    }
    reasons = cli_json_array(&json, json.root, "reasons");
    for (size_t i = 0; i < entry->reasons.count && i < FG_REASONS_MAX; i++) {
        enum fg_reason reason = (enum fg_reason)entry->reasons.reasons[i];
        cJSON *object = cli_json_push_object(&json, reasons);

        cli_json_number(&json, object, "number", reason);
        cli_json_text(&json, object, "name", fg_reason_name(reason));
        cli_json_text(&json, object, "text", fg_reason_text(call->language, reason));
    }
    return cli_json_print(&json, file);
}

const char *cli_person_proof_text(const struct cli_call *call, uint8_t proof)
{
    static const enum fg_text_id texts[] = {
        [FG_PERSON_PROOF_NONE] = FG_TEXT_PERSON_PROOF_NONE,
        [FG_PERSON_PROOF_HAND] = FG_TEXT_PERSON_PROOF_HAND,
        [FG_PERSON_PROOF_CARD] = FG_TEXT_PERSON_PROOF_CARD,
        [FG_PERSON_PROOF_PIN] = FG_TEXT_PERSON_PROOF_PIN,
    };

    return proof < sizeof(texts) / sizeof(texts[0]) ? cli_text(call, texts[proof]) : "?";
}

/* Both persons of a code that was typed in, each with how it was found out who he is. */
static void print_persons(const struct cli_call *call, FILE *file, const struct fg_entry *entry)
{
    if (entry->identity != FG_IDENTITY_MANUAL)
        return;
    (void)fprintf(file, " [%s: %s (%s)", cli_text(call, FG_TEXT_IDENTITY_MANUAL), entry->operator_id,
                  cli_person_proof_text(call, entry->operator_proof));
    if (entry->second_person[0] != '\0')
        (void)fprintf(file, " + %s (%s)", entry->second_person,
                      cli_person_proof_text(call, entry->second_proof));
    (void)fprintf(file, "]");
}

static void print_detail(const struct cli_call *call, FILE *file, const struct fg_entry *entry)
{
    switch (entry->kind) {
    case FG_ENTRY_LIST:
        (void)fprintf(file, " %s %" PRIu64, entry->list_id, entry->list_version);
        break;
    case FG_ENTRY_OPERATOR:
        (void)fprintf(file, " %s %s (%s)", entry->operator_id,
                      cli_text(call, entry->operator_in ? FG_TEXT_CLI_SIGNED_IN : FG_TEXT_CLI_SIGNED_OUT),
                      cli_person_proof_text(call, entry->operator_proof));
        break;
    case FG_ENTRY_REFUSED:
        for (size_t i = 0; i < entry->reasons.count && i < FG_REASONS_MAX; i++)
            (void)fprintf(file, "%s %s", i == 0 ? ":" : ";",
                          fg_reason_text(call->language, (enum fg_reason)entry->reasons.reasons[i]));
        break;
    case FG_ENTRY_ENDED:
        (void)fprintf(file, " (%" PRIu64 "): %s, %" PRId64 ".%03" PRId64 " kg, %" PRId64 " s",
                      entry->authorised_sequence, fg_stop_text(call->language, (enum fg_stop)entry->stop),
                      entry->quantity_g / 1000,
                      (entry->quantity_g < 0 ? -entry->quantity_g : entry->quantity_g) % 1000,
                      entry->duration_ms / 1000);
        break;
    case FG_ENTRY_EVENT:
        (void)fprintf(file, ": %s", fg_event_text(call->language, (enum fg_event_kind)entry->event));
        if (entry->pruned_sequence != 0)
            (void)fprintf(file, " (..%" PRIu64 ")", entry->pruned_sequence);
        break;
    default:
        break;
    }
    if (entry->text[0] != '\0' && (entry->kind == FG_ENTRY_REFUSED || entry->kind == FG_ENTRY_ENDED))
        (void)fprintf(file, " (%s)", entry->text); /* check items */
    else if (entry->text[0] != '\0')
        (void)fprintf(file, " %s", entry->text);
}

/* The entry stands for many: how many, from when to when. */
static void print_repeats(const struct cli_call *call, FILE *file, const struct fg_entry *entry)
{
    char first[CLI_TIME_TEXT];
    char last[CLI_TIME_TEXT];

    if (entry->repeat_count == 0)
        return;
    cli_time_text(entry->repeat_first_wall_ms, first);
    cli_time_text(entry->repeat_last_wall_ms, last);
    (void)fprintf(file, " ×%" PRIu32 " %s %s %s %s", entry->repeat_count,
                  cli_text(call, FG_TEXT_CLI_REPEATS_FROM), first, cli_text(call, FG_TEXT_CLI_REPEATS_TO),
                  last);
}

void cli_entry_print(const struct cli_call *call, FILE *file, const struct fg_entry *entry)
{
    char time[CLI_TIME_TEXT];

    cli_time_text(entry->wall_ms, time);
    (void)fprintf(file, "%6" PRIu64 "  %-25s ", entry->sequence, time);
    if (entry->kind == 0) {
        (void)fprintf(file, "%s\n", cli_text(call, FG_TEXT_CLI_NOT_DECODABLE));
        return;
    }
    (void)fprintf(file, "%s", fg_entry_kind_text(call->language, (enum fg_entry_kind)entry->kind));
    if (entry->row.code.text[0] != '\0')
        (void)fprintf(file, " %s", entry->row.code.text);
    if (entry->row.plate[0] != '\0')
        (void)fprintf(file, " %s", entry->row.plate);
    print_persons(call, file, entry);
    print_detail(call, file, entry);
    print_repeats(call, file, entry);
    (void)fprintf(file, "\n");
}
