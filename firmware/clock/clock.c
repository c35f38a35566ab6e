/* Implementation of the clock (clock.h). Calendar arithmetic is done here on plain integers, so that it is
 * 64 bits wide on boards whose time_t is not, and independent of the process's time zone. */
#include "firmware/clock/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)
#define OFFSET_MAX_S (18 * 3600)

static int64_t system_ms(clockid_t which)
{
    struct timespec now;

    if (clock_gettime(which, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *context)
{
    (void)context;
    return system_ms(CLOCK_REALTIME);
}

static int64_t system_mono_ms(void *context)
{
    (void)context;
    return system_ms(CLOCK_MONOTONIC);
}

static bool system_synchronised(void *context)
{
    struct timex state;
    int result;

    (void)context;
    memset(&state, 0, sizeof(state)); /* modes 0: only asks */
    result = adjtimex(&state);
    return result >= 0 && result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

void fg_clock_start(struct fg_clock *ret_clock, const struct fg_clock_sources *sources)
{
    memset(ret_clock, 0, sizeof(*ret_clock));
    if (sources != NULL) {
        ret_clock->sources = *sources;
    } else {
        ret_clock->sources.wall_ms = system_wall_ms;
        ret_clock->sources.mono_ms = system_mono_ms;
        ret_clock->sources.synchronised = system_synchronised;
    }
    ret_clock->vouched_ms = FG_CLOCK_BUILD_MS;
}

void fg_clock_vouch(struct fg_clock *clock, int64_t wall_ms)
{
    if (wall_ms > clock->vouched_ms)
        clock->vouched_ms = wall_ms;
}

void fg_clock_entry(struct fg_clock *clock, int64_t wall_ms, uint8_t quality)
{
    if (quality == FG_CLOCK_SYNCHRONISED)
        fg_clock_vouch(clock, wall_ms);
    if (quality == FG_CLOCK_INFORMATIVE && wall_ms > clock->run_ms)
        clock->run_ms = wall_ms;
}

void fg_clock_signed(struct fg_clock *clock, int64_t issued_ms, bool seen_ahead)
{
    int64_t unproven_ms = issued_ms > clock->vouched_ms ? issued_ms : 0;

    if (unproven_ms != clock->signed_ms)
        clock->ahead_ms = 0;
    clock->signed_ms = unproven_ms;
    if (unproven_ms != 0 && seen_ahead)
        clock->ahead_ms = unproven_ms - clock->vouched_ms;
}

void fg_clock_lower(struct fg_clock *clock, int64_t floor_ms)
{
    if (floor_ms < clock->vouched_ms)
        clock->vouched_ms = floor_ms > FG_CLOCK_BUILD_MS ? floor_ms : FG_CLOCK_BUILD_MS;
    clock->run_ms = 0;
}

/* A clock that jitters below its floor by less than a step was not set back. */
static bool is_below(int64_t wall_ms, int64_t floor_ms)
{
    return wall_ms < floor_ms - FG_CLOCK_STEP_MS;
}

/* A synchronised clock decides what of the unvouched can be true. */
static void judge_by(struct fg_clock *clock, int64_t wall_ms)
{
    if (clock->run_ms > wall_ms)
        clock->run_ms = wall_ms;
    if (clock->signed_ms == 0)
        return;
    if (clock->signed_ms > wall_ms + FG_CLOCK_AHEAD_MS) {
        clock->ahead_ms = clock->signed_ms - wall_ms;
        return;
    }
    /* What is ahead within the tolerance proves no more than this clock itself. */
    fg_clock_vouch(clock, clock->signed_ms < wall_ms ? clock->signed_ms : wall_ms);
    clock->signed_ms = 0;
    clock->ahead_ms = 0;
}

static int64_t unsynchronised_floor_ms(const struct fg_clock *clock)
{
    int64_t floor_ms = clock->run_ms > clock->vouched_ms ? clock->run_ms : clock->vouched_ms;

    if (clock->ahead_ms == 0 && clock->signed_ms - FG_CLOCK_BEHIND_MS > floor_ms)
        floor_ms = clock->signed_ms - FG_CLOCK_BEHIND_MS;
    return floor_ms;
}

static void grade(struct fg_clock *clock, struct fg_clock_now *now)
{
    bool synchronised = clock->sources.synchronised(clock->sources.context);

    now->floor_ms = clock->vouched_ms;
    if (synchronised && !is_below(now->wall_ms, clock->vouched_ms)) {
        judge_by(clock, now->wall_ms);
        now->floor_ms = clock->vouched_ms;
        now->quality = FG_CLOCK_SYNCHRONISED;
    } else if (synchronised) {
        now->quality = FG_CLOCK_UNKNOWN;
    } else {
        now->floor_ms = unsynchronised_floor_ms(clock);
        now->quality = is_below(now->wall_ms, now->floor_ms) ? FG_CLOCK_UNKNOWN : FG_CLOCK_INFORMATIVE;
    }
    now->bureau_ms = clock->ahead_ms;
}

void fg_clock_read(struct fg_clock *clock, struct fg_clock_now *ret_now)
{
    int64_t wall_ms = clock->sources.wall_ms(clock->sources.context);
    int64_t mono_ms = clock->sources.mono_ms(clock->sources.context);
    int64_t step_ms = 0;

    if (clock->read_before) {
        step_ms = (wall_ms - clock->last_wall_ms) - (mono_ms - clock->last_mono_ms);
        if (step_ms > -FG_CLOCK_STEP_MS && step_ms < FG_CLOCK_STEP_MS)
            step_ms = 0;
    }
    clock->read_before = true;
    clock->last_wall_ms = wall_ms;
    clock->last_mono_ms = mono_ms;
    ret_now->wall_ms = wall_ms;
    ret_now->mono_ms = mono_ms;
    ret_now->step_ms = step_ms;
    grade(clock, ret_now);
}

int64_t fg_clock_mono_ms(void)
{
    return system_ms(CLOCK_MONOTONIC);
}

/* Division that rounds towards minus infinity. */
static int64_t floor_div(int64_t value, int64_t divisor)
{
    int64_t quotient = value / divisor;

    return value % divisor < 0 ? quotient - 1 : quotient;
}

int32_t fg_clock_utc_offset_s(int64_t wall_ms)
{
    int64_t seconds = floor_div(wall_ms, 1000);
    time_t when = (time_t)seconds;
    struct tm local;

    if ((int64_t)when != seconds || localtime_r(&when, &local) == NULL)
        return 0;
    if (local.tm_gmtoff < -OFFSET_MAX_S || local.tm_gmtoff > OFFSET_MAX_S)
        return 0;
    return (int32_t)local.tm_gmtoff;
}

int32_t fg_clock_local_day(int64_t wall_ms, int32_t utc_offset_s)
{
    int64_t day = floor_div(wall_ms, DAY_MS);
    int64_t rest_ms = wall_ms % DAY_MS;
    int64_t in_day_ms = (rest_ms < 0 ? rest_ms + DAY_MS : rest_ms) + (int64_t)utc_offset_s * 1000;

    day += floor_div(in_day_ms, DAY_MS);
    if (day > INT32_MAX)
        return INT32_MAX;
    return day < INT32_MIN ? INT32_MIN : (int32_t)day;
}

int64_t fg_clock_day_start_ms(int32_t day, int32_t utc_offset_s)
{
    return (int64_t)day * DAY_MS - (int64_t)utc_offset_s * 1000;
}

/* Year, month 1-12 and day 1-31 of a day number, by the Gregorian rule with years that begin in March. */
static void split_day(int64_t day, int64_t *ret_year, int *ret_month, int *ret_day)
{
    int64_t shifted = day + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t march_month = (5 * of_year + 2) / 153;

    *ret_day = (int)(of_year - (153 * march_month + 2) / 5 + 1);
    *ret_month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *ret_year = year + era * 400 + (*ret_month <= 2 ? 1 : 0);
}

static int64_t join_day(int64_t year, int month, int day)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(shifted, 400);
    int64_t of_era = shifted - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void fg_clock_day_text(int32_t day, char ret_text[FG_CLOCK_DAY_TEXT])
{
    char text[64];
    int64_t year;
    int month;
    int of_month;

    split_day(day, &year, &month, &of_month);
    if (year < 0 || year > 9999)
        (void)snprintf(text, sizeof(text), "-");
    else
        (void)snprintf(text, sizeof(text), "%04d-%02d-%02d", (int)year, month, of_month);
    memcpy(ret_text, text, FG_CLOCK_DAY_TEXT - 1);
    ret_text[FG_CLOCK_DAY_TEXT - 1] = '\0';
}

void fg_clock_time_text(int64_t wall_ms, int32_t utc_offset_s, char ret_text[FG_CLOCK_TIME_TEXT])
{
    char date[FG_CLOCK_DAY_TEXT];
    char text[96];
    int32_t day = fg_clock_local_day(wall_ms, utc_offset_s);
    int offset_min = (utc_offset_s < 0 ? -utc_offset_s : utc_offset_s) / 60;
    int seconds;

    fg_clock_day_text(day, date);
    if (date[0] == '-') {
        memcpy(ret_text, "-", 2);
        return;
    }
    seconds = (int)((wall_ms - fg_clock_day_start_ms(day, utc_offset_s)) / 1000);
    (void)snprintf(text, sizeof(text), "%sT%02d:%02d:%02d%c%02d:%02d", date, seconds / 3600,
                   seconds / 60 % 60, seconds % 60, utc_offset_s < 0 ? '-' : '+', offset_min / 60 % 100,
                   offset_min % 60);
    memcpy(ret_text, text, FG_CLOCK_TIME_TEXT - 1);
    ret_text[FG_CLOCK_TIME_TEXT - 1] = '\0';
}

/* Exactly count digits at text; -1 when one is not a digit. A NUL ends the reading. */
static int read_digits(const char *text, int count)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* Reads the ten characters of a date. */
static enum fg_err read_date(const char *text, int32_t *ret_day, struct fg_error *error)
{
    static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t check_year;
    int check_month;
    int check_day;
    int64_t day_number;
    int year = read_digits(text, 4);
    int month = year >= 0 && text[4] == '-' ? read_digits(text + 5, 2) : -1;
    int day = month >= 0 && text[7] == '-' ? read_digits(text + 8, 2) : -1;

    if (day < 0)
        return fg_fail(error, FG_E_FORMAT, "date \"%.40s\": write it as 2026-11-23", text);
    if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1])
        return fg_fail(error, FG_E_RANGE, "date \"%.40s\": there is no such day", text);
    day_number = join_day(year, month, day);
    split_day(day_number, &check_year, &check_month, &check_day);
    if (check_day != day)
        return fg_fail(error, FG_E_RANGE, "date \"%.40s\": not a leap year", text);
    *ret_day = (int32_t)day_number;
    return FG_OK;
}

enum fg_err fg_clock_day_parse(const char *text, int32_t *ret_day, struct fg_error *error)
{
    int32_t day;
    enum fg_err code = read_date(text, &day, error);

    if (code != FG_OK)
        return code;
    if (text[10] != '\0')
        return fg_fail(error, FG_E_FORMAT, "date \"%.40s\": more follows after the day", text);
    *ret_day = day;
    return FG_OK;
}

/* Reads "", "Z" or "+08:00" behind a time; false when it is none of them. */
static bool read_offset(const char *text, int32_t default_s, int32_t *ret_offset_s)
{
    int hours;
    int minutes;

    *ret_offset_s = default_s;
    if (text[0] == '\0')
        return true;
    *ret_offset_s = 0;
    if (text[0] == 'Z' && text[1] == '\0')
        return true;
    if (text[0] != '+' && text[0] != '-')
        return false;
    hours = read_digits(text + 1, 2);
    if (hours < 0 || hours > 18 || text[3] != ':')
        return false;
    minutes = read_digits(text + 4, 2);
    if (minutes < 0 || minutes > 59 || text[6] != '\0')
        return false;
    *ret_offset_s = (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
    return true;
}

enum fg_err fg_clock_time_parse(const char *text, int32_t utc_offset_s, int64_t *ret_wall_ms,
                                struct fg_error *error)
{
    int32_t day;
    int32_t offset_s;
    int hour;
    int minute;
    int second;
    enum fg_err code = read_date(text, &day, error);

    if (code != FG_OK)
        return code;
    if (text[10] == '\0') {
        *ret_wall_ms = fg_clock_day_start_ms(day, utc_offset_s);
        return FG_OK;
    }
    hour = text[10] == 'T' || text[10] == ' ' ? read_digits(text + 11, 2) : -1;
    minute = hour >= 0 && text[13] == ':' ? read_digits(text + 14, 2) : -1;
    second = minute >= 0 && text[16] == ':' ? read_digits(text + 17, 2) : -1;
    if (second < 0 || !read_offset(text + 19, utc_offset_s, &offset_s))
        return fg_fail(error, FG_E_FORMAT, "time \"%.40s\": write it as 2026-11-23T05:58:00+08:00", text);
    if (hour > 23 || minute > 59 || second > 59)
        return fg_fail(error, FG_E_RANGE, "time \"%.40s\": there is no such time of day", text);
    *ret_wall_ms =
        fg_clock_day_start_ms(day, offset_s) + ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
    return FG_OK;
}
