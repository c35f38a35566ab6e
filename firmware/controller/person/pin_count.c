/* Implementation of pin_count.h. */
#include "firmware/controller/person/pin_count.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ANYBODY "*" /* no operator has this id */

void fg_pin_count_clear(struct fg_pin_count *count)
{
    memset(count, 0, sizeof(*count));
}

int64_t fg_pin_block_ms(const struct fg_pin_count *count)
{
    int64_t block_ms = FG_PIN_BLOCK_MS;

    for (uint8_t i = 1; i < count->blocks && block_ms < FG_PIN_BLOCK_MAX_MS; i++)
        block_ms *= 2;
    return block_ms < FG_PIN_BLOCK_MAX_MS ? block_ms : FG_PIN_BLOCK_MAX_MS;
}

int64_t fg_pin_block_left_ms(const struct fg_pin_count *count, int64_t now_mono_ms)
{
    int64_t left_ms = count->since_mono_ms + fg_pin_block_ms(count) - now_mono_ms;

    return count->is_blocked && left_ms > 0 ? left_ms : 0;
}

void fg_pin_count_lost(struct fg_pin_count *ret_count, int64_t now_mono_ms)
{
    struct fg_pin_count count = {.is_blocked = true, .tried_id = ANYBODY, .since_mono_ms = now_mono_ms};

    while (fg_pin_block_ms(&count) < FG_PIN_BLOCK_MAX_MS)
        count.blocks++;
    *ret_count = count;
}

bool fg_pin_count_watch(struct fg_pin_count *count, int64_t now_mono_ms)
{
    bool ended = count->is_blocked && fg_pin_block_left_ms(count, now_mono_ms) == 0;
    bool something = count->wrong > 0 || count->blocks > 0;

    if (ended) {
        count->since_mono_ms += fg_pin_block_ms(count); /* calm counts from the end of a block */
        count->is_blocked = false;
    }
    if (!something || count->is_blocked || now_mono_ms - count->since_mono_ms < FG_PIN_CALM_MS)
        return ended;
    fg_pin_count_clear(count);
    return true;
}

void fg_pin_count_try(struct fg_pin_count *count, const char *id, int64_t now_mono_ms)
{
    assert(fg_pin_block_left_ms(count, now_mono_ms) == 0);
    (void)fg_pin_count_watch(count, now_mono_ms);
    if (count->tried_id[0] == '\0' && fg_operator_id_is_good(id))
        (void)snprintf(count->tried_id, sizeof(count->tried_id), "%s", id);
    else if (!fg_operator_id_is_same(count->tried_id, id))
        (void)snprintf(count->tried_id, sizeof(count->tried_id), "%s", ANYBODY);
    count->is_blocked = false;
    count->since_mono_ms = now_mono_ms;
    count->wrong++;
    if (count->wrong < FG_PIN_TRIES)
        return;
    count->wrong = 0;
    count->is_blocked = true;
    if (count->blocks < UINT8_MAX)
        count->blocks++;
}

void fg_pin_count_good(struct fg_pin_count *count, const char *id, int64_t now_mono_ms)
{
    (void)fg_pin_count_watch(count, now_mono_ms);
    if (fg_operator_id_is_same(count->tried_id, id))
        fg_pin_count_clear(count);
}
