/* Implementation of waiting after failures (backoff.h). */
#include "lib/base/backoff.h"

uint32_t fg_backoff_ms(uint32_t failures, uint32_t min_ms, uint32_t max_ms, uint32_t random)
{
    uint64_t wait_ms = min_ms == 0 ? 1 : min_ms;

    for (uint32_t n = 1; n < failures && wait_ms < max_ms; n++)
        wait_ms *= 2;
    if (wait_ms > max_ms)
        wait_ms = max_ms;
    return (uint32_t)(wait_ms - random % (wait_ms / 2 + 1));
}

void fg_backoff_fail(struct fg_backoff *backoff, uint32_t min_ms, uint32_t max_ms, int64_t now_mono_ms,
                     uint32_t random)
{
    if (backoff->failures < UINT32_MAX)
        backoff->failures++;
    backoff->until_mono_ms = now_mono_ms + fg_backoff_ms(backoff->failures, min_ms, max_ms, random);
}

bool fg_backoff_is_over(const struct fg_backoff *backoff, int64_t now_mono_ms)
{
    return backoff->failures == 0 || now_mono_ms >= backoff->until_mono_ms;
}
