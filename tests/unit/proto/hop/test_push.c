/* What every possible answer to a journal batch does to the push. */
#include "proto/hop/push.h"

#include <string.h>

#include "tests/lib/check.h"

static struct fg_sync_answer answer_of(uint8_t verdict, uint64_t next)
{
    struct fg_sync_answer answer = {.verdict = verdict, .next_sequence = next};

    return answer;
}

TEST("NO-LOSS: a batch that is held moves on to what the other hop expects, also when it holds more")
{
    struct fg_push_course course = {.from = 10, .gaps = 2};
    struct fg_sync_answer answer = answer_of(FG_SYNC_HELD, 20);
    struct fg_error error = {0};

    CHECK_OK(fg_push_steer(&course, 20, &answer, &error), &error);
    CHECK_INT(course.from, 20);
    CHECK_INT(course.gaps, 0);
    CHECK(!course.stop);
    answer = answer_of(FG_SYNC_HELD, 99);
    CHECK_OK(fg_push_steer(&course, 30, &answer, &error), &error);
    CHECK_INT(course.from, 99);
}

TEST("NO-LOSS: an answer that says held but expects what was sent is no acknowledgement")
{
    struct fg_push_course course = {.from = 10};
    struct fg_sync_answer answer = answer_of(FG_SYNC_HELD, 19);
    struct fg_error error = {0};

    CHECK_INT(fg_push_steer(&course, 20, &answer, &error), FG_E_FORMAT);
    CHECK_INT(course.from, 10);
    CHECK_HAS(error.text, "expects entry 19");
}

TEST("NO-LOSS: a gap moves to the number expected, back or forward, and stops at the third in a row")
{
    struct fg_push_course course = {.from = 10};
    struct fg_sync_answer answer = answer_of(FG_SYNC_GAP, 3);
    struct fg_error error = {0};

    CHECK_OK(fg_push_steer(&course, 20, &answer, &error), &error);
    CHECK_INT(course.from, 3);
    CHECK(!course.stop);
    CHECK_INT(fg_push_steer(&course, 20, &answer, &error), FG_E_FORMAT);
    answer.next_sequence = 15;
    CHECK_OK(fg_push_steer(&course, 20, &answer, &error), &error);
    CHECK_INT(course.from, 15);
    CHECK(!course.stop);
    answer.next_sequence = 1;
    CHECK_OK(fg_push_steer(&course, 20, &answer, &error), &error);
    CHECK(course.stop);
}

TEST("a fork, a refusal and a busy peer end the push where it stands")
{
    static const uint8_t verdicts[] = {FG_SYNC_FORK, FG_SYNC_REFUSED, FG_SYNC_BUSY};
    struct fg_error error = {0};

    for (size_t i = 0; i < sizeof(verdicts); i++) {
        struct fg_push_course course = {.from = 10};
        struct fg_sync_answer answer = answer_of(verdicts[i], 4);

        CHECK_OK(fg_push_steer(&course, 20, &answer, &error), &error);
        CHECK(course.stop);
        CHECK_INT(course.from, 10);
    }
}

TEST("an answer counts only under the HTTP status of its verdict")
{
    struct fg_sync_answer answer = answer_of(FG_SYNC_HELD, 20);
    struct fg_sync_answer back;
    struct fg_error error = {0};
    uint8_t bytes[FG_SYNC_ANSWER_BYTES_MAX];
    size_t length = 0;

    CHECK_OK(fg_sync_answer_encode(&answer, bytes, sizeof(bytes), &length, &error), &error);
    CHECK_OK(fg_push_read_answer(200, bytes, length, &back, &error), &error);
    CHECK_INT(back.next_sequence, 20);
    CHECK_INT(fg_push_read_answer(409, bytes, length, &back, &error), FG_E_FORMAT);
    CHECK_HAS(error.text, "HTTP 409");
    CHECK_INT(fg_push_read_answer(200, bytes, 0, &back, &error), FG_E_FORMAT);
    CHECK_INT(fg_push_read_answer(200, (const uint8_t *)"<html>", 6, &back, &error), FG_E_FORMAT);
    CHECK_INT(fg_push_read_answer(403, (const uint8_t *)"no", 2, &back, &error), FG_E_DENIED);
    CHECK_INT(fg_push_read_answer(401, bytes, 0, &back, &error), FG_E_DENIED);
    CHECK_INT(fg_push_read_answer(503, bytes, 0, &back, &error), FG_E_BUSY);
    CHECK_INT(fg_push_read_answer(429, bytes, 0, &back, &error), FG_E_BUSY);
}
