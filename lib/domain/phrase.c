/* Matching of texts with the patterns of phrases.def (phrase.h). Each value reaches to the first place where
 * the pattern goes on. */
#include "lib/domain/phrase.h"

#include <string.h>

#define VALUES_MAX 6
#define DEPTH_MAX 4 /* a value may be a phrase again */

struct pattern {
    const char *english;
    const char *chinese;
};

static const struct pattern patterns[] = {
#define FG_PHRASE(english, chinese) {english, chinese},
#define FG_EVENT(number, name, grave, english, chinese) {english, chinese},
#define FG_REASON FG_EVENT
#define FG_STOP(number, name, english, chinese) {english, chinese},
#include "lib/domain/phrases.def"

#include "lib/domain/events.def"
#include "lib/domain/reasons.def"
#include "lib/domain/stops.def"
#undef FG_STOP
#undef FG_REASON
#undef FG_EVENT
#undef FG_PHRASE
};
#define PATTERN_COUNT (sizeof(patterns) / sizeof(patterns[0]))

struct value {
    const char *text;
    size_t length;
};

struct output {
    char *text;
    size_t used;
    size_t size;
};

/* "{0}" or "[0]": the number, or -1 when text begins with neither. */
static int place_of(const char *text)
{
    bool place = (text[0] == '{' && text[1] >= '0' && text[1] < '0' + VALUES_MAX && text[2] == '}') ||
                 (text[0] == '[' && text[1] >= '0' && text[1] < '0' + VALUES_MAX && text[2] == ']');

    return place ? text[1] - '0' : -1;
}

static size_t fixed_length(const char *pattern)
{
    size_t length = 0;

    while (pattern[length] != '\0' && place_of(pattern + length) < 0)
        length++;
    return length;
}

/* Where the first fixed_length bytes of pattern are in the text; NULL when they are not. */
static const char *fixed_find(const char *text, size_t length, const char *pattern, size_t fixed)
{
    for (size_t at = 0; at + fixed <= length; at++) {
        if (memcmp(text + at, pattern, fixed) == 0)
            return text + at;
    }
    return NULL;
}

static bool match(const char *pattern, struct value text, struct value ret_values[VALUES_MAX])
{
    size_t fixed = fixed_length(pattern);

    if (fixed > text.length || memcmp(text.text, pattern, fixed) != 0)
        return false;
    pattern += fixed;
    text = (struct value){text.text + fixed, text.length - fixed};
    while (*pattern != '\0') {
        int place = place_of(pattern);
        const char *end;

        pattern += 3;
        fixed = fixed_length(pattern);
        end =
            pattern[0] == '\0' ? text.text + text.length : fixed_find(text.text, text.length, pattern, fixed);
        if (end == NULL || end == text.text)
            return false;
        ret_values[place] = (struct value){text.text, (size_t)(end - text.text)};
        text.length -= (size_t)(end - text.text) + fixed;
        text.text = end + fixed;
        pattern += fixed;
    }
    return text.length == 0;
}

static void put(struct output *output, const char *text, size_t length)
{
    if (length > output->size - 1 - output->used)
        length = output->size - 1 - output->used;
    memcpy(output->text + output->used, text, length);
    output->used += length;
    output->text[output->used] = '\0';
}

static bool say(struct value text, unsigned depth, struct output *output);

static void fill(const struct pattern *pattern, const struct value values[VALUES_MAX], unsigned depth,
                 struct output *output)
{
    const char *at = pattern->chinese;

    while (*at != '\0') {
        size_t fixed = fixed_length(at);
        int place = place_of(at + fixed);

        put(output, at, fixed);
        at += fixed;
        if (place < 0)
            continue;
        if (*at != '[' || depth == 0 || !say(values[place], depth - 1, output))
            put(output, values[place].text, values[place].length);
        at += 3;
    }
}

static bool say(struct value text, unsigned depth, struct output *output)
{
    for (size_t i = 0; i < PATTERN_COUNT; i++) {
        struct value values[VALUES_MAX] = {{"", 0}};

        if (match(patterns[i].english, text, values)) {
            fill(&patterns[i], values, depth, output);
            return true;
        }
    }
    return false;
}

/* Takes away a last character that was cut. */
static void cut_mend(struct output *output)
{
    size_t start = output->used;
    size_t wanted;

    while (start > 0 && ((unsigned char)output->text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0 || (unsigned char)output->text[start - 1] < 0xc0)
        return;
    wanted = (unsigned char)output->text[start - 1] >= 0xf0   ? 4
             : (unsigned char)output->text[start - 1] >= 0xe0 ? 3
                                                              : 2;
    if (output->used - (start - 1) < wanted)
        output->text[start - 1] = '\0';
}

bool fg_phrase_chinese(const char *english, char *ret_chinese, size_t size)
{
    struct output output = {ret_chinese, 0, size};
    bool found;

    ret_chinese[0] = '\0';
    found = say((struct value){english, strlen(english)}, DEPTH_MAX, &output);
    cut_mend(&output);
    return found;
}
