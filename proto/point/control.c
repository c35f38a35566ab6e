/* Codec of the control socket (control.h): plain structs to protobuf packets and back.
 * Every text is checked on the way in, so that whatever decodes may be logged and shown as it is. */
#include "proto/point/control.h"

#include <mbedtls/platform_util.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <stdio.h>
#include <string.h>

#include "proto/list/row.h"
#include "proto/point/control.pb.h"

_Static_assert(FgControlAnswer_size <= FG_CONTROL_PACKET_MAX, "the largest answer is one packet");
_Static_assert(FgControlRequest_size <= FG_CONTROL_PACKET_MAX, "the largest request is one packet");
_Static_assert(sizeof(((FgControlAnswer *)0)->batch.bytes) == FG_CONTROL_BATCH_MAX, "batch sizes agree");
_Static_assert(sizeof(((FgControlRequest *)0)->receipt.bytes) == FG_STATEMENT_BYTES_MAX,
               "receipt sizes agree");
_Static_assert(sizeof(((FgControlRequest *)0)->pin) == FG_PIN_MAX + 1, "PIN sizes agree");
_Static_assert(sizeof(((FgControlState *)0)->row.bytes) == FG_ROW_BYTES_MAX, "row sizes agree");
_Static_assert(sizeof(((FgControlBoard *)0)->operators) / sizeof(FgControlOperator) == FG_OPERATORS_MAX,
               "operator counts agree");
_Static_assert(sizeof(((FgControlBoard *)0)->reasons) / sizeof(FgControlReasonCount) == FG_REASONS_MAX,
               "reason counts agree");
_Static_assert(sizeof(((FgControlBoard *)0)->attempts) / sizeof(FgControlAttempt) == FG_CONTROL_ATTEMPTS_MAX,
               "attempt counts agree");
_Static_assert(FG_SIGNAL_COUNT == 10, "readings in control.options must have room for every signal");

static const char *const kind_names[FG_CONTROL_KIND_COUNT] = {
    "?",      "STATE",       "SIGN_IN", "SIGN_OUT", "CHECK",   "START",   "STOP",    "CLEAR_LOCK_OUT",
    "MANUAL", "IMPORT_LIST", "RECHECK", "JOURNAL",  "RECEIPT", "KEYRING", "SUSPEND", "RESUME",
    "BOARD",  "SECOND",      "CLOCK",
};

const char *fg_control_kind_name(uint8_t kind)
{
    return kind < FG_CONTROL_KIND_COUNT ? kind_names[kind] : "?";
}

/* ---- texts ---- */

static size_t utf8_sequence_length(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    if (first >= 0xf0 && first <= 0xf4)
        return 4;
    return 0;
}

/* UTF-8 without control characters; overlong forms and surrogates are not worth telling apart here. */
static bool text_is_clean(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;

    while (*at != 0) {
        size_t length = utf8_sequence_length(*at);

        if (length == 0 || *at < 0x20 || *at == 0x7f)
            return false;
        for (size_t i = 1; i < length; i++) {
            if ((at[i] & 0xc0) != 0x80)
                return false;
        }
        at += length;
    }
    return true;
}

static bool code_is_clean(const char *text)
{
    for (; *text != '\0'; text++) {
        if (!((*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z') || *text == '-'))
            return false;
    }
    return true;
}

struct text_fault {
    const char *field; /* first field that is not clean, NULL = none */
};

static void text_take(struct text_fault *fault, const char *field, char *to, size_t capacity,
                      const char *from)
{
    if (fault->field == NULL && !text_is_clean(from))
        fault->field = field;
    (void)snprintf(to, capacity, "%s", from);
}

static void code_take(struct text_fault *fault, const char *field, struct fg_code *code, const char *from)
{
    if (fault->field == NULL && !code_is_clean(from))
        fault->field = field;
    (void)snprintf(code->text, sizeof(code->text), "%s", from);
}

#define TEXT_COPY(to, from) (void)snprintf((to), sizeof(to), "%s", (from))

/* For texts that quote bytes from elsewhere (errors): what is not clean becomes '?', so that the other end
 * does not refuse the whole answer. */
static void text_put(char *to, size_t capacity, const char *from)
{
    (void)snprintf(to, capacity, "%s", from);
    if (text_is_clean(to))
        return;
    for (; *to != '\0'; to++) {
        if ((unsigned char)*to < 0x20 || (unsigned char)*to >= 0x7f)
            *to = '?';
    }
}

/* ---- requests ---- */

enum fg_err fg_control_encode_request(const struct fg_control_request *request, uint8_t *buffer,
                                      size_t capacity, size_t *ret_length, struct fg_error *error)
{
    FgControlRequest message = FgControlRequest_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);
    bool encoded;

    message.kind = request->kind;
    TEXT_COPY(message.operator_id, request->operator_id);
    message.certificate_end_day = request->certificate_end_day;
    message.checks = request->checks;
    message.check_failed = request->check_failed;
    TEXT_COPY(message.code, request->code.text);
    TEXT_COPY(message.path, request->path);
    message.from_sequence = request->from_sequence;
    message.count_max = request->count_max;
    if (request->receipt_length > FG_STATEMENT_BYTES_MAX)
        return fg_fail(error, FG_E_RANGE, "control request: a receipt of %u bytes", request->receipt_length);
    message.receipt.size = request->receipt_length;
    memcpy(message.receipt.bytes, request->receipt, request->receipt_length);
    TEXT_COPY(message.pin, request->pin);
    encoded = pb_encode(&stream, FgControlRequest_fields, &message);
    mbedtls_platform_zeroize(message.pin, sizeof(message.pin));
    if (!encoded)
        return fg_fail(error, FG_E_SIZE, "control request: does not fit in %zu bytes", capacity);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

static enum fg_err request_take(const FgControlRequest *message, struct fg_control_request *ret_request,
                                struct fg_error *error)
{
    struct text_fault fault = {NULL};

    if (message->kind == 0 || message->kind >= FG_CONTROL_KIND_COUNT)
        return fg_fail(error, FG_E_RANGE, "control request: unknown kind %u", (unsigned)message->kind);
    memset(ret_request, 0, sizeof(*ret_request));
    ret_request->kind = (uint8_t)message->kind;
    text_take(&fault, "operator_id", ret_request->operator_id, sizeof(ret_request->operator_id),
              message->operator_id);
    ret_request->certificate_end_day = message->certificate_end_day;
    ret_request->checks = message->checks;
    ret_request->check_failed = message->check_failed;
    code_take(&fault, "code", &ret_request->code, message->code);
    text_take(&fault, "path", ret_request->path, sizeof(ret_request->path), message->path);
    ret_request->from_sequence = message->from_sequence;
    ret_request->count_max = message->count_max;
    ret_request->receipt_length = message->receipt.size;
    memcpy(ret_request->receipt, message->receipt.bytes, message->receipt.size);
    text_take(&fault, "pin", ret_request->pin, sizeof(ret_request->pin), message->pin);
    if (fault.field != NULL)
        return fg_fail(error, FG_E_RANGE, "control request %s: %s has characters that are not allowed",
                       fg_control_kind_name(ret_request->kind), fault.field);
    return FG_OK;
}

enum fg_err fg_control_decode_request(const uint8_t *bytes, size_t length,
                                      struct fg_control_request *ret_request, struct fg_error *error)
{
    FgControlRequest message = FgControlRequest_init_zero;
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);
    struct fg_control_request request = {0};
    enum fg_err code;

    if (length > FG_CONTROL_PACKET_MAX)
        return fg_fail(error, FG_E_SIZE, "control request: %zu bytes, at most %d allowed", length,
                       FG_CONTROL_PACKET_MAX);
    if (!pb_decode(&stream, FgControlRequest_fields, &message))
        code = fg_fail(error, FG_E_FORMAT, "control request: %s", PB_GET_ERROR(&stream));
    else
        code = request_take(&message, &request, error);
    if (code == FG_OK)
        *ret_request = request;
    mbedtls_platform_zeroize(message.pin, sizeof(message.pin));
    mbedtls_platform_zeroize(request.pin, sizeof(request.pin));
    return code;
}

/* ---- answers ---- */

static void state_encode_machine(const struct fg_control_state *state, FgControlState *message)
{
    TEXT_COPY(message->controller, state->controller);
    TEXT_COPY(message->point, state->point);
    message->medium = state->medium;
    message->boot = state->boot;
    message->phase = state->phase;
    TEXT_COPY(message->phase_name, state->phase_name);
    message->valve_commanded = state->valve_commanded;
    message->locked_out = state->locked_out;
    message->programme = state->programme;
    message->quantity_g = state->quantity_g;
    message->authorised_sequence = state->authorised_sequence;
    message->pre_checks_wanted = state->pre_checks_wanted;
    message->pre_checks_done = state->pre_checks_done;
    message->post_checks_wanted = state->post_checks_wanted;
    message->post_checks_done = state->post_checks_done;
    message->pre_checks_count = state->pre_check_count;
    for (size_t i = 0; i < state->pre_check_count; i++)
        TEXT_COPY(message->pre_checks[i], state->pre_checks[i]);
    message->post_checks_count = state->post_check_count;
    for (size_t i = 0; i < state->post_check_count; i++)
        TEXT_COPY(message->post_checks[i], state->post_checks[i]);
    message->fills_ended = state->fills_ended;
    message->last_stop = state->last_stop;
    message->last_ended_sequence = state->last_ended_sequence;
    message->last_quantity_g = state->last_quantity_g;
}

static void state_encode_decision(const struct fg_control_state *state, FgControlState *message)
{
    message->tag_present = state->tag_present;
    message->uid.size = state->uid.length;
    memcpy(message->uid.bytes, state->uid.bytes, state->uid.length);
    TEXT_COPY(message->code, state->code.text);
    TEXT_COPY(message->plate, state->plate);
    message->decisions = state->decisions;
    message->identity = state->identity;
    TEXT_COPY(message->second_person, state->second_person);
    message->second_proof = state->second_proof;
    message->reasons.size = state->reasons.count;
    memcpy(message->reasons.bytes, state->reasons.reasons, state->reasons.count);
    TEXT_COPY(message->failing_code, state->failing_code.text);
    message->failing_reason = state->failing_reason;
    message->decision_sequence = state->decision_sequence;
}

static void state_encode_stores(const struct fg_control_state *state, FgControlState *message)
{
    message->list_state = state->list_state;
    TEXT_COPY(message->list_id, state->list_id);
    message->list_version = state->list_version;
    message->list_issued_ms = state->list_issued_ms;
    message->list_expires_ms = state->list_expires_ms;
    message->list_age_ms = state->list_age_ms;
    message->list_age_warning = state->list_age_warning;
    message->journal_state = state->journal_state;
    message->journal_count = state->journal_count;
    message->journal_unsent = state->journal_unsent;
    message->journal_last_sequence = state->journal_last_sequence;
    message->oldest_unsent_ms = state->oldest_unsent_ms;
    message->receipt_next = state->receipt_next;
    message->receipt_taken_ms = state->receipt_taken_ms;
    message->clock_quality = state->clock_quality;
    message->wall_ms = state->wall_ms;
    TEXT_COPY(message->operator_id, state->operator_id);
    message->certificate_end_day = state->certificate_end_day;
}

static void state_encode_devices(const struct fg_control_state *state, FgControlState *message)
{
    message->readings_count = FG_SIGNAL_COUNT;
    for (size_t i = 0; i < FG_SIGNAL_COUNT; i++) {
        message->readings[i].configured = state->readings[i].configured;
        message->readings[i].state = state->readings[i].state;
        message->readings[i].value = state->readings[i].value;
        message->readings[i].age_ms = state->readings[i].age_ms;
    }
    message->devices_count = state->device_count;
    for (size_t i = 0; i < state->device_count; i++) {
        TEXT_COPY(message->devices[i].name, state->devices[i].name);
        message->devices[i].link = state->devices[i].link;
        message->devices[i].requests = state->devices[i].requests;
        message->devices[i].failures = state->devices[i].failures;
        text_put(message->devices[i].last_error, sizeof(message->devices[i].last_error),
                 state->devices[i].last_error);
    }
    message->reader_up = state->reader_up;
    message->reader_restarts = state->reader_restarts;
    text_put(message->reader_text, sizeof(message->reader_text), state->reader_text);
    text_put(message->check_text, sizeof(message->check_text), state->check_text);
}

static enum fg_err state_encode_panel(const struct fg_control_state *state, FgControlState *message,
                                      struct fg_error *error)
{
    size_t length = 0;
    enum fg_err code;

    message->operator_idle_left_ms = state->operator_idle_left_ms;
    message->operator_proof = state->operator_proof;
    message->manual_entry = state->manual_entry;
    TEXT_COPY(message->second_code, state->second_code.text);
    message->second_left_ms = state->second_left_ms;
    message->sign_in_blocked = state->sign_in_blocked;
    message->sign_in_blocked_left_ms = state->sign_in_blocked_left_ms;
    message->suspended_by_operator = state->suspended_by_operator;
    message->phase_left_ms = state->phase_left_ms;
    message->target = state->target;
    message->progress_permille = state->progress_permille;
    message->remaining_ms = state->remaining_ms;
    message->stop = state->stop;
    message->device_fault = state->device_fault;
    message->emergency_stop = state->emergency_stop;
    message->point_blocked = state->point_blocked;
    message->board_version = state->board_version;
    message->utc_offset_s = state->utc_offset_s;
    message->today = state->today;
    message->clock_floor_ms = state->clock_floor_ms;
    message->bureau_ahead_ms = state->bureau_ahead_ms;
    text_put(message->journal_text, sizeof(message->journal_text), state->journal_text);
    text_put(message->list_text, sizeof(message->list_text), state->list_text);
    text_put(message->keys_text, sizeof(message->keys_text), state->keys_text);
    if (!state->row_known)
        return FG_OK;
    code = fg_row_encode(&state->row, message->row.bytes, sizeof(message->row.bytes), &length, error);
    message->row.size = (pb_size_t)length;
    return code;
}

static void board_encode(const struct fg_control_board *board, FgControlBoard *message)
{
    message->version = board->version;
    message->fills_today = board->fills_today;
    message->refusals_today = board->refusals_today;
    message->quantity_today_g = board->quantity_today_g;
    message->operators_count = board->operator_count;
    for (size_t i = 0; i < board->operator_count; i++) {
        TEXT_COPY(message->operators[i].id, board->operators[i].id);
        message->operators[i].certificate_end_day = board->operators[i].certificate_end_day;
        message->operators[i].has_card = board->operators[i].has_card;
        message->operators[i].has_pin = board->operators[i].has_pin;
    }
    message->reasons_count = board->reason_count;
    for (size_t i = 0; i < board->reason_count; i++) {
        message->reasons[i].reason = board->reasons[i].reason;
        message->reasons[i].count = board->reasons[i].count;
    }
    message->attempts_count = board->attempt_count;
    for (size_t i = 0; i < board->attempt_count; i++) {
        const struct fg_control_attempt *attempt = &board->attempts[i];

        message->attempts[i].sequence = attempt->sequence;
        message->attempts[i].wall_ms = attempt->wall_ms;
        TEXT_COPY(message->attempts[i].code, attempt->code.text);
        TEXT_COPY(message->attempts[i].plate, attempt->plate);
        TEXT_COPY(message->attempts[i].operator_id, attempt->operator_id);
        TEXT_COPY(message->attempts[i].second_person, attempt->second_person);
        message->attempts[i].operator_proof = attempt->operator_proof;
        message->attempts[i].second_proof = attempt->second_proof;
        message->attempts[i].kind = attempt->kind;
        message->attempts[i].reason = attempt->reason;
        message->attempts[i].stop = attempt->stop;
        message->attempts[i].identity = attempt->identity;
        message->attempts[i].quantity_g = attempt->quantity_g;
    }
}

static bool counts_are_good(const struct fg_control_answer *answer)
{
    const struct fg_control_state *state = &answer->state;
    const struct fg_control_board *board = &answer->board;

    if (answer->has_state &&
        (state->pre_check_count > FG_CHECK_ITEMS_MAX || state->post_check_count > FG_CHECK_ITEMS_MAX ||
         state->device_count > FG_CONTROL_DEVICES_MAX || state->uid.length > FG_UID_MAX ||
         state->reasons.count > FG_REASONS_MAX))
        return false;
    return !answer->has_board ||
           (board->operator_count <= FG_OPERATORS_MAX && board->reason_count <= FG_REASONS_MAX &&
            board->attempt_count <= FG_CONTROL_ATTEMPTS_MAX);
}

enum fg_err fg_control_encode_answer(const struct fg_control_answer *answer, uint8_t *buffer, size_t capacity,
                                     size_t *ret_length, struct fg_error *error)
{
    FgControlAnswer message = FgControlAnswer_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);
    const struct fg_control_state *state = &answer->state;
    enum fg_err code;

    if (!counts_are_good(answer))
        return fg_fail(error, FG_E_RANGE, "control answer: a count is out of bounds");
    if (answer->batch_length > FG_CONTROL_BATCH_MAX)
        return fg_fail(error, FG_E_RANGE, "control answer: a batch of %u bytes", answer->batch_length);
    message.result = (int32_t)answer->result;
    message.next_sequence = answer->next_sequence;
    message.batch.size = answer->batch_length;
    memcpy(message.batch.bytes, answer->batch, answer->batch_length);
    text_put(message.text, sizeof(message.text), answer->text);
    message.list_version = answer->list_version;
    message.has_state = answer->has_state;
    if (answer->has_state) {
        state_encode_machine(state, &message.state);
        state_encode_decision(state, &message.state);
        state_encode_stores(state, &message.state);
        state_encode_devices(state, &message.state);
        code = state_encode_panel(state, &message.state, error);
        if (code != FG_OK)
            return code;
    }
    message.has_board = answer->has_board;
    if (answer->has_board)
        board_encode(&answer->board, &message.board);
    if (!pb_encode(&stream, FgControlAnswer_fields, &message))
        return fg_fail(error, FG_E_SIZE, "control answer: does not fit in %zu bytes", capacity);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

static uint8_t byte_of(uint32_t value, bool *too_large)
{
    if (value > UINT8_MAX)
        *too_large = true;
    return (uint8_t)value;
}

static void state_decode_machine(const FgControlState *message, struct fg_control_state *state,
                                 struct text_fault *fault, bool *too_large)
{
    text_take(fault, "controller", state->controller, sizeof(state->controller), message->controller);
    text_take(fault, "point", state->point, sizeof(state->point), message->point);
    state->medium = byte_of(message->medium, too_large);
    state->boot = message->boot;
    state->phase = byte_of(message->phase, too_large);
    text_take(fault, "phase_name", state->phase_name, sizeof(state->phase_name), message->phase_name);
    state->valve_commanded = message->valve_commanded;
    state->locked_out = message->locked_out;
    state->programme = byte_of(message->programme, too_large);
    state->quantity_g = message->quantity_g;
    state->authorised_sequence = message->authorised_sequence;
    state->pre_checks_wanted = message->pre_checks_wanted;
    state->pre_checks_done = message->pre_checks_done;
    state->post_checks_wanted = message->post_checks_wanted;
    state->post_checks_done = message->post_checks_done;
    state->pre_check_count = (uint8_t)message->pre_checks_count;
    for (size_t i = 0; i < message->pre_checks_count; i++)
        text_take(fault, "pre_checks", state->pre_checks[i], sizeof(state->pre_checks[i]),
                  message->pre_checks[i]);
    state->post_check_count = (uint8_t)message->post_checks_count;
    for (size_t i = 0; i < message->post_checks_count; i++)
        text_take(fault, "post_checks", state->post_checks[i], sizeof(state->post_checks[i]),
                  message->post_checks[i]);
    state->fills_ended = message->fills_ended;
    state->last_stop = byte_of(message->last_stop, too_large);
    state->last_ended_sequence = message->last_ended_sequence;
    state->last_quantity_g = message->last_quantity_g;
}

static void state_decode_decision(const FgControlState *message, struct fg_control_state *state,
                                  struct text_fault *fault, bool *too_large)
{
    state->tag_present = message->tag_present;
    state->uid.length = (uint8_t)message->uid.size;
    memcpy(state->uid.bytes, message->uid.bytes, message->uid.size);
    code_take(fault, "code", &state->code, message->code);
    text_take(fault, "plate", state->plate, sizeof(state->plate), message->plate);
    state->decisions = message->decisions;
    state->identity = byte_of(message->identity, too_large);
    text_take(fault, "second_person", state->second_person, sizeof(state->second_person),
              message->second_person);
    state->second_proof = byte_of(message->second_proof, too_large);
    state->reasons.count = (uint8_t)message->reasons.size;
    memcpy(state->reasons.reasons, message->reasons.bytes, message->reasons.size);
    code_take(fault, "failing_code", &state->failing_code, message->failing_code);
    state->failing_reason = byte_of(message->failing_reason, too_large);
    state->decision_sequence = message->decision_sequence;
}

static void state_decode_stores(const FgControlState *message, struct fg_control_state *state,
                                struct text_fault *fault, bool *too_large)
{
    state->list_state = byte_of(message->list_state, too_large);
    text_take(fault, "list_id", state->list_id, sizeof(state->list_id), message->list_id);
    state->list_version = message->list_version;
    state->list_issued_ms = message->list_issued_ms;
    state->list_expires_ms = message->list_expires_ms;
    state->list_age_ms = message->list_age_ms;
    state->list_age_warning = message->list_age_warning;
    state->journal_state = byte_of(message->journal_state, too_large);
    state->journal_count = message->journal_count;
    state->journal_unsent = message->journal_unsent;
    state->journal_last_sequence = message->journal_last_sequence;
    state->oldest_unsent_ms = message->oldest_unsent_ms;
    state->receipt_next = message->receipt_next;
    state->receipt_taken_ms = message->receipt_taken_ms;
    state->clock_quality = byte_of(message->clock_quality, too_large);
    state->wall_ms = message->wall_ms;
    text_take(fault, "operator_id", state->operator_id, sizeof(state->operator_id), message->operator_id);
    state->certificate_end_day = message->certificate_end_day;
}

static void state_decode_devices(const FgControlState *message, struct fg_control_state *state,
                                 struct text_fault *fault, bool *too_large)
{
    for (size_t i = 0; i < message->readings_count; i++) {
        state->readings[i].configured = message->readings[i].configured;
        state->readings[i].state = byte_of(message->readings[i].state, too_large);
        state->readings[i].value = message->readings[i].value;
        state->readings[i].age_ms = message->readings[i].age_ms;
    }
    state->device_count = (uint8_t)message->devices_count;
    for (size_t i = 0; i < message->devices_count; i++) {
        struct fg_control_device *device = &state->devices[i];

        text_take(fault, "device name", device->name, sizeof(device->name), message->devices[i].name);
        device->link = byte_of(message->devices[i].link, too_large);
        device->requests = message->devices[i].requests;
        device->failures = message->devices[i].failures;
        text_take(fault, "device error", device->last_error, sizeof(device->last_error),
                  message->devices[i].last_error);
    }
    state->reader_up = message->reader_up;
    state->reader_restarts = message->reader_restarts;
    text_take(fault, "reader_text", state->reader_text, sizeof(state->reader_text), message->reader_text);
    text_take(fault, "check_text", state->check_text, sizeof(state->check_text), message->check_text);
}

static void state_decode_panel(const FgControlState *message, struct fg_control_state *state,
                               struct text_fault *fault, bool *too_large)
{
    state->operator_idle_left_ms = message->operator_idle_left_ms;
    state->operator_proof = byte_of(message->operator_proof, too_large);
    state->manual_entry = message->manual_entry;
    code_take(fault, "second_code", &state->second_code, message->second_code);
    state->second_left_ms = message->second_left_ms;
    state->sign_in_blocked = message->sign_in_blocked;
    state->sign_in_blocked_left_ms = message->sign_in_blocked_left_ms;
    state->suspended_by_operator = message->suspended_by_operator;
    state->phase_left_ms = message->phase_left_ms;
    state->target = message->target;
    state->progress_permille = message->progress_permille;
    state->remaining_ms = message->remaining_ms;
    state->stop = byte_of(message->stop, too_large);
    state->device_fault = message->device_fault;
    state->emergency_stop = message->emergency_stop;
    state->point_blocked = message->point_blocked;
    state->board_version = message->board_version;
    state->utc_offset_s = message->utc_offset_s;
    state->today = message->today;
    state->clock_floor_ms = message->clock_floor_ms;
    state->bureau_ahead_ms = message->bureau_ahead_ms;
    text_take(fault, "journal_text", state->journal_text, sizeof(state->journal_text), message->journal_text);
    text_take(fault, "list_text", state->list_text, sizeof(state->list_text), message->list_text);
    text_take(fault, "keys_text", state->keys_text, sizeof(state->keys_text), message->keys_text);
    state->row_known = message->row.size != 0;
    if (!state->row_known)
        return;
    if (fg_row_decode(message->row.bytes, message->row.size, &state->row, NULL) != FG_OK ||
        !text_is_clean(state->row.plate) || !text_is_clean(state->row.owner))
        fault->field = "row";
}

static void board_decode(const FgControlBoard *message, struct fg_control_board *board,
                         struct text_fault *fault, bool *too_large)
{
    board->version = message->version;
    board->fills_today = message->fills_today;
    board->refusals_today = message->refusals_today;
    board->quantity_today_g = message->quantity_today_g;
    board->operator_count = (uint8_t)message->operators_count;
    for (size_t i = 0; i < message->operators_count; i++) {
        struct fg_control_operator *person = &board->operators[i];

        text_take(fault, "operator", person->id, sizeof(person->id), message->operators[i].id);
        person->certificate_end_day = message->operators[i].certificate_end_day;
        person->has_card = message->operators[i].has_card;
        person->has_pin = message->operators[i].has_pin;
    }
    board->reason_count = (uint8_t)message->reasons_count;
    for (size_t i = 0; i < message->reasons_count; i++) {
        board->reasons[i].reason = byte_of(message->reasons[i].reason, too_large);
        board->reasons[i].count = message->reasons[i].count;
    }
    board->attempt_count = (uint8_t)message->attempts_count;
    for (size_t i = 0; i < message->attempts_count; i++) {
        struct fg_control_attempt *attempt = &board->attempts[i];
        const FgControlAttempt *from = &message->attempts[i];

        attempt->sequence = from->sequence;
        attempt->wall_ms = from->wall_ms;
        code_take(fault, "attempt code", &attempt->code, from->code);
        text_take(fault, "attempt plate", attempt->plate, sizeof(attempt->plate), from->plate);
        text_take(fault, "attempt operator", attempt->operator_id, sizeof(attempt->operator_id),
                  from->operator_id);
        text_take(fault, "attempt second person", attempt->second_person, sizeof(attempt->second_person),
                  from->second_person);
        attempt->operator_proof = byte_of(from->operator_proof, too_large);
        attempt->second_proof = byte_of(from->second_proof, too_large);
        attempt->kind = byte_of(from->kind, too_large);
        attempt->reason = byte_of(from->reason, too_large);
        attempt->stop = byte_of(from->stop, too_large);
        attempt->identity = byte_of(from->identity, too_large);
        attempt->quantity_g = from->quantity_g;
    }
}

enum fg_err fg_control_decode_answer(const uint8_t *bytes, size_t length,
                                     struct fg_control_answer *ret_answer, struct fg_error *error)
{
    FgControlAnswer message = FgControlAnswer_init_zero;
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);
    struct fg_control_answer answer = {0};
    struct text_fault fault = {NULL};
    bool too_large = false;

    if (length > FG_CONTROL_PACKET_MAX)
        return fg_fail(error, FG_E_SIZE, "control answer: %zu bytes, at most %d allowed", length,
                       FG_CONTROL_PACKET_MAX);
    if (!pb_decode(&stream, FgControlAnswer_fields, &message))
        return fg_fail(error, FG_E_FORMAT, "control answer: %s", PB_GET_ERROR(&stream));
    if (message.result > FG_OK || message.result < FG_E_GONE)
        return fg_fail(error, FG_E_RANGE, "control answer: unknown result %d", (int)message.result);
    answer.result = (enum fg_err)message.result;
    text_take(&fault, "text", answer.text, sizeof(answer.text), message.text);
    answer.list_version = message.list_version;
    answer.next_sequence = message.next_sequence;
    answer.batch_length = message.batch.size;
    memcpy(answer.batch, message.batch.bytes, message.batch.size);
    answer.has_state = message.has_state;
    if (message.has_state) {
        state_decode_machine(&message.state, &answer.state, &fault, &too_large);
        state_decode_decision(&message.state, &answer.state, &fault, &too_large);
        state_decode_stores(&message.state, &answer.state, &fault, &too_large);
        state_decode_devices(&message.state, &answer.state, &fault, &too_large);
        state_decode_panel(&message.state, &answer.state, &fault, &too_large);
    }
    answer.has_board = message.has_board;
    if (message.has_board)
        board_decode(&message.board, &answer.board, &fault, &too_large);
    if (fault.field != NULL)
        return fg_fail(error, FG_E_RANGE, "control answer: %s has characters that are not allowed",
                       fault.field);
    if (too_large)
        return fg_fail(error, FG_E_RANGE, "control answer: a number is larger than its field allows");
    *ret_answer = answer;
    return FG_OK;
}
