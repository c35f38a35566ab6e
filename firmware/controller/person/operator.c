/* Implementation of operator.h. */
#include "firmware/controller/person/operator.h"

#include <stdio.h>

bool fg_operator_is_in(const struct fg_signed_in *who)
{
    return who->id[0] != '\0';
}

void fg_operator_used(struct fg_signed_in *who, int64_t now_mono_ms)
{
    who->used_mono_ms = now_mono_ms;
}

void fg_operator_enter(struct fg_signed_in *who, const char *id, int32_t certificate_end_day,
                       enum fg_person_proof proof, int64_t now_mono_ms)
{
    (void)snprintf(who->id, sizeof(who->id), "%s", id);
    who->certificate_end_day = certificate_end_day;
    who->proof = (uint8_t)proof;
    fg_operator_used(who, now_mono_ms);
}

void fg_operator_leave(struct fg_signed_in *who)
{
    who->id[0] = '\0';
    who->certificate_end_day = 0;
    who->proof = FG_PERSON_PROOF_NONE;
}

int64_t fg_operator_idle_left_ms(const struct fg_signed_in *who, uint32_t idle_max_ms, int64_t now_mono_ms)
{
    int64_t left_ms = who->used_mono_ms + (int64_t)idle_max_ms - now_mono_ms;

    if (!fg_operator_is_in(who) || idle_max_ms == 0)
        return 0;
    return left_ms > 0 ? left_ms : 1;
}

bool fg_operator_is_idle(const struct fg_signed_in *who, uint32_t idle_max_ms, int64_t now_mono_ms)
{
    return fg_operator_is_in(who) && idle_max_ms != 0 &&
           now_mono_ms - who->used_mono_ms >= (int64_t)idle_max_ms;
}

bool fg_operator_review(struct fg_signed_in *who, const struct fg_operator *person)
{
    if (who->proof == FG_PERSON_PROOF_HAND)
        return true;
    if (person == NULL)
        return false;
    who->certificate_end_day = person->certificate_end_day;
    return true;
}
