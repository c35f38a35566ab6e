/* When a suspension begins, and which lists say so or do not yet, on both back ends. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/bureau/clock/own_clock.h"
#include "host/bureau/device/enrolment.h"
#include "host/bureau/journal/suspension.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"

#define NOW_MS FG_FIXTURE_BUREAU_MS

static struct fg_error error;

/* ctl-1 has points at S1 and S2, ctl-2 one at S3. */
static struct fg_sql *world(bool postgres)
{
    struct fg_sql *sql = fg_fixture_bureau(postgres);

    fg_fixture_bureau_device(sql, "ctl-1", "controller", "S1", &fg_fixture_bureau_receipt_key()->public_key);
    fg_fixture_sql_run(sql,
                       "INSERT INTO point (point, station, controller, medium, note) VALUES ('P1', 'S1', "
                       "'ctl-1', 1, ''), ('P2', 'S1', 'ctl-1', 1, ''), ('P3', 'S2', 'ctl-1', 1, ''), "
                       "('P4', 'S3', 'ctl-2', 1, '')");
    return sql;
}

static void list_put(struct fg_sql *sql, const char *station, int version, int64_t issued_ms)
{
    char text[300];

    (void)snprintf(text, sizeof(text),
                   "INSERT INTO list_version (list_id, version, root, rules, row_count, issued_ms, "
                   "expires_ms, published_ms, who) VALUES ('%s', %d, '', '', 0, %" PRId64 ", 0, 0, 'x')",
                   station, version, issued_ms);
    fg_fixture_sql_run(sql, text);
}

static void suspend(struct fg_sql *sql, bool suspended, int64_t now_ms)
{
    CHECK_OK(fg_device_suspend(sql, "ctl-1", suspended, "clerk", "seal broken", now_ms, &error), &error);
}

static int64_t since(struct fg_sql *sql)
{
    int64_t since_ms = 0;

    CHECK_OK(fg_suspension_since(sql, "ctl-1", &since_ms, &error), &error);
    return since_ms;
}

/* The stations with a blank after each. */
static const char *stations(struct fg_sql *sql, enum fg_suspension_lists lists)
{
    static char text[40 * (FG_NAME_MAX + 2)];
    char station[FG_NAME_MAX + 1] = "";
    enum fg_err result;

    text[0] = '\0';
    while ((result = fg_suspension_station_next(sql, "ctl-1", lists, station, &error)) == FG_OK)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", station);
    CHECK_INT(result, FG_E_NOT_FOUND);
    return text;
}

static void lists_are_told(bool postgres)
{
    struct fg_sql *sql = world(postgres);

    CHECK_TEXT(stations(sql, FG_SUSPENSION_ALL), "S1 S2 ");
    CHECK_TEXT(stations(sql, FG_SUSPENSION_GO_ON), "");
    list_put(sql, "S1", 1, NOW_MS - 1000);
    suspend(sql, true, NOW_MS);
    CHECK_TEXT(stations(sql, FG_SUSPENSION_GO_ON), "S1 S2 ");
    CHECK_TEXT(stations(sql, FG_SUSPENSION_STAY_STOPPED), "");
    list_put(sql, "S1", 2, NOW_MS);
    CHECK_TEXT(stations(sql, FG_SUSPENSION_GO_ON), "S2 ");
    suspend(sql, false, NOW_MS + 5000);
    CHECK_TEXT(stations(sql, FG_SUSPENSION_GO_ON), "");
    CHECK_TEXT(stations(sql, FG_SUSPENSION_STAY_STOPPED), "S1 ");
    list_put(sql, "S1", 3, NOW_MS + 5000);
    CHECK_TEXT(stations(sql, FG_SUSPENSION_STAY_STOPPED), "");
    fg_sql_close(sql);
}

TEST("which lists still let the points of a suspended controller go on, or stop those of a released one "
     "(SQLite)")
{
    lists_are_told(false);
}

TEST("which lists still let the points of a suspended controller go on, or stop those of a released one "
     "(PostgreSQL)")
{
    lists_are_told(true);
}

static void newer_list(bool postgres)
{
    struct fg_sql *sql = world(postgres);

    list_put(sql, "S3", 1, NOW_MS + 1000); /* another controller's */
    suspend(sql, true, NOW_MS);
    CHECK_INT(since(sql), NOW_MS);
    suspend(sql, false, NOW_MS + 1000);
    list_put(sql, "S2", 1, NOW_MS + 3000);
    suspend(sql, true, NOW_MS + 2000);
    CHECK_INT(since(sql), NOW_MS + 3001);
    CHECK_TEXT(stations(sql, FG_SUSPENSION_GO_ON), "S1 S2 ");
    suspend(sql, false, NOW_MS + 4000);
    /* What a wrong clock dated does not move suspensions into the future. */
    list_put(sql, "S2", 2, NOW_MS + 4000 + FG_OWN_CLOCK_AGREE_MS);
    suspend(sql, true, NOW_MS + 4000);
    CHECK_INT(since(sql), NOW_MS + 4000);
    fg_sql_close(sql);
}

TEST("FAIL-CLOSED: a list that was made before a suspension never passes as one that stops the points "
     "(SQLite)")
{
    newer_list(false);
}

TEST("FAIL-CLOSED: a list that was made before a suspension never passes as one that stops the points "
     "(PostgreSQL)")
{
    newer_list(true);
}

TEST("a controller with points at many stations has all of them told")
{
    struct fg_sql *sql = world(false);
    char text[200];

    for (int i = 10; i < 40; i++) {
        (void)snprintf(text, sizeof(text),
                       "INSERT INTO point (point, station, controller, medium, note) VALUES ('Q%d', 'T%d', "
                       "'ctl-1', 1, '')",
                       i, i);
        fg_fixture_sql_run(sql, text);
    }
    CHECK_INT(strlen(stations(sql, FG_SUSPENSION_ALL)), 2 * 3 + 30 * 4);
    fg_sql_close(sql);
}
