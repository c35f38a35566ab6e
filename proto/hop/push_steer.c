/* What an answer to a journal batch means (push.h): the part of pushing that needs no network. */
#include "proto/hop/push.h"

#define GAPS_MAX 2

typedef unsigned long long ull;

enum fg_err fg_push_steer(struct fg_push_course *course, uint64_t sent_next,
                          const struct fg_sync_answer *answer, struct fg_error *error)
{
    struct fg_push_course next = *course;

    switch (answer->verdict) {
    case FG_SYNC_HELD:
        if (answer->next_sequence < sent_next)
            return fg_fail(
                error, FG_E_FORMAT,
                "journal answer: it says HELD but expects entry %llu, and all before %llu were sent",
                (ull)answer->next_sequence, (ull)sent_next);
        next.from = answer->next_sequence;
        next.gaps = 0;
        break;
    case FG_SYNC_GAP:
        if (answer->next_sequence == course->from)
            return fg_fail(error, FG_E_FORMAT,
                           "journal answer: it says GAP and expects entry %llu, which was the first one sent",
                           (ull)answer->next_sequence);
        next.from = answer->next_sequence;
        next.gaps++;
        next.stop = next.gaps > GAPS_MAX;
        break;
    default: /* FORK, REFUSED, BUSY */
        next.stop = true;
        break;
    }
    *course = next;
    return FG_OK;
}

enum fg_err fg_push_read_answer(uint16_t status, const uint8_t *bytes, size_t length,
                                struct fg_sync_answer *ret_answer, struct fg_error *error)
{
    struct fg_sync_answer answer;

    if (length > 0 && fg_sync_answer_decode(bytes, length, &answer, error) == FG_OK &&
        fg_sync_status(answer.verdict) == status) {
        *ret_answer = answer;
        return FG_OK;
    }
    if (status == 401 || status == 403)
        return fg_fail(error, FG_E_DENIED, "the peer refuses this device (HTTP %u)", status);
    if (status == 429 || status == 503)
        return fg_fail(error, FG_E_BUSY, "the peer is busy (HTTP %u)", status);
    return fg_fail(error, FG_E_FORMAT,
                   "the peer answered a journal batch with HTTP %u and %zu bytes that are "
                   "no journal answer of that status; is the URL right?",
                   status, length);
}
