/* Wall times and days of the command line, as people write and read them (cli.h). Relies on: the C library's
 * time zone. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/cli/cli.h"

#define DAY_S 86400

void cli_time_text(int64_t wall_ms, char ret_text[CLI_TIME_TEXT])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;

    if (wall_ms == 0 || localtime_r(&seconds, &local) == NULL ||
        strftime(ret_text, CLI_TIME_TEXT, "%Y-%m-%d %H:%M:%S %z", &local) == 0)
        (void)snprintf(ret_text, CLI_TIME_TEXT, "-");
}

void cli_day_text(int32_t day, char ret_text[CLI_TIME_TEXT])
{
    time_t seconds = (time_t)day * DAY_S;
    struct tm utc;

    if (day == 0 || gmtime_r(&seconds, &utc) == NULL ||
        strftime(ret_text, CLI_TIME_TEXT, "%Y-%m-%d", &utc) == 0)
        (void)snprintf(ret_text, CLI_TIME_TEXT, "-");
}

/* true when the broken-down time names a moment that exists, so that 31 February is not taken for March. */
static bool fields_exist(const struct tm *fields)
{
    struct tm copy = *fields;
    time_t seconds = timegm(&copy);

    return seconds != (time_t)-1 && copy.tm_mday == fields->tm_mday && copy.tm_mon == fields->tm_mon &&
           copy.tm_hour == fields->tm_hour && copy.tm_min == fields->tm_min && copy.tm_sec == fields->tm_sec;
}

/* "", "Z" or "+hh:mm" / "-hhmm". */
static bool parse_zone(const char *text, bool *ret_given, int *ret_offset_s)
{
    int hours = 0;
    int minutes = 0;
    int used = 0;

    *ret_given = text[0] != '\0';
    *ret_offset_s = 0;
    if (!*ret_given || strcmp(text, "Z") == 0)
        return true;
    if (text[0] != '+' && text[0] != '-')
        return false;
    if ((sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 &&
         sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &used) != 2) ||
        text[1 + used] != '\0' || hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return false;
    *ret_offset_s = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
    return true;
}

enum fg_err cli_time_parse(const char *text, bool end_of_day, int64_t *ret_wall_ms, struct fg_error *error)
{
    struct tm fields = {.tm_isdst = -1};
    int used = 0;
    int more = 0;
    bool date_only;
    bool zone_given = false;
    int offset_s = 0;
    time_t seconds;

    if (sscanf(text, "%4d-%2d-%2d%n", &fields.tm_year, &fields.tm_mon, &fields.tm_mday, &used) != 3)
        goto bad;
    fields.tm_year -= 1900;
    fields.tm_mon -= 1;
    date_only = text[used] == '\0';
    if (!date_only) {
        if ((text[used] != 'T' && text[used] != ' ') ||
            sscanf(text + used + 1, "%2d:%2d%n", &fields.tm_hour, &fields.tm_min, &more) != 2)
            goto bad;
        used += 1 + more;
        if (text[used] == ':') {
            if (sscanf(text + used + 1, "%2d%n", &fields.tm_sec, &more) != 1)
                goto bad;
            used += 1 + more;
        }
    }
    if (!parse_zone(text + used, &zone_given, &offset_s) || !fields_exist(&fields))
        goto bad;
    if (date_only && end_of_day)
        fields.tm_mday++;
    seconds = zone_given ? timegm(&fields) - offset_s : mktime(&fields);
    if (seconds == (time_t)-1)
        goto bad;
    *ret_wall_ms = (int64_t)seconds * 1000;
    return FG_OK;
bad:
    return fg_fail(error, FG_E_FORMAT,
                   "\"%.40s\" is not a time: write 2026-11-23, 2026-11-23T14:02 or 2026-11-23T14:02:28+08:00",
                   text);
}

enum fg_err cli_day_parse(const char *text, int32_t *ret_day, struct fg_error *error)
{
    struct tm fields = {0};
    int used = 0;

    if (sscanf(text, "%4d-%2d-%2d%n", &fields.tm_year, &fields.tm_mon, &fields.tm_mday, &used) != 3 ||
        text[used] != '\0')
        return fg_fail(error, FG_E_FORMAT, "\"%.40s\" is not a date: write 2026-11-23", text);
    fields.tm_year -= 1900;
    fields.tm_mon -= 1;
    if (!fields_exist(&fields))
        return fg_fail(error, FG_E_FORMAT, "\"%.40s\" is a date that does not exist", text);
    *ret_day = (int32_t)(timegm(&fields) / DAY_S);
    return FG_OK;
}

int64_t cli_now_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
