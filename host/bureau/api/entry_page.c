/* One entry on a page: GET /api/v1/entries/{controller}/{sequence}. What it says stands apart from whether
 * that can be believed (entry_check.h); one that was altered is kept as a finding, so that the overview has
 * it from then on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/api/entries.h"
#include "host/bureau/api/handlers.h"
#include "host/bureau/audit/audit_findings.h"
#include "host/bureau/audit/entry_check.h"
#include "host/bureau/web/web_shared.h"
#include "lib/domain/catalogue.h"
#include "lib/domain/names.h"
#include "proto/list/operators.h"

#define REASONS_BYTES 1024

/* ---- what the bytes say ---- */

/* Numbers and texts that are nothing are left out: they say nothing. */
static void number(struct fg_web_json *json, cJSON *object, const char *name, int64_t value)
{
    if (value != 0)
        fg_web_json_number(json, object, name, value);
}

static void text(struct fg_web_json *json, cJSON *object, const char *name, const char *value)
{
    if (value[0] != '\0')
        fg_web_json_text(json, object, name, value);
}

static void letter(struct fg_web_json *json, cJSON *object, const char *name, uint8_t value)
{
    const char one[] = {(char)value, '\0'};

    text(json, object, name, value < 0x80 ? one : "?");
}

static void reasons_write(struct fg_web_json *json, cJSON *object, const struct fg_reasons *reasons)
{
    char names[REASONS_BYTES] = "";
    size_t used = 0;

    for (size_t i = 0; i < reasons->count && i < FG_REASONS_MAX && used < sizeof(names); i++) {
        int length = snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
                              fg_reason_name((enum fg_reason)reasons->reasons[i]));

        used += length > 0 ? (size_t)length : 0;
    }
    text(json, object, reasons->count == 1 ? "reason" : "reasons", names);
}

static void row_write(struct fg_web_json *json, cJSON *object, const struct fg_row *row)
{
    text(json, object, "code", row->code.text);
    if (row->state == 0)
        return; /* the cylinder was not on the list: nothing else is known of it */
    text(json, object, "plate", row->plate);
    text(json, object, "owner", row->owner);
    text(json, object, "state", fg_state_name(row->state));
    text(json, object, "medium", fg_medium_name(row->medium));
    fg_web_json_bool(json, object, "first_fill_pending", row->first_fill_pending);
    number(json, object, "nominal_kpa", row->nominal_pressure_kpa);
    number(json, object, "capacity_dl", row->water_capacity_dl);
    number(json, object, "tare_g", row->tare_g);
    number(json, object, "maximum_fill_g", row->maximum_fill_g);
    if (row->inspection_due_day != 0)
        fg_web_json_day(json, object, "inspection_due", row->inspection_due_day);
    if (row->end_of_life_day != 0)
        fg_web_json_day(json, object, "end_of_life", row->end_of_life_day);
}

/* A name stands with how it was proven, "NONE" too: a name alone is worth nothing. */
static void person_write(struct fg_web_json *json, cJSON *object, const char *id, const char *id_name,
                         uint8_t proof, const char *proof_name)
{
    text(json, object, id_name, id);
    if (id[0] != '\0' || proof != FG_PERSON_PROOF_NONE)
        fg_web_json_text(json, object, proof_name, fg_person_proof_name(proof));
}

static void decision_write(struct fg_web_json *json, cJSON *object, const struct fg_entry *entry)
{
    person_write(json, object, entry->operator_id, "operator_id", entry->operator_proof, "operator_proof");
    person_write(json, object, entry->second_person, "second_person", entry->second_proof, "second_proof");
    if (entry->identity != 0)
        text(json, object, "identity", fg_identity_name(entry->identity));
    if (entry->uid.length > 0)
        fg_web_json_hex(json, object, "uid", entry->uid.bytes, entry->uid.length);
    row_write(json, object, &entry->row);
    reasons_write(json, object, &entry->reasons);
    text(json, object, "failing_code", entry->failing_code.text);
    number(json, object, "pre_checks", entry->pre_checks);
    number(json, object, "checks_failed", entry->checks_failed);
}

static void fill_write(struct fg_web_json *json, cJSON *object, const struct fg_entry *entry)
{
    fg_web_json_number(json, object, "authorised_sequence", (int64_t)entry->authorised_sequence);
    fg_web_json_text(json, object, "stop", fg_stop_name((enum fg_stop)entry->stop));
    fg_web_json_number(json, object, "start_inventory_g", entry->start_inventory_g);
    fg_web_json_number(json, object, "quantity_g", entry->quantity_g);
    fg_web_json_number(json, object, "duration_ms", entry->duration_ms);
    number(json, object, "start_pressure_kpa", entry->start_pressure_kpa);
    number(json, object, "end_pressure_kpa", entry->end_pressure_kpa);
    number(json, object, "end_temperature_dc", entry->end_temperature_dc);
    number(json, object, "end_scale_g", entry->end_scale_g);
    number(json, object, "post_checks", entry->post_checks);
    fg_web_json_bool(json, object, "post_check_failed", entry->post_check_failed);
    number(json, object, "checks_failed", entry->checks_failed);
}

static void fields_write(struct fg_web_json *json, cJSON *object, const struct fg_entry *entry)
{
    if (entry->kind == 0)
        return; /* not to be decoded */
    fg_web_json_text(json, object, "controller", entry->controller);
    fg_web_json_number(json, object, "sequence", (int64_t)entry->sequence);
    fg_web_json_number(json, object, "boot", entry->boot);
    fg_web_json_text(json, object, "kind", fg_entry_kind_name((enum fg_entry_kind)entry->kind));
    fg_web_json_number(json, object, "wall_ms", entry->wall_ms);
    fg_web_json_number(json, object, "mono_ms", entry->mono_ms);
    letter(json, object, "clock_quality", entry->clock_quality);
    text(json, object, "list_id", entry->list_id);
    number(json, object, "list_version", (int64_t)entry->list_version);
    decision_write(json, object, entry);
    letter(json, object, "meter_state", entry->meter_state);
    number(json, object, "inventory_g", entry->inventory_g);
    if (entry->kind == FG_ENTRY_ENDED)
        fill_write(json, object, entry);
    if (entry->kind == FG_ENTRY_OPERATOR)
        fg_web_json_bool(json, object, "operator_in", entry->operator_in);
    if (entry->event != 0)
        fg_web_json_text(json, object, "event", fg_event_name((enum fg_event_kind)entry->event));
    text(json, object, "text", entry->text);
    number(json, object, "repeat_count", entry->repeat_count);
    if (entry->repeat_count != 0) {
        fg_web_json_number(json, object, "repeat_first_wall_ms", entry->repeat_first_wall_ms);
        fg_web_json_number(json, object, "repeat_last_wall_ms", entry->repeat_last_wall_ms);
    }
    if (entry->pruned_sequence != 0) {
        fg_web_json_number(json, object, "pruned_sequence", (int64_t)entry->pruned_sequence);
        fg_web_json_hex(json, object, "pruned_hash", entry->pruned_hash.bytes, FG_DIGEST_BYTES);
    }
    number(json, object, "clock_floor_ms", entry->clock_floor_ms);
    number(json, object, "clock_floor_before_ms", entry->clock_floor_before_ms);
}

/* ---- whether it can be believed ---- */

static void checks_write(struct fg_web_json *json, cJSON *object, const struct fg_entry_checks *checks,
                         const struct fg_audit_finding_times *times)
{
    static const char *const names[FG_CHECK_COUNT] = {"columns", "chain", "signature", "receipt"};

    for (size_t i = 0; i < FG_CHECK_COUNT; i++) {
        const struct fg_check *check = &checks->checks[i];
        cJSON *one = fg_web_json_object(json, object, names[i]);

        fg_web_json_text(json, one, "verdict", fg_verdict_name(check->verdict));
        fg_web_json_text(json, one, "text_en", check->english);
        fg_web_json_text(json, one, "text_zh", check->chinese);
    }
    fg_web_json_bool(json, object, "altered", checks->altered);
    fg_web_json_number(json, object, "found_ms", times->found_ms);
    fg_web_json_number(json, object, "whole_ms", times->whole_ms);
}

/* Keeps an entry that was altered as a finding, and asks since when that is known. */
static enum fg_err times_find(struct fg_web_call *call, const struct fg_history_row *row,
                              const struct fg_entry_checks *checks, struct fg_audit_finding_times *ret_times,
                              struct fg_error *error)
{
    struct fg_audit_finding finding = {.sequence = row->sequence};
    enum fg_err result = FG_OK;

    if (checks->itself) {
        (void)snprintf(finding.controller, sizeof(finding.controller), "%s", row->controller);
        (void)snprintf(finding.text, sizeof(finding.text), "%s", fg_entry_checks_words(checks));
        result = fg_audit_finding_note(call->sql, &finding, call->now_ms, error);
    }
    if (result == FG_OK)
        result = fg_audit_finding_times(call->sql, row->controller, row->sequence, ret_times, error);
    return result;
}

enum fg_err fg_web_entry_show(struct fg_web_call *call, struct fg_error *error)
{
    const struct fg_web_settings *settings = &call->web->settings;
    const char *controller = fg_web_text_of(call, "controller");
    uint64_t sequence = (uint64_t)fg_web_number_of(call, "sequence", 0);
    struct fg_entry_checks *checks = calloc(1, sizeof(*checks));
    struct fg_audit_finding_times times = {0};
    struct fg_history_row row;
    struct fg_web_json json;
    enum fg_err result = checks != NULL ? FG_OK : fg_fail(error, FG_E_MEMORY, "entry: no memory");

    if (result == FG_OK)
        result = fg_history_find(call->sql, controller, sequence, &row, error);
    if (result == FG_OK)
        result = fg_entry_check(call->sql, &settings->directory, &settings->receipt_key->public_key,
                                controller, sequence, checks, error);
    if (result == FG_OK)
        result = times_find(call, &row, checks, &times, error);
    if (result == FG_OK) {
        fg_web_json_start(&json);
        fg_web_entry_write(&json, fg_web_json_object(&json, json.root, "entry"), &row);
        fields_write(&json, fg_web_json_object(&json, json.root, "fields"), &checks->entry);
        checks_write(&json, fg_web_json_object(&json, json.root, "verification"), checks, &times);
        fg_web_json_hex(&json, json.root, "hash", checks->hash.bytes, FG_DIGEST_BYTES);
        fg_web_json_hex(&json, json.root, "previous_hash", checks->previous.bytes, FG_DIGEST_BYTES);
        result = fg_web_answer_json(call, 200, &json);
    }
    free(checks);
    return result;
}
