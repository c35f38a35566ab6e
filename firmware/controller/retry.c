/* Implementation of trying again (retry.h). */
#include "firmware/controller/retry.h"

#include <stdio.h>
#include <string.h>

bool fg_retry_is_due(const struct fg_retry *retry, int64_t now_mono_ms)
{
    return !retry->done && fg_backoff_is_over(&retry->backoff, now_mono_ms);
}

void fg_retry_done(struct fg_retry *retry)
{
    *retry = (struct fg_retry){.done = true};
}

/* Cuts a text at the end of a whole character, so that it stays UTF-8. */
static void text_cut(char *text, size_t length_max)
{
    size_t length = strlen(text);

    if (length <= length_max)
        return;
    length = length_max;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    text[length] = '\0';
}

bool fg_retry_failed(struct fg_retry *retry, const struct fg_error *error, int64_t now_mono_ms)
{
    struct fg_error cut = *error;
    bool is_new;

    text_cut(cut.text, FG_CONTROL_CAUSE_MAX);
    is_new = strcmp(cut.text, retry->cause) != 0;
    memcpy(retry->cause, cut.text, strlen(cut.text) + 1);
    fg_backoff_fail(&retry->backoff, FG_RETRY_MIN_MS, FG_RETRY_MAX_MS, now_mono_ms, 0);
    return is_new;
}
