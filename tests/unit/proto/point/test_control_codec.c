/* The control socket's codec (proto/point/control.h) at its edges: what a text, a code, a kind, a count and a
 * number may be. */
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "proto/point/control.h"
#include "tests/lib/check.h"

static uint8_t packet[FG_CONTROL_PACKET_MAX];

static enum fg_err round_trip(const struct fg_control_request *request, struct fg_error *error)
{
    struct fg_control_request got;
    size_t length = 0;

    CHECK_OK(fg_control_encode_request(request, packet, sizeof(packet), &length, error), error);
    return fg_control_decode_request(packet, length, &got, error);
}

/* Every count at its bound, every number of one byte at its largest. */
static void answer_fill(struct fg_control_answer *answer)
{
    struct fg_control_state *state = &answer->state;
    struct fg_control_attempt *attempt = &answer->board.attempts[0];

    memset(answer, 0, sizeof(*answer));
    answer->has_state = answer->has_board = true;
    answer->batch_length = FG_CONTROL_BATCH_MAX;
    state->pre_check_count = state->post_check_count = FG_CHECK_ITEMS_MAX;
    state->device_count = FG_CONTROL_DEVICES_MAX;
    state->uid.length = FG_UID_MAX;
    state->reasons.count = FG_REASONS_MAX;
    answer->board.operator_count = FG_OPERATORS_MAX;
    answer->board.reason_count = FG_REASONS_MAX;
    answer->board.attempt_count = FG_CONTROL_ATTEMPTS_MAX;
    state->medium = state->phase = state->programme = state->last_stop = state->identity = UINT8_MAX;
    state->second_proof = state->failing_reason = state->list_state = state->journal_state = UINT8_MAX;
    state->clock_quality = state->operator_proof = state->stop = UINT8_MAX;
    state->readings[0].state = state->devices[0].link = answer->board.reasons[0].reason = UINT8_MAX;
    attempt->operator_proof = attempt->second_proof = attempt->kind = attempt->reason = UINT8_MAX;
    attempt->stop = attempt->identity = UINT8_MAX;
}

static enum fg_err take_text(const char *bytes, struct fg_error *error)
{
    struct fg_control_request request = {.kind = FG_CONTROL_MANUAL};

    (void)snprintf(request.operator_id, sizeof(request.operator_id), "%s", bytes);
    return round_trip(&request, error);
}

TEST("BAD-INPUT-IS-SAFE: a text is UTF-8 without control characters, to the edges of every length")
{
    static const char *const good[] = {" ",
                                       "~",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x01",
                                      "\x1f",
                                      "\x7f",
                                      "\x80",
                                      "\xbf",
                                      "\xc1\x80",
                                      "\xc2",
                                      "\xc2\x7f",
                                      "\xc2\xc0",
                                      "\xdf",
                                      "\xe0\xa0",
                                      "\xe0\x7f\x80",
                                      "\xef\xbf",
                                      "\xef\xbf\xc0",
                                      "\xf0\x90\x80",
                                      "\xf4\x8f\xbf",
                                      "\xf0\x90\x80\x7f",
                                      "\xf5\x80\x80\x80"};
    struct fg_error error;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK_OK(take_text(good[i], &error), &error);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (take_text(bad[i], &error) != FG_E_RANGE)
            fg_test_fail(__FILE__, __LINE__, "bad text %zu is taken", i);
    }
}

TEST("BAD-INPUT-IS-SAFE: a code has digits, capitals and hyphens, and no neighbour of theirs")
{
    static const char good[] = "0189AZ-BY";
    static const char bad[] = "/:@[`az{,.";
    struct fg_control_request request = {.kind = FG_CONTROL_MANUAL};
    struct fg_error error;

    for (size_t i = 0; good[i] != '\0'; i++) {
        request.code.text[0] = good[i];
        CHECK_OK(round_trip(&request, &error), &error);
    }
    for (size_t i = 0; bad[i] != '\0'; i++) {
        request.code.text[0] = bad[i];
        CHECK_INT(round_trip(&request, &error), FG_E_RANGE);
    }
}

TEST("every kind of request there is has its name and is taken, and none beyond")
{
    static const char *const names[] = {"?",       "STATE",   "SIGN_IN",        "SIGN_OUT", "CHECK",
                                        "START",   "STOP",    "CLEAR_LOCK_OUT", "MANUAL",   "IMPORT_LIST",
                                        "RECHECK", "JOURNAL", "RECEIPT",        "KEYRING",  "SUSPEND",
                                        "RESUME",  "BOARD",   "SECOND",         "CLOCK"};
    struct fg_error error;

    CHECK_INT(sizeof(names) / sizeof(names[0]), FG_CONTROL_KIND_COUNT);
    for (uint8_t kind = 0; kind < FG_CONTROL_KIND_COUNT + 2; kind++) {
        struct fg_control_request request = {.kind = kind};

        CHECK_TEXT(fg_control_kind_name(kind), kind < FG_CONTROL_KIND_COUNT ? names[kind] : "?");
        CHECK_INT(round_trip(&request, &error),
                  kind > 0 && kind < FG_CONTROL_KIND_COUNT ? FG_OK : FG_E_RANGE);
    }
}

TEST("an answer with any count beyond its array is not sent, and one at its bound is")
{
    static struct fg_control_answer sent;
    struct fg_error error;
    size_t length = 0;

    for (int which = 0; which < 9; which++) {
        uint8_t *counts[] = {&sent.state.pre_check_count, &sent.state.post_check_count,
                             &sent.state.device_count,    &sent.state.uid.length,
                             &sent.state.reasons.count,   &sent.board.operator_count,
                             &sent.board.reason_count,    &sent.board.attempt_count};

        answer_fill(&sent);
        if (which < 8)
            ++*counts[which];
        else
            sent.batch_length++;
        CHECK_INT(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error), FG_E_RANGE);
        sent.has_state = which > 4; /* what is not said cannot be wrong */
        sent.has_board = which <= 4;
        CHECK_INT(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error),
                  which == 8 ? FG_E_RANGE : FG_OK);
    }
}

TEST("an answer without state, board and row says that it has none")
{
    static struct fg_control_answer sent;
    static struct fg_control_answer got;
    struct fg_error error;
    size_t length = 0;

    memset(&got, 0xff, sizeof(got));
    CHECK_OK(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error), &error);
    CHECK_OK(fg_control_decode_answer(packet, length, &got, &error), &error);
    CHECK(!got.has_state && !got.has_board);
    CHECK_INT(got.result, FG_OK);
    sent.has_state = true;
    CHECK_OK(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error), &error);
    CHECK_OK(fg_control_decode_answer(packet, length, &got, &error), &error);
    CHECK(got.has_state && !got.state.row_known && !got.has_board);
}

TEST("BAD-INPUT-IS-SAFE: a result that is no code of ours, on either side of them, is refused")
{
    static const uint8_t above[] = {0x08, 2};  /* 1 */
    static const uint8_t below[] = {0x08, 37}; /* -19 */
    static const uint8_t last[] = {0x08, 35};  /* -18 */
    static struct fg_control_answer got;
    struct fg_error error;

    CHECK_INT(fg_control_decode_answer(above, sizeof(above), &got, &error), FG_E_RANGE);
    CHECK_INT(fg_control_decode_answer(below, sizeof(below), &got, &error), FG_E_RANGE);
    CHECK_OK(fg_control_decode_answer(last, sizeof(last), &got, &error), &error);
    CHECK_INT(got.result, FG_E_GONE);
}

/* Every field of one byte in a state and in a board's attempt and reason, given as 255 and as 256. */
TEST("BAD-INPUT-IS-SAFE: a number that does not fit its byte is refused, whichever field it stands in")
{
    static struct fg_control_answer sent;
    static struct fg_control_answer got;
    static uint8_t bytes[FG_CONTROL_PACKET_MAX];
    struct fg_error error;
    unsigned refused = 0;
    size_t length = 0;

    answer_fill(&sent);
    sent.batch_length = 0;
    sent.text[0] = '\0';
    sent.board.reason_count = sent.board.attempt_count = 1;
    sent.board.operator_count = sent.state.device_count = 1;
    CHECK_OK(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error), &error);
    /* 255 is ff 01 on the wire: ff 02 is 383. */
    for (size_t i = 0; i + 1 < length; i++) {
        if (packet[i] != 0xff || packet[i + 1] != 0x01 || (i > 0 && packet[i - 1] == 0xff))
            continue;
        memcpy(bytes, packet, length);
        bytes[i + 1] = 0x02;
        if (fg_control_decode_answer(bytes, length, &got, &error) == FG_OK)
            fg_test_fail(__FILE__, __LINE__, "taken: 383 at byte %zu", i);
        refused++;
    }
    CHECK_INT(refused, 21);
}

TEST("a path of a socket may be as long as its address allows")
{
    static struct fg_control_answer answer;
    struct fg_control_request request = {.kind = FG_CONTROL_STATE};
    struct sockaddr_un address;
    char path[sizeof(address.sun_path) + 1];
    struct fg_error error;

    memset(path, 'p', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    CHECK_INT(fg_control_call(path, &request, &answer, 100, &error), FG_E_SIZE);
    path[sizeof(address.sun_path) - 1] = '\0';
    CHECK_INT(fg_control_call(path, &request, &answer, 100, &error), FG_E_GONE);
}

TEST("a control character or a foreign byte in a cause becomes a question mark, and every other one stays")
{
    static struct fg_control_answer sent;
    static struct fg_control_answer got;
    struct fg_error error;
    size_t length = 0;

    (void)snprintf(sent.text, sizeof(sent.text), " ~A\x1f\x7f\x80\xff z");
    sent.result = FG_E_IO;
    CHECK_OK(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error), &error);
    CHECK_OK(fg_control_decode_answer(packet, length, &got, &error), &error);
    CHECK_TEXT(got.text, " ~A???? z");
    (void)snprintf(sent.text, sizeof(sent.text), "粤 ok");
    CHECK_OK(fg_control_encode_answer(&sent, packet, sizeof(packet), &length, &error), &error);
    CHECK_OK(fg_control_decode_answer(packet, length, &got, &error), &error);
    CHECK_TEXT(got.text, "粤 ok");
}
