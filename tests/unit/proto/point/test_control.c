/* The control socket's codec and client (proto/point/control.h): every field survives the trip, and whatever
 * is not such a message is refused by name. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/list/row.h"
#include "proto/point/control.h"
#include "tests/lib/check.h"

static uint8_t packet[FG_CONTROL_PACKET_MAX];

static void fill_text(char *text, size_t capacity, char letter)
{
    memset(text, letter, capacity - 1);
    text[capacity - 1] = '\0';
}

static void panel_fill(struct fg_control_state *state)
{
    state->operator_idle_left_ms = state->sign_in_blocked_left_ms = INT64_MAX;
    state->sign_in_blocked = state->suspended_by_operator = true;
    state->row_known = true;
    fill_text(state->row.code.text, sizeof(state->row.code.text), 'R');
    state->row.uid.length = FG_UID_MAX;
    state->row.state = FG_CYLINDER_LOST;
    state->row.medium = FG_MEDIUM_LPG;
    state->row.tare_g = state->row.maximum_fill_g = UINT32_MAX;
    state->row.inspection_due_day = FG_DAY_MAX;
    fill_text(state->row.owner, sizeof(state->row.owner), 'w');
    (void)snprintf(state->row.plate, sizeof(state->row.plate), "浙E12345");
    state->row.other_count = FG_VEHICLE_OTHERS_MAX;
    for (size_t i = 0; i < FG_VEHICLE_OTHERS_MAX; i++)
        fill_text(state->row.others[i].text, sizeof(state->row.others[i].text), 'T');
    state->phase_left_ms = state->target = state->progress_permille = state->remaining_ms = INT64_MIN;
    state->stop = state->operator_proof = state->second_proof = 255;
    fill_text(state->second_person, sizeof(state->second_person), 's');
    fill_text(state->second_code.text, sizeof(state->second_code.text), 'S');
    state->manual_entry = true;
    state->second_left_ms = INT64_MIN;
    state->device_fault = state->emergency_stop = state->point_blocked = true;
    state->board_version = UINT32_MAX;
    state->utc_offset_s = state->today = INT32_MIN;
    state->clock_floor_ms = state->bureau_ahead_ms = INT64_MIN;
    fill_text(state->journal_text, sizeof(state->journal_text), 'j');
    fill_text(state->list_text, sizeof(state->list_text), 'm');
    fill_text(state->keys_text, sizeof(state->keys_text), 'k');
}

static void board_fill(struct fg_control_board *board)
{
    board->version = board->fills_today = board->refusals_today = UINT32_MAX;
    board->quantity_today_g = INT64_MIN;
    board->operator_count = FG_OPERATORS_MAX;
    for (size_t i = 0; i < FG_OPERATORS_MAX; i++) {
        fill_text(board->operators[i].id, sizeof(board->operators[i].id), 'o');
        board->operators[i].certificate_end_day = INT32_MIN;
        board->operators[i].has_card = board->operators[i].has_pin = true;
    }
    board->reason_count = FG_REASONS_MAX;
    for (size_t i = 0; i < FG_REASONS_MAX; i++) {
        board->reasons[i].reason = 255;
        board->reasons[i].count = UINT32_MAX;
    }
    board->attempt_count = FG_CONTROL_ATTEMPTS_MAX;
    for (size_t i = 0; i < FG_CONTROL_ATTEMPTS_MAX; i++) {
        struct fg_control_attempt *attempt = &board->attempts[i];

        attempt->sequence = UINT64_MAX;
        attempt->wall_ms = attempt->quantity_g = INT64_MIN;
        fill_text(attempt->code.text, sizeof(attempt->code.text), 'A');
        (void)snprintf(attempt->plate, sizeof(attempt->plate), "浙E12345");
        fill_text(attempt->operator_id, sizeof(attempt->operator_id), 'o');
        fill_text(attempt->second_person, sizeof(attempt->second_person), 's');
        attempt->operator_proof = attempt->second_proof = 255;
        attempt->kind = attempt->reason = attempt->stop = attempt->identity = 255;
    }
}

/* Every field at its largest, so that the packet bound is tested too. */
static void answer_fill(struct fg_control_answer *answer)
{
    struct fg_control_state *state = &answer->state;

    memset(answer, 0, sizeof(*answer));
    answer->result = FG_E_GONE;
    fill_text(answer->text, sizeof(answer->text), 'x');
    answer->list_version = UINT64_MAX;
    answer->has_state = true;
    fill_text(state->controller, sizeof(state->controller), 'c');
    fill_text(state->point, sizeof(state->point), 'p');
    state->medium = 255;
    state->boot = UINT32_MAX;
    state->phase = 255;
    fill_text(state->phase_name, sizeof(state->phase_name), 'F');
    state->valve_commanded = true;
    state->locked_out = true;
    state->programme = 255;
    state->quantity_g = INT64_MIN;
    state->authorised_sequence = UINT64_MAX;
    state->pre_checks_wanted = state->pre_checks_done = UINT32_MAX;
    state->post_checks_wanted = state->post_checks_done = UINT32_MAX;
    state->pre_check_count = state->post_check_count = FG_CHECK_ITEMS_MAX;
    for (size_t i = 0; i < FG_CHECK_ITEMS_MAX; i++) {
        fill_text(state->pre_checks[i], sizeof(state->pre_checks[i]), 'q');
        fill_text(state->post_checks[i], sizeof(state->post_checks[i]), 'r');
    }
    state->tag_present = true;
    state->uid.length = FG_UID_MAX;
    memset(state->uid.bytes, 0xa5, FG_UID_MAX);
    fill_text(state->code.text, sizeof(state->code.text), 'A');
    (void)snprintf(state->plate, sizeof(state->plate), "浙E12345");
    state->decisions = UINT64_MAX;
    state->identity = 255;
    state->reasons.count = FG_REASONS_MAX;
    memset(state->reasons.reasons, 30, FG_REASONS_MAX);
    fill_text(state->failing_code.text, sizeof(state->failing_code.text), 'Z');
    state->failing_reason = 34;
    state->decision_sequence = UINT64_MAX;
    state->fills_ended = UINT64_MAX;
    state->last_stop = 255;
    state->last_ended_sequence = UINT64_MAX;
    state->last_quantity_g = INT64_MAX;
    for (size_t i = 0; i < FG_SIGNAL_COUNT; i++) {
        state->readings[i].configured = true;
        state->readings[i].state = FG_READING_GOOD;
        state->readings[i].value = INT64_MIN;
        state->readings[i].age_ms = INT64_MAX;
    }
    state->list_state = 255;
    fill_text(state->list_id, sizeof(state->list_id), 'l');
    state->list_version = UINT64_MAX;
    state->list_issued_ms = state->list_expires_ms = state->list_age_ms = INT64_MIN;
    state->list_age_warning = true;
    state->journal_state = 255;
    state->journal_count = state->journal_unsent = state->journal_last_sequence = UINT64_MAX;
    state->oldest_unsent_ms = state->receipt_taken_ms = INT64_MIN;
    state->receipt_next = UINT64_MAX;
    answer->next_sequence = UINT64_MAX;
    answer->batch_length = FG_CONTROL_BATCH_MAX;
    memset(answer->batch, 0x5a, sizeof(answer->batch));
    state->clock_quality = FG_CLOCK_SYNCHRONISED;
    state->wall_ms = INT64_MIN;
    fill_text(state->operator_id, sizeof(state->operator_id), 'o');
    state->certificate_end_day = INT32_MIN;
    state->device_count = FG_CONTROL_DEVICES_MAX;
    for (size_t i = 0; i < FG_CONTROL_DEVICES_MAX; i++) {
        fill_text(state->devices[i].name, sizeof(state->devices[i].name), 'd');
        state->devices[i].link = 255;
        state->devices[i].requests = state->devices[i].failures = UINT64_MAX;
        fill_text(state->devices[i].last_error, sizeof(state->devices[i].last_error), 'e');
    }
    state->reader_up = true;
    state->reader_restarts = UINT32_MAX;
    fill_text(state->reader_text, sizeof(state->reader_text), 't');
    fill_text(state->check_text, sizeof(state->check_text), 'i');
    panel_fill(state);
    answer->has_board = true;
    board_fill(&answer->board);
}

TEST("every field of an answer survives, at its largest, within one packet")
{
    static struct fg_control_answer sent;
    static struct fg_control_answer got;
    struct fg_error error;
    size_t length = 0;

    answer_fill(&sent);
    CHECK_OK(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error), &error);
    CHECK_OK(fg_control_decode_answer(packet, length, &got, &error), &error);
    CHECK_BYTES(&got, &sent, sizeof(got));
    CHECK_INT(got.result, sent.result);
    CHECK_TEXT(got.text, sent.text);
    CHECK_INT(got.list_version, sent.list_version);
    CHECK_INT(got.next_sequence, sent.next_sequence);
    CHECK_INT(got.batch_length, FG_CONTROL_BATCH_MAX);
    CHECK_BYTES(got.batch, sent.batch, FG_CONTROL_BATCH_MAX);
    CHECK(got.has_state);
    CHECK_INT(got.state.oldest_unsent_ms, INT64_MIN);
    CHECK_INT(got.state.receipt_taken_ms, INT64_MIN);
    CHECK(got.state.receipt_next == UINT64_MAX);
    CHECK_TEXT(got.state.plate, sent.state.plate);
    CHECK_TEXT(got.state.post_checks[15], sent.state.post_checks[15]);
    CHECK_INT(got.state.devices[11].failures, sent.state.devices[11].failures);
    CHECK_INT(got.state.readings[9].age_ms, INT64_MAX);
    CHECK_BYTES(got.state.reasons.reasons, sent.state.reasons.reasons, FG_REASONS_MAX);
    CHECK(got.state.row_known && got.state.suspended_by_operator && got.state.point_blocked);
    CHECK_TEXT(got.state.row.others[6].text, sent.state.row.others[6].text);
    CHECK_INT(got.state.remaining_ms, INT64_MIN);
    CHECK_INT(got.state.operator_idle_left_ms, INT64_MAX);
    CHECK_INT(got.state.today, INT32_MIN);
    CHECK_TEXT(got.state.second_person, sent.state.second_person);
    CHECK_TEXT(got.state.second_code.text, sent.state.second_code.text);
    CHECK_INT(got.state.second_left_ms, INT64_MIN);
    CHECK(got.state.manual_entry && got.state.operator_proof == 255 && got.state.second_proof == 255);
    CHECK_TEXT(got.board.attempts[19].second_person, sent.board.attempts[19].second_person);
    CHECK(got.has_board);
    CHECK_INT(got.board.operators[31].certificate_end_day, INT32_MIN);
    CHECK(got.board.operators[31].has_pin);
    CHECK_INT(got.board.reasons[39].count, UINT32_MAX);
    CHECK_TEXT(got.board.attempts[19].code.text, sent.board.attempts[19].code.text);
    CHECK_INT(got.board.attempts[19].quantity_g, INT64_MIN);
    /* a second encoding of what was decoded gives the same bytes: nothing was lost or invented */
    {
        static uint8_t again[FG_CONTROL_PACKET_MAX];
        size_t again_length = 0;

        CHECK_OK(fg_control_encode_answer(&got, again, sizeof(again), &again_length, &error), &error);
        CHECK_INT(again_length, length);
        CHECK_BYTES(again, packet, length);
    }
}

TEST("every field of a request survives")
{
    struct fg_control_request sent = {.kind = FG_CONTROL_MANUAL,
                                      .operator_id = "王-7",
                                      .certificate_end_day = -5,
                                      .checks = 0x8001,
                                      .check_failed = true,
                                      .code = {"HZ-0001"},
                                      .path = "/var/lib/fillgate/list.fgl",
                                      .from_sequence = UINT64_MAX,
                                      .count_max = 512,
                                      .receipt_length = FG_STATEMENT_BYTES_MAX,
                                      .receipt = {1, 0, 3},
                                      .pin = "123456789012"};
    struct fg_control_request got;
    struct fg_error error;
    size_t length = 0;

    CHECK_OK(fg_control_encode_request(&sent, packet, sizeof(packet), &length, &error), &error);
    CHECK_OK(fg_control_decode_request(packet, length, &got, &error), &error);
    CHECK_INT(got.kind, sent.kind);
    CHECK_TEXT(got.operator_id, sent.operator_id);
    CHECK_INT(got.certificate_end_day, sent.certificate_end_day);
    CHECK_INT(got.checks, sent.checks);
    CHECK(got.check_failed);
    CHECK_TEXT(got.code.text, sent.code.text);
    CHECK_TEXT(got.path, sent.path);
    CHECK(got.from_sequence == UINT64_MAX);
    CHECK_INT(got.count_max, 512);
    CHECK_INT(got.receipt_length, FG_STATEMENT_BYTES_MAX);
    CHECK_BYTES(got.receipt, sent.receipt, FG_STATEMENT_BYTES_MAX);
    CHECK_TEXT(got.pin, "123456789012");
    CHECK_TEXT(fg_control_kind_name(FG_CONTROL_SUSPEND), "SUSPEND");
    CHECK_TEXT(fg_control_kind_name(FG_CONTROL_BOARD), "BOARD");
    CHECK_TEXT(fg_control_kind_name(FG_CONTROL_RECEIPT), "RECEIPT");
    sent.receipt_length++;
    CHECK_INT(fg_control_encode_request(&sent, packet, sizeof(packet), &length, &error), FG_E_RANGE);
}

static enum fg_err round_trip(const struct fg_control_request *request, struct fg_error *error)
{
    struct fg_control_request got;
    size_t length = 0;

    CHECK_OK(fg_control_encode_request(request, packet, sizeof(packet), &length, error), error);
    return fg_control_decode_request(packet, length, &got, error);
}

TEST("BAD-INPUT-IS-SAFE: requests with unknown kinds or forbidden characters are refused by name")
{
    struct fg_control_request request = {.kind = FG_CONTROL_KIND_COUNT};
    struct fg_error error;

    CHECK_INT(round_trip(&request, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "unknown kind");
    request.kind = 0;
    CHECK_INT(round_trip(&request, &error), FG_E_RANGE);
    request.kind = FG_CONTROL_MANUAL;
    (void)snprintf(request.code.text, sizeof(request.code.text), "hz'1");
    CHECK_INT(round_trip(&request, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "code");
    request.code.text[0] = '\0';
    (void)snprintf(request.operator_id, sizeof(request.operator_id), "a\nb");
    CHECK_INT(round_trip(&request, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "operator_id");
    (void)snprintf(request.operator_id, sizeof(request.operator_id), "ok");
    (void)snprintf(request.pin, sizeof(request.pin), "12\t");
    CHECK_INT(round_trip(&request, &error), FG_E_RANGE);
    CHECK_HAS(error.text, "pin");
    request.pin[0] = '\0';
    (void)snprintf(request.operator_id, sizeof(request.operator_id), "a\xc3");
    CHECK_INT(round_trip(&request, &error), FG_E_RANGE);
    (void)snprintf(request.operator_id, sizeof(request.operator_id), "a\xff");
    CHECK_INT(round_trip(&request, &error), FG_E_RANGE);
    (void)snprintf(request.operator_id, sizeof(request.operator_id), "ok");
    CHECK_INT(round_trip(&request, &error), FG_OK);
}

TEST("BAD-INPUT-IS-SAFE: cut, oversized and nonsense packets are refused")
{
    static struct fg_control_answer sent;
    static struct fg_control_answer got;
    static uint8_t large[FG_CONTROL_PACKET_MAX + 1];
    struct fg_control_request request;
    struct fg_error error;
    size_t length = 0;

    answer_fill(&sent);
    CHECK_OK(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error), &error);
    CHECK_INT(fg_control_decode_answer(packet, length - 1, &got, &error), FG_E_FORMAT);
    CHECK_INT(fg_control_decode_answer(large, sizeof(large), &got, &error), FG_E_SIZE);
    CHECK_INT(fg_control_decode_request(large, sizeof(large), &request, &error), FG_E_SIZE);
    CHECK_INT(fg_control_decode_request((const uint8_t *)"\xff\xff", 2, &request, &error), FG_E_FORMAT);
    CHECK_INT(fg_control_encode_answer(&sent, packet, 100, &length, &error), FG_E_SIZE);
    CHECK_INT(
        fg_control_encode_request(&(struct fg_control_request){.kind = 200}, packet, 1, &length, &error),
        FG_E_SIZE);
    sent.state.device_count = FG_CONTROL_DEVICES_MAX + 1;
    CHECK_INT(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error), FG_E_RANGE);
    sent.state.device_count = 0;
    sent.board.attempt_count = FG_CONTROL_ATTEMPTS_MAX + 1;
    CHECK_INT(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error), FG_E_RANGE);
    sent.board.attempt_count = 1;
    sent.state.row.medium = 99;
    CHECK_INT(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error), FG_E_RANGE);
    /* state.row is no row; board.attempts[0].kind = 300 */
    CHECK_INT(fg_control_decode_answer((const uint8_t *)"\x1a\x04\xd2\x03\x01\xff", 6, &got, &error),
              FG_E_RANGE);
    CHECK_HAS(error.text, "row");
    CHECK_INT(fg_control_decode_answer((const uint8_t *)"\x3a\x05\x3a\x03\x30\xac\x02", 7, &got, &error),
              FG_E_RANGE);
    /* result 7 is no error code */
    CHECK_INT(fg_control_decode_answer((const uint8_t *)"\x08\x0e", 2, &got, &error), FG_E_RANGE);
    /* state.medium = 300 */
    CHECK_INT(fg_control_decode_answer((const uint8_t *)"\x1a\x03\x18\xac\x02", 5, &got, &error), FG_E_RANGE);
}

TEST("an error text with bytes that are no UTF-8 reaches the other end as question marks")
{
    struct fg_control_answer sent = {.result = FG_E_IO, .text = "bad \xff byte"};
    static struct fg_control_answer got;
    struct fg_error error;
    size_t length = 0;

    CHECK_OK(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error), &error);
    CHECK_OK(fg_control_decode_answer(packet, length, &got, &error), &error);
    CHECK_TEXT(got.text, "bad ? byte");
}

/* A controller that takes requests and does as told: answers one or all, says nothing, or hangs up. */
enum fake_manner { FAKE_ANSWERS, FAKE_ANSWERS_ALL, FAKE_SILENT, FAKE_HANGS_UP };
struct fake {
    int listener;
    enum fake_manner manner;
};

static void *fake_run(void *context)
{
    const struct fake *fake = context;
    static uint8_t in[FG_CONTROL_PACKET_MAX];
    static uint8_t out[FG_CONTROL_PACKET_MAX];
    struct fg_control_answer answer = {.result = FG_E_STATE, .text = "no"};
    size_t length = 0;
    int fd = accept(fake->listener, NULL, NULL);

    if (fd < 0)
        return NULL;
    do {
        if (recv(fd, in, sizeof(in), 0) <= 0)
            break;
        if (fake->manner <= FAKE_ANSWERS_ALL &&
            fg_control_encode_answer(&answer, out, sizeof(out), &length, NULL) == FG_OK)
            (void)!send(fd, out, length, MSG_NOSIGNAL);
    } while (fake->manner == FAKE_ANSWERS_ALL);
    if (fake->manner == FAKE_SILENT)
        (void)!recv(fd, in, sizeof(in), 0); /* until the client gives up */
    (void)close(fd);
    return NULL;
}

static struct sockaddr_un fake_address;

static void fake_start(struct fake *fake, enum fake_manner manner, pthread_t *ret_thread)
{
    fake_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    fake->manner = manner;
    (void)fg_test_directory();
    (void)snprintf(fake_address.sun_path, sizeof(fake_address.sun_path), "%s", fg_test_path("c.sock"));
    fake->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    CHECK(bind(fake->listener, (const struct sockaddr *)&fake_address, sizeof(fake_address)) == 0);
    CHECK(listen(fake->listener, 1) == 0);
    CHECK(pthread_create(ret_thread, NULL, fake_run, fake) == 0);
}

static void fake_end(struct fake *fake, pthread_t thread)
{
    (void)pthread_join(thread, NULL);
    (void)close(fake->listener);
    (void)unlink(fake_address.sun_path);
}

static enum fg_err call_fake(enum fake_manner manner, uint32_t deadline_ms, struct fg_control_answer *answer,
                             struct fg_error *error)
{
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    struct fake fake;
    pthread_t thread;
    enum fg_err code;

    fake_start(&fake, manner, &thread);
    code = fg_control_call(fake_address.sun_path, &request, answer, deadline_ms, error);
    fake_end(&fake, thread);
    return code;
}

TEST("the client brings the controller's own result back")
{
    static struct fg_control_answer answer;
    struct fg_error error;

    CHECK_OK(call_fake(FAKE_ANSWERS, 10000, &answer, &error), &error);
    CHECK_INT(answer.result, FG_E_STATE);
    CHECK_TEXT(answer.text, "no");
}

TEST("the client gives up at its deadline and names a peer that hangs up")
{
    static struct fg_control_answer answer;
    struct fg_error error;

    CHECK_INT(call_fake(FAKE_SILENT, 50, &answer, &error), FG_E_TIMEOUT);
    CHECK_INT(call_fake(FAKE_HANGS_UP, 10000, &answer, &error), FG_E_GONE);
}

TEST("the client says that nobody listens, and refuses a path that no socket can have")
{
    static struct fg_control_answer answer;
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    char path[300];
    struct fg_error error;

    CHECK_INT(fg_control_call("/nonexistent/x.sock", &request, &answer, 100, &error), FG_E_GONE);
    CHECK_HAS(error.text, "fillgated");
    fill_text(path, sizeof(path), 'p');
    CHECK_INT(fg_control_call(path, &request, &answer, 100, &error), FG_E_SIZE);
    CHECK_TEXT(fg_control_kind_name(FG_CONTROL_RECHECK), "RECHECK");
    CHECK_TEXT(fg_control_kind_name(99), "?");
}

TEST("a client asks many times over one connection; after an answer that did not come it can only be closed")
{
    static struct fg_control_answer answer;
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    struct fg_control_client *client = NULL;
    struct fg_error error;
    struct fake fake;
    pthread_t thread;

    fake_start(&fake, FAKE_ANSWERS_ALL, &thread);
    CHECK_OK(fg_control_client_open(fake_address.sun_path, 10000, &client, &error), &error);
    for (int i = 0; i < 5; i++) {
        CHECK_OK(fg_control_client_ask(client, &request, &answer, 10000, &error), &error);
        CHECK_INT(answer.result, FG_E_STATE);
    }
    fg_control_client_close(client);
    fake_end(&fake, thread);
    fake_start(&fake, FAKE_SILENT, &thread);
    CHECK_OK(fg_control_client_open(fake_address.sun_path, 10000, &client, &error), &error);
    CHECK_INT(fg_control_client_ask(client, &request, &answer, 50, &error), FG_E_TIMEOUT);
    CHECK_INT(fg_control_client_ask(client, &request, &answer, 10000, &error), FG_E_GONE);
    CHECK_HAS(error.text, "connect again");
    fg_control_client_close(client);
    fg_control_client_close(NULL);
    fake_end(&fake, thread);
    CHECK_INT(fg_control_client_open("/nonexistent/x.sock", 100, &client, &error), FG_E_GONE);
}
