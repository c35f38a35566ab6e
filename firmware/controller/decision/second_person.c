/* Implementation of second_person.h. */
#include "firmware/controller/decision/second_person.h"

#include <string.h>

bool fg_second_alone_is_missing(const struct fg_decision *decision)
{
    return decision->reasons.count == 1 && decision->reasons.reasons[0] == FG_REASON_SECOND_PERSON_MISSING;
}

void fg_second_want(struct fg_second *second, const struct fg_judgement *judgement, int64_t now_mono_ms)
{
    second->is_wanted = true;
    second->until_mono_ms = now_mono_ms + FG_SECOND_WAIT_MS;
    second->judgement = *judgement;
}

void fg_second_done(struct fg_second *second)
{
    memset(second, 0, sizeof(*second));
}

int64_t fg_second_left_ms(const struct fg_second *second, int64_t now_mono_ms)
{
    int64_t left_ms = second->until_mono_ms - now_mono_ms;

    return second->is_wanted && left_ms > 0 ? left_ms : 0;
}
