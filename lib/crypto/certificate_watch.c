/* Implementation of watching a certificate's end (certificate_watch.h). */
#include "lib/crypto/certificate_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "lib/crypto/certificate_file.h"

#define DAY_MS INT64_C(86400000)

int64_t fg_certificate_days_left(int64_t end_ms, int64_t now_ms)
{
    int64_t left_ms = end_ms - now_ms;

    return left_ms >= 0 ? left_ms / DAY_MS : -((-left_ms + DAY_MS - 1) / DAY_MS);
}

/* From one step to the next nothing new is told. */
static int64_t step_of(int64_t days)
{
    static const int64_t steps[] = {7, 15, FG_CERTIFICATE_WARN_DAYS};

    if (days < steps[0])
        return days;
    for (size_t i = 1; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (days < steps[i])
            return steps[i];
    }
    return INT64_MAX;
}

static bool is_news(struct fg_certificate_watch *watch, int64_t days)
{
    int64_t before = watch->told ? step_of(watch->told_days) : INT64_MAX;
    bool news = step_of(days) < before;

    /* A certificate that was renewed begins from the start. */
    if (news || step_of(days) > before) {
        watch->told = true;
        watch->told_days = days;
    }
    return news;
}

bool fg_certificate_watch_look(struct fg_certificate_watch *watch, const char *path, const char *what,
                               int64_t now_ms, char ret_line[FG_CERTIFICATE_LINE])
{
    struct fg_error error;
    int64_t end_ms = 0;
    int64_t days;
    time_t seconds;
    struct tm parts;
    char date[16] = "?";

    if (fg_certificate_times(path, NULL, &end_ms, &error) != FG_OK) {
        bool news = watch->end_ms != 0 || !watch->told;

        *watch = (struct fg_certificate_watch){.told = true, .told_days = INT64_MAX};
        (void)snprintf(ret_line, FG_CERTIFICATE_LINE, "%s: %s", what, error.text);
        return news;
    }
    watch->end_ms = end_ms;
    days = fg_certificate_days_left(end_ms, now_ms);
    if (!is_news(watch, days))
        return false;
    seconds = (time_t)(end_ms / 1000);
    if (gmtime_r(&seconds, &parts) != NULL)
        (void)strftime(date, sizeof(date), "%Y-%m-%d", &parts);
    if (days < 0)
        (void)snprintf(ret_line, FG_CERTIFICATE_LINE, "%s has ended on %s (%s)", what, date, path);
    else
        (void)snprintf(ret_line, FG_CERTIFICATE_LINE, "%s ends on %s, in %" PRId64 " days (%s)", what, date,
                       days, path);
    return true;
}
