/* fillgate point: asking the running fillgated, and telling it what an operator would. Not: the panel. Relies
 * on: proto/point/control.h. */
#include <errno.h>
#include <inttypes.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/cli_entry.h"
#include "host/cli/cli_pin.h"
#include "host/cli/point/cmd_point.h"
#include "host/cli/point/point_ask.h"
#include "lib/domain/code.h"
#include "proto/list/operators.h"
#include "proto/point/control.h"

static const char *const signal_names[FG_SIGNAL_COUNT] = {
    "pressure_kpa", "temperature_dc", "flow_g_min",     "total_g",      "inventory_g",
    "scale_g",      "valve_open",     "emergency_stop", "start_button", "stop_button",
};
static const char *const list_states[] = {"MISSING", "IN_FORCE", "NOT_AUTHENTIC", "ROLLED_BACK"};
static const char *const journal_states[] = {"OK", "WARN", "FULL", "NOT_WRITABLE"};
static const char *const links[] = {"down", "probing", "up"};

#define NAME_OF(names, index) ((index) < sizeof(names) / sizeof((names)[0]) ? (names)[index] : "?")

static enum cli_exit tell(const struct cli_call *call, const struct fg_control_request *request)
{
    struct fg_control_answer answer = {0};
    enum cli_exit result = cli_point_ask(call, request, &answer);

    return result == CLI_OK ? cli_point_tell(call, &answer) : result;
}

static void print_decision(const struct cli_call *call, const struct fg_control_state *state)
{
    char uid[FG_UID_TEXT_MAX + 1];

    fg_uid_format(&state->uid, uid);
    printf("%s: %s\n", cli_text(call, FG_TEXT_CLI_TAG),
           state->tag_present ? uid : cli_text(call, FG_TEXT_CLI_NONE));
    if (state->decisions == 0)
        return;
    printf("%s: %s %s\n", cli_text(call, FG_TEXT_CLI_CYLINDER), state->code.text, state->plate);
    if (state->second_person[0] != '\0')
        printf("%s: %s, %s\n", cli_text(call, FG_TEXT_CLI_SECOND), state->second_person,
               cli_person_proof_text(call, state->second_proof));
    printf("%s: ", cli_text(call, FG_TEXT_CLI_DECISION));
    if (state->reasons.count == 0)
        printf("%s\n", cli_text(call, FG_TEXT_CLI_MAY_BE_FILLED));
    for (size_t i = 0; i < state->reasons.count && i < FG_REASONS_MAX; i++) {
        if (i == 0)
            printf("%s: ", cli_text(call, FG_TEXT_CLI_REFUSED));
        printf("%s%s", fg_reason_text(call->language, (enum fg_reason)state->reasons.reasons[i]),
               i + 1U == state->reasons.count ? "" : "; ");
    }
    if (state->reasons.count > 0) {
        printf("%s%s%s\n", state->check_text[0] == '\0' ? "" : " (", state->check_text,
               state->check_text[0] == '\0' ? "" : ")");
        printf("  %s\n", fg_advice_text(call->language, (enum fg_reason)state->reasons.reasons[0]));
    }
}

static void print_trying(const struct cli_call *call, enum fg_text_id what, const char *cause)
{
    if (cause[0] != '\0')
        printf("%s: %s: %s\n", cli_text(call, what), cli_text(call, FG_TEXT_CLI_TRYING), cause);
}

static void print_stores(const struct cli_call *call, const struct fg_control_state *state)
{
    char issued[CLI_TIME_TEXT];
    char expires[CLI_TIME_TEXT];
    char now[CLI_TIME_TEXT];

    cli_time_text(state->list_issued_ms, issued);
    cli_time_text(state->list_expires_ms, expires);
    cli_time_text(state->wall_ms, now);
    printf("%s: %s %s %" PRIu64 ", %s ... %s%s\n", cli_text(call, FG_TEXT_CLI_LIST),
           NAME_OF(list_states, state->list_state), state->list_id, state->list_version, issued, expires,
           state->list_age_warning ? " !" : "");
    printf("%s: %s, %" PRIu64 " (%" PRIu64 " %s)\n", cli_text(call, FG_TEXT_CLI_JOURNAL),
           NAME_OF(journal_states, state->journal_state), state->journal_count, state->journal_unsent,
           cli_text(call, FG_TEXT_STATION_UNSENT));
    if (state->oldest_unsent_ms != 0) {
        cli_time_text(state->oldest_unsent_ms, issued);
        printf("  %s: %s\n", cli_text(call, FG_TEXT_CLI_OLDEST_UNSENT), issued);
    }
    if (state->receipt_next != 0) {
        cli_time_text(state->receipt_taken_ms, issued);
        printf("  %s %" PRIu64 " (%s)\n", cli_text(call, FG_TEXT_CLI_RECEIPT_COVERS), state->receipt_next,
               issued);
    }
    print_trying(call, FG_TEXT_CLI_JOURNAL, state->journal_text);
    print_trying(call, FG_TEXT_CLI_LIST, state->list_text);
    print_trying(call, FG_TEXT_CLI_KEYS, state->keys_text);
    printf("%s: %s (%c)\n", cli_text(call, FG_TEXT_CLI_CLOCK), now, state->clock_quality);
    if (state->clock_quality == FG_CLOCK_UNKNOWN) {
        cli_time_text(state->clock_floor_ms, now);
        printf("  %s %s\n", cli_text(call, FG_TEXT_CLI_CLOCK_FLOOR), now);
    }
    if (state->bureau_ahead_ms > 0)
        printf("  %s %" PRId64 " s\n", cli_text(call, FG_TEXT_CLI_BUREAU_AHEAD),
               state->bureau_ahead_ms / 1000);
}

static void print_operator(const struct cli_call *call, const struct fg_control_state *state)
{
    char end[CLI_TIME_TEXT];

    cli_day_text(state->certificate_end_day, end);
    printf("%s: %s", cli_text(call, FG_TEXT_CLI_OPERATOR),
           state->operator_id[0] != '\0' ? state->operator_id : cli_text(call, FG_TEXT_CLI_NONE));
    if (state->operator_id[0] != '\0')
        printf(", %s %s, %s", cli_text(call, FG_TEXT_CLI_CERTIFICATE_TO), end,
               cli_person_proof_text(call, state->operator_proof));
    if (state->operator_idle_left_ms > 0)
        printf(", %s %" PRId64 " s", cli_text(call, FG_TEXT_CLI_IDLE_OUT),
               state->operator_idle_left_ms / 1000);
    printf("\n");
    if (state->second_code.text[0] != '\0')
        printf("%s: %s (%" PRId64 " s)\n", cli_text(call, FG_TEXT_CLI_SECOND_WANTED), state->second_code.text,
               (state->second_left_ms + 999) / 1000);
    if (state->sign_in_blocked)
        printf("%s: %" PRId64 " s\n", cli_text(call, FG_TEXT_CLI_PIN_BLOCKED),
               (state->sign_in_blocked_left_ms + 999) / 1000);
}

static void print_fill(const struct cli_call *call, const struct fg_control_state *state)
{
    if (state->suspended_by_operator)
        printf("%s\n", cli_text(call, FG_TEXT_CLI_SUSPENDED_BY_OPERATOR));
    if (state->stop != FG_STOP_NONE)
        printf("%s: %s\n", cli_text(call, FG_TEXT_CLI_ENDING),
               fg_stop_text(call->language, (enum fg_stop)state->stop));
    if (state->target > 0)
        printf("%s: %" PRId64 ".%" PRId64 " %%, %s %" PRId64 " %s, %" PRId64 " g\n",
               cli_text(call, FG_TEXT_CLI_PROGRESS), state->progress_permille / 10,
               state->progress_permille % 10, cli_text(call, FG_TEXT_CLI_TARGET), state->target,
               state->programme == FG_PROGRAMME_MASS ? "g" : "kPa", state->quantity_g);
    if (state->remaining_ms > 0)
        printf("%s: %" PRId64 " s\n", cli_text(call, FG_TEXT_CLI_REMAINING),
               (state->remaining_ms + 999) / 1000);
}

/* What keeps the point from filling, whoever scans. */
static void print_trouble(const struct cli_call *call, const struct fg_control_state *state)
{
    if (state->emergency_stop)
        printf("! %s\n", fg_reason_text(call->language, FG_REASON_EMERGENCY_STOP));
    if (state->device_fault)
        printf("! %s\n", fg_reason_text(call->language, FG_REASON_DEVICE_FAULT));
    if (state->point_blocked)
        printf("! %s\n", fg_reason_text(call->language, FG_REASON_POINT_BLOCKED));
}

static void print_plant(const struct cli_call *call, const struct fg_control_state *state)
{
    for (size_t i = 0; i < FG_SIGNAL_COUNT; i++) {
        const struct fg_control_reading *reading = &state->readings[i];

        if (reading->configured && reading->state == FG_READING_GOOD)
            printf("  %-15s %" PRId64 " (%" PRId64 " ms)\n", signal_names[i], reading->value,
                   reading->age_ms);
        else if (reading->configured)
            printf("  %-15s - (%c)\n", signal_names[i], reading->state == 0 ? '-' : reading->state);
    }
    for (size_t i = 0; i < state->device_count && i < FG_CONTROL_DEVICES_MAX; i++)
        printf("%s %s: %s %s\n", cli_text(call, FG_TEXT_CLI_DEVICE), state->devices[i].name,
               NAME_OF(links, state->devices[i].link), state->devices[i].last_error);
    printf("%s: %s %s\n", cli_text(call, FG_TEXT_CLI_READER),
           cli_text(call, state->reader_up ? FG_TEXT_CLI_UP : FG_TEXT_CLI_DOWN), state->reader_text);
}

static void print_status(const struct cli_call *call, const struct fg_control_state *state)
{
    printf("%s: %s   %s: %s\n", cli_text(call, FG_TEXT_CLI_POINT), state->point,
           cli_text(call, FG_TEXT_CLI_CONTROLLER), state->controller);
    printf("%s: %s   %s: %s %s\n", cli_text(call, FG_TEXT_CLI_PHASE), state->phase_name,
           cli_text(call, FG_TEXT_CLI_VALVE),
           cli_text(call, state->valve_commanded ? FG_TEXT_CLI_OPEN : FG_TEXT_CLI_SHUT),
           state->locked_out ? cli_text(call, FG_TEXT_CLI_LOCKED_OUT) : "");
    print_trouble(call, state);
    print_fill(call, state);
    print_decision(call, state);
    if (state->fills_ended > 0)
        printf("%s: %s, %" PRId64 " g\n", cli_text(call, FG_TEXT_CLI_LAST_FILL),
               fg_stop_text(call->language, (enum fg_stop)state->last_stop), state->last_quantity_g);
    print_stores(call, state);
    print_operator(call, state);
    print_plant(call, state);
}

static void json_decision(struct cli_json *json, const struct cli_call *call,
                          const struct fg_control_state *state)
{
    char uid[FG_UID_TEXT_MAX + 1];
    cJSON *reasons;

    fg_uid_format(&state->uid, uid);
    cli_json_bool(json, json->root, "tag_present", state->tag_present);
    cli_json_text(json, json->root, "uid", uid);
    cli_json_text(json, json->root, "code", state->code.text);
    cli_json_text(json, json->root, "plate", state->plate);
    cli_json_number(json, json->root, "decisions", (int64_t)state->decisions);
    cli_json_number(json, json->root, "decision_sequence", (int64_t)state->decision_sequence);
    cli_json_number(json, json->root, "identity", state->identity);
    cli_json_text(json, json->root, "second_person", state->second_person);
    cli_json_text(json, json->root, "second_proof", fg_person_proof_name(state->second_proof));
    reasons = cli_json_array(json, json->root, "reasons");
    for (size_t i = 0; i < state->reasons.count && i < FG_REASONS_MAX; i++) {
        enum fg_reason reason = (enum fg_reason)state->reasons.reasons[i];
        cJSON *object = cli_json_push_object(json, reasons);

        cli_json_number(json, object, "number", reason);
        cli_json_text(json, object, "name", fg_reason_name(reason));
        cli_json_text(json, object, "text", fg_reason_text(call->language, reason));
    }
    cli_json_text(json, json->root, "failing_code", state->failing_code.text);
    cli_json_text(json, json->root, "check_items", state->check_text);
    cli_json_text(json, json->root, "failing_reason", fg_reason_name((enum fg_reason)state->failing_reason));
}

static void json_fill(struct cli_json *json, const struct fg_control_state *state)
{
    cli_json_text(json, json->root, "controller", state->controller);
    cli_json_text(json, json->root, "point", state->point);
    cli_json_number(json, json->root, "medium", state->medium);
    cli_json_number(json, json->root, "boot", state->boot);
    cli_json_text(json, json->root, "phase", state->phase_name);
    cli_json_bool(json, json->root, "valve_commanded", state->valve_commanded);
    cli_json_bool(json, json->root, "locked_out", state->locked_out);
    cli_json_number(json, json->root, "programme", state->programme);
    cli_json_number(json, json->root, "quantity_g", state->quantity_g);
    cli_json_number(json, json->root, "authorised_sequence", (int64_t)state->authorised_sequence);
    cli_json_number(json, json->root, "pre_checks_wanted", state->pre_checks_wanted);
    cli_json_number(json, json->root, "pre_checks_done", state->pre_checks_done);
    cli_json_number(json, json->root, "post_checks_wanted", state->post_checks_wanted);
    cli_json_number(json, json->root, "post_checks_done", state->post_checks_done);
    cli_json_number(json, json->root, "fills_ended", (int64_t)state->fills_ended);
    cli_json_text(json, json->root, "last_stop", fg_stop_name((enum fg_stop)state->last_stop));
    cli_json_number(json, json->root, "last_ended_sequence", (int64_t)state->last_ended_sequence);
    cli_json_number(json, json->root, "last_quantity_g", state->last_quantity_g);
    cli_json_bool(json, json->root, "suspended_by_operator", state->suspended_by_operator);
    cli_json_number(json, json->root, "phase_left_ms", state->phase_left_ms);
    cli_json_number(json, json->root, "target", state->target);
    cli_json_number(json, json->root, "progress_permille", state->progress_permille);
    cli_json_number(json, json->root, "remaining_ms", state->remaining_ms);
    cli_json_text(json, json->root, "stop",
                  state->stop == FG_STOP_NONE ? "" : fg_stop_name((enum fg_stop)state->stop));
    cli_json_bool(json, json->root, "device_fault", state->device_fault);
    cli_json_bool(json, json->root, "emergency_stop", state->emergency_stop);
    cli_json_bool(json, json->root, "point_blocked", state->point_blocked);
}

static void json_stores(struct cli_json *json, const struct fg_control_state *state)
{
    char quality[2] = {(char)state->clock_quality, '\0'};
    cJSON *list = cli_json_object(json, json->root, "list");
    cJSON *journal = cli_json_object(json, json->root, "journal");

    cli_json_text(json, list, "state", NAME_OF(list_states, state->list_state));
    cli_json_text(json, list, "id", state->list_id);
    cli_json_number(json, list, "version", (int64_t)state->list_version);
    cli_json_number(json, list, "issued_ms", state->list_issued_ms);
    cli_json_number(json, list, "expires_ms", state->list_expires_ms);
    cli_json_number(json, list, "age_ms", state->list_age_ms);
    cli_json_bool(json, list, "age_warning", state->list_age_warning);
    cli_json_text(json, journal, "state", NAME_OF(journal_states, state->journal_state));
    cli_json_number(json, journal, "count", (int64_t)state->journal_count);
    cli_json_number(json, journal, "unsent", (int64_t)state->journal_unsent);
    cli_json_number(json, journal, "last_sequence", (int64_t)state->journal_last_sequence);
    cli_json_number(json, journal, "oldest_unsent_ms", state->oldest_unsent_ms);
    cli_json_number(json, journal, "receipt_next", (int64_t)state->receipt_next);
    cli_json_number(json, journal, "receipt_taken_ms", state->receipt_taken_ms);
    cli_json_text(json, list, "text", state->list_text);
    cli_json_text(json, journal, "text", state->journal_text);
    cli_json_text(json, json->root, "keys_text", state->keys_text);
    cli_json_text(json, json->root, "clock_quality", quality);
    cli_json_number(json, json->root, "clock_floor_ms", state->clock_floor_ms);
    cli_json_number(json, json->root, "bureau_ahead_ms", state->bureau_ahead_ms);
    cli_json_number(json, json->root, "wall_ms", state->wall_ms);
    cli_json_text(json, json->root, "operator", state->operator_id);
    cli_json_text(json, json->root, "operator_proof", fg_person_proof_name(state->operator_proof));
    cli_json_bool(json, json->root, "manual_entry", state->manual_entry);
    cli_json_text(json, json->root, "second_code", state->second_code.text);
    cli_json_number(json, json->root, "second_left_ms", state->second_left_ms);
    cli_json_number(json, json->root, "certificate_end_day", state->certificate_end_day);
    cli_json_number(json, json->root, "operator_idle_left_ms", state->operator_idle_left_ms);
    cli_json_bool(json, json->root, "sign_in_blocked", state->sign_in_blocked);
    cli_json_number(json, json->root, "sign_in_blocked_left_ms", state->sign_in_blocked_left_ms);
    cli_json_number(json, json->root, "board_version", state->board_version);
    cli_json_number(json, json->root, "utc_offset_s", state->utc_offset_s);
    cli_json_number(json, json->root, "today", state->today);
}

static void json_row(struct cli_json *json, const struct fg_row *row)
{
    cJSON *object = cli_json_object(json, json->root, "row");
    cJSON *others = cli_json_array(json, object, "others");

    cli_json_text(json, object, "code", row->code.text);
    cli_json_number(json, object, "state", row->state);
    cli_json_number(json, object, "medium", row->medium);
    cli_json_number(json, object, "nominal_kpa", row->nominal_pressure_kpa);
    cli_json_number(json, object, "capacity_dl", row->water_capacity_dl);
    cli_json_number(json, object, "tare_g", row->tare_g);
    cli_json_number(json, object, "maximum_fill_g", row->maximum_fill_g);
    cli_json_number(json, object, "inspection_due_day", row->inspection_due_day);
    cli_json_number(json, object, "end_of_life_day", row->end_of_life_day);
    cli_json_text(json, object, "owner", row->owner);
    cli_json_text(json, object, "plate", row->plate);
    for (size_t i = 0; i < row->other_count && i < FG_VEHICLE_OTHERS_MAX; i++)
        cli_json_push_text(json, others, row->others[i].text);
}

static void json_plant(struct cli_json *json, const struct fg_control_state *state)
{
    cJSON *readings = cli_json_object(json, json->root, "readings");
    cJSON *devices = cli_json_array(json, json->root, "devices");

    for (size_t i = 0; i < FG_SIGNAL_COUNT; i++) {
        const struct fg_control_reading *reading = &state->readings[i];
        char letter[2] = {(char)reading->state, '\0'};
        cJSON *object;

        if (!reading->configured)
            continue;
        object = cli_json_object(json, readings, signal_names[i]);
        cli_json_text(json, object, "state", letter);
        if (reading->state == FG_READING_GOOD)
            cli_json_number(json, object, "value", reading->value);
        cli_json_number(json, object, "age_ms", reading->age_ms);
    }
    for (size_t i = 0; i < state->device_count && i < FG_CONTROL_DEVICES_MAX; i++) {
        cJSON *device = cli_json_push_object(json, devices);

        cli_json_text(json, device, "name", state->devices[i].name);
        cli_json_text(json, device, "link", NAME_OF(links, state->devices[i].link));
        cli_json_number(json, device, "requests", (int64_t)state->devices[i].requests);
        cli_json_number(json, device, "failures", (int64_t)state->devices[i].failures);
        cli_json_text(json, device, "last_error", state->devices[i].last_error);
    }
    cli_json_bool(json, json->root, "reader_up", state->reader_up);
    cli_json_number(json, json->root, "reader_restarts", state->reader_restarts);
    cli_json_text(json, json->root, "reader_text", state->reader_text);
}

static enum cli_exit point_status(const struct cli_call *call)
{
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    struct fg_control_answer answer = {0};
    struct cli_json json;
    enum cli_exit result = cli_point_ask(call, &request, &answer);

    if (result != CLI_OK)
        return result;
    if (!answer.has_state) {
        (void)fprintf(stderr, "fillgate: the answer of fillgated holds no state\n");
        return CLI_FAILURE;
    }
    if (!call->json) {
        print_status(call, &answer.state);
        return CLI_OK;
    }
    cli_json_start(&json);
    json_fill(&json, &answer.state);
    json_decision(&json, call, &answer.state);
    if (answer.state.row_known)
        json_row(&json, &answer.state.row);
    json_stores(&json, &answer.state);
    json_plant(&json, &answer.state);
    return cli_json_print(&json, stdout) ? CLI_OK : CLI_FAILURE;
}

static bool copy_name(const char *value, char ret_name[FG_NAME_MAX + 1])
{
    return (size_t)snprintf(ret_name, FG_NAME_MAX + 1, "%s", value) <= FG_NAME_MAX;
}

/* By PIN as the operator; by the certificate's date as a technician at the board. */
static enum cli_exit point_sign_in(const struct cli_call *call)
{
    struct fg_control_request request = {.kind = FG_CONTROL_SIGN_IN};
    const char *day = cli_value(call, "--certificate-end");
    struct fg_error error;
    enum fg_err result;
    enum cli_exit done;

    if (!copy_name(call->arguments[0], request.operator_id))
        return cli_usage(call, "the operator's id is longer than %d bytes", FG_NAME_MAX);
    if (day != NULL && cli_value(call, "--pin-file") != NULL)
        return cli_usage(call, "give --pin-file or --certificate-end, not both");
    if (day != NULL && cli_day_parse(day, &request.certificate_end_day, &error) != FG_OK)
        return cli_usage(call, "%s", error.text);
    if (day != NULL)
        return tell(call, &request);
    result = cli_pin_read(call, CLI_PIN_TO_SIGN_IN, request.pin, &error);
    if (result != FG_OK)
        return cli_fail(call, result, &error);
    done = tell(call, &request);
    mbedtls_platform_zeroize(request.pin, sizeof(request.pin));
    return done;
}

/* Without --item the items that the point waits for are all confirmed. */
static enum cli_exit point_check(const struct cli_call *call)
{
    struct fg_control_request request = {.kind = FG_CONTROL_CHECK};
    const char *const *items;
    size_t count = cli_values(call, "--item", &items);

    request.check_failed = cli_value(call, "--failed") != NULL;
    for (size_t i = 0; i < count; i++) {
        char *end;
        unsigned long number;

        errno = 0;
        number = strtoul(items[i], &end, 10);
        if (errno != 0 || *end != '\0' || number < 1 || number > FG_CHECK_ITEMS_MAX)
            return cli_usage(call, "--item %s is not a number from 1 to %d", items[i], FG_CHECK_ITEMS_MAX);
        request.checks |= UINT32_C(1) << (number - 1);
    }
    if (count == 0 && request.check_failed)
        return cli_usage(call, "say which item failed: --item NUMBER");
    if (count == 0) {
        struct fg_control_request state_request = {.kind = FG_CONTROL_STATE};
        struct fg_control_answer answer = {0};
        enum cli_exit result = cli_point_ask(call, &state_request, &answer);

        if (result != CLI_OK)
            return result;
        request.checks = (answer.state.pre_checks_wanted & ~answer.state.pre_checks_done) |
                         (answer.state.post_checks_wanted & ~answer.state.post_checks_done);
    }
    return tell(call, &request);
}

static enum cli_exit point_sign_out(const struct cli_call *call)
{
    return tell(call, &(struct fg_control_request){.kind = FG_CONTROL_SIGN_OUT});
}

static enum cli_exit point_start(const struct cli_call *call)
{
    return tell(call, &(struct fg_control_request){.kind = FG_CONTROL_START});
}

static enum cli_exit point_stop(const struct cli_call *call)
{
    return tell(call, &(struct fg_control_request){.kind = FG_CONTROL_STOP});
}

static enum cli_exit point_suspend(const struct cli_call *call)
{
    return tell(call, &(struct fg_control_request){.kind = FG_CONTROL_SUSPEND});
}

static enum cli_exit point_resume(const struct cli_call *call)
{
    return tell(call, &(struct fg_control_request){.kind = FG_CONTROL_RESUME});
}

static enum cli_exit point_clear(const struct cli_call *call)
{
    return tell(call, &(struct fg_control_request){.kind = FG_CONTROL_CLEAR_LOCK_OUT});
}

static enum cli_exit point_recheck(const struct cli_call *call)
{
    return tell(call, &(struct fg_control_request){.kind = FG_CONTROL_RECHECK});
}

#define WHERE                                                                                                \
    {"--socket", "FILE", FG_TEXT_CLI_OPTION_SOCKET, false},                                                  \
    {                                                                                                        \
        "--config", "FILE", FG_TEXT_CLI_OPTION_CONFIG, false                                                 \
    }
static const struct cli_option where_options[] = {WHERE, {0}};
static const struct cli_option sign_in_options[] = {
    WHERE,
    {"--pin-file", "FILE", FG_TEXT_CLI_OPTION_PIN_FILE, false},
    {"--certificate-end", "DATE", FG_TEXT_CLI_OPTION_CERTIFICATE, false},
    {0}};
static const struct cli_option check_options[] = {WHERE,
                                                  {"--item", "NUMBER", FG_TEXT_CLI_OPTION_ITEM, true},
                                                  {"--failed", NULL, FG_TEXT_CLI_OPTION_FAILED, false},
                                                  {0}};
static const struct cli_option manual_options[] = {WHERE,
                                                   {"--second", "NAME", FG_TEXT_CLI_OPTION_SECOND, false},
                                                   {"--pin-file", "FILE", FG_TEXT_CLI_OPTION_PIN_FILE, false},
                                                   {0}};

const struct cli_command cli_point_commands[] = {
    {"point", "status", "", FG_TEXT_CLI_POINT_STATUS, 0, 0, where_options, point_status},
    {"point", "sign-in", "OPERATOR", FG_TEXT_CLI_POINT_SIGN_IN, 1, 1, sign_in_options, point_sign_in},
    {"point", "sign-out", "", FG_TEXT_CLI_POINT_SIGN_OUT, 0, 0, where_options, point_sign_out},
    {"point", "check", "", FG_TEXT_CLI_POINT_CHECK, 0, 0, check_options, point_check},
    {"point", "start", "", FG_TEXT_CLI_POINT_START, 0, 0, where_options, point_start},
    {"point", "stop", "", FG_TEXT_CLI_POINT_STOP, 0, 0, where_options, point_stop},
    {"point", "suspend", "", FG_TEXT_CLI_POINT_SUSPEND, 0, 0, where_options, point_suspend},
    {"point", "resume", "", FG_TEXT_CLI_POINT_RESUME, 0, 0, where_options, point_resume},
    {"point", "board", "", FG_TEXT_CLI_POINT_BOARD, 0, 0, where_options, cli_point_board},
    {"point", "clear-lock-out", "", FG_TEXT_CLI_POINT_CLEAR, 0, 0, where_options, point_clear},
    {"point", "manual", "CODE", FG_TEXT_CLI_POINT_MANUAL, 1, 1, manual_options, cli_point_manual},
    {"point", "recheck", "", FG_TEXT_CLI_POINT_RECHECK, 0, 0, where_options, point_recheck},
    {0},
};
