/* Implementation of the requests' parameters (web_parameters.h). */
#include "host/bureau/web/web_parameters.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/registry/values.h"

#define DIGITS_MAX 15 /* of a number: what every JSON reader keeps exactly */

/* ---- one value ---- */

static bool characters_fit(const char *text, enum fg_web_type type)
{
    static const char digits[] = "0123456789";
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
    const char *more = "";
    bool has_digits = type != FG_WEB_UPPER;
    bool has_upper = type != FG_WEB_HEX;
    bool has_lower = type == FG_WEB_NAME || type == FG_WEB_KEY;

    if (type == FG_WEB_CODE)
        more = "-";
    else if (type == FG_WEB_NAME)
        more = "._-";
    else if (type == FG_WEB_UPPER)
        more = "_";
    else if (type == FG_WEB_HEX)
        more = "abcdef";
    else if (type == FG_WEB_KEY)
        more = "._~:-";
    for (; *text != '\0'; text++) {
        if (!(has_digits && strchr(digits, *text) != NULL) && !(has_upper && strchr(upper, *text) != NULL) &&
            !(has_lower && strchr(lower, *text) != NULL) && strchr(more, *text) == NULL)
            return false;
    }
    return true;
}

/* Passwords may have every character but the control characters that no keyboard types. */
static bool secret_fits(const char *text)
{
    return fg_value_text(text);
}

static enum fg_err number_take(const struct fg_web_parameter *parameter, const char *text,
                               int64_t *ret_number, struct fg_error *error)
{
    size_t length = strspn(text, "0123456789");
    int64_t number = 0;

    for (size_t i = 0; i < length && i < DIGITS_MAX; i++)
        number = number * 10 + (text[i] - '0');
    if (length < 1 || length > DIGITS_MAX || text[length] != '\0' || number < parameter->least ||
        number > parameter->most)
        return fg_fail(error, FG_E_RANGE, "%s must be a number from %" PRId64 " to %" PRId64, parameter->name,
                       parameter->least, parameter->most);
    *ret_number = number;
    return FG_OK;
}

static enum fg_err word_take(const struct fg_web_parameter *parameter, const char *text, int64_t *ret_number,
                             struct fg_error *error)
{
    static const char *const truths[] = {"false", "true", NULL};
    const char *const *words = parameter->type == FG_WEB_BOOL ? truths : parameter->words;
    int place = fg_value_word(text, words);
    char list[160] = "";
    size_t used = 0;

    if (place >= 0) {
        *ret_number = place;
        return FG_OK;
    }
    for (size_t i = 0; words[i] != NULL && used < sizeof(list); i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", words[i]);
    return fg_fail(error, FG_E_RANGE, "%s must be one of %s", parameter->name, list);
}

static enum fg_err text_take(const struct fg_web_parameter *parameter, const char *text,
                             struct fg_error *error)
{
    size_t length = strlen(text);
    bool fits = length >= (size_t)parameter->least && length <= (size_t)parameter->most;

    if (parameter->type == FG_WEB_TEXT)
        fits = fits && fg_value_text(text);
    else if (parameter->type == FG_WEB_LINES)
        fits = fits && fg_value_lines(text);
    else if (parameter->type == FG_WEB_SECRET)
        fits = fits && secret_fits(text);
    else
        fits = fits && characters_fit(text, parameter->type);
    if (!fits)
        return fg_fail(error, FG_E_RANGE, "%s must have %" PRId64 " to %" PRId64 " characters%s",
                       parameter->name, parameter->least, parameter->most,
                       parameter->type == FG_WEB_CODE    ? " of 0-9 A-Z -"
                       : parameter->type == FG_WEB_NAME  ? " of A-Z a-z 0-9 . _ -"
                       : parameter->type == FG_WEB_UPPER ? " of A-Z _"
                       : parameter->type == FG_WEB_HEX   ? " of 0-9 a-f"
                                                         : "");
    return FG_OK;
}

enum fg_err fg_web_value_take(const struct fg_web_parameter *parameter, const char *text,
                              struct fg_web_value *ret_value, struct fg_error *error)
{
    struct fg_web_value value = {.text = text};
    int32_t day = 0;
    enum fg_err result;

    switch (parameter->type) {
    case FG_WEB_NUMBER:
        result = number_take(parameter, text, &value.number, error);
        break;
    case FG_WEB_WORD:
    case FG_WEB_BOOL:
        result = word_take(parameter, text, &value.number, error);
        break;
    case FG_WEB_DAY:
        result = text[0] != '\0' && fg_value_day(text, &day)
                     ? FG_OK
                     : fg_fail(error, FG_E_RANGE, "%s must be a date YYYY-MM-DD", parameter->name);
        value.number = day;
        break;
    default:
        result = text_take(parameter, text, error);
        break;
    }
    if (result == FG_OK)
        *ret_value = value;
    return result;
}

/* ---- the path ---- */

bool fg_web_path_fits(const char *pattern, const char *path, struct fg_web_segments *ret_segments)
{
    ret_segments->count = 0;
    while (*pattern != '\0') {
        if (*pattern == '{') {
            size_t length = strcspn(path, "/");

            if (length < 1 || length > FG_WEB_SEGMENT_MAX ||
                ret_segments->count >= sizeof(ret_segments->text) / sizeof(ret_segments->text[0]))
                return false;
            memcpy(ret_segments->text[ret_segments->count], path, length);
            ret_segments->text[ret_segments->count++][length] = '\0';
            path += length;
            pattern += strcspn(pattern, "}") + 1;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

enum fg_err fg_web_segments_take(const struct fg_web_parameter *table, size_t count,
                                 const struct fg_web_segments *segments, struct fg_web_value *values,
                                 struct fg_error *error)
{
    enum fg_err result = FG_OK;

    for (size_t i = 0; result == FG_OK && i < segments->count && i < count; i++)
        result = fg_web_value_take(&table[i], segments->text[i], &values[i], error);
    return result;
}

/* ---- query and body ---- */

/* The place of a name in the table; count when there is none. */
static size_t find(const struct fg_web_parameter *table, size_t count, enum fg_web_place place,
                   const char *name)
{
    size_t i = 0;

    while (i < count && (table[i].place != place || strcmp(table[i].name, name) != 0))
        i++;
    return i;
}

static enum fg_err take(const struct fg_web_parameter *table, size_t count, enum fg_web_place place,
                        const char *name, const char *value, struct fg_web_value *values,
                        struct fg_error *error)
{
    size_t i = find(table, count, place, name);

    if (i == count)
        return fg_fail(error, FG_E_RANGE, "\"%.40s\" is not known here", fg_value_text(name) ? name : "?");
    if (values[i].text != NULL)
        return fg_fail(error, FG_E_RANGE, "%s is given twice", table[i].name);
    return fg_web_value_take(&table[i], value, &values[i], error);
}

enum fg_err fg_web_query_take(const struct fg_web_parameter *table, size_t count, const char *name,
                              const char *value, struct fg_web_value *values, struct fg_error *error)
{
    return take(table, count, FG_WEB_QUERY, name, value != NULL ? value : "", values, error);
}

/* A member's value as text; numbers are kept as they were written, in *digits. */
static const char *member_text(const struct fg_web_parameter *parameter, const cJSON *member, char digits[24])
{
    bool is_number = parameter->type == FG_WEB_NUMBER;

    if (parameter->type == FG_WEB_BOOL)
        return cJSON_IsTrue(member) ? "true" : cJSON_IsFalse(member) ? "false" : NULL;
    if (is_number && cJSON_IsNumber(member) && member->valuedouble >= 0 && member->valuedouble < 1e15 &&
        (double)(int64_t)member->valuedouble == member->valuedouble) {
        (void)snprintf(digits, 24, "%" PRId64, (int64_t)member->valuedouble);
        return digits;
    }
    return !is_number && cJSON_IsString(member) ? member->valuestring : NULL;
}

static enum fg_err member_take(const struct fg_web_parameter *table, size_t count, const cJSON *member,
                               struct fg_web_value *values, struct fg_error *error)
{
    size_t i = find(table, count, FG_WEB_BODY, member->string);
    char digits[24];
    const char *text = i < count ? member_text(&table[i], member, digits) : "";
    enum fg_err result;

    if (text == NULL)
        return fg_fail(error, FG_E_RANGE, "%s has the wrong type", table[i].name);
    result = take(table, count, FG_WEB_BODY, member->string, text, values, error);
    /* The digits do not outlive this call; the number itself does. */
    if (result == FG_OK && text == digits)
        values[i].text = table[i].name;
    return result;
}

enum fg_err fg_web_body_take(const struct fg_web_parameter *table, size_t count, const uint8_t *bytes,
                             size_t length, struct fg_web_value *values, cJSON **ret_body,
                             struct fg_error *error)
{
    const char *end = NULL;
    enum fg_err result = FG_OK;

    *ret_body = NULL;
    /* A string with a zero in it would be cut there. */
    if (memchr(bytes, 0, length) != NULL || memmem(bytes, length, "\\u0000", 6) != NULL)
        return fg_fail(error, FG_E_FORMAT, "the body has a zero character");
    *ret_body = cJSON_ParseWithLengthOpts((const char *)bytes, length, &end, false);
    if (*ret_body == NULL || !cJSON_IsObject(*ret_body))
        return fg_fail(error, FG_E_FORMAT, "the body is not a JSON object");
    for (; end < (const char *)bytes + length; end++) {
        if (strchr(" \t\r\n", *end) == NULL)
            return fg_fail(error, FG_E_FORMAT, "the body goes on after the JSON object");
    }
    for (const cJSON *member = (*ret_body)->child; result == FG_OK && member != NULL; member = member->next)
        result = member_take(table, count, member, values, error);
    return result;
}

enum fg_err fg_web_values_check(const struct fg_web_parameter *table, size_t count,
                                const struct fg_web_value *values, struct fg_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].needed && values[i].text == NULL)
            return fg_fail(error, FG_E_RANGE, "%s is missing", table[i].name);
    }
    return FG_OK;
}
