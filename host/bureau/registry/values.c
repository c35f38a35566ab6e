/* Implementation of values.h. */
#include "host/bureau/registry/values.h"

#include <stdio.h>
#include <string.h>

static bool digits(const char *text, size_t count, int32_t *ret_number)
{
    int32_t number = 0;

    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (text[i] - '0');
    }
    *ret_number = number;
    return true;
}

static bool is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool fg_value_day(const char *text, int32_t *ret_day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int32_t year;
    int32_t month;
    int32_t day;
    int32_t past;
    int length;

    if (text[0] == '\0') {
        *ret_day = 0;
        return true;
    }
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || !digits(text, 4, &year) ||
        !digits(text + 5, 2, &month) || !digits(text + 8, 2, &day))
        return false;
    if (year < 1970 || month < 1 || month > 12)
        return false;
    length = before[month] - before[month - 1] + (month == 2 && is_leap(year));
    if (day < 1 || day > length)
        return false;
    past = year - 1;
    *ret_day = (year - 1970) * 365 + (past / 4 - past / 100 + past / 400) -
               (1969 / 4 - 1969 / 100 + 1969 / 400) + before[month - 1] + (month > 2 && is_leap(year)) + day -
               1;
    return true;
}

void fg_value_day_text(int32_t day, char ret_text[16])
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t year = 1970;
    int month = 0;

    ret_text[0] = '\0';
    if (day <= 0)
        return;
    while (year <= 9999 && day >= 365 + is_leap(year))
        day -= 365 + is_leap(year++);
    if (year > 9999)
        return;
    while (day >= lengths[month] + (month == 1 && is_leap(year))) {
        day -= lengths[month] + (month == 1 && is_leap(year));
        month++;
    }
    (void)snprintf(ret_text, 16, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)(month + 1) % 100,
                   (unsigned)(day + 1) % 100);
}

bool fg_value_number(const char *text, uint32_t most, uint32_t *ret_number)
{
    uint64_t number = 0;

    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return false;
        number = number * 10 + (uint64_t)(*at - '0');
        if (number > most)
            return false;
    }
    *ret_number = (uint32_t)number;
    return true;
}

int fg_value_word(const char *text, const char *const *words)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0)
            return i;
    }
    return -1;
}

size_t fg_value_character(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t more;

    if (at[0] < 0x80)
        return at[0] != '\0';
    if (at[0] >= 0xc2 && at[0] <= 0xdf)
        more = 1;
    else if (at[0] >= 0xe0 && at[0] <= 0xef)
        more = 2;
    else if (at[0] >= 0xf0 && at[0] <= 0xf4)
        more = 3;
    else
        return 0;
    for (size_t i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return more + 1;
}

/* The same, 0 for control characters. */
static size_t character_bytes(const unsigned char *text)
{
    return text[0] < 0x20 || text[0] == 0x7f ? 0 : fg_value_character((const char *)text);
}

bool fg_value_text(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at != '\0') {
        size_t bytes = character_bytes(at);

        if (bytes == 0)
            return false;
        at += bytes;
    }
    return true;
}

bool fg_value_lines(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at != '\0') {
        size_t bytes = *at == '\n' || *at == '\r' || *at == '\t' ? 1 : character_bytes(at);

        if (bytes == 0)
            return false;
        at += bytes;
    }
    return true;
}
