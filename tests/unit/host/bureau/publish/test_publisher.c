/* Lists published on schedule: the first round at once, nothing twice, and a list that a crash kept from
 * being handed on is published once more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/bureau/publish/publisher.h"
#include "lib/base/monotime.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"

#define WAIT_MS 20000

static struct fg_error error;

static int64_t now_ms(void *context)
{
    (void)context;
    return FG_FIXTURE_BUREAU_MS;
}

struct log {
    char text[8192];
};

static void take_line(void *context, const char *line)
{
    struct log *log = context;
    size_t used = strlen(log->text);

    (void)snprintf(log->text + used, sizeof(log->text) - used, "%s\n", line);
}

static bool wait_for(const char *path)
{
    int64_t until = fg_mono_ms() + WAIT_MS;

    while (access(path, R_OK) != 0 && fg_mono_ms() < until)
        fg_sleep_ms(5);
    return access(path, R_OK) == 0;
}

static bool in_doubt(void *context, char *ret_doubt)
{
    (void)context;
    (void)strcpy(ret_doubt, "this clock is in doubt");
    return true;
}

static bool wait_log(const struct log *log, const char *text)
{
    int64_t until = fg_mono_ms() + WAIT_MS;

    while (strstr(log->text, text) == NULL && fg_mono_ms() < until)
        fg_sleep_ms(5);
    return strstr(log->text, text) != NULL;
}

/* One life of the publisher, until the file is there. */
static void round_run(struct fg_publisher_settings *settings, const char *file)
{
    struct fg_publisher *publisher = NULL;

    CHECK_OK(fg_publisher_new(settings, &publisher, &error), &error);
    CHECK(wait_for(file));
    fg_sleep_ms(300); /* for what should not happen when the file was there before */
    fg_publisher_free(publisher);
}

TEST("every station's list is published at once, not again without a change, and again when it was lost")
{
    struct fg_sql *sql = fg_fixture_bureau(false);
    char url[256];
    char lists[256];
    char file[300];
    char next[300];
    struct fg_sql_settings sql_settings = {.url = url, .deadline_ms = 10000};
    struct log log = {""};
    struct fg_listing *listing = NULL;
    struct fg_publisher_settings settings = {
        .sql = &sql_settings, .every_min = 60, .now_ms = now_ms, .log = take_line, .context = &log};

    (void)snprintf(url, sizeof(url), "sqlite:%s", fg_test_path("bureau.db"));
    (void)snprintf(lists, sizeof(lists), "%s", fg_test_path("lists"));
    (void)snprintf(file, sizeof(file), "%s/S1/1.fgl", lists);
    (void)snprintf(next, sizeof(next), "%s/S1/2.fgl", lists);
    settings.directory = lists;
    CHECK_OK(fg_private_key_write(fg_test_path("list.pem"), fg_fixture_bureau_receipt_key(), &error), &error);
    settings.key_path = fg_test_path("list.pem");
    fg_fixture_sql_run(sql, "INSERT INTO station (station, name, owner, area, latitude_udeg, longitude_udeg, "
                            "list_medium, list_days, rules) VALUES ('S1', '', '', '', 0, 0, 0, 30, '[rules]\n"
                            "station = S1\nmedia = cng\n')");
    CHECK_OK(
        fg_listing_new(lists, &fg_fixture_bureau_receipt_key()->public_key, 1, NULL, NULL, &listing, &error),
        &error);
    settings.listing = listing;
    settings.clock_doubt = in_doubt;
    {
        struct fg_publisher *publisher = NULL;

        CHECK_OK(fg_publisher_new(&settings, &publisher, &error), &error);
        CHECK(wait_log(&log, "nothing is published: this clock is in doubt; set it right"));
        fg_publisher_free(publisher);
        CHECK(access(file, F_OK) != 0);
    }
    settings.clock_insisted = true;
    round_run(&settings, file);
    CHECK_HAS(log.text, "publishing: this clock is in doubt");
    settings.clock_doubt = NULL;
    CHECK_HAS(log.text, "S1: version 1");
    log.text[0] = '\0';
    round_run(&settings, file);
    CHECK_TEXT(log.text, ""); /* nothing changed */
    CHECK_INT(unlink(file), 0);
    round_run(&settings, next);
    CHECK_HAS(log.text, "S1: version 2");
    settings.key_path = "/nonexistent.pem";
    {
        struct fg_publisher *publisher = NULL;

        CHECK_OK(fg_publisher_new(&settings, &publisher, &error), &error);
        fg_publisher_free(publisher);
    }
    CHECK_HAS(log.text, "nonexistent.pem");
    fg_listing_free(listing);
    fg_sql_close(sql);
}
