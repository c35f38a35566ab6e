/* Pushing a journal over HTTPS (push.h). What an answer means stands in push_steer.c. */
#include "proto/hop/push.h"

#include <string.h>

/* An error page may be longer than an answer; a longer one still is refused unread. */
#define BODY_MAX 4096

static enum fg_err ask(struct fg_https *https, const uint8_t *batch, size_t length,
                       struct fg_sync_answer *ret_answer, struct fg_error *error)
{
    uint8_t body[BODY_MAX];
    struct fg_https_answer answered;
    struct fg_https_request request = {.method = "POST",
                                       .path = FG_SYNC_PATH_JOURNAL,
                                       .body = batch,
                                       .body_length = length,
                                       .answer_max = sizeof(body),
                                       .answer_buffer = body};
    enum fg_err code = fg_https_ask(https, &request, &answered, error);

    if (code != FG_OK)
        return code;
    return fg_push_read_answer(answered.status, body, (size_t)answered.length, ret_answer, error);
}

static void take_answer(const struct fg_push_source *source, const struct fg_sync_answer *answer,
                        struct fg_push_result *result)
{
    result->verdict = answer->verdict;
    result->next_sequence = answer->next_sequence;
    memcpy(result->text, answer->text, sizeof(result->text));
    if (answer->receipt_length > 0)
        (void)source->take_receipt(source->context, answer->receipt, answer->receipt_length, NULL);
}

enum fg_err fg_push_journal(struct fg_https *https, const struct fg_push_source *source, uint64_t *from,
                            uint32_t batches_max, uint8_t *buffer, struct fg_push_result *ret_result,
                            struct fg_error *error)
{
    struct fg_push_result result = {.next_sequence = *from};
    struct fg_push_course course = {.from = *from};
    enum fg_err code = FG_OK;

    for (uint32_t sent = 0; sent < batches_max && !course.stop; sent++) {
        struct fg_sync_answer answer;
        uint64_t next = 0;
        size_t length = 0;

        code = source->read(source->context, course.from, buffer, FG_SYNC_BATCH_BYTES_MAX, &length, &next,
                            error);
        if (code == FG_E_NOT_FOUND) {
            code = FG_OK;
            break;
        }
        if (code == FG_OK)
            code = ask(https, buffer, length, &answer, error);
        if (code != FG_OK)
            return code;
        result.entries += next - course.from;
        take_answer(source, &answer, &result);
        code = fg_push_steer(&course, next, &answer, error);
        if (code != FG_OK)
            return code;
        *from = course.from;
    }
    *ret_result = result;
    return code;
}
