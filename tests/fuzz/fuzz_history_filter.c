/* Fuzz target: what the history is searched by: parts of a filter as the API gives them, and the key of a
 * page. The input is NAME=VALUE parts separated by '\n'; one named "after" is a key. Checks that keys and
 * filters survive being written, and that no two filters give one text by way of characters that separate. */
#include <stdlib.h>
#include <string.h>

#include "host/bureau/history/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void key_try(const char *text)
{
    struct fg_history_key key;
    struct fg_history_key again;
    struct fg_error error;
    char written[FG_HISTORY_KEY_BYTES];

    if (fg_history_key_read(text, &key, &error) != FG_OK)
        return;
    fg_history_key_write(&key, written);
    if (fg_history_key_read(written, &again, &error) != FG_OK || again.wall_ms != key.wall_ms ||
        again.sequence != key.sequence || strcmp(again.controller, key.controller) != 0)
        abort();
}

static void part_try(struct fg_history_filter *filter, const char *name, const char *value)
{
    struct fg_history_filter before = *filter;
    struct fg_error error;

    if (fg_history_filter_set(filter, name, value, &error) != FG_OK &&
        memcmp(&before, filter, sizeof(before)) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-%= ";
    struct fg_history_filter filter;
    char written[FG_HISTORY_FILTER_BYTES];
    char *saved = NULL;
    char *text = calloc(1, size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    fg_history_filter_start(&filter);
    for (char *part = strtok_r(text, "\n", &saved); part != NULL; part = strtok_r(NULL, "\n", &saved)) {
        char *value = strchr(part, '=');

        if (value == NULL)
            continue;
        *value++ = '\0';
        if (strcmp(part, "after") == 0)
            key_try(value);
        else
            part_try(&filter, part, value);
    }
    fg_history_filter_text(&filter, written);
    if (strlen(written) >= sizeof(written) || strspn(written, plain) != strlen(written))
        abort();
    free(text);
    return 0;
}
