/* The controller's state as the pages read it (panel_json.h). */
#include <stdio.h>
#include <string.h>

#include "firmware/core/fill.h"
#include "firmware/panel/panel_json.h"
#include "lib/domain/catalogue.h"
#include "proto/list/operators.h"

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const media[] = {"NONE", "CNG", "LPG"};
static const char *const programmes[] = {"NONE", "PRESSURE", "MASS"};
static const char *const identities[] = {"NONE",     "MANUAL",     "QR",
                                         "BARE_UID", "SIGNED_TAG", "AUTHENTICATED_TAG"};
static const char *const list_states[] = {"MISSING", "IN_FORCE", "NOT_AUTHENTIC", "ROLLED_BACK"};
static const char *const journal_states[] = {"OK", "WARN", "FULL", "NOT_WRITABLE"};
static const char *const device_links[] = {"DOWN", "PROBING", "UP"};
static const char *const signals[FG_SIGNAL_COUNT] = {
    [FG_SIGNAL_PRESSURE_KPA] = "pressure_kpa", [FG_SIGNAL_TEMPERATURE_DC] = "temperature_dc",
    [FG_SIGNAL_FLOW_G_MIN] = "flow_g_min",     [FG_SIGNAL_TOTAL_G] = "total_g",
    [FG_SIGNAL_INVENTORY_G] = "inventory_g",   [FG_SIGNAL_SCALE_G] = "scale_g",
    [FG_SIGNAL_VALVE_OPEN] = "valve_open",     [FG_SIGNAL_EMERGENCY_STOP] = "emergency_stop",
    [FG_SIGNAL_START_BUTTON] = "start_button", [FG_SIGNAL_STOP_BUTTON] = "stop_button",
};

static const char *name_of(const char *const *names, size_t count, uint8_t value)
{
    return value < count ? names[value] : "?";
}

#define NAME(names, value) name_of(names, LENGTH_OF(names), value)

static const char *reading_state(uint8_t state)
{
    switch (state) {
    case FG_READING_GOOD:
        return "GOOD";
    case FG_READING_TIME_OUT:
        return "TIME_OUT";
    case FG_READING_RANGE:
        return "RANGE";
    case FG_READING_FAULT:
        return "FAULT";
    default:
        return "MISSING";
    }
}

static void add_stop(struct fg_panel_json *json, cJSON *object, uint8_t stop)
{
    if (stop == FG_STOP_NONE)
        fg_panel_json_null(json, object, "stop");
    else
        fg_panel_json_text(json, object, "stop", fg_stop_name((enum fg_stop)stop));
}

static void add_reason(struct fg_panel_json *json, cJSON *object, const char *name, uint8_t reason)
{
    if (reason == FG_REASON_NONE)
        fg_panel_json_null(json, object, name);
    else
        fg_panel_json_text(json, object, name, fg_reason_name((enum fg_reason)reason));
}

/* ---- tag, decision, cylinder ---- */

static void add_tag(struct fg_panel_json *json, const struct fg_control_state *state)
{
    cJSON *tag = fg_panel_json_object(json, json->root, "tag");
    char uid[2 * FG_UID_MAX + 1] = "";

    for (size_t i = 0; i < state->uid.length && i < FG_UID_MAX; i++)
        (void)snprintf(uid + 2 * i, 3, "%02x", state->uid.bytes[i]);
    fg_panel_json_bool(json, tag, "present", state->tag_present);
    fg_panel_json_text(json, tag, "uid", uid);
}

static void add_decision(struct fg_panel_json *json, const struct fg_control_state *state)
{
    cJSON *decision;
    cJSON *reasons;

    if (state->decisions == 0) {
        fg_panel_json_null(json, json->root, "decision");
        return;
    }
    decision = fg_panel_json_object(json, json->root, "decision");
    fg_panel_json_number(json, decision, "count", (int64_t)state->decisions);
    fg_panel_json_text(json, decision, "code", state->code.text);
    fg_panel_json_text(json, decision, "plate", state->plate);
    fg_panel_json_text(json, decision, "identity", NAME(identities, state->identity));
    fg_panel_json_text(json, decision, "second_person", state->second_person);
    fg_panel_json_text(json, decision, "second_proof", fg_person_proof_name(state->second_proof));
    reasons = fg_panel_json_array(json, decision, "reasons");
    for (size_t i = 0; i < state->reasons.count && i < FG_REASONS_MAX; i++)
        fg_panel_json_text_element(json, reasons, fg_reason_name((enum fg_reason)state->reasons.reasons[i]));
    fg_panel_json_text(json, decision, "failing_code", state->failing_code.text);
    fg_panel_json_text(json, decision, "check_items", state->check_text);
    add_reason(json, decision, "failing_reason", state->failing_reason);
    fg_panel_json_number(json, decision, "sequence", (int64_t)state->decision_sequence);
}

static void add_cylinder(struct fg_panel_json *json, const struct fg_control_state *state)
{
    const struct fg_row *row = &state->row;
    cJSON *cylinder;
    cJSON *others;

    if (!state->row_known) {
        fg_panel_json_null(json, json->root, "cylinder");
        return;
    }
    cylinder = fg_panel_json_object(json, json->root, "cylinder");
    fg_panel_json_text(json, cylinder, "medium", NAME(media, row->medium));
    fg_panel_json_number(json, cylinder, "nominal_kpa", row->nominal_pressure_kpa);
    fg_panel_json_number(json, cylinder, "capacity_dl", row->water_capacity_dl);
    fg_panel_json_number(json, cylinder, "tare_g", row->tare_g);
    fg_panel_json_number(json, cylinder, "maximum_fill_g", row->maximum_fill_g);
    fg_panel_json_number(json, cylinder, "inspection_due", row->inspection_due_day);
    fg_panel_json_number(json, cylinder, "end_of_life", row->end_of_life_day);
    others = fg_panel_json_array(json, cylinder, "others");
    for (size_t i = 0; i < row->other_count && i < FG_VEHICLE_OTHERS_MAX; i++)
        fg_panel_json_text_element(json, others, row->others[i].text);
    fg_panel_json_text(json, cylinder, "owner", row->owner);
}

/* ---- fill, readings, checks ---- */

static void add_fill(struct fg_panel_json *json, const struct fg_control_state *state)
{
    cJSON *fill;

    if (state->phase == FG_FILL_IDLE) {
        fg_panel_json_null(json, json->root, "fill");
        return;
    }
    fill = fg_panel_json_object(json, json->root, "fill");
    fg_panel_json_text(json, fill, "programme", NAME(programmes, state->programme));
    fg_panel_json_number(json, fill, "quantity_g", state->quantity_g);
    fg_panel_json_number(json, fill, "target", state->target);
    fg_panel_json_number(json, fill, "progress_permille", state->progress_permille);
    fg_panel_json_number(json, fill, "remaining_ms", state->remaining_ms);
    fg_panel_json_number(json, fill, "authorised", (int64_t)state->authorised_sequence);
}

static void add_readings(struct fg_panel_json *json, const struct fg_control_state *state)
{
    cJSON *readings = fg_panel_json_object(json, json->root, "readings");

    for (size_t i = 0; i < FG_SIGNAL_COUNT; i++) {
        const struct fg_control_reading *reading = &state->readings[i];
        cJSON *object;

        if (!reading->configured) {
            fg_panel_json_null(json, readings, signals[i]);
            continue;
        }
        object = fg_panel_json_object(json, readings, signals[i]);
        fg_panel_json_text(json, object, "state", reading_state(reading->state));
        fg_panel_json_number(json, object, "value", reading->state == FG_READING_GOOD ? reading->value : 0);
        fg_panel_json_number(json, object, "age_ms", reading->age_ms);
    }
}

static void add_items(struct fg_panel_json *json, cJSON *checks, const char *name,
                      const char items[][FG_NAME_MAX + 1], size_t count)
{
    cJSON *array = fg_panel_json_array(json, checks, name);

    for (size_t i = 0; i < count && i < FG_CHECK_ITEMS_MAX; i++)
        fg_panel_json_text_element(json, array, items[i]);
}

static void add_checks(struct fg_panel_json *json, const struct fg_control_state *state)
{
    cJSON *checks = fg_panel_json_object(json, json->root, "checks");

    add_items(json, checks, "pre", state->pre_checks, state->pre_check_count);
    fg_panel_json_number(json, checks, "pre_wanted", state->pre_checks_wanted);
    fg_panel_json_number(json, checks, "pre_done", state->pre_checks_done);
    add_items(json, checks, "post", state->post_checks, state->post_check_count);
    fg_panel_json_number(json, checks, "post_wanted", state->post_checks_wanted);
    fg_panel_json_number(json, checks, "post_done", state->post_checks_done);
}

/* ---- operator, last fill, stores, devices ---- */

static void add_operator(struct fg_panel_json *json, const struct fg_control_state *state)
{
    cJSON *object;

    if (state->operator_id[0] == '\0') {
        fg_panel_json_null(json, json->root, "operator");
    } else {
        object = fg_panel_json_object(json, json->root, "operator");
        fg_panel_json_text(json, object, "id", state->operator_id);
        fg_panel_json_text(json, object, "proof", fg_person_proof_name(state->operator_proof));
        fg_panel_json_number(json, object, "certificate_end", state->certificate_end_day);
        fg_panel_json_number(json, object, "idle_left_ms", state->operator_idle_left_ms);
    }
    fg_panel_json_number(json, json->root, "sign_in_blocked_ms",
                         state->sign_in_blocked ? state->sign_in_blocked_left_ms : 0);
}

/* Whether codes may be typed here, and the one that waits for its second person. */
static void add_manual(struct fg_panel_json *json, const struct fg_control_state *state)
{
    cJSON *manual = fg_panel_json_object(json, json->root, "manual");

    fg_panel_json_bool(json, manual, "allowed", state->manual_entry);
    fg_panel_json_text(json, manual, "code", state->second_code.text);
    fg_panel_json_number(json, manual, "left_ms", state->second_left_ms);
}

static void add_last(struct fg_panel_json *json, const struct fg_control_state *state)
{
    cJSON *last;

    if (state->fills_ended == 0) {
        fg_panel_json_null(json, json->root, "last");
        return;
    }
    last = fg_panel_json_object(json, json->root, "last");
    fg_panel_json_number(json, last, "fills", (int64_t)state->fills_ended);
    add_stop(json, last, state->last_stop);
    fg_panel_json_number(json, last, "quantity_g", state->last_quantity_g);
    fg_panel_json_number(json, last, "sequence", (int64_t)state->last_ended_sequence);
}

static void add_stores(struct fg_panel_json *json, const struct fg_control_state *state)
{
    const char quality[2] = {(char)state->clock_quality, '\0'};
    cJSON *list = fg_panel_json_object(json, json->root, "list");
    cJSON *journal = fg_panel_json_object(json, json->root, "journal");
    cJSON *clock = fg_panel_json_object(json, json->root, "clock");

    fg_panel_json_text(json, list, "state", NAME(list_states, state->list_state));
    fg_panel_json_text(json, list, "id", state->list_id);
    fg_panel_json_number(json, list, "version", (int64_t)state->list_version);
    fg_panel_json_number(json, list, "issued_ms", state->list_issued_ms);
    fg_panel_json_number(json, list, "expires_ms", state->list_expires_ms);
    fg_panel_json_number(json, list, "age_ms", state->list_age_ms);
    fg_panel_json_bool(json, list, "warning", state->list_age_warning);
    fg_panel_json_text(json, list, "text", state->list_text);
    fg_panel_json_text(json, journal, "state", NAME(journal_states, state->journal_state));
    fg_panel_json_number(json, journal, "count", (int64_t)state->journal_count);
    fg_panel_json_number(json, journal, "unsent", (int64_t)state->journal_unsent);
    fg_panel_json_number(json, journal, "oldest_unsent_ms", state->oldest_unsent_ms);
    fg_panel_json_text(json, journal, "text", state->journal_text);
    fg_panel_json_text(json, clock, "quality", quality);
    fg_panel_json_number(json, clock, "bureau_ahead_ms", state->bureau_ahead_ms);
}

static void add_devices(struct fg_panel_json *json, const struct fg_control_state *state)
{
    cJSON *devices = fg_panel_json_array(json, json->root, "devices");
    cJSON *reader = fg_panel_json_object(json, json->root, "reader");

    for (size_t i = 0; i < state->device_count && i < FG_CONTROL_DEVICES_MAX; i++) {
        const struct fg_control_device *device = &state->devices[i];
        cJSON *object = fg_panel_json_element(json, devices);

        fg_panel_json_text(json, object, "name", device->name);
        fg_panel_json_text(json, object, "link", NAME(device_links, device->link));
        fg_panel_json_number(json, object, "failures", (int64_t)device->failures);
        fg_panel_json_text(json, object, "text", device->last_error);
    }
    fg_panel_json_bool(json, reader, "up", state->reader_up);
    fg_panel_json_number(json, reader, "restarts", state->reader_restarts);
    fg_panel_json_text(json, reader, "text", state->reader_text);
}

/* The local day of a wall time; 0 = none. */
static int64_t day_of(int64_t wall_ms, int32_t utc_offset_s)
{
    return wall_ms > 0 ? (wall_ms / 1000 + utc_offset_s) / 86400 : 0;
}

static void add_link(struct fg_panel_json *json, const struct fg_control_state *state,
                     const struct fg_panel_link *link)
{
    cJSON *object = fg_panel_json_object(json, json->root, "link");

    fg_panel_json_bool(json, object, "connected", link->connected);
    fg_panel_json_number(json, object, "contact_ms", link->contact_ms);
    fg_panel_json_text(json, object, "text", link->text);
    fg_panel_json_number(json, object, "certificate_end",
                         day_of(link->certificate_end_ms, state->utc_offset_s));
}

/* ---- the whole ---- */

static void add_point(struct fg_panel_json *json, const struct fg_control_state *state,
                      enum fg_panel_display display)
{
    cJSON *root = json->root;

    fg_panel_json_number(json, root, "now_ms", state->wall_ms);
    fg_panel_json_number(json, root, "utc_offset_s", state->utc_offset_s);
    fg_panel_json_number(json, root, "today", state->today);
    fg_panel_json_text(json, root, "point", state->point);
    fg_panel_json_text(json, root, "controller", state->controller);
    fg_panel_json_text(json, root, "medium", NAME(media, state->medium));
    fg_panel_json_text(json, root, "display", fg_panel_display_name(display));
    fg_panel_json_text(
        json, root, "phase",
        state->phase < FG_FILL_PHASE_COUNT ? fg_fill_phase_name((enum fg_fill_phase)state->phase) : "?");
    fg_panel_json_number(json, root, "phase_left_ms", state->phase_left_ms);
    fg_panel_json_bool(json, root, "suspended_by_operator", state->suspended_by_operator);
    add_stop(json, root, state->stop);
    fg_panel_json_bool(json, root, "valve", state->valve_commanded);
    fg_panel_json_bool(json, root, "locked_out", state->locked_out);
    fg_panel_json_bool(json, root, "device_fault", state->device_fault);
    fg_panel_json_bool(json, root, "emergency_stop", state->emergency_stop);
    fg_panel_json_bool(json, root, "point_blocked", state->point_blocked);
}

char *fg_panel_state_json(const struct fg_control_state *state, enum fg_panel_display display,
                          const struct fg_panel_link *link)
{
    struct fg_panel_json json;

    fg_panel_json_start(&json);
    add_point(&json, state, display);
    add_tag(&json, state);
    add_decision(&json, state);
    add_cylinder(&json, state);
    add_fill(&json, state);
    add_readings(&json, state);
    add_checks(&json, state);
    add_operator(&json, state);
    add_manual(&json, state);
    add_last(&json, state);
    add_stores(&json, state);
    add_devices(&json, state);
    add_link(&json, state, link);
    fg_panel_json_number(&json, json.root, "board", state->board_version);
    return fg_panel_json_end(&json);
}

void fg_panel_state_still(struct fg_control_state *state)
{
    state->wall_ms = 0;
    state->list_age_ms = 0;
    state->phase_left_ms = 0;
    state->operator_idle_left_ms = 0;
    state->second_left_ms = 0;
    state->sign_in_blocked_left_ms = state->sign_in_blocked;
    for (size_t i = 0; i < FG_SIGNAL_COUNT; i++)
        state->readings[i].age_ms = 0;
}

/* ---- the board ---- */

static void add_attempt(struct fg_panel_json *json, cJSON *attempts, const struct fg_control_attempt *attempt)
{
    cJSON *object = fg_panel_json_element(json, attempts);

    fg_panel_json_number(json, object, "sequence", (int64_t)attempt->sequence);
    fg_panel_json_number(json, object, "at_ms", attempt->wall_ms);
    fg_panel_json_text(json, object, "code", attempt->code.text);
    fg_panel_json_text(json, object, "plate", attempt->plate);
    fg_panel_json_text(json, object, "operator", attempt->operator_id);
    fg_panel_json_text(json, object, "operator_proof", fg_person_proof_name(attempt->operator_proof));
    fg_panel_json_text(json, object, "second_person", attempt->second_person);
    fg_panel_json_text(json, object, "second_proof", fg_person_proof_name(attempt->second_proof));
    fg_panel_json_text(json, object, "outcome", fg_entry_kind_name((enum fg_entry_kind)attempt->kind));
    add_reason(json, object, "reason", attempt->kind == FG_ENTRY_REFUSED ? attempt->reason : FG_REASON_NONE);
    add_stop(json, object, attempt->kind == FG_ENTRY_ENDED ? attempt->stop : FG_STOP_NONE);
    fg_panel_json_number(json, object, "quantity_g", attempt->quantity_g);
    fg_panel_json_text(json, object, "identity", NAME(identities, attempt->identity));
}

static void add_today(struct fg_panel_json *json, const struct fg_control_board *board)
{
    cJSON *today = fg_panel_json_object(json, json->root, "today");
    cJSON *reasons;

    fg_panel_json_number(json, today, "fills", board->fills_today);
    fg_panel_json_number(json, today, "refusals", board->refusals_today);
    fg_panel_json_number(json, today, "quantity_g", board->quantity_today_g);
    reasons = fg_panel_json_array(json, today, "reasons");
    for (size_t i = 0; i < board->reason_count && i < FG_REASONS_MAX; i++) {
        cJSON *object = fg_panel_json_element(json, reasons);

        add_reason(json, object, "reason", board->reasons[i].reason);
        fg_panel_json_number(json, object, "count", board->reasons[i].count);
    }
}

char *fg_panel_board_json(const struct fg_control_board *board)
{
    struct fg_panel_json json;
    cJSON *array;

    fg_panel_json_start(&json);
    fg_panel_json_number(&json, json.root, "version", board->version);
    array = fg_panel_json_array(&json, json.root, "operators");
    for (size_t i = 0; i < board->operator_count && i < FG_OPERATORS_MAX; i++) {
        cJSON *object = fg_panel_json_element(&json, array);

        fg_panel_json_text(&json, object, "id", board->operators[i].id);
        fg_panel_json_number(&json, object, "certificate_end", board->operators[i].certificate_end_day);
        fg_panel_json_bool(&json, object, "card", board->operators[i].has_card);
        fg_panel_json_bool(&json, object, "pin", board->operators[i].has_pin);
    }
    add_today(&json, board);
    array = fg_panel_json_array(&json, json.root, "attempts");
    for (size_t i = 0; i < board->attempt_count && i < FG_CONTROL_ATTEMPTS_MAX; i++)
        add_attempt(&json, array, &board->attempts[i]);
    return fg_panel_json_end(&json);
}
