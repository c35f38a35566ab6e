/* Devices in the hands of an administrator, on both back ends: the list, suspension, one-time codes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/bureau/device/enrolment.h"
#include "tests/lib/check.h"
#include "tests/lib/fixture/host/web_fixture.h"

static struct fg_web_fixture *world(bool postgres, const char *who)
{
    struct fg_web_fixture *fixture = fg_fixture_web(postgres);
    const struct fg_public_key *key = &fg_fixture_bureau_receipt_key()->public_key;

    fg_fixture_web_user(fixture, "chen", "auditor");
    fg_fixture_web_user(fixture, "admin", "administrator");
    fg_fixture_bureau_device(fixture->sql, "S1", "station", "S1", NULL);
    fg_fixture_bureau_device(fixture->sql, "ctl-1", "controller", "S1", key);
    CHECK_INT(fg_fixture_web_sign_in(fixture, who, FG_FIXTURE_PASSWORD), 200);
    return fixture;
}

static void suspension(bool postgres)
{
    struct fg_web_fixture *fixture = world(postgres, "admin");
    struct fg_device_record record;
    struct fg_error error;

    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/devices?limit=1", NULL, NULL), 200);
    CHECK_HAS(fixture->answer, "\"device\":\"S1\",\"role\":\"station\"");
    CHECK_HAS(fixture->answer, "\"next\":\"S1\"");
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/devices?limit=1&after=S1", NULL, NULL), 200);
    CHECK_HAS(fixture->answer, "\"device\":\"ctl-1\"");
    CHECK_HAS(fixture->answer, "\"next\":\"\"");
    CHECK_INT(
        fg_fixture_web_ask(fixture, "POST", "/api/v1/devices/ctl-1/suspend", "{\"why\":\"stolen\"}", NULL),
        200);
    CHECK_OK(fg_device_find(fixture->sql, "ctl-1", &record, &error), &error);
    CHECK(record.suspended);
    CHECK_INT(
        fg_fixture_web_ask(fixture, "POST", "/api/v1/devices/ctl-1/resume", "{\"why\":\"found\"}", NULL),
        200);
    CHECK_OK(fg_device_find(fixture->sql, "ctl-1", &record, &error), &error);
    CHECK(!record.suspended);
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/devices/ctl-9/suspend", "{\"why\":\"x\"}", NULL),
              404);
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/devices/ctl-1/suspend", "{\"why\":\"\"}", NULL),
              400);
    CHECK_INT(fg_fixture_sql_number(fixture->sql,
                                    "SELECT COUNT(*) FROM device_change WHERE device = 'ctl-1' AND "
                                    "who = 'admin' AND why IN ('stolen', 'found')"),
              2);
    fg_fixture_web_stop(fixture);
}

TEST("SQLite: an administrator suspends a device and lets it in again, with a reason that is kept")
{
    suspension(false);
}
TEST("PostgreSQL: an administrator suspends a device and lets it in again, with a reason that is kept")
{
    suspension(true);
}

static void codes(bool postgres)
{
    struct fg_web_fixture *fixture = world(postgres, "admin");
    char code[64];
    char plain[64] = "";
    char query[300];

    CHECK_INT(fg_fixture_web_ask(
                  fixture, "POST", "/api/v1/devices/codes",
                  "{\"device\":\"ctl-2\",\"role\":\"controller\",\"station\":\"S1\",\"hours\":2}", NULL),
              201);
    (void)snprintf(code, sizeof(code), "%s", fg_fixture_web_text(fixture, "code"));
    CHECK_INT(strlen(code), FG_ONE_TIME_CODE_TEXT - 1);
    for (size_t i = 0, n = 0; code[i] != '\0'; i++) {
        if (code[i] != '-')
            plain[n++] = code[i];
    }
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM enrol_code"), 1);
    (void)snprintf(query, sizeof(query),
                   "SELECT COUNT(*) FROM trail WHERE detail LIKE '%%%s%%' OR detail LIKE '%%%s%%'", code,
                   plain);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, query), 0);
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/devices/codes",
                                 "{\"device\":\"ctl-2\",\"role\":\"controller\"}", NULL),
              400);
    CHECK_HAS(fixture->answer, "station");
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/devices/codes",
                                 "{\"device\":\"S2\",\"role\":\"bureau\"}", NULL),
              400);
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/devices/codes",
                                 "{\"device\":\"S2\",\"role\":\"station\"}", NULL),
              400);
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/devices/codes",
                                 "{\"device\":\"S2\",\"role\":\"station\",\"names\":\"s2.example\"}", NULL),
              201);
    fg_fixture_web_stop(fixture);
}

TEST("SQLite: a one-time code is shown once and stands nowhere else")
{
    codes(false);
}
TEST("PostgreSQL: a one-time code is shown once and stands nowhere else")
{
    codes(true);
}

TEST("only administrators see and change devices")
{
    struct fg_web_fixture *fixture = world(false, "chen");

    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/devices", NULL, NULL), 403);
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/devices/ctl-1/suspend", "{\"why\":\"x\"}", NULL),
              403);
    CHECK_INT(fg_fixture_web_ask(fixture, "POST", "/api/v1/devices/codes",
                                 "{\"device\":\"S2\",\"role\":\"station\"}", NULL),
              403);
    fg_fixture_web_stop(fixture);
}

/* Points P1 and P2 of ctl-1 at S1, one of another controller at S2; both stations have a list in force. */
static struct fg_web_fixture *points_world(bool postgres)
{
    struct fg_web_fixture *fixture = world(postgres, "admin");

    fg_fixture_sql_run(fixture->sql,
                       "INSERT INTO station (station, name, owner, area, latitude_udeg, longitude_udeg, "
                       "list_medium, list_days, rules) VALUES ('S1', '', '', '', 0, 0, 0, 30, '[rules]\n"
                       "station = S1\nmedia = cng\n'), ('S2', '', '', '', 0, 0, 0, 30, '[rules]\n"
                       "station = S2\nmedia = cng\n')");
    fg_fixture_sql_run(fixture->sql,
                       "INSERT INTO point (point, station, controller, medium, note) VALUES ('P1', 'S1', "
                       "'ctl-1', 1, ''), ('P2', 'S1', 'ctl-1', 1, ''), ('P3', 'S2', 'ctl-2', 1, '')");
    return fixture;
}

static int act(struct fg_web_fixture *fixture, const char *what)
{
    char path[80];

    (void)snprintf(path, sizeof(path), "/api/v1/devices/ctl-1/%s", what);
    return fg_fixture_web_ask(fixture, "POST", path, "{\"why\":\"seal broken\"}", NULL);
}

static bool points_go_on(struct fg_web_fixture *fixture)
{
    CHECK_INT(fg_fixture_web_ask(fixture, "GET", "/api/v1/devices?limit=1&after=S1", NULL, NULL), 200);
    return strstr(fixture->answer, "\"points_go_on\":true") != NULL;
}

static int64_t trail_count(struct fg_web_fixture *fixture, const char *detail)
{
    char query[300];

    (void)snprintf(
        query, sizeof(query),
        "SELECT COUNT(*) FROM trail WHERE action = 'DEVICE_LIST' AND subject = 'ctl-1' AND login = "
        "'admin' AND detail LIKE '%s'",
        detail);
    return fg_fixture_sql_number(fixture->sql, query);
}

static void lists_follow(bool postgres)
{
    struct fg_web_fixture *fixture = points_world(postgres);

    CHECK_INT(act(fixture, "suspend"), 200);
    CHECK_HAS(fixture->answer,
              "\"lists\":[{\"id\":\"S1\",\"in_force\":true,\"version\":1,\"why\":\"\",\"why_zh\":\"\"}]");
    CHECK(!points_go_on(fixture));
    CHECK_INT(trail_count(fixture, "list S1, version 1"), 1);
    CHECK_INT(fg_fixture_sql_number(fixture->sql,
                                    "SELECT COUNT(*) FROM list_version WHERE list_id = 'S1' AND "
                                    "version = 1 AND who = 'admin'"),
              1);
    CHECK_INT(fg_fixture_sql_number(fixture->sql, "SELECT COUNT(*) FROM list_version WHERE list_id = 'S2'"),
              0);
    fixture->now_ms += 1000;
    CHECK_INT(act(fixture, "resume"), 200);
    CHECK_HAS(fixture->answer, "\"in_force\":true,\"version\":2");
    CHECK(!points_go_on(fixture));
    /* Once more at the very time of that list, which stops nothing. */
    CHECK_INT(act(fixture, "suspend"), 200);
    CHECK_HAS(fixture->answer, "\"in_force\":true,\"version\":3");
    CHECK(!points_go_on(fixture));
    CHECK_INT(fg_fixture_sql_number(fixture->sql,
                                    "SELECT (SELECT MAX(issued_ms) FROM list_version) - (SELECT issued_ms "
                                    "FROM list_version WHERE version = 2)"),
              1);
    fg_fixture_web_stop(fixture);
}

TEST("SQLite: suspending a controller publishes the lists that stop its points, and letting it in the next")
{
    lists_follow(false);
}
TEST("PostgreSQL: suspending a controller publishes the lists that stop its points, and letting it in the "
     "next")
{
    lists_follow(true);
}

TEST("without the key, and with a clock in doubt, a suspension says that the points go on, until a list is "
     "out")
{
    struct fg_web_fixture *fixture = points_world(false);
    char aside[300];

    (void)snprintf(aside, sizeof(aside), "%s.aside", fixture->list_key);
    CHECK_INT(rename(fixture->list_key, aside), 0);
    CHECK_INT(act(fixture, "suspend"), 200);
    CHECK_HAS(fixture->answer, "\"suspended\":true");
    CHECK_HAS(fixture->answer,
              "{\"id\":\"S1\",\"in_force\":false,\"version\":0,\"why\":\"the key that signs");
    CHECK(points_go_on(fixture));
    CHECK_INT(trail_count(fixture, "list S1 is not published: the key that signs%its points go on%"), 1);
    CHECK_INT(rename(aside, fixture->list_key), 0);
    CHECK_INT(act(fixture, "resume"), 200);
    CHECK_HAS(fixture->answer, "\"in_force\":true,\"version\":1");
    CHECK_INT(act(fixture, "resume"), 200);
    CHECK_HAS(fixture->answer, "\"in_force\":true,\"version\":0");
    CHECK_INT(trail_count(fixture, "list S1 needs no new version"), 1);
    fg_fixture_sql_run(
        fixture->sql,
        "INSERT INTO list_version (list_id, version, root, rules, row_count, issued_ms, expires_ms, "
        "published_ms, who) VALUES ('S2', 1, '', '', 0, 0, 0, 9000000000000, 'x')");
    fixture->now_ms += 1000;
    CHECK_INT(act(fixture, "suspend"), 200);
    CHECK_HAS(fixture->answer, "was it set back?");
    CHECK(points_go_on(fixture));
    fg_fixture_sql_run(fixture->sql, "DELETE FROM list_version");
    fixture->now_ms += 1000;
    CHECK_INT(act(fixture, "suspend"), 200);
    CHECK_HAS(fixture->answer, "\"in_force\":true,\"version\":1");
    CHECK(!points_go_on(fixture));
    fg_fixture_web_stop(fixture);
}
