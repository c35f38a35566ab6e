/* The bureau's own certificates: told in the log and as an alarm when they come to their end, healed by
 * another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/watch/own_certificates.h"
#include "host/pki/ca.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/bureau_fixture.h"

#define NOW FG_FIXTURE_BUREAU_MS
#define DAY_MS INT64_C(86400000)

static char told[2000];

static void note(void *context, const char *line)
{
    (void)context;
    (void)snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s\n", line);
}

static void sweep(struct fg_own_certificates *own, struct fg_sql *sql, int64_t day)
{
    struct fg_error error;

    told[0] = '\0';
    CHECK_OK(fg_own_certificates_sweep(own, sql, NOW + day * DAY_MS + 1000, note, NULL, &error), &error);
}

static int64_t open_alarms(struct fg_sql *sql, const char *subject)
{
    char query[200];

    (void)snprintf(query, sizeof(query),
                   "SELECT COUNT(*) FROM alarm WHERE closed_ms = 0 AND kind = %d AND subject = '%s'",
                   FG_ALARM_CERTIFICATE_ENDS, subject);
    return fg_fixture_sql_number(sql, query);
}

static void watched(bool postgres)
{
    struct fg_sql *sql = fg_fixture_bureau(postgres);
    struct fg_own_certificates own = {0};
    char server[300];
    char pages[300];
    struct fg_error error;

    CHECK_OK(fg_ca_create(fg_test_path("short"), "test", NOW, 40, &error), &error);
    CHECK_OK(fg_ca_create(fg_test_path("long"), "test", NOW, 400, &error), &error);
    (void)snprintf(server, sizeof(server), "%s", fg_test_path("short/ca.pem"));
    (void)snprintf(pages, sizeof(pages), "%s", fg_test_path("long/ca.pem"));
    fg_own_certificates_add(&own, server, "server");
    fg_own_certificates_add(&own, pages, "pages");
    fg_own_certificates_add(&own, "", "authority");
    sweep(&own, sql, 9);
    CHECK_TEXT(told, "");
    CHECK_INT(open_alarms(sql, "bureau server"), 0);
    sweep(&own, sql, 10);
    CHECK_HAS(told, "certificate of the server ends on ");
    CHECK_INT(open_alarms(sql, "bureau server"), 1);
    CHECK_INT(open_alarms(sql, "bureau pages"), 0);
    sweep(&own, sql, 11);
    CHECK_TEXT(told, "");
    CHECK_INT(open_alarms(sql, "bureau server"), 1);
    CHECK_INT(rename(pages, server), 0);
    own.count = 1;
    sweep(&own, sql, 11);
    CHECK_INT(open_alarms(sql, "bureau server"), 0);
    fg_sql_close(sql);
}

TEST("SQLite: the bureau's own certificate raises an alarm 30 days ahead, which another certificate heals")
{
    watched(false);
}
TEST(
    "PostgreSQL: the bureau's own certificate raises an alarm 30 days ahead, which another certificate heals")
{
    watched(true);
}
