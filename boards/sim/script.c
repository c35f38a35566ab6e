/* The command language of script.h. Not: doing anything. Relies on: script.h. */
#include "boards/sim/script.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct verb {
    const char *name;
    unsigned min; /* words after the verb */
    unsigned max;
    const char *use;
};

/* clang-format off */
#define VERBS(V) \
    V("cylinder", 1, 8, "cylinder NAME [medium=cng|lpg] [capacity_dl=N] [pressure_kpa=N] [temperature_dc=N] [tare_g=N] [mass_g=N]") \
    V("connect", 1, 1, "connect NAME") \
    V("disconnect", 0, 1, "disconnect [NAME]") \
    V("tag", 2, 4, "tag NAME type=TYPE uid=HEX | tag NAME sign code=CODE key=FILE | tag NAME data=HEX | tag NAME load FILE | tag NAME copy NAME2") \
    V("present", 1, 2, "present NAME [NAME2]") \
    V("remove", 0, 0, "remove") \
    V("swap", 1, 1, "swap NAME") \
    V("button", 2, 3, "button start|stop press MS | button start|stop hold|release") \
    V("estop", 1, 1, "estop on|off") \
    V("speed", 1, 1, "speed N") \
    V("meter", 1, 1, "meter inventory_g=N") \
    V("supply", 1, 1, "supply KPA") \
    V("fault", 2, 5, "fault bus NAME on|off|ANSWERS [unit=N] [code=N] [every=MS] | fault signal NAME KIND on|off|N | fault valve NAME on|off | fault leak G_PER_S | fault reader NAME [on|off|REPLIES]") \
    V("reader", 1, 1, "reader unplug|plug") \
    V("plant", 1, 1, "plant unplug|plug") \
    V("victim", 1, 1, "victim PID") \
    V("power", 1, 1, "power cut") \
    V("pace", 1, 2, "pace CHIP_BAUD PLANT_BAUD | pace off") \
    V("adapter", 1, 1, "adapter DELAY_MS | adapter off") \
    V("record", 1, 1, "record FILE") \
    V("mark", 1, 1, "mark WORD") \
    V("witness", 1, 1, "witness JOURNAL.db") \
    V("state", 0, 0, "state") \
    V("wait", 1, 1, "wait MS") \
    V("expect", 5, 5, "expect KEY =|!=|<|<=|>|>= VALUE within MS") \
    V("help", 0, 0, "help") \
    V("quit", 0, 0, "quit")
#define VERB_ROW(name, min, max, use) {name, min, max, use},
#define VERB_USE(name, min, max, use) use "\n"
/* clang-format on */

static const struct verb verbs[] = {VERBS(VERB_ROW)};

const char *fg_script_help(void)
{
    return VERBS(VERB_USE);
}

static enum fg_err check_verb(const struct fg_script_line *line, struct fg_error *error)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(line->words[0], verbs[i].name) != 0)
            continue;
        if (line->count - 1 < verbs[i].min || line->count - 1 > verbs[i].max)
            return fg_fail(error, FG_E_FORMAT, "%u words after '%s'; use: %s", line->count - 1, verbs[i].name,
                           verbs[i].use);
        return FG_OK;
    }
    return fg_fail(error, FG_E_FORMAT, "unknown command '%.40s'; 'help' lists them", line->words[0]);
}

enum fg_err fg_script_parse(const char *bytes, size_t length, struct fg_script_line *ret_line,
                            struct fg_error *error)
{
    size_t at = 0;
    bool in_word = false;

    ret_line->count = 0;
    if (length > FG_SCRIPT_LINE_MAX)
        return fg_fail(error, FG_E_SIZE, "a line of %zu bytes; at most %d", length, FG_SCRIPT_LINE_MAX);
    for (size_t i = 0; i < length && bytes[i] != '#'; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (c == ' ' || c == '\t' || c == '\r') {
            in_word = false;
            continue;
        }
        if (c < ' ' || c == 0x7F)
            return fg_fail(error, FG_E_FORMAT, "control character 0x%02x at column %zu", c, i + 1);
        if (!in_word) {
            if (ret_line->count == FG_SCRIPT_WORDS_MAX)
                return fg_fail(error, FG_E_SIZE, "more than %d words", FG_SCRIPT_WORDS_MAX);
            ret_line->count++;
            at = 0;
            in_word = true;
        }
        ret_line->words[ret_line->count - 1][at++] = bytes[i];
        ret_line->words[ret_line->count - 1][at] = '\0';
    }
    return ret_line->count == 0 ? FG_OK : check_verb(ret_line, error);
}

const char *fg_script_value(const struct fg_script_line *line, const char *key)
{
    size_t length = strlen(key);

    for (unsigned i = 1; i < line->count; i++) {
        if (strncmp(line->words[i], key, length) == 0 && line->words[i][length] == '=')
            return line->words[i] + length + 1;
    }
    return NULL;
}

enum fg_err fg_script_number(const char *text, const char *what, int64_t min, int64_t max,
                             int64_t *ret_number, struct fg_error *error)
{
    char *end = NULL;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (end == text || *end != '\0')
        return fg_fail(error, FG_E_FORMAT, "%s: '%.40s' is not a whole number", what, text);
    if (errno != 0 || number < min || number > max)
        return fg_fail(error, FG_E_RANGE, "%s: %.40s is not in %lld to %lld", what, text, (long long)min,
                       (long long)max);
    *ret_number = number;
    return FG_OK;
}

enum fg_err fg_script_number_of(const struct fg_script_line *line, const char *key, int64_t min, int64_t max,
                                int64_t fallback, int64_t *ret_number, struct fg_error *error)
{
    const char *text = fg_script_value(line, key);

    if (text != NULL)
        return fg_script_number(text, key, min, max, ret_number, error);
    *ret_number = fallback;
    return FG_OK;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum fg_err fg_script_hex(const char *text, const char *what, uint8_t *ret_bytes, size_t capacity,
                          size_t *ret_count, struct fg_error *error)
{
    size_t length = strlen(text);

    if (length % 2 != 0)
        return fg_fail(error, FG_E_FORMAT, "%s: an odd number of hex digits", what);
    if (length / 2 > capacity)
        return fg_fail(error, FG_E_SIZE, "%s: %zu bytes; at most %zu", what, length / 2, capacity);
    for (size_t i = 0; i < length / 2; i++) {
        int high = nibble(text[2 * i]);
        int low = nibble(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return fg_fail(error, FG_E_FORMAT, "%s: no hex digits at column %zu", what, 2 * i + 1);
        ret_bytes[i] = (uint8_t)(high << 4 | low);
    }
    *ret_count = length / 2;
    return FG_OK;
}
