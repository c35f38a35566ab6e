/* Times and days of the command line (host/cli/cli_time.c): what people write is taken, what does not exist
 * is refused. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/cli/cli.h"
#include "tests/lib/check.h"

#define MIDNIGHT_MS INT64_C(1795392000000) /* 2026-11-23T00:00:00Z */
#define HOUR_MS INT64_C(3600000)

static struct fg_error error;

static void zone_set(const char *zone)
{
    CHECK_INT(setenv("TZ", zone, 1), 0);
    tzset();
}

static int64_t parsed(const char *text, bool end_of_day)
{
    int64_t wall_ms = 0;

    CHECK_OK(cli_time_parse(text, end_of_day, &wall_ms, &error), &error);
    return wall_ms;
}

TEST("a time with its zone is the same moment wherever it is read")
{
    zone_set("UTC");
    CHECK_INT(parsed("2026-11-23T00:00:00Z", false), MIDNIGHT_MS);
    CHECK_INT(parsed("2026-11-23T08:00:00+08:00", false), MIDNIGHT_MS);
    CHECK_INT(parsed("2026-11-22T19:00-0500", false), MIDNIGHT_MS);
    zone_set("UTC-8"); /* POSIX writes zones east of Greenwich with a minus */
    CHECK_INT(parsed("2026-11-23 08:00:01+08:00", false), MIDNIGHT_MS + 1000);
}

TEST("a time without a zone is local, and a date alone begins or ends its day")
{
    zone_set("UTC-8");
    CHECK_INT(parsed("2026-11-23T08:00", false), MIDNIGHT_MS);
    CHECK_INT(parsed("2026-11-23", false), MIDNIGHT_MS - 8 * HOUR_MS);
    CHECK_INT(parsed("2026-11-23", true), MIDNIGHT_MS + 16 * HOUR_MS);
}

TEST("BAD-INPUT-IS-SAFE: what is no time is refused with what to write instead")
{
    static const char *const wrong[] = {"",
                                        "now",
                                        "2026",
                                        "2026-02-31",
                                        "2026-13-01",
                                        "2026-11-23T",
                                        "2026-11-23T24:00",
                                        "2026-11-23T10:61",
                                        "2026-11-23x",
                                        "2026-11-23T10:00+99:00",
                                        "2026-11-23T10:00 CET",
                                        "2026-11-23T10:00:"};
    int64_t wall_ms = 7;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (cli_time_parse(wrong[i], false, &wall_ms, &error) != FG_E_FORMAT)
            fg_test_fail(__FILE__, __LINE__, "\"%s\" was taken for %lld", wrong[i], (long long)wall_ms);
        CHECK_HAS(error.text, "2026-11-23");
    }
    CHECK_INT(wall_ms, 7);
}

TEST("days are read and written alike; 29 February is one only in a leap year")
{
    char text[CLI_TIME_TEXT];
    int32_t day = 0;

    CHECK_OK(cli_day_parse("2026-11-23", &day, &error), &error);
    CHECK_INT(day, MIDNIGHT_MS / 86400000);
    cli_day_text(day, text);
    CHECK_TEXT(text, "2026-11-23");
    CHECK_OK(cli_day_parse("2028-02-29", &day, &error), &error);
    CHECK_INT(cli_day_parse("2026-02-29", &day, &error), FG_E_FORMAT);
    CHECK_INT(cli_day_parse("2026-11-23T00:00", &day, &error), FG_E_FORMAT);
    cli_day_text(0, text);
    CHECK_TEXT(text, "-");
}

TEST("a wall time is shown as local time with its zone, no time as a dash")
{
    char text[CLI_TIME_TEXT];

    zone_set("UTC-8");
    cli_time_text(MIDNIGHT_MS + 999, text);
    CHECK_TEXT(text, "2026-11-23 08:00:00 +0800");
    cli_time_text(0, text);
    CHECK_TEXT(text, "-");
}
