/* Codec and client of the control socket (control.h): plain structs to protobuf packets and back.
 * Every text is checked on the way in, so that whatever decodes may be logged and shown as it is. */
#include "proto/control.h"

#include <errno.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proto/control.pb.h"
#include "proto/monotime.h"

_Static_assert(FgControlAnswer_size <= FG_CONTROL_PACKET_MAX, "the largest answer is one packet");
_Static_assert(FgControlRequest_size <= FG_CONTROL_PACKET_MAX, "the largest request is one packet");
_Static_assert(sizeof(((FgControlAnswer *)0)->batch.bytes) == FG_CONTROL_BATCH_MAX, "batch sizes agree");
_Static_assert(sizeof(((FgControlRequest *)0)->receipt.bytes) == FG_STATEMENT_BYTES_MAX,
               "receipt sizes agree");
_Static_assert(FG_SIGNAL_COUNT == 10, "readings in control.options must have room for every signal");

static const char *const kind_names[FG_CONTROL_KIND_COUNT] = {
    "?",      "STATE",       "SIGN_IN", "SIGN_OUT", "CHECK",   "START",   "STOP", "CLEAR_LOCK_OUT",
    "MANUAL", "IMPORT_LIST", "RECHECK", "JOURNAL",  "RECEIPT", "KEYRING",
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

    message.kind = request->kind;
    TEXT_COPY(message.operator_id, request->operator_id);
    message.certificate_end_day = request->certificate_end_day;
    message.checks = request->checks;
    message.check_failed = request->check_failed;
    TEXT_COPY(message.code, request->code.text);
    TEXT_COPY(message.second_person, request->second_person);
    TEXT_COPY(message.path, request->path);
    message.from_sequence = request->from_sequence;
    message.count_max = request->count_max;
    if (request->receipt_length > FG_STATEMENT_BYTES_MAX)
        return fg_fail(error, FG_E_RANGE, "control request: a receipt of %u bytes", request->receipt_length);
    message.receipt.size = request->receipt_length;
    memcpy(message.receipt.bytes, request->receipt, request->receipt_length);
    if (!pb_encode(&stream, FgControlRequest_fields, &message))
        return fg_fail(error, FG_E_SIZE, "control request: does not fit in %zu bytes", capacity);
    *ret_length = stream.bytes_written;
    return FG_OK;
}

enum fg_err fg_control_decode_request(const uint8_t *bytes, size_t length,
                                      struct fg_control_request *ret_request, struct fg_error *error)
{
    FgControlRequest message = FgControlRequest_init_zero;
    pb_istream_t stream = pb_istream_from_buffer(bytes, length);
    struct fg_control_request request = {0};
    struct text_fault fault = {NULL};

    if (length > FG_CONTROL_PACKET_MAX)
        return fg_fail(error, FG_E_SIZE, "control request: %zu bytes, at most %d allowed", length,
                       FG_CONTROL_PACKET_MAX);
    if (!pb_decode(&stream, FgControlRequest_fields, &message))
        return fg_fail(error, FG_E_FORMAT, "control request: %s", PB_GET_ERROR(&stream));
    if (message.kind == 0 || message.kind >= FG_CONTROL_KIND_COUNT)
        return fg_fail(error, FG_E_RANGE, "control request: unknown kind %u", (unsigned)message.kind);
    request.kind = (uint8_t)message.kind;
    text_take(&fault, "operator_id", request.operator_id, sizeof(request.operator_id), message.operator_id);
    request.certificate_end_day = message.certificate_end_day;
    request.checks = message.checks;
    request.check_failed = message.check_failed;
    code_take(&fault, "code", &request.code, message.code);
    text_take(&fault, "second_person", request.second_person, sizeof(request.second_person),
              message.second_person);
    text_take(&fault, "path", request.path, sizeof(request.path), message.path);
    request.from_sequence = message.from_sequence;
    request.count_max = message.count_max;
    request.receipt_length = message.receipt.size;
    memcpy(request.receipt, message.receipt.bytes, message.receipt.size);
    if (fault.field != NULL)
        return fg_fail(error, FG_E_RANGE, "control request %s: %s has characters that are not allowed",
                       fg_control_kind_name(request.kind), fault.field);
    *ret_request = request;
    return FG_OK;
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
}

enum fg_err fg_control_encode_answer(const struct fg_control_answer *answer, uint8_t *buffer, size_t capacity,
                                     size_t *ret_length, struct fg_error *error)
{
    FgControlAnswer message = FgControlAnswer_init_zero;
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, capacity);
    const struct fg_control_state *state = &answer->state;

    if (answer->has_state &&
        (state->pre_check_count > FG_CHECK_ITEMS_MAX || state->post_check_count > FG_CHECK_ITEMS_MAX ||
         state->device_count > FG_CONTROL_DEVICES_MAX || state->uid.length > FG_UID_MAX ||
         state->reasons.count > FG_REASONS_MAX))
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
    }
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
    }
    if (fault.field != NULL)
        return fg_fail(error, FG_E_RANGE, "control answer: %s has characters that are not allowed",
                       fault.field);
    if (too_large)
        return fg_fail(error, FG_E_RANGE, "control answer: a number is larger than its field allows");
    *ret_answer = answer;
    return FG_OK;
}

/* ---- the client ---- */

static enum fg_err client_connect(const char *path, int *ret_fd, struct fg_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof(address.sun_path))
        return fg_fail(error, FG_E_SIZE, "%s: path too long for a socket, at most %zu bytes", path,
                       sizeof(address.sun_path) - 1);
    TEXT_COPY(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fg_fail(error, FG_E_IO, "socket: %s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        int reason = errno;
        enum fg_err code = reason == EACCES || reason == EPERM ? FG_E_DENIED
                           : reason == EAGAIN                  ? FG_E_BUSY
                                                               : FG_E_GONE;

        (void)close(fd);
        return fg_fail(error, code, "%s: cannot reach the controller: %s; is fillgated running?", path,
                       strerror(reason));
    }
    *ret_fd = fd;
    return FG_OK;
}

/* Waits until fd is readable; the deadline is absolute. */
static enum fg_err client_wait(int fd, const char *path, int64_t deadline_mono_ms, struct fg_error *error)
{
    for (;;) {
        struct pollfd item = {.fd = fd, .events = POLLIN};
        int64_t left_ms = deadline_mono_ms - fg_mono_ms();
        int ready;

        if (left_ms <= 0)
            return fg_fail(error, FG_E_TIMEOUT, "%s: the controller did not answer in time", path);
        ready = poll(&item, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
        if (ready > 0)
            return FG_OK;
        if (ready < 0 && errno != EINTR)
            return fg_fail(error, FG_E_IO, "poll: %s", strerror(errno));
    }
}

enum fg_err fg_control_call(const char *path, const struct fg_control_request *request,
                            struct fg_control_answer *ret_answer, uint32_t deadline_ms,
                            struct fg_error *error)
{
    int64_t deadline_mono_ms = fg_mono_ms() + (int64_t)deadline_ms;
    uint8_t packet[FG_CONTROL_PACKET_MAX];
    size_t length = 0;
    ssize_t got;
    int fd = -1;
    enum fg_err code;

    code = fg_control_encode_request(request, packet, sizeof(packet), &length, error);
    if (code != FG_OK)
        goto done;
    code = client_connect(path, &fd, error);
    if (code != FG_OK)
        goto done;
    if (send(fd, packet, length, MSG_NOSIGNAL) != (ssize_t)length) {
        code = fg_fail(error, FG_E_GONE, "%s: send: %s", path, strerror(errno));
        goto done;
    }
    code = client_wait(fd, path, deadline_mono_ms, error);
    if (code != FG_OK)
        goto done;
    got = recv(fd, packet, sizeof(packet), MSG_TRUNC);
    if (got <= 0) {
        code = fg_fail(error, FG_E_GONE, "%s: the controller closed the connection without an answer", path);
        goto done;
    }
    if ((size_t)got > sizeof(packet)) {
        code = fg_fail(error, FG_E_SIZE, "%s: the answer is larger than %zu bytes", path, sizeof(packet));
        goto done;
    }
    code = fg_control_decode_answer(packet, (size_t)got, ret_answer, error);
done:
    if (fd >= 0)
        (void)close(fd);
    return code;
}
