/* Wrong PINs are counted for the whole point, and in memory only. Who can cut the controller's power gets
 * five more tries with each start; at a start every 20 s all PINs of six digits still take over a month, and
 * each start leaves a BOOT entry. Who can restart the program otherwise is root or its own user, and needs no
 * PIN. */
#include "firmware/controller/operator.h"

#include <stdio.h>

#include "proto/pin.h"

#define PIN_TRIES 5
#define PIN_BLOCK_MS 60000
#define PIN_BLOCK_MAX_MS 900000

bool fg_operator_is_in(const struct fg_signed_in *who)
{
    return who->id[0] != '\0';
}

void fg_operator_used(struct fg_signed_in *who, int64_t now_mono_ms)
{
    who->used_mono_ms = now_mono_ms;
}

void fg_operator_enter(struct fg_signed_in *who, const char *id, int32_t certificate_end_day, bool by_hand,
                       int64_t now_mono_ms)
{
    (void)snprintf(who->id, sizeof(who->id), "%s", id);
    who->certificate_end_day = certificate_end_day;
    who->by_hand = by_hand;
    fg_operator_used(who, now_mono_ms);
}

void fg_operator_leave(struct fg_signed_in *who)
{
    who->id[0] = '\0';
    who->certificate_end_day = 0;
    who->by_hand = false;
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

/* ---- PIN ---- */

int64_t fg_operator_pin_blocked_ms(const struct fg_signed_in *who, int64_t now_mono_ms)
{
    int64_t left_ms = who->pin_blocked_until_mono_ms - now_mono_ms;

    return who->pin_blocks > 0 && left_ms > 0 ? left_ms : 0;
}

void fg_operator_forget_wrong_pins(struct fg_signed_in *who)
{
    who->pin_wrong = 0;
    who->pin_blocks = 0;
}

/* Each block in a row lasts twice as long as the one before. */
static enum fg_pin_result pin_was_wrong(struct fg_signed_in *who, int64_t now_mono_ms)
{
    int64_t block_ms = PIN_BLOCK_MS;

    who->pin_wrong++;
    if (who->pin_wrong < PIN_TRIES)
        return FG_PIN_WRONG;
    for (uint8_t i = 0; i < who->pin_blocks && block_ms < PIN_BLOCK_MAX_MS; i++)
        block_ms *= 2;
    if (block_ms > PIN_BLOCK_MAX_MS)
        block_ms = PIN_BLOCK_MAX_MS;
    who->pin_wrong = 0;
    if (who->pin_blocks < UINT8_MAX)
        who->pin_blocks++;
    who->pin_blocked_until_mono_ms = now_mono_ms + block_ms;
    return FG_PIN_WRONG_BLOCKED;
}

enum fg_pin_result fg_operator_try_pin(struct fg_signed_in *who, const struct fg_operator *person,
                                       const char *pin, int64_t now_mono_ms)
{
    if (person == NULL || !fg_pin_fits(person, pin))
        return pin_was_wrong(who, now_mono_ms);
    fg_operator_forget_wrong_pins(who);
    return FG_PIN_FITS;
}

bool fg_operator_review(struct fg_signed_in *who, const struct fg_operator *person)
{
    if (who->by_hand)
        return true;
    if (person == NULL)
        return false;
    who->certificate_end_day = person->certificate_end_day;
    return true;
}
